#!/usr/bin/env bash
# Two workers meet the same woman offline and each make a person of her.  The
# office finds it and merges them, work goes on under both ids, and the merge is
# taken back: every history stays whole, links are followed, she counts as one.
. "$(dirname "$0")/../e2e/lib/office.bash"

view() { # SQL: what any SQLite client reads of the office
	sqlite3 -readonly "$dir/office/office.db" "$1"
}
narratives() { # PERSON COMMAND...: contacts of that person, as that reader
	local who=$1
	shift
	"$@" list contact --where "person=$who" --json |
		jq -c '[.[].fields.narrative] | sort'
}
intake() { # WHO FIELD=VALUE...
	local who=$1
	shift
	as "$who" put person "$@"
}
contact() { # WHO PERSON TEXT
	as "$1" contact "$2" --kind phone --narrative "$3" >/dev/null
}

make_office && start_server && enrol dana && enrol lee || exit 1
stop_server

scenario F19
# Both are offline.
first=$(intake dana legal_name='Ruth Ann Ames' dob=1984-03-02 \
	phone='(662) 555-0142' preferred_name=Ruthie)
second=$(intake lee legal_name='Ruth Ames' dob=1984-03-02 \
	phone='+1 662 555 0142')
other=$(intake lee legal_name='Rita Olsen' dob=1990-11-30)
contact dana "$first" 'roof leaks'
contact lee "$second" 'asked for a ride'
start_server
syncs dana lee dana || exit 1

equal 'the office finds the two, and says why' \
	"$(office duplicates --json | jq -c '.[] | [(.records | sort), .reasons]')" \
	"$(jq -nc --arg a "$first" --arg b "$second" '[([$a, $b] | sort),
	"one has the other\u0027s names and more; same date of birth; same telephone"]')"
check 'and in words' grep -q "merge .* --into" <(office duplicates)
equal 'until somebody decides, they are two' \
	"$(view 'SELECT count(DISTINCT stands_for) FROM v_same')" 3

refused 'a record is not merged into itself' 1 'same record already' \
	office merge "$first" --into "$first" --as ruth
refused 'nor into one of another type' 1 'only two of one type' \
	office merge "$first" --as ruth --into \
	"$(office list contact --json | jq -r '.[0].record')"
refused 'a type that has no link is not merged at all' 1 'has no field' \
	office merge "$(office list contact --json | jq -r '.[0].record')" \
	--into "$first" --as ruth
check 'the office merges them' office merge "$second" --into "$first" --as ruth
refused 'once is enough' 1 'merged into .* already; .unmerge' \
	office merge "$second" --into "$other" --as ruth
refused 'nor the other way round' 1 'the other way round' \
	office merge "$first" --into "$second" --as ruth
refused 'what stands for another stays the one to name' 1 'merge into that one' \
	office merge "$other" --into "$second" --as ruth
equal 'they are offered no more' "$(office duplicates --json)" '[]'

# Work goes on on both ids, offline, by who has not heard of it.
contact lee "$second" 'ride arranged'
syncs dana lee dana || exit 1
contact dana "$first" 'roof mended'
contact dana "$second" 'called back on the old file'
syncs dana lee || exit 1
all='["asked for a ride","called back on the old file","ride arranged","roof leaks","roof mended"]'
for reader in office 'as dana' 'as lee'; do
	equal "asked for the one id, everything is there ($reader)" \
		"$(narratives "$first" $reader)" "$all"
	equal "asked for the other, too ($reader)" \
		"$(narratives "$second" $reader)" "$all"
	equal "each shows the other ($reader)" \
		"$($reader show "$first" --json | jq -c .same)" "[\"$second\"]"
done
equal 'in words as well' "$(as dana show "$second" | grep -c "the same as.*$first")" 1
equal 'she counts as one' \
	"$(view 'SELECT count(DISTINCT stands_for) FROM v_same')" 2
equal 'also where her contacts are counted' "$(view "SELECT count(DISTINCT
	stands_for) FROM v_contact JOIN v_same ON v_same.record = v_contact.person")" 1
equal 'nothing was copied from one to the other' \
	"$(office show "$second" --json | jq -c '.fields.preferred_name')" null

check 'a chain of them' office merge "$first" --into "$other" --as ruth
equal 'leads to one' "$(view 'SELECT count(DISTINCT stands_for) FROM v_same')" 1
syncs dana || exit 1
equal 'on a device, too' \
	"$(as dana show "$other" --json | jq -c '.same | length')" 2
check 'and is taken back' office unmerge "$first" --as ruth

check 'the office takes the merge back' office unmerge "$second" --as ruth
refused 'which is done once' 1 'is merged into no other' \
	office unmerge "$second" --as ruth
syncs dana lee || exit 1
for reader in office 'as dana' 'as lee'; do
	equal "each has its own again ($reader)" \
		"$(narratives "$first" $reader)$(narratives "$second" $reader)" \
		'["roof leaks","roof mended"]["asked for a ride","called back on the old file","ride arranged"]'
done
equal 'the merge stays in the history' "$(office show "$second" --history --json |
	jq -c '[.history[] | .set.duplicate_of? | select(. != null)] | length')" 1
check 'and the office is sound' office verify

# A worker may say what she thinks; the office decides.
token=$(as lee show "$second" --json | jq -r .context)
as lee put --record "$second" --context "$token" duplicate_of="$first" \
	>/dev/null 2>&1
syncs lee || exit 1
equal "a worker's merge is a request" "$(office show "$second" --json |
	jq -c '[.fields.duplicate_of.requests[0].value, .fields.duplicate_of.value]')" \
	"[\"$first\",null]"
equal 'and merges nothing' "$(narratives "$first" office)" \
	'["roof leaks","roof mended"]'
done_testing
