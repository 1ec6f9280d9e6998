"""What the checks of the development data say of rates and bookings."""
from datetime import date

from check_common import FLAG, INTEGER, LIST, NUMBER, OBJECT, TEXT, check_shape, check_unique, load

AMOUNT = (INTEGER, False, 0, None)
PCT = (NUMBER, True, 0, 100)
NIGHTS = (INTEGER, True, 1, 365)
PLAN = {
    "property": (TEXT, True, 1, 120), "base_nightly_minor": (INTEGER, True, 0, None),
    "weekend_nightly_minor": AMOUNT, "cleaning_fee_minor": AMOUNT, "extra_guest_minor": AMOUNT,
    "extra_guest_from": (INTEGER, False, 1, 1000), "weekly_discount_pct": PCT,
    "monthly_discount_pct": PCT, "tax_pct": PCT, "min_nights": NIGHTS, "max_nights": NIGHTS,
    "instant_book": (FLAG, True, None, None), "rules": (LIST, True, 0, 100),
}
RULE = {
    "from": (TEXT, True, 10, 10), "to": (TEXT, True, 10, 10), "nightly_minor": AMOUNT,
    "min_nights": (INTEGER, False, 1, 365), "max_nights": (INTEGER, False, 1, 365),
    "closed_to_arrival_dow": (LIST, False, 0, 7), "closed_to_departure_dow": (LIST, False, 0, 7),
    "priority": (INTEGER, True, -1000, 1000),
}
BOOKING = {
    "property": (TEXT, True, 1, 120), "in_days": (INTEGER, True, 0, 365), "nights": NIGHTS,
    "user": (TEXT, False, 1, 120), "guests": (INTEGER, False, 1, 1000),
    "contact": (OBJECT, False, 2, 3), "policy": (OBJECT, False, 2, 2),
    "reason": (TEXT, False, 1, 200),
}


def check_rules(report, where, rules):
    fitting = [rule for rule in rules if check_shape(report, where, rule, RULE)]
    for number, rule in enumerate(fitting):
        first, last = date.fromisoformat(rule["from"]), date.fromisoformat(rule["to"])
        report.expect(first < last, where, "a rule ends before it begins")
        for other in fitting[:number]:
            apart = rule["to"] <= other["from"] or other["to"] <= rule["from"]
            report.expect(apart or rule["priority"] != other["priority"], where, "rules share a day")


def check_files(report, stays, users):
    """stays: slugs of the properties let by the night."""
    plans, bookings = load(report, "rate_plans.json"), load(report, "bookings.json")
    plans = [plan for plan in plans if check_shape(report, "rate_plans.json", plan, PLAN)]
    check_unique(report, "rate_plans.json", [plan["property"] for plan in plans], "property")
    for plan in plans:
        where = f"rate_plans.json {plan['property']}"
        report.expect(plan["property"] in stays, where, "is not let by the night")
        report.expect(plan["min_nights"] <= plan["max_nights"], where, "no stay is long enough")
        check_rules(report, where, plan["rules"])
    for number, booking in enumerate(bookings):
        where = f"bookings.json [{number}]"
        if check_shape(report, where, booking, BOOKING):
            report.expect(booking["property"] in stays, where, "is not let by the night")
            report.expect(booking.get("user") in users | {None}, where, "unknown user")
            report.expect(("user" in booking) == ("guests" in booking), where, "guests or no user")
            report.expect(("user" in booking) != ("reason" in booking), where, "user or reason")
    return f"{len(plans)} with rates, {len(bookings)} bookings"
