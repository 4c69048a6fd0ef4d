# Functions that count tests: all add to one sum.
passed=0 failed=0 skipped=0

say() { printf '%s\n' "$*"; }

# Counts a command as one check. Its output is shown when it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    say "ok   $name"
  else
    failed=$((failed + 1))
    say "FAIL $name"
    printf '%s\n' "$output"
  fi
}

# Counts a program that prints "N passed, N failed[, N skipped]" as its last line.
counted() {
  local name=$1 output status last
  shift
  output=$("$@" 2>&1)
  status=$?
  last=$(printf '%s\n' "$output" | tail -n 1)
  if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    add "$name" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-0}"
    [ "${BASH_REMATCH[2]}" -eq 0 ] || printf '%s\n' "$output" | grep '^FAIL'
    printf '%s\n' "$output" | grep '^skip'
    [ "$status" -eq 0 ] || [ "${BASH_REMATCH[2]}" -gt 0 ] || add "$name: exit status $status" 0 1 0
  else
    printf '%s\n' "$output"
    add "$name: no count at the end" 0 1 0
  fi
}

add() {
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
  say "$([ "$3" -eq 0 ] && echo 'ok  ' || echo FAIL) $1: $2 passed, $3 failed, $4 skipped"
}

# Sums a file of lines "passed|failed|skipped" that a Python snippet prints.
sum_lines() {
  local name=$1 lines=$2
  add "$name" "$(grep -c '^passed' <<<"$lines")" "$(grep -c '^failed' <<<"$lines")" \
    "$(grep -c '^skipped' <<<"$lines")"
  grep -E '^(failed|skipped)' <<<"$lines"
}

# Counts tests of cmocka programs one by one: every test is a line "[       OK ] name" of its program.
ctest_part() {
  local dir=$1 name=$2 log lines
  log=$dir/ctest.log
  ctest --test-dir "$dir" --verbose --timeout 600 >"$log" 2>&1
  local status=$?
  lines=$(sed -nE 's/^[0-9]+: \[       OK \] (.*)/passed \1/p; s/^[0-9]+: \[  FAILED  \] ([^ ]*)$/failed \1/p; s/^[0-9]+: \[  SKIPPED \] ([^ ]*)$/skipped \1/p' "$log" | sort -u)
  if [ "$status" -ne 0 ] && ! grep -q '^failed' <<<"$lines"; then
    lines+=$'\nfailed a test program: see '$log
  fi
  [ -n "$lines" ] || lines="failed no test was run: see $log"
  sum_lines "$name" "$lines"
  [ "$status" -eq 0 ] || tail -n 30 "$log"
}

build_preset() { cmake --preset "$1" && cmake --build --preset "$1"; }

# Counts cells of `jeconform run` or `constants`. A pin whose source cannot be fetched here is skipped.
matrix_part() {
  local report=$1 command=$2 status lines
  shift 2
  rm -f "$report" # one of an earlier run would be taken for this one's
  build/bin/jeconform "$command" --report-json "$report" "$@"
  status=$?
  lines=$(python3 ci/report_cells.py "$report") || lines="failed no report: $report"
  if [ "$status" -ne 0 ] && ! grep -q '^failed' <<<"$lines"; then
    lines+=$'\nfailed '"jeconform $command: exit status $status"
  fi
  sum_lines "$command" "$lines"
}

finish() {
  say
  say "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
