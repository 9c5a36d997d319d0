#!/usr/bin/env bash
# The demo believes nothing: with an office that loses one line in a hundred it
# exits 1, and with a sound one it exits 0 and says so.
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${BUILD:-build}" && pwd) || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
bad=0
say() { # say NAME CONDITION...
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		tail -n 12 "$out" | sed 's/^/# /'
		bad=1
	fi
}

BUILD=$build DEMO_KEEP=0 "$root/tools/demo" >"$out" 2>&1 </dev/null
code=$?
say 'the demo exits 0' test $code = 0
say 'its last lines say that replicas are equal and nothing is lost' \
	grep -q 'replicas equal, writes lost 0' "$out"
BUILD=$build DEMO_KEEP=0 DEMO_CENTRAL=$build/mutants/DROP_WRITE/satchel-central \
	"$root/tools/demo" >"$out" 2>&1 </dev/null
code=$?
say 'with an office that drops writes it exits 1' test $code = 1
say 'and names the claim that is not true' grep -q 'NOT TRUE' "$out"
exit $bad
