"""Postgres is away, slow, frozen or in a bad mood: refusals come in time, and nothing acknowledged is lost."""

import contextlib
import os
import signal
import threading
import time
import uuid

import pytest

from harness.load import DEADLINE_S, DRAFT, LIST, REFUSED, Load, back, envelope_problem, refused, timed
from harness.processes import frozen
from harness.waiting import Accepting, until

# ---- away ----

def test_it_comes_up_with_the_database(app, agent, start, services, product):
    services.stop_one("postgres")
    try:
        late = start(path="/health")
        for _ in range(3):
            assert late.get("/health").status == 200
            ready = late.get("/ready")
            assert ready.status == 503 and ready.json["status"] == "not_ready"
            assert not ready.json["checks"]["database"]["ok"] and not ready.json["checks"]["migrations"]["ok"]
            reply, took = timed(late, "GET", f"{LIST}?limit=1")
            refused(late, reply, (503,))
            assert took < DEADLINE_S
        assert late.log_lines("schema.not_reached")
    finally:
        accepting = Accepting(services, product)
        accepting.start()
        services.start_again()
        accepting.join()
    took = back(late, since=accepting.at)
    print(f"{product}: ready {took:.2f} s after the database came")
    assert took < 10
    back(app, agent)


def restart(services, product):
    services.stop_one("postgres")
    time.sleep(1)
    accepting = Accepting(services, product)
    accepting.start()
    services.start_again()
    accepting.join()
    return accepting.at


def kill_a_backend(services, product):
    """Postgres throws everybody out when one of its processes dies, and recovers."""
    os.kill(services.backends(product)[0], signal.SIGKILL)
    time.sleep(0.05)
    accepting = Accepting(services, product)
    accepting.start()
    accepting.join()
    return accepting.at


@pytest.mark.parametrize("outage", [restart, kill_a_backend])
def test_an_outage_under_load_loses_nothing(app, agent, services, product, outage):
    services.alter_system(product, "synchronous_commit = on")  # the private server of tests is told to be careless
    with Load(app, agent) as load:
        time.sleep(1)
        accepts = outage(services, product)
        time.sleep(4)
    services.alter_system(product, "RESET synchronous_commit")
    gap = load.first_good_after(accepts)
    print(f"{product} {outage.__name__}: {len(load.seen)} requests, {len(load.bad())} refused, "
          f"works {gap:.2f} s after Postgres accepts")
    assert gap < 10
    assert not load.bad((200, 201, *REFUSED)), load.bad((200, 201, *REFUSED))[:5]
    assert max(one.took for one in load.seen) < DEADLINE_S
    assert [one for one in load.seen if one.at > accepts + gap + 1 and one.status in (200, 201)]
    load.check_writes(services)


def test_terminated_and_cancelled_one_by_one(app, agent, services, product):
    pids = set(app.workers())
    with Load(app, agent) as load:
        for kill in ("pg_terminate_backend", "pg_cancel_backend") * 15:
            services.sql(product, f"SELECT {kill}(pid) FROM (SELECT pid FROM pg_stat_activity "
                         f"WHERE usename = '{product}_user' ORDER BY random() LIMIT 1) one")
            time.sleep(0.05)
        over = time.monotonic()
        time.sleep(1.5)
    assert load.first_good_after(over) < 10
    assert not load.bad((200, 201, *REFUSED)), load.bad((200, 201, *REFUSED))[:5]
    load.check_writes(services)
    assert set(app.workers()) == pids


# ---- frozen ----

def ask_all(app, paths, token=None):
    """[(reply, seconds)] of requests sent at once."""
    out = [None] * len(paths)

    def ask(i):
        out[i] = timed(app, "GET", paths[i], token=token)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(paths))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert None not in out, "a request hangs"
    return out


def test_a_frozen_server_is_left(app, agent, services, product):
    before = services.backends(product)
    with frozen([services.postgres_pid(), *before]):
        for reply, took in ask_all(app, [f"{LIST}?limit={n}" for n in range(1, 9)]):
            refused(app, reply)
            assert took < DEADLINE_S
        assert app.get("/health").status == 200
        for _ in range(4):
            reply, took = timed(app, "GET", f"{LIST}?limit=2")
            refused(app, reply)
            assert took < DEADLINE_S
        app.wait("/ready", 503)
    print(f"{product}: {back(app, agent):.2f} s after the thaw")
    for n in range(1, 9):
        assert len(app.get(f"{LIST}?limit={n}").json["data"]) == n
    assert set(before) - set(services.backends(product))  # who missed a deadline is not used again


def test_one_frozen_backend_costs_only_its_worker_a_moment(app, start, services, product):
    lone = start(WORKERS=1)
    mine = services.backends(product)[-1:]  # its fast lane, the youngest
    with frozen(mine):
        reply, took = timed(lone, "GET", f"{LIST}?limit=1")
        refused(lone, reply)
        assert took < DEADLINE_S
        assert back(lone) < 10  # on another connection
        assert services.backends(product)[-1] not in mine


# ---- locked, full, read-only ----

def test_a_locked_table_ends_waits_in_time(app, agent, services, product):
    number = app.post(LIST, DRAFT, token=agent).json["id"]
    with services.locked(product, "properties"):
        for method, path, body in (("GET", f"{LIST}?limit=1", None), ("GET", f"{LIST}/{number}", None),
                                   ("PATCH", f"{LIST}/{number}", {"bedrooms_total": 2}), ("POST", LIST, DRAFT)):
            reply, took = timed(app, method, path, body, token=agent)
            refused(app, reply)
            assert took < DEADLINE_S, (method, path)
        assert app.get("/health").status == 200
    assert back(app, agent) < 10
    # another worker may still be at making the connections that it gave up
    until(lambda: app.patch(f"{LIST}/{number}", {"bedrooms_total": 3}, token=agent).status == 200)
    read = until(lambda: (reply := app.get(f"{LIST}/{number}", token=agent)).status == 200 and reply)
    assert read.json["bedrooms_total"] == 3


def test_without_further_connections_it_serves_with_what_it_has(app, agent, services, product):
    app.get(LIST)
    services.sql(product, f"ALTER ROLE {product}_user CONNECTION LIMIT {len(services.backends(product))}")
    try:
        with Load(app, agent, readers=6, writers=4) as load:
            time.sleep(2)
        assert not load.bad((200, 201, 503)), load.bad((200, 201, 503))[:5]
        assert all(one.status == 200 for one in load.seen if one.what == "list")
        assert max(one.took for one in load.seen) < DEADLINE_S
        load.check_writes(services)
    finally:
        services.sql(product, f"ALTER ROLE {product}_user CONNECTION LIMIT -1")


def test_without_a_connection_it_is_alive_and_not_ready(app, start, services, product):
    services.sql(product, f"ALTER ROLE {product}_user CONNECTION LIMIT 0")
    try:
        late = start(path="/health")
        assert late.get("/ready").status == 503
        refused(late, late.get(f"{LIST}?limit=1"), (503,))
    finally:
        services.sql(product, f"ALTER ROLE {product}_user CONNECTION LIMIT -1")
    assert back(late) < 15


def test_a_role_that_may_not_sign_in_again(app, agent, services, product):
    services.sql(product, f"ALTER ROLE {product}_user NOLOGIN")
    try:
        assert app.get(f"{LIST}?limit=1").status == 200  # on a connection that is held
        services.sql(product, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{product}_user'")
        app.wait("/ready", 503)
        refused(app, app.get(f"{LIST}?limit=1"), (503,))
    finally:
        services.sql(product, f"ALTER ROLE {product}_user LOGIN")
    assert back(app, agent) < 10


def test_read_only_refuses_writes_and_reads_on(app, agent, services, product):
    number = app.post(LIST, DRAFT, token=agent).json["id"]
    services.alter_system(product, "default_transaction_read_only = on")
    try:
        until(lambda: app.post(LIST, DRAFT, token=agent).status != 201)  # sessions hear of it at their next command
        refused(app, app.post(LIST, DRAFT, token=agent), (503,))
        refused(app, app.patch(f"{LIST}/{number}", {"bedrooms_total": 2}, token=agent), (503,))
        assert app.get(f"{LIST}?limit=1").status == 200
        time.sleep(5.2)  # longer than a worker remembers who somebody is
        services.sql(product, "SET default_transaction_read_only = off; UPDATE users SET last_seen_at = NULL")
        for _ in range(8):
            assert app.get(f"{LIST}/{number}", token=agent).status == 200
        refused(app, app.get("/api/v1/users/me", token=app.issuer.token("user_unknown")), (503,))
        assert app.get("/ready").status == 200
    finally:
        services.alter_system(product, "RESET default_transaction_read_only")
    until(lambda: app.post(LIST, DRAFT, token=agent).status == 201)


def test_idle_connections_may_be_closed_by_the_server(app, agent, services, product):
    services.alter_system(product, "idle_session_timeout = '1100ms'")
    try:
        before = services.backends(product)
        for pause in (1.5, 1.1, 1.5):
            time.sleep(pause)
            if pause != 1.1:  # a query that meets the very end of its connection is lost
                replies = ask_all(app, [f"{LIST}?limit=1"] * 8)
                assert [reply.status for reply, _ in replies] == [200] * 8
            assert app.post(LIST, DRAFT, token=agent).status == 201
        assert set(before) - set(services.backends(product))
    finally:
        services.alter_system(product, "RESET idle_session_timeout")


def test_a_lost_connection_costs_only_who_was_using_it(app, services, product):
    """Who comes while the next one is being made waits that moment."""
    time.sleep(1.1)  # so that they count as good ones
    services.sql(product, f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{product}_user'")
    replies = ask_all(app, [f"{LIST}?limit=1"] * 16)
    assert [reply.status for reply, _ in replies] == [200] * 16


# ---- what a statement may answer ----

@contextlib.contextmanager
def raising(services, product, sqlstate, times=1_000_000):
    """In the block a change of properties fails so, the first `times` times; yields a count of the calls."""
    services.sql(product, f"""
        CREATE SEQUENCE fault_calls;
        CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            IF nextval('public.fault_calls') <= {times} THEN
                RAISE EXCEPTION 'secret-detail' USING ERRCODE = '{sqlstate}';
            END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON properties FOR EACH ROW EXECUTE FUNCTION fault()""")
    try:
        yield lambda: int(services.sql(product, "SELECT last_value FROM fault_calls WHERE is_called")[0][0])
    finally:
        services.sql(product, "DROP FUNCTION fault CASCADE; DROP SEQUENCE fault_calls")


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_what_may_succeed_the_next_time_is_run_again(app, agent, services, product, sqlstate):
    title = f"Again {uuid.uuid4()}"
    with raising(services, product, sqlstate, times=2) as calls:
        assert app.post(LIST, {**DRAFT, "title": title}, token=agent).status == 201
        assert calls() == 3
    assert services.sql(product, f"SELECT count(*) FROM property_texts WHERE title = '{title}'") == [["1"]]
    with raising(services, product, sqlstate) as calls:
        refused(app, app.post(LIST, DRAFT, token=agent), (503,))
        assert calls() == 3


@pytest.mark.parametrize("sqlstate,status", [
    ("23505", 409), ("23503", 409), ("23P01", 409), ("23514", 422), ("22001", 422), ("22003", 422), ("22P02", 422),
    ("55P03", 503), ("57014", 504), ("57P01", 503), ("53100", 503), ("53200", 503), ("25006", 503),
    ("XX000", 500), ("P0001", 500), ("42703", 500), ("22000", 500)])
def test_each_sqlstate_has_its_status(app, agent, services, product, sqlstate, status):
    with raising(services, product, sqlstate):
        reply = app.post(LIST, DRAFT, token=agent)
        assert reply.status == status and envelope_problem(reply, product) == ""
        for word in (b"secret-detail", sqlstate.encode(), b"SQLSTATE", b"INSERT", b"properties_insert"):
            assert word not in reply.body
        assert app.get(f"{LIST}?limit=1").status == 200  # the neighbour is fine
    assert app.post(LIST, DRAFT, token=agent).status == 201
    lines = [line for line in app.log_lines("http.request_done") if line["status"] == status]
    assert sqlstate in lines[-1]["reason"]


def test_a_missing_column_breaks_only_what_needs_it(app, agent, services, product):
    number = app.post(LIST, DRAFT, token=agent).json["id"]
    services.sql(product, "ALTER TABLE property_price_history RENAME COLUMN price_minor TO gone")
    try:
        reply = app.get(f"{LIST}/{number}/price-history", token=agent)
        assert reply.status == 500 and b"price_minor" not in reply.body
        assert app.get(f"{LIST}?limit=1").status == 200
        assert app.get("/api/v1/users/me", token=agent).status == 200
    finally:
        services.sql(product, "ALTER TABLE property_price_history RENAME COLUMN gone TO price_minor")
    assert app.get(f"{LIST}/{number}/price-history", token=agent).status == 200
