#!/usr/bin/env python3
"""What a certified device may send that is wrong inside.

Requests: lines of every kind are cut, doubled, swapped and changed before the
header is signed, so that they pass authentication and reach what lies behind
it; the office must answer each with one of its documented errors, and go on.
Revisions: well chained and signed lines that say odd things; the office must
take or hold each, and everybody else's work must go on, in both clients.
HOSTILE_SEED and HOSTILE_COUNT choose which and how many."""
import json
import os
import random
import sys
import traceback

import office as central
import test_mixed
import satchel_wire as wire
from satchel_wire import b64, canonical

DOCUMENTED = {200: {None}, 400: {"bad-frame", "bad-header"},
              401: {"bad-auth"}, 409: {"fork", "lineage"},
              413: {"too-large"}, 422: {"bad-signature", "gap"},
              426: {"bad-protocol"}}
NUMBERS = ["0", "-1", "9007199254740992", "9007199254740993", "1.5", "1e9",
           "true", "null", "\"x\"", "[]", "{}"]


def lines_of(draw, replica, person):
    """A request of some kind, line by line."""
    mode = draw.choice([None, None, "reconcile", "fix"])
    header = replica.header(mode=mode)
    if draw.random() < 0.5:
        header["clock"] = [[1, "boot", 5, 1764000000000]]
    key = replica.key()
    some = b64(os.urandom(32))
    body = {
        None: replica.log_lines(1, len(replica.s["log"]),
                                draw.random() < 0.4),
        "reconcile": [canonical({"cases": [[person, some[:11]], ["", some[
            :10] + "A"]]})],
        "fix": [canonical({"log": {"from": 1, "key": b64(key.public),
                                   "replica": replica.s["replica"]}}),
                *replica.log_lines(1, 1),
                canonical({"page": {"count": 1, "hashes": some,
                                    "mac": b64(os.urandom(16))}}),
                replica.s["log"][0],
                canonical({"need": {"case": person,
                                    "hashes": b64(os.urandom(24))}})],
    }[mode]
    return [canonical(header), *body]


def mangle(draw, lines):
    lines = list(lines)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        line = lines[at]
        act = draw.randrange(7)
        spot = draw.randrange(len(line)) if line else 0
        if act == 0:
            lines[at] = line[:spot]
        elif act == 1:
            lines[at] = line[:spot] + chr(draw.randrange(1, 255)).replace(
                "\n", " ") + line[spot + 1:]
        elif act == 2:
            lines.insert(at, line)
        elif act == 3:
            other = draw.randrange(len(lines))
            lines[at], lines[other] = lines[other], line
        elif act == 4 and len(lines) > 1:
            del lines[at]
        elif act == 5:
            parts = line.split(":")
            which = draw.randrange(len(parts))
            parts[which] = draw.choice(NUMBERS) + "".join(
                c for c in parts[which][-1:] if c in ",}]")
            lines[at] = ":".join(parts)
        else:
            lines.append("".join(draw.choice("{}[]\":,ann0é\\")
                                 for _ in range(draw.randrange(300))))
    return lines


def send(office, replica, lines, locked):
    key = replica.transport() if locked else replica.key()
    auth = canonical({"auth": b64(key.sign("satchel/request/1",
                                           lines[0].encode("utf-8")))})
    body = wire.pack([lines[0], auth, *lines[1:]], replica.s["dictionary"])
    return office.request("/v1/sync", body, "application/x-satchel")


def hostile(office, seed, count):
    draw = random.Random(seed)
    office.run("user", "add", "eve", "--role", "worker", "--caseload", "e")
    answers, replica = {}, None
    for i in range(count):
        if i % 20 == 0:  # a fresh victim: many of these close an identity
            replica, person = office.device("eve"), wire.new_id()
            replica.write(person, "person", person, set={"legal_name": "Eve"})
            replica.write(person, set={"county": "28001"})
        lines = mangle(draw, lines_of(draw, replica, person))
        status, _, reply = send(office, replica, lines,
                                '"locked":true' in lines[0])
        error = None if status == 200 else json.loads(reply)["error"]
        assert error in DOCUMENTED.get(status, ()), (status, reply, lines)
        answers[error] = answers.get(error, 0) + 1
    assert office.process.poll() is None
    print("#", json.dumps({str(k): v for k, v in answers.items()}))


# ---- revisions ----

def odd_values(draw, replica, foreign):
    """Members that a revision may get, each with something odd in it."""
    uuid, name = wire.new_id(), replica.s["replica"]
    stranger = "w" + b64(os.urandom(9))
    deep = 1
    for _ in range(draw.randrange(40)):
        deep = [deep]
    return {
        "add": draw.choice([{"phones": ["1", "1"]}, {"phones": "1"}, [], {},
                            {"county": ["x"]}, {"phones": [1]}]),
        "at": draw.choice([-1, 0, 2 ** 53, -2 ** 53, "now"]),
        "author": draw.choice(["somebody", "", "Eve", 7, "x" * 65]),
        "carries": draw.choice(["", "{}", "garbage", foreign,
                                canonical({"carries": foreign})]),
        "case": draw.choice([uuid, "", "x", json.loads(foreign)["record"],
                             uuid.upper()]),
        "clock": draw.choice([{name + ":1": 5}, {"x": 1}, {stranger: -1}]),
        "drop": draw.choice([{"phones": {"1": "moved"}}, {"phones": ["1"]},
                             {"phones": {"": ""}}, 5]),
        "hold": draw.choice([{name + ":1": "invalid"}, {"x": "y"}]),
        "keep": draw.choice([{"county": ["x" * 24]}, {"county": "x"}, {}]),
        "later_member": draw.choice([deep, None, {"a": {}}, "\u202e"]),
        "prev": draw.choice([0, 1, -1, 2 ** 53, "1"]),
        "record": draw.choice([uuid, "", json.loads(foreign)["record"],
                               "00000000-0000-0000-0000-000000000000"]),
        "release": draw.choice([name + ":1", stranger + ":1", ""]),
        "schema": draw.choice([0, -1, 99, 2 ** 53]),
        "seal": draw.choice([True, False, 1]),
        "seen": draw.choice([{}, {name: 2 ** 53}, {stranger: 1}, {"x": 1},
                             {name: 0}, {name: -1}, [],
                             {"w" + b64(os.urandom(9)): 1
                              for _ in range(50)}]),
        "set": draw.choice([{}, {"county": deep}, {"": 1}, {"County": 1},
                            {"f%d" % i: i for i in range(300)}, [],
                            {"phones": "1"}, {"county": "\u0001\u007f"},
                            {"narrative": "x" * 300000}]),
        "type": draw.choice(["person", "schema", "assignment", "revocation",
                             "unreadable", "nothing-known", "", "Person"]),
    }


def odd_line(draw, replica, n, person, foreign):
    if draw.random() < 0.1:
        return draw.choice([" ", "garbage", "{", "[]", "{}", "null", "\ufeff",
                            '{"at":1,"author":"eve"}', "é" * 500])
    line = {"at": 1764000000000 + n, "author": replica.s["user"], "n": n,
            "record": wire.new_id(), "replica": replica.s["replica"],
            "schema": 1, "set": {"county": "28001"}, "type": "person"}
    line["case"] = line["record"]
    if draw.random() < 0.4:
        line["record"] = person
        del line["type"], line["case"]
    odd = odd_values(draw, replica, foreign)
    for name in draw.sample(sorted(odd), draw.choice([0, 1, 1, 1, 2, 3])):
        line[name] = odd[name]
    if draw.random() < 0.2:
        line.pop(draw.choice(sorted(set(line) - {"n", "replica"})))
    try:
        return canonical(line)
    except wire.Malformed:  # nested too deep, beyond 2^53
        return json.dumps(line, sort_keys=True, separators=(",", ":"))


def poison(office, seed, count):
    """Both clients go on, whatever stands between their lines."""
    draw = random.Random(seed)
    for name in ("mal", "una", "vic"):
        office.run("user", "add", name, "--role", "worker", "--caseload",
                   "p")
    evil, honest = office.device("mal"), test_mixed.Second()
    honest.enrol(office.url, office.code("una"))
    vault = test_mixed.Vault(office, "vic")
    person = wire.new_id()
    honest.write(person, "person", person, set={"legal_name": "Ana"})
    honest.sync()
    evil.sync()
    for _ in range(count):
        n = len(evil.s["log"]) + 1
        evil.s["log"].append(odd_line(draw, evil, n, person,
                                      honest.s["log"][0]))
    header = {name: value for name, value in evil.header(head=count).items()
              if name != "cursors"}
    head, _ = evil.exchange(header, evil.log_lines(1, count))
    assert head["head"] == count, head
    held = {reason for _, reason in head["held"]}
    vault.sync()
    honest.write(person, set={"language": "en"})
    for _ in range(2):
        honest.sync()
        vault.sync()
    assert honest.report["requests"] < 20
    assert honest.s["received"] == len(honest.s["log"])
    assert vault.run("show", person)["fields"]["language"]["value"] == "en"
    vault.run("verify")
    records = [r["record"] for r in vault.run("list", "person")]
    for record in {person, *draw.sample(records, min(8, len(records)))}:
        assert vault.state_hash(record) == honest.state_hash(record), record
    print("# %d of %d odd lines are held: %s" % (
        len(head["held"]), count, " ".join(sorted(held))))


def main():
    if not central.CENTRAL.exists():
        print("ok hostile # SKIP no satchel-central in", central.BUILD)
        return 0
    seed = int(os.environ.get("HOSTILE_SEED", "1"))
    count = int(os.environ.get("HOSTILE_COUNT", "600"))
    tests = [("every_wrong_request_has_a_documented_answer", hostile, count),
             ("poison_never_stops_the_rest", poison, count // 4)]
    office, failed = central.Office(), 0
    try:
        for name, function, much in tests:
            try:
                function(office, seed, much)
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
