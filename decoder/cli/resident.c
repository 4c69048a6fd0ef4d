/* resident.c - how much memory a process has, and how much of it is jemalloc's: a leak is often in
 * the rest, which no allocator knows of. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"

/* A word of each page of the address space; of 256 GiB, which takes half a second. */
enum { WORDS = 4096, WORDS_MAX = 1 << 26 };
#define PRESENT (UINT64_C(1) << 63)

/* By when no file may be opened. */
void resident_watch(struct cli *cli) {
    char name[64];
    snprintf(name, sizeof(name), "/proc/%d/pagemap", cli_process(cli->args));
    cli->resident.pagemap = open(name, O_RDONLY | O_CLOEXEC);
    cli->resident.page = (uint64_t)sysconf(_SC_PAGESIZE);
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
            r->pages += (word[i] & PRESENT) != 0;
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

bool resident_bytes(struct cli *cli, uint64_t *out) {
    struct resident *r = &cli->resident;
    count_pages(r);
    r->start = r->end = 0;
    *out = r->pages * r->page;
    return !r->unknown;
}
