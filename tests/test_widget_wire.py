"""The chat widget against an API that says exactly what a test wants: cut bytes, broken connections, refusals, hostile texts."""

import contextlib
import threading
import time

import pytest

from harness.browser import ANSWERS, FINISHED, MESSAGES, Browser, by_id
from harness.faq import until
from harness.scripted_api import (CHAT, CONFIG, CUT, Script, ScriptedApi, delta, done, event, message, page, refusal, reply, source, start, stream)

MESSAGES_OF = "GET /api/v1/llm/conversations/3/messages"
REST = "GET /api/v1/llm/conversations/3/stream"
STOP = "POST /api/v1/llm/conversations/3/stop"
HANDOFF = "POST /api/v1/llm/conversations/3/handoff"
CLAIM = "POST /api/v1/users/me/claim"
FEEDBACK = "/api/v1/llm/messages/7/feedback"
EMPTY = Script([], 204)
BUSY = refusal(503, "SERVICE_UNAVAILABLE", "Busy now", Retry_After="2")
UNREACHABLE = Script([], 307, {"Location": "http://127.0.0.1:1/"})  # to fetch() the network has failed
HOSTILE = ('<img src=x onerror="alert(1)"></script><script>alert(2)</script>\n![x](https://evil.test/x.png) [y](javascript:alert(3)) '
           'https://evil.test/y {{7*7}} &lt;b&gt; [1] [9]')


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@pytest.fixture
def visit(browser):
    """visit(tag) gives an API with a page whose chat is open for a new visitor once `opened` is called."""
    with contextlib.ExitStack() as stack:
        def begin(tag="", **options):
            api = ScriptedApi(tag)
            stack.callback(api.close)
            browser("begin", options=options)
            return api

        yield begin


def ask(browser, api, question="Well?"):
    browser.open_chat(api.url)
    browser.ask(question)


def shown(browser):
    """The last answer, without what is only for screen readers."""
    return browser("texts", css=f"{FINISHED} .text")[-1]


# ---- events ----

@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_bytes_may_be_cut_anywhere(browser, visit, end):
    api = visit()
    text = "สวัสดี 😀\n\n- one\n- two"
    body = b": ping" + 2 * end.encode() + start() + b"".join(
        event("delta", {"text": character}, number, end=end) for number, character in enumerate(text, 2)) + event(
            "done", {"message": message(text), "suggestions": []}, 99, end=end)
    api.on(CHAT, stream(*(body[i:i + 1] for i in range(len(body)))))
    ask(browser, api)
    browser.answers()
    assert shown(browser) == text
    browser.assert_clean(api.host)


def test_the_question_as_it_is_sent(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), delta("Yes.", 2), done("Yes.")))
    ask(browser, api, "Is it so?")
    browser.answers()
    browser.ask("And now?")
    browser.answers(2)
    first, second = api.requests(CHAT)
    assert first.body == {"content": "Is it so?", "stream": True}
    assert second.body == {"content": "And now?", "stream": True, "conversation_id": 3}
    assert len(first.headers["x-session-id"]) == 32 and first.headers["x-session-id"] == second.headers["x-session-id"]
    assert "authorization" not in first.headers and "cookie" not in first.headers
    assert browser("texts", css=f"{MESSAGES}[data-role=user] .text") == ["Is it so?", "And now?"]


def test_the_final_check_replaces_the_text(browser, visit):
    api = visit()
    go_on = threading.Event()
    api.on(CHAT, stream(start(), delta("It costs 9 baht.", 2), event("replace", {"content": "Ask us."}, 3), go_on, done("Ask us.")))
    ask(browser, api)
    browser("wait", css=f"{ANSWERS}[aria-busy]:has-text('Ask us.')")
    assert "9 baht" not in browser.texts("chat-message")[-1]
    go_on.set()
    browser.answers()
    assert shown(browser) == "Ask us."


def test_nothing_is_read_aloud_before_it_is_complete(browser, visit):
    api = visit()
    go_on = threading.Event()
    api.on(CHAT, stream(start(), delta("Half", 2), go_on, delta(" and half", 3), done("Half and half")))
    ask(browser, api)
    live = f"{ANSWERS}[aria-busy=true]"
    browser("wait", css=f"{live}:has-text('Half')")
    assert browser("attribute", css=live, name="aria-live") == "off"
    assert browser("attribute", css="[role=log]", name="aria-live") == "polite"
    assert browser("count", css=by_id("chat-stop") + ":visible") == 1 and browser("focus") == "chat-input"
    browser("press", keys=["x", "Enter"])  # not while an answer is written
    go_on.set()
    browser.answers()
    assert len(api.requests(CHAT)) == 1 and browser("value", css=by_id("chat-input")) == "x"
    assert browser("count", css=f"{FINISHED}[aria-live]") == 0 and browser("count", css=by_id("chat-send") + ":visible") == 1


# ---- a connection that breaks ----

def test_a_broken_answer_is_heard_from_where_it_broke(browser, visit):
    api = visit()
    cuts = threading.Event(), threading.Event()
    api.on(CHAT, stream(start(), delta("One, ", 2), cuts[0], CUT))
    api.on(REST, refusal(503, "SHUTTING_DOWN", "The server is restarting"), stream(delta("two, ", 3), cuts[1], CUT),
           stream(delta("three", 4), done("One, two, three")))
    ask(browser, api)
    for text, cut in zip(("One, ", "One, two, "), cuts):  # a browser drops what it has not handed over when the connection breaks
        browser("wait", css=f"{ANSWERS}:has-text('{text}')")
        cut.set()
    browser.answers()
    assert shown(browser) == "One, two, three" and browser.texts("chat-notice") == [""]
    assert [asked.headers["last-event-id"] for asked in api.requests(REST)] == ["7.2", "7.2", "7.3"]
    assert api.requests(REST)[0].headers["x-session-id"] == api.requests(CHAT)[0].headers["x-session-id"]


def test_not_even_the_beginning_came(browser, visit):
    api = visit()
    api.on(CHAT, stream(CUT))
    api.on("GET /api/v1/llm/conversations", page({"id": 3}))
    api.on(MESSAGES_OF, page(message("Well?", 6, "user"), message("", finish_reason=None)))
    api.on(REST, stream(start(), delta("One", 2), done("One")))
    ask(browser, api)
    browser.answers()
    assert shown(browser) == "One" and browser("count", css=MESSAGES) == 2 and len(api.requests(CHAT)) == 1
    assert [asked.headers["last-event-id"] for asked in api.requests(REST)] == ["7.0"]


def test_an_answer_that_is_over_when_the_connection_is_back(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), delta("One, ", 2)))  # a clean end, but not of the answer
    api.on(REST, EMPTY)
    api.on(MESSAGES_OF, page(message("Well?", 6, "user"), message("One, two")))
    ask(browser, api)
    browser.answers()
    assert shown(browser) == "One, two" and browser("count", css=MESSAGES) == 2


def test_a_reload_in_the_middle_of_an_answer(browser, visit):
    api = visit()
    go_on = threading.Event()
    api.on(CHAT, stream(start(), delta("One, ", 2), go_on))
    api.on(MESSAGES_OF, page(message("Well?", 6, "user"), message("", finish_reason=None)))
    api.on(REST, stream(start(), delta("One, ", 2), go_on, delta("two", 3), done("One, two")))
    ask(browser, api)
    browser("wait", css=f"{ANSWERS}:has-text('One, ')")
    browser("reload")
    browser("wait", css=f"{ANSWERS}[aria-busy]:has-text('One, ')")
    go_on.set()
    browser.answers()
    assert shown(browser) == "One, two" and browser("count", css=MESSAGES) == 2
    assert [asked.headers["last-event-id"] for asked in api.requests(REST)] == ["7.0"]
    browser("click", css=by_id("chat-input"))
    browser.ask("And?")
    browser.answers(2)
    assert api.requests(CHAT)[1].body["conversation_id"] == 3


def test_a_question_that_did_not_get_through_is_kept(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), done("Here.")))
    browser.open_chat(api.url)
    browser("offline", on=True)
    browser.ask("Are you there?")
    browser("wait", css=f"{by_id('chat-notice')}:has-text('No connection')")
    assert browser("count", css=MESSAGES) == 0 and browser("value", css=by_id("chat-input")) == "Are you there?"
    browser("offline", on=False)
    browser("press", keys=["Enter"])
    browser.answers()
    assert browser.texts("chat-notice") == [""] and browser("count", css=MESSAGES) == 2


# ---- refusals ----

@pytest.mark.parametrize("seconds, words", [("7", "7 seconds"), ("125", "3 minutes"), ("7201", "3 hours")])
def test_too_many_questions(browser, visit, seconds, words):
    api = visit()
    api.on(CHAT, refusal(429, "RATE_LIMITED", "Too many requests", Retry_After=seconds))
    ask(browser, api, "Again?")
    browser("wait", css=f"{by_id('chat-notice')}:has-text('{words}')")
    assert browser.texts("chat-notice") == [f"Too many questions. Please try again in {words}."]
    assert browser("value", css=by_id("chat-input")) == "Again?" and browser("count", css=MESSAGES) == 0


def test_what_the_api_says_of_a_refusal(browser, visit):
    api = visit()
    api.on(CHAT, refusal(409, "CONVERSATION_BUSY", HOSTILE))
    ask(browser, api)
    browser("wait", css=f"{by_id('chat-notice')}:has-text('onerror')")
    assert browser.texts("chat-notice") == [HOSTILE.replace("\n", " ")]


def test_an_answer_that_breaks_off(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), delta("So far", 2), event("error", {"error": {"code": "LLM_TIMEOUT", "message": "Took too long"}}, 3)))
    ask(browser, api)
    browser.answers()
    assert shown(browser) == "So far" and browser("texts", css=f"{FINISHED} .note") == ["Took too long"]
    assert browser("count", css=by_id("chat-up")) == 0


def test_a_conversation_that_is_gone(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), done("First.")), refusal(404, "NOT_FOUND", "Conversation not found"), stream(start(conversation=4), done("Second.")))
    ask(browser, api)
    browser.answers()
    browser.ask("More?")
    browser.answers(2)
    assert [asked.body.get("conversation_id") for asked in api.requests(CHAT)] == [None, 3, None]


# ---- text is text ----

def test_hostile_texts_stay_texts(browser, visit):
    api = visit()
    sources = [source(1, HOSTILE, "javascript:alert(4)"), source(2, "Elsewhere", "https://evil.test/z"), source(3, "Own", f"{api.url}faq/1")]
    api.on(CHAT, stream(start(), delta(HOSTILE, 2), done(HOSTILE, sources=sources, suggestions=[HOSTILE])))
    api.on(MESSAGES_OF, page(message(HOSTILE, 6, "user"), message(HOSTILE, sources=sources)))
    api.on("GET /api/v1/config", reply({**CONFIG, "app_name": HOSTILE, "branding": {"colors": {"primary": "red;}", "accent": "url(//evil.test)"}}}))
    ask(browser, api, "Well?")
    browser.answers()
    for _ in range(2):
        assert shown(browser) == HOSTILE
        assert browser("count", css="chat-widget img") == 0 and browser("count", css="chat-widget script") == 0
        assert browser("count", css="chat-widget a") == 1 and browser("attribute", css="chat-widget a", name="href") == f"{api.url}faq/1"
        browser("reload")
        browser.answers()
    assert browser("texts", css=f"{MESSAGES}[data-role=user] .text") == [HOSTILE]
    browser.assert_clean(api.host)


def test_addresses_of_own_pages_are_links(browser, visit):
    api = visit('data-links="https://shop.test/ https://www.shop.test"')
    text = f"See {api.url}faq/2, https://shop.test/a?b=c#d. (https://www.shop.test) https://shop.test.evil.test/ http://shop.test/ https://shop.test@evil.test/ดู"
    api.on(CHAT, stream(start(), done(text)))
    ask(browser, api)
    browser.answers()
    assert shown(browser) == text
    assert browser("texts", css="chat-widget a") == [f"{api.url}faq/2", "https://shop.test/a?b=c#d", "https://www.shop.test"]


def test_markers_lead_to_their_sources(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), done("So it is [2], surely [1]; not [3].", sources=[source(1, "First"), source(2, "Second")])))
    ask(browser, api)
    browser.answers()
    assert browser.texts("chat-source") == ["First", "Second"] and browser("texts", css=".marker") == ["[2]", "[1]"]
    assert browser("attribute", css=".marker >> nth=0", name="aria-label") == "Source 2"
    browser("click", css=".marker >> nth=0")
    assert browser("focus") == "chat-source" and browser("count", css=f"{by_id('chat-source')}:focus:has-text('Second')") == 1


# ---- the rest of the panel ----

def test_stopping(browser, visit):
    api = visit()
    stopped = threading.Event()
    api.on(CHAT, stream(start(), delta("So far", 2), stopped, done("So far", finish_reason="stopped")))
    api.on(STOP, EMPTY)
    ask(browser, api)
    browser("wait", css=f"{ANSWERS}:has-text('So far')")
    browser.click("chat-stop")
    until(lambda: api.requests(STOP))
    stopped.set()
    browser.answers()
    assert len(api.requests(STOP)) == 1 and browser("texts", css=f"{FINISHED} .note") == ["Stopped."]


@pytest.mark.parametrize("refused, words", [
    (refusal(404, "NOT_FOUND", "Conversation not found"), "Conversation not found"),
    (refusal(409, "INVALID_STATE", "No answer is being written"), "No answer is being written"),
    (BUSY, "Busy now Please try again in 2 seconds."), (UNREACHABLE, "No connection. Please try again.")], ids=["404", "409", "503", "network"])
def test_a_stop_that_is_refused(browser, visit, refused, words):
    api = visit()
    go_on, stopped = threading.Event(), threading.Event()
    api.on(CHAT, stream(start(), delta("So far", 2), go_on, delta(", and on", 3), stopped, done("So far, and on", finish_reason="stopped")))
    api.on(STOP, refused, EMPTY)
    ask(browser, api)
    browser("wait", css=f"{ANSWERS}:has-text('So far')")
    browser.click("chat-stop")
    browser("wait", css=f"{by_id('chat-notice')}:has-text('{words}')")
    go_on.set()
    browser("wait", css=f"{ANSWERS}[aria-busy]:has-text('So far, and on')")
    assert browser.texts("chat-notice") == [words] and browser("focus") == "chat-stop"
    browser("press", keys=["Enter"])
    until(lambda: len(api.requests(STOP)) == 2)
    stopped.set()
    browser.answers()
    assert browser("texts", css=f"{FINISHED} .note") == ["Stopped."] and browser.texts("chat-notice") == [""]
    assert browser("focus") == "chat-input"


def test_an_answer_that_ends_though_its_stop_was_refused(browser, visit):
    api = visit()
    go_on = threading.Event()
    api.on(CHAT, stream(start(), delta("So", 2), go_on, delta(" it is", 3), done("So it is")))
    api.on(STOP, BUSY)
    ask(browser, api)
    browser("wait", css=f"{ANSWERS}:has-text('So')")
    browser.click("chat-stop")
    browser("wait", css=f"{by_id('chat-notice')}:has-text('Busy now')")
    go_on.set()
    browser.answers()
    assert shown(browser) == "So it is" and browser("count", css=f"{FINISHED} .note") == 0 and browser.texts("chat-notice") == [""]


def test_votes(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), done("Yes.")))
    api.on(f"PUT {FEEDBACK}", reply({"rating": "up"}))
    api.on(f"DELETE {FEEDBACK}", EMPTY)
    ask(browser, api)
    browser.answers()
    for name, pressed in (("up", ["true", "false"]), ("down", ["false", "true"]), ("down", ["false", "false"])):
        browser.click(f"chat-{name}")
        for button, state in zip(("up", "down"), pressed):
            browser("wait", css=f"{by_id('chat-' + button)}[aria-pressed={state}]")
    assert [asked.body for asked in api.requests(f"PUT {FEEDBACK}")] == [{"rating": "up"}, {"rating": "down"}]
    assert len(api.requests(f"DELETE {FEEDBACK}")) == 1


def test_suggestions_and_a_new_conversation(browser, visit):
    api = visit()
    api.on(CHAT, stream(start(), done("I do not know.", finish_reason="no_evidence", suggestions=["Second question?"])))
    browser.open_chat(api.url)
    assert browser.texts("chat-suggestion") == ["First question?"]
    browser.click("chat-suggestion")
    browser.answers()
    assert browser.texts("chat-suggestion") == ["Second question?"] and browser("focus") == "chat-input"
    browser.click("chat-new")
    assert browser("count", css=MESSAGES) == 0 and browser.texts("chat-suggestion") == ["First question?"]
    browser("reload")
    browser("wait", css=by_id("chat-suggestion"))
    browser("click", css=by_id("chat-input"))
    browser.ask("Else?")
    browser.answers()
    assert api.requests(CHAT)[-1].body == {"content": "Else?", "stream": True, "new_conversation": True}


# ---- a person instead ----

def test_passing_a_question_on(browser, visit):
    api = visit()
    unknown = {"finish_reason": "no_evidence"}
    api.on(CHAT, stream(start(), done("I do not know.", **unknown)), stream(start(message=9), done("Yes.", id=9)))
    api.on(MESSAGES_OF, page(message("Why?", 6, "user"), message("I do not know.", **unknown), message("Well?", 8, "user"), message("Yes.", 9)))
    api.on(HANDOFF, BUSY, reply({"id": 1, "status": "new", "kind": "handoff", "conversation_id": 3}, 201))
    ask(browser, api, "Why?")
    browser.answers()
    browser.ask("Well?")
    browser.answers(2)
    browser("reload")
    browser.answers(2)
    assert browser.texts("chat-handoff") == ["Pass the question on to our team"], "only where nothing is known"
    browser.click("chat-handoff")
    browser("press", keys=["Tab"])
    browser("type", text="Ann")
    browser("press", keys=["Tab"])
    browser("type", text="ann")
    browser("press", keys=["Enter"])  # not an address yet
    browser("type", text="@example.com")
    browser("press", keys=["Enter"])
    browser("wait", css=f"{by_id('chat-notice')}:has-text('Busy now')")
    browser("run", script="for (const _ of [1, 2]) document.querySelector('chat-widget').shadowRoot.querySelector('details form').requestSubmit()")
    browser("wait", css=by_id("chat-handed-over"))
    assert browser.texts("chat-notice") == [""] and browser("focus") == "chat-input" and browser("count", css=by_id("chat-handoff")) == 0
    assert [asked.body for asked in api.requests(HANDOFF)] == 2 * [{"name": "Ann", "email": "ann@example.com", "message": "Why?"}]
    assert api.requests(HANDOFF)[0].headers["x-session-id"] == api.requests(CHAT)[0].headers["x-session-id"]


# ---- signing in ----

@pytest.fixture
def sign_in(browser):
    """sign_in(token) for the pages that come and the one that is there; "" signs out."""
    def become(token):
        browser("run", script=f"sessionStorage.token = '{token}'")

    yield become


def visit_members(browser, visit):
    """A page whose visitors can sign in."""
    api = visit()
    browser("beforehand", script="window.chatWidgetToken = async () => sessionStorage.token")
    api.on(CHAT, stream(start(), done("Yes.")))
    api.on(CLAIM, reply({"conversations": 1, "inquiries": 0}))
    api.on(MESSAGES_OF, page(message("Well?", 6, "user"), message("Yes.")))
    return api


def test_a_signed_in_visitor(browser, visit, sign_in):
    api = visit_members(browser, visit)
    ask(browser, api)
    browser.answers()
    session = api.requests(CHAT)[0].headers["x-session-id"]
    sign_in("a.b.c")
    browser("reload")
    browser.answers()
    browser("click", css=by_id("chat-input"))
    browser.ask("More?")
    browser.answers(2)
    claim, = api.requests(CLAIM)
    assert claim.body == {"session_id": session} and claim.headers["authorization"] == "Bearer a.b.c"
    assert "authorization" not in api.requests(CHAT)[0].headers
    assert {asked.headers["authorization"] for asked in (*api.requests(MESSAGES_OF), api.requests(CHAT)[1])} == {"Bearer a.b.c"}


def test_each_signing_in_takes_over_what_a_guest_said(browser, visit, sign_in):
    api = visit_members(browser, visit)
    browser.open_chat(api.url)
    for number, token in enumerate(("", "a.b.c", "a.b.c", "", "d.e.f", "d.e.f"), 1):
        sign_in(token)
        browser.ask(f"Number {number}?")
        browser.answers(number)
    asked = [one for one in api.asked if one.route in (CHAT, CLAIM)]
    assert [(one.route, one.headers.get("authorization", "")) for one in asked] == [
        (CHAT, ""), (CLAIM, "Bearer a.b.c"), (CHAT, "Bearer a.b.c"), (CHAT, "Bearer a.b.c"),
        (CHAT, ""), (CLAIM, "Bearer d.e.f"), (CHAT, "Bearer d.e.f"), (CHAT, "Bearer d.e.f")]
    assert {one.body["session_id"] for one in api.requests(CLAIM)} == {one.headers["x-session-id"] for one in asked}
    browser("reload")
    browser.answers()
    assert len(api.requests(CLAIM)) == 2


@pytest.mark.parametrize("failed, words", [(BUSY, "Busy now"), (UNREACHABLE, "No connection")], ids=["503", "network"])
def test_a_claim_that_failed_is_tried_again(browser, visit, sign_in, failed, words):
    api = visit_members(browser, visit)
    api.on(CLAIM, failed, reply({"conversations": 1, "inquiries": 0}))
    ask(browser, api)
    browser.answers()
    sign_in("a.b.c")
    browser.ask("More?")
    browser("wait", css=f"{by_id('chat-notice')}:has-text('{words}')")
    assert browser("value", css=by_id("chat-input")) == "More?" and len(api.requests(CHAT)) == 1, "the conversation is not the user's yet"
    browser("press", keys=["Enter"])
    browser.answers(2)
    assert len(api.requests(CLAIM)) == 2 and api.requests(CHAT)[1].body["conversation_id"] == 3


def test_nothing_to_claim_is_no_failure(browser, visit, sign_in):
    api = visit_members(browser, visit)
    api.on(CLAIM, refusal(404, "NOT_FOUND", "Nobody has used this session"))
    browser.open_chat(api.url)
    sign_in("a.b.c")
    for number in (1, 2):
        browser.ask(f"Number {number}?")
        browser.answers(number)
    assert len(api.requests(CLAIM)) == 1 and len(api.requests(CHAT)) == 2


# ---- looks ----

@pytest.mark.parametrize("color, text", [("#ffffff", "rgb(0, 0, 0)"), ("#1f2a44", "rgb(255, 255, 255)"), ("#f2a541", "rgb(0, 0, 0)"), ("#0b6e6e", "rgb(255, 255, 255)")])
def test_text_can_be_read_on_the_brand_colour(browser, visit, color, text):
    api = visit()
    api.on("GET /api/v1/config", reply({**CONFIG, "branding": {"colors": {"primary": color, "accent": "#000000"}}}))
    assert browser("goto", url=api.url) == 200
    assert browser("style", css=by_id("chat-toggle"), name="color") == text
    assert browser("style", css=by_id("chat-toggle"), name="backgroundColor") == f"rgb({int(color[1:3], 16)}, {int(color[3:5], 16)}, {int(color[5:], 16)})"


def test_without_the_feature_there_is_no_button(browser, visit):
    api = visit()
    api.on("GET /api/v1/config", reply({**CONFIG, "features": {"chat": False}}))
    assert browser("goto", url=api.url) == 200
    until(lambda: api.requests("GET /api/v1/config"))
    time.sleep(0.5)
    assert browser("count", css="chat-widget") == 0


# 1280x720 at 200 % is 640x360 to the page.
@pytest.mark.parametrize("width, height", [(320, 568), (640, 360), (1280, 720)])
def test_small_and_zoomed_screens(browser, visit, width, height):
    api = visit(viewport={"width": width, "height": height})
    api.on(CHAT, stream(start(), done("long " * 300 + "x" * 300, sources=[source(1, "y" * 200)])))
    ask(browser, api, "z" * 200)
    browser.answers()
    for name in ("chat-input", "chat-send", "chat-close"):
        box = browser("box", css=by_id(name))
        assert box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height, (name, box)
    assert browser("widthOfPage") <= width
    browser.click("chat-close")
    assert browser("focus") == "chat-toggle"
