/* resident.c - how much memory a process has, and how much of it is jemalloc's: a leak is often in
 * the rest, which no allocator knows of. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"

/* A word of each page of the address space; of 256 GiB, which takes half a second. */
enum { WORDS = 4096, WORDS_MAX = 1 << 26 };

/* Documentation/admin-guide/mm/pagemap.rst of Linux, 4.2 and later. */
#define PRESENT (UINT64_C(1) << 63)
#define FILE_OR_SHARED (UINT64_C(1) << 61)
#define MAPPED_ONCE (UINT64_C(1) << 56)

/* By when no file may be opened. */
void resident_watch(struct cli *cli) {
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/pagemap", cli_process(cli->args));
    cli->resident.pagemap = open(name, O_RDONLY | O_CLOEXEC);
    snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", cli_process(cli->args));
    cli->resident.rollup = open(name, O_RDONLY | O_CLOEXEC);
    cli->resident.page = (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The page of zeroes, which everybody has who only reads, is in no process's resident memory, and
 * looks like a page that a fork has left to two. */
static void count_page(struct resident *r, uint64_t word) {
    bool present = (word & PRESENT) != 0;
    r->pages += present;
    r->doubtful += present && (word & (FILE_OR_SHARED | MAPPED_ONCE)) == 0;
}

/* Pages of the range that are in memory. */
static void count_pages(struct resident *r) {
    uint64_t word[WORDS];
    for (uint64_t page = r->start / r->page, end = r->end / r->page; page < end;) {
        size_t want = end - page < WORDS ? (size_t)(end - page) : WORDS;
        ssize_t got = r->looked < WORDS_MAX ? pread(r->pagemap, word, want * sizeof(word[0]),
                                                    (off_t)(page * sizeof(word[0])))
                                            : 0;
        if (got < (ssize_t)sizeof(word[0])) {
            r->unknown = true;
            return;
        }
        size_t words = (size_t)got / sizeof(word[0]);
        for (size_t i = 0; i < words; i++) {
            count_page(r, word[i]);
        }
        r->looked += words;
        page += words;
    }
}

/* Neighbours are asked for together. */
void resident_add(struct cli *cli, uint64_t start, uint64_t end) {
    struct resident *r = &cli->resident;
    if (start != r->end) {
        count_pages(r);
        r->start = start;
    }
    r->end = end;
}

/* jemalloc's memory is anonymous. Where the process shares none, no page is left of a fork, and the
 * doubtful ones are zeroes. (Both numbers are rounded down.) */
static uint64_t most_of(const struct resident *r, uint64_t least, uint64_t present) {
    uint64_t anonymous, its_part;
    if (!running_bytes(r->rollup, "\nAnonymous:", &anonymous) ||
        !running_bytes(r->rollup, "\nPss_Anon:", &its_part)) {
        return present;
    }
    uint64_t most = anonymous - its_part <= 1024 ? least : anonymous;
    return most < least ? least : most < present ? most : present;
}

bool resident_bytes(struct cli *cli, uint64_t *least, uint64_t *most) {
    struct resident *r = &cli->resident;
    count_pages(r);
    r->start = r->end = 0;
    *least = (r->pages - r->doubtful) * r->page;
    *most = most_of(r, *least, r->pages * r->page);
    return !r->unknown;
}
