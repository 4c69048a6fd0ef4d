#!/usr/bin/env python3
"""Faults, one at a time: runs jeheap once without and then with each, and holds every answer to the
same rules. Called by failures.bash.

    failures.py alloc FAIL_ALLOC.so [--last N] JEHEAP ARGUMENT...
    failures.py call FAIL_CALL.so CALL HAPPENING [--step N] [--target COMMAND...] JEHEAP ARGUMENT...
    failures.py cut CORE [--step BYTES] [--beside BYTES,...] JEHEAP ARGUMENT...

The rules: exit status as without the fault and the same answer; or 3, a sentence and nothing on
stdout; or 4, a sentence, and on stdout only what stands there without the fault, or says that it
cannot be told. Prints how many runs there were of each status.
"""

import bisect
import collections
import concurrent.futures
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading


class Wrong(Exception):
    pass


def run(command, env=None):
    """Status, lines on stdout, stderr without what the preloaded libraries say, and that."""
    try:
        done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=30, check=False)
    except subprocess.TimeoutExpired as late:
        raise Wrong("takes more than 30 s") from late
    lines = done.stderr.decode(errors="replace").splitlines()
    ours = [line for line in lines if line.startswith(("fail_alloc: ", "fail_call: "))]
    said = [line for line in lines if line not in ours]
    return done.returncode, done.stdout.decode().splitlines(), said, ours


def without_sources(lines):
    """Without debug information the answers are the same, and learnt from something else."""
    kept = []
    for line in lines:
        try:
            answer = json.loads(line)
        except json.JSONDecodeError:
            kept.append(line)
            continue
        answer.get("layout", {}).pop("learnt_from", None)
        answer.pop("warnings", None)
        kept.append(answer)
    return kept


def cannot_tell(line):
    if not line.startswith("{"):
        return "cannot tell" in line
    answer = json.loads(line)
    return (answer.get("partial") is True or answer.get("owned", 1) is None
            or (answer.get("why") == "no leaf" and answer["what"] is None)
            or "jeheap.unknown" in answer)


def without_caches(line):
    """Where thread caches cannot be read what is handed out is held: in use, or parked."""
    if not line.startswith("{"):
        return line
    answer = json.loads(line)
    places = [answer, *(answer[key] for key in ("before", "after") if answer.get(key))]
    for place in places:
        if place.get("state") in ("live", "cached"):
            place["state"] = "held"
    answer.pop("tcache", None)
    return answer


def check(clean, status, out, said):
    sentences = [line for line in said if line.startswith("jeheap: ")
                 and not line.startswith(("jeheap: layout ", "jeheap: warning: "))]
    if any("corrupt" in line for line in sentences):
        raise Wrong("says corrupt: " + sentences[0])
    if status == 3:
        if out:
            raise Wrong("status 3, and something on stdout: " + out[0][:200])
        if not sentences:
            raise Wrong("status 3 without a sentence")
    elif status == 4:
        if not any("partial" in line for line in sentences):
            raise Wrong("status 4, and stderr does not say partial")
        # an answer about an address may know less of its neighbours: it is for `find` to compare
        known = [without_caches(line) for line in clean[1]]
        others = [line for line in out
                  if without_caches(line) not in known and not cannot_tell(line)]
        if others:
            raise Wrong("status 4, and another answer: " + others[0][:300])
        marked = any(line.startswith("{") and cannot_tell(line) for line in out)
        by_line = clean[1][0].startswith("{") and "jeheap.unknown" not in clean[1][0]
        if len(out) < len(clean[1]) and by_line and not marked:
            raise Wrong("lines are missing, and none says so")
    elif status != clean[0]:
        raise Wrong(f"status {status}: " + " | ".join(said)[-300:])
    elif out != clean[1]:
        if not any("is not used" in line for line in said):
            raise Wrong("another answer, and no word of it")
        if without_sources(out) != without_sources(clean[1]):
            raise Wrong("another answer without debug information")


def sweep(one, points):
    """one(point) gives a status, or None when the fault did not happen: then it is over. Of every
    CLI_EVERY points one is tried."""
    count = collections.Counter()
    points = itertools.islice(points, 0, None, int(os.environ.get("CLI_EVERY", "1")))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        while True:
            some = [point for point, _ in zip(points, range(32))]
            for status in pool.map(one, some):
                if status is None:
                    return count
                count[status] += 1
            if not some:
                return count


def live(ours):
    return max((int(line.split()[1]) for line in ours if line.endswith(" live")), default=0)


def allocations(library, command):
    """How many there are: found by halves."""
    def fewer(number):
        env = {"LD_PRELOAD": library, "FAIL_ALLOC": str(number)}
        return "fail_alloc: now" not in run(command, env)[3]
    return bisect.bisect_left(range(1 << 20), True, key=fewer) - 1


def alloc(library, last, command):
    """With `last` so many allocations in front of the end: those of the command, not of opening."""
    clean = run(command, {"LD_PRELOAD": library})
    first = max(1, allocations(library, command) + 1 - last) if last else 1

    def one(number):
        try:
            status, out, said, ours = run(command,
                                          {"LD_PRELOAD": library, "FAIL_ALLOC": str(number)})
            if "fail_alloc: now" not in ours:
                return None
            check(clean, status, out, said)
            if status == 3 and not any("memory" in line for line in said):
                raise Wrong("memory is not to blame: " + said[-1])
            if live(ours) > live(clean[3]):
                raise Wrong(f"{live(ours)} blocks are left, {live(clean[3])} without the fault")
        except Wrong as wrong:
            raise Wrong(f"allocation {number}: {wrong}") from wrong
        return status

    return sweep(one, itertools.count(first))


def call(library, call, happening, step, target, command):
    """With --target a process is started for every run; {} in the command is its id."""
    def one(number):
        process, arguments = None, command
        env = {"LD_PRELOAD": library, "FAIL_CALL": call, "FAIL_TO": happening,
               "FAIL_AT": str(number)}
        try:
            if target:
                process = subprocess.Popen(target, stdout=subprocess.PIPE)
                while process.stdout.readline() not in (b"ready\n", b""):
                    pass
                arguments = [word.replace("{}", str(process.pid)) for word in command]
                env["FAIL_PID"] = str(process.pid)
            clean = run(arguments)
            status, out, said, ours = run(arguments, env)
            if "fail_call: now" not in ours:
                return None
            check(clean, status, out, said)
        except Wrong as wrong:
            raise Wrong(f"{call} {number} {happening}: {wrong}") from wrong
        finally:
            if process:
                process.kill()
                process.wait()
        return status

    return sweep(one, itertools.count(1, step))


def lengths(size, step, beside):
    """Of every page, so many bytes beside its start, by turns; from the end on."""
    for page in range(size // step, -1, -1):
        length = page * step + beside[page % len(beside)]
        if 0 <= length < size:
            yield length


def cut(core, step, beside, command):
    """{} in the command is the core, or what is left of it."""
    clean = run([word.replace("{}", core) for word in command])
    mine = threading.local()  # each thread has a copy, which gets shorter and shorter
    with tempfile.TemporaryDirectory() as folder:
        def one(length):
            try:
                if not hasattr(mine, "path"):
                    mine.path = shutil.copy(core, f"{folder}/{threading.get_ident()}")
                os.truncate(mine.path, length)
                status, out, said, _ = run([word.replace("{}", mine.path) for word in command])
                check(clean, status, out, said)
                if status not in (3, 4):
                    raise Wrong(f"status {status}")
            except Wrong as wrong:
                raise Wrong(f"cut to {length} bytes: {wrong}") from wrong
            return status

        return sweep(one, lengths(os.path.getsize(core), step, beside))


def option(words, name):
    """Takes --name VALUE off the words."""
    if name not in words:
        return None
    at = words.index(name)
    value = words[at + 1]
    del words[at:at + 2]
    return value


def main(kind, *words):
    words = list(words)
    step = int(option(words, "--step") or 1)
    beside = [int(word) for word in (option(words, "--beside") or "0").split(",")]
    target = option(words, "--target")
    last = int(option(words, "--last") or 0)
    if kind == "alloc":
        count = alloc(words[0], last, words[1:])
    elif kind == "call":
        count = call(*words[:3], step, target and target.split(), words[3:])
    else:
        count = cut(words[0], step, beside, words[1:])
    print(" ".join(f"{status}:{number}" for status, number in sorted(count.items())))
    return 0 if sum(count.values()) else "nothing was tried"


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Wrong as found:
        sys.exit(str(found))
