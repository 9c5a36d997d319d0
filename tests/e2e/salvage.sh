#!/usr/bin/env bash
# What is not damaged is recovered: of a vault with 4 KiB of damage anywhere, of
# a write-ahead log, of pages without a file, of a mirror (F13, F17, F25).
. "$(dirname "$0")/lib/office.bash"
rounds=${ROUNDS:-100}
pages() { /usr/bin/python3 "$here/lib/pages.py" "$1"; }
here=$(cd "$(dirname "$0")" && pwd)

make_office && start_server && enrol dana || exit 1
cd "$dir" || exit 1
mkdir card
as dana mirror card/dana.mirror >/dev/null
# Sixty notes in twelve cases, some longer than a page; none of them sent.
for i in $(seq 12); do
	person=$(as dana put person legal_name="Person $i")
	for j in 1 2 3 4 5; do
		long=$([ "$j" = 5 ] && head -c $((4000 * (i % 4))) /dev/zero | tr '\0' x)
		jq -cn --arg p "$person" --arg t "note $i.$j$long" \
			'{person: $p, kind: "phone", narrative: $t}'
	done
done >notes
as dana put contact --each <notes >/dev/null || exit 1
as dana status >/dev/null
sqlite3 dana.vault 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
mkdir whole && cp dana.vault dana.vault.keys card/dana.mirror whole
enrol dana fresh && syncs fresh || exit 1
stop_server
sqlite3 fresh.vault 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
mkdir clean && mv fresh.vault* clean
lines=$(pages whole/dana.vault | wc -l)
equal 'there are seventy-two lines' "$lines" 72

into() { # SOURCE: into a vault that was enrolled and is empty; says what it has
	rm -f fresh.vault* && cp clean/fresh.vault* . &&
		as fresh salvage "$1" --json 2>"$dir/err" >"$dir/report"
}
notes() { as "$1" list contact --json | jq -r '.[].fields.narrative[:9]' | sort; }
names() { as "$1" list person --json | jq -r '.[].fields.legal_name' | sort; }
all_notes=$(notes dana)
all_names=$(names dana)

check 'an undamaged vault is salvaged' into whole/dana.vault
equal 'with every line' "$(jq -c '[.intact,.carried,.missing]' report)" '[72,72,0]'
equal 'every note' "$(notes fresh)" "$all_notes"
equal 'and every person' "$(names fresh)" "$all_names"
check 'a second time' as fresh salvage whole/dana.vault --json
equal 'brings nothing again' "$(jq -c '[.intact,.carried,.known]' "$dir/out")" '[72,0,72]'
check 'the vault is sound' as fresh verify

# The issue's line: 4 KiB of random damage at a random place, a hundred times.
pages whole/dana.vault >map
size=$(stat -c %s whole/dana.vault)
short=0
least=99
for round in $(seq "$rounds"); do
	at=$((((RANDOM << 15) + RANDOM) % (size - 4096)))
	rm -f hurt.vault*
	cp whole/dana.vault hurt.vault
	cp whole/dana.vault.keys hurt.vault.keys
	dd if=/dev/urandom of=hurt.vault bs=4096 count=1 seek="$at" \
		oflag=seek_bytes conv=notrunc 2>/dev/null
	first=$((at / 4096 + 1))
	last=$(((at + 4095) / 4096 + 1))
	wanted=$(awk -v a="$first" -v b="$last" '{ hit = 0
		for (i = 2; i <= NF; i++) if ($i >= a && $i <= b) hit = 1
		if (!hit) n++ } END { print n + 0 }' map)
	into hurt.vault
	got=$(jq .carried report 2>/dev/null || echo -1)
	[ "$wanted" -lt "$least" ] && least=$wanted
	if [ "$got" -lt "$wanted" ]; then
		short=$((short + 1))
		echo "# damage at $at: $got of $wanted" "$(cat "$dir/err")"
	fi
done
equal "$rounds damaged vaults gave up every line outside the damage (least $least)" \
	"$short" 0
[ "$least" -lt 72 ] && ok 'some damage did hit lines' ||
	not_ok 'some damage did hit lines'

# What was recovered reaches the office, once.
rm -f fresh.vault* && cp clean/fresh.vault* .
start_server || exit 1
into hurt.vault
got=$(jq .carried report)
check 'what is salvaged is synced' as fresh sync
equal 'and all of it is at the office' "$(($(office list contact --json | jq length) +
	$(office list person --json | jq length)))" "$got"
mv card/dana.mirror dana.mirror
check 'then the mirror, into the same vault' as fresh salvage dana.mirror --json
equal 'which had the rest' "$(jq .carried "$dir/out")" $((72 - got))
check 'is synced' as fresh sync
equal 'and every note is at the office, once' "$(office list contact --json |
	jq -r '.[].fields.narrative[:9]' | sort)" "$all_notes"
check 'the old vault syncs as if nothing had been' as dana sync
equal 'which makes no note two' "$(office list contact --json | jq length)" 60
equal 'and no conflict' "$(office conflicts list --json | jq length)" 0
check 'the office is sound' office verify
check 'one vault is sound' as dana verify
check 'the other too' as fresh verify

# Without a file around them: the key file and pages in any order.
stop_server
dd if=whole/dana.vault of=raw bs=4096 skip=1 2>/dev/null
cp whole/dana.vault.keys raw.keys
check 'raw pages are salvaged' into raw
[ "$(jq .carried report)" -gt 50 ] && ok 'with most lines' ||
	not_ok 'with most lines' "$(cat report)"
into whole/dana.mirror
equal 'a mirror gives every line' "$(jq .carried report)" 72
head -c "$(($(stat -c %s whole/dana.mirror) / 2))" whole/dana.mirror >half
into half
got=$(jq .carried report)
[ "$got" -gt 20 ] && [ "$got" -lt 72 ] && ok 'half a mirror gives its half' ||
	not_ok 'half a mirror gives its half' "$got"

# A write-ahead log that never reached the file.
rm -f late.vault* && cp whole/dana.vault late.vault
cp whole/dana.vault.keys late.vault.keys
person=$(as late list person --json | jq -r '.[0].record')
sqlite3 late.vault 'PRAGMA wal_autocheckpoint' 'BEGIN' 'SELECT 1 FROM meta' \
	'.shell sleep 6' >/dev/null 2>&1 &
holder=$!
sleep 1
as late contact "$person" --kind phone --narrative 'only in the log' >/dev/null
cp late.vault late.vault-wal whole/ 2>/dev/null
cp late.vault.keys whole/late.vault.keys
kill "$holder" 2>/dev/null
wait "$holder" 2>/dev/null
[ -s whole/late.vault-wal ] || not_ok 'there is a write-ahead log'
head -c 3000 /dev/urandom >whole/late.vault # page 1 is gone
into whole/late.vault
equal 'what is in the log is found' \
	"$(as fresh list contact --json | jq -r '.[].fields.narrative' | grep -c 'only in the log')" 1

refused 'a wrong passphrase is told' 1 'passphrase' as fresh salvage \
	whole/dana.vault --source-passphrase-file <(echo wrong)
echo nothing >junk
refused 'a file without keys too' 1 'no keys' as fresh salvage junk
refused 'and one that is not there' 1 'nowhere' as fresh salvage nowhere
done_testing
