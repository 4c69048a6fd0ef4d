/* heap_check.c - the rules that a walk is asked beside the extents that it gives. */
#include "cli.h"

static void say_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    cli_fault(arg, "arena", status, fault);
}

struct jt_check *cli_check_start(struct cli *cli) {
    return jt_check_start(cli->target, say_fault, cli);
}

void cli_check_extent(struct jt_check *check, const struct jh_extent *e) {
    if (check != NULL) {
        jt_check_extent(check, e);
    }
}

void cli_check_end(struct cli *cli, struct jt_check *check) {
    if (check != NULL) {
        jt_check_end(check, cli->status != EXIT_PARTIAL);
    }
    if (cli->target->memory_ran_out) {
        cli_status(cli, EXIT_PARTIAL);
    }
}
