"""PgBouncer in transaction mode, with the configuration of deploy/pgbouncer, between the programs and Postgres."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import harness.app
from harness.brand import PRODUCTS
from harness.services import PSQL, ROOT, Services

CONFIGURATION = ROOT / "deploy/pgbouncer/pgbouncer.ini"


def binary():
    """The one that scripts/setup.sh builds where Debian's is too old, else Debian's."""
    return shutil.which("pgbouncer", path="/usr/local/sbin:/usr/sbin")


class PooledServices(Services):
    """Programs reach Postgres through PgBouncer; migrations, the superuser and what a test does directly do not."""

    def __init__(self, **changes):
        super().__init__()
        self.port = harness.app.free_port()
        self.log = tempfile.TemporaryFile()
        self.process = None
        self.pool_folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir="/var/tmp"))
        self.start_pooler(**changes)

    def database_url(self, product, role="user"):
        direct = super().database_url(product, role)
        return direct if role != "user" else self.pooled_url(product, role)

    def pooled_url(self, product, role):
        return (f"postgresql://{product}_{role}:{quote(self.secret(product, role))}@127.0.0.1:{self.port}/{product}_db_test")

    def secret(self, product, role):
        return (self.folder / "secrets" / f"{product}_{role}").read_text().strip()

    def configure(self, without="", **changes):
        """The shipped file with this run's addresses; `changes`: other values of its settings; `without`: text that is left out."""
        changes = {"listen_addr": "127.0.0.1", "listen_port": self.port, "auth_file": self.pool_folder / "userlist.txt", **changes}
        text = CONFIGURATION.read_text()
        assert without in text
        text = text.replace(without, "").replace("host=postgres port=5432", f"host={self.env['PGHOST']} port={self.env['PGPORT']}")
        for name, value in changes.items():
            text, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
            assert count == 1, name
        (self.pool_folder / "pgbouncer.ini").write_text(text)
        people = [f"{product}_{role}" for product in PRODUCTS for role in ("user", "migrate")]
        (self.pool_folder / "userlist.txt").write_text("".join(f'"{name}" "{self.secret(*name.rsplit("_", 1))}"\n' for name in people))

    def start_pooler(self, **changes):
        self.configure(**changes)
        for path in (self.pool_folder, *self.pool_folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)
        as_whom = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        self.process = subprocess.Popen([binary(), str(self.pool_folder / "pgbouncer.ini")], stdout=self.log, stderr=subprocess.STDOUT,
                                        cwd="/", **as_whom)
        deadline = time.monotonic() + 20
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.pooler_log()
            time.sleep(0.05)

    def answers(self):
        done = subprocess.run([PSQL, "-X", "-q", "-c", "SELECT 1", self.pooled_url(PRODUCTS[0], "user")], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False, timeout=20)
        return done.returncode == 0

    def stop_pooler(self):
        self.process.kill()
        self.process.wait()

    def pooler_log(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def close(self):
        self.stop_pooler()
        shutil.rmtree(self.pool_folder, ignore_errors=True)
        super().close()
