#!/usr/bin/env bash
# kill -9 of a disposal at any moment, while the server is under load: a case is
# gone whole or there whole, and gone once the ledger says so.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F28
ROUNDS=${ROUNDS:-15}

make_office && start_server && enrol dana && enrol lee || exit 1
office user add olga --role admin >/dev/null
texts() { # CASE: how many of its three notes have their text
	sqlite3 "file:$dir/office/office.db?mode=ro" "SELECT count(*) FROM line
		WHERE instr(line, 'a note of $1') > 0"
}
for round in $(seq "$ROUNDS"); do
	person=$(as dana put person legal_name="Person $round")
	printf '{"person":"%s","kind":"phone","narrative":"a note of %s"}\n' \
		"$person" "$person" "$person" "$person" "$person" "$person" |
		as dana put contact --each >/dev/null
	printf '%s\n' "$person"
done >"$dir/cases"
syncs dana lee || exit 1
while read -r person; do
	office case close "$person" --on 2020-01-31 --as ruth >/dev/null
	office dispose propose "$person" --reason 'time' --as ruth >/dev/null
done <"$dir/cases"

# Killed later when it was cut short, earlier when it was through: about where
# it ends, whatever the machine.
half=0 cut=0 late_ms=0 other=$(as lee put person legal_name='Another')
while read -r person; do
	"$central" dispose approve "$person" --as olga --data "$dir/office" \
		>/dev/null 2>&1 &
	victim=$!
	wait_ms=$((late_ms * (50 + RANDOM % 100) / 100))
	(sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))" &&
		kill -KILL $victim) 2>/dev/null &
	killer=$!
	as lee contact "$other" --kind phone --narrative 'meanwhile' >/dev/null
	as lee sync >/dev/null 2>&1
	if wait $victim 2>/dev/null; then
		late_ms=$((late_ms / 2))
	else
		cut=$((cut + 1)) late_ms=$((late_ms * 2 + 10))
	fi
	wait $killer 2>/dev/null
	left=$(texts "$person")
	[ "$left" = 0 ] || [ "$left" = 3 ] || half=$((half + 1))
done <"$dir/cases" 2>/dev/null
equal 'no case is half gone' "$half" 0
check 'some were cut short' test "$cut" -gt 0
check 'and some were done' test \
	"$(while read -r person; do texts "$person"; done <"$dir/cases" |
		grep -c '^0$')" -gt 0
check 'the office verifies' office verify
syncs dana lee || exit 1
kill_server
start_server || exit 1
decided=$(office dispose list --json | jq '[.[] | select(.state == "disposed")] |
	length')
gone=$(while read -r person; do texts "$person"; done <"$dir/cases" |
	grep -c '^0$')
equal 'what was decided is gone, no more' "$gone" "$decided"
while read -r person; do
	office dispose approve "$person" --as olga >/dev/null 2>&1
done <"$dir/cases"
equal 'the rest goes when it is approved again' \
	"$(office dispose list --json |
		jq '[.[] | select(.state == "disposed")] | length')" "$ROUNDS"
check 'the office verifies' office verify
syncs dana lee dana || exit 1
equal 'no case is left on the device' "$(as dana list person --json |
	jq '[.[].fields.legal_name | select(startswith("Person"))] | length')" 0
equal 'the work meanwhile is there' "$(as dana list contact --json |
	jq length)" "$ROUNDS"
check 'the device verifies' as dana verify
done_testing
