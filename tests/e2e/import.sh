#!/usr/bin/env bash
# The resource directory from real publications: 57 tax sites and the official
# HSDS 3.0 examples; imported again, changed, corrected in the field, broken.
. "$(dirname "$0")/lib/office.bash"

examples=$(cd "$(dirname "$0")/../../examples" && pwd)
sites=$examples/directory
hsds=$examples/hsds_3.0

import() { office import hsds --as ruth --json "$@" 2>"$dir/err"; }
count() { jq -c '[.created,.changed,.fields,.unchanged,.skipped,.missing]'; }
shown() { office show "$1" --json | jq -c ".fields.$2.value"; }

make_office && start_server && enrol dana || exit 1

equal 'all 57 sites of Mississippi and Maine come in' \
	"$(import "$sites" | count)" '[171,0,0,0,0,0]'
equal 'as 57 places' \
	"$(office list location --json | jq length)" 57
equal 'each of them a tax site with its county' \
	"$(office list location --json | jq '[.[].fields |
		select(.vita_site and (.coverage | length) == 1)] | length')" 57
before=$(office status --json | jq .lines)
equal 'a second import changes nothing' \
	"$(import "$sites" | count)" '[0,0,0,171,0,0]'
equal 'and writes nothing' "$(office status --json | jq .lines)" "$before"

# A worker's device receives the directory.
as dana sync >/dev/null 2>&1
equal 'the directory reaches the field' \
	"$(as dana list location --json | jq length)" 57

place=524850b9-9c9f-5ec8-a901-2c9e25661323
cp -r "$sites" "$dir/changed"
sed -i '/'$place'/s/866-811-5695/866-811-0000/' "$dir/changed/phones.csv"
equal 'a dry run says what would change' \
	"$(import --dry-run "$dir/changed" | count)" '[0,1,1,170,0,0]'
equal 'and changes nothing' "$(shown $place phones)" '["866-811-5695"]'
equal 'one changed number is one changed field' \
	"$(import "$dir/changed" | count)" '[0,1,1,170,0,0]'
equal 'of that place' "$(shown $place phones)" '["866-811-0000"]'

# The field corrects what the directory says.
as dana sync >/dev/null 2>&1
revise() { # WHO RECORD FIELD=VALUE...
	local who=$1 record=$2
	shift 2
	as "$who" put location --record "$record" \
		--context "$(context "$who" "$record")" "$@" >"$dir/out" 2>&1
}
check 'a worker corrects an address' revise dana $place city=Caribou
as dana sync >/dev/null 2>&1
equal 'the next import leaves it' "$(import "$dir/changed" | count)" \
	'[0,0,0,171,0,0]'
equal 'as it was corrected' "$(shown $place city)" '"Caribou"'
sed -i '/'$place'/s/Presque Isle/Fort Fairfield/' "$dir/changed/addresses.csv"
equal 'the publisher changes the same field' \
	"$(import "$dir/changed" | count)" '[0,1,1,170,0,0]'
equal 'and both wait for a person' \
	"$(office conflicts list --json | jq -c '[.[] |
		[.record, .field, ([.values[].value] | sort)]]')" \
	"[[\"$place\",\"city\",[\"Caribou\",\"Fort Fairfield\"]]]"
equal 'a third import adds nothing to it' \
	"$(import "$dir/changed" | count)" '[0,0,0,171,0,0]'

sed -i '/'$place'/d' "$dir/changed/locations.csv"
got=$(import "$dir/changed")
equal 'a place that is gone is reported' "$(jq .missing <<<"$got")" 1
check 'by its id' jq -e ".warnings[] | select(.text | contains(\"$place\"))" \
	<<<"$got"
equal 'and kept' "$(shown $place city | wc -l)" 1

# The official examples.
got=$(import "$hsds/csv")
equal 'the official CSV comes in' "$(count <<<"$got")" '[3,0,0,0,0,0]'
equal 'with its four dangling keys, by file and line' \
	"$(jq -c '[.warnings[] | "\(.file):\(.line) \(.text | split(":")[0])"]' \
		<<<"$got")" \
	'["locations.csv:2 organization_id","contacts.csv:2 organization_id","contacts.csv:2 service_at_location_id","taxonomy_terms.csv:2 taxonomy_id"]'
equal 'the same as tabular JSON changes nothing' \
	"$(import "$hsds/json/tabular.json" | count)" '[0,0,0,3,0,0]'
for shape in organization_full organization_list service_full service_list \
	service_at_location_full service_at_location_list location; do
	rm -rf "$dir/office" "$dir/office.keys"
	office init --agency north >"$dir/out" 2>&1
	office user add ruth --role directory >"$dir/out" 2>&1
	check "$shape.json comes in" office import hsds --as ruth --json \
		"$hsds/json/$shape.json"
	equal 'without a skipped row' "$(jq .skipped "$dir/out")" 0
	equal 'and once only' "$(import \
		"$hsds/json/$shape.json" | jq '.created + .changed')" 0
done

# Who writes is known.
refused 'an import without a known author is refused' 1 '--as USER.*--os-user' \
	office import hsds "$sites"
equal 'and writes nothing' "$(office list location --json | jq length)" 1
check 'what it would change may be asked without' \
	office import hsds "$sites" --dry-run
office user set ruth --os-user "$(id -un)" >"$dir/out"

# What is broken.
cp -r "$sites" "$dir/broken"
printf 'x,physical,,,"half a row\n' >>"$dir/broken/locations.csv"
sed -i '5s/^[^,]*,/,/' "$dir/broken/services.csv"
sed -i '3s/2022-../2022-13/' "$dir/broken/schedules.csv"
office import hsds "$dir/broken" >"$dir/said" 2>"$dir/named"
equal 'broken rows do not stop the rest' "$?" 0
for place in 'services.csv:5:1: id' 'schedules.csv:3:[0-9]+: valid_from' \
	'locations.csv:59:14: the quote is never closed'; do
	check "named: $place" grep -Eq "^$place" "$dir/named"
done
check 'and are counted' grep -Eq '[1-9][0-9]* skipped' "$dir/said"
printf 'PK\3\4' >"$dir/a.zip"
refused 'a zip archive is refused, with advice' 1 'zip archive.*unpack' \
	office import hsds "$dir/a.zip"
refused 'a folder without data is refused' 1 'holds neither' \
	office import hsds "$hsds"
refused 'what is not there is said' 1 'no such file' \
	office import hsds "$dir/none"
refused 'no path is misuse' 2 'PATH' office import hsds
done_testing
