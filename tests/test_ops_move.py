"""validate-migration and scripts/migrate-existing.sh: an old database moves into a new one, whole, however often that is interrupted."""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import stat

import pytest

from conftest import PRODUCTS
from harness.app import App
from harness.scripts import Scripts
from harness.services import ROOT

DIFFERENT, USAGE, UNAVAILABLE = 1, 64, 69
OLD = 5  # migrations that the old database knows
FILES = sorted((ROOT / "migrations").glob("*.sql"))
STEPS = ["backup", "create", "restore", "check", "migrate", "validate"]
ROWS = """
    INSERT INTO users (clerk_user_id, email, display_name)
        SELECT 'user_' || n, 'u' || n || '@example.com', 'ผู้ใช้ ' || n FROM generate_series(1, 500) n;
    DELETE FROM users WHERE id > 450;
    INSERT INTO audit_log (actor_kind, action, entity, entity_id, before, ip_hash)
        SELECT 'cli', 'user.changed', 'user', n, jsonb_build_object('n', n, 'x', NULL), sha256('x') FROM generate_series(1, 40) n;
    INSERT INTO fx_rates VALUES ('USD', 'THB', 35.5, '2026-01-01', 'test');
    INSERT INTO jobs (kind, run_at) VALUES ('once', '2026-02-03 04:05:06.789012+07');
    UPDATE settings SET value = '7' WHERE key = 'faq_version'"""


@pytest.fixture(scope="module")
def scripts(services):
    return Scripts(services)


def drop(services, product, *databases):
    for database in databases:
        services.sql(product, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", database="postgres")


@pytest.fixture(scope="module")
def old(services, product, scripts):
    """A database as the first migrations made it, with rows in it."""
    scripts.run("migrate-all.sh")  # which also writes the env files
    name = f"{product}_old"
    drop(services, product, name)
    services.sql(product, f"CREATE DATABASE {name} OWNER {product}_owner TEMPLATE template0", database="postgres")
    services.sql(product, f"REVOKE ALL ON DATABASE {name} FROM PUBLIC", database="postgres")
    for extension in ("vector", "btree_gist", "pg_trgm"):
        services.sql(product, f"CREATE EXTENSION {extension}", database=name)
    services.sql(product, f"""
        GRANT USAGE ON SCHEMA public TO {product}_user, {product}_ro;
        ALTER DEFAULT PRIVILEGES FOR ROLE {product}_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {product}_user;
        ALTER DEFAULT PRIVILEGES FOR ROLE {product}_owner IN SCHEMA public GRANT SELECT ON TABLES TO {product}_ro;
        SET ROLE {product}_owner;
        CREATE TABLE schema_migrations (version int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(), took_ms int NOT NULL)""", database=name)
    for version, file in enumerate(FILES[:OLD], 1):
        checksum = hashlib.sha256(file.read_bytes()).hexdigest()
        services.sql(product, f"SET ROLE {product}_owner; {file.read_text()}; INSERT INTO schema_migrations (version, name, checksum, took_ms) "
                     f"VALUES ({version}, '{file.name}', '{checksum}', 1)", database=name)
    services.sql(product, f"""INSERT INTO settings (key, value) VALUES ('product_id', '"{product}"')""", database=name)
    services.sql(product, ROWS, database=name)
    yield name
    drop(services, product, name)


@pytest.fixture
def copy(services, product, old):
    name = f"{product}_copy"
    drop(services, product, name)
    services.sql(product, f"CREATE DATABASE {name} TEMPLATE {old} OWNER {product}_owner", database="postgres")
    yield name
    drop(services, product, name)


# ---- validate-migration ----

@pytest.fixture
def compare(services, product, old):
    def run(database, **urls):
        one = App(product, services)
        one.settings = {"FROM_URL": services.psql_url(old), "TO_URL": services.psql_url(database), **urls}
        return one.command("validate-migration", "--from", "env:FROM_URL", "--to", "env:TO_URL")
    return run


def told(done):
    return [line for line in done.stdout.splitlines() if line.startswith("DIFFERENT")]


def test_a_copy_is_the_same_and_every_table_has_a_line(services, product, copy, compare):
    done = compare(copy)
    assert done.returncode == 0 and told(done) == [], done
    tables = services.sql(product, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", database=copy)
    assert len(tables) > 15
    for (table,) in tables:
        assert len(re.findall(rf"^same       table     public\.{table}: \d+ rows, [0-9a-f]{{16}}$", done.stdout, re.MULTILINE)) == 1
    assert "same       sequence  public.users_id_seq: at 500\n" in done.stdout
    assert done.stdout.splitlines()[-1].endswith(": 0 differ")


@pytest.mark.parametrize("change, line", [
    ("UPDATE users SET display_name = display_name || ' ' WHERE id = 7", "table     public.users: 450 rows, X; in the target: 450 rows, X"),
    ("UPDATE audit_log SET before = NULL WHERE id = 3", "table     public.audit_log: 40 rows, X; in the target: 40 rows, X"),
    ("DELETE FROM users WHERE id = 450", "table     public.users: 450 rows, X; in the target: 449 rows, X"),
    ("UPDATE jobs SET run_at = run_at + interval '1 microsecond'", "table     public.jobs: 1 rows, X; in the target: 1 rows, X"),
    ("INSERT INTO settings (key, value) VALUES ('more', '1')", "table     public.settings: 3 rows, X; in the target: 4 rows, X"),
    ("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1", "table     public.schema_migrations: 5 rows, X; in the target: 5 rows, X"),
    ("SELECT setval('users_id_seq', 450)", "sequence  public.users_id_seq: at 500; in the target: at 450"),
    ("DROP TABLE fx_rates", "table     public.fx_rates: 1 rows, X; in the target: none"),
    ("CREATE TABLE more AS SELECT 1 AS a", "table     public.more: none; in the target: 1 rows, X"),
    ("ALTER TABLE fx_rates DROP COLUMN source", "table     public.fx_rates: 1 rows, X; in the target: without the columns source"),
])
def test_each_difference_is_found(services, product, copy, compare, change, line):
    services.sql(product, f"SET ROLE {product}_owner; {change}", database=copy)
    done = compare(copy)
    assert done.returncode == DIFFERENT, done
    assert [re.sub(r"\b[0-9a-f]{16}\b", "X", one) for one in told(done)] == [f"DIFFERENT  {line}"]
    assert done.stdout.splitlines()[-1].endswith(": 1 differ")


def test_two_swapped_values_and_two_equal_rows_are_found(services, product, copy, compare):
    """Neither sums nor exclusive ors of columns would see these."""
    services.sql(product, "UPDATE users SET email = CASE id WHEN 1 THEN 'u2@example.com' ELSE 'u1@example.com' END WHERE id IN (1, 2)", database=copy)
    assert len(told(compare(copy))) == 1


def test_a_sequence_that_may_not_be_read_is_no_match(services, product, copy, compare):
    reader = services.psql_url(copy, f"{product}_ro")
    services.sql(product, f"GRANT CONNECT ON DATABASE {copy} TO {product}_ro", database="postgres")
    done = compare(copy, TO_URL=reader)
    assert done.returncode == DIFFERENT and all("may not be read" in line for line in told(done)) and told(done)


def test_a_table_that_may_not_be_read_is_an_error(services, product, copy, compare):
    services.sql(product, f"GRANT CONNECT ON DATABASE {copy} TO {product}_ro", database="postgres")
    services.sql(product, f"REVOKE SELECT ON users FROM {product}_ro", database=copy)
    done = compare(copy, TO_URL=services.psql_url(copy, f"{product}_ro"))
    assert done.returncode == 70 and "public.users" in done.stderr and "permission denied" in done.stderr


@pytest.mark.parametrize("url, code", [
    ("postgresql://someone:s3cretW0rd@127.0.0.1:1/nowhere", UNAVAILABLE), ("postgresql://someone:s3cretW0rd@/d?no_such=1", USAGE),
    ("mysql://someone:s3cretW0rd@h/d", USAGE), ("", USAGE)])
def test_passwords_are_never_shown(copy, compare, url, code):
    for name in ("FROM_URL", "TO_URL"):
        done = compare(copy, **{name: url})
        assert done.returncode == code and done.stderr and "s3cretW0rd" not in done.stdout + done.stderr, done


def test_a_password_of_a_good_url_is_hidden_too(services, product, copy, compare):
    with_password = services.psql_url(copy).replace("//postgres@", "//postgres:s3cretW0rd@")
    done = compare(copy, FROM_URL=with_password)
    assert done.returncode == 0 and "s3cretW0rd" not in done.stdout + done.stderr and "postgres:***@" in done.stdout


def test_urls_may_stand_on_the_command_line_and_are_needed(services, product, old, copy):
    one = App(product, services)
    one.settings = {}
    assert one.command("validate-migration", "--from", services.psql_url(old), "--to", services.psql_url(copy)).returncode == 0
    assert one.command("validate-migration", "--from", services.psql_url(old)).returncode == USAGE
    assert one.command("validate-migration", "--from", "env:NOT_SET", "--to", services.psql_url(copy)).returncode == USAGE


# ---- migrate-existing.sh ----

class Move:
    def __init__(self, scripts, services, product, source, folder):
        self.scripts, self.services, self.product, self.source = scripts, services, product, source
        self.database = f"{product}_moved"
        self.work = folder / "work"
        self.words = (product, "--database", self.database, "--work", self.work)
        self.env = {"SOURCE_URL": services.psql_url(source), "ADMIN_URL": services.env["SUPERUSER_DATABASE_URL"]}

    def run(self, *words, code=0, **env):
        return self.scripts.run("migrate-existing.sh", *self.words, *words, code=code, **{**self.env, **env})

    def start(self):
        return self.scripts.start("migrate-existing.sh", *self.words, **self.env)

    def exists(self):
        return self.services.sql(self.product, f"SELECT 1 FROM pg_database WHERE datname = '{self.database}'", database="postgres") == [["1"]]

    def sql(self, statement, role=None):
        return self.services.sql(self.product, statement, role=role, database=self.database)

    def assert_moved(self):
        assert self.sql("SELECT count(*), sum(id) FROM users") == [["450", str(sum(range(1, 451)))]]
        assert self.sql("SELECT count(*) FROM schema_migrations") == [[str(len(FILES))]]
        assert self.sql("SELECT value FROM settings WHERE key = 'faq_version'") == [["7"]]
        owners = self.sql("SELECT DISTINCT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.relkind IN ('r', 'S', 'i') "
                          "AND c.relnamespace = 'public'::regnamespace")
        assert owners == [[f"{self.product}_owner"]]
        assert self.sql(f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{self.database}'") == [[f"{self.product}_owner"]]
        assert self.sql("INSERT INTO users (clerk_user_id) VALUES ('new') RETURNING id", role=f"{self.product}_user") == [["501"]]


@pytest.fixture
def move(scripts, services, product, old, tmp_path):
    one = Move(scripts, services, product, old, tmp_path)
    drop(services, product, one.database)
    yield one
    drop(services, product, one.database)
    left = services.sql(product, f"SELECT datname FROM pg_database WHERE datname ~ '^{product}_new_'", database="postgres")
    assert left == []


def content(services, product, database):
    tables = services.sql(product, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
                          database=database)
    return {table: services.sql(product, f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t", database=database)
            for (table,) in tables}


def test_an_old_database_moves_with_rows_owner_and_rights(move, services, product, old):
    before = content(services, product, old)
    said = move.run()
    assert [re.search(rf"^==> {step}: ", said, re.MULTILINE) is not None for step in STEPS] == [True] * len(STEPS)
    assert f"{len(FILES) - OLD} migrations applied" in said and "for 7 days" in said
    assert content(services, product, old) == before
    move.assert_moved()
    # Fewer rights than tables have by default, for the server's role; none for anybody else.
    for statement in ("DELETE FROM audit_log", "UPDATE audit_log SET action = 'x'", "TRUNCATE users", "CREATE TABLE mine (a int)"):
        with pytest.raises(RuntimeError, match="permission denied"):
            move.sql(statement, role=f"{product}_user")
    for other in set(PRODUCTS) - {product}:
        with pytest.raises(RuntimeError, match="permission denied for database"):
            move.sql("SELECT 1", role=f"{other}_user")
    # The new program starts with it, on its own checks.
    one = App(product, services, DATABASE_URL=services.psql_url(move.database, f"{product}_user"),
              MIGRATE_DATABASE_URL=services.psql_url(move.database, f"{product}_migrate"))
    one.start()
    assert one.stop() == 0


def test_the_backup_is_for_its_owner_only(move):
    move.run()
    assert stat.S_IMODE(move.work.stat().st_mode) == 0o700
    for file in move.work.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert (move.work / "backup.dump").read_bytes()[:5] == b"PGDMP"


def test_a_dry_run_changes_nothing(move):
    said = move.run("--dry-run")
    assert [line.split(":")[0].split() for line in said.splitlines()[3:]] == [["to", "do", step] for step in STEPS]
    assert not move.work.exists() and not move.exists()


@pytest.mark.parametrize("group", [True, False], ids=["everything", "only the script"])
def test_killed_at_each_step_it_goes_on(move, group):
    for step in STEPS:
        running = move.start()
        for line in running.stderr:
            if line.startswith(f"==> {step}: ") and "done before" not in line:
                break
        else:
            pytest.fail(f"{step} was not begun: {running.stdout.read()}")
        if group:
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()
        running.communicate()
        until_ended(move)
    move.run()
    move.assert_moved()
    assert "validate: done before" in move.run()


def until_ended(move):
    """What a killed script started may still run; nobody works beside it."""
    with open(move.work / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def test_two_runs_at_once_are_one(move):
    move.work.mkdir(mode=0o700)
    with open(move.work / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another run is at work" in move.run(code=1)
    move.run()


def test_writes_to_the_source_after_the_backup_are_found(move, services, product, copy):
    move.env["SOURCE_URL"] = services.psql_url(copy)
    running = move.start()
    for line in running.stderr:
        if line.startswith("==> create: "):
            break
    services.sql(product, "UPDATE users SET display_name = 'late' WHERE id = 1", database=copy)
    out, errors = running.communicate()
    assert running.returncode == 1 and "DIFFERENT  table     public.users" in out and "did somebody write to it?" in errors


def test_a_damaged_backup_is_not_restored(move):
    running = move.start()
    for line in running.stderr:
        if line.startswith("==> create: "):
            break
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    with open(move.work / "backup.dump", "r+b") as file:
        file.seek(100)
        file.write(b"xxxx")
    assert "is not what it was" in move.run(code=1)


def test_what_stands_there_is_not_touched(move, services, product):
    services.sql(product, f"CREATE DATABASE {move.database}", database="postgres")
    services.sql(product, "CREATE TABLE mine AS SELECT 1 AS a", database=move.database)
    for words in ((), ("--dry-run",)):
        assert "this move did not make it" in move.run(*words, code=1)
    assert services.sql(product, "SELECT a FROM mine", database=move.database) == [["1"]]


def test_the_wrong_source_is_refused(move, services, product, old, copy):
    other = services.psql_url(copy)
    services.sql(product, "UPDATE settings SET value = '\"nobody\"' WHERE key = 'product_id'", database=copy)
    assert "belongs to product 'nobody'" in move.run(code=1, SOURCE_URL=other)
    services.sql(product, "DROP TABLE schema_migrations", database=copy)
    assert "was not made by these migrations" in move.run(code=1, SOURCE_URL=other)
    assert not move.exists()
    shutil.rmtree(move.work)
    move.run()
    assert "is of another move" in move.run(code=1, SOURCE_URL=other)


@pytest.mark.parametrize("env, words", [
    ({"SOURCE_URL": ""}, "SOURCE_URL is not set"), ({"SOURCE_URL": "mysql://u:s3cretW0rd@h/d"}, "begin with postgresql://"),
    ({"SOURCE_URL": "postgresql://h/d?user=u&password=s3cretW0rd"}, "before the @"),
    ({"SOURCE_URL": "postgresql://u:s3cretW0rd@127.0.0.1:1/d"}, "cannot be read"),
    ({"ADMIN_URL": "postgresql://u:s3cretW0rd@127.0.0.1:1/d"}, ""), ({"ADMIN_URL": "postgresql://u:s3cretW0rd@127.0.0.1:1"}, "names a database")])
def test_bad_urls_are_told_without_their_password(move, env, words):
    said = move.run(code=1, **env)
    assert words in said and "s3cretW0rd" not in said
    assert not move.exists()


@pytest.mark.parametrize("database", ["postgres", "moved", "x; DROP DATABASE y", ""])
def test_bad_names_are_refused(scripts, product, move, database):
    assert "--database names the new database" in scripts.run("migrate-existing.sh", product, "--database", database, code=1, **move.env)
