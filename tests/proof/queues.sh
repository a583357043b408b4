#!/bin/sh
# tests/proof/queues.sh [QUEUE]... - the unit tests, also with everybody parked,
# on the queues that this system does not have: kqueue, bare (a kqueue without
# a filter for urgent data), none. kqueue is played by epoll, tests/kqueue.
set -eu
cd "$(dirname "$0")/../.."

# options QUEUE - what CMake is told.
options() {
    case $1 in
    kqueue | none) echo "-DLEAT_PARK=$1" ;;
    bare) echo "-DLEAT_PARK=kqueue -DCMAKE_C_FLAGS=-DKQUEUE_WITHOUT_EXCEPT" ;;
    *) echo "no queue $1" >&2; exit 2 ;;
    esac
}

# tests QUEUE - what ctest runs. Bare takes a turn more for each message to a
# parked one, and moves it: whoever counts turns or calls is left out.
tests() {
    case $1 in
    bare) echo '-R ^parked\. -E conn_errors|net_laws|net_seam|parked.park' ;;
    *) echo "-L unit" ;;
    esac
}

[ $# -gt 0 ] || set -- kqueue bare none
mkdir -p build
failed=0
for queue in "$@"; do
    build=build/queue-$queue
    # shellcheck disable=SC2046 # words
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
        $(options "$queue") >"$build.log" 2>&1
    cmake --build "$build" --target tests/unit/all >>"$build.log" 2>&1 ||
        { tail "$build.log"; exit 1; }
    # shellcheck disable=SC2046
    ctest --test-dir "$build" -j "$(nproc)" $(tests "$queue") \
        >"$build.log" 2>&1 || failed=1
    grep -A 20 "FAILED:" "$build.log" || true
    echo "$queue: $(grep "tests passed" "$build.log")"
done
exit $failed
