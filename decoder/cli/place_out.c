/* place_out.c - what an address is that is not jemalloc's, for programs and for people. */
#include <inttypes.h>

#include "cli.h"

static const char *or_null(const char *text) {
    return *text ? text : NULL;
}

static void mapping_json(struct json *j, const struct jt_place *p) {
    if (!p->end) {
        json_null(j, "mapping");
        return;
    }
    json_open(j, "mapping", '{');
    json_address(j, "start", p->start);
    json_address(j, "end", p->end);
    json_text(j, "permissions", or_null(p->permissions));
    json_text(j, "path", or_null(p->path));
    json_close(j, '}');
}

void place_json(struct cli *cli, const struct jt_place *p) {
    struct json *j = &cli->json;
    if (!p) {
        json_null(j, "what");
        return;
    }
    json_open(j, "what", '{');
    json_text(j, "kind", jt_what_name(p->what));
    json_text(j, "module", p->module ? p->module->path : NULL);
    json_text(j, "section", or_null(p->section));
    json_text(j, "symbol", or_null(p->symbol));
    if (*p->symbol) {
        json_number(j, "symbol_offset", p->symbol_offset);
    } else {
        json_null(j, "symbol_offset");
    }
    if (p->thread) {
        json_number(j, "thread", (uint64_t)p->thread->id);
    } else {
        json_null(j, "thread");
    }
    json_text(j, "thread_name", p->thread ? or_null(p->thread->name) : NULL);
    mapping_json(j, p);
    json_close(j, '}');
}

static void put_after(const char *before, const char *text) {
    if (*text) {
        printf("%s", before);
        cli_put(text);
    }
}

/* What a word can say: of nothing and of jemalloc's own, the line in front has said it. */
void place_text(const struct jt_place *p) {
    if (p->what == JT_IN_NOTHING || p->what == JT_IN_METADATA) {
        return;
    }
    printf("    in %s", jt_what_name(p->what));
    put_after(" ", p->module ? p->module->path : "");
    put_after(", ", p->section);
    put_after(": ", p->symbol);
    if (*p->symbol) {
        printf(" + 0x%" PRIx64, p->symbol_offset);
    }
    if (p->thread) {
        printf(" of thread %d", p->thread->id);
        put_after(" ", p->thread->name);
    }
    printf("\n");
    if (p->end) {
        printf("    mapping 0x%" PRIx64 "-0x%" PRIx64, p->start, p->end);
        put_after(" ", p->permissions);
        put_after(" ", p->path);
        printf("\n");
    }
}
