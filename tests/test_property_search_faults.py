"""The search of listings while Redis or Postgres is away, frozen or slow."""

import itertools
import time

import pytest

from harness.app import free_port
from harness.load import refused, timed
from harness.processes import frozen
from harness.waiting import until

SEARCH = "/api/v1/properties/search"
TEXTS = itertools.permutations(["villa", "pool", "garden", "kitchen", "terrace", "parking"])
SLOW_S = 10  # the deadlines are 20 ms for Redis and 2 s for a statement; the machine may be busy


@pytest.fixture(autouse=True)
def seeded(app):
    """What the programs of these tests find."""


def search(app, mode="hybrid"):
    """With a text that no other search had, of words that listings have."""
    return timed(app, "GET", f"{SEARCH}?q={'+'.join(next(TEXTS))}&mode={mode}&limit=5")


def is_whole(reply, mode="hybrid"):
    assert reply.status == 200, reply.body
    query = reply.json["query"]
    assert (query["mode_used"], query["degraded"]) == (mode, None)
    return len(reply.json["data"]) >= 1


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_without_redis_it_finds_the_same(app, start, mode):
    without = start(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert not without.get("/ready").json["checks"]["redis"]["ok"]
    path = f"{SEARCH}?q=villa+with+a+pool&mode={mode}&limit=5"
    usual, found = app.get(path), without.get(path)
    assert is_whole(usual, mode) and is_whole(found, mode)
    assert found.json["data"] == usual.json["data"]


def test_with_a_frozen_redis_it_is_whole_and_in_time(app, services):
    assert is_whole(search(app)[0])
    with frozen([services.redis_pid()]):
        for _ in range(5):
            reply, took = search(app)
            assert is_whole(reply) and took < SLOW_S
    until(lambda: app.get("/ready").json["checks"]["redis"]["ok"])
    assert is_whole(search(app)[0])


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_a_locked_table_is_refused_in_time_and_forgotten(app, services, product, mode):
    assert is_whole(search(app, mode)[0], mode)
    with services.locked(product, "property_texts"):
        reply, took = search(app, mode)
        refused(app, reply, (503, 504))
        assert took < SLOW_S
        assert app.get("/health").status == 200
    over = time.monotonic()
    until(lambda: search(app, mode)[0].status == 200)
    assert time.monotonic() - over < SLOW_S
    assert is_whole(search(app, mode)[0], mode)


def test_refusals_while_locked_leave_no_trace(app, services, product):
    """Neither connections nor waiting searches pile up: after the lock the same workers answer."""
    workers = set(app.workers())
    with services.locked(product, "property_texts"):
        for _ in range(4):
            reply, took = search(app)
            refused(app, reply, (503, 504))
            assert took < SLOW_S
    until(lambda: search(app)[0].status == 200)
    assert set(app.workers()) == workers
    waiting = f"SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT granted AND usename = '{product}_user'"
    until(lambda: services.sql(product, waiting) == [["0"]])
