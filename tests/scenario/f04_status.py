#!/usr/bin/env python3
"""Something between device and office fails at the k-th request, for every k
and in every way: nothing counts as received that the office has not got."""
import http.server
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from claims import run
import office as central

SCENARIO = "F4"
REQUESTS = 2
HTML = b"<html><body>Please accept the terms of this hotel.</body></html>"


class Between(http.server.BaseHTTPRequestHandler):
    """Passes requests on, but treats the k-th in the way that is set."""
    protocol_version = "HTTP/1.1"
    to, way, bad_at, count = "", None, 0, 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        cls = type(self)
        cls.count += 1
        way = cls.way if cls.count == cls.bad_at else None
        if way == "drop":
            self.close_connection = True
            return
        if way and way.startswith("say "):
            self.say(int(way[4:]), HTML, "text/html")
            return
        status, kind, said = self.ask(body)
        if way == "lose":
            self.close_connection = True
        elif way == "empty":
            self.say(status, b"", kind)
        elif way == "half":
            self.say(status, said[:len(said) // 2], kind)
        elif way == "spoil":
            middle = len(said) // 2
            self.say(status, said[:middle] + bytes([said[middle] ^ 1])
                     + said[middle + 1:], kind)
        elif way == "old":
            self.say(200, cls.before, kind)
        else:
            cls.before = said
            self.say(status, said, kind)

    before = b""

    def ask(self, body):
        request = urllib.request.Request(self.to + self.path, body, {
            "Content-Type": self.headers["Content-Type"]})
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                return reply.status, reply.headers["Content-Type"], \
                    reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read()

    def say(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


WAYS = ["drop", "lose", "empty", "half", "spoil", "old", "say 200", "say 302",
        "say 401", "say 404", "say 409", "say 500", "say 503"]


class Device:
    def __init__(self, office, url):
        self.environment = dict(
            os.environ, SATCHEL_VAULT=str(office.dir / "ann.vault"),
            SATCHEL_PASSPHRASE_FILE=str(office.dir / "passphrase"),
            SATCHEL_DEVICE_SECRET_FILE=str(office.dir / "secret"))
        (office.dir / "passphrase").write_text("ninety seconds in the car\n")
        self.run("enroll", "--server", url, "--code", office.code("ann"))

    def run(self, *words):
        done = subprocess.run(
            [central.BUILD / "satchel", *words], env=self.environment,
            capture_output=True, text=True, timeout=300, check=False)
        return done.returncode, done.stdout.strip()

    def status(self):
        return json.loads(self.run("status", "--json")[1])


def story(claims, office):
    office.run("user", "add", "ann", "--role", "worker", "--caseload", "east")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Between.to = office.url
    device = Device(office, "http://127.0.0.1:%d" % server.server_port)
    _, person = device.run("put", "person", "legal_name=Ruth Ames")
    device.run("sync")
    written, first = 1, office.run("replica", "list")
    for way in WAYS:
        wrong = []
        for k in range(1, REQUESTS + 1):
            device.run("contact", person, "--kind", "phone", "--narrative",
                       "%s %d" % (way, k))
            written += 1
            Between.way, Between.count, Between.bad_at = way, 0, k
            device.run("sync")
            Between.way = None
            said = device.status()
            there = sum(r["head"] for r in office.run("replica", "list")
                        if r["user"] == "ann")
            if said["received"] > there or \
                    said["received"] + said["here"] != written:
                wrong.append((k, said, there))
        claims.equal("%s, at any of %d requests: the status is true" % (
            way, REQUESTS), wrong, [])
    code, _ = device.run("sync")
    said = device.status()
    claims.equal("when it passes all again, everything is received",
                 (code, said["here"], said["received"]), (0, 0, written))
    texts = [r["fields"]["narrative"] for r in office.run("list", "contact")]
    claims.equal("each line once", (len(texts), len(set(texts))),
                 (written - 1, written - 1))
    claims.equal("under the identity of the first day", [
        r["replica"] for r in office.run("replica", "list")],
        [r["replica"] for r in first])
    server.shutdown()


if __name__ == "__main__":
    sys.exit(run(SCENARIO, story))
