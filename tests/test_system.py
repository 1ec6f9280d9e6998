"""What operators and front ends ask first."""

import json
import re
import time

REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


def test_root_tells_the_product(app, product):
    assert app.get("/").json == {"app": app.get("/api/v1/config").json["app_name"], "product_id": product,
                                 "version": "1.0.0"}


def test_health_touches_nothing(app, product):
    for path in ("/health", "/api/v1/health"):
        reply = app.get(path)
        assert reply.status == 200
        assert reply.json["status"] == "ok" and reply.json["product"] == product
        assert set(reply.json) == {"status", "product", "version", "uptime_s"}


def test_ready_names_every_part(app):
    for path in ("/ready", "/api/v1/ready"):
        reply = app.wait(path)  # each worker becomes ready by itself
        assert set(reply.json["checks"]) >= {"database", "migrations", "redis", "jwks", "llm"}
        for check in reply.json["checks"].values():
            assert set(check) == {"ok", "ms", "since"} and check["ok"] is True


def test_config_tells_front_ends_what_they_need(app, product):
    reply = app.get("/api/v1/config")
    assert reply.status == 200
    config = reply.json
    assert config["product_id"] == product
    assert config["clerk_publishable_key"] == app.issuer.publishable_key
    assert config["locales"] == ["en", "th"] and config["base_currency"] == "THB"
    assert set(config["features"]) == {"chat", "faq", "search", "bookings", "investment"}
    assert config["branding"]["colors"]["primary"].startswith("#")
    assert "max-age=300" in reply.headers["cache-control"]


def test_metrics_are_summed_over_workers(app):
    before = requests_counted(app)
    for _ in range(20):
        app.get("/health")
    assert requests_counted(app) >= before + 20


def requests_counted(app):
    text = app.get("/metrics").body.decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("http_requests_total") and 'route="GET /health"' in line)


def test_every_reply_carries_the_standard_headers(app):
    for path in ("/", "/health", "/nowhere", "/api/v1/users/me", "/api/v1/config"):
        headers = app.get(path).headers
        assert REQUEST_ID.match(headers["x-request-id"])
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["vary"] == "Origin, Accept-Language"
        assert headers["cache-control"]
        assert "server" not in headers


def test_request_id_is_echoed_only_when_harmless(app):
    assert app.get("/health", headers={"X-Request-Id": "abcd-1234.X_y"}).headers["x-request-id"] == "abcd-1234.X_y"
    for bad in ("short", "x" * 65, "with space here", "semi;colon;here"):
        assert app.get("/health", headers={"X-Request-Id": bad}).headers["x-request-id"] != bad


def test_head_is_get_without_a_body(app):
    reply = app.request("HEAD", "/api/v1/config")
    assert reply.status == 200 and reply.body == b""
    assert int(reply.headers["content-length"]) == len(app.get("/api/v1/config").body)


def test_one_log_line_a_request_without_the_query(app):
    app.get("/api/v1/properties?city=Secretville", headers={"X-Request-Id": "log-line-test"})
    deadline = time.monotonic() + 5
    lines = []
    while not lines and time.monotonic() < deadline:  # written at the end of the loop's turn
        lines = [line for line in app.log_lines("http.request_done") if line["request_id"] == "log-line-test"]
    assert len(lines) == 1
    assert lines[0]["status"] == 200 and lines[0]["route"] == "/api/v1/properties" and lines[0]["ms"] >= 0
    assert "Secretville" not in json.dumps(lines[0])
