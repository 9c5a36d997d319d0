#!/usr/bin/env bash
# The same story told under a right clock and under wrong ones: 1970, ten years
# ahead, back by a day in the middle of a visit, the hour of the change to
# winter time twice.  What conflicts, what is accepted and what is kept are the
# same; only what a `latest` field shows first may differ, and it is listed.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F11

# at TIME WHO COMMAND...: as that person, by a clock that says so.
at() {
	local when=$1 who=$2
	shift 2
	if [ -z "$when" ]; then
		as "$who" "$@"
	else
		SATCHEL_VAULT=$dir/$who.vault ASAN_OPTIONS=verify_asan_link_order=0 \
			TZ=America/Chicago faketime -f "$when" "$satchel" "$@"
	fi
}
change() { # TIME WHO RECORD FIELD=VALUE
	local when=$1 who=$2 record=$3 token
	shift 3
	token=$(at "$when" "$who" show "$record" --json | jq -r .context) &&
		at "$when" "$who" put --record "$record" --context "$token" "$@" \
			>/dev/null
}
# story NAME FIRST SECOND THIRD: dana's clock at three moments; lee's is right.
# Prints what conflicts and what is at the office, without ids and times.
story() {
	local first=$1 second=$2 third=$3 case house
	case=$(at "$first" dana put person legal_name='Ruth Ames' \
		preferred_name=base) || echo 'not written'
	house=$(at "$first" dana put household --case "$case" income_cents=100000) ||
		echo 'not written'
	at "$first" dana sync >/dev/null || echo 'not synced'
	as lee sync >/dev/null
	change "$first" dana "$house" income_cents=120000
	change "" lee "$house" income_cents=90000
	change "$second" dana "$case" preferred_name=Ruthie
	change "$third" dana "$case" preferred_name=Ruth
	change "" lee "$case" preferred_name=Annie
	at "$second" dana contact "$case" --kind home_visit \
		--narrative 'arrived' >/dev/null
	at "$third" dana contact "$case" --kind home_visit \
		--narrative 'left' >/dev/null
	at "$third" dana sync >/dev/null || echo 'not synced'
	as lee sync >/dev/null
	at "$third" dana sync >/dev/null || echo 'not synced'
	for who in dana lee; do
		as $who conflicts --json | jq -c --arg c "$case" --arg h "$house" \
			'[.[] | select(.record == $c or .record == $h) |
			[.field, .base, ([.values[] | [.value, .author]] | sort)]] | sort'
	done
	as lee list contact --json | jq -c --arg c "$case" \
		'[.[] | select(.case == $c).fields.narrative] | sort'
	as lee show "$case" --history --json |
		jq -c '[.history[] | select(.author != "office") |
		[.author, .set.preferred_name, .custody]] | sort'
	[ "$(hash_of dana "$case")" = "$(hash_of lee "$case")" ] ||
		echo 'not the same bytes'
	office holds list --json
	as dana status --json | jq -c '[.here, .held]'
}

make_office && start_server && enrol dana && enrol lee || exit 1
right=$(story "" "" "")
case $right in
*not*) not_ok 'by a right clock' "$right" ;;
*) ok 'by a right clock there are two conflicts, two notes, nothing held' ;;
esac
equal '1970: the same' "$(story '1970-01-01 00:00:10' '1970-01-01 00:00:20' \
	'1970-01-01 00:00:30')" "$right"
equal 'back by a day in the middle of a visit: the same' \
	"$(story '+0d' '+0d' '-1d')" "$right"
equal 'ten years ahead, then back by eleven: the same' \
	"$(story '+10y' '+10y' '-1y')" "$right"
equal 'the hour that comes twice: the same' "$(story '2026-11-01 01:50:00' \
	'2026-11-01 01:55:00' '2026-11-01 01:05:00')" "$right"
check 'the vault of the wrong clocks verifies' as dana verify
check 'the other too' as lee verify
check 'the office verifies' office verify

# The office's own clock is wrong.
stop_server
ASAN_OPTIONS=verify_asan_link_order=0 faketime -f '-8y' "$central" serve \
	--data "$dir/office" --listen "127.0.0.1:$port" >"$dir/serve.out" \
	2>>"$dir/serve.log" &
server_pid=$!
until_true grep -q listening "$dir/serve.out"
wrapper=$server_pid # which would leave the office behind
server_pid=$(ps -o pid= --ppid "$wrapper" | tr -d ' ')
equal 'an office whose clock is eight years behind: the same' \
	"$(story "" "" "")" "$right"
stop_server
wait "$wrapper"
check 'the office verifies' office verify
done_testing
