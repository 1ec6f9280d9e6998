"""kill -9 of a worker, of the whole service, of a backend of Postgres and of Postgres itself, at every named point between request and
reply of a booking. Afterwards: what was acknowledged is there, the same Idempotency-Key gives one booking, none is half written."""

import contextlib
import http.client
import os
import random
import signal
import socket
import threading
import time
import uuid

import pytest

from harness.app import App
from harness.bookings import BOOKINGS, CONTACT, PRICE, ask, day, hold, listing, move, withdraw
from harness.points import COMMITTING, KEEPING, POINTS, Stop, accepts, kill_postgres
from harness.waiting import until
from harness.wire import request

VICTIMS = ("worker", "service", "backend", "postgres")
NIGHTS_A_KILL = 36  # that are asked for, of a guest: what can be booked is not endless
LIVE = "('hold', 'pending', 'confirmed', 'blocked')"
OVERLAPS = f"""SELECT count(*) FROM bookings a JOIN bookings b ON a.property_id = b.property_id AND a.id < b.id AND a.stay && b.stay
    WHERE a.status IN {LIVE} AND b.status IN {LIVE}"""
# Every change of a stay has its event and its record, in the same order.
HALVES = """SELECT b.id FROM bookings b WHERE b.kind = 'stay' AND b.property_id = {house} AND
    (SELECT array_agg(e.to_status ORDER BY e.id) FROM booking_events e WHERE e.booking_id = b.id) IS DISTINCT FROM
    (SELECT array_agg(a.after ->> 'status' ORDER BY a.id) FROM audit_log a WHERE a.entity = 'booking' AND a.entity_id = b.id)
    OR (b.property_id = {house} AND NOT EXISTS (SELECT FROM booking_events e WHERE e.booking_id = b.id AND e.to_status = b.status))"""


@pytest.fixture(scope="module")
def lasting(app, services, product):
    """Tests run with commits that may be lost in a crash; these here not."""
    services.alter_system(product, "synchronous_commit = on")
    yield
    services.alter_system(product, "RESET synchronous_commit")


@pytest.fixture(scope="module")
def one(app, services, product, lasting):
    """A program with one worker, which the tests kill and start again."""
    running = App(product, services, issuer=app.issuer, BOOKINGS_ENABLED="true", HOLDS_PER_USER=1000, WORKERS=1)
    running.start()
    yield running
    withdraw(services, product)
    running.kill()


@pytest.fixture
def token(one):
    return one.issuer.token("user_crash", exp=int(time.time()) + 3600)


@pytest.fixture
def house(one, services, agent):
    return listing(one, services, agent)


@pytest.fixture
def acknowledged(one, house, token):
    """A stay from before the crash."""
    return move(one, hold(one, house, token, first=50), "confirm", token, {"accept_terms": True})


class Asked(threading.Thread):
    """One request in flight; reply None = none came."""

    def __init__(self, app, house, token, key, **more):
        super().__init__(daemon=True)
        self.asked, self.reply = lambda: ask(app, house, token, headers={"Idempotency-Key": key}, note=key, **more), None
        self.start()

    def run(self):
        with contextlib.suppress(OSError, http.client.HTTPException):  # what a client sees of a server that dies
            self.reply = self.asked()

    def end(self):
        self.join(30)
        assert not self.is_alive(), "the request hangs"
        return self.reply


def kill(victim, one, services, backend):
    """At once; bring_back() afterwards."""
    if victim == "worker":
        os.kill(one.workers()[0], signal.SIGKILL)
    elif victim == "service":
        one.kill()
    elif victim == "backend":
        os.kill(backend, signal.SIGKILL)
    else:
        kill_postgres(services)


def bring_back(one, services):
    until(lambda: accepts(services, one.product), 30, "Postgres does not come back")
    if one.process.poll() is not None:
        one.start()
    one.wait("/ready")


def written(services, product, house, key):
    return services.sql(product, f"SELECT id, status FROM bookings WHERE property_id = {house} AND note = '{key}'")


def settle(one, services, house, token, key, **more):
    """Repeats the request with its key until the outcome is known. A run that died counts as dead after a minute, which passes here."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        reply = ask(one, house, token, headers={"Idempotency-Key": key}, note=key, **more)
        if reply.status == 201:
            return reply
        if reply.status == 409 and reply.error["code"] == "CONFLICT":
            assert "carried out" in reply.error["message"]
            return reply
        assert reply.status == 503 or (reply.status, reply.error["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS"), (reply.status, reply.body)
        services.sql(one.product, f"UPDATE idempotency_keys SET created_at = created_at - interval '65 s' WHERE key = '{key}' AND http_status IS NULL")
        time.sleep(0.05)
    raise AssertionError(f"never settled: {reply.status} {reply.body}")


def check(one, services, house, token, key, reply, kept):
    """What must be true after every crash. Reply: what the client heard; kept: a stay from before."""
    product = one.product
    before = written(services, product, house, key)
    assert len(before) <= 1 and services.sql(product, HALVES.format(house=house)) == []
    if reply is not None and reply.status == 201:
        assert before == [[str(reply.json["id"]), "hold"]], "acknowledged, and gone"
    settled = settle(one, services, house, token, key)
    (booking, status), = written(services, product, house, key)
    assert status == "hold" and (not before or before[0][0] == booking)
    if settled.status == 201:
        assert settled.json["id"] == int(booking)
        again = ask(one, house, token, headers={"Idempotency-Key": key}, note=key)
        assert again.status == 201 and again.json == settled.json and again.headers["idempotent-replayed"] == "true"
        assert reply is None or reply.status != 201 or reply.json == settled.json, "not the same reply"
    else:  # its reply died with the one who made it: who asks for the same nights without a key is told
        assert before, "carried out, it says, and there is nothing"
        found = ask(one, house, token, note=key)
        assert found.status == 200 and found.json["id"] == int(booking)
    assert one.get(f"{BOOKINGS}/{kept['id']}", token=token).json == kept
    assert services.sql(product, OVERLAPS) == [["0"]] and services.sql(product, HALVES.format(house=house)) == []
    assert services.sql(product, f"SELECT count(*) FROM bookings WHERE property_id = {house}") == [["2"]]
    return bool(before), settled.status


def test_the_check_sees_half_a_booking(one, services, product, house, acknowledged):
    for table, other in (("booking_events", "booking_id"), ("audit_log", "entity = 'booking' AND entity_id")):
        assert services.sql(product, HALVES.format(house=house)) == []
        lost = services.sql(product, f"BEGIN; DELETE FROM {table} WHERE {other} = {acknowledged['id']}; {HALVES.format(house=house)}; ROLLBACK")
        assert lost == [[str(acknowledged["id"])]]


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("point", POINTS)
def test_killed_before(one, services, product, house, token, acknowledged, point, victim):
    key = f"crash-{uuid.uuid4().hex}"
    with Stop(services, product, point, key=key, house=house) as stop:
        asked = Asked(one, house, token, key)
        backend = stop.reached()
        kill(victim, one, services, backend)
        until(lambda: accepts(services, product), 30, "Postgres does not come back")
        stop.release()
        reply = asked.end()
        bring_back(one, services)
    was_there, settled = check(one, services, house, token, key, reply, acknowledged)
    print(f"{product}: {victim} killed before {point}: heard {reply.status if reply else None}, there {was_there}, then {settled}")
    if victim in ("worker", "service"):
        assert reply is None, "nobody was left to answer"
        # A backend that stands in COMMIT goes on without its client; one in the middle of a transaction does not.
        assert was_there == (point in (COMMITTING, KEEPING))
    else:
        assert was_there == (point == KEEPING)
        assert reply is not None and reply.status == (201 if point == KEEPING else 503)


@pytest.mark.parametrize("victim", ["worker", "service"])
def test_killed_before_it_hears_of_the_commit(one, services, product, house, token, acknowledged, victim):
    """Committed, and the answer of Postgres waits in the worker's socket."""
    key = f"crash-{uuid.uuid4().hex}"
    with Stop(services, product, COMMITTING, key=key, house=house) as stop:
        asked = Asked(one, house, token, key)
        stop.reached()
        worker = one.workers()[0]
        os.kill(worker, signal.SIGSTOP)
        stop.release()
        assert written(services, product, house, key) and asked.is_alive()
        if victim == "worker":
            os.kill(worker, signal.SIGKILL)
        else:
            one.kill()
        assert asked.end() is None
        bring_back(one, services)
    assert check(one, services, house, token, key, None, acknowledged) == (True, 409)


@pytest.mark.parametrize("victim", ["worker", "service"])
def test_killed_after_the_reply_was_kept(one, services, product, house, token, acknowledged, victim):
    """The client has not read it yet, and hears the same again."""
    key = f"crash-{uuid.uuid4().hex}"
    body = (f'{{"property_id": {house}, "check_in": "{day(10)}", "check_out": "{day(13)}", "guests": 2, "note": "{key}", '
            f'"contact": {{"name": "{CONTACT["name"]}", "email": "{CONTACT["email"]}"}}}}').encode()
    headers = [("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"), ("Idempotency-Key", key)]
    peer = socket.create_connection(("127.0.0.1", one.port), timeout=10)
    peer.sendall(request("POST", BOOKINGS, headers, body))
    kept = f"SELECT response FROM idempotency_keys WHERE key = '{key}' AND http_status = 201"
    until(lambda: services.sql(product, kept), 10, "no reply was kept")
    kill(victim, one, services, None)
    peer.close()
    bring_back(one, services)
    replayed = one.request("POST", BOOKINGS, body, dict(headers))
    assert replayed.status == 201 and replayed.headers["idempotent-replayed"] == "true"
    assert len(replayed.body) + 28 == (len(services.sql(product, kept)[0][0]) - len("\\x")) // 2, "kept sealed"
    assert written(services, product, house, key) == [[str(replayed.json["id"]), "hold"]] and replayed.json["price"]["total_minor"] == 3 * PRICE
    assert one.get(f"{BOOKINGS}/{acknowledged['id']}", token=token).json == acknowledged


class Guest(threading.Thread):
    """Books other nights each time, as many as it may, each with a key of its own, and confirms or cancels some; remembers what it was
    told."""

    def __init__(self, one, house, number, stopping):
        super().__init__(daemon=True)
        self.one, self.house, self.number, self.stopping = one, house, number, stopping
        self.token = one.issuer.token(f"user_crash_{number}", exp=int(time.time()) + 3600)
        self.keys, self.told, self.wrong = [], {}, []  # told: booking -> last status acknowledged
        self.may = 0  # nights
        self.start()

    def call(self, wanted, what, *arguments, **more):
        reply = None
        while reply is None and not self.stopping.is_set():
            try:
                reply = what(*arguments, **more)
            except ConnectionRefusedError:  # nothing was asked, so the nights are still free
                time.sleep(0.1)
            except (OSError, http.client.HTTPException):  # the server is gone
                return None
        if reply is None:
            return None
        if reply.status == 503:
            time.sleep(0.2)
        if reply.status not in wanted + (503,):
            self.wrong.append((reply.status, reply.body))
        return reply if reply.status in wanted else None

    def run(self):
        chance = random.Random(self.number)
        while not self.stopping.is_set():
            first = len(self.keys)
            if first >= self.may:
                time.sleep(0.01)
                continue
            key = f"rush-{uuid.uuid4().hex}"
            self.keys.append((key, first))
            reply = self.call((201,), ask, self.one, self.house, self.token, first=first, nights=1, headers={"Idempotency-Key": key}, note=key)
            if reply is None:
                continue
            booking = reply.json["id"]
            self.told[booking] = {"hold"}
            what, body, to = chance.choice((("confirm", {"accept_terms": True}, "confirmed"), ("cancel", {}, "cancelled"), (None, None, None)))
            if what is None:
                continue
            self.told[booking].add(to)  # from here on perhaps
            if self.call((200,), self.one.post, f"{BOOKINGS}/{booking}/{what}", body, token=self.token):
                self.told[booking] = {to}


def test_killed_at_random(one, services, product, agent):
    """Guests book, confirm and cancel while now a worker, now the service, now a backend, now Postgres is killed."""
    stopping, dice, amid = threading.Event(), random.Random(4711), 0
    guests = [Guest(one, listing(one, services, agent), number, stopping) for number in range(6)]
    for victim in VICTIMS * 2:
        for guest in guests:
            guest.may += NIGHTS_A_KILL
        time.sleep(dice.uniform(0.1, 0.5))
        backend = next(iter(services.backends(product)), None)
        amid += any(len(guest.keys) < guest.may for guest in guests)
        kill(victim, one, services, backend)
        bring_back(one, services)
    time.sleep(0.2)
    stopping.set()
    for guest in guests:
        guest.join(30)
        assert not guest.is_alive() and guest.wrong == []
    told = sum(len(guest.told) for guest in guests)
    print(f"{product}: {sum(len(guest.keys) for guest in guests)} asked, {told} acknowledged, {amid} of {2 * len(VICTIMS)} kills amid requests")
    assert told > 50 and amid >= len(VICTIMS)
    for guest in guests:
        rows = services.sql(product, f"SELECT id, status, note FROM bookings WHERE property_id = {guest.house}")
        found = {int(row[0]): row[1] for row in rows}
        assert len({row[2] for row in rows}) == len(rows), "a key with two bookings"
        wrong = {booking: (states, found.get(booking)) for booking, states in guest.told.items() if found.get(booking) not in states}
        assert wrong == {}, "acknowledged, and not so"
        assert services.sql(product, HALVES.format(house=guest.house)) == []
        unheard = [(key, first) for key, first in guest.keys if key not in {row[2] for row in rows}]
        for key, first in unheard[:3]:  # who heard nothing repeats, and has one
            settle(one, services, guest.house, guest.token, key, first=first, nights=1)
            assert len(written(services, product, guest.house, key)) == 1
    assert services.sql(product, OVERLAPS) == [["0"]]
