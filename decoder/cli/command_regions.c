/* regions: every region of every slab, and every large allocation. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

enum { BATCH = 64 };

struct batch {
    struct jh_extent extent[BATCH];
    struct jh_slab slab[BATCH];
    enum jh_status status[BATCH];
    size_t count;
};

/* A region, or a large allocation: index is UINT32_MAX then. */
struct region {
    const struct jh_extent *extent;
    uint64_t addr, size;
    uint32_t index;
    struct parked parked;
};

static bool wanted(const struct arguments *a, const struct region *r) {
    return !a->state || strcmp(a->state, r->parked.state) == 0;
}

static bool wanted_extent(const struct arguments *a, const struct jh_extent *e, uint64_t size) {
    return e->allocated && (a->arena == UINT64_MAX || a->arena == e->arena_ind) &&
           (a->szind == UINT64_MAX || a->szind == e->szind) && size >= a->min_size;
}

static uint64_t cache_of(struct cli *cli, const struct jt_parked *parked) {
    const struct jt_caches *all = jt_caches(cli->target);
    return all->cache[all->bin[parked->bin].cache].at;
}

static void give_json(struct cli *cli, const struct region *r) {
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_address(j, "addr", r->addr);
    json_number(j, "size", r->size);
    json_word(j, "state", r->parked.state);
    json_number(j, "szind", r->extent->szind);
    json_bool(j, "slab", r->index != UINT32_MAX);
    json_number(j, "arena_ind", r->extent->arena_ind);
    json_address(j, "extent", r->extent->at);
    if (r->index != UINT32_MAX) {
        json_number(j, "region_index", r->index);
    } else {
        json_null(j, "region_index");
    }
    if (r->parked.parked) {
        json_address(j, "cache", cache_of(cli, r->parked.parked));
    } else {
        json_null(j, "cache");
    }
    json_close(j, '}');
    json_line(j);
}

static void give(struct cli *cli, const struct region *r) {
    if (!wanted(cli->args, r)) {
        return;
    }
    if (cli->args->json) {
        give_json(cli, r);
    } else {
        printf("0x%-16" PRIx64 " %12" PRIu64 " %-7s %5" PRIu32 " %5" PRIu32 "\n", r->addr, r->size,
               r->parked.state, r->extent->szind, r->extent->arena_ind);
    }
}

static void give_large(struct cli *cli, const struct jh_extent *e) {
    struct region r = {.extent = e, .addr = e->addr, .size = e->usize, .index = UINT32_MAX};
    r.parked = parked_find(cli, JH_USE_HELD, e->addr);
    give(cli, &r);
}

static void give_slab(struct cli *cli, const struct jh_extent *e, const struct jh_slab *slab) {
    for (uint32_t i = 0; i < slab->nregs; i++) {
        struct region r = {
            .extent = e, .addr = e->base + i * slab->reg_size, .size = slab->reg_size, .index = i};
        bool is_free = jh_slab_free(&cli->target->layout, slab, i);
        r.parked = parked_find(cli, is_free ? JH_USE_FREE : JH_USE_HELD, r.addr);
        give(cli, &r);
    }
}

static void flush(struct cli *cli, struct batch *b) {
    jh_slab_read_many(&cli->target->heap, b->extent, b->count, b->slab, b->status);
    for (size_t i = 0; i < b->count; i++) {
        struct jh_fault fault = {
            b->status[i], JH_STAGE_SLAB, b->extent[i].at, 0, "slab.bitmap", 0, 0, 0, false};
        if (b->status[i] == JH_OK) {
            give_slab(cli, &b->extent[i], &b->slab[i]);
        } else {
            cli_fault(cli, "regions", b->status[i], &fault);
        }
    }
    b->count = 0;
}

static void take(struct cli *cli, struct batch *b, const struct jh_extent *e) {
    bool slab = jh_extent_is_slab(e);
    uint64_t size = slab ? cli->target->layout.bin[e->szind].reg_size : e->usize;
    if (!wanted_extent(cli->args, e, size)) {
        return;
    }
    if (!slab) {
        flush(cli, b); /* in the order of addresses */
        give_large(cli, e);
        return;
    }
    b->extent[b->count++] = *e;
    if (b->count == BATCH) {
        flush(cli, b);
    }
}

void command_regions(struct cli *cli) {
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    struct batch batch;
    batch.count = 0;
    (void)jt_caches(cli->target);
    if (!cli->args->json) {
        printf("%-18s %12s %-7s %5s %5s\n", "addr", "size", "state", "szind", "arena");
    }
    jh_walk_start(&walk, &cli->target->heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status == JH_OK) {
            take(cli, &batch, &e);
        } else {
            cli_fault(cli, "walk", status, &fault);
        }
    }
    flush(cli, &batch);
    if (cli->status == EXIT_PARTIAL) {
        cli_mark_partial(cli);
    }
}
