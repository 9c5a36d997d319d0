# What the scripts in tests/e2e and tests/crash share: a temporary office, vaults,
# and claims.  Source it; a claim that is not true prints "not ok" and the test
# ends with exit code 1 when it is done.
set -u
build=$(cd "${BUILD:-build}" && pwd) || exit 1
satchel=$build/satchel
central=$build/satchel-central
satcheld=$build/satcheld
dir=$(mktemp -d "${TMPDIR:-/tmp}/satchel-test.XXXXXX")
server_pid=
host=127.0.0.1
port=0
bad=0

finish() {
	stop_server
	rm -rf "$dir"
}
trap finish EXIT

# scenario F1 F22: the claims from here on show what must hold in these
# scenarios (tests/scenarios.txt), which stand before their names.
scene=
scenario() { scene=${*:+$*: }; }
ok() { printf 'ok %s%s\n' "$scene" "$1"; }
not_ok() {
	printf 'not ok %s%s\n' "$scene" "$1"
	shift
	[ $# -gt 0 ] && printf '# %s\n' "$@"
	bad=1
}
# check NAME COMMAND...: the command must succeed.
check() {
	local name=$1
	shift
	if "$@" >"$dir/out" 2>"$dir/err"; then
		ok "$name"
	else
		not_ok "$name" "$(printf '%q ' "$@")" "$(tail -n 5 "$dir/out")" \
			"$(tail -n 5 "$dir/err")"
	fi
}
# equal NAME GOT WANTED: two texts are the same and not empty.
equal() {
	if [ "$2" = "$3" ] && [ -n "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "got:    $2" "wanted: $3"
	fi
}
# refused NAME CODE PATTERN COMMAND...: exits so, with one line on stderr that
# matches.
refused() {
	local name=$1 code=$2 pattern=$3 got
	shift 3
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	if [ "$got" = "$code" ] && [ "$(wc -l <"$dir/err")" = 1 ] &&
		grep -Eq -- "$pattern" "$dir/err"; then
		ok "$name"
	else
		not_ok "$name" "exit $got, wanted $code matching: $pattern" \
			"$(cat "$dir/err")"
	fi
}
done_testing() { exit $bad; }

export SATCHEL_PASSPHRASE_FILE=$dir/passphrase
export SATCHEL_DEVICE_SECRET_FILE=$dir/device.secret
echo 'ninety seconds in the car' >"$SATCHEL_PASSPHRASE_FILE"

# holds FILE: a process that has the database open, in a transaction, until
# release.
holds() {
	mkfifo "$dir/holder"
	sqlite3 "$1" <"$dir/holder" >"$dir/held" 2>&1 &
	holder=$!
	exec 8>"$dir/holder"
	printf 'BEGIN;\nSELECT 7 FROM meta;\n' >&8
	until_true grep -q 7 "$dir/held"
}
release() { # as a power cut does
	kill -KILL "$holder"
	wait "$holder" 2>/dev/null
	exec 8>&-
	rm "$dir/holder"
}
as() { # as NAME COMMAND...: on that person's vault
	local who=$1
	shift
	SATCHEL_VAULT=$dir/$who.vault "$satchel" "$@"
}
office() { # office COMMAND...: at the office
	"$central" "$@" --data "$dir/office"
}
# until_true COMMAND...: waits for what must become true, however slow the
# machine is; false after minutes, so that a test ends by itself.
PATIENCE_S=240
until_true() {
	local end=$((SECONDS + PATIENCE_S))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}
# A port that no outgoing connection is given, so that it is still free when a
# server is started again.
any_port() { echo $((10000 + RANDOM % 20000)); }
# One try; false when it ended before it listened.
serve_office() { # PORT [OPTION...]
	: >"$dir/serve.out"
	"$central" serve --data "$dir/office" --listen "$host:$1" "${@:2}" \
		>"$dir/serve.out" 2>>"$dir/serve.log" &
	server_pid=$!
	until grep -q '^.*listening on http.*$' "$dir/serve.out"; do
		kill -0 "$server_pid" 2>/dev/null || return 1
		sleep 0.05
	done
	url=$(sed -n 's/^.*listening on \(http[^ ]*\).*$/\1/p' "$dir/serve.out")
}
start_server() { # [OPTION...]
	local try wanted=$port
	for try in $(seq 100); do
		[ "$wanted" != 0 ] || port=$(any_port)
		serve_office "$port" "$@" && return 0
		tail -n 1 "$dir/serve.log" | grep -q 'listens on .* already' || break
		sleep 0.1
	done
	tail -n 5 "$dir/serve.log" >&2
	server_pid=
	return 1
}
stop_server() {
	[ -n "$server_pid" ] || return 0
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
}
kill_server() {
	kill -KILL "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
}
# An agency "north" with ruth (supervisor), dana and lee (east), kim (west).
make_office() {
	office init --agency north --name North >"$dir/out" 2>&1 &&
		office user add ruth --role supervisor --caseload east >>"$dir/out" 2>&1 &&
		office user add dana --role worker --caseload east >>"$dir/out" 2>&1 &&
		office user add lee --role worker --caseload east >>"$dir/out" 2>&1 &&
		office user add kim --role worker --caseload west >>"$dir/out" 2>&1 &&
		office user add vita --role site --site lift >>"$dir/out" 2>&1 &&
		return 0
	cat "$dir/out" >&2
	return 1
}
enrol() { # enrol USER [VAULT]
	local code
	code=$(office invite --user "$1" --json | jq -r .code) &&
		as "${2:-$1}" enroll --server "$url" --code "$code" >"$dir/out" 2>&1
}
context() { as "$1" show "$2" --json | jq -r .context; } # WHO RECORD
value() { as "$1" show "$2" --json | jq -c ".fields.$3.value"; }
hash_of() { as "$1" show "$2" --json | jq -r .hash; }
revise() { # WHO RECORD FIELD=VALUE...: what was seen is what is there now
	local who=$1 record=$2 token
	shift 2
	token=$(context "$who" "$record") &&
		as "$who" put --record "$record" --context "$token" "$@" >/dev/null
}
syncs() { # WHO...: one after the other
	local who
	for who in "$@"; do
		as "$who" sync >"$dir/out" 2>&1 || {
			cat "$dir/out" >&2
			return 1
		}
	done
}
