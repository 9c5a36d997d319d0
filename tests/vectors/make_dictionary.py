#!/usr/bin/env python3
"""Writes dictionary 1 of the frame (sync-protocol.md section 8).

The dictionary is frozen once a release speaks it: the file it writes,
dictionary_1.bin, is the contract, and this script is how it came to be.  zlib
finds near matches cheaper than far ones, so what is most frequent stands last:
words of case notes, then codes, then members, then whole skeletons of lines.

    make_dictionary.py            writes dictionary_1.bin and dictionary.c
    make_dictionary.py --check    exits 1 when they differ from what it makes
"""
import os
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.join(HERE, "dictionary_1.bin")
C = os.path.join(HERE, "..", "..", "shared", "wire", "dictionary.c")
BYTES_MAX = 8192

# Sentences and phrases that case notes are made of.
PHRASES = """
 Augusta Bangor Portland Lewiston Aroostook Penobscot Kennebec Androscoggin Cumberland Washington County
 Jackson Hinds Rankin Madison Harrison Jones Lauderdale Bolivar Coahoma Sunflower Leflore Mississippi Maine
 Spanish French Somali English interpreter signature witness authorization release of information
 transportation employment education training certificate apprenticeship interview application orientation paystub
 unemployment eligibility assistance emergency utility electric heating water bill shut-off notice eviction landlord
 budgeting worksheet income expenses savings credit counseling tax return EITC Virtual ROMA VITA site appointment
 LIHEAP SNAP TANF ASPIRE CSBG Head Start WIC Medicaid MaineCare Social Security disability child support
 grandmother grandfather mother father daughter son sister brother husband wife partner neighbor cousin caseworker
 kitchen bathroom roof leaks furnace stove refrigerator washing machine window heater mold repair plumbing floor
 car battery tires insurance registration license driver's permit ride gas card mileage broke down
 clinic medication refill member number changed neighbor mentioned hired part-time full-time shift hours per week overtime supervisor warehouse cashier nursing assistant
 food pantry groceries formula diapers clothing winter coat boots furniture bedding
 She said that she would call the provider tomorrow. He said that he is still waiting for the letter from the office.
 Participant agreed to bring the documents to the next visit. We reviewed the plan and the goals together.
 Client reported that the children are doing well in school. Discussed next steps and set a follow-up for two weeks.
 Met with the family at home. Explained the program and the rights and responsibilities. Provided a list of resources.
 Referral sent to the food pantry. Helped to complete the application for heating assistance. Copy given to the client.
 looked through called about asked whether needs help with has not yet received will check was not able to because of the
 talked about work and money, went over the budget, bills are paid up, behind on rent, overdue since the end of the month, more much need other over people should since some still their there these they thing think this through time today
 every day last week this week next month before after again already another between during enough first found from have keep
 under until very wants was well were what when where which while with without work would year years your
 participant person phone problem process progress provider question received reported responsibility schedule service
 signed situation something started stopped support things understand visit waiting
"""

SUFFIXES = """
ation ing ment ness able ible tion sion ther ould ight ough ance ence ally ful less ive ous ity ed er est ly
 has been  have been  had been  would like to  is going to  does not  did not  can not  could not  is not  was not  there is  there are
 to the  of the  in the  on the  for the  at the  and the  with the  from the  by the  that the  is the  was the  to be  will be
 and he  and she  and they  that he  that she  that they  she has  he has  they have  she is  he is  they are  we will  I will
"""

# Codes of the shipped types, as values.
CODES = """
aspire csbg engaged enrolled assessed planned implementing evaluating closed transition light standard intensive
participant spouse authorized_rep guardian witness interpreter drawn typed_with_pin x_mark verbal on_paper
arf_001_release referral_specific esign text_message vita_7216_disclose vita_7216_use photo_id ssn_card
sponsored_site other_site_in_county
no_site_in_county virtual hotline 
internal_program local state federal other_entity routine crisis life_threatening electronic client_self
client_said provider_said document_seen partly too_early accepted declined deferred active inactive
draft ready sent received scheduled attended in_service waitlisted met partly_met not_met ineligible out_of_scope
capacity_refused unknown_lost_contact client_declined client_withdrew cancelled no_response entered_in_error no_show
todo doing done blocked dropped open referred in_progress no_resource withdrawn
employment education income child_care mental_health substance_use safety legal disability family budgeting tax
engagement assessment plan evaluation closure employability_counseling referral_followup compliance advocacy vita handover
client_to_us us_to_client third_party office phone text letter email video collateral attempted chance
no_answer refused left_message wrong_number rescheduled unsafe_left in_person provider nobody
28001 28035 28047 28089 28121 23001 23003 23005 23009 23011 23017 23025
"""

# Members, least frequent first.
MEMBERS = """
{"key":{"case":"1","wrap":"{"sealed":{"body":"{"log":{"from":{"cases":[["{"page":{"count":{"need":{"hashes":"
{"join":{"case":"01{"leave":{"at":17,"lineage":"{"diff":{"have":"{"given":{"mac":"{"mac":"
"room":1048576,"held":[[1,"out-of-scope"],[1,"waiting"],[1,"invalid"]],"lineage":"","more":true,"scopes":["agency","caseload:"],
"carries":"{\\"at\\":17,\\"author\\":\\"","clock":{"w"hold":{"w:":"waiting"},"release":"w
"drop":{"keep":{"status":["seal":true,
,"type":"household_member","type":"location","type":"organization","type":"service","type":"site_referral","type":"addendum","type":"consent","type":"assignment"}
"directory_version":"","description":"","alternate_name":"","postal_code":"","eligibility":"","organization":"","location":"","schedule":"","website":"https://www.
"about":"01","address":"","assigned_to":"","assessment_opinion":"","budgeting_offered":"accepted","eitc_offered":"declined","characteristics":{"city":"","dob_estimated":true,"documents_seen":["domain":"housing","due_on":"2026-","effectiveness":"
"employment_barrier":true,"csbg_can_meet":"partly","evidence":"","external_entry":"","household":"01","households":["01","identifiers":["income_cents":00,"information_shared":["interpreter_needed":true,"language":"en
"number":"+1","persons_present":["reason":"","recipients":["relation":"child","severity":3,"site":"01","tax_year":2026,"title":"","valid_from":"2026-","valid_to":"2026-","what":"","type":"task"}
,"set":{"primary":"","scopes":["caseload:"]},"add":{"scopes":["caseload:"]},"seen":{"o
"set":{"county":"28049","dob":"19","first_name":"","legal_name":{"family":"","given":"","preferred_name":"","phone":"601-555-01
"set":{"description":"","domain":"food","person":"01","status":"open"},"type":"need"}
"set":{"finding":"","method":"phone","next_due":"2026-","on":"2026-","referral":"01","spoke_to":"client"},"type":"referral_followup"}
"set":{"appointment_at":"2026-","consent":"01","method":"electronic","need":"01","note":"","person":"01","provider":"","scope":"local","sent_at":"2026-","service":"01","status":"sent","urgency":"routine","warm_handoff":true},"type":"referral"}
"client_words":"","kind":"phone","occurred_on":"2026-","participant":"01","spoke_to":["
"""

# Whole lines, in canonical order of members; the commonest last.
SKELETONS = """
{"at":1780000000000,"author":"","n":1,"prev":1,"record":"019","replica":"w","schema":1,"seen":{"o":1,"w":1},"set":{"status":"received"}}
{"at":1780000000000,"author":"","case":"019","n":1,"record":"019","replica":"w","schema":1,"set":{"county":"28049","dob":"1990-01-01","legal_name":""},"type":"person"}
{"at":1770000000000,"author":"","case":"019","n":1,"record":"019","replica":"w","schema":1,"set":{"need":"","person":"019","status":"sent"},"type":"referral"}
{"at":1760000000000,"author":"","case":"0193","n":1,"record":"0193","replica":"w","schema":1,"set":{"county":"23019","direction":"us_to_client","duration_min":45,"kind":"home_visit","narrative":" The  said that the  and  is  to the  for the . She  has been  with the  children  next week.","next_contact_on":"2026-12-","occurred_at":"2026-11-21T15:20-06:00","outcome":"completed","person":"0193","place":"home","purpose":["monitoring"]},"type":"contact"}
{"at":1760000000000,"head":1,"receipt":{"link":"","n":1,"sig":"","term":"o"},"token":""}
{"cursor":{"end":true,"scope":"caseload:","seq":1,"sum":""}}
{"agency":"","base":{"link":"","n":1},"cursors":{"agency":{"own":1,"seq":1,"sum":""},"caseload:":{"own":1,"seq":1,"sum":""}},"head":1,"lineage":"","protocol":1,"replica":"w","term":"o","token":""}
{"auth":""}
{"sign":{"n":1,"sig":""}}
"""


def lines(text, joint=""):
    return joint.join(text.strip("\n").split("\n"))


def dictionary():
    text = (lines(PHRASES) + lines(SUFFIXES) + " " + lines(CODES, " ")
            + lines(MEMBERS) + lines(SKELETONS, "\n") + "\n")
    data = text.encode()
    if len(data) > BYTES_MAX:
        raise SystemExit("dictionary of %d bytes is over %d"
                         % (len(data), BYTES_MAX))
    return data


def source(data):
    """The C array, eleven numbers a line (80 columns)."""
    out = ["/* Dictionary 1, made by tests/vectors/make_dictionary.py from",
           " * which tests/vectors/dictionary_1.bin comes too.  Never edited:"
           " it is part",
           " * of the protocol. */",
           '#include "shared/wire/deflate.h"',
           "",
           "/* clang-format off */",
           "static const uint8_t dictionary[%d] = {" % len(data)]
    for at in range(0, len(data), 15):
        row = ", ".join("%3d" % b for b in data[at:at + 15])
        out.append("    " + row + ",")
    out += ["};", "/* clang-format on */", "",
            "struct bytes dictionary_1(void)", "{",
            "    return bytes_of(dictionary, sizeof dictionary);", "}", "",
            "const char *dictionary_1_id(void)", "{",
            '    return "%08x";' % (zlib.adler32(data) & 0xffffffff), "}", ""]
    return "\n".join(out).encode()


def main():
    data = dictionary()
    wanted = {BIN: data, C: source(data)}
    if sys.argv[1:] == ["--check"]:
        stale = [p for p, d in wanted.items()
                 if not os.path.exists(p) or open(p, "rb").read() != d]
        for path in stale:
            print("%s is not what make_dictionary.py makes" % path)
        sys.exit(1 if stale else 0)
    for path, content in wanted.items():
        with open(path, "wb") as f:
            f.write(content)
    print("%d bytes, %08x" % (len(data), zlib.adler32(data) & 0xffffffff))


main()
