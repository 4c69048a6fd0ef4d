/* caches: every thread cache and every explicit one, and what is parked in them. */
#include <inttypes.h>

#include "cli.h"

static uint64_t count_of(const struct jt_cache_bin *b) {
    return (uint64_t)b->known.ncached + b->known.stashed;
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static void addresses_json(struct cli *cli, const struct jt_cache_bin *b, const char *key,
                           bool stashed) {
    const struct jt_parked *parked = jt_caches(cli->target)->parked + b->first;
    struct json *j = &cli->json;
    json_open(j, key, '[');
    for (uint32_t i = 0; i < b->parked; i++) {
        if (parked[i].stashed == stashed) {
            json_address(j, NULL, parked[i].addr);
        }
    }
    json_close(j, ']');
}

static void bin_json(struct cli *cli, const struct jt_cache_bin *b) {
    struct json *j = &cli->json;
    uint64_t size = jh_index2size(&cli->target->layout, b->known.szind);
    json_open(j, NULL, '{');
    json_number(j, "szind", b->known.szind);
    json_number(j, "size", size);
    json_number(j, "ncached", b->known.ncached);
    if (b->known.ncached_max) {
        json_number(j, "ncached_max", b->known.ncached_max);
    } else {
        json_null(j, "ncached_max");
    }
    json_number(j, "stashed", b->known.stashed);
    json_number(j, "bytes", count_of(b) * size);
    if (cli->args->cache_addresses) {
        addresses_json(cli, b, "addrs", false);
        addresses_json(cli, b, "addrs_stashed", true);
    }
    json_close(j, '}');
}

static void cache_json(struct cli *cli, const struct jt_caches *all, const struct jt_cache *c) {
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_address(j, "cache", c->at);
    parked_owner_json(j, c);
    json_number(j, "arena_ind", c->arena_ind);
    json_number(j, "count", c->count);
    json_number(j, "bytes", c->bytes);
    json_open(j, "bins", '[');
    for (size_t i = 0; i < c->bins; i++) {
        bin_json(cli, &all->bin[c->first + i]);
    }
    json_close(j, ']');
    json_close(j, '}');
    json_line(j);
}

/* ---- text -------------------------------------------------------------------------------------
 */

static void bin_text(struct cli *cli, const struct jt_cache_bin *b) {
    const struct jt_parked *parked = jt_caches(cli->target)->parked + b->first;
    char room[SIZE_TEXT];
    if (count_of(b) == 0) {
        return;
    }
    printf("    szind %3" PRIu32 " %11s: %5" PRIu64, b->known.szind,
           cli_size_text(cli, jh_index2size(&cli->target->layout, b->known.szind), room),
           count_of(b));
    if (b->known.ncached_max) {
        printf(" of %" PRIu32, b->known.ncached_max);
    }
    printf("\n");
    for (uint32_t i = 0; cli->args->cache_addresses && i < b->parked; i++) {
        printf("      0x%" PRIx64 "%s\n", parked[i].addr, parked[i].stashed ? " stashed" : "");
    }
}

static void cache_text(struct cli *cli, const struct jt_caches *all, const struct jt_cache *c) {
    char room[SIZE_TEXT];
    printf("0x%" PRIx64 " %s", c->at, c->is_explicit ? "explicit" : "thread");
    if (c->thread != 0) {
        printf(" %d%s", c->thread, *c->thread_name ? " " : "");
        cli_put(c->thread_name);
    }
    printf(", arena %" PRIu32 ": %" PRIu64 " region%s, %s\n", c->arena_ind, c->count,
           c->count == 1 ? "" : "s", cli_size_text(cli, c->bytes, room));
    for (size_t i = 0; i < c->bins; i++) {
        bin_text(cli, &all->bin[c->first + i]);
    }
}

static void totals_text(const struct cli *cli, const struct jt_caches *all) {
    char room[SIZE_TEXT];
    uint64_t count = 0, bytes = 0;
    for (size_t i = 0; i < all->count; i++) {
        count += all->cache[i].count;
        bytes += all->cache[i].bytes;
    }
    printf("%zu cache%s: %" PRIu64 " region%s, %s\n", all->count, all->count == 1 ? "" : "s", count,
           count == 1 ? "" : "s", cli_size_text(cli, bytes, room));
}

void command_caches(struct cli *cli) {
    const struct jt_caches *all = jt_caches_owned(cli->target);
    hold_end(cli);
    for (size_t i = 0; i < all->count; i++) {
        if (cli->args->json) {
            cache_json(cli, all, &all->cache[i]);
        } else {
            cache_text(cli, all, &all->cache[i]);
        }
    }
    if (!cli->args->json) {
        totals_text(cli, all);
    }
    if (all->why != JT_CACHES_COMPLETE) {
        parked_say_why(cli);
        cli_status(cli, EXIT_PARTIAL);
        cli_mark_partial(cli);
    }
}
