#!/usr/bin/env bash
# An office that is restored twice, the second time to before a device wrote at
# all.  Part of what the device wrote before its first succession is of a case
# that has left it since: it brings that back too, sealed, and what follows it.
. "$(dirname "$0")/lib/office.bash"

roll_back() { # BACKUP
	kill_server
	rm -rf "$dir/office"
	"$central" restore --from "$dir/$1" --data "$dir/office" \
		>"$dir/out" 2>"$dir/err" && start_server
}
names() {
	office list person --json | jq -c '[.[].fields.legal_name] | sort'
}

make_office && start_server && enrol dana && syncs dana || exit 1
office backup --to "$dir/first" >/dev/null
before=$(as dana put person legal_name='Orrin Vale')
stays=$(as dana put person legal_name='Ruth Ames')
after=$(as dana put person legal_name='Tess Dell')
syncs dana || exit 1
office backup --to "$dir/second" >/dev/null
roll_back second && syncs dana || exit 1
for moved in "$before" "$after"; do
	check 'a case is given to another caseload' office case assign "$moved" \
		--caseload west --as ruth
done
syncs dana || exit 1
refused 'it has left the vault' 1 'no such|not found|unknown' \
	as dana show "$before"
roll_back first || exit 1
equal 'the office has nothing of it any more' "$(office list person --json)" '[]'
check 'the device syncs' as dana sync
equal 'everything is at the office again' "$(names)" \
	'["Orrin Vale","Ruth Ames","Tess Dell"]'
equal 'nothing waits in the vault' "$(as dana status --json | jq .here)" 0
check 'which shows what it may' as dana show "$stays"
refused 'and no more' 1 'no such|not found|unknown' as dana show "$before"
as dana sync --json >"$dir/json"
equal 'the next sync has nothing to say' "$(jq -c '[.pushed,.pulled]' \
	"$dir/json")" '[0,0]'

# All that it wrote under a key before its last has left it.
check 'a case is given to another caseload' office case assign "$stays" \
	--caseload west --as ruth
syncs dana || exit 1
roll_back first || exit 1
syncs dana || exit 1
equal 'what has left whole is brought back as well' "$(names)" \
	'["Orrin Vale","Ruth Ames","Tess Dell"]'
check 'the vault is sound' as dana verify
check 'the office verifies' office verify
done_testing
