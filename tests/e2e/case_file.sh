#!/usr/bin/env bash
# Every record type of schema/ at the command line, from its file alone: what a
# worker can put, everyone can show and list, here, there and at the office.
. "$(dirname "$0")/lib/office.bash"
here=$(cd "$(dirname "$0")/../.." && pwd)

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
echo "{\"person\":\"$person\"}" >"$dir/ids"

# A value for every field of a type, but for attachments; a reference to a
# record of a type that is not written here names one that may still come.
sample() { # FILE
	jq -c --slurpfile ids "$dir/ids" --arg person "$person" '
	def one: if .kind == "code" then .codes[0]
		elif .kind == "int" or .kind == "cents" or .kind == "minutes" then 3
		elif .kind == "bool" then true
		elif .kind == "date" then "2026-11-21"
		elif .kind == "instant" then "2026-11-21T15:20-06:00"
		elif .kind == "user" then "dana"
		elif .kind == "record" and .target then $ids[0][.target] //
			"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"
		elif .kind == "record" then $person
		elif .kind == "text" then "Zoë – \"tea\", 10:30"
		else {"a": [1]} end;
	.fields | to_entries | map(select(.value.kind != "attachment" and
		.value.writer != "office") | . + {one: (.value | one)} |
		select(.one != null) | if .value.rule == "set" then
			{key: (.key + "+"), value: [.one]}
		elif .value.list then {key, value: [.one]}
		else {key, value: .one} end) | from_entries' "$1"
}
# In an order in which what is named stands before what names it.
types() {
	local file type
	for file in "$here"/schema/*.json; do
		type=$(basename "$file" .json)
		[ "$type" = person ] && continue
		jq -r --arg type "$type" '$type + " " + $type, (.fields[] |
			.target // empty | select(. != $type) | . + " " + $type)' "$file"
	done | tsort 2>/dev/null
}
# Of each type: whether only the office writes it, and its home.
jq -r '(input_filename | split("/")[-1] | rtrimstr(".json")) + " " +
	(.office_only == true | tostring) + " " + .home' "$here"/schema/*.json |
	sort >"$dir/homes"
for type in $(types); do
	file=$here/schema/$type.json
	if [ "$type" = person ] || [ ! -f "$file" ]; then continue; fi
	sample "$file" >"$dir/$type.set"
	read -r _ office_only home < <(grep "^$type " "$dir/homes")
	if [ "$office_only" = true ]; then
		refused "$type: only the office writes it" 1 'only the office' \
			as dana put "$type" --case "$person" - <"$dir/$type.set"
		continue
	fi
	record=$(as dana put "$type" $([ "$home" = case ] && echo "--case $person") \
		- <"$dir/$type.set" 2>"$dir/warned")
	if [ -z "$record" ]; then
		not_ok "$type is written" "$(cat "$dir/$type.set" "$dir/warned")"
		continue
	fi
	if [ -s "$dir/warned" ] && ! grep -q 'stored all the same\|in the future\|request' \
		"$dir/warned"; then
		not_ok "$type: nothing is remarked on" "$(cat "$dir/warned")"
	fi
	sed -i "s/}$/,\"$type\":\"$record\"}/" "$dir/ids"
done
syncs dana lee || exit 1
# Each field as it was written: in what the office exports of the case, and in
# its list of what belongs to none.
office export case "$person" --as ruth --purpose audit \
	--format ndjson >"$dir/export"
jq -r '.record | .record + "\t" + (.fields | map_values(.value) | tojson)' \
	"$dir/export" | while IFS=$'\t' read -r record fields; do
	printf '%s\n' "$fields" >"$dir/$record.fields"
done
shown() { # TYPE RECORD HOME: {field: value}
	if [ "$3" = case ]; then
		cat "$dir/$2.fields"
	else
		office list "$1" --json | jq -c '.[0].fields'
	fi
}
as_written() { # TYPE: on standard input, what shows it
	jq -e --slurpfile set "$dir/$1.set" '. as $shown | $set[0] | to_entries |
		map((.key | rtrimstr("+")) as $name |
			select($shown[$name] != .value) | $name) == []'
}
count=0
while read -r type record; do
	read -r _ _ home < <(grep "^$type " "$dir/homes")
	if shown "$type" "$record" "$home" | as_written "$type" >"$dir/out"; then
		ok "$type: the office has it as it was written"
	else
		not_ok "$type: the office has it as it was written" \
			"$(shown "$type" "$record" "$home")" "$(cat "$dir/$type.set")"
	fi
	count=$((count + 1))
done < <(jq -r 'to_entries[] | select(.key != "person") | .key + " " + .value' \
	"$dir/ids")
check 'these were most of the types' test "$count" -gt 50
for type in enrollment contract_amendment signature work_hours logic_model; do
	as lee list "$type" --json | jq -c '.[0].fields' >"$dir/listed"
	check "$type: a colleague lists it" as_written "$type" <"$dir/listed"
done
check 'nothing waits for a person' test "$(as lee conflicts --json)" = '[]'

# A contract amendment, from draft to in force, two of them at once.
amendment=$(as dana put contract_amendment --case "$person" status=draft \
	contract="$(jq -r .family_contract "$dir/ids")" text='Eight hours a week.')
as dana put obligation amendment="$amendment" party=department \
	what='Pays for the bus pass.' status=open >"$dir/out"
refused 'a party that is none is refused, with those that are' 1 \
	'obligation.party: "county" is not one of participant, department' \
	as dana put obligation amendment="$amendment" party=county what=x
revise dana "$amendment" status=in_force 2>"$dir/said"
check 'an unusual step is remarked on, and stored' grep -q \
	'"in_force" is an unusual step after "draft"' "$dir/said"
equal 'it is stored' "$(value dana "$amendment" status)" '"in_force"'
syncs dana lee || exit 1
revise dana "$amendment" status=terminated 2>"$dir/said"
revise lee "$amendment" status=superseded 2>"$dir/said"
syncs dana lee dana || exit 1
equal 'two ends wait for a person' "$(as dana conflicts --json |
	jq -c 'map([.type, .field])')" '[["contract_amendment","status"]]'
equal 'and what both had seen holds' "$(value dana "$amendment" status)" \
	'"in_force"'

# Hours: 20 by one and 25 by another are never 45.
hours=$(as dana put work_hours person="$person" activity=ojt \
	week_of=2026-11-16 minutes=0 kind=actual)
syncs dana lee || exit 1
revise dana "$hours" minutes=1200 && revise lee "$hours" minutes=1500
syncs dana lee dana || exit 1
equal 'two figures of one week are in conflict' "$(as dana conflicts --json |
	jq -c 'map(select(.type == "work_hours").field)')" '["minutes"]'

# A step of the plan: done by one, dropped by another; a need that is ranked.
step=$(as dana put step --case "$person" who=client what='Call the clinic.' \
	status=todo)
syncs dana lee || exit 1
revise dana "$step" status=done && revise lee "$step" status=doing
syncs dana lee dana || exit 1
equal 'the step further along is shown' "$(value dana "$step" status)" '"done"'
number=$(as dana put contract_amendment --case "$person" text=x number=4 \
	contract="$(jq -r .family_contract "$dir/ids")" 2>"$dir/said")
check 'a number is asked of the office' grep -q \
	'number: recorded as a request to the office' "$dir/said"
equal 'and is none until it answers' "$(as dana show "$number" --json |
	jq -c '[.fields.number.value, (.fields.number.requests | length)]')" \
	'[null,1]'
check 'the office verifies' office verify
done_testing
