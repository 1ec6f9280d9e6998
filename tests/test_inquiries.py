"""What visitors want a person to answer: sent by anybody, seen and worked on by the right staff, taken over on signing in."""

import threading
import uuid

import pytest

from harness.chat import CONVERSATIONS, ask, new_session
from test_chat import KNOWN

INQUIRIES = "/api/v1/inquiries"
CONTACT = {"name": "Ann Guest", "email": "ann@example.com"}
INQUIRY = {**CONTACT, "kind": "question", "message": "May I bring a dog?", "consent": True}


def send(app, status=201, token=None, headers=None, **more):
    reply = app.post(INQUIRIES, {**INQUIRY, **more}, token=token, headers=headers)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json


def row_of(app, admin, inquiry_id):
    reply = app.get(f"{INQUIRIES}/{inquiry_id}", token=admin)
    assert reply.status == 200, reply.body
    return reply.json


def audits(services, product, inquiry_id):
    return services.sql(product, f"""SELECT action, coalesce(before::text, ''), after::text FROM audit_log
        WHERE entity = 'inquiry' AND entity_id = {inquiry_id} ORDER BY id""")


def listing(services, product, owner_token, app, status="active"):
    """A listing of this agent."""
    made = app.post("/api/v1/properties", {"title": f"Inquired {uuid.uuid4().hex}", "listing_type": "sale", "property_type": "villa",
                                           "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}, token=owner_token)
    assert made.status == 201, made.body
    services.sql(product, f"UPDATE properties SET status = '{status}', published_at = now() WHERE id = {made.json['id']}")
    return made.json["id"]


@pytest.fixture(scope="module")
def other_agent(app):
    return app.token_of("agent", sub="user_inquiries_other_agent")


def id_of(app, token):
    return app.get("/api/v1/users/me", token=token).json["id"]


# ---- sending ----

def test_anybody_may_ask(app, services, product, admin, user):
    assert send(app) == {"id": send(app)["id"] - 1, "status": "new"}
    made = send(app, kind="viewing", phone="+66 2 123 4567", preferred_times=["Monday morning", "any weekend"], website="", property_id=None)
    row = row_of(app, admin, made["id"])
    assert row["status"] == "new" and row["kind"] == "viewing" and row["phone"] == "+66 2 123 4567" and row["message"] == INQUIRY["message"]
    assert row["preferred_times"] == ["Monday morning", "any weekend"] and row["user_id"] is None and row["consent_at"]
    assert set(row) == {"id", "kind", "status", "property_id", "user_id", "conversation_id", "name", "email", "phone", "message", "preferred_times",
                        "assigned_to", "note", "consent_at", "created_at", "updated_at", "version", "transcript_url"}
    signed_in = send(app, token=user)
    assert row_of(app, admin, signed_in["id"])["user_id"] == id_of(app, user)
    stored = services.sql(product, f"SELECT octet_length(ip_hash), ip_hash = sha256('127.0.0.1'), session_hash IS NULL FROM inquiries WHERE id = {made['id']}")
    assert stored == [["32", "f", "t"]], "no address, and no hash of one that could be undone"
    assert audits(services, product, made["id"]) == [["inquiry.create", "", '{"kind": "viewing", "status": "new", "property_id": null, "conversation_id": null}']]


@pytest.mark.parametrize("field,fits,does_not", [
    ("name", "x" * 120, "x" * 121), ("name", "x", "  "), ("email", "a" * 242 + "@example.com", "a" * 243 + "@example.com"),
    ("email", "ann@example.com", "ann"), ("phone", "+123456", "021234567"), ("message", "ก" * 4000, "ก" * 4001), ("message", "x", " \n"),
    ("preferred_times", ["x" * 100] * 10, ["x"] * 11), ("preferred_times", [], ["x" * 101]), ("preferred_times", ["x"], [" "]),
    ("kind", "offer", "complaint"), ("consent", True, False), ("property_id", None, 0), ("conversation_id", None, -1), ("website", None, 7),
], ids=lambda value: value if isinstance(value, str) and len(value) < 20 and value.isalpha() else "")
def test_limits(app, field, fits, does_not):
    send(app, **{field: fits})
    reply = app.post(INQUIRIES, {**INQUIRY, field: does_not})
    assert reply.status == 422 and reply.error["details"][0]["field"].startswith(field), reply.body


@pytest.mark.parametrize("field", ["name", "email", "kind", "message", "consent"])
def test_what_must_be_there(app, field):
    assert app.post(INQUIRIES, {name: value for name, value in INQUIRY.items() if name != field}).status == 422
    assert app.post(INQUIRIES, {**INQUIRY, field: None}).status == 422


def test_staff_columns_are_not_for_senders(app):
    for field in ("status", "assigned_to", "note", "user_id", "version", "ip_hash", "consent_at"):
        reply = app.post(INQUIRIES, {**INQUIRY, field: 1})
        assert reply.status == 422 and reply.error["code"] == "UNKNOWN_FIELD", field


def test_a_program_that_fills_in_everything_learns_nothing(app, admin):
    caught = send(app, website="https://spam.example")
    assert set(caught) == {"id", "status"} and caught["status"] == "new"
    assert row_of(app, admin, caught["id"])["status"] == "spam"
    assert caught["id"] not in [row["id"] for row in app.get(f"{INQUIRIES}?limit=100", token=admin).json["data"]]
    assert caught["id"] in [row["id"] for row in app.get(f"{INQUIRIES}?limit=100&status=spam", token=admin).json["data"]]


def test_what_is_named_must_be_there(app, services, product, agent, admin):
    shown, draft = listing(services, product, agent, app), listing(services, product, agent, app, status="draft")
    assert row_of(app, admin, send(app, property_id=shown)["id"])["property_id"] == shown
    for missing in (draft, 999999999):
        reply = app.post(INQUIRIES, {**INQUIRY, "property_id": missing})
        assert reply.status == 404 and reply.error["message"] == "Property not found"


def test_conversations_of_others_cannot_be_named(app, product, admin, user):
    session = new_session()
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    for who in ({}, {"headers": {"X-Session-Id": new_session()}}, {"token": user}):
        reply = app.post(INQUIRIES, {**INQUIRY, "conversation_id": conversation}, **who)
        assert reply.status == 404 and reply.error["message"] == "Conversation not found"
    made = send(app, headers={"X-Session-Id": session}, conversation_id=conversation)
    row = row_of(app, admin, made["id"])
    assert row["conversation_id"] == conversation and row["transcript_url"] == f"/api/v1/admin/conversations/{conversation}"
    assert app.post(INQUIRIES, INQUIRY, headers={"X-Session-Id": "short"}).status == 422


def test_sent_twice_it_is_one(app, services, product):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    message = f"Once {uuid.uuid4().hex}"
    first, second = (app.post(INQUIRIES, {**INQUIRY, "message": message}, headers=key) for _ in range(2))
    assert first.status == second.status == 201 and first.json == second.json and second.headers["idempotent-replayed"] == "true"
    assert app.post(INQUIRIES, {**INQUIRY, "message": "Other"}, headers=key).error["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert services.sql(product, f"SELECT count(*) FROM inquiries WHERE message = '{message}'") == [["1"]]


def test_a_few_an_hour(start, product, services):
    one = start(RATE_LIMIT_INQUIRIES_PER_HOUR="3", WORKERS="1", REDIS_URL="")
    session = new_session()
    conversation = ask(one, KNOWN[product][0], session=session)["conversation_id"]
    for _ in range(2):
        send(one)
    assert one.post(INQUIRIES, {**INQUIRY, "consent": False}).status == 422, "what was not sent does not count"
    mine = {"X-Session-Id": session}
    assert one.post(f"{CONVERSATIONS}/{conversation}/handoff", CONTACT, headers=mine).status == 201
    for refused in (one.post(INQUIRIES, INQUIRY), one.post(f"{CONVERSATIONS}/{conversation}/handoff", CONTACT, headers=mine)):
        assert refused.status == 429 and refused.error["code"] == "RATE_LIMITED" and int(refused.headers["retry-after"]) > 0


# ---- handed over by the chat ----

def test_a_conversation_is_handed_over(app, services, product, admin):
    session = new_session()
    mine = {"X-Session-Id": session}
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    path = f"{CONVERSATIONS}/{conversation}/handoff"
    reply = app.post(path, {**CONTACT, "phone": "+66 2 123 4567", "message": "Please call"}, headers=mine)
    assert reply.status == 201
    made = reply.json
    assert made == {"id": made["id"], "status": "new", "kind": "handoff", "conversation_id": conversation,
                    "transcript_url": f"/api/v1/llm/conversations/{conversation}/messages"}
    assert [row["role"] for row in app.get(made["transcript_url"], headers=mine).json["data"]] == ["user", "assistant"]
    row = row_of(app, admin, made["id"])
    assert row["kind"] == "handoff" and row["message"] == "Please call" and row["transcript_url"] == f"/api/v1/admin/conversations/{conversation}"
    bare = app.post(path, CONTACT, headers=mine)
    assert bare.status == 201 and row_of(app, admin, bare.json["id"])["message"] == ""
    for body in ({}, {"name": "x"}, {**CONTACT, "email": "x"}, {**CONTACT, "message": "x" * 4001}, {**CONTACT, "kind": "offer"},
                 {**CONTACT, "conversation_id": 1}, {**CONTACT, "consent": True}):
        assert app.post(path, body, headers=mine).status == 422, body
    assert services.sql(product, f"SELECT count(*) FROM inquiries WHERE conversation_id = {conversation}") == [["2"]]
    assert app.delete(f"{CONVERSATIONS}/{conversation}", headers=mine).status == 204
    row = row_of(app, admin, made["id"])
    assert row["conversation_id"] is None and row["transcript_url"] is None, "the conversation is its owner's to delete"


def test_only_by_its_owner(app, services, product, user, agent, admin):
    conversation = ask(app, KNOWN[product][0], session=new_session())["conversation_id"]
    owned = ask(app, KNOWN[product][0], token=user, new_conversation=True)["conversation_id"]
    for which in (conversation, owned, 999999999):
        for who in ({}, {"headers": {"X-Session-Id": new_session()}}, {"token": agent}, {"token": admin}):
            reply = app.post(f"{CONVERSATIONS}/{which}/handoff", CONTACT, **who)
            assert reply.status == 404 and reply.error["message"] == "Conversation not found"
    assert services.sql(product, f"SELECT count(*) FROM inquiries WHERE conversation_id IN ({conversation}, {owned})") == [["0"]]
    assert app.post(f"{CONVERSATIONS}/{owned}/handoff", CONTACT, token=user).status == 201


# ---- signing in ----

def test_a_guest_who_signs_in_takes_them_along(app, services, product, admin):
    session = new_session()
    mine = {"X-Session-Id": session}
    conversation = ask(app, KNOWN[product][0], session=session)["conversation_id"]
    ids = [send(app, headers=mine)["id"], app.post(f"{CONVERSATIONS}/{conversation}/handoff", CONTACT, headers=mine).json["id"]]
    foreign = send(app, headers={"X-Session-Id": new_session()})["id"]
    token = app.token_of("user", sub=f"user_{new_session()[:8]}")
    claimed = app.post("/api/v1/users/me/claim", {"session_id": session}, token=token)
    assert claimed.status == 200 and claimed.json == {"conversations": 1, "inquiries": 2}
    assert app.post("/api/v1/users/me/claim", {"session_id": session}, token=token).json == {"conversations": 0, "inquiries": 0}
    assert {row_of(app, admin, one)["user_id"] for one in ids} == {id_of(app, token)} and row_of(app, admin, foreign)["user_id"] is None
    assert services.sql(product, f"SELECT count(*) FROM inquiries WHERE session_hash = sha256('{session}')") == [["0"]]


def test_two_claims_at_once_share_nothing(app, product):
    session = new_session()
    ask(app, KNOWN[product][0], session=session)
    for _ in range(3):
        send(app, headers={"X-Session-Id": session})
    tokens = [app.token_of("user", sub=f"user_{new_session()[:8]}") for _ in range(2)]
    counts, barrier = [], threading.Barrier(2)

    def claim(token):
        app.get("/api/v1/users/me", token=token)
        barrier.wait()
        counts.append(app.post("/api/v1/users/me/claim", {"session_id": session}, token=token).json)

    threads = [threading.Thread(target=claim, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts, key=lambda one: one["conversations"]) == [{"conversations": 0, "inquiries": 0}, {"conversations": 1, "inquiries": 3}]


# ---- staff ----

def test_who_sees_what(app, services, product, admin, agent, other_agent, user):
    about = listing(services, product, agent, app)
    asked, general = send(app, property_id=about)["id"], send(app)["id"]
    assert app.get(f"{INQUIRIES}/{asked}").status == 401 and app.get(INQUIRIES).status == 401
    assert app.get(f"{INQUIRIES}/{asked}", token=user).status == 403 and app.get(INQUIRIES, token=user).status == 403
    assert app.patch(f"{INQUIRIES}/{asked}", {"status": "open"}, token=user).status == 403
    for one, seen in ((asked, 200), (general, 404)):
        assert app.get(f"{INQUIRIES}/{one}", token=agent).status == seen
        assert app.get(f"{INQUIRIES}/{one}", token=admin).status == 200
        assert app.get(f"{INQUIRIES}/{one}", token=other_agent).status == 404
        assert app.patch(f"{INQUIRIES}/{one}", {"status": "open"}, token=other_agent).status == 404
    assert [row["id"] for row in app.get(f"{INQUIRIES}?property_id={about}", token=agent).json["data"]] == [asked]
    assert app.get(f"{INQUIRIES}?property_id={about}&count=exact", token=other_agent).json["total"] == 0
    assert app.patch(f"{INQUIRIES}/{general}", {"assigned_to": id_of(app, other_agent)}, token=admin).status == 200
    assert app.get(f"{INQUIRIES}/{general}", token=other_agent).status == 200, "given to somebody, it is theirs to see"
    assert app.get(f"{INQUIRIES}/{general}", token=other_agent).json["transcript_url"] is None
    assert row_of(app, admin, asked)["status"] == "new"


def test_worked_on(app, services, product, admin, agent):
    made = send(app, property_id=listing(services, product, agent, app))["id"]
    path = f"{INQUIRIES}/{made}"
    first = app.get(path, token=agent)
    opened = app.patch(path, {"status": "open", "note": "Called back", "assigned_to": id_of(app, agent)}, token=agent,
                       headers={"If-Match": first.headers["etag"]})
    assert opened.status == 200 and opened.headers["etag"] != first.headers["etag"]
    assert (opened.json["status"], opened.json["note"], opened.json["assigned_to"]) == ("open", "Called back", id_of(app, agent))
    late = app.patch(path, {"status": "lost"}, token=agent, headers={"If-Match": first.headers["etag"]})
    assert late.status == 412 and late.error["code"] == "PRECONDITION_FAILED"
    assert app.patch(path, {"note": None, "assigned_to": None}, token=admin).json["status"] == "open"
    assert row_of(app, admin, made)["note"] is None and row_of(app, admin, made)["version"] == 3
    for status in ("won", "lost", "spam", "new"):
        assert app.patch(path, {"status": status}, token=agent).json["status"] == status
    records = audits(services, product, made)
    assert [record[0] for record in records] == ["inquiry.create"] + ["inquiry.change"] * 6
    assert '"status": "new"' in records[1][1] and '"status": "open"' in records[1][2] and '"note_changed": true' in records[1][2]
    assert all("Called back" not in text and CONTACT["email"] not in text for record in records for text in record)


def test_what_cannot_be_changed(app, admin, user):
    made = send(app)["id"]
    for body in ({}, {"status": "closed"}, {"status": None}, {"note": "x" * 4001}, {"assigned_to": 0}, {"assigned_to": id_of(app, user)},
                 {"assigned_to": 999999999}, {"message": "x"}, {"email": "b@example.com"}, {"version": 9}):
        assert app.patch(f"{INQUIRIES}/{made}", body, token=admin).status == 422, body
    assert row_of(app, admin, made)["version"] == 1
    assert app.patch(f"{INQUIRIES}/{made}", {"note": "x" * 4000}, token=admin).status == 200
    for missing in (999999999,):
        assert app.get(f"{INQUIRIES}/{missing}", token=admin).status == 404
        assert app.patch(f"{INQUIRIES}/{missing}", {"status": "open"}, token=admin).status == 404


def test_of_two_changes_of_one_version_one_wins(app, admin):
    made = send(app)["id"]
    etag = app.get(f"{INQUIRIES}/{made}", token=admin).headers["etag"]
    statuses, barrier = [], threading.Barrier(8)

    def change(number):
        barrier.wait()
        statuses.append(app.patch(f"{INQUIRIES}/{made}", {"note": str(number)}, token=admin, headers={"If-Match": etag}).status)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [412] * 7 and row_of(app, admin, made)["version"] == 2


def test_lists_are_paged_without_loss(app, services, product, admin, agent):
    about = listing(services, product, agent, app)
    ids = [send(app, property_id=about, kind="offer" if number % 2 else "callback")["id"] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = app.get(f"{INQUIRIES}?property_id={about}&limit=2&count=exact{cursor and '&cursor=' + cursor}", token=agent).json
        assert page["total"] == 5 and page["has_more"] == (page["next_cursor"] is not None)
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == ids[::-1]
    mine = id_of(app, agent)
    assert app.patch(f"{INQUIRIES}/{ids[0]}", {"status": "won", "assigned_to": mine}, token=agent).status == 200
    for query, found in (("kind=offer", [ids[3], ids[1]]), ("status=won", [ids[0]]), (f"assigned_to={mine}", [ids[0]]), ("status=new&kind=callback", [ids[4], ids[2]]),
                         ("status=lost", [])):
        assert [row["id"] for row in app.get(f"{INQUIRIES}?property_id={about}&{query}", token=admin).json["data"]] == found, query
    for query in ("limit=0", "limit=101", "status=closed", "kind=x", "cursor=x", "property_id=0", "unknown=1"):
        assert app.get(f"{INQUIRIES}?{query}", token=admin).status == 422, query
