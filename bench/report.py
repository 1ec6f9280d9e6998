"""The goals, and what a run says about them."""

import os
import platform
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

END = "<!-- bench:end -->"
CONTROL_MAX = 0.02  # how far ours may be from itself in a run that is believed


@dataclass
class Goal:
    """value: from the samples of one round, or from the memory; needs: the workloads it looks at."""

    group: str
    title: str
    limit: str
    needs: tuple
    value: Callable
    least: float = None
    most: float = None
    unit: str = ""

    def reach(self):
        if self.least is not None:
            return f">= {self.least:g}{self.unit}"
        return "" if self.most is None else f"<= {self.most:g}{self.unit}"

    def verdict(self, value):
        if self.least is None and self.most is None:
            return ""
        good = value >= self.least if self.least is not None else value <= self.most
        return "yes" if good else "**no**"


def ratio_of(sample, other, member):
    return getattr(sample, member) / getattr(other, member)


def rates(one, other):
    return lambda round: ratio_of(round[one], round[other], "rate")


def costs(one, other):
    return lambda round: ratio_of(round[one], round[other], "cpu_us")


def p50s(one, other):
    return lambda round: ratio_of(round[one], round[other], "p50_us")


def extra_cost(round):
    return (round["me-new"].cpu_us - round["me-same"].cpu_us) / round["rsa"].cpu_us


GOALS = [
    Goal("health", "`/health`, 64 connections: requests/s", "bare epoll server", ("health", "floor"), rates("health", "floor"), 0.75),
    Goal("health", "the same: server CPU a request", "bare epoll server", ("health", "floor"), costs("health", "floor")),
    Goal("get", "one property by id: requests/s", "pgbench, same statement", ("get", "pg-get"), rates("get", "pg-get"), 0.55),
    Goal("get", "the same: server CPU a request", "", ("get",), lambda round: round["get"].cpu_us, unit=" us"),
    Goal("get", "the same, against the floor", "bare epoll server", ("get", "floor"), costs("get", "floor"), most=3.8),
    Goal("get", "the same: Postgres CPU a request", "pgbench, same statement", ("get", "pg-get"),
         lambda round: ratio_of(round["get"], round["pg-get"], "postgres_us")),
    Goal("list", "list of 20: requests/s", "pgbench, same statement", ("list", "pg-list"), rates("list", "pg-list"), 0.5),
    Goal("list", "the same: Postgres CPU a request", "pgbench, same statement", ("list", "pg-list"),
         lambda round: ratio_of(round["list"], round["pg-list"], "postgres_us")),
    Goal("me", "`/users/me`, token seen before: requests/s", "one property by id, ours", ("me", "get"), rates("me", "get"), 0.9),
    Goal("me", "`/users/me`, token new each time: extra CPU", "`openssl speed`, one RSA-2048 verification",
         ("me-same", "me-new", "rsa"), extra_cost, most=1.5),
    Goal("faq", "FAQ search, kept by the worker: server CPU", "`/health`, ours", ("faq-kept", "health"), costs("faq-kept", "health"),
         most=1.3),
    Goal("faq", "FAQ search, kept by Redis: CPU with Redis", "`redis-benchmark` GET and the epoll server",
         ("faq-shared", "redis-get", "floor"),
         lambda round: round["faq-shared"].cpu_us / (round["redis-get"].cpu_us + round["floor"].cpu_us), most=1.6),
    Goal("faq", "FAQ search, computed, one client: p50 over 1.2 x", "pgbench, same statement", ("faq-computed", "pg-faq"),
         lambda round: round["faq-computed"].p50_us - 1.2 * round["pg-faq"].p50_us, most=200, unit=" us"),
    Goal("faq", "FAQ search, vector from a service of 50 ms: p50 over", "the service, then the same statement in pgbench, as rarely",
         ("faq-missed", "service", "pg-faq-remote"),
         lambda round: round["faq-missed"].p50_us - round["service"].p50_us - round["pg-faq-remote"].p50_us, most=1000, unit=" us"),
    Goal("chat", "one stream: time to the first word, p50 over", "the model asked directly", ("chat-one", "model-one"),
         lambda round: round["chat-one"].p50_us - round["model-one"].p50_us, most=300, unit=" us"),
    Goal("chat", "the same: p99 over", "the model asked directly", ("chat-one", "model-one"),
         lambda round: round["chat-one"].p99_us - round["model-one"].p99_us, most=1000, unit=" us"),
    Goal("chat", "500 streams of 20 words/s: a word's way, p99 over", "the model asked directly", ("chat-500", "model-500"),
         lambda round: round["chat-500"].p99_us - round["model-500"].p99_us, most=5000, unit=" us"),
    Goal("chat", "the same: server CPU a word", "bare epoll relay", ("chat-500", "relay-500"), costs("chat-500", "relay-500"), most=2.5),
    Goal("chat", "1,500 streams of 20 words/s on one worker: a word's way, p99 over", "the model asked directly",
         ("chat-1500", "model-1500"), lambda round: round["chat-1500"].p99_us - round["model-1500"].p99_us, most=10000, unit=" us"),
    Goal("chat", "the same of a bare epoll relay in our place", "the model asked directly",
         ("relay-1500", "model-1500"), lambda round: round["relay-1500"].p99_us - round["model-1500"].p99_us, unit=" us"),
    Goal("chat", "one property while 2,000 streams wait: server CPU", "the same without them", ("get-parked", "get-alone"),
         costs("get-parked", "get-alone"), most=1.15),
    Goal("chat", "whole answer of the local provider, new question: p50", "FAQ search of ours, computed", ("chat-local-new", "faq-one-new"),
         p50s("chat-local-new", "faq-one-new"), most=3),
    Goal("chat", "the same question again: p50", "FAQ search of ours, kept by the worker", ("chat-local-again", "faq-one-again"),
         p50s("chat-local-again", "faq-one-again"), most=2),
    Goal("bookings", "quote, 20 rules and 14 nights: server CPU", "one property by id, ours", ("quote", "quote-get"),
         costs("quote", "quote-get"), most=2),
    Goal("bookings", "calendar of 365 days, one client: p50 over 1.5 x", "pgbench, same statements", ("calendar", "pg-calendar"),
         lambda round: round["calendar"].p50_us - 1.5 * round["pg-calendar"].p50_us, most=300, unit=" us"),
    Goal("bookings", "holds made, 16 clients: holds/s", "pgbench, same transaction", ("hold", "pg-hold"), rates("hold", "pg-hold"), 0.7),
    Goal("bookings", "20 listings free on 14 nights, of 100,000 with ten stays each: p50", "pgbench, same statement",
         ("free", "pg-free"), p50s("free", "pg-free"), most=1.2),
    Goal("bookings", "the same: p50", "", ("free",), lambda round: round["free"].p50_us / 1000, most=50, unit=" ms"),
    Goal("start", "start to `/ready`, schema as it should be", "", ("start",), lambda round: round["start"].p50_us / 1000, most=300,
         unit=" ms"),
    Goal("start", "a listing again after Postgres is back", "", ("postgres-back",), lambda round: round["postgres-back"].p50_us / 1e6,
         most=2, unit=" s"),
    Goal("start", "Redis in use again after it is back", "", ("redis-back",), lambda round: round["redis-back"].p50_us / 1e6, most=2,
         unit=" s"),
    Goal("peers", "FastAPI, one property as a model: ours is", "x the peer's requests/s", ("get", "fastapi"),
         rates("get", "fastapi"), 25),
    Goal("peers", "FastAPI, the rendered text passed on: ours is", "x the peer's requests/s", ("get", "fastapi-rendered"),
         rates("get", "fastapi-rendered")),
    Goal("peers", "Fastify, one property through its schema: ours is", "x the peer's requests/s", ("get", "fastify"),
         rates("get", "fastify"), 4),
    Goal("peers", "Fastify, the rendered text passed on: ours is", "x the peer's requests/s", ("get", "fastify-rendered"),
         rates("get", "fastify-rendered")),
    Goal("growth", "get, {rows} rows: p50", "ours at 1,000 rows", ("get-big", "get-small"), p50s("get-big", "get-small"), most=1.2),
    Goal("growth", "the same in pgbench", "pgbench at 1,000 rows", ("pg-get-big", "pg-get-small"), p50s("pg-get-big", "pg-get-small")),
    Goal("growth", "list page 11, {rows} rows: p50", "ours at 1,000 rows", ("list-big", "list-small"),
         p50s("list-big", "list-small"), most=1.2),
    Goal("growth", "the same in pgbench", "pgbench at 1,000 rows", ("pg-list-big", "pg-list-small"),
         p50s("pg-list-big", "pg-list-small")),
]
MEMORY = [
    Goal("memory", "memory at start, all processes: RSS", "", (), lambda memory: memory["rss_mib"], most=30, unit=" MiB"),
    Goal("memory", "the same: PSS (shared pages counted once)", "", (), lambda memory: memory["pss_mib"], unit=" MiB"),
    Goal("memory", "memory an idle keep-alive connection", "", (), lambda memory: memory["idle_kib"], most=12, unit=" KiB"),
    Goal("chat", "memory an open stream", "", (), lambda memory: memory["stream_kib"], most=64, unit=" KiB"),
]
CONTROL = Goal("", "control: ours against itself", "", ("get", "get-again"), rates("get-again", "get"))
GROUPS = sorted({goal.group for goal in GOALS + MEMORY})


def chosen(groups):
    return [goal for goal in GOALS if goal.group in groups]


def workloads_for(groups):
    """In a fixed order: the rounds shuffle their own copy."""
    return list(dict.fromkeys(name for goal in [CONTROL, *chosen(groups)] for name in goal.needs))


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def goal_row(goal, values, rows):
    middle = statistics.median(values)
    spread = f" ({number(min(values))}..{number(max(values))})" if len(values) > 1 else ""
    title = goal.title.replace("{rows}", f"{rows:,}")
    return f"| {title} | {goal.limit} | {number(middle)}{goal.unit}{spread} | {goal.reach()} | {goal.verdict(middle)} |"


def sample_row(name, samples, clients):
    def middle(member):
        values = [getattr(sample, member) for sample in samples]
        return "" if None in values else number(statistics.median(values))

    note = f", {clients[name]} clients" if name in clients else ""
    cells = [middle(member) for member in ("rate", "cpu_us", "postgres_us", "p50_us", "p99_us")]
    return f"| {name}{note} | {' | '.join(cells)} |"


def machine():
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    release = Path("/etc/os-release").read_text().split('PRETTY_NAME="')[1].split('"')[0]
    return f"{os.cpu_count()} cores ({cpu}), Linux {platform.release().partition('-')[0]}, {release}"


def control_error(rounds):
    return abs(statistics.median(CONTROL.value(one) for one in rounds) - 1)


def markdown(bench, rounds, groups):
    options = bench.options
    lines = [f"Machine: {machine()}; load average before the run {options.load_before:.2f}. {len(rounds)} rounds of {options.seconds} s.", ""]
    lines += ["| what | limit in the same run | median (min..max) | goal | reached |", "|---|---|---|---|---|"]
    lines += [goal_row(goal, [goal.value(one) for one in rounds], options.rows) for goal in chosen(groups)]
    lines += [goal_row(goal, [goal.value(bench.memory)], options.rows) for goal in MEMORY if goal.group in groups]
    lines += [goal_row(CONTROL, [CONTROL.value(one) for one in rounds], options.rows), ""]
    lines += ["| workload, medians | requests/s | server CPU us | Postgres CPU us | p50 us | p99 us |", "|---|---|---|---|---|---|"]
    lines += [sample_row(name, [one[name] for one in rounds], bench.pgbench_clients) for name in rounds[0]]
    if control_error(rounds) > CONTROL_MAX:
        lines += ["", f"**Ours differs from itself by more than {CONTROL_MAX:.0%}: the machine was too busy to believe small differences.**"]
    return "\n".join(lines) + "\n"


def mark(groups):
    return f"<!-- bench:begin {','.join(sorted(groups))} -->"


def has_place(page, groups):
    return mark(groups) in page.read_text()


def keep(page, groups, text):
    """Replaces the tables of a run of these groups: what stands between its mark and the next end."""
    before, rest = page.read_text().split(mark(groups))
    page.write_text(f"{before}{mark(groups)}\n{text}{END}{rest.partition(END)[2]}")
