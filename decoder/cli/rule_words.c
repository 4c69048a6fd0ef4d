/* rule_words.c - what breaks a rule, in a few words: those that RULES.md begins with, as ci/rules
 * makes sure. */
#include <string.h>

#include "cli.h"

static const struct {
    const char *rule, *words;
} rules[] = {
    {"rtree.child-alignment", "a pointer to a node that no node can be at"},
    {"rtree.child-repeated", "a node that was entered before, or that shares bytes with one"},
    {"rtree.node-absent", "a part of a node is not there"},
    {"rtree.child-unmapped", "a pointer to where the target never had anything mapped"},
    {"leaf.extent-unmapped", "a pointer to an extent where the target never had anything mapped"},
    {"leaf.extent-alignment", "a pointer to an extent that none can be at"},
    {"leaf.extent-not-covering", "the extent does not have the page"},
    {"leaf.first-page-missing",
     "a page in the middle or at the end of an extent, whose first page has no element for it"},
    {"leaf.last-page-missing",
     "the last page of an extent has no element for it, or another extent's"},
    {"leaf.inner-page-missing",
     "a page in the middle of a slab has no element for it, or another extent's"},
    {"leaf.inner-page",
     "a page between the first and the last of an extent that is no slab has an element for it"},
    {"leaf.szind", "the first page's element, or any of a slab's, has another size class than the "
                   "allocated extent"},
    {"leaf.slab", "the first page's element, or any of a slab's, says otherwise than the extent "
                  "whether it is a slab"},
    {"leaf.state", "the first page's element or the last's has another state than the extent"},
    {"leaf.is-head", "the first page's element says otherwise than the extent whether it was the "
                     "first of a mapping"},
    {"leaf.unused-bits", "bits of an element that are always 0"},
    {"extent.alignment", "a structure where none can be"},
    {"extent.addr", "it has no memory"},
    {"extent.size", "empty, larger than all addresses, or over their end"},
    {"extent.state", "a state that this version does not have, or one that is never stored"},
    {"extent.szind", "a size class that this build does not have"},
    {"extent.unused-bits", "bits of e_bits that no field has"},
    {"extent.unused-szind", "an extent that is not in use has a size class"},
    {"extent.unused-addr", "an extent that nobody was given does not begin at a page"},
    {"extent.usize", "more is usable than there is from its address on"},
    {"extent.slab-szind", "a slab of a class that has none"},
    {"extent.slab-size", "a slab of another size than those of its class"},
    {"extent.slab-addr", "a slab that does not begin at a page"},
    {"extent.nfree", "more regions are free than a slab has"},
    {"extent.large-size", "a large allocation whose size is not that of its size class"},
    {"extent.large-addr", "a large allocation that does not begin at a multiple of 64"},
    {"extent.overlap", "another extent begins in it, so it is too long"},
    {"arena.ind",
     "it has the number of another arena than the one in whose blocks its structure lies"},
    {"arena.outside-blocks", "its structure lies in no block of jemalloc's own memory"},
    {"arena.sn", "its serial number is one that its arena has not given yet"},
    {"arena.bin-shard", "a slab of a shard that its bin does not have"},
    {"arena.links", "an unused extent whose next one in the list does not lead back"},
    {"arena.lost", "an unused extent that no element of the tree leads to"},
    {"arena.lost-active", "an allocated extent that no element of the tree leads to"},
    {"arena.block-size", "a block of jemalloc's own memory whose size is not what its extent says"},
    {"arena.block-list", "a list of blocks that does not end, or leads to where nothing is mapped"},
    {"arena.search-limit", "more of jemalloc's own memory than any program has"},
    {"arena.base-mapped", "the sizes of an arena's blocks do not add up to what its base_t counts"},
    {"arena.guard-page", "a guarded extent whose guard page may be read or written"},
    {"arena.unused-zeroed", "a dirty or muzzy extent that says it is all zero"},
    {"arena.unused-slab", "an unused extent that still says it is a slab"},
    {"arena.esn", "a structure whose own serial number is not that of the block it was cut from"},
    {"arena.block-sn", "two blocks of an arena with the same serial number"},
    {"arena.block-overlap", "a block of jemalloc's own memory that shares bytes with an extent or "
                            "with another block"},
    {"arena.nactive", "not as many pages are in use as the arena counts"},
    {"arena.npages", "not as many pages of unused extents of a state as the arena counts"},
    {"arena.nextents", "not as many unused extents of a state and page class as the arena counts"},
    {"arena.nbytes", "not as many bytes of unused extents of a state and page class as the arena "
                     "counts"},
    {"arena.large-count", "not as many large allocations of a size class as the arena counts"},
    {"arena.large-bytes", "not as many bytes of large allocations of a size class as the arena "
                          "counts"},
    {"arena.heap", "an unused extent whose place in the heap of its page class is not its own"},
    {"arena.lru", "an unused extent whose place in the list of its state is not its own"},
    {"arena.large-list", "a large allocation whose place in its arena's list is not its own"},
    {"bin.curregs", "not as many regions are handed out as the bin counts"},
    {"bin.curslabs", "not as many slabs as the bin counts"},
    {"bin.nonfull-slabs", "not as many slabs with free regions as the bin counts"},
    {"bin.slabcur", "the slab that the bin takes regions from is none of its slabs"},
    {"bin.heap", "a slab whose place in the heap of its bin is not its own"},
    {"bin.slabs-full", "a full slab whose place in the list of its bin is not its own"},
    {"cache.count",
     "a bin of a thread cache that has more regions than fit, or no whole number of pointers"},
    {"cache.capacity", "a bin whose stack is larger than any, or than its table or itself says"},
    {"cache.form", "the layout does not describe thread caches"},
    {"cache.list", "an arena's list of thread caches whose next one does not lead back"},
    {"cache.limit",
     "more thread caches than in any program, or more regions in them than fit into the target"},
    {"reader.bytes-absent", "bytes that are needed are not there"},
    {"reader.wrap", "an address so high that what is needed there ends beyond all addresses"},
    {"reader.failed", "the system did not give them"},
    {"reader.budget", "--max-reads or --timeout is used up"},
    {"rtree.max-nodes", "more nodes than any program has"},
    {"rtree.max-node-bytes", "more of nodes than the target has memory"},
    {"rtree.max-passed", "more elements on the way than are looked at for one address"},
    {"extent.max-extents", "more extents than are taken"},
    {"cache.parked-twice", "a region that is parked twice"},
    {"cache.parked-free", "a region that is parked and free by its slab's bitmap"},
    {"cache.two-caches", "a region that is parked in two caches"},
    {"cache.outside", "what is parked lies in no region"},
    {"cache.no-region", "what is parked is inside a region and not at its beginning"},
    {"cache.szind", "a region that is parked in a bin of another size class"},
    {"slab.nfree", "not as many regions are free by the bitmap as nfree says"},
    {"slab.unused-bits", "bits of the bitmap behind the last region's"},
    {"slab.not-a-slab", "regions are asked for of an extent that has none"},
};

const char *cli_rule_name(size_t index) {
    return index < sizeof(rules) / sizeof(rules[0]) ? rules[index].rule : NULL;
}

/* "" for a rule that only opening a target knows. */
const char *cli_rule_words(const char *rule) {
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(rules[i].rule, rule) == 0) {
            return rules[i].words;
        }
    }
    return "";
}
