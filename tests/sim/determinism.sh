#!/bin/sh
# tests/sim/determinism.sh [WAY]... - equal seeds are equal runs: leat-sim is
# built in several ways, and the trace hashes of SIM_SEEDS seeds (300) from
# SIM_FROM (1) on are compared. Ways: gcc clang asan m32 s390x, all of them by
# default, or a build directory with a leat-sim in it (build/dev).
# Only the scenarios that do not depend on the size of a pointer are run.
set -eu
cd "$(dirname "$0")/../.."
. script/lib.sh

[ $# -gt 0 ] || set -- gcc clang asan m32 s390x
seeds=${SIM_SEEDS:-300} from=${SIM_FROM:-1}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# What a way needs that is not there in any case. The package gcc-multilib
# shuts out cross compilers, the one with the version does not.
needs() {
    case $1 in
    clang) echo clang ;;
    m32) echo "gcc-$(gcc -dumpversion)-multilib:-" ;;
    s390x) echo gcc-s390x-linux-gnu:s390x-linux-gnu-gcc \
        libc6-dev-s390x-cross:- qemu-user:qemu-s390x ;;
    esac
}

# compiler WAY - the command without files.
compiler() {
    case $1 in
    gcc) echo gcc -O0 ;;
    clang) echo clang -O1 ;;
    asan) echo gcc -O1 -fsanitize=address,undefined ;;
    # The kernel's headers are those of the machine's own compiler.
    m32)
        echo gcc -m32 -O2 -idirafter "/usr/include/$(gcc -print-multiarch)"
        ;;
    s390x) echo s390x-linux-gnu-gcc -O2 -static -idirafter /usr/include ;;
    *) die "no such way: $1" ;;
    esac
}

# build_way WAY - leat-sim into $place/WAY, which needs one name only. Libraries
# are there for this machine only: tests/sim/alone has what stands in for them.
build_way() {
    way=$1
    # shellcheck disable=SC2046 # a command of several words
    set -- $(compiler "$1") -std=c11 -w -D_GNU_SOURCE -DLEAT_TEST_SEAM \
        -Iinclude -Isrc -Isrc/leatd -Itests -Itests/support
    # Both programs have a main; the daemon's is called leatd_main here.
    "$@" -Dmain=leatd_main -c src/leatd/main.c -o "$place/$way.o"
    # shellcheck disable=SC2046 # no name has a space
    "$@" -o "$place/$way" "$place/$way.o" $(find src/sys src/base src/loop \
        src/net src/cli src/leatd tests/sim tests/support/fake_*.c \
        -name '*.c' ! -path src/leatd/main.c ! -name 'park_kqueue.c' \
        ! -name 'park_none.c' \
        ! -name 'conformance*.c')
}

# hash_way WAY - a line for each seed into $place/WAY.hash.
hash_way() {
    runner=
    [ "$1" != s390x ] || runner=qemu-s390x
    $runner "$place/$1" --seeds "$seeds" --from "$from" --hash --portable \
        >"$place/$1.hash"
    [ "$(wc -l <"$place/$1.hash")" -eq "$seeds" ] ||
        die "$1 did not run all $seeds seeds"
}

for way in "$@"; do
    # shellcheck disable=SC2046 # several packages
    install $(needs "$way")
done
first=
for way in "$@"; do
    if [ -d "$way" ]; then
        name=$(basename "$way")
        ln -s "$(realpath "$way/tests/sim/leat-sim")" "$place/$name"
    else
        name=$way
        build_way "$way"
    fi
    hash_way "$name"
    : "${first:=$name}"
    if ! cmp -s "$place/$first.hash" "$place/$name.hash"; then
        diff "$place/$first.hash" "$place/$name.hash" | head -n 4
        die "$name and $first differ (leat-sim --portable --seed S --trace)"
    fi
done
echo "$# builds ($*), $seeds seeds from $from: equal"
