"""What the chat tells of nights and prices: that of the routes, to the digit; and it books nothing."""

import datetime
import json
import random

import pytest

from harness.app import App
from harness.bookings import PRICE, ask as hold_nights, confirm, day, hold, listing, move, rates, withdraw
from harness.chat import ask

TOOL = "booking_calendar"
WORDS = {"past_date": "is over", "min_nights": "at least", "max_nights": "at most", "too_many_guests": "room for", "closed_to_arrival": "arrive",
         "closed_to_departure": "leave", "dates_unavailable": "taken"}


@pytest.fixture(scope="module")
def served(product, services, app, model):
    running = App(product, services, app.issuer, **model.settings(WORKERS="1", BOOKINGS_ENABLED="true", HOLDS_PER_USER="1000"))
    running.start()
    yield running
    withdraw(services, product)
    assert running.stop() == 0


def weekday(offset):
    """Of that day, 0 = Sunday."""
    return datetime.date.fromisoformat(day(offset)).isoweekday() % 7


@pytest.fixture(scope="module")
def houses(served, services, agent, user):
    """All kinds: plain; with seasons, fees and closed days; with nights taken in all ways; small; and none at all."""
    plain, seasons, busy, small = (listing(served, services, agent, max_guests=guests) for guests in (8, 8, 8, 2))
    rates(served, seasons, agent, base_nightly_minor=123456, weekend_nightly_minor=150050, cleaning_fee_minor=70001, extra_guest_minor=5005, extra_guest_from=2,
          weekly_discount_pct=7.5, monthly_discount_pct=20, tax_pct=7, min_nights=2, max_nights=40,
          rules=[{"from": day(20), "to": day(45), "nightly_minor": 200099, "min_nights": 4, "max_nights": 20, "closed_to_arrival_dow": [weekday(25)],
                  "closed_to_departure_dow": [weekday(28)]}])
    hold(served, busy, user, first=5, nights=4)
    confirm(served, hold(served, busy, user, first=12, nights=3), user)
    move(served, hold(served, busy, user, first=22, nights=3), "cancel", user, {})
    assert served.post(f"/api/v1/properties/{busy}/blocks", {"from": day(30), "to": day(33), "reason": "Paint"}, token=agent).status == 201
    return [plain, seasons, busy, small, listing(served, services, agent, status="draft"), listing(served, services, agent, listing_type="sale"), 999999999]


def tool_call(services, product, answer):
    """Its status and what the model was told."""
    rows = services.sql(product, f"SELECT status, result FROM tool_calls WHERE message_id = {answer['message']['id']} AND name = '{TOOL}'")
    assert rows and rows.count(rows[0]) == len(rows), rows  # this model asks for the same in each round
    return rows[0][0], json.loads(rows[0][1])


def ask_with(served, model, arguments, token=None):
    model.reset()
    model.models["small"] = ("calls", [(TOOL, arguments)])
    answer = ask(served, "Could we stay there?", token=token)
    model.reset()
    return answer


def minor(text):
    """As a person reads it: -THB 1,234.50; the currency with it."""
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    currency, _, number = text.partition(" ")
    units, _, cents = number.replace(",", "").partition(".")
    return sign * (int(units) * 100 + int(cents or 0)), currency


def rest(served, what, property_id, token=None, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items() if value is not None)
    return served.get(f"/api/v1/properties/{property_id}/{what}?{text}", token=token)




def compare_calendar(said, reply):
    """Night by night, as far as it is shown."""
    days = reply["days"]
    assert said["nights"] == len(days) and said["free_nights"] == sum(row["available"] for row in days)
    nights = {}
    for run in said["calendar"]:
        at, end = datetime.date.fromisoformat(run["from"]), datetime.date.fromisoformat(run["to"])
        assert at < end
        while at < end:
            assert at.isoformat() not in nights
            nights[at.isoformat()] = run
            at += datetime.timedelta(days=1)
    shown = [row for row in days if said["calendar_until"] is None or row["date"] < said["calendar_until"]]
    assert list(nights) == [row["date"] for row in shown] and shown
    for row in shown:
        run = nights[row["date"]]
        assert minor(run["price"]) == (row["price_minor"], reply["currency"])
        assert {name: run[name] for name in ("available", "min_nights", "max_nights", "closed_to_arrival", "closed_to_departure")} == {
            name: row[name] for name in ("available", "min_nights", "max_nights", "closed_to_arrival", "closed_to_departure")}


def compare_quote(said, reply, asked):
    assert (said["check_in"], said["check_out"], said["guests"], said["property_id"]) == tuple(
        asked[name] for name in ("check_in", "check_out", "guests", "property_id"))
    assert said["available"] == reply["available"] and said["nights"] == reply["nights"]
    assert len(said["reasons"]) == len(reply["reasons"]) and all(WORDS[code] in text for code, text in zip(reply["reasons"], said["reasons"]))
    assert minor(said["total"]) == (reply["total_minor"], reply["currency"])
    assert [(line["label"], line["quantity"], *minor(line["unit"]), *minor(line["amount"])) for line in said["lines"]] == [
        (line["label"], line["quantity"], line["unit_minor"], reply["currency"], line["amount_minor"], reply["currency"]) for line in reply["lines"]]
    assert said["cancellation"] == reply["cancellation"]


def question(house, first, nights, **more):
    return {"property_id": house, "check_in": day(first), "check_out": day(first + nights), **more}


def of_each_kind(houses):
    """One for each reason, and for each way to ask what cannot be asked."""
    plain, seasons, busy, small, draft, sale, missing = houses
    refused = [question(plain, -2, 3), question(seasons, 20, 3), question(seasons, 20, 21), question(small, 1, 2), question(seasons, 25, 6),
               question(seasons, 24, 4), question(busy, 7, 3), question(busy, 14, 2), question(busy, 29, 2), question(small, -1, 366 - 1)]
    free = [question(busy, 9, 3), question(busy, 22, 3), question(seasons, 22, 7), question(plain, 300, 365)]
    wrong = [question(plain, 5, 0), question(plain, 5, -3), question(plain, 5, 366), {**question(plain, 5, 3), "check_in": "2027-02-29"},
             question(plain, 5, 3, currency="ZZZ")]
    return [{**asked, "guests": 3} for asked in refused + free + wrong + [question(house, 5, 2) for house in (draft, sale, missing)]]


def some_question(rng, houses):
    first = rng.choice((rng.randrange(0, 60), rng.randrange(0, 60), rng.randrange(0, 30), -2))
    nights = rng.choice((1, 2, 3, 4, 5, 6, 7, rng.randrange(1, 40), rng.randrange(1, 40), rng.randrange(300, 366), -3))
    asked = question(rng.choice(houses[:4] * 4 + houses), first, nights)
    if rng.random() < 0.8:
        asked["guests"] = rng.randrange(1, 10)
    if rng.random() < 0.3:
        asked["currency"] = rng.choice(("USD", "THB"))
    return asked


def test_the_chat_gives_the_numbers_of_the_routes(served, model, services, product, houses):
    rng, seen = random.Random(23), {}
    for asked in of_each_kind(houses) + [some_question(rng, houses) for _ in range(60)]:
        status, result = tool_call(services, product, ask_with(served, model, asked))
        days = rest(served, "availability", asked["property_id"], **{"from": asked["check_in"], "to": asked["check_out"]})
        quoted = rest(served, "quote", asked["property_id"], guests=asked.get("guests", 1),
                      **{name: asked.get(name) for name in ("check_in", "check_out", "currency")})
        seen[quoted.status] = seen.get(quoted.status, 0) + 1
        if quoted.status == 422:
            assert status == "invalid" and [row["field"] for row in result["details"]] == [row["field"] for row in quoted.error["details"]], asked
            continue
        if quoted.status == 404:
            assert days.status == 404 and status == "empty" and result["results"] == [], asked
            continue
        assert quoted.status == days.status == 200 and status == "ok", (asked, result)
        calendar = result["results"][-1]
        compare_calendar(calendar, days.json)
        assert len(result["results"]) == (2 if "guests" in asked else 1), asked
        if "guests" in asked:
            compare_quote(result["results"][0], quoted.json, asked)
            for code in quoted.json["reasons"] or ["none"]:
                seen[code] = seen.get(code, 0) + 1
    assert {200, 404, 422, "none", *WORDS} <= set(seen), seen


def test_a_price_of_many_seasons_is_told_as_a_sum(served, model, services, product, agent):
    house = listing(served, services, agent)
    rates(served, house, agent, rules=[{"from": day(1 + i), "to": day(2 + i), "nightly_minor": 100000 + i} for i in range(40)])
    for nights, lines in ((12, True), (13, False)):
        asked = {"property_id": house, "check_in": day(1), "check_out": day(1 + nights), "guests": 1}
        said = tool_call(services, product, ask_with(served, model, asked))[1]["results"]
        reply = rest(served, "quote", **asked).json
        assert minor(said[0]["total"]) == (reply["total_minor"], "THB") and len(reply["lines"]) == nights and ("lines" in said[0]) is lines
        assert len(said[1]["calendar"]) == 10 and said[1]["calendar_until"] == day(11)
        compare_calendar(said[1], rest(served, "availability", house, **{"from": day(1), "to": day(1 + nights)}).json)


def test_the_answer_rests_on_the_calendar_and_says_where_to_confirm(served, model, services, product, houses):
    asked = {"property_id": houses[0], "check_in": day(40), "check_out": day(43), "guests": 2}
    answer = ask_with(served, model, asked)
    source = answer["message"]["sources"][0]
    slug = served.get(f"/api/v1/properties/{houses[0]}").json["slug"]
    page = f"https://{product}.test/properties/{slug}?check_in={day(40)}&check_out={day(43)}&guests=2"
    assert source["type"] == "availability" and source["id"] == houses[0] and source["url"] == page and len(answer["message"]["sources"]) == 1
    assert "THB 3,000" in answer["message"]["content"] and answer["grounded"] and 3 * PRICE == 300000
    told = tool_call(services, product, answer)[1]
    assert told["results"][0]["confirm_at"] == page and "Nothing is booked" in told["note"]
    taken = ask_with(served, model, {**asked, "property_id": houses[2], "check_in": day(12), "check_out": day(14)})
    assert tool_call(services, product, taken)[1]["results"][0]["confirm_at"] is None, "nothing to confirm"


def test_it_books_nothing(served, model, services, product, houses, user):
    count = "SELECT count(*), coalesce(max(id), 0), coalesce(sum(version), 0) FROM bookings"
    before = services.sql(product, count)
    for token in (None, user):
        ask_with(served, model, {"property_id": houses[0], "check_in": day(50), "check_out": day(53), "guests": 2}, token)
    assert services.sql(product, count) == before
    reply = hold_nights(served, houses[0], user, first=50)
    assert reply.status == 201
    move(served, reply.json, "cancel", user, {})


def test_the_rights_are_those_of_the_asker(served, model, services, product, houses, user, agent):
    asked = {"property_id": houses[4], "check_in": day(1), "check_out": day(3), "guests": 2}  # the agent's draft
    for token, status in ((None, "empty"), (user, "empty"), (served.token_of("agent", sub="user_calendar_other"), "empty"), (agent, "ok")):
        assert tool_call(services, product, ask_with(served, model, asked, token))[0] == status
        assert rest(served, "quote", token=token, **asked).status == (200 if status == "ok" else 404)
    own = tool_call(services, product, ask_with(served, model, {**asked, "property_id": houses[2], "check_out": day(30)}, agent))[1]
    assert "booking_id" not in json.dumps(own) and "status" not in json.dumps(own), "who has a night is for the host's calendar only"


@pytest.mark.parametrize("change, field", [
    ({"property_id": None}, "property_id"), ({"property_id": 0}, "property_id"), ({"check_in": None}, "check_in"), ({"check_out": "soon"}, "check_out"),
    ({"guests": 0}, "guests"), ({"guests": 1001}, "guests"), ({"currency": "baht"}, "currency"), ({"hold": True}, "hold")])
def test_what_does_not_fit_is_told_to_the_model(served, model, services, product, houses, change, field):
    asked = {name: value for name, value in {"property_id": houses[0], "check_in": day(1), "check_out": day(3), **change}.items() if value is not None}
    status, result = tool_call(services, product, ask_with(served, model, asked))
    assert status == "invalid" and [detail["field"] for detail in result["details"]] == [field]


def offered(model):
    return [tool["function"]["name"] for call in model.calls for tool in call.body.get("tools", [])]


@pytest.mark.parametrize("on", [True, False])
def test_it_comes_and_goes_with_bookings(start, model, on):
    model.reset()
    one = start(**model.settings(BOOKINGS_ENABLED=str(on).lower()))
    ask(one, "What is the cancellation policy?")
    assert (TOOL in offered(model)) is on and "faq_rag" in offered(model)
    model.reset()
