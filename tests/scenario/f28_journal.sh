#!/usr/bin/env bash
# Disposal at an office that keeps a journal: its file is begun anew without the
# case, and whatever is restored from it, or from an older backup and it, has the
# decision.
. "$(dirname "$0")/../e2e/lib/office.bash"
scenario F28

secret='the roof of Ruth Ames leaks'
traces() { grep -alr "$secret" "$@" | wc -l; }
mkdir "$dir/volume" "$dir/backups"
journal=$dir/volume/journal

make_office && start_server --journal "$journal" && enrol dana || exit 1
office user add olga --role admin >/dev/null
person=$(as dana put person legal_name='Ruth Ames')
other=$(as dana put person legal_name='Orrin Vale')
as dana contact "$person" --kind phone --narrative "$secret" >/dev/null
syncs dana || exit 1
check 'a backup' office backup --to "$dir/backups/one"
as dana contact "$person" --kind phone --narrative "again $secret" >/dev/null
syncs dana dana || exit 1
equal 'the journal has the case' "$(traces "$dir/volume")" 1
office case close "$person" --on 2020-01-31 --as ruth >/dev/null
office dispose propose "$person" --reason 'three years' --as ruth >/dev/null
check 'it is disposed of' office dispose approve "$person" --as olga
as dana contact "$other" --kind phone --narrative 'of another case' >/dev/null
syncs dana dana || exit 1
equal 'with the next transaction the journal has it no longer' \
	"$(traces "$dir/volume")" 0
equal 'nor has the office' "$(traces "$dir/office")" 0
check 'the office verifies' office verify

again() { # NAME FROM...: the office is lost and restored from this
	local name=$1
	shift
	kill_server
	rm -rf "$dir/office"
	check "restored from $name" "$central" restore "$@" --data "$dir/office"
	equal "nothing of it is back ($name)" "$(traces "$dir/office")" 0
	equal "the decision is there ($name)" "$(office dispose list --json |
		jq -c '.[].state')" '"disposed"'
	check "it verifies ($name)" office verify
	start_server || exit 1
	syncs dana || exit 1
	equal "the other case is whole ($name)" "$(office list contact --json |
		jq -c '[.[].fields.narrative]')" '["of another case"]'
	refused "the device has lost the case ($name)" 1 'no such|not found' \
		as dana show "$person"
}
again 'the journal alone' --journal "$journal"
again 'an older backup and the journal' --from "$dir/backups/one" \
	--journal "$journal"
again 'an older backup alone' --from "$dir/backups/one" --journal none
syncs dana || exit 1
check 'the device verifies' as dana verify
done_testing
