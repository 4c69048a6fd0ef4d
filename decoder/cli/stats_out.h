/* stats_out.h - what stats prints. */
#ifndef JEHEAP_CLI_STATS_OUT_H
#define JEHEAP_CLI_STATS_OUT_H

#include "cli.h"

struct largest {
    struct jh_extent *extent; /* the largest first */
    size_t count, room;
};

/* What is handed out and not parked. A region that was freed twice is parked twice, and a running
 * process frees between two looks: more may be parked than handed out, and then none is live. */
static inline uint64_t stats_live(uint64_t allocated, uint64_t cached) {
    return cached < allocated ? allocated - cached : 0;
}

/* stats_json.c, stats_text.c */
void stats_json(struct cli *cli, const struct jt_totals *t, const struct largest *largest);
void stats_text(struct cli *cli, const struct jt_totals *t, const struct largest *largest);

#endif
