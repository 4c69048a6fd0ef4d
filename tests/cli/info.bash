# info: which jemalloc, where that was learnt, and the totals.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default
needs la57 5.3.0 la57

INFO_KEYS="target kind pid jemalloc_version layout.name layout.verified_extents layout.tried_extents layout.learnt_from
root root_symbol extents slabs large allocated_bytes unused_bytes metadata_bytes bytes_present
bytes_absent bytes_truncated faults modules warnings"

meta() {
    sed -n "s/^meta $2=//p" "${TRUTH[$1]}"
}

info_is() {
    local name=$1 layout=$2 symbol=$3
    have "$name"
    status 0 jeheap info "${PID[$name]}" --json
    # shellcheck disable=SC2086
    ask have "$OUT" $INFO_KEYS
    ask are "$OUT" kind=process "pid=${PID[$name]}" "jemalloc_version=$(meta "$name" version)" \
        "root=$(meta "$name" root)" "root_symbol=$symbol" "layout.name=$layout" \
        layout.learnt_from.version=dwarf layout.learnt_from.lg_vaddr=dwarf \
        layout.learnt_from.fields=dwarf layout.learnt_from.leaf=dwarf \
        layout.learnt_from.offsets=dwarf layout.learnt_from.root=symbol \
        "extents=$(grep -c '^extent ' "${TRUTH[$name]}")" \
        "slabs=$(grep -c '^slab ' "${TRUTH[$name]}")" faults=0 'warnings=[]' \
        "modules.0.path=${EXE[$name]}" modules.0.jemalloc=true "modules.0.file=same build"
}

test_5_3() { info_is stock 5.3.0,lg_vaddr=48,lg_page=12,lg_quantum=4 je_arena_emap_global; }
test_5_2() { info_is redis 5.2.1,lg_vaddr=48,lg_page=12,lg_quantum=3 je_extents_rtree; }
test_57_bits() { info_is la57 5.3.0,lg_vaddr=57,lg_page=12,lg_quantum=4 je_arena_emap_global; }

test_bytes() {
    have stock
    status 0 jeheap info "${PID[stock]}" --json
    local sums
    sums=$(ask get "$OUT" allocated_bytes unused_bytes | paste -sd+)
    expected=$(grep '^extent ' "${TRUTH[stock]}" | sed 's/.* size=\(0x[0-9a-f]*\) .*/\1/' | paste -sd+)
    [ $((sums)) -eq $((expected)) ] || fail "$((sums)) bytes in extents, not $((expected))"
}

test_core() {
    have stock
    core_of stock
    status 0 jeheap info "$CORE" --json
    ask are "$OUT" kind=core "pid=${PID[stock]}" "root=$(meta stock root)" bytes_truncated=0 \
        "extents=$(grep -c '^extent ' "${TRUTH[stock]}")" layout.learnt_from.root=symbol
}

test_text() {
    have stock
    status 0 jeheap info "${PID[stock]}"
    out_has "^process ${PID[stock]}$"
    out_has "^jemalloc  $(meta stock version)$"
    out_has "^          in ${EXE[stock]}$"
    [ ! -s "$ERR" ] || fail "said twice, on stderr too: $(said)"
    out_has '^layout    5\.3\.0,lg_vaddr=48,'
    out_has '^ +lg_vaddr +from dwarf$'
    out_has "^root      $(meta stock root) in je_arena_emap_global$"
    out_has "^extents   $(grep -c '^extent ' "${TRUTH[stock]}"): "
    [[ $(tail -n 1 "$OUT") == "verdict   all $(grep -c '^extent ' "${TRUTH[stock]}") extents are sound" ]] ||
        fail "the last line is $(tail -n 1 "$OUT")"
}

# The last word on a whole walk: how often each rule is broken, and in which words.
test_verdict() {
    local extent
    small tiny
    core_of tiny
    status 0 jeheap info "$CORE" --json
    ask are "$OUT" verdict=sound 'faults_by_rule={}' is_skeleton=false
    status 0 jeheap extents "$CORE" --slab --json --quiet
    extent=$(sed -n '1s/^{"extent":"\([^"]*\)".*/\1/p' "$OUT")
    ask poke "$CORE" "$WORK/damaged" "$extent" 0xffffffffffffffff
    status 1 jeheap info "$WORK/damaged" --exe "${EXE[tiny]}"
    out_has '^verdict   corrupt; [0-9]+ faults?$'
    [[ $(tail -n 1 "$OUT") =~ ^\ +[0-9]+\ [a-z]+\.[a-z-]+\ \ [a-z] ]] || fail "$(tail -n 2 "$OUT")"
    [ "$(awk '/^verdict/ { on = 1; next } on { sum += $1 } END { print sum }' "$OUT")" -eq \
        "$(sed -n 's/^verdict   corrupt; \([0-9]*\) faults*$/\1/p' "$OUT")" ] || fail "$(cat "$OUT")"
    if grep -Eq 'unsound|more faults' "$ERR"; then fail "said twice: $(said)"; fi
    status 1 jeheap info "$WORK/damaged" --exe "${EXE[tiny]}" --color always
    out_has $'^verdict   \033\\[1;31mcorrupt\033\\[0m; '
    status 1 jeheap info "$WORK/damaged" --exe "${EXE[tiny]}" --json --quiet
    ask are "$OUT" verdict=corrupt faults_by_severity.transient=0 faults_by_severity.suspicious=0
    out_has '"faults_by_severity":\{"corrupt":[1-9]'
    out_has '"faults_by_rule":\{"[a-z]+\.[a-z-]+":[0-9]+[,}]'
    rm "$WORK/damaged"
    status 4 jeheap info "${PID[tiny]}" --max-reads 5
    out_has '^verdict   incomplete: not all could be read; what could be is sound; [0-9]+ faults?$'
    out_has '^ +[0-9]+ reader\.budget  --max-reads or --timeout is used up$'
    status 4 jeheap info "${PID[tiny]}" --max-reads 5 --json
    ask are "$OUT" verdict=incomplete
    ask notes-first "$CORE" "$WORK/whole" # one that was cut off behind all that is asked for
    head -c -5000 "$WORK/whole" >"$WORK/cut"
    jeheap info "$WORK/cut" --exe "${EXE[tiny]}"
    out_has '^verdict   incomplete: not all could be read; what could be is sound(; [0-9]+ faults?)?$'
    rm "$WORK/whole" "$WORK/cut"
}

test_skeleton_is_called_one() {
    small tiny
    status 0 jeheap skeleton "${PID[tiny]}" -o "$WORK/tiny.skeleton"
    status 0 jeheap info "$WORK/tiny.skeleton"
    out_has "^skeleton $WORK/tiny.skeleton of process ${PID[tiny]}$"
    status 0 jeheap info "$WORK/tiny.skeleton" --json
    ask are "$OUT" kind=core is_skeleton=true resident_bytes=null resident_jemalloc_bytes=null
}

# Memory that no allocator knows of, where many a leak is.
test_resident() {
    local pid all own
    small roomy '-DROOMY=1536ul<<20'
    pid=${PID[roomy]}
    status 0 jeheap info "$pid" --json
    all=$(ask get "$OUT" resident_bytes)
    own=$(ask get "$OUT" resident_jemalloc_bytes)
    [ $((all - own)) -ge $((60 << 20)) ] || # looking maps zeroes in lumps
        fail "$own of $all bytes are jemalloc's, and 64 MiB are not"
    [ $own -ge $((32 << 20)) ] || fail "$own bytes are jemalloc's, and 32 MiB were written to"
    [ $own -lt $((96 << 20)) ] || fail "$own bytes are jemalloc's, with those that nobody wrote to"
    status 0 jeheap info "$pid"
    out_has '^resident  [0-9.]+ MiB of the process: [0-9.]+ MiB jemalloc.s, [0-9.]+ MiB of other memory$'
    out_has '^bytes     1\.[56][0-9]* GiB in allocated extents, '
    need_tool strace
    try strace -qq -o /dev/null -P "/proc/$pid/pagemap" -e inject=pread64:error=EIO \
        "$JEHEAP" info "$pid" --no-sandbox --json
    ask are "$OUT" resident_jemalloc_bytes=null resident_jemalloc_least_bytes=null
    try strace -qq -o /dev/null -P "/proc/$pid/smaps_rollup" -e inject=openat:error=EACCES \
        "$JEHEAP" info "$pid" --no-sandbox
    out_has "^resident  [0-9.]+ MiB of the process: [0-9.]+ MiB (to [0-9.]+ MiB )?jemalloc's, "
    try strace -qq -o /dev/null -P "/proc/$pid/pagemap" -e inject=openat:error=EACCES \
        "$JEHEAP" info "$pid" --no-sandbox
    out_has '^resident  [0-9.]+ MiB of the process; how much is jemalloc.s is not known$'
    try strace -qq -o /dev/null -P "/proc/$pid/status" -e inject=openat:error=EACCES \
        "$JEHEAP" info "$pid" --no-sandbox --json
    ask are "$OUT" resident_bytes=null resident_jemalloc_bytes=null
    small reader -DREADS # of more memory than it has by the kernel's count
    status 0 jeheap info "${PID[reader]}"
    out_has '^resident  [0-9.]+ MiB of the process: [0-9.]+ [KM]iB jemalloc.s, [0-9.]+ MiB of other memory$'
    status 0 jeheap info "${PID[reader]}" --json
    [ "$(ask get "$OUT" resident_jemalloc_bytes)" -lt $((16 << 20)) ] || fail "zeroes are counted"
    small forked '-DROOMY=1536ul<<20' -DREADS -DFORKS # what it shares with its child looks like zeroes
    status 0 jeheap info "${PID[forked]}"
    out_has '^resident  [0-9.]+ MiB of the process: [0-9.]+ [KM]iB to [0-9.]+ MiB jemalloc.s, the rest of other memory$'
    status 0 jeheap info "${PID[forked]}" --json
    own=$(ask get "$OUT" resident_jemalloc_bytes)
    [ "$own" -ge $((32 << 20)) ] || fail "$own bytes at most are jemalloc's, and 32 MiB were written to"
    [ "$own" -lt $((112 << 20)) ] || fail "$own bytes are jemalloc's, of 96 MiB that were written to"
    [ "$(ask get "$OUT" resident_jemalloc_least_bytes)" -lt "$own" ] || fail "as many at least"
    small vast '-DROOMY=300ul<<30' # that is not looked at page by page
    status 0 jeheap info "${PID[vast]}" --json
    ask are "$OUT" resident_jemalloc_bytes=null
}

# A library may bring its own jemalloc, in use as well.
test_two_jemallocs() {
    local root owned=0
    jemalloc_object stock second_
    small two -DSECOND=second_je_malloc "$OBJECT"
    refuses 3 'there are 2 jemallocs, 2 of them in use; choose one with --root ADDR: 0x[0-9a-f]+ \(' \
        jeheap info "${PID[two]}"
    grep -o '0x[0-9a-f]* (' "$ERR" >"$WORK/roots"
    [ "$(sort -u "$WORK/roots" | wc -l)" -eq 2 ] || fail "not two roots: $(said)"
    while read -r root _; do
        status 0 jeheap info "${PID[two]}" --json --root "$root"
        ask are "$OUT" "root=$root" layout.learnt_from.offsets=dwarf faults=0
        ask listed "$OUT" 2 "$root"
        status 0 jeheap find "${PID[two]}" --json --root "$root" "$(small_value two first)"
        ask are "$OUT" owned=true size=112
        owned=$((owned + $(grep -c '"other_heap":null' "$OUT")))
    done <"$WORK/roots"
    [ $owned -eq 1 ] || fail "what the second one gave is owned by $owned of them"
    status 0 jeheap info "${PID[two]}" --root "$(cut -d ' ' -f 1 "$WORK/roots" | head -n 1)"
    out_has '^other     0x[0-9a-f]+ in (second_)?je_arena_emap_global in .*/two/small, 5\.3\.0,.* extents$'
}

# Zeroes decode as a tree without extents.
test_a_root_of_zeroes() {
    small zeroes -DZEROES
    local root
    root=$(small_value zeroes zeroes)
    refuses 3 "^jeheap: --root $root: nothing decodes there" jeheap info "${PID[zeroes]}" --root "$root"
    status 0 jeheap info "${PID[zeroes]}" --root "$root" --layout 5.3.0
    err_has "warning: --root $root: nothing decodes there"
}

# A program that has mapped its own file, as those that print their own backtraces do.
test_own_file_mapped() {
    local target
    small itself -DITSELF
    core_of itself
    for target in "${PID[itself]}" "$CORE"; do
        status 0 jeheap info "$target" --json --quiet
        ask are "$OUT" layout.learnt_from.root=symbol faults=0
        [ "$(grep -o '"path":"[^"]*/itself/small"' "$OUT" | wc -l)" -eq 1 ] ||
            fail "$target: loaded once, and said to be loaded more often"
    done
}

# --in names a module that has no jemalloc, or none at all: which has one is said.
test_in_a_module_without_jemalloc() {
    local name
    small tiny
    core_of tiny
    for name in libc.so.6 libc; do
        refuses 3 "--in $name: there is no jemalloc in it .*; .*tiny/small has one\$" \
            jeheap info "$CORE" --in "$name"
    done
    refuses 3 '--in libfoo: no module of this target has that name; .*tiny/small has one$' \
        jeheap info "$CORE" --in libfoo
}

# Only the file of debug information is at hand: it has the symbols, and no bytes.
test_debug_file_as_program() {
    need_tool objcopy
    small tiny
    core_of tiny
    objcopy --only-keep-debug "${EXE[tiny]}" "$WORK/tiny.debug" || fail "objcopy"
    status 0 jeheap find "$CORE" "$(small_value tiny first)" --exe "$WORK/tiny.debug"
    status 0 jeheap info "$CORE" --exe "$WORK/tiny.debug" --json --quiet
    ask are "$OUT" root_symbol=je_arena_emap_global faults=0
}

# The library's symbols were stripped: what it gave is in a heap that is found by looking.
test_two_jemallocs_one_without_symbols() {
    library stock second_
    strip "${LIBRARY:?}"
    small lodger -DSECOND=second_je_malloc -Wl,--no-as-needed "$LIBRARY"
    local pid=${PID[lodger]} first large root extent
    first=$(small_value lodger first)
    large=$(small_value lodger large)
    status 0 jeheap find "$pid" "$first"
    out_has "^$first: held, $first \+ 0 of 112 bytes$"
    out_has 'in another heap, that of .*/libstock-second_\.so \(--root 0x[0-9a-f]+\)$'
    err_has 'libstock-second_.so has a jemalloc of its own, 5\.3\.0-0-g[0-9a-f]*, without symbols'
    err_has 'which --in .*/libstock-second_\.so chooses'
    root=$(sed -n 's/.*--root \(0x[0-9a-f]*\).*/\1/p' "$OUT")
    status 0 jeheap find "$pid" "$first" --json --in libstock-second_.so
    ask are "$OUT" owned=true other_heap=null
    status 0 jeheap find "$pid" "$large" --json --in "$LIBRARY"
    ask are "$OUT" owned=true "other_heap.module=${EXE[lodger]}"
    status 0 jeheap info "$pid" --json --in libstock-second_
    ask are "$OUT" "root=$root"
    ask listed "$OUT" 2 "$root"
    status 0 jeheap info "$pid" --json --in small
    ask are "$OUT" root_symbol=je_arena_emap_global
    status 0 jeheap info "$pid" --root "$root" --in libstock-second_
    if grep -q 'is not in the module' "$ERR"; then fail "$(said)"; fi
    status 0 jeheap info "$pid" --in small
    out_has "^other     $root in .*/libstock-second_\\.so, 5\\.3\\.0,.* extents$"
    gcore_of "$pid" "$WORK/lodger.core"
    status 0 jeheap find "$WORK/lodger.core" "$first" --in small
    status 0 jeheap find "$WORK/lodger.core" "$large" --in libstock-second_
    rm "$WORK/lodger.core"
    status 1 jeheap find "$pid" "$(small_value lodger stack)" --json
    ask are "$OUT" owned=false other_heap=null what.kind=stack
    # What is wrong there, or that nothing leads to that heap any more: whether it has an address cannot
    # be told.
    status 0 jeheap find "$pid" "$first" --json --in libstock-second_
    extent=$(ask get "$OUT" extent.extent)
    poke "$pid" "$(hex extent + 16)" 00 8
    status 4 jeheap find "$pid" "$first" --json
    ask are "$OUT" owned=null
    poke "$pid" "$root" 00 $((8 << 18))
    status 4 jeheap find "$pid" "$first" --json
    ask are "$OUT" owned=null
    status 4 jeheap find "$pid" "$first"
    out_has 'cannot tell: another jemalloc may have it'
    status 0 jeheap skeleton "$pid" -o "$WORK/lodger.skeleton"
    status 4 jeheap find "$WORK/lodger.skeleton" "$first" --json
    ask are "$OUT" owned=null
    status 0 jeheap find "$pid" "$large"
}

# A root that leads nowhere, in use by its looks: what is beneath it cannot be told.
test_a_root_that_is_none() {
    local root
    small bogus -DBOGUS
    refuses 3 '2 of them in use; choose' jeheap info "${PID[bogus]}"
    root=$(grep -o '0x[0-9a-f]* (je_' "$ERR")
    root=${root% *}
    status 0 jeheap info "${PID[bogus]}" --root "$root" --json
    grep -q '"symbol":"bogus_arena_emap_global","layout":null,"extents":null' "$OUT" ||
        fail "$(head -c 2000 "$OUT")"
    status 0 jeheap info "${PID[bogus]}" --root "$root"
    out_has '^other .* in bogus_arena_emap_global in .*, its layout is not known \(--root 0x'
    status 0 jeheap find "${PID[bogus]}" --root "$root" "$(small_value bogus first)"
    status 4 jeheap find "${PID[bogus]}" --root "$root" "$(small_value bogus stack)" --json
    ask are "$OUT" owned=null
}

# One that nothing has started: without the function that does so before main().
test_idle_jemalloc() {
    jemalloc_object stock second_
    objcopy -R .init_array -R .rela.init_array "$OBJECT" "$WORK/idle.o" || fail "objcopy"
    small idle -DSECOND=second_je_malloc -DIDLE "$WORK/idle.o"
    status 0 jeheap info "${PID[idle]}" --json --quiet
    ask are "$OUT" root_symbol=je_arena_emap_global faults=0
    status 0 jeheap skeleton "${PID[idle]}" -o "$WORK/idle.skeleton"
    if grep -q 'not in the skeleton' "$ERR"; then fail "$(said)"; fi
    status 1 jeheap find "$WORK/idle.skeleton" "$(small_value idle stack)"
}

# A program that tells nothing of itself: no build-id, and a version that is none.
test_no_build_id_and_no_version() {
    local exe=$WORK/nameless
    small noid -Wl,--build-id=none -g0
    status 0 jeheap info "${PID[noid]}" --json --quiet
    ask are "$OUT" modules.0.build_id=
    LC_ALL=C sed 's/5\.3\.0-0-g/x.x.x-x-x/g' "${EXE[noid]}" >"$exe"
    chmod +x "$exe"
    background "$exe" >"$WORK/nameless.out"
    wait_line "$WORK/nameless.out" "$BACK" '^ready' || fail "it ended"
    refuses 3 'jemalloc' jeheap info "$BACK"
    status 0 jeheap info "$BACK" --layout 5.3.0 --json --quiet
    ask are "$OUT" jemalloc_version=null faults=0
    status 0 jeheap info "$BACK" --layout 5.3.0
    out_has '^jemalloc  \(no version string\)$'
}

# Found by hand, say: the tree is read wherever it is.
test_root_in_no_module() {
    local root
    small copy -DCOPY
    root=$(small_value copy copy)
    status 0 jeheap info "${PID[copy]}" --json --quiet
    ask get "$OUT" extents slabs allocated_bytes >"$WORK/counts"
    status 0 jeheap info "${PID[copy]}" --json --quiet --root "$root" --layout 5.3.0
    ask are "$OUT" root="$root" root_symbol=null layout.learnt_from.root=given
    same_file "$WORK/counts" <(ask get "$OUT" extents slabs allocated_bytes) "with --root"
    status 0 jeheap info "${PID[copy]}" --root "$root" --layout 5.3.0 --in small
    err_has "--root $root is used, but is not in the module of --in small"
    out_has "^root      $root"
    status 0 jeheap skeleton "${PID[copy]}" --root "$root" --layout 5.3.0 -o "$WORK/copy.skeleton" --quiet
    status 0 jeheap info "$WORK/copy.skeleton" --in small
    err_has 'warning: --in small is not used: a skeleton has one heap'
}

# The program of a process was replaced, and its user may not look into /proc/PID/map_files.
test_deleted_program() {
    local folder=$WORK/deleted
    need_nobody
    small tiny
    open_folder "$folder"
    cp "${EXE[tiny]}" "$folder/gone"
    nobodys "$folder/gone"
    rm "$folder/gone"
    nobody_reads
    ask are "$OUT" root_symbol=je_arena_emap_global layout.learnt_from.offsets=dwarf
}

# idle_roots COUNT: a process with so many roots and no jemalloc. Sets BACK.
idle_roots() {
    local number
    need_tool "$CC"
    for ((number = 1; number <= $1; number++)); do
        echo "char number_${number}_extents_rtree[2097264];"
    done >"$WORK/roots.c"
    printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' >>"$WORK/roots.c"
    "$CC" -Wl,--build-id -o "$WORK/roots$1" "$WORK/roots.c" || fail "roots.c"
    background "$WORK/roots$1" </dev/null
    wait_line "/proc/$BACK/maps" "$BACK" "roots$1" || fail "it ended"
}

# None of them tells which one it is; the first two are named.
test_many_idle_jemallocs() {
    idle_roots 2
    refuses 3 'there are 2 jemallocs, 0 of them in use; choose one with --root .*\)$' jeheap info "$BACK"
    idle_roots 3
    refuses 3 'there are 3 jemallocs, 0 of them in use; choose one with --root( .*\(number_[1-3]_.*){3}$' \
        jeheap info "$BACK"
    idle_roots 20 # more than one line has room for
    refuses 3 '0 of them in use; .*\(number_.*, 0x[0-9a-f]+$' jeheap info "$BACK"
}

# A library that was installed anew since: not read, and not spoken of, as nobody asked about it.
test_library_that_differs() {
    local library=$WORK/libother.so
    need_tool "$CC"
    echo 'int other = 1;' | "$CC" -shared -Wl,--build-id -x c - -o "$library"
    small loader -Wl,--no-as-needed "$library"
    core_of loader
    echo 'int other = 2, another;' | "$CC" -shared -Wl,--build-id -x c - -o "$library.new"
    mv "$library.new" "$library"
    status 0 jeheap info "$CORE" --json
    if grep -q libother.so "$ERR"; then fail "$(said)"; fi
    out_has 'libother\.so[^}]*"file":"another build"'
    status 0 jeheap info "$CORE" --exe "$library"
    err_has 'libother.so is not the .*libother.so that was running: build-id .*; it is not used'
}

# says_running PATTERN COMMAND...: something is corrupt, and may be so because the process runs.
says_running() {
    local pattern=$1
    shift
    status 1 "$@"
    cat "$OUT" >>"$ERR" # that of one extent is on the lines of the answer
    err_has 'corrupt: extent\.'
    [ "$(grep -c 'half-way' "$ERR")" -eq 1 ] || fail "$(ran "$@"): not said once: $(said)"
    err_has "^jeheap: the process $pattern running: .* may be a change seen half-way; hold it still \\(--stop\\) or run again$"
}

says_corrupt_only() {
    status 1 "$@"
    err_has 'corrupt: extent\.'
    if grep -q 'half-way' "$ERR"; then fail "$(ran "$@"): $(said)"; fi
}

# A heap that contradicts itself while its process runs may be caught in the middle of a change.
test_corrupt_and_running() {
    local at pid
    small unsound
    pid=${PID[unsound]}
    status 0 jeheap find "$pid" "$(small_value unsound large)" --json
    at=$(ask get "$OUT" extent.extent)
    poke "$pid" "$at" ff 8
    says_running was jeheap info "$pid"
    says_running was jeheap info "$pid" --no-sandbox
    status 1 jeheap info "$pid" --quiet --json
    [ ! -s "$ERR" ] || fail "--quiet says: $(said)"
    ask are "$OUT" faults=1
    says_running was jeheap extents "$pid" --json
    says_running was jeheap extents "$pid" --json --max-reads 1000000
    says_running was jeheap extent "$pid" "$at"
    says_running was jeheap skeleton "$pid" -o "$WORK/unsound/skeleton"
    core_of unsound
    says_corrupt_only jeheap info "$CORE"
    stop "$pid"
    says_corrupt_only jeheap info "$pid"
    says_corrupt_only jeheap extents "$pid" --json
    # Nobody knows whether it was so all the time, or at all.
    need_tool strace
    says_running 'may have been' try strace -qq -o /dev/null -P "/proc/$pid/status" \
        -e inject=pread64:error=EIO:when=1 "$JEHEAP" info "$pid" --no-sandbox
    says_running 'may have been' try strace -qq -o /dev/null -P "/proc/$pid/status" \
        -e inject=openat:error=EACCES "$JEHEAP" info "$pid" --no-sandbox
    kill -CONT "$pid"
    timeout 60 gdb -nx -batch -iex 'set auto-load off' -iex 'set debuginfod enabled off' -p "$pid" \
        -ex "shell '$JEHEAP' info $pid 2>'$ERR' >'$OUT'; echo status \$?" </dev/null \
        >"$WORK/gdb" 2>&1
    grep -q '^status 1$' "$WORK/gdb" || fail "in gdb: $(tail -n 2 "$WORK/gdb")"
    if grep -q 'half-way' "$ERR"; then fail "in gdb: $(said)"; fi
}

# nothing_raw COMMAND...: neither output has a byte that a terminal acts on, or that is no UTF-8.
nothing_raw() {
    try "$@"
    python3 - "$OUT" "$ERR" 2>"$WORK/raw" <<'END' || fail "$(ran "$@"): $(tail -n 1 "$WORK/raw")"
import sys, unicodedata
for name in sys.argv[1:]:
    for line in open(name, "rb").read().split(b"\n"):
        raw = [c for c in line.decode() if unicodedata.category(c) == "Cc"]
        assert not raw, f"{raw} in {line}"
END
}

# What a core's list of files says is shown, and no terminal obeys it.
test_names_are_made_plain() {
    local core=$WORK/rude.core
    small tiny
    core_of tiny
    python3 - "$CORE" "$core" <<'END'
import sys
core = open(sys.argv[1], "rb").read()
open(sys.argv[2], "wb").write(core.replace(b"/tiny/small", b"/s\x1b[2J\a\n\xc2\x9b\xff"))
END
    nothing_raw "$JEHEAP" info "$core"
    [ "$RC" -eq 3 ] || fail "without the program: status $RC"
    err_has '/s\\x1b\[2J\\x07\\x0a\\xc2\\x9b\\xff'
    nothing_raw "$JEHEAP" info "$core" --exe "${EXE[tiny]}"
    [ "$RC" -eq 0 ] || fail "status $RC: $(said)"
    out_has '^          in .*/s\\x1b\[2J\\x07\\x0a\\xc2\\x9b\\xff$'
    nothing_raw "$JEHEAP" info "$core" --exe "${EXE[tiny]}" --json
    out_has '/s\\u001b\[2J\\u0007\\u000a\\u009b\\ufffd"'
    nothing_raw "$JEHEAP" info "$WORK/"$'\e[2J\n'
    err_has '\\x1b\[2J\\x0a: No such file'
    nothing_raw "$JEHEAP" find 1 $'\e[2J'
    nothing_raw "$JEHEAP" info 1 $'--\e[2J'
    rm "$core"
}

# The layout is one short line, and only info has the rest.
test_layout_in_one_line() {
    small tiny
    status 0 jeheap extents "${PID[tiny]}"
    grep -qx 'jeheap: layout 5\.3\.0,[a-z0-9_=,]*' "$ERR" || fail "no such line: $(said)"
}

# As one is used to from gdb.
test_program_before_core() {
    small tiny
    core_of tiny
    status 0 jeheap info "$CORE" --json --quiet --exe "${EXE[tiny]}"
    cp "$OUT" "$WORK/with_exe"
    status 0 jeheap info "${EXE[tiny]}" "$CORE" --json --quiet
    same_file "$WORK/with_exe" "$OUT" "the program first"
    status 0 jeheap find "${EXE[tiny]}" "$CORE" "$(small_value tiny first)"
    status 0 jeheap info "${EXE[tiny]}" "${PID[tiny]}"
    refuses 3 'an ELF file, but not a core' jeheap info "${EXE[tiny]}"
    refuses 3 'an ELF file, but not a core' jeheap find "${EXE[tiny]}" 0x1000
}

# A core that comes from a pipe is copied: it is not read from beginning to end.
test_core_from_a_pipe() {
    local blocks
    small tiny
    core_of tiny
    status 0 jeheap info "$CORE" --json --quiet
    sed 's/"target":"[^"]*"/"target":"piped"/' "$OUT" >"$WORK/from_file"
    mkdir -p "$WORK/tmp"
    export TMPDIR=$WORK/tmp
    "$JEHEAP" info <(cat "$CORE") --json --quiet >"$OUT" 2>"$ERR" || fail "status $?: $(said)"
    same_file "$WORK/from_file" <(sed 's/"target":"[^"]*"/"target":"piped"/' "$OUT") "<(cat)"
    { sleep 0.3; cat "$CORE"; } | "$JEHEAP" info /dev/stdin --json --quiet >"$OUT" 2>"$ERR" ||
        fail "status $?: $(said)"
    out_has '"target":"/dev/stdin"'
    same_file "$WORK/from_file" <(sed 's/"target":"[^"]*"/"target":"piped"/' "$OUT") "standard input"
    [ -z "$(ls "$TMPDIR")" ] || fail "something was left behind: $(ls "$TMPDIR")"
    cat "$CORE" | refuses 3 'stdin: more than 4096 bytes come from this pipe.*--pipe-limit' \
        try_piped --pipe-limit 4K || exit 1
    printf '\x1f\x8b\x08more' | refuses 3 'stdin: compressed \(gzip\)' try_piped || exit 1
    yes | refuses 3 'stdin: not an ELF file' try_piped || exit 1 # not all of it is taken
    refuses 3 'nothing comes from this pipe' try_piped < <(:)
    TMPDIR=$WORK/no/such refuses 3 'cannot be copied: No such file' try_piped < <(cat "$CORE")
    TMPDIR=/$(printf '%04090d' 0) refuses 3 'cannot be copied: File name too long' try_piped < <(cat "$CORE")
    for blocks in 16 100; do # in the middle of bytes, and of zeroes
        (ulimit -f $blocks && trap '' XFSZ &&
            refuses 3 'cannot be copied: File too large' try_piped < <(cat "$CORE")) || fail "$(cat "$WORK/why")"
    done
    # A first piece may be shorter than what tells that it is ELF.
    { head -c 2 "$CORE"; sleep 0.2; tail -c +3 "$CORE"; } | status 0 try_piped || exit 1
    { printf '\x7fE'; sleep 0.2; yes; } | refuses 3 'stdin: not an ELF file' try_piped || exit 1
    printf '\x7fE' | refuses 3 'stdin: not an ELF file' try_piped || exit 1
}

# The time counts while a core is copied, too.
test_timeout_of_a_pipe() {
    small tiny
    core_of tiny
    { head -c 100000 "$CORE"; sleep 20; } |
        refuses 4 '^jeheap: /dev/stdin: the time was over \(--timeout 1\) while the core was copied from this pipe$' \
            try_piped --timeout 1 || exit 1
    { sleep 20; } | refuses 4 'the time was over' try_piped --timeout 1 --json || exit 1
    cat "$CORE" | status 0 try_piped --timeout 100 || exit 1
}

# One pipe is not both the core and the list of addresses.
test_core_and_list_from_one_pipe() {
    local list
    small tiny
    core_of tiny
    refuses 2 '^jeheap: standard input is the core, so the list of addresses needs @FILE$' \
        find_piped /dev/stdin - < <(cat "$CORE")
    refuses 2 '^jeheap: /dev/stdin is the core, so the list of addresses needs another @FILE$' \
        find_piped /dev/stdin @/dev/stdin < <(cat "$CORE")
    for list in - @/dev/stdin "@$CORE"; do
        refuses 2 'is the core, so the list of addresses needs .*@FILE$' find_piped "$CORE" "$list" <"$CORE"
    done
    small_value tiny first >"$WORK/tiny.list"
    status 0 find_piped /dev/stdin "@$WORK/tiny.list" < <(cat "$CORE")
    status 0 find_piped "$CORE" - <"$WORK/tiny.list"
    status 0 find_piped "${PID[tiny]}" - <"$WORK/tiny.list"
    status 3 find_piped "$WORK/nowhere" - <"$WORK/tiny.list"
}

find_piped() {
    timeout 60 "$JEHEAP" find "$@" >"$OUT" 2>"$ERR"
    RC=$?
}

# Like jeheap info /dev/stdin, with what stands there.
try_piped() {
    timeout 60 "$JEHEAP" info /dev/stdin "$@" >"$OUT" 2>"$ERR"
    RC=$?
}

# Which of both it is.
test_root_that_is_zero() {
    idle_roots 1
    jeheap info "$BACK" --layout 5.3.0 --json
    err_has 'number_1_extents_rtree is all zero: jemalloc has not been used yet'
    gcore_of "$BACK" "$WORK/idle.core"
    python3 - "$WORK/idle.core" "$(ask get "$OUT" root)" <<'END'
import struct, sys
with open(sys.argv[1], "r+b") as file: # the segment that has the root goes without bytes
    core = file.read()
    start, count = struct.unpack_from("<Q", core, 32)[0], struct.unpack_from("<H", core, 56)[0]
    for at in range(start, start + 56 * count, 56):
        kind, _, _, vaddr, _, saved, _, _ = struct.unpack_from("<IIQQQQQQ", core, at)
        if kind == 1 and vaddr <= int(sys.argv[2], 0) < vaddr + saved:
            file.seek(at + 32)
            file.write(bytes(8))
END
    jeheap info "$WORK/idle.core" --layout 5.3.0
    err_has 'number_1_extents_rtree is absent: its bytes are not in this core'
    rm "$WORK/idle.core"
}
