#!/usr/bin/env bash
# Log rows cannot be changed, and nothing readable lies in a vault.
. "$(dirname "$0")/lib/office.bash"
scenario F20

make_office && start_server && enrol dana || exit 1
person=$(as dana put person legal_name='Zebulon Quartermaine' county=28081)
as dana contact "$person" --kind home_visit \
	--narrative 'Xylophone lessons cannot be paid.' >"$dir/out"
check 'what is written can be read' grep -q Xylophone \
	<(as dana list contact --json)
for word in Zebulon Quartermaine Xylophone home_visit legal_name narrative; do
	if cat "$dir"/dana.vault* | strings -n 4 | grep -q "$word"; then
		not_ok "the vault shows no \"$word\""
	else
		ok "the vault shows no \"$word\""
	fi
done
syncs dana || exit 1
stop_server
database=$(find "$dir/office" -name '*.db' | head -n 1)
refuses() { # NAME FILE SQL
	if sqlite3 "$2" "$3" >"$dir/out" 2>"$dir/err"; then
		not_ok "$1" "$3 was carried out"
	else
		equal "$1" "$(grep -Ec 'constraint|abort|immutable|never|log' \
			"$dir/err")" 1
	fi
}
for table in log; do
	refuses "sqlite3 cannot UPDATE a row of $table in the vault" \
		"$dir/dana.vault" "UPDATE $table SET n = n + 100"
	refuses "sqlite3 cannot DELETE a row of $table in the vault" \
		"$dir/dana.vault" "DELETE FROM $table"
done
refuses 'sqlite3 cannot UPDATE a line at the office' "$database" \
	"UPDATE line SET n = n + 100"
refuses 'sqlite3 cannot DELETE a line at the office' "$database" \
	"DELETE FROM line"
check 'the office still verifies' office verify
done_testing
