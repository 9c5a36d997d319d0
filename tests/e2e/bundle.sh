#!/usr/bin/env bash
# Two vaults and an office without any network: everything goes by file, late,
# out of order, twice, cut, to the wrong place.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee && syncs dana lee ||
	exit 1
stop_server # there is no network from here on
cd "$dir" || exit 1
b() { as "$1" bundle "$2" "$3" --json >"$dir/out" 2>"$dir/err"; } # WHO write|read FILE
takes() { # BUNDLE REPLY
	office bundle take "$1" --reply "$2" --json >"$dir/out" 2>"$dir/err"
}
trip() { # WHO NAME: there and back
	b "$1" write "$2.out" && takes "$2.out" "$2.in" && b "$1" read "$2.in"
}
status() { as "$1" status --json | jq -c "[.here,.received]"; }
texts() { as "$1" list contact --json | jq -c '[.[].fields.narrative] | sort'; }
# No identity was closed and no vault goes by another name than at first.
replicas() { office replica list --json | jq -c '[.[] | select(.kind != "office") |
	[.replica, .state]] | sort'; }

person=$(as dana put person legal_name='Ruth Ames')
as dana contact "$person" --kind phone --narrative one >/dev/null
before=$(replicas)

check 'a bundle is written' as dana bundle write first.out
equal 'which changes nothing in the vault' "$(status dana)" '[2,0]'
refused 'it is never written over another file' 1 'exists' \
	as dana bundle write first.out
for word in Ruth Ames narrative phone; do
	if strings -n 3 first.out | grep -q "$word"; then
		not_ok "a bundle shows no \"$word\""
	else
		ok "a bundle shows no \"$word\""
	fi
done
check 'the office takes it' office bundle take first.out --reply first.in
equal 'with both lines' "$(office list contact --json | jq length)" 1
check 'the reply is read' as dana bundle read first.in
equal 'which is the receipt' "$(status dana)" '[0,2]'
check 'a reply read twice' as dana bundle read first.in
equal 'changes nothing' "$(status dana)" '[0,2]'
check 'a bundle taken twice' takes first.out first-again.in
equal 'brings nothing new' "$(jq .taken "$dir/out")" 0
check 'and its reply is good' as dana bundle read first-again.in

check "the other vault's way there and back" trip lee lee1
equal 'brings her what was written' "$(texts lee)" '["one"]'
revise lee "$person" preferred_name=Ruthie
check 'and what she changes' trip lee lee2
check 'comes to the first' trip dana dana2
equal 'by file alone' "$(value dana "$person" preferred_name)" '"Ruthie"'

# Old bundles after new ones, replies backwards.
for i in 1 2 3 4; do
	as dana contact "$person" --kind phone --narrative "call $i" >/dev/null
	b dana write "old$i.out" || not_ok "bundle $i"
done
takes old4.out old4.in
equal 'the newest first brings all four' "$(jq .taken "$dir/out")" 4
for i in 2 1 3 2; do
	replies=$((${replies:-0} + 1))
	takes "old$i.out" "old$i.$replies.in" || not_ok "old bundle $i after a new one"
	equal "old bundle $i brings nothing" "$(jq .taken "$dir/out")" 0
done
as lee contact "$person" --kind phone --narrative "lee calls" >/dev/null
trip lee lee3 || not_ok 'lee once more'
takes old1.out late.in
b dana read late.in || not_ok 'the reply to an old bundle'
equal 'which knows more than the bundle' "$(status dana)" '[0,6]'
equal 'and brings what came since' "$(texts dana)" \
	'["call 1","call 2","call 3","call 4","lee calls","one"]'
for file in old4.in old2.*.in old1.*.in late.in first.in; do
	b dana read "$file" || not_ok "reply $file, out of order" "$(cat "$dir/err")"
done
equal 'replies in any order lose nothing' "$(texts dana)" \
	'["call 1","call 2","call 3","call 4","lee calls","one"]'
equal 'nor do they take anything back' "$(status dana)" '[0,6]'
equal 'and nobody was taken for a copy' "$(replicas)" "$before"

# Cut, altered, foreign, to the wrong place.
scenario F27
as dana contact "$person" --kind phone --narrative last >/dev/null
b dana write whole.out
size=$(stat -c %s whole.out)
for part in 0 1 40 $((size / 2)) $((size - 1)); do
	head -c "$part" whole.out >cut.out
	refused "a bundle cut at byte $part is refused" 1 'cut|no bundle' \
		office bundle take cut.out --reply cut.in
done
python3 -c 'import sys
said = bytearray(open("whole.out", "rb").read())
said[int(sys.argv[1])] ^= 1
open("altered.out", "wb").write(said)' $((size / 2))
refused 'an altered one too' 1 'altered' \
	office bundle take altered.out --reply cut.in
equal 'nothing of them was taken' "$(office list contact --json | jq length)" 6
[ -e cut.in ] && not_ok 'no reply stands for what was refused'
takes whole.out whole.in || not_ok 'the whole one'
head -c "$(($(stat -c %s whole.in) - 1))" whole.in >cut.in
refused 'a cut reply is refused' 1 'cut' as dana bundle read cut.in
refused "a reply for another's vault too" 1 'is for' as lee bundle read whole.in
refused 'a bundle is no reply' 1 'for the office' as dana bundle read whole.out
refused 'a reply is no bundle' 1 'reply for the device' \
	office bundle take whole.in --reply x.in
refused 'nor is any other file' 1 'no bundle' as dana bundle read passphrase
refused 'a missing one is named' 1 'nothing.out' \
	office bundle take nothing.out --reply x.in
refused 'replies overwrite nothing' 1 'exists' \
	office bundle take whole.out --reply first.in
equal 'the receipt is still to come' "$(status dana)" '[1,6]'
b dana read whole.in
equal 'and comes' "$(status dana)" '[0,7]'

# A locked vault brings its work to safety; its reply holds receipts alone.
scenario F25
as dana contact "$person" --kind phone --narrative locked >/dev/null
locked() { env -u SATCHEL_PASSPHRASE_FILE "$satchel" "$@" --vault "$dir/dana.vault"; }
check 'a locked vault writes a bundle' locked bundle write locked.out
check 'which the office takes' takes locked.out locked.in
check 'and whose reply it reads' locked bundle read locked.in
equal 'locked' "$(status dana)" '[0,8]'
equal 'the words are at the office' "$(office list contact --json | jq length)" 8

# A bundle that is out does not disturb the network, nor the network it.
scenario
as dana contact "$person" --kind phone --narrative 'in between' >/dev/null
b dana write out.out
start_server || exit 1
check 'a vault whose bundle is out syncs' as dana sync
as dana contact "$person" --kind phone --narrative 'after it' >/dev/null
check 'and again' as dana sync
check 'the bundle is taken late' takes out.out out.in
check 'and read' b dana read out.in
check 'and the network goes on' as dana sync
check 'for the other too' as lee sync
equal 'both show the same' "$(texts lee)" "$(texts dana)"
equal 'under the names of the first day' "$(replicas)" "$before"
check 'one vault is sound' as dana verify
check 'and the other' as lee verify
check 'and the office' office verify

# A restored office asks for a fresh key; by file it says so and loses nothing.
office backup --to backup.db >/dev/null 2>&1
as dana contact "$person" --kind phone --narrative 'after the backup' >/dev/null
as dana sync >/dev/null
stop_server
mv office lost && mkdir office.tmp && rmdir office.tmp
mv lost.keys office.keys 2>/dev/null
office restore --from backup.db >"$dir/out" 2>&1 || not_ok 'restore' "$(cat "$dir/out")"
as dana contact "$person" --kind phone --narrative 'after the restore' >/dev/null
b dana write restored.out
refused 'a restored office cannot answer by file' 1 'lineage' \
	office bundle take restored.out --reply restored.in
refused 'and the device is told what to do' 1 'satchel sync' \
	as dana bundle read restored.in
start_server || exit 1
check 'which is to sync once' as dana sync
equal 'and everything is there' "$(office list contact --json | jq length)" \
	"$(as dana list contact --json | jq length)"
equal 'twelve notes' "$(as dana list contact --json | jq length)" 12
done_testing
