# The reference decoder (harness/adapters/reference), on heaps of live programs.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs newest 5.3.1 default
needs la57 5.3.0 la57

# It says of a skeleton what jeheap says: every extent, what is broken, who has an address.
test_skeletons_of_live_heaps() {
    local name skeletons=()
    have stock redis newest la57
    for name in stock redis newest la57; do
        kill -STOP "${PID[$name]}"
        status 0 jeheap skeleton "${PID[$name]}" -o "$WORK/$name.skeleton" --quiet
        kill -CONT "${PID[$name]}"
        skeletons+=("$WORK/$name.skeleton")
    done
    PATIENCE=300 status 0 try "$ROOT_DIR/tests/reference/compare" --core "${skeletons[@]}"
    out_has '^4 passed, 0 failed$'
}

# Every golden vector, as any decoder is asked.
test_golden_vectors() {
    status 0 jeconform vectors --decoder "python3 '$ROOT_DIR/harness/adapters/reference'" \
        --report-json "$WORK/card.json"
    ask are "$WORK/card.json" totals.wrong=0 totals.unsupported=0 totals.crashed=0 totals.timeout=0
    [ "$(ask get "$WORK/card.json" totals.right)" -gt 2000 ] || fail "few vectors"
}

# A mistake that decoders have made: low bits of a leaf element stay in the pointer.
test_a_mistake_is_noticed() {
    have stock
    cp -r "$ROOT_DIR/harness/adapters/reference" "$WORK/bent"
    sed -i 's/return address & -(1 << .*/return address/' "$WORK/bent/leaf.py"
    ! diff -q "$ROOT_DIR/harness/adapters/reference/leaf.py" "$WORK/bent/leaf.py" >"$OUT" ||
        fail "leaf.py has no such line"
    status 0 jeheap skeleton "${PID[stock]}" -o "$WORK/bent.skeleton" --quiet
    PATIENCE=300 status 1 try env "JEHEAP_REFERENCE=$WORK/bent" "$ROOT_DIR/tests/reference/compare" --core \
        "$WORK/bent.skeleton"
    out_has '^0 passed, 1 failed$'
}
