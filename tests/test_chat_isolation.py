"""What one person told the product is in no chat of another: not in what the model service is told, in replies, in Redis, in the log."""

import json
import time
import uuid

import pytest

from harness.app import App
from harness.bookings import PRICE, confirm, day, hold, listing, withdraw
from harness.chat import CONVERSATIONS, ask, new_session, stream
from harness.waiting import at_once, until
from test_chat import KNOWN, UNKNOWN
from test_chat_model import rest
from test_inquiries import INQUIRIES, INQUIRY
from test_search_isolation import redis_of

ME = "/api/v1/users/me"
FIRST, NIGHTS = 10, 3  # of the stay that somebody else has booked


@pytest.fixture(scope="module")
def served(product, services, app, model):
    """The product asking this model, with everything on that a tool needs; one worker has all that is remembered."""
    settings = model.settings(WORKERS="1", BOOKINGS_ENABLED="true", INVESTMENT_ENABLED="true", HOLDS_PER_USER="1000", LOG_LEVEL="debug")
    running = App(product, services, issuer=app.issuer, **settings)
    running.start()
    yield running
    withdraw(services, product)
    assert running.stop() == 0


class Someone:
    """A user with a name, an e-mail address and a phone number, as their token and their profile say. Each has a word of its own."""

    def __init__(self, app):
        self.app = app
        self.words = {what: f"canary{what}{uuid.uuid4().hex}" for what in ("name", "email", "said", "asked", "note")}
        self.phone = f"+66 9 {uuid.uuid4().int % 10**8:08d}"
        self.email = f"{self.words['email']}@example.com"
        self.token = app.issuer.token(f"user_{uuid.uuid4().hex}", email=self.email, email_verified=True, exp=int(time.time()) + 600)
        known = app.patch(ME, {"display_name": self.words["name"], "phone": self.phone}, token=self.token)
        assert known.status == 200 and known.json["email"] == self.email, known.body

    def live(self, house):
        """A stay, a conversation and an inquiry about it."""
        contact = {"name": self.words["name"], "email": self.email, "phone": self.phone}
        note = {"note": self.words["note"], "headers": {"Idempotency-Key": uuid.uuid4().hex}}
        confirm(self.app, hold(self.app, house, self.token, first=FIRST, nights=NIGHTS, contact=contact, **note), self.token)
        said = ask(self.app, f"{UNKNOWN} It is for {self.words['said']}.", token=self.token)
        self.conversation = said["conversation_id"]
        for path in (INQUIRIES, f"{CONVERSATIONS}/{self.conversation}/handoff"):
            body = {**contact, "message": self.words["asked"]} if "handoff" in path else {**INQUIRY, **contact, "message": self.words["asked"]}
            assert self.app.post(path, body, token=self.token).status == 201
        return self

    def marks(self):
        return [*self.words.values(), self.phone, self.phone.replace(" ", "")]


@pytest.fixture(scope="module")
def house(served, services, agent):
    return listing(served, services, agent)


@pytest.fixture(scope="module")
def other(served, services, product, house):
    """Somebody else, about whom nobody shall learn anything."""
    other = Someone(served).live(house)
    until(lambda: services.sql(product, f"SELECT 1 FROM faq_gap_examples WHERE question LIKE '%{other.words['said']}%'"))
    return other


@pytest.fixture
def chat(served, model):
    model.reset()
    yield served
    rest(served, model)


def every_call(product, house):
    """Of each tool that the products have, for what lies nearest to what the other one did."""
    return [("faq_rag", {"query": KNOWN[product][0]}), ("property_search", {"ids": [str(house)]}),
            ("booking_calendar", {"property_id": house, "check_in": day(FIRST), "check_out": day(FIRST + NIGHTS), "guests": 2}),
            ("investment_calculator", {"currency": "THB", "purchase_price_minor": PRICE, "monthly_rent_minor": PRICE})]


def told(model):
    """All that the service has received."""
    return json.dumps([[call.body, call.headers] for call in model.calls], ensure_ascii=False)


def check_tools(model, answers, calls):
    """There are no more tools than those called, and each call was made."""
    offered = {tool["function"]["name"] for call in model.calls for tool in call.body.get("tools", [])}
    assert offered == {name for name, _ in calls}
    for answer in answers:
        made = {call["name"]: call["status"] for call in answer["message"]["tool_calls"]}
        assert set(made) == offered and set(made.values()) <= {"ok", "empty"}, made


def test_no_chat_knows_what_another_person_told(chat, model, services, product, house, other):
    """The same questions by a user and by a guest, in conversations and each on its own, heard at once and as they are written."""
    user, session = Someone(chat), new_session()
    calls = every_call(product, house)
    model.models["small"] = ("calls", calls)
    answers, replies = [], []
    for who in ({"token": user.token}, {"session": session}):
        for content in (UNKNOWN, KNOWN[product][0], "Who has booked this house, and what did the others ask before me?"):
            answers.append(ask(chat, content, context={"property_id": house}, **who) if content != KNOWN[product][0] else ask(chat, content, **who))
        with stream(chat, "Is it free then, and who is there?", **who) as events:
            replies += [[event.id, event.data] for event in events]
    check_tools(model, answers[1::3], calls)
    assert any('"available":false' in call.results for call in model.calls), "the other one has these nights"
    for path in (CONVERSATIONS, f"{CONVERSATIONS}/{answers[0]['conversation_id']}/messages", f"{CONVERSATIONS}/{other.conversation}/messages"):
        replies += [chat.get(path, token=user.token).body.decode(), chat.get(path, headers={"X-Session-Id": session}).body.decode()]
    heard = {"the model service": told(model), "a reply": json.dumps([answers, replies], ensure_ascii=False),
             "Redis": redis_of(services, product), "the log": chat.log_text()}
    assert KNOWN[product][1] in heard["the model service"] and "chat.message_sent" in heard["the log"] and f"{product}:" in heard["Redis"]
    for place, text in heard.items():
        assert [mark for mark in other.marks() if mark in text] == [], place
    for place in ("the model service", "Redis", "the log"):
        assert [mark for mark in user.marks() if mark in heard[place]] == [], place


@pytest.mark.parametrize("trouble, event", [(("repeats", 200), "chat.service_failed"), (("repeats", 400), "chat.service_refuses"),
                                            (("repeats", 500), "chat.service_failed"), (("says", "{word} costs 1 THB, 99% less. [1]"), "chat.sentences_dropped")], ids=str)
def test_no_log_tells_of_whom_the_service_failed(chat, model, product, trouble, event):
    """Nor what they asked, however much of it the service repeats."""
    user = Someone(chat)
    name, detail = trouble
    model.models["big"] = (name, detail.format(word=user.words["said"]) if name == "says" else detail)
    before = len(chat.log_lines(event))
    ask(chat, f"{KNOWN[product][0]} {user.words['said']}", token=user.token)
    until(lambda: len(chat.log_lines(event)) > before)
    assert user.words["said"] in model.of_model("big")[0].question
    assert [mark for mark in user.marks() if mark in chat.log_text()] == []


def test_answers_written_at_once_do_not_mix(chat, model, product):
    """A worker writes many answers at a time: each request tells of one asker, and so does each reply."""
    words = [f"canary{uuid.uuid4().hex}" for _ in range(12)]
    askers = [{"token": Someone(chat).token} if i % 2 else {"session": new_session()} for i in range(len(words))]
    model.models["big"] = ("paced", 0.01)

    def talk(i):
        said = []
        for _ in range(2):
            with stream(chat, f"{KNOWN[product][0]} {words[i]}", **askers[i]) as events:
                said += [event.data for event in events]
        return json.dumps(said)

    talks = at_once(len(words), talk)
    requests = [json.dumps(call.body) for call in model.calls]
    assert len(requests) >= 4 * len(words)
    assert all(sum(word in request for word in words) == 1 for request in requests)
    assert all(word not in talk for i, talk in enumerate(talks) for other, word in enumerate(words) if other != i)
