"""A private Postgres and Redis for one test run."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not the wrapper on the PATH, which starts an interpreter before it starts this.
PSQL = str(max(Path("/usr/lib/postgresql").glob("*/bin/psql"), key=lambda path: int(path.parts[-3])))


class Services:
    """Started by scripts/services.sh, which also makes the roles and databases of every product."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="blackbox-", dir="/var/tmp"))
        self.folder.chmod(0o711)
        self.env = self._run("start", "--volatile")

    def _run(self, verb, *options):
        done = subprocess.run(
            [str(ROOT / "scripts/services.sh"), verb, str(self.folder), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"services.sh {verb}: {done.stderr}")
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    def database_url(self, product, role="user"):
        name = "TEST_DATABASE_URL" if role == "user" else "TEST_MIGRATE_DATABASE_URL"
        return self.env[f"{product.upper()}_{name}"]

    def second_database(self, product):
        """Settings of a program that is to have a database to itself: nobody else uses <product>_db_dev in a file of tests."""
        return {name: self.env[f"{product.upper()}_{name}"] for name in ("DATABASE_URL", "MIGRATE_DATABASE_URL")}

    def redis_url(self, product):
        return self.env[f"{product.upper()}_REDIS_URL"]

    def psql_url(self, database, role=None):
        url = self.env["SUPERUSER_DATABASE_URL"].replace("/postgres?", f"/{database}?")
        return url if role is None else url.replace("//postgres@", f"//{role}@")

    def sql(self, product, statement, role=None, database=None):
        """Rows of psql as lists of text; as superuser unless a role is named."""
        url = self.psql_url(database or f"{product}_db_test", role)
        done = subprocess.run(
            [PSQL, "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "PGOPTIONS": "-c default_transaction_read_only=off"})
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def locked(self, product, table, database=None):
        """Nobody else reads or writes the table inside the block."""
        return self.holding(product, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", database)

    @contextlib.contextmanager
    def holding(self, product, statement, database=None):
        """What the statement locks stays locked inside the block."""
        url = self.psql_url(database or f"{product}_db_test")
        shell = subprocess.Popen([PSQL, "-X", "-q", "-A", "-t", "-d", url],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        shell.stdin.write(f"BEGIN; {statement}; SELECT 'locked';\n")
        shell.stdin.flush()
        while (line := shell.stdout.readline()) != "locked\n":
            assert line, "the statement failed"
        try:
            yield
        finally:
            shell.communicate("ROLLBACK;\n")

    def alter_system(self, product, setting):
        """Changes a setting of the whole server, also for sessions that are open: "name = value" or "RESET name"."""
        verb = setting if setting.startswith("RESET ") else f"SET {setting}"
        self.sql(product, f"ALTER SYSTEM {verb}")
        self.sql(product, "SELECT pg_reload_conf()")

    def backends(self, product):
        """Process ids of the program's connections."""
        return [int(row[0]) for row in self.sql(
            product, f"SELECT pid FROM pg_stat_activity WHERE usename = '{product}_user' ORDER BY backend_start")]

    def redis(self, *words, product=None, ok=True):
        """Output of redis-cli; as admin unless a product is named."""
        url = self.env["REDIS_ADMIN_URL"] if product is None else self.redis_url(product)
        done = subprocess.run(["redis-cli", "--no-auth-warning", "-u", url, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=10)
        assert not ok or done.returncode == 0, done.stdout
        return done.stdout.strip()

    def _home(self):
        home = self.folder / "home"
        return Path(home.read_text().strip()) if home.exists() else self.folder

    def postgres_pid(self):
        return int((self._home() / "postgres/postmaster.pid").read_text().splitlines()[0])

    def redis_pid(self):
        return int((self._home() / "redis/redis.pid").read_text())

    def stop_one(self, which):
        self._run("stop", which)

    def start_again(self):
        self._run("start", "--volatile")

    def close(self):
        subprocess.run([str(ROOT / "scripts/services.sh"), "remove", str(self.folder)], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


def bin_dir():
    return Path(os.environ.get("BIN_DIR", ROOT / "build/dev/bin"))
