#!/usr/bin/env bash
# What is not damaged is recovered: of a vault with 4 KiB of damage anywhere, of
# a write-ahead log, of pages without a file, of a mirror (F13, F17, F25).
. "$(dirname "$0")/lib/office.bash"
scenario F13
rounds=${ROUNDS:-100}
seed=${SEED:-5}
damage() { /usr/bin/python3 "$here/lib/damage.py" "$@"; }
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
lines=$(damage whole/dana.vault hurt.vault | wc -l)
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

# The issue's line: 4 KiB of random damage at a random place, a hundred times;
# every second vault has a quarter of its lines in its write-ahead log alone.
# What each line says is known by its place in the log, so that those which the
# damage spared are looked for one by one.
mkdir logged && cp whole/dana.vault whole/dana.vault.keys logged
cp whole/dana.vault late.vault && cp whole/dana.vault.keys late.vault.keys
holds late.vault
mv card card.away # the copy would write into the same mirror
person=$(as late list person --json | jq -r '.[0].record')
for i in $(seq 24); do
	long=$(head -c $((2500 * (i % 4))) /dev/zero | tr '\0' y)
	jq -cn --arg p "$person" --arg t "late $i.0$long" \
		'{person: $p, kind: "phone", narrative: $t}'
done >more
as late put contact --each <more >/dev/null || exit 1
cp late.vault logged/dana.vault && cp late.vault-wal logged/dana.vault-wal
release
rm -f late.vault*
mv card.away card
equal 'twenty-four lines are in a write-ahead log alone' \
	"$(damage logged/dana.vault hurt.vault | wc -l) $lines" '96 72'
[ "$(stat -c %s logged/dana.vault-wal)" -gt 100000 ] ||
	not_ok 'which has many pages'
# What each line says, in the order of the log.
{
	seq 12 | sed 's/^/Person /'
	jq -r .narrative notes more
} >says
missed=0 least=99 hit=0 empty=0 begin=$SECONDS
for round in $(seq "$rounds"); do
	source=whole full=72
	[ $((round % 2)) = 0 ] && source=logged full=96
	rm -f hurt.vault*
	damage $source/dana.vault hurt.vault $((seed * 1000 + round)) >spared
	cp $source/dana.vault.keys hurt.vault.keys
	awk 'NR == FNR { says[FNR] = $0; next } { print says[$1] }' says spared |
		sort >wanted
	into hurt.vault || empty=$((empty + 1))
	{
		as fresh list contact --json | jq -r '.[].fields.narrative'
		names fresh
	} | sort >got
	count=$(wc -l <wanted)
	[ "$count" -lt "$least" ] && least=$count
	[ "$count" -lt $full ] && hit=$((hit + 1))
	if [ "$(comm -23 wanted got | wc -l)" != 0 ]; then
		missed=$((missed + 1))
		echo "# round $round, $source:" "$(comm -23 wanted got | cut -c 1-10 |
			paste -sd ,)"
	fi
done
equal "$rounds damaged vaults gave up every line outside the damage ($hit had \
lines inside it, least spared $least, SEED=$seed)" "$missed $empty" '0 0'
echo "# $((SECONDS - begin)) s"
[ $hit -gt $((rounds / 3)) ] && ok 'the damage did hit lines' ||
	not_ok 'the damage did hit lines'

# What was recovered reaches the office, once.
damage whole/dana.vault hurt.vault "$seed" >spared
cp whole/dana.vault.keys hurt.vault.keys
rm -f hurt.vault-wal
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
holds late.vault
as late contact "$person" --kind phone --narrative 'only in the log' >/dev/null
cp late.vault late.vault-wal whole/ 2>/dev/null
cp late.vault.keys whole/late.vault.keys
release
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
