#!/usr/bin/env python3
"""No program knows a record type of the case file, but for those listed here.

A state's analyst adds and changes types in schema/ alone; each name in C is a place where that would not do."""
import collections
import json
import pathlib
import re
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')

# Programs that know types, and why.
KNOWN = {
    # the library's typed conveniences
    "client/typed.c": "consent contact location need outcome person referral referral_followup service",
    "client/money.c": "enrollment expenditure_request need person voucher",
    "client/cli/main.c": "contact",
    # the directory, whose types are HSDS's, and the choice of a tax site
    "client/cli/sites.c": "code_set location organization",
    "server/import_map.c": "organization",
    "server/import_map_hours.c": "location service",
    "server/import_plan.c": "location organization service",
    "server/command_import_codes.c": "code_set",
    "server/hsds_record.c": "location organization service",
    # what published codes are in effect
    "shared/model/coded.h": "code_set",
    "shared/model/schema_codes.c": "code_set",
    # money: one transaction against the caps
    "server/money_authorize.c": "enrollment expenditure_approval expenditure_authorization expenditure_request person",
    "server/money_cap.c": "expenditure_cap expenditure_request",
    "server/money_load.c": "enrollment expenditure_approval expenditure_authorization expenditure_request"
                           " expenditure_void person receipt voucher voucher_spend",
    "server/money_void.c": "expenditure_authorization overpayment receipt",
    "server/money_voucher.c": "enrollment person signature voucher",
    "server/command_money_list.c": "person",
    "server/command_voucher.c": "person voucher",
    "shared/model/voucher.c": "person signature voucher",
    "shared/model/voucher.h": "expenditure_void voucher voucher_spend",
    # what a site is told, who sees a case, how long it is kept, what was said of a finding
    "server/command_disclose.c": "consent person phone referral site_referral",
    "server/command_purpose.c": "consent disclosure_log person referral",
    "server/ingest_effect.c": "assignment referral site_referral",
    "server/member.c": "assignment",
    # who is told of a lost device
    "server/lost_person.c": "household household_member person phone site_referral voucher",
    "server/finding.c": "assignment finding_resolution",
    "server/finding.h": "finding_resolution",
    "server/retention.c": "retention",
    # whose case a record belongs to that says no more (the member `person`)
    "shared/model/view.h": "person",
    "shared/replica/record.c": "person",
    "server/put.c": "person",
    "server/duplicates.c": "phone",
}
# Words that are something else there: members of the wire, tables of HSDS, options.
OTHERWISE = {
    "client/cli/command_draft.c": "service",
    "server/enrol.c": "signature",
    "server/import_shape.c": "location organization service",
    "server/import_table.h": "organization phone",
    "server/import_table_hsds.c": "contact location organization phone service",
    "shared/base/err.c": "signature",
    "shared/wire/message_blob.c": "receipt",
    "shared/wire/message_lines.c": "need",
    "shared/wire/message_reconcile.c": "need",
    "shared/wire/message_reply.c": "receipt",
}


def types():
    return {json.loads(path.read_text())["type"]
            for path in (TOP / "schema").glob("*.json")}


def named_in(text, known):
    """Types that stand there as a whole literal, a member or a view."""
    out = set()
    for literal in LITERAL.findall(text):
        words = [literal, *re.findall(r'\\"(\w+)\\"', literal),
                 *re.findall(r"\bv_(\w+)", literal)]
        out |= known.intersection(words)
    return out


class TypeNames(unittest.TestCase):
    maxDiff = None

    def test_only_these_programs_name_a_type(self):
        known, found = types(), collections.defaultdict(str)
        self.assertGreater(len(known), 80)
        for folder in ("shared", "client", "daemon", "server"):
            for path in sorted((TOP / folder).rglob("*.[ch]")):
                names = named_in(path.read_text(), known)
                if names:
                    found[str(path.relative_to(TOP))] = " ".join(sorted(names))
        self.assertEqual(dict(found), {**KNOWN, **OTHERWISE})


if __name__ == "__main__":
    unittest.main()
