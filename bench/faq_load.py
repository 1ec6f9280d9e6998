"""FAQ search: a kept reply, one from Redis, one computed, one whose vector comes from a slow service."""

import http.client
import json
import resource
import shutil
import statistics
import subprocess
import time
from urllib.parse import quote, urlsplit

import database
import measure
import servers
from harness.fakes import Embeddings
from harness.services import ROOT
from measure import Http, Pgbench, Sample, Void

SEARCH = "/api/v1/faq/search?query="
QUESTION = "How do I get my money back when I cancel"
QUERIES = 14000 # whose replies are more than a worker keeps (LIMIT_FAQ_CACHE_BYTES)
GETS = 50000
SERVICE_S = 0.05  # a query's vector
STARTS = 1 / (SERVICE_S + 0.01)  # a second: the statement, too, comes when the service has answered
COMPUTED, SHARED = "faq_searches_computed_total", "faq_searches_shared_total"
COMPUTED_MIN = 0.99
SHARED_MIN = 0.95  # the worker still knows a few of so many


def seed(bench, ours):
    """The product's own FAQ, and nothing else: the bench has rows of its own."""
    folder = bench.folder / "seeds"
    folder.mkdir()
    for file in (ROOT / f"seeds/{ours.product}").glob("*.json"):
        if file.name.startswith("faq"):
            shutil.copy(file, folder)
        else:
            (folder / file.name).write_text("[]")
    done = ours.command("seed", "--from", str(folder))
    shutil.rmtree(folder)
    if done.returncode != 0:
        raise Void(done.stderr)


class Questions:
    """Two phrasings of the seeds in one search: none is taken twice, and each has answers."""

    def __init__(self, bench, product):
        self.bench = bench
        entries = json.loads((ROOT / f"seeds/{product}/faq.json").read_text())
        self.phrasings = [text for entry in entries if entry["locale"] == "en" and entry["status"] == "published"
                          for text in (entry["question"], *entry["variants"])]
        self.count = 0

    def take(self, count):
        self.count += count
        size = len(self.phrasings)
        return [f"{self.phrasings[number % size]} {self.phrasings[(number + 1 + number // size) % size]}"
                for number in range(self.count - count, self.count)]

    def file(self, name, questions):
        path = self.bench.folder / name
        path.write_text("".join(f"{SEARCH}{quote(question)}\n" for question in questions))
        return path

    def answer_all(self, server, questions):
        """Now, so that a measurement finds the replies kept."""
        for question in questions:
            self.bench.expect_ok(server.get(SEARCH + quote(question)))


def redis_get(bench, size):
    """GET of a value of that size, over TCP like ours, not pipelined: processor time of client and server together."""

    def one(seconds):
        url = urlsplit(bench.databases.env["REDIS_ADMIN_URL"])
        pid = bench.databases.redis_pid()
        bench.databases.redis("SET", "bench:value", "x" * size)
        before = measure.cpu_s([pid]), resource.getrusage(resource.RUSAGE_CHILDREN)
        begin, count = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            measure.run(["redis-benchmark", "-h", url.hostname, "-p", url.port, "--user", url.username, "-a", url.password,
                         "-c", 8, "-n", GETS, "-q", "GET", "bench:value"])
            count += GETS
        took = time.monotonic() - begin
        after = measure.cpu_s([pid]), resource.getrusage(resource.RUSAGE_CHILDREN)
        client = after[1].ru_utime + after[1].ru_stime - before[1].ru_utime - before[1].ru_stime
        return Sample(count / took, cpu_us=(after[0] - before[0] + client) * 1e6 / count)

    return one


def shared(bench, load, server):
    """The load with the processor time of Redis added to the server's."""

    def one(seconds):
        pids = [*server.pids(), bench.databases.redis_pid()]
        known = server.counters()[SHARED]
        before = measure.cpu_s(pids)
        count, sample = load(seconds)
        sample.cpu_us = (measure.cpu_s(pids) - before) * 1e6 / count
        if server.counters()[SHARED] - known < SHARED_MIN * count:
            raise Void(f"only {server.counters()[SHARED] - known:.0f} of {count} replies came from Redis")
        return sample

    return one


def computed(questions, server, name):
    """One client that asks what nobody asked before."""

    def one(seconds):
        file = questions.file(name, questions.take(4000))
        before = server.counters()[COMPUTED]
        count, sample = Http(server.url("/"), connections=1, lines=("paths", file))(min(seconds, 2))
        if server.counters()[COMPUTED] - before < COMPUTED_MIN * count:
            raise Void("a reply was not computed anew")
        return sample

    return one


def service_alone(service):
    """The same calls without anything in between, one after the other on one connection."""
    body = json.dumps({"model": "bench", "input": [QUESTION], "dimensions": 1536, "encoding_format": "base64"})

    def one(seconds):
        took = []
        url = urlsplit(service.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
        end = time.monotonic() + min(seconds, 2)
        while time.monotonic() < end:
            begin = time.monotonic()
            connection.request("POST", f"{url.path}/embeddings", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
            took.append((time.monotonic() - begin) * 1e6)
        connection.close()
        return Sample(p50_us=statistics.median(took))

    return one


def statement(databases, starts=None):
    """What one search asks, with the vector of an entry for that of the question."""
    place = databases.parts("small")
    vector, model = databases.sql(databases.product, "SELECT embedding, model FROM faq_embeddings ORDER BY faq_id, part LIMIT 1",
                                  database=place["dbname"])[0]
    values = [f"{QUESTION.lower()} {QUESTION.lower()}", vector, model, "en", None, "t", None, None, None, "convex", 0.7, 0.3, 60, 20, 10]
    return measure.short(Pgbench(database.bind("faq_hybrid", values), place, starts=starts))


def add(bench, ours):
    """Ours answers with local vectors; a second server asks a service that takes a while for each."""
    questions = Questions(bench, ours.product)
    seed(bench, ours)
    kept = ours.url(SEARCH + quote(QUESTION))
    size = len(bench.expect_ok(ours.get(SEARCH + quote(QUESTION))).body)
    bench.add("faq-kept", Http(kept), ours)
    known = questions.take(QUERIES)
    questions.answer_all(ours, known)
    load = Http(ours.url("/"), lines=("paths", questions.file("paths.shared", known)))
    bench.workloads["faq-shared"] = shared(bench, load, ours)
    bench.workloads["redis-get"] = redis_get(bench, size)
    bench.workloads["faq-computed"] = computed(questions, ours, "paths.computed")
    bench.workloads["pg-faq"] = statement(bench.databases)
    service = bench.keep(Embeddings())
    databases = bench.keep(database.Databases(ours.product))
    remote = servers.Ours(ours.product, databases, "small", bench.issuer, bench.options.workers, **service.settings())
    remote.migrate()
    seed(bench, remote)
    service.always = ("slow", SERVICE_S)
    bench.start(remote, "/ready")
    bench.workloads["faq-missed"] = computed(questions, remote, "paths.missed")
    bench.workloads["service"] = service_alone(service)
    bench.workloads["pg-faq-remote"] = statement(databases, STARTS)
