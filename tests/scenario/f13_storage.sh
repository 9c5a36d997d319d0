#!/usr/bin/env bash
# The disk is full, reports errors, or the power goes, in the middle of a
# `satchel contact`, of a sync and of the office; files are cut and damaged.  What
# was acknowledged stays, the old state is usable, nothing false is ever sent.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F13 F6

# failing AT HOW FILE COMMAND...: its AT-th write to FILE fails, and all later.
failing() {
	local at=$1 how=$2 file=$3
	shift 3
	FAIL_AT=$at FAIL_HOW=$how FAIL_PATH=$file FAIL_COUNT=$dir/count \
		ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0 \
		LD_PRELOAD=$build/tests/scenario/fail.so "$@"
}
here() { as "$1" list contact --json | jq length; }

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1
export SATCHEL_VAULT=$dir/dana.vault

# --- a write on the device
failing 0 full dana.vault "$satchel" contact "$person" --kind phone \
	--narrative 'first' >/dev/null
writes=$(cat "$dir/count")
for how in full io kill; do
	before=$(here dana) said=0 wrong=
	for at in $(seq 1 5 "$writes"); do
		if failing "$at" $how dana.vault "$satchel" contact "$person" \
			--kind phone --narrative "$how $at" >"$dir/out" 2>"$dir/err"; then
			said=$((said + 1))
		elif [ $how = full ] && ! grep -Eq 'disk is full|write failed' "$dir/err"; then
			wrong="$wrong $at: $(cat "$dir/err")"
		fi
	done
	now=$(here dana)
	# Killed after the commit, it was kept and could not say so.
	if [ $((now - before)) -ge $said ] && [ -z "$wrong" ] &&
		{ [ $how = kill ] || [ $((now - before)) = $said ]; }; then
		ok "$how at every fifth of $writes writes: \
$said were acknowledged, $((now - before)) are there"
	else
		not_ok "$how at each write" "$said said, $before to $now" "$wrong"
	fi
	check "and the vault verifies ($how)" as dana verify
done
check 'afterwards it writes as ever' as dana contact "$person" --kind phone \
	--narrative 'after all that'

# --- a sector of the vault that cannot be read
SATCHEL_VAULT=$dir/fresh.vault check 'another vault' "$satchel" enroll \
	--server "$url" --code "$(office invite --user dana --json | jq -r .code)"
seq 60 | sed "s|.*|{\"person\":\"$person\",\"kind\":\"phone\",\"narrative\":\"note &\"}|" |
	as dana put contact --each >/dev/null
stop_server
sqlite3 "$dir/dana.vault" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp "$dir/dana.vault" "$dir/bad.vault"
cp "$dir/dana.vault.keys" "$dir/bad.vault.keys"
sqlite3 "$dir/fresh.vault" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp "$dir/fresh.vault" "$dir/clean.vault"
kept=$(here dana) said= least=$kept
for at in $(seq 4096 20480 $(($(stat -c %s "$dir/bad.vault") - 4096))); do
	rm -f "$dir"/fresh.vault*
	cp "$dir/clean.vault" "$dir/fresh.vault"
	SATCHEL_VAULT=$dir/fresh.vault failing "$at" sector bad.vault "$satchel" \
		salvage "$dir/bad.vault" --json >"$dir/out" 2>"$dir/err" &&
		[ "$(jq .unread "$dir/out")" = 4096 ] || said="$said $at: $(cat "$dir/err")"
	found=$(here fresh)
	[ "$found" -lt "$least" ] && least=$found
done
# A page holds some notes, and one of them may be found in no other place.
if [ -z "$said" ] && [ "$least" -ge $((kept - 30)) ] && [ "$kept" -gt 60 ]; then
	ok "wherever a sector cannot be read, the rest is salvaged ($least of $kept \
at least)"
else
	not_ok 'a bad sector costs what was in it' "$least of $kept" "$said"
fi
rm -f "$dir"/fresh.vault*
start_server

# --- a sync of the device: it lacks space for what comes
syncs dana || exit 1
cp "$dir/lee.vault" "$dir/before.vault"
failing 0 full lee.vault env SATCHEL_VAULT="$dir/lee.vault" "$satchel" sync \
	>/dev/null
writes=$(cat "$dir/count")
wanted=$(here dana)
for how in full io kill; do
	seq 40 | sed "s|.*|{\"person\":\"$person\",\"kind\":\"phone\",\"narrative\":\"$how &\"}|" |
		as dana put contact --each >/dev/null
	syncs dana || exit 1
	wanted=$((wanted + 40)) wrong=
	for at in 1 3 8 21 55; do
		failing "$at" $how lee.vault env SATCHEL_VAULT="$dir/lee.vault" \
			"$satchel" sync >"$dir/out" 2>"$dir/err"
		[ "$(here lee)" -le $wanted ] || wrong="$wrong $at"
	done
	equal "a device whose disk fails while it syncs goes on later ($how)" \
		"$(syncs lee && here lee)$wrong" $wanted
	check "and verifies ($how)" as lee verify
	equal "under its own name ($how)" "$(office replica list --json |
		jq '[.[] | select(.user == "lee")] | length')" 1
done

# --- the office: what it has acknowledged is there
for how in full kill; do
	for at in 1 4 11 22; do
		stop_server
		as dana contact "$person" --kind phone --narrative "$how office $at" \
			>/dev/null
		wanted=$((wanted + 1))
		: >"$dir/serve.out"
		failing $((at + 12)) $how office.db "$central" serve \
			--data "$dir/office" --listen "127.0.0.1:$port" \
			>"$dir/serve.out" 2>>"$dir/serve.log" &
		server_pid=$!
		until grep -q listening "$dir/serve.out"; do
			kill -0 $server_pid 2>/dev/null || break
			sleep 0.05
		done
		as dana sync >/dev/null 2>&1
		unsent=$(as dana status --json | jq .here)
		there=$(office list contact --json | jq length)
		[ $((there + unsent)) -ge $wanted ] ||
			not_ok "$how at the office, write $at" "$there, $unsent unsent"
		kill_server 2>/dev/null
	done
	start_server || exit 1
	equal "an office whose disk fails has all that it acknowledged ($how)" \
		"$(syncs dana && office list contact --json | jq length)" $wanted
	check "and verifies ($how)" office verify
done

# --- a vault that is cut or damaged is never sent as it is
stop_server
as dana contact "$person" --kind phone --narrative 'before the damage' >/dev/null
start_server || exit 1
lines=$(office status --json | jq .lines)
rm -f "$dir"/dana.vault-*
size=$(stat -c %s "$dir/dana.vault")
cp "$dir/dana.vault" "$dir/whole.vault"
for cut in 100 4096 $((size / 2)) $((size - 4096)); do
	head -c $cut "$dir/whole.vault" >"$dir/dana.vault"
	rm -f "$dir"/dana.vault-*
	as dana sync >"$dir/out" 2>"$dir/err"
	as dana list contact >"$dir/out" 2>>"$dir/err"
	[ -s "$dir/err" ] && ok "a vault cut at $cut bytes is said to be damaged" ||
		not_ok "a vault cut at $cut bytes is said to be damaged"
done
for place in 3 5 7 11; do
	cp "$dir/whole.vault" "$dir/dana.vault"
	rm -f "$dir"/dana.vault-*
	head -c 4096 /dev/urandom | dd of="$dir/dana.vault" bs=4096 seek=$((size * \
		place / 12 / 4096)) conv=notrunc 2>/dev/null
	as dana sync >"$dir/out" 2>"$dir/err"
done
sound=$(office verify --json | jq .problems)
equal 'nothing damaged has reached the office' "$sound" 0
cp "$dir/whole.vault" "$dir/dana.vault"
rm -f "$dir"/dana.vault-*
check 'the whole vault syncs' as dana sync
check 'and verifies' as dana verify
check 'what was written last is at the office' grep -q 'before the damage' \
	<(office list contact --json)
[ "$(office status --json | jq .lines)" -gt "$lines" ] &&
	ok 'once' || not_ok 'once'

# --- a small volume, where one can be made
if [ "$(id -u)" = 0 ] && mkdir "$dir/small" &&
	mount -t tmpfs -o size=2m none "$dir/small" 2>/dev/null; then
	trap 'umount "$dir/small"; finish' EXIT
	limit=
	volume=$dir/small
else
	limit='ulimit -f 2048;'
	volume=$dir/small
fi
SATCHEL_VAULT=$volume/kim.vault check 'a vault on a volume of 2 MB' "$satchel" \
	enroll --server "$url" --code "$(office invite --user kim --json | jq -r .code)"
export SATCHEL_VAULT=$volume/kim.vault
theirs=$("$satchel" put person legal_name='Olu West')
text=$(head -c 60000 /dev/urandom | base64 -w 0)
kept=0
for i in $(seq 80); do
	printf '%s' "$text$i" | bash -c "$limit"' exec "$0" "$@"' "$satchel" contact \
		"$theirs" --kind phone --narrative - >"$dir/out" 2>"$dir/err" || break
	kept=$((kept + 1))
done
if [ $kept -gt 3 ] && grep -Eq 'full|too big|large|failed' "$dir/err"; then
	ok "it takes $kept notes and then says that the disk is full"
else
	not_ok "a full volume is said to be" "$kept kept" "$(cat "$dir/err")"
fi
equal 'what it took can be read' "$("$satchel" list contact --json | jq length)" \
	$kept
"$satchel" sync >"$dir/out" 2>"$dir/err"
SATCHEL_VAULT= check 'and brought to the office, as a file where it must' \
	[ "$(SATCHEL_VAULT=$volume/kim.vault "$satchel" bundle write \
		"$dir/out.bundle" >/dev/null 2>&1; office bundle take \
		"$dir/out.bundle" --reply "$dir/in.bundle" >/dev/null 2>&1
		office list contact --json | jq "[.[] | select(.case == \"$theirs\")] |
		length")" = $kept ]
done_testing
