#!/usr/bin/env python3
"""Makes canonical.json and chain.json, the vectors for a second client.

Nothing here shares code with the C side: hashes are hashlib's, JSON is
Python's own, signatures are libsodium's through ctypes.  What is written
beside a case by hand (offsets, reasons) is checked against that.

make_vectors.py           writes the files beside itself
make_vectors.py --check   fails when the files are not what it would write
"""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
LIMIT = 2**53
DEPTH = 32


# ---- canonical JSON (sync-protocol.md, section 1) ----

class Refused(Exception):
    pass


def members(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("a member stands twice")
    return dict(pairs)


def integer(text):
    if text == "-0" or abs(int(text)) > LIMIT:
        raise Refused(text)
    return int(text)


def refuse(text):
    raise Refused(text)


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def load(raw):
    """The value of loose JSON bytes, or Refused."""
    try:
        if raw.startswith(b"\xef\xbb\xbf"):
            raise Refused("byte order mark")
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=members,
                           parse_int=integer, parse_float=refuse,
                           parse_constant=refuse)
        for text in texts(value):
            text.encode("utf-8")  # lone surrogates do not encode
            if "\0" in text:
                raise Refused("U+0000")
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    if depth(value) > DEPTH:
        raise Refused("nested too deep")
    return value


SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r",
         '"': '\\"', "\\": "\\\\"}


def quoted(text):
    return '"' + "".join(
        SHORT.get(c) or (f"\\u{ord(c):04x}" if c < " " else c)
        for c in text) + '"'


def utf16(name):
    return name.encode("utf-16-be")


def canonical(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return "{" + ",".join(quoted(name) + ":" + canonical(value[name])
                          for name in sorted(value, key=utf16)) + "}"


def is_canonical(raw):
    try:
        return canonical(load(raw)).encode("utf-8") == raw
    except Refused:
        return False


VALID = [
    "{}", "[]", '""', "0", "-1", "null", "true", "false",
    "9007199254740992", "-9007199254740992", "[[[]],{}]",
    '{"":1}', '{"a":{"b":[1,"2",null,true,false,-3]},"b":"x"}',
    '"\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"',
    '"\\b\\t\\n\\f\\r\\"\\\\\\u0001\\u001f/"',
    '"\u2028\u2029\ufeff"',
    '{"A":1,"a":2,"aa":3,"b":4}',
    '{"a":1,"a\\u0001":2,"a\\"":3,"a/":4}',
    '{"z":1,"\u00e9":2,"\ud7ff":3,"\U00010000":4,"\U0010ffff":5,'
    '"\ue000":6,"\uffff":7}',
    '{"x\U0001f600":1,"x\ufb33":2}',
    "[" * DEPTH + "]" * DEPTH,
    '{"a":' * (DEPTH - 1) + "{}" + "}" * (DEPTH - 1),
    '"' + "a" * 7 + "\u00e9" + "b" * 8 + '\\n"',
]

EARLY = "the text ends too early"
SPACE = "white space is not canonical"
VALUE = "no value begins like this"
COMMA = "a comma or a closing bracket is missing"
SORTED = "the members are not sorted"
TWICE = "a member stands twice"
LONG = "the escape is not the shortest form"
UNKNOWN = "the escape is not known"
ALONE = "a surrogate stands alone"
NUL = "U+0000 is not allowed"
UTF8 = "the bytes are not UTF-8"
ZERO = "a number has a leading zero"
REAL = "a number is not an integer"
BEYOND = "a number is beyond 2^53"
MINUS = "minus zero is not allowed"
CONTROL = "a control character is not escaped"
DEEP = "nested too deep"

# Refused in a line and refused in what is typed.
NEVER = [
    (b"", 0, EARLY), (b"{", 1, EARLY), (b'{"a', 3, EARLY),
    (b'{"a"', 4, EARLY), (b'{"a":', 5, EARLY), (b'{"a":1', 6, EARLY),
    (b"[1,", 3, EARLY), (b'"\xc3\xa9', 3, EARLY),
    (b"nul", 0, VALUE), (b"True", 0, VALUE), (b"+1", 0, VALUE),
    (b"[1,]", 3, VALUE), (b"'a'", 0, VALUE), (b"NaN", 0, VALUE),
    (b"\xef\xbb\xbf{}", 0, VALUE), (b"[/**/]", 1, VALUE),
    (b'{"a":1,}', 7, "a member name is missing"),
    (b"{1:2}", 1, "a member name is missing"),
    (b'{"a"1}', 4, "a colon is missing"),
    (b'["a":1]', 4, COMMA), (b"[1}", 2, COMMA), (b'{"a":1]', 6, COMMA),
    (b"[1 2]", None, COMMA),
    (b"{}{}", 2, "bytes follow the value"),
    (b"-", 0, "a number needs digits"),
    (b"[-a]", 1, "a number needs digits"),
    (b"01", 0, ZERO), (b"[-01]", 1, ZERO), (b"00", 0, ZERO),
    (b"1.0", 0, REAL), (b"[1e2]", 1, REAL), (b"[0.5]", 1, REAL),
    (b"1E2", 0, REAL), (b"[-0.0]", 1, REAL),
    (b"-0", 0, MINUS), (b'{"a":-0}', 5, MINUS),
    (b"9007199254740993", 0, BEYOND), (b"[-9007199254740993]", 1, BEYOND),
    (b"99999999999999999999999999", 0, BEYOND),
    (b'"\\u0000"', 1, NUL), (b'{"a\\u0000b":1}', 3, NUL),
    (b'"\\ud800"', 1, ALONE), (b'"a\\udc00"', 2, ALONE),
    (b'"\\ud83d\\u0041"', 1, ALONE), (b'"\\ud83dx"', 1, ALONE),
    (b'"\\x41"', 1, UNKNOWN), (b'"\\u12"', 1, UNKNOWN),
    (b'"\\u12g4"', 1, UNKNOWN), (b'"\\U0041"', 1, UNKNOWN),
    (b'"a\tb"', 2, CONTROL), (b'"a\nb"', 2, CONTROL),
    (b'"\x00"', 1, CONTROL), (b'"\x1f"', 1, CONTROL),
    (b'"\x80"', 1, UTF8), (b'"a\xc0\xaf"', 2, UTF8), (b'"\xc1\xbf"', 1, UTF8),
    (b'"\xe0\x9f\xbf"', 1, UTF8), (b'"\xed\xa0\x80"', 1, UTF8),
    (b'"\xed\xbf\xbf"', 1, UTF8), (b'"\xf0\x8f\xbf\xbf"', 1, UTF8),
    (b'"\xf4\x90\x80\x80"', 1, UTF8), (b'"\xf5\x80\x80\x80"', 1, UTF8),
    (b'"\xc3"', 1, UTF8), (b'"\xe2\x82"', 1, UTF8), (b'"\xc3A"', 1, UTF8),
    (b'"\xff"', 1, UTF8), (b'"\xfe\xff"', 1, UTF8),
    (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), DEPTH, DEEP),
    (b'{"a":1,"a":2}', 7, TWICE), (b'{"":1,"":1}', 6, TWICE),
]

# Refused in a line, put right in what is typed.
LOOSE = [
    (b" {}", 0, SPACE), (b"{ }", 1, SPACE), (b'{"a" :1}', 4, SPACE),
    (b'{"a": 1}', 5, SPACE), (b"[1, 2]", 3, SPACE), (b"[1\n]", 2, SPACE),
    (b"{}\n", 2, "bytes follow the value"),
    (b"{}\r\n", 2, "bytes follow the value"),
    (b'\t[\r1 ,\n"a" ]', 0, SPACE),
    (b'{"b":1,"a":2}', 7, SORTED), (b'{"aa":1,"a":2}', 8, SORTED),
    ('{"\ue000":1,"\U00010000":2}'.encode(), 9, SORTED),
    ('{"\uffff":1,"\U0001f600":2,"a":3}'.encode(), 9, SORTED),
    (b'{"a":{"d":1,"c":2},"b":[{"f":1,"e":2}]}', 12, SORTED),
    (b'"\\/"', 1, LONG), (b'"\\u000a"', 1, LONG), (b'"\\u000A"', 1, LONG),
    (b'"\\u001F"', 1, LONG), (b'"\\u0022"', 1, LONG), (b'"\\u005c"', 1, LONG),
    (b'"\\u0041"', 1, LONG), (b'"a\\u00e9"', 2, LONG),
    (b'"\\u20AC"', 1, LONG), (b'"\\ud83d\\ude00"', 1, LONG),
    (b'"\\uD800\\uDC00\\udbff\\udfff"', 1, LONG), (b'"\\u007f"', 1, LONG),
    (b'{"\\u0062":1,"a":2}', 2, LONG),
    (b'{"a\\u0020b":1,"a":2}', 3, LONG),
]

# Only of interest loosely: doubled names that are not neighbours.
TYPED_TWICE = [
    (b'{"a":1,"b":2,"a":3}', 13, TWICE),
    (b'{"a":1,"\\u0061":2}', 7, TWICE),
    (b' { "x" : { "q" : 1 , "q" : 2 } } ', 21, TWICE),
]


def text_or_hex(raw, name):
    """Bytes that many JSON readers could not give back travel as hex."""
    try:
        if b"\0" not in raw:
            return {name: raw.decode("utf-8")}
    except UnicodeDecodeError:
        pass
    return {"hex": raw.hex()}


def case(raw, offset, reason, name):
    return {**text_or_hex(raw, name), "offset": offset, "reason": reason}


def canonical_vectors():
    for text in VALID:
        assert is_canonical(text.encode("utf-8")), text
    invalid, refused, pairs = [], [], []
    for raw, offset, reason in NEVER:
        try:
            load(raw)
        except Refused:
            pass
        else:
            raise AssertionError(raw)
        if offset is None:  # white space comes first in a line
            invalid.append(case(raw, raw.index(b" "), SPACE, "line"))
            refused.append(case(raw, raw.index(b" ") + 1, reason, "loose"))
        else:
            invalid.append(case(raw, offset, reason, "line"))
            refused.append(case(raw, offset, reason, "loose"))
    for raw, offset, reason in TYPED_TWICE:
        refused.append(case(raw, offset, reason, "loose"))
    for raw, offset, reason in LOOSE:
        assert not is_canonical(raw), raw
        invalid.append(case(raw, offset, reason, "line"))
        pairs.append({"canonical": canonical(load(raw)),
                      "loose": raw.decode("utf-8")})
    for text in VALID:
        pairs.append({"canonical": text, "loose": text})
    return {
        "about": "Canonical JSON. valid: lines. invalid: lines with the "
                 "offset of the first wrong byte. pairs: what loose JSON "
                 "becomes. refused: loose JSON that becomes nothing.",
        "invalid": invalid, "pairs": pairs, "refused": refused,
        "valid": VALID,
    }


# ---- names, hashes, links, signatures (sections 2 and 4) ----

def hash256(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


class Key:
    sodium = None

    def __init__(self, seed):
        if Key.sodium is None:
            name = ctypes.util.find_library("sodium") or "libsodium.so.23"
            Key.sodium = ctypes.CDLL(name)
            assert Key.sodium.sodium_init() >= 0
        self.seed = seed
        public, secret = (ctypes.create_string_buffer(n) for n in (32, 64))
        Key.sodium.crypto_sign_seed_keypair(public, secret, seed)
        self.public, self.secret = public.raw, secret.raw

    def sign(self, domain, message):
        signature = ctypes.create_string_buffer(64)
        signed = domain.encode() + b"\0" + message
        Key.sodium.crypto_sign_detached(
            signature, None, signed, ctypes.c_ulonglong(len(signed)),
            self.secret)
        return signature.raw


def replica_id(kind, agency, key):
    return kind + b64(hash256(b"satchel/replica/1\0", agency.encode(), b"\0",
                              key)[:9])


def write_id(line):
    return b64(hash256(line.encode("utf-8"))[:18])


def derive(space, name):
    raw = bytearray(hash256(b"satchel/derive/1\0", space.encode(), b"\0",
                            name.encode("utf-8"))[:16])
    raw[6] = 0x80 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20],
                     text[20:]))


def context(record, seen):
    return "c1." + b64(canonical({"record": record, "seen": seen}).encode())


AGENCY = "three-rivers"
PERSON = "01935b1e-8c00-7abc-8def-0123456789ab"
CONTACT = "01935b1e-8c01-7abc-9def-0123456789ac"


def revision(key_id, n, record, at, **more):
    return canonical({"at": at, "author": "dana", "n": n, "record": record,
                      "replica": key_id, **more})


def log(kind, seed, revisions):
    """One replica: its names, its lines, every link and a few signatures."""
    key = Key(seed)
    name = replica_id(kind, AGENCY, key.public)
    link = hash256(b"satchel/log/1\0", AGENCY.encode(), b"\0", key.public)
    out = {"key": b64(key.public), "kind": kind, "link_zero": b64(link),
           "lines": [], "replica": name, "seed": b64(seed)}
    for line, original in revisions(name):
        line_hash = hash256(line.encode("utf-8"))
        link = hash256(link, line_hash)
        out["lines"].append({
            "hash": b64(line_hash), "line": line, "link": b64(link),
            "share": b64(line_hash[:8]),
            "signature": b64(key.sign("satchel/link/1", link)),
            "write": write_id(original),
        })
    return out


def worker(name):
    lines = [
        revision(name, 1, PERSON, 1763760005123, type="person", case=PERSON,
                 schema=1, set={"family_name": "Ortíz", "given_name": "Ana"}),
        revision(name, 2, CONTACT, 1763760065001, type="contact",
                 case=PERSON, schema=1,
                 set={"kind": "home_visit", "person": PERSON, "narrative":
                      "Roof leaks again; \"landlord\" called twice.\n\t🏚"}),
        revision(name, 3, CONTACT, 1763777777777, prev=2, schema=1,
                 seal=True, seen={name: 2}, set={"duration": 45},
                 add={"team": ["kim", "lee"]}),
        revision(name, 4, CONTACT, -1, prev=3, seen={name: 3},
                 drop={"team": {"kim": "on leave"}}, later_member=[1, "x"]),
    ]
    return [(line, line) for line in lines]


def office_log(worker_log):
    held = worker_log["lines"][2]["line"]
    first = worker_log["replica"]

    def office(name):
        torn = "{\"at\":1,"
        keep = revision(name, 1, CONTACT, 1763780000000, seen={first: 3},
                        keep={"team": [write_id(held)]}, author="office")
        hold = revision(name, 2, CONTACT, 1763780000001, prev=1,
                        hold={first + ":3": "waiting"},
                        clock={first + ":4": 1763777778000})
        release = revision(name, 3, CONTACT, 1763780000002, prev=2,
                           carries=held, release=first + ":3",
                           seen={first: 2})
        salvage = revision(name, 4, CONTACT, 1763780000003, prev=3,
                           carries=torn)
        return [(keep, keep), (hold, hold), (release, held), (salvage, torn)]
    return office


def chain_vectors():
    first = log("w", bytes(range(32)), worker)
    second = log("o", bytes(range(32, 64)), office_log(first))
    empty = log("w", b"\xff" * 32, lambda name: [])
    key = Key(bytes(range(32)))
    messages = [("satchel/request/1", b""), ("satchel/receipt/1", b"{}"),
                ("satchel/leave/1", "Ortíz".encode()),
                ("satchel/link/1", b"x" * 100)]
    seens = [(PERSON, {}), (PERSON, {first["replica"]: 1}),
             (CONTACT, {first["replica"]: 4, second["replica"]: LIMIT})]
    return {
        "about": "Names, hashes, links, signatures. Binary values are "
                 "base64url without padding. link(n) stands beside line n.",
        "agency": AGENCY,
        "contexts": [{"record": record, "seen": seen,
                      "token": context(record, seen)}
                     for record, seen in seens],
        "derived": [{"id": derive(space, name), "name": name, "space": space}
                    for space, name in (("assignment", PERSON), ("", ""),
                                        ("a", "b"), ("", "a"),
                                        ("a", "Ortíz"))],
        "replicas": [first, second, empty],
        "signatures": [{"domain": domain, "message": b64(message),
                        "signature": b64(key.sign(domain, message))}
                       for domain, message in messages],
    }


def main():
    check = sys.argv[1:] == ["--check"]
    files = {"canonical.json": canonical_vectors(),
             "chain.json": chain_vectors()}
    for name, vectors in files.items():
        text = json.dumps(vectors, indent=1, ensure_ascii=True,
                          sort_keys=True) + "\n"
        path = HERE / name
        if not check:
            path.write_text(text, encoding="ascii")
        elif path.read_text(encoding="ascii") != text:
            sys.exit(f"{name} is not what make_vectors.py makes")


if __name__ == "__main__":
    main()
