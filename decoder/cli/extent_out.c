/* An extent, for programs and for people. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

const char *extent_state(const struct jh_extent *e, char out[32]) {
    if (e->state == JH_STATE_UNKNOWN) {
        snprintf(out, 32, "unknown(%" PRIu32 ")", e->state_bits);
    } else {
        snprintf(out, 32, "%s", jh_state_name(e->state));
    }
    return out;
}

static bool has(const struct cli *cli, enum jh_extent_field field) {
    return cli->target->layout.extent[field].width != 0;
}

static void number_or_null(struct cli *cli, const char *key, enum jh_extent_field field,
                           uint64_t value) {
    if (has(cli, field)) {
        json_number(&cli->json, key, value);
    } else {
        json_null(&cli->json, key);
    }
}

static void bool_or_null(struct cli *cli, const char *key, enum jh_extent_field field, bool value) {
    if (has(cli, field)) {
        json_bool(&cli->json, key, value);
    } else {
        json_null(&cli->json, key);
    }
}

static void sizes_json(struct cli *cli, const struct jh_extent *e) {
    struct json *j = &cli->json;
    json_address(j, "extent", e->at);
    json_address(j, "addr", e->addr);
    json_address(j, "base", e->base);
    json_number(j, "size", e->size);
    json_number(j, "bsize", e->bsize);
    json_number(j, "esn", e->esn);
    json_number(j, "usize", e->usize);
    json_number(j, "arena_ind", e->arena_ind);
}

void extent_json(struct cli *cli, const char *key, const struct jh_extent *e) {
    struct json *j = &cli->json;
    char state[32];
    json_open(j, key, '{');
    sizes_json(cli, e);
    json_bool(j, "slab", e->slab);
    json_bool(j, "is_slab", jh_extent_is_slab(e));
    json_bool(j, "allocated", e->allocated);
    bool_or_null(cli, "committed", JH_EXTENT_COMMITTED, e->committed);
    bool_or_null(cli, "dumpable", JH_EXTENT_DUMPABLE, e->dumpable);
    json_text(j, "pai", !has(cli, JH_EXTENT_PAI) ? NULL : e->pai ? "hpa" : "pac");
    bool_or_null(cli, "zeroed", JH_EXTENT_ZEROED, e->zeroed);
    bool_or_null(cli, "guarded", JH_EXTENT_GUARDED, e->guarded);
    json_text(j, "state", extent_state(e, state));
    json_number(j, "szind", e->szind);
    json_number(j, "nfree", e->nfree);
    if (jh_extent_is_slab(e) && e->szind < cli->target->layout.sc_nbins) {
        json_number(j, "nregs", cli->target->layout.bin[e->szind].nregs);
    } else {
        json_null(j, "nregs");
    }
    number_or_null(cli, "bin_shard", JH_EXTENT_BIN_SHARD, e->bin_shard);
    bool_or_null(cli, "is_head", JH_EXTENT_IS_HEAD, e->is_head);
    bool_or_null(cli, "pinned", JH_EXTENT_PINNED, e->pinned);
    json_number(j, "sn", e->sn);
    json_address(j, "bits", e->bits);
    json_close(j, '}');
}

void extent_row_head(const struct cli *cli) {
    if (!cli->args->quiet) {
        printf("%-18s %-18s %12s %-10s %-5s %5s %5s %11s %5s\n", "extent", "addr", "size", "state",
               "kind", "arena", "szind", "free/regions", "flags");
    }
}

void extent_row(const struct cli *cli, const struct jh_extent *e) {
    char state[32], regions[32] = "-", addr[32], at[32];
    bool slab = jh_extent_is_slab(e);
    if (slab && e->szind < cli->target->layout.sc_nbins) {
        snprintf(regions, sizeof(regions), "%" PRIu32 "/%" PRIu32, e->nfree,
                 cli->target->layout.bin[e->szind].nregs);
    }
    snprintf(at, sizeof(at), "0x%" PRIx64, e->at);
    snprintf(addr, sizeof(addr), "0x%" PRIx64, e->addr);
    extent_state(e, state);
    printf("%-18s %-18s %12" PRIu64 " %s%-10s%s %-5s %5" PRIu32 " %5" PRIu32 " %12s %s%s%s%s%s\n",
           at, addr, e->size, cli_paint(cli, state), state, cli_plain(cli),
           slab           ? "slab"
           : e->allocated ? "large"
                          : "-",
           e->arena_ind, e->szind, regions, e->committed ? "C" : "-", e->zeroed ? "Z" : "-",
           e->guarded ? "G" : "-", e->is_head ? "H" : "-", e->pai ? "P" : "-");
}
