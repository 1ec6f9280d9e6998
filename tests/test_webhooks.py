"""Clerk's events, signed by Svix."""

import base64
import hashlib
import hmac
import json
import random
import time
import uuid

from conftest import other_product
from harness.app import WEBHOOK_SECRET

PATH = "/api/v1/webhooks/clerk"


def signature(secret, event_id, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def deliver(app, event, event_id=None, secret=WEBHOOK_SECRET, at=None, names="svix", sign=None, connection=None):
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    event_id = event_id or f"msg_{uuid.uuid4().hex}"
    at = int(time.time()) if at is None else at
    headers = {f"{names}-id": event_id, f"{names}-timestamp": str(at),
               f"{names}-signature": sign or signature(secret, event_id, at, body)}
    return app.request("POST", PATH, body, headers, connection=connection)


def person(sub, at_ms, mail="a@example.com", first="Ann", last="Lee"):
    return {"id": sub, "object": "user", "first_name": first, "last_name": last, "image_url": "https://img.example/a.png",
            "primary_email_address_id": "idn_1", "updated_at": at_ms,
            "email_addresses": [{"id": "idn_1", "email_address": mail, "verification": {"status": "verified"}}]}


def event(kind, data):
    return {"type": f"user.{kind}", "object": "event", "data": data, "timestamp": int(time.time() * 1000)}


def row(services, product, sub):
    rows = services.sql(product, f"SELECT status, email, display_name FROM users WHERE clerk_user_id = '{sub}'")
    return rows[0] if rows else None


def test_created_updated_deleted(app, services, product):
    assert deliver(app, event("created", person("user_wh", 1000))).status == 200
    assert row(services, product, "user_wh") == ["active", "a@example.com", "Ann Lee"]
    assert deliver(app, event("updated", person("user_wh", 2000, mail="b@example.com"))).status == 200
    assert row(services, product, "user_wh")[1] == "b@example.com"
    assert deliver(app, event("deleted", {"id": "user_wh", "deleted": True})).status == 200
    assert row(services, product, "user_wh") == ["deleted", "", ""]


def test_both_header_names_work(app):
    assert deliver(app, event("created", person("user_std", 1)), names="webhook").status == 200


def test_old_events_change_nothing(app, services, product):
    deliver(app, event("updated", person("user_order", 5000, mail="new@example.com")))
    assert deliver(app, event("created", person("user_order", 1000, mail="old@example.com"))).status == 200
    assert row(services, product, "user_order")[1] == "new@example.com"


def test_the_deleted_never_come_back(app, services, product):
    assert deliver(app, event("deleted", {"id": "user_gone", "deleted": True})).status == 200
    assert deliver(app, event("created", person("user_gone", 1000))).status == 200
    assert row(services, product, "user_gone")[0] == "deleted"
    assert app.get("/api/v1/users/me", token=app.issuer.token("user_gone")).status == 401


def test_a_repeated_delivery_does_nothing(app, services, product):
    first = event("created", person("user_repeat", 1000))
    assert deliver(app, first, event_id="msg_repeat").status == 200
    services.sql(product, "UPDATE users SET display_name = 'Changed' WHERE clerk_user_id = 'user_repeat'")
    assert deliver(app, event("updated", person("user_repeat", 9000)), event_id="msg_repeat").status == 200
    assert row(services, product, "user_repeat")[2] == "Changed"


def test_shuffled_and_repeated_deliveries_end_where_the_newest_says(app, services, product):
    dice = random.Random(7)
    deliveries = [(f"msg_shuffle_{sub}_{at}", event("updated", person(f"user_sh_{sub}", at, mail=f"m{at}@example.com")))
                  for sub in range(5) for at in range(1, 8)] * 2
    dice.shuffle(deliveries)
    connection = app.connection()
    for event_id, body in deliveries:
        assert deliver(app, body, event_id=event_id, connection=connection).status == 200
    for sub in range(5):
        assert row(services, product, f"user_sh_{sub}")[1] == "m7@example.com"


def test_unknown_events_are_taken(app):
    assert deliver(app, {"type": "session.created", "data": {"id": "sess_1"}}).status == 200


def test_wrong_signatures_are_refused(app, services, product):
    now = int(time.time())
    body = json.dumps(event("created", person("user_forged", 1))).encode()
    good = signature(WEBHOOK_SECRET, "msg_x", now, body)
    flipped = good[:10] + ("A" if good[10] != "A" else "B") + good[11:]
    for bad in (flipped, "v1,", "v1a," + good[3:], good[:-2], "", "v2," + good[3:], good.replace("v1,", "v1 ,")):
        reply = deliver(app, body, event_id="msg_x", at=now, sign=bad or " ")
        assert reply.status == 400 and reply.error["code"] == "BAD_REQUEST", bad
    wrong = "whsec_" + base64.b64encode(b"another secret of 32 bytes......").decode()
    assert deliver(app, body, secret=wrong).status == 400
    assert deliver(app, body + b" ", event_id="msg_x", at=now, sign=good).status == 400
    assert deliver(app, body, event_id="msg_y", at=now, sign=good).status == 400
    assert deliver(app, body, event_id="msg_x", at=now + 1, sign=good).status == 400
    assert app.post(PATH, body.decode()).status == 400
    assert row(services, product, "user_forged") is None


def test_any_of_several_signatures_may_fit(app):
    now = int(time.time())
    body = json.dumps(event("created", person("user_multi", 1))).encode()
    good = signature(WEBHOOK_SECRET, "msg_multi", now, body)
    assert deliver(app, body, event_id="msg_multi", at=now, sign=f"v1,AAAA v1a,{good[3:]} {good}").status == 200


def test_the_window_is_five_minutes(app):
    now = int(time.time())
    ping = {"type": "session.created", "data": {}}
    assert deliver(app, ping, at=now - 295).status == 200
    assert deliver(app, ping, at=now + 295).status == 200
    assert deliver(app, ping, at=now - 360).status == 400
    assert deliver(app, ping, at=now + 360).status == 400
    for odd in ("", "abc", "-1", "1e9", "99999999999999999999"):
        assert deliver(app, ping, at=odd).status == 400, odd


def test_without_a_secret_the_route_is_closed(start):
    one = start(CLERK_WEBHOOK_SECRET="")
    reply = deliver(one, {"type": "session.created", "data": {}})
    assert reply.status == 503 and "retry-after" in reply.headers


def test_malformed_bodies_are_refused(app):
    for body in (b"", b"[]", b"{", b'{"type":1,"data":{}}', b'{"type":"user.created"}', b'{"type":"user.created","data":{}}'):
        assert deliver(app, body).status == 400, body


def test_no_cors_on_webhooks(app, product):
    reply = app.request("OPTIONS", PATH, headers={"Origin": f"https://{product}.test", "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in reply.headers


def test_the_other_products_events_are_refused(start, product, app):
    theirs = start(other_product(product), CLERK_WEBHOOK_SECRET="whsec_" + base64.b64encode(b"o" * 32).decode())
    body = event("created", person("user_cross", 1))
    assert deliver(theirs, body).status == 400
