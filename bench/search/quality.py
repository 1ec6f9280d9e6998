#!/usr/bin/env python3
"""How well FAQ search answers the labelled questions of tests/search, asked over HTTP of the real programs on a private Postgres.

    bench/search/quality.py [--split tune|held|seen|fresh|plain] [--binaries build/release/bin] [--missed]

Prints hit@1, hit@5 and MRR@10 for each product, locale, way of searching and kind of question, and how many of the questions that
the FAQ cannot answer were refused; then the same of the order alone, with a gate that refuses nothing: words alone have none, so
this is where the ways compare. --missed lists the questions without a right answer among the first five: for tuning, so
of the tuning half only.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness.app import App  # noqa: E402
from harness.services import Services  # noqa: E402

PRODUCTS = sorted(folder.name.removesuffix("-api") for folder in (ROOT / "apps").iterdir() if folder.is_dir())
WAYS = [("keyword", "keyword", "convex"), ("vector", "vector", "convex"), ("rrf", "hybrid", "rrf"), ("convex", "hybrid", "convex")]
LIMIT = 10


def labelled(product, split):
    questions = json.loads((ROOT / f"tests/search/{product}.json").read_text(encoding="utf-8"))["questions"]
    entries = json.loads((ROOT / f"seeds/{product}/faq.json").read_text(encoding="utf-8"))
    keys = {(entry["locale"], entry["question"]): entry["key"] for entry in entries}
    return [question for question in questions if question["split"] == split], keys


def ask(app, connection, question, mode):
    """The questions of the entries found, best first."""
    parameters = {"query": question["q"], "locale": question["locale"], "mode": mode, "limit": LIMIT}
    reply = app.get("/api/v1/faq/search?" + urlencode(parameters), connection=connection)
    if reply.status != 200:
        raise SystemExit(f"{question['id']}: {reply.status} {reply.body.decode()}")
    return [hit["question"] for hit in reply.json["data"]]


def rank_of(found, wanted):
    return next((at for at, key in enumerate(found, 1) if key in wanted), None)


def prepared(product, services, **settings):
    """The product with its own seeds, not started."""
    app = App(product, services, REDIS_URL="", WORKERS=1, LOG_LEVEL="error", **settings)
    for arguments in (["migrate"], ["seed", "--from", str(ROOT / "seeds" / product)]):
        done = app.command(*arguments)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
    return app


def run(product, services, fusion, split, **settings):
    """(way, question, keys found) of every question and way that uses this fusion."""
    questions, keys = labelled(product, split)
    app = prepared(product, services, SEARCH_FUSION=fusion, **settings)
    app.start()
    try:
        connection = app.connection()
        for way, mode, needed in WAYS:
            if needed == fusion:
                for question in questions:
                    found = ask(app, connection, question, mode)
                    yield way, question, [keys[question["locale"], text] for text in found]
    finally:
        app.stop()


def score(ranks):
    count = len(ranks)
    hit1 = sum(rank == 1 for rank in ranks) / count
    hit5 = sum(rank is not None and rank <= 5 for rank in ranks) / count
    return hit1, hit5, sum(1 / rank for rank in ranks if rank) / count


def tabulate(results, gated=True):
    """How good, and how much was refused, as Markdown."""
    ranks, empty = defaultdict(list), defaultdict(list)
    for product, way, question, found in results:
        row = (product, question["locale"])
        if question["keys"]:
            rank = rank_of(found, question["keys"])
            for kind in ("all", question["kind"]):
                ranks[row + (kind, way)].append(rank)
            empty[row + ("answerable", way)].append(not found)
        else:
            empty[row + ("unanswerable", way)].append(not found)
    ways = [way for way, _, _ in WAYS]
    lines = ["hit@1 / hit@5 / MRR@10:", "", "| product | locale | questions | " + " | ".join(ways) + " |", "|---" * (3 + len(ways)) + "|"]
    for product, locale, kind in sorted({key[:3] for key in ranks}, key=lambda key: (key[0], key[1], key[2] != "all", key[2])):
        cells = [" / ".join(f"{part:.2f}" for part in score(ranks[product, locale, kind, way])) for way in ways]
        count = len(ranks[product, locale, kind, ways[0]])
        lines.append(f"| {product} | {locale} | {kind} ({count}) | " + " | ".join(cells) + " |")
    if not gated:
        return "\n".join(lines)
    lines += ["", "Nothing shown:", "", "| product | locale | questions | " + " | ".join(ways) + " |", "|---" * (3 + len(ways)) + "|"]
    kinds = sorted({key[2] for key in empty})
    groups = sorted({key[:3] for key in empty}) + [("both", "both", kind) for kind in kinds]
    for product, locale, kind in groups:
        cells, count = [], 0
        for way in ways:
            refused = [flag for key, flags in empty.items() for flag in flags
                       if key[2:] == (kind, way) and product in ("both", key[0]) and locale in ("both", key[1])]
            count = len(refused)
            cells.append(f"{sum(refused) / count:.2f}")
        lines.append(f"| {product} | {locale} | {kind} ({count}) | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["tune", "held", "seen", "fresh", "plain"], default="fresh")
    parser.add_argument("--binaries", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--missed", action="store_true")
    options = parser.parse_args()
    if options.missed and options.split != "tune":
        parser.error("--missed is for the tuning half: whoever has seen what the other half misses cannot measure with it any more")
    os.environ["BIN_DIR"] = str(options.binaries.resolve())
    services = Services()
    try:
        def measure(**settings):
            return [(product, *result) for product in PRODUCTS for fusion in ("rrf", "convex")
                    for result in run(product, services, fusion, options.split, **settings)]

        results = measure()
        order = measure(FAQ_MIN_SIMILARITY=0)
    finally:
        services.close()
    print(tabulate(results))
    print("\nThe order alone, with FAQ_MIN_SIMILARITY=0:\n")
    print(tabulate(order, gated=False))
    if options.missed:
        for product, way, question, found in results:
            rank = rank_of(found, question["keys"])
            wrong = (rank is None or rank > 5) if question["keys"] else bool(found)
            if way == "convex" and wrong:
                print(product, question["kind"], rank, question["q"], question["keys"], found[:3])


if __name__ == "__main__":
    main()
