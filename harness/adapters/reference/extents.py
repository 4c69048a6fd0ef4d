"""All extents, and what is wrong on the way to them (FORMAT.md, sections 14 and 15)."""

import leaf as leaves
import slab
from outcome import Outcome, corrupt

PAGE = 4096  # that images have or lack
WORLD = 1 << 64  # addresses go round


class Walk:
    """Goes through the tree once: extents in their order, and the findings as (rule, address)."""

    def __init__(self, tree):
        self.tree, self.layout = tree, tree.layout
        self.extents, self.findings, self.missing = [], [], False
        self.last, self.last_end = None, 0  # given last, and where it ends
        self.before = None  # (extent, node) of the element in front: those of one run are alike
        self.said = None  # (extent, node, page from where it is looked at again) of a run that was judged
        self.entered = [(tree.root, self.node_bytes(0))]
        self.node(0, tree.root, 0, 0)

    def say(self, outcome):
        if outcome.word == "absent":
            self.missing = True
        else:
            self.findings.append((outcome.rule, outcome.address))

    # ---- nodes

    def node_bytes(self, level):
        return self.layout.element_size(level) << self.layout.level_bits[level]

    def node(self, level, at, page, parent):
        node = self.tree.node(level, at)
        if node.missing:
            self.say(self.tree.not_there(level, at, node.missing[0][0], parent))
            if self.findings and self.findings[-1] == ("rtree.child-unmapped", parent):
                return
        passed = self.passed_over(level, at, node)
        for position, index in enumerate(node.index):
            if any(first <= index < end for first, end in passed):
                self.before = None
                continue
            if position and any(node.index[position - 1] < first <= index for first, _ in passed):
                self.before = None
            element = self.tree.element(level, at, position, page)
            if level == self.layout.height - 1:
                self.leaf(element)
            elif self.enters(element):
                self.node(level + 1, element.value, element.page, element.at)

    def passed_over(self, level, at, node):
        """What is not there, and what is of the pages that it ends in: indices from, to."""
        size, count = self.layout.element_size(level), 1 << self.layout.level_bits[level]
        passed, behind = [], 0
        for first, _ in node.missing:
            first = max(first, behind)
            if not node.lacks(first):
                continue
            behind = first
            while behind < count and node.lacks(behind):
                behind += max(1, (PAGE - (at + behind * size) % PAGE) // size)
            passed.append((first, behind))
        return passed

    def enters(self, element):
        if element.value % self.layout.pointer:
            self.findings.append(("rtree.child-alignment", element.at))
            return False
        size = self.node_bytes(element.level + 1)
        child = element.value
        if any((child - start) % WORLD < length or (start - child) % WORLD < size
               for start, length in self.entered):
            self.findings.append(("rtree.child-repeated", element.at))
            return False
        self.entered.append((child, size))
        return True

    # ---- elements

    def leaf(self, element):
        page = self.tree.page_of(element)
        run, self.before = self.before, (element.value, element.node)
        if self.last and element.value == self.last.at and page < self.last_end:
            if run != self.before and self.is_between(self.last, element):
                self.findings.append(("leaf.inner-page", page))
            return
        if self.said and self.said[:2] == (element.value, element.node) and page < self.said[2]:
            return
        self.said = None
        try:
            extent = self.extent_of(element, page)
        except Outcome as outcome:
            self.say(outcome)
            return
        if extent:
            self.give(element, extent)

    def extent_of(self, element, page):
        """The extent that begins at the page; None for an element left behind."""
        tree, behind = self.tree, leaves.may_be_left_behind(self.layout, self.tree.leaf(element))
        self.said = (element.value, element.node, 1 << 64)
        if element.value % self.layout.extent["align"]:
            raise corrupt("leaf.extent-alignment", page)
        extent = tree.sound_extent(element)
        if extent.base != page:
            self.said = (element.value, element.node, extent.base if extent.base > page else 1 << 64)
            if behind:
                return None
            raise corrupt("leaf.first-page-missing" if extent.covers(page)
                          else "leaf.extent-not-covering", page)
        self.said = None
        if page < self.last_end:
            if behind and not extent.allocated:
                return None
            if not self.last.may_be_left_behind():
                self.findings.append(("extent.overlap", self.last.at))
        return extent

    def give(self, element, extent):
        self.extents.append(extent)
        self.last, self.last_end = extent, extent.end
        try:
            self.check_first(self.tree.leaf(element), extent)
            if not extent.may_be_left_behind():
                self.check_others(element, extent)
        except Outcome as outcome:
            self.say(outcome)
        self.check_bitmap(extent)

    # ---- section 15

    def check_first(self, leaf, extent):
        rule = None
        if extent.allocated and leaf.szind != extent.szind:
            rule = "leaf.szind"
        elif extent.allocated and leaf.slab != extent.slab:
            rule = "leaf.slab"
        elif leaf.state is not None and leaf.state != extent.state_number:
            rule = "leaf.state"
        elif leaf.is_head is not None and leaf.is_head != extent.flags["is_head"]:
            rule = "leaf.is-head"
        elif leaf.unused:
            rule = "leaf.unused-bits"
        if rule:
            raise corrupt(rule, extent.base)

    def check_others(self, element, extent):
        second = self.second_of_run(element)
        if second and self.is_between(extent, second):
            raise corrupt("leaf.inner-page", self.tree.page_of(second))
        pages = range(extent.base + self.layout.page, extent.end, self.layout.page)
        for page in pages if extent.is_slab else pages[-1:]:
            self.check_page(extent, page)

    def check_page(self, extent, page):
        try:
            element = self.tree.own_element(page)
        except Outcome:
            return  # what is not there is not judged
        leaf = element and self.tree.leaf(element)
        if leaf and leaf.extent != extent.at and not leaves.may_be_left_behind(self.layout, leaf):
            return  # that one is judged when the walk comes to it
        if not leaf or leaf.extent != extent.at:
            raise corrupt("leaf.last-page-missing" if page == extent.last_page
                          else "leaf.inner-page-missing", page)
        if extent.is_slab and leaf.szind != extent.szind:
            raise corrupt("leaf.szind", page)
        if extent.is_slab and not leaf.slab:
            raise corrupt("leaf.slab", page)
        if leaf.state is not None and leaf.state != extent.state_number:
            raise corrupt("leaf.state", page)
        if leaf.unused:
            raise corrupt("leaf.unused-bits", page)

    def is_between(self, extent, element):
        """A page between the first and the last of an extent that is no slab has none."""
        return not extent.is_slab and self.tree.page_of(element) < extent.last_page and \
            not leaves.may_be_left_behind(self.layout, self.tree.leaf(element))

    def second_of_run(self, element):
        """The next one of its node, where that names the same extent."""
        node = self.tree.node(element.level, element.node)
        position, gap = node.behind(element.index)
        if position < 0 or node.value[position] != element.value or \
                0 <= gap < node.index[position]:
            return None
        return self.tree.element(element.level, element.node, position,
                                 element.page - (element.index << self.layout.shift[element.level]))

    def check_bitmap(self, extent):
        if not extent.is_slab:
            return
        try:
            slab.check(self.layout, extent.szind, extent.nfree, self.tree.bitmap(extent), extent.at)
        except Outcome as outcome:
            self.say(outcome)
