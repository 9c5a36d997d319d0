"""One replica of a second client: what it keeps, sends and takes.

Written from sync-protocol.md alone; see satchel_client.py for its commands.
State is one JSON object.  Nothing is encrypted on disk and every command reads
all of it: this is a check on the specification, not a product."""
import functools
import json
import os
import time
import urllib.error
import urllib.request

import satchel_wire as wire
from satchel_wire import b64, unb64, canonical, parse

PAGE_LINES_MAX = 64
BATCH_LINES = 4096
ROUNDS_MAX = 16
CASES_LINE_MAX = 1000
NEED_LINE_MAX = 1000


class Refused(Exception):
    """The office answered with an error object (section 15)."""

    def __init__(self, status, body):
        super().__init__("%d %s: %s" % (status, body.get("error"),
                                        body.get("detail")))
        self.status, self.body = status, body
        self.error = body.get("error")


class Broken(Exception):
    """The office broke the protocol."""


class Closed(Exception):
    """This identity cannot go on; another copy of it is at work."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def post(url, body, kind):
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=300) as reply:
            return reply.read()
    except urllib.error.HTTPError as error:
        raw = error.read()
        try:
            said = json.loads(raw)
        except ValueError:
            said = {"error": "none", "detail": raw[:200].decode("latin-1")}
        raise Refused(error.code, said) from error


class Replica:
    """One replica: keys, its own log, what it holds of others, cursors."""

    def __init__(self, state=None):
        self.s = state or {
            "log": [], "received": 0, "lines": [], "pages": [], "scopes": {},
            "terms": {}, "held": {}, "old": [], "case_keys": {},
            "lineage": "", "token": "", "term": "", "revoked": False,
        }
        self.report = {"pushed": 0, "pulled": 0, "requests": 0,
                       "reconciled": 0, "succeeded": 0}

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as f:
            return cls(json.load(f))

    def save(self, path):
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(self.s, f)
            f.flush()
            os.fsync(f.fileno())
        os.replace(path + ".new", path)

    # ---- keys and names ----

    def key(self):
        return wire.Key(unb64(self.s["seed"]))

    def transport(self):
        return wire.Key(unb64(self.s["transport_seed"]))

    def links(self):
        return wire.links(self.s["agency"], self.key().public, self.s["log"])

    # ---- section 7: enrolment and succession ----

    def enrol(self, server, code):
        s = self.s
        s["server"] = server.rstrip("/")
        s.setdefault("seed", b64(os.urandom(32)))
        s.setdefault("transport_seed", b64(os.urandom(32)))
        body = {"code": code, "key": b64(self.key().public),
                "transport": b64(self.transport().public)}
        body["proof"] = b64(self.key().sign("satchel/enrol/1", body))
        body["protocol"] = 1
        self._enrolled(self._post_enrol(body), first=True)

    def _post_enrol(self, body):
        raw = post(self.s["server"] + "/v1/enrol",
                   canonical(body).encode("utf-8"), "application/json")
        return json.loads(raw)

    def _enrolled(self, reply, first):
        s = self.s
        root = unb64(reply["root"], 32)
        if not first and reply["root"] != s["root"]:
            raise Broken("another root key")
        text = reply["certificate"]
        if not wire.verify(root, unb64(reply["certificate_sig"], 64),
                           "satchel/certificate/1", text.encode("utf-8")):
            raise Broken("the certificate is not signed by the root")
        certificate = parse(text)
        if (certificate["key"] != b64(self.key().public)
                or certificate["transport"] != b64(self.transport().public)
                or certificate["agency"] != reply["agency"]
                or certificate["replica"] != reply["replica"]
                or reply["replica"] != wire.replica_id(
                    "w", reply["agency"], self.key().public)):
            raise Broken("the certificate is not ours")
        s.update(agency=reply["agency"], replica=reply["replica"],
                 user=certificate["user"], certificate=text,
                 certificate_sig=reply["certificate_sig"],
                 root=reply["root"], box=reply["box"],
                 lineage=reply["lineage"], token="",
                 dictionary=wire.DICTIONARY_ID in reply["dictionaries"])
        self._take_term(reply["term"], reply["term_sig"])
        self._take_scopes(certificate["scopes"])

    def _take_term(self, text, signature):
        if not wire.verify(unb64(self.s["root"]), unb64(signature, 64),
                           "satchel/term/1", text.encode("utf-8")):
            raise Broken("a term that the root did not sign")
        term = parse(text)
        if (term["agency"] != self.s["agency"] or term["replica"] !=
                wire.replica_id("o", term["agency"], unb64(term["key"], 32))):
            raise Broken("a term of another name")
        self.s["terms"][term["replica"]] = term["key"]
        self.s["term"] = term["replica"]

    def _take_scopes(self, scopes):
        for scope in scopes:
            self.s["scopes"].setdefault(
                scope, {"seq": 0, "off": 0, "own": 0, "cases": [],
                        "sum": False})

    def _office_signed(self, term, signature, domain, message):
        key = self.s["terms"].get(term)
        return key is not None and wire.verify(
            unb64(key), unb64(signature, 64), domain, message)

    def succeed(self, reason):
        """A fresh key, introduced by the old one; then carry (section 13)."""
        s = self.s
        old = {"replica": s["replica"], "seed": s["seed"], "log": s["log"],
               "received": s["received"], "lineage": s["lineage"]}
        old_key = self.key()
        fresh, transport = os.urandom(32), os.urandom(32)
        said = {"key": b64(wire.Key(fresh).public), "replica": s["replica"],
                "transport": b64(wire.Key(transport).public)}
        body = dict(said, certificate=s["certificate"],
                    certificate_sig=s["certificate_sig"], protocol=1,
                    reason=reason,
                    proof=b64(wire.Key(fresh).sign("satchel/enrol/1", said)),
                    successor_sig=b64(old_key.sign("satchel/successor/1",
                                                   said)))
        reply = self._post_enrol(body)
        s.update(seed=b64(fresh), transport_seed=b64(transport), log=[],
                 received=0, held={})
        self._enrolled(reply, first=False)
        for older in s["old"]:
            self._show_last(older)
        self._carry(old, old_key, reply.get("received") or {"n": 0})
        for scope in s["scopes"].values():
            scope.update(sum=False, own=0)
        s["reconcile"] = True
        self.report["succeeded"] += 1

    @staticmethod
    def _show_last(old):
        """The last receipted line is contributed, whatever else is: the
        office says so when it lacks what stands before it."""
        old["contribute"] = min(old["contribute"], max(old["kept"] - 1, 0))

    def _carry(self, old, old_key, received):
        n, had = received["n"], old["received"]
        chain = wire.links(self.s["agency"], old_key.public, old["log"])
        if n and (n >= len(chain) or b64(chain[n]) != received["link"]):
            # The office has another story of this log: of ours it has what
            # the last receipt of this lineage covers.
            had = had if old["lineage"] == self.s["lineage"] else 0
            old["contribute"] = had
        else:
            old["contribute"] = n
            had = max(had, n)
        old["kept"] = had  # up to here the old log stands as it was
        if n >= len(chain):
            self._show_last(old)
        self.s["old"].append(old)
        moved = {}
        for at, line in enumerate(old["log"][had:], had + 1):
            moved[at] = self._carry_line(old, had, moved, parse(line), line)

    def _carry_line(self, old, had, moved, revision, line):
        seen = dict(revision.get("seen", {}))
        n = seen.get(old["replica"], 0)
        if n > had:
            del seen[old["replica"]]
            went = [k for k in range(had + 1, n + 1) if parse(
                old["log"][k - 1])["record"] == revision["record"]]
            if had:
                seen[old["replica"]] = had
            if went:
                seen[self.s["replica"]] = moved[went[-1]]
        carrier = {"carries": revision.get("carries", line)}
        was = dict(revision.get("was", {}))
        if revision["n"] <= old["received"] or \
                old["lineage"] != self.s["lineage"]:
            was["%s:%d" % (old["replica"], revision["n"])] = \
                revision.get("prev", 0)
        if was:
            carrier["was"] = was
        return self._append(revision["record"], carrier, seen)

    # ---- what is held ----

    @staticmethod
    def _standing(old):
        """(n, line) of a closed log: as far as it stays as it was, without
        those whose places went to a copy's lines."""
        gone = old.get("gone", ())
        for n, line in enumerate(old["log"][:old["kept"]], 1):
            if n not in gone:
                yield n, line

    def own_received(self):
        """Own lines that count as held: those with a receipt."""
        for old in self.s["old"]:
            yield from (line for _, line in self._standing(old))
        yield from self.s["log"][:self.s["received"]]

    def known(self):
        """All lines that are in effect here, own unsent ones included."""
        for old in self.s["old"]:
            yield from (line for _, line in self._standing(old))
        yield from self.s["lines"]
        yield from self.s["log"]

    def cases_of_records(self):
        """{record: case}; "" for a record without a case.  Of creating
        revisions that disagree the office holds all but one."""
        revisions = [r for r in map(self.revision, self.known()) if r]
        held = {dot for r in revisions if r["replica"].startswith("o")
                for dot in r.get("hold", ())}
        creating = [r for r in revisions if "type" in r]
        creating.sort(key=lambda r: "%s:%d" % (r["replica"], r["n"]) in held)
        out = {}
        for r in creating:
            out.setdefault(r["record"], r.get("case", ""))
        return out

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def revision(line):
        """What a line says: a carried creating line creates, too."""
        try:
            revision = parse(line)
            revision["record"], revision["replica"], revision["n"]
            if len(line.encode("utf-8")) > wire.LINE_BYTES_MAX and \
                    "carries" not in revision:
                return None
            if "carries" in revision:
                inner = parse(revision["carries"])
                if "type" in inner:
                    revision["type"] = inner["type"]
                    if "case" in inner:
                        revision["case"] = inner["case"]
            return revision
        except (wire.Malformed, KeyError, TypeError):
            return None

    def held_by_case(self):
        """{case: {hash prefix: line}} of the lines that sums count."""
        cases, out = self.cases_of_records(), {}
        for line in [*self.own_received(), *self.s["lines"]]:
            revision = self.revision(line)
            case = cases.get(revision["record"]) if revision else None
            if case is not None:
                out.setdefault(case, {})[wire.line_hash(line)[:8]] = line
        return out

    def scope_sum(self, scope):
        held = self.held_by_case()
        cases = [""] if scope == "agency" else self.s["scopes"][scope]["cases"]
        shares = {prefix for case in cases for prefix in held.get(case, ())}
        return wire.sum_text(int.from_bytes(p, "little") for p in shares)

    def context(self, record):
        """Section 3: per replica the greatest n reached through unbroken
        `prev`."""
        mine = {}
        for line in self.known():
            revision = self.revision(line)
            if revision and revision["record"] == record:
                mine.setdefault(revision["replica"], {})[
                    revision.get("prev", 0)] = revision["n"]
        seen = {}
        for replica, steps in mine.items():
            n = 0
            while n in steps:
                n = steps[n]
            if n:
                seen[replica] = n
        return seen

    # ---- writing ----

    def write(self, record=None, type=None, case=None, **content):
        """One revision, as someone writes who has all in view."""
        record = record or wire.new_id()
        members = {name: value for name, value in content.items() if value}
        if type:
            members.update(type=type, schema=1)
            if case:
                members["case"] = case
        return record, self._append(record, members, self.context(record))

    def _append(self, record, members, seen):
        log = self.s["log"]
        line = {"at": int(time.time() * 1000), "author": self.s["user"],
                "n": len(log) + 1, "record": record,
                "replica": self.s["replica"], **members}
        before = [r["n"] for r in map(self.revision, log)
                  if r and r["record"] == record]
        if before:
            line["prev"] = before[-1]
        if seen:
            line["seen"] = seen
        text = canonical(line)
        if len(text.encode("utf-8")) > wire.LINE_BYTES_MAX * (
                3 if "carries" in line else 1):
            raise wire.Malformed("the line is too long")
        log.append(text)
        return line["n"]

    # ---- section 9: requests ----

    def header(self, mode=None, locked=False, **more):
        s, links = self.s, self.links()
        out = {"agency": s["agency"], "protocol": 1, "replica": s["replica"],
               "head": len(s["log"]), "lineage": s["lineage"],
               "token": s["token"], "term": s["term"], "mode": mode}
        if s["received"]:
            out["base"] = {"link": b64(links[s["received"]]),
                           "n": s["received"]}
        if locked:
            out["locked"] = True
        out["cursors"] = {name: self._cursor(name) for name in s["scopes"]}
        out.update(more)
        return {name: value for name, value in out.items()
                if value not in (None, "", {}) and value is not False}

    def _cursor(self, name):
        scope = self.s["scopes"][name]
        out = {"seq": scope["seq"], "own": scope["own"]}
        if scope["off"]:
            out["off"] = scope["off"]
        if scope["sum"]:
            out["sum"] = self.scope_sum(name)
        return out

    def auth(self, header, locked=False):
        key = self.transport() if locked else self.key()
        return canonical({"auth": b64(key.sign("satchel/request/1",
                                               header.encode("utf-8")))})

    def sign_line(self, n, key=None, link=None):
        key = key or self.key()
        link = link or self.links()[n]
        return canonical({"sign": {"n": n, "sig": b64(
            key.sign("satchel/link/1", link))}})

    def log_lines(self, first, last, sealed=False):
        """Lines first..last of the own log with their sign lines."""
        out, named = [], set()
        links, key = self.links(), self.key()
        cases = self.cases_of_records() if sealed else {}
        for n in range(first, last + 1):
            line = self.s["log"][n - 1]
            if sealed:
                out += self._sealed(n, line, cases, named)
            else:
                out.append(line)
            if (n - first + 1) % wire.SIGN_EVERY == 0 or n == last:
                out.append(self.sign_line(n, key, links[n]))
        return out

    def _sealed(self, n, line, cases, named):
        case = cases.get(parse(line)["record"], "")
        keys = self.s["case_keys"]
        key = unb64(keys.setdefault(case, b64(os.urandom(32))))
        token = "k" + wire.b64(wire.blake2b(case.encode(), size=6))
        if token not in named:
            named.add(token)
            yield canonical({"key": {"case": token, "wrap": b64(
                wire.wrap_key(unb64(self.s["box"]), key))}})
        yield canonical({"sealed": {"body": b64(wire.seal_line(
            key, self.s["replica"], n, line)), "case": token, "n": n}})

    def body(self, header, lines, locked=False):
        text = canonical(header)
        return wire.pack([text, self.auth(text, locked), *lines],
                         self.s.get("dictionary", False))

    def exchange(self, header, lines, locked=False):
        self.report["requests"] += 1
        raw = post(self.s["server"] + "/v1/sync",
                   self.body(header, lines, locked), "application/x-satchel")
        reply = wire.unpack(raw)
        return parse(reply[0]), reply[1:]

    # ---- section 10: replies ----

    def take_header(self, head):
        s = self.s
        if head.get("lineage", s["lineage"]) != s["lineage"]:
            raise Broken("another lineage in a reply")
        if "term" in head:
            self._take_term(head["term"]["text"], head["term"]["sig"])
        if "receipt" in head:
            self._take_receipt(head["receipt"], "satchel/receipt/1")
        if "backed" in head:  # says received, too
            self._take_receipt(head["backed"], "satchel/backed/1")
            s["backed"] = max(s.get("backed", 0), head["backed"]["n"])
        for n, reason in head.get("held", ()):
            s["held"][str(n)] = reason
        if "scopes" in head:
            self._take_scopes(head["scopes"])
        if head.get("token"):
            s["token"] = head["token"]
        if head.get("state") == "stale":
            raise Closed("stale")
        if head.get("state") == "revoked":
            said = head["statement"]
            s["revoked"] = self._office_signed(
                said["term"], said["sig"], "satchel/statement/1",
                {"agency": s["agency"], "at": said["at"],
                 "lineage": s["lineage"], "replica": s["replica"],
                 "what": "revoked"})

    def _take_receipt(self, receipt, domain):
        s, n = self.s, receipt["n"]
        links = self.links()
        if not self._office_signed(
                receipt["term"], receipt["sig"], domain,
                {"agency": s["agency"], "lineage": s["lineage"],
                 "link": receipt["link"], "n": n, "replica": s["replica"]}):
            raise Broken("a receipt that no term of the office signed")
        if n >= len(links) or b64(links[n]) != receipt["link"]:
            raise Closed("fork")
        if n > s["received"]:
            self.report["pushed"] += n - s["received"]
            before, s["received"] = s["received"], n
            self._sums_inexact(s["log"][before:n])

    def _sums_inexact(self, lines):
        """Section 11: what has a receipt now counts in the sums of its
        scopes, which are told again once a cursor line ends them."""
        cases = self.cases_of_records()
        known = filter(None, map(self.revision, lines))
        moved = {cases.get(revision["record"]) for revision in known}
        for name, scope in self.s["scopes"].items():
            here = set(scope["cases"]) | ({""} if name == "agency" else set())
            if moved & here:
                scope["sum"] = False

    def take_lines(self, lines, settles=False):
        """Pages up to the last whole cursor line; True when all sums agree.
        With `settles` a page's joins are all the cases of its scope."""
        page, joins, leaves, agree = [], [], [], True
        for line in lines:
            name = wire.control_name(line)
            value = parse(line)[name] if name else None
            if name is None:
                page.append(line)
            elif name == "join":
                joins.append(value["case"])
            elif name == "leave" and "case" in value and not settles:
                leaves.append(value)
            elif name == "leave":
                self._take_leave(value)  # has no page of its own
            elif name == "cursor":
                if settles and value["scope"] in self.s["scopes"]:
                    self.s["scopes"][value["scope"]]["cases"] = []
                agree &= self._take_page(value, page, joins, leaves)
                page, joins, leaves = [], [], []
            elif name == "given":
                self._keep_page(page, value["mac"])
                page = []
        return agree

    def _keep_page(self, page, mac):
        if page:
            self.s["pages"].append({
                "hashes": b64(b"".join(map(wire.line_hash, page))),
                "mac": mac})
        held = set(self.s["lines"]) | set(self.known())
        new = [line for line in dict.fromkeys(page) if line not in held]
        self.s["lines"] += new
        self.report["pulled"] += len(new)

    def _take_page(self, cursor, page, joins, leaves):
        if len(page) > PAGE_LINES_MAX or bool(page) != ("mac" in cursor):
            raise Broken("a page of the wrong form")
        scope = self.s["scopes"].setdefault(
            cursor["scope"], {"cases": [], "sum": False})
        self._keep_page(page, cursor.get("mac"))
        scope["cases"] = list(dict.fromkeys(scope["cases"] + joins))
        for leave in leaves:
            self._take_leave(leave)
        scope.update(seq=cursor["seq"], off=cursor.get("off", 0),
                     own=len(self.s["log"]), sum=bool(cursor.get("end")))
        return (not cursor.get("end")
                or cursor["sum"] == self.scope_sum(cursor["scope"]))

    def _take_leave(self, leave):
        s = self.s
        message = {k: v for k, v in leave.items() if k not in ("sig", "term")}
        if (leave["replica"] != s["replica"]
                or leave["lineage"] != s["lineage"]
                or not self._office_signed(leave["term"], leave["sig"],
                                           "satchel/leave/1", message)):
            raise Broken("a leave that is not for us")
        for name in list(s["scopes"]):
            if leave["scope"] in (name, "*"):
                cases = s["scopes"][name]["cases"]
                gone = [leave["case"]] if "case" in leave else list(cases)
                s["scopes"][name]["cases"] = [c for c in cases
                                              if c not in gone]
                if "case" not in leave:
                    del s["scopes"][name]
        self._drop_unseen()

    def _drop_unseen(self):
        """Others' lines of cases that no scope shows any more are erased."""
        cases = self.cases_of_records()
        kept = {""}.union(*(sc["cases"] for sc in self.s["scopes"].values()))
        self.s["lines"] = [
            line for line in self.s["lines"]
            if cases.get((self.revision(line) or {}).get("record"), "")
            in kept]

    # ---- one sync ----

    def sync(self, locked=False):
        """All that is unsent and all that is new; goes on under a fresh key
        where it has to, and tries once more after a gap."""
        tried = set()
        while True:
            try:
                return self._sync(locked)
            except Closed as closed:
                reason = closed.reason
            except Refused as refused:
                reason = refused.error
                if reason not in ("fork", "lineage", "gap", "bad-signature"):
                    raise
            if reason in tried:
                raise Broken("the office says %s again" % reason)
            tried.add(reason)
            if reason in ("fork", "lineage", "stale"):
                self.succeed(reason)

    def _sync(self, locked):
        s = self.s
        if not locked and s.get("reconcile"):
            self._contribute()
            self.reconcile()
            s["reconcile"] = False
        while True:
            first = s["received"] + 1
            last = min(len(s["log"]), s["received"] + BATCH_LINES)
            header = self.header(locked=locked)
            head, lines = self.exchange(
                header, self.log_lines(first, last, locked), locked)
            self.take_header(head)
            if head.get("state") in ("locked", "revoked"):
                if s["received"] < last:
                    raise Broken("no receipt for what was pushed")
                if s["received"] < len(s["log"]):
                    continue
                return self.report
            agree = self.take_lines(lines)
            if head.get("state") == "reconcile" or not agree:
                self.reconcile()
            if not head.get("more") and s["received"] >= len(s["log"]):
                return self.report

    # ---- section 12: reconcile ----

    def _contribute(self):
        """Receipted lines of closed identities that the office lost."""
        for old in self.s["old"]:
            tried = set()
            while not self._contributed(old, tried):
                pass

    def _contributed(self, old, tried):
        try:
            self._contribute_log(old)
            return True
        except Refused as refused:
            # The office has less of the log, or its log parts from this one
            # before what was given.
            again = {"gap": refused.body.get("received", 0),
                     "bad-signature": 0}.get(refused.error)
            if again is None or refused.error in tried \
                    or again >= old["contribute"]:
                raise
            tried.add(refused.error)
            old["contribute"] = again
            return False

    def _contribute_log(self, old):
        key = wire.Key(unb64(old["seed"]))
        links = wire.links(self.s["agency"], key.public, old["log"])
        goes_on = {}
        while old["contribute"] < old["kept"]:
            first = old["contribute"] + 1
            last = min(old["kept"], first + BATCH_LINES - 1)
            lines = [canonical({"log": dict(goes_on, **{
                "from": first, "key": b64(key.public),
                "replica": old["replica"]})})]
            for n in range(first, last + 1):
                lines.append(old["log"][n - 1])
                if (n - first + 1) % wire.SIGN_EVERY == 0 or n == last:
                    lines.append(self.sign_line(n, key, links[n]))
            head, _ = self.exchange(self.header(mode="fix"), lines)
            self.take_header(head)
            old["contribute"] = last
            goes_on = {"link": b64(links[last])}

    def reconcile(self):
        self.report["reconciled"] += 1
        given = set()
        for _ in range(ROUNDS_MAX):
            diffs = self._ask_cases()
            if not diffs:
                return
            self._fix(diffs, given)
        raise Broken("no agreement after %d rounds" % ROUNDS_MAX)

    def _ask_cases(self):
        held = self.held_by_case()
        pairs = [[case, wire.sum_text(int.from_bytes(p, "little")
                                      for p in lines)]
                 for case, lines in sorted(held.items())]
        lines = [canonical({"cases": pairs[at:at + CASES_LINE_MAX]})
                 for at in range(0, len(pairs) or 1, CASES_LINE_MAX)]
        head, reply = self.exchange(self.header(mode="reconcile"), lines)
        self.take_header(head)
        diffs, rest = {}, []
        for line in reply:
            if wire.control_name(line) != "diff":
                rest.append(line)
                continue
            diff = parse(line)["diff"]
            entry = diffs.setdefault(diff["case"], {"have": set(),
                                                    "scope": None})
            raw = unb64(diff["have"])
            entry["have"] |= {raw[i:i + 8] for i in range(0, len(raw), 8)}
            entry["scope"] = diff.get("scope")
        self.take_lines(rest, settles=True)
        return diffs

    def _write(self, line):
        """Whose appearance a line is: a release is a write of its own."""
        revision = self.revision(line) or {}
        if "release" in revision:
            return wire.write_id(line)
        return wire.write_id(revision.get("carries", line))

    def _fix(self, diffs, given):
        """Gives what the office lacks and asks for what is missing here."""
        held, lines, give, elsewhere = self.held_by_case(), [], set(), set()
        for case, diff in diffs.items():
            mine = held.get(case, {})
            there = {self._write(mine[p]) for p in mine.keys() & diff["have"]}
            lacks = {mine[p] for p in mine.keys() - diff["have"]}
            elsewhere |= {line for line in lacks if self._write(line) in there}
            give |= lacks
            need = sorted(diff["have"] - mine.keys())
            if diff["scope"] and case:
                cases = self.s["scopes"][diff["scope"]]["cases"]
                if case not in cases:
                    cases.append(case)
            if not diff["scope"]:
                need = []  # only asked: the answer is that all is given
            for at in range(0, max(len(need), not diff["scope"]),
                            NEED_LINE_MAX):
                lines.append(canonical({"need": {
                    "case": case,
                    "hashes": b64(b"".join(need[at:at + NEED_LINE_MAX]))}}))
        # Another line stands in its place there: an own one was given before.
        self.s["lines"] = [line for line in self.s["lines"]
                           if line not in elsewhere]
        for old in self.s["old"]:
            lost = {n: line for n, line in self._standing(old)
                    if line in give}
            old["gone"] = [*old.get("gone", ()), *(
                n for n, line in lost.items() if line in elsewhere & given)]
            old["contribute"] = min([old["contribute"], *(
                n - 1 for n in lost if n not in old["gone"])])
            given.update(lost.values())
        self._contribute()
        lines = [*self._pages(give - elsewhere), *lines]
        head, reply = self.exchange(self.header(mode="fix"), lines)
        self.take_header(head)
        self.take_lines(reply)

    def _pages(self, give):
        by_hash = {wire.line_hash(line): line for line in give}
        for page in self.s["pages"]:
            raw = unb64(page["hashes"])
            hashes = [raw[i:i + 32] for i in range(0, len(raw), 32)]
            wanted = [by_hash.pop(h) for h in hashes if h in by_hash]
            if wanted:
                yield canonical({"page": {"count": len(wanted),
                                          "hashes": page["hashes"],
                                          "mac": page["mac"]}})
                yield from wanted
