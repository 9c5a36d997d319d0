#!/usr/bin/env bash
# A reply that is cut after its k-th byte, for every k, and a request that is:
# the same lines are sent again and again, and stand at the office once.
. "$(dirname "$0")/../e2e/lib/office.bash"
. "$(dirname "$0")/../net/link.bash"
scenario F10

make_office && start_server && bad_link || exit 1
office_url=$url url=$link
enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1

# WHO NAME LEAST: asks for one sync after another until one ends well.
cat >"$dir/ask.py" <<'PYTHON'
import json, socket, sys

path, name = sys.argv[1:]
control = socket.socket(socket.AF_UNIX)
control.settimeout(240)
control.connect(path)
replies = control.makefile()
for _ in range(3000):
    control.sendall(b"sync %s\n" % name.encode())
    if json.loads(replies.readline())["ok"]:
        sys.exit(0)
sys.exit(1)
PYTHON
arrives() {
	start_daemon "$1" --interval 3600 || exit 1
	timeout 500 /usr/bin/python3 "$dir/ask.py" "$dir/socket" \
		"$dir/$1.vault"
	local code=$? cuts
	stop_daemon
	cuts=$(grep -c '^cut' "$dir/link.out")
	if [ $code = 0 ] && [ "$cuts" -ge "$3" ]; then
		ok "$2 ($cuts cuts)"
	else
		not_ok "$2" "$cuts cuts, code $code" "$(tail -n 3 "$dir/daemon.log")"
	fi
}
heads() { office replica list --json | jq -c '[.[] | select(.user == "dana") |
	[.replica, .head]]'; }

before=$(heads)
as dana contact "$person" --kind phone --narrative 'once' >/dev/null
bad_link --reply-bytes 0 || exit 1
arrives dana 'a reply to a push comes after it was cut at every byte' 200
equal 'the contact is at the office once' \
	"$(office list contact --json | jq length)" 1
equal 'as one line under one identity' "$(heads)" \
	"$(jq -c '.[0][1] += 1' <<<"$before")"
equal 'and counts as received once' "$(as dana status --json |
	jq -c '[.here,.received]')" '[0,2]'

seq 30 | sed "s|.*|{\"person\":\"$person\",\"kind\":\"phone\",\"narrative\":\"call &\"}|" |
	as dana put contact --each >/dev/null
bad_link --request-bytes 0 --step 5 || exit 1
arrives dana 'a push comes after it was cut at every fifth byte' 200
equal 'each of its lines is at the office once' \
	"$(office list contact --json | jq length)" 31

bad_link --reply-bytes 0 --step 3 || exit 1
arrives lee 'news come after they were cut at every third byte' 200
equal 'each contact is in the other vault once' \
	"$(as lee list contact --json | jq length)" 31
for id in $(as dana list contact --json | jq -r '.[0:3][].record'); do
	equal "with the same bytes (${id##*-})" "$(hash_of lee "$id")" \
		"$(hash_of dana "$id")"
done
check 'one vault verifies' as dana verify
check 'the other too' as lee verify
check 'the office verifies' office verify
done_testing
