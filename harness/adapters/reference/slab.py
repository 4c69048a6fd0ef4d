"""Regions of a slab (FORMAT.md, section 10)."""

from outcome import corrupt


def bitmap_bytes(layout, szind):
    """How many bytes the level has that says what is free."""
    regions = layout.bins[szind][1]
    return (regions + layout.bits - 1) // layout.bits * layout.pointer


def words(layout, data):
    return [layout.number(data[i:i + layout.pointer]) for i in range(0, len(data), layout.pointer)]


def free_regions(layout, szind, data):
    bitmap = words(layout, data)
    return [i for i in range(layout.bins[szind][1])
            if bitmap[i // layout.bits] >> i % layout.bits & 1]


def check(layout, szind, nfree, data, at):
    """Says how many are free, when the bitmap agrees with nfree and with itself."""
    regions = layout.bins[szind][1]
    free = len(free_regions(layout, szind, data))
    if free != nfree:
        raise corrupt("slab.nfree", at)
    used = regions % layout.bits
    if used and words(layout, data)[regions // layout.bits] >> used:
        raise corrupt("slab.unused-bits", at)
    return free


def region_of(layout, szind, base, address):
    """Which region has the address; None where none does."""
    index = (address - base) // layout.sizes[szind]
    return index if 0 <= index < layout.bins[szind][1] else None
