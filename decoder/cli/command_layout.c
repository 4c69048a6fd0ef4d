/* layout: of a target, or made from parameters. */
#include <inttypes.h>
#include <string.h>

#include "options.h"

/* The options that say how a build differs from a stock one; which of them a version or a machine
 * has no use for, says the rule that it breaks. */
static bool is_parameter(const struct option_row *row) {
    return row->group == GROUP_BUILD && !row->word && row->on & ON(LAYOUT_MADE);
}

static void machine_name(size_t index, enum jh_version version, char out[128]) {
    struct jh_build build;
    jh_build_init(&build, version);
    if (jh_build_machine(&build, jh_machine_name(index)) == JH_OK) {
        jt_layout_name(&build, out, 128);
    }
}

static void list_json(struct json *j, enum jh_version version, const char *stock) {
    char name[128] = "";
    json_open(j, NULL, '{');
    json_text(j, "version", jh_version_name(version));
    json_text(j, "stock", stock);
    json_open(j, "machines", '{');
    for (size_t i = 0; jh_machine_name(i); i++) {
        machine_name(i, version, name);
        json_text(j, jh_machine_name(i), name);
    }
    json_close(j, '}');
    json_open(j, "parameters", '{');
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (is_parameter(row)) {
            json_text(j, row->name, row->form);
        }
    }
    json_close(j, '}');
    json_close(j, '}');
    json_line(j);
}

static void list_builds(struct cli *cli) {
    char name[128] = "";
    for (unsigned v = 0; v < JH_VERSIONS; v++) {
        struct jh_build build;
        jh_build_init(&build, v);
        jt_layout_name(&build, name, sizeof(name));
        if (cli->args->json) {
            list_json(&cli->json, (enum jh_version)v, name);
        } else {
            printf("%s\n", name);
        }
    }
    if (cli->args->json || cli->args->quiet) {
        return;
    }
    printf("\n");
    for (size_t i = 0; jh_machine_name(i); i++) {
        machine_name(i, JH_5_3_1, name);
        printf("--machine %-12s %s\n", jh_machine_name(i), name);
    }
    printf("\n");
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (is_parameter(row)) {
            printf("--%s%s%s\n", row->name, row->form ? " N: " : "", row->form ? row->form : "");
        }
    }
}

/* The size classes, one a line. */
static void print_sizes(const struct jh_layout *l) {
    printf("%5s %20s %-5s %7s %5s\n", "szind", "bytes", "kind", "regions", "pages");
    for (uint32_t i = 0; i < l->sc_nsizes; i++) {
        printf("%5" PRIu32 " %20" PRIu64 " ", i, jh_index2size(l, i));
        if (i < l->sc_nbins) {
            printf("slab  %7" PRIu32 " %5" PRIu64 "\n", l->bin[i].nregs,
                   l->bin[i].slab_size >> l->build.lg_page);
        } else {
            printf("large %7s %5s\n", "-", "-");
        }
    }
}

/* As a table only where that is asked for: programs have the classes in the object. */
static void print_layout(const struct cli *cli, const struct jh_layout *layout) {
    if (cli->args->sizes && !cli->args->json) {
        print_sizes(layout);
        return;
    }
    jt_layout_write(layout, stdout);
    printf("\n");
}

static void print_made(struct cli *cli) {
    struct jh_build build = cli->args->build;
    struct jh_layout layout;
    struct jh_fault fault;
    if (jh_version_parse(cli->args->jemalloc, &build.version) != JH_OK) {
        const struct option_row *row = option_named("jemalloc");
        char versions[256], meant[96];
        cli_say("no layout is known for jemalloc %s; there are %s%s", cli->args->jemalloc,
                option_form(row, versions, sizeof(versions)),
                option_meant(row, cli->args->jemalloc, meant));
        cli_status(cli, EXIT_USAGE);
        return;
    }
    if (jh_layout_make(&build, &layout, &fault) != JH_OK) {
        cli_say("unsupported layout: %s (%llu) is not described for jemalloc %s", fault.rule,
                (unsigned long long)fault.seen, cli->args->jemalloc);
        cli_status(cli, EXIT_USAGE);
        return;
    }
    print_layout(cli, &layout);
}

void command_layout(struct cli *cli) {
    if (cli->target) {
        (void)jt_metadata_inferred(cli->target); /* may learn that it is a debug build */
        print_layout(cli, &cli->target->layout);
    } else if (cli->args->list) {
        list_builds(cli);
    } else {
        print_made(cli);
    }
}
