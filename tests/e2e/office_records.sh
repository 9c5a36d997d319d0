#!/usr/bin/env bash
# The office at work on what devices brought: conflicts, holds, disclosure,
# export, revocation, SQL views.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server || exit 1
for who in dana lee kim vita; do enrol $who || exit 1; done
person=$(as dana put person legal_name='Ruth Ames' first_name=Ruth \
	phone=662-555-0142 language=en)
household=$(as dana put household --case "$person" name=Ames \
	income_cents=1800)
syncs dana lee || exit 1
both() { # both DANA LEE: two incomes that had not seen each other
	revise dana "$household" income_cents="$1" &&
		revise lee "$household" income_cents="$2" && syncs dana lee dana
}

# --- cases
equal 'a new case is in its maker'"'"'s first caseload' "$(office case list \
	--json | jq -c '[.[]|[.case,.scopes,.conflicts]]')" \
	"[[\"$person\",[\"caseload:east\"],0]]"

# --- conflicts
both 2000 2500 || exit 1
office conflicts list --json >"$dir/conflicts"
equal 'a conflict has record, field, type, case' "$(jq -c \
	'[.[]|[.record,.field,.type,.case]]' "$dir/conflicts")" \
	"[[\"$household\",\"income_cents\",\"household\",\"$person\"]]"
equal 'base and values with their authors' "$(jq -c \
	'.[0]|[.base,([.values[]|[.author,.value]]|sort)]' "$dir/conflicts")" \
	'[1800,[["dana",2000],["lee",2500]]]'
equal 'dots, write ids and times' "$(jq \
	'[.[0].values[]|select((.dot|test("^w.{12}:[0-9]+$")) and
	(.write|length)==24 and .at>1e12)]|length' "$dir/conflicts")" 2
equal 'and the context to decide in' \
	"$(jq -r '.[0].context[0:3]' "$dir/conflicts")" c1.
office conflicts list >"$dir/text"
check 'people read who wrote what' grep -q 'dana wrote "2000" on' "$dir/text"
check 'that neither had seen it' grep -q \
	"neither had seen the other's" "$dir/text"
check 'and what is in force' grep -q 'in force meanwhile: 1800' "$dir/text"
equal 'status counts it' "$(office status --json | jq .conflicts)" 1
equal 'the case list too' "$(office case list --json | jq '.[0].conflicts')" 1

dot=$(jq -r '.[0].values[]|select(.author=="lee").dot' "$dir/conflicts")
write=$(jq -r '.[0].values[]|select(.author=="dana").write' "$dir/conflicts")
old=$(jq -r '.[0].context' "$dir/conflicts")
refused 'a value that is none of them' 1 'none of the values' office \
	conflicts resolve "$household" income_cents --keep nothing --as ruth
refused 'a field that is not in conflict' 1 'not in conflict' office \
	conflicts resolve "$household" name --keep "$dot" --as ruth
refused 'a field that is not there' 1 'no value in a field' office \
	conflicts resolve "$household" nothing --keep "$dot" --as ruth
refused 'a context that is none' 2 'no context' office conflicts resolve \
	"$household" income_cents --keep "$dot" --context x --as ruth
refused "another record's context" 1 'another record' office conflicts \
	resolve "$household" income_cents --keep "$dot" --as ruth \
	--context "$(office show "$person" --json | jq -r .context)"
refused 'a value of the wrong kind' 1 'income_cents' office conflicts resolve \
	"$household" income_cents --value lots --as ruth
refused 'nobody decides anonymously' 1 'who writes this' office \
	conflicts resolve "$household" income_cents --keep "$dot"
check 'one value is kept, named by its dot' office conflicts resolve \
	"$household" income_cents --keep "$dot" --as ruth
equal 'nothing waits any more' "$(office conflicts list --json)" '[]'
syncs dana lee || exit 1
equal 'devices learn it' "$(value dana "$household" income_cents)" 2500
both 3000 3500 || exit 1
refused 'what is not seen any more is not kept' 1 'none of the values' \
	office conflicts resolve "$household" income_cents --keep "$write" --as ruth
all=$(office conflicts list --json | jq -r '.[0].values[].write')
# shellcheck disable=SC2086
check 'all may stand' office conflicts resolve "$household" income_cents \
	--keep $all --as ruth
equal 'which closes it too' "$(office conflicts list --json)" '[]'
syncs dana lee || exit 1
both 4000 4500 || exit 1
check 'or a new value does' office conflicts resolve "$household" \
	income_cents --value 4200 --as ruth
equal 'which is in force' "$(office show "$household" --json |
	jq .fields.income_cents.value)" 4200
syncs dana lee || exit 1
both 6000 6500 || exit 1
refused 'an empty value is no decision' 2 'say --clear' office conflicts \
	resolve "$household" income_cents --value '' --as ruth
refused 'clearing and a value are two' 2 'different decisions' office conflicts \
	resolve "$household" income_cents --value 1 --clear --as ruth
check 'no value at all may stand' office conflicts resolve "$household" \
	income_cents --clear --as ruth
equal 'which closes it' "$(office conflicts list --json)" '[]'
equal 'and leaves the field empty' "$(office show "$household" --json |
	jq .fields.income_cents.value)" null
syncs dana lee || exit 1
both 5000 5500 || exit 1
check 'a decision made on an old screen' office conflicts resolve \
	"$household" income_cents --value 5200 --context "$old" --as ruth
equal 'buries nothing that was not on it' "$(office conflicts list --json |
	jq -c '[.[0].values[].value]|sort')" '[5000,5200,5500]'
check 'and can be settled' office conflicts resolve "$household" \
	income_cents --value 5300 --as ruth
equal 'every value ever written is in history' "$(office show "$household" \
	--history --json | jq -c '[.history[].set.income_cents//empty]|sort')" \
	'[1800,2000,2500,3000,3500,4000,4200,4500,5000,5200,5300,5500,6000,6500]'
syncs dana lee || exit 1
equal 'office and devices show the same bytes' \
	"$(office show "$household" --json | jq -r .hash)" \
	"$(hash_of lee "$household")"

# --- lists and views
equal 'lists may be narrowed' "$(office list person --where first_name=Ruth \
	--json | jq length)$(office list person --where first_name=X --json)" '1[]'
refused 'in one way' 2 'FIELD=VALUE' office list person --where Ruth
equal 'a view shows the same to any SQL client' "$(sqlite3 -readonly \
	"$dir/office/office.db" "SELECT record, case_id, name, income_cents,
	income_cents__open FROM v_household")" "$household|$person|Ames|5300|0"
check 'people may read a record' office show "$household" --history

# --- export
office export case "$person" --as ruth --purpose audit \
	--format ndjson >"$dir/export"
equal 'an export begins with what it is' "$(head -n 1 "$dir/export" |
	jq -c '[.export.agency,.export.case]')" "[\"north\",\"$person\"]"
equal 'has every record' "$(jq -r 'select(.record).record.type' "$dir/export" |
	sort | uniq -c | xargs)" '1 assignment 1 disclosure_log 1 household 1 person'
equal 'and every line' "$(jq -r 'select(.line).line' "$dir/export" |
	wc -l)" "$(head -n 1 "$dir/export" | jq .export.lines)"
equal 'byte for byte' "$(jq -r 'select(.line)|.line+" "+.hash' "$dir/export" |
	/usr/bin/python3 -c '
import base64, hashlib, sys
print(all(base64.urlsafe_b64encode(hashlib.blake2b(
    line.rsplit(" ", 1)[0].encode(), digest_size=32).digest())
    .decode().rstrip("=") == line.rsplit(" ", 1)[1].strip()
    for line in sys.stdin))')" True
printed() { # [OPTION...]: the page as text, one line an element
	office export case "$person" --as ruth --purpose participant_request \
		--format html "$@" | /usr/bin/python3 -c '
import html.parser, sys
class Page(html.parser.HTMLParser):
    def handle_data(self, data):
        data = " ".join(data.split())
        if data:
            print(data)
Page().feed(sys.stdin.read())'
}
today=$(date +%F)
long_ago=2020-02-29
printed --as-of "$today" >"$dir/page"
equal 'it can be printed, field by field' "$(grep -c -x -e 'Monthly income' \
	-e "Ruth's \$" -e '\$53.00' "$dir/page")" 2
equal 'with every line' "$(grep -c -x -E '[A-Za-z0-9_-]{43}' "$dir/page")" \
	"$(head -n 1 "$dir/export" | jq '.export.lines + 1')"
equal 'by its hash' "$(grep -x -E '[A-Za-z0-9_-]{43}' "$dir/page" | grep -c -x \
	-F -f <(jq -r 'select(.hash).hash' "$dir/export"))" \
	"$(head -n 1 "$dir/export" | jq .export.lines)"
check 'as it stood on a day' grep -q "at the end of $today" "$dir/page"
equal 'when nothing had come nothing was known' \
	"$(printed --as-of "$long_ago" | grep -c '0 records, 0 lines')" 1
equal 'and the lines of a day are those that had come' "$(office export case \
	"$person" --as-of "$today" --as ruth --purpose audit | jq -c 'select(.record).record |
	select(.type != "disclosure_log")' | sort)" \
	"$(jq -c 'select(.record).record | select(.type != "disclosure_log")' \
		"$dir/export" | sort)"
refused 'a day that is none' 2 'a date such as' \
	office export case "$person" --as-of 2026-02-29
equal 'who took it stands in the acts' "$(sqlite3 -readonly \
	"$dir/office/office.db" "SELECT count(*) FROM act WHERE what = 'export'")" 4
equal 'and each in the log of disclosures' "$(office list disclosure_log --json |
	jq -c --arg person "$person" 'map(select(.fields.person == $person).fields |
	[.purpose, .to_whom, .method, .basis]) | unique')" \
	'[["audit","ruth","export","law"],["participant_request","ruth","export","law"]]'

# --- disclosure
disclose() { office disclose "$@" --as ruth; }
bare=$(as dana refer "$person" --status ready)
consent=$(as dana put consent person="$person" kind=referral_specific \
	recipients=lift data_classes='first_name, phone' status=given)
referral=$(as dana refer "$person" --consent "$consent" --status ready)
syncs dana vita || exit 1
refused 'nothing is told without a consent' 1 'names no consent' \
	disclose "$bare" --site lift
refused 'nor to a site that it does not name' 1 'does not name site:other' \
	disclose "$referral" --site other
refused 'nor of what is no referral' 1 'not a referral' \
	disclose "$person" --site lift
refused 'a site is needed' 2 '--site S is missing' disclose "$referral"
told=$(disclose "$referral" --site lift --json)
equal 'just what the consent names is told' "$(jq -c .shared <<<"$told")" \
	'["first_name","phone"]'
record=$(jq -r .record <<<"$told")
syncs vita dana || exit 1
equal 'the site has it' "$(as vita show "$record" --json | jq -c \
	'[.fields.first_name.value,.fields.phone.value,.fields.language.value]')" \
	'["Ruth","662-555-0142",null]'
refused 'and nothing else' 1 . as vita show "$person"
equal 'the referral says what was told, to whom' "$(as dana show "$referral" \
	--json | jq -r '.fields.information_shared.value[0][11:]')" \
	'site:lift: first_name, phone'
equal 'and so does the log of disclosures' "$(office list disclosure_log --json |
	jq -c '.[].fields | select(.to_whom == "site:lift") |
	[.purpose, .data_classes, .method, .consent, .referral]')" \
	"[\"service_coordination\",[\"first_name\",\"phone\"],\"electronic\",\"$consent\",\"$referral\"]"
refused 'a site is told once' 1 'told of this referral already' \
	disclose "$referral" --site lift
revise vita "$record" status=contacted && syncs vita dana || exit 1
equal 'its answer reaches the worker' "$(value dana "$record" status)" \
	'"contacted"'
late=$(as dana refer "$person" --consent "$consent" --status ready)
revise dana "$consent" status=revoked && syncs dana || exit 1
refused 'a revoked consent tells nothing' 1 'revoked the consent' \
	disclose "$late" --site lift

# --- holds
stop_server
other=$(as kim put person legal_name='Orrin Vale')
start_server && syncs kim || exit 1
office case assign "$other" --caseload east --as ruth >/dev/null
syncs kim || exit 1
replica=$(office replica list --json |
	jq -r '.[]|select(.user=="dana").replica')
as dana put need person="$person" domain=income status=open >"$dir/need"
need=$(cat "$dir/need")
check 'a device is revoked' office replica revoke "$replica" \
	--reason 'left on a bus' --as ruth
refused 'once' 1 'revoked already' office replica revoke "$replica" --as ruth
equal 'the list says so' "$(office replica list --json |
	jq -r '.[]|select(.user=="dana").state')" revoked
as dana sync >"$dir/out" 2>&1
office holds list --json >"$dir/holds"
equal 'what it still brings is held' "$(jq -c '[.[]|[.reason,.record]]' \
	"$dir/holds")" "[[\"revoked\",\"$need\"]]"
equal 'with what is in it' "$(jq -r '.[0].entry.set.domain' "$dir/holds")" \
	income
check 'people read why' bash -c "'$central' holds list --data '$dir/office' |
	grep -q 'shut out'"
equal 'status counts it' "$(office status --json | jq .holds)" 1
hold=$(jq -r '.[0].dot' "$dir/holds")
check 'it is released' office holds release "$hold" --as ruth
equal 'and takes effect' "$(office show "$need" --json |
	jq -r .fields.domain.value)" income
refused 'once' 1 'released already' office holds release "$hold" --as ruth
equal 'nothing is held' "$(office holds list --json)" '[]'
syncs lee || exit 1
equal 'devices have it' "$(value lee "$need" domain)" '"income"'

# --- the whole
check 'the office verifies' office verify
equal 'in numbers' "$(office verify --json | jq -c .)" \
	'{"found":[],"problems":0}'
before=$(office show "$household" --json | jq -r .hash)
check 'it is derived anew' office rebuild
equal 'to the same bytes' "$(office show "$household" --json | jq -r .hash)" \
	"$before"
check 'and verifies' office verify
done_testing
