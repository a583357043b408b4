#!/bin/sh
# Nothing is found by shellcheck in the shell scripts. SC2119 and SC2120 take
# a function whose arguments may be left out for a mistake.
set -eu
cd "$(dirname "$0")/../.."

find .ci script tests -type f -exec grep -lZE \
    '^#!.*/(sh|bash)$|^# shellcheck shell=' {} + |
    xargs -0 shellcheck -x -P . -e SC2119,SC2120
