#!/usr/bin/env bash
# An enrolment that breaks: the same code goes on where it broke, and the office
# lists each device once.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server || exit 1
devices() { office replica list --json | jq -c '[.[] | [.user, .head]]'; }
new_code() { office invite --user "$1" --json | jq -r .code; }

# A relay between device and office: what it does with each reply is the word in
# $dir/how (pass, lose, or spoil: the vault fails to store what comes).
cat >"$dir/relay.py" <<'PYTHON'
import http.server, pathlib, sqlite3, sys, urllib.request

office, how, vault = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
TRIGGER = """CREATE TRIGGER spoiled BEFORE UPDATE ON identity
BEGIN SELECT raise(ABORT, 'spoiled'); END"""

class Relay(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = urllib.request.Request(office + self.path, body, {
            "Content-Type": self.headers["Content-Type"]})
        with urllib.request.urlopen(request) as reply:
            said = reply.read()
        word = how.read_text().strip()
        if word == "lose":
            self.close_connection = True
            return
        if word == "spoil":
            db = sqlite3.connect(vault)
            db.execute(TRIGGER)
            db.commit()
            db.close()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Relay)
print(server.server_port, flush=True)
while how.exists():
    server.handle_request()
PYTHON
echo lose >"$dir/how"
/usr/bin/python3 "$dir/relay.py" "$url" "$dir/how" "$dir/lee.vault" \
	>"$dir/port" 2>"$dir/relay.err" &
relay=$!
trap 'kill $relay 2>/dev/null; finish' EXIT
until_true test -s "$dir/port"
far=http://127.0.0.1:$(cat "$dir/port")

# --- the reply is lost
code=$(new_code dana)
refused 'a lost reply is said to be so' 1 'office|answer|network|connection' \
	as dana enroll --server "$far" --code "$code"
equal 'the office has enrolled the device' "$(devices)" '[["dana",0]]'
equal 'and has not heard from it' "$(office replica list |
	grep -c 'dana .* never heard')" 1
check 'the same code goes on' as dana enroll --server "$url" --code "$code"
equal 'with the same device' "$(devices)" '[["dana",0]]'
as dana put person legal_name='Ruth Ames' >"$dir/out"
check 'which works' as dana sync
equal 'and is heard' "$(office replica list | grep -c 'dana .* last heard')" 1

# --- the reply is lost, and the office gives another code
as kim enroll --server "$far" --code "$(new_code kim)" >"$dir/out" 2>&1
check 'a second code goes on too' \
	as kim enroll --server "$url" --code "$(new_code kim)"
equal 'also with the same device' "$(devices)" '[["dana",1],["kim",0]]'

# --- the vault cannot store the reply
echo spoil >"$dir/how"
code=$(new_code lee)
refused 'a vault that cannot be written says so' 1 'enrol|vault|written|storage' \
	as lee enroll --server "$far" --code "$code"
sqlite3 "$dir/lee.vault" 'DROP TRIGGER spoiled'
check 'when it can the same code goes on' \
	as lee enroll --server "$url" --code "$code"
equal 'with one device each' "$(devices)" '[["dana",1],["kim",0],["lee",0]]'
echo pass >"$dir/how"
check 'and all sync' syncs dana kim lee

# --- a wrong CA
(
	cd "$dir" || exit
	for who in ca other; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
			-nodes -keyout $who.key -out $who.pem -days 2 -subj "/CN=$who" \
			-addext subjectAltName=IP:127.0.0.1
	done
) >"$dir/out" 2>&1
stop_server
port=0
start_server --tls-cert "$dir/ca.pem" --tls-key "$dir/ca.key" || exit 1
code=$(new_code ruth)
refused 'an office that the CA does not know is refused' 1 'certificate|TLS' \
	as ruth enroll --server "$url" --code "$code" --ca "$dir/other.pem"
refused 'and no CA at all' 1 'certificate|TLS' \
	as ruth enroll --server "$url" --code "$code"
equal 'the office has not seen the code' "$(devices | jq length)" 3
check 'with the right CA it is still good' \
	as ruth enroll --server "$url" --code "$code" --ca "$dir/ca.pem"
equal 'once' "$(devices | jq length)" 4
check 'the office verifies' office verify
done_testing
