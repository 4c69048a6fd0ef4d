/* segments.c - runs of bytes, sorted and disjoint. ranges.c does the same for addresses alone.
 *
 * A core may have a million program headers, unsorted and overlapping. After one sort all functions
 * here take linear time. */
#include <stdlib.h>

#include "image/inside.h"

static int by_addr(const void *a, const void *b) {
    const struct jh_segment *x = a, *y = b;
    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    if (x->len != y->len) {
        return x->len > y->len ? -1 : 1;
    }
    /* qsort() is not stable, and the result must not depend on its order */
    return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

size_t jt_segments_normalise(struct jh_segment *segment, size_t count) {
    size_t kept = 0;
    uint64_t end = 0;
    if (count != 0) {
        qsort(segment, count, sizeof *segment, by_addr);
    }
    for (size_t i = 0; i < count; i++) {
        struct jh_segment s = segment[i];
        uint64_t cut = s.addr < end ? end - s.addr : 0;
        if (s.len > UINT64_MAX - s.addr || s.len <= cut) {
            continue;
        }
        segment[kept++] = (struct jh_segment){s.addr + cut, s.bytes + cut, s.len - cut};
        end = s.addr + s.len;
    }
    return kept;
}

/* Adds the parts of one extra segment that lie in gaps between the others. *at is a segment from
 * which the search can start, and is moved on. */
static size_t fill_one(const struct jh_segment *segment, size_t count, size_t *at,
                       struct jh_segment extra, struct jh_segment *out) {
    size_t parts = 0;
    uint64_t from = extra.addr, end = extra.addr + extra.len;
    while (*at < count && segment[*at].addr + segment[*at].len <= from) {
        ++*at;
    }
    for (size_t i = *at; from < end; i++) {
        uint64_t to = i < count && segment[i].addr < end ? segment[i].addr : end;
        if (from < to) {
            out[parts++] = (struct jh_segment){from, extra.bytes + (from - extra.addr), to - from};
        }
        if (i >= count || segment[i].addr >= end) {
            break;
        }
        from = segment[i].addr + segment[i].len;
        *at = i;
    }
    return parts;
}

struct jh_segment *jt_segments_fill(const struct jh_segment *segment, size_t count,
                                    const struct jh_segment *extra, size_t extras, size_t *out) {
    /* each segment splits at most one extra into two */
    struct jh_segment *all = malloc((2 * count + extras + 1) * sizeof *all);
    if (all == NULL) {
        return NULL;
    }
    size_t filled = 0, at = 0;
    for (size_t i = 0; i < extras; i++) {
        filled += fill_one(segment, count, &at, extra[i], all + filled);
    }
    for (size_t i = 0; i < count; i++) {
        all[filled++] = segment[i];
    }
    *out = jt_segments_normalise(all, filled);
    return all;
}
