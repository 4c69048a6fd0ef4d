#include "emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "cell.h"
#include "image/memory_file.h"
#include "kept_folders.h"
#include "make_cell.h"
#include "seeds.h"
#include "seeds_pure.h"
#include "witness.h"

/* Options of a witness whose heap has a few hundred extents, of every kind. */
static const char *const small_heap[] = {"--threads", "1", "--allocations", "100"};

static const struct row {
    const char *pin, *config;
} by_default[] = {
    {"5.0.0", "default"},
    {"5.0.0", "la57"},
    {"redis-6.0", "default"},
    {"redis-6.0", "la57"},
    {"5.2.0", "default"},
    {"5.2.0", "la57"},
    {"redis-7.0", "default"},
    {"redis-7.0", "la57"},
    {"redis-7.0", "page64k"},
    {"redis-7.0", "i386"},
    {"redis-7.0", "s390x"},
    {"5.3.0", "default"},
    {"5.3.0", "la57"},
    {"5.3.0", "page16k"},
    {"5.3.0", "page64k"},
    {"5.3.0", "la57-page64k"},
    {"5.3.0", "i386"},
    {"5.3.0", "aarch64"},
    {"5.3.0", "armhf"},
    {"5.3.0", "s390x"},
    {"5.3.0", "hpa"},
    {"5.3.0", "guarded"},
    {"5.3.1", "default"},
    {"5.3.1", "la57"},
    {"5.3.1", "hpa"},
    {"5.3.1", "guarded"},
    {"5.3.1", "no-oblivious"},
    {"valkey-9.1", "default"},
    {"dev", "default"},
    {"dev", "la57"},
    {"dev", "hpa"},
};

/* Those with an image for the target of check as well: a form of the cache or a byte order each. */
static const struct row checked[] = {
    {"redis-6.0", "default"}, {"redis-7.0", "s390x"}, {"5.3.0", "default"}, {"5.3.1", "guarded"}};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static bool has(const struct row *row, size_t rows, const char *pin, const char *config) {
    size_t i = 0;
    while (i < rows && (strcmp(row[i].pin, pin) != 0 || strcmp(row[i].config, config) != 0)) {
        i++;
    }
    return i < rows;
}

bool emit_by_default(const char *pin, const char *config) {
    return has(by_default, ROWS(by_default), pin, config) ||
           (strcmp(pin, "source") == 0 && strcmp(config, "default") == 0);
}

/* ---- one cell -------------------------------------------------------------------------------- */

struct emission {
    const struct emit_options *options;
    const struct cell *cell;
    char name[128]; /* the name of the files that are written */
    char dir[64];   /* the folder for the witness's files */
    char why[512];
    size_t extents;
    uint64_t files, tests; /* of vectors */
    bool heap_only;        /* seeds of no other target */
};

static bool fail(struct emission *e, const char *what) {
    snprintf(e->why, sizeof(e->why), "%.400s: %s", what, strerror(errno));
    return false;
}

/* Writes a heap to a file, which has another name until it is complete. */
static bool write_image(struct emission *e, const char *folder, const char *bytes, size_t size) {
    char path[4200], part[4210];
    snprintf(path, sizeof(path), "%s%s/%s", e->options->images, folder, e->name);
    snprintf(part, sizeof(part), "%s.part", path);
    FILE *file = fopen(part, "wb");
    if (!file) {
        return fail(e, part);
    }
    bool good = fwrite(bytes, 1, size, file) == size;
    if (fclose(file) != 0 || !good || rename(part, path) != 0) {
        unlink(part);
        return fail(e, path);
    }
    return true;
}

static bool write_files(struct emission *e, const char *bytes, size_t size) {
    if (e->options->images && !write_image(e, "", bytes, size)) {
        return false;
    }
    if (!e->options->seeds) {
        return true;
    }
    struct heap_image *image = heap_image_load(e->name, (const uint8_t *)bytes, size);
    e->heap_only = !seeds_pure_can(&image->layout.build);
    bool good = seeds_write(image, e->options->seeds, e->name, e->why, sizeof(e->why));
    heap_image_free(image);
    return good;
}

/* The image for the target of check, and its seeds. */
static bool emit_checked(struct emission *e, struct jt_target *target) {
    struct jt_memory_file m;
    size_t size;
    if (!has(checked, ROWS(checked), e->cell->pin, e->cell->config)) {
        return true;
    }
    if (!jt_memory_open(&m)) {
        return fail(e, "an image");
    }
    bool good = capture_checked(target, m.file, e->why, sizeof(e->why));
    char *bytes = jt_memory_close(&m, &size);
    if (good && !bytes) {
        good = fail(e, "an image");
    }
    good = good && (!e->options->images || write_image(e, "/checked", bytes, size));
    if (good && e->options->seeds) {
        struct heap_image *image = heap_image_load(e->name, (const uint8_t *)bytes, size);
        good = seeds_write_checked(image, e->options->seeds, e->name, e->why, sizeof(e->why));
        heap_image_free(image);
    }
    free(bytes);
    return good;
}

static bool emit_heap(struct emission *e, struct jt_target *target) {
    struct jt_memory_file m;
    size_t size;
    if (!jt_memory_open(&m)) {
        return fail(e, "an image");
    }
    bool good = capture_heap(target, m.file, &e->extents, e->why, sizeof(e->why));
    char *bytes = jt_memory_close(&m, &size);
    if (good && !bytes) {
        return fail(e, "an image");
    }
    good = good && write_files(e, bytes, size) &&
           (!e->options->seeds ||
            seeds_write_caches(target, e->options->seeds, e->name, e->why, sizeof(e->why)));
    free(bytes);
    return good;
}

static bool emit_vectors(struct emission *e, const struct jt_options *options) {
    struct json_object *pin = matrix_named(e->options->matrix->pins, e->cell->pin);
    struct vector_cell cell = {.folder = e->options->vectors,
                               .name = e->name,
                               .pin = e->cell->pin,
                               .config = e->cell->config,
                               .commit = pin ? matrix_text(pin, "commit") : "",
                               .target = options->target,
                               .exe = options->exe,
                               .dir = e->dir,
                               .why = e->why,
                               .why_size = sizeof(e->why)};
    bool good = vectors_make(&cell);
    e->files = cell.files;
    e->tests = cell.tests;
    return good;
}

static bool emit_target(struct emission *e, struct json_object *build, struct witness *witness) {
    struct json_object *emulator = json_object_object_get(build, "emulator");
    struct jt_options options = {0};
    struct jt_target *target = NULL;
    char name[128];
    snprintf(name, sizeof(name), "%d", (int)witness->pid);
    if (json_object_array_length(emulator) > 0) {
        snprintf(name, sizeof(name), "%s/core.own", e->dir);
        options.exe = matrix_text(build, "witness");
        if (!witness_own_core(witness, name, e->why, sizeof(e->why))) {
            return false;
        }
    }
    options.target = name;
    if (e->options->vectors && !emit_vectors(e, &options)) {
        return false;
    }
    if (!e->options->seeds && !e->options->images) {
        return true;
    }
    bool good = jt_open(&options, &target) == JT_OK;
    if (!good) {
        snprintf(e->why, sizeof(e->why), "%.400s", target ? target->error : "out of memory");
    }
    good = good && emit_checked(e, target) && emit_heap(e, target);
    jt_close(target);
    return good;
}

/* A heap that the clock decides is another one each time: from 5.3.1 on a thread cache is emptied
 * when ten milliseconds have passed (tcache.c, tcache_gc_event). */
static void ignore_clock(struct json_object *build) {
    static const char option[] = "experimental_tcache_gc:false";
    enum jh_version version;
    char conf[1024];
    if (jh_version_parse(matrix_text(build, "version"), &version) == JH_OK && version >= JH_5_3_1) {
        const char *own = matrix_text(build, "malloc_conf");
        snprintf(conf, sizeof(conf), "%s%s%s", own, *own ? "," : "", option);
        json_object_object_add(build, "malloc_conf", json_object_new_string(conf));
    }
}

static void run_small(struct json_object *build) {
    struct json_object *args = json_object_object_get(build, "witness_args");
    for (size_t i = 0; i < sizeof(small_heap) / sizeof(small_heap[0]); i++) {
        json_object_array_add(args, json_object_new_string(small_heap[i]));
    }
    json_object_object_add(build, "environment", json_object_new_string("none"));
    ignore_clock(build);
}

/* Gives 1: files were written; 0: the cell cannot be built here; -1: something failed. */
static int emit_cell(struct emission *e, const struct cell *cell) {
    struct witness witness = {-1, -1, -1, NULL};
    int result = -1;
    struct json_object *build =
        cell_build(cell, "", e->options->make_jobs, e->dir, e->why, sizeof(e->why));
    const char *status = build ? matrix_text(build, "status") : "";
    if (strcmp(status, "ok") == 0) {
        run_small(build);
        result = witness_start(build, e->dir, 1, &witness, e->why, sizeof(e->why)) &&
                         emit_target(e, build, &witness)
                     ? 1
                     : -1;
        witness_stop(&witness);
    } else if (strcmp(status, "skip") == 0) {
        result = 0;
    }
    json_object_put(build);
    return result;
}

/* ---- all cells ------------------------------------------------------------------------------- */

static bool make_folder(const char *path) {
    if (path && mkdir(path, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "jeconform: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static void say(const struct emission *e, const struct cell *cell, int result) {
    if (result > 0 && !e->options->quiet && e->files) {
        fprintf(stderr, "jeconform: %s %s: %" PRIu64 " vectors in %" PRIu64 " files\n", cell->pin,
                cell->config, e->tests, e->files);
    } else if (result > 0 && !e->options->quiet) {
        fprintf(stderr, "jeconform: %s %s: %zu extents%s\n", cell->pin, cell->config, e->extents,
                e->heap_only
                    ? "; seeds of heap and index only: tests/made/builds.c has no such build"
                    : "");
    } else if (result <= 0) {
        fprintf(stderr, "jeconform: %s %s: %s: %s\n", cell->pin, cell->config,
                result ? "fail" : "skip", e->why);
    }
}

int emit_cells(const struct cell_list *list, const struct emit_options *options) {
    int skipped = 0;
    char folder[4200];
    snprintf(folder, sizeof(folder), "%s/checked", options->images ? options->images : "");
    if (!make_folder(options->images) || (options->images && !make_folder(folder)) ||
        !make_folder(options->seeds) || !make_folder(options->vectors)) {
        return -1;
    }
    /* without address space randomisation the files are the same each time */
    int old = personality(0xffffffff);
    (void)personality((unsigned long)old | ADDR_NO_RANDOMIZE);
    for (size_t i = 0; i < list->count && skipped >= 0; i++) {
        struct emission e = {.options = options, .dir = "/tmp/jeconform.XXXXXX"};
        const struct cell *cell = &list->cell[i];
        e.cell = cell;
        snprintf(e.name, sizeof(e.name), "%s-%s", cell->pin, cell->config);
        if (!mkdtemp(e.dir)) {
            abort();
        }
        int result = emit_cell(&e, cell);
        say(&e, cell, result);
        skipped = result < 0 ? -1 : skipped + !result;
        kept_remove(e.dir);
    }
    (void)personality((unsigned long)old);
    return skipped;
}
