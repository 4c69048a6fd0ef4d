/* jeheap.h - decode jemalloc 5.x heap metadata from any bytes: a core, a live process, an image.
 *
 * The way through, left to right, never back:
 *
 *     reader -> layout -> rtree -> leaf -> extent -> slab
 *
 * Each stage takes what the stage before it returned. Nothing here allocates, prints, opens a
 * file, keeps a global, or trusts a byte it has read. Start with jh_locate() for one address,
 * jh_lookup_many() for very many, jh_index_find() for millions, and jh_walk_next() for every
 * extent.
 *
 * Everywhere: outputs come last and are untouched unless the call says JH_OK; inputs are const;
 * addresses and sizes are the target's, in bytes, as uint64_t whatever the target's word is.
 *
 * These are the calls; their structs, enums and constants are in types.h, in the same order, and
 * are public as well. There are two headers so that this one can be read from end to end. */
#ifndef JEHEAP_H
#define JEHEAP_H

#include "jeheap/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define JH_MUST_USE __attribute__((warn_unused_result))
#else
#define JH_MUST_USE
#endif

/* ---- outcome: what every call returns, and where to look when it is not JH_OK --------------- */

const char *jh_status_name(enum jh_status status);
const char *jh_stage_name(enum jh_stage stage);

/* ---- reader: the only gate for target bytes -------------------------------------------------- */

/* A reader over the image; JH_BAD_ARG when the segments are not sorted and disjoint. */
JH_MUST_USE enum jh_status jh_image_reader(struct jh_image *image, struct jh_reader *out,
                                           struct jh_fault *fault);

/* Read all of [addr, addr+len): JH_OK, or JH_ABSENT / JH_READ_FAILED with the fault at the first
 * byte that is missing (dst is then undefined). */
JH_MUST_USE enum jh_status jh_read(const struct jh_reader *reader, uint64_t addr, void *dst,
                                   size_t len, struct jh_fault *fault);

/* ---- layout: one jemalloc build, as data ----------------------------------------------------- */

/* The version's columns. version: below JH_VERSIONS. */
const struct jh_family *jh_family(enum jh_version version);

const char *jh_version_name(enum jh_version version); /* "5.3.0", "dev" */

/* Read "5.3.0", "dev", or a whole version string as it stands in an image,
 * "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c". A count of commits after 5.3.1 that is not 0
 * means dev, after another release one of the few commits that are known. JH_UNSUPPORTED for a
 * version that no family describes. */
JH_MUST_USE enum jh_status jh_version_parse(const char *text, enum jh_version *out);

void jh_build_init(struct jh_build *build, enum jh_version version);

/* Machines by name, for index 0 ..: "x86_64", "i386", "aarch64", "s390x"; NULL behind the last. */
const char *jh_machine_name(size_t index);

/* What the C library of a machine (glibc) and jemalloc's configure script make of a build: widths,
 * byte order, LG_VADDR, LG_PAGE where it is not 12, LG_QUANTUM. The version and what else was
 * chosen stay. JH_UNSUPPORTED for a name that is not known. */
JH_MUST_USE enum jh_status jh_build_machine(struct jh_build *build, const char *machine);

/* ((1 << width) - 1) << shift, jemalloc's MASK(); 0 for an absent field. The field is one that
 * jh_layout_check() accepts. */
uint64_t jh_field_mask(struct jh_field field);

/* jemalloc's own spelling, lower case: "arena_ind", "bin_shard", "e_addr". */
const char *jh_extent_field_name(enum jh_extent_field field);
const char *jh_leaf_field_name(enum jh_leaf_field field);

const char *jh_state_name(enum jh_state state);

/* Make the layout of a build by jemalloc's own formulas (rtree.h, edata.h, extent_structs.h, sc.h
 * at that version's tag). JH_UNSUPPORTED with the rule that names the parameter. */
JH_MUST_USE enum jh_status jh_layout_make(const struct jh_build *build, struct jh_layout *out,
                                          struct jh_fault *fault);

/* Would every later stage be safe with this layout? JH_BAD_ARG and the rule when not. */
JH_MUST_USE enum jh_status jh_layout_check(const struct jh_layout *layout, struct jh_fault *fault);

/* The constants by jemalloc's name ("RTREE_NHIB"), for index 0 .. jh_constant_count() - 1, of a
 * layout that jh_layout_check() accepts. */
size_t jh_constant_count(void);
const char *jh_constant_name(size_t index);
uint64_t jh_constant_value(const struct jh_layout *layout, size_t index);

/* ---- plan: a layout made ready for speed ------------------------------------------------------
 */

/* Compile a layout that jh_layout_check() accepts, once, for a heap to hold on to. With it lookups
 * and walks take what is sound by a few comparisons, and all else the long way, which says what is
 * wrong: the answers are the same. JH_UNSUPPORTED for a layout that no build of jemalloc has; its
 * heap goes without. */
JH_MUST_USE enum jh_status jh_plan_make(const struct jh_layout *layout, struct jh_plan *out,
                                        struct jh_fault *fault);

/* ---- structs: jemalloc's own, as far as a decoder reads them -------------------------------- */

/* The structs that this build has and jeheap knows, for index 0 ..: "arena_s", "edata_s"; NULL
 * behind the last. Names are jemalloc's; members of tsd_s go without the prefix that the macros put
 * in front, and macros that change a member's name are undone. */
const char *jh_struct_name(const struct jh_layout *layout, size_t index);

/* sizeof and alignment. JH_UNSUPPORTED when this build has no such struct. */
JH_MUST_USE enum jh_status jh_struct_size(const struct jh_layout *layout, const char *name,
                                          uint64_t *size, uint32_t *align, struct jh_fault *fault);

/* A member by its name, or by a path: "pa_shard.pac.ecache_dirty". */
JH_MUST_USE enum jh_status jh_struct_member(const struct jh_layout *layout, const char *name,
                                            const char *path, struct jh_member *out,
                                            struct jh_fault *fault);

/* The members in their order, from index 0 until JH_END. */
JH_MUST_USE enum jh_status jh_struct_nth(const struct jh_layout *layout, const char *name,
                                         size_t index, struct jh_member *out);

/* ---- size classes (sc.h, sz.h) --------------------------------------------------------------- */

unsigned jh_lg_floor(uint64_t x); /* x must not be 0 */
unsigned jh_lg_ceil(uint64_t x);  /* x must not be 0 */

/* sz_index2size: bytes; 0 for an index that is not below SC_NSIZES. */
uint64_t jh_index2size(const struct jh_layout *layout, uint32_t index);
/* sz_size2index: the smallest class that holds size; SC_NSIZES when none does. */
uint32_t jh_size2index(const struct jh_layout *layout, uint64_t size);
/* ALIGNMENT_ADDR2BASE: alignment is a power of two. */
uint64_t jh_addr2base(uint64_t addr, uint64_t alignment);

/* ---- rtree: address -> leaf bytes ----------------------------------------------------------- */

/* rtree_subkey: which element of a node at this level the key selects. */
uint64_t jh_rtree_subkey(const struct jh_layout *layout, uint64_t key, unsigned level);
/* rtree_leafkey: the first address that the key's leaf node covers. */
uint64_t jh_rtree_leafkey(const struct jh_layout *layout, uint64_t key);

/* The leaf element of the page that addr is in. A missing node is a leaf of zeroes, as in
 * jemalloc; JH_ABSENT means that bytes on the way are not in this image. */
JH_MUST_USE enum jh_status jh_rtree_lookup(const struct jh_heap *heap, uint64_t addr,
                                           struct jh_leaf_bytes *out, struct jh_fault *fault);

/* ---- leaf: leaf bytes -> which extent (pure) ------------------------------------------------ */

/* Total: every byte pattern decodes, as rtree_leaf_elm_bits_decode does. */
void jh_leaf_decode(const struct jh_layout *layout, const uint8_t *bytes, struct jh_leaf *out);

/* The way back, as rtree_leaf_elm_write makes it: layout->leaf_size bytes. What the layout has no
 * field for is dropped. */
void jh_leaf_encode(const struct jh_layout *layout, const struct jh_leaf *leaf, uint8_t *bytes);

/* ---- extent: extent_t / edata_t bytes -> extent (read, then pure) --------------------------- */

/* bytes holds layout->extent_head bytes that were read at address at. Total, like the leaf's. */
void jh_extent_decode(const struct jh_layout *layout, uint64_t at, const uint8_t *bytes,
                      struct jh_extent *out);

/* Does it contradict itself? JH_CORRUPT and the rule: alignment, size, wrap, szind, state, nfree;
 * a size that is neither the slab's of its bin nor one of its size class; an address that no
 * allocation has; an unused one with a size class; bits that no field has. */
JH_MUST_USE enum jh_status jh_extent_check(const struct jh_layout *layout,
                                           const struct jh_extent *extent, struct jh_fault *fault);

/* Does the leaf element of the extent's first page say what the extent says? JH_CORRUPT and the
 * rule: that it is this extent; szind and slab of an allocated one, which free() takes from the
 * leaf (arena.h, arena_dalloc); from 5.3 on the state and is_head. The fault's address is
 * extent->base. jemalloc writes it whenever an extent comes to begin at the page, so this one is
 * never one that was left behind. */
JH_MUST_USE enum jh_status jh_leaf_check(const struct jh_layout *layout, const struct jh_leaf *leaf,
                                         const struct jh_extent *extent, struct jh_fault *fault);

/* The same for the elements of all pages that jemalloc registers: those of a slab, of any other
 * extent the first and the last. JH_CORRUPT and what is wrong with the first that is: missing,
 * of another extent, or of another state; of a slab's, of another size class. What is not there is
 * not judged. */
JH_MUST_USE enum jh_status jh_pages_check(const struct jh_heap *heap,
                                          const struct jh_extent *extent, struct jh_fault *fault);

/* Read and decode the one at this address, which must be aligned as extents are. */
JH_MUST_USE enum jh_status jh_extent_read(const struct jh_heap *heap, uint64_t at,
                                          struct jh_extent *out, struct jh_fault *fault);

/* A slab hands out regions, any other extent is one. */
bool jh_extent_is_slab(const struct jh_extent *extent);

/* The extent that owns addr: also inside a large extent, of which only the first and the last
 * page have leaf elements. JH_OK and all zero, at too, when none does, as for any address that is
 * not canonical. */
JH_MUST_USE enum jh_status jh_lookup(const struct jh_heap *heap, uint64_t addr,
                                     struct jh_extent *out, struct jh_fault *fault);

/* The same in brief, for those who ask often. */
JH_MUST_USE enum jh_status jh_lookup_brief(const struct jh_heap *heap, uint64_t addr,
                                           struct jh_brief *out, struct jh_fault *fault);

/* The nearest extent that ends at or below addr, or starts above it. JH_OK and all zero: none. */
JH_MUST_USE enum jh_status jh_before(const struct jh_heap *heap, uint64_t addr,
                                     struct jh_extent *out, struct jh_fault *fault);
JH_MUST_USE enum jh_status jh_after(const struct jh_heap *heap, uint64_t addr,
                                    struct jh_extent *out, struct jh_fault *fault);

/* The same for many addresses, each with its own status: the reads of all of them overlap.
 * Faults are not kept; ask jh_lookup() about an address whose status is not JH_OK. */
void jh_lookup_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                    struct jh_extent *out, enum jh_status *status);
void jh_lookup_brief_many(const struct jh_heap *heap, const uint64_t *addr, size_t count,
                          struct jh_brief *out, enum jh_status *status);

/* ---- walk: every extent once ---------------------------------------------------------------- */

/* Start it, then call next until JH_END. A status other than JH_OK and JH_END is one thing that is
 * wrong, said in the fault; the walk goes on behind it. After JH_LIMIT and JH_READ_FAILED only
 * JH_END comes. */
void jh_walk_start(struct jh_walk *walk, const struct jh_heap *heap);
JH_MUST_USE enum jh_status jh_walk_next(struct jh_walk *walk, struct jh_extent *out,
                                        struct jh_fault *fault);

/* ---- slab: extent -> its regions (pure but for the read) ------------------------------------ */

/* Read the region bits of a slab. JH_UNSUPPORTED when the extent is none. */
JH_MUST_USE enum jh_status jh_slab_read(const struct jh_heap *heap, const struct jh_extent *extent,
                                        struct jh_slab *out, struct jh_fault *fault);

/* The same for many, each with its own status: their reads are done together. */
void jh_slab_read_many(const struct jh_heap *heap, const struct jh_extent *extent, size_t count,
                       struct jh_slab *out, enum jh_status *status);

/* Does a slab that was read agree with its extent? JH_CORRUPT and the rule: as many regions are
 * free as nfree says, and no bit behind the last region's is set. An operation in flight leaves
 * nfree behind by as many regions as it takes at a time, in one slab of each bin whose lock is
 * held; in a slab that is being made both rules may be broken. */
JH_MUST_USE enum jh_status jh_slab_check(const struct jh_layout *layout,
                                         const struct jh_extent *extent, const struct jh_slab *slab,
                                         struct jh_fault *fault);

/* Is region index free? index < nregs. */
bool jh_slab_free(const struct jh_layout *layout, const struct jh_slab *slab, uint32_t index);

/* Which region of the slab is addr in; nregs when in none. */
uint32_t jh_slab_region(const struct jh_layout *layout, const struct jh_extent *extent,
                        uint64_t addr);

/* ---- arena: jemalloc's own memory, and what an arena's extents must be (pure) ---------------- */

/* Does the header contradict itself? JH_CORRUPT: "arena.block-size". */
JH_MUST_USE enum jh_status jh_block_check(const struct jh_layout *layout,
                                          const struct jh_block *block, struct jh_fault *fault);

/* Can an extent whose structure lies in this arena's blocks be so? JH_CORRUPT and the rule: its
 * arena's number, its serial number, its shard of the bin. */
JH_MUST_USE enum jh_status jh_arena_check(const struct jh_layout *layout,
                                          const struct jh_arena *arena,
                                          const struct jh_extent *extent, struct jh_fault *fault);

/* What every unused extent has in common, whichever arena it is of. JH_CORRUPT: a dirty or muzzy
 * one that says it is zeroed ("arena.unused-zeroed"), one that still says it is a slab where the
 * version takes that away ("arena.unused-slab"). */
JH_MUST_USE enum jh_status jh_unused_check(const struct jh_layout *layout,
                                           const struct jh_extent *extent, struct jh_fault *fault);

/* The serial number of the structure itself is that of the block it was cut from, as far as there
 * is room for it. JH_CORRUPT: "arena.esn". */
JH_MUST_USE enum jh_status jh_esn_check(const struct jh_layout *layout, uint64_t block_sn,
                                        const struct jh_extent *extent, struct jh_fault *fault);

/* Dirty, muzzy, retained or pinned: it lies in one of its arena's lists. */
bool jh_extent_is_unused(const struct jh_extent *extent);

/* Does what lies in the arena's blocks look like the structure of an extent that the tree must lead
 * to? So does one that was merged into another and waits to be used again. */
bool jh_arena_uses(const struct jh_layout *layout, const struct jh_arena *arena,
                   const struct jh_extent *extent);

/* ---- cache: regions that are parked in a thread cache ---------------------------------------- */

/* Where caches of this build keep what. JH_UNSUPPORTED when the layout does not describe them. */
JH_MUST_USE enum jh_status jh_cache_form(const struct jh_layout *layout, struct jh_cache_form *out,
                                         struct jh_fault *fault);

/* Address of the bin of a size class below form->slots. */
uint64_t jh_cache_bin_at(const struct jh_layout *layout, const struct jh_cache_form *form,
                         uint64_t cache, uint32_t szind);

/* A bin from its bytes, form->bin_size of them (pure). capacity: what tcache_bin_info has for the
 * class; 0: not known. cache_bin.h, tcache_structs.h (tcache_bin_s). JH_CORRUPT at any moment,
 * since no operation leaves it so: "cache.count" (more than fit, or no whole number of pointers),
 * "cache.capacity" (no stack is so large, or it is not what its ends say). */
JH_MUST_USE enum jh_status jh_cache_bin_decode(const struct jh_layout *layout,
                                               const struct jh_cache_form *form,
                                               const uint8_t *bytes, uint32_t capacity,
                                               struct jh_cache_bin *out, struct jh_fault *fault);

/* The bin of one class of the cache. */
JH_MUST_USE enum jh_status jh_cache_bin_read(const struct jh_heap *heap,
                                             const struct jh_cache_form *form, uint64_t cache,
                                             uint32_t szind, uint32_t capacity,
                                             struct jh_cache_bin *out, struct jh_fault *fault);

/* ---- stats: totals, as jemalloc counts them (pure) --------------------------------------------
 */

/* One more extent of a walk, which jh_extent_check() has found sound. What is handed out of a slab
 * is nregs - nfree. arena.c, stats.c: arena_stats_merge, at each tag. */
void jh_stats_add(const struct jh_layout *layout, struct jh_stats *stats,
                  const struct jh_extent *extent);

/* One more region or large allocation that is parked, of this extent. */
void jh_stats_add_cached(const struct jh_layout *layout, struct jh_stats *stats,
                         const struct jh_extent *extent);

/* How many slabs of a class could be given back if what is handed out of it lay as close as can be.
 */
uint64_t jh_stats_spare_slabs(const struct jh_layout *layout, const struct jh_stats *stats,
                              uint32_t szind);

/* ---- counters: what an arena counts of its extents (pure) ------------------------------------
 */

/* JH_UNSUPPORTED: the layout has more page classes than there is room for. */
JH_MUST_USE enum jh_status jh_counting_make(const struct jh_layout *layout, struct jh_counting *out,
                                            struct jh_fault *fault);

/* The page class that an unused extent of so many bytes is kept under, the largest that is not
 * larger (sz_psz_quantize_floor, sz_psz2ind; extent_size_quantize_floor in 5.0). At most
 * page_classes. */
uint32_t jh_page_class(const struct jh_counting *counting, uint64_t size);

/* Which of JH_UNUSED_STATES; JH_UNUSED_STATES: the state is none of them. */
uint32_t jh_unused_state(enum jh_state state);

/* One more extent of an arena, which jh_extent_check() has found sound: value has
 * first[JH_COUNTERS] numbers, all 0 at first. Shards that the bin does not have are counted with
 * the last one. */
void jh_count(const struct jh_counting *counting, const struct jh_extent *extent, uint64_t *value);

/* ---- locate: what is at this address? The stages above, in order, once ---------------------- */

const char *jh_use_name(enum jh_use use);

const char *jh_why_name(enum jh_why why);

JH_MUST_USE enum jh_status jh_locate(const struct jh_heap *heap, uint64_t addr,
                                     struct jh_location *out, struct jh_fault *fault);

/* The same where the extent that jh_lookup() or jh_lookup_many() gives for addr is known. */
JH_MUST_USE enum jh_status jh_locate_in(const struct jh_heap *heap, uint64_t addr,
                                        const struct jh_extent *extent, struct jh_location *out,
                                        struct jh_fault *fault);

/* ---- index: an address book of the heap, for who asks about very many addresses ---------------
 */

/* Bytes of memory that the index of so many extents and parked regions takes: 32 for each extent, 8
 * for each region, and a few for itself. */
uint64_t jh_index_bytes(uint64_t extents, uint64_t parked);

/* Start one in the caller's memory, which is aligned as a uint64_t is and has as many bytes as
 * jh_index_bytes() said. parked: addresses of regions and large allocations in thread caches,
 * sorted; they are copied. JH_UNSUPPORTED: structures of this layout are larger than any build's.
 */
JH_MUST_USE enum jh_status jh_index_start(struct jh_index *index, const struct jh_layout *layout,
                                          void *memory, uint64_t extents, const uint64_t *parked,
                                          uint64_t count);

/* One more extent, in the order of addresses. sound: nothing is wrong with it, with its elements or
 * near it; the index answers for no others. */
void jh_index_add(struct jh_index *index, const struct jh_extent *extent, bool sound);

/* Something is wrong behind the extent that was added last, and it is not known where it ends:
 * that extent is not vouched for after all. */
void jh_index_doubt(struct jh_index *index);

/* That was all of them. From here on the index is only read. */
void jh_index_end(struct jh_index *index);

/* Both, by one walk: what it says of an extent, or next to it, makes that extent none that is
 * vouched for. */
void jh_index_fill(struct jh_index *index, const struct jh_heap *heap, struct jh_walk *walk);

/* Where the extent with this number is, which is below index->count, and the first and the last of
 * its regions; any other extent has one piece. False: the index does not vouch for it. */
bool jh_index_nth(const struct jh_index *index, uint64_t which, struct jh_index_pieces *out);

/* The number of the parked region that begins there, in that extent; JH_INDEX_NONE: none. */
uint64_t jh_index_parked(const struct jh_index *index, uint64_t which, uint64_t start);

/* What is at the address? Of the target at most the bitmap word of the region is read; of memory
 * that changes (jh_reader.retry) the structure of the extent too, and only one that is allocated
 * and still the same is vouched for. For what is not vouched for jh_locate() is asked, and status
 * and fault are its own. */
JH_MUST_USE enum jh_status jh_index_find(const struct jh_index *index, const struct jh_heap *heap,
                                         uint64_t addr, struct jh_found *out,
                                         struct jh_fault *fault);

/* The same for many addresses, each with its own status: their reads overlap, or are done together.
 * more: NULL, or room for as many: filled where which is not JH_INDEX_NONE. */
void jh_index_find_many(const struct jh_index *index, const struct jh_heap *heap,
                        const uint64_t *addr, size_t count, struct jh_found *out,
                        struct jh_index_more *more, enum jh_status *status);

#ifdef __cplusplus
}
#endif
#endif
