#!/usr/bin/env bash
# The certificate is replaced while the office serves: who is connected goes on,
# who comes is shown the new one, and files that are not good change nothing.
. "$(dirname "$0")/lib/office.bash"

authority() { # NAME: NAME.pem and NAME.key, a CA
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-days 60 -subj "/CN=$1" -keyout "$dir/$1.key" -out "$dir/$1.pem" \
		>"$dir/out" 2>&1
}
certificate() { # NAME CA DAYS HOST: signed by the CA
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$dir/$1.key" \
		-out "$dir/$1.csr" >"$dir/out" 2>&1 &&
		printf 'subjectAltName=%s\n' "$4" >"$dir/names" &&
		openssl x509 -req -in "$dir/$1.csr" -CA "$dir/$2.pem" \
			-CAkey "$dir/$2.key" -CAcreateserial -days "$3" \
			-extfile "$dir/names" -out "$dir/$1.pem" >"$dir/out" 2>&1
}
served() { # who vouches for what a newcomer is shown: fingerprint
	openssl s_client -connect "${url#https://}" </dev/null 2>/dev/null |
		openssl x509 -noout -fingerprint -sha256 2>/dev/null
}
is() { openssl x509 -noout -fingerprint -sha256 -in "$dir/$1.pem"; }
told() { # EVENT COUNT: the log has so many of them
	[ "$(grep -c "event=$1\\( \\|$\\)" "$dir/serve.log")" -ge "$2" ]
}
give() { cp "$dir/$1.pem" "$dir/now.pem" && cp "$dir/$1.key" "$dir/now.key"; }
reload() { kill -HUP "$server_pid"; }

authority ca && authority stranger && certificate first ca 20 IP:127.0.0.1 &&
	certificate second ca 40 IP:127.0.0.1 &&
	certificate foreign stranger 40 IP:127.0.0.1 || exit 1
faketime '2020-01-01 00:00:00' openssl req -x509 -newkey rsa:2048 -nodes -days 2 \
	-subj /CN=old -addext subjectAltName=IP:127.0.0.1 -keyout "$dir/old.key" \
	-out "$dir/old.pem" >"$dir/out" 2>&1 || exit 1
make_office && give first || exit 1
check 'the office serves TLS' start_server --tls-cert "$dir/now.pem" \
	--tls-key "$dir/now.key"
until_true told certificate 1
equal 'with the first certificate' "$(served)" "$(is first)"
check 'which ends soon: the log warns' grep -q 'level=warn event=certificate ' \
	"$dir/serve.log"
code=$(office invite --user dana --json | jq -r .code)
check 'a device that pins the authority enrols' \
	as dana enroll --server "$url" --code "$code" --ca "$dir/ca.pem"
person=$(as dana put person legal_name='Ruth Ames')
check 'and syncs' syncs dana

# Somebody is connected all the time.
mkfifo "$dir/in"
openssl s_client -quiet -connect "${url#https://}" -CAfile "$dir/ca.pem" \
	<"$dir/in" >"$dir/open" 2>"$dir/open.err" &
client=$!
exec 7>"$dir/in"
# It asks all the time, as nobody may be idle for long.
while printf 'GET /healthz HTTP/1.1\r\nHost: office\r\n\r\n' >&7; do
	sleep 1
done 2>/dev/null &
asking=$!
count() { grep -o '"status":"ok"' "$dir/open" | wc -l; }
answers() { [ "$(count)" -ge "$1" ]; }
check 'one connection is open' until_true answers 1

# Half of a replacement: the new certificate, and still the old key.
cp "$dir/second.pem" "$dir/now.pem"
reload
check 'a key of another certificate is said in the log' \
	until_true told certificate_kept 1
equal 'and the old one is served' "$(served)" "$(is first)"
check 'status says so' until_true sh -c "'$central' status --data '$dir/office' |
	grep -q 'NOT REPLACED.*does not belong to the certificate'"
equal 'as JSON, too' "$(office status --json |
	jq '.tls.failed > 0 and (.tls.problem | contains("now.key"))')" true
check 'a device goes on' syncs dana

echo garbage >"$dir/now.pem"
reload
check 'so with what is no certificate' until_true told certificate_kept 2
rm "$dir/now.pem"
reload
check 'with a file that is not there' until_true told certificate_kept 3
give old
reload
check 'and with one that has expired' until_true told certificate_kept 4
check 'it is named' grep -q 'now.pem has expired' "$dir/serve.log"
equal 'still the old one is served' "$(served)" "$(is first)"
check 'a device goes on' syncs dana

give second
reload
check 'both files together are taken' until_true told certificate 2
equal 'a newcomer is shown the new one' "$(served)" "$(is second)"
equal 'status has no complaint' "$(office status --json |
	jq -c '[.tls.failed,.tls.problem]')" '[null,""]'
check 'the connection of before goes on' until_true answers $(($(count) + 2))
as dana contact "$person" --kind phone --narrative 'after' >/dev/null
check 'the device, which pins the authority, notices nothing' syncs dana
equal 'and its work is there' "$(office list contact --json | jq length)" 1

give foreign
reload
check 'a certificate of a stranger is served, if one is given' \
	until_true told certificate 3
as dana contact "$person" --kind phone --narrative 'secret' >/dev/null
refused 'and the device refuses it' 1 'certificate' as dana sync
equal 'its work stays here' "$(as dana status --json | jq .here)" 1
give second
reload
until_true told certificate 4
check 'until the agency has its own again' syncs dana
kill "$asking" "$client"
exec 7>&-
wait "$asking" "$client" 2>/dev/null
stop_server

# Without TLS there is nothing to reload, and nobody is stopped by it.
start_server || exit 1
reload
check 'a server without TLS goes on' until_true told nothing_to_reload 1
check 'and answers' curl -sf "$url/healthz"
equal 'status speaks of no certificate' "$(office status --json | jq .tls)" null
done_testing
