"""A build: from its parameters what follows by formulas (FORMAT.md, sections 3, 4 and 9), from the object
that describes it what does not (section 18)."""

from outcome import unsupported

VERSIONS = ["5.0.0", "5.0.1", "5.1.0", "5.2.0", "5.2.1", "5.3.0", "5.3.1", "dev"]


class Layout:
    def __init__(self, given):
        try:
            self.take(given)
        except (KeyError, TypeError, ValueError) as error:
            raise unsupported(f"the layout lacks {error}") from error

    def take(self, given):
        self.given = given
        version = given["version"]
        if version not in VERSIONS:
            raise unsupported(f"jemalloc {version}")
        self.since_5_3 = VERSIONS.index(version) >= VERSIONS.index("5.3.0")
        self.pointer = given["pointer_size"]
        self.order = "little" if given["little_endian"] else "big"
        self.lg_vaddr, self.lg_page = given["lg_vaddr"], given["lg_page"]
        self.lg_quantum = given["lg_quantum"]
        self.aarch64 = given["aarch64"]
        self.bits = 8 * self.pointer
        self.page = 1 << self.lg_page
        self.make_geometry()
        self.take_levels(given.get("rtree_levels") or [])
        self.make_classes(given["size_classes"])
        self.leaf, self.extent = given["leaf"], given["extent"]
        self.states = given["states"]
        self.large_pad, self.large_by_size = given["large_pad"], given["large_by_size"]

    # ---- section 4

    def make_geometry(self):
        self.nhib = self.bits - self.lg_vaddr
        self.nlib = self.lg_page
        self.nsb = self.lg_vaddr - self.lg_page
        self.height = 1 if self.nsb <= 10 else 2 if self.nsb <= 36 else 3
        self.level_bits, self.cumbits, self.shift = [], [], []
        left = self.nsb
        for level in range(self.height):
            own = left // (self.height - level)
            left -= own
            self.level_bits.append(own)
            self.cumbits.append(self.nhib + sum(self.level_bits))
            self.shift.append(self.bits - self.cumbits[-1])

    def take_levels(self, levels):
        """A tree of another shape than the formulas give is read by what is said of it."""
        if [level["bits"] for level in levels] not in ([], self.level_bits):
            self.height = len(levels)
            self.level_bits = [level["bits"] for level in levels]
            self.cumbits = [level["cumbits"] for level in levels]
            self.shift = [self.bits - cumbits for cumbits in self.cumbits]

    # ---- section 9

    def make_classes(self, rows):
        quantum = self.lg_quantum
        self.tiny = quantum - 3
        self.nsizes = self.tiny + 4 + 4 * (self.bits - 2 - (quantum + 2) + 1) - 1
        self.nbins = self.tiny + 4 + 4 * (self.lg_page + 2 - (quantum + 2)) - 1
        self.sizes = [self.size_of(index) for index in range(self.nsizes)]
        self.bins = [(row["slab_size"], row["nregs"]) for row in rows[:self.nbins]]

    def size_of(self, index):
        if index < self.tiny:
            return 8 << index
        group, step = divmod(index - self.tiny, 4)
        start = 1 << (self.lg_quantum + 1 + group) if group else 0
        return start + ((step + 1) << (max(group, 1) + self.lg_quantum - 1))

    def class_of(self, size):
        """The smallest class that holds size; NSIZES when none does."""
        for index, its_size in enumerate(self.sizes):
            if size <= its_size:
                return index
        return self.nsizes

    # ---- words

    def number(self, data):
        return int.from_bytes(data, self.order)

    def field(self, field, data):
        """A field of a structure's bytes; None where this build has none."""
        if field is None:
            return None
        word = self.number(data[field["offset"]:field["offset"] + field["word"]])
        return word >> field["shift"] & ((1 << field["width"]) - 1)

    # ---- section 6

    def subkey(self, key, level):
        return key >> self.shift[level] & ((1 << self.level_bits[level]) - 1)

    def canonical(self, address):
        low = address & ((1 << self.lg_vaddr) - 1)
        if self.pointer == 4 or self.aarch64 or not low >> (self.lg_vaddr - 1):
            return low
        return low | ((1 << 64) - (1 << self.lg_vaddr))

    def element_size(self, level):
        return self.leaf["size"] if level == self.height - 1 else self.pointer

    def is_compact(self):
        return self.nhib >= (self.nsizes - 1).bit_length()
