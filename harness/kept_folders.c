#include "kept_folders.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "matrix.h"

enum { OPEN_FOLDERS = 16, BLOCK = 512 };

static uint64_t bytes; /* a global, because nftw() has no argument for its callback */

static int add_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)path, (void)flag, (void)ftw;
    bytes += (uint64_t)st->st_blocks * BLOCK;
    return 0;
}

void kept_add(struct json_object *result, const char *dir) {
    bytes = 0;
    nftw(dir, add_one, OPEN_FOLDERS, FTW_PHYS);
    json_object_object_add(result, "files", json_object_new_string(dir));
    json_object_object_add(result, "files_bytes", json_object_new_uint64(bytes));
}

static void say_size(uint64_t size) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)size;
    size_t unit = 0;
    for (; value >= 1024 && unit < 4; unit++) {
        value /= 1024;
    }
    fprintf(stderr, "%.*f %s", unit ? 1 : 0, value, units[unit]);
}

void kept_say(struct json_object *cells) {
    uint64_t total = 0;
    for (size_t i = 0; i < json_object_array_length(cells); i++) {
        struct json_object *cell = json_object_array_get_idx(cells, i);
        const char *dir = matrix_text(cell, "files");
        uint64_t size = matrix_number(cell, "files_bytes");
        if (*dir) {
            fprintf(stderr, "jeconform: kept %s, ", dir);
            say_size(size);
            fprintf(stderr, ": %s %s\n", matrix_text(cell, "pin"), matrix_text(cell, "config"));
            total += size;
        }
    }
    if (total) {
        fprintf(stderr, "jeconform: kept ");
        say_size(total);
        fprintf(stderr, " (%" PRIu64 " bytes) in all; nobody removes them but you\n", total);
    }
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void kept_remove(const char *dir) {
    nftw(dir, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}
