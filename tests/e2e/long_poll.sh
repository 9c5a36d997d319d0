#!/usr/bin/env bash
# Long polls: a request with nothing to say waits until there is something.
. "$(dirname "$0")/lib/office.bash"
here=$(cd "$(dirname "$0")/.." && pwd)

make_office && start_server || exit 1
code_dana=$(office invite --user dana --json | jq -r .code)
code_lee=$(office invite --user lee --json | jq -r .code)
code_other=$(office invite --user lee --json | jq -r .code)
cat >"$dir/poll.py" <<'PYTHON'
"""Two devices of the second client; times are in seconds since the start."""
import http.client, subprocess, sys, threading, time
from satchel_replica import Replica

url, code_dana, code_lee, code_other, central, data, server = sys.argv[1:]
WAIT_S = 60  # longer than anything here takes
sent = threading.Event()
get_response = http.client.HTTPConnection.getresponse


def get_response_of_what_was_sent(connection):
    sent.set()
    return get_response(connection)


http.client.HTTPConnection.getresponse = get_response_of_what_was_sent


def office_has_read_all():
    port = "%04X" % int(url.rpartition(":")[2])
    with open("/proc/net/tcp") as f:
        sockets = [line.split() for line in f.readlines()[1:]]
    return not [s for s in sockets if s[1].endswith(":" + port) and
                s[3] == "01" and not s[4].endswith(":00000000")]


def ok(name, true, *note):
    print("ok" if true else "not ok", name)
    if not true and note:
        print("#", *note)


def device(code):
    replica = Replica()
    replica.enrol(url, code)
    replica.sync()
    return replica


def poll(replica, seconds):
    """(seconds it took, lines) of one request that is willing to wait."""
    begin = time.monotonic()
    head, lines = replica.exchange(replica.header(wait=seconds), [])
    took = time.monotonic() - begin
    replica.take_header(head)
    replica.take_lines(lines)
    return took, [line for line in lines if not line.startswith('{"cursor"')]


def poll_while(function, who=None):
    """What lee's poll says when that happens while it waits at the office."""
    results = []
    sent.clear()
    waiting = threading.Thread(target=lambda: results.append(
        poll(who or lee, WAIT_S)))
    waiting.start()
    sent.wait()
    while not office_has_read_all():
        time.sleep(0.01)
    function()
    waiting.join()
    return results[0] if results else (WAIT_S, ["no answer"])


dana, lee = device(code_dana), device(code_lee)
case, _ = dana.write(type="person", set={"legal_name": "Ruth Ames"})
dana.sync()
lee.sync()

took, lines = poll(lee, 1)
ok("it waits as long as it was asked to", took > 0.9 and not lines,
   took, lines)


def visit():
    dana.write(type="contact", case=case, set={"kind": "home_visit"})
    dana.sync()


before = lee.s["token"]
took, lines = poll_while(visit)
ok("what another device brings wakes it",
   took < WAIT_S and any("home_visit" in line for line in lines), took, lines)
ok("with a token of its own", lee.s["token"] != before, before)
took, lines = poll(lee, 1)
ok("and it waits again afterwards", took > 0.9 and not lines, took, lines)
before = lee.s["token"]
took, lines = poll_while(visit)
ok("so it does when its own token had been noted", took < WAIT_S and lines and
   lee.s["token"] != before, took, lines)

def shut_out_and_visit():
    subprocess.run([central, "replica", "revoke", other.s["replica"], "--data",
                    data, "--as", "ruth"], check=True,
                   stdout=subprocess.DEVNULL)
    visit()


other = device(code_other)
took, lines = poll_while(shut_out_and_visit, other)
ok("who is shut out while it waits is told so, and nothing else",
   took < WAIT_S and not lines and other.s.get("revoked"),
   took, lines)

lee.sync()
took, lines = poll_while(lambda: subprocess.run(
    [central, "case", "assign", case, "--data", data, "--caseload", "west",
     "--as", "ruth"], check=True, stdout=subprocess.DEVNULL))
ok("what a command of the office writes wakes it too",
   took < WAIT_S and any("leave" in line for line in lines), took, lines)

took, lines = poll_while(lambda: subprocess.run(["kill", "-TERM", server],
                                                check=True))
ok("a server that stops answers who waits", took < WAIT_S and not lines, took,
   lines)
PYTHON
PYTHONPATH=$here/vectors timeout 500 /usr/bin/python3 "$dir/poll.py" "$url" \
	"$code_dana" "$code_lee" "$code_other" "$central" "$dir/office" "$server_pid" \
	>"$dir/out" 2>"$dir/err"
code=$?
cat "$dir/out"
grep -q '^not ok' "$dir/out" && bad=1
[ $code = 0 ] || not_ok 'the devices finished' "$(tail -n 5 "$dir/err")"
wait "$server_pid"
equal 'and ends with exit code 0' $? 0
server_pid=
done_testing
