#!/usr/bin/env bash
# A journal that is damaged in its middle: what stands before is restored, the
# lines behind are healed from it, devices bring the rest, and whoever restores
# is told what became of what (F1, F13).
. "$(dirname "$0")/lib/office.bash"
scenario F1 F13

journal=$dir/other/journal
mkdir "$dir/other"
size() { stat -c %s "$journal"; }
spoil() { # FROM TO: bytes of the journal
	dd if=/dev/urandom of="$journal" bs=1 seek="$1" count=$(($2 - $1)) \
		conv=notrunc status=none
}
lose() { # kills the server and takes the data away
	kill_server
	rm -rf "$dir/office"
}
work() { # WHO TEXT
	as "$1" contact "$person" --kind phone --narrative "$2" >/dev/null &&
		syncs "$1"
}
told() { # TEXT: contacts at the office that say it
	office list contact --json |
		jq --arg text "$1" '[.[] | select(.fields.narrative == $text)] | length'
}
office init --agency north --name North --journal "$journal" >/dev/null 2>&1
office user add ruth --role supervisor --caseload east >/dev/null
for who in dana lee noor; do
	office user add $who --role worker --caseload east >/dev/null
done
start_server && enrol dana && enrol lee && enrol noor || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee noor || exit 1
work dana 'before the damage' || exit 1
joint=$(size)
office backup --to "$dir/backup" >/dev/null
work dana 'after the backup' || exit 1

from=$(size)
work dana 'in the damage' || exit 1
to=$(size)
work noor 'behind the damage' || exit 1
office user add late --role worker --caseload east >/dev/null
work noor 'further behind' || exit 1
lost=$(office replica list --json |
	jq -r '.[] | select(.user == "noor") | .replica')
rm "$dir"/noor.vault*
lose
spoil $((from + 40)) $((to - 40))

cp -r "$dir/office.keys" "$dir/keys" && cp "$journal" "$dir/spoilt"
check 'it is restored from the journal alone' "$central" restore \
	--journal "$journal" --data "$dir/office" --json
cp "$dir/out" "$dir/said"
check 'which says that it does not hold everything' jq -e \
	'.journal | (.whole | not) and .lost > 0 and .replayed' "$dir/said"
check 'how many transactions are damaged' jq -e '.journal.damaged >= 1' \
	"$dir/said"
equal 'how many lines came from behind' "$(jq .journal.healed "$dir/said")" 2
check 'and what was administered there' jq -e '[.journal.acts[] |
	select(.by != null and .at > 0 and .detail.user == "late" or
		.detail.account == "late" or .detail.name == "late")] | length == 1' \
	"$dir/said"
equal 'what stood before the damage is there' "$(told 'after the backup')" 1
equal 'what stood behind it is, of a device that is gone' \
	"$(told 'behind the damage')$(told 'further behind')" 11
equal 'what was damaged is not' "$(told 'in the damage')" 0
check 'the office verifies' office verify
start_server || exit 1
syncs dana lee dana lee || exit 1
equal 'the device brings it' "$(told 'in the damage')" 1
equal 'and nothing came twice' "$(told 'behind the damage')" 1
equal 'the vaults agree' "$(hash_of dana "$person")" "$(hash_of lee "$person")"
check 'the office verifies again' office verify
equal 'nothing is gone' "$(office status --json | jq -c .recovery.gone)" '[]'
equal 'the device that is gone is still waited for' \
	"$(office status --json | jq -r '.recovery.devices[].replica')" "$lost"

# The damage begins where the backup ends: nothing can be run again.
lose
cp "$dir/spoilt" "$journal"
rm -rf "$dir/office.keys" && cp -r "$dir/keys" "$dir/office.keys"
spoil $((joint + 20)) $((from - 20))
check 'a backup with a journal that does not join it is restored' "$central" \
	restore --from "$dir/backup" --journal "$journal" --data "$dir/office"
cp "$dir/out" "$dir/said"
equal 'no transaction was run again' \
	"$(grep -c 'came from the journal' "$dir/said")" 0
check 'it says what is to be done' grep -q 'lines of those behind' "$dir/said"
check 'and lists what was administered' grep -q '"late"' "$dir/said"
equal 'with the lines of the journal' "$(told 'behind the damage')" 1
check 'the office verifies' office verify
done_testing
