"""What was said: listed, read, renamed, deleted, voted on, claimed; never by others."""

import pytest

from harness.chat import CONVERSATIONS, ask, new_session
from harness.waiting import until
from test_chat import KNOWN, UNKNOWN

MESSAGES = "/api/v1/llm/messages"


def mine(session):
    return {"X-Session-Id": session}


@pytest.fixture
def session():
    return new_session()


def test_a_guest_without_a_session_has_no_conversations(app):
    assert app.get(CONVERSATIONS).json == {"data": [], "has_more": False, "next_cursor": None, "total": None}


def test_latest_first_page_by_page(app, product, session):
    ids = [ask(app, f"{KNOWN[product][0]} {number}", session=session, new_conversation=True)["conversation_id"] for number in range(5)]
    ask(app, UNKNOWN, session=session, conversation_id=ids[0])
    expected = [ids[0], *reversed(ids[1:])]
    seen, cursor = [], ""
    while cursor is not None:
        page = app.get(f"{CONVERSATIONS}?limit=2&count=exact{cursor and '&cursor=' + cursor}", headers=mine(session)).json
        assert page["total"] == 5
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == expected
    row = app.get(f"{CONVERSATIONS}?limit=1", headers=mine(session)).json["data"][0]
    assert set(row) == {"id", "title", "locale", "message_count", "last_message_at", "created_at"} and row["message_count"] == 4


def test_a_question_reads_no_conversation_of_others(app, services, product, session):
    """However many there are: what it costs must not grow with them."""
    others, asked = 5000, 8  # Postgres makes up its mind about a statement after five times
    counts = "SELECT seq_tup_read, n_tup_ins FROM pg_stat_user_tables WHERE relname = 'conversations'"
    services.sql(product, f"""INSERT INTO conversations (session_hash, locale, title, last_message_at)
        SELECT sha256(n::text::bytea), 'en', 'other', now() FROM generate_series(1, {others}) n""")
    services.sql(product, "ANALYZE conversations")
    read, written = map(int, services.sql(product, counts)[0])
    for _ in range(asked):
        ask(app, KNOWN[product][0], session=session, new_conversation=True)
    until(lambda: int(services.sql(product, counts)[0][1]) >= written + asked, seconds=30)
    assert int(services.sql(product, counts)[0][0]) - read < others
    services.sql(product, "DELETE FROM conversations WHERE title = 'other'")


def test_found_by_title(app, product, session):
    ask(app, "Pools 100% heated?", session=session, new_conversation=True)
    ask(app, KNOWN[product][0], session=session, new_conversation=True)
    for q, count in (("pools", 1), ("100%25", 1), ("_", 0), ("zzz", 0)):
        assert len(app.get(f"{CONVERSATIONS}?q={q}", headers=mine(session)).json["data"]) == count, q


def test_messages_newest_page_first(app, product, session):
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    ask(app, UNKNOWN, session=session)
    first = app.get(f"{CONVERSATIONS}/{conversation}/messages?limit=3&count=exact", headers=mine(session)).json
    assert [row["role"] for row in first["data"]] == ["assistant", "user", "assistant"] and first["total"] == 4 and first["has_more"]
    second = app.get(f"{CONVERSATIONS}/{conversation}/messages?limit=3&cursor={first['next_cursor']}", headers=mine(session)).json
    assert [row["content"] for row in second["data"]] == [KNOWN[product][0]] and not second["has_more"]
    ids = [row["id"] for row in second["data"] + first["data"]]
    assert ids == sorted(ids) and first["data"][0]["sources"] and second["data"][0]["finish_reason"] is None


def test_renamed_and_deleted(app, services, product, session):
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    path = f"{CONVERSATIONS}/{conversation}"
    assert app.get(path, headers=mine(session)).json["title"] == KNOWN[product][0]
    renamed = app.patch(path, {"title": "My trip"}, headers=mine(session))
    assert renamed.status == 200 and renamed.json["title"] == "My trip"
    for title in ("", "  ", "x" * 121, None):
        assert app.patch(path, {"title": title}, headers=mine(session)).status == 422
    assert app.delete(path, headers=mine(session)).status == 204
    assert app.delete(path, headers=mine(session)).status == 404 and app.get(path, headers=mine(session)).status == 404
    assert services.sql(product, f"SELECT count(*) FROM messages WHERE conversation_id = {conversation}") == [["0"]]


def test_all_deleted(app, product, session):
    other = new_session()
    kept = ask(app, KNOWN[product][0], session=other)["conversation_id"]
    for _ in range(3):
        ask(app, KNOWN[product][0], session=session, new_conversation=True)
    assert app.delete(CONVERSATIONS, headers=mine(session)).status == 204
    assert app.get(CONVERSATIONS, headers=mine(session)).json["data"] == []
    assert app.get(f"{CONVERSATIONS}/{kept}", headers=mine(other)).status == 200
    assert app.delete(CONVERSATIONS).status == 204, "without a session there is nothing to delete"
    assert app.get(f"{CONVERSATIONS}/{kept}", headers=mine(other)).status == 200


def test_nothing_of_others(app, product, session, user):
    answer = ask(app, KNOWN[product][0], session=session)
    path, message = f"{CONVERSATIONS}/{answer['conversation_id']}", answer["message"]["id"]
    for who in ({"headers": mine(new_session())}, {"token": user}, {}):
        assert app.get(path, **who).status == 404 and app.get(f"{path}/messages", **who).status == 404
        assert app.patch(path, {"title": "x"}, **who).status == 404 and app.delete(path, **who).status == 404
        assert app.put(f"{MESSAGES}/{message}/feedback", {"rating": "up"}, **who).status == 404
        assert app.delete(f"{MESSAGES}/{message}/feedback", **who).status == 404
        assert app.post(f"{MESSAGES}/{message}/regenerate", {}, **who).status == 404
    assert app.get(path, headers=mine(session)).json["title"] == KNOWN[product][0]


# ---- votes ----

def test_votes(app, services, product, session):
    answer = ask(app, KNOWN[product][0], session=session)
    path = f"{MESSAGES}/{answer['message']['id']}/feedback"
    given = app.put(path, {"rating": "down", "reason": "outdated", "comment": "Changed last week"}, headers=mine(session))
    assert given.status == 200 and given.json == {"rating": "down", "reason": "outdated", "comment": "Changed last week"}
    assert app.put(path, {"rating": "up"}, headers=mine(session)).status == 200
    history = app.get(f"{CONVERSATIONS}/{answer['conversation_id']}/messages", headers=mine(session)).json["data"]
    assert history[-1]["feedback"] == {"rating": "up", "reason": None, "comment": None} and history[0]["feedback"] is None
    assert app.delete(path, headers=mine(session)).status == 204 and app.delete(path, headers=mine(session)).status == 204
    assert services.sql(product, f"SELECT count(*) FROM message_feedback WHERE message_id = {answer['message']['id']}") == [["0"]]
    for body in ({}, {"rating": "great"}, {"rating": "up", "reason": "because"}, {"rating": "up", "comment": "x" * 1001}):
        assert app.put(path, body, headers=mine(session)).status == 422
    refused = app.put(f"{MESSAGES}/{answer['user_message_id']}/feedback", {"rating": "up"}, headers=mine(session))
    assert refused.status == 409 and refused.error["code"] == "INVALID_STATE"


# ---- another answer ----

def test_the_last_answer_can_be_had_again(app, services, product, session):
    first = ask(app, KNOWN[product][0], session=session)
    again = app.post(f"{MESSAGES}/{first['message']['id']}/regenerate", {}, headers=mine(session))
    assert again.status == 200 and again.json["message"]["id"] != first["message"]["id"]
    assert again.json["user_message_id"] == first["user_message_id"] and again.json["message"]["content"] == first["message"]["content"]
    history = app.get(f"{CONVERSATIONS}/{first['conversation_id']}/messages", headers=mine(session)).json["data"]
    assert [row["id"] for row in history] == [first["user_message_id"], again.json["message"]["id"]]
    assert services.sql(product, f"SELECT status FROM messages WHERE id = {first['message']['id']}") == [["superseded"]]
    for message in (first["message"]["id"], first["user_message_id"]):
        refused = app.post(f"{MESSAGES}/{message}/regenerate", {}, headers=mine(session))
        assert refused.status == 409 and refused.error["code"] == "INVALID_STATE"


# ---- signing in ----

def test_a_guest_signs_in(app, services, product, session):
    ids = {ask(app, KNOWN[product][0], session=session, new_conversation=True)["conversation_id"] for _ in range(2)}
    token = app.token_of("user", sub=f"user_{new_session()[:8]}")
    with_both = app.get(f"{CONVERSATIONS}/{min(ids)}", token=token, headers=mine(session))
    assert with_both.status == 200, "who signs in still holds the session"
    claimed = app.post("/api/v1/users/me/claim", {"session_id": session}, token=token)
    assert claimed.status == 200 and claimed.json == {"conversations": 2, "inquiries": 0}
    assert {row["id"] for row in app.get(CONVERSATIONS, token=token).json["data"]} == ids
    assert app.get(CONVERSATIONS, headers=mine(session)).json["data"] == []
    assert app.get(f"{CONVERSATIONS}/{min(ids)}", headers=mine(session)).status == 404, "the session has no power any more"
    assert app.post("/api/v1/users/me/claim", {"session_id": session}, token=token).json == {"conversations": 0, "inquiries": 0}
    assert app.post("/api/v1/users/me/claim", {"session_id": session}).status == 401
    assert services.sql(product, f"SELECT count(*) FROM conversations WHERE session_hash = sha256('{session}')") == [["0"]]


def owners(services, product, *conversations):
    """The user of each, None of a guest's."""
    listed = ", ".join(map(str, conversations))
    rows = services.sql(product, f"SELECT coalesce(user_id::text, '') FROM conversations WHERE id IN ({listed}) ORDER BY id")
    return [int(row[0]) if row[0] else None for row in rows]


def test_only_what_nobody_owns_of_that_session_is_claimed(app, services, product, session):
    """Not another session's; not a user's who goes on with it; not what somebody else has claimed before. A session that nobody has used is not there."""
    tokens = [app.token_of("user", sub=f"user_{new_session()[:8]}") for _ in range(2)]
    first, second = [app.get("/api/v1/users/me", token=token).json["id"] for token in tokens]
    stranger = new_session()
    ids = [ask(app, KNOWN[product][0], session=session)["conversation_id"], ask(app, KNOWN[product][0], session=stranger)["conversation_id"],
           ask(app, KNOWN[product][0], session=session, token=tokens[0], new_conversation=True)["conversation_id"]]
    none = {"conversations": 0, "inquiries": 0}

    def claim(token, which, **more):
        return app.post("/api/v1/users/me/claim", {"session_id": which}, token=token, **more)

    unknown = claim(tokens[1], new_session())
    assert (unknown.status, unknown.error["code"]) == (404, "NOT_FOUND"), "nobody has this session"
    assert owners(services, product, *ids) == [None, None, first]
    assert claim(tokens[1], session).json == {"conversations": 1, "inquiries": 0}
    assert owners(services, product, *ids) == [second, None, first]
    for headers in ({}, mine(stranger)):
        assert claim(tokens[0], session, headers=headers).json == none
        assert owners(services, product, *ids) == [second, None, first]
    assert app.get(f"{CONVERSATIONS}/{ids[1]}", headers=mine(stranger)).status == 200
    assert ask(app, KNOWN[product][0], session=session)["conversation_id"] not in ids, "a guest goes on with the session"
    assert claim(tokens[0], session).json == {"conversations": 1, "inquiries": 0}
    for bad in ("", "short", "x" * 65, "ä" * 22, None, 7):
        assert claim(tokens[0], bad).status == 422, bad
    assert owners(services, product, *ids) == [second, None, first]
