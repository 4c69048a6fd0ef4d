#!/bin/bash -eu
# OSS-Fuzz's and ClusterFuzzLite's build: every target of targets/CMakeLists.txt into $OUT, with
# its seeds, its dictionary and its options. CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, SANITIZER,
# SRC, OUT and WORK come from there.
#
# elfutils and zlib are built from $SRC with the same flags, where they are. Where those
# are not, the system's static libraries do, but for MemorySanitizer, which would not know what they
# wrote: then only the targets are built that need none.
#
# jemalloc's repository in $SRC makes jemalloc's own functions oracles for fuzz_oracle: of each pin that
# is in it. Without it, those that JEHEAP_CACHE has already.
project=$SRC/jeheap
export PREFIX=$WORK/deps
part=fuzz_all
libraries=-lz
if [ -d "$SRC/elfutils" ]; then
  "$project/ci/oss-fuzz/libraries.sh"
  libraries="-L$PREFIX/lib -lz"
  export PKG_CONFIG_LIBDIR=$PREFIX/lib/pkgconfig
elif [ "$SANITIZER" = memory ]; then
  part=fuzz_pure
else
  libraries="-llzma -lbz2 -lz"
fi

# jemalloc is what a decoder is held against, not what is fuzzed: its own compiler and flags.
if [ -d "$SRC/jemalloc" ]; then
  export JEHEAP_CACHE=$WORK/jemalloc
  for pin in $(python3 -c 'import json, sys; print(*(pin["name"] for pin in json.load(sys.stdin)["pins"]))' \
    <"$project/harness/pins.json"); do
    for config in default la57; do
      env -u CC -u CXX -u CFLAGS -u CXXFLAGS JEHEAP_JEMALLOC_GIT="$SRC/jemalloc" cmake -DPIN="$pin" \
        -DCONFIG="$config" -DSTAGE=jemalloc -P "$project/harness/cmake/cell.cmake"
    done
  done
fi

# Flags are OSS-Fuzz's alone: no build type adds to them.
cmake -S "$project" -B "$WORK/build" -G Ninja -DCMAKE_BUILD_TYPE=None -DJEHEAP_WERROR=OFF \
  -DJEHEAP_FUZZ_ONLY=ON -DJEHEAP_FUZZ_ENGINE=given -DJEHEAP_STATIC=ON \
  -DCMAKE_CXX_STANDARD_LIBRARIES="-Wl,-Bstatic $libraries -Wl,-Bdynamic -ldl -lpthread"
cmake --build "$WORK/build" --target "$part"

for program in "$WORK"/build/fuzz/fuzz_*; do
  name=$(basename "$program")
  stage=${name#fuzz_}
  [ "$stage" != empty ] || continue # it is there to be measured against, and finds nothing
  # without a jemalloc at hand it compares nothing
  [ "$stage" != oracle ] || grep -q '&oracle_' "$WORK/build/targets/oracles.c" || continue
  cp "$program" "$OUT/"
  [ ! -e "$project/corpora/dict/$stage.dict" ] || cp "$project/corpora/dict/$stage.dict" "$OUT/$name.dict"
  # Whole hashes for names: seeds and regressions may be called alike.
  python3 - "$OUT/${name}_seed_corpus.zip" "$project"/corpora/{seeds,regressions}/"$stage" <<'PYTHON'
import hashlib, pathlib, sys, zipfile
files = [f for d in sys.argv[2:] for f in sorted(pathlib.Path(d).glob("**/*")) if f.is_file()]
if files:
    with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as out:
        for data in sorted({f.read_bytes() for f in files}):
            out.writestr(hashlib.sha1(data).hexdigest(), data)
PYTHON
  {
    printf '[libfuzzer]\nmax_len = 65536\ntimeout = 10\nuse_value_profile = 1\n'
    [ ! -e "$OUT/$name.dict" ] || printf 'dict = %s.dict\n' "$name"
    printf '\n[asan]\nquarantine_size_mb = 16\n'
  } >"$OUT/$name.options"
done
