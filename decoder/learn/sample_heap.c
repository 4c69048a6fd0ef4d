/* sample_heap.c - takes leaf elements from all over the rtree, on which layouts are tried.
 *
 * The first extents of a heap may all be of one kind, absent or damaged, and a stray word in the
 * root may lead to memory that is no node. So nodes are chosen evenly among the elements in use of
 * their parent, and elements evenly among the nodes. The samples depend on the form of the rtree
 * alone (struct jt_form), so versions with the same form share them. */
#include <stdlib.h>
#include <string.h>

#include "learn/sample_heap.h"

#define PIECE 65536 /* bytes that are read at a time */
#define PAGE 4096   /* bytes that are read at a time after a piece could not be read */
#define BLOCK 64    /* bytes that are compared with zero at once */
#define NODES_MAX 1024

static const struct {
    size_t nodes, elements;
    uint64_t bytes; /* bytes of nodes that may be read */
} efforts[] = {
    [JT_FIT_GLANCE] = {4, 128, UINT64_C(8) << 20},
    [JT_FIT_LOOK] = {32, 512, UINT64_C(72) << 20},
    [JT_FIT_SEARCH] = {NODES_MAX, 16384, UINT64_C(1) << 30},
};

struct sampler {
    const struct jh_reader *reader;
    const struct jh_layout *layout;
    struct jt_samples *out;
    uint64_t bytes_left;
    enum jh_status status; /* of the last read */
    uint8_t piece[PIECE];
};

/* ---- a bounded choice of items, evenly spread over all of them ------------------------------ */

struct spread {
    void *at;        /* array of the items that are kept */
    size_t size;     /* bytes of an item */
    size_t room;     /* items that fit into the array */
    size_t count;    /* items that are kept */
    uint64_t seen;   /* items so far, kept or not */
    uint64_t stride; /* every stride-th item is kept */
};

/* Where to store the next item; NULL: it is not kept. When the array is full, every second item is
 * dropped and the stride doubles. */
static void *spread_next(struct spread *s) {
    uint64_t index = s->seen++;
    while (index % s->stride == 0 && s->count == s->room) {
        s->count = (s->room + 1) / 2;
        s->stride *= 2;
        for (size_t i = 1; i < s->count; i++) {
            memcpy((char *)s->at + i * s->size, (char *)s->at + 2 * i * s->size, s->size);
        }
    }
    return index % s->stride == 0 ? (char *)s->at + s->count++ * s->size : NULL;
}

/* ---- elements of a node that are in use ----------------------------------------------------- */

typedef void element_fn(const struct jh_layout *layout, uint64_t index, const uint8_t *bytes,
                        void *arg);

static bool at_leaves(const struct sampler *s, unsigned level) {
    return level + 1U == s->layout->rtree_height;
}

static const uint8_t *read_bytes(struct sampler *s, uint64_t at, size_t len) {
    const void *lent = s->reader->lend == NULL ? NULL : s->reader->lend(s->reader->arg, at, len);
    if (lent != NULL) {
        return lent;
    }
    s->status = jh_read(s->reader, at, s->piece, len, NULL);
    return s->status == JH_OK ? s->piece : NULL;
}

static void take_elements(const struct jh_layout *layout, uint64_t index, const uint8_t *bytes,
                          size_t len, unsigned size, element_fn *fn, void *arg) {
    size_t step;
    for (size_t i = 0; i < len; i += step) {
        step = size;
        if (BLOCK % size == 0 && len - i >= BLOCK && jt_all_zero(bytes + i, BLOCK)) {
            step = BLOCK;
        } else if (!jt_all_zero(bytes + i, size)) {
            fn(layout, index + i / size, bytes + i, arg);
        }
    }
}

/* The number of elements to skip to the next one whose bytes may be there. */
static uint64_t absent_elements(const struct sampler *s, uint64_t at, unsigned size) {
    uint64_t next = s->reader->next(s->reader->arg, at); /* targets' readers have it */
    uint64_t step = next > at ? (next - at) / size : 0;
    return step > PAGE / size ? step : PAGE / size;
}

/* Calls fn for each element of the node that is not zero. JH_ABSENT: some of its bytes are absent.
 * Any other failure ends the reading. */
static enum jh_status read_node(struct sampler *s, unsigned level, uint64_t at, element_fn *fn,
                                void *arg) {
    const struct jh_layout *layout = s->layout;
    unsigned size = at_leaves(s, level) ? layout->leaf_size : layout->rtree_node_size;
    uint64_t elements = UINT64_C(1) << layout->rtree_level[level].bits, step;
    enum jh_status status = JH_OK;
    bool pieces = true;
    for (uint64_t i = 0; i < elements && s->bytes_left >= PIECE; i += step) {
        step = (pieces ? PIECE : PAGE) / size;
        step = step < elements - i ? step : elements - i;
        const uint8_t *bytes = read_bytes(s, at + i * size, (size_t)step * size);
        if (bytes != NULL) {
            s->bytes_left -= step * size;
            take_elements(layout, i, bytes, (size_t)step * size, size, fn, arg);
        } else if (s->status != JH_ABSENT) {
            return s->status;
        } else if (pieces) {
            pieces = false;
            step = 0;
        } else {
            status = JH_ABSENT;
            step = absent_elements(s, at + i * size, size);
        }
    }
    return status;
}

/* ---- down the tree -------------------------------------------------------------------------- */

struct child {
    uint64_t index, at;
};

static void keep_child(const struct jh_layout *layout, uint64_t index, const uint8_t *bytes,
                       void *arg) {
    struct child *child = spread_next(arg);
    if (child != NULL) {
        uint64_t at = 0;
        for (unsigned i = 0; i < layout->rtree_node_size; i++) {
            unsigned byte = layout->build.little_endian ? layout->rtree_node_size - 1U - i : i;
            at = at << 8 | bytes[byte];
        }
        *child = (struct child){index, at};
    }
}

struct leaves {
    struct spread spread;
    uint64_t page, last_extent;
    uint32_t subtree;
};

/* Keeps a leaf element, unless it has the same extent as the one before: the pages of an extent
 * behind its first tell nothing new. */
static void keep_leaf(const struct jh_layout *layout, uint64_t index, const uint8_t *bytes,
                      void *arg) {
    struct leaves *l = arg;
    struct jh_leaf leaf;
    jh_leaf_decode(layout, bytes, &leaf);
    struct jt_sample *sample =
        leaf.extent == 0 || leaf.extent == l->last_extent ? NULL : spread_next(&l->spread);
    l->last_extent = leaf.extent == 0 ? l->last_extent : leaf.extent;
    if (sample != NULL) {
        *sample = (struct jt_sample){.page = l->page + (index << layout->build.lg_page),
                                     .subtree = l->subtree,
                                     .leaf = leaf};
    }
}

static void keep_fault(struct sampler *s, uint32_t subtree, enum jh_status status, uint64_t at,
                       uint64_t seen, const char *rule) {
    s->out->sample[s->out->count++] = (struct jt_sample){
        .subtree = subtree, .fault = {status, JH_STAGE_RTREE, at, seen, rule, 0, 0, 0, false}};
}

static void keep_unread(struct sampler *s, uint32_t subtree, enum jh_status status, uint64_t at) {
    if (status != JH_OK) {
        keep_fault(s, subtree, status, at, 0,
                   status == JH_ABSENT ? "rtree.node-absent" : "reader.failed");
    }
}

static void sample_leaves(struct sampler *s, struct child node, uint32_t subtree, size_t elements) {
    struct jt_samples *out = s->out;
    struct leaves l = {
        .spread = {out->sample + out->count, sizeof *out->sample, elements, 0, 0, 1},
        .page = node.index,
        .subtree = subtree,
    };
    enum jh_status status = read_node(s, s->layout->rtree_height - 1U, node.at, keep_leaf, &l);
    out->count += l.spread.count;
    out->elements += l.spread.seen;
    keep_unread(s, subtree, status, node.at);
}

/* Samples below a node. node.index is the key of the first page that the node covers. */
static void sample_node(struct sampler *s, unsigned level, struct child node, uint32_t subtree,
                        size_t nodes, size_t elements) {
    const struct jh_layout *layout = s->layout;
    unsigned shift = (unsigned)layout->sc_ptr_bits - layout->rtree_level[level].cumbits;
    struct child child[NODES_MAX];
    struct spread spread = {child, sizeof child[0], nodes, 0, 0, 1};
    keep_unread(s, subtree, read_node(s, level, node.at, keep_child, &spread), node.at);
    for (size_t i = 0; i < spread.count; i++) {
        struct child c = {node.index + (child[i].index << shift), child[i].at};
        uint32_t of = level == 0 ? (uint32_t)i : subtree;
        size_t fewer = nodes / spread.count, share = elements / spread.count;
        if (c.at % layout->rtree_node_size != 0) {
            keep_fault(s, of, JH_CORRUPT, node.at + child[i].index * layout->rtree_node_size, c.at,
                       "rtree.child-alignment");
        } else if (at_leaves(s, level + 1U)) {
            sample_leaves(s, c, of, share);
        } else {
            sample_node(s, level + 1U, c, of, fewer, share);
        }
    }
}

/* ---- the samples of a layout ---------------------------------------------------------------- */

static void make_form(const struct jh_layout *layout, uint64_t root, enum jt_effort effort,
                      struct jt_form *out) {
    memset(out, 0, sizeof *out); /* it is compared as bytes */
    out->root = root;
    out->effort = effort;
    memcpy(out->level, layout->rtree_level, sizeof out->level);
    out->height = layout->rtree_height;
    out->leaf_size = layout->leaf_size;
    out->low_bits = layout->leaf_low_bits;
    out->sign_extend = layout->leaf_sign_extend;
    out->lg_page = layout->build.lg_page;
    memcpy(out->leaf, layout->leaf, sizeof out->leaf);
}

const struct jt_samples *jt_samples_take(struct jt_target *target, const struct jh_reader *reader,
                                         const struct jh_layout *layout, uint64_t root,
                                         enum jt_effort effort) {
    struct jt_samples *out = target->priv->learnt->samples;
    struct jt_form form;
    uint64_t most = target->heap.limits.max_node_bytes, bytes = efforts[effort].bytes;
    make_form(layout, root, effort, &form);
    const uint8_t *old = out == NULL ? NULL : (const uint8_t *)&out->form;
    if (old != NULL && memcmp(old, (const uint8_t *)&form, sizeof form) == 0) {
        return out;
    }
    jt_samples_free(target);
    size_t room = efforts[effort].elements + 2 * efforts[effort].nodes + 1; /* a fault of each */
    struct sampler *s = malloc(sizeof *s);
    out = malloc(sizeof *out + room * sizeof out->sample[0]);
    if (s == NULL || out == NULL) {
        target->memory_ran_out = true;
        free(s);
        free(out);
        return NULL;
    }
    *out = (struct jt_samples){.form = form};
    *s = (struct sampler){.reader = reader, .layout = layout, .out = out};
    s->bytes_left = most != 0 && most < bytes ? most + PIECE : bytes;
    sample_node(s, 0, (struct child){0, root}, 0, efforts[effort].nodes, efforts[effort].elements);
    free(s);
    return target->priv->learnt->samples = out;
}

void jt_samples_free(struct jt_target *target) {
    free(target->priv->learnt->samples);
    target->priv->learnt->samples = NULL;
}
