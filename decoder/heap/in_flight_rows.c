/* in_flight_rows.c - which marks excuse which rule: what a stop at any instruction can leave.
 *
 * Orders of stores: src/{arena,extent,large,tcache,base}.c up to 5.2.1; src/{arena,bin,ecache,emap,
 * extent,pac,large,tcache,base}.c and include/jemalloc/internal/{cache_bin,tcache_inlines}.h since
 * 5.3.0. */
#include <string.h>

#include "heap/in_flight.h"

enum {
    EXTENT = JT_MARK_EXTENT,
    /* split, merged, taken from and put into the sets of unused extents */
    PAGES = JT_MARK_EXTENT | JT_MARK_PAGES | JT_MARK_PURGE,
    /* a slab's first words, or a region that is taken or given back */
    SLAB = JT_MARK_EXTENT | JT_MARK_BIN,
    CACHE = JT_MARK_CACHE,
    /* what is counted before or after it is done: in malloc(), free(), fills and flushes */
    COUNTED = JT_MARK_INSIDE
};

/* once: what breaks it was read at different times, and is not looked at again where memory
 * changes.
 */
static const struct row {
    const char *rule;
    uint32_t marks;
    bool once;
} rows[] = {
    /* the lists of unused extents are changed word by word */
    {"arena.links", PAGES, false},
    /* they may be touched again before the extent is no more called guarded */
    {"arena.guard-page", EXTENT, false},
    /* a slab has its class before its shard */
    {"arena.bin-shard", EXTENT, false},
    /* a block is in the list before it is counted */
    {"arena.base-mapped", JT_MARK_BASE, false},
    {"arena.outside-blocks", JT_MARK_BASE, false},
    /* a merge takes a structure out of the tree before it waits to be used, a split fills one
     * before it is in the tree, and a purge unmaps what the tree has no more */
    {"arena.lost", PAGES, false},
    {"arena.lost-active", PAGES, false},
    /* the mutex is dropped while a block is made, and its number is taken then */
    {"arena.block-sn", JT_NEVER_SURE, true},
    {"arena.nactive", JT_MARK_PAGES | COUNTED, true},
    {"arena.npages", JT_MARK_PAGES | JT_MARK_PURGE | COUNTED, true},
    {"arena.nextents", JT_MARK_PAGES | JT_MARK_PURGE | COUNTED, true},
    {"arena.nbytes", JT_MARK_PAGES | JT_MARK_PURGE | COUNTED, true},
    {"arena.large-count", COUNTED, true},
    {"arena.large-bytes", COUNTED, true},
    {"arena.heap", PAGES, true},
    {"arena.lru", PAGES, true},
    /* it is put into the list once it is there, and taken off before it is given back */
    {"arena.large-list", JT_MARK_EXTENT | JT_MARK_LARGE | COUNTED, true},
    /* a fill counts once at its end, and drops the bin's lock while it gets a slab; a flush gives
     * empty slabs back at its end */
    {"bin.curregs", JT_MARK_BIN | COUNTED, true},
    {"bin.curslabs", JT_MARK_BIN | COUNTED, true},
    {"bin.nonfull-slabs", JT_MARK_BIN | COUNTED, true},
    {"bin.slabcur", JT_MARK_BIN | COUNTED, true},
    {"bin.heap", SLAB | COUNTED, true},
    {"bin.slabs-full", SLAB | COUNTED, true},
    {"cache.list", JT_MARK_CACHES, false},
    /* a flush gives one region after the other back before it shortens the bin */
    {"cache.parked-twice", CACHE, true},
    {"cache.parked-free", CACHE, true},
    {"cache.two-caches", CACHE, true},
    {"cache.outside", CACHE, true},
    {"cache.no-region", CACHE, true},
    {"cache.szind", CACHE, true},
    /* elements are written one by one, and not at once with the structure */
    {"leaf.extent-not-covering", PAGES, false},
    {"leaf.first-page-missing", PAGES, false},
    {"leaf.last-page-missing", PAGES, false},
    {"leaf.inner-page-missing", PAGES, false},
    {"leaf.inner-page", PAGES, false},
    {"leaf.state", PAGES, false},
    {"leaf.is-head", PAGES, false},
    {"leaf.szind", EXTENT, false},
    {"leaf.slab", EXTENT, false},
    {"extent.overlap", PAGES, false},
    {"extent.large-size", PAGES, false},
    {"extent.usize", PAGES, false},
    /* up to 5.2.1 a large allocation that grows in place has no class for a moment, like what is
     * not in use (extent_merge_impl()), and begins inside its first page */
    {"extent.unused-addr", EXTENT, false},
    /* a new slab has its class before nfree and bitmap, which are what was there before */
    {"extent.nfree", EXTENT, false},
    {"slab.nfree", SLAB, false},
    {"slab.unused-bits", SLAB, false},
};

static const struct row *row_of(const char *rule) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].rule, rule) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

uint32_t jt_excuses(const char *rule) {
    const struct row *row = row_of(rule);
    return row != NULL ? row->marks : 0;
}

bool jt_is_seen_once(const char *rule) {
    const struct row *row = row_of(rule);
    return row != NULL && row->once;
}

const char *jt_severity_name(enum jt_severity severity) {
    static const char *const name[JT_SEVERITIES] = {"corrupt", "transient", "suspicious"};
    return name[severity];
}

const char *jt_mark_words(enum jt_mark mark) {
    static const char *const words[JT_MARKS] = {
        "the lock of a bin of its class is held",
        "a lock of its arena's page allocator is held",
        "the lock of its arena's spare structures is held",
        "the lock of its arena's base allocator is held",
        "the lock of its arena's list of thread caches is held",
        "the lock of its arena's list of large allocations is held",
        "its arena is giving unused pages back",
        "a thread inside jemalloc has it in hand",
        "a thread inside jemalloc has the cache's bin in hand",
        "a thread inside jemalloc has something of its arena in hand"};
    unsigned i = 0;
    while (i < JT_MARKS && (uint32_t)mark >> i != 1) {
        i++;
    }
    return i < JT_MARKS ? words[i] : "";
}
