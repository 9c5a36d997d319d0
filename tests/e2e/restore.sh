#!/usr/bin/env bash
# An office restored from an old backup is made whole again by its devices.
. "$(dirname "$0")/lib/office.bash"
scenario F1

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
seq 400 | sed "s|.*|{\"person\":\"$person\",\"kind\":\"phone\",\"narrative\":\"before &\"}|" |
	as dana put contact --each >/dev/null
syncs dana lee || exit 1
check 'a backup is made while the server runs' office backup --to "$dir/backup"

for i in 1 2 3 4 5; do
	as dana contact "$person" --kind phone --narrative "dana after $i" >/dev/null
	as lee contact "$person" --kind phone --narrative "lee after $i" >/dev/null
done
syncs dana lee dana lee || exit 1
as dana contact "$person" --kind phone --narrative 'never sent' >/dev/null
kill_server
mv "$dir/office" "$dir/lost"
check 'it is restored' "$central" restore --from "$dir/backup" \
	--data "$dir/office"
equal 'the restored office has lost ten contacts' \
	"$(office list contact --json | jq length)" 400
start_server || exit 1
as lee sync --json >"$dir/lee.json" 2>"$dir/err" || cat "$dir/err"
bytes=$(jq '.sent_bytes + .received_bytes' "$dir/lee.json")
syncs dana lee dana lee || exit 1
equal 'everything is back, what was never sent as well' \
	"$(office list contact --json | jq length)" 411
for who in dana lee; do
	equal "the vault of $who has it all" \
		"$(as $who list contact --json | jq length)" 411
	check "and is sound ($who)" as $who verify
	equal "with nothing unsent ($who)" "$(as $who status --json | jq .here)" 0
done
check 'the office verifies' office verify
# The whole case is about 400 x 230 bytes on the wire; ten lines are lost.
if [ "$bytes" -lt 40000 ]; then
	ok "healing took $bytes bytes, in proportion to what was lost"
else
	not_ok "healing took $bytes bytes" "more than 40000"
fi
# An image of the disk is put back, and nobody tells the office.  Kim enrolled
# after the image was made, and is the first to sync.
lineage() { curl -s "$url/v1/office" | jq -r .lineage; }
before=$(lineage)
stop_server
cp -r "$dir/office" "$dir/image"
start_server && enrol kim || exit 1
theirs=$(as kim put person legal_name='Olu West')
as kim contact "$theirs" --kind phone --narrative 'kim: before' >/dev/null
as dana contact "$person" --kind phone --narrative 'dana: before' >/dev/null
syncs kim dana lee || exit 1
as kim contact "$theirs" --kind phone --narrative 'kim: not sent' >/dev/null
stop_server
rm -r "$dir/office"
mv "$dir/image" "$dir/office"
start_server || exit 1
equal 'the office does not know that it was taken back' "$(lineage)" "$before"
check 'a vault that it has forgotten comes back by itself' as kim sync
after=$(lineage)
check 'and the office knows now' [ "$after" != "$before" ]
syncs dana lee kim dana lee || exit 1
equal 'once is enough' "$(lineage)" "$after"
equal 'all of it is back' "$(office list contact --json | jq length)" 414
equal 'kim sees the west alone' "$(as kim list contact --json | jq length)" 2
for who in dana lee kim; do
	check "a vault that was told is sound ($who)" as $who verify
	equal "and has nothing unsent ($who)" "$(as $who status --json | jq .here)" 0
done
equal 'dana and lee have the east' "$(as dana list contact --json | jq length) \
$(as lee list contact --json | jq length)" '412 412'
check 'the office verifies again' office verify
done_testing
