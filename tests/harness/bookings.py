"""Stays for the tests: listings let by the night, dates from today on, and the calls that book them."""

import datetime
import uuid

import pytest

from harness.app import App

BOOKINGS = "/api/v1/bookings"
CONTACT = {"name": "Ann Guest", "email": "ann@example.com"}
PRICE = 100000


def day(offset):
    """So many days from today, Thai time: the zone of every listing here."""
    return (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7))).date() + datetime.timedelta(days=offset)).isoformat()


def listing(app, services, token, status="active", **columns):
    """A listing of this agent at PRICE a night; columns: further ones of the table."""
    made = app.post("/api/v1/properties", {"title": f"Stay {uuid.uuid4().hex}", "listing_type": "short_stay", "property_type": "villa",
                                           "price": {"amount_minor": PRICE, "currency": "THB", "period": "night"}}, token=token)
    assert made.status == 201, made.body
    sets = "".join(f", {name} = '{value}'" for name, value in columns.items())
    services.sql(app.product, f"UPDATE properties SET status = '{status}', published_at = now(){sets} WHERE id = {made.json['id']}")
    return made.json["id"]


def ask(app, property_id, token, first=10, nights=3, headers=None, **more):
    """Asks for a hold; the reply."""
    return app.post(BOOKINGS, {"property_id": property_id, "check_in": day(first), "check_out": day(first + nights), "guests": 2,
                               "contact": CONTACT, **more}, token=token, headers=headers)


def hold(app, property_id, token, **more):
    reply = ask(app, property_id, token, **more)
    assert reply.status == 201, (reply.status, reply.body)
    return reply.json


def move(app, booking, what, token, body=None, status=200):
    reply = app.post(f"{BOOKINGS}/{booking['id']}/{what}", body, token=token)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json


def confirm(app, booking, token):
    return move(app, booking, "confirm", token, {"accept_terms": True})


def quote(app, property_id, first=10, nights=3, guests=2, token=None, **more):
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return app.get(f"/api/v1/properties/{property_id}/quote?check_in={day(first)}&check_out={day(first + nights)}&guests={guests}{extra}", token=token)


def rates(app, property_id, token, status=200, headers=None, **columns):
    reply = app.put(f"/api/v1/properties/{property_id}/rates", {"base_nightly_minor": PRICE, **columns}, token=token, headers=headers)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json


def withdraw(services, product):
    """Takes the listings made here off the list that other tests look at."""
    services.sql(product, "UPDATE properties SET status = 'withdrawn' WHERE slug LIKE 'stay-%' AND status = 'active'")


@pytest.fixture(scope="module")
def stays(app, product, services):
    """The program with bookings on, whatever the product's default."""
    one = App(product, services, issuer=app.issuer, BOOKINGS_ENABLED="true", HOLDS_PER_USER="1000")
    one.start()
    yield one
    withdraw(services, product)
    assert one.stop() == 0


@pytest.fixture
def house(stays, services, agent):
    return listing(stays, services, agent)
