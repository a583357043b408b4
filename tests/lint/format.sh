#!/bin/sh
# All C is laid out as .clang-format says; clang-format -i mends it.
set -eu
cd "$(dirname "$0")/../.."

if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -co --exclude-standard -- '*.[ch]' '*.cc'
else
    find include src examples tests -name '*.[ch]' -o -name '*.cc'
fi | while read -r file; do
    [ ! -e "$file" ] || printf '%s\n' "$file"
done | xargs clang-format --dry-run -Werror --ferror-limit=1
