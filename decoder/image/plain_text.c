#include "image/plain_text.h"

#include <string.h>

unsigned jt_utf8_length(const unsigned char *p) {
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

bool jt_utf8_controls(const unsigned char *p) {
    return p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0);
}

/* Writes one sequence, as it is or each byte in hexadecimal. Returns how many bytes that takes. */
static size_t put_char(const unsigned char *p, unsigned length, bool as_it_is, char *out) {
    static const char digit[] = "0123456789abcdef";
    if (as_it_is) {
        memcpy(out, p, length);
        return length;
    }
    for (unsigned i = 0; i < length; i++) {
        out[4 * i] = '\\';
        out[4 * i + 1] = 'x';
        out[4 * i + 2] = digit[p[i] >> 4];
        out[4 * i + 3] = digit[p[i] & 15];
    }
    return 4 * (size_t)length;
}

void jt_plain(const char *text, char *out, size_t size) {
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0;
    while (*p != 0) {
        char piece[8]; /* two bytes in hexadecimal: a control character of UTF-8 has no more */
        unsigned length = jt_utf8_length(p);
        bool sound = length != 0 && !jt_utf8_controls(p);
        unsigned step = length != 0 ? length : 1;
        size_t len = put_char(p, step, sound, piece);
        if (len >= size - at) {
            break;
        }
        memcpy(out + at, piece, len);
        at += len;
        p += step;
    }
    out[at] = 0;
}
