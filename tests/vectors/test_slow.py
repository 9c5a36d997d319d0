#!/usr/bin/env python3
"""Slow and wrong clients do not keep an enrolled device from syncing.

Two hundred connections are held open, all from the device's own address, by
people who never end what they began: headers without an end, bodies without an
end (large ones, small ones, of unknown length), idle ones, readers who never
read, and a device that is enrolled and has a hundred bodies under way.  A flood
of wrong codes runs beside them.  While every one of them is held, an enrolled
device brings its work and gets what is new."""
import json
import socket
import sys
import threading
import traceback

import office as central
import test_mixed
import satchel_wire as wire
from satchel_requests import _enrolment
from satchel_wire import canonical

ROUNDS = 3
POST = ("POST /v1/sync HTTP/1.1\r\nHost: office\r\n"
        "Content-Type: application/x-satchel\r\n")


class Held:
    """Connections that stay, each with what was sent on it."""

    def __init__(self, port):
        self.port, self.sockets = port, []

    def hold(self, count, *pieces):
        for _ in range(count):
            s = socket.create_connection(("127.0.0.1", self.port))
            for piece in pieces:
                s.sendall(piece)
            self.sockets.append(s)

    def still(self):
        """Those that the office has neither answered nor closed.  (An answer
        to a reader who never reads is there, too: he is counted apart.)"""
        count = 0
        for s in self.sockets:
            s.setblocking(False)
            try:
                count += s.recv(1, socket.MSG_PEEK) != b""
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def close(self):
        for s in self.sockets:
            s.close()


def signed(replica):
    """The first lines of a request that its device did sign."""
    header = canonical(replica.header())
    return wire.pack([header, replica.auth(header)], True)[:-8]


def length(size):
    return ("Content-Length: %d\r\n\r\n" % size).encode()


def slow(held, enrolled):
    post = POST.encode()
    held.hold(30)                                           # idle
    held.hold(40, b"GET /v1/office HTTP/1.1\r\nHost: o\r\nX-", b"slow: 1")
    held.hold(20, post + length(8 << 20), b"\x78")          # large bodies
    held.hold(60, post + length(190 << 10), b"\x78\xbb")    # light ones
    held.hold(10, post + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nxx\r\n")
    # He asks again and again, and never reads.
    held.hold(20, b"GET /v1/office HTTP/1.1\r\nHost: o\r\n\r\n" * 200)
    # An enrolled device: its header is good, its body never comes.
    for _ in range(100):
        held.hold(1, post + length(190 << 10), signed(enrolled))


def flood(office, count):
    """Wrong codes, all of which must be refused as documented."""
    answers = {}
    for _ in range(count):
        status, _, reply = office.request(
            "/v1/enrol", _enrolment("AAAA-AAAA-AAAA-AAAA"),
            "application/json")
        error = json.loads(reply)["error"]
        assert (status, error) in ((403, "bad-code"), (429, "slow-down"))
        answers[error] = answers.get(error, 0) + 1
    return answers


def syncs(office):
    vault, second = test_mixed.Vault(office, "ann"), test_mixed.Second()
    second.enrol(office.url, office.code("bob"))
    office.run("user", "add", "eve", "--role", "worker", "--caseload", "a")
    enrolled = office.device("eve")
    enrolled.sync()
    person = vault.create("person", None, {"legal_name": "Ruth"})
    vault.sync()
    # The office lets go of whoever is idle for long: it counts when all were
    # held from before the sync until after it.
    beside, all_the_time = {}, 0
    wrong = threading.Thread(target=lambda: beside.update(flood(office, 60)))
    wrong.start()
    for i in range(ROUNDS):
        held = Held(office.port)
        try:
            slow(held, enrolled)
            assert len(held.sockets) >= 200
            vault.create("contact", person, {
                "kind": "phone", "narrative": "while they hold %d" % i})
            vault.sync()
            second.sync()
            assert vault.run("status")["here"] == 0
            assert "while they hold %d" % i in "\n".join(second.known())
            all_the_time += held.still() == len(held.sockets)
        finally:
            held.close()
    wrong.join()
    assert beside.get("slow-down"), beside
    print("# in %d rounds of %d all %d were held; wrong codes: %s" % (
        all_the_time, ROUNDS, len(held.sockets), beside))
    assert all_the_time
    # Who was held up by himself goes on, too.
    enrolled.write(type="contact", case=person,
                   set={"kind": "phone", "narrative": "of the slow one"})
    enrolled.sync()
    assert enrolled.s["received"] == len(enrolled.s["log"])
    assert office.process.poll() is None


def main():
    name, office = "two_hundred_slow_clients_stop_nobody", None
    try:
        office = central.Office()
        for user in ("ann", "bob"):
            office.run("user", "add", user, "--role", "worker", "--caseload",
                       "a")
        syncs(office)
        print("ok", name)
        return 0
    except Exception:
        print("not ok", name)
        traceback.print_exc(file=sys.stdout)
        if office:
            print("# the office said:", office.said())
        return 1
    finally:
        if office:
            office.close()


if __name__ == "__main__":
    sys.exit(main())
