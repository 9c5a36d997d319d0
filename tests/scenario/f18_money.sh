#!/usr/bin/env bash
# Money is authorised once: two workers ask for the same gas card, two officers
# say yes in the same moment, a process is killed, the office is taken back to
# before it said yes, a voucher is spent on two copies of a vault.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F18

mkdir "$dir/other"
journal=$dir/other/journal
office init --agency north --name North --journal "$journal" \
	>"$dir/out" 2>"$dir/err" || exit 1
for user in 'ruth supervisor' 'fay fiscal' 'dana worker' 'lee worker'; do
	office user add "${user% *}" --role "${user#* }" --caseload east \
		>>"$dir/out" || exit 1
done
start_server && enrol dana && enrol lee || exit 1
ask() { # WHO PERSON AMOUNT PAYEE [OPTION...]
	local who=$1 person=$2 amount=$3 payee=$4
	shift 4
	as "$who" request "$person" --category transportation \
		--amount "$amount" --payee "$payee" "$@"
}
used() { # PERSON: of the cap, in cents
	office cap list --person "$1" --json |
		jq '.[] | select(.name == "transportation").used_cents'
}
of_request() { # REQUEST FILTER
	office authorization list --json |
		jq -c ".[] | select(.request == \"$1\") | $2"
}
lives() { # REQUEST: how many authorisations of it there are, voided or not
	office list expenditure_authorization --where "request=$1" --json |
		jq length
}
person=$(as dana put person legal_name='Ruth Ames')
syncs dana lee || exit 1

# --- two workers ask for the same USD 80 gas card
first=$(ask dana "$person" 80 'Shell #12' --purpose 'gas card')
second=$(ask lee "$person" 80.00 'shell 12' --purpose 'gas card')
syncs dana lee dana || exit 1
refused 'without a cap nothing is authorised' 1 'no cap for transportation' \
	office authorize "$first" --as fay
refused 'a worker sets no cap' 1 'these do: fiscal, admin' \
	office cap set transportation --limit 200 --as dana
check 'the fiscal officer sets it' office cap set transportation --limit 200 \
	--authority '10-144 C.M.R. ch. 607 s. 14' --as fay
refused 'a worker authorises nothing' 1 'these do: supervisor, fiscal' \
	office authorize "$first" --as dana
equal 'both requests stand' "$(office authorization list --json | jq length)" 2
equal 'each is shown as a possible duplicate of the other' \
	"$(of_request "$first" .possible_duplicate_of)$(of_request "$second" \
		.possible_duplicate_of)" "[\"$second\"][\"$first\"]"
check 'one is authorised' office authorize "$first" --as fay --json
equal 'and the answer says that it is backed up, and of the other' \
	"$(jq -c '[.backed_up, .amount_cents, .left_cents, .possible_duplicates]' \
		"$dir/out")" '[true,8000,12000,1]'
number=$(jq -r .number "$dir/out")
refused 'the second is flagged, not paid in passing' 1 \
	"repeats $first, .*number $number.*--despite $first" \
	office authorize "$second" --as fay
equal 'so that there is one authorisation' "$(used "$person")" 8000
refused 'a retry pays nothing more, and says what was answered' 1 \
	"authorised already: number $number" office authorize "$first" --as fay
syncs dana lee || exit 1
equal 'both workers see it' "$(for who in dana lee; do as $who list \
	expenditure_authorization --json | jq -r '.[].fields.number'; done | sort -u)" \
	"$number"
equal 'the repeated request is still there' "$(of_request "$second" .state)" \
	'"requested"'
check 'who means both says so by name' office authorize "$second" \
	--despite "$first" --as fay
equal 'which stands in the record' "$(office list expenditure_authorization \
	--where "request=$second" --json | jq -c '.[].fields.despite')" "[\"$first\"]"

# --- void makes room, once
third=$(ask dana "$person" 100 'Delta Auto')
syncs dana || exit 1
refused 'the cap holds' 1 'cap of transportation is 200.00, of which 160.00' \
	office authorize "$third" --as ruth
check 'a void makes room' office authorization void "$number" \
	--reason 'card not bought' --as fay
refused 'it is void once' 1 'void already' office authorization void "$number" \
	--reason again --as fay
equal 'it counts no more' "$(used "$person")" 8000
check 'and there is room' office authorize "$third" --as ruth
equal 'the voided request can be authorised anew, in what is left' \
	"$(office authorize "$first" --amount 20 --despite "$second" --as fay \
		--json | jq .left_cents)" 0
equal 'both of its authorisations stand' "$(lives "$first")" 2

# --- a race: two officers, two requests, room for some
lucy=$(as dana put person legal_name='Lucy Dee')
check 'one request takes it all' office cap set transportation --limit 300 --as fay
syncs dana || exit 1
races=8
for i in $(seq $races); do
	a[i]=$(ask dana "$lucy" 60 "payee $i a")
	b[i]=$(ask dana "$lucy" 60 "payee $i b")
done
syncs dana || exit 1
for i in $(seq $races); do
	office authorize "${a[i]}" --as fay >"$dir/a.$i" 2>&1 &
	one=$!
	office authorize "${b[i]}" --as ruth >"$dir/b.$i" 2>&1 &
	other=$!
	wait $one
	wait $other
done
equal 'however they meet, the cap is filled and never exceeded' \
	"$(used "$lucy")" 30000
equal 'each yes has its own number' "$(cat "$dir"/[ab].[0-9]* |
	sed -n 's/^authorised: number \([^,]*\),.*/\1/p' | sort -u | wc -l)" 5
equal 'the others were told why' "$(grep -l 'cap of transportation is 300.00' \
	"$dir"/[ab].[0-9]* | wc -l)" $((2 * races - 5))
# The same request by both: one yes, one refusal.
rosa=$(as dana put person legal_name='Rosa Bell')
for i in $(seq 4); do c[i]=$(ask dana "$rosa" 20 "payee $i"); done
syncs dana || exit 1
for i in $(seq 4); do
	office authorize "${c[i]}" --as fay >"$dir/c.$i.fay" 2>&1 &
	one=$!
	office authorize "${c[i]}" --as ruth >"$dir/c.$i.ruth" 2>&1 &
	other=$!
	wait $one
	wait $other
done
equal 'of one request one of two officers authorises, the other hears of it' \
	"$(grep -c '^authorised: number' "$dir"/c.* | grep -c ':1$') $(grep -c \
		'authorised already' "$dir"/c.* | grep -c ':1$')" '4 4'

# --- killed at any moment, and tried again
mara=$(as dana put person legal_name='Mara Fox')
for i in $(seq 10); do k[i]=$(ask dana "$mara" 10 "payee $i"); done
syncs dana || exit 1
for i in $(seq 10); do
	office authorize "${k[i]}" --as fay >"$dir/k.$i" 2>&1 &
	pid=$!
	sleep "0.0$((i - 1))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	office authorize "${k[i]}" --as fay >>"$dir/k.$i" 2>&1
done
equal 'killed and tried again, each is authorised exactly once' \
	"$(for i in $(seq 10); do lives "${k[i]}"; done | sort -u) $(used "$mara")" \
	'1 10000'
equal 'and each answer was given' "$(grep -lE \
	'^authorised: number|authorised already: number' "$dir"/k.* | wc -l)" 10

# --- who may
own=$(as dana put person legal_name='Own Case')
syncs dana || exit 1
check 'above 50 a second person approves' office cap set clothing --limit 500 \
	--approval-above 50 --as fay
dear=$(as dana request "$own" --category clothing --amount 75 --payee Shop)
syncs dana || exit 1
refused 'first' 1 'a second person approves first' \
	office authorize "$dear" --as fay
refused 'who is not the one who authorises' 1 'a second person approves' sh -c \
	"'$central' approve '$dear' --as fay --data '$dir/office' >/dev/null &&
	'$central' authorize '$dear' --as fay --data '$dir/office'"
check 'the supervisor approves' office approve "$dear" --as ruth
check 'then it is paid' office authorize "$dear" --as fay
office user set dana --role supervisor --caseload east >/dev/null
mine=$(as dana request "$own" --category clothing --amount 10 --payee Other)
syncs dana || exit 1
refused 'nobody authorises what they asked for' 1 'somebody else authorises' \
	office authorize "$mine" --as dana
office user set dana --role worker --caseload east >/dev/null
check 'somebody else does' office authorize "$mine" --as fay

# --- not backed up, not answered
mv "$dir/other" "$dir/unplugged"
lost=$(as dana request "$own" --category clothing --amount 11 --payee Third)
syncs dana || exit 1
refused 'without the journal nothing is authorised' 1 'journal .* is behind' \
	office authorize "$lost" --as fay
equal 'nor is it written' "$(lives "$lost")" 0
mv "$dir/unplugged" "$dir/other"
kill_server
start_server && syncs dana || exit 1
check 'with it, it is' office authorize "$lost" --as fay

# --- vouchers, spent with no signal
check 'a pool is filled' office cap set --pool gas --limit 150 --as fay
issue() { # AMOUNT USER OPTION...
	local amount=$1 user=$2
	shift 2
	office voucher issue --amount "$amount" --user "$user" \
		--category transportation --until 2099-12-31 --as fay --json "$@" |
		jq -r .voucher
}
pool() {
	office cap list --json | jq '.[] | select(.name == "gas").used_cents'
}
card=$(issue 80 dana --pool gas)
spare=$(issue 40 dana --pool gas)
hers=$(issue 30 lee --pool gas)
refused 'no more vouchers than the pool has' 1 'cap of gas is 150.00' \
	office voucher issue --amount 1 --user dana --category transportation \
	--until 2099-12-31 --pool gas --as fay
refused 'nobody issues one to oneself' 1 'oneself' office voucher issue \
	--amount 1 --user fay --category transportation --until 2099-12-31 \
	--pool gas --as fay
bound=$(issue 25 dana --person "$rosa")
equal 'one that is bound to a person counts against the cap at once' \
	"$(used "$rosa")" $((4 * 2000 + 2500))
syncs dana lee || exit 1
stop_server
refused 'one is spent by whom it was given to' 1 "is lee's to spend" \
	as dana spend "$hers" --person "$person" --payee Shell
refused 'for whom it was given' 1 "is for $rosa alone" \
	as dana spend "$bound" --person "$person" --payee Shell
refused 'and for no more' 1 'for 25.00 at most' \
	as dana spend "$bound" --person "$rosa" --payee Shell --amount 25.01
twice() { # two programs on one vault, at once: what each exits with
	as dana spend "$spare" --person "$person" --payee Shell >"$dir/1" 2>&1 &
	local one=$!
	as dana spend "$spare" --person "$person" --payee Esso >"$dir/2" 2>&1 &
	local other=$!
	local first=0 second=0
	wait $one || first=$?
	wait $other || second=$?
	echo $((first + second))
}
equal 'two programs spend it once' "$(twice)" 1
check 'offline it is spent' as dana spend "$bound" --person "$rosa" \
	--payee Shell --amount 20
refused 'once' 1 'is spent' as dana spend "$bound" --person "$rosa" --payee Esso
refused 'a worker makes no voucher' 1 'office' as dana put voucher number=1 \
	amount_cents=100 category=transportation assigned_to=dana pool=gas \
	expires_on=2099-12-31 signature=x

# --- a copy of the vault spends it too
for side in '' '-wal' '-shm'; do
	[ -e "$dir/dana.vault$side" ] &&
		cp "$dir/dana.vault$side" "$dir/copy.vault$side"
done
check 'the voucher is spent' as dana spend "$card" --person "$person" \
	--payee Shell
check 'and on the copy once more' as copy spend "$card" --person "$rosa" \
	--payee Esso
equal 'until they sync, what is at risk is what is outstanding' "$(pool)" 15000
start_server || exit 1
syncs dana copy dana copy lee || exit 1
equal 'both uses are kept' "$(office list voucher_spend --where \
	"voucher=$card" --json | jq -c '[.[].fields.payee] | sort')" \
	'["Esso","Shell"]'
equal 'on every device' "$(as lee list voucher_spend --where "voucher=$card" \
	--json | jq length)" 2
equal 'the office is alarmed, and says whose it is to look' \
	"$(office voucher list --alarms --json | jq -c '[.[] | .uses[] |
	select(.alarm) | [.alarm, .owner, .since > 0]]')" \
	'[["spent-twice","fiscal",true]]'
equal 'its status too' "$(office status --json | jq .voucher_alarms)" 1
equal 'both count against the pool' "$(pool)" $((8000 * 2 + 4000 + 3000))
refused 'so that it gives no more' 1 'cap of gas' office voucher issue \
	--amount 1 --user dana --category transportation --until 2099-12-31 \
	--pool gas --as fay
check 'a person looks at it' office voucher settle "$card" \
	--note 'tablet was copied; Esso asked to refund' --as ruth
equal 'then the alarm is over' "$(office voucher list --alarms --json)" '[]'
equal 'and what was spent still counts' "$(pool)" 23000

# --- a voided voucher counts until its device knows
check 'one that is not spent is voided' office voucher void "$hers" \
	--reason 'lee has left' --as fay
equal 'it counts: the device may not know' "$(pool)" 23000
refused 'spent it cannot be voided' 1 'was paid' office voucher void "$card" \
	--reason late --as fay
syncs lee lee || exit 1
equal 'when it does, there is room' "$(pool)" 20000
refused 'and it is not spent there' 1 'voided by the office' \
	as lee spend "$hers" --person "$person" --payee Shell

# --- the last day
check 'the pool gets more' office cap set --pool gas --limit 300 --as fay
soon=$(office voucher issue --amount 1 --user lee --category transportation \
	--until "$(date -u -d '+2 days' +%F)" --pool gas --as fay --json |
	jq -r .voucher)
syncs lee || exit 1
refused 'after its last day a voucher is not spent' 1 'ended on' \
	env SATCHEL_VAULT="$dir/lee.vault" faketime -f '+5d' \
	"$satchel" spend "$soon" --person "$person" --payee Shell
SATCHEL_VAULT=$dir/lee.vault faketime -f '+5d' "$satchel" sync >"$dir/out" 2>&1
refused 'nor with a clock that was put back behind the last sync' 1 'ended on' \
	as lee spend "$soon" --person "$person" --payee Shell

# --- somebody copies an older data directory back, and the journal stays
byhand=$(ask lee "$own" 12 'By hand')
syncs lee || exit 1
stop_server
cp -r "$dir/office" "$dir/older"
check 'offline, one is authorised' office authorize "$byhand" --as fay
rm -rf "$dir/office"
mv "$dir/older" "$dir/office"
office status >/dev/null
"$central" authorize "$byhand" --as fay --data "$dir/office" >"$dir/out" \
	2>"$dir/err"
equal 'the office notices by its journal, and says no' \
	"$(cat "$dir/out")$(grep -c 'in recovery' "$dir/err")" 1
rm -rf "$dir/office"
check 'the journal has it all' "$central" restore --journal "$journal" \
	--data "$dir/office"
start_server && syncs lee dana copy || exit 1
refused 'so that it is not authorised again' 1 'authorised already' \
	office authorize "$byhand" --as fay

# --- the office is taken back to before it said yes
late=$(ask lee "$own" 33 'Late payee')
syncs lee || exit 1
check 'a backup is made' office backup --to "$dir/backup"
check 'then one is authorised' office authorize "$late" --as fay --json
late_number=$(jq -r .number "$dir/out")
after=$(issue 5 dana --person "$rosa")
syncs dana lee || exit 1
whole=$(used "$rosa")
cp "$journal" "$dir/journal.kept"
kill_server
mv "$dir/office" "$dir/gone"
"$central" restore --from "$dir/backup" --journal "$journal" \
	--data "$dir/office" >"$dir/out" 2>&1 || not_ok restored "$(cat "$dir/out")"
start_server || exit 1 # it goes on with the journal
refused 'with the journal it knows what it said' 1 \
	"authorised already: number $late_number" \
	office authorize "$late" --as fay
equal 'and what it promised' "$(used "$rosa")" "$whole"

# Without the journal, with the store alone: devices bring it back.
kill_server
rm -rf "$dir/office" "$journal"
rm -f "$dir/office.keys/journal"
"$central" restore --from "$dir/backup" --data "$dir/office" >"$dir/out" 2>&1 ||
	not_ok restored "$(cat "$dir/out")"
equal 'the authorisation is gone' "$(lives "$late")" 0
start_server --journal "$dir/other/journal2" || exit 1
refused 'in recovery nothing is authorised a second time' 1 'in recovery' \
	office authorize "$late" --as fay
refused 'no voucher is issued' 1 'in recovery' office voucher issue --amount 1 \
	--user dana --category transportation --until 2099-12-31 \
	--person "$rosa" --as fay
syncs lee dana copy || exit 1
equal 'a device brings back what was said' "$(office list \
	expenditure_authorization --where "request=$late" --json |
	jq -r '.[].fields.number')" "$late_number"
equal 'and the voucher' "$(office show "$after" --json | jq .fields.amount_cents.value)" 500
equal 'so that the caps are what they were' "$(used "$rosa")" "$whole"
check 'the recovery is closed' sh -c "'$central' status --data '$dir/office' \
	--json | jq -e '.recovery == null' ||
	'$central' recovery close --as ruth --data '$dir/office'"
refused 'it is not authorised again' 1 "authorised already: number $late_number" \
	office authorize "$late" --as fay
new=$(ask lee "$own" 1 'After it all')
syncs lee || exit 1
check 'what is new is' office authorize "$new" --as fay --json
equal 'under a number that was never given' "$(office list \
	expenditure_authorization --json | jq '[.[].fields.number] |
	length == (unique | length)')" true
syncs dana lee copy || exit 1
check 'the office is sound' office verify
for who in dana lee copy; do
	check "and the vault of $who" as "$who" verify
done
done_testing
