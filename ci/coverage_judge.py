"""What ci/coverage demands: each line and branch of a folder, or the share of them that its floor says."""

import re
from collections import Counter, namedtuple
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
EXCEPTIONS = TOP / "tests/coverage.exceptions"
FLOORS = TOP / "tests/coverage.floors"

# A gap in the coverage, as the exceptions name it: `what` is "line", "block" (the uncovered lines right
# behind that line, and its branches), "never true: CONDITION" or "never false: CONDITION". With `always`
# it is an error when the gap is covered; without, chance decides whether it is.
Gap = namedtuple("Gap", "file number text what")
Exception_ = namedtuple("Exception_", "file text what reason always")
SOMETIMES = "sometimes "


def condition(source, place):
    """The text between two places of a file, on one line."""
    line, column, last, end = place
    lines = source[line - 1:last]
    lines[-1] = lines[-1][:end - 1]
    lines[0] = lines[0][column - 1:]
    return " ".join(part.strip() for part in lines)


def gaps_of(name, lines, branches):
    source = (TOP / name).read_text().splitlines()
    for number, count in lines.items():
        if count == 0:
            yield Gap(name, number, source[number - 1].strip(), "line")
    for place, (true, false) in branches.items():
        for word, count in (("true", true), ("false", false)):
            if count == 0:
                yield Gap(name, place[0], source[place[0] - 1].strip(),
                          f"never {word}: {condition(source, place)}")


def exceptions_of(file, text, what, reason):
    """Those of a line: one for each branch that it names."""
    always = not what.startswith(SOMETIMES)
    for each in re.split(r"; (?=never )", what.removeprefix(SOMETIMES)):
        yield Exception_(file, text, each, reason, always)


def read_exceptions():
    """Exceptions, and a sentence for each line that is none."""
    exceptions, wrong = [], []
    for number, line in enumerate(EXCEPTIONS.read_text().splitlines(), 1):
        fields = re.split(r"\s+\|\s+", line.strip())
        if not line.strip() or line.startswith("#"):
            continue
        if len(fields) >= 4:
            exceptions.extend(exceptions_of(fields[0], " | ".join(fields[1:-2]), *fields[-2:]))
        else:
            wrong.append(f"{EXCEPTIONS.relative_to(TOP)}:{number}: no exception")
    return exceptions, wrong


def block_behind(number, gaps):
    """The uncovered lines right behind a line."""
    lines = {gap.number: gap for gap in gaps if gap.what == "line"}
    while (number := number + 1) in lines:
        yield lines[number]


def take_exceptions(exceptions, gaps):
    """The gaps that are excepted; a sentence for each exception that is wrong: it has to name one line
    of the decoder, and that is not covered."""
    excepted, wrong = set(), []
    for each in exceptions:
        path = TOP / each.file
        lines = [line.strip() for line in path.read_text().splitlines()] if path.is_file() else []
        said = f"exception {each.file} | {each.text} | {each.what}"
        if lines.count(each.text) != 1:
            wrong.append(f"{said}: {lines.count(each.text)} lines are this")
            continue
        mine = [gap for gap in gaps if gap.file == each.file]
        if each.what == "block":
            found = set(block_behind(lines.index(each.text) + 1, mine))
            found |= {gap for gap in mine if found and gap.text == each.text and gap.what != "line"}
        else:
            found = {gap for gap in mine if gap[2:] == each[1:3]}
        if not found and each.always:
            wrong.append(f"{said}: it is covered")
        excepted |= found
    return excepted, wrong


def read_floors(folders):
    """{folder: (percent of lines, percent of branches)}, and a sentence for each line that is none."""
    floors, wrong = {}, []
    for number, line in enumerate(FLOORS.read_text().splitlines(), 1):
        said = f"{FLOORS.relative_to(TOP)}:{number}"
        if not line.strip() or line.startswith("#"):
            continue
        name, *percents = re.split(r"\s*\|\s*", line.strip())
        try:
            lines, branches = map(float, percents)
        except ValueError:
            wrong.append(f"{said}: not folder | percent of lines | percent of branches")
            continue
        if name not in folders:
            wrong.append(f"{said}: {name} has no floor; those that may have one: {' '.join(folders)}")
        elif name in floors:
            wrong.append(f"{said}: a second floor of {name}")
        else:
            floors[name] = lines, branches
    return floors, wrong


def percent(part, whole):
    return 100 * part / whole if whole else 100.0


class Folder:
    """The files straight in a folder: their sums, and the gaps that no exception takes."""

    def __init__(self, name, files):
        self.name = name
        mine = {path: found for path, found in files.items() if str(Path(path).parent) == name}
        self.gaps = sorted(gap for path, found in mine.items() for gap in gaps_of(path, *found[:2]))
        self.lines = sum(len(found[0]) for found in mine.values())
        self.branches = 2 * sum(len(found[1]) for found in mine.values())
        self.mcdc = [sum(found[2][i] for found in mine.values()) for i in (0, 1)]
        self.missed, self.exceptions = self.gaps, 0

    def take(self, exceptions, excepted):
        self.exceptions = sum(str(Path(each.file).parent) == self.name for each in exceptions)
        self.missed = [gap for gap in self.gaps if gap not in excepted]

    def counts(self, gaps):
        """(covered, all) of lines and of branches, where these are the gaps."""
        missed = Counter(gap.what == "line" for gap in gaps)
        return ((self.lines - missed[True], self.lines),
                (self.branches - missed[False], self.branches))

    def report(self, floor):
        """What is measured; with a floor also the shares that it is about, where exceptions are covered."""
        words = [f"{word} {covered} of {count} ({percent(covered, count):.2f} %)"
                 for word, (covered, count) in zip(("lines", "branches"), self.counts(self.gaps))]
        if floor:
            words = [f"{word}, with exceptions {percent(*count):.2f} %, floor {least:g} %"
                     for word, count, least in zip(words, self.counts(self.missed), floor)]
        return f"{self.name}: {', '.join(words)}, {self.exceptions} exceptions"

    def fails(self, floor):
        if not floor:
            return bool(self.missed)
        return any(percent(*count) < least for count, least in zip(self.counts(self.missed), floor))

    def raises(self, floor):
        """The sentences for floors that a full point and more is above of."""
        return [f"{self.name}: raise the floor of {word} from {least:g} %: measured {percent(*count):.2f} %"
                for word, count, least in zip(("lines", "branches"), self.counts(self.missed),
                                              floor or ()) if percent(*count) >= least + 1]


def judge(folders, may_have_floor):
    """Prints what is measured and what is wrong. Gives how many folders are well, and what is wrong."""
    exceptions, wrong = read_exceptions()
    exceptions = [each for each in exceptions
                  if str(Path(each.file).parent) in {folder.name for folder in folders}]
    excepted, rotten = take_exceptions(exceptions, [gap for each in folders for gap in each.gaps])
    floors, unread = read_floors(may_have_floor)
    failed = 0
    for folder in folders:
        folder.take(exceptions, excepted)
        floor = floors.get(folder.name)
        fails = folder.fails(floor)
        failed += fails
        print("FAIL" if fails else "ok  ", folder.report(floor))
        for gap in folder.missed if fails else ():
            print("FAIL", sentence(gap))
        for each in folder.raises(floor):
            print("    ", each)
    return len(folders) - failed, failed, wrong + rotten + unread


def sentence(gap):
    return f"{gap.file}:{gap.number}: {gap.what}: {gap.text}"


def write_gaps(path, folders):
    """All that is neither covered nor excepted, below a floor or above."""
    path.write_text("".join(f"{sentence(gap)}\n" for folder in folders for gap in folder.missed))
    return sum(len(folder.missed) for folder in folders)
