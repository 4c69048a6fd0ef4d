"""A copy of the sources in which one text is replaced at a time. What ci/broken and ci/planted do."""

import contextlib
import pathlib
import shutil
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent


class Rotten(Exception):
    """The text is not there (once), so that the case has to be looked at."""


def copy_sources(to):
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, check=True,
                           capture_output=True, text=True).stdout.split("\n")
    for name in filter(None, names):
        if (TOP / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, to / name)


@contextlib.contextmanager
def replaced(tree, name, text, replacement):
    path = tree / name
    sound = path.read_text()
    if sound.count(text) != 1:
        raise Rotten(f"{name} does not hold the text once: {text!r}")
    path.write_text(sound.replace(text, replacement))
    try:
        yield
    finally:
        path.write_text(sound)
