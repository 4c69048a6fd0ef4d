/* stats_histogram.c - what is handed out, by size. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stats_out.h"

uint64_t stats_free(const struct cli *cli, const struct jh_stats *s) {
    const struct jh_layout *l = &cli->target->layout;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < l->sc_nbins; i++) {
        bytes += s->of[i].free * l->bin[i].reg_size;
    }
    return bytes;
}

/* A row has the size classes above a fourth of its size, up to it. */
enum { ROWS = 32, LG_FIRST = 4, LG_STEP = 2, BAR = 36 };

struct histogram {
    uint64_t count[ROWS], bytes[ROWS], most; /* in use, and what can not be told from that */
    size_t rows;                             /* up to the last one that has something */
};

static uint64_t up_to(size_t row) {
    size_t lg = LG_FIRST + LG_STEP * row;
    return lg < 64 ? UINT64_C(1) << lg : UINT64_MAX;
}

static void count(const struct cli *cli, const struct jh_stats *s, struct histogram *h) {
    memset(h, 0, sizeof(*h));
    for (uint32_t i = 0, row = 0; i < cli->target->layout.sc_nsizes; i++) {
        const struct jh_class_stats *c = &s->of[i];
        uint64_t size = jh_index2size(&cli->target->layout, i);
        while (size > up_to(row)) {
            row++;
        }
        uint64_t live = stats_live(c->allocated, c->cached);
        h->count[row] += live;
        h->bytes[row] += stats_live(c->usable, c->cached * size);
        h->most = h->bytes[row] > h->most ? h->bytes[row] : h->most;
        h->rows = live != 0 ? row + 1 : h->rows;
    }
}

static bool all_known(const struct cli *cli) {
    return jt_caches(cli->target)->why == JT_CACHES_COMPLETE;
}

void histogram_text(struct cli *cli, const struct jh_stats *s) {
    static const char bar[BAR + 1] = "####################################";
    struct histogram h;
    count(cli, s, &h);
    printf("\n%12s %14s %10s\n", "size up to", all_known(cli) ? "live bytes" : "held bytes",
           "count");
    for (size_t i = 0; i < h.rows; i++) {
        char size[SIZE_TEXT], bytes[SIZE_TEXT];
        printf("%12s %14s %10" PRIu64 " %.*s\n", cli_size_text(cli, up_to(i), size),
               cli_size_text(cli, h.bytes[i], bytes), h.count[i],
               (int)(h.bytes[i] / (h.most / BAR + (h.most < BAR))), bar);
    }
}

void histogram_json(struct cli *cli, const struct jh_stats *s) {
    struct json *j = &cli->json;
    struct histogram h;
    count(cli, s, &h);
    json_open(j, "histogram", '[');
    for (size_t i = 0; i < h.rows; i++) {
        json_open(j, NULL, '{');
        json_number(j, "up_to", up_to(i));
        json_number(j, "count", h.count[i]);
        json_number(j, "bytes", h.bytes[i]);
        json_close(j, '}');
    }
    json_close(j, ']');
}
