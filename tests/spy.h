/* A reader around another one: counts, fails where it is told to, and does not lend. */
#ifndef TESTS_SPY_H
#define TESTS_SPY_H

#include "jeheap/jeheap.h"

struct spy {
    struct jh_reader under;
    uint64_t fail_addr, fail_len; /* a read that touches [fail_addr, +fail_len) returns fail */
    enum jh_status fail;
    bool gather_fails;
    bool gather_forgets;   /* says that all went well, and has nothing */
    size_t reads, gathers; /* calls that were made */
    size_t fail_nth;       /* this read fails whatever it touches; the first is 1 */
};

/* Read only, and with a gather as well. */
struct jh_reader spy_read(struct spy *spy);
struct jh_reader spy_gather(struct spy *spy);

#endif
