# regions: every region and every large allocation, against what the witness has written down.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs newest 5.3.1 default

# Each region of a slab once, what is cached where the witness says so, all else free or live.
regions_are() {
    have "$1"
    status 0 jeheap regions "${PID[$1]}" --json --quiet
    python3 - "${TRUTH[$1]}" "$OUT" <<'PY' || fail "regions differ from the witness's"
import json, sys
truth, out = sys.argv[1:]
cached = {}
for line in open(truth):
    word, _, rest = line.partition(" ")
    if word == "cached":
        fact = dict(pair.split("=") for pair in rest.split())
        cached[int(fact["addr"], 16)] = int(fact["szind"], 16)
seen = {}
for line in open(out):
    r = json.loads(line)
    assert r["addr"] not in seen, r
    seen[r["addr"]] = r
    at = int(r["addr"], 16)
    assert (r["state"] == "cached") == (at in cached), r
    assert (r["cache"] is not None) == (at in cached), r
    assert r["state"] in ("live", "cached", "free"), r
    assert r["state"] != "cached" or r["szind"] == cached[at], r
assert all(hex(at) in seen for at in cached)
assert len(seen) > 4000
PY
}

test_all_5_3_0() { regions_are stock; }
test_all_5_3_1() { regions_are newest; }
test_all_5_2_1() { regions_are redis; }

test_on_a_core() {
    have stock
    core_of stock
    status 0 jeheap regions "${PID[stock]}" --json --quiet
    cp "$OUT" "$WORK/live.regions"
    status 0 jeheap regions "$CORE" --json --quiet
    same_file "$WORK/live.regions" "$OUT" "process and core"
}

test_filters() {
    have stock
    status 0 jeheap regions "${PID[stock]}" --json --quiet
    python3 -c 'import json, sys
for line in sys.stdin:
    r = json.loads(line)
    if r["szind"] == 7 and r["state"] == "free" and r["arena_ind"] == 1:
        sys.stdout.write(line)' <"$OUT" >"$WORK/wanted"
    status 0 jeheap regions "${PID[stock]}" --json --quiet --szind 7 --state free --arena 1
    same_file "$WORK/wanted" "$OUT" "--szind --state --arena"
    status 0 jeheap regions "${PID[stock]}" --quiet --min-size 1M
    awk 'NR > 1 && $2 < 1048576 { exit 1 }' "$OUT" || fail "one is smaller than 1M"
}

test_states_of_the_other_command() {
    have stock
    refuses 2 'regions have no such state; extents TARGET --state dirty' \
        jeheap regions "${PID[stock]}" --state dirty
    refuses 2 'extents have no such state; regions TARGET --state cached' \
        jeheap extents "${PID[stock]}" --state cached
    refuses 2 'cached' jeheap regions "${PID[stock]}" --state cachedd
}

test_budget() {
    have stock
    status 4 jeheap regions "${PID[stock]}" --json --max-reads 30
    out_has '"partial":true'
}
