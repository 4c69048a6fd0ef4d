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

static uint64_t step_of(uint8_t salt) {
    return salt & 0x80 ? salt * UINT64_C(0x101) : salt % 3;
}

/* Collects addresses near the places that the input asks for. */
static size_t addresses(const struct heap_view *v, const struct heap_input *input, uint64_t *out) {
    const struct heap_image *image = v->image;
    size_t count = 0;
    for (unsigned i = 0; i < HEAP_PROBES; i++) {
        const struct heap_place *p = &image->place[input->probe[i].place % image->places];
        uint64_t pages = (uint64_t)(int64_t)input->probe[i].pages;
        out[count++] = p->page + (pages << image->layout.build.lg_page) + step_of(input->salt);
    }
    out[count++] = image->place[input->hole % image->places].addr; /* an address in metadata */
    return count;
}

static void read_otherwise(struct heap_setup *s,
                           void (*reader)(struct heap_view *view, struct jh_reader *out)) {
    struct jh_heap *heap = &s->other[s->others++];
    *heap = s->heap;
    reader(s->view, &heap->reader);
}

/* Sets limits far below the defaults, with which following damage would take most of the time: no
 * image has more than a few nodes, 32 MiB of them and a thousand extents. Some inputs use the
 * defaults. */
static struct jh_limits limits_of(const struct heap_input *in) {
    bool usual = in->passed < 0xf8;
    return (struct jh_limits){.max_nodes = in->nodes ? in->nodes : 64,
                              .max_node_bytes =
                                  in->nodes == 1 ? UINT64_C(1) << 20 : UINT64_C(32) << 20,
                              .max_extents = in->extents ? 8U * in->extents
                                             : usual     ? 4096
                                                         : 0,
                              .max_passed = usual ? UINT64_C(1) << in->passed % 12 : 0};
}

static void set_up(struct heap_setup *s) {
    const struct heap_input *in = s->input;
    s->heap = (struct jh_heap){.layout = &s->view->image->layout,
                               .rtree_root = s->view->image->root,
                               .limits = limits_of(in),
                               .plan = &s->view->image->plan};
    heap_view_plain(s->view, &s->heap.reader);
    s->other[s->others] = s->heap;
    s->other[s->others++].plan = NULL;
    if (in->what & HEAP_CUT) {
        read_otherwise(s, heap_view_cut);
    }
    if (in->what & HEAP_COPY) {
        read_otherwise(s, heap_view_copy);
    }
    if (in->what & HEAP_EXACT) {
        read_otherwise(s, heap_view_exact);
    }
}

/* The digest of a walk over the image without patches. */
static uint64_t sound_digest(struct heap_image *image, const struct heap_input *input) {
    static struct heap_view view;
    struct heap_input plain = *input;
    struct fuzz_input nothing = {NULL, 0};
    struct heap_setup s = {.view = &view, .input = &plain};
    plain.hole_len = plain.what = 0;
    heap_view_open(&view, image, &nothing, &plain);
    set_up(&s);
    uint64_t digest = heap_check_walk(&s);
    heap_view_close(&view);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct heap_view view;
    struct fuzz_input in = {data, size};
    struct heap_input input;
    uint64_t addr[HEAP_PROBES + 1];
    heap_input_take(&in, &input);
    struct heap_image *image = heap_images_find(input.image);
    struct heap_setup s = {.view = &view, .input = &input};
    heap_view_open(&view, image, &in, &input);
    set_up(&s);
    size_t count = addresses(&view, &input, addr);
    for (size_t i = 0; i < count; i++) {
        heap_check_address(&s, addr[i]);
    }
    if (fuzz_one_in(HEAP_MANY_ODDS, data, size)) {
        heap_check_many(&s, addr, count);
    }
    bool walks = fuzz_one_in(HEAP_WALK_ODDS, data, size);
    uint64_t digest = walks ? heap_check_walk(&s) : 0;
    if (walks) {
        heap_check_index(&s, addr, count);
        heap_check_changing(&s, addr, count);
    }
    bool same = walks && view.undos && view.user_only;
    heap_view_close(&view);
    FUZZ_CHECK(!same || digest == sound_digest(image, &input));
    return 0;
}
