#include "image_core.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

void core_load_image(struct core_file *core, const struct image *image) {
    for (size_t i = 0; i < image->bytes.count; i++) {
        const struct jh_segment *s = &image->segment[i];
        core_load(core, s->addr, s->bytes, (size_t)s->len);
    }
}

struct jt_target *core_open(const struct jt_options *options) {
    struct jt_target *target;
    enum jt_status status = jt_open(options, &target);
    assert_non_null(target);
    assert_int_equal(target->status, status);
    return target;
}

struct jt_target *image_core_open(const struct image *image, struct core_file *core,
                                  const char *path, const char *layout) {
    char version[128] = {0};
    const struct jt_options options = {
        .target = path, .layout = layout, .root = image->heap.rtree_root, .root_given = true};
    snprintf(version + 2, sizeof version - 2, "%s-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c",
             jh_version_name(image->layout.build.version));
    core_start(core, EM_X86_64, 8, true);
    core_load(core, 0x1000, version, sizeof version);
    core_load_image(core, image);
    core_save(core, path);
    return core_open(&options);
}
