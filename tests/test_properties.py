"""Listings: what visitors find, what agents change."""

import threading
import time
import uuid

import pytest

LIST = "/api/v1/properties"

DRAFT = {
    "title": "Test Property", "listing_type": "sale", "property_type": "villa",
    "price": {"amount_minor": 1_250_000_00, "currency": "THB", "period": "total"},
}
COMPLETE = {**DRAFT, "location": {"lat": 7.891234, "lng": 98.301234, "approximate": True}}
IMAGES = {"images": [{"url": "https://images.example/a.jpg", "alt": {"en": "Front"}, "width": 800, "height": 600},
                     {"url": "https://images.example/b.jpg"}]}


@pytest.fixture
def draft(app, agent):
    reply = app.post(LIST, COMPLETE, token=agent)
    assert reply.status == 201, reply.body
    return reply.json


@pytest.fixture
def active(app, agent, draft):
    path = f"{LIST}/{draft['id']}"
    assert app.put(f"{path}/images", IMAGES, token=agent).status == 200
    reply = app.patch(path, {"status": "active"}, token=agent)
    assert reply.status == 200, reply.body
    return reply.json


def walk(app, query, **options):
    rows, cursor = [], None
    while True:
        reply = app.get(f"{LIST}?{query}" + (f"&cursor={cursor}" if cursor else ""), **options)
        assert reply.status == 200, reply.body
        page = reply.json
        rows += page["data"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            return rows
        cursor = page["next_cursor"]


# ---- reading ----

def test_the_public_sees_active_listings_newest_first(app, services, product):
    rows = walk(app, "limit=7")
    assert all(row["status"] == "active" for row in rows)
    dates = [row["published_at"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    active = int(services.sql(product, "SELECT count(*) FROM properties WHERE status = 'active'")[0][0])
    assert len(rows) == len({row["id"] for row in rows}) == active >= 60


def test_a_page_has_the_agreed_form(app):
    page = app.get(f"{LIST}?limit=2").json
    assert set(page) == {"data", "has_more", "next_cursor", "total"} and page["total"] is None
    row = page["data"][0]
    assert set(row) >= {"id", "slug", "title", "listing_type", "property_type", "price", "city", "location", "bedrooms_total",
                        "bathrooms_total", "max_guests", "cover"}
    assert set(row["price"]) == {"amount_minor", "currency", "period"} and isinstance(row["price"]["amount_minor"], int)
    assert row["cover"]["url"].startswith("https://")


@pytest.mark.parametrize("sort,key,descending", [
    ("price", "base", False), ("-price", "base", True), ("-published_at", "published_at", True),
    ("bedrooms", "bedrooms_total", False), ("cap_rate", "cap_rate_pct", False), ("-cap_rate", "cap_rate_pct", True)])
def test_every_order_pages_without_loss(app, services, product, sort, key, descending):
    rows = walk(app, f"limit=9&sort={sort}")
    base = dict(services.sql(product, "SELECT id, price_base_minor FROM properties"))
    value = {"base": lambda row: int(base[str(row["id"])]),
             "bedrooms_total": lambda row: 32767 if row[key] is None else row[key],
             "cap_rate_pct": lambda row: -1000 if row[key] is None else row[key]}.get(key, lambda row: row[key])
    values = [value(row) for row in rows]
    assert values == sorted(values, reverse=descending)
    assert len({row["id"] for row in rows}) == len(rows) == len(walk(app, "limit=100"))


def test_nearest_first(app):
    anchor = next(row for row in walk(app, "limit=100") if row["location"])
    near = f"{anchor['location']['lat']},{anchor['location']['lng']}"
    rows = walk(app, f"limit=5&sort=distance&near={near}&radius_km=100")
    assert rows and rows[0]["distance_km"] < 0.2
    distances = [row["distance_km"] for row in rows]
    assert distances == sorted(distances) and distances[-1] <= 100.2
    assert app.get(f"{LIST}?sort=distance").status == 422
    assert app.get(f"{LIST}?radius_km=5").status == 422


def full(app):
    return walk(app, "limit=50&fields=full")


def test_every_filter_means_what_it_says(app):
    everything = full(app)
    pick = lambda name: next(row[name] for row in everything if row[name] is not None)
    province, district = everything[0]["address"]["province"], everything[0]["address"]["district"]
    city, kind, amenity = everything[0]["address"]["city"], pick("property_type"), everything[0]["amenities"][0]
    number = lambda name, at_least: lambda row: row[name] is not None and row[name] >= at_least
    most = lambda name, bound: lambda row: row[name] is not None and row[name] <= bound
    cases = {
        f"listing_type={everything[0]['listing_type']}": lambda row: row["listing_type"] == everything[0]["listing_type"],
        f"property_type={kind},nothing": lambda row: row["property_type"] == kind,
        "bedrooms_min=3": number("bedrooms_total", 3), "bedrooms_max=2": most("bedrooms_total", 2),
        "bathrooms_min=2.5": number("bathrooms_total", 2.5),
        "living_area_min=150.5": number("living_area_m2", 150.5), "living_area_max=90": most("living_area_m2", 90),
        "lot_size_min=400": number("lot_size_m2", 400), "lot_size_max=400": most("lot_size_m2", 400),
        "year_built_min=2015": number("year_built", 2015),
        "guests=6": number("max_guests", 6),
        f"city={city.replace(' ', '%20')}": lambda row: row["address"]["city"] == city,
        f"province={province.replace(' ', '%20')}": lambda row: row["address"]["province"] == province,
        f"district={district.replace(' ', '+')}": lambda row: row["address"]["district"] == district,
        "country=TH": lambda row: True, "country=FR": lambda row: False,
        f"amenities={amenity},parking": lambda row: {amenity, "parking"} <= set(row["amenities"]),
        f"any_amenities={amenity},parking": lambda row: bool({amenity, "parking"} & set(row["amenities"])),
        "cap_rate_min=5": lambda row: (row["financials"].get("cap_rate_pct") or -99) >= 5,
        "tenure=leasehold": lambda row: row["financials"].get("tenure") == "leasehold",
        f"ids={everything[0]['id']},{everything[3]['id']},999999": lambda row: row["id"] in (everything[0]["id"], everything[3]["id"]),
        "updated_since=2100-01-01T00:00:00Z": lambda row: False,
        "bbox=98,7,99,9": lambda row: bool(row["location"]) and 98 <= row["location"]["lng"] <= 99 and 7 <= row["location"]["lat"] <= 9,
    }
    for query, expected in cases.items():
        got = {row["id"] for row in walk(app, f"limit=100&{query}")}
        wanted = {row["id"] for row in everything if expected(row)}
        assert got == wanted, query
        assert app.get(f"{LIST}?limit=1&count=exact&{query}").json["total"] == len(wanted), query


def test_price_bounds_compare_in_one_currency(app, services, product):
    base = {int(row[0]): int(row[1]) for row in services.sql(
        product, "SELECT id, price_base_minor FROM properties WHERE status = 'active'")}
    middle = sorted(base.values())[len(base) // 2]
    assert {row["id"] for row in walk(app, f"limit=100&price_max={middle}")} == {i for i, p in base.items() if p <= middle}
    usd = middle // 36
    got = {row["id"] for row in walk(app, f"limit=100&price_min={usd}&currency=USD")}
    assert got == {i for i, p in base.items() if p >= usd * 36}
    assert app.get(f"{LIST}?price_min=1&currency=ZZZ").status == 422


def test_bad_filters_are_named(app):
    for query in ("bedrooms_min=x", "bedrooms_min=-1", "bbox=1,2,3", "bbox=9,9,1,1", "near=100,1", "near=a,b", "radius_km=201&near=1,1",
                  "ids=abc", "ids=" + ",".join(["1"] * 101), "price_min=1.5", "limit=0", "limit=101", "sort=title", "fields=all",
                  "count=maybe", "listing_type=rent", "tenure=none", "updated_since=yesterday", "city=", "locale=de", "cursor=xyz"):
        reply = app.get(f"{LIST}?{query}")
        assert reply.status == 422, query
        assert reply.error["code"] == "VALIDATION_ERROR" and reply.error["details"], query
    reply = app.get(f"{LIST}?bedroom_min=2")
    assert reply.status == 422 and reply.error["code"] == "UNKNOWN_PARAMETER"
    assert reply.error["details"][0]["field"] == "bedroom_min"


def test_status_is_for_staff(app, user, agent):
    assert app.get(f"{LIST}?status=draft").status == 403
    assert app.get(f"{LIST}?status=draft", token=user).status == 403
    assert all(row["status"] == "draft" for row in app.get(f"{LIST}?status=draft", token=agent).json["data"])


def test_facets_add_up(app):
    facets = app.get(f"{LIST}/facets").json
    everything = full(app)
    assert facets["total"] == len(everything)
    assert sum(bucket["count"] for bucket in facets["property_type"]) == len(everything)
    assert sum(bucket["count"] for bucket in facets["price"]["histogram"]) == len(everything)
    assert len(facets["price"]["histogram"]) == 10 and len(facets["amenities"]) <= 30
    empty = app.get(f"{LIST}/facets?country=FR").json
    assert empty["total"] == 0 and empty["price"]["histogram"] == []


def test_one_listing_by_id_and_by_slug(app):
    row = app.get(f"{LIST}?limit=1").json["data"][0]
    by_id, by_slug = app.get(f"{LIST}/{row['id']}"), app.get(f"{LIST}/{row['slug']}")
    assert by_id.status == by_slug.status == 200
    assert by_id.json == by_slug.json and by_id.json["slug"] == row["slug"]
    assert by_id.headers["etag"] == f'"v{by_id.json["version"]}"' and "max-age=60" in by_id.headers["cache-control"]
    assert app.get(f"{LIST}/{row['id']}", headers={"If-None-Match": by_id.headers["etag"]}).status == 304
    again = app.get(f"{LIST}/{row['id']}")
    assert again.body == by_id.body


def test_unknown_listings_are_404_alike(app):
    bodies = []
    for name in ("abc123", "999999999", "9" * 40):
        reply = app.get(f"{LIST}/{name}")
        assert reply.status == 404
        bodies.append((reply.error["code"], reply.error["message"]))
    assert set(bodies) == {("NOT_FOUND", "Property not found")}


def test_texts_follow_the_locale_and_fall_back(app, services, product):
    both, only_en = [services.sql(product, f"""SELECT property_id FROM property_texts t JOIN properties p ON p.id = t.property_id
        WHERE p.status = 'active' GROUP BY 1 HAVING count(*) = {n} ORDER BY 1 LIMIT 1""")[0][0] for n in (2, 1)]
    thai = app.get(f"{LIST}/{both}?locale=th").json
    assert thai["locale"] == "th" and thai["available_locales"] == ["en", "th"]
    assert any("\u0e00" <= letter <= "\u0e7f" for letter in thai["title"])
    assert app.get(f"{LIST}/{both}", headers={"Accept-Language": "th;q=0.9, en;q=0.5"}).json["locale"] == "th"
    assert app.get(f"{LIST}/{only_en}?locale=th").json["locale"] == "en"


def test_prices_convert_on_request(app):
    row = next(row for row in walk(app, "limit=100") if row["price"]["currency"] == "THB")
    shown = app.get(f"{LIST}/{row['id']}?currency=USD").json
    assert shown["price"]["currency"] == "THB"
    converted = shown["price_converted"]
    assert converted["currency"] == "USD" and converted["rate_date"] == "2026-10-31"
    assert abs(converted["amount_minor"] * 36 - row["price"]["amount_minor"]) <= 36
    assert "price_converted" not in app.get(f"{LIST}/{row['id']}").json


# ---- writing ----

def test_a_draft_is_made_and_hidden(app, agent):
    reply = app.post(LIST, DRAFT, token=agent)
    assert reply.status == 201
    made = reply.json
    assert reply.headers["location"] == f"{LIST}/{made['id']}" and made["status"] == "draft" and made["version"] == 1
    assert made["slug"].startswith("test-property-")
    assert app.get(f"{LIST}/{made['id']}").status == 404
    assert app.get(f"{LIST}/{made['id']}", token=agent).status == 200


def test_activation_needs_a_complete_listing(app, agent):
    made = app.post(LIST, DRAFT, token=agent).json
    path = f"{LIST}/{made['id']}"
    reply = app.patch(path, {"status": "active"}, token=agent)
    assert reply.status == 422
    assert {detail["field"] for detail in reply.error["details"]} == {"location", "images"}
    assert app.get(path, token=agent).json["status"] == "draft"
    app.patch(path, {"location": {"lat": 7.9, "lng": 98.3}}, token=agent)
    app.put(f"{path}/images", IMAGES, token=agent)
    assert app.patch(path, {"status": "active"}, token=agent).status == 200
    assert app.get(path).status == 200


def test_exact_coordinates_are_for_staff(app, agent, active):
    path = f"{LIST}/{active['id']}"
    assert app.get(path).json["location"] == {"lat": 7.891, "lng": 98.301, "approximate": True}
    assert app.get(path, token=agent).json["location"]["lat"] == 7.891234


def test_changes_show_at_once(app, agent, active):
    path = f"{LIST}/{active['id']}"
    before = app.get(path)
    changed = app.patch(path, {"bedrooms_total": 7, "title": "Renamed villa", "amenities": ["wifi", "pool"]}, token=agent)
    assert changed.status == 200 and changed.json["version"] == active["version"] + 1
    after = app.get(path)
    assert after.json["bedrooms_total"] == 7 and after.json["title"] == "Renamed villa" and after.json["amenities"] == ["wifi", "pool"]
    assert after.headers["etag"] != before.headers["etag"]
    assert app.patch(path, {"bedrooms_total": None}, token=agent).json["bedrooms_total"] is None


def test_merge_patch_leaves_the_rest_alone(app, agent, active):
    path = f"{LIST}/{active['id']}"
    app.patch(path, {"financials": {"cap_rate_pct": 6.5, "tenure": "freehold"}, "address": {"city": "Phuket", "district": "Rawai"}}, token=agent)
    app.patch(path, {"financials": {"tenure": None, "noi_minor": 5}, "address": {"district": None}}, token=agent)
    now = app.get(path, token=agent).json
    assert now["financials"] == {"cap_rate_pct": 6.5, "noi_minor": 5}
    assert now["address"]["city"] == "Phuket" and now["address"]["district"] is None
    assert now["price"] == active["price"] and now["title"] == active["title"]


def test_if_match_guards_every_write(app, agent, active):
    path = f"{LIST}/{active['id']}"
    tag = app.get(path, token=agent).headers["etag"]
    stale = {"If-Match": '"v1"'}
    for reply in (app.patch(path, {"bedrooms_total": 1}, token=agent, headers=stale), app.delete(path, token=agent, headers=stale),
                  app.put(f"{path}/images", IMAGES, token=agent, headers=stale)):
        assert reply.status == 412 and reply.error["code"] == "PRECONDITION_FAILED"
    assert app.patch(path, {"bedrooms_total": 1}, token=agent, headers={"If-Match": tag}).status == 200
    assert app.patch(path, {"bedrooms_total": 2}, token=agent, headers={"If-Match": tag}).status == 412


def test_of_twenty_racing_writers_with_one_tag_one_wins(app, agent, active):
    path = f"{LIST}/{active['id']}"
    tag = app.get(path, token=agent).headers["etag"]
    statuses, barrier = [], threading.Barrier(20)

    def write(n):
        barrier.wait()
        while (reply := app.patch(path, {"bedrooms_total": n}, token=agent, headers={"If-Match": tag})).status == 503:
            time.sleep(0.1)  # a busy machine: no connection came free in time
        statuses.append(reply.status)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(statuses) == [200] + [412] * 19


def test_price_changes_are_kept(app, agent, active):
    path = f"{LIST}/{active['id']}"
    app.patch(path, {"price": {"amount_minor": 900}}, token=agent)
    app.patch(path, {"price": {"amount_minor": 900}}, token=agent)
    app.patch(path, {"price": {"amount_minor": 25, "currency": "USD"}}, token=agent)
    history = app.get(f"{path}/price-history").json["data"]
    assert [(h["price"]["amount_minor"], h["price"]["currency"]) for h in history] == [(25, "USD"), (900, "THB"), (125000000, "THB")]
    assert {row["id"] for row in walk(app, "limit=100&price_min=800&price_max=1000")} >= {active["id"]}
    assert app.get(f"{LIST}/999999999/price-history").status == 404


def test_images_are_replaced_as_a_whole(app, agent, active):
    path = f"{LIST}/{active['id']}"
    assert [image["url"][-5:] for image in active["images"]] == ["a.jpg", "b.jpg"]
    assert active["images"][0]["cover"] is True and active["images"][1]["cover"] is False
    new = {"images": [{"url": "https://images.example/c.jpg"}]}
    assert [image["url"] for image in app.put(f"{path}/images", new, token=agent).json["images"]] == ["https://images.example/c.jpg"]
    for bad in ([{"url": "http://images.example/c.jpg"}], [{"url": "https://x/\n"}], [{}], [{"url": "https://x.example/", "width": 0}],
                [{"url": "https://x.example/a", "size": 1}], [{"url": "https://x.example/a"}] * 61, []):
        assert app.put(f"{path}/images", {"images": bad}, token=agent).status == 422, bad
    assert app.put(f"{path}/images", {"images": [{"url": "https://x.example/a"}] * 60}, token=agent).status == 200


def test_texts_per_locale(app, agent, active):
    path = f"{LIST}/{active['id']}"
    assert app.put(f"{path}/texts/th", {"title": "บ้านทดสอบ", "description": "สวย"}, token=agent).status == 200
    assert app.get(f"{path}?locale=th").json["title"] == "บ้านทดสอบ"
    assert app.put(f"{path}/texts/de", {"title": "Haus"}, token=agent).status == 422
    assert app.put(f"{path}/texts/th", {"title": "ab"}, token=agent).status == 422
    assert app.delete(f"{path}/texts/en", token=agent).status == 409
    assert app.delete(f"{path}/texts/th", token=agent).status == 204
    assert app.delete(f"{path}/texts/th", token=agent).status == 404
    assert app.get(f"{path}?locale=th").json["locale"] == "en"


def test_archived_is_gone_for_the_public(app, agent, active):
    path = f"{LIST}/{active['id']}"
    assert app.delete(path, token=agent).status == 204
    assert app.get(path).status == 404
    assert app.get(path, token=agent).json["status"] == "archived"


def test_foreign_agents_see_404(app, active, user, admin):
    path = f"{LIST}/{active['id']}"
    foreign = app.token_of("agent", "user_foreign_agent")
    for reply in (app.patch(path, {"bedrooms_total": 1}, token=foreign), app.delete(path, token=foreign),
                  app.put(f"{path}/images", IMAGES, token=foreign), app.put(f"{path}/texts/th", {"title": "abc"}, token=foreign)):
        assert reply.status == 404 and reply.error["message"] == "Property not found"
    assert app.patch(path, {"bedrooms_total": 1}, token=user).status == 403
    assert app.patch(path, {"bedrooms_total": 1}).status == 401
    assert app.patch(path, {"bedrooms_total": 9}, token=admin).status == 200


def test_slugs_are_unique(app, agent):
    slug = f"slug-{uuid.uuid4().hex[:8]}"
    assert app.post(LIST, {**DRAFT, "slug": slug}, token=agent).json["slug"] == slug
    reply = app.post(LIST, {**DRAFT, "slug": slug}, token=agent)
    assert reply.status == 409 and reply.error["code"] == "CONFLICT"


WRONG = [
    ({"title": None}, "title"), ({"title": "ab"}, "title"), ({"title": "x" * 201}, "title"), ({"listing_type": "rent"}, "listing_type"),
    ({"price": None}, "price"), ({"price": {"amount_minor": 1.5, "currency": "THB", "period": "total"}}, "price.amount_minor"),
    ({"price": {"amount_minor": -1, "currency": "THB", "period": "total"}}, "price.amount_minor"),
    ({"price": {"amount_minor": 1, "currency": "EUR", "period": "total"}}, "price.currency"),
    ({"price": {"amount_minor": 1, "currency": "THB"}}, "price.period"), ({"slug": "12345"}, "slug"), ({"slug": "Bad Slug"}, "slug"),
    ({"location": {"lat": 91, "lng": 0}}, "location.lat"), ({"location": {"lat": 1}}, "location.lng"),
    ({"amenities": "wifi"}, "amenities"), ({"amenities": ["Wi Fi"]}, "amenities"), ({"bedrooms_total": "3"}, "bedrooms_total"),
    ({"year_built": 1600}, "year_built"), ({"financials": {"tenure": "other"}}, "financials.tenure"), ({"attributes": []}, "attributes"),
    ({"created_by": 1}, "created_by"), ({"agent_id": 1}, "agent_id"), ({"price_base_minor": 1}, "price_base_minor"),
    ({"version": 9}, "version"), ({"id": 1}, "id"), ({"stay_rules": {"check_in_time": "25:00"}}, "stay_rules.check_in_time"),
]


@pytest.mark.parametrize("change,field", WRONG, ids=[field for _, field in WRONG])
def test_wrong_input_is_named_and_nothing_is_kept(app, agent, services, product, change, field):
    count = "SELECT count(*) FROM properties"
    before = services.sql(product, count)
    body = {name: value for name, value in {**DRAFT, **change}.items() if value is not None}
    reply = app.post(LIST, body, token=agent)
    assert reply.status == 422, reply.body
    assert field in [detail["field"] for detail in reply.error["details"]]
    assert services.sql(product, count) == before


def test_writes_are_audited(app, agent, active, services, product):
    rows = services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'property' AND entity_id = {active['id']} ORDER BY id")
    assert [row[0] for row in rows] == ["property.create", "property.images", "property.update"]


def test_changes_queue_an_embedding_but_never_two(app, agent, active, services, product):
    jobs = f"FROM jobs WHERE kind = 'property.embed' AND dedupe_key = 'property.embed:{active['id']}'"
    for n in range(5):
        app.patch(f"{LIST}/{active['id']}", {"title": f"Another title {n}"}, token=agent)
        waiting = services.sql(product, f"SELECT count(*) FILTER (WHERE status <> 'done'), count(*) > 0 {jobs}")[0]
        assert waiting in (["0", "t"], ["1", "t"])
