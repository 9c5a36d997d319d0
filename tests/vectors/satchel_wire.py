"""The pure half of a second client: bytes, keys, lines, frames.

Written from sync-protocol.md alone, with the standard library and libsodium
(through ctypes).  Section numbers are those of that page."""
import base64
import ctypes
import ctypes.util
import functools
import hashlib
import json
import os
import pathlib
import time
import zlib

INT_MAX = 2 ** 53
DEPTH_MAX = 32
LINE_BYTES_MAX = 262144
SIGN_EVERY = 64
DICTIONARY = (pathlib.Path(__file__).parent / "dictionary_1.bin").read_bytes()
DICTIONARY_ID = "%08x" % zlib.adler32(DICTIONARY)


class Malformed(Exception):
    """Bytes that are not of the form that the protocol asks for."""


# ---- section 1: encodings ----

def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unb64(text, size=None):
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, TypeError) as error:
        raise Malformed("base64url: %s" % error) from error
    if b64(raw) != text or (size is not None and len(raw) != size):
        raise Malformed("base64url of another form or length")
    return raw


def _check(value, depth=1):
    if isinstance(value, (dict, list)) and depth > DEPTH_MAX:
        raise Malformed("nested too deep")
    if isinstance(value, dict):
        for name, member in value.items():
            _check(name, depth)
            _check(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            _check(member, depth + 1)
    elif isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise Malformed("U+0000 or a lone surrogate")
    elif value is not None and not isinstance(value, bool):
        if not isinstance(value, int) or abs(value) > INT_MAX:
            raise Malformed("a number that is no small integer")


def _sorted(value):
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _sorted(value[name]) for name in names}
    return [_sorted(v) for v in value] if isinstance(value, list) else value


def canonical(value):
    """The canonical JSON text of a value."""
    _check(value)
    return json.dumps(_sorted(value), ensure_ascii=False,
                      separators=(",", ":"))


def _pairs(pairs):
    if len(dict(pairs)) != len(pairs):
        raise Malformed("a member stands twice")
    return dict(pairs)


def _no_float(text):
    raise Malformed("a number that is no integer: " + text)


def parse(raw):
    """The value of canonical JSON bytes (or text); Malformed for any other."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = json.loads(text, object_pairs_hook=_pairs,
                           parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if canonical(value) != text:
        raise Malformed("not canonical")
    return value


def blake2b(*parts, size=32, key=b""):
    return hashlib.blake2b(b"".join(parts), digest_size=size, key=key).digest()


@functools.lru_cache(maxsize=None)
def line_hash(line):
    return blake2b(line.encode("utf-8"))


def share(line):
    return int.from_bytes(line_hash(line)[:8], "little")


def sum_text(shares):
    return b64((sum(shares) % 2 ** 64).to_bytes(8, "little"))


# ---- section 2: names and keys ----

_name = ctypes.util.find_library("sodium") or "libsodium.so.23"
SODIUM = ctypes.CDLL(_name)
if SODIUM.sodium_init() < 0:
    raise OSError("libsodium does not start")


def _length(raw):
    return ctypes.c_ulonglong(len(raw))


class Key:
    """An Ed25519 key pair from its 32-byte seed."""

    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        public = ctypes.create_string_buffer(32)
        secret = ctypes.create_string_buffer(64)
        SODIUM.crypto_sign_seed_keypair(public, secret, self.seed)
        self.public, self._secret = public.raw, secret.raw

    def sign(self, domain, message):
        """`message`: bytes, or an object that is signed as canonical JSON."""
        if not isinstance(message, bytes):
            message = canonical(message).encode("utf-8")
        signed = domain.encode() + b"\0" + message
        out = ctypes.create_string_buffer(64)
        SODIUM.crypto_sign_detached(out, None, signed, _length(signed),
                                    self._secret)
        return out.raw


def verify(public, signature, domain, message):
    if not isinstance(message, bytes):
        message = canonical(message).encode("utf-8")
    signed = domain.encode() + b"\0" + message
    return SODIUM.crypto_sign_verify_detached(
        signature, signed, _length(signed), public) == 0


def replica_id(kind, agency, public):
    return kind + b64(blake2b(b"satchel/replica/1\0", agency.encode(), b"\0",
                              public)[:9])


def write_id(line):
    return b64(line_hash(line)[:18])


def _uuid(raw, version):
    raw = bytearray(raw)
    raw[6] = version << 4 | raw[6] & 15
    raw[8] = 0x80 | raw[8] & 63
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20],
                     text[20:]))


def new_id():
    now = int(time.time() * 1000)
    return _uuid(now.to_bytes(6, "big") + os.urandom(10), 7)


def derived_id(space, name):
    return _uuid(blake2b(b"satchel/derive/1\0", space.encode(), b"\0",
                         name.encode("utf-8"))[:16], 8)


def context_token(record, seen):
    return "c1." + b64(canonical({"record": record, "seen": seen}).encode())


# ---- section 4: the chain ----

def link_zero(agency, public):
    return blake2b(b"satchel/log/1\0", agency.encode(), b"\0", public)


def link_next(link, line):
    return blake2b(link, line_hash(line))


def links(agency, public, lines):
    """link(0), link(1), ... of a log."""
    out = [link_zero(agency, public)]
    for line in lines:
        out.append(link_next(out[-1], line))
    return out


# ---- section 8: the frame ----

CONTROL = ("auth", "sign", "key", "sealed", "log", "cases", "page", "need",
           "join", "leave", "cursor", "diff", "given")


def control_name(line):
    """The name of a control line, or None for a revision line."""
    for name in CONTROL:
        if line.startswith('{"%s":' % name):
            return name
    return None


def pack(lines, dictionary=True, level=6):
    body = "".join(line + "\n" for line in lines).encode("utf-8")
    deflate = (zlib.compressobj(level, zdict=DICTIONARY) if dictionary
               else zlib.compressobj(level))
    return deflate.compress(body) + deflate.flush()


def unpack(body, whole=True):
    """The lines of a frame; with whole=False those that a cut one still has."""
    inflate = zlib.decompressobj(zdict=DICTIONARY)
    try:
        plain = inflate.decompress(body)
    except zlib.error as error:
        raise Malformed(str(error)) from error
    if whole and (not inflate.eof or inflate.unused_data
                  or not plain.endswith(b"\n")):
        raise Malformed("the frame is cut short or goes on after its end")
    return [line.decode("utf-8") for line in plain.split(b"\n")[:-1]]


# ---- section 14: sealed lines ----

def seal_line(key, replica, n, line, deflated=True, nonce=None):
    raw = line.encode("utf-8")
    plain = b"\0" + raw
    if deflated:
        squeeze = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=DICTIONARY)
        plain = b"\1" + squeeze.compress(raw) + squeeze.flush()
    ad = b"log\0" + replica.encode() + b"\0" + str(n).encode()
    nonce = nonce or os.urandom(24)
    out = ctypes.create_string_buffer(len(plain) + 16)
    SODIUM.crypto_aead_xchacha20poly1305_ietf_encrypt(
        out, None, plain, _length(plain), ad, _length(ad), None, nonce, key)
    return nonce + out.raw


def open_line(key, replica, n, sealed):
    ad = b"log\0" + replica.encode() + b"\0" + str(n).encode()
    size = len(sealed) - 24 - 16
    if size < 1:
        raise Malformed("too short to be sealed")
    out = ctypes.create_string_buffer(size)
    cipher = sealed[24:]
    if SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, None, None, cipher, _length(cipher), ad, _length(ad),
            sealed[:24], key):
        raise Malformed("does not open")
    if out.raw[0] == 0:
        return out.raw[1:].decode("utf-8")
    grow = zlib.decompressobj(-15, zdict=DICTIONARY)
    return grow.decompress(out.raw[1:]).decode("utf-8")


def box_pair(seed):
    """An X25519 key pair (public, secret) from its seed."""
    public = ctypes.create_string_buffer(32)
    secret = ctypes.create_string_buffer(32)
    SODIUM.crypto_box_seed_keypair(public, secret, seed)
    return public.raw, secret.raw


def wrap_key(box, key, seed=None):
    """crypto_box_seal of a case key to the office's box key, spelled out so
    that vectors can choose the throw-away pair."""
    public, secret = box_pair(seed or os.urandom(32))
    nonce = blake2b(public, box, size=24)
    out = ctypes.create_string_buffer(len(key) + 16)
    if SODIUM.crypto_box_easy(out, key, _length(key), nonce, box, secret):
        raise Malformed("the box key is none")
    return public + out.raw


def unwrap_key(box_public, box_secret, wrap):
    out = ctypes.create_string_buffer(len(wrap) - 48)
    if SODIUM.crypto_box_seal_open(out, wrap, _length(wrap), box_public,
                                   box_secret):
        raise Malformed("does not open")
    return out.raw


def page_mac(page_key, agency, hashes):
    return blake2b(agency.encode(), b"\0", *hashes, size=16, key=page_key)
