"""The embeddings service: asked once for a question, asked again when it failed a document, never waited for by a visitor."""

import hashlib
import math
import struct
import time

import pytest

from harness import faq
from harness.app import App
from harness.fakes import Embeddings
from harness.waiting import until
from test_faq import find
from test_migrations import make_empty
from test_property_search import LIST, make_active, nonce
from test_property_search import find as find_listings

DIMS = 256
MODEL = "text-embedding-3-small"
OTHER_MODEL = "text-embedding-3-large"
JOBS = "/api/v1/admin/jobs"
DAY_S = 24 * 3600
DEGRADED_S = 4.5  # our own deadline is 1.5 s; the service takes 20


class Remote:
    """A service and a database of its own, in which nobody else works on jobs; its programs ask that service."""

    def __init__(self, services, product, service):
        self.services, self.product, self.service = services, product, service
        self.prefix = f"{product}:of-the-service:"
        self.settings = service.settings(
            WORKERS="1", REDIS_KEY_PREFIX=self.prefix, **services.second_database(product))

    def sql(self, statement):
        return self.services.sql(self.product, statement, database=f"{self.product}_db_dev")

    def redis(self, *words):
        return self.services.redis("-n", self.services.redis_url(self.product).rpartition("/")[2], *words)

    def use(self, model):
        self.sql(f"UPDATE settings SET value = '\"{model}\"' WHERE key = 'embedding_model'")

    def key(self, text, model=MODEL):
        return f"{self.prefix}emb:{model}:{hashlib.sha256(text.encode()).hexdigest()}"

    def keeps(self, text, model=MODEL, seconds=3):
        deadline = time.monotonic() + seconds
        while not (there := self.redis("EXISTS", self.key(text, model)) == "1") and time.monotonic() < deadline:
            time.sleep(0.05)
        return there

    def put(self, key, value):
        """As bytes: redis-cli takes no zero as it is."""
        script = ("redis.call('SET', KEYS[1], (ARGV[1]:gsub('..', function(two) return string.char(tonumber(two, 16)) end)), 'EX', 600) "
                  "return redis.call('STRLEN', KEYS[1])")
        assert self.redis("EVAL", script, "1", key, value.hex()) == str(len(value))

    def digest(self, key):
        return self.redis("EVAL", "return redis.sha1hex(redis.call('GET', KEYS[1]))", "1", key)


@pytest.fixture(scope="module")
def prepared(services, product):
    make_empty(services, product)
    with Embeddings(dims=DIMS) as service:
        remote = Remote(services, product, service)
        App(product, services, **remote.settings).prepare()
        remote.seeded = len(service.calls), ledger(remote)
        assert remote.sql("SELECT DISTINCT model, dims FROM faq_embeddings") == [[MODEL, str(DIMS)]]
        yield remote
    make_empty(services, product)


@pytest.fixture
def remote(prepared):
    prepared.service.calls.clear()
    prepared.service.always = None
    yield prepared
    prepared.service.always = None


@pytest.fixture
def run(remote, start):
    return lambda **more: start(**{**remote.settings, **more})


def asked(remote, text):
    """How often the service was asked about it."""
    return remote.service.texts().count(text)


def redis_was_late(one):
    """It has 20 ms, which can be too few on a busy machine."""
    time.sleep(0.8)  # metrics are published twice a second
    return one.metric("cache_errors_total") > 0


def spared(remote, one, text):
    """Whether the service was not asked, though Redis was there."""
    calls = asked(remote, text)
    return calls == 0 or (calls == 1 and redis_was_late(one))


# ---- questions ----

def question():
    """As the service is asked it: lower case, single spaces, no sign at the end."""
    return f"may i bring {faq.words(2)}"


def known(remote, one):
    """A question that the program asked the service, so that its vector is in Redis; what is told to Redis can be lost."""
    for _ in range(5):
        text = question()
        assert find(one, text, limit=3)["query"]["degraded"] is None
        assert remote.service.texts()[-1] == text
        if remote.keeps(text):
            return text
    raise AssertionError("no vector is in Redis")


def test_a_question_that_one_program_asked_is_not_asked_by_another(remote, run):
    text = known(remote, run())
    assert asked(remote, text) == 1
    assert 27 * DAY_S - 60 < int(remote.redis("TTL", remote.key(text))) <= 30 * DAY_S
    second = run()
    remote.service.calls.clear()
    for limit in (4, 5):
        found = find(second, text, limit=limit)["query"]
        assert found["degraded"] is None and found["mode_used"] == "hybrid" and not found["cached"]
    assert find_listings(second, text)["query"]["degraded"] is None
    assert spared(remote, second, text)
    another = question()
    assert find(second, another)["query"]["degraded"] is None
    assert asked(remote, another) == 1


def test_another_model_has_vectors_of_its_own(remote, run):
    text = known(remote, run())
    remote.service.calls.clear()
    remote.use(OTHER_MODEL)
    try:
        other = run(EMBEDDING_MODEL=OTHER_MODEL)
        for limit in (4, 5):
            assert find(other, text, limit=limit)["query"]["degraded"] is None
        assert [(call["model"], call["input"]) for call in remote.service.calls] == [(OTHER_MODEL, [text])]
        assert remote.keeps(text, OTHER_MODEL) or redis_was_late(other)
    finally:
        remote.use(MODEL)


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def value(key, numbers):
    """As it stands in Redis: its key first."""
    return f"1 {key}\n".encode() + numbers


UNIT = (1.0,) + (0.0,) * (DIMS - 1)
BROKEN = {
    "empty": lambda key: b"", "garbage": lambda key: b"garbage", "no_key": lambda key: floats(*UNIT),
    "another_key": lambda key: value(key[:-1] + "x", floats(*UNIT)), "key_alone": lambda key: value(key, b""),
    "text": lambda key: value(key, b"x" * 4 * DIMS), "one_number_less": lambda key: value(key, floats(*UNIT[:-1])),
    "one_number_more": lambda key: value(key, floats(*UNIT, 0.0)), "half_a_number_more": lambda key: value(key, floats(*UNIT) + b"\0\0"),
    "another_length": lambda key: value(key, floats(1.0, *(0.0,) * 1535)), "nan": lambda key: value(key, floats(*UNIT[:-1], math.nan)),
    "infinite": lambda key: value(key, floats(*UNIT[:-1], math.inf)), "zero": lambda key: value(key, floats(*(0.0,) * DIMS)),
    "not_of_unit_length": lambda key: value(key, floats(2.0, *UNIT[1:])),
}


def test_broken_vectors_in_redis_are_asked_for_again_and_mended(remote, run):
    first = run()
    texts = {name: known(remote, first) for name in BROKEN}
    whole = {name: remote.digest(remote.key(text)) for name, text in texts.items()}
    for name, text in texts.items():
        remote.put(remote.key(text), BROKEN[name](remote.key(text)))
    sound = question()
    remote.put(remote.key(sound), value(remote.key(sound), floats(*UNIT)))
    second = run()
    remote.service.calls.clear()
    for name, text in texts.items():
        found = find(second, text, limit=4)["query"]
        assert found["degraded"] is None and found["mode_used"] == "hybrid", name
        assert asked(remote, text) == 1, name
    assert find(second, sound, limit=4)["query"]["degraded"] is None
    assert spared(remote, second, sound)
    late = redis_was_late(second)
    assert late or {name: remote.digest(remote.key(text)) for name, text in texts.items()} == whole


# ---- what it costs ----

def ledger(remote):
    return remote.sql("SELECT model, provider, ok, error_code, prompt_tokens, completion_tokens, cost_microusd FROM llm_usage "
                      "WHERE feature = 'embedding' ORDER BY id")


def test_vectors_of_the_seeds_are_in_the_ledger(prepared):
    calls, rows = prepared.seeded
    assert len(rows) == calls > 1 and {tuple(row[:4]) for row in rows} == {(MODEL, "openai", "t", "")}
    assert all(int(row[4]) > 0 for row in rows)


def test_each_call_is_written_into_the_ledger_and_counted(remote, run):
    one, text = run(), question()
    before = len(ledger(remote))
    find(one, text, limit=3)
    until(lambda: len(ledger(remote)) == before + 1)
    tokens = str(len(text) // 4 + 1)
    assert ledger(remote)[-1] == [MODEL, "openai", "t", "", tokens, "0", ""], "nobody knows its price"
    find(one, text, limit=4)
    another = question()
    remote.sql(f"INSERT INTO model_prices (model, input_microusd_per_mtok, output_microusd_per_mtok) VALUES ('{MODEL}', 2000000, 0)")
    try:
        find(one, another, limit=3)
        until(lambda: len(ledger(remote)) == before + 2)
        assert ledger(remote)[-1][6] == str(2 * (len(another) // 4 + 1))
    finally:
        remote.sql("DELETE FROM model_prices")
    rows = one.get("/api/v1/admin/usage?group_by=feature", token=one.token_of("admin")).json["rows"]
    assert next(row for row in rows if row["key"] == "embedding")["calls"] == len(ledger(remote))


def test_a_call_that_failed_is_in_the_ledger_too(remote, run):
    one = run()
    before = len(ledger(remote))
    remote.service.always = ("garbage",)
    find(one, question(), limit=3)
    until(lambda: len(ledger(remote)) == before + 1)
    assert ledger(remote)[-1] == [MODEL, "openai", "f", "UPSTREAM", "", "", ""]


def test_what_the_breaker_forbids_is_no_call(remote, run):
    one = run()
    before = len(ledger(remote))
    remote.service.always = ("garbage",)
    for _ in range(12):
        find(one, question(), limit=3)
    until(lambda: len(ledger(remote)) == before + len(remote.service.calls))
    assert len(remote.service.calls) < 12


# ---- documents ----

FAULTS = [("nan",), ("dims", DIMS // 2), ("status", 500)]
WHY = {"nan": "UPSTREAM: ", "dims": "UPSTREAM: ", "status": "UNAVAILABLE: "}


class Document:
    """What is edited while the service fails: its vectors and its job."""

    def __init__(self, remote, kind, number):
        self.remote, self.number = remote, number
        self.table, self.column = {"property.embed": ("property_embeddings", "property_id"), "faq.embed": ("faq_embeddings", "faq_id")}[kind]
        self.parts = self.table.replace("embeddings", "parts")
        self.name = "locale" if kind == "property.embed" else "part"
        self.job_key = f"{kind}:{number}"

    def vectors(self):
        return self.remote.sql(f"SELECT {self.name}, content_hash, md5(embedding::text), created_at FROM {self.table} "
                               f"WHERE {self.column} = {self.number} ORDER BY 1")

    def missing(self):
        """How many of its texts have no vector of what they say now."""
        return int(self.remote.sql(f"""SELECT count(*) FROM {self.parts} p WHERE p.{self.column} = {self.number} AND NOT EXISTS (
            SELECT FROM {self.table} e WHERE e.{self.column} = p.{self.column} AND e.{self.name} = p.{self.name} AND e.model = '{MODEL}'
            AND e.dims = {DIMS} AND e.content_hash = p.content_hash)""")[0][0])

    def ready(self):
        faq.until(lambda: self.missing() == 0)
        faq.until(lambda: self.job()["status"] == "done")

    def job(self):
        names = "id, status, attempts, last_error"
        row = self.remote.sql(f"SELECT {names} FROM jobs WHERE dedupe_key = '{self.job_key}' ORDER BY jobs.id DESC LIMIT 1")[0]
        return dict(zip(names.split(", "), row))

    def failed_once(self, why):
        """The job after its first run, which waits for the next."""
        return faq.until(lambda: (job := self.job())["last_error"].startswith(why) and job["status"] == "queued" and job)

    def give_up(self):
        """The next run is the last, and now."""
        number = self.job()["id"]
        faq.until(lambda: self.remote.sql(f"UPDATE jobs SET max_attempts = attempts + 1, run_at = now() WHERE id = {number} "
                                          "AND status = 'queued' RETURNING id"))
        return faq.until(lambda: (job := self.job())["status"] == "failed" and job)


def survive(remote, one, admin, document, fault, edit):
    """edit() meets the fault: its text gets no vector, admins see why, and a retry after the fault brings the vector."""
    document.ready()
    before = document.vectors()
    remote.service.always = fault
    assert edit().status == 200
    queued = document.failed_once(WHY[fault[0]])
    assert int(queued["attempts"]) >= 1
    assert document.missing() > 0 and document.vectors() == before
    given_up = document.give_up()
    assert given_up["id"] == queued["id"] and int(given_up["attempts"]) > int(queued["attempts"])
    assert document.missing() > 0 and document.vectors() == before

    number = int(given_up["id"])
    shown = {job["id"]: job for job in one.get(f"{JOBS}?status=failed", token=admin).json["data"]}[number]
    assert shown["attempts"] == shown["max_attempts"] == int(given_up["attempts"])
    assert shown["status"] == "failed" and shown["last_error"].startswith(WHY[fault[0]])
    remote.service.always = None
    remote.sql(f"UPDATE jobs SET max_attempts = 5 WHERE id = {number}")
    assert one.post(f"{JOBS}/{number}/retry", token=admin).status == 200
    document.ready()
    assert document.vectors() != before
    assert one.get(f"{JOBS}/{number}", token=admin).json["last_error"] is None


@pytest.fixture(scope="module")
def editors(prepared):
    """A program, and the tokens of its agent and its admin."""
    one = App(prepared.product, prepared.services, **prepared.settings).start()
    yield one, one.token_of("agent"), one.token_of("admin")
    assert one.stop() == 0


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0])
def test_an_edited_listing_gets_its_vector_after_the_fault(remote, editors, fault):
    one, agent, admin = editors
    number = make_active(one, agent, f"House called {nonce()}")
    title = f"House called {nonce()}"
    survive(remote, one, admin, Document(remote, "property.embed", number), fault,
            lambda: one.patch(f"{LIST}/{number}", {"title": title}, token=agent))
    assert find_listings(one, title, mode="vector", limit=1)["data"][0]["id"] == number


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0])
def test_an_edited_entry_gets_its_vector_after_the_fault(remote, editors, fault):
    one, _, admin = editors
    number = faq.entry(one, admin, faq.category(one, admin)["id"])["id"]
    answer = f"It is {faq.words(6)}."
    path = f"{faq.FAQ}/{number}"
    seen = []

    class Watched(Document):
        def give_up(self):
            seen.append(one.get(path, token=admin).json["embedding"]["status"])
            given_up = super().give_up()
            seen.append(one.get(path, token=admin).json["embedding"]["status"])
            return given_up

    survive(remote, one, admin, Watched(remote, "faq.embed", number), fault, lambda: one.patch(path, {"answer": answer}, token=admin))
    assert seen == ["pending", "failed"]
    assert one.get(path, token=admin).json["embedding"]["status"] == "ready"
    hits = find(one, answer, mode="vector", limit=1)
    assert hits["query"]["mode_used"] == "vector" and hits["data"][0]["id"] == number


# ---- visitors do not wait ----

def took(ask):
    begun = time.monotonic()
    found = ask()
    return found, time.monotonic() - begun


@pytest.mark.parametrize("fault", [("slow", 20), ("hang",)], ids=lambda fault: fault[0])
def test_a_search_does_not_wait_for_a_slow_service(remote, run, fault):
    one = run()
    assert find(one, question())["query"]["degraded"] is None
    remote.service.always = fault
    for search in (find, find_listings):
        text = question()
        found, seconds = took(lambda search=search, text=text: search(one, text))
        assert found["query"]["degraded"] == "no_embedding" and found["query"]["mode_used"] == "keyword"
        assert asked(remote, text) >= 1 and seconds < DEGRADED_S
