#!/usr/bin/env bash
# A year in a small agency, from a seed: vaults that sync with a real office,
# and each report compared with the books that the generator keeps beside it
# (bench/agency).  Prints a line a report; `make agency` plays a large one.
# Then PostgreSQL is given the same views, and every report and policy.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
KEEP=1 TMPDIR=$folder "$build/bench/agency/agency" "$build" 4 60 1200 1
code=$?
python3 tests/e2e/postgres.py "$folder"/satchel-agency.*/office || code=1
exit $code
