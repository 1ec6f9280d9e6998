"""A person takes their data along, and has it erased."""

import threading
import time
import uuid

import pytest

from harness.app import App
from harness.bookings import BOOKINGS, PRICE, confirm, hold, house, move, stays  # pylint: disable=unused-import
from harness.chat import ask as say
from harness.waiting import until
from test_inquiries import INQUIRIES, INQUIRY
from test_webhooks import deliver, event

ME = "/api/v1/users/me"
EXPORT = f"{ME}/export"
PARTS = {"conversations", "messages", "bookings", "inquiries", "faq_feedback", "properties", "actions"}


class Person:
    """Somebody who leaves a mark in everything that they can write."""

    def __init__(self, app, first=10):
        self.app = app
        self.mark = f"canary{uuid.uuid4().hex}"
        self.phone = f"+66 9 {uuid.uuid4().int % 10**8:08d}"
        self.sub = f"user_own_{uuid.uuid4().hex}"
        self.email = f"{self.mark}@example.com"
        self.first = first
        self.token = app.issuer.token(self.sub, email=self.email, email_verified=True, exp=int(time.time()) + 600)
        self.id = app.get(ME, token=self.token).json["id"]

    def live(self, services, house_id, faq_id):
        contact = {"name": f"{self.mark} Guest", "email": self.email, "phone": self.phone}
        assert self.app.patch(ME, {"display_name": self.mark, "phone": self.phone}, token=self.token).status == 200
        key = {"Idempotency-Key": uuid.uuid4().hex}
        held = hold(self.app, house_id, self.token, first=self.first, contact=contact, note=f"{self.mark} comes late", headers=key)
        self.booking = move(self.app, held, "cancel", self.token, {"reason": f"{self.mark} is ill"})
        talk = say(self.app, f"What will the weather {self.mark} be like tomorrow?", token=self.token)
        self.conversation, answer = talk["conversation_id"], talk["message"]["id"]
        feedback = self.app.put(f"/api/v1/llm/messages/{answer}/feedback", {"rating": "down", "comment": self.mark}, token=self.token)
        assert feedback.status == 200, feedback.body
        inquiry = {**INQUIRY, "name": self.mark, "email": self.email, "phone": self.phone, "message": f"I am {self.mark}",
                   "preferred_times": [f"when {self.mark} wakes"], "conversation_id": self.conversation}
        sent = self.app.post(INQUIRIES, inquiry, token=self.token)
        assert sent.status == 201, sent.body
        self.inquiry = sent.json["id"]
        vote = self.app.post(f"/api/v1/faq/{faq_id}/feedback", {"helpful": False, "comment": self.mark}, token=self.token)
        assert vote.status == 204, vote.body
        until(lambda: "faq_gap_examples" in self.traces(services), seconds=20, what="the question without an answer")

    def traces(self, services):
        """Rows, of all columns of all tables, with a mark of theirs, by table; bytes are looked through as hex."""
        marks = [self.mark, self.phone]
        looks = " OR ".join(f"t::text LIKE '%{text}%'" for mark in marks for text in (mark, mark.encode().hex()))
        tables = [row[0] for row in services.sql(self.app.product, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'")]
        assert len(tables) > 25
        query = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\" t WHERE {looks}" for table in tables)
        return {table: int(count) for table, count in services.sql(self.app.product, query) if count != "0"}


@pytest.fixture(scope="module")
def faq_id(app):
    return app.get("/api/v1/faq?limit=1").json["data"][0]["id"]


def erase(app, person):
    reply = app.delete(ME, token=person.token)
    assert reply.status == 202, (reply.status, reply.body)
    return reply.json["job_id"]


def job_status(services, app, job):
    return services.sql(app.product, f"SELECT status FROM jobs WHERE id = {job}")[0][0]


def audits(services, app, person):
    return [row[0] for row in services.sql(app.product, f"SELECT action FROM audit_log WHERE entity = 'user' AND entity_id = {person.id} ORDER BY id")]


# ---- taken along ----

def test_everything_is_taken_along(stays, services, house, faq_id):
    me = Person(stays)
    me.live(services, house, faq_id)
    reply = stays.get(EXPORT, token=me.token)
    assert reply.status == 200 and reply.headers["content-type"].startswith("application/json") and reply.headers["cache-control"] == "no-store"
    found = reply.json
    assert set(found) == PARTS | {"exported_at", "user"} and all(found[part]["complete"] is True for part in PARTS)
    assert found["user"]["id"] == me.id and found["user"]["email"] == me.email and found["user"]["phone"] == me.phone
    booking, = found["bookings"]["data"]
    assert booking["id"] == me.booking["id"] and booking["contact"]["email"] == me.email and booking["note"] == f"{me.mark} comes late"
    assert booking["price"]["total_minor"] == 3 * PRICE and [row["to"] for row in booking["events"]] == ["hold", "cancelled"]
    assert booking["events"][1]["reason"] == f"{me.mark} is ill"
    assert [row["id"] for row in found["conversations"]["data"]] == [me.conversation]
    assert [row["role"] for row in found["messages"]["data"]] == ["assistant", "user"]
    assert found["messages"]["data"][0]["feedback"]["comment"] == me.mark and me.mark in found["messages"]["data"][1]["content"]
    inquiry, = found["inquiries"]["data"]
    assert inquiry["id"] == me.inquiry and inquiry["phone"] == me.phone and inquiry["preferred_times"] == [f"when {me.mark} wakes"]
    assert found["faq_feedback"]["data"][0]["comment"] == me.mark
    assert {"booking.hold", "booking.cancelled", "inquiry.create"} <= {row["action"] for row in found["actions"]["data"]}


def test_nothing_of_others_is_taken_along(stays, services, house, faq_id):
    me, other = Person(stays), Person(stays, first=30)
    other.live(services, house, faq_id)
    found = stays.get(EXPORT, token=me.token)
    assert other.mark not in found.body.decode() and all(found.json[part]["data"] == [] for part in PARTS)
    assert stays.get(EXPORT).status == 401 and stays.delete(ME).status == 401


@pytest.mark.parametrize("rows,size,complete", [(2000, 10, True), (2001, 10, False), (100, 15000, True), (100, 16000, False)])
def test_limits(stays, services, rows, size, complete):
    """2000 rows of a kind, and 1.5 MB of messages; the newest are there."""
    me = Person(stays)
    services.sql(stays.product, f"""WITH talk AS (INSERT INTO conversations (user_id, locale) VALUES ({me.id}, 'en') RETURNING id)
        INSERT INTO messages (conversation_id, role, status, content)
        SELECT talk.id, 'user', 'complete', n || ' ' || repeat('x', {size}) FROM talk, generate_series(1, {rows}) n ORDER BY n""")
    reply = stays.get(EXPORT, token=me.token)
    assert reply.status == 200 and len(reply.body) < 4194304
    messages = reply.json["messages"]
    assert messages["complete"] is complete and messages["data"][0]["content"].startswith(f"{rows} ")
    assert len(messages["data"]) == rows if complete else rows - 10 < len(messages["data"]) < rows
    assert reply.json["conversations"]["complete"] is True
    services.sql(stays.product, f"DELETE FROM conversations WHERE user_id = {me.id}")


# ---- erased ----

def test_nothing_of_a_person_is_left(stays, services, product, house, faq_id):
    me, other = Person(stays), Person(stays, first=30)
    for one in (me, other):
        one.live(services, house, faq_id)
    before = me.traces(services)
    assert {"users", "bookings", "booking_events", "conversations", "messages", "message_feedback", "inquiries", "faq_feedback", "faq_gaps",
            "faq_gap_examples"} <= set(before), before
    replies = f"SELECT count(*) > 0 FROM idempotency_keys WHERE principal = 'user:{me.id}'"  # sealed: no trace can be seen in them
    assert services.sql(product, replies) == [["t"]]
    others, taken = other.traces(services), stays.get(EXPORT, token=other.token).json
    votes = services.sql(product, f"SELECT not_helpful_count FROM faq_documents WHERE id = {faq_id}")[0][0]
    job = erase(stays, me)
    until(lambda: job_status(services, stays, job) == "done", seconds=20, what="the job")
    assert me.traces(services) == {} and services.sql(product, replies) == [["f"]]
    assert other.traces(services) == others
    after = stays.get(EXPORT, token=other.token).json
    assert {part: after[part] for part in PARTS} == {part: taken[part] for part in PARTS}
    assert services.sql(product, f"SELECT not_helpful_count FROM faq_documents WHERE id = {faq_id}") == [[str(int(votes) - 1)]]
    kept = services.sql(product, f"SELECT status, total_minor, currency, user_id, contact->>'email', coalesce(note, '') FROM bookings WHERE id = {me.booking['id']}")
    assert kept == [["cancelled", str(3 * PRICE), "THB", str(me.id), "***", ""]]
    assert services.sql(product, f"SELECT count(*), count(reason) FROM booking_events WHERE booking_id = {me.booking['id']}") == [["2", "0"]]
    assert services.sql(product, f"SELECT kind, status, coalesce(user_id, 0), name || email || message FROM inquiries WHERE id = {me.inquiry}") == [["question", "new", "0", ""]]
    assert services.sql(product, f"SELECT status, deleted_at IS NOT NULL, version > 1 FROM users WHERE id = {me.id}") == [["deleted", "t", "t"]]
    assert audits(services, stays, me) == ["user.delete", "user.erase"]


def test_the_token_is_nobodys_and_the_account_does_not_come_back(stays, services, app):
    me = Person(stays)
    erase(stays, me)
    time.sleep(5.5)  # other workers may remember the person for 5 seconds
    for token in (me.token, stays.issuer.token(me.sub, email=me.email)):
        for one in [stays, app] * 4:
            again = one.get(ME, token=token)
            assert again.status == 401 and again.error["code"] == "UNAUTHORIZED"
    assert services.sql(stays.product, f"SELECT coalesce(email, ''), status FROM users WHERE id = {me.id}") == [["", "deleted"]]


def test_asked_again_it_is_the_same_job(stays, services, app):
    """By a worker that does not know yet, and by many at once."""
    me = Person(stays)
    replies, gate = [], threading.Barrier(12)

    def once(one):
        gate.wait()
        replies.append(one.delete(ME, token=me.token))

    threads = [threading.Thread(target=once, args=((stays, app)[n % 2],)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [reply for reply in replies if reply.status == 202]
    assert told and {reply.status for reply in replies} <= {202, 401, 503}, [reply.status for reply in replies]
    assert len({reply.json["job_id"] for reply in told}) == 1
    until(lambda: job_status(services, stays, told[0].json["job_id"]) == "done", seconds=20, what="the job")
    assert audits(services, stays, me) == ["user.delete", "user.erase"]
    services.sql(stays.product, f"INSERT INTO jobs (kind, payload) VALUES ('users.erase', '{{\"user_id\": {me.id}}}')")  # run twice
    until(lambda: services.sql(stays.product, "SELECT count(*) FROM jobs WHERE kind = 'users.erase' AND status <> 'done'") == [["0"]], seconds=20, what="again")
    assert audits(services, stays, me) == ["user.delete", "user.erase"]


def test_who_has_a_stay_is_not_erased(stays, services, product, house):
    me = Person(stays)
    held = hold(stays, house, me.token)

    def refused():
        reply = stays.delete(ME, token=me.token)
        assert reply.status == 409 and reply.error["code"] == "CONFLICT" and stays.get(ME, token=me.token).json["email"] == me.email

    refused()
    confirm(stays, held, me.token)
    refused()
    services.sql(product, f"UPDATE bookings SET status = 'completed' WHERE id = {held['id']}")
    erase(stays, me)


def test_a_hold_that_is_over_does_not_count(stays, services, product, house):
    me = Person(stays)
    held = hold(stays, house, me.token)
    services.sql(product, f"UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = {held['id']}")
    erase(stays, me)


def test_the_last_admin_stays(stays, services, product, admin):
    services.sql(product, "UPDATE users SET status = 'suspended' WHERE role = 'admin' AND clerk_user_id <> 'user_admin'")
    try:
        reply = stays.delete(ME, token=admin)
        assert reply.status == 409 and stays.get(ME, token=admin).status == 200
    finally:
        services.sql(product, "UPDATE users SET status = 'active' WHERE role = 'admin' AND status = 'suspended'")


def test_all_or_nothing(stays, services, product, house, faq_id):
    """The last step fails: nothing has gone. Then it goes on by itself."""
    me = Person(stays)
    me.live(services, house, faq_id)
    before = me.traces(services)
    services.sql(product, f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE UPDATE OF email ON users FOR EACH ROW WHEN (OLD.id = {me.id}) EXECUTE FUNCTION refuse()""")
    try:
        job = erase(stays, me)
        until(lambda: services.sql(product, f"SELECT attempts > 0 AND last_error IS NOT NULL FROM jobs WHERE id = {job}") == [["t"]], seconds=20, what="a failure")
        assert me.traces(services) == before and audits(services, stays, me) == ["user.delete"]
    finally:
        services.sql(product, "DROP TRIGGER refuse ON users; DROP FUNCTION refuse()")
    services.sql(product, f"UPDATE jobs SET run_at = now() WHERE id = {job}")
    until(lambda: job_status(services, stays, job) == "done", seconds=20, what="the job")
    assert me.traces(services) == {}


def test_what_was_on_its_way_does_not_stay(stays, services, product, house):
    """Requests that begin while the person is being erased: what they made is gone, or was refused."""
    for _ in range(5):
        me = Person(stays)
        contact = {"name": me.mark, "email": me.email, "phone": me.phone}
        gate, replies = threading.Barrier(9), []

        def write(n, me=me, contact=contact, gate=gate, replies=replies):
            gate.wait()
            if n % 2:
                replies.append(stays.post(INQUIRIES, {**INQUIRY, **contact}, token=me.token))
            else:
                replies.append(stays.patch(ME, {"display_name": me.mark, "phone": me.phone}, token=me.token))

        threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        gate.wait()
        job = erase(stays, me)
        for thread in threads:
            thread.join()
        assert {reply.status for reply in replies} <= {200, 201, 401, 404, 409, 503}, [(reply.status, reply.body) for reply in replies]
        until(lambda job=job: job_status(services, stays, job) == "done", seconds=20, what="the job")
        assert me.traces(services) == {}


def test_nothing_comes_to_belong_to_the_erased(stays, services, product, house):
    """Decided by the database: also for a writer who never looked."""
    me = Person(stays)
    erase(stays, me)
    for made in (f"INSERT INTO conversations (user_id, locale) VALUES ({me.id}, 'en')",
                 f"UPDATE inquiries SET user_id = {me.id} WHERE id = (SELECT min(id) FROM inquiries)",
                 f"INSERT INTO bookings (property_id, user_id, status, stay, guests, total_minor, currency) VALUES ({house}, {me.id}, 'confirmed', '[2030-01-01,2030-01-02)', 1, 1, 'THB')",
                 f"INSERT INTO faq_feedback (faq_id, user_id, helpful) SELECT min(id), {me.id}, true FROM faq_documents"):
        with pytest.raises(RuntimeError, match="this person is erased"):
            services.sql(product, made)


def test_clerk_erases_too(stays, services, product, house, faq_id):
    me = Person(stays)
    me.live(services, house, faq_id)
    active = hold(stays, house, me.token, first=40, contact={"name": me.mark, "email": me.email})
    assert deliver(stays, event("deleted", {"id": me.sub, "deleted": True})).status == 200
    until(lambda: me.traces(services) == {}, seconds=20, what="gone")
    assert services.sql(product, f"SELECT status, contact->>'name' FROM bookings WHERE id = {active['id']}") == [["hold", "***"]]
    assert audits(services, stays, me) == ["user.delete", "user.erase"]


def test_every_table_with_a_person_in_it_is_known(app, services, product):
    """Whoever adds one decides here what becomes of it: "kept" are ids in the records of those who work here, and of what was spent."""
    columns = services.sql(product, """SELECT conrelid::regclass || '.' || attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
        WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass""")
    erased = {"conversations.user_id", "inquiries.user_id", "faq_feedback.user_id", "bookings.user_id"}
    kept = {"settings.updated_by", "audit_log.actor_id", "properties.created_by", "properties.agent_id", "property_price_history.changed_by",
            "faq_documents.updated_by", "faq_revisions.changed_by", "chat_prompts.created_by", "llm_usage.user_id", "golden_cases.created_by",
            "eval_runs.created_by", "inquiries.assigned_to", "bookings.cancelled_by", "booking_events.actor_id", "budgets.updated_by", "model_prices.updated_by"}
    found = {row[0] for row in columns}
    assert erased <= found and found - erased <= kept, found - erased - kept
