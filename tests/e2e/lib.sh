# What the end-to-end tests in shell share: a leatd that is started on port 0,
# waited for and ended, and a runner of functions.
# shellcheck shell=sh

: "${LEATD:?must name the leatd to be tested}"
dir=$(mktemp -d)
leatd_pid='' failed=0 ran=0
# Left behind by a test that was killed, it still ends.
lifetime=150s

cleanup() {
    [ -z "$leatd_pid" ] || kill -KILL "$leatd_pid" 2>/dev/null || :
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "  $*" >&2
    failed=1
}

# equal WHAT WANTED FOUND
equal() {
    [ "$2" = "$3" ] || fail "$1: wanted '$2', found '$3'"
}

# size FULL REDUCED - the one to be used.
size() {
    if [ "${LEAT_SLOW:-}" = 1 ]; then echo "$2"; else echo "$1"; fi
}

# start [ARGUMENT]... - start leatd; sets leatd_pid and ready, its ready line.
start() {
    rm -f "$dir/ready"
    mkfifo "$dir/ready"
    "$LEATD" --ready-fd 3 --lifetime "$lifetime" "$@" \
        3>"$dir/ready" 2>"$dir/log" </dev/null &
    leatd_pid=$!
    read -r ready <"$dir/ready" || {
        cat "$dir/log" >&2
        fail "leatd did not start"
        exit 1
    }
}

# port FAMILY [NAME] - the port from the ready line.
port() {
    echo "$ready" | tr '{' '\n' |
        sed -n "/\"name\":\"${2:-[^\"]*}\".*\"$1\"/s/.*\"port\":\([0-9]*\).*/\1/p" |
        head -n 1
}

# check_log - nothing of a sanitizer, no warning.
check_log() {
    if grep -E 'Sanitizer|runtime error:|==[0-9]+==| warn |^leatd: ' "$dir/log"
    then
        fail "this should not be in the log"
    fi
}

# stop [SIGNAL [STATUS]] - end leatd, assert its exit status and its log.
stop() {
    kill -s "${1:-TERM}" "$leatd_pid"
    status=0
    wait "$leatd_pid" || status=$?
    leatd_pid=''
    equal "exit status" "${2:-0}" "$status"
    check_log
}

# bounded COMMAND... - a client that hangs is ended and fails.
bounded() {
    timeout 100 "$@"
}

# run_tests NAME... - run functions, each on its own leatd if it starts one.
run_tests() {
    for name in "$@"; do
        before=$failed
        failed=0
        "$name"
        ran=$((ran + 1))
        if [ "$failed" = 0 ]; then
            echo "ok      $name"
        else
            echo "FAILED  $name"
        fi
        failed=$((failed + before))
    done
    [ "$failed" = 0 ] && [ "$ran" -gt 0 ]
}
