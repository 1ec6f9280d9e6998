"""What is kept for a while only: conversations of guests, records. The jobs that delete them come round by themselves."""

import time

import pytest

from harness.app import App
from test_jobs import prepared, product  # noqa: F401 - fixtures

KIND = "chat.retention"


@pytest.fixture
def queue(prepared):
    prepared.sql("DELETE FROM inquiries; DELETE FROM conversations; DELETE FROM claimed_sessions; DELETE FROM jobs")
    yield prepared
    prepared.stop()


def conversation(queue, days, user=None):
    """With a question, its answer and all that hangs on it, the last of it so many days ago."""
    owner = ("session_hash", "sha256('guest')") if user is None else ("user_id", user)
    made = queue.sql(f"""INSERT INTO conversations ({owner[0]}, locale, last_message_at, created_at)
        VALUES ({owner[1]}, 'en', now() - interval '{days} days', now() - interval '100 days') RETURNING id""")[0][0]
    queue.sql(f"""WITH answer AS (INSERT INTO messages (conversation_id, role, content, status) VALUES ({made}, 'assistant', 'It is so.', 'complete') RETURNING id),
        vote AS (INSERT INTO message_feedback (message_id, rating) SELECT id, 1 FROM answer),
        call AS (INSERT INTO tool_calls (message_id, name, status, took_ms) SELECT id, 'faq_rag', 'ok', 1 FROM answer)
        INSERT INTO message_sources (message_id, n, type, title, score) SELECT id, 1, 'faq', 'Title', 1 FROM answer""")
    return made


def left(queue):
    return {row[0] for row in queue.sql("SELECT id FROM conversations")}


def finished(queue, kind=KIND):
    """The last job of the kind, once it is done."""
    number = queue.sql(f"SELECT max(id) FROM jobs WHERE kind = '{kind}'")[0][0]
    queue.done(number)
    return number, queue.sql(f"SELECT progress ->> 'deleted' FROM jobs WHERE id = {number}")[0][0]


def wait_for_round(queue, rounds):
    deadline = time.monotonic() + 30
    while int(queue.sql(f"SELECT count(*) FROM jobs WHERE kind = '{KIND}'")[0][0]) < rounds:
        assert time.monotonic() < deadline, "no job was queued"
        time.sleep(0.05)


def run(queue, **settings):
    """A program that finds nothing queued, and what its first round did."""
    app = App(queue.product, queue.services, WORKERS=2, **queue.settings, **settings)
    queue.running.append(app)
    app.start()
    wait_for_round(queue, 1)
    return finished(queue)[1]


def test_that_a_session_was_claimed_is_forgotten(queue):
    queue.sql("""INSERT INTO claimed_sessions (session_hash, claimed_at)
        SELECT sha256(days::text::bytea), now() - make_interval(days => days) FROM unnest(ARRAY[6, 8]) days""")
    run(queue, DATA_RETENTION_GUEST_DAYS=7)
    assert queue.sql("SELECT session_hash = sha256('6') FROM claimed_sessions") == [["t"]]


def test_guests_conversations_go_users_stay(queue):
    user = queue.sql("SELECT min(id) FROM users")[0][0]
    old, young, owned = conversation(queue, 31), conversation(queue, 29), conversation(queue, 400, user=user)
    queue.sql(f"""INSERT INTO inquiries (conversation_id, kind, name, email, message, consent_at, ip_hash)
        VALUES ({old}, 'handoff', 'Ann', 'ann@example.com', '', now(), sha256('x'))""")
    assert run(queue) == "1"
    assert left(queue) == {young, owned}
    assert queue.sql("SELECT count(*), count(conversation_id) FROM inquiries") == [["1", "0"]], "what staff works on stays"
    for table in ("messages", "message_sources", "tool_calls", "message_feedback"):
        assert queue.sql(f"SELECT count(*) FROM {table}") == [["2"]], table


def test_as_long_as_the_settings_say(queue):
    older, younger = conversation(queue, 3), conversation(queue, 1)
    assert run(queue, DATA_RETENTION_GUEST_DAYS="2") == "1"
    assert left(queue) == {younger} and older not in left(queue)


def test_more_than_fit_one_statement(queue):
    queue.sql("""INSERT INTO conversations (session_hash, locale, last_message_at)
        SELECT sha256(n::text::bytea), 'en', now() - interval '31 days' FROM generate_series(1, 350) n""")
    kept = conversation(queue, 1)
    assert run(queue) == "350" and left(queue) == {kept}


def test_what_another_holds_waits_for_the_next_round(queue):
    """One that is being claimed is neither deleted nor waited for."""
    held, free = conversation(queue, 40), conversation(queue, 35)
    with queue.services.holding(queue.product, f"SELECT FROM conversations WHERE id = {held} FOR UPDATE", database=f"{queue.product}_db_dev"):
        assert run(queue) == "1"
        assert free not in left(queue)
    assert held in left(queue)


def test_it_comes_round_once_a_day(queue):
    assert run(queue) == "0"
    first = finished(queue)[0]
    queue.stop()
    app = queue.start(workers=2)
    other = queue.add()
    queue.done(other)
    assert finished(queue)[0] == first, "not twice a day, whoever starts"
    queue.stop()
    queue.sql(f"UPDATE jobs SET created_at = created_at - interval '25 hours' WHERE id = {first}")
    gone = conversation(queue, 31)
    app = queue.start(workers=2)
    wait_for_round(queue, 2)
    assert finished(queue)[1] == "1" and gone not in left(queue)
    assert app.process.poll() is None


def test_records_are_kept_as_long_as_they_may_be_asked_for(queue):
    kinds = {  # name: (an old row, a young one, how both are told)
        "idempotency_keys": ("(principal, route, key, body_hash, status, expires_at) VALUES ('p', 'r', '{0}', '', 'done', now() + interval '{1}')",
                             "-1 minute", "1 minute", "key"),
        "webhook_events": ("(provider, external_id, type, received_at) VALUES ('clerk', '{0}', 't', now() + interval '{1}')", "-31 days", "-29 days", "external_id"),
        "llm_usage": ("(feature, provider, model, ok, latency_ms, at) VALUES ('chat', 'p', '{0}', true, 1, now() + interval '{1}')", "-401 days", "-399 days", "model"),
        "jobs": ("(kind, status, updated_at) VALUES ('{0}', 'done', now() + interval '{1}')", "-31 days", "-29 days", "kind"),
        "audit_log": ("(actor_kind, action, entity, entity_id, at) VALUES ('cli', '{0}', 'e', 1, now() + interval '{1}')", "-731 days", "-729 days", "action"),
    }
    for table, (row, old, young, _) in kinds.items():
        queue.sql(f"INSERT INTO {table} {row.format('old', old)}; INSERT INTO {table} {row.format('young', young)}")
    queue.sql("""INSERT INTO llm_usage (feature, provider, model, ok, latency_ms, at)
        SELECT 'chat', 'p', 'old', true, 1, now() - interval '401 days' FROM generate_series(1, 1200)""")
    run(queue)
    assert finished(queue, "records.purge")[1] == "1205"
    for table, (_, _, _, name) in kinds.items():
        assert queue.sql(f"SELECT DISTINCT {name} FROM {table} WHERE {name} IN ('old', 'young')") == [["young"]], table
    queue.sql("DELETE FROM idempotency_keys; DELETE FROM webhook_events; DELETE FROM llm_usage")
