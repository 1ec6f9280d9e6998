"""Many made-up properties: the sentences of the seeds in new combinations, one seed of the random generator, so that every
run makes the same rows."""

import json
import random
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CITIES = [(f"City {n}", f"Province {n // 3}") for n in range(40)]
TYPES = ["villa", "condo", "house", "townhouse", "apartment", "land"]
KINDS = ["pool", "garden", "hillside", "beachfront", "family", "loft", "corner", "penthouse", "teak", "courtyard"]
AMENITIES = ["wifi", "private_pool", "parking", "kitchen", "sea_view", "gym", "garden", "pets", "terrace", "washing_machine"]


def sentences():
    """Of the English texts of all seeds."""
    found = []
    for file in sorted((ROOT / "seeds").glob("*/properties.json")):
        for property_ in json.loads(file.read_text()):
            text = property_["texts"].get("en", {}).get("description", "")
            found += [part for part in re.split(r"(?<=[.;]) ", text) if len(part) > 20]
    return sorted(set(found))


def rows(count, seed=1):
    """(columns of properties, title, description), count times. A few cities are large, most are small."""
    chance = random.Random(seed)
    stock = sentences()
    sizes = [1 / (n + 1) for n in range(len(CITIES))]
    for n in range(count):
        city, province = chance.choices(CITIES, sizes)[0]
        kind, type_ = chance.choice(KINDS), chance.choice(TYPES)
        price = int(chance.lognormvariate(11, 1)) * 100
        columns = {
            "slug": f"made-up-{n}", "listing_type": chance.choice(["short_stay", "sale", "lease"]), "property_type": type_,
            "bedrooms_total": chance.randint(0, 6), "price_minor": price, "price_base_minor": price, "currency": "THB",
            "price_period": "total", "city": city, "province": province, "lat": round(chance.uniform(6, 20), 5),
            "lng": round(chance.uniform(98, 105), 5), "amenities": chance.sample(AMENITIES, 4),
        }
        yield columns, f"{kind.capitalize()} {type_} in {city}", " ".join(chance.sample(stock, chance.randint(3, 6)))
