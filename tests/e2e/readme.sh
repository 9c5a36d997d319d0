#!/usr/bin/env bash
# The README's first five minutes, word for word, but for the folder and port.
. "$(dirname "$0")/lib/office.bash"
root=$(cd "$(dirname "$0")/../.." && pwd)
unset SATCHEL_PASSPHRASE_FILE SATCHEL_DEVICE_SECRET_FILE SATCHEL_VAULT

port=$(any_port)
while (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$(any_port); done
{
	echo 'set -e'
	awk '/^## The first five minutes/ {on = 1} /^## Where to read/ {on = 0}
		/^```/ {if (inside) inside = 0; else inside = on; next}
		inside' "$root/README.md" |
		sed -e "s|tools/deps.sh demo && make|true|" -e "s|\$PWD/build|$build|" \
			-e "s|/tmp/try|$dir/try|g" -e "s|8470|$port|g" \
			-e '/satchel-central serve/s|$|\nserver=$!; trap "kill $server" EXIT; until grep -qs event=serve serve.log; do kill -0 $server; sleep 0.1; done|'
} >"$dir/readme.sh"
cd "$root" || exit 1
if bash "$dir/readme.sh" >"$dir/readme.out" 2>"$dir/readme.err"; then
	ok 'every command of the first five minutes exits 0'
else
	not_ok 'every command of the first five minutes exits 0' \
		"$(tail -n 4 "$dir/readme.out")" "$(tail -n 4 "$dir/readme.err")"
fi
equal 'nothing but who each code is for is said on stderr' "none$(grep -v 'for one device of' "$dir/readme.err")" none
check 'the conflict was shown on the device and at the office' test \
	"$(grep -c 'legal_name of person' "$dir/readme.out")" = 2
check 'and settled: history ends the story' grep -q \
	'set legal_name = Ruth Anne Ames' "$dir/readme.out"
done_testing
