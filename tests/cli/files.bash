# The files of a core that is read elsewhere, or later: gone, of another build, in another folder.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default
needs redis redis-7.0 default

# guest_of NAME [OBJCOPY-OPTION...]: CORE of a program with that library, which is gone since: PLACE is
# where it was, AWAY where it is.
guest_of() {
    local name=$1
    shift
    need_tool objcopy
    library stock ''
    PLACE=$WORK/$name.home/libguest.so
    AWAY=$WORK/$name.away
    mkdir -p "$WORK/$name.home"
    if [ ! -e "$AWAY" ]; then
        objcopy "$@" "$LIBRARY" "$PLACE" || fail "objcopy"
        small "$name" -Wl,--no-as-needed "$PLACE"
        [ -z "${REMOVED:-}" ] || cp "$PLACE" "$AWAY"
        [ -z "${REMOVED:-}" ] || rm "$PLACE"
        core_of "$name"
        [ -n "${REMOVED:-}" ] || mv "$PLACE" "$AWAY"
    fi
    CORE=$WORK/$name/core
    rm -f "$PLACE"
}

# another [OBJCOPY-OPTION...]: another version of jemalloc where the library was.
another() {
    library redis ''
    objcopy "$@" "$LIBRARY" "$PLACE" || fail "objcopy"
}

# What --layout gives where no file is here. The root is looked for.
works_with_layout() {
    status 0 jeheap info "$CORE" --json --layout 5.3.0 "$@"
    ask are "$OUT" layout.learnt_from.root=inferred layout.learnt_from.version=given
}

works_with_symbols() {
    status 0 jeheap info "$CORE" --json "$@"
    ask are "$OUT" layout.learnt_from.root=symbol layout.learnt_from.offsets=dwarf
}

test_another_build_at_the_path() {
    guest_of visitor
    refuses 3 'is not here.* --exe or --sysroot.*--layout' jeheap info "$CORE"
    refuses 3 'is not here.* --exe or --sysroot.*--layout' \
        jeheap info "$CORE" --in libguest --layout 5.1.0
    refuses 3 '--in libfoo: no module .*; none of its modules has one$' jeheap info "$CORE" --in libfoo
    works_with_layout
    another
    refuses 3 'build-id .*give the right one with --exe or --sysroot.*--layout' jeheap info "$CORE"
    works_with_layout
    err_has 'warning: .*libguest\.so is not the .*; it is not used'
    refuses 3 'build-id .*no root was found by looking that fits --layout' \
        jeheap info "$CORE" --layout 5.1.0
    cp "$AWAY" "$PLACE"
    works_with_symbols
    if grep -q warning "$ERR"; then fail "a warning: $(said)"; fi
}

# The kernel says "(deleted)" of a file that was removed; it may be there again.
test_removed_and_back() {
    REMOVED=1 guest_of removed
    grep -aq 'libguest\.so (deleted)' "$CORE" || skip "gdb names files otherwise"
    status 0 jeheap info "$CORE" --json # gdb saves what no file has any more
    err_has 'warning: .*libguest\.so \(deleted\) is not here'
    ask are "$OUT" layout.learnt_from.root=inferred
    cp "$AWAY" "$PLACE"
    works_with_symbols
    another
    works_with_layout
    err_has 'warning: .*libguest\.so is not the .*; it is not used'
}

# --exe with a library is about that library, or about none; never about the program.
test_wrong_library_by_exe() {
    guest_of visitor
    another
    mkdir -p "$WORK/other"
    mv "$PLACE" "$WORK/other/libguest.so"
    refuses 3 'other/libguest\.so is not the .*visitor\.home/libguest\.so that was running: build-id' \
        jeheap info "$CORE" --exe "$WORK/other/libguest.so"
    if grep -q 'visitor/small' "$ERR"; then fail "about the program: $(said)"; fi
    mv "$WORK/other/libguest.so" "$WORK/other/libstranger.so"
    refuses 3 'libstranger\.so is not used: it is a library, and no module .* build-id [0-9a-f]{40}$' \
        jeheap info "$CORE" --exe "$WORK/other/libstranger.so"
    err_has 'libguest\.so is not here'
    works_with_layout --exe "$WORK/other/libstranger.so"
    cp "$AWAY" "$WORK/other/libstranger.so"
    works_with_symbols --exe "$WORK/other/libstranger.so"
}

# headless CORE FILE: that core, without the pages that ELF files begin with, as some kernels are told
# to leave them out.
headless() {
    python3 - "$@" <<'END' || fail "no core"
import struct, sys
core = bytearray(open(sys.argv[1], "rb").read())
at, size, count = struct.unpack_from("<Q", core, 32)[0], *struct.unpack_from("<HH", core, 54)
for i in range(at, at + size * count, size):
    kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", core, i)
    if kind == 1 and length and core[offset:offset + 4] == b"\x7fELF":
        core[i + 32:i + 40] = bytes(8)
open(sys.argv[2], "wb").write(core)
END
}

# Nothing at all can be compared: a file that does not fit is no worse than none.
test_nothing_to_compare() {
    local bare=(--remove-section .note.gnu.build-id)
    guest_of anonymous "${bare[@]}"
    headless "$CORE" "$WORK/headless.core"
    CORE=$WORK/headless.core
    works_with_layout
    another "${bare[@]}"
    refuses 3 'no build-id to compare .*libguest\.so with: if it is another.*--exe or --sysroot' \
        jeheap info "$CORE"
    refuses 3 'nothing decodes with --layout; .*libguest\.so with: if it is another' \
        jeheap info "$CORE" --layout 5.1.0,lg_page=16
    works_with_layout
    err_has 'warning: there is no build-id to compare .*libguest.so with, and it does not fit'
    another "${bare[@]}" --strip-all
    refuses 3 'no build-id to compare .*libguest\.so with: if it is another' jeheap info "$CORE"
    works_with_layout
    cp "$AWAY" "$PLACE"
    works_with_symbols
    err_has 'warning: there is no build-id to compare .*libguest\.so with; it is assumed'
}

# Nothing can be compared by build-id: then by what the program headers load.
test_no_build_ids() {
    local bare=(--remove-section .note.gnu.build-id)
    guest_of anonymous "${bare[@]}"
    another "${bare[@]}"
    refuses 3 'is not the .*libguest\.so that was running: its program headers differ' \
        jeheap info "$CORE"
    works_with_layout
    another "${bare[@]}" --strip-all
    refuses 3 'its program headers differ' jeheap info "$CORE"
    works_with_layout
    cp "$AWAY" "$PLACE"
    works_with_symbols
    err_has 'warning: there is no build-id to compare .*libguest\.so with'
}

# The files of another machine, or of a container.
test_sysroot() {
    local root=$WORK/sysroot
    guest_of visitor
    mkdir -p "$root${PLACE%/*}" "$WORK/emptyroot"
    cp "$AWAY" "$PLACE"
    refuses 2 'there is no such folder' jeheap info "$CORE" --sysroot "$WORK/nowhere"
    refuses 2 'there is no such folder' jeheap info "$CORE" --sysroot "$AWAY"
    refuses 3 'is not here' jeheap info "$CORE" --sysroot "$WORK/emptyroot"
    works_with_symbols --sysroot "$WORK/emptyroot" --exe "$AWAY"
    works_with_symbols --sysroot /
    another
    mv "$PLACE" "$root$PLACE"
    cp "$AWAY" "$PLACE"
    refuses 3 'sysroot/.*libguest\.so is not the ' jeheap info "$CORE" --sysroot "$root"
    cp "$AWAY" "$root$PLACE"
    rm "$PLACE"
    works_with_symbols --sysroot "$root/"
    ln -sf "$AWAY" "$root$PLACE" # leads out of the folder
    refuses 3 'is not here' jeheap info "$CORE" --sysroot "$root"
    mkdir -p "$root/usr/store"
    cp "$AWAY" "$root/usr/store/guest"
    ln -sf /usr/store/guest "$root$PLACE" # as from that root
    works_with_symbols --sysroot "$root"
    ln -sf "../../../../../../../../../../usr/store/guest" "$root$PLACE" # no way out
    works_with_symbols --sysroot "$root"
}

# Symbols in a file of their own, there as well.
test_debug_files_in_sysroot() {
    local root=$WORK/debugroot id
    guest_of visitor
    mkdir -p "$root${PLACE%/*}"
    strip -o "$root$PLACE" "$AWAY" || fail "strip"
    status 0 jeheap info "$CORE" --json --sysroot "$root"
    ask are "$OUT" layout.learnt_from.root=inferred
    id=$(ask get "$OUT" modules | grep -o 'libguest[^}]*build_id[^0-9a-f]*[0-9a-f]*' | grep -o '[0-9a-f]*$')
    mkdir -p "$root/usr/lib/debug/.build-id/${id:0:2}"
    objcopy --only-keep-debug "$AWAY" "$root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
    works_with_symbols --sysroot "$root"
}

# Without a build-id a file of symbols is proven by its checksum, which stands in the link to it.
test_debug_file_by_checksum() {
    guest_of anonymous --remove-section .note.gnu.build-id
    objcopy --only-keep-debug "$AWAY" "${PLACE%.so}.debug" || fail "objcopy"
    objcopy --strip-all --add-gnu-debuglink="${PLACE%.so}.debug" "$AWAY" "$PLACE" || fail "objcopy"
    works_with_symbols
    echo >>"${PLACE%.so}.debug"
    status 0 jeheap info "$CORE" --json
    ask are "$OUT" layout.learnt_from.root=inferred
    rm "${PLACE%.so}.debug"
}

# As compilers write it with -g alone: what the macros would tell is learnt from the types.
test_debug_information_without_macros() {
    guest_of plain --remove-section .debug_macro
    cp "$AWAY" "$PLACE"
    works_with_symbols
    ask are "$OUT" layout.learnt_from.lg_vaddr=dwarf layout.name=5.3.0,lg_vaddr=48,lg_page=12,lg_quantum=4
    rm "$PLACE"
}

# A process without build-ids: what is mapped is what runs.
test_running_without_build_ids() {
    small idless -Wl,--build-id=none
    status 0 jeheap info "${PID[idless]}"
    if grep -q build-id "$ERR"; then fail "$(said)"; fi
}
