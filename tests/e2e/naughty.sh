#!/usr/bin/env bash
# Texts that other programs stumble over, any script and any length up to the
# limit: what one device is given, another one shows, and the office shows,
# exports and prints, byte for byte and never as markup.
. "$(dirname "$0")/lib/office.bash"
here=$(cd "$(dirname "$0")" && pwd)

make_office && start_server && enrol dana && enrol lee || exit 1
# Beside the list: every other control character, the ends of planes, what an
# editor would tidy away, and texts of other scripts.
jq -c '. + [([range(1; 32), range(127; 160)] | implode), "\ud7ff\ue000\ufffd",
	"\ud83f\udffe\ud83f\udfff\udbff\udfff", "\ufdd0\ufffe\uffff",
	" leading, trailing \t", "a\r\nb\rc\n\n", "\u0065\u0301 is not \u00e9",
	"Զարուհի ζωή Жанна שָׁלוֹם سلام हिन्दी ไทย ខ្មែរ ᏣᎳᎩ 中文 日本語 한국어 👩‍👩‍👧‍👦"]' \
	"$here/../vectors/naughty_strings.json" >"$dir/strings"
count=$(jq length "$dir/strings")
check 'there are hundreds' test "$count" -gt 400
jq -c 'sort' "$dir/strings" >"$dir/sorted"

person=$(as dana put person legal_name='</title><script>alert(1)</script>')
plain=$(as dana put person legal_name='Ruth Ames')
# Each string as a narrative and as one of several texts, and as a name.
contacts() { # PERSON FILE
	jq -c --arg person "$1" '.[] | {$person, kind: "phone", narrative: .,
		spoken_to: [., .]}' "$2" | as dana put contact --each - >"$dir/out"
}
contacts "$person" "$dir/strings" || not_ok 'they are written'
equal 'each is a record' "$(sort -u "$dir/out" | wc -l)" "$count"
jq -c '[range(length) | "text"]' "$dir/strings" >"$dir/harmless"
contacts "$plain" "$dir/harmless" || exit 1
jq -c '.[] | {legal_name: .}' "$dir/strings" |
	as dana put person --each - >"$dir/names"
equal 'each is a name' "$(sort -u "$dir/names" | wc -l)" "$count"
# As bytes on standard input, all in one text.
jq -j '.[]' "$dir/strings" >"$dir/all"
whole=$(as dana contact "$person" --kind office --narrative - <"$dir/all")
as dana contact "$plain" --kind office --narrative text >"$dir/out"
# As long as a record with its other fields can be.
head -c 87000 /dev/zero | sed 's/\x0/語/g' >"$dir/long"
other=$(as dana put person legal_name='Long Story')
long=$(as dana contact "$other" --kind office --narrative - <"$dir/long")
syncs dana lee || exit 1

# On the other device.
as lee list contact --json >"$dir/contacts"
sorted() { # FILTER FILE
	jq -c --arg person "$person" --arg whole "$whole" "[$1] | sort" "$2"
}
same() { # NAME: standard input is all strings, sorted
	cat >"$dir/got"
	check "$1" cmp "$dir/got" "$dir/sorted"
}
mine='select(.fields.person == $person and .record != $whole).fields'
sorted ".[] | $mine.narrative" "$dir/contacts" |
	same 'another device has each as it was given'
sorted ".[] | $mine.spoken_to | select(.[0] == .[1]) | .[0]" "$dir/contacts" |
	same 'also where there are several'
as lee list person --json | jq -c --slurpfile ids <(jq -R . "$dir/names") \
	'[.[] | select(.record | IN($ids[])).fields.legal_name] | sort' |
	same 'and each name'
as lee show "$whole" --json | jq -j .fields.narrative.value >"$dir/got"
check 'what came on standard input leaves byte for byte' \
	cmp "$dir/got" "$dir/all"
as lee show "$long" --json | jq -j .fields.narrative.value >"$dir/got"
check 'however long it is' cmp "$dir/got" "$dir/long"
for text in "' OR 1=1 -- 1" '<script>alert(123)</script>' '社會科學院語學研究所' \
	'undefined' '%s%s%s%s%s'; do
	wanted=$(jq -c --arg text "$text" '[.[] | select(. == $text)]' \
		"$dir/strings")
	equal "asked for by its text it is found alone: $text" \
		"$(as lee list person --where "legal_name=$text" --json |
			jq -c '[.[].fields.legal_name]')" "$wanted"
done
as lee list contact >"$dir/listed"
as lee show "$whole" --history >>"$dir/listed"
office list contact >>"$dir/listed"
office show "$whole" >>"$dir/listed"
equal 'a terminal is sent no control character' \
	"$(tr -d '\n\t' <"$dir/listed" | LC_ALL=C grep -acP '[[:cntrl:]]|\xc2[\x80-\x9f]')-" 0-

# At the office.
office list contact --json >"$dir/contacts"
sorted ".[] | $mine.narrative" "$dir/contacts" |
	same 'the office has each as it was given'
office show "$whole" --json | jq -j .fields.narrative.value >"$dir/got"
check 'it shows it byte for byte' cmp "$dir/got" "$dir/all"
office export case "$person" --as ruth --purpose audit \
	--format ndjson >"$dir/export"
# The other case left as often.
office export case "$plain" --as ruth --purpose audit >/dev/null
jq -c --arg whole "$whole" 'select(.record.type == "contact" and
	.record.record != $whole).record.fields.narrative.value' "$dir/export" |
	jq -cs sort | same 'and exports it'
for case in "$person" "$plain"; do
	office export case "$case" --as ruth --purpose audit \
		--format html >"$dir/$case.html"
done
equal 'the case page shows each, and has the elements of a plain one' \
	"$(/usr/bin/python3 "$here/lib/markup.py" "$dir/$person.html" \
		"$dir/$plain.html" "$dir/strings" | head -n 5)-" -
check 'as UTF-8' iconv -f UTF-8 -t UTF-8 "$dir/$person.html"

# What is no text.
no_text() { # NAME BYTES
	printf "$2" >"$dir/bytes"
	refused "$1 is refused" 1 'narrative: byte 3 is not UTF-8.*kept as draft' \
		as dana contact "$person" --kind phone --narrative - <"$dir/bytes"
	as dana draft show "$(sed -n 's/.*kept as draft \([0-9]*\) .*/\1/p' \
		"$dir/err")" >"$dir/got"
	check 'and kept as it was given' cmp "$dir/got" "$dir/bytes"
}
no_text 'half of a surrogate pair' 'ab\xed\xa0\xbd'
no_text 'a character above U+10FFFF' 'ab\xf4\x90\x80\x80'
no_text 'a character that is too long by a byte' 'ab\xc0\xaf'
no_text 'one that is cut' 'ab\xe8\xaa'
for text in 'x\ud83d' 'x\ude00y' 'x\u0000y'; do
	refused "in JSON so is $text" 1 'standard input:1:.*(\\u|U\+0000).*draft' \
		as dana put contact - \
		<<<"{\"person\":\"$person\",\"kind\":\"phone\",\"narrative\":\"$text\"}"
done
check 'both halves of a pair are one character' as dana put contact - \
	<<<"{\"person\":\"$person\",\"kind\":\"phone\",\"narrative\":\"\\ud83d\\ude00\"}"
equal 'which it is' "$(as dana show "$(cat "$dir/out")" --json |
	jq -j .fields.narrative.value | od -An -tx1 | tr -d ' \n')" f09f9880
check 'the vaults verify' as dana verify
check 'both' as lee verify
check 'the office verifies' office verify
done_testing
