/* version.h - the columns of the table of versions that the formulas use. */
#ifndef JEHEAP_VERSION_H
#define JEHEAP_VERSION_H

#include "jeheap/jeheap.h"

/* Widths that depend on build parameters. */
enum { W_SZIND = 100, W_NFREE, W_REST };

struct jh_bits_row {
    uint8_t field, width;
};
#define JH_BITS_MAX 14 /* rows, of which the last is empty */

struct jh_states_row {
    uint8_t count;
    enum jh_state state[JH_STATES_MAX];
};

#endif
