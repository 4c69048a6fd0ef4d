# The front of jeheap: help, and what is said of a command line that was not meant so. The rows of
# commands and options are in decoder/cli/command_rows.c and option_rows.c.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.bash

needs stock 5.3.0 default

# ---- help ----------------------------------------------------------------------------------------

test_help() {
    local command help
    status 0 jeheap --help
    out_has '^usage: jeheap COMMAND TARGET'
    for command in info find extents extent layout skeleton help version; do
        out_has "^  $command( |$)"
    done
    [ ! -s "$ERR" ] || fail "something on stderr: $(said)"
    out_has ': C committed,'
    out_has ' H first of its mapping, P '
    ! grep -E '.{81}' "$OUT" >"$WORK/wide" || fail "more than 80 columns: $(head -n 1 "$WORK/wide")"
    cp "$OUT" "$WORK/help"
    for help in -h help 'nope --help'; do
        # shellcheck disable=SC2086
        status 0 jeheap $help
        same_file "$WORK/help" "$OUT" "$help"
    done
}

test_version() {
    local version
    for version in --version version 'info 1 --version'; do
        # shellcheck disable=SC2086
        status 0 jeheap $version
        out_has '^jeheap [0-9]'
        [ "$(wc -l <"$OUT")" -eq 1 ] || fail "more than one line"
    done
    refuses 2 'too many arguments: x; see jeheap help version' jeheap version x
}

# Of one command: what it takes, its examples, what its exit statuses mean.
test_help_of_a_command() {
    local command
    for command in info find extents extent layout skeleton; do
        status 0 jeheap "$command" --help
        cp "$OUT" "$WORK/help"
        out_has "^usage: jeheap $command TARGET"
        out_has '^examples:$'
        out_has "^  (.* )?jeheap $command "
        out_has '^exit status:$'
        ! grep -E '.{81}' "$OUT" || fail "more than 80 columns"
        for help in "help $command" "$command 1234 -h" "-h $command" "$command --help --nope"; do
            # shellcheck disable=SC2086
            status 0 jeheap $help
            same_file "$WORK/help" "$OUT" "$help"
        done
    done
    status 0 jeheap extents --help
    out_has '^  --state S .*: active, dirty,'
    out_has '^  1  something is corrupt$'
    ! grep -q -e --lg-vaddr "$OUT" || fail "extents takes no --lg-vaddr"
    status 0 jeheap layout --help
    out_has '^       jeheap layout --jemalloc VERSION \[OPTION'
    out_has '^  -q, --quiet '
    out_has '^  --machine NAME .*x86_64'
    ! grep -q '^  1 ' "$OUT" || fail "layout does not end with 1"
    status 0 jeheap version --help
    ! grep -q '^  3 ' "$OUT" || fail "version does not end with 3"
    refuses 2 'no command nope; see' jeheap help nope
    refuses 2 'no command fnid; did you mean find\?$' jeheap help fnid
    refuses 2 'too many arguments: extents' jeheap help find extents
}

# ---- did you mean --------------------------------------------------------------------------------

test_did_you_mean() {
    local long
    long=$(printf '%040d' 0)
    refuses 2 'no command infos; did you mean info\?$' jeheap infos 1
    refuses 2 'no command ifno; did you mean info\?$' jeheap ifno 1
    refuses 2 'no command ext; did you mean extents\?$' jeheap ext 1
    refuses 2 'no command extet; did you mean extent\?$' jeheap extet 1 # extents is farther
    refuses 2 'no command x; see' jeheap x
    refuses 2 "no command x$long; see" jeheap "x$long"
    refuses 2 'no option --jsno; did you mean --json\?$' jeheap info 1 --jsno
    refuses 2 'no option --arenaa; did you mean --arena\?$' jeheap info 1 --arenaa=3
    refuses 2 'no option --lg-vadr; did you mean --lg-vaddr\?$' jeheap layout --lg-vadr 3
    refuses 2 'no option -j; did you mean --json\?$' jeheap info 1 -json
    refuses 2 'no option -s; did you mean --slab\?$' jeheap extents 1 -slab --json
    refuses 2 'no option -x; see jeheap --help$' jeheap info -x 1
    refuses 2 '^jeheap: -- is the beginning of several options: --exe, .*, --version$' jeheap info --=3
    refuses 2 'not "ditry"; did you mean dirty\?$' jeheap extents 1 --state ditry
    refuses 2 'not "alwys"; did you mean always\?$' jeheap info 1 --color alwys
    refuses 2 'not "x86-64"; did you mean x86_64\?$' jeheap layout --jemalloc 5.3.0 --machine x86-64
    refuses 2 'jemalloc 5\.31; .*did you mean 5\.3\.1\?' jeheap layout --jemalloc 5.31
}

# ---- another order -------------------------------------------------------------------------------

# What is said ends with a command, which is then right as far as its words go.
test_another_order() {
    local spaced="$WORK/a b'c"
    small tiny
    core_of tiny
    refuses 2 'the command comes first: jeheap info 1234$' jeheap 1234
    refuses 2 'the command comes first: jeheap info 1234$' jeheap 1234 info
    refuses 2 "the command comes first: jeheap info $CORE\$" jeheap "$CORE"
    refuses 2 "the command comes first: jeheap extents $CORE --slab\$" jeheap "$CORE" extents -- --slab
    refuses 2 "the command comes first: jeheap find $CORE 0x1000\$" jeheap "$CORE" 0x1000
    refuses 2 "the command comes first: jeheap info ${EXE[tiny]} $CORE\$" jeheap "${EXE[tiny]}" "$CORE"
    : >"$spaced"
    refuses 2 "the command comes first: jeheap info '.*/a b'\\\\''c'\$" jeheap "$spaced"
    refuses 2 "the command comes first: jeheap find 1 '' 0{2000}" jeheap 1 '' "$(printf '%03000d' 0)"
    refuses 2 'no command .*/cli' jeheap "$CLI_DIR" # a folder

    refuses 2 "the target comes before the addresses: jeheap find $CORE 0x1000\$" jeheap find 0x1000 "$CORE"
    refuses 2 "the target comes before the addresses: jeheap find $CORE 1000 2000\$" \
        jeheap find 1000 2000 "$CORE"
    refuses 2 "the target comes before the addresses: jeheap extent ${PID[tiny]} 0x1000\$" \
        jeheap extent 0x1000 "${PID[tiny]}"
    refuses 3 'process 999999999: there is no such process' jeheap find 999999999 "${PID[tiny]}"
    refuses 3 'No such file' jeheap find 0x1000 0x2000

    refuses 2 "the program comes before its core: jeheap info ${EXE[tiny]} $CORE\$" \
        jeheap info "$CORE" "${EXE[tiny]}"
    refuses 2 "the program comes before its core: jeheap find ${EXE[tiny]} $CORE 0x1000\$" \
        jeheap find "$CORE" "${EXE[tiny]}" 0x1000
    refuses 2 '^jeheap: - is no target; .*: zstd -dc core.zst \| jeheap find /dev/stdin$' \
        jeheap find - 0x1000
    refuses 2 ': jeheap find 1 0x\.\.\.$' jeheap find 1
}

# What may be a program is looked at; a pipe is not, and nothing of it is taken.
test_program_or_not() {
    small tiny
    core_of tiny
    need_tool "$CC"
    echo 'int main(void) { return 0; }' | "$CC" -no-pie -x c -o "$WORK/fixed" - || fail "no program"
    refuses 2 "the program comes before its core: jeheap info $WORK/fixed" jeheap info "$CORE" "$WORK/fixed"
    head -c 100 /dev/zero >"$WORK/zeroes"
    refuses 2 'too many arguments' jeheap info "$CORE" "$WORK/zeroes"
    mkfifo "$WORK/fifo"
    refuses 2 'too many arguments' jeheap info "$CORE" "$WORK/fifo"
    refuses 2 'no address: .*fifo' jeheap find "$CORE" "$WORK/fifo"
    status 0 jeheap info "$WORK/fixed" "$CORE" --exe "${EXE[tiny]}"
}

# ---- what is made from the rows for others -------------------------------------------------------

# All commands and options are in it, and mandoc has nothing to say; groff would print the forms of all
# commands in one line if .Nm did not stand alone.
test_manual() {
    local word
    need_tool mandoc
    status 0 jeheap manual
    cp "$OUT" "$WORK/jeheap.1"
    mandoc -T lint -W warning "$WORK/jeheap.1" >"$WORK/lint" || fail "mandoc: $(head -n 3 "$WORK/lint")"
    mandoc -T utf8 "$WORK/jeheap.1" | sed 's/.\x08//g' >"$OUT"
    ! grep -q '^\.Nm C' "$WORK/jeheap.1" || fail "a name does not begin a line"
    out_has '^ +jeheap skeleton TARGET -o, --output FILE \[OPTION \.\.\.\]$'
    for word in $(all_options) find completion 'active, dirty,' 'not owned' 'jeheap find 1234'; do
        grep -q -e "$word" "$OUT" || fail "the manual page has no $word"
    done
}

# The names of all options, from the help.
all_options() {
    "$JEHEAP" --help | grep -Eo -- '--[a-z0-9-]+' | sort -u
}

# completes WANTED WORD...: what bash proposes for the last word.
completes() {
    local wanted=$1
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    _jeheap
    [[ " ${COMPREPLY[*]} " == *" $wanted "* ]] || fail "$* gives ${COMPREPLY[*]}, not $wanted"
}

test_completion_bash() {
    status 0 jeheap completion bash
    # shellcheck disable=SC1090
    source "$OUT"
    completes extents jeheap ext
    completes version jeheap ''
    completes --min-size jeheap extents 1 --m
    completes --machine jeheap layout --m
    completes --help jeheap -
    completes dirty jeheap extents 1 --state d
    completes dirty jeheap extents 1 --state = d
    completes muzzy jeheap extents 1 --state =
    completes i386 jeheap layout --jemalloc 5.3.0 --machine i
    completes fish jeheap completion f
    completes find jeheap help f
    cd "$CLI_DIR" || fail "no $CLI_DIR"
    completes lib.bash jeheap info li
    completes lib.bash jeheap info 1 --exe l
    ! (completes --state jeheap find 1 --s) || fail "find takes no --state"
    ! (completes lib.bash jeheap extents 1 --arena l) || fail "--arena takes no file"
}

# shellcheck disable=SC2016
test_completion_other_shells() {
    need_tool zsh fish
    status 0 jeheap completion zsh
    zsh -n "$OUT" || fail "zsh does not read it"
    cp "$OUT" "$WORK/_jeheap"
    zsh -f -c 'autoload -U compinit && compinit -u -D && source "$1" 2>/dev/null; whence _jeheap' \
        zsh "$WORK/_jeheap" >/dev/null || fail "zsh has no _jeheap"
    status 0 jeheap completion fish
    cp "$OUT" "$WORK/jeheap.fish"
    HOME=$WORK fish -c 'source $argv[1]; complete -C "jeheap extents 1 --state d"' "$WORK/jeheap.fish" \
        >"$OUT" 2>"$ERR" || fail "fish: $(said)"
    out_has '^dirty'
    HOME=$WORK fish -c 'source $argv[1]; complete -C "jeheap sk"' "$WORK/jeheap.fish" >"$OUT"
    out_has '^skeleton.*a core to share'
    HOME=$WORK fish -c 'source $argv[1]; complete -C "jeheap find 1 --s"' "$WORK/jeheap.fish" >"$OUT"
    out_has '^--sysroot'
    ! grep -q -e --state "$OUT" || fail "find takes no --state"
    refuses 2 'completion takes a shell, bash, zsh or fish, not "tcsh"$' jeheap completion tcsh
    refuses 2 'completion takes a shell, .*, not ""$' jeheap completion
}
