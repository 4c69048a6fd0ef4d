/* options.c - the command line, by the rows of options: what each one is stands in option_rows.c.
 */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

/* getopt_long() gives a row's letter, or its index and this. */
enum { FIRST_INDEX = 256 };

struct getopt_rows {
    struct option longs[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 2];
};

/* The index of the first row of that name. */
static int first_of(const struct option_row *row) {
    return (int)(option_named(row->name) - option_rows);
}

static void rows_for_getopt(struct getopt_rows *g) {
    size_t len = 0;
    memset(g, 0, sizeof(*g));
    g->letters[len++] = ':'; /* what is wrong is said here, not by getopt */
    for (int i = 0; option_rows[i].name; i++) {
        const struct option_row *row = &option_rows[i];
        g->longs[i] =
            (struct option){.name = row->name,
                            .has_arg = row->value ? required_argument : no_argument,
                            .val = row->letter ? row->letter : FIRST_INDEX + first_of(row)};
        if (row->letter) {
            g->letters[len++] = row->letter;
        }
        if (row->letter && row->value) {
            g->letters[len++] = ':';
        }
    }
}

/* NULL: getopt_long() has found none. */
static const struct option_row *row_of(int option) {
    for (int i = 0; option_rows[i].name; i++) {
        if (option == FIRST_INDEX + i || (option != 0 && option == option_rows[i].letter)) {
            return &option_rows[i];
        }
    }
    return NULL;
}

/* ---- what is wrong with it ------------------------------------------------------------------ */

/* "--list, --lg-page" when it is the beginning of several; else "". */
static const char *begins_with(const char *typed, char *text, size_t size) {
    size_t count = 0;
    text[0] = 0;
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (strncmp(row->name, typed, strlen(typed)) == 0) {
            text_append(text, size, count++ ? ", --" : "--");
            text_append(text, size, row->name);
        }
    }
    text[0] = count > 1 ? text[0] : (char)0;
    return text;
}

static void unknown_name(const char *word) {
    char typed[64], several[1024], meant[96];
    snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    struct suggestion s = {.typed = typed};
    if (*begins_with(typed, several, sizeof(several))) {
        cli_say("--%s is the beginning of several options: %s", typed, several);
        return;
    }
    for (const struct option_row *row = option_rows; row->name; row++) {
        suggest(&s, row->name);
    }
    cli_say("there is no option --%s%s%s", typed, suggest_text(&s, "--", meant),
            s.nearest ? "" : "; see jeheap --help");
}

/* In "-json" the letter j. */
static void unknown_letter(int letter, char *const *around) {
    if (isdigit(letter)) {
        cli_say("there is no option -%c, and no address is negative; write it as 0x...", letter);
        return;
    }
    for (int i = 0; i < 2 && around[i]; i++) {
        const struct option_row *row = around[i][0] == '-' ? option_named(around[i] + 1) : NULL;
        if (row) {
            cli_say("there is no option -%c; did you mean --%s?", letter, row->name);
            return;
        }
    }
    cli_say("there is no option -%c; see jeheap --help", letter);
}

/* What getopt_long() has just refused. */
static void wrong_option(int option, char **argv) {
    const char *word = argv[optind - 1];
    const struct option_row *row = row_of(optopt);
    char form[512];
    if (row && option == ':') {
        cli_say("%s needs a value: %s", word, option_form(row, form, sizeof(form)));
    } else if (row) {
        cli_say("--%s takes no value: %s", row->name, word);
    } else if (optopt) {
        unknown_letter(optopt, argv + optind - 1);
    } else {
        unknown_name(word);
    }
}

static void wrong_value(const struct option_row *row, const char *value) {
    char form[512], meant[96];
    cli_say("--%s takes %s, not \"%s\"%s", row->name, option_form(row, form, sizeof(form)), value,
            option_meant(row, value, meant));
}

/* ---- reading it ----------------------------------------------------------------------------- */

/* Version and machine make all parameters of a build, which the other options change, wherever
 * they stand. */
static bool comes_first(const struct option_row *row) {
    return strcmp(row->name, "jemalloc") == 0 || strcmp(row->name, "machine") == 0;
}

static void start_build(struct arguments *a) {
    enum jh_version version = JH_5_3_0;
    if (a->jemalloc && jh_version_parse(a->jemalloc, &version) != JH_OK) {
        version = JH_5_3_0; /* layout says that there is no such version */
    }
    jh_build_init(&a->build, version);
    enum jh_status known = a->machine ? jh_build_machine(&a->build, a->machine) : JH_OK;
    (void)known; /* read_first() has taken a name of this table */
}

/* The first of two readings: what comes first, and is anything wrong? In the second one all options
 * stand before all words, and one that lacks its value would take the command for it. *asked: for
 * help or the version, behind which nothing is wrong. */
static bool read_first(struct arguments *a, const struct getopt_rows *g, int argc, char **argv,
                       const struct option_row **asked) {
    int option;
    *asked = NULL;
    while ((option = getopt_long(argc, argv, g->letters, g->longs, NULL)) != -1) {
        const struct option_row *row = row_of(option);
        if (*asked) {
            continue;
        }
        if (!row) {
            wrong_option(option, argv);
            return false;
        }
        if (!row->set) {
            *asked = row;
        } else if (comes_first(row) && !row->set(a, row, optarg)) {
            wrong_value(row, optarg);
            return false;
        }
    }
    return true;
}

/* The others. */
static bool read_second(struct arguments *a, const struct getopt_rows *g, int argc, char **argv,
                        bool *given) {
    int option;
    while ((option = getopt_long(argc, argv, g->letters, g->longs, NULL)) != -1) {
        const struct option_row *row = row_of(option);
        given[row - option_rows] = true;
        if (!comes_first(row) && !row->set(a, row, optarg)) {
            wrong_value(row, optarg);
            return false;
        }
    }
    return true;
}

/* --help and --version are the commands of that name; help is of the command beside it. */
static void take_asked(struct arguments *a, const struct option_row *asked, char **word) {
    a->command = command_named(asked->name);
    a->operand = (const char **)word;
    a->operands = *word && command_named(*word) ? 1 : 0;
}

/* stats --jemalloc takes letters, and does without: then it gets an empty value. */
static void take_bare_jemalloc(int argc, char **argv) {
    static char bare[] = "--jemalloc=";
    bool stats = false;
    for (int i = 1; i < argc; i++) {
        stats |= strcmp(argv[i], "stats") == 0;
    }
    for (int i = 1; stats && i < argc; i++) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--jemalloc") == 0 && (!value || !is_jemalloc_letters(value))) {
            argv[i] = bare;
        }
    }
}

bool options_read(struct arguments *a, int argc, char **argv) {
    struct getopt_rows g;
    const struct option_row *asked;
    bool given[OPTIONS_MAX] = {false};
    take_bare_jemalloc(argc, argv);
    rows_for_getopt(&g);
    color_auto(a);
    opterr = 0;
    if (!read_first(a, &g, argc, argv, &asked)) {
        return false;
    }
    if (asked) {
        take_asked(a, asked, argv + optind);
        return true;
    }
    start_build(a);
    optind = 0; /* as glibc wants it for a new start */
    return read_second(a, &g, argc, argv, given) &&
           operands_read(a, argv + optind, argc - optind, given);
}
