#!/usr/bin/env bash
# A full disk and one that is read-only: what is written can be read, nothing is
# lost, and the worker is told what to do (F13).  Mounts a small volume in a
# namespace of its own.
if [ -z "${SATCHEL_NAMESPACE-}" ]; then
	export SATCHEL_NAMESPACE=1
	unshare -m true 2>/dev/null && exec unshare -m "$0"
	exec unshare -Urm "$0"
fi
. "$(dirname "$0")/lib/office.bash"

make_office && start_server || exit 1
volume=$dir/volume
mkdir "$volume" && mount -t tmpfs -o size=2m none "$volume" || exit 1
finish() {
	stop_server
	umount "$volume"
	rm -rf "$dir"
}
on() { SATCHEL_VAULT=$volume/dana.vault "$satchel" "$@"; }
code=$(office invite --user dana --json | jq -r .code)
on enroll --server "$url" --code "$code" >/dev/null &&
	person=$(on put person legal_name='Ruth Ames') &&
	on sync >/dev/null || exit 1
on contact "$person" --kind phone --narrative 'before it was full' >/dev/null

long=$(head -c 60000 /dev/zero | tr '\0' y)
head -c 4000000 /dev/zero >"$volume/fill" 2>/dev/null
equal 'the disk is full' "$(df --output=avail "$volume" | tail -n 1 | tr -d ' ')" 0
refused 'a write says that it is, and what to do' 1 'full.*make room' \
	on contact "$person" --kind phone --narrative "$long"
equal 'what is written can be read' \
	"$(on list contact --json | jq -r '.[].fields.narrative')" 'before it was full'
check 'record by record' on show "$person"
equal 'the status is true' "$(on status --json | jq -c '[.here,.received]')" '[1,1]'
check 'a bundle on another disk takes it along' on bundle write "$dir/full.out"
check 'to the office' office bundle take "$dir/full.out" --reply "$dir/full.in"
equal 'which has it' "$(office list contact --json | jq length)" 1
rm "$volume/fill"
check 'with room again, the reply is read' on bundle read "$dir/full.in"
check 'and what was typed can be written' on contact "$person" --kind phone \
	--narrative "$long"
check 'and sent' on sync
check 'the vault is sound' on verify
on contact "$person" --kind phone --narrative 'before it was read-only' >/dev/null

mount -o remount,ro "$volume" || exit 1
equal 'on a disk that only reads everything can be read' \
	"$(on list contact --json | jq length)" 3
check 'the status too' on status
refused 'a write says what to do' 1 'bundle write' on contact "$person" \
	--kind phone --narrative x
refused 'a sync too' 1 'bundle write' on sync
check 'and a bundle can be written' on bundle write "$dir/only.out"
check 'and taken' office bundle take "$dir/only.out" --reply "$dir/only.in"
equal 'so that nothing stays behind' "$(office list contact --json | jq length)" 3
mount -o remount,rw "$volume" || exit 1

# Killed in the middle, it leaves a write-ahead log behind.
holds "$volume/dana.vault"
on contact "$person" --kind phone --narrative 'in the log alone' >/dev/null
release
[ -s "$volume/dana.vault-wal" ] || not_ok 'there is a write-ahead log'
mount -o remount,ro "$volume" || exit 1
equal 'what stands in the log alone is read as well' \
	"$(on list contact --json | jq length)" 4
mount -o remount,rw "$volume" || exit 1
check 'and afterwards all is sent' on sync
equal 'once' "$(office list contact --json | jq length)" 4
done_testing
