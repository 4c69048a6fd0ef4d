# The reports of jeconform, from one that was kept (tests/report/sample.json): passed, failed, skipped cells,
# mismatches of each kind, text that looks like markup.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

SAMPLE=$ROOT_DIR/tests/report/sample.json

sample() {
    status 1 jeconform report "$SAMPLE" "$@"
}

# html_has TEXT: in the page, as it stands there.
html_has() {
    grep -Fq -- "$1" "$WORK/r.html" || fail "the page has no $1"
}

test_text() {
    sample
    out_has '^5\.3\.1 +la57 +fail'
    out_has '^  heap: extent\.szind at 0x7f1c2d600000: expected 0x1f, seen 0x20$'
    out_has '^  constants: EXTENT_BITS_GUARDED_SHIFT: expected 0x11, seen 0x10$'
    out_has '^8 cells: 5 pass, 2 fail, 1 skip; 43399153 values compared, 3 mismatches$'
}

test_same_again() {
    sample --json --report-json "$WORK/again.json"
    [ "$(ask count "$OUT")" -eq 9 ] || fail "not a line for each cell and one for the totals"
    python3 -c 'import json, sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); sys.exit(a != b)' \
        "$SAMPLE" "$WORK/again.json" || fail "another report"
}

test_usage() {
    refuses 2 'argument is missing: report FILE' jeconform report
    refuses 2 'too many arguments: more' jeconform report "$SAMPLE" more
    refuses 3 "^jeconform: $WORK/none is no report" jeconform report "$WORK/none"
    for text in '[]' '{}' '{"cells":[]}' '{"cells":1,"totals":{}}' 'no JSON'; do
        echo "$text" >"$WORK/none"
        refuses 3 'is no report' jeconform report "$WORK/none"
    done
}

# Each mismatch as on the terminal, and how the report was made; what looks like markup is text.
test_html_says_all() {
    sample --report-html "$WORK/r.html"
    for text in '<dd>2026-01-31 12:00:00 UTC</dd>' '<code>jeconform run --report-html report.html</code>' \
        'Linux 6.1.0-18-amd64, x86_64, 2 processors' 'jeconform 0.1.0, compiler' \
        '<b>heap</b> <code>extent.szind</code>' '<code>0x7f1c2d600000</code>' \
        '<code class="expected">0x1f</code>' '<code class="seen">0x20</code>' \
        'leaf 0x7f1c2d000018: 0x1f007f1c2cc01281' '<code>jeconform run --pin 5.3.1 --config la57</code>' \
        '<code>jeconform run --pin 5.3.1 --config la57 --seed 7</code>' '<b>constants</b>' \
        '&lt;script&gt;document.title=&quot;taken&quot;&lt;/script&gt;' 'a &amp; b' '<b>43,399,153</b>' \
        'no source. tarball: JEHEAP_SOURCES is not set' '<summary>What the columns mean</summary>'; do
        html_has "$text"
    done
    ! grep -Eq '(src|href)=|@import|url\(|https?://' "$WORK/r.html" || fail "it needs another file"
    ! grep -q '<tr [^>]*hidden\|<section [^>]*hidden' "$WORK/r.html" || fail "without its script cells are hidden"
}

test_html_in_a_browser() {
    need_tool chromium
    sample --report-html "$WORK/r.html"
    mkdir "$WORK/pictures"
    PATIENCE=240 try python3 "$CLI_DIR/report_look.py" "$WORK/r.html" "$WORK/pictures"
    [ "$RC" -eq 0 ] || fail "$(said)"
    [ -z "${JEHEAP_PICTURES:-}" ] || cp "$WORK"/pictures/*.png "$JEHEAP_PICTURES"
}

# Reports of a run say when, where, by what command; and are the same but for that.
test_made() {
    JEHEAP_CACHE=$WORK/no-cache JEHEAP_JEMALLOC_GIT=$WORK/no-repository JEHEAP_SOURCES='' \
        status 0 jeconform --quiet run --pin 5.0.0 --report-json "$WORK/a file.json" --seed 3
    [ "$(ask get "$WORK/a file.json" made.command)" = \
        "jeconform --quiet run --pin 5.0.0 --report-json '$WORK/a file.json' --seed 3" ] ||
        fail "$(ask get "$WORK/a file.json" made.command)"
    [[ $(ask get "$WORK/a file.json" made.machine) == *"$(uname -r), $(uname -m), "* ]] || fail "the machine"
    ! ask get "$WORK/a file.json" made.machine | grep -Fqw -- "$(uname -n)" || fail "whose machine it is"
    [[ $(ask get "$WORK/a file.json" made.date) == "$(date -u +%Y)"-* ]] || fail "the date"
    ask get "$WORK/a file.json" made.versions varies >/dev/null
}
