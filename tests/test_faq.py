"""The FAQ as visitors use it: found, listed, voted on; what it cannot answer is kept for the editors."""

import json
import re
import secrets
import threading
import time
from urllib.parse import quote, urlencode

import pytest

from harness.brand import KNOWN
from harness.services import ROOT
from harness.waiting import until

FAQ = "/api/v1/faq"
SEARCH = f"{FAQ}/search"
CANCEL = {product: tuple(known["faq"][0][name] for name in ("question", "category", "answer")) for product, known in KNOWN.items()}
NONSENSE = "Zorbulent quixmar frindlewock vaxophone?"


def find(app, text, **options):
    headers = options.pop("headers", None)
    token = options.pop("token", None)
    reply = app.get(f"{SEARCH}?{urlencode({'query': text, **options})}", headers=headers, token=token)
    assert reply.status == 200, reply.body
    return reply.json


def questions(found):
    return [item["question"] for item in found["data"]]


def seed(product, name):
    return json.loads((ROOT / f"seeds/{product}/{name}.json").read_text())


def gaps(services, product, question):
    escaped = question.replace("'", "''")
    return services.sql(product, f"""SELECT g.id, g.count, g.status, g.sample_question, g.locale FROM faq_gaps g
        JOIN faq_gap_examples e ON e.gap_id = g.id WHERE e.question = '{escaped}'""")


# ---- search ----

def test_a_question_finds_its_answer(app, product):
    question, category, answer = CANCEL[product]
    found = find(app, question)
    assert questions(found)[0] == question and found["data"][0]["score"] == 1
    item = next(item for item in found["data"] if item["question"] == question)
    assert item["answer"].startswith(answer) and item["category"]["slug"] == category and item["locale"] == "en"
    assert set(item) == {"id", "question", "answer", "category", "locale", "tags", "helpful_count", "not_helpful_count", "updated_at",
                         "score", "source", "scores"}
    assert set(item["category"]) == {"id", "slug", "name"} and set(item["scores"]) == {"vector", "keyword"}
    assert set(found["query"]) == {"mode_used", "degraded", "cached", "took_ms", "min_similarity"}
    assert found["query"]["mode_used"] == "hybrid" and found["query"]["degraded"] is None
    scores = [item["score"] for item in found["data"]]
    assert scores == sorted(scores, reverse=True) and all(0 < score <= 1 for score in scores)


def test_every_phrasing_of_every_entry_finds_it(app, product):
    """A sample: each entry by its own question, in both languages."""
    entries = [entry for entry in seed(product, "faq") if entry["status"] == "published"]
    missed = [entry["question"] for entry in entries[::4] if entry["question"] not in
              questions(find(app, entry["question"], locale=entry["locale"]))]
    assert missed == []


def test_the_alias_and_the_limits_of_the_query(app):
    assert app.get(f"{SEARCH}?q=pool").status == 200
    for bad in ("", "query=", "q=", "query=%20%20", "query=%09%0a", f"query={'x' * 501}", "query=a%00b", "query=%ff%fe",
                "query=a&q=b", "query=pool&limit=0", "query=pool&limit=21", "query=pool&limit=x", "query=pool&mode=best",
                "query=pool&locale=xx", "query=pool&whatever=1", "query=pool&explain=maybe"):
        reply = app.get(f"{SEARCH}?{bad}")
        assert reply.status == 422, (bad, reply.status)
    assert app.get(f"{SEARCH}?query={'x' * 500}").status == 200
    assert app.get(f"{SEARCH}?query={quote('ก' * 500)}").status in (200, 413, 414)
    assert app.get(f"{SEARCH}?query={quote('ก' * 300)}").status == 200


@pytest.mark.parametrize("text", [
    "???", "...!", "-", "\"", "😀", "😀😀 🏝️", "the", "is it of the and", "!!! & | <->", "pool & | ! ()", "a:* & b", "'a' <-> 'b'", "\\",
    "'; DROP TABLE faq_documents; --", "1 OR 1=1", "' UNION SELECT * FROM users --", "pool:A & !beach", "%", "_%_", "pool\" or \"beach", "-pool", "<script>alert(1)</script>",
    "\u202e\u200b\ufeff", "a" * 400, "pool " * 90, "ห้อง" * 60, "e\u0301te\u0301"])
def test_strange_queries_are_answered(app, services, product, text):
    before = services.sql(product, "SELECT count(*) FROM faq_documents")
    for mode in ("hybrid", "vector", "keyword"):
        found = find(app, text, mode=mode)
        assert found["query"]["mode_used"] == mode and isinstance(found["data"], list) and len(found["data"]) <= 5
        assert all(isinstance(item["score"], (int, float)) for item in found["data"])
    assert services.sql(product, "SELECT count(*) FROM faq_documents") == before


def test_signs_alone_find_nothing_and_are_no_gap(app, services, product):
    for text in ("?!?", "😀😀", "& | !"):
        assert find(app, text)["data"] == []
    time.sleep(0.3)
    assert gaps(services, product, "😀😀") == []


@pytest.mark.parametrize("text", ["is it of the and", "THE, the; the?", "what is it"])
def test_stop_words_alone_have_no_answer_and_are_one_gap(app, services, product, text):
    for mode in ("hybrid", "vector"):
        assert find(app, text, mode=mode)["data"] == [], mode
    kept = until(lambda: gaps(services, product, text))
    assert len({row[0] for row in kept}) == 1 and (kept[0][2], kept[0][4]) == ("open", "en")
    services.sql(product, f"DELETE FROM faq_gaps WHERE id = {kept[0][0]}")


def test_limit_and_order(app):
    for limit in (1, 3, 20):
        assert 1 <= len(find(app, "booking payment check-in taxes", limit=limit, mode="keyword")["data"]) <= limit
    few, many = (find(app, "how do I pay", limit=limit)["data"] for limit in (2, 20))
    assert [item["id"] for item in many][:len(few)] == [item["id"] for item in few]


def test_modes_use_their_leg_only(app, product):
    question = CANCEL[product][0]
    assert all(item["scores"]["keyword"] is None and item["source"] == "vector"
               for item in find(app, question, mode="vector")["data"])
    found = find(app, question, mode="keyword")
    assert found["data"] and all(item["scores"]["vector"] is None and item["source"] == "keyword" for item in found["data"])
    assert found["query"]["degraded"] is None
    assert any(item["source"] == "hybrid" for item in find(app, question)["data"])


def test_a_category_narrows_the_search(app, product):
    question, category, _ = CANCEL[product]
    found = find(app, question, category=category)
    assert question in questions(found)
    assert all(item["category"]["slug"] == category for item in found["data"])
    assert find(app, question, category="no-such-category")["data"] == []


def test_the_language_follows_the_letters(app, product):
    thai = next(entry for entry in seed(product, "faq") if entry["locale"] == "th" and entry["status"] == "published")
    found = find(app, thai["question"])
    assert thai["question"] in questions(found) and all(item["locale"] == "th" for item in found["data"])
    english = CANCEL[product][0]
    assert all(item["locale"] == "en" for item in find(app, english, headers={"Accept-Language": "th"})["data"])
    assert find(app, english, locale="en", headers={"Accept-Language": "th"})["data"]
    assert all(item["locale"] == "th" for item in find(app, english, locale="th")["data"])


def test_a_literal_part_of_a_thai_text_is_strict(app, admin, product):
    thai = next(entry for entry in seed(product, "faq") if entry["locale"] == "th" and entry["status"] == "published")
    part = thai["question"][2:14]
    found = find(app, part, explain="true", limit=20, token=admin)
    strict = {entry["question"] for entry in found["query"]["explain"]["candidates"] if entry["strict"]}
    assert thai["question"] in strict


def test_explain_is_for_admins(app, admin, user):
    path = f"{SEARCH}?query=refund&explain=true"
    for token in (None, user):
        reply = app.get(path, token=token)
        assert reply.status == 403 and reply.error["message"] == "Admin access required"
    reply = app.get(path, token=admin)
    assert reply.status == 200
    found = reply.json
    explain = found["query"]["explain"]
    assert set(explain) == {"version", "model", "normalised", "fusion", "vector_weight", "keyword_weight", "declined", "candidates"}
    assert explain["vector_weight"] == 0.7 and explain["keyword_weight"] == 0.3 and explain["model"] == "hash-1536"
    assert len(explain["candidates"]) >= len(found["data"])
    passed = [entry["id"] for entry in explain["candidates"] if entry["passed"]]
    best = explain["candidates"][0]
    assert 0 < best["words"] <= 1 and 0 <= best["ideas"] <= 1 and best["length"] > 0 and best["unknown"] == 0
    assert 0 <= explain["declined"] < best["scores"]["vector"]
    assert [item["id"] for item in found["data"]] == passed[:5]
    assert not app.get(path, token=admin).json["query"]["cached"]
    assert "explain" not in app.get(f"{SEARCH}?query=refund", token=admin).json["query"]


def test_drafts_are_never_found(app, product):
    draft = next(entry for entry in seed(product, "faq") if entry["status"] == "draft")
    for mode in ("hybrid", "vector", "keyword"):
        assert draft["question"] not in questions(find(app, draft["question"], locale=draft["locale"], limit=20, mode=mode))


def test_weights_and_top_k_come_from_the_settings(start, product):
    one = start(FAQ_VECTOR_WEIGHT="0", FAQ_KEYWORD_WEIGHT="1", FAQ_TOP_K="2", FAQ_MIN_SIMILARITY="0")
    found = find(one, CANCEL[product][0])
    assert len(found["data"]) == 2 and found["query"]["min_similarity"] == 0
    assert [item["scores"]["keyword"] for item in found["data"]] == sorted((item["scores"]["keyword"] for item in found["data"]), reverse=True)
    refused = one.__class__(product, one.services, FAQ_VECTOR_WEIGHT="0", FAQ_KEYWORD_WEIGHT="0").command("check-config")
    assert refused.returncode == 78 and "FAQ_VECTOR_WEIGHT" in refused.stderr + refused.stdout


def test_searches_have_a_limit_of_their_own(start):
    one = start(RATE_LIMIT_FAQ_SEARCH_PER_MINUTE="3", WORKERS="1")
    replies = [one.get(f"{SEARCH}?query=pool") for _ in range(5)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert replies[0].headers["ratelimit-limit"] == "3" and int(replies[3].headers["retry-after"]) >= 1
    token = one.token_of("user")
    assert one.get(f"{SEARCH}?query=pool", token=token).status == 429
    assert one.get(FAQ).status == 200


def test_the_feature_can_be_switched_off(start):
    one = start(FAQ_ENABLED="false")
    for path in (f"{SEARCH}?query=pool", FAQ, f"{FAQ}/1", f"{FAQ}/categories"):
        reply = one.get(path)
        assert reply.status == 404 and reply.error["code"] == "FEATURE_DISABLED"


def test_the_log_tells_how_long_the_question_was_but_not_what_it_was(app):
    # So long that no other question in this log has the same length.
    question = "Where can I buy " + "xylographic marmalade, " * 15 + "here?"
    find(app, question)
    line = until(lambda: [line for line in app.log_lines("faq_search") if line["chars"] == len(question)])[-1]
    assert re.fullmatch(r"[0-9a-f]{12}", line["sha256"]) and line["found"] <= 5 and line["locale"] == "en"
    assert "xylographic" not in app.log_text() and "marmalade" not in app.log_text()


# ---- gaps ----

def test_a_question_without_an_answer_is_kept_once(app, services, product):
    assert find(app, NONSENSE)["data"] == []
    row = until(lambda: gaps(services, product, NONSENSE))[0]
    assert row[2:] == ["open", NONSENSE, "en"]
    before = int(row[1])
    for variant in (NONSENSE, NONSENSE.upper(), f"  {NONSENSE.rstrip('?')}  "):
        assert find(app, variant)["data"] == []
    until(lambda: int(gaps(services, product, NONSENSE)[0][1]) == before + 3)
    assert len(services.sql(product, "SELECT id FROM faq_gaps WHERE normalised LIKE 'zorbulent quixmar%'")) == 1
    examples = services.sql(product, f"SELECT question FROM faq_gap_examples WHERE gap_id = {row[0]} ORDER BY id")
    assert [NONSENSE] in examples and 2 <= len(examples) <= 3
    best = services.sql(product, f"SELECT best_faq_id IS NULL OR best_score > 0, embedding IS NOT NULL, model FROM faq_gaps WHERE id = {row[0]}")
    assert best == [["t", "t", "hash-1536"]]


def test_the_same_meaning_in_other_words_is_the_same_gap(app, services, product):
    first, again = "Frobnixated gluzzembar zamborrini wexlatique", "wexlatique zamborrini, gluzzembar frobnixated"
    other = "Quorvantal ukubrelli tzimmerix"
    ids = []
    for text in (first, again, other):  # one after the other: what two workers write at once is not compared
        assert find(app, text)["data"] == []
        ids.append(until(lambda text=text: gaps(services, product, text))[0][0])
    assert ids[0] == ids[1] != ids[2]


def test_the_last_twenty_examples_stay(app, services, product):
    texts = [f"Blorptastic snazzwibble grommeting {'!' * (n % 3)} {' ' * n}number {chr(97 + n)}" for n in range(24)]
    for text in texts:
        assert find(app, text)["data"] == []
        until(lambda text=text: services.sql(product, f"SELECT id FROM faq_gap_examples WHERE question = '{text}'"))
    gap = services.sql(product, f"SELECT gap_id FROM faq_gap_examples WHERE question = '{texts[-1]}'")[0][0]
    kept = [row[0] for row in services.sql(product, f"SELECT question FROM faq_gap_examples WHERE gap_id = {gap} ORDER BY at, id")]
    assert int(services.sql(product, f"SELECT count FROM faq_gaps WHERE id = {gap}")[0][0]) >= 20
    assert len(kept) == 20 and kept[-1] == texts[-1]


def test_a_closed_gap_opens_anew(app, services, product):
    text = "Wumblecrest oszillodrom hattstandix"
    find(app, text)
    first = until(lambda: gaps(services, product, text))[0][0]
    services.sql(product, f"UPDATE faq_gaps SET status = 'dismissed' WHERE id = {first}")
    find(app, text)
    rows = until(lambda: [row for row in gaps(services, product, text) if row[0] != first])
    assert rows[0][2] == "open"
    assert services.sql(product, f"SELECT status, count FROM faq_gaps WHERE id = {first}") == [["dismissed", "1"]]


def test_a_search_in_one_category_is_no_gap(app, services, product):
    text = "Vorticalu piccolombra maxwennix"
    assert find(app, text, category=CANCEL[product][1])["data"] == []
    time.sleep(0.3)
    assert gaps(services, product, text) == []


def test_a_gap_that_cannot_be_written_hurts_nobody(app, services, product):
    text = "Crumhornix bicyclettor neptunalisk"
    with services.locked(product, "faq_gaps"):
        begun = time.monotonic()
        for _ in range(5):
            assert find(app, text)["data"] == []
        assert time.monotonic() - begun < 10
    assert find(app, text)["data"] == []


# ---- browsing ----

def test_the_list_pages_through_everything(app, product):
    published = [entry for entry in seed(product, "faq") if entry["status"] == "published" and entry["locale"] == "en"]
    seen, cursor = [], ""
    while True:
        page = app.get(f"{FAQ}?limit=7&count=exact&locale=en{cursor}").json
        seen += page["data"]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert page["total"] == len(published)
    assert sorted(item["question"] for item in seen) == sorted(entry["question"] for entry in published)
    assert "score" not in seen[0] and "version" not in seen[0] and "sort_key" not in seen[0]
    order = [category["slug"] for category in sorted(seed(product, "faq_categories"), key=lambda one: one["position"])]
    places = [order.index(item["category"]["slug"]) for item in seen]
    assert places == sorted(places)


def test_the_list_can_be_filtered(app, product):
    category = CANCEL[product][1]
    rows = app.get(f"{FAQ}?category={category}&limit=100").json["data"]
    assert rows and all(row["category"]["slug"] == category for row in rows)
    tag = rows[0]["tags"][0]
    assert all(tag in row["tags"] for row in app.get(f"{FAQ}?tag={quote(tag)}").json["data"])
    assert all(row["locale"] == "th" for row in app.get(f"{FAQ}?locale=th").json["data"])
    assert all(row["locale"] == "th" for row in app.get(FAQ, headers={"Accept-Language": "th"}).json["data"])
    assert app.get(f"{FAQ}?category=none-such").json["data"] == []
    for bad in ("locale=xx", "limit=0", "cursor=abc", "sort=id", "status=draft"):
        assert app.get(f"{FAQ}?{bad}").status == 422, bad


def test_one_entry(app, services, product):
    row = app.get(f"{FAQ}?limit=1").json["data"][0]
    reply = app.get(f"{FAQ}/{row['id']}")
    assert reply.status == 200 and reply.json == row
    assert app.get(f"{FAQ}/{row['id']}", headers={"If-None-Match": reply.headers["etag"]}).status == 304
    draft = services.sql(product, "SELECT id FROM faq_documents WHERE status = 'draft' LIMIT 1")[0][0]
    for missing in (draft, 999999999, 9223372036854775807):
        assert app.get(f"{FAQ}/{missing}").status == 404
    assert app.get(f"{FAQ}/0").status == 422


def test_categories_have_names_and_counts(app, services, product):
    for locale in ("en", "th"):
        rows = app.get(f"{FAQ}/categories?locale={locale}").json["data"]
        assert [row["slug"] for row in rows] == [
            one["slug"] for one in sorted(seed(product, "faq_categories"), key=lambda one: one["position"])]
        names = {one["slug"]: one["name"][locale] for one in seed(product, "faq_categories")}
        counts = dict(services.sql(product, f"""SELECT c.slug, count(d.id) FROM faq_categories c LEFT JOIN faq_documents d
            ON d.category_id = c.id AND d.status = 'published' AND d.locale = '{locale}' GROUP BY c.slug"""))
        assert all(row["name"] == names[row["slug"]] and row["count"] == int(counts[row["slug"]]) for row in rows)


# ---- votes ----

@pytest.fixture
def entry(services, product):
    """An entry that nobody has voted on."""
    return int(services.sql(product, """SELECT id FROM faq_documents d WHERE status = 'published'
        AND NOT EXISTS (SELECT FROM faq_feedback f WHERE f.faq_id = d.id) ORDER BY id DESC LIMIT 1""")[0][0])


def votes(app, entry):
    item = app.get(f"{FAQ}/{entry}").json
    return item["helpful_count"], item["not_helpful_count"]


def test_guests_vote_once_and_may_change_their_mind(app, services, product, entry):
    path, session = f"{FAQ}/{entry}/feedback", secrets.token_urlsafe(16)
    header = {"X-Session-Id": session}
    assert app.post(path, {"helpful": True}, headers=header).status == 204
    assert votes(app, entry) == (1, 0)
    assert app.post(path, {"helpful": True, "comment": "clear"}, headers=header).status == 204
    assert votes(app, entry) == (1, 0)
    assert app.post(path, {"helpful": False, "session_id": session}).status == 204
    assert votes(app, entry) == (0, 1)
    assert app.post(path, {"helpful": True, "session_id": secrets.token_urlsafe(16)}).status == 204
    assert votes(app, entry) == (1, 1)
    rows = services.sql(product, f"SELECT user_id, length(session_hash), comment FROM faq_feedback WHERE faq_id = {entry} ORDER BY id")
    assert rows == [["", "32", ""], ["", "32", ""]]
    dump = services.sql(product, f"SELECT encode(session_hash, 'escape') FROM faq_feedback WHERE faq_id = {entry}")
    assert session not in str(dump)


def test_users_vote_once_whatever_their_session(app, user, admin, entry):
    path = f"{FAQ}/{entry}/feedback"
    assert app.post(path, {"helpful": True}, token=user).status == 204
    assert app.post(path, {"helpful": False}, token=user, headers={"X-Session-Id": secrets.token_urlsafe(16)}).status == 204
    assert app.post(path, {"helpful": True}, token=admin).status == 204
    assert votes(app, entry) == (1, 1)


def test_votes_at_the_same_time_add_up(app, services, product, entry):
    sessions = [secrets.token_urlsafe(16) for _ in range(6)]
    statuses = []

    def vote(session, helpful):
        statuses.append(app.post(f"{FAQ}/{entry}/feedback", {"helpful": helpful, "session_id": session}).status)

    for first in (True, False):
        threads = [threading.Thread(target=vote, args=(session, helpful)) for helpful in (first, not first) for session in sessions[:4]]
        threads += [threading.Thread(target=vote, args=(session, first)) for session in sessions[4:]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(statuses) == {204}
    counted = services.sql(product, f"SELECT count(*) FILTER (WHERE helpful), count(*) FILTER (WHERE NOT helpful) FROM faq_feedback WHERE faq_id = {entry}")
    assert [str(number) for number in votes(app, entry)] == counted[0]
    assert sum(votes(app, entry)) == 6


def test_bad_votes_are_refused(app, services, product, entry):
    path, session = f"{FAQ}/{entry}/feedback", secrets.token_urlsafe(16)
    for body in ({}, {"helpful": None}, {"helpful": "yes"}, {"helpful": True}, {"helpful": True, "session_id": "short"},
                 {"helpful": True, "session_id": session + "!"}, {"helpful": True, "session_id": session, "comment": "x" * 1001},
                 {"helpful": True, "session_id": session, "stars": 5}):
        assert app.post(path, body).status == 422, body
    assert app.post(path, {"helpful": True}, headers={"X-Session-Id": "x" * 65}).status == 422
    draft = services.sql(product, "SELECT id FROM faq_documents WHERE status = 'draft' LIMIT 1")[0][0]
    for missing in (draft, 999999999):
        assert app.post(f"{FAQ}/{missing}/feedback", {"helpful": True, "session_id": session}).status == 404
    assert votes(app, entry) == (0, 0)


# ---- seeds ----

def test_seeding_again_adds_nothing(app, services, product):
    count = """SELECT (SELECT count(*) FROM faq_categories), (SELECT count(*) FROM faq_documents), (SELECT count(*) FROM faq_embeddings),
                      (SELECT value FROM settings WHERE key = 'faq_version')"""
    before = services.sql(product, count)
    assert app.command("seed", "--from", str(ROOT / "seeds" / product)).returncode == 0
    assert services.sql(product, count) == before
    entries = services.sql(product, "SELECT count(*) FROM faq_documents WHERE status <> 'archived'")
    whole = services.sql(product, "SELECT count(*) FROM faq_embeddings WHERE part = 0")
    assert entries == whole


def test_outdated_vectors_are_made_again(app, services, product):
    one = services.sql(product, "SELECT faq_id FROM faq_embeddings WHERE part = 1 ORDER BY faq_id LIMIT 1")[0][0]
    services.sql(product, f"""UPDATE faq_documents SET variants_text = 'Entirely other words', answer = answer || ' More.' WHERE id = {one};
        INSERT INTO faq_embeddings SELECT faq_id, 99, model, dims, content_hash, embedding FROM faq_embeddings WHERE faq_id = {one} AND part = 0""")
    assert app.command("seed", "--from", str(ROOT / "seeds" / product)).returncode == 0
    stale = services.sql(product, f"""SELECT count(*) FROM faq_parts p FULL JOIN faq_embeddings e USING (faq_id, part)
        WHERE faq_id = {one} AND (e.content_hash IS DISTINCT FROM p.content_hash)""")
    parts = services.sql(product, f"SELECT part FROM faq_embeddings WHERE faq_id = {one} ORDER BY part")
    assert stale == [["0"]] and parts == [["0"], ["1"], ["2"]]
    assert one in [str(item["id"]) for item in until(lambda: find(app, "Entirely other words")["data"])]
