"""The engines of ci/fuzz: how targets are built for one, run with it, and how its output is read."""

import collections
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
CORPORA = TOP / "corpora"
WORK = TOP / "build/corpora"  # what is interesting and not committed

Result = collections.namedtuple("Result", "executions speed features finds seconds",
                                defaults=(0, 0.0, 0, (), 0.0))


class BrokenOff(Exception):
    """A target could not be run to its end; the others can. (In a thread sys.exit() would end nothing
    and take the results of all of them.)"""


# A small quarantine: the default takes half a gigabyte and a third of the speed.
ENV = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=16:malloc_context_size=8:detect_leaks=1",
           UBSAN_OPTIONS="print_stacktrace=1")


def targets():
    return sorted(path.stem.removeprefix("fuzz_") for path in (TOP / "targets").glob("fuzz_*.c"))


def declared():
    """Each target with its kind in targets/CMakeLists.txt and the libraries that it is linked with."""
    files = (TOP / "targets/CMakeLists.txt", *(TOP / "targets").glob("*.cmake"))
    found = re.findall(r"^jeheap_fuzz_(target|blind|pure)\((\w+)(.*)\)$",
                       "".join(path.read_text() for path in files), re.M)
    return {target: (kind, linked.split()) for kind, target, linked in found}


def pure():
    """The targets of one pure stage, which are fast."""
    return ["empty"] + sorted(target for target, (kind, _) in declared().items() if kind == "pure")


def without_libraries():
    """The targets that link no library: MSan needs all code to be compiled with it."""
    return sorted(target for target, (_, linked) in declared().items()
                  if not {"jeheap_fuzz_outer", "jeheap_open", "jeheap_judge"} & set(linked))


def run(command, log, env=None, **more):
    with open(log, "w") as out:  # a file: an orphan that keeps a pipe open would hang us
        return subprocess.run([str(part) for part in command], stdout=out, cwd=TOP,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env=env or ENV, **more).returncode


def start(command, log, env=None):
    with open(log, "w") as out:
        return subprocess.Popen([str(part) for part in command], stdout=out, cwd=TOP,
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env or ENV)


def end(process):
    """Waits for a process. Gives its exit status and its seconds of processor time, with its children."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


# ---- why: the first thing that a report names ---------------------------------------------------

REASONS = [
    (r"(\w+\.[ch]):(\d+): does not hold", "{0}-{1}"),
    (r"(\w+\.[ch]):(\d+):\d+: runtime error: ", "undefined-{0}-{1}"),
    (r"SUMMARY: \w+Sanitizer: ([\w-]+) \S*?(\w+\.[ch]):(\d+)", "{0}-{1}-{2}"),
    (r"(timeout) after|ERROR: libFuzzer: (timeout)", "timeout"),
    (r"out-of-memory", "out-of-memory"),
    (r"SUMMARY: \w+Sanitizer: \d+ byte.* leaked", "leak"),
    (r"SUMMARY: \w+Sanitizer: ([\w-]+)", "{0}"),
]


def reason(report):
    for pattern, name in REASONS:
        found = re.search(pattern, report)
        if found:
            return name.format(*found.groups())
    return "crash"


def keep(target, path, report, kept):
    """Stores a find in corpora/regressions/, which makes it a test. A run stores one find for each reason
    (`kept`); finds of earlier runs do not count, because they may be another bug of the same line."""
    folder = CORPORA / "regressions" / target
    folder.mkdir(parents=True, exist_ok=True)
    why = reason(report)
    if why not in kept:
        content = path.read_bytes()
        same = [there for there in folder.iterdir() if there.read_bytes() == content]
        kept[why] = same[0] if same else folder / f"{why}-{hashlib.sha256(content).hexdigest()[:8]}"
        kept[why].write_bytes(content)


def sources(target):
    """Folders with inputs, the one for new ones first."""
    new = WORK / target
    new.mkdir(parents=True, exist_ok=True)
    kept = [CORPORA / name / target for name in ("seeds", "regressions")]
    return [new] + [folder for folder in kept if folder.is_dir()]


def dictionary(target):
    path = CORPORA / "dict" / f"{target}.dict"
    return path if path.exists() else None


def programs(names):
    return [f"fuzz_{name}" for name in names]


def build(folder, made, cmake, env=None):
    log = TOP / f"build/{folder}.log"
    log.parent.mkdir(exist_ok=True)
    configure = ["cmake", "-S", TOP, "-B", TOP / "build" / folder, "-G", "Ninja",
                 "-DCMAKE_BUILD_TYPE=RelWithDebInfo", *cmake]
    make = ["cmake", "--build", TOP / "build" / folder, "--target", *made]
    for command in (configure, make):
        if run(command, log, dict(os.environ, **(env or {}))) != 0:
            sys.exit(log.read_text() + f"ci/fuzz: the build failed; the output above is in {log}")


def looks_at_nothing(target, made):
    """Why a target of the build in the folder `made` would pass with any input, or ""."""
    none = target == "oracle" and "&oracle_" not in (made / "targets/oracles.c").read_text()
    return "no jemalloc is built yet: jeconform run" if none else ""


class Engine:
    """What all engines share; `folder` is the build's folder in build/."""

    folder = ""

    def program(self, target):
        return TOP / "build" / self.folder / "fuzz" / f"fuzz_{target}"

    def why_not(self, target):
        """Why hours of a target do not count and its seeds are not kept, or ""."""
        return looks_at_nothing(target, TOP / "build" / self.folder)


# ---- libFuzzer ----------------------------------------------------------------------------------


class LibFuzzer(Engine):
    def __init__(self, sanitizer):
        self.folder = "fuzz-libfuzzer" if sanitizer == "address" else "fuzz-memory"
        self.sanitizers = "address;undefined" if sanitizer == "address" else "memory"

    def build(self, names):
        build(self.folder, programs(names),
              ["-DCMAKE_C_COMPILER=clang", "-DJEHEAP_FUZZ_ENGINE=libfuzzer",
               f"-DJEHEAP_SANITIZE={self.sanitizers};fuzzer-no-link"])

    def run(self, target, seconds):
        finds = TOP / "build" / self.folder / "finds" / target
        shutil.rmtree(finds, ignore_errors=True)
        finds.mkdir(parents=True)
        log = finds / "log"
        options = ["-use_value_profile=1", f"-max_total_time={seconds}", "-timeout=60",
                   f"-artifact_prefix={finds}/", "-print_final_stats=1", "-rss_limit_mb=2048"]
        if dictionary(target):
            options.append(f"-dict={dictionary(target)}")
        status, seconds = end(start([self.program(target), *options, *sources(target)], log))
        report = log.read_text(errors="replace")
        found, kept = sorted(finds.glob("*-*")), {}
        for path in found:
            self.look_at(target, path, report, kept)
        if status != 0 and not found:
            raise BrokenOff(report[-4000:] + f"ended with {status}: {log}")
        last = re.findall(r"^#\d+\s.* ft: (\d+) ", report, re.M)
        number = re.findall(r"^stat::(\w+):\s+(\d+)", report, re.M)
        stat = {name: int(value) for name, value in number}
        return Result(stat.get("number_of_executed_units", 0),
                      stat.get("average_exec_per_sec", 0), int(last[-1]) if last else 0,
                      sorted(kept.values()), seconds)

    def look_at(self, target, path, report, kept):
        """Keeps a find, unless it was only slow because the machine was busy."""
        if not re.match("slow-unit|timeout", path.name):
            keep(target, path, report, kept)
            return
        status, seconds = end(start([self.program(target), "-timeout=600",
                                     f"-artifact_prefix={path.parent}/", path],
                                    path.parent / "again"))
        if status or seconds > 10:
            keep(target, path, "timeout after 10 s", kept)

    def rate(self, target, runs):
        """Executions per second of processor time, coverage only."""
        log = TOP / "build" / self.folder / "rate.log"
        _, seconds = end(start([self.program(target), f"-runs={runs}", "-seed=1", "-max_len=128"],
                               log))
        if f"Done {runs} runs" not in log.read_text(errors="replace"):
            sys.exit(f"ci/fuzz: {target} did not end: {log}")
        return runs / seconds

    def minimize(self, target):
        merged = TOP / "build" / self.folder / "merged" / target
        shutil.rmtree(merged, ignore_errors=True)
        merged.mkdir(parents=True)
        inputs = [WORK / target, CORPORA / "seeds" / target]
        inputs = [folder for folder in inputs if folder.is_dir()]
        log = merged.parent / f"{target}.log"
        if run([self.program(target), "-set_cover_merge=1", merged, *inputs], log) != 0:
            sys.exit(log.read_text(errors="replace")[-4000:] + f"ci/fuzz: no merge: {log}")
        return replace_seeds(target, merged, inputs)


def files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def replace_seeds(target, merged, inputs):
    """Makes the merged inputs the seeds of a target: old ones stay where they are, new ones go to merged/."""
    seeds = CORPORA / "seeds" / target
    (seeds / "merged").mkdir(parents=True, exist_ok=True)
    before = sum(len(files(folder)) for folder in inputs)
    wanted = {path.read_bytes() for path in files(merged)}
    for path in files(seeds):
        if path.read_bytes() in wanted:
            wanted.discard(path.read_bytes())
        else:
            path.unlink()
    for content in wanted:
        (seeds / "merged" / hashlib.sha256(content).hexdigest()[:12]).write_bytes(content)
    return before, len(files(seeds))


# ---- AFL++ --------------------------------------------------------------------------------------


class Afl(Engine):
    """One main instance with CmpLog, one secondary with ASan and UBSan; both keep what they find in
    build/afl/TARGET, where instances of other machines may join them."""

    QUIET = {"AFL_NO_UI": "1", "AFL_NO_AFFINITY": "1", "AFL_SKIP_CPUFREQ": "1",
             "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_AUTORESUME": "1"}

    folder, asan = "fuzz-afl", "fuzz-afl-asan"

    def __init__(self, sanitizer):
        del sanitizer

    def build(self, names):
        if not shutil.which("afl-fuzz"):
            sys.exit("ci/fuzz: there is no afl-fuzz here; ci/setup installs it")
        common = ["-DCMAKE_C_COMPILER=afl-clang-fast", "-DJEHEAP_FUZZ_ENGINE=afl"]
        build(self.folder, programs(names), common, {"AFL_LLVM_CMPLOG": "1", "AFL_QUIET": "1"})
        build(self.asan, programs(names),
              common + ["-DJEHEAP_SANITIZE=address;undefined"], {"AFL_QUIET": "1"})
        if {"heap", "index"} & set(names):
            build("fuzz-mutator", ["jeheap_mutator"], [])

    def with_asan(self, target):
        return TOP / "build" / self.asan / "fuzz" / f"fuzz_{target}"

    def inputs(self, target):
        """Copies all inputs to one folder, which AFL++ wants not to be empty."""
        folder = TOP / "build/afl/in" / target
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "zeroes").write_bytes(bytes(64))
        for source in sources(target)[1:]:
            for path in files(source):
                shutil.copyfile(path, folder / path.name)
        return folder

    def start(self, target, role, name, program, seconds, more):
        out = TOP / "build/afl" / target
        command = ["afl-fuzz", role, name, "-i", self.inputs(target) if role == "-M" else
                   TOP / "build/afl/in" / target, "-o", out, "-m", "none", "-V", seconds,
                   *more, "--", program]
        if dictionary(target):
            command[1:1] = ["-x", dictionary(target)]
        env = dict(os.environ, **self.QUIET, **dict([self.mark(target)]))
        if target in ("heap", "index"):  # it knows whole images
            mutator = TOP / "build/fuzz-mutator/fuzz/libjeheap_mutator.so"
            env["AFL_CUSTOM_MUTATOR_LIBRARY"] = str(mutator)
        # afl-fuzz insists on these two where a sanitizer is in the target
        env["ASAN_OPTIONS"] = "abort_on_error=1:symbolize=0:detect_leaks=0:quarantine_size_mb=16"
        return start(command, TOP / f"build/afl/{target}-{name}.log", env)

    def run(self, target, seconds):
        both = [self.start(target, "-M", "main", self.program(target), seconds, ["-c", "0"]),
                self.start(target, "-S", "asan", self.with_asan(target), seconds, [])]
        status, seconds = zip(*map(end, both))
        self.end_orphans(target)
        if any(status):
            raise BrokenOff(f"afl-fuzz ended with {status}: build/afl/{target}-*.log")
        stats = [self.stats(target, name) for name in ("main", "asan")]
        crashes = [path for kind in ("crashes", "hangs")
                   for path in sorted((TOP / "build/afl" / target).glob(f"*/{kind}/id:*"))]
        kept = {}
        for path in crashes:
            self.explain(target, path, kept)
        return Result(sum(int(s["execs_done"]) for s in stats),
                      sum(float(s["execs_per_sec"]) for s in stats),
                      max(int(s["edges_found"]) for s in stats), sorted(kept.values()),
                      sum(seconds))

    @staticmethod
    def stats(target, name):
        text = (TOP / "build/afl" / target / name / "fuzzer_stats").read_text()
        return dict(re.findall(r"^(\w+)\s*: (.*)$", text, re.M))

    def explain(self, target, path, kept):
        """Runs a find once more with ASan, and keeps it unless it ends well: on a slow machine an input may
        look like a hang."""
        log = TOP / "build/afl" / f"{target}-explain.log"
        try:
            if run([self.with_asan(target), path], log, timeout=20):
                keep(target, path, log.read_text(errors="replace"), kept)
        except subprocess.TimeoutExpired:
            keep(target, path, "timeout after 20 s", kept)

    @staticmethod
    def mark(target):
        """A variable, and its value, in the environment of all processes of a run."""
        return "JEHEAP_FUZZ_RUN", f"{os.getpid()}-{target}"

    def end_orphans(self, target):
        """Ends what AFL++ leaves behind: with CmpLog a stopped child of the target, which is a session
        leader, so that only SIGKILL ends it. Children of other runs' instances are left alone."""
        mark = "=".join(self.mark(target)).encode()
        for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes().split(b"\0"):
                    os.kill(int(path.parent.name), signal.SIGKILL)
            except OSError:
                pass

    def minimize(self, target):
        merged = TOP / "build/afl/merged" / target
        shutil.rmtree(merged, ignore_errors=True)
        merged.parent.mkdir(parents=True, exist_ok=True)
        folder = self.inputs(target)
        for number, path in enumerate(sorted((TOP / "build/afl" / target).glob("*/queue/id:*"))):
            shutil.copyfile(path, folder / f"queue-{number}")
        log = merged.parent / f"{target}.log"
        env = dict(os.environ, AFL_ALLOW_TMP="1", **self.QUIET)
        if run(["afl-cmin", "-m", "none", "-i", folder, "-o", merged, "--",
                self.program(target)], log, env) != 0:
            sys.exit(log.read_text(errors="replace")[-4000:] + f"ci/fuzz: afl-cmin failed: {log}")
        return replace_seeds(target, merged, [folder])


# ---- replay -------------------------------------------------------------------------------------


class Replay(Engine):
    """The replay engine, for any compiler: runs each input of corpora/ once."""

    folder = "fuzz-replay"

    def __init__(self, sanitizer):
        del sanitizer

    def build(self, names):
        build(self.folder, programs(names), ["-DJEHEAP_FUZZ_ENGINE=replay",
                                             "-DJEHEAP_SANITIZE=address;undefined"])

    def why_not(self, target):
        empty = not any(path for folder in sources(target) for path in folder.iterdir())
        return super().why_not(target) or "nothing in corpora/" * empty

    def run(self, target, seconds):
        del seconds
        log = TOP / "build" / self.folder / f"{target}.log"
        status = run([self.program(target), *sources(target)], log)
        report = log.read_text(errors="replace")
        count = re.search(r"^(\d+) inputs$", report, re.M)
        if status != 0 or not count:
            raise BrokenOff(report[-4000:] + f"fails on what is in corpora/: {log}")
        return Result(int(count[1]))


ENGINES = {"libfuzzer": LibFuzzer, "afl": Afl, "replay": Replay}
