/* check_target.c - opens a checked image, and asks it all rules. */
#include "check_target.h"

#include <elf.h>

#include "fuzz.h"
#include "heap_images.h"

const char *cli_rule_words(const char *rule); /* of the program that runs check: rule_words.c */

/* jemalloc's functions; no image has anything there. */
#define TEXT 0x20000u
#define TEXT_SIZE 0x1000u
#define OUTSIDE 0x40000u
#define IMAGES_MAX 32

struct whole { /* as jt_open() allocates them */
    struct jt_target target;
    struct jt_private priv;
    struct jt_layers layers;
    uint8_t reg[CHECK_WORDS * 8];
    struct jh_reader inner; /* of one that is sparse */
    const struct heap_view *view;
};

static struct jt_range text = {TEXT, TEXT + TEXT_SIZE};
static struct jt_module module = {.range = &text, .ranges = 1};

/* ---- a reader that knows where the image is zero --------------------------------------------- */

static enum jh_status read_sparse(void *arg, uint64_t addr, void *dst, size_t len, size_t *got) {
    const struct whole *w = arg;
    return w->inner.read(w->inner.arg, addr, dst, len, got);
}

static const void *lend_sparse(void *arg, uint64_t addr, size_t len) {
    const struct whole *w = arg;
    return w->inner.lend(w->inner.arg, addr, len);
}

/* The end of the segment that has the address; the address itself where none has. */
static uint64_t segment_end(const struct heap_view *v, uint64_t addr) {
    const struct jh_image *image = &v->plain_image;
    size_t low = 0, high = image->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct jh_segment *s = &image->segment[middle];
        if (addr - s->addr < s->len) {
            return s->addr + s->len;
        }
        if (addr < s->addr) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return addr;
}

/* Where the next run or patch is or begins, or what is not there. */
static uint64_t nonzero(void *arg, uint64_t addr) {
    const struct heap_view *v = ((const struct whole *)arg)->view;
    const struct heap_image *image = v->image;
    size_t low = 0, high = image->runs; /* the first run that ends behind the address */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->run[middle].addr + image->run[middle].len <= addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint64_t next = segment_end(v, addr);
    next = low < image->runs && image->run[low].addr < next ? image->run[low].addr : next;
    for (size_t i = 0; i < v->reference.changes; i++) {
        const struct heap_range *r = &v->reference.changed[i];
        next = r->addr < next && r->addr + r->len > addr ? r->addr : next;
    }
    return next > addr ? next : addr;
}

static void make_sparse(struct whole *w) {
    struct jh_reader *r = &w->target.heap.reader;
    w->inner = *r;
    *r = (struct jh_reader){
        .read = read_sparse, .lend = r->lend ? lend_sparse : NULL, .nonzero = nonzero, .arg = w};
    w->priv.piece = calloc(1, sizeof(*w->priv.piece)); /* it is cut at its holes */
    FUZZ_CHECK(w->priv.piece);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* What follows from the layout alone is learnt once for each image. */
static void learn(struct jt_target *t, size_t image) {
    static struct jt_base learnt[IMAGES_MAX];
    static bool known[IMAGES_MAX];
    struct jt_base *base = t->priv->base;
    struct jt_dwarf dwarf;
    FUZZ_CHECK(image < IMAGES_MAX);
    if (!known[image]) {
        jt_dwarf_init(&dwarf);
        jt_metadata_learn(t, &dwarf);
        (void)jt_numbers_form(t);
        learnt[image] = *base;
        known[image] = true;
    }
    *base = learnt[image];
    base->of = t;
}

static void take_variables(struct jt_private *p, const struct heap_image *image) {
    struct jt_file_source *source = p->source;
    for (size_t i = 0; i < image->variables && i < JT_VARIABLES_MAX; i++) {
        struct jt_variable *v = &source->variable[source->variables++];
        memcpy(v->name, image->variable[i].name, sizeof(v->name));
        v->addr = image->variable[i].addr;
        v->size = image->variable[i].size;
    }
    p->note[JT_NOTE_ABOUT].bytes = ""; /* variables come by name, as in a skeleton */
}

static size_t number_of(const struct heap_image *image) {
    size_t i = 0;
    while (i < heap_images_count() && heap_images_name(i) != image->name) {
        i++;
    }
    return i;
}

struct jt_target *check_target_open(const struct heap_view *view, const struct jh_heap *heap,
                                    bool sparse) {
    const struct heap_image *image = view->image;
    struct whole *w = calloc(1, sizeof(*w));
    FUZZ_CHECK(w);
    struct jt_private *p = &w->priv;
    struct jt_target *t = &w->target;
    jt_layers_join(p, &w->layers);
    t->priv = p;
    t->kind = JT_CORE;
    t->layout = image->layout;
    t->heap = *heap;
    t->heap.layout = &t->layout;
    t->heap.limits = (struct jh_limits){.max_nodes = 64,
                                        .max_node_bytes = UINT64_C(32) << 20,
                                        .max_extents = 4096,
                                        .max_passed = 4096};
    t->jemalloc = &module;
    memcpy(t->root_name, "root", 5);
    p->words = image->layout.build.pointer_size;
    p->little_endian = image->layout.build.little_endian;
    p->machine = p->words == 8 ? EM_X86_64 : EM_386;
    for (size_t i = 0; i < image->regions; i++) {
        p->core_size += image->region[i].len;
    }
    p->core_fd = p->mem_fd = -1;
    jt_ranges_add(&p->code, TEXT, TEXT_SIZE);
    jt_ranges_merge(&p->code);
    take_variables(p, image);
    w->view = view;
    learn(t, number_of(image));
    if (sparse) {
        make_sparse(w);
    }
    return t;
}

/* ---- its thread ------------------------------------------------------------------------------ */

static struct jt_thread *thread(struct jt_target *target) {
    struct jt_private *p = target->priv;
    jt_hands_free(target);
    if (!p->thread) {
        p->thread = calloc(1, sizeof(*p->thread));
        FUZZ_CHECK(p->thread);
    }
    p->threads = 1;
    return p->thread;
}

void check_target_outside(struct jt_target *target) {
    *thread(target) = (struct jt_thread){.id = CHECK_THREAD, .pc = OUTSIDE, .stack = OUTSIDE};
}

void check_target_inside(struct jt_target *target, const uint64_t word[CHECK_WORDS],
                         uint64_t stack) {
    struct whole *w = (struct whole *)target;
    unsigned size = target->priv->words;
    for (unsigned i = 0; i < CHECK_WORDS; i++) {
        jt_number_put(target, w->reg + i * size, word[i], size);
    }
    *thread(target) = (struct jt_thread){
        .id = CHECK_THREAD, .pc = TEXT + 8, .stack = stack, .reg = w->reg, .regs = CHECK_WORDS};
}

void check_target_unknown(struct jt_target *target) {
    jt_hands_free(target);
    target->priv->threads = 0;
}

/* ---- all rules ------------------------------------------------------------------------------- */

static void mix(struct check_run *run, uint64_t value) {
    run->digest = (run->digest ^ value) * UINT64_C(0x100000001b3);
}

static void take(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct check_run *run = arg;
    FUZZ_CHECK(status == fault->status && status != JH_OK && status != JH_END);
    FUZZ_CHECK(*cli_rule_words(fault->rule));
    run->whole = run->whole && status == JH_CORRUPT;
    mix(run, status);
    mix(run, fault->addr);
    mix(run, fault->seen);
    mix(run, fault->expected);
    for (const char *c = fault->rule; *c; c++) {
        mix(run, (uint8_t)*c);
    }
    if (run->count < CHECK_FINDINGS) {
        run->finding[run->count] = (struct check_finding){status, *fault};
    }
    run->count++;
}

static void ask_extents(struct jt_target *target, struct check_run *out) {
    static struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    struct jt_check *check = jt_check_start(target, take, out);
    FUZZ_CHECK(check);
    jt_check_counters(check);
    jh_walk_start(&walk, &target->heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            jt_check_extent(check, &e);
        } else {
            jt_check_doubt(check);
            take(out, status, &fault);
        }
    }
    jt_check_end(check, out->whole);
}

void check_target_run(struct jt_target *target, enum check_part part, struct check_run *out) {
    *out = (struct check_run){.count = 0, .whole = true};
    if (part != CHECK_PARKED) {
        ask_extents(target, out);
    }
    if (part != CHECK_EXTENTS) {
        out->whole &= jt_parked_check(target, take, out);
    }
    FUZZ_CHECK(!target->memory_ran_out);
}
