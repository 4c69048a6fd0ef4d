"""Kinds of damage for ci/damage. A kind makes one damage: the bytes to write, the extent whose pointers
are looked up, and, if no other memory contradicts the damage, why it is undetectable."""

import struct
from collections import namedtuple

Damage = namedtuple("Damage", "at bytes extent what undetectable", defaults=(None,))
Kind = namedtuple("Kind", "name about make")

KINDS = []
PAGE_BYTES = 4096
NOTHING_ELSE = "no other memory repeats it"
STALE = "what sound heaps leave there may be stale"


def kind(name, about):
    def add(make):
        KINDS.append(Kind(name, about, make))
        return make
    return add


def word(value):
    return struct.pack("<Q", value & (1 << 64) - 1)


def other(dice, old, width):
    """A value of so many bits that is not the old one."""
    return (old + dice.randrange(1, 1 << width)) % (1 << width)


# ---- fields of extent_t, edata_t -----------------------------------------------------------------


def set_field(heap, e, name, value, undetectable=None):
    old, at, f = heap.bits_at(e, name)
    mask = (1 << f["width"]) - 1
    new = old & ~(mask << f["shift"]) | (value & mask) << f["shift"]
    if new == old:
        return None
    return Damage(at, word(new), e, f"{name} of {kind_of(heap, e)} {e['at']:#x} is "
                  f"{old >> f['shift'] & mask:#x}", undetectable)


def kind_of(heap, e):
    if heap.allocated(e):
        return "slab" if heap.is_slab(e) else "large"
    return heap.states[e["state"]] if heap.is_unused(e) else "active of no class"


def change(heap, dice, e, name, undetectable=None):
    if e is None or heap.field(name) is None:
        return None
    old, _, f = heap.bits_at(e, name)
    return set_field(heap, e, name, other(dice, old >> f["shift"] & (1 << f["width"]) - 1,
                                          f["width"]), undetectable)


def field_kind(name, about, field, which, undetectable=None):
    def make(heap, dice):
        why = undetectable(heap) if callable(undetectable) else undetectable
        return change(heap, dice, heap.of(dice, which(heap)), field, why)
    kind(name, about)(make)


field_kind("slab: arena_ind", "the arena's number", "arena_ind", lambda h: h.is_slab)
field_kind("large: arena_ind", "the arena's number", "arena_ind", lambda h: h.is_large)
field_kind("unused: arena_ind", "the arena's number", "arena_ind", lambda h: h.is_unused)
field_kind("slab: slab bit", "a slab becomes a large extent", "slab", lambda h: h.is_slab)
field_kind("large: slab bit", "a large extent becomes a slab", "slab", lambda h: h.is_large)
field_kind("unused: slab bit", "an unused extent becomes a slab", "slab", lambda h: h.is_unused,
             lambda h: STALE if h.modern else None)
field_kind("slab: state", "active becomes another state", "state", lambda h: h.is_slab)
field_kind("large: state", "active becomes another state", "state", lambda h: h.is_large)
field_kind("unused: state", "unused becomes another state", "state", lambda h: h.is_unused)
field_kind("slab: szind", "another size class", "szind", lambda h: h.is_slab)
field_kind("large: szind", "another size class", "szind", lambda h: h.is_large)
field_kind("unused: szind", "a size class where none is", "szind", lambda h: h.is_unused)
field_kind("slab: nfree", "another number of free regions", "nfree", lambda h: h.is_slab)
field_kind("slab: bin_shard", "another shard of the bin", "bin_shard", lambda h: h.is_slab)
field_kind("extent: is_head", "first of its mapping or not", "is_head", lambda h: lambda e: True,
           lambda h: None if h.modern else NOTHING_ELSE)
field_kind("extent: committed", "committed or not", "committed", lambda h: lambda e: True,
             NOTHING_ELSE)
field_kind("active: zeroed", "zeroed or not", "zeroed", lambda h: h.allocated,
             "it is not kept while the extent is in use")
field_kind("retained: zeroed", "zeroed or not", "zeroed",
             lambda h: lambda e: e["state"] == 3, NOTHING_ELSE)
field_kind("dirty, muzzy: zeroed", "zeroed, which they are not", "zeroed",
             lambda h: lambda e: e["state"] in (1, 2))
field_kind("extent: esn", "the structure's own serial number", "esn", lambda h: lambda e: True)


@kind("extent: serial number", "a large number, or one that is near")
def serial(heap, dice):
    e = heap.of(dice, lambda e: True)
    near = dice.random() < 0.3
    f = heap.field("sn")
    value = e["sn"] ^ 1 if near else (1 << f["width"] - 1) | dice.randrange(1 << 16)
    return set_field(heap, e, "sn", value, NOTHING_ELSE if near else None)


@kind("extent: unused bits", "a bit of e_bits that is no field's")
def unused_bits(heap, dice):
    used = 0
    for name, f in heap.layout["extent"]["fields"].items():
        if f["offset"] == heap.field("bits")["offset"] and name != "bits":
            used |= (1 << f["width"]) - 1 << f["shift"]
    free = [i for i in range(64) if not used >> i & 1]
    e = heap.of(dice, lambda e: True)
    if not free:
        return None
    at = e["at"] + heap.field("bits")["offset"]
    return Damage(at, word(heap.core.word(at) ^ 1 << dice.choice(free)), e, "e_bits")


@kind("slab: addr", "another page, or inside the page")
def slab_addr(heap, dice):
    e = heap.of(dice, heap.is_slab)
    return set_field(heap, e, "addr", e["addr"] + dice.choice((8, 64, -heap.page, heap.page,
                                                                heap.page * 512)))


@kind("large: addr, page", "another page")
def large_addr_page(heap, dice):
    e = heap.of(dice, heap.is_large)
    return set_field(heap, e, "addr", e["addr"] + heap.page * dice.choice((-1, 1, 7, 512)))


@kind("large: addr, in its page", "another place in the first page")
def large_addr(heap, dice):
    e = heap.of(dice, heap.is_large)
    low = dice.choice((8, 24, 64, 640, 4032))
    if e["addr"] & heap.page - 1 == low:
        return None
    fits = low % 64 == 0 and low + e["usize"] <= e["size"]
    return set_field(heap, e, "addr", e["base"] + low, "a sound place" if fits else None)


@kind("unused: addr", "another page, or inside the page")
def unused_addr(heap, dice):
    e = heap.of(dice, heap.is_unused)
    return set_field(heap, e, "addr", e["addr"] + dice.choice((8, 64, -heap.page, heap.page)))


def size_kind(name, which):
    @kind(name, "pages more or less, none, very many")
    def make(heap, dice):
        e = heap.of(dice, which(heap))
        pages = e["size"] // heap.page
        new = dice.choice((pages - 1, pages + 1, pages + 64, 0, 1 << 30, pages * 2))
        return set_field(heap, e, "size", new)
    return make


size_kind("slab: size", lambda h: h.is_slab)
size_kind("large: size", lambda h: h.is_large)
size_kind("unused: size", lambda h: h.is_unused)


@kind("unused: list link", "next or previous of the list that it is in")
def list_link(heap, dice):
    structs = heap.layout["structs"]
    members = structs.get("edata_s", structs.get("extent_s"))["members"]
    link = members.get("ql_link_inactive", members.get("ql_link"))
    e = heap.of(dice, lambda e: e["state"] in (1, 2))
    if e is None:
        return None
    at = e["at"] + link + dice.choice((0, 8))
    return Damage(at, word(heap.core.word(at) ^ dice.choice((128, 1 << 20, 1 << 45))), e,
                  f"list link of {kind_of(heap, e)} {e['at']:#x}")


# ---- bitmaps -------------------------------------------------------------------------------------


def bitmap_bit(heap, dice, bits):
    e = heap.of(dice, lambda e: heap.is_slab(e) and bits(heap.slabs[e["at"]]["nregs"]))
    if e is None:
        return None
    bit = dice.choice(bits(heap.slabs[e["at"]]["nregs"]))
    at = e["at"] + heap.layout["extent"]["bitmap_offset"] + bit // 64 * 8
    return Damage(at, word(heap.core.word(at) ^ 1 << bit % 64), e, f"region {bit} of {e['at']:#x}")


@kind("bitmap: a region", "a region is free, or not")
def bitmap_region(heap, dice):
    return bitmap_bit(heap, dice, range)


@kind("bitmap: behind the last region", "a bit of the last word that is no region's")
def bitmap_tail(heap, dice):
    return bitmap_bit(heap, dice, lambda nregs: range(nregs, -nregs % 64 + nregs))


@kind("bitmap: a word", "a word becomes ones, zeroes or text")
def bitmap_word(heap, dice):
    e = heap.of(dice, heap.is_slab)
    words = -(-heap.slabs[e["at"]]["nregs"] // 64)
    at = e["at"] + heap.layout["extent"]["bitmap_offset"] + 8 * dice.randrange(words)
    new = dice.choice((b"\0" * 8, b"\xff" * 8, b"A" * 8))
    return Damage(at, new, e, f"bitmap of {e['at']:#x}") if new != heap.core.read(at, 8) else None


# ---- leaf elements -------------------------------------------------------------------------------


def set_leaf(heap, e, page, value, what, undetectable=None):
    at = heap.element(page)
    if at is None or heap.core.word(at) == value & (1 << 64) - 1:
        return None
    return Damage(at, word(value), e, f"{what} of {kind_of(heap, e)} {e['at']:#x}", undetectable)


def last_page(heap, e):
    return e["base"] + e["size"] - heap.page


def leaf_change(heap, dice, e, page, name, undetectable=None):
    f = heap.layout["leaf"]["fields"].get(name)
    if e is None or not f or not f["width"]:
        return None
    old = heap.core.word(heap.element(page))
    mask = (1 << f["width"]) - 1
    value = other(dice, old >> f["shift"] & mask, f["width"])
    return set_leaf(heap, e, page, old & ~(mask << f["shift"]) | value << f["shift"], name,
                    undetectable)


def pointer_change(heap, dice, e, page):
    if e is None or heap.element(page) is None:
        return None
    old = heap.core.word(heap.element(page))
    bit = dice.randrange(12, 40)
    return set_leaf(heap, e, page, dice.choice((old ^ 1 << bit, old ^ 1 << 7, old + 128 * 3)),
                    "pointer")


@kind("leaf, first page: pointer", "leads elsewhere")
def leaf_pointer(heap, dice):
    e = heap.of(dice, lambda e: True)
    return pointer_change(heap, dice, e, e["base"])


@kind("leaf, first page: empty", "the element is zero")
def leaf_empty(heap, dice):
    e = heap.of(dice, lambda e: True)
    return set_leaf(heap, e, e["base"], 0, "first page's element")


@kind("leaf, first page: szind", "another size class, of what is allocated")
def leaf_szind(heap, dice):
    e = heap.of(dice, heap.allocated)
    return leaf_change(heap, dice, e, e["base"], "szind")


@kind("leaf, first page: slab", "another slab bit, of what is allocated")
def leaf_slab(heap, dice):
    e = heap.of(dice, heap.allocated)
    return leaf_change(heap, dice, e, e["base"], "slab")


@kind("leaf, first page: state", "another state (5.3 and later)")
def leaf_state(heap, dice):
    e = heap.of(dice, lambda e: True)
    return leaf_change(heap, dice, e, e["base"], "state")


@kind("leaf, first page: is_head", "another head bit (5.3 and later)")
def leaf_head(heap, dice):
    e = heap.of(dice, lambda e: True)
    return leaf_change(heap, dice, e, e["base"], "is_head")


@kind("leaf, unused: szind, slab", "of an unused extent")
def leaf_unused(heap, dice):
    e = heap.of(dice, heap.is_unused)
    return leaf_change(heap, dice, e, e["base"], dice.choice(("szind", "slab")), STALE)


@kind("leaf: unused bits", "bits below the pointer that are no field's (5.3 and later)")
def leaf_unused_bits(heap, dice):
    e = heap.of(dice, lambda e: True)
    if not heap.modern:
        return None
    return set_leaf(heap, e, e["base"], heap.core.word(heap.element(e["base"])) ^
                    dice.choice((32, 64)), "unused bits")


def longer(heap, pages, which):
    return lambda e: which(e) and heap.pages(e) > pages


@kind("leaf, last page: pointer", "leads elsewhere")
def last_pointer(heap, dice):
    e = heap.of(dice, longer(heap, 1, lambda e: True))
    return pointer_change(heap, dice, e, last_page(heap, e))


@kind("leaf, last page: empty", "the element is zero")
def last_empty(heap, dice):
    e = heap.of(dice, longer(heap, 1, lambda e: True))
    return set_leaf(heap, e, last_page(heap, e), 0, "last page's element")


@kind("leaf, last page: szind, slab", "of what is no slab")
def last_stale(heap, dice):
    e = heap.of(dice, longer(heap, 1, lambda e: not heap.is_slab(e)))
    return e and leaf_change(heap, dice, e, last_page(heap, e), dice.choice(("szind", "slab")),
                             STALE)


def inner_page(heap, dice, e):
    return e["base"] + heap.page * dice.randrange(1, heap.pages(e) - 1)


@kind("leaf, slab's inner page", "empty, or another pointer, szind, slab")
def inner_slab(heap, dice):
    e = heap.of(dice, longer(heap, 2, heap.is_slab))
    if e is None:
        return None
    page = inner_page(heap, dice, e)
    way = dice.randrange(4)
    if way == 0:
        return set_leaf(heap, e, page, 0, "inner page's element")
    if way == 1:
        return pointer_change(heap, dice, e, page)
    return leaf_change(heap, dice, e, page, ("szind", "slab")[way - 2])


@kind("leaf, large or unused: inner page", "an element where none may be")
def inner_other(heap, dice):
    e = heap.of(dice, longer(heap, 2, lambda e: not heap.is_slab(e)))
    page = inner_page(heap, dice, e)
    if heap.element(page) is None:
        return None
    neighbour = heap.of(dice, lambda e: True)
    own = heap.core.word(heap.element(e["base"]))
    value = dice.choice((own, heap.core.word(heap.element(neighbour["base"])), 0x4141414141414141,
                         5, e["at"] + 64))
    return set_leaf(heap, e, page, value, "inner page's element")


@kind("leaf: where nothing is", "an element of a page that no extent has")
def stray_leaf(heap, dice):
    ends = sorted((e["base"], e["base"] + e["size"]) for e in heap.extents.values())
    gaps = [(a[1], b[0]) for a, b in zip(ends, ends[1:]) if b[0] > a[1]]
    gaps = [g for g in gaps if heap.element(g[0]) is not None]
    if not gaps:
        return None
    page = dice.choice(gaps)[0]
    e = heap.of(dice, lambda e: True)
    value = dice.choice((heap.core.word(heap.element(e["base"])), 0x4141414141414141, 0x1000,
                         e["at"] + 64))
    at = heap.element(page)
    if heap.core.word(at) & (1 << 48) - 1 & ~127:
        return None
    return Damage(at, word(value), None, f"element of page {page:#x}")


# ---- nodes ---------------------------------------------------------------------------------------


@kind("root: a slot cleared", "all beneath it is lost")
def root_cleared(heap, dice):
    index = dice.choice(sorted(heap.roots))
    return Damage(heap.root + 8 * index, word(0), None, f"slot {index}")


@kind("root: a stray word", "in a slot that is free")
def root_stray(heap, dice):
    free = set(range(1 << heap.layout["rtree_levels"][0]["bits"])) - set(heap.roots)
    index = dice.choice(sorted(dice.sample(sorted(free), 3)))
    value = dice.choice((0x4141414141414141, 0x10, 0x7ffff000, dice.choice(heap.nodes),
                         heap.root & ~63, dice.choice(heap.live) & ~63))
    return Damage(heap.root + 8 * index, word(value), None, f"free slot {index}")


@kind("root: another pointer", "of a slot in use")
def root_pointer(heap, dice):
    index = dice.choice(sorted(heap.roots))
    old = heap.roots[index]
    value = dice.choice((old ^ 1 << dice.randrange(3, 46), old + 8, old + 4096, old - 64))
    return Damage(heap.root + 8 * index, word(value), None, f"slot {index}")


def node_part(heap, dice, size, fill):
    """A piece of a leaf node in which there are elements."""
    e = heap.of(dice, lambda e: heap.element(e["base"]) is not None)
    at = heap.element(e["base"])
    node = max(n for n in heap.nodes if n <= at)
    start = at - (at - node) % size
    new = fill * (size // len(fill))
    return Damage(start, new, e, "a part of a leaf node") if heap.core.read(start, size) != new \
        else None


@kind("leaf node: 64 KiB of zeroes", "16 pages of elements are lost")
def node_zero(heap, dice):
    return node_part(heap, dice, 65536, b"\0")


@kind("leaf node: a page", "zeroes, ones or text over 512 elements")
def node_page(heap, dice):
    return node_part(heap, dice, PAGE_BYTES, dice.choice((b"\0", b"\xff", b"A")))


@kind("leaf node: a cache line", "zeroes, ones or text over 8 elements")
def node_line(heap, dice):
    return node_part(heap, dice, 64, dice.choice((b"\0", b"\xff", b"A")))


# ---- structures ----------------------------------------------------------------------------------


@kind("extents: a page of them", "zeroes, ones or text over the structures of a page")
def extent_page(heap, dice):
    e = heap.of(dice, lambda e: True)
    at = e["at"] & -PAGE_BYTES
    return Damage(at, dice.choice((b"\0", b"\xff", b"A")) * PAGE_BYTES, e, "extents")


@kind("extent: all of it", "zeroes, ones, text, or another extent's bytes")
def extent_whole(heap, dice):
    e, twin = heap.of(dice, lambda e: True), heap.of(dice, lambda e: True)
    size = heap.layout["extent"]["size"]
    new = dice.choice((b"\0" * size, b"\xff" * size, b"A" * size, heap.core.read(twin["at"], size)))
    return Damage(e["at"], new, e, f"{kind_of(heap, e)} {e['at']:#x}") if twin is not e else None


@kind("base block: size", "of its header")
def block_size(heap, dice):
    at = dice.choice(heap.bases)["at"] - 16
    old = heap.core.word(at)
    return Damage(at, word(dice.choice((0, 1 << 40, old + 4096, old * 2, old // 2))), None,
                  "base_block_s.size")


@kind("base block: next", "of its header")
def block_next(heap, dice):
    at = dice.choice(heap.bases)["at"] - 8
    old = heap.core.word(at)
    value = dice.choice((0, old ^ 1 << 21, 0x4141414141414141, at - 8))
    return Damage(at, word(value), None, "base_block_s.next") if value != old else None
