#include "learn/json.h"

#include "image/plain.h"

/* Well-formed UTF-8 passes, any other byte becomes U+FFFD: paths may hold anything. Characters that
 * a terminal acts on have no more than two bytes. */
static void quoted(FILE *file, const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    putc_unlocked('"', file);
    while (*p) {
        unsigned length = jt_utf8_length(p);
        if (*p == '"' || *p == '\\') {
            putc_unlocked('\\', file);
            putc_unlocked(*p, file);
        } else if (length && jt_utf8_controls(p)) {
            fprintf(file, "\\u%04x", length == 1 ? p[0] : p[1]);
        } else if (length) {
            fwrite_unlocked(p, 1, length, file);
        } else {
            fputs_unlocked("\\ufffd", file);
        }
        p += length ? length : 1;
    }
    putc_unlocked('"', file);
}

/* Keys are words of this program's. */
static void begin(struct json *j, const char *key) {
    if (j->comma) {
        putc_unlocked(',', j->file);
    }
    j->comma = true;
    if (key) {
        putc_unlocked('"', j->file);
        fputs_unlocked(key, j->file);
        fwrite_unlocked("\":", 1, 2, j->file);
    }
}

void json_open(struct json *j, const char *key, char bracket) {
    begin(j, key);
    putc_unlocked(bracket, j->file);
    j->comma = false;
}

void json_close(struct json *j, char bracket) {
    putc_unlocked(bracket, j->file);
    j->comma = true;
}

void json_line(struct json *j) {
    putc_unlocked('\n', j->file);
    j->comma = false;
}

void json_text(struct json *j, const char *key, const char *text) {
    begin(j, key);
    if (text) {
        quoted(j->file, text);
    } else {
        fputs_unlocked("null", j->file);
    }
}

/* The digits at the end of room, of which 20 bytes are enough: printf takes most of the time that
 * writing a line does. */
static char *digits(char *end, uint64_t value, unsigned base) {
    do {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    return end;
}

void json_address(struct json *j, const char *key, uint64_t value) {
    char room[24], *end = room + sizeof(room), *at = end;
    begin(j, key);
    *--at = '"';
    at = digits(at, value, 16);
    *--at = 'x';
    *--at = '0';
    *--at = '"';
    fwrite_unlocked(at, 1, (size_t)(end - at), j->file);
}

void json_number(struct json *j, const char *key, uint64_t value) {
    char room[20], *end = room + sizeof(room), *at = digits(end, value, 10);
    begin(j, key);
    fwrite_unlocked(at, 1, (size_t)(end - at), j->file);
}

void json_bool(struct json *j, const char *key, bool value) {
    begin(j, key);
    fputs_unlocked(value ? "true" : "false", j->file);
}

void json_null(struct json *j, const char *key) {
    json_text(j, key, NULL);
}
