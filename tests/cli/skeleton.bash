# skeleton: the same answers as what it was made of, and nothing of the program's data.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs newest 5.3.1 default
needs la57 5.3.0 la57

# skeleton_of NAME: sets CORE and SKELETON; one for all tests.
skeleton_of() {
    core_of "$1"
    SKELETON=$WORK/$1/skeleton
    [ -s "$SKELETON" ] || status 0 jeheap skeleton "$CORE" -o "$SKELETON"
}

# answers TARGET FILE COMMAND...: what it says, with the exit status; not what a core alone can be
# asked about.
answers() {
    local target=$1 file=$2 command=$3
    shift 3
    jeheap "$command" "$target" "$@" --json --quiet
    ask without "$OUT" target kind is_skeleton resident_bytes resident_jemalloc_bytes resident_jemalloc_least_bytes \
        bytes_present bytes_absent absent what >"$file"
    echo "status $RC" >>"$file"
}

# same_answer ORIGINAL SKELETON COMMAND...
same_answer() {
    answers "$1" "$WORK/original" "${@:3}"
    answers "$2" "$WORK/answer" "${@:3}"
    same_file "$WORK/original" "$WORK/answer" "$3: the skeleton answers otherwise"
}

# All commands. Pointers of every kind, and extents of every state.
same_answers() {
    local original=$1 skeleton=$2 extents
    status 0 jeheap extents "$original" --json --quiet
    cp "$OUT" "$WORK/extents.json"
    extents=$(sed -n 's/^{"extent":"\(0x[0-9a-f]*\)".*/\1/p' "$WORK/extents.json" | head -n 300)
    [ -n "$extents" ] || fail "no extents"
    same_answer "$original" "$skeleton" info
    same_answer "$original" "$skeleton" layout
    same_answer "$original" "$skeleton" extents
    same_answer "$original" "$skeleton" regions
    same_answer "$original" "$skeleton" caches --addresses
    same_answer "$original" "$skeleton" stats --arenas --largest 50 --fragmentation
    same_answer "$original" "$skeleton" stats --jemalloc
    same_answer "$original" "$skeleton" check
    same_answer "$original" "$skeleton" diff "$skeleton"
    # shellcheck disable=SC2086
    same_answer "$original" "$skeleton" extent $extents
    # shellcheck disable=SC2046,SC2086
    same_answer "$original" "$skeleton" find $(cat "$WORK/pointers") $extents 0 0x10000 \
        0x800000000000 0xffffffffff600000
}

core_and_skeleton() {
    have "$1"
    skeleton_of "$1"
    ask pointers "${TRUTH[$1]}" >"$WORK/pointers"
    same_answers "$CORE" "$SKELETON"
}

test_5_3() { core_and_skeleton stock; }
test_5_3_1() { core_and_skeleton newest; }
test_5_2() { core_and_skeleton redis; }
test_57_bits() { core_and_skeleton la57; }

test_process() {
    have stock
    ask pointers "${TRUTH[stock]}" >"$WORK/pointers"
    status 0 jeheap skeleton "${PID[stock]}" -o "$WORK/live"
    same_answers "${PID[stock]}" "$WORK/live"
}

# Without symbols arenas and blocks are found by looking; its skeleton brings what was found.
test_without_symbols() {
    have stock
    strip -o "$WORK/bare.exe" "${EXE[stock]}" || fail "strip"
    start_witness bare "$WORK/bare.exe"
    have bare
    gcore_of "${PID[bare]}" "$WORK/bare.core"
    ask pointers "${TRUTH[bare]}" >"$WORK/pointers"
    status 0 jeheap skeleton "$WORK/bare.core" --json -o "$WORK/bare.skeleton"
    ask are "$OUT" bytes_left_out=0 faults=0 partial=false
    same_answers "$WORK/bare.core" "$WORK/bare.skeleton"
    status 0 jeheap info "$WORK/bare.skeleton" --json
    [ "$(sed -n 's/.*"metadata_bytes":\([0-9]*\).*/\1/p' "$OUT")" -gt 1000000 ] || fail "no metadata"
    status 0 jeheap skeleton "$WORK/bare.skeleton" -o "$WORK/bare.again"
    same_file "$WORK/bare.skeleton" "$WORK/bare.again" "a skeleton of it"
    rm "$WORK/bare.core"
}

# A program that maps its own code once more, far away, as V8 does: the heap lies between, and is not
# in a module. Live and from a core.
test_a_module_in_two_places() {
    local from
    small twice -DTWICE -s
    status 0 jeheap extents "${PID[twice]}" --json --quiet
    cp "$OUT" "$WORK/extents.json"
    core_of twice
    for from in "${PID[twice]}" "$CORE"; do
        status 0 jeheap extents "$from" --json --quiet
        same_file "$WORK/extents.json" "$OUT" "$from"
        status 0 jeheap skeleton "$from" --json -o "$WORK/twice.skeleton"
        ask are "$OUT" bytes_left_out=0 partial=false
        status 0 jeheap extents "$WORK/twice.skeleton" --json --quiet
        same_file "$WORK/extents.json" "$OUT" "the skeleton of $from"
    done
}

test_given_layout_and_root() {
    local root
    have stock
    skeleton_of stock
    root=$(sed -n 's/^meta root=//p' "${TRUTH[stock]}")
    same_answer "$CORE" "$SKELETON" extents --layout 5.3.0
    same_answer "$CORE" "$SKELETON" info --layout 5.3.0 --root "$root"
    status 1 jeheap info "$SKELETON" --layout 5.2.1
    err_has 'warning: layout 5\.2\.1,.* does not fit this heap'
    refuses 3 'nothing is mapped' jeheap info "$SKELETON" --root 0x10
    status 0 jeheap info "$SKELETON" --exe /bin/true
    err_has 'warning: --exe /bin/true is not used'
    status 0 jeheap info "$SKELETON" --in witness --json
    ask are "$OUT" roots.0.chosen=true faults=0
    refuses 3 '--in libc.so.6: a skeleton has one heap, and this skeleton has that of .*/witness;' \
        jeheap info "$SKELETON" --in libc.so.6
    status 0 jeheap info "$SKELETON" --root "$root" --in libc.so.6
    err_has 'warning: --in libc.so.6 is not used'
}

# Of two jemallocs one is in it: what the other one has cannot be told.
test_one_of_two_heaps() {
    local target first large stack other
    library stock second_
    strip "$LIBRARY"
    small twins -s -DSECOND=second_je_malloc -Wl,--no-as-needed "$LIBRARY"
    core_of twins
    first=$(small_value twins first)
    large=$(small_value twins large)
    stack=$(small_value twins stack)
    status 0 jeheap find "$CORE" "$first" "$large"
    other=$(sed -n 's/.*warning: \(0x[0-9a-f]*\) in .* looks like the root.*/\1/p' "$ERR")
    SKELETON=$WORK/twins/skeleton
    status 0 jeheap skeleton "$CORE" -o "$SKELETON"
    err_has "warning: the heap of .*/libstock-second_\.so \(root $other\) is not in the skeleton\$"
    status 0 jeheap skeleton "$SKELETON" -o "$WORK/twins/again"
    same_file "$SKELETON" "$WORK/twins/again" "a skeleton of a skeleton"
    status 4 jeheap find "$SKELETON" "$first"
    out_has 'cannot tell: a skeleton has one heap'
    if grep -q 'looks like the root of another heap' "$ERR"; then fail "$(said)"; fi
    status 4 jeheap find "$SKELETON" "$first" --json
    ask are "$OUT" owned=null
    status 4 jeheap find "$SKELETON" "$stack"
    status 0 jeheap find "$SKELETON" "$large" --json
    ask are "$OUT" owned=true other_heap=null
    status 1 jeheap find "$SKELETON" "$(ask get "$OUT" extent.extent)" --json
    ask are "$OUT" owned=false why=metadata
    status 0 jeheap info "$SKELETON"
    out_has "^other     $other in .*/libstock-second_\.so, not in this skeleton\$"
    status 0 jeheap info "$SKELETON" --json
    ask are "$OUT" "roots.0.root=$other" roots.0.extents=null roots.0.chosen=false roots.1.chosen=true
    refuses 3 '--in libstock-second_: a skeleton has one heap' \
        jeheap info "$SKELETON" --in libstock-second_
    status 0 jeheap skeleton "$CORE" -o "$SKELETON" --in libstock-second_ --quiet
    status 0 jeheap find "$SKELETON" "$first" --in libstock-second_
}

# Of an address that is not jemalloc's a skeleton knows no more than the module.
test_what_is_not_known() {
    small tiny
    core_of tiny
    status 0 jeheap skeleton "$CORE" -o "$WORK/tiny/skeleton"
    status 1 jeheap find "$WORK/tiny/skeleton" "$(small_value tiny stack)" --json
    ask are "$OUT" owned=false what=null
}

test_of_a_skeleton() {
    have stock
    skeleton_of stock
    status 0 jeheap skeleton "$CORE" -o "$WORK/twin"
    same_file "$SKELETON" "$WORK/twin" "two runs"
    status 0 jeheap skeleton "$SKELETON" -o "$WORK/again"
    same_file "$SKELETON" "$WORK/again" "a skeleton of a skeleton"
}

test_what_it_says() {
    have stock
    skeleton_of stock
    status 0 jeheap skeleton "$CORE" --quiet -o "$WORK/said"
    out_has "^$WORK/said: $(wc -c <"$WORK/said") bytes, with [1-9][0-9]* extents; "
    [ ! -s "$ERR" ] || fail "something on stderr: $(said)"
    status 0 jeheap skeleton "$CORE" --json --output "$WORK/said"
    ask are "$OUT" "skeleton=$WORK/said" "bytes=$(wc -c <"$WORK/said")" bytes_left_out=0 \
        "extents=$(grep -c '^extent ' "${TRUTH[stock]}")" partial=false
}

# ---- nothing of the program's --------------------------------------------------------------------

secrets() {
    LC_ALL=C grep -aoE "$1" "$2" | wc -l
}

test_no_user_data() {
    local text
    export JEHEAP_TEST_VARIABLE=IN-THE-ENVIRONMENT
    small secretive -DSECRETS
    core_of secretive
    [ "$(secrets TOP-SECRET- "$CORE")" -gt 20000 ] || fail "the core has too few secrets to look for"
    [ "$(secrets IN-THE-ENVIRONMENT "$CORE")" -gt 0 ] || fail "the core has no environment"
    status 0 jeheap skeleton "$CORE" -o "$WORK/secretive/skeleton"
    status 0 jeheap skeleton "${PID[secretive]}" -o "$WORK/secretive/live"
    for text in 'TOP-SE' 'SECRET' 'ENVIRONMENT' 'JEHEAP_TEST'; do
        [ "$(secrets "$text" "$WORK/secretive/skeleton")" -eq 0 ] || fail "$text is in the skeleton"
        [ "$(secrets "$text" "$WORK/secretive/live")" -eq 0 ] || fail "$text is in that of a process"
    done
}

# What --root leads to is not kept where nothing decodes: it may be the program's.
test_no_user_data_of_a_root_that_is_none() {
    local target
    small secretive -DSECRETS
    core_of secretive
    for target in "$CORE" "${PID[secretive]}"; do
        refuses 3 '^jeheap: --root 0x[0-9a-f]+: no extent decodes there' jeheap skeleton "$target" \
            --root "$(small_value secretive large)" --layout 5.3.0 -o "$WORK/none" --quiet
        [ ! -s "$WORK/none" ] || fail "a skeleton was written"
    done
}

# damaged_answers TARGET OPTION...: all extents, what is wrong with the others, the exit status.
damaged_answers() {
    jeheap extents "$@" --json
    cat "$OUT"
    sed -n "s/, value .*//; /corrupt:/p; /absent:/p" "$ERR"
    echo "status $RC"
}

# A tree that points into the program's memory: that is damage, and no reason to take it along.
test_no_user_data_of_a_damaged_heap() {
    local element target
    small secretive -DSECRETS
    core_of secretive
    target=$(small_value secretive large)
    status 0 jeheap extents "$CORE" --json --quiet
    element=$(sed -n 's/^{"extent":"\(0x[0-9a-f]*\)".*"slab":true.*/\1/p' "$OUT" | head -n 1)
    # every word of the core that is that extent's address, as a leaf element has it, too
    python3 - "$CORE" "$WORK/damaged" "$element" "$target" <<'END' || fail "no such extent in a leaf"
import sys
core = open(sys.argv[1], "rb").read()
old, new = (int(text, 16).to_bytes(6, "little") for text in sys.argv[3:5])
old, new = old[1:], new[1:]
assert core.count(old) > 1
open(sys.argv[2], "wb").write(core.replace(old, new))
END
    jeheap skeleton "$WORK/damaged" --exe "${EXE[secretive]}" -o "$WORK/damaged.skeleton"
    [ "$RC" -eq 4 ] || fail "exit status $RC: $(said)"
    err_has 'warning: [0-9]+ bytes that the tree points at are not jemalloc.s own'
    jeheap skeleton "$WORK/damaged" --exe "${EXE[secretive]}" -o "$WORK/damaged.skeleton" --quiet
    if grep -q warning "$ERR"; then fail "--quiet warns: $(said)"; fi
    [ "$(secrets 'SECRET' "$WORK/damaged.skeleton")" -eq 0 ] || fail "user data is in the skeleton"
    jeheap skeleton "$WORK/damaged" --exe "${EXE[secretive]}" -o "$WORK/damaged.skeleton" --json --quiet
    ask are "$OUT" partial=true
    damaged_answers "$WORK/damaged" --exe "${EXE[secretive]}" >"$WORK/original"
    damaged_answers "$WORK/damaged.skeleton" >"$WORK/answer"
    grep -q 'corrupt: extent' "$WORK/original" || fail "no extent is corrupt"
    same_file "$WORK/original" "$WORK/answer" "the damage: the skeleton answers otherwise"
    # A rule that this jeheap does not know, as of a newer one's.
    LC_ALL=C sed -i 's/:"extent\.[a-z]/:"extent.x/g' "$WORK/damaged.skeleton"
    jeheap extents "$WORK/damaged.skeleton"
    err_has 'corrupt: extent\.x'
    cp "$ERR" "$WORK/xerr"
    jeheap find "$WORK/damaged.skeleton" "$(sed -n 's/.*corrupt: extent\.x.* of page \(0x[0-9a-f]*\).*/\1/p' "$WORK/xerr" | head -n 1)"
    out_has '^    corrupt: extent\.x[a-z-]*$'
    rm "$WORK/damaged"
}

# Damage that rules of arenas name: of skeletons of damaged cores all answers are the same. The heaps
# are those of ci/damage, in which one word was changed.
test_damaged_arenas() {
    local pin kind kinds=()
    have stock # a machine that makes no witness cannot make these either
    for kind in 'slab: arena_ind' 'extent: serial number' 'slab: bin_shard' 'unused: list link' \
        'root: a slot cleared' 'leaf node: 64 KiB of zeroes' 'extent: all of it' 'base block: size' \
        'base block: next'; do
        kinds+=(--kind "$kind")
    done
    for pin in 5.3.0 redis-7.0; do
        JEHEAP_BIN=${JEHEAP%/*} "$ROOT_DIR/ci/damage" --skeleton --pin "$pin" --count 2 --jobs 2 \
            --slow 30 "${kinds[@]}" >"$OUT" 2>"$ERR"
        grep -q ' 0 otherwise;' "$OUT" || fail "$pin: $(grep '^  otherwise' "$OUT" | head -n 3) $(said)"
        [ "$(grep -c '^base block: next  *[1-9]' "$OUT")" -eq 1 ] || fail "not named: $(<"$OUT")"
    done
}

# ---- what is not all there -----------------------------------------------------------------------

test_truncated_original() {
    have stock
    core_of stock
    ask notes-first "$CORE" "$WORK/ordered"
    head -c $(($(wc -c <"$WORK/ordered") / 2)) "$WORK/ordered" >"$WORK/half"
    rm "$WORK/ordered"
    status 4 jeheap skeleton "$WORK/half" -o "$WORK/half.skeleton"
    status 4 jeheap info "$WORK/half.skeleton"
    err_has 'the core that this skeleton was made of was cut off'
    same_answer "$WORK/half" "$WORK/half.skeleton" extents
    ask pointers "${TRUTH[stock]}" >"$WORK/pointers"
    # shellcheck disable=SC2046
    same_answer "$WORK/half" "$WORK/half.skeleton" find $(cat "$WORK/pointers")
    status 4 jeheap skeleton "$WORK/half.skeleton" -o "$WORK/again"
    same_file "$WORK/half.skeleton" "$WORK/again" "a skeleton of a partial skeleton"
    rm "$WORK/half"
}

test_budget() {
    have stock
    skeleton_of stock
    local few=40 enough=100000 reads
    refuses 4 'budget ran out before all of the heap was read; nothing was written' \
        jeheap skeleton "$SKELETON" -o "$WORK/budget" --max-reads $few
    while [ $((enough - few)) -gt 1 ]; do
        reads=$(((few + enough) / 2))
        jeheap skeleton "$SKELETON" -o "$WORK/budget" --max-reads $reads
        [ "$RC" -eq 0 ] && enough=$reads || few=$reads
    done
    status 0 jeheap skeleton "$SKELETON" -o "$WORK/budget" --max-reads $enough
    same_file "$SKELETON" "$WORK/budget" "with the reads that it takes"
    rm "$WORK/budget"
    refuses 4 'budget ran out before all of the heap was written; nothing was written' \
        jeheap skeleton "$SKELETON" -o "$WORK/budget" --max-reads $few
    [ -z "$(find "$WORK" -maxdepth 1 -name 'budget*')" ] || fail "something was left behind"
}

# ---- where it goes -------------------------------------------------------------------------------

test_output() {
    have stock
    skeleton_of stock
    mkdir -p "$WORK/output/folder"
    refuses 2 'needs -o FILE' jeheap skeleton "$SKELETON"
    refuses 2 '--output takes the path of a file, not ""' jeheap skeleton "$SKELETON" -o ''
    refuses 2 '^jeheap: --output is an option of skeleton' jeheap info "$SKELETON" -o "$WORK/x"
    refuses 2 'is a folder' jeheap skeleton "$SKELETON" -o "$WORK/output/folder"
    refuses 2 'No such file' jeheap skeleton "$SKELETON" -o "$WORK/nowhere/x"
    refuses 2 'not a regular file' jeheap skeleton "$SKELETON" -o /dev/full
    [ -c /dev/full ] || fail "/dev/full is no device any more"
    refuses 2 'is what is read' jeheap skeleton "$SKELETON" -o "$SKELETON"
    ln -s "$SKELETON" "$WORK/output/link"
    refuses 2 'is what is read' jeheap skeleton "$SKELETON" -o "$WORK/output/link"
    refuses 2 'is what is read' jeheap skeleton "${PID[stock]}" --exe "${EXE[stock]}" \
        -o "${EXE[stock]}"
    status 0 jeheap layout --jemalloc 5.3.0 --json
    cp "$OUT" "$WORK/output/layout"
    cp "$OUT" "$WORK/output.layout"
    refuses 2 'is what is read' jeheap skeleton "$SKELETON" --layout "$WORK/output/layout" \
        -o "$WORK/output/layout"
    refuses 2 'missing: there is no such file' jeheap skeleton "${PID[stock]}" \
        --exe "$WORK/output/missing" -o "$WORK/output/layout"
    same_file "$WORK/output.layout" "$WORK/output/layout" "a layout that was there"
    rm "$WORK/output/layout"
    echo other >"$WORK/output/other"
    status 0 jeheap skeleton "$SKELETON" -o "$WORK/output/other"
    same_file "$SKELETON" "$WORK/output/other" "a file that was there"
    [ "$(find "$WORK/output" -type f)" = "$WORK/output/other" ] || fail "something was left behind"
}

# What is stdout elsewhere is no file's name here, unless it is meant.
test_output_to_stdout() {
    have stock
    skeleton_of stock
    mkdir -p "$WORK/dash"
    cd "$WORK/dash" || fail "no $WORK/dash"
    refuses 2 '^jeheap: -: a skeleton cannot go to stdout' jeheap skeleton "$SKELETON" -o -
    refuses 2 'cannot go to stdout' jeheap skeleton "$SKELETON" --output=-
    [ -z "$(ls)" ] || fail "something was written: $(ls)"
    status 0 jeheap skeleton "$SKELETON" -o ./-
    same_file "$SKELETON" ./- "a file of that name"
}

# Files may not be larger than this here: as good as a full disk.
test_full_disk() {
    have stock
    skeleton_of stock
    mkdir -p "$WORK/full"
    echo other >"$WORK/full/other"
    # shellcheck disable=SC2317  # by refuses
    full() {
        (
            trap '' XFSZ
            ulimit -f 32
            jeheap skeleton "$SKELETON" -o "$WORK/full/other"
            exit "$RC"
        )
        RC=$?
    }
    refuses 4 'could not be written: File too large; nothing was written' full
    [ "$(cat "$WORK/full/other")" = other ] || fail "the file that was there is damaged"
    [ "$(find "$WORK/full" -type f)" = "$WORK/full/other" ] || fail "something was left behind"
}

# What is said on a descriptor that the caller has closed does not go into the file.
test_closed_descriptors() {
    have stock
    skeleton_of stock
    "$JEHEAP" skeleton "$SKELETON" -o "$WORK/closed" >"$OUT" 2>&- <&- || fail "exit status $?"
    same_file "$SKELETON" "$WORK/closed" "without stderr"
    "$JEHEAP" skeleton "$SKELETON" -o "$WORK/closed" >&- 2>"$ERR"
    [ $? -eq 4 ] || fail "status without stdout, where the summary goes"
    err_has 'the output could not be written'
    same_file "$SKELETON" "$WORK/closed" "without stdout"
}

# Wherever it is ended: all of the file, or none and nothing beside it.
test_ended_by_a_signal() {
    have stock
    skeleton_of stock
    mkdir -p "$WORK/ended"
    for moment in 001 002 003 004 006 008 010 015 020 030 050 100 200; do
        timeout -s TERM "0.$moment" "$JEHEAP" skeleton "$CORE" -o "$WORK/ended/x" --quiet \
            >"$OUT" 2>"$ERR"
        for file in "$WORK/ended"/*; do
            [ ! -e "$file" ] || [ "$file" = "$WORK/ended/x" ] || fail "after 0.$moment s: $file is left"
        done
        [ ! -e "$WORK/ended/x" ] || same_file "$SKELETON" "$WORK/ended/x" "after 0.$moment s"
    done
}

# ---- skeletons that lie --------------------------------------------------------------------------

# bent SED PATTERN: a note with something else in it, of the same length.
bent() {
    LC_ALL=C sed "$1" "$SKELETON" >"$WORK/bent"
    ! cmp -s "$SKELETON" "$WORK/bent" || fail "$1 changes nothing"
    refuses 3 "$2" jeheap info "$WORK/bent"
}

# One of an older jeheap, which has no note of caches: what is handed out stays held.
test_without_caches() {
    local addr
    small tiny
    addr=$(small_value tiny first)
    status 0 jeheap skeleton "${PID[tiny]}" -o "$WORK/new" --quiet
    status 0 jeheap find "$WORK/new" "$addr" --json --quiet
    ask are "$OUT" state=live tcache=null
    ask renumber "$WORK/new" "$WORK/older" 8 98 # what threads had in hand came later
    ask renumber "$WORK/older" "$WORK/old" 5 99
    status 0 jeheap find "$WORK/old" "$addr" --json
    ask are "$OUT" state=held tcache=null
    err_has 'not all thread caches are known: this skeleton was made by a jeheap that did not know them$'
    status 4 jeheap caches "$WORK/old" --quiet
    out_has '^0 caches: '
    status 0 jeheap info "$WORK/old" --quiet
}

test_notes_that_lie() {
    have stock
    skeleton_of stock
    bent 's/"skeleton":1/"skeleton":9/' 'a skeleton of format 9'
    bent 's/{"skeleton"/{"skeletoN"/' 'broken note \("skeleton"'
    bent 's/{"skeleton"/["skeleton"/' 'broken note \("JSON"'
    bent 's/"pid":[0-9][0-9]/"pid":-1/' 'broken note \("pid"'
    bent 's/"root":"0x/"root":"xx/' 'broken note \("root"'
    bent 's/"leaf":"dwarf"/"leaf":"dream"/' 'broken note \("learnt_from"'
    bent 's/"file":"same"/"file":"lame"/' 'broken note \("modules"'
    bent 's/"build_id":"../"build_id":"zz/' 'broken note \("modules"'
    bent 's/"warnings":\[\]/"wwrnings":[]/' 'broken note \("warnings"'
    bent 's/"lg_vaddr":48/"lg_vaddr":57/' 'broken layout'
    bent 's/"pointer_size":8/"pointer_size":4/' 'broken layout'
    bent 's/"sc_ntiny":1/"sc_ntiny":7/' 'broken layout: "sc_ntiny"'
    bent 's/"addr":{"offset":8/"addr":{"offset":9/' 'does not fit this heap'
}

# A core may not say whose it is.
test_no_process_id() {
    have stock
    skeleton_of stock
    local pid=${PID[stock]}
    LC_ALL=C sed "s/\"pid\":$pid,/\"pid\":$(printf "%-${#pid}d" 0),/" "$SKELETON" >"$WORK/nobody"
    status 0 jeheap info "$WORK/nobody" --json --quiet
    ask are "$OUT" pid=0 faults=0
    status 0 jeheap info "$WORK/nobody"
    out_has '^skeleton .*nobody$'
}

# Wherever it is cut and whatever a byte says: an answer or a sentence, soon.
test_cut_and_flipped() {
    have stock
    skeleton_of stock
    local size at
    size=$(wc -c <"$SKELETON")
    for at in 0 1 63 64 200 1000 8000 20000 40000 80000 $((size / 2)) $((size - 1)); do
        head -c "$at" "$SKELETON" >"$WORK/cut"
        jeheap info "$WORK/cut"
        [ "$RC" -eq 3 ] || [ "$RC" -eq 4 ] || fail "cut at $at: exit status $RC"
    done
    for ((at = 0; at < 2000; at += 37)); do
        cp "$SKELETON" "$WORK/cut"
        printf '\xff' | dd of="$WORK/cut" bs=1 seek="$at" conv=notrunc status=none
        jeheap info "$WORK/cut" --quiet
    done
}

# More segments than fit into e_phnum, each of its own.
test_many_segments() {
    have stock
    skeleton_of stock
    ask many-segments "$SKELETON" "$WORK/many" 70000
    same_answer "$SKELETON" "$WORK/many" extents
    status 0 jeheap skeleton "$WORK/many" -o "$WORK/many.skeleton"
    same_answer "$SKELETON" "$WORK/many.skeleton" extents
    status 1 jeheap find "$WORK/many.skeleton" 0x10000 0x11000 --json --quiet
    [ "$(grep -o '"why":"[a-z ]*"' "$OUT" | tr '\n' ' ')" = '"why":"no leaf" "why":"unmapped" ' ] ||
        fail "what is mapped: $(head -c 300 "$OUT")"
    status 0 jeheap skeleton "$WORK/many.skeleton" -o "$WORK/again"
    same_file "$WORK/many.skeleton" "$WORK/again" "a skeleton of it"
}
