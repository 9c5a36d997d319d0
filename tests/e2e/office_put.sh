#!/usr/bin/env bash
# `satchel-central put`: what a person at the office writes is judged, noted and
# stored as on a device; who may is said in schema/rights.txt.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee || exit 1
for role in fiscal planner directory auditor covering state admin; do
	office user add "$role" --role "$role" --caseload east >/dev/null || exit 1
done
puts() { # WHO ARGUMENT...: at the office; prints the id
	local who=$1
	shift
	office put "$@" --as "$who" 2>"$dir/notes"
}
at_office() { office show "$1" --json | jq -c ".fields.$2.value"; }
open_there() { office conflicts list --json | jq -c "[.[] | select(.record ==
	\"$1\").field]"; }
person=$(as dana put person legal_name='Ruth Ames')
enrollment=$(as dana put enrollment person="$person" program=aspire 2>/dev/null)
cause=$(as dana put good_cause person="$person" from=2026-11-16 \
	reason=illness claimed_on=2026-11-17)
assessment=$(as dana put assessment person="$person" status=open done_on=2026-11-10 \
	2>/dev/null)
syncs dana lee || exit 1

# Good cause is decided, and the worker reads it.
refused 'a worker does not decide good cause' 1 \
	'good_cause.decision: only the office decides this, and a user with the role worker does not; these do: supervisor$' \
	office put "good_cause/$cause" decision=granted --as dana
equal 'a supervisor does' "$(puts ruth "good_cause/$cause" decision=granted \
	decision_reason='A letter of the clinic.' decided_on=2026-11-20)" "$cause"
check 'nothing is remarked on' test ! -s "$dir/notes"
syncs dana lee || exit 1
equal 'the worker has the decision' "$(value dana "$cause" decision)" '"granted"'
equal 'so has a colleague' "$(value lee "$cause" decided_on)" '"2026-11-20"'
equal 'who decided it stands in its history' "$(as lee show "$cause" --history \
	--json | jq -c '[.history[] | .author]')" '["dana","ruth"]'

# An enrolment is opened and closed.
check 'an enrolment is opened' puts ruth "enrollment/$enrollment" \
	opened_on=2026-11-02 participation_decided=mandatory
syncs dana || exit 1
equal 'it is the first period of this person in this programme' \
	"$(value dana "$enrollment" period_no)" 1
puts ruth "enrollment/$enrollment" closed_on=2026-11-20 \
	roma_stage=closed_terminated >/dev/null
check 'closing it without saying why is noted, as on a device' grep -q \
	'^satchel-central: note: roma_stage: nothing says why it ends: write a `closure`' \
	"$dir/notes"
equal 'and stored' "$(at_office "$enrollment" closed_on)" '"2026-11-20"'
closure=$(puts ruth closure person="$person" enrollment="$enrollment" \
	kind=terminated reason=moved summary='They moved to Bangor.' \
	status=approved closed_on=2026-11-20)
equal 'who is enrolled again has the next period' "$(second=$(puts ruth \
	enrollment person="$person" program=aspire opened_on=2026-11-21)
	at_office "$enrollment" period_no; at_office "$second" period_no)" "1
2"
equal 'a closure goes into the case of its person' "$(office show "$closure" \
	--json | jq -r .case)" "$person"
syncs dana || exit 1
equal 'which the device has' "$(value dana "$closure" reason)" '"moved"'
same_hashes() {
	[ "$(hash_of dana "$1")" = "$(office show "$1" --json | jq -r .hash)" ]
}
for record in "$cause" "$enrollment" "$closure"; do
	check "$record is the same here and there" same_hashes "$record"
done

# Amendments have numbers of their own, whatever is asked for.
contract=$(puts ruth family_contract person="$person")
first=$(puts ruth contract_amendment person="$person" contract="$contract" \
	text='Eight hours a week.')
other=$(puts ruth contract_amendment person="$person" contract="$contract" \
	text='Ten hours a week.' number=1)
check 'a number that another has is not given' grep -q \
	'^satchel-central: note: number: 1 is the number of another; it is 2 now$' \
	"$dir/notes"
equal 'so that each has its own' "$(at_office "$first" number; at_office \
	"$other" number)" "1
2"

# An assessment is approved: lists, and what both sides say of a field.
refused 'an unknown field is refused, by name' 1 \
	'^satchel-central: assessment.colour: this record type has no such field' \
	office put "assessment/$assessment" colour=red --as ruth
refused 'and so is an unknown code, with those that are known' 1 \
	'assessment.status: "dnoe" is not one of ' \
	office put "assessment/$assessment" status=dnoe --as ruth
refused 'as on a device' 1 'assessment.status: "dnoe" is not one of ' \
	as dana put assessment person="$person" status=dnoe
check 'it is done' puts ruth "assessment/$assessment" status=done
check 'and what is still missing is said, with the clause' grep -q \
	'^satchel-central: note: status: no strength is written down.*ME-II-1' \
	"$dir/notes"
equal 'with --lenient an unknown field is kept' "$(puts ruth --lenient \
	"assessment/$assessment" colour=red)" "$assessment"
check 'and noted' grep -q 'colour: not a field of this record type; kept' \
	"$dir/notes"

# Bad input.
refused 'a date that is none' 1 'closed_on: "soon" is not a date such as' \
	office put "enrollment/$enrollment" closed_on=soon --as ruth
refused 'a type that is none' 1 'enrolment: no such record type' \
	office put enrolment person="$person" --as ruth
refused 'a record of another type' 1 "$cause is a good_cause, not an assessment" \
	office put "assessment/$cause" status=done --as ruth
refused 'a record that is not there' 1 'there is no record' office put \
	need/0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4 severity=3 --as ruth
refused 'what is no id' 1 '"7" is no record id' office put need/7 severity=3 \
	--as ruth
refused 'a record of another type where one is named' 1 \
	"is a record of another type; name a person" \
	office put closure person="$cause" reason=moved --as ruth
refused 'a case that is not there' 1 'there is no case' office put need \
	--case 0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4 domain=housing --as ruth
refused 'no case at all' 1 'need: which case\? Name its person' \
	office put need domain=housing --as ruth
refused 'nothing to write' 2 'there is nothing to write' \
	office put "need" --as ruth
refused 'a field twice' 2 'severity is given twice' office put need \
	person="$person" severity=3 severity=4 --as ruth
refused 'no operand' 2 'write FIELD=VALUE' office put need severity --as ruth
refused 'no type' 2 'which type' office put --as ruth
refused 'nobody who writes' 1 'who writes this' office put need \
	person="$person" severity=3
refused 'JSON that is none, with the place' 1 'standard input:1:[0-9]+: ' \
	office put need - --as ruth <<<'{nonsense'
refused 'a context of another record' 1 'the context is of another record' \
	office put "assessment/$assessment" status=done --as ruth \
	--context "$(context dana "$cause")"
need=$(puts ruth need - person="$person" <<<'{"domain":"housing","severity":3}')
equal 'fields come as JSON, too' "$(at_office "$need" severity)" 3

# What is only checked is not written.
before=$(office status --json | jq -c .lines)
office put closure person="$person" status=approved --check --as ruth \
	>"$dir/out" 2>"$dir/notes"
equal 'a check that remarks on something has an exit code of its own' $? 3
check 'says what' grep -q '^satchel-central: note: status: nothing says how it' \
	"$dir/notes"
check 'and has no record' test ! -s "$dir/out"
check 'without a remark it is as if it were written' puts ruth task \
	person="$person" what='Call.' --check
refused 'what is wrong is refused' 1 'no such field' office put task \
	person="$person" colour=red --check --as ruth
equal 'none of them is there' "$(office list task --json)$(office status --json |
	jq -c .lines)" "[]$before"

# Members of a set, and --each.
referral=$(puts ruth referral person="$person" status=draft)
location=$(puts directory location name='Town hall' languages+=en \
	languages+=fr)
equal 'members are added' "$(at_office "$location" languages)" '["en","fr"]'
check 'and dropped with a reason' puts directory "location/$location" \
	'languages-=fr:nobody speaks it'
equal 'which leaves the other' "$(at_office "$location" languages)" '["en"]'
before=$(office list task --json | jq length)
refused 'a bad line among many is named, and none is written' 1 \
	'standard input:2: task.status: "dun" is not one of .*; nothing was written' \
	office put task --each --as ruth <<-LINES
	{"person":"$person","what":"Call.","status":"open"}
	{"person":"$person","what":"Write.","status":"dun"}
	LINES
equal 'none' "$(office list task --json | jq length)" "$before"
office put task --each --as ruth >"$dir/ids" 2>"$dir/notes" <<-LINES
	{"person":"$person","what":"Call.","status":"open"}
	{"person":"$person","what":"Write.","status":"open"}
LINES
equal 'two lines are two records' "$(office list task --json | jq -c \
	'map(.record) | sort')" "$(sort "$dir/ids" | jq -Rnc '[inputs]')"

# Who may what.
denied() { # WHO WHAT PATTERN ARGUMENT...
	local who=$1 what=$2 pattern=$3
	shift 3
	refused "$who: $what" 1 "$pattern" office put "$@" --as "$who"
}
for who in auditor state; do
	denied "$who" 'nothing at all' \
		"^satchel-central: put: $who has the role $who, which does not do this; these do: " \
		need person="$person" domain=housing
done
for who in planner directory fiscal admin; do
	denied "$who" 'no case data' \
		"^satchel-central: need: a user with the role $who does not write it; these do: worker, supervisor$" \
		need person="$person" domain=housing
done
denied covering 'no plan' 'these do: worker, supervisor$' plan person="$person"
check 'covering: a note' puts covering contact person="$person" \
	kind=phone outcome=completed narrative='They called.'
denied ruth 'a supervisor writes no note' 'these do: worker, covering$' \
	contact person="$person" kind=phone
denied ruth 'a supervisor writes no logic model' 'these do: planner$' \
	logic_model name=Housing
check 'planner: a logic model' puts planner logic_model name=Housing
check 'fiscal: a receipt' puts fiscal receipt person="$person"
denied vita 'a site writes in no case' 'these do: worker, supervisor$' need \
	person="$person"
denied kim 'a worker of another caseload' \
	"the case $person is not in the caseloads or sites of kim: a supervisor may write this" \
	need person="$person" domain=housing
for pair in 'expenditure_authorization authorize' \
	'expenditure_void authorization void' 'expenditure_cap cap set' \
	'voucher voucher issue' 'expenditure_approval approve' \
	'retention case close' 'finding_resolution findings resolve' \
	'schema import schema' 'code_set import codes' \
	'revocation replica revoke'; do
	type=${pair%% *}
	for who in fiscal ruth; do
		denied "$who" "$type has a command of its own" \
			"$type is not written by put; it is written by: satchel-central ${pair#* }" \
			"$type" person="$person"
	done
done
denied ruth 'nor are persons merged' 'it is written by: satchel-central merge' \
	"person/$person" duplicate_of="$person"
denied ruth 'nor cases assigned' 'written by: satchel-central case assign' \
	assignment --case "$person" scopes+=caseload:west
office user disable covering >/dev/null
denied covering 'who is disabled writes nothing' 'is disabled and does nothing' \
	contact person="$person" kind=phone

# A worker at the office begins a case.
new=$(puts dana person legal_name='Otis Reed')
check 'that no device has it is said' grep -q \
	"the case $new is in no caseload, so that no device has it: satchel-central case assign" \
	"$dir/notes"
check 'until it is assigned' office case assign "$new" --caseload east --as ruth
syncs lee || exit 1
equal 'then it comes' "$(value lee "$new" legal_name)" '"Otis Reed"'

# What a site was told: it answers that, and nothing else.
told=$(as dana put site_referral status=received note=x 2>/dev/null)
syncs dana || exit 1
denied vita 'a site answers no referral of another' 'is not in the caseloads or sites of vita' \
	"site_referral/$told" status=contacted
office case assign "$told" --caseload east --site lift --as ruth >/dev/null
check 'it answers its own' puts vita "site_referral/$told" status=contacted
denied vita 'and does not say who is sent' \
	'site_referral.first_name: only the office decides this.*these do: supervisor' \
	"site_referral/$told" first_name=Ann

# Two at once: the office did not see what a device has not sent.
task=$(head -n 1 "$dir/ids")
step=$(as dana put step --case "$person" who=client what='Call the clinic.')
hours=$(as dana put work_hours person="$person" activity=ojt \
	week_of=2026-11-16 minutes=0 kind=actual)
syncs dana || exit 1
stale=$(office show "$hours" --json | jq -r .context)
revise dana "$hours" minutes=1200
revise dana "$step" status=done
check 'the office writes meanwhile' puts ruth "work_hours/$hours" minutes=1500
check 'and further' puts ruth "step/$step" status=doing
syncs dana lee || exit 1
equal 'hours wait for a person' "$(open_there "$hours")" '["minutes"]'
equal 'on devices, too' "$(as lee conflicts --json | jq -c "[.[] |
	select(.record == \"$hours\").field]")" '["minutes"]'
equal 'a step is as far as anybody brought it' "$(at_office "$step" status)" \
	'"done"'
check 'who saw both settles it' puts ruth "work_hours/$hours" minutes=1200
equal 'and it is settled' "$(open_there "$hours")" '[]'
check 'who says what was on the screen' puts ruth "work_hours/$hours" \
	minutes=1300 --context "$stale"
equal 'is in conflict with what was not' "$(open_there "$hours")" '["minutes"]'

# A restart changes nothing, and devices have it all.
kill_server
start_server || exit 1
syncs dana lee || exit 1
equal 'after a restart the office has the same' "$(at_office "$cause" decision)" \
	'"granted"'
for record in "$hours" "$step" "$task" "$location" "$told"; do
	check "$record is the same here and there" same_hashes "$record"
done
check 'the office verifies' office verify
done_testing
