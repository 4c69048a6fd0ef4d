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

/* ---- who stands there ------------------------------------------------------------------------ */

/* A region beside that one in its slab. */
static struct piece region_beside(struct cli *cli, const struct jh_index *index,
                                  const struct jh_found *f, uint64_t start, bool is_free) {
    uint64_t number = is_free ? JH_INDEX_NONE : jh_index_parked(index, f->which, start);
    struct parked p = parked_of(cli, is_free ? JH_USE_FREE : JH_USE_HELD, number);
    return (struct piece){start, f->size, p.state};
}

/* The last piece of an extent in front, or the first of one behind. False: the tree knows better,
 * since there may be others in between, or it may have changed. */
static bool extent_beside(struct cli *cli, const struct jh_index *index, const struct jh_found *f,
                          uint64_t which, bool behind, struct piece *out) {
    const struct jh_heap *heap = &cli->target->heap;
    struct jh_index_pieces here, there;
    struct jh_found found;
    bool changes = heap->reader.retry != NULL;
    if (!jh_index_nth(index, which, &there)) {
        return false;
    }
    if (index->doubt || changes) {
        bool next =
            f->extent != 0 && jh_index_nth(index, f->which, &here) &&
            (behind ? here.base + here.size == there.base : there.base + there.size == here.base);
        if (!next) {
            return false;
        }
    }
    uint64_t at = behind ? there.first : there.last;
    if (jh_index_find(index, heap, at, &found, NULL) != JH_OK || !found.owned ||
        found.which != which) {
        return false;
    }
    *out = (struct piece){found.start, found.size, parked_of(cli, found.use, found.parked).state};
    return true;
}

static struct piece before(struct cli *cli, const struct jh_index *index, const struct jh_found *f,
                           const struct jh_location *l, const struct jh_index_more *more,
                           uint64_t addr) {
    struct piece p = {0, 0, NULL};
    if (l->owned && jh_extent_is_slab(&l->extent) && f->region_index > 0) {
        return region_beside(cli, index, f, f->start - f->size, more->free_before);
    }
    bool none = f->which == 0 && !index->doubt && cli->target->heap.reader.retry == NULL;
    if (!none && (f->which == 0 || !extent_beside(cli, index, f, f->which - 1, false, &p))) {
        p = neighbours_before(cli, l, addr);
    }
    return p;
}

static struct piece after(struct cli *cli, const struct jh_index *index, const struct jh_found *f,
                          const struct jh_location *l, const struct jh_index_more *more,
                          uint64_t addr) {
    struct piece p = {0, 0, NULL};
    if (l->owned && jh_extent_is_slab(&l->extent) &&
        f->region_index + 1 < cli->target->layout.bin[f->szind].nregs) {
        return region_beside(cli, index, f, f->start + f->size, more->free_after);
    }
    uint64_t which = f->which + (f->extent != 0);
    bool none = which == index->count && !index->doubt && cli->target->heap.reader.retry == NULL;
    if (!none && (which == index->count || !extent_beside(cli, index, f, which, true, &p))) {
        p = neighbours_after(cli, l, addr);
    }
    return p;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer(struct cli *cli, const struct jh_index *index, uint64_t addr,
                   const struct jh_found *f, const struct jh_index_more *more) {
    struct jh_location l = {.owned = f->owned,
                            .why = f->why,
                            .use = f->use,
                            .extent = more->extent,
                            .start = f->start,
                            .size = f->size,
                            .offset = f->owned ? addr - f->start : 0,
                            .region_index = f->region_index};
    struct parked parked = parked_of(cli, f->owned ? f->use : JH_USE_FREE, f->parked);
    struct piece b = before(cli, index, f, &l, more, addr);
    struct piece a = after(cli, index, f, &l, more, addr);
    cli->chosen = cli->target;
    find_print(cli, addr, &l, &parked, &b, &a);
}

void find_index_batch(struct cli *cli, struct find_index *index, const uint64_t *addr, size_t count,
                      find_other_fn *other, void *arg) {
    const struct jh_index *book = &index->book.index;
    struct jh_found found[FIND_BATCH];
    struct jh_index_more more[FIND_BATCH];
    enum jh_status status[FIND_BATCH];
    jh_index_find_many(book, &cli->target->heap, addr, count, found, more, status);
    for (size_t i = 0; i < count; i++) {
        if (status[i] == JH_OK && found[i].which != JH_INDEX_NONE && found[i].extent != 0) {
            answer(cli, book, addr[i], &found[i], &more[i]);
        } else {
            other(cli, arg, addr[i]);
        }
    }
}
