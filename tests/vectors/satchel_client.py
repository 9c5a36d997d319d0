#!/usr/bin/env python3
"""A second Satchel client, written from sync-protocol.md alone.

It keeps one replica in a JSON file and needs nothing but Python and libsodium.

  enrol   --server URL --code CODE --state FILE
  write   --state FILE [--type T] [--record ID] [--case ID] [--set JSON]
          [--add JSON] [--drop JSON] [--keep JSON] [--seal]
                                 prints {"n","record"}
  sync    --state FILE [--locked]        prints what happened
  show    --state FILE [--record ID]     what is held, as JSON
  state   --state FILE --record ID       the record, folded
  succeed --state FILE --reason fork|stale|lineage
  make-request KIND --state FILE --out FILE
                                 a raw body for curl; KIND `list` names all
  vectors                        checks the vectors beside this file
"""
import argparse
import json
import pathlib
import sys

import satchel_requests
import satchel_wire as wire
from satchel_replica import Broken, Refused, Replica

ROOT = pathlib.Path(__file__).resolve().parents[2]


def enrol(options):
    path = pathlib.Path(options.state)
    replica = Replica.load(options.state) if path.exists() else Replica()
    try:
        replica.enrol(options.server, options.code)
    finally:
        replica.save(options.state)  # a repeated enrolment has the same keys
    return {"replica": replica.s["replica"], "user": replica.s["user"],
            "scopes": sorted(replica.s["scopes"])}


def write(options):
    replica = Replica.load(options.state)
    content = {name: json.loads(getattr(options, name))
               for name in ("set", "add", "drop", "keep")
               if getattr(options, name)}
    record, n = replica.write(options.record, options.type, options.case,
                              seal=options.seal, **content)
    replica.save(options.state)
    return {"n": n, "record": record}


def sync(options):
    replica = Replica.load(options.state)
    try:
        return replica.sync(options.locked)
    finally:
        replica.save(options.state)


def show(options):
    replica = Replica.load(options.state)
    s = replica.s
    lines = [line for line in replica.known()
             if not options.record or
             (replica.revision(line) or {}).get("record") == options.record]
    return {"replica": s["replica"], "head": len(s["log"]),
            "received": s["received"], "revoked": s["revoked"],
            "held": s["held"], "lines": lines,
            "hashes": sorted({wire.b64(wire.line_hash(x)) for x in lines}),
            "scopes": {name: dict(scope, sum=replica.scope_sum(name))
                       for name, scope in s["scopes"].items()}}


def state(options):
    """The fold of what is held, with the shipped record types."""
    sys.path.append(str(ROOT / "tests" / "model"))
    import reference_fold
    definitions = {}
    for path in sorted((ROOT / "schema").rglob("*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        definitions[definition.get("type")] = definition
    replica = Replica.load(options.state)
    lines = [line for line in replica.known() if
             (replica.revision(line) or {}).get("record") == options.record]
    if not lines:
        raise Broken("no line of that record is held")
    return json.loads(reference_fold.fold(lines, definitions))


def succeed(options):
    replica = Replica.load(options.state)
    try:
        replica.succeed(options.reason)
    finally:
        replica.save(options.state)
    return {"replica": replica.s["replica"], "carried": len(replica.s["log"])}


def make_request(options):
    if options.kind == "list":
        return [dict(kind._asdict(), kind=name, make=kind.make.__doc__)
                for name, kind in satchel_requests.KINDS.items()]
    body = satchel_requests.KINDS[options.kind].make(
        Replica.load(options.state))
    pathlib.Path(options.out).write_bytes(body)
    return {"bytes": len(body)}


def vectors(_options):
    import test_client
    return {"failed": test_client.run()}


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, function, *names):
        sub = commands.add_parser(name)
        sub.set_defaults(run=function)
        for option in names:
            if option in ("--seal", "--locked"):
                sub.add_argument(option, action="store_true")
            else:
                sub.add_argument(option)
        return sub
    command("enrol", enrol, "--server", "--code", "--state")
    command("write", write, "--state", "--type", "--record", "--case",
            "--set", "--add", "--drop", "--keep", "--seal")
    command("sync", sync, "--state", "--locked")
    command("show", show, "--state", "--record")
    command("state", state, "--state", "--record")
    command("succeed", succeed, "--state", "--reason")
    command("make-request", make_request, "kind", "--state", "--out")
    command("vectors", vectors)
    return parser.parse_args()


def main():
    options = arguments()
    try:
        said = options.run(options)
    except Refused as refused:
        print(json.dumps(dict(refused.body, status=refused.status)))
        sys.exit(1)
    except (Broken, OSError, wire.Malformed) as error:
        sys.exit("satchel_client: %s" % error)
    print(json.dumps(said, indent=1, sort_keys=True))
    sys.exit(1 if options.command == "vectors" and said["failed"] else 0)


if __name__ == "__main__":
    main()
