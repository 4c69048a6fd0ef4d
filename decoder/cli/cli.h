/* cli.h - what the commands of jeheap share. */
#ifndef JEHEAP_CLI_H
#define JEHEAP_CLI_H

#include "learn/json.h"
#include "open/open.h"

/* Exit statuses: numbers are a contract. A worse one wins over a better one. */
enum { EXIT_DONE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_UNREADABLE = 3, EXIT_PARTIAL = 4 };

struct cli;

struct command;

/* Everything that stood on the command line. */
struct arguments {
    const struct command *command;
    struct jt_options target;
    const char **operand; /* behind the target: addresses */
    size_t operands;
    const char *second, *second_name; /* diff: the other target, as target and name; NULL: none */
    const char *addresses;            /* the operand of find that is "-" or "@FILE"; NULL: none */
    int addresses_fd;                 /* input.h */
    bool json, quiet, no_sandbox, bytes;
    bool stop;              /* a process is held still while it is read */
    bool color, color_said; /* on stdout, on stderr */

    uint64_t max_reads, timeout; /* 0: none; seconds */
    int64_t start;               /* of the program, as progress.c measures it */
    uint64_t pipe_limit;         /* pipe.h */
    const char *output;          /* -o; NULL: none */
    int output_fd;               /* output.h */

    /* extents: only these; UINT64_MAX and NULL: all */
    uint64_t arena, szind, min_size;
    const char *state;
    bool slab;

    bool cache_addresses; /* caches: of every region */

    /* stats */
    bool arenas, fragmentation;
    uint64_t largest; /* so many of them */

    /* layout without a target */
    const char *jemalloc, *machine;
    struct jh_build build;
    bool list, sizes;
};

/* Monotonic nanoseconds. */
struct progress {
    int64_t start, shown, deadline; /* shown: the last time; deadline 0: none */
    bool terminal;                  /* on stderr */
};

struct resident {
    int pagemap, rollup;    /* of a process: /proc/PID/pagemap and smaps_rollup */
    uint64_t page;          /* of the kernel's */
    uint64_t start, end;    /* yet to be counted */
    uint64_t pages, looked; /* in memory; at how many words it was looked */
    uint64_t doubtful;      /* of pages: zeroes that were only read, or shared since a fork */
    bool unknown;
};

#define CLI_RULES 128
#define CLI_NOTES 16

struct noted {        /* a fault, in words */
    const char *word; /* corrupt, transient, suspicious, absent... */
    const char *rule;
    char where[384];
};

struct cli {
    const struct arguments *args;
    struct jt_target *target; /* NULL for commands without one; find: a view of another heap */
    struct jt_target *chosen; /* find: the one that was opened */
    struct json json;         /* on stdout */
    int status;               /* exit status so far */
    uint64_t faults;          /* faults that were found */
    uint64_t faults_said;     /* those that were said one by one */
    struct {
        const char *rule;
        uint64_t count;
    } broken[CLI_RULES]; /* how many of each rule; the last one's is that of all others, too */
    uint64_t severity[JT_SEVERITIES]; /* how many of them were that */
    bool verdict_follows;             /* and counts them */
    bool in_answer;                   /* faults concern the answer that is printed next */
    struct noted note[CLI_NOTES];
    size_t notes;
    char compared[64]; /* what the next fault's rule has compared; "" */
    bool parked_said;  /* why not all thread caches are known */
    int proc_fd;       /* a process that is read: its /proc/PID/status */
    struct resident resident;
    char proc_state; /* when it was opened: R, S, T...; 0: not known */
    bool still;      /* it is held still, or was until all had been read of it */
    struct budget *budget;
    struct progress progress;
    bool opened; /* there is a heap to be asked */
    bool marked; /* stdout says that something is missing */
    /* check: instead of being said, each fault is given to this; it keeps its own counts. */
    void (*finding)(struct cli *cli, enum jh_status status, const struct jh_fault *fault);
    struct findings *findings;
    struct cli *other; /* diff: the second target's */
};

/* ---- message.c ------------------------------------------------------------------------------- */

/* A line on stderr: "jeheap: " and the sentence, made plain whatever a target put into it. */
void cli_say(const char *text, ...) __attribute__((format(printf, 1, 2)));
void cli_say_color(bool color); /* of the word corrupt, from now on */
/* A target's text on stdout, made plain. */
void cli_put(const char *text);

/* ---- size_text.c ---------------------------------------------------------------------------- */

#define SIZE_TEXT 32
/* "28 KiB", "1.38 MiB"; "3584 bytes" of what is small and no whole KiB, and of all with --bytes.
 * Somewhere in room. */
const char *cli_size_text(const struct cli *cli, uint64_t size, char room[SIZE_TEXT]);

/* ---- shared.c ------------------------------------------------------------------------------- */

/* Remember an exit status; 1 and 4 together are 4: what is missing may hide more findings. */
void cli_status(struct cli *cli, int status);
/* With --json a line that says so; once. Nothing stands on stdout but whole lines. */
void cli_mark_partial(struct cli *cli);
/* "0x1f" or "31"; false when the text is neither. */
bool cli_number(const char *text, uint64_t *out);
/* The same, or "4K", "4M", "4G". */
bool cli_size(const char *text, uint64_t *out);
/* "0x1f" or "1f": hexadecimal, as debuggers and logs print addresses. */
bool cli_is_address(const char *text, uint64_t *out);

/* The i-th address behind the target; options_read() has refused what is none. */
uint64_t cli_address(const struct cli *cli, size_t i);
/* The target as it was given. */
const char *cli_target(const struct cli *cli);
/* The process that is the target; 0 for a core. */
int cli_process(const struct arguments *a);
/* ANSI codes, or "" without --color. */
const char *cli_paint(const struct cli *cli, const char *word);
const char *cli_plain(const struct cli *cli);

/* ---- faults.c ------------------------------------------------------------------------------- */

/* Say a fault on stderr, or keep it for the answer; and the exit status that follows from it: what
 * an operation that was stopped half-way has left is transient, and no damage. Gives the word for
 * the answer: corrupt, transient, absent... */
const char *cli_fault(struct cli *cli, const char *doing, enum jh_status status,
                      const struct jh_fault *fault);
/* Those that were kept: lines of the answer. */
void cli_answer_faults(struct cli *cli);
/* How many faults were not said, and that the result is partial. */
void cli_count_faults(const struct cli *cli);
/* Behind a walk over the whole heap: is it sound, and how often each rule is broken. */
void cli_verdict_json(struct cli *cli);
void cli_verdict_text(const struct cli *cli, uint64_t extents);

/* ---- rule_words.c ---------------------------------------------------------------------------- */

const char *cli_rule_words(const char *rule);
/* All of them, by their names; NULL behind the last. */
const char *cli_rule_name(size_t index);

/* ---- explain_rows.c ---------------------------------------------------------------------------
 */

struct explain_row {
    const char *rule;   /* its name, or what several begin with */
    const char *causes; /* what usually breaks it */
    const char *next;   /* what to look at */
};
/* NULL: there is no such rule. */
const struct explain_row *explain_row(const char *rule);

/* ---- heap_check.c ---------------------------------------------------------------------------- */

/* Every extent of the heap that is sound in itself, in the order of addresses. What is wrong with
 * it, with its bitmap, with all of them together is said (cli_fault). */
typedef void cli_extent_fn(struct cli *cli, const struct jh_extent *e, void *arg);
void cli_walk(struct cli *cli, cli_extent_fn *each, void *arg);

/* ---- extent_check.c: what the leaf elements and the bitmap say of an extent ------------------ */

/* Does its first page's element name it? That of a structure that is not in use does not. */
bool sound_in_tree(const struct cli *cli, const struct jh_extent *e);
/* The first thing that is wrong. */
enum jh_status sound_extent(const struct cli *cli, const struct jh_extent *e,
                            struct jh_fault *fault);

/* Say a fault of the extent. */
void sound_say(struct cli *cli, const char *doing, enum jh_status status, const struct jh_extent *e,
               const struct jh_fault *fault);

#define SOUND_BATCH 64

/* An extent that contradicts itself at first sight. */
struct sound_suspect {
    struct jh_extent extent;
    struct jh_fault fault;
    bool sure;
};

/* Slabs whose bitmaps are read together. */
struct sound_slabs {
    struct jh_extent extent[SOUND_BATCH];
    struct jh_slab slab[SOUND_BATCH];
    enum jh_status status[SOUND_BATCH];
    size_t count;
    struct sound_suspect suspect[2 * SOUND_BATCH];
    size_t suspects;
};

void sound_start(struct sound_slabs *slabs);
/* An extent of a walk; what is wrong with slabs is said now and then... */
void sound_add(struct cli *cli, struct sound_slabs *slabs, const struct jh_extent *e);
/* ... and at the end. */
void sound_end(struct cli *cli, struct sound_slabs *slabs);

/* ---- extent_out.c --------------------------------------------------------------------------- */

void extent_json(struct cli *cli, const char *key, const struct jh_extent *e);
void extent_row_head(const struct cli *cli);
void extent_row(const struct cli *cli, const struct jh_extent *e);
/* "active", or "unknown(7)" in out. */
const char *extent_state(const struct jh_extent *e, char out[32]);

/* ---- neighbours.c: find ---------------------------------------------------------------------- */

struct piece { /* a region, a large allocation or an unused extent; state NULL: none */
    uint64_t start, size;
    const char *state;
};

/* What stands there, however far away; what is damaged or cannot be read is said. */
struct piece neighbours_before(struct cli *cli, const struct jh_location *l, uint64_t addr);
struct piece neighbours_after(struct cli *cli, const struct jh_location *l, uint64_t addr);
/* Both say what is wrong: its leaf elements and bitmap; another extent that has some of its pages.
 */
void neighbours_check(struct cli *cli, const struct jh_extent *e);
void neighbours_overlap(struct cli *cli, const struct jh_extent *e);

/* ---- parked.c: what is handed out is in use, or parked in a thread cache ----------------------
 */

struct parked {
    const char *state; /* "live", "cached"; "held" where that is not known; else the use's name */
    const struct jt_parked *parked; /* NULL: in no cache that is known */
};

/* Of the region or large allocation that begins at start. What keeps it from being told is said. */
struct parked parked_find(struct cli *cli, enum jh_use use, uint64_t start);
/* Once: why not all caches are known. */
void parked_say_why(struct cli *cli);
void parked_owner_json(struct json *j, const struct jt_cache *cache);
void parked_owner_text(const struct jt_cache *cache);
void parked_json(struct cli *cli, const struct jt_parked *parked); /* NULL: null */
void parked_text(struct cli *cli, const struct jt_parked *parked);

/* ---- place_out.c: find ----------------------------------------------------------------------- */

/* p NULL: it is jemalloc's, or no address at all. */
void place_json(struct cli *cli, const struct jt_place *p);
void place_text(const struct jt_place *p);

/* ---- commands ------------------------------------------------------------------------------- */

void command_info(struct cli *cli);
void command_find(struct cli *cli);
void command_caches(struct cli *cli);
void command_check(struct cli *cli);
void command_diff(struct cli *cli);
void command_explain(struct cli *cli);
void command_regions(struct cli *cli);
void command_stats(struct cli *cli);
void command_extents(struct cli *cli);
void command_extent(struct cli *cli);
void command_layout(struct cli *cli);
void command_skeleton(struct cli *cli);
void command_decoder(struct cli *cli);

/* ---- running_process.c: a process that runs while it is read --------------------------------- */

/* Is it stopped? For running_say(), by when no file may be opened. */
void running_watch(struct cli *cli);
/* What is corrupt, or was not found, may be so because the process runs: how to know. */
void running_say(const struct cli *cli);

/* --stop: holds it still until hold_end(). False: it cannot be, which is said. */
bool hold_start(struct cli *cli);
/* By when all has been read of it; what is not held is left alone. Says how long it was held. */
void hold_end(struct cli *cli);
/* "held_us": microseconds; null: it was not held. */
void hold_json(struct cli *cli);

/* Does it run while it is read? */
bool running_moves(const struct cli *cli);

/* Bytes of it that are in memory; 0 when that is not known. */
uint64_t running_resident(const struct cli *cli);
/* Bytes by a line of a file of /proc that says kB, such as "\nVmRSS:". False: there is none. */
bool running_bytes(int proc_fd, const char *line, uint64_t *out);

/* ---- resident.c: which memory of a process is there: info ------------------------------------ */

/* By when no file may be opened. */
void resident_watch(struct cli *cli);
/* A range of jemalloc's. */
void resident_add(struct cli *cli, uint64_t start, uint64_t end);
/* Bytes of them all that are in memory, least and most; false: that is not known. */
bool resident_bytes(struct cli *cli, uint64_t *least, uint64_t *most);

/* ---- sigbus.c ------------------------------------------------------------------------------- */

/* Calls work. False when a file that is mapped was cut off meanwhile, and work given up. */
bool sigbus_guard(void (*work)(struct cli *), struct cli *cli);

/* ---- progress.c: how far long work is, and --timeout ---------------------------------------- */

/* From here on the time counts. */
void progress_begin(struct arguments *args);
/* Milliseconds that are left of it; 0: it is over, -1: it has no end. */
int progress_left(const struct arguments *args);
/* Let whoever does what takes long look at the clock, if that is of use. */
void progress_start(struct cli *cli, struct jt_options *options);
/* Before anything else is written. */
void progress_clear(void);

/* ---- budget.c: --max-reads around any reader ------------------------------------------------ */

struct budget {
    struct jh_reader inner;
    uint64_t reads_left;
    bool out;
};

/* heap->reader then goes through the budget: JH_LIMIT once it is used up. */
void budget_start(struct budget *budget, struct jh_heap *heap, uint64_t max_reads);

#endif
