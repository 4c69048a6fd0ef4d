/* jeheap - reads the jemalloc heap of a process or a core. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "options.h"
#include "output.h"
#include "pipe.h"
#include "sandbox.h"

static void say_lacks(const struct arguments *a, const char *lacks) {
    if (lacks && !a->quiet) {
        cli_say("warning: the sandbox is not complete: %s", lacks);
    }
}

/* Which extents are damaged is said by those commands that look at all of them. */
static void say_warnings(const struct cli *cli) {
    const struct jt_target *t = cli->target;
    void (*command)(struct cli *) = cli->args->command->run;
    bool all = command == command_info || command == command_extents || command == command_skeleton;
    size_t passed = all && t->status == JT_OK ? t->damage : 0;
    for (size_t i = 0; i < t->warnings && !cli->args->quiet; i++) {
        if (i + 1 != passed) {
            cli_say("warning: %s", t->warning[i]);
        }
    }
}

/* One short line; `info` has the rest in its text. */
static void say_layout(const struct cli *cli) {
    const struct jt_target *t = cli->target;
    bool in_text = cli->args->command->run == command_info && !cli->args->json;
    if (!cli->args->quiet && !in_text) {
        cli_say("layout %s%s", t->layout_name,
                t->source[JT_PART_ROOT] == JT_INFERRED ? ", no symbols" : "");
    }
}

/* What was seen of a process in the middle of a change may keep it from being opened: with --stop
 * it is held still then before anything of it is read. */
static enum jt_status open_again(struct cli *cli, struct jt_options *options,
                                 enum jt_status status) {
    bool changes = status == JT_NO_LAYOUT || status == JT_NO_JEMALLOC;
    if (!cli->args->stop || !cli->target || !changes) {
        return status;
    }
    jt_close(cli->target);
    options->still = true;
    return jt_open(options, &cli->target);
}

static bool open_target(struct cli *cli) {
    struct jt_options options = cli->args->target;
    progress_start(cli, &options);
    enum jt_status status = jt_open(&options, &cli->target);
    status = open_again(cli, &options, status);
    if (!cli->target) {
        cli_say("out of memory");
        cli->status = EXIT_UNREADABLE;
        return false;
    }
    say_warnings(cli);
    if (status != JT_OK) {
        cli_say("%s", cli->target->error);
        cli->status = jt_exit_status(status);
        running_say(cli);
    } else {
        say_layout(cli);
    }
    return status == JT_OK;
}

/* diff: both, in the order in which they were given. */
static bool open_targets(struct cli *cli) {
    struct cli *other = cli->other;
    if (!other) {
        return open_target(cli) && hold_start(cli);
    }
    bool processes = cli_process(cli->args) || cli_process(other->args);
    return open_target(cli) && open_target(other) &&
           ((processes && !cli_process(cli->args)) || hold_start(cli)) &&
           (!cli_process(other->args) || cli_process(other->args) == cli_process(cli->args) ||
            hold_start(other));
}

/* The target, and whatever it names, is opened and parsed with few rights left, and the heap is
 * decoded with fewer. */
static bool open_sandboxed(struct cli *cli) {
    const struct arguments *a = cli->args;
    if (a->no_sandbox) {
        return open_targets(cli);
    }
    struct sandbox sandbox = {.pid = cli_process(a),
                              .other = cli->other ? cli_process(cli->other->args) : 0,
                              .output = a->output ? a->output_fd : -1,
                              .holds = a->stop};
    const char *lacks = sandbox_start(&sandbox);
    say_lacks(a, lacks);
    bool opened = open_targets(cli);
    const char *later = opened ? sandbox_tighten(&sandbox) : NULL;
    say_lacks(a, lacks ? NULL : later); /* once is enough */
    return opened;
}

/* The exit status, unless the output got lost. */
static int finish(int status) {
    bool failed_before = ferror(stdout);
    if (fflush(stdout) == 0 && !failed_before) {
        return status;
    }
    cli_say("the output could not be written: %s",
            failed_before ? "a part of it is missing" : strerror(errno));
    return EXIT_PARTIAL;
}

/* What went wrong without the command's knowledge. */
static void check_afterwards(struct cli *cli) {
    bool changed = jt_changed(cli->target), ended = jt_ended(cli->target);
    progress_clear();
    if (cli->target->memory_ran_out) {
        cli_say("out of memory");
    }
    if (ended) {
        cli_say("process %d ended while it was read, or runs another program by now",
                cli->target->pid);
    }
    if (changed) {
        cli_say("%s was written to or cut off while it was read", cli->target->path);
    }
    bool spent = cli->budget->out && cli->status != EXIT_PARTIAL; /* and nobody has said it */
    if (spent && !cli->args->quiet) {
        cli_say("--max-reads %" PRIu64 " is used up: what takes more is not known",
                cli->args->max_reads);
    }
    if (cli->target->memory_ran_out || spent || ended || changed) {
        cli_status(cli, EXIT_PARTIAL);
        cli_mark_partial(cli);
    }
    running_say(cli);
}

static void watch(struct cli *cli) {
    running_watch(cli);
    resident_watch(cli);
}

static void start_reading(struct cli *cli) {
    if (cli->target && cli->args->max_reads) {
        budget_start(cli->budget, &cli->target->heap, cli->args->max_reads);
    }
    if (cli->target && cli->target->bytes_truncated) {
        cli_status(cli, EXIT_PARTIAL);
    }
    cli->opened = true;
}

static void work(struct cli *cli) {
    const struct arguments *a = cli->args;
    if (a->target.target) {
        watch(cli);
        if (cli->other) {
            watch(cli->other);
        }
        if (!open_sandboxed(cli)) {
            cli->status = cli->status ? cli->status : cli->other->status;
            return;
        }
    }
    start_reading(cli);
    if (cli->other) {
        start_reading(cli->other);
    }
    a->command->run(cli);
    hold_end(cli);
    if (cli->other) {
        hold_end(cli->other);
    }
    if (cli->target) {
        check_afterwards(cli);
    }
    cli_count_faults(cli);
    if (cli->other) {
        check_afterwards(cli->other);
        cli_count_faults(cli->other);
        cli_status(cli, cli->other->status);
    }
}

/* The target is left as it is: what was given up in the middle cannot be closed. */
static void cut_off(struct cli *cli) {
    cli_say("a file was cut off, or failed, while it was read");
    if (cli->opened) {
        cli_status(cli, EXIT_PARTIAL);
        cli_mark_partial(cli);
        cli_count_faults(cli);
    }
    if (cli->args->output) {
        output_spoil(cli->args);
    }
    _exit(finish(cli->opened ? cli->status : EXIT_UNREADABLE));
}

/* As much as a pipe holds; lines go to a terminal one by one. */
static void buffer_output(void) {
    static char room[1 << 16];
    if (!isatty(STDOUT_FILENO)) {
        setvbuf(stdout, room, _IOFBF, sizeof(room));
    }
}

/* The same options for the other target. */
static struct arguments second_of(const struct arguments *a) {
    struct arguments second = *a;
    second.target.target = a->second;
    second.target.name = a->second_name;
    second.json = false; /* one of both says on stdout that something is missing */
    return second;
}

/* Both may come from pipes. */
static int copy_pipes(struct arguments *a) {
    int wrong = pipe_copy(a);
    struct arguments second = second_of(a);
    if (!wrong && a->second) {
        wrong = pipe_copy(&second);
        a->second = second.target.target;
        a->second_name = second.target.name;
    }
    return wrong;
}

static int run(const struct arguments *a) {
    struct budget budget = {.out = false}, second_budget = {.out = false};
    struct arguments second = second_of(a);
    struct cli other = {.args = &second, .json = {.file = stdout}, .budget = &second_budget};
    struct cli cli = {.args = a, .json = {.file = stdout}, .budget = &budget};
    cli.other = a->second ? &other : NULL;
    buffer_output();
    cli_say_color(a->color_said);
    if (!sigbus_guard(work, &cli)) {
        cut_off(&cli);
    }
    jt_close(cli.target);
    jt_close(other.target);
    return finish(cli.status);
}

/* The next file that is opened would take the number of one that the caller has closed, and get
 * what is said there. Reading from a closed stdin stays an error, and so does writing to a closed
 * stdout. */
static void take_closed_numbers(void) {
    int fd;
    if (fcntl(STDIN_FILENO, F_GETFD) < 0) {
        (void)open("/", O_PATH);
    }
    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

int main(int argc, char **argv) {
    struct arguments a = {.arena = UINT64_MAX, .szind = UINT64_MAX, .pipe_limit = PIPE_LIMIT};
    take_closed_numbers();
    progress_begin(&a);
    int wrong = options_read(&a, argc, argv) ? EXIT_DONE : EXIT_USAGE;
    if (!wrong) {
        wrong = input_open(&a);
    }
    if (!wrong) {
        wrong = copy_pipes(&a);
    }
    if (!wrong && a.output) {
        wrong = output_start(&a);
    }
    return wrong ? wrong : run(&a);
}
