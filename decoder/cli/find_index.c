/* find_index.c - find of very many addresses: by an index of the heap.
 *
 * An index takes two walks over the whole heap, so it is made when so many addresses were asked for
 * that they took about as long. What it does not vouch for is asked of the tree, as any address
 * was in front of it: so what is wrong is said, and said once for each extent. In a process that
 * runs the index is as old as itself. Of what it says there only what an extent's structure, which
 * is read again for each address, still says is taken; anything else is asked of the tree. */
#include "find.h"

enum { WORTH = 1024 }; /* addresses */

/* --max-reads is a budget for what is asked, and not for a walk over what nobody asks. */
bool find_index_ready(struct cli *cli, struct find_index *index, size_t count) {
    index->asked += count;
    if (!index->tried && index->asked > WORTH && cli->args->max_reads == 0) {
        index->tried = true;
        index->made = jt_index_make(cli->target, &index->book);
    }
    return index->made;
}

void find_index_end(struct find_index *index) {
    if (index->made) {
        jt_index_free(&index->book);
    }
}

/* number: of what is parked, by address. */
static struct parked parked_of(struct cli *cli, enum jh_use use, uint64_t number) {
    struct parked p = {.state = jh_use_name(use)};
    const struct jt_caches *all = jt_caches(cli->target);
    if (use != JH_USE_HELD) {
        return p;
    }
    if (number != JH_INDEX_NONE) {
        (void)jt_caches_owned(cli->target); /* nothing is read while printing */
        p.parked = &all->parked[all->by_address[number]];
        p.state = "cached";
    } else if (all->why == JT_CACHES_COMPLETE) {
        p.state = "live";
    } else {
        parked_say_why(cli);
    }
    return p;
}

/* ---- who stands beside it -------------------------------------------------------------------- */

/* How the piece beside an address is known. */
enum by {
    BY_NOTHING, /* there is none */
    BY_REGION,  /* it is in the same slab, whose bitmap is at hand */
    BY_INDEX,   /* it is in the extent `which`, which is asked about `addr` */
    BY_TREE     /* there may be others in between, or it may have changed: the tree knows better */
};
struct side {
    enum by by;
    uint64_t addr, which;
};

/* Is the memory one that changes while it is read? */
static bool changes(const struct cli *cli) {
    return cli->target->heap.reader.retry != NULL;
}

static bool meet(const struct jh_index *index, const struct jh_found *f,
                 const struct jh_index_pieces *there, bool behind) {
    struct jh_index_pieces here;
    return f->extent != 0 && jh_index_nth(index, f->which, &here) &&
           (behind ? here.base + here.size == there->base : there->base + there->size == here.base);
}

/* The last piece of an extent in front, or the first of one behind. */
static struct side in_extent(const struct cli *cli, const struct jh_index *index,
                             const struct jh_found *f, uint64_t which, bool behind) {
    struct jh_index_pieces there;
    bool sure = jh_index_nth(index, which, &there) &&
                (meet(index, f, &there, behind) || !(index->doubt || changes(cli)));
    return sure ? (struct side){BY_INDEX, behind ? there.first : there.last, which}
                : (struct side){BY_TREE, 0, 0};
}

static struct side side_of(const struct cli *cli, const struct jh_index *index,
                           const struct jh_found *f, const struct jh_location *l, bool behind) {
    const uint64_t sum = index->count, which = behind ? f->which + (f->extent != 0) : f->which - 1;
    bool slab = l->owned && jh_extent_is_slab(&l->extent);
    if (slab && (behind ? f->region_index + 1 < cli->target->layout.bin[f->szind].nregs
                        : f->region_index > 0)) {
        return (struct side){BY_REGION, behind ? f->start + f->size : f->start - f->size, f->which};
    }
    if (behind ? which < sum : f->which > 0) {
        return in_extent(cli, index, f, which, behind);
    }
    return (struct side){index->doubt || changes(cli) ? BY_TREE : BY_NOTHING, 0, 0};
}

/* ---- answers --------------------------------------------------------------------------------- */

/* What the index says of addresses, and of what is beside them, each asked for together. */
struct answers {
    struct jh_found found[FIND_BATCH];
    struct jh_index_more more[FIND_BATCH];
    enum jh_status status[FIND_BATCH];
    struct side side[FIND_BATCH][2]; /* in front, behind */
    struct jh_found beside[2 * FIND_BATCH];
    enum jh_status beside_status[2 * FIND_BATCH];
};

static bool is_answered(const struct answers *a, size_t i) {
    return a->status[i] == JH_OK && a->found[i].which != JH_INDEX_NONE && a->found[i].extent != 0;
}

static struct jh_location location_of(const struct answers *a, size_t i, uint64_t addr) {
    const struct jh_found *f = &a->found[i];
    return (struct jh_location){.owned = f->owned,
                                .why = f->why,
                                .use = f->use,
                                .extent = a->more[i].extent,
                                .start = f->start,
                                .size = f->size,
                                .offset = f->owned ? addr - f->start : 0,
                                .region_index = f->region_index};
}

static void ask_beside(struct cli *cli, const struct jh_index *index, const uint64_t *addr,
                       size_t count, struct answers *a) {
    uint64_t at[2 * FIND_BATCH];
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < 2; k++) {
            struct jh_location l = location_of(a, i, addr[i]);
            a->side[i][k] = is_answered(a, i) ? side_of(cli, index, &a->found[i], &l, k == 1)
                                              : (struct side){BY_NOTHING, 0, 0};
            at[2 * i + k] = a->side[i][k].by == BY_INDEX ? a->side[i][k].addr : 0;
        }
    }
    jh_index_find_many(index, &cli->target->heap, at, 2 * count, a->beside, NULL, a->beside_status);
}

static struct piece piece_of(struct cli *cli, const struct jh_index *index, const struct answers *a,
                             size_t i, bool behind, const struct jh_location *l, uint64_t addr) {
    const struct side *side = &a->side[i][behind];
    const struct jh_found *other = &a->beside[2 * i + behind];
    if (side->by == BY_REGION) {
        bool is_free = behind ? a->more[i].free_after : a->more[i].free_before;
        uint64_t number = is_free ? JH_INDEX_NONE : jh_index_parked(index, side->which, side->addr);
        return (struct piece){side->addr, a->found[i].size,
                              parked_of(cli, is_free ? JH_USE_FREE : JH_USE_HELD, number).state};
    }
    if (side->by == BY_INDEX && a->beside_status[2 * i + behind] == JH_OK && other->owned &&
        other->which == side->which) {
        return (struct piece){other->start, other->size,
                              parked_of(cli, other->use, other->parked).state};
    }
    return side->by == BY_NOTHING ? (struct piece){0, 0, NULL}
           : behind               ? neighbours_after(cli, l, addr)
                                  : neighbours_before(cli, l, addr);
}

static void answer(struct cli *cli, const struct jh_index *index, const struct answers *answers,
                   size_t i, uint64_t addr) {
    const struct jh_found *f = &answers->found[i];
    struct jh_location l = location_of(answers, i, addr);
    struct parked parked = parked_of(cli, f->owned ? f->use : JH_USE_FREE, f->parked);
    struct piece b = piece_of(cli, index, answers, i, false, &l, addr);
    struct piece a = piece_of(cli, index, answers, i, true, &l, addr);
    cli->chosen = cli->target;
    find_print(cli, addr, &l, &parked, &b, &a);
}

void find_index_batch(struct cli *cli, struct find_index *index, const uint64_t *addr, size_t count,
                      find_other_fn *other, void *arg) {
    const struct jh_index *book = &index->book.index;
    struct answers a;
    jh_index_find_many(book, &cli->target->heap, addr, count, a.found, a.more, a.status);
    ask_beside(cli, book, addr, count, &a);
    for (size_t i = 0; i < count; i++) {
        if (is_answered(&a, i)) {
            answer(cli, book, &a, i, addr[i]);
        } else {
            other(cli, arg, addr[i]);
        }
    }
}
