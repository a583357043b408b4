# Shell functions that the commands of script/ share.
# shellcheck shell=sh

say() {
    echo "${0##*/}: $*" >&2
}

die() {
    say "$*"
    exit 1
}

# missing PACKAGE[:COMMAND]... - print the packages that are not installed.
# Where Debian's database is not at hand the command tells, which has the name
# of the package unless another is given; "-" stands for none.
missing() {
    for item in "$@"; do
        package=${item%%:*} command=${item#*:}
        if command -v dpkg-query >/dev/null; then
            status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>&1) ||
                status=unknown
            [ "$status" = installed ] || echo "$package"
        elif [ "$command" != - ]; then
            command -v "$command" >/dev/null || echo "$package"
        fi
    done
}

# install PACKAGE[:COMMAND]... - install what is missing, by apt.
install() {
    # shellcheck disable=SC2046 # package names have no spaces
    set -- $(missing "$@")
    [ $# -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        die "no apt-get here; please install what Debian calls: $*"
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "as root: apt-get install $*"
        sudo=sudo
    fi
    say "installing $*"
    mkdir -p build
    { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "$@"; } \
        >build/apt.log 2>&1 </dev/null ||
        { cat build/apt.log >&2; die "apt-get failed; needed: $*"; }
}

# build PRESET [CMAKE ARGUMENT]... - configure if that was never done or the
# arguments are new, then build; quiet unless it fails.
build() {
    preset=$1
    shift
    log=build/$preset.log
    mkdir -p build
    [ -f "build/$preset/build.ninja" ] || say "building build/$preset"
    if [ ! -f "build/$preset/build.ninja" ] || ! configured "$preset" "$@"
    then
        cmake --preset "$preset" "$@" >"$log" 2>&1 ||
            { cat "$log" >&2; die "cmake --preset $preset failed"; }
    fi
    cmake --build --preset "$preset" >"$log" 2>&1 ||
        { sed -n '/^FAILED\|rror/,$p' "$log" >&2; die "building $preset failed"; }
}

# configured PRESET -DNAME=VALUE... - whether the cache says so already.
configured() {
    cache=build/$1/CMakeCache.txt
    shift
    for argument in "$@"; do
        setting=${argument#-D}
        grep -q "^${setting%%=*}:[A-Z]*=${setting#*=}\$" "$cache" || return 1
    done
}
