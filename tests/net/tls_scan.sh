#!/usr/bin/env bash
# What a scanner finds at the office's port: which versions, ciphers and
# signatures it speaks, that nothing is compressed or renegotiated, and that
# devices look at names and dates.  Each thing that must not work is shown to
# work against a lax server, so that the scanner could have found it.
. "$(dirname "$0")/../e2e/lib/office.bash"

make_pair() { # NAME OPTION...: NAME.pem and NAME.key
	local name=$1
	shift
	openssl req -x509 -nodes -days 40 -subj "/CN=$name" \
		-keyout "$dir/$name.key" -out "$dir/$name.pem" "$@" >"$dir/out" 2>&1
}
serve_with() { # NAME: the certificate is replaced, the server goes on
	local before
	before=$(grep -c 'event=certificate ' "$dir/serve.log")
	cp "$dir/$1.pem" "$dir/now.pem" && cp "$dir/$1.key" "$dir/now.key" &&
		kill -HUP "$server_pid" && until_true replaced "$before"
}
replaced() { [ "$(grep -c 'event=certificate ' "$dir/serve.log")" -gt "$1" ]; }
# speaks ADDRESS OPTION...: a handshake ends well; how, in $dir/spoken
speaks() {
	local address=$1
	shift
	openssl s_client -connect "$address" "$@" </dev/null \
		>"$dir/spoken" 2>&1
	grep -q 'Cipher is [^(]' "$dir/spoken"
}
refuses() { ! speaks "$@"; }
trap "" PIPE
any='ALL:COMPLEMENTOFALL:@SECLEVEL=0'
ciphers() { openssl ciphers "-$1" -s "$2" | tr ':' '\n' | sort -u; }

make_pair rsa -newkey rsa:2048 -addext subjectAltName=IP:127.0.0.1 &&
	make_pair ec -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-addext subjectAltName=IP:127.0.0.1 &&
	make_pair named -newkey rsa:2048 -addext subjectAltName=DNS:other.example ||
	exit 1
faketime '2020-01-01 00:00:00' openssl req -x509 -newkey rsa:2048 -nodes -days 2 \
	-subj /CN=old -addext subjectAltName=IP:127.0.0.1 -keyout "$dir/old.key" \
	-out "$dir/old.pem" >"$dir/out" 2>&1 || exit 1
make_office || exit 1
cp "$dir/rsa.pem" "$dir/now.pem" && cp "$dir/rsa.key" "$dir/now.key" || exit 1
start_server --tls-cert "$dir/now.pem" --tls-key "$dir/now.key" || exit 1
office_address=${url#https://}

# A server that allows everything that this openssl can do.
lax_server() {
	local try
	for try in $(seq 50); do
		lax_address=127.0.0.1:$(any_port)
		openssl s_server -accept "$lax_address" -cert "$dir/rsa.pem" \
			-key "$dir/rsa.key" -cipher "$any" -client_renegotiation -rev \
			</dev/null >"$dir/lax" 2>&1 &
		lax=$!
		until speaks "$lax_address"; do
			kill -0 "$lax" 2>/dev/null || continue 2
			sleep 0.1
		done
		return 0
	done
	return 1
}
end() {
	kill "$lax" 2>/dev/null
	finish
}
trap end EXIT
lax_server || exit 1

# Renegotiation: somebody asks for it, and stays until he is dropped.
mkfifo "$dir/asks"
renegotiate() { # ADDRESS FILE
	openssl s_client -connect "$1" -tls1_2 -CAfile "$dir/rsa.pem" \
		<"$dir/asks" >"$2" 2>&1 &
	client=$!
	exec 7>"$dir/asks"
	until_true grep -q 'Verify return code' "$2" && echo R >&7 &&
		until_true grep -q RENEGOTIATING "$2"
}
handshakes() { [ "$(grep -c '^depth=0' "$1")" "$2" "$3" ]; }
renegotiate "$lax_address" "$dir/lax.again"
check 'a lax server renegotiates' until_true handshakes "$dir/lax.again" -gt 1
exec 7>&-
kill "$client" "$lax"
wait "$client" "$lax" 2>/dev/null
lax_server || exit 1
check 'somebody asks the office for it' renegotiate "$office_address" \
	"$dir/office.again"

for version in tls1 tls1_1; do
	check "a lax server speaks $version" speaks "$lax_address" \
		-$version -cipher "$any"
	check "the office does not speak $version" refuses "$office_address" \
		-$version -cipher "$any"
done
for version in tls1_2 tls1_3; do
	check "the office speaks $version" speaks "$office_address" -$version
	check "nothing is compressed in $version" grep -q 'Compression: NONE' \
		"$dir/spoken"
done

# accepted CIPHER...: those with which a handshake ends well
accepted() {
	local cipher
	for cipher; do
		speaks "$office_address" -tls1_2 -cipher "$cipher:@SECLEVEL=0" &&
			echo "$cipher"
	done | sort | paste -sd ' '
}
all=$(ciphers tls1_2 "$any" | grep -v '^TLS_')
check 'there are many ciphers to try' test "$(wc -w <<<"$all")" -gt 60
# shellcheck disable=SC2086
equal 'of all ciphers of TLS 1.2 three are taken, with an RSA key' \
	"$(accepted $all)" "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384\
 ECDHE-RSA-CHACHA20-POLY1305"
check 'a lax server takes one without forward secrecy' speaks "$lax_address" \
	-tls1_2 -cipher AES128-SHA:@SECLEVEL=0
modern=
for cipher in $(openssl ciphers -tls1_3 -s | tr ':' '\n' | grep ^TLS_) \
	TLS_AES_128_CCM_SHA256 TLS_AES_128_CCM_8_SHA256; do
	speaks "$office_address" -tls1_3 -ciphersuites "$cipher" &&
		modern="$modern $cipher"
done
equal 'of TLS 1.3 those without short tags' "$(tr ' ' '\n' <<<"$modern" | sort |
	paste -sd ' ' | sed 's/^ //')" \
	"TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256"
check 'a lax server signs with SHA-1' speaks "$lax_address" -tls1_2 \
	-cipher "$any" -sigalgs RSA+SHA1
check 'the office does not' refuses "$office_address" -tls1_2 -cipher "$any" \
	-sigalgs RSA+SHA1
check 'an elliptic key is taken without a stop' serve_with ec
# shellcheck disable=SC2086
equal 'and three ciphers with it' "$(accepted $all)" \
	"ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384\
 ECDHE-ECDSA-CHACHA20-POLY1305"

# All these handshakes are over: what was asked before them has been heard.
check 'and it was renegotiated with nobody' handshakes "$dir/office.again" -eq 1
exec 7>&-

# Devices look at the name and the dates, pinned or not.
code=$(office invite --user dana --json | jq -r .code)
check 'a certificate of another host is served' serve_with named
refused 'a device refuses it' 1 'certificate' \
	as dana enroll --server "$url" --code "$code" --ca "$dir/named.pem"
stop_server
cp "$dir/old.pem" "$dir/now.pem" && cp "$dir/old.key" "$dir/now.key" || exit 1
start_server --tls-cert "$dir/now.pem" --tls-key "$dir/now.key" || exit 1
check 'one that has expired is served with a warning' until_true \
	grep -q 'level=warn event=certificate expires=2020' "$dir/serve.log"
check 'status says so' sh -c "'$central' status --data '$dir/office' |
	grep -q 'EXPIRED 2020'"
refused 'a device refuses it, too' 1 'certificate' \
	as dana enroll --server "$url" --code "$code" --ca "$dir/old.pem"
stop_server

# In the clear on this machine only.
refused 'plain HTTP on all addresses is refused, and what to do is said' 1 \
	'use TLS: give --tls-cert FILE and --tls-key FILE' \
	office serve --listen 0.0.0.0:0
refused 'so on IPv6' 1 '--tls-cert' office serve --listen '[::]:0'
done_testing
