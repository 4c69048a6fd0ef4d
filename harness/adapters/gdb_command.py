#!/usr/bin/env python3
"""An adapter that drives a command of gdb: of a plug-in, or of a gdb that has one built in.

    gdb_command.py RECIPE.json [--gdb FILE]

Each question is one `gdb -batch` on the image. The recipe says which commands are typed and how their text is
read; README.md has its keys. What is not here (gdb, the plug-in) is said in each answer: the
vectors are skipped then."""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ADDRESSES = ("addr", "start", "extent", "base")


def expanded(text):
    return os.path.expanduser(os.path.expandvars(text))


class Unsupported(Exception):
    """What the decoder cannot tell, with the reason."""


class Gdb:
    def __init__(self, recipe, program, folder):
        self.recipe, self.folder = recipe, pathlib.Path(folder)
        self.program = program or recipe.get("gdb", "gdb")
        self.layout = {}
        self.stub = None

    def missing(self):
        """Why nothing can be asked; None: all is here."""
        if not shutil.which(expanded(self.program)):
            return f"{self.program} is not here"
        for path in self.recipe.get("needs", []):
            if "$" in expanded(path) or not os.path.exists(expanded(path)):
                return f"{path} is not here"
        return None

    def take_layout(self, layout):
        """Only what the recipe says that the tool claims to know is asked."""
        for key, values in self.recipe.get("layouts", {}).items():
            if layout.get(key) not in values:
                raise Unsupported(f"{self.recipe['name']} does not claim {key} {layout.get(key)}")
        self.layout, self.stub = layout, None

    def names(self, question):
        """What braces in the recipe's texts stand for."""
        return {**{key: value for key, value in self.layout.items() if isinstance(value, (int, str))},
                "image": question["image"], "root": question["root"], "addr": question.get("addr", "0x0"),
                "base": hex(int(question["root"], 16) - self.layout["root_offset"])}

    def fill(self, text, names):
        return re.sub(r"\{(\w+)\}", lambda m: str(names[m[1]]), expanded(text))

    def symbols(self, names):
        """An object that has jemalloc's root symbol, and types where the recipe has a stub; at its address."""
        source = self.recipe.get("stub")
        if not source:
            return []
        if not self.stub:
            self.stub = self.folder / f"stub{len(list(self.folder.iterdir()))}.o"
            done = subprocess.run(["cc", "-g", "-c", "-fno-common", "-x", "c", "-o", self.stub, "-"],
                                  input=self.fill("\n".join(source), names), text=True, capture_output=True,
                                  check=False)
            if done.returncode:
                raise Unsupported(f"the stub does not compile: {done.stderr[:200]}")
        return [f"add-symbol-file {self.stub} -s .bss {names['base']}"]

    def run(self, question, command):
        names = self.names(question)
        commands = ["set pagination off", "set confirm off", "set width 0",
                    *[self.fill(text, names) for text in self.recipe.get("before", [])],
                    f"core-file {question['image']}", *self.symbols(names),
                    f"set $root = {names['root']}",
                    *[self.fill(text, names) for text in self.recipe.get("after", [])],
                    "echo answer:\\n", self.fill(command, names)]
        words = [expanded(self.program), "-batch", "-nx"]
        for text in commands:
            words += ["-ex", text]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              check=False)
        text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        if "answer:\n" not in text:
            raise Unsupported(f"gdb ended with status {done.returncode}: {text.strip()[-200:]}")
        return text.split("answer:\n", 1)[1]


def value(key, text, words):
    text = words.get(key, {}).get(text, text)
    if re.fullmatch("0x[0-9a-fA-F]+", text):
        return text if key in ADDRESSES else int(text, 16)
    return int(text) if re.fullmatch("[0-9]+", text) else {"True": True, "False": False}.get(text, text)


def failed(how, text):
    if "fail" in how and re.search(how["fail"], text):
        raise Unsupported(re.search(how["fail"] + ".*", text)[0][:200])


def find(gdb, question, how):
    text = gdb.run(question, how["command"])
    if "none" in how and re.search(how["none"], text):
        return {"owned": False, "addr": question["addr"], "extent": None}
    failed(how, text)
    answer = {"owned": True, "addr": question["addr"]}
    for key, pattern in how["keys"].items():
        found = re.search(pattern, text)
        if found and "." in key:
            outer, inner = key.split(".")
            answer.setdefault(outer, {})[inner] = value(inner, found[1], how.get("words", {}))
        elif found:
            answer[key] = value(key, found[1], how.get("words", {}))
    if len(answer) == 2:
        raise Unsupported(f"no answer in: {text.strip()[:200]}")
    return answer


def extents(gdb, question, how):
    text = gdb.run(question, how["command"])
    failed(how, text)
    found = [{key: value(key, word, how.get("words", {})) for key, word in match.groupdict().items()}
             for match in re.finditer(how["each"], text)]
    return {"extents": sorted(found, key=lambda e: int(e["addr"], 16)), "partial": False}


def answer_to(gdb, question):
    kind = question["question"]
    if kind == "layout":
        missing = gdb.missing()
        if missing:
            raise Unsupported(f"skipped: {missing}")
        gdb.take_layout(question["layout"])
        return {"ok": True}
    how = gdb.recipe.get(kind)
    if kind not in ("find", "extents") or not how:
        raise Unsupported(f"the recipe of {gdb.recipe['name']} has no command for {kind}")
    return {"find": find, "extents": extents}[kind](gdb, question, how)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--gdb")
    given = parser.parse_args()
    recipe = json.loads(pathlib.Path(given.recipe).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        gdb = Gdb(recipe, given.gdb, folder)
        for line in sys.stdin:
            question = json.loads(line)
            try:
                answer = answer_to(gdb, question)
            except Unsupported as why:
                answer = {"error": "unsupported", "why": str(why)}
            print(json.dumps({**answer, "id": question["id"]}), flush=True)


main()
