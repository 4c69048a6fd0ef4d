# A program without symbols and debug information: what was learnt from the heap itself, or given.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default

# strip_of NAME: a stripped copy of that witness, running, named bare.
strip_of() {
    need_tool strip
    have "$1"
    strip -o "$WORK/bare.exe" "${EXE[$1]}" || fail "strip"
    start_witness bare "$WORK/bare.exe"
    have bare
    ROOT=$(sed -n 's/^meta root=//p' "${TRUTH[bare]}")
}

test_inferred_5_3() {
    strip_of stock
    status 0 jeheap info "${PID[bare]}" --json
    grep -qx 'jeheap: layout 5\.3\.0,[a-z0-9_=,]*, no symbols' "$ERR" || fail "no such line: $(said)"
    [ "$(wc -l <"$ERR")" -eq 1 ] || fail "more than a line: $(said)"
    ask are "$OUT" "root=$ROOT" root_symbol=null layout.learnt_from.root=inferred \
        "layout.learnt_from.version=version string" layout.learnt_from.lg_vaddr=inferred \
        "extents=$(grep -c '^extent ' "${TRUTH[bare]}")"
    status 0 jeheap info "${PID[bare]}"
    out_has '^ +root +from inferred$'
    out_has "^root      $ROOT, found by looking: no symbols\$"
    out_has '^          [0-9.]+ [MK]iB of blocks for metadata \(inferred\)$'
    [ ! -s "$ERR" ] || fail "said twice, on stderr too: $(said)"
    status 0 jeheap extents "${PID[bare]}" --json
    ask extents "${TRUTH[bare]}" "$OUT"
}

# Jemalloc's own memory is found through the tree's nodes: as much as symbols lead to.
test_metadata() {
    local bytes name
    for name in stock redis; do
        strip_of $name
        gcore_of "${PID[bare]}" "$WORK/$name.core"
        status 0 jeheap info "$WORK/$name.core" --json --exe "${EXE[$name]}" --quiet
        [ "$(ask get "$OUT" metadata_learnt_from)" != inferred ] || fail "$name: no symbols"
        bytes=$(ask get "$OUT" metadata_bytes)
        status 0 jeheap info "${PID[bare]}" --json
        ask are "$OUT" "metadata_bytes=$bytes" metadata_learnt_from=inferred
        rm "$WORK/$name.core"
    done
}

test_inferred_5_2() {
    strip_of redis
    status 0 jeheap extents "${PID[bare]}" --json
    ask extents "${TRUTH[bare]}" "$OUT"
}

# How many a bin may have is in a variable, which only a symbol leads to.
test_caches_of_unknown_capacity() {
    strip_of redis
    status 0 jeheap caches "${PID[bare]}" --json --quiet
    [ "$(grep -c '^cached ' "${TRUTH[bare]}")" -eq \
        "$(sed 's/.*"count":\([0-9]*\),.*/\1/' "$OUT" | awk '{ sum += $1 } END { print sum }')" ] || fail "not as many are parked"
    out_has '"ncached":[1-9][0-9]*,"ncached_max":null'
    ! grep -q '"ncached_max":[0-9]' "$OUT" || fail "a capacity, and no symbol"
    status 0 jeheap caches "${PID[bare]}" --quiet
    out_has '^    szind +[0-9]+ +[0-9.]+ (bytes|[KM]iB): +[0-9]+$'
}

# says NAME TEXT: a stripped copy whose jemalloc says this, which is as long as what it said.
says() {
    need_tool strip
    have stock
    LC_ALL=C sed "s/5\.3\.0-0-g[0-9a-f]\{40\}/$2/" "${EXE[stock]}" >"$WORK/$1.exe" || fail "sed"
    strip "$WORK/$1.exe" || fail "strip"
    chmod +x "$WORK/$1.exe"
    start_witness "$1" "$WORK/$1.exe"
    have "$1"
}

# Built from an archive of the tag, without git and the file VERSION: the heap tells what it is.
test_version_not_said() {
    local text=0.0.0-0-g000000missing_version_try_git_fetch_tags
    says unsaid $text
    status 0 jeheap info "${PID[unsaid]}" --json
    err_has "jemalloc does not say its version $text; its heap decodes as that of 5\.3\.1"
    err_has 'as soundly with layout 5\.3\.0,.*the answers are the same'
    ask are "$OUT" "jemalloc_version=$text" layout.learnt_from.root=inferred \
        layout.learnt_from.version=default layout.learnt_from.lg_page=inferred
    status 0 jeheap extents "${PID[unsaid]}" --json
    ask extents "${TRUTH[unsaid]}" "$OUT"
    status 0 jeheap info "${PID[unsaid]}" --json --quiet --layout 5.3.0
    ask are "$OUT" layout.learnt_from.version=given
}

# Bins that MALLOC_CONF changed, where no symbol leads to jemalloc's table of them.
test_slab_sizes() {
    JE_MALLOC_CONF=slab_sizes:1-4096:17 small sizes -s
    status 0 jeheap info "${PID[sizes]}"
    out_has 'bins +from inferred'
    out_has 'tried on [0-9]+ extents: all sound'
    status 0 jeheap find "${PID[sizes]}" "$(small_value sizes first)" --json
    ask are "$OUT" owned=true extent.slab=true
}

# A large extent that begins in its padding decides what slabs leave open, wherever it stands.
test_few_large() {
    small few -s -DFEW_LARGE
    status 0 jeheap info "${PID[few]}"
    ! grep -q 'decodes as soundly' "$ERR" || fail "$(said)"
}

# A release that came after this jeheap: nothing is said of its heap unless that is asked for.
test_version_that_is_newer() {
    says newer 5.9.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c
    refuses 3 'jemalloc 5\.9\.0-0-g.* not known .*as that of dev: to read it so give --layout dev' \
        jeheap extents "${PID[newer]}"
    status 0 jeheap extents "${PID[newer]}" --layout dev
    status 0 jeheap extents "${PID[newer]}" --json --layout 5.3.0
    ask extents "${TRUTH[newer]}" "$OUT"
}

test_find() {
    strip_of stock
    ask pointers "${TRUTH[bare]}" >"$WORK/pointers"
    # shellcheck disable=SC2046
    status 1 jeheap find "${PID[bare]}" $(cat "$WORK/pointers") --json
    ask find "${TRUTH[bare]}" "$OUT"
}

test_given() {
    strip_of stock
    status 0 jeheap extents "${PID[bare]}" --json --root "$ROOT"
    ask extents "${TRUTH[bare]}" "$OUT"
    status 0 jeheap extents "${PID[bare]}" --json --layout 5.3.0
    ask extents "${TRUTH[bare]}" "$OUT"
    status 0 jeheap info "${PID[bare]}" --json --root "$ROOT" --layout 5.3.0
    ask are "$OUT" layout.learnt_from.root=given layout.learnt_from.version=given "root=$ROOT"
}

test_given_and_wrong() {
    strip_of stock
    status 1 jeheap info "${PID[bare]}" --root "$ROOT" --layout 5.2.1
    err_has 'warning: layout 5\.2\.1,.* does not fit this heap'
    status 0 jeheap info "${PID[bare]}" --layout 5.3.0,lg_vaddr=57
    err_has 'warning: layout 5\.3\.0,lg_vaddr=57,.* finds nothing .*, but 5\.3\.0,lg_vaddr=48,.* does'
    jeheap info "${PID[bare]}" --root "$(printf '0x%x' $((ROOT + 8)))" --layout 5.1.0
    err_has 'warning: layout 5\.1\.0,.* does not fit this heap.* the root 0x'
}

test_given_that_fits_nothing() {
    strip_of stock
    refuses 3 'no root was found by looking that fits --layout 5\.2\.1: this is jemalloc 5\.3\.0-' \
        jeheap info "${PID[bare]}" --layout 5.2.1
}

# A heap that is caught in the middle of a change may hide its root: said of what runs.
test_root_missed_and_running() {
    local pid hint='running: its root may have been missed .*; hold it still \(--stop\) or run'
    small rootless -s
    pid=${PID[rootless]}
    status 0 jeheap info "$pid" --json
    poke "$pid" "$(ask get "$OUT" root)" 00 $((8 << 18))
    refuses 3 'symbols were stripped, and its root was not found by looking' jeheap info "$pid"
    err_has "$hint"
    refuses 3 'no root was found by looking that fits' jeheap info "$pid" --layout 5.3.0
    err_has "$hint"
    stop "$pid"
    refuses 3 'its root was not found by looking' jeheap info "$pid"
    if grep -q 'running' "$ERR"; then fail "$(said)"; fi
}

# Two heaps, and no symbols of either: the larger one is taken, and the other one is named.
test_two_jemallocs() {
    local other
    library stock second_
    strip "$LIBRARY"
    small twins -s -DSECOND=second_je_malloc -Wl,--no-as-needed "$LIBRARY"
    status 0 jeheap find "${PID[twins]}" "$(small_value twins first)"
    out_has 'in another heap, that of .*/libstock-second_\.so'
    err_has '0x[0-9a-f]+ in .*/libstock-second_.so looks like the root of another heap'
    other=$(sed -n 's/.*warning: \(0x[0-9a-f]*\) in .* looks like the root.*/\1/p' "$ERR")
    status 0 jeheap find "${PID[twins]}" "$(small_value twins first)" --root "$other"
    status 0 jeheap find "${PID[twins]}" "$(small_value twins large)" --root "$other" --json
    ask are "$OUT" "other_heap.module=${EXE[twins]}"
    status 0 jeheap info "${PID[twins]}" --root "$other" --json --in small
    err_has "--root $other is used, but is not in the module of --in small"
    ask listed "$OUT" 2 "$other"
}

# None of them is larger: both are named.
test_two_as_large() {
    library stock second_
    strip "$LIBRARY"
    small even -s -DSECOND=second_je_malloc -DEVENLY -Wl,--no-as-needed "$LIBRARY"
    refuses 3 '2 of them in use; choose one with --in MODULE or --root ADDR: 0x.*even/small\), 0x.*so\)' \
        jeheap info "${PID[even]}"
    status 0 jeheap info "${PID[even]}" --in libstock-second_.so --json
    ask are "$OUT" layout.learnt_from.root=inferred
}

# Of two versions: each is looked for as what its own module says.
test_two_versions() {
    local root
    library redis second_
    strip "$LIBRARY"
    small mixed -s -DSECOND=second_je_malloc -Wl,--no-as-needed "$LIBRARY"
    status 0 jeheap find "${PID[mixed]}" "$(small_value mixed large)"
    err_has 'libredis-second_.so looks like the root of another heap'
    status 0 jeheap info "${PID[mixed]}" --json --in libredis-second_
    ask are "$OUT" layout.learnt_from.root=inferred "layout.learnt_from.version=version string"
    err_has 'layout 5\.2\.1,'
    status 0 jeheap find "${PID[mixed]}" "$(small_value mixed first)" --in libredis-second_.so
    refuses 3 '--in redis: no module of .* that name; .*mixed/small, .*libredis-second_.so have one$' \
        jeheap info "${PID[mixed]}" --in redis
    refuses 3 '--in libc\.so\.6: there is no jemalloc in it .*; .*small, .*redis-second_.so have one$' \
        jeheap info "${PID[mixed]}" --in libc.so.6
    jeheap info "${PID[mixed]}" --json
    grep -o '"root":"0x[0-9a-f]*' "$OUT" | cut -d '"' -f 4 | sort -u >"$WORK/mixed.roots"
    [ "$(wc -l <"$WORK/mixed.roots")" -eq 2 ] || fail "not two roots"
    while read -r root; do
        poke "${PID[mixed]}" "$root" 00 $((8 << 18))
    done <"$WORK/mixed.roots"
    refuses 3 'choose a jemalloc with --layout and --root: there are 2, .*5\.[23]\.[01]-.*5\.[23]' \
        jeheap info "${PID[mixed]}"
    refuses 3 'jemalloc 5\.2\.1.* symbols were stripped.*redis-second_.so has build-id' \
        jeheap info "${PID[mixed]}" --in libredis-second_
}

# 20 MiB of text in front of the variables.
test_large_text() {
    small large -s -DTEXT='".skip 20 << 20"'
    status 0 jeheap find "${PID[large]}" "$(small_value large large)"
    core_of large
    status 0 jeheap find "$CORE" "$(small_value large large)"
    mv "${EXE[large]}" "${EXE[large]}.away"
    status 0 jeheap find "$CORE" "$(small_value large large)" --layout 5.3.0
    mv "${EXE[large]}.away" "${EXE[large]}"
}

# 8 TiB that are only reserved, as databases do.
test_huge_reservation() {
    small huge -s -DRESERVE=$((8 << 40))
    status 0 jeheap find "${PID[huge]}" "$(small_value huge large)"
    status 0 jeheap info "${PID[huge]}" --json
    ask are "$OUT" layout.learnt_from.root=inferred faults=0
}

# A word that leads nowhere in front of all that the heap uses, and the first structures cleared.
test_damage_without_symbols() {
    local pid root at
    small hurt -s
    pid=${PID[hurt]}
    status 0 jeheap info "$pid" --json
    root=$(ask get "$OUT" root)
    poke "$pid" "$root" 41 8
    status 0 jeheap find "$pid" "$(small_value hurt large)" --json
    ask are "$OUT" owned=true
    stop "$pid"
    status 1 jeheap extents "$pid" --json --quiet
    grep -o '"extent":"0x[0-9a-f]*' "$OUT" | cut -d '"' -f 4 | head -n 20 >"$WORK/hurt.extents"
    while read -r at; do
        poke "$pid" "$(printf '0x%x' $((at + 16)))" 00 8
    done <"$WORK/hurt.extents"
    status 0 jeheap find "$pid" "$(small_value hurt large)"
    [ "$(grep -c 'the heap is damaged' "$ERR")" -eq 1 ] || fail "not said once: $(said)"
    jeheap extents "$pid"
    if grep -q 'the heap is damaged' "$ERR"; then fail "said as often as the walk says it: $(said)"; fi
    err_has '^jeheap: [0-9]+ more faults; of all '
    jeheap info "$pid"
    if grep -q 'more faults' "$ERR"; then fail "the verdict counts them: $(said)"; fi
    out_has '^ +2[0-9] extent\.[a-z-]+  [a-z]'
}

# A library that was replaced while the program runs: its file is gone for all but root, and what
# is in memory tells which jemalloc it is.
test_replaced_library() {
    local root folder=$WORK/replaced
    need_nobody
    library stock ''
    open_folder "$folder"
    cp "$LIBRARY" "$folder/libgone.so"
    strip "$folder/libgone.so"
    small lender -Wl,--no-as-needed "$folder/libgone.so"
    cp "${EXE[lender]}" "$folder/lender"
    nobodys "$folder/lender"
    rm "$folder/libgone.so"
    nobody_reads
    ask are "$OUT" "layout.learnt_from.version=version string" layout.learnt_from.root=inferred
    root=$(ask get "$OUT" root)
    nobody_reads --root "$root"
    ask are "$OUT" "layout.learnt_from.version=version string" layout.learnt_from.root=given
    cp "$LIBRARY" "$folder/libgone.so" # installed again, the same build
    nobody_reads
    ask are "$OUT" layout.learnt_from.root=symbol
}

# A core of a container: its library is somewhere else here. It is found by its build-id.
test_library_by_exe() {
    library stock ''
    cp "$LIBRARY" "$WORK/libmoved.so"
    small guest -Wl,--no-as-needed "$WORK/libmoved.so"
    core_of guest
    mv "$WORK/libmoved.so" "$WORK/libhere.so"
    refuses 3 'libmoved.so is not here.*give it with --exe' jeheap info "$CORE"
    status 0 jeheap info "$CORE" --json --quiet --exe "$WORK/libhere.so"
    ask are "$OUT" layout.learnt_from.root=symbol layout.learnt_from.offsets=dwarf
}

test_core() {
    strip_of stock
    gcore_of "${PID[bare]}" "$WORK/bare.core"
    status 0 jeheap extents "$WORK/bare.core" --json
    ask extents "${TRUTH[bare]}" "$OUT"
    rm "$WORK/bare.core"
}

# A file of symbols beside the program, which the program names; then one of another build.
test_debug_link() {
    need_tool objcopy strip
    have stock redis
    objcopy --only-keep-debug "${EXE[stock]}" "$WORK/linked.debug" &&
        objcopy --strip-all --add-gnu-debuglink="$WORK/linked.debug" "${EXE[stock]}" \
            "$WORK/linked.exe" || fail "objcopy"
    start_witness linked "$WORK/linked.exe"
    have linked
    status 0 jeheap info "${PID[linked]}" --json --quiet
    ask are "$OUT" root_symbol=je_arena_emap_global layout.learnt_from.offsets=dwarf
    objcopy --only-keep-debug "${EXE[redis]}" "$WORK/linked.debug" || fail "objcopy"
    status 0 jeheap info "${PID[linked]}" --json --quiet
    ask are "$OUT" root_symbol=null layout.learnt_from.root=inferred
}

# How many shards bins have no slab tells: of most of them there is none here. jemalloc's own table
# does, which is found by what stands in it.
test_bin_shards() {
    JE_MALLOC_CONF=narenas:1,bin_shards:160-192:7 small shards -s
    status 0 jeheap layout "${PID[shards]}" --json
    ask are "$OUT" size_classes.8.n_shards=1 size_classes.9.n_shards=7 size_classes.10.n_shards=7 \
        size_classes.11.n_shards=1 size_classes.35.n_shards=1
    status 0 jeheap stats "${PID[shards]}" --jemalloc
    ask are "$OUT" jemalloc.arenas.bin.9.nshards=7
    status 0 jeheap layout "${PID[shards]}" --json
    sed 's/"n_shards":[0-9]*/"n_shards":null/g' "$OUT" >"$WORK/unknown.json"
    status 0 jeheap stats "${PID[shards]}" --jemalloc --layout "$WORK/unknown.json"
    out_has '"arenas.bin.\*.nshards"'
    out_has '"stats.arenas.\*.bins"'
    rm "$WORK/unknown.json"
    status 0 jeheap skeleton "${PID[shards]}" -o "$WORK/shards.skeleton" --quiet
    status 0 jeheap layout "$WORK/shards.skeleton" --layout 5.3.0,lg_vaddr=48 --json --quiet
    ask are "$OUT" size_classes.9.n_shards=7 size_classes.11.n_shards=1
}
