# layout: the numbers of jemalloc's builds, a round trip, and layouts that are wrong.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default

# made "VERSION OPTION..." KEY=VALUE...
made() {
    local build=$1
    shift
    # shellcheck disable=SC2086
    status 0 jeheap layout --jemalloc $build
    ask are "$OUT" "$@"
}

test_tree_48_bits() {
    made "5.3.0 --lg-vaddr 48" lg_vaddr=48 lg_page=12 lg_quantum=4 rtree_nhib=16 rtree_nlib=12 \
        rtree_nsb=36 rtree_height=2 'rtree_levels=[{"bits":18,"cumbits":34},{"bits":18,"cumbits":52}]' \
        rtree_leaf_compact=1 leaf.size=8 sc_nsizes=232 sc_nbins=36 structs.rtree_s.size=2097272
    made "5.3.0 --lg-page 14" rtree_nsb=34 rtree_height=2 rtree_levels.0.bits=17 rtree_levels.1.bits=17
    made "5.3.0 --lg-page 16" rtree_nsb=32 rtree_height=2 rtree_levels.0.bits=16 rtree_levels.1.bits=16
}

test_tree_57_bits() {
    made "5.3.0 --lg-vaddr 57" lg_vaddr=57 rtree_nhib=7 rtree_nsb=45 rtree_height=3 \
        'rtree_levels=[{"bits":15,"cumbits":22},{"bits":15,"cumbits":37},{"bits":15,"cumbits":52}]' \
        rtree_leaf_compact=0 leaf.size=16 leaf.fields.szind.shift=5 leaf.fields.state.shift=2 \
        leaf.fields.state.width=3
    made "5.3.0 --lg-vaddr 57 --lg-page 14" rtree_levels.0.bits=14 rtree_levels.1.bits=14 \
        rtree_levels.2.bits=15
    made "5.3.0 --lg-vaddr 57 --lg-page 16" rtree_levels.0.bits=13 rtree_levels.1.bits=14 \
        rtree_levels.2.bits=14
    made "5.2.1 --lg-vaddr 57" leaf.size=16 leaf.fields.szind.offset=8 leaf.fields.szind.width=32 \
        leaf.fields.slab.offset=12
}

test_root() {
    made 5.0.0 root.symbol=extents_rtree root.offset=104 structs.rtree_s.size=2097256
    made "5.0.1 --debug" root.offset=160
    made 5.1.0 root.symbol=extents_rtree root.offset=104
    made 5.2.1 root.symbol=extents_rtree root.offset=112 structs.rtree_s.size=2097264
    made "5.2.0 --debug" root.offset=168
    made 5.3.0 root.symbol=arena_emap_global root.offset=120
    made "5.3.1 --debug" root.offset=192
}

# bits VERSION NAME:SHIFT:WIDTH...
bits() {
    local version=$1 field name shift width expected=()
    shift
    for field; do
        IFS=: read -r name shift width <<<"$field"
        expected+=("extent.fields.$name.shift=$shift" "extent.fields.$name.width=$width")
    done
    made "$version" "${expected[@]}"
}

test_bit_fields() {
    bits 5.0.0 arena_ind:0:12 slab:12:1 committed:13:1 zeroed:14:1 state:15:2 szind:17:8 \
        nfree:25:10 sn:35:29
    bits 5.0.1 zeroed:14:1 state:15:2 szind:17:8 nfree:25:10 sn:35:29
    bits 5.1.0 dumpable:14:1 zeroed:15:1 state:16:2 szind:18:8 nfree:26:10 sn:36:28
    bits 5.2.0 state:16:2 szind:18:8 nfree:26:10 bin_shard:36:6 sn:42:22
    bits 5.2.1 dumpable:14:1 state:16:2 szind:18:8 nfree:26:10 bin_shard:36:6 is_head:42:1 sn:43:21
    bits 5.3.0 pai:14:1 zeroed:15:1 guarded:16:1 state:17:3 szind:20:8 nfree:28:10 bin_shard:38:6 \
        is_head:44:1
    bits 5.3.1 pai:14:1 state:17:3 szind:20:8 nfree:28:10 bin_shard:38:6 is_head:44:1
    bits dev state:17:3 is_head:44:1 pinned:45:1
    bits "5.3.0 --lg-page 14" nfree:28:12 bin_shard:40:6
    bits "5.3.0 --lg-page 16" nfree:28:14 bin_shard:42:6 is_head:48:1
}

test_extent_structure() {
    made 5.0.0 extent.size=128 extent.align=64 extent.fields.addr.offset=8 \
        extent.fields.size.offset=16 extent.bitmap_offset=64
    made 5.3.0 extent.size=128 extent.align=128 extent.fields.ps.offset=24 \
        extent.fields.sn.offset=32 extent.fields.addr.offset=8 extent.bitmap_offset=64
    made "5.3.0 --lg-page 14" extent.size=328
    made "5.3.0 --lg-page 16" extent.size=1112
}

test_states() {
    made 5.2.1 'states=["active","dirty","muzzy","retained"]'
    made 5.3.1 'states=["active","dirty","muzzy","retained","transition","merging"]'
    made dev 'states=["active","dirty","muzzy","retained","pinned","transition","merging"]'
}

test_parameters() {
    made "5.3.0 --lg-quantum 3" lg_quantum=3 sc_nsizes=235 sc_nbins=39 size_classes.2.size=24
    made "5.3.0 --no-oblivious" large_pad=0
    made "5.3.0" large_pad=4096 size_classes.0.size=8 size_classes.35.size=14336 \
        size_classes.35.nregs=2 size_classes.36.size=16384
}

test_contract_keys() {
    status 0 jeheap layout --jemalloc 5.2.1
    ask have "$OUT" lg_vaddr lg_page lg_quantum rtree_nhib rtree_nlib rtree_nsb rtree_height \
        rtree_levels.1.cumbits rtree_leaf_compact sc_nsizes sc_nbins sc_npsizes leaf.size \
        leaf.align leaf.fields.extent.word extent.size extent.align extent.fields.state.shift \
        states root.symbol root.offset size_classes structs.extent_s structs.rtree_s.members
}

test_list() {
    status 0 jeheap layout --list
    for version in 5.0.0 5.0.1 5.1.0 5.2.0 5.2.1 5.3.0 5.3.1 dev; do
        out_has "^${version//./\\.},lg_vaddr=48,lg_page=12,lg_quantum=4$"
    done
    out_has '^--machine i386 '
    cp "$OUT" "$WORK/list"
    status 0 jeheap layout --list --quiet
    same_file <(sed '/^$/,$d' "$WORK/list") "$OUT" "--quiet is more or less than the versions"
    status 0 jeheap layout --list --json
    ask have "$OUT" version stock
    [ "$(ask count "$OUT")" -ge 8 ] || fail "$(ask count "$OUT") versions"
}

# The numbers of 32-bit and big-endian builds, as jemalloc's own headers give them to a compiler.
test_machines() {
    made "5.3.0 --machine i386" pointer_size=4 u64_align=4 rtree_height=2 rtree_leaf_compact=0 \
        leaf.size=8 sc_nsizes=104 root.offset=92 extent.size=108 structs.edata_s.members.e_sn=20
    made "5.2.1 --machine i386" leaf.size=12 root.offset=88 extent.size=104 \
        structs.rtree_leaf_elm_s.members.le_slab=8
    made "5.3.1 --lg-page 12 --machine aarch64" lg_page=12 root.offset=128
    made "5.3.1 --machine aarch64" lg_page=16 lg_vaddr=48 extent.size=1112
    made "5.1.0 --machine s390x" little_endian=false lg_vaddr=64 rtree_height=3 leaf.size=16
    made "5.3.0 --prof --no-stats" prof=true stats=false
    made "5.3.1 --machine i386 --u64-align 8 --mutex-size 32" u64_align=8 pthread_mutex_size=32
    made "5.3.0 --pointer-size 4 --u64-align 4 --lg-vaddr 32" pointer_size=4 lg_vaddr=32
    made "5.3.1 --aarch64 --big-endian" aarch64=true little_endian=false
    refuses 2 'pdp11' jeheap layout --jemalloc 5.3.0 --machine pdp11
}

test_structs() {
    made 5.0.1 structs.arena_s.size=25848 structs.arena_s.members.bins=16328 \
        structs.tsd_s.members.tcache=440
    made 5.3.0 structs.arena_s.members.pa_shard=10648 structs.tcache_slow_s.size=176
    made 5.3.1 structs.tsd_s.size=1968 structs.base_s.members.blocks=160
    made 5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c version=5.3.0
    made dev structs.arena_s.size=100672 structs.arena_s.members.pa_shard=12352
}

test_unknown_builds() {
    refuses 2 '4\.5' jeheap layout --jemalloc 4.5
    refuses 2 'vaddr.*31' jeheap layout --jemalloc 5.3.0 --lg-vaddr 31
    refuses 2 'page' jeheap layout --jemalloc 5.3.0 --lg-page 40
    refuses 2 'no layout is known for jemalloc 5\.4\.0' jeheap layout --jemalloc 5.4.0-0-g0123456789abcdef
    refuses 2 'no layout is known for jemalloc 5\.3\.0-3' jeheap layout --jemalloc 5.3.0-3-g0123456789abcdef
    refuses 2 'unsupported layout: layout\.lg-page \(17\)' jeheap layout --jemalloc 5.3.0 --lg-page 17
    refuses 2 'lg-page \(11\)' jeheap layout --jemalloc 5.3.0 --lg-page 11
    refuses 2 'lg-quantum \(5\)' jeheap layout --jemalloc 5.3.0 --lg-quantum 5
    refuses 2 'lg-vaddr \(65\)' jeheap layout --jemalloc 5.3.0 --lg-vaddr 65
    refuses 2 'lg-vaddr \(48\)' jeheap layout --jemalloc 5.3.0 --machine i386 --lg-vaddr 48
    refuses 2 'maxregs \(12\).*5\.2\.1' jeheap layout --jemalloc 5.2.1 --lg-slab-maxregs 12
    refuses 2 'maxregs \(9\)' jeheap layout --jemalloc 5.3.0 --lg-page 16 --lg-slab-maxregs 9
    refuses 2 'maxregs \(14\)' jeheap layout --jemalloc 5.3.0 --lg-slab-maxregs 14
}

# The same by name, for a target.
test_unknown_layouts() {
    small tiny
    refuses 2 '5\.4\.0: not a known version' jeheap info "${PID[tiny]}" --layout 5.4.0
    refuses 2 'lg-page' jeheap info "${PID[tiny]}" --layout 5.3.0,lg_page=17
    refuses 2 'lg-slab-maxregs' jeheap info "${PID[tiny]}" --layout 5.2.1,lg_slab_maxregs=12
}

# target -> layout -> file -> the same extents; the name that info prints likewise.
round_trip() {
    local name=$1 layout
    have "$name"
    status 0 jeheap extents "${PID[$name]}" --json
    cp "$OUT" "$WORK/before"
    status 0 jeheap layout "${PID[$name]}"
    cp "$OUT" "$WORK/$name.json"
    status 0 jeheap extents "${PID[$name]}" --json --layout "$WORK/$name.json"
    same_file "$WORK/before" "$OUT" "with its own layout as a file"
    status 0 jeheap info "${PID[$name]}" --json
    layout=$(ask get "$OUT" layout.name)
    status 0 jeheap extents "${PID[$name]}" --json --layout "$layout"
    same_file "$WORK/before" "$OUT" "with its own layout's name"
    status 0 jeheap info "${PID[$name]}" --json --layout "$layout"
    ask are "$OUT" "layout.name=$layout" layout.learnt_from.version=given \
        layout.learnt_from.leaf=given
}

test_round_trip_5_3() { round_trip stock; }
test_round_trip_5_2() { round_trip redis; }

test_layout_that_does_not_fit() {
    have stock redis
    status 1 jeheap info "${PID[stock]}" --layout 5.2.1
    err_has 'warning: --layout 5\.2\.1 is used, but the target says that it is jemalloc 5\.3\.0'
    err_has 'warning: layout 5\.2\.1,.* does not fit this heap: [0-9]+ of [0-9]+ extents'
    jeheap extents "${PID[stock]}" --layout 5.3.0,lg_vaddr=57
    err_has 'warning: --layout 5\.3\.0,lg_vaddr=57 is used, but its root has'
    jeheap find "${PID[redis]}" 0x1000 --layout 5.3.0
    err_has 'warning: --layout 5\.3\.0 is used, but'
    status 0 jeheap layout --jemalloc 5.2.1
    cp "$OUT" "$WORK/other.json"
    status 1 jeheap info "${PID[stock]}" --layout "$WORK/other.json"
    err_has 'warning: --layout .*other\.json is used, but'
    refuses 3 '64-bit big-endian' jeheap info "${PID[stock]}" --layout 5.3.0,big-endian
}

# broken KEY VALUE PATTERN: one value of a sound file replaced (- removes it).
broken() {
    ask bend "$WORK/sound.json" "$1" "$2" >"$WORK/broken.json"
    refuses 2 "broken\\.json.*$3" jeheap info "${PID[tiny]}" --layout "$WORK/broken.json"
}

test_broken_files() {
    small tiny
    status 0 jeheap layout "${PID[tiny]}"
    cp "$OUT" "$WORK/sound.json"
    broken version - '"version"'
    broken version '"9.9.9"' '"version"'
    broken lg_vaddr - '"lg_vaddr"'
    broken lg_page '"12"' '"lg_page"'
    broken lg_page -1 '"lg_page"'
    broken lg_quantum 300 '"lg_quantum"'
    broken rtree_height 3 '"rtree_height"'
    broken states '[]' '"states"'
    broken states.1 '"ditry"' 'ditry'
    broken root.symbol '"extents_rtree"' '"symbol"'
    broken extent.fields.state - '"state"'
    broken extent.fields.state.shift - '"shift"'
    broken extent.fields.state.width 77 '"width"'
    broken extent.fields.state '{"offset":0,"word":8,"shift":63,"width":3}' 'state|extent'
    broken leaf.fields '{"what":{}}' '"what"'
    broken size_classes '[]' '"size_classes"'
    broken size_classes.3.size 50 '"size_classes"'
    echo '[]' >"$WORK/broken.json"
    refuses 2 'broken\.json.*object' jeheap info "${PID[tiny]}" --layout "$WORK/broken.json"
    echo '{"version": ' >"$WORK/broken.json"
    refuses 2 'broken\.json.*JSON' jeheap info "${PID[tiny]}" --layout "$WORK/broken.json"
    : >"$WORK/broken.json"
    refuses 2 'broken\.json' jeheap info "${PID[tiny]}" --layout "$WORK/broken.json"
}

test_no_such_layout() {
    small tiny
    refuses 2 'nope\.json.*No such file' jeheap info "${PID[tiny]}" --layout nope.json
    refuses 2 'nope.*5\.3\.0' jeheap info "${PID[tiny]}" --layout nope
    refuses 2 'lg_vadr' jeheap info "${PID[tiny]}" --layout 5.3.0,lg_vadr=48
    refuses 2 '--layout' jeheap info "${PID[tiny]}" --layout ''
}

# The size classes as a table: what the object has, of a target and of what is made.
test_sizes() {
    small tiny
    status 0 jeheap layout --jemalloc 5.3.0
    python3 - "$OUT" >"$WORK/expected" <<'END'
import json
import sys
layout = json.load(open(sys.argv[1]))
for i, c in enumerate(layout["size_classes"]):
    slab = (["slab", c["nregs"], c["slab_size"] >> layout["lg_page"]] if "nregs" in c
            else ["large", "-", "-"])
    print(i, c["size"], *slab)
END
    status 0 jeheap layout --jemalloc 5.3.0 --sizes
    [[ $(head -n 1 "$OUT") =~ ^szind\ +bytes\ kind\ +regions\ pages$ ]] || fail "$(head -n 1 "$OUT")"
    sed 1d "$OUT" | awk '{ $1 = $1; print }' >"$WORK/table"
    same_file "$WORK/expected" "$WORK/table" "layout --sizes"
    status 0 jeheap layout "${PID[tiny]}" --sizes
    sed 1d "$OUT" | awk '{ $1 = $1; print }' >"$WORK/table"
    same_file "$WORK/expected" "$WORK/table" "layout PID --sizes"
    status 0 jeheap layout --jemalloc 5.3.0 --sizes --json # an object, for programs
    ask have "$OUT" size_classes
    refuses 2 '--sizes is an option of' jeheap info "${PID[tiny]}" --sizes
    refuses 2 'sizes' jeheap layout --list --sizes
}
