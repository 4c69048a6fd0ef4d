"""Plants: bugs that are made on purpose. Each is a patch in tests/plants/ that names who must notice it:

    Plant: leaf: flags stay in the pointer
    Noticed-by: fuzz leaf

    --- a/decoder/internal.h
    +++ b/decoder/internal.h

Noticed-by stands once for each judge: `fuzz TARGET`, `cell PIN CONFIG` of jeconform, `test PROGRAM` of
the unit tests, `command-line SUBJECT/TEST`. `Endless: yes`: a time limit counts as noticed.

Run as a program it names the plants that do not apply any more. ci/planted plants them, which takes too
long to be done for each change."""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
from collections import namedtuple

TOP = pathlib.Path(__file__).resolve().parent.parent
FOLDER = TOP / "tests/plants"
JUDGES = ("fuzz", "cell", "test", "command-line")

Plant = namedtuple("Plant", "path name judges endless")


class Rotten(Exception):
    """The patch does not apply, or does not name who must notice it."""


def read(path):
    head = path.read_text().split("\n--- ")[0]
    fields = re.findall(r"^([A-Z][a-z-]+): (.*)$", head, re.M)
    name = [value for key, value in fields if key == "Plant"]
    judges = [tuple(value.split(" ", 1)) for key, value in fields if key == "Noticed-by"]
    if len(name) != 1 or not judges or any(j[0] not in JUDGES or len(j) != 2 for j in judges):
        raise Rotten(f"{path.name}: it takes one line `Plant: NAME` and lines `Noticed-by: JUDGE "
                     f"WHICH`, of {', '.join(JUDGES)}")
    return Plant(path, name[0], judges, ("Endless", "yes") in fields)


def missing(judge):
    """Does the judge that a plant names not exist (any more)?"""
    kind, which = judge
    if kind == "fuzz":
        there = (TOP / f"targets/fuzz_{which}.c").exists()
    elif kind == "cell":
        known = [{entry["name"] for entry in json.loads((TOP / f"harness/{what}.json").read_text())[what]}
                 for what in ("pins", "configs")]
        words = which.split()
        there = len(words) == 2 and all(word in names for word, names in zip(words, known))
    elif kind == "test":
        there = any((TOP / "tests").glob(f"**/{which}.c"))
    else:
        subject, _, test = which.partition("/")
        path = TOP / f"tests/cli/{subject}.bash"
        there = path.exists() and f"\ntest_{test}() {{\n" in path.read_text()
    return not there


def every():
    return [read(path) for path in sorted(FOLDER.glob("*.patch"))]


def copy_sources(to):
    """Copies the files of the working tree that git does not ignore."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, check=True,
                           capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, names):
        if (TOP / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, to / name)


def apply(tree, path, *options):
    """Applies a patch with one line of context on each side, so that it survives changes nearby."""
    done = subprocess.run(["git", "apply", "-C1", *options, path], cwd=tree, capture_output=True, text=True)
    if done.returncode:
        raise Rotten(f"{path.name} does not apply: {done.stderr.strip().splitlines()[0]}")


@contextlib.contextmanager
def planted(tree, plant):
    apply(tree, plant.path)
    try:
        yield
    finally:
        apply(tree, plant.path, "-R")


def main():
    sys.dont_write_bytecode = True  # no __pycache__ folders in the tree
    rotten, names = [], set()
    for path in sorted(FOLDER.glob("*.patch")):
        try:
            plant = read(path)
            apply(TOP, path, "--check")
            if plant.name in names:
                raise Rotten(f"{path.name}: another plant has this name")
            names.add(plant.name)
            for judge in filter(missing, plant.judges):
                raise Rotten(f"{path.name}: there is no {' '.join(judge)}")
        except Rotten as why:
            rotten.append(str(why))
    print("\n".join(rotten) or f"{len(names)} plants apply")
    sys.exit(bool(rotten) or not names)


if __name__ == "__main__":
    main()
