/* explain_rows.c - what usually breaks a rule, and what to look at next; what it says stands in
 * rule_words.c. */
#include <string.h>

#include "cli.h"

#define WILD                                                                                       \
    "A wild write into jemalloc's own memory: a buffer that was written beyond its end, or a "     \
    "pointer that was used after its memory was unmapped. jemalloc itself never leaves it so."
#define MIDDLE                                                                                     \
    "A thread that was stopped in the middle of malloc() or free() may leave it so for a moment; " \
    "so may a process that runs while it is read. Else a wild write into jemalloc's own memory."
#define COUNTED                                                                                    \
    "Something was given back twice past the thread caches (the counter is too low), an extent "   \
    "is "                                                                                          \
    "lost (it is too high), or the counter was overwritten. A thread that was stopped in the "     \
    "middle of malloc() or free(), or of giving memory back to the system, may leave it so."
#define COUNTED_LARGE                                                                              \
    "A large allocation that was freed twice: its extent is gone, and the arena has counted it "   \
    "off "                                                                                         \
    "twice. Also a write over a large allocation's structure or over the counters, and a thread "  \
    "that was stopped in the middle of malloc() or free()."
#define DUMP                                                                                       \
    "Nothing is broken: the core was cut off, or its filter (/proc/PID/coredump_filter, "          \
    "MADV_DONTDUMP) left the memory out."
#define SYSTEM "Nothing of the heap: the system or an option ended the reading."

#define LOOK_NEAR                                                                                  \
    "jeheap find TARGET ADDRESS says what is there; what lies in front of it is the first "        \
    "suspect."                                                                                     \
    " Run the program with its jemalloc built with --enable-debug, or under ASan."
#define LOOK_AGAIN                                                                                 \
    "Look again with --stop, which holds the process still: what has no mark of an operation in "  \
    "flight is damage. So it is in a core of the whole process."
#define LOOK_COUNTED                                                                               \
    "seen is what the arena counts, expected what there is. Other findings of the same arena and " \
    "class say what is wrong; jeheap stats TARGET --arenas shows each arena. Look again with "     \
    "--stop, which holds the process still: what has no mark of an operation in flight is damage."
#define LOOK_STILL                                                                                 \
    " Of a process that runs it is transient, because a flush may be under way: look again with "  \
    "--stop, which holds it still."
#define LOOK_DUMP "Take the core again: ulimit -c unlimited, coredump_filter 0x33 or more."

/* The first row whose name is the rule or begins it. */
static const struct explain_row rows[] = {
    {"cache.parked-twice",
     "A double free: the program gave the same region back twice, and the thread cache has it "
     "twice, so that malloc() will hand it out to two. A flush that is under way leaves up to one "
     "bin of a thread so.",
     "jeheap find TARGET ADDRESS names the thread whose cache has it. The size class and the bytes "
     "of the region tell what it was; look at who frees objects of that size in that "
     "thread." LOOK_STILL},
    {"cache.parked-free",
     "A double free, the first of which went back to the slab: the region is free by the bitmap "
     "and "
     "parked in a thread cache at the same time. A flush that is under way leaves up to one bin of "
     "a thread so.",
     "jeheap find TARGET ADDRESS names the thread and the class." LOOK_STILL},
    {"cache.two-caches",
     "A double free by two threads: each has the region in its cache, and malloc() in either will "
     "hand it out. A flush that is under way leaves up to one bin of a thread so.",
     "jeheap find TARGET ADDRESS names one of the threads. Look at what both of them share, and at "
     "who of them owns it." LOOK_STILL},
    {"cache.outside",
     "A large allocation that was freed twice, the first of which is out of the cache already; "
     "free() of a pointer that jemalloc never gave; or the stack of the cache was overwritten: "
     "then "
     "what is parked may be text.",
     "jeheap find TARGET ADDRESS says what is there now. Text in place of a pointer comes from a "
     "write beyond the end of what lies in front of the cache's stack."},
    {"cache.no-region",
     "free() was given a pointer into the middle of a region; or the stack of the cache was "
     "overwritten.",
     "jeheap find TARGET ADDRESS says which region the pointer is in: its owner calls free() with "
     "a "
     "pointer that was moved."},
    {"cache.szind",
     "sdallocx() or sized operator delete was given another size than the region has; or the stack "
     "of the cache was overwritten.",
     "Look for delete through a base class without a virtual destructor, and for sizes that are "
     "computed anew when memory is given back."},
    {"cache.list", MIDDLE, LOOK_AGAIN},
    {"cache.", WILD, LOOK_NEAR},
    {"slab.nfree",
     "A region that was freed twice past the thread caches, or a write into the structure or its "
     "bitmap. " MIDDLE,
     LOOK_AGAIN},
    {"slab.", WILD, LOOK_NEAR},
    {"extent.overlap", MIDDLE, LOOK_AGAIN},
    {"extent.large-size", MIDDLE, LOOK_AGAIN},
    {"extent.max-extents", SYSTEM, "Give more with --max-reads or --timeout."},
    {"extent.", WILD, LOOK_NEAR},
    {"leaf.last-page-missing", MIDDLE, LOOK_AGAIN},
    {"leaf.inner-page", MIDDLE, LOOK_AGAIN},
    {"leaf.state", MIDDLE, LOOK_AGAIN},
    {"leaf.", WILD, LOOK_NEAR},
    {"rtree.node-absent", DUMP, LOOK_DUMP},
    {"rtree.max", SYSTEM, "Give more with --max-reads or --timeout."},
    {"rtree.", WILD, LOOK_NEAR},
    {"arena.search-limit", SYSTEM, "The rest of the heap is checked all the same."},
    {"arena.links", MIDDLE, LOOK_AGAIN},
    {"arena.base-mapped", MIDDLE, LOOK_AGAIN},
    {"arena.esn", WILD, LOOK_NEAR},
    {"arena.guard-page",
     "The program has changed what may be done with memory (mprotect(), mmap() with MAP_FIXED) "
     "over a page that was not its own. A write beyond the extent is not caught there any more.",
     "value is the page's address. Look at mprotect() and mmap() of the program: strace -e "
     "trace=mprotect,mmap shows who calls them."},
    {"arena.nactive", COUNTED, LOOK_COUNTED},
    {"arena.npages", COUNTED, LOOK_COUNTED},
    {"arena.nextents", COUNTED, LOOK_COUNTED},
    {"arena.nbytes", COUNTED, LOOK_COUNTED},
    {"arena.large-count", COUNTED_LARGE, LOOK_COUNTED},
    {"arena.large-bytes", COUNTED_LARGE, LOOK_COUNTED},
    {"arena.heap",
     "An extent that was given back twice lies twice in the heap of its class, or in that of "
     "another; also a write over the links in its structure. " MIDDLE,
     LOOK_AGAIN},
    {"arena.lru", MIDDLE, LOOK_AGAIN},
    {"arena.large-list",
     "A large allocation of an arena that the program made, freed twice or freed after the arena "
     "was reset; also a write over the links in its structure. " MIDDLE,
     LOOK_AGAIN},
    {"bin.heap", MIDDLE, LOOK_AGAIN},
    {"bin.slabs-full", MIDDLE, LOOK_AGAIN},
    {"bin.slabcur", MIDDLE, LOOK_AGAIN},
    {"bin.", COUNTED, LOOK_COUNTED},
    {"arena.lost",
     "An element of the tree was overwritten with zeroes or lost: the extent is in use, "
     "and free() of what is in it will crash.",
     LOOK_NEAR},
    {"arena.", WILD, LOOK_NEAR},
    {"reader.bytes-absent", DUMP, LOOK_DUMP},
    {"reader.", SYSTEM,
     "Give more with --max-reads or --timeout, or look at the system's message."},
};

const struct explain_row *explain_row(const char *rule) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strncmp(rule, rows[i].rule, strlen(rows[i].rule)) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
