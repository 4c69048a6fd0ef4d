"""Images: bytes by address out of an ELF core (FORMAT.md, section 17)."""

import bisect
import json
import mmap

from outcome import absent, unsupported

PT_LOAD, PT_NOTE = 1, 4
NT_FILE = 0x46494c45
EM_X86_64, EM_AARCH64 = 62, 183


class Core:
    """What the headers and notes say; read() and pieces() give bytes."""

    def __init__(self, path):
        with open(path, "rb") as file:
            try:
                self.file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:  # an empty file
                raise unsupported("not an ELF core") from error
        if self.file[:4] != b"\x7fELF" or len(self.file) < 52 or self.file[4] not in (1, 2):
            raise unsupported("not an ELF core")
        self.word = 4 * self.file[4]
        self.order = "little" if self.file[5] == 1 else "big"
        self.machine = self.number(18, 2)
        self.mapped, self.loads, self.notes = [], [], []
        for header in self.headers():
            self.take(*header)
        self.loads = disjoint(self.loads)
        self.starts = [load[0] for load in self.loads]
        self.mapped.sort()
        self.note = self.own_note()
        self.map_complete = self.names_every_mapping()

    # ---- the file

    def number(self, at, size):
        if at + size > len(self.file):
            raise unsupported("the file ends inside its headers")
        return int.from_bytes(self.file[at:at + size], self.order)

    def headers(self):
        """Type, offset, address, bytes in the file, bytes in memory of each program header."""
        wide = self.word == 8
        table, entry = self.number(32 if wide else 28, self.word), 56 if wide else 32
        count = self.number(56 if wide else 44, 2)
        if count == 0xffff:
            sections = self.number(40 if wide else 32, self.word)
            count = self.number(sections + (44 if wide else 28), 4)
        for at in range(table, table + count * entry, entry):
            where = at + self.word
            yield (self.number(at, 4), *(self.number(where + i * self.word, self.word)
                                         for i in (0, 1, 3, 4)))

    def take(self, kind, offset, address, in_file, in_memory):
        if kind == PT_NOTE:
            self.notes += self.notes_of(offset, in_file)
        elif kind == PT_LOAD:
            end = min(address + in_memory, (1 << 64) - 1)
            there = min(in_file, end - address, max(0, len(self.file) - offset))
            self.mapped.append((address, end))
            if there:
                self.loads.append((address, address + there, offset))

    def notes_of(self, at, size):
        end = min(at + size, len(self.file))
        while at + 12 <= end:
            name, described, kind = (self.number(at + 4 * i, 4) for i in range(3))
            owner = at + 12
            text = owner + (name + 3) // 4 * 4
            if text + described > end:
                return
            yield (self.file[owner:owner + name].rstrip(b"\0"), kind,
                   self.file[text:text + described])
            at = text + (described + 3) // 4 * 4

    def own_note(self):
        """The note of a skeleton that is JSON; {} in any other core."""
        for owner, kind, text in self.notes:
            if owner == b"JEHEAP" and kind == 1:
                return json.loads(text)
        return {}

    # ---- what is mapped

    def names_every_mapping(self):
        if self.note:
            return bool(self.note.get("map_complete"))
        starts = [start for owner, kind, text in self.notes if owner == b"CORE" and kind == NT_FILE
                  for start in self.files_of(text)]
        return bool(starts) and all(self.in_load(start) for start in starts)

    def files_of(self, text):
        count = int.from_bytes(text[:self.word], self.order)
        for i in range(min(count, len(text) // self.word)):
            at = (2 + 3 * i) * self.word
            yield int.from_bytes(text[at:at + self.word], self.order)

    def in_load(self, address):
        return any(start <= address < end for start, end in self.mapped)

    def may_be_mapped(self, address):
        """False only where it is certain that nothing ever was."""
        if self.map_complete:
            return self.in_load(address)
        halves = self.machine in (EM_X86_64, EM_AARCH64)
        return address >= 4096 and not (halves and address >> 56)

    # ---- bytes

    def pieces(self, address, size):
        """(start, end, offset in the file) of what is there of [address, address + size)."""
        end = address + size
        index = max(0, bisect.bisect_right(self.starts, address) - 1)
        for start, stop, offset in self.loads[index:]:
            if start >= end:
                return
            low, high = max(start, address), min(stop, end)
            if low < high:
                yield low, high, offset + (low - start)

    def read(self, address, size):
        got, at = b"", address
        for low, high, offset in self.pieces(address, size):
            if low != at:
                break
            got += self.file[offset:offset + (high - low)]
            at = high
        if at != address + size:
            raise absent(at)
        return got


def disjoint(loads):
    """Sorted; where two overlap the one that begins lower has the bytes, of two that begin together
    the longer."""
    kept, end = [], 0
    for start, stop, offset in sorted(loads, key=lambda load: (load[0], load[0] - load[1])):
        cut = max(0, end - start)
        if start + cut < stop:
            kept.append((start + cut, stop, offset + cut))
            end = stop
    return kept
