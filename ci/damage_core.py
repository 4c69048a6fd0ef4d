"""A core that ci/damage changes, with the truth that its witness wrote (harness/witness/TRUTH.md). Of
jeheap only the layout is used; x86_64 only."""

import mmap
import struct


class Core:
    """Bytes of an ELF core by address."""

    def __init__(self, path):
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 0)
        offset, = struct.unpack_from("<Q", self.map, 32)
        size, count = struct.unpack_from("<HH", self.map, 54)
        self.loads = []
        for i in range(count):
            kind, _, at, vaddr, _, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", self.map,
                                                                     offset + i * size)
            if kind == 1 and filesz:
                self.loads.append((vaddr, filesz, at))

    def place(self, addr, size):
        for vaddr, filesz, at in self.loads:
            if vaddr <= addr and addr + size <= vaddr + filesz:
                return at + addr - vaddr
        raise KeyError(f"{addr:#x} is not in the core")

    def has(self, addr, size):
        return any(v <= addr and addr + size <= v + n for v, n, _ in self.loads)

    def read(self, addr, size):
        at = self.place(addr, size)
        return self.map[at:at + size]

    def write(self, addr, data):
        at = self.place(addr, len(data))
        self.map[at:at + len(data)] = data
        self.map.flush()

    def word(self, addr):
        return struct.unpack("<Q", self.read(addr, 8))[0]

    def close(self):
        self.map.close()
        self.file.close()


def facts(path):
    """(word, {key: value}) of each line; numbers are read."""
    with open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            word, *pairs = line.split()
            values = dict(pair.partition("=")[::2] for pair in pairs if "=" in pair)
            yield word, {key: int(v, 16) if v.startswith("0x") and "," not in v else v
                         for key, v in values.items()}


class Heap:
    """The addresses of the heap's structures."""

    def __init__(self, core, truth, layout):
        self.core = Core(core)
        self.layout = layout
        self.root = 0
        self.extents, self.bases, self.live, self.slabs = {}, [], [], {}
        for word, fact in facts(truth):
            if word == "meta" and "root" in fact:
                self.root = fact["root"]
            elif word == "extent":
                self.extents[fact["at"]] = fact
            elif word == "base":
                self.bases.append(fact)
            elif word == "allocation":
                self.live.append(fact["addr"])
            elif word == "slab":
                self.slabs[fact["extent"]] = fact
        self.page = 1 << layout["lg_page"]
        self.nsizes, self.nbins = layout["sc_nsizes"], layout["sc_nbins"]
        self.modern = "is_head" in layout["leaf"]["fields"] and bool(
            layout["leaf"]["fields"]["is_head"])  # 5.3 and later: head and state in the leaf
        self.states = layout["states"]
        self.roots = self.used_slots(self.root, layout["rtree_levels"][0]["bits"])
        self.nodes = sorted(self.roots.values())

    def used_slots(self, node, bits):
        data = self.core.read(node, 8 << bits)
        return {i: word for i, (word,) in enumerate(struct.iter_unpack("<Q", data)) if word}

    # ---- leaf elements ---------------------------------------------------------------------------

    def element(self, page):
        """Address of the leaf element of a page (trees of two levels, compact leaves)."""
        top, low = self.layout["rtree_levels"]
        key = page & ((1 << self.layout["lg_vaddr"]) - 1)
        shift = 64 - top["cumbits"]
        node = self.roots.get(key >> shift & (1 << top["bits"]) - 1)
        return None if node is None else node + 8 * (key >> self.layout["lg_page"] &
                                                     (1 << low["bits"]) - 1)

    def pages(self, extent):
        return extent["size"] // self.page

    # ---- kinds of extents ------------------------------------------------------------------------

    def allocated(self, e):
        return e["state"] == 0 and e["szind"] < self.nsizes

    def is_slab(self, e):
        return self.allocated(e) and bool(e["slab"])

    def is_large(self, e):
        return self.allocated(e) and not e["slab"]

    def is_unused(self, e):
        return e["state"] in (1, 2, 3)

    def of(self, dice, kind):
        chosen = [e for e in self.extents.values() if kind(e)]
        return dice.choice(chosen) if chosen else None

    # ---- fields ----------------------------------------------------------------------------------

    def field(self, name):
        f = self.layout["extent"]["fields"].get(name)
        return f if f and f["width"] else None

    def bits_at(self, e, name):
        """The word that has the field, its address, and the field."""
        f = self.field(name)
        at = e["at"] + f["offset"]
        return self.core.word(at), at, f
