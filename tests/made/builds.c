#include "builds.h"

/* What is changed in a machine's build; 0 leaves a number as it is. Seeds name them by number, so
 * new ones go to the end. */
static const struct shape {
    const char *machine;
    uint8_t lg_vaddr, lg_page, lg_quantum, lg_slab_maxregs;
    bool plain;   /* neither cache-oblivious nor with statistics; debug and prof instead */
    bool aligned; /* not cache-oblivious, all else as usual */
} shapes[] = {
    {.machine = "x86_64"},
    {.machine = "x86_64", .lg_vaddr = 57},
    {.machine = "x86_64", .lg_page = 14},
    {.machine = "x86_64", .lg_page = 16},
    {.machine = "x86_64", .lg_vaddr = 57, .lg_page = 16},
    {.machine = "x86_64", .lg_quantum = 3},
    {.machine = "x86_64", .plain = true},
    {.machine = "x86_64", .lg_vaddr = 57, .lg_page = 14, .lg_quantum = 3, .plain = true},
    {.machine = "x86_64", .lg_slab_maxregs = 11},
    {.machine = "x86_64", .lg_page = 16, .lg_slab_maxregs = 13},
    {.machine = "x32"},
    {.machine = "i386"},
    {.machine = "i386", .lg_page = 16, .plain = true},
    {.machine = "aarch64"},
    {.machine = "aarch64", .lg_page = 16},
    {.machine = "armhf"},
    {.machine = "s390x"},
    {.machine = "s390x", .lg_vaddr = 48},
    {.machine = "s390x", .lg_page = 14, .lg_quantum = 3, .plain = true},
    {.machine = "ppc64le", .lg_page = 16},
    {.machine = "powerpc"},
    {.machine = "riscv64"},
    {.machine = "mips64el"},
    {.machine = "sparc64"},
    {.machine = "loongarch64"},
    {.machine = "x86_64", .lg_vaddr = 57, .lg_page = 14},
    {.machine = "x86_64", .lg_vaddr = 57, .lg_quantum = 3},
    {.machine = "x86_64", .lg_page = 16, .lg_quantum = 3},
    {.machine = "i386", .lg_quantum = 3},
    {.machine = "s390x", .lg_quantum = 3},
    {.machine = "x86_64", .aligned = true},
    {.machine = "x86_64", .lg_quantum = 3, .aligned = true},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static struct jh_layout layouts[JH_VERSIONS][SHAPES];

static uint8_t or_else(uint8_t chosen, uint8_t usual) {
    return chosen ? chosen : usual;
}

static void build_of(const struct shape *shape, enum jh_version version, struct jh_build *out) {
    jh_build_init(out, version);
    FUZZ_CHECK(jh_build_machine(out, shape->machine) == JH_OK);
    out->lg_vaddr = or_else(shape->lg_vaddr, out->lg_vaddr);
    out->lg_page = or_else(shape->lg_page, out->lg_page);
    out->lg_quantum = or_else(shape->lg_quantum, out->lg_quantum);
    out->lg_slab_maxregs = version < JH_5_3_0 ? 0 : shape->lg_slab_maxregs; /* no such option */
    out->debug = out->prof = shape->plain;
    out->stats = !shape->plain;
    out->cache_oblivious = !shape->plain && !shape->aligned;
}

static void make_all(void) {
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        for (size_t s = 0; s < SHAPES; s++) {
            struct jh_build build;
            build_of(&shapes[s], (enum jh_version)v, &build);
            FUZZ_CHECK(jh_layout_make(&build, &layouts[v][s], NULL) == JH_OK);
        }
    }
}

const struct jh_layout *fuzz_layout_nth(size_t index) {
    static bool made;
    if (!made) {
        make_all();
        made = true;
    }
    return index < JH_VERSIONS * SHAPES ? &layouts[index / SHAPES][index % SHAPES] : NULL;
}

const struct jh_layout *fuzz_layout(struct fuzz_input *in) {
    size_t version = fuzz_byte(in) % JH_VERSIONS, shape = fuzz_byte(in) % SHAPES;
    return fuzz_layout_nth(version * SHAPES + shape);
}

static bool same_build(const struct jh_build *a, const struct jh_build *b) {
    return a->version == b->version && a->pointer_size == b->pointer_size &&
           a->lg_vaddr == b->lg_vaddr && a->lg_page == b->lg_page &&
           a->lg_quantum == b->lg_quantum && a->lg_slab_maxregs == b->lg_slab_maxregs &&
           a->pthread_mutex_size == b->pthread_mutex_size && a->u64_align == b->u64_align &&
           a->little_endian == b->little_endian && a->aarch64 == b->aarch64 &&
           a->debug == b->debug && a->prof == b->prof && a->stats == b->stats &&
           a->cache_oblivious == b->cache_oblivious;
}

bool fuzz_layout_bytes(const struct jh_build *build, uint8_t *out) {
    for (size_t s = 0; s < SHAPES && build->version < JH_VERSIONS; s++) {
        struct jh_build made;
        build_of(&shapes[s], build->version, &made);
        if (same_build(&made, build)) {
            out[0] = (uint8_t)s;
            out[1] = (uint8_t)build->version;
            return true;
        }
    }
    return false;
}

/* Mostly values that are built, now and then any value. */
static uint8_t one_of(struct fuzz_input *in, const uint8_t *usual, size_t count) {
    uint8_t byte = fuzz_byte(in);
    return byte < 0xe0 ? usual[byte % count] : (uint8_t)((byte - 0xe0) * 8);
}

void fuzz_build(struct fuzz_input *in, struct jh_build *out) {
    static const uint8_t vaddr[] = {48, 57, 64, 32}, page[] = {12, 14, 16, 13};
    static const uint8_t quantum[] = {4, 3}, mutex[] = {40, 48, 24, 0};
    uint8_t version = fuzz_byte(in), flags = fuzz_byte(in);
    build_of(&shapes[fuzz_byte(in) % SHAPES], (enum jh_version)(version % JH_VERSIONS), out);
    if (flags & 0x80) {
        out->version = (enum jh_version)(version % (JH_VERSIONS + 1));
        out->lg_vaddr = one_of(in, vaddr, sizeof(vaddr));
        out->lg_page = one_of(in, page, sizeof(page));
        out->lg_quantum = one_of(in, quantum, sizeof(quantum));
        out->pthread_mutex_size = one_of(in, mutex, sizeof(mutex));
        out->lg_slab_maxregs = fuzz_byte(in) & 0x1f;
    }
    if (flags & 0x40) {
        out->pointer_size = flags & 0x10 ? 4 : 8;
        out->u64_align = flags & 0x20 ? 4 : 8;
        out->aarch64 = !out->aarch64;
    }
    out->debug = flags & 1;
    out->prof = flags & 2;
    out->stats = !(flags & 4);
    out->cache_oblivious = !(flags & 8);
}

bool fuzz_build_bytes(const struct jh_build *build, uint8_t *out) {
    uint8_t layout[FUZZ_LAYOUT_BYTES];
    bool good = fuzz_layout_bytes(build, layout);
    if (good) {
        out[0] = layout[0];
        out[1] = (uint8_t)(build->debug | build->prof << 1 | !build->stats << 2 |
                           !build->cache_oblivious << 3);
        out[2] = layout[1];
    }
    return good;
}

void fuzz_store(const struct jh_build *build, uint8_t *at, unsigned size, uint64_t value) {
    for (unsigned i = 0; i < size; i++) {
        at[build->little_endian ? i : size - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

uint64_t fuzz_load(const struct jh_build *build, const uint8_t *at, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++) {
        value = value << 8 | at[build->little_endian ? size - 1 - i : i];
    }
    return value;
}
