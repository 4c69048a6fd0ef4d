/* digits.h - numbers as text, for output of many lines: printf() takes most of the time there. */
#ifndef JEHEAP_LEARN_DIGITS_H
#define JEHEAP_LEARN_DIGITS_H

#include <stdint.h>

#define DIGITS_ROOM 24 /* bytes that hold any number, with 0x in front */

/* Both write the number so that it ends before end, and return its first character. */
static inline char *digits_decimal(char *end, uint64_t value) {
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return end;
}

static inline char *digits_address(char *end, uint64_t value) {
    do {
        *--end = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value);
    *--end = 'x';
    *--end = '0';
    return end;
}

#endif
