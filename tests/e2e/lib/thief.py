"""Somebody has the files and no key: looks for words in them.

    thief.py WORDS FILE-OR-FOLDER...

WORDS has one word a line.  Each file is searched as it is (whatever the case of
the letters), as UTF-16 of either order, as hexadecimal, as base64 at any of its
three alignments, and inside whatever in it inflates as zlib, gzip or raw
deflate.  Prints `FILE: WORD as FORM` for each find; exits 1 when there is one,
and 2 when no file was there to be searched.
"""
import base64
import os
import re
import sys
import zlib

RAW_BYTES_MAX = 200000
DEPTH = 4096  # of each candidate for a raw stream this much is enough


def forms(word):
    """{what it is called: the bytes to look for, in lower case}"""
    raw = word.encode("utf-8")
    out = {"text": raw.lower(), "UTF-16": word.lower().encode("utf-16-le"),
           "UTF-16 BE": word.lower().encode("utf-16-be"),
           "hexadecimal": raw.hex().encode()}
    for shift in range(3):
        # What stands before and after changes the letters at the ends.
        text = base64.b64encode(b"\0" * shift + raw)
        text = text[(0, 2, 3)[shift]:len(text) - (4 if len(text) % 4 == 0
                                                  else 0)]
        out["base64 %d" % shift] = text
        out["base64url %d" % shift] = text.translate(
            bytes.maketrans(b"+/", b"-_"))
    return out


def find(content, words):
    lower = content.lower()
    for word in words:
        for name, form in forms(word).items():
            if form in (content if name.startswith("base64") else lower):
                yield word, name


def streams(content):
    """What inflates: after a header anywhere; raw, at each byte, as long as the
    file is small."""
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", content):
        yield inflate(content[match.start():], 47)
    if len(content) <= RAW_BYTES_MAX:
        for at in range(len(content)):
            if content[at] & 6 in (2, 4):  # a compressed block begins
                yield inflate(content[at:at + DEPTH], -15)


def inflate(raw, bits):
    try:
        return zlib.decompressobj(bits).decompress(raw, 1 << 22)
    except zlib.error:
        return b""


def files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
        for folder, _, names in os.walk(path):
            yield from (os.path.join(folder, name) for name in names)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        words = [line for line in f.read().split("\n") if line]
    searched = found = 0
    for path in files(sys.argv[2:]):
        if not os.path.isfile(path):
            continue  # a socket, or it went while we looked
        try:
            with open(path, "rb") as f:
                content = f.read()
        except OSError:
            continue
        searched += 1
        hits = set(find(content, words))
        hits |= {(word, name + ", deflated") for inner in streams(content)
                 if len(inner) > 8 for word, name in find(inner, words)}
        found += len(hits)
        for word, name in sorted(hits):
            print("%s: %s as %s" % (path, word, name))
    return 2 if not searched else 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
