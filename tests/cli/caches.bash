# caches: every cache and what is parked in it; and find, which tells what is in use from it.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs old redis-6.0 default
needs narrow 5.3.0 no-stats-i386

# parker NAME WITNESS [OPTIONS [CFLAG...]]: a process of caches.c with that witness's jemalloc, in the
# folder $WORK/NAME. What it printed is in stdout there.
parker() {
    local name=$1 witness=$2 dir=$WORK/$1
    mkdir -p "$dir"
    linked "$witness" caches.c "$dir/parker" -Wl,--build-id "${@:4}"
    background env -C "$dir" "JE_MALLOC_CONF=${3:-}" "$dir/parker" >"$dir/stdout" 2>&1 </dev/null
    PID[$name]=$BACK
    EXE[$name]=$dir/parker
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "parker ended: $(head -n 3 "$dir/stdout")"
}

# same NAME TARGET [OPTION]: what it has, and what jeheap says of it.
same() {
    local dir=$WORK/$1 target=$2
    shift 2
    status 0 jeheap caches "$target" --json --addresses --quiet "$@"
    [ ! -s "$ERR" ] || fail "caches $target: $(said)"
    cp "$OUT" "$dir/caches"
    # shellcheck disable=SC2046
    status 0 jeheap find "$target" $(awk 'NF == 4 { print $4 }' "$dir/stdout") --json --quiet "$@"
    [ ! -s "$ERR" ] || fail "find $target: $(said)"
    ask caches "$dir/stdout" "$dir/caches" "$OUT"
}

# Process and core alike.
truth_of() {
    core_of "$1"
    same "$1" "${PID[$1]}"
    same "$1" "$CORE"
    rm "$CORE"
}

test_5_3() {
    parker new stock
    truth_of new
}

test_5_2() {
    parker redis_parker redis
    truth_of redis_parker
}

test_5_1() {
    parker old_parker old
    truth_of old_parker
}

# parker32 NAME: of a build without lists, of 32 bits.
parker32() {
    parker "$1" narrow '' -m32 -idirafter "/usr/include/$(uname -m)-linux-gnu"
}

# Each command that tells cached from live knows the caches, whatever they are found by.
cached_everywhere() {
    local count bytes
    status 0 jeheap caches "$1" --json
    count=$(sed 's/.*"count":\([0-9]*\),.*/\1/' "$OUT" | awk '{ sum += $1 } END { print sum }')
    bytes=$(sed 's/.*"count":[0-9]*,"bytes":\([0-9]*\),.*/\1/' "$OUT" | awk '{ sum += $1 } END { print sum }')
    status 0 jeheap stats "$1" --json
    ask are "$OUT" "cached=$bytes"
    status 0 jeheap regions "$1" --state cached --json
    [ "$(wc -l <"$OUT")" -eq "$count" ] || fail "regions: not $count are cached: $(said)"
}

# Memory tells where threads have their storage, of a process that goes on and in the debugger's core;
# descriptors tell it with --stop.
test_no_list_32_bits() {
    parker32 short
    truth_of short
    same short "${PID[short]}" --stop
    cached_everywhere "${PID[short]}"
}

# And in the kernel's core.
test_no_list_32_bits_core() {
    have narrow
    kernel_cores
    parker32 dumped
    kernel_core dumped
    same dumped "$CORE"
    rm "$CORE"
}

# Without a symbol, but with the version in its text.
test_without_symbols() {
    local pid
    parker nameless stock
    strip -o "$WORK/nameless/stripped" "${EXE[nameless]}"
    background "$WORK/nameless/stripped" >"$WORK/nameless/stdout" 2>&1 </dev/null
    pid=$BACK
    wait_line "$WORK/nameless/stdout" "$pid" '^ready' || fail "it ended"
    status 0 jeheap caches "$pid" --json --addresses --quiet
    cp "$OUT" "$WORK/caches"
    # shellcheck disable=SC2046
    status 0 jeheap find "$pid" $(awk 'NF == 4 { print $4 }' "$WORK/nameless/stdout") --json --quiet
    ask caches "$WORK/nameless/stdout" "$WORK/caches" "$OUT"
}

# The name of a thread is another's text.
test_text() {
    local parked live
    parker texts stock
    parked=$(awk '/^cached second/ { print $4 }' "$WORK/texts/stdout" | tail -n 1)
    live=$(awk '/^live second/ { print $4 }' "$WORK/texts/stdout" | tail -n 1)
    status 0 jeheap caches "${PID[texts]}" --addresses
    out_has '^0x[0-9a-f]+ thread [0-9]+ second \\x1b\[31m, arena [0-9]+: 3 regions, 960 bytes$'
    out_has '^0x[0-9a-f]+ explicit, arena [0-9]+: 3 regions, 336 bytes$'
    out_has '^    szind  13 +320 bytes: +3 of [0-9]+$'
    out_has "^      $parked\$"
    out_has '^3 caches: 9 regions, 61.3 KiB$'
    status 0 jeheap caches "${PID[texts]}"
    if grep -q "$parked" "$OUT"; then fail "addresses without --addresses"; fi
    status 0 jeheap find "${PID[texts]}" "$parked" "$live"
    out_has "^$parked: cached, $parked \\+ 0 of 320 bytes\$"
    out_has '^    parked in the thread cache 0x[0-9a-f]+ of thread [0-9]+ second \\x1b\[31m, bin of size class 13$'
    out_has "^$live: live, $live \\+ 0 of 320 bytes\$"
    parked=$(awk '/^cached explicit/ { print $4 }' "$WORK/texts/stdout" | tail -n 1)
    status 0 jeheap find "${PID[texts]}" "$parked"
    out_has '^    parked in the explicit cache 0x[0-9a-f]+, bin of size class 7$'
}

# An explicit cache is in a list, so all would be.
test_threads_without_caches() {
    local live
    parker none stock tcache:false
    live=$(awk '/^live main/ { print $4 }' "$WORK/none/stdout" | head -n 1)
    status 0 jeheap caches "${PID[none]}" # the explicit one
    out_has '^1 cache: 3 regions, 336 bytes$'
    status 0 jeheap find "${PID[none]}" "$live" --json
    ask are "$OUT" state=live tcache=null
}

# Nothing tells that there are no caches: what is handed out stays held.
test_no_list() {
    local live
    small tiny
    background env JE_MALLOC_CONF=tcache:false "${EXE[tiny]}" >"$WORK/stdout" </dev/null
    wait_line "$WORK/stdout" "$BACK" '^ready' || fail "it ended"
    live=$(awk '$1 == "large" { print $2 }' "$WORK/stdout")
    status 4 jeheap caches "$BACK"
    out_has '^0 caches: 0 regions, 0 bytes$'
    err_has '^jeheap: not all thread caches are known: no arena has a list of them: .*--disable|tcache:false'
    status 4 jeheap caches "$BACK" --json --quiet
    [ "$(cat "$OUT")" = '{"partial":true,"faults":0}' ] || fail "$(head -c 200 "$OUT")"
    status 0 jeheap find "$BACK" "$live" "$live"
    [ "$(grep -c 'not all thread caches are known' "$ERR")" -eq 1 ] || fail "said once: $(said)"
    status 0 jeheap find "$BACK" "$live" --json
    ask are "$OUT" state=held tcache=null
    status 0 jeheap find "$BACK" "$live" --quiet
    [ ! -s "$ERR" ] || fail "$(said)"
}

# A bin that has more than fits, in the core: it is named, the other caches are there, and nothing is
# called live.
test_a_cache_that_contradicts() {
    local bin live
    parker bent stock
    core_of bent
    status 0 jeheap caches "$CORE" --json
    bin=$(hex "$(sed -n '1s/^{"cache":"\(0x[0-9a-f]*\)".*/\1/p' "$OUT") + 8 + 24 * 3")
    live=$(awk '/^live main/ { print $4 }' "$WORK/bent/stdout" | head -n 1)
    ask poke "$CORE" "$WORK/damaged" "$bin" 0x7f0000001234
    status 4 jeheap caches "$WORK/damaged" --exe "${EXE[bent]}"
    out_has '^3 caches: '
    err_has "^jeheap: caches: corrupt: cache\\.count at $bin, value 0x[0-9a-f]+\$"
    err_has '^jeheap: not all thread caches are known: one of them is corrupt$'
    status 1 jeheap find "$WORK/damaged" --exe "${EXE[bent]}" "$live" --json
    ask are "$OUT" state=held
    err_has 'caches: corrupt: cache\.count'
    rm "$WORK/damaged" "$CORE"
}

test_budget() {
    local reads
    parker poor stock
    for ((reads = 10; reads < 10000; reads *= 2)); do
        jeheap caches "${PID[poor]}" --max-reads $reads
        [ "$RC" -ne 0 ] || break
        [ "$RC" -eq 4 ] || [ "$RC" -eq 3 ] || fail "$reads reads: exit status $RC: $(said)"
        [ "$RC" -ne 4 ] || err_has 'reader\.budget|budget|--max-reads [0-9]+ is used up'
    done
    [ "$RC" -eq 0 ] || fail "10000 reads are not enough"
}

test_help() {
    status 0 jeheap caches --help
    out_has '^usage: jeheap caches'
    out_has -- '--addresses'
    refuses 2 'addresses' jeheap find 1 0x1000 --addresses
    refuses 2 '' jeheap caches
}
