/* heap_check.c - a walk over the whole heap, with every rule that is asked beside it. */
#include "cli.h"

static void say_fault(void *arg, enum jh_status status, const struct jh_fault *fault) {
    cli_fault(arg, "arena", status, fault);
}

static void walk_extents(struct cli *cli, struct jt_check *check, cli_extent_fn *each, void *arg) {
    struct jh_walk walk;
    struct jh_extent e;
    struct jh_fault fault;
    enum jh_status status;
    struct sound_slabs slabs;
    sound_start(&slabs);
    jh_walk_start(&walk, &cli->target->heap);
    while ((status = jh_walk_next(&walk, &e, &fault)) != JH_END) {
        if (status != JH_OK) {
            jt_check_doubt(check);
            cli_fault(cli, "walk", status, &fault);
            continue;
        }
        if (check != NULL) {
            jt_check_extent(check, &e);
        }
        sound_add(cli, &slabs, &e);
        each(cli, &e, arg);
    }
    sound_end(cli, &slabs);
}

void cli_walk(struct cli *cli, cli_extent_fn *each, void *arg) {
    struct jt_check *check = jt_check_start(cli->target, say_fault, cli);
    if (check != NULL && cli->finding != NULL) {
        jt_check_counters(check);
    }
    walk_extents(cli, check, each, arg);
    if (check != NULL) {
        jt_check_end(check, cli->status != EXIT_PARTIAL);
    }
    if (cli->target->memory_ran_out) {
        cli_status(cli, EXIT_PARTIAL);
    }
}
