"""The check of the development data finds a planted mistake in a FAQ and nothing in a sound one."""

import copy
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "seeds"))

import check_common  # noqa: E402
import check_faq  # noqa: E402

ANSWER = {"en": "The answer to question {} is written out here. ", "th": "คำตอบของคำถามข้อ {} เขียนไว้ตรงนี้ครบถ้วน "}
ASK = {"en": "What about subject {}?", "th": "เรื่องที่ {} เป็นอย่างไร"}


def sound_categories():
    slugs = sorted(check_faq.REQUIRED_CATEGORIES)
    return [{"slug": slug, "name": {"en": slug, "th": f"หมวด {slug}"}, "position": n} for n, slug in enumerate(slugs, 1)]


def sound_entry(locale, number, category):
    answer = (ANSWER[locale].format(number) * 6).strip()
    return {
        "key": f"subject-{number}",
        "locale": locale,
        "category": category,
        "question": ASK[locale].format(number),
        "answer": answer,
        "tags": ["tag"],
        "variants": [],
        "position": 1,
        "status": "published",
    }


def sound_entries():
    slugs = sorted(check_faq.REQUIRED_CATEGORIES)
    entries = [sound_entry("en", n, slugs[n % 4]) for n in range(45)] + [sound_entry("th", n, slugs[n % 4]) for n in range(28)]
    for entry, fixed in zip(entries[:2], check_common.known("bestays")["faq"]):
        entry.update(fixed, answer=f"{fixed['answer']}. {entry['answer']}")
    for entry, sibling in zip(entries[45:47], entries[:2]):
        entry.update(key=sibling["key"], category=sibling["category"])
    return entries


def sound_questions(entries):
    """Two questions in turn for each entry of a language, one a half, until every kind has enough."""
    questions = []
    for locale in ("en", "th"):
        keys = [entry["key"] for entry in entries if entry["locale"] == locale]
        of_kind = {kind: least for (where, kind), least in check_faq.LEAST_OF_KIND.items() if where == locale}
        kinds = [kind for kind, least in of_kind.items() for _ in range((least + 5) // 2)]
        for number, kind in enumerate(kinds):
            for split in ("tune", "held"):
                questions.append(
                    {
                        "id": f"b{len(questions):03}",
                        "split": split,
                        "locale": locale,
                        "kind": kind,
                        "q": f"{kind} {number} {split}",
                        "keys": [] if kind == "unanswerable" else [keys[number % len(keys)]],
                    }
                )
    return questions


SOUND = {"categories": sound_categories(), "entries": sound_entries()}
SOUND["questions"] = sound_questions(SOUND["entries"])


class Faq(unittest.TestCase):
    def setUp(self):
        self.data = copy.deepcopy(SOUND)
        self.categories, self.entries, self.questions = self.data.values()

    def problems(self):
        report = check_common.Report("bestays")
        check_faq.check(report, **self.data)
        return report.problems

    def assert_found(self, *texts):
        problems = self.problems()
        for text in texts:
            self.assertTrue(any(text in problem for problem in problems), (text, problems))
        self.assertEqual(len(problems), len(texts), problems)

    def test_sound_data_has_no_problem(self):
        self.assert_found()

    def test_missing_category(self):
        self.categories[:] = [category for category in self.categories if category["slug"] != "legal"]
        self.assertIn("bestays/faq_categories.json: category legal is missing", self.problems())
        self.assertIn("bestays/faq.json en/subject-2: no category legal", self.problems())

    def test_category_without_an_entry(self):
        self.categories.append({"slug": "idle", "name": {"en": "Idle", "th": "ว่าง"}, "position": 9})
        self.assert_found("category idle has no published entry")

    def test_name_in_one_language(self):
        del self.categories[0]["name"]["th"]
        self.assert_found("name is not in both languages")

    def test_answer_of_199_and_901_characters(self):
        self.entries[5]["answer"] = "a" * 199
        self.entries[6]["answer"] = "a" * 901
        found = [problem for problem in self.problems() if "answer is out of range" in problem]
        self.assertEqual(len(found), 2, found)

    def test_a_declined_question_with_an_answer(self):
        self.entries.append({**sound_entry("en", 99, "legal"), "status": "declined"})
        self.assert_found("answer is out of range")

    def test_markup(self):
        for text in ("See <b>this</b>. ", "This is **bold**. ", "See [here](there). ", "- One. "):
            self.entries[5]["answer"] = text + SOUND["entries"][5]["answer"]
            self.assert_found("answer is not plain text")

    def test_wrong_script(self):
        self.entries[50]["answer"] = SOUND["entries"][5]["answer"] + " Again."
        self.assert_found("answer: wrong script")

    def test_same_key_twice(self):
        self.entries.append({**self.entries[5], "question": "Another?", "answer": self.entries[5]["answer"] + " Again."})
        self.assert_found("key 'subject-5' appears 2 times")

    def test_variant_of_one_is_the_question_of_another(self):
        self.entries[5]["variants"] = [" ".join(["WHAT", "about subject 6"])]
        self.assert_found("question or variant 'what about subject 6' appears 2 times")

    def test_too_few_entries(self):
        dropped = self.entries.pop(44)
        self.questions[:] = [q for q in self.questions if q["locale"] == "th" or dropped["key"] not in q["keys"]]
        self.assertIn("bestays/faq.json en: 44 published entries, at least 45", self.problems())

    def test_thai_entry_without_sibling(self):
        self.entries[50]["key"] = "alone"
        self.assertIn("bestays/faq.json th/alone: has no English sibling", self.problems())

    def test_fixed_answer_changed(self):
        self.entries[0]["answer"] = self.entries[0]["answer"].replace("30+", "20+")
        self.assert_found("answer does not start 'Full refund if cancelled 30+")

    def test_label_of_an_unknown_entry(self):
        self.questions[0]["keys"].append("nowhere")
        self.assert_found("b000: no entry nowhere in en")

    def test_label_of_a_draft(self):
        extra = sound_entry("en", 99, "legal")
        self.entries.append({**extra, "status": "draft"})
        self.questions[0]["keys"].append("subject-99")
        self.assert_found("b000: subject-99 is not published")

    def test_entry_without_a_question(self):
        self.entries.append(sound_entry("en", 99, "legal"))
        self.assert_found("no question for en/subject-99")

    def test_wording_of_the_entry_only_in_verbatim(self):
        self.questions[0]["q"] = "what ABOUT subject 7"
        self.assert_found("b000: repeats the wording of subject-7")
        for question in self.questions[:2]:
            question.update(kind="verbatim")
        self.questions[0].update(q="What about subject 7?", keys=["subject-7"])
        self.questions[1].update(q="What about subject 8?", keys=["subject-7"])
        self.assertIn("bestays/labelled set b001: verbatim, but not the wording of its entry", self.problems())
        self.assertFalse([problem for problem in self.problems() if "b000" in problem])

    def test_halves_of_different_size(self):
        for number in (0, 2):
            self.questions[number]["split"] = "held"
        self.assertIn("bestays/labelled set: en paraphrase: 28 to tune, 32 held back", self.problems())

    def test_entry_in_one_half_only(self):
        for question in self.questions:
            if "subject-9" in question["keys"] and question["locale"] == "en":
                question["split"] = "tune"
        self.assertIn("bestays/labelled set: en/subject-9: all its questions are in one half", self.problems())

    def test_too_few_of_a_kind(self):
        self.questions[:] = [q for q in self.questions if (q["locale"], q["kind"]) != ("th", "unanswerable")]
        self.assert_found("0 th unanswerable, at least 14")

    def test_unanswerable_with_a_key(self):
        for question in self.questions:
            if question["kind"] == "unanswerable":
                question["keys"] = ["subject-9"]
                break
        self.assert_found("kind and keys disagree")


if __name__ == "__main__":
    unittest.main()
