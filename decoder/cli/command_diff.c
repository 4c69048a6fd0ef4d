/* diff: what grew between two targets of one program. */
#include <inttypes.h>
#include <string.h>

#include "diff_out.h"

/* ---- are they of one program? -----------------------------------------------------------------
 */

static const struct jt_module *program_of(const struct jt_target *t) {
    for (size_t i = 0; i < t->modules; i++) {
        if (t->module[i].main) {
            return &t->module[i];
        }
    }
    return NULL;
}

static bool same_id(const struct jt_build_id *a, const struct jt_build_id *b) {
    return a->size == 0 || b->size == 0 ||
           (a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0);
}

/* NULL: the core names no files, and what was found in memory has no path. */
static const char *file_name(const struct jt_module *m) {
    const char *slash = strrchr(m->path, '/');
    return slash ? slash + 1 : NULL;
}

static void compare_programs(const struct jt_target *a, const struct jt_target *b) {
    const struct jt_module *x = program_of(a), *y = program_of(b);
    if (!x || !y) {
        return; /* a core may not tell */
    }
    const char *name = file_name(x), *other = file_name(y);
    if (name && other && strcmp(name, other) != 0) {
        cli_say("warning: these are two programs, %s and %s: what is compared are two heaps",
                x->path, y->path);
    } else if (!same_id(&x->memory_id, &y->memory_id)) {
        cli_say("warning: these are two builds of %s", name ? name : y->path);
    }
}

static void compare_targets(const struct cli *before, const struct cli *after) {
    const struct jt_target *a = before->target, *b = after->target;
    if (before->args->quiet) {
        return;
    }
    compare_programs(a, b);
    if (a->layout.build.version != b->layout.build.version) {
        cli_say("warning: these are two versions of jemalloc, %s and %s: classes are compared by "
                "their size",
                jh_version_name(a->layout.build.version), jh_version_name(b->layout.build.version));
    } else if (strcmp(a->layout_name, b->layout_name) != 0) {
        cli_say("warning: these are two builds of jemalloc, %s and %s: classes are compared by "
                "their size",
                a->layout_name, b->layout_name);
    }
}

/* ---- both sides -------------------------------------------------------------------------------
 */

static void say_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    cli_fault(arg, "walk", status, fault);
}

static void print(struct cli *cli, const struct jt_side side[JT_BOTH]) {
    struct jt_diff diff;
    bool ok = !side[0].stopped && !side[1].stopped && jt_diff(side, &diff);
    if (!ok) {
        cli_say("out of memory");
        cli_status(cli, EXIT_PARTIAL);
    } else if (cli->args->json) {
        diff_json(cli, side, &diff);
    } else {
        diff_text(cli, side, &diff);
    }
    if (!side[0].stopped && !side[1].stopped) {
        jt_diff_free(&diff);
    }
}

void command_diff(struct cli *cli) {
    struct jt_side side[JT_BOTH];
    compare_targets(cli, cli->other);
    (void)jt_caches_owned(cli->target); /* whose they are is printed */
    (void)jt_caches_owned(cli->other->target);
    jt_side(cli->target, say_fault, cli, &side[JT_BEFORE]);
    jt_side(cli->other->target, say_fault, cli->other, &side[JT_AFTER]);
    hold_end(cli);
    hold_end(cli->other);
    cli_status(cli, cli->other->status);
    print(cli, side);
    jt_side_free(&side[JT_BEFORE]);
    jt_side_free(&side[JT_AFTER]);
    if (cli->status == EXIT_PARTIAL) {
        cli_mark_partial(cli);
    }
}
