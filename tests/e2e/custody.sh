#!/usr/bin/env bash
# Here, received, backed up: the status is true at every step, and the office's
# word for it can be shown to others.
. "$(dirname "$0")/lib/office.bash"
here=$(cd "$(dirname "$0")" && pwd)

here() { as dana status --json | jq .here; }
received() { as dana status --json | jq .received; }
backed() { as dana status --json | jq .backed_up; }
custody() { # the newest line of the person's record
	as dana show "$person" --history --json | jq -r '.history[-1].custody'
}
write() { revise dana "$person" "preferred_name=$1"; }

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
person=$(as dana put person legal_name='Ruth Ames')
equal 'what was written is here' "$(here) $(received) $(backed)" '1 0 0'
equal 'its custody says so' "$(custody)" here
syncs dana || exit 1
equal 'then it is received, and not backed up' \
	"$(here) $(received) $(backed)" '0 1 0'
equal 'its custody says so, too' "$(custody)" received
office backup --to "$dir/one" >/dev/null
syncs dana || exit 1
equal 'one backup is not enough' "$(backed)" 0
write Ruthie && syncs dana || exit 1
office backup --to "$dir/two" >/dev/null
equal 'the device has not heard of the second' "$(backed)" 0
syncs dana || exit 1
equal 'two verified backups are' "$(received) $(backed)" '2 1'
equal 'the newer line is in one of them' "$(custody)" received
as dana sync --json >"$dir/sync"
check 'it is told once, and not again' jq -e '.requests == 1 and
	.received_bytes < 200' "$dir/sync"
office backup --to "$dir/three" >/dev/null
syncs dana || exit 1
equal 'a third backs up the rest' "$(backed)" 2
equal 'custody: backed up' "$(custody)" 'backed up'
equal "another's line is not the reader's to count" \
	"$(as lee status --json | jq .backed_up)" 0

# A rollback takes it back: nothing counts that the office does not have.
write Ru && write Rue && syncs dana || exit 1
kill_server
rm -rf "$dir/office"
"$central" restore --from "$dir/one" --data "$dir/office" >/dev/null
start_server || exit 1
syncs dana dana || exit 1
equal 'after a rollback only what is backed up still counts' \
	"$(here) $(as dana status --json | jq '.backed_up <= 1')" '0 true'

# What it gave back is backed up like anything else, under its old name.
office backup --to "$dir/four" >/dev/null && office backup --to "$dir/five" \
	>/dev/null
syncs dana || exit 1
equal 'two backups of the restored office have it all' "$(received) $(backed)" \
	'4 4'
as dana sync --json >"$dir/sync"
check 'that is told once, too' jq -e '.requests == 1 and
	.received_bytes < 200' "$dir/sync"

# With a journal both are said at once.
stop_server
start_server --journal "$dir/journal" || exit 1
syncs dana || exit 1
write Ruthless && syncs dana || exit 1
equal 'with a journal a received line is backed up' "$(custody)" 'backed up'
as dana sync --json >"$dir/sync"
check 'and there is nothing more to say' jq -e '.requests == 1 and
	.received_bytes < 200' "$dir/sync"

# The proof: printed, verified on another machine with the root key alone.
root=$(office status --json | jq -r .root)
check 'a proof is printed' as dana status --proof "$dir/proof.txt"
check 'people can read it' grep -q \
	'received and backed up lines 1 to' "$dir/proof.txt"
check 'as JSON, too' as dana status --proof "$dir/proof.json" --json
for file in proof.txt proof.json; do
	check "anybody verifies $file" env -u SATCHEL_VAULT "$satchel" proof \
		verify "$dir/$file" --root "$root"
	check 'so does a stranger to the product' /usr/bin/python3 \
		"$here/../vectors/verify_proof.py" "$dir/$file" "$root"
	equal 'and finds a line for each receipt' "$(wc -l <"$dir/out")" \
		"$(jq '.receipts | length' "$dir/proof.json")"
done
sed -n '/^import base64/,/^\.Ed/{/^\.Ed/!p}' "$here/../../docs/man/satchel.1" |
	sed 's/\\e/\\/g' >"$dir/recipe.py"
check 'the recipe in the manual verifies it' \
	sh -c 'cd "$1" && python3 recipe.py proof.txt "$2"' - "$dir" "$root"
refused 'a proof is not written over a file' 1 'exists' \
	as dana status --proof "$dir/proof.txt"
sed 's/"n":2/"n":3/' "$dir/proof.json" >"$dir/altered"
if cmp -s "$dir/altered" "$dir/proof.json"; then
	sed 's/"n":1/"n":3/' "$dir/proof.json" >"$dir/altered"
fi
refused 'an altered proof does not verify' 1 'altered' \
	"$satchel" proof verify "$dir/altered" --root "$root"
check 'nor by the recipe' sh -c 'cd "$1" && ! python3 recipe.py altered "$2"' \
	- "$dir" "$root"
refused 'nor does a good one under another root' 1 'another agency' \
	"$satchel" proof verify "$dir/proof.json" \
	--root "$(printf 'A%.0s' $(seq 43))"
refused 'a letter is no proof' 1 'no proof' \
	"$satchel" proof verify "$SATCHEL_PASSPHRASE_FILE" --root "$root"
refused 'the root key is asked for' 2 'root' \
	"$satchel" proof verify "$dir/proof.json"
refused 'a vault without receipts has none' 1 'no receipt' \
	as kim status --proof
check 'the vault is sound' as dana verify
check 'the office is sound' office verify
done_testing
