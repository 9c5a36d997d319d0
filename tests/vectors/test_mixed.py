#!/usr/bin/env python3
"""A vault of the product and replicas of the second client at one office.

They write at random, without having seen one another's work, and sync in any
order; in the end every record must have the same state, byte for byte: one
fold in C inside a vault, the other tests/model/reference_fold.py.  Prints
`ok NAME` or `not ok NAME`; MIXED_SEEDS="3 4 5" runs those seeds."""
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import traceback

import office as central
import satchel_wire as wire
from satchel_replica import Replica

sys.path.append(str(central.ROOT / "tests" / "model"))
import reference_fold  # noqa: E402  (its folder is named just above)

SATCHEL = central.BUILD / "satchel"
STEPS = 24
VALUES = {
    "person": {"county": ["28001", "28049", "28071"],
               "preferred_name": ["Ana", "Anna", "Anita"],
               "literacy_help": [True, False]},
    "need": {"status": ["open", "referred", "met", "declined"],
             "rank": [1, 2, 3], "severity": [1, 5]},
    "contact": {"narrative": ["came", "went", "stayed"],
                "kind": ["home_visit", "phone"]},
}
MEMBERS = {"person": ("phones", ["1", "2", "3"])}


class Vault:
    """The product's command line on one vault."""

    def __init__(self, office, user):
        self.path = office.dir / (user + ".vault")
        secret = office.dir / "passphrase"
        secret.write_text("correct horse\n")
        self.environment = dict(os.environ, SATCHEL_VAULT=str(self.path),
                                SATCHEL_PASSPHRASE_FILE=str(secret))
        self.run("enroll", "--server", office.url, "--code",
                 office.code(user))

    def run(self, *words):
        done = subprocess.run([SATCHEL, *words, "--json"], text=True,
                              capture_output=True, timeout=300, check=False,
                              env=self.environment)
        if done.returncode:
            raise RuntimeError("satchel %s: %s%s" % (
                " ".join(words), done.stdout, done.stderr))
        return json.loads(done.stdout) if done.stdout.strip() else None

    def sync(self):
        self.run("sync")

    def create(self, kind, case, fields):
        home = ["--case", case] if case else []
        return self.run("put", kind, *home, *assignments(fields))["record"]

    def revise(self, record, fields, change, seal):
        shown = self.run("show", record)
        for field, members in change.get("drop", {}).items():
            held = shown["fields"].get(field, {}).get("value") or []
            if not set(members) <= set(held):
                return  # the command refuses to drop what is not there
        words = assignments(fields) + change.get("words", [])
        self.run("put", "--record", record, "--context", shown["context"],
                 *words, *(["--seal"] if seal else []))

    def state_hash(self, record):
        return self.run("show", record)["hash"]

    def knows(self, record):
        return record in {r["record"] for kind in VALUES
                          for r in self.run("list", kind)}


class Second(Replica):
    """The second client behind the same face."""

    def create(self, kind, case, fields):
        record = wire.new_id()
        self.write(record, kind, case or record, set=fields)
        return record

    def revise(self, record, fields, change, seal):
        self.write(record, set=fields, add=change.get("add"),
                   drop=change.get("drop"), seal=seal)

    def knows(self, record):
        return record in self.cases_of_records()

    def state_hash(self, record):
        lines = [line for line in self.known() if
                 (self.revision(line) or {}).get("record") == record]
        return reference_fold.state_hash(
            reference_fold.fold(lines, DEFINITIONS))


def assignments(fields):
    return ["%s=%s" % (name, json.dumps(value) if not isinstance(value, str)
                       else value) for name, value in fields.items()]


def definitions():
    out = {}
    for path in sorted((central.ROOT / "schema").rglob("*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        out[definition.get("type")] = definition
    return out


DEFINITIONS = definitions()


def change_of(draw, kind):
    """A member added to or dropped from a set, in both spellings."""
    if kind not in MEMBERS or draw.random() < 0.6:
        return {}
    field, members = MEMBERS[kind]
    member = draw.choice(members)
    if draw.random() < 0.6:
        return {"add": {field: [member]},
                "words": ["%s+=%s" % (field, member)]}
    return {"drop": {field: {member: "moved"}},
            "words": ["%s-=%s:moved" % (field, member)]}


def step(draw, writer, records):
    """One random act; `records` is [(record, type, case)]."""
    act = draw.random()
    if act < 0.35:
        writer.sync()
        return
    known = [r for r in records if writer.knows(r[0])]
    if act < 0.5 or not known:
        kind = draw.choice(list(VALUES)) if known else "person"
        case = None if kind == "person" else draw.choice(known)[2]
        fields = {name: draw.choice(values)
                  for name, values in VALUES[kind].items()}
        record = writer.create(kind, case, fields)
        records.append((record, kind, case or record))
        return
    record, kind, _ = draw.choice(known)
    name = draw.choice(list(VALUES[kind]))
    change = change_of(draw, kind)
    fields = {} if change else {name: draw.choice(VALUES[kind][name])}
    writer.revise(record, fields, change,
                  kind == "contact" and draw.random() < 0.3)


def run_seed(office, seed):
    draw = random.Random(seed)
    caseload = "team-%d" % seed
    names = ["%s-%d" % (name, seed) for name in ("dana", "kim", "lee")]
    for name in names:
        office.run("user", "add", name, "--role", "worker", "--caseload",
                   caseload)
    writers = [Vault(office, names[0])]
    for name in names[1:]:
        second = Second()
        second.enrol(office.url, office.code(name))
        writers.append(second)
    records = []
    for _ in range(STEPS):
        step(draw, draw.choice(writers), records)
    for writer in writers * 3:
        writer.sync()
    for record, kind, _ in records:
        states = [writer.state_hash(record) for writer in writers]
        assert len(set(states)) == 1, (seed, kind, record, states)
    for second in writers[1:]:
        second.report = copy.deepcopy(Replica().report)
        assert second.sync()["requests"] == 1
    print("# seed %d: %d records, %d lines" % (
        seed, len(records), len(writers[1].s["lines"])))


def caseload_taken(office):
    """Both clients obey a leave of a whole scope, though nothing follows it."""
    office.run("user", "add", "eve", "--role", "worker",
               "--caseload", "east", "--caseload", "west")
    vault, writer = Vault(office, "eve"), office.worker("finn", "west")
    person = wire.new_id()
    writer.write(person, "person", person, set={"legal_name": "Ana"})
    writer.sync()
    for _ in range(2):
        vault.sync()
    assert vault.knows(person)
    office.run("user", "set", "eve", "--caseload", "east")
    vault.sync()
    assert not vault.knows(person)


def main():
    if not central.CENTRAL.exists() or not pathlib.Path(SATCHEL).exists():
        print("ok mixed # SKIP no programs in", central.BUILD)
        return 0
    tests = [("states_are_the_same_everywhere_" + seed, run_seed, int(seed))
             for seed in os.environ.get("MIXED_SEEDS", "1").split()]
    tests.append(("a_caseload_taken_away_leaves_a_vault", caseload_taken))
    office, failed = central.Office(), 0
    try:
        for name, function, *arguments in tests:
            try:
                function(office, *arguments)
                print("ok", name, flush=True)
            except Exception:
                failed += 1
                print("not ok", name, flush=True)
                traceback.print_exc(file=sys.stdout)
        if failed:
            print("# the office said:", office.said())
    finally:
        office.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
