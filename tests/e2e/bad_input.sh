#!/usr/bin/env bash
# Bad input: one line that says what is wrong and what to do, exit code 1 or 2,
# and nothing half done.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1
here() { as dana status --json | jq .here; }
on() { # on FILE COMMAND...: on that vault
	local file=$1
	shift
	SATCHEL_VAULT=$file "$satchel" "$@"
}

# What is written.
refused 'a value that is not UTF-8 is refused' 1 'legal_name.*UTF-8' \
	as dana put person legal_name=$'Ren\xe9'
refused 'so is a narrative' 1 'UTF-8' \
	as dana contact "$person" --kind phone --narrative $'Ren\xe9'
refused 'and a condition' 2 'UTF-8' as dana list person --where $'a=\xe9'
refused 'a field given twice is refused' 2 'twice' \
	as dana put person first_name=Ruth first_name=Anne
refused 'a context without its record is no new record' 2 'needs --record' \
	as dana put person --context c1.e30 first_name=x
refused 'an unknown field is named' 1 'person.nosuch' \
	as dana put person nosuch=1
refused 'an unknown type is named' 1 'persn' as dana put persn first_name=x
refused 'an unknown type is not an empty list' 1 'persn' as dana list persn
refused 'nor is it at the office' 1 'persn' office list persn
refused 'nor is an unknown field nothing' 1 'person.nosuch' \
	as dana list person --where nosuch=1
refused 'nor is that at the office' 1 'person.nosuch' \
	office list person --where nosuch=1
refused 'a forgotten type is asked for' 2 'which type' \
	as dana put first_name=Ruth
refused 'an unknown code names those that are known' 1 'home_visit' \
	as dana contact "$person" --kind weird
refused 'a day that does not exist is refused' 1 'occurred_at' \
	as dana contact "$person" --kind phone --at 2026-02-30T10:00Z
refused 'an operand that means nothing is named' 2 'extra' as dana sync extra
refused 'an unknown option is named' 2 '[-]-nope' as dana status --nope
refused 'a record of nothing is refused' 2 'at least one FIELD=VALUE' \
	as dana put person
refused 'so is a revision of nothing' 2 'at least one FIELD=VALUE' \
	as dana put --record "$person" --context c1.e30
refused 'and an object without fields' 1 'at least one field' \
	as dana put person - <<<'{}'
refused 'a contact of nobody asks for whom' 2 'which PERSON' \
	as dana contact --kind phone
refused 'and one of several says what quotes are for' 2 'one PERSON, not 2' \
	as dana contact "$person" leaks --kind phone --narrative Roof
kept() { sed -n 's/.*kept as draft \([0-9]*\) .*/\1/p' "$dir/err"; }
shows() { # NAME FILE: the draft that the last refusal made holds these bytes
	as dana draft show "$(kept)" >"$dir/shown"
	check "$1" cmp "$dir/shown" "$2"
}
{
	head -c 270000 /dev/zero | tr '\0' a
	echo 'The landlord shouted; she was afraid.'
} >"$dir/long"
refused 'a line over 256 KiB is refused, with what to do' 1 \
	'256 KiB.*nothing was written.*split.*kept as draft [0-9]+' \
	as dana contact "$person" --kind phone --narrative - <"$dir/long"
shows 'what was piped is kept, byte for byte' "$dir/long"
head -c 600000 /dev/zero | tr '\0' a >"$dir/longer"
refused 'however long it is, its size is said' 1 'narrative: 600000 bytes' \
	as dana contact "$person" --kind phone --narrative - <"$dir/longer"
check 'the file holds none of it in plain text' \
	sh -c "grep -aq landlord '$dir/long' &&
		! grep -aq landlord '$dir'/dana.vault*"
printf 'a\0b' >"$dir/nul"
refused 'a NUL byte is refused' 1 'NUL' \
	as dana contact "$person" --kind phone --narrative - <"$dir/nul"
shows 'and kept' "$dir/nul"
echo '{"person":"'"$person"'","kind":"phone","narative":"Roof leaks."}' \
	>"$dir/wrong"
refused 'a field of the wrong name on standard input is named' 1 'narative' \
	as dana put contact - <"$dir/wrong"
shows 'and what was given is kept' "$dir/wrong"
refused 'empty standard input is said to be so' 1 \
	'standard input is empty; give' as dana put person - </dev/null
for text in '{"first_name":"a"' '[]' '{"first_name":"a","first_name":"b"}'; do
	refused "standard input that is no object of fields: $text" 1 \
		'standard input:1:' as dana put person - < <(printf %s "$text")
done
equal 'none of it was written' "$(here)" 0
check 'a control character reaches the vault' \
	as dana put person first_name=$'a\033[31mb'
as dana list person >"$dir/listed"
if grep -q $'\033' "$dir/listed"; then
	not_ok 'but never the terminal'
else
	ok 'but never the terminal'
fi

# A wrong value is answered with field, value and the form that is expected.
wrong() { # SAYS TYPE FIELD=VALUE
	refused "$2 ${3:0:40}: says what is expected" 1 "^satchel: $2\.$1\$" \
		as dana put "$2" person="$person" "$3"
}
wrong 'duration_min: "long" is not a number of minutes' contact \
	duration_min=long
wrong 'duration_min: -5 is not a number of minutes' contact duration_min=-5
wrong 'next_contact_on: "2026-02-30" is not a date such as 2026-11-21' contact \
	next_contact_on=2026-02-30
wrong 'occurred_at: "30/2/2026" is not an instant such as 2026-11-21T15:20-06:00' \
	contact occurred_at=30/2/2026
wrong 'entered_in_error: "maybe" is not true or false' contact \
	entered_in_error=maybe
wrong 'tax_year: "last" is not a whole number' referral tax_year=last
wrong 'amount_cents: "12.5" is not an amount in whole cents' \
	expenditure_request amount_cents=12.5
wrong 'need: "x" is not a record id' referral need=x
printf '{"person":"%s","kind":"phone","next_contact_on":"2026-13-01","narrative":"Roof leaks."}\n' \
	"$person" >"$dir/wrong"
refused 'so is one among right ones on standard input' 1 \
	'next_contact_on: "2026-13-01" is not a date such as.*kept as draft' \
	as dana put contact - <"$dir/wrong"
shows 'and all of it is kept' "$dir/wrong"

# What this version does not know is kept if one insists, and shown as such.
field=$(as dana put person legal_name='Ada Ames' nosuch=1 --lenient \
	2>"$dir/note")
check 'an unknown field is remarked on' grep -q \
	'nosuch: not a field of this record type; kept as written' "$dir/note"
code=$(as dana put contact person="$person" kind=weird --lenient 2>"$dir/note")
check 'so is an unknown code' grep -q 'kind: an unknown code; kept as written' \
	"$dir/note"
unknown() { # COMMAND...: name, value and what is unknown
	"$@" --json | jq -c '[.fields | to_entries[] | select(.value.unknown) |
		[.key, .value.value, .value.unknown]]'
}
syncs dana lee || exit 1
for who in 'as dana' 'as lee' office; do
	equal "$who: the field is kept and shown as unknown" \
		"$(unknown $who show "$field")" '[["nosuch","1","field"]]'
	equal "$who: so is the code" "$(unknown $who show "$code")" \
		'[["kind","weird","code"]]'
	equal "$who: also to people" "$($who show "$field" |
		grep -c 'nosuch  *1   (unknown field)$')$($who show "$code" |
		grep -c 'kind  *weird   (unknown code)$')" 11
	equal "$who: of what is known nothing is said" \
		"$(unknown $who show "$person")" '[]'
done
equal 'both are listed by what they are' "$(as lee list person --where nosuch=1 \
	--json 2>"$dir/err" | jq -c '[.[].record]')$(as lee list contact --where \
	kind=weird --json | jq -c '[.[].record]')" "[\"$field\"][\"$code\"]"
equal 'the office lists what its types do not have, and who wrote it' \
	"$(office unknown --json | jq -c '[.[] | [.unknown, .type, .field, .code,
	.records, .user, .first == .last and .last > 0]]')" \
	'[["code","contact","kind","weird",1,"dana",true],["field","person","nosuch",null,1,"dana",true]]'
equal 'also to people' "$(office unknown | grep -c \
	-e '^code   contact.kind = weird$' -e '^field  person.nosuch$' \
	-e '^       1 record, .* last by w.* (dana)$')" 4
as lee put horoscope sign=ram --case "$person" --lenient >"$dir/out" 2>&1 &&
	as lee put contact person="$person" kind=weird --lenient >"$dir/out" 2>&1 &&
	syncs lee || exit 1
equal 'a type as a whole, and codes by how many have them' "$(office unknown \
	--json | jq -c '[.[] | [.unknown, .type, .records, .user]]')" \
	'[["code","contact",2,"lee"],["type","horoscope",1,"lee"],["field","person",1,"dana"]]'
refused 'it takes no operand' 2 'no operand' office unknown fields

# The vault.
refused 'no vault: says how one is made' 1 'no vault at .*enroll' \
	on "$dir/nowhere.vault" status
refused 'a folder is no vault' 1 'is a folder' on "$dir" status
refused 'a foreign file is no vault' 1 'is not a vault' \
	on "$SATCHEL_PASSPHRASE_FILE" status
refused 'nor is the office' 1 'is not a vault' \
	on "$dir/office/office.db" status
echo 'something else' >"$dir/wrong"
refused 'a wrong passphrase is said to be wrong' 1 'passphrase is wrong' \
	as dana list person --passphrase-file "$dir/wrong"
refused 'an empty passphrase file too' 1 'first line is empty' \
	as dana list person --passphrase-file /dev/null
cp "$dir/dana.vault" "$dir/newer.vault"
sqlite3 "$dir/newer.vault" 'PRAGMA user_version = 99'
refused 'a newer vault asks for an update' 1 'newer Satchel; update' \
	on "$dir/newer.vault" status
head -c 20000 "$dir/lee.vault" >"$dir/torn.vault"
refused 'a torn vault is said to be damaged' 1 'damaged' \
	on "$dir/torn.vault" status
SATCHEL_DEVICE_SECRET_FILE=$dir/none.secret refused \
	'a vault away from its device names the missing secret' 1 \
	'none.secret.*own device' as dana list person
equal 'and no secret was made' "$(find "$dir" -name none.secret | wc -l)-" 0-

# Enrolling.
code=$(office invite --user dana --json | jq -r .code)
refused 'an option that is missing is named' 2 'code is missing' \
	on "$dir/new.vault" enroll --server "$url"
refused 'a code that was never given is refused' 1 'unknown, used or expired' \
	on "$dir/new.vault" enroll --server "$url" --code AAAA-AAAA-AAAA-AAAA
check 'the vault it began serves the right code, which no ps shows' \
	on "$dir/new.vault" enroll --server "$url" --code - <<<"$code"
refused 'standard input without a code is said to be so' 1 'holds no code' \
	on "$dir/new.vault" enroll --server "$url" --code - </dev/null
refused 'a used code is refused' 1 'unknown, used or expired' \
	on "$dir/again.vault" enroll --server "$url" --code "$code"
refused 'a folder that is not there is named' 1 'no such folder' \
	on "$dir/none/new.vault" enroll --server "$url" --code "$code"
code=$(office invite --user lee --json | jq -r .code)
refused "another worker's code leaves a vault as it is" 1 'belongs to dana' \
	as dana enroll --server "$url" --code "$code"
: >"$dir/begun.vault"
refused 'a vault that was never finished says so' 1 'never finished' \
	on "$dir/begun.vault" status
check 'and enrolling finishes it, with the code that is still good' \
	on "$dir/begun.vault" enroll --server "$url" --code "$code"
refused 'a server that is not there is named' 1 'does not answer' \
	on "$dir/far.vault" enroll --server http://127.0.0.1:1 --code "$code"
refused 'an address that means nothing is refused' 1 'not understood' \
	on "$dir/far.vault" enroll --server office.example --code "$code"
refused 'so is a port that is none' 1 'not understood' \
	on "$dir/far.vault" enroll --server "${url%:*}:port" --code "$code"
refused 'a certificate file that is missing is named, needed or not' 1 \
	'none.pem is not there' on "$dir/far.vault" enroll --server "$url" \
	--code "$code" --ca "$dir/none.pem"
refused 'and one that is none' 1 'holds no certificate' on "$dir/far.vault" \
	enroll --server "$url" --code "$code" --ca "$SATCHEL_PASSPHRASE_FILE"
refused 'what cannot be a code is not asked about' 1 '16 letters' \
	on "$dir/far.vault" enroll --server "$url" --code AAAA-AAAA-AAAA
equal 'none of these leaves a vault behind' \
	"$(find "$dir" -name 'far.vault*' | wc -l)-" 0-
refused 'once the office was asked it stays, with the key' 1 'unknown, used' \
	on "$dir/far.vault" enroll --server "$url" --code AAAA-AAAA-AAAA-AAAA
check 'as is true' test -s "$dir/far.vault"

# Another agency's office.
"$central" init --data "$dir/south" --agency south >"$dir/out"
"$central" user add sue --role worker --data "$dir/south" >"$dir/out"
code=$("$central" invite --data "$dir/south" --user sue --json | jq -r .code)
"$central" serve --data "$dir/south" --listen 127.0.0.1:0 \
	>"$dir/south.out" 2>"$dir/south.log" &
south=$!
until_true grep -q listening "$dir/south.out"
refused 'a vault of another agency is left as it is' 1 'another agency' \
	as dana enroll --server "$(sed 's/.* //' "$dir/south.out")" --code "$code"
check 'and the code stays good' on "$dir/south.vault" enroll \
	--server "$(sed 's/.* //' "$dir/south.out")" --code "$code"
kill "$south"
wait "$south"
check 'and still syncs with its own' syncs dana
mv "$dir/south.keys" "$dir/south.own"
cp -r "$dir/office.keys" "$dir/south.keys"
refused "another agency's keys open no office" 1 "another office's" \
	"$central" status --data "$dir/south"

echo 'satchel office keys 1' >"$dir/south.keys/agency.keys"
refused 'damaged keys do not make the office a damaged one' 1 \
	'keys in .*are damaged; put the copy' "$central" status --data "$dir/south"

# The office.
refused 'a place where nothing can be made is named' 1 'folder /proc/office: No such' \
	"$central" init --data /proc/office --agency x
refused 'a port in use is named' 1 "127.0.0.1:$port already" \
	office serve --listen "127.0.0.1:$port"
refused 'plain HTTP off this machine is refused' 1 'tls-cert' \
	office serve --listen 0.0.0.0:0
refused 'a file is no office' 1 'is no folder' \
	"$central" status --data "$dir/dana.vault"
refused 'no office: says how one is made' 1 'no office in .*init' \
	"$central" status --data "$dir/nowhere"
cp -r "$dir/office" "$dir/later"
cp -r "$dir/office.keys" "$dir/later.keys"
sqlite3 "$dir/later/office.db" 'PRAGMA user_version = 99'
refused 'a newer store asks for an update' 1 'newer satchel-central' \
	"$central" status --data "$dir/later"
refused 'a directory that is not there is named' 1 'nowhere' \
	office import hsds "$dir/nowhere"

# The daemon.
refused 'the daemon names a configuration that is not there' 2 'none.ini' \
	"$satcheld" --config "$dir/none.ini"
printf '[vault dana]\npath = x\nbogus = 1\n' >"$dir/bad.ini"
refused 'and a setting that it does not know' 2 'bad.ini.*bogus' \
	"$satcheld" --config "$dir/bad.ini"
printf '[daemon]\n\n[vault dana]\n' >"$dir/bad.ini"
refused 'and a vault of which nothing is said, with its line' 2 \
	'bad.ini:3: .vault dana. has no path' "$satcheld" --config "$dir/bad.ini"
printf '[daemon]\n[valt dana]\n' >"$dir/bad.ini"
refused 'and a section that means nothing' 2 \
	'bad.ini:2: .valt dana. is neither' "$satcheld" --config "$dir/bad.ini"
refused 'a vault to sync once that is not there is named, once' 1 \
	'^satcheld: there is no vault at .*none.vault' \
	"$satcheld" --once --vault "$dir/none.vault"
daemon_line() { # OPTION...: what it says beside its log
	"$satcheld" "$@" 2>"$dir/daemon.log"
	local code=$?
	grep -v '^program=' "$dir/daemon.log" >&2
	return $code
}
refused 'a socket in a folder that is not there is said to be so' 1 'socket' \
	daemon_line --vault "$dir/dana.vault" --socket "$dir/none/x.sock"

# A full disk and a read-only folder need a file system of their own.
disk=$dir/disk
mkdir "$disk"
unmount() { umount "$disk" 2>/dev/null; }
if mount -t tmpfs -o size=3m tmpfs "$disk" 2>/dev/null; then
	trap 'unmount; finish' EXIT
	code=$(office invite --user lee --json | jq -r .code)
	on "$disk/lee.vault" enroll --server "$url" --code "$code" >"$dir/out"
	person=$(on "$disk/lee.vault" put person first_name=Full)
	written=1
	head -c 60000 /dev/urandom | base64 -w0 >"$dir/text"
	while [ $written -lt 90 ] && on "$disk/lee.vault" contact "$person" \
		--kind phone --narrative - <"$dir/text" >"$dir/out" 2>"$dir/err"; do
		written=$((written + 1))
	done
	equal 'a full disk is one line that says so' \
		"$(grep -c 'disk is full.*make room' "$dir/err")-$(wc -l <"$dir/err")" 1-1
	equal 'which says that the text could not be kept either' \
		"$(grep -c 'NOT kept as a draft either: .*full' "$dir/err")" 1
	equal 'as is true' \
		"$(on "$disk/lee.vault" status --json | jq .drafts)" 0
	equal 'what was acknowledged is there' \
		"$(on "$disk/lee.vault" status --json | jq .here)" "$written"
	mount -o remount,ro "$disk"
	refused 'a read-only folder is named' 1 'lee.vault.*cannot be written' \
		on "$disk/lee.vault" put person first_name=x
	mount -o remount,rw,size=30m "$disk"
	check 'with room again everything is sent' on "$disk/lee.vault" sync
	equal 'and nothing is left' \
		"$(on "$disk/lee.vault" status --json | jq .here)" 0
	unmount
elif [ -w /dev/full ]; then
	refused 'a full output is one line that says so' 1 'not written' \
		bash -c "SATCHEL_VAULT='$dir/dana.vault' '$satchel' list person >/dev/full"
fi
check 'the office is sound after all this' office verify
done_testing
