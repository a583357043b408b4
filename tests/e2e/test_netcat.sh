#!/bin/sh
# People talk to leatd with nc, ncat and socat, over TCP v4, v6 and unix.
set -eu
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

# say COMMAND... - what a client prints that is given hi.
say() {
    printf 'hi\n' | bounded "$@" || fail "$* failed"
}

nc_gets_its_line_back() {
    start echo:0 "echo:unix:$dir/echo.sock"
    equal "v4" hi "$(say nc -N 127.0.0.1 "$(port tcp4)")"
    equal "v6" hi "$(say nc -N ::1 "$(port tcp6)")"
    equal "unix" hi "$(say nc -N -U "$dir/echo.sock")"
    stop
}

ncat_gets_its_line_back() {
    start echo:0 "echo:unix:$dir/echo.sock"
    equal "v4" hi "$(say ncat 127.0.0.1 "$(port tcp4)")"
    equal "v6" hi "$(say ncat ::1 "$(port tcp6)")"
    equal "unix" hi "$(say ncat -U "$dir/echo.sock")"
    stop
}

socat_gets_its_line_back() {
    start echo:0 "echo:unix:$dir/echo.sock"
    equal "v4" hi "$(say socat -t 30 - "TCP4:127.0.0.1:$(port tcp4)")"
    equal "v6" hi "$(say socat -t 30 - "TCP6:[::1]:$(port tcp6)")"
    equal "unix" hi "$(say socat -t 30 - "UNIX-CONNECT:$dir/echo.sock")"
    stop
}

discard_takes_all_and_answers_nothing() {
    start discard:0
    equal "answer" '' "$(head -c 1000000 /dev/urandom |
        bounded nc -N 127.0.0.1 "$(port tcp4)")"
    stop
    grep -q ' in=1000000 out=0 .*reason=eof$' "$dir/log" ||
        fail "no access line with in=1000000"
}

the_session_of_the_readme_works() {
    start echo:0,idle=30s discard:0 "echo:unix:$dir/leat.sock"
    equal "echo" hi "$(say nc -N 127.0.0.1 "$(port tcp4 echo)")"
    equal "discard" '' "$(say nc -N 127.0.0.1 "$(port tcp4 discard)")"
    equal "echo-2" hi "$(say nc -N -U "$dir/leat.sock")"
    stop INT
    [ ! -e "$dir/leat.sock" ] || fail "the unix socket was left behind"
}

# Its fixed port is free for sure only in a network of our own.
without_a_listener_it_is_echo_on_7000_and_says_how_to_try() {
    if ! unshare -rn true 2>/dev/null; then
        echo "skip    no network namespace for us: the default listener"
        return
    fi
    bounded unshare -rn sh -s "$LEATD" "$dir" <<'END' || fail "status $?"
ip link set lo up
mkfifo "$2/fifo"
"$1" --ready-fd 3 3>"$2/fifo" 2>"$2/log" &
read -r _ <"$2/fifo"
printf 'hi\n' | nc -N 127.0.0.1 7000 >"$2/answer"
kill "$!"
wait "$!"
END
    equal "answer" hi "$(cat "$dir/answer")"
    grep -q '^[0-9TZ.:-]* info try: nc 127.0.0.1 7000$' "$dir/log" ||
        fail "no hint in the log: $(cat "$dir/log")"
    check_log
}

run_tests nc_gets_its_line_back ncat_gets_its_line_back \
    socat_gets_its_line_back discard_takes_all_and_answers_nothing \
    the_session_of_the_readme_works \
    without_a_listener_it_is_echo_on_7000_and_says_how_to_try
