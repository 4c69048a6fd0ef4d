/* suggest.c - which word was meant: the nearest by edit distance. */
#include <stdio.h>
#include <string.h>

#include "options.h"

enum { LONGEST = 32 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Letters to insert, delete, change, or swap with the next one. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t j = 0; j <= b_len; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[a_len][b_len];
}

void suggest(struct suggestion *s, const char *word) {
    size_t typed = strlen(s->typed), len = strnlen(word, LONGEST);
    if (typed < 2 || typed > LONGEST) {
        return;
    }
    size_t d = strncmp(s->typed, word, typed) == 0 ? 1 : distance(s->typed, typed, word, len);
    size_t near = typed > 8 ? 3 : typed > 4 ? 2 : 1; /* else it is another word */
    if (d <= near && (!s->nearest || d < s->distance)) {
        s->nearest = word;
        s->distance = d;
    }
}

const char *suggest_text(const struct suggestion *s, const char *before, char out[96]) {
    out[0] = 0;
    if (s->nearest) {
        snprintf(out, 96, "; did you mean %s%s?", before, s->nearest);
    }
    return out;
}
