"""Keys from Clerk's key server: fetched, shared, rotated, and missing."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.app import App
from harness.tokens import Issuer

ME = "/api/v1/users/me"


class KeyServer:
    """Speaks JWKS; what it answers is the test's choice."""

    def __init__(self):
        self.keys, self.status, self.body, self.delay, self.fetches = [], 200, None, 0, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.fetches += 1
                time.sleep(outer.delay)
                body = outer.body if outer.body is not None else json.dumps({"keys": outer.keys}).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/.well-known/jwks.json"


@pytest.fixture
def keys():
    server = KeyServer()
    yield server
    server.server.shutdown()


@pytest.fixture
def launch(product, services, keys):
    running = []

    def launch_one(**settings):
        issuer = Issuer(product)
        one = App(product, services, issuer, WORKERS=1, CLERK_JWT_KEY="", CLERK_SECRET_KEY="sk_test_harness",
                  CLERK_API_URL="http://127.0.0.1:1", CLERK_JWKS_URL=keys.url, REDIS_URL="", **settings)
        done = one.command("migrate")
        assert done.returncode == 0, done.stderr
        running.append(one)
        return one

    yield launch_one
    for one in running:
        one.stop()


def test_keys_come_from_the_key_server_once(launch, keys):
    one = launch()
    keys.keys = [one.issuer.jwk()]
    one.start("/health")
    for n in range(20):
        assert one.get(ME, token=one.issuer.token(f"user_{n}")).status == 200
    assert keys.fetches == 1


def test_no_keys_is_503_and_never_401(launch, keys):
    keys.status = 500
    one = launch()
    one.start("/health")
    reply = one.get(ME, token=one.issuer.token())
    assert reply.status == 503 and reply.error["code"] == "AUTH_UNAVAILABLE"
    assert int(reply.headers["retry-after"]) >= 1
    ready = one.wait("/ready")
    assert ready.json["status"] == "degraded" and ready.json["checks"]["jwks"]["ok"] is False


def test_a_stale_set_is_served_while_the_server_is_down(launch, keys):
    one = launch()
    keys.keys = [one.issuer.jwk()]
    one.start("/health")
    assert one.get(ME, token=one.issuer.token("user_before")).status == 200
    keys.status, keys.body = 200, b"<html>maintenance</html>"
    assert one.get(ME, token=one.issuer.token("user_after")).status == 200


def test_unknown_kids_do_not_flood_the_key_server(launch, keys):
    one = launch()
    keys.keys = [one.issuer.jwk()]
    one.start("/health")
    assert one.get(ME, token=one.issuer.token()).status == 200
    for n in range(100):
        token = one.issuer.sign({"alg": "RS256", "typ": "JWT", "kid": f"ins_{n}"}, one.issuer.claims("user_flood"))
        assert one.get(ME, token=token).status == 401
    assert keys.fetches <= 2


def test_weak_and_foreign_keys_are_ignored(launch, keys):
    one = launch()
    good = one.issuer.jwk()
    keys.keys = [{**good, "kid": "ec", "kty": "EC"}, {**good, "kid": "short", "n": good["n"][:80]},
                 {**good, "kid": "even", "e": "Ag"}, {**good, "kid": "enc", "use": "enc"}, {**good, "kid": ""}, good]
    one.start("/health")
    assert one.get(ME, token=one.issuer.token()).status == 200
    for kid in ("ec", "short", "even", "enc"):
        token = one.issuer.sign({"alg": "RS256", "typ": "JWT", "kid": kid}, one.issuer.claims("user_weak"))
        assert one.get(ME, token=token).status == 401


def test_a_huge_answer_is_cut(launch, keys):
    keys.body = b'{"keys":[' + b" " * 50_000_000 + b"]}"
    one = launch()
    one.start("/health")
    assert one.get(ME, token=one.issuer.token()).status == 503


def test_a_slow_key_server_delays_nobody_else(launch, keys):
    one = launch()
    keys.delay = 2
    keys.keys = [one.issuer.jwk()]
    one.start("/health")
    waiting = threading.Thread(target=one.get, args=(ME,), kwargs={"token": one.issuer.token()})
    waiting.start()
    began = time.monotonic()
    assert one.get("/health").status == 200
    assert time.monotonic() - began < 1.5
    waiting.join()
