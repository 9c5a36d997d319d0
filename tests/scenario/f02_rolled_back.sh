#!/usr/bin/env bash
# A vault is put back to what it was three days ago and written to again; a vault
# is copied, the copy is copied, all of them write for a while and sync in every
# order.  All that any of them ever wrote is there, each write once.
. "$(dirname "$0")/../e2e/lib/office.bash"

copy_vault() { # FROM TO: as a backup program does, without the programs' help
	local side
	rm -f "$dir/$2".vault*
	for side in '' -wal -shm; do
		[ -e "$dir/$1.vault$side" ] &&
			cp "$dir/$1.vault$side" "$dir/$2.vault$side"
	done
	return 0
}
write() { as "$1" contact "$person" --kind phone --narrative "$2" >/dev/null; }
texts() { "$@" list contact --json | jq -c '[.[].fields.narrative] | sort'; }
rounds() { # until nothing moves
	for _ in 1 2 3; do
		syncs "$@" || return 1
	done
}

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1

scenario F2
write dana 'day one'
syncs dana || exit 1
copy_vault dana old
write dana 'day two'
syncs dana lee || exit 1
write dana 'day three, never sent'
copy_vault dana young
copy_vault old dana # put back
write dana 'day four'
revise dana "$person" preferred_name=Ruthie
check 'a vault that was put back syncs' syncs dana
rounds dana lee || exit 1
equal 'the days after are there, and what is gone is only what was never sent' \
	"$(texts office)" '["day four","day one","day two"]'
equal 'in the vault too' "$(texts as dana)" "$(texts office)"
copy_vault young found
check 'the lost days are found again, as another copy' syncs found
rounds found dana lee found dana || exit 1
equal 'and nothing is missing any more' "$(texts office)" \
	'["day four","day one","day three, never sent","day two"]'
for who in dana found lee; do
	equal "the vault of $who shows it all" "$(texts as $who)" "$(texts office)"
	check "and verifies ($who)" as $who verify
done
equal 'the event is reported: closed identities are listed' "$(office \
	replica list --json | jq '[.[] | select(.state == "closed")] | length > 0')" \
	true

scenario F21
number=0
for order in 'a b c' 'a c b' 'b a c' 'b c a' 'c a b' 'c b a'; do
	number=$((number + 1))
	copy_vault dana a
	write a "round $number: a before"
	copy_vault a b
	write b "round $number: b before"
	copy_vault b c # a copy of a copy
	for who in a b c; do
		write $who "round $number: $who"
	done
	rounds $order || not_ok "order $order"
	got=$(office list contact --json | jq -c --arg r "round $number:" \
		'[.[].fields.narrative | select(startswith($r))] | sort')
	equal "a copy and its copy, in the order $order" "$got" \
		"[\"round $number: a\",\"round $number: a before\",\"round $number: b\",\"round $number: b before\",\"round $number: c\"]"
	copy_vault c dana
done
rounds dana lee || exit 1
equal 'the other device has each write once' "$(texts as lee)" "$(texts office)"
check 'its vault verifies' as lee verify
check 'the last copy verifies' as c verify
check 'the office verifies' office verify
done_testing
