"""Prints a line for each cell of a jeconform report: passed, failed or skipped, and why."""

import json
import sys

WORD = {"pass": "passed", "fail": "failed", "skip": "skipped"}

with open(sys.argv[1]) as report:
    for cell in json.load(report)["cells"]:
        why = cell["why"].splitlines()[0] if cell["why"] else ""
        print(WORD[cell["status"]], cell["pin"], cell["config"] + (": " + why if why else ""))
