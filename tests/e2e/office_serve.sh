#!/usr/bin/env bash
# The office's server: where it listens, TLS, long polls, a clean stop.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee || exit 1
here=127.0.0.1:$port

# --- addresses
refused 'a port in use is named' 1 "listens on $here already" \
	office serve --listen "$here"
refused 'so is what is no address' 2 'is no address' office serve --listen x
refused 'plain HTTP stays on loopback' 1 'use TLS: give --tls-cert' \
	office serve --listen 0.0.0.0:0
refused 'an office that is not there' 1 'no office in' "$central" serve \
	--data "$dir/none" --listen 127.0.0.1:0

# --- HTTP
status() { curl -s -o "$dir/body" -w '%{http_code}' "$@"; }
error() { jq -r .error "$dir/body"; }
equal 'public facts are public' "$(status "$url/v1/office")" 200
equal 'and name the agency' "$(jq -r .agency "$dir/body")" north
equal 'it says that it is well' "$(status "$url/healthz")
$(cat "$dir/body")" '200
{"status":"ok"}'
equal 'nowhere else' "$(status "$url/v1/health") $(error)" '404 not-found'
equal 'another path is not found' "$(status "$url/nothing") $(error)" \
	'404 not-found'
equal 'another method is refused' "$(status -X PUT "$url/v1/sync") $(error)" \
	'405 bad-method'
equal 'so is another type' "$(status -d x "$url/v1/sync") $(error)" \
	'415 bad-type'
equal 'a body that is no frame' "$(status -d x -H \
	'Content-Type: application/x-satchel' "$url/v1/sync") $(error)" \
	'400 bad-frame'
head -c 9000000 /dev/zero >"$dir/large"
equal 'a body over the limit' "$(status --data-binary "@$dir/large" -H \
	'Content-Type: application/x-satchel' -H Expect: "$url/v1/sync")
$(error)" '413
too-large'
code='{"code":"0000-0000-0000-0000","key":"","proof":"","protocol":1,"transport":""}'
equal 'malformed enrolments are no guesses' "$(for _ in $(seq 15); do
	status -d "$code" -H 'Content-Type: application/json' "$url/v1/enrol"
	echo
done | sort | uniq -c | xargs)" '15 400'

# --- what devices write
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1
equal 'a sync with nothing to say is one small request' "$(
	as dana sync >/dev/null
	as dana sync --json | jq '.requests')" 1
# But for ids, in which four letters come together now and then.
sed -E 's/=[wo][A-Za-z0-9_-]{12}( |$)/ /g' "$dir/serve.log" >"$dir/log"
if grep -Eiq 'ames|legal_name|dana|ruth' "$dir/log"; then
	not_ok 'the log holds no personal data' "$(grep -Ei 'ames|dana' "$dir/log")"
else
	ok 'the log holds no personal data'
fi
check 'it does hold requests, key=value' grep -q \
	'event=request route=/v1/sync status=200' "$dir/log"

# --- another process writes while it serves
office user set lee --caseload west >/dev/null
office case assign "$person" --caseload west --as ruth >/dev/null ||
	not_ok 'a case is assigned while the server runs'
syncs lee || exit 1
equal 'devices are served what commands have changed' \
	"$(value lee "$person" legal_name)" '"Ruth Ames"'

# --- a clean stop
# A client that begins a request and holds the connection for ever.
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /v1/sync HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n' >&3
printf 'Content-Type: application/x-satchel\r\n\r\nx' >&3
kill -TERM "$server_pid"
wait "$server_pid"
code=$?
server_pid=
equal 'SIGTERM ends it with exit code 0, though a client holds a connection' \
	$code 0
exec 3>&-
check 'it says so' grep -q event=stopped "$dir/serve.log"
equal 'nothing is lost' "$(office list person --json | jq length)" 1
start_server || exit 1
check 'and it starts again' as dana sync
check 'SIGINT is the same' bash -c "kill -INT $server_pid"
wait "$server_pid"
equal 'with exit code 0' $? 0
server_pid=

# --- TLS
(
	cd "$dir" || exit
	for who in ca server other; do
		openssl ecparam -name prime256v1 -genkey -noout -out $who.key
	done
	openssl req -x509 -new -key ca.key -subj '/CN=Agency CA' -days 2 -out ca.pem
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >san
	openssl req -new -key server.key -subj /CN=localhost -out server.csr
	openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 \
		-CAcreateserial -extfile san -out server.pem
) >/dev/null 2>&1
refused 'a certificate needs its key' 2 'given together' \
	office serve --tls-cert "$dir/server.pem"
refused 'a missing certificate is named' 1 'cannot read the certificate' \
	office serve --tls-cert "$dir/none" --tls-key "$dir/server.key"
refused 'a key that is not its own' 1 'does not belong to the certificate' \
	office serve --tls-cert "$dir/server.pem" --tls-key "$dir/other.key"
refused 'a file that is no certificate' 1 'holds no PEM certificate' \
	office serve --tls-cert "$dir/passphrase" --tls-key "$dir/server.key"
refused 'a file that is no key' 1 'holds no PEM private key' \
	office serve --tls-cert "$dir/server.pem" --tls-key "$dir/passphrase"
port=0
start_server --tls-cert "$dir/server.pem" --tls-key "$dir/server.key" || exit 1
equal 'it speaks TLS' "$(status --cacert "$dir/ca.pem" "$url/v1/office")" 200
equal 'who does not know the CA is warned' \
	"$(curl -s "$url/v1/office" >/dev/null || echo refused)" refused
equal 'old TLS is refused' "$(curl -s --tls-max 1.1 --cacert "$dir/ca.pem" \
	"$url/v1/office" >/dev/null || echo refused)" refused
newcode=$(office invite --user dana --json | jq -r .code)
check 'a device enrols over TLS with the pinned CA' as dana2 enroll \
	--server "$url" --code "$newcode" --ca "$dir/ca.pem"
as dana2 put person legal_name='Over TLS' >/dev/null
check 'and syncs' as dana2 sync
stop_server
port=0
check 'with TLS it may listen on every address' bash -c "
	$(printf '%q ' "$central") serve --data $(printf %q "$dir/office") \
	--listen 0.0.0.0:0 --tls-cert $(printf %q "$dir/server.pem") \
	--tls-key $(printf %q "$dir/server.key") >$(printf %q "$dir/any") 2>&1 &
	pid=\$!
	until grep -q 'listening on https://0.0.0.0:' $(printf %q "$dir/any"); do
		kill -0 \$pid || exit 1
		sleep 0.1
	done
	kill \$pid
	wait \$pid"
done_testing
