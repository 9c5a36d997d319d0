#!/usr/bin/env bash
# A link as it is in the field: 64 kbit/s, 800 ms there and back, 2 % of all
# packets lost, cut every 20 s.  Fifty contacts and a photo arrive, each line is
# acknowledged once, and the other device has them.
. "$(dirname "$0")/packets.bash"
. "$(dirname "$0")/../e2e/lib/office.bash"
. "$(dirname "$0")/link.bash"
PATIENCE_S=450

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
photo_received() {
	[ "$(as dana attachment list --json | jq -r '.[].state')" = both ]
}
photo_begun() { [ -n "$(find "$dir/office/blobs" -name '*.part' -size +0)" ]; }
photo_missing() { [ "$(office attachment list --missing --json | jq length)" = 1 ]; }
photo_there() { [ -s "$dir/office/blobs/$photo" ]; }
# What has a receipt, by the vault; the lines of the device, by the office.
acknowledged() {
	echo "$(as dana status --json | jq .received) $(office replica list \
		--json | jq -c '[.[] | select(.user == "dana").head]')"
}
link_said() { # NAME WORD: the number behind it
	sed -n "s/^.*$1 \([0-9]*\).*/\1/p" "$dir/link.out"
}

# A day's visits: a photo, and contacts before it and while it is on its way.  A
# quarter of a megabyte at 64 kbit/s takes longer than the link ever holds, so
# the photo arrives only if it goes on where it was cut.
photo_bytes=250000
head -c $photo_bytes /dev/urandom >"$dir/roof.jpg"
note=$(contacts 0 0 && as dana list contact --json | jq -r '.[0].record')
syncs dana || exit 1
start=$SECONDS
bad_link --rate 64000 --delay 400 --loss 2 --seed 7 --cut-every 20000 \
	--outage 2000 || exit 1
photo=$(as dana attach "$note" attachments "$dir/roof.jpg" \
	--context "$(context dana "$note")")
contacts 1 25
start_daemon dana || exit 1
check '2G, cut every 20 s: contacts arrive' until_true at_office 26
check 'then the photo begins' until_true photo_begun
for i in 26 31 36 41 46; do
	contacts "$i" $((i + 4))
done
check 'what is written meanwhile arrives' until_true at_office 51
check 'before the photo, which waits behind it' photo_missing
check 'and its receipts' until_true all_received dana
echo "# $((SECONDS - start)) s"
check 'then the photo' until_true photo_there
check 'byte for byte' cmp "$dir/roof.jpg" "$dir/office/blobs/$photo"
check 'and the device has its receipt' until_true photo_received
echo "# $((SECONDS - start)) s"
stop_daemon
no_link
cat "$dir/link.out" | sed 's/^/# /' | uniq -c
cuts=$(grep -c '^cut' "$dir/link.out")
check "it was cut on the way ($cuts times)" test "$cuts" -ge 2
if [ "$SATCHEL_LINK" = packets ]; then
	check 'packets were lost' test "$(link_said lost)" -gt 0
	check 'and sent again' test "$(link_said again)" -gt 0
fi
equal 'each line was acknowledged once' "$(acknowledged)" '53 [53]'
no_link
bad_link || exit 1
syncs lee || exit 1
equal 'the other device has them all' "$(as lee list contact --json |
	jq length)" 51
check 'one vault verifies' as dana verify
check 'the other too' as lee verify
check 'the office verifies' office verify
done_testing
