#!/usr/bin/env bash
# F16: attachments half sent, huge, missing, none of one's business.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana && enrol lee && enrol kim || exit 1
attach() { # WHO RECORD FIELD FILE: what was seen is what is there now
	local token
	token=$(context "$1" "$2") && as "$1" attach "$2" "$3" "$4" \
		--context "$token"
}
states() { as "$1" attachment list --json | jq -r ".[].state" | sort | uniq -c |
	awk '{printf "%s%s %s", s, $1, $2; s = ", "}'; }
blob_bytes() { ls -l "$dir/office/blobs" 2>/dev/null |
	awk 'NR > 1 {n += $5} END {print n + 0}'; }

person=$(as dana put person legal_name='Ruth Ames')
note=$(as dana contact "$person" --kind home_visit --narrative 'The roof.')
head -c 300000 /dev/urandom >"$dir/roof.jpg"
blob=$(attach dana "$note" attachments "$dir/roof.jpg")
equal 'an attachment is here with its revision' "$(states dana)" '1 here'
check 'and can be read at once' as dana attachment save "$blob" "$dir/again.jpg"
check 'byte for byte' cmp "$dir/roof.jpg" "$dir/again.jpg"
equal 'the vault holds none of it in clear' \
	"$(grep -c -a -F "$(head -c 24 "$dir/roof.jpg" | base64 -w0)" \
		"$dir/dana.vault")" 0
syncs dana lee || exit 1
equal 'F16: the office has it' "$(states dana)" '1 both'
check 'whole' cmp "$dir/roof.jpg" "$dir/office/blobs/$blob"
equal 'a colleague sees that it is at the office' "$(states lee)" '1 office'
check 'and fetches it when it is wanted' \
	as lee attachment save "$blob" "$dir/lee.jpg"
check 'byte for byte too' cmp "$dir/roof.jpg" "$dir/lee.jpg"
equal 'and keeps it' "$(states lee)" '1 both'
done_testing
