/* options.c - what stands on the command line. */
#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "input.h"

const char options_usage[] =
    "usage: jeheap COMMAND TARGET [ADDRESS]... [OPTION]...\n"
    "\n"
    "TARGET is a process id or an ELF core file, which may come from a pipe; `PROGRAM CORE`, as "
    "for\n"
    "gdb, means CORE --exe PROGRAM. Addresses are hexadecimal, with 0x or without;\n"
    "sizes take K, M and G (4K, 1M).\n"
    "\n"
    "commands:\n"
    "  info T               jemalloc's version, the layout and where it was learnt, totals\n"
    "  find T ADDRESS...    what is there: region, start, size, offset, state, arena, neighbours;\n"
    "                       - stands for a list on standard input, @FILE for one in a file: an\n"
    "                       address a line, also blank lines and # comments; a line that is none\n"
    "                       is said with its number, and the exit status is at least 2\n"
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
    "  --sysroot DIR        the folder that a core's files are in, of another machine or a\n"
    "                       container; they are looked for nowhere else\n"
    "  --layout L           a name as `info` prints it (5.3.0,lg_vaddr=57,debug) or FILE.json\n"
    "  --root ADDRESS       of rtree_t.root[0], for targets without symbols\n"
    "  --in MODULE          which of several jemallocs: the end of its module's path, or its name\n"
    "  --max-reads N        give up after so many reads, with what there is by then; they count "
    "from\n"
    "                       when it is known what the target is\n"
    "  --timeout SECONDS    likewise after so long, from the start of jeheap\n"
    "  --pipe-limit SIZE    how much of a core is copied that comes from a pipe (16G), to TMPDIR "
    "or\n"
    "                       /var/tmp\n"
    "  --no-sandbox         keep the rights that reading a target does not take\n"
    "\n"
    "about the output:\n"
    "  -o, --output FILE    of skeleton; a file that is there is replaced\n"
    "\n"
    "everywhere:\n"
    "  --json               one JSON object a line\n"
    "  --quiet              no warnings, no headings, no word on the layout, and none on faults:\n"
    "                       they are in the exit status and in what --json prints\n"
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

enum {
    OPT_EXE = 256,
    OPT_SYSROOT,
    OPT_LAYOUT,
    OPT_ROOT,
    OPT_IN,
    OPT_MAX_READS,
    OPT_TIMEOUT,
    OPT_PIPE_LIMIT,
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
    {"sysroot", required_argument, NULL, OPT_SYSROOT},
    {"layout", required_argument, NULL, OPT_LAYOUT},
    {"root", required_argument, NULL, OPT_ROOT},
    {"in", required_argument, NULL, OPT_IN},
    {"max-reads", required_argument, NULL, OPT_MAX_READS},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"pipe-limit", required_argument, NULL, OPT_PIPE_LIMIT},
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

static const char short_options[] = ":ho:"; /* what is wrong is said here, not by getopt */

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
    return option == 'h' || option == OPT_HELP || option == OPT_VERSION || option == '?' ||
           option == ':';
}

/* What getopt_long() has just refused. */
static void wrong_option(int option, char **argv) {
    const char *word = argv[optind - 1];
    if (option == ':') {
        cli_say("option '%s' requires an argument; see jeheap --help", word);
    } else if (optopt > UINT8_MAX) {
        cli_say("option '%s' takes no argument; see jeheap --help", word);
    } else if (isdigit(optopt)) {
        cli_say("-%c... is no option, and no address is negative; write it as 0x...", optopt);
    } else if (optopt) {
        cli_say("unrecognized option '-%c'; see jeheap --help", optopt);
    } else {
        cli_say("unrecognized option '%s', or the beginning of several; see jeheap --help", word);
    }
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
    if (option == '?' || option == ':') {
        wrong_option(option, argv);
        return false;
    }
    optind = 0; /* as glibc wants it for a new start */
    start_build(a, version, name);
    return true;
}

static bool take(struct arguments *a, int option, const char *value) {
    switch (option) {
    case OPT_EXE:
        a->target.exe = value;
        return true;
    case OPT_SYSROOT:
        a->target.sysroot = value;
        return true;
    case OPT_LAYOUT:
        a->target.layout = value;
        return true;
    case OPT_ROOT:
        a->target.root_given = true;
        return cli_is_address(value, &a->target.root);
    case OPT_IN:
        a->target.in = value;
        return *value != 0;
    case OPT_MAX_READS:
        return cli_number(value, &a->max_reads) && a->max_reads;
    case OPT_TIMEOUT:
        return cli_number(value, &a->timeout) && a->timeout && a->timeout < 1000000;
    case OPT_PIPE_LIMIT:
        return cli_size(value, &a->pipe_limit);
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
        return cli_size(value, &a->min_size);
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

static const struct command commands[] = {
    {"info", command_info, NO_ADDRESS},          {"find", command_find, SOME_ADDRESSES},
    {"extents", command_extents, NO_ADDRESS},    {"extent", command_extent, SOME_ADDRESSES},
    {"layout", command_layout, OPTIONAL_TARGET}, {"skeleton", command_skeleton, NO_ADDRESS}};

static bool wrong_usage(const char *what, const char *which) {
    cli_say("%s %s; see jeheap --help", what, which);
    return false;
}

static void wrong_value(int option, const char *value) {
    const struct option *o = options;
    while (o->name && o->val != option) {
        o++;
    }
    cli_say("this is no value for --%s: \"%s\"; see jeheap --help", o->name, value);
}

static bool wrong_place(const char *option, const char *command) {
    cli_say("--%s is an option of %s; see jeheap --help", option, command);
    return false;
}

static bool wrong_address(const char *text) {
    cli_say("this is no address: %s; write it in hexadecimal, with 0x or without", text);
    return false;
}

static const struct command *command_named(const char *name) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static bool take_addresses(const struct command *c, struct arguments *a) {
    for (size_t i = 0; i < a->operands; i++) {
        uint64_t addr;
        if (c->run == command_find && input_is_list(a->operand[i])) {
            if (a->addresses) {
                return wrong_usage("find takes one list of addresses, not also", a->operand[i]);
            }
            a->addresses = a->operand[i];
        } else if (!cli_is_address(a->operand[i], &addr)) {
            return wrong_address(a->operand[i]);
        }
    }
    return true;
}

/* False: wrong usage, which was said. */
static bool check_arguments(const struct command *c, struct arguments *a) {
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
    return take_addresses(c, a);
}

/* Is it an ELF file that can be run, and so no core? */
static bool is_program(const char *path) {
    unsigned char head[18];
    ssize_t got = 0;
    int fd = jt_is_process(path) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        got = pread(fd, head, sizeof(head), 0); /* of a pipe nothing is taken */
        close(fd);
    }
    if (got != sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    unsigned low = head[EI_DATA] == ELFDATA2MSB; /* where the type's low byte is */
    return head[16 + low] == ET_EXEC || head[16 + low] == ET_DYN;
}

/* What stands behind the options, or between them. */
static bool take_words(struct arguments *a, char **word, int words) {
    if (words == 0) {
        return wrong_usage("a command is", "missing");
    }
    a->command = command_named(word[0]);
    if (!a->command) {
        return wrong_usage("there is no command", word[0]);
    }
    int least = a->command->takes == SOME_ADDRESSES ? 3 : 2;
    if (words > least && is_program(word[1])) { /* as for gdb, the program comes first */
        a->target.exe = a->target.exe ? a->target.exe : word[1];
        word++, words--;
    }
    a->target.target = words > 1 ? word[1] : NULL;
    a->target.threads = a->command->run == command_find; /* whose stack an address is in */
    a->operands = words > 2 ? (size_t)words - 2 : 0;
    a->operand = (const char **)(word + 2);
    return check_arguments(a->command, a);
}

enum asked options_read(struct arguments *a, int argc, char **argv) {
    int option, which = 0;
    set_color(a, "auto");
    opterr = 0;
    if (!read_first(a, argc, argv)) {
        return ASKED_WRONGLY;
    }
    while ((option = getopt_long(argc, argv, short_options, options, &which)) != -1) {
        if (option == 'h' || option == OPT_HELP) {
            return ASKED_HELP;
        }
        if (option == OPT_VERSION) {
            return ASKED_VERSION;
        }
        if (!take(a, option, optarg)) {
            wrong_value(option == 'o' ? OPT_OUTPUT : option, optarg);
            return ASKED_WRONGLY;
        }
        note_group(a, option, options[which].name);
    }
    return take_words(a, argv + optind, argc - optind) ? ASKED_COMMAND : ASKED_WRONGLY;
}
