"""A read replica: guests read listings there, and never notice when it is away. Who is signed in reads the primary."""

import contextlib
import re
import time
from urllib.parse import quote

import pytest

from conftest import other_product
from harness.app import App
from harness.brand import PRODUCTS
from harness.load import LIST, Load, timed
from harness.processes import children, frozen
from harness.standby import Standby
from harness.waiting import at_once, until

CONFIG = 78  # sysexits
AWAY_S = 3  # a guest waits at most half a second for a replica that is silent; the rest is for a busy machine


@pytest.fixture(scope="session")
def standby(services):
    for name in PRODUCTS:
        App(name, services).prepare()
    running = Standby(services)
    yield running
    running.close()


@pytest.fixture(scope="session")
def app(product, services, standby):
    running = App(product, services, DATABASE_READ_URL=standby.url(product))
    running.start()
    replica_is(running, True)
    yield running
    assert running.stop() == 0


def replica_is(app, ok):
    """Each worker tells by itself: so often in a row, that all of them were asked."""
    until(lambda: all(app.get("/ready").json["checks"]["replica"]["ok"] is ok for _ in range(16)), 30, f"the replica is never {ok}")


def counted(app, name):
    found = re.findall(rf"^db_replica_{name}(?:{{[^}}]*}})? (\S+)$", app.get("/metrics").body.decode(), re.M)
    assert len(found) == 1
    return float(found[0])


def is_used(app):
    """Guests get answers from the replica, and none from the primary in its place."""
    def undisturbed():
        time.sleep(1.1)  # counters are published every second
        before = counted(app, "queries_total"), counted(app, "missed_total")
        assert {app.get(f"{LIST}?limit=3").status for _ in range(20)} == {200}
        time.sleep(1.1)
        return counted(app, "queries_total") >= before[0] + 20 and counted(app, "missed_total") == before[1]

    until(undisturbed, 60, "guests do not get to the replica")


@pytest.fixture(scope="session")
def house(app):
    """A listing in which everything below can be seen, and another one that it is like."""
    page = app.get(f"{LIST}?limit=100").json["data"]
    like = next(row for row in app.get(f"{LIST}/{page[0]['id']}/similar").json["data"] if row["id"] in [one["id"] for one in page])
    return {"id": like["id"], "slug": like["slug"], "title": like["title"], "other": page[0]["id"]}


def bedrooms_of(reply, number):
    assert reply.status == 200, reply.body
    return next(row["bedrooms_total"] for row in reply.json["data"] if row["id"] == number)


READS = {
    "list": lambda app, house, token: bedrooms_of(app.get(f"{LIST}?limit=100", token=token), house["id"]),
    "filtered list": lambda app, house, token: bedrooms_of(app.get(f"{LIST}?ids={house['id']}&sort=price", token=token), house["id"]),
    "full list": lambda app, house, token: bedrooms_of(app.get(f"{LIST}?ids={house['id']}&fields=full", token=token), house["id"]),
    "by id": lambda app, house, token: app.get(f"{LIST}/{house['id']}", token=token).json["bedrooms_total"],
    "by id, converted": lambda app, house, token: app.get(f"{LIST}/{house['id']}?currency=USD", token=token).json["bedrooms_total"],
    "by slug": lambda app, house, token: app.get(f"{LIST}/{house['slug']}", token=token).json["bedrooms_total"],
    "facets": lambda app, house, token: app.get(f"{LIST}/facets", token=token).json["bedrooms"],
    "search": lambda app, house, token: bedrooms_of(app.get(f"{LIST}/search?limit=50&q={quote(house['title'])}", token=token), house["id"]),
    "similar": lambda app, house, token: bedrooms_of(app.get(f"{LIST}/{house['other']}/similar", token=token), house["id"]),
    "count": lambda app, house, token: app.get(f"{LIST}?limit=1&count=exact&bedrooms_min=7&bedrooms_max=7", token=token).json["total"],
}


def seen(app, house, token=None):
    return {name: read(app, house, token) for name, read in READS.items()}


def set_bedrooms(app, house, number):
    reply = app.patch(f"{LIST}/{house['id']}", {"bedrooms_total": number}, token=app.token_of("admin"))
    assert reply.status == 200, reply.body


# ---- who reads where ----

def test_guests_read_the_replica_and_the_signed_in_the_primary(app, house, standby, product):
    tokens = [app.token_of(role) for role in ("user", "agent", "admin")]
    set_bedrooms(app, house, 6)
    until(lambda: seen(app, house) == seen(app, house, tokens[0]))
    held = f"SELECT 1 FROM property_documents d JOIN properties p ON p.id = d.property_id AND p.version = d.version WHERE p.id = {house['id']}"
    until(lambda: standby.sql(product, held))  # what is shown by id is kept, and comes there like everything else
    is_used(app)
    with standby.behind(product):
        before = seen(app, house)
        set_bedrooms(app, house, 7)
        for _ in range(4):  # either worker
            assert seen(app, house) == before
        for token in tokens:
            now = seen(app, house, token)
            assert [name for name in READS if now[name] == before[name]] == []
    until(lambda: seen(app, house) == seen(app, house, tokens[0]))


def test_what_is_kept_is_rendered_from_the_primary(app, house, standby, services, product):
    """The replica has no document of a listing yet: one made of what it knows could be kept long after it is old."""
    set_bedrooms(app, house, 8)
    until(lambda: READS["list"](app, house, None) == 8)
    with standby.behind(product):
        set_bedrooms(app, house, 9)
        assert READS["list"](app, house, None) == 8
        assert READS["by id"](app, house, None) == 9
        kept = "SELECT d.body::json ->> 'bedrooms_total' FROM property_documents d JOIN properties p ON p.id = d.property_id"
        assert services.sql(product, f"{kept} AND p.version = d.version WHERE p.id = {house['id']}") == [["9"]]


def test_without_the_setting_there_is_no_replica(start, house):
    plain = start()
    assert "replica" not in plain.get("/ready").json["checks"]
    assert plain.get(f"{LIST}/{house['id']}").status == 200
    assert counted(plain, "queries_total") == counted(plain, "missed_total") == counted(plain, "connections_open") == 0


# ---- the primary or the replica is away ----

def test_guests_read_on_while_the_primary_is_frozen(app, house, services):
    is_used(app)
    token = app.token_of("user")
    primary = services.postgres_pid()
    with frozen([primary, *children(primary)]):
        for path in (f"{LIST}?limit=5", f"{LIST}/{house['slug']}", f"{LIST}?limit=3&sort=price"):
            reply, took = timed(app, "GET", path)
            assert reply.status == 200 and took < AWAY_S, (path, reply.status, took)
        assert app.get(f"{LIST}?limit=5", token=token).status in (503, 504)
    app.wait()
    until(lambda: app.get(f"{LIST}?limit=5", token=token).status == 200)


def guests_never_notice(load):
    assert load.seen and not load.bad((200,)), load.bad((200,))[:5]


def test_a_replica_that_ends_and_comes_back(app, standby):
    is_used(app)
    with Load(app) as load:
        time.sleep(0.5)
        with standby.away():
            replica_is(app, False)
            ready = app.get("/ready")
            assert ready.status == 200 and ready.json["status"] == "degraded"
            assert max(timed(app, "GET", f"{LIST}?limit={n}")[1] for n in range(1, 9)) < AWAY_S
        replica_is(app, True)
        time.sleep(0.5)
    guests_never_notice(load)
    is_used(app)


def test_a_frozen_replica_costs_half_a_second_once(app, standby):
    is_used(app)
    with Load(app) as load:
        with frozen(standby.processes()):
            orders = "-published_at", "price"  # each has connections of its own
            replies = at_once(32, lambda n: timed(app, "GET", f"{LIST}?limit={n + 1}&sort={orders[n % 2]}"))
            assert [reply.status for reply, _ in replies] == [200] * 32
            assert max(took for _, took in replies) < AWAY_S
            replica_is(app, False)
            time.sleep(AWAY_S)  # whoever asked before that was known still waits
            failed = len(app.log_lines("db.replica_failed"))
            for n in range(1, 9):
                reply, took = timed(app, "GET", f"{LIST}?limit={n}")
                assert reply.status == 200 and took < AWAY_S
            assert len(app.log_lines("db.replica_failed")) == failed  # it was not even asked
        replica_is(app, True)
    guests_never_notice(load)
    is_used(app)


def test_a_program_starts_while_the_replica_is_frozen(product, standby, start):
    with frozen(standby.processes()):
        late = start(DATABASE_READ_URL=standby.url(product))
        assert late.get(f"{LIST}?limit=3").status == 200
    replica_is(late, True)
    is_used(late)


def test_cancelled_and_ended_one_by_one(app, house, standby, product):
    is_used(app)
    with Load(app) as load:
        for kill in ("pg_cancel_backend", "pg_terminate_backend") * 15:
            standby.sql(product, f"SELECT {kill}(pid) FROM (SELECT pid FROM pg_stat_activity WHERE usename = '{product}_user' "
                        "ORDER BY random() LIMIT 1) one")
            seen(app, house)
    guests_never_notice(load)
    is_used(app)


@contextlib.contextmanager
def reading_means(services, product, body):
    """In the block everybody who reads a listing runs this, on whichever server."""
    services.sql(product, f"""
        CREATE FUNCTION on_read() RETURNS bool LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$ BEGIN {body}; RETURN true; END $$;
        CREATE POLICY on_read ON properties USING (on_read());
        ALTER TABLE properties ENABLE ROW LEVEL SECURITY""")
    try:
        yield
    finally:
        services.sql(product, "ALTER TABLE properties DISABLE ROW LEVEL SECURITY; DROP POLICY on_read ON properties; DROP FUNCTION on_read")


@pytest.mark.parametrize("sqlstate", ["40001", "57014", "53300", "42P01", "XX000"])
def test_what_the_replica_refuses_the_primary_answers(app, house, services, product, sqlstate):
    """40001, 57014: a conflict with what it replays."""
    is_used(app)
    refuse = f"IF pg_is_in_recovery() THEN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END IF"
    with Load(app) as load, reading_means(services, product, refuse):
        until(lambda: any(sqlstate in line["why"] for line in app.log_lines("db.replica_failed")))
        assert seen(app, house) == seen(app, house, app.token_of("user"))
    guests_never_notice(load)
    is_used(app)


def test_a_schema_that_the_replica_does_not_have_yet(app, house, services, standby, product):
    is_used(app)
    there = "SELECT count(*) FROM pg_proc WHERE proname = 'property_summary'"
    services.sql(product, "ALTER FUNCTION property_summary RENAME TO summary_before")
    until(lambda: standby.sql(product, there) == [["0"]])
    with standby.behind(product):
        services.sql(product, "ALTER FUNCTION summary_before RENAME TO property_summary")
        assert seen(app, house) == seen(app, house, app.token_of("user"))
    until(lambda: standby.sql(product, there) != [["0"]])
    is_used(app)


# ---- whose it is ----

def test_the_replica_of_another_product_is_refused_at_the_start(product, services, standby):
    one = App(product, services, DATABASE_READ_URL=standby.url(other_product(product))).spawn()
    try:
        assert one.process.wait(30) == CONFIG
        refused = one.log_lines("schema.replica_refused")
        assert refused and f'belongs to product "{other_product(product)}"' in refused[0]["why"]
    finally:
        one.kill()


def test_the_replica_of_another_product_that_comes_later_is_never_read(product, services, standby, start):
    with standby.away():
        late = start(DATABASE_READ_URL=standby.url(other_product(product)))
        assert late.log_lines("schema.replica_not_reached")
    tries = f"SELECT 1 FROM pg_stat_database WHERE datname = '{other_product(product)}_db_test' AND sessions > 0"  # each is short
    until(lambda: standby.sql(product, tries), 30, "it never tries")
    for _ in range(20):
        assert late.get(f"{LIST}?limit=2").status == 200
    replica_is(late, False)
    assert counted(late, "connections_open") == 0


def test_nothing_can_be_written_through_it(product, services, start, house):
    """The URL leads to a server that would take writes: the session does not."""
    services.sql(product, "CREATE TABLE reads_noted (read_only text)")
    try:
        one = start(DATABASE_READ_URL=services.database_url(product))
        replica_is(one, True)
        with reading_means(services, product, "INSERT INTO public.reads_noted VALUES (current_setting('transaction_read_only'))"):
            assert one.get(f"{LIST}/{house['slug']}").status == 200  # by the primary
        assert any("SQLSTATE 25006" in line["why"] for line in one.log_lines("db.replica_failed"))
        assert services.sql(product, "SELECT DISTINCT read_only FROM reads_noted") == [["off"]]
    finally:
        services.sql(product, "DROP TABLE reads_noted")
