/* skeleton: a core to share. */
#include <errno.h>
#include <inttypes.h>
#include <stdio_ext.h>
#include <string.h>

#include "output.h"

static void say_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    cli_fault(arg, "walk", status, fault);
}

static void say_result(struct cli *cli, const struct jt_skeleton *s) {
    struct json *j = &cli->json;
    if (!cli->args->json) {
        cli_put(cli->args->output);
        printf(": %" PRIu64 " bytes, with %" PRIu64 " extents; %" PRIu64
               " bytes of the target are in it, %" PRIu64 " of them zero\n",
               s->size, s->extents, s->kept, s->zeroes);
        return;
    }
    json_open(j, NULL, '{');
    json_text(j, "skeleton", cli->args->output);
    json_number(j, "bytes", s->size);
    json_number(j, "extents", s->extents);
    json_number(j, "bytes_kept", s->kept);
    json_number(j, "bytes_zero", s->zeroes);
    json_number(j, "bytes_left_out", s->left_out);
    hold_json(cli);
    json_number(j, "faults", cli->faults);
    json_bool(j, "partial", cli->status == EXIT_PARTIAL);
    json_close(j, '}');
    json_line(j);
}

static void say_left_out(const struct cli *cli, uint64_t bytes) {
    if (bytes && !cli->args->quiet) {
        cli_say("warning: %" PRIu64 " bytes that the tree points at are not jemalloc's own "
                "and were left out: the heap is damaged, or changed while it was read",
                bytes);
    }
}

static void say_others(const struct cli *cli) {
    for (size_t i = 0; i < cli->target->roots && !cli->args->quiet; i++) {
        const struct jt_root *root = &cli->target->root[i];
        if (!root->chosen && !jt_root_empty(cli->target, i)) {
            cli_say("warning: the heap of %s (root 0x%" PRIx64 ") is not in the skeleton",
                    root->module->path, root->addr);
        }
    }
}

/* Is it all there, and of a target that held still enough? Else why not. */
static const char *wrong_with(struct cli *cli, enum jt_status status) {
    struct jt_target *t = cli->target;
    bool no_memory = t->memory_ran_out;
    return status != JT_OK ? t->error
           : no_memory     ? "memory ran out"
           : jt_ended(t)   ? "the process ended, or runs another program by now"
           : jt_changed(t) ? "the core was written to while it was read"
                           : NULL;
}

void command_skeleton(struct cli *cli) {
    struct jt_skeleton s = {.fault = say_fault, .arg = cli};
    FILE *file = fdopen(cli->args->output_fd, "wb");
    (void)jt_caches_owned(cli->target); /* who has them is in it */
    enum jt_status status = file ? jt_skeleton_write(cli->target, file, &s) : JT_UNREADABLE;
    hold_end(cli);
    const char *wrong = file ? wrong_with(cli, status) : "memory ran out";
    progress_clear();
    if (wrong) {
        cli_say("%s; nothing was written", wrong);
        /* whatever was said of the heap before: there is no result */
        cli->status = status == JT_OK ? EXIT_PARTIAL : jt_exit_status(status);
        if (file) {
            __fpurge(file);
        }
        output_spoil(cli->args);
        return;
    }
    say_left_out(cli, s.left_out);
    say_others(cli);
    cli_status(cli, s.left_out ? EXIT_PARTIAL : EXIT_DONE);
    say_result(cli, &s);
}
