"""Who has this address? (FORMAT.md, section 13)"""

import leaf as leaves
import slab
from outcome import Outcome, corrupt

UNUSED = {"active": "unallocated"}  # all other states by their own names


def judge(tree, element, page):
    """The extent of an element, which covers the page; None for an element that was left behind."""
    extent = tree.sound_extent(element)
    if extent.covers(page):
        return extent
    if leaves.may_be_left_behind(tree.layout, tree.leaf(element)):
        return None
    raise corrupt("leaf.extent-not-covering", page)


def nearest_extent(tree, address, side):
    key = address
    while True:
        element = tree.nearest(key, side)
        extent = element and judge(tree, element, tree.page_of(element))
        if extent or not element:
            return extent
        key = element.page


def look_ahead(tree, address):
    """An extent behind it that has the address lacks its first page's element."""
    try:
        extent = nearest_extent(tree, address, 1)
    except Outcome:
        return  # what is wrong there is not this address's affair
    if extent and extent.covers(address) and not extent.may_be_left_behind():
        raise corrupt("leaf.first-page-missing", extent.base)


def owner(tree, address):
    """The extent that has a canonical address; None when none does."""
    element = tree.own_element(address)
    extent = element and judge(tree, element, address & -tree.layout.page)
    if extent:
        return extent
    extent = nearest_extent(tree, address, -1)
    if extent and extent.covers(address):
        return extent
    look_ahead(tree, address)
    return None


# ---- the answer ----------------------------------------------------------------------------------


def not_owned(address, why, extent=None):
    return {"addr": hex(address), "owned": False, "why": why,
            "extent": extent.answer() if extent else None}


def owned(address, extent, start, size, state, region=None):
    return {"addr": hex(address), "owned": True, "start": hex(start), "size": size,
            "offset": address - start, "state": state, "szind": extent.szind,
            "slab": extent.is_slab, "region_index": region, "arena_ind": extent.arena_ind,
            "extent": extent.answer()}


def in_slab(tree, address, extent):
    layout = tree.layout
    region = slab.region_of(layout, extent.szind, extent.base, address)
    if region is None:
        return not_owned(address, "beyond the usable size", extent)
    word = region // layout.bits * layout.pointer
    bits = layout.number(tree.core.read(extent.at + layout.extent["bitmap_offset"] + word,
                                        layout.pointer))
    size = layout.sizes[extent.szind]
    state = "free" if bits >> region % layout.bits & 1 else "held"
    return owned(address, extent, extent.base + region * size, size, state, region)


def in_large(address, extent):
    if address < extent.addr:
        return not_owned(address, "before the allocation", extent)
    if address >= extent.addr + extent.usable:
        return not_owned(address, "beyond the usable size", extent)
    return owned(address, extent, extent.addr, extent.usable, "held")


def find(tree, address):
    if address < tree.layout.page:
        return not_owned(address, "null")
    if tree.layout.canonical(address) != address:
        return not_owned(address, "non-canonical")
    extent = owner(tree, address)
    if not extent:
        return not_owned(address, "no leaf")
    if extent.is_slab:
        return in_slab(tree, address, extent)
    if extent.allocated:
        return in_large(address, extent)
    return owned(address, extent, extent.base, extent.size, UNUSED.get(extent.state, extent.state))
