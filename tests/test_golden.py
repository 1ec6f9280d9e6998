"""Versions of the prompt tried without keeping anything, and measured with golden questions."""

import pytest

from harness.chat import ask
from harness.waiting import until
from test_chat import KNOWN, UNKNOWN

PROMPTS = "/api/v1/admin/chat/prompts"
GOLDEN = "/api/v1/admin/chat/golden"


@pytest.fixture
def call(app, services, product, admin):
    """Requests as an administrator; golden questions are gone afterwards."""
    ask(app, KNOWN[product][0])
    yield lambda method, path, body=None: app.request(method, path, body, token=admin)
    services.sql(product, "DELETE FROM golden_cases; DELETE FROM eval_runs")


def evaluate(call, version):
    started = call("POST", f"{PROMPTS}/{version}/eval")
    assert started.status == 202, started.body

    def ended():
        job = call("GET", f"/api/v1/admin/jobs/{started.json['job_id']}").json
        assert job["status"] != "failed", job
        return job if job["status"] == "done" else None

    return until(ended)["progress"]


# ---- previews ----

def test_a_preview_leaves_nothing_but_its_cost(call, services, product):
    counts = "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages), (SELECT count(*) FROM faq_gaps)"
    before = services.sql(product, counts)
    tried = call("POST", f"{PROMPTS}/preview", {"version": 1, "content": KNOWN[product][0]})
    assert tried.status == 200, tried.body
    assert KNOWN[product][1] in tried.json["message"]["content"] and tried.json["message"]["sources"][0]["type"] == "faq"
    assert tried.json["message"]["id"] == 0 and tried.json["message"]["prompt_version"] == 1
    assert call("POST", f"{PROMPTS}/preview", {"version": 1, "content": UNKNOWN}).json["message"]["finish_reason"] == "no_evidence"
    assert services.sql(product, counts) == before
    assert services.sql(product, "SELECT count(*) > 0 FROM llm_usage WHERE feature = 'preview'") == [["t"]]


def test_a_draft_can_be_tried(call, product):
    body = {"draft": {"system_prompt": "Be brief.", "tools_enabled": ["property_search"]}, "content": KNOWN[product][0],
            "history": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello!"}]}
    tried = call("POST", f"{PROMPTS}/preview", body)
    assert tried.status == 200, tried.body
    assert "faq_rag" not in [done["name"] for done in tried.json["message"]["tool_calls"]]
    assert call("GET", f"{PROMPTS}?limit=1").json["data"][0]["note"] != "Be brief."


@pytest.mark.parametrize("body", [
    {"content": "x"}, {"version": 1, "draft": {"system_prompt": "x"}, "content": "x"}, {"version": 1}, {"version": 0, "content": "x"},
    {"draft": {}, "content": "x"}, {"draft": {"system_prompt": "x", "tools_enabled": ["none"]}, "content": "x"},
    {"version": 1, "content": "x", "history": [{"role": "system", "content": "x"}]}], ids=str)
def test_bad_previews(call, body):
    assert call("POST", f"{PROMPTS}/preview", body).status == 422


def test_an_unknown_version_cannot_be_tried(call):
    assert call("POST", f"{PROMPTS}/preview", {"version": 99999, "content": "x"}).status == 404


# ---- golden questions ----

def test_golden_questions_measure_a_version(app, call, services, product):
    question, words = KNOWN[product]
    entry = ask(app, question)["message"]["sources"][0]["id"]
    right = [{"question": question, "must_include": [words.upper()], "must_cite": [entry], "must_not_include": ["zebra"]},
             {"question": UNKNOWN, "expect_refusal": True}]
    for body in right:
        assert call("POST", GOLDEN, body).status == 201
    assert evaluate(call, 1)["passed"] == 2
    assert call("POST", f"{PROMPTS}/1/activate", {"require_eval": True}).status == 200
    wrong = [({"question": question, "must_include": ["zebra"]}, "says too little"),
             ({"question": question, "must_not_include": [words]}, "says what it must not"),
             ({"question": question, "must_cite": [10**12]}, "does not name its source"),
             ({"question": question, "expect_refusal": True}, "answers, but should not"),
             ({"question": UNKNOWN}, "does not answer")]
    ids = [call("POST", GOLDEN, body).json["id"] for body, _ in wrong]
    outcome = evaluate(call, 1)
    assert (outcome["passed"], outcome["failed"]) == (2, 5)
    assert {case["id"]: case["why"] for case in outcome["cases"] if not case["passed"]} == dict(zip(ids, [why for _, why in wrong]))
    refused = call("POST", f"{PROMPTS}/1/activate", {"require_eval": True})
    assert refused.status == 409 and refused.error["code"] == "INVALID_STATE"
    assert call("POST", f"{PROMPTS}/1/activate").status == 200, "nobody has to evaluate"
    assert services.sql(product, "SELECT passed, failed FROM eval_runs ORDER BY id") == [["2", "0"], ["2", "5"]]


def test_golden_questions_are_listed_and_deleted(call):
    ids = [call("POST", GOLDEN, {"question": f"Question {number}?"}).json["id"] for number in range(3)]
    page = call("GET", f"{GOLDEN}?limit=2&count=exact").json
    assert [row["id"] for row in page["data"]] == ids[:2] and page["total"] == 3 and page["has_more"]
    assert [row["id"] for row in call("GET", f"{GOLDEN}?limit=2&cursor={page['next_cursor']}").json["data"]] == ids[2:]
    assert call("DELETE", f"{GOLDEN}/{ids[0]}").status == 204 and call("DELETE", f"{GOLDEN}/{ids[0]}").status == 404


@pytest.mark.parametrize("body", [{}, {"question": "x" * 501}, {"question": "x", "must_cite": ["a"]}, {"question": "x", "must_cite": {}},
                                  {"question": "x", "must_include": "y"}, {"question": "x", "locale": "xx"}], ids=str)
def test_bad_golden_questions(call, body):
    assert call("POST", GOLDEN, body).status == 422


def test_a_version_without_an_evaluation_cannot_require_one(call):
    version = call("POST", PROMPTS, {"system_prompt": "x"}).json["version"]
    assert call("POST", f"{PROMPTS}/{version}/activate", {"require_eval": True}).status == 409
    assert call("POST", f"{PROMPTS}/99999/eval").status == 404


def test_only_administrators(app, user):
    for method, path in (("POST", f"{PROMPTS}/preview"), ("GET", GOLDEN), ("POST", GOLDEN), ("DELETE", f"{GOLDEN}/1"),
                         ("POST", f"{PROMPTS}/1/eval")):
        body = {} if method == "POST" else None
        assert app.request(method, path, body, token=user).status == 403 and app.request(method, path, body).status == 401
