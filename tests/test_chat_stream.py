"""Answers as they are written: events, their order, resuming, stopping, leaving."""

import json
import socket
import threading
import time

import pytest

from harness.chat import CHAT, CONVERSATIONS, Stream, ask, new_session, numbers, stream, text_of
from harness.waiting import until
from test_chat import KNOWN, UNKNOWN


def follow(app, conversation_id, session, after=None):
    headers = {"X-Session-Id": session, **({} if after is None else {"Last-Event-ID": after})}
    return Stream(app, "GET", f"{CONVERSATIONS}/{conversation_id}/stream", headers=headers)


def test_an_answer_as_events(app, product):
    question, words = KNOWN[product]
    with stream(app, question, stream=True) as answer:
        assert answer.status == 200 and answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache, no-transform" and answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["x-request-id"] and "content-encoding" not in answer.headers
        events = answer.all()
    names = [event.name for event in events]
    assert names[0] == "start" and names[-2:] == ["usage", "done"] and names.count("done") == 1
    assert names.index("tool") < names.index("sources") < names.index("delta")
    assert numbers(events) == list(range(1, len(events) + 1))
    done = events[-1].data
    start = events[0].data
    assert words in done["message"]["content"] and text_of(events) == done["message"]["content"]
    assert start["conversation_id"] == done["conversation_id"] and start["message_id"] == done["message"]["id"]
    assert start["session_id"] == done["session_id"] and start["user_message_id"] == done["user_message_id"]
    sources = next(event.data["sources"] for event in events if event.name == "sources")
    assert sources == done["message"]["sources"]
    assert events[-2].data == done["usage"]


def test_an_answer_at_once_and_as_events_is_the_same(app, product):
    question = KNOWN[product][0]
    at_once = ask(app, question)
    with stream(app, question) as answer:
        done = answer.all()[-1].data
    assert set(at_once) == set(done) and set(at_once["message"]) == set(done["message"])
    assert at_once["message"]["content"] == done["message"]["content"]


def test_not_knowing_as_events(app, product):
    with stream(app, UNKNOWN) as answer:
        events = answer.all()
    assert "sources" not in [event.name for event in events] and events[-1].data["message"]["finish_reason"] == "no_evidence"
    assert text_of(events) == events[-1].data["message"]["content"]


@pytest.mark.parametrize("body, status", [({"content": ""}, 422), ({"content": "x", "conversation_id": 10**15}, 404)])
def test_errors_before_the_first_event_are_ordinary(app, body, status):
    with Stream(app, "POST", CHAT, body) as answer:
        assert answer.status == status and answer.headers["content-type"] == "application/json"
        assert "error" in json.loads(answer.reply.read())


def test_a_stream_is_the_last_reply_of_its_connection(app, product):
    connection = app.connection()
    body = json.dumps({"content": KNOWN[product][0], "stream": True}).encode()
    assert app.get("/health", connection=connection).status == 200
    connection.request("POST", CHAT, body=body, headers={"Content-Type": "application/json"})
    peer = connection.sock.dup()  # the client closes its own
    reply = connection.getresponse()
    assert reply.headers["Connection"] == "close" and reply.read().endswith(b"\n\n") and peer.recv(1) == b""


def test_one_line_in_the_log_when_it_ends(app, product):
    with stream(app, KNOWN[product][0]) as answer:
        request_id = answer.headers["x-request-id"]
        answer.all()
    lines = until(lambda: [line for line in app.log_lines("http.request_done") if line.get("request_id") == request_id])
    assert len(lines) == 1 and lines[0]["status"] == 200 and lines[0]["bytes"] > 100


def test_a_stream_asks_once_too(app, services, product):
    session = new_session()
    headers = {"Idempotency-Key": new_session()}
    body = {"content": KNOWN[product][0], "session_id": session, "stream": True}
    with Stream(app, "POST", CHAT, body, headers) as answer:
        assert "idempotent-replayed" not in answer.headers
        done = answer.all()[-1]
    conversation = done.data["conversation_id"]
    with Stream(app, "POST", CHAT, body, headers) as again:
        heard = again.all()
        assert again.status == 200 and again.headers["idempotent-replayed"] == "true" and again.headers["content-type"] == "text/event-stream"
    assert [event.name for event in heard] == ["done"] and heard[0].data["message"] == done.data["message"]
    assert app.post(CHAT, {**body, "content": "Something else?"}, headers=headers).error["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert services.sql(product, f"SELECT message_count FROM conversations WHERE id = {conversation}") == [["2"]]


# ---- hearing it again ----

def test_a_finished_answer_is_heard_again(app, product):
    session = new_session()
    with stream(app, KNOWN[product][0], session=session) as answer:
        events = answer.all()
    with follow(app, events[-1].data["conversation_id"], session, after=events[2].id) as again:
        heard = again.all()
    assert [event.name for event in heard] == ["done"] and heard[0].data["message"] == events[-1].data["message"]
    with follow(app, events[-1].data["conversation_id"], session, after=heard[-1].id) as nothing:
        assert nothing.status == 204


@pytest.mark.parametrize("redis", ["redis", "no redis"])
def test_what_is_heard_again_says_what_remains(start, product, redis):
    """Of all that limits the guest, and hearing it takes nothing."""
    one = start(WORKERS="1", RATE_LIMIT_CHAT_GUEST_PER_DAY="9", RATE_LIMIT_CHAT_ADDRESS_PER_DAY="8", **({} if redis == "redis" else {"REDIS_URL": ""}))
    session, key = new_session(), {"Idempotency-Key": new_session()}
    body = {"content": KNOWN[product][0], "session_id": session, "stream": True}
    with Stream(one, "POST", CHAT, body, key) as answer:
        events = answer.all()
    assert events[-1].data["remaining"] == {"today": 7}
    assert ask(one, KNOWN[product][0], session=session)["remaining"] == {"today": 6}
    for _ in range(2):
        with Stream(one, "POST", CHAT, body, key) as again:
            assert again.all()[-1].data["remaining"] == {"today": 6}
        with follow(one, events[-1].data["conversation_id"], session, after=events[0].id) as again:
            assert again.all()[-1].data["remaining"] == {"today": 6}
    assert ask(one, KNOWN[product][0], session=session)["remaining"] == {"today": 5}


def test_what_a_user_hears_again_says_what_remains(start, product):
    one = start(WORKERS="2", RATE_LIMIT_CHAT_USER_PER_DAY="4", RATE_LIMIT_CHAT_ADDRESS_PER_DAY="1")
    token = {"Authorization": f"Bearer {one.token_of('user', sub=f'user_{new_session()[:8]}')}"}
    with Stream(one, "POST", CHAT, {"content": KNOWN[product][0]}, token) as answer:
        events = answer.all()
    path = f"{CONVERSATIONS}/{events[-1].data['conversation_id']}/stream"
    for _ in range(6):  # whichever worker it is
        with Stream(one, "GET", path, headers={**token, "Last-Event-ID": events[0].id}) as again:
            assert again.all()[-1].data["remaining"] == events[-1].data["remaining"] == {"today": 3}


def test_nothing_to_hear(app, product):
    session = new_session()
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    for after in (None, "1.1", "x", "99999999999.5", "-1.1", "1"):
        with follow(app, conversation, session, after=after) as nothing:
            assert nothing.status == 204, after
    with follow(app, conversation, new_session()) as foreign:
        assert foreign.status == 404


def test_an_answer_goes_on_without_its_client(app, services, product):
    session = new_session()
    body = json.dumps({"content": KNOWN[product][0], "session_id": session, "stream": True}).encode()
    with socket.create_connection(("127.0.0.1", app.port)) as peer:
        peer.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                     % (CHAT.encode(), len(body)) + body)
        peer.recv(1)
    until(lambda: services.sql(product, f"""SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id
        WHERE c.session_hash = sha256('{session}') AND m.role = 'assistant' AND m.status = 'complete'"""))


def test_stopping_needs_a_running_answer(app, product):
    session = new_session()
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    refused = app.post(f"{CONVERSATIONS}/{conversation}/stop", headers={"X-Session-Id": session})
    assert refused.status == 409 and refused.error["code"] == "INVALID_STATE"
    assert app.post(f"{CONVERSATIONS}/{conversation}/stop", headers={"X-Session-Id": new_session()}).status == 404


# ---- many ----

def test_two_hundred_streams_at_once(app, product):
    question, words = KNOWN[product]
    failures = []

    def one():
        try:
            with stream(app, question) as answer:
                events = answer.all()
            assert words in events[-1].data["message"]["content"] and text_of(events) == events[-1].data["message"]["content"]
        except Exception as failed:  # noqa: BLE001 - told by the test
            failures.append(repr(failed))

    threads = [threading.Thread(target=one) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    time.sleep(0.8)
    assert app.metric("chat_running") == 0
