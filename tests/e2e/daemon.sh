#!/usr/bin/env bash
# satcheld: several vaults, no nudge needed, a control socket, a clean end.
. "$(dirname "$0")/lib/office.bash"

daemon_pid=
start_daemon() { # OPTION...
	"$satcheld" --socket "$dir/socket" "$@" 2>>"$dir/daemon.log" &
	daemon_pid=$!
	until [ -S "$dir/socket" ] && said status >/dev/null 2>&1; do
		kill -0 "$daemon_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}
stop_daemon() {
	[ -n "$daemon_pid" ] || return 0
	kill "$daemon_pid" 2>/dev/null
	wait "$daemon_pid"
	local code=$?
	daemon_pid=
	return $code
}
end() {
	[ -n "$daemon_pid" ] && kill -KILL "$daemon_pid" 2>/dev/null
	finish
}
trap end EXIT
said() { # LINE...: what the daemon replies to the last of them
	python3 - "$dir/socket" "$@" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(240)
s.connect(sys.argv[1])
s.sendall(("\n".join(sys.argv[2:]) + "\n").encode())
reply = b""
while not reply.endswith(b"\n"):
    part = s.recv(65536)
    if not part:
        sys.exit(1)
    reply += part
sys.stdout.write(reply.decode())
PY
}
state() { said status | jq -r ".vaults[] | select(.name == \"$1.vault\").$2"; }
is() { [ "$("${@:2}")" = "$1" ]; }
at_office() { office list contact --json | jq length; }
write() { as dana contact "$person" --kind phone --narrative "$1" >/dev/null; }

# --- misuse, help ---
check 'help is given' "$satcheld" --help
refused 'no vault is misuse' 2 'vault' env -u SATCHEL_VAULT "$satcheld"
refused 'an unknown option is misuse' 2 'color' "$satcheld" --color
refused 'an unknown level is misuse' 2 'loud' "$satcheld" --vault x --log loud
printf '[vault dana]\npath = /x\ncolour = red\n' >"$dir/bad.conf"
refused 'an unknown setting is named' 2 'colour' "$satcheld" --config "$dir/bad.conf"

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')

# --- once ---
check 'one sync of each vault' "$satcheld" --once --vault "$dir/dana.vault" \
	"$dir/lee.vault"
equal 'what Dana wrote is on the other device' \
	"$(as lee list person --json | jq length)" 1
stop_server
write 'while the office was away'
"$satcheld" --once --vault "$dir/dana.vault" 2>"$dir/once.log"
equal 'once exits 1 when the office is not reached' $? 1
check 'and says why' grep -q 'sync_failed.*does not answer' "$dir/once.log"

# --- the daemon, from a configuration ---
cat >"$dir/satcheld.conf" <<CONF
[daemon]
socket = $dir/socket
log = debug
[vault dana.vault]
path = $dir/dana.vault
passphrase_file = $SATCHEL_PASSPHRASE_FILE
[vault lee.vault]
path = $dir/lee.vault
passphrase_file = $SATCHEL_PASSPHRASE_FILE
CONF
check 'it starts without an office' start_daemon --config "$dir/satcheld.conf"
equal 'its socket is for the owner alone' "$(stat -c %a "$dir/socket")" 600
equal 'what is unsent is shown' "$(state dana unsent)" 1
check 'it tries again by itself' is retrying state dana state
start_server || exit 1
check 'when the office is back the work arrives' until_true is 1 at_office
check 'both vaults then wait at the office' until_true is waiting state lee state
export SATCHEL_SOCKET=$dir/nowhere
write 'nobody told the daemon'
equal 'a nudge is answered at once' "$(said 'nudge dana.vault' | jq .ok)" true
check 'and the work is there' until_true is 2 at_office
check 'the other device has it by the long poll' until_true is 2 sh -c \
	"SATCHEL_VAULT='$dir/lee.vault' '$satchel' list contact --json | jq length"
write 'nobody tells'
check 'work is found without a nudge' until_true is 3 at_office

export SATCHEL_SOCKET=$dir/socket
write 'the command itself nudges'
check 'what the command writes goes out' until_true is 4 at_office
export SATCHEL_SOCKET=$dir/nowhere

# --- commands ---
write 'by command'
equal 'sync replies with its report' \
	"$(said "sync $dir/dana.vault" | jq -c '[.ok,.pushed,.reached]')" \
	'[true,1,true]'
equal 'an unknown vault is refused' \
	"$(said 'sync nobody.vault' | jq -r .error)" unknown-vault
equal 'an unknown command too' "$(said 'dance' | jq -r .error)" unknown-command
write 'through the daemon'
check 'satchel sync goes through it' env SATCHEL_SOCKET="$dir/socket" \
	SATCHEL_VAULT="$dir/dana.vault" "$satchel" sync
ln -s socket "$dir/satcheld.sock"
check 'also where it looks by default' env XDG_RUNTIME_DIR="$dir" \
	SATCHEL_VAULT="$dir/dana.vault" "$satchel" sync
rm "$dir/satcheld.sock"
equal 'everything is at the office' "$(at_office)" 6
said 'lock dana.vault' >"$dir/out"
equal 'a vault can be locked' "$(state dana locked)" true
write 'while locked'
check 'it is pushed all the same' until_true is 7 at_office
equal 'a wrong passphrase is refused' \
	"$(said 'unlock dana.vault' 'not this one' | jq -r .error)" passphrase
equal 'the right one unlocks' "$(said 'unlock dana.vault' \
	"$(cat "$SATCHEL_PASSPHRASE_FILE")" | jq .ok)" true
check 'and pulls again' until_true is waiting state dana state

# --- two daemons, idleness, ends ---
refused 'a second daemon on the socket is refused' 1 '.' \
	sh -c "'$satcheld' --log error --socket '$dir/socket' --vault '$dir/kim.vault' 2>&1 >/dev/null | tail -n 1 >&2; exit 1"
switches() { awk '/^voluntary_ctxt/ { print $2 }' "/proc/$daemon_pid/status"; }
check 'all that is left is to wait' until_true is waiting state lee state
before=$(switches)
sleep 10 # a loop that does not sleep wakes thousands of times
check "it sleeps when there is nothing to do" test $(($(switches) - before)) -le 100
check 'SIGTERM ends it with 0' stop_daemon
check 'and takes the socket away' test ! -e "$dir/socket"
check 'the log names no one' sh -c \
	"! grep 'Ruth\|Ames\|nobody told\|dana\|lee[. ]\|$dir' '$dir/daemon.log'"
check 'nor does that of a single sync' sh -c \
	"! grep 'dana\|lee[. ]\|$dir' '$dir/once.log'"
replica=$(office replica list --json |
	jq -r '.[] | select(.user == "dana").replica')
check 'but a vault by its replica' grep -q \
	"event=sync_done vault=$replica" "$dir/daemon.log"

SATCHEL_VAULT=$dir/kim.vault "$satchel" enroll --server "$url" \
	--code AAAA-AAAA-AAAA-AAAA >"$dir/out" 2>&1
"$satcheld" --once --vault "$dir/kim.vault" 2>"$dir/once.log"
check 'a vault without an office is told what to do' grep -q \
	'sync_failed vault=file-.*no office yet: run satchel enroll' "$dir/once.log"

# --- files that are no vaults ---
echo 'a letter' >"$dir/dana ames.vault"
refused 'a file that is no vault ends it' 1 'is a vault.*give --vault' sh -c \
	"'$satcheld' --log error --socket '$dir/other' --vault '$dir/dana ames.vault' \
		--vault '$dir'"
check 'and takes the socket away' test ! -e "$dir/other"
refused 'so it does for a single sync, which names it once' 1 \
	'^satcheld: .*dana ames.vault is not a vault' \
	"$satcheld" --once --vault "$dir/dana ames.vault"
check 'beside a vault it is no hindrance' start_daemon \
	--vault "$dir/dana ames.vault" --vault "$dir/dana.vault"
write 'beside a stranger'
check 'and work arrives' until_true is 8 at_office
equal 'its trouble is told to the owner' \
	"$(state 'dana ames' error) $(state 'dana ames' detail | grep -c 'not a vault')" \
	'foreign 1'
check 'under the name that the log has for it, a hash' grep -q \
	"event=sync_failed vault=$(state 'dana ames' log) error=foreign" \
	"$dir/daemon.log"
check 'not its own' sh -c "! grep 'dana ames' '$dir/daemon.log'"
check 'until it is stopped' stop_daemon

start_daemon --vault "$dir/dana.vault" || exit 1
kill -KILL "$daemon_pid"
{ wait "$daemon_pid"; } 2>"$dir/out"
check 'a killed daemon is replaced at once' start_daemon --vault "$dir/dana.vault"
equal 'and syncs at once' "$(said 'sync dana.vault' | jq .ok)" true
equal 'stop is a command' "$(said stop | jq .ok)" true
check 'it ends by it' until_true sh -c "! kill -0 $daemon_pid 2>/dev/null"
wait "$daemon_pid"
equal 'with 0' $? 0
daemon_pid=
done_testing
