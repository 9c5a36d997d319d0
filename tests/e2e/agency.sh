#!/usr/bin/env bash
# A year in a small agency, from a seed: vaults that sync with a real office,
# and each report compared with the books that the generator keeps beside it
# (bench/agency).  Prints a line a report; `make agency` plays a large one.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
exec "$build/bench/agency/agency" "$build" 4 60 1200 1
