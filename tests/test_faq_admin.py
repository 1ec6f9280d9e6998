"""The FAQ as its editors see it: entries, categories, versions, vectors."""

import json
import threading

import pytest

from harness import faq
from harness.faq import FAQ, words


@pytest.fixture(scope="module")
def category(app, admin):
    return faq.category(app, admin)


@pytest.fixture
def entry(app, admin, category):
    return faq.entry(app, admin, category["id"])


def version(services, product):
    return int(services.sql(product, "SELECT value FROM settings WHERE key = 'faq_version'")[0][0])


# ---- entries ----

def test_a_new_entry_has_all_it_was_given(app, admin, category):
    body = {"question": f"  How\tdo I {words(1)}\n ask? ", "answer": "Like this.", "category_id": category["id"], "locale": "th",
            "tags": ["one", "two words"], "variants": [f"May I {words(1)}?", f"ขอ {words(1)} ได้ไหม"], "status": "draft", "position": 7}
    reply = app.post(FAQ, body, token=admin)
    assert reply.status == 201, reply.body
    shown = reply.json
    assert reply.headers["location"] == f"{FAQ}/{shown['id']}" and reply.headers["etag"] == '"v1"'
    assert shown["question"] == " ".join(body["question"].split())
    for name in ("answer", "locale", "tags", "variants", "status", "position"):
        assert shown[name] == body[name], name
    assert shown["category"] == {"id": category["id"], "slug": category["slug"], "name": category["name"]["en"]}
    assert shown["published_at"] is None and shown["version"] == 1 and shown["warnings"] == []
    assert [row["version"] for row in shown["versions"]] == [1]
    assert shown["embedding"]["status"] in ("pending", "ready")
    assert app.get(f"{FAQ}/{shown['id']}", token=admin).json["question"] == shown["question"]


def test_defaults_of_a_new_entry(entry):
    assert entry["status"] == "published" and entry["published_at"] and entry["locale"] == "en"
    assert entry["tags"] == entry["variants"] == [] and entry["position"] == 0


@pytest.mark.parametrize("change,field", [
    ({"question": "ab"}, "question"), ({"question": "  a  "}, "question"), ({"question": "q" * 501}, "question"),
    ({"question": None}, "question"), ({"question": "a\0bc"}, "question"), ({"answer": "a" * 8001}, "answer"), ({"answer": ""}, "answer"),
    ({"category_id": 999999999}, "category_id"), ({"category_id": 0}, "category_id"), ({"locale": "xx"}, "locale"),
    ({"tags": ["a,b"]}, "tags"), ({"tags": ["x" * 51]}, "tags"), ({"tags": [f"t{i}" for i in range(21)]}, "tags"),
    ({"variants": ["two\nlines"]}, "variants"), ({"variants": ["ab"]}, "variants"), ({"variants": [f"variant {i}" for i in range(51)]}, "variants"),
    ({"status": "archived"}, "status"), ({"position": 1.5}, "position"), ({"surprise": 1}, "surprise")])
def test_a_wrong_member_is_named(app, admin, category, services, product, change, field):
    count = "SELECT count(*) FROM faq_documents"  # not the version: vectors of other entries arrive meanwhile
    before = services.sql(product, count)
    body = {"question": f"What about {words()}?", "answer": "This.", "category_id": category["id"], **change}
    reply = app.post(FAQ, body, token=admin)
    assert reply.status in (400, 422), reply.body
    if reply.status == 422:
        assert reply.error["details"][0]["field"] == field, reply.body
    assert services.sql(product, count) == before


def test_the_longest_entry_fits(app, admin, category):
    body = {"question": "ท" * 490 + words(1)[:10], "answer": "ก" * 8000, "category_id": category["id"],
            "variants": [f"{i} " + "ข" * 490 for i in range(20)], "tags": [f"{i:02}" + "t" * 48 for i in range(20)]}
    reply = app.post(FAQ, json.dumps(body, ensure_ascii=False), token=admin)
    assert reply.status == 201, reply.body
    ready = faq.embedded(app, admin, reply.json["id"])
    assert ready["answer"] == body["answer"] and ready["variants"] == body["variants"] and ready["tags"] == body["tags"]


def test_a_question_is_there_once_in_a_locale(app, admin, category, entry):
    again = {"question": entry["question"].upper(), "answer": "Other.", "category_id": category["id"]}
    assert app.post(FAQ, again, token=admin).status == 409
    assert app.post(FAQ, {**again, "locale": "th"}, token=admin).status == 201
    assert app.delete(f"{FAQ}/{entry['id']}", token=admin).status == 204
    assert app.post(FAQ, again, token=admin).status == 201
    assert app.patch(f"{FAQ}/{entry['id']}", {"status": "published"}, token=admin).status == 409


def test_a_patch_changes_what_it_names(app, admin, entry):
    path = f"{FAQ}/{entry['id']}"
    reply = app.patch(path, {"answer": "Better now.", "variants": ["Another phrasing"]}, token=admin)
    assert reply.status == 200 and reply.headers["etag"] == '"v2"', reply.body
    shown = reply.json
    assert shown["answer"] == "Better now." and shown["variants"] == ["Another phrasing"] and shown["question"] == entry["question"]
    assert [(row["version"], row["answer"]) for row in shown["versions"]] == [(2, "Better now."), (1, entry["answer"])]
    assert app.patch(path, {"variants": []}, token=admin).json["variants"] == []
    assert app.patch(path, {}, token=admin).status == 422
    assert app.patch(f"{FAQ}/999999999", {"answer": "x"}, token=admin).status == 404


def test_two_editors_do_not_overwrite_each_other(app, admin, entry):
    path = f"{FAQ}/{entry['id']}"
    tag = {"If-Match": app.get(path, token=admin).headers["etag"]}
    replies = []

    def edit(text):
        replies.append(app.patch(path, {"answer": text}, token=admin, headers=tag))

    editors = [threading.Thread(target=edit, args=(f"Answer of editor {i}.",)) for i in range(4)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert sorted(reply.status for reply in replies) == [200, 412, 412, 412]
    won = next(reply.json for reply in replies if reply.status == 200)
    shown = app.get(path, token=admin).json
    assert shown["answer"] == won["answer"] and shown["version"] == 2
    refused = next(reply for reply in replies if reply.status == 412)
    assert refused.error["code"] == "PRECONDITION_FAILED"
    assert app.delete(path, token=admin, headers=tag).status == 412
    assert app.delete(path, token=admin, headers={"If-Match": '"v2"'}).status == 204


def test_a_published_entry_keeps_an_answer(app, admin, category):
    draft = faq.entry(app, admin, category["id"], answer="", status="draft")
    path = f"{FAQ}/{draft['id']}"
    refused = app.patch(path, {"status": "published"}, token=admin)
    assert refused.status == 422 and refused.error["details"][0]["field"] == "answer"
    assert app.patch(path, {"status": "published", "answer": "Now."}, token=admin).json["published_at"]


def test_archiving_hides_an_entry_and_keeps_it(app, admin, services, product, entry):
    faq.embedded(app, admin, entry["id"])
    path = f"{FAQ}/{entry['id']}"
    assert app.delete(path, token=admin).status == 204
    before = version(services, product)
    assert app.delete(path, token=admin).status == 204 and version(services, product) == before
    shown = app.get(path, token=admin).json
    assert shown["status"] == "archived" and shown["embedding"] is None and shown["version"] == 2
    assert services.sql(product, f"SELECT count(*) FROM faq_embeddings WHERE faq_id = {entry['id']}") == [["0"]]
    assert app.get(f"/api/v1/faq/{entry['id']}").status == 404
    assert app.patch(path, {"status": "published"}, token=admin).status == 200
    assert faq.embedded(app, admin, entry["id"])["status"] == "published"


def test_every_write_leaves_its_traces(app, admin, services, product, category):
    before = version(services, product)
    made = faq.entry(app, admin, category["id"])
    app.patch(f"{FAQ}/{made['id']}", {"answer": "Changed."}, token=admin)
    app.delete(f"{FAQ}/{made['id']}", token=admin)
    rows = services.sql(product, f"SELECT action, actor_id IS NOT NULL, request_id <> '' FROM audit_log WHERE entity = 'faq' AND entity_id = {made['id']} ORDER BY id")
    assert rows == [["faq.create", "t", "t"], ["faq.update", "t", "t"], ["faq.archive", "t", "t"]]
    assert version(services, product) >= before + 3
    kept = services.sql(product, f"SELECT version FROM faq_revisions WHERE faq_id = {made['id']} ORDER BY version")
    assert kept == [["1"], ["2"], ["3"]]


def test_the_first_edit_keeps_what_seeds_brought(app, admin, services, product):
    seeded, answer = services.sql(product, "SELECT id, md5(answer) FROM faq_documents WHERE version = 1 AND status = 'published' ORDER BY id LIMIT 1")[0]
    services.sql(product, f"DELETE FROM faq_revisions WHERE faq_id = {seeded}")
    old = app.get(f"{FAQ}/{seeded}", token=admin).json["answer"]
    shown = app.patch(f"{FAQ}/{seeded}", {"answer": old + " More."}, token=admin).json
    assert [row["answer"] for row in shown["versions"]] == [old + " More.", old]


def test_the_list_pages_and_filters(app, admin, category):
    mark = words(1)
    made = [faq.entry(app, admin, category["id"], answer=f"{mark} {i} 100%_", status="draft" if i % 2 else "published") for i in range(5)]
    rows, cursor = [], None
    while True:
        page = app.get(f"{FAQ}?limit=2&q={mark}&count=exact" + (f"&cursor={cursor}" if cursor else ""), token=admin).json
        assert page["total"] == 5
        rows += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert [row["id"] for row in rows] == [one["id"] for one in reversed(made)]
    assert "versions" not in rows[0] and rows[0]["embedding"]["model"]
    found = lambda query: {row["id"] for row in app.get(f"{FAQ}?q={mark}&{query}", token=admin).json["data"]}
    assert found("status=draft") == {one["id"] for one in made if one["status"] == "draft"}
    assert found(f"category={category['slug']}") == {one["id"] for one in made} and found("category=none") == set()
    assert found("locale=th") == set()
    literal = app.get(f"{FAQ}?q={mark.upper()}%203%20100%25_", token=admin).json["data"]
    assert [row["id"] for row in literal] == [made[3]["id"]]
    assert app.get(f"{FAQ}?q={mark}%25100", token=admin).json["data"] == []
    assert app.get(f"{FAQ}?cursor=abc", token=admin).status == 422
    assert app.get(f"{FAQ}?status=lost", token=admin).status == 422


# ---- what a search sees ----

def test_the_next_search_sees_an_edit(app, admin, entry):
    path = f"{FAQ}/{entry['id']}"
    question = entry["question"].rstrip("?")
    assert faq.search(app, question)[0]["answer"] == entry["answer"]
    for i in range(10):
        assert app.patch(path, {"answer": f"Answer number {i}."}, token=admin).status == 200
        for _ in range(3):  # whichever worker answers
            assert faq.search(app, question)[0]["answer"] == f"Answer number {i}."
    assert app.delete(path, token=admin).status == 204
    assert entry["id"] not in [row["id"] for row in faq.search(app, question)]


def test_a_variant_is_found_too(app, admin, entry):
    variant = words()  # known to nobody, or slips of what somebody knows
    app.patch(f"{FAQ}/{entry['id']}", {"variants": [variant]}, token=admin)
    faq.embedded(app, admin, entry["id"])
    assert faq.search(app, variant)[0]["id"] == entry["id"]


def test_a_long_answer_does_not_hide_the_question(app, admin, category):
    text = f"Where may guests park {words(2)} overnight"
    made = faq.entry(app, admin, category["id"], question=f"{text}?", answer=words(120))
    faq.embedded(app, admin, made["id"])
    hit = next(hit for hit in faq.search(app, text.replace("may", "can")) if hit["id"] == made["id"])
    assert hit["scores"]["vector"] > 0.6


def test_drafts_are_not_found(app, admin, category):
    draft = faq.entry(app, admin, category["id"], status="draft")
    faq.embedded(app, admin, draft["id"])
    assert draft["id"] not in [row["id"] for row in faq.search(app, draft["question"].rstrip("?"))]
    assert app.get(f"/api/v1/faq/{draft['id']}").status == 404


# ---- vectors ----

def test_only_what_changed_is_embedded_again(app, admin, services, product, category):
    made = faq.entry(app, admin, category["id"], variants=["First phrasing", "Second phrasing"])
    faq.embedded(app, admin, made["id"])
    stamps = lambda: dict(services.sql(product, f"SELECT part, created_at FROM faq_embeddings WHERE faq_id = {made['id']}"))
    before = stamps()
    assert sorted(before) == ["0", "1", "2", "3"]
    app.patch(f"{FAQ}/{made['id']}", {"variants": ["First phrasing", "Third phrasing"]}, token=admin)
    faq.embedded(app, admin, made["id"])
    after = stamps()
    assert [part for part in sorted(before) if after[part] != before[part]] == ["2"]
    app.patch(f"{FAQ}/{made['id']}", {"tags": ["other"]}, token=admin)
    faq.embedded(app, admin, made["id"])
    assert stamps() == after
    app.patch(f"{FAQ}/{made['id']}", {"variants": ["First phrasing"]}, token=admin)
    faq.embedded(app, admin, made["id"])
    fewer = stamps()
    assert sorted(fewer) == ["0", "1", "2"] and (fewer["0"], fewer["1"]) == (after["0"], after["1"])


def test_nearly_the_same_entry_is_warned_of(app, admin, category):
    text = f"Where may guests park {words(2)} when they arrive late at night"
    first = faq.entry(app, admin, category["id"], question=text + "?", answer="Behind the house, in the yard.")
    faq.embedded(app, admin, first["id"])
    second = faq.entry(app, admin, category["id"], question=text + "!", answer="Behind the house, in the yard.", status="draft")
    assert [row["faq_id"] for row in second["warnings"]] == [first["id"]]
    assert second["warnings"][0]["similarity"] > 0.93 and second["warnings"][0]["question"] == first["question"]
    faq.embedded(app, admin, second["id"])
    assert [row["faq_id"] for row in app.get(f"{FAQ}/{first['id']}", token=admin).json["warnings"]] == [second["id"]]
    changed = app.patch(f"{FAQ}/{second['id']}", {"question": f"Is {words()} allowed?", "answer": words(8)}, token=admin).json
    assert changed["warnings"] == []
    other = faq.entry(app, admin, category["id"], question=text + ".", answer="Behind the house, in the yard.", locale="th")
    assert other["warnings"] == []


def test_a_vector_that_cannot_be_made_is_told(app, admin, services, product, entry):
    """The newest job of the entry decides; a retry mends it."""
    faq.embedded(app, admin, entry["id"])
    services.sql(product, f"DELETE FROM faq_embeddings WHERE faq_id = {entry['id']}")
    assert app.get(f"{FAQ}/{entry['id']}", token=admin).json["embedding"]["status"] == "pending"
    services.sql(product, f"UPDATE jobs SET status = 'failed', last_error = 'test' WHERE dedupe_key = 'faq.embed:{entry['id']}'")
    shown = app.get(f"{FAQ}/{entry['id']}", token=admin).json["embedding"]
    assert shown["status"] == "failed" and shown["updated_at"] is None
    job = services.sql(product, f"SELECT id FROM jobs WHERE dedupe_key = 'faq.embed:{entry['id']}' ORDER BY id DESC LIMIT 1")[0][0]
    assert app.post(f"/api/v1/admin/jobs/{job}/retry", token=admin).status == 200
    faq.embedded(app, admin, entry["id"])


# ---- reindex ----

def model(services, product):
    return services.sql(product, "SELECT embedding_model()")[0][0]


def models(services, product, table):
    return {row[0] for row in services.sql(product, f"SELECT DISTINCT model FROM {table}")}


def reindex(app, admin, **body):
    reply = app.post(f"{FAQ}/reindex", body, token=admin)
    assert reply.status == 202, reply.body
    return faq.job(app, admin, reply.json["job_id"])


def test_reindex_moves_to_another_model_and_back(app, admin, services, product, entry):
    old = model(services, product)
    faq.embedded(app, admin, entry["id"])
    before = version(services, product)
    done = reindex(app, admin, model="hash-256")
    texts = int(services.sql(product, "SELECT (SELECT count(*) FROM faq_parts) + (SELECT count(*) FROM property_parts)")[0][0])
    assert done["progress"]["switched"] and done["progress"]["done"] == done["progress"]["total"] == texts
    assert model(services, product) == "hash-256" and version(services, product) > before
    assert models(services, product, "faq_embeddings") == models(services, product, "property_embeddings") == {"hash-256"}
    assert services.sql(product, "SELECT DISTINCT dims FROM faq_embeddings") == [["256"]]
    assert faq.embedded(app, admin, entry["id"])["embedding"]["model"] == "hash-256"
    assert faq.search(app, entry["question"].rstrip("?"))[0]["id"] == entry["id"]
    made = faq.entry(app, admin, entry["category"]["id"])
    assert faq.embedded(app, admin, made["id"])["embedding"]["model"] == "hash-256"
    reindex(app, admin)
    assert model(services, product) == old and models(services, product, "faq_embeddings") == {old}


def test_edits_during_a_reindex_are_not_lost(app, admin, services, product, category):
    """Nothing is without a fitting vector of the model in use once the jobs are done, whoever came first."""
    made = [faq.entry(app, admin, category["id"])["id"] for _ in range(6)]
    old, done = model(services, product), threading.Event()

    def edit(faq_id):
        number = 0
        while not done.is_set():
            number += 1
            assert app.patch(f"{FAQ}/{faq_id}", {"answer": f"Answer {number}. {words()}"}, token=admin).status == 200

    editors = [threading.Thread(target=edit, args=(faq_id,)) for faq_id in made]
    for editor in editors:
        editor.start()
    started = app.post(f"{FAQ}/reindex", {"model": "hash-64"}, token=admin)
    try:
        faq.until(lambda: int(app.get(f"{FAQ}/{made[0]}", token=admin).json["version"]) > 3)
    finally:
        done.set()
        for editor in editors:
            editor.join()
    faq.job(app, admin, started.json["job_id"])
    for faq_id in made:
        assert faq.embedded(app, admin, faq_id)["embedding"]["model"] == "hash-64"
    without = """SELECT count(*) FROM faq_parts p WHERE NOT EXISTS (SELECT FROM faq_embeddings e WHERE e.faq_id = p.faq_id AND e.part = p.part
                 AND e.model = embedding_model() AND e.content_hash = p.content_hash)"""
    faq.until(lambda: services.sql(product, without) == [["0"]])
    reindex(app, admin, model=old)


def test_reindex_of_all_makes_every_vector_afresh(app, admin, services, product):
    stamp = services.sql(product, "SELECT now()")[0][0]
    reindex(app, admin, only="stale")
    assert services.sql(product, f"SELECT count(*) FROM property_embeddings WHERE created_at > '{stamp}'") == [["0"]]
    reindex(app, admin, only="all")
    for table in ("faq_embeddings", "property_embeddings"):
        assert services.sql(product, f"SELECT count(*) FROM {table} WHERE created_at <= '{stamp}'") == [["0"]], table


def test_one_reindex_at_a_time(app, admin, services, product):
    services.sql(product, "INSERT INTO jobs (kind, dedupe_key, run_at, payload) VALUES ('faq.reindex', 'faq.reindex', now() + interval '1 hour', '{\"kept\": true}')")
    reply = app.post(f"{FAQ}/reindex", {}, token=admin)
    waiting = services.sql(product, "DELETE FROM jobs WHERE kind = 'faq.reindex' AND status = 'queued' RETURNING payload ->> 'kept', run_at > now()")
    assert reply.status == 409 and waiting == [["true", "t"]]


def test_reindex_needs_a_model_it_knows(app, admin):
    for body, field in (({"model": "no-such-model"}, "model"), ({"model": "hash-0"}, "model"), ({"only": "some"}, "only")):
        reply = app.post(f"{FAQ}/reindex", body, token=admin)
        assert reply.status == 422 and reply.error["details"][0]["field"] == field, body


# ---- categories ----

def test_categories_are_made_and_changed(app, admin, services, product):
    before = version(services, product)
    made = faq.category(app, admin, name={"en": "House", "th": "บ้าน"}, position=3)
    path = f"{FAQ}/categories/{made['id']}"
    assert made["name"] == {"en": "House", "th": "บ้าน"} and made["position"] == 3
    reply = app.patch(path, {"name": {"en": "Home"}}, token=admin, headers={"If-Match": '"v1"'})
    assert reply.status == 200 and reply.headers["etag"] == '"v2"' and reply.json["name"] == {"en": "Home"}, reply.body
    assert app.patch(path, {"position": 4}, token=admin, headers={"If-Match": '"v1"'}).status == 412
    assert app.patch(path, {"slug": faq.category(app, admin)["slug"]}, token=admin).status == 409
    assert app.delete(path, token=admin, headers={"If-Match": '"v1"'}).status == 412
    assert app.delete(path, token=admin).status == 204
    assert app.delete(path, token=admin).status == app.patch(path, {"position": 1}, token=admin).status == 404
    actions = services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'faq_category' AND entity_id = {made['id']} ORDER BY id")
    assert [row[0].split(".")[1] for row in actions] == ["create", "update", "delete"]
    assert version(services, product) >= before + 4


@pytest.mark.parametrize("change", [
    {"slug": "Big"}, {"slug": "-a"}, {"slug": "a--b"}, {"slug": "x" * 61}, {"name": {}}, {"name": {"th": "บ้าน"}}, {"name": {"en": "  "}},
    {"name": {"en": "A", "xx": "B"}}, {"name": {"en": 1}}, {"name": "House"}, {"name": {"en": "x" * 101}}, {"position": "1"}, {"other": 1}])
def test_a_wrong_category_is_refused(app, admin, change):
    reply = app.post(f"{FAQ}/categories", {"slug": "fine", "name": {"en": "Fine"}, **change}, token=admin)
    assert reply.status == 422, reply.body


def test_a_category_in_use_stays(app, admin):
    made = faq.category(app, admin)
    used = faq.entry(app, admin, made["id"])
    path = f"{FAQ}/categories/{made['id']}"
    reply = app.delete(path, token=admin)
    assert reply.status == 409 and reply.error["message"] == "The category is in use"
    assert app.patch(f"{FAQ}/{used['id']}", {"category_id": faq.category(app, admin)["id"]}, token=admin).status == 200
    assert app.delete(path, token=admin).status == 204


# ---- who may ----

ROUTES = [("GET", FAQ), ("POST", FAQ), ("GET", f"{FAQ}/1"), ("PATCH", f"{FAQ}/1"), ("DELETE", f"{FAQ}/1"),
          ("POST", f"{FAQ}/categories"), ("PATCH", f"{FAQ}/categories/1"), ("DELETE", f"{FAQ}/categories/1"), ("POST", f"{FAQ}/reindex"),
          ("POST", f"{FAQ}/import"), ("GET", f"{FAQ}/export"), ("GET", f"{FAQ}/gaps"), ("GET", f"{FAQ}/gaps/1"),
          ("POST", f"{FAQ}/gaps/1/resolve"), ("POST", f"{FAQ}/gaps/1/dismiss"), ("POST", f"{FAQ}/gaps/1/draft")]


@pytest.mark.parametrize("method,path", ROUTES)
def test_editors_are_admins(app, user, agent, method, path):
    body = "{}" if method in ("POST", "PATCH") else None
    assert app.request(method, path, body).status == 401
    for token in (user, agent):
        reply = app.request(method, path, body, token=token)
        assert reply.status == 403 and reply.error["message"] == "Admin access required"


def test_without_the_feature_there_is_no_editor(start, admin):
    one = start(FAQ_ENABLED="false")
    for method, path in ROUTES:
        reply = one.request(method, path, "{}" if method in ("POST", "PATCH") else None, token=admin)
        assert reply.status == 404 and reply.error["code"] == "FEATURE_DISABLED", path
    assert not any("/admin/faq" in path for path in one.get("/openapi.json").json["paths"])

