"""Which browser pages may read our replies: those of FRONTEND_URL, byte for byte, and nobody else."""

import pytest

from conftest import other_product
from harness.wire import exchange, request

LIST = "/api/v1/properties"
ME = "/api/v1/users/me"
WEBHOOK = "/api/v1/webhooks/clerk"
ALLOWED_HEADERS = {"authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-request-id", "x-session-id",
                   "last-event-id", "accept-language", "traceparent"}
EXPOSED = {"x-request-id", "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "etag"}
VARY = "Origin, Accept-Language"


def origins(product):
    return f"https://{product}.test", f"https://www.{product}.test"


def words(text):
    return {word.strip().lower() for word in text.split(",")}


def cors_of(reply):
    return {name: value for name, value in dict(reply.headers).items() if name.startswith("access-control-")}


def assert_simple(reply, origin):
    headers = cors_of(reply)
    assert headers.pop("access-control-allow-origin") == origin
    assert headers.pop("access-control-allow-credentials") == "true"
    assert words(headers.pop("access-control-expose-headers")) == EXPOSED
    assert headers == {}
    assert reply.headers["vary"] == VARY


def preflight(app, path, origin, method="GET", **more):
    headers = {"Origin": origin, "Access-Control-Request-Method": method, **more}
    return app.request("OPTIONS", path, headers={name.replace("_", "-"): value for name, value in headers.items()})


# ---- preflights ----

METHODS = {"/health": "GET, HEAD, OPTIONS", ME: "GET, HEAD, PATCH, DELETE, OPTIONS", LIST: "GET, HEAD, POST, OPTIONS",
           f"{LIST}/1": "GET, HEAD, PATCH, DELETE, OPTIONS", f"{LIST}/1/images": "PUT, OPTIONS"}


def test_a_preflight_is_told_everything(app, product):
    for path, methods in METHODS.items():
        for origin in origins(product):
            reply = preflight(app, path, origin, "PATCH", Access_Control_Request_Headers="authorization,content-type")
            headers = cors_of(reply)
            assert reply.status == 204 and reply.body == b"" and reply.headers["vary"] == VARY
            assert headers.pop("access-control-allow-origin") == origin
            assert headers.pop("access-control-allow-credentials") == "true"
            assert headers.pop("access-control-allow-methods") == methods, path
            assert words(headers.pop("access-control-allow-headers")) == ALLOWED_HEADERS
            assert headers.pop("access-control-max-age") == "600"
            assert headers == {}, "nothing else, and no *"


def test_what_a_preflight_asks_for_changes_nothing(app, product):
    """Lists are explicit: neither the method nor the headers asked for are echoed."""
    origin = origins(product)[0]
    plain = cors_of(preflight(app, LIST, origin))
    for more in ({"Access_Control_Request_Headers": "x-evil, *"}, {"Access_Control_Request_Headers": "a" * 500},
                 {"Access_Control_Request_Private_Network": "true"}, {"Cookie": "a=b"}, {"Authorization": "Bearer nonsense"}):
        reply = preflight(app, LIST, origin, **more)
        assert reply.status == 204 and cors_of(reply) == plain, more
    for method in ("TRACE", "*", "", "get", "PROPFIND, GET"):
        assert cors_of(preflight(app, LIST, origin, method)) == plain, method


def test_options_without_the_question_is_no_preflight(app, product):
    reply = app.request("OPTIONS", LIST, headers={"Origin": origins(product)[0]})
    assert reply.status == 204 and reply.headers["allow"] == METHODS[LIST]
    assert_simple(reply, origins(product)[0])


def test_a_preflight_of_nothing_is_404_and_readable(app, product):
    reply = preflight(app, "/nowhere", origins(product)[0])
    assert reply.status == 404 and reply.error["code"] == "NOT_FOUND"
    headers = cors_of(reply)
    assert headers["access-control-allow-origin"] == origins(product)[0]
    assert "access-control-allow-methods" not in headers


def test_a_preflight_asks_neither_the_database_nor_for_tokens(start, product):
    one = start(LOG_LEVEL="debug", DATABASE_ECHO="true", RATE_LIMIT_GUEST_PER_MINUTE=5, WORKERS=1, REDIS_URL="")
    for n in range(20):
        reply = preflight(one, LIST, origins(product)[0], "POST", X_Request_Id=f"preflight-{n:04}")
        assert reply.status == 204 and "ratelimit-limit" not in reply.headers
    reply = one.get(f"{LIST}?limit=1", headers={"X-Request-Id": "not-a-preflight"})
    assert reply.status == 200 and reply.headers["ratelimit-remaining"] == "4"
    one.stop()
    statements = {line["request_id"] for line in one.log_lines("db.statement_sent") if "request_id" in line}
    assert "not-a-preflight" in statements and not any(name.startswith("preflight-") for name in statements)


# ---- who may ----

def look_alikes(product):
    own = origins(product)[0]
    host = own.removeprefix("https://")
    return {
        "other product": f"https://{other_product(product)}.test", "null": "null", "star": "*", "nothing": "", "blank": " ",
        "http": f"http://{host}", "port": f"{own}:443", "other port": f"{own}:8443", "slash": f"{own}/", "path": f"{own}/x",
        "upper case host": f"https://{host.upper()}", "upper case scheme": f"HTTPS://{host}", "subdomain": f"https://evil.{host}",
        "suffix": f"{own}.evil.test", "prefix": f"https://evil{host}", "longer": f"{own}x", "shorter": own[:-1], "no scheme": host,
        "user": f"https://evil@{host}", "userinfo": f"{own}@evil.test", "dot": f"{own}.", "two": f"{own} {own}",
        "list": ", ".join(origins(product)), "query": f"{own}?", "fragment": f"{own}#", "wildcard": f"https://*.{host}",
        "own address": "http://127.0.0.1", "file": "file://", "percent": own.replace(".", "%2e"), "tab inside": own.replace(".", "\t."),
        "unicode dot": own.replace(".", "\u3002").encode().decode("latin-1"), "first letter": own.replace(product[0], product[0].upper(), 1),
    }


def test_nobody_else_gets_a_header(app, product):
    for name, origin in look_alikes(product).items():
        for reply in (app.get("/health", headers={"Origin": origin}), preflight(app, LIST, origin, "POST"),
                      app.get(ME, headers={"Origin": origin})):
            assert cors_of(reply) == {}, (name, origin)
            assert reply.headers["vary"] == VARY


def test_without_an_origin_there_is_nothing_to_say(app):
    for reply in (app.get("/health"), app.request("OPTIONS", LIST), app.request("OPTIONS", LIST, headers={"Access-Control-Request-Method": "GET"})):
        assert cors_of(reply) == {} and reply.headers["vary"] == VARY


def test_two_origins_are_none(app, product):
    """And who sends a header twice that can only be there once is refused: a proxy could read the other one."""
    own, evil = origins(product)[0], "https://evil.test"
    for pair in ((own, evil), (evil, own), (own, own)):
        answer = exchange(app.port, request("GET", "/health", [("Origin", pair[0]), ("Origin", pair[1])]))
        assert answer.statuses == [400] and answer.closed, pair
        assert answer.replies[0].error["code"] == "BAD_REQUEST" and cors_of(answer.replies[0]) == {}, pair


def test_every_listed_origin_counts_and_only_as_written(start, product):
    listed = ["http://localhost:5273", "https://a.example", "https://b.example:8443"]
    one = start(FRONTEND_URL=" , ".join(listed), REDIS_URL="")
    for origin in listed:
        assert_simple(one.get("/health", headers={"Origin": origin}), origin)
    for origin in ("http://localhost", "http://localhost:5274", "https://A.example", "https://b.example", *origins(product)):
        assert cors_of(one.get("/health", headers={"Origin": origin})) == {}, origin


# ---- every reply ----

def test_replies_of_every_kind_can_be_read(app, product, agent):
    origin = origins(product)[1]
    one = app.get(f"{LIST}?limit=1").json["data"][0]["id"]
    etag = app.get(f"{LIST}/{one}").headers["etag"]
    kinds = {
        200: ("GET", LIST, {}), 304: ("GET", f"{LIST}/{one}", {"If-None-Match": etag}), 400: ("POST", LIST, {"Authorization": f"Bearer {agent}"}),
        401: ("GET", ME, {}), 404: ("GET", "/nowhere", {}), 405: ("DELETE", LIST, {}), 414: ("GET", "/" + "a" * 5000, {}),
        422: ("GET", f"{LIST}?limit=0", {}), 403: ("GET", "/api/v1/users", {"Authorization": f"Bearer {agent}"}),
        412: ("PATCH", f"{LIST}/{one}", {"Authorization": f"Bearer {app.token_of('admin')}", "If-Match": '"v999"'}),
        415: ("POST", LIST, {"Authorization": f"Bearer {agent}", "Content-Type": "text/plain"}),
    }
    for status, (method, path, headers) in kinds.items():
        body = {400: "{", 412: {"title": "Another title"}, 415: "x"}.get(status)
        reply = app.request(method, path, body, headers={**headers, "Origin": origin})
        assert reply.status == status, (status, reply.status, reply.body)
        assert_simple(reply, origin)
    assert_simple(app.get(ME, token="nonsense", headers={"Origin": origin}), origin)
    assert_simple(app.request("HEAD", LIST, headers={"Origin": origin}), origin)


def test_413_and_431_can_be_read(app, product, agent):
    origin = ("Origin", origins(product)[0])
    head = [origin, ("Authorization", f"Bearer {agent}"), ("Content-Type", "application/json"), ("Content-Length", "10000000")]
    for status, data in ((413, request("POST", LIST, head)), (431, request("GET", LIST, [origin, ("X-Fill", "f" * 8200)]))):
        answer = exchange(app.port, data)
        assert answer.statuses == [status]
        assert_simple(type(app.get("/"))(status, dict(answer.replies[0].headers), b""), origin[1])


def test_429_can_be_read(start, product):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=1, REDIS_URL="", WORKERS=1)
    origin = origins(product)[0]
    replies = [one.get(LIST, headers={"Origin": origin}) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    for reply in replies:
        assert_simple(reply, origin)
        assert EXPOSED & set(reply.headers) >= {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-request-id"}


def test_503_can_be_read(start, product):
    one = start(CLERK_JWT_KEY="", CLERK_SECRET_KEY="sk_test_cors", CLERK_JWKS_URL="http://127.0.0.1:9/", REDIS_URL="")
    reply = one.get(ME, token=one.issuer.token(), headers={"Origin": origins(product)[0]})
    assert reply.status == 503 and reply.error["code"] == "AUTH_UNAVAILABLE"
    assert_simple(reply, origins(product)[0])


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "GET"])
def test_webhooks_are_not_for_browsers(app, product, method):
    for more in ({}, {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "svix-id"}):
        reply = app.request(method, WEBHOOK, headers={"Origin": origins(product)[0], **more})
        assert cors_of(reply) == {} and reply.headers["vary"] == VARY
