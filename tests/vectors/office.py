"""A real central office for tests: satchel-central in a folder of its own."""
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from satchel_replica import Replica

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
CENTRAL = BUILD / "satchel-central"


def free_port():
    """One that no outgoing connection is given, so that it is still free when
    the office is started again."""
    while True:
        port = random.SystemRandom().randrange(10000, 30000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Office:
    """One agency with two caseloads and whoever is asked for."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="satchel-office-"))
        self.data = self.dir / "data"
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.process = None
        self.log = open(self.dir / "log", "ab")
        self.run("init", "--agency", "three-rivers")
        self.run("user", "add", "chief", "--role", "supervisor")
        self.serve()

    def run(self, *words):
        """Runs a command; its --json output, or None when it prints none."""
        done = subprocess.run(
            [CENTRAL, *words, "--data", self.data, "--json"],
            capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError("satchel-central %s: %s%s" % (
                " ".join(words), done.stdout[:500], done.stderr))
        return json.loads(done.stdout) if done.stdout.strip() else None

    def serve(self, *options):
        self.process = subprocess.Popen(
            [CENTRAL, "serve", "--data", self.data, "--listen",
             "127.0.0.1:%d" % self.port, *options], stdout=self.log, stderr=self.log)
        while self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.url + "/v1/office"):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        raise RuntimeError("the office does not listen: " + self.said())

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=300)
            self.process = None

    def said(self):
        self.log.flush()
        return (self.dir / "log").read_text(errors="replace")[-2000:]

    def close(self):
        self.stop()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def code(self, user):
        return self.run("invite", "--user", user)["code"]

    def worker(self, user, *caseloads):
        """A new user with an enrolled replica."""
        scopes = [w for name in caseloads for w in ("--caseload", name)]
        self.run("user", "add", user, "--role", "worker", *scopes)
        return self.device(user)

    def device(self, user):
        replica = Replica()
        replica.enrol(self.url, self.code(user))
        return replica

    def request(self, path, body=None, kind=None, method=None):
        """(status, headers, body) of any HTTP request."""
        request = urllib.request.Request(self.url + path, body,
                                         method=method)
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()
