/* seeds.c - writes seeds: bytes of real heaps, arranged as the fuzz targets read them. */
#include "seeds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "heap_input.h"
#include "seeds_caches.h"
#include "seeds_pure.h"

struct seed {
    const struct heap_image *image;
    const char *folder, *name;
    char *why;
    size_t why_size;
};

static bool write_file(void *arg, const char *stage, const char *what, const uint8_t *bytes,
                       size_t len) {
    const struct seed *s = arg;
    char path[4200];
    snprintf(path, sizeof(path), "%s/%s", s->folder, stage);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        snprintf(s->why, s->why_size, "%.400s: %s", path, strerror(errno));
        return false;
    }
    snprintf(path, sizeof(path), "%s/%s/%s-%s", s->folder, stage, s->name, what);
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, len, file) == len;
    if (file && fclose(file) != 0) {
        good = false;
    }
    if (!good) {
        snprintf(s->why, s->why_size, "%.400s: %s", path, strerror(errno));
    }
    return good;
}

/* ---- fuzz_heap, fuzz_index: a place is patched with the bytes of another place of its kind
 * --------------- */

static const struct {
    const char *what;
    enum heap_place_kind kind;
    uint8_t relations;
} heap_seeds[] = {
    {"child", HEAP_PLACE_CHILD, HEAP_CUT | HEAP_DEEP},
    {"leaf", HEAP_PLACE_LEAF, HEAP_COPY | HEAP_DEEP},
    {"extent", HEAP_PLACE_EXTENT, HEAP_EXACT | HEAP_DEEP},
    {"user", HEAP_PLACE_USER, HEAP_CUT | HEAP_COPY},
    {"own", HEAP_PLACE_OWN, HEAP_CUT | HEAP_COPY},
};

static size_t place_of(const struct heap_image *image, enum heap_place_kind kind, size_t n) {
    size_t from = image->first[kind], count = image->first[kind + 1] - from;
    return count ? from + n % count : 0;
}

static size_t patch_size(const struct heap_image *image, enum heap_place_kind kind) {
    return kind == HEAP_PLACE_CHILD  ? image->layout.rtree_node_size
           : kind == HEAP_PLACE_LEAF ? image->layout.leaf_size
                                     : HEAP_PATCH_MAX;
}

static void probe(const struct heap_image *image, struct heap_input *input, size_t place) {
    static const int16_t pages[HEAP_PROBES] = {0, 1, -1, 700};
    for (unsigned i = 0; i < HEAP_PROBES; i++) {
        input->probe[i] = (struct heap_probe){
            i < 3 ? (uint16_t)place : (uint16_t)place_of(image, HEAP_PLACE_LEAF, place * 7),
            pages[i]};
    }
}

/* Writes a seed that walks the heap: the salt is chosen so. A checked image has seeds of check. */
static bool write_heap_seed(struct seed *s, struct heap_input *input,
                            const struct heap_patch *patch, const char *what) {
    uint8_t bytes[HEAP_PATCH_HEADER + HEAP_PATCH_MAX + HEAP_TAIL_BYTES];
    size_t len = patch ? heap_patch_write(patch, bytes) : 0;
    input->salt = 0;
    do {
        heap_input_write(input, bytes + len);
    } while (!fuzz_is_chosen(HEAP_WALK_ODDS, bytes, len + HEAP_TAIL_BYTES) && ++input->salt);
    if (s->image->variables) {
        return write_file(s, "check", what, bytes, len + HEAP_TAIL_BYTES);
    }
    return write_file(s, "heap", what, bytes, len + HEAP_TAIL_BYTES) &&
           write_file(s, "index", what, bytes, len + HEAP_TAIL_BYTES);
}

static bool write_heap_seeds(struct seed *s) {
    const struct heap_image *image = s->image;
    struct heap_input input = {
        .image = heap_image_id(s->name), .passed = 12, .what = HEAP_CUT | HEAP_DEEP};
    bool good = true;
    probe(image, &input, place_of(image, HEAP_PLACE_LEAF, 17));
    good = write_heap_seed(s, &input, NULL, "sound");
    for (size_t i = 0; good && i < sizeof(heap_seeds) / sizeof(heap_seeds[0]); i++) {
        enum heap_place_kind kind = heap_seeds[i].kind;
        size_t to = place_of(image, kind, 17), from = place_of(image, kind, 18);
        struct heap_patch patch = {(uint16_t)to, 0, patch_size(image, kind), NULL};
        patch.bytes = heap_image_at(image, image->place[from].addr, patch.len);
        input.what = heap_seeds[i].relations;
        probe(image, &input, to);
        good = image->first[kind] == image->first[kind + 1] || !patch.bytes ||
               write_heap_seed(s, &input, &patch, heap_seeds[i].what);
    }
    return good;
}

bool seeds_write(const struct heap_image *image, const char *folder, const char *name, char *why,
                 size_t why_size) {
    struct seed s = {image, folder, name, why, why_size};
    return write_heap_seeds(&s) && seeds_pure(image, write_file, &s);
}

bool seeds_write_checked(const struct heap_image *image, const char *folder, const char *name,
                         char *why, size_t why_size) {
    struct seed s = {image, folder, name, why, why_size};
    return write_heap_seeds(&s);
}

bool seeds_write_caches(struct jt_target *target, const char *folder, const char *name, char *why,
                        size_t why_size) {
    struct seed s = {NULL, folder, name, why, why_size};
    return seeds_caches(target, write_file, &s);
}
