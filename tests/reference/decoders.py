"""The two decoders that `compare` holds against each other, and the images that both read."""

import json
import os
import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
JEHEAP = pathlib.Path(os.environ.get("JEHEAP_BIN", TOP / "build/bin")) / "jeheap"
MADE = pathlib.Path(os.environ.get("JEHEAP_MADE", TOP / "build/tests/reference"))
REFERENCE = ["python3", os.environ.get("JEHEAP_REFERENCE", TOP / "harness/adapters/reference")]


# ---- the two decoders ----------------------------------------------------------------------------


class Reference:
    """The reference decoder, asked over its protocol."""

    def __init__(self):
        self.process = subprocess.Popen(REFERENCE, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.count = 0

    def ask(self, question, **keys):
        self.count += 1
        print(json.dumps({"id": self.count, "question": question, **keys}),
              file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the reference decoder ended")
        answer = json.loads(line)
        if answer["id"] != self.count:
            raise RuntimeError("an answer to another question")
        return answer

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


class Refused(Exception):
    """It does not take the image for a heap."""


def jeheap(*words, asked=None):
    """Its lines as objects."""
    done = subprocess.run([JEHEAP, *words, "--json", "--quiet"], input=asked, capture_output=True,
                          text=True, check=False)
    if done.returncode == 3:
        raise Refused(done.stderr)
    if done.returncode not in (0, 1, 4):
        raise RuntimeError(f"jeheap {words[0]}: status {done.returncode}: {done.stderr[:300]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


# ---- images --------------------------------------------------------------------------------------


class Image:
    """A core on disk, its layout, its root, and addresses that somebody thought of."""

    def __init__(self, name, core, layout, root, addresses):
        self.name, self.core, self.layout, self.root = name, str(core), layout, root
        self.addresses = addresses

    def ask(self, command, asked=None):
        """The lines of jeheap's answer."""
        layout = ("--layout", str(self.layout)) if isinstance(self.layout, pathlib.Path) else ()
        root = ("--root", self.root) if layout else ()
        more = ("-",) if asked is not None else ()
        return jeheap(command, self.core, *layout, *root, *more, asked=asked)

    def layout_object(self):
        if isinstance(self.layout, pathlib.Path):
            return json.loads(self.layout.read_text(encoding="utf-8"))
        return self.layout


class SmallTree(Image):
    """One whose geometry no build has: the library is asked, and answers with fewer keys."""

    def __init__(self, path, *more):
        super().__init__(*more)
        self.path = path

    def ask(self, command, asked=None):
        done = subprocess.run([MADE / "tree_answers", command, self.path], input=asked, check=True,
                              capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


def made(kind, path, folder):
    """One of corpora/, as a core."""
    core, layout = folder / "core", folder / "layout.json"
    for old in (core, layout):
        old.unlink(missing_ok=True)
    what = path.name if kind == "image" else path
    done = subprocess.run([MADE / "heap_core", kind, what, core, layout], capture_output=True,
                          text=True, check=True)
    root, *addresses = done.stdout.split()
    rest = f"{kind}/{path.name}", core, layout, root, [int(a, 16) for a in addresses]
    return SmallTree(path, *rest) if kind == "rtree" else Image(*rest)


def unpacked(path, folder):
    """A golden vector's image, as a core on disk."""
    core = folder / "core"
    with open(core, "wb") as file:
        subprocess.run(["zstd", "-dcq", path], stdout=file, check=True)
    return core


def opened(name, core):
    """A core that jeheap opens by itself; None when it does not."""
    done = subprocess.run([JEHEAP, "layout", core, "--json", "--quiet"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        return None
    about = jeheap("info", core)
    return Image(name, core, json.loads(done.stdout), about[0]["root"], [])
