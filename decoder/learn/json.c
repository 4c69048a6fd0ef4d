#include "learn/json.h"

#include <string.h>

#include "image/plain_text.h"

/* ---- bytes, gathered until a top-level value is complete ------------------------------------- */

void json_flush(struct json *j) {
    fwrite_unlocked(j->room, 1, j->used, j->file);
    j->used = 0;
}

/* len is less than sizeof j->room: it is that of a key, a number or a character. */
static void put_bytes(struct json *j, const char *text, size_t len) {
    if (sizeof(j->room) - j->used < len) {
        json_flush(j);
    }
    memcpy(j->room + j->used, text, len);
    j->used += len;
}

static void put_one(struct json *j, char c) {
    put_bytes(j, &c, 1);
}

static void end_value(struct json *j) {
    if (j->depth == 0) {
        json_flush(j);
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Writes a character: well-formed UTF-8 as it is, any other byte as U+FFFD, because a path may have
 * any bytes. Control characters are escaped; they have at most two bytes. */
static void character(struct json *j, const unsigned char *p, unsigned length) {
    char escaped[8];
    if (*p == '"' || *p == '\\') {
        put_one(j, '\\');
        put_one(j, (char)*p);
    } else if (length && jt_utf8_controls(p)) {
        snprintf(escaped, sizeof escaped, "\\u%04x", length == 1 ? p[0] : p[1]);
        put_bytes(j, escaped, 6);
    } else if (length) {
        put_bytes(j, (const char *)p, length);
    } else {
        put_bytes(j, "\\ufffd", 6);
    }
}

static void quoted(struct json *j, const char *text) {
    const unsigned char *p = (const unsigned char *)text;
    put_one(j, '"');
    while (*p) {
        unsigned length = jt_utf8_length(p);
        character(j, p, length);
        p += length ? length : 1;
    }
    put_one(j, '"');
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Writes a comma if one belongs here, and the key. Keys are short and need no escapes. */
static void begin(struct json *j, const char *key) {
    if (j->comma) {
        put_one(j, ',');
    }
    j->comma = true;
    if (key) {
        put_one(j, '"');
        put_bytes(j, key, strlen(key));
        put_bytes(j, "\":", 2);
    }
}

void json_open(struct json *j, const char *key, char bracket) {
    begin(j, key);
    put_one(j, bracket);
    j->comma = false;
    j->depth++;
}

void json_close(struct json *j, char bracket) {
    put_one(j, bracket);
    j->comma = true;
    j->depth--;
    end_value(j);
}

void json_line(struct json *j) {
    putc_unlocked('\n', j->file);
    j->comma = false;
}

void json_text(struct json *j, const char *key, const char *text) {
    if (!text) {
        json_null(j, key);
        return;
    }
    begin(j, key);
    quoted(j, text);
    end_value(j);
}
