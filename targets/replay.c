/* replay.c - an engine for any compiler: runs the target once with each file on the command line,
 * and with each file in folders there. A finding ends the program, as it would end a fuzzer. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static size_t runs;

static bool run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0, room = 0, got;
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    do {
        if (size == room) {
            room = room ? 2 * room : 65536;
            uint8_t *more = realloc(data, room);
            if (!more) {
                abort();
            }
            data = more;
        }
        got = fread(data + size, 1, room - size, file);
        size += got;
    } while (got);
    bool read = !ferror(file);
    (void)fclose(file);
    if (!read) {
        fprintf(stderr, "%s: cannot be read\n", path);
    } else {
        /* allocated with exactly the file's size, so that reading past its end is noticed */
        uint8_t *exact = malloc(size ? size : 1);
        if (!exact) {
            abort();
        }
        memcpy(exact, data, size);
        (void)LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        runs++;
    }
    free(data);
    return read;
}

static int not_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* Sorted by name, so that every run has the same order. */
static bool run_path(const char *path) {
    struct dirent **entry;
    struct stat st;
    bool good = true;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return run_file(path);
    }
    int count = scandir(path, &entry, not_hidden, alphasort);
    if (count < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    for (int i = 0; i < count; i++) {
        char inside[4096];
        snprintf(inside, sizeof(inside), "%s/%s", path, entry[i]->d_name);
        good = run_path(inside) && good;
        free(entry[i]);
    }
    free(entry);
    return good;
}

int main(int argc, char **argv) {
    bool good = true;
    if (LLVMFuzzerInitialize) {
        LLVMFuzzerInitialize(&argc, &argv);
    }
    for (int i = 1; i < argc; i++) {
        good = run_path(argv[i]) && good;
    }
    printf("%zu inputs\n", runs);
    return good && runs ? 0 : 1;
}
