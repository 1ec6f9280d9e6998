"""selftest isolation: from the settings of two products, that neither takes what is the other's; and that it would find it out."""

import contextlib

import pytest

from conftest import PRODUCTS, other_product
from harness.app import App
from harness.scripts import Scripts

FAILED, USAGE, BAD_SETTINGS = 1, 64, 78
SECRETS = ["whsec_" + secret for secret in ("b25lLXNlY3JldC1vZi10aGUtdGVzdHMtMTIzNDU2", "YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3RzLTEy")]
LINES = ["issuers of tokens differ", "a token is refused", "keys of Clerk's API differ", "origins of front ends differ", "a webhook signature is refused", "keys that sign cursors differ", "a quote token is refused",
         "the database is refused by the program", "the database role may not connect", "a guest session and its conversation are not found",
         "a key in Redis is not found", "the Redis user may not read or write"]


# Settings that must differ between products, but for those that a program itself refuses (tests/test_config.py, tests/test_migrations.py).
OWN_VALUES = ["FRONTEND_URL", "REDIS_URL", "CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY", "CLERK_WEBHOOK_SECRET", "CLERK_JWT_KEY", "CLERK_DEV_PRIVATE_KEY"]


class Pair:
    def __init__(self, product, services, tmp_path):
        self.services, self.file = services, tmp_path / "other.env"
        self.mine = App(product, services, CLERK_WEBHOOK_SECRET=SECRETS[0], CLERK_SECRET_KEY="sk_test_of_mine")
        self.other = App(other_product(product), services, PRODUCT_ID=other_product(product), CLERK_WEBHOOK_SECRET=SECRETS[1],
                         CLERK_SECRET_KEY="sk_test_of_the_other")

    def run(self, *words):
        self.file.write_text("".join(f'{name}="{value}"\n' for name, value in self.other.settings.items()))
        return self.mine.command("selftest", "isolation", *(words or ("--other", str(self.file))))

    def failed(self, code=FAILED):
        """(from, to, what) of the lines that say so."""
        done = self.run()
        assert done.returncode == code, done
        lines = [line.split(maxsplit=4) for line in done.stdout.splitlines() if line.startswith("FAIL")]
        assert f"{len(lines)} failures" in done.stdout
        return [(line[1], line[3], line[4]) for line in lines]

    def both(self, what):
        names = self.mine.product, self.other.product
        return [(*names, what), (*reversed(names), what)]


@pytest.fixture(scope="module")
def migrated(services):
    scripts = Scripts(services)
    for one in PRODUCTS:
        scripts.run("reset-test-db.sh", one)


@pytest.fixture
def pair(product, services, migrated, tmp_path):
    return Pair(product, services, tmp_path)


def left_behind(services, product):
    rows = services.sql(product, "SELECT count(*) FROM conversations WHERE title = 'selftest'")
    keys = [key for key in services.redis("KEYS", "*").split() if len(key.split(":", 1)[-1]) == 64]
    return rows != [["0"]] or keys != []


def test_nothing_crosses(pair, services):
    done = pair.run()
    assert done.returncode == 0, done
    mine, other = pair.mine.product, pair.other.product
    assert done.stdout.splitlines() == [f"ok    {a} -> {b}  {line}" for a, b in ((mine, other), (other, mine)) for line in LINES] + ["0 failures"]
    assert not left_behind(services, mine) and not left_behind(services, other)
    for secret in (*SECRETS, "PRIVATE KEY", services.redis_url(mine).split(":")[2].split("@")[0]):
        assert secret not in done.stdout + done.stderr


def test_a_shared_webhook_secret_is_found(pair):
    pair.other.settings["CLERK_WEBHOOK_SECRET"] = pair.mine.settings["CLERK_WEBHOOK_SECRET"]
    assert pair.failed() == pair.both("a webhook signature is refused")


def test_a_shared_clerk_application_is_found(pair):
    for name in ("CLERK_PUBLISHABLE_KEY", "CLERK_JWT_KEY", "CLERK_DEV_PRIVATE_KEY", "FRONTEND_URL"):
        pair.other.settings[name] = pair.mine.settings[name]
    assert sorted(pair.failed()) == sorted(pair.both("issuers of tokens differ") + pair.both("a token is refused") +
                                           pair.both("origins of front ends differ"))


@pytest.mark.parametrize("name", OWN_VALUES)
def test_a_value_of_the_other_is_found(pair, name):
    """Where a program alone cannot know whose a value is, as of a secret made at random, this comparison tells."""
    pair.mine.settings[name] = pair.other.settings[name]
    assert pair.failed()


def test_a_shared_key_under_another_issuer_is_not_enough(pair):
    """The issuer alone keeps a token out."""
    for name in ("CLERK_JWT_KEY", "CLERK_DEV_PRIVATE_KEY"):
        pair.other.settings[name] = pair.mine.settings[name]
    assert pair.run().returncode == 0


@contextlib.contextmanager
def granted(services, role, database):
    services.sql(None, f"GRANT CONNECT ON DATABASE {database} TO {role}", database="postgres")
    try:
        yield
    finally:
        services.sql(None, f"REVOKE CONNECT ON DATABASE {database} FROM {role}", database="postgres")


def test_a_role_that_gets_in_is_found(pair, services):
    mine, other = pair.mine.product, pair.other.product
    with granted(services, f"{mine}_user", f"{other}_db_test"):
        assert pair.failed() == [(mine, other, "the database role may not connect")]


def test_a_shared_database_is_found(pair, services):
    pair.other.settings["DATABASE_URL"] = pair.mine.settings["DATABASE_URL"]
    found = pair.failed()
    for what in ("the database role may not connect", "a guest session and its conversation are not found"):
        assert set(pair.both(what)) <= set(found)
    assert (pair.mine.product, pair.other.product, "the database is refused by the program") in found
    assert not left_behind(services, pair.mine.product)


def test_a_shared_redis_user_without_limits_is_found(pair, services):
    for one in (pair.mine, pair.other):
        one.settings["REDIS_URL"] = services.env["REDIS_ADMIN_URL"]
    assert pair.failed() == pair.both("the Redis user may not read or write")


def test_a_shared_prefix_cannot_be_set(pair, services):
    for one in (pair.mine, pair.other):
        one.settings.update(REDIS_URL=services.env["REDIS_ADMIN_URL"], REDIS_KEY_PREFIX="both:")
    done = pair.run()
    assert done.returncode == BAD_SETTINGS and done.stderr.startswith("REDIS_KEY_PREFIX: ") and done.stdout == ""


@pytest.mark.parametrize("name, url", [("REDIS_URL", "redis://127.0.0.1:1/0"), ("DATABASE_URL", "postgresql://u@/d?host=/nonexistent")])
def test_what_cannot_be_tried_is_no_success(pair, name, url):
    pair.other.settings[name] = url
    assert set(pair.both("Postgres and Redis: could not be tried, see above")) <= set(pair.failed())


def test_without_a_webhook_secret_there_is_none_to_share(pair):
    pair.other.settings["CLERK_WEBHOOK_SECRET"] = ""
    done = pair.run()
    assert done.returncode == 0 and f"ok    {pair.other.product} -> {pair.mine.product}  a webhook signature cannot be made" in done.stdout


def test_misuse_is_told(pair):
    assert pair.run("--role", "x").returncode == USAGE
    assert pair.run("--other", "/nonexistent").returncode == BAD_SETTINGS
    pair.other.settings["PRODUCT_ID"] = pair.mine.product
    done = pair.run()
    assert done.returncode == BAD_SETTINGS and "must name another product" in done.stderr
    pair.other.settings.update(PRODUCT_ID=pair.other.product, WORKERS="many", CLERK_WEBHOOK_SECRET="s3cretW0rd")
    done = pair.run()
    assert done.returncode == BAD_SETTINGS and "WORKERS: " in done.stderr and "s3cretW0rd" not in done.stderr and done.stdout == ""
