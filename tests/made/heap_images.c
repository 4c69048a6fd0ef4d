/* heap_images.c - which image an input means. */
#include "heap_images.h"

#include <stdlib.h>

#include "mixed_heap.h"

/* Versions that no build can be had of everywhere, and shapes that small heaps never have. */
static const struct {
    const char *name;
    enum jh_version version;
    uint8_t lg_vaddr, lg_page;
} mixed[] = {
    {"street-5.0.0", JH_5_0_0, 48, 12},
    {"street-5.0.0-la57-64k", JH_5_0_0, 57, 16},
    {"street-5.0.1-64k", JH_5_0_1, 48, 16},
    {"street-5.2.0-64k", JH_5_2_0, 48, 16},
    {"street-5.2.0-la57-64k", JH_5_2_0, 57, 16},
    {"street-5.3.0-64k", JH_5_3_0, 48, 16},
    {"street-dev", JH_DEV, 48, 12},
    {"street-dev-64k", JH_DEV, 48, 16},
    {"street-dev-la57-64k", JH_DEV, 57, 16},
};

#define MIXED (sizeof(mixed) / sizeof(mixed[0]))
#define IMAGES_MAX 256

static const struct heap_file *file = heap_files;

void heap_images_use_checked(void) {
    file = heap_checked_files;
}

static size_t files(void) {
    size_t count = 0;
    while (file[count].name) {
        count++;
    }
    return count;
}

size_t heap_images_count(void) {
    return files() + (file == heap_files ? MIXED : 0);
}

const char *heap_images_name(size_t index) {
    return index < files() ? file[index].name : mixed[index - files()].name;
}

static struct heap_image *build_mixed(size_t which) {
    static struct mixed_heap heap;
    mixed_heap_start(&heap, mixed[which].version, mixed[which].lg_vaddr, mixed[which].lg_page);
    const struct image *made = &heap.image;
    struct heap_image *image = heap_image_adopt(
        mixed[which].name, &made->layout, made->heap.rtree_root, made->segment, made->bytes.count);
    mixed_heap_end(&heap);
    return image;
}

struct heap_image *heap_images_nth(size_t index) {
    static struct heap_image *loaded[IMAGES_MAX];
    if (index >= heap_images_count() || index >= IMAGES_MAX) {
        abort();
    }
    if (!loaded[index]) {
        const struct heap_file *f = &file[index];
        loaded[index] = index < files()
                            ? heap_image_load(f->name, f->start, (size_t)(f->end - f->start))
                            : build_mixed(index - files());
    }
    return loaded[index];
}

struct heap_image *heap_images_find(uint16_t id) {
    size_t count = heap_images_count();
    for (size_t i = 0; i < count; i++) {
        if (heap_image_id(heap_images_name(i)) == id) {
            return heap_images_nth(i);
        }
    }
    return heap_images_nth(count ? id % count : 0);
}
