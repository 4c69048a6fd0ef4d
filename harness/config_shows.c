#include "config_shows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expected_answer.h"

static uint64_t constant(const struct truth *truth, const char *name) {
    uint64_t value = 0;
    return truth_constant(truth, name, &value) ? value : 0;
}

static uint64_t of(const struct truth_record *extent, enum truth_key key) {
    return truth_get(TRUTH_EXTENT, extent, key);
}

static bool in_state(const struct truth *truth, const struct truth_record *e, const char *name) {
    uint64_t value;
    return truth_constant(truth, name, &value) && of(e, KEY_STATE) == value;
}

static bool active(const struct truth *truth, const struct truth_record *e) {
    return in_state(truth, e, "STATE_ACTIVE");
}

static bool allocated(const struct truth *truth, const struct truth_record *e) {
    return active(truth, e) && of(e, KEY_SZIND) < constant(truth, "SC_NSIZES");
}

static const struct truth_record *slab_of(const struct truth *truth, const struct truth_record *e) {
    return allocated(truth, e) && of(e, KEY_SLAB) ? expect_slab(truth, of(e, KEY_AT)) : NULL;
}

static uint64_t regions(const struct truth_record *slab) {
    return truth_get(TRUTH_SLAB, slab, KEY_NREGS);
}

/* ---- kinds of extents ----------------------------------------------------------------------- */

static bool dirty(const struct truth *t, const struct truth_record *e) {
    return in_state(t, e, "STATE_DIRTY");
}

static bool muzzy(const struct truth *t, const struct truth_record *e) {
    return in_state(t, e, "STATE_MUZZY");
}

static bool retained(const struct truth *t, const struct truth_record *e) {
    return in_state(t, e, "STATE_RETAINED");
}

static bool large(const struct truth *t, const struct truth_record *e) {
    return allocated(t, e) && !of(e, KEY_SLAB) && of(e, KEY_SZIND) >= constant(t, "SC_NBINS");
}

static bool shifted(const struct truth *t, const struct truth_record *e) {
    return large(t, e) && of(e, KEY_ADDR) != of(e, KEY_BASE);
}

static bool sampled(const struct truth *t, const struct truth_record *e) {
    return allocated(t, e) && !of(e, KEY_SLAB) && of(e, KEY_SZIND) < constant(t, "SC_NBINS");
}

static bool unallocated(const struct truth *t, const struct truth_record *e) {
    return active(t, e) && !allocated(t, e);
}

static bool full_slab(const struct truth *t, const struct truth_record *e) {
    return slab_of(t, e) && of(e, KEY_NFREE) == 0;
}

static bool partial_slab(const struct truth *t, const struct truth_record *e) {
    const struct truth_record *slab = slab_of(t, e);
    return slab && of(e, KEY_NFREE) > 0 && of(e, KEY_NFREE) < regions(slab);
}

static bool empty_slab(const struct truth *t, const struct truth_record *e) {
    const struct truth_record *slab = slab_of(t, e);
    return slab && of(e, KEY_NFREE) == regions(slab);
}

static bool hpa(const struct truth *t, const struct truth_record *e) {
    (void)t;
    return of(e, KEY_PAI) != 0;
}

static bool guarded(const struct truth *t, const struct truth_record *e) {
    return allocated(t, e) && of(e, KEY_GUARDED);
}

static bool bin_shard(const struct truth *t, const struct truth_record *e) {
    return slab_of(t, e) && of(e, KEY_BIN_SHARD) > 0;
}

/* Is the extent in an arena behind a hole: has the arena table no arena of some lower index? There
 * is a stat record for each arena that it has. */
static bool behind_hole(const struct truth *t, const struct truth_record *e) {
    const struct truth_list *stats = &t->list[TRUTH_STAT];
    uint64_t arenas = 0, last = UINT64_MAX;
    for (size_t i = 0; i < stats->count; i++) {
        uint64_t arena = truth_get(TRUTH_STAT, &stats->record[i], KEY_ARENA);
        arenas += arena != last && arena < of(e, KEY_ARENA_IND);
        last = arena;
    }
    return stats->count && arenas < of(e, KEY_ARENA_IND);
}

static const struct {
    const char *word;
    bool (*is)(const struct truth *truth, const struct truth_record *extent);
} kinds[] = {{"dirty", dirty},
             {"muzzy", muzzy},
             {"retained", retained},
             {"large", large},
             {"shifted", shifted},
             {"sampled", sampled},
             {"unallocated", unallocated},
             {"full slab", full_slab},
             {"partial slab", partial_slab},
             {"empty slab", empty_slab},
             {"hpa", hpa},
             {"guarded", guarded},
             {"bin shard", bin_shard},
             {"behind hole", behind_hole}};

/* ---- promises ------------------------------------------------------------------------------- */

static bool any(const struct truth *truth, size_t kind) {
    const struct truth_list *extents = &truth->list[TRUTH_EXTENT];
    for (size_t i = 0; i < extents->count; i++) {
        if (kinds[kind].is(truth, &extents->record[i])) {
            return true;
        }
    }
    return false;
}

static bool constant_is(const struct truth *truth, const char *promise, const char *equals) {
    char name[64];
    uint64_t value;
    snprintf(name, sizeof(name), "%.*s", (int)(equals - promise), promise);
    return truth_constant(truth, name, &value) && value == strtoull(equals + 1, NULL, 10);
}

/* Does the promise hold? One with an unknown word does not. */
static bool kept(const struct truth *truth, const char *promise) {
    const char *equals = strchr(promise, '=');
    bool none = strncmp(promise, "no ", 3) == 0;
    if (equals) {
        return constant_is(truth, promise, equals);
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].word, promise + (none ? 3 : 0)) == 0) {
            return any(truth, i) != none;
        }
    }
    return false;
}

bool shows_all(const struct truth *truth, struct json_object *promises, char *why,
               size_t why_size) {
    for (size_t i = 0; promises && i < json_object_array_length(promises); i++) {
        const char *promise = json_object_get_string(json_object_array_get_idx(promises, i));
        if (!kept(truth, promise)) {
            snprintf(why, why_size, "the witness's heap does not show what its config is for: %s",
                     promise);
            return false;
        }
    }
    return true;
}
