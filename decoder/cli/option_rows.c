/* option_rows.c - every option, a row each: CONTRIBUTING.md says how to add one. */
#include <stddef.h>
#include <string.h>

#include "options.h"

#define AT(member) offsetof(struct arguments, member)
#define ON_TARGETS                                                                                 \
    (ON(INFO) | ON(FIND) | ON(EXTENTS) | ON(EXTENT) | ON(REGIONS) | ON(CACHES) | ON(STATS) |       \
     ON(CHECK) | ON(DIFF) | ON(LAYOUT) | ON(SKELETON))
#define ON_ALL UINT32_MAX
#define EXAMPLE_OF_NUMBER "a number from 1 on, such as 1000000"
#define EXAMPLE_OF_SIZE "bytes, with K, M or G behind them for larger units: 4096, 64K, 1M"

static const char *version_word(size_t index) {
    return index < JH_VERSIONS ? jh_version_name((enum jh_version)index) : NULL;
}

/* clang-format off */
const struct option_row option_rows[] = {
    {.name = "exe", .value = "FILE", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_text, .at = AT(target.exe), .form = "the path of a program or a library",
     .help = "the program of a core, where it is not at its old path, or the library whose build-id "
             "it has"},
    {.name = "sysroot", .value = "DIR", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_text, .at = AT(target.sysroot), .form = "the path of a folder",
     .help = "the folder that a core's files are in, of another machine or a container; they are "
             "looked for nowhere else"},
    {.name = "layout", .value = "L", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_text, .at = AT(target.layout), .form = "a version with parameters, such as "
             "5.3.0,lg_vaddr=57, or FILE.json",
     .help = "a name as info prints it (5.3.0,lg_vaddr=57,debug), or FILE.json"},
    {.name = "root", .value = "ADDRESS", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_root, .at = AT(target.root), .form = "an address in hexadecimal, such as "
             "0x7f0012345000",
     .help = "of rtree_t.root[0], for targets without symbols"},
    {.name = "in", .value = "MODULE", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_text, .at = AT(target.in), .form = "the end of a module's path, or its name, such "
             "as libjemalloc.so.2",
     .help = "which of several jemallocs: the end of its module's path, or its name"},
    {.name = "max-reads", .value = "N", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_number, .at = AT(max_reads), .least = 1, .most = UINT64_MAX,
     .form = EXAMPLE_OF_NUMBER,
     .help = "give up after so many reads, with what there is by then; they count from when it is "
             "known what the target is"},
    {.name = "timeout", .value = "SECONDS", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_number, .at = AT(timeout), .least = 1, .most = 999999,
     .form = "whole seconds from 1 to 999999, such as 30",
     .help = "give up after so long, from the start of jeheap, with what there is by then"},
    {.name = "pipe-limit", .value = "SIZE", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_size, .at = AT(pipe_limit), .form = EXAMPLE_OF_SIZE,
     .help = "how much of a core is copied that comes from a pipe (16G), to TMPDIR or /var/tmp"},
    {.name = "stop", .group = GROUP_TARGET, .on = ON_TARGETS,
     .set = set_flag, .at = AT(stop),
     .help = "hold all threads of a process still while its heap is read, and say for how long; "
             "they go on however jeheap ends"},
    {.name = "no-sandbox", .group = GROUP_TARGET, .on = ON_ALL,
     .set = set_flag, .at = AT(no_sandbox),
     .help = "keep the rights that reading a target does not take"},

    {.name = "arena", .value = "N", .group = GROUP_EXTENTS, .on = ON(EXTENTS) | ON(REGIONS),
     .set = set_number, .at = AT(arena), .most = UINT64_MAX, .form = "an arena's number, such as 0",
     .help = "only those of arena N"},
    {.name = "state", .value = "S", .group = GROUP_EXTENTS, .on = ON(EXTENTS) | ON(REGIONS),
     .set = set_state, .at = AT(state), .word = state_word, .help = "only those in this state"},
    {.name = "szind", .value = "N", .group = GROUP_EXTENTS, .on = ON(EXTENTS) | ON(REGIONS),
     .set = set_number, .at = AT(szind), .most = UINT64_MAX,
     .form = "the number of a size class, such as 7", .help = "only those of size class N"},
    {.name = "slab", .group = GROUP_EXTENTS, .on = ON(EXTENTS),
     .set = set_flag, .at = AT(slab), .help = "only slabs"},
    {.name = "min-size", .value = "SIZE", .group = GROUP_EXTENTS, .on = ON(EXTENTS) | ON(REGIONS),
     .set = set_size, .at = AT(min_size), .form = EXAMPLE_OF_SIZE,
     .help = "only those of at least that many bytes"},

    {.name = "addresses", .group = GROUP_CACHES, .on = ON(CACHES),
     .set = set_flag, .at = AT(cache_addresses), .help = "the address of every region too"},

    {.name = "arenas", .group = GROUP_STATS, .on = ON(STATS),
     .set = set_flag, .at = AT(arenas), .help = "a line for each arena too"},
    {.name = "largest", .value = "N", .group = GROUP_STATS, .on = ON(STATS),
     .set = set_number, .at = AT(largest), .least = 1, .most = 100000,
     .form = "a number from 1 to 100000", .help = "the N largest allocations too"},
    {.name = "fragmentation", .group = GROUP_STATS, .on = ON(STATS),
     .set = set_flag, .at = AT(fragmentation),
     .help = "for each size class how many slabs could be given back if its regions lay together"},

    {.name = "jemalloc", .value = "VERSION", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_jemalloc, .at = AT(jemalloc), .word = version_word,
     .help = "make the layout of this version from the parameters below"},
    {.name = "jemalloc", .value = "LETTERS", .group = GROUP_STATS, .on = ON(STATS),
     .set = set_jemalloc, .at = AT(jemalloc), .form = "letters of malloc_stats_print, each of which leaves "
     "something out: g, m, d, a, b, l, x, e, h; or none",
     .help = "the JSON that malloc_stats_print would print; each of the LETTERS leaves out what it "
             "leaves out there; what memory does not tell stands under jeheap.unknown"},
    {.name = "machine", .value = "NAME", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_word, .at = AT(machine), .word = jh_machine_name,
     .help = "what a machine makes of them, before the others"},
    {.name = "lg-vaddr", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.lg_vaddr), .most = UINT8_MAX,
     .form = "32 to the bits of a pointer: 48, 57 and 64 are common",
     .help = "bits of an address that the tree looks at"},
    {.name = "lg-page", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.lg_page), .most = UINT8_MAX, .form = "12 to 16",
     .help = "jemalloc's page, as a power of two"},
    {.name = "lg-quantum", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.lg_quantum), .most = UINT8_MAX, .form = "3 or 4",
     .help = "the alignment of small sizes, as a power of two"},
    {.name = "lg-slab-maxregs", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.lg_slab_maxregs), .most = UINT8_MAX,
     .form = "up to 13, from 5.3.0 on", .help = "most regions of a slab, as a power of two"},
    {.name = "pointer-size", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.pointer_size), .most = UINT8_MAX, .form = "4 or 8",
     .help = "bytes of a pointer"},
    {.name = "u64-align", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.u64_align), .most = UINT8_MAX, .form = "4 or 8",
     .help = "what uint64_t is aligned to"},
    {.name = "mutex-size", .value = "N", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_byte, .at = AT(build.pthread_mutex_size), .most = UINT8_MAX,
     .form = "bytes of a pthread_mutex_t", .help = "bytes of a pthread_mutex_t"},
    {.name = "debug", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_flag, .at = AT(build.debug), .help = "as configured with --enable-debug"},
    {.name = "prof", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_flag, .at = AT(build.prof), .help = "as configured with --enable-prof"},
    {.name = "no-stats", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_no_flag, .at = AT(build.stats), .help = "as configured with --disable-stats"},
    {.name = "no-oblivious", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_no_flag, .at = AT(build.cache_oblivious),
     .help = "as configured with --disable-cache-oblivious"},
    {.name = "aarch64", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_flag, .at = AT(build.aarch64), .help = "for an aarch64 processor"},
    {.name = "big-endian", .group = GROUP_BUILD, .on = ON(LAYOUT_MADE),
     .set = set_no_flag, .at = AT(build.little_endian), .help = "the highest byte comes first"},
    {.name = "list", .group = GROUP_BUILD, .on = ON(LAYOUT_LIST),
     .set = set_flag, .at = AT(list),
     .help = "the versions, machines and parameters that are described"},

    {.name = "output", .letter = 'o', .value = "FILE", .group = GROUP_OUTPUT, .on = ON(SKELETON),
     .needed_by = ON(SKELETON), .set = set_text, .at = AT(output), .form = "the path of a file",
     .help = "where it goes; a file that is there is replaced"},
    {.name = "sizes", .group = GROUP_OUTPUT, .on = ON(LAYOUT) | ON(LAYOUT_MADE),
     .set = set_flag, .at = AT(sizes),
     .help = "the size classes as a table instead: index, bytes, and regions and pages of a slab"},
    {.name = "bytes", .group = GROUP_OUTPUT, .on = ON_TARGETS, .set = set_flag, .at = AT(bytes),
     .help = "sizes in text as exact bytes, as --json has them, not in KiB, MiB, GiB and TiB"},
    {.name = "json", .group = GROUP_OUTPUT, .on = ON_ALL, .set = set_flag, .at = AT(json),
     .help = "one JSON object a line"},
    {.name = "quiet", .letter = 'q', .group = GROUP_OUTPUT, .on = ON_ALL,
     .set = set_flag, .at = AT(quiet),
     .help = "no warnings, no word on the layout, and none on faults but in the answers: they are in "
             "the exit status and in what --json prints"},
    {.name = "color", .value = "WHEN", .group = GROUP_OUTPUT, .on = ON_ALL,
     .set = set_color, .at = AT(color), .word = color_word,
     .help = "colors in text: auto is on terminals, unless NO_COLOR is in the environment"},
    {.name = "help", .letter = 'h', .group = GROUP_OUTPUT, .on = ON_ALL,
     .help = "what stands here; behind a command, what that command takes"},
    {.name = "version", .group = GROUP_OUTPUT, .on = ON_ALL, .help = "the version of jeheap"},
    {.name = NULL}};
/* clang-format on */

_Static_assert(sizeof(option_rows) / sizeof(option_rows[0]) <= OPTIONS_MAX + 1, "OPTIONS_MAX");

const struct option_row *option_named(const char *name) {
    for (const struct option_row *row = option_rows; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}
