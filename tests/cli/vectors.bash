# jeconform vectors: golden vectors against decoders that are right, mistaken or broken.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

VECTORS=$ROOT_DIR/corpora/vectors
DECODER=${JEHEAP_BIN:-$ROOT_DIR/build/bin}/jeheap-decoder

# broken FILE: the flags that explain what is wrong, sorted.
broken() {
    python3 -c 'import json, sys
print(*sorted(k for k, v in json.load(open(sys.argv[1]))["flags"].items() if v["broken"]))' "$1"
}

test_usage() {
    refuses 2 'an option is missing: --decoder' jeconform vectors
    refuses 2 'does not take .0.' jeconform vectors --decoder true --decoder-seconds 0
    refuses 3 "^jeconform: $WORK/none.json: No such file" jeconform vectors --decoder true "$WORK/none.json"
    refuses 3 "^jeconform: the decoder '/no/such' cannot be run: .*127" \
        jeconform vectors --decoder /no/such "$VECTORS/leaf-5.3.0-default.json"
}

# Every vector there is, and every known trap among them.
test_jeheap_is_right() {
    status 0 jeconform vectors --decoder "$DECODER" --report-json "$WORK/card.json"
    ask are "$WORK/card.json" totals.wrong=0 totals.unsupported=0 totals.crashed=0 totals.timeout=0
    [ "$(ask get "$WORK/card.json" totals.right)" -gt 2000 ] || fail "few vectors"
    local kind
    for kind in geometry subkey leaf extent size_class slab cache find extents check; do
        out_has "^$kind +[1-9][0-9]* +0 +0 +0 +0\$"
    done
    [ -z "$(broken "$WORK/card.json")" ] || fail "flags: $(broken "$WORK/card.json")"
    out_has '^all +[0-9]+ +0 +0 +0 +0$'
}

# jeheap starts the adapter that is beside it, and says so when there is none.
test_command_decoder() {
    status 0 jeconform vectors --decoder "'$JEHEAP' decoder" "$VECTORS/leaf-5.3.0-default.json"
    cp "$JEHEAP" "$WORK/jeheap"
    try "$WORK/jeheap" decoder
    [ "$RC" -eq 3 ] || fail "without the adapter: status $RC"
    err_has "^jeheap: $WORK/jeheap-decoder cannot be run: No such file"
    refuses 2 'more' jeheap decoder more
}

# What each mistake breaks, and nothing else.
test_mistakes_are_named() {
    local mistake flags
    while read -r mistake flags; do
        status 1 jeconform vectors --decoder "'$CLI_DIR/mistaken.py' $mistake '$DECODER'" --json --decoder-seconds 60 \
            "$VECTORS"/{geometry,subkey,leaf,extent,find,extents}-{5.0.0,redis-7.0,5.3.0,5.3.1,dev}-default.json \
            "$VECTORS"/{geometry,subkey,leaf,extent,find,extents}-{5.3.0,5.3.1}-la57.json
        tail -1 "$OUT" >"$WORK/last.json"
        [ "$(broken "$WORK/last.json")" = "$flags" ] || fail "$mistake: $(broken "$WORK/last.json")"
        ask are "$WORK/last.json" crashed=0 timeout=0 unsupported=0
    done <<'END'
pointer_bits SlabBit StateInPointer
alignment Alignment64
two_levels ThreeLevels
is_head IsHead
four_states StateAboveThree
usable_by_class UsableBySize
cached_is_live Cached
END
}

test_edited_vectors_are_refused() {
    local name=find-5.3.0-default.json
    mkdir "$WORK/v"
    cp -r "$VECTORS"/{layouts,images,$name} "$WORK/v"
    status 0 jeconform vectors --decoder "$DECODER" "$WORK/v/$name"
    sed 's/"owned":true/"owned":false/' "$VECTORS/$name" >"$WORK/v/$name"
    refuses 3 "$name: it was changed after it was made" jeconform vectors --decoder "$DECODER" "$WORK/v/$name"
    sed '$d' "$VECTORS/$name" >"$WORK/v/$name"
    refuses 3 "$name: it is no vector file" jeconform vectors --decoder "$DECODER" "$WORK/v/$name"
    cp "$VECTORS/$name" "$WORK/v/$name"
    sed -i 's/"lg_page":12/"lg_page":14/' "$WORK/v/layouts/5.3.0-default.json"
    refuses 3 'layouts/5.3.0-default.json: it was changed' jeconform vectors --decoder "$DECODER" "$WORK/v/$name"
    cp "$VECTORS/layouts/5.3.0-default.json" "$WORK/v/layouts"
    printf x >>"$WORK/v/images/5.3.0-default.core.zst"
    refuses 3 'images/5.3.0-default.core.zst: it was changed' \
        jeconform vectors --decoder "$DECODER" "$WORK/v/$name"
}

# way WAY MARK PATTERN [MORE]: all tests end with that mark.
way() {
    status "${STATUS:-1}" jeconform vectors --decoder "'$CLI_DIR/bad_decoder.py' $1 ${4:-}" --decoder-seconds 30 \
        --decoder-mib 1024 --json "$VECTORS/geometry-5.3.0-default.json"
    ask are <(tail -1 "$OUT") "$2=1"
    head -1 "$OUT" | grep -Eq "\"why\":\"$3" || fail "$1: $(head -1 "$OUT")"
}

test_bad_ends_are_results() {
    way crash crashed 'it ended with signal 11'
    way garbage wrong 'the line is no JSON object: <html>'
    way half crashed 'it ended with exit status 0 in the middle of a line'
    # no Python: it may take longer to start than this waits
    status 1 jeconform vectors --decoder-seconds 2 --json "$VECTORS/geometry-5.3.0-default.json" --decoder \
        'read -r l; echo "{\"id\":1,\"ok\":true}"; read -r l; printf "{\"id\":"; sleep 60'
    ask are <(tail -1 "$OUT") timeout=1
    grep -q '"why":"half a line and not its end within 2 s"' "$OUT" || fail "stall: $(head -1 "$OUT")"
    way megabytes wrong 'an answer of more than 16777216 bytes'
    way memory crashed 'it ended with exit status 1: MemoryError'
    way other wrong 'the answer is to another question'
}

test_nothing_outlives_it() {
    way child crashed 'it ended with exit status 1' "$WORK/pids"
    local group
    while read -r group; do
        ! kill -0 -- "-$group" 2>/dev/null || fail "process group $group is still there"
    done <"$WORK/pids"
    [ -s "$WORK/pids" ] || fail "it did not run"
}

test_no_network() {
    STATUS=3 way network unsupported 'unsupported: (Network is unreachable|Permission denied)' 9
}

# A line of garbage is the end of that answer, not of the run: the tests behind it are asked.
test_started_again() {
    status 1 jeconform vectors --decoder \
        "if [ -e '$WORK/once' ]; then exec '$DECODER'; else touch '$WORK/once'; exit 5; fi" --json \
        "$VECTORS/leaf-5.3.0-default.json"
    ask are <(tail -1 "$OUT") crashed=1 wrong=0
    [ "$(ask get <(tail -1 "$OUT") right)" -gt 20 ] || fail "$(tail -1 "$OUT")"
}

# Written by somebody who has the README only, in a language that nothing else here is written in.
test_adapter_of_forty_lines() {
    [ "$(grep -c '[^ ]' "$CLI_DIR/adapter.pl")" -le 42 ] || fail "more than 40 lines and a heading"
    status 0 jeconform vectors --decoder "$CLI_DIR/adapter.pl" --json "$VECTORS"/{leaf,subkey,extent}-*.json
    tail -1 "$OUT" >"$WORK/last.json"
    ask are "$WORK/last.json" wrong=0 crashed=0 timeout=0
    [ "$(ask get "$WORK/last.json" right)" -gt 300 ] || fail "$(cat "$WORK/last.json")"
    [ "$(ask get "$WORK/last.json" unsupported)" -gt 100 ] || fail "$(cat "$WORK/last.json")"
}

# The steps of the README up to the first scorecard, word for word, but for the build: ci/regression/test does that too.
test_first_steps() {
    python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not here"
    mkdir -p "$WORK/clone/build/jeconform" "$WORK/jobs"
    ln -s "${JECONFORM%/*}" "$WORK/clone/build/jeconform/bin"
    ln -s "$ROOT_DIR/corpora" "$WORK/clone"
    python3 "$ROOT_DIR/ci/regression/jobs.py" "$WORK/jobs" 2>"$ERR" || fail "$(said)"
    sed -i 's,^ci/build --for vectors$,: built,' "$WORK/jobs/readme.sh"
    grep -q '^: built$' "$WORK/jobs/readme.sh" || fail "step 1 has another command"
    cd "$WORK/clone" || fail "no folder"
    status 3 try sh "$WORK/jobs/readme.sh"
    same_file "$WORK/jobs/readme.txt" "$OUT" "what step 3 prints"
}

# What step 1 builds: the runner and the adapter beside it, no tests, no fuzz targets.
test_built_alone() {
    PATIENCE=120 status 0 try cmake -S "$ROOT_DIR" -B "$WORK/b" -G Ninja -DJEHEAP_CONFORM_ONLY=ON
    status 0 try ninja -C "$WORK/b" -t targets all
    out_has '^bin/jeconform: C_EXEC'
    out_has '^bin/jeheap-decoder: C_EXEC'
    [ "$(grep -c ': C_EXECUTABLE' "$OUT")" -eq 2 ] || fail "$(grep ': C_EXECUTABLE' "$OUT" | head -5 | tr '\n' ' ')"
}

test_schemas() {
    python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not here"
    python3 "$CLI_DIR/vector_schemas.py" "$VECTORS" >"$OUT" 2>"$ERR" || fail "$(said)"
    out_has '^[1-9][0-9]* files$'
}

test_every_trap_has_a_vector() {
    python3 "$CLI_DIR/vector_coverage.py" "$ROOT_DIR" >"$OUT" 2>"$ERR" || fail "$(said)"
}

# Files, flags and bytes that errata.md names are there.
test_errata() {
    python3 - "$VECTORS" <<'END' >"$OUT" 2>"$ERR" || fail "$(said)"
import json, pathlib, re, sys
folder = pathlib.Path(sys.argv[1])
entries = re.split("^### ", (folder / "errata.md").read_text(), flags=re.M)[1:]
assert len(entries) >= 8
for entry in entries:
    name = entry.splitlines()[0]
    files = [json.loads((folder / file).read_text()) for file in re.findall("`([a-z_]+-[\\w.-]+[.]json)`", entry)]
    assert files or "beyond them" in entry, name
    text = json.dumps(files)
    for bytes_ in re.findall("Bytes: `([0-9a-f]+)`", entry):
        assert bytes_ in text, (name, bytes_)
    for flags in re.findall("flags? ([A-Z]\\w+)(?: and ([A-Z]\\w+))?", entry):
        for flag in filter(None, flags):
            assert f'"{flag}"' in text, (name, flag)
END
}

# The same pins and seed make the same bytes; another environment changes nothing. In a container, as in CI, process 1
# is one that can be read.
test_made_again() {
    local container=(unshare --pid --fork --mount-proc)
    "${container[@]}" true 2>"$ERR" || container=(env)
    status 0 jeconform emit --pin 5.3.0 --config default --vectors "$WORK/one"
    MORE=$(head -c 20000 /dev/zero | tr '\0' x) PATIENCE=300 status 0 try "${container[@]}" "$JECONFORM" emit --pin 5.3.0 \
        --config default --vectors "$WORK/two"
    diff -r "$WORK/one" "$WORK/two" >"$OUT" || fail "$(head -3 "$OUT")"
    [ "$(find "$WORK/one" -name '*-5.3.0-default.json' | wc -l)" -eq 10 ] || fail "$(ls "$WORK/one")"
    status 0 jeconform vectors --decoder "$DECODER" "$WORK"/one/*.json
}

# slow_down: from now on witnesses of this test stand still most of the time.
slow_down() {
    python3 - "$$" <<'END' &
import os, pathlib, signal, sys, time

def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])

def is_ours(pid):
    while pid > 1 and pid != int(sys.argv[1]):
        pid = parent(pid)
    return pid > 1

while os.path.exists(f"/proc/{sys.argv[1]}"):
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text() == "witness\n" and is_ours(int(folder.name)):
                os.kill(int(folder.name), signal.SIGSTOP)
                time.sleep(0.03)
                os.kill(int(folder.name), signal.SIGCONT)
        except OSError:  # it has ended
            pass
    time.sleep(0.002)
END
}

# Nor does the clock change anything: the times of sampled allocations, and caches that are emptied every ten
# milliseconds since 5.3.1.
test_made_again_slowly() {
    status 0 jeconform emit --pin 5.3.1 --config prof --vectors "$WORK/one"
    slow_down
    local slow=$!
    status 0 jeconform emit --pin 5.3.1 --config prof --vectors "$WORK/two"
    kill "$slow"
    diff -r "$WORK/one" "$WORK/two" >"$OUT" || fail "$(head -3 "$OUT")"
}

test_live_builds() {
    status 0 jeconform run --pin 5.3.0 --config default --decoder "$DECODER" --json
    ask are <(tail -1 "$OUT") wrong=0 unsupported=0
    status 1 jeconform run --pin 5.3.0 --config default --json --decoder \
        "'$CLI_DIR/mistaken.py' pointer_bits '$DECODER'"
    tail -1 "$OUT" >"$WORK/last.json"
    [ "$(broken "$WORK/last.json")" = "SlabBit StateInPointer" ] || fail "$(broken "$WORK/last.json")"
}

test_reports() {
    status 1 jeconform vectors --decoder "'$CLI_DIR/mistaken.py' is_head '$DECODER'" \
        --report-html "$WORK/c.html" --report-junit "$WORK/c.xml" --report-markdown "$WORK/c.md" \
        "$VECTORS"/{leaf,geometry}-5.3.0-default.json
    out_has '^IsHead: '
    grep -q '^## jeconform vectors: fail$' "$WORK/c.md" || fail "$(head -3 "$WORK/c.md")"
    grep -q '^- \*\*IsHead\*\*: ' "$WORK/c.md" || fail "no IsHead in Markdown"
    python3 - "$WORK/c.xml" <<'END' >"$OUT" 2>"$ERR" || fail "$(said)"
import sys, xml.etree.ElementTree
suites = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
assert suites.tag == "testsuites" and len(suites) == 2
for suite in suites:
    assert int(suite.get("tests")) == len(suite), suite.attrib
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
assert int(suites[1].get("failures")) > 5 or int(suites[0].get("failures")) > 5
END
    ! grep -Eq '(src|href)="(http)?[^"]*\.(js|css)' "$WORK/c.html" || fail "the page needs other files"
}

# A plug-in of gdb is asked through gdb: its core reader takes the images, root symbol and types are made for it.
test_command_of_gdb() {
    local adapter="'$ROOT_DIR/harness/adapters/gdb_command.py' '$CLI_DIR/gdb_plugin.json'"
    command -v gdb >/dev/null || skip "gdb is not here"
    TOY=$CLI_DIR PATIENCE=200 status 0 jeconform vectors --decoder "$adapter" --decoder-seconds 60 --json \
        "$VECTORS/extents-5.3.0-default.json" "$VECTORS/extents-5.3.1-default.json"
    ask are <(tail -1 "$OUT") right=1 wrong=0 unsupported=1
    grep -q '"why":"unsupported layout: toy does not claim version 5.3.1"' "$OUT" || fail "$(head -1 "$OUT")"
    TOY=$WORK/nowhere status 3 jeconform vectors --decoder-seconds 60 --decoder "$adapter" "$VECTORS/extents-5.3.0-default.json"
    out_has 'skipped: \$TOY/gdb_plugin.py is not here'
    # the recipes that are shipped: their tools are not
    local recipe
    for recipe in pwndbg core_analyzer; do
        env -u PWNDBG -u CORE_ANALYZER "$JECONFORM" vectors "$VECTORS/extents-5.3.0-default.json" --decoder \
            "'$ROOT_DIR/harness/adapters/gdb_command.py' '$ROOT_DIR/harness/adapters/$recipe.json'" \
            --decoder-seconds 60 >"$OUT" 2>"$ERR"
        [ $? -eq 3 ] || fail "$recipe: $(said)"
        out_has 'skipped: .* is not here'
    done
}

# In a browser, dark and light, narrow and wide; the buttons are buttons, so a keyboard reaches them.
test_page_looks_right() {
    need_tool chromium
    status 1 jeconform vectors --decoder "'$CLI_DIR/mistaken.py' is_head '$DECODER'" \
        --report-html "$WORK/c.html" --report-json "$WORK/c.json" "$VECTORS"/{leaf,geometry,extent}-5.3.0-default.json
    local counts
    counts=$(python3 -c 'import json, sys
card = json.load(open(sys.argv[1]))
rows = [*card["kinds"].values(), *card["flags"].values(), *card["files"]]
bad = [r for r in rows if r["wrong"] + r["crashed"] + r["timeout"]]
skip = [r for r in rows if r not in bad and not r["right"]]
print(len(bad), len(skip), len(rows) - len(bad) - len(skip))' "$WORK/c.json")
    mkdir "$WORK/pictures"
    # shellcheck disable=SC2086
    PATIENCE=240 try python3 "$CLI_DIR/report_look.py" "$WORK/c.html" "$WORK/pictures" $counts
    [ "$RC" -eq 0 ] || fail "$(said)"
    [ -z "${JEHEAP_PICTURES:-}" ] || cp "$WORK"/pictures/*.png "$JEHEAP_PICTURES"
}

test_regression_script() {
    env -i PATH="$PATH" HOME="$WORK" GITHUB_STEP_SUMMARY="$WORK/job.md" "$ROOT_DIR/ci/regression/run" \
        --decoder "'$CLI_DIR/mistaken.py' is_head '$DECODER'" --bin "${JEHEAP_BIN:-$ROOT_DIR/build/bin}" \
        --vectors 'leaf-5.3.0-default.json geometry-*.json' --out "$WORK/reports" >"$OUT" 2>"$ERR"
    [ $? -eq 1 ] || fail "$(said)"
    out_has '^IsHead: '
    [ "$(ls "$WORK/reports")" = "$(printf '%s\n' summary.md vectors.{html,json,md,txt,xml})" ] ||
        fail "$(ls "$WORK/reports")"
    same_file "$WORK/job.md" "$WORK/reports/summary.md" "the job's summary"
    grep -q '^| IsHead | 0 | [1-9]' "$WORK/job.md" || fail "$(cat "$WORK/job.md")"
    "$ROOT_DIR/ci/regression/run" >"$OUT" 2>"$ERR"
    [ $? -eq 2 ] || fail "without arguments: status $?"
    err_has '^--decoder COMMAND'
}

# What a server would take: the action, the example workflow that its page has, the template.
test_regression_yaml() {
    python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not here"
    python3 - "$ROOT_DIR/ci/regression" "$WORK" <<'END' >"$OUT" 2>"$ERR" || fail "$(said)"
import pathlib, re, sys, yaml
folder, work = map(pathlib.Path, sys.argv[1:])
action = yaml.safe_load((folder / "action.yml").read_text())
text = (folder / "action.yml").read_text()
assert set(re.findall(r"inputs[.](\w+)", text)) == set(action["inputs"])
options = set(re.findall(r"--(\w+)\)", (folder / "run").read_text()))
for step in action["runs"]["steps"]:
    assert "uses" in step or "shell" in step and set(re.findall(r"--(\w+)", step["run"])) <= options
template = yaml.safe_load((folder / "gitlab.yml").read_text())
job = template[".jeconform"]
assert set(re.findall(r"[$](J\w+)", str(job["script"]) + str(job["before_script"]))) <= set(job["variables"])
assert set(re.findall(r"--(\w+)", job["script"][0])) <= options
github, gitlab = [yaml.safe_load(code) for code in re.findall("```yaml\n(.*?)```", (folder / "README.md").read_text(), re.S)]
step = next(s for s in github["jobs"]["conformance"]["steps"] if "jeheap" in s.get("uses", ""))
assert set(step["with"]) <= set(action["inputs"])
assert set(gitlab["conformance"]["variables"]) <= set(job["variables"])
workflows = work / "w/.github/workflows"
workflows.mkdir(parents=True)
(workflows / "example.yml").write_text(yaml.safe_dump({("on" if k is True else k): v for k, v in github.items()}))
END
    local npm=${JEHEAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jeheap}/npm/action-validator
    [ -e "$npm/node_modules" ] || timeout 120 npm install --prefix "$npm" --no-audit --no-fund \
        @action-validator/core@0.6.0 @action-validator/cli@0.6.0 >"$OUT" 2>"$ERR" || skip "npm has no action-validator here"
    local file
    for file in "$ROOT_DIR/ci/regression/action.yml" "$WORK/w/.github/workflows/example.yml"; do
        try "$npm/node_modules/.bin/action-validator" "$file"
        [ "$RC" -eq 0 ] || fail "$file: $(head -c 300 "$OUT")"
        # and it is no validator that takes everything
        mkdir -p "$WORK/bad/${file%/*}"
        sed 's/\(using\|runs-on\):.*/\1: [7, {}]/' "$file" >"$WORK/bad/$file"
        ! cmp -s "$file" "$WORK/bad/$file" || fail "$file: nothing was made wrong in it"
        try "$npm/node_modules/.bin/action-validator" "$WORK/bad/$file"
        [ "$RC" -ne 0 ] || fail "$file: what is wrong in it is taken"
    done
}

# The job as GitLab has it after its include and extends, by the JSON schema of GitLab's CI files, which a package
# brings along.
test_regression_gitlab_schema() {
    python3 -c 'import jsonschema, yaml' 2>/dev/null || skip "python3-jsonschema or python3-yaml is not here"
    local npm=${JEHEAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jeheap}/npm/gitlab-ci-local
    local schema=$npm/package/src/schema/schema.json
    [ -e "$schema" ] || { mkdir -p "$npm" && cd "$npm" && timeout 120 npm pack gitlab-ci-local@4.52.0 >"$OUT" 2>"$ERR" &&
        tar xzf gitlab-ci-local-4.52.0.tgz; } || skip "npm has no gitlab-ci-local here"
    python3 - "$ROOT_DIR/ci/regression" "$schema" <<'END' >"$OUT" 2>"$ERR" || fail "$(said)"
import copy, json, pathlib, re, sys, jsonschema, yaml
folder, schema = map(pathlib.Path, sys.argv[1:])
checker = jsonschema.Draft7Validator(json.loads(schema.read_text()))
template = yaml.safe_load((folder / "gitlab.yml").read_text())
example = yaml.safe_load(re.findall("```yaml\n(.*?)```", (folder / "README.md").read_text(), re.S)[1])
assert example["conformance"].pop("extends") == ".jeconform"
job = {**template[".jeconform"], **example["conformance"],
       "variables": {**template[".jeconform"]["variables"], **example["conformance"]["variables"]}}
file = {**example, **template, "conformance": job}
assert not list(checker.iter_errors(file)), [e.message for e in checker.iter_errors(file)]
for key, value in (("artifacts", {"when": "sometimes"}), ("cache", {"paths": 7}), ("scripts", [])):
    bad = copy.deepcopy(file)
    bad["conformance"][key] = value
    assert list(checker.iter_errors(bad)), key
END
}
