#!/bin/sh
# nc, ncat and socat talk to every service, over TCP v4, v6 and unix.
set -eu
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

time='[A-Z][a-z][a-z] [A-Z][a-z][a-z] [ 0-9]* [0-9:]* [0-9]*'

# Standard input to a service and what it answers, by one way of many.
nc4() { bounded nc -N 127.0.0.1 "$(port tcp4)"; }
nc6() { bounded nc -N ::1 "$(port tcp6)"; }
ncunix() { bounded nc -N -U "$dir/sock"; }
ncat4() { bounded ncat 127.0.0.1 "$(port tcp4)"; }
ncat6() { bounded ncat ::1 "$(port tcp6)"; }
ncatunix() { bounded ncat -U "$dir/sock"; }
socat4() { bounded socat -t 30 - "TCP4:127.0.0.1:$(port tcp4)"; }
socat6() { bounded socat -t 30 - "TCP6:[::1]:$(port tcp6)"; }
socatunix() { bounded socat -t 30 - "UNIX-CONNECT:$dir/sock"; }
ways='nc4 nc6 ncunix ncat4 ncat6 ncatunix socat4 socat6 socatunix'

# start_everywhere SERVICE [KEYS] - on TCP and on a unix socket.
start_everywhere() {
    start "$1:0${2:+,$2}" "$1:unix:$dir/sock${2:+,$2}"
}

# like WHAT PATTERN FOUND
like() {
    printf '%s\n' "$3" | grep -qx -- "$2" || fail "$1: '$3' is not like '$2'"
}

stamp_answers_each_way() {
    start_everywhere stamp
    for way in $ways; do
        answer=$(printf 'hi\nlast' | $way | tr '\n' '|')
        like "$way" "\[$time\] hi|\[$time\] last" "$answer"
    done
    stop TERM
}

fixed_answers_each_way() {
    start_everywhere fixed
    for way in $ways; do
        equal "$way" 'Farewell, client' "$(printf 'Hi there, server' | $way)"
        equal "$way, early" '' "$(printf 'hello' | $way)"
    done
    stop TERM
    equal "told about" 9 "$(grep -c ' after 5 bytes of a 16-byte ' "$dir/log")"
}

# A client may find the connection closed before it has said anything.
greet_answers_each_way() {
    start_everywhere greet 'text=TEST\r\n'
    for way in $ways; do
        equal "$way" "$(printf 'TEST\r')" "$($way </dev/null)"
    done
    stop TERM
}

daytime_answers_each_way() {
    start_everywhere daytime
    for way in $ways; do
        like "$way" "$time" "$($way </dev/null | tr -d '\r')"
    done
    stop TERM
}

time_answers_each_way() {
    start_everywhere time
    for way in $ways; do
        earliest=$(date +%s)
        told=$($way </dev/null | od -An -tu1 -w4 | {
            read -r a b c d
            echo $((a << 24 | b << 16 | c << 8 | d))
        })
        latest=$(date +%s)
        seconds=$((told - 2208988800))
        # The number is of 32 bits and begins anew in 2036.
        [ "$seconds" -ge 0 ] || seconds=$((seconds + 4294967296))
        if [ "$seconds" -lt $((earliest - 1)) ] || [ "$seconds" -gt "$latest" ]
        then
            fail "$way: $seconds is not in $earliest..$latest"
        fi
    done
    stop TERM
}

discard_answers_in_no_way() {
    start_everywhere discard
    for way in $ways; do
        equal "$way" '' "$(head -c 100000 /dev/zero | $way)"
    done
    stop TERM
    equal "taken" 9 "$(grep -c ' in=100000 out=0 .*reason=eof$' "$dir/log")"
}

# What a client says about the reset that ends it does not matter.
null_answers_in_no_way() {
    start_everywhere null idle=100ms
    for way in $ways; do
        equal "$way" '' "$(printf 'hi\n' | $way 2>/dev/null || :)"
    done
    stop TERM
    equal "untouched" 9 "$(grep -c ' in=0 out=0 .*reason=idle$' "$dir/log")"
}

# Whoever has seen enough goes. Each way has two lines for sure.
chargen_goes_on_each_way() {
    start_everywhere chargen rate=off
    # shellcheck disable=SC2016 # the characters themselves
    line='!"#$%&'\''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ'
    for way in $ways; do
        answer=$($way </dev/null 2>/dev/null | head -n 2 | tail -n 1)
        equal "$way" "$line$(printf '[\\]^_`abcdefgh\r')" "$answer"
    done
    stop TERM
}

run_tests stamp_answers_each_way fixed_answers_each_way \
    greet_answers_each_way daytime_answers_each_way time_answers_each_way \
    discard_answers_in_no_way null_answers_in_no_way chargen_goes_on_each_way
