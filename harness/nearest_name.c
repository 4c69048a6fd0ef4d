#include "nearest_name.h"

#include <stdbool.h>
#include <string.h>

/* The number of edits that turn one word into the other; b has at most LONGEST characters. */
static size_t distance(const char *a, const char *b) {
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1], length = strlen(b);
    if (length > LONGEST) {
        return LONGEST;
    }
    for (size_t i = 0; i <= length; i++) {
        row[i] = i;
    }
    for (size_t k = 0; a[k]; k++) {
        size_t corner = row[0]++;
        for (size_t i = 0; i < length; i++) {
            size_t change = corner + (a[k] != b[i]);
            size_t shift = (row[i] < row[i + 1] ? row[i] : row[i + 1]) + 1;
            corner = row[i + 1];
            row[i + 1] = change < shift ? change : shift;
        }
    }
    return row[length];
}

/* A similar name takes edits of at most half of the characters, or begins with the given name. */
struct nearest nearest_start(const char *name) {
    return (struct nearest){.name = name, .edits = strlen(name) / 2 + 1};
}

void nearest_try(struct nearest *nearest, const char *other) {
    size_t length = strlen(nearest->name);
    bool begins = length > 0 && strncmp(nearest->name, other, length) == 0;
    size_t edits = begins ? 1 : distance(nearest->name, other);
    if (edits < nearest->edits) {
        nearest->edits = edits;
        nearest->best = other;
    }
}
