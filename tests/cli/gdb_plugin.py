"""A plug-in of gdb as people write them: it walks the tree of a stock jemalloc 5.3.0 and prints what it finds."""

import struct
import sys

import gdb

sys.stderr.write("Error: no registers\n")  # as plug-ins say of a core that has none, before they are asked

STATES = ["Active", "Dirty", "Muzzy", "Retained"]


def words(addr, count):
    return struct.unpack(f"<{count}Q", gdb.selected_inferior().read_memory(addr, 8 * count).tobytes())


def extents():
    root = int(gdb.parse_and_eval("(unsigned long)&je_arena_emap_global.rtree.root[0]"))
    assert root == int(gdb.parse_and_eval("$root"))
    found = {}
    for node in filter(None, words(root, 1 << 18)):
        for leaf in filter(None, words(node, 1 << 18)):
            pointer = leaf & (1 << 48) - 128
            if pointer:
                found[pointer] = words(pointer, 3)
    return found


class ToyExtents(gdb.Command):
    def __init__(self):
        super().__init__("toy-extents", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        for at, (bits, addr, size) in extents().items():
            print(f"{addr:#x} {size & ~4095:#x} in {at:#x}: {STATES[bits >> 17 & 7]}")


class ToyFind(gdb.Command):
    def __init__(self):
        super().__init__("toy-find", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        addr = int(argument, 16)
        for at, (_, start, size) in extents().items():
            if start & ~4095 <= addr < (start & ~4095) + (size & ~4095):
                print(f"extent {at:#x}")
                return
        print("nothing")


ToyExtents()
ToyFind()
