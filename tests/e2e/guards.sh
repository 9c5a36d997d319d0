#!/usr/bin/env bash
# Guards with real programs: whoever moves a record to where something is
# missing is told and the write stands; the office lists it until it is there.
. "$(dirname "$0")/lib/office.bash"

make_office && start_server && enrol dana || exit 1
# what was remarked on the command that was run last
said() { cat "$dir/note"; }
written() { # COMMAND...: prints the record's id
	"$@" 2>"$dir/note"
}
missing() { office findings --policy guard --json | jq -r ".rows[]|$1"; }
found() { missing .record | sort; } # the records

ames=$(written as dana put person legal_name='Ada Ames')
equal 'where nothing is asked for nothing is said' "$(said | wc -l)" 0

# --- consent before a referral leaves
referral=$(written as dana refer "$ames" --status sent)
check 'a referral without consent is written' as dana show "$referral"
equal 'in one line on what is missing' "$(said | wc -l)" 1
check 'which says what to do' grep -q \
	'^satchel: note: status: .*record the consent.*(24-6.7' "$dir/note"
equal 'it is stored as it was typed' "$(as dana show "$referral" --json |
	jq -r .fields.status.value)" sent
equal 'a program is told, too' "$(as dana refer "$ames" --status sent \
	--json 2>"$dir/note" | jq -r '.warning|test("record the consent")')" true
equal 'and by it nobody else' "$(said | wc -l)" 0
equal 'so it is of put' "$(as dana put referral person="$ames" status=ready \
	--json | jq -r '.warning|test("record the consent")')" true
syncs dana || exit 1
equal 'the office finds all three' \
	"$(found | grep -c .)" 3
check 'the first among them' grep -q "$referral" <(found)

# --- asked for beforehand
count_all() { as dana list referral --json | jq length; }
before=$(count_all) drafts=$(as dana draft list --json | jq length)
refused 'what would be missing can be asked for' 3 'status: .*record the consent' \
	as dana put referral person="$ames" status=sent --check
equal 'and nothing is said of a record' "$(cat "$dir/out")-" -
equal 'a program learns it, too' "$(as dana put referral person="$ames" \
	status=sent --check --json | jq -c '[keys, (.warning|test("consent"))]'
	)$?" '[["warning"],true]0'
as dana put referral person="$ames" status=sent --check --json >"$dir/out"
equal 'by its exit code' $? 3
refused 'a code that nobody knows is remarked on' 3 'urgency: an unknown code' \
	as dana put referral person="$ames" urgency=soonish --lenient --check
as dana put referral person="$ames" status=draft --check >"$dir/out" 2>&1
equal 'where nothing is missing it is silent' "$?$(cat "$dir/out")" 0
refused 'what cannot be written at all fails as ever' 1 'urgency' \
	as dana put referral person="$ames" urgency=soonish --check
printf '%s\n' '{"status":"draft"}' '{"status":"sent"}' >"$dir/lines"
refused 'line by line, too' 3 'record the consent' \
	as dana put referral --case "$ames" --each --check <"$dir/lines"
equal 'nothing was written, and nothing kept as a draft' \
	"$(count_all) $(as dana draft list --json | jq length)" "$before $drafts"
consent=$(written as dana put consent person="$ames" kind=arf_001_release \
	status=given mark=on_paper)
equal 'a release that was signed wants nothing' "$(said | wc -l)" 0
for record in $(found); do
	revise dana "$record" consent="$consent" || exit 1
done
syncs dana || exit 1
equal 'then they are gone, and nothing else is missing' "$(found | wc -l)" 0

# --- both signatures, and what both are bound to
contract=$(written as dana put family_contract person="$ames" status=draft)
amendment=$(written as dana put contract_amendment person="$ames" \
	contract="$contract" text='We both.' status=in_force)
equal 'each thing that is missing has its line' "$(grep -c \
	'^satchel: note: status: .*(ME-II-6); stored' "$dir/note")" 4
syncs dana || exit 1
equal 'the office lists each' "$(found | grep -c "$amendment")" 6
for role in participant department; do
	written as dana put signature of="$amendment" person="$ames" \
		role=$role mark=on_paper text_hash=x \
		occurred_at=2026-11-20T10:00-06:00 >/dev/null
	written as dana put obligation amendment="$amendment" person="$ames" \
		party=$role what='Keeps the appointments.' >/dev/null
done
syncs dana || exit 1
equal 'what is there now is listed no more' \
	"$(found | grep -c "$amendment")" 2
only=$(missing 'select(.what|test("fair hearing")).finding')
check 'somebody may say why one needs no more' office findings resolve "$only" \
	--reason 'Was told by letter.' --as ruth
equal 'the copy alone is still asked for' "$(missing .what)" \
	'the participant has no copy: give one and add the day to `copy_given_on`'

# --- what belongs to no case
model=$(written as dana put needs_assessment entity=delta year=2026 \
	status=approved)
check 'the agency'"'"'s own papers have guards' grep -q 'top three' "$dir/note"
syncs dana || exit 1
check 'the office lists them' grep -q "$model" <(found)
check 'and they can be resolved' office findings resolve \
	"$(missing "select(.record==\"$model\").finding")" --reason 'The county ranks two.' --as ruth
check 'the office verifies' office verify
done_testing
