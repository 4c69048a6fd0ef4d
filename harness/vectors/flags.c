#include "flags.h"

#include <string.h>

#define JEMALLOC "https://github.com/jemalloc/jemalloc/blob/"
#define SOURCE_5_0 JEMALLOC "5.0.1/include/jemalloc/internal/"
#define SOURCE_5_2 JEMALLOC "5.2.1/include/jemalloc/internal/"
#define SOURCE_5_3 JEMALLOC "5.3.0/include/jemalloc/internal/"
#define SOURCE_5_3_1 JEMALLOC "5.3.1/"

static const struct flag flags[] = {
    {"SlabBit", "Bit 0 of a compact leaf element is its slab bit and no part of the pointer.",
     SOURCE_5_2 "rtree.h"},
    {"StateInPointer",
     "From 5.3.0 on the low bits of a compact leaf element hold is_head and the state. A pointer "
     "that keeps them is no structure's: such addresses end in 02, 0c and the like.",
     "https://github.com/jemalloc/jemalloc/issues/2667"},
    {"IsHead",
     "The extent is the first of what was mapped at once; it is not merged with the one "
     "in front of it. The bit is in the leaf element too from 5.3.0 on.",
     SOURCE_5_3 "rtree.h"},
    {"Alignment64",
     "Up to 5.2.1 structures are aligned to 64 bytes: only bit 0 of a leaf element is not the "
     "pointer's. From 5.3.0 on they are aligned to 128.",
     SOURCE_5_2 "rtree.h"},
    {"WideLeaf",
     "Where the bits above LG_VADDR do not hold a size class, a leaf element is a struct: extent, "
     "szind, slab (5.0 to 5.2).",
     SOURCE_5_2 "rtree.h"},
    {"PackedWideLeaf",
     "The same from 5.3.0 on: the pointer, and one word with slab, is_head, state and szind.",
     SOURCE_5_3 "rtree.h"},
    {"EmptyEncodings",
     "An element without an extent is all zeroes when it was never used, and has the szind "
     "SC_NSIZES when it was cleared. The pointer tells, not the word.",
     SOURCE_5_3 "rtree.h"},
    {"StaleLeaf",
     "Size class and slab bit of a leaf element are left over from earlier use, at the last page "
     "of a large extent and at both ends of one that is not in use. The truth is in the "
     "structure.",
     SOURCE_5_3 "emap.h"},
    {"StaleSlabBit", "From 5.3.0 on the slab bit of an extent that is not in use is left over.",
     SOURCE_5_3 "edata.h"},
    {"LastPage", "Of a large extent the first and the last page have leaf elements.",
     SOURCE_5_3 "emap.h"},
    {"InteriorPage",
     "Pages inside a large extent have no leaf elements: the first page in front of them that has "
     "one names the extent.",
     SOURCE_5_3 "emap.h"},
    {"ThreeLevels",
     "With 57 address bits and pages of 4 KiB, and on machines with 64 address bits, the tree has "
     "three levels. Which it is was decided by the CPU of the machine that jemalloc was built on.",
     "https://github.com/pwndbg/pwndbg/pull/3957"},
    {"HighHalf",
     "Bits above LG_VADDR of a key are ignored; a pointer in a compact element is sign extended "
     "(on aarch64 not, from 5.1.0 on).",
     SOURCE_5_3 "rtree.h"},
    {"ActiveNotAllocated",
     "An active extent with the szind SC_NSIZES was given to nobody: a cache of huge pages or of "
     "san keeps it, or a purge has it in hand.",
     SOURCE_5_3 "sec.h"},
    {"StateAboveThree",
     "From 5.3.0 on the state has three bits: transition and merging are above the four that "
     "earlier versions have.",
     SOURCE_5_3 "edata.h"},
    {"DevStates", "After 5.3.1 the states were renumbered: 4 is pinned, 5 transition, 6 merging.",
     JEMALLOC "295e48944b200b595a72902a81e1ed8cad6a3866/include/jemalloc/internal/edata.h"},
    {"NfreeWidth",
     "The width of nfree depends on the page size (10, 12, 14 bits with 4, 16, 64 KiB), and all "
     "fields above it move.",
     SOURCE_5_3 "edata.h"},
    {"MasksWithoutWidths",
     "5.0 has shifts and masks of the fields, no widths; its order differs from that of 5.1.",
     SOURCE_5_0 "extent_structs.h"},
    {"UsableBySize",
     "From 5.3.1 on (opt.disable_large_size_classes) the usable size of a large allocation is its "
     "extent's without the pad, not that of its size class.",
     SOURCE_5_3_1 "include/jemalloc/internal/edata.h"},
    {"PromotedSample",
     "A small allocation that profiling sampled has an extent of its own: allocated, no slab, and "
     "a small size class.",
     SOURCE_5_3 "prof_inlines.h"},
    {"ShiftedAddress",
     "Cache-oblivious builds move a large allocation into its first page; e_addr is not the "
     "extent's base.",
     SOURCE_5_3 "extent.h"},
    {"TreeBitmap",
     "A bitmap of many groups has summary words behind its level 0; level 0 comes first all the "
     "same.",
     SOURCE_5_3 "bitmap.h"},
    {"Guarded",
     "Guard pages stand around the extent and are not part of it; their leaf elements "
     "are empty.",
     SOURCE_5_3 "san.h"},
    {"Word32", "Pointers and bitmap groups of 32 bits; e_bits has 64 all the same.",
     SOURCE_5_3 "edata.h"},
    {"BigEndian", "Words stand in memory with their most significant byte first.", ""},
    {"Quantum8",
     "LG_QUANTUM 3, as Redis and Valkey are built: there is a class of 24 bytes, and "
     "all indices behind it move.",
     SOURCE_5_2 "sc.h"},
    {"TooLarge", "No size class holds it: the index is SC_NSIZES.", SOURCE_5_3 "sz.h"},
    {"LargeClass", "A class of large allocations has no slabs.", SOURCE_5_3 "sc.h"},
    {"FreeRegion", "A set bit of the bitmap is a free region.", SOURCE_5_3 "bitmap.h"},
    {"Cached",
     "The program has freed it, and it is parked in a thread cache. The bitmap says that it is "
     "handed out; `live` is wrong, `held` is right for who does not read caches.",
     "https://github.com/jemalloc/jemalloc/issues/2457"},
    {"Stashed",
     "A build that detects use after free holds regions back, at the other end of the bin's "
     "stack.",
     SOURCE_5_3 "cache_bin.h"},
    {"EmptyBin", "A bin without regions.", SOURCE_5_3 "cache_bin.h"},
    {"BeyondUsable",
     "Behind the usable size, inside the extent: the pad of a large allocation, or "
     "what a slab has left over.",
     SOURCE_5_3 "sz.h"},
    {"Metadata", "jemalloc's own memory has no leaf elements and belongs to nobody.",
     SOURCE_5_3 "base.h"},
    {"NotOwned", "No extent covers it.", ""},
    {"Unused", "An extent that is not in use: dirty, muzzy or retained.", SOURCE_5_3 "edata.h"},
    {"Corrupt",
     "The bytes are there and contradict themselves or each other. Vectors of this kind "
     "were bent after the build had made them.",
     "https://github.com/jemalloc/jemalloc/issues/2732"},
    {"Absent", "Bytes on the way are not in the image: it cannot be told, and that is the answer.",
     "https://github.com/jemalloc/jemalloc/pull/976"},
    {"ParkedTwice", "The same region stands twice in thread caches, as after a double free.",
     "https://github.com/jemalloc/jemalloc/issues/2250"},
};

const struct flag *flag_nth(size_t index) {
    return index < sizeof(flags) / sizeof(flags[0]) ? &flags[index] : NULL;
}

const struct flag *flag_named(const char *name) {
    size_t i = 0;
    while (flag_nth(i) && strcmp(flags[i].name, name) != 0) {
        i++;
    }
    return flag_nth(i);
}

struct json_object *flag_json(const struct flag *flag) {
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, "note", json_object_new_string(flag->note));
    json_object_object_add(o, "link", json_object_new_string(flag->link));
    return o;
}
