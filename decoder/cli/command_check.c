/* check: every rule over the whole heap, each break of one a finding; explain: what a rule means.
 */
#include <inttypes.h>
#include <string.h>

#include "finding.h"
#include "options.h"

enum { KEPT = 200, KEPT_OF_RULE = 5 }; /* findings that text shows one by one */

struct findings {
    struct finding kept[KEPT];
    size_t count;
    uint64_t severity[JT_SEVERITIES];
};

/* ---- one of them ------------------------------------------------------------------------------
 */

static size_t kept_of(const struct findings *all, const char *rule) {
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        count += strcmp(all->kept[i].fault.rule, rule) == 0;
    }
    return count;
}

static void take(struct cli *cli, enum jh_status status, const struct jh_fault *fault) {
    struct findings *all = cli->findings;
    struct finding f = {.fault = *fault};
    f.fault.status = status;
    f.judged = jt_judge(cli->target, fault, running_moves(cli));
    all->severity[f.judged.severity]++;
    cli->severity[f.judged.severity]++; /* for what is said of a process that runs */
    if (f.judged.severity == JT_CORRUPT) {
        cli_status(cli, EXIT_FOUND);
    }
    if (cli->args->json) {
        finding_place(cli, &f);
        finding_json(cli, &f);
    } else if (all->count < KEPT && kept_of(all, fault->rule) < KEPT_OF_RULE) {
        finding_place(cli, &f);
        all->kept[all->count++] = f;
    }
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static void rule_text(struct cli *cli, const struct findings *all, const char *rule,
                      uint64_t count) {
    printf("%s%s%s: %" PRIu64 ": %s\n", cli_paint(cli, "corrupt"), rule, cli_plain(cli), count,
           cli_rule_words(rule));
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *f = &all->kept[i];
        if (strcmp(f->fault.rule, rule) != 0) {
            continue;
        }
        finding_text(f);
    }
    if (count > kept_of(all, rule)) {
        printf("    and %" PRIu64 " more\n", count - kept_of(all, rule));
    }
}

/* Sums over an arena. They are wrong as well wherever anything more telling is, so they come last.
 */
static bool is_sum(const char *rule) {
    return strncmp(rule, "arena.n", strlen("arena.n")) == 0;
}

static void rules_text(struct cli *cli, const struct findings *all) {
    for (unsigned sums = 0; sums < 2; sums++) {
        for (size_t i = 0; i < CLI_RULES && cli->broken[i].rule; i++) {
            if (is_sum(cli->broken[i].rule) == (sums == 1)) {
                rule_text(cli, all, cli->broken[i].rule, cli->broken[i].count);
            }
        }
    }
}

/* What a process leaves open that is not held still. */
static void say_doubt(const struct cli *cli, const struct findings *all) {
    bool doubt = all->severity[JT_TRANSIENT] || all->severity[JT_SUSPICIOUS];
    if (doubt && cli_process(cli->args) && !cli->still && !cli->args->quiet) {
        cli_say("what is transient or suspicious may be an operation in flight, or damage: --stop "
                "holds the process still, looks at the registers of its threads, and tells");
    }
}

static void summary(struct cli *cli, const struct findings *all) {
    uint64_t sum = 0;
    struct json *j = &cli->json;
    for (size_t i = 0; i < JT_SEVERITIES; i++) {
        sum += all->severity[i];
    }
    if (!cli->args->json) {
        if (sum == 0) {
            printf("%s\n", cli->status == EXIT_PARTIAL ? "nothing found in what could be read"
                                                       : "every rule holds");
            return;
        }
        printf("%" PRIu64 " finding%s: %" PRIu64 " corrupt, %" PRIu64 " transient, %" PRIu64
               " suspicious; jeheap explain RULE says what usually does that\n",
               sum, sum == 1 ? "" : "s", all->severity[JT_CORRUPT], all->severity[JT_TRANSIENT],
               all->severity[JT_SUSPICIOUS]);
        return;
    }
    json_open(j, NULL, '{');
    json_number(j, "findings", sum);
    for (size_t i = 0; i < JT_SEVERITIES; i++) {
        json_number(j, jt_severity_name((enum jt_severity)i), all->severity[i]);
    }
    json_close(j, '}');
    json_line(j);
}

static void parked_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    cli_fault(arg, "check", status, fault);
}

static void only_its_faults(struct cli *cli, const struct jh_extent *e, void *arg) {
    (void)cli, (void)e, (void)arg;
}

static void check_heap(struct cli *cli) {
    cli_walk(cli, only_its_faults, NULL);
    if (!jt_parked_check(cli->target, parked_fault, cli)) {
        cli_status(cli, EXIT_PARTIAL);
    }
}

void command_check(struct cli *cli) {
    static struct findings all;
    cli->findings = &all;
    cli->finding = take;
    check_heap(cli);
    hold_end(cli);
    const struct jt_caches *caches = jt_caches(cli->target);
    if (caches->why != JT_CACHES_COMPLETE && !cli->args->quiet) {
        cli_say("not all thread caches are known, so their rules are asked of those that are: %s",
                jt_caches_why_text(caches->why));
    }
    if (!cli->args->json) {
        rules_text(cli, &all);
    }
    say_doubt(cli, &all);
    summary(cli, &all);
    cli->finding = NULL;
    if (cli->status == EXIT_PARTIAL) {
        cli_mark_partial(cli);
    }
}

/* ---- explain ----------------------------------------------------------------------------------
 */

static void explain_text(const char *rule) {
    const struct explain_row *row = explain_row(rule);
    printf("%s: %s\n\nWhat usually does it: %s\n\nNext: %s\n", rule, cli_rule_words(rule),
           row->causes, row->next);
}

static void explain_json(struct cli *cli, const char *rule) {
    const struct explain_row *row = explain_row(rule);
    struct json *j = &cli->json;
    json_open(j, NULL, '{');
    json_text(j, "rule", rule);
    json_text(j, "meaning", cli_rule_words(rule));
    json_text(j, "causes", row->causes);
    json_text(j, "next", row->next);
    json_close(j, '}');
    json_line(j);
}

static void list_rules(struct cli *cli) {
    const char *rule;
    for (size_t i = 0; (rule = cli_rule_name(i)) != NULL; i++) {
        if (cli->args->json) {
            explain_json(cli, rule);
        } else {
            printf("%-28s %s\n", rule, cli_rule_words(rule));
        }
    }
}

static void no_such_rule(const char *rule) {
    char meant[96];
    const char *known;
    struct suggestion s = {.typed = rule};
    for (size_t i = 0; (known = cli_rule_name(i)) != NULL; i++) {
        suggest(&s, known);
    }
    cli_say("%s: there is no such rule%s", rule,
            s.nearest ? suggest_text(&s, "", meant) : "; jeheap explain lists them all");
}

void command_explain(struct cli *cli) {
    const char *rule = cli->args->operands ? cli->args->operand[0] : NULL;
    if (!rule) {
        list_rules(cli);
    } else if (!*cli_rule_words(rule)) {
        no_such_rule(rule);
        cli_status(cli, EXIT_USAGE);
    } else if (cli->args->json) {
        explain_json(cli, rule);
    } else {
        explain_text(rule);
    }
}
