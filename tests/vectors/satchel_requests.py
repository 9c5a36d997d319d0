"""Raw request bodies, good and bad, for `curl --data-binary @FILE`.

Each kind is a function of a replica; its first line says what the office must
answer.  None changes the replica."""
import copy
import json
import os
import zlib

import satchel_wire as wire
from satchel_wire import b64, canonical

KINDS = {}


def kind(status, error):
    def add(function):
        name = function.__name__.replace("_", "-")
        KINDS[name] = (function, status, error)
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


def _with(replica, count):
    """A copy with `count` more contacts that it has not sent."""
    other = type(replica)(copy.deepcopy(replica.s))
    for i in range(count):
        other.write(type="contact", case=wire.new_id(),
                    set={"kind": "phone", "narrative": "number %d" % i})
    return other


@kind(200, None)
def good(replica):
    """Everything unsent."""
    return _signed(replica, replica.header(), _unsent(replica))


@kind(200, None)
def nothing(replica):
    """Only a header."""
    return _signed(replica, replica.header(), [])


@kind(200, None)
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


@kind(400, "bad-header")
def no_auth(replica):
    """A header and nothing else."""
    return wire.pack([canonical(replica.header())], replica.s["dictionary"])


@kind(422, "bad-signature")
def bad_sign(replica):
    """A sign line by a stranger."""
    other = _with(replica, 2)
    lines = _unsent(other)
    n = len(other.s["log"])
    lines[-1] = other.sign_line(n, wire.Key())
    return _signed(other, other.header(), lines)


@kind(422, "bad-signature")
def unsigned(replica):
    """Lines without any sign line."""
    other = _with(replica, 2)
    return _signed(other, other.header(), _unsent(other)[:-1])


@kind(422, "bad-signature")
def unsigned_tail(replica):
    """One signed line, then one without a signature."""
    other = _with(replica, 2)
    first = other.s["received"] + 1
    lines = other.log_lines(first, len(other.s["log"]) - 1)
    return _signed(other, other.header(), [*lines, other.s["log"][-1]])


@kind(422, "gap")
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


@kind(413, "too-large")
def oversize_line(replica):
    """A line of more than 688,128 bytes."""
    return _long_line(replica, 688128)


@kind(413, "too-large")
def oversize_header(replica):
    """A header of more than 64 KiB."""
    return _signed(replica, dict(replica.header(), zz="x" * 65536), [])


@kind(413, "too-large")
def bomb(replica):
    """More than 64 MiB of lines in a small body."""
    line = "x" * 200000
    return _signed(replica, replica.header(), [line] * 340)


@kind(413, "too-large")
def too_many_lines(replica):
    """More than 16,384 revision lines."""
    first = replica.s["received"] + 1
    lines = [canonical({"at": 1, "author": replica.s["user"], "n": n,
                        "record": wire.new_id(), "schema": 1, "type": "need",
                        "replica": replica.s["replica"]})
             for n in range(first, first + 16385)]
    header = dict(replica.header(), head=first + 16384)
    return _signed(replica, header, lines)


@kind(426, "bad-protocol")
def protocol_99(replica):
    """A version to come."""
    return _signed(replica, dict(replica.header(), protocol=99), [])


@kind(400, "bad-frame")
def not_zlib(replica):
    """Plain text."""
    return canonical(replica.header()).encode("utf-8") + b"\n"


@kind(400, "bad-frame")
def empty(replica):
    """No byte at all."""
    return b""


@kind(400, "bad-frame")
def truncated(replica):
    """A good request, cut in the middle."""
    body = good(_with(replica, 3))
    return body[:len(body) // 2]


@kind(400, "bad-frame")
def trailing(replica):
    """A good request and one byte."""
    return nothing(replica) + b"\n"


@kind(400, "bad-frame")
def bad_dictionary(replica):
    """A preset dictionary that nobody knows."""
    deflate = zlib.compressobj(6, zdict=b"words of a stranger")
    return deflate.compress(b"{}\n") + deflate.flush()


@kind(400, "bad-frame")
def no_newline(replica):
    """A last line without its newline."""
    return zlib.compress(canonical(replica.header()).encode("utf-8"))


@kind(400, "bad-header")
def bad_header(replica):
    """A header with white space."""
    return _signed(replica, json.dumps(replica.header()), [])


@kind(400, "bad-header")
def bad_control(replica):
    """A sign line without its signature."""
    return _signed(replica, replica.header(), ['{"sign":{"n":1}}'])


@kind(409, "lineage")
def wrong_lineage(replica):
    """Another lineage."""
    return _signed(replica, dict(replica.header(),
                                 lineage=b64(os.urandom(16))), [])


@kind(200, None)
def stale(replica):
    """A token that the office never gave: state stale, no feed."""
    return _signed(replica, dict(replica.header(),
                                 token=b64(os.urandom(8))), [])


@kind(409, "fork")
def fork(replica):
    """Another line 1 than the office has: this closes the identity."""
    other = type(replica)(copy.deepcopy(replica.s))
    first = json.loads(other.s["log"][0])
    other.s["log"][0] = canonical(dict(first, at=first["at"] + 1))
    header = other.header()
    header.pop("base", None)
    return _signed(other, header, other.log_lines(1, len(other.s["log"])))
