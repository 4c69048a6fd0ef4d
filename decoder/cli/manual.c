/* manual.c - the manual page, in mdoc: the rows of commands and options, and a little prose. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

enum { LINE = 76 };

/* Text, with a hyphen that is to be typed as such; lines are short, and each sentence begins one.
 */
static void put(const char *text) {
    size_t column = 0;
    for (char before = ' '; *text; before = *text++, column++) {
        bool sentence = before == '.' && isupper((unsigned char)text[1]);
        if (*text == ' ' && (sentence || column + strcspn(text + 1, " ") >= LINE)) {
            printf("\n");
            column = 0;
        } else {
            printf("%s%c", *text == '-' && (before == ' ' || before == '-') ? "\\" : "", *text);
        }
    }
    printf("\n");
}

static void put_option(const struct option_row *row) {
    if (row->letter) {
        printf(" Fl %c ,", row->letter);
    }
    printf(" Fl -%s", row->name);
    if (row->value) {
        printf(" Ar %s", row->value);
    }
}

static void put_form(const struct command *c) {
    printf("Cm %s", c->name);
    if (*c->operands) {
        printf(" Ar %s", c->operands);
    }
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (row->needed_by & 1u << (c - commands) ||
            (c->chosen_by && row == option_named(c->chosen_by))) {
            put_option(row);
        }
    }
}

static void commands_part(void) {
    printf(".Sh COMMANDS\n.Bl -tag -width Ds\n");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        printf(".It ");
        put_form(c);
        printf("\n");
        put(c->help);
        if (c->more) {
            printf(".Pp\n");
            put(c->more);
        }
    }
    printf(".El\n");
}

static void options_part(void) {
    printf(".Sh OPTIONS\n");
    for (unsigned group = 0; group < OPTION_GROUPS; group++) {
        printf(".Ss Options %s\n.Bl -tag -width Ds\n", help_group(group));
        for (const struct option_row *row = option_rows; row->name; row++) {
            char form[512];
            if (row->group != group) {
                continue;
            }
            printf(".It");
            put_option(row);
            printf("\n");
            put(row->help);
            if (row->value) {
                printf(".Ar %s\nis ", row->value);
                put(option_form(row, form, sizeof(form)));
            }
        }
        printf(".El\n");
    }
}

static void exits_part(void) {
    printf(".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    for (int status = 0; status < EXIT_STATUSES; status++) {
        printf(".It %d\n%s\n", status, help_exit(NULL, status));
    }
    printf(".El\n");
}

static void examples_part(void) {
    printf(".Sh EXAMPLES\n");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        for (const struct example *e = c->example; e < c->example + 3 && e->command; e++) {
            printf(".Dl ");
            put(e->command); /* shorter than a line */
        }
    }
}

void command_manual(struct cli *cli) {
    (void)cli;
    printf(".Dd November 30, 2026\n.Dt JEHEAP 1\n.Os\n.Sh NAME\n.Nm jeheap\n"
           ".Nd read the jemalloc heap of a process or of a core dump\n.Sh SYNOPSIS\n");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        printf(".Nm\n."); /* alone: groff begins a new line for no other */
        put_form(c);
        printf(" Op Ar OPTION ...\n");
    }
    printf(".Sh DESCRIPTION\n.Nm\n");
    put("reads the heap of jemalloc 5 from outside: what an address belongs to, where the memory "
        "is, "
        "what is corrupt. A target is the id of a running process, or an ELF core file, which may "
        "come from a pipe (/dev/stdin). PROGRAM CORE, as for gdb, means CORE --exe PROGRAM. "
        "Addresses "
        "are hexadecimal, with 0x or without; sizes take K, M and G. The program is not changed, "
        "and "
        "needs no debug information where its jemalloc has symbols or is a common build. Results "
        "go "
        "to standard output, everything else to standard error.");
    printf(".Pp\n");
    put("Targets may be hostile: they are read behind a sandbox, in bounded time and memory. Bytes "
        "that are not in a core, bytes that contradict jemalloc, a jemalloc that is not known and "
        "a "
        "limit that was reached are told apart, by the exit status and in words.");
    commands_part();
    options_part();
    printf(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev TMPDIR\n"
           "where a core that comes from a pipe is copied to; /var/tmp without it\n.El\n");
    exits_part();
    examples_part();
    printf(".Sh SEE ALSO\n.Xr gcore 1 ,\n.Xr gdb 1 ,\n.Xr jemalloc 3 ,\n.Xr core 5\n");
}
