#!/usr/bin/env bash
# A case is given to another worker while the first one has unsent work on it.
# She syncs once: all that was unsent is at the office, her vault, opened with
# her passphrase table by table, has no row of the case that opens, and from the
# office's decision on no line of it was on her wire.
. "$(dirname "$0")/lib/office.bash"
. "$(dirname "$0")/lib/tap.bash"

make_office && start_server && tap_begin || exit 1
direct=$url
url=$tapped
enrol dana || exit 1
url=$direct
enrol kim || exit 1
mkdir "$dir/card"
opens() { # into $dir/opened
	python3 "$here/vault_open.py" "$dir/dana.vault" \
		"$SATCHEL_DEVICE_SECRET_FILE" "$SATCHEL_PASSPHRASE_FILE" \
		"$here/../../vectors/dictionary_1.bin" >"$dir/opened"
}
attach() { as dana attach "$1" attachments "$2" --context "$(context dana "$1")"; }

check 'a mirror stands on a card' as dana mirror "$dir/card/dana.mirror"
stays=$(as dana put person legal_name='Stays Here')
case=$(as dana put person legal_name='Quillonne Zephyrhart' phones+=6625550147)
as dana contact "$stays" --kind phone --narrative 'of the one who stays' \
	>/dev/null
note=$(as dana contact "$case" --kind phone \
	--narrative 'the xylophonic marmalade')
household=$(as dana put household address='17 Larkspur Hollow' --case "$case")
echo 'a scan of an obsidian pelican' >"$dir/scan.txt"
attach "$note" "$dir/scan.txt" >/dev/null
syncs dana kim dana || exit 1
# Unsent work of each kind.
unsent=$(as dana contact "$case" --kind phone \
	--narrative 'the vermilion umbrella')
revise dana "$case" preferred_name=Zephyrine
echo 'a second scan, of a weathervane ledger' >"$dir/second.txt"
attach "$unsent" "$dir/second.txt" >/dev/null
as dana contact "$case" --kind wrong --narrative - \
	<<<'a draft about a teapot' >"$dir/out" 2>&1
equal 'a text that was refused is a draft' "$(as dana status --json |
	jq .drafts)" 1
check 'her vault opens with her passphrase' opens
equal 'every sealed row of it' "$(jq -c .shut "$dir/opened")" '[]'
of_case() { # records and rows of the case that open, by table
	jq -c --arg c "$case" '[.opened[] | select(.case == $c) | .table] |
		group_by(.) | map({key: .[0], value: length}) | from_entries' \
		"$dir/opened"
}
equal 'there are lines, records and pieces of attachments of the case' \
	"$(of_case | jq -c '[.log > 5, .record > 0, .blob_chunk]')" \
	'[true,true,2]'
jq -r --arg c "$case" '.wraps[$c]' "$dir/opened" >"$dir/wrap"
equal 'with a wrapping of its key' "$(wc -c <"$dir/wrap" |
	awk '{ print ($1 > 100) }')" 1
lies() { # where those bytes are
	python3 - "$dir/wrap" "$dir"/dana.vault* "$dir"/card/* <<-'END'
		import base64, os, sys
		wrap = bytes.fromhex(open(sys.argv[1]).read())
		forms = [wrap, wrap.hex().encode()] + [
		    base64.urlsafe_b64encode(b"\0" * n + wrap)[4:-4] for n in range(3)]
		for path in sys.argv[2:]:
		    with open(path, "rb") as f:
		        content = f.read()
		    if any(form in content for form in forms):
		        print(os.path.basename(path).split("-")[0])
	END
}
equal 'which lies in the vault, its key file and on the card' "$(lies | sort -u |
	paste -sd ' ')" 'dana.mirror dana.vault dana.vault.keys'

check 'the office gives the case to another' office case assign "$case" \
	--caseload west --as ruth
syncs kim || exit 1
as kim contact "$case" --kind phone --narrative 'by the new worker' >/dev/null
syncs kim || exit 1
# Ids of all records of the case, but for its own.
office export case "$case" --purpose audit --as ruth | jq -r \
	'.record.record // empty' | grep -v "$case" | sort -u >"$dir/ids"
check 'the case has records' test "$(wc -l <"$dir/ids")" -ge 5
tap_forget
syncs dana || exit 1

nothing_sent() { # WHEN: on her wire
	check "$1: the wire is read whole" tap_trace
	equal "$1: of the case the office says that it has left, and no more" \
		"$(grep '^< ' "$dir/trace" | grep -F -- "$case" |
		grep -Evc '^< \{"leave":\{"at":[0-9]*,"case":')" 0
	equal "$1: no record of it" \
		"$(grep '^< ' "$dir/trace" | grep -cFf "$dir/ids")" 0
	equal "$1: no word of it" "$(grep '^< ' "$dir/trace" | grep -Eci \
		'zephyr|marmalade|umbrella|larkspur|new worker|pelican|ledger')" 0
}
nothing_sent 'the one sync'
equal 'it did tell her, once' "$(grep -c '^< {"leave":' "$dir/trace")" 1
check 'her vault opens' opens
equal 'no row of the case does' "$(of_case)" '{}'
equal 'no word of it is in what does' "$(jq -c '[.opened[] |
	select(.table != "draft") | select(.text | ascii_downcase |
	test("zephyr|marmalade|umbrella|larkspur|pelican|ledger"))]' \
	"$dir/opened")" '[]'
equal 'nor an id of it' "$(jq -r '.opened[] | select(.table != "draft").text' \
	"$dir/opened" | grep -cFf <(cat "$dir/ids"; echo "$case"))" 0
equal 'what does not open has lost its key' \
	"$(jq -c '[.shut[].destroyed] | unique' "$dir/opened")" '[true]'
equal 'and is a line or a piece of an attachment, no state' "$(jq -c \
	'[.shut[].table] | unique - ["blob_chunk", "log"]' "$dir/opened")" '[]'
equal 'the wrapping of that key is in no file' "$(lies | sort -u)x" x
equal 'what stays opens as before' "$(jq -c --arg c "$stays" '[.opened[] |
	select(.case == $c and .table == "log") | .text |
	test("of the one who stays")] | any' "$dir/opened")" true
cat >"$dir/words" <<-'END'
	Zephyrhart
	Zephyrine
	xylophonic marmalade
	vermilion umbrella
	Larkspur Hollow
	obsidian pelican
	weathervane ledger
	6625550147
END
check 'nothing is readable in vault, log and mirror' python3 \
	"$here/thief.py" "$dir/words" "$dir"/dana.vault* "$dir/card"

# Nothing unsent was lost.
equal 'nothing of hers waits' "$(as dana status --json |
	jq -c '[.here, .attachments]')" '[0,0]'
equal 'the office has all notes' "$(office list contact --json | jq -c \
	--arg c "$case" '[.[] | select(.fields.person == $c).fields.narrative] |
	sort')" \
	'["by the new worker","the vermilion umbrella","the xylophonic marmalade"]'
equal 'in effect: she could not know' "$(office holds list --json)" '[]'
equal 'and both attachments' \
	"$(office attachment list --missing --json | jq length)" 0
syncs kim || exit 1
equal 'the new worker has them all' "$(as kim list contact --json | jq -c \
	'[.[].fields.narrative] | sort')" \
	'["by the new worker","the vermilion umbrella","the xylophonic marmalade"]'
equal 'the edit' "$(value kim "$case" preferred_name)" '"Zephyrine"'
equal 'the address' "$(value kim "$household" address)" '"17 Larkspur Hollow"'
for blob in $(as kim attachment list --json | jq -r '.[].blob'); do
	as kim attachment save "$blob" "$dir/kim.$blob" >"$dir/out" 2>&1
done
equal 'and the files' "$(cat "$dir"/kim.[0-9a-f]* | sort)" \
	"$(sort "$dir/scan.txt" "$dir/second.txt")"
equal 'the text that was refused is hers alone, and still there' \
	"$(as dana draft list --json | jq length)" 1

# From then on, whatever happens to the case.
tap_forget
as kim contact "$case" --kind phone --narrative 'umbrella, new worker' >/dev/null
revise kim "$case" preferred_name=Zephyr
syncs kim || exit 1
as lee status >/dev/null 2>&1
as dana contact "$stays" --kind phone --narrative 'life goes on' >/dev/null
syncs dana dana || exit 1
nothing_sent 'later syncs'
equal 'later syncs do not name it at all' "$(grep '^< ' "$dir/trace" |
	grep -cF -- "$case")" 0
check 'her vault opens still' opens
equal 'and no row of the case' "$(of_case)" '{}'
equal 'the wrapping is in no file' "$(lies | sort -u)x" x
check 'the vault is sound' as dana verify
check 'so is the office' office verify
done_testing
