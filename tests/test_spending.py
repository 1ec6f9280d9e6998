"""What the chat costs: prices and budgets that administrators set, sums that they read."""

import csv
import io

import pytest

from harness.chat import ask, new_session
from test_chat import KNOWN

USAGE, PRICES, BUDGETS = "/api/v1/admin/usage", "/api/v1/admin/model-prices", "/api/v1/admin/budgets"
SUMS = {"calls", "prompt_tokens", "completion_tokens", "cost_microusd", "errors", "fallbacks"}


@pytest.fixture
def call(app, services, product, admin):
    yield lambda method, path, body=None, **more: app.request(method, path, body, token=admin, **more)
    services.sql(product, "DELETE FROM model_prices; DELETE FROM budgets; DELETE FROM budget_reservations")


def test_use_is_added_up(app, call, product):
    ask(app, KNOWN[product][0])
    before = call("GET", USAGE).json
    for _ in range(3):
        ask(app, KNOWN[product][0])
    after = call("GET", USAGE).json
    assert after["totals"]["calls"] == before["totals"]["calls"] + 3 and set(after["totals"]) == SUMS
    assert after["unpriced_models"] == [] and after["rows"][-1]["calls"] == before["rows"][-1]["calls"] + 3


@pytest.mark.parametrize("group, key", [("model", "local"), ("feature", "chat"), ("user", "0"), ("prompt_version", "1")])
def test_use_by(app, call, product, group, key):
    ask(app, KNOWN[product][0])
    rows = call("GET", f"{USAGE}?group_by={group}").json["rows"]
    assert key in [row["key"] for row in rows] and set(rows[0]) == SUMS | {"key"}


def test_use_as_a_table(app, call, product):
    ask(app, KNOWN[product][0])
    reply = call("GET", f"{USAGE}?group_by=model", headers={"Accept": "text/csv"})
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(reply.body.decode())))
    assert set(rows[0]) == SUMS | {"key"} and "local" in [row["key"] for row in rows]


def test_days_can_be_chosen(call):
    assert call("GET", f"{USAGE}?from=2001-01-01&to=2001-01-31").json["totals"]["calls"] == 0
    for query in ("from=yesterday", "group_by=hour", "to=2024-02-30"):
        assert call("GET", f"{USAGE}?{query}").status == 422, query


def test_an_unknown_price_is_no_sum(call, services, product):
    services.sql(product, """SELECT chat_spent('[{"feature": "chat", "provider": "x", "model": "x/unpriced", "prompt_tokens": 10,
        "completion_tokens": 5, "ok": true, "fallback": false, "latency_ms": 1}]', NULL, NULL, NULL, NULL)""")
    report = call("GET", f"{USAGE}?group_by=model").json
    row = next(row for row in report["rows"] if row["key"] == "x/unpriced")
    assert row["cost_microusd"] is None and row["prompt_tokens"] == 10
    assert report["totals"]["cost_microusd"] is None and report["unpriced_models"] == ["x/unpriced"]
    services.sql(product, "DELETE FROM usage_daily WHERE model = 'x/unpriced'; DELETE FROM llm_usage WHERE model = 'x/unpriced'")


def test_prices(call, services, product):
    assert call("GET", PRICES).json == {"prices": []}
    prices = [{"model": "a/one", "input_microusd_per_mtok": 3000000, "output_microusd_per_mtok": 15000000, "cached_microusd_per_mtok": 300000},
              {"model": "b/two", "input_microusd_per_mtok": 150000, "output_microusd_per_mtok": 600000}]
    kept = call("PUT", PRICES, {"prices": prices}).json["prices"]
    assert [price["model"] for price in kept] == ["a/one", "b/two"] and kept[1]["cached_microusd_per_mtok"] is None
    services.sql(product, """SELECT chat_spent('[{"feature": "chat", "provider": "x", "model": "a/one", "prompt_tokens": 1000,
        "completion_tokens": 100, "cached_tokens": 400, "ok": true, "fallback": false, "latency_ms": 1}]', NULL, NULL, NULL, NULL)""")
    assert services.sql(product, "SELECT cost_microusd FROM llm_usage WHERE model = 'a/one'") == [[str(600 * 3 + 400 * 3 // 10 + 100 * 15)]]
    assert call("PUT", PRICES, {"prices": prices[:1]}).json["prices"] == kept[:1]
    for bad in ([{"model": "x"}], [prices[0], prices[0]], [{**prices[0], "input_microusd_per_mtok": -1}], "none"):
        assert call("PUT", PRICES, {"prices": bad}).status == 422
    services.sql(product, "DELETE FROM usage_daily WHERE model = 'a/one'; DELETE FROM llm_usage WHERE model = 'a/one'")


def test_budgets(call):
    first = call("GET", BUDGETS)
    assert first.json == {"daily_microusd": None, "monthly_microusd": None, "per_user_daily_microusd": None,
                          "per_guest_daily_microusd": None, "on_exceed": "retrieval_only", "alert_pct": 80}
    wanted = {"daily_microusd": 5000000, "per_guest_daily_microusd": 20000, "on_exceed": "cheaper", "alert_pct": 70}
    changed = call("PUT", BUDGETS, wanted, headers={"If-Match": first.headers["etag"]})
    assert changed.status == 200 and changed.json == {**first.json, **wanted}
    assert call("PUT", BUDGETS, wanted, headers={"If-Match": first.headers["etag"]}).status == 412
    assert call("GET", BUDGETS).json == changed.json
    assert call("PUT", BUDGETS, {}).json == first.json, "no limit is none"
    for bad in ({"daily_microusd": -1}, {"on_exceed": "panic"}, {"alert_pct": 0}, {"weekly_microusd": 1}):
        assert call("PUT", BUDGETS, bad).status == 422


def test_only_administrators(app, user):
    for method, path in (("GET", USAGE), ("GET", PRICES), ("PUT", PRICES), ("GET", BUDGETS), ("PUT", BUDGETS)):
        assert app.request(method, path, {} if method == "PUT" else None, token=user).status == 403


def test_ones_own_use(app, product):
    token = app.token_of("user", sub=f"user_{new_session()[:8]}")
    mine = app.get("/api/v1/users/me/usage", token=token).json
    assert mine["today"] == {"messages": 0, "limit": 1000000} and mine["month"] == {"tokens": 0} and mine["resets_at"].endswith("T00:00:00.000Z")
    ask(app, KNOWN[product][0], token=token)
    assert app.get("/api/v1/users/me/usage", token=token).json["today"]["messages"] == 1
    assert app.get("/api/v1/users/me/usage").status == 401
