#!/usr/bin/env python3
"""Roll-out morning: all devices sync for the first time in one moment, one of
them brings tens of thousands of lines, and the server is killed in the middle.
All come through, each line is there once and memory stays bounded; how long
they waited is printed, beside the time of one after another.

DEVICES (300) and LINES (8000) set the size; `make storm` is the day itself.
The small devices are requests that were made beforehand, so that what is
measured is the office; the large one is the product's own program."""
import asyncio
import concurrent.futures
import json
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

from claims import run
import office as central
import satchel_wire as wire

SCENARIO = "F12"
DEVICES = int(os.environ.get("DEVICES", "300"))
LINES = int(os.environ.get("LINES", "8000"))
CASELOAD = 50  # devices
CASES = 40     # that each caseload has before
ALONE = 20     # devices that sync before the storm, one by one
MEMORY_KIB_MAX = 256 * 1024
TRIES_MAX = 200
TRY_S = 60
ID_BYTES = 8  # of a line on the wire that nothing can compress: a new id's


async def post(port, body):
    """One request: (status, seconds to wait, body); OSError when it is cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"POST /v1/sync HTTP/1.1\r\nHost: office\r\n"
                     b"Content-Type: application/x-satchel\r\n"
                     b"Connection: close\r\nContent-Length: %d\r\n\r\n"
                     % len(body) + body)
        await writer.drain()
        said = await reader.read(-1)
    finally:
        writer.close()
    head, _, rest = said.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in lines[1:])
    if not head or len(rest) != int(fields.get(b"content-length", len(rest))):
        raise ConnectionError("cut")
    return (int(lines[0].split()[1]), int(fields.get(b"retry-after", 0)),
            rest)


class Device:
    """One small device: its request, and what became of it."""

    def __init__(self, replica):
        self.replica, self.reply = replica, None
        self.tries, self.served_s, self.waited_s = 0, 0.0, 0.0
        case = wire.new_id()
        replica.write(case, "person", case, set={
            "legal_name": replica.s["replica"]})
        self.body = replica.body(replica.header(), replica.log_lines(1, 1))

    async def first_sync(self, port):
        """As a device does it: it tries again until it is served."""
        first = time.monotonic()
        while self.tries < TRIES_MAX:
            self.tries += 1
            begin, wait = time.monotonic(), 1
            try:
                status, wait, said = await asyncio.wait_for(
                    post(port, self.body), TRY_S)
                if status == 200:
                    self.reply = said
                    self.served_s = time.monotonic() - begin
                    self.waited_s = time.monotonic() - first
                    return
                if status not in (429, 503):
                    raise RuntimeError("%d %s" % (status, said[:200]))
            except (OSError, asyncio.TimeoutError, ValueError):
                pass
            await asyncio.sleep(random.uniform(0, max(wait, 1)))

    def receipt(self):
        """What the office signed for, by its own keys."""
        if self.reply is None:
            return None
        self.replica.take_header(wire.parse(wire.unpack(self.reply)[0]))
        return self.replica.s["received"]


class Gate:
    """A link to the office that, once it is told so, carries one more reply,
    then so many bytes upwards, and holds what comes after, until it is
    opened."""

    def __init__(self, port):
        self.target, self.size, self.left = port, None, None
        self.open = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def shut_after(self, size):
        self.size = size

    def accept(self):
        while True:
            device, _ = self.server.accept()
            try:
                office = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                device.close()
                continue
            for pair in ((device, office, True), (office, device, False)):
                threading.Thread(target=self.carry, args=pair,
                                 daemon=True).start()

    def carry(self, source, sink, upwards):
        try:
            while data := source.recv(16384):
                if not upwards and self.left is None:
                    self.left = self.size
                elif upwards and self.left is not None:
                    self.left -= len(data)
                    if self.left < 0:
                        self.open.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Large:
    """A worker's own laptop of the years before: one vault, many lines."""

    def __init__(self, office):
        self.gate = Gate(office.port)
        self.environment = dict(
            os.environ, SATCHEL_VAULT=str(office.dir / "large.vault"),
            SATCHEL_PASSPHRASE_FILE=str(office.dir / "passphrase"),
            SATCHEL_DEVICE_SECRET_FILE=str(office.dir / "secret"))
        (office.dir / "passphrase").write_text("ninety seconds in the car\n")
        self.run("enroll", "--server", "http://127.0.0.1:%d" % self.gate.port,
                 "--code", office.code("large"))
        person = self.run("put", "person", "legal_name=Large").strip()
        self.run("put", "contact", "--each", text="".join(
            json.dumps({"person": person, "kind": "phone",
                        "narrative": "call %d" % i}) + "\n"
            for i in range(LINES)))

    def run(self, *words, text=None):
        return subprocess.run(
            [central.BUILD / "satchel", *words], env=self.environment,
            input=text, capture_output=True, text=True, timeout=300,
            check=True).stdout

    async def sync(self):
        """Again and again; the tries it took."""
        for tries in range(1, TRIES_MAX):
            process = await asyncio.create_subprocess_exec(
                central.BUILD / "satchel", "sync", env=self.environment,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL)
            if await process.wait() == 0:
                return tries
            await asyncio.sleep(0.5)
        return None

    def status(self):
        return json.loads(self.run("status", "--json"))


def memory_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def prepare(office):
    """Caseloads that have cases, and the devices of each."""
    devices, pool = [], concurrent.futures.ThreadPoolExecutor(4)
    for number in range((DEVICES + ALONE + CASELOAD - 1) // CASELOAD):
        user = "u%d" % number
        office.run("user", "add", user, "--role", "worker", "--caseload",
                   "district-%d" % number)
        before = office.device(user)
        for i in range(CASES):
            case = wire.new_id()
            before.write(case, "person", case, set={
                "legal_name": "case %d of %s" % (i, user)})
        before.sync()
        devices += pool.map(lambda _, user=user: Device(office.device(user)),
                            range(CASELOAD))
    return devices[:ALONE], devices[ALONE:ALONE + DEVICES]


def head_of_large(office):
    """Lines of the large one that the office has committed."""
    path, = office.data.rglob("office.db")
    database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        return database.execute(
            "SELECT max(n) FROM line JOIN replica USING (agency, replica) "
            "WHERE account = 'large'").fetchone()[0] or 0
    finally:
        database.close()


async def storm(office, small, large):
    """(seconds, small ones served and lines of the large one when the office
    is killed, tries of the large one, the office's memory at its most)."""
    begin, served, at_kill, peak = time.monotonic(), [], [], []

    async def sync(device):
        await device.first_sync(office.port)
        served.append(device)
        if len(served) == DEVICES // 10:
            at_kill.extend((len(served), head_of_large(office)))
            peak.append(memory_kib(office.process.pid))
            office.process.kill()
            killed.set()

    killed = asyncio.Event()
    large.gate.shut_after(LINES * ID_BYTES // 2)
    big = asyncio.create_task(large.sync())
    while not head_of_large(office) and not big.done():
        await asyncio.sleep(0.005)
    tasks = [asyncio.create_task(sync(d)) for d in small]
    await killed.wait()
    office.process.wait()
    large.gate.open.set()
    await asyncio.to_thread(office.serve)
    await asyncio.gather(*tasks)
    tries = await big
    return (time.monotonic() - begin, at_kill, tries,
            max(*peak, memory_kib(office.process.pid)))


async def one_by_one(office, devices):
    for device in devices:
        await device.first_sync(office.port)
    return statistics.median(d.served_s for d in devices)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def story(claims, office):
    office.run("user", "add", "large", "--role", "worker", "--caseload",
               "large")
    alone, small = prepare(office)
    large = Large(office)
    idle = memory_kib(office.process.pid)
    unloaded = asyncio.run(one_by_one(office, alone))
    seconds, at_kill, tries, peak = asyncio.run(storm(office, small, large))
    p99 = percentile([d.waited_s for d in small], 0.99)
    print("# %d devices and one with %d lines: %.1f s in all; the office was "
          "killed when it had served %d and taken %d lines" % (
              DEVICES, LINES, seconds, *at_kill))
    print("# one first sync alone: %.1f ms; in the storm, from its first try "
          "to its receipt: median %.1f s, p99 %.1f s, at most %.1f s "
          "(p99 = %.1f x one after another)" % (
              unloaded * 1000, statistics.median(d.waited_s for d in small),
              p99, max(d.waited_s for d in small),
              p99 / (DEVICES * unloaded)))
    print("# tries: %d for the %d small ones, %d for the large one" % (
        sum(d.tries for d in small), DEVICES, tries))
    print("# memory of the office: %d MiB before, %d MiB at most" % (
        idle // 1024, peak // 1024))
    claims.equal("each of %d devices has the office's receipt, although the "
                 "office is killed in the middle" % DEVICES,
                 [d.receipt() for d in small], [1] * DEVICES)
    said = large.status()
    claims.equal("and the one that brings %d lines" % LINES,
                 (said["here"], said["received"]), (0, LINES + 1))
    claims.check("both were cut in the middle",
                 at_kill[0] < DEVICES and 0 < at_kill[1] <= LINES, at_kill)
    claims.check("memory stays bounded", 0 < peak < MEMORY_KIB_MAX, peak)
    names = [r["fields"]["legal_name"] for r in office.run("list", "person")]
    claims.equal("each line is there once",
                 (len(names), len(set(names)),
                  {d.replica.s["replica"] for d in small} <= set(names)),
                 (1 + len(alone) + len(small) + CASES * (
                     (DEVICES + ALONE + CASELOAD - 1) // CASELOAD),
                  len(names), True))
    claims.equal("and each of the many", len({
        r["fields"]["narrative"] for r in office.run("list", "contact")}),
        LINES)
    for device in random.Random(1).sample(small, 3):
        device.replica.sync()
        scope, = [s for s in device.replica.s["scopes"] if s != "agency"]
        mine = [d for d in alone + small
                if scope in d.replica.s["scopes"]]
        claims.equal("a device of the storm has all cases of its caseload",
                     len(device.replica.s["scopes"][scope]["cases"]),
                     CASES + len(mine))
    claims.equal("nobody was taken for a copy", [
        r for r in office.run("replica", "list") if r.get("closed")], [])
    claims.equal("the office verifies", office.run("verify")["problems"], 0)


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
