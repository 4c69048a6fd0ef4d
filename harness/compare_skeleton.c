/* skeleton: what may not be in one, and that a skeleton of it is the same. The rest is compared as
 * of any core. */
#include <stdio.h>

#include "compare.h"

bool skeleton_make(struct comparison *c, struct jt_target *from, const char *path, char *why,
                   size_t why_size) {
    struct jt_skeleton skeleton = {0};
    FILE *file = fopen(path, "wb");
    enum jt_status status = file ? jt_skeleton_write(from, file, &skeleton) : JT_UNREADABLE;
    bool closed = file && fclose(file) == 0;
    compare_number(c, "skeleton.left_out", 0, 0, skeleton.left_out);
    if (status != JT_OK || !closed) {
        snprintf(why, why_size, "no skeleton of it can be made: %.400s", from->error);
    }
    return status == JT_OK && closed;
}

void compare_private(struct comparison *c, const struct jh_heap *heap) {
    const struct truth_list *list = &c->truth->list[TRUTH_ALLOCATION];
    for (size_t i = 0; i < list->count; i++) {
        const struct truth_record *r = &list->record[i];
        uint64_t first = truth_get(TRUTH_ALLOCATION, r, KEY_ADDR);
        uint64_t last = first + truth_get(TRUTH_ALLOCATION, r, KEY_USABLE) - 1;
        for (uint64_t addr = first; addr <= last; addr += last > first ? last - first : 1) {
            uint8_t byte;
            compare_number(c, "skeleton.private", addr, JH_ABSENT,
                           jh_read(&heap->reader, addr, &byte, 1, NULL));
        }
    }
}

static bool same_bytes(const char *a, const char *b) {
    FILE *x = fopen(a, "rb"), *y = fopen(b, "rb");
    int c = 0;
    while (x && y && c != EOF && (c = getc(x)) == getc(y)) {
    }
    bool same = x && y && c == EOF && feof(x) && feof(y);
    if (x) {
        fclose(x);
    }
    if (y) {
        fclose(y);
    }
    return same;
}

void compare_again(struct comparison *c, const char *skeleton, const char *again) {
    compare_number(c, "skeleton.again", 0, true, same_bytes(skeleton, again));
}
