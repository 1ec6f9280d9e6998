"""The vectors of another model, made beside those in use: what searches see meanwhile and when it fails, and the questions that
wait for an answer."""

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from harness import faq
from harness.app import App
from harness.brand import KNOWN
from harness.fakes import Embeddings
from harness.faq import FAQ, words
from harness.services import ROOT
from harness.waiting import until
from test_faq import find

OLD, NEW, SHORT = "hash-1536", "text-embedding-3-small", "hash-256"
JOBS = "/api/v1/admin/jobs"
CALL_TEXTS = 128  # that the service is asked for at once
ENTRIES, LISTINGS = 8, 5


def write_seeds(product, folder):
    """A few of the product's own, the known entry among them: so many texts that they need several calls of the service."""
    for path in (ROOT / "seeds" / product).glob("*.json"):
        rows = json.loads(path.read_text())
        if path.stem == "faq":
            known = KNOWN[product]["faq"][0]["question"]
            rows = sorted((row for row in rows if row["status"] == "published"), key=lambda row: row["question"] != known)[:ENTRIES]
        elif path.stem == "properties":
            rows = rows[:LISTINGS]
        elif path.stem in ("rate_plans", "bookings"):
            rows = []
        (folder / path.name).write_text(json.dumps(rows))


class Site:
    """A program with a database of its own, small enough to be embedded anew within seconds; it may ask the service."""

    def __init__(self, product, services, service, seeds):
        self.product, self.services, self.service = product, services, service
        database = services.second_database(product)
        App(product, services, **database).prepare(seeds)  # with local vectors
        self.app = App(product, services, **database, **service.settings())
        self.admin = self.app.token_of("admin")
        self.question = KNOWN[product]["faq"][0]["question"]

    def sql(self, statement):
        return self.services.sql(self.product, statement, database=f"{self.product}_db_dev")

    def number(self, statement):
        return int(self.sql(statement)[0][0])

    def model(self):
        return self.sql("SELECT embedding_model()")[0][0]

    def vectors(self, table="faq_embeddings"):
        """How many each model has."""
        return {model: int(count) for model, count in self.sql(f"SELECT model, count(*) FROM {table} GROUP BY model")}

    def texts(self):
        """All that is to be embedded."""
        return [json.loads(row[0]) for row in self.sql("SELECT to_json(text) FROM faq_parts UNION ALL SELECT to_json(text) FROM property_parts")]

    def switches(self):
        """How often the setting was written, and how often the audit says so."""
        return (self.number("SELECT version FROM settings WHERE key = 'embedding_model'"),
                self.number("SELECT count(*) FROM audit_log WHERE action = 'faq.reindex'"))

    def begin(self, model):
        reply = self.app.post(f"{FAQ}/reindex", {"model": model}, token=self.admin)
        assert reply.status == 202, reply.body
        return reply.json["job_id"]

    def job(self, job_id):
        reply = self.app.get(f"{JOBS}/{job_id}", token=self.admin)
        assert reply.status == 200, reply.body
        return reply.json

    def reindex(self, model):
        return faq.job(self.app, self.admin, self.begin(model))

    def search(self):
        """What a search says of itself, and its hits."""
        found = find(self.app, self.question, mode="hybrid", explain="true", locale="en", token=self.admin)
        query = found["query"]
        return {"model": query["explain"]["model"], "mode": query["mode_used"], "degraded": query["degraded"],
                "hits": [hit["question"] for hit in found["data"]], "first_by": found["data"][0]["source"]}


@pytest.fixture(scope="module")
def prepared(product, services, tmp_path_factory):
    seeds = tmp_path_factory.mktemp(f"seeds-{product}")
    write_seeds(product, seeds)
    with Embeddings() as service:
        made = Site(product, services, service, seeds)
        made.app.start()
        yield made
        assert made.app.stop() == 0


def restore(site):
    site.service.faults.clear()
    site.service.always = None
    site.sql("UPDATE jobs SET run_at = now() WHERE kind = 'faq.reindex' AND status = 'queued'")
    faq.until(lambda: site.number("SELECT count(*) FROM jobs WHERE kind = 'faq.reindex' AND status IN ('queued', 'running')") == 0)
    site.reindex(OLD)
    site.service.calls.clear()


@pytest.fixture
def site(prepared):
    """Searches use the local model, and nothing is left of another one, before and after."""
    assert prepared.model() == OLD and set(prepared.vectors()) == {OLD}
    yield prepared
    restore(prepared)


def state_of(site):
    return SimpleNamespace(search=site.search(), vectors=site.vectors(), listings=site.vectors("property_embeddings"),
                           switches=site.switches())


@pytest.fixture(scope="module")
def moved(prepared):
    """What was seen before, during and after the move to the model of a service that takes a second a call."""
    seen = SimpleNamespace(before=state_of(prepared), during=[], texts=prepared.texts())
    prepared.service.always = ("slow", 1)
    try:
        job_id = prepared.begin(NEW)
        faq.until(lambda: prepared.service.calls)
        while True:
            now = SimpleNamespace(job=prepared.job(job_id)["status"], vectors=prepared.vectors(), search=prepared.search())
            if prepared.model() != OLD:
                break  # what was just seen may be of either model
            seen.during.append(now)
        prepared.service.always = None
        seen.progress = faq.job(prepared.app, prepared.admin, job_id)["progress"]
        seen.calls = [call["input"] for call in prepared.service.calls]
        seen.after = state_of(prepared)
    finally:
        restore(prepared)
    return seen


# ---- a service that is slow ----

def test_searches_stay_on_the_old_model_while_the_new_vectors_are_made(prepared, moved):
    before = moved.before.search
    assert (before["model"], before["mode"], before["degraded"]) == (OLD, "hybrid", None)
    assert before["hits"][0] == prepared.question and before["first_by"] == "hybrid"
    assert {now.job for now in moved.during} == {"running"}
    assert {OLD, NEW} in [set(now.vectors) for now in moved.during]
    assert {now.vectors[OLD] for now in moved.during} == {moved.before.vectors[OLD]}
    assert [now.search for now in moved.during if now.search != before] == []


def test_after_the_switch_the_old_vectors_are_swept_away(prepared, moved):
    before, after = moved.before, moved.after
    assert moved.progress["switched"]
    assert (after.search["model"], after.search["mode"], after.search["degraded"]) == (NEW, "hybrid", None)
    assert after.search["hits"][0] == prepared.question and after.search["first_by"] == "hybrid"
    assert after.vectors == {NEW: before.vectors[OLD]} and after.listings == {NEW: before.listings[OLD]}
    assert after.switches == (before.switches[0] + 1, before.switches[1] + 1)


def test_each_text_is_sent_to_the_service_once(moved):
    """A search sends one text: the first one that does comes after the switch."""
    many = [len(call) > 1 for call in moved.calls]
    assert many == sorted(many, reverse=True)
    assert Counter(text for call in moved.calls if len(call) > 1 for text in call) == Counter(moved.texts)
    assert moved.progress["done"] == moved.progress["total"] == len(moved.texts) > 3 * CALL_TEXTS


# ---- a service that fails ----

def test_a_service_that_fails_leaves_searches_as_they_were(site):
    before, stored, switches = site.search(), site.vectors(), site.switches()
    site.service.faults.append(("slow", 0))  # the first call is answered, no other one
    site.service.always = ("status", 500)
    job_id = site.begin(NEW)
    waits = faq.until(lambda: (job := site.job(job_id))["last_error"] and job["status"] == "queued" and job)
    assert waits["attempts"] == 1 and "answered 500" in waits["last_error"]
    assert site.search() == before
    site.sql(f"UPDATE jobs SET max_attempts = 2, run_at = now() WHERE id = {job_id}")
    failed = faq.job(site.app, site.admin, job_id, status="failed")
    assert failed["attempts"] >= 2 and failed["last_error"].startswith("UNAVAILABLE: embeddings service")
    assert failed["progress"]["done"] == CALL_TEXTS and not failed["progress"]["switched"]
    listed = site.app.get(f"{JOBS}?status=failed", token=site.admin).json["data"]
    assert [(row["id"], row["kind"]) for row in listed] == [(job_id, "faq.reindex")]
    assert site.search() == before and site.switches() == switches
    assert site.vectors() == {OLD: stored[OLD], NEW: CALL_TEXTS}
    site.service.always = None
    site.sql(f"UPDATE jobs SET max_attempts = 5 WHERE id = {job_id}")
    assert site.app.post(f"{JOBS}/{job_id}/retry", token=site.admin).status == 200
    progress = faq.job(site.app, site.admin, job_id)["progress"]
    assert progress["switched"] and progress["done"] == progress["total"]
    assert site.search()["model"] == NEW and site.vectors() == {NEW: stored[OLD]}


# ---- questions that wait for an answer ----

def asked(site, text):
    """The gap of the question, once this and all before were counted: id, count, model, length of its vector."""
    total = "SELECT coalesce(sum(count), 0) FROM faq_gaps"
    before = site.number(total)
    assert find(site.app, text, locale="en")["data"] == []
    until(lambda: site.number(total) > before or site.app.log_lines("faq.gap_not_recorded"), seconds=30)
    assert site.app.log_lines("faq.gap_not_recorded") == []
    return site.sql(f"""SELECT g.id, g.count, g.model, vector_dims(g.embedding) FROM faq_gaps g
        JOIN faq_gap_examples e ON e.gap_id = g.id WHERE e.question = '{text}'""")


def test_an_open_gap_goes_on_with_vectors_of_another_length(site):
    first, second, third, fourth = words(4).split()
    gap = asked(site, f"{first} {second} {third} {fourth}")
    assert [row[1:] for row in gap] == [["1", OLD, "1536"]]
    site.reindex(SHORT)
    number = gap[0][0]
    assert asked(site, f"{first} {second} {third} {fourth}") == [[number, "2", SHORT, "256"]]
    assert asked(site, f"{fourth} {third}, {second} {first}") == [[number, "3", SHORT, "256"]]
    other = asked(site, words(4))
    assert other[0][0] != number and [row[1:] for row in other] == [["1", SHORT, "256"]]
