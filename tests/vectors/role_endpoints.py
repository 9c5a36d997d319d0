"""Who is answered what over the network: each caller at each address.

The callers of schema/operations.txt: a stranger, somebody with an invitation, a
worker's device, a site's, one that was revoked, one whose user was disabled.
Used by test_roles.py; each function returns whether the office gave what was
asked for, and fails where it refuses in another way than is documented."""
import ctypes
import json
import os
import struct
import urllib.error
import urllib.request

import satchel_wire as wire
from satchel_replica import Replica
from satchel_requests import _enrolment
from satchel_wire import b64, canonical

SYNC = "application/x-satchel"
NEWS = "a food pantry that opened today"
CONTENT = b"a picture of a letter"


class Caller:
    """Who asks: with a device, or with keys that the office does not know."""

    def __init__(self, office, name, replica=None, code=None):
        self.office, self.name, self.code = office, name, code
        self.replica = replica
        if replica is None:
            self.replica = Replica()
            self.replica.s.update(
                seed=b64(os.urandom(32)), transport_seed=b64(os.urandom(32)),
                agency="three-rivers", user="nobody", dictionary=True)
            self.replica.s["replica"] = wire.replica_id(
                "w", "three-rivers", self.replica.key().public)
        self.known = replica is not None

    def attach(self, case):
        """A contact with a file; the worker's own, sent or not."""
        salt = os.urandom(16)
        self.blob = wire.blake2b(CONTENT, key=salt).hex()
        self.salt, self.key = salt, os.urandom(32)
        self.replica.write(type="contact", case=case, set={
            "kind": "phone", "narrative": "with a letter, by " + self.name,
            "attachments": [{"blob": self.blob, "bytes": len(CONTENT),
                             "name": "letter.png", "salt": b64(salt),
                             "type": "image/png"}]})

    def like(self, other):
        """Whoever has no file of his own asks for another's."""
        self.case, self.blob = other.case, other.blob
        self.salt, self.key = other.salt, other.key

    def sealed(self):
        """The file as a device stores and sends it: here, one chunk."""
        ad = b"blob\0" + self.salt + struct.pack("<Q", 0)
        nonce = os.urandom(24)
        out = ctypes.create_string_buffer(len(CONTENT) + 16)
        wire.SODIUM.crypto_aead_xchacha20poly1305_ietf_encrypt(
            out, None, CONTENT, ctypes.c_ulonglong(len(CONTENT)), ad,
            ctypes.c_ulonglong(len(ad)), None, nonce, self.key)
        return nonce + out.raw

    def send(self, method, body, text, signature):
        request = urllib.request.Request(
            self.office.url + "/v1/blobs/" + self.blob, body, method=method,
            headers={"Satchel-Request": text, "Satchel-Auth": signature,
                     "Content-Type": "application/octet-stream"})
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def refused(status, reply, wanted):
    """A refusal that is one of those documented here, else an error."""
    error = json.loads(reply)["error"]
    assert (status, error) in wanted, (status, reply)
    return False


# ---- each address ----

def public(path, method):
    def ask(caller):
        status, _, body = caller.office.request(path, method=method)
        assert status == 200 and (method == "HEAD") == (not body), status
        return True
    return ask


def enrols(path):
    """With what he has: a code, or one that was never given."""
    def ask(caller):
        code = caller.code.pop() if caller.code else "AAAA-AAAA-AAAA-AAAA"
        status, _, reply = caller.office.request(
            path, _enrolment(code), "application/json")
        return status == 200 or refused(status, reply, [(403, "bad-code")])
    return ask


def exchanged(caller, lines):
    """The reply's head and feed; None: who asks is not known."""
    replica = caller.replica
    status, _, reply = caller.office.request(
        "/v1/sync", replica.body(replica.header(), lines), SYNC)
    if status != 200:
        return refused(status, reply, [(401, "bad-auth")]) or (None, None)
    reply = wire.unpack(reply)
    return wire.parse(reply[0]), reply[1:]


def brings(caller):
    """Its work, which is taken whatever became of its rights."""
    replica = caller.replica
    replica.write(type="contact", case=caller.case, set={
        "kind": "phone", "narrative": "brought by " + caller.name})
    head, _ = exchanged(caller, replica.log_lines(
        replica.s["received"] + 1, len(replica.s["log"])))
    return head is not None and head["receipt"]["n"] == len(replica.s["log"])


def is_given(caller):
    """What is new of what it may see."""
    head, feed = exchanged(caller, [])
    if head is None:
        return False
    assert bool(feed) == ("state" not in head), (head, feed)
    assert caller.name == "device" or "with a letter" not in "".join(feed)
    return any(NEWS in line for line in feed)


def asks_blob(method):
    def ask(caller):
        s, body = caller.replica.s, None
        header = {"agency": s["agency"], "blob": caller.blob,
                  "method": "GET" if method == "HEAD" else method,
                  "lineage": s["lineage"] or b64(bytes(16)),
                  "protocol": 1, "replica": s["replica"],
                  "token": s["token"], "term": s["term"], "size": 1 << 20}
        if method == "PUT":
            body = caller.sealed()
            header.update(body=b64(wire.blake2b(body)), size=len(body),
                          wrap=b64(wire.wrap_key(wire.unb64(
                              caller.box), caller.key)))
        text = canonical({k: v for k, v in header.items() if v})
        status, reply = caller.send(method, body, text, b64(
            caller.replica.key().sign("satchel/blob/1", text.encode())))
        if status == 200:
            assert method != "GET" or reply == CONTENT
            assert method != "PUT" or "receipt" in json.loads(reply)
            return True
        if method == "HEAD":
            assert status in (401, 404), status
            return False
        return refused(status, reply, [(401, "bad-auth"), (404, "not-found")])
    return ask


ASKED = {
    "GET /healthz": public("/healthz", "GET"),
    "HEAD /healthz": public("/healthz", "HEAD"),
    "GET /v1/office": public("/v1/office", "GET"),
    "HEAD /v1/office": public("/v1/office", "HEAD"),
    "POST /v1/enrol": enrols("/v1/enrol"),
    "POST /v1/enroll": enrols("/v1/enroll"),
    "PUT /v1/blobs/": asks_blob("PUT"),
    "GET /v1/blobs/": asks_blob("GET"),
    "HEAD /v1/blobs/": asks_blob("HEAD"),
    "POST /v1/sync, given what is new": is_given,
    "POST /v1/sync, bringing work": brings,
}


def callers(office):
    """In the order of the table; each worker has a case and a file there."""
    everybody = []
    for name in ("device", "revoked", "disabled"):
        caller = Caller(office, name, office.worker("e-" + name, name))
        case = caller.case = wire.new_id()
        caller.replica.write(case, "person", case,
                             set={"legal_name": "Ana " + name})
        caller.attach(case)
        caller.replica.sync()
        everybody.append(caller)
    office.run("user", "add", "e-site", "--role", "site", "--site", "lift")
    site = Caller(office, "site", office.device("e-site"))
    site.replica.sync()
    office.run("replica", "revoke", everybody[1].replica.s["replica"], "--as",
               "chief")
    office.run("user", "disable", "e-disabled", "--as", "chief")
    office.run("user", "add", "e-new", "--role", "worker")
    office.run("user", "add", "e-steward", "--role", "directory")
    office.run("put", "organization", "name=" + NEWS, "--as", "e-steward")
    invited = Caller(office, "invited", code=[
        office.code("e-new"), office.code("e-new")])
    everybody = [Caller(office, "stranger"), invited, everybody[0], site,
                 *everybody[1:]]
    for caller in everybody:
        caller.box = everybody[2].replica.s["box"]
        if not hasattr(caller, "blob"):
            caller.like(everybody[2])
    return everybody


def run(office):
    """How many rows are otherwise than the table says."""
    bad = count = 0
    asking = callers(office)
    rows = {r["operation"]: r["roles"] for r in office.run("roles")
            if "/" in r["operation"]}
    assert set(rows) == set(ASKED), set(rows) ^ set(ASKED)
    for name in ASKED:  # a file is there when it was put there
        got = [c.name for c in asking if ASKED[name](c)]
        count += len(asking)
        wrong = got != rows.get(name)
        print("%s %s" % ("not ok" if wrong else "ok", name.replace(" ", "_")))
        if wrong:
            print("#", got, "and not", rows.get(name))
        bad += wrong
    print("# %d requests for %d rows and %d callers" % (
        count, len(rows), len(asking)))
    return bad
