"""What tap_proxy.py has heard: each line of each body, "> " before what the
device said, "< " before what the office did.

    tap_read.py FOLDER DICTIONARY

Fails when something cannot be read whole, so that nothing goes unseen.
"""
import glob
import os
import sys
import zlib

folder = sys.argv[1]
with open(sys.argv[2], "rb") as f:
    dictionary = f.read()


def messages(data):
    """(start line, fields, body) one after the other."""
    while data:
        head, found, data = data.partition(b"\r\n\r\n")
        assert found, head
        start, *lines = head.decode().split("\r\n")
        fields = {k.lower(): v.strip()
                  for k, _, v in (line.partition(":") for line in lines)}
        if start.startswith("HTTP/1.1 1"):
            continue
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                size, _, data = data.partition(b"\r\n")
                size = int(size.split(b";")[0], 16)
                body, data = body + data[:size], data[size + 2:]
                if not size:
                    break
        else:
            size = int(fields.get("content-length", 0))
            body, data = data[:size], data[size:]
            assert len(body) == size, (start, size, len(body))
        yield start, fields, body


def show(mark, start, fields, body):
    print(mark, start)
    if fields.get("content-type") == "application/x-satchel":
        stream = zlib.decompressobj(zdict=dictionary)
        body = stream.decompress(body) + stream.flush()
        assert stream.eof
    for line in body.decode("utf-8", "backslashreplace").splitlines():
        print(mark, line)


heard = sorted(glob.glob(os.path.join(folder, "*.up")))
assert heard, "nothing went over the wire"
for up in heard:
    for mark, path in ((">", up), ("<", up[:-2] + "down")):
        with open(path, "rb") as f:
            for message in messages(f.read()):
                show(mark, *message)
