#!/usr/bin/env python3
"""Nothing is lost, whatever happens, against a real office over HTTP.

Replicas of the second client write, sync, lose replies, are cloned and locked;
the office moves cases, restarts, and is once restored from an older backup.
Afterwards faults stop: all must settle, agree, and every text that was ever
written must still be readable.  CHAOS_SEEDS="3 4 5" runs those seeds."""
import copy
import json
import os
import random
import shutil
import sys
import traceback

import office as central
import satchel_wire as wire
from satchel_replica import Refused, Replica

STEPS = 80
ROUNDS = 12
PEOPLE = {"ann": ["a"], "bob": ["a"], "cat": ["a", "b"], "dan": ["b"]}


class Chaos:
    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.office = central.Office()
        self.replicas, self.cases, self.texts = [], [], []
        self.saved, self.restored = False, 0
        self.counts = {}
        for user, caseloads in PEOPLE.items():
            self.replicas.append(self.office.worker(user, *caseloads))

    # ---- what happens ----

    def text(self):
        self.texts.append("text %06d." % len(self.texts))
        return self.texts[-1]

    def create(self, replica):
        person = wire.new_id()
        replica.write(person, "person", person,
                      set={"legal_name": self.text()})
        self.cases.append(person)

    def revise(self, replica):
        seen = [c for c in self.cases if c in replica.cases_of_records()]
        if not seen:
            self.create(replica)
            return
        case = self.draw.choice(seen)
        if self.draw.random() < 0.5:
            replica.write(case, set={"county": self.text()})
        else:
            replica.write(type="contact", case=case,
                          set={"narrative": self.text(), "kind": "phone"})

    def sync(self, replica):
        replica.sync()

    def sync_locked(self, replica):
        try:
            replica.sync(locked=True)
        except Refused as refused:  # succession needs an unlocked vault
            assert refused.error in ("fork", "lineage"), refused

    def lose_reply(self, replica):
        """The request arrives; its answer does not."""
        last = min(len(replica.s["log"]), replica.s["received"] + 3)
        lines = replica.log_lines(replica.s["received"] + 1, last)
        body = replica.body(replica.header(), lines)
        if self.draw.random() < 0.3:
            body = body[:self.draw.randrange(len(body))]
        self.office.request("/v1/sync", body, "application/x-satchel")

    def copy(self, replica):
        if len(self.replicas) < 8:
            self.replicas.append(Replica(copy.deepcopy(replica.s)))

    def move(self, _replica):
        known = self.office.run("case", "list")
        if known:
            case = self.draw.choice(known)
            self.office.run("case", "assign", case["case"], "--caseload",
                            self.draw.choice("ab"), "--as", "chief")

    def restart(self, _replica):
        self.office.stop()
        self.office.serve()

    def backup(self, _replica):
        folder = self.office.dir / "backup"
        shutil.rmtree(folder, ignore_errors=True)
        if folder.is_file():
            folder.unlink()
        self.office.run("backup", "--to", str(folder))
        self.saved = True

    def restore(self, _replica):
        if not self.saved or self.restored == 3:
            return
        self.restored += 1
        lost = self.office.dir / ("lost-%d" % self.restored)
        self.office.stop()
        self.office.data.rename(lost)
        for journal in self.office.dir.glob("data.journal*"):
            journal.rename(lost / "journal")
        self.office.run("restore", "--from", str(self.office.dir / "backup"))
        self.office.serve()

    def step(self):
        acts = [(self.create, 4), (self.revise, 10), (self.sync, 10),
                (self.sync_locked, 2), (self.lose_reply, 3), (self.copy, 1),
                (self.move, 2), (self.restart, 1), (self.backup, 1),
                (self.restore, 1)]
        act = self.draw.choices([a for a, _ in acts],
                                [w for _, w in acts])[0]
        self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1
        act(self.draw.choice(self.replicas))

    # ---- what must hold ----

    def confined(self, replica):
        """Others' lines are of cases that this replica may see now."""
        shown = {""}.union(*(scope["cases"] for scope in
                             replica.s["scopes"].values()))
        cases = replica.cases_of_records()
        for line in replica.s["lines"]:
            revision = replica.revision(line)
            case = cases.get(revision["record"]) if revision else None
            assert case in shown, (replica.s["user"], line)

    def settle(self):
        for _ in range(ROUNDS):
            moved = False
            for replica in self.replicas:
                replica.report = Replica().report
                before = (replica.s["replica"], len(replica.s["lines"]))
                report = replica.sync()
                moved |= report["requests"] > 1 or report["pulled"] > 0 or \
                    before != (replica.s["replica"], len(replica.s["lines"]))
            if not moved:
                return
        raise AssertionError("not settled after %d rounds" % ROUNDS)

    def check(self):
        held = {}
        for replica in self.replicas:
            assert not replica.s["revoked"]
            self.confined(replica)
            assert replica.s["received"] == len(replica.s["log"])
            for scope, state in replica.s["scopes"].items():
                lines = {h for c in state["cases"]
                         for h in replica.held_by_case().get(c, ())}
                first = held.setdefault(scope, lines)
                assert first == lines, (scope, len(first ^ lines))
        whole = "\n".join(line for replica in self.replicas
                          for line in replica.s["lines"]
                          + list(replica.own_received()))
        lost = [text for text in self.texts if text not in whole]
        assert not lost, lost
        both = next(r for r in self.replicas if r.s["user"] == "cat")
        seen = "\n".join(both.known())
        away = [text for text in self.texts if text not in seen]
        assert not away, away

    def run(self):
        for _ in range(STEPS):
            self.step()
        self.settle()
        self.check()
        print("# %d texts, %d replicas, %s" % (
            len(self.texts), len(self.replicas),
            json.dumps(self.counts, sort_keys=True)))


def main():
    if not central.CENTRAL.exists():
        print("ok chaos # SKIP no satchel-central in", central.BUILD)
        return 0
    failed = 0
    for seed in map(int, os.environ.get("CHAOS_SEEDS", "1 2 3").split()):
        chaos = Chaos(seed)
        try:
            chaos.run()
            print("ok nothing_is_lost_%d" % seed, flush=True)
        except Exception:
            failed += 1
            print("not ok nothing_is_lost_%d" % seed, flush=True)
            traceback.print_exc(file=sys.stdout)
            print("# the office said:", chaos.office.said())
        finally:
            chaos.office.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
