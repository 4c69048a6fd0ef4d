#include "truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_name[KEYS] = {
    "at",      "addr",    "base",        "size",      "bsize",     "esn",      "bits",     "sn",
    "ps",      "usize",   "arena_ind",   "slab",      "committed", "dumpable", "pai",      "zeroed",
    "guarded", "state",   "szind",       "nfree",     "bin_shard", "is_head",  "pinned",   "page",
    "extent",  "nregs",   "index",       "reg_size",  "slab_size", "n_shards", "request",  "align",
    "usable",  "sallocx", "nallocx",     "arena",     "bin",       "curregs",  "curslabs", "value",
    "cache",   "ncached", "ncached_max", "automatic", "bytes",     "thread",   "pointer",  "result",
    "result1", "arg0",    "arg1",        "arg2",      "arg3",      "arg4"};

const char *truth_key_name(enum truth_key key) {
    return (unsigned)key < KEYS ? key_name[key] : "?";
}

/* NONE ends the list. */
enum { NONE = KEYS };

#define EXTENT_KEYS                                                                                \
    {                                                                                              \
        KEY_AT, KEY_ADDR, KEY_BASE, KEY_SIZE, KEY_BSIZE, KEY_ESN, KEY_BITS, KEY_SN, KEY_PS,        \
            KEY_USIZE, KEY_ARENA_IND, KEY_SLAB, KEY_COMMITTED, KEY_DUMPABLE, KEY_PAI, KEY_ZEROED,  \
            KEY_GUARDED, KEY_STATE, KEY_SZIND, KEY_NFREE, KEY_BIN_SHARD, KEY_IS_HEAD, KEY_PINNED,  \
            NONE                                                                                   \
    }

static const struct kind {
    const char *word;
    const char *text; /* the key whose value is a word, or NULL */
    uint8_t key[TRUTH_VALUES_MAX];
} kinds[TRUTH_KINDS] = {
    [TRUTH_CONSTANT] = {"constant", "name", {KEY_VALUE, NONE}},
    [TRUTH_FUNCTION] = {"function",
                        "name",
                        {KEY_RESULT, KEY_RESULT1, KEY_ARG0, KEY_ARG1, KEY_ARG2, KEY_ARG3, KEY_ARG4,
                         NONE}},
    [TRUTH_BIN] = {"bin",
                   NULL,
                   {KEY_INDEX, KEY_REG_SIZE, KEY_SLAB_SIZE, KEY_NREGS, KEY_N_SHARDS, NONE}},
    [TRUTH_EXTENT] = {"extent", NULL, EXTENT_KEYS},
    [TRUTH_BASE] = {"base", NULL, EXTENT_KEYS},
    [TRUTH_ARENA] = {"arena", NULL, {KEY_AT, KEY_INDEX, KEY_BASE, KEY_AUTOMATIC, KEY_BYTES, NONE}},
    [TRUTH_SHARD] = {"shard", NULL, {KEY_AT, KEY_ARENA, KEY_SZIND, KEY_BIN_SHARD, NONE}},
    [TRUTH_LEAF] = {"leaf",
                    NULL,
                    {KEY_PAGE, KEY_EXTENT, KEY_SZIND, KEY_SLAB, KEY_IS_HEAD, KEY_STATE, NONE}},
    [TRUTH_SLAB] = {"slab", "held", {KEY_EXTENT, KEY_NREGS, NONE}},
    [TRUTH_CACHE] = {"cache", NULL, {KEY_AT, KEY_ARENA_IND, KEY_THREAD, KEY_POINTER, NONE}},
    [TRUTH_CACHE_BIN] = {"cache_bin",
                         NULL,
                         {KEY_CACHE, KEY_SZIND, KEY_NCACHED, KEY_NCACHED_MAX, NONE}},
    [TRUTH_CACHED] = {"cached", NULL, {KEY_CACHE, KEY_ADDR, KEY_SZIND, NONE}},
    [TRUTH_ALLOCATION] = {"allocation",
                          NULL,
                          {KEY_ADDR, KEY_REQUEST, KEY_ALIGN, KEY_USABLE, KEY_SALLOCX, KEY_NALLOCX,
                           KEY_ARENA, NONE}},
    [TRUTH_QUERY] = {"query", NULL, {KEY_ADDR, KEY_SIZE, KEY_NFREE, KEY_NREGS, NONE}},
    [TRUTH_MALLCTL] = {"mallctl", "name", {KEY_VALUE, NONE}},
    [TRUTH_STAT] = {"stat", NULL, {KEY_ARENA, KEY_BIN, KEY_CURREGS, KEY_CURSLABS, NONE}},
    [TRUTH_ADDRESS] = {"address", "kind", {KEY_ADDR, NONE}},
};

bool truth_has(const struct truth_record *record, enum truth_key key) {
    return record->has >> key & 1;
}

static int slot_of(enum truth_kind kind, enum truth_key key) {
    for (int i = 0; i < TRUTH_VALUES_MAX && kinds[kind].key[i] != NONE; i++) {
        if (kinds[kind].key[i] == key) {
            return i;
        }
    }
    return -1;
}

uint64_t truth_get(enum truth_kind kind, const struct truth_record *record, enum truth_key key) {
    int slot = slot_of(kind, key);
    return slot >= 0 && truth_has(record, key) ? record->value[slot] : 0;
}

bool truth_constant(const struct truth *truth, const char *name, uint64_t *value) {
    const struct truth_list *list = &truth->list[TRUTH_CONSTANT];
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->record[i].text, name) == 0) {
            *value = list->record[i].value[0];
            return true;
        }
    }
    return false;
}

/* ---- reading -------------------------------------------------------------------------------- */

static struct truth_record *add(struct truth_list *list) {
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 256;
        void *more = realloc(list->record, room * sizeof(*list->record));
        if (!more) {
            return NULL;
        }
        list->record = more;
        list->room = room;
    }
    memset(&list->record[list->count], 0, sizeof(*list->record));
    return &list->record[list->count++];
}

static bool set(struct truth_record *r, enum truth_kind kind, enum truth_key key, const char *text,
                char **end) {
    int slot = slot_of(kind, key);
    *end = (char *)text;
    if (slot < 0) {
        return false;
    }
    r->value[slot] = strtoull(text, end, 16);
    r->has |= UINT64_C(1) << key;
    return *end != text;
}

/* Sets the values of a list such as args=0x1,0x2; key is that of the first value. */
static bool set_several(struct truth_record *r, enum truth_key key, const char *text) {
    char *end;
    while (set(r, TRUTH_FUNCTION, key, text, &end) && *end == ',') {
        text = end + 1;
        key++;
    }
    return *end == '\0' && end != text;
}

static bool set_pair(struct truth_record *r, enum truth_kind kind, const char *name, char *value) {
    if (kinds[kind].text && strcmp(name, kinds[kind].text) == 0) {
        r->text = value;
        return true;
    }
    if (kind == TRUTH_FUNCTION) {
        bool args = strcmp(name, "args") == 0;
        return (args || strcmp(name, "result") == 0) &&
               set_several(r, args ? KEY_ARG0 : KEY_RESULT, value);
    }
    for (unsigned k = 0; k < KEYS; k++) {
        if (strcmp(name, key_name[k]) == 0) {
            char *end;
            return set(r, kind, k, value, &end) && *end == '\0';
        }
    }
    return false;
}

static bool parse_pairs(struct truth_record *r, enum truth_kind kind, char *rest) {
    char *save = NULL;
    for (char *pair = strtok_r(rest, " ", &save); pair; pair = strtok_r(NULL, " ", &save)) {
        char *value = strchr(pair, '=');
        if (!value) {
            return false;
        }
        *value++ = '\0';
        if (!set_pair(r, kind, pair, value)) {
            return false;
        }
    }
    return !kinds[kind].text || r->text;
}

static void parse_meta(struct truth *t, const char *rest) {
    static const char key[] = "version=";
    if (strncmp(rest, key, strlen(key)) == 0) {
        snprintf(t->version, sizeof(t->version), "%s", rest + strlen(key));
    }
}

static bool parse_line(struct truth *t, char *line) {
    char *rest = strchr(line, ' ');
    if (!rest) {
        return false;
    }
    *rest++ = '\0';
    if (strcmp(line, "meta") == 0) {
        parse_meta(t, rest);
        return true;
    }
    for (unsigned kind = 0; kind < TRUTH_KINDS; kind++) {
        if (strcmp(line, kinds[kind].word) == 0) {
            struct truth_record *r = add(&t->list[kind]);
            return r && parse_pairs(r, kind, rest);
        }
    }
    return false;
}

static int by_key(const void *a, const void *b, enum truth_kind kind, enum truth_key key) {
    uint64_t x = truth_get(kind, a, key), y = truth_get(kind, b, key);
    return x < y ? -1 : x > y;
}

static int by_base(const void *a, const void *b) {
    return by_key(a, b, TRUTH_EXTENT, KEY_BASE);
}

static int by_page(const void *a, const void *b) {
    return by_key(a, b, TRUTH_LEAF, KEY_PAGE);
}

static int by_extent(const void *a, const void *b) {
    return by_key(a, b, TRUTH_SLAB, KEY_EXTENT);
}

static int by_addr(const void *a, const void *b) {
    return by_key(a, b, TRUTH_CACHED, KEY_ADDR);
}

static void sort(struct truth_list *list, int (*compare)(const void *, const void *)) {
    if (list->count) {
        qsort(list->record, list->count, sizeof(*list->record), compare);
    }
}

static char *slurp(const char *path) {
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        rewind(file);
        bytes = size >= 0 ? malloc((size_t)size + 1) : NULL;
        if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
            bytes[size] = '\0';
        } else {
            free(bytes);
            bytes = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    return bytes;
}

bool truth_load(const char *path, struct truth *out, char *error, size_t error_size) {
    memset(out, 0, sizeof(*out));
    out->bytes = slurp(path);
    if (!out->bytes) {
        snprintf(error, error_size, "%s cannot be read", path);
        return false;
    }
    bool ended = false;
    size_t number = 0;
    char *save = NULL;
    for (char *line = strtok_r(out->bytes, "\n", &save); line && !ended;
         line = strtok_r(NULL, "\n", &save)) {
        number++;
        ended = strcmp(line, "end") == 0;
        bool sound = number == 1 ? strcmp(line, "truth 1") == 0 : ended || parse_line(out, line);
        if (!sound) {
            snprintf(error, error_size, "%s, line %zu: not a line of a truth file: %.60s", path,
                     number, line);
            return false;
        }
    }
    if (!ended) {
        snprintf(error, error_size, "%s is not complete: the line \"end\" is missing", path);
        return false;
    }
    sort(&out->list[TRUTH_EXTENT], by_base);
    sort(&out->list[TRUTH_LEAF], by_page);
    sort(&out->list[TRUTH_SLAB], by_extent);
    sort(&out->list[TRUTH_CACHED], by_addr);
    return true;
}

void truth_free(struct truth *truth) {
    for (unsigned i = 0; i < TRUTH_KINDS; i++) {
        free(truth->list[i].record);
    }
    free(truth->bytes);
    memset(truth, 0, sizeof(*truth));
}
