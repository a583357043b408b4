#!/bin/sh
# The line that script/test ends with counts every outcome that ctest knows.
set -eu
cd "$(dirname "$0")/../.."

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.21)
project(runner LANGUAGES NONE)
enable_testing()
add_test(NAME good.passes COMMAND true)
add_test(NAME bad.fails COMMAND false)
add_test(NAME bad.is_killed COMMAND sh -c "kill -9 $$")
add_test(NAME bad.hangs COMMAND sleep 60)
set_tests_properties(bad.hangs PROPERTIES TIMEOUT 1)
add_test(NAME bad.was_not_built COMMAND /nowhere)
add_test(NAME left.out COMMAND sh -c "exit 77")
set_tests_properties(left.out PROPERTIES SKIP_RETURN_CODE 77)
END
"${CMAKE:-cmake}" -S "$tmp" -B "$tmp/build" >/dev/null

# expect STATUS LINE FILTER...
expect() {
    status=$1 line=$2
    shift 2
    ctest --test-dir "$tmp/build" --output-junit "$tmp/out.xml" "$@" \
        >"$tmp/log" 2>&1 || :
    said=$(python3 script/count "$tmp/out.xml" | tail -n 1)
    python3 script/count "$tmp/out.xml" >/dev/null && got=0 || got=$?
    if [ "$said" != "$line" ] || [ "$got" -ne "$status" ]; then
        cat "$tmp/log"
        echo "$0: wanted $status '$line', got $got '$said'"
        exit 1
    fi
}

expect 1 "1 passed, 4 failed, 1 skipped"
expect 0 "1 passed, 0 failed" -R good
expect 0 "1 passed, 0 failed, 1 skipped" -R 'good|left'
expect 1 "0 passed, 4 failed" -R bad
expect 1 "0 passed, 0 failed" -R nothing

# A result file that is missing or broken is a failure too.
python3 script/count "$tmp/CMakeLists.txt" >"$tmp/log" && exit 1
[ "$(tail -n 1 "$tmp/log")" = "0 passed, 1 failed" ]
echo "runner: counts"
