#!/usr/bin/env bash
# Between a backup and its restore a device enrols, a conflict is settled, a
# line is released, a device is revoked, another is lost for ever.  Somebody new
# enrols first after the restore.  No dot is used twice, nobody innocent is taken
# for a copy, what was decided is back or is open again, the lost device's notes
# come from whoever had them.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F22 F1

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
person=$(as dana put person legal_name='Ruth Ames' preferred_name=base)
syncs dana lee kim || exit 1
revise dana "$person" preferred_name=Ruthie
revise lee "$person" preferred_name=Ruth
syncs dana lee dana || exit 1
# Kim writes into a case of others: held.
theirs=$(as kim put person legal_name='Olu West')
syncs kim || exit 1
check 'a backup is made' office backup --to "$dir/backup"

# --- after the backup
enrol lee lee2 && syncs lee2 || exit 1
as lee2 contact "$person" --kind phone --narrative 'from the lost device' \
	>/dev/null
syncs lee2 dana || exit 1
rm -f "$dir"/lee2.vault*
dot=$(office conflicts list --json | jq -r '.[0].values[0].dot')
kept=$(office conflicts list --json | jq -r '.[0].values[0].value')
check 'the conflict is settled' office conflicts resolve "$person" \
	preferred_name --keep "$dot" --as ruth
gone=$(office replica list --json |
	jq -r '.[] | select(.user == "kim") | .replica')
check 'a device is revoked' office replica revoke "$gone" --as ruth
syncs dana lee || exit 1
equal 'the settled value is shown on a device' \
	"$(value dana "$person" preferred_name)" "\"$kept\""
as dana contact "$person" --kind phone --narrative 'after the backup' >/dev/null
syncs dana lee || exit 1
refused 'the revoked one is shut out' 1 'revoked|shut' as kim sync
before=$(office replica list --json | jq -r '.[].replica' | sort)

# --- the office is put back, and somebody new comes first
kill_server
mv "$dir/office" "$dir/lost"
"$central" restore --from "$dir/backup" --data "$dir/office" >"$dir/out" 2>&1 ||
	not_ok 'it is restored' "$(cat "$dir/out")"
equal 'the restored office lacks both notes' \
	"$(office list contact --json | jq length)" 0
start_server || exit 1
enrol lee new && syncs new || exit 1
as new contact "$person" --kind phone --narrative 'the first after it' >/dev/null
syncs new || exit 1
syncs lee dana new lee dana new || exit 1

equal 'all three notes are at the office, of the lost device too' \
	"$(office list contact --json | jq -c '[.[].fields.narrative] | sort')" \
	'["after the backup","from the lost device","the first after it"]'
for who in dana lee new; do
	equal "and in the vault of $who" "$(as $who list contact --json |
		jq -c '[.[].fields.narrative] | sort')" \
		'["after the backup","from the lost device","the first after it"]'
	check "which verifies ($who)" as $who verify
	equal "and has nothing unsent ($who)" "$(as $who status --json | jq .here)" 0
done
database=$(find "$dir/office" -name 'office.db')
equal 'no dot is there twice' "$(sqlite3 "file:$database?mode=ro" \
	'SELECT count(*) - count(DISTINCT replica || n) FROM line')" 0
equal 'the decision is back' "$(office show "$person" --json |
	jq -c '[.fields.preferred_name.live[].value]')" "[\"$kept\"]"
equal 'the same bytes everywhere' "$(hash_of dana "$person") $(hash_of new \
	"$person")" "$(hash_of lee "$person") $(hash_of lee "$person")"
as kim put person --record "$theirs" >/dev/null 2>&1
as kim sync >"$dir/out" 2>"$dir/err"
equal 'the revoked device stays revoked' "$(office replica list --json |
	jq -c --arg r "$gone" '[.[] | select(.replica == $r).state]')" '["revoked"]'
refused 'and is given nothing' 1 'revoked|shut' as kim sync
check 'the office verifies' office verify
done_testing
