# extents and extent: all of them, each field, each filter.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs old redis-6.0 default
needs la57 5.3.0 la57

# extents_are NAME [FILTER]...: FILTER is name or name=argument.
extents_are() {
    local name=$1 options=() filter
    have "$name"
    shift
    for filter; do
        options+=("--$filter")
    done
    status 0 jeheap extents "${PID[$name]}" --json "${options[@]}"
    ask extents "${TRUTH[$name]}" "$OUT" "$@"
}

test_all_5_3() { extents_are stock; }
test_all_5_2() { extents_are redis; }
test_all_57_bits() { extents_are la57; }
test_arena() { extents_are stock arena=1; }
test_arena_5_2() { extents_are redis arena=1; }
test_state_dirty() { extents_are stock state=dirty; }
test_state_retained() { extents_are redis state=retained; }
test_state_active() { extents_are la57 state=active; }
test_szind() { extents_are stock szind=7; }
test_szind_5_2() { extents_are redis szind=9; }
test_slab() { extents_are stock slab; }
test_slab_5_2() { extents_are redis slab; }
test_min_size() { extents_are stock min-size=65536; }

test_min_size_with_a_letter() {
    have stock
    for size in 64K=65536 1m=1048576 1G=1073741824 0x10000=65536; do
        status 0 jeheap extents "${PID[stock]}" --min-size "${size%=*}" --json --quiet
        cp "$OUT" "$WORK/with_letter"
        status 0 jeheap extents "${PID[stock]}" --min-size "${size#*=}" --json --quiet
        same_file "$WORK/with_letter" "$OUT" "${size%=*}"
    done
}
test_filters_together() { extents_are la57 slab arena=1 min-size=8192; }

test_filter_without_match() {
    have stock
    status 0 jeheap extents "${PID[stock]}" --json --arena 4000
    [ ! -s "$OUT" ] || fail "something in an arena that is not there"
}

# null for a field that this build does not have, and only for those.
test_null_for_no_such_field() {
    have stock redis old
    status 0 jeheap extents "${PID[stock]}" --json --slab
    head -n 1 "$OUT" >"$WORK/line"
    ask are "$WORK/line" dumpable=null pinned=null pai=pac guarded=false bin_shard=0
    status 0 jeheap extents "${PID[redis]}" --json --slab
    head -n 1 "$OUT" >"$WORK/line"
    ask are "$WORK/line" guarded=null pai=null pinned=null dumpable=true bin_shard=0 is_head=false
    status 0 jeheap extents "${PID[old]}" --json --slab
    head -n 1 "$OUT" >"$WORK/line"
    ask are "$WORK/line" bin_shard=null is_head=null
}

test_core() {
    have stock
    core_of stock
    status 0 jeheap extents "$CORE" --json
    ask extents "${TRUTH[stock]}" "$OUT"
}

test_text() {
    local count
    have stock
    status 0 jeheap extents "${PID[stock]}"
    out_has '^extent +addr +size +state +kind'
    count=$(grep -c '^extent ' "${TRUTH[stock]}")
    [ "$(grep -c '^0x' "$OUT")" -eq "$count" ] || fail "$(grep -c '^0x' "$OUT") rows, not $count"
    status 0 jeheap extents "${PID[stock]}" --quiet
    out_has '^extent +addr +size +state +kind' # columns without a heading say nothing
}

# Lines and rows are put together by hand: they are what a library of JSON and printf() would write.
test_rows_and_lines() {
    local name
    have stock redis
    for name in stock redis; do
        status 0 jeheap extents "${PID[$name]}" --json
        cp "$OUT" "$WORK/lines"
        status 0 jeheap extents "${PID[$name]}" --bytes
        ask rows "$WORK/lines" "$OUT"
    done
}

# One slab, by the witness: its fields in e_*.
one_slab() {
    local key value
    have "$1"
    ask first "${TRUTH[$1]}" extent slab=0x1 state=0x0 >"$WORK/fact"
    while IFS='=' read -r key value; do
        printf -v "e_$key" %s "$value"
    done <"$WORK/fact"
}

test_extent() {
    # shellcheck disable=SC2154  # e_* come from the truth
    for name in stock redis; do
        one_slab $name
        status 0 jeheap extent "${PID[$name]}" "$e_at" --json
        ask are "$OUT" "decoded.extent=$e_at" "decoded.bits=$e_bits" "decoded.base=$e_base" \
            "decoded.size=$((e_size))" "decoded.szind=$((e_szind))" decoded.state=active \
            "decoded.arena_ind=$((e_arena_ind))" "decoded.nfree=$((e_nfree))" \
            broken_rule=null "fields.bits.raw=$e_bits" "fields.szind.raw=$e_szind" \
            "fields.arena_ind.raw=$e_arena_ind" "fields.nfree.raw=$e_nfree" \
            "fields.addr.raw=$e_addr" fields.addr.offset=8 fields.pinned=null
    done
}

test_extent_text() {
    one_slab stock
    # shellcheck disable=SC2154
    status 0 jeheap extent "${PID[stock]}" "$e_at"
    out_has "^$e_at +$e_addr +$((e_size / 1024)) KiB active +slab"
    out_has "^  bits +$e_bits +0:0:64$"
    out_has "^  szind +$e_szind +0:20:8$"
    out_has '^  dumpable +- +not in this build$'
}

# Bytes that are no extent: decoded all the same, and the broken rule is said.
test_extent_that_is_none() {
    local addr
    small tiny
    addr=$(small_value tiny code)
    status 1 jeheap extent "${PID[tiny]}" "$(hex "addr & ~127")" --json
    ask have "$OUT" decoded fields broken_rule severity
    ask are "$OUT" severity=corrupt
    [ "$(ask get "$OUT" broken_rule)" != null ] || fail "no rule is broken by machine code"
    refuses 4 'absent' jeheap extent "${PID[tiny]}" 0x1000 --json
}

# A pointer that a program has is not that of a structure: that is no damage.
test_extent_of_an_ordinary_pointer() {
    local addr usable
    small tiny
    addr=$(small_value tiny large)
    usable=$(small_value tiny usable)
    status 1 jeheap extent "${PID[tiny]}" "$(hex addr + 8)" --json
    ask are "$OUT" decoded=null fields=null broken_rule=extent.alignment 'why=no extent structure'
    err_has "no extent structure is at $(hex addr + 8), .* find says what is there: held, $addr \\+ 8 of $usable bytes\$"
    if grep -q corrupt "$ERR"; then fail "called corrupt: $(said)"; fi
    status 1 jeheap extent "${PID[tiny]}" "$(hex addr + 8)"
    [ ! -s "$OUT" ] || fail "something on stdout: $(head -c 200 "$OUT")"
    status 1 jeheap extent "${PID[tiny]}" "$(small_value tiny stack)" # not jemalloc's at all
    err_has "no extent structure is at .* find says what is there\$"
    # One that is damaged is that.
    status 0 jeheap find "${PID[tiny]}" "$addr" --json
    addr=$(ask get "$OUT" extent.extent)
    core_of tiny
    ask poke "$CORE" "$WORK/damaged" "$addr" 0xffffffffffffffff
    status 1 jeheap extent "$WORK/damaged" --exe "${EXE[tiny]}" "$addr" --json
    ask are "$OUT" why=null
    err_has '^jeheap: extent: corrupt: extent\.'
    rm "$WORK/damaged"
}

test_extent_of_ones() {
    local addr
    small tiny
    addr=$(hex "($(small_value tiny large) + 127) & ~127")
    status 1 jeheap extent "${PID[tiny]}" "$addr" --json
    ask are "$OUT" 'decoded.state=unknown(7)'
    out_has '"broken_rule":"extent\.'
    status 1 jeheap extent "${PID[tiny]}" "$addr" # of what is none nothing is shown
    [ ! -s "$OUT" ] || fail "something on stdout: $(head -c 200 "$OUT")"
}

# A row for each, in which no unused extent has a size class, in as many columns as a terminal has.
test_rows_for_people() {
    local large
    have stock
    status 0 jeheap extents "${PID[stock]}"
    out_has '^extent +addr +size state +kind +arena szind free/all flags$'
    out_has '^0x[0-9a-f]+ 0x[0-9a-f]+ +28 KiB active +slab +[0-9]+ +[0-9]+ +[0-9]+/[0-9]+ C[-Z]-[-H]-$'
    out_has '^0x[0-9a-f]+ 0x[0-9a-f]+ +[0-9.]+ [KM]iB (dirty|muzzy|retained) +- +[0-9]+ +- +- [-C]'
    ! awk 'length($0) > 80' "$OUT" | grep . || fail "more than 80 columns"
    # What is no whole number of a unit has as many digits as tell it apart.
    small tiny
    status 0 jeheap find "${PID[tiny]}" "$(small_value tiny large)" --bytes
    large=$(sed -n 's/^0x.* + 0 of \([0-9]*\) bytes$/\1/p' "$OUT")
    [ "$large" = "$(small_value tiny usable)" ] || fail "$large bytes: $(cat "$OUT")"
    status 0 jeheap find "${PID[tiny]}" "$(small_value tiny large)"
    out_has "^0x[0-9a-f]+: live, 0x[0-9a-f]+ \\+ 0 of $(awk "BEGIN { print $large / 1024 }") KiB$"
}

# A slab of a size class that has none: there is no number of regions to tell.
test_extent_of_no_bin() {
    local addr
    small tiny
    addr=$(small_value tiny no_bin)
    status 1 jeheap extent "${PID[tiny]}" "$addr" --json
    ask are "$OUT" decoded.is_slab=true decoded.szind=36 decoded.nregs=null \
        decoded.committed=false broken_rule=extent.slab-szind severity=corrupt
}

# A sound structure of an extent that is not in the tree: no leaf element has to agree with it.
test_extent_that_is_not_in_use() {
    small tiny
    status 0 jeheap extent "${PID[tiny]}" "$(small_value tiny stray)" --json
    ask are "$OUT" decoded.state=retained decoded.base=0x10000 broken_rule=null severity=null
    core_of tiny # the same where the way to the leaf is not there
    status 0 jeheap info "$CORE" --json --quiet
    ask poke "$CORE" "$WORK/damaged" "$(ask get "$OUT" root)" 0x7000
    status 0 jeheap extent "$WORK/damaged" --exe "${EXE[tiny]}" "$(small_value tiny stray)" --json
    ask are "$OUT" decoded.base=0x10000 broken_rule=null
    rm "$WORK/damaged"
}

# What changes between two reads contradicts itself for a moment: it is read again.
test_busy() {
    local torn=0 look
    linked stock busy_heap.c "$WORK/busy"
    background "$WORK/busy" >"$WORK/busy.out"
    wait_line "$WORK/busy.out" "$BACK" '^ready' || fail "busy ended"
    sleep 0.5
    for look in {1..10}; do
        jeheap extents "$BACK" --quiet
        torn=$((torn + (RC == 1)))
        jeheap info "$BACK" --quiet
        torn=$((torn + (RC == 1)))
    done
    kill "$BACK"
    [ $torn -le 1 ] || fail "corrupt in $torn of 20 looks at a busy process"
}
