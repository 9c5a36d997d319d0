#!/usr/bin/env bash
# A device is lost with unsent work on it.  One command shuts it out and lists
# just what was on it and who must be told; then the thief, who has vault and
# passphrase, syncs: he gets nothing and gives everything.
. "$(dirname "$0")/lib/office.bash"
. "$(dirname "$0")/lib/tap.bash"

make_office && start_server --journal "$dir/journal" && tap_begin || exit 1
direct=$url
url=$tapped
enrol dana || exit 1
url=$direct
enrol lee && enrol kim || exit 1

# Of each case where it is when the device is lost.
stays=$(as dana put person legal_name='Ruth Ames' phones+=6625550147)
left=$(as dana put person legal_name='Orrin Vale')
moved=$(as dana put person legal_name='Una Wick')
theirs=$(as lee put person legal_name='Ezra Poe' do_not_contact=true \
	phones+=$'\e[2J911')
elsewhere=$(as kim put person legal_name='Wes Tern')
as dana put household name=Ames address='17 Larkspur Hollow' --case "$stays" \
	>/dev/null
household=$(as dana list household --json | jq -r '.[0].record')
as dana put household_member household="$household" name='Little Ames' \
	--case "$stays" >/dev/null
as dana put phone person="$stays" number=6625550199 not_safe_to_call=true \
	--case "$stays" >/dev/null
note=$(as dana contact "$stays" --kind phone --narrative 'the first note')
echo 'a scan' >"$dir/scan.txt"
as dana attach "$note" attachments "$dir/scan.txt" \
	--context "$(context dana "$note")" >/dev/null
syncs dana lee kim dana || exit 1
check 'a case leaves the device, which hears of it' office case assign "$left" \
	--caseload west --as ruth
syncs dana dana kim || exit 1
office user add finn --role fiscal >"$dir/out" &&
	office cap set transportation --limit 100 --as finn >"$dir/out" || exit 1
check 'a voucher is issued' office voucher issue --user dana --amount 40 \
	--category transportation --until 2099-12-31 --person "$stays" --as ruth
syncs dana dana || exit 1
# What the vault says itself.
on_it=$(as dana list person --json | jq -c '[.[].record] | sort')
equal 'three cases are on it' "$on_it" \
	"$(printf '%s\n' "$stays" "$moved" "$theirs" | jq -Rnc '[inputs] | sort')"
equal 'a voucher too' "$(as dana list voucher --json | jq length)" 1

# The last that is heard of it; then it lies in a bus.
as dana contact "$stays" --kind phone --narrative 'unsent one' >/dev/null
as dana contact "$moved" --kind phone --narrative 'unsent two' >/dev/null
secret=$(as dana put person legal_name='Nobody Knows')
stop_server
sqlite3 "$dir/office/office.db" "UPDATE replica SET seen_at = seen_at - 600000,
	unlocked_at = unlocked_at - 600000 WHERE kind = 'w'" || exit 1
start_server --journal "$dir/journal" || exit 1
check 'another case leaves its caseload meanwhile' office case assign \
	"$moved" --caseload west --as ruth
later=$(as lee put person legal_name='Later Still')
as lee contact "$stays" --kind phone --narrative 'not for the thief' >/dev/null
syncs lee kim || exit 1

refused 'who has no device has lost none' 1 'no device ruth' \
	office replica lost ruth --as ruth
refused 'a purpose must be one of the list' 2 'none of' \
	office replica lost dana --purpose fun --as ruth
equal 'and nothing happened' "$(office replica list --json |
	jq -r '.[] | select(.user == "dana").state')" open
check 'one command' office replica lost dana --found-out 2026-11-20 --as ruth \
	--json
cp "$dir/out" "$dir/list"
equal 'shuts it out' "$(office replica list --json |
	jq -r '.[] | select(.user == "dana").state')" revoked
equal 'and lists just the cases that the vault shows' \
	"$(jq -c '[.cases[].case] | sort' "$dir/list")" "$on_it"
equal 'each of them surely there' \
	"$(jq -c '[.cases[].there] | unique' "$dir/list")" '[true]'
equal 'who must be told' "$(jq -c '[.persons[].name]' "$dir/list")" \
	'["Ezra Poe","Little Ames","Ruth Ames","Una Wick"]'
equal 'counted' "$(jq .told "$dir/list")" 4
equal 'how they are reached, and what to mind' \
	"$(jq -c '.persons[] | select(.name == "Ruth Ames") |
	[.telephone, .address]' "$dir/list")" \
	'["6625550147; 6625550199 (NOT SAFE TO CALL)","17 Larkspur Hollow"]'
equal 'somebody is not to be written to' "$(jq -r '.persons[] |
	select(.name == "Ezra Poe").mind' "$dir/list")" 'DO NOT CONTACT'
equal 'by when, in Maine' "$(jq -c '[.found_out, .notice_by]' "$dir/list")" \
	'["2026-11-20","2026-12-20"]'
equal 'the voucher on it' "$(jq -c '[.vouchers[] | [.user, .amount_cents]]' \
	"$dir/list")" '[["dana",4000]]'
equal 'the attachment' "$(jq -c .attachments "$dir/list")" \
	'{"others":0,"own":1}'
equal 'how much of its work the office has' "$(jq .devices[0].head "$dir/list")" \
	"$(office replica list --json | jq '.[] | select(.user == "dana").head')"
equal 'when it was unlocked last' \
	"$(jq '.devices[0] | .unlocked_at > 0 and .unlocked_at <= .seen_at' \
	"$dir/list")" true
equal 'the log of disclosures says who took the list' \
	"$(office list disclosure_log --json | jq -c '[.[] | .fields |
	[.purpose, .to_whom, .data_classes[0]]]')" \
	'[["program_administration","ruth","who was on a lost device"]]'
check 'once more' office replica lost dana --found-out 2026-11-20 --as ruth --json
equal 'it is the same list' "$(jq -c '[.cases, .persons, .vouchers]' "$dir/out")" \
	"$(jq -c '[.cases, .persons, .vouchers]' "$dir/list")"
office replica lost dana --as ruth >"$dir/text"
equal 'in words for people' "$(grep -Ec \
	'^Who must be told: 4 persons$|Maine .*: by 20|DO NOT CONTACT|nobody knows$' \
	"$dir/text")" 4
equal 'and nothing that commands a terminal' "$(grep -c '911' "$dir/text") $(
	grep -c $'\e' "$dir/text")" '1 0'
office replica lost dana --as ruth --format csv >"$dir/csv"
equal 'and as a table' "$(python3 -c '
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
print([r["name"] for r in rows], {r["on_device"] for r in rows})
' "$dir/csv")" "['Ezra Poe', 'Little Ames', 'Ruth Ames', 'Una Wick'] {'there'}"

# The thief.
equal 'he can read the vault, having the passphrase' \
	"$(as dana list person --json | jq length)" 4
tap_forget
as dana sync >"$dir/out" 2>&1
as dana sync >"$dir/out" 2>&1
check 'all that went over the wire is read' tap_trace
equal 'he was told that he is shut out' "$(grep -c '^< .*"state":"revoked"' \
	"$dir/trace" | awk '{ print ($1 > 0) }')" 1
equal 'and nothing else: no line, no page, no case' "$(grep '^< ' "$dir/trace" |
	grep -Evc '^< (HTTP/1.1 200|\{"at":|\{"offset":)')" 0
for word in "$stays" "$later" 'not for the thief' Later "$elsewhere"; do
	equal "nothing of ${word:0:12}" "$(grep '^< ' "$dir/trace" |
		grep -c -- "$word")" 0
done
equal 'the office has all that he had not sent' "$(office holds list --json |
	jq -c '[.[].entry.set | .narrative // .legal_name] | sort')" \
	'["Nobody Knows","unsent one","unsent two"]'
equal 'held, since the device was revoked' "$(office holds list --json |
	jq -c '[.[].reason] | unique')" '["revoked"]'
equal 'and the device shows nothing any more' \
	"$(as dana list person --json 2>"$dir/err" | jq length)" 0
dot=$(office holds list --json | jq -r '.[] |
	select(.entry.set.narrative == "unsent one").dot')
check 'a supervisor lets it take effect' office holds release "$dot" --as ruth
equal 'and it does' "$(office list contact --json | jq -c \
	'[.[].fields.narrative] | sort')" \
	'["not for the thief","the first note","unsent one"]'
check 'once more, after all that' office replica lost dana --as ruth --json
equal 'what came from it since is on the list' \
	"$(jq -c '[.cases[].case] | sort' "$dir/out")" \
	"$(jq -c --arg c "$secret" '[.cases[].case] + [$c] | sort' "$dir/list")"

# A vault that was copied, and the copy goes on under a key of its own.
cp "$dir/lee.vault" "$dir/copy.vault"
for side in '-wal' '-shm'; do
	[ -e "$dir/lee.vault$side" ] && cp "$dir/lee.vault$side" "$dir/copy.vault$side"
done
syncs lee copy lee copy || exit 1
id_of() { # its name stands in the clear
	sqlite3 "$dir/$1.vault" "SELECT r.name FROM identity i JOIN replica r
		ON r.id = i.replica WHERE i.state = 'current'"
}
mine=$(id_of lee) copy=$(id_of copy)
check 'they are two by now' test "$mine" != "$copy"
enrol lee second || exit 1
refused 'of a user with several devices one is named' 1 'has .* devices' \
	office replica lost lee --as ruth
refused 'another device is no copy' 1 'no copy' office replica lost "$mine" \
	--spare "$(id_of second)" --as ruth
check 'revoking one alone says that there is another' office replica revoke \
	"$copy" --as ruth
equal 'and how both are shut out' "$(grep -c "$mine.*replica lost" \
	"$dir/err")" 1
check 'a copy can be spared' office replica lost "$copy" --spare "$mine" \
	--as ruth --json
equal 'it is listed' "$(jq -c --arg id "$mine" '.devices[] |
	select(.replica == $id) | [.copy, .spared, .revoked_at]' "$dir/out")" \
	'[true,true,null]'
check 'and goes on' syncs lee
check 'unless it is not' office replica lost "$copy" --as ruth --json
equal 'with the lost one its copy is shut out' "$(jq -c --arg id "$mine" \
	'.devices[] | select(.replica == $id) | [.copy, .spared, .revoked_at > 0]' \
	"$dir/out")" '[true,false,true]'
as lee sync >"$dir/out" 2>&1
equal 'it gets nothing any more' \
	"$(as lee list person --json 2>"$dir/err" | jq length)" 0
check 'who has another device of the same user goes on' syncs second
check 'the office verifies' office verify
done_testing
