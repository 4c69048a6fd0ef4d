#!/usr/bin/env python3
"""same_stats.py PRINTED SEEN LEAST: is what stats --jemalloc prints what jemalloc itself has printed?

Every key that is in both has the same value, keys stand in the same order, what is in one alone is
in "jeheap.unknown", and LEAST values at least are the same.
"""

import json
import sys


class No(Exception):
    pass


def listed(path, unknown):
    """Is the path, or what it is in, among those that are not known? * stands for any word."""
    words = [word for key in path for word in key.split(".")]
    return any(
        len(words) >= len(pattern) and all(p in ("*", w) for p, w in zip(pattern, words))
        for pattern in unknown
    )


def compare(printed, seen, path, unknown):
    """How many values are the same."""
    where = ".".join(path)
    if isinstance(printed, dict):
        for key in printed:
            if key not in seen and not listed([*path, key], unknown):
                raise No(f"{where}.{key} is neither there nor listed")
        extra = [key for key in seen if key not in printed]
        if extra:
            raise No(f"{where} has {extra}, which jemalloc has not")
        if list(seen) != [key for key in printed if key in seen]:
            raise No(f"{where} has another order: {list(seen)}")
        return sum(compare(printed[key], seen[key], [*path, key], unknown) for key in seen)
    if isinstance(printed, list):
        if len(printed) != len(seen):
            raise No(f"{where} has {len(seen)} elements, not {len(printed)}")
        pairs = zip(printed, seen)
        return sum(compare(p, s, [*path, str(i)], unknown) for i, (p, s) in enumerate(pairs))
    if printed != seen or isinstance(printed, bool) != isinstance(seen, bool):
        raise No(f"{where} is {seen!r}, not {printed!r}")
    return 1


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        printed = json.load(file)["jemalloc"]
    with open(sys.argv[2], encoding="utf-8") as file:
        answer = json.load(file)
    unknown = [path.split(".") for path in answer["jeheap.unknown"]]
    same = compare(printed, answer["jemalloc"], [], unknown)
    if same < int(sys.argv[3]):
        raise No(f"only {same} values are compared")
    print(f"{same} values are the same; not known: {' '.join(answer['jeheap.unknown'])}")


try:
    main()
except No as reason:
    sys.exit(str(reason))
