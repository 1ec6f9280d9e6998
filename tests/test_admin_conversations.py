"""What administrators read of what people said, each time on the record; and what went on in all."""

import json
import uuid

import pytest

from harness.chat import ask, new_session
from test_chat import KNOWN, UNKNOWN
from test_inquiries import send

REVIEWS = "/api/v1/admin/conversations"
OVERVIEW = "/api/v1/admin/overview"
FEEDBACK = "/api/v1/llm/messages/{}/feedback"


@pytest.fixture
def mark():
    """A word that no other test's conversation has."""
    return uuid.uuid4().hex[:8]


def found(app, admin, query):
    reply = app.get(f"{REVIEWS}?{query}", token=admin)
    assert reply.status == 200, reply.body
    return [row["id"] for row in reply.json["data"]]


def records(services, product, action, conversation=0):
    return services.sql(product, f"""SELECT coalesce(after::text, ''), actor_id IS NOT NULL, request_id <> '' FROM audit_log
        WHERE action = '{action}' AND entity = 'conversation' AND entity_id = {conversation} ORDER BY id""")


def test_one_conversation_in_full(app, services, product, admin):
    session = new_session()
    first = ask(app, KNOWN[product][0], session=session)
    ask(app, UNKNOWN, session=session)
    conversation, answer = first["conversation_id"], first["message"]["id"]
    assert app.put(FEEDBACK.format(answer), {"rating": "down", "reason": "tone"}, headers={"X-Session-Id": session}).status == 200
    reply = app.get(f"{REVIEWS}/{conversation}", token=admin)
    assert reply.status == 200
    one = reply.json
    assert one["id"] == conversation and one["user_id"] is None and one["title"] == KNOWN[product][0] and one["message_count"] == 4
    assert (one["thumbs_up"], one["thumbs_down"], one["refusals"]) == (0, 1, 1) and one["has_more"] is False
    assert [row["role"] for row in one["messages"]] == ["user", "assistant"] * 2
    told, refusal = one["messages"][1], one["messages"][3]
    assert told["content"] == first["message"]["content"] and told["sources"] == first["message"]["sources"] and told["model"] == "local"
    assert told["grounded"] is True and told["degraded"] is None and told["prompt_version"] == 1 and told["latency_ms"] >= 0
    assert told["tool_calls"][0]["name"] == "faq_rag" and told["tool_calls"][0]["arguments"]["query"] == KNOWN[product][0]
    assert told["feedback"] == {"rating": "down", "reason": "tone", "comment": None}
    assert refusal["finish_reason"] == "no_evidence" and refusal["grounded"] is False and one["messages"][0]["model"] is None
    assert "session" not in reply.body.decode(), "nothing that opens the conversation to others"
    assert records(services, product, "conversation.read", conversation) == [["", "t", "t"]]


def test_messages_from_the_end(app, product, admin):
    session = new_session()
    conversation = [ask(app, KNOWN[product][0], session=session)["conversation_id"] for _ in range(3)][0]
    path, seen, before = f"{REVIEWS}/{conversation}", [], ""
    while before is not None:
        one = app.get(f"{path}?limit=2{before}", token=admin).json
        ids = [row["id"] for row in one["messages"]]
        assert ids == sorted(ids) and len(ids) == 2
        seen = ids + seen
        before = f"&before={ids[0]}" if one["has_more"] else None
    assert len(seen) == 6 and seen == sorted(seen)
    for query in ("limit=0", "limit=101", "before=0", "x=1"):
        assert app.get(f"{path}?{query}", token=admin).status == 422, query


def test_what_was_replaced_is_shown_too(app, product, admin):
    session = new_session()
    first = ask(app, KNOWN[product][0], session=session)
    again = app.post(f"/api/v1/llm/messages/{first['message']['id']}/regenerate", {}, headers={"X-Session-Id": session})
    assert again.status == 200
    states = [row["status"] for row in app.get(f"{REVIEWS}/{first['conversation_id']}", token=admin).json["messages"]]
    assert states == ["complete", "superseded", "complete"]


def test_found_by_what_fits_one_answer(app, services, product, admin, user, mark):
    session = new_session()
    good = ask(app, f"{KNOWN[product][0]} {mark}", session=session, new_conversation=True)
    refused = ask(app, f"{UNKNOWN} {mark}", token=user, new_conversation=True)
    assert app.put(FEEDBACK.format(good["message"]["id"]), {"rating": "up"}, headers={"X-Session-Id": session}).status == 200
    assert app.put(FEEDBACK.format(refused["message"]["id"]), {"rating": "down"}, token=user).status == 200
    services.sql(product, f"UPDATE messages SET degraded = 'budget', model = '{mark}' WHERE id = {refused['message']['id']}")
    one, other = good["conversation_id"], refused["conversation_id"]
    for query, wanted in (("", [other, one]), ("rating=up", [one]), ("rating=down", [other]), ("grounded=true", [one]), ("grounded=false", [other]),
                          ("degraded=any", [other]), ("degraded=budget", [other]), ("degraded=fallback_model", []), (f"model={mark}", [other]),
                          ("model=local", [one]), ("prompt_version=1", [other, one]), ("prompt_version=2000000000", []),
                          ("rating=up&grounded=true&model=local", [one]), ("rating=up&grounded=false", [])):
        assert found(app, admin, f"q={mark}&{query}".rstrip("&")) == wanted, query
        assert app.get(f"{REVIEWS}?q={mark}&limit=1&count=exact&{query}".rstrip("&"), token=admin).json["total"] == len(wanted), query
    row = app.get(f"{REVIEWS}?q={mark}&rating=up", token=admin).json["data"][0]
    assert set(row) == {"id", "user_id", "title", "locale", "message_count", "last_message_at", "created_at", "prompt_tokens", "completion_tokens",
                        "cost_microusd", "thumbs_up", "thumbs_down", "refusals"} and row["thumbs_up"] == 1
    assert found(app, admin, f"q={mark.upper()}") == [other, one] and found(app, admin, f"q={mark[:-1]}_") == []
    for query in ("rating=5", "degraded=no", "grounded=perhaps", "prompt_version=0", "q=", f"q={'x' * 101}", f"model={'x' * 101}", "cursor=x", "user=1"):
        assert app.get(f"{REVIEWS}?{query}", token=admin).status == 422, query


def test_each_search_is_on_the_record(app, services, product, admin, mark):
    found(app, admin, f"q={mark}&rating=down")
    kept = [record for record in records(services, product, "conversation.list") if mark in record[0]]
    assert len(kept) == 1 and kept[0][1:] == ["t", "t"]
    looked_for = json.loads(kept[0][0])
    assert looked_for["q"] == mark and looked_for["rating"] == "down" and "model" not in looked_for


def test_latest_first_page_by_page(app, product, admin, mark):
    ids = [ask(app, f"{KNOWN[product][0]} {mark} {number}", session=new_session())["conversation_id"] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = app.get(f"{REVIEWS}?q={mark}&limit=2{cursor and '&cursor=' + cursor}", token=admin).json
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]


def test_only_for_admins(app, services, product, user, agent, admin):
    conversation = ask(app, KNOWN[product][0], token=user, new_conversation=True)["conversation_id"]
    for path in (REVIEWS, f"{REVIEWS}/{conversation}", OVERVIEW):
        assert app.get(path).status == 401 and app.get(path, token=user).status == 403 and app.get(path, token=agent).status == 403
    assert records(services, product, "conversation.read", conversation) == []
    assert app.get(f"{REVIEWS}/999999999", token=admin).status == 404
    assert records(services, product, "conversation.read", 999999999) == [], "nothing was read"


def test_without_the_chat_only_the_overview(start, admin):
    one = start(CHAT_ENABLED="false")
    token = one.token_of("admin")
    assert one.get(REVIEWS, token=token).error["code"] == "FEATURE_DISABLED" and one.get(OVERVIEW, token=token).status == 200


# ---- what went on ----

def test_the_overview_counts(app, services, product, admin, user):
    def read():
        reply = app.get(OVERVIEW, token=admin)
        assert reply.status == 200, reply.body
        return reply.json

    before = read()
    session = new_session()
    good = ask(app, KNOWN[product][0], session=session)
    ask(app, UNKNOWN, session=session)
    app.put(FEEDBACK.format(good["message"]["id"]), {"rating": "up"}, headers={"X-Session-Id": session})
    send(app), send(app, website="https://spam.example")
    old = ask(app, KNOWN[product][0], session=new_session())
    services.sql(product, f"UPDATE messages SET created_at = now() - interval '2 days' WHERE conversation_id = {old['conversation_id']}")
    older = ask(app, KNOWN[product][0], session=new_session())
    services.sql(product, f"UPDATE messages SET created_at = now() - interval '8 days' WHERE conversation_id = {older['conversation_id']}")
    after = read()
    booked = app.get("/api/v1/config").json["features"]["bookings"]
    assert set(after) == {"last_24h", "last_7d", "last_30d", *(["bookings"] if booked else [])}
    for name, chats in (("last_24h", 1), ("last_7d", 2), ("last_30d", 3)):
        was, now = before[name], after[name]
        grown = {key: now[key] - was[key] for key in ("chats", "guests", "users", "questions", "answers", "thumbs_up", "thumbs_down", "inquiries")}
        assert grown == {"chats": chats, "guests": chats, "users": 0, "questions": chats + 1, "answers": chats + 1, "thumbs_up": 1, "thumbs_down": 0,
                         "inquiries": 1}, name
        assert 0 < now["refusal_rate_pct"] <= 100 and 0 <= now["p50_ms"] <= now["p95_ms"] and now["cost_microusd"] == 0
        assert now["top_gaps"] == sorted(now["top_gaps"], key=lambda gap: -gap["count"]) and len(now["top_gaps"]) <= 5
        assert ("bookings" in now) is booked
    ask(app, KNOWN[product][0], token=user, new_conversation=True)
    assert read()["last_24h"]["users"] >= 1


def test_a_cost_that_is_not_known_is_not_zero(app, services, product, admin):
    services.sql(product, """INSERT INTO llm_usage (at, feature, provider, model, ok, latency_ms)
        VALUES (now() - interval '3 days', 'chat', 'openai', 'overview-unpriced', true, 1)""")
    seen = app.get(OVERVIEW, token=admin).json
    services.sql(product, "DELETE FROM llm_usage WHERE model = 'overview-unpriced'")
    assert seen["last_24h"]["cost_microusd"] == 0 and seen["last_7d"]["cost_microusd"] is None and seen["last_30d"]["cost_microusd"] is None


def test_top_gaps(app, services, product, admin, mark):
    gap = int(services.sql(product, f"""INSERT INTO faq_gaps (locale, normalised, sample_question, count)
        VALUES ('en', '{mark}', 'What of {mark}?', 1000000) RETURNING id""")[0][0])
    assert app.get(OVERVIEW, token=admin).json["last_24h"]["top_gaps"][0] == {"id": gap, "question": f"What of {mark}?", "count": 1000000}
    services.sql(product, f"UPDATE faq_gaps SET last_seen_at = now() - interval '2 days' WHERE id = {gap}")
    seen = app.get(OVERVIEW, token=admin).json
    assert gap not in [row["id"] for row in seen["last_24h"]["top_gaps"]] and seen["last_7d"]["top_gaps"][0]["id"] == gap
    services.sql(product, f"DELETE FROM faq_gaps WHERE id = {gap}")
