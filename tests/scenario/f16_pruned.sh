#!/usr/bin/env bash
# An attachment leaves a device only once the office has it in two backups: one
# that a person lets go, and those of a case that has left.  What was merely
# received is kept, sealed, and is given again to an office that has lost it.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F16

states() {
	as dana attachment list --json | jq -r '.[].state' | sort | uniq -c |
		awk '{printf "%s%s %s", s, $1, $2; s = ", "}'
}
held() { sqlite3 "$dir/dana.vault" 'SELECT count(*) FROM blob'; }
backup() { office backup --to "$dir/backup$1" >/dev/null; }
give() { office case assign "$1" --caseload west --as ruth >/dev/null; }
add() { # NOTE FILE: of random bytes
	head -c 200000 /dev/urandom >"$2"
	as dana attach "$1" attachments "$2" --context "$(context dana "$1")"
}
note_of() { as dana contact "$1" --kind home_visit --narrative "$2"; }

make_office && start_server && enrol dana || exit 1
stays=$(as dana put person legal_name='Ruth Ames')
note=$(note_of "$stays" 'The roof.')
roof=$(add "$note" "$dir/roof.jpg")
equal 'it is let go' "$(as dana prune --attachments --json)" '{"attachments":1}'
syncs dana || exit 1
equal 'but not when it is only received' "$(states)" '1 both'
backup 1
as dana prune --attachments >/dev/null
syncs dana || exit 1
equal 'nor when it is in one backup' "$(states)" '1 both'
backup 2
as dana sync >/dev/null
equal 'it is asked after once a day' "$(states)" '1 both'
check 'or when a person wants it' as dana prune --attachments
syncs dana || exit 1
equal 'then it goes, as two backups have it' "$(states) $(held)" '1 office 0'
check 'and comes again' as dana attachment save "$roof" "$dir/again.jpg"
check 'byte for byte' cmp "$dir/roof.jpg" "$dir/again.jpg"
check 'the vault is sound' as dana verify

gone=$(as dana put person legal_name='Orrin Vale')
gone_note=$(note_of "$gone" 'The stairs.')
add "$gone_note" "$dir/stairs.jpg" >/dev/null
syncs dana && backup 3 && backup 4 && give "$gone" && syncs dana || exit 1
equal 'of a case that has left it goes by itself' "$(held)" 1
as dana contact "$stays" --kind phone --narrative 'later' >/dev/null
syncs dana && backup 5 && backup 6 && syncs dana || exit 1
equal 'and then its lines' "$(sqlite3 "$dir/dana.vault" \
	'SELECT count(*) FROM pruned')" 3

last=$(as dana put person legal_name='Olu West')
last_note=$(note_of "$last" 'The cellar.')
cellar=$(add "$last_note" "$dir/cellar.jpg")
syncs dana && give "$last" && syncs dana || exit 1
equal 'one that is only received stays' "$(held)" 2
refused 'though nobody can read it here' 1 'no record here names' \
	as dana attachment save "$cellar" "$dir/cellar.again"
kill_server
rm -rf "$dir/office"
check 'the office is restored to before it' "$central" restore \
	--from "$dir/backup6" --data "$dir/office"
start_server && syncs dana dana || exit 1
equal 'nothing is missing there' \
	"$(office attachment list --missing --json | jq length)" 0
check 'it has what had left' office attachment save "$cellar" \
	--to "$dir/cellar.office"
check 'byte for byte too' cmp "$dir/cellar.jpg" "$dir/cellar.office"
check 'the vault is sound' as dana verify
check 'the office verifies' office verify
done_testing
