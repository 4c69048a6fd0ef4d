/* make_cell: the heap of a small witness, compared with jemalloc's own truth, then asked. */
#include "make_cell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compare.h"
#include "make_image.h"
#include "vector_file.h"

bool vectors_by_default(const char *pin, const char *config) {
    bool sampled = strcmp(pin, "5.3.0") == 0 || strcmp(pin, "5.3.1") == 0;
    return sampled && strcmp(config, "prof") == 0;
}

/* ---- truth ----------------------------------------------------------------------------------- */

static void compare_all(struct comparison *c, struct jt_target *t) {
    c->level = LEVEL_CONSTANTS;
    compare_constants(c, &t->layout);
    compare_functions(c, &t->layout);
    c->level = LEVEL_HEAP;
    compare_heap(c, t);
    c->level = LEVEL_API;
    compare_api(c, t);
}

/* Everything that jeheap reads of this heap is what jemalloc says. */
static bool agrees(struct vector_cell *cell, const struct truth *truth, struct jt_target *t,
                   bool process) {
    struct comparison *c = calloc(1, sizeof(*c));
    uint64_t mismatches = 0, compared = 0;
    if (!c) {
        abort();
    }
    c->truth = truth;
    c->storage = process;
    compare_all(c, t);
    for (unsigned i = 0; i < LEVELS; i++) {
        mismatches += c->tally[i].mismatches;
        compared += c->tally[i].compared;
    }
    if (mismatches || compared < 1000) {
        snprintf(cell->why, cell->why_size,
                 "%llu of %llu values mismatch, the first of them %s: expected %s, seen %s",
                 (unsigned long long)mismatches, (unsigned long long)compared, c->kept[0].what,
                 c->kept[0].expected, c->kept[0].seen);
    }
    free(c);
    return mismatches == 0 && compared >= 1000;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static bool make_folders(struct vector_cell *cell) {
    static const char *const under[] = {"", "/layouts", "/images"};
    for (size_t i = 0; i < sizeof(under) / sizeof(under[0]); i++) {
        char path[4400];
        snprintf(path, sizeof(path), "%s%s", cell->folder, under[i]);
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            snprintf(cell->why, cell->why_size, "%.400s: %s", path, strerror(errno));
            return false;
        }
    }
    return true;
}

/* The layout as the target has it, so with the bins of this run. */
static bool write_layout(struct maker *m, const char *temporary) {
    char path[4400];
    size_t size;
    FILE *file = fopen(temporary, "w");
    if (file) {
        jt_layout_write(&m->live->layout, file);
        fputc('\n', file);
        fclose(file);
    }
    char *text = vector_bytes(temporary, &size, m->why, m->why_size);
    if (!text) {
        return false;
    }
    snprintf(m->layout.path, sizeof(m->layout.path), "layouts/%s.json", m->name);
    snprintf(path, sizeof(path), "%s/%s", m->folder, m->layout.path);
    vector_digest(text, size, m->layout.digest);
    bool good = vector_write_bytes(path, text, size, m->why, m->why_size);
    free(text);
    return good;
}

static struct json_object *source_json(const struct vector_cell *cell) {
    struct json_object *o = json_object_new_object();
    put_text(o, "pin", cell->pin);
    put_text(o, "config", cell->config);
    put_text(o, "commit", cell->commit);
    put_number(o, "seed", 1);
    return o;
}

/* What the maker's answers are about from now on. */
static bool use_image(struct maker *m, const char *path, uint64_t root) {
    struct json_object *question = make_question("find"), *o;
    put_text(question, "image", path);
    put_address(question, "root", root);
    put_address(question, "addr", 0);
    m->answerer.layout = m->live->layout;
    m->answerer.has_layout = true;
    answerer_end(&m->answerer);
    o = answer(&m->answerer, question);
    bool good = m->answerer.target != NULL;
    if (!good) {
        snprintf(m->why, m->why_size, "its skeleton: %.400s", asked_text(o, "why"));
    }
    json_object_put(question);
    json_object_put(o);
    return good;
}

/* ---- images ---------------------------------------------------------------------------------- */

enum image { SOUND, BENT, PARKED, LACKING, IMAGES };

struct images {
    struct vector_cell *cell;
    struct maker *maker;
    struct {
        char path[128];
        struct part part;
        bool there;
    } of[IMAGES];
    struct damage damage;
    uint64_t root, lacking; /* the first structure that is not there */
};

static struct jt_target *open_live(struct vector_cell *cell) {
    const struct jt_options options = {.target = cell->target, .exe = cell->exe, .threads = true};
    struct jt_target *target = NULL;
    if (jt_open(&options, &target) == JT_OK) {
        return target;
    }
    snprintf(cell->why, cell->why_size, "%.400s", target ? target->error : "memory ran out");
    jt_close(target);
    return NULL;
}

static bool pack(struct images *im, enum image which, const char *suffix) {
    char name[192];
    snprintf(name, sizeof(name), "%s%s", im->maker->name, suffix);
    im->of[which].there = image_pack(im->of[which].path, im->cell->folder, name,
                                     &im->of[which].part, im->cell->why, im->cell->why_size);
    return im->of[which].there;
}

/* Change the process, open it anew, take its skeleton, put it right again. What cannot be changed
 * has no such image. */
static bool damaged(struct images *im, enum image which, const char *suffix,
                    void (*bend)(struct jt_target *target, struct damage *damage),
                    struct damage *damage) {
    bend(im->maker->live, damage);
    if (damage->count == 0) {
        return true;
    }
    struct jt_target *again = open_live(im->cell);
    bool good =
        again && image_skeleton(again, im->of[which].path, im->cell->why, im->cell->why_size);
    jt_close(again);
    damage_undo(im->maker->live, damage);
    return good && pack(im, which, suffix);
}

/* Structures behind one in the middle are cut off. */
static bool make_lacking(struct images *im) {
    const struct truth_list *list = &im->maker->truth->list[TRUTH_EXTENT];
    char copy[300];
    im->lacking = truth_get(TRUTH_EXTENT, &list->record[list->count / 2], KEY_AT);
    snprintf(copy, sizeof(copy), "cp '%s' '%s'", im->of[SOUND].path, im->of[LACKING].path);
    return system(copy) == 0 && /* both are in our own folder */
           image_cut(im->of[LACKING].path, im->lacking, im->cell->why, im->cell->why_size) &&
           pack(im, LACKING, "-absent");
}

/* Bent ones of stock builds only: they show the same everywhere, and each takes its room. */
static bool make_images(struct images *im) {
    static const char *const names[IMAGES] = {"sound", "bent", "parked", "lacking"};
    struct vector_cell *cell = im->cell;
    struct damage twice;
    bool stock = strcmp(cell->config, "default") == 0 ||
                 (strcmp(cell->config, "la57") == 0 && strcmp(cell->pin, "5.3.0") == 0);
    for (unsigned i = 0; i < IMAGES; i++) {
        snprintf(im->of[i].path, sizeof(im->of[i].path), "%s/%s.core", cell->dir, names[i]);
    }
    im->root = im->maker->live->heap.rtree_root;
    return image_skeleton(im->maker->live, im->of[SOUND].path, cell->why, cell->why_size) &&
           pack(im, SOUND, "") &&
           (!stock ||
            (damaged(im, BENT, "-corrupt", damage_do, &im->damage) &&
             damaged(im, PARKED, "-parked", damage_park_twice, &twice) && make_lacking(im)));
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool group_of(struct images *im, enum image which) {
    if (!im->of[which].there || im->maker->failed) {
        return false;
    }
    if (!use_image(im->maker, im->of[which].path, im->root)) {
        im->maker->failed = true;
        return false;
    }
    make_group(im->maker, &im->of[which].part, im->root);
    return true;
}

static void image_files(struct images *im) {
    struct maker *m = im->maker;
    make_file_start(m, "find");
    if (group_of(im, LACKING)) {
        make_find_absent(m, im->lacking);
    }
    if (group_of(im, BENT)) {
        make_find_bent(m, &im->damage);
    }
    if (group_of(im, SOUND)) {
        make_find(m);
    }
    make_file_end(m);
    make_file_start(m, "extents");
    if (group_of(im, SOUND)) {
        make_extents(m);
    }
    make_file_end(m);
    make_file_start(m, "check");
    if (group_of(im, PARKED)) {
        make_check_parked(m);
    }
    if (group_of(im, BENT)) {
        make_check_bent(m);
    }
    if (group_of(im, SOUND)) {
        make_check(m);
    }
    make_file_end(m);
}

static bool make_files(struct images *im) {
    void (*const pure[])(struct maker *) = {make_geometry, make_subkey, make_size_class, make_leaf,
                                            make_extent,   make_slab,   make_cache};
    struct maker *m = im->maker;
    if (!use_image(m, im->of[SOUND].path, im->root)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(pure) / sizeof(pure[0]) && !m->failed; i++) {
        pure[i](m);
    }
    image_files(im);
    im->cell->files = m->files;
    im->cell->tests = m->all_tests;
    return !m->failed;
}

static bool make_all(struct vector_cell *cell, struct maker *m) {
    struct images *im = calloc(1, sizeof(*im));
    char temporary[192];
    if (!im) {
        abort();
    }
    im->cell = cell;
    im->maker = m;
    snprintf(temporary, sizeof(temporary), "%s/layout.json", cell->dir);
    bool good =
        make_folders(cell) && write_layout(m, temporary) && make_images(im) && make_files(im);
    free(im);
    return good;
}

bool vectors_make(struct vector_cell *cell) {
    struct maker *m = calloc(1, sizeof(*m));
    struct truth truth;
    char path[192], error[256];
    snprintf(path, sizeof(path), "%s/truth", cell->dir);
    if (!m) {
        abort();
    }
    if (!truth_load(path, &truth, error, sizeof(error))) {
        snprintf(cell->why, cell->why_size, "%s", error);
        free(m);
        return false;
    }
    m->folder = cell->folder;
    m->why = cell->why;
    m->why_size = cell->why_size;
    m->truth = &truth;
    m->source = source_json(cell);
    m->live = open_live(cell);
    snprintf(m->name, sizeof(m->name), "%s", cell->name);
    m->family = m->live ? jh_version_name(m->live->layout.build.version) : "";
    bool good =
        m->live && agrees(cell, &truth, m->live, m->live->kind == JT_PROCESS) && make_all(cell, m);
    json_object_put(m->source);
    answerer_end(&m->answerer);
    jt_close(m->live);
    truth_free(&truth);
    free(m);
    return good;
}
