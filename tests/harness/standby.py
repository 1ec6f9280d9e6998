"""A hot standby of the private Postgres of a test run: a copy of all its databases that replays what the primary writes."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.app import free_port
from harness.processes import children
from harness.services import PSQL
from harness.waiting import until

AS_WHOM = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}  # the server refuses to run as root


def program(name):
    """Of the newest Postgres here, as scripts/lib/services.sh takes it."""
    versions = sorted(Path("/usr/lib/postgresql").iterdir(), key=lambda folder: int(folder.name))
    return str(versions[-1] / "bin" / name)


class Standby:
    """Its socket is beside that of the primary, under another port."""

    def __init__(self, services):
        self.services = services
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="standby-", dir="/var/tmp"))
        if AS_WHOM:
            shutil.chown(self.folder, "postgres", "postgres")
        self.log = tempfile.TemporaryFile()
        self.process = None
        subprocess.run([program("pg_basebackup"), "-D", str(self.folder / "data"), "-R", "-X", "stream", "--checkpoint=fast", "--no-sync",
                        "-d", services.psql_url("postgres")], check=True, cwd="/", **AS_WHOM)
        self.start()

    def url(self, product, role="user"):
        return self._at_its_port(self.services.database_url(product, role))

    def _at_its_port(self, url):
        return url.replace(f"port={self.services.env['PGPORT']}", f"port={self.port}")

    def sql(self, product, statement):
        """Rows as lists of text, as superuser; None while it does not answer."""
        url = self._at_its_port(self.services.psql_url(f"{product}_db_test"))
        done = subprocess.run([PSQL, "-X", "-q", "-A", "-t", "-F", "\t", "-d", url, "-c", statement], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False, timeout=20)
        return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else None

    def start(self):
        self.process = subprocess.Popen([program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)], stdout=self.log,
                                        stderr=subprocess.STDOUT, cwd="/", **AS_WHOM)
        with_this = subprocess.list2cmdline(self.process.args)
        until(lambda: self._takes_connections() or self.process.poll() is not None, seconds=60, what=f"{with_this} does not answer")
        assert self.process.poll() is None, self.log_text()

    def _takes_connections(self):
        done = subprocess.run([program("pg_isready"), "-q", "-h", self.services.env["PGHOST"], "-p", str(self.port)], check=False, timeout=20)
        return done.returncode == 0

    def log_text(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self):
        """At once: who is connected is thrown out."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)

    @contextlib.contextmanager
    def away(self):
        """In the block it does not run."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextlib.contextmanager
    def behind(self, product):
        """In the block it stays where it is, whatever the primary writes."""
        self.sql(product, "SELECT pg_wal_replay_pause()")
        until(lambda: self.sql(product, "SELECT pg_get_wal_replay_pause_state()") == [["paused"]])
        try:
            yield
        finally:
            self.sql(product, "SELECT pg_wal_replay_resume()")

    def processes(self):
        return [self.process.pid, *children(self.process.pid)]

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
