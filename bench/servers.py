"""The servers that are measured: ours, the floor, the peers."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time

from harness.app import App, free_port
from harness.services import ROOT
from harness.tokens import Issuer

import measure

PROGRAMS = ROOT / "build/release/bench"
STREAMS = PROGRAMS / "streams"
PEERS = ROOT / "bench/peers"
UNLIMITED = "1000000000"
SETTLE_S = 1
CHAT_LIMITS = [f"RATE_LIMIT_CHAT_{who}" for who in ("GUEST_PER_MINUTE", "GUEST_PER_DAY", "ADDRESS_PER_DAY")]


class Server:
    """A command that listens on self.port."""

    def __init__(self, command, folder=ROOT, **environment):
        self.port = free_port()
        self.command = [str(word).replace("{port}", str(self.port)) for word in command]
        self.folder = folder
        self.environment = {**os.environ, "PORT": str(self.port), **environment}
        self.process = None

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def start(self, path):
        self.process = subprocess.Popen(self.command, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.get(path)
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.command} does not answer")

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def pids(self):
        return measure.tree(self.process.pid)

    def stop(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def floor(workers, reply_file):
    return Server([PROGRAMS / "floor", "{port}", workers, reply_file])


def model(words, first_ms, gap_ms):
    return Server([PROGRAMS / "model", "{port}", words, first_ms, gap_ms])


def relay(to, workers):
    return Server([PROGRAMS / "relay", "{port}", to.port, workers])


def fastapi(workers, database):
    url = f"postgresql+asyncpg://{database['user']}@/{database['dbname']}?host={database['host']}&port={database['port']}"
    command = [sys.executable, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", "{port}", "--workers", workers,
               "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return Server(command, PEERS / "fastapi", DATABASE_URL=url, PYTHONDONTWRITEBYTECODE="1")


def fastify(workers, database):
    return Server(["node", "app.js"], PEERS / "fastify", WORKERS=str(workers), NODE_ENV="production", PGHOST=database["host"],
                  PGPORT=database["port"], PGUSER=database["user"], PGDATABASE=database["dbname"])


class LiveIssuer(Issuer):
    """Keys as a production instance has them."""

    def __init__(self, product):
        super().__init__(product)
        self.publishable_key = self.publishable_key.replace("pk_test_", "pk_live_")


class Ours(App):
    """The release binary as production runs it, but for the rate limits: one address makes all requests here."""

    def __init__(self, product, databases, which, issuer, workers, **settings):
        self.which = which
        super().__init__(product, databases, issuer, WORKERS=workers, ENVIRONMENT="production", LOG_LEVEL="info",
                         CLERK_SECRET_KEY="sk_live_" + os.urandom(16).hex(), DATABASE_URL=databases.url(which),
                         MIGRATE_DATABASE_URL=databases.url(which, "migrate"), RATE_LIMIT_GUEST_PER_MINUTE=UNLIMITED,
                         RATE_LIMIT_USER_PER_MINUTE=UNLIMITED, RATE_LIMIT_ADMIN_PER_MINUTE=UNLIMITED,
                         RATE_LIMIT_FAQ_SEARCH_PER_MINUTE=UNLIMITED, **{name: UNLIMITED for name in CHAT_LIMITS}, **settings)
        del self.settings["CLERK_DEV_PRIVATE_KEY"]
        self.log = subprocess.DEVNULL

    def binary(self):
        return str(ROOT / f"build/release/bin/{self.product}-api")

    def log_text(self):
        return ""  # goes to /dev/null

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def migrate(self):
        done = self.command("migrate")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def pids(self):
        return measure.tree(self.process.pid)

    def counters(self):
        """Sums of /metrics over the workers, by name. They are published twice a second."""
        time.sleep(SETTLE_S)
        sums = {}
        for line in self.get("/metrics").body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.partition("{")[0]
                sums[name] = sums.get(name, 0) + float(value)
        return sums


def idle_connections_kib(ours, count):
    """Growth of the processes' memory a connection that asked once and stays open."""
    pids = ours.pids()
    before = measure.memory_kib(pids, "Rss")
    opened = []
    try:
        for _ in range(count):
            opened.append(socket.create_connection(("127.0.0.1", ours.port), timeout=20))
            opened[-1].sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if not opened[-1].recv(4096).startswith(b"HTTP/1.1 200"):
                raise measure.Void("a connection was refused")
        time.sleep(SETTLE_S)
        return (measure.memory_kib(pids, "Rss") - before) / count
    finally:
        for connection in opened:
            connection.close()
