/* layout: of a target, or made from parameters. */
#include <string.h>

#include "cli.h"

static void list(struct cli *cli) {
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build build;
        char name[128];
        jh_build_init(&build, v);
        jt_layout_name(&build, name, sizeof(name));
        if (cli->args->json) {
            json_open(&cli->json, NULL, '{');
            json_text(&cli->json, "version", jh_version_name(v));
            json_text(&cli->json, "stock", name);
            json_close(&cli->json, '}');
            json_line(&cli->json);
        } else {
            printf("%s\n", name);
        }
    }
    if (!cli->args->json && !cli->args->quiet) {
        printf("lg_vaddr 48 or 57; lg_page 12 to 16; lg_quantum 3 or 4; debug; no-oblivious; "
               "aarch64; lg_slab_maxregs up to 13 from 5.3.0 on\n");
    }
}

static void made(struct cli *cli) {
    struct jh_build build = cli->args->build;
    struct jh_layout layout;
    struct jh_fault fault;
    if (jh_version_parse(cli->args->jemalloc, &build.version) != JH_OK) {
        fprintf(stderr,
                "jeheap: no layout is known for jemalloc %s; jeheap layout --list says "
                "which are\n",
                cli->args->jemalloc);
        cli_status(cli, EXIT_USAGE);
        return;
    }
    if (jh_layout_make(&build, &layout, &fault) != JH_OK) {
        fprintf(stderr, "jeheap: unsupported layout: %s (%llu) is not described for jemalloc %s\n",
                fault.rule, (unsigned long long)fault.seen, cli->args->jemalloc);
        cli_status(cli, EXIT_USAGE);
        return;
    }
    jt_layout_write(&layout, stdout);
    printf("\n");
}

void command_layout(struct cli *cli) {
    if (cli->target) {
        jt_layout_write(&cli->target->layout, stdout);
        printf("\n");
    } else if (cli->args->list) {
        list(cli);
    } else {
        made(cli);
    }
}
