#!/usr/bin/env bash
# A device erases the history of a case that has left, once that is in two
# verified backups and no sooner.  Then the office loses its store and the newest
# backup; from the older one and the devices everything comes back.  Restored to
# a time before the mark, which it had promised to outlive, it goes on without
# what nobody has any more, and says so.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F1

lines() { sqlite3 "$dir/dana.vault" 'SELECT count(*) FROM log'; }
pruned() { sqlite3 "$dir/dana.vault" 'SELECT count(*) FROM pruned'; }
backup() { office backup --to "$dir/backup$1" >/dev/null; }
give() { # CASE CASELOAD
	office case assign "$1" --caseload "$2" --as ruth >/dev/null
}
notes() { office list contact --json | jq -c '[.[].fields.narrative] | sort'; }
# The store is lost; what is restored is that backup.
lose_and_restore() {
	kill_server
	rm -rf "$dir/office"
	"$central" restore --from "$dir/backup$1" --data "$dir/office" \
		>"$dir/out" 2>&1 && start_server
}

make_office && start_server && enrol dana && enrol kim || exit 1
stays=$(as dana put person legal_name='Ruth Ames')
syncs dana kim && backup 0 || exit 1
ruth=$(as dana put person legal_name='Orrin Vale')
as dana contact "$ruth" --kind phone --narrative 'before it left' >/dev/null
syncs dana kim && give "$ruth" west && syncs dana || exit 1
as dana contact "$stays" --kind phone --narrative 'after it left' >/dev/null
syncs dana && backup 1 && syncs dana || exit 1
before=$(lines)
check 'what is received is not erased' as dana prune
equal 'nor what one backup has' "$(lines) $(pruned)" "$before 0"
equal 'and it is said that it waits' "$(as dana prune --json | jq .waiting)" 1
backup 2 && syncs dana || exit 1
equal 'a sync erases what two backups have' "$(pruned)" 2
check 'with all that others wrote of it' test "$(lines)" -lt $((before - 2))
equal 'there is no more of it' "$(as dana prune --json)" \
	'{"bytes":0,"cases":0,"lines":0,"waiting":0}'
check 'the vault is sound' as dana verify
equal 'its status counts every line' \
	"$(as dana status --json | jq -c '[.here, .received]')" '[0,4]'

# A second case leaves and is received only.
olu=$(as dana put person legal_name='Olu West')
as dana contact "$olu" --kind phone --narrative 'received only' >/dev/null
syncs dana && give "$olu" west && syncs dana || exit 1
as dana contact "$stays" --kind phone --narrative 'the last' >/dev/null
syncs dana || exit 1
equal 'of which nothing is erased' "$(pruned)" 2

# The newest backup is lost, too, and with it whoever has the cases now.
rm -rf "$dir"/kim.vault*
lineage=$(office status --json | jq -r .lineage)
check 'the office is restored to the older backup' lose_and_restore 1
equal 'and lacks what came later' "$(notes)" '["after it left","before it left"]'
syncs dana dana || exit 1
check 'its lineage is another' test "$lineage" != \
	"$(office status --json | jq -r .lineage)"
equal 'everything is back' "$(notes)" \
	'["after it left","before it left","received only","the last"]'
check 'the vault is sound' as dana verify
check 'a rebuilt one as well' as dana rebuild
check 'and verifies' as dana verify
check 'the office verifies' office verify
equal 'nothing waits' "$(as dana status --json | jq .here)" 0

scenario F1 F26
give "$ruth" east && syncs dana || exit 1
equal 'the case comes back whole, with the own lines that were erased' \
	"$(as dana show "$ruth" --history --json | jq '.history | length') \
$(as dana list contact --json | jq -c '[.[].fields.narrative] | sort')" \
	'1 ["after it left","before it left","the last"]'
equal 'as the office has it' "$(hash_of dana "$ruth")" \
	"$(office show "$ruth" --json | jq -r .hash)"
revise dana "$ruth" preferred_name=Orry
syncs dana || exit 1
check 'the vault is sound' as dana verify

# What was promised to be backed up is not: nothing stands still for it.
scenario F1
backup 3 || exit 1
ines=$(as dana put person legal_name='Ines Roe')
as dana contact "$ines" --kind phone --narrative 'promised' >/dev/null
syncs dana && give "$ines" west && syncs dana || exit 1
as dana contact "$stays" --kind phone --narrative 'very last' >/dev/null
before=$(pruned)
syncs dana && backup 4 && backup 5 && syncs dana dana || exit 1
equal 'a case is erased in the new lineage' "$(pruned)" $((before + 2))
give "$ruth" west && syncs dana || exit 1
as dana contact "$stays" --kind phone --narrative 'the end' >/dev/null
before=$(pruned)
syncs dana && backup 6 && backup 7 && syncs dana dana || exit 1
equal 'not one with lines from before it' "$(pruned)" "$before"
uma=$(as dana put person legal_name='Uma Zell')
as dana contact "$uma" --kind phone --narrative 'behind what was erased' \
	>/dev/null
syncs dana && give "$uma" west && syncs dana || exit 1
equal 'nor one that is received only' "$(pruned)" "$before"
check 'the office is restored to before the mark' lose_and_restore 3
syncs dana dana || exit 1
equal 'all but what was erased is back, what cannot be read here included' \
	"$(notes)" \
	'["after it left","before it left","behind what was erased","received only","the end","the last","very last"]'
check 'the vault is sound' as dana verify
check 'the office verifies' office verify
equal 'the office lists what is gone by replica and n' "$(office status --json |
	jq -c '[.recovery.gone[] | select(.user == "dana" and .from <= .to)] |
		length')" 1
equal 'nothing waits on the device' "$(as dana status --json | jq .here)" 0
as dana contact "$stays" --kind phone --narrative 'and on' >/dev/null
check 'work goes on' syncs dana
done_testing
