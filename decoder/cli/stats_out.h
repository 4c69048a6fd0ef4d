/* stats_out.h - what stats prints. */
#ifndef JEHEAP_CLI_STATS_OUT_H
#define JEHEAP_CLI_STATS_OUT_H

#include "cli.h"

struct largest {
    struct jh_extent *extent; /* the largest first */
    size_t count, room;
};

/* stats_json.c, stats_text.c */
void stats_json(struct cli *cli, const struct jt_totals *t, const struct largest *largest);
void stats_text(struct cli *cli, const struct jt_totals *t, const struct largest *largest);

#endif
