"""How hits by meaning and by words become one list: the numbers of both fusions, what counts as having all words, typing errors."""

import random
from dataclasses import dataclass

import pytest

from harness import faq
from test_faq import CANCEL, find, questions, seed
from test_property_search import find as find_properties

NEAR = 1e-6  # what the decimals of an expected score leave open
FUSIONS = ("rrf", "convex")


@dataclass(frozen=True)
class Hit:
    id: int
    score: float
    vector: float | None
    keyword: float | None
    strict: bool
    source: str


def array(values, kind):
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"ARRAY[{quoted}]::{kind}[]"


def fuse(services, product, fusion, vector, keyword, weights=(0.7, 0.3), k=60):
    """Two legs, of (id, score) and (id, score, strict or not), as the searches put them together and in their order."""
    legs = [array([hit[0] for hit in vector], "bigint"), array([hit[1] for hit in vector], "float8"),
            array([hit[0] for hit in keyword], "bigint"), array([hit[1] for hit in keyword], "float8"),
            array([hit[2] if len(hit) > 2 else False for hit in keyword], "boolean")]
    rows = services.sql(product, f"""SELECT id, score, cosine, keyword, strict, source
        FROM search_fused({', '.join(legs)}, '{fusion}', {weights[0]}, {weights[1]}, {k}) ORDER BY score DESC, id""")
    return [Hit(int(row[0]), float(row[1]), *(float(text) if text else None for text in row[2:4]), row[4] == "t", row[5]) for row in rows]


# ---- the numbers: weights 0.7 and 0.3, k = 60 ----

# The first place of a leg is worth its weight, place n as much times 61 / (60 + n). By scaled scores the best of a leg is worth its
# weight, the worst a thousandth of it. Expected: (id, score), in order.
TABLE = {
    "overlapping legs": (
        [(2, 0.5), (3, 0.1), (1, 0.9)], [(4, 0.4), (3, 0.8)],
        [(3, 0.977778), (1, 0.7), (2, 0.688710), (4, 0.295161)], [(1, 0.7), (2, 0.35), (3, 0.3007), (4, 0.0003)]),
    "the same order in both": (
        [(7, 0.6), (8, 0.2)], [(7, 1.5), (8, 0.5)], [(7, 1), (8, 0.983871)], [(7, 1), (8, 0.001)]),
    "a single hit by meaning": ([(7, 0.12)], [], [(7, 0.7)], [(7, 0.7)]),
    "a single hit by words": ([], [(7, 0.02)], [(7, 0.3)], [(7, 0.3)]),
    "a single hit in both": ([(7, 0.12)], [(7, 0.02)], [(7, 1)], [(7, 1)]),
    "a single hit in each": ([(7, 0.12)], [(5, 0.02)], [(7, 0.7), (5, 0.3)], [(7, 0.7), (5, 0.3)]),
    "all alike": (
        [(9, 0.4), (5, 0.4), (7, 0.4)], [], [(5, 0.7), (7, 0.688710), (9, 0.677778)], [(5, 0.7), (7, 0.7), (9, 0.7)]),
    "all alike by words": (
        [], [(9, 1.2), (5, 1.2)], [(5, 0.3), (9, 0.295161)], [(5, 0.3), (9, 0.3)]),
    "alike but for a hair": (
        [(5, 0.4), (7, 0.4000005)], [], [(7, 0.7), (5, 0.688710)], [(5, 0.7), (7, 0.7)]),
    "hardly apart": (
        [(5, 0.4), (7, 0.400002)], [], [(7, 0.7), (5, 0.688710)], [(7, 0.7), (5, 0.0007)]),
    "below nothing": (
        [(5, -0.2), (6, 0.0), (7, 0.2)], [], [(7, 0.7), (6, 0.688710), (5, 0.677778)], [(7, 0.7), (6, 0.35), (5, 0.0007)]),
    "three irrelevant hits": (
        [(1, 0.120), (2, 0.119), (3, 0.100)], [],
        [(1, 0.7), (2, 0.688710), (3, 0.677778)], [(1, 0.7), (2, 0.665), (3, 0.0007)]),
    "a real hit and junk beside": (
        [(1, 0.80), (2, 0.12), (3, 0.10)], [(4, 0.05)],
        [(1, 0.7), (2, 0.688710), (3, 0.677778), (4, 0.3)], [(1, 0.7), (4, 0.3), (2, 0.02), (3, 0.0007)]),
    "the last of a good leg": (
        [(1, 0.84), (2, 0.82), (3, 0.80)], [(4, 0.05)],
        [(1, 0.7), (2, 0.688710), (3, 0.677778), (4, 0.3)], [(1, 0.7), (2, 0.35), (4, 0.3), (3, 0.0007)]),
    "nothing": ([], [], [], []),
    "not a number, and no end": (
        [(1, "NaN"), (2, 0.5), (3, "Infinity"), (4, "-Infinity"), (6, 0.3)], [(1, 0.3), (5, "NaN"), (2, "Infinity"), (6, "-Infinity")],
        [(2, 0.7), (6, 0.688710), (1, 0.3)], [(2, 0.7), (1, 0.3), (6, 0.0007)]),
    "nothing but not a number": ([(1, "NaN")], [(1, "NaN"), (2, "Infinity")], [], []),
}


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("case", TABLE)
def test_the_score_is_the_one_computed_by_hand(app, services, product, case, fusion):
    vector, keyword, *expected = TABLE[case]
    expected = expected[FUSIONS.index(fusion)]
    hits = fuse(services, product, fusion, vector, keyword)
    assert [hit.id for hit in hits] == [id for id, _ in expected]
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=NEAR)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_leg_that_was_not_asked_is_an_empty_one(app, services, product, fusion):
    for vector, keyword, source, score in (("ARRAY[4, 2], ARRAY[0.1, 0.5]", "NULL, NULL, NULL", "vector", 0.7),
                                           ("NULL, NULL", "ARRAY[4, 2], ARRAY[0.1, 0.5], ARRAY[true, true]", "keyword", 0.3)):
        rows = services.sql(product, f"SELECT id, score, source FROM search_fused({vector}, {keyword}, '{fusion}', 0.7, 0.3, 60) "
                                     "ORDER BY score DESC, id")
        assert [(row[0], row[2]) for row in rows] == [("2", source), ("4", source)]
        assert float(rows[0][1]) == pytest.approx(score, abs=NEAR) and 0 < float(rows[1][1]) < score
    assert services.sql(product, f"SELECT * FROM search_fused(NULL, NULL, NULL, NULL, NULL, '{fusion}', 0.7, 0.3, 60)") == []


@pytest.mark.parametrize("fusion", FUSIONS)
def test_each_leg_keeps_its_score_and_its_name(app, services, product, fusion):
    hits = fuse(services, product, fusion, [(1, 0.9), (2, 0.123456789), (3, "NaN")], [(2, 1.25, True), (3, 0.5, False), (4, 1.5, True)])
    assert {hit.id: (hit.vector, hit.keyword, hit.strict, hit.source) for hit in hits} == {
        1: (0.9, None, False, "vector"), 2: (0.123456789, 1.25, True, "hybrid"),
        3: (None, 0.5, False, "keyword"), 4: (None, 1.5, True, "keyword")}


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_same_score_goes_by_id(app, services, product, fusion):
    hits = fuse(services, product, fusion, [(9, 0.9)], [(3, 0.2)], weights=(0.5, 0.5))
    assert [(hit.id, hit.score, hit.source) for hit in hits] == [(3, 0.5, "keyword"), (9, 0.5, "vector")]


def test_weights_are_shares_and_k_is_free(app, services, product):
    legs = [(1, 0.9), (2, 0.8)], [(2, 0.5)]
    for fusion, weights, k, expected in (
            ("rrf", (2, 1), 1, [(2, 7 / 9), (1, 2 / 3)]), ("rrf", (0.4, 0.2), 1, [(2, 7 / 9), (1, 2 / 3)]),
            ("rrf", (1, 1), 3, [(2, 0.9), (1, 0.5)]), ("rrf", (0, 1), 60, [(2, 1), (1, 0)]), ("rrf", (1, 0), 9, [(1, 1), (2, 10 / 11)]),
            ("convex", (2, 1), 1, [(1, 2 / 3), (2, 0.334)]), ("convex", (0.4, 0.2), 60, [(1, 2 / 3), (2, 0.334)]),
            ("convex", (0, 1), 60, [(2, 1), (1, 0)]), ("convex", (1, 0), 60, [(1, 1), (2, 0.001)])):
        hits = fuse(services, product, fusion, *legs, weights=weights, k=k)
        assert [hit.id for hit in hits] == [id for id, _ in expected], (fusion, weights, k)
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in expected], abs=NEAR), (fusion, weights, k)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_scores_of_long_legs_are_within_0_and_1(app, services, product, fusion):
    chance = random.Random(5)
    for _ in range(5):
        vector = {id: round(chance.uniform(-1, 1), 2) for id in chance.sample(range(1, 81), 50)}
        keyword = {id: round(chance.uniform(0, 2), 1) for id in chance.sample(range(41, 121), 50)}
        hits = fuse(services, product, fusion, list(vector.items()), list(keyword.items()))
        assert len(hits) == len(vector.keys() | keyword.keys())
        assert all(0 < hit.score <= 1 for hit in hits)
        for hit in hits:
            assert (hit.vector, hit.keyword) == (vector.get(hit.id), keyword.get(hit.id))
            assert hit.source == {(True, True): "hybrid", (True, False): "vector", (False, True): "keyword"}[hit.id in vector, hit.id in keyword]
        for leg in (vector, keyword):  # what is found by one leg alone stays in its order
            alone = [hit.id for hit in hits if hit.id in leg and hit.source != "hybrid"]
            assert alone == sorted(alone, key=lambda id, leg=leg: (-leg[id], id))


# ---- the same over HTTP ----

SETTINGS = [("rrf", 60, {}), ("rrf", 5, {"SEARCH_RRF_K": "5", "FAQ_VECTOR_WEIGHT": "1", "FAQ_KEYWORD_WEIGHT": "2"}), ("convex", None, {})]


def places(leg):
    return {id: place for place, id in enumerate(sorted(leg, key=lambda id: (-leg[id], id)), start=1)}


def share_of_leg(leg, k):
    """What a hit has of the weight of its leg: by its place when there is a k, else by its score."""
    if k:
        return {id: (k + 1) / (k + place) for id, place in places(leg).items()}
    least, most = min(leg.values()), max(leg.values())
    return {id: max((score - least) / (most - least), 0.001) for id, score in leg.items()}


def assert_explained(explain, fusion, k):
    """All of both legs is among the candidates; their scores are rounded to six digits."""
    assert explain["fusion"] == fusion
    candidates, weights = explain["candidates"], {"vector": explain["vector_weight"], "keyword": explain["keyword_weight"]}
    legs = {name: {one["id"]: one["scores"][name] for one in candidates if one["scores"][name] is not None} for name in weights}
    assert len(legs["vector"]) > 5 and len(legs["keyword"]) > 2 and len({one["source"] for one in candidates}) > 1
    shares = {name: share_of_leg(leg, k) for name, leg in legs.items()}
    for one in candidates:
        expected = sum(weights[name] * shares[name].get(one["id"], 0) for name in weights) / sum(weights.values())
        assert one["score"] == pytest.approx(expected, abs=1e-5), one
    scores = [one["score"] for one in candidates]
    assert scores == sorted(scores, reverse=True) and 0 < scores[-1] and scores[0] <= 1


@pytest.mark.parametrize("fusion,k,settings", SETTINGS)
def test_the_faq_ranks_by_the_fusion_of_the_settings(app, start, product, fusion, k, settings):
    one = start(SEARCH_FUSION=fusion, WORKERS="1", **settings)
    few = CANCEL[product][1]  # a category: all that is in it is among the candidates
    explain = find(one, "days at the property", category=few, limit=20, explain="true", token=one.token_of("admin"))["query"]["explain"]
    assert (explain["vector_weight"], explain["keyword_weight"]) == ((1, 2) if settings else (0.7, 0.3))
    assert_explained(explain, fusion, k)


@pytest.mark.parametrize("fusion,k,settings", SETTINGS)
def test_properties_rank_by_the_fusion_of_the_settings(app, start, product, fusion, k, settings):
    one = start(SEARCH_FUSION=fusion, WORKERS="1", **settings)
    explain = find_properties(one, "villa with a pool", limit=50, explain="true", token=one.token_of("admin"))["query"]["explain"]
    assert (explain["vector_weight"], explain["keyword_weight"]) == (0.7, 0.3)  # those of the FAQ are its own
    assert_explained(explain, fusion, k)


# ---- all words, or some ----

@pytest.fixture(scope="module")
def worded(app, admin):
    """Two words that nobody else has, and entries with both or one of them."""
    one, two = faq.words(2).split()
    category = app.get("/api/v1/faq/categories").json["data"][0]["id"]
    texts = {"one": (f"{one} {one} {one}: what is {one}?", f"{one} is {one}."), "two": (f"What is {two}?", "Nothing."),
             "both": (f"What has {one} to do with {two}?", "Nothing."), "apart": (f"Who has seen {one}?", f"Who has seen the {two}.")}
    made = {name: faq.entry(app, admin, category, question=question, answer=answer)["id"] for name, (question, answer) in texts.items()}
    try:
        yield one, two, made
    finally:
        for id in made.values():
            assert app.delete(f"{faq.FAQ}/{id}", token=admin).status == 204


def found_by_words(app, admin, made, text):
    """The entries of the test, best first, and which of them have all words."""
    explain = find(app, text, locale="en", mode="keyword", explain="true", limit=20, token=admin)["query"]["explain"]
    names = {id: name for name, id in made.items()}
    mine = [one for one in explain["candidates"] if one["id"] in names]
    return [names[one["id"]] for one in mine], {names[one["id"]] for one in mine if one["strict"]}


def test_entries_with_all_words_are_strict_and_come_first(app, admin, worded):
    one, two, made = worded
    for text in (f"{one} {two}", f"{two} {one}", f"{one} - {two}", f"What about the {one} and a {two}?", f"{one.upper()}, {two}!"):
        order, strict = found_by_words(app, admin, made, text)
        assert strict == {"both", "apart"} and set(order[:2]) == strict and set(order[2:]) == {"one", "two"}, text
    order, strict = found_by_words(app, admin, made, f"{one} {two} {faq.words(1)}")
    assert set(order) == set(made) and strict == set()
    order, strict = found_by_words(app, admin, made, one)
    assert strict == set(order) == {"one", "both", "apart"} and order[0] == "one"


def test_the_word_or_makes_no_entry_strict(app, admin, worded):
    one, two, made = worded
    for text in (f"{one} or {two}", f"{one} OR {two}?", f"Is it {two} or {one}"):
        order, strict = found_by_words(app, admin, made, text)
        assert strict == {"both", "apart"} and set(order[:2]) == strict and set(order[2:]) == {"one", "two"}, text


def test_a_word_with_a_minus_sign_makes_no_entry_strict(app, admin, worded):
    one, two, made = worded
    order, strict = found_by_words(app, admin, made, f"-{two}")
    assert set(order) == {"two", "both", "apart"} and strict == set()
    for text in (f"{one} -{two}", f"-{two} {one}"):
        order, strict = found_by_words(app, admin, made, text)
        assert set(order) == set(made) and not strict & {"two", "both", "apart"}, text


# ---- typing errors ----

MISSPELT = {
    "Do you have an aiport tranfser?": "Can you arrange an airport transfer?",
    "secuirty depsit": "Do I have to leave a security deposit?",
    "สูบบุหรีในที่พักได้ไหม": "สูบบุหรี่ในที่พักได้ไหม",
    "มีรถรับสงสนามบินไหม": "มีบริการรถรับส่งสนามบินไหม",
    "Are guarnteed rental retruns safe?": "Are guaranteed rental returns safe?",
    "How much is the inheritence tax?": "Is there an inheritance tax, and how much is it?",
    "สิทธิเก็บกีนคืออะไร": "สิทธิเก็บกินคืออะไร",
    "ค่าสวนกลางคิดอย่างไร": "ค่าส่วนกลางคิดอย่างไร ถ้าค้างจ่ายจะเป็นอย่างไร",
}


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_typing_errors_are_forgiven(app, product, mode):
    own = {entry["question"] for entry in seed(product, "faq") if entry["status"] == "published"}
    mine = {text: question for text, question in MISSPELT.items() if question in own}
    assert len(mine) == 4
    assert [text for text, question in mine.items() if question not in questions(find(app, text, mode=mode, limit=5))] == []
