# stats: totals that equal jemalloc's own, size classes, arenas, the largest allocations.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs newest 5.3.1 default

# totals WITNESS: a process of totals.c with that one's jemalloc; TOTALS is what it printed.
totals() {
    local dir=$WORK/totals-$1
    mkdir -p "$dir"
    linked "$1" totals.c "$dir/totals"
    background "$dir/totals" >"$dir/stdout" 2>&1 </dev/null
    TOTALS=$dir/stdout
    wait_line "$TOTALS" "$BACK" '^ready' || fail "totals ended: $(head -n 2 "$TOTALS")"
}

total() {
    awk -v word="$1" '$1 == word { print $2 }' "$TOTALS"
}

# equal_to_mallctl TARGET KEY...: to the byte.
equal_to_mallctl() {
    local key target=$1
    shift
    status 0 jeheap stats "$target" --json --quiet
    for key; do
        [ -n "$(total "$key")" ] || fail "jemalloc has no $key"
        ask are "$OUT" "$key=$(total "$key")"
    done
}

test_equal_to_mallctl_5_3_0() {
    totals stock
    equal_to_mallctl "$BACK" allocated active metadata mapped retained
    ask are "$OUT" "cached=$(total tcache_bytes)" partial=false
}

test_equal_to_mallctl_5_3_1() {
    totals newest
    equal_to_mallctl "$BACK" allocated active metadata mapped retained
}

# Its stats.arenas.i.tcache_bytes counts bins of large classes that are not there.
test_equal_to_mallctl_5_2_1() {
    totals redis
    equal_to_mallctl "$BACK" allocated active metadata mapped retained
}

test_equal_on_a_core() {
    totals stock
    gcore_of "$BACK" "$WORK/totals.core"
    equal_to_mallctl "$WORK/totals.core" allocated active metadata mapped retained
    ask are "$OUT" "cached=$(total tcache_bytes)"
}

# A skeleton has arenas as they are, so their counters too.
test_equal_on_a_skeleton() {
    totals stock
    status 0 jeheap stats "$BACK" --arenas --json --quiet
    sed 's/"absent":[0-9]*,//' "$OUT" >"$WORK/of-process" # all but jemalloc's is absent in a skeleton
    status 0 jeheap skeleton "$BACK" -o "$WORK/totals.skeleton" --quiet
    equal_to_mallctl "$WORK/totals.skeleton" allocated active metadata mapped retained
    status 0 jeheap stats "$WORK/totals.skeleton" --arenas --json --quiet
    sed 's/"absent":[0-9]*,//' "$OUT" >"$WORK/of-skeleton"
    same_file "$WORK/of-process" "$WORK/of-skeleton" "a skeleton answers otherwise"
    grep -q '"automatic":true' "$OUT" || fail "no arena is automatic"
    grep -q '"nonfull_slabs":[1-9]' "$OUT" || fail "no bin has slabs that are neither full nor current"
}

# Nothing leads to caches: what is live and what is parked is not known, and is not guessed.
test_caches_not_known() {
    JE_MALLOC_CONF=tcache:false totals stock
    equal_to_mallctl "$BACK" allocated active metadata mapped retained
    ask are "$OUT" cached=null live=null partial=false
    status 0 jeheap stats "$BACK" --quiet
    out_has '^allocated +[0-9.]+ MiB  in use, or parked'
    out_has 'caches are not all known:'
    out_has 'no arena has a list'
    status 0 jeheap regions "$BACK" --quiet --json
    out_has '"state":"held"'
    ! grep -Eq '"state":"(live|cached)"' "$OUT" || fail "live or cached without caches"
}

test_largest() {
    totals stock
    status 0 jeheap stats "$BACK" --json --quiet --largest 2
    ask are "$OUT" "largest.0.addr=$(total largest)" largest.0.size=1048576 \
        largest.0.state=live
    ask have "$OUT" largest.1.addr
    status 0 jeheap stats "$BACK" --quiet --largest 1
    out_has "^$(total largest) +1 MiB +[0-9]+ +live$"
    refuses 2 'from 1 to 100000' jeheap stats "$BACK" --largest 0
}

# More than there is room for, in any order, some of one size.
test_largest_of_many() {
    have stock
    status 0 jeheap extents "${PID[stock]}" --json --quiet
    cp "$OUT" "$WORK/every"
    status 0 jeheap stats "${PID[stock]}" --json --quiet --largest 40
    python3 - "$OUT" "$WORK/every" <<'PY' 2>"$ERR" || fail "not the largest: $(tail -n 1 "$ERR")"
import json, sys
largest = [(l["size"], l["addr"]) for l in json.loads(open(sys.argv[1]).readline())["largest"]]
every = [json.loads(line) for line in open(sys.argv[2])]
every = sorted(((e["usize"], e["addr"]) for e in every if e["allocated"] and not e["slab"]), reverse=True)
sizes = [size for size, _ in largest]
assert len(every) > len(largest) == 40 and len(set(sizes)) < 40, len(every)
assert sizes == [size for size, _ in every[:40]], sizes
assert set(largest) <= set(every)
assert largest == sorted(largest, key=lambda l: (-l[0], int(l[1], 16)))
PY
}

# Debian's Redis with its stripped library: what its MEMORY MALLOC-STATS says, every count of it.
test_redis_malloc_stats() {
    local cell=$WORK/redis.cell dir=$WORK/redis
    need_tool gdb
    cmake -DPIN=debian-5.3.0-1 -DCONFIG=redis-server -DRESULT="$cell" -P "$ROOT_DIR/harness/cmake/cell.cmake" \
        >"$WORK/redis.log" 2>&1
    [ "$(ask get "$cell" status)" = ok ] || skip "$(ask get "$cell" why)"
    mkdir -p "$dir"
    try python3 "$CLI_DIR/redis_stats.py" "$cell" "$JEHEAP" "$dir"
    rm -f "$dir/core"
    [ "$RC" -eq 0 ] || fail "$(said)"
    out_has '^process: 1[0-9]{3} counts are equal$'
    out_has '^core: 1[0-9]{3} counts are equal$'
}

# Sums of the parts are the whole.
test_parts_are_the_whole() {
    totals stock
    status 0 jeheap stats "$BACK" --json --quiet
    python3 - "$OUT" <<'PY' || fail "parts and whole differ"
import json, sys
s = json.loads(open(sys.argv[1]).readline())
assert s["live"] + s["cached"] == s["allocated"]
assert sum(c["usable"] for c in s["classes"]) == s["allocated"]
assert sum(c["bytes"] for c in s["classes"]) == s["active"]
assert sum(a["small_allocated"] + a["large_allocated"] for a in s["arenas"]) == s["allocated"]
assert sum(a["active"] for a in s["arenas"]) == s["active"]
assert sum(a["metadata"] for a in s["arenas"]) == s["metadata"]
assert sum(a["mapped"] for a in s["arenas"]) == s["mapped"]
assert sum(a["tcache_bytes"] for a in s["arenas"]) == s["cached"]
for key in ("dirty", "muzzy", "retained"):
    assert sum(a["extents"][key]["bytes"] for a in s["arenas"]) == s[key]
assert len(s["arenas"]) >= 4
assert sum(h["bytes"] for h in s["histogram"]) == s["live"]
assert sum(h["count"] for h in s["histogram"]) == sum(c["live"] for c in s["classes"])
assert s["free"] == sum((c["free"] or 0) * c["size"] for c in s["classes"])
PY
}

# as_printed WITNESS LETTERS: key by key what that jemalloc itself has printed a moment before, in its
# order; what is not there is listed.
as_printed() {
    local dir=$WORK/printed-$1
    mkdir -p "$dir"
    linked "$1" totals.c "$dir/totals"
    background "$dir/totals" "J$2" "$dir/printed" >"$dir/stdout" 2>&1 </dev/null
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "totals ended: $(head -n 2 "$dir/stdout")"
    status 0 jeheap stats "$BACK" --quiet --jemalloc "$2"
    python3 "$CLI_DIR/same_stats.py" "$dir/printed" "$OUT" "$3" >/dev/null 2>"$WORK/why.py" ||
        fail "$(tail -n 1 "$WORK/why.py")"
    kill -KILL "$BACK"
}

test_as_printed_5_2_1() { as_printed redis "" 10000; }
test_as_printed_5_3_0() { as_printed stock "" 10000; }
test_as_printed_5_3_1() { as_printed newest "" 10000; }
test_as_printed_without_some() {
    as_printed stock gble 100
    as_printed newest ax 2000
    as_printed redis m 8000
}

# A core has the same; no letters are no letters, and a version is none.
test_as_printed_of_a_core() {
    totals stock
    kill -STOP "$BACK"
    gcore_of "$BACK" "$WORK/printed.core"
    status 0 jeheap stats "$WORK/printed.core" --quiet --jemalloc
    cp "$OUT" "$WORK/printed.of.core"
    status 0 jeheap stats "$BACK" --quiet --jemalloc
    same_file "$OUT" "$WORK/printed.of.core" "a core's malloc_stats_print"
    out_has '"jeheap.unknown":\[.*"stats.arenas.\*.uptime_ns"'
    status 0 jeheap stats "$WORK/printed.core" --quiet --jemalloc --layout 5.3.0,prof
    out_has '"jeheap.unknown":\[.*,"prof",'
    mv "$WORK/totals-stock/totals" "$WORK/totals-stock/elsewhere"
    status 0 jeheap stats "$WORK/printed.core" --quiet --jemalloc --layout 5.3.0
    out_has '"jeheap.unknown":\["version",'
    refuses 2 'stats --jemalloc takes letters of malloc_stats_print' \
        jeheap stats "$WORK/printed.core" --jemalloc=5.3.0
    rm -f "$WORK/printed.core"
}

# nonfull_slabs_of WITNESS: as many as jemalloc counts; before 5.2.1 it does not.
nonfull_slabs_of() {
    totals "$1"
    status 0 jeheap stats "$BACK" --json --quiet
    python3 - "$OUT" "$(total nonfull_slabs)" <<'PY' || fail "nonfull_slabs is not jemalloc's"
import json, sys
bins = [b for a in json.loads(open(sys.argv[1]).readline())["arenas"] for b in a["bins"]]
seen, expected = sum(b["nonfull_slabs"] for b in bins), int(sys.argv[2])
assert seen == expected > 0, (seen, expected)
PY
}

test_nonfull_slabs_5_2_1() { nonfull_slabs_of redis; }
test_nonfull_slabs_5_3_0() { nonfull_slabs_of stock; }
test_nonfull_slabs_5_3_1() { nonfull_slabs_of newest; }

# What could go, and how few regions keep it, as a count over all slabs has it.
test_fragmentation() {
    totals stock
    status 0 jeheap extents "$BACK" --json --quiet --slab
    cp "$OUT" "$WORK/slabs"
    status 0 jeheap stats "$BACK" --json --quiet --fragmentation
    python3 - "$OUT" "$WORK/slabs" <<'PY' || fail "fragmentation is another"
import collections, json, sys
stats = json.loads(open(sys.argv[1]).readline())
used = collections.defaultdict(list)
for line in open(sys.argv[2]):
    e = json.loads(line)
    used[e["szind"], e["arena_ind"]].append((e["nregs"] - e["nfree"], e["nregs"], e["size"]))
f = stats["fragmentation"]
assert f["internal"] is None and f["slab"] == stats["free"]
some = 0
for c in f["classes"]:
    of = {arena: slabs for (szind, arena), slabs in used.items() if szind == c["szind"]}
    spare = {a: len(s) - -(-sum(u for u, _, _ in s) // s[0][1]) for a, s in of.items()}
    every = sorted(u for s in of.values() for u, _, _ in s)
    assert c["slabs"] == len(every) and c["spare_slabs"] == sum(spare.values())
    assert c["regions"] == sum(every[: c["spare_slabs"]])
    assert c["pinned"] == c["spare_slabs"] * next(iter(of.values()))[0][2]
    for a in c["arenas"]:
        assert a["spare_slabs"] == spare[a["arena_ind"]]
        some += 1
assert some > 3
PY
}

test_text() {
    totals stock
    status 0 jeheap stats "$BACK" --quiet --arenas --fragmentation
    for word in live cached free padding dirty muzzy retained metadata; do
        out_has "^$word +[0-9.]+ ([KMG]iB|bytes) "
    done
    out_has '^ +size class +memory +live +cached +free +slabs +share +used$'
    out_has '^ +size up to +live bytes +count$'
    out_has '^ +[0-9]+ [KM]iB +[0-9.]+ MiB +[0-9]+ #{36}$'
    out_has '^Memory that the program does not use$'
    out_has '^internal +- .*not known'
    out_has '^ +size class +slabs +could go +pinned +by regions +arena: slabs$'
    out_has '^arena +allocated '
    ! awk 'length > 80' "$OUT" | grep . >"$WORK/long" || fail "more than 80 columns: $(head -n 1 "$WORK/long")"
}

# Rows that most heaps have not: what a core has not, memory in caches of the allocator of huge pages.
test_text_of_more() {
    [ -e /sys/kernel/mm/transparent_hugepage ] || skip "no huge pages here"
    JE_MALLOC_CONF=hpa:true totals stock
    status 0 jeheap stats "$BACK" --quiet
    out_has '^unused +[0-9.]+ [KM]iB  active extents in caches of HPA or san, or being purged$'
    ! grep -q '^absent' "$OUT" || fail "absent of a process"
    small few
    core_of few
    status 0 jeheap stats "$CORE" --quiet
    out_has '^absent +[0-9.]+ ([KM]iB|bytes)  of the process, not in this core$'
    ! grep -q '^unused' "$OUT" || fail "unused in a heap without"
}

test_damaged() {
    totals stock
    status 0 jeheap extents "$BACK" --quiet --json --slab
    head -n 1 "$OUT" >"$WORK/line"
    local extent
    extent=$(ask get "$WORK/line" extent)
    poke "$BACK" "$extent" ff 8
    status 1 jeheap stats "$BACK" --json
    err_has 'corrupt'
}

# Eight million pages that nobody has touched, in 32 blocks, cost no more than the few nodes of the tree
# that they are in: so many reads, in the process and in a small core of it.
test_blocks_of_a_gigabyte() {
    local target addrs
    linked stock huge_blocks.c "$WORK/huge"
    background "$WORK/huge" >"$WORK/blocks" 2>&1 </dev/null
    wait_line "$WORK/blocks" "$BACK" '^ready' || skip "32 GiB cannot be reserved here"
    stop "$BACK"
    mapfile -t addrs < <(sed -n 's/^block //p' "$WORK/blocks")
    status 0 jeheap skeleton "$BACK" -o "$WORK/huge.core" --quiet
    for target in "$BACK" "$WORK/huge.core"; do
        status 0 jeheap info "$target" --json --quiet --max-reads 16000
        ask are "$OUT" verdict=sound
        status 0 jeheap check "$target" --quiet --max-reads 16000
        status 0 jeheap regions "$target" --min-size 1G --json --quiet --max-reads 16000
        [ "$(grep -c '"state":"live"' "$OUT")" -eq 32 ] || fail "regions: $(wc -l <"$OUT") blocks"
        status 0 jeheap stats "$target" --largest 32 --json --quiet --max-reads 16000
        [ "$(grep -o '"size":1073741824,"arena_ind"' "$OUT" | wc -l)" -eq 32 ] || fail "stats: $(cat "$OUT")"
        status 0 jeheap find "$target" "${addrs[@]}" --json --quiet --max-reads 100000
        [ "$(grep -c '"state":"live"' "$OUT")" -eq 32 ] || fail "find: $(wc -l <"$OUT") blocks"
    done
    rm "$WORK/huge.core"
    kill -KILL "$BACK"
}

# With one read less than it takes something is missing, and that is said.
test_budget() {
    local few=1 enough=1 reads
    totals stock
    status 4 jeheap stats "$BACK" --json --max-reads 20
    out_has '"partial":true'
    kill -STOP "$BACK"
    until jeheap stats "$BACK" --quiet --max-reads $enough && [ $RC -eq 0 ]; do
        few=$enough enough=$((2 * enough))
    done
    while [ $((enough - few)) -gt 1 ]; do
        reads=$(((few + enough) / 2))
        jeheap stats "$BACK" --quiet --max-reads $reads
        if [ $RC -eq 0 ]; then enough=$reads; else few=$reads; fi
    done
    status 4 jeheap stats "$BACK" --json --max-reads $few
    out_has '"partial":true'
    err_has 'could not be read whole of 1 arena$'
}
