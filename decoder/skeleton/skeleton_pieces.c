/* skeleton_pieces.c - cuts the memory that a skeleton keeps into pieces of data and of zeroes, and
 * makes segments of them.
 *
 * Only the addresses of pieces are held in memory, not their bytes. Most of an rtree is zero: all
 * segments of zeroes lead to the same zeroes in the file, which any reader of cores understands.
 * Bytes of a mapping that are not kept are left out of the file (p_filesz < p_memsz), as in other
 * cores. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "skeleton/inside.h"

#define STEP 64u    /* bytes to skip where bytes are absent: no extent structure is smaller */
#define CHUNK 4096u /* bytes that are compared with zero at once */
#define BUFFER (64u << 10) /* bytes that are read at once */
#define ZEROES_MIN 512u /* fewer zeroes are stored as data: a program header would take as much */

/* ---- the pieces ----------------------------------------------------------------------------- */

static void add_piece(struct jt_maker *m, uint64_t addr, uint64_t len, bool zero) {
    struct jt_piece *last = m->pieces == 0 ? NULL : &m->piece[m->pieces - 1];
    uint64_t offset = zero ? JT_SKELETON_ZERO : m->data;
    m->data += zero ? 0 : len;
    if (last != NULL && last->addr + last->len == addr &&
        (last->offset == JT_SKELETON_ZERO) == zero &&
        (!zero || last->len + len <= JT_SKELETON_ZEROES_MAX)) {
        last->len += len;
    } else {
        struct jt_piece *grown = jt_grow(m->piece, m->pieces, sizeof *grown);
        m->lost |= grown == NULL;
        if (grown == NULL) {
            return;
        }
        m->piece = grown;
        last = &grown[m->pieces++];
        *last = (struct jt_piece){addr, len, offset};
    }
    if (zero && last->len > m->zeroes) {
        m->zeroes = last->len;
    }
}

static uint64_t next_chunk(uint64_t addr) {
    return addr + (CHUNK - addr % CHUNK);
}

static void add_bytes(struct jt_maker *m, uint64_t addr, const uint8_t *bytes, size_t len) {
    for (size_t at = 0; at < len;) {
        uint64_t left = next_chunk(addr + at) - (addr + at);
        size_t part = left < len - at ? (size_t)left : len - at;
        add_piece(m, addr + at, part, part >= ZEROES_MIN && jt_all_zero(bytes + at, part));
        at += part;
    }
}

enum jt_status jt_skeleton_stopped(struct jt_target *target, enum jh_status status) {
    return jt_fail(target, JT_INCOMPLETE,
                   status == JH_LIMIT ? "the budget ran out before all of the heap was written"
                                      : "the target changed or ended while it was read");
}

/* Adds the bytes of a range that can be read. The walk has read nearly all of them before. */
static enum jt_status add_range(struct jt_maker *m, struct jt_range range) {
    const struct jh_reader *r = &m->target->heap.reader;
    uint8_t buffer[BUFFER];
    for (uint64_t at = range.start; at < range.end;) {
        size_t want = range.end - at < BUFFER ? (size_t)(range.end - at) : BUFFER, got = 0;
        enum jh_status status = r->read(r->arg, at, buffer, want, &got);
        if (status == JH_LIMIT || status == JH_READ_FAILED) {
            return jt_skeleton_stopped(m->target, status);
        }
        add_bytes(m, at, buffer, got);
        at += got;
        if (m->data > m->data_max) {
            return jt_fail(m->target, JT_UNREADABLE,
                           "segments of the core share their bytes: a skeleton of it would be "
                           "larger than the core and its modules, %" PRIu64 " bytes",
                           m->data_max);
        }
        if (got < want) {
            uint64_t step = STEP - at % STEP;
            at = step < range.end - at ? at + step : range.end;
        }
    }
    return JT_OK;
}

static enum jt_status find_pieces(struct jt_maker *m, const struct jt_ranges *keep) {
    enum jt_status status = JT_OK;
    for (size_t i = 0; status == JT_OK && i < keep->count; i++) {
        status = add_range(m, keep->range[i]);
    }
    return status;
}

/* ---- the segments --------------------------------------------------------------------------- */

static void add_load(struct jt_maker *m, struct jt_load load) {
    struct jt_load *grown = jt_grow(m->load, m->loads, sizeof *grown);
    m->lost |= grown == NULL;
    if (grown == NULL) {
        return;
    }
    m->load = grown;
    grown[m->loads++] = load;
}

/* Adds the segments of a mapping: each piece's segment ends where the next piece begins. at is the
 * first piece that is not below the mapping. Gives the first piece behind it. */
static size_t add_mapping(struct jt_maker *m, struct jt_range range, size_t at) {
    if (at == m->pieces || m->piece[at].addr >= range.end) {
        add_load(m, (struct jt_load){range.start, 0, range.end - range.start, 0});
        return at;
    }
    if (m->piece[at].addr > range.start) {
        add_load(m, (struct jt_load){range.start, 0, m->piece[at].addr - range.start, 0});
    }
    for (; at < m->pieces && m->piece[at].addr < range.end; at++) {
        const struct jt_piece *p = &m->piece[at];
        bool last = at + 1 == m->pieces || p[1].addr >= range.end;
        uint64_t end = last ? range.end : p[1].addr;
        add_load(m, (struct jt_load){p->addr, p->len, end - p->addr, p->offset});
    }
    return at;
}

static void find_loads(struct jt_maker *m) {
    const struct jt_private *p = m->target->priv;
    struct jt_ranges all = {NULL, 0, 0, false};
    size_t at = 0;
    for (size_t i = 0; i < p->mapped_count; i++) {
        jt_ranges_add(&all, p->mapped[i].start, p->mapped[i].end - p->mapped[i].start);
    }
    for (size_t i = 0; i < m->pieces;
         i++) { /* a piece from a module's file may be in no mapping of the core */
        jt_ranges_add(&all, m->piece[i].addr, m->piece[i].len);
    }
    jt_ranges_merge(&all);
    for (size_t i = 0; i < all.count; i++) {
        at = add_mapping(m, all.range[i], at);
    }
    m->lost |= all.lost;
    jt_ranges_free(&all);
}

/* ---- the whole skeleton --------------------------------------------------------------------- */

static enum jt_status make_skeleton(struct jt_maker *m, const struct jt_ranges *keep,
                                    struct jt_skeleton *out) {
    static const uint8_t types[] = {JT_NOTE_ABOUT,  JT_NOTE_LAYOUT, JT_NOTE_BLOCKS, JT_NOTE_ARENAS,
                                    JT_NOTE_CACHES, JT_NOTE_PLACES, JT_NOTE_HANDS};
    enum jt_status status = find_pieces(m, keep);
    if (status != JT_OK) {
        return status;
    }
    find_loads(m);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        unsigned t = types[i];
        if (t == JT_NOTE_HANDS && out->decoding_only) {
            continue;
        }
        m->note[t].bytes = jt_skeleton_note(m->target, t, &m->note[t].size);
        m->lost |= m->note[t].bytes == NULL;
    }
    if (m->lost) {
        return jt_fail(m->target, JT_UNREADABLE, "out of memory");
    }
    if (m->note[JT_NOTE_ABOUT].size > JT_ABOUT_MAX) {
        return jt_fail(m->target, JT_UNREADABLE,
                       "the names of its modules are too long for a skeleton: %zu bytes with the "
                       "rest, and there may be %u",
                       m->note[JT_NOTE_ABOUT].size, JT_ABOUT_MAX);
    }
    for (size_t i = 0; i < m->pieces; i++) {
        out->kept += m->piece[i].len;
        out->zeroes += m->piece[i].offset == JT_SKELETON_ZERO ? m->piece[i].len : 0;
    }
    return jt_skeleton_put(m, &out->size);
}

/* Fails when no extent decodes at --root: the address may be in the program's own memory. */
static enum jt_status check_root(struct jt_target *target, const struct jt_skeleton *out) {
    if (out->extents != 0 || !jt_root_is_in_no_module(target)) {
        return JT_OK;
    }
    return jt_fail(target, JT_NO_LAYOUT,
                   "--root 0x%" PRIx64 ": no extent decodes there, so it may be the program's own "
                   "memory, and no skeleton of it is written",
                   target->heap.rtree_root);
}

enum jt_status jt_skeleton_write(struct jt_target *target, FILE *file, struct jt_skeleton *out) {
    struct jt_maker m = {.target = target, .file = file, .data_max = jt_core_bytes(target)};
    struct jt_ranges keep = {NULL, 0, 0, false};
    target->priv->skeleton->decoding_only = out->decoding_only;
    enum jt_status status = jt_skeleton_keep(target, &keep, out);
    if (status == JT_OK) {
        status = check_root(target, out);
    }
    if (status == JT_OK) {
        status = make_skeleton(&m, &keep, out);
    }
    jt_ranges_free(&keep);
    free(m.piece);
    free(m.load);
    for (size_t i = 0; i <= JT_NOTES; i++) {
        free(m.note[i].bytes);
    }
    return status;
}
