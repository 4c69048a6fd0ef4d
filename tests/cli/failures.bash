# What the system refuses: memory, bytes, files, at every point where it may. failures.py holds the
# answers to the same rules each time.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs newest 5.3.1 default

# preload NAME: builds NAME.c of this folder, sets PRELOAD.
preload() {
    need_tool "$CC"
    "$JEHEAP" --version | grep -q 'no sandbox' && skip "sanitizers want to be loaded first"
    PRELOAD=$WORK/$1.so
    [ -s "$PRELOAD" ] || "$CC" -O1 -Wall -Wextra -Werror -fno-builtin -shared -fPIC \
        -o "$PRELOAD" "$CLI_DIR/$1.c" -ldl 2>"$ERR" || fail "$1.c does not build: $(said)"
}

# failures ARGUMENT...: of failures.py, which prints how many runs ended how. Sets COUNT.
failures() {
    local patience=900
    timeout $patience python3 "$CLI_DIR/failures.py" "$@" >"$OUT" 2>"$ERR"
    case $? in
    0) COUNT=$(cat "$OUT") ;;
    124) fail "$1: takes more than $patience s" ;;
    *) fail "$1: $(tail -n 1 "$ERR" | cut -c1-400)" ;;
    esac
}

# went STATUS...: there were runs of each of these; of one of them where not all points are tried.
went() {
    local status missing=0
    for status; do
        [[ " $COUNT" == *" $status:"* ]] || missing=$((missing + 1))
    done
    [ $missing -eq 0 ] || { [ -n "${CLI_EVERY:-}" ] && [ $missing -lt $# ]; } ||
        fail "not each of $*: $COUNT"
}

# ---- memory --------------------------------------------------------------------------------------

test_every_allocation() {
    local target first stack element
    preload fail_alloc
    small tiny
    core_of tiny
    first=$(small_value tiny first)
    stack=$(small_value tiny stack) # mapped: is it jemalloc's own?
    status 0 jeheap extents "$CORE" --json --quiet
    element=$(sed -n '1s/^{"extent":"\(0x[0-9a-f]*\)".*/\1/p' "$OUT")
    for target in "$CORE" "${PID[tiny]}"; do
        failures alloc "$PRELOAD" "$JEHEAP" info "$target" --json
        went 0 3 4
        failures alloc "$PRELOAD" "$JEHEAP" extents "$target" --json
        went 0 3 4 # 4: the rules of arenas take memory
        failures alloc "$PRELOAD" "$JEHEAP" extents "$target"
        went 0 3 4
        failures alloc "$PRELOAD" "$JEHEAP" find "$target" "$first" "$stack" 0x1000 --json
        went 1 3 4
        failures alloc "$PRELOAD" "$JEHEAP" extent "$target" "$element" 0x1000 --json
        went 3 4
        failures alloc "$PRELOAD" "$JEHEAP" layout "$target"
        went 0 3
    done
}

# Opening takes the same allocations as above: the commands' own are the last ones.
test_last_allocations() {
    preload fail_alloc
    small tiny
    core_of tiny
    failures alloc "$PRELOAD" --last 30 "$JEHEAP" stats "$CORE" --jemalloc
    went 0 3 4
    failures alloc "$PRELOAD" --last 60 "$JEHEAP" stats "$CORE" --json --fragmentation --largest 3
    went 0 3 4
    failures alloc "$PRELOAD" --last 45 "$JEHEAP" diff "$CORE" "$CORE"
    went 0 3 4
}

# A skeleton that gives all the answers, or none at all.
test_skeleton_without_memory() {
    local number refused=0 made=0 every=${CLI_EVERY:-1}
    preload fail_alloc
    small tiny
    core_of tiny
    status 0 jeheap extents "$CORE" --json --quiet
    cp "$OUT" "$WORK/extents"
    status 0 jeheap skeleton "$CORE" -o "$WORK/sound"
    for ((number = 1; ; number += every)); do
        rm -f "$WORK/faulty"
        try env "LD_PRELOAD=$PRELOAD" "FAIL_ALLOC=$number" "$JEHEAP" skeleton "$CORE" \
            -o "$WORK/faulty"
        grep -q 'fail_alloc: now' "$ERR" || break # there are no more
        case $RC in
        0)
            made=$((made + 1))
            # with all that these extents do not take; only who has said so may be another
            grep -q 'debug information' "$ERR" ||
                same_file "$WORK/sound" "$WORK/faulty" "allocation $number"
            status 0 jeheap extents "$WORK/faulty" --json --quiet
            same_file "$WORK/extents" "$OUT" "allocation $number"
            ;;
        3 | 4)
            refused=$((refused + 1))
            [ -s "$ERR" ] || fail "allocation $number: status $RC without a sentence"
            [ -z "$(find "$WORK" -maxdepth 1 -name 'faulty*')" ] || fail "allocation $number: a file"
            ;;
        *) fail "allocation $number: exit status $RC: $(said)" ;;
        esac
    done
    [ $((made * every > 50 && refused * every > 50)) = 1 ] || fail "$made skeletons made, $refused refused"
}

# The root is looked for.
test_no_symbols_and_no_memory() {
    preload fail_alloc
    library stock second_
    strip "$LIBRARY"
    small bare -s -DSECOND=second_je_malloc -Wl,--no-as-needed "$LIBRARY"
    core_of bare
    failures alloc "$PRELOAD" "$JEHEAP" info "$CORE" --json
    went 0 3
}

# Emulators write cores that name no files: what is an ELF file there is seen in memory.
test_no_names_and_no_memory() {
    preload fail_alloc
    small tiny
    core_of tiny
    python3 -c 'import sys
core = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(core.replace(b"ELIFCORE\0", b"NONECORE\0"))' "$CORE" "$WORK/unnamed"
    failures alloc "$PRELOAD" "$JEHEAP" info "$WORK/unnamed" --json
    went 0 3
}

# What is JSON: a layout of the user's, the notes of a skeleton.
test_layout_file_without_memory() {
    preload fail_alloc
    small tiny
    core_of tiny
    status 0 jeheap layout "$CORE" --json --quiet
    cp "$OUT" "$WORK/faults.json"
    failures alloc "$PRELOAD" "$JEHEAP" layout "$CORE" --layout "$WORK/faults.json" --json
    went 0 3
}

test_skeleton_read_without_memory() {
    preload fail_alloc
    small tiny
    core_of tiny
    status 0 jeheap skeleton "$CORE" --quiet -o "$WORK/faults.skeleton"
    failures alloc "$PRELOAD" "$JEHEAP" info "$WORK/faults.skeleton" --json
    went 0 3
}

# ---- what the kernel answers ---------------------------------------------------------------------

test_interrupted_and_short() {
    local happening
    preload fail_call
    small tiny
    for happening in EINTR short; do
        for call in process_vm_readv read; do
            failures call "$PRELOAD" $call $happening --step 11 "$JEHEAP" extents "${PID[tiny]}" --json
            [[ "$COUNT" =~ ^0:[0-9]+$ ]] || fail "$call $happening: $COUNT"
        done
    done
}

test_refused() {
    local happening call
    preload fail_call
    small tiny
    core_of tiny
    for call in mmap open read; do
        for happening in EIO ENOMEM EMFILE; do
            failures call "$PRELOAD" $call $happening "$JEHEAP" extents "$CORE" --json
        done
    done
    for happening in EFAULT ESRCH EPERM ENOSYS; do
        failures call "$PRELOAD" process_vm_readv $happening --step 7 \
            "$JEHEAP" extents "${PID[tiny]}" --json
    done
}

# Debug information is read in another process: no pipe, no process, one that cannot write.
test_other_process_refused() {
    preload fail_call
    small tiny
    core_of tiny
    for fault in pipe2/EMFILE fork/ENOMEM waitpid/EINTR read/EINTR read/short write/EINTR \
        write/short write/EIO; do
        failures call "$PRELOAD" "${fault%/*}" "${fault#*/}" "$JEHEAP" info "$CORE" --json
        [[ "$COUNT" =~ ^0:[0-9]+$ ]] || fail "$fault: $COUNT"
    done
}

# failing N CALL HAPPENING COMMAND...: the Nth such call.
failing() {
    local at=$1 call=$2 happening=$3
    shift 3
    try env FAIL_CALL="$call" FAIL_AT="$at" FAIL_TO="$happening" LD_PRELOAD="$PRELOAD" \
        "$JEHEAP" "$@"
}

# Being interrupted, or given a part, is no reason to do without debug information.
test_other_process_interrupted() {
    local number call
    preload fail_call
    small tiny
    core_of tiny
    for call in waitpid/EINTR read/EINTR read/short write/EINTR write/short; do
        for number in 1 2 3 4 5 6; do
            status 0 failing $number "${call%/*}" "${call#*/}" info "$CORE" --json
            ! grep -q 'is not used' "$ERR" || fail "$call $number: $(said)"
        done
    done
}

# From some read on there is nothing, as of a process that unmaps or leaves: no answer is wrong, nothing is corrupt.
test_memory_that_goes() {
    local command
    preload fail_call
    small tiny
    for command in extents regions check; do
        FAIL_EVERY=1 failures call "$PRELOAD" process_vm_readv EFAULT --step 67 \
            "$JEHEAP" $command "${PID[tiny]}" --json
        went 4
    done
}

# memory_goes WITNESS: from some read on there is nothing: what stats --jemalloc still prints is what jemalloc
# prints, and the rest is listed.
memory_goes() {
    local dir=$WORK/goes-$1 number known=0
    preload fail_call
    mkdir -p "$dir"
    linked "$1" totals.c "$dir/totals"
    background "$dir/totals" J "$dir/printed" >"$dir/stdout" 2>&1 </dev/null
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "totals ended: $(head -n 2 "$dir/stdout")"
    for ((number = 60; ; number += number / 8)); do
        FAIL_EVERY=1 failing $number process_vm_readv EFAULT stats "$BACK" --quiet --jemalloc
        python3 "$CLI_DIR/same_stats.py" "$dir/printed" "$OUT" 0 >"$dir/same" 2>"$WORK/why.py" ||
            fail "from read $number: $(tail -n 1 "$WORK/why.py")"
        known=$((known + ($(cut -d' ' -f1 "$dir/same") > 2000)))
        grep -q '^fail_call: now' "$ERR" || break
    done
    [ $known -gt 3 ] || fail "only $known had much"
    FAIL_EVERY=1 failing 60 process_vm_readv EFAULT stats "$BACK" --quiet
    [ "$RC" -eq 4 ] || fail "nothing can be read, and the exit status is $RC"
    out_has '^metadata +-  jemalloc.s own$'
    kill -KILL "$BACK"
}

test_stats_of_memory_that_goes_5_3_0() { memory_goes stock; }
test_stats_of_memory_that_goes_5_3_1() { memory_goes newest; }

# A core from a pipe, a list of addresses.
test_input_refused() {
    local number first
    preload fail_call
    small tiny
    core_of tiny
    mkfifo "$WORK/refused.fifo"
    background bash -c 'cat "$0" >"$1"' "$CORE" "$WORK/refused.fifo"
    refuses 3 'refused.fifo: cannot be copied: Input/output error' \
        failing 1 read EIO info "$WORK/refused.fifo"
    refuses 3 'refused.fifo: cannot be copied: Too many open files' \
        failing 2 open EMFILE info "$WORK/refused.fifo"
    first=$(small_value tiny first)
    for ((number = 1; ; number++)); do # each of them, the list's too
        echo "$first" >"$WORK/refused.list"
        status 0 failing $number read EINTR find "$CORE" "@$WORK/refused.list" --json
        [ "$(wc -l <"$OUT")" -eq 1 ] || fail "read $number: $(said)"
        grep -q '^fail_call: now' "$ERR" || break
    done
    [ "$number" -gt 2 ] || fail "nothing was read"
}

# What was written beside the file is not left there.
test_output_refused() {
    preload fail_call
    small tiny
    core_of tiny
    mkdir -p "$WORK/refused"
    status 4 failing 1 rename EIO skeleton "$CORE" -o "$WORK/refused/x"
    err_has 'refused/x: Input/output error'
    status 3 failing 1 fork ENOMEM skeleton "$CORE" -o "$WORK/refused/x"
    err_has 'refused/x: Cannot allocate memory'
    [ -z "$(ls "$WORK/refused")" ] || fail "left: $(ls "$WORK/refused")"
}

# Before anything was written, and when a part was: the process that waits passes the signal on to the
# one that writes, and takes the file away. A library that sends signals needs --no-sandbox.
test_output_ended_by_a_signal() {
    local call
    preload fail_call
    small tiny
    mkdir -p "$WORK/signalled"
    for call in process_vm_readv fflush; do
        timeout 60 env FAIL_CALL=$call FAIL_AT=1 FAIL_TO=end LD_PRELOAD="$PRELOAD" \
            "$JEHEAP" skeleton "${PID[tiny]}" -o "$WORK/signalled/x" --no-sandbox >"$OUT" 2>"$ERR"
        RC=$?
        err_has '^fail_call: now$'
        [ $RC -eq 143 ] || fail "$call: exit status $RC, not 143: $(said)"
        [ -z "$(ls "$WORK/signalled")" ] || fail "$call: left: $(ls "$WORK/signalled")"
    done
}

# ---- the target goes away ------------------------------------------------------------------------

# Without the sandbox, which does not let the preloaded library send signals or cut files.
test_process_that_ends() {
    preload fail_call
    small tiny
    failures call "$PRELOAD" process_vm_readv leave --step 23 --target "${EXE[tiny]}" \
        "$JEHEAP" extents '{}' --json --no-sandbox
    went 3
    failures call "$PRELOAD" process_vm_readv unmap --step 23 --target "${EXE[tiny]}" \
        "$JEHEAP" extents '{}' --json --no-sandbox
    went 4
}

test_process_that_ends_says_so() {
    local pid
    preload fail_call
    small leaver
    pid=${PID[leaver]}
    "$JEHEAP" extents "$pid" --json >"$WORK/all" 2>"$ERR" || fail "before: $(said)"
    export FAIL_PID=$pid
    status 3 failing 20 process_vm_readv leave extents "$pid" --json --no-sandbox
    err_has "process $pid ended while"
}

# It executes another program: the same id, and memory that has nothing to do with what was read.
test_process_that_executes() {
    local at
    preload fail_call
    for at in 20 401 701; do
        small "sleeper$at" -DSLEEPS
        export FAIL_PID=${PID[sleeper$at]}
        failing $at process_vm_readv leave skeleton "$FAIL_PID" --no-sandbox -o "$WORK/sleeping"
        err_has 'fail_call: now'
        [ "$RC" -eq 3 ] || [ "$RC" -eq 4 ] || fail "read $at: exit status $RC: $(said)"
        err_has 'runs another program now|ended while it was read'
        [ ! -e "$WORK/sleeping" ] || fail "read $at: a file"
    done
}

# reads_of COMMAND...: how often it reads memory of a process. Sets READS.
reads_of() {
    FAIL_EVERY=1 failing 1 process_vm_readv nothing "$@"
    READS=$(grep -c 'fail_call: now' "$ERR")
}

# Whenever it ends, there is no skeleton of a part of it.
test_skeleton_of_a_process_that_ends() {
    local at ended=0 part
    preload fail_call
    small leaver0
    reads_of skeleton "${PID[leaver0]}" -o "$WORK/counted" --no-sandbox
    for part in 0 3 6 7 8 9; do
        small "leaver1$part"
        at=$((READS * part / 10 + 1))
        export FAIL_PID=${PID[leaver1$part]}
        failing $at process_vm_readv leave skeleton "$FAIL_PID" -o "$WORK/ending" --no-sandbox
        err_has 'fail_call: now'
        [ "$RC" -eq 3 ] || [ "$RC" -eq 4 ] || fail "read $at: exit status $RC: $(said)"
        err_has "ended|nothing was written"
        [ "$RC" -eq 3 ] || ended=$((ended + 1))
        [ -z "$(find "$WORK" -maxdepth 1 -name 'ending*')" ] || fail "read $at: a file"
    done
    [ $ended -gt 0 ] || fail "it never ended while its heap was read"
}

# ---- cores ---------------------------------------------------------------------------------------

# Where every page begins, and a byte before or behind it; answers about the part that is there are
# those of the whole core.
test_core_cut_at_every_page() {
    small tiny
    core_of tiny
    ask notes-first "$CORE" "$WORK/cut.whole"
    failures cut "$WORK/cut.whole" --step 4096 "$JEHEAP" extents '{}' --json
    went 3 4
    failures cut "$WORK/cut.whole" --step 65536 --beside -1,1 "$JEHEAP" extents '{}' --json
    went 4
    failures cut "$WORK/cut.whole" --step 4096 --beside -1,0,1 "$JEHEAP" find '{}' \
        "$(small_value tiny first)" "$(small_value tiny large)" --json
    went 3 4
}

# A mapped file that gets shorter sends SIGBUS.
test_core_cut_while_it_is_read() {
    local at sizes=0 size
    preload fail_call
    small tiny
    core_of tiny
    ask notes-first "$CORE" "$WORK/cut.whole"
    "$JEHEAP" extents "$WORK/cut.whole" --json >"$WORK/cut.all" 2>"$ERR" || fail "$(said)"
    for at in 1 2 3 5; do
        for size in 0 100 8192 1000000 8000000; do
            cp "$WORK/cut.whole" "$WORK/cut"
            export FAIL_FILE=$WORK/cut FAIL_SIZE=$size
            failing $at open cut extents "$WORK/cut" --json --no-sandbox
            case $RC in
            3) [ ! -s "$OUT" ] || fail "open $at, $size bytes: status 3, and an answer" ;;
            4)
                err_has 'cut off'
                grep -q '^{"partial":true' "$OUT" || fail "open $at, $size bytes: no mark"
                ;;
            *) fail "open $at, $size bytes: status $RC: $(said)" ;;
            esac
            sizes=$((sizes + 1))
        done
    done
    [ $sizes -eq 20 ] || fail "$sizes runs"
}

# watched SIZE COMMAND ARGUMENT...: a copy of the core gets that size when time is looked at, the
# LOOK-th time. It is as old as AGE says.
watched() {
    local command=$2
    export FAIL_FILE=$WORK/watched FAIL_SIZE=$1
    shift 2
    cp "$CORE" "$WORK/watched"
    touch -d "${AGE:-now}" "$WORK/watched"
    failing "$LOOK" clock_gettime cut "$command" "$WORK/watched" --timeout 600 --no-sandbox "$@"
}

test_core_that_changes_under_an_answer() {
    preload fail_call
    small tiny
    core_of tiny
    for LOOK in {2..100}; do # from which on answers are given
        watched 8192 extents --json
        [ "$RC" -eq 3 ] || break
    done
    status 4 watched "$(wc -c <"$CORE")" extents --json
    err_has 'watched was written to or cut off while it was read'
    tail -n 1 "$OUT" | grep -q '^{"partial":true' || fail "no mark"
    status 4 watched 8192 extents --json
    err_has 'a file was cut off, or failed, while it was read'
    tail -n 1 "$OUT" | grep -q '^{"partial":true' || fail "no mark"
    status 4 watched 8192 skeleton -o "$WORK/watched.skeleton"
    for AGE in now '1 hour ago'; do
        status 4 watched "$(wc -c <"$CORE")" skeleton -o "$WORK/watched.skeleton"
        err_has 'the core was written to while it was read; nothing was written'
    done
    status 4 watched "$(($(wc -c <"$CORE") + 4096))" skeleton -o "$WORK/watched.skeleton"
    err_has 'the core was written to while it was read; nothing was written'
    [ ! -e "$WORK/watched.skeleton" ] || fail "a skeleton of a core that changed"
}

# ---- files that are none -------------------------------------------------------------------------

test_fifo() {
    rm -f "$WORK/fifo.json"
    mkfifo "$WORK/fifo.json"
    refuses 3 'fifo.json: .*nothing comes from this pipe' jeheap info "$WORK/fifo.json"
    small tiny
    core_of tiny
    refuses 2 'fifo.json: empty' jeheap info "$CORE" --layout "$WORK/fifo.json"
}
