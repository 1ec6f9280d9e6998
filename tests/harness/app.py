"""One product's real program, started with settings of the test's choice, and a small HTTP client for it."""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

from harness.services import ROOT, bin_dir
from harness.tokens import Issuer

WEBHOOK_SECRET = "whsec_" + "dGVzdC1zZWNyZXQtb2YtdGhlLWhhcm5lc3M="


def free_port():
    """Below the ports that the kernel gives to outgoing connections: none can take it before a server does."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


class App:
    """start() runs `<product>-api serve`; settings not given come from `defaults`."""

    def __init__(self, product, services, issuer=None, **settings):
        self.product = product
        self.services = services
        self.issuer = issuer or Issuer(product)
        self.port = free_port()
        self.settings = {**self.defaults(), **{k: str(v) for k, v in settings.items()}}
        self.log = tempfile.TemporaryFile()
        self.env_file = None  # a path: `settings` go there, and can change between reloads
        self.process = None

    def defaults(self):
        return {
            "PORT": str(self.port), "BIND_ADDR": "127.0.0.1", "WORKERS": "2", "ENVIRONMENT": "development",
            "FRONTEND_URL": f"https://{self.product}.test,https://www.{self.product}.test",
            "DATABASE_URL": self.services.database_url(self.product),
            "MIGRATE_DATABASE_URL": self.services.database_url(self.product, "migrate"),
            "REDIS_URL": self.services.redis_url(self.product),
            "CLERK_PUBLISHABLE_KEY": self.issuer.publishable_key,
            "CLERK_JWT_KEY": self.issuer.public_pem(),
            "CLERK_DEV_PRIVATE_KEY": self.issuer.private_pem(),
            "CLERK_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "RATE_LIMIT_GUEST_PER_MINUTE": "1000000", "RATE_LIMIT_USER_PER_MINUTE": "1000000",
            "RATE_LIMIT_ADMIN_PER_MINUTE": "1000000", "RATE_LIMIT_FAQ_SEARCH_PER_MINUTE": "1000000",
            "RATE_LIMIT_CHAT_GUEST_PER_MINUTE": "1000000", "RATE_LIMIT_CHAT_GUEST_PER_DAY": "1000000",
            "RATE_LIMIT_CHAT_ADDRESS_PER_DAY": "1000000", "RATE_LIMIT_CHAT_USER_PER_MINUTE": "1000000",
            "RATE_LIMIT_CHAT_USER_PER_DAY": "1000000", "RATE_LIMIT_INQUIRIES_PER_HOUR": "1000000",
            "SHUTDOWN_GRACE_SECONDS": "5",
        }

    def binary(self):
        return str(bin_dir() / f"{self.product}-api")

    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        sanitizers = {"ASAN_OPTIONS": "abort_on_error=0:exitcode=99", "UBSAN_OPTIONS": "print_stacktrace=1"}
        return {**kept, **sanitizers, **({} if self.env_file else self.settings)}

    def arguments(self):
        """Of `serve`. Values are quoted so that PEM fits."""
        if self.env_file is None:
            return [self.binary(), "serve"]
        self.env_file.write_text("".join(f'{name}="{value}"\n' for name, value in self.settings.items()))
        return [self.binary(), "serve", "--env-file", str(self.env_file)]

    def command(self, *arguments):
        """Runs a sub-command to its end."""
        return subprocess.run([self.binary(), *arguments], env={**self.environment(), **self.settings}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=120)

    def prepare(self, seeds=None):
        """Its database with the schema and the product's own seeds, or those of another folder."""
        for arguments in (["migrate"], ["seed", "--from", str(seeds or ROOT / "seeds" / self.product)]):
            done = self.command(*arguments)
            assert done.returncode == 0, done.stderr
        return self

    def spawn(self):
        self.process = subprocess.Popen(self.arguments(), env=self.environment(), stdout=self.log,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        return self

    def start(self, path="/ready", status=200, seconds=30):
        self.spawn()
        self.wait(path, status, seconds)
        return self

    def wait(self, path="/ready", status=200, seconds=30):
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.product} ended with {self.process.returncode}:\n{self.log_text()}")
            try:
                last = self.get(path)
                if last.status == status:
                    return last
            except OSError as problem:
                last = problem
            time.sleep(0.02)
        raise RuntimeError(f"{self.product}: {path} never answered {status}, last {last}:\n{self.log_text()}")

    def stop(self, seconds=20):
        """SIGTERM; returns the exit code. A sanitizer report in the log is a failure of the test that stops us."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        finally:
            self.kill()
        text = self.log_text()
        for mark in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "assertion failed"):
            assert mark not in text, text
        return code

    def kill(self):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def log_lines(self, event=None):
        lines = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [line for line in lines if event is None or line["event"] == event]

    def reload(self, **changes):
        """SIGHUP after a change of the env file."""
        self.settings.update({name: str(value) for name, value in changes.items()})
        self.arguments()
        self.process.send_signal(signal.SIGHUP)

    def workers(self):
        out = subprocess.run(["pgrep", "-P", str(self.process.pid)], stdout=subprocess.PIPE, text=True, check=False)
        return [int(pid) for pid in out.stdout.split()]

    # ---- HTTP ----

    def connection(self, timeout=20):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, token=None, connection=None):
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body.encode() if isinstance(body, str) else body
        own = connection is None
        connection = connection or self.connection()
        try:
            connection.request(method, path, body=body, headers=headers)
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            if own:
                connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def patch(self, path, body=None, **options):
        return self.request("PATCH", path, body, **options)

    def put(self, path, body=None, **options):
        return self.request("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def metric(self, name):
        """Sum over its labels and all workers, who publish twice a second."""
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", self.get("/metrics").body.decode(), re.M)
        assert found, name
        return sum(map(float, found))

    def raw(self, data, timeout=5):
        """Sends bytes as they are; returns all that comes back until the peer closes or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as peer:
            peer.sendall(data)
            out = b""
            try:
                while chunk := peer.recv(65536):
                    out += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            return out

    # ---- people ----

    def set_role(self, sub, role):
        done = self.command("user", "set-role", "--clerk-id", sub, "--role", role)
        assert done.returncode == 0, done.stderr

    def token_of(self, role="user", sub=None):
        """A token whose user exists with that role before its first request."""
        done = self.command("dev-token", "--sub", sub or f"user_{role}", "--role", role)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
