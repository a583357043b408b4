#!/bin/sh
# Long streams come back with the same SHA-256: over TCP v4, v6 and a unix
# socket, with a slow reader, and one byte at a time.
set -eu
cd "$(dirname "$0")/../.."
. tests/e2e/lib.sh

bytes=$(size 104857600 16777216)
head -c "$bytes" /dev/urandom >"$dir/bytes"
head -c "$(size 20000 5000)" "$dir/bytes" >"$dir/few"

sum() {
    sha256sum | cut -d ' ' -f 1
}

sum_bytes=$(sum <"$dir/bytes")
sum_few=$(sum <"$dir/few")

# back SUM FILE COMMAND... - a client that is given FILE prints it.
back() {
    wanted=$1 file=$2
    shift 2
    equal "SHA-256 by $*" "$wanted" "$(bounded "$@" <"$file" | sum)"
}

# Reads 64 KiB, rests, reads: for minutes if it were not for the pipe before
# it, which is as slow.
slowly() {
    python3 -c '
import os, sys, time
while True:
    part = os.read(0, 65536)
    if not part:
        break
    sys.stdout.buffer.write(part)
    time.sleep(0.001)'
}

a_hundred_mebibytes_through_nc_come_back_whole() {
    start echo:0 "echo:unix:$dir/echo.sock"
    back "$sum_bytes" "$dir/bytes" nc -N 127.0.0.1 "$(port tcp4)"
    back "$sum_bytes" "$dir/bytes" nc -N ::1 "$(port tcp6)"
    back "$sum_bytes" "$dir/bytes" nc -N -U "$dir/echo.sock"
    stop
}

a_client_that_reads_slowly_gets_every_byte() {
    start echo:0 "echo:unix:$dir/echo.sock"
    equal "v4" "$sum_bytes" "$(bounded nc -N 127.0.0.1 "$(port tcp4)" \
        <"$dir/bytes" | slowly | sum)"
    equal "unix" "$sum_bytes" "$(bounded nc -N -U "$dir/echo.sock" \
        <"$dir/bytes" | slowly | sum)"
    stop
}

ncat_and_socat_get_every_byte() {
    start echo:0 "echo:unix:$dir/echo.sock"
    back "$sum_bytes" "$dir/bytes" ncat 127.0.0.1 "$(port tcp4)"
    back "$sum_bytes" "$dir/bytes" \
        socat -b 65536 -t 60 - "TCP6:[::1]:$(port tcp6)"
    back "$sum_bytes" "$dir/bytes" \
        socat -b 65536 -t 60 - "UNIX-CONNECT:$dir/echo.sock"
    stop
}

# With a buffer of one byte socat reads and writes one at a time.
a_client_that_sends_one_byte_at_a_time_gets_every_byte() {
    start echo:0 "echo:unix:$dir/echo.sock"
    back "$sum_few" "$dir/few" socat -b 1 -t 60 - "TCP4:127.0.0.1:$(port tcp4)"
    back "$sum_few" "$dir/few" socat -b 1 -t 60 - "TCP6:[::1]:$(port tcp6)"
    back "$sum_few" "$dir/few" socat -b 1 -t 60 - "UNIX-CONNECT:$dir/echo.sock"
    equal "SHA-256 by nc" "$sum_few" "$(dd if="$dir/few" bs=1 2>/dev/null |
        bounded nc -N 127.0.0.1 "$(port tcp4)" | sum)"
    stop
}

run_tests a_hundred_mebibytes_through_nc_come_back_whole \
    a_client_that_reads_slowly_gets_every_byte ncat_and_socat_get_every_byte \
    a_client_that_sends_one_byte_at_a_time_gets_every_byte
