# What goes to stdout, what to stderr, in which form, and what happens when it cannot go there.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

test_json_lines() {
    local addr
    small tiny
    addr=$(small_value tiny first)
    status 0 jeheap info "${PID[tiny]}" --json
    [ "$(ask count "$OUT")" -eq 1 ] || fail "info is not one line"
    status 0 jeheap extents "${PID[tiny]}" --json
    [ "$(ask count "$OUT")" -gt 10 ] || fail "few extents"
    status 0 jeheap find "${PID[tiny]}" "$addr" "$addr" --json
    [ "$(ask count "$OUT")" -eq 2 ] || fail "find of two addresses is not two lines"
    ask have "$OUT" addr owned start size offset state szind slab region_index arena_ind tcache \
        extent.extent before after
    status 0 jeheap layout "${PID[tiny]}" --json
    [ "$(ask count "$OUT")" -eq 1 ] || fail "layout is not one line"
    status 0 jeheap layout --list --json
    ask have "$OUT" version
}

# keys FILE SKIP...: all keys of its JSON, but not those inside of these, which are names.
keys() {
    python3 -c 'import json, sys
def walk(value, skip):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in skip:
                yield from walk(inner, skip)
    if isinstance(value, list):
        for inner in value:
            yield from walk(inner, skip)
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
print(*sorted(set(walk(lines, sys.argv[2:]))), sep="\n")' "$@"
}

# Each key that is printed is explained, and nothing else is called a key.
test_json_keys_are_explained() {
    local addr command key
    local about=$ROOT_DIR/decoder/cli/JSON.md
    small tiny
    addr=$(small_value tiny first)
    status 0 jeheap extents "${PID[tiny]}" --json
    cp "$OUT" "$WORK/printed"
    status 4 jeheap extents "${PID[tiny]}" --json --max-reads 1
    cat "$OUT" >>"$WORK/printed"
    status 1 jeheap find "${PID[tiny]}" 0x1000 --json
    cat "$OUT" >>"$WORK/printed"
    status 0 jeheap find "${PID[tiny]}" "$addr" --json
    cat "$OUT" >>"$WORK/printed"
    status 0 jeheap extent "${PID[tiny]}" "$(ask get "$OUT" extent.extent)" --json
    cat "$OUT" >>"$WORK/printed"
    for command in info "caches --addresses" regions "stats --arenas --fragmentation" "skeleton -o $WORK/keys.skeleton"; do
        # shellcheck disable=SC2086
        status 0 jeheap $command "${PID[tiny]}" --json
        cat "$OUT" >>"$WORK/printed"
    done
    status 0 jeheap diff "${PID[tiny]}" "${PID[stock]}" --json
    cat "$OUT" >>"$WORK/printed"
    linked stock misuse.c "$WORK/keys.misuse" -w
    background "$WORK/keys.misuse" twice >"$WORK/keys.stdout" </dev/null
    wait_line "$WORK/keys.stdout" "$BACK" '^ready' || fail "misuse ended"
    status 0 jeheap check "$BACK" --json # it runs: transient
    cat "$OUT" >>"$WORK/printed"
    status 0 jeheap explain --json
    cat "$OUT" >>"$WORK/printed"
    keys "$WORK/printed" learnt_from fields >"$WORK/keys"
    while read -r key; do
        grep -Eq "\`$key\`|\"$key\":" "$about" || fail "JSON.md does not explain $key"
    done <"$WORK/keys"
    # the first column of its tables
    # shellcheck disable=SC2016
    sed -n 's/^| \(`[^|]*`\) |.*/\1/p' "$about" | grep -o '[a-z_]*' | grep . >"$WORK/explained"
    while read -r key; do
        grep -qx "$key" "$WORK/keys" || fail "JSON.md explains $key, which is not printed"
    done <"$WORK/explained"
}

# A program's path may hold anything.
test_json_of_odd_paths() {
    local odd=$WORK/'odd "\ é'$'\001\377\303('
    small tiny
    core_of tiny
    mkdir -p "$odd"
    ln -f "$CORE" "$odd/core"
    status 0 jeheap info "$odd/core" --json
    [ "$(ask count "$OUT")" -eq 1 ] || fail "not one line of JSON"
}

test_addresses_are_strings_sizes_are_numbers() {
    small tiny
    status 0 jeheap find "${PID[tiny]}" "$(small_value tiny large)" --json
    out_has '"addr":"0x[0-9a-f]+".*"start":"0x[0-9a-f]+","size":[0-9]+,"offset":0'
    out_has '"bits":"0x[0-9a-f]+"'
}

test_color() {
    local addr
    small tiny
    addr=$(small_value tiny first)
    for command in "find ${PID[tiny]} $addr" "extents ${PID[tiny]}"; do
        # shellcheck disable=SC2086
        {
            status 0 jeheap $command
            ! has_color "$OUT" || fail "escape codes in a file"
            status 0 jeheap $command --color auto
            ! has_color "$OUT" || fail "escape codes in a file with auto"
            status 0 jeheap $command --color never
            ! has_color "$OUT" || fail "escape codes with never"
            status 0 jeheap $command --color always
            has_color "$OUT" || fail "no escape codes with always"
            status 0 jeheap $command --color always --json
            ! has_color "$OUT" || fail "escape codes in JSON"
        }
    done
    status 1 jeheap find "${PID[tiny]}" 0x1000 --color always
    out_has $'^0x1000: \033\\[1;31mnot owned\033\\[0m: '
}

test_color_on_a_terminal() {
    need_tool script
    small tiny
    local command="'$JEHEAP' extents ${PID[tiny]}"
    script -qec "$command" /dev/null >"$OUT" 2>"$ERR" </dev/null || fail "script: $(said)"
    has_color "$OUT" || fail "no escape codes on a terminal"
    script -qec "$command --color never" /dev/null >"$OUT" 2>"$ERR" </dev/null
    ! has_color "$OUT" || fail "escape codes on a terminal with never"
}

# https://no-color.org
test_no_color() {
    need_tool script
    small tiny
    local command="'$JEHEAP' extents ${PID[tiny]}" option
    for option in '' '--color auto'; do
        NO_COLOR=1 script -qec "$command $option" /dev/null >"$OUT" 2>"$ERR" </dev/null
        ! has_color "$OUT" || fail "escape codes with NO_COLOR and $option"
        NO_COLOR='' script -qec "$command $option" /dev/null >"$OUT" 2>"$ERR" </dev/null
        has_color "$OUT" || fail "none with an empty NO_COLOR and $option"
    done
    NO_COLOR=1 status 0 jeheap extents "${PID[tiny]}" --color always
    has_color "$OUT" || fail "--color always does not count"
}

test_bytes() {
    small tiny
    status 0 jeheap info "${PID[tiny]}" --json
    ask get "$OUT" allocated_bytes unused_bytes metadata_bytes | paste -s -d ' ' >"$WORK/exact"
    status 0 jeheap info "${PID[tiny]}" --bytes
    sed -n 's/^bytes  *//p; s/^ *\([0-9]* bytes of blocks for metadata\)/\1/p' "$OUT" | tr -dc '0-9 \n' |
        xargs >"$WORK/text"
    same_file "$WORK/exact" "$WORK/text" "info --bytes"
    status 0 jeheap info "${PID[tiny]}"
    out_has '^bytes     [0-9.]+ [KM]iB in allocated extents, [0-9.]+ [KM]iB in others$'
}

# A warning is on stderr and does not change stdout; --quiet takes it away.
test_quiet() {
    small tiny
    core_of tiny
    ask notes-first "$CORE" "$WORK/whole"
    head -c -5000 "$WORK/whole" >"$WORK/cut"
    status 4 jeheap extents "$WORK/cut" --json
    err_has 'warning|layout'
    cp "$OUT" "$WORK/loud"
    status 4 jeheap extents "$WORK/cut" --json --quiet
    if grep -Eq 'warning|jeheap: layout' "$ERR"; then fail "a warning: $(said)"; fi
    same_file "$WORK/loud" "$OUT" "--quiet changes stdout"
    status 0 jeheap extents "${PID[tiny]}" --json --quiet
    [ ! -s "$ERR" ] || fail "--quiet says: $(said)"
}

# Also what goes wrong is said with --quiet.
test_quiet_is_not_silent() {
    refuses 3 'no such process' jeheap info 999999999 --quiet
}

to_full() {
    "$JEHEAP" "$@" >/dev/full 2>"$ERR" </dev/null
    RC=$?
    [ $RC -ne 0 ] || fail "$(ran "$@"): status 0 with a full disk"
    [ $RC -lt 126 ] || fail "$(ran "$@"): killed by a signal or not run, status $RC"
    err_has 'could not be written'
}

test_full_disk() {
    small tiny
    to_full info "${PID[tiny]}"
    to_full extents "${PID[tiny]}"
    to_full extents "${PID[tiny]}" --json
    to_full find "${PID[tiny]}" "$(small_value tiny first)"
    to_full layout --list
    to_full layout --jemalloc 5.3.0
    to_full --help
    to_full --version
}

# What was lost stays lost, even when the rest could be written: more than goes out at once.
test_disk_that_is_full_for_a_moment() {
    need_tool strace
    have stock
    try strace -qq -o /dev/null -e inject=write:error=ENOSPC:when=1 \
        "$JEHEAP" extents "${PID[stock]}" --json --quiet --no-sandbox
    [ "$RC" -eq 4 ] || fail "exit status $RC: $(said)"
    err_has 'the output could not be written: a part of it is missing'
}

test_closed_stdout() {
    small tiny
    "$JEHEAP" info "${PID[tiny]}" >&- 2>"$ERR" && fail "status 0 without a stdout"
    err_has 'could not be written'
}

# Somebody who reads one line only gets it, and no complaint.
test_closed_pipe() {
    have stock
    local line
    line=$("$JEHEAP" extents "${PID[stock]}" --quiet --json 2>"$ERR" | head -n 1)
    [[ $line == '{"extent":'* ]] || fail "the line is $line"
    [ ! -s "$ERR" ] || fail "stderr: $(said)"
}

test_max_reads() {
    have stock
    for reads in 1 5 100; do
        status 4 jeheap extents "${PID[stock]}" --json --max-reads $reads
        err_has 'limit'
        err_has 'partial'
        [[ $(tail -n 1 "$OUT") == '{"partial":true,'* ]] || fail "$reads reads: not marked as partial"
        [ "$(grep -cv '^{"extent"' "$OUT")" -eq 1 ] || fail "$reads reads: more than extents and the mark"
    done
    status 4 jeheap info "${PID[stock]}" --max-reads 5 --json
    [ "$(ask get "$OUT" faults)" -gt 0 ] || fail "info says no faults"
    status 0 jeheap extents "${PID[stock]}" --max-reads 1000000 --json
    status 4 jeheap find "${PID[stock]}" --max-reads 1 \
        "$(sed -n 's/^allocation addr=\(0x[0-9a-f]*\) .*/\1/p;T;q' "${TRUTH[stock]}")"
    err_has 'partial'
}

test_max_reads_core() {
    small tiny
    core_of tiny
    status 4 jeheap extents "$CORE" --json --max-reads 2
    err_has 'partial'
}

test_timeout_that_is_long_enough() {
    have stock
    status 0 jeheap extents "${PID[stock]}" --json --timeout 600
    ask extents "${TRUTH[stock]}" "$OUT"
    core_of stock
    status 0 jeheap extents "$CORE" --json --timeout 600
    ask extents "${TRUTH[stock]}" "$OUT"
}

# A clock that makes a jump of an hour at the look CLOCK_JUMPS, or a step of 0.15 s at each.
clock() {
    need_tool "$CC"
    "$CC" -shared -fPIC -x c - -o "$WORK/clock.so" <<'C' || fail "clock.so does not build"
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *t) {
    static int looks;
    const char *jumps = getenv("CLOCK_JUMPS");
    long long at = jumps ? (++looks >= atoi(jumps)) * 3600000ll : ++looks * 150;
    (void)clock;
    t->tv_sec = at / 1000;
    t->tv_nsec = at % 1000 * 1000000;
    return 0;
}
C
    CLOCKED=(env "LD_PRELOAD=$WORK/clock.so" "$JEHEAP")
}

# It may be over in the middle of opening, which has no answer, or of the answer, which is partial.
test_timeout() {
    local look opening=0 reading=0
    have stock
    clock
    for look in {2..400}; do
        try env "CLOCK_JUMPS=$look" "${CLOCKED[@]}" extents "${PID[stock]}" --json --timeout 1
        case $RC in
        0) break ;;
        4) ;;
        *) fail "look $look: status $RC: $(said)" ;;
        esac
        if [ -s "$OUT" ]; then
            err_has 'limit'
            err_has 'partial'
            [[ $(tail -n 1 "$OUT") == '{"partial":true,'* ]] || fail "look $look: no mark"
            reading=$((reading + 1))
        else
            err_has 'the time was over before the target was opened, while looking for '
            opening=$((opening + 1))
        fi
    done
    [ $RC -eq 0 ] && [ $opening -gt 0 ] && [ $reading -gt 0 ] ||
        fail "status $RC, $opening times opening, $reading times reading"
    ask extents "${TRUTH[stock]}" "$OUT"
}

# on_terminal ARGUMENT...: jeheap whose stderr is a terminal, with BOTH=1 also its stdout, with a clock
# that goes fast.
on_terminal() {
    try python3 -c 'import os, pty, subprocess, sys
master, slave = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=slave, stdout=slave if "BOTH" in os.environ else None)
os.close(slave)
try:
    while said := os.read(master, 4096):
        sys.stderr.buffer.write(said)
except OSError:
    pass
sys.exit(child.wait())' "${CLOCKED[@]}" "$@"
}

# After a second, on a terminal only, and gone before anything else is said.
test_progress() {
    local line=$'\r\033\\[Kjeheap: (looking for|reading) the [a-z ]*, [0-9]+ s, [0-9]+ (of [0-9]+ )?MiB\r\033\\['
    have stock
    clock
    status 0 on_terminal info "${PID[stock]}" --json
    err_has "$line"
    err_has $'\r\033\\[Kjeheap: layout '
    ask are "$OUT" partial=false
    status 0 on_terminal extents "${PID[stock]}" --json
    err_has "$line"
    ask extents "${TRUTH[stock]}" "$OUT"
    [[ $(tail -c 4 "$ERR") == $'\r\033[K' ]] || fail "the line stays: $(said)"
    status 0 on_terminal skeleton "${PID[stock]}" -o "$WORK/shown"
    err_has "$line"
    BOTH=1 status 0 on_terminal extents "${PID[stock]}" --json
    err_has "$line"
    ! grep -q 'reading the heap' "$ERR" || fail "rows show by themselves how far it is"
    python3 -c 'import sys
with open(sys.argv[1], "wb") as file:
    for at in range(100):
        file.seek(at << 20)
        file.write(b"x")' "$WORK/runs"
    status 3 on_terminal info "$WORK/runs"
    err_has "looking for the core's holes, [0-9]+ s, [0-9]+ of 99 MiB"
    status 0 on_terminal info "${PID[stock]}" --quiet
    [ ! -s "$ERR" ] || fail "said with --quiet: $(said)"
    status 0 try "${CLOCKED[@]}" info "${PID[stock]}" --timeout 100000
    ! grep -q 'MiB' "$ERR" || fail "without a terminal: $(said)"
}

# A list without an end is not read on when nobody gets the answers.
test_list_that_nobody_gets() {
    small tiny
    core_of tiny
    yes "$(small_value tiny first)" | timeout 20 "$JEHEAP" find "$CORE" - --quiet >/dev/full 2>"$ERR"
    RC=${PIPESTATUS[1]}
    [ "$RC" -eq 4 ] || fail "exit status $RC: $(said)"
    err_has 'the output could not be written'
}
