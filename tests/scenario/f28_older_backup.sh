#!/usr/bin/env bash
# The office's machine is gone, with the folder of the keys: what is left is a
# copy of the keys from the first day and backups.  The oldest is restored, from
# before the case that was destroyed was begun; its copy of the ledger beside the
# backups still says so.  Everything else comes back, the case does not.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F28 F1

secret='the roof of Ruth Ames leaks'
traces() { grep -alr "$1" "$dir/office" | wc -l; }

make_office && start_server && enrol dana && enrol lee || exit 1
office user add olga --role admin >/dev/null
cp -r "$dir/office.keys" "$dir/safe"
syncs dana lee || exit 1
mkdir "$dir/backups"
check 'a first backup' office backup --to "$dir/backups/first"
person=$(as dana put person legal_name='Ruth Ames')
other=$(as dana put person legal_name='Orrin Vale')
note=$(as dana contact "$person" --kind phone --narrative "$secret")
as dana contact "$other" --kind phone --narrative 'of another case' >/dev/null
printf 'a scan: %s' "$secret" >"$dir/scan.txt"
as dana attach "$note" attachments "$dir/scan.txt" --context \
	"$(context dana "$note")" >/dev/null
syncs dana lee || exit 1
as lee contact "$person" --kind phone --narrative "lee: $secret" >/dev/null
syncs lee dana || exit 1
check 'a second backup' office backup --to "$dir/backups/second"
equal 'attachments stand beside the backups' \
	"$(find "$dir/backups/blobs" -type f | wc -l)" 1
# Both devices are away from here, with copies; lee writes on, a vault is lost.
cp "$dir/dana.vault" "$dir/damaged.vault"
as lee contact "$person" --kind phone --narrative 'written while away' >/dev/null
office case close "$person" --on 2020-01-31 --as ruth >/dev/null
office dispose propose "$person" --reason 'three years' --as ruth >/dev/null
check 'the case is disposed of' office dispose approve "$person" --as olga
check 'a third backup' office backup --to "$dir/backups/third"
equal 'takes its attachment from beside all of them' \
	"$(find "$dir/backups/blobs" -type f | wc -l)" 0
equal 'and holds nothing of it' \
	"$(grep -acl "$secret" "$dir/backups/third" | wc -l)" 0

# --- all but the backups and the keys of the first day is gone
kill_server
rm -rf "$dir/office" "$dir/office.keys"
cp -r "$dir/safe" "$dir/office.keys"
check 'the oldest backup is restored' "$central" restore --from \
	"$dir/backups/first" --data "$dir/office"
start_server || exit 1
equal 'it knows what was decided' "$(office dispose list --json |
	jq -c '.[] | [.case, .state]')" "[\"$person\",\"disposed\"]"
syncs dana lee dana lee || exit 1
equal 'the other case came back' "$(office list contact --json |
	jq -c '[.[].fields.narrative]')" '["of another case"]'
equal 'the disposed one did not' "$(traces "$secret")" 0
equal 'what is new of it is held' "$(office holds list --json |
	jq -c '[.[] | .reason]')" '["disposed"]'
for who in dana lee; do
	refused "the case has left $who" 1 'no such|not found' \
		as $who show "$person"
	check "who keeps the other" as $who show "$other"
	equal 'and has nothing unsent' "$(as $who status --json | jq .here)" 0
	check 'and verifies' as $who verify
done
# What is salvaged from a broken vault is the same writes once more.
enrol dana fresh && syncs fresh || exit 1
as fresh salvage "$dir/damaged.vault" >"$dir/out" 2>&1 ||
	not_ok 'a vault is salvaged' "$(cat "$dir/out")"
syncs fresh fresh || exit 1
equal 'a salvaged vault brings nothing back' "$(traces "$secret")" 0
refused 'and loses the case' 1 'no such|not found' as fresh show "$person"
equal 'nothing but the new work is held' "$(office holds list --json |
	jq length)" 1
check 'the office verifies' office verify
check 'it is derived anew' office rebuild
check 'and verifies' office verify

# --- the second backup has the case in it
kill_server
rm -rf "$dir/office"
check 'a backup that holds the case is restored' "$central" restore --from \
	"$dir/backups/second" --data "$dir/office"
equal 'and holds it no longer' "$(traces "$secret")" 0
check 'the office verifies' office verify
done_testing
