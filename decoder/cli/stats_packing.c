/* stats_packing.c - fragmentation: where memory is that nobody uses, and how few regions keep
 * slabs that could go. */
#include <inttypes.h>
#include <stdlib.h>

#include "stats_out.h"

bool packing_add(const struct cli *cli, struct packing *p, const struct jh_extent *e) {
    if (!jh_extent_is_slab(e)) {
        return true;
    }
    uint32_t nregs = cli->target->layout.bin[e->szind].nregs;
    if (p->slabs[e->szind] == NULL) {
        p->slabs[e->szind] = calloc(nregs + 1, sizeof(uint32_t));
    }
    if (p->slabs[e->szind] == NULL) {
        return false;
    }
    p->slabs[e->szind][nregs - e->nfree]++;
    return true;
}

void packing_free(struct packing *p) {
    for (size_t i = 0; i < JH_BINS_MAX; i++) {
        free(p->slabs[i]);
    }
}

/* ---- a class ----------------------------------------------------------------------------------
 */

enum { TOP = 3 }; /* arenas that are named */

struct packed {
    uint64_t spare;   /* slabs that could go: regions stay in their arena */
    uint64_t regions; /* that are in the emptiest slabs, as many as could go */
    struct {
        uint32_t ind;
        uint64_t spare;
    } arena[TOP]; /* that have most of them */
};

static void take_arena(struct packed *out, uint32_t ind, uint64_t spare) {
    size_t i = TOP;
    out->spare += spare;
    for (; i > 0 && spare > out->arena[i - 1].spare; i--) {
        if (i < TOP) {
            out->arena[i] = out->arena[i - 1];
        }
    }
    if (i < TOP) {
        out->arena[i].ind = ind;
        out->arena[i].spare = spare;
    }
}

static struct packed pack(const struct cli *cli, const struct jt_totals *t, const struct packing *p,
                          uint32_t szind) {
    const struct jh_layout *l = &cli->target->layout;
    struct packed out = {.spare = 0};
    for (size_t i = 0; i < t->arenas; i++) {
        take_arena(&out, t->arena[i].ind, jh_stats_spare_slabs(l, &t->arena[i].stats, szind));
    }
    uint64_t left = out.spare;
    for (uint32_t used = 0; left != 0 && used <= l->bin[szind].nregs; used++) {
        uint64_t slabs = p->slabs[szind][used] < left ? p->slabs[szind][used] : left;
        out.regions += slabs * used;
        left -= slabs;
    }
    return out;
}

/* ---- text -------------------------------------------------------------------------------------
 */

static void waste_row(struct cli *cli, const char *name, bool known, uint64_t bytes,
                      const char *what) {
    char room[SIZE_TEXT];
    printf("%-10s %14s  %s\n", name, known ? cli_size_text(cli, bytes, room) : "-", what);
}

static void waste_text(struct cli *cli, const struct jt_totals *t) {
    const struct jh_stats *s = &t->stats;
    uint64_t in_slabs = stats_free(cli, s);
    printf("\nMemory that the program does not use\n");
    waste_row(cli, "internal", false, 0, "rounding up to size classes: not known,");
    printf("%-10s %14s  %s\n", "", "", "jemalloc does not keep how much was asked for");
    waste_row(cli, "slab", true, in_slabs, "free regions of slabs");
    waste_row(cli, "padding", true, s->active - s->usable - in_slabs, "of pages");
    waste_row(cli, "cached", jt_caches(cli->target)->why == JT_CACHES_COMPLETE, s->cached,
              "parked in thread caches");
    waste_row(cli, "dirty", true, s->state_bytes[JH_DIRTY], "unused extents");
    waste_row(cli, "muzzy", true, s->state_bytes[JH_MUZZY], "unused, the kernel may take it");
    waste_row(cli, "retained", true, s->state_bytes[JH_RETAINED], "addresses without memory");
    waste_row(cli, "metadata", t->own.metadata_known, t->own.metadata, "jemalloc's own");
}

static void arenas_text(const struct packed *k) {
    for (size_t i = 0; i < TOP && k->arena[i].spare != 0; i++) {
        printf("%s%" PRIu32 ": %" PRIu64, i == 0 ? "  " : ", ", k->arena[i].ind, k->arena[i].spare);
    }
    printf("\n");
}

void packing_text(struct cli *cli, const struct jt_totals *t, const struct packing *p) {
    const struct jh_layout *l = &cli->target->layout;
    uint32_t szind[JH_CACHE_BINS_MAX];
    size_t count = stats_sorted(cli, &t->stats, szind);
    waste_text(cli, t);
    printf("\n%12s %10s %10s %13s %10s  %s\n", "size class", "slabs", "could go", "pinned",
           "by regions", "arena: slabs");
    for (size_t i = 0; i < count; i++) {
        char size[SIZE_TEXT], pinned[SIZE_TEXT];
        if (szind[i] >= l->sc_nbins) {
            continue;
        }
        struct packed k = pack(cli, t, p, szind[i]);
        if (k.spare == 0) {
            continue;
        }
        printf("%12s %10" PRIu64 " %10" PRIu64 " %13s %10" PRIu64,
               cli_size_text(cli, jh_index2size(l, szind[i]), size), t->stats.of[szind[i]].slabs,
               k.spare, cli_size_text(cli, k.spare * l->bin[szind[i]].slab_size, pinned),
               k.regions);
        arenas_text(&k);
    }
    printf("So many slabs could go if the regions of each arena lay together.\n"
           "The regions that pin them are those in the emptiest slabs.\n");
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void class_json(struct cli *cli, const struct jt_totals *t, const struct packing *p,
                       uint32_t szind) {
    struct packed k = pack(cli, t, p, szind);
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_number(j, "szind", szind);
    json_number(j, "slabs", t->stats.of[szind].slabs);
    json_number(j, "spare_slabs", k.spare);
    json_number(j, "pinned", k.spare * cli->target->layout.bin[szind].slab_size);
    json_number(j, "regions", k.regions);
    json_open(j, "arenas", '[');
    for (size_t i = 0; i < TOP && k.arena[i].spare != 0; i++) {
        json_open(j, NULL, '{');
        json_number(j, "arena_ind", k.arena[i].ind);
        json_number(j, "spare_slabs", k.arena[i].spare);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

void packing_json(struct cli *cli, const struct jt_totals *t, const struct packing *p) {
    const struct jh_stats *s = &t->stats;
    struct json *j = &cli->json;
    uint64_t in_slabs = stats_free(cli, s);
    json_open(j, "fragmentation", '{');
    json_null(j, "internal"); /* jemalloc does not keep how much was asked for */
    json_number(j, "slab", in_slabs);
    json_number(j, "padding", s->active - s->usable - in_slabs);
    json_open(j, "classes", '[');
    for (uint32_t i = 0; i < cli->target->layout.sc_nbins; i++) {
        if (s->of[i].slabs != 0) {
            class_json(cli, t, p, i);
        }
    }
    json_close(j, ']');
    json_close(j, '}');
}
