"""What stays cost and when they can be had: rates and rules, quotes, calendars, blocked nights, the filter by dates."""

import datetime
import threading

import pytest

from harness.bookings import BOOKINGS, PRICE, ask, confirm, day, hold, house, listing, quote, rates, stays, withdraw

RULE = {"from": day(10), "to": day(20)}


@pytest.fixture(scope="module")
def other_agent(app):
    return app.token_of("agent", sub="user_rates_other_agent")


def path(house, what="rates"):
    return f"/api/v1/properties/{house}/{what}"


def calendar(app, house, first=0, days=30, token=None):
    reply = app.get(f"{path(house, 'availability')}?from={day(first)}&to={day(first + days)}", token=token)
    assert reply.status == 200, reply.body
    return reply.json


def next_weekday(weekday, after=10):
    """Offset of the first such day (0 = Monday) from then on."""
    return next(after + i for i in range(7) if datetime.date.fromisoformat(day(after + i)).weekday() == weekday)


# ---- rates ----

def test_without_rates_the_price_of_the_listing_counts(stays, house, agent):
    reply = stays.get(path(house), token=agent)
    assert reply.status == 200 and reply.json == {
        "property_id": house, "currency": "THB", "base_nightly_minor": PRICE, "weekend_nightly_minor": None, "cleaning_fee_minor": 0, "extra_guest_minor": 0,
        "extra_guest_from": None, "weekly_discount_pct": 0, "monthly_discount_pct": 0, "tax_pct": 0, "min_nights": 1, "max_nights": 365, "instant_book": True,
        "rules": [], "version": 0}
    assert quote(stays, house).json["total_minor"] == 3 * PRICE


def test_rates_are_set_as_a_whole(stays, services, product, house, agent):
    rule = {**RULE, "nightly_minor": 150000, "min_nights": 2, "max_nights": 9, "closed_to_arrival_dow": [0], "closed_to_departure_dow": [6, 0], "priority": 5}
    full = {"base_nightly_minor": 90000, "weekend_nightly_minor": 120000, "cleaning_fee_minor": 30000, "extra_guest_minor": 10000, "extra_guest_from": 2,
            "weekly_discount_pct": 10.5, "monthly_discount_pct": 20, "tax_pct": 7.125, "min_nights": 2, "max_nights": 60, "instant_book": False, "rules": [rule]}
    made = rates(stays, house, agent, **full)
    assert made == {**full, "property_id": house, "currency": "THB", "version": 1}
    again = rates(stays, house, agent)
    assert again["version"] == 2 and again["rules"] == [] and again["cleaning_fee_minor"] == 0 and again["instant_book"] is True and again["weekend_nightly_minor"] is None
    assert services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'property' AND entity_id = {house} AND action = 'property.rates'") == [["property.rates"]] * 2


def test_rates_have_versions(stays, house, agent):
    first = rates(stays, house, agent)
    tag = stays.get(path(house), token=agent).headers["etag"]
    rates(stays, house, agent, headers={"If-Match": tag}, base_nightly_minor=1)
    assert rates(stays, house, agent, headers={"If-Match": tag}, status=412)["error"]["code"] == "PRECONDITION_FAILED"
    assert stays.get(path(house), token=agent).json["version"] == first["version"] + 1


def test_only_hosts_see_and_set_rates(stays, services, house, user, agent, other_agent, admin):
    for method in (stays.get, lambda where, token=None: stays.put(where, {"base_nightly_minor": 1}, token=token)):
        assert method(path(house)).status == 401
        assert method(path(house), token=user).status == 403
        assert method(path(house), token=other_agent).status == 404
        assert method(path(999999999), token=agent).status == 404
        assert method(path(house), token=admin).status == 200
    assert stays.get(path(listing(stays, services, agent, listing_type="sale")), token=agent).status == 404, "not let by the night"
    assert stays.get(path(listing(stays, services, agent, status="draft")), token=agent).status == 200


def test_two_rules_of_one_priority_have_no_day_in_common(stays, house, agent):
    touching = [{"from": day(10), "to": day(20)}, {"from": day(20), "to": day(30)}, {"from": day(5), "to": day(40), "priority": 1}]
    assert len(rates(stays, house, agent, rules=touching)["rules"]) == 3
    refused = rates(stays, house, agent, rules=[*touching, {"from": day(29), "to": day(31)}], status=409)
    assert refused["error"]["code"] == "CONFLICT"
    assert len(stays.get(path(house), token=agent).json["rules"]) == 3, "nothing was set"


@pytest.mark.parametrize("columns,field", [
    ({"base_nightly_minor": -1}, "base_nightly_minor"), ({"base_nightly_minor": 10**15 + 1}, "base_nightly_minor"), ({"base_nightly_minor": 1.5}, "base_nightly_minor"),
    ({"tax_pct": 100.5}, "tax_pct"), ({"weekly_discount_pct": -1}, "weekly_discount_pct"), ({"min_nights": 0}, "min_nights"), ({"max_nights": 366}, "max_nights"),
    ({"min_nights": 5, "max_nights": 4}, "max_nights"), ({"extra_guest_from": 0}, "extra_guest_from"),
    ({"rules": [{"from": day(10), "to": day(10)}]}, "rules.to"), ({"rules": [{"from": day(10), "to": day(9)}]}, "rules.to"),
    ({"rules": [{**RULE, "min_nights": 3, "max_nights": 2}]}, "rules.max_nights"), ({"rules": [{**RULE, "closed_to_arrival_dow": [7]}]}, "rules.closed_to_arrival_dow"),
    ({"rules": [{**RULE, "closed_to_departure_dow": ["x"]}]}, "rules.closed_to_departure_dow"),
    ({"rules": [{"from": day(i), "to": day(i + 1)} for i in range(101)]}, "rules"),
])
def test_limits(stays, house, agent, columns, field):
    assert rates(stays, house, agent, status=422, **columns)["error"]["details"][0]["field"] == field


def test_limits_that_fit(stays, house, agent):
    rates(stays, house, agent, base_nightly_minor=10**15, tax_pct=100, weekly_discount_pct=100, min_nights=365, max_nights=365,
          rules=[{"from": day(i), "to": day(i + 1), "nightly_minor": i} for i in range(100)])


def test_a_price_that_does_not_fit_is_refused(stays, services, product, house, agent):
    rates(stays, house, agent)
    services.sql(product, f"UPDATE rate_plans SET base_nightly_minor = {2**62} WHERE property_id = {house}")
    assert quote(stays, house, nights=1).status == 200
    assert quote(stays, house, nights=3).status == 422


# ---- quotes ----

def test_what_a_quote_says(stays, house, agent):
    friday = next_weekday(4)
    rates(stays, house, agent, weekend_nightly_minor=150000, cleaning_fee_minor=50000, extra_guest_minor=10000, extra_guest_from=2, weekly_discount_pct=10, tax_pct=7)
    said = quote(stays, house, first=friday, nights=7, guests=3).json
    assert set(said) == {"available", "reasons", "nights", "lines", "total_minor", "currency", "cancellation", "quote_token", "expires_at"}
    assert said["available"] and said["reasons"] == [] and said["nights"] == 7 and said["currency"] == "THB"
    assert [(line["code"], line["quantity"], line["unit_minor"], line["amount_minor"]) for line in said["lines"]] == [
        ("night", 2, 150000, 300000), ("night", 5, PRICE, 500000), ("weekly_discount", 1, -80000, -80000), ("extra_guest", 7, 10000, 70000),
        ("cleaning_fee", 1, 50000, 50000), ("tax", 1, 58800, 58800)]
    assert said["total_minor"] == sum(line["amount_minor"] for line in said["lines"]) == 898800
    assert said["cancellation"]["code"] == "moderate" and said["cancellation"]["summary"]


def test_until_when_cancelling_is_free(stays, services, agent):
    house = listing(stays, services, agent, cancellation_policy="flexible")
    assert quote(stays, house, first=30).json["cancellation"]["free_until"] == day(23)
    assert quote(stays, house, first=7).json["cancellation"]["free_until"] == day(0)
    assert quote(stays, house, first=6).json["cancellation"]["free_until"] is None


def test_why_a_stay_cannot_be_had(stays, services, agent, user):
    house = listing(stays, services, agent, max_guests=4)
    friday = next_weekday(4)
    rates(stays, house, agent, min_nights=2, max_nights=10, rules=[
        {"from": day(friday), "to": day(friday + 30), "min_nights": 3, "closed_to_arrival_dow": [5], "closed_to_departure_dow": [1]}])
    hold(stays, house, user, first=friday + 40, nights=3)

    def reasons(**more):
        said = quote(stays, house, **more).json
        assert said["available"] == (said["reasons"] == [])
        return said["reasons"]

    assert reasons(first=-1, nights=2) == ["past_date"]
    assert reasons(first=1, nights=1) == ["min_nights"] and reasons(first=1, nights=2) == []
    assert reasons(first=friday + 1, nights=2) == ["min_nights", "closed_to_departure"] and reasons(first=friday + 1, nights=3) == []
    assert reasons(first=friday + 50, nights=11) == ["max_nights"] and reasons(first=friday + 50, nights=10) == []
    assert reasons(first=friday + 50, guests=5) == ["too_many_guests"] and reasons(first=friday + 50, guests=4) == []
    assert reasons(first=friday, nights=4) == ["closed_to_arrival"]
    assert reasons(first=friday + 6, nights=4) == ["closed_to_departure"], "a Monday"
    assert reasons(first=friday + 42, nights=3) == ["dates_unavailable"] and reasons(first=friday + 43, nights=3) == []
    for more, field in (({"first": friday, "nights": 4}, "check_in"), ({"first": friday + 6, "nights": 4}, "check_out"), ({"first": 1, "nights": 1}, "check_out")):
        refused = ask(stays, house, user, **more)
        assert refused.status == 422 and refused.error["details"][0]["field"] == field


def test_quotes_that_cannot_be_asked_for(stays, services, house, agent, user):
    for missing in (listing(stays, services, agent, status="draft"), listing(stays, services, agent, listing_type="sale"), 999999999):
        assert quote(stays, missing).status == 404
    assert quote(stays, listing(stays, services, agent, status="draft"), token=agent).status == 200, "its host may look"
    for wrong in ({"nights": 0}, {"nights": -1}, {"nights": 366}, {"guests": 0}, {"guests": 1001}, {"currency": "ZZZ"}, {"other": 1}):
        assert quote(stays, house, **wrong).status == 422, wrong
    assert quote(stays, house, nights=365).status == 200
    for dates in ("check_in=2027-02-29&check_out=2027-03-02", "check_in=x&check_out=2027-03-02", f"check_in={day(1)}"):
        assert stays.get(f"{path(house, 'quote')}?{dates}&guests=1").status == 422, dates


def test_29_february_is_a_night(stays, house):
    said = stays.get(f"{path(house, 'quote')}?check_in=2028-02-28&check_out=2028-03-01&guests=1").json
    assert said["nights"] == 2 and said["total_minor"] == 2 * PRICE
    days = stays.get(f"{path(house, 'availability')}?from=2028-02-28&to=2028-03-02").json["days"]
    assert [row["date"] for row in days] == ["2028-02-28", "2028-02-29", "2028-03-01"]


@pytest.mark.parametrize("zone,first,last", [("Europe/Berlin", "2028-03-25", "2028-03-28"), ("America/New_York", "2027-11-06", "2027-11-09"), ("Asia/Bangkok", "2028-03-25", "2028-03-28")])
def test_clocks_that_change_do_not_change_nights(stays, services, agent, user, zone, first, last):
    house = listing(stays, services, agent, time_zone=zone)
    said = stays.get(f"{path(house, 'quote')}?check_in={first}&check_out={last}&guests=1").json
    assert said["nights"] == 3 and said["total_minor"] == 3 * PRICE
    made = stays.post(BOOKINGS, {"property_id": house, "check_in": first, "check_out": last, "guests": 1, "contact": {"name": "Ann", "email": "a@example.com"}}, token=user)
    assert made.status == 201 and made.json["nights"] == 3
    assert stays.get(f"{path(house, 'availability')}?from={first}&to={last}").json["time_zone"] == zone


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_that_of_the_place(stays, services, product, agent, zone):
    """The two are 25 hours apart: never on the same day."""
    house = listing(stays, services, agent, time_zone=zone)
    today = services.sql(product, f"SELECT (now() AT TIME ZONE '{zone}')::date, (now() AT TIME ZONE '{zone}')::date - 1")[0]
    stays_then = stays.get(f"{path(house, 'availability')}?from={today[1]}&to={(datetime.date.fromisoformat(today[0]) + datetime.timedelta(days=1)).isoformat()}").json["days"]
    assert [row["available"] for row in stays_then] == [False, True]


def test_the_zone_of_the_rules_comes_first_if_there_is_one_like_it(stays, services, product, agent):
    for zone, shown in (("Europe/Berlin", "Europe/Berlin"), ("Mars/Olympus", "Asia/Bangkok")):
        house = listing(stays, services, agent, stay_rules='{"time_zone": "%s", "min_nights": 2, "max_nights": 5}' % zone)
        said = calendar(stays, house, days=1)
        assert said["time_zone"] == shown and said["days"][0]["min_nights"] == 2 and said["days"][0]["max_nights"] == 5


# ---- calendars ----

def test_what_a_calendar_says(stays, house, user, agent, other_agent, admin):
    rates(stays, house, agent, rules=[{"from": day(5), "to": day(7), "nightly_minor": 1, "min_nights": 2, "max_nights": 3, "closed_to_arrival_dow": [0, 1, 2, 3, 4, 5, 6]}])
    held = hold(stays, house, user, first=10, nights=2)
    booked = confirm(stays, hold(stays, house, user, first=12, nights=1), user)
    blocked = stays.post(path(house, "blocks"), {"from": day(13), "to": day(14), "reason": "Painters"}, token=agent).json
    for token in (None, user, other_agent):
        said = calendar(stays, house, token=token)
        assert said["property_id"] == house and said["time_zone"] == "Asia/Bangkok" and said["currency"] == "THB" and len(said["days"]) == 30
        assert [i for i, row in enumerate(said["days"]) if not row["available"]] == [10, 11, 12, 13]
        assert all(set(row) == {"date", "available", "price_minor", "min_nights", "max_nights", "closed_to_arrival", "closed_to_departure"} for row in said["days"])
        assert said["days"][5] == {"date": day(5), "available": True, "price_minor": 1, "min_nights": 2, "max_nights": 3, "closed_to_arrival": True, "closed_to_departure": False}
        assert said["days"][7]["price_minor"] == PRICE and not said["days"][7]["closed_to_arrival"]
    for token in (agent, admin):
        rows = calendar(stays, house, token=token)["days"]
        assert [(row["status"], row["booking_id"]) for row in rows[10:14]] == [("hold", held["id"])] * 2 + [("booked", booked["id"]), ("blocked", blocked["id"])]
        assert "status" not in rows[9] and "booking_id" not in rows[14]


def test_how_far_a_calendar_reaches(stays, services, house, agent):
    assert len(calendar(stays, house, days=400)["days"]) == 400
    for wrong in (f"from={day(0)}&to={day(401)}", f"from={day(1)}&to={day(1)}", f"from={day(1)}", "from=x&to=y", f"from={day(2)}&to={day(1)}"):
        assert stays.get(f"{path(house, 'availability')}?{wrong}").status == 422, wrong
    assert stays.get(f"{path(listing(stays, services, agent, status='draft'), 'availability')}?from={day(0)}&to={day(1)}").status == 404


# ---- blocks ----

def test_hosts_keep_nights_and_give_them_back(stays, services, product, house, user, agent, other_agent):
    body = {"from": day(10), "to": day(13), "reason": "Painters"}
    made = stays.post(path(house, "blocks"), body, token=agent)
    assert made.status == 201 and made.json == {**body, "id": made.json["id"], "property_id": house, "created_at": made.json["created_at"]}
    assert ask(stays, house, user, first=12).status == 409
    again = stays.post(path(house, "blocks"), body, token=agent)
    assert again.status == 409 and again.error["code"] == "DATES_UNAVAILABLE" and again.error["details"][0]["message"] == day(7)
    one = f"{path(house, 'blocks')}/{made.json['id']}"
    assert stays.get(f"{BOOKINGS}/{made.json['id']}", token=agent).status == 404, "no stay"
    assert stays.request("DELETE", one, token=user).status == 403 and stays.request("DELETE", one, token=other_agent).status == 404
    assert stays.request("DELETE", one, token=agent).status == 204 and stays.request("DELETE", one, token=agent).status == 404
    hold(stays, house, user, first=12)
    assert services.sql(product, f"SELECT to_status FROM booking_events WHERE booking_id = {made.json['id']} ORDER BY id") == [["blocked"], ["cancelled"]]
    assert services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'booking' AND entity_id = {made.json['id']} ORDER BY id") == [["booking.block"], ["booking.unblock"]]


def test_blocks_that_are_refused(stays, services, house, user, agent, other_agent):
    body = {"from": day(10), "to": day(13), "reason": "Painters"}
    for wrong in ({"to": day(10)}, {"to": day(10 + 366)}, {"reason": ""}, {"reason": "x" * 201}, {"from": "x"}):
        assert stays.post(path(house, "blocks"), {**body, **wrong}, token=agent).status == 422, wrong
    for who, status in ((None, 401), (user, 403), (other_agent, 404)):
        assert stays.post(path(house, "blocks"), body, token=who).status == status
    assert stays.post(path(house, "blocks"), {**body, "to": day(10 + 365), "reason": "x" * 200}, token=agent).status == 201
    held = hold(stays, house, user, first=2)
    assert stays.request("DELETE", f"{path(house, 'blocks')}/{held['id']}", token=agent).status == 404, "a stay is no block"


def test_a_block_and_a_hold_at_once(stays, services, house, user, agent):
    for number in range(5):
        first, gate, results = 10 + 4 * number, threading.Barrier(2), {}

        def run(name, call):
            gate.wait()
            results[name] = call().status

        threads = [threading.Thread(target=run, args=("block", lambda: stays.post(path(house, "blocks"), {"from": day(first), "to": day(first + 3), "reason": "x"}, token=agent))),
                   threading.Thread(target=run, args=("hold", lambda: ask(stays, house, user, first=first)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results.values()) == [201, 409], results


# ---- the list of properties ----

def test_only_what_is_free_is_found(stays, services, product, agent, user):
    house, other, sale = listing(stays, services, agent), listing(stays, services, agent), listing(stays, services, agent, listing_type="sale")
    held = hold(stays, house, user, first=10, nights=3)

    def found(first, nights):
        reply = stays.get(f"/api/v1/properties?ids={house},{other},{sale}&check_in={day(first)}&check_out={day(first + nights)}")
        assert reply.status == 200, reply.body
        return {row["id"] for row in reply.json["data"]}

    assert found(9, 2) == found(12, 1) == found(1, 50) == {other}
    assert found(7, 3) == found(13, 3) == {house, other}
    services.sql(product, f"UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = {held['id']}")
    assert found(9, 2) == {house, other}, "a hold that is over takes nothing"
    for wrong in (f"check_in={day(1)}", f"check_out={day(1)}", f"check_in={day(2)}&check_out={day(2)}", "check_in=2027-02-29&check_out=2027-03-02"):
        assert stays.get(f"/api/v1/properties?{wrong}").status == 422, wrong
    for where in ("properties/facets?", "properties/search?q=stay&"):
        assert stays.get(f"/api/v1/{where}check_in={day(1)}&check_out={day(3)}").status == 200
