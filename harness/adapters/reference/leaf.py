"""Leaf elements (FORMAT.md, section 7)."""

from collections import namedtuple

# state is its number; is_head and state are None where the version has none.
Leaf = namedtuple("Leaf", "extent szind slab is_head state unused")


def is_compact(layout):
    return layout.leaf["form"] == "compact"


def decode(layout, data):
    fields = layout.leaf["fields"]
    szind = layout.field(fields["szind"], data)
    slab = layout.field(fields["slab"], data)
    state = layout.field(fields.get("state"), data)
    head = layout.field(fields.get("is_head"), data)
    unused = 0
    if is_compact(layout) and layout.since_5_3:
        unused = layout.number(data[:layout.pointer]) & 0x60  # bits 5 and 6
    return Leaf(pointer(layout, data), szind, bool(slab), None if head is None else bool(head),
                state, unused)


def pointer(layout, data):
    """The extent that an element names; 0: none."""
    word = layout.number(data[:layout.pointer])
    if not is_compact(layout):
        return word
    address = word & ((1 << layout.lg_vaddr) - 1)
    if layout.leaf["sign_extend"] and address >> (layout.lg_vaddr - 1):
        address |= (1 << layout.bits) - (1 << layout.lg_vaddr)
    return address & -(1 << layout.leaf["low_bits"])


def may_be_left_behind(layout, leaf):
    return (layout.since_5_3 and leaf.szind == layout.nsizes and not leaf.slab
            and state_name(layout, leaf.state) == "active")


def state_name(layout, number):
    """None where the version has no name for it."""
    return layout.states[number] if number < len(layout.states) else None
