# Cores of FreeBSD, whose C library has jemalloc in it. Made of Linux ones after its headers: no core of
# a real one was at hand.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

# beastly: a program whose jemalloc is in a library with FreeBSD's private prefix, __je_; CORE is its
# core in FreeBSD's form, LINUX as it was.
beastly() {
    local dir=$WORK/beastly
    need_tool "$CC"
    library stock __
    LINUX=$dir/core
    CORE=$dir/freebsd.core
    [ ! -s "$CORE" ] || return 0
    mkdir -p "$dir"
    cat >"$dir/beast.c" <<'END'
#include <stdio.h>
#include <unistd.h>
void *__je_malloc(size_t size);
int main(void) {
    void *last = NULL;
    for (size_t i = 1; i < 400; i++) {
        last = __je_malloc(i * 13);
    }
    printf("large %p\nlast %p\nstack %p\nready\n", __je_malloc(100000), last, (void *)&last);
    fflush(stdout);
    for (;;) {
        pause();
    }
}
END
    "$CC" -Wl,--build-id -o "$dir/beast" "$dir/beast.c" "$LIBRARY" 2>"$WORK/cc.log" ||
        fail "beast.c does not build: $(head -n 3 "$WORK/cc.log")"
    background "$dir/beast" >"$dir/stdout" </dev/null
    wait_line "$dir/stdout" "$BACK" '^ready' || fail "beast ended"
    echo "$BACK" >"$dir/pid"
    gcore_of "$BACK" "$LINUX"
    ask freebsd "$LINUX" "$CORE"
}

answer() {
    jeheap "$@" --json --quiet
    ask without "$OUT" target >"$WORK/answer"
    echo "status $RC" >>"$WORK/answer"
}

same_as_linux() {
    answer "$1" "$LINUX" "${@:2}"
    mv "$WORK/answer" "$WORK/linux.answer"
    answer "$1" "$CORE" "${@:2}"
    same_file "$WORK/linux.answer" "$WORK/answer" "$*"
}

test_same_as_linux() {
    beastly
    same_as_linux info
    same_as_linux extents
    # shellcheck disable=SC2046
    same_as_linux find $(awk '/0x/ && $1 != "stack" { print $2 }' "$WORK/beastly/stdout")
    status 0 jeheap info "$CORE" --json --quiet
    ask are "$OUT" root_symbol=__je_arena_emap_global "pid=$(cat "$WORK/beastly/pid")" \
        layout.learnt_from.offsets=dwarf
}

# Registers are in another order there, and threads have names.
test_threads() {
    local stack pid
    beastly
    stack=$(awk '$1 == "stack" { print $2 }' "$WORK/beastly/stdout")
    pid=$(cat "$WORK/beastly/pid")
    status 1 jeheap find "$LINUX" "$stack" --json
    ask are "$OUT" what.kind=stack "what.thread=$pid"
    status 1 jeheap find "$CORE" "$stack" --json
    ask are "$OUT" what.kind=stack "what.thread=$pid" "what.thread_name=beast $pid"
}

# The program and the library are somewhere else here, and proven by their build-ids.
test_files_elsewhere() {
    local root=$WORK/freebsd.root
    beastly
    mkdir -p "$root${LIBRARY%/*}"
    mv "$LIBRARY" "$root$LIBRARY"
    refuses 3 "$LIBRARY is not here" jeheap info "$CORE"
    status 0 jeheap info "$CORE" --json --quiet --exe "$root$LIBRARY"
    ask are "$OUT" root_symbol=__je_arena_emap_global
    status 0 jeheap info "$CORE" --json --quiet --sysroot "$root"
    ask are "$OUT" root_symbol=__je_arena_emap_global
    mv "$root$LIBRARY" "$LIBRARY"
}

# A skeleton is of the same system, so --layout means the same.
test_skeleton() {
    beastly
    status 0 jeheap skeleton "$CORE" -o "$WORK/freebsd.skeleton"
    [ "$(od -An -tu1 -j7 -N1 "$WORK/freebsd.skeleton")" -eq 9 ] || fail "of another system"
    status 0 jeheap extents "$CORE" --json --quiet
    cp "$OUT" "$WORK/answer"
    status 0 jeheap extents "$WORK/freebsd.skeleton" --json --quiet
    same_file "$WORK/answer" "$OUT" "the skeleton"
}
