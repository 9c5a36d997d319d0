#!/usr/bin/env python3
"""One revision that cannot take effect, of each kind and at every place of a
queue: what stands before and after it arrives, it is held with its reason, and
nothing is thrown away."""
import sys

from claims import run
import satchel_wire as wire

SCENARIO = "F5"
GOOD = 6
PLACES = range(-1, GOOD + 1)  # -1: before anything else of its case


def no_type(replica, case):
    return replica.write(type="contact", case=case, set={"kind": 5})


def unknown_type(replica, case):
    return replica.write(type="horoscope", case=case,
                         set={"sign": "the goat"})


def of_nothing(replica, _case):
    record = wire.new_id()
    return record, replica._append(record, {"set": {"narrative": "whose?"}},
                                   {})


def of_the_office(replica, _case):
    return replica.write(type="schema", set={"definition": "mine"})


def in_anothers_name(replica, case):
    return replica.write(type="contact", case=case, author="chief",
                         set={"kind": "phone", "narrative": "by the chief"})


def huge(replica, case):
    """Above what a line may have, below what the office can still take in."""
    record, n = replica.write(type="contact", case=case,
                              set={"kind": "phone", "narrative": "x" * 100000})
    line = replica.s["log"][n - 1]
    replica.s["log"][n - 1] = line.replace("x" * 100000, "x" * 300000)
    return record, n


def no_revision(replica, case):
    """A line that is signed and no revision at all."""
    record, n = replica.write(type="contact", case=case, set={"kind": "phone"})
    replica.s["log"][n - 1] = '{"odd":%d}' % n
    return record, n


# What may take effect all the same stands with no reason: the schema's word is
# advice to who writes, and a type that the office does not know is relayed.
KINDS = {no_type: None, unknown_type: None, of_nothing: "invalid",
         of_the_office: "out-of-scope", in_anothers_name: "invalid",
         huge: "too-large", no_revision: "invalid"}


def one(claims, office, worker, reader, kind, place):
    """Returns what was wrong, or nothing."""
    case = wire.new_id()
    bad, texts = None, []
    if place < 0:
        bad = kind(worker, case)[1]
    worker.write(case, "person", case, set={"legal_name": "Ruth Ames"})
    for i in range(GOOD + 1):
        if i == place:
            bad = kind(worker, case)[1]
        else:
            texts.append("%s %d %d." % (kind.__name__, place, i))
            worker.write(type="contact", case=case,
                         set={"kind": "phone", "narrative": texts[-1]})
    worker.sync()
    reader.sync()
    if worker.s["received"] != len(worker.s["log"]):
        return "not all was received"
    there = "\n".join(reader.known())
    if [text for text in texts if text not in there]:
        return "what stood beside it did not arrive"
    reason = worker.s["held"].get(str(bad))
    return None if reason == KINDS[kind] else "held as %s" % reason


def story(claims, office):
    worker = office.worker("dana", "east")
    reader = office.worker("lee", "east")
    held = 0
    for kind, reason in KINDS.items():
        wrong = {}
        for place in PLACES:
            why = one(claims, office, worker, reader, kind, place)
            if why:
                wrong[place] = why
            held += reason is not None
        claims.equal("%s stops nothing, at any of %d places" % (
            kind.__name__.replace("_", " "), len(PLACES)), wrong, {})
    listed = office.run("holds", "list")
    claims.equal("every one of them is held at the office, with its reason",
                 len([h for h in listed if h["reason"] in KINDS.values()]),
                 held)
    claims.equal("and nothing was applied twice or dropped",
                 office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
