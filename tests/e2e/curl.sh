#!/usr/bin/env bash
# Every error of sync-protocol.md, section 15: the second client writes the
# requests, curl posts them.  What is refused leaves no
# trace, and the office goes on.
. "$(dirname "$0")/lib/office.bash"
here=$(cd "$(dirname "$0")/.." && pwd)

client() { /usr/bin/python3 "$here/vectors/satchel_client.py" "$@"; }
enrolled() { # enrolled STATE: a device of dana's with one line unsent
	client enrol --server "$url" --state "$1" \
		--code "$(office invite --user dana --json | jq -r .code)" &&
		client write --state "$1" --type person \
			--set '{"legal_name":"Ruth Ames"}' && client sync --state "$1" &&
		client write --state "$1" --type person \
			--set '{"legal_name":"Ann Ames"}'
} >"$dir/out"
make_office && start_server && enrolled "$dir/state" || exit 1
kinds=$(client make-request list)

# Whatever the office keeps: lines, devices, and what it has done.
kept() {
	sqlite3 -readonly "$dir/office/office.db" 'SELECT (SELECT count(*) FROM line),
		(SELECT count(*) FROM replica), (SELECT count(*) FROM act),
		(SELECT count(*) FROM replica WHERE closed IS NOT NULL)'
}
lines() { office replica list --json | jq '[.[].head] | add'; }
of() { jq -r --arg kind "$1" ".[] | select(.kind == \$kind) | $2" <<<"$kinds"; }
send() { # send PATH TYPE FILE [OPTION...]: prints the status
	local path=$1 type=$2 file=$3
	shift 3
	curl -s -o "$dir/body" -D "$dir/headers" -w '%{http_code}' -H Expect: \
		-H "Content-Type: $type" --data-binary "@$file" "$@" "$url$path"
}
header() { tr -d '\r' <"$dir/headers" | sed -n "s/^$1: //Ip"; }
# The error object: its name, and a true word for whatever else it must have.
said() { # said [MEMBER...]
	printf '%s ' "$(header content-type)"
	jq -r '[.error, (.detail | length > 0)] + ($ARGS.positional | map(. as $m |
		$object[0] | has($m))) | join(" ")' --slurpfile object "$dir/body" \
		"$dir/body" --args "$@"
}
post() { # post KIND [STATE]: prints the status
	client make-request "$1" --state "${2:-$dir/state}" \
		--out "$dir/request" >"$dir/out" &&
		send "$(of "$1" .path)" "$(of "$1" .type)" "$dir/request"
}
gets_its_error() { # KIND [STATE]
	local status members
	mapfile -t members < <(of "$1" '.members[]')
	status=$(post "$@")
	equal "$1: $(of "$1" .make)" "$status $(said "${members[@]}")" \
		"$(of "$1" '[.status, "application/json", .error, true] +
			[.members[] | true] | join(" ")')"
}

# --- what is refused whole
before=$(kept)
refusals=$(jq -r '.[] | select(.status != 200 and (.commits | not)) | .kind' \
	<<<"$kinds")
for name in bad-sign gap oversize-line protocol-99 bad-auth; do
	grep -qx "$name" <<<"$refusals" || not_ok "there is a request $name"
done
for name in $refusals; do
	gets_its_error "$name"
	case $(of "$name" .status) in
	422) equal 'it names what is received' "$(jq .received "$dir/body")" 1 ;;
	426) equal 'it names the versions' "$(jq -c '[.min, .max]' "$dir/body")" \
		'[1,1]' ;;
	esac
done
equal 'nothing of all that was kept' "$(kept)" "$before"

# --- where the fault is
at() { # at KIND: the offset of its fault
	post "$1" >"$dir/out"
	jq .offset "$dir/body"
}
line() { # line NUMBER: the byte at which it begins in the last request
	PYTHONPATH=$here/vectors /usr/bin/python3 -c '
import pathlib, sys
import satchel_wire as wire
lines = wire.unpack(pathlib.Path(sys.argv[1]).read_bytes())
print(sum(len(x.encode()) + 1 for x in lines[:int(sys.argv[2]) - 1]))' \
		"$dir/request" "$1"
}
equal 'white space in a header is pointed at' "$(at bad-header)" 10
got=$(at bad-control)
equal 'so is a malformed control line' "$got" "$(line 3)"
got=$(at oversize-line)
equal 'and a line that is too long' "$got" "$(line 4)"
got=$(at no-newline)
equal 'a request that ends within its first line' "$got" 0
equal 'none of which was kept' "$(kept)" "$before"

# --- HTTP itself
for method in GET PUT DELETE; do
	equal "$method is no way to sync" "$(send /v1/sync application/x-satchel \
		"$dir/request" -X $method) $(header allow) $(said)" \
		'405 POST application/json bad-method true'
done
equal 'nor to enrol' "$(send /v1/enrol application/json "$dir/request" -X GET) \
$(header allow) $(said)" '405 POST application/json bad-method true'
equal 'the public facts are only read' "$(send /v1/office application/json \
	"$dir/request") $(header allow) $(said)" \
	'405 GET, HEAD application/json bad-method true'
equal 'another path is not found' "$(send /v1/nothing application/json \
	"$dir/request") $(said)" '404 application/json not-found true'
head -c 9000000 /dev/urandom >"$dir/large"
equal 'a body over 8 MiB is refused' "$(send /v1/sync application/x-satchel \
	"$dir/large") $(said)" '413 application/json too-large true'
equal 'also when its length was not told' "$(send /v1/sync \
	application/x-satchel "$dir/large" -H 'Transfer-Encoding: chunked') \
$(said)" '413 application/json too-large true'
equal 'nothing of that was kept either' "$(kept)" "$before"

# --- a busy office: another process holds the store
mkfifo "$dir/hold"
sqlite3 "$dir/office/office.db" <"$dir/hold" >"$dir/held" &
holder=$!
exec 8>"$dir/hold"
printf '.bail on\nBEGIN IMMEDIATE;\nSELECT 7;\n' >&8
until_true grep -q 7 "$dir/held"
equal 'a store that is held elsewhere is busy' \
	"$(post good) $(said retry_after_s)" '503 application/json busy true true'
equal 'and says when to come back' "$(header retry-after)" \
	"$(jq .retry_after_s "$dir/body")"
exec 8>&-
wait $holder
equal 'nothing of it was kept' "$(kept)" "$before"

# --- what is taken
equal 'nothing is said: a header alone is answered' "$(post nothing)" 200
equal 'a stale token is told so' "$(post stale)" 200
equal 'a good request is taken after all this' "$(lines) $(post good) $(lines)" \
	'1 200 2'
equal 'once' "$(post good) $(lines)" '200 2'
enrolled "$dir/locked" || exit 1
equal 'a locked one too' "$(lines) $(post locked "$dir/locked") $(lines)" \
	'3 200 4'
enrolled "$dir/tail" || exit 1
gets_its_error unsigned-tail "$dir/tail"
equal 'what was signed before it stays' \
	"$(jq .received "$dir/body") $(lines)" '3 7'
enrolled "$dir/fork" || exit 1
gets_its_error fork "$dir/fork"
equal 'a closed identity stays closed' "$(post good "$dir/fork") $(said)" \
	'409 application/json fork true'
equal 'and nothing of it was taken' "$(lines)" 8
check 'the others go on' client sync --state "$dir/state"

# --- too many tries, last: the source has to wait then.  The minute that counts
# may end between two of them, and all before are forgotten.
post bad-code >"$dir/out"
path=$(of bad-code .path) kind=$(of bad-code .type)
slowed_down() {
	status=$(send "$path" "$kind" "$dir/request")
	[ "$status" = 429 ]
}
until_true slowed_down
equal 'who guesses codes is slowed down' "$status $(said retry_after_s)" \
	'429 application/json slow-down true true'
equal 'and told for how long' "$(header retry-after)" \
	"$(jq .retry_after_s "$dir/body")"
equal 'but not kept from syncing' "$(post good)" 200

# --- a fault of the office's own: a table is not there
sqlite3 "$dir/office/office.db" 'ALTER TABLE account_scope RENAME TO away'
equal 'a fault of the office is said to be one' "$(post good) $(said)" \
	'500 application/json internal true'
sqlite3 "$dir/office/office.db" 'ALTER TABLE away RENAME TO account_scope'
equal 'and passes with it' "$(post good)" 200
check 'the office is sound after all this' office verify
done_testing
