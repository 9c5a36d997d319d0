#!/usr/bin/env bash
# F22: the office is restored from an old backup after people were enrolled,
# decided and shut out.  It is in recovery until nothing is missing, or until a
# person closes it; what is gone is listed.
. "$(dirname "$0")/lib/office.bash"

recovery() { office status --json | jq -c ".recovery${1-}"; }
replica_of() {
	office replica list --json | jq -r "[.[] | select(.user == \"$1\" and
		.state == \"open\")][0].replica"
}
roll_back() { # to the backup
	kill_server
	rm -rf "$dir/office"
	"$central" restore --from "$dir/backup" --data "$dir/office" \
		>"$dir/out" 2>"$dir/err" && start_server
}

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee kim || exit 1
equal 'an office that was never rolled back is not in recovery' \
	"$(recovery)" null
office backup --to "$dir/backup" >/dev/null

# After the backup.
code=$(office invite --user dana --json | jq -r .code)
enrol ruth && syncs ruth || exit 1
as dana contact "$person" --kind phone --narrative 'after' >/dev/null
revise lee "$person" preferred_name=A && revise dana "$person" preferred_name=B
syncs dana lee dana || exit 1
shut=$(replica_of kim)
office replica revoke "$shut" --as ruth >"$dir/said" 2>&1
check 'kim is shut out' grep -q 'is revoked' "$dir/said"
check 'and nothing more is said of it' test "$(wc -l <"$dir/said")" = 1
syncs dana lee ruth || exit 1

roll_back || exit 1
check 'the restored office is in recovery' test "$(recovery)" != null
equal 'it waits for every device that it knows' \
	"$(recovery '.devices | map(.user) | sort')" '["dana","kim","lee"]'
check 'and says so' grep -q 'IN RECOVERY' <(office status)
SATCHEL_VAULT=$dir/new.vault refused 'a code from before is void' 1 'code' \
	"$satchel" enroll --server "$url" --code "$code"
check 'another device enrols first' enrol lee newcomer
check 'and writes' as newcomer put person legal_name='First Comer'
syncs newcomer || exit 1
syncs lee || exit 1
refused 'kim stays out once an honest device has synced' 1 'revoked|shut' \
	as kim sync
syncs dana ruth dana lee newcomer ruth || exit 1
equal 'no dot is used twice: all vaults agree' "$(for who in dana lee newcomer
	do hash_of $who "$person"; done | sort -u | wc -l)" 1
equal 'nobody was declared a copy' "$(office replica list --json |
	jq '[.[] | select(.closed == "fork" or .closed == "stale")] | length')" 0
equal 'nothing is missing: the recovery ended by itself' "$(recovery)" null
check 'the office is sound' office verify

# What nobody can bring back is listed, until a person closes it.
office user add noor --role worker --caseload east --caseload north \
	>/dev/null
enrol noor && syncs noor || exit 1
rm "$dir/backup"
office backup --to "$dir/backup" >/dev/null
as noor contact "$person" --kind phone --narrative 'held by others' >/dev/null
alone=$(as noor put person legal_name='Known To Noor Alone' | tail -n 1)
syncs noor || exit 1
check 'a case is moved to noor alone' office case assign "$alone" \
	--caseload north --as ruth
as noor contact "$alone" --kind phone --narrative 'noor alone' >/dev/null
as noor contact "$person" --kind phone --narrative 'held by others 2' >/dev/null
lost=$(replica_of noor)
syncs noor lee dana lee || exit 1
rm "$dir"/noor.vault*
# What no device has: a case that nobody but the office could see in the end.
hidden=$(as dana put person legal_name='Seen By Nobody' | tail -n 1)
syncs dana || exit 1
term=$(grep -o 'term=o[^ ]*' "$dir/serve.log" | tail -n 1 | cut -d = -f 2)
check 'a case is taken from everybody' office case assign "$hidden" \
	--caseload nowhere --as ruth
syncs dana lee ruth newcomer || exit 1
roll_back || exit 1
syncs dana lee newcomer ruth dana lee || exit 1
equal 'the lost device is waited for' \
	"$(recovery '.devices | map(.user)')" '["noor"]'
equal 'what others held of its log is back' "$(office list contact --json |
	jq '[.[] | select(.fields.narrative | test("^held by"))] | length')" 2
check 'what is gone is listed by replica and n' jq -e --arg lost "$lost" \
	'[.recovery.gone[] | select(.replica == $lost and .user == "noor" and
		.from <= .to and .after > 0)] | length > 0' \
	<(office status --json)
check 'so is what the office wrote, as its replies had said' jq -e \
	--arg term "$term" '[.recovery.gone[] | select(.replica == $term and
		.user == null)] | length > 0' <(office status --json)
office replica revoke "$lost" --as ruth >"$dir/said" 2>&1
check 'to revoke meanwhile tells what does not come back' grep -q \
	'what it lost, and only this device holds' "$dir/said"
refused 'closing it needs a name' 1 'who writes' "$central" recovery close \
	--data "$dir/office"
check 'a person closes it' office recovery close --as ruth
equal 'then it is closed' "$(recovery)" null
refused 'once' 1 'not in recovery' office recovery close --as ruth
check 'the office is sound still' office verify
done_testing
