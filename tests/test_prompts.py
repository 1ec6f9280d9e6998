"""Versions of what the chat is told: made and chosen by administrators, never changed."""

import threading

import pytest

from harness import brand
from harness.chat import ask
from test_chat import KNOWN

PROMPTS = "/api/v1/admin/chat/prompts"
BUILT_IN = {product: known["prompt"] for product, known in brand.KNOWN.items()}


@pytest.fixture
def prompts(app, services, product, admin):
    """Requests as an administrator; afterwards the built-in prompt answers again."""
    ask(app, KNOWN[product][0])
    yield lambda method, path="", body=None, **more: app.request(method, f"{PROMPTS}{path}", body, token=admin, **more)
    app.post(f"{PROMPTS}/1/activate", token=admin)


def test_the_built_in_prompt_is_version_1(prompts, product):
    first = prompts("GET", "/1").json
    assert first["system_prompt"].startswith(BUILT_IN[product]) and first["author"] is None and first["version"] == 1
    assert first["models"] == {} and first["temperature"] is None and first["tools_enabled"] is None


def test_a_new_version_answers_from_now_on(app, services, prompts, product):
    made = prompts("POST", body={"system_prompt": "Be brief.\nBe kind.", "note": "shorter", "temperature": 0.2, "max_tokens": 500,
                                 "models": {"chat": "one/model"}, "tools_enabled": ["faq_rag"], "activate": True})
    assert made.status == 201, made.body
    version = made.json
    assert version["active"] and version["temperature"] == 0.2 and version["max_tokens"] == 500 and version["models"] == {"chat": "one/model"}
    assert version["tools_enabled"] == ["faq_rag"] and version["note"] == "shorter" and version["author"] > 0
    message = ask(app, KNOWN[product][0])["message"]
    assert message["prompt_version"] == version["version"]
    assert {call["name"] for call in message["tool_calls"]} == {"faq_rag"}
    assert prompts("POST", "/1/activate").json["active"]
    assert ask(app, KNOWN[product][0])["message"]["prompt_version"] == 1
    assert not prompts("GET", f"/{version['version']}").json["active"]
    actions = services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'chat_prompt' AND entity_id = {version['version']} ORDER BY id")
    assert actions == [["chat_prompt.create"], ["chat_prompt.activate"]]


def test_versions_are_listed_and_compared(prompts):
    one = prompts("POST", body={"system_prompt": "alpha\nbeta\ngamma"}).json["version"]
    two = prompts("POST", body={"system_prompt": "alpha\nBETA\ngamma"}).json["version"]
    page = prompts("GET", "?limit=2&count=exact").json
    assert [row["version"] for row in page["data"]] == [two, one] and page["total"] >= 3 and "system_prompt" not in page["data"][0]
    assert prompts("GET", f"?limit=1&cursor={page['next_cursor']}").json["data"][0]["version"] < one
    diff = prompts("GET", f"/{one}/diff/{two}").json["diff"]
    assert diff == f"--- version {one}\n+++ version {two}\n@@ -1,3 +1,3 @@\n alpha\n-beta\n+BETA\n gamma\n"
    assert prompts("GET", f"/{one}/diff/{one}").json["diff"] == ""


@pytest.mark.parametrize("body, field", [
    ({}, "system_prompt"), ({"system_prompt": " "}, "system_prompt"), ({"system_prompt": "x" * 16001}, "system_prompt"),
    ({"system_prompt": "x", "temperature": 2.1}, "temperature"), ({"system_prompt": "x", "max_tokens": 8001}, "max_tokens"),
    ({"system_prompt": "x", "tools_enabled": ["rm_rf"]}, "tools_enabled"), ({"system_prompt": "x", "version": 7}, "version"),
    ({"system_prompt": "x", "models": {"other": "y"}}, "models.other")], ids=str)
def test_bad_versions(prompts, body, field):
    refused = prompts("POST", body=body)
    assert refused.status == 422 and field in [detail["field"] for detail in refused.error["details"]], refused.body


def test_unknown_versions(prompts):
    for method, path in (("GET", "/99999"), ("POST", "/99999/activate"), ("GET", "/1/diff/99999")):
        assert prompts(method, path).status == 404, path


def test_only_administrators(app, user, agent):
    for token in (None, user, agent):
        for method, path in (("GET", ""), ("POST", ""), ("GET", "/1"), ("POST", "/1/activate"), ("GET", "/1/diff/1")):
            assert app.request(method, f"{PROMPTS}{path}", {} if method == "POST" else None, token=token).status in (401, 403)


def test_a_version_never_changes(services, product, prompts):
    with pytest.raises(RuntimeError, match="never changed"):
        services.sql(product, "UPDATE chat_prompts SET system_prompt = 'x' WHERE version = 1")


def test_many_versions_at_once(prompts):
    versions = []

    def one():
        versions.append(prompts("POST", body={"system_prompt": "x", "activate": True}).json["version"])

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(versions)) == 12
    active = [row["version"] for row in prompts("GET", "?limit=100").json["data"] if row["active"]]
    assert len(active) == 1
