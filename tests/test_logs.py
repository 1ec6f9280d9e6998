"""What stands in the log, and what must never stand there: tokens, people, texts, secrets, at any level."""

import json
import re
import time
import uuid

import pytest

from conftest import other_product
from harness.services import ROOT
from harness.wire import exchange, request
from test_webhooks import PATH as WEBHOOK
from test_webhooks import deliver, event, person

LIST = "/api/v1/properties"
ME = "/api/v1/users/me"
DRAFT = {"title": "Logged draft", "listing_type": "sale", "property_type": "villa", "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}


def done_lines(one, count, seconds=10):
    """Lines of finished requests; they are written at the end of the loop's turn."""
    deadline = time.monotonic() + seconds
    while len(lines := one.log_lines("http.request_done")) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return lines


# ---- one line a request ----

def test_every_request_is_one_line_with_the_id_of_its_reply(app, agent, product):
    before = len(app.log_lines("http.request_done"))
    asked = [("GET", "/health", None, {}, 200, "/health"), ("GET", LIST + "?limit=1", None, {}, 200, LIST), ("GET", f"{LIST}/no-such-one", None, {}, 404, f"{LIST}/{{id}}"),
             ("GET", "/nowhere", None, {}, 404, None), ("GET", ME, None, {}, 401, ME), ("POST", LIST, DRAFT, {"Authorization": f"Bearer {agent}"}, 201, LIST),
             ("POST", LIST, {}, {"Authorization": f"Bearer {agent}"}, 422, LIST), ("POST", LIST, "{", {"Authorization": f"Bearer {agent}"}, 400, LIST), ("PUT", LIST, None, {}, 405, None),
             ("OPTIONS", LIST, None, {}, 204, None), ("HEAD", "/health", None, {}, 200, "/health"), ("GET", "/" + "a" * 5000, None, {}, 414, None), ("GET", f"{LIST}?limit=0", None, {}, 422, LIST),
             ("GET", "/health", None, {"X-Request-Id": "wire-check-0001"}, 200, "/health"), ("POST", WEBHOOK, "{}", {}, 400, WEBHOOK)]
    replies = [app.request(method, path, body, headers) for method, path, body, headers, _, _ in asked]
    lines = done_lines(app, before + len(asked))[before:]
    assert len(lines) == len(asked)
    by_id = {line["request_id"]: line for line in lines}
    assert len(by_id) == len(asked)
    for (method, path, _, _, status, route), reply in zip(asked, replies):
        line = by_id[reply.headers["x-request-id"]]
        assert (reply.status, line["status"], line["method"], line.get("route")) == (status, status, method, route), (path, line)
        assert line["product"] == product and line["worker"] in (0, 1) and line["event"] == "http.request_done"
        assert line["level"] == "info" and line["ms"] >= 0 and line["bytes"] >= 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])
        assert ("error" in line) == (status >= 400) and ("user_id" in line) == (status in (201, 422, 400) and "properties" in path and method == "POST")
        if status >= 400:
            assert json.loads(reply.body)["error"]["request_id"] == line["request_id"] and line["reason"] and line["file"].endswith(".c")


def test_refused_connections_and_late_requests_have_lines_too(app):
    before = len(app.log_lines("http.request_done"))
    answer = exchange(app.port, request("GET", "/health", [("Host", "b")]))
    assert answer.statuses == [400]
    lines = done_lines(app, before + 1)[before:]
    assert [(line["status"], line["request_id"]) for line in lines] == [(400, answer.replies[0].header("x-request-id"))]


def test_a_trace_id_is_kept(app):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    before = len(app.log_lines("http.request_done"))
    headers = [f"00-{trace}-00f067aa0ba902b7-01", "00-nonsense"]
    ids = [app.get("/health", headers={"traceparent": header}).headers["x-request-id"] for header in headers]
    traces = {line["request_id"]: line.get("trace_id") for line in done_lines(app, before + 2)[before:]}
    assert traces == dict(zip(ids, [trace, None])), "of two workers, in any order"


@pytest.mark.parametrize("level", ["warn", "error"])
def test_levels_leave_lines_out(start, level):
    one = start(LOG_LEVEL=level, CLERK_WEBHOOK_SECRET="", REDIS_URL="", WORKERS=1)
    one.get("/health")
    assert one.post(WEBHOOK, {}).status == 503
    one.stop()
    events = {line["event"]: line["level"] for line in one.log_lines()}
    assert events.get("http.request_done") == "error" and ("config.webhook_secret_missing" in events) == (level == "warn")
    assert set(events.values()) <= {"warn", "error"}


# ---- what must not be there ----

class Canaries:
    """Texts nobody would write by chance, one for each place where a client can put text."""

    def __init__(self):
        self.all = {}

    def __call__(self, place):
        return self.all.setdefault(place, f"kanari{uuid.uuid4().hex[:12]}")


def tour(one, mark, product):
    """Requests that carry a canary in every place, good ones and bad ones."""
    token = one.issuer.token(f"user_{uuid.uuid4().hex}", email=f"{mark('mail')}@example.com", email_verified=True, name=f"Name {mark('name')}", exp=int(time.time()) + 600)
    agent = one.token_of("agent", f"user_{uuid.uuid4().hex}")
    for part in (*token.split("."), *agent.split(".")):
        mark.all[f"part of a token {part[:8]}"] = part[-20:]
    assert one.get(ME, token=token).status == 200
    same_mail = one.issuer.token(f"user_{uuid.uuid4().hex}", email=f"{mark('mail')}@example.com", email_verified=True, exp=int(time.time()) + 600)
    assert one.get(ME, token=same_mail).status < 500
    assert one.patch(ME, {"display_name": mark("display name"), "phone": "+66 2 987 6543"}, token=token).status == 200
    mark.all["phone"] = "987 6543"
    for query in (f"q={mark('query')}", f"city={mark('city')}", f"cursor={mark('cursor')}", f"{mark('parameter')}=1", f"limit={mark('number')}", f"q=%ff{mark('broken query')}", f"sort={mark('sort')}"):
        assert one.get(f"{LIST}?{query}", token=token).status in (200, 422), query
    for query in (f"query={mark('question')}+{mark('question too')}", f"q={mark('q')}&mode=vector", f"query={mark('question of a kind')}&category={mark('category')}", f"query={'x' * 501}{mark('long question')}"):
        assert one.get(f"/api/v1/faq/search?{query}").status in (200, 404, 422), query
    feedback = {"helpful": False, "comment": mark("comment"), "session_id": f"{mark('session')}abcdef"}
    assert one.post("/api/v1/faq/1/feedback", feedback).status in (204, 404)
    one.get(f"{LIST}/{mark('slug')}"), one.get(f"/{mark('path')}"), one.get(f"/{mark('long path')}" + "a" * 5000), one.get(f"{LIST}/%00{mark('NUL path')}")
    made = one.post(LIST, {**DRAFT, "title": f"Title {mark('title')}", "description": mark("description")}, token=agent, headers={"Idempotency-Key": mark("idempotency key")})
    assert made.status == 201
    path = f"{LIST}/{made.json['id']}"
    for body in ({**DRAFT, mark("field"): 1}, {**DRAFT, "title": [mark("wrong type")]}, {**DRAFT, "listing_type": mark("choice")}, {**DRAFT, "title": "x" + mark("long text") * 100}, {**DRAFT, "price": mark("price")},
                 {**DRAFT, "price": {**DRAFT["price"], "currency": mark("currency")}}):
        assert one.post(LIST, body, token=agent).status == 422
    for body in (f'{{"title":"{mark("broken JSON")}"', f'{{"{mark("member twice")}":1,"{mark("member twice")}":2}}', f'{mark("no JSON")}'):
        assert one.post(LIST, body, token=agent).status == 400
    assert one.post(LIST, b'{"title":"\xff' + mark("bad UTF-8").encode() + b'"}', token=agent).status == 400
    assert one.patch(path, {"title": mark("patched title")}, token=agent, headers={"If-Match": f'"{mark("etag")}"'}).status == 412
    assert one.put(f"{path}/images", {"images": [{"url": f"https://images.example/{mark('image')}.jpg"}]}, token=agent).status == 200
    assert one.put(f"{path}/texts/th", {"title": f"Text {mark('text')}"}, token=agent).status in (200, 201)
    for header in ("Cookie", "X-Session-Id", "Origin", "Referer", "User-Agent", "Accept-Language", "X-Forwarded-For", "traceparent", "Idempotency-Key", "X-Request-Id", "Proxy-Authorization", "If-None-Match"):
        value = mark(f"header {header}")
        assert one.get(f"{LIST}?limit=1", headers={header: f"odd value {value}"}).status == 200
    for value in (f"Basic {mark('basic')}", f"Bearer {mark('bad token')}", f"Bearer {mark('bad token 2')}.x.y", mark("no scheme"), f"Bearer {agent}{mark('token tail')}"):
        assert one.get(ME, headers={"Authorization": value}).status == 401
    for data in (f"GET /{mark('bad head')} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", f"GET / HTTP/1.1\r\nHost: a\r\n{mark('bad name')} : b\r\n\r\n", f"{mark('garbage')}\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {mark('bad host')}/\r\n\r\n",
                 f"{mark('method')} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", f"GET / {mark('version')}\r\nHost: a\r\n\r\n", f"GET /?{mark('raw query')} HTTP/1.1\r\nHost: a\r\nExpect: {mark('expect')}\r\n\r\n"):
        exchange(one.port, data.encode(), end=True)
    one.get("/metrics", token=mark("metrics guess"))
    for kind in ("created", "updated", "deleted"):
        who = person(f"user_{mark('hook sub')}", 1000, mail=f"{mark('hook mail')}@example.com", first=mark("hook first"), last=mark("hook last"))
        assert deliver(one, event(kind, who), secret=one.settings["CLERK_WEBHOOK_SECRET"]).status == 200
        assert deliver(one, event(kind, who), sign=f"v1,{mark('signature')}").status == 400
    assert deliver(one, {"type": mark("event type"), "data": {}}, secret=one.settings["CLERK_WEBHOOK_SECRET"]).status == 200


@pytest.mark.parametrize("level", ["debug", "info"])
def test_nothing_of_people_texts_or_secrets_is_logged(start, product, level):
    mark = Canaries()
    settings = {"CLERK_SECRET_KEY": f"sk_test_{mark('secret key')}", "CLERK_API_URL": "http://127.0.0.1:9", "CLERK_WEBHOOK_SECRET": "whsec_" + f"{mark('webhook secret')}AA", "METRICS_TOKEN": mark("metrics token"),
                "ADMIN_EMAILS": f"{mark('admin mail')}@example.com"}
    one = start(LOG_LEVEL=level, DATABASE_ECHO="true", **settings)
    tour(one, mark, product)
    assert one.stop() == 0
    text = one.log_text()
    found = {place: next(line for line in text.splitlines() if value in line) for place, value in mark.all.items() if value in text}
    # The method of a request that is no HTTP method of ours is told; everything else is not.
    found = {place: line for place, line in found.items() if place != "method"}
    assert found == {}
    assert len(mark.all) > 60
    assert one.issuer.private_pem().splitlines()[2] not in text
    assert ("db.statement_sent" in text) == (level == "debug")
    for line in text.splitlines():
        assert isinstance(json.loads(line)["event"], str)


def test_errors_of_the_database_are_logged_without_rows(start, services, product):
    """Postgres puts the row into the detail of a violated constraint."""
    mark = Canaries()
    one = start(LOG_LEVEL="debug", DATABASE_ECHO="true")
    token = one.token_of("admin", "user_log_admin")
    services.sql(product, f"ALTER TABLE property_texts ADD CONSTRAINT log_test CHECK (title NOT LIKE '%{mark('violating')}%')")
    try:
        reply = one.post(LIST, {**DRAFT, "title": f"Row {mark('violating')}", "description": mark("row")}, token=token)
    finally:
        services.sql(product, "ALTER TABLE property_texts DROP CONSTRAINT log_test")
    assert reply.status in (422, 500) and not any(value in reply.body.decode() for value in mark.all.values())
    services.sql(product, "ALTER TABLE properties RENAME TO properties_away")
    try:
        reply = one.get(f"{LIST}?city={mark('lost')}")
        assert reply.status in (500, 503) and "properties_away" not in reply.body.decode() and "SELECT" not in reply.body.decode().upper().replace("SELECTED", "")
    finally:
        services.sql(product, "ALTER TABLE properties_away RENAME TO properties")
    one.stop()
    assert not [value for value in mark.all.values() if value in one.log_text()]


# ---- the other product ----

def test_no_reply_holds_anything_of_the_other_product(app, admin, start, services, product):
    mark, other = Canaries(), other_product(product)
    theirs = start(other)
    assert theirs.command("seed", "--from", str(ROOT / "seeds" / other)).returncode == 0
    agent = theirs.token_of("agent", "user_their_agent")
    made = theirs.post(LIST, {**DRAFT, "title": f"Theirs {mark('title')}", "description": mark("description"), "location": {"lat": 7.8, "lng": 98.3}, "address": {"city": mark("city")}}, token=agent)
    assert made.status == 201
    theirs.put(f"{LIST}/{made.json['id']}/images", {"images": [{"url": f"https://images.example/{mark('image')}.jpg"}]}, token=agent)
    assert theirs.patch(f"{LIST}/{made.json['id']}", {"status": "active"}, token=agent).status == 200
    theirs.get(ME, token=theirs.issuer.token("user_theirs", email=f"{mark('mail')}@example.com", email_verified=True, name=mark("name")))
    assert mark("title") in theirs.get(f"{LIST}?city={mark('city')}").body.decode()
    texts, paths = [], ["/", "/health", "/ready", "/metrics", "/openapi.json", "/api/v1/config", ME, "/nowhere", f"{LIST}/facets", f"{LIST}?city={mark('city')}", f"/api/v1/users?q={mark('mail')}"]
    for start_path in (f"{LIST}?limit=100&status=active,draft,archived", "/api/v1/users?limit=100"):
        cursor = ""
        while cursor is not None:
            page = app.get(start_path + (f"&cursor={cursor}" if cursor else ""), token=admin)
            texts.append(page.body.decode())
            cursor = page.json.get("next_cursor")
    texts += [app.get(path, token=admin).body.decode() for path in paths]
    gone = app.get(f"{LIST}/{made.json['slug']}", token=admin)
    assert gone.status == 404
    texts += [gone.body.decode().replace(made.json["slug"], "what we asked for"), app.log_text()]
    for text in texts:
        assert not [place for place, value in mark.all.items() if value in text]
        assert theirs.issuer.publishable_key not in text and f"clerk.{other}.test" not in text
    database = services.redis_url(product).rsplit("/", 1)[1]
    keys = services.redis("-n", database, "--scan").splitlines()
    assert all(key.startswith(f"{product}:") for key in keys)
