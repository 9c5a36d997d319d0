#!/usr/bin/env bash
# Long polls: a request with nothing to say waits until there is something.
. "$(dirname "$0")/lib/office.bash"
here=$(cd "$(dirname "$0")/.." && pwd)

make_office && start_server || exit 1
code_dana=$(office invite --user dana --json | jq -r .code)
code_lee=$(office invite --user lee --json | jq -r .code)
cat >"$dir/poll.py" <<'PYTHON'
"""Two devices of the second client; times are in seconds since the start."""
import subprocess, sys, threading, time
from satchel_replica import Replica

url, code_dana, code_lee, central, data, server = sys.argv[1:]


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


def later(seconds, function):
    timer = threading.Timer(seconds, function)
    timer.start()
    return timer


dana, lee = device(code_dana), device(code_lee)
case, _ = dana.write(type="person", set={"legal_name": "Ruth Ames"})
dana.sync()
lee.sync()

took, lines = poll(lee, 1)
ok("it waits as long as it was asked to", 0.9 < took < 3 and not lines,
   took, lines)


def visit():
    dana.write(type="contact", case=case, set={"kind": "home_visit"})
    dana.sync()


timer = later(0.4, visit)
took, lines = poll(lee, 30)
timer.join()
ok("what another device brings wakes it",
   took < 2 and any("home_visit" in line for line in lines), took, lines)
took, lines = poll(lee, 1)
ok("and it waits again afterwards", took > 0.9 and not lines, took, lines)

timer = later(0.3, lambda: subprocess.run(
    [central, "case", "assign", case, "--data", data, "--caseload", "west",
     "--as", "ruth"], check=True, stdout=subprocess.DEVNULL))
took, lines = poll(lee, 30)
timer.join()
ok("what a command of the office writes wakes it too",
   took < 4 and any("leave" in line for line in lines), took, lines)

results = []
waiting = threading.Thread(
    target=lambda: results.append(poll(lee, 30)))
begin = time.monotonic()
waiting.start()
time.sleep(0.4)
subprocess.run(["kill", "-TERM", server], check=True)
waiting.join()
ok("a server that stops answers who waits",
   results and time.monotonic() - begin < 3 and not results[0][1], results)
PYTHON
PYTHONPATH=$here/vectors timeout 100 /usr/bin/python3 "$dir/poll.py" "$url" \
	"$code_dana" "$code_lee" "$central" "$dir/office" "$server_pid" \
	>"$dir/out" 2>"$dir/err"
code=$?
cat "$dir/out"
grep -q '^not ok' "$dir/out" && bad=1
[ $code = 0 ] || not_ok 'the devices finished' "$(tail -n 5 "$dir/err")"
wait "$server_pid"
equal 'and ends with exit code 0' $? 0
server_pid=
done_testing
