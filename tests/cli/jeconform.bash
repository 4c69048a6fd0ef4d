# jeconform: its commands, its reports, and that a failure is one.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

PINS="5.0.0 5.0.1 5.1.0 5.2.0 5.2.1 5.3.0 5.3.1 dev redis-6.0 redis-7.0 redis-8.0 valkey-9.1 \
    debian-5.2.1-3 debian-5.3.0-1 debian-5.3.0-3 biome-2.6.8"

test_usage() {
    refuses 2 'command is missing' jeconform
    refuses 2 'no command nope' jeconform nope
    refuses 2 'too many arguments: more' jeconform run more
    refuses 2 'no pin nope; see jeconform list$' jeconform run --pin nope
    refuses 2 'no config zzzz; see jeconform list$' jeconform run --config zzzz
    refuses 2 'no pin nope' jeconform run --pin 5.3.0 --pin nope
    refuses 2 'no pin redis7; did you mean redis-7\.0\?' jeconform run --pin redis7
    refuses 2 'no pin 5\.3; did you mean 5\.3\.[01]\?' jeconform run --pin 5.3
    refuses 2 'no config pge64k; did you mean page64k\?' jeconform run --config pge64k
    refuses 2 'no command lst; did you mean list\?' jeconform lst
    refuses 2 'nope' jeconform run --nope
    refuses 2 '^jeconform: --jobs does not take .0.' jeconform run --jobs 0
    refuses 2 '^jeconform: --seed does not take .x.' jeconform run --seed x
    refuses 2 'what' jeconform run --color what
}

# Whatever it says begins with its name, also what getopt says and what it says of its progress.
test_name_in_front() {
    local command
    for command in "run --nope" "run --pin" "run --pin nope" nope "run --seed x" \
        "run --pin 5.0.0 --report-html $WORK/no/r.html" "run --pin 5.0.0" "emit --pin 5.0.0 --seeds $WORK/s"; do
        # shellcheck disable=SC2086
        JEHEAP_CACHE=$WORK/no-cache JEHEAP_JEMALLOC_GIT=$WORK/no-repository JEHEAP_SOURCES='' jeconform $command
        [ -s "$ERR" ] || fail "$command: nothing on stderr"
        ! grep -qv '^jeconform: ' "$ERR" || fail "$command: $(said)"
    done
}

test_help_and_version() {
    status 0 jeconform --help
    out_has '^usage: jeconform COMMAND'
    out_has '^  list '
    out_has '^  run '
    status 0 jeconform --version
    out_has '^jeconform [0-9]'
    [ ! -s "$ERR" ] || fail "something on stderr: $(said)"
}

# Nothing is fetched: it says what is here, and of the rest that nobody has tried.
test_list() {
    export JEHEAP_JEMALLOC_GIT=$WORK/no-repository npm_config_registry=http://127.0.0.1:9/
    status 0 jeconform list --json
    grep '^{"pin"\|^{ *"pin"' "$OUT" >"$WORK/pins.json"
    # shellcheck disable=SC2086
    set -- $PINS
    [ "$(ask count "$WORK/pins.json")" -eq $# ] || fail "$(ask count "$WORK/pins.json") pins, not $#"
    ask have "$WORK/pins.json" pin version available why
    for pin in $PINS; do
        grep -q "\"pin\": *\"$pin\"" "$WORK/pins.json" || fail "no pin $pin"
    done
    grep -v '"pin"' "$OUT" >"$WORK/configs.json"
    ask have "$WORK/configs.json" config about
    for config in default la57 debug no-oblivious quantum8 large-text reserved far-file left-out slab-sizes \
        node redis-server mariadbd slab-sizes-python as-shipped; do
        grep -q "\"config\": *\"$config\"" "$WORK/configs.json" || fail "no config $config"
    done
}

test_list_text() {
    local -x JEHEAP_JEMALLOC_GIT='' JEHEAP_SOURCES=$WORK JEHEAP_CACHE=$WORK/list-cache
    : >"$WORK/jemalloc-5.0.1.tar.bz2"
    PATIENCE=10 status 0 jeconform list
    for pin in $PINS; do
        out_has "^  $pin +jemalloc [0-9.]+ +(can be had|not here: |unknown: )"
    done
    out_has '^  5\.0\.0 +jemalloc 5\.0\.0 +unknown: not fetched yet \(git\)$'
    out_has '^  5\.0\.1 +jemalloc 5\.0\.1 +can be had$'
    out_has '^  5\.3\.0 +jemalloc 5\.3\.0 +unknown: not fetched yet \(debian-source, git\)$'
    out_has '^  la57 '
    [ ! -e "$WORK/list-cache" ] || fail "something was fetched: $(ls -R "$WORK/list-cache")"
    JEHEAP_JEMALLOC_GIT=$WORK status 0 jeconform list --json
    grep '"5.0.0"' "$OUT" >"$WORK/line"
    ask are "$WORK/line" available=false
    [[ $(ask get "$WORK/line" why) == *"git: $WORK has no commit 5018fe3f"* ]] || fail "$(cat "$WORK/line")"
}

# A library as a distribution ships it: looked at in a program, and nowhere else.
test_shipped_library() {
    local pin=debian-5.3.0-3
    status 0 jeconform run --pin $pin --report-json "$WORK/r.json"
    [ "$(ask get "$WORK/r.json" totals.skip)" = 0 ] || skip "$(ask get "$WORK/r.json" cells.0.why)"
    ask are "$WORK/r.json" totals.cells=1 cells.0.config=shared-stripped cells.0.status=pass \
        cells.0.api.mismatches=0 cells.0.offline.mismatches=0
    [[ $(ask get "$WORK/r.json" cells.0.layout) == *lg_vaddr=57* ]] || fail "not of 57 bits"
    status 0 jeconform run --pin $pin --config la57 --report-json "$WORK/r.json"
    ask are "$WORK/r.json" totals.cells=1 cells.0.status=skip
    [[ $(ask get "$WORK/r.json" cells.0.why) == *"as it is shipped"* ]] || fail "no reason"
}

# A program of others: jemalloc's statistics are the truth, and what the process has its images must have.
test_program_of_others() {
    status 0 jeconform run --pin debian-5.3.0-1 --config redis-server --report-json "$WORK/r.json"
    [ "$(ask get "$WORK/r.json" totals.skip)" = 0 ] || skip "$(ask get "$WORK/r.json" cells.0.why)"
    ask are "$WORK/r.json" cells.0.status=pass cells.0.api.mismatches=0 cells.0.heap.compared=0
    [ "$(ask get "$WORK/r.json" cells.0.api.compared)" -gt 10000 ] || fail "little was compared"
    [ "$(ask get "$WORK/r.json" cells.0.offline.extents)" -gt 1000 ] || fail "few extents"
}

# A program that cannot be had is a skip with the reason; one that is no program's config likewise.
test_program_that_is_not_here() {
    local -x npm_config_registry=http://127.0.0.1:9/
    JEHEAP_CACHE=$WORK/no-cache JEHEAP_SOURCES='' \
        status 0 jeconform run --pin biome-2.6.8 --report-json "$WORK/r.json"
    ask are "$WORK/r.json" totals.cells=1 cells.0.config=as-shipped cells.0.status=skip
    [[ $(ask get "$WORK/r.json" cells.0.why) == "no program. "*npm* ]] ||
        fail "$(ask get "$WORK/r.json" cells.0.why)"
    status 0 jeconform run --pin biome-2.6.8 --config la57 --report-json "$WORK/r.json"
    ask are "$WORK/r.json" cells.0.status=skip
    status 0 jeconform run --pin 5.3.0 --config node --report-json "$WORK/r.json"
    ask are "$WORK/r.json" cells.0.status=skip
}

# The file of the archive's pool that a source comes from: its digest counts, wherever it was found.
test_package_as_source() {
    local cache=${JEHEAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jeheap} deb=librust-jemalloc-sys-dev_0.3.2-2_amd64.deb
    need_tool dpkg-deb
    mkdir "$WORK/sources"
    echo something else >"$WORK/sources/$deb"
    JEHEAP_CACHE=$WORK/cache JEHEAP_SOURCES=$WORK/sources JEHEAP_JEMALLOC_GIT=$WORK/no-repository \
        status 1 jeconform run --pin 5.1.0 --report-json "$WORK/r.json"
    [[ $(ask get "$WORK/r.json" cells.0.why) == "wrong digest: $WORK/sources/$deb"* ]] ||
        fail "$(ask get "$WORK/r.json" cells.0.why)"
    cp "$cache"/sources/*/"$deb" "$WORK/sources/" 2>/dev/null || skip "$deb is not in the cache"
    JEHEAP_CACHE=$WORK/cache JEHEAP_SOURCES=$WORK/sources JEHEAP_JEMALLOC_GIT=$WORK/no-repository \
        status 0 jeconform constants --pin 5.1.0 --config default --report-json "$WORK/r.json" \
        --only 5.1.0,lg_vaddr=48,lg_page=12,lg_quantum=4
    ask are "$WORK/r.json" cells.0.status=pass cells.0.combinations=1
}

LEVELS="constants functions heap api offline"

test_reports() {
    local keys="" level
    have stock
    status 0 jeconform run --pin 5.3.0 --config default --report-json "$WORK/r.json" \
        --report-junit "$WORK/r.xml" --report-html "$WORK/r.html"
    out_has '^5\.3\.0 +default +pass'
    for level in $LEVELS; do
        keys="$keys cells.0.$level.compared cells.0.$level.mismatches"
        [ "$(ask get "$WORK/r.json" "cells.0.$level.compared")" -gt 0 ] || fail "$level compared nothing"
    done
    # shellcheck disable=SC2086
    ask get "$WORK/r.json" $keys cells.0.why cells.0.seconds cells.0.layout cells.0.heap.extents \
        cells.0.heap.fields cells.0.heap.lookups cells.0.heap.regions cells.0.heap.cached \
        cells.0.heap.cached_in_storage totals \
        >/dev/null
    ask are "$WORK/r.json" schema=1 cells.0.pin=5.3.0 cells.0.config=default cells.0.status=pass \
        'cells.0.mismatch=[]' cells.0.heap.mismatches=0 totals.cells=1 totals.pass=1 totals.fail=0
    [[ $(ask get "$WORK/r.json" cells.0.jemalloc_version) == 5.3.0* ]] || fail "jemalloc_version"
    python3 - "$WORK/r.xml" <<'P' 2>"$ERR" || fail "JUnit: $(tail -n 1 "$ERR")"
import sys
import xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
assert suite.tag in ("testsuite", "testsuites"), suite.tag
cases = list(suite.iter("testcase"))
assert len(cases) == 1, cases
assert not list(cases[0]), "a case that passed says something"
P
    grep -q '<html\|<!doctype' "$WORK/r.html" || fail "no HTML"
    grep -q '5\.3\.0' "$WORK/r.html" || fail "the HTML does not name the pin"
}

# The same seed makes the same heap, as far as the report does not say that it varies. `ci/test` has run the
# same cell before.
test_same_seed() {
    local earlier=$ROOT_DIR/build/cells.json
    have stock
    [ "$earlier" -nt "$JECONFORM" ] || {
        earlier=$WORK/earlier.json
        status 0 jeconform run --pin 5.3.0 --config default --report-json "$earlier"
    }
    status 0 jeconform run --pin 5.3.0 --config default --report-json "$WORK/again.json"
    python3 - "$earlier" "$WORK/again.json" <<'P' 2>"$ERR" || fail "$(tail -n 1 "$ERR")"
import json
import sys

def figures(path):
    with open(path) as file:
        report = json.load(file)
    assert "values compared under heap, api and offline" in report["varies"], "it does not say what varies"
    cell, = (c for c in report["cells"] if (c["pin"], c["config"]) == ("5.3.0", "default"))
    levels = {name: value for name, value in cell.items() if isinstance(value, dict)}
    for name in ("heap", "api", "offline"):
        for varies in ("compared", "extents", "fields", "lookups"):
            levels[name].pop(varies, None)
    return {name: cell[name] for name in ("status", "layout", "command", "mismatch")} | levels

a, b = map(figures, sys.argv[1:])
assert a == b, f"not the same: {[(k, a[k], b[k]) for k in a if a[k] != b[k]]}"
P
}

# A pin whose source cannot be had: quick to run, and neither a pass nor a failure.
no_source() {
    JEHEAP_CACHE=$WORK/no-cache JEHEAP_JEMALLOC_GIT=$WORK/no-repository JEHEAP_SOURCES='' \
        jeconform run --pin 5.0.0 "$@"
}

test_json_and_a_skip() {
    status 0 no_source --json --quiet
    [ ! -s "$ERR" ] || fail "--quiet says: $(said)"
    [ "$(ask count "$OUT")" -eq 2 ] || fail "not one line for the cell and one for the totals"
    head -n 1 "$OUT" >"$WORK/line"
    ask are "$WORK/line" pin=5.0.0 config=default status=skip
    [ -n "$(ask get "$WORK/line" why)" ] || fail "no reason for the skip"
    tail -n 1 "$OUT" >"$WORK/line"
    ask are "$WORK/line" cells=1 pass=0 fail=0 skip=1
}

# err_lines N COMMAND...: that exit status, and one line on stderr, none of progress.
err_lines() {
    status "$@"
    [ "$(wc -l <"$ERR")" -eq 1 ] || fail "it ran: $(said)"
}

# Before the run, which may take hours; what an earlier run has written stays until there is a new one.
test_report_that_cannot_be_written() {
    local format
    for format in json junit html; do
        err_lines 2 no_source "--report-$format" "$WORK/no/such/folder/r"
        err_has "^jeconform: --report-$format $WORK/no/such/folder/r cannot be written: No such file"
        err_lines 2 no_source "--report-$format" "$WORK"
        err_has "^jeconform: --report-$format $WORK cannot be written: Is a directory"
        status 1 no_source --quiet "--report-$format" /dev/full
        err_has "--report-$format /dev/full cannot be written"
    done
    echo earlier >"$WORK/refused.json"
    err_lines 2 no_source --report-json "$WORK/refused.json" --report-html "$WORK/no/r.html" \
        --report-junit "$WORK/refused.xml"
    [ "$(cat "$WORK/refused.json")" = earlier ] && [ ! -e "$WORK/refused.xml" ] ||
        fail "something was written"
}

# A tree that cannot be built is a failure, not a skip.
test_source_that_does_not_build() {
    mkdir -p "$WORK/tree/src" "$WORK/tree/include"
    echo 'AC_INIT([Makefile.in])' >"$WORK/tree/configure.ac"
    echo '5.3.0-0-g0000000000000000000000000000000000000000' >"$WORK/tree/VERSION"
    printf '#!/bin/sh\nsleep 3\necho this tree is broken >&2\nexit 1\n' >"$WORK/tree/configure"
    chmod +x "$WORK/tree/configure"
    status 1 jeconform run --source "$WORK/tree" --report-json "$WORK/r.json" --keep
    rm -r "$(ask get "$WORK/r.json" cells.0.files)"
    [ "$(ask get "$WORK/r.json" cells.0.files_bytes)" -gt 0 ] || fail "the size of what is kept"
    err_has '^jeconform: \[0/1\] [2-9] s, running: source/default$' # nobody waits without a sign
    err_has '^jeconform: kept /tmp/jeconform\.[^ ]+, [0-9.]+ KiB: source default$'
    err_has '^jeconform: kept [0-9.]+ KiB \([0-9]+ bytes\) in all'
    ask are "$WORK/r.json" cells.0.status=fail totals.fail=1 totals.pass=0
    [ -n "$(ask get "$WORK/r.json" cells.0.why)" ] || fail "no reason"
}

test_source_that_is_none() {
    mkdir -p "$WORK/nothing"
    status 1 jeconform run --source "$WORK/nothing" --report-json "$WORK/r.json"
    ask are "$WORK/r.json" cells.0.status=fail
    [[ $(ask get "$WORK/r.json" cells.0.why) == *configure.ac* ]] || fail "the reason is not said"
}

# What hinders a build is a failure, not a skip.
test_cache_that_cannot_be_written() {
    have stock
    echo >"$WORK/file"
    JEHEAP_CACHE=$WORK/file/cache status 1 jeconform run --pin 5.3.0 --report-json "$WORK/r.json"
    ask are "$WORK/r.json" cells.0.status=fail
}

DEBUG_57=5.3.0,lg_vaddr=57,lg_page=14,lg_quantum=3,debug,prof,no-stats,no-oblivious

# From the headers alone; the same when configured for real.
test_constants() {
    have stock
    status 0 jeconform constants --pin 5.3.0 --config default --only "$DEBUG_57" --prove 1 --report-json "$WORK/r.json"
    out_has '^default +1$'
    ask are "$WORK/r.json" schema=1 cells.0.pin=5.3.0 cells.0.config=default cells.0.status=pass \
        cells.0.combinations=1 cells.0.proven=1 cells.0.refused=0 'cells.0.mismatch=[]' \
        totals.combinations=1 totals.mismatches=0
    [ "$(ask get "$WORK/r.json" cells.0.constants.compared)" -gt 400 ] || fail "too few constants"
}

# sc.h: fewer regions in a slab than 64 KiB pages have.
test_constants_refused() {
    have stock
    status 0 jeconform constants --pin 5.3.0 --config default --json --quiet \
        --only 5.3.0,lg_vaddr=48,lg_page=16,lg_quantum=4,lg_slab_maxregs=9
    head -n 1 "$OUT" >"$WORK/line"
    ask are "$WORK/line" status=pass combinations=1 refused=1 constants.compared=1
}

test_constants_usage() {
    refuses 2 'prove|0' jeconform constants --prove 0
    have stock
    status 1 jeconform constants --pin 5.3.0 --config default --only 5.3.0,lg_page=17
    out_has 'no combination 5\.3\.0,lg_page=17 here'
}

test_constants_without_source() {
    JEHEAP_CACHE=$WORK/no-cache JEHEAP_JEMALLOC_GIT=$WORK/no-repository JEHEAP_SOURCES='' \
        status 0 jeconform constants --pin 5.0.0 --config default --quiet
    out_has '^default +skip$'
    out_has '^skip: 5\.0\.0/default'
}

# With nothing to bend there is a reason, and no success.
test_drift_without_source() {
    local -x JEHEAP_CACHE=$WORK/no-cache JEHEAP_JEMALLOC_GIT=$WORK/no-repository JEHEAP_SOURCES=''
    status 3 jeconform drift --pin 5.0.0 --quiet
    out_has '^skip: 5\.0\.0/default'
    out_has 'no source\. '
    out_has '^0 of 0 bends noticed$'
    status 3 jeconform drift --pin 5.0.0 --quiet --json
    err_has '^skip: 5\.0\.0/default'
    [ "$(cat "$OUT")" = '{"noticed":0,"total":0,"survivors":[]}' ] || fail "other JSON: $(cat "$OUT")"
}

# A copy of 5.3.0's source, from wherever an earlier build had it.
source_tree() {
    local cache=${JEHEAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/jeheap} archive
    for archive in "$cache"/sources/*/jemalloc_5.3.0.orig.tar.bz2 "${JEHEAP_SOURCES:-/none}"/jemalloc*5.3.0*.tar.bz2; do
        if [ -f "$archive" ]; then
            mkdir -p "$1"
            tar -xf "$archive" --strip-components=1 -C "$1"
            return
        fi
    done
    skip "no source of 5.3.0 here"
}

BUILD_48=5.3.0,lg_vaddr=48,lg_page=12,lg_quantum=4

# One bit more in the middle of e_bits: every field above it is named, and nothing is built.
test_source_with_a_wider_field() {
    source_tree "$WORK/tree"
    sed -i 's/\(EDATA_BITS_ZEROED_WIDTH *\)1$/\12/' "$WORK/tree/include/jemalloc/internal/edata.h"
    status 1 jeconform run --source "$WORK/tree" --report-json "$WORK/r.json"
    out_has 'unsupported layout: 14 constants of these headers'
    out_has 'EXTENT_BITS_GUARDED_SHIFT: expected 0x11, seen 0x10'
    out_has "^source default \(jeconform run --source $WORK/tree --config default\):"
    ask are "$WORK/r.json" cells.0.status=fail cells.0.constants.mismatches=14 cells.0.heap.compared=0 \
        cells.0.mismatch.0.what=EXTENT_BITS_ZEROED_WIDTH \
        "cells.0.mismatch.0.command=jeconform run --source $WORK/tree --config default"
}

# A bit field and a state behind all the others: no constant that is known changes.
test_source_with_new_names() {
    source_tree "$WORK/tree"
    sed -i -e 's/extent_state_merging = 5,/&\n\textent_state_frozen = 6,/' \
        -e '/^#define EDATA_BITS_IS_HEAD_MASK/a #define EDATA_BITS_HOT_SHIFT (EDATA_BITS_IS_HEAD_WIDTH + EDATA_BITS_IS_HEAD_SHIFT)' \
        "$WORK/tree/include/jemalloc/internal/edata.h"
    status 1 jeconform constants --source "$WORK/tree" --config default --only "$BUILD_48"
    out_has 'unsupported layout: 2 constants of these headers'
    out_has 'EXTENT_BITS_HOT_SHIFT: expected a field or state that jeheap knows'
    out_has 'STATE_FROZEN: expected'
}

test_source_that_says_nothing() {
    source_tree "$WORK/tree"
    rm "$WORK/tree/VERSION" "$WORK/tree/ChangeLog"
    status 0 jeconform constants --source "$WORK/tree" --config default --only "$BUILD_48"
    out_has 'note: the tree says that it is no version, its headers are those of 5\.3\.0'
}

test_source_that_lies() {
    local version
    source_tree "$WORK/tree"
    for version in 5.2.1 5.4.0; do
        echo $version-0-g0123456789012345678901234567890123456789 >"$WORK/tree/VERSION"
        status 0 jeconform constants --source "$WORK/tree" --config default --only "$BUILD_48"
        out_has "note: the tree says that it is $version-0-g[0-9a-f]+, its headers are those of 5\.3\.0"
    done
}

# The same files each time: nothing in them depends on where the system puts things. Those of check have
# times that arenas keep.
test_emit() {
    local what stage
    have stock
    status 0 jeconform emit --pin 5.3.0 --config default --seeds "$WORK/seeds" --images "$WORK/images"
    err_has '^jeconform: 5\.3\.0 default: [0-9]+ extents'
    head -n 2 "$WORK/images/5.3.0-default" | tail -n 1 | grep -aq '^build 5\.3\.0 8 48 12 ' ||
        fail "the image does not say what it is of"
    [ "$(stat -c %s "$WORK/images/5.3.0-default")" -lt 200000 ] || fail "the image is not small"
    for what in sound child leaf extent user; do
        [ -s "$WORK/seeds/heap/5.3.0-default-$what" ] || fail "no seed $what"
    done
    grep -aq '^variable arenas ' "$WORK/images/checked/5.3.0-default" || fail "the image of check names no arenas"
    [ "$(stat -c %s "$WORK/images/checked/5.3.0-default")" -lt 300000 ] || fail "the image of check is not small"
    for what in sound child leaf extent user own; do
        [ -s "$WORK/seeds/check/5.3.0-default-$what" ] || fail "no seed of check: $what"
    done
    for stage in layout rtree leaf extent arena slab size_class bent; do
        [ -s "$WORK/seeds/$stage/5.3.0-default-0" ] || fail "no seed of $stage"
    done
    for what in leaf extent number; do
        [ -s "$WORK/seeds/oracle/5.3.0-default-$what-0" ] || fail "no seed of oracle: $what"
    done
    status 0 jeconform emit --quiet --pin 5.3.0 --config default --images "$WORK/images-again"
    [ ! -s "$ERR" ] || fail "--quiet says: $(said)"
    cmp -s "$WORK/images/5.3.0-default" "$WORK/images-again/5.3.0-default" || fail "another image"
}

# A build that the two bytes of an input cannot say.
test_emit_of_a_rare_build() {
    have stock
    status 0 jeconform emit --pin 5.3.0 --config debug --seeds "$WORK/rare"
    err_has '^jeconform: 5\.3\.0 debug: [0-9]+ extents; seeds of heap and index only'
    [ "$(ls "$WORK/rare")" = "heap"$'\n'"index" ] || fail "there is more: $(ls "$WORK/rare")"
}

test_emit_that_cannot() {
    have stock
    refuses 2 'missing.*--seeds' jeconform emit
    refuses 2 'no config nope' jeconform emit --seeds "$WORK/s" --config nope
    refuses 1 'file/seeds' jeconform emit --pin 5.3.0 --seeds "$WORK/nothing/file/seeds"
    JEHEAP_CACHE=$WORK/no-cache JEHEAP_JEMALLOC_GIT=$WORK/no-repository JEHEAP_SOURCES='' \
        refuses 3 '5\.0\.0 default: skip' jeconform emit --pin 5.0.0 --seeds "$WORK/s"
}

# A run of some cells replaces these in the support table, and a cell that was skipped replaces none that
# was run.
test_support_table() {
    local top=$WORK/tree level='{"compared":7,"mismatches":0}' levels cells
    levels="\"constants\":$level,\"functions\":$level,\"heap\":$level,\"api\":$level,\"offline\":$level"
    mkdir -p "$top/ci" "$top/harness"
    cp "$CLI_DIR/../../ci/support-table" "$top/ci"
    cp "$CLI_DIR"/../../harness/{pins,configs}.json "$top/harness"
    printf '%s\n' above "<!-- support table: made by ci/support-table -->" \
        "<!-- end of support table -->" below >"$top/harness/SUPPORT.md"
    cells='{"pin":"5.0.0","config":"default","status":"skip","why":"no source"},
        {"pin":"gone","config":"default","status":"pass","why":""},
        {"pin":"5.3.0","config":"la57","status":"pass","why":""},
        {"pin":"5.3.0","config":"default","status":"pass","why":""}'
    echo "{\"cells\":[$cells],\"totals\":{}}" >"$top/harness/support.json"
    echo "{\"cells\":[{\"pin\":\"5.0.0\",\"config\":\"default\",\"status\":\"pass\",\"why\":\"\",$levels},
        {\"pin\":\"5.3.0\",\"config\":\"default\",\"status\":\"skip\",\"why\":\"no source\"}]}" >"$top/a.json"
    echo "{\"cells\":[{\"pin\":\"5.3.0\",\"config\":\"prof\",\"status\":\"fail\",\"why\":\"\",$levels}]}" >"$top/b.json"
    status 0 try "$top/ci/support-table" "$top/a.json" "$top/b.json"
    status 0 try "$top/ci/support-table" --check
    cp "$top/harness/SUPPORT.md" "$OUT"
    out_has '^\| config \| 5\.0\.0 \| 5\.3\.0 \|$'
    out_has '^\| default \| pass \| pass \|$'
    out_has '^\| la57 \|  \| pass \|$'
    out_has '^\| prof \|  \| fail \|$'
    out_has '^3 pass, 1 fail, 0 skip; at least 70 values compared, 0 mismatches\.$'
    status 0 try "$top/ci/support-table" --new "$top/b.json" "$top/a.json"
    cp "$top/harness/SUPPORT.md" "$OUT"
    out_has '^\| default \| pass \| skip 1 \|$'
    out_has '^1 pass, 1 fail, 1 skip; 70 values compared'
    refuses 2 usage try "$top/ci/support-table"
}
