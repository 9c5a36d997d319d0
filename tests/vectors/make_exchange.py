#!/usr/bin/env python3
"""Makes exchange.json: requests and replies byte for byte, with all keys.

Section 18 of sync-protocol.md.  Every key, nonce and clock reading is chosen,
so that each line has one right form; only the deflated bodies may differ from
one zlib to another, and --check compares what they inflate to.

make_exchange.py           writes exchange.json beside itself
make_exchange.py --check   fails when the file is not what it would write"""
import json
import pathlib
import sys

import satchel_wire as wire
from satchel_wire import Key, b64, canonical

HERE = pathlib.Path(__file__).parent
AGENCY = "three-rivers"
AT = 1763760000000
PERSON = "01935b1e-8c00-7abc-8def-0123456789ab"
CONTACT = "01935b1e-8c01-7abc-9def-0123456789ac"
NEED = "01935b1e-8c02-7abc-9def-0123456789ad"
OTHER = "01935b1e-8c03-7abc-9def-0123456789ae"
CODE = "H7QK-2M4X-9RTB-C3DE"
NORTH = "caseload:north"


def seed(text):
    return wire.blake2b(text.encode())


ROOT, TERM = Key(seed("root")), Key(seed("term"))
WRITING, TRANSPORT = Key(seed("writing")), Key(seed("transport"))
KIM = Key(seed("kim"))
BOX = wire.box_pair(seed("box"))
PAGE_KEY = seed("page")
CASE_KEY = seed("case")
W = wire.replica_id("w", AGENCY, WRITING.public)
O = wire.replica_id("o", AGENCY, TERM.public)
K = wire.replica_id("w", AGENCY, KIM.public)
LINEAGE = b64(seed("lineage")[:16])


def token(n):
    return b64(seed("token %d" % n)[:8])


TERM_TEXT = canonical({"agency": AGENCY, "at": AT - 5000,
                       "key": b64(TERM.public), "replica": O})
TERM_SIG = b64(ROOT.sign("satchel/term/1", TERM_TEXT.encode()))
CERTIFICATE = canonical({
    "agency": AGENCY, "at": AT - 1000, "key": b64(WRITING.public),
    "replica": W, "role": "worker", "scopes": ["agency", NORTH],
    "transport": b64(TRANSPORT.public), "user": "dana"})
CERTIFICATE_SIG = b64(ROOT.sign("satchel/certificate/1",
                                CERTIFICATE.encode()))


def revision(replica, n, record, at, author, **more):
    return canonical({"at": AT + at, "author": author, "n": n,
                      "record": record, "replica": replica, **more})


LOG = [
    revision(W, 1, PERSON, 1, "dana", type="person", case=PERSON, schema=1,
             set={"legal_name": "Ana Ortíz", "county": "28049"}),
    revision(W, 2, CONTACT, 2, "dana", type="contact", case=PERSON, schema=1,
             set={"kind": "home_visit", "person": PERSON, "narrative":
                  "Roof leaks again; \"landlord\" called twice.\n🏚"}),
    revision(W, 3, CONTACT, 600000, "dana", prev=2, schema=1, seal=True,
             seen={W: 2}, set={"duration_min": 45}),
]
LINKS = wire.links(AGENCY, WRITING.public, LOG)
ASSIGNMENT = wire.derived_id("assignment", PERSON)
ASSIGN = revision(O, 1, ASSIGNMENT, 60000, "office", type="assignment",
                  case=PERSON, schema=1, add={"scopes": [NORTH]})
KIM_LINE = revision(K, 1, NEED, 70000, "kim", type="need", case=PERSON,
                    schema=1, set={"domain": "housing", "person": PERSON})
OLD_LINE = revision(K, 2, OTHER, 80000, "kim", type="need", case=OTHER,
                    schema=1, set={"domain": "food"})


def shares(*lines):
    return wire.sum_text(map(wire.share, lines))


def hashes(*lines):
    return [wire.line_hash(line) for line in lines]


def mac(*lines):
    return b64(wire.page_mac(PAGE_KEY, AGENCY, hashes(*lines)))


def control(name, value):
    return canonical({name: value})


def sign(n):
    return control("sign", {"n": n, "sig": b64(
        WRITING.sign("satchel/link/1", LINKS[n]))})


def receipt(n):
    link = b64(LINKS[n])
    said = {"agency": AGENCY, "lineage": LINEAGE, "link": link, "n": n,
            "replica": W}
    return {"link": link, "n": n, "term": O,
            "sig": b64(TERM.sign("satchel/receipt/1", said))}


def leave(case, scope, at):
    said = {"at": AT + at, "case": case, "lineage": LINEAGE, "replica": W,
            "scope": scope}
    return control("leave", dict(said, term=O, sig=b64(
        TERM.sign("satchel/leave/1", said))))


def cursor(scope, seq, *page, end=None, **more):
    if page:
        more["mac"] = mac(*page)
    if end is not None:
        more.update(end=True, sum=end)
    return control("cursor", dict(more, scope=scope, seq=seq))


def message(lines, dictionary):
    return {"body": b64(wire.pack(lines, dictionary)), "lines": lines,
            "dictionary": dictionary}


def request(header, *lines, locked=False, dictionary=True):
    text = canonical({"agency": AGENCY, "lineage": LINEAGE, "protocol": 1,
                      "replica": W, "term": O, **header})
    auth = canonical({"auth": b64((TRANSPORT if locked else WRITING).sign(
        "satchel/request/1", text.encode()))})
    return message([text, auth, *lines], dictionary)


def reply(header, *lines, dictionary=True):
    text = canonical({"lineage": LINEAGE, **header})
    return message([text, *lines], dictionary)


def enrolment():
    said = {"code": CODE, "key": b64(WRITING.public),
            "transport": b64(TRANSPORT.public)}
    return {
        "name": "enrol with an invitation",
        "request": canonical(dict(said, protocol=1, proof=b64(
            WRITING.sign("satchel/enrol/1", said)))),
        "reply": canonical({
            "agency": AGENCY, "box": b64(BOX[0]), "certificate": CERTIFICATE,
            "certificate_sig": CERTIFICATE_SIG,
            "dictionaries": [wire.DICTIONARY_ID], "lineage": LINEAGE,
            "protocol": 1, "replica": W, "root": b64(ROOT.public),
            "term": TERM_TEXT, "term_sig": TERM_SIG}),
    }


def succession():
    fresh, transport = Key(seed("fresh")), Key(seed("fresh transport"))
    said = {"key": b64(fresh.public), "replica": W,
            "transport": b64(transport.public)}
    name = wire.replica_id("w", AGENCY, fresh.public)
    certificate = canonical({
        "agency": AGENCY, "at": AT + 900000, "key": said["key"],
        "replica": name, "role": "worker", "scopes": ["agency", NORTH],
        "transport": said["transport"], "user": "dana"})
    return {
        "name": "enrol as successor after a fork",
        "request": canonical(dict(
            said, certificate=CERTIFICATE, certificate_sig=CERTIFICATE_SIG,
            protocol=1, reason="fork",
            proof=b64(fresh.sign("satchel/enrol/1", said)),
            successor_sig=b64(WRITING.sign("satchel/successor/1", said)))),
        "reply": canonical({
            "agency": AGENCY, "box": b64(BOX[0]), "certificate": certificate,
            "certificate_sig": b64(ROOT.sign("satchel/certificate/1",
                                             certificate.encode())),
            "dictionaries": [wire.DICTIONARY_ID], "lineage": LINEAGE,
            "protocol": 1, "received": {"link": b64(LINKS[3]), "n": 3},
            "replica": name, "root": b64(ROOT.public), "term": TERM_TEXT,
            "term_sig": TERM_SIG}),
    }


def exchanges():
    base = {"base": {"link": b64(LINKS[2]), "n": 2}}
    held = LOG[:2] + [ASSIGN, KIM_LINE]
    whole = shares(*held)
    cursors = {"agency": {"own": 2, "seq": 0, "sum": shares()},
               NORTH: {"own": 2, "seq": 3, "sum": whole}}
    first = {"head": 2, "cursors": {"agency": {"own": 0, "seq": 0},
                                    NORTH: {"own": 0, "seq": 0}}}
    yield "first sync: push two lines, pull a page", \
        request(first, *LOG[:2], sign(2), dictionary=False), \
        reply({"at": AT + 90000, "head": 2, "receipt": receipt(2),
               "token": token(1)},
              control("join", {"case": PERSON}), ASSIGN, KIM_LINE,
              cursor(NORTH, 3, ASSIGN, KIM_LINE, end=whole),
              cursor("agency", 0, end=shares()), dictionary=False)
    yield "nothing to say", \
        request(dict(base, head=2, cursors=cursors, token=token(1), wait=30)), \
        reply({"at": AT + 120000, "head": 2, "token": token(2)})
    sealed = wire.seal_line(CASE_KEY, W, 3, LOG[2], False, seed("n")[:24])
    yield "locked push: a sealed line, by the transport key", \
        request(dict(base, head=3, locked=True, token=token(2)),
                control("key", {"case": "k1", "wrap": b64(wire.wrap_key(
                    BOX[0], CASE_KEY, seed("wrap")))}),
                control("sealed", {"body": b64(sealed), "case": "k1",
                                   "n": 3}), sign(3), locked=True), \
        reply({"at": AT + 700000, "head": 3, "receipt": receipt(3),
               "state": "locked", "token": token(3)})
    yield "the case leaves", \
        request({"base": {"link": b64(LINKS[3]), "n": 3}, "head": 3,
                 "cursors": {NORTH: {"own": 2, "seq": 3}},
                 "token": token(3)}), \
        reply({"at": AT + 800000, "head": 3, "scopes": ["agency", NORTH],
               "token": token(4)},
              leave(PERSON, NORTH, 800000),
              cursor(NORTH, 5, end=shares()))
    yield "reconcile: a case that the office has and the device has not", \
        request({"base": {"link": b64(LINKS[3]), "n": 3}, "head": 3,
                 "mode": "reconcile", "token": token(4)},
                control("cases", [["", shares()]])), \
        reply({"at": AT + 810000, "head": 3, "token": token(5)},
              control("diff", {"case": OTHER, "scope": NORTH, "have": b64(
                  wire.line_hash(OLD_LINE)[:8])}))
    yield "fix: give a page, ask for a line", \
        request({"base": {"link": b64(LINKS[3]), "n": 3}, "head": 3,
                 "mode": "fix", "token": token(5)},
                control("page", {"count": 1, "mac": mac(ASSIGN, KIM_LINE),
                                 "hashes": b64(b"".join(
                                     hashes(ASSIGN, KIM_LINE)))}), KIM_LINE,
                control("need", {"case": OTHER, "hashes": b64(
                    wire.line_hash(OLD_LINE)[:8])})), \
        reply({"at": AT + 820000, "head": 3, "token": token(6)},
              OLD_LINE, control("given", {"mac": mac(OLD_LINE)}))


def vectors():
    return {
        "about": "Section 18. Keys are seeds (b64); box and page keys are "
                 "raw. Bodies inflate to lines; their bytes may differ from "
                 "one zlib to another, the lines may not.",
        "agency": AGENCY, "lineage": LINEAGE, "replica": W, "term": O,
        "keys": {"root": b64(ROOT.seed), "term": b64(TERM.seed),
                 "writing": b64(WRITING.seed),
                 "transport": b64(TRANSPORT.seed),
                 "box_public": b64(BOX[0]), "box_secret": b64(BOX[1]),
                 "page": b64(PAGE_KEY), "case": b64(CASE_KEY)},
        "sealed_deflated": {"line": LOG[2], "n": 3, "body": b64(
            wire.seal_line(CASE_KEY, W, 3, LOG[2], True, seed("m")[:24]))},
        "log": [{"line": line, "link": b64(link)}
                for line, link in zip(LOG, LINKS[1:])],
        "enrolments": [enrolment(), succession()],
        "exchanges": [{"name": name, "request": asked, "reply": answered}
                      for name, asked, answered in exchanges()],
    }


def inflated(vectors_):
    """The same with bodies replaced by what they inflate to."""
    for exchange in vectors_["exchanges"]:
        for side in ("request", "reply"):
            body = exchange[side]["body"]
            exchange[side]["body"] = wire.unpack(wire.unb64(body))
    sealed = vectors_["sealed_deflated"]
    sealed["body"] = wire.open_line(CASE_KEY, W, 3,
                                    wire.unb64(sealed["body"]))
    return vectors_


def main():
    path = HERE / "exchange.json"
    if sys.argv[1:] == ["--check"]:
        have = json.loads(path.read_text(encoding="ascii"))
        if inflated(have) != inflated(vectors()):
            sys.exit("exchange.json is not what make_exchange.py makes")
        return
    path.write_text(json.dumps(vectors(), indent=1, sort_keys=True) + "\n",
                    encoding="ascii")


if __name__ == "__main__":
    main()
