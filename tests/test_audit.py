"""Who changed what, as administrators read it: each change is there, each filter finds it, and nobody else may look."""

import datetime
import uuid

import pytest

from harness.bookings import PRICE, confirm, day, hold, house, listing, move, rates, stays, withdraw

AUDIT = "/api/v1/admin/audit"
FIELDS = {"id", "at", "actor_id", "actor_kind", "action", "entity", "entity_id", "before", "after", "request_id"}


def found(app, admin, query="", status=200):
    reply = app.get(f"{AUDIT}?{query}", token=admin)
    assert reply.status == status, (query, reply.body)
    return reply.json if status == 200 else [row["field"] for row in reply.error["details"]]


def rows(app, admin, query):
    return found(app, admin, query)["data"]


def me(app, token):
    return app.get("/api/v1/users/me", token=token).json["id"]


def block(app, house, token, first):
    made = app.post(f"/api/v1/properties/{house}/blocks", {"from": day(first), "to": day(first + 1), "reason": "Paint"}, token=token)
    assert made.status == 201, made.body
    return made.json["id"]


def test_the_life_of_a_booking(stays, services, product, house, user, agent, admin):
    held = hold(stays, house, user)
    confirm(stays, held, user)
    move(stays, held, "cancel", agent, {"reason": "Roof"})
    log = rows(stays, admin, f"entity=booking&entity_id={held['id']}")
    assert [row["action"] for row in log] == ["booking.cancelled", "booking.confirmed", "booking.hold"] and all(set(row) == FIELDS for row in log)
    assert [row["actor_id"] for row in log] == [me(stays, agent), me(stays, user), me(stays, user)] and {row["actor_kind"] for row in log} == {"user"}
    assert log[0]["before"] == {"status": "confirmed"} and log[0]["after"]["status"] == "cancelled" and log[0]["after"]["refund_minor"] == 3 * PRICE
    assert log[2]["before"] is None and log[2]["after"]["property_id"] == house and all(row["request_id"] for row in log)
    over = hold(stays, house, user)
    services.sql(product, f"UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = {over['id']}")
    hold(stays, house, user)
    last = rows(stays, admin, f"entity=booking&entity_id={over['id']}")[0]
    assert (last["action"], last["actor_kind"], last["actor_id"], last["request_id"]) == ("booking.expired", "system", None, "")


def test_rates_and_blocks(stays, house, agent, admin):
    rates(stays, house, agent, cleaning_fee_minor=777)
    kept = block(stays, house, agent, 30)
    assert stays.delete(f"/api/v1/properties/{house}/blocks/{kept}", token=agent).status == 204
    price = rows(stays, admin, f"entity=property&entity_id={house}&action=property.rates")
    assert len(price) == 1 and price[0]["after"]["cleaning_fee_minor"] == 777 and price[0]["actor_id"] == me(stays, agent)
    assert [row["action"] for row in rows(stays, admin, f"entity=booking&entity_id={kept}")] == ["booking.unblock", "booking.block"]
    assert rows(stays, admin, "action=booking.block&limit=1")[0]["entity_id"] == kept


def test_each_filter_and_all_together(stays, services, product, house, admin):
    host = stays.token_of("agent", sub=f"user_audit_{uuid.uuid4().hex}")
    own, number = listing(stays, services, host), me(stays, host)
    rates(stays, own, host)
    first, second = block(stays, own, host, 10), block(stays, own, host, 20)
    log = rows(stays, admin, f"actor={number}")
    assert [(row["action"], row["entity_id"]) for row in log] == [("booking.block", second), ("booking.block", first), ("property.rates", own), ("property.create", own)]
    ids = {row["action"] if row["entity_id"] != second else "second": row["id"] for row in log}
    at = {name: next(row["at"] for row in log if row["id"] == number_) for name, number_ in ids.items()}
    later = (datetime.datetime.fromisoformat(at["second"].replace("Z", "+00:00")) + datetime.timedelta(milliseconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for query, wanted in (("action=booking.block", [second, first]), ("action=booking.bloc", []), ("entity=property", [own, own]), ("entity=user", []),
                          (f"entity_id={first}&entity=booking", [first]), (f"entity_id={first}&entity=inquiry", []), ("actor_kind=user", [second, first, own, own]),
                          ("actor_kind=system", []), (f"from={at['second']}", [second]), (f"to={at['booking.block']}", [own, own]), (f"from={later}", []),
                          (f"from={at['property.create']}&to={later}", [second, first, own, own]),
                          (f"action=booking.block&entity=booking&entity_id={second}&from={at['second']}&to={later}", [second])):
        page = found(stays, admin, f"actor={number}&count=exact&{query}")
        assert [row["entity_id"] for row in page["data"]] == wanted and page["total"] == len(wanted), query
    assert me(stays, admin) != number and rows(stays, admin, f"actor={me(stays, admin)}&entity=property&entity_id={own}") == []


def test_page_by_page(stays, services, admin):
    host = stays.token_of("agent", sub=f"user_audit_{uuid.uuid4().hex}")
    own, number = listing(stays, services, host), me(stays, host)
    made = [block(stays, own, host, 10 + i) for i in range(6)]
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        page = found(stays, admin, f"actor={number}&action=booking.block&limit=4{cursor and '&cursor=' + cursor}")
        seen, cursor, pages = seen + [row["entity_id"] for row in page["data"]], page["next_cursor"], pages + 1
        assert page["has_more"] is (cursor is not None)
        if pages == 1:
            block(stays, own, host, 50)  # what is new does not move what follows
    assert seen == made[::-1] and pages == 2
    first = found(stays, admin, f"actor={number}&limit=4")["next_cursor"]
    assert stays.get(f"/api/v1/admin/jobs?cursor={first}", token=admin).status == 422, "of another list"


@pytest.mark.parametrize("query, field", [
    ("actor=0", "actor"), ("actor=me", "actor"), ("actor_kind=robot", "actor_kind"), ("action=", "action"), (f"action={'x' * 61}", "action"),
    (f"entity={'x' * 61}", "entity"), ("entity_id=-1", "entity_id"), ("entity_id=9223372036854775808", "entity_id"), ("from=yesterday", "from"),
    ("to=2026-01-01", "to"), ("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor"), ("who=1", "who")])
def test_what_does_not_fit_is_named(stays, admin, query, field):
    assert found(stays, admin, query, 422) == [field]


def test_limits_that_fit(stays, admin):
    assert found(stays, admin, f"limit=100&action={'x' * 60}&entity={'x' * 60}&entity_id=0&actor=9223372036854775807")["data"] == []


def test_only_for_admins(app, user, agent, admin):
    assert app.get(AUDIT).status == 401
    for token in (user, agent):
        reply = app.get(AUDIT, token=token)
        assert reply.status == 403 and reply.error["message"] == "Admin access required"
    assert app.get(AUDIT, token=admin).status == 200, "also where there are no bookings"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert app.request(method, AUDIT, token=admin).status == 405, "nobody changes it"
