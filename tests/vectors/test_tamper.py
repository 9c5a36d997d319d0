#!/usr/bin/env python3
"""Exchanges that somebody has laid hands on, on their way to an office and back.

He has no key.  He flips bits, cuts, doubles, inserts and swaps bytes, does so
with the lines inside, leaves some out, repeats what was sent before, joins the
header of one exchange to the lines of another, and gives a device the answers
that another device or another office got.  The office must take nothing that
its device did not write, and the device nothing that its office did not sign;
then the honest exchange goes through, with all that was ever written.
TAMPER_SEED and TAMPER_COUNT choose which and how many of each."""
import ctypes
import http.server
import json
import os
import random
import sqlite3
import sys
import threading
import traceback

import office as central
import test_mixed
import satchel_wire as wire
from satchel_wire import b64, canonical, parse
from test_hostile import DOCUMENTED

EACH = 25  # tampers of one victim's exchange
KIND = "application/x-satchel"


# ---- the hand ----

def with_bytes(draw, raw):
    """The same bytes, but for one to three accidents."""
    raw = bytearray(raw)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(raw)) if raw else 0
        end = min(len(raw), at + draw.randint(1, 64))
        act = draw.randrange(6)
        if act == 0 and raw:
            raw[at] ^= 1 << draw.randrange(8)
        elif act == 1:
            del raw[at:end]
        elif act == 2:
            raw[at:at] = draw.randbytes(draw.randint(1, 40))
        elif act == 3:
            raw[at:at] = raw[at:end]
        elif act == 4:
            to = draw.randrange(len(raw) + 1)
            piece = raw[at:end]
            del raw[at:end]
            raw[to:to] = piece
        else:
            del raw[at:]
    return bytes(raw)


def with_lines(draw, lines):
    """The same lines, but for one or two accidents."""
    lines = list(lines)
    for _ in range(draw.randint(1, 2)):
        at, to = draw.randrange(len(lines)), draw.randrange(len(lines))
        act = draw.randrange(5)
        if act == 0:
            lines[at], lines[to] = lines[to], lines[at]
        elif act == 1 and len(lines) > 1:
            del lines[at]
        elif act == 2:
            lines.insert(to, lines[at])
        elif act == 3:
            lines[at] = with_digit(draw, lines[at])
        else:
            text = with_bytes(draw, lines[at].encode("utf-8"))
            lines[at] = text.decode("utf-8", "replace").replace("\n", " ")
    return lines


def with_digit(draw, line):
    """Another letter or digit where one stood: it stays well formed."""
    spots = [i for i, c in enumerate(line) if c.isalnum() and c.isascii()]
    if not spots:
        return line + " "
    at = draw.choice(spots)
    return line[:at] + draw.choice(
        [c for c in "aZ059" if c != line[at]]) + line[at + 1:]


def inside(raw):
    """What a frame says, or None; equal texts are one request."""
    try:
        return wire.unpack(raw)
    except wire.Malformed:
        return None


# ---- to the office ----

class Custody:
    """What the office has of whom, read behind its back."""

    def __init__(self, office):
        self.db = sqlite3.connect("file:%s?mode=ro" % (
            office.data / "office.db"), uri=True)

    def log(self, replica):
        return [line.decode("utf-8") for line, in self.db.execute(
            "SELECT line FROM line WHERE replica = ? ORDER BY n",
            (replica,))]

    def devices(self):
        """Lines of all devices: count and where they stand."""
        return self.db.execute(
            "SELECT count(*), total(arrival) FROM line "
            "WHERE replica LIKE 'w%'").fetchone()

    def texts(self):
        return "\n".join(line.decode("utf-8") for line, in self.db.execute(
            "SELECT line FROM line"))


class Victim:
    """A device whose last push arrived while its reply did not."""

    def __init__(self, office, other, draw):
        self.replica = replica = office.device("eve")
        self.person, self.texts, self.before = wire.new_id(), [], []
        replica.write(self.person, "person", self.person,
                      set={"legal_name": self.text(draw)})
        self.send(office, replica.s["received"])
        replica.sync()
        for _ in range(2):
            self.note(draw)
        self.send(office, replica.s["received"])
        for _ in range(3):
            self.note(draw)
        self.stranger = other.s["log"]
        self.lines = self.request(replica)
        self.others = [self.request(other)]

    def text(self, draw):
        self.texts.append("text %012x" % draw.getrandbits(48))
        return self.texts[-1]

    def note(self, draw):
        self.replica.write(type="contact", case=self.person,
                           set={"kind": "phone", "narrative": self.text(draw)})

    @staticmethod
    def request(replica):
        header = canonical(replica.header())
        return [header, replica.auth(header), *replica.log_lines(
            replica.s["received"] + 1, len(replica.s["log"]))]

    def send(self, office, received):
        assert received == self.replica.s["received"]
        lines = self.request(self.replica)
        self.before.append(lines)
        status, _, _ = office.request("/v1/sync", wire.pack(lines), KIND)
        assert status == 200

    def tampered(self, draw):
        """(what was done, the body)"""
        act = draw.randrange(8)
        good = wire.pack(self.lines)
        if act < 3:
            return "bytes", with_bytes(draw, good)
        if act < 5:
            return "lines", wire.pack(with_lines(draw, self.lines))
        if act == 5:
            old = draw.choice(self.before + self.others)
            return "replayed", wire.pack(old)
        old = draw.choice(self.before + self.others)
        cut = draw.randint(1, 2)
        if draw.random() < 0.5:  # his header, their lines
            return "joined", wire.pack([*self.lines[:cut], *old[cut:]])
        return "joined", wire.pack([*old[:cut], *self.lines[cut:]])


def requests(draw, count):
    """Nothing is taken that the device did not write, and all of that is."""
    office, elsewhere = central.Office(), central.Office()
    try:
        office.run("user", "add", "eve", "--role", "worker", "--caseload", "e")
        fay = office.worker("fay", "e")
        gil = elsewhere.worker("eve", "e")
        for other in (fay, gil):
            other.write(type="contact", case=wire.new_id(),
                        set={"kind": "phone", "narrative": "of another"})
        custody, answers, done, closed = Custody(office), {}, 0, 0
        while done < count:
            victim = Victim(office, draw.choice([fay, gil]), draw)
            replica = victim.replica
            log, name = list(replica.s["log"]), replica.s["replica"]
            for _ in range(min(EACH, count - done)):
                done += 1
                how, body = victim.tampered(draw)
                if inside(body) == victim.lines:
                    continue
                had = custody.log(name)
                status, _, reply = office.request("/v1/sync", body, KIND)
                error = None if status == 200 else json.loads(reply)["error"]
                assert error in DOCUMENTED.get(status, ()), (
                    how, status, reply)
                has = custody.log(name)
                assert has == log[:len(has)] and len(has) >= len(had), how
                if status == 200 and len(has) > len(had):
                    # Whole signed lines of his own are no tampered ones.
                    assert set(has) <= set(inside(body) or ()) | set(had), how
                key = "%s: %s" % (how, error or "nothing new")
                answers[key] = answers.get(key, 0) + 1
            replica.sync()
            closed += replica.report["succeeded"]
            assert replica.s["received"] == len(replica.s["log"])
            told = custody.texts()
            assert all(text in told for text in victim.texts)
        # Replays of the other device change nothing of it either.
        own = [line for line in custody.log(fay.s["replica"])]
        assert own == fay.s["log"][:len(own)]
        assert not custody.log(gil.s["replica"])
        fay.sync()
        assert fay.s["received"] == len(fay.s["log"])
        assert office.process.poll() is None
        office.run("verify")
        print("# %d tampers, %d identities closed" % (done, closed))
        for key in sorted(answers):
            print("# %5d %s" % (answers[key], key))
    finally:
        office.close()
        elsewhere.close()


# ---- to the device ----

class Between(http.server.ThreadingHTTPServer):
    """Stands between a device and its office; `hand` gets each answer of an
    exchange and gives what the device is told."""
    daemon_threads = True

    def __init__(self, office):
        self.office, self.hand, self.kept = office, None, []
        self.enrolled = 0
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else None
        status, headers, reply = self.server.office.request(
            self.path, body, self.headers.get("Content-Type"), self.command)
        self.server.enrolled += self.path == "/v1/enrol" and status == 200
        if self.path == "/v1/sync" and status == 200:
            if self.server.hand:
                reply = self.server.hand(reply)
            else:
                self.server.kept.append(reply)
        self.send_response(status)
        self.send_header("Content-Type", headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_POST = answer


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("passphrase", ctypes.c_char_p),
                ("device_secret", ctypes.c_char_p), ("busy_ms", ctypes.c_int),
                ("kdf_memory_bytes", ctypes.c_int64)]


class Write(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t)] + [
        (name, ctypes.c_char_p) for name in
        ("type", "record", "context", "case_id", "set_json", "add_json",
         "drop_json")] + [("seal", ctypes.c_int), ("lenient", ctypes.c_int)]


class Status(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t)] + [
        (name, ctypes.c_int64) for name in
        ("here", "oldest_s", "received", "backed_up", "held", "conflicts",
         "last_sync", "drafts", "attachments", "attachment_bytes", "revoked")
    ] + [("enrolled", ctypes.c_int)]


class Library:
    """A vault behind libsatchel, as an application has it."""

    def __init__(self, office, url, user):
        self.lib = ctypes.CDLL(str(central.BUILD / "libsatchel.so"))
        self.lib.satchel_message.restype = ctypes.c_char_p
        self.path = office.dir / (user + ".vault")
        self.secret = office.dir / "device.secret"
        self.vault = ctypes.c_void_p()
        options = Options(ctypes.sizeof(Options), b"correct horse",
                          str(self.secret).encode(), 0, 1 << 20)
        self.must(self.lib.satchel_create(
            ctypes.byref(self.vault), str(self.path).encode(),
            ctypes.byref(options)))
        self.must(self.lib.satchel_enrol(
            self.vault, url.encode(), office.code(user).encode(), None))

    def must(self, code):
        assert code == 0, self.lib.satchel_message(self.vault)

    def write(self, kind, case, fields):
        write = Write(ctypes.sizeof(Write), kind.encode(), None, None,
                      case and case.encode(), json.dumps(fields).encode())
        out = ctypes.c_char_p()
        self.must(self.lib.satchel_write(self.vault, ctypes.byref(write),
                                         ctypes.byref(out)))
        return json.loads(out.value)["record"]

    def sync(self):
        return self.lib.satchel_sync(self.vault, None)

    def status(self):
        status = Status(ctypes.sizeof(Status))
        self.must(self.lib.satchel_status(self.vault, ctypes.byref(status)))
        return status

    def close(self):
        self.lib.satchel_close(self.vault)


def forge(draw, lines, act):
    """A signed statement of a reply says something else."""
    lines = list(lines)
    head = parse(lines[0])
    if act == "receipt":
        for claim in [head[n] for n in ("receipt", "backed") if n in head]:
            spot = draw.choice(["n", "link", "sig", "term"])
            claim[spot] = (claim["n"] + draw.choice([1, 2, 1000])
                           if spot == "n" else with_digit(draw, claim[spot]))
        lines[0] = canonical(head)
    elif act == "revoked":
        head["state"] = "revoked"
        head["statement"] = {"at": head["at"], "sig": b64(draw.randbytes(64)),
                             "term": "o" + b64(draw.randbytes(9))}
        lines[0] = canonical(head)
    elif act == "term":
        key = wire.Key()
        text = {"agency": "three-rivers", "at": head["at"],
                "key": b64(key.public), "replica": wire.replica_id(
                    "o", "three-rivers", key.public)}
        head["term"] = {"sig": b64(key.sign("satchel/term/1", text)),
                        "text": canonical(text)}
        lines[0] = canonical(head)
    else:
        lines.insert(1, canonical({"leave": {
            "at": head["at"], "lineage": b64(draw.randbytes(16)),
            "replica": "w" + b64(draw.randbytes(9)), "scope": "*",
            "sig": b64(draw.randbytes(64)),
            "term": "o" + b64(draw.randbytes(9))}}))
    return lines


def replies(draw, count):
    """A device believes only what its office signed, and loses nothing."""
    office, elsewhere = central.Office(), central.Office()
    between, there = Between(office), Between(elsewhere)
    try:
        for at in (office, elsewhere):
            at.run("user", "add", "eve", "--role", "worker", "--caseload", "e")
        office.run("user", "add", "fay", "--role", "worker", "--caseload", "e")
        others = [Library(elsewhere, there.url, "eve")]
        fay = test_mixed.Second()
        fay.enrol(between.url, office.code("fay"))
        fay.write(type="contact", case=wire.new_id(),
                  set={"kind": "phone", "narrative": "of a colleague"})
        fay.sync()
        others[0].write("person", None, {"legal_name": "Elsewhere"})
        others[0].must(others[0].sync())
        foreign = between.kept + there.kept
        between.kept = []
        device, custody = Library(office, between.url, "eve"), Custody(office)
        person = device.write("person", None, {"legal_name": "Ruth"})
        device.must(device.sync())
        texts, refused = [], {}
        for i in range(count):
            texts.append("text %012x" % draw.getrandbits(48))
            device.write("contact", person, {"kind": "phone",
                                             "narrative": texts[-1]})
            before, enrolled = device.status(), between.enrolled
            how = draw.choice(["bytes", "older", "foreign", "forged receipt",
                               "forged revoked", "forged leave",
                               "forged term"])
            older = list(between.kept)

            def hand(reply, how=how, older=older):
                if how == "bytes":
                    return with_bytes(draw, reply)
                if how.startswith("forged "):
                    return wire.pack(forge(draw, wire.unpack(reply),
                                           how.split()[1]))
                return draw.choice(older if how == "older" else foreign)
            between.hand = hand
            code = device.sync()
            between.hand = None
            now = device.status()
            own = sum(len(custody.log(name)) for name, in custody.db.execute(
                "SELECT replica FROM replica WHERE account = 'eve'"))
            assert now.received <= own, how
            assert not now.revoked, how
            # What the office once signed is true for ever, and so is what it
            # says when a device that it sent away comes with a fresh key.
            if how in ("foreign", "forged receipt") and (
                    between.enrolled == enrolled):
                assert now.received <= before.received, how
            assert now.here + now.received >= before.here + before.received
            key = "%s: %s" % (how, code or "taken for nothing new")
            refused[key] = refused.get(key, 0) + 1
            if i % EACH == EACH - 1:
                device.must(device.sync())
                assert device.status().here == 0
        device.must(device.sync())
        assert device.status().here == 0
        fay.sync()
        held = "\n".join(fay.known())
        told = custody.texts()
        assert all(text in told and text in held for text in texts)
        device.close()
        print("# %d tampers" % count)
        for key in sorted(refused):
            print("# %5d %s" % (refused[key], key))
        office.run("verify")
    finally:
        between.shutdown()
        there.shutdown()
        office.close()
        elsewhere.close()


def main():
    seed = int(os.environ.get("TAMPER_SEED", "1"))
    count = int(os.environ.get("TAMPER_COUNT", "700"))
    failed = 0
    for name, function, much in [
            ("no_tampered_request_is_accepted", requests, count),
            ("no_tampered_reply_is_believed", replies, count * 3 // 7)]:
        try:
            function(random.Random(seed), much)
            print("ok", name, flush=True)
        except Exception:
            failed += 1
            print("not ok", name, flush=True)
            traceback.print_exc(file=sys.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
