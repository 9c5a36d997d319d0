"""A vault, opened by whoever has its file, the device secret and the passphrase,
without the product: every row of every table that holds something sealed.

    vault_open.py VAULT SECRET PASSPHRASE-FILE DICTIONARY

Prints JSON: {"opened": [{"table", "row", "case", "text"}, ...], "shut": [{"table",
"row", "key", "destroyed"}, ...], "wraps": {CASE: HEX}}; `shut` is what does not
open, with the number of its case key and whether the vault's wrapping of that
key is destroyed.  Fails when a column is sealed that it does not know.
"""
import base64
import ctypes
import ctypes.util
import json
import sqlite3
import struct
import sys
import zlib

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
assert SODIUM.sodium_init() >= 0
path, secret_path, passphrase_path, dictionary_path = sys.argv[1:]
with open(secret_path, "rb") as f:
    secret = f.read()
with open(passphrase_path, "rb") as f:
    passphrase = f.readline().rstrip(b"\n")
with open(dictionary_path, "rb") as f:
    dictionary = f.read()
db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
# Columns of bytes; of those that are not sealed, what they are.
PLAIN = {
    ("meta", "kdf_salt"), ("meta", "device_check"), ("meta", "builtin"),
    ("meta", "lease_owner"), ("meta", "name"), ("meta", "tried"),
    ("identity", "public_key"),
    ("identity", "transport_key"), ("identity", "certificate_sig"),
    ("identity", "root"), ("identity", "box"), ("identity", "received_link"),
    ("term", "key"), ("term", "certificate_sig"), ("case_key", "token"),
    ("page", "hashes"), ("page", "mac"), ("log", "hash"), ("link", "link"),
    ("link", "signature"), ("record", "token"), ("record", "type"),
    ("receipt", "link"), ("receipt", "signature"), ("blob", "name"),
    ("pruned", "hash")}
# Keys of the vault and of the device, and what is sealed to the office.
KEYS = {("meta", "sealed_key"), ("identity", "secret"),
        ("identity", "transport_secret"), ("case_key", "office_wrap")}
CONTENT = {("case_key", "vault_wrap"), ("log", "body"), ("record", "state"),
           ("blob_chunk", "body"), ("draft", "about"), ("draft", "text")}
for table, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"
                         " AND name NOT LIKE 'sqlite_%'").fetchall():
    for column in db.execute("PRAGMA table_info(%s)" % table).fetchall():
        name = (table, column[1])
        assert column[2] != "BLOB" or name in PLAIN | KEYS | CONTENT, name


def kdf(number):
    out = ctypes.create_string_buffer(32)
    SODIUM.crypto_kdf_derive_from_key(out, ctypes.c_size_t(32),
                                      ctypes.c_uint64(number), b"satchelv",
                                      secret)
    return out.raw


def unseal(key, ad, sealed):
    """None when it does not open."""
    out = ctypes.create_string_buffer(max(len(sealed) - 40, 0) + 1)
    size = ctypes.c_ulonglong()
    if len(sealed) < 40 or SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, ctypes.byref(size), None, sealed[24:],
            ctypes.c_ulonglong(len(sealed) - 24), ad,
            ctypes.c_ulonglong(len(ad)), sealed[:24], key):
        return None
    return out.raw[:size.value]


def vault_key():
    ops, memory, salt, sealed = db.execute(
        "SELECT kdf_ops, kdf_bytes, kdf_salt, sealed_key FROM meta").fetchone()
    stretched = ctypes.create_string_buffer(32)
    assert not SODIUM.crypto_pwhash(
        stretched, ctypes.c_ulonglong(32), passphrase,
        ctypes.c_ulonglong(len(passphrase)), salt, ctypes.c_ulonglong(ops),
        ctypes.c_size_t(memory), 2)
    wrapping = ctypes.create_string_buffer(32)
    device = kdf(1)
    SODIUM.crypto_generichash(wrapping, ctypes.c_size_t(32), device,
                              ctypes.c_ulonglong(32), stretched.raw,
                              ctypes.c_size_t(32))
    key = unseal(wrapping.raw, b"vault key", sealed)
    assert key, "the passphrase is wrong"
    return key


vault = vault_key()
keys, names, wraps, opened, shut = {}, {}, {}, [], []
for row, token, wrap in db.execute(
        "SELECT id, token, vault_wrap FROM case_key").fetchall():
    if wrap is None:
        continue
    plain = unseal(vault, b"case\0" + token, wrap)
    assert plain, row
    keys[row], names[row] = plain[:32], plain[32:].decode()
    wraps[names[row]] = wrap.hex()


def found(table, row, key, plain):
    if plain is None:
        shut.append({"table": table, "row": row, "key": key,
                     "destroyed": key not in keys})
        return
    opened.append({"table": table, "row": row, "case": names.get(key),
                   "text": plain.decode("utf-8", "backslashreplace")})


def content(key, ad, sealed):
    return unseal(keys[key], ad, sealed) if key in keys else None


salts = {}  # of attachments, which the lines have
for row, replica, n, key, body in db.execute(
        "SELECT l.id, r.name, l.n, l.key, l.body FROM log l JOIN replica r"
        " ON r.id = l.replica").fetchall():
    line = content(key, b"log\0%s\0%d" % (replica.encode(), n), body)
    if line is not None:
        packed, line = line[0], line[1:]
        if packed:
            line = zlib.decompressobj(-15, zdict=dictionary).decompress(line)
        for part in line.split(b'"salt":"')[1:]:
            salts.setdefault(key, set()).add(part.split(b'"')[0].decode())
    found("log", row, key, line)
for row, token, key, state in db.execute(
        "SELECT id, token, key, state FROM record WHERE length(state) > 0"
        ).fetchall():
    found("record", row, key, content(key, b"state\0" + token, state))
for row, key, seq, body in db.execute(
        "SELECT c.id, b.key, c.seq, c.body FROM blob_chunk c JOIN blob b"
        " ON b.id = c.blob").fetchall():
    plain = None
    for salt in salts.get(key, ()):
        raw = base64.urlsafe_b64decode(salt + "=" * (-len(salt) % 4))
        plain = plain or content(key, b"blob\0" + raw + struct.pack("<q", seq),
                                 body)
    found("blob_chunk", row, key, plain)
for row, about, text in db.execute("SELECT id, about, text FROM draft"
                                   ).fetchall():
    found("draft", row, None, unseal(vault, b"draft", about))
    found("draft", row, None, unseal(vault, about, text))
json.dump({"opened": opened, "shut": shut, "wraps": wraps}, sys.stdout)
