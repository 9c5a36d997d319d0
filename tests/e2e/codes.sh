#!/usr/bin/env bash
# Code sets: read whole, byte for byte as published, imported again, changed,
# refused with the place of what is wrong; and on the devices.
. "$(dirname "$0")/lib/office.bash"

sets=$(cd "$(dirname "$0")/../../schema/codes" && pwd)
vectors=$(cd "$(dirname "$0")/../vectors" && pwd)

import() { office import codes --as ruth --json "$@" 2>"$dir/err"; }
counts() { jq -c '[.[] | [.added, .changed, .gone, .written]]'; }

# The files' rows by a reader of its own: set, version, and each row's cells.
rows() { python3 - "$1" <<'EOF'
import csv, json, pathlib, sys
sets = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.csv")):
    lines = path.read_bytes().decode("utf-8").splitlines(keepends=True)
    head = [l for l in lines if l.startswith("#")]
    said = dict(l[2:].rstrip("\n").split(": ", 1) for l in head)
    table = csv.DictReader(lines[len(head):])
    sets.append([said["set"], said["version"], said["standing"],
                 [{k: v for k, v in row.items() if v} for row in table]])
print(json.dumps(sorted(sets), sort_keys=True))
EOF
}
# As tests/vectors/code_labels.json states it, which was made from the
# publications' transcripts, not from these files.
labels() { python3 -c '
import hashlib, json, sys
out = {}
for record in json.load(sys.stdin):
    f = record["fields"]
    text = "".join("%s\t%s\n" % (c["code"], c["label"]) for c in f["codes"])
    out[f["set"] + " " + f["version"]] = {
        "codes": len(f["codes"]),
        "sha256": hashlib.sha256(text.encode()).hexdigest()}
print(json.dumps(out, sort_keys=True))'; }
listed() { # JSON of `list code_set`
	jq -cS '[.[].fields | [.set, .version, .standing, .codes]] | sort'
}

make_office && start_server && enrol dana || exit 1

equal 'every set is new' "$(import "$sets" | jq -c '[.[].written] | unique')" '[true]'
equal 'labels, codes and the rest equal the files byte for byte' \
	"$(office list code_set --json | listed)" "$(rows "$sets" | jq -cS sort)"
equal 'and every label the transcript it was made from' \
	"$(office list code_set --json | labels)" \
	"$(python3 -c 'import json, sys
print(json.dumps(json.load(sys.stdin), sort_keys=True))' <"$vectors/code_labels.json")"
equal 'purposes of disclosure are those that the record type has' \
	"$(office list code_set --json | jq -c '.[].fields |
	select(.set == "disclosure-purposes").codes | map(.code) | sort')" \
	"$(jq -c '.fields.purpose.codes | sort' schema/disclosure_log.json)"
before=$(office status --json | jq .lines)
equal 'a second import finds all here' \
	"$(import "$sets" | jq -c '[.[].written] | unique')" '[false]'
equal 'and writes nothing' "$(office status --json | jq .lines)" "$before"
equal 'two versions stand side by side' "$(office list code_set --json |
	jq -c '[.[].fields | select(.set == "csbg-services") | .version] | sort')" \
	'["2.1","3.0"]'
equal 'what is no official text says so' "$(office list code_set --json |
	jq -r '.[].fields | select(.set == "csbg-fnpi" and .version == "3.0") |
		.standing')" secondary

as dana sync >/dev/null 2>&1
equal 'the field has them, byte for byte' \
	"$(as dana list code_set --json | listed)" "$(rows "$sets" | jq -cS sort)"

# What a worker writes is held against the set and version that it names.
person=$(as dana put person legal_name='Ruth Ames')
service() { # VERSION CODE DAY [FIELD=VALUE...]: prints what is remarked
	as dana put service_delivered person="$person" \
		codeset="${set:-csbg-services}" codeset_version="$1" code="$2" \
		on="$3" "${@:4}" 2>&1 >"$dir/id"
}
equal 'a code of its time is remarked on by nobody' \
	"$(service 2.1 'SRV 7a' 2025-09-30)-$(service 3.0 'SRV 7a' 2025-10-01)-" --
equal 'one whose version has ended is' "$(service 2.1 'SRV 7a' 2025-10-01)" \
	'satchel: note: code: csbg-services 2.1 was in effect until 2025-09-30, not on 2025-10-01; stored all the same'
late=$(cat "$dir/id")
equal 'one that has not begun, too' "$(service 3.0 'SRV 7a' 2025-09-30)" \
	'satchel: note: code: csbg-services 3.0 is in effect from 2025-10-01 on, not on 2025-09-30; stored all the same'
early=$(cat "$dir/id")
equal 'and a code that the set does not have' \
	"$(service 2.1 'SRV 99' 2025-09-30)" \
	'satchel: note: code: "SRV 99" is not a code of csbg-services 2.1; stored all the same'
unknown=$(cat "$dir/id")
equal 'and a set that nobody has' "$(set=csbg-x service 1 A 2025-09-30)" \
	'satchel: note: code: there is no code set csbg-x of version 1 here; stored all the same'
nowhere=$(cat "$dir/id")
equal 'all are stored as they were written' "$(as dana list service_delivered \
	--json | jq -c '[.[].fields.code] | sort')" \
	'["A","SRV 7a","SRV 7a","SRV 7a","SRV 7a","SRV 99"]'
check 'the day is corrected' as dana put --record "$late" --context \
	"$(context dana "$late")" on=2025-09-01
equal 'which is remarked on no more' "$(wc -l <"$dir/err")" 0
check 'and made wrong again' as dana put --record "$late" --context \
	"$(context dana "$late")" on=2025-10-02
equal 'which is' "$(grep -c 'until 2025-09-30, not on 2025-10-02' \
	"$dir/err")" 1
syncs dana || exit 1
equal 'the office lists them' "$(office findings --policy code_not_in_effect \
	--json | jq -c '[.rows[].record] | sort')" \
	"$(printf '%s\n' "$late" "$early" "$unknown" "$nowhere" | jq -cRs \
		'split("\n")[:-1] | sort')"
check 'and says of each what is wrong' bash -c "'$central' findings --data \
	'$dir/office' | grep -q 'SRV 99 of csbg-services 2.1: the set has no such'"

cp "$sets/tanf-work-activities.csv" "$dir/changed.csv"
sed -i -e 's/^ojt,On-the-job training (OJT)/ojt,On-the-job training/' \
	-e '/^job_search,/d' "$dir/changed.csv"
echo 'other,Something else,261.30(z),,' >>"$dir/changed.csv"
equal 'one code is added, one changed, one gone' \
	"$(import "$dir/changed.csv" | counts)" '[[1,1,1,true]]'
equal 'and the one that is gone is named' "$(cat "$dir/err")" \
	'tanf-work-activities 45 CFR 261.30: 1 code is in it no longer (job_search); records that name it keep it'
equal 'the history keeps both' "$(office show "$(office list code_set --json |
	jq -r '.[] | select(.fields.set == "tanf-work-activities") | .record')" \
	--history --json | jq '.history | length')" 2

head='# set: s\n# version: 1\n# title: t\n# standing: official\n# source: u\n'
wrong() { # NAME TEXT SAYS
	printf "$2" >"$dir/wrong.csv"
	refused "$1" 1 "$3" office import codes "$dir/wrong.csv" --as ruth
}
wrong 'a code that stands twice' "${head}code,label\nA,x\nA,y\n" \
	'wrong.csv:8:1: the code "A" stands twice'
wrong 'a row that is too short' "${head}code,label\nA\n" \
	'wrong.csv:7:1: 1 cells, the header has 2'
wrong 'an empty label' "${head}code,label\nA,\n" \
	'wrong.csv:7:3: the label is empty'
wrong 'a table without labels' "${head}code,name\nA,x\n" \
	'wrong.csv:6:1: the columns code and label are expected'
wrong 'no source' '# set: s\n# version: 1\n# title: t\n# standing: official\ncode,label\nA,x\n' \
	'the line "# source: ..." is missing'
wrong 'a key that nobody knows' '# sett: s\ncode,label\nA,x\n' \
	'wrong.csv:1:1: "sett" is not known here'
wrong 'a date that is none' "${head}# effective_from: 2025-13-01\ncode,label\nA,x\n" \
	'effective_from: a date such as 2026-11-21 is expected'
wrong 'text that is not UTF-8' "${head}code,label\nA,\xff\n" 'this is not UTF-8'
mkdir "$dir/none"
refused 'a folder without any' 1 'holds no .csv file' \
	office import codes "$dir/none" --as ruth

mkdir "$dir/some" && cp "$sets/counties-ms-me.csv" "$dir/some/a.csv"
sed -i 's/,Adams,/,ADAMS,/' "$dir/some/a.csv"
printf "${head}code,label\nA,\n" >"$dir/some/b.csv"
refused 'one that is wrong' 1 'b.csv:7:3' \
	office import codes "$dir/some" --as ruth
equal 'stops all of them' "$(office list code_set --json |
	jq '[.[].fields | select(.set == "counties") | .codes[] |
		select(.label == "ADAMS")] | length')" 0

check 'the office verifies' office verify
done_testing
