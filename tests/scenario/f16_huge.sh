#!/usr/bin/env bash
# A file as large as a film: it goes up in pieces over a link that is cut, while
# the office and the device are killed, goes on where it was, and comes down
# again; no program holds more of it in memory than a little.  MEGABYTES (24)
# says how large; `make huge` is 500.
. "$(dirname "$0")/../e2e/lib/office.bash"
. "$(dirname "$0")/../e2e/lib/upload.bash"
scenario F16
here=$(cd "$(dirname "$0")/../e2e" && pwd)
megabytes=${MEGABYTES:-24}
bytes=$((megabytes * 1000000))
KIB_MAX=131072 # half of it is the work of a passphrase, whatever is sent
PATIENCE_S=2000

make_office && start_server && enrol lee || exit 1
link=$dir/link
mkdir "$link"
timeout 3600 /usr/bin/python3 "$here/lib/cut_proxy.py" "$port" "$link" 16 &
proxy=$!
trap 'kill $proxy 2>/dev/null; finish' EXIT
until_true test -s "$link/port"
office_url=$url
url=http://127.0.0.1:$(cat "$link/port")
enrol dana || exit 1
url=$office_url

# peak COMMAND...: runs it and adds what it held in memory at most to $dir/peaks.
peak() {
	python3 -c 'import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "a") as f:
    f.write("%d\n" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)' "$dir/peaks" "$@"
}
on_device() { SATCHEL_VAULT=$dir/dana.vault peak "$satchel" "$@"; }
office_peak() { awk '/^VmHWM/ { print $2 }' "/proc/$server_pid/status"; }
said() { echo "# $((SECONDS - begin)) s: $1"; }

person=$(as dana put person legal_name='Ruth Ames')
note=$(as dana contact "$person" --kind home_visit --narrative 'The roof.')
head -c $bytes /dev/urandom >"$dir/film"
begin=$SECONDS
blob=$(on_device attach "$note" attachments "$dir/film" \
	--context "$(context dana "$note")")
said "$megabytes MB are in the vault"

# Both programs are killed while it is on its way.
echo $((bytes / 8)) >"$link/limit"
comes_to $((bytes / 5)) $((bytes / 20)) || not_ok 'the upload begins'
office_kib=$(office_peak)
kill_server
wait "$device"
rm "$link/hold"
start_server || exit 1
comes_to $((bytes / 3)) $((bytes / 20)) || not_ok 'the upload goes on'
kill_device
rm "$link/hold" "$link/limit"
there=$(part) before=$(sent)
said "$there bytes are at the office after $(cat "$link/cuts") cuts and two kills"
check 'what is missing goes' on_device sync
went=$(($(sent) - before))
if [ "$there" -gt $((bytes / 3)) ] && [ $went -le $((bytes - there + bytes / 10)) ]; then
	ok "and no more than that ($there of $bytes were there, $went went)"
else
	not_ok 'and no more than that' "$there of $bytes were there, $went went"
fi
said 'it is at the office'
check 'byte for byte' cmp "$dir/film" "$dir/office/blobs/$blob"
as lee sync >"$dir/out" || exit 1
SATCHEL_VAULT=$dir/lee.vault check 'a colleague fetches it' peak "$satchel" \
	attachment save "$blob" "$dir/film.lee"
said 'it is with a colleague'
check 'byte for byte too' cmp "$dir/film" "$dir/film.lee"
[ "$(office_peak)" -gt "$office_kib" ] && office_kib=$(office_peak)
device_kib=$(sort -n "$dir/peaks" | tail -n 1)
check "no device held more than $device_kib KiB of memory" \
	test "$device_kib" -lt $KIB_MAX
check "nor the office more than $office_kib KiB" \
	test "$office_kib" -lt $KIB_MAX
check 'the vault verifies' as dana verify
check 'the office verifies' office verify
done_testing
