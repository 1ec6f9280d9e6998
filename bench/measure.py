"""What is measured and how: load, processor time, memory."""

import json
import os
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 20  # a slow reply is slow, not an error
TICK = os.sysconf("SC_CLK_TCK")
POSTGRES_BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class Void(Exception):
    """A measurement that must not be used."""


@dataclass
class Sample:
    """One workload in one round; None where the tool does not tell."""

    rate: float = None  # a second
    cpu_us: float = None  # of the server's processes, a request
    postgres_us: float = None  # of all backends, a request
    p50_us: float = None
    p99_us: float = None


# ---- processor time and memory, from /proc ----


def stat_of(pid):
    """Fields of /proc/PID/stat behind the command: [0] is the state, [1] the parent."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(pid):
    """The process and everything below it."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(stat_of(entry.name)[1]), []).append(int(entry.name))
            except OSError:
                continue  # it ended meanwhile
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def cpu_s(pids, ended_children=False):
    """User and system time. Time of children that ended counts only where children come and go."""
    last = 15 if ended_children else 13
    return sum(sum(int(ticks) for ticks in stat_of(pid)[11:last]) for pid in pids) / TICK


def postgres_cpu_s(postmaster):
    """Backends that ended are in the postmaster's account; one that ends while we look would be in none or in two."""
    while True:
        try:
            before = tree(postmaster)
            total = cpu_s([postmaster], ended_children=True) + cpu_s(before[1:])
            if tree(postmaster) == before:
                return total
        except OSError:
            continue


def memory_kib(pids, what):
    """Sum of Rss or Pss."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{what}:"):
                total += int(line.split()[1])
    return total


# ---- load ----


def run(command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, **options)
    if done.returncode != 0:
        raise Void(f"{command[0]}: {done.stderr or done.stdout}")
    return done.stdout


@dataclass
class Http:
    """Closed-loop load by wrk over keep-alive connections. lines: ("paths" or "tokens", file)."""

    url: str
    connections: int = 64
    headers: tuple = ()
    lines: tuple = ()

    def __call__(self, seconds):
        threads = min(2, self.connections)
        command = ["wrk", "-t", threads, "-c", self.connections, "-d", seconds, "--timeout", TIMEOUT_S, "-s", HERE / "wrk.lua"]
        for header in self.headers:
            command += ["-H", header]
        command += [self.url, "--", *self.lines, *([threads] if self.lines else [])]
        seen = json.loads(run(command).splitlines()[-1])
        if seen["errors"] or not seen["requests"]:
            raise Void(f"{self.url}: {seen}")
        return seen["requests"], Sample(seen["requests"] * 1e6 / seen["us"], p50_us=seen["p50_us"], p99_us=seen["p99_us"])


@dataclass
class Pgbench:
    """The same statement without any HTTP: prepared, unix socket. What pgbench reaches is what Postgres gives.
    starts: so many a second, at random times, instead of one right after the other."""

    script: tuple  # text, variables
    database: dict  # user, dbname, host, port, session
    clients: int = 1
    starts: float = None

    def __call__(self, seconds):
        text, variables = self.script
        place = self.database
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "script").write_text(text)
            command = [POSTGRES_BIN / "pgbench", "-n", "-M", "prepared", "-T", seconds, "-c", self.clients]
            command += ["-j", min(2, self.clients), "-f", f"{folder}/script"]
            command += [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
            command += ["-l", "--log-prefix", f"{folder}/log"] if self.clients == 1 else []
            command += ["-R", self.starts] if self.starts else []
            command += ["-h", place["host"], "-p", place["port"], "-U", place["user"], place["dbname"]]
            out = run(command, env={**os.environ, "PGOPTIONS": place["session"]})
            logs = [log.read_text() for log in Path(folder).glob("log*")]
        rows = [line.split() for log in logs for line in log.splitlines()]
        latencies = [int(row[2]) - (int(row[6]) if self.starts else 0) for row in rows]  # counted from when it was due
        facts = dict(line.split(":", 1) for line in out.splitlines() if line.startswith("number of"))
        count = int(facts["number of transactions actually processed"].split("/")[0])
        if count == 0 or facts["number of failed transactions"].split()[0] != "0":
            raise Void(out)
        rate = float(out.split("tps = ")[1].split()[0])
        return count, Sample(rate, p50_us=statistics.median(latencies) if latencies else None)


def short(load):
    """One client's load needs no more than two seconds."""
    return lambda seconds: load(min(seconds, 2))[1]


def openssl_verify(seconds):
    """One RSA-2048 verification, on one core."""
    out = run(["openssl", "speed", "-mr", "-seconds", max(1, round(seconds)), "rsa2048"])
    line = next(line for line in out.splitlines() if line.startswith("+F2:"))
    rate = float(line.split(":")[4])
    return 0, Sample(rate, cpu_us=1e6 / rate)
