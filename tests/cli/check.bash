# check and explain: sound heaps break no rule, each misuse breaks its own.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs newest 5.3.1 default

every_rule_holds() {
    have "$1"
    status 0 jeheap check "${PID[$1]}" --json --quiet
    [ "$(cat "$OUT")" = '{"findings":0,"corrupt":0,"transient":0,"suspicious":0}' ] ||
        fail "findings: $(head -c 300 "$OUT")"
    core_of "$1"
    status 0 jeheap check "$CORE" --quiet
    out_has '^every rule holds$'
}

test_sound_5_3_0() { every_rule_holds stock; }
test_sound_5_3_1() { every_rule_holds newest; }
test_sound_5_2_1() { every_rule_holds redis; }

# misuse WITNESS HOW: a process of misuse.c with that one's jemalloc, stopped. AT: the address.
misuse() {
    local dir=$WORK/misuse-$1-$2
    mkdir -p "$dir"
    linked "$1" misuse.c "$dir/misuse" -w
    background "$dir/misuse" "$2" >"$dir/stdout" 2>&1 </dev/null
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "misuse ended: $(head -n 2 "$dir/stdout")"
    AT=$(awk '$1 == "at" { print $2 }' "$dir/stdout")
    stop "$BACK"
}

# finds RULE: it is the only one that is broken, once, at AT; also on the core.
finds() {
    local target
    gcore_of "$BACK" "$WORK/misuse.core"
    status 0 jeheap skeleton "$WORK/misuse.core" -o "$WORK/misuse.skeleton" --quiet
    for target in "$BACK" "$WORK/misuse.core" "$WORK/misuse.skeleton"; do
        status 1 jeheap check "$target" --json --quiet
        head -n 1 "$OUT" >"$WORK/finding"
        ask are "$WORK/finding" "rule=$1" "address=$AT" severity=corrupt
        tail -n 1 "$OUT" >"$WORK/last"
        ask are "$WORK/last" findings=1 corrupt=1 transient=0 suspicious=0
    done
    status 1 jeheap check "$BACK"
    out_has '^1 finding: 1 corrupt'
    if grep -q 'more fault' "$ERR"; then fail "said twice: $(said)"; fi
    out_has "^$1: 1: "
    out_has "^    corrupt    at $AT, "
    kill -KILL "$BACK"
}

# A debugger's core leaves code out: the file of the library tells where that is, so that nobody is
# taken to be inside jemalloc.
test_double_free_in_a_stripped_library() {
    local dir=$WORK/misuse-library
    have stock
    need_tool "$CC" strip ld objcopy
    mkdir -p "$dir"
    ld -r -o "$dir/all.o" --whole-archive "${PREFIX[stock]}/lib/libjemalloc.a" || fail "ld"
    objcopy --keep-global-symbol=je_{malloc,calloc,free,mallocx,dallocx,sdallocx,mallctl} "$dir/all.o" || fail "objcopy"
    "$CC" -shared -Wl,--build-id -o "$dir/libjemalloc.so" "$dir/all.o" -lm -lpthread -ldl 2>"$WORK/cc.log" ||
        fail "no library: $(head -n 3 "$WORK/cc.log")"
    strip "$dir/libjemalloc.so"
    "$CC" -O1 -w -I"${PREFIX[stock]}/include" -o "$dir/misuse" "$CLI_DIR/misuse.c" -Wl,-rpath,"$dir" \
        "$dir/libjemalloc.so" -lpthread 2>"$WORK/cc.log" || fail "$(head -n 3 "$WORK/cc.log")"
    background "$dir/misuse" twice >"$dir/stdout" 2>&1 </dev/null
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "misuse ended: $(head -n 2 "$dir/stdout")"
    AT=$(awk '$1 == "at" { print $2 }' "$dir/stdout")
    stop "$BACK"
    finds cache.parked-twice
}

# guarded WITNESS: what is freed is guarded, and one guard page was opened.
guarded() {
    local target
    have "$1"
    JE_MALLOC_CONF=san_guard_small:1,san_guard_large:1 misuse "$1" guard
    [ "$AT" != 0x0 ] || fail "no guard page was found"
    gcore_of "$BACK" "$WORK/guard.core"
    status 0 jeheap skeleton "$WORK/guard.core" -o "$WORK/guard.skeleton" --quiet
    for target in "$BACK" "$WORK/guard.core" "$WORK/guard.skeleton"; do
        status 1 jeheap check "$target" --json --quiet
        head -n 1 "$OUT" >"$WORK/finding"
        ask are "$WORK/finding" rule=arena.guard-page "seen=$AT" severity=corrupt
        tail -n 1 "$OUT" >"$WORK/last"
        ask are "$WORK/last" findings=1 corrupt=1 transient=0 suspicious=0
    done
    rm "$WORK/guard.core"
    JE_MALLOC_CONF=san_guard_small:1,san_guard_large:1 misuse "$1" sound # no page of these was
    gcore_of "$BACK" "$WORK/guard.core"
    status 0 jeheap skeleton "$WORK/guard.core" -o "$WORK/guard.skeleton" --quiet
    for target in "$BACK" "$WORK/guard.core" "$WORK/guard.skeleton"; do
        status 0 jeheap check "$target" --quiet
        out_has '^every rule holds$'
    done
    status 0 jeheap extents "$BACK" --json
    grep -q '"guarded":true' "$OUT" || fail "nothing is guarded"
    rm "$WORK/guard.core"
}

# The kernel says of each segment what may be done with it.
test_guard_page_in_a_core_of_the_kernel() {
    local pattern how code
    pattern=$(cat /proc/sys/kernel/core_pattern)
    case $pattern in
    '' | *[!A-Za-z0-9_.-]*) skip "core_pattern is '$pattern', not a plain name" ;;
    esac
    (ulimit -S -c unlimited) 2>/dev/null || skip "no cores are allowed (ulimit -c)"
    have stock
    mkdir "$WORK/kernel"
    linked stock misuse.c "$WORK/kernel/misuse" -w
    for how in guard sound; do
        (
            cd "$WORK/kernel" || exit 1
            ulimit -S -c unlimited
            JE_MALLOC_CONF=san_guard_small:1,san_guard_large:1 exec ./misuse $how
        ) >"$WORK/kernel/stdout" 2>&1 </dev/null &
        BACK=$!
        printf '%s %s\n' "$BACK" "$(started $BACK)" >>"$WORK/pids"
        wait_line "$WORK/kernel/stdout" "$BACK" '^ready' || fail "misuse ended"
        kill -ABRT "$BACK"
        { wait "$BACK"; } 2>/dev/null
        mv "$WORK"/kernel/"$pattern"* "$WORK/kernel.core" 2>/dev/null || skip "the kernel wrote no core"
        code=$([ $how = sound ] && echo 0 || echo 1)
        status "$code" jeheap check "$WORK/kernel.core" --json --quiet
        [ "$(grep -c '"rule":"arena.guard-page"' "$OUT")" = "$code" ] || fail "$how: $(head -c 300 "$OUT")"
        [ "$(wc -l <"$OUT")" -eq $((code + 1)) ] || fail "$how: $(head -c 300 "$OUT")"
        rm "$WORK/kernel.core"
    done
}

test_guard_page_5_3_0() { guarded stock; }
test_guard_page_5_3_1() { guarded newest; }
test_double_free_5_3_0() { misuse stock twice && finds cache.parked-twice; }
test_double_free_of_a_large_one_5_3_0() { misuse stock large && finds cache.parked-twice; }
test_double_free_after_a_flush_5_3_0() { misuse stock flush && finds cache.parked-free; }
test_free_into_the_middle_5_3_0() { misuse stock middle && finds cache.no-region; }
test_free_with_a_wrong_size_5_3_0() { misuse stock size && finds cache.szind; }
test_double_free_5_2_1() { misuse redis twice && finds cache.parked-twice; }
test_double_free_of_a_large_one_5_2_1() { misuse redis large && finds cache.parked-twice; }
test_double_free_after_a_flush_5_2_1() { misuse redis flush && finds cache.parked-free; }
test_free_into_the_middle_5_2_1() { misuse redis middle && finds cache.no-region; }
test_double_free_5_3_1() { misuse newest twice && finds cache.parked-twice; }
test_double_free_of_a_large_one_5_3_1() { misuse newest large && finds cache.parked-twice; }
test_double_free_after_a_flush_5_3_1() { misuse newest flush && finds cache.parked-free; }
test_free_into_the_middle_5_3_1() { misuse newest middle && finds cache.no-region; }
test_free_with_a_wrong_size_5_3_1() { misuse newest size && finds cache.szind; }

# found RULE KEY=VALUE...: one of what check finds, of the process alone.
found() {
    local rule=$1
    shift
    status 1 jeheap check "$BACK" --json --quiet
    grep -m 1 "\"rule\":\"$rule\"" "$OUT" >"$WORK/finding" || fail "no $rule: $(head -c 300 "$OUT")"
    ask are "$WORK/finding" severity=corrupt "$@"
    without_text <"$OUT" >"$WORK/original"
    jeheap skeleton "$BACK" -o "$WORK/misuse.skeleton" --quiet
    status 1 jeheap check "$WORK/misuse.skeleton" --json --quiet
    without_text <"$OUT" >"$WORK/answer"
    same_file "$WORK/original" "$WORK/answer" "the skeleton answers otherwise"
    kill -KILL "$BACK"
}

# A skeleton has no text of the program's.
without_text() {
    sed -E 's/"text":("[^"]*"|null)/"text":null/; s/0x4141414141414141/0x0/'
}

# page ADDRESS: a large allocation's extent begins there.
page() {
    hex "$1 & ~4095"
}

# 5.3.1 ends the first of these itself, by a signal.
test_large_freed_twice_at_once_5_2_1() { misuse redis at-once && found arena.heap "region=$(page "$AT")"; }
test_large_freed_twice_at_once_5_3_0() { misuse stock at-once && found arena.heap "region=$(page "$AT")"; }
test_large_freed_twice_counts_5_3_0() {
    misuse stock at-once
    found arena.large-count seen=0xffffffffffffffff expected=0x0
}
test_large_freed_twice_out_of_a_cache_5_2_1() { misuse redis out && found arena.heap "region=$(page "$AT")"; }
test_large_freed_twice_out_of_a_cache_5_3_0() { misuse stock out && found arena.heap "region=$(page "$AT")"; }
test_large_freed_twice_out_of_a_cache_5_3_1() { misuse newest out && found arena.large-bytes; }
test_large_parked_after_it_was_given_back_5_2_1() { misuse redis in && found cache.outside "address=$AT"; }
test_large_parked_after_it_was_given_back_5_3_1() { misuse newest in && found cache.outside "address=$AT"; }
test_double_free_flushed_twice_5_2_1() { misuse redis flushed && flushed_twice; }
test_double_free_flushed_twice_5_3_0() { misuse stock flushed && flushed_twice; }
test_double_free_flushed_twice_5_3_1() { misuse newest flushed && flushed_twice; }
test_small_size_of_a_large_one_5_2_1() { misuse redis sized && found cache.szind "address=$AT"; }
test_small_size_of_a_large_one_5_3_0() { misuse stock sized && found cache.szind "address=$AT"; }
test_double_free_by_two_threads_5_3_0() { misuse stock threads && found cache.two-caches "address=$AT"; }
test_double_free_by_two_threads_5_2_1() { misuse redis threads && found cache.two-caches "address=$AT"; }
test_text_over_a_caches_stack_5_3_0() { misuse stock stack && found cache.outside "address=$AT" text=AAAAAAAA; }
test_text_over_a_caches_stack_5_2_1() { misuse redis stack && found cache.outside "address=$AT" text=AAAAAAAA; }
test_text_over_a_caches_stack_5_3_1() { misuse newest stack && found cache.outside "address=$AT" text=AAAAAAAA; }

flushed_twice() {
    status 1 jeheap find "$BACK" "$AT" --json --quiet
    found slab.nfree "address=$(grep -o '"extent":"0x[0-9a-f]*' "$OUT" | head -n 1 | cut -d '"' -f 4)"
}

# Whose cache, and the bytes of the region.
test_who_and_what() {
    misuse stock twice
    status 1 jeheap check "$BACK" --quiet
    out_has "region $AT, in the thread cache of thread $BACK misuse, bytes \"AAAAAAAAAAAAAAAA\"\$"
    status 1 jeheap check "$BACK" --quiet --json
    head -n 1 "$OUT" >"$WORK/finding"
    ask are "$WORK/finding" text=AAAAAAAAAAAAAAAA
    grep -q "\"cache\":{\"at\":\"0x[0-9a-f]*\",\"kind\":\"thread\",\"thread\":$BACK," "$OUT" ||
        fail "whose cache it is in is not said"
    kill -KILL "$BACK"
}

# Writes of the program over its own memory leave jemalloc's as it is.
test_contents_are_nobodys_rule() {
    misuse stock contents
    status 0 jeheap check "$BACK" --quiet
    out_has '^every rule holds$'
    kill -KILL "$BACK"
}

# A wild write: text over an extent's first words, over a leaf element, over a bitmap.
test_text_over_an_extent() {
    misuse stock none
    status 0 jeheap extents "$BACK" --quiet --json --state active
    head -n 1 "$OUT" >"$WORK/line"
    local at
    at=$(ask get "$WORK/line" extent)
    poke "$BACK" "$at" 41 8
    status 1 jeheap check "$BACK" --json --quiet
    grep -q "\"address\":\"$at\".*\"text\":\"AAAAAAAA" "$OUT" || fail "no text: $(head -c 300 "$OUT")"
}

# A region that is parked twice is one region: no class has more parked than handed out.
test_totals_of_a_double_free() {
    misuse stock twice
    status 0 jeheap stats "$BACK" --json --quiet
    jeheap caches "$BACK" --json --quiet --addresses
    cp "$OUT" "$WORK/caches"
    jeheap stats "$BACK" --json --quiet
    python3 - "$OUT" "$WORK/caches" <<'PY' || fail "what is parked twice counts twice"
import json, sys
stats = json.loads(open(sys.argv[1]).readline())
parked = [(addr, b["size"]) for line in open(sys.argv[2]) for b in json.loads(line).get("bins", [])
          for addr in b["addrs"]]
assert len(parked) == len(set(parked)) + 1
assert stats["cached"] == sum(size for _, size in set(parked))
assert all(c["live"] + c["cached"] == c["allocated"] for c in [stats, *stats["classes"]])
PY
    kill -KILL "$BACK"
}

# A background thread is inside jemalloc all the time, and excuses nothing. What a process was doing
# that is only stopped cannot be told for sure.
test_beside_a_background_thread() {
    local target
    JE_MALLOC_CONF=background_thread:true misuse stock twice
    kill -CONT "$BACK"
    wait_line "/proc/$BACK/task/$BACK/status" "$BACK" '^State:.*S'
    [ "$(find "/proc/$BACK/task" -mindepth 1 -maxdepth 1 | wc -l)" -gt 1 ] ||
        skip "this jemalloc has no background threads"
    gcore_of "$BACK" "$WORK/misuse.core"
    for target in "$BACK --stop" "$WORK/misuse.core"; do
        # shellcheck disable=SC2086
        status 1 jeheap check $target --json --quiet
        head -n 1 "$OUT" >"$WORK/finding"
        ask are "$WORK/finding" rule=cache.parked-twice "address=$AT" severity=corrupt in_flight=null
    done
    stop "$BACK"
    status 0 jeheap check "$BACK" --json
    head -n 1 "$OUT" >"$WORK/finding"
    ask are "$WORK/finding" rule=cache.parked-twice severity=suspicious
    err_has 'may be an operation in flight, or damage: --stop holds the process still'
    kill -KILL "$BACK"
}

# A thread that crashed inside jemalloc was not stopped half-way: what it did may be what is wrong.
test_double_free_before_a_crash() {
    local target
    have stock
    need_tool gdb
    linked stock misuse.c "$WORK/crash" -w
    gdb -nx -batch -iex 'set auto-load off' -iex 'set debuginfod enabled off' -ex run \
        -ex "generate-core-file $WORK/crash.core" --args "$WORK/crash" crash >"$WORK/gdb.out" 2>&1 </dev/null
    grep -q SIGSEGV "$WORK/gdb.out" || fail "no crash: $(tail -n 2 "$WORK/gdb.out")"
    status 0 jeheap skeleton "$WORK/crash.core" -o "$WORK/crash.skeleton" --quiet
    AT=$(awk '$1 == "at" { print $2 }' "$WORK/gdb.out")
    for target in "$WORK/crash.core" "$WORK/crash.skeleton"; do
        jeheap check "$target" --quiet
        out_has "^    suspicious at $AT, .* perhaps a thread inside jemalloc has .* in hand \(thread [0-9]*\); a thread crashed there\$"
        ! grep -q '^    transient' "$OUT" || fail "transient: $(grep transient "$OUT")"
    done
}

# A process that runs may be in the middle of a flush.
test_of_a_running_process() {
    misuse stock twice
    kill -CONT "$BACK"
    wait_line "/proc/$BACK/status" "$BACK" '^State:.*[SR]'
    status 0 jeheap check "$BACK" --json --quiet
    head -n 1 "$OUT" >"$WORK/finding"
    ask are "$WORK/finding" rule=cache.parked-twice severity=transient
}

# judged SEVERITY ADDR: so say commands of the slab whose bitmap was damaged.
judged() {
    status 1 jeheap check "$BACK" --json --quiet
    grep -q "\"rule\":\"slab.nfree\".*\"extent\":\"$2\".*\"severity\":\"$1\"" "$OUT" ||
        fail "check: $(head -c 400 "$OUT")"
    status 1 jeheap info "$BACK" --json --quiet
    ask are "$OUT" "faults_by_severity.$1=1"
    status 1 jeheap extent "$BACK" "$2" --json --quiet
    ask are "$OUT" broken_rule=slab.nfree "severity=$1"
    status 1 jeheap extents "$BACK" --json
    grep -q ": $1: slab.nfree" "$ERR" || fail "extents: $(said)"
}

# One fact has one judgement: of a process that is stopped by the marks, of one that runs by what stays.
test_one_judgement() {
    misuse stock none
    status 0 jeheap extents "$BACK" --quiet --json --state active --slab
    grep '"nfree":0,' "$OUT" | head -n 1 >"$WORK/line"
    local at
    at=$(ask get "$WORK/line" extent)
    poke "$BACK" "$(hex "$at + 64")" 01 1 # a region that is free
    judged corrupt "$at"
    kill -CONT "$BACK"
    wait_line "/proc/$BACK/status" "$BACK" '^State:.*[SR]'
    judged corrupt "$at"
}

# All findings, not the first one; each rule with its count.
test_damage() {
    misuse stock none
    status 0 jeheap extents "$BACK" --quiet --json --state active
    cp "$OUT" "$WORK/all"
    for line in 1 2; do
        sed -n "${line}p" "$WORK/all" >"$WORK/line"
        poke "$BACK" "$(ask get "$WORK/line" extent)" ff 8
    done
    status 1 jeheap check "$BACK" --quiet
    out_has 'findings: [0-9]+ corrupt'
    status 1 jeheap check "$BACK" --quiet --json
    [ "$(wc -l <"$OUT")" -ge 3 ] || fail "two damages, fewer findings"
}

test_budget() {
    have stock
    status 4 jeheap check "${PID[stock]}" --json --max-reads 30
    out_has '"partial":true'
}

test_explain() {
    status 0 jeheap explain cache.parked-twice
    out_has '^cache.parked-twice: a region that is parked twice$'
    out_has '^What usually does it: A double free'
    out_has '^Next: '
    status 0 jeheap explain extent.overlap --json
    ask have "$OUT" rule meaning causes next
    refuses 2 'no.rule: there is no such rule; jeheap explain lists them all' jeheap explain no.rule
    refuses 2 'no such rule; did you mean cache\.parked-twice\?$' jeheap explain cache.parked-twise
}

# Every rule of RULES.md, each with what breaks it.
test_explain_lists_all() {
    status 0 jeheap explain --json
    sed -n 's/^| `\([a-z.-]*\)` |.*/\1/p' "$ROOT_DIR/decoder/RULES.md" | sort -u >"$WORK/rules"
    python3 -c 'import json, sys
for line in sys.stdin:
    r = json.loads(line)
    assert r["meaning"] and r["causes"] and r["next"]
    print(r["rule"])' <"$OUT" | sort -u >"$WORK/explained"
    same_file "$WORK/rules" "$WORK/explained" "RULES.md and explain"
    status 0 jeheap explain
    awk 'NF > 1 { print $1 }' "$OUT" | sort -u >"$WORK/listed"
    same_file "$WORK/explained" "$WORK/listed" "explain with and without --json"
}
