/* answer_pure: bytes of a leaf element, of an extent's structure, of a bitmap, of a cache's bin. */
#include <string.h>

#include "answer.h"

static struct json_object *no_bytes(const char *what) {
    return answer_error("unsupported", what, NULL);
}

struct json_object *answer_leaf(struct answerer *a, struct json_object *question) {
    const struct jh_layout *l = &a->layout;
    uint8_t bytes[JH_LEAF_BYTES_MAX];
    struct jh_leaf leaf;
    char state[32];
    size_t len;
    if (!asked_bytes(question, "bytes", bytes, sizeof(bytes), &len) || len != l->leaf_size) {
        return no_bytes("an element has leaf_size bytes");
    }
    jh_leaf_decode(l, bytes, &leaf);
    struct json_object *o = json_object_new_object();
    put_address(o, "extent", leaf.extent);
    put_number(o, "szind", leaf.szind);
    put_bool(o, "slab", leaf.slab);
    if (l->leaf[JH_LEAF_IS_HEAD].width) {
        put_bool(o, "is_head", leaf.is_head);
    } else {
        put_text(o, "is_head", NULL);
    }
    put_text(o, "state",
             l->leaf[JH_LEAF_STATE].width
                 ? answer_state(l->state[leaf.state_bits % JH_STATES_MAX], leaf.state_bits, state)
                 : NULL);
    return o;
}

struct json_object *answer_extent(struct answerer *a, struct json_object *question) {
    const struct jh_layout *l = &a->layout;
    uint8_t bytes[2048];
    struct jh_extent e;
    struct jh_fault fault;
    uint64_t at;
    size_t len;
    if (!asked_bytes(question, "bytes", bytes, sizeof(bytes), &len) || len < l->extent_head ||
        !asked_number(question, "at", &at)) {
        return no_bytes("an extent's structure has an address and its leading bytes");
    }
    jh_extent_decode(l, at, bytes, &e);
    enum jh_status status = jh_extent_check(l, &e, &fault);
    if (status != JH_OK) {
        return answer_fault(status, &fault);
    }
    struct json_object *o = json_object_new_object();
    put_extent(o, l, &e);
    return o;
}

/* ---- slab ------------------------------------------------------------------------------------ */

static void put_regions(struct json_object *o, const struct jh_layout *l,
                        const struct jh_slab *slab) {
    struct json_object *free = json_object_new_array();
    for (uint32_t i = 0; i < slab->nregs; i++) {
        if (jh_slab_free(l, slab, i)) {
            json_object_array_add(free, json_object_new_uint64(i));
        }
    }
    put_number(o, "nregs", slab->nregs);
    put_number(o, "nfree", slab->nfree);
    json_object_object_add(o, "free", free);
}

/* The structure of a slab as far as slab questions tell it; read through a reader of the bytes that
 * are given. */
static struct json_object *regions_of(struct answerer *a, struct json_object *question,
                                      const struct jh_extent *e, const uint8_t *bytes, size_t len) {
    const struct jh_layout *l = &a->layout;
    const struct jh_segment segment = {e->at + l->bitmap_offset, bytes, len};
    struct jh_image image = {.segment = &segment, .count = 1};
    struct jh_heap heap = {.layout = l};
    struct jh_slab slab;
    struct jh_fault fault;
    uint64_t addr;
    enum jh_status status = jh_image_reader(&image, &heap.reader, &fault);
    status = status == JH_OK ? jh_slab_read(&heap, e, &slab, &fault) : status;
    status = status == JH_OK ? jh_slab_check(l, e, &slab, &fault) : status;
    if (status != JH_OK) {
        return answer_fault(status, &fault);
    }
    struct json_object *o = json_object_new_object();
    put_regions(o, l, &slab);
    if (asked_number(question, "addr", &addr)) {
        uint32_t index = jh_slab_region(l, e, addr);
        if (index < slab.nregs) {
            put_number(o, "region_index", index);
        } else {
            put_text(o, "region_index", NULL);
        }
    }
    return o;
}

struct json_object *answer_slab(struct answerer *a, struct json_object *question) {
    uint8_t bytes[JH_BITMAP_MAX];
    uint64_t szind, nfree, base;
    size_t len;
    if (!asked_number(question, "szind", &szind) || !asked_number(question, "nfree", &nfree) ||
        !asked_number(question, "base", &base) ||
        !asked_bytes(question, "bytes", bytes, sizeof(bytes), &len) ||
        szind >= a->layout.sc_nbins) {
        return no_bytes("a slab has szind, nfree, base and the bytes of its bitmap");
    }
    const struct jh_extent e = {.at = 0x10000,
                                .addr = base,
                                .base = base,
                                .szind = (uint32_t)szind,
                                .nfree = (uint32_t)nfree,
                                .slab = true,
                                .allocated = true};
    return regions_of(a, question, &e, bytes, len);
}

/* ---- cache ----------------------------------------------------------------------------------- */

struct json_object *answer_cache(struct answerer *a, struct json_object *question) {
    uint8_t bytes[JH_CACHE_BIN_MAX];
    struct jh_cache_form form;
    struct jh_cache_bin bin = {0};
    struct jh_fault fault;
    uint64_t capacity;
    size_t len;
    enum jh_status status = jh_cache_form(&a->layout, &form, &fault);
    if (status != JH_OK) {
        return answer_fault(status, &fault);
    }
    if (!asked_number(question, "capacity", &capacity) ||
        !asked_bytes(question, "bytes", bytes, sizeof(bytes), &len) || len != form.bin_size) {
        return no_bytes("a bin has a capacity, or 0, and its bytes");
    }
    status = jh_cache_bin_decode(&a->layout, &form, bytes, (uint32_t)capacity, &bin, &fault);
    if (status != JH_OK) {
        return answer_fault(status, &fault);
    }
    struct json_object *o = json_object_new_object();
    put_bool(o, "used", bin.used);
    put_number(o, "ncached", bin.used ? bin.ncached : 0);
    if (bin.used && bin.ncached_max) {
        put_number(o, "ncached_max", bin.ncached_max);
    } else {
        put_text(o, "ncached_max", NULL);
    }
    put_address(o, "items", bin.used && bin.ncached ? bin.items : 0);
    put_number(o, "stashed", bin.used ? bin.stashed : 0);
    put_address(o, "stash", bin.used && bin.stashed ? bin.stash : 0);
    return o;
}
