#!/usr/bin/env python3
"""verify_proof.py FILE ROOT: a proof of custody, checked as a stranger would.

Uses nothing of the product: sync-protocol.md and an Ed25519 implementation."""
import sys

from satchel_wire import parse, replica_id, unb64, verify

DOMAINS = {"received": "satchel/receipt/1", "backed up": "satchel/backed/1"}


def check(proof, root):
    for r in proof["receipts"]:
        for part, domain in (("term", "satchel/term/1"),
                             ("writer", "satchel/certificate/1")):
            assert verify(root, unb64(r[part]["sig"]), domain,
                          r[part]["text"].encode()), part
        term, writer = (parse(r[p]["text"].encode()) for p in ("term", "writer"))
        assert term["agency"] == writer["agency"] == proof["agency"]
        assert r["replica"] == replica_id("w", proof["agency"],
                                          unb64(writer["key"]))
        said = {"agency": proof["agency"], "lineage": r["lineage"],
                "link": r["link"], "n": r["n"], "replica": r["replica"]}
        assert verify(unb64(term["key"]), unb64(r["sig"]), DOMAINS[r["kind"]],
                      said), "receipt"
        print(r["kind"], r["n"], writer["user"])


with open(sys.argv[1], "rb") as file:
    LINE = [line for line in file.read().split(b"\n") if line[:1] == b"{"][-1]
check(parse(LINE), unb64(sys.argv[2]))
