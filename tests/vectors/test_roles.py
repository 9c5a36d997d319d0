#!/usr/bin/env python3
"""Who may do what, cell by cell: every role does every command and report.

The table is what `satchel-central roles` prints of schema/operations.txt.  A
user of each role really does each operation.  Where the table says no, the
refusal is exactly the one for it, and after all of them the store is what it
was, byte for byte of its dump, and so is every other file of the office.  Where
it says yes the command runs past the question: it is done, or fails for another
reason (most of the records named here are not there).  `ok OPERATION` stands for
a row; BUILD names the build folder."""
import concurrent.futures
import getpass
import hashlib
import sqlite3
import subprocess
import sys
import traceback

import office as central
import role_endpoints

ID, OTHER = ("01890a5d-ac96-774b-bcce-b302099a8057",
             "01890a5d-ac96-774b-bcce-b302099a8058")
DENIED = "%s: %s has the role %s, which does not do this; these do: %s"
PURPOSE = ["--purpose", "audit"]
# What each operation is given so that nothing but the role is in its way; DIR is
# a folder and NEW a name that nothing has.
GIVEN = {
    "init": ["--agency", "other"],
    "serve": ["--listen", "127.0.0.1:1"],
    "restore": ["--from", "DIR/none"],
    "bundle take": ["DIR/none", "--reply", "DIR/NEW"],
    "backup": ["--to", "DIR/NEW"],
    "user add": ["NEW", "--role", "state"],
    "user set": ["nobody", "--role", "state"],
    "user disable": ["nobody"],
    "user enable": ["nobody"],
    "invite": ["--user", "nobody"],
    "replica revoke": ["wAAAAAAAAAAAA"],
    "replica lost": ["wAAAAAAAAAAAA"],
    "case assign": [ID, "--caseload", "west"],
    "case close": [ID, "--on", "2026-01-31"],
    "legal-hold set": [ID, "--reason", "asked"],
    "legal-hold lift": [ID, "--reason", "asked"],
    "dispose propose": [ID, "--reason", "asked"],
    "dispose withdraw": [ID],
    "dispose approve": [ID],
    "conflicts resolve": [ID, "county", "--clear"],
    "holds release": ["wAAAAAAAAAAAA:1"],
    "merge": [ID, "--into", OTHER],
    "unmerge": [ID],
    "findings resolve": [ID, "--reason", "asked"],
    "put": ["task", "title=asked"],
    "show": [ID],
    "list": ["task"],
    "attachment save": ["00" * 32, "--to", "DIR/NEW"],
    "disclose": [ID, "--site", "lift"],
    "cap set": ["transportation", "--limit", "5"],
    "approve": [ID],
    "authorize": [ID],
    "authorization void": [ID, "--reason", "asked"],
    "authorization paid": [ID, "--on", "2026-01-31"],
    "voucher issue": ["--user", "nobody", "--amount", "5", "--category",
                      "transportation", "--until", "2099-12-31", "--pool",
                      "gas"],
    "voucher void": [ID, "--reason", "asked"],
    "voucher settle": [ID, "--note", "asked"],
    "import hsds": [str(central.ROOT / "examples/directory")],
    "import codes": [str(central.ROOT / "schema/codes")],
    "import schema": [str(central.ROOT / "schema/need.json")],
    "export case": [ID, *PURPOSE],
    "export fhir": PURPOSE,
    "export hsds": ["--to", "DIR/NEW"],
    "export ndjson": PURPOSE,
    "report R-20": ["--set", "case=" + ID],
}


class Cells:
    def __init__(self, office):
        self.office, self.count, self.new, self.bad = office, 0, 0, 0
        self.table = [r for r in office.run("roles")
                      if "/" not in r["operation"]]
        self.roles = next(r["roles"] for r in self.table
                          if r["operation"] == "roles")  # all of them
        for role in self.roles:
            office.run("user", "add", "a-" + role, "--role", role)

    def given(self, operation):
        self.new += 1
        return [w.replace("DIR", str(self.office.dir)).replace(
            "NEW", "new%d" % self.new) for w in GIVEN.get(operation, [])]

    def run(self, operation, *words):
        """(exit code, what stands on stderr)."""
        done = subprocess.run(
            [central.CENTRAL, *operation.split(" "), *words, "--data",
             self.office.data], stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=300, check=False)
        self.count += 1
        return done.returncode, done.stderr.strip()

    def denied(self, row, role):
        """What is wrong with this cell, where the table says no."""
        operation, user = row["operation"], "a-" + role
        code, said = self.run(operation, *self.given(operation), "--as", user)
        wanted = (1, "satchel-central: " + DENIED % (
            operation, user, role, ", ".join(row["roles"])))
        if "otherwise" in row:
            wanted = (2, "satchel-central: this command has no option --as; see "
                      "`satchel-central %s --help`" % operation)
        return [] if (code, said) == wanted else [(role, code, said)]

    def done(self, row, role):
        """The same where it says yes."""
        operation = row["operation"]
        words = ["--as", "a-" + role] if role else []
        code, said = self.run(operation, *self.given(operation), *words)
        if code in (0, 1) and "does not do this" not in said:
            return []
        return [(role, code, said)]

    def tell(self, name, wrong):
        print("%s %s" % ("not ok" if wrong else "ok", name), flush=True)
        for one in wrong:
            print("#", one)
        self.bad += bool(wrong)


def dump(office):
    """One hash of all that the office keeps."""
    out = hashlib.sha256()
    for path in sorted(office.data.rglob("*")):
        if path.is_file() and not path.name.startswith("office.db"):
            out.update(str(path).encode() + path.read_bytes())
    with sqlite3.connect(office.data / "office.db") as db:
        for line in db.iterdump():
            out.update(line.encode("utf-8", "surrogateescape"))
    return out.hexdigest()


def no_to_all(cells):
    """Nothing changes from the first refusal to the last."""
    before, refused = dump(cells.office), 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for row in cells.table:
            roles = [r for r in cells.roles if r not in row["roles"]]
            found = pool.map(lambda role, row=row: cells.denied(row, role),
                             roles)
            row["wrong"] = [one for wrong in found for one in wrong]
            refused += len(roles)
    cells.tell("%d_refusals_change_nothing" % refused,
               [] if dump(cells.office) == before else ["it is another"])


def yes_to_the_rest(cells):
    for row in cells.table:
        wrong = row["wrong"]
        if "otherwise" not in row:
            for role in [*row["roles"], None]:  # None: the operator
                wrong += cells.done(row, role)
        cells.tell(row["operation"].replace(" ", "_"), wrong)


def who_is_not_named(cells):
    """The operating system's user: an operator, but who writes has a role."""
    me = getpass.getuser()
    cells.office.run("user", "set", "a-auditor", "--os-user", me)
    code, said = cells.run("case assign", ID, "--caseload", "west")
    cells.tell("who_writes_without_a_name_has_the_role_of_the_account",
               [] if code == 1 and "a-auditor has the role auditor" in said
               else [said])
    code, said = cells.run("rebuild")
    cells.tell("who_administers_without_a_name_is_the_operator",
               [] if code == 0 else [said])
    cells.office.run("user", "disable", "a-supervisor")
    code, said = cells.run("show", ID, "--as", "a-supervisor")
    cells.tell("who_is_disabled_reads_nothing",
               [] if code == 1 and "is disabled" in said else [said])


def main():
    office, bad = central.Office(), 1
    try:
        bad = role_endpoints.run(office)
        office.stop()
        cells = Cells(office)
        no_to_all(cells)
        yes_to_the_rest(cells)
        who_is_not_named(cells)
        print("# %d commands were run for %d rows and %d roles" % (
            cells.count, len(cells.table), len(cells.roles)))
        bad += cells.bad
    except Exception:
        print("not ok every_cell_is_tried")
        traceback.print_exc(file=sys.stdout)
        bad = 1
    finally:
        office.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
