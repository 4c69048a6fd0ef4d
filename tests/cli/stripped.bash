# A program without symbols and debug information: what was learnt from the heap itself, or given.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default

# strip_of NAME: a stripped copy of that witness, running, named bare.
strip_of() {
    need_tool strip
    have "$1"
    strip -o "$WORK/bare.exe" "${EXE[$1]}" || fail "strip"
    start_witness bare "$WORK/bare.exe"
    have bare
    ROOT=$(sed -n 's/^meta root=//p' "${TRUTH[bare]}")
}

test_inferred_5_3() {
    strip_of stock
    status 0 jeheap info "${PID[bare]}" --json
    err_has 'warning: no symbols'
    ask are "$OUT" "root=$ROOT" root_symbol=null layout.learnt_from.root=inferred \
        "layout.learnt_from.version=version string" layout.learnt_from.lg_vaddr=inferred \
        "extents=$(grep -c '^extent ' "${TRUTH[bare]}")"
    status 0 jeheap info "${PID[bare]}"
    out_has '^ +root +from inferred$'
    status 0 jeheap extents "${PID[bare]}" --json
    ask extents "${TRUTH[bare]}" "$OUT"
}

test_inferred_5_2() {
    strip_of redis
    status 0 jeheap extents "${PID[bare]}" --json
    ask extents "${TRUTH[bare]}" "$OUT"
}

test_find() {
    strip_of stock
    ask pointers "${TRUTH[bare]}" >"$WORK/pointers"
    # Without symbols nothing leads to jemalloc's own memory.
    # shellcheck disable=SC2046
    status 1 jeheap find "${PID[bare]}" $(cat "$WORK/pointers") --json
    sed 's/"why":"no leaf"/"why":"metadata"/' "$OUT" >"$WORK/answers"
    ask find "${TRUTH[bare]}" "$WORK/answers"
}

test_given() {
    strip_of stock
    status 0 jeheap extents "${PID[bare]}" --json --root "$ROOT"
    ask extents "${TRUTH[bare]}" "$OUT"
    status 0 jeheap extents "${PID[bare]}" --json --layout 5.3.0
    ask extents "${TRUTH[bare]}" "$OUT"
    status 0 jeheap info "${PID[bare]}" --json --root "$ROOT" --layout 5.3.0
    ask are "$OUT" layout.learnt_from.root=given layout.learnt_from.version=given "root=$ROOT"
}

test_given_and_wrong() {
    strip_of stock
    refuses 3 '5\.2\.1' jeheap info "${PID[bare]}" --root "$ROOT" --layout 5.2.1
    refuses 3 'lg_vaddr=57' jeheap info "${PID[bare]}" --layout 5.3.0,lg_vaddr=57
    refuses 3 "root|0x" jeheap info "${PID[bare]}" --root "$(printf '0x%x' $((ROOT + 8)))" \
        --layout 5.1.0
}

test_core() {
    strip_of stock
    gcore_of "${PID[bare]}" "$WORK/bare.core"
    status 0 jeheap extents "$WORK/bare.core" --json
    ask extents "${TRUTH[bare]}" "$OUT"
    rm "$WORK/bare.core"
}

# A file of symbols beside the program, which the program names; then one of another build.
test_debug_link() {
    need_tool objcopy strip
    have stock redis
    objcopy --only-keep-debug "${EXE[stock]}" "$WORK/linked.debug" &&
        objcopy --strip-all --add-gnu-debuglink="$WORK/linked.debug" "${EXE[stock]}" \
            "$WORK/linked.exe" || fail "objcopy"
    start_witness linked "$WORK/linked.exe"
    have linked
    status 0 jeheap info "${PID[linked]}" --json --quiet
    ask are "$OUT" root_symbol=je_arena_emap_global layout.learnt_from.offsets=dwarf
    objcopy --only-keep-debug "${EXE[redis]}" "$WORK/linked.debug" || fail "objcopy"
    status 0 jeheap info "${PID[linked]}" --json --quiet
    ask are "$OUT" root_symbol=null layout.learnt_from.root=inferred
}
