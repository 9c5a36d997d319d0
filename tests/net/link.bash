# A bad link before the office of tests/e2e/lib, and a daemon behind it.  Where
# SATCHEL_LINK is "packets" (packets_or_relay) the devices live in a network
# namespace of their own and the link carries IP packets; else it is a relay of
# bytes on loopback.
link_pid=
relay_port=$(any_port)
daemon_pid=
field= # a process in the devices' namespace

# bad_link OPTION...: from now on the way to the office is so; $link is its URL,
# which stays the same.
bad_link() {
	no_link
	: >"$dir/link.out"
	if [ "${SATCHEL_LINK-}" = packets ]; then
		link=https://10.77.0.1:$port
		set -- packets --peer "$field" "$@"
	else
		link=http://127.0.0.1:$relay_port
		set -- relay --to "$port" --listen "$relay_port" "$@"
	fi
	"$build/tests/net/$1" --seconds 900 "${@:2}" >"$dir/link.out" \
		2>>"$dir/link.err" &
	link_pid=$!
	until grep -Eq '^(listening on|ready)' "$dir/link.out"; do
		kill -0 "$link_pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -0 "$link_pid" 2>/dev/null && return 0
	cat "$dir/link.err" >&2
	return 1
}
no_link() {
	[ -n "$link_pid" ] || return 0
	kill "$link_pid"
	wait "$link_pid" 2>/dev/null
	link_pid=
}
# An office that is served, and what of satchel and satcheld runs on the devices
# runs at the other end.
start_far_office() {
	[ "${SATCHEL_LINK-}" = packets ] || { start_server && return; }
	unshare -n sleep 900 &
	field=$!
	until_true is_elsewhere "$field" || return 1
	local program
	mkdir "$dir/field"
	for program in satchel satcheld; do
		printf '#!/bin/sh\nexec nsenter -t %s -n -- "%s" "$@"\n' "$field" \
			"$build/$program" >"$dir/field/$program"
		chmod +x "$dir/field/$program"
	done
	satchel=$dir/field/satchel satcheld=$dir/field/satcheld
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 2 -subj /CN=office -addext subjectAltName=IP:10.77.0.1 \
		-keyout "$dir/office.key" -out "$dir/office.pem" 2>"$dir/err" || return 1
	host=0.0.0.0
	start_server --tls-cert "$dir/office.pem" --tls-key "$dir/office.key"
}
is_elsewhere() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}
enrol_far() { # USER: over the link
	local code ca=()
	[ -z "$field" ] || ca=(--ca "$dir/office.pem")
	code=$(office invite --user "$1" --json | jq -r .code) &&
		as "$1" enroll --server "$link" --code "$code" "${ca[@]}" \
			>"$dir/out" 2>&1
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
end_link() {
	no_link
	stop_daemon
	[ -z "$field" ] || kill "$field"
	finish
}
all_received() { [ "$(as "$1" status --json | jq .here)" = 0 ]; }
trap end_link EXIT
