/* layout_bend.c - bends every number of a layout a little: shift, width and offset of fields,
 * scalars up and down, states swapped, levels split elsewhere; and whole layouts of another build.
 */
#include "layout_bend.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- proofs that no heap can show a bend ---------------------------------------------------- */

static bool before_5_3(const struct jh_layout *l) {
    return !jh_family(l->build.version)->leaf_packed;
}

static bool is_user_data(const struct jh_layout *l) {
    (void)l;
    return true;
}

static bool states_above_3_are_short(const struct jh_layout *l) {
    return l->states <= 4 || l->state[4] == JH_TRANSITION;
}

static bool nothing_above_is_head(const struct jh_layout *l) {
    return l->extent[JH_EXTENT_SN].offset != l->extent[JH_EXTENT_BITS].offset &&
           !l->extent[JH_EXTENT_PINNED].width;
}

static bool few_classes(const struct jh_layout *l) {
    return l->sc_nsizes < UINT64_C(1) << (l->leaf[JH_LEAF_SZIND].width - 1);
}

static bool size_from_class(const struct jh_layout *l) {
    return !l->large_by_size;
}

static const char top_bit[] = "the top bit of a word, which no address, size or counter reaches";
static const char always_1[] = "always 1 where memory is overcommitted, whatever the next bit is";
static const char short_states[] = "states above 3 last only while a lock is held";

/* Bends that only constants or functions can notice, and the reason. */
static const struct {
    const char *name;
    bool (*holds)(const struct jh_layout *sound);
    const char *proof;
} proofs[] = {
    {"extent.committed.width+1", is_user_data, always_1},
    {"extent.dumpable.width+1", is_user_data, always_1},
    {"extent.committed.shift+1", before_5_3, "dumpable is the next bit, and both are always 1"},
    {"extent.dumpable.shift-1", before_5_3, "committed is the bit before, and both are always 1"},
    {"extent.bin_shard.width+1", before_5_3, "the bit above is is_head, never set on Linux"},
    {"extent.is_head.width-1", before_5_3, "5.2.1 never sets it on Linux"},
    {"leaf.slab.width+1", before_5_3, "the next bit is a zero of the aligned pointer"},
    {"leaf_low_bits+1", before_5_3, "structures are aligned to 64 bytes: the next bit is zero"},
    {"extent.is_head.width+1", nothing_above_is_head, "the bit above is no field's, and zero"},
    {"extent.state.width-1", states_above_3_are_short, short_states},
    {"leaf.state.width-1", states_above_3_are_short, short_states},
    {"extent.nfree.width-1", is_user_data,
     "only slabs with all regions free have that bit, and those are given back at once"},
    {"extent.sn.width-1", is_user_data, top_bit},
    {"extent.bits.width-1", is_user_data, top_bit},
    {"extent.addr.width-1", is_user_data, top_bit},
    {"extent.size.width-1", is_user_data, top_bit},
    {"extent.bsize.width-1", is_user_data, top_bit},
    {"extent.ps.width-1", is_user_data, top_bit},
    {"leaf.szind.width-1", few_classes, "half of the field holds all classes"},
    {"large_pad-4096", size_from_class, "before 5.3.1 usable sizes come from the class"},
    {"large_pad+4096", size_from_class, "before 5.3.1 usable sizes come from the class"},
    {"build with or without cache-oblivious", size_from_class,
     "before 5.3.1 usable sizes come from the class"},
};

static const char *proof_of(const struct jh_layout *sound, const char *name) {
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        if (strcmp(proofs[i].name, name) == 0 && proofs[i].holds(sound)) {
            return proofs[i].proof;
        }
    }
    return NULL;
}

/* Counts the bends up to the one that is asked for. */
struct maker {
    const struct jh_layout *sound;
    size_t left; /* bends to go until the one that is asked for */
    struct bend *out;
};

/* Is this the bend that is asked for? Then out has its name and the sound layout, to be bent. */
static bool here(struct maker *m, const char *name) {
    if (m->left--) {
        return false;
    }
    m->out->layout = *m->sound;
    m->out->proof = proof_of(m->sound, name);
    snprintf(m->out->name, sizeof(m->out->name), "%s", name);
    return true;
}

/* ---- fields --------------------------------------------------------------------------------- */

static bool bend_field(struct maker *m, const char *group, const char *name, size_t at) {
    static const struct {
        const char *what;
        int shift, width, offset; /* offset in words of the field */
    } way[] = {{"shift+1", 1, 0, 0},  {"shift-1", -1, 0, 0},    {"width+1", 0, 1, 0},
               {"width-1", 0, -1, 0}, {"offset+word", 0, 0, 1}, {"offset-word", 0, 0, -1}};
    struct jh_field f = *(const struct jh_field *)(const void *)((const char *)m->sound + at);
    for (size_t i = 0; f.width && i < sizeof(way) / sizeof(way[0]); i++) {
        char full[96];
        int shift = f.shift + way[i].shift, width = f.width + way[i].width;
        int offset = f.offset + way[i].offset * f.word;
        if (shift < 0 || offset < 0 || width > 64) {
            continue;
        }
        snprintf(full, sizeof(full), "%s.%s.%s", group, name, way[i].what);
        if (here(m, full)) {
            struct jh_field *bent = (struct jh_field *)(void *)((char *)&m->out->layout + at);
            *bent = (struct jh_field){(uint16_t)offset, f.word, (uint8_t)shift, (uint8_t)width};
            return true;
        }
    }
    return false;
}

static bool bend_fields(struct maker *m) {
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        size_t at = offsetof(struct jh_layout, extent) + i * sizeof(struct jh_field);
        if (bend_field(m, "extent", jh_extent_field_name(i), at)) {
            return true;
        }
    }
    for (unsigned i = 0; i < JH_LEAF_FIELDS; i++) {
        size_t at = offsetof(struct jh_layout, leaf) + i * sizeof(struct jh_field);
        if (bend_field(m, "leaf", jh_leaf_field_name(i), at)) {
            return true;
        }
    }
    return false;
}

/* ---- scalars -------------------------------------------------------------------------------- */

struct scalar {
    const char *name;
    size_t at, size;
    int64_t step;
    const char *proof;
};

#define SCALAR_(member, step, proof)                                                               \
    {                                                                                              \
#member, offsetof(struct jh_layout, member), sizeof(((struct jh_layout *)0)->member),      \
            step, proof                                                                            \
    }

static const char not_decoded[] = "a constant of the build that no stage decodes with";

static const struct scalar scalars[] = {
    SCALAR_(lg_sizeof_ptr, 1, not_decoded),
    SCALAR_(malloc_arena_bits, 1, "the width of arena_ind, which is bent as that field"),
    SCALAR_(rtree_nhib, 1, NULL),
    SCALAR_(rtree_nlib, 1, NULL),
    SCALAR_(rtree_nsb, 1, NULL),
    SCALAR_(rtree_height, 1, NULL),
    SCALAR_(rtree_node_size, 4, NULL),
    SCALAR_(root_offset, 8, NULL),
    SCALAR_(leaf_size, 8, NULL),
    SCALAR_(leaf_low_bits, 1, NULL),
    SCALAR_(extent_size, 8, "the size of the whole structure: its place comes from a pointer"),
    SCALAR_(extent_align, 64,
            "sound pointers are aligned to more than a weaker alignment asks for"),
    SCALAR_(bitmap_offset, 8, NULL),
    SCALAR_(sc_lg_tiny_min, 1, NULL),
    SCALAR_(sc_ntiny, 1, NULL),
    SCALAR_(sc_lg_ngroup, 1, NULL),
    SCALAR_(sc_ngroup, 1, NULL),
    SCALAR_(sc_npseudo, 1, NULL),
    SCALAR_(sc_ptr_bits, 1, NULL),
    SCALAR_(sc_lg_base_max, 1, not_decoded),
    SCALAR_(sc_lg_first_regular_base, 1, not_decoded),
    SCALAR_(sc_lg_slab_maxregs, 1, "the width of nfree, which is bent as that field"),
    SCALAR_(sc_nregular, 1, NULL),
    SCALAR_(sc_nsizes, 1, NULL),
    SCALAR_(sc_nbins, 1, NULL),
    SCALAR_(sc_npsizes, 1, not_decoded),
    SCALAR_(large_pad, 4096, NULL),
};

static void add_to(struct jh_layout *layout, const struct scalar *s, int64_t delta) {
    uint8_t *at = (uint8_t *)layout + s->at;
    uint64_t value = 0;
    memcpy(&value, at, s->size); /* the layout is the host's: little endian */
    value += (uint64_t)delta;
    memcpy(at, &value, s->size);
}

static bool bend_scalars(struct maker *m) {
    for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        for (int sign = 1; sign >= -1; sign -= 2) {
            char name[96];
            snprintf(name, sizeof(name), "%s%+" PRId64, scalars[i].name, sign * scalars[i].step);
            if (here(m, name)) {
                add_to(&m->out->layout, &scalars[i], sign * scalars[i].step);
                m->out->proof = scalars[i].proof ? scalars[i].proof : m->out->proof;
                return true;
            }
        }
    }
    return false;
}

/* ---- tables --------------------------------------------------------------------------------- */

static bool bend_levels(struct maker *m) {
    for (unsigned i = 0; i + 1 < m->sound->rtree_height; i++) {
        for (int d = 1; d >= -1; d -= 2) {
            char name[96];
            snprintf(name, sizeof(name), "rtree_level%u.split%+d", i, d);
            if (here(m, name)) {
                struct jh_rtree_level *l = m->out->layout.rtree_level;
                l[i].bits = (uint8_t)(l[i].bits + d);
                l[i].cumbits = (uint8_t)(l[i].cumbits + d);
                l[i + 1].bits = (uint8_t)(l[i + 1].bits - d);
                return true;
            }
        }
    }
    return false;
}

static bool bend_states(struct maker *m) {
    if (here(m, "states.last dropped")) {
        m->out->layout.state[--m->out->layout.states] = JH_STATE_UNKNOWN;
        if (m->sound->state[m->sound->states - 1] == JH_MERGING) {
            m->out->proof = short_states;
        }
        return true;
    }
    for (unsigned i = 0; i < m->sound->states; i++) {
        for (unsigned k = i + 1; k < m->sound->states; k++) {
            char name[96];
            enum jh_state a = m->sound->state[i], b = m->sound->state[k];
            snprintf(name, sizeof(name), "states.%s<->%s", jh_state_name(a), jh_state_name(b));
            if (here(m, name)) {
                m->out->layout.state[i] = b;
                m->out->layout.state[k] = a;
                if (a >= JH_TRANSITION && b >= JH_TRANSITION) {
                    m->out->proof = "states that last only while a lock is held";
                }
                return true;
            }
        }
    }
    return false;
}

/* Bends the table of bins: each column by one, and the whole table by one row. */
static bool bend_bins(struct maker *m) {
    for (unsigned i = 0; i < m->sound->sc_nbins; i++) {
        char name[96];
        struct jh_bin *bin = m->out->layout.bin;
        snprintf(name, sizeof(name), "bin%u.reg_size-8", i);
        if (here(m, name)) {
            bin[i].reg_size -= bin[i].reg_size > 8 ? 8 : 4;
            return true;
        }
        snprintf(name, sizeof(name), "bin%u.slab_size+page", i);
        if (here(m, name)) {
            bin[i].slab_size += UINT64_C(1) << m->sound->build.lg_page;
            return true;
        }
        snprintf(name, sizeof(name), "bin%u.nregs-1", i);
        if (here(m, name)) {
            bin[i].nregs -= bin[i].nregs > 1;
            bin[i].slab_size +=
                bin[i].nregs ==
                m->sound->bin[i].nregs; /* a bin of one region has no other number of regions */
            return true;
        }
    }
    if (here(m, "bin.table off by one")) {
        memmove(m->out->layout.bin, m->sound->bin + 1,
                sizeof(m->sound->bin) - sizeof(m->sound->bin[0]));
        return true;
    }
    return false;
}

static bool bend_flags(struct maker *m) {
    struct jh_layout *l = &m->out->layout;
    if (here(m, "leaf_sign_extend dropped or added")) {
        l->leaf_sign_extend = !l->leaf_sign_extend;
        m->out->proof = "addresses of user programs have a zero there: nothing to extend";
        return true;
    }
    if (here(m, "large_by_size turned")) {
        l->large_by_size = !l->large_by_size;
        if (!m->sound->large_by_size) {
            m->out->proof =
                "a class's size and the extent's without the pad are equal before 5.3.1";
        }
        return true;
    }
    if (m->sound->leaf_left_behind && here(m, "leaf_left_behind dropped")) {
        l->leaf_left_behind = false;
        return true;
    }
    return false;
}

/* ---- other builds --------------------------------------------------------------------------- */

static bool remake(struct maker *m, const char *name, const struct jh_build *build) {
    struct jh_layout other;
    if (jh_layout_make(build, &other, NULL) != JH_OK || !here(m, name)) {
        return false;
    }
    m->out->layout = other;
    return true;
}

static bool bend_build(struct maker *m) {
    const struct jh_build *sound = &m->sound->build;
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build b = *sound;
        char name[96];
        b.version = v;
        snprintf(name, sizeof(name), "build of %s", jh_version_name(v));
        bool twin = v + 1 == JH_5_0_1 && sound->version == JH_5_0_1;
        twin = twin || (v == JH_5_0_1 && sound->version == JH_5_0_0);
        if (v != sound->version && !twin && remake(m, name, &b)) {
            return true;
        }
    }
    struct jh_build page = *sound, quantum = *sound, vaddr = *sound, debug = *sound, pad = *sound;
    page.lg_page++;
    quantum.lg_quantum = sound->lg_quantum == 3 ? 4 : 3;
    vaddr.lg_vaddr = sound->lg_vaddr == 48 ? 57 : 48;
    debug.debug = !sound->debug;
    pad.cache_oblivious = !sound->cache_oblivious;
    return remake(m, "build of the next page size", &page) ||
           remake(m, "build of the other quantum", &quantum) ||
           remake(m, "build of other address bits", &vaddr) ||
           remake(m, "build with or without debug", &debug) ||
           remake(m, "build with or without cache-oblivious", &pad);
}

/* ---- mistakes that decoders have made ------------------------------------------------------- */

static bool bend_history(struct maker *m) {
    struct jh_layout *l = &m->out->layout;
    bool since_5_3 = jh_family(m->sound->build.version)->leaf_packed;
    bool compact = m->sound->leaf_form == JH_LEAF_COMPACT;
    if (since_5_3 && compact && here(m, "historic: pointer keeps low leaf bits")) {
        l->leaf_low_bits = 1;
        return true;
    }
    if (compact && here(m, since_5_3 ? "historic: 64-byte instead of 128-byte alignment"
                                     : "historic: 128-byte instead of 64-byte alignment")) {
        l->leaf_low_bits = since_5_3 ? 6 : 7;
        l->extent_align = since_5_3 ? 64 : 128;
        if (since_5_3) {
            m->out->proof = "bits 5 and 6 of a leaf are zero: structures are 128-byte aligned";
        }
        return true;
    }
    if (m->sound->rtree_height == 3 && here(m, "historic: two levels assumed")) {
        unsigned nsb = l->rtree_nsb;
        l->rtree_height = 2;
        l->rtree_level[0] =
            (struct jh_rtree_level){(uint8_t)(nsb / 2), (uint8_t)(l->rtree_nhib + nsb / 2)};
        l->rtree_level[1] =
            (struct jh_rtree_level){(uint8_t)(nsb - nsb / 2), (uint8_t)(l->rtree_nhib + nsb)};
        return true;
    }
    return false;
}

bool bend_make(const struct jh_layout *sound, size_t index, struct bend *out) {
    struct maker m = {sound, index, out};
    return bend_fields(&m) || bend_scalars(&m) || bend_levels(&m) || bend_states(&m) ||
           bend_bins(&m) || bend_flags(&m) || bend_build(&m) || bend_history(&m);
}
