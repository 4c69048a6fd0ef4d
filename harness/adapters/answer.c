/* answer: which question it is; those about a layout alone. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"

static struct json_object *answer_layout(struct answerer *a, struct json_object *question) {
    char error[JT_TEXT_MAX];
    struct json_object *layout = asked(question, "layout");
    const char *text = json_object_to_json_string_ext(layout, JSON_C_TO_STRING_PLAIN);
    a->has_layout = jt_layout_read(text, strlen(text), &a->layout, error) == JT_OK;
    if (!a->has_layout) {
        return answer_error("unsupported", error, NULL);
    }
    struct json_object *o = json_object_new_object();
    put_bool(o, "ok", true);
    return o;
}

static struct json_object *answer_geometry(struct answerer *a, struct json_object *question) {
    const struct jh_layout *l = &a->layout;
    struct json_object *o = json_object_new_object(), *levels = json_object_new_array();
    (void)question;
    put_number(o, "rtree_nhib", l->rtree_nhib);
    put_number(o, "rtree_nlib", l->rtree_nlib);
    put_number(o, "rtree_nsb", l->rtree_nsb);
    put_number(o, "rtree_height", l->rtree_height);
    for (unsigned i = 0; i < l->rtree_height; i++) {
        struct json_object *level = json_object_new_object();
        put_number(level, "bits", l->rtree_level[i].bits);
        put_number(level, "cumbits", l->rtree_level[i].cumbits);
        json_object_array_add(levels, level);
    }
    json_object_object_add(o, "rtree_levels", levels);
    put_bool(o, "rtree_leaf_compact", l->leaf_form == JH_LEAF_COMPACT);
    put_number(o, "leaf_size", l->leaf_size);
    put_number(o, "root_offset", l->root_offset);
    put_number(o, "extent_size", l->extent_size);
    put_number(o, "sc_nsizes", l->sc_nsizes);
    put_number(o, "sc_nbins", l->sc_nbins);
    return o;
}

static struct json_object *answer_subkey(struct answerer *a, struct json_object *question) {
    uint64_t key, level;
    if (!asked_number(question, "key", &key) || !asked_number(question, "level", &level)) {
        return answer_error("unsupported", "a subkey is of a key and a level", NULL);
    }
    if (level >= a->layout.rtree_height) {
        return answer_error("unsupported", "the tree has no such level", NULL);
    }
    struct json_object *o = json_object_new_object();
    put_number(o, "subkey", jh_rtree_subkey(&a->layout, key, (unsigned)level));
    return o;
}

static struct json_object *answer_size_class(struct answerer *a, struct json_object *question) {
    const struct jh_layout *l = &a->layout;
    struct json_object *o;
    uint64_t size, szind;
    if (asked_number(question, "size", &size)) {
        o = json_object_new_object();
        put_number(o, "szind", jh_size2index(l, size));
        return o;
    }
    if (!asked_number(question, "szind", &szind) || szind >= l->sc_nsizes) {
        return answer_error("unsupported", "no size, and no such size class", NULL);
    }
    o = json_object_new_object();
    put_number(o, "size", jh_index2size(l, (uint32_t)szind));
    if (szind < l->sc_nbins) {
        put_number(o, "slab_size", l->bin[szind].slab_size);
        put_number(o, "nregs", l->bin[szind].nregs);
    } else {
        put_text(o, "slab_size", NULL);
        put_text(o, "nregs", NULL);
    }
    return o;
}

static const struct {
    const char *name;
    bool of_layout;
    struct json_object *(*answer)(struct answerer *a, struct json_object *question);
} questions[] = {
    {"layout", false, answer_layout}, {"geometry", true, answer_geometry},
    {"subkey", true, answer_subkey},  {"leaf", true, answer_leaf},
    {"extent", true, answer_extent},  {"size_class", true, answer_size_class},
    {"slab", true, answer_slab},      {"cache", true, answer_cache},
    {"find", true, answer_find},      {"extents", true, answer_extents},
    {"check", true, answer_check},
};

static struct json_object *answer_to(struct answerer *a, struct json_object *question) {
    const char *name = asked_text(question, "question");
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (strcmp(questions[i].name, name) == 0) {
            return questions[i].of_layout && !a->has_layout
                       ? answer_error("unsupported", "no layout was given before", NULL)
                       : questions[i].answer(a, question);
        }
    }
    return answer_error("unsupported", "no such question", NULL);
}

struct json_object *answer(struct answerer *a, struct json_object *question) {
    struct json_object *o = answer_to(a, question), *id = asked(question, "id");
    json_object_object_add(o, "id", json_object_get(id));
    return o;
}

void answerer_end(struct answerer *a) {
    jt_close(a->target);
    a->target = NULL;
}
