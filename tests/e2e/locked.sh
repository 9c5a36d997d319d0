#!/usr/bin/env bash
# A locked vault brings its work to safety without the passphrase.
. "$(dirname "$0")/lib/office.bash"
scenario F25

make_office && start_server && enrol dana || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana || exit 1
for i in 1 2 3 4 5; do
	as dana contact "$person" --kind phone --narrative "call $i" >/dev/null
done
equal 'five writes are only here' "$(as dana status --json | jq .here)" 5
check 'satcheld --once delivers without a passphrase' env \
	-u SATCHEL_PASSPHRASE_FILE "$satcheld" --vault "$dir/dana.vault" --once \
	--socket "$dir/socket"
equal 'everything is at the office' "$(office list contact --json | jq length)" 5
equal 'in the words that were written' "$(office list contact --json |
	jq -c '[.[].fields.narrative] | sort')" \
	'["call 1","call 2","call 3","call 4","call 5"]'
equal 'and the device knows it' "$(as dana status --json |
	jq -c '[.here,.received]')" '[0,6]'

# A forgotten passphrase loses nothing unsent, and gives nothing to anybody.
as dana contact "$person" --kind phone --narrative 'before forgetting' >/dev/null
echo 'something else' >"$dir/wrong"
refused 'a wrong passphrase is told apart' 1 'passphrase' \
	as dana list contact --passphrase-file "$dir/wrong"
check 'what was written still goes out' env -u SATCHEL_PASSPHRASE_FILE \
	"$satcheld" --vault "$dir/dana.vault" --once --socket "$dir/socket"
equal 'and arrives' "$(office list contact --json | jq length)" 6
refused 'a locked vault shows nothing' 1 'locked' env \
	-u SATCHEL_PASSPHRASE_FILE "$satchel" list contact \
	--vault "$dir/dana.vault"
check 'its status can be asked' env -u SATCHEL_PASSPHRASE_FILE "$satchel" \
	status --vault "$dir/dana.vault" --json
done_testing
