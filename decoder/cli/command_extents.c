/* extents: every extent; extent: one structure, field by field. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

static bool wanted(const struct arguments *a, const struct jh_extent *e) {
    char state[32];
    return (a->arena == UINT64_MAX || a->arena == e->arena_ind) &&
           (a->szind == UINT64_MAX || a->szind == e->szind) && e->size >= a->min_size &&
           (!a->slab || jh_extent_is_slab(e)) &&
           (!a->state || strcmp(a->state, extent_state(e, state)) == 0);
}

static void print_extent(struct cli *cli, const struct jh_extent *e, void *unused) {
    (void)unused;
    if (!wanted(cli->args, e)) {
        return;
    }
    if (cli->args->json) {
        extent_json(cli, NULL, e);
        json_line(&cli->json);
    } else {
        extent_row(cli, e);
    }
}

void command_extents(struct cli *cli) {
    if (!cli->args->json) {
        extent_row_head(cli);
    }
    cli_walk(cli, print_extent, NULL);
    if (cli->status == EXIT_PARTIAL) { /* the last line says that some are missing */
        cli_mark_partial(cli);
    }
}

/* ---- one of them ---------------------------------------------------------------------------- */

/* e_bits field by field; the words behind it. */
static uint64_t raw_field(const struct cli *cli, const struct jh_extent *e,
                          enum jh_extent_field field) {
    const struct jh_layout *l = &cli->target->layout;
    struct jh_field f = l->extent[field];
    switch (field) {
    case JH_EXTENT_BITS:
        return e->bits;
    case JH_EXTENT_ADDR:
        return e->addr;
    case JH_EXTENT_SIZE:
        return e->size >> l->build.lg_page;
    case JH_EXTENT_ESN:
        return e->esn;
    case JH_EXTENT_BSIZE:
        return e->bsize;
    case JH_EXTENT_PS:
        return e->ps;
    case JH_EXTENT_SN:
        return e->sn;
    default:
        return (e->bits & jh_field_mask(f)) >> f.shift;
    }
}

static void fields_json(struct cli *cli, const struct jh_extent *e) {
    struct json *j = &cli->json;
    json_open(j, "fields", '{');
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        struct jh_field f = cli->target->layout.extent[i];
        if (!f.width) {
            json_null(j, jh_extent_field_name(i));
            continue;
        }
        json_open(j, jh_extent_field_name(i), '{');
        json_address(j, "raw", raw_field(cli, e, i));
        json_number(j, "offset", f.offset);
        json_number(j, "shift", f.shift);
        json_number(j, "width", f.width);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void fields_text(struct cli *cli, const struct jh_extent *e) {
    printf("  %-10s %-18s %s\n", "field", "raw", "offset:shift:width");
    for (unsigned i = 0; i < JH_EXTENT_FIELDS; i++) {
        struct jh_field f = cli->target->layout.extent[i];
        char value[32];
        if (!f.width) {
            printf("  %-10s -                  not in this build\n", jh_extent_field_name(i));
            continue;
        }
        snprintf(value, sizeof(value), "0x%" PRIx64, raw_field(cli, e, i));
        printf("  %-10s %-18s %u:%u:%u\n", jh_extent_field_name(i), value, f.offset, f.shift,
               f.width);
    }
}

/* A sound structure may contradict the tree, where that leads to it, or its bitmap: one that is not
 * in use has no elements. */
static enum jh_status check_extent(const struct cli *cli, const struct jh_extent *e,
                                   struct jh_fault *fault) {
    enum jh_status status = jh_extent_check(&cli->target->layout, e, fault);
    if (status == JH_OK && sound_in_tree(cli, e)) {
        status = sound_extent(cli, e, fault);
        return status == JH_OK ? jt_check_one(cli->target, e, fault) : status;
    }
    return status;
}

/* Structures are in jemalloc's own memory, which is no extent's. Any other pointer, as people have
 * them at hand, is a question for find. */
static bool has_no_structure(const struct cli *cli, uint64_t at) {
    return jt_in_extent(cli->target, at) || jt_is_metadata(cli->target, at) == JT_NO;
}

static void say_no_structure(struct cli *cli, uint64_t at) {
    struct jh_location l;
    char what[96] = "";
    if (jh_locate(&cli->target->heap, at, &l, NULL) == JH_OK && l.owned) {
        snprintf(what, sizeof(what), ": %s, 0x%" PRIx64 " + %" PRIu64 " of %" PRIu64 " bytes",
                 jh_use_name(l.use), l.start, l.offset, l.size);
    }
    cli_say("no extent structure is at 0x%" PRIx64 ", this is not jemalloc's own memory; find says "
            "what is there%s",
            at, what);
    cli_status(cli, EXIT_FOUND);
}

static const char *severity_of(const struct cli *cli, const struct jh_fault *fault) {
    return jt_severity_name(jt_judge(cli->target, fault, running_moves(cli)).severity);
}

/* e: as far as it could be read, NULL: not at all. */
static void one_json(struct cli *cli, const struct jh_extent *e, const struct jh_fault *fault,
                     const char *why) {
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    if (e) {
        extent_json(cli, "decoded", e);
        fields_json(cli, e);
    } else {
        json_null(j, "decoded");
        json_null(j, "fields");
    }
    json_text(j, "broken_rule", fault ? fault->rule : NULL);
    json_text(j, "severity", fault && fault->status == JH_CORRUPT ? severity_of(cli, fault) : NULL);
    json_text(j, "why", why);
    json_close(j, '}');
    json_line(j);
}

/* Again where it contradicts, in a process that may be changing it. *read: it was there. */
static enum jh_status read_and_check(const struct cli *cli, uint64_t at, struct jh_extent *e,
                                     bool *read, struct jh_fault *fault) {
    const struct jh_reader *reader = &cli->target->heap.reader;
    enum jh_status status;
    unsigned times = 0;
    do {
        status = jh_extent_read(&cli->target->heap, at, e, fault);
        *read = status == JH_OK;
        if (*read) {
            status = check_extent(cli, e, fault);
        }
    } while (status == JH_CORRUPT && reader->retry && reader->retry(reader->arg, times++));
    return status;
}

static void print_one(struct cli *cli, uint64_t at) {
    struct jh_extent e;
    struct jh_fault fault;
    bool read;
    enum jh_status status = read_and_check(cli, at, &e, &read, &fault);
    bool none = status == JH_CORRUPT && has_no_structure(cli, at);
    if (cli->args->json && (read || none)) {
        one_json(cli, read ? &e : NULL, status == JH_OK ? NULL : &fault,
                 none ? "no extent structure" : NULL);
    } else if (read && !none) {
        extent_row_head(cli);
        extent_row(cli, &e);
        fields_text(cli, &e);
        cli->in_answer = true;
    }
    if (none) {
        say_no_structure(cli, at);
    } else if (status != JH_OK) {
        sound_say(cli, "extent", status, &e, &fault);
    }
    cli_answer_faults(cli);
    cli->in_answer = false;
}

void command_extent(struct cli *cli) {
    for (size_t i = 0; i < cli->args->operands; i++) {
        print_one(cli, cli_address(cli, i));
    }
}
