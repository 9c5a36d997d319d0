#!/usr/bin/env python3
"""What one device saw arrives before what it saw, in every order, and one line
for ever not: nothing takes effect before what it rests on, everything that
waits is listed, and it takes effect by itself when the rest comes."""
import itertools
import sys

from claims import run
import satchel_wire as wire

SCENARIO = "F9"


def hand_over(reader, *writers):
    """The reader has seen what the writers have not sent yet."""
    for writer in writers:
        known = set(reader.s["lines"])
        reader.s["lines"] += [line for line in writer.known()
                              if line not in known
                              and writer.s["replica"] in line]


def waiting(office):
    return sorted(h["dot"] for h in office.run("holds", "list")
                  if h["reason"] == "waiting")


def chain(claims, office, one, two, three):
    """One writes, two changes what one wrote, three what two did; they sync in
    every order."""
    wrong = {}
    for order in itertools.permutations((one, two, three)):
        case = wire.new_id()
        one.write(case, "person", case, set={"preferred_name": "first"})
        hand_over(two, one)
        two.write(case, set={"preferred_name": "second"})
        hand_over(three, one, two)
        three.write(case, set={"preferred_name": "third"})
        for replica in order:
            # A device never holds another's line that the office has not
            # given it: what it saw is gone before it syncs.
            replica.s["lines"] = [line for line in replica.s["lines"]
                                  if case not in line]
            replica.sync()
        shown = office.run("show", case)["fields"]["preferred_name"]
        live = sorted(v["value"] for v in shown["live"])
        # What waited was on nobody's screen as a value: beside what others
        # wrote meanwhile it is a conflict.
        waited = order.index(two) < order.index(one)
        if live != ["second"] * waited + ["third"] or waiting(office):
            wrong[tuple(r.s["user"] for r in order)] = (live, waiting(office))
        for replica in order:
            replica.sync()
    claims.equal("three writers arrive in any of six orders, and the last "
                 "stands", wrong, {})
    for replica in (one, two, three):
        replica.sync()


def never(claims, office, one, two, three):
    """What two has seen of one is never sent."""
    case = wire.new_id()
    two.write(case, "person", case, set={"preferred_name": "base"})
    two.sync()
    one.sync()
    one.write(case, set={"preferred_name": "never sent"})
    hand_over(two, one)
    two.write(case, set={"preferred_name": "rests on it"})
    dot = "%s:%d" % (two.s["replica"], len(two.s["log"]))
    two.write(case, set={"county": "28081"})
    two.write(type="contact", case=case,
              set={"kind": "phone", "narrative": "rests on nothing"})
    two.s["lines"] = [line for line in two.s["lines"]
                      if "never sent" not in line]
    two.sync()
    three.sync()
    claims.equal("a device whose line waits has nothing unsent",
                 two.s["received"], len(two.s["log"]))
    claims.check("what rests on a line that never came is listed as waiting",
                 dot in waiting(office), waiting(office))
    claims.check("with its bytes at the office", any(
        "rests on it" in str(h) for h in office.run("holds", "list")))
    claims.equal("and does not take effect", [v["value"] for v in office.run(
        "show", case)["fields"]["preferred_name"]["live"]], ["base"])
    claims.check("what rests on nothing does",
                 "rests on nothing" in "\n".join(three.known()))
    one.sync()
    claims.equal("when it comes after all, both take effect",
                 ([v["value"] for v in office.run("show", case)["fields"][
                     "preferred_name"]["live"]], waiting(office)),
                 (["rests on it"], []))


def gaps(claims, office, one):
    """A request whose lines are not the next is told where to go on."""
    for i in range(5):
        case = wire.new_id()
        one.write(case, "person", case, set={"legal_name": "person %d" % i})
    received = one.s["received"]
    for first in (2, 3, 5):
        body = one.body(one.header(), one.log_lines(
            received + first, received + 5))
        status, _, said = office.request("/v1/sync", body,
                                         "application/x-satchel")
        claims.equal("lines from place %d of five are refused as a gap" %
                     first, (status, b'"gap"' in said,
                             b'"received":%d' % received in said),
                     (422, True, True))
    one.sync()
    claims.equal("and all five arrive in order", one.s["received"],
                 len(one.s["log"]))


def story(claims, office):
    team = [office.worker(name, "east") for name in ("ann", "bob", "cat")]
    for replica in team:
        replica.sync()
    chain(claims, office, *team)
    never(claims, office, *team)
    gaps(claims, office, team[0])
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
