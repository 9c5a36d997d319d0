#!/usr/bin/env bash
# The office's commands: names, exit codes, one-line errors, --json shapes.
. "$(dirname "$0")/lib/office.bash"

person=01890a5d-ac96-774b-bcce-b302099a8057

# --- misuse
refused 'no command is misuse' 2 'name a command' "$central"
refused 'an unknown command is misuse' 2 'no command "frob"' "$central" frob
refused 'an unknown option is misuse' 2 'no option --frob' \
	office status --frob
refused "another command's option is misuse" 2 'no option --role' \
	office status --role x
refused 'a group alone is misuse' 2 'what to do with user' "$central" user
refused 'a missing --data is misuse' 2 '--data DIR is missing' \
	"$central" status
refused 'an option without its value is misuse' 2 '--data needs a value' \
	"$central" status --data
check 'help is no misuse' "$central" --help
check 'nor that of one command' "$central" case assign --help
check 'nor that of a group' "$central" user --help
check 'the version is said' "$central" --version

# --- a new office
refused 'init needs a short name' 2 '--agency SLUG is missing' office init
refused 'that is one' 2 'cannot be an agency' office init --agency 'N O'
refused 'before init there is no office' 1 'init. makes one' office status
check 'init' office init --agency north --name 'North Agency'
equal 'its keys are apart, and nobody else reads them' \
	"$(stat -c %a "$dir/office.keys" "$dir"/office.keys/* | sort -u | xargs)" \
	'600 700'
refused 'a journal in the data directory is refused' 1 'data directory' "$central" \
	init --agency south --data "$dir/south" --journal "$dir/south/journal"
check 'and nothing is left behind' test ! -e "$dir/south" -a ! -e "$dir/south.keys"
refused 'init never overwrites' 1 'is not empty' office init --agency north
refused 'errors are JSON when asked' 1 '^\{"detail":.*,"error":"exists"\}$' \
	office init --agency north --json
mv "$dir/office.keys" "$dir/away"
refused 'without the keys it says where they should be' 1 'office\.keys' \
	office status
check 'they may be elsewhere' office status --keys "$dir/away"
mv "$dir/away" "$dir/office.keys"
mv "$dir/office" "$dir/moved" && mv "$dir/office.keys" "$dir/moved.keys"
(cd / && check 'the data directory may be moved' "$central" status \
	--data "$dir/moved")
mv "$dir/moved" "$dir/office" && mv "$dir/moved.keys" "$dir/office.keys"

# --- users
me=$(id -un)
refused 'a write without a known author is refused' 1 '--as USER.*--os-user' \
	office case assign $person --caseload east
equal 'a user is added' "$(office user add ruth --role supervisor \
	--os-user "$me" --json | jq -c '[.user,.role,.os_user,.scopes]')" \
	"[\"ruth\",\"supervisor\",\"$me\",[]]"
equal 'with caseloads and sites' "$(office user add dana --role worker \
	--caseload east --caseload west --site lift --json | jq -c .scopes)" \
	'["caseload:east","caseload:west","site:lift"]'
refused 'twice is refused' 1 'user set dana' office user add dana --role worker
# note NAME PATTERN COMMAND...: it is done, with such a note.
note() {
	local name=$1 pattern=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" && grep -Eq -- "$pattern" "$dir/err" &&
		ok "$name" || not_ok "$name" "$(cat "$dir/err")"
}
note 'a worker without a caseload is noted' 'note: sam has no caseload' \
	office user add sam --role worker
note 'so is a caseload that may be misspelt' 'note: caseload:esat is new' \
	office user set sam --caseload esat
office user set sam --caseload esat --role supervisor 2>"$dir/err"
check 'what the user had already is not new' test ! -s "$dir/err"
check 'a user is disabled' office user disable sam
refused 'once' 1 'disabled already' office user disable sam
equal 'enabled again' "$(office user enable sam --json | jq .disabled)" false
refused 'once, too' 1 'is not disabled' office user enable sam
refused 'a role is needed' 2 '--role ROLE is missing' office user add lee
refused 'a role is one of those that there are' 2 \
	'"king" is no role; use worker, .* or admin' office user add lee --role king
refused 'also when it is changed' 2 'is no role' \
	office user set dana --role king
refused 'names are checked' 1 'cannot be a user' office user add 'L ee' \
	--role worker
refused 'caseloads too' 2 'cannot be the name for --caseload' \
	office user add lee --role worker --caseload 'a b'
refused 'one acts as one' 1 'acts as ruth already' \
	office user set dana --os-user "$me"
equal 'caseloads are replaced' \
	"$(office user set dana --caseload east --json | jq -c .scopes)" \
	'["caseload:east"]'
echo 'correct horse' >"$dir/password"
equal 'a password is taken from a file' "$(office user set ruth \
	--password-file "$dir/password" --json | jq .password)" true
if grep -q 'correct horse' "$dir"/office/office.db*; then
	not_ok 'and kept as a hash only'
else
	ok 'and kept as a hash only'
fi
echo short >"$dir/password"
refused 'a short one is refused' 1 'password has 8' office user set ruth \
	--password-file "$dir/password"
office user add kim --role worker >/dev/null
check 'a user is disabled' office user disable kim
refused 'once' 1 'disabled already' office user disable kim
refused 'nobody else' 1 'no user nobody' office user disable nobody
refused 'who writes nothing any more' 1 'kim is disabled' \
	office case assign $person --caseload east --as kim
refused 'and gets no code' 1 'kim is disabled' office invite --user kim
equal 'users are listed' \
	"$(office user list --json | jq -c '[.[]|[.user,.disabled]]')" \
	'[["dana",false],["kim",true],["ruth",false],["sam",false]]'

# --- invitations
equal 'a code is four groups of four' "$(office invite --user dana 2>/dev/null |
	grep -Ec '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$')" 1
before=$(date +%s)
after=$(office invite --user dana --expires 30m --json | jq .expires_at)
check 'that lasts as long as asked' test $((after / 1000 - 1800)) -ge "$before" \
	-a $((after / 1000 - 1800)) -le "$(date +%s)"
refused 'times are checked' 2 '--expires takes' office invite --user dana \
	--expires soon
refused 'nobody is invited' 1 'no user nobody' office invite --user nobody

# --- nothing here yet
equal 'no cases' "$(office case list --json)" '[]'
equal 'no devices' "$(office replica list --json)" '[]'
equal 'no conflicts' "$(office conflicts list --json)" '[]'
equal 'no holds' "$(office holds list --json)" '[]'
refused 'an unknown case' 1 'no case' office case assign $person --caseload east
refused 'no case at all' 2 'no case id' office case assign x --caseload east
refused 'an unknown device' 1 'no device' office replica revoke wAAAAAAAAAAAA
refused 'an unknown record' 1 'no record' office show $person
refused 'no record id' 1 'no record id' office show x
refused 'an unknown hold' 1 'no line is held' \
	office holds release wAAAAAAAAAAAA:1
refused 'no dot' 2 'is no dot' office holds release x
refused 'resolve needs a choice' 2 'which values stand' \
	office conflicts resolve $person income
refused 'an unknown case is not exported' 1 'no case' \
	office export case $person --as ruth --purpose audit
refused 'nor in an unknown format' 2 'format pdf' \
	office export case $person --format pdf
equal 'status counts' "$(office status --json |
	jq -c '[.agency,.name,.cases,.conflicts,.devices,.holds,.users]')" \
	'["north","North Agency",0,0,0,0,3]'

# --- record types
cat >"$dir/visit.json" <<'TYPE'
{"type": "garden", "title": "Garden", "version": 1, "home": "agency",
 "fields": {"crop": {"title": "Crop", "kind": "text", "rule": "latest"}}}
TYPE
equal 'a record type is imported' "$(office import schema "$dir/visit.json" \
	--json)" '[{"type":"garden","version":1,"written":true}]'
equal 'again it is here' "$(office import schema "$dir/visit.json" --json |
	jq -c '.[0].written')" false
sed 's/Crop/Plant/' "$dir/visit.json" >"$dir/changed.json"
refused 'a change needs a higher version' 1 'raise its version' \
	office import schema "$dir/changed.json"
sed -i 's/"version": 1/"version": 2/; s/"crop"/"plant"/' "$dir/changed.json"
check 'with it it goes forward' office import schema "$dir/changed.json"
equal 'the view has its columns' "$(sqlite3 -readonly "$dir/office/office.db" \
	"SELECT group_concat(name) FROM pragma_table_info('v_garden')")" \
	'record,case_id,plant,plant__open,plant__by,plant__at'
sed 's/latest/lastest/' "$dir/visit.json" >"$dir/wrong.json"
refused 'what is wrong is named' 1 'wrong.json: garden.crop' \
	office import schema "$dir/wrong.json"
refused 'a missing file too' 1 'cannot read' office import schema "$dir/none"
mkdir "$dir/types"
cp "$dir/changed.json" "$dir/types/a.json"
sed 's/garden/orchard/' "$dir/visit.json" >"$dir/types/b.json"
equal 'a folder is imported whole' "$(office import schema "$dir/types" --json |
	jq -c '[.[]|[.type,.written]]|sort')" '[["garden",false],["orchard",true]]'
rm "$dir"/types/*
refused 'an empty one is noticed' 1 'no .json file' \
	office import schema "$dir/types"

# --- backup and restore
check 'a backup' office backup --to "$dir/backup"
refused 'is never overwritten' 1 'never overwritten' \
	office backup --to "$dir/backup"
lineage=$(office status --json | jq -r .lineage)
refused 'a restore never overwrites' 1 'never overwrites' \
	office restore --from "$dir/backup"
refused 'it needs the keys' 1 'keys are not in' "$central" restore \
	--from "$dir/backup" --data "$dir/second"
if [ -e "$dir/second" ]; then
	not_ok 'and leaves nothing behind when it fails'
else
	ok 'and leaves nothing behind when it fails'
fi
"$central" init --data "$dir/other" --agency other >/dev/null
refused "another agency's keys do not do" 1 'are another office' \
	"$central" restore --from "$dir/backup" --data "$dir/second" \
	--keys "$dir/other.keys"
printf 'no database' >"$dir/garbage"
refused 'nor does any file' 1 'garbage is no backup' "$central" restore --from "$dir/garbage" \
	--data "$dir/second" --keys "$dir/office.keys"
cp -r "$dir/office.keys" "$dir/second.keys"
check 'with them it works' "$central" restore --from "$dir/backup" \
	--data "$dir/second"
equal 'everything is there' "$("$central" list orchard --data "$dir/second" \
	--json)$("$central" user list --data "$dir/second" --json | jq length)" '[]4'
new=$("$central" status --data "$dir/second" --json | jq -r .lineage)
if [ "$new" != "$lineage" ]; then
	ok 'under another lineage'
else
	not_ok 'under another lineage' "$new"
fi

# --- what is not an office
mkdir "$dir/empty" "$dir/empty.keys"
refused 'a folder without an office' 1 'no office in' "$central" status \
	--data "$dir/empty"
sqlite3 "$dir/foreign.db" 'PRAGMA application_id=7; CREATE TABLE t(a)'
cp -r "$dir/office" "$dir/foreign" && cp -r "$dir/office.keys" \
	"$dir/foreign.keys" && cp "$dir/foreign.db" "$dir/foreign/office.db"
refused 'a foreign database is refused' 1 'not that of an office' "$central" status \
	--data "$dir/foreign"
cp "$dir/backup" "$dir/foreign/office.db"
sqlite3 "$dir/foreign/office.db" 'PRAGMA user_version=9999'
refused 'a newer store is refused' 1 'newer' "$central" status \
	--data "$dir/foreign"
done_testing
