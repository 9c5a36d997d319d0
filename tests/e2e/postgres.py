#!/usr/bin/env python3
"""Every report and policy, run by PostgreSQL, gives the rows that it gives at
the office.

postgres.py OFFICE: copies what the views of that office show into tables
of a cluster of its own, which ends with the program, gives every statement of
server/reports and server/policy to it as it stands, and compares."""
import csv
import datetime
import io
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
               key=lambda path: int(path.parent.name))
NUMBERS = {"int", "cents", "minutes", "bool"}
# Columns of views that are of no record type.
COUNTS = {"disabled", "lines", "missing", "n", "position", "released", "since"}
PARAMETER = re.compile(r"^-- parameter (\w+): (text|date|int)( required)?"
                       r"(?: =\s*(.*?))?\s*\|")
COLUMN = re.compile(r"^-- column (\w+): (\w+)")
# SQLite's aggregate has the name that PostgreSQL gives another.
AGGREGATES = """
CREATE FUNCTION joined(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS
  $$ SELECT CASE WHEN $2 IS NULL THEN $1 WHEN $1 IS NULL THEN $2
     ELSE $1 || ',' || $2 END $$;
CREATE AGGREGATE group_concat(text) (SFUNC = joined, STYPE = text);
"""


class Cluster:
    """PostgreSQL with nothing in it, heard on a socket in its folder alone."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="satchel-pg."))
        self.before = []
        if os.geteuid() == 0:  # it refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.before = ["setpriv", "--reuid=%d" % user.pw_uid,
                           "--regid=%d" % user.pw_gid, "--clear-groups"]
        self.run("initdb", "-D", self.folder / "data", "-U", "satchel", "-A",
                 "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.run("pg_ctl", "-D", self.folder / "data", "-w", "-l",
                 self.folder / "log", "-o",
                 "-c listen_addresses= -c fsync=off -k %s" % self.folder,
                 "start")

    def run(self, program, *words):
        subprocess.run([*self.before, PROGRAMS / program, *words], check=True,
                       stdout=subprocess.DEVNULL, timeout=120)

    def close(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)

    def ask(self, statement):
        """Rows as texts, None for null; raises with what it says."""
        told = subprocess.run(
            [PROGRAMS / "psql", "-h", self.folder, "-U", "satchel", "-X", "-q",
             "-v", "ON_ERROR_STOP=1", "postgres"],
            input="COPY (%s) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *);"
            % statement, capture_output=True, text=True, timeout=300)
        if told.returncode:
            raise RuntimeError(told.stderr.strip())
        return told.stdout

    def tell(self, script):
        subprocess.run(
            [PROGRAMS / "psql", "-h", self.folder, "-U", "satchel", "-X", "-q",
             "-v", "ON_ERROR_STOP=1", "postgres"],
            input=script, check=True, text=True, timeout=300,
            stdout=subprocess.DEVNULL)


def kinds():
    """{view: {column: True when it is a number}} by the record types."""
    out = {}
    for path in TOP.glob("schema/**/*.json"):
        definition = json.loads(path.read_text())
        if "fields" not in definition or "type" not in definition:
            continue
        columns = out["v_" + definition["type"]] = {}
        for name, field in definition["fields"].items():
            columns[name] = (field["kind"] in NUMBERS and
                             not field.get("list") and field["rule"] != "set")
    return out


def is_number(name, known, values):
    if name in known:
        return known[name]
    if name in COUNTS or name.endswith(("__open", "__at", "__day", "_at", "_ms", "_day")):
        return True
    given = [v for v in values if v is not None]
    return bool(given) and all(isinstance(v, int) for v in given)


def copy_views(office, cluster):
    path, = office.rglob("office.db")
    database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    known, script = kinds(), io.StringIO()
    script.write(AGGREGATES)
    views = [name for name, in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")]
    for view in views:
        cursor = database.execute('SELECT * FROM "%s"' % view)
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
        columns = []
        for at, name in enumerate(names):
            number = is_number(name, known.get(view, {}),
                               [row[at] for row in rows])
            columns.append('"%s" %s' % (name, "bigint" if number else "text"))
        script.write('CREATE TABLE "%s" (%s);\n' % (view, ", ".join(columns)))
        script.write('COPY "%s" FROM STDIN WITH (FORMAT csv);\n' % view)
        for row in rows:
            # An empty text is quoted, null is not: csv cannot say it alone.
            script.write(",".join(
                "" if value is None else
                '"%s"' % str(value).replace('"', '""') for value in row) + "\n")
        script.write("\\.\n")
    script.write("ANALYZE;\n")
    cluster.tell(script.getvalue())
    database.close()
    return len(views)


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def quoted(text):
    return "'%s'" % text.replace("'", "''")


def statement_of(path, given):
    """The statement with its parameters in their places, and its columns."""
    text = path.read_text()
    today = datetime.date.today().isoformat()
    presets = {"today": today, "month_begin": today[:8] + "01",
               "year_begin": today[:5] + "01-01"}
    values, columns = {"zone_ms": "0"}, []
    for line in text.splitlines():
        column, parameter = COLUMN.match(line), PARAMETER.match(line)
        if column:
            columns.append(column.groups())
        if not parameter:
            continue
        name, kind, _, preset = parameter.groups()
        value = given.get(name, presets.get(preset, preset or "")
                          if kind == "date" else preset or "")
        values[name] = value if kind == "int" else quoted(value)
        if kind == "date":
            values[name + "_day"] = str(day(value)) if value else "NULL"
    body = "\n".join(line for line in text.splitlines()
                     if not line.startswith("--"))
    return re.sub(r"(?<!:):(\w+)", lambda m: values[m[1]], body), columns


def rows_of(text, columns):
    """In an order of their own, ids too: who reads first is anybody's."""
    rows = []
    for row in csv.reader(io.StringIO(text)):
        rows.append(tuple(
            ",".join(sorted(value.split(","))) if kind == "ids" else value
            for value, (_, kind) in zip(row, columns)))
    return sorted(rows)


def shown(value):
    return "" if value is None else str(value)


def compare(cluster, database, path, given):
    """What is wrong with it; None when both give the same."""
    statement, columns = statement_of(path, given)
    cursor = database.execute(statement)
    here = io.StringIO()
    csv.writer(here).writerows(
        [shown(value) for value in row] for row in cursor.fetchall())
    mine = rows_of(here.getvalue(), columns)
    try:
        its = rows_of(cluster.ask(statement.rstrip().rstrip(";")), columns)
    except RuntimeError as fault:
        return len(mine), str(fault)
    if mine == its:
        return len(mine), None
    return len(mine), "SQLite alone: %s\nPostgreSQL alone: %s" % (
        [row for row in mine if row not in its][:3],
        [row for row in its if row not in mine][:3])


def main(office):
    office = pathlib.Path(office)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cluster, failed, filled = Cluster(), 0, 0
    try:
        views = copy_views(office, cluster)
        path, = office.rglob("office.db")
        database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        case = database.execute(
            "SELECT case_id FROM v_contact GROUP BY case_id "
            "ORDER BY count(*) DESC, case_id LIMIT 1").fetchone()[0]
        given = {"case": case, "from": "2022-01-01", "to": "2022-12-31",
                 "as_of": "2022-12-31", "month": "2022-06"}
        for path in sorted(TOP.glob("server/reports/*.sql")) + sorted(
                TOP.glob("server/policy/*.sql")):
            if not statement_of(path, given)[0].strip():
                continue  # a program finds these, and no statement
            rows, wrong = compare(cluster, database, path, given)
            failed += wrong is not None
            filled += rows > 0
            print("%s %s: the same rows on PostgreSQL (%d)" % (
                "not ok" if wrong else "ok", path.stem, rows))
            if wrong:
                print("# " + wrong.replace("\n", "\n# "))
        print("# %d views, %d statements with rows" % (views, filled))
        print("%s half of the statements have rows to compare" % (
            "ok" if filled > 30 else "not ok"))
        failed += filled <= 30
    finally:
        cluster.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
