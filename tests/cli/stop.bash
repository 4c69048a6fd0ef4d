# --stop: all threads of a process are held still while it is read, and go on afterwards, however
# jeheap ends; and what a stop at any moment leaves is not called corrupt.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs newest 5.3.1 default
needs redis redis-7.0 default

# busy: a process of busy_stops.c, whose threads end and are made all the time. Sets BACK.
busy() {
    [ -x "$WORK/busy" ] || linked stock busy_stops.c "$WORK/busy"
    background env "JE_MALLOC_CONF=narenas:3" "$WORK/busy" >"$WORK/busy.out" 2>"$WORK/busy.err"
    wait_line "$WORK/busy.out" "$BACK" '^ready' || fail "busy ended"
}

# The states of all threads of a process, each letter once: "t", "RS".
states() {
    sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1"/task/*/status 2>/dev/null | sort -u | tr -d '\n'
}

# becomes PATTERN PID: the states of its threads do so within ten seconds.
becomes() {
    local try
    for try in {1..500}; do
        [[ $(states "$2") =~ ^($1)$ ]] && return
        sleep 0.02
    done
    fail "its threads are $(states "$2"), not $1, after $try looks"
}

# A shell lets its children in the background ignore ^C.
#
# hold PID: a jeheap that holds it until its input ends, which is when file descriptor 9 is closed.
# Sets HOLDER.
hold() {
    [ -p "$WORK/addresses" ] || mkfifo "$WORK/addresses"
    exec 8<>"$WORK/addresses"
    env --default-signal=INT "$JEHEAP" find "$1" - --stop <"$WORK/addresses" >"$WORK/held.out" 2>"$WORK/held.err" 8>&- 9>&- &
    HOLDER=$!
    exec 9>"$WORK/addresses" 8>&-
    printf '%s %s\n' "$HOLDER" "$(started $HOLDER)" >>"$WORK/pids"
    becomes t "$1"
}

# They run, nobody traces them, and they do something.
runs_again() {
    local before
    becomes '[RS]+' "$1"
    ! grep -qv '^TracerPid:	0$' <(grep -hs '^TracerPid:' "/proc/$1"/task/*/status) || fail "it is traced"
    before=$(awk '{ print $14 + $15 }' "/proc/$1/stat")
    until [ "$(awk '{ print $14 + $15 }' "/proc/$1/stat")" -gt "$before" ]; do
        sleep 0.02
    done
}

# Nothing is done while it is held, also by threads that were about to be made; then it goes on.
test_all_threads() {
    local threads time
    busy
    hold "$BACK"
    threads=$(ls "/proc/$BACK/task")
    time=$(awk '{ print $14, $15 }' "/proc/$BACK/stat")
    echo 0x1000 >&9
    wait_line "$WORK/held.out" "$HOLDER" '^0x1000' || fail "no answer: $(cat "$WORK/held.err")"
    sleep 0.2
    [ "$(states "$BACK")" = t ] || fail "some thread is not stopped: $(states "$BACK")"
    [ "$(ls "/proc/$BACK/task")" = "$threads" ] || fail "other threads than before"
    [ "$(awk '{ print $14, $15 }' "/proc/$BACK/stat")" = "$time" ] || fail "it does something"
    exec 9>&-
    wait "$HOLDER" # 1: there is nothing at that address
    grep -Eq "^jeheap: process $BACK was held still for [0-9]+\.[0-9]{3} ms$" "$WORK/held.err" ||
        fail "not said for how long: $(cat "$WORK/held.err")"
    runs_again "$BACK"
    kill -KILL "$BACK"
}

# However it ends: by ^C, by others, and without being asked.
test_jeheap_is_ended() {
    local signal
    busy
    for signal in INT TERM KILL SEGV; do
        ulimit -S -c 0
        hold "$BACK"
        kill -$signal "$HOLDER"
        wait "$HOLDER" 2>/dev/null
        exec 9>&-
        runs_again "$BACK"
    done
    kill -KILL "$BACK"
}

# In the middle of the reading, and in the middle of the holding.
test_after_an_error() {
    busy
    status 4 jeheap check "$BACK" --stop --max-reads 5
    runs_again "$BACK"
    need_tool strace
    refuses 3 'cannot be held still \(ptrace: Operation not permitted\); it takes the same user and.*yama.*do without --stop' \
        try strace -qq -o "$WORK/calls" -e trace=ptrace -e inject=ptrace:error=EPERM:when=7 \
        "$JEHEAP" stats "$BACK" --stop --quiet --no-sandbox
    runs_again "$BACK"
    refuses 3 'cannot be held still: its thread [0-9]+ waits in the kernel, where nothing stops it' \
        try strace -qq -o "$WORK/calls" -e trace=wait4 -e inject=wait4:retval=0:when=5+ \
        "$JEHEAP" stats "$BACK" --stop --quiet --no-sandbox
    runs_again "$BACK"
    kill -KILL "$BACK"
}

# What is said is of the moment in which it was held: no command looks at its memory once more.
test_nothing_is_read_afterwards() {
    local line
    need_tool strace
    busy
    while read -r line; do
        # shellcheck disable=SC2086
        try strace -f -qq -o "$WORK/calls" -e trace=ptrace,process_vm_readv "$JEHEAP" $line \
            --stop --no-sandbox --quiet
        sed -n '/PTRACE_DETACH/,$p' "$WORK/calls" >"$WORK/afterwards"
        grep -q process_vm_readv "$WORK/calls" || fail "$line: its memory is read in another way"
        grep -q PTRACE_DETACH "$WORK/afterwards" || fail "$line: it was not let go"
        ! grep -q process_vm_readv "$WORK/afterwards" || fail "$line: reads afterwards"
    done <<EOF
info $BACK
find $BACK 0x1000
extents $BACK
regions $BACK
caches $BACK --addresses
stats $BACK --arenas --largest 4 --fragmentation
stats $BACK --jemalloc
check $BACK
diff $BACK $BACK
layout $BACK
skeleton $BACK -o $WORK/of-busy
EOF
    kill -KILL "$BACK"
}

# What keeps it from being opened while it runs may be a change: then it is held still before.
test_opened_while_it_is_held() {
    need_tool strace
    background sleep 100
    refuses 3 'jemalloc' try strace -f -qq -o "$WORK/calls" -e trace=ptrace "$JEHEAP" info "$BACK" \
        --stop --no-sandbox
    grep -q "PTRACE_SEIZE, $BACK" "$WORK/calls" || fail "it was not held"
    becomes S "$BACK"
    refuses 3 'jemalloc' jeheap info "$BACK" --stop
    becomes S "$BACK"
    kill -KILL "$BACK"
}

test_traced_by_another() {
    busy
    hold "$BACK"
    refuses 3 "cannot be held still: process $HOLDER traces it already" \
        jeheap stats "$BACK" --stop --quiet
    exec 9>&-
    wait "$HOLDER"
    runs_again "$BACK"
    kill -KILL "$BACK"
}

# Who was stopped before is stopped afterwards, and goes on when told to.
test_a_stopped_process() {
    busy
    stop "$BACK"
    becomes T "$BACK"
    hold "$BACK"
    exec 9>&-
    wait "$HOLDER" || fail "status $?"
    becomes T "$BACK"
    hold "$BACK"
    kill -KILL "$HOLDER"
    wait "$HOLDER" 2>/dev/null
    exec 9>&-
    becomes T "$BACK"
    kill -CONT "$BACK"
    runs_again "$BACK"
    hold "$BACK" # told to while it is held: then it goes on when it is let go
    kill -STOP "$BACK"
    kill -CONT "$BACK"
    [ "$(states "$BACK")" = t ] || fail "SIGCONT lets it go: $(states "$BACK")"
    exec 9>&-
    wait "$HOLDER"
    runs_again "$BACK"
    kill -KILL "$BACK"
}

# A signal that comes meanwhile is not lost.
test_signal_meanwhile() {
    busy
    hold "$BACK"
    kill -TERM "$BACK"
    sleep 0.1
    [ "$(states "$BACK")" = t ] || fail "it is gone"
    exec 9>&-
    wait "$HOLDER"
    until [ -z "$(started "$BACK")" ]; do
        sleep 0.02
    done
}

# Nor is one that is about to be taken when its thread is stopped: the first thread, which gets the
# signals of a process, is traced for a while before it is interrupted.
test_signals() {
    local look sender
    need_tool strace
    busy
    python3 -c 'import os, signal, sys, time
for _ in range(600):
    os.kill(int(sys.argv[1]), signal.SIGRTMIN)
    time.sleep(0.002)' "$BACK" &
    sender=$!
    for look in {1..4}; do
        status 0 try strace -qq -o "$WORK/calls" -e trace=ptrace \
            -e inject=ptrace:delay_exit=50000:when=1 "$JEHEAP" check "$BACK" --stop --quiet --no-sandbox
    done # check tells what is half done from what is corrupt
    wait $sender
    for look in {1..200}; do
        [ "$(wc -c <"$WORK/busy.err")" -ge 600 ] && break
        sleep 0.02
    done
    [ "$(wc -c <"$WORK/busy.err")" -eq 600 ] ||
        fail "$(wc -c <"$WORK/busy.err") of 600 signals arrived after $look looks"
    runs_again "$BACK"
    kill -KILL "$BACK"
}

# How it is said, and where it is of no use.
test_said() {
    local command
    have stock
    status 0 jeheap info "${PID[stock]}" --stop --json
    err_has "^jeheap: process ${PID[stock]} was held still for [0-9]+\.[0-9]{3} ms$"
    [ "$(ask get "$OUT" held_us)" -gt 0 ] || fail "held_us"
    status 0 jeheap info "${PID[stock]}" --stop --quiet
    [ ! -s "$ERR" ] || fail "stderr: $(said)"
    out_has "^process ${PID[stock]}, held still for [0-9.]+ ms$"
    status 0 jeheap info "${PID[stock]}" --json --quiet
    out_has '"held_us":null'
    status 0 jeheap skeleton "${PID[stock]}" --stop --json --quiet -o "$WORK/skeleton"
    out_has '"held_us":[1-9]'
    refuses 2 '^jeheap: --stop holds a process still; .*is a core' jeheap info "$WORK/skeleton" --stop
    for command in stats check caches extents regions layout; do
        status 0 jeheap $command "${PID[stock]}" --stop
        err_has 'was held still for'
        status 0 jeheap $command "${PID[stock]}" --stop --no-sandbox --quiet
    done
}

# Nothing moved, so what is corrupt is: nobody is told to look again.
test_damage() {
    small damaged # a quiet one: what is half done breaks rules, too
    BACK=${PID[damaged]}
    stop "$BACK"
    status 0 jeheap extents "$BACK" --quiet --json --state active
    head -n 1 "$OUT" >"$WORK/line"
    poke "$BACK" "$(ask get "$WORK/line" extent)" ff 8
    status 1 jeheap info "$BACK" --stop
    ! grep -q 'run again' "$ERR" || fail "stderr: $(said)"
    kill -KILL "$BACK"
}

# A core of threads in the middle of malloc and free, and its skeleton: the same is transient in both.
test_any_moment_in_a_skeleton() {
    local command look core
    need_tool gcore
    busy
    for look in 1 2 3; do
        gcore -o "$WORK/moment" "$BACK" >/dev/null 2>&1 || fail "gcore"
        status 0 jeheap skeleton "$WORK/moment.$BACK" -o "$WORK/moment.skeleton" --quiet
        for command in check info extents caches; do
            for core in "$WORK/moment.$BACK" "$WORK/moment.skeleton"; do
                status 0 jeheap $command "$core" --json
                { ask without "$OUT" target kind is_skeleton resident_bytes resident_jemalloc_bytes resident_jemalloc_least_bytes \
                    bytes_present bytes_absent absent; grep -v ' layout ' "$ERR"; } >"$core.said"
            done
            same_file "$WORK/moment.$BACK.said" "$WORK/moment.skeleton.said" "$command, look $look"
        done
        rm "$WORK/moment.$BACK"
    done
    kill -KILL "$BACK"
}

# stops PIN OPTION...: ci/stops has the full form, and says what it counts.
stops() {
    need_tool "$CC" cmake
    PATIENCE=300 try env "JEHEAP_BIN=${JEHEAP%/*}" "$ROOT_DIR/ci/stops" "$@"
    [ "$RC" -eq 0 ] || fail "$(grep -v ' transient ' "$OUT" | tr '\n' ';')"
}

test_any_moment_5_3_0() { have stock && stops --count 40 5.3.0; }
test_any_moment_5_3_1() { have newest && stops --count 40 5.3.1; }
test_any_moment_5_2_1() { have redis && stops --count 40 redis-7.0; }
test_double_free_among_them_5_3_0() { have stock && stops --count 8 --plant twice 5.3.0; }
test_double_free_among_them_5_3_1() { have newest && stops --count 8 --plant large 5.3.1; }
test_double_free_among_them_5_2_1() { have redis && stops --count 8 --plant flush redis-7.0; }
