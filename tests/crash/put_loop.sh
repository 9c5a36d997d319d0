#!/usr/bin/env bash
# kill -9 of server, daemon and writers at any moment under `satchel put` in a
# loop; after restart and sync the acknowledged writes are at the office, each
# once.  ROUNDS says how often (50).
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F6

rounds=${ROUNDS:-50}
make_office && start_server && enrol dana || exit 1
person=$(as dana put person legal_name='Ruth Ames')
acknowledged=0
equal_rounds=0

writer() { # writes until it is told to stop; one id a line for each success
	while [ ! -e "$dir/stop" ]; do
		as dana contact "$person" --kind phone --narrative "call $RANDOM" \
			>>"$dir/ids" 2>/dev/null
	done
}
for round in $(seq "$rounds"); do
	rm -f "$dir/stop"
	: >"$dir/ids"
	writer &
	writer_pid=$!
	"$satcheld" --vault "$dir/dana.vault" --socket "$dir/socket" \
		--passphrase-file "$SATCHEL_PASSPHRASE_FILE" --interval 1 \
		>>"$dir/daemon.log" 2>&1 &
	daemon_pid=$!
	sleep "0.$(printf %03d $((RANDOM % 600 + 100)))"
	case $((round % 3)) in
	0) kill_server ;;
	1) kill -KILL "$daemon_pid" 2>/dev/null ;;
	2)
		kill_server
		kill -KILL "$daemon_pid" 2>/dev/null
		;;
	esac
	sleep "0.$(printf %03d $((RANDOM % 200)))"
	touch "$dir/stop"
	wait "$writer_pid" 2>/dev/null
	kill -KILL "$daemon_pid" 2>/dev/null
	wait "$daemon_pid" 2>/dev/null
	[ -n "$server_pid" ] || start_server || exit 1
	acknowledged=$((acknowledged + $(wc -l <"$dir/ids")))
	syncs dana || exit 1
	at_office=$(office list contact --json | jq length)
	[ "$at_office" -ge "$acknowledged" ] || break
	# A write that was committed and then killed before it could say so may
	# exist; it must never be the other way round, nor be there twice.
	missing=$(comm -23 <(sort "$dir/ids") \
		<(office list contact --json | jq -r '.[].record' | sort) | wc -l)
	[ "$missing" = 0 ] || break
	acknowledged=$at_office
	equal_rounds=$((equal_rounds + 1))
done
equal "acknowledged writes are at the office, $rounds times in a row" \
	"$equal_rounds" "$rounds"
equal 'nothing was written twice' "$(office list contact --json |
	jq '[.[].record] | length == (unique | length)')" true
check 'the office verifies' office verify
check 'the vault verifies' as dana verify
done_testing
