"""Which pages of an SQLite file the rows of its `log` table lie on.

Walks the table's b-tree by the file format's description alone, so that a test
of salvage need not ask the code under test.  Usage: pages.py FILE prints
"N PAGE PAGE..." for each own row (page IS NULL), N being its place in the log.
"""
import sqlite3
import sys


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


def rows(data, page, size):
    """Yields (rowid, payload bytes in place, pages) of a table's rows."""
    base = (page - 1) * size
    at = base + (100 if page == 1 else 0)
    kind, count = data[at], number(data, at + 3, 2)
    pointers = at + (12 if kind == 5 else 8)
    for i in range(count):
        cell = base + number(data, pointers + 2 * i, 2)
        if kind == 5:
            yield from rows(data, number(data, cell, 4), size)
            continue
        assert kind == 13
        payload, cell = varint(data, cell)
        rowid, cell = varint(data, cell)
        used = [page]
        if payload > size - 35:
            least = (size - 12) * 32 // 255 - 23
            local = least + (payload - least) % (size - 4)
            local = local if local <= size - 35 else least
            after = number(data, cell + local, 4)
            while after:
                used.append(after)
                after = number(data, (after - 1) * size, 4)
        yield rowid, used
    if kind == 5:
        yield from rows(data, number(data, at + 8, 4), size)


def main(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    root = database.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'log'").fetchone()[0]
    own = dict(database.execute("SELECT id, n FROM log WHERE page IS NULL"))
    size = database.execute("PRAGMA page_size").fetchone()[0]
    with open(path, "rb") as file:
        data = file.read()
    found = {rowid: pages for rowid, pages in rows(data, root, size)
             if rowid in own}
    assert len(found) == len(own) > 0, (len(found), len(own))
    for rowid, pages in found.items():
        print(own[rowid], *pages)


main(sys.argv[1])
