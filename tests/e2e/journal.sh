#!/usr/bin/env bash
# Losing the database loses nothing: the office's journal on another volume has
# everything that was acknowledged, and devices have nothing to do (F1, F22).
. "$(dirname "$0")/lib/office.bash"
scenario F1 F22

journal=$dir/other/journal
mkdir "$dir/other"
make_office() {
	office init --agency north --name North --journal "$journal" \
		>"$dir/out" 2>"$dir/warning" &&
		office user add ruth --role supervisor --caseload east &&
		office user add dana --role worker --caseload east &&
		office user add lee --role worker --caseload east &&
		office user add kim --role worker --caseload west
}
lineage() { office status --json | jq -r .lineage; }
lose() { # kills the server and takes the data away
	kill_server
	rm -rf "$dir/office"
}
work() { # WHO TEXT
	as "$1" contact "$person" --kind phone --narrative "$2" >/dev/null
}
make_office >/dev/null || exit 1
check 'the same volume is warned of' grep -q 'same volume' "$dir/warning"
start_server && enrol dana && enrol lee && enrol kim || exit 1
person=$(as dana put person legal_name='Ruth Ames')
work dana 'before the backup'
syncs dana lee || exit 1
check 'a backup is made' office backup --to "$dir/backup"

# After the backup: work, an enrolment, a decision, a revocation, a code.
work dana 'after the backup'
syncs dana lee || exit 1
work lee "lee's"
syncs lee dana || exit 1
office user add noor --role worker --caseload east >/dev/null
enrol noor && syncs noor || exit 1
work noor "noor's"
syncs noor dana lee || exit 1
gone=$(office replica list --json |
	jq -r '.[] | select(.user == "kim") | .replica')
code=$(office invite --user dana --json | jq -r .code)
check 'a device is revoked' office replica revoke "$gone" --as ruth
revise dana "$person" preferred_name=Ruthie && syncs dana || exit 1
check 'a case moves' office case assign "$person" --caseload east \
	--caseload west --as ruth
syncs dana lee noor || exit 1
before=$(lineage)
lines=$(office status --json | jq .lines)
records=$(office list contact --json | jq -S . | md5sum)

lose
check 'it is restored from backup and journal' "$central" restore \
	--from "$dir/backup" --data "$dir/office" --json
check 'the journal held everything' jq -e \
	'.journal.whole and .journal.lost == 0 and .journal.transactions > 10' \
	"$dir/out"
equal 'the lineage is as it was' "$(lineage)" "$before"
equal 'so are the lines' "$(office status --json | jq .lines)" "$lines"
equal 'and the records' "$(office list contact --json | jq -S . | md5sum)" \
	"$records"
check 'the office verifies' office verify
start_server || exit 1
for who in dana lee noor; do
	as $who sync --json >"$dir/sync"
	check "the device of $who has nothing to do" jq -e '.requests == 1 and
		.pushed == 0 and .pulled == 0 and
		.sent_bytes + .received_bytes < 900' "$dir/sync"
	check "its vault is sound ($who)" as $who verify
done
refused 'the revoked device stays out' 1 'revoked|shut' as kim sync
SATCHEL_VAULT=$dir/dana2.vault check 'a code that was not used is good' \
	"$satchel" enroll --server "$url" --code "$code"

# Work goes on, the journal too; it is enough without any backup.
work dana 'after the restore'
syncs dana lee || exit 1
lines=$(office status --json | jq .lines)
lose
check 'it is restored from the journal alone' "$central" restore \
	--journal "$journal" --data "$dir/office" --json
check 'which again held everything' jq -e .journal.whole "$dir/out"
equal 'all lines are there' "$(office status --json | jq .lines)" "$lines"
equal 'with the same lineage' "$(lineage)" "$before"
check 'and the office verifies' office verify

# A journal that breaks: the office goes on, and a restore knows what it lacks.
start_server || exit 1
mv "$dir/other" "$dir/elsewhere"
work dana 'while the journal is away'
syncs dana || exit 1
equal 'work is received without the journal' \
	"$(as dana status --json | jq .here)" 0
check 'the status says that the journal is behind' \
	grep -q BEHIND <(office status)
lose
mv "$dir/elsewhere" "$dir/other"
check 'it is restored once more' "$central" restore --journal "$journal" \
	--data "$dir/office" --json
check 'the journal did not hold everything' jq -e '.journal.whole | not' \
	"$dir/out"
[ "$(lineage)" != "$before" ] && ok 'the lineage is a new one' ||
	not_ok 'the lineage is a new one'
start_server || exit 1
syncs dana lee || exit 1
equal 'the device brought back what was missing' "$(office list contact --json |
	jq '[.[] | select(.fields.narrative == "while the journal is away")]
	| length')" 1
check 'the office verifies again' office verify

# Kills at random: what was acknowledged is in the journal.
for round in 1 2 3 4 5; do
	for i in 1 2 3; do
		work dana "round $round, $i"
		as dana sync >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 10))"
		[ $i = 3 ] && kill_server
		wait $! 2>/dev/null
	done
	acknowledged=$((3 * round - $(as dana status --json | jq .here)))
	rm -rf "$dir/office"
	"$central" restore --journal "$journal" --data "$dir/office" \
		>"$dir/out" 2>&1 || not_ok "restore $round" "$(cat "$dir/out")"
	there=$(office list contact --json | jq '[.[] |
		select(.fields.narrative | startswith("round"))] | length')
	[ "$there" -ge "$acknowledged" ] &&
		ok "round $round: $acknowledged acknowledged, $there restored" ||
		not_ok "round $round" "$acknowledged acknowledged, $there restored"
	check "round $round verifies" office verify
	start_server || exit 1
done
syncs dana lee || exit 1
equal 'nothing is unsent' "$(as dana status --json | jq .here)" 0
check 'all of it is backed up, under whatever name' jq -e \
	'.received > 10 and .backed_up == .received' <(as dana status --json)

lose
check 'restored without the journal, the office is rolled back' "$central" \
	restore --from "$dir/backup" --journal none --data "$dir/office" --json
check 'and says so' jq -e '.journal.replayed or .journal.whole | not' \
	"$dir/out"
refused 'a journal in the data directory is refused' 1 'data directory' \
	"$central" init --agency south --data "$dir/south" \
	--journal "$dir/south/journal"
echo 'a letter, which is by no means a journal of anything' >"$dir/letter"
rm -rf "$dir/south" "$dir/south.keys"
refused 'another file is refused' 1 'another file' "$central" init \
	--agency south --data "$dir/south" --journal "$dir/letter"
done_testing
