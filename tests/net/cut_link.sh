#!/usr/bin/env bash
# A link that is gone before what has to be said is through: cut every 5 s, by a
# relay of bytes.  What needs longer than that arrives, each line once.
. "$(dirname "$0")/../e2e/lib/office.bash"
. "$(dirname "$0")/link.bash"

make_office && start_far_office && bad_link || exit 1
enrol_far dana && enrol_far lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1
contacts() { # FROM TO: none like another
	for n in $(seq "$1" "$2"); do
		printf '{"person":"%s","kind":"home_visit","narrative":"%d %s"}\n' \
			"$person" "$n" "$(head -c 150 /dev/urandom | base64 -w 0)"
	done | as dana put contact --each >/dev/null
}
at_office() { [ "$(office list contact --json | jq length)" = "$1" ]; }
# What has a receipt, by the vault; the lines of the device, by the office.
acknowledged() {
	echo "$(as dana status --json | jq .received) $(office replica list \
		--json | jq -c '[.[] | select(.user == "dana").head]')"
}

contacts 1 300 # more than a link of 5 s can carry
bad_link --rate 64000 --delay 400 --loss 2 --seed 8 --cut-every 5000 \
	--outage 500 || exit 1
start_daemon dana || exit 1
check 'cut every 5 s: what needs longer than that arrives' until_true at_office 300
check 'and all receipts too' until_true all_received dana
stop_daemon
no_link
check 'it was cut on the way' grep -q '^cut' "$dir/link.out"
equal 'each line was acknowledged once' "$(acknowledged)" '301 [301]'
equal 'no line is there twice' "$(office list contact --json |
	jq '[.[].fields.narrative] | unique | length')" 300
equal 'under one identity' "$(office replica list --json |
	jq '[.[] | select(.user == "dana")] | length')" 1
bad_link || exit 1
syncs lee || exit 1
equal 'the other device has them all' "$(as lee list contact --json |
	jq length)" 300
check 'one vault verifies' as dana verify
check 'the other too' as lee verify
check 'the office verifies' office verify
done_testing
