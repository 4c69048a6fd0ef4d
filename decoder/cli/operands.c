/* operands.c - what stands on the command line beside the options: a command, a target, addresses.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "options.h"

/* ---- what a word is ------------------------------------------------------------------------- */

static bool is_file(const char *word) {
    struct stat st;
    return stat(word, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Is it an ELF file that can be run, and so no core? Of a pipe nothing may be taken. */
static bool is_program(const char *path) {
    unsigned char head[18];
    struct stat st;
    ssize_t got = 0;
    bool regular = !jt_is_process(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    int fd = regular ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        got = pread(fd, head, sizeof(head), 0);
        close(fd);
    }
    if (got != sizeof(head) || memcmp(head, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    unsigned low = head[EI_DATA] == ELFDATA2MSB; /* where the type's low byte is */
    return head[16 + low] == ET_EXEC || head[16 + low] == ET_DYN;
}

static bool is_target(const char *word) {
    char process[64];
    snprintf(process, sizeof(process), "/proc/%.32s/maps", word);
    return is_file(jt_is_process(word) ? process : word);
}

static bool is_address(const char *word) {
    uint64_t addr;
    return cli_is_address(word, &addr);
}

/* ---- what is wrong with them, and the command that was meant --------------------------------- */

struct typed {
    char text[2048];
    size_t len;
};

static void type_letter(struct typed *t, char letter) {
    if (t->len + 1 < sizeof(t->text)) {
        t->text[t->len++] = letter;
    }
}

static void type_text(struct typed *t, const char *text) {
    while (*text) {
        type_letter(t, *text++);
    }
}

/* As a shell wants it. */
static void type(struct typed *t, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    const char *quote = word[strspn(word, plain)] || !*word ? "'" : "";
    type_letter(t, ' ');
    type_text(t, quote);
    for (; *word; word++) {
        type_text(t, *word == '\'' ? "'\\'" : "");
        type_letter(t, *word);
    }
    type_text(t, quote);
}

/* The command, the word that comes first (NULL: none), and all others. False. */
static bool say_order(const char *sentence, const char *command, const char *first, char **word,
                      int words) {
    struct typed t = {.len = 0};
    type(&t, command);
    if (first) {
        type(&t, first);
    }
    for (int i = 0; i < words; i++) {
        if (word[i] != first && word[i] != command) {
            type(&t, word[i]);
        }
    }
    t.text[t.len] = 0;
    cli_say("%s: jeheap%s", sentence, t.text);
    return false;
}

/* A line that begins with its target: the command that it has somewhere, or the one that fits. */
static const char *meant_command(char **word, int words) {
    for (int i = 1; i < words; i++) {
        if (command_named(word[i])) {
            return word[i];
        }
    }
    return words > 1 && is_address(word[words - 1]) ? "find" : "info";
}

void command_unknown(const char *name) {
    char meant[96];
    struct suggestion s = {.typed = name};
    for (size_t i = 0; i < COMMANDS; i++) {
        suggest(&s, commands[i].name);
    }
    cli_say("there is no command %s%s%s", *name ? name : "''", suggest_text(&s, "", meant),
            s.nearest ? "" : "; see jeheap --help");
}

static bool no_command(char **word, int words) {
    if (jt_is_process(word[0]) || is_file(word[0])) {
        return say_order("the command comes first", meant_command(word, words), NULL, word, words);
    }
    command_unknown(word[0]);
    return false;
}

/* ---- which form of the command -------------------------------------------------------------- */

static bool is_given(const char *name, const bool *given) {
    return name && given[option_named(name) - option_rows];
}

/* "a target, --jemalloc or --list". */
static const char *forms(const struct command *c, char *text, size_t size) {
    size_t len = (size_t)snprintf(text, size, "a target");
    while ((c = command_next_form(c)) != NULL) {
        len += (size_t)snprintf(text + len, size - len, "%s--%s",
                                command_next_form(c) ? ", " : " or ", c->chosen_by);
    }
    return text;
}

/* NULL: there are several, or none; that was said. */
static const struct command *choose_form(const struct command *first, const char *target,
                                         const bool *given) {
    const struct command *chosen = target ? first : NULL;
    size_t count = target != NULL;
    char text[128];
    for (const struct command *c = first; c != NULL; c = command_next_form(c)) {
        if (is_given(c->chosen_by, given)) {
            chosen = c;
            count++;
        }
    }
    if (count == 1) {
        return chosen;
    }
    if (count > 1) {
        cli_say("%s takes %s: one of them", first->name, forms(first, text, sizeof(text)));
    } else {
        cli_say("%s needs %s%s", first->name, forms(first, text, sizeof(text)),
                command_next_form(first) ? "" : ": a process id or a core file");
    }
    return NULL;
}

/* A name may have several rows, of which the first one is `given`. */
static bool option_is_on(const struct option_row *row, unsigned on) {
    for (const struct option_row *r = row; r->name; r++) {
        if ((r->on & on) && strcmp(r->name, row->name) == 0) {
            return true;
        }
    }
    return false;
}

/* Options that this form does not take, and one that it does not go without. */
static bool check_options(const struct command *c, const bool *given) {
    unsigned on = 1u << (c - commands);
    for (const struct option_row *row = option_rows; row->name; row++) {
        bool is = given[row - option_rows];
        char places[128];
        if (is && !option_is_on(row, on)) {
            cli_say("--%s is an option of %s; see jeheap %s --help", row->name,
                    help_places(row, places, sizeof(places)), c->name);
            return false;
        }
        if (!is && row->needed_by & on) {
            cli_say("%s needs -%c %s: %s", c->name, row->letter, row->value, row->form);
            return false;
        }
    }
    return true;
}

/* ---- target and addresses ------------------------------------------------------------------- */

/* The target behind the addresses, the program behind its core. */
static bool check_order(const struct command *c, char **word, int words) {
    bool address = c->takes == TAKES_ADDRESSES && is_address(word[0]) && !is_target(word[0]);
    for (int i = 1; i < words; i++) {
        bool either = jt_is_process(word[0]) && is_address(word[i]); /* a process that has ended */
        if (address && !either && is_target(word[i])) {
            return say_order("the target comes before the addresses", c->name, word[i], word,
                             words);
        }
        if (!is_address(word[i]) && is_program(word[i])) {
            return say_order("the program comes before its core", c->name, word[i], word, words);
        }
    }
    if (strcmp(word[0], "-") == 0) {
        cli_say("- is no target; a core from a pipe is /dev/stdin: zstd -dc core.zst | jeheap %s "
                "/dev/stdin",
                c->name);
        return false;
    }
    return true;
}

static bool too_many(const char *command, char **word) {
    if (is_address(word[1])) {
        cli_say("too many arguments: %s; %s takes no address, but find does: jeheap find %s %s",
                word[1], command, word[0], word[1]);
    } else {
        cli_say("too many arguments: %s; %s takes one target", word[1], command);
    }
    return false;
}

static bool take_addresses(struct arguments *a) {
    if (a->operands == 0) {
        cli_say("%s needs at least one address: jeheap %s %s 0x...", a->command->name,
                a->command->name, a->target.target);
        return false;
    }
    for (size_t i = 0; i < a->operands; i++) {
        const char *word = a->operand[i];
        if (a->command->run == command_find && input_is_list(word)) {
            if (a->addresses) {
                cli_say("find takes one list of addresses, not also %s", word);
                return false;
            }
            a->addresses = word;
        } else if (!is_address(word)) {
            cli_say("this is no address: %s; write it in hexadecimal, with 0x or without", word);
            return false;
        }
    }
    return true;
}

static bool take_second(struct arguments *a, char **word, int words) {
    if (words != 2) {
        cli_say(words > 2 ? "too many arguments: %s; %s takes two targets"
                          : "%2$s needs a second target: jeheap %2$s %1$s TARGET",
                words > 2 ? word[2] : word[0], a->command->name);
        return false;
    }
    a->second = word[1];
    return true;
}

/* word: what is behind the command. */
static bool take_target(struct arguments *a, char **word, int words) {
    const struct command *c = a->command;
    int least = c->takes == TAKES_TARGET ? 1 : 2;
    if (words > least && is_program(word[0])) { /* as for gdb, the program comes first */
        a->target.exe = a->target.exe ? a->target.exe : word[0];
        word++, words--;
    }
    if (!check_order(c, word, words)) {
        return false;
    }
    if (words > 1 && c->takes == TAKES_TARGET) {
        return too_many(c->name, word);
    }
    if (c->takes == TAKES_TARGETS && !take_second(a, word, words)) {
        return false;
    }
    a->target.target = word[0];
    if (a->stop && !jt_is_process(word[0]) && !(a->second && jt_is_process(a->second))) {
        cli_say(a->second ? "--stop holds a process still; %s and %s are cores, which do not change"
                          : "--stop holds a process still; %s is a core, which does not change",
                word[0], a->second);
        return false;
    }
    a->target.threads = /* whose stack or cache that is, and what each is doing */
        c->run == command_find || c->run == command_caches || c->run == command_skeleton ||
        c->run == command_check || c->run == command_diff || c->run == command_stats ||
        c->run == command_regions; /* where no list leads to a cache, its thread does */
    a->operand = (const char **)(word + 1);
    a->operands = (size_t)words - 1;
    return c->takes != TAKES_ADDRESSES || take_addresses(a);
}

/* help, completion: at most one. */
static bool take_word(struct arguments *a, char **word, int words) {
    int most = a->command->takes == TAKES_WORD;
    if (words > most) {
        cli_say("too many arguments: %s; see jeheap help %s", word[most], a->command->name);
        return false;
    }
    a->operand = (const char **)word;
    a->operands = (size_t)words;
    return true;
}

/* Regions have other states than extents, and nothing found looks like an answer. */
static bool state_suits(const struct arguments *a) {
    bool region = a->state && is_region_state(a->state),
         regions = a->command->run == command_regions;
    if (!a->state || region == regions) {
        return true;
    }
    cli_say("--state %s: %s have no such state; %s TARGET --state %s lists what has it", a->state,
            regions ? "regions" : "extents", regions ? "extents" : "regions", a->state);
    return false;
}

static bool letters_suit(const struct arguments *a) {
    if (a->command->run == command_stats && a->jemalloc && !is_jemalloc_letters(a->jemalloc)) {
        cli_say("stats --jemalloc takes letters of malloc_stats_print (%s), not %s",
                JEMALLOC_LETTERS, a->jemalloc);
        return false;
    }
    return true;
}

static bool has_target(const struct command *c) {
    return c->takes >= TAKES_TARGET;
}

bool operands_read(struct arguments *a, char **word, int words, const bool *given) {
    if (words == 0) {
        cli_say("a command is missing; see jeheap --help");
        return false;
    }
    a->command = command_named(word[0]);
    if (!a->command) {
        return no_command(word, words);
    }
    if (has_target(a->command)) {
        a->command = choose_form(a->command, words > 1 ? word[1] : NULL, given);
    }
    if (!a->command || !check_options(a->command, given) || !state_suits(a) || !letters_suit(a)) {
        return false;
    }
    return has_target(a->command) ? take_target(a, word + 1, words - 1)
                                  : take_word(a, word + 1, words - 1);
}
