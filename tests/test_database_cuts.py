"""A connection to Postgres that ends in the middle of a write."""

import time
import uuid

import pytest

from harness.brand import PRODUCTS
from harness.chat import new_session
from harness.faultproxy import FaultProxy, postgres_messages
from harness.load import DEADLINE_S, DRAFT, LIST, back, refused, timed
from harness.waiting import until

CLAIM = "/api/v1/users/me/claim"


@pytest.fixture
def proxied(app, start, services, product):
    """A program with one worker that reaches Postgres through a proxy."""
    socket_path = f"{services.env['PGHOST']}/.s.PGSQL.{services.env['PGPORT']}"
    proxy = FaultProxy(socket_path, postgres_messages)
    one = start(WORKERS=1, DATABASE_POOL_SIZE=2, DATABASE_MAX_OVERFLOW=0,
                DATABASE_URL=f"postgresql://{product}_user@127.0.0.1:{proxy.port}/{product}_db_test?sslmode=disable")
    yield one, proxy
    proxy.close()


def create(app, title, key, token):
    return app.post(LIST, {**DRAFT, "title": title}, token=token, headers={"Idempotency-Key": key})


def rows_named(services, product, title):
    return int(services.sql(product, f"SELECT count(*) FROM property_texts WHERE title = '{title}'")[0][0])


def settle(app, services, title, key, token):
    """Repeats the request until its outcome is known. A run that died counts as dead after a minute, which
    passes here."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        reply = create(app, title, key, token)
        if reply.status == 201:
            return
        if reply.status == 409 and reply.error["code"] == "CONFLICT":
            assert "carried out" in reply.error["message"]
            return
        services.sql(app.product, "UPDATE idempotency_keys SET created_at = created_at - interval '65 s' "
                     f"WHERE key = '{key}' AND http_status IS NULL")
        time.sleep(0.05)
    raise AssertionError(f"never settled: {reply.status} {reply.body}")


# First message and step of the products together, each of which takes its turn: nearly every message of the server is cut by
# one of them. A stall costs our whole deadline.
STEPS = {"rst": (1, 4), "fin": (2, 4), "corrupt": (3, 4), "stall": (4, 12)}


@pytest.mark.parametrize("side", ["server", "client"])
@pytest.mark.parametrize("kind", STEPS)
def test_a_cut_in_the_middle_of_a_write(proxied, services, product, side, kind):
    """All or nothing, and never twice: whoever repeats the request with its Idempotency-Key gets one listing."""
    one, proxy = proxied
    token = one.token_of("agent", sub="user_cut")
    create(one, "Warm", f"warm-{uuid.uuid4()}", token)
    outcomes = {}
    first, step = STEPS[kind]
    step *= 2 if side == "client" else 1
    number = first + step * PRODUCTS.index(product)
    while True:
        back(one, token)
        title, key = f"Cut {uuid.uuid4()}", f"cut-{uuid.uuid4()}"
        proxy.arm(side, number, kind)
        reply, took = timed(one, "POST", LIST, {**DRAFT, "title": title}, token=token, headers={"Idempotency-Key": key})
        fired, _ = proxy.disarm()
        assert took < DEADLINE_S, number
        if not fired:
            break  # the request has fewer messages
        outcomes[reply.status] = outcomes.get(reply.status, 0) + 1
        if reply.status == 201:
            assert rows_named(services, product, title) == 1
        else:
            refused(one, reply)
        settle(one, services, title, key, token)
        assert rows_named(services, product, title) == 1, f"message {number}: {reply.status}"
        number += step * len(PRODUCTS)
    assert number > 30
    print(f"{product} {side} {kind}: up to message {number}, {outcomes}")


# ---- a guest signs in ----

GUESTS_OWN = 3  # conversations, and as many inquiries
KINDS = ("rst", "fin", "corrupt", "stall")


def guest_of(services, product):
    """A session with something of its own."""
    session = new_session()
    services.sql(product, f"""INSERT INTO conversations (session_hash, locale, title, last_message_at)
            SELECT sha256('{session}'), 'en', 'of a guest', now() FROM generate_series(1, {GUESTS_OWN});
        INSERT INTO inquiries (session_hash, kind, name, email, message, consent_at, ip_hash)
            SELECT sha256('{session}'), 'question', 'Ann', 'ann@example.com', 'of a guest', now(), sha256('x') FROM generate_series(1, {GUESTS_OWN})""")
    return session


def owned(services, product, session, user_id):
    """Conversations and inquiries that are still the session's, and those that are the user's."""
    row, = services.sql(product, f"""SELECT (SELECT count(*) FROM conversations WHERE session_hash = sha256('{session}')),
        (SELECT count(*) FROM inquiries WHERE session_hash = sha256('{session}')),
        (SELECT count(*) FROM conversations WHERE user_id = {user_id}), (SELECT count(*) FROM inquiries WHERE user_id = {user_id})""")
    return list(map(int, row))


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_claim_cut_in_the_middle(proxied, services, product, side):
    """What a guest began is all the user's, or all the guest's still, at whichever message it is cut; whoever repeats it has all."""
    one, proxy = proxied
    token = one.token_of("agent", sub="user_cut")
    user_id = one.get("/api/v1/users/me", token=token).json["id"]
    none, everything = {"conversations": 0, "inquiries": 0}, {"conversations": GUESTS_OWN, "inquiries": GUESTS_OWN}
    had = owned(services, product, "", user_id)[2]
    number, outcomes = 0, set()
    while True:
        number += 1
        back(one, token)
        session = guest_of(services, product)
        before, after = [GUESTS_OWN, GUESTS_OWN, had, had], [0, 0, had + GUESTS_OWN, had + GUESTS_OWN]
        proxy.arm(side, number, KINDS[(number + PRODUCTS.index(product)) % len(KINDS)])
        reply, took = timed(one, "POST", CLAIM, {"session_id": session}, token=token)
        fired, _ = proxy.disarm()
        assert took < DEADLINE_S, number
        moved = owned(services, product, session, user_id)
        assert moved in (before, after), f"message {number}: {reply.status}"
        if reply.status == 200:
            assert moved == after and reply.json == everything, number
        else:
            refused(one, reply)
        outcomes.add((reply.status == 200, moved == after))
        until(lambda: (again := one.post(CLAIM, {"session_id": session}, token=token)).status == 200 and again.json in (none, everything), seconds=40)
        assert owned(services, product, session, user_id) == after, number
        # This one, too, may meet a connection that the cut has left behind.
        assert until(lambda: (again := one.post(CLAIM, {"session_id": session}, token=token)).status == 200 and again).json == none
        had += GUESTS_OWN
        if not fired:
            break  # the request has fewer messages
    assert (False, False) in outcomes and (side == "client" or (False, True) in outcomes), outcomes
    print(f"{product} {side}: up to message {number}, {outcomes}")
