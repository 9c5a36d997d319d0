#!/usr/bin/env bash
# A connection that breaks in the middle of a push: what was signed before the
# break is committed, the rest is not, and the next push goes on from there.
. "$(dirname "$0")/lib/office.bash"
scenario F10
here=$(cd "$(dirname "$0")/.." && pwd)

make_office && start_server || exit 1
code=$(office invite --user dana --json | jq -r .code)
cat >"$dir/cut.py" <<'PYTHON'
import os, socket, sys, time, urllib.parse
from satchel_replica import Replica

url, code, state = sys.argv[1:]
replica = Replica()
replica.enrol(url, code)
replica.sync()
case, _ = replica.write(type="person", set={"legal_name": "Ruth Ames"})
for i in range(200):
    replica.write(type="contact", case=case,
                  set={"kind": "phone", "narrative": os.urandom(300).hex()})
lines = replica.log_lines(1, 201)
body = replica.body(replica.header(), lines)
place = urllib.parse.urlparse(url)


def unread():
    """What the office has not read yet; an end that comes in one piece with it
    is seen late by the office's HTTP library."""
    port = ":%04X" % place.port
    with open("/proc/net/tcp") as f:
        sockets = [line.split() for line in f.readlines()[1:]]
    return [s for s in sockets if s[1].endswith(port) and s[3] == "01" and
            not s[4].endswith(":00000000")]


with socket.create_connection((place.hostname, place.port)) as s:
    s.sendall(b"POST /v1/sync HTTP/1.1\r\nHost: office\r\n"
              b"Content-Type: application/x-satchel\r\n"
              b"Content-Length: %d\r\n\r\n" % len(body))
    s.sendall(body[:len(body) // 2])
    while unread():
        time.sleep(0.05)
print("cut")
sys.stdout.flush()
sys.stdin.readline()
replica.sync()
print("here", len(replica.s["log"]) - replica.s["received"])
PYTHON
mkfifo "$dir/go"
PYTHONPATH=$here/vectors timeout 500 /usr/bin/python3 "$dir/cut.py" "$url" \
	"$code" "$dir/state" <"$dir/go" >"$dir/said" 2>"$dir/err" &
device=$!
exec 9>"$dir/go"
until_true grep -q cut "$dir/said"
head_now() { office replica list --json | jq '.[0].head'; }
begun() { [ "$(head_now)" -gt 0 ]; }
until_true begun
got=$(head_now)
if [ "$got" -gt 0 ] && [ "$got" -lt 201 ]; then
	ok "the signed beginning is committed"
else
	not_ok "the signed beginning is committed" "head $got" \
		"$(tail -n 3 "$dir/err")"
fi
equal 'up to a signature' $((got % 64)) 0
echo go >&9
wait $device
equal 'the next push brings the rest' "$(tail -n 1 "$dir/said")" 'here 0'
equal 'each line once' "$(office list contact --json | jq length)" 200
check 'the office verifies' office verify
done_testing
