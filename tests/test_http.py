"""HTTP itself: methods, addresses, bodies, limits, headers, and what becomes of everything that is wrong."""

import json
import re
import threading
import time
import uuid

import pytest

from conftest import PRODUCTS, other_product
from harness.waiting import until
from harness.wire import Wire, exchange, request

LIST = "/api/v1/properties"
ME = "/api/v1/users/me"
DRAFT = {"title": "Test Property", "listing_type": "sale", "property_type": "villa",
         "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}
TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
MINTED = re.compile(r"^[0-9a-f]{12}-[0-9a-f]{12}$")

URL_MAX, HEAD_MAX, BODY_MAX, DISCARD_MAX, DEPTH_MAX, TOKENS_MAX = 4096, 8192, 65536, 4194304, 16, 4000
HEADER_SECONDS = 10

one_product = pytest.mark.parametrize("product", PRODUCTS[:1], indirect=True)


def assert_problem(reply, status, code, product, path=None):
    assert reply.status == status, (reply.status, reply.body)
    error = reply.error
    assert set(error) - {"details"} == {"code", "message", "product", "timestamp", "path", "request_id"}
    assert error["code"] == code and error["message"] and error["product"] == product
    assert TIMESTAMP.match(error["timestamp"])
    assert path is None or error["path"] == path
    headers = dict(reply.headers)
    assert headers["content-type"] == "application/json" and headers["cache-control"] == "no-store"
    assert headers["x-request-id"] == error["request_id"]
    return error


# ---- methods ----

ALLOWED = {"/": "GET, HEAD, OPTIONS", "/health": "GET, HEAD, OPTIONS", "/api/v1/config": "GET, HEAD, OPTIONS",
           ME: "GET, HEAD, PATCH, DELETE, OPTIONS", LIST: "GET, HEAD, POST, OPTIONS", "/api/v1/webhooks/clerk": "POST, OPTIONS",
           "/api/v1/users/1": "GET, HEAD, PATCH, OPTIONS", f"{LIST}/1": "GET, HEAD, PATCH, DELETE, OPTIONS",
           f"{LIST}/1/images": "PUT, OPTIONS"}


@pytest.mark.parametrize("path", ALLOWED)
def test_other_methods_are_405_and_told_which_are_not(app, product, path):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method in ALLOWED[path]:
            continue
        reply = app.request(method, path)
        assert_problem(reply, 405, "METHOD_NOT_ALLOWED", product, path)
        assert reply.headers["allow"] == ALLOWED[path]
    reply = app.request("OPTIONS", path)
    assert reply.status == 204 and reply.headers["allow"] == ALLOWED[path] and reply.body == b""


def test_unknown_methods_are_405(app, product):
    for method in ("TRACE", "get", "Get", "PROPFIND", "LINK", "M" * 1000, "GETT", "!", "QUERY"):
        answer = exchange(app.port, request(method, "/health", [("Connection", "close")]))
        assert len(answer.replies) == 1, method
        assert_problem(answer.replies[0], 405, "METHOD_NOT_ALLOWED", product, "/health")
        assert answer.replies[0].header("allow") == "GET, HEAD, OPTIONS"
    assert app.request("TRACE", "/nowhere").status == 405


def test_connect_is_refused(app):
    answer = exchange(app.port, request("CONNECT", "api.test:443"))
    assert answer.statuses == [400] and answer.closed


def test_head_is_get_without_a_body(app):
    for path in ("/", "/health", "/api/v1/config", LIST, f"{LIST}/facets", "/nowhere", ME):
        with Wire(app.port) as wire:
            wire.send(request("GET", path))
            got = wire.reply()
            wire.send(request("HEAD", path) + request("GET", "/health"))
            head = wire.reply(head=True)
            assert (head.status, head.header("content-type")) == (got.status, got.header("content-type"))
            if path not in ("/health", "/nowhere", ME):  # these tell the time
                assert head.header("content-length") == got.header("content-length"), path
            assert wire.reply().status == 200  # what follows is the next reply, not a body


def test_304_has_no_body_and_keeps_the_connection(app):
    with Wire(app.port) as wire:
        one = app.get(f"{LIST}?limit=1").json["data"][0]["id"]
        wire.send(request("GET", f"{LIST}/{one}"))
        tag = wire.reply().header("etag")
        for known in (tag, f"W/{tag}", "*", f'"x", {tag}'):
            wire.send(request("GET", f"{LIST}/{one}", [("If-None-Match", known)]) + request("GET", "/health"))
            reply = wire.reply()
            assert reply.status == 304 and reply.body == b"" and reply.header("etag") == tag, known
            assert wire.reply().status == 200
        for other in ('"v0"', "v1", '"', ""):
            wire.send(request("GET", f"{LIST}/{one}", [("If-None-Match", other)]))
            assert wire.reply().status == 200, other


# ---- addresses ----

def test_unknown_paths_are_404(app, product):
    for path in ("/nowhere", "/api", "/api/v1", "/api/v2/health", f"/api/v1/{product}/properties", "/API/V1/config", "/Health",
                 "/api/v1/users/me/", "/health/", "//health", "/api//v1/config", "/api/v1/./config", "/api/v1/x/../config",
                 "/api/v1/config;a=b", "/health/%2e%2e/config", "/api%2fv1/config", "/api/v1/%63onfig", "/%68ealth", "/a" * 40,
                 "/api/v1/properties/1/2/3", "/.git/config", "/docs/../health"):
        error = assert_problem(app.get(path), 404, "NOT_FOUND", product, path)
        assert error["message"] == "Not found"


def test_a_segment_cannot_leave_its_place(app, product):
    for segment in ("..", ".", "%2e%2e", "a%2fb", "a%5cb", "%2e", "..%2f..", "a/b/c/d"):
        reply = app.get(f"{LIST}/{segment}")
        assert reply.status == 404 and reply.error["code"] == "NOT_FOUND", segment


def test_an_id_and_a_slug_that_are_not_there_look_the_same(app, product):
    bodies = []
    for name in ("abc123", "999999999", "9223372036854775807", "9" * 30, "0", "-1", "1.5", "%E0%B8%9A%E0%B9%89%E0%B8%B2%E0%B8%99"):
        error = assert_problem(app.get(f"{LIST}/{name}"), 404, "NOT_FOUND", product, f"{LIST}/{name}")
        bodies.append({key: error[key] for key in ("code", "message", "product")})
    assert all(body == {"code": "NOT_FOUND", "message": "Property not found", "product": product} for body in bodies)


def test_urls_have_an_end(app, product):
    for length, status in ((URL_MAX, 404), (URL_MAX + 1, 414)):
        answer = exchange(app.port, request("GET", "/" + "a" * (length - 1), [("Connection", "close")]))
        assert answer.statuses == [status]
        assert_problem(answer.replies[0], status, "NOT_FOUND" if status == 404 else "BAD_REQUEST", product)
    path = f"{LIST}?city=" + "b" * (URL_MAX - len(f"{LIST}?city="))
    assert app.get(path).status in (200, 422)
    assert app.get(path + "b").status == 414
    for length in (8193, 40_000, 1_000_000):
        answer = exchange(app.port, request("GET", "/" + "a" * length))
        assert answer.closed and answer.statuses in ([414], [431]), length


def test_queries_are_escaped_utf8_without_nul(app, product):
    for query in ("city=%", "city=%4", "city=%zz", "city=%ff", "city=%c0%af", "city=%ed%a0%80", "city=%f5%80%80%80", "city=a%00b",
                  "%ff=1", "city=%e0%b8"):
        assert_problem(app.get(f"{LIST}?{query}"), 422, "VALIDATION_ERROR", product, LIST)
    assert app.get(f"{LIST}?city=%E0%B8%A0%E0%B8%B9%E0%B9%80%E0%B8%81%E0%B9%87%E0%B8%95&city=").status == 422  # given twice
    assert app.get(f"{LIST}?city=%E0%B8%A0%E0%B8%B9%E0%B9%80%E0%B8%81%E0%B9%87%E0%B8%95").status == 200


def test_unknown_parameters_are_named(app, product):
    for path in (f"{LIST}?citty=x", "/api/v1/config?x=1", f"{LIST}/1?expand=all", "/health?debug=1", f"{LIST}?LIMIT=1"):
        name = path.split("?")[1].split("=")[0]
        error = assert_problem(app.get(path), 422, "UNKNOWN_PARAMETER", product, path.split("?")[0])
        assert [detail["field"] for detail in error["details"]] == [name]
        assert all(set(detail) == {"field", "code", "message"} for detail in error["details"])


def test_a_parameter_counts_once(app):
    reply = app.get(f"{LIST}?limit=1&limit=2")
    assert reply.status == 422 and reply.error["details"][0]["field"] == "limit"
    assert app.get(f"{LIST}?limit=1&&").status == 200
    assert app.get(f"{LIST}?" + "&".join(f"a{n}=1" for n in range(65))).status == 422


# ---- bodies ----

def test_unknown_and_wrong_members_are_named(app, agent, product):
    for body, code, field in (({**DRAFT, "colour": 1}, "UNKNOWN_FIELD", "colour"), ({**DRAFT, "Title": "x"}, "UNKNOWN_FIELD", "Title"),
                              ({**DRAFT, "price": {**DRAFT["price"], "tax": 1}}, "UNKNOWN_FIELD", "price.tax"),
                              ({**DRAFT, "title": 1}, "VALIDATION_ERROR", "title"), ({}, "VALIDATION_ERROR", "title"),
                              ({**DRAFT, "bedrooms_total": 1e300}, "VALIDATION_ERROR", "bedrooms_total"),
                              ({**DRAFT, "bedrooms_total": True}, "VALIDATION_ERROR", "bedrooms_total"),
                              ({**DRAFT, "amenities": [1]}, "VALIDATION_ERROR", "amenities")):
        error = assert_problem(app.post(LIST, body, token=agent), 422, code, product, LIST)
        assert field in [detail["field"] for detail in error["details"]], error


def test_what_is_not_json_is_400(app, agent, product):
    for body in (b"", b" ", b"{", b"}", b'{"title":}', b"{'title':1}", b'{"title":"a"}x', b'{"title":"a",}', b"\xef\xbb\xbf{}", b"NaN",
                 b'{"title":1e999}', b'{"title":"a","title":"b"}', b'{"title":"\xff"}', b'{"title":"\xc0\xaf"}', b"\x00", b'{"title":01}',
                 b'{"title":"\xed\xa0\x80"}', b'{"title":"\\ud800"}', b"// comment\n{}", b'{"a":1}{"b":2}', b'{"title":"a\nb"}'):
        assert_problem(app.post(LIST, body, token=agent, headers={"Content-Type": "application/json"}), 400, "BAD_REQUEST", product, LIST)


def test_nul_is_refused_wherever_it_stands(app, agent):
    for body in (b'{"title":"a\\u0000b"}', b'{"title":"a\x00b"}', b'{"ti\\u0000tle":"a"}'):
        reply = app.post(LIST, body, token=agent, headers={"Content-Type": "application/json"})
        assert reply.status in (400, 422), body


def test_other_json_than_an_object_is_422(app, agent, product):
    for body in ("[]", '"text"', "1", "null", "true", "[{}]"):
        assert_problem(app.post(LIST, body, token=agent), 422, "VALIDATION_ERROR", product)


def nested(depth, inner="1"):
    return '{"attributes":' * 1 + "[" * (depth - 1) + inner + "]" * (depth - 1) + "}"


def test_depth_is_limited(app, agent, product):
    for kind in (nested, lambda depth: '{"attributes":' * depth + "1" + "}" * depth):
        within = app.post(LIST, kind(DEPTH_MAX), token=agent)
        assert within.status == 422 and "nested" not in json.dumps(within.json)
        for depth in (DEPTH_MAX + 1, 3000):
            error = assert_problem(app.post(LIST, kind(depth), token=agent), 422, "VALIDATION_ERROR", product)
            assert str(DEPTH_MAX) in error["details"][0]["message"]


def test_the_number_of_values_is_limited(app, agent, product):
    """The object, its key and the list are three."""
    for count, says_so in ((TOKENS_MAX - 3, False), (TOKENS_MAX - 2, True), (20_000, True)):
        reply = app.post(LIST, '{"attributes":[' + ",".join(["1"] * count) + "]}", token=agent)
        assert_problem(reply, 422, "VALIDATION_ERROR", product)
        assert (str(TOKENS_MAX) in reply.body.decode()) == says_so, count
    for wide in ("{}", "[]", '""', "null", '{"a":1}'):
        body = "[" + ",".join([wide] * (60_000 // (len(wide) + 1))) + "]"
        assert app.post(LIST, body, token=agent).status == 422


def test_bodies_must_say_that_they_are_json(app, agent, product):
    body = json.dumps(DRAFT)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "application/jsonp",
                 "application/json; charset=utf-16", "application/merge-patch+json", "*/*", ""):
        reply = app.post(LIST, body, token=agent, headers={"Content-Type": kind})
        assert_problem(reply, 415, "UNSUPPORTED_MEDIA_TYPE", product, LIST)
    for kind in ("application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8"):
        assert app.post(LIST, body, token=agent, headers={"Content-Type": kind}).status == 201


def padded(size):
    body = json.dumps(DRAFT).encode()
    return body + b" " * (size - len(body))


def chunked(body, size):
    pieces = (body[at:at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def post_head(agent, *headers):
    return request("POST", LIST, [("Authorization", f"Bearer {agent}"), ("Content-Type", "application/json"), *headers])


def test_bodies_have_an_end(app, agent, product):
    assert app.post(LIST, padded(BODY_MAX), token=agent).status == 201
    assert_problem(app.post(LIST, padded(BODY_MAX + 1), token=agent), 413, "PAYLOAD_TOO_LARGE", product, LIST)


def test_a_body_that_is_refused_is_read_all_the_same(app, agent, product):
    """Who is still sending when the connection closes may never read why."""
    for length in (BODY_MAX + 1, DISCARD_MAX):
        with Wire(app.port) as wire:
            wire.send(post_head(agent, ("Content-Length", str(length))) + b" " * length)
            reply = wire.reply()
            assert_problem(reply, 413, "PAYLOAD_TOO_LARGE", product, LIST)
            wire.send(request("POST", "/api/v1/nowhere", [("Content-Length", "100000")]) + b" " * 100_000)
            assert wire.reply().status == 404
            wire.send(request("GET", "/health"))
            assert wire.reply().status == 200


def test_a_body_that_is_far_too_long_is_refused_before_it_is_sent(app, agent, product):
    for length in (DISCARD_MAX + 1, 10 ** 9, 10 ** 17):
        answer = exchange(app.port, post_head(agent, ("Content-Length", str(length))))
        assert answer.statuses == [413] and answer.closed
        assert_problem(answer.replies[0], 413, "PAYLOAD_TOO_LARGE", product, LIST)


def test_chunked_bodies_end_there_too(app, agent, product):
    first = post_head(agent, ("Transfer-Encoding", "chunked"))
    for size in (1000, BODY_MAX + 1):
        with Wire(app.port) as wire:
            wire.send(first + chunked(padded(BODY_MAX), size))
            assert wire.reply().status == 201
        answer = exchange(app.port, first + chunked(padded(BODY_MAX + 1), size))
        assert answer.statuses == [413] and answer.closed
        assert_problem(answer.replies[0], 413, "PAYLOAD_TOO_LARGE", product, LIST)
    assert exchange(app.port, first + chunked(padded(3000), 1)).statuses == [201]


def test_routes_without_a_body_take_none(app, agent):
    for method, path in (("POST", "/health"), ("PUT", "/api/v1/config")):
        assert app.request(method, path, "{}").status in (405, 413)


def test_headers_have_an_end(app, product):
    def filled(size):
        start = request("GET", "/health")[:-2]
        room = size - len(start) - len("X-Fill: \r\n\r\n")
        return start + b"X-Fill: " + b"f" * room + b"\r\n\r\n"

    assert len(filled(HEAD_MAX)) == HEAD_MAX
    with Wire(app.port) as wire:
        wire.send(filled(HEAD_MAX))
        assert wire.reply().status == 200
    for size in (HEAD_MAX + 1, 2 * HEAD_MAX, 32_769, 1_000_000):
        answer = exchange(app.port, filled(size))
        assert answer.closed and answer.statuses == [431], size
    assert_problem(exchange(app.port, filled(HEAD_MAX + 1)).replies[0], 431, "BAD_REQUEST", product, "/health")


def test_a_browsers_headers_fit(app, product):
    headers = [(f"X-Browser-Header-{n}", "v" * 40) for n in range(40)]
    assert exchange(app.port, request("GET", "/health", [*headers, ("Connection", "close")])).statuses == [200]
    for length, count in ((30, 60), (60, 40), (1200, 2), (8, 60)):  # cookies of the whole site come along
        cookies = "; ".join(f"c{n}=" + "v" * length for n in range(count))
        answer = exchange(app.port, request("GET", "/health", [*headers[:20], ("Cookie", cookies), ("Connection", "close")]))
        assert answer.statuses == [200], (length, count)
    many = "; ".join(f"c{n}=v" for n in range(400))
    answer = exchange(app.port, request("GET", "/health", [("Cookie", many)]))
    assert answer.closed and answer.statuses == [431]
    assert_problem(answer.replies[0], 431, "BAD_REQUEST", product, "/health")


# ---- versions, connections, expectations ----

def test_expect(app, agent, product):
    body = json.dumps(DRAFT).encode()
    with Wire(app.port) as wire:
        wire.send(post_head(agent, ("Expect", "100-continue"), ("Content-Length", str(len(body)))))
        assert wire.reply().status == 100
        wire.send(body)
        assert wire.reply().status == 201
    answer = exchange(app.port, post_head(agent, ("Expect", "100-continue"), ("Content-Length", str(BODY_MAX + 1))))
    assert answer.statuses == [413]  # and no 100
    for value in ("200-ok", "100-continue, x", "", "bananas"):
        answer = exchange(app.port, post_head(agent, ("Expect", value), ("Content-Length", "2")) + b"{}")
        assert answer.statuses == [417] and answer.closed, value
        assert_problem(answer.replies[0], 417, "BAD_REQUEST", product, LIST)


def test_any_query_within_the_limits_is_answered(app, product):
    """However many parameters it has, and with as many headers as fit: never silence, never another form."""
    for count in (1, 40, 64, 65, 80, 200, 1000):
        for size in (1000, 4500, 5000, 6000, 7000, HEAD_MAX):
            for query in ("&" * count, "a=1&" * count, "a&" * count, "=" * count, "limit=1" + "&" * count):
                start = request("GET", f"{LIST}?{query}", [("Connection", "close")])[:-2]
                room = size - len(start) - len("X-Fill: \r\n\r\n")
                if room < 0 or len(query) > 4000:
                    continue
                answer = exchange(app.port, start + b"X-Fill: " + b"f" * room + b"\r\n\r\n", timeout=5)
                assert len(answer.replies) == 1 and answer.closed, (count, size, query[:20])
                if query.strip("&") in ("", "limit=1"):
                    assert answer.statuses == [200], (count, size, query[:20])
                else:
                    assert answer.statuses == [422] and answer.replies[0].error["product"] == product, (count, size, query[:20])


def test_old_clients(app):
    answer = exchange(app.port, request("GET", "/health", version="HTTP/1.0", host=None))
    assert answer.statuses == [200] and answer.closed
    with Wire(app.port) as wire:
        for _ in range(3):
            wire.send(request("GET", "/health", [("Connection", "Keep-Alive")], version="HTTP/1.0"))
            assert wire.reply().status == 200


def test_other_protocols_are_shown_the_door(app):
    hello = {
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/0.9": b"GET /health\r\n\r\n", "HTTP/9.9": b"GET /health HTTP/9.9\r\n\r\n",
        "HTTP/2.0": b"GET /health HTTP/2.0\r\nHost: a\r\n\r\n", "lower case": b"GET /health http/1.1\r\nHost: a\r\n\r\n",
        "TLS": b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03" + bytes(range(32)) + b"\r\n\r\n",
        "SMTP": b"EHLO mail.test\r\n\r\n", "a word": b"hello\r\n\r\n", "HTTP/1.1x": b"GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
        "HTTP/1.10": b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", "HTTP/01.1": b"GET / HTTP/01.1\r\nHost: a\r\n\r\n",
    }
    for name, data in hello.items():
        answer = exchange(app.port, data, end=True)
        assert answer.closed and len(answer.replies) <= 1, name
        assert not answer.replies or answer.replies[0].status in (400, 405, 505), (name, answer)


def test_upgrades_are_not_taken(app):
    for value in ("websocket", "h2c"):
        with Wire(app.port) as wire:
            wire.send(request("GET", "/health", [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", value), ("HTTP2-Settings", "AAMAAABk")]))
            assert wire.reply().status == 200


def test_a_connection_is_used_again_until_the_client_has_enough(app):
    with Wire(app.port) as wire:
        for n in range(300):
            wire.send(request("GET", ("/health", "/nowhere", LIST + "?limit=1")[n % 3]))
            assert wire.reply().status in (200, 404)
        wire.send(request("GET", "/health", [("Connection", "close")]))
        assert wire.reply().header("connection") == "close"
        assert wire.reply() is None


# ---- headers of ours ----

SECURITY = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "vary": "Origin, Accept-Language",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}


def test_standard_headers_stand_on_every_reply(app):
    for method, path in (("GET", "/"), ("GET", "/nowhere"), ("GET", ME), ("PUT", "/health"), ("GET", LIST), ("OPTIONS", LIST),
                         ("POST", LIST), ("GET", f"{LIST}?x=1"), ("GET", "/" + "a" * 5000), ("GET", "/metrics"), ("GET", "/openapi.json")):
        headers = app.request(method, path).headers
        assert {name: headers.get(name) for name in SECURITY} == SECURITY, path
        assert MINTED.match(headers["x-request-id"]) and headers["cache-control"] and "date" in headers
        assert headers["server-timing"].startswith("total;dur=")
        assert "server" not in headers and "strict-transport-security" not in headers and "x-powered-by" not in headers


def test_minted_ids_are_never_repeated(app):
    seen = [app.get("/health").headers["x-request-id"] for _ in range(100)]
    assert len(set(seen)) == 100


def live_settings(one_issuer):
    return {"ENVIRONMENT": "production", "CLERK_PUBLISHABLE_KEY": one_issuer.publishable_key.replace("pk_test_", "pk_live_"),
            "CLERK_SECRET_KEY": "sk_live_0123456789", "CLERK_DEV_PRIVATE_KEY": ""}


def test_production_says_less(app, start, product):
    one = start(**live_settings(app.issuer))
    for path in ("/", "/nowhere", LIST, ME):
        headers = one.get(path).headers
        assert "server-timing" not in headers
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert {name: headers.get(name) for name in SECURITY} == SECURITY
    for path in ("/docs", "/redoc", "/openapi.json", "/demo"):
        assert_problem(one.get(path), 404, "NOT_FOUND", product, path)


# ---- cursors ----

def test_cursors_of_anything_else_are_refused(app, start, admin, product):
    page = app.get(f"{LIST}?limit=2").json
    cursor = page["next_cursor"]
    assert app.get(f"{LIST}?limit=2&cursor={cursor}").status == 200

    def assert_refused(reply):
        assert_problem(reply, 422, "VALIDATION_ERROR", product)
        assert reply.error["details"][0]["field"] == "cursor"

    assert_refused(app.get(f"{LIST}?limit=2&sort=price&cursor={cursor}"))
    for n in range(7):
        app.get(ME, token=app.issuer.token(f"user_cursor_{n}"))
    people = app.get("/api/v1/users?limit=2", token=admin).json["next_cursor"]
    assert_refused(app.get(f"{LIST}?limit=2&cursor={people}"))
    assert_refused(app.get(f"/api/v1/users?limit=2&cursor={cursor}", token=admin))
    with_other_key = start(CLERK_PUBLISHABLE_KEY=app.issuer.publishable_key, CLERK_SECRET_KEY="sk_test_another")
    assert_refused(with_other_key.get(f"{LIST}?limit=2&cursor={cursor}"))
    for at in range(0, len(cursor), 3):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1:]
        assert_refused(app.get(f"{LIST}?limit=2&cursor={changed}"))
    for bad in ("x", "AAAA", cursor[:-4], cursor + "AAAA", cursor + "=", "A" * 600, cursor.swapcase(), "%00", "..", "null"):
        assert app.get(f"{LIST}?limit=2&cursor={bad}").status == 422, bad


# ---- idempotency ----

def key():
    return f"key-{uuid.uuid4().hex}"


def count(services, product, title):
    return int(services.sql(product, f"SELECT count(*) FROM property_texts WHERE title = '{title}'")[0][0])


def test_a_repeated_key_repeats_the_reply(app, agent, services, product):
    name, body = key(), {**DRAFT, "title": f"Once {uuid.uuid4().hex}"}
    first = app.post(LIST, body, token=agent, headers={"Idempotency-Key": name})
    assert first.status == 201 and "idempotent-replayed" not in first.headers
    for _ in range(3):
        again = app.post(LIST, body, token=agent, headers={"Idempotency-Key": name})
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["idempotent-replayed"] == "true" and again.headers["content-type"] == "application/json"
    assert count(services, product, body["title"]) == 1


def test_the_stored_reply_is_the_reply_whatever_its_length(app, agent, services, product):
    """And not a byte of what lies behind it in memory."""
    connection, lengths = app.connection(), set()
    for length in (*range(1, 120, 7), *range(120, 420, 3)):
        name, body = key(), {**DRAFT, "title": f"Long {length:04}", "description": "d" * length}
        first = app.post(LIST, body, token=agent, headers={"Idempotency-Key": name}, connection=connection)
        again = app.post(LIST, body, token=agent, headers={"Idempotency-Key": name}, connection=connection)
        assert first.status == 201 and again.headers["idempotent-replayed"] == "true" and again.body == first.body, length
        lengths.add(len(first.body))
    assert min(lengths) < 1023 < max(lengths), lengths


def test_a_key_with_another_body_is_422(app, agent, product):
    name = key()
    assert app.post(LIST, DRAFT, token=agent, headers={"Idempotency-Key": name}).status == 201
    reply = app.post(LIST, {**DRAFT, "bedrooms_total": 2}, token=agent, headers={"Idempotency-Key": name})
    assert_problem(reply, 422, "IDEMPOTENCY_KEY_REUSED", product)


def test_a_key_whose_request_still_runs_is_409(app, agent, services, product):
    name, body, replies = key(), {**DRAFT, "title": f"Slow {uuid.uuid4().hex}"}, []

    def post():
        replies.append(app.post(LIST, body, token=agent, headers={"Idempotency-Key": name}))

    with services.locked(product, "properties"):
        first = threading.Thread(target=post)
        first.start()
        while not services.sql(product, f"SELECT 1 FROM idempotency_keys WHERE key = '{name}'"):
            time.sleep(0.01)
        reply = app.post(LIST, body, token=agent, headers={"Idempotency-Key": name})
        assert_problem(reply, 409, "IDEMPOTENCY_IN_PROGRESS", product)
    first.join()
    assert replies[0].status == 201 and count(services, product, body["title"]) == 1


def test_of_twenty_at_once_one_does_the_work(app, agent, services, product):
    name, body, replies = key(), {**DRAFT, "title": f"Race {uuid.uuid4().hex}"}, []
    barrier = threading.Barrier(20)

    def post():
        barrier.wait()
        replies.append(app.post(LIST, body, token=agent, headers={"Idempotency-Key": name}))

    threads = [threading.Thread(target=post) for _ in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {reply.status for reply in replies} <= {201, 409}
    assert len({reply.json["id"] for reply in replies if reply.status == 201}) == 1
    assert sum(reply.status == 201 and "idempotent-replayed" not in reply.headers for reply in replies) == 1
    assert count(services, product, body["title"]) == 1


def test_keys_belong_to_one_person(app, agent, services, product):
    name, body = key(), {**DRAFT, "title": f"Mine {uuid.uuid4().hex}"}
    other = app.token_of("agent", "user_other_agent")
    replies = [app.post(LIST, body, token=token, headers={"Idempotency-Key": name}) for token in (agent, other)]
    assert [reply.status for reply in replies] == [201, 201] and "idempotent-replayed" not in replies[1].headers
    assert count(services, product, body["title"]) == 2


def test_failures_are_repeated_too(app, agent):
    name = key()
    first = app.post(LIST, {**DRAFT, "title": "x"}, token=agent, headers={"Idempotency-Key": name})
    again = app.post(LIST, {**DRAFT, "title": "x"}, token=agent, headers={"Idempotency-Key": name})
    assert first.status == again.status == 422 and again.body == first.body


def test_malformed_keys_are_422(app, agent, product):
    for bad in ("short", "x" * 65, "with space", "1234567", "", "\xe4" * 10):
        error = assert_problem(app.post(LIST, DRAFT, token=agent, headers={"Idempotency-Key": bad}), 422, "VALIDATION_ERROR", product)
        assert error["details"][0]["field"] == "Idempotency-Key"
    for good in ("12345678", "~" * 64):
        assert app.post(LIST, DRAFT, token=agent, headers={"Idempotency-Key": good + ""}).status in (201, 422)


# ---- slow and many ----

@one_product
def test_slow_clients_are_cut_at_their_deadline(app, agent):
    """All at once; who drips a byte a second is as late as who says nothing."""
    slow = {
        "silent": (b"", None), "empty lines": (b"\r\n\r\n\r\n\r\n", None), "half a line": (b"GET /hea", None), "half a head": (request("GET", "/health")[:-2], None),
        "dripping head": (request("GET", "/health")[:-2], b"X-A: b\r\n"),
        "silent body": (post_head(agent, ("Content-Length", "1000")), None),
        "dripping body": (post_head(agent, ("Content-Length", "1000")), b" "),
        "dripping chunks": (post_head(agent, ("Transfer-Encoding", "chunked")), b"1\r\n \r\n"),
    }
    ended = {}

    def attack(name, first, drip):
        with Wire(app.port, timeout=1) as wire:
            began = time.monotonic()
            wire.send(first)
            replies = []
            while time.monotonic() - began < 3 * HEADER_SECONDS and not wire.closed:
                try:
                    reply = wire.reply()
                    replies += [reply] if reply else []
                    if drip and not wire.closed:
                        wire.send(drip)
                except TimeoutError:
                    if drip:
                        wire.send(drip)
                except OSError:
                    wire.closed = True
            ended[name] = (time.monotonic() - began, replies, wire.closed)

    threads = [threading.Thread(target=attack, args=(name, *how)) for name, how in slow.items()]
    [thread.start() for thread in threads]
    for _ in range(100):
        assert app.get("/health").status == 200  # nobody else waits for them
    [thread.join() for thread in threads]
    for name, (seconds, replies, closed) in ended.items():
        soonest = 0 if name == "empty lines" else 4  # newer versions of the library close at once
        assert closed and soonest < seconds < 1.5 * HEADER_SECONDS, (name, seconds)
        assert [reply.status for reply in replies] in ([], [408]), name
        if replies:
            assert_problem(replies[0], 408, "REQUEST_TIMEOUT", app.product)
    for name in ("half a head", "silent body", "dripping body"):
        assert ended[name][1], f"{name}: no 408"


@one_product
def test_a_thousand_idle_connections_are_no_burden(app):
    before = app.metric("http_connections_open")
    wires = []
    for _ in range(1000):
        wire = Wire(app.port)
        wire.send(request("GET", "/health"))
        wires.append(wire)
    for wire in wires:
        assert wire.reply().status == 200
    assert app.metric("http_connections_open") >= 1000  # those of before may have gone
    for _ in range(50):
        assert app.get(f"{LIST}?limit=1").status == 200
    for wire in wires[::50]:
        wire.send(request("GET", "/health"))
        assert wire.reply().status == 200
    for wire in wires:
        wire.peer.close()
    until(lambda: app.metric("http_connections_open") <= before + 5)


def test_connections_over_the_limit_are_closed_at_once(start):
    one = start(WORKERS=1, MAX_CONNECTIONS=20)
    wires = []
    try:
        for _ in range(40):
            wires.append(Wire(one.port, timeout=2))
        refused = 0
        for wire in wires:
            try:
                wire.send(request("GET", "/health"))
                refused += wire.reply() is None
            except OSError:
                refused += 1
        assert 18 <= refused <= 24
    finally:
        for wire in wires:
            wire.peer.close()
    one.wait("/health")


def test_no_reply_names_the_other_product(app, product):
    for path in ("/", "/health", "/nowhere", "/api/v1/config", LIST, ME, "/openapi.json"):
        assert other_product(product) not in app.get(path).body.decode().lower().replace("real estate", "")
