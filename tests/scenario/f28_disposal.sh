#!/usr/bin/env bash
# Disposal: two persons destroy a case whose time is over.  Then the office is
# put back to a backup from before, and devices return with their copies: one
# that never heard of it, one with new work.  What was destroyed stays destroyed,
# what is new is held, every chain verifies.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F28 F15

secret='the roof of Ruth Ames leaks'
traces() { # how many files of the office hold the narrative
	grep -alr "$1" "$dir/office" | wc -l
}
held() { office holds list --json | jq -c '[.[] | .reason] | sort'; }

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
office user add olga --role admin >/dev/null
person=$(as dana put person legal_name='Ruth Ames' preferred_name=Ruthie)
other=$(as dana put person legal_name='Orrin Vale')
note=$(as dana contact "$person" --kind phone --narrative "$secret")
as dana contact "$other" --kind phone --narrative 'of another case' >/dev/null
syncs dana lee dana || exit 1
revise lee "$person" preferred_name=Ruth && syncs lee dana || exit 1
printf 'a scan: %s' "$secret" >"$dir/scan.txt"
as dana attach "$note" attachments "$dir/scan.txt" --context \
	"$(context dana "$note")" >"$dir/out" 2>&1 ||
	not_ok 'a file is attached' "$(cat "$dir/out")"
syncs dana lee || exit 1
equal 'the attachment is at the office' \
	"$(find "$dir/office/blobs" -type f | wc -l)" 1
check 'a backup is made' office backup --to "$dir/backup"
as lee contact "$person" --kind phone --narrative "after it $secret" >/dev/null
syncs lee dana || exit 1
cp "$dir/lee.vault" "$dir/away.vault"
# From here lee is away, with a copy and a note that nobody has.
as lee contact "$person" --kind phone --narrative 'written while away' >/dev/null

# --- who may, and when
propose() { office dispose propose "$1" --reason 'three years are over' --as "$2"; }
approve() { office dispose approve "$1" --as "$2"; }
refused 'a case that is not closed stays' 1 'not closed' propose "$person" ruth
closed=$(($(date +%Y) - 1))
check 'it is closed' office case close "$person" --on $closed-01-31 --as ruth
refused 'not before its years are over' 1 "kept until $((closed + 3))-01-31" \
	propose "$person" ruth
check 'it was closed earlier' office case close "$person" --on 2020-01-31 \
	--as ruth
refused 'a worker proposes nothing' 1 'these do: supervisor, admin' \
	propose "$person" dana
check 'a legal hold is set' office legal-hold set "$person" --as ruth \
	--reason 'an appeal'
refused 'nothing goes under a legal hold' 1 'legal hold' propose "$person" ruth
check 'it is lifted' office legal-hold lift "$person" --as olga \
	--reason 'settled'
refused 'nobody approves what nobody proposed' 1 'nobody has proposed' \
	approve "$person" olga
check 'a supervisor proposes' propose "$person" ruth
refused 'and does not approve it' 1 'second person' approve "$person" ruth
check 'a hold between the two' office legal-hold set "$person" --as olga \
	--reason 'an audit'
refused 'stops the second' 1 'legal hold' approve "$person" olga
check 'until it is lifted' office legal-hold lift "$person" --as olga \
	--reason 'over'
lines=$(office status --json | jq .lines)
check 'the second person approves' approve "$person" olga

# --- what is gone, and what is not
equal 'nothing of it is in the files of the office' "$(traces "$secret")" 0
equal 'nor the name' "$(traces 'Ruth Ames')" 0
equal 'nor the attachment' "$(find "$dir/office/blobs" -type f 2>/dev/null |
	wc -l)" 0
equal 'the other case is' "$(traces 'of another case')" 1
equal 'no line is missing' "$(office status --json | jq .lines)" "$lines"
check 'the office verifies' office verify
check 'it is derived anew' office rebuild
check 'and verifies' office verify
refused 'the person is no record any more' 1 'no record' office show "$person"
equal 'who decided stands in the list' "$(office dispose list --json |
	jq -c '.[] | [.proposed_by, .approved_by, .state]')" \
	'["ruth","olga","disposed"]'
refused 'it goes once' 1 'already' propose "$person" ruth
refused 'and to nobody' 1 'disposed of' office case assign "$person" \
	--caseload west --as ruth

# --- devices follow
syncs dana || exit 1
refused 'the case has left the device' 1 'no such|not found' \
	as dana show "$person"
check 'which keeps the other' as dana show "$other"
check 'and verifies' as dana verify
equal 'nothing of it is unsent or held' "$(as dana status --json |
	jq -c '[.here, .held]')" '[0,0]'

# --- the office is put back to before, while lee is away
restore() {
	kill_server
	rm -rf "$dir/office"
	"$central" restore --from "$dir/backup" --data "$dir/office" \
		>"$dir/out" 2>"$dir/err" && start_server
}
check 'an older backup is restored' restore
equal 'it brings nothing back' "$(traces "$secret")" 0
equal 'nor the attachment' "$(find "$dir/office/blobs" -type f 2>/dev/null |
	wc -l)" 0
equal 'the decision stands' "$(office dispose list --json |
	jq -c '.[] | [.case, .state]')" "[\"$person\",\"disposed\"]"
check 'the office verifies' office verify
office case close "$other" --on 2020-01-31 --as ruth >/dev/null
refused 'no disposal in recovery' 1 'recovery' propose "$other" ruth

syncs lee lee || exit 1
equal 'the new note of the one who returns is held' "$(held)" '["disposed"]'
equal 'with its text, for somebody who settles it' "$(office holds list --json |
	jq -c '.[0] | [.owner, (.entry | tostring | test("written while away"))]')" \
	'["administrator",true]'
equal 'and its old copy brings nothing back' "$(traces "$secret")" 0
refused 'the case has left it' 1 'no such|not found' as lee show "$person"
equal 'nothing of it is unsent' "$(as lee status --json | jq .here)" 0
check 'it verifies' as lee verify
syncs dana kim dana lee || exit 1
equal 'nobody brings anything back' "$(traces "$secret")" 0
# A vault that was copied while the case was there.
as away sync >/dev/null 2>&1
syncs away away lee || exit 1
equal 'nor does a copy of a vault' "$(traces "$secret")" 0
refused 'which has lost the case too' 1 'no such|not found' \
	as away show "$person"
check 'the office verifies' office verify

# --- the way out
dot=$(office holds list --json | jq -r '.[0].dot')
equal 'all are back: the recovery has ended' \
	"$(office status --json | jq -c .recovery)" null
check 'what is new is proposed, too' propose "$person" ruth
check 'and goes' approve "$person" olga
equal 'nothing is held any more' "$(held)" '[]'
equal 'nothing of it is here' "$(traces 'written while away')" 0
refused 'no hold is left to release' 1 'no line is held' office holds release \
	"$dot" --as ruth
check 'the office verifies' office verify
check 'it is derived anew' office rebuild
check 'and verifies' office verify
done_testing
