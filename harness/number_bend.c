/* number_bend.c - bends each place of a number of arenas, up and down by the size of a word. */
#include "number_bend.h"

#include <inttypes.h>
#include <stdio.h>

enum { STEP = 8 };

/* A counter: where it stands, which must be there, and what asks for it. */
static uint32_t *place_of(struct jt_numbers_form *f, size_t i, const char **name, size_t *number) {
    *name = "place";
    *number = i;
    if (i < JT_COUNTERS) {
        return f->place[i].size != 0 ? &f->place[i].at : NULL;
    }
    *name = "other";
    *number = i -= JT_COUNTERS;
    if (i < JT_COUNTERS) {
        return f->place[i].other != 0 ? &f->place[i].other : NULL;
    }
    *name = "bin";
    *number = i -= JT_COUNTERS;
    if (i < JT_BIN_COUNTERS) {
        return f->bins.bytes[i] != 0 ? &f->bins.offset[i] : NULL;
    }
    *name = "large";
    *number = i - JT_BIN_COUNTERS;
    return (f->large_known >> *number & 1) != 0 ? &f->large[*number] : NULL;
}

#define PLACES (2 * JT_COUNTERS + JT_BIN_COUNTERS + JT_LARGE_COUNTERS)

/* What no question of mallctl asks for. */
static const char *proof_of(const char *name, size_t number) {
    static const uint8_t unasked[] = {JT_NPINNED,       JT_BASE_RESIDENT, JT_BASE_N_THP,
                                      JT_DIRTY_PURGING, JT_MUZZY_PURGING, JT_NTHREADS_INTERNAL,
                                      JT_DSS_PREC,      JT_CREATE_TIME,   JT_EVER_USED_HPA};
    for (size_t i = 0; name[0] == 'p' && i < sizeof(unasked); i++) {
        if (number == unasked[i]) {
            return "no question of mallctl asks for this number alone";
        }
    }
    if (name[0] == 'p' && number == JT_HPA_NDIRTY) {
        return "up to 5.3.0 no question of mallctl asks for it, later it is 0 without huge pages";
    }
    bool batches = name[0] == 'l' && (number == JT_LARGE_NFILLS || number == JT_LARGE_NFLUSHES);
    return batches ? "mallctl tells fills and flushes of all large classes together" : NULL;
}

static bool bent(struct jt_numbers_form *f, size_t i, int delta, struct number_bend *out) {
    const char *name;
    size_t number;
    if (i < PLACES) {
        uint32_t *at = place_of(f, i, &name, &number);
        if (at == NULL || (delta < 0 && *at < STEP)) {
            return false;
        }
        *at += (uint32_t)delta;
        out->proof = proof_of(name, number);
        snprintf(out->name, sizeof(out->name), "number.%s%zu%+d", name, number, delta);
        return true;
    }
    out->proof = NULL;
    snprintf(out->name, sizeof(out->name), "number.%s%+d",
             i == PLACES       ? "bins"
             : i == PLACES + 1 ? "bin_size"
             : i == PLACES + 2 ? "lstats"
                               : "lstats_size",
             delta);
    if (i < PLACES + 2) {
        *(i == PLACES ? &f->bins.at : &f->bins.size) += (uint64_t)(int64_t)delta;
        return f->bins.size != 0;
    }
    *(i == PLACES + 2 ? &f->large_at : &f->large_size) += (uint32_t)delta;
    return f->large_size != 0;
}

bool number_bend_make(const struct jt_numbers_form *sound, size_t index, struct number_bend *out) {
    for (size_t i = 0; i < PLACES + 4; i++) {
        for (int delta = STEP; delta >= -STEP; delta -= 2 * STEP) {
            out->form = *sound;
            if (bent(&out->form, i, delta, out) && index-- == 0) {
                return true;
            }
        }
    }
    return false;
}
