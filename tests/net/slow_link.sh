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
photo_received() {
	[ "$(as dana attachment list --json | jq -r '.[].state')" = both ]
}
# What has a receipt, by the vault; the lines of the device, by the office.
acknowledged() {
	echo "$(as dana status --json | jq .received) $(office replica list \
		--json | jq -c '[.[] | select(.user == "dana").head]')"
}

# A day's visits: a photo, then contacts one after another while the daemon
# works.  A quarter of a megabyte at 64 kbit/s takes longer than the link ever
# holds, so the photo arrives only if it goes on where it was cut.
photo_bytes=250000
head -c $photo_bytes /dev/urandom >"$dir/roof.jpg"
note=$(contacts 0 0 && as dana list contact --json | jq -r '.[0].record')
syncs dana || exit 1
photo_missing() { [ "$(office attachment list --missing --json | jq length)" = 1 ]; }
photo_there() { [ -s "$dir/office/blobs/$photo" ]; }
start=$SECONDS
bad_link --rate 64000 --delay 400 --loss 2 --seed 7 --cut-every 20000 \
	--outage 2000 || exit 1
photo=$(as dana attach "$note" attachments "$dir/roof.jpg" \
	--context "$(context dana "$note")")
start_daemon dana || exit 1
for i in $(seq 1 5 46); do
	contacts "$i" $((i + 4))
	sleep 2
done
check '2G, cut every 20 s: fifty contacts arrive' \
	until_true 60 at_office 51
check 'and before the photo, which waits behind them' photo_missing
check 'and their receipts' until_true 60 all_received dana
echo "# $((SECONDS - start)) s"
check 'then the photo' until_true 90 photo_there
check 'byte for byte' cmp "$dir/roof.jpg" "$dir/office/blobs/$photo"
check 'and the device has its receipt' until_true 30 photo_received
echo "# $((SECONDS - start)) s"
stop_daemon
no_link
cuts=$(grep -c '^cut' "$dir/relay.out")
up=$(sed -n 's/^passed \([0-9]*\) .*/\1/p' "$dir/relay.out")
if [ "$cuts" -ge 2 ] && [ "$up" -lt $((photo_bytes + 60000)) ]; then
	ok "no byte of it twice ($cuts cuts, $up bytes for $photo_bytes and the text)"
else
	not_ok 'no byte of it twice' "$cuts cuts, $up bytes for $photo_bytes"
fi
equal 'each line was acknowledged once' "$(acknowledged)" '53 [53]'

# All at once, over a link that is gone before they are through.
: >"$dir/daemon.log"
start=$SECONDS
contacts 51 200
bad_link --rate 64000 --delay 400 --loss 2 --seed 8 --cut-every 5000 \
	--outage 500 || exit 1
start_daemon dana || exit 1
check 'cut every 5 s: what needs longer than that arrives' until_true 90 at_office 201
check 'and all receipts too' until_true 60 all_received dana
echo "# $((SECONDS - start)) s"
stop_daemon
equal 'each of these lines was acknowledged once' \
	"$(acknowledged)" '203 [203]'
equal 'no line is there twice' "$(office list contact --json |
	jq '[.[].fields.narrative] | unique | length')" 201
equal 'under one identity' "$(office replica list --json |
	jq '[.[] | select(.user == "dana")] | length')" 1
no_link
bad_link || exit 1
syncs lee || exit 1
equal 'the other device has them all' "$(as lee list contact --json |
	jq length)" 201
check 'one vault verifies' as dana verify
check 'the other too' as lee verify
check 'the office verifies' office verify
done_testing
