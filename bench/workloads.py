"""What is run: servers and databases of a run, and every workload by name."""

import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import bookings_load
import chat_load
import database
import faq_load
import measure
import servers
import start_load
from database import LIST_ROWS, PAGES_SKIPPED
from measure import Http, Pgbench, Void

PRODUCT = "bestays"
SMALL_ROWS = 1000
ONE = 500  # the id of "one property"
API = "/api/v1/properties"
LIST = f"{API}?limit={LIST_ROWS}"
PGBENCH_CLIENTS = (2, 4, 8, 16, 32, 64)
PGBENCH_TRIES = 3
GROWTH_IDS = 1000
WARM_UP_REQUESTS = 30000
WARM_UP_MAX_S = 30
PERSON = "user_bench"
TOKENS_A_SECOND = 25000  # more than two cores can verify
TOKEN_CHUNKS = 3
TOKEN_LIFE_S = 6 * 3600
TOKEN_MEMO_S = 65  # a token is remembered for 60 s
TOKENS_VERIFIED_MIN = 0.99


signer = None  # of a process that signs; a private key cannot be sent to it, but is inherited


def sign_with(issuer):
    global signer
    signer = issuer


def sign_one(sub):
    header = {"alg": "RS256", "kid": signer.kid, "typ": "JWT"}
    claims = signer.claims(sub, sid="sess_" + os.urandom(12).hex(), exp=int(time.time()) + TOKEN_LIFE_S,
                           email=f"{sub}@example.com", email_verified=True)
    return signer.sign(header, claims)


def sign_tokens(issuer, people):
    """One each; tokens of one person differ in their session. The signers end by themselves: one that is told by a signal may hang."""
    with multiprocessing.get_context("fork").Pool(initializer=sign_with, initargs=(issuer,)) as pool:
        tokens = pool.map(sign_one, people, chunksize=1000)
        pool.close()
        pool.join()
        return tokens


class Tokens:
    """Files of tokens. A file is not used again before the server has forgotten it."""

    def __init__(self, folder, issuer, count):
        self.files = [folder / f"tokens.{number}" for number in range(TOKEN_CHUNKS)]
        self.used = [-TOKEN_MEMO_S] * TOKEN_CHUNKS
        self.at = 0
        for file in self.files:
            file.write_text("\n".join(sign_tokens(issuer, [PERSON] * count)) + "\n")

    def next_file(self):
        self.at = (self.at + 1) % TOKEN_CHUNKS
        time.sleep(max(0, self.used[self.at] + TOKEN_MEMO_S - time.monotonic()))
        self.used[self.at] = time.monotonic()
        return self.files[self.at]


class Bench:
    """Everything that one run needs; `workloads` is what the rounds choose from."""

    def __init__(self, options):
        self.options = options
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.databases = database.Databases(PRODUCT)
        self.issuer = servers.LiveIssuer(PRODUCT)
        self.started = []
        self.kept = []
        self.workloads = {}
        self.memory = {}
        self.pgbench_clients = {}

    def close(self):
        for server in self.started:
            server.stop()
        for thing in (*self.kept, self.databases):
            thing.close()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()

    def start(self, server, path):
        self.started.append(server)
        server.start(path)
        return server

    def keep(self, thing):
        """Closed at the end."""
        self.kept.append(thing)
        return thing

    def start_ours(self, which, rows):
        ours = servers.Ours(PRODUCT, self.databases, which, self.issuer, self.options.workers)
        ours.migrate()
        self.databases.fill(which, rows)
        return self.start(ours, "/ready")

    # ---- workloads ----

    def measured(self, load, server):
        """The load with the processor time of the server and of Postgres a request."""
        postmaster = self.databases.postgres_pid()

        def one(seconds):
            pids = server.pids() if server is not None else []
            before = measure.cpu_s(pids), measure.postgres_cpu_s(postmaster)
            count, sample = load(seconds)
            after = measure.cpu_s(pids), measure.postgres_cpu_s(postmaster)
            if server is not None:
                sample.cpu_us = (after[0] - before[0]) * 1e6 / count
            sample.postgres_us = (after[1] - before[1]) * 1e6 / count
            return sample

        return one

    def add(self, name, load, server=None):
        self.workloads[name] = self.measured(load, server)

    def add_plain(self, ours):
        """Whole machine, 64 connections: ours, its limits, its control."""
        reply = self.folder / "reply"
        reply.write_bytes(ours.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", timeout=1))
        floor = self.start(servers.floor(self.options.workers, reply), "/")
        self.add("floor", Http(floor.url("/health")), floor)
        self.add("health", Http(ours.url("/health")), ours)
        self.add("get", Http(ours.url(f"{API}/{ONE}")), ours)
        self.add("get-again", Http(ours.url(f"{API}/{ONE}")), ours)
        self.add("list", Http(ours.url(LIST)), ours)

    def add_pgbench(self, name, statement, values):
        """With as many clients as reach the most."""
        script = database.bind(statement, values)
        place = self.databases.parts("small")
        rates = dict.fromkeys(PGBENCH_CLIENTS, 0)
        for _ in range(PGBENCH_TRIES):  # one bad second of the machine must not choose
            for clients in PGBENCH_CLIENTS:
                rates[clients] = max(rates[clients], Pgbench(script, place, clients)(1)[1].rate)
        self.pgbench_clients[name] = max(rates, key=rates.get)
        self.add(name, Pgbench(script, place, self.pgbench_clients[name]))

    def add_people(self, ours):
        seen = sign_tokens(self.issuer, [PERSON])[0]
        me = ours.url("/api/v1/users/me")
        self.expect_ok(ours.get("/api/v1/users/me", token=seen))
        self.add("me", Http(me, headers=(f"Authorization: Bearer {seen}",)), ours)
        repeated = self.folder / "token"
        repeated.write_text(f"{seen}\n")
        self.add("me-same", lambda seconds: Http(me, lines=("tokens", repeated))(min(seconds, 2)), ours)
        tokens = Tokens(self.folder, self.issuer, round(TOKENS_A_SECOND * min(self.options.seconds, 2)))

        def new_tokens(seconds):
            before = ours.counters()
            count, sample = Http(me, lines=("tokens", tokens.next_file()))(min(seconds, 2))
            after = ours.counters()
            verified = after["auth_tokens_verified_total"] - before["auth_tokens_verified_total"]
            if verified < TOKENS_VERIFIED_MIN * count:
                raise Void(f"only {verified} of {count} tokens were new")
            return count, sample

        self.add("me-new", new_tokens, ours)
        self.workloads["rsa"] = measure.short(measure.openssl_verify)

    def add_peers(self, ours):
        place = self.databases.parts("small")
        for name, make in (("fastapi", servers.fastapi), ("fastify", servers.fastify)):
            peer = self.start(make(self.options.workers, place), f"{API}/{ONE}")
            for path in (API, "/rendered"):
                self.expect_equal(ours, peer, path)
                self.databases.keep_documents("small")
            for which, path in ((name, API), (f"{name}-rendered", "/rendered")):
                load = Http(peer.url(f"{path}/{ONE}"))
                self.warm_up(load)
                self.add(which, load, peer)

    def add_growth(self, ours, big):
        """One client, a thousand different ids, the eleventh page: ours and pgbench on a small and a big table."""
        for size, server, rows in (("small", ours, SMALL_ROWS), ("big", big, self.options.rows)):
            step = rows // GROWTH_IDS
            ids = [1 + step * number for number in range(GROWTH_IDS)]
            paths = self.folder / f"paths.{size}"
            paths.write_text("".join(f"{API}/{id}\n" for id in ids))
            for id in ids:  # the documents are rendered now, not while the clock runs
                self.expect_ok(server.get(f"{API}/{id}"))
            self.databases.keep_documents(size)
            page = LIST
            for _ in range(PAGES_SKIPPED):
                page = f"{LIST}&cursor={server.get(page).json['next_cursor']}"
            self.expect_ok(server.get(page))
            self.add(f"get-{size}", Http(server.url("/"), connections=1, lines=("paths", paths)), server)
            self.add(f"list-{size}", Http(server.url(page), connections=1), server)
            place = self.databases.parts(size)
            pick = f"\\set id 1 + {step} * random(0, {GROWTH_IDS - 1})\n"
            self.add(f"pg-get-{size}", Pgbench(database.bind("properties_document", [":id", "en"], pick), place))
            after = self.databases.row_of_page_end(size)
            values = [None, after[0], after[1], LIST_ROWS + 1, "en", "f"]
            self.add(f"pg-list-{size}", Pgbench(database.bind("properties_page", values), place))

    # ---- before anything is measured ----

    def warm_up(self, load):
        """Code that is compiled while it runs needs many requests before it is fast."""
        deadline = time.monotonic() + WARM_UP_MAX_S
        done = 0
        while done < WARM_UP_REQUESTS and time.monotonic() < deadline:
            done += load(2)[0]

    def expect_ok(self, reply):
        if reply.status != 200:
            raise Void(f"{reply.status}: {reply.body[:300]}")
        return reply

    def expect_equal(self, ours, peer, path):
        """The same JSON for a few listings."""
        for id in (1, 2, 3, ONE, SMALL_ROWS):
            mine = ours.get(f"{API}/{id}")
            status, body = peer.get(f"{path}/{id}")
            self.expect_ok(mine)
            if status != 200 or json.loads(body) != mine.json:
                raise Void(f"{path}/{id} differs: {status} {body[:3000]} and {mine.body[:3000]}")

    def weigh(self, ours):
        pids = ours.pids()
        self.memory = {"rss_mib": measure.memory_kib(pids, "Rss") / 1024, "pss_mib": measure.memory_kib(pids, "Pss") / 1024,
                       "idle_kib": servers.idle_connections_kib(ours, 1000)}

    def prepare(self, wanted):
        """Starts and checks what the wanted workloads need."""
        ours = self.start_ours("small", SMALL_ROWS)
        self.weigh(ours)
        self.add_plain(ours)
        for path in (LIST, f"{API}/{ONE}"):
            self.expect_ok(ours.get(path))
        self.databases.keep_documents("small")
        if "pg-get" in wanted:
            self.add_pgbench("pg-get", "properties_document", [ONE, "en"])
        if "pg-list" in wanted:
            self.add_pgbench("pg-list", "properties_page", [None, None, 0, LIST_ROWS + 1, "en", "f"])
        if "me" in wanted:
            self.add_people(ours)
        if "faq-kept" in wanted:
            faq_load.add(self, ours)
        if "chat-one" in wanted:
            chat_load.add(self, ours, SMALL_ROWS, f"{API}/{ONE}")
        if "quote" in wanted:
            bookings_load.add(self, PRODUCT, lambda people: sign_tokens(self.issuer, people))
        if "start" in wanted:
            start_load.add(self, PRODUCT)
        if "fastapi" in wanted or "fastify" in wanted:
            self.add_peers(ours)
        if "get-big" in wanted:
            self.add_growth(ours, self.start_ours("big", self.options.rows))
