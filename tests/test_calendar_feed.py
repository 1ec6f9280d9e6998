"""The calendar of a listing as other programs subscribe to it: which nights are kept, never by whom, and for whom the link works."""

import pytest

from conftest import other_product
from harness import ics
from harness.app import App
from harness.bookings import confirm, day, hold, house, listing, move, rates, stays, withdraw

SECRETS = {"contact": {"name": "Guestname Secret", "email": "secret@guests.example", "phone": "+66 2 555 7777"}, "note": "Nightly allergies"}


def path(house, what):
    return f"/api/v1/properties/{house}/{what}"


def link(app, house, token, status=200):
    reply = app.get(path(house, "calendar-link"), token=token)
    assert reply.status == status, reply.body
    return reply.json["path"] if status == 200 else None


def read(app, where):
    reply = app.get(where)
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8"
    return ics.read(reply.body)


def block(app, house, token, first, nights, reason="Owner Mrs Private"):
    reply = app.post(path(house, "blocks"), {"from": day(first), "to": day(first + nights), "reason": reason}, token=token)
    assert reply.status == 201, reply.body
    return reply.json


def shown(events):
    return [(row["from"], row["to"], row["summary"], row["status"]) for row in events]


def test_what_is_kept_is_there_and_what_was_given_back_is_not(stays, services, product, house, user, agent):
    where = link(stays, house, agent)
    calendar, events = read(stays, where)
    assert events == [] and calendar["CALSCALE"] == "GREGORIAN" and calendar["METHOD"] == "PUBLISH" and calendar["X-WR-CALNAME"].startswith("Stay ")
    held = hold(stays, house, user, first=10, nights=2, **SECRETS)
    booked = confirm(stays, hold(stays, house, user, first=12, nights=3, **SECRETS), user)
    kept = block(stays, house, agent, 20, 4)
    rates(stays, house, agent, instant_book=False)
    asked = confirm(stays, hold(stays, house, user, first=30, nights=1, **SECRETS), user)
    declined = confirm(stays, hold(stays, house, user, first=40, nights=1, **SECRETS), user)
    move(stays, declined, "decline", agent)
    move(stays, hold(stays, house, user, first=50, nights=1), "cancel", user, {})
    lifted = block(stays, house, agent, 60, 1)
    assert stays.delete(f"{path(house, 'blocks')}/{lifted['id']}", token=agent).status == 204
    over = hold(stays, house, user, first=70, nights=1)
    services.sql(product, f"UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = {over['id']}")
    events = read(stays, where)[1]
    assert shown(events) == [(day(10), day(12), "Held", "TENTATIVE"), (day(12), day(15), "Booked", "CONFIRMED"), (day(20), day(24), "Blocked", "CONFIRMED"),
                             (day(30), day(31), "Requested", "TENTATIVE")]
    assert [row["uid"] for row in events] == [f"booking-{row['id']}@{product}" for row in (held, booked, kept, asked)]
    move(stays, booked, "cancel", user, {})
    after = read(stays, where)[1]
    assert after == [events[0], *events[2:]], "the others are as they were"


def test_an_event_keeps_its_uid_and_counts_its_changes(stays, house, user, agent):
    where = link(stays, house, agent)
    held = hold(stays, house, user)
    first = read(stays, where)[1][0]
    confirm(stays, held, user)
    second = read(stays, where)[1][0]
    assert second["uid"] == first["uid"] and second["sequence"] == first["sequence"] + 1 and (first["summary"], second["summary"]) == ("Held", "Booked")


def test_no_word_about_guests(stays, house, user, agent):
    where = link(stays, house, agent)
    confirm(stays, hold(stays, house, user, **SECRETS), user)
    block(stays, house, agent, 30, 2)
    body = stays.get(where).body.decode().lower()
    person = stays.get("/api/v1/users/me", token=user).json
    for word in ("secret", "guests.example", "555 7777", "allergies", "private", "price", "attendee", "organizer", "description", *filter(None, (person["email"], person["clerk_user_id"]))):
        assert word.lower() not in body, word


def test_stays_that_are_over_are_shown_for_a_month(stays, services, product, house, user, agent):
    where = link(stays, house, agent)
    for ago in (29, 30):
        booked = confirm(stays, hold(stays, house, user, first=10 + ago, nights=1), user)
        services.sql(product, f"UPDATE bookings SET stay = daterange('{day(-ago)}', '{day(1 - ago)}'), status = 'completed' WHERE id = {booked['id']}")
    assert [row["from"] for row in read(stays, where)[1]] == [day(-30), day(-29)]
    services.sql(product, f"UPDATE bookings SET stay = daterange('{day(-31)}', '{day(-30)}') WHERE property_id = {house} AND lower(stay) = '{day(-30)}'")
    assert [row["from"] for row in read(stays, where)[1]] == [day(-29)]


@pytest.mark.parametrize("title", ["Semi; colon, comma\\ and more", "บ้านพักตากอากาศริมทะเลสาบ " * 7, "A" * 62, "A" * 63, "é" * 200,
                                   "BEGIN:VEVENT\nUID:1\r\nEND:VEVENT"],
                         ids=["escapes", "thai", "fits", "folds", "accents", "lines"])
def test_titles_of_all_kinds(stays, services, product, house, agent, title):
    text = title.strip()
    services.sql(product, f"UPDATE property_texts SET title = $t${text}$t$ WHERE property_id = {house}")
    calendar, events = read(stays, link(stays, house, agent))
    assert calendar["X-WR-CALNAME"] == text.replace("\r", "") and events == []


def test_as_many_as_there_is_room_for(stays, services, product, house, user, agent):
    where = link(stays, house, agent)
    guest = stays.get("/api/v1/users/me", token=user).json["id"]
    services.sql(product, f"""INSERT INTO bookings (property_id, user_id, status, stay, guests, total_minor, currency)
        SELECT {house}, {guest}, 'confirmed', daterange(d, d + 1), 1, 1, 'THB' FROM (SELECT '{day(1)}'::date + i AS d FROM generate_series(0, 1000) i) x""")
    events = read(stays, where)[1]
    assert len(events) == 1000 and events[0]["from"] == day(1) and events[-1]["from"] == day(1000), "the nearest ones"


def test_it_is_not_sent_twice(stays, house, user, agent):
    where = link(stays, house, agent)
    first = stays.get(where)
    assert first.headers["cache-control"] == "private, max-age=300"
    again = {"If-None-Match": first.headers["etag"]}
    assert stays.get(where, headers=again).status == 304
    hold(stays, house, user)
    assert stays.get(where, headers=again).status == 200


# ---- who may ----

def test_only_hosts_get_a_link(stays, services, house, user, agent, admin):
    other = stays.token_of("agent", sub="user_feed_other_agent")
    for token, status in ((None, 401), (user, 403), (other, 404), (agent, 200), (admin, 200)):
        link(stays, house, token, status)
    assert link(stays, house, agent) == link(stays, house, agent) != link(stays, house, admin)
    for missing in (listing(stays, services, agent, listing_type="sale"), 999999999):
        link(stays, missing, agent, 404)
    assert read(stays, link(stays, listing(stays, services, agent, status="draft"), agent))[1] == []


def test_tokens_that_are_not_for_this_calendar(stays, services, product, house, user, agent):
    where = link(stays, house, agent)
    token = where.partition("?token=")[2]
    neighbour = link(stays, listing(stays, services, agent), agent).partition("?token=")[2]
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1:] for i in range(len(token))]
    for wrong in (*changed, neighbour, token[:-1], token + "A", "A" * len(token), "x", "%00", "..%2F"):
        reply = stays.get(f"{path(house, 'calendar.ics')}?token={wrong}")
        assert reply.status in (404, 422) and (reply.status == 404 or "%" in wrong), (wrong, reply.body)
    for query in ("", "?token=", f"?token={'A' * 65}", f"?token={token}&x=1"):
        assert stays.get(path(house, "calendar.ics") + query).status == 422, query
    assert stays.get(where, token="nonsense").status == 401, "a bad sign-in is one here too"
    assert stays.get(where, token=user).status == 200, "who has the link may read"


def test_links_of_another_product(stays, services, product, house, agent):
    other = App(other_product(product), services, issuer=stays.issuer, BOOKINGS_ENABLED="true")
    assert other.command("migrate").returncode == 0
    other.start()
    try:
        host = other.token_of("agent", sub="user_feed_elsewhere")
        there = listing(other, services, host)
        assert stays.get(link(other, there, host).replace(f"/{there}/", f"/{house}/")).status == 404
    finally:
        other.stop()


def test_a_link_ends_with_the_work(stays, services, product, house):
    for number, end in enumerate(("UPDATE users SET status = 'suspended' WHERE id = {host}", "UPDATE users SET role = 'user' WHERE id = {host}",
                                  "UPDATE properties SET agent_id = NULL, created_by = (SELECT min(id) FROM users) WHERE id = {one}")):
        host = stays.token_of("agent", sub=f"user_feed_leaver_{number}")
        one = listing(stays, services, host)
        where = link(stays, one, host)
        assert stays.get(where).status == 200
        services.sql(product, end.format(one=one, host=stays.get("/api/v1/users/me", token=host).json["id"]))
        gone = stays.get(where)
        assert gone.status == 404 and gone.error["message"] == "Property not found", end


def test_the_token_is_not_in_the_log(stays, house, agent):
    where = link(stays, house, agent)
    assert stays.get(where).status == 200
    assert where.partition("?token=")[2] not in stays.log_text()


def test_off_it_is_gone(start, agent):
    one = start(BOOKINGS_ENABLED="false")
    for where, token in ((f"{path(1, 'calendar.ics')}?token=x", None), (path(1, "calendar-link"), agent)):
        reply = one.get(where, token=token)
        assert reply.status == 404 and reply.error["code"] == "FEATURE_DISABLED"
    assert not any("calendar" in where for where in one.get("/openapi.json").json["paths"])
