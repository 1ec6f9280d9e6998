"""A private Postgres and Redis for one test run."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


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

    def redis_url(self, product):
        return self.env[f"{product.upper()}_REDIS_URL"]

    def sql(self, product, statement, role=None):
        """Rows of psql as lists of text; as superuser unless a role is named."""
        url = self.env["SUPERUSER_DATABASE_URL"].replace("/postgres?", f"/{product}_db_test?")
        if role is not None:
            url = url.replace("//postgres@", f"//{role}@")
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def postgres_pid(self):
        home = self.folder / "home"
        base = Path(home.read_text().strip()) if home.exists() else self.folder
        return int((base / "postgres/postmaster.pid").read_text().splitlines()[0])

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
