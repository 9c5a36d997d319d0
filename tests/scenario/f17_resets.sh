#!/usr/bin/env bash
# Everything that could destroy unsent work: enrolling again, as somebody else,
# at another office; a rebuild; a user who is disabled, a device that is revoked;
# a daemon that is stopped.  Each is refused or leaves the work, which arrives.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F17

code_for() { office invite --user "$1" --json | jq -r .code; }
here() { as dana status --json | jq .here; }
notes() { as dana list contact --json | jq length; }

make_office && start_server && enrol dana || exit 1
person=$(as dana put person legal_name='Ruth Ames')
syncs dana || exit 1
for i in 1 2 3 4 5; do
	as dana contact "$person" --kind phone --narrative "note $i" >/dev/null
done
head -c 300000 /dev/zero | tr '\0' x | as dana contact "$person" --kind phone \
	--narrative - >"$dir/out" 2>&1
equal 'five notes and a draft are only here' \
	"$(as dana status --json | jq -c '[.here,.drafts]')" '[5,1]'

refused "another worker's code is refused" 1 '.' \
	as dana enroll --server "$url" --code "$(code_for lee)"
equal 'with all notes in place' "$(here) $(notes)" '5 5'

# Another office, which would like to have the vault.
north=$dir/office north_url=$url
(
	dir=$dir/south server_pid='' port=0 scene=
	mkdir "$dir"
	make_office >/dev/null && start_server || exit 1
	office invite --user dana --json | jq -r .code >"$dir/code"
	echo "$url" >"$dir/url"
	trap - EXIT
	echo "$server_pid" >"$dir/pid"
)
refused "another office is refused" 1 '.' as dana enroll \
	--server "$(cat "$dir/south/url")" --code "$(cat "$dir/south/code")"
kill "$(cat "$dir/south/pid")"
equal 'with all notes in place' "$(here) $(notes)" '5 5'

check 'what is derived is made anew' as dana rebuild
equal 'with all notes in place' "$(here) $(notes)" '5 5'
cp "$dir/dana.vault" "$dir/saved"
check 'the same worker may enrol again over it' as dana enroll \
	--server "$north_url" --code "$(code_for dana)"
equal 'which takes none of the notes' "$(notes)" 5
equal 'nor the draft' "$(as dana status --json | jq .drafts)" 1

check 'the worker is disabled' "$central" user disable dana --data "$north"
as dana sync >"$dir/out" 2>&1
as dana sync >"$dir/out" 2>&1
equal 'what was unsent is at the office, held or in effect' \
	"$({ office list contact --json; office holds list --json; } | grep -o \
	'"narrative":"note [1-5]"' | sort -u | wc -l)" 5
equal 'and nothing is unsent' "$(here)" 0
equal 'the draft is still here' "$(as dana status --json | jq .drafts)" 1
check 'the office verifies' office verify
done_testing
