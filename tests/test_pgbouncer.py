"""Behind PgBouncer in transaction mode: what needs a session of its own does not go there, what the programs set on connecting holds, and
few connections serve many. The suites of properties, chat and bookings run through it too (tests/CMakeLists.txt)."""

import re
import subprocess
import time

import pytest

from harness.app import App
from harness.pooler import PooledServices
from harness.services import PSQL, ROOT
from harness.waiting import at_once

CONFIG = 78  # sysexits
LIST = "/api/v1/properties?limit=5"
POOL = 5  # connections to Postgres of one product


@pytest.fixture(scope="session")
def services():
    running = PooledServices(default_pool_size=POOL)
    yield running
    running.close()


@pytest.fixture(scope="session")
def pooled(product, services):
    """Seeded; with more connections of its own than PgBouncer has."""
    one = App(product, services, WORKERS="4", DATABASE_POOL_SIZE="24").prepare().start()
    yield one
    assert one.stop() == 0


def connect_query():
    text = (ROOT / "deploy/pgbouncer/pgbouncer.ini").read_text()
    return re.search(r"connect_query='([^']*)'", text)[1]


def test_few_connections_serve_many(pooled, services, product):
    token = pooled.token_of("admin")

    def work(n):
        locale = "th" if n % 2 else "en"
        changed = pooled.patch("/api/v1/users/me", {"locale": locale}, token=token)
        return [changed.status, *(pooled.get(LIST).status for _ in range(20))]

    assert {status for statuses in at_once(24, work) for status in statuses} == {200}
    assert 1 <= len(services.backends(product)) <= POOL


def test_every_session_is_as_the_program_wants_it(pooled, services, product):
    """Asked for on as many connections as there are, and after a transaction of another client."""
    url = services.database_url(product)
    names = ["search_path", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "pg_trgm.word_similarity_threshold"]
    asked = "SELECT pg_sleep(0.2), pg_backend_pid(), " + ", ".join(f"current_setting('{name}')" for name in names)
    at_once(10, lambda n: pooled.get(LIST).status)
    rows = at_once(2 * POOL, lambda n: subprocess.run([PSQL, "-X", "-q", "-A", "-t", "-c", asked, url], stdout=subprocess.PIPE, text=True,
                                                      check=True, timeout=60).stdout.strip().split("|"))
    assert len({row[1] for row in rows}) > 1
    assert {tuple(row[2:]) for row in rows} == {("public", "5s", "2s", "10s", "0.3")}


def test_a_pooler_that_drops_the_settings_is_refused(product, services, pooled):
    services.stop_pooler()
    services.start_pooler(without="SET lock_timeout = 2000; ")
    one = App(product, services).spawn()
    try:
        assert one.process.wait(30) == CONFIG
        assert "lock_timeout" in one.log_text() and "connect_query" in one.log_text()
    finally:
        one.kill()
        services.stop_pooler()
        services.start_pooler(default_pool_size=POOL)


def test_migrations_go_past_it(pooled, services, product):
    direct = pooled.command("migrate")
    assert direct.returncode == 0, direct.stderr
    one = App(product, services, MIGRATE_DATABASE_URL=services.pooled_url(product, "migrate"))
    through = one.command("migrate")
    assert through.returncode != 0 and "MIGRATE_DATABASE_URL" in through.stderr
    locks = services.sql(product, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    assert locks == [["0"]]


def test_the_pooler_may_be_restarted(pooled, services):
    services.stop_pooler()
    refused = pooled.get(LIST)
    assert refused.status == 503 and refused.headers["retry-after"]
    services.start_pooler(default_pool_size=POOL)
    deadline = time.monotonic() + 10
    while {reply.status for reply in at_once(20, lambda n: pooled.get(LIST))} != {200}:  # each worker has its own pause
        assert time.monotonic() < deadline
        time.sleep(0.1)
    pooled.wait("/ready")


def test_room_for_every_statement():
    """Else each connection would forget statements and prepare them again all the time."""
    statements = len(list(ROOT.glob("libs/*/sql/*.sql")))
    kept = int(re.search(r"^max_prepared_statements = (\d+)$", (ROOT / "deploy/pgbouncer/pgbouncer.ini").read_text(), re.MULTILINE)[1])
    assert 2 * statements <= kept


def test_the_page_says_what_the_file_says():
    page = (ROOT / "docs/how-to/use-pgbouncer.md").read_text()
    assert len(connect_query().split(";")) == 5 and all(part.strip() in page for part in connect_query().split(";"))
