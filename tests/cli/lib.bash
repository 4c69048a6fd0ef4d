# lib.bash - what the command-line tests share. Read by `run`; every test is a function test_NAME in
# a file SUBJECT.bash, and runs in a subshell of its own.
# shellcheck shell=bash
# Variables that look unused here are set for the tests.
# shellcheck disable=SC2034

CLI_DIR=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
ROOT_DIR=${CLI_DIR%/tests/cli}
JEHEAP=${JEHEAP_BIN:-$ROOT_DIR/build/bin}/jeheap
JECONFORM=${JEHEAP_BIN:-$ROOT_DIR/build/bin}/jeconform
CC=${CC:-gcc}

# A version manager's python3 is a script that looks for the program each time: the program itself is
# twice as quick, and the tests ask it thousands of times.
case $(head -c 2 "$(command -v python3)" 2>/dev/null) in
'#!') PATH=$(python3 -c 'import os, sys; print(os.path.dirname(sys.executable))'):$PATH ;;
esac

# ---- verdicts ------------------------------------------------------------------------------------

SKIPPED=77

fail() {
    printf '%s' "$*" >"$WORK/why"
    exit 1
}

skip() {
    printf '%s' "$*" >"$WORK/why"
    exit $SKIPPED
}

# For messages: what was run, shortened, and what it said.
ran() {
    local words="$*"
    [ ${#words} -le 160 ] || words="${words:0:120} ... ${words: -30}"
    printf '%s' "$words"
}

said() {
    head -c 300 "$ERR" | tr '\n' ' '
}

# ---- running a program ---------------------------------------------------------------------------

# hex EXPRESSION: as addresses are written.
hex() {
    printf '0x%x' "$(($*))"
}

# Leaves OUT, ERR (files) and RC. A program that hangs is killed, and RC is 124. PATIENCE: seconds.
try() {
    timeout "${PATIENCE:-60}" "$@" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    [ $RC -ne 124 ] || fail "$(ran "$@"): takes more than ${PATIENCE:-60} s"
    [ $RC -lt 126 ] || fail "$(ran "$@"): killed by a signal or not run, status $RC: $(said)"
}

jeheap() {
    try "$JEHEAP" "$@"
}

# It may have a jemalloc to build, and checks whole heaps.
jeconform() {
    PATIENCE=${PATIENCE:-300} try "$JECONFORM" "$@"
}

# status N COMMAND...: it must end with that.
status() {
    local wanted=$1
    shift
    "$@"
    [ "$RC" -eq "$wanted" ] || fail "$(ran "$@"): exit status $RC, not $wanted: $(said)"
}

# refuses N PATTERN COMMAND...: that exit status, a sentence on stderr, nothing on stdout.
refuses() {
    local wanted=$1 pattern=$2
    shift 2
    status "$wanted" "$@"
    [ ! -s "$OUT" ] || fail "$(ran "$@"): something on stdout: $(head -c 200 "$OUT")"
    [ -s "$ERR" ] || fail "$(ran "$@"): nothing on stderr"
    grep -Eq -- "$pattern" "$ERR" || fail "$(ran "$@"): stderr has no /$pattern/: $(said)"
}

out_has() {
    grep -Eq -- "$1" "$OUT" || fail "stdout has no /$1/: $(head -c 300 "$OUT")"
}

err_has() {
    grep -Eq -- "$1" "$ERR" || fail "stderr has no /$1/: $(said)"
}

same_file() {
    cmp -s "$1" "$2" || fail "$3: $(diff "$1" "$2" | head -4 | cut -c1-300 | tr '\n' ' ')"
}

has_color() {
    grep -q $'\033' "$1"
}

# What is not jemalloc's a core knows less of: who a thread is called, permissions. Without that.
without_what() {
    sed -E 's/,"what":(null|\{.*\})\}$/}/; s/"thread_name":("[^"]*"|null)/"thread_name":null/' "$1"
}

# ask.py, whose complaint becomes the reason. -S: it takes nothing but the standard library.
ask() {
    python3 -S "$CLI_DIR/ask.py" "$@" 2>"$WORK/ask.err" ||
        fail "$(tail -n 1 "$WORK/ask.err" | cut -c1-400)"
}

need_tool() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip "there is no $tool; ci/setup installs it"
    done
}

# ---- programs to look at -------------------------------------------------------------------------

# When a process was started, as the kernel counts; nothing when it has ended. Its id alone may have
# become another's.
started() {
    local stat fields
    read -r stat 2>/dev/null <"/proc/$1/stat" || return
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} == [ZX] ]] || printf '%s' "${fields[19]}"
}

# lives PID START: is it still the process that was started then?
lives() {
    [ -n "$2" ] && [ "$(started "$1")" = "$2" ]
}

# The process is ended with the tests. BACK is its id. Without <&0 its input would be /dev/null.
background() {
    "$@" <&0 &
    BACK=$!
    printf '%s %s\n' "$BACK" "$(started $BACK)" >>"$WORK/pids"
}

# Waits for a line in a file that a process writes; false when the process ended without one. One that
# has ended and that nobody has waited for is no more.
wait_line() {
    local file=$1 pid=$2 line=$3
    until grep -q "$line" "$file" 2>/dev/null; do
        if [ -z "$(started "$pid")" ]; then # its last line may have come since
            grep -q "$line" "$file" 2>/dev/null
            return
        fi
        sleep 0.02
    done
}

stop() {
    kill -STOP "$1"
    wait_line "/proc/$1/status" "$1" '^State:.*T'
}

# poke PID ADDRESS BYTE COUNT: so many bytes of a process's memory, each of two hexadecimal digits.
poke() {
    python3 -c 'import sys
pid, at, byte, count = sys.argv[1:]
with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
    memory.seek(int(at, 16))
    memory.write(int(count) * bytes.fromhex(byte))' "$@" 2>"$WORK/poke" ||
        skip "$(tail -n 1 "$WORK/poke")"
}

declare -A PID TRUTH EXE PREFIX CELL WHY

# A witness of the shell that calls: it is killed when that shell ends.
start_witness() {
    local name=$1 exe=$2 dir
    shift 2
    dir=$WORK/$name
    mkdir -p "$dir"
    [ -p "$dir/stdin" ] || mkfifo "$dir/stdin"
    # Open for both, so that neither side waits for the other and its input never ends.
    ulimit -S -c "${CORE_LIMIT:-0}"
    background env -C "$dir" "JE_MALLOC_CONF=${MALLOC_CONF:-}" "$exe" --truth truth \
        --allocations 4000 --threads 3 0<>"$dir/stdin" >"$dir/stdout" 2>"$dir/stderr"
    PID[$name]=$BACK
    TRUTH[$name]=$dir/truth
    EXE[$name]=$exe
    CELL[$name]=ok
}

# needs NAME PIN CONFIG: a witness for all tests. At the head of a file; have NAME goes before use.
needs() {
    local name=$1 answer=$WORK/$1.cell
    [ -z "${CELL[$name]:-}" ] || return 0
    cmake -DPIN="$2" -DCONFIG="$3" -DRESULT="$answer" \
        -P "$ROOT_DIR/harness/cmake/cell.cmake" >"$WORK/$name.log" 2>&1
    CELL[$name]=$(ask get "$answer" status)
    CELL[$name]=${CELL[$name]:-fail}
    WHY[$name]=$(ask get "$answer" why)
    [ "${CELL[$name]}" = ok ] || return 0
    PREFIX[$name]=$(ask get "$answer" prefix)
    start_witness "$name" "$(ask get "$answer" witness)"
}

have() {
    local name
    for name; do
        case ${CELL[$name]:-none} in
        ok) ready "$name" ;;
        skip) skip "$name: ${WHY[$name]}" ;;
        *) fail "$name could not be built: ${WHY[$name]:-see $WORK/$name.log}" ;;
        esac
    done
}

ready() {
    wait_line "$WORK/$1/stdout" "${PID[$1]}" '^ready' ||
        fail "the witness $1 ended: $(head -c 200 "$WORK/$1/stderr")"
}

# gcore PID FILE
gcore_of() {
    need_tool gdb
    timeout 60 gdb -nx -batch -iex 'set auto-load off' -iex 'set debuginfod enabled off' \
        -ex "generate-core-file $2" -p "$1" </dev/null >"$2.log" 2>&1
    [ -s "$2" ] || fail "gdb made no core: $(tail -n 2 "$2.log" | tr '\n' ' ')"
}

# Sets CORE; one for all tests of a process that `needs` or `small` has named.
core_of() {
    CORE=$WORK/$1/core
    [ -s "$CORE" ] || gcore_of "${PID[$1]}" "$CORE"
}

# Does the kernel write cores to the folder of the process? Programs that are started from now on may
# have them.
kernel_cores() {
    local pattern
    pattern=$(cat /proc/sys/kernel/core_pattern)
    case $pattern in
    '' | *[!A-Za-z0-9_.-]*) skip "core_pattern is '$pattern', not a plain name" ;;
    esac
    ulimit -S -c unlimited 2>/dev/null || skip "no cores are allowed (ulimit -c)"
}

# kernel_core NAME: sets CORE to the one that the kernel writes of a process whose folder is $WORK/NAME.
kernel_core() {
    kill -ABRT "${PID[$1]}"
    { wait "${PID[$1]}"; } 2>/dev/null
    CORE=$(find "$WORK/$1" -name "$(cat /proc/sys/kernel/core_pattern)*" -size +0)
    [ -n "$CORE" ] || skip "the kernel wrote no core"
}

# linked WITNESS SOURCE PROGRAM [CFLAG...]: PROGRAM is made of SOURCE, a file of this folder, with the
# jemalloc of that witness.
linked() {
    local prefix source=$2 program=$3
    have "$1"
    need_tool "$CC"
    prefix=${PREFIX[$1]}
    shift 3
    "$CC" -O1 "$@" -I"$prefix/include" -o "$program" "$CLI_DIR/$source" \
        "$prefix/lib/libjemalloc.a" -lm -lpthread -ldl 2>"$WORK/cc.log" ||
        fail "$source does not build: $(head -n 3 "$WORK/cc.log")"
}

# small NAME [CFLAG...]: a process of small_heap.c, linked with the jemalloc of the witness `stock`. Also
# SMALL[NAME]: what it printed. CFLAGS make another build of it.
declare -A SMALL
small() {
    local name=$1 dir=$WORK/$1 start
    shift
    EXE[$name]=$dir/small
    SMALL[$name]=$dir/stdout
    if [ -e "$dir/pid" ]; then
        read -r "PID[$name]" start <"$dir/pid"
        ! lives "${PID[$name]}" "$start" || return 0
        rm -r "$dir" # with the core of the one that has ended: another's addresses are others
    fi
    mkdir -p "$dir"
    linked stock small_heap.c "$dir/small" -Wl,--build-id "$@"
    background "$dir/small" >"$dir/stdout" 2>&1 </dev/null
    PID[$name]=$BACK
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "small ended"
    echo "$BACK $(started "$BACK")" >"$dir/pid"
}

# The value behind a word in what small printed.
small_value() {
    awk -v word="$2" '$1 == word { print $2 }' "${SMALL[$1]}"
}

# Another user than root, who may read the processes of its own.
NOBODY=(setpriv --reuid=65534 --regid=65534 --clear-groups)
need_nobody() {
    [ "$(id -u)" -eq 0 ] || skip "not root, so there is no other user to be"
    need_tool setpriv
}

# open_folder FOLDER: makes one whose files the user nobody may run.
open_folder() {
    chmod 711 "$WORK"
    mkdir -p "$1"
    chmod 755 "$1"
}

# nobodys PROGRAM: a process of small_heap.c in such a folder. Sets BACK.
nobodys() {
    background "${NOBODY[@]}" "$1" >"$1.stdout" </dev/null
    wait_line "$1.stdout" "$BACK" '^ready' || skip "nobody may not run $1"
}

# nobody_reads OPTION...: `jeheap info` of that process by its own user; status 0.
nobody_reads() {
    try "${NOBODY[@]}" "$JEHEAP" info "$BACK" --json --quiet "$@"
    [ "$RC" -ne 3 ] || ! grep -q ptrace "$ERR" || skip "nobody may not read nobody's processes"
    [ "$RC" -eq 0 ] || fail "status $RC: $(said)"
}

# jemalloc_object WITNESS PREFIX: all of its jemalloc as one object, with the prefix before all names.
# Sets OBJECT.
jemalloc_object() {
    need_tool ld nm objcopy
    have "$1"
    OBJECT=$WORK/$1-$2.o
    [ ! -s "$OBJECT" ] || return 0
    ld -r -o "$OBJECT.ld" --whole-archive "${PREFIX[$1]}/lib/libjemalloc.a" || fail "ld"
    nm --defined-only "$OBJECT.ld" | awk -v prefix="$2" '$2 ~ /[A-Z]/ { print $3, prefix $3 }' \
        >"$OBJECT.names"
    objcopy --redefine-syms="$OBJECT.names" "$OBJECT.ld" "$OBJECT" || fail "objcopy"
    rm "$OBJECT.ld" "$OBJECT.names"
}

# library WITNESS PREFIX: the same as a library with a build-id, and with symbols. Sets LIBRARY.
library() {
    local name names=()
    LIBRARY=$WORK/lib$1-$2.so
    [ ! -s "$LIBRARY" ] || return 0
    jemalloc_object "$1" "$2"
    for name in malloc mallocx dallocx malloc_usable_size; do
        names+=("--keep-global-symbol=${2}je_$name")
    done
    objcopy "${names[@]}" "$OBJECT" "$OBJECT.local" || fail "objcopy"
    "$CC" -shared -Wl,--build-id -o "$LIBRARY" "$OBJECT.local" -lm -lpthread 2>"$WORK/cc.log" ||
        fail "no library: $(head -n 3 "$WORK/cc.log")"
    rm "$OBJECT.local"
}
