/* cache_bend.c - bends every offset in the form of caches, up and down by the size of a member. */
#include "cache_bend.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct offset {
    const char *name;
    size_t at, size;
    int step; /* bytes; 0: the size of a pointer */
    enum { ALWAYS, CURSOR, COUNT, IN_BIN, DESCRIPTOR, SLOW } where;
};

#define OFFSET_(member, step, where)                                                               \
    {                                                                                              \
#member, offsetof(struct jh_cache_form, member),                                           \
            sizeof(((struct jh_cache_form *)0)->member), step, where                               \
    }

static const struct offset offsets[] = {
    OFFSET_(list, 0, ALWAYS),      OFFSET_(link, 0, ALWAYS),        OFFSET_(bins, 0, DESCRIPTOR),
    OFFSET_(slow, 0, SLOW),        OFFSET_(back, 0, SLOW),          OFFSET_(arena, 0, ALWAYS),
    OFFSET_(small, 0, ALWAYS),     OFFSET_(large, 0, ALWAYS),       OFFSET_(slots, 1, ALWAYS),
    OFFSET_(bin_size, 0, ALWAYS),  OFFSET_(top, 0, ALWAYS),         OFFSET_(low_water, 4, COUNT),
    OFFSET_(low_water, 2, CURSOR), OFFSET_(ncached, 4, COUNT),      OFFSET_(full, 2, CURSOR),
    OFFSET_(empty, 2, CURSOR),     OFFSET_(ncached_max, 2, IN_BIN),
};

static bool has(const struct jh_cache_form *f, const struct offset *o) {
    const bool there[] = {[ALWAYS] = true,
                          [CURSOR] = f->cursor,
                          [COUNT] = !f->cursor,
                          [IN_BIN] = f->ncached_max != 0,
                          [DESCRIPTOR] = f->bins != JH_CACHE_NONE,
                          [SLOW] = f->slow != JH_CACHE_NONE};
    return there[o->where];
}

static const char *proof_of(const struct jh_cache_form *f, const struct offset *o, int delta) {
    if (o->at == offsetof(struct jh_cache_form, low_water)) {
        return "low_water is read for a bound alone, which what is beside it keeps as well";
    }
    if (o->at == offsetof(struct jh_cache_form, slots)) {
        return delta > 0 ? "the word behind the last bin is no bin that is used"
                         : "the largest classes are in no cache";
    }
    (void)f;
    return NULL;
}

static bool bent(struct jh_cache_form *form, const struct offset *o, int delta) {
    uint8_t *at = (uint8_t *)form + o->at;
    int64_t value = 0;
    memcpy(&value, at, o->size); /* the form is the host's: little endian */
    value += delta;
    memcpy(at, &value, o->size);
    return value >= 0 && form->top + 8 <= JH_CACHE_BIN_MAX;
}

bool cache_bend_make(const struct jh_layout *layout, size_t index, struct cache_bend *out) {
    struct jh_cache_form sound;
    if (jh_cache_form(layout, &sound, NULL) != JH_OK) {
        return false;
    }
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        const struct offset *o = &offsets[i];
        int step = o->step ? o->step : layout->build.pointer_size;
        for (int delta = step; delta >= -step && has(&sound, o); delta -= 2 * step) {
            out->form = sound;
            if (bent(&out->form, o, delta) && index-- == 0) {
                out->proof = proof_of(&sound, o, delta);
                snprintf(out->name, sizeof(out->name), "cache.%s%+d", o->name, delta);
                return true;
            }
        }
    }
    return false;
}
