/* Target functions: jh_walk_next, jh_lookup, jh_lookup_many, jh_before, jh_after, jh_locate,
 * jh_slab_read, jh_rtree_lookup and what they are made of, on a whole image.
 *
 * Relations: a walk gives the extents that a second, naive reader gives (reference.c), and those
 * that a lookup of each registered page finds; lookups agree with that reader, with
 * jh_lookup_many() and with jh_locate(); answers do not depend on how the image is cut into
 * segments, copied or lent, nor on a plan; memory of the program does not change them; budgets end
 * a walk; every fault names a known rule; outputs are untouched on failure; when memory changes
 * between two reads, as in a running process, extents are sound all the same. */
#include "heap_checks.h"
#include "heap_images.h"

/* The digest of a walk over the image without patches. */
static uint64_t sound_digest(struct heap_image *image, const struct heap_input *input) {
    static struct heap_view view;
    struct heap_input plain = *input;
    struct fuzz_input nothing = {NULL, 0};
    struct heap_setup s = {.view = &view, .input = &plain};
    plain.hole_len = plain.what = 0;
    heap_view_open(&view, image, &nothing, &plain);
    heap_set_up(&s);
    uint64_t digest = heap_check_walk(&s);
    heap_view_close(&view);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct heap_view view;
    struct fuzz_input in = {data, size};
    struct heap_input input;
    uint64_t addr[HEAP_ADDRESSES];
    heap_input_take(&in, &input);
    struct heap_image *image = heap_images_find(input.image);
    struct heap_setup s = {.view = &view, .input = &input};
    heap_view_open(&view, image, &in, &input);
    heap_set_up(&s);
    size_t count = heap_addresses(&view, &input, addr);
    for (size_t i = 0; i < count; i++) {
        heap_check_address(&s, addr[i]);
    }
    if (fuzz_one_in(HEAP_MANY_ODDS, data, size)) {
        heap_check_many(&s, addr, count);
    }
    bool walks = fuzz_one_in(HEAP_WALK_ODDS, data, size);
    uint64_t digest = walks ? heap_check_walk(&s) : 0;
    if (walks) {
        heap_check_changing(&s, addr, count);
    }
    bool same = walks && view.undos && view.user_only;
    heap_view_close(&view);
    FUZZ_CHECK(!same || digest == sound_digest(image, &input));
    return 0;
}
