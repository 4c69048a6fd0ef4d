/* Target functions: jt_check_start to jt_check_end, jt_parked_check, jt_judge and what they ask:
 * the arenas, base blocks, counters, lists, bins and caches of a live heap's image (heap_input.h).
 *
 * Relations: an image without a patch breaks no rule, and all its caches are known; every finding
 * has a known rule, and names something that is there: memory of the image or of an extent, or a
 * cache; findings are the same when they are asked for again, whichever reader the image is read
 * with; what no mark excuses is corrupt whatever the threads do; nothing is transient without a
 * mark; where the patches are of structures of extents and no thread is inside jemalloc, nothing
 * is; one more thread inside makes nothing corrupt that was not; memory is bounded.
 *
 * One input in four is asked everything, and what was found is judged; the others half of it. */
#include "check_target.h"
#include "count_memory.h"
#include "heap_checks.h"
#include "heap_images.h"

enum { WHOLE_ODDS = 4, AGAIN_ODDS = 16, CHANGING_ODDS = 32, JUDGED = 4, MEMORY = 1 << 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* ---- what a finding names -------------------------------------------------------------------- */

static bool is_there(struct jt_target *t, const struct heap_image *image, uint64_t addr) {
    return heap_image_at(image, addr, 1) || jt_in_extent(t, addr);
}

static bool is_cache(struct jt_target *t, uint64_t addr) {
    const struct jt_caches *all = jt_caches(t);
    size_t i = 0;
    while (i < all->count && all->cache[i].at != addr) {
        i++;
    }
    return i < all->count;
}

static void check_finding(struct jt_target *t, const struct heap_image *image,
                          const struct jh_fault *f) {
    FUZZ_CHECK(is_cache(t, f->seen) || is_there(t, image, f->addr) || is_there(t, image, f->seen) ||
               (f->element && is_there(t, image, f->element)));
}

/* ---- is it an operation in flight? ----------------------------------------------------------- */

static struct jt_judged judge(struct jt_target *t, const struct jh_fault *f) {
    uint32_t excuses = jt_excuses(f->rule);
    struct jt_judged j = jt_judge(t, f, false);
    FUZZ_CHECK(excuses != 0 || (j.severity == JT_CORRUPT && j.mark == 0));
    FUZZ_CHECK(excuses != JT_NEVER_SURE || (j.severity == JT_SUSPICIOUS && j.mark == 0));
    FUZZ_CHECK(j.mark == 0 || ((j.mark & excuses) == j.mark && *jt_mark_words(j.mark)));
    FUZZ_CHECK(j.severity != JT_TRANSIENT || j.mark != 0);
    FUZZ_CHECK(j.severity != JT_CORRUPT || j.mark == 0);
    FUZZ_CHECK(j.thread == 0 || (j.thread == CHECK_THREAD && j.mark != 0));
    return j;
}

/* Are all patches in structures of extents, where no lock is and nothing that leads to one? */
static bool only_structures(const struct heap_view *v) {
    const struct heap_image *image = v->image;
    const struct heap_place *extent = image->place + image->first[HEAP_PLACE_EXTENT];
    size_t extents = image->first[HEAP_PLACE_EXTENT + 1] - image->first[HEAP_PLACE_EXTENT];
    for (size_t i = 0; i < v->reference.changes; i++) {
        const struct heap_range *r = &v->reference.changed[i];
        size_t low = 0, high = extents; /* the first behind it */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (extent[middle].addr <= r->addr) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == 0 || r->addr + r->len > extent[low - 1].addr + image->layout.extent_size) {
            return false;
        }
    }
    return !v->reference.holes;
}

/* ---- readers and second looks ---------------------------------------------------------------- */

static void check_again(const struct heap_setup *s, const struct jh_heap *heap,
                        enum check_part part, const struct check_run *first) {
    static struct check_run again;
    struct jt_target *t = check_target_open(s->view, heap, false);
    check_target_run(t, part, &again);
    FUZZ_CHECK(again.count == first->count && again.digest == first->digest);
    FUZZ_CHECK(again.whole == first->whole);
    jt_close(t);
}

static void check_changing(const struct heap_setup *s, enum check_part part) {
    static struct check_run run;
    struct jh_heap heap = s->heap;
    if (!s->view->undos) {
        return;
    }
    heap_view_changing(s->view, s->input->salt & 8, &heap.reader);
    struct jt_target *t = check_target_open(s->view, &heap, false);
    check_target_run(t, part, &run);
    jt_close(t);
    heap_view_still(s->view);
}

/* ---- the target ------------------------------------------------------------------------------ */

/* Addresses of places, as a thread may have them in hand. */
static void go_inside(const struct heap_setup *s, struct jt_target *t) {
    const struct heap_image *image = s->view->image;
    uint64_t word[CHECK_WORDS];
    for (size_t i = 0; i < CHECK_WORDS; i++) {
        const struct heap_probe *p = &s->input->probe[i % HEAP_PROBES];
        word[i] = image->place[p->place % image->places].addr + (s->input->salt & 0x3fU);
    }
    check_target_inside(t, word, image->place[s->input->hole % image->places].addr);
}

static void check_judged(const struct heap_setup *s, struct jt_target *t,
                         const struct check_run *run) {
    struct jt_judged before[JUDGED];
    bool none = only_structures(s->view);
    size_t count = run->count < JUDGED ? run->count : JUDGED;
    check_target_outside(t);
    for (size_t i = 0; i < count; i++) {
        before[i] = judge(t, &run->finding[i].fault);
        FUZZ_CHECK(before[i].thread == 0 && (!none || before[i].mark == 0));
    }
    go_inside(s, t);
    for (size_t i = 0; i < count; i++) {
        struct jt_judged after = judge(t, &run->finding[i].fault);
        FUZZ_CHECK(before[i].severity == JT_CORRUPT || after.severity != JT_CORRUPT);
    }
    check_target_unknown(t);
    for (size_t i = 0; i < count; i++) {
        struct jt_judged after = judge(t, &run->finding[i].fault);
        FUZZ_CHECK(before[i].severity == JT_CORRUPT || after.severity != JT_CORRUPT);
    }
}

static void check_sound(struct jt_target *t, const struct check_run *run) {
    FUZZ_CHECK(run->count == 0 && run->whole);
    FUZZ_CHECK(jt_arenas(t)->count > 1 && jt_metadata_bytes(t) > 0);
    FUZZ_CHECK(jt_caches(t)->why == JT_CACHES_COMPLETE && jt_caches(t)->parked_count > 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    heap_images_use_checked();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct heap_view view;
    static struct check_run run;
    struct fuzz_input in = {data, size};
    struct heap_input input;
    heap_input_take(&in, &input);
    struct heap_setup s = {.view = &view, .input = &input};
    heap_view_open(&view, heap_images_find(input.image), &in, &input);
    heap_set_up(&s);
    bool whole = fuzz_one_in(WHOLE_ODDS, data, size);
    enum check_part part = whole ? CHECK_ALL : size % 2 ? CHECK_EXTENTS : CHECK_PARKED;
    fuzz_memory_start();
    struct jt_target *t = check_target_open(&view, &s.heap, true);
    check_target_run(t, part, &run);
    fuzz_memory_check(MEMORY);
    for (size_t i = 0; i < run.count && i < CHECK_FINDINGS; i++) {
        if (run.finding[i].status == JH_CORRUPT) {
            check_finding(t, view.image, &run.finding[i].fault);
        }
    }
    if (view.user_only) {
        check_sound(t, &run);
    }
    if (whole) {
        check_judged(&s, t, &run);
    }
    jt_close(t);
    bool again = fuzz_one_in(AGAIN_ODDS, data, size);
    for (size_t i = 0; i < s.others && again; i++) {
        check_again(&s, &s.other[i], part, &run);
    }
    if (fuzz_one_in(CHANGING_ODDS, data, size)) {
        check_changing(&s, part);
    }
    heap_view_close(&view);
    return 0;
}
