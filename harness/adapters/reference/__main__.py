#!/usr/bin/env python3
"""A decoder of jemalloc heaps that was written from decoder/FORMAT.md: a second reader of that page.

    python3 harness/adapters/reference      questions on standard input, answers on standard output

It speaks the decoder protocol: an object a line. The files follow the document: image (section 17), layout (3,
4, 9, 18), tree (6), leaf (7), extent (8), slab (10), cache and parked (12), find (13), extents (14, 15). Where it and
jeheap differ, one of them or the document is wrong. Plain Python 3, nothing to install."""

import json
import sys

sys.dont_write_bytecode = True

import cache  # noqa: E402
import leaf as leaves  # noqa: E402
import parked  # noqa: E402
import slab  # noqa: E402
from extent import Extent  # noqa: E402
from extents import Walk  # noqa: E402
from find import find  # noqa: E402
from image import Core  # noqa: E402
from layout import Layout  # noqa: E402
from outcome import Outcome, unsupported  # noqa: E402
from tree import Tree  # noqa: E402


class Decoder:
    """Answers one question after the other. What it holds on to is the layout and the last image."""

    def __init__(self):
        self.layout, self.tree, self.opened = None, None, None

    def answer(self, question):
        ask = getattr(self, "ask_" + str(question.get("question")), None)
        if not ask:
            raise unsupported(f"no such question: {question.get('question')}")
        if not self.layout and ask != self.ask_layout:
            raise unsupported("no layout was given")
        return ask(question)

    def ask_layout(self, question):
        self.layout = self.tree = None
        self.layout = Layout(question["layout"])
        return {"ok": True}

    def ask_geometry(self, _):
        a = self.layout
        levels = [{"bits": b, "cumbits": c} for b, c in zip(a.level_bits, a.cumbits)]
        return {"rtree_nhib": a.nhib, "rtree_nlib": a.nlib, "rtree_nsb": a.nsb,
                "rtree_height": a.height, "rtree_levels": levels, "rtree_leaf_compact": a.is_compact(),
                "leaf_size": a.leaf["size"], "root_offset": a.given["root"]["offset"],
                "extent_size": a.extent["size"], "sc_nsizes": a.nsizes, "sc_nbins": a.nbins}

    def ask_subkey(self, question):
        return {"subkey": self.layout.subkey(int(question["key"], 16), question["level"])}

    def ask_leaf(self, question):
        found = leaves.decode(self.layout, bytes.fromhex(question["bytes"]))
        state = None if found.state is None else \
            leaves.state_name(self.layout, found.state) or f"unknown({found.state})"
        return {"extent": hex(found.extent), "szind": found.szind, "slab": found.slab,
                "is_head": found.is_head, "state": state}

    def ask_extent(self, question):
        extent = Extent(self.layout, int(question["at"], 16), bytes.fromhex(question["bytes"]))
        extent.check()
        return extent.answer()

    def ask_size_class(self, question):
        if "size" in question:
            return {"szind": self.layout.class_of(question["size"])}
        szind = question["szind"]
        small = self.layout.bins[szind] if szind < self.layout.nbins else (None, None)
        return {"size": self.layout.sizes[szind], "slab_size": small[0], "nregs": small[1]}

    def ask_slab(self, question):
        layout, szind, base = self.layout, question["szind"], int(question["base"], 16)
        data = bytes.fromhex(question["bytes"])
        slab.check(layout, szind, question["nfree"], data, base)
        free = slab.free_regions(layout, szind, data)
        region = slab.region_of(layout, szind, base, int(question["addr"], 16)) \
            if "addr" in question else None
        return {"nregs": layout.bins[szind][1], "nfree": len(free), "free": free,
                "region_index": region}

    def ask_cache(self, question):
        return cache.decode(self.layout, bytes.fromhex(question["bytes"]), question.get("capacity", 0))

    # ---- of an image

    def open(self, question):
        wanted = question["image"], question.get("root")
        if not self.tree or self.opened != wanted:
            core = Core(question["image"])
            root = question.get("root") or core.note.get("root")
            if not root:
                raise unsupported("no root was given, and the image is no skeleton")
            self.tree, self.opened = Tree(self.layout, core, int(root, 16)), wanted
        return self.tree

    def ask_find(self, question):
        return find(self.open(question), int(question["addr"], 16))

    def ask_extents(self, question):
        walk = Walk(self.open(question))
        partial = walk.missing or bool(walk.findings)
        return {"extents": [extent.answer() for extent in walk.extents], "partial": partial}

    def ask_check(self, question):
        walk = Walk(self.open(question))
        found = walk.findings + (parked.check(self.tree) if question.get("caches") else [])
        return {"findings": [{"rule": rule, "address": hex(at)} for rule, at in found],
                "partial": walk.missing}


def main():
    decoder = Decoder()
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = decoder.answer(question)
        except Outcome as outcome:
            answer = {"error": outcome.word, "why": str(outcome)}
            if outcome.rule:
                answer.update(rule=outcome.rule, address=hex(outcome.address))
        except (KeyError, IndexError, ValueError, OSError) as error:
            answer = {"error": "unsupported", "why": f"{type(error).__name__}: {error}"}
        print(json.dumps({"id": question.get("id"), **answer}), flush=True)


if __name__ == "__main__":
    main()
