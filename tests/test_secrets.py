"""Every secret setting is a value that can be recognised. Then everything is used, misused, broken and asked for, and none of them may
be seen anywhere: not in the log, in no reply, in no key of Redis, in nothing that a command prints. Nor a token, nor what people wrote."""

import json
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import other_product
from harness.app import App
from harness.bookings import BOOKINGS, day, hold, listing, move, quote
from harness.bookings import ask as book
from harness.chat import CONVERSATIONS, ask, new_session, stream
from harness.load import DRAFT
from harness.waiting import until
from test_chat import KNOWN, UNKNOWN
from test_inquiries import INQUIRIES, INQUIRY
from test_logs import LIST, ME, Canaries, tour
from test_webhooks import deliver, event, person

JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}")
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
PAGES = ["/", "/health", "/ready", "/metrics", "/openapi.json", "/docs", "/redoc", "/demo", "/api/v1/config"]
# What a client wrote and nobody else may read: these, of all that the tour marks.
PRIVATE = re.compile(r"part of a token|mail|question|session|comment|contact|note|message|phone|name|basic|token")


class Parrot:
    """A service that says back all that it was sent, in errors of every kind: some do, with the key in it."""

    def __init__(self):
        self.paths = []
        parrot = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                text = json.dumps({"error": {"message": f"Incorrect API key provided: {self.headers} {sent}", "code": f"{self.headers}"}})
                status = (401, 500, 429, 200, 400)[len(parrot.paths) % 5]
                parrot.paths.append(re.sub(r"user_\w+", "{id}", self.path))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.send_header("X-Heard", self.headers.get("Authorization", ""))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def parrot():
    running = Parrot()
    yield running
    running.server.shutdown()


class Watched(App):
    """Keeps every reply: (what was asked, status, headers as text, body as text)."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.replies = []

    def request(self, method, path, *arguments, **options):
        reply = super().request(method, path, *arguments, **options)
        headers = "".join(f"{name}: {value}\n" for name, value in reply.headers.items())
        self.replies.append((f"{method} {path[:200]}", reply.status, headers, reply.body.decode(errors="replace")))
        return reply


def secret_settings(product, services, parrot):
    """(settings, {setting: what would give it away}); a value that others decide is taken as it is."""
    new = lambda: f"kanari{uuid.uuid4().hex[:12]}"  # noqa: E731
    shown = {name: new() for name in ("METRICS_TOKEN", "OPENAI_API_KEY", "LLM_API_KEY", "CLERK_SECRET_KEY", "CLERK_WEBHOOK_SECRET",
                                      "DATABASE_URL", "MIGRATE_DATABASE_URL", "DATABASE_READ_URL")}
    settings = {"METRICS_TOKEN": shown["METRICS_TOKEN"], "OPENAI_API_KEY": f"sk-{shown['OPENAI_API_KEY']}",
                "LLM_API_KEY": f"sk-{shown['LLM_API_KEY']}", "CLERK_SECRET_KEY": f"sk_test_{shown['CLERK_SECRET_KEY']}",
                "CLERK_WEBHOOK_SECRET": f"whsec_{shown['CLERK_WEBHOOK_SECRET']}AA",
                "CLERK_API_URL": f"{parrot.url}/v1", "LLM_PROVIDER": "openai", "LLM_BASE_URL": f"{parrot.url}/v1", "CHAT_MODEL": "big",
                "CHAT_MODEL_FALLBACK": "spare", "EMBEDDINGS_PROVIDER": "openai", "EMBEDDING_BASE_URL": f"{parrot.url}/v1"}
    roles = {"DATABASE_URL": "user", "MIGRATE_DATABASE_URL": "migrate", "DATABASE_READ_URL": "user"}
    for name, role in roles.items():  # the socket asks for no password, and takes any
        settings[name] = services.database_url(product, role).replace("@", f":{shown[name]}@", 1)
    shown["REDIS_URL"] = re.search(r":([^:@/]+)@", services.redis_url(product))[1]
    return settings, shown


def pem_line(pem):
    return pem.splitlines()[3]


@pytest.fixture
def watched(app, product, services, parrot):
    settings, shown = secret_settings(product, services, parrot)
    one = Watched(product, services, LOG_LEVEL="debug", DATABASE_ECHO="true", BOOKINGS_ENABLED="true", INVESTMENT_ENABLED="true", **settings)
    shown["CLERK_JWT_KEY"] = pem_line(one.settings["CLERK_JWT_KEY"])
    shown["CLERK_DEV_PRIVATE_KEY"] = pem_line(one.settings["CLERK_DEV_PRIVATE_KEY"])
    one.shown = shown
    one.start()
    yield one
    assert one.stop() == 0


# ---- what is done ----

def talk(one, mark, product):
    """The chat, as a guest, and what becomes of it."""
    session = mark.all["session of the chat"] = new_session()
    for text in (f"{KNOWN[product][0]} {mark('question')}", f"{UNKNOWN} {mark('question without answer')}"):
        answer = ask(one, text, session=session)
    with stream(one, f"{KNOWN[product][0]} {mark('question streamed')}", session=session) as events:
        heard = events.all()
        one.replies.append(("stream", 200, str(events.headers), json.dumps([[each.name, each.data] for each in heard])))
    one.request("PUT", f"/api/v1/llm/messages/{answer['message']['id']}/feedback", {"rating": "down", "comment": mark("comment on an answer")},
                headers={"X-Session-Id": session})
    contact = {"name": mark("contact name"), "email": f"{mark('contact mail')}@example.com", "message": mark("message to a person"), "consent": True}
    place = f"{CONVERSATIONS}/{answer['conversation_id']}"
    one.post(f"{place}/handoff", contact, headers={"X-Session-Id": session})
    one.post(INQUIRIES, {**INQUIRY, **contact})
    one.post(INQUIRIES, {**INQUIRY, **contact, "email": mark("no mail")})
    one.get(f"{place}/messages", headers={"X-Session-Id": session + "x"})
    one.post("/api/v1/llm/chat", {"content": mark("question of 4001") + "x" * 4001})


def stay(one, mark, services, product):
    """A booking with its race lost, and everything that goes wrong with one."""
    agent, guest = one.token_of("agent", "user_secrets_agent"), one.token_of("user", "user_secrets_guest")
    house = listing(one, services, agent)
    contact = {"name": mark("contact of a guest"), "email": f"{mark('mail of a guest')}@example.com", "phone": "+66 8 765 4321"}
    mark.all["phone of a guest"] = "765 4321"
    token = quote(one, house).json.get("quote_token")
    mine = hold(one, house, guest, contact=contact, note=mark("note of a guest"), **({"quote_token": token} if token else {}))
    assert book(one, house, one.token_of("user", "user_secrets_late"), contact=contact).status == 409
    book(one, house, guest, first=40, contact={**contact, "email": mark("mail that is none")})
    book(one, house, guest, first=50, contact=contact, quote_token=mark("quote token"))
    one.get(f"{BOOKINGS}/{mine['id']}", token=agent)
    one.get(f"{BOOKINGS}/{mine['id']}", token=one.token_of("user", "user_secrets_late"))
    move(one, mine, "cancel", guest, {"reason": mark("note on leaving")})
    one.get(f"/api/v1/properties/{house}/availability?from={day(0)}&to={day(30)}")


def look_everywhere(one):
    """Every page, and every GET of the API document: as an administrator, as nobody, with a wrong token."""
    admin = one.token_of("admin", "user_secrets_admin")
    paths = one.get("/openapi.json").json["paths"]
    for path in PAGES + [re.sub(r"\{[^}]*\}", "1", path) for path, methods in paths.items() if "get" in methods]:
        for options in ({"token": admin}, {}, {"headers": {"Authorization": f"Bearer {admin[:-9]}AAAAAAAAA"}}):
            one.get(path, **options)
    one.get("/metrics", token=one.settings["METRICS_TOKEN"])
    return admin


def reindex(one, services, product, parrot, admin):
    """The embeddings service is asked by a job, whose failure is kept for administrators."""
    assert one.post("/api/v1/admin/faq/reindex", {}, token=admin).status == 202
    until(lambda: "/v1/embeddings" in parrot.paths)
    until(lambda: services.sql(product, "SELECT 1 FROM jobs WHERE kind = 'faq.reindex' AND last_error <> ''"), 40)
    one.get("/api/v1/admin/jobs?limit=100", token=admin)
    services.sql(product, "DELETE FROM jobs WHERE kind = 'faq.reindex'")


def break_down(one, mark, services, product, admin):
    """500s by a table that is gone, 503s by a database that is."""
    services.sql(product, "ALTER TABLE properties RENAME TO properties_away")
    try:
        assert one.get(f"{LIST}?city={mark('city while broken')}").status == 500
        assert one.post(LIST, {**DRAFT, "title": mark("title while broken")}, token=admin).status == 500
    finally:
        services.sql(product, "ALTER TABLE properties_away RENAME TO properties")
    services.stop_one("postgres")
    try:
        one.wait("/ready", 503)
        for path in (f"{LIST}?q={mark('question while away')}", ME, "/api/v1/users", f"/api/v1/faq/search?query={mark('question of the FAQ while away')}"):
            one.get(path, token=admin)
            one.get(path)
        one.post("/api/v1/llm/chat", {"content": mark("question to the chat while away")})
        one.post(LIST, {**DRAFT, "title": mark("title while away")}, token=admin)
        who = person("user_secrets_hook", 1, mail=f"{mark('mail while away')}@example.com")
        assert deliver(one, event("created", who), secret=one.settings["CLERK_WEBHOOK_SECRET"]).status in (503, 504)
        texts = said_by(one, [("migrate",), ("seed",), ("user", "set-role", "--clerk-id", "user_x", "--role", "admin")])
    finally:
        services.start_again()
    one.wait("/ready")
    return texts


def said_by(one, commands):
    """What commands print, on either side."""
    done = [(words, one.command(*words)) for words in commands]
    return [(" ".join(words), run.stdout + run.stderr) for words, run in done]


def commands_of(one, services, product, tmp_path):
    other = App(other_product(product), services, PRODUCT_ID=other_product(product))
    file = tmp_path / "other.env"
    file.write_text("".join(f'{name}="{value}"\n' for name, value in other.settings.items()))
    away = "postgresql://u:{}@127.0.0.1:9/d".format(one.shown["DATABASE_URL"])
    return [("check-config",), ("check-config", "--markdown"), ("check-config", "--check-llm"), ("openapi",), ("migrate",), ("migrate", "--status"),
            ("seed", "--from", "/nonexistent"), ("dev-token", "--role", "king"), ("user", "set-role", "--clerk-id", "user_nobody", "--role", "admin"),
            ("selftest", "isolation", "--other", str(file)), ("validate-migration", "--from", "env:DATABASE_URL", "--to", away), ("fly",)]


def everything_in_redis(services, product):
    """Keys, and with them what they hold."""
    number = services.redis_url(product).rsplit("/", 1)[1]
    names = services.redis("-n", number, "--scan").splitlines()
    return "\n".join(names), "\n".join(services.redis("-n", number, "GET", name, ok=False) for name in names)


# ---- what must not be seen ----

def seen(values, text):
    return [place for place, value in values.items() if value in text]


def test_no_secret_is_seen_anywhere(watched, services, product, parrot, tmp_path):
    one, mark = watched, Canaries()
    table = one.command("check-config", "--markdown").stdout
    assert set(re.findall(r"^\| `(\w+)` \| secret \|", table, re.MULTILINE)) == set(one.shown), "a new secret needs a value here"
    parrot.paths.clear()
    tour(one, mark, product)
    one.get(ME, token=one.issuer.token(f"user_{uuid.uuid4().hex}"))  # has no e-mail: Clerk is asked
    talk(one, mark, product)
    stay(one, mark, services, product)
    admin = look_everywhere(one)
    reindex(one, services, product, parrot, admin)
    texts = said_by(one, commands_of(one, services, product, tmp_path))
    keys, values = everything_in_redis(services, product)
    texts += break_down(one, mark, services, product, admin)
    assert one.stop() == 0
    log = one.log_text()
    assert {status for _, status, _, _ in one.replies} >= {200, 201, 400, 401, 404, 409, 422, 500, 503}
    assert set(parrot.paths) == {"/v1/users/{id}", "/v1/embeddings", "/v1/chat/completions"}
    assert "db.statement_sent" in log and len(keys.splitlines()) > 3

    found = [(where, seen(one.shown, text)) for where, text in [("log", log), ("keys", keys), ("values", values), *texts] if seen(one.shown, text)]
    found += [(asked, status, seen(one.shown, headers + body)) for asked, status, headers, body in one.replies if seen(one.shown, headers + body)]
    assert found == []
    private = {place: value for place, value in mark.all.items() if PRIVATE.search(place)}
    assert len(private) > 30
    tokens = {place: value for place, value in private.items() if "token" in place}
    found = [(where, seen(private, text), JWT.findall(text)[:1], MAIL.findall(text)[:1]) for where, text in (("log", log), ("keys", keys))]
    assert found == [("log", [], [], []), ("keys", [], [], [])]
    for asked, status, headers, body in one.replies:
        assert not seen(private, headers) and not JWT.search(headers + body) and not seen(tokens, body), (asked, status)
        assert status < 400 or (not seen(private, body) and not MAIL.search(body)), (asked, status, body)


def test_a_secret_that_is_wrong_is_not_shown_by_a_reload(product, services, tmp_path):
    """The master tells what it does not take while it runs: which setting, never its value."""
    one = App(product, services, WORKERS=1, LOG_LEVEL="debug")
    one.env_file = tmp_path / "env"
    one.start()
    canary = f"kanari{uuid.uuid4().hex[:12]}"
    wrong = {"DATABASE_URL": f"mysql://u:{canary}@h/d", "REDIS_URL": f"rediss://u:{canary}@h", "CLERK_SECRET_KEY": canary,
             "CLERK_WEBHOOK_SECRET": f"whsec_{canary}!", "METRICS_TOKEN": f"two {canary}", "CLERK_JWT_KEY": canary}
    one.reload(**wrong)
    deadline = time.monotonic() + 15
    while len(one.log_lines("config.problem_found")) < len(wrong) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {line["problem"].split(":")[0] for line in one.log_lines("config.problem_found")} == set(wrong)
    assert one.get("/health").status == 200
    assert one.stop() == 0
    assert canary not in one.log_text()
