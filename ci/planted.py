"""The bugs that ci/planted plants: a name, where, the text and what it becomes, and the targets
that must find it."""

from collections import namedtuple

Bug = namedtuple("Bug", "name path text replacement targets")

BUGS = [
    # leaf
    Bug("leaf: flags stay in the pointer", "decoder/internal.h",
        "return at & ~jh_low_mask(layout->leaf_low_bits);", "return at;", ["leaf", "oracle"]),
    Bug("leaf: sign extension dropped", "decoder/internal.h",
        "if (layout->leaf_sign_extend && at", "if (false && at", ["leaf", "oracle"]),
    Bug("leaf: aarch64 sign-extended too", "decoder/layout_table.c",
        "!(l->build.aarch64 && f->leaf_aarch64_rule)", "true", ["leaf"]),
    Bug("leaf: state one bit too narrow", "decoder/layout_table.c",
        "l->leaf[JH_LEAF_STATE] = bit(offset, word, 2, 3);",
        "l->leaf[JH_LEAF_STATE] = bit(offset, word, 2, 2);", ["leaf", "oracle"]),
    # extent
    Bug("extent: szind one bit too narrow", "decoder/layout_table.c",
        "width == W_SZIND   ? jh_lg_ceil(l->sc_nsizes)",
        "width == W_SZIND   ? jh_lg_ceil(l->sc_nsizes) - 1U", ["extent", "oracle", "layout"]),
    Bug("extent: byte order forgotten for whole words", "decoder/internal.h",
        "if (size == 8 && layout->build.little_endian) {", "if (size == 8) {", ["extent", "slab"]),
    Bug("extent: one szind too many", "decoder/extent.c",
        "if (e->szind > layout->sc_nsizes) {", "if (e->szind > layout->sc_nsizes + 1U) {",
        ["extent"]),
    Bug("extent: a slab's szind unchecked", "decoder/extent.c",
        "if (e->szind >= layout->sc_nbins) {", "if (e->szind >= layout->sc_nsizes) {", ["extent"]),
    Bug("extent: wrapping size let pass", "decoder/extent.c",
        "((e->base + (e->size - 1)) & jh_low_mask(layout->sc_ptr_bits)) < e->base", "false",
        ["extent"]),
    Bug("extent: pad counted as usable", "decoder/extent.c",
        "e->size > layout->large_pad ? e->size - layout->large_pad : 0", "e->size", ["extent"]),
    # slab
    Bug("slab: next region's bit", "decoder/internal.h",
        ">> (index % (8 * word)) & 1;", ">> ((index + 1) % (8 * word)) & 1;", ["slab", "oracle"]),
    Bug("slab: class unchecked", "decoder/slab.c",
        "if (!jh_extent_is_slab(extent) || extent->szind >= layout->sc_nbins) {",
        "if (!jh_extent_is_slab(extent)) {", ["slab"]),
    Bug("slab: last region lost", "decoder/slab.c",
        "addr - extent->base >= bin->nregs * bin->reg_size",
        "addr - extent->base >= (bin->nregs - 1U) * bin->reg_size", ["slab"]),
    # size classes
    Bug("size class: the next larger one", "decoder/size_class.c",
        "if (jh_index2size(layout, middle) < size) {", "if (jh_index2size(layout, middle) <= size) {",
        ["size_class", "oracle"]),
    Bug("size class: powers of two rounded up", "decoder/size_class.c",
        "return x & (x - 1) ? lg + 1 : lg;", "return lg + 1;", ["size_class"]),
    # layout
    Bug("layout: any quantum", "decoder/layout_table.c",
        "b->lg_quantum != 3 && b->lg_quantum != 4", "b->lg_quantum > 4", ["layout"]),
    Bug("layout: height unchecked", "decoder/layout.c",
        "if (l->rtree_height < 1 || l->rtree_height > JH_RTREE_HEIGHT_MAX) {",
        "if (l->rtree_height < 1) {", ["bent"]),
    Bug("layout: end of a field unchecked", "decoder/layout.c",
        "(unsigned)f.offset + f.word <= bytes", "f.word <= bytes", ["bent"]),
    Bug("layout: shift unchecked", "decoder/layout.c",
        "f.shift + f.width <= 8U * f.word", "f.width <= 8U * f.word", ["bent"]),
    Bug("layout: no regions let pass", "decoder/layout.c",
        "!bin->nregs ||", "", ["bent"]),
    # rtree, lookup, walk
    Bug("rtree: subkey one bit too wide", "decoder/rtree.c",
        "& jh_low_mask(l.bits);", "& jh_low_mask(l.bits + 1U);", ["rtree", "oracle", "bent"]),
    Bug("rtree: child unchecked", "decoder/rtree.c",
        "if (!jh_aligned(child, layout->rtree_node_size)) {", "if (false) {", ["rtree"]),
    Bug("lookup: one element too many", "decoder/lookup.c",
        "s->index[level] : all - 1 - s->index[level];", "s->index[level] : all - s->index[level];",
        ["rtree"]),
    Bug("lookup: not back into the node in front", "decoder/lookup.c",
        "            s->level--;\n", "            return JH_OK;\n", ["rtree"]),
    Bug("walk: a slab once for each page", "decoder/walk.c",
        "return p->extent == w->last_at && p->page < w->last_end;", "return false && p && w;",
        ["rtree"]),
    Bug("walk: overlapping extents let pass", "decoder/walk.c",
        "if (e->base < w->last_end) {", "if (false) {", ["rtree"]),
]
