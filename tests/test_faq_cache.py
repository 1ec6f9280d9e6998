"""Replies of the FAQ search that are kept: fresh after a change, shared, made once; and what a search does without its helpers."""

import json
import secrets
import socket
import time
from urllib.parse import quote

import pytest

from harness.fakes import Embeddings
from harness.services import ROOT
from harness.waiting import until
from test_faq import CANCEL, SEARCH, find, questions

BUMP = "UPDATE settings SET value = to_jsonb((value #>> '{}')::bigint + 1) WHERE key = 'faq_version'"
MODEL = "text-embedding-3-small"
LOCAL_MODEL = "hash-1536"


@pytest.fixture(autouse=True)
def seeded(app):
    """What the programs of these tests find."""


def cached(app, text, **options):
    return find(app, text, **options)["query"]["cached"]


def count(app, name):
    """Of all workers; they publish twice a second."""
    time.sleep(0.8)
    return app.metric(f"faq_{name}_total")


def allowed(app):
    """How often two workers may do the same: once, as long as they hear of each other. Redis may be late on a busy machine."""
    return 1 if app.metric("cache_errors_total") == 0 else 2


def new_words():
    return f"pool rules {secrets.token_hex(5)}"


@pytest.fixture
def answer(services, product):
    """An answer that a test may change: its question, how to change it, with or without telling."""
    question = CANCEL[product][0]
    escaped = question.replace("'", "''")
    before = services.sql(product, f"SELECT answer FROM faq_documents WHERE question = '{escaped}' AND status = 'published'")[0][0]

    def change(text, tell=True):
        quoted = text.replace("'", "''")
        services.sql(product, f"UPDATE faq_documents SET answer = '{quoted}' WHERE question = '{escaped}'; {BUMP if tell else ''}")

    yield question, change
    change(before)


def answer_of(app, question):
    return next((item["answer"] for item in find(app, question)["data"] if item["question"] == question), None)


# ---- kept ----

def test_the_same_question_is_answered_from_memory(start):
    one = start(WORKERS="1")
    text = new_words()
    first, second = find(one, f"How about {text}?"), find(one, f"  how ABOUT {text} ")
    assert not first["query"]["cached"] and second["query"]["cached"] and second["query"]["took_ms"] == 0
    assert first["data"] == second["data"]
    first["query"].update(cached=True, took_ms=0)
    assert first["query"] == second["query"]
    for other in ({"limit": 4}, {"mode": "keyword"}, {"mode": "vector"}, {"locale": "th"}, {"category": "booking"}):
        assert not cached(one, f"How about {text}?", **other), other
        assert cached(one, f"How about {text}?", **other), other
    assert count(one, "searches_computed") == 6 and count(one, "searches") == 12


def test_workers_and_programs_share_replies(start):
    text = new_words()
    first = start(WORKERS="2")
    assert not cached(first, text)
    second = start(WORKERS="1")
    assert until(lambda: cached(second, text))
    for _ in range(30):
        assert cached(first, text)
    assert count(first, "searches_computed") + count(second, "searches_computed") == 1
    assert count(second, "searches_shared") == 1


def test_a_change_is_seen_by_every_program(start, answer):
    question, change = answer
    programs = [start(WORKERS="2"), start(WORKERS="1"), start(WORKERS="1", REDIS_URL="")]
    for number in range(2):
        for one in programs:
            assert answer_of(one, question)
        text = f"Answer number {number} of this test."
        change(text)
        for one in programs:
            until(lambda one=one: all(answer_of(one, question) == text for _ in range(4)), seconds=10)


def test_a_version_that_nobody_passed_on_is_found_out(start, services, product, answer):
    """The copy in Redis says something old for as long as it lives, and no longer."""
    question, change = answer
    one = start(WORKERS="1")
    assert answer_of(one, question)
    change("Found out in the end.")
    until(lambda: answer_of(one, question) == "Found out in the end.", seconds=10)


def test_a_late_reply_serves_while_a_new_one_is_made(start, answer):
    question, change = answer
    change("Before.")
    one = start(WORKERS="1", FAQ_CACHE_TTL="4")
    until(lambda: answer_of(one, question) == "Before.")
    begun = time.monotonic()
    find(one, question)
    change("After.", tell=False)
    assert answer_of(one, question) == "Before."
    time.sleep(max(0, begun + 4.8 - time.monotonic()))
    served, passed = answer_of(one, question), time.monotonic() - begun
    assert served == "Before." or passed > 6.5
    until(lambda: answer_of(one, question) == "After.")


def test_broken_values_in_redis_are_as_if_not_there(start, services, product):
    text = new_words()
    first = start(WORKERS="1")
    right = find(first, text)
    database = services.redis_url(product).rpartition("/")[2]
    keys = until(lambda: services.redis("-n", database, "--scan", "--pattern", f"{product}:faq:q:*").split())
    whole = {key: services.redis("-n", database, "GET", key) for key in keys}
    key = until(lambda: next((key for key, value in whole.items() if f'"limit"' or text in value), None)) and keys
    for breakage in (lambda head, body: "", lambda head, body: "garbage", lambda head, body: f"{head}\n", lambda head, body: f"{head}\nabc",
                     lambda head, body: f"{head}\n{body[:-1]}", lambda head, body: f"{head}\n{body.replace('data', 'dada')}",
                     lambda head, body: f"{head}\n{'9' * 40} 1 0123456789abcdef " + body.split(" ", 3)[-1],
                     lambda head, body: f"{head}\n" + body.replace(" ", "", 1), lambda head, body: f"{head[:-1]}\n{body}"):
        for key, value in whole.items():
            head, _, body = value.partition("\n")
            services.redis("-n", database, "SET", key, breakage(head, body), "EX", "60")
        fresh = start(WORKERS="1")
        found = find(fresh, text)
        assert found["data"] == right["data"] and not found["query"]["cached"]
        fresh.stop()
    for key, value in whole.items():
        services.redis("-n", database, "SET", key, value, "EX", "60")
    assert cached(start(WORKERS="1"), text)


# ---- all at once ----

def ask_at_once(app, text, clients):
    """Bodies of as many replies; every request is sent before the first reply is read."""
    request = f"GET {SEARCH}?query={quote(text)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    peers = [socket.create_connection(("127.0.0.1", app.port), timeout=60) for _ in range(clients)]
    for peer in peers:
        peer.sendall(request)
    bodies = []
    for peer in peers:
        reply = b""
        while chunk := peer.recv(65536):
            reply += chunk
        peer.close()
        assert reply.startswith(b"HTTP/1.1 200 "), reply[:300]
        bodies.append(json.loads(reply.partition(b"\r\n\r\n")[2]))
    return bodies


@pytest.mark.parametrize("redis", [True, False])
def test_five_hundred_clients_cost_one_computation_a_worker(start, redis):
    one = start(WORKERS="2", **({} if redis else {"REDIS_URL": ""}))
    bodies = ask_at_once(one, new_words(), 500)
    assert len({json.dumps(body["data"]) for body in bodies}) == 1
    assert count(one, "searches") == 500
    assert 1 <= count(one, "searches_computed") <= (allowed(one) if redis else 2)


# ---- the embeddings service ----

def use(services, product, model):
    services.sql(product, f"UPDATE settings SET value = '\"{model}\"' WHERE key = 'embedding_model'; {BUMP}")


@pytest.fixture(scope="module")
def service(services, product, app):
    """A service, and its vectors beside those of the local model: thousands, made once."""
    with Embeddings() as fake:
        use(services, product, MODEL)
        done = app.__class__(product, services, **fake.settings()).command("seed", "--from", str(ROOT / "seeds" / product))
        use(services, product, LOCAL_MODEL)
        assert done.returncode == 0, done.stderr
        yield fake
        services.sql(product, f"DELETE FROM faq_embeddings WHERE model = '{MODEL}'; DELETE FROM property_embeddings WHERE model = '{MODEL}'")


@pytest.fixture
def remote(services, product, service, start):
    """The product with vectors of a service: the fake, and how to start a program that asks it."""
    service.calls.clear()
    service.always = None
    use(services, product, MODEL)
    yield service, lambda **more: start(**service.settings(WORKERS="2", **more))
    use(services, product, LOCAL_MODEL)


def test_a_service_finds_by_meaning(remote, product):
    fake, start_one = remote
    one = start_one()
    question = CANCEL[product][0]
    found = find(one, question)
    assert question in questions(found) and found["query"]["degraded"] is None and found["query"]["mode_used"] == "hybrid"
    assert any(item["scores"]["vector"] is not None for item in found["data"])
    for limit in range(1, 6):
        find(one, question, limit=limit)
    assert len(fake.texts()) == 1


def test_five_hundred_clients_cost_one_call_of_the_service(remote):
    fake, start_one = remote
    one = start_one()
    find(one, "warm up")
    fake.calls.clear()
    fake.always = ("slow", 0.2)
    bodies = ask_at_once(one, new_words(), 500)
    assert len({json.dumps(body["data"]) for body in bodies}) == 1
    assert all(body["query"]["degraded"] is None for body in bodies)
    count(one, "searches")
    assert 1 <= len(fake.texts()) <= allowed(one)
    assert count(one, "searches_computed") <= 1 + 2


FAULTS = [("status", 500), ("status", 401), ("status", 429), ("hang",), ("slow", 5), ("garbage",), ("error",), ("dims", 512), ("dims", 3072),
          ("nan",), ("zero",), ("missing",), ("disconnect",), ("huge",)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault)))
def test_without_vectors_words_still_find(remote, product, fault):
    fake, start_one = remote
    one = start_one()
    fake.always = fault
    question = CANCEL[product][0]
    unheard = f"{question} {secrets.token_hex(5)}"  # nobody has its vector yet
    for mode in ("hybrid", "vector"):
        found = find(one, unheard, mode=mode, limit=7)
        assert found["query"]["degraded"] == "no_embedding" and found["query"]["mode_used"] == "keyword"
        assert question in questions(found) and all(item["scores"]["vector"] is None for item in found["data"])
    assert find(one, unheard, mode="keyword", limit=7)["query"]["degraded"] is None
    assert unheard not in one.log_text()


def test_a_service_that_comes_back_is_used_again(remote, product):
    fake, start_one = remote
    one = start_one()
    fake.always = ("status", 503)
    unheard = f"{CANCEL[product][0]} {secrets.token_hex(5)}"
    assert find(one, unheard)["query"]["degraded"] == "no_embedding"
    fake.always = None
    until(lambda: find(one, unheard)["query"]["degraded"] is None, seconds=60)
    assert count(one, "searches_degraded") >= 1


def test_a_service_that_is_not_there_at_all(remote, product):
    fake, start_one = remote
    one = start_one(EMBEDDING_BASE_URL="http://127.0.0.1:9/v1")
    found = find(one, f"{CANCEL[product][0]} {secrets.token_hex(5)}")
    assert found["query"]["degraded"] == "no_embedding" and CANCEL[product][0] in questions(found)


def test_vectors_of_a_model_that_nobody_can_ask(services, product, app, start):
    use(services, product, "some-other-model")
    try:
        found = find(start(WORKERS="1"), CANCEL[product][0])
        assert found["query"]["degraded"] == "no_embedding" and CANCEL[product][0] in questions(found)
    finally:
        use(services, product, LOCAL_MODEL)


# ---- Redis and Postgres ----

def test_everything_works_without_redis(start, product):
    one = start(WORKERS="2", REDIS_URL="redis://127.0.0.1:9/0")
    question = CANCEL[product][0]
    for _ in range(10):
        found = find(one, question)
        assert question in questions(found) and found["query"]["degraded"] is None
    assert count(one, "searches_computed") <= 2


def test_a_frozen_redis_delays_but_does_not_hurt(start, services, product):
    import os
    import signal
    one = start(WORKERS="1")
    find(one, "warm up")
    os.kill(services.redis_pid(), signal.SIGSTOP)
    try:
        for _ in range(3):
            assert "data" in find(one, new_words())
        assert CANCEL[product][0] in questions(find(one, CANCEL[product][0]))
    finally:
        os.kill(services.redis_pid(), signal.SIGCONT)


def test_a_slow_database_is_said_clearly(start, services, product):
    one = start(WORKERS="1")
    known = new_words()
    find(one, known)
    with services.locked(product, "faq_documents"):
        assert cached(one, known)
        reply = one.get(f"{SEARCH}?query={quote(new_words())}")
        assert reply.status in (503, 504) and reply.error["code"] in ("SERVICE_UNAVAILABLE", "UPSTREAM_TIMEOUT"), reply.body
        assert cached(one, known)
    assert until(lambda: one.get(f"{SEARCH}?query={quote(new_words())}").status == 200)
