#!/usr/bin/env bash
# Unsent work stands in a second file, and no longer than it must (F13, F17).
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee || exit 1
mkdir "$dir/card" && cd "$dir" || exit 1
records() { LC_ALL=C grep -aoP '\xffSJ\x01' "$1" | wc -l; } # how many stand in a journal
mirror() { as "$1" status --json | jq -c "$2"; }

person=$(as dana put person legal_name='Ruth Ames')
check 'a mirror is set' as dana mirror card/dana.mirror
equal 'with what is unsent' "$(mirror dana '[.mirror.problem,.mirror.missing]')" '[null,0]'
check 'status tells where it is' grep -q "mirror .*$dir/card/dana.mirror" \
	<(as dana status)
before=$(records card/dana.mirror)
for i in 1 2 3; do
	as dana contact "$person" --kind phone --narrative "Xylophone $i" >/dev/null
done
equal 'each write is one record more' "$(($(records card/dana.mirror) - before))" 3
if strings -n 4 card/dana.mirror dana.vault.keys |
	grep -Eq 'Ruth|Ames|Xylophone|phone'; then
	not_ok 'no word is readable in it'
else
	ok 'no word is readable in it'
fi
check 'after a sync' syncs dana
equal 'nothing is left in it but keys' "$(records card/dana.mirror)" 2

# A card that is taken out stops nobody.
mv card away
check 'a write without the card succeeds' as dana contact "$person" \
	--kind phone --narrative 'without the card'
equal 'and the status says so' "$(mirror dana '[.mirror.missing,.mirror.problem]')" \
	'[1,"its volume is not there"]'
check 'in words too' grep -q 'NOT WRITTEN, 1 unsent' <(as dana status)
mv away card
equal 'a card that is back is made up for' "$(mirror dana .mirror.missing)" 0
equal 'with the line' "$(records card/dana.mirror)" 4
truncate -s -5 card/dana.mirror
as dana contact "$person" --kind phone --narrative 'after the tear' >/dev/null
equal 'a torn end is made up for' "$(mirror dana '[.mirror.problem,.mirror.missing]')" '[null,0]'
equal 'with both lines' "$(records card/dana.mirror)" 5

echo 'something else' >card/other
refused "another file is not taken for one" 1 'no mirror' \
	as dana mirror card/other
equal 'nor touched' "$(cat card/other)" 'something else'
refused "another vault's is not either" 1 'no mirror' \
	as lee mirror card/dana.mirror
refused 'a folder that is not there is named' 1 'no such folder' \
	as dana mirror nowhere/dana.mirror
equal 'and the old one stays' "$(mirror dana .mirror.file)" "\"$dir/card/dana.mirror\""

# Enrolling with one; locked vaults keep theirs.
code=$(office invite --user kim --json | jq -r .code)
check 'a vault is enrolled with a mirror' as kim enroll --server "$url" \
	--code "$code" --mirror card/kim.mirror
as kim put person legal_name='Omar Diaz' >/dev/null
equal 'which follows it' "$(mirror kim .mirror.missing)" 0
check 'locked, its work goes out' env -u SATCHEL_PASSPHRASE_FILE "$satcheld" \
	--vault "$dir/kim.vault" --once --socket "$dir/socket"
equal 'and out of the mirror' "$(records card/kim.mirror)" 2

# A case that leaves takes its key out of both files.
size=$(stat -c %s dana.vault.keys)
inode=$(stat -c %i dana.vault.keys)
syncs dana || exit 1
office case assign "$person" --caseload west --as ruth >/dev/null 2>&1 ||
	not_ok 'assign'
syncs dana || exit 1
if [ "$(stat -c %s dana.vault.keys)" -lt "$size" ] &&
	[ "$(stat -c %i dana.vault.keys)" != "$inode" ]; then
	ok 'a case that leaves takes its key along'
else
	not_ok 'a case that leaves takes its key along'
fi
check 'a mirror is taken off' as dana mirror off
[ -e card/dana.mirror ] && not_ok 'and removed'
equal 'and the status is silent' "$(mirror dana .mirror)" null
check 'the vault is sound' as dana verify
done_testing
