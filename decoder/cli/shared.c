/* shared.c - what the commands share: exit statuses, faults, numbers, colours. */
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

void cli_fault(struct cli *cli, const char *doing, enum jh_status status,
               const struct jh_fault *fault) {
    enum { SAID = 20 };
    cli->faults++;
    if (cli->faults <= SAID) {
        fprintf(stderr, "jeheap: %s: %s: %s at 0x%" PRIx64 ", value 0x%" PRIx64 "\n", doing,
                jh_status_name(status), fault->rule, fault->addr, fault->seen);
    }
    cli->corrupt |= status == JH_CORRUPT;
    cli_status(cli, status == JH_CORRUPT ? EXIT_FOUND : EXIT_PARTIAL);
}

void cli_count_faults(const struct cli *cli) {
    enum { SAID = 20 };
    if (cli->faults > SAID) {
        fprintf(stderr, "jeheap: %" PRIu64 " more faults\n", cli->faults - SAID);
    }
    if (cli->status == EXIT_PARTIAL) {
        fprintf(stderr, "jeheap: this result is partial\n");
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

bool cli_number(const char *text, uint64_t *out) {
    char *end;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hex ? text + 2 : text;
    bool starts = (*digits >= '0' && *digits <= '9') || (hex && *digits >= 'a' && *digits <= 'f') ||
                  (hex && *digits >= 'A' && *digits <= 'F');
    errno = 0;
    *out = strtoull(digits, &end, hex ? 16 : 10);
    return starts && !*end && errno == 0;
}

uint64_t cli_address(const struct cli *cli, size_t i) {
    uint64_t addr = 0;
    (void)cli_number(cli->args->operand[i], &addr);
    return addr;
}

int cli_process(const struct arguments *a) {
    const char *target = a->target.target;
    uint64_t pid;
    return jt_is_process(target) && cli_number(target, &pid) && pid <= INT_MAX ? (int)pid : 0;
}

bool cli_first_leaf(const struct cli *cli, const struct jh_extent *e, struct jh_leaf *out) {
    struct jh_leaf_bytes bytes;
    if (jh_rtree_lookup(&cli->target->heap, e->base, &bytes, NULL) != JH_OK) {
        return false;
    }
    jh_leaf_decode(&cli->target->layout, bytes.bytes, out);
    return true;
}

const char *cli_paint(const struct cli *cli, const char *word) {
    if (!cli->args->color) {
        return "";
    }
    if (strcmp(word, "held") == 0 || strcmp(word, "active") == 0) {
        return "\033[32m";
    }
    return strcmp(word, "not owned") == 0 ? "\033[1;31m" : "\033[33m";
}

const char *cli_plain(const struct cli *cli) {
    return cli->args->color ? "\033[0m" : "";
}
