"""What the checks of the development data share: the report, shapes, files."""
import json
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCALES = {"en", "th"}
INTEGER, NUMBER, TEXT, FLAG, LIST, OBJECT = (int,), (int, float), (str,), (bool,), (list,), (dict,)


def products():
    """Those with a folder under apps/."""
    return sorted(folder.name.removesuffix("-api") for folder in (ROOT.parent / "apps").glob("*-api"))


def known(product):
    """What checks and tests count on in the data of a product."""
    return json.loads((ROOT / product / "known.json").read_text(encoding="utf-8"))


class Report:
    """Problems of one product, each with the place it was found in."""

    def __init__(self, product):
        self.product = product
        self.problems = []

    def expect(self, condition, where, text):
        if not condition:
            self.problems.append(f"{self.product}/{where}: {text}")
        return bool(condition)


def size_of(value):
    return len(value) if isinstance(value, (str, list, dict)) else value


def check_shape(report, where, item, shape):
    """Keys, types and bounds. True if the rest of the checks may rely on them."""
    if not report.expect(isinstance(item, dict), where, "is not an object"):
        return False
    before = len(report.problems)
    for key in item.keys() - shape.keys():
        report.expect(False, where, f"unknown key {key}")
    for key, (types, required, low, high) in shape.items():
        if key not in item:
            report.expect(not required, where, f"{key} is missing")
            continue
        value = item[key]
        if not report.expect(type(value) in types, where, f"{key} has the wrong type"):
            continue
        fits = (low is None or size_of(value) >= low) and (high is None or size_of(value) <= high)
        report.expect(fits, where, f"{key} is out of range: {value!r:.60}")
    return len(report.problems) == before


def check_unique(report, where, values, what):
    for value, count in Counter(values).items():
        report.expect(count == 1, where, f"{what} {value!r:.80} appears {count} times")


def has_thai(text):
    return sum("\u0e01" <= letter <= "\u0e5b" for letter in text) > len(text) // 2


def load(report, name):
    path = ROOT / report.product / name
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        report.expect(False, name, str(error))
        return []
    return data if report.expect(isinstance(data, list), name, "is not a list") else []
