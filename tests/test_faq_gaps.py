"""Questions that nobody could answer, on their way to an answer."""

import pytest

from harness import faq
from harness.faq import FAQ, words

GAPS = f"{FAQ}/gaps"


@pytest.fixture(scope="module")
def category(app, admin):
    return faq.category(app, admin)


@pytest.fixture
def gap(services, product):
    """Stores a gap as the public side does; gives its id."""
    def store(*questions, locale="en", count=None, status="open", best=None, seen="now()"):
        texts = [question.replace("'", "''") for question in questions]
        best = "NULL, NULL" if best is None else f"{best}, 0.2"
        made = services.sql(product, f"""INSERT INTO faq_gaps (locale, normalised, sample_question, count, status, best_faq_id, best_score, last_seen_at)
            VALUES ('{locale}', '{texts[0].lower()}', '{texts[0]}', {count or len(texts)}, '{status}', {best}, {seen}) RETURNING id""")[0][0]
        for text in texts:
            services.sql(product, f"INSERT INTO faq_gap_examples (gap_id, source, question) VALUES ({made}, 'search', '{text}')")
        return int(made)

    return store


def test_a_question_without_answer_becomes_a_gap(app, admin):
    question = words()
    assert faq.search(app, question) == []
    found = faq.until(lambda: [row for row in app.get(f"{GAPS}?sort=-last_seen", token=admin).json["data"] if row["sample_question"] == question])
    assert found[0]["count"] == 1 and found[0]["status"] == "open" and found[0]["locale"] == "en"
    assert [(row["question"], row["source"]) for row in found[0]["examples"]] == [(question, "search")]
    assert app.get(f"{GAPS}/{found[0]['id']}", token=admin).json == found[0]


def test_questions_differ_by_words_that_no_entry_has(app, admin):
    """A search leaves such words out of its vector; whoever reads the gaps must not."""
    asked = [f"What will the weather {words()} be like tomorrow?" for _ in range(2)]
    assert [faq.search(app, question) for question in asked] == [[], []]

    def samples():
        return {row["sample_question"] for row in app.get(f"{GAPS}?sort=-last_seen", token=admin).json["data"]}

    faq.until(lambda: set(asked) <= samples())


def test_the_list_pages_sorts_and_filters(app, admin, gap, services, product):
    services.sql(product, "DELETE FROM faq_gaps")
    made = [gap(words(), count=[5, 9, 5, 1][i], seen=f"now() - interval '{[3, 1, 4, 2][i]} hours'") for i in range(4)]
    thai = gap("คำถาม " + words(1), locale="th", count=7)
    done = gap(words(), status="dismissed", count=2)

    def walk(query):
        ids, cursor = [], None
        while True:
            page = app.get(f"{GAPS}?limit=2&{query}" + (f"&cursor={cursor}" if cursor else ""), token=admin).json
            ids += [row["id"] for row in page["data"]]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return ids

    assert walk("status=open") == [made[1], thai, made[2], made[0], made[3]]
    assert walk("status=open&locale=en&sort=-last_seen") == [made[1], made[3], made[0], made[2]]
    assert walk("locale=th") == [thai] and walk("status=dismissed") == [done] and len(walk("")) == 6
    assert app.get(f"{GAPS}?count=exact&status=open", token=admin).json["total"] == 5
    cursor = app.get(f"{GAPS}?limit=2", token=admin).json["next_cursor"]
    assert app.get(f"{GAPS}?limit=2&sort=-last_seen&cursor={cursor}", token=admin).status == 422
    assert app.get(f"{GAPS}?status=lost", token=admin).status == app.get(f"{GAPS}?sort=count", token=admin).status == 422


def test_a_gap_names_what_came_nearest(app, admin, gap, category):
    near = faq.entry(app, admin, category["id"])
    shown = app.get(f"{GAPS}/{gap(words(), best=near['id'])}", token=admin).json
    assert shown["best_faq"] == {"id": near["id"], "question": near["question"], "score": 0.2}
    assert app.get(f"{GAPS}/{gap(words())}", token=admin).json["best_faq"] is None


def test_resolving_asks_the_examples_again(app, admin, services, product, gap, category):
    topic = words(2)
    asked = [f"How about {topic} then", f"Is there {topic} at all", words()]
    made = gap(*asked)
    answer = faq.entry(app, admin, category["id"], question=f"How about {topic}?", variants=[f"Is there {topic}?"], answer="There is.")
    faq.embedded(app, admin, answer["id"])
    reply = app.post(f"{GAPS}/{made}/resolve", {"faq_id": answer["id"]}, token=admin)
    assert reply.status == 200 and reply.json == {"answered": 2, "of": 3}, reply.body
    shown = app.get(f"{GAPS}/{made}", token=admin).json
    assert shown["status"] == "resolved" and shown["resolved_faq_id"] == answer["id"] and shown["count"] == 3
    assert services.sql(product, f"SELECT action, after ->> 'faq_id' FROM audit_log WHERE entity = 'faq_gap' AND entity_id = {made}") == [
        ["faq_gap.resolve", str(answer["id"])]]
    # The replay is no question of a visitor: what it could not answer opens no gap.
    assert services.sql(product, f"SELECT count(*) FROM faq_gaps WHERE normalised = '{asked[2]}'") == [["0"]]


def test_only_a_published_entry_resolves(app, admin, gap, category):
    made = gap(words())
    draft = faq.entry(app, admin, category["id"], status="draft")
    for body in ({"faq_id": draft["id"]}, {"faq_id": 999999999}, {"faq_id": 0}, {}):
        reply = app.post(f"{GAPS}/{made}/resolve", body, token=admin)
        assert reply.status == 422 and reply.error["details"][0]["field"] == "faq_id", reply.body
    assert app.get(f"{GAPS}/{made}", token=admin).json["status"] == "open"


def test_a_gap_can_be_dismissed(app, admin, services, product, gap):
    made = gap(words())
    reply = app.post(f"{GAPS}/{made}/dismiss", token=admin)
    assert reply.status == 200 and reply.json["status"] == "dismissed" and reply.json["resolved_faq_id"] is None
    assert services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'faq_gap' AND entity_id = {made}") == [["faq_gap.dismiss"]]


def test_a_body_that_nobody_reads_is_small(app, admin, gap):
    """Some clients send {} with every POST."""
    made = gap(words())
    assert app.post(f"{GAPS}/{made}/dismiss", "x" * 1025, token=admin).status == 413
    assert app.post(f"{GAPS}/{made}/dismiss", "{}" + " " * 1022, token=admin).status == 200


def test_what_is_closed_stays_closed(app, admin, gap, category):
    made = gap(words(), status="dismissed")
    answer = faq.entry(app, admin, category["id"])
    for path, body in (("resolve", {"faq_id": answer["id"]}), ("dismiss", None), ("draft", None)):
        reply = app.post(f"{GAPS}/{made}/{path}", body, token=admin)
        assert reply.status == 409 and reply.error["code"] == "INVALID_STATE", path


def test_a_draft_begins_with_the_question(app, admin, services, product, gap, category):
    near = faq.entry(app, admin, category["id"])
    question = f"  May we   {words()}  "
    made = gap(question, locale="th", best=near["id"])
    reply = app.post(f"{GAPS}/{made}/draft", token=admin)
    assert reply.status == 201, reply.body
    draft = reply.json
    assert draft["question"] == " ".join(question.split()) and draft["answer"] == "" and draft["status"] == "draft"
    assert draft["locale"] == "th" and draft["category"]["id"] == category["id"] and draft["version"] == 1
    assert app.get(f"{GAPS}/{made}", token=admin).json["status"] == "open"
    assert app.post(f"{GAPS}/{made}/draft", token=admin).status == 409
    written = app.patch(f"{FAQ}/{draft['id']}", {"answer": "You may.", "status": "published"}, token=admin)
    assert written.status == 200
    faq.embedded(app, admin, draft["id"])
    assert app.post(f"{GAPS}/{made}/resolve", {"faq_id": draft["id"]}, token=admin).json == {"answered": 1, "of": 1}


def test_a_draft_goes_where_it_is_asked_to(app, admin, services, product, gap, category):
    first = int(services.sql(product, "SELECT id FROM faq_categories ORDER BY position, id LIMIT 1")[0][0])
    assert app.post(f"{GAPS}/{gap(words())}/draft", token=admin).json["category"]["id"] == first
    reply = app.post(f"{GAPS}/{gap(words())}/draft?category_id={category['id']}", "{}", token=admin)
    assert reply.json["category"]["id"] == category["id"]
    wrong = app.post(f"{GAPS}/{gap(words())}/draft?category_id=999999999", token=admin)
    assert wrong.status == 422 and wrong.error["details"][0]["field"] == "category_id"
    short = app.post(f"{GAPS}/{gap('x')}/draft", token=admin)
    assert short.status == 201 and short.json["question"].startswith("x")


def test_unknown_gaps_are_not_found(app, admin):
    for method, path, body in (("GET", "", None), ("POST", "/resolve", {"faq_id": 1}), ("POST", "/dismiss", None), ("POST", "/draft", None)):
        reply = app.request(method, f"{GAPS}/999999999{path}", body, token=admin)
        assert reply.status == 404 and reply.error["message"] == "Gap not found", path


def test_a_repeated_request_is_answered_from_the_first(app, admin, gap):
    made, key = gap(words()), {"Idempotency-Key": words(1)}
    first = app.post(f"{GAPS}/{made}/dismiss", token=admin, headers=key)
    again = app.post(f"{GAPS}/{made}/dismiss", token=admin, headers=key)
    assert first.status == again.status == 200 and again.headers["idempotent-replayed"] == "true"
