"""A copy of the sources in which one text is replaced at a time. What ci/broken and ci/planted do.
Run as a program it names the cases whose text is not there: both take too long to be run each time."""

import contextlib
import pathlib
import shutil
import subprocess
import sys

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


def sound_text(tree, name, text):
    sound = (tree / name).read_text()
    if sound.count(text) != 1:
        raise Rotten(f"{name} does not hold the text once: {text!r}")
    return sound


@contextlib.contextmanager
def replaced(tree, name, text, replacement):
    path = tree / name
    sound = sound_text(tree, name, text)
    path.write_text(sound.replace(text, replacement))
    try:
        yield
    finally:
        path.write_text(sound)


def main():
    sys.dont_write_bytecode = True  # what is made is in build/ alone
    import broken_cases
    import planted
    found = False
    for case in (*broken_cases.CELLS, *broken_cases.TESTS, *broken_cases.COMMANDS, *planted.BUGS):
        try:
            sound_text(TOP, case.path, case.text)
        except Rotten as rotten:
            print(f"{case.name}: {rotten}")
            found = True
    sys.exit(found)


if __name__ == "__main__":
    main()
