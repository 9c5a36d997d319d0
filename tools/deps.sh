#!/bin/sh
# deps.sh build|demo|test|lint|ci: sees to it that the Debian packages are installed
# which building (and testing, and linting) needs.  Installs only what is
# missing, says what it does, and refreshes the package lists only when apt does
# not know a package.  Without root it prints the command and exits 1.
set -eu

build="gcc libc6-dev make pkg-config libsqlite3-dev libcurl4-openssl-dev
    libjansson-dev zlib1g-dev libmicrohttpd-dev libgnutls28-dev libsodium-dev
    libinih-dev"
test="$build libcmocka-dev python3 openssl curl sqlite3 jq spin faketime
    postgresql"
demo="$build jq"
lint="$test clang-format clang-tidy cppcheck"
ci="$test valgrind libtsan2 libasan8 libubsan1"

case "${1-}" in
build) wanted=$build ;;
test) wanted=$test ;;
demo) wanted=$demo ;;
lint) wanted=$lint ;;
ci) wanted=$ci ;;
*)
    echo "usage: tools/deps.sh build|demo|test|lint|ci" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "deps: not a Debian system; please install the like of:" $wanted
    exit 0
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) ||
        status=absent
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "deps: everything for '$1' is installed"
    exit 0
fi

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ]; then
    echo "deps: missing:$missing" >&2
    echo "deps: run: sudo $command" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
for package in $missing; do
    if ! apt-cache show "$package" >/dev/null 2>&1; then
        echo "deps: apt-get update"
        apt-get update -q
        break
    fi
done
echo "deps: $command"
if ! $command; then
    echo "deps: apt-get update, and once more"
    apt-get update -q
    $command
fi
