/* answer_words: what questions and answers are made of. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

struct json_object *asked(struct json_object *question, const char *key) {
    struct json_object *value = NULL;
    return json_object_object_get_ex(question, key, &value) ? value : NULL;
}

const char *asked_text(struct json_object *question, const char *key) {
    struct json_object *value = asked(question, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

bool asked_number(struct json_object *question, const char *key, uint64_t *out) {
    struct json_object *value = asked(question, key);
    if (json_object_is_type(value, json_type_int)) {
        *out = json_object_get_uint64(value);
        return true;
    }
    const char *text = asked_text(question, key);
    char *end;
    if (strncmp(text, "0x", 2) != 0 || strlen(text) < 3) {
        return false;
    }
    *out = strtoull(text + 2, &end, 16);
    return !*end;
}

static int digit(char c) {
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool asked_bytes(struct json_object *question, const char *key, uint8_t *out, size_t max,
                 size_t *len) {
    const char *text = asked_text(question, key);
    size_t digits = strlen(text);
    if (!digits || digits % 2 || digits / 2 > max) {
        return false;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    *len = digits / 2;
    return true;
}

void put_number(struct json_object *o, const char *key, uint64_t value) {
    json_object_object_add(o, key, json_object_new_uint64(value));
}

void put_address(struct json_object *o, const char *key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    json_object_object_add(o, key, json_object_new_string(text));
}

void put_bool(struct json_object *o, const char *key, bool value) {
    json_object_object_add(o, key, json_object_new_boolean(value));
}

void put_text(struct json_object *o, const char *key, const char *value) {
    json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

struct json_object *answer_error(const char *error, const char *why, const char *rule) {
    struct json_object *o = json_object_new_object();
    put_text(o, "error", error);
    if (why) {
        put_text(o, "why", why);
    }
    if (rule) {
        put_text(o, "rule", rule);
    }
    return o;
}

struct json_object *answer_fault(enum jh_status status, const struct jh_fault *fault) {
    const char *word = status == JH_ABSENT || status == JH_READ_FAILED ? "absent"
                       : status == JH_CORRUPT                          ? "corrupt"
                       : status == JH_LIMIT                            ? "limit"
                                                                       : "unsupported";
    return answer_error(word, NULL, fault->rule);
}

const char *answer_state(enum jh_state state, uint32_t bits, char out[32]) {
    if (state == JH_STATE_UNKNOWN) {
        snprintf(out, 32, "unknown(%" PRIu32 ")", bits);
    } else {
        snprintf(out, 32, "%s", jh_state_name(state));
    }
    return out;
}

/* ---- an extent ------------------------------------------------------------------------------- */

static void put_flag(struct json_object *o, const struct jh_layout *layout, const char *key,
                     enum jh_extent_field field, bool value) {
    if (layout->extent[field].width) {
        put_bool(o, key, value);
    } else {
        put_text(o, key, NULL);
    }
}

static void put_sizes(struct json_object *o, const struct jh_extent *e) {
    put_address(o, "addr", e->addr);
    put_address(o, "base", e->base);
    put_number(o, "size", e->size);
    put_number(o, "bsize", e->bsize);
    put_number(o, "esn", e->esn);
    put_number(o, "usize", e->usize);
    put_number(o, "arena_ind", e->arena_ind);
}

void put_extent(struct json_object *o, const struct jh_layout *layout, const struct jh_extent *e) {
    const struct jh_field *field = layout->extent;
    char state[32];
    put_sizes(o, e);
    put_bool(o, "slab", e->slab);
    put_bool(o, "is_slab", jh_extent_is_slab(e));
    put_bool(o, "allocated", e->allocated);
    put_flag(o, layout, "committed", JH_EXTENT_COMMITTED, e->committed);
    put_flag(o, layout, "dumpable", JH_EXTENT_DUMPABLE, e->dumpable);
    put_text(o, "pai", !field[JH_EXTENT_PAI].width ? NULL : e->pai ? "hpa" : "pac");
    put_flag(o, layout, "zeroed", JH_EXTENT_ZEROED, e->zeroed);
    put_flag(o, layout, "guarded", JH_EXTENT_GUARDED, e->guarded);
    put_text(o, "state", answer_state(e->state, e->state_bits, state));
    put_number(o, "szind", e->szind);
    put_number(o, "nfree", e->nfree);
    if (field[JH_EXTENT_BIN_SHARD].width) {
        put_number(o, "bin_shard", e->bin_shard);
    } else {
        put_text(o, "bin_shard", NULL);
    }
    put_flag(o, layout, "is_head", JH_EXTENT_IS_HEAD, e->is_head);
    put_flag(o, layout, "pinned", JH_EXTENT_PINNED, e->pinned);
    put_number(o, "sn", e->sn);
    put_address(o, "bits", e->bits);
}
