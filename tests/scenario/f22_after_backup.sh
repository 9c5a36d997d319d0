#!/usr/bin/env bash
# Between a backup and its restore a device enrols, a conflict is settled, a held
# line is released, a device is revoked, another is lost for ever.  Somebody new
# enrols first after the restore.  No dot is used twice, nobody innocent is taken
# for a copy, what was decided is back, the lost device's notes come from whoever
# had them, the revoked one gets nothing.  Nobody does more than restore, start
# and sync.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F22 F1

replica_of() { # USER: the first of that user
	office replica list --json |
		jq -r "[.[] | select(.user == \"$1\")][0].replica"
}
notes() { "$@" list contact --json | jq -c '[.[].fields.narrative] | sort'; }

make_office && start_server && enrol dana && enrol lee && enrol kim &&
	enrol kim kim2 && enrol dana old || exit 1
person=$(as dana put person legal_name='Ruth Ames' preferred_name=base)
theirs=$(as kim put person legal_name='Olu West')
syncs dana lee kim kim2 old || exit 1
revise dana "$person" preferred_name=Ruthie
revise lee "$person" preferred_name=Ruth
syncs dana lee dana || exit 1
# A tablet of dana's is shut out with work on it, which is held.
as old contact "$person" --kind phone --narrative 'held, then released' >/dev/null
office replica revoke "$(office replica list --json | jq -r '[.[] |
	select(.user == "dana")][1].replica')" --as ruth >/dev/null
as old sync >"$dir/out" 2>&1
syncs dana lee || exit 1
held=$(office holds list --json | jq -r '.[0].dot')
equal 'a line is held' "$(office holds list --json | jq -c '[.[].reason]')" \
	'["revoked"]'
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
check 'the held line is released' office holds release "$held" --as ruth
gone=$(replica_of kim)
check 'a device is revoked' office replica revoke "$gone" --as ruth
syncs dana lee kim2 || exit 1
equal 'the settled value is shown on a device' \
	"$(value dana "$person" preferred_name)" "\"$kept\""
equal 'and the released line' "$(notes as lee)" \
	'["from the lost device","held, then released"]'
as dana contact "$person" --kind phone --narrative 'after the backup' >/dev/null
syncs dana lee || exit 1
refused 'the revoked one is shut out' 1 'revoked|shut' as kim sync

# --- the office is put back, and somebody new comes first
kill_server
mv "$dir/office" "$dir/lost"
"$central" restore --from "$dir/backup" --data "$dir/office" >"$dir/out" 2>&1 ||
	not_ok 'it is restored' "$(cat "$dir/out")"
equal 'the restored office lacks the notes' \
	"$(office list contact --json | jq length)" 0
equal 'it holds the line again' "$(office holds list --json |
	jq -c '[.[].reason]')" '["revoked"]'
equal 'it does not know of the revocation' "$(office replica list --json |
	jq -c --arg r "$gone" '[.[] | select(.replica == $r).state]')" '["open"]'
start_server || exit 1
enrol lee new && syncs new || exit 1
as new contact "$person" --kind phone --narrative 'the first after it' >/dev/null
syncs new || exit 1
# The first honest device of any caseload that saw the revocation.
syncs kim2 || exit 1
equal 'with it the revocation is back' "$(office replica list --json |
	jq -c --arg r "$gone" '[.[] | select(.replica == $r).state]')" '["revoked"]'
as kim2 contact "$theirs" --kind phone --narrative 'not for the revoked one' \
	>/dev/null
syncs kim2 || exit 1
as kim sync --json >"$dir/kim.json" 2>"$dir/err"
equal 'the revoked device is refused' "$(grep -Ec 'revoked|shut' "$dir/err")" 1
equal 'and is given nothing' "$(jq -n 'reduce (inputs | .pulled) as $n (0; . +
	$n)' "$dir/kim.json")" 0
syncs lee dana new lee dana new kim2 || exit 1

wanted='["after the backup","from the lost device","held, then released","the first after it"]'
equal 'all notes are at the office, of the lost device too' "$(office list \
	contact --json | jq -c --arg c "$person" '[.[] | select(.case == $c) |
	.fields.narrative] | sort')" "$wanted"
for who in dana lee new; do
	equal "and in the vault of $who" "$(notes as $who)" "$wanted"
	check "which verifies ($who)" as $who verify
	equal "and has nothing unsent ($who)" "$(as $who status --json | jq .here)" 0
done
database=$(find "$dir/office" -name 'office.db')
equal 'no dot is there twice' "$(sqlite3 "file:$database?mode=ro" \
	'SELECT count(*) - count(DISTINCT replica || n) FROM line')" 0
# Nor in two stories: what stood under a dot before the restore stands there now.
lost=$(find "$dir/lost" -name 'office.db')
equal 'none stands for another line than before' "$(sqlite3 "$database" \
	"ATTACH 'file:$lost?mode=ro' AS lost" 'SELECT count(*) || " of " ||
	(SELECT count(*) > 20 FROM main.line JOIN lost.line USING (replica, n))
	FROM main.line a JOIN lost.line b USING (replica, n)
	WHERE a.hash <> b.hash')" '0 of 1'
equal 'and none is missing' "$(sqlite3 "$database" "ATTACH \
	'file:$lost?mode=ro' AS lost" "SELECT coalesce(group_concat(b.line), 'none')
	FROM lost.line b LEFT JOIN main.line a USING (replica, n)
	WHERE a.n IS NULL AND b.replica LIKE 'w%'")" none
equal 'the decision is back' "$(office show "$person" --json |
	jq -c '[.fields.preferred_name.live[].value]')" "[\"$kept\"]"
equal 'and so is the release' "$(office holds list --json)" '[]'
equal 'the same bytes everywhere' "$(hash_of dana "$person") $(hash_of new \
	"$person")" "$(hash_of lee "$person") $(hash_of lee "$person")"
equal 'nobody was taken for a copy' "$(office replica list --json |
	jq -c '[.[] | select(.closed == "fork" or .closed == "stale")]')" '[]'
check 'the office verifies' office verify
done_testing
