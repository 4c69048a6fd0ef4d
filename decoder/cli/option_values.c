/* option_values.c - the values of options, from text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

static void *place(struct arguments *a, const struct option_row *row) {
    return (char *)a + row->at;
}

bool set_flag(struct arguments *a, const struct option_row *row, const char *value) {
    (void)value;
    *(bool *)place(a, row) = true;
    return true;
}

bool set_no_flag(struct arguments *a, const struct option_row *row, const char *value) {
    (void)value;
    *(bool *)place(a, row) = false;
    return true;
}

bool set_text(struct arguments *a, const struct option_row *row, const char *value) {
    if (*value) {
        *(const char **)place(a, row) = value;
    }
    return *value != 0;
}

bool set_number(struct arguments *a, const struct option_row *row, const char *value) {
    uint64_t number;
    bool sound = cli_number(value, &number) && number >= row->least && number <= row->most;
    if (sound) {
        *(uint64_t *)place(a, row) = number;
    }
    return sound;
}

bool set_byte(struct arguments *a, const struct option_row *row, const char *value) {
    uint64_t number;
    bool sound = cli_number(value, &number) && number <= row->most;
    if (sound) {
        *(uint8_t *)place(a, row) = (uint8_t)number;
    }
    return sound;
}

bool set_size(struct arguments *a, const struct option_row *row, const char *value) {
    return cli_size(value, place(a, row));
}

bool set_root(struct arguments *a, const struct option_row *row, const char *value) {
    return a->target.root_given = cli_is_address(value, place(a, row));
}

/* ---- words ---------------------------------------------------------------------------------- */

static bool is_word(const struct option_row *row, const char *value) {
    const char *word;
    for (size_t i = 0; (word = row->word(i)) != NULL; i++) {
        if (strcmp(word, value) == 0) {
            return true;
        }
    }
    return false;
}

bool is_jemalloc_letters(const char *value) {
    return value[strspn(value, JEMALLOC_LETTERS)] == 0;
}

/* A version for layout, which reads whole version strings, too; letters for stats. Each says itself
 * what it does not take. */
bool set_jemalloc(struct arguments *a, const struct option_row *row, const char *value) {
    *(const char **)place(a, row) = value;
    return true;
}

bool set_word(struct arguments *a, const struct option_row *row, const char *value) {
    *(const char **)place(a, row) = value;
    return is_word(row, value);
}

static const char *const region_state[] = {"live", "cached", "held", "free", NULL};

const char *state_word(size_t index) {
    return index < JH_STATE_UNKNOWN    ? jh_state_name((enum jh_state)index)
           : index == JH_STATE_UNKNOWN ? "unknown(N)"
                                       : region_state[index - JH_STATE_UNKNOWN - 1];
}

bool is_region_state(const char *word) {
    bool found = false;
    for (size_t i = 0; region_state[i]; i++) {
        found |= strcmp(region_state[i], word) == 0;
    }
    return found;
}

/* What extents prints: anything else would match nothing, which looks like an answer. */
bool set_state(struct arguments *a, const struct option_row *row, const char *value) {
    static const char unknown[] = "unknown(";
    *(const char **)place(a, row) = value;
    return strncmp(value, unknown, strlen(unknown)) == 0 || is_word(row, value);
}

const char *color_word(size_t index) {
    static const char *const word[] = {"auto", "always", "never", NULL};
    return word[index];
}

/* https://no-color.org: not empty, whatever it is. */
void color_auto(struct arguments *a) {
    const char *no = getenv("NO_COLOR");
    bool wanted = no == NULL || !*no;
    a->color = wanted && isatty(STDOUT_FILENO);
    a->color_said = wanted && isatty(STDERR_FILENO);
}

bool set_color(struct arguments *a, const struct option_row *row, const char *value) {
    a->color = a->color_said = strcmp(value, "always") == 0;
    if (strcmp(value, "auto") == 0) {
        color_auto(a);
    }
    return is_word(row, value);
}

void text_append(char *text, size_t size, const char *more) {
    strncat(text, more, size - strlen(text) - 1);
}

/* "auto, always or never". */
const char *option_form(const struct option_row *row, char *text, size_t size) {
    const char *word;
    if (!row->word) {
        return row->form;
    }
    text[0] = 0;
    for (size_t i = 0; (word = row->word(i)) != NULL; i++) {
        text_append(text, size, i == 0 ? "" : row->word(i + 1) ? ", " : " or ");
        text_append(text, size, word);
    }
    return text;
}

const char *option_meant(const struct option_row *row, const char *value, char out[96]) {
    const char *word;
    struct suggestion s = {.typed = value};
    for (size_t i = 0; row->word && (word = row->word(i)) != NULL; i++) {
        suggest(&s, word);
    }
    return suggest_text(&s, "", out);
}
