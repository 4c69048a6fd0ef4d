/* truth: the writer of the fact file. Lines are put together by hand: there are some hundred
 * thousand of them, and every line is hashed so that "again" can tell whether the heap stood still.
 */
#include "witness.h"

#include <string.h>

#define FNV_OFFSET 0xcbf29ce484222325u
#define FNV_PRIME 0x100000001b3u

void truth_start(struct truth *truth, FILE *file) {
    truth->file = file;
    truth->digest = FNV_OFFSET;
    truth->used = 0;
}

static void put(struct truth *truth, const char *bytes, size_t count) {
    if (count > sizeof(truth->line) - truth->used) {
        die("A line of the truth is longer than %zu bytes.", sizeof(truth->line));
    }
    memcpy(truth->line + truth->used, bytes, count);
    truth->used += count;
}

static void put_hex(struct truth *truth, uint64_t value) {
    char digits[18];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    digits[--at] = 'x';
    digits[--at] = '0';
    put(truth, digits + at, sizeof(digits) - at);
}

static void put_key(struct truth *truth, const char *key) {
    put(truth, " ", 1);
    put(truth, key, strlen(key));
    put(truth, "=", 1);
}

void truth_word(struct truth *truth, const char *word) {
    put(truth, word, strlen(word));
}

void truth_hex(struct truth *truth, const char *key, uint64_t value) {
    put_key(truth, key);
    put_hex(truth, value);
}

void truth_text(struct truth *truth, const char *key, const char *value) {
    put_key(truth, key);
    put(truth, value, strlen(value));
}

void truth_list(struct truth *truth, const char *key, const uint64_t *value, size_t count) {
    put_key(truth, key);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            put(truth, ",", 1);
        }
        put_hex(truth, value[i]);
    }
}

void truth_end(struct truth *truth) {
    put(truth, "\n", 1);
    for (size_t i = 0; i < truth->used; i++) {
        truth->digest = (truth->digest ^ (uint8_t)truth->line[i]) * FNV_PRIME;
    }
    if (truth->file != NULL) {
        fwrite(truth->line, 1, truth->used, truth->file);
    }
    truth->used = 0;
}
