"""Raw request bodies, good and bad, for `curl --data-binary @FILE`.

Each kind is a function of a replica, with the answer that the office owes it
and the members beside `detail` that the answer must have.  None changes the
replica."""
import collections
import copy
import gzip
import json
import os
import zlib

import satchel_wire as wire
from satchel_wire import b64, canonical

SYNC, ENROL = "/v1/sync", "/v1/enrol"
TYPES = {SYNC: "application/x-satchel", ENROL: "application/json"}
KINDS = {}
Kind = collections.namedtuple("Kind",
                              "make status error path type members commits")


def kind(status, error, *members, path=SYNC, type=None, commits=False):
    """`commits`: what stands before the fault is taken, or it closes the
    identity."""
    def add(function):
        name = function.__name__.replace("_", "-")
        KINDS[name] = Kind(function, status, error, path,
                           type or TYPES[path], members, commits)
        return function
    return add


def _signed(replica, header, lines, key=None):
    """A frame whose header may be any text and is signed as it is."""
    text = header if isinstance(header, str) else canonical(header)
    auth = canonical({"auth": b64((key or replica.key()).sign(
        "satchel/request/1", text.encode("utf-8")))})
    return wire.pack([text, auth, *lines], replica.s["dictionary"])


def _unsent(replica):
    return replica.log_lines(replica.s["received"] + 1,
                             len(replica.s["log"]))


def _without(replica):
    """A copy that uses no preset dictionary."""
    return type(replica)(dict(copy.deepcopy(replica.s), dictionary=False))


def _with(replica, count):
    """A copy with `count` more contacts that it has not sent."""
    other = type(replica)(copy.deepcopy(replica.s))
    for i in range(count):
        other.write(type="contact", case=wire.new_id(),
                    set={"kind": "phone", "narrative": "number %d" % i})
    return other


@kind(200, None, commits=True)
def good(replica):
    """Everything unsent."""
    return _signed(replica, replica.header(), _unsent(replica))


@kind(200, None)
def nothing(replica):
    """Only a header."""
    return _signed(replica, replica.header(), [])


@kind(200, None, commits=True)
def locked(replica):
    """Everything unsent, sealed, by the transport key."""
    lines = replica.log_lines(replica.s["received"] + 1,
                              len(replica.s["log"]), sealed=True)
    return replica.body(replica.header(locked=True), lines, locked=True)


@kind(401, "bad-auth")
def bad_auth(replica):
    """Signed by a stranger's key."""
    return _signed(replica, replica.header(), [], wire.Key())


@kind(401, "bad-auth")
def locked_by_writing_key(replica):
    """Locked, but signed by the writing key."""
    return _signed(replica, replica.header(locked=True), [])


@kind(401, "bad-auth")
def pull_by_transport_key(replica):
    """Not locked, but signed by the transport key."""
    return _signed(replica, replica.header(), [], replica.transport())


@kind(401, "bad-auth")
def unknown_replica(replica):
    """A replica that was never enrolled."""
    key = wire.Key()
    name = wire.replica_id("w", replica.s["agency"], key.public)
    header = {"agency": replica.s["agency"], "protocol": 1, "replica": name}
    return _signed(replica, header, [], key)


@kind(401, "bad-auth")
def other_agency(replica):
    """An agency that is not this office's."""
    return _signed(replica, dict(replica.header(), agency="elsewhere"), [])


@kind(400, "bad-header", "offset")
def no_auth(replica):
    """A header and nothing else."""
    return wire.pack([canonical(replica.header())], replica.s["dictionary"])


@kind(422, "bad-signature", "received")
def bad_sign(replica):
    """A sign line by a stranger."""
    other = _with(replica, 2)
    lines = _unsent(other)
    n = len(other.s["log"])
    lines[-1] = other.sign_line(n, wire.Key())
    return _signed(other, other.header(), lines)


@kind(422, "bad-signature", "received")
def unsigned(replica):
    """Lines without any sign line."""
    other = _with(replica, 2)
    return _signed(other, other.header(), _unsent(other)[:-1])


@kind(422, "bad-signature", "received", commits=True)
def unsigned_tail(replica):
    """One signed line, then one without a signature."""
    other = _with(replica, 2)
    first = other.s["received"] + 1
    lines = other.log_lines(first, len(other.s["log"]) - 1)
    return _signed(other, other.header(), [*lines, other.s["log"][-1]])


@kind(422, "gap", "received")
def gap(replica):
    """The first unsent line is left out."""
    other = _with(replica, 2)
    return _signed(other, other.header(), _unsent(other)[1:])


def _long_line(replica, size):
    other = _with(replica, 1)
    line = json.loads(other.s["log"].pop())
    line["set"]["narrative"] = "x" * size
    other.s["log"].append(canonical(line))
    return _signed(other, other.header(), _unsent(other))


@kind(413, "too-large", "offset")
def oversize_line(replica):
    """A line of more than 688,128 bytes."""
    return _long_line(replica, 688128)


@kind(413, "too-large", "offset")
def oversize_header(replica):
    """A header of more than 64 KiB."""
    return _signed(replica, dict(replica.header(), zz="x" * 65536), [])


@kind(413, "too-large", "offset")
def bomb(replica):
    """More than 64 MiB of lines in a small body."""
    line = "x" * 200000
    return _signed(replica, replica.header(), [line] * 340)


@kind(413, "too-large", "offset")
def too_many_lines(replica):
    """More than 16,384 revision lines."""
    first = replica.s["received"] + 1
    lines = [canonical({"at": 1, "author": replica.s["user"], "n": n,
                        "record": wire.new_id(), "schema": 1, "type": "need",
                        "replica": replica.s["replica"]})
             for n in range(first, first + 16385)]
    header = dict(replica.header(), head=first + 16384)
    return _signed(replica, header, lines)


@kind(415, "bad-type", type="text/plain")
def bad_type(replica):
    """A good request under another content type."""
    return good(replica)


@kind(426, "bad-protocol", "min", "max")
def protocol_99(replica):
    """A version to come."""
    return _signed(replica, dict(replica.header(), protocol=99), [])


@kind(400, "bad-frame", "offset")
def not_zlib(replica):
    """Plain text."""
    return canonical(replica.header()).encode("utf-8") + b"\n"


@kind(400, "bad-frame", "offset")
def gzipped(replica):
    """A good request in the container of gzip."""
    return gzip.compress(zlib.decompress(nothing(_without(replica))))


@kind(400, "bad-frame", "offset")
def empty(replica):
    """No byte at all."""
    return b""


@kind(400, "bad-frame", "offset")
def truncated(replica):
    """A good request, cut in the middle."""
    body = good(_with(replica, 3))
    return body[:len(body) // 2]


@kind(400, "bad-frame", "offset")
def trailing(replica):
    """A good request and one byte."""
    return nothing(replica) + b"\n"


@kind(400, "bad-frame", "offset")
def bad_dictionary(replica):
    """A preset dictionary that nobody knows."""
    deflate = zlib.compressobj(6, zdict=b"words of a stranger")
    return deflate.compress(b"{}\n") + deflate.flush()


@kind(400, "bad-frame", "offset")
def no_newline(replica):
    """A last line without its newline."""
    return zlib.compress(canonical(replica.header()).encode("utf-8"))


@kind(400, "bad-header", "offset")
def bad_header(replica):
    """A header with white space."""
    return _signed(replica, json.dumps(replica.header()), [])


@kind(400, "bad-header", "offset")
def bad_control(replica):
    """A sign line without its signature."""
    return _signed(replica, replica.header(), ['{"sign":{"n":1}}'])


@kind(400, "bad-header", "offset")
def line_of_a_reply(replica):
    """A control line that only the office sends."""
    return _signed(replica, replica.header(),
                   [canonical({"join": {"case": wire.new_id()}})])


@kind(409, "lineage", "lineage")
def wrong_lineage(replica):
    """Another lineage."""
    return _signed(replica, dict(replica.header(),
                                 lineage=b64(os.urandom(16))), [])


@kind(200, None)
def stale(replica):
    """A token that the office never gave: state stale, no feed."""
    return _signed(replica, dict(replica.header(),
                                 token=b64(os.urandom(8))), [])


@kind(409, "fork", commits=True)
def fork(replica):
    """Another line 1 than the office has: this closes the identity."""
    other = type(replica)(copy.deepcopy(replica.s))
    first = json.loads(other.s["log"][0])
    other.s["log"][0] = canonical(dict(first, at=first["at"] + 1))
    header = other.header()
    header.pop("base", None)
    return _signed(other, header, other.log_lines(1, len(other.s["log"])))


# ---- enrolment ----

def _enrolment(code, **members):
    key, transport = wire.Key(), wire.Key()
    what = {"code": code, "key": b64(key.public),
            "transport": b64(transport.public)}
    proof = key.sign("satchel/enrol/1", canonical(what).encode("utf-8"))
    return canonical(dict(what, proof=b64(proof), protocol=1,
                          **members)).encode("utf-8")


@kind(403, "bad-code", path=ENROL)
def bad_code(_replica):
    """An invitation that was never given."""
    return _enrolment("AAAA-AAAA-AAAA-AAAA")


@kind(401, "bad-auth", path=ENROL)
def bad_proof(_replica):
    """A proof by another key."""
    proof = json.loads(_enrolment("AAAA-AAAA-AAAA-AAAA"))["proof"]
    other = json.loads(_enrolment("AAAA-AAAA-AAAA-AAAA"))
    return canonical(dict(other, proof=proof)).encode("utf-8")


@kind(400, "bad-header", path=ENROL)
def bad_enrolment(_replica):
    """An enrolment that lacks everything."""
    return b"{}"


@kind(413, "too-large", path=ENROL)
def oversize_enrolment(_replica):
    """More than 16 KiB."""
    return _enrolment("AAAA-AAAA-AAAA-AAAA", zz="x" * 16384)


@kind(415, "bad-type", path=ENROL, type="text/plain")
def bad_type_enrolment(_replica):
    """An enrolment under another content type."""
    return _enrolment("AAAA-AAAA-AAAA-AAAA")


@kind(426, "bad-protocol", "min", "max", path=ENROL)
def protocol_99_enrolment(_replica):
    """A version to come."""
    return canonical(dict(json.loads(_enrolment("AAAA-AAAA-AAAA-AAAA")),
                          protocol=99)).encode("utf-8")
