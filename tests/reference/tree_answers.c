/* tree_answers.c - what the library says of a small tree (an input of fuzz_rtree), whose geometry
 * no build of jemalloc has, so that jeheap takes no such layout.
 *
 *     tree_answers extents INPUT           a line for each extent of a walk
 *     tree_answers check INPUT             a line for each broken rule
 *     tree_answers find INPUT <ADDRESSES   a line for each address
 *
 * Lines are JSON, with keys of `jeheap --json`. */
#include <inttypes.h>

#include "tree.h"

/* What a core of no kernel tells, as the one that heap_core writes is. */
static bool may_be_mapped(void *arg, uint64_t addr) {
    const struct jh_build *b = arg;
    bool halves = b->pointer_size == 8 && (b->little_endian || b->aarch64);
    return addr >= 4096 && !(halves && addr >> 56 != 0);
}

static bool load(const char *path, struct tree *t) {
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    struct fuzz_input in = {bytes, fread(bytes, 1, sizeof(bytes), file)};
    bool good = !ferror(file);
    (void)fclose(file);
    tree_start(t, &in);
    (void)fuzz_take(&in, 4);
    (void)fuzz_take(&in, 8);
    tree_grow(t, &in);
    t->heap.limits = (struct jh_limits){.max_nodes = 0};
    t->heap.reader.mapped = may_be_mapped;
    t->heap.reader.arg = &t->layout.build;
    return good;
}

static void put_extent(const struct jh_extent *e) {
    printf("{\"extent\":\"0x%" PRIx64 "\",\"addr\":\"0x%" PRIx64 "\",\"base\":\"0x%" PRIx64
           "\",\"size\":%" PRIu64 ",\"usize\":%" PRIu64 ",\"szind\":%" PRIu32
           ",\"is_slab\":%s,\"bits\":\"0x%" PRIx64 "\"}",
           e->at, e->addr, e->base, e->size, e->usize, e->szind,
           jh_extent_is_slab(e) ? "true" : "false", e->bits);
}

static void put_rule(const char *rule, uint64_t addr) {
    printf("{\"rule\":\"%s\",\"address\":\"0x%" PRIx64 "\"}\n", rule, addr);
}

static void check_slab(const struct tree *t, const struct jh_extent *e) {
    static struct jh_slab slab;
    struct jh_fault fault;
    if (jh_extent_is_slab(e) && jh_slab_read(&t->heap, e, &slab, NULL) == JH_OK &&
        jh_slab_check(&t->layout, e, &slab, &fault) != JH_OK) {
        put_rule(fault.rule, fault.addr);
    }
}

static void walk(const struct tree *t, bool rules) {
    static struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    jh_walk_start(&walk, &t->heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK && !rules) {
            put_extent(&e);
            printf("\n");
        } else if (status == JH_OK) {
            check_slab(t, &e);
        } else if (rules && status == JH_CORRUPT) {
            put_rule(fault.rule, fault.addr);
        }
    }
}

static void put_place(const struct jh_location *l) {
    if (l->owned) {
        printf("\"owned\":true,\"start\":\"0x%" PRIx64 "\",\"size\":%" PRIu64 ",\"offset\":%" PRIu64
               ",\"state\":\"%s\",\"extent\":",
               l->start, l->size, l->offset, jh_use_name(l->use));
    } else {
        printf("\"owned\":false,\"why\":\"%s\",\"extent\":", jh_why_name(l->why));
    }
    if (l->extent.at) {
        put_extent(&l->extent);
    } else {
        printf("null");
    }
}

static void find(const struct tree *t) {
    uint64_t addr;
    /* NOLINTNEXTLINE(cert-err34-c): whoever asks writes addresses */
    while (scanf("%" SCNx64, &addr) == 1) {
        struct jh_location l;
        enum jh_status status = jh_locate(&t->heap, addr, &l, NULL);
        printf("{\"addr\":\"0x%" PRIx64 "\",", addr);
        if (status == JH_OK) {
            put_place(&l);
        } else {
            printf("\"owned\":null,\"why\":\"%s\"", jh_status_name(status));
        }
        printf("}\n");
    }
}

int main(int argc, char **argv) {
    static struct tree t;
    if (argc != 3 || !load(argv[2], &t)) {
        fprintf(stderr, "tree_answers: takes extents, check or find, and an input\n");
        return 2;
    }
    if (strcmp(argv[1], "find") == 0) {
        find(&t);
    } else {
        walk(&t, strcmp(argv[1], "check") == 0);
    }
    return 0;
}
