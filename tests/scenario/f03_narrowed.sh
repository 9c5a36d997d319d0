#!/usr/bin/env bash
# Forty cases are edited without a network while twenty of them are given to
# somebody else; then the worker is disabled, and another's device is revoked,
# each with unsent work.  All of it arrives; what does not take effect is held
# with an owner; both sides count the same.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F3

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
seq 40 | sed 's|.*|{"legal_name":"Person &","preferred_name":"base"}|' |
	as dana put person --each >"$dir/cases"
syncs dana lee kim || exit 1
equal 'forty cases' "$(wc -l <"$dir/cases")" 40
while read -r case; do
	echo "{\"person\":\"$case\",\"kind\":\"phone\",\"narrative\":\"unaware ${case##*-}\"}"
done <"$dir/cases" | as dana put contact --each >/dev/null
revise dana "$(sed -n 1p "$dir/cases")" preferred_name=unaware
revise dana "$(sed -n 30p "$dir/cases")" preferred_name=unaware
head -n 20 "$dir/cases" | while read -r case; do
	office case assign "$case" --caseload west --as ruth >/dev/null || exit 1
done || exit 1
equal 'forty-two lines are only on the device' "$(as dana status --json |
	jq .here)" 42
syncs kim dana kim lee || exit 1
equal 'afterwards none' "$(as dana status --json | jq .here)" 0
equal 'the office has all forty notes' \
	"$(office list contact --json | jq length)" 40
equal 'in effect: they were written before she could know' \
	"$(office holds list --json)" '[]'
equal 'the new worker has twenty of them' \
	"$(as kim list contact --json | jq length)" 20
equal 'and the edit' "$(value kim "$(sed -n 1p "$dir/cases")" preferred_name)" \
	'"unaware"'
equal 'the first worker shows twenty cases' \
	"$(as dana list person --json | jq length)" 20
equal 'her colleague the same' "$(as lee list person --json | jq length)" 20
gone=$(sed -n 1p "$dir/cases")
refused 'what has left cannot be read' 1 'no such|not found' as dana show "$gone"
refused 'nor written' 1 'no person' as dana contact "$gone" \
	--kind phone --narrative 'later'

# The worker is disabled, the other's device revoked, both with unsent work.
stays=$(sed -n 30p "$dir/cases")
for i in 1 2 3; do
	as dana contact "$stays" --kind phone --narrative "dana disabled $i" \
		>/dev/null
	as lee contact "$stays" --kind phone --narrative "lee revoked $i" >/dev/null
done
here=$(as dana status --json | jq .here)
office user disable dana >/dev/null
office replica revoke "$(office replica list --json |
	jq -r '.[] | select(.user == "lee").replica')" --as ruth >/dev/null
for who in dana lee dana lee; do
	as $who sync >"$dir/out" 2>&1
done
equal "all $here and as many lines are in the office's hands" \
	"$(office holds list --json | jq '[.[] | select(.entry.set.narrative |
	test("disabled|revoked"))] | length')" 6
equal 'each with a reason and an owner' "$(office holds list --json |
	jq -c '[.[] | select(.entry.set.narrative) | [.reason, .owner != ""]] |
	unique')" '[["revoked",true]]'
equal 'both devices have nothing unsent' "$(as dana status --json |
	jq .here)$(as lee status --json | jq .here)" 00
equal 'and count the same as the office: held' "$(as dana status --json |
	jq .held)$(as lee status --json | jq .held)" 33
for who in dana lee; do
	refused "nothing can be read on the device any more ($who)" 1 '.' \
		as $who show "$stays"
done
dot=$(office holds list --json | jq -r '.[0].dot')
check 'a supervisor lets one take effect' office holds release "$dot" --as ruth
equal 'and it does' "$(office list contact --json | jq length)" 41
check 'the office verifies' office verify
done_testing
