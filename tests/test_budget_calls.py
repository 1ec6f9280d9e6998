"""Budgets with every call of a service: each is set aside before it is made, and not made when there is no room for it.
A call reads at most some 24,000 tokens and writes 2,000: at a dollar a million it is set aside with 26,000 millionths and a bit."""

import threading

import pytest

from harness.chat import CHAT, ask, new_session
from harness.waiting import at_once, until
from test_chat import KNOWN
from test_chat_ends import chat, served  # noqa: F401 - fixtures
from test_chat_model import budget, usage  # noqa: F401 - fixtures

PROMPTS, GOLDEN = "/api/v1/admin/chat/prompts", "/api/v1/admin/chat/golden"
PRICES, BUDGETS = "/api/v1/admin/model-prices", "/api/v1/admin/budgets"


@pytest.fixture
def dollars(app, admin, budget):
    """Sets what a million tokens of each model cost, as dollars."""
    def put(**models):
        prices = [{"model": name, "input_microusd_per_mtok": price * 1000000, "output_microusd_per_mtok": price * 1000000}
                  for name, price in models.items()]
        assert app.put(PRICES, {"prices": prices}, token=admin).status == 200

    return put


@pytest.fixture
def released(services, product):
    yield
    assert services.sql(product, "SELECT count(*) FROM budget_reservations") == [["0"]], "what was set aside is released"


def test_with_room_for_all_of_them_all_are_made(chat, budget, dollars, model, released, product):
    dollars(small=1, big=1, spare=1)
    assert budget(daily_microusd=80000).status == 200
    assert ask(chat, KNOWN[product][0])["degraded"] is None
    assert [call.model for call in model.calls] == ["small", "small", "big"]


def test_tools_are_not_chosen_again_without_room(chat, budget, dollars, model, released, product):
    dollars(small=1, big=1, spare=1)
    assert budget(daily_microusd=70000).status == 200
    answer = ask(chat, KNOWN[product][0])
    assert [call.model for call in model.calls] == ["small", "big"]
    assert answer["degraded"] is None and answer["model"] == "big" and KNOWN[product][1] in answer["message"]["content"]


def test_the_choice_of_tools_counts_from_the_start(chat, budget, dollars, model, released, product):
    dollars(small=1, big=1, spare=1)
    assert budget(daily_microusd=40000, on_exceed="block").status == 200
    assert chat.post(CHAT, {"content": KNOWN[product][0]}).error["code"] == "BUDGET_EXCEEDED"
    assert not model.calls


def test_an_answer_is_not_mended_without_room(chat, budget, dollars, model, released, product):
    dollars(small=0, big=1, spare=1)
    model.models["big"] = ("lies",)
    assert budget(daily_microusd=40000).status == 200
    content = ask(chat, KNOWN[product][0])["message"]["content"]
    assert len(model.of_model("big")) == 1, "no second try"
    assert KNOWN[product][1] in content and "1 THB" not in content and "99%" not in content


def test_another_model_is_not_asked_without_room(chat, budget, dollars, model, released, services, product):
    dollars(small=0, big=1, spare=2)
    model.models["big"] = ("status", 500)
    assert budget(daily_microusd=40000).status == 200
    answer = ask(chat, KNOWN[product][0])
    assert not model.of_model("spare") and (answer["degraded"], answer["model"]) == ("budget", "local")
    assert KNOWN[product][1] in answer["message"]["content"]
    assert [row[1] for row in usage(services, product, answer["message"]["id"])][-1] == "local"


def test_a_model_without_a_price_may_be_as_dear_as_any(chat, budget, dollars, model, released, product):
    dollars(small=0, spare=1)
    assert budget(daily_microusd=10000).status == 200
    answer = ask(chat, KNOWN[product][0])
    assert (answer["degraded"], answer["model"]) == ("budget", "local") and not model.calls


def test_what_is_tried_is_paid_for(app, admin, chat, budget, dollars, model, released, services, product):
    ask(chat, KNOWN[product][0])  # the first question writes the first version
    model.calls.clear()
    dollars(small=1, big=1, spare=1)
    assert budget(daily_microusd=60000).status == 200
    tried = chat.post(f"{PROMPTS}/preview", {"version": 1, "content": KNOWN[product][0]}, token=admin)
    assert tried.status == 200 and tried.json["message"]["content"]
    assert [call.model for call in model.calls] == ["small", "big"], "there is no room for a second choice"
    assert int(services.sql(product, "SELECT sum(cost_microusd) FROM usage_daily WHERE feature = 'preview'")[0][0]) > 0
    model.calls.clear()
    assert budget(daily_microusd=40000, on_exceed="cheaper").status == 200
    tried = chat.post(f"{PROMPTS}/preview", {"version": 1, "content": KNOWN[product][0]}, token=admin)
    assert tried.status == 429 and tried.error["code"] == "BUDGET_EXCEEDED" and not model.calls


def test_what_is_measured_is_paid_for(app, admin, chat, budget, dollars, model, released, product):
    dollars(small=1, big=1, spare=1)
    assert budget(daily_microusd=40000, per_guest_daily_microusd=1).status == 200
    golden = chat.post(GOLDEN, {"question": KNOWN[product][0], "locale": "en"}, token=admin)
    assert golden.status == 201, golden.body

    def measured():
        job = chat.post(f"{PROMPTS}/1/eval", {}, token=admin)
        assert job.status == 202, job.body
        return until(lambda: (done := chat.get(f"/api/v1/admin/jobs/{job.json['job_id']}", token=admin).json)["status"] == "done" and done)

    try:
        done = measured()
        assert done["progress"]["cases"][-1] == {"id": golden.json["id"], "passed": False, "why": "has no budget left"} and not model.calls
        assert budget(daily_microusd=10**9, per_guest_daily_microusd=1).status == 200
        assert measured()["progress"]["cases"][-1]["why"] is None and model.calls, "a job is no guest"
    finally:
        assert chat.delete(f"{GOLDEN}/{golden.json['id']}", token=admin).status == 204


def test_no_question_slips_through_while_limits_are_changed(app, admin, chat, budget, dollars, model, released, product):
    dollars(small=1, big=1, spare=1)
    assert budget(daily_microusd=1000).status == 200
    means, changed, done = [], [], threading.Event()

    def change():
        while not done.is_set():
            changed.append(app.put(BUDGETS, {"daily_microusd": 1000 + len(changed) % 2}, token=admin).status)

    def question(_):
        for _ in range(10):
            means.append(ask(chat, KNOWN[product][0])["degraded"])

    changing = threading.Thread(target=change)
    changing.start()
    at_once(8, question)
    done.set()
    changing.join()
    assert set(changed) == {200} and means == ["budget"] * 80 and not model.calls


def test_one_of_two_changes_of_one_version_is_refused(app, admin, budget, product):
    assert budget(daily_microusd=1000).status == 200
    for _ in range(5):
        etag = app.get(BUDGETS, token=admin).headers["etag"]
        replies = at_once(2, lambda i: app.put(BUDGETS, {"daily_microusd": 2000 + i}, token=admin, headers={"If-Match": etag}).status)
        assert sorted(replies) == [200, 412]


# ---- whose money, and of which days ----

LIMITS = {"daily_microusd": "anybody", "monthly_microusd": "anybody", "per_user_daily_microusd": "user", "per_guest_daily_microusd": "guest"}
STEPS = {"cheaper": ("budget", "spare"), "retrieval_only": ("budget", "local"), "block": None}
ROOM = 26500  # for one call of a dollar a million, and less than 500 tokens more


def askers(chat):
    """Two of each kind, as they ask."""
    return {"user": [{"token": chat.token_of("user", sub=f"user_{new_session()[:8]}")} for _ in range(2)],
            "guest": [{"session": new_session()} for _ in range(2)]}


def answered(chat, product, asker):
    """How, and by whom; None: not at all."""
    headers = {"X-Session-Id": asker["session"]} if "session" in asker else {}
    reply = chat.post(CHAT, {"content": KNOWN[product][0]}, token=asker.get("token"), headers=headers)
    if reply.status == 429:
        assert reply.error["code"] == "BUDGET_EXCEEDED" and int(reply.headers["retry-after"]) > 0
        return None
    assert reply.status == 200 and KNOWN[product][1] in reply.json["message"]["content"], reply.body
    return reply.json["degraded"], reply.json["model"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("limit", LIMITS)
def test_what_was_spent_makes_the_step_happen_for_whom_it_is_meant(chat, budget, dollars, model, released, product, limit, step):
    """Within the budget until the first answer is paid for; then the step, for everybody, this user or this guest."""
    dollars(small=0, big=1, spare=0)
    assert budget(**{limit: ROOM, "on_exceed": step}).status == 200
    who = askers(chat)
    first, fellow = who["guest" if LIMITS[limit] == "guest" else "user"]
    stranger = who["user" if LIMITS[limit] == "guest" else "guest"][0]
    usual, shared = (None, "big"), LIMITS[limit] == "anybody"
    assert answered(chat, product, first) == usual
    assert model.calls[-1].model == "big" and len(model.calls[-1].text) // 4 + 20 > 500, "it was too short to use up what is left"
    for asker in (first, first):
        assert answered(chat, product, asker) == STEPS[step]
    for asker in (fellow, stranger):
        assert answered(chat, product, asker) == (STEPS[step] if shared else usual)
    assert len(model.of_model("big")) == (1 if shared else 3)


SPENT_ON = {"daily_microusd": {"today": True, "yesterday": False}, "per_user_daily_microusd": {"today": True, "yesterday": False},
            "monthly_microusd": {"the month's first day": True, "the last month": False}}
DAYS = {"today": "day", "yesterday": "day - 1", "the month's first day": "date_trunc('month', day)::date",
        "the last month": "date_trunc('month', day)::date - 1"}


@pytest.mark.parametrize("limit, when", [(limit, when) for limit, days in SPENT_ON.items() for when in days], ids=lambda one: one.replace(" ", "-"))
def test_what_was_spent_counts_in_its_period(chat, budget, dollars, model, released, services, product, limit, when):
    dollars(small=0, big=1, spare=0)
    assert budget(**{limit: 10**6}).status == 200
    asker = askers(chat)["user"][0]
    user_id = chat.get("/api/v1/users/me", token=asker["token"]).json["id"]
    services.sql(product, f"""INSERT INTO usage_daily (day, feature, model, user_id, calls, cost_microusd)
        SELECT {DAYS[when]}, 'chat', 'big', {user_id}, 1, 10^6 FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS day) today""")
    assert answered(chat, product, asker) == (STEPS["retrieval_only"] if SPENT_ON[limit][when] else (None, "big"))


@pytest.mark.parametrize("at, counts", [("now()", True), ("now() - interval '1 day'", False)], ids=["today", "yesterday"])
def test_what_a_guest_spent_counts_for_a_day(chat, budget, dollars, model, released, services, product, at, counts):
    dollars(small=0, big=1, spare=0)
    assert budget(per_guest_daily_microusd=10**6).status == 200
    asker, other = askers(chat)["guest"]
    services.sql(product, f"""INSERT INTO llm_usage (at, feature, provider, model, session_hash, cost_microusd, ok, latency_ms)
        VALUES ({at}, 'chat', 'x', 'big', sha256('{asker["session"]}'), 10^6, true, 1)""")
    assert answered(chat, product, asker) == (STEPS["retrieval_only"] if counts else (None, "big"))
    assert answered(chat, product, other) == (None, "big")
    services.sql(product, f"DELETE FROM llm_usage WHERE session_hash = sha256('{asker['session']}')")


@pytest.mark.parametrize("steps, expected", [({"daily_microusd": 1, "monthly_microusd": 10**9}, True), ({"daily_microusd": 10**9, "monthly_microusd": 1}, True),
                                             ({"daily_microusd": 10**9, "monthly_microusd": 10**9, "per_guest_daily_microusd": 1}, False)], ids=str)
def test_the_narrowest_limit_counts(chat, budget, dollars, model, released, product, steps, expected):
    dollars(small=0, big=1, spare=0)
    assert budget(**steps).status == 200
    assert answered(chat, product, askers(chat)["user"][0]) == (STEPS["retrieval_only"] if expected else (None, "big"))
    assert answered(chat, product, askers(chat)["guest"][0]) == STEPS["retrieval_only"]
