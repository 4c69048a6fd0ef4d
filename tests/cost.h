/* What a piece of work takes of time and memory: it is done in a process of its own, because the
 * most memory that a process ever had never becomes less again. */
#ifndef TESTS_COST_H
#define TESTS_COST_H

#include <stdbool.h>
#include <stddef.h>

/* Sanitizers have memory of their own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct cost {
    unsigned ms;  /* of processor time, with all processes that it made */
    unsigned mib; /* of memory, of the process with most, without what there was before */
    bool ended;   /* by itself */
};

/* What it writes to the result, of so many bytes, comes back; everything else is lost. It asserts
 * nothing: that would be in the wrong process. */
struct cost cost_of(void (*work)(const void *input, void *result), const void *input, void *result,
                    size_t size);

/* One line of what ci/attacks collects. Fails the test when it took more than that, or did not end
 * by itself. Sanitizers, and builds that are not optimised, may take ten times as long; sanitizers
 * have memory of their own. */
void cost_bounded(const char *name, const struct cost *cost, unsigned ms, unsigned mib,
                  const char *said);

#endif
