"""A compose file that is up, and its products as clients reach them."""

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess

from harness.app import App
from harness.services import ROOT
from harness.waiting import until


def docker(*words, code=0):
    done = subprocess.run(["docker", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=600)
    assert code is None or done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout


def has_plugin():
    """Debian 13 has compose as a part of docker, Debian 12 as a program of its own."""
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


class Compose:
    def __init__(self, file, **variables):
        program = ["docker", "compose"] if has_plugin() else [shutil.which("docker-compose")]
        self.command = [*program, "-p", "proof", "-f", str(ROOT / file), "--project-directory", str(ROOT)]
        self.environment = {**os.environ, **variables}

    def run(self, *words, code=0):
        done = subprocess.run([*self.command, *words], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=600)
        assert code is None or done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def up(self, *services):
        """In the block it runs, from nothing, and these are healthy."""
        self.run("config", "--quiet")
        self.run("down", "--volumes")
        self.run("up", "--detach")
        self.wait_until_healthy(*services)
        yield self
        self.run("down", "--volumes")

    def containers(self, service):
        """Ids of those that run."""
        return self.run("ps", "-q", service).split()

    def execute(self, service, *words, code=0):
        return self.run("exec", "-T", service, *words, code=code)

    def is_healthy(self, container):
        return docker("inspect", "--format", "{{.State.Health.Status}}", container).strip() == "healthy"

    def wait_until_healthy(self, *services):
        for service in services:
            until(lambda of=service: self.containers(of) and all(map(self.is_healthy, self.containers(of))), seconds=90,
                  what=f"{service} never became healthy")

    def logs(self):
        return self.run("logs", "--no-color")


class Site(App):
    """A product that compose runs: on a port of this machine, or behind TLS under a name."""

    def __init__(self, product, port, issuer=None, host=None):
        super().__init__(product, services=None, issuer=issuer)
        self.port = port
        self.host = host

    def defaults(self):
        return {}

    def is_ready(self):
        try:
            return self.get("/ready").status == 200
        except OSError:
            return False

    def connection(self, timeout=20):
        if self.host is None:
            return super().connection(timeout)
        return Secured(self.host, self.port, timeout)


class Secured(http.client.HTTPSConnection):
    """Asks this machine for a name that no name server knows. Who signed the certificate is not what is tested."""

    def __init__(self, host, port, timeout):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super().__init__(host, port, timeout=timeout, context=context)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)
