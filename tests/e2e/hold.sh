#!/usr/bin/env bash
# What a revoked device still sends is kept and held; released after a later
# edit it shows as a conflict, neither dead nor on top.
. "$(dirname "$0")/lib/office.bash"
scenario F3 F23

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames' preferred_name=Ruthie)
syncs dana lee || exit 1
revise dana "$person" preferred_name='written unaware'
note=$(as dana contact "$person" --kind phone --narrative 'also unaware')
replica=$(office replica list --json | jq -r '.[] | select(.user == "dana") |
	.replica')
check 'a device is revoked' office replica revoke "$replica" --as ruth
revise lee "$person" preferred_name='meanwhile'
syncs lee || exit 1
as dana sync >"$dir/out" 2>"$dir/err"
equal 'its work is kept: the office has the log up to the end' \
	"$(office holds list --json | jq -c '[.[].reason]')" \
	'["revoked","revoked"]'
equal 'the list says who wrote each line, and when' \
	"$(office holds list --json | jq -c '[.[] | .author, (.at > 1e12)]')" \
	'["dana",true,"dana",true]'
TZ=CST6 office holds list >"$dir/text"
equal 'also to people, by the names of records' \
	"$(grep -c "person meanwhile (${person##*-})" "$dir/text")" 1
equal 'a record without one by its person' \
	"$(grep -c "contact meanwhile (${note##*-})" "$dir/text")" 1
equal 'in their own time zone' "$(grep -Ec \
	'written by dana on 20.{8} ..:.. -06:00$' "$dir/text")" 2
equal 'but does not take effect' "$(value lee "$person" preferred_name)" \
	'"meanwhile"'
refused 'the device shows nothing any more' 1 'revoked|locked|no such|key' \
	as dana show "$person"
revise lee "$person" preferred_name='later still'
syncs lee || exit 1
dot=$(office holds list --json | jq -r --arg record "$person" \
	'.[] | select(.record == $record).dot')
check 'a supervisor releases the line' office holds release "$dot" --as ruth
syncs lee || exit 1
equal 'people are told whose record is in conflict, in their time' "$(TZ=IST-5:30 \
	as lee conflicts | grep -Ec "^preferred_name of person .* \
\(${person##*-}\)|(dana|lee) wrote .* on 20.{8} ..:.. \+05:30 ")" 3
equal 'and the office too' "$(TZ=IST-5:30 office conflicts list | grep -Ec \
	"^preferred_name of person .* \(${person##*-}\)|\
(dana|lee) wrote .* on 20.{8} ..:.. \+05:30 ")" 3
equal 'it is a conflict with what came meanwhile' \
	"$(as lee conflicts --json | jq -c '[.[0].values[].value] | sort')" \
	'["later still","written unaware"]'
equal 'under the name of who wrote it' "$(as lee conflicts --json |
	jq -r '.[0].values[] | select(.value == "written unaware").author')" dana
equal 'what stays held is not listed as a record' \
	"$(as lee list contact --json | jq -c --arg id "$note" '[.[].record] | index($id)')" null
equal 'and stays in the list, with its reason' \
	"$(office holds list --json | jq -c '[.[].reason]')" '["revoked"]'
check 'the office verifies' office verify
check 'the vault verifies' as lee verify
done_testing
