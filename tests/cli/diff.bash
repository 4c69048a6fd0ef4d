# diff: what grew between two cores, or a core and its process.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs newest 5.3.1 default
needs la57 5.3.0 la57

# grown WITNESS: BEFORE is a core of grow.c, made before it grew; BACK is its process.
grown() {
    local dir=$WORK/grow-$1
    mkdir -p "$dir"
    linked "$1" grow.c "$dir/grow"
    background "$dir/grow" >"$dir/stdout" 2>&1 </dev/null
    GROWN=$dir/stdout
    wait_line "$GROWN" "$BACK" '^ready' || fail "grow ended: $(head -n 2 "$GROWN")"
    BEFORE=$dir/before.core
    gcore_of "$BACK" "$BEFORE"
    kill -USR1 "$BACK"
    wait_line "$GROWN" "$BACK" '^grown' || fail "grow ended: $(head -n 2 "$GROWN")"
}

# is_the_growth FILE: 1000 regions of 320 bytes, one large allocation new and one gone.
is_the_growth() {
    python3 - "$1" "$GROWN" <<'PY' 2>"$WORK/why.py" || fail "diff: $(tail -n 1 "$WORK/why.py")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
at = dict(line.split() for line in open(sys.argv[2]) if " " in line)
rows = [l for l in lines if "szind" in l]
growth = lambda pair: pair["after"] - pair["before"]
assert [growth(l["bytes"]) for l in rows] == sorted((growth(l["bytes"]) for l in rows), reverse=True)
whole = [l for l in rows if l["size"] == 320 and l["arena_ind"] is None]
part = [l for l in rows if l["size"] == 320 and l["arena_ind"] is not None]
assert [growth(l["live"]) for l in whole] == [1000] == [growth(l["live"]) for l in part], whole
assert growth(whole[0]["bytes"]) == 320000
large = {l["large"]: (l["addr"], l["size"]) for l in lines if "large" in l}
assert large == {"new": (at["new"], 3 << 20), "gone": (at["gone"], 2 << 20)}, large
arena = [l for l in lines if "active" in l and "arena_ind" in l]
assert sum(growth(l["bytes"]) for l in arena) == growth(lines[-1]["live"]), arena
assert growth(lines[-1]["live"]) == 320000 + (1 << 20), lines[-1]
assert not lines[-1]["partial"]
PY
}

a_core_and_its_process() {
    grown "$1"
    status 0 jeheap diff "$BEFORE" "$BACK" --json --quiet
    is_the_growth "$OUT"
    status 0 jeheap diff "$BEFORE" "$BACK" --json --stop
    err_has "^jeheap: process $BACK was held still for "
    is_the_growth "$OUT"
    status 2 jeheap diff "$BEFORE" "$BEFORE" --stop
    err_has '^jeheap: --stop holds a process still; .* are cores, which do not change$'
}

test_core_and_process_5_2_1() { a_core_and_its_process redis; }
test_core_and_process_5_3_0() { a_core_and_its_process stock; }
test_core_and_process_5_3_1() { a_core_and_its_process newest; }

test_cores_and_skeletons() {
    grown stock
    gcore_of "$BACK" "$WORK/after.core"
    status 0 jeheap diff "$BEFORE" "$WORK/after.core" --json --quiet
    is_the_growth "$OUT"
    ask without "$OUT" absent >"$WORK/original"
    status 0 jeheap skeleton "$BEFORE" -o "$WORK/before.skeleton" --quiet
    status 0 jeheap diff "$WORK/before.skeleton" "$WORK/after.core" --json --quiet
    is_the_growth "$OUT"
    status 0 jeheap skeleton "$WORK/after.core" -o "$WORK/after.skeleton" --quiet
    status 0 jeheap diff "$WORK/before.skeleton" "$WORK/after.skeleton" --json --quiet
    ask without "$OUT" absent >"$WORK/answer"
    same_file "$WORK/original" "$WORK/answer" "the skeletons answer otherwise"
    status 0 jeheap diff "$BEFORE" <(cat "$WORK/after.core") --json --quiet
    is_the_growth "$OUT"
    rm -f "$WORK/after.core"
}

test_text() {
    grown stock
    status 0 jeheap diff "$BEFORE" "$BACK" --quiet
    out_has '^ +before +after +growth$'
    out_has '^live +[0-9.]+ [KM]iB +[0-9.]+ [KM]iB +\+1\.3[0-9]* MiB$'
    out_has '^ +320 bytes +1000 +2000 +\+313 KiB$'
    out_has "^$(awk '$1 == "new" { print $2 }' "$GROWN") +3 MiB +[0-9]+  new$"
    out_has "^$(awk '$1 == "gone" { print $2 }' "$GROWN") +2 MiB +[0-9]+  gone$"
    ! awk 'length > 80' "$OUT" | grep -q . || fail "a line of more than 80 columns"
}

# Nothing leads to caches: of regions that are in use or parked the sum is known.
test_caches_not_known() {
    JE_MALLOC_CONF=tcache:false grown stock
    status 0 jeheap diff "$BEFORE" "$BACK" --quiet
    out_has '^held +[0-9.]+ [KM]iB +[0-9.]+ [KM]iB +\+1\.3[0-9]* MiB$'
    out_has '^ +arena +held +active +unused$'
    out_has '^Thread caches of the first are not all known: no arena has a list of them'
    out_has '^Thread caches of the second are not all known: no arena has a list of them'
    ! grep -Eq '^(live|cached) ' "$OUT" || fail "live or cached without caches"
    status 0 jeheap diff "$BEFORE" "$BACK" --json --quiet
    out_has '"size":320,"arena_ind":null,"held":\{"before":1000,"after":2000\}'
    out_has '"live":null,"cached":null,.*"partial":false'
}

# More of each than a screen has; threads of caches.
test_text_of_two_heaps() {
    have stock
    grown stock
    status 0 jeheap diff "$BEFORE" "${PID[stock]}"
    err_has 'warning: these are two programs, '
    out_has '^ +size class +count before'
    out_has '^ +and [0-9]+ more with --json$'
    out_has '^0x[0-9a-f]+ +[1-9][0-9]* +[0-9]+ +[0-9]+ +[-+0-9.]+ [KM]?i?B'
}

test_nothing_changed() {
    grown stock
    kill -STOP "$BACK"
    status 0 jeheap diff "$BACK" "$BACK" --json --quiet
    [ "$(wc -l <"$OUT")" -eq 1 ] || fail "something changed: $(head -n 2 "$OUT")"
}

test_other_programs() {
    grown stock
    local before=$BEFORE
    grown newest
    status 0 jeheap diff "$before" "$BACK" --json
    err_has 'warning: these are two builds of grow'
    err_has 'warning: these are two versions of jemalloc, 5\.3\.0 and 5\.3\.1'
    grep -q '"live":{"before":1000,"after":2000}' "$OUT" || fail "classes are not compared by size"
    have stock la57
    status 0 jeheap diff "${PID[stock]}" "${PID[la57]}" --json
    err_has 'these are two builds of jemalloc, 5\.3\.0,lg_vaddr=48,.* and 5\.3\.0,lg_vaddr=57,'
}

# changed FROM TO: all of BEFORE's bytes that are so, in $WORK/changed.core.
changed() {
    python3 -c 'import sys
core, changed, old, new = sys.argv[1:]
old, new = (word.encode().decode("unicode_escape").encode("latin-1") for word in (old, new))
seen = open(core, "rb").read()
assert old in seen and len(old) == len(new)
open(changed, "wb").write(seen.replace(old, new))' "$BEFORE" "$WORK/changed.core" "$1" "$2" 2>"$ERR" ||
        fail "$(said)"
}

# Such a core does not say which program it is of, and nothing is guessed.
test_core_that_names_no_program() {
    grown stock
    changed 'ELIFCORE\0' 'NONECORE\0' # which files are where
    status 0 jeheap diff "$WORK/changed.core" "$BACK" --json
    is_the_growth "$OUT"
    ! grep -q warning "$ERR" || fail "$(said)"
    changed '\6\0\0\0CORE\0' '\166\0\0\0CORE\0' # where the program starts
    status 0 jeheap diff "$WORK/changed.core" "$BACK" --json
    is_the_growth "$OUT"
    ! grep -q 'two programs' "$ERR" || fail "$(said)"
    rm -f "$WORK/changed.core"
}

test_wrong_targets() {
    grown stock
    refuses 2 'diff needs a second target: jeheap diff ' jeheap diff "$BEFORE"
    refuses 2 'too many arguments: c; diff takes two targets' jeheap diff a b c
    refuses 3 'no-such-file' jeheap diff "$BEFORE" "$WORK/no-such-file"
    refuses 3 'no-such-file' jeheap diff "$WORK/no-such-file" "$BEFORE"
}

test_partial() {
    grown stock
    status 4 jeheap diff "$BEFORE" "$BACK" --json --quiet --max-reads 20
    out_has '"partial":true'
}
