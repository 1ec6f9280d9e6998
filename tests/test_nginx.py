"""Both products behind nginx with docker/nginx/proxy.conf: streams come through as they are written, and the client is still the client."""

import pytest

from harness.chat import CONVERSATIONS, ask, new_session, stream, text_of
from harness.proxy import behind_nginx
from harness.waiting import until
from test_chat import KNOWN
from test_chat_stream import follow

FAQ_IMPORT = "/api/v1/admin/faq/import"


@pytest.fixture(scope="module")
def proxied(product, services, app, model):
    running = app.__class__(product, services, **model.settings(WORKERS="2", TRUSTED_PROXY_COUNT="1"))
    running.start()
    with behind_nginx(running) as through:
        yield through
    assert running.stop() == 0


def test_words_come_as_they_are_written(proxied, model, product):
    model.reset()
    model.models["big"] = ("paced", 0.1)
    with stream(proxied, KNOWN[product][0]) as answer:
        assert answer.status == 200 and answer.headers["content-type"] == "text/event-stream"
        events = iter(answer)
        heard = [next(events)]
        while heard[-1].name != "delta":
            heard.append(next(events))
        writing = model.of_model("big")[0]
        sent, whole = writing.sent, len(writing.sources[0][2].splitlines()[0].split())
        heard += list(events)
    assert sent < whole, "the first word is there before the model has said the last"
    assert heard[-1].name == "done" and text_of(heard) == heard[-1].data["message"]["content"]


def test_a_stream_is_taken_up_again(proxied, model, product):
    model.reset()
    model.models["big"] = ("paced", 0.1)
    session = new_session()
    with stream(proxied, KNOWN[product][0], session=session) as answer:
        events = iter(answer)
        heard = [next(events)]
        while heard[-1].name != "delta":
            heard.append(next(events))
    conversation = heard[0].data["conversation_id"]
    with follow(proxied, conversation, session, after=heard[-1].id) as again:
        assert again.status == 200
        rest = again.all()
    assert rest[-1].name == "done" and heard[-1].id not in [event.id for event in rest]
    assert text_of(heard + rest) == rest[-1].data["message"]["content"]


def test_who_leaves_finds_the_answer(proxied, model, product):
    model.reset()
    session = new_session()
    with stream(proxied, KNOWN[product][0], session=session) as answer:
        conversation = next(iter(answer)).data["conversation_id"]
    messages = f"{CONVERSATIONS}/{conversation}/messages"
    headers = {"X-Session-Id": session}
    until(lambda: KNOWN[product][1] in proxied.get(messages, headers=headers).json["data"][-1]["content"])


def test_an_answer_at_once(proxied, model, product):
    model.reset()
    assert KNOWN[product][1] in ask(proxied, KNOWN[product][0])["message"]["content"]


def test_a_body_that_is_too_large_gets_our_envelope(proxied, product):
    reply = proxied.post("/api/v1/llm/chat", {"content": "x" * 100_000})
    assert reply.status == 413 and reply.error["code"] == "PAYLOAD_TOO_LARGE"


def test_an_address_that_a_client_makes_up_does_not_count(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE="3", TRUSTED_PROXY_COUNT="1", WORKERS="1", METRICS_TOKEN="x" * 32)
    with behind_nginx(one) as through:
        statuses = [through.get("/api/v1/config", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status for n in range(6)]
    assert statuses.count(429) >= 2 and statuses[0] == 200
