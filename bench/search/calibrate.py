#!/usr/bin/env python3
"""Fits the gate's rule for local models (libs/search/gate.c, declining_rule): a logistic regression on what the real programs measure
for labelled questions, the tuning half of tests/search and calibration.tsv.

    bench/search/calibrate.py [--rightly 0.88] [--binaries build/release/bin]

Prints the rule, and what it refuses. The best candidate of a question is the one for which the rule says most, so fitting and choosing
take turns. Needs numpy and scikit-learn (python3-sklearn).
"""

import argparse
import csv
import os
from pathlib import Path
from urllib.parse import urlencode

import numpy
from quality import PRODUCTS, ROOT, labelled, prepared, rank_of
from sklearn.linear_model import LogisticRegression

from harness.services import Services

FEATURES = ("cosine", "keyword", "letters", "length", "words", "unknown", "declined")
ROUNDS = 8


def questions(product):
    """The tuning half, and what was written for the gate: product, locale, kind, key of the entry or nothing, question."""
    tuning, keys = labelled(product, "tune")
    with open(Path(__file__).with_name("calibration.tsv"), encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row[0] == product]
    written = [{"locale": locale, "keys": [key] if key else [], "q": text} for _, locale, _, key, text in rows]
    return [(question, "tuning") for question in tuning] + [(question, "written") for question in written], keys


def measure(product, services):
    """One dict a question: what its candidates have of each feature, and their keys."""
    asked, keys = questions(product)
    app = prepared(product, services, FAQ_MIN_SIMILARITY=0)
    app.start()
    try:
        connection, token = app.connection(), app.token_of("admin")
        for question, part in asked:
            parameters = {"query": question["q"], "locale": question["locale"], "limit": 5, "explain": "true"}
            reply = app.get("/api/v1/faq/search?" + urlencode(parameters), token=token, connection=connection)
            if reply.status != 200:
                raise SystemExit(f"{question['q']}: {reply.status} {reply.body.decode()}")
            explain = reply.json["query"]["explain"]
            found = [entry for entry in explain["candidates"] if entry["scores"]["vector"] is not None]
            spaces = question["locale"] != "th"  # words are compared, otherwise letters
            by_words = [min(entry["scores"]["keyword"] or 0, 1) for entry in found]
            rows = [[entry["scores"]["vector"], score * spaces, score * (not spaces), entry["length"], entry["words"],
                     0 if entry["strict"] else entry["unknown"], explain["declined"]] for entry, score in zip(found, by_words)]
            yield {"part": part, "product": product, "locale": question["locale"], "wanted": question["keys"],
                   "rows": numpy.array(rows or [[0] * len(FEATURES)]),
                   "keys": [keys[question["locale"], entry["question"]] for entry in found]}
    finally:
        app.stop()


def fit(asked):
    """The weight of each feature."""
    answerable = [bool(question["wanted"]) for question in asked]
    best = [question["rows"][0] for question in asked]
    for _ in range(ROUNDS):
        model = LogisticRegression(C=30, class_weight="balanced", max_iter=2000).fit(numpy.array(best), answerable)
        best = [question["rows"][numpy.argmax(question["rows"] @ model.coef_[0])] for question in asked]
    return model.coef_[0]


def says(question, weights):
    return question["rows"] @ weights


def report(asked, weights, least, beside):
    """Of each part, product and locale: the right answer among five shown, refused wrongly, refused rightly."""
    groups = sorted({(question["part"], question["product"], question["locale"]) for question in asked})
    for group in groups + [("tuning",), ("written",)]:
        mine = [question for question in asked if (question["part"], question["product"], question["locale"])[:len(group)] == group]
        hits, wrongly, rightly = [], [], []
        for question in mine:
            evidence = says(question, weights)
            refused = evidence.max() < least
            (wrongly if question["wanted"] else rightly).append(refused)
            if question["wanted"]:
                shown = [key for key, much in zip(question["keys"], evidence) if not refused and much >= least - beside][:5]
                hits.append(rank_of(shown, question["wanted"]) is not None)
        cells = [f"{numpy.mean(values):.3f}" if values else "  -  " for values in (hits, wrongly, rightly)]
        print(f"{' '.join(group):28} hit@5 {cells[0]}  refused wrongly {cells[1]}  rightly {cells[2]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rightly", type=float, default=0.88, help="share of the unanswerable questions that is refused")
    parser.add_argument("--beside", type=float, default=3, help="so much less is shown beside an answer")
    parser.add_argument("--binaries", type=Path, default=ROOT / "build/release/bin")
    options = parser.parse_args()
    os.environ["BIN_DIR"] = str(options.binaries.resolve())
    services = Services()
    try:
        asked = [question for product in PRODUCTS for question in measure(product, services)]
    finally:
        services.close()
    weights = fit(asked)
    least = numpy.quantile([says(question, weights).max() for question in asked if not question["wanted"]], options.rightly)
    print(", ".join(f".{name} = {weight:.1f}" for name, weight in zip(FEATURES, weights)) + f", .least = {least:.1f}")
    report(asked, weights, least, options.beside)


if __name__ == "__main__":
    main()
