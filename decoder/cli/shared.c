/* shared.c - what the commands share: exit statuses, faults, numbers, colours. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void cli_status(struct cli *cli, int status) {
    if (status > cli->status) {
        cli->status = status;
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

static bool is_hex(const char *text) {
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

/* Digits of that base, to where they end. False: there are none, which strtoull() does not say, or
 * no number holds them. */
static bool digits(const char *text, int base, uint64_t *out, const char **rest) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, base);
    *rest = end;
    return (base == 16 ? isxdigit((unsigned char)*text) : isdigit((unsigned char)*text)) &&
           errno == 0 && !(base == 16 && is_hex(text));
}

bool cli_number(const char *text, uint64_t *out) {
    const char *rest;
    bool hex = is_hex(text);
    return digits(hex ? text + 2 : text, hex ? 16 : 10, out, &rest) && !*rest;
}

bool cli_size(const char *text, uint64_t *out) {
    static const char letters[] = "KMG";
    const char *rest, *letter;
    if (cli_number(text, out)) {
        return true;
    }
    if (!digits(text, 10, out, &rest) || rest[1]) { /* digits alone are a number */
        return false;
    }
    letter = strchr(letters, toupper((unsigned char)*rest));
    unsigned shift = letter ? 10 * (unsigned)(letter - letters + 1) : 0;
    bool fits = letter && *out <= UINT64_MAX >> shift;
    *out <<= shift;
    return fits;
}

bool cli_is_address(const char *text, uint64_t *out) {
    const char *rest;
    return digits(is_hex(text) ? text + 2 : text, 16, out, &rest) && !*rest;
}

uint64_t cli_address(const struct cli *cli, size_t i) {
    uint64_t addr = 0;
    (void)cli_is_address(cli->args->operand[i], &addr);
    return addr;
}

const char *cli_target(const struct cli *cli) {
    const struct jt_options *o = &cli->args->target;
    return o->name ? o->name : o->target;
}

int cli_process(const struct arguments *a) {
    const char *target = a->target.target;
    uint64_t pid;
    return jt_is_process(target) && cli_number(target, &pid) && pid <= INT_MAX ? (int)pid : 0;
}

const char *cli_paint(const struct cli *cli, const char *word) {
    if (!cli->args->color) {
        return "";
    }
    if (strcmp(word, "live") == 0 || strcmp(word, "held") == 0 || strcmp(word, "active") == 0) {
        return "\033[32m";
    }
    return strcmp(word, "not owned") == 0 || strcmp(word, "corrupt") == 0 ? "\033[1;31m"
                                                                          : "\033[33m";
}

const char *cli_plain(const struct cli *cli) {
    return cli->args->color ? "\033[0m" : "";
}
