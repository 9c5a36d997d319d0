# A relay before the office of tests/e2e/lib, and a daemon behind it.
relay_pid=
relay_port=0
daemon_pid=

# bad_link OPTION...: from now on the way to the office is so; $link is its URL,
# which stays the same.
bad_link() {
	no_link
	"$build/tests/net/relay" --to "$port" --listen "$relay_port" \
		--seconds 300 "$@" >"$dir/relay.out" 2>>"$dir/relay.err" &
	relay_pid=$!
	for _ in $(seq 200); do
		relay_port=$(sed -n 's/^listening on //p' "$dir/relay.out")
		[ -n "$relay_port" ] && link=http://127.0.0.1:$relay_port && return 0
		sleep 0.05
	done
	cat "$dir/relay.err" >&2
	return 1
}
no_link() {
	[ -n "$relay_pid" ] || return 0
	kill "$relay_pid"
	wait "$relay_pid" 2>/dev/null
	relay_pid=
}
start_daemon() { # VAULT [OPTION...]
	local vault=$dir/$1.vault
	shift
	rm -f "$dir/socket"
	"$satcheld" --vault "$vault" --socket "$dir/socket" --log debug \
		--passphrase-file "$SATCHEL_PASSPHRASE_FILE" "$@" \
		>>"$dir/daemon.log" 2>&1 &
	daemon_pid=$!
	for _ in $(seq 200); do
		[ -S "$dir/socket" ] && return 0
		sleep 0.05
	done
	return 1
}
stop_daemon() {
	[ -n "$daemon_pid" ] || return 0
	kill "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}
# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 1
	done
}
all_received() { [ "$(as "$1" status --json | jq .here)" = 0 ]; }
trap 'no_link; stop_daemon; finish' EXIT
