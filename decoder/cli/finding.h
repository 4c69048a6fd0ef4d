/* finding.h - one break of a rule that check has found: where it is, and how it is printed. */
#ifndef JEHEAP_FINDING_H
#define JEHEAP_FINDING_H

#include "cli.h"

#define FINDING_TEXT 16 /* bytes that are shown as text */

struct finding {
    struct jh_fault fault;
    struct jt_judged judged;
    uint64_t extent, region;      /* 0: not known, or none */
    uint64_t arena_ind;           /* UINT64_MAX: not known */
    const struct jt_cache *cache; /* that the region is parked in; NULL: none */
    char text[FINDING_TEXT + 1];  /* the bytes at the address, where they look like text */
    char seen_text[8 + 1];        /* those of the value */
};

/* Fills in all but fault and judged. */
void finding_place(struct cli *cli, struct finding *f);
void finding_json(struct cli *cli, const struct finding *f);
void finding_text(const struct finding *f);

#endif
