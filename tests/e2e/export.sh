#!/usr/bin/env bash
# What the office gives to others' programs: referrals as FHIR R4, the resource
# directory as HSDS 3.0, and every record.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana || exit 1

# --- fhir
ruth=$(as dana put person legal_name='Ruth Ames')
zoe=$(as dana put person legal_name='Zoe Bell')
fhir() { office export fhir --as ruth --purpose other_assisted_program "$@"; }
refer() { # PERSON FIELD=VALUE...
	local person=$1
	shift
	as dana put referral --case "$person" person="$person" "$@" 2>/dev/null
}
sent=$(refer "$ruth" status=sent sent_at=2026-03-02T09:30-06:00 \
	urgency=crisis basis=internal note='only ours')
refused=$(refer "$zoe" status=sent sent_at=2026-04-01T08:00-05:00)
revise dana "$refused" status=declined 2>/dev/null
draft=$(refer "$zoe" status=draft)
syncs dana || exit 1
check 'referrals are exported' fhir
cp "$dir/out" "$dir/fhir"
equal 'two resources each, a line each' "$(jq -r .resourceType "$dir/fhir" |
	sort | uniq -c | tr -s ' \n' ' ')" ' 3 ServiceRequest 3 Task '
equal 'every one has what FHIR requires' "$(jq -c 'select(.resourceType and
	.id and .status and .intent == "order" and (.subject // .for))' \
	"$dir/fhir" | wc -l)" 6
resource() { # TYPE RECORD FILTER
	jq -c "select(.resourceType == \"$1\" and .id == \"$2\") | $3" "$dir/fhir"
}
equal 'the stage is that of the mapping' \
	"$(resource Task "$sent" '[.status,.priority,.authoredOn,.focus.reference]')" \
	"[\"requested\",\"urgent\",\"2026-03-02T09:30:00-06:00\",\"ServiceRequest/$sent\"]"
equal 'with its reason, and ours beside it' \
	"$(resource Task "$refused" '[.status,.statusReason.text,.businessStatus.text]')" \
	'["rejected","The provider declined","declined"]'
equal 'the client is an id' \
	"$(resource ServiceRequest "$draft" '[.status,.subject.identifier.value]')" \
	"[\"draft\",\"urn:uuid:$zoe\"]"
check 'and nothing else of them is there' \
	sh -c "! grep -e Ames -e Bell -e 'only ours' '$dir/fhir'"
ids() { fhir "$@" | jq -r 'select(.resourceType == "Task").id'; }
equal 'of one case' "$(ids --case "$ruth")" "$sent"
equal 'sent in a period, its days included' \
	"$(ids --from 2026-03-02 --to 2026-03-31)" "$sent"
equal 'or from a day on' "$(ids --from 2026-03-03)" "$refused"
equal 'none is no failure' "$(ids --to 2025-12-31; echo $?)" 0
refer "$zoe" status=unknown >"$dir/odd"
as dana put referral --case "$zoe" status=draft >"$dir/nobody" 2>/dev/null
syncs dana || exit 1
refused 'what cannot be told is left out, and named' 1 \
	'2 left out; the first is .*(status|person): ' fhir
equal 'the others are there' "$(wc -l <"$dir/out")" 6
refused 'a day that is none is misuse' 2 '2026-11-21 is expected' \
	fhir --from yesterday
refused 'a case that is none, too' 2 'no case id' fhir --case x
refused 'and an operand' 2 'options only' fhir "$ruth"
check 'every export stands in the acts' test 6 -le "$(sqlite3 \
	"$dir/office/office.db" "SELECT count(*) FROM act WHERE detail LIKE
	'%\"format\":\"fhir\"%'")"

# --- hsds
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
round() { # PATH NAME WARNINGS: imports it here, exports, and does it again elsewhere
	office import hsds --as ruth "$1" >"$dir/out" 2>&1
	check "$2: the directory is exported" office export hsds --to "$dir/$2-1"
	"$central" init --agency south --data "$dir/$2" >"$dir/out" 2>&1
	"$central" user add ruth --role directory --data "$dir/$2" >"$dir/out" 2>&1
	"$central" import hsds --as ruth "$dir/$2-1" --data "$dir/$2" --json \
		>"$dir/read" 2>"$dir/err"
	equal "$2: another office reads every row" \
		"$(jq -c '[.skipped, (.warnings | length)]' "$dir/read")" "[0,$3]"
	check "$2: and exports" "$central" export hsds --to "$dir/$2-2" \
		--data "$dir/$2"
	check "$2: the same files" diff -r "$dir/$2-1" "$dir/$2-2"
}
shown_at() { # OFFICE: organizations, locations and services as people see them
	local type
	for type in organization location service; do
		"$central" list $type --json --data "$dir/$1" |
			jq -S 'map(del(.hash, .fields.schedules, .fields.source))'
	done
}
round "$examples/directory" sites 0
equal 'all of it is there' "$(jq -c .created "$dir/read")" 171
equal 'fifty-seven places with an address' \
	"$(wc -l <"$dir/sites-1/addresses.csv")" 58
shown_at office >"$dir/here"
shown_at sites >"$dir/there"
check 'people see the same in both' diff "$dir/here" "$dir/there"

place=524850b9-9c9f-5ec8-a901-2c9e25661323
syncs dana || exit 1
check 'a worker corrects a place' revise dana $place latitude=north \
	phones+='601-555-0100 ext. 7 (fax): after 5' \
	phones+='ask (the desk) first' name=$'Quote " comma, line\nZo\u00eb'
syncs dana || exit 1
rm -rf "$dir/sites"*
# Its location names an organization that it does not have.
round "$examples/hsds_3.0/csv" examples 1
shown_at office >"$dir/here"
shown_at examples >"$dir/there"
equal 'people see the same, but for what was no latitude' \
	"$(diff "$dir/here" "$dir/there" | grep '^[<>]' | tr -s ' ')" \
	'< "latitude": "north",'
check 'a correction is told' grep -q 'Quote "" comma' \
	"$dir/examples-1/locations.csv"
check 'a number in its parts' grep -q ',601-555-0100,7,fax,after 5$' \
	"$dir/examples-1/phones.csv"
check 'or as a whole' grep -q ',ask (the desk) first,,voice,$' \
	"$dir/examples-1/phones.csv"
equal 'what is of another form is left out, and said' "$(office export hsds \
	--to "$dir/again" --json | jq -r '[.left_out, .first_left_out] | @tsv' |
	grep -c "location $place: latitude: ")" 1
refused 'no folder is written over' 1 'new folder' office export hsds \
	--to "$dir/again"
refused 'without a folder it is misuse' 2 'new folder' office export hsds

# --- ndjson
enrol lee && syncs lee || exit 1
revise dana "$place" city=Caribou
revise lee "$place" city=Houlton
syncs dana lee || exit 1
check 'everything is exported' office export ndjson --as ruth --purpose audit \
	--recipient 'State Auditor'
cp "$dir/out" "$dir/all"
equal 'each record is a line, and the first says how many' \
	"$(jq -s '[.[0].export.records, (.[1:] | map(.record.record) | unique |
	length)] | .[0] == .[1] and .[0] > 171' "$dir/all")" true
equal 'that it left is one of them, and says why and to whom' "$(jq -c 'select(
	.record.type == "disclosure_log" and .record.fields.purpose == "audit") |
	.record.fields | [.to_whom, .method, .data_classes, .person]' "$dir/all")" \
	'["State Auditor","export",["every record"],null]'
refused 'nothing leaves without a purpose' 2 \
	'purpose P is missing.*205.50.*: program_administration, .*audit, ' \
	office export ndjson --as ruth
refused 'nor for one that is none' 2 'curiosity is none of: program_adm' \
	office export ndjson --as ruth --purpose curiosity
refused 'nor a case' 2 'purpose P is missing' \
	office export case "$ruth" --as ruth
refused 'nor referrals' 2 'purpose P is missing' office export fhir --as ruth
equal 'and nothing of it was written' "$(office list disclosure_log --json |
	jq '[.[] | select(.fields.purpose == "audit")] | length')" 1
equal 'exports are counted among what touches confidentiality' "$(office report \
	R-13 --json | jq '.rows[] | select(.finding | test("export")).count')" \
	"$(office list disclosure_log --json | jq length)"
equal 'a case shows what left of it, and of all' "$(office report R-20 --set \
	case="$ruth" --json | jq -c '[.rows[] | select(.type == "disclosure_log") |
	[.what, .mark]] | unique')" \
	'[["State Auditor: audit","everybody'"'"'s data"],["ruth: other_assisted_program",""],["ruth: other_assisted_program","everybody'"'"'s data"]]'
equal 'as many as the office has' "$(sqlite3 -readonly \
	"$dir/office/office.db" 'SELECT count(*) FROM record')" \
	"$(($(wc -l <"$dir/all") - 1))"
equal 'with type, case and fields' "$(jq -c --arg id "$sent" 'select(.record.record
	== $id).record | [.type, .case, .fields.status]' "$dir/all")" \
	"[\"referral\",\"$ruth\",\"sent\"]"
equal 'and what waits for a person' "$(jq -c 'select(.conflicts | length > 0) |
	[.record.record, .conflicts[0].field, (.conflicts[0].values | map(.value) |
	sort)]' "$dir/all")" "[\"$place\",\"city\",[\"Caribou\",\"Houlton\"]]"
refused 'an operand is misuse' 2 'export case ID' office export ndjson all \
	--as ruth --purpose audit
done_testing
