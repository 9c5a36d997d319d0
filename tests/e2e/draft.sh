#!/usr/bin/env bash
# Drafts: whatever a write command was given is kept when it is refused, stays on
# this device, and goes when it is recorded or when a person says so.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana || exit 1
person=$(as dana put person legal_name='Ruth Ames')
drafts() { as dana status --json | jq .drafts; }
here() { as dana status --json | jq .here; }
kept() { sed -n 's/.*kept as draft \([0-9]*\) .*/\1/p' "$dir/err"; }
note='The landlord shouted; she was afraid.'

check 'no drafts: says so' sh -c \
	"SATCHEL_VAULT='$dir/dana.vault' '$satchel' draft list | grep -q 'no drafts'"
refused 'a refused narrative is kept' 1 'home_visit.*kept as draft' \
	as dana contact "$person" --kind weird --narrative - <<<"$note"
draft=$(kept)
equal 'the status counts it' "$(drafts)-$(here)" 1-1
check 'in a line that says where to look' sh -c \
	"SATCHEL_VAULT='$dir/dana.vault' '$satchel' status |
		grep -q '^drafts  *1, see .satchel draft list'"
as dana draft list >"$dir/listed"
check 'the list says why, and how to try again, but for what was refused' \
	grep -q "again: satchel contact $person --kind ... --narrative - --draft $draft$" \
	"$dir/listed"
equal 'for programs too' "$(as dana draft list --json |
	jq -r '.[0].about.arguments[0] + " " + (.[0].bytes | tostring)')" 'contact 38'
equal 'and with its text' \
	"$(as dana draft show "$draft" --json | jq -r .text)" "$note"
equal 'an error in JSON names it' "$(as dana put person --json - \
	<<<'{"nosuch":1}' 2>&1 | jq -r '.error + " " + (.draft | tostring)')" \
	"invalid $((draft + 1))"
as dana draft drop $((draft + 1)) >"$dir/out"

# Trying again.
refused 'refused again, it stays and no other is made' 1 "draft $draft stays" \
	as dana contact "$person" --kind odd --draft "$draft"
equal 'there is still one' "$(drafts)" 1
refused 'a draft of another command is not mistaken for JSON' 1 'another command' \
	as dana put contact --draft "$draft"
refused 'a draft and a text are too much' 2 'leave --narrative out' \
	as dana contact "$person" --kind phone --draft "$draft" --narrative x
refused 'a draft that is not there is said to be so' 1 'no draft 99' \
	as dana contact "$person" --kind phone --draft 99
at=$(as dana draft list --json | jq -r '.[0].at')
contact=$(as dana contact "$person" --kind phone --draft "$draft")
equal 'tried again rightly it is recorded' \
	"$(value dana "$contact" narrative)" "\"$note\\n\""
equal 'at the time when it was first told' "$(date +%s -d \
	"$(value dana "$contact" occurred_at | tr -d '"')")" "$((at / 1000))"
equal 'and the draft is gone' "$(drafts)-$(here)" 0-2

# Every command that writes.
long=$(printf 'Roof leaks. %.0s' $(seq 30))
refused 'a short value of the command line is not kept' 1 'home_visit, [a-z, ]*$' \
	as dana contact "$person" --kind weird --narrative short
refused 'a long one is' 1 'kept as draft' \
	as dana contact "$person" --kind weird --narrative "$long"
equal 'as it was given' "$(as dana draft show "$(kept)")" "$long"
refused 'and long fields of put' 1 'kept as draft' \
	as dana put contact person="$person" kind=weird duration_min=20 \
	narrative="$long"
draft=$(kept)
equal 'as one object with its kinds' \
	"$(as dana draft show "$draft" | jq -c .duration_min)" 20
contact=$(as dana put contact --draft "$draft" kind=phone)
equal 'of which a field can be corrected' \
	"$(value dana "$contact" kind)-$(value dana "$contact" narrative)" \
	"\"phone\"-\"$long\""
refused 'a finding is kept' 1 'kept as draft' \
	as dana follow-up "$person" --finding - <<<"$note"
refused 'and a note' 1 'kept as draft' \
	as dana refer "$person" --status weird --note - <<<"$note"
refused 'and a decision' 1 'kept as draft' as dana resolve "$contact" narrative \
	--context none --value - <<<"$note"
refused 'and a revision' 1 'kept as draft' \
	as dana put --record "$contact" --context none - <<<'{"narrative":"x"}'
printf '{"legal_name":"A"}\n{"nosuch":"B"}\n{"legal_name":"C"}' >"$dir/each"
refused 'and all lines of a batch' 1 'input:2: .*kept as draft' \
	as dana put person --each - <"$dir/each"
equal 'of which no id was printed' "$(wc -c <"$dir/out")-" 0-
as dana draft show "$(kept)" >"$dir/shown"
check 'read or not' cmp "$dir/each" "$dir/shown"
refused 'an unparsed text is kept as it is' 1 'kept as draft' \
	as dana put person - <<<'{"legal_name": '
equal 'so are bytes that are no text' "$(printf 'Ren\351' |
	as dana contact "$person" --kind phone --narrative - 2>&1 |
	grep -c 'UTF-8.*kept as draft')" 1
locked() { # COMMAND...: on the locked vault
	env -u SATCHEL_PASSPHRASE_FILE SATCHEL_VAULT="$dir/dana.vault" \
		"$satchel" "$@"
}
before=$(drafts)
refused 'a locked vault can keep no draft, and says so' 1 \
	'locked.*passphrase.*NOT kept: give it again' \
	locked contact "$person" --kind phone --narrative - <<<"$note"
refused 'nor a batch' 1 'locked.*NOT kept' \
	locked put person --each <"$dir/each"
{
	locked contact "$person" --kind phone --narrative - 2>"$dir/err"
	cat >"$dir/rest"
} <<<"$note"
equal 'and swallows none of it' "$(cat "$dir/rest")" "$note"
refused 'so does a vault that is not there' 1 'no vault at .*NOT kept' \
	env SATCHEL_VAULT="$dir/none.vault" "$satchel" put person - <<<'{"a":1}'
refused 'and a command line that is wrong' 2 'which PERSON.*NOT kept' \
	as dana contact --kind phone --narrative - <<<"$note"
refused 'where nothing was given nothing is said to be lost' 1 'locked.*FILE$' \
	locked list person <<<"$note"
equal 'no draft is made of any' "$(drafts)" "$before"
refused 'what is over 64 MiB is said to be lost' 1 '64 MiB.*NOT kept' \
	as dana put person - < <(head -c 68000000 /dev/zero)

# Where drafts are, and are not.
before=$(drafts)
check 'a sync leaves them alone' syncs dana
equal 'none is gone' "$(drafts)" "$before"
stop_server
check 'none is at the office' sh -c \
	"! cat '$dir/office'/office.db* | grep -aq '\"nosuch\"'"
check 'none stands in the vault in plain text' sh -c \
	"! cat '$dir'/dana.vault* | grep -aq -e landlord -e nosuch -e 'Roof leaks'"
refused 'a locked vault says what drafts need' 1 'locked.*passphrase' \
	env -u SATCHEL_PASSPHRASE_FILE SATCHEL_VAULT="$dir/dana.vault" \
	"$satchel" draft list </dev/null
equal 'but counts them' "$(env -u SATCHEL_PASSPHRASE_FILE \
	SATCHEL_VAULT="$dir/dana.vault" "$satchel" status --json </dev/null |
	jq .drafts)" "$before"
check 'the vault is sound' as dana verify
for draft in $(as dana draft list --json | jq '.[].draft'); do
	as dana draft drop "$draft" >"$dir/out" || not_ok "draft $draft drops"
done
equal 'a person drops them' "$(drafts)" 0
refused 'only once' 1 'no draft' as dana draft drop "$draft"
refused 'and says which' 2 'draft drop NUMBER' as dana draft drop
done_testing
