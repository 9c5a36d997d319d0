#!/usr/bin/env bash
# F16: attachments half sent, huge, missing, in the way of the text.
. "$(dirname "$0")/lib/office.bash"
. "$(dirname "$0")/lib/upload.bash"
scenario F16
here=$(cd "$(dirname "$0")" && pwd)

make_office && start_server && enrol lee && enrol kim || exit 1

# dana's link: a proxy that can be slow and can break.
link=$dir/link
mkdir "$link"
timeout 900 /usr/bin/python3 "$here/lib/cut_proxy.py" "$port" "$link" \
	"${SEED:-16}" &
proxy=$!
trap 'kill $proxy 2>/dev/null; finish' EXIT
until_true test -s "$link/port"
office_url=$url
url=http://127.0.0.1:$(cat "$link/port")
enrol dana || exit 1
url=$office_url

attach() { # WHO RECORD FIELD FILE: what was seen is what is there now
	local token
	token=$(context "$1" "$2") && as "$1" attach "$2" "$3" "$4" \
		--context "$token"
}
states() { # WHO: how many attachments are where
	as "$1" attachment list --json | jq -r '.[].state' | sort | uniq -c |
		awk '{printf "%s%s %s", s, $1, $2; s = ", "}'
}
missing() { office attachment list --missing --json | jq length; }
files() { find "$dir/office/blobs" -type f -name "$1" | wc -l; }
photo() { head -c "$1" /dev/urandom >"$2"; }
# goes_on NAME BYTES: the next sync sends what is missing of so many, no more
# than a few headers and what the office had not read yet beside it.
goes_on() {
	local there before
	there=$(part) before=$(sent)
	syncs dana
	if [ "$there" -gt $(($2 / 3)) ] &&
		[ $(($(sent) - before)) -le $(($2 - there + $2 / 10)) ]; then
		ok "$1 ($there of $2 were there, $(($(sent) - before)) went)"
	else
		not_ok "$1" "$there of $2 were there, $(($(sent) - before)) went"
	fi
}

# --- there and back ---
person=$(as dana put person legal_name='Ruth Ames')
note=$(as dana contact "$person" --kind home_visit --narrative 'The roof.')
photo 300000 "$dir/roof.jpg"
blob=$(attach dana "$note" attachments "$dir/roof.jpg")
equal 'an attachment is here with its revision' "$(states dana)" '1 here'
equal 'and stands in the status' "$(as dana status --json |
	jq .attachments)" 1
check 'and can be read at once' as dana attachment save "$blob" "$dir/again.jpg"
check 'byte for byte' cmp "$dir/roof.jpg" "$dir/again.jpg"
refused 'nothing is written over' 1 'is not overwritten' \
	as dana attachment save "$blob" "$dir/again.jpg"
syncs dana lee || exit 1
equal 'F16: the office has it' "$(states dana)" '1 both'
check 'whole' cmp "$dir/roof.jpg" "$dir/office/blobs/$blob"
equal 'a colleague sees that it is at the office' "$(states lee)" '1 office'
check 'and fetches it when it is wanted' \
	as lee attachment save "$blob" "$dir/lee.jpg"
check 'byte for byte too' cmp "$dir/roof.jpg" "$dir/lee.jpg"
equal 'and keeps it' "$(states lee)" '1 both'
refused 'another caseload knows of nothing' 1 'no record here names' \
	as kim attachment save "$blob" "$dir/kim.jpg"
for name in "$blob" "$(printf '%064d' 7)"; do
	curl -s "$url/v1/blobs/$name" >>"$dir/unsigned"
	echo >>"$dir/unsigned"
done
equal 'nor does whoever has no key' "$(sort -u "$dir/unsigned" |
	jq -r .error)" bad-auth
check 'the office can read it' office attachment save "$blob" \
	--to "$dir/office.jpg"
check 'as it was' cmp "$dir/roof.jpg" "$dir/office.jpg"
refused 'an empty file is refused' 1 'empty' as dana attach "$note" \
	attachments /dev/null --context "$(context dana "$note")"
refused 'a field that is for something else too' 1 \
	'not a field for attachments' as dana attach "$note" narrative \
	"$dir/roof.jpg" --context "$(context dana "$note")"
photo 70000 "$dir/mark.png"
check 'a second one joins the first' attach dana "$note" attachments \
	"$dir/mark.png"
equal 'in the record' "$(value dana "$note" attachments | jq -r '.[].name' |
	paste -sd ' ')" 'roof.jpg mark.png'
syncs dana || exit 1

# --- cut at any byte ---
photo 3000000 "$dir/big.jpg"
big=$(attach dana "$note" attachments "$dir/big.jpg")
echo 200000 >"$link/limit"
for _ in $(seq 60); do
	as dana sync >"$dir/out" 2>&1
	[ "$(states dana)" = '3 both' ] && break
done
rm "$link/limit"
# No connection carries a tenth of it.
equal "F16: cut $(cat "$link/cuts") times, it goes on and arrives" \
	"$(states dana)" '3 both'
check 'in many pieces' test "$(cat "$link/cuts")" -ge 10
check 'whole and right' cmp "$dir/big.jpg" "$dir/office/blobs/$big"
equal 'and leaves no part behind' "$(files '*.part')" 0

# --- killed on either side ---
photo 3000000 "$dir/killed.jpg"
killed=$(attach dana "$note" attachments "$dir/killed.jpg")
comes_to 500000 100000 || not_ok 'the upload began'
kill_server
wait $device
rm "$link/hold"
start_server || exit 1
equal 'F16: what is missing is listed' "$(missing)" 1
equal 'and counted' "$(office status --json | jq .attachments_missing)" 1
syncs lee || exit 1
refused 'who asks for it is told where it is' 1 'has not received this' \
	as lee attachment save "$killed" "$dir/killed.lee"
comes_to 1000000 100000 || not_ok 'the upload went on'

# --- the text is not held up ---
as dana contact "$person" --kind phone --narrative 'while it uploads' >/dev/null
hold_after 1200000 # more than a piece, less than is missing
both_there() {
	goes_on_aside
	[ "$(office list contact --json | jq length)" = 2 ]
}
until_true both_there
equal 'F16: a note written meanwhile is there before the photo' \
	"$(office list contact --json | jq length) $(missing)" '2 1'
kill_device
rm "$link/hold"
goes_on 'F16: killed on both sides, it goes on' 3000000
equal 'F16: and arrives' "$(missing)" 0
check 'whole and right' cmp "$dir/killed.jpg" "$dir/office/blobs/$killed"

# --- damaged on the way ---
photo 2000000 "$dir/bent.jpg"
bent=$(attach dana "$note" attachments "$dir/bent.jpg")
comes_to 300000 100000 || not_ok 'the upload began'
kill_device
rm "$link/hold"
printf 'XXXX' | dd of="$(find "$dir/office/blobs" -name '*.part')" bs=1 \
	seek=1000 conv=notrunc 2>/dev/null
syncs dana || exit 1
check 'F16: what was damaged on the way is sent anew' \
	cmp "$dir/bent.jpg" "$dir/office/blobs/$bent"

# --- a locked vault ---
photo 200000 "$dir/locked.jpg"
locked=$(attach dana "$note" attachments "$dir/locked.jpg")
check 'F16: a locked vault uploads' env -u SATCHEL_PASSPHRASE_FILE \
	"$satcheld" --vault "$dir/dana.vault" --once --socket "$dir/socket"
check 'what the office can read' cmp "$dir/locked.jpg" \
	"$dir/office/blobs/$locked"

# --- no room at the office ---
stop_server
start_server --attachments-max 1 || exit 1
photo 100000 "$dir/late.jpg"
late=$(attach dana "$note" attachments "$dir/late.jpg")
as dana contact "$person" --kind phone --narrative 'no room' >/dev/null
check 'F16: an office without room for it takes the text' syncs dana
equal 'all of it' "$(as dana status --json | jq -c '[.here,.attachments]')" \
	'[0,1]'
stop_server
start_server --attachments-max 20 || exit 1
begun=$dir/office/blobs/$(printf '%064d' 7).another.part
truncate -s 20M "$begun"
syncs dana || exit 1
equal 'nor where others have begun to fill it' "$(missing)" 1
rm "$begun"
stop_server
start_server || exit 1
syncs dana || exit 1
equal 'and the attachment once there is room' "$(missing)" 0

# --- backup, restore, loss ---
mkdir "$dir/safe"
check 'a backup takes the attachments along' office backup --to "$dir/safe/one"
equal 'each once' "$(find "$dir/safe/blobs" -type f | wc -l)" 7
office backup --to "$dir/safe/two" >"$dir/second"
check 'and no second time' grep -q 'its 7 attachments, 0 of them new' \
	"$dir/second"
check 'the office verifies' office verify
stop_server
mv "$dir/office" "$dir/gone"
mv "$dir/gone.keys" "$dir/office.keys" 2>/dev/null
check 'a restore brings them back' office restore --from "$dir/safe/two"
check 'and verifies' office verify
rm "$dir/office/blobs/$late"
refused 'a lost file is found' 1 'problem' office verify
start_server || exit 1
equal 'F16: and missing from then on' "$(missing)" 1
syncs dana || exit 1
equal 'F16: until a device that has it brings it again' "$(missing)" 0
check 'as it was' cmp "$dir/late.jpg" "$dir/office/blobs/$late"

# --- the case leaves ---
photo 150000 "$dir/last.jpg"
last=$(attach dana "$note" attachments "$dir/last.jpg")
office case assign "$person" --caseload west --as ruth >"$dir/out" 2>&1 ||
	cat "$dir/out"
syncs dana kim || exit 1
equal 'F16: what was attached before the leave arrives' "$(missing)" 0
chunks() { sqlite3 "$dir/$1.vault" 'SELECT count(*) FROM blob_chunk'; }
readable() { # what is held under a key that is here
	sqlite3 "$dir/$1.vault" 'SELECT count(*) FROM blob b JOIN case_key k
		ON k.id = b.key WHERE k.vault_wrap IS NOT NULL'
}
equal 'and nothing of the case can be read on the device' "$(readable dana)" 0
check 'the next worker can read it' as kim attachment save "$last" \
	"$dir/kim.jpg"
check 'as it was' cmp "$dir/last.jpg" "$dir/kim.jpg"

# --- a device that is shut out hands over what it has ---
mine=$(as lee put person legal_name='Omar Diaz')
syncs lee || exit 1
photo 90000 "$dir/shut.jpg"
shut=$(attach lee "$(as lee contact "$mine" --kind office)" attachments \
	"$dir/shut.jpg")
office replica revoke "$(office replica list --json |
	jq -r '.[] | select(.user == "lee" and .closed == null) |
		.replica')" --as ruth >"$dir/revoked" 2>&1 ||
	cat "$dir/revoked"
refused 'a device that is shut out is told so' 1 'revoked' as lee sync
equal 'F16: and has handed over its attachment' "$(missing)" 0
check 'as it was' cmp "$dir/shut.jpg" "$dir/office/blobs/$shut"
equal 'which nobody reads on it any more' "$(readable lee)" 0
office backup --to "$dir/safe/three" >/dev/null
office backup --to "$dir/safe/four" >/dev/null
for who in dana lee; do
	as "$who" prune --attachments >/dev/null
	as "$who" sync >"$dir/out" 2>&1
	equal 'what has left goes when two backups have it' "$(chunks "$who")" 0
done

# --- a daemon does not press an office that has no room ---
stop_server
start_server --attachments-max 1 || exit 1
his=$(as kim put person legal_name='Ada Long')
photo 80000 "$dir/press.jpg"
attach kim "$(as kim contact "$his" --kind office)" attachments \
	"$dir/press.jpg" >/dev/null
: >"$dir/serve.log"
"$satcheld" --vault "$dir/kim.vault" --socket "$dir/socket" \
	--passphrase-file "$SATCHEL_PASSPHRASE_FILE" >"$dir/out" 2>&1 &
device=$!
asked() { grep -c 'route=/v1/blobs/' "$dir/serve.log"; }
talked() { [ "$(grep -c 'route=/v1/sync' "$dir/serve.log")" -gt "$1" ]; }
until_true grep -q 'route=/v1/blobs/' "$dir/serve.log"
for i in 1 2 3; do # the daemon hears of each and talks to the office again
	talks=$(grep -c 'route=/v1/sync' "$dir/serve.log")
	office case assign "$his" --caseload west --caseload "other$i" --as ruth \
		>"$dir/assigned"
	until_true talked "$talks" || not_ok 'the daemon goes on'
done
kill "$device"
wait "$device" 2>/dev/null
asked=$(asked)
if [ "$asked" -ge 1 ] && [ "$asked" -le 2 ]; then
	ok 'a daemon does not press an office that has no room'
else
	not_ok 'a daemon does not press an office that has no room' \
		"asked $asked times"
fi
equal 'and its text is through' "$(env -u SATCHEL_PASSPHRASE_FILE \
	"$satchel" status --vault "$dir/kim.vault" --json | jq .here)" 0
check 'the vault verifies' as dana verify
check 'the office too' office verify
done_testing
