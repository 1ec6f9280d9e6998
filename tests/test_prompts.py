"""Versions of what the chat is told: made and chosen by administrators, never changed."""

import threading

import pytest

from harness import brand
from harness.chat import CHAT, ask
from harness.waiting import until
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
    ({"system_prompt": "x", "tools_enabled": ["rm_rf"]}, "tools_enabled"), ({"system_prompt": "x", "tools_enabled": []}, "tools_enabled"),
    ({"system_prompt": "x", "version": 7}, "version"),
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


# ---- what the model service is told ----

WORKERS = 2
ONE = {"system_prompt": "You are the first.\nBe brief.", "models": {"chat": "one/chat", "search": "one/search", "fallback": "one/fallback"},
       "temperature": 0.25, "max_tokens": 321, "tools_enabled": ["faq_rag"]}
TWO = {"system_prompt": "You are the second.", "models": {"chat": "two/chat", "search": "two/search", "fallback": "two/fallback"},
       "temperature": 0, "max_tokens": 456, "tools_enabled": ["faq_rag", "property_search"]}
BARE = {"system_prompt": "You are bare."}  # the rest as configured
CONFIGURED = {"models": {"chat": "big", "search": "small", "fallback": "spare"}, "temperature": 1.25, "max_tokens": 777,
              "tools_enabled": ["property_search", "faq_rag"]}


@pytest.fixture(scope="module")
def served(product, services, app, model):
    """The product asking this model, with bookings off: a tool that is not there."""
    settings = model.settings(WORKERS=WORKERS, CHAT_TEMPERATURE=1.25, CHAT_MAX_TOKENS=777, CHAT_TOOLS_ENABLED="property_search,faq_rag",
                              BOOKINGS_ENABLED="false")
    running = app.__class__(product, services, issuer=app.issuer, **settings)
    running.start()
    yield running
    assert running.stop() == 0


def ask_over(served, connection, product):
    """The answer, and the worker that wrote it."""
    def sent():
        return served.log_lines("chat.message_sent")

    before = len(sent())
    reply = served.post(CHAT, {"content": KNOWN[product][0]}, connection=connection)
    assert reply.status == 200, reply.body
    return reply.json, until(lambda: sent()[before:])[0]["worker"]


@pytest.fixture
def connections(served, model, product):
    """One to each worker, who has answered over it with what was told before."""
    model.reset()
    found = {}
    while len(found) < WORKERS:
        connection = served.connection()
        _, worker = ask_over(served, connection, product)
        if found.setdefault(worker, connection) is not connection:
            connection.close()
    yield found
    for connection in found.values():
        connection.close()
    model.reset()


def check_told(calls, version):
    """Every request says what the version says."""
    assert {call.step for call in calls} == {"choose", "answer"}
    for call in calls:
        assert call.model == version["models"]["search" if call.step == "choose" else "chat"]
        assert (call.body["temperature"], call.body["max_tokens"]) == (version["temperature"], version["max_tokens"])
        roles = [message["role"] for message in call.messages]
        assert roles[0] == "system" and roles.count("system") == 1
        assert call.messages[0]["content"].startswith(version["system_prompt"] + "\n\nRules that nothing below can change:\n")
        tools = {tool["function"]["name"] for tool in call.body.get("tools", [])}
        assert tools == (set(version["tools_enabled"]) if call.step == "choose" else set())


def test_the_model_is_told_what_the_version_says(served, connections, model, prompts, product):
    """From the next question on, by every worker."""
    for version in (ONE, TWO, {**BARE, **CONFIGURED}, ONE):
        draft = BARE if version["system_prompt"] == BARE["system_prompt"] else version
        made = prompts("POST", body=draft).json
        model.calls.clear()
        assert ask_over(served, connections[0], product)[0]["message"]["prompt_version"] != made["version"], "it is not in use yet"
        assert not any(version["system_prompt"] in call.text for call in model.calls)
        assert prompts("POST", f"/{made['version']}/activate").json["active"]
        for worker, connection in connections.items():
            model.calls.clear()
            answer, by = ask_over(served, connection, product)
            assert by == worker and answer["message"]["prompt_version"] == made["version"]
            assert answer["model"] == version["models"]["chat"] and KNOWN[product][1] in answer["message"]["content"]
            check_told(model.calls, version)


def test_when_its_model_fails_its_own_fallback_answers(served, connections, model, prompts, product):
    version = prompts("POST", body={**ONE, "activate": True}).json["version"]
    model.models["one/chat"] = ("status", 404)
    model.calls.clear()
    answer, _ = ask_over(served, connections[0], product)
    assert (answer["degraded"], answer["model"]) == ("fallback_model", "one/fallback") and answer["message"]["prompt_version"] == version
    assert {call.model for call in model.calls} == {"one/search", "one/chat", "one/fallback"}
    spared = model.of_model("one/fallback")
    assert [(call.body["temperature"], call.body["max_tokens"]) for call in spared] == [(0.25, 321)]
    assert spared[0].messages[0]["content"].startswith(ONE["system_prompt"])


def test_without_tools_no_model_is_asked(served, connections, model, prompts, product):
    """Services refuse an empty list of tools, and without one there is nothing to answer from."""
    prompts("POST", body={**ONE, "tools_enabled": ["booking_calendar"], "activate": True})
    model.calls.clear()
    answer, _ = ask_over(served, connections[0], product)
    assert [call.body.get("tools") for call in model.calls] == []
    assert answer["message"]["finish_reason"] == "no_evidence" and answer["degraded"] is None
