# What jeheap may still do once it reads a target. sandbox_probe.c does what a jeheap would do that
# a hostile file has taken over. All other tests run with the sandbox on.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

PROBES=${JEHEAP_BIN:-$ROOT_DIR/build/bin}/../tests/cli

need_sandbox() {
    "$JEHEAP" --version | grep -q seccomp || skip "$("$JEHEAP" --version)"
    "$PROBES/sandbox_probe" reading core nothing 2>"$ERR" || fail "the sandbox alone ends a program"
    ! grep -q 'no seccomp' "$ERR" || skip "$(said)"
}

# probe STATUS PROGRAM ARGUMENT...: it ends with that; 159 is SIGSYS.
probe() {
    local wanted=$1 program=$2
    shift 2
    ulimit -S -c 0
    { timeout 20 "$PROBES/$program" "$@" >"$OUT" 2>"$ERR" </dev/null; } 2>/dev/null
    RC=$?
    [ "$RC" -eq "$wanted" ] || fail "$program $*: status $RC, not $wanted: $(said)"
}

# dies ARGUMENT...: by SIGSYS, and it is said why.
dies() {
    probe 159 sandbox_probe "$@"
    err_has '^jeheap: sandbox: system call [0-9]+ was refused'
    [ "$(wc -l <"$ERR")" -eq 1 ] || fail "$*: more than one sentence: $(said)"
}

# Also when nothing can be said.
test_dies_silently() {
    need_sandbox
    { (ulimit -S -c 0 && exec "$PROBES/sandbox_probe" reading core exec) 2>&- </dev/null; } 2>/dev/null
    RC=$?
    [ "$RC" -eq 159 ] || fail "status $RC, not 159"
}

deadly=(exec connect ptrace detach kill open-write open-create open-truncate unlink rename chmod map-code
    make-code)

test_core() {
    local step action
    need_sandbox
    for step in opening reading; do
        for action in "${deadly[@]}" read-process; do
            dies $step core "$action" "$WORK/probe.file"
        done
    done
    probe 0 sandbox_probe opening core fork
    probe 10 sandbox_probe reading core fork
    dies reading core write-elsewhere
    [ ! -e "$WORK/probe.file" ] || fail "a file was made"
    probe 0 sandbox_probe opening core open-read
    probe 10 sandbox_probe reading core open-read
    out_has 'Permission denied'
}

# Of a process its memory may be read, and that of no other.
test_process() {
    local step action
    need_sandbox
    for step in opening reading; do
        for action in "${deadly[@]}" read-process; do
            dies $step 1 "$action" "$WORK/probe.file"
        done
        probe 0 sandbox_probe $step $$ nothing
    done
    probe 10 sandbox_probe reading 1 fork
    dies reading 1 write-elsewhere
    probe 10 sandbox_probe reading 1 open-read
}

# With --stop a process is held and let go, and nothing else is done to it.
test_held_process() {
    local step action
    need_sandbox
    for step in opening reading; do
        for action in exec connect poke set-registers kill open-write; do
            dies $step held "$action" "$WORK/probe.file"
        done
        probe 0 sandbox_probe $step held detach
    done
    probe 0 sandbox_probe opening held seize
    dies reading held seize
}

# The kernel's second lock on the same door: without any filter.
test_landlock_alone() {
    local step action
    [ -x "$PROBES/landlock_probe" ] || skip "it was not built"
    "$PROBES/landlock_probe" reading core nothing 2>"$ERR"
    ! grep -q 'no Landlock' "$ERR" || skip "$(said)"
    echo text >"$WORK/probe.file"
    for step in opening reading; do
        for action in exec ptrace open-write open-truncate unlink rename; do
            probe 10 landlock_probe $step core "$action" "$WORK/probe.file"
            out_has 'Permission denied|Operation not permitted'
        done
        probe 10 landlock_probe $step core open-create "$WORK/probe.new"
    done
    probe 0 landlock_probe opening core open-read "$WORK/probe.file"
    probe 10 landlock_probe reading core open-read "$WORK/probe.file"
    [ "$(cat "$WORK/probe.file")" = text ] || fail "the file was changed"
}

# Older kernels know fewer things that can be forbidden; a newer one takes their rules as they did.
# All that they know is asked for and nothing else, which they would refuse: first all but reading.
test_landlock_of_older_kernels() {
    local abi action actions refused=0 ruleset
    local asks=([1]=0x1ff3,8 [2]=0x3ff3,8 [3]=0x7ff3,8 [4]=0x7ff3,16 [5]=0xfff3,16 [6]=0xfff3,24)
    [ -x "$PROBES/landlock_probe" ] || skip "it was not built"
    need_tool strace
    small tiny
    core_of tiny
    echo text >"$WORK/probe.file"
    for abi in 1 2 3 4 5 6; do
        local older=(strace -qq -f -o /dev/null -e "inject=landlock_create_ruleset:retval=$abi:when=1")
        status 0 try "${older[@]}" -o "$WORK/calls" -X raw -e trace=landlock_create_ruleset \
            "$JEHEAP" info "$CORE" --json
        ruleset=$(sed -n 's/.*handled_access_fs=\(0x[0-9a-f]*\)[^}]*}, \([0-9]*\), 0).*/\1,\2/p' \
            "$WORK/calls" | head -n 1)
        [ "$ruleset" = "${asks[abi]}" ] || fail "version $abi: asks for $ruleset, not ${asks[abi]}"
        ! grep -q 'not complete' "$ERR" || continue # older than that itself
        actions=(exec ptrace open-write unlink rename)
        [ $abi -lt 3 ] || actions+=(open-truncate)
        for action in "${actions[@]}"; do
            status 10 try "${older[@]}" "$PROBES/landlock_probe" opening core "$action" \
                "$WORK/probe.file"
            refused=$((refused + 1))
        done
        status 10 try "${older[@]}" "$PROBES/landlock_probe" opening core open-create \
            "$WORK/probe.new"
        status 0 try "${older[@]}" "$PROBES/landlock_probe" opening core open-read "$WORK/probe.file"
    done
    [ "$(cat "$WORK/probe.file")" = text ] || fail "the file was changed"
    [ $refused -gt 0 ] || skip "this kernel has no Landlock"
}

# An assertion in a library ends by SIGABRT, as without.
test_abort_is_abort() {
    need_sandbox
    probe 134 sandbox_probe reading core abort
    [ ! -s "$ERR" ] || fail "stderr: $(said)"
}

test_no_sandbox() {
    local target seccomp
    need_sandbox
    need_tool strace
    small tiny
    core_of tiny
    for target in "$CORE" "${PID[tiny]}"; do
        strace -qq -f -e signal=none -e trace=seccomp,landlock_restrict_self -o "$WORK/calls" \
            "$JEHEAP" extents "$target" --json >"$OUT" 2>"$ERR" || fail "with: $(said)"
        cp "$OUT" "$WORK/with"
        seccomp=$(grep -c 'seccomp(SECCOMP_SET_MODE_FILTER.* = 0' "$WORK/calls")
        [ "$seccomp" -eq 2 ] || fail "$target: $seccomp filters, not 2"
        strace -qq -f -e signal=none -e trace=seccomp,landlock_restrict_self -o "$WORK/calls" \
            "$JEHEAP" extents "$target" --json --no-sandbox >"$OUT" 2>"$ERR" || fail "without: $(said)"
        [ ! -s "$WORK/calls" ] || fail "--no-sandbox: $(head -n 1 "$WORK/calls")"
        same_file "$WORK/with" "$OUT" "the sandbox changes an answer"
    done
}

# An old kernel is no reason not to read a core, but one to say so.
test_kernel_without() {
    need_sandbox
    need_tool strace
    small tiny
    core_of tiny
    local without=(strace -qq -f -o /dev/null -e 'inject=seccomp,prctl:error=EINVAL')
    status 0 try "${without[@]}" "$JEHEAP" info "$CORE" --json
    err_has 'warning: the sandbox is not complete: .*no'
    status 0 try strace -qq -f -o /dev/null -e 'inject=seccomp:error=EINVAL' "$JEHEAP" info "$CORE"
    err_has 'warning: the sandbox is not complete: .*seccomp'
    status 0 try "${without[@]}" "$JEHEAP" info "$CORE" --json --quiet
    [ ! -s "$ERR" ] || fail "--quiet says: $(said)"
    # only the first: a call that strace takes away is none that a filter knows
    without=(strace -qq -f -o /dev/null -e 'inject=landlock_create_ruleset:error=ENOSYS:when=1')
    status 0 try "${without[@]}" "$JEHEAP" info "$CORE" --json
    err_has 'not complete: this kernel has no Landlock'
    without=(strace -qq -f -o /dev/null -e 'inject=landlock_restrict_self:error=E2BIG:when=1')
    status 0 try "${without[@]}" "$JEHEAP" info "$CORE" --json
    err_has 'not complete: this kernel has no Landlock'
    without=(strace -qq -f -o /dev/null -e 'inject=landlock_create_ruleset:error=ENOMEM:when=2')
    status 0 try "${without[@]}" "$JEHEAP" info "$CORE" --json
    err_has 'not complete: this kernel has no Landlock'
}
