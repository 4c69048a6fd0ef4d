# Targets that cannot be read and command lines that make no sense: the exit status, and a sentence
# that says what is wrong. Nothing on stdout.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

# ---- targets -------------------------------------------------------------------------------------

test_no_such_process() {
    refuses 3 'process 999999999: there is no such process' jeheap info 999999999
    refuses 3 'not a process id' jeheap info 0
    refuses 3 'not a process id' jeheap info 4294967297
    refuses 3 'not a process id' jeheap info 99999999999999999999999
}

# Ended, and nobody has asked how: it has no memory any more.
test_process_that_was_not_waited_for() {
    local zombie
    background python3 -c 'import subprocess, time
child = subprocess.Popen(["true"])
print(child.pid, flush=True)
time.sleep(300)' >"$WORK/zombie"
    until [ -s "$WORK/zombie" ]; do sleep 0.02; done
    zombie=$(cat "$WORK/zombie")
    until grep -q '^State:.*Z' "/proc/$zombie/status"; do sleep 0.02; done
    refuses 3 "process $zombie has no memory: it is ending" jeheap info "$zombie"
}

test_no_permission() {
    need_nobody
    small tiny
    try "${NOBODY[@]}" "$JEHEAP" --version
    [ "$RC" -eq 0 ] || skip "nobody may not run $JEHEAP"
    refuses 3 "process ${PID[tiny]}: .*(denied|permitted|permission)" \
        try "${NOBODY[@]}" "$JEHEAP" info "${PID[tiny]}"
}

test_no_core() {
    echo text >"$WORK/text"
    : >"$WORK/empty"
    mkdir -p "$WORK/folder"
    refuses 3 'text: not an ELF file' jeheap info "$WORK/text"
    refuses 3 'empty: an empty file' jeheap info "$WORK/empty"
    refuses 3 'folder: not a regular file' jeheap info "$WORK/folder"
    refuses 3 'missing: No such file' jeheap info "$WORK/missing"
    refuses 3 'not a core; .*--exe' jeheap info "$(command -v ls)"
    refuses 3 'null: not a regular file' jeheap info /dev/null
}

# packed NAME BYTES: a file that begins so is named as what it is, one that ends before it is not.
packed() {
    # shellcheck disable=SC2059
    printf "$2" >"$WORK/packed"
    refuses 3 "packed: compressed \\($1\\); unpack it first: $1 -d$" jeheap info "$WORK/packed"
    head -c -2 "$WORK/packed" >"$WORK/packed.short"
    printf 'more' >>"$WORK/packed"
    refuses 3 "compressed \\($1\\)" jeheap find "$WORK/packed" 0x1000 --json
    [ ! -s "$WORK/packed.short" ] ||
        refuses 3 'packed.short: not an ELF file' jeheap info "$WORK/packed.short"
}

# Cores are often kept compressed, by systemd-coredump for one.
test_compressed_core() {
    packed gzip '\x1f\x8b'
    packed zstd '\x28\xb5\x2f\xfd'
    packed xz '\xfd\x37\x7a\x58\x5a\x00'
    packed lz4 '\x04\x22\x4d\x18'
    packed bzip2 'BZh'
}

test_minidump() {
    printf 'MDMP\x93\xa7\0\0more' >"$WORK/dump"
    refuses 3 'dump: a minidump, .*take a core' jeheap info "$WORK/dump"
    printf 'MDM' >"$WORK/dump"
    refuses 3 'dump: not an ELF file' jeheap info "$WORK/dump"
}

# One that is older than what is described.
test_jemalloc_4() {
    local sha=46c0af68bd248b04df75e4f92d5fb804c3d75340
    need_tool "$CC"
    printf '#include <unistd.h>\nconst char *volatile v[] = {"4.1.0-3-g1234567", "4.5.0-0-g%s"};\n' \
        $sha >"$WORK/jemalloc4.c"
    echo 'int main(void) { for (;;) pause(); }' >>"$WORK/jemalloc4.c"
    "$CC" -Wl,--build-id -o "$WORK/jemalloc4" "$WORK/jemalloc4.c" || fail "jemalloc4.c"
    background "$WORK/jemalloc4" </dev/null
    wait_line "/proc/$BACK/maps" "$BACK" "jemalloc4" || fail "it ended"
    refuses 3 "jemalloc4 has jemalloc 4\\.5\\.0-0-g$sha, .*jeheap reads 5\\.0\\.0 and later" \
        jeheap info "$BACK"
}

test_object_file() {
    need_tool "$CC"
    echo 'int x;' | "$CC" -c -x c - -o "$WORK/x.o"
    refuses 3 'x\.o: .*not a core' jeheap info "$WORK/x.o"
}

test_file_without_permission() {
    local less=()
    if [ "$(id -u)" -eq 0 ]; then # and may read everything, but for these
        less=(setpriv "--bounding-set=-dac_override,-dac_read_search")
        "${less[@]}" true || skip "root cannot give up what lets it read everything"
    fi
    echo text >"$WORK/secret"
    chmod 0 "$WORK/secret"
    refuses 3 'secret: Permission denied' try "${less[@]}" "$JEHEAP" info "$WORK/secret"
}

test_without_jemalloc() {
    background sleep 300
    refuses 3 'has a jemalloc' jeheap info "$BACK"
    gcore_of "$BACK" "$WORK/sleep.core"
    refuses 3 'jemalloc' jeheap info "$WORK/sleep.core"
    refuses 3 'jemalloc' jeheap find "$WORK/sleep.core" 0x1000 --json
}

# A name that is no number, though a process has that name; a path that looks like a number.
test_path_or_process() {
    small tiny
    cd "$WORK" || fail "no $WORK"
    refuses 3 'No such file' jeheap info "${PID[tiny]}x"
    refuses 3 'No such file' jeheap info "./${PID[tiny]}"
}

# ---- the program of a core -----------------------------------------------------------------------

test_core_without_its_program() {
    small moved
    core_of moved
    status 0 jeheap extents "$CORE" --json
    cp "$OUT" "$WORK/before"
    mv "${EXE[moved]}" "$WORK/elsewhere"
    refuses 3 "moved/small.* not here.*--exe" jeheap info "$CORE"
    status 0 jeheap extents "$CORE" --json --exe "$WORK/elsewhere"
    same_file "$WORK/before" "$OUT" "with --exe"
    # Another program in its place is noticed as well.
    cp "$(command -v ls)" "${EXE[moved]}"
    refuses 3 'build-id' jeheap info "$CORE"
    mv "$WORK/elsewhere" "${EXE[moved]}"
}

test_core_with_the_wrong_program() {
    local id
    need_tool readelf
    small tiny
    core_of tiny
    small other -DOTHER -O2
    for exe in "${EXE[tiny]}" "${EXE[other]}"; do
        id=$(readelf -n "$exe" | sed -n 's/.*Build ID: //p')
        refuses 3 "$id" jeheap info "$CORE" --exe "${EXE[other]}"
    done
}

test_exe_that_is_none() {
    small tiny
    core_of tiny
    echo text >"$WORK/text"
    refuses 2 '--exe .*missing: there is no such file' jeheap info "$CORE" --exe "$WORK/missing"
    mv "${EXE[tiny]}" "$WORK/elsewhere"
    refuses 2 '--exe .*text: not ' jeheap info "$CORE" --exe "$WORK/text"
    mv "$WORK/elsewhere" "${EXE[tiny]}"
}

# Then it is the core that is wrong, and not how jeheap was called.
test_core_of_no_machine() {
    small tiny
    core_of tiny
    cp "$CORE" "$WORK/machine"
    printf '\377\377' | dd of="$WORK/machine" bs=1 seek=18 conv=notrunc status=none
    refuses 3 'header of the core names a machine that is not known \(e_machine 65535, 64 bits\).*damaged' \
        jeheap info "$WORK/machine" --exe "${EXE[tiny]}"
}

# ---- cores that were cut off ---------------------------------------------------------------------

# A core of the process tiny, as the kernel would write it, in $WORK/whole.
whole_core() {
    small tiny
    core_of tiny
    [ -s "$WORK/whole" ] || ask notes-first "$CORE" "$WORK/whole"
}

# Every size ends with 3 and a sentence, or with 4, what there is, and a sentence.
test_truncated_core() {
    local size cut partial=0 size_of all
    whole_core
    size_of=$(stat -c %s "$WORK/whole")
    status 0 jeheap extents "$WORK/whole" --json
    all=$(wc -l <"$OUT")
    for cut in 1 15 40 64 100 500 3000 $((size_of / 8)) $((size_of / 4)) $((size_of / 2)) \
        $((size_of * 3 / 4)) $((size_of * 9 / 10)) $((size_of * 99 / 100)) $((size_of - 1)); do
        head -c "$cut" "$WORK/whole" >"$WORK/cut"
        jeheap extents "$WORK/cut" --json
        [ -s "$ERR" ] || fail "cut to $cut bytes: nothing on stderr"
        size=$(grep -c '^{"extent"' "$OUT")
        case $RC in
        3) [ "$size" -eq 0 ] || fail "cut to $cut bytes: status 3 and $size extents" ;;
        4)
            err_has 'cut off|truncated|partial'
            [[ $(tail -n 1 "$OUT") == '{"partial":true,'* ]] || fail "cut to $cut bytes: not marked"
            [ "$size" -le "$all" ] || fail "cut to $cut bytes: $size extents of $all"
            [ "$size" -eq 0 ] || partial=$((partial + 1))
            ;;
        *) fail "cut to $cut bytes: status $RC: $(said)" ;;
        esac
        [ "$cut" -gt 100 ] || [ "$RC" -eq 3 ] || fail "status $RC for $cut bytes"
    done
    [ "$partial" -gt 0 ] || fail "no size gave some of the extents"
}

test_truncated_core_says_so() {
    whole_core
    head -c -5000 "$WORK/whole" >"$WORK/cut"
    status 4 jeheap info "$WORK/cut" --json
    [ "$(ask get "$OUT" bytes_truncated)" -gt 0 ] || fail "bytes_truncated is 0"
    err_has 'cut off|truncated'
    status 4 jeheap find "$WORK/cut" "$(small_value tiny first)" --json
    ask are "$OUT" owned=true state=live
}

# A header that lies must not make it crash, hang or read somewhere else.
test_bent_core() {
    local offset byte
    small tiny
    core_of tiny
    for offset in 4 5 16 18 32 40 42 52 54 56 57 58 60; do
        for byte in '\0' '\1' '\377'; do
            cp "$CORE" "$WORK/bent"
            # shellcheck disable=SC2059
            printf "$byte" | dd of="$WORK/bent" bs=1 seek=$offset conv=notrunc status=none
            jeheap info "$WORK/bent" --json
            case $RC in
            0 | 1 | 3 | 4) ;;
            *) fail "byte $offset set to $byte: status $RC: $(said)" ;;
            esac
            [ "$RC" -ne 3 ] || [ -s "$ERR" ] || fail "byte $offset: no sentence"
        done
    done
}

# ---- usage ---------------------------------------------------------------------------------------

test_commands() {
    refuses 2 'command is missing' jeheap
    refuses 2 '^jeheap: there is no command nope; see jeheap --help$' jeheap nope
    refuses 2 "no command ''" jeheap ''
    for command in info find extents extent skeleton; do
        refuses 2 "$command needs a target: a process id or a core file\$" jeheap $command
    done
    refuses 2 'layout needs a target, --jemalloc or --list$' jeheap layout
    refuses 2 'at least one address' jeheap find 1
    refuses 2 'at least one address' jeheap extent 1
    refuses 2 'too many arguments: 0x1000; .*: jeheap find 1 0x1000$' jeheap info 1 0x1000
    refuses 2 'too many arguments: 2' jeheap extents 1 2
    refuses 2 'too many arguments: core; info takes one target$' jeheap info 1 core
    refuses 2 'one of them' jeheap layout 1 --list
    refuses 2 'one of them' jeheap layout --jemalloc 5.3.0 --list
    refuses 2 '--lg-vaddr is an option of layout --jemalloc' jeheap info 1 --lg-vaddr 48
    refuses 2 '--lg-vaddr is an option of layout --jemalloc' jeheap layout 1 --lg-vaddr 48
    refuses 2 '--slab is an option of extents; see jeheap info --help$' jeheap info 1 --slab
    refuses 2 '--exe is an option of info, .*, layout TARGET, skeleton;' jeheap layout --list --exe x
}

test_options() {
    refuses 2 'nope' jeheap info 1 --nope
    refuses 2 '^jeheap: --slab takes no value: --slab=3$' jeheap extents 1 --slab=3
    for value in 0 x -1 '' 99999999999999999999999; do
        refuses 2 "^jeheap: --max-reads takes a number from 1 on, such as 1000000, not \"$value\"\$" \
            jeheap info 1 --max-reads "$value"
        refuses 2 "^jeheap: --timeout takes whole seconds .* such as 30, not \"$value\"\$" \
            jeheap info 1 --timeout "$value"
    done
    refuses 2 'timeout' jeheap info 1 --timeout 1000000
    refuses 2 '--color takes auto, always or never, not "what"$' jeheap info 1 --color what
    refuses 2 'root.*zz' jeheap info 1 --root zz
    refuses 2 'arena.*x' jeheap extents 1 --arena x
    refuses 2 'szind.*1\.5' jeheap extents 1 --szind 1.5
    for value in 4X K 4KK 4KB 0x4K '' ' 4K' 99999999999999G; do
        refuses 2 "--min-size takes bytes, with K, M or G .*, not \"$value\"" \
            jeheap extents 1 --min-size "$value"
    done
    refuses 2 '--state takes active, dirty, .*, pinned, unknown\(N\), .*, not "nope"$' \
        jeheap extents 1 --state nope
    for value in 300 x '' 99999999999999999999999; do
        refuses 2 "lg-vaddr.*$value" jeheap layout --jemalloc 5.3.0 --lg-vaddr "$value"
    done
}

# Named by itself, and not by the word that would stand behind it in some other order.
test_options_without_their_value() {
    local option
    refuses 2 '^jeheap: --exe needs a value: the path of ' jeheap info 4717 --exe
    refuses 2 '^jeheap: --exe needs a value' jeheap find 4717 0x1000 --json --exe
    refuses 2 '^jeheap: --lg-vaddr needs a value: 32 to ' jeheap layout --jemalloc 5.3.0 --lg-vaddr
    refuses 2 '^jeheap: --machine needs a value: x86_64, .* or loongarch64$' \
        jeheap layout --jemalloc 5.3.0 --machine
    refuses 2 '^jeheap: -o needs a value' jeheap skeleton 4717 -o
    for option in exe layout root in max-reads timeout color output arena state szind min-size jemalloc; do
        refuses 2 "^jeheap: --$option needs a value: " jeheap info 4717 --quiet "--$option"
        [ "$(wc -l <"$ERR")" -eq 1 ] || fail "--$option: more than one line: $(said)"
    done
    # The first mistake is said, and a request for help in front of it is heard.
    refuses 2 '^jeheap: there is no option --nope; see' jeheap info 4717 --nope --exe
    refuses 2 '^jeheap: --l is the beginning of several options: --layout, --largest, --lg-vaddr, ' \
        jeheap info 4717 --l 5.3.0
    refuses 2 '^jeheap: there is no option -x; see' jeheap info 4717 -x
    status 0 jeheap info 4717 --help --exe
    out_has '^usage: '
    refuses 2 '--machine takes x86_64, .*, not "vax"$' jeheap layout --jemalloc 5.3.0 --machine vax
}

test_states_that_are_words() {
    have stock
    for state in active dirty muzzy retained pinned transition merging 'unknown(7)'; do
        status 0 jeheap extents "${PID[stock]}" --state "$state" --json
    done
}

test_addresses() {
    for text in zz '' 0x 0xg 0x0x1 99999999999999999999999 0x10000000000000000 ' 1' +1 1. main; do
        refuses 2 'no address' jeheap find 1 "$text"
    done
    refuses 2 'no address: zz' jeheap find 1 0x1000 zz
    refuses 2 'no address' jeheap extent 1 zz
    refuses 2 'no address: 7f0317c1e00g; write it in hexadecimal, with 0x or without$' \
        jeheap find 1 7f0317c1e00g
    refuses 2 'no option -[01], and no address is negative' jeheap find 1 -1
    refuses 2 'no option -[01], and no address is negative' jeheap find 1 0x1000 -0x1000
}

test_root_that_is_none() {
    small tiny
    refuses 3 'root.*0x1000' jeheap info "${PID[tiny]}" --root 0x1000
}

# A root whose elements are all of nodes that are nowhere: in a process that says where it is, and
# in a core of it.
test_tree_that_leads_nowhere() {
    local root wanted number=65536
    background python3 - "$WORK/nowhere" $number <<'END' >"$WORK/root"
import ctypes, mmap, struct, sys, time
PAGE, NODE, AT, number = 4096, 2 << 20, 1 << 44, int(sys.argv[2])
memory = mmap.mmap(-1, NODE)
root = ctypes.addressof(ctypes.c_char.from_buffer(memory))
struct.pack_into(f"<{number}Q", memory, 0, *(AT + i * NODE for i in range(number)))
header = struct.pack("<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 4, 62, 1, 0, 64, 0, 0, 64,
                     56, 1, 0, 0, 0)
load = struct.pack("<IIQQQQQQ", 1, 6, PAGE, root, 0, NODE, NODE, PAGE)
with open(sys.argv[1], "wb") as core:
    core.write((header + load).ljust(PAGE, b"\0"))
    core.write(memory)
print(hex(root), flush=True)
time.sleep(300)
END
    wait_line "$WORK/root" "$BACK" 0x || fail "no root"
    root=$(cat "$WORK/root")
    for target in "$WORK/nowhere" "$BACK"; do
        # each of them takes a few reads, not one for each of its pages
        for command in extents "skeleton -o $WORK/of_nowhere"; do
            jeheap ${command%% *} "$target" ${command#"${command%% *}"} --layout 5.3.0 \
                --root "$root" --max-reads $((8 * number))
            if [ "$target" = "$BACK" ]; then # a process has no more memory than it says
                wanted=1
                [ "$command" = extents ] || wanted=3 # what is there may be the program's
                [ "$RC" -eq $wanted ] || fail "$command: status $RC"
                err_has "rtree\.child-unmapped at $root, value 0x100000000000"
                err_has "^jeheap: $((number - 5)) more faults; of all rtree\.child-unmapped $number\$"
            else # this core does not say what was mapped
                [ "$RC" -eq 4 ] || fail "$command: status $RC"
                err_has 'rtree\.node-absent at 0x100000000000'
                err_has "^jeheap: $((number - 5)) more faults; of all rtree\.node-absent $number\$"
            fi
        done
    done
    rm "$WORK/nowhere" "$WORK/of_nowhere"
}

# Nodes of which a process has the first page alone: where memory goes on is known, and need not be asked for
# page by page.
test_nodes_of_one_page() {
    local root number=512 # of 511 pages more; the search for jemalloc's own memory takes 65536 reads
    background python3 - $number <<'END' >"$WORK/pages"
import ctypes, struct, sys, time
PAGE, NODE, number = 4096, 2 << 20, int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
start = libc.mmap(None, (number + 2) * NODE, 0, 0x4022, -1, 0) # PROT_NONE; private, anonymous, not reserved
root = (start + NODE - 1) // NODE * NODE
libc.mprotect(root, NODE, 3)
nodes = [root + (i + 1) * NODE for i in range(number)]
for node in nodes:
    libc.mprotect(node, PAGE, 3)
ctypes.memmove(root, struct.pack(f"<{number}Q", *nodes), 8 * number)
print(hex(root), flush=True)
time.sleep(300)
END
    wait_line "$WORK/pages" "$BACK" 0x || fail "no root"
    root=$(cat "$WORK/pages")
    jeheap extents "$BACK" --layout 5.3.0 --root "$root" --max-reads $((256 * number))
    [ "$RC" -eq 4 ] || fail "status $RC: $(said)"
    err_has 'of all rtree\.node-absent 512$'
    ! grep -q max-reads "$ERR" || fail "$(said)"
}

# What is missing comes first, and then what can be said of the rest.
test_core_cut_off_before_jemalloc() {
    local early
    small nameless -s -Wl,--build-id=none
    core_of nameless
    ask notes-first "$CORE" "$WORK/cut.whole"
    # The sentence about the file's end, that about the root, and what helps: none is cut.
    early=$WORK/$(printf '%0200d' 0)cut.early
    head -c 30000 "$WORK/cut.whole" >"$early"
    refuses 3 'cut.early was cut off: [0-9]+ bytes are missing, .*take the core again.*As it is: ' \
        jeheap info "$early" --quiet
    err_has 'root was not found by looking; give .*, or --root ADDR; there is no build-id to compare'
    err_has 'give the right one with --exe or --sysroot$'
    rm "$WORK/cut.whole" "$early"
}
