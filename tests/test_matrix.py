"""Who may do what: every documented route for every kind of caller; and that garbage at every route is answered in form."""

import json
import random
import re
import time
import uuid

import pytest

from conftest import other_product
from harness import faq
from harness.app import App
from harness.tokens import Issuer
from harness.wire import Wire, request

TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
KEYS = {"code", "message", "product", "timestamp", "path", "request_id"}
CODES = {400: {"BAD_REQUEST"}, 401: {"UNAUTHORIZED"}, 403: {"FORBIDDEN"}, 404: {"NOT_FOUND"}, 405: {"METHOD_NOT_ALLOWED"}, 409: {"CONFLICT", "DATES_UNAVAILABLE", "INVALID_STATE", "IDEMPOTENCY_IN_PROGRESS"},
         412: {"PRECONDITION_FAILED"}, 413: {"PAYLOAD_TOO_LARGE"}, 414: {"BAD_REQUEST"}, 415: {"UNSUPPORTED_MEDIA_TYPE"}, 417: {"BAD_REQUEST"},
         422: {"VALIDATION_ERROR", "UNKNOWN_FIELD", "UNKNOWN_PARAMETER", "IDEMPOTENCY_KEY_REUSED"}, 431: {"BAD_REQUEST"}}

# ---- the matrix ----

ACTORS = ("anonymous", "user", "agent", "foreign agent", "admin", "other product's admin", "expired", "forged")
NOBODIES = ("other product's admin", "expired", "forged")  # have a token, and it is bad


ROLES = {"user": "user", "agent": "agent", "foreign agent": "agent", "admin": "admin"}
ERASE = "delete /api/v1/users/me"  # its caller is nobody afterwards


def row(anonymous, user, agent, foreign, admin, bad=401):
    return dict(zip(ACTORS, (anonymous, user, agent, foreign, admin, bad, bad, bad)))


def same(status, bad=401):
    return row(status, status, status, status, status, bad)


FREE = same(200, 200)  # tokens are not read
OPEN = same(200)
SIGNED_IN = row(401, 200, 200, 200, 200)
ADMINS = row(401, 403, 403, 403, 200)
STAFF = row(401, 403, 201, 201, 201)


def owners(status):
    """Own listings. Those of others are not there."""
    return row(401, 403, status, 404, status)


LISTING, PERSON = "/api/v1/properties/{id}", "/api/v1/users/{id}"
FAQ, EDIT, JOBS = "/api/v1/faq", "/api/v1/admin/faq", "/api/v1/admin/jobs"


CHAT, TALKS, SAID = "/api/v1/llm/chat", "/api/v1/llm/conversations", "/api/v1/llm/messages"
INQUIRIES, CALCULATE, BOOKINGS = "/api/v1/inquiries", "/api/v1/investments/calculate", "/api/v1/bookings"
CONTACT = {"name": "Matrix", "email": "matrix@example.com"}
PROMPTS, GOLDEN = "/api/v1/admin/chat/prompts", "/api/v1/admin/chat/golden"


def admins(status):
    return row(401, 403, 403, 403, status)


EXPECTED = {
    **{f"get {path}": FREE for path in ("/", "/health", "/api/v1/health", "/ready", "/api/v1/ready", "/metrics", "/openapi.json", "/docs", "/redoc",
                                      "/chat-widget.js", "/demo")},
    **{f"get /{page}/{{asset}}": same(404, 404) for page in ("docs", "redoc")},
    "post /api/v1/webhooks/clerk": same(400, 400),
    "get /api/v1/config": OPEN, "get /api/v1/properties": OPEN, "get /api/v1/properties/facets": OPEN, "get /api/v1/properties/search": OPEN,
    "get /api/v1/users/me": SIGNED_IN, "patch /api/v1/users/me": SIGNED_IN,
    "get /api/v1/users/me/export": SIGNED_IN, ERASE: row(401, 202, 202, 202, 202),
    "get /api/v1/users": ADMINS, f"get {PERSON}": ADMINS, f"patch {PERSON}": ADMINS,
    "post /api/v1/properties": STAFF,
    f"get {LISTING}": row(404, 404, 200, 200, 200), f"get {LISTING}/price-history": row(404, 404, 200, 200, 200),  # a draft: staff sees it
    f"get {LISTING}/similar": row(404, 404, 200, 200, 200), f"get {LISTING}/investment": row(404, 404, 200, 200, 200), f"post {CALCULATE}": OPEN,
    f"patch {LISTING}": owners(200), f"delete {LISTING}": owners(204), f"put {LISTING}/images": owners(200),
    **{f"get {path}": OPEN for path in (FAQ, f"{FAQ}/search", f"{FAQ}/categories", f"{FAQ}/{{id}}")}, f"post {FAQ}/{{id}}/feedback": same(204),
    **{f"get {path}": ADMINS for path in (EDIT, f"{EDIT}/{{id}}", f"{EDIT}/export", f"{EDIT}/gaps", f"{EDIT}/gaps/{{id}}", JOBS, f"{JOBS}/{{id}}")},
    f"post {EDIT}": admins(201), f"patch {EDIT}/{{id}}": ADMINS, f"delete {EDIT}/{{id}}": admins(204), f"post {EDIT}/reindex": admins(202), f"post {EDIT}/import": ADMINS,
    f"post {EDIT}/categories": admins(201), f"patch {EDIT}/categories/{{id}}": ADMINS, f"delete {EDIT}/categories/{{id}}": admins(204),
    f"post {EDIT}/gaps/{{id}}/resolve": ADMINS, f"post {EDIT}/gaps/{{id}}/dismiss": ADMINS, f"post {EDIT}/gaps/{{id}}/draft": admins(201),
    f"post {JOBS}/{{id}}/retry": admins(409),  # it has not failed
    f"post {CHAT}": OPEN, f"get {TALKS}": OPEN, f"delete {TALKS}": same(204),
    # Conversations are their owner's alone: for everybody else, staff too, they are not there.
    **{f"{method} {TALKS}/{{id}}": same(404) for method in ("get", "patch", "delete")}, f"get {TALKS}/{{id}}/messages": same(404),
    f"post {TALKS}/{{id}}/stop": same(404), f"get {TALKS}/{{id}}/stream": same(404),
    **{f"{method} {SAID}/{{id}}/feedback": same(404) for method in ("put", "delete")}, f"post {SAID}/{{id}}/regenerate": same(404),
    f"post {TALKS}/{{id}}/handoff": same(404),
    f"post {INQUIRIES}": same(201), f"get {INQUIRIES}": row(401, 403, 200, 200, 200), f"get {INQUIRIES}/{{id}}": owners(200), f"patch {INQUIRIES}/{{id}}": owners(200),
    "post /api/v1/users/me/claim": row(401, 404, 404, 404, 404),  # of a session that nobody has used
    "get /api/v1/users/me/usage": SIGNED_IN,
    f"get {PROMPTS}": ADMINS, f"post {PROMPTS}": admins(201), f"get {PROMPTS}/{{version}}": ADMINS, f"get {PROMPTS}/{{a}}/diff/{{b}}": ADMINS,
    f"post {PROMPTS}/{{version}}/activate": ADMINS, f"post {PROMPTS}/{{version}}/eval": admins(202), f"post {PROMPTS}/preview": ADMINS,
    f"get {GOLDEN}": ADMINS, f"post {GOLDEN}": admins(201), f"delete {GOLDEN}/{{id}}": admins(204),
    **{f"{method} /api/v1/admin/{what}": ADMINS for method in ("get", "put") for what in ("budgets", "model-prices")}, "get /api/v1/admin/usage": ADMINS,
    **{f"get /api/v1/admin/{what}": ADMINS for what in ("conversations", "conversations/{id}", "overview", "audit")},
    # The listing is not let by the night: to everybody it has no calendar and no rates.
    **{f"get {LISTING}/{what}": same(404) for what in ("availability", "quote")},
    f"get {LISTING}/calendar.ics": same(404), f"get {LISTING}/calendar-link": row(401, 403, 404, 404, 404),
    **{f"{method} {LISTING}/rates": row(401, 403, 404, 404, 404) for method in ("get", "put")},
    f"post {LISTING}/blocks": row(401, 403, 404, 404, 404), f"delete {LISTING}/blocks/{{block_id}}": row(401, 403, 404, 404, 404),
    f"get {BOOKINGS}": SIGNED_IN, f"post {BOOKINGS}": row(401, 404, 404, 404, 404),
    # A booking of somebody else's, at the agent's listing.
    f"get {BOOKINGS}/{{id}}": row(401, 404, 200, 404, 200), f"post {BOOKINGS}/{{id}}/confirm": row(401, 404, 404, 404, 404),
    **{f"post {BOOKINGS}/{{id}}/{what}": row(401, 403, 409, 404, 409) for what in ("approve", "decline")},  # nobody asks
    f"post {BOOKINGS}/{{id}}/cancel": row(401, 404, 200, 404, 200),
    f"put {LISTING}/texts/{{locale}}": owners(200), f"delete {LISTING}/texts/{{locale}}": owners(204),
}

DRAFT = {"title": "Matrix draft", "listing_type": "sale", "property_type": "villa", "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}
BODIES = {
    "patch /api/v1/users/me": {"locale": "th"}, f"patch {PERSON}": {"role": "agent"}, "post /api/v1/properties": DRAFT, "post /api/v1/webhooks/clerk": {"type": "user.created"},
    f"patch {LISTING}": {"bedrooms_total": 3}, f"put {LISTING}/images": {"images": [{"url": "https://images.example/a.jpg"}]},
    f"put {LISTING}/texts/{{locale}}": {"title": "Matrix text"}, f"post {FAQ}/{{id}}/feedback": {"helpful": True, "session_id": "s" * 22}, f"patch {EDIT}/{{id}}": {"position": 2},
    f"post {CHAT}": {"content": "matrix"}, f"patch {TALKS}/{{id}}": {"title": "matrix"}, f"put {SAID}/{{id}}/feedback": {"rating": "up"},
    f"post {INQUIRIES}": {**CONTACT, "kind": "question", "message": "matrix", "consent": True}, f"patch {INQUIRIES}/{{id}}": {"status": "open"},
    f"post {TALKS}/{{id}}/handoff": CONTACT,
    "post /api/v1/users/me/claim": {"session_id": "s" * 22}, f"post {PROMPTS}": {"system_prompt": "matrix"}, f"post {GOLDEN}": {"question": "matrix"},
    f"post {PROMPTS}/preview": {"version": 1, "content": "matrix"}, "put /api/v1/admin/budgets": {}, "put /api/v1/admin/model-prices": {"prices": []},
    f"post {CALCULATE}": {"currency": "THB", "purchase_price_minor": 1, "monthly_rent_minor": 1}, f"post {EDIT}/reindex": {}, f"post {EDIT}/import": [], f"patch {EDIT}/categories/{{id}}": {"position": 2},
}
STAY = {"check_in": "2028-02-28", "check_out": "2028-03-01", "guests": 1}
BODIES |= {
    f"put {LISTING}/rates": {"base_nightly_minor": 1}, f"post {LISTING}/blocks": {"from": "2028-02-28", "to": "2028-03-01", "reason": "matrix"},
    f"post {BOOKINGS}": {**STAY, "property_id": 999999999, "contact": CONTACT}, f"post {BOOKINGS}/{{id}}/confirm": {"accept_terms": True},
}
QUERIES = {f"get {LISTING}/calendar.ics": "?token=matrix", f"get {LISTING}/investment": "?monthly_rent_minor=1", f"get {LISTING}/availability": "?from=2028-02-28&to=2028-03-01", f"get {LISTING}/quote": "?check_in=2028-02-28&check_out=2028-03-01&guests=1",
           f"get {FAQ}/search": "?query=matrix", "get /api/v1/properties/search": "?q=matrix"}


class Targets:
    """What the ids in a path stand for: made when it is asked for, new each time where a call uses it up."""

    def __init__(self, app, services, product, tokens):
        self.app, self.services, self.product, self.admin, self.mark = app, services, product, tokens["admin"], uuid.uuid4().hex
        made = app.post("/api/v1/properties", {**DRAFT, "title": f"Draft {self.mark}"}, token=tokens["agent"])
        assert made.status == 201, made.body
        assert app.post(CHAT, {"content": "matrix"}).status == 200  # so that there is a version of the prompt
        self.listing = made.json["id"]
        text = app.put(f"/api/v1/properties/{self.listing}/texts/th", {"title": f"Text {self.mark}"}, token=tokens["agent"])
        assert text.status in (200, 201)
        who = app.issuer.token(f"user_{self.mark}", email=f"{self.mark}@example.com", email_verified=True)
        self.person = app.get("/api/v1/users/me", token=who).json["id"]

    def entry(self):
        return faq.entry(self.app, self.admin, self.category())["id"]

    def category(self):
        return faq.category(self.app, self.admin)["id"]

    def gap(self):
        text = faq.words()
        return int(self.services.sql(self.product, f"INSERT INTO faq_gaps (locale, normalised, sample_question, count) VALUES ('en', '{text}', '{text}', 1) RETURNING id")[0][0])

    def job(self):
        return int(self.services.sql(self.product, "INSERT INTO jobs (kind, payload, status) VALUES ('matrix', '{}', 'done') RETURNING id")[0][0])

    def conversation(self):
        return int(self.services.sql(self.product, "INSERT INTO conversations (session_hash, locale) VALUES (sha256('matrix'), 'en') RETURNING id")[0][0])

    def inquiry(self):
        """About the agent's listing."""
        return int(self.services.sql(self.product, f"""INSERT INTO inquiries (property_id, kind, name, email, message, consent_at, ip_hash)
            VALUES ({self.listing}, 'question', 'Matrix', 'matrix@example.com', '{self.mark}', now(), sha256('matrix')) RETURNING id""")[0][0])

    def booking(self):
        """At the agent's listing, of somebody else."""
        return int(self.services.sql(self.product, f"""INSERT INTO bookings (property_id, user_id, status, stay, guests, total_minor, currency, note, hold_expires_at)
            SELECT {self.listing}, {self.person}, 'hold', daterange(d, d + 1), 1, 1, 'THB', '{self.mark}', now() + interval '1 hour'
            FROM (SELECT coalesce(max(upper(stay)), current_date) AS d FROM bookings WHERE property_id = {self.listing}) x RETURNING id""")[0][0])

    def message(self):
        return int(self.services.sql(self.product, f"""INSERT INTO messages (conversation_id, role, content, status)
            VALUES ({self.conversation()}, 'assistant', '{self.mark}', 'complete') RETURNING id""")[0][0])

    def golden(self):
        return int(self.services.sql(self.product, "INSERT INTO golden_cases (question, locale, rules) VALUES ('matrix', 'en', '{}') RETURNING id")[0][0])

    def id_of(self, path):
        kinds = {f"{EDIT}/categories/": self.category, f"{EDIT}/gaps/": self.gap, f"{EDIT}/": self.entry, f"{FAQ}/": self.entry, f"{JOBS}/": self.job,
                 f"{TALKS}/": self.conversation, f"{SAID}/": self.message, f"{GOLDEN}/": self.golden, f"{INQUIRIES}/": self.inquiry, f"{BOOKINGS}/": self.booking,
                 "/api/v1/admin/conversations/": self.conversation,
                 "/api/v1/users/": lambda: self.person, "/api/v1/properties/": lambda: self.listing}
        return next(make for start, make in kinds.items() if path.startswith(start))() if "{id}" in path else ""

    def body_of(self, name):
        made = {f"post {EDIT}": lambda: {"question": f"What of {faq.words()}?", "answer": "This.", "category_id": self.category()},
                f"post {EDIT}/categories": lambda: {"slug": f"matrix-{uuid.uuid4().hex}", "name": {"en": "Matrix"}},
                f"post {EDIT}/gaps/{{id}}/resolve": lambda: {"faq_id": self.entry()}}
        return made[name]() if name in made else BODIES.get(name)


@pytest.fixture(scope="module")
def document(app):
    return app.get("/openapi.json").json


@pytest.fixture(scope="module")
def routes(document):
    return [(method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()]


@pytest.fixture(scope="module")
def tokens(app, product):
    other, hour = Issuer(other_product(product)), int(time.time()) + 3600
    found = {
        "user": app.token_of("user", "user_matrix"), "agent": app.token_of("agent", "user_matrix_agent"), "foreign agent": app.token_of("agent", "user_matrix_foreign"),
        "admin": app.token_of("admin", "user_matrix_admin"), "other product's admin": other.token("user_matrix_admin", exp=hour),
        "expired": app.issuer.token("user_matrix_admin", exp=int(time.time()) - 60, iat=int(time.time()) - 120, nbf=int(time.time()) - 120),
        "forged": Issuer(product).token("user_matrix_admin", exp=hour),
    }
    return {"anonymous": None, **found}


@pytest.fixture
def targets(app, tokens, services, product):
    """A draft of the agent and a person, both with texts that must not leak; and everything else that has an id."""
    return Targets(app, services, product, tokens)


def assert_envelope(reply, product, path, head=False):
    headers = dict(reply.headers)
    assert reply.status in CODES, (reply.status, reply.body)
    assert headers["content-type"] == "application/json" and headers["cache-control"] == "no-store" and headers["x-request-id"]
    assert (reply.status == 401) == ("www-authenticate" in headers) and (reply.status == 405) == ("allow" in headers)
    if head:
        return
    body = json.loads(reply.body)
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) - {"details"} == KEYS and error["code"] in CODES[reply.status], error
    assert error["product"] == product and TIMESTAMP.match(error["timestamp"]) and error["message"]
    assert path is None or error["path"] == path
    assert error["request_id"] == headers["x-request-id"]
    assert all(set(detail) == {"field", "code", "message"} for detail in error.get("details", []))


def assert_cell(reply, wanted, actor, product, path):
    assert reply.status == wanted, (reply.status, reply.body)
    if wanted >= 400:
        assert_envelope(reply, product, path)
        if wanted == 401:
            assert reply.headers["www-authenticate"] == ('Bearer error="invalid_token"' if actor in NOBODIES else "Bearer")


@pytest.fixture(scope="module")
def app(product, services):
    """With every feature on, whatever the product's defaults."""
    one = App(product, services, BOOKINGS_ENABLED="true", INVESTMENT_ENABLED="true").prepare().start()
    yield one
    assert one.stop() == 0


def test_the_matrix_knows_every_route(routes):
    assert {f"{method} {path}" for method, path, _ in routes} == set(EXPECTED)


def test_the_document_tells_who_must_sign_in(routes):
    for method, path, operation in routes:
        cells = EXPECTED[f"{method} {path}"]
        assert bool(operation.get("security")) == (cells["anonymous"] == 401), (method, path)
        assert "403" in operation["responses"] or 403 not in cells.values(), (method, path)


def whoever(app, actor):
    """Somebody else of this kind, who will not be needed any more."""
    return app.token_of(ROLES[actor], f"user_matrix_{uuid.uuid4().hex}")


@pytest.mark.parametrize("actor", ACTORS)
def test_every_route(app, routes, tokens, targets, product, actor):
    """Deletions come last. A refusal shows nothing of what it protects, and no list shows it either."""
    wrong = []
    for method, path, operation in sorted(routes, key=lambda route: (route[0] == "delete", -len(route[1]))):
        name = f"{method} {path}"
        token = whoever(app, actor) if name == ERASE and actor in ROLES else tokens[actor]
        real = re.sub(r"\{(version|a|b)\}", "1", path).replace("{id}", str(targets.id_of(path))).replace("{locale}", "th").replace("{asset}", "x.js").replace("{block_id}", "999999999")
        reply = app.request(method.upper(), real + QUERIES.get(name, ""), targets.body_of(name), token=token)
        try:
            wanted = EXPECTED[name][actor]
            assert_cell(reply, wanted, actor, product, real)
            assert str(reply.status) in operation["responses"], "not documented"
            may_see = wanted < 300 and actor in ("agent", "foreign agent", "admin")
            assert may_see or targets.mark.encode() not in reply.body, "leak"
            if method == "get":
                head = app.request("HEAD", real + QUERIES.get(name, ""), token=tokens[actor])
                assert head.status == wanted and head.body == b"", "HEAD"
        except (AssertionError, KeyError) as problem:
            wrong.append((name, str(problem).splitlines()[0]))
    assert wrong == []


def test_what_is_hidden_looks_like_what_is_not_there(app, tokens, targets):
    for actor in ("anonymous", "user"):
        for end in ("", "/price-history"):
            hidden, missing = (app.get(f"/api/v1/properties/{one}{end}", token=tokens[actor]) for one in (targets.listing, 999999999))
            bodies = [{key: reply.error[key] for key in ("code", "message", "product")} | {"more": reply.error.get("details")} for reply in (hidden, missing)]
            assert hidden.status == missing.status == 404 and bodies[0] == bodies[1]
            assert set(hidden.headers) == set(missing.headers)
    for method, end, body in (("PATCH", "", {"bedrooms_total": 1}), ("DELETE", "", None), ("PUT", "/images", BODIES[f"put {LISTING}/images"])):
        hidden, missing = (app.request(method, f"/api/v1/properties/{one}{end}", body, token=tokens["foreign agent"]) for one in (targets.listing, 999999999))
        assert (hidden.status, hidden.error["message"]) == (missing.status, missing.error["message"]) == (404, missing.error["message"])


def test_lists_hide_drafts_from_the_public(app, tokens, targets):
    for actor in ACTORS[:5]:
        for query in ("status=draft&limit=100", "q=Draft&limit=100", "status=draft&count=exact&limit=1", "sort=-created_at&limit=100"):
            reply = app.get(f"/api/v1/properties?{query}", token=tokens[actor])
            assert reply.status in (200, 403, 422)
            assert actor in ("agent", "foreign agent", "admin") or targets.mark not in reply.body.decode(), (actor, query)


# ---- garbage ----

SEGMENTS = ("1", "0", "-1", "9" * 25, "abc", "..", ".", "%00", "%ff", "%2e%2e", "%2f", "a" * 300, "%F0%9F%92%A5", "%27--", "1%3BDROP", "null", "true", "1.5", "*", "{id}", "%", "%zz", "me", "facets", "en", "xx-yy", "",
            "1e3", "+1", "0x1", "\\", "~", "@", ":", ",", "=", "&")
VALUES = ("", "1", "0", "-1", "x", "%00", "%ff", "%", "9" * 30, "1e400", "true", "null", "a" * 700, "%F0%9F%92%A5", "1,2,3", ",", "[]", "{}", "%22", "asc;", "en", "THB", "draft", "2025-01-01", "2025-13-45T99:99:99Z",
          "2025-01-01T00:00:00Z", "%E0%B8%9A", "+", "-price", "NaN", "0.0000001", "%2b", "active,draft", "%25%5f", "-9223372036854775808")
JSON_VALUES = (None, True, False, 0, 1, -1, 2**31, 2**63 - 1, 2**63, -2**63, 1.5, 1e300, "", "x", "x" * 5000, "\u0e1a" * 50, "\U0001f4a5", "\0", "\u202e", "a\nb", [], {}, [[]], [None], ["x"] * 200, {"": ""}, {"a": {"b": {"c": 1}}}, "1",
               "2025-01-01", "THB", "en", "active", "https://x.test/a.jpg", "javascript:alert(1)", [1, "a", {}], "'; DROP TABLE users; --", "<script>", "${jndi:x}", "%s%n", "\ud83d", "../../etc/passwd")
HEADERS = {
    "If-Match": ('"v1"', '"v99999999999999999999"', "*", "W/\"v1\"", "x", "", '"v-1"', '"v1", "v2"'), "If-None-Match": ("*", '"v1"', "", '"' * 50), "Idempotency-Key": ("x", "k" * 64, "k" * 65, "key-00000001", "", "\xe4" * 8),
    "Accept": ("*/*", "text/html", "x/y;q=9", "", "application/json;q=0"), "Accept-Language": ("th", "en;q=x", "*", "a" * 400, ",,,;;;"), "Content-Type": ("application/json", "text/plain", "", "application/json; charset=latin1", "x" * 300),
    "Cookie": ("a=b", "x" * 800), "Range": ("bytes=0-1", "bytes=x"), "X-Request-Id": ("x", "fuzz-request-1", "a b", "\xff" * 20), "traceparent": ("00-" + "0" * 32 + "-" + "0" * 16 + "-00", "x", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
    "X-Forwarded-For": ("1.1.1.1", "::1", "x,y"), "Origin": ("null", "https://evil.test", "x"), "X-HTTP-Method-Override": ("DELETE",), "Forwarded": ("for=x",), "Authorization": ("x", "Bearer x", "Basic x", "Bearer " + "a.b.c", ""),
    "Accept-Encoding": ("gzip", "br;q=9"), "X-Session-Id": ("x", "a" * 30),
}


class Garbage:
    def __init__(self, seed, document, tokens):
        self.dice = random.Random(seed)
        self.routes = [(method, path, operation) for path, item in document["paths"].items() for method, operation in item.items()]
        self.tokens = [token for token in tokens.values()]
        schemas = document["components"]["schemas"].values()
        self.names = sorted({name for schema in schemas for name in schema.get("properties", {})}) + ["", "x", "__proto__", "id ", "\u0e1a"]

    def path(self, template):
        dice = self.dice
        segments = [dice.choice(SEGMENTS) if part.startswith("{") or dice.random() < 0.05 else part for part in template.split("/")[1:]]
        if dice.random() < 0.1:
            segments.insert(dice.randrange(len(segments) + 1), dice.choice(SEGMENTS))
        path = "/" + "/".join(segments)
        return path.upper() if dice.random() < 0.02 else path

    def query(self, operation):
        dice = self.dice
        known = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
        count = dice.choice((0, 0, 1, 1, 2, 5, 70 if dice.random() < 0.05 else 1))
        pairs = [f"{dice.choice(known) if known and dice.random() < 0.8 else dice.choice(VALUES)}{dice.choice(('=', '=', '=', '', '=='))}{dice.choice(VALUES)}" for _ in range(count)]
        return "?" + dice.choice(("&", "&", "&", ";", "&&")).join(pairs) if pairs or dice.random() < 0.1 else ""

    def value(self, depth=0):
        dice = self.dice
        if depth < 3 and dice.random() < 0.2:
            return {dice.choice(self.names): self.value(depth + 1) for _ in range(dice.randrange(6))}
        return dice.choice(JSON_VALUES)

    def body(self, name):
        dice = self.dice
        kind = dice.randrange(6)
        if kind == 0:
            return bytes(dice.randrange(256) for _ in range(dice.choice((1, 10, 200))))
        good = dict(BODIES.get(name) or {})
        if kind < 4:
            for _ in range(dice.randrange(1, 4)):
                good[dice.choice(self.names)] = self.value()
        text = json.dumps(good if kind < 5 else self.value(), ensure_ascii=dice.random() < 0.5).encode(errors="surrogatepass")
        if dice.random() < 0.2:
            at = dice.randrange(len(text))
            text = text[:at] + bytes([dice.randrange(256)]) + text[at + dice.randrange(2):]
        return text + b" " * (66_000 if dice.random() < 0.01 else 0)

    def next(self):
        """(method, target, bytes to send)"""
        dice = self.dice
        method, template, operation = dice.choice(self.routes)
        name = f"{method} {template}"
        method = dice.choice(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "FOO")) if dice.random() < 0.15 else method.upper()
        target = (self.path(template) + self.query(operation))[:5000]
        headers = {known: dice.choice(values) for known, values in HEADERS.items() if dice.random() < 0.08}
        token = dice.choice(self.tokens)
        if method == "DELETE" and "/users/me" in target:
            token = None  # nobody erases those who are needed again
        if token is not None and dice.random() < 0.8:
            headers["Authorization"] = f"Bearer {token}"
        body = self.body(name) if method in ("POST", "PUT", "PATCH") or dice.random() < 0.01 else b""
        if body and dice.random() < 0.9:
            headers["Content-Type"] = "application/json"
        return method, target, request(method, target, headers.items(), body)


def test_garbage_is_answered_in_form(app, document, tokens, product):
    garbage, workers, seen = Garbage(4711, document, tokens), app.workers(), {}
    wire = Wire(app.port)
    for n in range(2500):
        method, target, data = garbage.next()
        if wire.closed:
            wire.peer.close()
            wire = Wire(app.port)
        wire.send(data)
        where = (n, method, target[:300], data[-300:])
        try:
            reply = wire.reply(head=method == "HEAD")
        except TimeoutError:
            reply = None
        assert reply is not None, (where, wire.data)
        if reply.header("connection") == "close":
            wire.closed = True
        seen[reply.status] = seen.get(reply.status, 0) + 1
        assert reply.status < 500, (where, reply.body)
        if reply.status >= 400:
            try:
                assert_envelope(reply, product, target.split("?")[0] if len(target) < 4096 else None, head=method == "HEAD")
            except (AssertionError, KeyError, ValueError) as problem:
                raise AssertionError((where, reply.status, reply.headers, reply.body, repr(problem))) from problem
        else:
            assert reply.header("content-type") or reply.status in (204, 304), where
    assert {200, 204, 400, 401, 403, 404, 405, 422} <= set(seen), seen
    assert app.workers() == workers
