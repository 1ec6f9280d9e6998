"""The investment calculator once more, from its formulas alone and in decimals: what the programs' figures are compared with."""

from decimal import Decimal, getcontext

getcontext().prec = 50
HUNDRED, MONTHS = Decimal(100), 12
EXPENSES = ("insurance_minor", "tax_minor", "hoa_minor", "utilities_minor", "other_minor")


class Investment:
    """Unrounded; a ratio that cannot be had is None."""

    def __init__(self, figures):
        self.figures = figures
        self.years = figures.get("holding_years", 10)
        self.price = self.of("purchase_price_minor")
        nightly = figures.get("nightly_rate_minor") is not None
        full = 365 * self.of("nightly_rate_minor") if nightly else MONTHS * self.of("monthly_rent_minor")
        rent = full * self.share("occupancy_pct") if nightly else full
        self.full, self.gross = full + self.of("other_income_minor"), rent + self.of("other_income_minor")
        self.vacancy = self.share("vacancy_pct", 0 if nightly else 5)
        self.borrow(figures.get("loan"))
        self.invested = self.price * (1 + self.share("closing_cost_pct")) + self.of("renovation_minor") - self.loan
        rows = [self.year(number) for number in range(1, self.years + 1)]
        self.sale = self.value(self.years) * (1 - self.share("selling_cost_pct")) - self.balance(self.years)
        self.operating = [row["cash_flow_minor"] for row in rows]
        self.flows = [-self.invested, *self.operating]
        self.flows[-1] += self.sale
        self.result = {**self.first(rows[0]), **self.holding(), "schedule": rows}

    def of(self, name, default=0, group=None):
        value = (self.figures if group is None else self.figures.get(group) or {}).get(name)
        return Decimal(str(default if value is None else value))

    def share(self, name, default=0, group=None):
        return self.of(name, default, group) / HUNDRED

    def borrow(self, loan):
        self.loan, self.rate, self.interest_only, self.paying, self.payment = Decimal(0), Decimal(0), 0, 0, Decimal(0)
        if loan:
            self.loan = self.of("amount_minor", 0, "loan") if "amount_minor" in loan else self.price * self.share("ltv_pct", 0, "loan")
            self.rate = self.share("annual_rate_pct", 0, "loan") / MONTHS
            self.interest_only = MONTHS * loan.get("interest_only_years", 0)
            self.paying = MONTHS * loan["term_years"] - self.interest_only
            self.payment = self.loan * self.rate / (1 - (1 + self.rate) ** -self.paying) if self.rate else self.loan / self.paying

    def after(self, months):
        """What was paid and what is owed after so many months: month by month, as a bank would."""
        paid, balance = Decimal(0), self.loan
        for month in range(min(months, self.interest_only + self.paying)):
            payment = self.loan * self.rate if month < self.interest_only else self.payment
            paid, balance = paid + payment, balance * (1 + self.rate) - payment
        return paid, balance

    def balance(self, year):
        return self.after(MONTHS * year)[1]

    def service(self, year):
        return self.after(MONTHS * year)[0] - self.after(MONTHS * (year - 1))[0]

    def value(self, year):
        return self.price * (1 + self.share("appreciation_pct")) ** year

    def effective(self, year):
        return self.gross * (1 - self.vacancy) * (1 + self.share("rent_growth_pct")) ** (year - 1)

    def spent(self, year):
        variable = self.share("management_pct", 0, "opex") + self.share("maintenance_pct", 0, "opex")
        fixed = sum(self.of(name, 0, "opex") for name in EXPENSES)
        return variable * self.effective(year) + fixed * (1 + self.share("expense_growth_pct")) ** (year - 1)

    def year(self, number):
        noi, service, balance, value = self.effective(number) - self.spent(number), self.service(number), self.balance(number), self.value(number)
        return {"year": number, "noi_minor": noi, "debt_service_minor": service, "cash_flow_minor": noi - service,
                "loan_balance_minor": balance, "value_minor": value, "equity_minor": value - balance}

    @staticmethod
    def ratio(what, by, times=1):
        return times * what / by if by >= Decimal("0.5") else None

    def first(self, row):
        noi, service = row["noi_minor"], row["debt_service_minor"]
        return {"gross_income_minor": self.gross, "effective_gross_income_minor": self.effective(1), "operating_expenses_minor": self.spent(1),
                "noi_minor": noi, "gross_yield_pct": HUNDRED * self.gross / self.price, "cap_rate_pct": HUNDRED * noi / self.price,
                "cash_invested_minor": self.invested, "loan_amount_minor": self.loan, "monthly_payment_minor": self.payment,
                "annual_debt_service_minor": service, "cash_flow_year1_minor": noi - service,
                "cash_on_cash_pct": self.ratio(noi - service, self.invested, 100), "dscr": self.ratio(noi, service),
                "break_even_occupancy_pct": self.ratio(self.spent(1) + service, self.full, 100)}

    def payback(self):
        back = Decimal(0)
        for year, flow in enumerate(self.operating):
            if back + flow >= self.invested:
                return year + (self.invested - back) / flow
            back += flow
        return None

    def holding(self):
        back = sum(self.operating) + self.sale
        return {"payback_years": self.payback() if self.invested >= Decimal("0.5") else None, "total_profit_minor": back - self.invested,
                "roi_pct": self.ratio(back - self.invested, self.invested, 100), "equity_multiple": self.ratio(back, self.invested),
                "npv_minor": self.present_value(self.share("discount_rate_pct", 8))}

    def present_value(self, rate):
        return sum(flow / (1 + rate) ** year for year, flow in enumerate(self.flows))


def same_money(mine, theirs, largest):
    """But for rounding, and what a double loses of the largest amount around."""
    return abs(mine - theirs) <= 1 + largest * Decimal("1e-13")


def same_ratio(mine, theirs, lost):
    return mine is theirs is None or (None not in (mine, theirs) and abs(mine - Decimal(str(theirs))) <= Decimal("1e-4") + abs(mine) * lost)


def compare(figures, result):
    """The names of what differs."""
    mine = Investment(figures)
    flat = {**{f"{name}[{row['year']}]": row[name] for row in mine.result["schedule"] for name in row}, **mine.result}
    said = {**{f"{name}[{row['year']}]": row[name] for row in result["schedule"] for name in row}, **result}
    del flat["schedule"]
    largest = max(abs(value) for value in flat.values() if value is not None)
    lost = Decimal("1e-10") + Decimal("1e-14") * mine.price / max(abs(mine.invested), Decimal("0.5"))
    wrong = [name for name, value in flat.items() if not (
        same_money(value, said[name], largest) if "_minor" in name else same_ratio(value, said[name], lost))]
    if not rate_fits(mine, said["irr_pct"]):
        wrong.append("irr_pct")
    return wrong


def rate_fits(mine, pct):
    """Where it is, the present value changes its sign; where it is none, it has the same at both bounds."""
    bounds = [mine.present_value(rate) > 0 for rate in (Decimal("-0.99"), Decimal(10))]
    if pct is None:
        return bounds[0] == bounds[1]
    near = [mine.present_value(max(Decimal(str(pct)) / 100 + step, Decimal("-0.99"))) for step in (Decimal("-1e-6"), Decimal("1e-6"))]
    return bounds[0] != bounds[1] and min(near) <= 0 <= max(near)
