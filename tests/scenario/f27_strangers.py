#!/usr/bin/env python3
"""Requests of those who have no business here: torn ones of strangers and of
members, replayed ones, of a revoked key, altered on the way, and clients that
never finish what they begin.  Nothing unsigned is committed, nobody else's
feed is given away, everybody else is served."""
import copy
import os
import socket
import sys

from claims import run
from satchel_replica import Refused, Replica
import satchel_wire as wire

SCENARIO = "F27 F20"
SYNC = "application/x-satchel"
SLOW = 150


def identities(office):
    return (office.run("status")["lineage"],
            sorted((r["replica"], r["state"])
                   for r in office.run("replica", "list")))


def lines(office):
    return office.run("status")["lines"]


def write(replica, case, text):
    replica.write(type="contact", case=case,
                  set={"kind": "phone", "narrative": text})


def torn(claims, office, member, case):
    """Cut before any sign line and inside it, at many places."""
    write(member, case, "torn")
    header = wire.canonical(member.header())
    rest = [header, member.auth(header),
            *member.log_lines(member.s["received"] + 1,
                              len(member.s["log"]))]
    whole, before = "\n".join(rest) + "\n", lines(office)
    signed = whole.rindex('{"sign"')
    wrong = {}
    for cut in sorted({0, 1, len(header) - 1, len(header), len(header) + 40,
                       signed - 1, signed, signed + 20, len(whole) - 3}):
        for body in (wire.pack([whole[:cut]], False),
                     wire.pack(rest, False)[:max(cut // 3, 1)]):
            status, _, _ = office.request("/v1/sync", body, SYNC)
            if lines(office) != before:
                wrong[cut] = (status, lines(office) - before)
    claims.equal("a member's request that is cut before its signature commits "
                 "nothing", wrong, {})
    member.sync()
    claims.check("and what it was about arrives when it is sent again",
                 "torn" in str(office.run("list", "contact")))


def stranger(claims, office, member, case):
    other = Replica(copy.deepcopy(member.s))
    other.s["seed"] = wire.b64(os.urandom(32))
    other.s["transport_seed"] = wire.b64(os.urandom(32))
    before, answers, listed = lines(office), set(), identities(office)
    told = False
    for name in (member.s["replica"], wire.replica_id(
            "w", member.s["agency"], other.key().public)):
        other.s["replica"] = name
        write(other, case, "forged")
        for locked in (False, True):
            header = other.header(locked=locked)
            body = other.body(header, other.log_lines(1, len(other.s["log"])),
                              locked)
            for part in (len(body), len(body) // 2, 60):
                status, _, said = office.request("/v1/sync", body[:part], SYNC)
                answers.add(status)
                told |= case.encode() in said
            # More than the office has, less than it has: a rollback, a fork.
            for base, head in ((9999, 9999), (0, 0)):
                header.update(base={"link": wire.b64(bytes(32)), "n": base},
                              head=head)
                if not base:
                    del header["base"], header["head"]
                answers.add(office.request("/v1/sync", other.body(
                    header, [], locked), SYNC)[0])
    claims.check("a stranger is refused, whole or torn, under any name",
                 answers <= {400, 401}, answers)
    claims.check("and told nothing of the case", not told)
    claims.equal("commits nothing", lines(office), before)
    claims.equal("closes nobody's identity, and changes no lineage",
                 identities(office), listed)


def replayed(claims, office, member, case):
    write(member, case, "sent twice")
    body = member.body(member.header(), member.log_lines(
        member.s["received"] + 1, len(member.s["log"])))
    before = lines(office)
    for _ in range(3):
        office.request("/v1/sync", body, SYNC)
    claims.equal("a replayed request commits its line once",
                 lines(office) - before, 1)
    member.sync()
    write(member, case, "after it")
    member.sync()
    office.request("/v1/sync", body, SYNC)
    office.request("/v1/sync", body, SYNC)
    write(member, case, "after the old one was replayed")
    member.sync()
    texts = str(office.run("list", "contact"))
    claims.equal("an old one that is replayed later takes nothing away",
                 [texts.count(t) for t in ("sent twice", "after it",
                                           "after the old one")], [1, 1, 1])


def altered(claims, office, member, case):
    write(member, case, "altered on the way")
    first = member.s["received"] + 1
    said = member.log_lines(first, len(member.s["log"]))
    before = lines(office)
    bad = [line.replace("altered on the way", "altered by somebody")
           for line in said]
    status, _, answer = office.request("/v1/sync", member.body(
        member.header(), bad), SYNC)
    claims.equal("a line that was altered on the way is refused",
                 (status, b"bad-signature" in answer, lines(office)),
                 (422, True, before))
    member.sync()


def revoked(claims, office, member, case):
    office.run("replica", "revoke", member.s["replica"], "--as", "chief")
    write(member, case, "of a revoked key")
    head, feed = member.exchange(member.header(), member.log_lines(
        member.s["received"] + 1, len(member.s["log"])))
    claims.equal("a revoked key is given no feed", (head["state"], feed),
                 ("revoked", []))
    claims.check("and what it sends is held", any(
        h["reason"] == "revoked" for h in office.run("holds", "list")))
    try:
        Replica(copy.deepcopy(member.s)).succeed("unknown")
    except Refused as refused:
        print("#", refused)
    states = [r["state"] for r in office.run("replica", "list")
              if r["user"] == member.s["user"]]
    claims.check("it gets in under no new key", "open" not in states, states)


def slow(claims, office, member, case):
    """They open, send a few bytes of a request, and wait."""
    open_ones = []
    for i in range(SLOW):
        s = socket.create_connection(("127.0.0.1", office.port))
        s.sendall(b"POST /v1/sync HTTP/1.1\r\nHost: office\r\n"
                  b"Content-Length: 8000000\r\nContent-Type: " +
                  SYNC.encode() + b"\r\n\r\n" + b"x" * (i % 50))
        open_ones.append(s)
    write(member, case, "beside the slow ones")
    member.sync()
    claims.check("%d clients that never finish stop nobody" % SLOW,
                 member.s["received"] == len(member.s["log"]))
    for s in open_ones:
        s.close()


def story(claims, office):
    member, other = office.worker("ann", "east"), office.worker("bob", "east")
    case = wire.new_id()
    member.write(case, "person", case, set={"legal_name": "Ruth Ames"})
    member.sync()
    torn(claims, office, member, case)
    stranger(claims, office, member, case)
    replayed(claims, office, member, case)
    altered(claims, office, member, case)
    slow(claims, office, member, case)
    other.sync()
    revoked(claims, office, member, case)
    write(other, case, "another goes on")
    other.sync()
    texts = str(office.run("list", "contact"))
    claims.check("everybody else's work goes on", "another goes on" in texts)
    claims.check("nothing forged is stored", "forged" not in texts
                 and "by somebody" not in texts)
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
