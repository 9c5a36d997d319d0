#!/usr/bin/env bash
# Findings with real programs: what workers write makes them, what they write
# settles them, and who may say that one needs no more.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server || exit 1
check 'somebody authorises money' office user add fay --role fiscal
for who in dana lee kim; do enrol $who || exit 1; done
findings() { office findings "$@"; }
# how many of a policy there are
count() { findings --policy "$@" --json | jq '.rows|length'; }
# the id of the only one
only() { findings --policy "$@" --json | jq -r '.rows|if length == 1 then
	.[0].finding else "not one" end'; }

# --- what there is
check 'policies are listed' office findings policies
equal 'each says what to do' "$(office findings policies --json |
	jq '[.[]|select(.do=="" or .definition=="" or .clauses=="")]|length')" 0
refused 'one that is not there' 2 'no policy no_such' \
	findings --policy no_such
refused 'a command that is not there' 2 'no command "findings settle"' \
	findings settle
refused 'a form that is none' 2 'text, csv or json' findings --format xml
refused 'a parameter that none has' 2 'no policy has a parameter' \
	findings --set soon=1
refused 'a parameter without a value' 2 'give NAME=VALUE' findings --set soon
refused 'a number that is none' 2 'within_days: "soon"' \
	findings --set within_days=soon
refused 'a day that is none' 2 'as_of: "2026-02-30"' \
	findings --as-of 2026-02-30
refused 'nobody whose work it could be' 1 'nobody' findings --owner nobody
equal 'where nothing is, nothing is found' \
	"$(findings --json | jq '.rows|length')" 0

# --- what a worker writes makes them, and settles them
ames=$(as dana put person legal_name='Ada Ames' dob=1984-03-02 county=28081)
need=$(as dana put need person="$ames" domain=food status=open \
	csbg_can_meet=no)
as dana put assignment person="$ames" primary=dana --case "$ames" >/dev/null
syncs dana || exit 1
equal 'a need that must be referred is found' \
	"$(findings --policy must_refer --set within_days=-1 --json |
	jq -c '.rows[0]|[.record,.case_id,.owner,.policy,.age_days]')" \
	"[\"$need\",\"$ames\",\"dana\",\"must_refer\",1]"
equal 'not before its time' "$(count must_refer)" 0
referral=$(as dana put referral person="$ames" need="$need" status=sent \
	provider=Pantry sent_at=2026-03-02T10:00-06:00)
syncs dana || exit 1
equal 'a referral settles it' "$(count must_refer --set within_days=-1)" 0
equal 'which is itself sent without consent' \
	"$(findings --policy guard --json | jq -r '.rows[0].record')" \
	"$referral"
equal 'and followed up by nobody' "$(count followup_overdue)" 1
as dana put referral_followup referral="$referral" finding='Waits.' \
	next_due=2099-01-01 >/dev/null
as dana put consent person="$ames" kind=referral_specific status=given \
	mark=drawn \
	>"$dir/consent"
revise dana "$referral" consent="$(cat "$dir/consent")" && syncs dana || exit 1
equal 'a follow-up settles that' "$(count followup_overdue)" 0
equal 'and a consent this' "$(count guard)" 0
# The participant calls the office, the worker is away.
syncs lee && revise lee "$(cat "$dir/consent")" status=revoked \
	revoked_how=phone &&
	syncs lee dana || exit 1
equal 'one that is revoked is a supervisor'\''s work' \
	"$(findings --policy guard --json |
	jq -c '.rows[0]|[.record,.owner,.role]')" "[\"$referral\",null,\"supervisor\"]"

check 'another office has a supervisor' office user add wes \
	--role supervisor --caseload west
equal 'whose it is not' "$(findings --policy guard --owner wes --json |
	jq '.rows|length')" 0
equal 'it is that of whoever has the caseload' \
	"$(findings --policy guard --owner ruth --json | jq -r '.rows[0].record')" \
	"$referral"

# --- the same person twice, two managers, two requests
bell=$(as kim put person legal_name='Ada Ames' dob=1984-03-02)
syncs kim || exit 1
equal 'two records of one person are found' \
	"$(findings --policy possible_duplicates --json |
	jq -c '.rows[0].what|contains("'"$ames"'") or contains("'"$bell"'")')" true
for who in dana lee; do
	as $who put expenditure_request person="$ames" category=transportation \
		payee='Gas & Go' amount_cents=8000 >/dev/null
done
syncs dana lee || exit 1
equal 'a request that repeats another is for whoever pays' \
	"$(findings --owner fay --json | jq -r '[.rows[].policy]|unique[]')" \
	double_request
assignment=$(as dana list assignment --json | jq -r \
	"[.[]|select(.fields.primary==\"dana\")][0].record")
revise dana "$assignment" primary=lee && revise lee "$assignment" primary=kim &&
	syncs dana lee dana || exit 1
equal 'two who were named at once are found' "$(count two_managers)" 1
equal 'nobody is without a manager meanwhile' \
	"$(findings --policy no_manager --case "$ames" --json |
	jq '.rows|length')" 0
equal 'whoever was, owns the case still' \
	"$(findings --policy contact_gap --as-of 2099-01-01 --case "$ames" --json |
	jq -r '.rows[0].owner')" dana
check 'the office decides' office conflicts resolve "$assignment" primary \
	--value lee --as ruth
equal 'which settles it' "$(count two_managers)" 0

# --- resolving one
id=$(only double_request)
refused 'a reason is needed' 2 'reason TEXT is missing' \
	office findings resolve "$id" --as fay
refused 'not that of a worker' 1 "not that of dana, who is worker" \
	office findings resolve "$id" --reason no --as dana
refused 'one that is not there' 1 'no finding' office findings resolve \
	00000000-0000-7000-8000-000000000000 --reason no --as ruth
check 'whose work it is resolves it' office findings resolve "$id" \
	--reason 'Two trips.' --as fay
equal 'it is away' "$(count double_request)" 0
equal 'and kept' "$(findings --policy double_request --all --json |
	jq -c '.rows[0]|[.finding,.resolved_by,.why]')" \
	"[\"$id\",\"fay\",\"Two trips.\"]"
equal 'as a record of its case' "$(office show "$id" --json |
	jq -c '[.type,.case,.fields.why.value]')" \
	"[\"finding_resolution\",\"$ames\",\"Two trips.\"]"
refused 'not twice' 1 'was resolved by fay already' \
	office findings resolve "$id" --reason again --as ruth
syncs dana || exit 1
equal 'which the worker gets, too' \
	"$(as dana show "$id" --json | jq -r .fields.policy.value)" \
	double_request
as lee put expenditure_request person="$ames" category=transportation \
	payee='Gas & Go' amount_cents=8000 >/dev/null
syncs lee || exit 1
equal 'other facts are another finding' "$(count double_request)" 2
check 'it can be put off' office findings resolve "$(only guard)" \
	--reason 'The family decides on Friday.' --until 2099-01-01 --as ruth
equal 'of a day before anything came nothing is found' \
	"$(count double_request) $(findings --all --as-of 2020-01-01 --json |
		jq '.rows|length')" '2 0'
equal 'until that day' "$(count guard --as-of 2099-01-01)" 0
equal 'and no longer' "$(count guard --as-of 2099-01-02)" 1

# --- of no case
check 'a planner works here' office user add pat --role planner
as dana put logic_model entity=LIFT year=2026 name=Taxes level=family \
	status=approved >"$dir/model"
syncs dana || exit 1
models=$(findings --owner pat --json | jq -r '.rows[].finding')
equal 'what a model lacks is the planner'\''s work' \
	"$(findings --owner pat --json | jq -r '.rows[].record' | sort -u)" \
	"$(cat "$dir/model")"
check 'it is resolved, too' office findings resolve "${models%%$'\n'*}" \
	--reason 'A draft was approved too early.' --as pat
equal 'and away' "$(findings --owner pat --json | jq '.rows|length')" \
	$(($(wc -l <<<"$models") - 1))

# --- how it is printed
check 'people read it' bash -c "'$central' findings --data '$dir/office' |
	grep -q '^  to do: '"
check 'it says how current it is' bash -c "'$central' findings \
	--data '$dir/office' | grep -q '3 devices may sync'"
equal 'a table has a line each' \
	"$(findings --format csv --bare | sed 1d | wc -l)" \
	"$(findings --json | jq '.rows|length')"
equal 'what was resolved is counted' "$(findings | sed -n '1s/.*; //p')" \
	'3 resolved (--all shows them)'

stop_server
check 'the office verifies' office verify
done_testing
