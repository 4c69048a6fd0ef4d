#!/usr/bin/env python3
"""redis_stats.py CELL JEHEAP FOLDER: does `jeheap stats` of Debian's Redis say what its MEMORY MALLOC-STATS says?

CELL is the answer of harness/cmake/cell.cmake for the config redis-server. gdb holds the server where
jemalloc hands over what it has printed, before Redis stores it: process, core and text are of one moment. Every count that the text and
`stats --jemalloc` both have, of the whole and of each arena, has to be equal; so have the totals of `stats`.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

KEYS = 12000
LEAST = 400  # counts that are compared, or the text was not understood
TOTALS = ("allocated", "active", "metadata", "mapped", "retained")
ARENA = ("pdirty", "pmuzzy", "mapped", "retained", "base", "internal", "tcache_bytes", "extent_avail")
PAGE = 4096
SIZES = ("allocated", "nmalloc", "ndalloc", "nrequests")
# a table's title, its key in the JSON, and the columns that the JSON has as well
TABLES = (("bins", "bins", ("nmalloc", "ndalloc", "nrequests", "curregs", "curslabs", "nonfull_slabs",
                            "nfills", "nflushes", "nreslabs")),
          ("large", "lextents", ("curlextents",)),
          ("extents", "extents", ("ndirty", "nmuzzy", "nretained")))


class Redis:
    """A server that has been busy."""

    def __init__(self, cell, folder):
        env = dict(os.environ, LD_PRELOAD=cell["preload"][-1])
        self.process = subprocess.Popen([cell["witness"], *cell["witness_args"]], cwd=folder, env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not (folder / "redis.sock").exists() and time.monotonic() < end:
            time.sleep(0.05)
        talk = socket.socket(socket.AF_UNIX)
        talk.connect(os.path.relpath(folder / "redis.sock"))
        self.file = talk.makefile("rwb")

    def send(self, *words):
        parts = [str(word).encode() for word in words]
        self.file.write(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        self.file.flush()

    def answer(self):
        line = self.file.readline()
        return self.file.read(int(line[1:]) + 2).decode() if line[:1] == b"$" else line.decode()

    def load(self):
        self.send("CONFIG", "SET", "jemalloc-bg-thread", "no")  # it would purge while jemalloc prints
        self.answer()
        for i in range(KEYS):
            self.send("SET", f"key:{i}", "v" * (i * 7 % 900))
            self.send("RPUSH", f"list:{i % 50}", "w" * (i % 60))
        for i in range(0, KEYS, 3):
            self.send("DEL", f"key:{i}", f"key:{i + 1}")
        for _ in range(2 * KEYS + KEYS // 3):
            self.answer()


def held(redis, jeheap, folder):
    """The text, and the files that jeheap made of the process and of its core while it was printed."""
    pid = redis.process.pid
    ask = [f"{jeheap} stats {{}} {words} --quiet >{folder}/{{}}-{name}.json 2>>{folder}/err"
           for words, name in (("--json", "totals"), ("--jemalloc", "jemalloc"))]
    shell = [f"shell {line.format(pid, 'process')}" for line in ask]
    core = [f"shell {line.format(folder / 'core', 'core')}" for line in ask]
    words = ["break malloc_stats_print", f"shell touch {folder}/ready", "continue",
             "break *$rdi", "continue", *shell,  # the first argument is the function that takes the text
             f"generate-core-file {folder}/core", *core, "delete", "detach"]
    gdb = subprocess.Popen(["gdb", "-nx", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off",
                            "-p", str(pid), *[part for word in words for part in ("-ex", word)]],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    end = time.monotonic() + 60
    while not (folder / "ready").exists() and time.monotonic() < end:
        time.sleep(0.05)
    redis.send("MEMORY", "MALLOC-STATS")
    said = gdb.communicate(timeout=120)[0]
    if not (folder / "core-jemalloc.json").exists():
        sys.exit(f"gdb: {said[-600:]}")
    return redis.answer()


# ---- jemalloc's text -----------------------------------------------------------------------------


def columns(line):
    """A table's columns: rates are named after what they are the rate of, and are of the clock."""
    words = re.sub(r"^\w+:", "", line).replace("(#/sec)", "rate").split()
    return [f"rate{i}" if word == "rate" else word for i, word in enumerate(words)]


def table(lines, at):
    """{ind: {column: count}} of the rows below a table's head. A line of --- is a gap."""
    names, rows = columns(lines[at]), {}
    for line in lines[at + 1:]:
        words = line.split()
        if words == ["---"]:
            continue
        if not words or not words[0].isdigit():
            break
        row = dict(zip(names, words))
        rows[int(row["ind"])] = {key: int(value) for key, value in row.items() if value.isdigit()}
    return rows


def arena_of(text):
    lines = text.splitlines()
    found = {"numbers": {}, "tables": {}}
    for at, line in enumerate(lines):
        number = re.match(r"(\w+): +(\d+)$", line)
        if number:
            found["numbers"].setdefault(number[1], int(number[2]))
        total = re.match(r"(small|large): +(\d+) +(\d+) +\d+ +(\d+) +\d+ +(\d+)", line)
        if total:
            found[total[1]] = dict(zip(SIZES, map(int, total.groups()[1:])))
        decay = re.match(r" +(dirty|muzzy): +\S+ +(\d+)", line)
        if decay:
            found["numbers"]["p" + decay[1]] = int(decay[2])
        head = re.match(r"(bins|large|extents): +size ind", line)
        if head:
            found["tables"].setdefault(head[1], table(lines, at))
    return found


# ---- the same? -----------------------------------------------------------------------------------


class Compared:
    def __init__(self):
        self.count, self.wrong = 0, []

    def same(self, where, printed, seen):
        self.count += 1
        if printed != seen:
            self.wrong.append(f"{where} is {seen}, not {printed}")

    def rows(self, where, printed, seen, names, first):
        """A row that the text leaves out has nothing in it. The first of seen has this number."""
        for i, row in enumerate(seen):
            for name in names:
                self.same(f"{where}.{i}.{name}", printed.get(i + first, {}).get(name, 0), row[name])

    def arena(self, where, printed, seen):
        numbers = printed["numbers"]
        for name in ARENA:
            self.same(f"{where}.{name}", numbers[name], seen[name])
        self.same(f"{where}.pactive", numbers["active"], seen["pactive"] * PAGE)
        for size in ("small", "large"):
            for name in SIZES:
                self.same(f"{where}.{size}.{name}", printed[size][name], seen[size][name])
        for title, key, names in TABLES:
            first = len(seen["bins"]) if key == "lextents" else 0
            self.rows(f"{where}.{key}", printed["tables"][title], seen[key], names, first)


def compare(text, folder, name):
    c = Compared()
    totals = dict(re.findall(r"(\w+): (\d+)", re.search(r"^Allocated: .*", text, re.M)[0].lower()))
    head, *parts = re.split(r"^(Merged arenas stats|arenas\[\d+\]):$", text, flags=re.M)
    with open(folder / f"{name}-totals.json", encoding="utf-8") as file:
        stats = json.loads(file.readline())
    with open(folder / f"{name}-jemalloc.json", encoding="utf-8") as file:
        printed = json.load(file)["jemalloc"]
    for key in TOTALS:
        c.same(f"stats: {key}", int(totals[key]), stats[key])
        c.same(f"stats --jemalloc: {key}", int(totals[key]), printed["stats"][key])
    arenas = 0
    for title, body in zip(parts[::2], parts[1::2]):
        key = "merged" if title.startswith("Merged") else title[7:-1]
        c.arena(f"stats.arenas.{key}", arena_of(body), printed["stats.arenas"][key])
        arenas += 1
    if c.wrong or not arenas or c.count < LEAST:
        sys.exit(f"{name}: {len(c.wrong)} of {c.count} counts differ, {arenas} arenas: {'; '.join(c.wrong[:5])}")
    return c.count


def main():
    folder = Path(sys.argv[3]).resolve()
    with open(sys.argv[1], encoding="utf-8") as file:
        cell = json.load(file)
    redis = Redis(cell, folder)
    try:
        redis.load()
        text = held(redis, sys.argv[2], folder)
    finally:
        redis.process.kill()
        redis.process.wait()
    for name in ("process", "core"):
        print(f"{name}: {compare(text, folder, name)} counts are equal")


main()
