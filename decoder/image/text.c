/* text.c - error and warning sentences, numbers as text, growing arrays. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/plain_text.h"
#include "image/inside.h"

int jt_exit_status(enum jt_status status) {
    if (status == JT_OK) {
        return 0;
    }
    return status == JT_USAGE ? 2 : status == JT_INCOMPLETE ? 4 : 3;
}

const char *jt_source_name(enum jt_source source) {
    static const char *const name[] = {
        [JT_UNKNOWN] = "unknown", [JT_GIVEN] = "given",
        [JT_DWARF] = "dwarf",     [JT_SYMBOL] = "symbol",
        [JT_MEMORY] = "memory",   [JT_VERSION_STRING] = "version string",
        [JT_DEFAULT] = "default", [JT_INFERRED] = "inferred",
    };
    return name[source];
}

const char *jt_part_name(enum jt_part part) {
    static const char *const name[JT_PARTS] = {
        [JT_PART_VERSION] = "version", [JT_PART_LG_VADDR] = "lg_vaddr",
        [JT_PART_LG_PAGE] = "lg_page", [JT_PART_LG_QUANTUM] = "lg_quantum",
        [JT_PART_DEBUG] = "debug",     [JT_PART_FIELDS] = "fields",
        [JT_PART_LEAF] = "leaf",       [JT_PART_OFFSETS] = "offsets",
        [JT_PART_BINS] = "bins",       [JT_PART_LARGE_PAD] = "large_pad",
        [JT_PART_ROOT] = "root",
    };
    return name[part];
}

enum jt_status jt_fail(struct jt_target *target, enum jt_status status, const char *text, ...) {
    char line[JT_TEXT_MAX];
    va_list args;
    va_start(args, text);
    vsnprintf(line, sizeof line, text, args);
    va_end(args);
    jt_plain(line, target->error, sizeof target->error);
    target->status = status;
    return status;
}

void jt_note_memory(struct jt_target *target) {
    target->memory_ran_out |= errno == ENOMEM;
}

/* O_NONBLOCK, because open() of a FIFO waits for a writer. */
size_t jt_read_file(const char *file, void *dst, size_t size) {
    size_t got = 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd >= 0 && got < size) {
        ssize_t n = read(fd, (char *)dst + got, size - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    if (fd >= 0) {
        close(fd);
    }
    return got;
}

bool jt_all_zero(const uint8_t *bytes, size_t len) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

void *jt_grow(void *array, size_t count, size_t element) {
    if (count != 0 && (count & (count - 1)) != 0) {
        return array; /* the capacity is a power of two, and not reached yet */
    }
    if (count > SIZE_MAX / 2 / element) {
        return NULL;
    }
    return realloc(array, (count == 0 ? 1 : 2 * count) * element);
}

void *jt_element_at(const void *array, size_t count, size_t element, uint64_t at) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint64_t *address = (const uint64_t *)((uintptr_t)array + middle * element);
        if (*address == at) {
            return (void *)(uintptr_t)address;
        }
        if (*address < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

#define WARNINGS_MAX 100 /* a broken core could cause millions */

size_t jt_warn(struct jt_target *target, const char *text, ...) {
    char raw[JT_TEXT_MAX], line[JT_TEXT_MAX];
    va_list args;
    if (target->warnings >= WARNINGS_MAX) {
        return 0;
    }
    va_start(args, text);
    vsnprintf(raw, sizeof raw, text, args);
    va_end(args);
    jt_plain(raw, line, sizeof line);
    for (size_t i = 0; i < target->warnings; i++) {
        if (strcmp(target->warning[i], line) == 0) {
            return i + 1; /* opening a skeleton gives some warnings that it brings, too */
        }
    }
    char **grown = jt_grow(target->warning, target->warnings, sizeof *grown);
    if (grown != NULL) {
        target->warning = grown;
    }
    char *copy = grown == NULL ? NULL : strdup(line);
    if (copy != NULL) {
        grown[target->warnings++] = copy;
    }
    target->memory_ran_out |= copy == NULL;
    return copy == NULL ? 0 : target->warnings;
}

bool jt_number(const char *text, uint64_t *out) {
    if (text[0] < '0' || text[0] > '9') {
        return false; /* strtoull() accepts blanks and signs */
    }
    char *end;
    errno = 0;
    unsigned long long value =
        strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
    if (errno != 0 || *end != 0) {
        return false;
    }
    *out = value;
    return true;
}

void jt_build_id_text(const struct jt_build_id *id, char out[2 * JT_BUILD_ID_MAX + 1]) {
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < id->size; i++) {
        out[2 * i] = digit[id->bytes[i] >> 4];
        out[2 * i + 1] = digit[id->bytes[i] & 15];
    }
    out[2 * id->size] = 0;
}
