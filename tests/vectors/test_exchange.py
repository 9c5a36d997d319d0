#!/usr/bin/env python3
"""The second client against the real office: `ok NAME` or `not ok NAME`.

BUILD names the build folder.  One office serves all tests, each of which uses
users and caseloads of its own; a name as argument runs just that test."""
import copy
import json
import sys
import traceback

import office as central
import satchel_replica
import satchel_requests
import satchel_wire as wire
from satchel_replica import Refused, Replica

TESTS = []
SYNC = "application/x-satchel"


def test(function):
    TESTS.append(function)
    return function


def clone(replica):
    return Replica(copy.deepcopy(replica.s))


def hashes(replica):
    return {wire.line_hash(line) for line in replica.known()}


def case_of(replica, text):
    """Writes a person, with its own case, and a contact; the case's id."""
    person = wire.new_id()
    replica.write(person, "person", person,
                  set={"legal_name": "Ana " + text})
    replica.write(type="contact", case=person,
                  set={"kind": "home_visit", "narrative": text,
                       "person": person})
    return person


def written(replica, text):
    """True when some line that is held says so, carried ones too."""
    return any(text in line for line in replica.known())


def same(*replicas):
    """All hold the same lines, and no sum says otherwise."""
    first = hashes(replicas[0])
    for other in replicas[1:]:
        assert hashes(other) == first, (
            len(hashes(other) - first), len(first - hashes(other)))


def settled(*replicas):
    """Another sync moves nothing and asks for no comparison."""
    for replica in replicas:
        replica.report = Replica().report
        report = replica.sync()
        assert report["requests"] == 1, report
        assert not report["pulled"] and not report["reconciled"], report


# ---- enrolment ----

@test
def the_office_tells_its_public_facts(office):
    status, _, body = office.request("/v1/office")
    facts = json.loads(body)
    assert status == 200 and facts["agency"] == "three-rivers"
    assert facts["protocol"] == {"max": 1, "min": 1}
    assert wire.DICTIONARY_ID in facts["dictionaries"]
    for name in ("box", "root"):
        assert len(wire.unb64(facts[name])) == 32


@test
def a_repeated_enrolment_gives_the_same_certificate(office):
    office.run("user", "add", "abe", "--role", "worker")
    replica, code = Replica(), office.code("abe")
    replica.enrol(office.url, code)
    first = replica.s["certificate"]
    replica.enrol(office.url, code.lower().replace("-", ""))
    assert replica.s["certificate"] == first


@test
def a_code_is_used_once(office):
    office.run("user", "add", "bea", "--role", "worker")
    code = office.code("bea")
    Replica().enrol(office.url, code)
    for wrong in (code, "AAAA-AAAA-AAAA-AAAA"):
        try:
            Replica().enrol(office.url, wrong)
        except Refused as refused:
            assert (refused.status, refused.error) == (403, "bad-code")
        else:
            raise AssertionError("enrolled with " + wrong)


# ---- exchange ----

@test
def a_push_is_receipted_and_another_replica_pulls_it(office):
    dana = office.worker("dana", "east")
    kim = office.worker("kim", "east")
    case_of(dana, "first visit")
    assert dana.sync()["pushed"] == 2
    assert dana.s["received"] == len(dana.s["log"]) == 2
    kim.sync()
    assert written(kim, "first visit")
    dana.sync()
    same(dana, kim)
    settled(dana, kim)


@test
def two_writers_of_one_field_both_stay(office):
    ann = office.worker("ann", "delta")
    bob = office.worker("bob", "delta")
    case = case_of(ann, "shared")
    ann.sync()
    bob.sync()
    ann.write(case, set={"county": "28049"})
    bob.write(case, set={"county": "28001"})
    for replica in (ann, bob, ann, bob):
        replica.sync()
    same(ann, bob)
    assert written(ann, "28001") and written(bob, "28049")
    settled(ann, bob)


@test
def nothing_to_say_is_one_small_request(office):
    replica = office.worker("cara", "foxtrot")
    case_of(replica, "quiet")
    replica.sync()
    replica.sync()
    header = replica.header()
    asked = replica.body(header, [])
    status, _, answered = office.request("/v1/sync", asked, SYNC)
    assert status == 200
    print("# %d bytes up, %d bytes down" % (len(asked), len(answered)))
    assert len(asked) + len(answered) < 700


@test
def many_lines_go_in_several_requests(office):
    replica = office.worker("carl", "golf")
    other = office.worker("cleo", "golf")
    person = case_of(replica, "long story")
    for i in range(700):
        replica.write(type="contact", case=person,
                      set={"kind": "phone", "narrative": "call %d" % i})
    replica.sync()
    head, lines = other.exchange(other.header(room=20000), [])
    assert head["more"]
    other.take_header(head)
    other.take_lines(lines)
    other.sync()
    replica.sync()
    same(replica, other)
    settled(replica, other)


@test
def a_locked_push_reaches_others_in_plain(office):
    replica = office.worker("dora", "hotel")
    other = office.worker("dirk", "hotel")
    case_of(replica, "sealed words")
    replica.sync(locked=True)
    assert replica.s["received"] == 2
    other.sync()
    assert written(other, "sealed words")
    replica.sync()
    same(replica, other)
    settled(replica, other)


@test
def a_resumed_push_is_compared_and_skipped(office):
    replica = office.worker("egon", "india")
    case_of(replica, "once")
    before = clone(replica)
    replica.sync()
    before.write(type="contact", case=wire.new_id(),
                 set={"narrative": "twice"})
    before.s["token"] = replica.s["token"]  # the reply was lost, no more
    before.s["token"] = ""
    before.sync()
    assert before.s["received"] == 3


@test
def what_was_signed_before_a_cut_is_committed(office):
    replica = office.worker("faye", "juliett")
    body = satchel_requests.unsigned_tail(replica)
    status, _, reply = office.request("/v1/sync", body, SYNC)
    said = json.loads(reply)
    assert (status, said["error"]) == (422, "bad-signature"), said
    assert said["received"] == 1, said


# ---- scopes ----

@test
def a_case_moves_and_leaves_with_a_signature(office):
    old = office.worker("gina", "kilo")
    new = office.worker("gwen", "lima")
    case = case_of(old, "moving house")
    old.sync()
    old.sync()
    assert not written(new, "moving house")
    office.run("case", "assign", case, "--caseload", "lima", "--as", "chief")
    new.sync()
    assert written(new, "moving house")
    old.sync()
    assert case not in old.s["scopes"]["caseload:kilo"]["cases"]
    settled(old, new)


@test
def a_caseload_that_is_taken_away_leaves_whole(office):
    both = office.worker("gus", "zulu", "zebra")
    other = office.worker("greta", "zebra")
    case = case_of(other, "of the zebra caseload")
    other.sync()
    both.sync()
    both.sync()
    assert written(both, "of the zebra caseload")
    office.run("user", "set", "gus", "--caseload", "zulu")
    both.sync()
    assert "caseload:zebra" not in both.s["scopes"]
    assert case not in both.cases_of_records()
    assert not written(both, "of the zebra caseload")
    settled(both, other)


@test
def a_write_outside_ones_scopes_is_held(office):
    old = office.worker("hans", "mike")
    new = office.worker("hope", "november")
    case = case_of(old, "given away")
    old.sync()
    office.run("case", "assign", case, "--caseload", "november",
               "--as", "chief")
    old.sync()
    old.s["case_of_" + case] = True
    old.write(case, set={"county": "28033"})
    old.sync()
    assert "out-of-scope" in old.s["held"].values(), old.s["held"]
    new.sync()
    settled(new)


@test
def a_line_that_saw_what_is_missing_waits(office):
    ann = office.worker("ida", "oscar")
    bob = office.worker("ira", "oscar")
    case = case_of(ann, "the beginning")
    ann.sync()
    bob.sync()
    ann.write(case, set={"county": "28049"})
    bob.s["lines"].append(ann.s["log"][-1])  # by another way than the office
    bob.write(case, set={"county": "28071"})
    bob.s["lines"].pop()
    bob.sync()
    assert list(bob.s["held"].values()) == ["waiting"], bob.s["held"]
    ann.sync()
    for replica in (bob, ann, bob):
        replica.sync()
    same(ann, bob)
    assert any('"release":' in line for line in ann.known())
    settled(ann, bob)


@test
def an_unreadable_line_is_held_and_the_log_goes_on(office):
    replica = office.worker("jane", "papa")
    case_of(replica, "before")
    replica.s["log"].append("this is no revision")
    replica.s["log"].append(replica.s["log"][0].replace(
        '"n":1', '"n":4').replace('"type":"person"', '"type":"need"'))
    links, key = replica.links(), replica.key()
    header = replica.header()
    lines = [*replica.s["log"], replica.sign_line(4, key, links[4])]
    head, _ = replica.exchange(header, lines)
    assert head["head"] == 4, head
    assert [3, "invalid"] in head["held"], head


# ---- forks, clones, rollback, revocation ----

@test
def both_copies_of_a_clone_keep_their_story(office):
    one = office.worker("kurt", "quebec")
    case = case_of(one, "before the copy")
    one.sync()
    one.sync()
    two = clone(one)
    one.write(case, set={"county": "28001"})
    two.write(case, set={"county": "28121"})
    one.sync()
    two.sync()
    assert two.report["succeeded"] == 1
    assert two.s["replica"] != one.s["replica"]
    one.sync()
    for replica in (two, one, two, one):
        replica.sync()
    assert written(one, "28121") and written(two, "28001")
    same(one, two)
    settled(one, two)


@test
def a_clone_that_only_reads_goes_on_under_a_fresh_key(office):
    one = office.worker("lara", "romeo")
    kim = office.worker("leo", "romeo")
    case_of(one, "read only")
    one.sync()
    two = clone(one)
    case_of(kim, "news")
    kim.sync()
    one.sync()  # the news come with a token of their own ...
    one.sync()  # ... which now came back
    two.sync()
    assert two.report["succeeded"] == 1
    one.sync()
    same(one, two)
    settled(one, two)


@test
def a_branch_of_a_log_is_carried_by_the_office(office):
    one = office.worker("lew", "branches")
    case = case_of(one, "common")
    one.sync()
    one.sync()
    two = clone(one)
    one.write(case, set={"county": "28003"})
    one.sync()
    case_of(two, "of the copy")
    two.write(case, set={"county": "28009"})
    two.succeed("fork")
    # As of one whose keys are destroyed: what was carried is not there.
    old = two.s["old"][-1]
    two.s["log"], old["contribute"] = [], one.s["received"]
    old["kept"] = len(old["log"])
    most, satchel_replica.BATCH_LINES = satchel_replica.BATCH_LINES, 1
    try:
        two.sync()  # refused as it parts earlier, then whole, in parts
    finally:
        satchel_replica.BATCH_LINES = most
    assert not two.s["log"] and len(old["gone"]) == 3, old
    for replica in (one, two, one):
        replica.sync()
    assert written(one, "of the copy") and written(one, "28009")
    assert written(two, "of the copy") and written(two, "28003")
    same(one, two)
    settled(one, two)


@test
def a_fresh_key_learns_where_cases_stand_now(office):
    both = office.worker("lily", "xray", "yankee")
    case = case_of(both, "from one to the other")
    both.sync()
    both.sync()
    office.run("case", "assign", case, "--caseload", "yankee",
               "--as", "chief")
    both.succeed("stale")
    both.sync()
    assert case not in both.s["scopes"]["caseload:xray"]["cases"]
    assert case in both.s["scopes"]["caseload:yankee"]["cases"]
    settled(both)


@test
def a_revoked_replica_hands_over_and_is_told(office):
    replica = office.worker("mona", "sierra")
    case = case_of(replica, "trusted")
    replica.sync()
    replica.write(case, set={"county": "28071"})
    office.run("replica", "revoke", replica.s["replica"], "--as", "chief")
    replica.sync()
    assert replica.s["revoked"]
    assert replica.s["received"] == 3
    assert list(replica.s["held"].values()) == ["revoked"], replica.s["held"]


@test
def a_restored_office_gets_everything_back(office):
    own = central.Office()
    try:
        ann = own.worker("ann", "north")
        bob = own.worker("bob", "north")
        case = case_of(ann, "before the backup")
        ann.sync()
        bob.sync()
        backup = own.dir / "backup"
        own.run("backup", "--to", str(backup))
        ann.write(case, set={"county": "28049"})
        case_of(bob, "after the backup")
        for replica in (ann, bob, ann):
            replica.sync()
        lineage = ann.s["lineage"]
        own.stop()
        own.data.rename(own.dir / "lost")
        own.run("restore", "--from", str(backup))
        own.serve()
        ann.write(case, set={"directions": "blue door"})
        for replica in (ann, bob, ann, bob, ann):
            replica.sync()
        assert ann.s["lineage"] == bob.s["lineage"] != lineage
        for replica in (ann, bob):
            assert written(replica, "after the backup")
            assert written(replica, "28049") and written(replica, "blue door")
        same(ann, bob)
        settled(ann, bob)
    finally:
        own.close()


@test
def two_backups_or_a_journal_back_up_what_was_received(office):
    own = central.Office()
    try:
        ann = own.worker("ann", "north")
        case = case_of(ann, "to be kept")
        ann.sync()
        for number, backed in ((1, 0), (2, ann.s["received"])):
            own.run("backup", "--to", str(own.dir / ("backup%d" % number)))
            ann.sync()
            assert ann.s.get("backed", 0) == backed, ann.s
        own.stop()
        own.serve("--journal", str(own.dir / "journal"))
        ann.write(case, set={"county": "28049"})
        ann.sync()
        assert ann.s["backed"] == ann.s["received"] > backed, ann.s
        settled(ann)
    finally:
        own.close()


# ---- errors ----

def answer_of(office, name):
    """What is wrong with the answer to one kind of request, or None."""
    kind = satchel_requests.KINDS[name]
    replica = office.device("nora")  # some kinds commit, or close it
    case_of(replica, "the one who errs")
    replica.sync()
    replica.write(type="contact", case=wire.new_id(), set={"kind": "phone"})
    got, headers, reply = office.request(kind.path, kind.make(replica),
                                         kind.type)
    if got == 200:
        head = wire.parse(wire.unpack(reply)[0])
        return None if kind.status == 200 and head["head"] >= 2 else head
    said = json.loads(reply)
    if (got, said.get("error")) != (kind.status, kind.error) \
            or not said["detail"] or not said.keys() >= set(kind.members) \
            or not headers["Content-Type"].startswith("application/json"):
        return got, said, headers["Content-Type"]
    return None


@test
def every_bad_request_gets_its_error(office):
    office.run("user", "add", "nora", "--role", "worker", "--caseload",
               "tango")
    wrong = {name: answer_of(office, name)
             for name in satchel_requests.KINDS}
    wrong = {name: answer for name, answer in wrong.items() if answer}
    assert not wrong, "\n".join("%s: %s" % w for w in wrong.items())


@test
def a_gap_names_what_is_received(office):
    replica = office.worker("nils", "uniform")
    case_of(replica, "gaps")
    replica.sync()
    _, _, reply = office.request("/v1/sync", satchel_requests.gap(replica),
                                 SYNC)
    assert json.loads(reply)["received"] == 2


@test
def a_stale_token_brings_receipts_only(office):
    replica = office.worker("olga", "victor")
    case_of(replica, "stale")
    replica.sync()
    status, _, reply = office.request(
        "/v1/sync", satchel_requests.stale(replica), SYNC)
    lines = wire.unpack(reply)
    assert status == 200 and wire.parse(lines[0])["state"] == "stale"
    assert len(lines) == 1


@test
def http_itself_is_answered_in_kind(office):
    replica = office.worker("otto", "whiskey")
    body = satchel_requests.nothing(replica)
    cases = [
        ("/v1/nothing-here", None, None, None, 404, "not-found"),
        ("/v1/sync", None, None, "GET", 405, "bad-method"),
        ("/v1/sync", body, "text/plain", None, 415, "bad-type"),
        ("/v1/enrol", b"{}", "text/plain", None, 415, "bad-type"),
        ("/v1/enrol", b"not json", "application/json", None, 400,
         "bad-header"),
        ("/v1/enrol", b"{" + b" " * 17000 + b"}", "application/json", None,
         413, "too-large"),
        ("/v1/enrol", b'{"protocol":99}', "application/json", None, 426,
         "bad-protocol"),
        ("/v1/enroll", b"{}", "application/json", None, 400, "bad-header"),
    ]
    for path, data, kind, method, status, error in cases:
        got, headers, reply = office.request(path, data, kind, method)
        said = json.loads(reply)
        assert (got, said["error"]) == (status, error), (path, got, said)
        if status == 405:
            assert headers["Allow"] == "POST", headers["Allow"]
        if status == 426:
            assert (said["min"], said["max"]) == (1, 1), said


def main():
    if not central.CENTRAL.exists():
        print("ok exchange # SKIP no satchel-central in", central.BUILD)
        return 0
    wanted = set(sys.argv[1:])
    office, failed = central.Office(), 0
    try:
        for function in TESTS:
            if wanted and function.__name__ not in wanted:
                continue
            try:
                function(office)
                print("ok", function.__name__, flush=True)
            except Exception:
                failed += 1
                print("not ok", function.__name__, flush=True)
                traceback.print_exc(file=sys.stdout)
        if failed:
            print("# the office said:", office.said())
    finally:
        office.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
