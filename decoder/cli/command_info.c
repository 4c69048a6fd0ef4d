/* info: which jemalloc this is, where each part of its layout was learnt, and how much there is. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

struct totals {
    uint64_t extents, slabs, large, allocated_bytes, unused_bytes, metadata_bytes;
    uint64_t others[JT_ROOTS_LISTED]; /* extents of each root that was not chosen */
    uint64_t resident;                /* of a process; 0 when not known */
    uint64_t own_least, own_most;     /* of it jemalloc's */
    bool own_known;
};

/* What is retained was given back to the system, and may be terabytes. */
static void count_resident(struct cli *cli, const struct jh_extent *e) {
    if (cli->target->kind == JT_PROCESS && e->state != JH_RETAINED) {
        resident_add(cli, e->base, e->base + e->size);
    }
}

static void count_blocks(struct cli *cli, struct jt_target *view) {
    const struct jt_range *range;
    size_t ranges = cli->target->kind == JT_PROCESS ? jt_metadata_ranges(view, &range) : 0;
    for (size_t i = 0; i < ranges; i++) {
        resident_add(cli, range[i].start, range[i].end);
    }
}

/* Extents of another heap than the chosen one; what is wrong in it is not the question. */
static uint64_t count_others(struct cli *cli, struct jt_target *view) {
    struct jh_walk walk;
    struct jh_extent e;
    enum jh_status status = JH_OK;
    uint64_t extents = 0;
    for (jh_walk_start(&walk, &view->heap); status != JH_END;) {
        status = jh_walk_next(&walk, &e, NULL);
        if (status == JH_OK) {
            extents++;
            count_resident(cli, &e);
        }
    }
    count_blocks(cli, view);
    return extents;
}

static void count_extent(struct cli *cli, const struct jh_extent *e, void *totals) {
    struct totals *t = totals;
    count_resident(cli, e);
    t->extents++;
    t->slabs += jh_extent_is_slab(e);
    t->large += e->allocated && !jh_extent_is_slab(e);
    *(e->allocated ? &t->allocated_bytes : &t->unused_bytes) += e->size;
}

static uint64_t least_of(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static struct totals count_extents(struct cli *cli) {
    struct totals t = {0};
    cli_walk(cli, count_extent, &t);
    for (size_t i = 0, roots = jt_roots(cli->target); i < roots; i++) {
        struct jt_target *view = jt_root_view(cli->target, i);
        t.others[i] = view && view != cli->target ? count_others(cli, view) : 0;
    }
    t.metadata_bytes = jt_metadata_bytes(cli->target);
    count_blocks(cli, cli->target);
    t.own_known = resident_bytes(cli, &t.own_least, &t.own_most);
    t.resident = running_resident(cli);
    t.own_most = least_of(t.own_most, t.resident);
    t.own_least = least_of(t.own_least, t.resident);
    return t;
}

static const char *kind_name(enum jt_kind kind) {
    return kind == JT_CORE ? "core" : "process";
}

static const char *file_name(enum jt_file state) {
    static const char *const name[] = {"same build", "not proven", "missing", "another build"};
    return name[state];
}

static const char *metadata_source(struct jt_target *target) {
    return jt_source_name(jt_metadata_inferred(target) ? JT_INFERRED : JT_SYMBOL);
}

static void layout_json(struct cli *cli) {
    struct jt_target *t = cli->target;
    struct json *j = &cli->json;
    json_open(j, "layout", '{');
    json_text(j, "name", t->layout_name);
    json_number(j, "verified_extents", t->verified);
    json_number(j, "tried_extents", t->tried);
    json_open(j, "learnt_from", '{');
    for (unsigned i = 0; i < JT_PARTS; i++) {
        json_text(j, jt_part_name(i), jt_source_name(t->source[i]));
    }
    json_close(j, '}');
    json_close(j, '}');
}

static void roots_json(struct cli *cli, const struct totals *totals) {
    struct json *j = &cli->json;
    json_open(j, "roots", '[');
    for (size_t i = 0; i < cli->target->roots; i++) {
        const struct jt_root *root = &cli->target->root[i];
        const struct jt_target *view = jt_root_view(cli->target, i);
        json_open(j, NULL, '{');
        json_text(j, "module", root->module ? root->module->path : NULL);
        const char *version = view ? view->version_string : root->version;
        json_text(j, "version", *version ? version : NULL);
        json_address(j, "root", root->addr);
        json_text(j, "symbol", *root->symbol ? root->symbol : NULL);
        json_text(j, "layout", view ? view->layout_name : NULL);
        if (view) {
            json_number(j, "extents", root->chosen ? totals->extents : totals->others[i]);
        } else {
            json_null(j, "extents");
        }
        json_bool(j, "chosen", root->chosen);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void modules_json(struct cli *cli) {
    struct json *j = &cli->json;
    json_open(j, "modules", '[');
    for (size_t i = 0; i < cli->target->modules; i++) {
        const struct jt_module *m = &cli->target->module[i];
        char id[2 * JT_BUILD_ID_MAX + 1];
        jt_build_id_text(m->memory_id.size ? &m->memory_id : &m->file_id, id);
        json_open(j, NULL, '{');
        json_text(j, "path", m->path);
        json_address(j, "start", m->start);
        json_address(j, "end", m->end);
        json_text(j, "build_id", id);
        json_text(j, "file", file_name(m->state));
        json_bool(j, "jemalloc", m == cli->target->jemalloc);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void number_or_null(struct json *j, const char *key, bool known, uint64_t number) {
    if (known) {
        json_number(j, key, number);
    } else {
        json_null(j, key);
    }
}

static void resident_json(struct cli *cli, const struct totals *totals) {
    struct json *j = &cli->json;
    bool known = totals->resident != 0, own = known && totals->own_known;
    number_or_null(j, "resident_bytes", known, totals->resident);
    number_or_null(j, "resident_jemalloc_bytes", own, totals->own_most);
    number_or_null(j, "resident_jemalloc_least_bytes", own, totals->own_least);
}

static void info_json(struct cli *cli, const struct totals *totals) {
    struct jt_target *t = cli->target;
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_text(j, "target", cli_target(cli));
    json_text(j, "kind", kind_name(t->kind));
    json_bool(j, "is_skeleton", jt_is_skeleton(t));
    json_number(j, "pid", (uint64_t)t->pid);
    json_text(j, "jemalloc_version", *t->version_string ? t->version_string : NULL);
    layout_json(cli);
    json_address(j, "root", t->heap.rtree_root);
    json_text(j, "root_symbol", *t->root_name ? t->root_name : NULL);
    json_number(j, "extents", totals->extents);
    json_number(j, "slabs", totals->slabs);
    json_number(j, "large", totals->large);
    json_number(j, "allocated_bytes", totals->allocated_bytes);
    json_number(j, "unused_bytes", totals->unused_bytes);
    json_number(j, "metadata_bytes", totals->metadata_bytes);
    json_text(j, "metadata_learnt_from", totals->metadata_bytes == 0 ? NULL : metadata_source(t));
    resident_json(cli, totals);
    json_number(j, "bytes_present", t->bytes_present);
    json_number(j, "bytes_absent", t->bytes_absent);
    json_number(j, "bytes_truncated", t->bytes_truncated);
    hold_json(cli);
    json_number(j, "faults", cli->faults);
    cli_verdict_json(cli);
    json_bool(j, "partial", cli->status == EXIT_PARTIAL);
    roots_json(cli, totals);
    modules_json(cli);
    json_open(j, "warnings", '[');
    for (size_t i = 0; i < t->warnings; i++) {
        json_text(j, NULL, t->warning[i]);
    }
    json_close(j, ']');
    json_close(j, '}');
    json_line(j);
}

static void print_trial(const struct jt_target *t) {
    if (t->tried == 0) {
        printf("          could not be tried on any extent\n");
    } else if (t->verified == t->tried) {
        printf("          tried on %" PRIu64 " extents: all sound\n", t->tried);
    } else {
        printf("          tried on %" PRIu64 " extents: %" PRIu64 " sound, %" PRIu64 " not\n",
               t->tried, t->verified, t->tried - t->verified);
    }
}

/* A line for each of the others; which is which is all that there is to say. */
static void roots_text(struct cli *cli, const struct totals *totals) {
    for (size_t i = 0; i < cli->target->roots; i++) {
        const struct jt_root *root = &cli->target->root[i];
        const struct jt_target *view = jt_root_view(cli->target, i);
        if (root->chosen) {
            continue;
        }
        printf("other     0x%" PRIx64 "%s", root->addr, *root->symbol ? " in " : "");
        cli_put(root->symbol);
        printf(" in ");
        cli_put(root->module->path);
        if (view) {
            printf(", %s, %" PRIu64 " extents\n", view->layout_name, totals->others[i]);
        } else if (jt_is_skeleton(cli->target)) {
            printf(", not in this skeleton\n");
        } else {
            printf(", its layout is not known (--root 0x%" PRIx64 " says why)\n", root->addr);
        }
    }
}

static void bytes_text(const struct cli *cli, const struct totals *totals) {
    struct jt_target *t = cli->target;
    char a[SIZE_TEXT], b[SIZE_TEXT];
    printf("bytes     %s in allocated extents, %s in others\n",
           cli_size_text(cli, totals->allocated_bytes, a),
           cli_size_text(cli, totals->unused_bytes, b));
    if (totals->metadata_bytes != 0) {
        printf("          %s of blocks for metadata%s\n",
               cli_size_text(cli, totals->metadata_bytes, a),
               jt_metadata_inferred(t) ? " (inferred)" : "");
    } else { /* every jemalloc has some */
        printf("          metadata is not known\n");
    }
    if (t->kind != JT_CORE) {
        return;
    }
    printf("absent    %s are mapped and not in this image, %s were cut off\n",
           cli_size_text(cli, t->bytes_absent, a), cli_size_text(cli, t->bytes_truncated, b));
}

/* Where a leak is that no allocator knows of. */
static void resident_text(const struct cli *cli, const struct totals *totals) {
    uint64_t all = totals->resident, own = totals->own_most;
    char a[SIZE_TEXT], b[SIZE_TEXT], c[SIZE_TEXT];
    if (all == 0) {
        return;
    }
    printf("resident  %s of the process", cli_size_text(cli, all, a));
    if (!totals->own_known) {
        printf("; how much is jemalloc's is not known\n");
    } else if (totals->own_least < own) {
        printf(": %s to %s jemalloc's, the rest of other memory\n",
               cli_size_text(cli, totals->own_least, b), cli_size_text(cli, own, c));
    } else {
        printf(": %s jemalloc's, %s of other memory\n", cli_size_text(cli, own, b),
               cli_size_text(cli, all - own, c));
    }
}

static void info_text(struct cli *cli, const struct totals *totals) {
    struct jt_target *t = cli->target;
    printf("%s ", jt_is_skeleton(t) ? "skeleton" : kind_name(t->kind));
    cli_put(cli_target(cli));
    if (t->kind == JT_CORE && t->pid) {
        printf(" of process %d", t->pid);
    }
    if (cli->still) {
        uint64_t us = jt_still_ns(t) / 1000;
        printf(", held still for %" PRIu64 ".%03" PRIu64 " ms", us / 1000, us % 1000);
    }
    printf("\njemalloc  ");
    cli_put(*t->version_string ? t->version_string : "(no version string)");
    printf("%s", t->jemalloc ? "\n          in " : "");
    cli_put(t->jemalloc ? t->jemalloc->path : "");
    printf("\nlayout    %s\n", t->layout_name);
    print_trial(t);
    for (unsigned i = 0; i < JT_PARTS; i++) {
        printf("          %-11s from %s\n", jt_part_name(i), jt_source_name(t->source[i]));
    }
    printf("root      0x%" PRIx64 "%s", t->heap.rtree_root, *t->root_name ? " in " : "");
    cli_put(t->root_name);
    printf(t->source[JT_PART_ROOT] == JT_INFERRED ? ", found by looking: no symbols\n" : "\n");
    roots_text(cli, totals);
    printf("extents   %" PRIu64 ": %" PRIu64 " slabs, %" PRIu64 " large, %" PRIu64
           " not allocated\n",
           totals->extents, totals->slabs, totals->large,
           totals->extents - totals->slabs - totals->large);
    bytes_text(cli, totals);
    resident_text(cli, totals);
    cli_verdict_text(cli, totals->extents);
}

void command_info(struct cli *cli) {
    cli->verdict_follows = !cli->args->json;
    struct totals totals = count_extents(cli);
    hold_end(cli);
    progress_clear();
    if (cli->target->memory_ran_out) { /* for another heap, too */
        cli_status(cli, EXIT_PARTIAL);
    }
    if (cli->args->json) {
        cli->marked = cli->status == EXIT_PARTIAL; /* in the object itself */
        info_json(cli, &totals);
    } else {
        info_text(cli, &totals);
    }
}
