/* heap_setup.c - what an input asks of an image: addresses, budgets, readers. */
#include "heap_checks.h"

static uint64_t step_of(uint8_t salt) {
    return salt & 0x80 ? salt * UINT64_C(0x101) : salt % 3;
}

size_t heap_addresses(const struct heap_view *v, const struct heap_input *input, uint64_t *out) {
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

void heap_set_up(struct heap_setup *s) {
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
