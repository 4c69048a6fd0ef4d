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

/* The least number of so many digits and one. */
static const uint64_t digits_power[] = {1,
                                        10,
                                        100,
                                        1000,
                                        10000,
                                        100000,
                                        1000000,
                                        10000000,
                                        100000000,
                                        1000000000,
                                        10000000000,
                                        100000000000,
                                        1000000000000,
                                        10000000000000,
                                        100000000000000,
                                        1000000000000000,
                                        10000000000000000,
                                        100000000000000000,
                                        1000000000000000000,
                                        10000000000000000000U};

/* Both write from at on, and return what is behind. */
static inline char *digits_put_decimal(char *at, uint64_t value) {
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1), count = bits * 1233 >> 12;
    count += value >= digits_power[count];
    count += count == 0;
    (void)digits_decimal(at + count, value);
    return at + count;
}

static inline char *digits_put_address(char *at, uint64_t value) {
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1), count = 2 + (bits + 3) / 4;
    (void)digits_address(at + count, value);
    return at + count;
}

#endif
