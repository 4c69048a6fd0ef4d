/* neighbours.c - what is next to an address, and whether it and its extent are sound. */
#include "cli.h"

static const struct piece none = {0, 0, NULL};

/* It could not be read, or is damaged: that is said, and the answer goes without it. */
static struct piece broken_piece(struct cli *cli, enum jh_status status,
                                 const struct jh_fault *fault) {
    cli_fault(cli, "find", status, fault);
    return none;
}

/* addr is of one of the extent's pieces, whichever way the tree leads there. */
static struct piece piece_in(struct cli *cli, const struct jh_extent *e, uint64_t addr) {
    struct jh_location l;
    struct jh_fault fault;
    enum jh_status status = jh_locate_in(&cli->target->heap, addr, e, &l, &fault);
    return status == JH_OK ? (struct piece){l.start, l.size, parked_find(cli, l.use, l.start).state}
                           : broken_piece(cli, status, &fault);
}

/* An extent may be found by one page's element, and what another page's says is not what is found:
 * free() would go by it. */
void neighbours_check(struct cli *cli, const struct jh_extent *e) {
    struct jh_fault fault;
    if (sound_extent(cli, e, &fault) != JH_OK) {
        sound_say(cli, "find", JH_CORRUPT, e, &fault);
    }
}

/* ---- two extents that claim the same page --------------------------------------------------- */

static bool covers(const struct jh_extent *e, uint64_t addr) {
    return addr - e->base < e->size;
}

static bool meets(const struct jh_extent *a, const struct jh_extent *b) {
    return covers(a, b->base) || covers(b, a->base);
}

/* True: they do, which was said, of the one in front. */
static bool check_pair(struct cli *cli, const struct jh_extent *e, const struct jh_extent *other) {
    if (!other->at || other->at == e->at || !meets(e, other)) {
        return false;
    }
    bool behind = other->base >= e->base;
    const struct jh_extent *front = behind ? e : other, *back = behind ? other : e;
    struct jh_fault fault = {.status = JH_CORRUPT,
                             .stage = JH_STAGE_EXTENT,
                             .addr = front->at,
                             .seen = back->base,
                             .rule = "extent.overlap"};
    cli_fault(cli, "find", JH_CORRUPT, &fault);
    return true;
}

/* Those that have the pages around its ends, and one that begins inside. What cannot be read is
 * said by who asks for it. */
void neighbours_overlap(struct cli *cli, const struct jh_extent *e) {
    const struct jh_heap *heap = &cli->target->heap;
    const uint64_t ends[] = {e->base - 1, e->base + (e->size - 1), e->base + e->size};
    struct jh_extent other;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (jh_lookup(heap, ends[i], &other, NULL) == JH_OK && check_pair(cli, e, &other)) {
            return;
        }
    }
    /* the elements of a slab's pages are its own */
    if (!jh_extent_is_slab(e) && jh_after(heap, e->base, &other, NULL) == JH_OK) {
        check_pair(cli, e, &other);
    }
}

/* ---- who stands there ----------------------------------------------------------------------- */

/* An address in the extent that belongs to its last region, or to its only piece. */
static uint64_t last_piece(const struct jh_layout *layout, const struct jh_extent *e) {
    if (jh_extent_is_slab(e)) {
        const struct jh_bin *bin = &layout->bin[e->szind];
        return e->base + (bin->nregs - 1) * bin->reg_size;
    }
    return e->allocated ? e->addr : e->base;
}

struct piece neighbours_before(struct cli *cli, const struct jh_location *l, uint64_t addr) {
    struct jh_extent e;
    struct jh_fault fault;
    if (l->owned && jh_extent_is_slab(&l->extent) && l->region_index > 0) {
        return piece_in(cli, &l->extent, l->start - l->size);
    }
    enum jh_status status = jh_before(&cli->target->heap, addr, &e, &fault);
    if (status != JH_OK) {
        return broken_piece(cli, status, &fault);
    }
    if (!e.at || meets(&e, &l->extent)) { /* nothing, or not next to it */
        return none;
    }
    neighbours_check(cli, &e);
    return piece_in(cli, &e, last_piece(&cli->target->layout, &e));
}

struct piece neighbours_after(struct cli *cli, const struct jh_location *l, uint64_t addr) {
    struct jh_extent e;
    struct jh_fault fault;
    if (l->owned && jh_extent_is_slab(&l->extent) &&
        l->region_index + 1 < cli->target->layout.bin[l->extent.szind].nregs) {
        return piece_in(cli, &l->extent, l->start + l->size);
    }
    enum jh_status status = jh_after(&cli->target->heap, addr, &e, &fault);
    if (status != JH_OK) {
        return broken_piece(cli, status, &fault);
    }
    if (!e.at || meets(&e, &l->extent)) {
        return none;
    }
    neighbours_check(cli, &e);
    return piece_in(cli, &e, e.allocated ? e.addr : e.base);
}
