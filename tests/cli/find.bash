# find: the same answer from every kind of target, and the one that jemalloc itself gives.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs la57 5.3.0 la57

# Leaves the answers in $WORK/NAME/live.
find_live() {
    local name=$1
    have "$name"
    ask pointers "${TRUTH[$name]}" >"$WORK/pointers"
    [ "$(wc -l <"$WORK/pointers")" -ge 180 ] || fail "too few pointers to ask for"
    # Some of them are not owned: 1.
    # shellcheck disable=SC2046
    status 1 jeheap find "${PID[$name]}" $(cat "$WORK/pointers") --json --quiet
    cp "$OUT" "$WORK/$name/live"
}

find_core() {
    local name=$1 core=$2
    # shellcheck disable=SC2046
    status 1 jeheap find "$core" $(cat "$WORK/pointers") --json --quiet
    same_file <(without_what "$WORK/$name/live") <(without_what "$OUT") "process and core differ"
}

test_process_5_3() {
    find_live stock
    ask find "${TRUTH[stock]}" "$WORK/stock/live"
}

test_process_5_2() {
    find_live redis
    ask find "${TRUTH[redis]}" "$WORK/redis/live"
}

test_process_57_bits() {
    find_live la57
    ask find "${TRUTH[la57]}" "$WORK/la57/live"
}

test_core_5_3() {
    find_live stock
    core_of stock
    # shellcheck disable=SC2153  # set by core_of
    find_core stock "$CORE"
}

test_core_5_2() {
    find_live redis
    core_of redis
    find_core redis "$CORE"
    rm "$CORE"
}

test_core_57_bits() {
    find_live la57
    core_of la57
    find_core la57 "$CORE"
    rm "$CORE"
}

# The kernel leaves out what can be had from files.
test_core_of_the_kernel() {
    have stock
    kernel_cores
    CORE_LIMIT=unlimited start_witness dying "${EXE[stock]}"
    find_live dying
    kernel_core dying
    find_core dying "$CORE"
    rm "$CORE"
}

test_neighbours() {
    local addr
    small tiny
    addr=$(small_value tiny first)
    status 0 jeheap find "${PID[tiny]}" "$addr" --json
    ask are "$OUT" addr="$addr" owned=true slab=true szind=0 size=8 offset=0 tcache=null \
        after.size=8 "after.start=$(printf '0x%x' $((addr + 8)))"
    status 0 jeheap find "${PID[tiny]}" "$(hex addr + 8 + 3)" --json
    ask are "$OUT" offset=3 "before.start=$addr" before.size=8 before.state=live
}

# What nobody has has neighbours, too: how far away they are is said.
test_neighbours_far_away() {
    local first last
    small tiny
    status 0 jeheap extents "${PID[tiny]}" --json --quiet
    first=$(sed -n '1s/.*"base":"\([^"]*\)".*/\1/p' "$OUT")
    last=$(sed -n '$s/.*"base":"\([^"]*\)".*/\1/p' "$OUT")
    status 1 jeheap find "${PID[tiny]}" 0x1000 0x7ffffffff000 --json
    head -n 1 "$OUT" >"$WORK/low"
    sed -n 2p "$OUT" >"$WORK/high"
    ask are "$WORK/low" before=null "after.start=$first"
    ask are "$WORK/high" after=null
    [ $(($(ask get "$WORK/high" before.start) - last)) -ge 0 ] || fail "$(cat "$WORK/high")"
    status 1 jeheap find "${PID[tiny]}" 0x1000 0x7ffffffff000
    out_has '^    before: 0x[0-9a-f]+ [0-9.]+ [a-zA-Z]+ [a-z]+, [0-9.]+ [GT]iB away$'
    out_has '^    after: 0x[0-9a-f]+ [0-9.]+ [a-zA-Z]+ [a-z]+, [0-9.]+ TiB away$'
}

# tiny_slab SZIND: the core of tiny, and extent and first page of a slab of that class in it.
tiny_slab() {
    small tiny
    core_of tiny
    status 0 jeheap extents "$CORE" --slab --szind "$1" --json --quiet
    read -r extent first < <(
        sed -n 's/^{"extent":"\([^"]*\)".*"base":"\([^"]*\)".*/\1 \2/p' "$OUT")
}

# free() would take another size class from the leaf: the answer stays, from the extent.
test_a_leaf_that_contradicts() {
    local extent first
    tiny_slab 4
    ask relabel "$CORE" "$WORK/damaged" "$extent" 5
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$first" --json
    ask are "$OUT" owned=true szind=4
    err_has "^jeheap: find: corrupt: leaf\.szind at $first, value 0x5, by the leaf element 0x[0-9a-f]* of page $first\$"
    status 1 jeheap extents "$WORK/damaged" --exe "${EXE[tiny]}" --slab --szind 4 --json
    ask have "$OUT" extent
    err_has "^jeheap: walk: corrupt: leaf\.szind at $first, value 0x5, by the leaf element 0x[0-9a-f]* of page $first\$"
    status 1 jeheap extent "$WORK/damaged" --exe "${EXE[tiny]}" "$extent" --json
    ask are "$OUT" decoded.szind=4 broken_rule=leaf.szind
    err_has "^jeheap: extent: corrupt: leaf\.szind at $first, value 0x5, by the leaf element 0x[0-9a-f]* of page $first\$"
    rm "$WORK/damaged"
}

# The slab's bitmap and its nfree do not agree, by little and by more: no thread is in the middle of
# malloc, so it is not for its number that it is excused.
test_a_bitmap_that_contradicts() {
    local extent first bits flipped command compared
    tiny_slab 0
    bits=$(ask get "$OUT" bits | head -n 1)
    compared='value 0x[0-9a-f]*: nfree is [0-9]+, the bitmap has [0-9]+ free'
    for flipped in $((1 << 28)) $((1 << 36)); do
        ask poke "$CORE" "$WORK/damaged" "$extent" $((bits ^ flipped))
        for command in "find $first" "extents" "info" "extent $extent"; do
            # shellcheck disable=SC2086
            status 1 jeheap ${command%% *} "$WORK/damaged" --exe "${EXE[tiny]}" ${command#"${command%% *}"}
            if [ "${command%% *}" = info ] || [ "$command" = extents ]; then
                err_has "^jeheap: walk: corrupt: slab\.nfree at $extent, $compared\$"
            else
                out_has '^    corrupt: slab\.nfree, not as many regions are free by the bitmap as nfree says$'
                out_has "^        at $extent, $compared\$"
                ! grep -q corrupt "$ERR" || fail "said twice: $(said)"
            fi
        done
    done
    rm "$WORK/damaged"
}

# An extent in a block of another arena than it says.
test_an_arena_that_contradicts() {
    local extent first bits
    tiny_slab 0
    bits=$(ask get "$OUT" bits | head -n 1)
    ask poke "$CORE" "$WORK/damaged" "$extent" $((bits ^ 8))
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$first" --json
    ask are "$OUT" owned=true arena_ind=8
    err_has "^jeheap: find: corrupt: arena\.ind at $extent, value 0x8\$"
    rm "$WORK/damaged"
}

# An address in the second page of a slab, whose first one's element was overwritten.
test_a_first_page_without_its_leaf() {
    local extent first
    tiny_slab 3
    ask relabel "$CORE" "$WORK/damaged" "$extent" none
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$(hex first + 4096)" --json
    ask are "$OUT" owned=true extent.extent="$extent" size=48 before.size=48
    err_has "^jeheap: find: corrupt: leaf\.first-page-missing at $first, value $extent, by the leaf element 0x[0-9a-f]* of page $first\$"
    status 0 jeheap extent "$WORK/damaged" --exe "${EXE[tiny]}" "$extent" --json # is it in use?
    ask are "$OUT" broken_rule=null
    rm "$WORK/damaged"
}

# What is next to an address may be damaged: that is no reason not to answer, and it is said.
test_damaged_neighbours() {
    local addr first number=0 extent at=() base=()
    small tiny
    core_of tiny
    addr=$(small_value tiny first)
    status 0 jeheap extents "$CORE" --json --quiet
    while read -r extent first; do
        at[number]=$extent base[number]=$first
        [ "$first" != "$addr" ] || addr=$number
        number=$((number + 1))
    done < <(sed -n 's/^{"extent":"\([^"]*\)".*"base":"\([^"]*\)".*/\1 \2/p' "$OUT")
    [ "$addr" -lt "$number" ] || fail "no extent begins at the first allocation"
    ask poke "$CORE" "$WORK/damaged" "${at[addr + 1]}" 0xffffffffffffffff
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$(hex base[addr + 1] - 8)" --json
    ask are "$OUT" owned=true after=null
    ask have "$OUT" before.start
    err_has '^jeheap: find: corrupt: extent\.'
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "${base[addr + 1]}" --json
    err_has 'corrupt: extent\.'
    ask poke "$CORE" "$WORK/damaged" "${at[addr]}" 0xffffffffffffffff
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "${base[addr + 1]}" --json
    ask are "$OUT" owned=true before=null
    ask have "$OUT" after.start
    err_has '^jeheap: find: corrupt: extent\.'
    rm "$WORK/damaged"
}

# pairs CORE: for each two extents of which the second begins where the first one ends, the addresses
# of both structures, of both first pages, and both sizes.
pairs() {
    status 0 jeheap extents "$1" --json --quiet
    sed -n 's/^{"extent":"\([^"]*\)".*"base":"\([^"]*\)","size":\([0-9]*\).*/\1 \2 \3/p' "$OUT" |
        while read -r at base size; do
            [ -z "${before_at:-}" ] || [ $((before_base + before_size)) -ne $((base)) ] ||
                echo "$before_at $at $before_base $base $before_size $size"
            before_at=$at before_base=$base before_size=$size
        done
}

# It is there, by another of its pages, and free() would not find it.
test_a_neighbour_without_its_first_page() {
    local first_at first size number=0
    small tiny
    core_of tiny
    pairs "$CORE" >"$WORK/pairs"
    while read -r _ first_at _ first _ size; do
        [ "$size" -gt 4096 ] || continue
        ask relabel "$CORE" "$WORK/damaged" "$first_at" none
        jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$(hex first - 1)" --json
        [ "$RC" -eq 1 ] || fail "a neighbour at $first without its leaf: status $RC"
        ask have "$OUT" after.start
        err_has "^jeheap: find: corrupt: leaf\.first-page-missing at $first, value $first_at, by the leaf element "
        number=$((number + 1))
        [ $number -lt 3 ] || break
    done <"$WORK/pairs"
    [ $number -gt 0 ] || fail "no extents lie side by side"
    rm "$WORK/damaged"
}

# Two extents that have one page: each of them is an answer, and neither is the only one.
test_two_extents_claim_an_address() {
    local at next first size next_size before addr number=0
    small tiny
    core_of tiny
    pairs "$CORE" >"$WORK/pairs"
    while read -r at next _ first size next_size; do
        [ "$size" -gt 4096 ] && [ "$next_size" -gt 4096 ] || continue
        before=$(hex first - 4096)
        ask poke "$CORE" "$WORK/damaged" "$(hex next + 8)" "$before"
        for addr in "$first" "$(hex first - 1)"; do
            jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$addr" --json
            [ "$RC" -eq 1 ] || fail "$addr of two extents: status $RC"
            err_has "^jeheap: find: corrupt: extent\.overlap at $at, value $before\$"
        done
        ask are "$OUT" after=null # not itself, nor what begins inside it
        number=$((number + 1))
        [ $number -lt 3 ] || break
    done <"$WORK/pairs"
    [ $number -gt 0 ] || fail "no extents lie side by side"
    rm "$WORK/damaged"
}

# A neighbour that the budget did not reach is not one that is not there.
test_neighbours_beyond_the_budget() {
    local addr reads without=0
    small tiny
    core_of tiny
    addr=$(small_value tiny large)
    status 0 jeheap find "$CORE" "$addr" --json --quiet
    ask have "$OUT" before.start after.start
    cp "$OUT" "$WORK/all"
    for ((reads = 1; reads < 1000; reads++)); do
        jeheap find "$CORE" "$addr" --json --max-reads $reads
        [ "$RC" -ne 0 ] || break
        [ "$RC" -eq 4 ] || fail "$reads reads: exit status $RC"
        err_has '^jeheap: (find: limit: |--max-reads [0-9]+ is used up)' # the latter: of what checks it
        err_has 'partial'
        without=$((without + $(grep -c '"owned":true.*"after":null' "$OUT")))
    done
    same_file "$WORK/all" "$OUT" "$reads reads"
    [ "$without" -gt 0 ] || fail "with no number of reads the neighbours alone were missing"
}

test_text() {
    local addr size
    small tiny
    addr=$(small_value tiny large)
    size=$(small_value tiny usable)
    status 0 jeheap find "${PID[tiny]}" "$(hex addr + 10)"
    out_has "^$(hex addr + 10): live, $addr \\+ 10 of [0-9.]+ [KM]iB$"
    out_has '^    extent 0x[0-9a-f]+: 0x[0-9a-f]+ [0-9.]+ [KM]iB, arena 0$'
    out_has '^    szind [0-9]+: [0-9.]+ [KM]iB$'
    status 1 jeheap find "${PID[tiny]}" "$addr" 0x1000
    out_has '^0x1000: not owned: unmapped$'
    status 0 jeheap find "${PID[tiny]}" "$addr" --bytes
    out_has "^$addr: live, $addr \\+ 0 of $size bytes$"
    addr=$(small_value tiny first)
    status 0 jeheap find "${PID[tiny]}" "$addr"
    out_has "^$addr: live, $addr \\+ 0 of 8 bytes$"
    out_has '^    szind 0: 8 bytes, region [0-9]+ of 512$'
    out_has '^    after: 0x[0-9a-f]+ 8 bytes '
}

# What a program is told by a word is said to a person.
test_why_in_plain_words() {
    small tiny
    status 1 jeheap find "${PID[tiny]}" 0 "$(small_value tiny stack)" "$(small_value tiny no_bin)"
    out_has '^0x0: not owned: page 0: a null pointer$'
    out_has "^$(small_value tiny stack): not owned: no extent of jemalloc's has it$"
    status 0 jeheap find "${PID[tiny]}" "$(small_value tiny first)" --json
    status 1 jeheap find "${PID[tiny]}" "$(ask get "$OUT" extent.extent)"
    out_has "not owned: jemalloc's own memory \\(metadata\\)$"
    # What is not in use has no size class.
    status 0 jeheap extents "${PID[tiny]}" --state retained --json
    status 0 jeheap find "${PID[tiny]}" "$(ask get "$OUT" base | head -n 1)"
    out_has '^0x[0-9a-f]+: retained, '
    if grep -q szind "$OUT"; then fail "a size class of what is not in use: $(cat "$OUT")"; fi
}

# What is wrong stands on the lines of the answer that it concerns, in color, and in words.
test_corrupt_on_the_line_of_the_answer() {
    local extent first words="the first page's element, or any of a slab's, has another size class than the allocated extent"
    tiny_slab 4
    ask relabel "$CORE" "$WORK/damaged" "$extent" 5
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$first" 0x1000 --quiet
    [ "$(sed -n '/ corrupt: /=' "$OUT")" -lt "$(sed -n '/^0x1000/=' "$OUT")" ] ||
        fail "on another line: $(cat "$OUT")"
    out_has "^    corrupt: leaf\\.szind, $words$"
    out_has "^        at $first, value 0x5, by the leaf element 0x[0-9a-f]* of page $first$"
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$first" --color always
    out_has $'^    \033\\[1;31mcorrupt\033\\[0m: leaf'
    if grep -q corrupt "$ERR"; then fail "said twice: $(said)"; fi
    status 1 jeheap extent "$WORK/damaged" --exe "${EXE[tiny]}" "$extent"
    out_has "^    corrupt: leaf\\.szind, $words$"
    # On stderr the words stand once.
    status 1 jeheap extents "$WORK/damaged" --exe "${EXE[tiny]}" --color always
    err_has $'^jeheap: walk: \033\\[1;31mcorrupt\033\\[0m: leaf\\.szind at '
    [ "$(grep -cxF "jeheap: leaf.szind: $words" "$ERR")" -eq 1 ] || fail "not once: $(said)"
    status 1 jeheap extents "$WORK/damaged" --exe "${EXE[tiny]}" --color never
    if has_color "$ERR"; then fail "escape codes with never"; fi
    # What cannot be told at all.
    ask poke "$CORE" "$WORK/damaged" "$extent" 0xffffffffffffffff
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[tiny]}" "$first"
    out_has "^$first: cannot tell: corrupt$"
    out_has '^    corrupt: extent\.'
    rm "$WORK/damaged"
}

# A core has no name for it.
test_vdso() {
    local addr target
    small tiny
    core_of tiny
    addr=$(python3 -c 'import struct, sys
print(*(hex(value) for key, value in struct.iter_unpack("QQ", open(sys.argv[1], "rb").read()) if key == 33))' \
        "/proc/${PID[tiny]}/auxv")
    [ -n "$addr" ] || skip "this kernel has no vdso"
    for target in "${PID[tiny]}" "$CORE"; do
        status 1 jeheap find "$target" "$(hex addr + 5)" --json
        ask are "$OUT" owned=false what.kind=kernel "what.mapping.start=$addr" 'what.mapping.path=[vdso]'
    done
    status 1 jeheap find "$CORE" "$addr"
    out_has '^    in kernel$'
    out_has '^    mapping 0x[0-9a-f]+-0x[0-9a-f]+ r-x \[vdso\]$'
}

# Not owned, and for which reason.
why() {
    local wanted=$1 addr=$2
    status 1 jeheap find "${PID[tiny]}" "$addr" --json
    ask are "$OUT" owned=false "why=$wanted"
}

test_why_not_owned() {
    local large
    small tiny
    large=$(small_value tiny large)
    why null 0
    why unmapped 0x10000
    why non-canonical 0x800000000000
    why non-canonical 0xdeadbeefdeadbeef
    why "no leaf" "$(small_value tiny stack)"
    why "no leaf" "$(small_value tiny code)"
    why "beyond the usable size" "$(hex large + "$(small_value tiny usable)")"
    status 0 jeheap find "${PID[tiny]}" "$large" --json
    why metadata "$(ask get "$OUT" extent.extent)"
}

# Digits of either case.
test_hexadecimal() {
    local large upper
    small tiny
    large=$(small_value tiny large)
    upper=0X$(printf '%X' "$large")
    status 0 jeheap find "${PID[tiny]}" "$upper" --json
    ask are "$OUT" addr="$large" start="$large"
    status 1 jeheap find "${PID[tiny]}" 0xABC --json
    ask are "$OUT" addr=0xabc why=null
    status 0 jeheap find "${PID[tiny]}" "${large#0x}" --json # as debuggers and logs have it
    ask are "$OUT" addr="$large" start="$large"
    status 1 jeheap find "${PID[tiny]}" 100 --json # also where it could be decimal
    ask are "$OUT" addr=0x100 why=null
}

# One object for each address, also for one that cannot be answered.
test_one_object_an_address() {
    local addr
    small tiny
    addr=$(small_value tiny first)
    status 1 jeheap find "${PID[tiny]}" "$addr" 0 "$addr" --json
    [ "$(wc -l <"$OUT")" -eq 3 ] || fail "$(wc -l <"$OUT") lines for 3 addresses"
    status 4 jeheap find "${PID[tiny]}" "$addr" "$addr" --max-reads 1 --json
    [ "$(wc -l <"$OUT")" -eq 2 ] || fail "$(wc -l <"$OUT") lines for 2 addresses, budget used up"
    ask have "$OUT" addr owned why
}

# ---- addresses from standard input, and from a file ----------------------------------------------

test_addresses_from_a_list() {
    local addr
    have stock
    ask pointers "${TRUTH[stock]}" >"$WORK/pointers"
    # shellcheck disable=SC2046
    status 1 jeheap find "${PID[stock]}" $(cat "$WORK/pointers") --json --quiet
    cp "$OUT" "$WORK/one_by_one"
    status 1 jeheap find "${PID[stock]}" "@$WORK/pointers" --json --quiet
    same_file "$WORK/one_by_one" "$OUT" "from a file"
    { echo "# comment"; sed 's/^0x/  /; s/$/\t# found in a log\r/; a\\' "$WORK/pointers"; printf ' '; } >"$WORK/untidy"
    "$JEHEAP" find "${PID[stock]}" - --json --quiet <"$WORK/untidy" >"$OUT" 2>"$ERR"
    same_file "$WORK/one_by_one" "$OUT" "from standard input"
    addr=$(head -n 1 "$WORK/pointers")
    printf '%s' "$addr" >"$WORK/unended"
    status 0 jeheap find "${PID[stock]}" "@$WORK/unended" "$addr" --json --quiet
    [ "$(sort "$OUT" | uniq -c | wc -l)" -eq 1 ] || fail "not the same twice"
    [ "$(wc -l <"$OUT")" -eq 2 ] || fail "$(wc -l <"$OUT") lines, not 2"
    : >"$WORK/nothing"
    status 0 jeheap find "${PID[stock]}" "@$WORK/nothing" --json
    [ ! -s "$OUT" ] || fail "an answer to nothing"
}

# many TARGET [--stop]: addresses of a long list, which an index answers, are answered as those of short ones.
many() {
    local part
    : >"$WORK/by_the_tree"
    for part in "$WORK"/part.*; do
        jeheap find "$@" "@$part" --json --quiet
        cat "$OUT" >>"$WORK/by_the_tree"
    done
    status 1 jeheap find "$@" "@$WORK/many" --json --quiet
    same_file "$WORK/by_the_tree" "$OUT" "$*: one by one, and by an index"
    cut -c -300 "$OUT" >"$WORK/answers"
    for part in live cached free dirty unmapped beyond; do
        grep -q "$part" "$WORK/answers" || fail "no address of $1 is $part"
    done
}

test_very_many_addresses() {
    have stock
    jeheap regions "${PID[stock]}" --json --quiet
    python3 - "$OUT" "$WORK/many" <<'PY'
import json, random, sys
random.seed(1)
regions = [json.loads(line) for line in open(sys.argv[1])]
with open(sys.argv[2], "w") as out:
    for r in random.sample(regions, 3000):
        print(hex(int(r["addr"], 16) + random.choice((0, 1, r["size"] - 1, r["size"], -1, 1 << 20, -12345))), file=out)
    for r in regions:
        if not r["slab"] or r["state"] == "cached":
            print(r["addr"], hex(int(r["addr"], 16) + r["size"] + 4096), sep="\n", file=out)
    for _ in range(200):
        print(hex(random.getrandbits(48)), file=out)
PY
    rm -f "$WORK"/part.*
    split -l 1000 "$WORK/many" "$WORK/part."
    many "${PID[stock]}"
    many "${PID[stock]}" --stop # nothing changes, so the index is not doubted
    core_of stock
    many "$CORE"
    status 0 jeheap skeleton "$CORE" -o "$WORK/many.skeleton" --quiet
    many "$WORK/many.skeleton"
}

# Nothing leads to caches: what the index has of them is nothing, and its answers are those of the tree.
test_very_many_without_caches() {
    JE_MALLOC_CONF=tcache:false small uncached
    jeheap regions "${PID[uncached]}" --json --quiet
    sed -n 's/^{"addr":"\(0x[0-9a-f]*\)".*/\1/p' "$OUT" >"$WORK/uncached.all"
    grep '"held"' "$OUT" | sed -n 's/^{"addr":"\(0x[0-9a-f]*\)".*/\1/p' | head -n 200 >"$WORK/uncached.list"
    head -n 1300 "$WORK/uncached.all" >>"$WORK/uncached.list"
    split -l 1000 "$WORK/uncached.list" "$WORK/uncached.part."
    : >"$WORK/by_the_tree"
    for part in "$WORK"/uncached.part.*; do
        jeheap find "${PID[uncached]}" "@$part" --json --quiet
        cat "$OUT" >>"$WORK/by_the_tree"
    done
    jeheap find "${PID[uncached]}" "@$WORK/uncached.list" --json
    err_has 'not all thread caches are known: no arena has a list'
    same_file "$WORK/by_the_tree" "$OUT" "one by one, and by an index"
    [ "$(grep -c '"state":"held"' "$OUT")" -gt 50 ] || fail "few are held"
    ! grep -Eq '"state":"(live|cached)"' "$OUT" || fail "live or cached without caches"
}

# Each is answered before more is waited for.
test_a_list_that_streams() {
    local addr line
    small tiny
    addr=$(small_value tiny first)
    coproc ASKED { exec "$JEHEAP" find "${PID[tiny]}" - --json --quiet 2>/dev/null; }
    for _ in 1 2 3; do
        echo "$addr" >&"${ASKED[1]}"
        read -r -t 20 line <&"${ASKED[0]}" || fail "no answer while the input is open"
        [[ $line == "{\"addr\":\"$addr\",\"owned\":true,"* ]] || fail "answered: $line"
    done
    exec {ASKED[1]}>&-
    wait "$ASKED_PID" || fail "status $?"
}

# They are said, and the others answered.
test_lines_that_are_no_addresses() {
    local addr
    small tiny
    addr=$(small_value tiny first)
    { printf 'main\n\n%s\n0x10 0x20\n' "$addr"; printf '\0%s\n' "$addr"; head -c 200000 /dev/zero |
        tr '\0' 1; printf '\n-1\n%s\n' "$addr"; } >"$WORK/bad_lines"
    status 2 jeheap find "${PID[tiny]}" "@$WORK/bad_lines" --json
    [ "$(wc -l <"$OUT")" -eq 2 ] || fail "$(wc -l <"$OUT") lines, not 2"
    err_has "bad_lines: line 1: this is no address: main$"
    err_has "bad_lines: line 4: this is no address: 0x10 0x20$"
    err_has "bad_lines: line 5: this is no address: it has a NUL byte$"
    err_has "bad_lines: line 6: this is no address: 1{60}$"
    err_has "bad_lines: line 7: this is no address: -1$"
    [ "$(grep -c ' line ' "$ERR")" -eq 5 ] || fail "not 5 lines are said: $(said)"
    yes no | head -n 30 >"$WORK/bad_lines"
    status 2 jeheap find "${PID[tiny]}" "@$WORK/bad_lines"
    [ "$(grep -c ' line ' "$ERR")" -eq 20 ] || fail "not 20 lines are said"
    err_has 'more lines are no addresses'
}

test_lists_that_are_none() {
    refuses 2 'missing: No such file' jeheap find 1 "@$WORK/missing"
    refuses 2 'one list of addresses, not also -' jeheap find 1 "@$WORK/missing" -
    refuses 2 'no address: -' jeheap extent 1 -
    refuses 2 'no address: @x' jeheap extent 1 @x
    small tiny
    core_of tiny
    refuses 2 '^jeheap: @ needs the path of a list behind it: @FILE$' jeheap find "${PID[tiny]}" @
    refuses 2 "^jeheap: $WORK: is a folder, not a list of addresses\$" jeheap find "${PID[tiny]}" "@$WORK"
    refuses 2 '^jeheap: standard input: is a folder' find_from / "${PID[tiny]}" -
    refuses 2 '^jeheap: standard input is closed' find_closed "$CORE" -
    refuses 2 '^jeheap: /dev/stdin: is a folder' find_closed "${PID[tiny]}" @/dev/stdin
    status 4 find_written "$CORE" - # cannot be read
    err_has '^jeheap: standard input: Bad file descriptor$'
}

find_from() {
    timeout 60 "$JEHEAP" find "${@:2}" <"$1" >"$OUT" 2>"$ERR"
    RC=$?
}

find_closed() {
    timeout 60 "$JEHEAP" find "$@" <&- >"$OUT" 2>"$ERR"
    RC=$?
}

find_written() {
    timeout 60 "$JEHEAP" find "$@" 0>"$WORK/written" >"$OUT" 2>"$ERR"
    RC=$?
}

# It counts while a list is waited for, and between its lines: what was answered stays.
test_timeout_of_a_list() {
    local first
    small tiny
    core_of tiny
    first=$(small_value tiny first)
    { echo "$first"; sleep 20; } | timeout 20 "$JEHEAP" find "$CORE" - --timeout 1 --json >"$OUT" 2>"$ERR"
    RC=${PIPESTATUS[1]}
    [ "$RC" -eq 4 ] || fail "status $RC: $(said)"
    err_has '^jeheap: the time was over \(--timeout 1\) after line 1 of standard input$'
    err_has '^jeheap: this result is partial$'
    [[ $(head -n 1 "$OUT") == "{\"addr\":\"$first\",\"owned\":true,"* ]] || fail "what was answered is not there"
    [[ $(tail -n 1 "$OUT") == '{"partial":true,'* ]] || fail "no mark"
    [ "$(wc -l <"$OUT")" -eq 2 ] || fail "$(wc -l <"$OUT") lines, not 2"
    for target in "$CORE" "${PID[tiny]}"; do # never waited for
        yes "$first" | timeout 20 "$JEHEAP" find "$target" - --timeout 1 >"$OUT" 2>"$ERR"
        RC=${PIPESTATUS[1]}
        [ "$RC" -eq 4 ] || fail "status $RC: $(said)"
        err_has 'the time was over \(--timeout 1\) after line [0-9]+ of standard input$'
    done
    echo "$first" | timeout 20 "$JEHEAP" find "$CORE" - --timeout 100 >"$OUT" 2>"$ERR" || fail "status $?"
}

# poke_word PID ADDRESS WORD: another word in a process's memory.
poke_word() {
    poke "$1" "$2" "$(python3 -c 'import sys; print(int(sys.argv[1], 0).to_bytes(8, "little").hex())' "$3")" 1
}

# leads_nowhere TARGET RULE ADDRESS VALUE: corrupt, and not only absent, for find and for walks.
leads_nowhere() {
    status 1 jeheap find "$1" "$large" --json
    ask are "$OUT" owned=null why=corrupt
    err_has "^jeheap: find: corrupt: $2 at $3, value $4\$"
    status 1 jeheap extents "$1" --json
    err_has "^jeheap: walk: corrupt: $2 at $3, value $4\$"
}

# A pointer of the tree to where nothing was ever mapped: a process says what is mapped, and so does its
# skeleton; a debugger's core may have left it out.
test_pointers_to_nowhere() {
    local pid large root slot nowhere=0x123456789000
    small wild
    pid=${PID[wild]}
    large=$(small_value wild large)
    status 0 jeheap info "$pid" --json --quiet
    root=$(ask get "$OUT" root)
    slot=$(hex "$root + ($large >> 30) * 8")
    poke_word "$pid" "$slot" $nowhere
    leads_nowhere "$pid" 'rtree\.child-unmapped' "$slot" $nowhere
    status 1 jeheap skeleton "$pid" -o "$WORK/wild/skeleton"
    leads_nowhere "$WORK/wild/skeleton" 'rtree\.child-unmapped' "$slot" $nowhere
    core_of wild
    status 4 jeheap find "$CORE" "$large" --json
    ask are "$OUT" owned=null why=absent
    err_has '^jeheap: find: absent: '
    poke_word "$pid" "$slot" 0xfedcba9876543210 # nobody's anywhere
    gcore_of "$pid" "$WORK/wild/core.high"
    leads_nowhere "$WORK/wild/core.high" 'rtree\.child-unmapped' "$slot" 0xfedcba9876543210
    { kill -KILL "$pid" && wait "$pid"; } 2>/dev/null
    rm -r "$WORK/wild"
}

# ---- what is not jemalloc's ----------------------------------------------------------------------

# A process that has an address in each kind of memory, in $WORK/places: word and address.
start_places() {
    local dir=$WORK/places
    need_tool "$CC"
    have stock
    mkdir -p "$dir"
    cat >"$dir/places.c" <<'END'
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
void *je_malloc(size_t);
int global_table[100], global_data = 7;
static __thread int per_thread;
static volatile int running;
static void *run(void *arg) {
    int local = 0;
    prctl(PR_SET_NAME, "wor\33ker");
    printf("thread_stack %p\nthread_tls %p\nthread_id %d\n", (void *)&local,
           (void *)&per_thread, (int)gettid());
    running = 1;
    pause();
    return arg;
}
int main(int argc, char **argv) {
    pthread_t thread;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    pthread_create(&thread, NULL, run, NULL);
    while (!running) {
        usleep(1000);
    }
    int *anonymous = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *anonymous = 1;
    char *file = mmap(NULL, 100, PROT_READ, MAP_PRIVATE, open(argv[0], O_RDONLY), 0);
    int *heap = sbrk(1 << 20);
    *heap = argc;
    printf("allocated %p\nbss %p\ndata %p\nstack %p\ntls %p\ncode %p\nanonymous %p\n"
           "file %p\nheap %p\nready\n", je_malloc(100), (void *)&global_table[3],
           (void *)&global_data, (void *)&thread, (void *)&per_thread, (void *)((char *)main + 3),
           (void *)anonymous, (void *)(file + 8), (void *)heap);
    fflush(stdout);
    alarm(4 * 3600);
    for (;;) {
        pause();
    }
}
END
    "$CC" -D_GNU_SOURCE -O1 -g -Wl,--build-id -o "$dir/places" "$dir/places.c" \
        "${PREFIX[stock]}/lib/libjemalloc.a" -lm -lpthread -ldl 2>"$WORK/cc.log" ||
        fail "places.c does not build: $(head -n 3 "$WORK/cc.log")"
    background "$dir/places" >"$dir/stdout" </dev/null
    PID[places]=$BACK SMALL[places]=$dir/stdout
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "places ended"
}

# what_is TARGET WORD KEY=VALUE...: of the address that places has printed.
what_is() {
    local target=$1 word=$2
    shift 2
    status 1 jeheap find "$target" "$(small_value places "$word")" --json --quiet
    ask are "$OUT" owned=false "${@/#/what.}"
}

test_what_is_not_jemallocs() {
    local exe=$WORK/places/places thread target
    start_places
    thread=$(small_value places thread_id)
    gcore_of "${PID[places]}" "$WORK/places/core"
    for target in "${PID[places]}" "$WORK/places/core"; do
        what_is "$target" bss kind=module module="$exe" section=.bss symbol=global_table \
            symbol_offset=12 thread=null
        what_is "$target" data kind=module section=.data symbol=global_data symbol_offset=0 \
            mapping.path="$exe"
        what_is "$target" code kind=module section=.text symbol=main symbol_offset=3
        what_is "$target" stack kind=stack thread="${PID[places]}" module=null section=null
        what_is "$target" thread_stack kind=stack thread="$thread"
        what_is "$target" tls kind=tls thread="${PID[places]}"
        what_is "$target" thread_tls kind=tls thread="$thread" symbol=null
        what_is "$target" anonymous kind=anonymous thread=null thread_name=null mapping.path=null
        what_is "$target" file kind=file module=null mapping.path="$exe"
    done
    what_is "${PID[places]}" heap kind=heap 'mapping.path=[heap]' mapping.permissions=rw-p
    what_is "${PID[places]}" file mapping.permissions=r--p
    what_is "$WORK/places/core" anonymous mapping.permissions=rw-
    status 1 jeheap find "${PID[places]}" "$(small_value places thread_stack)"
    out_has "^    in stack of thread $thread wor\\\\x1bker$"
    out_has '^    mapping 0x[0-9a-f]*-0x[0-9a-f]* rw-p$'
    status 1 jeheap find "${PID[places]}" "$(small_value places bss)"
    out_has "^    in module $exe, \\.bss: global_table \\+ 0xc$"
    status 1 jeheap find "${PID[places]}" 0x10000 --json
    ask are "$OUT" why=unmapped what.kind=unmapped what.mapping=null
    status 1 jeheap find "${PID[places]}" 0x10000
    [ "$(wc -l <"$OUT")" -le 2 ] || fail "more of what is unmapped: $(cat "$OUT")"
    status 1 jeheap find "${PID[places]}" 0 --json
    ask are "$OUT" why=null what=null
    # its skeleton has no files, and no threads
    status 0 jeheap skeleton "${PID[places]}" -o "$WORK/places/skeleton"
    status 1 jeheap find "$WORK/places/skeleton" "$(small_value places anonymous)" --json
    ask are "$OUT" owned=false "why=no leaf" what=null
    what_is "$WORK/places/skeleton" bss kind=module module="$exe" section=null symbol=null \
        symbol_offset=null
    # without symbols, and without the file
    strip -o "$WORK/places/bare" "$exe"
    what_is "$WORK/places/core" bss section=.bss
    rm "$WORK/places/core" "$WORK/places/skeleton"
}
