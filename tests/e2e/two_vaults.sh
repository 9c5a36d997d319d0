#!/usr/bin/env bash
# Two vaults, no daemon, the server down while they write: the issue's own story.
. "$(dirname "$0")/lib/office.bash"
scenario F7 F24

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames' county=28081)
household=$(as dana put household --case "$person" income_cents=120000)
syncs dana lee || exit 1
stop_server

a=$(as dana contact "$person" --kind home_visit --narrative 'Roof leaks.')
b=$(as lee contact "$person" --kind phone --narrative 'Hours were cut.')
revise dana "$household" income_cents=140000
revise lee "$household" income_cents=90000
refused 'without a network a sync says so and exits 1' 1 'reach|refused|answer' \
	as dana sync
equal 'the status is honest while the office is away' \
	"$(as dana status --json | jq -c '[.here,.received,.backed_up,.held]')" \
	'[2,2,0,0]'

start_server || exit 1
syncs dana lee dana || exit 1
for record in "$person" "$household" "$a" "$b"; do
	equal "both vaults show the same bytes of $record" \
		"$(hash_of dana "$record")" "$(hash_of lee "$record")"
done
equal 'the status afterwards: everything received' \
	"$(as dana status --json | jq -c '[.here,.received,.held]')" '[0,4,0]'
as lee show "$household" --history --json >"$dir/history"
equal 'history lists every value ever written, with author and custody' \
	"$(jq -c '[.history[] | select(.set) |
		[.set.income_cents,.author,.custody]] | sort' "$dir/history")" \
	'[[90000,"lee","received"],[120000,"dana","received"],[140000,"dana","received"]]'
equal 'and a time for each' \
	"$(jq '[.history[].at > 1700000000000] | all' "$dir/history")" true

for who in dana lee; do
	equal "the conflict stands in $who's vault: base, values, authors" \
		"$(as $who conflicts --json | jq -c \
			'.[0] | [.field,.base,([.values[]|[.value,.author]]|sort)]')" \
		'["income_cents",120000,[[90000,"lee"],[140000,"dana"]]]'
done
equal 'and at the office' "$(office conflicts list --json | jq -c \
	'.[0] | [.record,.field,([.values[].value]|sort)]')" \
	"[\"$household\",\"income_cents\",[90000,140000]]"
equal 'in the same words' "$(as dana conflicts | grep -v 'To settle')" \
	"$(office conflicts list | grep -v 'To settle')"
equal 'meanwhile what both had seen is in force' \
	"$(value lee "$household" income_cents)" 120000

dot=$(as lee conflicts --json | jq -r \
	'.[0].values[] | select(.author == "lee").dot')
check 'it is resolved on one device' as lee resolve "$household" income_cents \
	--context "$(context lee "$household")" --keep "$dot"
syncs lee dana || exit 1
equal 'and cleared everywhere' "$(as dana conflicts --json)$(office \
	conflicts list --json)$(as lee conflicts --json)" '[][][]'
equal 'with the chosen value' "$(value dana "$household" income_cents)" 90000
equal 'while the other stays in history' "$(as dana show "$household" \
	--history --json | jq '[.history[].set.income_cents] | index(140000) != null')" \
	true

# A stale form: what arrived after it was read is not buried by it.
token=$(context dana "$household")
revise lee "$household" income_cents=95000
syncs lee dana || exit 1
check 'a form that was read before is saved after' as dana put \
	--record "$household" --context "$token" income_cents=70000
equal 'and the value that it had not seen is still live' \
	"$(as dana conflicts --json | jq -c '[.[0].values[].value] | sort')" \
	'[70000,95000]'
syncs dana lee || exit 1
equal 'the office verifies' "$(office verify --json | jq .problems)" 0
equal 'the vault verifies' "$(as dana verify --json | jq .problems)" 0
done_testing
