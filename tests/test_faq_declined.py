"""Questions that a product knows and does not answer: what is asked like one of them finds nothing, and nobody sees them."""

import json
from urllib.parse import urlencode

import pytest

from harness import faq
from harness.faq import FAQ, until, words
from harness.services import ROOT


@pytest.fixture(scope="module")
def category(app, admin):
    return faq.category(app, admin)


def found(app, text, **parameters):
    reply = app.get("/api/v1/faq/search?" + urlencode({"query": text, **parameters}))
    assert reply.status == 200, reply.body
    return [item["question"] for item in reply.json["data"]]


def test_an_entry_stops_answering_what_is_declined(app, admin, category):
    """One entry answers; another with other phrasings of the same question says that it is not answered."""
    common = words(2)
    answer = faq.entry(app, admin, category["id"], question=f"Do you have a {common} helipad?", answer=f"The {common} is for guests.")
    faq.embedded(app, admin, answer["id"])
    asked = f"how do pilots find {common} in the dark"
    assert answer["question"] in found(app, asked)
    declined = faq.entry(app, admin, category["id"], question=f"Who lands on the {common} helipad?", answer="", status="declined",
                         variants=[f"how do pilots find {common} at night", f"pilots in the dark {common}"])
    assert declined["status"] == "declined" and declined["published_at"] is None
    faq.embedded(app, admin, declined["id"])
    assert until(lambda: found(app, asked) == []) is True
    assert answer["question"] in found(app, answer["question"])  # which is nearer to the answer
    assert app.patch(f"{FAQ}/{declined['id']}", {"status": "archived"}, token=admin).status == 200
    assert until(lambda: answer["question"] in found(app, asked)) is True


@pytest.mark.parametrize("mode", ["hybrid", "vector", "keyword"])
def test_nobody_is_shown_a_declined_question(app, admin, category, mode):
    entry = faq.entry(app, admin, category["id"], answer=f"Never shown {words()}.", status="declined")
    faq.embedded(app, admin, entry["id"])
    assert entry["question"] not in found(app, entry["question"], mode=mode)
    assert app.get(f"/api/v1/faq/{entry['id']}").status == 404
    listed = app.get(f"/api/v1/faq?category={category['slug']}&limit=100").json["data"]
    assert entry["question"] not in [item["question"] for item in listed]
    word = entry["question"].split()[2]
    assert [row["id"] for row in app.get(f"{FAQ}?status=declined&q={word}", token=admin).json["data"]] == [entry["id"]]


def test_a_declined_question_can_be_answered_later(app, admin, category):
    entry = faq.entry(app, admin, category["id"], answer="", status="declined")
    path = f"{FAQ}/{entry['id']}"
    assert app.patch(path, {"status": "published"}, token=admin).status == 422  # without an answer
    assert app.patch(path, {"status": "published", "answer": "Now."}, token=admin).status == 200
    faq.embedded(app, admin, entry["id"])
    assert until(lambda: entry["question"] in found(app, entry["question"])) is True


def test_declined_questions_survive_export_and_import(app, admin, category):
    entry = faq.entry(app, admin, category["id"], answer="", status="declined", variants=[f"also {words()}"])
    csv = app.get(f"{FAQ}/export?category={category['slug']}", token=admin, headers={"Accept": "text/csv"}).body.decode()
    assert entry["question"] in csv and "declined" in csv
    plan = app.post(f"{FAQ}/import", csv.encode(), token=admin, headers={"Content-Type": "text/csv"})
    assert plan.status == 200, plan.body
    assert {row["state"] for row in plan.json["rows"]} == {"skip"}


def test_what_the_seeds_decline_is_not_answered(app, product):
    """Nearly all: a few have all words of an answer, which then is shown."""
    entries = [entry for entry in json.loads((ROOT / f"seeds/{product}/faq.json").read_text()) if entry["status"] == "declined"]
    assert len(entries) > 40
    answered = [entry["question"] for entry in entries if found(app, entry["question"], locale=entry["locale"]) != []]
    assert len(answered) <= len(entries) / 20, answered
