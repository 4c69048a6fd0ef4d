/* mutate_afl.c - the mutator as a library for AFL++:
 * AFL_CUSTOM_MUTATOR_LIBRARY=libjeheap_mutator.so. AFL++ uses its own mutations as well. */
#include "damage.h"
#include "mutate.h"

struct afl_mutator {
    struct dice dice;
    uint8_t *out;
    size_t room;
};

void *afl_custom_init(void *afl, unsigned seed);
size_t afl_custom_fuzz(struct afl_mutator *mutator, uint8_t *bytes, size_t size, uint8_t **out,
                       uint8_t *other, size_t other_size, size_t max_size);
void afl_custom_deinit(struct afl_mutator *mutator);

void *afl_custom_init(void *afl, unsigned seed) {
    struct afl_mutator *mutator = calloc(1, sizeof(*mutator));
    (void)afl;
    if (mutator) {
        mutator->dice.state = seed;
    }
    return mutator;
}

size_t afl_custom_fuzz(struct afl_mutator *mutator, uint8_t *bytes, size_t size, uint8_t **out,
                       uint8_t *other, size_t other_size, size_t max_size) {
    (void)other, (void)other_size;
    if (mutator->room < max_size) {
        uint8_t *more = realloc(mutator->out, max_size);
        if (!more) {
            *out = NULL;
            return 0;
        }
        mutator->out = more;
        mutator->room = max_size;
    }
    size = size < max_size ? size : max_size;
    memcpy(mutator->out, bytes, size);
    *out = mutator->out;
    return heap_mutate(mutator->out, size, max_size, dice_next(&mutator->dice));
}

void afl_custom_deinit(struct afl_mutator *mutator) {
    free(mutator->out);
    free(mutator);
}
