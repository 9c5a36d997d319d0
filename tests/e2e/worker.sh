#!/usr/bin/env bash
# A worker at the command line: what is meant is what is done, what cannot be
# meant is refused, and what is printed is all of it.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames' 'safety_notes+=Dog' \
	'safety_notes+=Gate code 10:30' 'safety_notes+=Gate code 10' \
	'identifiers+=vr_client_id:1234' 'identifiers+=vr_client_id:77')
here() { as dana status --json | jq .here; }
drops() { # OPERAND: of what is seen now
	as dana put --record "$person" --context "$(context dana "$person")" "$1"
}

# Members that hold colons.
check 'a member with a colon is dropped' drops 'safety_notes-=Gate code 10:30:moved'
equal 'and no shorter one' "$(value dana "$person" safety_notes)" \
	'["Dog","Gate code 10"]'
check 'an identifier too' drops 'identifiers-=vr_client_id:1234:typo'
equal 'and no other' "$(value dana "$person" identifiers)" \
	'["vr_client_id:77"]'
refused 'what is no member is refused, with those that are' 1 \
	'no member.*"Dog", "Gate code 10"' drops 'safety_notes-=Cat:gone'
refused 'a field without members says so' 1 'in force: none' \
	drops 'phones-=1:old'
refused 'a member without a reason is asked for one' 2 'say why' \
	drops 'identifiers-=vr_client_id:77'
refused 'a new record has no members to drop' 1 'in force: none' \
	as dana put person legal_name=B 'phones-=1:old'
equal 'nothing of this was written' "$(here)" 3

done_testing
