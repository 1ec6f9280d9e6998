"""The chat without any service: what every product answers with out of the box, and falls back to."""

import json
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import other_product
from harness import brand
from harness.chat import CHAT, CONVERSATIONS, ask, markers, new_session
from harness.services import ROOT
from harness.waiting import until

KNOWN = {product: (known["faq"][0]["question"], known["words"]) for product, known in brand.KNOWN.items()}
KNOWN_THAI = {product: known["thai"] for product, known in brand.KNOWN.items()}
UNKNOWN = "What will the weather be like tomorrow?"
KEYS = {"message", "model", "usage", "conversation_id", "session_id", "user_message_id", "grounded", "degraded", "suggestions",
        "remaining"}
MESSAGE_KEYS = {"id", "conversation_id", "role", "content", "created_at", "sources", "tool_calls", "finish_reason", "prompt_version",
                "feedback"}


def seed(product, name):
    return json.loads((ROOT / f"seeds/{product}/{name}.json").read_text())


# ---- answers ----

def test_it_quotes_the_faq_with_its_source(app, product):
    question, words = KNOWN[product]
    answer = ask(app, question)
    assert set(answer) == KEYS and set(answer["message"]) == MESSAGE_KEYS and answer["model"] == "local"
    message = answer["message"]
    assert words in message["content"] and message["role"] == "assistant" and message["finish_reason"] == "stop"
    assert answer["grounded"] is True and answer["degraded"] is None and message["prompt_version"] == 1
    numbers = {source["n"] for source in message["sources"]}
    assert markers(message["content"]) and markers(message["content"]) <= numbers
    source = message["sources"][0]
    assert source["type"] == "faq" and source["title"] == question and source["id"] > 0 and source["snippet"]
    assert source["url"] is None or source["url"].startswith(f"https://{product}.test/")
    assert {"name": "faq_rag", "status": "ok"}.items() <= message["tool_calls"][0].items()
    assert isinstance(answer["conversation_id"], int) and re.fullmatch(r"[A-Za-z0-9_-]{22,64}", answer["session_id"])


def test_it_answers_in_thai(app, product):
    answer = ask(app, KNOWN_THAI[product])
    assert answer["grounded"] is True
    assert re.search(r"[\u0e01-\u0e5b]{10}", answer["message"]["content"]), answer["message"]["content"]


def test_it_says_that_it_does_not_know(app, services, product):
    answer = ask(app, UNKNOWN)
    assert answer["grounded"] is False and answer["message"]["finish_reason"] == "no_evidence"
    assert answer["message"]["sources"] == [] and answer["message"]["content"]
    assert answer["suggestions"] == app.get("/api/v1/config").json["chat"]["suggestions"]
    until(lambda: services.sql(product, f"""SELECT 1 FROM faq_gaps g JOIN faq_gap_examples e ON e.gap_id = g.id
        WHERE e.question = '{UNKNOWN}' AND e.source = 'chat' AND e.message_id = {answer["user_message_id"]}"""))


@pytest.mark.parametrize("text,words", [
    ("Hello", "Hello!"), ("hi there!", "Hello!"), ("Thanks", "You are welcome"), ("Thank you very much.", "You are welcome"), ("สวัสดีครับ", "สวัสดี"),
    ("ขอบคุณค่ะ", "ด้วยความยินดี")])
def test_who_greets_is_greeted(app, services, product, text, words):
    gaps = "SELECT coalesce(sum(count), 0) FROM faq_gaps"
    before = services.sql(product, gaps)
    answer = ask(app, text)
    message = answer["message"]
    assert message["content"].startswith(words) and message["finish_reason"] == "stop" and answer["degraded"] is None
    assert message["sources"] == [] and message["tool_calls"] == [] and answer["grounded"] is False
    refused = ask(app, f"{text}, {uuid.uuid4().hex}?")
    assert refused["message"]["finish_reason"] == "no_evidence", "one more word makes it a question"
    until(lambda: int(services.sql(product, gaps)[0][0]) > int(before[0][0]))
    assert int(services.sql(product, gaps)[0][0]) == int(before[0][0]) + 1
    assert services.sql(product, f"SELECT 1 FROM faq_gaps WHERE lower(sample_question) = lower('{text}')") == []


@pytest.mark.parametrize("question,offer", [(UNKNOWN, "pass your question on to our team"), ("พรุ่งนี้อากาศเป็นอย่างไร", "ส่งคำถามนี้ต่อให้ทีมงานไหม")])
def test_who_gets_no_answer_is_offered_a_person(app, question, offer):
    session = new_session()
    answer = ask(app, question, session=session)
    assert answer["message"]["finish_reason"] == "no_evidence" and offer in answer["message"]["content"]
    handed = app.post(f"{CONVERSATIONS}/{answer['conversation_id']}/handoff", {"name": "Ann", "email": "ann@example.com"},
                      headers={"X-Session-Id": session})
    assert handed.status == 201


def test_the_same_question_gets_the_same_answer(app, product):
    first, second = (ask(app, KNOWN[product][0])["message"] for _ in range(2))
    assert first["content"] == second["content"] and first["sources"] == second["sources"] and first["id"] != second["id"]


@pytest.mark.parametrize("which", [0, 1], ids=["english", "thai"])
def test_it_lists_listings_that_fit(app, services, product, which):
    question, province, kind, amenity, at_most = brand.KNOWN[product]["searches"][which]
    message = ask(app, question)["message"]
    listings = [source for source in message["sources"] if source["type"] == "property"]
    assert listings, message
    for source in listings:
        found = services.sql(product, f"SELECT province, property_type, amenities, price_base_minor FROM properties WHERE id = {source['id']}")
        assert found[0][0] == province and kind in found[0][1] and int(found[0][3]) <= at_most, (source, found)
        assert amenity is None or amenity in found[0][2], (source, found)
        assert source["title"] in message["content"] and source["url"] in message["content"]


# ---- conversations ----

def test_it_remembers(app, product):
    session = new_session()
    first = ask(app, KNOWN[product][0], session=session)
    second = ask(app, UNKNOWN, session=session)
    assert first["conversation_id"] == second["conversation_id"] and first["session_id"] == session
    third = ask(app, UNKNOWN, session=session, new_conversation=True)
    assert third["conversation_id"] != first["conversation_id"]
    fourth = ask(app, UNKNOWN, session=session, conversation_id=first["conversation_id"])
    assert fourth["conversation_id"] == first["conversation_id"]
    assert ask(app, UNKNOWN)["conversation_id"] not in (first["conversation_id"], third["conversation_id"])


def test_a_session_may_come_as_a_header(app, product):
    session = new_session()
    first = ask(app, KNOWN[product][0], headers={"X-Session-Id": session})
    assert first["session_id"] == session
    assert ask(app, UNKNOWN, session=session)["conversation_id"] == first["conversation_id"]


def test_users_go_on_where_they_were(app, product):
    token = app.token_of("user", sub=f"user_{new_session()[:8]}")
    first = ask(app, KNOWN[product][0], token=token)
    assert ask(app, UNKNOWN, token=token)["conversation_id"] == first["conversation_id"]
    assert app.get(f"{CONVERSATIONS}/{first['conversation_id']}", headers={"X-Session-Id": first["session_id"]}).status == 404


def test_a_foreign_conversation_does_not_exist(app, product, user):
    mine = ask(app, KNOWN[product][0])["conversation_id"]
    for more in ({"session": new_session()}, {"token": user}, {}):
        assert ask(app, "And?", conversation_id=mine, status=404, **more)["error"]["code"] == "NOT_FOUND"
    assert ask(app, "And?", conversation_id=10**15, session=new_session(), status=404)["error"]["message"] == "Conversation not found"


def test_only_the_hash_of_a_session_is_stored(app, services, product):
    session = new_session()
    ask(app, KNOWN[product][0], session=session)
    assert services.sql(product, f"SELECT count(*) FROM conversations WHERE session_hash = sha256('{session}')") == [["1"]]
    assert services.sql(product, f"SELECT count(*) FROM conversations c WHERE c::text LIKE '%{session}%'") == [["0"]]
    assert session not in app.log_text()


def test_questions_are_not_logged(app, product):
    word = new_session()
    answer = ask(app, f"Tell me about {word}")
    line = [line for line in app.log_lines("chat.message_sent") if line["conversation_id"] == answer["conversation_id"]]
    assert line and line[0]["message_length"] == len(f"Tell me about {word}") and "user_id" not in line[0]
    assert word not in app.log_text()


# ---- what is stored ----

def test_an_answer_is_stored_with_all_that_belongs_to_it(app, services, product):
    answer = ask(app, KNOWN[product][0])
    message = answer["message"]
    row = services.sql(product, f"""SELECT status, content, model, prompt_version, finish_reason, grounded, latency_ms >= 0, first_token_ms >= 0
        FROM messages WHERE id = {message["id"]}""")
    assert row == [["complete", message["content"], "local", "1", "stop", "t", "t", "t"]]
    assert services.sql(product, f"SELECT count(*) FROM message_sources WHERE message_id = {message['id']}") == [[str(len(message["sources"]))]]
    assert services.sql(product, f"SELECT DISTINCT status FROM tool_calls WHERE message_id = {message['id']} AND name = 'faq_rag'") == [["ok"]]
    assert services.sql(product, f"SELECT feature, provider, model, ok, cost_microusd FROM llm_usage WHERE message_id = {message['id']}") \
        == [["chat", "local", "local", "t", "0"]]
    assert services.sql(product, f"SELECT message_count FROM conversations WHERE id = {answer['conversation_id']}") == [["2"]]


def test_one_answer_at_a_time(app, services, product):
    session = new_session()
    first = ask(app, KNOWN[product][0], session=session)
    services.sql(product, f"""INSERT INTO messages (conversation_id, role, status) VALUES ({first["conversation_id"]}, 'assistant', 'streaming')""")
    assert ask(app, "And?", session=session, status=409)["error"]["code"] == "CONVERSATION_BUSY"
    count = f"SELECT count(*) FROM messages WHERE conversation_id = {first['conversation_id']}"
    assert services.sql(product, count) == [["3"]], "the question of a refused request is not stored"
    services.sql(product, f"UPDATE messages SET created_at = now() - interval '2 min' WHERE conversation_id = {first['conversation_id']}")
    ask(app, "And?", session=session)
    assert services.sql(product, f"""SELECT count(*) FROM messages WHERE conversation_id = {first["conversation_id"]} AND status = 'failed'""") \
        == [["1"]]


@pytest.mark.parametrize("number", [1, 6])
def test_who_writes_to_the_conversation_for_a_moment_is_waited_for(app, services, product, number):
    """Nobody is told that an answer is being written when none is."""
    session = new_session()
    place = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    with ThreadPoolExecutor() as threads:
        threads.submit(services.sql, product, f"SELECT FROM conversations WHERE id = {place} FOR UPDATE; SELECT pg_sleep(0.6)")
        until(lambda: services.sql(product, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.6)' AND wait_event = 'PgSleep'"))
        asked = [threads.submit(app.post, CHAT, {"content": KNOWN[product][0], "session_id": session, "conversation_id": place}, headers=keyed)
                 for n in range(number) for keyed in ({}, {"Idempotency-Key": f"{session}{n}"})]
        replies = [one.result() for one in asked]
    assert {reply.status for reply in replies} <= {200, 409} and 200 in {reply.status for reply in replies}
    stored = services.sql(product, f"SELECT count(*) FILTER (WHERE role = 'user'), count(*) FROM messages WHERE conversation_id = {place}")
    answered = 1 + sum(reply.status == 200 for reply in replies)
    assert stored == [[str(answered), str(2 * answered)]], "each that is answered is stored once, and no other"
    assert {reply.error["code"] for reply in replies if reply.status == 409} <= {"CONVERSATION_BUSY"}


def test_who_writes_to_the_conversation_for_long_is_not(app, services, product):
    """Nor does a question stand in line for the row, with a connection that others need."""
    session = new_session()
    number = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    holding = threading.Thread(target=services.sql, args=(product, f"SELECT FROM conversations WHERE id = {number} FOR UPDATE; SELECT pg_sleep(5.5)"))
    holding.start()
    until(lambda: services.sql(product, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(5.5)' AND wait_event = 'PgSleep'"))
    for body in ({}, {"conversation_id": number}):
        assert ask(app, KNOWN[product][0], session=session, status=409, **body)["error"]["code"] == "CONVERSATION_BUSY"
    assert holding.is_alive()
    holding.join()
    ask(app, KNOWN[product][0], session=session)


def test_many_questions_at_once_in_one_conversation(app, product):
    session = new_session()
    ask(app, KNOWN[product][0], session=session)
    statuses = []

    def one():
        statuses.append(app.post(CHAT, {"content": KNOWN[product][0], "session_id": session}).status)

    threads = [threading.Thread(target=one) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409} and 200 in statuses


def test_the_same_key_asks_once(app, services, product):
    session = new_session()
    headers = {"Idempotency-Key": new_session()}
    first = ask(app, KNOWN[product][0], session=session, headers=headers)
    assert ask(app, KNOWN[product][0], session=session, headers=headers) == first
    assert services.sql(product, f"SELECT message_count FROM conversations WHERE id = {first['conversation_id']}") == [["2"]]


@pytest.mark.parametrize("place", ["header", "body"])
def test_the_same_key_of_another_session_is_another(app, product, place):
    """However many guests one address has."""
    key = {"Idempotency-Key": new_session()}
    answers = []
    for session in (new_session(), new_session()):
        headers, given = ({**key, "X-Session-Id": session}, None) if place == "header" else (key, session)
        answers.append((session, ask(app, KNOWN[product][0], session=given, headers=headers)))
    assert all(answer["session_id"] == session for session, answer in answers)
    assert answers[0][1]["conversation_id"] != answers[1][1]["conversation_id"]


@pytest.mark.parametrize("place", ["header", "body"])
def test_a_key_goes_with_its_session_to_another_address(start, services, product, place):
    one = start(TRUSTED_PROXY_COUNT="1")
    session, key = new_session(), {"Idempotency-Key": new_session()}
    headers, given = ({**key, "X-Session-Id": session}, None) if place == "header" else (key, session)
    answers = [ask(one, KNOWN[product][0], session=given, headers={**headers, "X-Forwarded-For": f"203.0.113.{n}"}) for n in (7, 8)]
    assert answers[0] == answers[1]
    assert services.sql(product, f"SELECT message_count FROM conversations WHERE session_hash = sha256('{session}')") == [["2"]]
    assert services.sql(product, f"SELECT count(*) FROM idempotency_keys WHERE principal LIKE '%{session}%'") == [["0"]]


def test_without_a_session_a_key_belongs_to_an_address(start, product):
    one = start(TRUSTED_PROXY_COUNT="1")
    key = {"Idempotency-Key": new_session()}
    first, again, other = (ask(one, KNOWN[product][0], headers={**key, "X-Forwarded-For": f"203.0.113.{n}"}) for n in (7, 7, 8))
    assert first == again and first["conversation_id"] != other["conversation_id"]


@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=["whole", "stream"])
def test_what_is_kept_of_a_reply_is_sealed(app, services, product, more):
    """It lets a guest back into a conversation; whoever reads the database may not."""
    session, key = new_session(), new_session()
    body, headers = {"content": KNOWN[product][0], "session_id": session, **more}, {"Idempotency-Key": key}
    assert app.post(CHAT, body, headers=headers).status == 200
    kept = services.sql(product, f"SELECT response FROM idempotency_keys WHERE key = '{key}' AND http_status IS NOT NULL")[0][0]
    assert len(kept) > 60 and session.encode().hex() not in kept and KNOWN[product][0].encode().hex() not in kept
    assert app.post(CHAT, body, headers=headers).status == 200
    services.sql(product, f"UPDATE idempotency_keys SET response = set_byte(response, 20, get_byte(response, 20) # 1) WHERE key = '{key}'")
    lost = app.post(CHAT, body, headers=headers)
    assert lost.status == 409 and "reply was lost" in lost.error["message"]


# ---- bad input ----

@pytest.mark.parametrize("body, field", [
    ({}, "content"), ({"content": ""}, "content"), ({"content": "   "}, "content"), ({"content": "x" * 4001}, "content"),
    ({"content": 1}, "content"), ({"content": "x", "session_id": "short"}, "session_id"), ({"content": "x", "locale": "xx"}, "locale"),
    ({"content": "x", "conversation_id": 0}, "conversation_id"), ({"content": "x", "conversation_id": "1"}, "conversation_id"),
    ({"content": "x", "stream": "yes"}, "stream"), ({"content": "x", "context": {"property": 1}}, "context.property"),
    ({"content": "x", "role": "system"}, "role"), ({"content": "x", "messages": []}, "messages"), ({"content": "a\u0000b"}, None),
], ids=lambda value: json.dumps(value)[:40])
def test_bad_questions(app, body, field):
    reply = app.post(CHAT, body)
    assert reply.status in (400, 422), reply.body
    if field is not None:
        assert field in [detail["field"] for detail in reply.error["details"]]


def test_bad_sessions_in_the_header(app):
    assert ask(app, "x", headers={"X-Session-Id": "no"}, status=422)["error"]["details"][0]["field"] == "X-Session-Id"


def test_a_bad_token_is_no_guest(app):
    assert ask(app, "x", token="x.y.z", status=401)["error"]["code"] == "UNAUTHORIZED"


def test_without_chat_there_are_no_routes(start):
    one = start(CHAT_ENABLED="false")
    assert one.post(CHAT, {"content": "x"}).error["code"] == "FEATURE_DISABLED"
    assert one.get(CONVERSATIONS).error["code"] == "FEATURE_DISABLED"
    assert CHAT not in one.get("/openapi.json").json["paths"]


# ---- limits ----

def test_guests_ask_so_often(start, product):
    one = start(WORKERS="1", RATE_LIMIT_CHAT_GUEST_PER_MINUTE="3")
    session = new_session()
    for _ in range(3):
        ask(one, KNOWN[product][0], session=session)
    refused = one.post(CHAT, {"content": "x", "session_id": session})
    assert refused.status == 429 and refused.error["code"] == "RATE_LIMITED" and int(refused.headers["retry-after"]) > 0
    ask(one, KNOWN[product][0], session=new_session())


def test_a_day_has_so_many_questions(start, product):
    one = start(WORKERS="1", RATE_LIMIT_CHAT_GUEST_PER_DAY="3", RATE_LIMIT_CHAT_ADDRESS_PER_DAY="5")
    session = new_session()
    assert [ask(one, KNOWN[product][0], session=session)["remaining"]["today"] for _ in range(3)] == [2, 1, 0]
    refused = one.post(CHAT, {"content": "x", "session_id": session})
    assert refused.status == 429 and int(refused.headers["retry-after"]) > 3600
    for _ in range(2):
        ask(one, KNOWN[product][0])
    assert one.post(CHAT, {"content": "x"}).status == 429, "a new session is no way around the limit of the address"


def test_users_have_limits_of_their_own(start, product):
    one = start(WORKERS="1", RATE_LIMIT_CHAT_USER_PER_DAY="2", RATE_LIMIT_CHAT_ADDRESS_PER_DAY="1")
    token = one.token_of("user", sub=f"user_{new_session()[:8]}")
    assert [ask(one, KNOWN[product][0], token=token)["remaining"]["today"] for _ in range(2)] == [1, 0]
    ask(one, "x", token=token, status=429)


# ---- products and faults ----

def test_the_other_product_knows_nothing_of_it(app, start, product):
    session = new_session()
    mine = ask(app, KNOWN[product][0], session=session)
    other = start(other_product(product))
    assert other.get(f"{CONVERSATIONS}/{mine['conversation_id']}", headers={"X-Session-Id": session}).status == 404
    assert KNOWN[product][1] not in ask(other, KNOWN[product][0])["message"]["content"]


def test_it_works_without_redis(app, start, product):
    one = start(REDIS_URL="")
    session = new_session()
    assert KNOWN[product][1] in ask(one, KNOWN[product][0], session=session)["message"]["content"]
    assert ask(one, UNKNOWN, session=session)["grounded"] is False
