#!/bin/bash -eu
# The build for OSS-Fuzz and ClusterFuzzLite: builds every target of targets/CMakeLists.txt into $OUT, with
# its seeds, its dictionary and its options. They set CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE,
# SANITIZER, SRC, OUT and WORK.
#
# elfutils and zlib are built with the same flags when $SRC has their sources. Else the system's static
# libraries are linked. MemorySanitizer needs all code to be built with it, so without these sources only
# targets without libraries are built for it.
#
# With jemalloc's repository in $SRC each pin in it becomes an oracle of fuzz_oracle; without it, each
# jemalloc in JEHEAP_CACHE.
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

# jemalloc is not fuzzed but compared with, so it is built with its own compiler and flags.
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

# Only OSS-Fuzz's flags are used: no build type, which would add some.
cmake -S "$project" -B "$WORK/build" -G Ninja -DCMAKE_BUILD_TYPE=None -DJEHEAP_WERROR=OFF \
  -DJEHEAP_FUZZ_ONLY=ON -DJEHEAP_FUZZ_ENGINE=given -DJEHEAP_STATIC=ON \
  -DCMAKE_CXX_STANDARD_LIBRARIES="-Wl,-Bstatic $libraries -Wl,-Bdynamic -ldl -lpthread"
cmake --build "$WORK/build" --target "$part"

for program in "$WORK"/build/fuzz/fuzz_*; do
  name=$(basename "$program")
  stage=${name#fuzz_}
  [ "$stage" != empty ] || continue # it is there to be measured against, and finds nothing
  # without a jemalloc fuzz_oracle compares nothing
  [ "$stage" != oracle ] || grep -q '&oracle_' "$WORK/build/targets/oracles.c" || continue
  cp "$program" "$OUT/"
  [ ! -e "$project/corpora/dict/$stage.dict" ] || cp "$project/corpora/dict/$stage.dict" "$OUT/$name.dict"
  # Names are whole hashes, because a seed and a regression may have the same name.
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
