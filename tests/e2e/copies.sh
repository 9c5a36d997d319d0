#!/usr/bin/env bash
# Two copies of one vault both write; both stories arrive, nothing twice.
. "$(dirname "$0")/lib/office.bash"
scenario F2 F21

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1
stop_server
cp "$dir/dana.vault" "$dir/copy.vault"
for side in '-wal' '-shm'; do
	[ -e "$dir/dana.vault$side" ] && cp "$dir/dana.vault$side" \
		"$dir/copy.vault$side"
done
for i in 1 2 3; do
	as dana contact "$person" --kind phone --narrative "first $i" >/dev/null
	as copy contact "$person" --kind phone --narrative "copy $i" >/dev/null
done
start_server || exit 1
syncs dana copy dana copy lee || exit 1
wanted='["copy 1","copy 2","copy 3","first 1","first 2","first 3"]'
equal 'both stories are at the office, each write once' \
	"$(office list contact --json | jq -c '[.[].fields.narrative] | sort')" \
	"$wanted"
for who in dana copy lee; do
	equal "and in the vault of $who" "$(as $who list contact --json |
		jq -c '[.[].fields.narrative] | sort')" "$wanted"
	equal "where nothing is left unsent ($who)" \
		"$(as $who status --json | jq .here)" 0
	check "and everything agrees with the log ($who)" as $who verify
done
for id in $(as lee list contact --json | jq -r '.[].record'); do
	[ "$(hash_of dana "$id")" = "$(hash_of copy "$id")" ] &&
		[ "$(hash_of dana "$id")" = "$(hash_of lee "$id")" ] ||
		not_ok "the same bytes of $id everywhere"
done
equal 'the author is still the one who wrote' "$(office list contact --json |
	jq -r '.[].record' | while read -r id; do as lee show "$id" --history \
	--json | jq -r '.history[].author'; done | sort -u)" dana
check 'the office verifies' office verify

# A copy that only reads is found as well, and goes on under a key of its own.
cp "$dir/lee.vault" "$dir/reader.vault"
syncs lee reader lee reader || exit 1
as reader contact "$person" --kind phone --narrative 'from the reader' >/dev/null
as lee contact "$person" --kind phone --narrative 'from lee' >/dev/null
syncs reader lee reader dana || exit 1
equal 'a clone that read first loses nothing later' \
	"$(office list contact --json | jq length)" 8
done_testing
