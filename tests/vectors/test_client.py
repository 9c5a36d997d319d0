#!/usr/bin/env python3
"""The second client against the vectors: `ok NAME` or `not ok NAME` a case.

What it checks was written by others, in other languages, from the same text."""
import json
import pathlib
import sys
import traceback

import satchel_wire as wire
from satchel_replica import Replica
from satchel_wire import b64, unb64

HERE = pathlib.Path(__file__).parent
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def load(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def refused(function, *arguments):
    try:
        function(*arguments)
    except wire.Malformed:
        return True
    return False


def raw_of(case, name):
    return bytes.fromhex(case["hex"]) if "hex" in case \
        else case[name].encode("utf-8")


@test
def canonical_lines_are_taken_as_they_are():
    for line in load("canonical.json")["valid"]:
        assert wire.canonical(wire.parse(line)) == line, line


@test
def lines_that_are_not_canonical_are_refused():
    for case in load("canonical.json")["invalid"]:
        assert refused(wire.parse, raw_of(case, "line")), case


@test
def loose_json_has_one_canonical_form():
    for pair in load("canonical.json")["pairs"]:
        assert wire.canonical(json.loads(pair["loose"])) == \
            pair["canonical"], pair


@test
def derived_ids_are_the_same_everywhere():
    for case in load("chain.json")["derived"]:
        assert wire.derived_id(case["space"], case["name"]) == case["id"]


@test
def context_tokens_are_the_same_everywhere():
    for case in load("chain.json")["contexts"]:
        assert wire.context_token(case["record"], case["seen"]) == \
            case["token"]


@test
def logs_chain_and_sign_the_same():
    chain = load("chain.json")
    for replica in chain["replicas"]:
        key = wire.Key(unb64(replica["seed"], 32))
        assert b64(key.public) == replica["key"]
        assert wire.replica_id(replica["kind"], chain["agency"],
                               key.public) == replica["replica"]
        lines = [entry["line"] for entry in replica["lines"]]
        links = wire.links(chain["agency"], key.public, lines)
        assert b64(links[0]) == replica["link_zero"]
        for entry, link in zip(replica["lines"], links[1:]):
            line = entry["line"]
            original = wire.parse(line).get("carries", line)
            assert b64(wire.line_hash(line)) == entry["hash"]
            assert wire.sum_text([wire.share(line)]) == entry["share"]
            assert wire.write_id(original) == entry["write"]
            assert b64(link) == entry["link"]
            assert b64(key.sign("satchel/link/1", link)) == \
                entry["signature"]


@test
def signatures_cover_their_domain():
    chain = load("chain.json")
    key = wire.Key(unb64(chain["replicas"][0]["seed"]))
    for case in chain["signatures"]:
        message, signature = unb64(case["message"]), unb64(case["signature"])
        assert key.sign(case["domain"], message) == signature
        assert wire.verify(key.public, signature, case["domain"], message)
        assert not wire.verify(key.public, signature, "satchel/other/1",
                               message)


@test
def frames_come_back_with_and_without_dictionary():
    lines = ['{"agency":"a"}', "", "é" * 1000]
    for dictionary in (False, True):
        for level in range(1, 10):
            body = wire.pack(lines, dictionary, level)
            assert wire.unpack(body) == lines
            for cut in range(0, len(body), 7):
                assert refused(wire.unpack, body[:cut])
            assert refused(wire.unpack, body + b"\n")


@test
def sealed_lines_open_with_their_own_dot_only():
    key = bytes(range(32))
    line = '{"at":1,"n":7}'
    for deflated in (False, True):
        sealed = wire.seal_line(key, "wAAAAAAAAAAAA", 7, line, deflated)
        assert wire.open_line(key, "wAAAAAAAAAAAA", 7, sealed) == line
        assert refused(wire.open_line, key, "wAAAAAAAAAAAA", 8, sealed)
        assert refused(wire.open_line, key, "wAAAAAAAAAAAB", 7, sealed)


@test
def messages_of_the_other_side_are_canonical():
    """The C side's fixtures are lines that this side reads and writes."""
    valid = HERE.parent / "unit" / "wire" / "fixtures" / "valid"
    paths = sorted(valid.glob("*.json"))
    assert len(paths) > 30
    for path in paths:
        line = path.read_text(encoding="utf-8").rstrip("\n")
        assert wire.canonical(wire.parse(line)) == line, path.name
        name = path.name.split("-")[0]
        control = wire.control_name(line)
        assert control == (name if name in wire.CONTROL else None), path.name


def signed_by(key, domain, said, signature):
    return wire.verify(key.public, unb64(signature, 64), domain, said)


@test
def enrolments_are_proved_and_certified():
    vectors = load("exchange.json")
    root = wire.Key(unb64(vectors["keys"]["root"]))
    old = wire.Key(unb64(vectors["keys"]["writing"]))
    for enrolment in vectors["enrolments"]:
        asked = wire.parse(enrolment["request"])
        said = {name: asked[name] for name in
                ("key", "transport", "replica" if "certificate" in asked
                 else "code")}
        fresh = unb64(asked["key"])
        assert wire.verify(fresh, unb64(asked["proof"]), "satchel/enrol/1",
                           said)
        if "certificate" in asked:
            assert signed_by(old, "satchel/successor/1", said,
                             asked["successor_sig"])
        replica = Replica({"seed": None, "terms": {}, "scopes": {}})
        replica.key = lambda: type("K", (), {"public": fresh})
        replica.transport = lambda: type(
            "K", (), {"public": unb64(asked["transport"])})
        replica._enrolled(wire.parse(enrolment["reply"]), first=True)
        assert replica.s["terms"] and root.public


@test
def exchanges_inflate_to_their_lines():
    for exchange in load("exchange.json")["exchanges"]:
        for side in ("request", "reply"):
            message = exchange[side]
            assert wire.unpack(unb64(message["body"])) == message["lines"]
            assert wire.unpack(wire.pack(
                message["lines"], message["dictionary"])) == message["lines"]


@test
def requests_are_authenticated():
    vectors = load("exchange.json")
    keys = {name: wire.Key(unb64(vectors["keys"][name]))
            for name in ("writing", "transport")}
    for exchange in vectors["exchanges"]:
        header, auth = exchange["request"]["lines"][:2]
        locked = wire.parse(header).get("locked", False)
        assert signed_by(keys["transport" if locked else "writing"],
                         "satchel/request/1", header.encode(),
                         wire.parse(auth)["auth"])


@test
def pushed_lines_chain_up_to_their_sign_lines():
    vectors = load("exchange.json")
    key = wire.Key(unb64(vectors["keys"]["writing"]))
    lines = [entry["line"] for entry in vectors["log"]]
    links = wire.links(vectors["agency"], key.public, lines)
    assert [b64(link) for link in links[1:]] == \
        [entry["link"] for entry in vectors["log"]]
    for exchange in vectors["exchanges"]:
        for line in exchange["request"]["lines"]:
            if wire.control_name(line) == "sign":
                sign = wire.parse(line)["sign"]
                assert signed_by(key, "satchel/link/1", links[sign["n"]],
                                 sign["sig"])


@test
def sealed_lines_open_at_the_office():
    vectors = load("exchange.json")
    box = [unb64(vectors["keys"]["box_" + n]) for n in ("public", "secret")]
    opened, keys = [], {}
    for exchange in vectors["exchanges"]:
        for line in exchange["request"]["lines"]:
            name = wire.control_name(line)
            value = wire.parse(line)[name] if name else None
            if name == "key":
                keys[value["case"]] = wire.unwrap_key(
                    *box, unb64(value["wrap"]))
                assert b64(keys[value["case"]]) == vectors["keys"]["case"]
            if name == "sealed":
                opened.append(wire.open_line(
                    keys[value["case"]], vectors["replica"], value["n"],
                    unb64(value["body"])))
    assert opened == [vectors["log"][2]["line"]]
    sealed = vectors["sealed_deflated"]
    assert wire.open_line(unb64(vectors["keys"]["case"]), vectors["replica"],
                          sealed["n"], unb64(sealed["body"])) == sealed["line"]


@test
def a_replica_applies_the_replies():
    """Receipts, terms, pages, sums, the leave: all checked while applying."""
    vectors = load("exchange.json")
    replica = Replica()
    asked = wire.parse(vectors["enrolments"][0]["request"])
    reply = wire.parse(vectors["enrolments"][0]["reply"])
    replica.s.update(seed=vectors["keys"]["writing"],
                     transport_seed=vectors["keys"]["transport"])
    assert b64(replica.key().public) == asked["key"]
    replica._enrolled(reply, first=True)
    log = [entry["line"] for entry in vectors["log"]]
    for exchange in vectors["exchanges"]:
        header = wire.parse(exchange["request"]["lines"][0])
        replica.s["log"] = log[:header["head"]]
        head = wire.parse(exchange["reply"]["lines"][0])
        replica.take_header(head)
        assert replica.s["received"] == head["head"]
        assert replica.take_lines(
            [line for line in exchange["reply"]["lines"][1:]
             if wire.control_name(line) != "diff"]), exchange["name"]
    assert replica.s["token"] == head["token"]
    assert len(replica.s["lines"]) == 1  # the left case's are erased


@test
def page_receipts_are_the_offices():
    vectors = load("exchange.json")
    page_key = unb64(vectors["keys"]["page"])
    seen = 0
    for exchange in vectors["exchanges"]:
        page = []
        for line in exchange["reply"]["lines"][1:]:
            name = wire.control_name(line)
            if name is None:
                page.append(wire.line_hash(line))
            elif name in ("cursor", "given"):
                if page:
                    seen += 1
                    assert wire.parse(line)[name]["mac"] == b64(
                        wire.page_mac(page_key, vectors["agency"], page))
                page = []
    assert seen == 2


def run():
    failed = 0
    for function in TESTS:
        try:
            function()
            print("ok", function.__name__)
        except Exception:
            failed += 1
            print("not ok", function.__name__)
            traceback.print_exc()
    return failed


if __name__ == "__main__":
    sys.exit(1 if run() else 0)
