#!/bin/sh
# Each public header can be included alone and first, twice, by a strict C99,
# C11 and C++11 compiler, without _GNU_SOURCE. Looked at again only after a
# change.
set -eu
cd "$(dirname "$0")/../.."

work=${LEAT_BUILD_DIR:-build}/headers
stamp=$work/stamp
if [ -e "$stamp" ] &&
    [ -z "$(find include "$0" -newer "$stamp" | head -n 1)" ]; then
    echo "headers: ok, as before"
    exit 0
fi
rm -rf "$work"
mkdir -p "$work"

for header in include/leat/*.h; do
    name=${header#include/}
    printf '#include <%s>\n#include <%s>\n' "$name" "$name" \
        >"$work/$(basename "$header" .h).c"
done
set -- -Iinclude -fsyntax-only -Wall -Wextra -Wundef -pedantic-errors -Werror
for standard in c99 c11; do
    gcc -std=$standard "$@" "$work"/*.c
    clang -std=$standard "$@" "$work"/*.c
done
g++ -std=c++11 "$@" -x c++ "$work"/*.c
clang++ -std=c++11 "$@" -x c++ "$work"/*.c
touch "$stamp"
echo "headers: ok"
