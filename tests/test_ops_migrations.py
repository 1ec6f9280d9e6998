"""scripts/migrate-all.sh, scripts/reset-test-db.sh and scripts/sync-migrations.sh, on the development databases of this run."""

import contextlib
import subprocess

import pytest

from conftest import PRODUCTS
from harness.scripts import Scripts
from harness.services import ROOT, bin_dir

SHARED = sorted(path.name for path in (ROOT / "migrations").glob("*.sql"))
USAGE = 64


@pytest.fixture(scope="module")
def scripts(services):
    return Scripts(services)


def empty(services, *products):
    for product in products:
        services.sql(product, f"DROP DATABASE IF EXISTS {product}_db_dev WITH (FORCE)", database="postgres")
    services.start_again()


@pytest.fixture
def empties(services):
    empty(services, *PRODUCTS)


@pytest.fixture
def migrated(scripts):
    scripts.run("migrate-all.sh")


def applied(services, product):
    if services.sql(product, "SELECT to_regclass('schema_migrations') IS NULL", database=f"{product}_db_dev") == [["t"]]:
        return []
    return [row[0] for row in services.sql(product, "SELECT name FROM schema_migrations ORDER BY version", database=f"{product}_db_dev")]


@contextlib.contextmanager
def remembered_otherwise(services, product, version=2):
    """The database has another checksum for one migration."""
    where = f"WHERE version = {version}"
    database = f"{product}_db_dev"
    kept = services.sql(product, f"SELECT checksum FROM schema_migrations {where}", database=database)[0][0]
    services.sql(product, f"UPDATE schema_migrations SET checksum = repeat('0', 64) {where}", database=database)
    try:
        yield
    finally:
        services.sql(product, f"UPDATE schema_migrations SET checksum = '{kept}' {where}", database=database)


# ---- migrate-all.sh ----

def test_all_products_are_migrated_and_a_second_time_changes_nothing(scripts, services, empties):
    assert scripts.run("migrate-all.sh").splitlines() == [f"{product}: {len(SHARED)} migrations applied" for product in PRODUCTS]
    assert all(set(SHARED) <= set(applied(services, product)) for product in PRODUCTS)
    assert scripts.run("migrate-all.sh").splitlines() == [f"{product}: 0 migrations applied" for product in PRODUCTS]


@pytest.mark.parametrize("words, env", [(("--dry-run",), {}), ((), {"DRY_RUN": "1"})], ids=["option", "variable"])
def test_a_dry_run_lists_what_is_pending_and_changes_nothing(scripts, services, empties, words, env):
    said = scripts.run("migrate-all.sh", *words, **env)
    for product in PRODUCTS:
        assert f"{product}: {len(SHARED)} pending: {' '.join(SHARED)}\n" in said
        assert applied(services, product) == []
    scripts.run("migrate-all.sh")
    assert scripts.run("migrate-all.sh", "--dry-run").splitlines() == [f"{product}: 0 pending" for product in PRODUCTS]


def test_the_first_failure_stops_it(scripts, services, empties):
    empty_again = PRODUCTS[1:]
    scripts.run("migrate-all.sh")
    empty(services, *empty_again)
    with remembered_otherwise(services, PRODUCTS[0]):
        said = scripts.run("migrate-all.sh", code=1)
        assert "was changed after it was applied" in said and f"{PRODUCTS[0]} failed; done before it: none" in said
        assert all(applied(services, product) == [] for product in empty_again)
        said = scripts.run("migrate-all.sh", "--dry-run", code=1)
        assert f"{PRODUCTS[0]}: changed after being applied: {SHARED[1]}" in said


def test_it_tells_what_was_done_before_a_failure(scripts, services, migrated):
    with remembered_otherwise(services, PRODUCTS[-1]):
        said = scripts.run("migrate-all.sh", code=1)
    assert f"{PRODUCTS[-1]} failed; done before it: {' '.join(PRODUCTS[:-1])}; nothing after it was touched" in said


def test_settings_from_a_folder_name_other_databases(scripts, services, migrated, tmp_path):
    for product in PRODUCTS:
        text = (services.folder / product / ".env").read_text().replace(f"/{product}_db_dev?", f"/{product}_db_test?")
        (tmp_path / f"{product}.env").write_text(text)
    scripts.run("migrate-all.sh", "--env-dir", tmp_path.name, cwd=tmp_path.parent)
    for product in PRODUCTS:
        assert len(services.sql(product, "SELECT 1 FROM schema_migrations")) >= len(SHARED)
    assert "the same in" in scripts.run("sync-migrations.sh", "--env-dir", tmp_path)
    (tmp_path / f"{PRODUCTS[0]}.env").unlink()
    assert "cannot be read" in scripts.run("migrate-all.sh", "--env-dir", tmp_path, code=1)
    assert "needs a folder" in scripts.run("migrate-all.sh", "--env-dir", tmp_path / "none", code=1)


def test_the_build_target_does_the_same(scripts, services, empties):
    done = subprocess.run(["cmake", "--build", str(bin_dir().parent), "--target", "migrate-all"], env=scripts.env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout
    assert all(f"{product}: {len(SHARED)} migrations applied" in done.stdout for product in PRODUCTS)


@pytest.mark.parametrize("name", ["migrate-all.sh", "sync-migrations.sh"])
def test_misuse_shows_how_to_use_it(scripts, name):
    said = scripts.run(name, "--everything", code=USAGE)
    assert f"scripts/{name} [" in said and "Exit code 1" in said and "set -euo" not in said


# ---- reset-test-db.sh ----

def test_a_test_database_is_made_anew(scripts, services, product):
    scripts.run("reset-test-db.sh", product)
    services.sql(product, "INSERT INTO users (clerk_user_id) VALUES ('user_before')")
    scripts.run("reset-test-db.sh", product)
    assert services.sql(product, "SELECT count(*) FROM users") == [["0"]]
    assert services.sql(product, "SELECT count(*) >= 10 FROM schema_migrations") == [["t"]]
    assert services.sql(product, f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{product}_db_test'") == [[f"{product}_owner"]]


def test_another_test_database_by_name(scripts, services):
    product = PRODUCTS[0]
    scripts.run("reset-test-db.sh", product, "--database", f"{product}_test_copy")
    assert services.sql(product, "SELECT count(*) FROM users", database=f"{product}_test_copy") == [["0"]]
    services.sql(product, f"DROP DATABASE {product}_test_copy", database="postgres")


@pytest.mark.parametrize("database", ["{mine}_db_dev", "{mine}_db", "{mine}_latest", "{mine}_contest", "{other}_db_test", "postgres", "test",
                                      "{mine}_test; DROP DATABASE x", "{mine}_db_TEST", ""])
def test_what_does_not_say_test_is_refused(scripts, services, migrated, database):
    mine, other = PRODUCTS[0], PRODUCTS[1]
    before = services.sql(mine, "SELECT oid, datname FROM pg_database ORDER BY 1")
    said = scripts.run("reset-test-db.sh", mine, "--database", database.format(mine=mine, other=other), code=1)
    assert "is not a test database of" in said
    assert services.sql(mine, "SELECT oid, datname FROM pg_database ORDER BY 1") == before


def test_an_unknown_product_is_refused(scripts):
    assert "use one of" in scripts.run("reset-test-db.sh", "nobody", code=1)


# ---- sync-migrations.sh ----

def test_the_same_migrations_everywhere(scripts, migrated):
    assert scripts.run("sync-migrations.sh") == f"{len(SHARED)} shared migrations, the same in {' '.join(PRODUCTS)}\n"


def test_pending_everywhere_is_the_same(scripts, empties):
    assert "the same in" in scripts.run("sync-migrations.sh")


def test_pending_in_one_product_is_told(scripts, services, migrated):
    empty(services, PRODUCTS[0])
    said = scripts.run("sync-migrations.sh", code=1)
    for name in SHARED:
        assert f"{name}: {PRODUCTS[0]}: pending, {PRODUCTS[1]}: applied " in said
    assert f"{len(SHARED)} of {len(SHARED)} shared migrations differ" in said


def test_another_checksum_is_told(scripts, services, migrated):
    with remembered_otherwise(services, PRODUCTS[1]):
        lines = scripts.run("sync-migrations.sh", code=1).splitlines()
    assert len(lines) == 2 and lines[1].endswith(f"1 of {len(SHARED)} shared migrations differ")
    assert lines[0].startswith(f"{SHARED[1]}: {PRODUCTS[0]}: applied ") and lines[0].endswith(f"{PRODUCTS[1]}: changed 000000000000")


def test_the_same_foreign_checksum_everywhere_is_told_too(scripts, services, migrated):
    with contextlib.ExitStack() as stack:
        for product in PRODUCTS:
            stack.enter_context(remembered_otherwise(services, product))
        assert f"1 of {len(SHARED)} shared migrations differ" in scripts.run("sync-migrations.sh", code=1)


def test_a_database_ahead_of_its_program_is_told(scripts, services, migrated):
    database = f"{PRODUCTS[0]}_db_dev"
    services.sql(PRODUCTS[0], "INSERT INTO schema_migrations (version, name, checksum, took_ms) VALUES (9999, '9999_future.sql', 'x', 1)",
                 database=database)
    try:
        assert "it has 9999_future.sql" in scripts.run("sync-migrations.sh", code=1)
    finally:
        services.sql(PRODUCTS[0], "DELETE FROM schema_migrations WHERE version = 9999", database=database)
