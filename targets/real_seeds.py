#!/usr/bin/env python3
"""Seeds for the targets of pure stages, from the heaps of live builds: runs jeconform for a few
cells and takes a handful of leaf elements, extents and bitmaps of each, one of every kind.

    targets/real_seeds.py

The bytes are put together from what jemalloc itself said of them (harness/witness/TRUTH.md)."""

import json
import pathlib
import re
import shutil
import struct
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent

# Pin, config, and the two bytes that choose the layout (builds.c): version and shape.
CELLS = [("redis-6.0", "default", 2, 5), ("redis-7.0", "default", 4, 5), ("5.3.0", "default", 5, 0),
         ("5.3.0", "la57", 5, 1), ("5.3.1", "default", 6, 0), ("redis-7.0", "la57", 4, 1)]


def lines(truth, word):
    for line in truth.splitlines():
        if line.startswith(word + " "):
            yield {key: int(value, 16) if value.startswith("0x") else value
                   for key, value in re.findall(r"(\w+)=(\S+)", line)}


def one_of_each(rows, kind):
    return list({kind(row): row for row in rows}.values())


def leaf(row, version, vaddr):
    flags = row["slab"]
    if version >= 5:
        flags |= row["is_head"] << 1 | row["state"] << 2
    if vaddr == 48:
        pointer = row["extent"] & (1 << 48) - 1
        return struct.pack("<Q", row["szind"] << 48 | pointer | flags)
    if version >= 5:
        return struct.pack("<QI4x", row["extent"], row["szind"] << 5 | flags)
    return struct.pack("<QIB3x", row["extent"], row["szind"], row["slab"])


def extent(row):
    return struct.pack("<5Q", row["bits"], row["addr"], row["bsize"], row.get("ps", 0),
                       row.get("sn", 0))


def bitmap(row):
    """held has four regions a digit, the first in its lowest bit; free is the other way round."""
    bits = 0
    for i, digit in enumerate(row["held"]):
        bits |= (~int(digit, 16) & 15) << 4 * i
    bits &= (1 << row["nregs"]) - 1
    return bits.to_bytes((row["nregs"] + 63) // 64 * 8, "little")


def put(target, name, payload, tail, layout):
    folder = TOP / "corpora/seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(payload + tail + bytes(reversed(layout)))


def seeds_of(truth, name, layout, vaddr):
    extents = {row["at"]: row for row in lines(truth, "extent")}
    some = one_of_each(extents.values(), lambda row: (row["state"], row["slab"]))
    for i, row in enumerate(some):
        put("extent", f"{name}-{i}", extent(row), struct.pack("<H", row["at"] >> 6 & 0xffff), layout)
        put("oracle", f"{name}-{i}", extent(row), struct.pack("<HBB", i, i & 1, i), ())
    leaves = one_of_each(lines(truth, "leaf"), lambda row: (row.get("state"), row["slab"]))
    for i, row in enumerate(leaves):
        put("leaf", f"{name}-{i}", leaf(row, layout[0], vaddr), b"", layout)
    slabs = one_of_each(lines(truth, "slab"), lambda row: min(row["nregs"].bit_length(), 3))
    for i, row in enumerate(slabs):
        e = extents[row["extent"]]
        tail = struct.pack("<QQBB", e["addr"] + e["size"] // 3, e["addr"], e["szind"], 3)
        put("slab", f"{name}-{i}", bitmap(row), tail, layout)


def main():
    for pin, config, *layout in CELLS:
        out = subprocess.run([TOP / "build/bin/jeconform", "run", "--quiet", "--json", "--keep",
                              "--pin", pin, "--config", config], capture_output=True, text=True)
        files = json.loads(out.stdout.splitlines()[0]).get("files")
        if out.returncode != 0 or not files:
            print(f"{pin} {config}: no truth")
            continue
        truth = (pathlib.Path(files) / "truth").read_text()
        shutil.rmtree(files)
        seeds_of(truth, f"{pin}-{config}", layout, 57 if config == "la57" else 48)
        print(f"{pin} {config}: ok", flush=True)


main()
