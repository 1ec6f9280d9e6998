"""Who may use which database, and a schema that is whole or untouched."""

import concurrent.futures
import contextlib
import random
import signal
import subprocess
import time

import pytest

from conftest import other_product
from harness.app import App

CONFIG = 78  # sysexits: something to be set right by the operator

SHAPE = """
    SELECT 'column', table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname || md5(prosrc) FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
    UNION ALL SELECT 'grant', grantee || ' ' || privilege_type || ' ' || table_name
    FROM information_schema.role_table_grants WHERE table_schema = 'public'
    UNION ALL SELECT 'setting', key || value FROM settings WHERE key = 'product_id'
    UNION ALL SELECT 'migration', version || name || checksum FROM schema_migrations
    ORDER BY 1, 2"""


def refuses(app, words, event="schema.refused"):
    """serve ends by itself, says why, in the log and in one line for people, and never listens."""
    app.spawn()
    try:
        assert app.process.wait(30) == CONFIG, app.log_text()
    finally:
        app.kill()
    lines = app.log_lines(event)
    assert len(lines) == 1 and words in lines[0]["why"], app.log_text()
    assert [line for line in app.log_text().splitlines() if not line.startswith("{")] == [lines[0]["why"]]
    assert not app.log_lines("worker.started")


@pytest.fixture(scope="session")
def both(app, product, services):
    """The databases of both products are there; `app` only says that ours is whole."""
    other = App(other_product(product), services)
    assert other.command("migrate").returncode == 0
    return other


# ---- walls between products ----

def test_no_role_reaches_the_other_database(both, services, product):
    other = both.product
    for role in ("user", "migrate", "ro"):
        for database in (f"{other}_db_test", f"{other}_db_dev"):
            with pytest.raises(RuntimeError, match="permission denied for database"):
                services.sql(product, "SELECT 1", role=f"{product}_{role}", database=database)


def test_the_servers_role_changes_rows_only(app, services, product):
    for statement in ("CREATE TABLE mine (a int)", "ALTER TABLE properties ADD mine int", "DROP TABLE properties",
                      "TRUNCATE properties", "DELETE FROM audit_log", "UPDATE audit_log SET action = 'x'",
                      f"SET ROLE {product}_owner", f"SET ROLE {product}_migrate"):
        with pytest.raises(RuntimeError, match="permission denied|must be owner"):
            services.sql(product, statement, role=f"{product}_user")


def test_a_role_that_reaches_the_other_database_is_refused(both, services, product):
    grant = f"ON DATABASE {both.product}_db_test"
    services.sql(product, f"GRANT CONNECT {grant} TO {product}_user")
    try:
        refuses(App(product, services), f"role {product}_user can connect to database {both.product}_db_test too")
    finally:
        services.sql(product, f"REVOKE CONNECT {grant} FROM {product}_user")


@pytest.mark.parametrize("environment", ["development", "staging"])  # with and without migrations at the start
def test_the_other_products_database_is_refused(both, services, product, environment):
    before = services.sql(both.product, SHAPE)
    lost = App(product, services, DATABASE_URL=services.database_url(both.product), ENVIRONMENT=environment,
               CLERK_SECRET_KEY="sk_test_0123456789abcdefghijklmnopqrstuv", CLERK_DEV_PRIVATE_KEY="",
               MIGRATE_DATABASE_URL=services.database_url(both.product, "migrate"),
               CLERK_WEBHOOK_SECRET="whsec_" + "c29tZS1zZWNyZXQtb2YtdGhlLXRlc3RzLTEyMzQ1Ng==")
    refuses(lost, f'DATABASE_URL: the database belongs to product "{both.product}", not to "{product}"' if environment == "staging"
            else f"MIGRATE_DATABASE_URL: role {both.product}_migrate cannot become {product}_owner")
    assert services.sql(both.product, SHAPE) == before


COMMANDS = [("migrate",), ("migrate", "--status"), ("seed", "--from", "seeds/{product}"), ("dev-token", "--sub", "user_lost", "--role", "admin"),
            ("user", "set-role", "--clerk-id", "user_there", "--role", "admin")]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_no_command_touches_the_other_products_database(both, services, product, words):
    """Whoever mixes up two addresses is told which one, and nothing is written."""
    there = both.product
    services.sql(there, "INSERT INTO users (clerk_user_id) VALUES ('user_there') ON CONFLICT DO NOTHING")
    counts = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM properties), (SELECT count(*) FROM users WHERE role = 'admin')"
    before = services.sql(there, counts)
    lost = App(product, services, DATABASE_URL=services.database_url(there), MIGRATE_DATABASE_URL=services.database_url(there, "migrate"))
    done = lost.command(*(word.format(product=product) for word in words))
    name = "MIGRATE_DATABASE_URL" if words[0] == "migrate" else "DATABASE_URL"
    assert done.returncode == CONFIG and done.stdout == "", done
    assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith(f"{name}: "), done.stderr
    assert services.sql(there, counts) == before


@contextlib.contextmanager
def changed(services, product, change, undo):
    services.sql(product, change)
    try:
        yield App(product, services)
    finally:
        services.sql(product, undo)


def test_a_database_that_says_it_is_another_products_is_refused(app, services, product):
    with changed(services, product, "UPDATE settings SET value = '\"nobody\"' WHERE key = 'product_id'",
                 f"UPDATE settings SET value = '\"{product}\"' WHERE key = 'product_id'") as lost:
        refuses(lost, 'belongs to product "nobody"')
        done = lost.command("migrate")
        assert done.returncode != 0 and 'belongs to product "nobody"' in done.stderr


def test_a_changed_migration_is_refused(app, services, product):
    kept = services.sql(product, "SELECT checksum FROM schema_migrations WHERE version = 2")[0][0]
    with changed(services, product, "UPDATE schema_migrations SET checksum = repeat('0', 64) WHERE version = 2",
                 f"UPDATE schema_migrations SET checksum = '{kept}' WHERE version = 2") as lost:
        refuses(lost, "was changed after it was applied")
        done = lost.command("migrate")
        assert done.returncode != 0 and "was changed after it was applied" in done.stderr
        assert "changed" in lost.command("migrate", "--status").stdout


def test_a_newer_database_is_refused(app, services, product):
    with changed(services, product, "INSERT INTO schema_migrations (version, name, checksum, took_ms) "
                 "VALUES (9999, '9999_future.sql', 'x', 1)", "DELETE FROM schema_migrations WHERE version = 9999") as lost:
        refuses(lost, "newer than this program: it has 9999_future.sql")


def test_pending_migrations_are_refused_where_they_are_not_run(app, services, product):
    last = services.sql(product, "SELECT version, name, checksum, took_ms FROM schema_migrations ORDER BY 1 DESC LIMIT 1")[0]
    with changed(services, product, f"DELETE FROM schema_migrations WHERE version = {last[0]}",
                 f"INSERT INTO schema_migrations VALUES ({last[0]}, '{last[1]}', '{last[2]}', DEFAULT, {last[3]})") as lost:
        lost.settings["MIGRATE_ON_START"] = "false"
        refuses(lost, "is not applied: run migrate")


# ---- whole or untouched ----

def make_empty(services, product):
    """The development database, as provisioning leaves it: no test uses it otherwise."""
    services.sql(product, f"DROP DATABASE IF EXISTS {product}_db_dev WITH (FORCE)", database="postgres")
    services.start_again()  # provisions what is missing


@pytest.fixture
def empty(services, product):
    make_empty(services, product)
    return App(product, services, **services.second_database(product))


def shape_of(services, product):
    return services.sql(product, SHAPE, database=f"{product}_db_dev")


def wanted_shape(app, services, product):
    return services.sql(product, SHAPE)


def test_four_migrations_at_once_are_one(app, empty, services, product):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: empty.command("migrate"), range(4)))
    assert [one.returncode for one in done] == [0] * 4, [one.stderr for one in done]
    count = len(services.sql(product, "SELECT 1 FROM schema_migrations"))
    assert sorted(one.stdout for one in done) == ["0 migrations applied\n"] * 3 + [f"{count} migrations applied\n"]
    assert shape_of(services, product) == wanted_shape(app, services, product)


def test_a_killed_migration_leaves_nothing_half_done(app, empty, services, product):
    whole = len(services.sql(product, "SELECT 1 FROM schema_migrations"))
    begun = time.monotonic()
    assert empty.command("migrate").returncode == 0
    duration = time.monotonic() - begun
    dice = random.Random(7)
    stopped_at = set()
    for _ in range(8):
        make_empty(services, product)
        one = subprocess.Popen([empty.binary(), "migrate"], env=empty.environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.2, 1.0) * duration)
        one.send_signal(signal.SIGKILL)
        one.wait()
        until_left(services, product)
        status = empty.command("migrate", "--status").stdout
        applied = status.count("  applied ")
        stopped_at.add(applied)
        assert "changed" not in status
        again = empty.command("migrate")
        assert again.returncode == 0, again.stderr
        assert again.stdout == f"{whole - applied} migrations applied\n"
        assert shape_of(services, product) == wanted_shape(app, services, product)
    print(f"{product}: killed after {sorted(stopped_at)} of {whole} migrations")


def until_left(services, product):
    """The server notices that the killed one has hung up, and lets go of its locks."""
    deadline = time.monotonic() + 20
    while services.sql(product, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'migrate'"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
