#!/usr/bin/env bash
# A case that is taken from a caseload leaves the vault; nothing is sent for it
# afterwards; unsent work on it is not lost.
. "$(dirname "$0")/lib/office.bash"
scenario F3 F26

make_office && start_server && enrol dana && enrol kim || exit 1
mine=$(as dana put person legal_name='Ruth Ames')
other=$(as dana put person legal_name='Orrin Vale')
note=$(as dana contact "$other" --kind phone --narrative 'before the move')
syncs dana kim || exit 1
refused "the other caseload does not see it" 1 'no such|not found|unknown' \
	as kim show "$other"
unsent=$(as dana contact "$other" --kind phone --narrative 'written unaware')
check 'the case is given to another caseload' office case assign "$other" \
	--caseload west --as ruth
syncs dana kim || exit 1
refused 'it has left the first vault' 1 'no such|not found|unknown' \
	as dana show "$other"
refused 'its notes too' 1 'no such|not found|unknown' as dana show "$note"
check 'what stays, stays' as dana show "$mine"
equal 'the new worker has the case, unsent work included' \
	"$(as kim list contact --json | jq -c '[.[].fields.narrative] | sort')" \
	'["before the move","written unaware"]'
equal 'nothing of the first worker waits' "$(as dana status --json | jq .here)" 0
revise kim "$other" preferred_name=Orrington
syncs kim || exit 1
as dana sync --json >"$dir/json"
equal 'nothing is sent for it afterwards' "$(jq .pulled "$dir/json")" 0
if cat "$dir"/dana.vault* | strings | grep -q Orrington; then
	not_ok 'nothing of it lies in the vault'
else
	ok 'nothing of it lies in the vault'
fi
check 'and it comes back' office case assign "$other" --caseload east --as ruth
syncs dana kim || exit 1
equal 'with its whole past, own notes included' \
	"$(as dana list contact --json | jq -c '[.[].fields.narrative] | sort')" \
	'["before the move","written unaware"]'
equal 'and what was written meanwhile' \
	"$(value dana "$other" preferred_name)" '"Orrington"'
refused 'while it has left the second' 1 'no such|not found|unknown' \
	as kim show "$other"
as kim contact "$other" --kind phone --narrative x >"$dir/out" 2>&1
for who in dana kim; do
	check "the vault of $who is sound" as $who verify
done
check 'the office verifies' office verify
equal 'the new note is where it belongs' \
	"$(office show "$unsent" --json | jq -r .case)" "$other"
done_testing
