# A relay before the office of tests/e2e/lib, and a daemon behind it.
relay_pid=
relay_port=$(any_port)
daemon_pid=

# bad_link OPTION...: from now on the way to the office is so; $link is its URL,
# which stays the same.
bad_link() {
	no_link
	: >"$dir/relay.out"
	"$build/tests/net/relay" --to "$port" --listen "$relay_port" \
		--seconds 900 "$@" >"$dir/relay.out" 2>>"$dir/relay.err" &
	relay_pid=$!
	link=http://127.0.0.1:$relay_port
	until grep -q '^listening on ' "$dir/relay.out"; do
		kill -0 "$relay_pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -0 "$relay_pid" 2>/dev/null && return 0
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
	until [ -S "$dir/socket" ]; do
		kill -0 "$daemon_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}
stop_daemon() {
	[ -n "$daemon_pid" ] || return 0
	kill "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null
	daemon_pid=
}
all_received() { [ "$(as "$1" status --json | jq .here)" = 0 ]; }
trap 'no_link; stop_daemon; finish' EXIT
