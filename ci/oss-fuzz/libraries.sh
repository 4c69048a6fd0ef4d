#!/bin/bash -eu
# Builds zlib, libelf and libdw as static libraries below $PREFIX, from $SRC, with CC and CFLAGS: with the
# sanitizer, and with coverage, which leads the fuzzer through libdw. zlib is among them because
# MemorySanitizer must see which bytes it writes.
mkdir -p "$PREFIX/lib/pkgconfig" "$PREFIX/include/elfutils" "$WORK/elfutils"
jobs=$(nproc)

# Programs that the build itself runs must not fail because of leaks.
export ASAN_OPTIONS=detect_leaks=0
cp -r "$SRC/zlib" "$WORK/zlib"
(cd "$WORK/zlib" && CFLAGS="$CFLAGS -w" ./configure --static --prefix="$PREFIX" && make -j"$jobs" libz.a)
cp "$WORK/zlib/libz.a" "$PREFIX/lib/"
cp "$WORK"/zlib/{zlib,zconf}.h "$PREFIX/include/"

cd "$WORK/elfutils"
maintainer=
if [ ! -x "$SRC/elfutils/configure" ]; then # from git: without what releases have made already
  (cd "$SRC/elfutils" && autoreconf -i -f)
  maintainer=--enable-maintainer-mode
fi
# configure's checks that link a shared library fail with sanitizers, so they run without.
CFLAGS="-O1 -w" CXXFLAGS="-O1 -w" "$SRC/elfutils/configure" $maintainer \
  --disable-debuginfod --disable-libdebuginfod --disable-demangler --disable-nls \
  --disable-symbol-versioning --without-bzlib --without-lzma --without-zstd
# Builds only the libraries, and only their static variants.
flags="$CFLAGS -w"
make -C lib -j"$jobs" libeu.a CFLAGS="$flags"
make -C libelf -j"$jobs" libelf.a CFLAGS="$flags"
make -C libebl -j"$jobs" libebl.a libebl_pic.a CFLAGS="$flags"
make -C libcpu -j"$jobs" libcpu_pic.a CFLAGS="-O1 -w"
make -C backends -j"$jobs" libebl_backends.a libebl_backends_pic.a CFLAGS="$flags"
make -C libdwelf -j"$jobs" libdwelf.a libdwelf_pic.a CFLAGS="$flags"
make -C libdwfl -j"$jobs" libdwfl.a libdwfl_pic.a CFLAGS="$flags"
make -C libdw -j"$jobs" known-dwarf.h
make -C libdw -j"$jobs" libdw.a CFLAGS="$flags"
cp libelf/libelf.a libdw/libdw.a "$PREFIX/lib/"
cp libcpu/libcpu_pic.a "$PREFIX/lib/libcpu.a" # its disassemblers are named, and never called
cp "$SRC"/elfutils/libelf/{libelf,gelf,nlist,elf-knowledge}.h "$SRC/elfutils/libelf/elf.h" "$PREFIX/include/"
cp "$SRC/elfutils/libdw/dwarf.h" "$PREFIX/include/"
cp "$SRC/elfutils/libdw/libdw.h" "$SRC/elfutils/libdwelf/libdwelf.h" version.h \
  "$SRC/elfutils/libelf/elf-knowledge.h" "$PREFIX/include/elfutils/"

# NAME LIBRARY...
package() {
  local name=$1
  shift
  printf 'Name: %s\nDescription: static\nVersion: 0\nCflags: -I%s/include\nLibs: -L%s/lib %s\n' \
    "$name" "$PREFIX" "$PREFIX" "$*" >"$PREFIX/lib/pkgconfig/$name.pc"
}
package libelf -lelf
package libdw -ldw -lcpu -lelf
