/* heap_core.c - the images of corpora/ as ELF cores, for whoever reads cores.
 *
 *     heap_core image NAME CORE LAYOUT       corpora/images/NAME as it was captured
 *     heap_core heap INPUT CORE LAYOUT       an input of fuzz_heap: an image with its patches and
 * hole heap_core rtree INPUT CORE LAYOUT      an input of fuzz_rtree: a small tree
 *
 * Writes the core and its layout as JSON. Prints the root's address, then addresses that are worth
 * asking for, one a line. */
#include <elf.h>
#include <inttypes.h>

#include "heap_images.h"
#include "heap_input.h"
#include "learn/layout_text.h"
#include "sparse_file.h"
#include "tree.h"

#define INPUT_MAX (1 << 20)
#define SEGMENTS_MAX 2048

struct input_file {
    uint8_t bytes[INPUT_MAX];
    size_t size;
};

static int fail(const char *what, const char *name) {
    fprintf(stderr, "heap_core: %s: %s\n", name, what);
    return 1;
}

static bool read_input(const char *path, struct input_file *out) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    out->size = fread(out->bytes, 1, sizeof(out->bytes), file);
    bool good = !ferror(file);
    (void)fclose(file);
    return good;
}

static uint16_t machine_of(const struct jh_build *b) {
    bool wide = b->pointer_size == 8;
    return b->aarch64         ? EM_AARCH64
           : b->little_endian ? (wide ? EM_X86_64 : EM_386)
           : wide             ? EM_S390
                              : EM_PPC;
}

static bool write_files(char *const *path, const struct jh_layout *layout,
                        const struct jh_segment *segment, size_t count) {
    FILE *file = fopen(path[1], "w");
    if (!file) {
        return false;
    }
    jt_layout_write(layout, file);
    return fclose(file) == 0 &&
           sparse_file_write(path[0], machine_of(&layout->build), &layout->build, segment, count);
}

/* ---- a captured heap ------------------------------------------------------------------------- */

struct pieces {
    struct jh_segment segment[SEGMENTS_MAX];
    size_t count;
};

static void add_piece(struct pieces *p, const struct heap_region *r, uint64_t from, uint64_t to) {
    if (from < to) {
        FUZZ_CHECK(p->count < SEGMENTS_MAX);
        p->segment[p->count++] = (struct jh_segment){from, r->bytes + (from - r->addr), to - from};
    }
}

/* All regions without the hole, as heap_view.c leaves it out. */
static void take_pieces(struct pieces *p, const struct heap_image *image, struct heap_range hole) {
    for (size_t i = 0; i < image->regions; i++) {
        const struct heap_region *r = &image->region[i];
        uint64_t end = r->addr + r->len, hole_end = hole.addr + hole.len;
        bool whole = !hole.len || hole_end <= r->addr || hole.addr >= end;
        add_piece(p, r, r->addr, whole ? end : hole.addr);
        add_piece(p, r, whole || hole_end < r->addr ? end : hole_end, end);
    }
}

static struct heap_range apply(struct heap_image *image, struct fuzz_input *in,
                               const struct heap_input *input) {
    struct heap_range hole = {0, 0};
    struct heap_patch p;
    uint64_t addr;
    for (unsigned i = 0; i < HEAP_PATCHES_MAX && heap_patch_take(in, &p); i++) {
        uint8_t *at = heap_patch_at(image, &p, &addr);
        if (at) {
            memcpy(at, p.bytes, p.len);
            printf("0x%" PRIx64 "\n", image->place[p.place % image->places].page);
        }
    }
    if (input->hole_len) {
        uint64_t at = image->place[input->hole % image->places].addr;
        hole = (struct heap_range){at - input->hole_len / 32 * 8U, UINT64_C(1)
                                                                       << input->hole_len % 20};
    }
    return hole;
}

static void print_probes(const struct heap_image *image, const struct heap_input *input) {
    for (unsigned i = 0; i < HEAP_PROBES; i++) {
        const struct heap_place *p = &image->place[input->probe[i].place % image->places];
        uint64_t pages = (uint64_t)(int64_t)input->probe[i].pages;
        printf("0x%" PRIx64 "\n", p->page + (pages << image->layout.build.lg_page));
    }
}

static void print_places(const struct heap_image *image) {
    for (size_t i = 0; i < image->places; i++) {
        printf("0x%" PRIx64 "\n", image->place[i].page);
    }
}

static int one_heap(struct heap_image *image, struct fuzz_input *in, char *const *path) {
    static struct pieces pieces;
    struct heap_range hole = {0, 0};
    struct heap_input input;
    printf("0x%" PRIx64 "\n", image->root);
    if (in) {
        heap_input_take(in, &input);
        hole = apply(image, in, &input);
        print_probes(image, &input);
    }
    print_places(image);
    take_pieces(&pieces, image, hole);
    return write_files(path, &image->layout, pieces.segment, pieces.count)
               ? 0
               : fail("cannot be written", path[0]);
}

static int captured(const char *name, char *const *path) {
    for (size_t i = 0; i < heap_images_count(); i++) {
        if (strcmp(heap_images_name(i), name) == 0) {
            return one_heap(heap_images_nth(i), NULL, path);
        }
    }
    return fail("there is no such image", name);
}

static int patched(const struct input_file *file, char *const *path) {
    struct fuzz_input in = {file->bytes, file->size}, tail = in;
    struct heap_input input;
    heap_input_take(&tail, &input);
    return one_heap(heap_images_find(input.image), &in, path);
}

/* ---- a small tree ---------------------------------------------------------------------------- */

static int small_tree(const struct input_file *file, char *const *path) {
    static struct tree t;
    struct fuzz_input in = {file->bytes, file->size};
    uint64_t len = 0;
    tree_start(&t, &in);
    uint64_t first = tree_canonical(&t.layout, fuzz_take(&in, 4)), second = fuzz_take(&in, 8);
    tree_grow(&t, &in);
    uint64_t ones = UINT64_MAX >> (64 - t.layout.sc_ptr_bits);
    printf("0x%" PRIx64 "\n0x%" PRIx64 "\n0x%" PRIx64 "\n", t.heap.rtree_root, first & ones,
           second & ones);
    for (unsigned i = 0; i < t.extents; i++) {
        printf("0x%" PRIx64 "\n", t.extent[i].base);
    }
    while (tree_bytes(t.heap.rtree_root, (size_t)len + 8)) {
        len += 8;
    }
    const struct jh_segment all = {t.heap.rtree_root, tree_bytes(t.heap.rtree_root, 1), len};
    return write_files(path, &t.layout, &all, 1) ? 0 : fail("cannot be written", path[0]);
}

int main(int argc, char **argv) {
    static struct input_file file;
    if (argc != 5) {
        return fail("takes a kind, an input, a core and a layout", argc ? argv[0] : "");
    }
    if (strcmp(argv[1], "image") == 0) {
        return captured(argv[2], argv + 3);
    }
    if (!read_input(argv[2], &file)) {
        return fail("cannot be read", argv[2]);
    }
    return strcmp(argv[1], "heap") == 0    ? patched(&file, argv + 3)
           : strcmp(argv[1], "rtree") == 0 ? small_tree(&file, argv + 3)
                                           : fail("no such kind", argv[1]);
}
