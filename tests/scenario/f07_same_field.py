#!/usr/bin/env python3
"""Two and three people write one field while they are apart, for each rule, and
sync in every order: all see the same, and where the rule gives it to a person,
the conflict has base, values, authors and times."""
import itertools
import json
import sys

from claims import run
import satchel_wire as wire

SCENARIO = "F7"
TYPE = {"type": "plot", "title": "Plot", "version": 1, "home": "case",
        "doc": "A plot in the community garden.", "fields": {
            "person": {"kind": "record", "target": "person", "rule": "fixed"},
            "deed": {"kind": "text", "rule": "fixed"},
            "crop": {"kind": "text", "rule": "latest"},
            "stage": {"kind": "code", "rule": "furthest",
                      "codes": ["dug", "sown", "reaped", "flooded"],
                      "order": [["dug", "sown"], ["sown", "reaped"],
                                ["sown", "flooded"]]},
            "access": {"kind": "code", "rule": "safest",
                       "codes": ["open", "closed"],
                       "order": [["open", "closed"]]},
            "helpers": {"kind": "text", "rule": "set"},
            "rent_cents": {"kind": "cents", "rule": "both"}}}
BASE = {"crop": "okra", "stage": "dug", "access": "open", "rent_cents": 1000,
        "deed": "plot 7"}
# What each of three writes, what is shown afterwards (None: any of them), and
# whether it stays open.
RULES = {
    "crop": (["beans", "corn", "rye"], None, True),
    "stage": (["sown", "reaped", "flooded"], ["reaped", "sown", "dug"], True),
    "access": (["open", "closed", "open"], ["closed"], True),
    "rent_cents": ([1200, 900, 1100], [1000], True),
    "deed": (["plot 8", "plot 9", "plot 10"], None, True),
}


def shown(replica_office, record):
    return replica_office.run("show", record)


def one(office, team, field, order):
    values, wanted, stays = RULES[field]
    case, record = wire.new_id(), wire.new_id()
    first = team[0]
    first.write(case, "person", case, set={"legal_name": "Ruth Ames"})
    first.write(record, "plot", case, set=dict(BASE, person=case))
    first.sync()
    for replica in team:
        replica.sync()
    for replica, value in zip(team, values):
        replica.write(record, set={field: value})
    for i in order:
        team[i].sync()
    state = office.run("show", record)["fields"][field]
    written = values[:len(team)]
    live = [v["value"] for v in state["live"]]
    if sorted(map(str, live)) != sorted(map(str, written)):
        return "live %s" % live
    if bool(state.get("open")) != stays:
        return "open %s" % state.get("open")
    if wanted and state["value"] not in wanted + written * (field == "stage"):
        return "shown %s" % state["value"]
    if not all(v["author"] and v["at"] and v["dot"] for v in state["live"]):
        return "no author or time"
    if state.get("base") != BASE[field]:
        return "base %s" % state.get("base")
    return None


def everyone_agrees(team):
    """Every replica that has all of it holds the same lines."""
    sets = []
    for replica in team:
        replica.sync()
    for replica in team:
        sets.append({line for line in replica.known()
                     if '"replica":"o' not in line})
    return all(s == sets[0] for s in sets)


def story(claims, office):
    path = office.dir / "plot.json"
    path.write_text(json.dumps(TYPE))
    office.run("import", "schema", str(path), "--as", "chief")
    team = [office.worker(name, "east") for name in ("ann", "bob", "cat")]
    for replica in team:
        replica.sync()
    for field in RULES:
        for count in (2, 3):
            wrong = {}
            for order in itertools.permutations(range(count)):
                why = one(office, team[:count], field, order)
                if why:
                    wrong[order] = why
            claims.equal("%d writers of one %s field, in any order" % (
                count, TYPE["fields"][field]["rule"]), wrong, {})
    for replica in team:
        replica.sync()
    claims.check("all three hold the same lines", everyone_agrees(team))
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
