/* stats: how much is in use, parked, free and unused; which classes and arenas have it. */
#include <stdlib.h>
#include <string.h>

#include "malloc_stats.h"
#include "stats_out.h"

/* ---- the largest ------------------------------------------------------------------------------
 */

/* A heap with the smallest of them on top. */
static void sift(struct largest *l, size_t at) {
    for (size_t child; (child = 2 * at + 1) < l->count; at = child) {
        if (child + 1 < l->count && l->extent[child + 1].usize < l->extent[child].usize) {
            child++;
        }
        if (l->extent[at].usize <= l->extent[child].usize) {
            return;
        }
        struct jh_extent e = l->extent[at];
        l->extent[at] = l->extent[child];
        l->extent[child] = e;
    }
}

static void keep_largest(void *arg, const struct jh_extent *e) {
    struct largest *l = arg;
    if (!e->allocated || jh_extent_is_slab(e) || l->room == 0) {
        return;
    }
    if (l->count < l->room) {
        l->extent[l->count++] = *e;
        for (size_t i = l->count / 2; l->count == l->room && i-- > 0;) {
            sift(l, i);
        }
    } else if (e->usize > l->extent[0].usize) {
        l->extent[0] = *e;
        sift(l, 0);
    }
}

static int by_size(const void *a, const void *b) {
    const struct jh_extent *x = a, *y = b;
    return x->usize != y->usize ? (x->usize < y->usize ? 1 : -1)
                                : (x->addr > y->addr) - (x->addr < y->addr);
}

/* ---- one walk ---------------------------------------------------------------------------------
 */

struct counted {
    struct cli *cli;
    struct largest largest;
    struct packing packing;
};

static void count_extent(void *arg, const struct jh_extent *e) {
    struct counted *c = arg;
    keep_largest(&c->largest, e);
    if (c->cli->args->fragmentation && !packing_add(c->cli, &c->packing, e)) {
        c->cli->target->memory_ran_out = true;
    }
}

static void say_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    cli_fault(((struct counted *)arg)->cli, "walk", status, fault);
}

static void say_unread(struct cli *cli, size_t arenas) {
    if (arenas == 0) {
        return;
    }
    cli_status(cli, EXIT_PARTIAL);
    if (!cli->args->quiet) {
        cli_say("what jemalloc itself counts could not be read whole of %zu arena%s", arenas,
                arenas == 1 ? "" : "s");
    }
}

/* Arenas are read while they are printed: to memory, as long as the process is held. */
static void print_jemalloc(struct cli *cli, const struct jt_totals *t) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = cli->json.file, *memory = open_memstream(&text, &size);
    if (memory) {
        cli->json.file = memory;
        malloc_stats_print(cli, t, cli->args->jemalloc);
        cli->json.file = out;
    }
    cli->target->memory_ran_out |= !memory || fclose(memory) != 0;
    hold_end(cli);
    fwrite(text, 1, text ? size : 0, out);
    free(text);
}

static void print(struct cli *cli, const struct jt_totals *t, const struct counted *c) {
    if (cli->args->jemalloc) {
        print_jemalloc(cli, t);
        return;
    }
    hold_end(cli);
    bool packed = cli->args->fragmentation && !cli->target->memory_ran_out;
    const struct packing *packing = packed ? &c->packing : NULL;
    if (cli->args->json) {
        stats_json(cli, t, &c->largest, packing);
    } else {
        stats_text(cli, t, &c->largest, packing);
    }
}

void command_stats(struct cli *cli) {
    struct counted counted = {.cli = cli, .largest = {.room = cli->args->largest}};
    const struct jt_totals_options options = {.arenas = cli->args->arenas || cli->args->json ||
                                                        cli->args->jemalloc ||
                                                        cli->args->fragmentation,
                                              .extent = count_extent,
                                              .fault = say_fault,
                                              .arg = &counted};
    counted.largest.extent = calloc(counted.largest.room + 1, sizeof(struct jh_extent));
    struct jt_totals *t = counted.largest.extent ? jt_totals(cli->target, &options) : NULL;
    if (!t || cli->target->memory_ran_out) {
        cli_say("out of memory");
        cli_status(cli, EXIT_PARTIAL);
    }
    if (t) {
        say_unread(cli, t->unread_arenas);
        qsort(counted.largest.extent, counted.largest.count, sizeof(struct jh_extent), by_size);
        print(cli, t, &counted);
        jt_totals_free(t);
    }
    free(counted.largest.extent);
    packing_free(&counted.packing);
    if (cli->status == EXIT_PARTIAL) {
        cli_mark_partial(cli);
    }
}
