"""The chat widget in a real browser on the demo page and on a foreign page, with the real programs behind it."""

import contextlib
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.browser import ANSWERS, FINISHED, MESSAGES, Browser, by_id
from harness.chat import CONVERSATIONS
from harness.faq import category, embedded, entry, words
from harness.model import Model
from harness.services import ROOT
from test_chat import KNOWN, KNOWN_THAI, UNKNOWN

WIDGET = ROOT / "web/chat-widget.js"
WRITING = f"{ANSWERS}[aria-busy] .text:not(.waiting)"
FREE = "form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"


@pytest.fixture(scope="module")
def driver():
    one = Browser()
    yield one
    one.close()


@pytest.fixture
def browser(driver):
    driver("begin")
    return driver


@pytest.fixture
def thai(browser):
    """Pages are Thai from now on."""
    browser("beforehand", script="document.addEventListener('readystatechange', () => { document.documentElement.lang = 'th'; })")


def demo(app):
    return f"http://127.0.0.1:{app.port}/demo"


@contextlib.contextmanager
def foreign_page(tag, language="en"):
    """Of another origin, with a policy that lets in the API only; gives its origin. tag: of the script."""
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            html = f'<!doctype html><html lang="{language}"><link rel="icon" href="data:,"><title>Shop</title><body><h1>Shop</h1>{tag()}</body></html>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", f"default-src 'none'; script-src {host()}; connect-src {host()}; img-src data:; {FREE}")
            self.end_headers()
            self.wfile.write(html.encode())

    def host():
        return re.search(r"http://[\d.:]+", tag())[0]

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# ---- the files ----

def test_the_script_is_one_small_file():
    text = WIDGET.read_text()
    assert len(text.encode()) <= 30 * 1024
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "import ", "DOMParser", ".style ="):
        assert word not in text, word


def test_how_the_files_are_served(app):
    script = app.get("/chat-widget.js")
    assert script.status == 200 and script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["content-encoding"] == "gzip" and script.headers["cache-control"] == "public, max-age=3600"
    assert "cross-origin-resource-policy" not in script.headers, "any site may embed it"
    assert app.get("/chat-widget.js", headers={"If-None-Match": script.headers["etag"]}).status == 304
    page = app.get("/demo")
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8" and page.headers["cache-control"] == "no-cache"
    assert page.headers["content-security-policy"] == f"default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; {FREE}"


def test_the_demo_is_part_of_the_docs(start):
    one = start(DOCS_ENABLED="false")
    assert one.get("/demo").error["code"] == "NOT_FOUND" and one.get("/chat-widget.js").status == 200


def test_without_chat_there_is_neither(start):
    one = start(CHAT_ENABLED="false")
    assert one.get("/chat-widget.js").error["code"] == "FEATURE_DISABLED" and one.get("/demo").status == 404


# ---- the story ----

def test_a_question_and_its_answer(app, product, browser):
    question, said = KNOWN[product]
    browser.open_chat(demo(app))
    browser.ask(question)
    browser.answers()
    assert said in browser.texts("chat-message")[-1]
    sources = browser.texts("chat-source")
    assert question in sources, sources
    browser("click", css=f"{FINISHED} .marker >> nth=0")
    assert browser("focus") == "chat-source"
    browser.click("chat-up")
    browser("wait", css=f"{by_id('chat-up')}[aria-pressed=true]")
    browser("reload")
    assert said in browser.answers()[0] and browser("count", css=MESSAGES) == 2
    browser("wait", css=f"{by_id('chat-up')}[aria-pressed=true]")
    browser.assert_clean(f"127.0.0.1:{app.port}")


def test_with_the_keyboard_alone(app, product, browser):
    question, said = KNOWN[product]
    assert browser("goto", url=demo(app)) == 200
    browser("wait", css=by_id("chat-toggle"))
    browser("press", keys=["Tab", "Tab"])  # past the link of the page
    assert browser("focus") == "chat-toggle"
    assert browser("attribute", css=by_id("chat-toggle"), name="aria-expanded") == "false"
    browser("press", keys=["Enter"])
    assert browser("focus") == "chat-input"
    assert browser("attribute", css=by_id("chat-toggle"), name="aria-expanded") == "true"
    browser.ask(question)
    assert said in browser.answers()[0]
    browser("press", keys=["Escape"])
    assert browser("focus") == "chat-toggle" and browser("count", css="[role=dialog]:visible") == 0
    browser("press", keys=["Space", "Shift+Tab"])
    assert browser("focus") == "chat-down"
    browser("press", keys=["Escape"])
    assert browser("focus") == "chat-toggle"
    browser("press", keys=["Enter"])
    assert browser("count", css=MESSAGES) == 2, "closing forgets nothing"
    browser.assert_clean(f"127.0.0.1:{app.port}")


def test_in_thai(app, product, browser, thai):
    browser.open_chat(demo(app))
    assert browser.texts("chat-send") == ["ส่ง"] and browser("attribute", css=by_id("chat-toggle"), name="aria-label").startswith("แชทกับ ")
    assert browser("attribute", css="[role=log]", name="aria-label") == "ข้อความ"
    browser.ask(KNOWN_THAI[product])
    for _ in range(2):
        browser.answers()
        assert browser("texts", css=f"{MESSAGES} .spoken") == ["คุณ:", "ผู้ช่วย:"]
        assert re.search(r"[\u0e01-\u0e5b]{10}", browser("texts", css=f"{FINISHED} .text")[0])
        assert browser("attribute", css=by_id("chat-up"), name="aria-label") == "มีประโยชน์"
        browser("reload")
    browser.assert_clean(f"127.0.0.1:{app.port}")


def test_not_knowing_offers_other_questions(app, product, browser):
    browser.open_chat(demo(app))
    browser.ask(f"Tell me about {words()}")
    browser.answers()
    browser("wait", css=by_id("chat-suggestion"))
    browser("click", css=f"{by_id('chat-suggestion')}:has-text('{KNOWN[product][0]}')")
    assert KNOWN[product][1] in browser.answers(2)[1]
    browser.assert_clean(f"127.0.0.1:{app.port}")


def pass_on(app, browser, question, offer):
    """Asks, and takes the offer, with the keyboard alone; gives the address."""
    address = f"{uuid.uuid4().hex}@example.com"
    browser.open_chat(demo(app))
    browser.ask(question)
    browser.answers()
    browser("wait", css=by_id("chat-suggestion"))
    for _ in range(20):
        browser("press", keys=["Shift+Tab"])
        if browser("focus") == "chat-handoff":
            break
    assert browser.texts("chat-handoff") == [offer] and browser("focus") == "chat-handoff"
    browser("press", keys=["Enter", "Tab"])
    browser("type", text="Ann")
    browser("press", keys=["Tab"])
    browser("type", text=address)
    browser("press", keys=["Tab", "Enter"])
    return address


def check_passed_on(app, browser, admin, address, question, said):
    """Staff has it, the visitor sees that, also later, and goes on."""
    browser("wait", css=by_id("chat-handed-over"))
    assert browser("focus") == "chat-input"
    made, = (one for one in app.get("/api/v1/inquiries?kind=handoff&limit=100", token=admin).json["data"] if one["email"] == address)
    assert (made["name"], made["message"], made["status"]) == ("Ann", question, "new") and made["conversation_id"]
    browser("reload")
    browser.answers()
    assert browser.texts("chat-handed-over") == [said] and browser("count", css=by_id("chat-handoff")) == 0
    browser.assert_clean(f"127.0.0.1:{app.port}")


def test_not_knowing_offers_a_person(app, browser, admin):
    address = pass_on(app, browser, UNKNOWN, "Pass the question on to our team")
    check_passed_on(app, browser, admin, address, UNKNOWN, "Passed on. Our team will answer by e-mail.")


def test_not_knowing_offers_a_person_in_thai(app, browser, admin, thai):
    question = "พรุ่งนี้อากาศเป็นอย่างไร"
    address = pass_on(app, browser, question, "ส่งคำถามต่อให้ทีมงาน")
    check_passed_on(app, browser, admin, address, question, "ส่งต่อแล้ว ทีมงานจะตอบกลับทางอีเมล")


def test_each_signing_in_takes_over_what_a_guest_said(app, product, browser):
    token = app.token_of("user", sub=f"user_{uuid.uuid4().hex}")
    browser("beforehand", script="window.chatWidgetToken = async () => sessionStorage.token")
    browser.open_chat(demo(app))
    for number, who in enumerate(("", token, "", token), 1):
        browser("run", script=f"sessionStorage.token = '{who}'")
        browser.ask(KNOWN[product][0])
        browser.answers(number)
    mine = app.get(CONVERSATIONS, token=token).json["data"]
    assert [one["message_count"] for one in mine] == [4, 4]


def test_hostile_entries_stay_texts(app, admin, browser):
    name = words(2)
    hostile = f'<img src=x onerror="alert(1)"></script><b>{name}</b> ![x](https://evil.test/x.png) <a href="javascript:alert(2)">y</a>'
    made = entry(app, admin, category(app, admin)["id"], question=f"What is <i>{name}</i>?", answer=hostile)
    embedded(app, admin, made["id"])
    browser.open_chat(demo(app))
    browser.ask(f"What is {name}?")
    browser.answers()
    text = browser.texts("chat-message")[-1]
    assert "<b>" in text and name in text, text
    assert f"What is <i>{name}</i>?" in browser.texts("chat-source")
    assert browser("count", css="chat-widget img") == 0 and browser("count", css="chat-widget script") == 0
    browser.assert_clean(f"127.0.0.1:{app.port}")


# ---- while an answer is written ----

@pytest.fixture
def slow(app, start):
    """A program with the seeds of `app`, whose model takes seconds to say a sentence."""
    with Model() as model:
        model.steps["answer"] = ("paced", 0.05)
        yield start(**model.settings())


def ask_slowly(app, browser, question):
    browser.open_chat(demo(app))
    browser.ask(question)
    browser("wait", css=WRITING)


def test_a_reload_in_the_middle_of_an_answer(slow, product, browser):
    question, said = KNOWN[product]
    ask_slowly(slow, browser, question)
    browser("reload")
    browser("wait", css=WRITING)
    assert said in browser.answers()[0] and browser("count", css=MESSAGES) == 2
    browser("reload")
    assert said in browser.answers()[0] and browser("count", css=MESSAGES) == 2
    browser.assert_clean(f"127.0.0.1:{slow.port}")


@pytest.fixture
def endless(app, start):
    """A program with the seeds of `app`, whose model begins an answer and never ends it."""
    with Model() as model:
        model.steps["answer"] = ("unfinished", "This answer has begun and does not end.")
        yield start(**model.settings())


def test_stopping_in_the_middle_of_an_answer(endless, product, browser):
    ask_slowly(endless, browser, KNOWN[product][0])
    browser.click("chat-stop")
    for _ in range(2):
        assert "Stopped." in browser.answers()[0]
        browser("reload")
    browser.assert_clean(f"127.0.0.1:{endless.port}")


def test_stopping_with_the_keyboard_alone(endless, product, browser):
    assert browser("goto", url=demo(endless)) == 200
    browser("wait", css=by_id("chat-toggle"))
    browser("press", keys=["Tab", "Tab", "Enter"])
    browser.ask(KNOWN[product][0])
    browser("wait", css=WRITING)
    browser("press", keys=["Tab"])
    assert browser("focus") == "chat-stop"
    browser("press", keys=["Enter"])
    assert "Stopped." in browser.answers()[0] and browser("focus") == "chat-input"
    browser.assert_clean(f"127.0.0.1:{endless.port}")


# ---- elsewhere ----

@pytest.mark.parametrize("tag_of, language", [("data-locale='th'", "en"), ("", "th")], ids=["by attribute", "by page"])
def test_in_thai_on_a_page_of_another_origin(app, start, product, browser, tag_of, language):
    running = []
    with foreign_page(lambda: f"<script src='http://127.0.0.1:{running[0].port}/chat-widget.js' {tag_of} defer></script>", language) as origin:
        running.append(start(FRONTEND_URL=origin))
        browser.open_chat(origin)
        assert browser("texts", css=by_id("chat-send")) == ["ส่ง"]
        assert browser("attribute", css=by_id("chat-input"), name="placeholder") == "พิมพ์คำถาม…"
        browser.ask(KNOWN[product][0])
        assert KNOWN[product][1] in browser.answers()[0]
        assert browser("attribute", css=f"{by_id('chat-source')} a >> nth=0", name="href").startswith(f"{origin}/faq/")
        browser("reload")
        assert KNOWN[product][1] in browser.answers()[0]
        browser.assert_clean(f"127.0.0.1:{running[0].port}", origin.removeprefix("http://"))
