/* help.c - the usage, of all and of one command, from the rows. */
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "sandbox.h"

enum { WIDTH = 80, OPTION_COLUMN = 23, COMMAND_COLUMN = 27 };

/* ---- text in columns ------------------------------------------------------------------------ */

/* Text from a column on, after at columns of the line are taken; each line breaks at a blank. */
static void wrap(const char *text, size_t at, size_t column) {
    while (*text) {
        size_t len = strcspn(text, " ");
        if (at > column && at + 1 + len > WIDTH) {
            printf("\n");
            at = 0;
        }
        if (at < column) {
            printf("%*s", (int)(column - at), "");
            at = column;
        } else if (at > column) {
            printf(" ");
            at++;
        }
        printf("%.*s", (int)len, text);
        at += len;
        text += len + strspn(text + len, " ");
    }
    printf("\n");
}

/* "  name   text", with the text in a line of its own behind a long name. */
static void entry(const char *name, const char *text, size_t column) {
    size_t len = (size_t)printf("  %s", name);
    if (len + 1 >= column) {
        printf("\n");
        len = 0;
    }
    wrap(text, len, column);
}

static void paragraph(const char *text) {
    printf("\n");
    wrap(text, 0, 0);
}

/* ---- commands ------------------------------------------------------------------------------- */

bool help_lists(const struct command *c) {
    return c == commands || strcmp(c[-1].name, c->name) != 0;
}

/* "extents", "layout TARGET", "layout --list". */
static const char *form_name(const struct command *c, char out[64]) {
    bool several = !help_lists(c) || command_next_form(c);
    snprintf(out, 64, "%s%s%s", c->name,
             c->chosen_by ? " --"
             : several    ? " TARGET"
                          : "",
             c->chosen_by ? c->chosen_by : "");
    return out;
}

const char *help_places(const struct option_row *row, char *out, size_t size) {
    const char *comma = "";
    size_t len = 0;
    char name[64];
    for (size_t i = 0; i < COMMANDS; i++) {
        if (row->on & 1u << i) {
            len += (size_t)snprintf(out + len, size - len, "%s%s", comma,
                                    form_name(&commands[i], name));
            comma = ", ";
        }
    }
    return out;
}

/* "find TARGET ADDRESS...", "layout --jemalloc VERSION", "skeleton TARGET -o FILE". */
const char *help_synopsis(const struct command *c, char out[96]) {
    unsigned on = 1u << (c - commands);
    size_t len = (size_t)snprintf(out, 96, "%s%s%s", c->name, *c->operands ? " " : "", c->operands);
    if (c->chosen_by) {
        const char *value = option_named(c->chosen_by)->value;
        len += (size_t)snprintf(out + len, 96 - len, " --%s%s%s", c->chosen_by, value ? " " : "",
                                value ? value : "");
    }
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->needed_by & on) {
            len += (size_t)snprintf(out + len, 96 - len, " -%c %s", row->letter, row->value);
        }
    }
    return out;
}

/* ---- options -------------------------------------------------------------------------------- */

const char *help_group(enum option_group group) {
    static const char *const name[OPTION_GROUPS] = {
        [GROUP_TARGET] = "about the target",    [GROUP_EXTENTS] = "which extents, or regions",
        [GROUP_CACHES] = "about thread caches", [GROUP_STATS] = "about totals",
        [GROUP_BUILD] = "about the build",      [GROUP_OUTPUT] = "about the output"};
    return name[group];
}

static void option_entry(const struct option_row *row) {
    char name[64], text[512], form[256];
    snprintf(name, sizeof(name), "%s%.1s%s--%s%s%s", row->letter ? "-" : "", &row->letter,
             row->letter ? ", " : "", row->name, row->value ? " " : "",
             row->value ? row->value : "");
    snprintf(text, sizeof(text), "%s%s%s", row->help, row->word ? ": " : "",
             row->word ? option_form(row, form, sizeof(form)) : "");
    entry(name, text, OPTION_COLUMN);
}

static void options(unsigned on) {
    for (unsigned group = 0; group < OPTION_GROUPS; group++) {
        bool any = false;
        for (const struct option_row *row = option_rows; row->name; row++) {
            if (row->group == group && row->on & on) {
                if (!any) {
                    printf("\n%s:\n", help_group(group));
                }
                any = true;
                option_entry(row);
            }
        }
    }
}

/* ---- exit statuses -------------------------------------------------------------------------- */

const char *help_exit(const struct command *c, int status) {
    static const char *const all[] = {
        "done, and nothing is corrupt", "done, and something is wrong (corrupt, address not owned)",
        "wrong usage", "the target cannot be read, or holds no jemalloc",
        "a partial result: bytes are absent, or a limit was reached"};
    bool target = !c || c->takes >= TAKES_TARGET;
    return status == EXIT_FOUND && c        ? c->found
           : status > EXIT_USAGE && !target ? NULL
                                            : all[status];
}

static void exits(const struct command *c) {
    printf("\nexit status:\n");
    for (int status = 0; status < EXIT_STATUSES; status++) {
        if (help_exit(c, status)) {
            printf("  %d  %s\n", status, help_exit(c, status));
        }
    }
}

/* ---- the texts ------------------------------------------------------------------------------ */

static void help_all(void) {
    char name[96];
    printf("usage: jeheap COMMAND TARGET [ADDRESS]... [OPTION]...\n");
    paragraph(
        "TARGET is a process id or an ELF core file, which may come from a pipe (/dev/stdin); "
        "`PROGRAM CORE`, as for gdb, means CORE --exe PROGRAM. Addresses are hexadecimal, "
        "with 0x or without; sizes take K, M and G (4K, 1M). jeheap COMMAND --help says more "
        "about a command, with examples.");
    printf("\ncommands:\n");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        entry(help_synopsis(c, name), c->help, COMMAND_COLUMN);
    }
    options(UINT32_MAX);
    paragraph(commands[COMMAND_FIND].more);
    paragraph(commands[COMMAND_EXTENTS].more);
    exits(NULL);
}

static void help_one(const struct command *first) {
    unsigned on = 0;
    char name[96];
    for (const struct command *c = first; c; c = command_next_form(c)) {
        on |= 1u << (c - commands);
        printf("%s jeheap %s [OPTION]...\n", c == first ? "usage:" : "      ",
               help_synopsis(c, name));
    }
    printf("\n");
    for (const struct command *c = first; c && command_next_form(first); c = command_next_form(c)) {
        entry(help_synopsis(c, name), c->help, COMMAND_COLUMN);
    }
    if (!command_next_form(first)) {
        wrap(first->help, 0, 0);
    }
    if (first->more) {
        paragraph(first->more);
    }
    options(on);
    printf("\nexamples:\n");
    for (const struct command *c = first; c; c = command_next_form(c)) {
        for (const struct example *e = c->example; e < c->example + 3 && e->command; e++) {
            printf("  %s%s%s\n", e->command, e->what ? "   # " : "", e->what ? e->what : "");
        }
    }
    exits(first);
}

void command_help(struct cli *cli) {
    const char *name = cli->args->operands ? cli->args->operand[0] : NULL;
    const struct command *c = name ? command_named(name) : NULL;
    if (c) {
        help_one(c);
    } else if (name) {
        command_unknown(name);
        cli_status(cli, EXIT_USAGE);
    } else {
        help_all();
    }
}

void command_version(struct cli *cli) {
    (void)cli;
    printf("jeheap " JEHEAP_VERSION " (%s)\n", sandbox_parts());
}
