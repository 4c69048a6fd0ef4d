#include "json.h"

#include <inttypes.h>

#include "plain.h"

/* Well-formed UTF-8 passes, any other byte becomes U+FFFD: paths may hold anything. Characters that
 * a terminal acts on have no more than two bytes. */
static void quoted(FILE *file, const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    fputc('"', file);
    while (*p) {
        unsigned length = jt_utf8_length(p);
        if (*p == '"' || *p == '\\') {
            fprintf(file, "\\%c", *p);
        } else if (length && jt_utf8_controls(p)) {
            fprintf(file, "\\u%04x", length == 1 ? p[0] : p[1]);
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
