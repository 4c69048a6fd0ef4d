/* answer_image: questions about a whole heap, which an image has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

/* ---- the image, opened once for all questions about it --------------------------------------- */

static bool same_image(const struct answerer *a, const char *path, uint64_t root) {
    return a->target && strcmp(a->path, path) == 0 && a->root == root;
}

/* NULL, or why it cannot be read. */
static struct json_object *open_image(struct answerer *a, struct json_object *question) {
    const char *path = asked_text(question, "image");
    char layout[128];
    uint64_t root = 0;
    bool given = asked_number(question, "root", &root);
    if (same_image(a, path, root)) {
        return NULL;
    }
    answerer_end(a);
    snprintf(a->path, sizeof(a->path), "%s", path);
    a->root = root;
    jt_layout_name(&a->layout.build, layout, sizeof(layout));
    const struct jt_options options = {
        .target = path, .layout = layout, .root = root, .root_given = given};
    if (*path && strlen(path) < sizeof(a->path) && jt_open(&options, &a->target) == JT_OK) {
        return NULL;
    }
    struct json_object *o = answer_error("unsupported", a->target ? a->target->error : path, NULL);
    answerer_end(a);
    return o;
}

/* ---- find ------------------------------------------------------------------------------------ */

static const char *state_of(struct answerer *a, const struct jh_location *l) {
    if (l->use != JH_USE_HELD) {
        return jh_use_name(l->use);
    }
    if (jt_parked_at(a->target, l->start)) {
        return "cached";
    }
    return jt_caches(a->target)->why == JT_CACHES_COMPLETE ? "live" : "held";
}

static void put_location(struct json_object *o, struct answerer *a, uint64_t addr,
                         const struct jh_location *l) {
    bool slab = jh_extent_is_slab(&l->extent);
    put_address(o, "start", l->start);
    put_number(o, "size", l->size);
    put_number(o, "offset", addr - l->start);
    put_text(o, "state", state_of(a, l));
    put_number(o, "szind", l->extent.szind);
    put_bool(o, "slab", slab);
    if (slab) {
        put_number(o, "region_index", l->region_index);
    } else {
        put_text(o, "region_index", NULL);
    }
    put_number(o, "arena_ind", l->extent.arena_ind);
}

struct json_object *answer_find(struct answerer *a, struct json_object *question) {
    struct json_object *o = open_image(a, question);
    struct jh_location l;
    struct jh_fault fault;
    uint64_t addr;
    if (o) {
        return o;
    }
    if (!asked_number(question, "addr", &addr)) {
        return answer_error("unsupported", "no address was given", NULL);
    }
    enum jh_status status = jh_locate(&a->target->heap, addr, &l, &fault);
    if (status != JH_OK) {
        return answer_fault(status, &fault);
    }
    o = json_object_new_object();
    put_address(o, "addr", addr);
    put_bool(o, "owned", l.owned);
    if (l.owned) {
        put_location(o, a, addr, &l);
    } else {
        put_text(o, "why", jh_why_name(l.why));
    }
    if (l.extent.at) {
        struct json_object *e = json_object_new_object();
        put_address(e, "extent", l.extent.at);
        put_extent(e, &a->target->layout, &l.extent);
        json_object_object_add(o, "extent", e);
    } else {
        put_text(o, "extent", NULL);
    }
    return o;
}

/* ---- extents, check -------------------------------------------------------------------------- */

struct look {
    struct answerer *a;
    struct json_object *extents, *findings;
    bool partial;
};

static void finding(void *arg, enum jh_status status, const struct jh_fault *fault) {
    struct look *look = arg;
    look->partial |= status != JH_CORRUPT;
    if (status == JH_CORRUPT) {
        struct json_object *o = json_object_new_object();
        put_text(o, "rule", fault->rule);
        put_address(o, "address", fault->addr);
        json_object_array_add(look->findings, o);
    }
}

static void one_extent(struct look *look, const struct jh_extent *e) {
    const struct jh_heap *heap = &look->a->target->heap;
    struct json_object *o = json_object_new_object();
    struct jh_slab slab;
    struct jh_fault fault;
    put_address(o, "extent", e->at);
    put_extent(o, heap->layout, e);
    json_object_array_add(look->extents, o);
    if (jh_extent_is_slab(e)) {
        enum jh_status status = jh_slab_read(heap, e, &slab, &fault);
        status = status == JH_OK ? jh_slab_check(heap->layout, e, &slab, &fault) : status;
        if (status != JH_OK) {
            finding(look, status, &fault);
        }
    }
}

static struct json_object *look_at_all(struct answerer *a, struct json_object *question,
                                       struct look *look) {
    struct json_object *error = open_image(a, question);
    struct jh_walk *walk = error ? NULL : malloc(sizeof(*walk));
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    *look = (struct look){a, json_object_new_array(), json_object_new_array(), false};
    if (!walk) {
        return error ? error : answer_error("limit", "memory ran out", NULL);
    }
    jh_walk_start(walk, &a->target->heap);
    while ((status = jh_walk_next(walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            one_extent(look, &e);
        } else {
            finding(look, status, &fault);
        }
    }
    free(walk);
    if (json_object_get_boolean(asked(question, "caches"))) {
        look->partial |= !jt_parked_check(a->target, finding, look);
    }
    return NULL;
}

static struct json_object *all(struct answerer *a, struct json_object *question, bool findings) {
    struct look look;
    struct json_object *error = look_at_all(a, question, &look), *o = json_object_new_object();
    const char *key = findings ? "findings" : "extents";
    json_object_object_add(o, key, json_object_get(findings ? look.findings : look.extents));
    put_bool(o, "partial", look.partial || json_object_array_length(look.findings) > 0);
    json_object_put(look.extents);
    json_object_put(look.findings);
    if (error) {
        json_object_put(o);
    }
    return error ? error : o;
}

struct json_object *answer_extents(struct answerer *a, struct json_object *question) {
    return all(a, question, false);
}

struct json_object *answer_check(struct answerer *a, struct json_object *question) {
    return all(a, question, true);
}
