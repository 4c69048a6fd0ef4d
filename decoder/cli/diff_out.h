/* diff_out.h - what diff prints. */
#ifndef JEHEAP_CLI_DIFF_OUT_H
#define JEHEAP_CLI_DIFF_OUT_H

#include "cli.h"
#include "heap/growth.h"

/* diff_text.c, diff_json.c */
void diff_text(struct cli *cli, const struct jt_side side[JT_BOTH], const struct jt_diff *d);
void diff_json(struct cli *cli, const struct jt_side side[JT_BOTH], const struct jt_diff *d);

#endif
