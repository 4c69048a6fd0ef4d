/* stats_out.h - what stats prints. */
#ifndef JEHEAP_CLI_STATS_OUT_H
#define JEHEAP_CLI_STATS_OUT_H

#include "cli.h"
#include "heap/totals.h"

struct largest {
    struct jh_extent *extent; /* the largest first */
    size_t count, room;
};

/* What is handed out and not parked. A region that was freed twice is parked twice, and a running
 * process frees between two looks: more may be parked than handed out, and then none is live. */
static inline uint64_t stats_live(uint64_t allocated, uint64_t cached) {
    return cached < allocated ? allocated - cached : 0;
}

/* Of all slabs of a class: how many have so many regions handed out. */
struct packing {
    uint32_t *slabs[JH_BINS_MAX]; /* by that number; NULL: no slab of this class was seen */
};

/* stats_histogram.c */
/* Bytes of free regions in slabs. */
uint64_t stats_free(const struct cli *cli, const struct jh_stats *s);
void histogram_text(struct cli *cli, const struct jh_stats *s);
void histogram_json(struct cli *cli, const struct jh_stats *s);

/* stats_packing.c: --fragmentation */
/* False: memory ran out. */
bool packing_add(const struct cli *cli, struct packing *p, const struct jh_extent *e);
void packing_free(struct packing *p);
void packing_text(struct cli *cli, const struct jt_totals *t, const struct packing *p);
void packing_json(struct cli *cli, const struct jt_totals *t, const struct packing *p);

/* Text: a part of a whole in whole percent, and classes by the bytes of their extents, most first.
 */
unsigned stats_percent(uint64_t part, uint64_t whole);
size_t stats_sorted(const struct cli *cli, const struct jh_stats *s,
                    uint32_t szind[JH_CACHE_BINS_MAX]);

/* stats_json.c, stats_text.c; packing NULL: it was not asked for */
void stats_json(struct cli *cli, const struct jt_totals *t, const struct largest *largest,
                const struct packing *packing);
void stats_text(struct cli *cli, const struct jt_totals *t, const struct largest *largest,
                const struct packing *packing);

#endif
