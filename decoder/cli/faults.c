/* faults.c - what is wrong: on stderr as it is found, or on the lines of the answer that it
 * concerns; and how much of it there is. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { SAID = 20, SAID_OF_RULE = 5 }; /* faults that are said one by one on stderr */

/* How often the rule was broken. */
static uint64_t count_rule(struct cli *cli, const char *rule) {
    size_t i = 0;
    while (i + 1 < CLI_RULES && cli->broken[i].rule && strcmp(cli->broken[i].rule, rule) != 0) {
        i++;
    }
    cli->broken[i].rule = rule;
    return ++cli->broken[i].count;
}

/* Where, what was seen there, and what excuses it. */
static void describe_fault(struct noted *n, const struct jh_fault *fault, const char *compared,
                           const struct jt_judged *judged) {
    const char *mark = judged->mark ? jt_mark_words((enum jt_mark)judged->mark) : "";
    const char *doubt = judged->doubt ? judged->doubt : "";
    char by[80] = "", thread[32] = "";
    if (fault->element) {
        snprintf(by, sizeof(by), ", by the leaf element 0x%" PRIx64 " of page 0x%" PRIx64,
                 fault->element, fault->page);
    }
    if (judged->thread) {
        snprintf(thread, sizeof(thread), " (thread %d)", judged->thread);
    }
    snprintf(n->where, sizeof(n->where), "at 0x%" PRIx64 ", value 0x%" PRIx64 "%s%s%s%s%s%s%s%s",
             fault->addr, fault->seen, compared, by, *mark ? ", " : "", *doubt ? "perhaps " : "",
             mark, thread, *doubt ? "; " : "", doubt);
}

/* What a rule says is said once. `info` ends with it. */
static void say_fault(const struct cli *cli, const char *doing, const struct noted *n, bool first) {
    const char *words = cli_rule_words(n->rule);
    if (cli->args->quiet) {
        return;
    }
    cli_say("%s: %s: %s %s", doing, n->word, n->rule, n->where);
    if (first && *words && !cli->verdict_follows) {
        cli_say("%s: %s", n->rule, words);
    }
}

const char *cli_fault(struct cli *cli, const char *doing, enum jh_status status,
                      const struct jh_fault *fault) {
    struct noted n = {.word = jh_status_name(status), .rule = fault->rule};
    struct jt_judged judged = {JT_CORRUPT, 0, 0, NULL};
    uint64_t times = count_rule(cli, fault->rule);
    cli->faults++;
    if (cli->finding && status == JH_CORRUPT) {
        cli->faults_said++; /* the findings are the answer */
        cli->compared[0] = 0;
        cli->finding(cli, status, fault);
        return n.word;
    }
    if (status == JH_CORRUPT) {
        judged = jt_judge(cli->target, fault, running_moves(cli));
        n.word = jt_severity_name(judged.severity);
    }
    describe_fault(&n, fault, cli->compared, &judged);
    cli->compared[0] = 0;
    if (cli->in_answer && cli->notes < CLI_NOTES) {
        cli->faults_said++;
        cli->note[cli->notes++] = n;
    } else if (times <= SAID_OF_RULE && cli->faults_said < SAID) {
        cli->faults_said++;
        say_fault(cli, doing, &n, times == 1);
    }
    if (status != JH_CORRUPT) {
        cli_status(cli, EXIT_PARTIAL);
        return n.word;
    }
    cli->severity[judged.severity]++;
    if (judged.severity == JT_TRANSIENT) {
        return n.word;
    }
    cli_status(cli, EXIT_FOUND); /* what nothing excuses for sure is damage */
    return jh_status_name(status);
}

void cli_answer_faults(struct cli *cli) {
    for (size_t i = 0; i < cli->notes; i++) {
        const struct noted *n = &cli->note[i];
        const char *words = cli_rule_words(n->rule);
        printf("    %s%s%s: ", cli_paint(cli, n->word), n->word, cli_plain(cli));
        cli_put(n->rule);
        printf("%s%s\n        %s\n", *words ? ", " : "", words, n->where);
    }
    cli->notes = 0;
}

static size_t rules_broken(const struct cli *cli) {
    size_t count = 0;
    while (count < CLI_RULES && cli->broken[count].rule) {
        count++;
    }
    return count;
}

/* Each rule that was broken more often than was said. */
static void count_more(const struct cli *cli) {
    char text[CLI_RULES * 64];
    size_t len = 0;
    for (size_t i = 0, rules = rules_broken(cli); i < rules; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s %" PRIu64, i ? "," : "",
                                cli->broken[i].rule, cli->broken[i].count);
    }
    uint64_t more = cli->faults - cli->faults_said;
    cli_say("%" PRIu64 " more fault%s; of all%s", more, more == 1 ? "" : "s", text);
}

void cli_count_faults(const struct cli *cli) {
    if (cli->args->quiet) {
        return;
    }
    if (cli->faults > cli->faults_said && !cli->verdict_follows) {
        count_more(cli);
    }
    if (cli->status == EXIT_PARTIAL) {
        cli_say("this result is partial");
    }
}

/* ---- the verdict over a whole walk ----------------------------------------------------------- */

static const char *verdict(const struct cli *cli) {
    return cli->severity[JT_CORRUPT] || cli->severity[JT_SUSPICIOUS] ? "corrupt"
           : cli->status == EXIT_PARTIAL                             ? "incomplete"
           : cli->severity[JT_TRANSIENT]                             ? "transient"
                                                                     : "sound";
}

void cli_verdict_json(struct cli *cli) {
    struct json *j = &cli->json;
    json_text(j, "verdict", verdict(cli));
    json_open(j, "faults_by_rule", '{');
    for (size_t i = 0, rules = rules_broken(cli); i < rules; i++) {
        json_number(j, cli->broken[i].rule, cli->broken[i].count);
    }
    json_close(j, '}');
    json_open(j, "faults_by_severity", '{');
    for (size_t i = 0; i < JT_SEVERITIES; i++) {
        json_number(j, jt_severity_name((enum jt_severity)i), cli->severity[i]);
    }
    json_close(j, '}');
}

void cli_verdict_text(const struct cli *cli, uint64_t extents) {
    const char *word = verdict(cli);
    if (strcmp(word, "sound") == 0) {
        printf("verdict   all %" PRIu64 " extents are sound\n", extents);
        return;
    }
    printf("verdict   %s%s%s", cli_paint(cli, word), word, cli_plain(cli));
    printf("%s", strcmp(word, "incomplete") == 0 ? ": not all could be read; what could be is sound"
                 : strcmp(word, "transient") == 0
                     ? ": operations of jemalloc were stopped half-way, and nothing else is wrong"
                     : "");
    if (cli->faults) {
        printf("; %" PRIu64 " fault%s", cli->faults, cli->faults == 1 ? "" : "s");
    }
    printf("\n");
    for (size_t i = 0, rules = rules_broken(cli); i < rules; i++) {
        printf("%10" PRIu64 " ", cli->broken[i].count);
        cli_put(cli->broken[i].rule);
        printf("  %s\n", cli_rule_words(cli->broken[i].rule));
    }
}
