/* run_vectors.h - vector files against a decoder. */
#ifndef JEHEAP_RUN_VECTORS_H
#define JEHEAP_RUN_VECTORS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "decoder.h"

struct vectors_options {
    const char *decoder; /* a command for the shell */
    struct decoder_limits limits;
    bool quiet;
};

enum vectors_status {
    VECTORS_DONE,
    VECTORS_UNREADABLE, /* a file that is none or was changed, a decoder that cannot be started */
};

/* The card (scorecard.h), which the caller puts back, and a sentence on stderr where it ended
 * early. */
enum vectors_status vectors_run(const char *const *path, size_t count,
                                const struct vectors_options *options, struct json_object **card);

/* All vector files of a folder, in the order of their names; the caller frees each and the list. */
char **vectors_list(const char *folder, size_t *count);

#endif
