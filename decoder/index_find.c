/* index_find: what is at an address, by the index. Nearly every address is in an extent that the
 * index vouches for, and one word of a bitmap is read; what it does not vouch for goes the way of
 * jh_locate(), which says what is wrong. */
#include "index.h"
#include "plan.h"

/* ---- searches -------------------------------------------------------------------------------- */

JH_NOINLINE uint64_t jh_index_search(const struct jh_index *index, uint64_t addr, uint64_t from) {
    uint64_t low = from, high = index->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (jh_index_base(index, &index->extent[middle]) <= addr) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* JH_INDEX_NONE: it is not parked. */
static JH_NOINLINE uint64_t parked_at(const struct jh_index *index, uint64_t addr) {
    uint64_t low = 0, high = index->parked_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (index->parked[middle] < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < index->parked_count && index->parked[low] == addr ? low : JH_INDEX_NONE;
}

/* ---- the tree's answer ----------------------------------------------------------------------- */

static JH_NOINLINE enum jh_status ask_tree(const struct jh_index *index, const struct jh_heap *heap,
                                           uint64_t addr, struct jh_found *out,
                                           struct jh_fault *fault) {
    struct jh_location l;
    enum jh_status status = jh_locate(heap, addr, &l, fault);
    if (status != JH_OK) {
        return status;
    }
    *out = (struct jh_found){.owned = l.owned,
                             .why = l.why,
                             .use = l.use,
                             .szind = l.extent.szind,
                             .region_index = l.region_index,
                             .start = l.start,
                             .size = l.size,
                             .extent = l.extent.at,
                             .which = JH_INDEX_NONE,
                             .parked = l.owned && l.use == JH_USE_HELD ? parked_at(index, l.start)
                                                                       : JH_INDEX_NONE};
    return JH_OK;
}

/* ---- the index's ----------------------------------------------------------------------------- */

enum step { DONE, BITMAP, TREE }; /* what there is still to ask */

static JH_NOINLINE enum step in_none(const struct jh_index *index, uint64_t addr, uint64_t next,
                                     struct jh_found *out) {
    enum jh_why why = jh_in_no_heap(index->layout, addr);
    *out = (struct jh_found){
        .why = why == JH_WHY_OWNED ? JH_WHY_NO_LEAF : why, .which = next, .parked = JH_INDEX_NONE};
    return index->doubt ? TREE : DONE;
}

/* A large allocation, or an extent that is not in use. */
static JH_NOINLINE enum step in_other(const struct jh_index *index, const struct jh_index_extent *e,
                                      uint64_t addr, struct jh_found *out) {
    unsigned use = jh_index_use(e);
    out->use = use;
    out->start = jh_index_base(index, e);
    out->size = jh_index_size(e);
    if (use == JH_USE_HELD) {
        out->start = e->addr;
        out->size = jh_usize(index->layout, out->szind, out->size);
        out->owned = addr - out->start < out->size;
        out->why = out->owned ? JH_WHY_OWNED : addr < out->start ? JH_WHY_BEFORE : JH_WHY_BEYOND;
        out->parked =
            out->owned && e->at & INDEX_PARKED ? parked_at(index, out->start) : JH_INDEX_NONE;
    }
    return use == INDEX_UNSURE ? TREE : DONE;
}

static enum step in_extent(const struct jh_index *index, uint64_t which, uint64_t addr,
                           struct jh_found *out) {
    const struct jh_index_extent *e = &index->extent[which];
    uint64_t base = jh_index_base(index, e), offset = addr - base;
    out->owned = true;
    out->why = JH_WHY_OWNED;
    out->szind = jh_index_szind(e);
    out->region_index = 0;
    out->extent = jh_index_at(e);
    out->which = which;
    out->parked = JH_INDEX_NONE;
    if (jh_index_use(e) != INDEX_SLAB) {
        return in_other(index, e, addr, out);
    }
    const struct jh_index_bin *bin = &index->bin[out->szind % JH_BINS_MAX];
    out->region_index = (uint32_t)(offset / bin->reg_size);
    out->start = base + out->region_index * bin->reg_size;
    out->size = bin->reg_size;
    out->use = JH_USE_HELD;
    if (offset >= bin->limit) {
        out->owned = false;
        out->why = JH_WHY_BEYOND;
        return DONE;
    }
    return BITMAP;
}

JH_INLINE bool has(const struct jh_index *index, uint64_t addr) {
    return index->count && addr - index->first <= index->span;
}

static enum step look_up(const struct jh_index *index, uint64_t addr, struct jh_index_guess guess,
                         struct jh_found *out) {
    uint64_t i = jh_index_last(index, guess, addr);
    const struct jh_index_extent *e = &index->extent[i];
    return addr - jh_index_base(index, e) < jh_index_size(e) ? in_extent(index, i, addr, out)
                                                             : in_none(index, addr, i + 1, out);
}

static enum step outside(const struct jh_index *index, uint64_t addr, struct jh_found *out) {
    uint64_t next = index->count && addr > index->first ? index->count : 0;
    return in_none(index, addr, next, out);
}

/* ---- one word of a bitmap -------------------------------------------------------------------- */

static uint64_t word_of(const struct jh_index *index, uint64_t at, uint32_t region) {
    return at + index->layout->bitmap_offset + jh_group_offset(index->layout, region);
}

/* Of an address whose region's bit is known. */
static void take_bit(const struct jh_index *index, bool is_free, struct jh_found *f) {
    f->use = is_free ? JH_USE_FREE : JH_USE_HELD;
    if (index->extent[f->which].at & INDEX_PARKED && !is_free) {
        f->parked = parked_at(index, f->start);
    }
}

static enum jh_status finish(const struct jh_index *index, const struct jh_heap *heap,
                             enum step step, uint64_t addr, struct jh_found *found,
                             struct jh_found *out, struct jh_fault *fault) {
    uint8_t buf[8];
    const uint8_t *bytes;
    if (step == TREE) {
        return ask_tree(index, heap, addr, out, fault);
    }
    if (step == BITMAP) {
        enum jh_status status =
            jh_fetch(&heap->reader, word_of(index, found->extent, found->region_index),
                     index->layout->build.pointer_size, buf, &bytes, fault);
        if (status != JH_OK) {
            return status;
        }
        take_bit(index, jh_group_free(index->layout, bytes, found->region_index), found);
    }
    *out = *found;
    return JH_OK;
}

/* ---- the short way: a region whose word is lent ------------------------------------------------
 */

struct spot {
    uint64_t which, start;
    uint32_t region;
    const uint8_t *word; /* NULL: it is none */
};

/* Without a branch on what is read in front of the bitmap: it would be a guess every other time. A
 * slab's e_addr is where it begins; of others that do not begin at a page it is behind that, and
 * what is in between is found the other way. */
JH_INLINE struct spot spot_of(const struct jh_index *index, struct jh_image *image, uint64_t addr,
                              struct jh_index_guess guess) {
    const struct jh_index_extent *extent = index->extent;
    uint64_t which = *guess.slot - (uint64_t)guess.in_front;
    which += extent[which + 1].addr <= addr;
    const struct jh_index_extent *e = &extent[which];
    uint64_t offset = addr - e->addr;
    const struct jh_index_bin *bin = &index->bin[jh_index_szind(e) % JH_BINS_MAX];
    if (jh_index_use(e) != INDEX_SLAB || offset >= bin->limit) {
        return (struct spot){.word = NULL};
    }
    uint64_t region = offset / bin->reg_size;
    uint64_t at = jh_index_at(e) + index->bitmap_offset + region / 64 * 8;
    return (struct spot){which, e->addr + region * bin->reg_size, (uint32_t)region,
                         jh_window_lend(jh_image_window(image, at), at, 8)};
}

/* Field by field, which are not read back at once: a processor would wait for its own stores. */
JH_INLINE void give_spot(const struct jh_index *index, struct spot s, struct jh_found *out) {
    const struct jh_index_extent *e = &index->extent[s.which];
    bool is_free = jh_load8(s.word) >> s.region % 64 & 1;
    out->owned = true;
    out->why = JH_WHY_OWNED;
    out->use = is_free ? JH_USE_FREE : JH_USE_HELD;
    out->szind = jh_index_szind(e);
    out->region_index = s.region;
    out->start = s.start;
    out->size = index->bin[jh_index_szind(e) % JH_BINS_MAX].reg_size;
    out->extent = jh_index_at(e);
    out->which = s.which;
    out->parked = JH_INDEX_NONE;
}

/* Something in its extent is parked: is that region? */
static JH_NOINLINE enum jh_status give_parked(const struct jh_index *index, struct jh_found *out) {
    out->parked = out->use == JH_USE_HELD ? parked_at(index, out->start) : JH_INDEX_NONE;
    return JH_OK;
}

JH_INLINE enum jh_status give(const struct jh_index *index, struct spot s, struct jh_found *out) {
    give_spot(index, s, out);
    return index->extent[s.which].at & INDEX_PARKED ? give_parked(index, out) : JH_OK;
}

JH_INLINE bool is_quick(const struct jh_index *index, const struct jh_heap *heap) {
    return index->wide && heap->reader.lend == jh_image_lend && !heap->reader.retry;
}

/* ---- with the structure of the extent ---------------------------------------------------------
 */

/* Of an address in an extent of the index. */
static size_t structure_bytes(const struct jh_index *index, const struct jh_found *f) {
    const struct jh_layout *layout = index->layout;
    const struct jh_bin *bin = &layout->bin[f->szind % JH_BINS_MAX];
    bool slab = jh_index_use(&index->extent[f->which]) == INDEX_SLAB;
    return slab ? layout->bitmap_offset + jh_group_offset(layout, bin->nregs - 1) +
                      layout->build.pointer_size
                : layout->extent_head;
}

static void decode(const struct jh_heap *heap, uint64_t at, const uint8_t *bytes,
                   struct jh_extent *out) {
    const struct jh_plan *plan = jh_plan_of(heap);
    struct jh_brief brief;
    if (plan && plan->wide && jh_plan_take(plan, true, at, bytes, &brief)) {
        jh_plan_fill(plan, true, &brief, bytes, out);
    } else {
        jh_extent_decode(heap->layout, at, bytes, out);
    }
}

/* Memory that changes: is it still what it was? What is not allocated may be part of another extent
 * by now, while its structure, which is put away, keeps its fields. */
static bool is_still(const struct jh_index *index, const struct jh_found *f,
                     const struct jh_extent *now) {
    const struct jh_index_extent *e = &index->extent[f->which];
    unsigned use = jh_index_use(e);
    return now->allocated && now->slab == (use == INDEX_SLAB) && now->addr == e->addr &&
           now->size == jh_index_size(e) && now->szind == f->szind;
}

static bool is_free(const struct jh_layout *layout, const uint8_t *bytes, uint32_t region) {
    return jh_group_free(layout, bytes + layout->bitmap_offset + jh_group_offset(layout, region),
                         region);
}

/* What the step found, where the structure is in bytes; NULL: it is not at hand. */
static enum jh_status finish_with(const struct jh_index *index, const struct jh_heap *heap,
                                  enum step step, uint64_t addr, const uint8_t *bytes,
                                  struct jh_found *found, struct jh_index_more *more,
                                  struct jh_found *out, struct jh_fault *fault) {
    const struct jh_layout *layout = index->layout;
    bool changes = heap->reader.retry != NULL;
    struct jh_extent e;
    if (step == DONE && !found->extent && !changes) {
        *out = *found;
        return JH_OK;
    }
    if (step == TREE || !bytes) {
        return ask_tree(index, heap, addr, out, fault);
    }
    decode(heap, found->extent, bytes, &e);
    if (changes && !is_still(index, found, &e)) {
        return ask_tree(index, heap, addr, out, fault);
    }
    if (step == BITMAP) {
        take_bit(index, is_free(layout, bytes, found->region_index), found);
    }
    if (more) {
        uint32_t i = found->region_index, nregs = layout->bin[found->szind % JH_BINS_MAX].nregs;
        more->extent = e;
        more->free_before = step == BITMAP && i > 0 && is_free(layout, bytes, i - 1);
        more->free_after = step == BITMAP && i + 1 < nregs && is_free(layout, bytes, i + 1);
    }
    *out = *found;
    return JH_OK;
}

/* ---- one address ----------------------------------------------------------------------------- */

static JH_NOINLINE enum jh_status find_changing(const struct jh_index *index,
                                                const struct jh_heap *heap, enum step step,
                                                uint64_t addr, struct jh_found *found,
                                                struct jh_found *out, struct jh_fault *fault) {
    uint8_t buf[INDEX_STRUCTURE_MAX];
    const uint8_t *bytes = NULL;
    if (step == TREE || !found->extent ||
        jh_fetch(&heap->reader, found->extent, structure_bytes(index, found), buf, &bytes, NULL) !=
            JH_OK) {
        bytes = NULL;
    }
    return finish_with(index, heap, step, addr, bytes, found, NULL, out, fault);
}

static JH_NOINLINE enum jh_status find_other(const struct jh_index *index,
                                             const struct jh_heap *heap, uint64_t addr,
                                             struct jh_found *out, struct jh_fault *fault) {
    struct jh_found found;
    enum step step = has(index, addr) ? look_up(index, addr, jh_index_guess(index, addr), &found)
                                      : outside(index, addr, &found);
    return heap->reader.retry ? find_changing(index, heap, step, addr, &found, out, fault)
                              : finish(index, heap, step, addr, &found, out, fault);
}

enum jh_status jh_index_find(const struct jh_index *index, const struct jh_heap *heap,
                             uint64_t addr, struct jh_found *out, struct jh_fault *fault) {
    if (is_quick(index, heap) && has(index, addr)) {
        struct spot s = spot_of(index, heap->reader.arg, addr, jh_index_guess(index, addr));
        if (s.word) {
            return give(index, s, out);
        }
    }
    return find_other(index, heap, addr, out, fault);
}

/* ---- many at once ---------------------------------------------------------------------------- */

/* What a step is going to read is asked for a step ahead. */
static void guess_many(const struct jh_index *index, const uint64_t *addr, size_t count,
                       struct jh_index_guess *guess) {
    for (size_t i = 0; i < count; i++) {
        guess[i] = (struct jh_index_guess){NULL, false};
        if (has(index, addr[i])) {
            guess[i] = jh_index_guess(index, addr[i]);
            JH_PREFETCH(guess[i].slot);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (guess[i].slot) { /* and the two behind it */
            JH_PREFETCH(&index->extent[*guess[i].slot]);
            JH_PREFETCH(&index->extent[*guess[i].slot + 2]);
        }
    }
}

static void find_quick(const struct jh_index *index, const struct jh_heap *heap,
                       const uint64_t *addr, size_t count, struct jh_found *out,
                       enum jh_status *status) {
    struct jh_index_guess guess[JH_FETCH_MAX];
    struct spot spot[JH_FETCH_MAX];
    guess_many(index, addr, count, guess);
    for (size_t i = 0; i < count; i++) {
        spot[i].word = NULL;
        if (guess[i].slot) {
            spot[i] = spot_of(index, heap->reader.arg, addr[i], guess[i]);
            JH_PREFETCH(spot[i].word);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (spot[i].word) {
            status[i] = give(index, spot[i], &out[i]);
        } else {
            status[i] = find_other(index, heap, addr[i], &out[i], NULL);
        }
    }
}

struct batch {
    struct jh_found found[JH_FETCH_MAX];
    enum step step[JH_FETCH_MAX];
};

static void start_batch(const struct jh_index *index, const uint64_t *addr, size_t count,
                        struct batch *b) {
    struct jh_index_guess guess[JH_FETCH_MAX];
    guess_many(index, addr, count, guess);
    for (size_t i = 0; i < count; i++) {
        b->step[i] = guess[i].slot ? look_up(index, addr[i], guess[i], &b->found[i])
                                   : outside(index, addr[i], &b->found[i]);
    }
}

/* The structures, read together. */
static JH_NOINLINE void find_with(const struct jh_index *index, const struct jh_heap *heap,
                                  const uint64_t *addr, size_t count, struct jh_found *out,
                                  struct jh_index_more *more, enum jh_status *status) {
    struct batch b;
    uint64_t at[JH_FETCH_MAX] = {0};
    uint8_t buf[JH_FETCH_MAX * INDEX_STRUCTURE_MAX];
    const uint8_t *bytes[JH_FETCH_MAX];
    size_t longest = 1;
    start_batch(index, addr, count, &b);
    for (size_t i = 0; i < count; i++) {
        at[i] = b.step[i] == TREE ? 0 : b.found[i].extent;
        size_t len = at[i] ? structure_bytes(index, &b.found[i]) : 1;
        longest = len > longest ? len : longest;
    }
    jh_fetch_many(&heap->reader, at, count, longest, buf, bytes);
    for (size_t i = 0; i < count; i++) {
        status[i] = finish_with(index, heap, b.step[i], addr[i], bytes[i], &b.found[i],
                                more ? &more[i] : NULL, &out[i], NULL);
    }
}

void jh_index_find_many(const struct jh_index *index, const struct jh_heap *heap,
                        const uint64_t *addr, size_t count, struct jh_found *out,
                        struct jh_index_more *more, enum jh_status *status) {
    bool quick = !more && is_quick(index, heap);
    for (size_t done = 0; done < count; done += JH_FETCH_MAX) {
        size_t part = count - done < JH_FETCH_MAX ? count - done : JH_FETCH_MAX;
        if (quick) {
            find_quick(index, heap, addr + done, part, out + done, status + done);
        } else {
            find_with(index, heap, addr + done, part, out + done, more ? more + done : NULL,
                      status + done);
        }
    }
}

/* ---- an extent by its number ------------------------------------------------------------------
 */

bool jh_index_nth(const struct jh_index *index, uint64_t which, struct jh_index_pieces *out) {
    const struct jh_index_extent *e = &index->extent[which];
    const struct jh_index_bin *bin = &index->bin[jh_index_szind(e) % JH_BINS_MAX];
    unsigned use = jh_index_use(e);
    if (use == INDEX_UNSURE) {
        return false;
    }
    out->base = jh_index_base(index, e);
    out->size = jh_index_size(e);
    out->first = use == JH_USE_HELD ? e->addr : out->base;
    out->last = use == INDEX_SLAB ? out->base + (bin->limit - bin->reg_size) : out->first;
    return true;
}

uint64_t jh_index_parked(const struct jh_index *index, uint64_t which, uint64_t start) {
    return index->extent[which].at & INDEX_PARKED ? parked_at(index, start) : JH_INDEX_NONE;
}
