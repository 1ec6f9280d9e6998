"""Checks of the FAQ of a product and of the questions its search is measured with."""
import json
import re
from collections import Counter, defaultdict

from check_common import (INTEGER, LIST, LOCALES, OBJECT, ROOT, TEXT, check_shape, check_unique,
                          has_thai, known, load)

REQUIRED_CATEGORIES = {"policies", "booking", "legal", "investment"}
LEAST_PUBLISHED = {"en": 45, "th": 28}
STATUSES = {"published", "draft", "declined"}
LEAST_ANSWER = 200
MOST_DRAFTS = 2  # a locale
LEAST_ANSWERABLE = 160
LEAST_OF_KIND = {
    ("en", "paraphrase"): 55, ("en", "typo"): 22, ("en", "keyword"): 18,
    ("th", "paraphrase"): 32, ("th", "typo"): 9, ("th", "keyword"): 9,
    ("en", "unanswerable"): 30, ("th", "unanswerable"): 14,
}
KINDS = {kind for _, kind in LEAST_OF_KIND} | {"verbatim"}
HALVES = {"tune", "held"}
SPLITS = HALVES | {"seen", "fresh", "plain"}

CATEGORY = {"slug": (TEXT, True, 2, 40), "name": (OBJECT, True, None, None),
            "position": (INTEGER, True, 1, 100)}
ENTRY = {
    "key": (TEXT, True, 2, 60), "locale": (TEXT, True, 2, 2), "category": (TEXT, True, 2, 40),
    "question": (TEXT, True, 5, 500), "answer": (TEXT, True, 0, 900),
    "tags": (LIST, True, 0, 8), "variants": (LIST, True, 0, 50),
    "position": (INTEGER, True, 1, 1000), "status": (TEXT, True, None, None),
}
QUESTION = {
    "id": (TEXT, True, 4, 4), "split": (TEXT, True, None, None), "locale": (TEXT, True, 2, 2),
    "kind": (TEXT, True, None, None), "q": (TEXT, True, 2, 500), "keys": (LIST, True, 0, 4),
}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MARKUP = re.compile(r"<[a-zA-Z/!]|&[a-z]+;|\*\*|__|`|\]\(|^\s*(?:[-*#]+|\d+\.)\s", re.MULTILINE)


def plain(text):
    """A question as it is compared with others: no matter of case, spaces and marks at the ends."""
    return " ".join(text.casefold().split()).strip(" ?!.")


def phrasings(entry):
    return [plain(text) for text in [entry["question"], *entry["variants"]]]


def shaped(report, where, items, shape):
    return [item for number, item in enumerate(items)
            if check_shape(report, f"{where} [{number}]", item, shape)]


def check_strings(report, where, values, what):
    """True if all are tidy and no two of them are the same."""
    tidy = all(isinstance(value, str) and value.strip() == value != "" for value in values)
    if report.expect(tidy, where, f"{what} has something else than tidy texts"):
        check_unique(report, where, values, what)
    return tidy


def check_categories(report, categories):
    where = "faq_categories.json"
    categories = shaped(report, where, categories, CATEGORY)
    slugs = [category["slug"] for category in categories]
    check_unique(report, where, slugs, "slug")
    check_unique(report, where, [category["position"] for category in categories], "position")
    for category in categories:
        spot, name = f"{where} {category['slug']}", category["name"]
        report.expect(KEBAB.fullmatch(category["slug"]), spot, "slug is not kebab case")
        check_strings(report, spot, list(name.values()), "name")
        report.expect(name.keys() == LOCALES, spot, "name is not in both languages")
    for slug in sorted(REQUIRED_CATEGORIES - set(slugs)):
        report.expect(False, where, f"category {slug} is missing")
    return set(slugs)


def check_entry(report, where, entry, categories):
    report.expect(KEBAB.fullmatch(entry["key"]), where, "key is not kebab case")
    report.expect(entry["locale"] in LOCALES, where, "unknown locale")
    report.expect(entry["category"] in categories, where, f"no category {entry['category']}")
    report.expect(entry["status"] in STATUSES, where, "unknown status")
    declined = entry["status"] == "declined"
    report.expect(entry["answer"] == "" if declined else len(entry["answer"]) >= LEAST_ANSWER, where,
                  "answer is out of range")
    check_strings(report, where, entry["tags"], "tag")
    for name in ("question", "answer"):
        text = entry[name]
        report.expect(text == text.strip() and "  " not in text, where, f"{name}: stray space")
        report.expect(not MARKUP.search(text), where, f"{name} is not plain text")
        report.expect("\n" not in text, where, f"{name} is more than one line")
    thai = entry["locale"] == "th"
    report.expect(declined or has_thai(entry["answer"]) == thai, where, "answer: wrong script")
    report.expect(bool(re.search("[\u0e01-\u0e2e]", entry["question"])) == thai, where,
                  "question: wrong script")


def check_locale(report, locale, entries):
    """What must hold over all entries of one language together."""
    where = f"faq.json {locale}"
    check_unique(report, where, [entry["key"] for entry in entries], "key")
    check_unique(report, where, [text for entry in entries for text in phrasings(entry)],
                 "question or variant")
    check_unique(report, where, [entry["answer"] for entry in entries if entry["answer"]], "answer")
    statuses = Counter(entry["status"] for entry in entries)
    report.expect(statuses["published"] >= LEAST_PUBLISHED[locale], where,
                  f"{statuses['published']} published entries, at least {LEAST_PUBLISHED[locale]}")
    report.expect(statuses["draft"] <= MOST_DRAFTS, where,
                  f"{statuses['draft']} drafts, at most {MOST_DRAFTS}")


def check_fixed(report, entries):
    by_key = {entry["key"]: entry for entry in entries if entry["locale"] == "en"}
    for fixed in known(report.product)["faq"]:
        where, entry = f"faq.json en/{fixed['key']}", by_key.get(fixed["key"])
        if not report.expect(entry, where, "is missing"):
            continue
        report.expect(entry["status"] == "published", where, "is not published")
        report.expect(entry["category"] == fixed["category"], where,
                      f"category is not {fixed['category']}")
        report.expect(entry["question"] == fixed["question"], where,
                      f"question is not {fixed['question']!r}")
        report.expect(entry["answer"].startswith(fixed["answer"]), where,
                      f"answer does not start {fixed['answer']!r}")


def check_entries(report, entries, categories):
    entries = shaped(report, "faq.json", entries, ENTRY)
    sound = []
    for entry in entries:
        where = f"faq.json {entry['locale']}/{entry['key']}"
        check_entry(report, where, entry, categories)
        if check_strings(report, where, entry["variants"], "variant"):
            sound.append(entry)
    for locale in sorted(LOCALES):
        check_locale(report, locale, [entry for entry in sound if entry["locale"] == locale])
    english = {entry["key"]: entry for entry in sound if entry["locale"] == "en"}
    for entry in (one for one in sound if one["status"] != "declined"):
        sibling, where = english.get(entry["key"]), f"faq.json {entry['locale']}/{entry['key']}"
        if report.expect(sibling, where, "has no English sibling"):
            report.expect(sibling["category"] == entry["category"], where,
                          "category is not that of the English sibling")
    used = {entry["category"] for entry in sound if entry["status"] == "published"}
    for slug in sorted(categories - used):
        report.expect(False, "faq_categories.json", f"category {slug} has no published entry")
    check_fixed(report, sound)
    return sound


def check_question(report, where, question, entries):
    """One labelled question against the entries of its language, {key: entry}."""
    locale, kind, keys = question["locale"], question["kind"], question["keys"]
    report.expect(re.fullmatch(r"[a-z]\d{3}", question["id"]), where, "bad id")
    report.expect(question["split"] in SPLITS, where, "split is none of tune, held, seen, fresh, plain")
    report.expect(kind in KINDS, where, f"unknown kind {kind}")
    report.expect(bool(keys) == (kind != "unanswerable"), where, "kind and keys disagree")
    for key in keys:
        if report.expect(key in entries, where, f"no entry {key} in {locale}"):
            report.expect(entries[key]["status"] == "published", where, f"{key} is not published")
    asked = {key for key, entry in entries.items() if plain(question["q"]) in phrasings(entry)}
    if kind == "verbatim":
        report.expect(asked & set(keys), where, "verbatim, but not the wording of its entry")
    else:
        report.expect(not asked, where, f"repeats the wording of {', '.join(sorted(asked))}")


def check_balance(report, questions):
    """Both halves are alike: by language and kind, and by the entry that answers."""
    of_kind, of_key = defaultdict(Counter), defaultdict(Counter)
    for question in (question for question in questions if question["split"] in HALVES):
        of_kind[question["locale"], question["kind"]][question["split"]] += 1
        for key in question["keys"]:
            of_key[question["locale"], key][question["split"]] += 1
    for (locale, kind), splits in sorted(of_kind.items()):
        report.expect(abs(splits["tune"] - splits["held"]) <= 1, "labelled set",
                      f"{locale} {kind}: {splits['tune']} to tune, {splits['held']} held back")
    for (locale, key), splits in sorted(of_key.items()):
        report.expect(splits.total() == 1 or len(splits) == 2, "labelled set",
                      f"{locale}/{key}: all its questions are in one half")
    for (locale, kind), least in sorted(LEAST_OF_KIND.items()):
        count = of_kind[locale, kind].total()
        report.expect(count >= least, "labelled set", f"{count} {locale} {kind}, at least {least}")
    return of_key


def check_questions(report, questions, entries):
    where = "labelled set"
    questions = [question for question in shaped(report, where, questions, QUESTION)
                 if check_strings(report, f"{where} {question['id']}", question["keys"], "key")]
    check_unique(report, where, [question["id"] for question in questions], "id")
    check_unique(report, where, [(q["locale"], plain(q["q"])) for q in questions], "question")
    by_locale = {locale: {entry["key"]: entry for entry in entries if entry["locale"] == locale}
                 for locale in LOCALES}
    for question in questions:
        spot = f"{where} {question['id']}"
        if report.expect(question["locale"] in LOCALES, spot, "unknown locale"):
            check_question(report, spot, question, by_locale[question["locale"]])
    answered = check_balance(report, questions)
    for entry in entries:
        report.expect(entry["status"] != "published" or (entry["locale"], entry["key"]) in answered,
                      where, f"no question for {entry['locale']}/{entry['key']}")
    count = sum(bool(question["keys"]) for question in questions)
    report.expect(count >= LEAST_ANSWERABLE, where,
                  f"{count} answerable questions, at least {LEAST_ANSWERABLE}")
    return f"{count} of {len(questions)} labelled questions answerable"


def check(report, categories, entries, questions):
    slugs = check_categories(report, categories)
    entries = check_entries(report, entries, slugs)
    summary = check_questions(report, questions, entries)
    published = Counter(entry["locale"] for entry in entries if entry["status"] == "published")
    return f"FAQ {dict(sorted(published.items()))}, {summary}"


def load_questions(report):
    path = ROOT.parent / "tests" / "search" / f"{report.product}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        report.expect(False, "labelled set", str(error))
        return []
    questions = data.get("questions") if isinstance(data, dict) else None
    sound = isinstance(questions, list) and len(data) == 1
    report.expect(sound, "labelled set", "is not an object with the list questions")
    return questions if sound else []


def check_files(report):
    """A product need not have a FAQ; one that has needs all three files."""
    if not (ROOT / report.product / "faq.json").exists():
        return ""
    return check(report, load(report, "faq_categories.json"), load(report, "faq.json"),
                 load_questions(report))
