"""Answers that end early and services that come late: what stays of the text, who answers instead, who pays."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.chat import CHAT, CONVERSATIONS, Stream, ask, new_session, stream, text_of
from harness.waiting import until
from test_chat import KNOWN, UNKNOWN
from test_chat_model import begin, budget, rest, usage  # noqa: F401 - fixtures

PROMPTS = "/api/v1/admin/chat/prompts"
USAGE_OF_MINE = "/api/v1/users/me/usage"
LIE = "The fee is 1 THB, 99% less than usual, see https://evil.example/pay [99]. "


@pytest.fixture(scope="module")
def served(product, services, app, model):
    """The product asking this model; one worker, so that what it remembers of the service is known."""
    running = app.__class__(product, services, issuer=app.issuer, **model.settings(WORKERS="1", CHAT_TIMEOUT_SECONDS="15"))
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def chat(served, model):
    model.reset()
    yield served
    rest(served, model)


@pytest.fixture
def priced(chat, budget):
    """Limits that nothing reaches, so that everything is set aside and booked."""
    limits = {"daily_microusd": 10**12, "per_user_daily_microusd": 10**12, "per_guest_daily_microusd": 10**12}
    assert budget(**limits).status == 200
    return budget


def stop(chat, conversation, session, token=None):
    reply = chat.post(f"{CONVERSATIONS}/{conversation}/stop", headers={"X-Session-Id": session}, token=token)
    assert reply.status == 202, reply.body


# ---- what stays ----

def test_what_nothing_backs_goes_from_a_stopped_answer_too(chat, model, services, product):
    question, words = KNOWN[product]
    model.models["big"] = ("unfinished", f"{LIE}We say: {words}. And")
    session = new_session()
    answer, heard, events = begin(chat, question, session)
    stop(chat, heard[0].data["conversation_id"], session)
    heard += list(events)
    answer.close()
    message = heard[-1].data["message"]
    assert message["finish_reason"] == "stopped"
    kept = services.sql(product, f"SELECT content FROM messages WHERE id = {message['id']}")[0][0]
    assert kept == message["content"] == text_of(heard)
    assert "evil.example" not in kept and "1 THB" not in kept and "99" not in kept


def test_what_nothing_backs_goes_from_an_answer_that_broke_off(chat, model, services, product):
    question, words = KNOWN[product]
    model.models["big"] = ("unfinished", f"{LIE}We say: {words}. And")
    with stream(chat, question) as answer:
        heard = answer.all()
    assert heard[-1].name == "error" and "evil.example" not in text_of(heard)
    kept = services.sql(product, f"SELECT status, content FROM messages WHERE id = {heard[0].data['message_id']}")[0]
    assert kept[0] == "failed" and "evil.example" not in kept[1] and "1 THB" not in kept[1] and words in kept[1]


# ---- links ----

HOSTILE = ("Visit https://evil.com/now, [here](http://evil.com/?q=1) or ![x](//evil.com/a.png) or www.evil.com or "
           "[evil.com](https://evil.com).")


def shown(events):
    """What a client showed, delta by delta."""
    texts = [""]
    for event in events:
        if event.name == "delta":
            texts.append(texts[-1] + event.data["text"])
    return texts


@pytest.mark.parametrize("size", [None, 1, 3, 7, 1000])
def test_links_of_others_are_not_shown_for_a_moment(chat, model, product, size):
    words = KNOWN[product][1]
    model.models["big"] = ("says", f"We say: {words} [1]. {HOSTILE} See [the list](https://{product}.test/list) and {product}.test/a.b?c=d too", size)
    with stream(chat, KNOWN[product][0]) as answer:
        events = answer.all()
    assert not any(sign in text for text in shown(events) for sign in ("evil.com", "http://", "://evil", "?q=1"))
    ours = f"[the list](https://{product}.test/list) and {product}.test/a.b?c=d too"
    assert ours in shown(events)[-1] and f"We say: {words} [1]. Visit" in shown(events)[-1]
    assert text_of(events) == events[-1].data["message"]["content"] and ours in text_of(events) and "evil.com" not in text_of(events)


def test_a_link_that_is_held_back_does_not_hold_the_words_before_it(chat, model, product):
    words, rest = KNOWN[product][1], f"See [the list](https://{product}.test/l"
    session = new_session()
    model.models["big"] = ("unfinished", f"{words}. {rest}")
    with stream(chat, KNOWN[product][0], session=session) as answer:
        heard = []
        for event in answer:
            heard.append(event)
            if "See" in shown(heard)[-1]:
                break
        assert shown(heard)[-1].rstrip() == f"{words}. See"
        stop(chat, heard[0].data["conversation_id"], session)
        heard += list(answer)
    assert text_of(heard) == heard[-1].data["message"]["content"] and rest in text_of(heard)


# ---- late services ----

def test_a_silent_model_leaves_time_for_the_fallback(chat, model, product):
    model.models["big"] = ("stall", 0)
    began = time.monotonic()
    answer = ask(chat, KNOWN[product][0])
    assert (answer["degraded"], answer["model"]) == ("fallback_model", "spare") and KNOWN[product][1] in answer["message"]["content"]
    assert time.monotonic() - began < 20


def test_a_silent_choice_leaves_time_for_the_answer(chat, model, product):
    model.models["small"] = ("stall", 0)
    answer = ask(chat, KNOWN[product][0])
    assert answer["model"] == "big" and KNOWN[product][1] in answer["message"]["content"]


def test_the_whole_time_counts_before_the_first_word_too(start, model, product):
    model.reset()
    model.always = ("stall", 0)
    one = start(**model.settings(WORKERS="1", CHAT_TIMEOUT_SECONDS="5"))
    began = time.monotonic()
    answer = ask(one, KNOWN[product][0])
    assert answer["degraded"] == "retrieval_only" and time.monotonic() - began < 12
    model.reset()


# ---- which answer is heard ----

def test_a_repeat_hears_its_own_answer_while_another_is_written(chat, model, product):
    session, key = new_session(), {"Idempotency-Key": new_session()}
    body = {"content": KNOWN[product][0], "session_id": session, "stream": True}
    with Stream(chat, "POST", CHAT, body, key) as answer:
        first = answer.all()[-1].data
    model.models["big"] = ("unfinished", f"{KNOWN[product][1]} and")
    answer, heard, events = begin(chat, KNOWN[product][0], session, conversation_id=first["conversation_id"])
    with Stream(chat, "POST", CHAT, body, key) as again:
        repeated = again.all()
    assert repeated[-1].name == "done" and repeated[-1].data["message"] == first["message"]
    assert heard[0].data["message_id"] != first["message"]["id"]
    stop(chat, first["conversation_id"], session)
    list(events)
    answer.close()


def test_a_key_whose_answer_is_still_written_is_in_progress(chat, model, services, product):
    """The question is stored long before its reply is: who repeats it meanwhile is not told that the reply was lost."""
    session = new_session()
    place = ask(chat, KNOWN[product][0], session=session)["conversation_id"]
    model.models["big"] = ("lingers", KNOWN[product][1])
    question = {"content": KNOWN[product][0], "session_id": session, "conversation_id": place}, {"Idempotency-Key": session}
    with ThreadPoolExecutor() as threads:
        first = threads.submit(chat.post, CHAT, question[0], headers=question[1])
        until(lambda: services.sql(product, f"SELECT 1 FROM messages WHERE conversation_id = {place} AND status = 'streaming'"))
        again = chat.post(CHAT, question[0], headers=question[1])
        assert not first.done() and again.status == 409 and again.error["code"] == "IDEMPOTENCY_IN_PROGRESS"
        stop(chat, place, session)
        reply = first.result()
    assert reply.status == 200 and chat.post(CHAT, question[0], headers=question[1]).json == reply.json


def test_what_a_dead_worker_was_writing_is_not_waited_for(chat, services, product):
    session = new_session()
    answer = ask(chat, KNOWN[product][0], session=session)
    headers, place = {"X-Session-Id": session}, f"{CONVERSATIONS}/{answer['conversation_id']}"
    services.sql(product, "UPDATE messages SET status = 'streaming', created_at = now() - interval '2 minutes' "
                          f"WHERE id = {answer['message']['id']}")
    assert chat.post(f"{place}/stop", headers=headers).status == 409
    assert chat.get(f"{place}/stream", headers=headers).status == 204
    assert ask(chat, KNOWN[product][0], session=session, conversation_id=answer["conversation_id"])["grounded"]


def test_what_a_dead_worker_was_writing_is_answered_again(chat, services, product):
    session = new_session()
    left = ask(chat, KNOWN[product][0], session=session)["message"]["id"]
    services.sql(product, f"UPDATE messages SET status = 'streaming', created_at = now() - interval '41 s' WHERE id = {left}")
    again = chat.post(f"/api/v1/llm/messages/{left}/regenerate", {"session_id": session})
    assert again.status == 200 and again.json["grounded"]
    assert services.sql(product, f"SELECT status FROM messages WHERE id = {left}") == [["superseded"]]


def test_answered_again_in_the_language_of_the_question(app):
    session = new_session()
    first = ask(app, "พรุ่งนี้ฝนจะตกที่ลอนดอนไหม", session=session)
    again = app.post(f"/api/v1/llm/messages/{first['message']['id']}/regenerate", {"session_id": session}, headers={"Accept-Language": "en"})
    assert again.status == 200 and first["message"]["finish_reason"] == again.json["message"]["finish_reason"] == "no_evidence"
    assert again.json["message"]["content"] == first["message"]["content"]


# ---- what could not be looked up ----

def test_a_tool_that_failed_is_no_question_without_an_answer(chat, services, product):
    question = f"{KNOWN[product][0]} {new_session()[:6]}"
    services.sql(product, "ALTER TABLE faq_documents RENAME TO faq_documents_away")
    try:
        answer = ask(chat, question)
    finally:
        services.sql(product, "ALTER TABLE faq_documents_away RENAME TO faq_documents")
    assert "failed" in [call["status"] for call in answer["message"]["tool_calls"]]
    ask(chat, UNKNOWN)  # written behind it, so the other one would be there by then
    gaps = "SELECT count(*) FROM faq_gap_examples WHERE question = "
    until(lambda: services.sql(product, f"SELECT count(*) > 0 FROM faq_gap_examples WHERE source = 'chat' AND question = $t${UNKNOWN}$t$") == [["t"]])
    assert services.sql(product, f"{gaps}$t${question}$t$") == [["0"]]


def test_calls_in_vain_are_made_good(chat, model, product):
    model.steps["choose"] = ("calls", [("no_such_tool", {"query": "x"})])
    answer = ask(chat, KNOWN[product][0])
    assert answer["grounded"] and KNOWN[product][1] in answer["message"]["content"]


# ---- what is tried out ----

@pytest.mark.parametrize("fault, status, code", [(("status", 401), 502, "LLM_PROVIDER_ERROR"), (("status", 500), 502, "LLM_PROVIDER_ERROR"),
                                                 (("stall", 0), 504, "LLM_TIMEOUT")], ids=str)
def test_a_preview_says_that_the_service_failed(chat, model, admin, product, fault, status, code):
    ask(chat, KNOWN[product][0])
    model.always = fault
    tried = chat.post(f"{PROMPTS}/preview", {"version": 1, "content": KNOWN[product][0]}, token=admin)
    assert (tried.status, tried.error["code"]) == (status, code)


# ---- who pays ----

def spent(services, product, what):
    return services.sql(product, f"SELECT coalesce(sum(cost_microusd), 0) AS cost, coalesce(sum(held_microusd), 0) > 0 FROM {what}")[0]


def test_a_stopped_answer_counts_with_what_was_set_aside(chat, priced, model, services, product):
    model.models["big"] = ("dribble", 0.01)
    session = new_session()
    answer, heard, events = begin(chat, KNOWN[product][0], session)
    stop(chat, heard[0].data["conversation_id"], session)
    message = (heard + list(events))[-1].data
    answer.close()
    assert message["usage"]["cost_microusd"] is None, "nobody told what it cost"
    assert spent(services, product, "usage_daily")[1] == "t"
    assert services.sql(product, "SELECT sum(unpriced) FROM usage_daily") == [["1"]]
    assert services.sql(product, "SELECT count(*) FROM budget_reservations") == [["0"]]


def test_a_guest_who_stops_passes_no_budget(chat, priced, model, product):
    assert priced(daily_microusd=10**12, per_guest_daily_microusd=60000, on_exceed="block").status == 200
    session = new_session()
    for _ in range(2):
        model.models["big"] = ("dribble", 0.01)
        answer, heard, events = begin(chat, KNOWN[product][0], session)
        stop(chat, heard[0].data["conversation_id"], session)
        list(events)
        answer.close()
    refused = chat.post(CHAT, {"content": KNOWN[product][0], "session_id": session})
    assert refused.status == 429 and refused.error["code"] == "BUDGET_EXCEEDED"


def test_an_answer_whose_conversation_is_deleted_is_paid_for(chat, priced, model, services, product):
    model.models["big"] = ("paced", 0.3)
    sub = f"user_{new_session()[:8]}"
    token = chat.token_of("user", sub=sub)
    with stream(chat, KNOWN[product][0], token=token) as answer:
        events = iter(answer)
        conversation = next(event for event in events if event.name == "start").data["conversation_id"]
        next(event for event in events if event.name == "delta")
        assert chat.delete(f"{CONVERSATIONS}/{conversation}", token=token).status == 204
        list(events)
    until(lambda: services.sql(product, "SELECT count(*) FROM budget_reservations") == [["0"]])
    mine = f"usage_daily WHERE user_id = (SELECT id FROM users WHERE clerk_user_id = '{sub}')"
    cost, is_held = spent(services, product, mine)
    assert int(cost) > 0 or is_held == "t", "whether it was heard to its end or not"
    assert services.sql(product, f"SELECT count(*) FROM messages WHERE conversation_id = {conversation}") == [["0"]]


def test_who_goes_on_in_a_guests_conversation_pays_as_the_user(chat, priced, services, product):
    session, sub = new_session(), f"user_{new_session()[:8]}"
    first = ask(chat, KNOWN[product][0], session=session)
    token = chat.token_of("user", sub=sub)
    second = ask(chat, KNOWN[product][0], session=session, token=token, conversation_id=first["conversation_id"],
                 headers={"X-Session-Id": session})
    assert second["conversation_id"] == first["conversation_id"]
    users = services.sql(product, f"SELECT DISTINCT coalesce(user_id, 0) = (SELECT id FROM users WHERE clerk_user_id = '{sub}') FROM llm_usage "
                                  f"WHERE message_id = {second['message']['id']}")
    assert users == [["t"]]
    assert chat.get(USAGE_OF_MINE, token=token).json["month"]["tokens"] == second["usage"]["total_tokens"]


def test_a_failed_call_that_took_nothing_holds_nothing(chat, priced, model, services, product):
    model.models["big"] = ("status", 401)
    answer = ask(chat, KNOWN[product][0])
    assert answer["degraded"] == "retrieval_only"
    assert [row[1:3] for row in usage(services, product, answer["message"]["id"])][-2:] == [["big", "f"], ["local", "t"]]
    assert spent(services, product, "usage_daily")[1] == "f" and services.sql(product, "SELECT sum(unpriced) FROM usage_daily") == [["0"]]
