"""People: oneself, and everybody for admins."""

import threading
import time

ME = "/api/v1/users/me"


def test_two_sign_ins_are_one_row(app, services, product):
    for _ in range(2):
        assert app.get(ME, token=app.issuer.token("user_twice")).status == 200
    assert services.sql(product, "SELECT count(*) FROM users WHERE clerk_user_id = 'user_twice'") == [["1"]]


def test_fifty_first_requests_at_once_are_one_row(app, services, product):
    token = app.issuer.token("user_race")
    statuses = []
    barrier = threading.Barrier(50)

    def first():
        barrier.wait()
        statuses.append(app.get(ME, token=token).status)

    threads = [threading.Thread(target=first) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 50
    assert services.sql(product, "SELECT count(*) FROM users WHERE clerk_user_id = 'user_race'") == [["1"]]


def test_claims_fill_the_profile(app):
    token = app.issuer.token("user_claims", email="claims@example.com", email_verified=True, name="Claire Ms")
    me = app.get(ME, token=token).json
    assert me["email"] == "claims@example.com" and me["email_verified"] is True
    assert set(me) == {"id", "clerk_user_id", "email", "email_verified", "display_name", "avatar_url", "role", "locale",
                       "currency", "created_at", "last_seen_at"}


def test_own_profile_can_be_changed(app):
    token = app.issuer.token("user_patch")
    reply = app.patch(ME, {"display_name": "Pat", "locale": "th", "currency": "USD", "phone": "+66 2 123 4567"}, token=token)
    assert reply.status == 200
    assert (reply.json["display_name"], reply.json["locale"], reply.json["currency"]) == ("Pat", "th", "USD")
    assert app.patch(ME, {"display_name": None}, token=token).json["display_name"] is None
    assert app.get(ME, token=token).json["locale"] == "th"


def test_what_cannot_be_changed_is_refused(app, services, product):
    token = app.issuer.token("user_grabby")
    before = app.get(ME, token=token).json
    for field in ("role", "status", "id", "clerk_user_id", "email", "email_verified", "created_at", "version"):
        reply = app.patch(ME, {field: "admin"}, token=token)
        assert reply.status == 422 and reply.error["code"] == "UNKNOWN_FIELD", field
        assert reply.error["details"][0]["field"] == field
    for body in ({"locale": "de"}, {"currency": "ZZZ"}, {"display_name": ""}, {"display_name": "x" * 121}, {"phone": "123"},
                 {"display_name": 7}, {}):
        assert app.patch(ME, body, token=token).status == 422, body
    after = app.get(ME, token=token).json
    before.pop("last_seen_at"), after.pop("last_seen_at")
    assert after == before


def test_lists_are_paged_without_loss(app, admin):
    for n in range(7):
        app.get(ME, token=app.issuer.token(f"user_page_{n}", email=f"page{n}@example.com"))
    for sort in ("-created_at", "created_at", "email"):
        seen, cursor = [], None
        while True:
            path = f"/api/v1/users?limit=3&sort={sort}" + (f"&cursor={cursor}" if cursor else "")
            page = app.get(path, token=admin).json
            seen += [person["id"] for person in page["data"]]
            assert page["has_more"] == (page["next_cursor"] is not None)
            if not page["has_more"]:
                break
            cursor = page["next_cursor"]
        total = app.get("/api/v1/users?count=exact&limit=1", token=admin).json["total"]
        assert len(seen) == len(set(seen)) == total, sort


def test_filters(app, admin):
    app.get(ME, token=app.issuer.token("user_findme", email="find.me_100%@example.com"))
    found = app.get("/api/v1/users?q=find.me_100%25", token=admin).json["data"]
    assert [person["clerk_user_id"] for person in found] == ["user_findme"]
    assert app.get("/api/v1/users?q=%25%25%25", token=admin).json["data"] == []
    assert all(person["role"] == "agent" for person in app.get("/api/v1/users?role=agent", token=admin).json["data"])
    assert app.get("/api/v1/users?created_from=2100-01-01T00:00:00Z", token=admin).json["data"] == []
    for bad in ("role=boss", "limit=0", "limit=101", "limit=x", "created_from=yesterday", "sort=name", "cursor=abc", "who=me"):
        assert app.get(f"/api/v1/users?{bad}", token=admin).status == 422, bad


def test_changes_by_admins_are_versioned_and_audited(app, admin, services, product):
    person = app.get(ME, token=app.issuer.token("user_promoted")).json
    path = f"/api/v1/users/{person['id']}"
    first = app.get(path, token=admin)
    tag = first.headers["etag"]
    assert app.get(path, token=admin, headers={"If-None-Match": tag}).status == 304
    assert app.patch(path, {"role": "agent"}, token=admin, headers={"If-Match": '"v99"'}).status == 412
    changed = app.patch(path, {"role": "agent"}, token=admin, headers={"If-Match": tag})
    assert changed.status == 200 and changed.json["role"] == "agent" and changed.headers["etag"] != tag
    assert app.patch(path, {"role": "user"}, token=admin, headers={"If-Match": tag}).status == 412
    rows = services.sql(product, f"SELECT action, after->>'role' FROM audit_log WHERE entity = 'user' AND entity_id = {person['id']}")
    assert [row[1] for row in rows] == ["agent"]


def test_nobody_demotes_themselves(app, admin):
    me = app.get(ME, token=admin).json
    reply = app.patch(f"/api/v1/users/{me['id']}", {"role": "user"}, token=admin)
    assert reply.status == 409 and reply.error["code"] == "CONFLICT"
    assert app.get("/api/v1/users", token=admin).status == 200


def test_unknown_users_are_404(app, admin):
    for path in ("/api/v1/users/999999999", "/api/v1/users/9223372036854775807"):
        assert app.get(path, token=admin).status == 404
        assert app.patch(path, {"role": "user"}, token=admin).status == 404
    assert app.get("/api/v1/users/abc", token=admin).status in (404, 422)
    assert app.get("/api/v1/users/0", token=admin).status in (404, 422)


def test_last_seen_is_written_rarely(app, services, product):
    token = app.issuer.token("user_seen", exp=int(time.time()) + 600)
    app.get(ME, token=token)
    query = "SELECT last_seen_at, xmin FROM users WHERE clerk_user_id = 'user_seen'"
    before = services.sql(product, query)
    time.sleep(5.5)
    app.get(ME, token=token)
    assert services.sql(product, query) == before
