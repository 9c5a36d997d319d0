#!/usr/bin/env bash
# What a revoked device still sends is kept and held; released after a later
# edit it shows as a conflict, neither dead nor on top.
. "$(dirname "$0")/lib/office.bash"

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
