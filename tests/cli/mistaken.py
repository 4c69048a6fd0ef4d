#!/usr/bin/env python3
"""A decoder with one mistake that real ones have made: jeheap's answers, but for that.

    mistaken.py MISTAKE COMMAND...      speaks the decoder protocol; COMMAND is jeheap's adapter

Each mistake is made from the question and the layout, as whoever made it would have decoded the bytes."""

import json
import subprocess
import sys

LAYOUT = {}


def word(question):
    size = LAYOUT["pointer_size"]
    return int.from_bytes(bytes.fromhex(question["bytes"])[:size], "little" if LAYOUT["little_endian"] else "big")


def pointer(question, low_bits):
    """Of a compact leaf element, without so many of its low bits."""
    width = LAYOUT["leaf"]["fields"]["extent"]["width"]
    value = word(question) & (1 << width) - 1
    if LAYOUT["leaf"]["sign_extend"] and value >> width - 1:
        value |= (1 << 64) - (1 << width)
    return value >> low_bits << low_bits


def compact():
    return LAYOUT["leaf"]["form"] == "compact"


def pointer_bits(question, answer):
    """The low bits of a compact element stay in the pointer."""
    if question["question"] == "leaf" and compact():
        answer["extent"] = hex(pointer(question, 0))


def alignment(question, answer):
    """Structures are taken to be aligned to 128 bytes, in 5.0 to 5.2 too."""
    if question["question"] == "leaf" and compact():
        answer["extent"] = hex(pointer(question, 7))


def two_levels(question, answer):
    """The tree has two levels, whatever the address width."""
    if LAYOUT["rtree_height"] != 3:
        return
    nsb, page = LAYOUT["rtree_nsb"], LAYOUT["lg_page"]
    bits = [nsb // 2, nsb - nsb // 2]
    if question["question"] == "geometry":
        answer["rtree_height"] = 2
        answer["rtree_levels"] = [{"bits": b} for b in bits]
    elif question["question"] == "subkey":
        key = int(question["key"], 16) >> page & (1 << nsb) - 1
        answer["subkey"] = key & (1 << bits[1]) - 1 if question["level"] else key >> bits[1]
    elif question["question"] == "find" and answer.get("owned"):
        answer.clear()
        answer.update(owned=False, why="no leaf")
    elif question["question"] in ("extents", "check"):
        answer.update(extents=[], findings=[])


def is_head(question, answer):
    """The bit is not known."""
    if question["question"] in ("leaf", "extent") and "is_head" in answer:
        answer["is_head"] = False


def four_states(question, answer):
    """The state has two bits and four names, as up to 5.2."""
    field = LAYOUT["extent"]["fields"]["state"]
    names = ["active", "dirty", "muzzy", "retained"]
    if question["question"] == "extent" and field["width"] == 3:
        order = "little" if LAYOUT["little_endian"] else "big"
        bits = int.from_bytes(bytes.fromhex(question["bytes"])[:8], order)
        number = bits >> field["shift"] & 7
        if number > 3:
            answer.clear()
            answer["state"] = names[number & 3]
    elif question["question"] == "leaf" and answer.get("state") not in (None, *names):
        answer["state"] = names[LAYOUT["states"].index(answer["state"]) & 3]


def usable_by_class(question, answer):
    """The usable size of a large allocation is that of its size class, in 5.3.1 too."""
    classes = LAYOUT["size_classes"]
    if question["question"] == "extent" and answer.get("allocated") and not answer["is_slab"]:
        answer["usize"] = classes[answer["szind"]]["size"]
    elif question["question"] == "find" and answer.get("state") in ("live", "cached", "held") and not answer["slab"]:
        answer["size"] = classes[answer["szind"]]["size"]


def cached_is_live(question, answer):
    """What the bitmap says is handed out is taken to be the program's."""
    if question["question"] == "find" and answer.get("state") == "cached":
        answer["state"] = "live"


def main():
    mistake = {name: function for name, function in globals().items() if name == sys.argv[1]}[sys.argv[1]]
    jeheap = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    for line in sys.stdin:
        question = json.loads(line)
        jeheap.stdin.write(line)
        jeheap.stdin.flush()
        answer = json.loads(jeheap.stdout.readline())
        if question["question"] == "layout":
            LAYOUT.clear()
            LAYOUT.update(question["layout"])
        else:
            mistake(question, answer)
        answer["id"] = question["id"]
        print(json.dumps(answer), flush=True)


main()
