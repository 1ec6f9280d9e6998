"""Stays from holding the nights to leaving: who may do what, who gets the nights, what time does to them."""

import os
import random
import re
import time
import uuid

import pytest

from conftest import other_product
from harness.app import App
from harness.bookings import BOOKINGS, CONTACT, PRICE, ask, confirm, day, hold, house, listing, move, quote, rates, stays, withdraw
from harness.brand import KNOWN
from harness.waiting import at_once, until

RACE_ROUNDS = int(os.environ.get("BOOKINGS_RACE_ROUNDS", "5"))
FIELDS = {"id", "property_id", "user_id", "status", "check_in", "check_out", "nights", "guests", "price", "cancellation_policy", "contact", "note",
          "hold_expires_at", "refund", "payment_reference", "version", "created_at", "updated_at"}


@pytest.fixture(scope="module")
def other_user(app):
    return app.token_of("user", sub="user_bookings_other")


@pytest.fixture(scope="module")
def other_agent(app):
    return app.token_of("agent", sub="user_bookings_other_agent")


def events(services, product, booking):
    return services.sql(product, f"""SELECT coalesce(from_status, ''), to_status, actor_kind, coalesce(reason, '') FROM booking_events
        WHERE booking_id = {booking['id']} ORDER BY id""")


def audits(services, product, booking):
    return [row[0] for row in services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'booking' AND entity_id = {booking['id']} ORDER BY id")]


def make_old(services, product, booking):
    services.sql(product, f"UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = {booking['id']}")


def status_of(app, booking, token):
    return app.get(f"{BOOKINGS}/{booking['id']}", token=token).json["status"]


# ---- one stay ----

def test_a_stay_from_hold_to_cancellation(stays, services, product, house, user):
    held = hold(stays, house, user, note="Late arrival", contact={**CONTACT, "phone": "+66 2 123 4567"})
    assert set(held) == FIELDS and held["status"] == "hold" and held["nights"] == 3 and held["hold_expires_at"] and held["refund"] is None
    assert held["price"] == {"lines": [{"code": "night", "label": "Nights", "quantity": 3, "unit_minor": PRICE, "amount_minor": 3 * PRICE}],
                             "total_minor": 3 * PRICE, "currency": "THB"}
    assert held["contact"]["phone"] == "+66 2 123 4567" and held["note"] == "Late arrival" and held["cancellation_policy"] == "moderate"
    minutes = services.sql(product, f"SELECT round(extract(epoch FROM hold_expires_at - created_at) / 60) FROM bookings WHERE id = {held['id']}")
    assert minutes == [["15"]]
    done = confirm(stays, held, user)
    assert done["status"] == "confirmed" and done["hold_expires_at"] is None and done["version"] == held["version"] + 1
    gone = move(stays, held, "cancel", user, {"reason": "Ill"})
    assert gone["status"] == "cancelled" and gone["refund"] == {"pct": 0, "amount_minor": 0}, "ten days before, moderate terms"
    assert events(services, product, held) == [["", "hold", "user", ""], ["hold", "confirmed", "user", ""], ["confirmed", "cancelled", "user", "Ill"]]
    assert audits(services, product, held) == ["booking.hold", "booking.confirmed", "booking.cancelled"]
    hold(stays, house, user)  # the nights are free at once


def test_a_host_who_wants_to_be_asked(stays, services, product, house, user, agent):
    rates(stays, house, agent, instant_book=False)
    held = hold(stays, house, user)
    assert confirm(stays, held, user)["status"] == "pending"
    assert move(stays, held, "approve", agent)["status"] == "confirmed"
    assert move(stays, held, "approve", agent, status=409)["error"]["code"] == "INVALID_STATE"
    second = hold(stays, house, user, first=20)
    confirm(stays, second, user)
    assert move(stays, second, "decline", agent, {"reason": "Repairs"})["status"] == "declined"
    assert events(services, product, second)[-1] == ["pending", "declined", "user", "Repairs"]
    hold(stays, house, user, first=20)


def test_who_leaves_does_not_keep_the_next_from_arriving(stays, house, user, other_user):
    hold(stays, house, user, first=10, nights=3)
    hold(stays, house, other_user, first=13, nights=2)
    hold(stays, house, other_user, first=8, nights=2)
    assert ask(stays, house, other_user, first=12, nights=1).status == 409


def test_taken_nights_say_when_as_many_are_free(stays, house, user, other_user):
    hold(stays, house, user, first=10, nights=3)
    refused = ask(stays, house, other_user, first=11, nights=2)
    assert refused.status == 409 and refused.error["code"] == "DATES_UNAVAILABLE"
    details = refused.error["details"]
    assert [row["field"] for row in details] == ["next_available"] * 3 and [row["message"] for row in details] == [day(13), day(8), day(14)]
    assert ask(stays, house, other_user, first=13, nights=2).status == 201


def test_the_same_nights_again_are_the_same_hold(stays, house, user):
    first = hold(stays, house, user)
    again = ask(stays, house, user)
    assert again.status == 200 and again.json == first
    assert ask(stays, house, user, nights=2).status == 409, "other nights"
    confirm(stays, first, user)
    assert ask(stays, house, user).status == 409, "no hold any more"


def test_sent_twice_it_is_one(stays, services, product, house, user):
    key = {"Idempotency-Key": uuid.uuid4().hex}
    first, second = (ask(stays, house, user, headers=key) for _ in range(2))
    assert first.status == second.status == 201 and first.json == second.json and second.headers["idempotent-replayed"] == "true"
    assert services.sql(product, f"SELECT count(*) FROM bookings WHERE property_id = {house}") == [["1"]]


# ---- what is refused ----

@pytest.mark.parametrize("more,field", [
    ({"first": -1}, "check_in"), ({"nights": 0}, "check_out"), ({"nights": 366}, "check_out"), ({"guests": 0}, "guests"), ({"guests": 5}, "guests"),
    ({"contact": {"name": "Ann"}}, "contact.email"), ({"contact": {**CONTACT, "email": "ann"}}, "contact.email"), ({"contact": {**CONTACT, "name": " "}}, "contact.name"),
    ({"note": "x" * 2001}, "note"), ({"quote_token": "x"}, "quote_token"), ({"check_in": "2027-02-29"}, "check_in"),
])
def test_limits(stays, services, agent, user, more, field):
    house = listing(stays, services, agent, max_guests=4)
    reply = ask(stays, house, user, **more)
    assert reply.status == 422 and reply.error["details"][0]["field"] == field, reply.body


def test_limits_that_fit(stays, services, agent, user):
    house = listing(stays, services, agent, max_guests=4)
    hold(stays, house, user, first=0, nights=365, guests=4, note="x" * 2000)


def test_listings_that_cannot_be_booked(stays, services, product, agent, user):
    sale = listing(stays, services, agent, listing_type="sale")
    for missing in (listing(stays, services, agent, status="draft"), sale, 999999999):
        reply = ask(stays, missing, user)
        assert reply.status == 404 and reply.error["message"] == "Property not found"
    own = listing(stays, services, agent, status="withdrawn")
    assert ask(stays, own, agent).status == 404, "its host neither"


def test_wrong_actors(stays, services, product, house, user, other_user, agent, other_agent, admin):
    held = hold(stays, house, user)
    path = f"{BOOKINGS}/{held['id']}"
    assert stays.get(path).status == 401 and ask(stays, house, None, first=50).status == 401
    for stranger in (other_user, other_agent):
        assert stays.get(path, token=stranger).status == 404
        assert stays.post(f"{path}/confirm", {"accept_terms": True}, token=stranger).status == 404
        assert stays.post(f"{path}/cancel", {}, token=stranger).status == 404
        assert held["id"] not in [row["id"] for row in stays.get(f"{BOOKINGS}?limit=100", token=stranger).json["data"]]
    for host in (agent, admin):
        assert stays.get(path, token=host).status == 200
        assert stays.post(f"{path}/confirm", {"accept_terms": True}, token=host).status == 404, "only the guest may"
        assert stays.get(f"{BOOKINGS}?property_id={house}", token=host).json["data"] == [stays.get(path, token=user).json]
    for what in ("approve", "decline"):
        assert stays.post(f"{path}/{what}", token=user).status == 403
        assert stays.post(f"{path}/{what}", token=other_agent).status == 404
        assert stays.post(f"{path}/{what}", token=agent).status == 409, "nobody asked yet"
    assert stays.post(f"{path}/confirm", {"accept_terms": False}, token=user).status == 422
    assert status_of(stays, held, user) == "hold"


def test_an_agent_cannot_approve_a_stay_of_their_own_elsewhere(stays, services, house, agent, other_agent):
    rates(stays, house, agent, instant_book=False)
    held = hold(stays, house, other_agent)
    assert confirm(stays, held, other_agent)["status"] == "pending"
    move(stays, held, "approve", other_agent, status=404)


def test_lists(stays, services, agent, user):
    house = listing(stays, services, agent)
    made = [hold(stays, house, user, first=first) for first in (10, 20, 30)]
    ids = [row["id"] for row in reversed(made)]
    confirm(stays, made[1], user)

    def found(query, token=agent):
        reply = stays.get(f"{BOOKINGS}?property_id={house}{query}", token=token)
        assert reply.status == 200, reply.body
        return reply.json

    assert [row["id"] for row in found("")["data"]] == ids
    first = found("&limit=2&count=exact")
    assert [row["id"] for row in first["data"]] == ids[:2] and first["has_more"] and first["total"] == 3
    assert [row["id"] for row in found(f"&limit=2&cursor={first['next_cursor']}")["data"]] == ids[2:]
    assert [row["id"] for row in found("&status=confirmed")["data"]] == [made[1]["id"]]
    assert [row["id"] for row in found(f"&from={day(13)}&to={day(20)}")["data"]] == [], "half open at both ends"
    assert [row["id"] for row in found(f"&from={day(12)}&to={day(21)}")["data"]] == [made[1]["id"], made[0]["id"]]


# ---- money back ----

@pytest.mark.parametrize("policy,first,pct", [
    ("flexible", 7, 100), ("flexible", 6, 50), ("flexible", 1, 50), ("flexible", 0, 0), ("moderate", 30, 100), ("moderate", 29, 50), ("moderate", 14, 50),
    ("moderate", 13, 0), ("strict", 30, 100), ("strict", 29, 0)])
def test_refunds(stays, services, product, agent, user, policy, first, pct):
    house = listing(stays, services, agent, cancellation_policy=policy, price_minor=33333)
    held = hold(stays, house, user, first=first, nights=1)
    confirm(stays, held, user)
    services.sql(product, f"UPDATE properties SET cancellation_policy = 'strict' WHERE id = {house}")  # what was agreed stays
    assert move(stays, held, "cancel", user, {})["refund"] == {"pct": pct, "amount_minor": 33333 * pct // 100}


def test_hosts_give_everything_back(stays, house, user, agent, admin):
    for first, who in ((1, agent), (5, admin)):
        held = hold(stays, house, user, first=first)
        confirm(stays, held, user)
        assert move(stays, held, "cancel", who, {"reason": "Roof"})["refund"] == {"pct": 100, "amount_minor": 3 * PRICE}
        move(stays, held, "cancel", who, {}, status=409)


def test_early_departure(stays, services, product, house, user, other_user, agent, admin):
    held = hold(stays, house, user, nights=5)
    body = {"early_departure": {"date": day(12)}, "reason": "Flight"}
    assert move(stays, held, "cancel", admin, body, status=409)["error"]["code"] == "INVALID_STATE"
    confirm(stays, held, user)
    for who in (user, agent):
        move(stays, held, "cancel", who, body, status=403)
    for outside in (day(10), day(15), day(16)):
        reply = move(stays, held, "cancel", admin, {"early_departure": {"date": outside}}, status=422)
        assert reply["error"]["details"][0]["field"] == "early_departure.date"
    short = move(stays, held, "cancel", admin, body)
    assert short["status"] == "confirmed" and short["check_out"] == day(12) and short["nights"] == 2 and short["refund"] is None
    assert short["price"] == held["price"] and audits(services, product, held)[-1] == "booking.shortened"
    hold(stays, house, other_user, first=12, nights=3)


# ---- time ----

def test_a_hold_that_is_over_cannot_be_confirmed(stays, services, product, house, user):
    held = hold(stays, house, user)
    make_old(services, product, held)
    assert move(stays, held, "confirm", user, {"accept_terms": True}, status=410)["error"]["code"] == "HOLD_EXPIRED"


def test_a_hold_that_is_over_gives_way(stays, services, product, house, user, other_user):
    held = hold(stays, house, user)
    assert ask(stays, house, other_user).status == 409
    make_old(services, product, held)
    hold(stays, house, other_user)
    assert status_of(stays, held, user) == "expired"
    assert events(services, product, held)[-1] == ["hold", "expired", "system", ""] and audits(services, product, held)[-1] == "booking.expired"
    assert move(stays, held, "confirm", user, {"accept_terms": True}, status=410)["error"]["code"] == "HOLD_EXPIRED"


def test_the_job_expires_holds_and_completes_stays(stays, services, product, house, user):
    old = hold(stays, house, user)
    past = confirm(stays, hold(stays, house, user, first=20), user)
    services.sql(product, f"UPDATE bookings SET stay = daterange(current_date - 9, current_date - 5) WHERE id = {past['id']}")
    make_old(services, product, old)
    services.sql(product, "INSERT INTO jobs (kind) VALUES ('bookings.times')")
    until(lambda: status_of(stays, old, user) == "expired" and status_of(stays, past, user) == "completed", seconds=20)
    assert events(services, product, past)[-1] == ["confirmed", "completed", "system", ""]
    move(stays, past, "cancel", user, {}, status=409)


# ---- quotes that are kept to ----

def test_a_quote_pins_the_price(stays, services, product, house, user, agent):
    offered = quote(stays, house).json
    rates(stays, house, agent, base_nightly_minor=2 * PRICE)
    assert quote(stays, house).json["total_minor"] == 6 * PRICE
    assert hold(stays, house, user, quote_token=offered["quote_token"])["price"]["total_minor"] == 3 * PRICE
    assert hold(stays, house, user, first=20)["price"]["total_minor"] == 6 * PRICE


def test_a_quote_in_another_currency(stays, services, product, house, user):
    offered = quote(stays, house, currency="USD").json
    assert offered["currency"] == "USD" and 0 < offered["total_minor"] < 3 * PRICE and offered["total_minor"] == sum(line["amount_minor"] for line in offered["lines"])
    booked = hold(stays, house, user, quote_token=offered["quote_token"])["price"]
    assert booked == {key: offered[key] for key in ("lines", "total_minor", "currency")}


def test_a_quote_is_kept_to_line_by_line(stays, services, product, house, user, agent):
    rates(stays, house, agent, weekend_nightly_minor=2 * PRICE, cleaning_fee_minor=333, extra_guest_minor=77, extra_guest_from=1,
          weekly_discount_pct=12.5, tax_pct=7)
    offered = quote(stays, house, nights=9).json
    assert {line["code"] for line in offered["lines"]} == {"night", "cleaning_fee", "extra_guest", "weekly_discount", "tax"}
    rates(stays, house, agent, base_nightly_minor=2 * PRICE)
    booked = hold(stays, house, user, nights=9, quote_token=offered["quote_token"])["price"]
    assert booked == {key: offered[key] for key in ("lines", "total_minor", "currency")}


def test_quotes_that_are_not_for_this_stay(stays, services, product, house, user, agent):
    token = quote(stays, house).json["quote_token"]
    other = listing(stays, services, agent)
    forged = [token[:-2] + ("AA" if not token.endswith("AA") else "BB"), "A" * len(token), token[4:], token + "AAAA", "%%%", "A"]
    for wrong in forged:
        reply = ask(stays, house, user, quote_token=wrong)
        assert reply.status == 422 and reply.error["details"][0]["field"] == "quote_token", wrong
    for more in ({"first": 11}, {"nights": 4}, {"guests": 1}):
        assert ask(stays, house, user, quote_token=token, **more).status == 422, more
    assert ask(stays, other, user, quote_token=token).status == 422
    assert ask(stays, house, user, quote_token="A" * 32768).status == 422 and ask(stays, house, user, quote_token="A" * 32769).status == 422


def test_quotes_of_another_product(stays, services, product, house, user):
    """Same key material on purpose: the product is part of what is signed."""
    other = App(other_product(product), services, issuer=stays.issuer, BOOKINGS_ENABLED="true")
    assert other.command("migrate").returncode == 0
    other.start()
    try:
        agent = other.token_of("agent", sub="user_bookings_elsewhere")
        there = listing(other, services, agent)
        services.sql(other.product, f"SELECT setval('properties_id_seq', greatest({house}, {there}))")
        token = quote(other, there).json["quote_token"]
        reply = ask(stays, house, user, quote_token=token)
        assert reply.status == 422 and reply.error["details"][0] == {"field": "quote_token", "code": "VALIDATION_ERROR", "message": "is not a quote of ours"}
    finally:
        other.stop()


# ---- races ----

OVERLAPS = """SELECT count(*) FROM bookings a JOIN bookings b ON a.property_id = b.property_id AND a.id < b.id AND a.stay && b.stay
    WHERE a.status IN ('hold', 'pending', 'confirmed', 'blocked') AND b.status IN ('hold', 'pending', 'confirmed', 'blocked')"""


def patiently(call):
    """Again while the server says that it is busy."""
    for _ in range(50):
        reply = call()
        if reply.status != 503:
            return reply
    return reply


def test_of_many_exactly_one_gets_the_nights(stays, services, product, house, app):
    """More of it: BOOKINGS_RACE_ROUNDS=100 BIN_DIR=$PWD/build/dev/bin PYTHONPATH=tests python3 -m pytest -q -s tests/test_bookings.py -k of_many"""
    tokens = [app.token_of("user", sub=f"user_race_{i}") for i in range(64)]
    for number in range(RACE_ROUNDS):
        replies = at_once(64, lambda i: patiently(lambda: ask(stays, house, tokens[i], first=10 + 5 * number)))
        statuses = sorted(reply.status for reply in replies)
        assert statuses == [201] + [409] * 63, statuses
        assert {reply.error["code"] for reply in replies if reply.status == 409} == {"DATES_UNAVAILABLE"}
    print(f"{product}: {RACE_ROUNDS} rounds of 64, one winner each")
    assert services.sql(product, OVERLAPS) == [["0"]]


def test_one_guest_in_a_hurry_has_one_hold(stays, house, user):
    replies = at_once(16, lambda i: patiently(lambda: ask(stays, house, user)))
    assert sorted(reply.status for reply in replies) == [200] * 15 + [201] and len({reply.json["id"] for reply in replies}) == 1


@pytest.fixture(scope="module")
def strict(app, product, services):
    """As it comes: so many holds at a time."""
    one = App(product, services, issuer=app.issuer, BOOKINGS_ENABLED="true")
    one.start()
    yield one
    assert one.stop() == 0


LIVE = "SELECT count(*) FROM bookings b JOIN users u ON u.id = b.user_id WHERE u.clerk_user_id = '{}' AND b.status = 'hold' AND b.hold_expires_at > now()"


def test_three_holds_at_a_time(strict, services, product, agent):
    guest, neighbour = (strict.token_of("user", sub=f"user_holds_{uuid.uuid4().hex}") for _ in range(2))
    house = listing(strict, services, agent)
    held = [hold(strict, house, guest, first=10 * number) for number in (1, 2, 3)]

    def refused(**more):
        reply = ask(strict, house, guest, first=40, **more)
        return reply.status == 409 and reply.error["code"] == "CONFLICT" and "as many bookings as one may" in reply.error["message"]

    assert refused() and refused(nights=1)
    again = ask(strict, house, guest, first=10)
    assert again.status == 200 and again.json == held[0], "one of the three"
    hold(strict, house, neighbour, first=40)
    move(strict, hold(strict, house, neighbour, first=50), "cancel", neighbour, {})
    confirm(strict, held[0], guest)
    fourth = hold(strict, house, guest, first=50)
    assert refused()
    move(strict, held[1], "cancel", guest, {})
    hold(strict, house, guest, first=60)
    assert refused()
    make_old(services, product, fourth)
    hold(strict, listing(strict, services, agent), guest, first=40)  # elsewhere too
    assert refused()


def test_one_guest_in_a_hurry_never_has_more_than_three(strict, services, product, agent):
    houses = [listing(strict, services, agent) for _ in range(4)]
    for number in range(3):
        sub = f"user_hurry_{uuid.uuid4().hex}"
        guest = strict.token_of("user", sub=sub)
        replies = at_once(16, lambda i: patiently(lambda: ask(strict, houses[i % 4], guest, first=5 * (i // 4 + 1) + 20 * number, nights=2)))
        assert sorted(reply.status for reply in replies) == [201] * 3 + [409] * 13
        assert {reply.error["code"] for reply in replies if reply.status == 409} == {"CONFLICT"}
        assert services.sql(product, LIVE.format(sub)) == [["3"]]


def test_as_many_holds_as_is_set(start, services, agent):
    one = start(BOOKINGS_ENABLED="true", HOLDS_PER_USER="1")
    guest = one.token_of("user", sub=f"user_one_hold_{uuid.uuid4().hex}")
    house = listing(one, services, one.token_of("agent"))
    hold(one, house, guest)
    assert ask(one, house, guest, first=20).status == 409


def test_random_stays_never_overlap(stays, services, product, agent, app):
    houses = [listing(stays, services, agent) for _ in range(3)]
    tokens = [app.token_of("user", sub=f"user_race_{i}") for i in range(12)]
    seen = [set() for _ in tokens]

    def live(i):
        chance = random.Random(i)
        mine = []
        for _ in range(25):
            if mine and chance.random() < 0.4:
                booking = mine.pop(chance.randrange(len(mine)))
                seen[i].add(patiently(lambda: stays.post(f"{BOOKINGS}/{booking['id']}/cancel", {}, token=tokens[i])).status)
                continue
            reply = patiently(lambda: ask(stays, chance.choice(houses), tokens[i], first=chance.randrange(5, 40), nights=chance.randrange(1, 8)))
            seen[i].add(reply.status)
            if reply.status == 201:
                mine.append(reply.json)
                if chance.random() < 0.5:
                    seen[i].add(patiently(lambda: stays.post(f"{BOOKINGS}/{reply.json['id']}/confirm", {"accept_terms": True}, token=tokens[i])).status)
        return len(mine)

    assert sum(at_once(len(tokens), live)) > 0
    assert set().union(*seen) == {200, 201, 409}
    assert services.sql(product, OVERLAPS) == [["0"]]


def test_of_two_moves_one_wins(stays, services, product, house, user, agent):
    for number in range(10):
        held = hold(stays, house, user, first=10 + 4 * number)
        moves = [("confirm", {"accept_terms": True}), ("confirm", {"accept_terms": True})]
        replies = at_once(2, lambda i: patiently(lambda: stays.post(f"{BOOKINGS}/{held['id']}/{moves[i][0]}", moves[i][1], token=user)))
        assert sorted(reply.status for reply in replies) == [200, 409]
        assert [reply.error["code"] for reply in replies if reply.status == 409] == ["INVALID_STATE"]
        assert [row[1] for row in events(services, product, held)] == ["hold", "confirmed"]


def test_cancelled_by_guest_and_host_at_once_it_is_cancelled_once(stays, services, product, house, user, agent):
    for number in range(10):
        held = hold(stays, house, user, first=10 + 4 * number)
        confirm(stays, held, user)
        replies = at_once(2, lambda i: patiently(lambda: stays.post(f"{BOOKINGS}/{held['id']}/cancel", {}, token=(user, agent)[i])))
        assert sorted(reply.status for reply in replies) == [200, 409]
        assert [row[1] for row in events(services, product, held)] == ["hold", "confirmed", "cancelled"]


# ---- all together ----

def test_the_overview_counts(stays, services, product, agent, user, other_user, admin):
    def read():
        reply = stays.get("/api/v1/admin/overview", token=admin)
        assert reply.status == 200, reply.body
        return reply.json

    house = listing(stays, services, agent)
    rates(stays, house, agent, instant_book=False)
    before = read()
    held = [hold(stays, house, user, first=first, nights=1) for first in (10, 12, 14, 16)]
    services.sql(product, f"UPDATE bookings SET hold_expires_at = now() + interval '4 minutes' WHERE id = {held[1]['id']}")
    make_old(services, product, held[2])
    move(stays, held[3], "cancel", user, {})
    asked = [confirm(stays, hold(stays, house, other_user, first=first, nights=1), other_user) for first in (20, 22, 24)]
    move(stays, asked[0], "decline", agent)
    services.sql(product, f"UPDATE bookings SET stay = daterange('{day(-1)}', '{day(1)}') WHERE id = {asked[1]['id']}")
    for first in (6, 7, 40):
        move(stays, confirm(stays, hold(stays, house, other_user, first=first, nights=1), other_user), "approve", agent)
    past = move(stays, confirm(stays, hold(stays, house, user, first=50, nights=1), user), "approve", agent)
    services.sql(product, f"UPDATE bookings SET status = 'completed', stay = daterange('{day(-9)}', '{day(-8)}') WHERE id = {past['id']}")
    services.sql(product, f"UPDATE bookings SET created_at = now() - interval '2 days' WHERE id = {past['id']}")
    assert stays.post(f"/api/v1/properties/{house}/blocks", {"from": day(60), "to": day(61), "reason": "x"}, token=agent).status == 201
    after = read()
    grown = {name: after["bookings"][name] - before["bookings"][name] for name in after["bookings"]}
    assert grown == {"hold": 2, "pending": 2, "confirmed": 3, "completed": 1, "cancelled": 1, "declined": 1, "expired": 1,
                     "holds_expiring": 1, "requests_waiting": 1, "next_arrivals": 1}
    assert [after[name]["bookings"] - before[name]["bookings"] for name in ("last_24h", "last_7d", "last_30d")] == [10, 11, 11]


# ---- off ----

def test_off_it_is_gone(start, user):
    one = start(BOOKINGS_ENABLED="false")
    for reply in (one.get(BOOKINGS, token=user), one.post(BOOKINGS, {}, token=user), one.get("/api/v1/properties/1/availability"), one.get("/api/v1/properties/1/quote"),
                  one.get("/api/v1/properties/1/rates", token=user)):
        assert reply.status == 404 and reply.error["code"] == "FEATURE_DISABLED"
    assert not any(re.search("bookings|availability|quote|rates|blocks", path) for path in one.get("/openapi.json").json["paths"])
    assert one.get("/api/v1/config").json["features"]["bookings"] is False
    overview = one.get("/api/v1/admin/overview", token=one.token_of("admin"))
    assert overview.status == 200 and "bookings" not in overview.json and "bookings" not in overview.json["last_24h"]


def test_old_rounds_are_forgotten(stays, services, product):
    made = services.sql(product, """INSERT INTO jobs (kind, status, created_at) SELECT 'bookings.times', s, now() - make_interval(hours => h)
        FROM (VALUES ('done', 25), ('done', 23), ('failed', 25)) v (s, h) RETURNING id""")
    services.sql(product, "INSERT INTO jobs (kind) VALUES ('bookings.times')")
    until(lambda: services.sql(product, f"SELECT id FROM jobs WHERE id IN ({', '.join(row[0] for row in made)}) ORDER BY id") == made[1:], seconds=20)


def test_it_comes_round(stays, services, product):
    assert services.sql(product, "SELECT count(*) > 0 FROM jobs WHERE kind = 'bookings.times' AND dedupe_key = kind") == [["t"]]


def test_by_default(app, product):
    on = KNOWN[product]["features"]["bookings"]
    assert app.get("/api/v1/config").json["features"]["bookings"] is on
    assert app.get(BOOKINGS).status == (401 if on else 404)
    assert ("/api/v1/bookings" in app.get("/openapi.json").json["paths"]) is on
