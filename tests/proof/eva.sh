#!/bin/sh
# tests/proof/eva.sh [UNIT]... - Frama-C's Eva on base/words.c, base/frame.c and
# base/queue.c: from any state and for any arguments that the drivers allow,
# nothing is undefined (no alarm), and what the drivers and the units assert
# holds. Some minutes of processor time; ends with 77 where there is no frama-c.
set -eu
cd "$(dirname "$0")/../.."

command -v frama-c >/dev/null || {
    echo "frama-c is not installed (frama-c-base)"
    exit 77
}

# sources UNIT
sources() {
    case $1 in
    words) echo src/base/words.c src/base/num.c ;;
    frame) echo src/base/frame.c ;;
    queue) echo src/base/queue.c src/base/queue_view.c src/base/message.c \
        src/base/num.c ;;
    *) echo "no driver for $1" >&2; exit 2 ;;
    esac
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
[ $# -gt 0 ] || set -- words frame queue
failed=0
for unit in "$@"; do
    files=$(sources "$unit")
    precision=2
    [ "$unit" != words ] || precision=4
    # shellcheck disable=SC2086 # names of files
    frama-c -machdep gcc_x86_64 -cpp-extra-args="-std=c11 -D_GNU_SOURCE \
        -Iinclude -Isrc -Itests/proof -include tests/proof/eva.h" \
        -kernel-warn-key typing:incompatible-types-call=inactive \
        "tests/proof/eva_$unit.c" $files -eva -eva-no-print \
        -eva-precision "$precision" -eva-split-return full >"$log" 2>&1 ||
        { cat "$log"; exit 1; }
    grep -A 1 '^\[eva:alarm\]' "$log" || :
    alarms=$(grep -c '^\[eva:alarm\]' "$log" || :)
    reached=$(sed -n 's/.*, \([0-9]* statements reached.*%\).*/\1/p' "$log")
    echo "eva: $unit alarms $alarms ($reached)"
    # An analysis that did not come to its end has shown nothing.
    [ -n "$reached" ] && [ "$alarms" -eq 0 ] || failed=1
done
exit "$failed"
