#!/usr/bin/env bash
# Twelve stories of two who worked at once, each out of sight of the other: what
# each device and the office show afterwards, that both values stay, and how a
# person settles it.  Each story is about a person of its own, so that all of
# them are offline together and meet in the same syncs.
. "$(dirname "$0")/lib/office.bash"

make_office || exit 1
office user add fay --role fiscal >"$dir/out" || exit 1
start_server --journal "$dir/journal" && enrol dana lost || exit 1
lost=$(office replica list --json | jq -r '.[] | select(.user == "dana").replica')
enrol dana second || exit 1
second=$(office replica list --json | jq -r --arg lost "$lost" \
	'.[] | select(.user == "dana" and .replica != $lost).replica')
enrol dana && enrol lee && enrol ruth || exit 1
everybody='dana second lee ruth'
# what somebody was told about the write
quietly() { "$@" 2>"$dir/note"; }
open_at() { # RECORD: fields that wait for a person, on each device and there
	local who
	for who in dana lee ruth; do
		as $who conflicts --json | jq -c --arg r "$1" \
			'[.[] | select(.record == $r).field] | sort'
	done
	office conflicts list --json | jq -c --arg r "$1" \
		'[.[] | select(.record == $r).field] | sort'
}
everywhere() { # TEXT: what open_at and shown say when all four say it
	printf '%s\n%s\n%s\n%s' "$1" "$1" "$1" "$1"
}
shown() { # RECORD FIELD: its value on each device and at the office
	local who
	for who in dana lee ruth; do value $who "$1" "$2"; done
	office show "$1" --json | jq -c ".fields.$2.value"
}
history() { # RECORD FIELD: [value, author] of all that was ever written
	office show "$1" --history --json | jq -c --arg f "$2" \
		'[.history[] | select(.set | has($f)?) | [.set[$f], .author]] | sort'
}
# findings POLICY RECORD FILTER
findings() {
	office findings --policy "$1" --json | jq -c --arg r "$2" \
		"[.rows[] | select(.record == \$r) | $3]"
}
person() { as dana put person legal_name="$1"; }
at_clock() { # TIME WHO COMMAND...
	local when=$1 who=$2
	shift 2
	SATCHEL_VAULT=$dir/$who.vault ASAN_OPTIONS=verify_asan_link_order=0 \
		faketime -f "$when" "$satchel" "$@"
}

# --- what everybody has before
visited=$(person 'One Visit')
visit=$(as dana contact "$visited" --kind home_visit --narrative 'Roof leaks.' \
	--seal)
drafted=$(person 'Two Tablets')
draft=$(as dana contact "$drafted" --kind phone --narrative 'begun')
moved=$(person 'Three Managers')
assignment=$(as dana put assignment person="$moved" primary=dana)
bound=$(person 'Four Hours')
contract=$(quietly as dana put family_contract person="$bound" status=draft)
amendment=$(quietly as dana put contract_amendment person="$bound" \
	contract="$contract" status=offered text='Eight hours a week.')
broke=$(person 'Five Dollars')
private=$(person 'Six Months')
consent=$(quietly as dana put consent person="$private" kind=arf_001_release \
	status=given mark=on_paper)
early=$(person 'Seven Years')
call=$(as dana contact "$early" --kind phone --narrative 'called')
shared=$(person 'Eight Hands')
stolen=$(person 'Nine Thefts')
working=$(person 'Ten Jobs')
week=$(as dana put work_hours person="$working" activity=job_search \
	week_of=2026-11-09 kind=actual minutes=600)
afraid=$(person 'Eleven Calls')
taxed=$(as dana put person legal_name='Twelve Returns' county=28003)
organization=$(as dana put organization name='Tax help')
site=$(as dana put location name='Library' organization="$organization" \
	vita_site=true season_from=2022-01-15 season_to=2022-04-18 \
	coverage+=28003)
check 'everybody has the twelve' syncs dana lost $everybody
stop_server

# --- offline, each for oneself
# 1. Two workers add notes to one visit.
by_dana=$(as dana put addendum of="$visit" person="$visited" \
	reason=late_information text='The landlord was told.')
by_lee=$(as lee put addendum of="$visit" person="$visited" \
	reason=clarification text='It is the kitchen roof.')
# 2. One worker, two tablets, one draft.
revise dana "$draft" narrative='on the first tablet'
revise second "$draft" narrative='on the second tablet'
# 3. The supervisor gives the case to one, the worker to another.
revise ruth "$assignment" primary=kim
revise dana "$assignment" primary=lee
# 4. The participant signs on one device, the text is edited on another.
hash=$(printf 'Eight hours a week.' | b2sum -l 256 | cut -d' ' -f1)
signature=$(quietly as dana put signature of="$amendment" person="$bound" \
	role=participant mark=on_paper text_hash="$hash" --seal)
token=$(context dana "$amendment")
quietly as dana put --record "$amendment" --context "$token" --seal \
	text_hash="$hash" status=signed_participant >"$dir/out"
revise lee "$amendment" text='Ten hours a week.'
# ... and two write the next amendment of that contract, each for oneself.
next() { # WHO TEXT
	quietly as "$1" put contract_amendment person="$bound" \
		contract="$contract" status=draft text="$2"
}
next_of_dana=$(next dana 'Nine hours a week.')
next_of_lee=$(next lee 'The bus pass is paid.')
# 5. Two ask for the same gas card.
ask() { as "$1" request "$broke" --category transportation --amount 80 --payee Shell; }
first=$(ask dana)
again=$(ask lee)
# 6. Consent is taken back by telephone; who sends the referral does not know.
revise ruth "$consent" status=revoked revoked_how=phone
referral=$(quietly as dana put referral person="$private" status=sent \
	consent="$consent" provider='Clinic' information_shared+=income)
equal '6: who did not know of the revocation is asked for the log alone' \
	"$(grep -c 'note:' "$dir/note") $(grep -c 'disclosure log' "$dir/note")" '1 1'
disclosure=$(as dana put disclosure_log person="$private" \
	at=2026-11-20T14:00-06:00 to_whom=Clinic purpose=service_coordination \
	data_classes='["income"]' method=phone consent="$consent" \
	referral="$referral")
# 7. A tablet whose battery was empty says that it is 2019.
token=$(at_clock '2019-01-01 00:00:10' second show "$call" --json |
	jq -r .context)
at_clock '2019-01-01 00:00:20' second put --record "$call" --context "$token" \
	narrative='called, and was called back' >"$dir/out"
porch=$(at_clock '2019-01-01 00:00:30' second contact "$early" \
	--kind home_visit --narrative 'on the porch')
# 8. One tablet, two workers.
unsent=$(as dana contact "$shared" --kind phone --narrative 'written by dana')
# 9. A tablet is lost with work on it.
before=$(as lost contact "$stolen" --kind phone --narrative 'before the loss')
# 10. Twenty hours by one, twenty-five by the other.
revise dana "$week" minutes=1200
revise lee "$week" minutes=1500
hours() { # WHO MINUTES: a row of one's own
	as "$1" put work_hours person="$working" activity=work_experience \
		week_of=2026-11-16 kind=actual minutes="$2"
}
twenty=$(hours dana 1200)
more=$(hours lee 1500)
# 11. Nobody may contact her; a visit is planned meanwhile.
revise ruth "$afraid" do_not_contact=true
task=$(quietly as dana put task person="$afraid" what='Visit her' kind=visit \
	status=open assigned_to=dana)
equal '11: who does not know is warned of nothing' "$(wc -l <"$dir/note")" 0
# 12. The site closes; a client is sent there.
revise ruth "$site" closed=true
sent=$(quietly as dana put referral person="$taxed" tax_year=2021 county=28003 \
	site_choice_basis=other_site_in_county location="$site" status=sent \
	basis=internal sent_at=2022-03-01T10:00-06:00)
equal '12: the device, which does not know it, warns of nothing' \
	"$(wc -l <"$dir/note")" 0

# --- they meet
start_server --journal "$dir/journal" || exit 1
# 9: the office hears of the loss before the thief has a network.
check '9: the lost tablet is revoked' office replica revoke "$lost" --as ruth
after=$(as lost contact "$stolen" --kind phone --narrative 'by the thief')
# 8: lee signs in on the tablet; it brings dana's work along, locked.
check "8: at lee's sync the tablet brings dana's locked work along" \
	env -u SATCHEL_PASSPHRASE_FILE "$satcheld" --once \
	--vault "$dir/dana.vault" --vault "$dir/lee.vault" --socket "$dir/socket"
at_clock '2019-01-01 00:01:00' second sync >"$dir/out" || exit 1
check 'everybody syncs' syncs $everybody $everybody

# 1
equal '1: both notes stay, each by whom it is' \
	"$(for who in dana lee ruth; do as $who list addendum --json |
		jq -c '[.[].fields.text] | sort'; done | sort -u)" \
	'["It is the kitchen roof.","The landlord was told."]'
equal '1: and nothing waits' "$(open_at "$visit" | sort -u)" '[]'
equal '1: under the names of both' "$(for note in "$by_dana" "$by_lee"; do
	office show "$note" --history --json | jq -r '.history[0].author'; done)" \
	$'dana\nlee'
# 2
equal '2: the later text of the draft is shown' "$(shown "$draft" narrative)" \
	"$(everywhere '"on the second tablet"')"
equal '2: and the other is listed, everywhere' "$(open_at "$draft")" \
	"$(everywhere '["narrative"]')"
equal '2: with both texts' "$(as second conflicts --json | jq -c --arg r "$draft" \
	'.[] | select(.record == $r) | [.base, ([.values[].value] | sort)]')" \
	'["begun",["on the first tablet","on the second tablet"]]'
check '2: the worker writes one text of both' as dana resolve "$draft" narrative \
	--context "$(context dana "$draft")" --value 'on both tablets'
# 3
equal '3: who was responsible still is' "$(shown "$assignment" primary)" \
	"$(everywhere '"dana"')"
equal '3: two transfers wait for a person' "$(open_at "$assignment" |
	jq -c 'index("primary") != null')" "$(everywhere true)"
equal '3: both are in the history' "$(history "$assignment" primary)" \
	'[["dana","dana"],["kim","ruth"],["lee","dana"]]'
equal "3: which is the supervisor's work" "$(findings two_managers \
	"$assignment" .role)" '["supervisor"]'
equal '3: nobody is without a manager meanwhile' \
	"$(findings no_manager "$moved" .record)" '[]'
check '3: the supervisor decides' office conflicts resolve "$assignment" primary \
	--value kim --as ruth
# 4
equal '4: the signed text stands' "$(shown "$amendment" text)" \
	"$(everywhere '"Eight hours a week."')"
equal '4: under the hash that was signed' \
	"$(value lee "$amendment" text_hash)$(value lee "$signature" text_hash)" \
	"\"$hash\"\"$hash\""
equal '4: the edit is listed as written after sealing, and who wrote it' \
	"$(for who in dana lee; do as $who show "$amendment" --json | jq -c \
		'.fields.text.after | map([.value, .author])'; done | sort -u)" \
	'[["Ten hours a week.","lee"]]'
equal '4: which is no conflict' "$(open_at "$amendment" | sort -u)" '[]'
check '4: people read it' bash -c "'$satchel' show '$amendment' --vault \
	'$dir/lee.vault' | grep -q 'written after sealing, not in effect'"
edit=$(as lee show "$amendment" --json | jq -r '.fields.text.after[0].value')
new=$(quietly as lee put contract_amendment person="$bound" \
	contract="$contract" replaces="$amendment" status=draft text="$edit")
number_of() { shown "$1" number; }
equal '4: the amendments have numbers, each its own' "$(for record in \
	"$amendment" "$next_of_dana" "$next_of_lee"; do office show "$record" \
	--json | jq .fields.number.value; done | sort | xargs)" '1 2 3'
equal '4: the one that was first at the office the first' \
	"$(number_of "$amendment")" "$(everywhere 1)"
for record in "$next_of_dana" "$next_of_lee"; do
	equal "4: everybody sees the same number of $record" "$(number_of \
		"$record")" "$(everywhere "$(office show "$record" --json | jq \
		.fields.number.value)")"
done
equal '4: both texts stand' "$(value dana "$next_of_lee" text)$(value lee \
	"$next_of_dana" text)" '"The bus pass is paid.""Nine hours a week."'
equal '4: who gave it stands in the history' "$(for record in "$amendment" \
	"$next_of_dana" "$next_of_lee"; do history "$record" number; done |
	jq -s -c 'add | sort')" '[[1,"office"],[2,"office"],[3,"office"]]'
check '4: people read it in the file of the case' bash -c "'$central' export \
	case '$bound' --format html --data '$dir/office' --as ruth \
	--purpose program_administration | grep -q 'Number'"
# 5
equal '5: two requests, each of which may repeat the other' \
	"$(office authorization list --json | jq -c --arg p "$first" --arg q \
		"$again" 'map(select(.request == $p or .request == $q)
		.possible_duplicate_of[]) | sort == ([$p, $q] | sort)')" true
check '5: a cap is set' office cap set transportation --limit 200 --as fay
check '5: one is authorised' office authorize "$first" --as fay
refused '5: the second is not, in passing' 1 "repeats $first" \
	office authorize "$again" --as fay
# 6
equal '6: the revocation holds everywhere' "$(shown "$consent" status)" \
	"$(everywhere '"revoked"')"
equal '6: the referral arrives as it was sent' "$(shown "$referral" status)" \
	"$(everywhere '"sent"')"
equal '6: flagged for a supervisor' "$(findings guard "$referral" \
	'[.role, (.what | test("revoked"))]')" '[["supervisor",true]]'
equal '6: what was told is in the log' "$(office show "$disclosure" --json |
	jq -r .fields.referral.value)" "$referral"
revise ruth "$referral" status=cancelled note='Consent was taken back.'
# 7
equal '7: what had seen the other text follows it, whatever the clock' \
	"$(shown "$call" narrative)" "$(everywhere '"called, and was called back"')"
equal '7: and nothing waits' "$(open_at "$call" | sort -u)" '[]'
equal '7: the order of the history is that of seeing' \
	"$(as lee show "$call" --history --json | jq -c \
		'[.history[].set.narrative]')" '["called","called, and was called back"]'
office export case "$early" --as ruth --purpose participant_request \
	--format html >"$dir/page.html"
check '7: the case file says when it came, beside what the clock said' \
	bash -c "grep -q 2019-01-01 '$dir/page.html' &&
		grep -q 'clock said that it was' '$dir/page.html'"
equal '7: and the office how far it was off' "$(office report R-19 --json |
	jq -c --arg d "$second" '.rows[] | select(.device == $d).ahead_s < -2e8')" \
	true
# 8
equal '8: whoever brought it, it is by whom it was written' "$(office show \
	"$unsent" --history --json | jq -c '[.history[].author]')" '["dana"]'
equal '8: so it says on the device of who brought it' "$(as lee show "$unsent" \
	--history --json | jq -c '[.history[].author]')" '["dana"]'
# 9
as lost sync >"$dir/out" 2>"$dir/err"
equal '9: what the lost tablet sends is kept and held' "$(office holds list \
	--json | jq -c --arg a "$before" --arg b "$after" '[.[] | select(.record ==
	$a or .record == $b).reason]')" '["revoked","revoked"]'
refused '9: it shows nothing any more' 1 'revoked|locked|no such|key' \
	as lost show "$stolen"
equal '9: nobody is shown its work' "$(as lee list contact --json |
	jq -c --arg p "$stolen" '[.[] | select(.fields.person == $p)]')" '[]'
dot=$(office holds list --json | jq -r --arg r "$before" \
	'.[] | select(.record == $r).dot')
check '9: a supervisor releases what the worker knows as their own' \
	office holds release "$dot" --as ruth
# 10
equal '10: twenty and twenty-five wait for a person' "$(open_at "$week")" \
	"$(everywhere '["minutes"]')"
equal '10: meanwhile what both had seen is shown' "$(shown "$week" minutes)" \
	"$(everywhere 600)"
equal '10: both are in the history' "$(history "$week" minutes)" \
	'[[600,"dana"],[1200,"dana"],[1500,"lee"]]'
month() {
	office report R-08 --json --set from=2026-11-01 --set to=2026-11-30 |
		jq -c --arg p "$working" '.rows[] | select(.person == $p) |
			[.core, .verified, .in_conflict]'
}
equal '10: the month counts neither, and never their sum' "$(month)" '[0,0,2]'
equal '10: two rows of one week are found, and one that two wrote' \
	"$(office findings --policy hours_twice --json | jq -c --arg w "$week" \
		--arg a "$twenty" --arg b "$more" '[.rows[].record] |
		[index($w) != null, index($a) != null or index($b) != null]')" \
	'[true,true]'
check '10: the worker says which is right' as lee resolve "$week" minutes \
	--context "$(context lee "$week")" --value 1500
revise dana "$twenty" entered_in_error=true error_reason='Was a draft.'
# 11
equal '11: that she may not be contacted holds everywhere' \
	"$(shown "$afraid" do_not_contact)" "$(everywhere true)"
equal '11: the task stays' "$(shown "$task" status)" "$(everywhere '"open"')"
equal '11: and is reported to a supervisor' "$(findings guard "$task" \
	'[.role, (.what | test("not be contacted"))]')" '[["supervisor",true]]'
revise dana "$task" due_on=2026-12-01
call_task=$(quietly as dana put task person="$afraid" what='Call her' \
	kind=call status=open)
check '11: who plans the next is told' grep -q 'not be contacted' "$dir/note"
quietly as dana put task person="$afraid" what='File it' kind=paperwork \
	status=open >"$dir/out"
equal '11: not of what needs no contact' "$(wc -l <"$dir/note")" 0
for record in "$task" "$call_task"; do revise dana "$record" status=dropped; done
# 12
equal '12: the referral is kept' "$(shown "$sent" status)" \
	"$(everywhere '"sent"')"
equal "12: with the worker's task to send the client elsewhere" "$(findings \
	vita_site_closed "$sent" .what)" '["Library is closed"]'
equal '12: the device offers the site no more' "$(as dana sites "$taxed" \
	--on 2022-03-01 --json | jq -c --arg s "$site" \
	'[.sites[] | select(.record == $s)]')" '[]'
revise dana "$sent" status=cancelled note='The site has closed.'

# --- and are settled
check 'everybody syncs again' syncs $everybody $everybody
equal 'nothing waits for a person any more' "$(for who in $everybody; do
	as $who conflicts --json; done | sort -u)$(office conflicts list --json)" \
	'[][]'
equal '2: the text of both is shown' "$(shown "$draft" narrative)" \
	"$(everywhere '"on both tablets"')"
equal '2: and what it was made of is in the history' \
	"$(history "$draft" narrative | jq -c 'map(.[0])')" \
	'["begun","on both tablets","on the first tablet","on the second tablet"]'
equal '3: the one whom the supervisor named is responsible' \
	"$(shown "$assignment" primary)" "$(everywhere '"kim"')"
equal '4: the edit is a draft of its own, which replaces the signed one' \
	"$(office show "$new" --json | jq -c '[.fields | .text, .replaces, .status |
		.value]')" "[\"Ten hours a week.\",\"$amendment\",\"draft\"]"
equal '6: a referral that does not go asks for no consent' \
	"$(findings guard "$referral" .record)" '[]'
equal '9: what was released is shown, and nothing else' "$(as lee list contact \
	--json | jq -c --arg p "$stolen" '[.[] | select(.fields.person ==
	$p).fields.narrative]')" '["before the loss"]'
equal '10: the month has both weeks, unverified' "$(month)" '[50,0,0]'
equal '11: a task that is dropped is reported no more' \
	"$(findings guard "$task" .record)$(findings guard "$call_task" .record)" \
	'[][]'
equal '12: and a referral that has ended needs no other site' \
	"$(findings vita_site_closed "$sent" .record)" '[]'
equal '4: the draft made of the edit has the next number' \
	"$(number_of "$new")" "$(everywhere 4)"
numbers() { # of all amendments, by record
	office list contract_amendment --json | jq -c 'map([.record, .fields.number])'
}
before=$(numbers)
check '4: everything is derived anew' office rebuild
equal '4: which changes no number' "$(numbers)" "$before"
for record in "$draft" "$assignment" "$amendment" "$week" "$task" "$sent"; do
	equal "all have the same bytes of $record" \
		"$(for who in dana lee ruth; do hash_of $who "$record"; done |
			sort -u | wc -l)" 1
done
check 'the office verifies' office verify
for who in $everybody; do check "the vault of $who verifies" as $who verify; done
done_testing
