"""Extent structures (FORMAT.md, section 8)."""

from leaf import state_name
from outcome import corrupt

FLAGS = ("committed", "dumpable", "zeroed", "guarded", "is_head", "pinned")
CACHELINE = 64


class Extent:
    """One structure, decoded; check() holds it against what must be."""

    def __init__(self, layout, at, data):
        fields = layout.extent["fields"]

        def get(name):
            return layout.field(fields.get(name), data)

        self.layout, self.at = layout, at
        self.bits, self.addr, self.bsize = get("bits"), get("addr"), get("bsize")
        self.esn, self.sn = get("esn"), get("sn")
        self.size = get("size") << layout.lg_page
        self.base = self.addr & -layout.page
        self.arena_ind, self.szind, self.nfree = get("arena_ind"), get("szind"), get("nfree")
        self.slab = bool(get("slab"))
        self.state_number = get("state")
        self.state = state_name(layout, self.state_number)
        self.bin_shard, self.pai = get("bin_shard"), get("pai")
        self.flags = {name: None if get(name) is None else bool(get(name)) for name in FLAGS}
        self.allocated = self.state == "active" and self.szind < layout.nsizes
        self.is_slab = self.allocated and self.slab
        self.usable = self.usable_bytes()

    @property
    def end(self):
        return self.base + self.size

    @property
    def last_page(self):
        return self.end - self.layout.page

    def covers(self, address):
        return self.base <= address < self.end

    def usable_bytes(self):
        layout = self.layout
        if not self.allocated:
            return 0
        if layout.large_by_size and self.szind >= layout.nbins:
            return max(0, self.size - layout.large_pad)
        return layout.sizes[self.szind]

    def may_be_left_behind(self):
        """Elements that were left behind may lead to it."""
        return self.layout.since_5_3 and self.state == "active" and not self.allocated

    # ---- 8.5

    def broken_rule(self):
        """The first rule that it breaks; None where it is sound."""
        layout = self.layout
        if self.at % layout.extent["align"]:
            return "extent.alignment"
        if self.addr == 0:
            return "extent.addr"
        if (self.size == 0 or self.size >= 1 << layout.lg_vaddr
                or self.end - 1 >= 1 << layout.bits):
            return "extent.size"
        if self.state in (None, "transition"):
            return "extent.state"
        if self.szind > layout.nsizes:
            return "extent.szind"
        if layout.since_5_3 and self.bits >> self.first_unused_bit():
            return "extent.unused-bits"
        if not self.allocated:
            return self.broken_unused()
        if self.usable > self.end - self.addr:
            return "extent.usize"
        return self.broken_slab() if self.slab else self.broken_large()

    def first_unused_bit(self):
        fields = self.layout.extent["fields"].values()
        return max(f["shift"] + f["width"] for f in fields if f["offset"] == 0 and f["width"] < 64)

    def broken_unused(self):
        if self.szind != self.layout.nsizes:
            return "extent.unused-szind"
        return "extent.unused-addr" if self.addr != self.base else None

    def broken_slab(self):
        if self.szind >= self.layout.nbins:
            return "extent.slab-szind"
        slab_size, regions = self.layout.bins[self.szind]
        if self.size != slab_size:
            return "extent.slab-size"
        if self.addr != self.base:
            return "extent.slab-addr"
        return "extent.nfree" if self.nfree > regions else None

    def broken_large(self):
        layout, sizes = self.layout, self.layout.sizes
        if self.szind < layout.nbins:  # sampled
            good = self.size <= sizes[layout.nbins] + layout.page
        elif layout.large_by_size:
            good = sizes[self.szind - 1] < self.size <= sizes[self.szind] + layout.page
        else:
            good = sizes[self.szind] <= self.size <= sizes[self.szind] + layout.page
        if not good:
            return "extent.large-size"
        return "extent.large-addr" if self.addr % CACHELINE else None

    def check(self):
        rule = self.broken_rule()
        if rule:
            raise corrupt(rule, self.at)

    # ---- for the answer

    def answer(self):
        regions = self.layout.bins[self.szind][1] if self.is_slab and self.szind < self.layout.nbins \
            else None
        return {"extent": hex(self.at), "addr": hex(self.addr), "base": hex(self.base),
                "size": self.size, "bsize": self.bsize, "esn": self.esn, "usize": self.usable,
                "arena_ind": self.arena_ind, "slab": self.slab, "is_slab": self.is_slab,
                "allocated": self.allocated, **self.flags,
                "pai": None if self.pai is None else ("pac", "hpa")[self.pai],
                "state": self.state or f"unknown({self.state_number})", "szind": self.szind,
                "nfree": self.nfree, "nregs": regions, "bin_shard": self.bin_shard, "sn": self.sn,
                "bits": hex(self.bits)}
