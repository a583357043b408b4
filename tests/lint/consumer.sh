#!/bin/sh
# Projects in C and C++ find leat in all three ways, installed in a place that
# the build did not know of, and run with the shared and the static library.
# What is built here is kept, so that a second run starts no compiler.
# ctest: TIMEOUT 300
# ctest: FIXTURES_REQUIRED release
set -eu
cd "$(dirname "$0")/../.."

here=$PWD
cmake=${CMAKE:-cmake}
release=${LEAT_RELEASE_DIR:-$here/build/release}
work=${LEAT_BUILD_DIR:-$here/build}/consumer
version=$(awk '/^#define LEAT_VERSION_/ { printf "%s%s", dot, $3; dot = "." }' \
    include/leat/leat.h)
mkdir -p "$work/make" "$work/newer"

fail() {
    echo "consumer: $*"
    exit 1
}

quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "failed: $*"; }
}

# build KIND NAME CMAKE-ARGUMENT...
build() {
    kind=$1 dir=$work/$2
    shift 2
    [ -f "$dir/build.ninja" ] || quietly "$cmake" -G Ninja \
        -S "tests/consumer/$kind" -B "$dir" "$@"
    quietly "$cmake" --build "$dir"
}

# run WORD PROGRAM... - each prints its language, our version and no error.
run() {
    word=$1
    shift
    for program in "$@"; do
        said=$("$program") || fail "$program failed: $said"
        [ "$said" = "$word $version OK" ] || fail "$program said '$said'"
    done
}

# All that was installed may be moved.
rm -rf "$work/prefix" "$work/first"
quietly "$cmake" --install "$release" --prefix "$work/first"
mv "$work/first" "$work/prefix"
[ -x "$work/prefix/bin/leatd" ] || fail "leatd is not installed"
libdir=$(dirname "$(find "$work/prefix" -name libleat.a)")
LD_LIBRARY_PATH=$libdir
PKG_CONFIG_PATH=$libdir/pkgconfig
export LD_LIBRARY_PATH PKG_CONFIG_PATH

for pair in c:c cxx:c++; do
    kind=${pair%:*} word=${pair#*:}
    build "$kind" "find_$kind" -DCMAKE_PREFIX_PATH="$work/prefix"
    run "$word" "$work/find_$kind/with_leat" "$work/find_$kind/with_leat_static"
    # A project inside another builds no daemon, no tests and no examples.
    build "$kind" "sub_$kind" -DLEAT_SOURCE_DIR="$here"
    run "$word" "$work/sub_$kind/with_leat" "$work/sub_$kind/with_leat_static"
    for extra in leatd tests examples; do
        [ ! -e "$work/sub_$kind/leat/$extra" ] ||
            fail "add_subdirectory made $extra"
    done
done

[ "$(pkg-config --modversion leat)" = "$version" ] || fail "leat.pc: version"
quietly make -C "$work/make" -f "$here/tests/consumer/Makefile"
run c "$work/make/c_with_leat" "$work/make/c_with_leat_static"
run c++ "$work/make/cxx_with_leat" "$work/make/cxx_with_leat_static"

# Who asks for another major version is told that there is none.
cat >"$work/newer/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.21)
project(newer LANGUAGES NONE)
find_package(leat ${WANTED} REQUIRED)
END
for wanted in 0.0 "$version"; do
    quietly "$cmake" -S "$work/newer" -B "$work/newer/build" \
        -DCMAKE_PREFIX_PATH="$work/prefix" -DWANTED="$wanted"
done
! "$cmake" -S "$work/newer" -B "$work/newer/build" -DWANTED=1.0 \
    >"$work/log" 2>&1 || fail "find_package(leat 1.0) found $version"
echo "consumer: ok"
