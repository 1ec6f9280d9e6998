"""Concurrent clients hold and cancel random nights; harness/history.py decides whether what they heard can have been so.

A longer run: BOOKINGS_HISTORY_SECONDS=60 BIN_DIR=$PWD/build/dev/bin PYTHONPATH=tests python3 -m pytest -q -s tests/test_bookings_history.py"""

import datetime
import os
import random
import threading
import time
import uuid

import pytest

from harness.bookings import BOOKINGS, CONTACT, listing, stays  # pylint: disable=unused-import
from harness.history import Op, problems

SECONDS = float(os.environ.get("BOOKINGS_HISTORY_SECONDS", "10"))
HOUSES, CLIENTS, KEPT_MAX = 20, 12, 8
DAYS = range(5, 60)
LIVE = "('hold', 'pending', 'confirmed', 'blocked')"


class Client(threading.Thread):
    """Holds nights, confirms some, cancels some of its own; writes down each call."""

    def __init__(self, app, houses, number, until):
        super().__init__(daemon=True)
        self.app, self.houses, self.until, self.chance = app, houses, until, random.Random(number)
        self.token = app.issuer.token(f"user_history_{number}", exp=int(time.time()) + 3600)
        self.today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7))).date()
        self.ops, self.mine, self.problem = [], [], None
        self.connection = app.connection()

    def run(self):
        try:
            while time.monotonic() < self.until:
                if self.mine and (len(self.mine) > KEPT_MAX or self.chance.random() < 0.35):
                    self.cancel(self.mine.pop(self.chance.randrange(len(self.mine))))
                else:
                    self.hold()
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = repr(problem)
        finally:
            self.connection.close()

    def call(self, path, body):
        """Reply or None, and when."""
        called = time.monotonic()
        try:
            reply = self.app.post(path, body, token=self.token, connection=self.connection)
        except OSError:
            self.connection.close()
            reply = None
        return reply, called, time.monotonic()

    def day(self, offset):
        return (self.today + datetime.timedelta(days=offset)).isoformat()

    def hold(self):
        house, first, nights, note = self.chance.choice(self.houses), self.chance.choice(DAYS), self.chance.randrange(1, 8), uuid.uuid4().hex
        reply, called, returned = self.call(BOOKINGS, {"property_id": house, "check_in": self.day(first), "check_out": self.day(first + nights), "guests": 2,
                                                       "contact": CONTACT, "note": note})
        op = Op("hold", house, first, nights, called, returned, "unknown", note=note)
        if reply is not None and reply.status in (200, 201):
            op.outcome, op.booking = "ok" if reply.status == 201 else "same", reply.json["id"]
            if op.outcome == "ok":
                self.mine.append(op)
                if self.chance.random() < 0.3:
                    self.confirm(op)
        elif reply is not None and reply.status == 409:
            assert reply.error["code"] == "DATES_UNAVAILABLE", reply.body
            named = [datetime.date.fromisoformat(row["message"]) for row in reply.error["details"]]
            op.outcome, op.named = "taken", tuple((day - self.today).days for day in named)
        else:
            assert reply is None or reply.status == 503, (reply.status, reply.body)
        self.ops.append(op)

    def confirm(self, held):
        reply, _, _ = self.call(f"{BOOKINGS}/{held.booking}/confirm", {"accept_terms": True})
        assert reply is None or reply.status in (200, 503), (reply.status, reply.body)

    def cancel(self, held):
        reply, called, returned = self.call(f"{BOOKINGS}/{held.booking}/cancel", {})
        outcome = {200: "ok", 409: "refused", 503: "unknown"}[reply.status] if reply is not None else "unknown"
        self.ops.append(Op("cancel", held.house, held.first, held.nights, called, returned, outcome, held.booking))


def lived(app, services, houses, seconds):
    """The history of so many seconds, and what is there in the end."""
    clients = [Client(app, houses, number, time.monotonic() + seconds) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(seconds + 60)
        assert not client.is_alive() and client.problem is None, client.problem
    listed = ", ".join(str(house) for house in houses)
    rows = {note: (int(booking), live == "t") for note, booking, live in
            services.sql(app.product, f"SELECT note, id, status IN {LIVE} FROM bookings WHERE property_id IN ({listed})")}
    return [op for client in clients for op in client.ops], rows


def counted(ops):
    found = {}
    for op in ops:
        found[f"{op.what} {op.outcome}"] = found.get(f"{op.what} {op.outcome}", 0) + 1
    return dict(sorted(found.items()))


def new_houses(stays, services, agent):
    return [listing(stays, services, agent) for _ in range(HOUSES)]


@pytest.fixture(scope="module")
def history(stays, services, agent):
    return lived(stays, services, new_houses(stays, services, agent), SECONDS)


def test_it_can_have_been_so(history, product):
    ops, rows = history
    counts = counted(ops)
    print(f"{product}, {SECONDS:.0f} s: {len(ops)} calls, {counts}")
    assert problems(ops, rows) == []
    assert counts["hold ok"] > 50 and counts["hold taken"] > 20 and counts["cancel ok"] > 20, counts


def lie(ops, what):
    """The same history with one thing that did not happen; None = nothing in it to lie about."""
    taken = [op for op in ops if op.outcome == "taken" and op.named]
    ended = {op.booking for op in ops if op.what == "cancel"}
    lasting = [op for op in ops if op.outcome == "ok" and op.what == "hold" and op.booking not in ended]
    if what == "won":  # the nights of a stay that nobody cancelled, won once more
        old = lasting[len(lasting) // 2]
        return ops + [Op("hold", old.house, old.first, old.nights, old.returned + 0.1, old.returned + 0.2, "ok", 10**12, note="lie")]
    if what == "refused":  # nights that are far from everybody's
        return ops + [Op("hold", taken[0].house, 200, 1, taken[0].called, taken[0].returned, "taken", named=(201, 202, 203))]
    old = lasting[len(lasting) // 2]  # named, and of a stay that nobody cancelled
    return ops + [Op("hold", old.house, old.first, 1, old.returned + 0.1, old.returned + 0.2, "taken", named=(old.first,))]


@pytest.mark.parametrize("what,wrong", [("won", "live at once"), ("refused", "nobody had them"), ("named", "named as free")])
def test_one_lie_in_it_is_found(history, what, wrong):
    ops, _ = history
    assert any(wrong in problem for problem in problems(lie(ops, what)))


def test_without_the_constraint_it_is_found(stays, services, product, agent):
    """The same clients, and a constraint of that name that constrains nothing: the checker sees it through HTTP alone."""
    houses = new_houses(stays, services, agent)
    rule = services.sql(product, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'bookings_no_overlap'")[0][0]
    swap = "ALTER TABLE bookings DROP CONSTRAINT bookings_no_overlap; ALTER TABLE bookings ADD CONSTRAINT bookings_no_overlap"
    services.sql(product, f"{swap} EXCLUDE USING gist (id WITH =)")
    try:
        ops, _ = lived(stays, services, houses, 2)
    finally:
        listed = ", ".join(str(house) for house in houses)
        services.sql(product, f"UPDATE bookings SET status = 'cancelled', hold_expires_at = NULL WHERE property_id IN ({listed}); {swap} {rule}")
    found = problems(ops)
    assert any("live at once" in problem for problem in found), counted(ops)
