#!/usr/bin/env bash
# A record type that uses all six rules is added to the schema and, without
# recompiling anything, written, synced, brought into conflict and resolved.
. "$(dirname "$0")/lib/office.bash"
scenario F14

make_office && start_server && enrol dana && enrol lee || exit 1
cat >"$dir/garden_plot.json" <<'JSON'
{"type": "garden_plot", "title": "Garden plot", "version": 1, "home": "case",
 "doc": "A plot in the community garden.",
 "fields": {
  "person":  {"kind": "record", "target": "person", "rule": "fixed"},
  "deed":    {"kind": "text", "rule": "fixed"},
  "crop":    {"kind": "text", "rule": "latest"},
  "stage":   {"kind": "code", "rule": "furthest",
              "codes": ["dug", "sown", "reaped", "flooded"],
              "order": [["dug", "sown"], ["sown", "reaped"], ["sown", "flooded"]]},
  "access":  {"kind": "code", "rule": "safest", "codes": ["open", "closed"],
              "order": [["open", "closed"]]},
  "helpers": {"kind": "text", "rule": "set"},
  "rent_cents": {"kind": "cents", "rule": "both"}}}
JSON
check 'the office takes the new type' office import schema \
	"$dir/garden_plot.json" --as ruth
syncs dana lee || exit 1
person=$(as dana put person legal_name='Ruth Ames')
plot=$(as dana put garden_plot person="$person" deed='plot 7' crop=okra \
	stage=dug access=open rent_cents=1000 helpers+=Ann)
equal 'a device writes it, checked by its definition' \
	"$(value dana "$plot" rent_cents)" 1000
refused 'and refuses what is not in it, with the field, the value, the form' 1 \
	'stage.*weeded.*dug' as dana put garden_plot person="$person" stage=weeded
syncs dana lee || exit 1
revise dana "$plot" stage=reaped access=open rent_cents=1200 crop=beans helpers+=Bo
revise lee "$plot" stage=flooded access=closed rent_cents=900 crop=corn \
	'helpers-=Ann:moved away'
syncs dana lee dana || exit 1
equal 'two maxima go to review, money waits, the rest is decided by rule' \
	"$(as lee conflicts --json | jq -c '[.[].field] | sort')" \
	'["access","crop","rent_cents","stage"]'
equal 'safest: the protective value holds' "$(value dana "$plot" access)" \
	'"closed"'
equal 'both: what all had seen holds' "$(value dana "$plot" rent_cents)" 1000
equal 'set: dropped and added' "$(value dana "$plot" helpers)" '["Bo"]'
equal 'both vaults show the same bytes' "$(hash_of dana "$plot")" \
	"$(hash_of lee "$plot")"
for field in access crop rent_cents stage; do
	dot=$(as lee show "$plot" --json |
		jq -r ".fields.$field.live[] | select(.author == \"lee\").dot")
	check "$field is resolved" as lee resolve "$plot" $field \
		--context "$(context lee "$plot")" --keep "$dot"
done
as lee put --record "$plot" --context "$(context lee "$plot")" --seal \
	deed='plot 7, west corner' >/dev/null
syncs lee dana || exit 1
equal 'nothing is open any more' "$(as dana conflicts --json)" '[]'
revise dana "$plot" deed='plot 8'
equal 'fixed: what is sealed stands' "$(value dana "$plot" deed)" \
	'"plot 7, west corner"'
syncs dana lee || exit 1
equal 'and the same everywhere' "$(hash_of dana "$plot")" \
	"$(hash_of lee "$plot")"
check 'the office verifies' office verify
done_testing
