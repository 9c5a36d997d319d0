#!/usr/bin/env bash
# A link as it is in the field: 64 kbit/s, 800 ms there and back, 2 % lost, cut
# every 20 s, and one that is cut four times as often.  Fifty contacts arrive,
# each line is acknowledged once, and the other device has them.
. "$(dirname "$0")/../e2e/lib/office.bash"
. "$(dirname "$0")/link.bash"

make_office && start_server && bad_link || exit 1
url=$link
enrol dana && enrol lee || exit 1
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

# One after another while the daemon works, as in a day's visits.
start=$SECONDS
bad_link --rate 64000 --delay 400 --loss 2 --seed 7 --cut-every 20000 \
	--outage 2000 || exit 1
start_daemon dana || exit 1
for i in $(seq 1 5 46); do
	contacts "$i" $((i + 4))
	sleep 2
done
check '2G, cut every 20 s: fifty contacts arrive' \
	until_true 60 at_office 50
check 'and their receipts' until_true 60 all_received dana
echo "# $((SECONDS - start)) s"
stop_daemon
equal 'each line was acknowledged once' "$(acknowledged)" '51 [51]'

# All at once, over a link that is gone before they are through.
: >"$dir/daemon.log"
start=$SECONDS
contacts 51 200
bad_link --rate 64000 --delay 400 --loss 2 --seed 8 --cut-every 5000 \
	--outage 500 || exit 1
start_daemon dana || exit 1
check 'cut every 5 s: what needs longer than that arrives' until_true 90 at_office 200
check 'and all receipts too' until_true 60 all_received dana
echo "# $((SECONDS - start)) s"
stop_daemon
equal 'each of these lines was acknowledged once' \
	"$(acknowledged)" '201 [201]'
equal 'no line is there twice' "$(office list contact --json |
	jq '[.[].fields.narrative] | unique | length')" 200
equal 'under one identity' "$(office replica list --json |
	jq '[.[] | select(.user == "dana")] | length')" 1
no_link
bad_link || exit 1
syncs lee || exit 1
equal 'the other device has them all' "$(as lee list contact --json |
	jq length)" 200
check 'one vault verifies' as dana verify
check 'the other too' as lee verify
check 'the office verifies' office verify
done_testing
