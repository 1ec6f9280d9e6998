"""scripts/run.sh and its companions, as somebody uses them who has just cloned the checkout: both products at once, on
ports and in a folder of the test's own."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import pytest
from conftest import PRODUCTS
from harness.app import free_port
from harness.services import ROOT

DEADLINE_S = 800  # the first run may have to build everything on a busy machine
NAMES = {name: f"{name.upper()}_PORT" for name in PRODUCTS}


class Checkout:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir="/var/tmp"))
        self.folder.chmod(0o711)
        self.ports = {product: free_port() for product in PRODUCTS}
        self.running = []
        self.env = {**os.environ, "DEV_DIR": str(self.folder), "POSTGRES_PORT": "0", "REDIS_PORT": "0",
                    **{NAMES[product]: str(port) for product, port in self.ports.items()}}

    def script(self, name, *arguments, cwd=ROOT, ok=True, **env):
        done = subprocess.run([str(ROOT / "scripts" / name), *arguments], cwd=cwd, env={**self.env, **env}, timeout=DEADLINE_S,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, check=False)
        assert not ok or done.returncode == 0, done.stderr
        return done

    def foreground(self):
        """As in a terminal: a process group of its own that Ctrl-C reaches. Returns when it says that all is up."""
        running = subprocess.Popen(
            [str(ROOT / "scripts/run.sh")], cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.running.append(running)
        said = ""
        for line in running.stdout:
            said += line
            if "Ctrl-C" in line:
                return running
        raise AssertionError(said)

    def end(self):
        for running in self.running:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGTERM)
                running.communicate()
        self.script("stop.sh")

    def get(self, product, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[product]}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=20) as reply:
            return json.load(reply)

    def processes(self):
        """Ids of everything that runs from this folder: servers by their pid files, workers by their parent."""
        pids = [int((self.folder / "postgres/postmaster.pid").read_text().split()[0]),
                int((self.folder / "redis/redis.pid").read_text())]
        for product in PRODUCTS:
            master = (self.folder / product / "api.pid").read_text().strip()
            workers = subprocess.run(["pgrep", "-P", master], stdout=subprocess.PIPE, text=True, check=True)
            pids += [int(master), *map(int, workers.stdout.split())]
        return pids

    def is_silent(self, pids):
        for product in PRODUCTS:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.ports[product])) == 0:
                    return False
        return not any(is_running(pid) for pid in pids)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def folder():
    one = Checkout()
    yield one
    one.script("services.sh", "remove", str(one.folder))
    shutil.rmtree(one.folder)


@pytest.fixture
def checkout(folder):
    """Nothing runs at the beginning of a test, nor after it; the data stays."""
    yield folder
    folder.end()


def test_detached_run_serves_and_stop_leaves_nothing_running(checkout):
    said = checkout.script("run.sh", "--detach").stdout
    for product in PRODUCTS:
        assert f"http://127.0.0.1:{checkout.ports[product]}/docs" in said
        assert checkout.get(product, "/ready")["status"] == "ready"
        assert checkout.get(product, "/api/v1/properties?limit=3")["data"]
    roles = re.findall(r"^  (user|admin) +(\S+)$", said, re.MULTILINE)
    assert [role for role, _ in roles] == ["user", "admin"] * len(PRODUCTS)
    for number, (role, token) in enumerate(roles):
        assert checkout.get(PRODUCTS[number // 2], "/api/v1/users/me", token)["role"] == role
    requests = re.findall(r"^  (curl .*)$", said, re.MULTILINE)
    assert len(requests) == 3
    for request in requests:
        shown = subprocess.run(["bash", "-c", request], cwd=ROOT, env=checkout.env, stdout=subprocess.PIPE, text=True, check=True)
        assert "error" not in json.loads(shown.stdout), request
    pids = checkout.processes()
    assert all(is_running(pid) for pid in pids)
    checkout.script("stop.sh")
    assert checkout.is_silent(pids)


def test_run_again_keeps_the_data_and_ctrl_c_stops_it(checkout):
    running = checkout.foreground()
    for product in PRODUCTS:
        token = checkout.script("token.sh", product, "--role", "agent", "--sub", "user_kim", "--email", "kim@example.com").stdout
        assert len(token.splitlines()) == 1
        me = checkout.get(product, "/api/v1/users/me", token.strip())
        assert (me["clerk_user_id"], me["role"], me["email"]) == ("user_kim", "agent", "kim@example.com")
    pids = checkout.processes()
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert checkout.is_silent(pids)
    checkout.script("run.sh", "--detach")
    for product in PRODUCTS:
        shown = checkout.script("psql.sh", product, "-Atc", "SELECT current_user, role FROM users WHERE clerk_user_id = 'user_kim'")
        assert shown.stdout == f"{product}_user|agent\n"


def test_a_second_run_takes_over_from_the_first(checkout):
    """The first one ends by itself and does not take the servers of the second with it."""
    first = checkout.foreground()
    checkout.script("run.sh", "--detach")
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 0, said
    for product in PRODUCTS:
        assert checkout.get(product, "/ready")["status"] == "ready"


def test_a_crash_of_one_product_ends_the_run(checkout):
    running = checkout.foreground()
    pids = checkout.processes()
    victim = int((checkout.folder / PRODUCTS[0] / "api.pid").read_text())
    os.kill(victim, signal.SIGKILL)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 1 and f"{PRODUCTS[0]} ended" in said
    assert checkout.is_silent(pids)


def test_a_port_in_use_is_told_and_nothing_stays_behind(checkout):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        refused = checkout.script("run.sh", "--detach", ok=False, **{NAMES[PRODUCTS[-1]]: str(taken)})
    assert refused.returncode == 1 and f"port {taken} is in use" in refused.stderr
    assert checkout.is_silent([])


def test_scripts_say_what_is_missing(checkout):
    checkout.script("run.sh", "--detach")
    assert "use one of: " + " ".join(PRODUCTS) in checkout.script("token.sh", "nobody", ok=False).stderr
    empty = checkout.folder / "empty"
    for name in ("token.sh", "psql.sh"):
        refused = checkout.script(name, PRODUCTS[0], ok=False, DEV_DIR=str(empty))
        assert refused.returncode == 1 and "scripts/run.sh" in refused.stderr, refused.stderr
    assert checkout.script("stop.sh", DEV_DIR=str(empty)).stderr == ""
    # A relative folder is one below where the caller stands.
    stopped = checkout.script("token.sh", PRODUCTS[0], cwd=checkout.folder.parent, DEV_DIR=checkout.folder.name)
    assert stopped.stdout.count(".") == 2
