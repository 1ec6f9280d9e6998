#!/usr/bin/env python3
"""Validate the development data of every product: python3 seeds/check.py

Exits 1 with a list of problems, 0 with a one-line summary a product.
"""
import re
import sys
from collections import Counter
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import check_faq
import check_stays
from check_common import (FLAG, INTEGER, LOCALES, NUMBER, TEXT, Report, check_shape, check_unique,
                          has_thai, known, load, products)

PRODUCTS = {product: known(product) for product in products()}
THB_PER_USD = 36
NEWEST = "2026-11-01T00:00:00Z"

STATUSES = {"draft", "active", "under_contract", "sold", "leased", "hold", "withdrawn", "archived"}
PERIODS = {"short_stay": "night", "sale": "total", "lease": "month"}
POLICIES = {"flexible", "moderate", "strict"}
LAND_TITLES = {"chanote", "nor_sor_3_gor", "nor_sor_3", "condominium_title"}
CURRENCIES = {"THB", "USD", "EUR", "GBP"}

AMENITIES = set("""
    air_conditioning airport_transfer baby_cot backup_generator balcony bathtub bbq beachfront
    bicycles breakfast cctv city_view concierge daily_cleaning dishwasher elevator ev_charger
    family_friendly fan fire_sprinklers fireplace garden gym hot_water jacuzzi kayaks kitchen
    lake_view loading_dock maid_room meeting_room mountain_view parking pet_friendly private_pier
    private_pool restaurant river_view rooftop sauna sea_view security_24h shared_pool solar_power
    terrace three_phase_power tv washing_machine wheelchair_accessible wifi workspace
""".split())

# Latitude and longitude of the places a province is measured from. A province that is long or has
# far islands has more than one.
PROVINCES = {
    "Bangkok": [(13.75, 100.52)], "Chiang Mai": [(18.79, 98.98), (19.37, 98.97)],
    "Chiang Rai": [(19.91, 99.83)], "Chonburi": [(12.95, 100.90)],
    "Kanchanaburi": [(14.02, 99.53), (14.90, 98.65)], "Khon Kaen": [(16.43, 102.83)],
    "Krabi": [(7.90, 98.90)], "Loei": [(17.70, 101.70)], "Mae Hong Son": [(19.36, 98.44)],
    "Nakhon Ratchasima": [(14.97, 102.10), (14.60, 101.45)],
    "Nakhon Si Thammarat": [(9.00, 99.90)], "Nan": [(18.78, 100.77)],
    "Nong Khai": [(17.88, 102.74)], "Nonthaburi": [(13.90, 100.50)],
    "Pathum Thani": [(14.02, 100.60)], "Phang Nga": [(8.45, 98.45)],
    "Phetchaburi": [(12.90, 99.95)], "Phra Nakhon Si Ayutthaya": [(14.35, 100.57)],
    "Phuket": [(7.95, 98.35)], "Prachuap Khiri Khan": [(12.40, 99.92)],
    "Ratchaburi": [(13.53, 99.50)], "Rayong": [(12.65, 101.30)],
    "Samut Prakan": [(13.60, 100.70)], "Samut Songkhram": [(13.41, 100.00)],
    "Satun": [(6.62, 100.07), (6.49, 99.30)], "Songkhla": [(7.10, 100.50)],
    "Sukhothai": [(17.01, 99.75)], "Surat Thani": [(9.65, 99.98), (8.95, 98.70)],
    "Trat": [(11.95, 102.45)], "Udon Thani": [(17.41, 102.79)],
}
PROVINCE_RADIUS = 0.6

# key: (types, required, lowest, highest); the bounds are those of the columns or of common sense
PROPERTY = {
    "slug": (TEXT, True, 3, 120), "listing_type": (TEXT, True, None, None),
    "property_type": (TEXT, True, None, None), "property_sub_type": (TEXT, False, 1, 40),
    "status": (TEXT, True, None, None), "bedrooms_total": (INTEGER, False, 0, 500),
    "bathrooms_total": (NUMBER, False, 0, 500), "max_guests": (INTEGER, False, 1, 100),
    "living_area_m2": (NUMBER, False, 10, 100000), "lot_size_m2": (NUMBER, False, 10, 1000000),
    "year_built": (INTEGER, False, 1700, 2026), "furnished": (FLAG, False, None, None),
    "price_minor": (INTEGER, True, 1, 10**13), "currency": (TEXT, True, 3, 3),
    "price_period": (TEXT, True, None, None), "price_base_minor": (INTEGER, True, 1, 10**13),
    "district": (TEXT, True, 1, 80), "city": (TEXT, True, 1, 80), "province": (TEXT, True, 1, 80),
    "country": (TEXT, True, 2, 2), "postal_code": (TEXT, True, 5, 5),
    "address_line": (TEXT, False, 3, 200), "lat": (NUMBER, True, 5.6, 20.5),
    "lng": (NUMBER, True, 97.3, 105.7), "location_approximate": (FLAG, True, None, None),
    "amenities": ((list,), True, 0, 30), "stay_rules": ((dict,), True, None, None),
    "cancellation_policy": (TEXT, True, None, None), "financials": ((dict,), True, None, None),
    "attributes": ((dict,), True, None, None), "default_locale": (TEXT, True, 2, 2),
    "published_at": (TEXT, False, 20, 20), "agent": (TEXT, True, 1, 80),
    "texts": ((dict,), True, None, None), "images": ((list,), True, 3, 6),
    "price_history": ((list,), True, 1, 3),
}
USER = {
    "clerk_user_id": (TEXT, True, 11, 80), "email": (TEXT, True, 6, 120),
    "email_verified": (FLAG, True, None, None), "display_name": (TEXT, True, 2, 80),
    "role": (TEXT, True, None, None), "locale": (TEXT, True, 2, 2), "currency": (TEXT, True, 3, 3),
    "phone": (TEXT, False, 9, 16),
}
FX_RATE = {
    "base": (TEXT, True, 3, 3), "quote": (TEXT, True, 3, 3), "rate": (TEXT, True, 1, 31),
    "as_of": (TEXT, True, 10, 10), "source": (TEXT, True, 1, 40),
}
TEXT_SHAPE = {"title": (TEXT, True, 3, 200), "description": (TEXT, True, 40, 20000)}
IMAGE_SHAPE = {"url": (TEXT, True, 10, 500), "alt": ((dict,), True, None, None),
               "width": (INTEGER, True, 200, 10000), "height": (INTEGER, True, 200, 10000)}
PRICE_SHAPE = {"price_minor": (INTEGER, True, 1, 10**13), "currency": (TEXT, True, 3, 3),
               "changed_at": (TEXT, True, 20, 20)}
STAY_RULES = {
    "check_in_time": (TEXT, True, 5, 5), "check_out_time": (TEXT, True, 5, 5),
    "time_zone": (TEXT, True, 1, 40), "min_nights": (INTEGER, True, 1, 365),
    "max_nights": (INTEGER, True, 1, 365), "pets": (FLAG, True, None, None),
}
INCOME = {
    "gross_income_minor": (INTEGER, True, 1, 10**13),
    "operating_expense_minor": (INTEGER, True, 0, 10**13), "noi_minor": (INTEGER, True, 1, 10**13),
    "cap_rate_pct": (NUMBER, True, 0.5, 15), "vacancy_rate_pct": (NUMBER, True, 0, 95),
}
FINANCIALS = {key: (types, False, low, high) for key, (types, _, low, high) in INCOME.items()} | {
    "land_title": (TEXT, True, None, None), "tenure": (TEXT, True, None, None),
    "lease_years": (INTEGER, False, 1, 99),
}


def is_time(text):
    try:
        return bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return False


def check_users(report, users):
    where = "users.json"
    users = [user for user in users if check_shape(report, where, user, USER)]
    check_unique(report, where, [user["clerk_user_id"] for user in users], "clerk_user_id")
    check_unique(report, where, [user["email"].lower() for user in users], "email")
    for user in users:
        spot = f"{where} {user['clerk_user_id']}"
        report.expect(user["clerk_user_id"].startswith("user_seed_"), spot, "not a seed id")
        report.expect(re.fullmatch(r"[a-z0-9.]+@([a-z0-9]+\.)?example\.com", user["email"]), spot,
                      "e-mail is not in a reserved domain")
        report.expect(user["role"] in {"user", "agent", "admin"}, spot, "unknown role")
        report.expect(user["locale"] in LOCALES, spot, "unknown locale")
        report.expect(user["currency"] in CURRENCIES, spot, "unknown currency")
        report.expect(re.fullmatch(r"\+[1-9]\d{7,14}", user.get("phone", "+66200000")), spot,
                      "phone is not E.164")
    roles = Counter(user["role"] for user in users)
    for role, least in {"admin": 1, "agent": 2, "user": 4}.items():
        report.expect(roles[role] >= least, where, f"fewer than {least} of role {role}")
    report.expect(len(users) >= 8, where, "fewer than 8 users")
    return {user["clerk_user_id"] for user in users if user["role"] == "agent"}


def parse_rate(row):
    try:
        rate = Decimal(row["rate"])
        date.fromisoformat(row["as_of"])
    except (InvalidOperation, ValueError):
        return None
    return rate if rate.is_finite() and 0 < rate < 10**10 else None


def check_fx_rates(report, rows):
    where = "fx_rates.json"
    rows = [row for row in rows if check_shape(report, where, row, FX_RATE)]
    check_unique(report, where, [(r["base"], r["quote"], r["as_of"]) for r in rows], "rate")
    rates = {(row["base"], row["quote"]): parse_rate(row) for row in rows}
    for (base, quote), rate in rates.items():
        if not report.expect(rate, where, f"{base}/{quote}: rate or date is not valid"):
            continue
        back = rates.get((quote, base))
        report.expect(back and abs(rate * back - 1) < Decimal("0.000001"), where,
                      f"{base}/{quote} and {quote}/{base} do not agree")
    for currency in CURRENCIES - {"THB"}:
        report.expect(("THB", currency) in rates, where, f"no THB/{currency}")
    report.expect(rates.get(("USD", "THB")) == THB_PER_USD, where, "USD/THB is not the rate used")


def check_place(report, where, item):
    report.expect(item["country"] == "TH", where, "country is not TH")
    report.expect(item["postal_code"].isdigit(), where, "postal_code is not digits")
    centres = PROVINCES.get(item["province"])
    if report.expect(centres, where, f"unknown province {item['province']}"):
        near = any(abs(item["lat"] - lat) <= PROVINCE_RADIUS and
                   abs(item["lng"] - lng) <= PROVINCE_RADIUS for lat, lng in centres)
        report.expect(near, where, f"coordinates are far from {item['province']}")


def check_price(report, where, item):
    factor = {"THB": 1, "USD": THB_PER_USD}.get(item["currency"])
    if report.expect(factor, where, "price is neither in THB nor in USD"):
        report.expect(item["price_base_minor"] == item["price_minor"] * factor, where,
                      "price_base_minor does not fit price_minor")
    history = [entry for entry in item["price_history"]
               if check_shape(report, where + " price_history", entry, PRICE_SHAPE)]
    times = [entry["changed_at"] for entry in history]
    report.expect(all(map(is_time, times)), where, "changed_at is not a UTC time")
    report.expect(times == sorted(set(times)), where, "price history is not in order")
    report.expect(all(time < NEWEST for time in times), where, "price history is in the future")
    last = history[-1] if history else {}
    report.expect((last.get("price_minor"), last.get("currency")) ==
                  (item["price_minor"], item["currency"]), where,
                  "last price of the history is not the price")


def check_texts(report, where, item):
    texts = item["texts"]
    report.expect(item["default_locale"] in texts, where, "no text in the default locale")
    for locale, text in texts.items():
        spot = f"{where} texts.{locale}"
        report.expect(locale in LOCALES, spot, "unknown locale")
        if not check_shape(report, spot, text, TEXT_SHAPE):
            continue
        for key, value in text.items():
            report.expect(value == value.strip() and "  " not in value, spot, f"{key}: stray space")
            report.expect(has_thai(value) == (locale == "th"), spot, f"{key}: wrong script")
        if locale == "en":
            sentences = re.findall(r"[.!?](?=\s|$)", text["description"])
            report.expect(2 <= len(sentences) <= 5, spot, f"{len(sentences)} sentences")


def check_images(report, where, product, images):
    prefix = re.escape(f"https://images.{product}.example/")
    for image in images:
        if check_shape(report, where + " images", image, IMAGE_SHAPE):
            report.expect(re.fullmatch(prefix + r"[a-z0-9/-]+\.jpg", image["url"]), where,
                          f"image url {image['url']}")
            alt = image["alt"]
            report.expect(alt.keys() == LOCALES and has_thai(alt["th"]) and not has_thai(alt["en"]),
                          where, "image alt is not in both languages")


def check_stay_rules(report, where, item):
    rules = item["stay_rules"]
    if item["listing_type"] != "short_stay":
        report.expect(rules == {}, where, "stay_rules on a property that is not a short stay")
        return
    if not check_shape(report, where + " stay_rules", rules, STAY_RULES):
        return
    for key in ("check_in_time", "check_out_time"):
        report.expect(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", rules[key]), where, f"bad {key}")
    report.expect(rules["time_zone"] == "Asia/Bangkok", where, "time_zone is not Asia/Bangkok")
    report.expect(rules["min_nights"] <= rules["max_nights"], where, "min_nights > max_nights")
    report.expect(rules["pets"] == ("pet_friendly" in item["amenities"]), where,
                  "stay_rules.pets and pet_friendly disagree")
    report.expect("max_guests" in item and "bedrooms_total" in item, where, "no guests or bedrooms")


def check_financials(report, where, item):
    figures = item["financials"]
    if item["listing_type"] == "short_stay":
        report.expect(figures == {}, where, "financials on a short stay")
        return
    if not check_shape(report, where + " financials", figures, FINANCIALS):
        return
    report.expect(figures["land_title"] in LAND_TITLES, where, "unknown land_title")
    report.expect(figures["tenure"] in {"freehold", "leasehold"}, where, "unknown tenure")
    report.expect((figures["tenure"] == "leasehold") == ("lease_years" in figures), where,
                  "tenure and lease_years disagree")
    if figures.keys() & INCOME.keys():
        check_income(report, where, item, figures)


def check_income(report, where, item, figures):
    if not report.expect(figures.keys() >= INCOME.keys(), where, "income figures are incomplete"):
        return
    report.expect(item["listing_type"] == "sale", where, "income figures on a lease")
    occupied = 1 - figures["vacancy_rate_pct"] / 100
    noi = figures["gross_income_minor"] * occupied - figures["operating_expense_minor"]
    report.expect(abs(noi - figures["noi_minor"]) <= 100, where, "noi does not follow")
    cap_rate = 100 * figures["noi_minor"] / item["price_minor"]
    report.expect(abs(cap_rate - figures["cap_rate_pct"]) <= 0.001, where,
                  "cap rate does not follow")


def check_property(report, product, item, agents):
    where = f"properties.json {item['slug']}"
    report.expect(re.fullmatch(r"[a-z0-9-]*[a-z-][a-z0-9-]*", item["slug"]), where, "bad slug")
    report.expect(item["listing_type"] in PRODUCTS[product]["listing_types"], where,
                  "listing_type of another product")
    report.expect(item["property_type"] in PRODUCTS[product]["property_types"], where, "unknown property_type")
    report.expect(item["status"] in STATUSES, where, "unknown status")
    report.expect(item["price_period"] == PERIODS.get(item["listing_type"]), where,
                  "price_period does not fit listing_type")
    report.expect(item["cancellation_policy"] in POLICIES, where, "unknown cancellation_policy")
    report.expect(item["agent"] in agents, where, f"{item['agent']} is not an agent")
    unknown = set(item["amenities"]) - AMENITIES
    report.expect(not unknown, where, f"unknown amenities {sorted(unknown)}")
    check_unique(report, where, item["amenities"], "amenity")
    published = item.get("published_at")
    report.expect((published is None) == (item["status"] == "draft"), where,
                  "published_at and status disagree")
    report.expect(published is None or is_time(published) and "2024" <= published < NEWEST, where,
                  "published_at is not a time of 2024 to October 2026")
    check_place(report, where, item)
    check_price(report, where, item)
    check_texts(report, where, item)
    check_images(report, where, product, item["images"])
    check_stay_rules(report, where, item)
    check_financials(report, where, item)


def sentences_of(item):
    return [sentence for text in item["texts"].values()
            for sentence in re.split(r"(?<=[.!?])\s+", text["description"])]


def check_set(report, items):
    """What must hold over all properties of a product together."""
    where = "properties.json"
    check_unique(report, where, [item["slug"] for item in items], "slug")
    check_unique(report, where, [i["url"] for item in items for i in item["images"]], "image url")
    check_unique(report, where, [t["title"] for item in items for t in item["texts"].values()],
                 "title")
    check_unique(report, where, [s for item in items for s in sentences_of(item)], "sentence")
    statuses = Counter(item["status"] for item in items)
    report.expect(len(items) - statuses["draft"] >= 60, where, "fewer than 60 published properties")
    report.expect(1 <= statuses["draft"] <= 3, where, "expected a few drafts")
    report.expect(statuses["active"] >= 55, where, "fewer than 55 active properties")
    used = Counter(a for item in items for a in item["amenities"])
    for listing_type in PRODUCTS[report.product]["listing_types"]:
        count = sum(item["listing_type"] == listing_type for item in items)
        report.expect(count >= 15, where, f"fewer than 15 of listing_type {listing_type}")
    return f"{len(items)} properties, {len(used)} amenities, {dict(statuses)}"


def check_product(product):
    report = Report(product)
    agents = check_users(report, load(report, "users.json"))
    check_fx_rates(report, load(report, "fx_rates.json"))
    raw = load(report, "properties.json")
    items = [item for number, item in enumerate(raw)
             if check_shape(report, f"properties.json [{number}]", item, PROPERTY)]
    for item in items:
        check_property(report, product, item, agents)
    stays = {item["slug"] for item in items if item["listing_type"] == "short_stay"}
    users = {one["clerk_user_id"] for one in load(report, "users.json")}
    booked = check_stays.check_files(report, stays, users)
    faq = check_faq.check_files(report)
    summary = check_set(report, items) if not report.problems else ""
    return report.problems, ", ".join(part for part in (summary, booked, faq) if part)


def main():
    failed = False
    for product in PRODUCTS:
        problems, summary = check_product(product)
        for problem in problems:
            print(problem, file=sys.stderr)
        failed = failed or bool(problems)
        if not problems:
            print(f"{product}: {summary}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
