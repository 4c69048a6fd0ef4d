#include "vector_file.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/memory_file.h"

static const char digest_key[] = "\"digest\":\"";

void vector_digest(const void *bytes, size_t size, char out[VECTOR_DIGEST]) {
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, size, bytes);
    sha256_digest(&context, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}

char *vector_bytes(const char *path, size_t *size, char *why, size_t why_size) {
    enum { LARGEST = 64 << 20 }; /* bytes; none of ours is near */
    FILE *file = fopen(path, "rb");
    char *bytes = file ? malloc(LARGEST + 1) : NULL;
    *size = bytes ? fread(bytes, 1, LARGEST, file) : 0;
    bool good = bytes && !ferror(file) && *size < LARGEST;
    if (!good) {
        snprintf(why, why_size, "%.400s: %s", path,
                 file ? "it is no vector file" : strerror(errno));
        free(bytes);
        bytes = NULL;
    } else {
        bytes[*size] = '\0';
    }
    if (file) {
        fclose(file);
    }
    return bytes;
}

/* The digest that the last line has, and where that line begins; NULL: there is none. */
static const char *digest_line(const char *text, const char **line) {
    const char *at = NULL, *next = text;
    while ((next = strstr(next, digest_key)) != NULL) {
        at = next++;
    }
    if (!at || at == text || at[-1] != '\n' ||
        strlen(at) != sizeof(digest_key) - 1 + VECTOR_DIGEST - 1 + 3) { /* "}\n and its quote */
        return NULL;
    }
    *line = at;
    return at + sizeof(digest_key) - 1;
}

static bool sound(struct json_object *o) {
    struct json_object *groups = NULL, *kind = NULL;
    return json_object_object_get_ex(o, "groups", &groups) &&
           json_object_is_type(groups, json_type_array) &&
           json_object_object_get_ex(o, "kind", &kind) &&
           json_object_is_type(kind, json_type_string);
}

struct json_object *vector_load(const char *path, char *why, size_t why_size) {
    char digest[VECTOR_DIGEST];
    size_t size;
    char *text = vector_bytes(path, &size, why, why_size);
    const char *line, *said = text ? digest_line(text, &line) : NULL;
    struct json_object *o = NULL;
    if (!text) {
        return NULL;
    }
    if (said) {
        vector_digest(text, (size_t)(line - text), digest);
    }
    if (!said || strncmp(said, digest, VECTOR_DIGEST - 1) != 0) {
        snprintf(why, why_size, "%.400s: %s", path,
                 said ? "it was changed after it was made: its digest is not that of its bytes"
                      : "it is no vector file: its last line has no digest");
    } else {
        o = json_tokener_parse(text);
        if (!sound(o)) {
            snprintf(why, why_size, "%.400s: it is no vector file", path);
            json_object_put(o);
            o = NULL;
        }
    }
    free(text);
    return o;
}

char *vector_part(const char *vector_path, const char *part, const char *digest, size_t *size,
                  char *why, size_t why_size) {
    char path[4200], seen[VECTOR_DIGEST];
    const char *slash = strrchr(vector_path, '/');
    snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - vector_path) : 0, vector_path,
             part);
    char *bytes = vector_bytes(path, size, why, why_size);
    if (bytes) {
        vector_digest(bytes, *size, seen);
    }
    if (bytes && strcmp(seen, digest) != 0) {
        snprintf(why, why_size,
                 "%.400s: it was changed after it was made: its digest is not that in %.400s", path,
                 vector_path);
        free(bytes);
        return NULL;
    }
    return bytes;
}

bool vector_write_bytes(const char *path, const void *bytes, size_t size, char *why,
                        size_t why_size) {
    char part[4210];
    snprintf(part, sizeof(part), "%s.part", path);
    FILE *file = fopen(part, "wb");
    bool good = file && fwrite(bytes, 1, size, file) == size;
    if (file && fclose(file) != 0) {
        good = false;
    }
    if (!good || rename(part, path) != 0) {
        snprintf(why, why_size, "%.400s: %s", path, strerror(errno));
        unlink(part);
        return false;
    }
    return true;
}

/* ---- text: a test a line, so that a difference is one of tests ------------------------------- */

static const char *plain(struct json_object *o) {
    return json_object_to_json_string_ext(o,
                                          JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
}

static void write_group(FILE *file, struct json_object *group) {
    const char *comma = "";
    fputs("{", file);
    json_object_object_foreach(group, key, value) {
        if (strcmp(key, "tests") != 0) {
            fprintf(file, "%s\"%s\":%s", comma, key, plain(value));
            comma = ",\n";
            continue;
        }
        fprintf(file, "%s\"tests\":[", comma);
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            fprintf(file, "%s%s", i ? ",\n" : "\n", plain(json_object_array_get_idx(value, i)));
        }
        fputs("]", file);
    }
    fputs("}", file);
}

static void write_text(FILE *file, struct json_object *o) {
    fputs("{", file);
    json_object_object_foreach(o, key, value) {
        if (strcmp(key, "groups") != 0) {
            fprintf(file, "\"%s\":%s,\n", key, plain(value));
            continue;
        }
        fputs("\"groups\":[\n", file);
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            fputs(i ? ",\n" : "", file);
            write_group(file, json_object_array_get_idx(value, i));
        }
        fputs("],\n", file);
    }
}

bool vector_write(const char *path, struct json_object *o, char *why, size_t why_size) {
    struct jt_memory_file m;
    char digest[VECTOR_DIGEST];
    size_t size;
    if (!jt_memory_open(&m)) {
        snprintf(why, why_size, "memory ran out");
        return false;
    }
    write_text(m.file, o);
    char *text = jt_memory_close(&m, &size);
    char *whole = text ? malloc(size + sizeof(digest_key) + VECTOR_DIGEST + 4) : NULL;
    bool good = whole != NULL;
    if (good) {
        vector_digest(text, size, digest);
        memcpy(whole, text, size);
        int tail = sprintf(whole + size, "%s%s\"}\n", digest_key, digest);
        good = vector_write_bytes(path, whole, size + (size_t)tail, why, why_size);
    } else {
        snprintf(why, why_size, "memory ran out");
    }
    free(text);
    free(whole);
    return good;
}
