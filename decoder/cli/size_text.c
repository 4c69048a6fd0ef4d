/* size_text.c - sizes for people: exact bytes, or three digits of the largest unit that fits. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "learn/digits.h"

enum { KIB = 1024, EXACT_BELOW = 16 * KIB };

/* All size classes of slabs, and what is no whole number of KiB beside them, stay exact. */
static bool is_exact(const struct cli *cli, uint64_t size) {
    return cli->args->bytes || size < KIB || (size < EXACT_BELOW && size % KIB != 0);
}

static char *put_fraction(char *end, uint64_t hundredths) {
    if (hundredths % 10 != 0) {
        *--end = (char)('0' + hundredths % 10);
    }
    if (hundredths != 0) {
        *--end = (char)('0' + hundredths / 10);
        *--end = '.';
    }
    return end;
}

/* Rounded to as many hundredths as leave three digits. */
static char *put_number(char *end, uint64_t size, unsigned shift) {
    uint64_t whole = size >> shift, step = whole >= 100 ? 100 : whole >= 10 ? 10 : 1;
    uint64_t rest = (size & ((UINT64_C(1) << shift) - 1)) * (100 / step);
    uint64_t hundredths = step * ((rest + (UINT64_C(1) << (shift - 1))) >> shift);
    end = put_fraction(end, hundredths % 100);
    return digits_decimal(end, whole + hundredths / 100);
}

const char *cli_size_text(const struct cli *cli, uint64_t size, char room[SIZE_TEXT]) {
    static const char unit[][5] = {" KiB", " MiB", " GiB", " TiB"};
    char *end = room + SIZE_TEXT - 1;
    size_t i = 0;
    while (i < sizeof(unit) / sizeof(unit[0]) - 1 && size >> (10 * (i + 2)) != 0) {
        i++;
    }
    *end = 0;
    if (is_exact(cli, size)) {
        end -= sizeof(" bytes") - 1;
        memcpy(end, " bytes", sizeof(" bytes") - 1);
        return digits_decimal(end, size);
    }
    end -= sizeof(unit[i]) - 1;
    memcpy(end, unit[i], sizeof(unit[i]) - 1);
    return put_number(end, size, 10 * (unsigned)(i + 1));
}
