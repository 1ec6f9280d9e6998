"""Listings found by meaning and by words, within filters; and listings like another."""

import json
import math
import uuid
from urllib.parse import quote, urlencode

import pytest
from harness.app import App
from harness.brand import KNOWN
from harness.fakes import Embeddings
from harness.faq import until
from harness.services import ROOT

LIST = "/api/v1/properties"
SEARCH = f"{LIST}/search"
# A question in other words than the listing's, and part of the title of what answers it
MEANING = {product: known["meaning"] for product, known in KNOWN.items()}
IMAGES = {"images": [{"url": "https://images.example/a.jpg"}]}


def seeds(product):
    return json.loads((ROOT / "seeds" / product / "properties.json").read_text())


def find(app, text, token=None, **more):
    reply = app.get(f"{SEARCH}?{urlencode({'q': text, **more})}", token=token)
    assert reply.status == 200, reply.body
    return reply.json


def ids(found):
    return [item["id"] for item in found["data"]]


def slugs(found):
    return [item["slug"] for item in found["data"]]


def make_active(app, agent, title, description="", **more):
    draft = {"title": title, "description": description, "listing_type": "sale", "property_type": "villa",
             "price": {"amount_minor": 100_000_00, "currency": "THB", "period": "total"},
             "location": {"lat": 7.891234, "lng": 98.301234, "approximate": True}, **more}
    made = app.post(LIST, draft, token=agent)
    assert made.status == 201, made.body
    path = f"{LIST}/{made.json['id']}"
    assert app.put(f"{path}/images", IMAGES, token=agent).status == 200
    assert app.patch(path, {"status": "active"}, token=agent).status == 200
    return made.json["id"]


def nonce():
    """A word that occurs nowhere else."""
    return "q" + uuid.uuid4().hex[:12].translate(str.maketrans("0123456789", "ghijklmnop"))


# ---- finding ----

def test_a_listing_is_found_by_its_own_words(app, product):
    for one in [one for one in seeds(product) if one["status"] == "active"][::6]:
        assert one["slug"] in slugs(find(app, one["texts"]["en"]["title"], limit=5)), one["slug"]


def test_a_listing_is_found_by_its_own_thai_words(app, product):
    thai = [one for one in seeds(product) if one["status"] == "active" and "th" in one["texts"]]
    assert len(thai) >= 5
    for one in thai[::3]:
        found = find(app, one["texts"]["th"]["title"], limit=5)
        assert one["slug"] in slugs(found), one["slug"]
        shown = next(item for item in found["data"] if item["slug"] == one["slug"])
        assert shown["title"] == one["texts"]["th"]["title"]  # in the language of the query


def test_a_seeded_program_can_be_searched_at_once(app, services, product):
    missing = ("SELECT count(*) FROM property_parts p LEFT JOIN property_embeddings e USING (property_id, locale) "
               "WHERE e.content_hash IS DISTINCT FROM p.content_hash AND p.property_id <= "
               f"{len(seeds(product))}")
    assert services.sql(product, missing) == [["0"]]


def test_other_words_for_the_same_find_it_too(app, product):
    text, part = MEANING[product]
    assert any(part in item["title"] for item in find(app, text, limit=5)["data"])


def test_typing_errors_are_forgiven(app):
    for text, word in (("beachfrnt", "beach"), ("appartment bangok", "apartment"), ("mountan view", "mountain")):
        found = find(app, text, limit=20)
        assert found["data"], text
        shown = [app.get(f"{LIST}/{item['id']}").json for item in found["data"]]
        assert any(word in f"{one['title']} {one['description']}".lower() for one in shown), text


def test_the_form_of_the_reply(app):
    found = find(app, "villa with a pool", limit=2)
    assert set(found) == {"data", "query", "has_more"} and found["has_more"] is True and len(found["data"]) == 2
    assert set(found["query"]) == {"mode_used", "degraded", "took_ms"}
    assert found["query"]["mode_used"] == "hybrid" and found["query"]["degraded"] is None and found["query"]["took_ms"] >= 0
    summary = set(app.get(f"{LIST}?limit=1").json["data"][0])
    assert set(found["data"][0]) == summary | {"score", "source", "scores"}
    assert set(found["data"][0]["scores"]) == {"vector", "keyword"}
    scores = [item["score"] for item in find(app, "villa with a pool", limit=50)["data"]]
    assert scores == sorted(scores, reverse=True) and all(0 < score <= 1 for score in scores)


def test_a_longer_list_begins_like_the_short_one(app):
    long = ids(find(app, "house with a garden", limit=20))
    short = find(app, "house with a garden", limit=3)
    assert ids(short) == long[:3] and short["has_more"] == (len(long) > 3)


def test_junk_is_not_shown(app):
    for text in ("zebra xylophone quantum", "asdfghjkl", "javascript closures", "lorem ipsum dolor", "สูตรทำแกงเขียวหวาน"):
        assert find(app, text)["data"] == [], text


def test_modes_use_their_leg_only(app):
    text = "teak house by the river"
    vector, keyword = find(app, text, mode="vector"), find(app, text, mode="keyword")
    assert vector["query"]["mode_used"] == "vector" and keyword["query"]["mode_used"] == "keyword"
    assert all(item["source"] == "vector" and item["scores"]["keyword"] is None for item in vector["data"])
    assert keyword["data"] and all(item["source"] == "keyword" and item["scores"]["vector"] is None for item in keyword["data"])
    assert keyword["query"]["degraded"] is None


def test_explain_is_for_admins(app, user, agent, admin):
    for token, status in ((None, 403), (user, 403), (agent, 403)):
        assert app.get(f"{SEARCH}?q=pool&explain=true", token=token).status == status
    found = find(app, "villa with a pool", explain="true", limit=3, token=admin)
    explained = found["query"]["explain"]
    assert explained["model"] == "hash-1536" and explained["normalised"] == "villa with a pool"
    assert explained["fusion"] in ("rrf", "convex") and (explained["vector_weight"], explained["keyword_weight"]) == (0.7, 0.3)
    passed = [one["id"] for one in explained["candidates"] if one["passed"]]
    assert passed[:3] == ids(found) and len(explained["candidates"]) > 3
    refused = find(app, "zebra xylophone quantum", explain="true", token=admin)
    assert refused["data"] == [] and not any(one["passed"] for one in refused["query"]["explain"]["candidates"])


def test_bad_parameters_are_named(app):
    for bad in ("", "q=", "q=%20%09", f"q={'x' * 301}", "q=a%00b", "q=%ff%fe", "q=a&q=b", "q=a&limit=0", "q=a&limit=51",
                "q=a&mode=best", "q=a&locale=xx", "q=a&sort=price", "q=a&cursor=x", "q=a&bedrooms_min=x", "q=a&explain=maybe"):
        assert app.get(f"{SEARCH}?{bad}").status == 422, bad
    assert app.get(f"{SEARCH}?q={'x' * 300}").status == 200
    assert app.get(f"{SEARCH}?q={quote('ก' * 300)}").status == 200


@pytest.mark.parametrize("text", [
    "???", "-", "\"", "😀 🏝️", "the", "is it of the and", "pool & | ! ()", "a:* & b", "'a' <-> 'b'", "\\", "it's", "a\\'b",
    "'; DROP TABLE properties; --", "1 OR 1=1", "' UNION SELECT * FROM users --", "pool:A & !beach", "%", "_%_", "pool\" or \"beach", "-pool", "<script>alert(1)</script>", "\u202e\u200b\ufeff",
    "a" * 300, "pool " * 60, "ห้อง" * 40, "e\u0301te\u0301"])
def test_strange_queries_are_answered(app, services, product, text):
    before = services.sql(product, "SELECT count(*) FROM properties")
    for mode in ("hybrid", "vector", "keyword"):
        found = find(app, text, mode=mode, limit=7)
        assert found["query"]["mode_used"] == mode and isinstance(found["data"], list) and len(found["data"]) <= 7
    assert services.sql(product, "SELECT count(*) FROM properties") == before


def test_signs_alone_find_nothing(app):
    for text in ("?!?", "😀😀", "& | !"):
        found = find(app, text)
        assert found["data"] == [] and found["query"]["degraded"] is None


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_stop_words_alone_find_nothing(app, mode):
    for text in ("is it of the and", "THE, the; the?", "what is it", "-the"):
        found = find(app, text, mode=mode)
        assert found["data"] == [] and (found["query"]["degraded"], found["query"]["mode_used"]) == (None, mode), text


def test_stop_words_beside_a_word_that_nothing_has_find_nothing(app):
    assert find(app, "is the qzxvkwpj in it", mode="keyword")["data"] == []


def test_stop_words_change_nothing_in_what_words_find(app):
    assert ids(find(app, "is there a villa with the pool?", mode="keyword")) == ids(find(app, "villa pool", mode="keyword"))


# ---- filters ----

FILTERS = [
    "listing_type={listing_type}", "property_type={property_type}", "property_type=villa,condo", "bedrooms_min=3", "bedrooms_max=2",
    "bathrooms_min=2", "guests=4", "living_area_min=100", "living_area_max=150", "lot_size_min=400", "year_built_min=2015",
    "city={city}", "province={province}", "country=TH", "district={district}", "amenities=parking", "any_amenities=parking,wifi",
    "price_max=500000000", "price_min=10000&price_max=90000000&currency=THB", "bbox=97,5,101,12", "near=7.88,98.39&radius_km=60",
    "updated_since=2020-01-01T00:00:00Z", "bedrooms_min=2&city={city}", "tenure=leasehold", "cap_rate_min=5"]


def everything(app, query):
    found, cursor = [], ""
    while True:
        page = app.get(f"{LIST}?limit=100&{query}{cursor}").json
        found += [item["id"] for item in page["data"]]
        if not page["has_more"]:
            return set(found)
        cursor = f"&cursor={page['next_cursor']}"


def compared(app, admin, query):
    """What the list shows, and so does the search by meaning."""
    listed = everything(app, query)
    reply = app.get(f"{SEARCH}?q=house&mode=vector&limit=50&explain=true&{query}", token=admin).json
    candidates = {item["id"] for item in reply["query"]["explain"]["candidates"]}
    assert candidates <= listed
    assert len(candidates) == min(len(listed), 50)  # all that fit are compared, the 50 nearest are looked at
    assert set(ids(reply)) <= listed
    return listed


@pytest.mark.parametrize("query", FILTERS)
def test_every_filter_of_the_list_narrows_the_search_alike(app, admin, product, query):
    one = next(one for one in seeds(product) if one["status"] == "active" and one.get("district"))
    query = query.format(**{name: quote(str(one[name])) for name in ("listing_type", "property_type", "city", "province", "district")})
    compared(app, admin, query)


def matching(services, product, condition):
    return {int(row[0]) for row in services.sql(product, f"SELECT id FROM properties WHERE status = 'active' AND {condition}")}


@pytest.mark.parametrize("query,condition", [
    ("property_sub_type=pool_villa,two_bedroom", "property_sub_type IN ('pool_villa', 'two_bedroom')"),
    ("lot_size_max=480", "lot_size_m2 <= 480"), ("ids=1,2,3,999999999", "id IN (1, 2, 3)"),
    ("price_min={middle}&currency=USD", "price_base_minor >= {middle} * 36"),
    ("price_max={middle}&currency=USD", "price_base_minor <= {middle} * 36")])
def test_a_filter_leaves_what_it_says(app, services, admin, product, query, condition):
    prices = sorted(one["price_base_minor"] for one in seeds(product) if one["status"] == "active")
    middle = prices[len(prices) // 2] // 36  # dollars, of which the seeds say that they are 36 baht
    wanted = matching(services, product, condition.format(middle=middle))
    assert 0 < len(wanted) < len(everything(app, ""))
    assert compared(app, admin, query.format(middle=middle)) == wanted


def test_what_is_booked_is_not_found_for_these_nights(app, services, admin, product):
    """A product without stays has nothing to give for nights."""
    stays = matching(services, product, "listing_type = 'short_stay'")
    booked = services.sql(product, """SELECT property_id, lower(stay), upper(stay) FROM bookings JOIN properties p ON p.id = property_id
        WHERE p.status = 'active' AND bookings.status IN ('pending', 'confirmed') ORDER BY lower(stay) DESC LIMIT 1""")
    assert bool(booked) == bool(stays)
    taken, first, last = booked[0] if booked else (0, "2030-01-10", "2030-01-12")
    found = compared(app, admin, f"check_in={first}&check_out={last}")
    assert found <= stays - {int(taken)} and bool(found) == bool(stays)
    assert compared(app, admin, "check_in=2035-01-10&check_out=2035-01-12") == stays
    assert app.get(f"{SEARCH}?q=house&check_in=2035-01-10").status == 422


def test_distance_is_shown_with_near(app):
    found = find(app, "house", near="7.88,98.39", radius_km=100, mode="keyword")
    assert all(item["distance_km"] <= 100 for item in found["data"])


def test_a_narrow_filter_loses_nothing(app, services, agent, product):
    """One of a hundred fits, among thousands whose vectors are all nearer than those that fit."""
    word = nonce()
    services.sql(product, f"""
        INSERT INTO properties (slug, created_by, listing_type, property_type, status, price_minor, currency, price_period,
                                price_base_minor, city, published_at)
        SELECT '{word}-' || n, (SELECT min(id) FROM users), 'sale', 'villa', 'active', 1, 'THB', 'total', 1,
               CASE WHEN n % 100 = 0 THEN '{word}' ELSE 'Elsewhere' END, '2020-01-01' FROM generate_series(1, 6000) n""")
    services.sql(product, f"""
        INSERT INTO property_texts (property_id, locale, title, description)
        SELECT id, 'en', 'Made up {word} ' || id, '' FROM properties WHERE slug LIKE '{word}-%'""")
    services.sql(product, f"""
        INSERT INTO property_embeddings (property_id, locale, model, dims, content_hash, embedding)
        SELECT p.id, 'en', 'hash-1536', 1536, sha256(p.slug::bytea),
               (SELECT array_agg(CASE WHEN k = 1 THEN 1 WHEN k = 2 + p.id % 900 THEN 0.3
                                      WHEN k = 1000 AND p.city = '{word}' THEN 2.5 ELSE 0 END ORDER BY k)
                FROM generate_series(1, 1536) k)::vector
        FROM properties p WHERE p.slug LIKE '{word}-%'""")
    services.sql(product, "ANALYZE properties; ANALYZE property_embeddings")
    try:
        query = "(SELECT array_agg((k = 1)::int::real ORDER BY k) FROM generate_series(1, 1536) k)::vector"
        narrow = json.dumps({"status": "active", "city": [word]})
        wide = json.dumps({"status": "active", "property_type": ["villa"]})

        def leg(filters, at_most):
            return services.sql(product, f"SELECT id, round(cosine::numeric, 5) FROM properties_vector_leg('{filters}', "
                                f"properties_fitting('{filters}', {at_most}), {query}, 'hash-1536') ORDER BY cosine DESC, id")

        exact = leg(narrow, 10000)
        assert len(exact) == 50
        assert leg(narrow, 10) == exact  # through the index: which finds too few, or all of them
        through, compared = leg(wide, 10), leg(wide, 10000)
        assert len(through) == len(compared) == 50
        assert math.isclose(float(through[0][1]), float(compared[0][1]), abs_tol=0.001)
        found = find(app, f"made up {word}", city=word, limit=50)
        assert len(found["data"]) == 50 and all(item["city"] == word for item in found["data"])
        wide = find(app, f"made up {word}", limit=20)
        assert len(wide["data"]) == 20, wide
    finally:
        services.sql(product, f"DELETE FROM properties WHERE slug LIKE '{word}-%'")


def test_what_is_near_but_refused_takes_no_place(app, services, product):
    """The vector leg is full of what only happens to be nearest: everything that has the word is still found."""
    word = nonce()
    services.sql(product, f"""
        INSERT INTO properties (slug, created_by, listing_type, property_type, status, price_minor, currency, price_period,
                                price_base_minor, published_at)
        SELECT '{word}-' || n, (SELECT min(id) FROM users), 'sale', 'villa', 'active', 1, 'THB', 'total', 1, '2020-01-01'
        FROM generate_series(1, 80) n""")
    services.sql(product, f"""
        INSERT INTO property_texts (property_id, locale, title, description)
        SELECT id, 'en', CASE WHEN id % 2 = 0 THEN '{word}' ELSE 'Made up' END, '' FROM properties WHERE slug LIKE '{word}-%'""")
    services.sql(product, f"""
        INSERT INTO property_embeddings (property_id, locale, model, dims, content_hash, embedding)
        SELECT id, 'en', 'hash-1536', 1536, sha256(slug::bytea),
               (SELECT array_agg((k = id % 1000 + 1)::int ORDER BY k) FROM generate_series(1, 1536) k)::vector
        FROM properties WHERE slug LIKE '{word}-%' AND id % 2 = 1""")
    try:
        found = find(app, word, limit=40)
        assert len(found["data"]) == 40 and all(item["title"] == word for item in found["data"]), len(found["data"])
        assert not found["has_more"]
    finally:
        services.sql(product, f"DELETE FROM properties WHERE slug LIKE '{word}-%'")


def test_many_that_fit_are_chosen_by_sketches(app, services, product):
    """Thousands fit; the nearest are found after their place has changed, too, and among vectors of another model and length."""
    word = nonce()
    services.sql(product, f"""
        INSERT INTO properties (slug, created_by, listing_type, property_type, status, price_minor, currency, price_period,
                                price_base_minor, city, published_at)
        SELECT '{word}-' || n, (SELECT min(id) FROM users), 'sale', 'villa', 'active', 1, 'THB', 'total', 1, '{word}', '2020-01-01'
        FROM generate_series(1, 1000) n""")
    services.sql(product, f"INSERT INTO property_texts SELECT id, 'en', 'Made up ' || id FROM properties WHERE slug LIKE '{word}-%'")
    for model, dims in (("hash-1536", 1536), ("hash-700", 700)):
        services.sql(product, f"""
            INSERT INTO property_embeddings (property_id, locale, model, dims, content_hash, embedding)
            SELECT p.id, 'en', '{model}', {dims}, sha256(p.slug::bytea),
                   (SELECT array_agg(sin(p.id * k + p.id) ORDER BY k) FROM generate_series(1, {dims}) k)::vector
            FROM properties p WHERE p.slug LIKE '{word}-%'""")

    def leg(city, model, query):
        filters = json.dumps({"status": "active", "city": [city]})
        return [int(row[0]) for row in services.sql(
            product, f"SELECT id FROM properties_vector_leg('{filters}', properties_fitting('{filters}', 100000), ({query}), '{model}') "
            "ORDER BY cosine DESC, id")]

    try:
        (wanted,), = services.sql(product, f"SELECT max(id) FROM properties WHERE slug LIKE '{word}-%'")
        for model in ("hash-1536", "hash-700"):
            query = f"SELECT embedding FROM property_embeddings WHERE property_id = {wanted} AND model = '{model}'"
            found = leg(word, model, query)
            assert len(found) == 50 and found[0] == int(wanted)
        services.sql(product, f"UPDATE properties SET city = '{word} moved' WHERE slug LIKE '{word}-%'")
        assert leg(word, model, query) == [] and leg(f"{word} moved", model, query) == found
        services.sql(product, f"UPDATE property_embeddings SET embedding = (SELECT e.embedding FROM property_embeddings e WHERE e.property_id = {wanted} "
                     f"AND e.model = '{model}') WHERE model = '{model}' AND property_id = (SELECT min(id) FROM properties WHERE slug LIKE '{word}-%')")
        assert leg(f"{word} moved", model, query)[:2] == [int(wanted) - 999, int(wanted)]
        services.sql(product, f"DELETE FROM property_embeddings WHERE property_id = {wanted}")
        assert services.sql(product, f"SELECT count(*) FROM property_sketches WHERE property_id = {wanted}") == [["0"]]
    finally:
        services.sql(product, f"DELETE FROM properties WHERE slug LIKE '{word}-%'")


# ---- freshness and sight ----

def test_a_new_listing_and_its_edits_are_found(app, services, agent, product):
    first, second = nonce(), nonce()
    number = make_active(app, agent, f"House called {first}")
    assert ids(find(app, first)) == [number]  # by words at once
    until(lambda: ids(find(app, f"house called {first}", mode="vector", limit=1)) == [number])
    before = services.sql(product, f"SELECT encode(content_hash, 'hex') FROM property_embeddings WHERE property_id = {number}")
    assert app.patch(f"{LIST}/{number}", {"title": f"House called {second}"}, token=agent).status == 200
    assert ids(find(app, second)) == [number]
    until(lambda: services.sql(
        product, f"SELECT encode(content_hash, 'hex') FROM property_embeddings WHERE property_id = {number}") != before)
    assert number not in ids(find(app, first))
    assert ids(find(app, f"house called {second}", mode="vector", limit=1)) == [number]
    assert app.put(f"{LIST}/{number}/texts/th", {"title": f"บ้านชื่อ {first}"}, token=agent).status == 200
    assert ids(find(app, first)) == [number]


def test_only_a_changed_text_is_embedded_again(app, services, agent, product):
    number = make_active(app, agent, f"Unchanged {nonce()}")
    made = f"SELECT created_at FROM property_embeddings WHERE property_id = {number}"
    before = until(lambda: services.sql(product, made))
    jobs = f"SELECT count(*) FROM jobs WHERE payload ->> 'property_id' = '{number}' AND status <> 'done'"
    until(lambda: services.sql(product, jobs) == [["0"]])
    price = {"price": {"amount_minor": 5, "currency": "THB", "period": "total"}}
    assert app.patch(f"{LIST}/{number}", price, token=agent).status == 200
    until(lambda: services.sql(product, jobs) == [["0"]])
    assert services.sql(product, made) == before


def test_drafts_and_archived_listings_are_never_found(app, services, agent, admin, user, product):
    word = nonce()
    draft = app.post(LIST, {"title": f"Draft {word}", "listing_type": "sale", "property_type": "villa",
                            "price": {"amount_minor": 1, "currency": "THB", "period": "total"}}, token=agent).json["id"]
    gone = make_active(app, agent, f"Archived {word}")
    vectors = f"SELECT count(*) FROM property_embeddings WHERE property_id = {gone}"
    until(lambda: services.sql(product, vectors) == [["1"]])
    assert app.delete(f"{LIST}/{gone}", token=agent).status in (200, 204)
    for mode in ("hybrid", "vector", "keyword"):
        for token in (None, user, agent, admin):
            assert not {draft, gone} & set(ids(find(app, word, mode=mode, limit=50, token=token)))
    until(lambda: services.sql(product, vectors) == [["0"]])
    assert app.get(f"{SEARCH}?q={word}&status=draft").status == 403
    assert app.get(f"{SEARCH}?q={word}&status=draft", token=user).status == 403
    assert ids(find(app, word, status="draft", token=agent)) == [draft]


def test_coordinates_stay_approximate_for_the_public(app, agent):
    word = nonce()
    make_active(app, agent, f"Approximate {word}")
    assert find(app, word)["data"][0]["location"]["lat"] == 7.891
    assert find(app, word, token=agent)["data"][0]["location"]["lat"] == 7.891234


# ---- similar ----

def test_similar_listings(app, services, product):
    oldest = services.sql(product, "SELECT min(id) FROM properties WHERE status = 'active'")[0][0]  # of the seeds: it has a vector
    one = app.get(f"{LIST}/{oldest}").json
    page = app.get(f"{LIST}/{one['id']}/similar").json
    assert set(page) == {"data", "has_more", "next_cursor", "total"} and 1 <= len(page["data"]) <= 12
    assert all(item["listing_type"] == one["listing_type"] and item["status"] == "active" for item in page["data"])
    assert one["id"] not in [item["id"] for item in page["data"]]
    scores = [item["score"] for item in page["data"]]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    nearest = services.sql(product, f"""
        SELECT o.property_id FROM property_embeddings b JOIN properties p ON p.id = b.property_id AND b.locale = p.default_locale
        JOIN property_embeddings o ON o.property_id <> b.property_id
        JOIN properties q ON q.id = o.property_id AND q.status = 'active' AND q.listing_type = p.listing_type
        WHERE b.property_id = {one['id']} GROUP BY 1 ORDER BY min(o.embedding <=> b.embedding), 1 LIMIT 12""")
    assert [item["id"] for item in page["data"]] == [int(row[0]) for row in nearest]
    assert len(app.get(f"{LIST}/{one['id']}/similar?limit=2").json["data"]) == 2


def test_similar_to_nothing_or_to_a_hidden_one_is_404(app, agent, user):
    draft = app.post(LIST, {"title": "Hidden from the public", "listing_type": "sale", "property_type": "villa",
                            "price": {"amount_minor": 1, "currency": "THB", "period": "total"}}, token=agent).json["id"]
    for path, token in ((f"{LIST}/987654321/similar", None), (f"{LIST}/{draft}/similar", None), (f"{LIST}/{draft}/similar", user)):
        reply = app.get(path, token=token)
        assert (reply.status, reply.error["message"]) == (404, "Property not found")
    assert app.get(f"{LIST}/{draft}/similar", token=agent).status == 200
    assert app.get(f"{LIST}/{draft}/similar?limit=13", token=agent).status == 422


# ---- degraded and switched off ----

@pytest.mark.parametrize("fault", [("status", 500), ("disconnect",), ("garbage",), ("dims", 7), ("nan",), ("hang",)])
def test_without_vectors_the_words_are_searched(app, services, product, fault):
    """The service has made the vectors, then it fails."""
    database = f"{product}_db_dev"
    with Embeddings() as fake:
        program = App(product, services, WORKERS=1, **fake.settings(), **services.second_database(product)).prepare()
        assert services.sql(product, "SELECT count(*) FROM property_embeddings WHERE model LIKE 'hash-%'", database=database) == [["0"]]
        program.start()
        try:
            assert find(program, "villa with a pool")["query"]["degraded"] is None
            fake.always = fault
            text = f"villa with a garden {nonce()}"
            found = find(program, text)
            assert found["query"]["mode_used"] == "keyword" and found["query"]["degraded"] == "no_embedding"
            assert found["data"] and all(item["source"] == "keyword" for item in found["data"])
            assert find(program, text, mode="keyword")["query"]["degraded"] is None
            assert text not in program.log_text()
        finally:
            assert program.stop() == 0


def test_switched_off_it_is_not_there(start):
    off = start(SEARCH_ENABLED="false")
    for path in (f"{SEARCH}?q=pool", f"{LIST}/1/similar", f"{LIST}/facets"):
        reply = off.get(path)
        assert (reply.status, reply.error["code"]) == (404, "FEATURE_DISABLED")
    paths = off.get("/openapi.json").json["paths"]
    assert not any("similar" in path or "properties/search" in path for path in paths)
    assert off.get(LIST).status == 200
