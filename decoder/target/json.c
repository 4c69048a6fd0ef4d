#include "json.h"

#include <inttypes.h>

/* Well-formed UTF-8 passes, any other byte becomes U+FFFD: paths may hold anything. Returns the
 * length of the sequence at p, or 0. */
static unsigned utf8_length(const unsigned char *p) {
    unsigned length = p[0] < 0x80   ? 1
                      : p[0] < 0xc2 ? 0
                      : p[0] < 0xe0 ? 2
                      : p[0] < 0xf0 ? 3
                      : p[0] < 0xf5 ? 4
                                    : 0;
    for (unsigned i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool bad = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
               (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    return length > 1 && bad ? 0 : length;
}

static void quoted(FILE *file, const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    fputc('"', file);
    while (*p) {
        unsigned length = utf8_length(p);
        if (*p == '"' || *p == '\\') {
            fprintf(file, "\\%c", *p);
        } else if (*p < 0x20) {
            fprintf(file, "\\u%04x", *p);
        } else if (length) {
            fwrite(p, 1, length, file);
        } else {
            fputs("\\ufffd", file);
        }
        p += length ? length : 1;
    }
    fputc('"', file);
}

static void begin(struct json *j, const char *key) {
    if (j->comma) {
        fputc(',', j->file);
    }
    j->comma = true;
    if (key) {
        quoted(j->file, key);
        fputc(':', j->file);
    }
}

void json_open(struct json *j, const char *key, char bracket) {
    begin(j, key);
    fputc(bracket, j->file);
    j->comma = false;
}

void json_close(struct json *j, char bracket) {
    fputc(bracket, j->file);
    j->comma = true;
}

void json_line(struct json *j) {
    fputc('\n', j->file);
    j->comma = false;
}

void json_text(struct json *j, const char *key, const char *text) {
    begin(j, key);
    if (text) {
        quoted(j->file, text);
    } else {
        fputs("null", j->file);
    }
}

void json_address(struct json *j, const char *key, uint64_t value) {
    begin(j, key);
    fprintf(j->file, "\"0x%" PRIx64 "\"", value);
}

void json_number(struct json *j, const char *key, uint64_t value) {
    begin(j, key);
    fprintf(j->file, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value) {
    begin(j, key);
    fputs(value ? "true" : "false", j->file);
}

void json_null(struct json *j, const char *key) {
    json_text(j, key, NULL);
}
