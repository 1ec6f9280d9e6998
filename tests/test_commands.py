"""Sub-commands: what they print, and how they end when something is missing."""

import socket

import pytest
from harness.app import App

USAGE, UNAVAILABLE, BAD_SETTINGS = 64, 69, 78  # of sysexits.h


@pytest.fixture
def cut_off(product, services):
    """A product whose database is not there: no such socket, so that a connection fails at once."""
    nowhere = f"postgresql://{product}_user@/nowhere?host=/nonexistent"
    return App(product, services, DATABASE_URL=nowhere, MIGRATE_DATABASE_URL=nowhere)


@pytest.mark.parametrize("words", [
    ("migrate",), ("migrate", "--status"), ("seed",), ("dev-token", "--role", "admin"),
    ("user", "set-role", "--clerk-id", "user_kim", "--role", "admin")], ids=" ".join)
def test_without_a_database_a_command_fails_and_says_why(cut_off, words):
    done = cut_off.command(*words)
    assert done.returncode == UNAVAILABLE and done.stdout == "", done
    assert done.stderr.strip()


def test_a_token_alone_needs_no_database(cut_off):
    done = cut_off.command("dev-token")
    assert done.returncode == 0 and done.stdout.count(".") == 2 and len(done.stdout.splitlines()) == 1


def test_a_health_check_asks_the_server_of_its_settings(app, cut_off):
    assert (done := app.command("healthcheck")).returncode == 0 and done.stdout == done.stderr == ""
    everywhere = cut_off.__class__(app.product, app.services, BIND_ADDR="0.0.0.0", PORT=app.port)
    assert everywhere.command("healthcheck").returncode == 0
    done = cut_off.command("healthcheck")
    assert done.returncode == UNAVAILABLE and f"cannot reach 127.0.0.1:{cut_off.port}" in done.stderr
    cut_off.start(path="/health")
    try:
        done = cut_off.command("healthcheck")
        assert done.returncode == UNAVAILABLE and "not ready: it answers HTTP/1.1 503" in done.stderr
    finally:
        assert cut_off.stop() == 0


def test_a_health_check_does_not_wait_for_ever(product, services):
    """A server that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = App(product, services, PORT=silent.getsockname()[1])
        done = one.command("healthcheck")
        assert done.returncode == UNAVAILABLE and "does not answer" in done.stderr


def test_tokens_are_for_development(product, services):
    done = App(product, services, CLERK_DEV_PRIVATE_KEY="").command("dev-token")
    assert done.returncode == BAD_SETTINGS and "CLERK_DEV_PRIVATE_KEY_FILE" in done.stderr


@pytest.mark.parametrize("words", [
    ("fly",), ("serve", "now"), ("user",), ("--colour",), ("user", "set-role"), ("user", "set-role", "--clerk-id", "u", "--role", "king"),
    ("dev-token", "--role", "king")], ids=" ".join)
def test_misuse_is_told(cut_off, words):
    done = cut_off.command(*words)
    assert done.returncode == USAGE and done.stdout == "" and done.stderr


def test_bad_settings_are_told_all_at_once(product, services):
    one = App(product, services, WORKERS="many", FRONTEND_URL="not-an-origin", REDIS_KEY_PREFIX="no-colon")
    done = one.command("check-config")
    assert done.returncode == BAD_SETTINGS and done.stdout == ""
    assert {line.split(":")[0] for line in done.stderr.splitlines()} == {"WORKERS", "FRONTEND_URL", "REDIS_KEY_PREFIX"}
