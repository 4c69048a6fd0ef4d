/* ranges.c - sets of addresses, sorted and disjoint. */
#include <stdlib.h>

#include "image/inside.h"

static int by_start(const void *a, const void *b) {
    const struct jt_range *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

size_t jt_ranges_normalise(struct jt_range *range, size_t count) {
    size_t kept = 0;
    if (count != 0) {
        qsort(range, count, sizeof *range, by_start);
    }
    for (size_t i = 0; i < count; i++) {
        if (range[i].end <= range[i].start) {
            continue;
        }
        if (kept != 0 && range[i].start <= range[kept - 1].end) {
            if (range[i].end > range[kept - 1].end) {
                range[kept - 1].end = range[i].end;
            }
            continue;
        }
        range[kept++] = range[i];
    }
    return kept;
}

size_t jt_ranges_behind(const struct jt_range *range, size_t count, uint64_t addr) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (addr >= range[middle].end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool jt_ranges_hold(const struct jt_range *range, size_t count, uint64_t addr) {
    size_t i = jt_ranges_behind(range, count, addr);
    return i < count && range[i].start <= addr;
}

uint64_t jt_ranges_until(const struct jt_range *range, size_t count, uint64_t addr) {
    size_t i = jt_ranges_behind(range, count, addr);
    return i < count && range[i].start <= addr ? range[i].end : addr;
}

bool jt_ranges_touch(const struct jt_range *range, size_t count, struct jt_range other) {
    size_t i = jt_ranges_behind(range, count, other.start);
    return i < count && range[i].start < other.end;
}

uint64_t jt_ranges_next(const struct jt_range *range, size_t count, uint64_t addr) {
    size_t i = jt_ranges_behind(range, count, addr);
    return i == count ? UINT64_MAX : range[i].start > addr ? range[i].start : addr;
}

uint64_t jt_ranges_bytes(const struct jt_range *range, size_t count) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += range[i].end - range[i].start;
    }
    return bytes;
}

/* ---- a set that grows ----------------------------------------------------------------------- */

void jt_ranges_merge(struct jt_ranges *set) {
    set->count = jt_ranges_normalise(set->range, set->count);
}

/* Makes the array large enough for one more range. Merging comes first: most new ranges touch
 * another one, so it often frees enough. */
static bool make_room(struct jt_ranges *set) {
    jt_ranges_merge(set);
    if (2 * set->count < set->room) {
        return true;
    }
    size_t room = set->room == 0 ? 1024 : 2 * set->room;
    struct jt_range *grown = realloc(set->range, room * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    set->range = grown;
    set->room = room;
    return true;
}

void jt_ranges_add(struct jt_ranges *set, uint64_t start, uint64_t len) {
    struct jt_range *last = set->count == 0 ? NULL : &set->range[set->count - 1];
    if (len == 0 || len > UINT64_MAX - start) {
        return;
    }
    if (last != NULL && start >= last->start && start <= last->end) {
        last->end = start + len > last->end ? start + len : last->end;
        return;
    }
    if (set->count == set->room && !make_room(set)) {
        set->lost = true;
        return;
    }
    set->range[set->count++] = (struct jt_range){start, start + len};
}

void jt_ranges_add_all(struct jt_ranges *set, const struct jt_ranges *other) {
    set->lost |= other->lost;
    for (size_t i = 0; i < other->count; i++) {
        jt_ranges_add(set, other->range[i].start, other->range[i].end - other->range[i].start);
    }
}

void jt_ranges_free(struct jt_ranges *set) {
    free(set->range);
    *set = (struct jt_ranges){NULL, 0, 0, false};
}

/* Adds the parts of one range that are inside the others, or outside. other[0] is the first that
 * ends behind the start of the range. */
static void cut_one(struct jt_ranges *out, struct jt_range r, const struct jt_range *other,
                    size_t count, bool inside) {
    uint64_t at = r.start;
    for (size_t i = 0; i < count && other[i].start < r.end; i++) {
        uint64_t from = other[i].start > at ? other[i].start : at;
        uint64_t to = other[i].end < r.end ? other[i].end : r.end;
        if (inside) {
            jt_ranges_add(out, from, to - from);
        } else {
            jt_ranges_add(out, at, from - at);
        }
        at = to;
    }
    if (!inside) {
        jt_ranges_add(out, at, r.end - at);
    }
}

void jt_ranges_cut(struct jt_ranges *set, const struct jt_range *other, size_t count, bool inside) {
    struct jt_ranges out = {NULL, 0, 0, set->lost};
    size_t first = 0;
    for (size_t i = 0; i < set->count; i++) {
        while (first < count && other[first].end <= set->range[i].start) {
            first++;
        }
        cut_one(&out, set->range[i], other + first, count - first, inside);
    }
    jt_ranges_free(set);
    *set = out;
}
