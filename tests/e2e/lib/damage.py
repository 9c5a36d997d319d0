"""Damages an SQLite file or its write-ahead log, and says what it spared.

    damage.py WHOLE HURT SEED

Copies WHOLE, and WHOLE-wal if there is one, to HURT, overwrites 4 KiB of either
at a place that SEED draws, and prints "N PAGES" for each own row of `log` (page
IS NULL) of which no page was touched, N being its place in the log.  Without
SEED nothing is damaged and every row is printed.  Walks table and
log by the file format's description alone, so that a test of salvage need not
ask the code under test; the rows' own numbers are read with SQLite, from a copy.
"""
import os
import random
import shutil
import sqlite3
import sys
import tempfile

WAL_HEADER, FRAME_HEADER, DAMAGE = 32, 24, 4096


def varint(data, at):
    value = 0
    for i in range(9):
        byte = data[at + i]
        if i == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + i + 1
    raise AssertionError


def number(data, at, size):
    return int.from_bytes(data[at:at + size], "big")


def read(path):
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


class Images:
    """Where the present image of each page stands: (file, first, end)."""

    def __init__(self, path):
        self.files = [read(path), read(path + "-wal")]
        self.size = number(self.files[0], 16, 2)
        self.newer = {}
        wal, pending = self.files[1], {}
        salts = wal[16:24]
        for at in range(WAL_HEADER, len(wal), FRAME_HEADER + self.size):
            if wal[at + 8:at + 16] != salts:
                break  # of an earlier round of the log
            pending[number(wal, at, 4)] = at
            if number(wal, at + 4, 4):  # a commit
                self.newer.update(pending)
                pending = {}

    def where(self, page):
        if page in self.newer:
            at = self.newer[page]
            return 1, at, at + FRAME_HEADER + self.size
        return 0, (page - 1) * self.size, page * self.size

    def data(self, page):
        file, _, end = self.where(page)
        return self.files[file][end - self.size:end]


def rows(images, page):
    """Yields (rowid, pages) of a table's rows."""
    data = images.data(page)
    at = 100 if page == 1 else 0
    kind, count = data[at], number(data, at + 3, 2)
    pointers = at + (12 if kind == 5 else 8)
    for i in range(count):
        cell = number(data, pointers + 2 * i, 2)
        if kind == 5:
            yield from rows(images, number(data, cell, 4))
            continue
        assert kind == 13
        payload, cell = varint(data, cell)
        rowid, cell = varint(data, cell)
        used = [page]
        if payload > images.size - 35:
            least = (images.size - 12) * 32 // 255 - 23
            local = least + (payload - least) % (images.size - 4)
            local = local if local <= images.size - 35 else least
            after = number(data, cell + local, 4)
            while after:
                used.append(after)
                after = number(images.data(after), 0, 4)
        yield rowid, used
    if kind == 5:
        yield from rows(images, number(data, at + 8, 4))


def table(path):
    """The table's first page, and {rowid: n} of the own rows."""
    with tempfile.TemporaryDirectory() as folder:
        for side in ("", "-wal"):
            if os.path.exists(path + side):
                shutil.copy(path + side, folder + "/copy" + side)
        database = sqlite3.connect(folder + "/copy")
        root = database.execute("SELECT rootpage FROM sqlite_master "
                                "WHERE name = 'log'").fetchone()[0]
        own = dict(database.execute(
            "SELECT id, n FROM log WHERE page IS NULL"))
        database.close()
    return root, own


def damage(images, hurt, seed):
    """Returns (file, first, end) of what is overwritten."""
    draw = random.Random(int(seed))
    sizes = [len(f) for f in images.files]
    file = 0 if draw.randrange(sum(sizes)) < sizes[0] else 1
    first = draw.randrange(sizes[file] - DAMAGE)
    with open(hurt + ("-wal" if file else ""), "r+b") as out:
        out.seek(first)
        out.write(draw.randbytes(DAMAGE))
    return file, first, first + DAMAGE


def main(whole, hurt, seed=None):
    images = Images(whole)
    root, own = table(whole)
    for side, data in zip(("", "-wal"), images.files):
        if data:
            shutil.copy(whole + side, hurt + side)
    bad = damage(images, hurt, seed) if seed else None
    found = {rowid: pages for rowid, pages in rows(images, root)
             if rowid in own}
    assert len(found) == len(own) > 0, (len(found), len(own))
    for rowid, pages in found.items():
        spans = [images.where(page) for page in pages]
        if not bad or not any(file == bad[0] and first < bad[2] and
                              bad[1] < end for file, first, end in spans):
            print(own[rowid], *pages)


main(*sys.argv[1:])
