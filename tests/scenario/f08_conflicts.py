#!/usr/bin/env python3
"""A thousand concurrent values of one field: each is kept and listed until a
person closes it, through kills, later clean syncs, a second reviewer and edits
during the review."""
import json
import sys

from claims import run
import satchel_wire as wire

SCENARIO = "F8"
COUNT = 1000


def live(office, record):
    field = office.run("show", record)["fields"]["preferred_name"]
    return field, sorted(v["value"] for v in field["live"])


def write_unseen(replica, record, count):
    """Values of which none has seen another: forms that were open at once."""
    seen = replica.context(record)
    before = seen.get(replica.s["replica"])
    for i in range(count):
        line = {"set": {"preferred_name": "%s %04d" % (
            replica.s["user"], i)}}
        if before or i:
            line["prev"] = before if not i else len(replica.s["log"])
        append(replica, record, line, seen)


def append(replica, record, members, seen):
    """As Replica._append, which looks for `prev` in the whole log."""
    log = replica.s["log"]
    log.append(wire.canonical({
        "at": 1764000000000 + len(log), "author": replica.s["user"],
        "n": len(log) + 1, "record": record, "replica": replica.s["replica"],
        "seen": seen, **members}))


def story(claims, office):
    ann, bob = office.worker("ann", "east"), office.worker("bob", "east")
    case = wire.new_id()
    ann.write(case, "person", case, set={"preferred_name": "base"})
    ann.sync()
    bob.sync()
    write_unseen(ann, case, COUNT // 2)
    write_unseen(bob, case, COUNT // 2)
    wanted = sorted("%s %04d" % (who, i) for who in ("ann", "bob")
                    for i in range(COUNT // 2))
    ann.sync()
    # Detected, and killed before anybody looks.
    office.process.kill()
    office.process.wait()
    office.serve()
    bob.sync()
    field, values = live(office, case)
    claims.equal("a thousand values of one field are live", values, wanted)
    claims.check("and wait for a person", field.get("open"))
    said = office.run("conflicts", "list")
    claims.equal("in one entry of the list, with base, author and time of each",
                 (len(said), len(said[0]["values"]), all(
                     v["author"] and v["at"] for v in said[0]["values"])),
                 (1, COUNT, True))
    ann.sync()
    bob.sync()
    # Two reviewers, and an edit that neither has seen.
    first, second = said[0]["values"][:2]
    context = office.run("show", case)["context"]
    append(bob, case, {"keep": {"preferred_name": [second["write"]]},
                       "prev": len(bob.s["log"])}, bob.context(case))
    append(ann, case, {"set": {"preferred_name": "ann meanwhile"},
                       "prev": len(ann.s["log"])}, {ann.s["replica"]: 1})
    ann.sync()
    office.run("conflicts", "resolve", case, "preferred_name", "--keep",
               first["write"], "--context", context, "--as", "chief")
    field, values = live(office, case)
    claims.equal("a review closes what it had seen, and nothing else",
                 values, sorted([first["value"], "ann meanwhile"]))
    claims.check("so that the edit made during it keeps it open",
                 field.get("open"))
    bob.sync()
    field, values = live(office, case)
    claims.equal("a second reviewer's choice stands beside the first's",
                 values, sorted([first["value"], second["value"],
                                 "ann meanwhile"]))
    for replica in (ann, bob, ann, bob):
        replica.sync()
    claims.equal("later clean syncs close nothing", live(office, case)[1],
                 values)
    ann.write(case, set={"preferred_name": "settled"})
    ann.sync()
    field, values = live(office, case)
    claims.equal("a person who has all of it in view closes it",
                 (values, field.get("open")), (["settled"], False))
    history = "\n".join(json.dumps(e) for e in office.run(
        "show", case, "--history")["history"])
    claims.equal("every value that was ever written is in the history",
                 [v for v in wanted if v not in history], [])
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
