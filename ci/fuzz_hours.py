"""How long each target was fuzzed since it last found something: targets/spent.json.

Hours of processor time are summed over runs and machines, so that a goal like "two hours on each target
find nothing" can be reached in several runs. A find sets the sum back to zero: it counts the time in
which nothing was found. `of` is the commit of the last run."""

import contextlib
import datetime
import fcntl
import json
import subprocess

from fuzz_engines import TOP

FILE = TOP / "targets/spent.json"
LOCK = TOP / "build/spent.lock"
ROW = "{:<12} {:<18} {:>7} {:>15} {:>6}  {:<10}  {}"


def read():
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def commit():
    """The commit that is checked out, abbreviated; "" without git."""
    with contextlib.suppress(OSError):
        return subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=TOP, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()
    return ""


def add(target, engine, result, of):
    """Adds a run. Rows are written at once, because a run of hours may be ended early."""
    with open(LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed: others may add at the same time
        add_alone(target, engine, result, of)


def add_alone(target, engine, result, of):
    rows = read()
    row = rows.setdefault(f"{target} {engine}", {"hours": 0, "executions": 0, "finds": 0})
    if result.finds or "since" not in row:
        row.update(hours=0, executions=0, since=str(datetime.date.today()))
    if result.finds:
        row["finds"] += len(result.finds)
    else:
        row["hours"] = round(row["hours"] + result.seconds / 3600, 4)
        row["executions"] += result.executions
    row["of"] = of
    lines = (f"  {json.dumps(name)}: {json.dumps(rows[name])}" for name in sorted(rows))
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def show():
    print(ROW.format("target", "engine", "hours", "executions", "finds", "since", "of"))
    for name, row in sorted(read().items()):
        target, engine = name.split()
        print(ROW.format(target, engine, f"{row['hours']:.2f}", row["executions"], row["finds"],
                         row["since"], row.get("of", "")).rstrip())
