"""vector_coverage.py ROOT: each known trap has a vector, and each build a file of each kind; among the builds are all
versions whose format is one of its own, all widths of addresses and pages, 32 bits, big endian, all forms of a leaf."""

import collections
import json
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
folder = root / "corpora/vectors"
lacks = []


def flags():
    """Flags of the list that no vector shows, and those that are shown and not in it."""
    known = set(re.findall(r'^    \{"(\w+)",', (root / "harness/vectors/flags.c").read_text(), re.M))
    shown = set()
    for path in folder.glob("*.json"):
        for group in json.loads(path.read_text())["groups"]:
            shown.update(flag for test in group["tests"] for flag in test["flags"])
    assert len(known) >= 30, known
    return known ^ shown


def formats():
    """Versions by what version.c says of them, their name and how likely they are apart."""
    text = (root / "decoder/version.c").read_text()
    rows = re.findall(r"\[JH_\w+\] = \{\.name = \"([^\"]+)\",(.*?)\}", text, re.S)
    same = collections.defaultdict(list)
    for name, row in rows:
        same[re.sub(r"\.likely = \d+,", "", row)].append(name)
    assert len(rows) >= 8, rows
    return list(same.values())


kinds = [path.name.split(".")[0] for path in (folder / "schemas").glob("*.schema.json")]
builds = {path.stem: json.loads(path.read_text()) for path in (folder / "layouts").glob("*.json")}
assert len(kinds) >= 10, kinds
lacks += [f"flag {flag}" for flag in flags()]
lacks += [f"file {kind}-{build}.json" for kind in kinds for build in builds if not (folder / f"{kind}-{build}.json").exists()]
lacks += [f"version {' or '.join(names)}" for names in formats()
          if not any(layout["version"] in names for layout in builds.values())]
for key, values in (("lg_vaddr", (32, 48, 57, 64)), ("lg_page", (12, 14, 16)), ("pointer_size", (4, 8)),
                    ("little_endian", (True, False)), ("cache_oblivious", (True, False)), ("prof", (True, False)),
                    ("lg_quantum", (3, 4)), ("rtree_height", (2, 3))):
    lacks += [f"{key} {value}" for value in values if not any(layout[key] == value for layout in builds.values())]
forms = {layout["leaf"]["form"] for layout in builds.values()}
lacks += [f"leaf form {form}" for form in ("compact", "wide", "wide-packed") if form not in forms]
sys.exit("no vectors of: " + ", ".join(lacks) if lacks else 0)
