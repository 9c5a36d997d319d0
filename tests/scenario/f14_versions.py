#!/usr/bin/env python3
"""Programs of different ages at one office: members, types, fields and codes
that nobody here knows yet, written by a newer device, and a device that was
made before a type changed.  All is relayed byte for byte, shown where it can
be, and counts once the definition comes; an upgrade costs no sync."""
import json
import sys

from claims import run
import satchel_wire as wire

SCENARIO = "F14"
TYPE = {"type": "horoscope", "title": "Horoscope", "version": 1,
        "home": "case", "doc": "Of a later time.", "fields": {
            "person": {"kind": "record", "target": "person", "rule": "fixed"},
            "sign": {"kind": "text", "rule": "latest"}}}


def field(office, record, name):
    return office.run("show", record)["fields"].get(name, {})


def story(claims, office):
    newer, older = office.worker("ann", "east"), office.worker("bob", "east")
    case, contact, future = (wire.new_id() for _ in range(3))
    newer.write(case, "person", case, mood="sunny", links=[{"a": 1}],
                set={"legal_name": "Ruth Ames", "aura": "blue"})
    newer.write(contact, "contact", case, set={
        "kind": "hologram", "narrative": "as ever", "smell": ["a", 1]})
    newer.write(future, "horoscope", case, set={"person": case,
                                                "sign": "goat"})
    newer.sync()
    older.sync()
    lost = [line for line in newer.s["log"] if line not in older.s["lines"]]
    claims.equal("what a newer device wrote reaches an older one byte for byte",
                 lost, [])
    claims.equal("nothing of it is held", office.run("holds", "list"), [])
    claims.equal("what is known of it is shown",
                 field(office, contact, "narrative").get("value"), "as ever")
    claims.equal("what is not, too", [
        field(office, contact, "smell").get("value"),
        field(office, contact, "kind").get("value"),
        field(office, case, "aura").get("value")],
        [["a", 1], "hologram", "blue"])
    # The older device edits what it does not understand.
    older.write(future, set={"sign": "ram"})
    newer.write(future, at=wire.parse(older.s["log"][-1])["at"] + 1,
                set={"sign": "crab"})
    for replica in (older, newer, older):
        replica.sync()
    said = field(office, future, "sign")
    claims.equal("edits of an unknown type fold as `both`: nobody loses",
                 (said["value"], sorted(v["value"] for v in said["live"])),
                 ("goat", ["crab", "ram"]))
    # Six months later the definition comes.
    path = office.dir / "horoscope.json"
    path.write_text(json.dumps(TYPE))
    office.run("import", "schema", str(path), "--as", "chief")
    said = field(office, future, "sign")
    claims.equal("with the definition its rule holds, over all that was "
                 "written before", (said["value"], bool(said.get("open"))),
                 ("crab", True))
    before = (len(newer.s["log"]), newer.s["replica"])
    for replica in (newer, older):
        replica.report = dict.fromkeys(replica.report, 0)
        replica.sync()
        claims.equal("a device takes it with the news of the day (%s)" %
                     replica.s["user"], (replica.report["reconciled"],
                                         replica.report["pushed"],
                                         replica.report["requests"] <= 2),
                     (0, 0, True))
    claims.equal("and writes nothing for it, under the same name",
                 (len(newer.s["log"]), newer.s["replica"]), before)
    # A header of another time.
    header = newer.header(colour="green", hints=[1, 2, 3])
    head, _ = newer.exchange(header, [])
    claims.check("members of a header that nobody knows are passed over",
                 "lineage" in head or "at" in head, head)
    status, _, said = office.request("/v1/sync", newer.body(
        dict(newer.header(), protocol=99), []), "application/x-satchel")
    claims.equal("a protocol of a later time is told apart",
                 (status, b'"bad-protocol"' in said), (426, True))
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
