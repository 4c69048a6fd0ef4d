"""The tree of one image: nodes, the way down, the nearest element on a side (FORMAT.md, section 6)."""

import bisect
from collections import namedtuple

import leaf as leaves
import slab
from extent import Extent
from outcome import Outcome, absent, corrupt

PIECE = 4096
ZEROES = bytes(PIECE)

# One element with a pointer: page is an address as the tree has it, without a sign.
Element = namedtuple("Element", "level node index at page value data")


class Node:
    """The elements of a node that have a pointer, and which of them are not in the image."""

    def __init__(self, tree, level, at):
        self.index, self.value, self.data = [], [], []
        self.missing = []  # first, behind the last
        layout, size = tree.layout, tree.layout.element_size(level)
        count = 1 << layout.level_bits[level]
        known = 0
        for low, high in joined(tree.core.pieces(at, count * size)):
            first, end = -(-(low - at) // size), (high - at) // size
            if first >= end:
                continue
            if first > known:
                self.missing.append((known, first))
            self.take(tree, level, first, tree.core.read(at + first * size, (end - first) * size))
            known = end
        if known < count:
            self.missing.append((known, count))

    def take(self, tree, level, first, data):
        size = tree.layout.element_size(level)
        step = PIECE - PIECE % size
        for at in range(0, len(data), step):
            piece = data[at:at + step]
            if piece != ZEROES[:len(piece)]:
                for i in range(0, len(piece), size):
                    self.take_one(tree, level, first + (at + i) // size, piece[i:i + size])

    def take_one(self, tree, level, index, data):
        value = tree.value_of(level, data)
        if value:
            self.index.append(index)
            self.value.append(value)
            self.data.append(data)

    def lacks(self, index):
        return any(first <= index < end for first, end in self.missing)

    def before(self, index):
        """Positions of the nearest element in front of index and of what is missing there; -1: none."""
        position = bisect.bisect_left(self.index, index) - 1
        gaps = [min(end, index) - 1 for first, end in self.missing if first < index]
        return position, max(gaps, default=-1)

    def behind(self, index):
        position = bisect.bisect_right(self.index, index)
        gaps = [max(first, index + 1) for first, end in self.missing if end - 1 > index]
        return position if position < len(self.index) else -1, min(gaps, default=-1)


def joined(pieces):
    """Start and end of the pieces of an image; those that touch are one."""
    runs = []
    for low, high, _ in pieces:
        if runs and runs[-1][1] == low:
            runs[-1][1] = high
        else:
            runs.append([low, high])
    return runs


class Tree:
    def __init__(self, layout, core, root):
        if core.word != layout.pointer or core.order != layout.order:
            raise Outcome("unsupported", "the image is of another machine than the layout")
        self.layout, self.core, self.root = layout, core, root
        self.nodes, self.extents = {}, {}
        broken = core.note.get("broken") or {}
        self.verdicts = {int(at, 16): rule for at, rule in broken.items()} \
            if isinstance(broken, dict) else {}

    def value_of(self, level, data):
        if level == self.layout.height - 1:
            return leaves.pointer(self.layout, data)
        return self.layout.number(data)

    # ---- nodes

    def node(self, level, at):
        if (level, at) not in self.nodes:
            self.nodes[level, at] = Node(self, level, at)
        return self.nodes[level, at]

    def not_there(self, level, node, index, parent):
        """What it means that an element is not in the image: parent is the element that led to its node."""
        if parent and not self.core.may_be_mapped(node):
            return corrupt("rtree.child-unmapped", parent)
        return absent(node + index * self.layout.element_size(level))

    def element(self, level, node, position, page):
        found = self.node(level, node)
        index = found.index[position]
        return Element(level, node, index, node + index * self.layout.element_size(level),
                       page | index << self.layout.shift[level], found.value[position],
                       found.data[position])

    def check_child(self, element):
        if element.value % self.layout.pointer:
            raise corrupt("rtree.child-alignment", element.at)

    # ---- the way down

    def own_element(self, address):
        """The element of an address's page; None where none has a pointer."""
        layout, node, parent = self.layout, self.root, 0
        for level in range(layout.height):
            index = layout.subkey(address, level)
            found = self.node(level, node)
            if found.lacks(index):
                raise self.not_there(level, node, index, parent)
            position = bisect.bisect_left(found.index, index)
            if position == len(found.index) or found.index[position] != index:
                return None
            element = self.element(level, node, position, 0)
            if level == layout.height - 1:
                page = address & -layout.page
                return element._replace(page=page & ((1 << layout.lg_vaddr) - 1))
            self.check_child(element)
            node, parent = element.value, element.at
        return None

    # ---- the nearest element on a side

    def nearest(self, key, side):
        """In front of the key's page (-1) or behind it (1); None where there is none."""
        return self.beside(0, self.root, 0, 0, key, side)

    def beside(self, level, node, page, parent, key, side):
        """key None: anything in this node is on that side."""
        layout, found = self.layout, self.node(level, node)
        is_leaf = level == layout.height - 1
        ends = (1 << layout.level_bits[level]) if side < 0 else -1
        index = ends if key is None else layout.subkey(key, level)
        if key is not None and not is_leaf:
            under = self.under(level, node, page, parent, key, side)
            if under:
                return under
        while True:
            position, gap = found.before(index) if side < 0 else found.behind(index)
            there = found.index[position] if position >= 0 else None
            nearer = gap >= 0 and (there is None or (gap > there if side < 0 else gap < there))
            if nearer:
                raise self.not_there(level, node, gap, parent)
            if there is None:
                return None
            element = self.element(level, node, position, page)
            if is_leaf:
                return element
            self.check_child(element)
            inner = self.beside(level + 1, element.value, element.page, element.at, None, side)
            if inner:
                return inner
            index = there

    def under(self, level, node, page, parent, key, side):
        """In the node that the key itself goes through."""
        layout, found = self.layout, self.node(level, node)
        index = layout.subkey(key, level)
        if found.lacks(index):
            raise self.not_there(level, node, index, parent)
        position = bisect.bisect_left(found.index, index)
        if position == len(found.index) or found.index[position] != index:
            return None
        element = self.element(level, node, position, page)
        self.check_child(element)
        return self.beside(level + 1, element.value, element.page, element.at, key, side)

    # ---- extents

    def extent(self, at):
        """The structure, unchecked; what is absent, corrupt or crooked is raised."""
        if at not in self.extents:
            self.extents[at] = self.read_extent(at)
        if isinstance(self.extents[at], Outcome):
            raise self.extents[at]
        return self.extents[at]

    def read_extent(self, at):
        if at % self.layout.extent["align"]:
            return corrupt("extent.alignment", at)
        try:
            return Extent(self.layout, at, self.core.read(at, self.layout.extent["head"]))
        except Outcome as outcome:
            return corrupt(self.verdicts[at], at) if at in self.verdicts else outcome

    def sound_extent(self, element):
        """The extent of a leaf element, when it is sound."""
        try:
            extent = self.extent(element.value)
        except Outcome as outcome:
            if outcome.word == "absent" and not self.core.may_be_mapped(element.value):
                raise corrupt("leaf.extent-unmapped", self.page_of(element)) from outcome
            raise
        extent.check()
        return extent

    def leaf(self, element):
        return leaves.decode(self.layout, element.data)

    def page_of(self, element):
        return self.layout.canonical(element.page)

    def bitmap(self, extent):
        size = slab.bitmap_bytes(self.layout, extent.szind)
        return self.core.read(extent.at + self.layout.extent["bitmap_offset"], size)
