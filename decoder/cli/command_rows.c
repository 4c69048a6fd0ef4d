/* command_rows.c - every command, a row for each of its forms. */
#include <string.h>

#include "options.h"

#define HELD                                                                                       \
    "live is in use, cached was freed and is parked in a thread cache, and held is one of both, "  \
    "where not all thread caches are known."
#define FLAGS                                                                                      \
    "The flags of an extent, with - for each that does not hold: C committed, Z zeroed, G "        \
    "between "                                                                                     \
    "guard pages, H first of its mapping, P from the allocator of huge pages (HPA)."
#define CORRUPT "something is corrupt"

/* clang-format off */
const struct command commands[COMMANDS] = {
    [COMMAND_INFO] = {
        "info", NULL, "TARGET", TAKES_TARGET, command_info,
        "jemalloc's version, the layout and where it was learnt, totals, a verdict over the heap", NULL,
        CORRUPT,
        {{"jeheap info 1234", "a running process"},
         {"jeheap info core --exe ./server", "a core whose program has moved"},
         {"zstd -dc core.zst | jeheap info /dev/stdin", "a core that is packed"}}},
    [COMMAND_FIND] = {
        "find", NULL, "TARGET ADDRESS...", TAKES_ADDRESSES, command_find,
        "what is there: region, start, size, offset, state, arena, neighbours",
        "An ADDRESS that is - stands for a list on standard input, @FILE for one in a file: an address "
        "a line, also blank lines and # comments; a line that is none is said with its number, and the "
        "exit status is at least 2. " HELD,
        "an address is not owned, or " CORRUPT,
        {{"jeheap find 1234 0x7f3a2c0010", NULL},
         {"jeheap find core @addresses --json", "each line of a file"}}},
    [COMMAND_EXTENTS] = {
        "extents", NULL, "TARGET", TAKES_TARGET, command_extents,
        "every extent, a line each", FLAGS, CORRUPT,
        {{"jeheap extents 1234 --state dirty --min-size 1M", NULL},
         {"jeheap extents core --slab --szind 7 --json", NULL}}},
    [COMMAND_EXTENT] = {
        "extent", NULL, "TARGET ADDRESS...", TAKES_ADDRESSES, command_extent,
        "the extent structure at an address, field by field", FLAGS,
        "no extent structure is there, or " CORRUPT,
        {{"jeheap extent core 0x7f3a2c000080", "from the first column of extents"}}},
    [COMMAND_REGIONS] = {
        "regions", NULL, "TARGET", TAKES_TARGET, command_regions,
        "every region of a slab and every large allocation, a line each", HELD, CORRUPT,
        {{"jeheap regions core --szind 7 --state live", NULL},
         {"jeheap regions 1234 --min-size 1M --json", "the large ones"}}},
    [COMMAND_CACHES] = {
        "caches", NULL, "TARGET", TAKES_TARGET, command_caches,
        "every thread cache: its thread, its arena, what is parked in it by size class",
        "A region that is parked was freed by the program and not given back to its slab; it is "
        "handed out again next time. Caches are found through the lists of the arenas; builds without "
        "statistics (--disable-stats) have none: there, in the storage of threads, on x86_64, i386, "
        "aarch64 and s390x.",
        CORRUPT,
        {{"jeheap caches 1234", NULL},
         {"jeheap caches core --addresses --json", "with every address"}}},
    [COMMAND_STATS] = {
        "stats", NULL, "TARGET", TAKES_TARGET, command_stats,
        "how much is in use, parked, free and unused, and which size classes have it",
        "live is in use by the program, cached was freed and is parked in thread caches, free are regions "
        "of slabs that nobody has. used: what is handed out, of the memory of its slabs.",
        CORRUPT,
        {{"jeheap stats 1234 --largest 5", "with the five largest allocations"},
         {"jeheap stats core --fragmentation", "which slabs few regions keep"},
         {"jeheap stats core --json", "all classes and arenas"}}},
    [COMMAND_CHECK] = {
        "check", NULL, "TARGET", TAKES_TARGET, command_check,
        "every rule over the whole heap and all thread caches: double frees, damage",
        "A finding is corrupt; transient, where a lock that is held or a thread inside jemalloc shows that "
        "an operation is under way, or where the process runs; or suspicious, where that cannot be told. "
        "Only the first kind sets the exit status. jeheap explain RULE says what usually breaks a rule. What was "
        "written over the contents of a region breaks none: jemalloc keeps nothing of them.",
        CORRUPT,
        {{"jeheap check core", NULL}, {"jeheap check 1234 --json", "one finding a line"}}},
    [COMMAND_DIFF] = {
        "diff", NULL, "TARGET TARGET", TAKES_TARGETS, command_diff,
        "what grew from one to the other: size classes, arenas, caches, large allocations",
        "Two cores, skeletons or processes of one program, or a core and the process by now. What grew "
        "most comes first, what shrank most last. Options are for both targets. Two runs of a program "
        "have no large allocation at the same address: then all of them are new or gone.",
        CORRUPT,
        {{"jeheap diff old.core new.core", NULL},
         {"jeheap diff old.core 1234 --json", "a line for each thing that changed"}}},
    [COMMAND_EXPLAIN] = {
        "explain", NULL, "[RULE]", TAKES_WORD, command_explain,
        "what a rule means, what usually breaks it, what to look at next; without RULE all of them",
        NULL, NULL,
        {{"jeheap explain cache.parked-twice", NULL}}},
    [COMMAND_LAYOUT] = {
        "layout", NULL, "TARGET", TAKES_TARGET, command_layout,
        "the layout of a target as JSON", NULL, NULL,
        {{"jeheap layout core >layout.json", "for --layout layout.json"}}},
    [COMMAND_LAYOUT_MADE] = {
        "layout", "jemalloc", "", TAKES_NOTHING, command_layout,
        "the layout of a build, made from its parameters", NULL, NULL,
        {{"jeheap layout --jemalloc 5.3.0 --lg-vaddr 57", NULL}}},
    [COMMAND_LAYOUT_LIST] = {
        "layout", "list", "", TAKES_NOTHING, command_layout,
        "the versions, machines and parameters that are described", NULL, NULL,
        {{"jeheap layout --list", NULL}}},
    [COMMAND_SKELETON] = {
        "skeleton", NULL, "TARGET", TAKES_TARGET, command_skeleton,
        "a core to share: all that decoding takes, and none of the program's data", NULL, CORRUPT,
        {{"jeheap skeleton core -o shared.core", NULL}}},
    [COMMAND_DECODER] = {
        "decoder", NULL, "", TAKES_NOTHING, command_decoder,
        "answers questions of jeconform vectors, a JSON object a line",
        "The questions are described in corpora/vectors/README.md.", NULL,
        {{"jeconform vectors --decoder 'jeheap decoder'", "golden vectors against jeheap"}}},
    [COMMAND_HELP] = {
        "help", NULL, "[COMMAND]", TAKES_WORD, command_help,
        "this text; with a command, what that command takes", NULL, NULL,
        {{"jeheap help find", "the same as jeheap find --help"}}},
    [COMMAND_VERSION] = {
        "version", NULL, "", TAKES_NOTHING, command_version, "the version of jeheap", NULL, NULL,
        {{"jeheap version", NULL}}},
    [COMMAND_COMPLETION] = {
        "completion", NULL, "SHELL", TAKES_WORD, command_completion,
        "what a shell completes commands and options with: bash, zsh or fish", NULL, NULL,
        {{"source <(jeheap completion bash)", "in this shell"}}},
    [COMMAND_MANUAL] = {
        "manual", NULL, "", TAKES_NOTHING, command_manual, "the manual page", NULL, NULL,
        {{"jeheap manual >jeheap.1", NULL}}},
};
/* clang-format on */

const struct command *command_named(const char *name) {
    for (const struct command *c = commands; c < commands + COMMANDS; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

const struct command *command_next_form(const struct command *c) {
    return c + 1 < commands + COMMANDS && strcmp(c[0].name, c[1].name) == 0 ? c + 1 : NULL;
}
