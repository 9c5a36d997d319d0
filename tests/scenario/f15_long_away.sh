#!/usr/bin/env bash
# A device that comes back after a year: meanwhile its cases were given away and
# back, edited, merged with another's, the office restarted many times, a record
# type has got a field that is used.  Nothing comes back from the dead, no edit
# is lost, and it is told what is no longer its.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F15

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
kept=$(as dana put person legal_name='Ruth Ames' preferred_name=base)
gone=$(as dana put person legal_name='Orrin Vale' preferred_name=base)
back=$(as dana put person legal_name='Ada Field' preferred_name=base)
syncs dana lee kim || exit 1

# The day before: dana edits all three, and is away.
for record in $kept $gone $back; do
	revise dana "$record" preferred_name='before the leave'
	as dana contact "$record" --kind phone --narrative 'never sent' >/dev/null
done

need=$(as dana put need person="$kept" domain=income status=open)

# A year at the office.
for month in 1 2 3; do
	revise lee "$kept" preferred_name="month $month"
	seq 20 | sed "s|.*|{\"person\":\"$kept\",\"kind\":\"phone\",\"narrative\":\"month $month, &\"}|" |
		as lee put contact --each >/dev/null
	syncs lee || exit 1
	stop_server
	start_server || exit 1
done
office case assign "$gone" --caseload west --as ruth >/dev/null
office case assign "$back" --caseload west --as ruth >/dev/null
syncs lee kim || exit 1
revise kim "$gone" preferred_name='of the west'
revise kim "$back" preferred_name='also of the west'
syncs kim || exit 1
office case assign "$back" --caseload east --as ruth >/dev/null
twin=$(as lee put person legal_name='Ruth A. Ames')
as lee contact "$twin" --kind phone --narrative 'under the other id' >/dev/null
syncs lee || exit 1
office merge "$twin" --into "$kept" --as ruth >"$dir/out" 2>&1 ||
	not_ok 'two persons are merged' "$(cat "$dir/out")"
jq '.version += 1 | .fields.urgency = {"title": "Urgency", "kind": "text",
	"rule": "latest"}' <"$(dirname "$0")/../../schema/need.json" >"$dir/need.json"
office import schema "$dir/need.json" --as ruth >"$dir/out" 2>&1 ||
	not_ok 'a type is changed' "$(cat "$dir/out")"
syncs lee kim || exit 1
urgent=$(as lee put need person="$kept" domain=housing status=open urgency=high)
syncs lee || exit 1

check 'it comes back, 400 days later by its clock' \
	faketime -f '+400d' env SATCHEL_VAULT="$dir/dana.vault" "$satchel" sync
syncs dana lee kim dana lee kim || exit 1
equal 'nothing of it is unsent' "$(as dana status --json | jq .here)" 0
equal 'all that was written meanwhile is there' \
	"$(as dana list contact --json | jq '[.[].fields.narrative | select(
	startswith("month"))] | length')" 60
equal 'its own edit of the case that stayed is a conflict' \
	"$(as dana conflicts --json | jq -c --arg r "$kept" '[.[] | select(.record == $r) |
	.values[].value] | sort | .[0]')" '"before the leave"'
equal 'she is one with the person whom a colleague met' \
	"$(as dana show "$kept" --json | jq -c .same)" "[\"$twin\"]"
equal 'whose contact is hers' "$(as dana list contact --where "person=$kept" \
	--json | jq '[.[].fields.narrative | select(. == "under the other id" or
	. == "never sent")] | length')" 2
equal 'what was written by the old definition counts by the new one' \
	"$(office show "$need" --json | jq -c '.fields.domain.value')" '"income"'
equal 'and what the new one has is shown' "$(value dana "$urgent" urgency)" \
	'"high"'
check 'and can be written' revise dana "$need" urgency=low
syncs dana lee || exit 1
equal 'for all' "$(value lee "$need" urgency)" '"low"'
refused 'the case that was given away is gone from it' 1 'no such|not found' \
	as dana show "$gone"
equal 'where its work is with the new worker' "$(as kim list contact --json |
	jq '[.[].fields.narrative] | length')" 1
equal 'who sees both names' "$(as kim show "$gone" --json |
	jq -c '[.fields.preferred_name.live[].value] | sort')" \
	'["before the leave","of the west"]'
equal 'the case that came back has both too' "$(as dana show "$back" --json |
	jq -c '[.fields.preferred_name.live[].value] | sort')" \
	'["also of the west","before the leave"]'
refused 'and has left the other worker' 1 'no such|not found' \
	as kim show "$back"
for record in $kept $back $need $urgent $twin; do
	equal "the same bytes for both of the caseload (${record##*-})" \
		"$(hash_of dana "$record")" "$(hash_of lee "$record")"
done
equal 'nobody was given another name' "$(office replica list --json |
	jq '[.[] | select(.kind != "office")] | length')" 3
for who in dana lee kim; do
	check "the vault of $who verifies" as $who verify
done
check 'the office verifies' office verify
done_testing
