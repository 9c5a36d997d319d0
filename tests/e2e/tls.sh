#!/usr/bin/env bash
# The office's own certificate is pinned: nothing else is trusted, not even for
# a moment, and what is wrong is said in words.
. "$(dirname "$0")/lib/office.bash"

certificate() { # NAME: NAME.pem and NAME.key for 127.0.0.1
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" \
		-addext 'subjectAltName=IP:127.0.0.1' -keyout "$dir/$1.key" \
		-out "$dir/$1.pem" >"$dir/out" 2>&1
}
if ! command -v openssl >/dev/null; then
	echo 'ok openssl is not here: nothing to test with'
	exit 0
fi
certificate office && certificate other || exit 1
make_office || exit 1
check 'the office serves TLS' start_server --tls-cert "$dir/office.pem" \
	--tls-key "$dir/office.key"
equal 'and says so' "${url%%:*}" https
code=$(office invite --user dana --json | jq -r .code)

refused 'a certificate that nobody vouches for is refused' 1 'certificate' \
	as dana enroll --server "$url" --code "$code"
refused 'so is one that is not the pinned one' 1 'certificate' \
	as dana enroll --server "$url" --code "$code" --ca "$dir/other.pem"
refused 'a pinned file that is missing is named' 1 'missing.pem' \
	as dana enroll --server "$url" --code "$code" --ca "$dir/missing.pem"
check 'the pinned one is trusted' \
	as dana enroll --server "$url" --code "$code" --ca "$dir/office.pem"
person=$(as dana put person legal_name='Ruth Ames')
check 'a sync goes over it' syncs dana
equal 'and brings the work' "$(office list person --json | jq length)" 1

# Somebody takes the office's place.
stop_server
start_server --tls-cert "$dir/other.pem" --tls-key "$dir/other.key" || exit 1
as dana contact "$person" --kind phone --narrative 'secret' >/dev/null
refused 'another certificate at the same address is refused' 1 'certificate' \
	as dana sync
equal 'and nothing was given to it' "$(as dana status --json | jq .here)" 1
stop_server
start_server --tls-cert "$dir/office.pem" --tls-key "$dir/office.key" || exit 1
check 'the true office is trusted again' syncs dana
equal 'and has everything' "$(as dana status --json | jq .here)" 0

# The certificate that init makes is good for a trial.
stop_server
refused 'init takes names and addresses only' 2 'neither a name nor an address' \
	"$central" init --agency south --data "$dir/south" --host 'a b'
made=$("$central" init --agency south --data "$dir/south" --host office.example \
	--host 10.0.0.5 --host ::2 --json)
trial=$(jq -r .tls_cert <<<"$made")
equal 'init makes a certificate, and a key that others cannot read' \
	"$(stat -c %a "$(jq -r .tls_key <<<"$made")")" 600
equal 'for this machine and the hosts that were named' "$(openssl x509 -noout -ext \
	subjectAltName -in "$trial" | grep -oE 'DNS:(localhost|office.example)|IP Address:[^,]*' |
	LC_ALL=C sort -u | paste -sd ' ')" "DNS:localhost DNS:office.example IP\
 Address:0:0:0:0:0:0:0:1 IP Address:0:0:0:0:0:0:0:2 IP Address:10.0.0.5 IP\
 Address:127.0.0.1"
check 'for a year' openssl x509 -noout -checkend $((360 * 86400)) -in "$trial"
check 'and no longer' bash -c "! openssl x509 -noout -in '$trial' \
	-checkend $((366 * 86400))"
mv "$dir/office" "$dir/north" && mv "$dir/office.keys" "$dir/north.keys" &&
	mv "$dir/south" "$dir/office" && mv "$dir/south.keys" "$dir/office.keys" ||
	exit 1
trial=$dir/office.keys/trial.pem
check 'the office serves with it' start_server --tls-cert "$trial" \
	--tls-key "$dir/office.keys/trial.key"
office user add mia --role worker --caseload east >"$dir/out" 2>&1
code=$(office invite --user mia --json | jq -r .code)
refused 'a device that does not pin it refuses it' 1 'certificate' \
	as mia enroll --server "$url" --code "$code"
check 'one that does enrols' \
	as mia enroll --server "$url" --code "$code" --ca "$trial"
check 'and syncs' syncs mia

# In the clear only on this machine.
refused 'plain HTTP to a port of TLS suggests https' 1 'say https://' \
	as plain enroll --server "http://${url#https://}" \
	--code AAAA-AAAA-AAAA-AAAA
refused 'http to another machine is refused' 1 'https://' \
	as lee enroll --server http://office.example:8470 --code "$code"
done_testing
