/* completion.c - what bash, zsh and fish complete, from the rows of commands and options. */
#include <stdio.h>
#include <string.h>

#include "options.h"

/* ---- what they share ------------------------------------------------------------------------ */

/* In single quotes, and a backslash before what is special there. */
static void put_quoted(const char *text, const char *special) {
    for (; *text; text++) {
        if (*text == '\'') {
            printf("'\\''");
        } else {
            printf("%s%c", strchr(special, *text) ? "\\" : "", *text);
        }
    }
}

/* All forms of a command. */
static unsigned forms_of(const struct command *c) {
    unsigned on = 0;
    for (; c; c = command_next_form(c)) {
        on |= 1u << (c - commands);
    }
    return on;
}

/* Of a row that takes a value. */
static bool takes_path(const struct option_row *row) {
    return strcmp(row->value, "FILE") == 0 || strcmp(row->value, "DIR") == 0 ||
           strcmp(row->name, "layout") == 0;
}

static void put_words(const struct option_row *row) {
    const char *word, *blank = "";
    for (size_t i = 0; (word = row->word(i)) != NULL; i++) {
        if (!strchr(word, '(')) { /* unknown(N) is not to be typed as it stands */
            printf("%s%s", blank, word);
            blank = " ";
        }
    }
}

static void put_commands(const char *between) {
    const char *before = "";
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (help_lists(c)) {
            printf("%s%s", before, c->name);
            before = between;
        }
    }
}

static const char shells[] = "bash zsh fish";

/* ---- bash ----------------------------------------------------------------------------------- */

static void bash_values(void) {
    printf("    case $prev in\n");
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (!row->value) {
            continue;
        }
        printf("    --%s", row->name);
        if (row->letter) {
            printf(" | -%c", row->letter);
        }
        if (row->word) {
            printf(") words='");
            put_words(row);
            printf("' ;;\n");
        } else {
            printf(") %s ;;\n", takes_path(row) ? "files=1" : "return");
        }
    }
    printf("    *) case $cur in\n        -*) case $command in\n");
}

static void bash_options(void) {
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (!help_lists(c)) {
            continue;
        }
        printf("            %s) words='", c->name);
        for (const struct option_row *row = option_rows; row->name; row++) {
            if (row->on & forms_of(c)) {
                printf("--%s ", row->name);
            }
        }
        printf("' ;;\n");
    }
}

static void bash(void) {
    printf("_jeheap() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local command= word words= files=\n"
           "    [ \"$cur\" != = ] || cur=\n" /* --state=dirty is three words */
           "    [ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD-2]}\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case $word in ");
    put_commands(" | ");
    printf(") command=$word; break ;; esac\n    done\n");
    bash_values();
    bash_options();
    printf("            *) words='--help --version' ;;\n            esac ;;\n"
           "        *) case $command in\n            '' | help) words='");
    put_commands(" ");
    printf("' ;;\n            completion) words='%s' ;;\n            *) files=1 ;;\n"
           "            esac ;;\n        esac ;;\n    esac\n"
           "    if [ -n \"$files\" ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
           "        compopt -o filenames 2>/dev/null\n"
           "    else\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "    fi\n}\ncomplete -F _jeheap jeheap\n",
           shells);
}

/* ---- zsh ------------------------------------------------------------------------------------ */

static void zsh_option(const struct option_row *row) {
    printf(" \\\n            '--%s%s[", row->name, row->value ? "=" : "");
    put_quoted(row->help, "[]:\\");
    printf("]");
    if (row->value) {
        printf(":%s:", row->value);
        if (row->word) {
            printf("(");
            put_words(row);
            printf(")");
        } else if (takes_path(row)) {
            printf("_files");
        }
    }
    printf("'");
}

static void zsh(void) {
    printf("#compdef jeheap\n_jeheap() {\n    local context state state_descr line\n"
           "    typeset -A opt_args\n    local -a commands=(\n");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (help_lists(c)) {
            printf("        '%s:", c->name);
            put_quoted(c->help, ":\\");
            printf("'\n");
        }
    }
    printf("    )\n    _arguments -C '1:command:->command' '*::argument:->rest'\n"
           "    case $state in\n    command) _describe command commands ;;\n"
           "    rest) case $line[1] in\n");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (!help_lists(c)) {
            continue;
        }
        printf("        %s) _arguments", c->name);
        for (const struct option_row *row = option_rows; row->name; row++) {
            if (row->on & forms_of(c)) {
                zsh_option(row);
            }
        }
        printf(" \\\n            '*:argument:_files' ;;\n");
    }
    printf("        esac ;;\n    esac\n}\n_jeheap \"$@\"\n");
}

/* ---- fish ----------------------------------------------------------------------------------- */

static void fish_option(const struct option_row *row) {
    printf("complete -c jeheap -n '__fish_seen_subcommand_from");
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (help_lists(c) && row->on & forms_of(c)) {
            printf(" %s", c->name);
        }
    }
    printf("' -l %s", row->name);
    if (row->letter) {
        printf(" -s %c", row->letter);
    }
    if (row->word) {
        printf(" -x -a '");
        put_words(row);
        printf("'");
    } else if (row->value) {
        printf(takes_path(row) ? " -r -F" : " -x");
    }
    printf(" -d '");
    put_quoted(row->help, "\\");
    printf("'\n");
}

static void fish(void) {
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (help_lists(c)) {
            printf("complete -c jeheap -n __fish_use_subcommand -f -a %s -d '", c->name);
            put_quoted(c->help, "\\");
            printf("'\n");
        }
    }
    printf("complete -c jeheap -n '__fish_seen_subcommand_from completion' -f -a '%s'\n", shells);
    for (const struct option_row *row = option_rows; row->name; row++) {
        fish_option(row);
    }
}

/* --------------------------------------------------------------------------------------------- */

void command_completion(struct cli *cli) {
    static const struct {
        const char *name;
        void (*print)(void);
    } shell[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    const char *wanted = cli->args->operands ? cli->args->operand[0] : "";
    for (size_t i = 0; i < sizeof(shell) / sizeof(shell[0]); i++) {
        if (strcmp(shell[i].name, wanted) == 0) {
            shell[i].print();
            return;
        }
    }
    cli_say("completion takes a shell, bash, zsh or fish, not \"%s\"", wanted);
    cli_status(cli, EXIT_USAGE);
}
