#!/usr/bin/env bash
# Reports with real programs: figures are tallied again from what `list` shows,
# and each says how far it can be relied on.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server || exit 1
for who in dana lee kim; do enrol $who || exit 1; done
report() { office report "$@"; }

# --- what there is
check 'reports are listed' report
equal 'each with its definition' "$(report --json |
	jq '[.[]|select(.title=="" or .definition=="")]|length')" 0
equal 'under their own names' "$(report --json |
	jq -r '[.[].report|select(test("^R-[0-2][0-9][a-z]?$")|not)]|length')" 0
refused 'one that is not there' 2 'no report R-77' report R-77
refused 'two at once' 2 'one report at a time' report R-01 R-02
refused 'a form that is none' 2 'text, csv or json' report R-02 --format xml
refused 'a day that is none' 2 'as_of: "2026-02-30" is not a date' \
	report R-02 --as-of 2026-02-30
refused 'a number that is none' 2 'first_days: "soon" is not a whole' \
	report R-02 --set first_days=soon
refused 'a parameter that it does not have' 2 \
	'R-02 has no parameter county; it has: as_of, caseload' \
	report R-02 --county 28081
refused 'a period that ends before it begins' 2 'before it begins' \
	report R-03b --from 2026-12-01 --to 2026-01-01
refused 'a case is needed' 2 'R-20 needs a case' report R-20
refused 'whoever is named is not shared' 2 'R-01 names persons' \
	report R-01 --shared
check 'an office in which nothing is has reports too' bash -c "
	for id in \$('$central' report --json --data '$dir/office' |
		jq -r '.[].report'); do
		case=
		[ \$id = R-20 ] && case='--set case=none'
		'$central' report \$id \$case --data '$dir/office' || exit 1
	done"

# --- a little work
for n in 1 2 3 4 5 6; do
	who=dana
	[ $n -gt 4 ] && who=kim
	person=$(as $who put person legal_name="Person $n" county=2808$((n % 2)))
	as $who put need person="$person" domain=food status=open \
		csbg_can_meet=no >/dev/null
	as $who contact "$person" --kind phone --narrative 'Called.' >/dev/null
done
syncs dana lee kim || exit 1

needs=$(office list need --json)
equal 'needs by county are those that are listed' \
	"$(report R-06 --json | jq -c '[.rows[]|[.county,.open]]')" \
	"$(jq -c --argjson people "$(office list person --json)" '
		[.[] | .fields.person as $p | $people[] | select(.record == $p)
		| .fields.county] | group_by(.) | map([.[0], length])' \
		<<<"$needs")"
equal 'each figure leads to its records' \
	"$(report R-06 --json --ids | jq -c '[.rows[].ids[]]|sort')" \
	"$(jq -c '[.[].record]|sort' <<<"$needs")"
equal 'without --ids it does not' \
	"$(report R-06 --json | jq -c '[.rows[].ids//empty]')" '[]'
equal 'of one caseload' "$(report R-06 --caseload west --json |
	jq '[.rows[].open]|add')" 2
equal 'small counts are not shared' \
	"$(report R-06 --shared --format csv --bare 2>/dev/null | tail -n 1)" \
	'food,28081,<5,0,0,<5'
equal 'a table alone is a table' \
	"$(report R-06 --format csv --bare 2>/dev/null | sed 1d | wc -l)" 2
check 'which says elsewhere how current it is' bash -c "
	'$central' report R-06 --format csv --bare --data '$dir/office' 2>&1 \
		>'$dir/out' | grep -q '3 devices may sync'"
equal 'what nobody is responsible for is found' \
	"$(report R-01 --json | jq '.rows|length')" 6

# --- how far it can be relied on
equal 'all devices are heard from' \
	"$(report R-06 --json | jq -c '[.currency.devices,
		.currency.devices_silent, .currency.held, .conflicts.fields]')" \
	'[3,0,0,0]'
need=$(as dana list need --json | jq -r '.[0].record')
revise dana "$need" status=met && revise lee "$need" status=declined &&
	syncs dana lee dana || exit 1
equal 'a conflict that touches it is counted' "$(report R-06 --json |
	jq -c .conflicts)" '{"fields":1,"records":1}'
check 'and said' bash -c "'$central' report R-06 --data '$dir/office' |
	grep -q '1 unresolved conflict in 1 record may touch it'"
equal 'one that does not is not' "$(report R-18b --json |
	jq .conflicts.fields)" 0
equal 'it is listed by its field' "$(report R-19b --json --ids |
	jq -c '[.rows[]|[.type,.field,.conflicts,.ids[0]]]')" \
	"[[\"need\",\"status\",1,\"$need\"]]"
check 'a person settles it' office conflicts resolve "$need" status \
	--value met --as ruth
equal 'which changes the figure' "$(report R-06 --json |
	jq '[.rows[].open]|add')" 5

# --- by the codes of a publication
check 'code sets are read' office import codes schema/codes --as ruth
equal 'every service is reported, given or not' \
	"$(report R-14 --set version=2.1 --json | jq '.rows|length')" \
	"$(sed '/^#/d' schema/codes/csbg-services-2.1.csv | sed 1d | wc -l)"
equal 'every indicator too' \
	"$(report R-14b --set version=2.1 --json | jq '.rows|length')" \
	"$(sed '/^#/d' schema/codes/csbg-fnpi-2.1.csv | sed 1d | wc -l)"
equal 'in plain ASCII' "$(report R-14c --format csv | LC_ALL=C grep -c \
	'[^ -~]')" 0
equal 'whoever answered nothing is counted an item' "$(report R-14c --json |
	jq -c '[.rows[]|select(.code=="")|.count]|unique')" '[6]'
equal 'a county without a site is shown by its name' "$(report R-18 --json |
	jq -c '[.rows[]|select(.name=="Lee")|[.county,.sites]]')" '[["28081",0]]'
equal 'and so is every other of the state' "$(report R-18 --json |
	jq '[.rows[]|select(.name!="")]|length')" 82

stop_server
check 'the office verifies' office verify
done_testing
