#!/usr/bin/env bash
# The county rule of free tax help on the real directory of 2022: which site a
# client is offered, offline, and what the office finds and reports of it.
. "$(dirname "$0")/lib/office.bash"

make_office || exit 1
check 'the directory is read' office import hsds examples/directory --as ruth
check 'and where counties are' office import codes schema/codes --as ruth
start_server && enrol dana || exit 1
syncs dana || exit 1
stop_server # all that follows needs no network
sites() { as dana sites "$@" --json; }
of() { sites --county "$1" --on "${2:-2022-03-01}"; }
ids() { jq -c "[.sites[]|$1]"; }

refused 'neither person nor county' 2 'PERSON \| --county' as dana sites
refused 'a county that is none' 2 'five digits' as dana sites --county Lee
refused 'a day that is none' 2 'write a date' \
	as dana sites --county 28047 --on soon
refused 'nobody that is here' 1 'no such record' as dana sites \
	00000000-0000-7000-8000-000000000000

# --- a county with sites
locations=$(as dana list location --json)
own=$(of 28047)
equal 'all of the county are offered and no other' \
	"$(ids .record <<<"$own" | jq -c sort)" \
	"$(jq -c '[.[]|select(.fields.vita_site and (.fields.coverage|index("28047"))
		and .fields.season_from <= "2022-03-01"
		and .fields.season_to >= "2022-03-01")|.record]|sort' \
		<<<"$locations")"
equal 'as others of the county while no sponsor is known' \
	"$(jq -c '[.in_county,.basis]' <<<"$own")" '[true,"other_site_in_county"]'
# The directory's steward says whose a site is.
site=$(jq -r '.sites[1].record' <<<"$own")
organization=$(jq -r --arg s "$site" \
	'.[]|select(.record==$s).fields.organization' <<<"$locations")
version=$(jq -r .directory_version <<<"$own")
start_server && revise dana "$organization" csbg_entity='CASM' &&
	syncs dana || exit 1
own=$(of 28047)
equal 'a sponsored one comes first' \
	"$(jq -c '.sites[0]|[.record,.basis,.sponsor]' <<<"$own")" \
	"[\"$site\",\"sponsored_site\",\"CASM\"]"
equal 'the others follow' "$(jq '.sites|length' <<<"$own")" \
	"$(jq '[.sites[]|select(.basis=="other_site_in_county")]|length+1' \
		<<<"$own")"
equal 'the version is that of the sites' \
	"$(jq -r .directory_version <<<"$own")" "$version"
revise dana "$site" closed=true || exit 1
equal 'one that is closed is not offered' \
	"$(of 28047 | jq "[.sites[]|select(.record==\"$site\")]|length")" 0
[ "$(of 28047 | jq -r .directory_version)" != "$version" ] &&
	ok 'which is another version' || not_ok 'which is another version'

# --- a county without
alcorn=$(of 28003)
equal 'the nearest of others are offered' \
	"$(jq -c '[.in_county,.basis,(.sites|length)]' <<<"$alcorn")" \
	'[false,"no_site_in_county",10]'
equal 'the nearest first' "$(ids .km <<<"$alcorn")" \
	"$(ids .km <<<"$alcorn" | jq -c sort)"
equal 'none that is nearer is left out' "$(jq .sites[9].km <<<"$alcorn")" \
	"$(jq --argjson offered "$(ids .record <<<"$alcorn")" \
		--argjson counties "$(as dana list code_set --json)" '
	($counties[]|select(.fields.set=="counties").fields.codes[]
		|select(.code=="28003")) as $c
	| ($c.latitude|tonumber) as $y | ($c.longitude|tonumber) as $x
	| 0.017453292519943295 as $r
	| [.[]|select(.fields.vita_site and (.fields.closed|not)
		and .fields.season_from <= "2022-03-01"
		and .fields.season_to >= "2022-03-01").fields
		| (.latitude|tonumber) as $b | (.longitude|tonumber) as $a
		| 111.195 * (pow($b-$y;2) + pow(($a-$x)*((($b+$y)/2*$r)|cos);2)|sqrt)
		| round] | sort | .[9]' <<<"$locations")"
equal 'out of season a hotline is left' \
	"$(of 28003 2026-02-01 | jq -c '[.basis,.sites]')" '["hotline",[]]'
equal 'a person'\''s county is known' \
	"$(sites "$(as dana put person legal_name='Ada Ames' county=28003)" \
		--on 2022-03-01 | jq -r .county)" 28003
check 'people read it' bash -c "SATCHEL_VAULT='$dir/dana.vault' '$satchel' \
	sites --county 28003 --on 2022-03-01 |
	grep -q 'no site of the county is in season'"
refused 'of whom nobody wrote it' 1 'give --county' as dana sites \
	"$(as dana put person legal_name='Bo Bell')"

# --- what the office makes of referrals
refer() { # PERSON COUNTY BASIS LOCATION
	as dana put referral person="$1" county="$2" site_choice_basis="$3" \
		location="$4" tax_year=2021 status=sent basis=internal \
		sent_at=2022-03-01T10:00-06:00 directory_version="$version"
}
cole=$(as dana put person legal_name='Cy Cole' county=28003)
nearest=$(jq -r .sites[0].record <<<"$alcorn")
inside=$(jq -r .sites[1].record <<<"$own")
good=$(refer "$cole" 28003 no_site_in_county "$nearest")
past=$(refer "$cole" 28047 no_site_in_county "$nearest")
far=$(refer "$cole" 28003 other_site_in_county "$inside")
right=$(refer "$cole" 28047 other_site_in_county "$inside")
syncs dana || exit 1
equal 'who was sent past the county is found, and who was sent elsewhere' \
	"$(office findings --policy vita_wrong_county --json |
	jq -c '[.rows[].record]|sort')" "$(printf '["%s","%s"]' "$past" "$far" |
	jq -c sort)"
equal 'all four are past their season' \
	"$(office findings --policy vita_season_over --json |
	jq -c '[.rows[].record]|sort')" \
	"$(printf '["%s","%s","%s","%s"]' "$good" "$past" "$far" "$right" |
	jq -c sort)"
equal 'counties without a site are reported by basis' \
	"$(office report R-18 --json --set from=2022-01-01 | jq -c '[.rows[]
	|select(.referred > 0)|[.county,.name,.sites > 0,.in_county,.no_site]]')" \
	'[["28003","Alcorn",false,1,1],["28047","Harrison",true,1,1]]'
equal 'most counties of Mississippi have none' \
	"$(office report R-18 --json | jq '[.rows[]|select(.sites == 0 and
	(.county|startswith("28")))]|length')" 61

stop_server
check 'the office verifies' office verify
done_testing
