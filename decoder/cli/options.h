/* options.h - the rows of commands and options: usage, parsing, help, completion and the manual are
 * made from them. */
#ifndef JEHEAP_CLI_OPTIONS_H
#define JEHEAP_CLI_OPTIONS_H

#include "cli.h"

/* ---- command_rows.c ------------------------------------------------------------------------- */

/* A command has a row for each of its forms; the one without an option that chooses it comes first.
 */
enum command_row {
    COMMAND_INFO,
    COMMAND_FIND,
    COMMAND_EXTENTS,
    COMMAND_EXTENT,
    COMMAND_REGIONS,
    COMMAND_CACHES,
    COMMAND_STATS,
    COMMAND_CHECK,
    COMMAND_DIFF,
    COMMAND_EXPLAIN,
    COMMAND_LAYOUT,
    COMMAND_LAYOUT_MADE,
    COMMAND_LAYOUT_LIST,
    COMMAND_SKELETON,
    COMMAND_DECODER,
    COMMAND_HELP,
    COMMAND_VERSION,
    COMMAND_COMPLETION,
    COMMAND_MANUAL,
    COMMANDS
};

struct example {
    const char *command, *what;
};

struct command {
    const char *name;
    const char *chosen_by; /* the option that makes it this form: "list"; NULL: none does */
    const char *operands;  /* as the usage has them: "TARGET ADDRESS..." */
    enum { TAKES_NOTHING, TAKES_WORD, TAKES_TARGET, TAKES_TARGETS, TAKES_ADDRESSES } takes;
    void (*run)(struct cli *); /* sets cli->status */
    const char *help;          /* what it does, for the list of commands */
    const char *more;          /* what else is to be known; NULL: nothing */
    const char *found;         /* what exit status 1 means; NULL: it does not end so */
    struct example example[3];
};

extern const struct command commands[COMMANDS];

/* Its first row; NULL: there is no such command. */
const struct command *command_named(const char *name);
/* The next row of the same command; NULL: there is none. */
const struct command *command_next_form(const struct command *c);

/* ---- option_rows.c -------------------------------------------------------------------------- */

enum option_group {
    GROUP_TARGET,
    GROUP_EXTENTS,
    GROUP_CACHES,
    GROUP_STATS,
    GROUP_BUILD,
    GROUP_OUTPUT,
    OPTION_GROUPS
};

#define OPTIONS_MAX 63

struct option_row {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* what the usage calls its value; NULL: it takes none */
    enum option_group group;
    unsigned on, needed_by; /* commands that take it, and that do not go without it: bits ON(ROW) */
    bool (*set)(struct arguments *a, const struct option_row *row, const char *value);
    size_t at;                         /* of what it sets, in struct arguments */
    uint64_t least, most;              /* of a number */
    const char *(*word)(size_t index); /* the words that it takes, then NULL; NULL: any text */
    const char *form;                  /* what its value looks like, for who gives another */
    const char *help;
};

#define ON(row) (1u << COMMAND_##row)

/* The last one has no name. */
extern const struct option_row option_rows[];

const struct option_row *option_named(const char *name);

/* ---- option_values.c ------------------------------------------------------------------------ */

/* Is it a state of regions, as against extents? */
bool is_region_state(const char *word);
/* Each takes the value of a row; false when it makes no sense. */
bool set_flag(struct arguments *a, const struct option_row *row, const char *value);
bool set_no_flag(struct arguments *a, const struct option_row *row, const char *value);
bool set_text(struct arguments *a, const struct option_row *row, const char *value);
bool set_number(struct arguments *a, const struct option_row *row, const char *value);
bool set_byte(struct arguments *a, const struct option_row *row, const char *value);
bool set_size(struct arguments *a, const struct option_row *row, const char *value);
bool set_root(struct arguments *a, const struct option_row *row, const char *value);
/* A version (layout), or letters of malloc_stats_print (stats). */
#define JEMALLOC_LETTERS "Jgmdablxeh"
bool is_jemalloc_letters(const char *value);
bool set_jemalloc(struct arguments *a, const struct option_row *row, const char *value);
bool set_word(struct arguments *a, const struct option_row *row, const char *value);
bool set_state(struct arguments *a, const struct option_row *row, const char *value);
/* On terminals, unless NO_COLOR is in the environment. */
void color_auto(struct arguments *a);
bool set_color(struct arguments *a, const struct option_row *row, const char *value);

const char *state_word(size_t index);
const char *color_word(size_t index);

/* Text behind text, as far as there is room. */
void text_append(char *text, size_t size, const char *more);
/* What a value looks like: "auto, always or never", or the row's form. */
const char *option_form(const struct option_row *row, char *text, size_t size);

/* "; did you mean always?" or "". */
const char *option_meant(const struct option_row *row, const char *value, char out[96]);

/* ---- options.c ------------------------------------------------------------------------------ */

/* The command line into a; false: what is wrong with it was said. */
bool options_read(struct arguments *a, int argc, char **argv);

/* ---- operands.c ----------------------------------------------------------------------------- */

/* What stands behind the options, or between them; given: options by the index of their rows.
 * False: what is wrong was said. */
bool operands_read(struct arguments *a, char **word, int words, const bool *given);

/* Says that there is none of this name, and which is meant. */
void command_unknown(const char *name);

/* ---- suggest.c ------------------------------------------------------------------------------ */

/* Keeps the one of several words that is nearest to one that was typed. */
struct suggestion {
    const char *typed, *nearest; /* NULL: none is near */
    size_t distance;
};

void suggest(struct suggestion *s, const char *word);
/* "; did you mean extents?" with the text before and behind it; "" when none is near. */
const char *suggest_text(const struct suggestion *s, const char *before, char out[96]);

/* ---- help.c --------------------------------------------------------------------------------- */

void command_help(struct cli *cli);
void command_version(struct cli *cli);

/* The names of the commands, or forms, that take an option: "extents", "layout --jemalloc". */
const char *help_places(const struct option_row *row, char *out, size_t size);

/* "find TARGET ADDRESS...", "layout --jemalloc VERSION". */
const char *help_synopsis(const struct command *c, char out[96]);

/* ---- completion.c, manual.c: a shell's completion, a manual page, on stdout ------------------ */

void command_completion(struct cli *cli);
void command_manual(struct cli *cli);

/* What an exit status means for a command, or for all of them (NULL); NULL: it does not end so. */
#define EXIT_STATUSES 5
const char *help_exit(const struct command *c, int status);
const char *help_group(enum option_group group);
bool help_lists(const struct command *c); /* a row that begins a command */

#endif
