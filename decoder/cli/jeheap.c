/* jeheap - reads the jemalloc heap of a process or a core. */
#include "cli.h"
#include "output.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: jeheap COMMAND TARGET [ADDRESS]... [OPTION]...\n"
    "\n"
    "TARGET is a process id or an ELF core file.\n"
    "\n"
    "commands:\n"
    "  info T               jemalloc's version, the layout and where it was learnt, totals\n"
    "  find T ADDRESS...    what is there: region, start, size, offset, state, arena, neighbours\n"
    "  extents T            every extent; --arena N, --state S, --szind N, --slab, --min-size N\n"
    "  extent T ADDRESS...  the extent structure at an address, field by field\n"
    "  layout T             the layout as JSON\n"
    "  layout --jemalloc VERSION [--machine NAME] [--lg-vaddr N] [--lg-page N] [--lg-quantum N]\n"
    "         [--lg-slab-maxregs N] [--debug] [--prof] [--no-stats] [--no-oblivious]\n"
    "         [--pointer-size N] [--u64-align N] [--mutex-size N] [--big-endian] [--aarch64]\n"
    "                       the layout of a build, made from its parameters\n"
    "  layout --list        the versions, machines and parameters that are described\n"
    "  skeleton T -o FILE   a core to share: all that decoding takes, and none of the program's "
    "data\n"
    "\n"
    "about the target:\n"
    "  --exe FILE           the program of a core, where it is not at its old path, or the "
    "library\n"
    "                       whose build-id it has\n"
    "  --layout L           a name as `info` prints it (5.3.0,lg_vaddr=57,debug) or FILE.json\n"
    "  --root ADDRESS       of rtree_t.root[0], for targets without symbols\n"
    "  --max-reads N        give up after so many reads, with what there is by then\n"
    "  --timeout SECONDS    likewise\n"
    "  --no-sandbox         keep the rights that reading a target does not take\n"
    "\n"
    "about the output:\n"
    "  -o, --output FILE    of skeleton; a file that is there is replaced\n"
    "\n"
    "everywhere:\n"
    "  --json               one JSON object a line\n"
    "  --quiet              no warnings, no headings, no word on the layout\n"
    "  --color WHEN         auto, always or never\n"
    "  --help, --version\n"
    "\n"
    "held means handed out by jemalloc: in use, or parked in a thread cache.\n"
    "The flags of an extent, with - for each that does not hold: C committed, Z zeroed, G between\n"
    "guard pages, H first of its mapping, P from the allocator of huge pages (HPA).\n"
    "\n"
    "Exit status: 0 done; 1 done, and something is wrong (corrupt, address not owned); 2 usage;\n"
    "3 the target cannot be read or holds no jemalloc; 4 partial result (absent bytes, a "
    "budget).\n";

/* ---- what the commands share ---------------------------------------------------------------- */

void cli_status(struct cli *cli, int status) {
    if (status > cli->status) {
        cli->status = status;
    }
}

void cli_fault(struct cli *cli, const char *doing, enum jh_status status,
               const struct jh_fault *fault) {
    enum { SAID = 20 };
    cli->faults++;
    if (cli->faults <= SAID) {
        fprintf(stderr, "jeheap: %s: %s: %s at 0x%" PRIx64 ", value 0x%" PRIx64 "\n", doing,
                jh_status_name(status), fault->rule, fault->addr, fault->seen);
    }
    cli->corrupt |= status == JH_CORRUPT;
    cli_status(cli, status == JH_CORRUPT ? EXIT_FOUND : EXIT_PARTIAL);
}

static void count_faults(const struct cli *cli) {
    enum { SAID = 20 };
    if (cli->faults > SAID) {
        fprintf(stderr, "jeheap: %" PRIu64 " more faults\n", cli->faults - SAID);
    }
    if (cli->status == EXIT_PARTIAL) {
        fprintf(stderr, "jeheap: this result is partial\n");
    }
}

void cli_mark_partial(struct cli *cli) {
    if (!cli->args->json || cli->marked) {
        return;
    }
    cli->marked = true;
    json_open(&cli->json, NULL, '{');
    json_bool(&cli->json, "partial", true);
    json_number(&cli->json, "faults", cli->faults);
    json_close(&cli->json, '}');
    json_line(&cli->json);
}

bool cli_number(const char *text, uint64_t *out) {
    char *end;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    bool starts = (*digits >= '0' && *digits <= '9') || (hex && *digits >= 'a' && *digits <= 'f') ||
                  (hex && *digits >= 'A' && *digits <= 'F');
    errno = 0;
    *out = strtoull(digits, &end, hex ? 16 : 10);
    return starts && !*end && errno == 0;
}

uint64_t cli_address(const struct cli *cli, size_t i) {
    uint64_t addr = 0;
    (void)cli_number(cli->args->operand[i], &addr);
    return addr;
}

const char *cli_paint(const struct cli *cli, const char *word) {
    if (!cli->args->color) {
        return "";
    }
    if (strcmp(word, "held") == 0 || strcmp(word, "active") == 0) {
        return "\033[32m";
    }
    return strcmp(word, "not owned") == 0 ? "\033[1;31m" : "\033[33m";
}

const char *cli_plain(const struct cli *cli) {
    return cli->args->color ? "\033[0m" : "";
}

/* ---- command line --------------------------------------------------------------------------- */

enum {
    OPT_EXE = 256,
    OPT_LAYOUT,
    OPT_ROOT,
    OPT_MAX_READS,
    OPT_TIMEOUT,
    OPT_NO_SANDBOX,
    OPT_JSON,
    OPT_QUIET,
    OPT_COLOR,
    OPT_HELP,
    OPT_VERSION,
    OPT_OUTPUT,
    OPT_ARENA,
    OPT_STATE,
    OPT_SZIND,
    OPT_SLAB,
    OPT_MIN_SIZE,
    OPT_LIST,
    OPT_JEMALLOC,
    OPT_MACHINE,
    OPT_LG_VADDR,
    OPT_LG_PAGE,
    OPT_LG_QUANTUM,
    OPT_DEBUG,
    OPT_PROF,
    OPT_NO_STATS,
    OPT_NO_OBLIVIOUS,
    OPT_LG_SLAB_MAXREGS,
    OPT_MUTEX_SIZE,
    OPT_AARCH64,
    OPT_POINTER_SIZE,
    OPT_U64_ALIGN,
    OPT_BIG_ENDIAN
};

static const struct option options[] = {
    {"exe", required_argument, NULL, OPT_EXE},
    {"layout", required_argument, NULL, OPT_LAYOUT},
    {"root", required_argument, NULL, OPT_ROOT},
    {"max-reads", required_argument, NULL, OPT_MAX_READS},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"no-sandbox", no_argument, NULL, OPT_NO_SANDBOX},
    {"json", no_argument, NULL, OPT_JSON},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"color", required_argument, NULL, OPT_COLOR},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"arena", required_argument, NULL, OPT_ARENA},
    {"state", required_argument, NULL, OPT_STATE},
    {"szind", required_argument, NULL, OPT_SZIND},
    {"slab", no_argument, NULL, OPT_SLAB},
    {"min-size", required_argument, NULL, OPT_MIN_SIZE},
    {"list", no_argument, NULL, OPT_LIST},
    {"jemalloc", required_argument, NULL, OPT_JEMALLOC},
    {"machine", required_argument, NULL, OPT_MACHINE},
    {"lg-vaddr", required_argument, NULL, OPT_LG_VADDR},
    {"lg-page", required_argument, NULL, OPT_LG_PAGE},
    {"lg-quantum", required_argument, NULL, OPT_LG_QUANTUM},
    {"debug", no_argument, NULL, OPT_DEBUG},
    {"prof", no_argument, NULL, OPT_PROF},
    {"no-stats", no_argument, NULL, OPT_NO_STATS},
    {"no-oblivious", no_argument, NULL, OPT_NO_OBLIVIOUS},
    {"lg-slab-maxregs", required_argument, NULL, OPT_LG_SLAB_MAXREGS},
    {"mutex-size", required_argument, NULL, OPT_MUTEX_SIZE},
    {"aarch64", no_argument, NULL, OPT_AARCH64},
    {"pointer-size", required_argument, NULL, OPT_POINTER_SIZE},
    {"u64-align", required_argument, NULL, OPT_U64_ALIGN},
    {"big-endian", no_argument, NULL, OPT_BIG_ENDIAN},
    {NULL, 0, NULL, 0}};

static const char short_options[] = "ho:";

static bool small_number(const char *text, uint8_t *out) {
    uint64_t number;
    bool sound = cli_number(text, &number) && number <= UINT8_MAX;
    *out = sound ? (uint8_t)number : *out;
    return sound;
}

static bool set_color(struct arguments *a, const char *when) {
    a->color = strcmp(when, "always") == 0 || (strcmp(when, "auto") == 0 && isatty(STDOUT_FILENO));
    return a->color || strcmp(when, "auto") == 0 || strcmp(when, "never") == 0;
}

/* A word that `extents` can print: anything else would match nothing, which looks like an answer.
 */
static bool state_word(const char *word) {
    static const char unknown[] = "unknown(";
    for (unsigned s = 0; s < JH_STATE_UNKNOWN; s++) {
        if (strcmp(word, jh_state_name((enum jh_state)s)) == 0) {
            return true;
        }
    }
    return strncmp(word, unknown, strlen(unknown)) == 0;
}

/* The options that describe a build; false when the value makes no sense. */
static bool take_build(struct arguments *a, int option, const char *value) {
    struct jh_build *b = &a->build;
    switch (option) {
    case OPT_LG_VADDR:
        return small_number(value, &b->lg_vaddr);
    case OPT_LG_PAGE:
        return small_number(value, &b->lg_page);
    case OPT_LG_QUANTUM:
        return small_number(value, &b->lg_quantum);
    case OPT_LG_SLAB_MAXREGS:
        return small_number(value, &b->lg_slab_maxregs);
    case OPT_MUTEX_SIZE:
        return small_number(value, &b->pthread_mutex_size);
    case OPT_POINTER_SIZE:
        return small_number(value, &b->pointer_size);
    case OPT_U64_ALIGN:
        return small_number(value, &b->u64_align);
    case OPT_DEBUG:
        return b->debug = true;
    case OPT_PROF:
        return b->prof = true;
    case OPT_NO_STATS:
        return !(b->stats = false);
    case OPT_NO_OBLIVIOUS:
        return !(b->cache_oblivious = false);
    case OPT_AARCH64:
        return b->aarch64 = true;
    default:
        return !(b->little_endian = false);
    }
}

static bool machine(const char *name) {
    struct jh_build any;
    jh_build_init(&any, JH_5_3_0);
    return jh_build_machine(&any, name) == JH_OK;
}

/* What a version and a machine make of a build comes first, wherever they stand: the other options
 * change it. */
static void start_build(struct arguments *a, enum jh_version version, const char *name) {
    jh_build_init(&a->build, version);
    if (name && jh_build_machine(&a->build, name) != JH_OK) {
        return; /* take() says so */
    }
}

/* Nothing behind it is looked at. */
static bool is_last(int option) {
    return option == 'h' || option == OPT_HELP || option == OPT_VERSION || option == '?';
}

/* The first of two readings: version and machine. Also what is no option, or lacks its value, is
 * said now: getopt_long() moves all options to the front, and in the second reading one that lacks
 * its value would take the command for it. False: it was said. */
static bool read_first(struct arguments *a, int argc, char **argv) {
    const char *name = NULL;
    enum jh_version version = JH_5_3_0;
    int option = 0;
    while (!is_last(option) &&
           (option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
        if (option == OPT_MACHINE) {
            name = optarg;
        } else if (option == OPT_JEMALLOC && jh_version_parse(optarg, &version) != JH_OK) {
            version = JH_5_3_0;
        }
    }
    optind = 0; /* as glibc wants it for a new start */
    start_build(a, version, name);
    return option != '?';
}

static bool take(struct arguments *a, int option, const char *value) {
    switch (option) {
    case OPT_EXE:
        a->target.exe = value;
        return true;
    case OPT_LAYOUT:
        a->target.layout = value;
        return true;
    case OPT_ROOT:
        a->target.root_given = true;
        return cli_number(value, &a->target.root);
    case OPT_MAX_READS:
        return cli_number(value, &a->max_reads) && a->max_reads;
    case OPT_TIMEOUT:
        return cli_number(value, &a->timeout) && a->timeout && a->timeout < 1000000;
    case OPT_NO_SANDBOX:
        return a->no_sandbox = true;
    case OPT_JSON:
        return a->json = true;
    case OPT_QUIET:
        return a->quiet = true;
    case OPT_COLOR:
        return set_color(a, value);
    case OPT_OUTPUT:
    case 'o':
        a->output = value;
        return *value != 0;
    case OPT_ARENA:
        return cli_number(value, &a->arena);
    case OPT_STATE:
        a->state = value;
        return state_word(value);
    case OPT_SZIND:
        return cli_number(value, &a->szind);
    case OPT_SLAB:
        return a->slab = true;
    case OPT_MIN_SIZE:
        return cli_number(value, &a->min_size);
    case OPT_LIST:
        return a->list = true;
    case OPT_JEMALLOC:
        a->jemalloc = value;
        return true;
    case OPT_MACHINE:
        return machine(value);
    default:
        return take_build(a, option, value);
    }
}

/* Options that only one command takes stand together in the enumeration above. */
static void note_group(struct arguments *a, int option, const char *name) {
    if (option >= OPT_LIST) {
        a->build_option = name;
    } else if (option >= OPT_ARENA) {
        a->filter_option = name;
    }
}

enum { NO_ADDRESS, SOME_ADDRESSES, OPTIONAL_TARGET };

static const struct command {
    const char *name;
    void (*run)(struct cli *);
    int takes;
} commands[] = {
    {"info", command_info, NO_ADDRESS},          {"find", command_find, SOME_ADDRESSES},
    {"extents", command_extents, NO_ADDRESS},    {"extent", command_extent, SOME_ADDRESSES},
    {"layout", command_layout, OPTIONAL_TARGET}, {"skeleton", command_skeleton, NO_ADDRESS}};

static int wrong_usage(const char *what, const char *which) {
    fprintf(stderr, "jeheap: %s %s; see jeheap --help\n", what, which);
    return EXIT_USAGE;
}

static int wrong_value(int option, const char *value) {
    const struct option *o = options;
    while (o->name && o->val != option) {
        o++;
    }
    fprintf(stderr, "jeheap: this is no value for --%s: \"%s\"; see jeheap --help\n", o->name,
            value);
    return EXIT_USAGE;
}

static int wrong_place(const char *option, const char *command) {
    fprintf(stderr, "jeheap: --%s is an option of %s; see jeheap --help\n", option, command);
    return EXIT_USAGE;
}

static int wrong_address(const char *text) {
    fprintf(stderr, "jeheap: this is no address: %s; write it as 0x... or in decimal\n", text);
    return EXIT_USAGE;
}

static const struct command *command_named(const char *name) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* 0, or the exit status of wrong usage. */
static int check_arguments(const struct command *c, const struct arguments *a) {
    bool without = c->takes == OPTIONAL_TARGET && (a->jemalloc || a->list);
    if (!a->target.target && !without) {
        return wrong_usage(c->name, c->takes == OPTIONAL_TARGET
                                        ? "needs a target, --jemalloc or --list"
                                        : "needs a target: a process id or a core file");
    }
    if (a->target.target && without) {
        return wrong_usage(c->name, "takes a target, --jemalloc or --list: one of them");
    }
    if (a->jemalloc && a->list) {
        return wrong_usage(c->name, "takes --jemalloc or --list: one of them");
    }
    if (a->build_option && (c->takes != OPTIONAL_TARGET || !without)) {
        return wrong_place(a->build_option, "layout --jemalloc");
    }
    if (a->filter_option && c->run != command_extents) {
        return wrong_place(a->filter_option, "extents");
    }
    if (a->output && c->run != command_skeleton) {
        return wrong_place("output", "skeleton");
    }
    if (!a->output && c->run == command_skeleton) {
        return wrong_usage(c->name, "needs -o FILE");
    }
    if (c->takes == SOME_ADDRESSES && a->operands == 0) {
        return wrong_usage(c->name, "needs at least one address");
    }
    if (c->takes != SOME_ADDRESSES && a->operands > 0) {
        return wrong_usage("too many arguments:", a->operand[0]);
    }
    for (size_t i = 0; i < a->operands; i++) {
        uint64_t addr;
        if (!cli_number(a->operand[i], &addr)) {
            return wrong_address(a->operand[i]);
        }
    }
    return 0;
}

/* ---- run ------------------------------------------------------------------------------------ */

/* Every output is only as good as the layout: which one, and where its parts were learnt. */
static void say_layout(const struct jt_target *t) {
    fprintf(stderr, "jeheap: layout %s", t->layout_name);
    for (unsigned i = 0; i < JT_PARTS; i++) {
        fprintf(stderr, "%s%s: %s", i ? ", " : " (", jt_part_name(i), jt_source_name(t->source[i]));
    }
    fprintf(stderr, ")\n");
}

/* The process that is the target; 0 for a core. */
static int process_of(const char *target) {
    uint64_t pid;
    return jt_is_process(target) && cli_number(target, &pid) && pid <= INT_MAX ? (int)pid : 0;
}

static void say_lacks(const struct arguments *a, const char *lacks) {
    if (lacks && !a->quiet) {
        fprintf(stderr, "jeheap: warning: the sandbox is not complete: %s\n", lacks);
    }
}

static bool open_target(struct cli *cli) {
    enum jt_status status = jt_open(&cli->args->target, &cli->target);
    if (!cli->target) {
        fprintf(stderr, "jeheap: out of memory\n");
        cli->status = EXIT_UNREADABLE;
        return false;
    }
    for (size_t i = 0; i < cli->target->warnings && !cli->args->quiet; i++) {
        fprintf(stderr, "jeheap: warning: %s\n", cli->target->warning[i]);
    }
    if (status != JT_OK) {
        fprintf(stderr, "jeheap: %s\n", cli->target->error);
        cli->status = jt_exit_status(status);
    } else if (!cli->args->quiet) {
        say_layout(cli->target);
    }
    return status == JT_OK;
}

/* The target, and whatever it names, is opened and parsed with few rights left, and the heap is
 * decoded with fewer. */
static bool open_sandboxed(struct cli *cli) {
    const struct arguments *a = cli->args;
    if (a->no_sandbox) {
        return open_target(cli);
    }
    struct sandbox sandbox = {.pid = process_of(a->target.target),
                              .output = a->output ? a->output_fd : -1};
    const char *lacks = sandbox_start(&sandbox);
    say_lacks(a, lacks);
    bool opened = open_target(cli);
    const char *later = opened ? sandbox_tighten(&sandbox) : NULL;
    say_lacks(a, lacks ? NULL : later); /* once is enough */
    return opened;
}

/* ---- a process that runs while it is read --------------------------------------------------- */

/* R, S, T...; 0 when it is not to be known. */
static char state_of(int proc_fd) {
    static const char before[] = "\nState:\t";
    char text[256] = ""; /* it is the third line, and a name in the first one is short */
    const char *at = pread(proc_fd, text, sizeof(text) - 1, 0) > 0 ? strstr(text, before) : NULL;
    return at ? at[sizeof(before) - 1] : 0;
}

/* For say_running(), by when no file may be opened. A core has number 0, which no process has. */
static void watch_process(struct cli *cli) {
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/status", process_of(cli->args->target.target));
    cli->proc_fd = open(name, O_RDONLY | O_CLOEXEC);
    cli->proc_state = state_of(cli->proc_fd);
}

static bool is_stopped(char state) {
    return state == 'T' || state == 't';
}

/* Of a process that was not stopped all the time, what contradicts itself may be what changed
 * between two reads. */
static void say_running(const struct cli *cli) {
    const struct jt_target *t = cli->target;
    if (!cli->corrupt || t->kind != JT_PROCESS) {
        return;
    }
    char now = state_of(cli->proc_fd);
    if (is_stopped(now) && is_stopped(cli->proc_state)) {
        return;
    }
    fprintf(stderr,
            "jeheap: the process %s running: what is called corrupt may be a change seen half-way; "
            "stop it (kill -STOP %d) or run again\n",
            now && cli->proc_state ? "was" : "may have been", t->pid);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The exit status, unless the output got lost. */
static int finish(int status) {
    bool failed_before = ferror(stdout);
    if (fflush(stdout) == 0 && !failed_before) {
        return status;
    }
    fprintf(stderr, "jeheap: the output could not be written: %s\n",
            failed_before ? "a part of it is missing" : strerror(errno));
    return EXIT_PARTIAL;
}

/* What went wrong without the command's knowledge. */
static void check_afterwards(struct cli *cli) {
    bool changed = jt_changed(cli->target), ended = jt_ended(cli->target);
    if (cli->target->memory_ran_out) {
        fprintf(stderr, "jeheap: out of memory\n");
    }
    if (ended) {
        fprintf(stderr,
                "jeheap: process %d ended while it was read, or runs another program by now\n",
                cli->target->pid);
    }
    if (changed) {
        fprintf(stderr, "jeheap: %s was written to or cut off while it was read\n",
                cli->target->path);
    }
    if (cli->target->memory_ran_out || ended || changed) {
        cli_status(cli, EXIT_PARTIAL);
        cli_mark_partial(cli);
    }
    say_running(cli);
}

static void work(struct cli *cli) {
    const struct arguments *a = cli->args;
    if (a->target.target) {
        watch_process(cli);
        if (!open_sandboxed(cli)) {
            return;
        }
    }
    if (cli->target && (a->max_reads || a->timeout)) {
        budget_start(cli->budget, &cli->target->heap, a->max_reads, a->timeout);
    }
    if (cli->target && cli->target->bytes_truncated) {
        cli_status(cli, EXIT_PARTIAL);
    }
    cli->opened = true;
    a->command->run(cli);
    if (cli->target) {
        check_afterwards(cli);
    }
    count_faults(cli);
}

/* The target is left as it is: what was given up in the middle cannot be closed. */
static void cut_off(struct cli *cli) {
    fprintf(stderr, "jeheap: a file was cut off, or failed, while it was read\n");
    if (cli->opened) {
        cli_status(cli, EXIT_PARTIAL);
        cli_mark_partial(cli);
        count_faults(cli);
    }
    if (cli->args->output) {
        output_spoil(cli->args);
    }
    _exit(finish(cli->opened ? cli->status : EXIT_UNREADABLE));
}

static int run(const struct arguments *a) {
    struct budget budget;
    struct cli cli = {.args = a, .json = {.file = stdout}, .budget = &budget};
    if (!cut_guard(work, &cli)) {
        cut_off(&cli);
    }
    jt_close(cli.target);
    return finish(cli.status);
}

/* The next file that is opened would take the number of one that the caller has closed, and get
 * what is said there. To be read only: writing to a closed stdout stays an error. */
static void take_closed_numbers(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

int main(int argc, char **argv) {
    struct arguments a = {.arena = UINT64_MAX, .szind = UINT64_MAX};
    int option, which = 0;
    take_closed_numbers();
    set_color(&a, "auto");
    if (!read_first(&a, argc, argv)) {
        fprintf(stderr, "see jeheap --help\n");
        return EXIT_USAGE;
    }
    while ((option = getopt_long(argc, argv, short_options, options, &which)) != -1) {
        if (option == 'h' || option == OPT_HELP) {
            fputs(usage, stdout);
            return finish(EXIT_DONE);
        }
        if (option == OPT_VERSION) {
            printf("jeheap " JEHEAP_VERSION " (%s)\n", sandbox_parts());
            return finish(EXIT_DONE);
        }
        if (!take(&a, option, optarg)) {
            return wrong_value(option == 'o' ? OPT_OUTPUT : option, optarg);
        }
        note_group(&a, option, options[which].name);
    }
    if (optind == argc) {
        return wrong_usage("a command is", "missing");
    }
    const struct command *c = command_named(argv[optind]);
    if (!c) {
        return wrong_usage("there is no command", argv[optind]);
    }
    a.target.target = optind + 1 < argc ? argv[optind + 1] : NULL;
    a.operands = a.target.target ? (size_t)(argc - optind - 2) : 0;
    a.operand = (const char **)(argv + optind + 2);
    int wrong = check_arguments(c, &a);
    a.command = c;
    if (!wrong && a.output) {
        wrong = output_start(&a);
    }
    return wrong ? wrong : run(&a);
}
