#!/usr/bin/env bash
# A worker at the command line: what is meant is what is done, what cannot be
# meant is refused, and what is printed is all of it.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames' 'safety_notes+=Dog' \
	'safety_notes+=Gate code 10:30' 'safety_notes+=Gate code 10' \
	'identifiers+=vr_client_id:1234' 'identifiers+=vr_client_id:77')
here() { as dana status --json | jq .here; }
drops() { # OPERAND: of what is seen now
	as dana put --record "$person" --context "$(context dana "$person")" "$1"
}

# Members that hold colons.
check 'a member with a colon is dropped' drops 'safety_notes-=Gate code 10:30:moved'
equal 'and no shorter one' "$(value dana "$person" safety_notes)" \
	'["Dog","Gate code 10"]'
check 'an identifier too' drops 'identifiers-=vr_client_id:1234:typo'
equal 'and no other' "$(value dana "$person" identifiers)" \
	'["vr_client_id:77"]'
refused 'what is no member is refused, with those that are' 1 \
	'no member.*"Dog", "Gate code 10"' drops 'safety_notes-=Cat:gone'
refused 'a field without members says so' 1 'in force: none' \
	drops 'phones-=1:old'
refused 'a member without a reason is asked for one' 2 'say why' \
	drops 'identifiers-=vr_client_id:77'
refused 'a new record has no members to drop' 1 'in force: none' \
	as dana put person legal_name=B 'phones-=1:old'
equal 'nothing of this was written' "$(here)" 3

# A pipe that gave nothing.
contact=$(as dana contact "$person" --kind phone --narrative 'She called.')
written=$(here)
for empty in '' $'\n' '  '; do
	refused 'an empty narrative is refused' 1 'narrative is empty' \
		as dana contact "$person" --kind phone --narrative - < <(printf %s "$empty")
	refused 'so is one of the command line' 1 'narrative is empty' \
		as dana contact "$person" --kind phone --narrative "$empty"
done
refused 'and a note' 1 'note is empty' as dana refer "$person" --note - </dev/null
refused 'and a finding' 1 'finding is empty' \
	as dana follow-up "$person" --finding - </dev/null
equal 'none of them was written' "$(here)" "$written"
equal 'a blank is no draft either' "$(as dana status --json | jq .drafts)" 0

# What a person decides between, and what a value may not pretend to be.
same=$(printf 'Her income comes from cleaning at the school, three days a week. %.0s' 1 2)
syncs dana lee || exit 1
revise dana "$person" county="$same Monday" || exit 1
revise lee "$person" county="$same Friday" || exit 1
syncs dana lee dana || exit 1
shows_both() { # COMMAND...: prints both values whole
	"$@" >"$dir/shown" && grep -q 'a week. *Monday"' "$dir/shown" &&
		grep -q 'a week. *Friday"' "$dir/shown"
}
check 'a conflict shows both values whole' shows_both as dana conflicts
check 'and at the office' shows_both office conflicts list
check 'so does the record' shows_both as dana show "$person"
check 'and there' shows_both office show "$person"
check 'and its history' shows_both as dana show "$person" --history
# An evening visit.
before=$(date +%s)
TZ=CST6 as dana contact "$person" --kind office >"$dir/id"
after=$(date +%s)
visit=$(value dana "$(cat "$dir/id")" occurred_at | tr -d '"')
check 'a contact is dated where it happened' \
	grep -Eq '^.{10}T..:..:..-06:00$' <<<"$visit"
check 'now' test "$(date +%s -d "$visit")" -ge "$before" \
	-a "$(date +%s -d "$visit")" -le "$after"
in_zone() { # WHO COMMAND...: shows that time as it is told there
	"$@" | grep -q "occurred_at  *$(TZ=UTC date +%FT%T+00:00 -d "$visit")"
}
check 'and shown where it is read' \
	in_zone env TZ=UTC SATCHEL_VAULT="$dir/dana.vault" "$satchel" show \
	"$(cat "$dir/id")"
notes() { "$@" 2>&1 >"$dir/out" | grep 'is in the future'; }
check 'a contact in the future is noted' notes as dana contact "$person" \
	--kind office --at 2999-01-01T10:00-06:00
check 'by any way' notes as dana put contact person="$person" kind=office \
	occurred_at=2999-01-01T10:00-06:00
referral=$(as dana refer "$person")
check 'a follow-up too' notes as dana follow-up "$referral" --finding x \
	--on 2999-01-01

# Every time in JSON is in milliseconds.
as dana contact "$person" --kind weird --narrative "$same" 2>"$dir/err"
equal 'times in JSON are milliseconds' "$({
	as dana status --json | jq .last_sync
	as dana conflicts --json | jq '.[].values[].at'
	as dana draft list --json | jq '.[].at'
} | jq -s 'all(. > 1e12) and length > 2')" true

# The last sync is the last that succeeded, with or without anything to say.
syncs dana || exit 1
sqlite3 "$dir/dana.vault" 'UPDATE meta SET synced = 1000'
syncs dana || exit 1
check 'a sync with nothing to say is the last sync' test \
	"$(as dana status --json | jq .last_sync)" -gt 1000000

# Standing.
equal 'an enrolled vault' "$(as dana status --json |
	jq -c '[.enrolled, .revoked]')" '[true,0]'
enrol kim || exit 1
as kim put person legal_name='Ida Low' >"$dir/id"
office replica revoke "$(office replica list --json |
	jq -r '.[] | select(.user == "kim").replica')" --as ruth >"$dir/out"
refused 'a revoked device is told so' 1 revoked as kim sync
check 'and its status begins with it' \
	grep -q '^REVOKED by the office since 20' <(as kim status | head -n 1)
equal 'for programs too' \
	"$(as kim status --json | jq '.revoked > 1e12')" true
for command in 'list person' conflicts; do
	check "what it cannot show is explained: $command" grep -q '^REVOKED' \
		<(as kim $command 2>&1 >"$dir/out")
done
refused 'a vault at no office' 1 'does not answer' as none enroll \
	--server http://127.0.0.1:1 --code AAAA-AAAA-AAAA-AAAA
check 'is none' test ! -e "$dir/none.vault"
as none enroll --server "$url" --code AAAA-AAAA-AAAA-AAAA 2>"$dir/err"
equal 'one that was asked for and not enrolled says so' \
	"$(as none status | head -n 1)" 'not enrolled: run satchel enroll'

# Conditions are read as values are.
revise dana "$person" interpreter_needed=yes && syncs dana || exit 1
for list in 'as dana list' 'office list'; do
	equal "yes is true: $list" "$($list person --where interpreter_needed=yes \
		--json | jq -r '.[].record')" "$person"
	equal "and no is not: $list" "$($list person \
		--where interpreter_needed=no)" none
	refused "a value that cannot be is refused: $list" 1 \
		'contact.kind: "bogus" is not one of' $list contact --where kind=bogus
	equal "one that can be and is not is none: $list" \
		"$($list contact --where kind=letter)" none
	equal "a member is found: $list" "$($list person --where \
		'safety_notes=Dog' --json | jq -r '.[].record')" "$person"
done

# Members on standard input.
brother=$(as dana put person - <<<'{"legal_name":"Al","phones+":["1","2"]}')
equal 'members are added by JSON' "$(value dana "$brother" phones)" '["1","2"]'
as dana put --record "$brother" --context "$(context dana "$brother")" - \
	<<<'{"phones-":{"1":"moved"},"phones+":["3"]}' >"$dir/out"
equal 'and dropped' "$(value dana "$brother" phones)" '["2","3"]'
sister=$(as dana put person --each - <<<'{"legal_name":"Bo","phones+":["4"]}')
equal 'and in a batch' "$(value dana "$sister" phones)" '["4"]'
refused 'a list for the field says how' 1 'phones\+=MEMBER adds one' \
	as dana put person - <<<'{"phones":["1"]}'
refused 'and what is no list' 1 'a list of members' \
	as dana put person - <<<'{"phones+":"1"}'
as dana draft list --json | jq '.[].draft' | while read -r draft; do
	as dana draft drop "$draft" >"$dir/out"
done

# Revising what it is not.
written=$(here)
refused 'a person is not revised as a contact' 1 \
	"$person is a person, not a contact" as dana put contact \
	--record "$person" --context "$(context dana "$person")" county=1
refused 'nor as an organization' 1 'not an organization' \
	as dana put organization --record "$person" \
	--context "$(context dana "$person")" - <<<'{"county":"1"}'
equal 'neither was written' "$(here)" "$written"

# Deciding.
decides() { # FIELD OPTION...: of what is seen now
	local field=$1
	shift
	as dana resolve "$person" "$field" \
		--context "$(context dana "$person")" "$@"
}
first=$(as dana conflicts --json | jq -r '.[0].values[0].dot')
written=$(here)
refused 'an empty value is no decision' 2 'say --clear' decides county --value ''
refused 'nor is that of a pipe' 2 'say --clear' decides county --value - </dev/null
refused 'two decisions are too many' 2 'different decisions' \
	decides county --value x --keep "$first"
refused 'a field that is not in conflict is left alone' 1 \
	'legal_name is not in conflict; nothing is to be settled' \
	decides legal_name --value X
refused 'whatever stands in it' 1 'legal_name is not in conflict' decides \
	legal_name --keep "$(as dana show "$person" --json |
		jq -r '.fields.legal_name.live[0].dot')"
refused 'and cleared by nobody' 1 'legal_name is not in conflict' \
	decides legal_name --clear
refused 'a field that is not there is said to be so' 1 'no value in a field' \
	decides nosuch --value x
equal 'none of this was written' "$(here)" "$written"
equal 'what stands now is printed' "$(decides county --keep "$first" --json |
	jq -c '[.field, .value == (.value | tostring)]')" '["county",true]'
refused 'and then it is settled' 1 'county is not in conflict' \
	decides county --keep "$first"
syncs dana lee || exit 1
revise dana "$person" county=28081 && revise lee "$person" county=28013 &&
	syncs dana lee dana || exit 1
equal 'a field can be cleared, and says so' "$(decides county --clear)" \
	'county: -'
revise dana "$contact" assessment_opinion="$(printf \
	'calm\n  kind                 home_visit\u202eemoh')" || exit 1
syncs dana || exit 1
forges() { "$@" | grep -Eq $'^  kind  *home_visit|\u202e'; }
for shown in "as dana show $contact" "office show $contact"; do
	if forges $shown; then
		not_ok "a value forges no line: $shown"
	else
		ok "a value forges no line: $shown"
	fi
done
as dana list contact >"$dir/listed"
check 'a list cuts no ids' grep -q "person=$person" "$dir/listed"

# A file that is no vault yet.
: >"$dir/empty.vault"
for command in "show $person" 'list person' conflicts status sync verify \
	'draft list' 'attachment list'; do
	SATCHEL_VAULT=$dir/empty.vault refused "an empty file stays one: $command" \
		1 'never finished' "$satchel" $command
done
equal 'byte for byte' "$(find "$dir" -name 'empty.vault*' -size 0 | wc -l)-$(
	find "$dir" -name 'empty.vault*' | wc -l)" 1-1

# What may no longer be read here.
refused 'a person who is not here is said not to be' 1 \
	'no person 0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4 here' as dana contact \
	0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4 --kind phone
once() { "$@" 2>&1 | grep -v '^program=' >&2; return "${PIPESTATUS[0]}"; }
syncs lee || exit 1
office case assign "$person" --caseload west --as ruth >"$dir/out" 2>&1 ||
	cat "$dir/out"
as lee sync >"$dir/synced"
check 'a sync says how many cases left' \
	grep -q '^1 case left this device' "$dir/synced"
refused 'a contact with one who left says so' 1 "no person $person here" \
	as lee contact "$person" --kind phone
(unset SATCHEL_PASSPHRASE_FILE; as lee sync </dev/null >"$dir/synced")
check 'a locked vault says that nothing was fetched' \
	grep -q '^locked: nothing was fetched' "$dir/synced"
echo wrong >"$dir/wrong"
refused 'a daemon says that a passphrase is wrong' 1 \
	'lee.vault stays locked: the passphrase is wrong' once "$satcheld" --once \
	--vault "$dir/lee.vault" --passphrase-file "$dir/wrong"

# Addresses and names that cannot be right.
refused 'plain HTTP away from here suggests the same port' 1 \
	'use https://office.example:8470 ' as new enroll --server \
	http://office.example:8470 --code AAAA-AAAA-AAAA-AAAA
SATCHEL_VAULT='' refused 'an empty name is no vault' 2 'which vault' \
	"$satchel" status
refused 'a file that is not there is said to be so' 1 \
	"$dir/nosuch: no such file" as dana bundle read "$dir/nosuch"
refused 'by all who read one' 1 "$dir/nosuch: no such file" \
	as dana salvage "$dir/nosuch"
refused 'a folder is no file' 1 "$dir: it is a folder" as dana salvage "$dir"
refused 'nor a proof' 1 "$dir/nosuch: no such file" "$satchel" proof verify \
	"$dir/nosuch" --root "$(office status --json | jq -r .root)"
mkdir "$dir/card"
as dana mirror "$dir/card/dana.mirror" >"$dir/out"
check 'a mirror that is put off is named' grep -q \
	'the mirror is off: .*dana.mirror' <(as dana mirror off)
check 'and then there was none' grep -q 'there was no mirror' \
	<(as dana mirror off)
printf x | as dana contact "$person" --kind weird --narrative - 2>"$dir/err"
check 'one byte is one' grep -Eq ' 1 byte$' <(as dana draft list)

# A full disk.
if [ -w /dev/full ]; then
	to_full() { "$@" >/dev/full; }
	head -c 9000 /dev/zero | tr '\0' a >"$dir/long"
	as dana contact "$person" --kind weird --narrative - <"$dir/long" \
		2>"$dir/err"
	draft=$(sed -n 's/.*kept as draft \([0-9]*\) .*/\1/p' "$dir/err")
	refused 'a draft that was not written out is not shown' 1 'not written' \
		to_full as dana draft show "$draft"
	as dana draft drop "$draft" >"$dir/out"
	syncs dana || exit 1
	refused 'nor is a proof' 1 'not written' to_full as dana status --proof
	refused 'nor a status' 1 'not written' to_full as dana status
	refused "nor the office's list" 1 'not written' to_full \
		office list person
	refused 'nor the version of a daemon' 1 'not written' \
		to_full "$satcheld" --version
fi

done_testing
