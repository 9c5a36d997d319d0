#!/usr/bin/env python3
"""Roll-out morning: two hundred devices sync for the first time at once, one of
them brings thousands of lines, and the server is killed in the middle.  All
come through, each line is there once, memory stays bounded."""
import concurrent.futures
import http.client
import random
import sys
import time
import urllib.error

from claims import run
from satchel_replica import Refused
import satchel_wire as wire

SCENARIO = "F12"
DEVICES = 200
LARGE = 4000
MEMORY_KIB_MAX = 256 * 1024
TRIES_MAX = 60


def sync(replica):
    """As a device does it: it tries again until it is served.  Seconds of the
    try that was, and the tries it took."""
    for tries in range(1, TRIES_MAX + 1):
        begin = time.monotonic()
        try:
            replica.sync()
            return time.monotonic() - begin, tries
        except Refused as refused:
            if refused.status not in (429, 503):
                raise
        except (urllib.error.URLError, ConnectionError, OSError,
                http.client.HTTPException):
            pass
        time.sleep(random.uniform(0.1, 0.5))
    raise RuntimeError("never served")


def large(replica, count):
    """Many small lines, written without looking through the log each time."""
    case = wire.new_id()
    replica.write(case, "person", case, set={"legal_name": "Large"})
    for i in range(count):
        replica.s["log"].append(wire.canonical({
            "at": 1764000000000 + i, "author": replica.s["user"],
            "case": case, "n": len(replica.s["log"]) + 1,
            "record": wire.new_id(), "replica": replica.s["replica"],
            "schema": 1, "set": {"kind": "phone",
                                 "narrative": "call %d" % i},
            "type": "contact"}))


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def story(claims, office):
    office.run("user", "add", "dana", "--role", "worker", "--caseload", "east")
    office.run("user", "add", "lee", "--role", "worker", "--caseload", "west")
    big = office.device("lee")
    large(big, LARGE)
    small = [office.device("dana") for _ in range(DEVICES)]
    for i, replica in enumerate(small):
        case = wire.new_id()
        replica.write(case, "person", case,
                      set={"legal_name": "person %03d" % i})
    begin, peak = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(DEVICES + 1) as pool:
        first = pool.submit(sync, big)
        rest = [pool.submit(sync, replica) for replica in small]
        while sum(f.done() for f in rest) < DEVICES // 4 and \
                time.monotonic() - begin < 60:
            time.sleep(0.02)
        peak = memory_kib(office.process.pid)
        office.process.kill()
        office.process.wait()
        office.serve()
        done = [f.result() for f in rest]
        first.result()
    peak = max(peak, memory_kib(office.process.pid))
    claims.equal("%d devices are served although the office is killed in the "
                 "middle" % DEVICES,
                 [r["received"] for r in (x.s for x in small)],
                 [1] * DEVICES)
    claims.equal("and the one that brings %d lines" % LARGE,
                 big.s["received"], LARGE + 1)
    claims.check("the office needed %d MiB at most" % (peak // 1024),
                 0 < peak < MEMORY_KIB_MAX, peak)
    print("# %.1f s in all, %d tries for %d syncs, slowest that was served "
          "%.1f s" % (time.monotonic() - begin, sum(d[1] for d in done),
                      len(done), max(d[0] for d in done)))
    claims.equal("each line is there once", sorted(
        r["fields"]["legal_name"] for r in office.run("list", "person")),
        sorted(["Large"] + ["person %03d" % i for i in range(DEVICES)]))
    claims.equal("and each of the many", len(office.run("list", "contact")),
                 LARGE)
    for replica in random.Random(1).sample(small, 3):
        sync(replica)
        claims.equal("a device of the storm has everybody's case",
                     len(replica.s["scopes"]["caseload:east"]["cases"]),
                     DEVICES)
    claims.equal("nobody was taken for a copy", len([
        r for r in office.run("replica", "list")
        if r["user"] in ("dana", "lee")]), DEVICES + 1)
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
