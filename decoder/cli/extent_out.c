/* An extent, for programs and for people. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "learn/digits.h"

const char *extent_state(const struct jh_extent *e, char out[32]) {
    if (e->state == JH_STATE_UNKNOWN) {
        snprintf(out, 32, "unknown(%" PRIu32 ")", e->state_bits);
    } else {
        const char *name = jh_state_name(e->state);
        memcpy(out, name, strlen(name) + 1);
    }
    return out;
}

static bool has_field(const struct cli *cli, enum jh_extent_field field) {
    return cli->target->layout.extent[field].width != 0;
}

static void number_or_null(struct cli *cli, const char *key, enum jh_extent_field field,
                           uint64_t value) {
    if (has_field(cli, field)) {
        json_number(&cli->json, key, value);
    } else {
        json_null(&cli->json, key);
    }
}

static void bool_or_null(struct cli *cli, const char *key, enum jh_extent_field field, bool value) {
    if (has_field(cli, field)) {
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
    if (has_field(cli, JH_EXTENT_PAI)) {
        json_word(j, "pai", e->pai ? "hpa" : "pac");
    } else {
        json_null(j, "pai");
    }
    bool_or_null(cli, "zeroed", JH_EXTENT_ZEROED, e->zeroed);
    bool_or_null(cli, "guarded", JH_EXTENT_GUARDED, e->guarded);
    json_word(j, "state", extent_state(e, state));
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

/* ---- a line, put together by hand: printf() would take most of the time ------------------- */

/* Together 80, of addresses of 48 bits. */
enum { ADDRESS = 14, SIZE = 8, SIZE_BYTES = 12, STATE = 8, REGIONS = 8 };

struct row {
    char text[256];
    size_t len;
};

static void put_text(struct row *row, const char *text, size_t len) {
    memcpy(row->text + row->len, text, len);
    row->len += len;
}

static void blanks(struct row *row, size_t len, size_t width) {
    for (; len < width; len++) {
        row->text[row->len++] = ' ';
    }
}

/* Columns end with a blank. Text stands at the left, numbers at the right. */
static void text_column(struct row *row, const char *text, size_t width) {
    size_t len = strlen(text);
    put_text(row, text, len);
    blanks(row, len, width + 1);
}

static void number_column(struct row *row, uint64_t value, size_t width) {
    char room[DIGITS_ROOM + 1], *end = room + sizeof(room) - 1, *at = digits_decimal(end, value);
    *end = ' ';
    blanks(row, (size_t)(end - at), width);
    put_text(row, at, (size_t)(end - at) + 1);
}

static void address_column(struct row *row, uint64_t value) {
    char room[DIGITS_ROOM], *end = room + sizeof(room), *at = digits_address(end, value);
    put_text(row, at, (size_t)(end - at));
    blanks(row, (size_t)(end - at), ADDRESS + 1);
}

static void regions_column(struct row *row, uint32_t nfree, uint32_t nregs) {
    char room[2 * DIGITS_ROOM], *end = room + sizeof(room) - 1, *at = digits_decimal(end, nregs);
    *end = ' ';
    *--at = '/';
    at = digits_decimal(at, nfree);
    blanks(row, (size_t)(end - at), REGIONS);
    put_text(row, at, (size_t)(end - at) + 1);
}

static void none_column(struct row *row, size_t width) {
    blanks(row, 1, width);
    put_text(row, "- ", 2);
}

static void size_column(const struct cli *cli, struct row *row, uint64_t size) {
    char room[SIZE_TEXT];
    if (cli->args->bytes) {
        number_column(row, size, SIZE_BYTES);
        return;
    }
    const char *text = cli_size_text(cli, size, room);
    size_t len = (size_t)(room + SIZE_TEXT - 1 - text);
    blanks(row, len, SIZE);
    put_text(row, text, len);
    put_text(row, " ", 1);
}

static void put_word(struct row *row, const char *word) {
    put_text(row, word, strlen(word));
}

static void state_column(const struct cli *cli, struct row *row, const struct jh_extent *e) {
    char state[32];
    size_t len = strlen(extent_state(e, state));
    put_word(row, cli_paint(cli, state));
    put_text(row, state, len);
    blanks(row, len, STATE);
    put_word(row, cli_plain(cli));
    put_text(row, " ", 1);
}

void extent_row_head(const struct cli *cli) {
    printf("%-*s %-*s %*s %-*s %-5s %5s %5s %*s flags\n", ADDRESS, "extent", ADDRESS, "addr",
           cli->args->bytes ? SIZE_BYTES : SIZE, "size", STATE, "state", "kind", "arena", "szind",
           REGIONS, "free/all");
}

void extent_row(const struct cli *cli, const struct jh_extent *e) {
    struct row row;
    bool slab = jh_extent_is_slab(e);
    row.len = 0;
    address_column(&row, e->at);
    address_column(&row, e->addr);
    size_column(cli, &row, e->size);
    state_column(cli, &row, e);
    text_column(&row, slab ? "slab" : e->allocated ? "large" : "-", 5);
    number_column(&row, e->arena_ind, 5);
    if (e->allocated) {
        number_column(&row, e->szind, 5);
    } else { /* it has none, and jemalloc stores the number of size classes */
        none_column(&row, 5);
    }
    if (slab && e->szind < cli->target->layout.sc_nbins) {
        regions_column(&row, e->nfree, cli->target->layout.bin[e->szind].nregs);
    } else {
        none_column(&row, REGIONS);
    }
    const char flags[] = {e->committed ? 'C' : '-', e->zeroed ? 'Z' : '-', e->guarded ? 'G' : '-',
                          e->is_head ? 'H' : '-',   e->pai ? 'P' : '-',    '\n'};
    put_text(&row, flags, sizeof(flags));
    fwrite_unlocked(row.text, 1, row.len, stdout);
}
