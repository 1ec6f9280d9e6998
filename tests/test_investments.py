"""The investment calculator: from figures sent, from a listing, in the chat - always the same numbers."""

import json
import random
import time

import pytest

from harness.brand import KNOWN
from harness.chat import ask
from harness.investment import compare

CALCULATE = "/api/v1/investments/calculate"
LIST = "/api/v1/properties"
FLAT = {
    "currency": "THB", "purchase_price_minor": 1_000_000_000, "closing_cost_pct": 2, "renovation_minor": 30_000_000, "monthly_rent_minor": 5_000_000,
    "vacancy_pct": 10, "opex": {"management_pct": 8, "maintenance_pct": 2, "insurance_minor": 1_000_000, "tax_minor": 600_000,
                                "hoa_minor": 2_000_000, "utilities_minor": 300_000, "other_minor": 100_000},
    "holding_years": 5, "appreciation_pct": 3, "selling_cost_pct": 4, "discount_rate_pct": 6}


@pytest.fixture(scope="module")
def served(product, services, app, model):
    running = app.__class__(product, services, app.issuer, **model.settings(WORKERS="1", INVESTMENT_ENABLED="true"))
    running.start()
    yield running
    assert running.stop() == 0


def calculate(app, figures, status=200):
    reply = app.post(CALCULATE, figures)
    assert reply.status == status, reply.body
    return reply.json


# ---- from figures ----

def test_a_flat(served):
    result = calculate(served, FLAT)
    assert (result["gross_income_minor"], result["effective_gross_income_minor"], result["operating_expenses_minor"],
            result["noi_minor"]) == (60_000_000, 54_000_000, 9_400_000, 44_600_000)
    assert (result["cap_rate_pct"], result["gross_yield_pct"], result["cash_on_cash_pct"]) == (4.46, 6, 4.2476)
    assert result["cash_invested_minor"] == 1_050_000_000 and result["total_profit_minor"] == 285_903_111
    assert result["dscr"] is None and result["payback_years"] is None and len(result["warnings"]) == 1
    assert [row["year"] for row in result["schedule"]] == [1, 2, 3, 4, 5] and result["schedule"][-1]["value_minor"] == 1_159_274_074
    assert result["assumptions"]["opex"]["tax_minor"] == 600_000 and result["assumptions"]["loan"] is None
    assert result["assumptions"]["nightly_rate_minor"] is None and "not financial advice" in result["disclaimer"]


def test_the_same_key_gives_the_same_reply(served):
    headers = {"Idempotency-Key": f"figures-{time.time_ns()}"}
    first, again = (served.post(CALCULATE, FLAT, headers=headers) for _ in range(2))
    assert first.status == again.status == 200 and first.body == again.body and again.headers["idempotent-replayed"] == "true"
    other = served.post(CALCULATE, {**FLAT, "holding_years": 6}, headers=headers)
    assert other.status == 422 and other.error["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_loan(served):
    result = calculate(served, {**FLAT, "loan": {"amount_minor": 500_000_000, "annual_rate_pct": 6, "term_years": 30}})
    assert result["monthly_payment_minor"] == 2_997_753 and result["loan_amount_minor"] == 500_000_000
    assert result["dscr"] == round(44_600_000 / (12 * 2_997_752.58), 4)
    assert result["schedule"][4]["equity_minor"] == result["schedule"][4]["value_minor"] - result["schedule"][4]["loan_balance_minor"]


@pytest.mark.parametrize("change, field", [
    ({"currency": None}, "currency"), ({"currency": "baht"}, "currency"), ({"purchase_price_minor": 0}, "purchase_price_minor"),
    ({"purchase_price_minor": 10**13 + 1}, "purchase_price_minor"),
    ({"monthly_rent_minor": None}, "monthly_rent_minor"), ({"nightly_rate_minor": 5}, "monthly_rent_minor"), ({"occupancy_pct": 5}, "occupancy_pct"),
    ({"vacancy_pct": 101}, "vacancy_pct"), ({"holding_years": 0}, "holding_years"), ({"holding_years": 41}, "holding_years"),
    ({"appreciation_pct": 20.1}, "appreciation_pct"), ({"opex": {"rent": 5}}, "opex.rent"), ({"opex": {"tax_minor": -1}}, "opex.tax_minor"),
    ({"loan": {"ltv_pct": 50}}, "loan.annual_rate_pct"), ({"loan": {"annual_rate_pct": 5, "term_years": 5}}, "loan.ltv_pct"),
    ({"surplus": 1}, "surplus")])
def test_what_does_not_fit_is_named(served, change, field):
    error = calculate(served, {**FLAT, **change}, 422)["error"]
    assert field in [detail["field"] for detail in error["details"]], error


def some_pct(rng, most, least=0):
    return round(rng.uniform(least, most), rng.choice((0, 1, 6)))


def random_figures(rng):
    """Of all sizes, every member there at times."""
    def money(top):
        return rng.choice((0, int(10 ** rng.uniform(0, top))))

    figures = {
        "currency": "THB", "purchase_price_minor": int(10 ** rng.uniform(0, 13)), "closing_cost_pct": some_pct(rng, 20), "renovation_minor": money(11),
        "other_income_minor": money(9), "holding_years": rng.randint(1, 40), "appreciation_pct": some_pct(rng, 20, -20),
        "rent_growth_pct": some_pct(rng, 20, -20), "expense_growth_pct": some_pct(rng, 20, -20), "selling_cost_pct": some_pct(rng, 15),
        "discount_rate_pct": some_pct(rng, 20),
        "opex": {"management_pct": some_pct(rng, 30), "maintenance_pct": some_pct(rng, 10),
                 **{name: money(8) for name in ("insurance_minor", "tax_minor", "hoa_minor", "utilities_minor", "other_minor") if rng.random() < 0.5}}}
    if rng.random() < 0.5:
        figures["monthly_rent_minor"] = money(12)
    else:
        figures.update(nightly_rate_minor=money(11), occupancy_pct=some_pct(rng, 100))
    if rng.random() < 0.5:
        figures["vacancy_pct"] = some_pct(rng, 100)
    if rng.random() < 0.7:
        term = rng.randint(1, 40)
        size = {"ltv_pct": some_pct(rng, 100)} if rng.random() < 0.5 else {"amount_minor": int(figures["purchase_price_minor"] * rng.uniform(0, 1))}
        figures["loan"] = {**size, "annual_rate_pct": some_pct(rng, rng.choice((0, 10, 50))), "term_years": term, "interest_only_years": rng.randrange(term)}
    return figures


def test_every_figure_is_that_of_the_formulas(served):
    rng = random.Random(5)
    for _ in range(150):
        figures = random_figures(rng)
        assert compare(figures, calculate(served, figures)) == [], figures


def test_own_money_that_is_all_borrowed_is_none(served):
    """100.00 with 10 % costs is not quite 110.00 in doubles."""
    result = calculate(served, {"currency": "THB", "purchase_price_minor": 100_000, "closing_cost_pct": 10, "monthly_rent_minor": 1_000,
                                "loan": {"amount_minor": 110_000, "annual_rate_pct": 5, "term_years": 10}})
    missing = ["cash_on_cash_pct", "payback_years", "roi_pct", "equity_multiple"]
    assert result["cash_invested_minor"] == 0 and [result[name] for name in missing] == [None] * 4
    assert [f"{name}: no own money is invested" in result["warnings"] for name in missing] == [True] * 4


def test_what_is_no_number_of_ours_is_refused(served):
    assert "error" in calculate(served, {**FLAT, "purchase_price_minor": 10**30}, 400)


def test_the_largest_figures_are_still_numbers(served):
    largest = {"currency": "THB", "purchase_price_minor": 10**13, "nightly_rate_minor": 10**11, "occupancy_pct": 100, "other_income_minor": 10**13,
               "holding_years": 40, "appreciation_pct": 20, "rent_growth_pct": 20, "expense_growth_pct": 20}
    result = calculate(served, largest)
    assert 0 < result["noi_minor"] < result["schedule"][-1]["noi_minor"] < result["total_profit_minor"] < 2**63


# ---- from a listing ----

def listing(app, agent, **more):
    draft = {"listing_type": "sale", "property_type": "villa", "title": "A villa to invest in", "status": "active",
             "price": {"amount_minor": 2_000_000_000, "currency": "THB", "period": "total"}, **more}
    reply = app.post(LIST, {**draft, "status": "draft"}, token=agent)
    assert reply.status == 201, reply.body
    return reply.json["id"]


def of_listing(app, number, query="", status=200, token=None):
    reply = app.get(f"{LIST}/{number}/investment{query}", token=token)
    assert reply.status == status, reply.body
    return reply.json


FINANCIALS = {"gross_income_minor": 120_000_000, "operating_expense_minor": 20_000_000, "vacancy_rate_pct": 8}


def test_a_listing_for_sale_has_the_figures(served, agent):
    number = listing(served, agent, financials=FINANCIALS)
    result = of_listing(served, number, token=agent)
    same = calculate(served, {"currency": "THB", "purchase_price_minor": 2_000_000_000, "monthly_rent_minor": 10_000_000, "vacancy_pct": 8,
                              "opex": {"other_minor": 20_000_000}})
    assert result == same and result["noi_minor"] == 90_400_000


def test_each_figure_can_be_given_instead(served, agent):
    number = listing(served, agent, financials=FINANCIALS)
    query = ("?purchase_price_minor=1500000000&nightly_rate_minor=900000&occupancy_pct=55.5&ltv_pct=40&annual_rate_pct=5&term_years=20"
             "&interest_only_years=1&management_pct=10&tax_minor=500000&closing_cost_pct=3&holding_years=7&discount_rate_pct=9")
    same = calculate(served, {
        "currency": "THB", "purchase_price_minor": 1_500_000_000, "nightly_rate_minor": 900_000, "occupancy_pct": 55.5,
        "loan": {"ltv_pct": 40, "annual_rate_pct": 5, "term_years": 20, "interest_only_years": 1},
        "opex": {"management_pct": 10, "tax_minor": 500_000}, "closing_cost_pct": 3, "holding_years": 7, "discount_rate_pct": 9})
    assert of_listing(served, number, query, token=agent) == same


def test_a_query_gives_what_a_body_gives(served, agent):
    number, rng = listing(served, agent), random.Random(3)
    for _ in range(30):
        figures = random_figures(rng)
        flat = {**{name: value for name, value in figures.items() if name not in ("currency", "opex", "loan")}, **figures["opex"],
                **figures.get("loan", {})}
        query = "&".join(f"{name}={value}" for name, value in flat.items())
        assert of_listing(served, number, f"?{query}", token=agent) == calculate(served, figures), figures


@pytest.mark.parametrize("query, field", [
    ("ltv_pct=101&annual_rate_pct=5&term_years=5", "ltv_pct"), ("ltv_pct=50", "annual_rate_pct"), ("annual_rate_pct=5&term_years=5", "ltv_pct"),
    ("ltv_pct=5&annual_rate_pct=5&term_years=5&interest_only_years=5", "interest_only_years"), ("tax_minor=-1", "tax_minor"),
    ("vacancy_pct=nan", "vacancy_pct"), ("vacancy_pct=1e999", "vacancy_pct"), ("appreciation_pct=-20.1", "appreciation_pct"),
    ("purchase_price_minor=10000000000001", "purchase_price_minor"), ("renovation_minor=99999999999999999999", "renovation_minor"),
    ("occupancy_pct=50", "occupancy_pct"), ("nightly_rate_minor=5", "occupancy_pct")])
def test_what_does_not_fit_is_named_as_in_the_query(served, agent, query, field):
    number = listing(served, agent, financials=FINANCIALS)
    error = of_listing(served, number, f"?{query}", status=422, token=agent)["error"]
    assert field in [detail["field"] for detail in error["details"]]


def test_a_listing_that_is_let_has_its_rent_but_no_price(served, agent):
    for listing_type, period, query, income in (("lease", "month", "", 12 * 5_000_000), ("short_stay", "night", "&occupancy_pct=50", 365 * 2_500_000)):
        number = listing(served, agent, listing_type=listing_type, price={"amount_minor": 5_000_000, "currency": "THB", "period": period})
        error = of_listing(served, number, status=422, token=agent)["error"]
        assert "purchase_price_minor" in [detail["field"] for detail in error["details"]]
        assert of_listing(served, number, f"?purchase_price_minor=900000000{query}", token=agent)["gross_income_minor"] == income


def test_a_listing_without_income_asks_for_it(served, agent):
    error = of_listing(served, listing(served, agent), status=422, token=agent)["error"]
    assert [detail["field"] for detail in error["details"]] == ["monthly_rent_minor"]


def test_who_may_see_the_listing_may_calculate(served, agent):
    number = listing(served, agent, financials=FINANCIALS)
    assert of_listing(served, number, status=404)["error"]["code"] == "NOT_FOUND"  # a draft
    assert of_listing(served, 10**15, status=404)["error"]["code"] == "NOT_FOUND"
    assert served.get(f"{LIST}/{number}/investment?holding_years=0", token=agent).status == 422
    assert served.get(f"{LIST}/{number}/investment?surplus=1", token=agent).status == 422


# ---- in the chat ----

def minor(text):
    """As a person reads it: -THB 1,234.50."""
    sign = -1 if text.startswith("-") else 1
    units, _, cents = text.lstrip("-").removeprefix("THB ").replace(",", "").partition(".")
    return sign * (int(units) * 100 + int(cents or 0))


MONEY = {"net_operating_income": "noi_minor", "cash_invested": "cash_invested_minor", "total_profit": "total_profit_minor",
         "cash_flow_first_year": "cash_flow_year1_minor", "npv": "npv_minor"}
OF_A_LOAN = {"loan": "loan_amount_minor", "monthly_payment": "monthly_payment_minor"}
RATIOS = {"cap_rate": "cap_rate_pct", "gross_yield": "gross_yield_pct", "irr": "irr_pct", "cash_on_cash": "cash_on_cash_pct", "roi": "roi_pct",
          "dscr": "dscr", "break_even_occupancy": "break_even_occupancy_pct", "payback": "payback_years", "equity_multiple": "equity_multiple"}


def number_of(text):
    return float(text.removesuffix(" years").rstrip("%"))


def tool_call(services, product, message_id):
    rows = services.sql(product, f"SELECT status, result FROM tool_calls WHERE message_id = {message_id} AND name = 'investment_calculator'")
    assert rows and rows.count(rows[0]) == len(rows), rows  # this model asks for the same in each round
    return rows[0][0], json.loads(rows[0][1])


AMOUNTS = ("purchase_price_minor", "monthly_rent_minor", "nightly_rate_minor")


def named(figures):
    """A question that names what the tool may not be given otherwise."""
    amounts = [figures[name] for name in AMOUNTS if figures.get(name)]
    return f"What would this bring me: {' and '.join(f'{amount // 100:,}.{amount % 100:02}' for amount in amounts)}?"


def ask_with(served, model, figures, question=None, before=(), **who):
    """`before`: calls of other tools."""
    model.reset()
    model.models["small"] = ("calls", [*before, ("investment_calculator", figures)])
    answer = ask(served, question or named(figures), **who)
    model.reset()
    return answer


def test_the_chat_gives_the_numbers_of_the_route(served, model, services, product):
    rng = random.Random(11)
    for _ in range(20):
        figures = random_figures(rng)
        expected = calculate(served, figures)
        answer = ask_with(served, model, figures)
        said = tool_call(services, product, answer["message"]["id"])[1]["results"][0]
        for name, member in {**MONEY, **(OF_A_LOAN if expected["loan_amount_minor"] else {})}.items():
            assert minor(said[name]) == expected[member], (name, figures)
        assert expected["loan_amount_minor"] or [said[name] for name in OF_A_LOAN] == [None, None]
        for name, member in RATIOS.items():
            value = expected[member]
            assert said[name] is None if value is None else abs(number_of(said[name]) - value) <= 0.0051 + abs(value) * 1e-12, (name, figures)
            assert said[name] not in ("-0", "-0%")
        assert said["warnings"] == expected["warnings"] and said["note"] == expected["disclaimer"]


def test_the_answer_rests_on_the_calculation(served, model):
    answer = ask_with(served, model, FLAT)
    source = answer["message"]["sources"][0]
    assert source["type"] == "calculator" and source["id"] is None and source["url"] is None
    assert "THB 446,000" in answer["message"]["content"] and answer["grounded"] and answer["message"]["finish_reason"] == "stop"


def test_figures_that_do_not_fit_are_told_to_the_model(served, model, services, product):
    answer = ask_with(served, model, {**FLAT, "loan": {"annual_rate_pct": 5, "term_years": 5}})
    status, result = tool_call(services, product, answer["message"]["id"])
    assert status == "invalid" and result["details"][0]["field"] == "loan.ltv_pct"


def refused(services, product, answer):
    status, result = tool_call(services, product, answer["message"]["id"])
    return [detail["field"] for detail in result["details"]] if status == "invalid" else status


def test_what_nobody_named_is_not_computed_with(served, model, services, product):
    """A model that makes a price up would have it backed by the calculation."""
    for question, fields in (("What would this bring me?", [*AMOUNTS[:2]]), ("What would 10 million baht bring me?", ["monthly_rent_minor"]),
                             ("What would it bring, let for 50,000 a month?", ["purchase_price_minor"])):
        answer = ask_with(served, model, FLAT, question)
        assert refused(services, product, answer) == fields
        assert "446,000" not in answer["message"]["content"] and "calculator" not in [source["type"] for source in answer["message"]["sources"]]


@pytest.mark.parametrize("question", ["10M, let for 50k a month: what does it bring?", "ซื้อ 10 ล้านบาท ปล่อยเช่าเดือนละ 50,000 บาท ได้ผลตอบแทนเท่าไร",
                                      "Ten million baht, and a rent of six hundred thousand a year: what is the yield?"])
def test_what_was_named_in_other_words_is(served, model, services, product, question):
    assert refused(services, product, ask_with(served, model, FLAT, question)) == "ok"


def test_what_was_named_before_is(served, model, services, product, agent):
    who = {"token": agent}
    ask(served, "I think of a flat for 10,000,000 baht, let for 50,000 a month.", **who)
    assert refused(services, product, ask_with(served, model, FLAT, "And what would it bring me?", **who)) == "ok"


def test_what_a_listing_names_is(served, model, services, product, agent):
    number = listing(served, agent)
    services.sql(product, f"UPDATE properties SET status = 'active', published_at = now() WHERE id = {number}")
    price = {"purchase_price_minor": 2_000_000_000, "monthly_rent_minor": 5_000_000, "currency": "THB"}
    question = "What would it bring me, let for 50,000 a month?"
    look = [("property_search", {"ids": [str(number)]})]
    assert refused(services, product, ask_with(served, model, price, question, look, token=agent)) == "ok"
    assert refused(services, product, ask_with(served, model, price, question)) == ["purchase_price_minor"]


# ---- on and off ----

def test_what_is_off_is_gone(start, model, product):
    model.reset()
    one = start(**model.settings(INVESTMENT_ENABLED="false"))
    for reply in (one.post(CALCULATE, FLAT), one.get(f"{LIST}/1/investment")):
        assert reply.status == 404 and reply.error["code"] == "FEATURE_DISABLED"
    assert not [path for path in one.get("/openapi.json").json["paths"] if "invest" in path]
    assert one.get("/api/v1/config").json["features"]["investment"] is False
    ask(one, "What is the cancellation policy?")
    assert "investment_calculator" not in [tool["function"]["name"] for call in model.calls for tool in call.body.get("tools", [])]
    model.reset()


def test_each_product_has_its_default(app, product):
    on = KNOWN[product]["features"]["investment"]
    assert app.get("/api/v1/config").json["features"]["investment"] is on
    assert app.post(CALCULATE, FLAT).status == (200 if on else 404)
