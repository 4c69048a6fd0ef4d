# Tools of ci/ whose verdict no other test sees.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

# judged FILE: what ci/coverage says of a tree where decoder/walk.c has four lines, all of them covered,
# and decoder/heap/arena.c ten, of which the last two and one way of two branches are not.
judged() {
    python3 - "$ROOT_DIR/ci" "$WORK/judged" <<'END' >"$OUT" 2>"$ERR" || fail "$(said)"
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import coverage_judge as j

j.TOP = pathlib.Path(sys.argv[2])
j.EXCEPTIONS, j.FLOORS = j.TOP / "exceptions", j.TOP / "floors"
files = {"decoder/walk.c": ({n: 1 for n in range(1, 5)}, {}, (0, 0)),
         "decoder/heap/arena.c": ({n: n < 9 for n in range(1, 11)},
                                  {(1, 5, 1, 8): [3, 0], (2, 5, 2, 8): [1, 1]}, (0, 0))}
folders = [j.Folder(name, files) for name in ("decoder", "decoder/heap")]
well, bad, wrong = j.judge(folders, ["decoder/heap"])
print(*wrong, sep="\n")
print("well", well, "bad", bad, "gaps", j.write_gaps(j.TOP / "gaps", folders))
END
}

test_coverage_floors() {
    local tree=$WORK/judged
    mkdir -p "$tree/decoder/heap"
    printf 'word%d\n' 1 2 3 4 >"$tree/decoder/walk.c"
    printf 'if (a%d) b;\n' 1 2 3 4 5 6 7 8 9 10 >"$tree/decoder/heap/arena.c"
    : >"$tree/exceptions"
    echo 'decoder/heap | 80 | 75' >"$tree/floors"
    judged
    out_has '^ok   decoder: lines 4 of 4 \(100\.00 %\), branches 0 of 0 \(100\.00 %\), 0 exceptions$'
    out_has '^ok   decoder/heap: lines 8 of 10 \(80\.00 %\), with exceptions 80\.00 %, floor 80 %, '
    out_has ', branches 3 of 4 \(75\.00 %\), with exceptions 75\.00 %, floor 75 %, 0 exceptions$'
    out_has '^well 2 bad 0 gaps 3$'
    ! grep -q 'raise\|FAIL' "$OUT" || fail "$(<"$OUT")"
    [ "$(cut -d: -f1-3 "$tree/gaps" | paste -sd' ')" = \
        'decoder/heap/arena.c:1: never false decoder/heap/arena.c:9: line decoder/heap/arena.c:10: line' ] ||
        fail "$(<"$tree/gaps")"

    echo 'decoder/heap | 80.1 | 74' >"$tree/floors"
    judged
    out_has '^FAIL decoder/heap: .* floor 80\.1 %'
    out_has '^FAIL decoder/heap/arena.c:9: line: if \(a9\) b;$'
    out_has '^ *decoder/heap: raise the floor of branches from 74 %: measured 75\.00 %$'
    out_has '^well 1 bad 1 '

    echo 'decoder/heap/arena.c | if (a9) b; | line | by hand' >"$tree/exceptions"
    judged
    out_has '^ok   decoder/heap: lines 8 of 10 \(80\.00 %\), with exceptions 90\.00 %, floor 80\.1 %, .* 1 exceptions$'
    out_has '^ *decoder/heap: raise the floor of lines from 80\.1 %: measured 90\.00 %$'
    out_has '^well 2 bad 0 gaps 2$'
    echo 'decoder/heap/arena.c | if (a8) b; | line | it is covered' >>"$tree/exceptions"
    judged
    out_has 'exception decoder/heap/arena.c \| if \(a8\) b; \| line: it is covered$'

    : >"$tree/exceptions"
    printf '%s\n' '# none' 'decoder | 1 | 1' 'decoder/heap | much | 1' 'decoder/heap | 1' >"$tree/floors"
    judged
    out_has '^FAIL decoder/heap: lines 8 of 10 \(80\.00 %\), branches 3 of 4'
    out_has 'floors:2: decoder has no floor; those that may have one: decoder/heap$'
    out_has 'floors:3: not folder \| percent of lines \| percent of branches$'
    out_has 'floors:4: not folder'
    printf '%s\n' 'decoder/heap | 1 | 1' 'decoder/heap | 2 | 2' >"$tree/floors"
    judged
    out_has 'floors:2: a second floor of decoder/heap$'
}
