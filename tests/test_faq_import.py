"""Many entries at once: what a dry run says, what a job does, and that an export comes back as it was."""

import csv
import io
import json
import uuid

import pytest

from harness import faq
from harness.faq import FAQ, words

IMPORT = f"{FAQ}/import"
COLUMNS = ["locale", "category", "question", "answer", "tags", "variants", "position", "status"]


@pytest.fixture(scope="module")
def slug(app, admin):
    return faq.category(app, admin)["slug"]


def as_csv(rows, columns=None):
    out = io.StringIO()
    writer = csv.writer(out)
    columns = columns or list(rows[0])
    writer.writerow(columns)
    for row in rows:
        cells = {**row}
        for name, separator in (("tags", ","), ("variants", "\n")):
            if isinstance(cells.get(name), list):
                cells[name] = separator.join(cells[name])
        writer.writerow([cells.get(name, "") for name in columns])
    return out.getvalue()


def send(app, admin, body, kind="application/json", query="", **options):
    if not isinstance(body, (str, bytes)):
        body = json.dumps(body) if kind == "application/json" else as_csv(body)
    body = body.encode() if isinstance(body, str) else body
    return app.post(IMPORT + query, body, token=admin, headers={"Content-Type": kind}, **options)


def dry_run(app, admin, body, kind="application/json"):
    reply = send(app, admin, body, kind)
    assert reply.status == 200, reply.body
    report = reply.json
    counted = {state: sum(row["state"] == state for row in report["rows"]) for state in ("create", "update", "skip", "invalid")}
    assert report["summary"] == counted and [row["n"] for row in report["rows"]] == list(range(1, len(report["rows"]) + 1))
    return report


def apply(app, admin, body, kind="application/json"):
    reply = send(app, admin, body, kind, "?dry_run=false")
    assert reply.status == 202, reply.body
    return faq.job(app, admin, reply.json["job_id"])


def states(report):
    return [row["state"] for row in report["rows"]]


def count(services, product):
    return int(services.sql(product, "SELECT count(*) FROM faq_documents")[0][0])


def row(slug, **changes):
    return {"category": slug, "question": f"What about {words()}?", "answer": f"It is {words()}.", **changes}


def export(app, admin, query):
    reply = app.get(f"{FAQ}/export?{query}", token=admin)
    assert reply.status == 200, reply.body
    return reply


# ---- what happens ----

@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_rows_are_created_updated_and_left_alone(app, admin, services, product, slug, kind):
    before = count(services, product)
    rows = [row(slug, locale="en", tags=["a", "b c"], variants=["First one", "And, a \"second\""], position=2, status="draft"),
            row(slug, locale="th", tags=[], variants=[], position=0, status="published")]
    assert states(dry_run(app, admin, rows, kind)) == ["create", "create"]
    assert count(services, product) == before
    done = apply(app, admin, rows, kind)
    assert done["progress"] == {"created": 2, "updated": 0, "skipped": 0}
    assert states(dry_run(app, admin, rows, kind)) == ["skip", "skip"]
    first = next(one for one in app.get(f"{FAQ}?category={slug}&status=draft", token=admin).json["data"] if one["question"] == rows[0]["question"])
    shown = app.get(f"{FAQ}/{first['id']}", token=admin).json
    assert {name: shown[name] for name in ("locale", "question", "answer", "tags", "variants", "position", "status")} == {
        name: rows[0][name] for name in ("locale", "question", "answer", "tags", "variants", "position", "status")}
    rows[0]["question"] = "  " + rows[0]["question"].upper().replace(" ", "  ")
    rows[0]["answer"], rows[0]["variants"] = "Changed.", ["Only this one"]
    assert states(dry_run(app, admin, rows, kind)) == ["update", "skip"]
    assert apply(app, admin, rows, kind)["progress"] == {"created": 0, "updated": 1, "skipped": 1}
    shown = app.get(f"{FAQ}/{first['id']}", token=admin).json
    assert shown["version"] == 2 and shown["answer"] == "Changed." and shown["variants"] == ["Only this one"]
    assert [one["version"] for one in shown["versions"]] == [2, 1]
    audit = services.sql(product, f"SELECT action FROM audit_log WHERE entity = 'faq' AND entity_id = {first['id']} ORDER BY id")
    assert audit == [["faq.import"], ["faq.import"]]
    assert faq.embedded(app, admin, first["id"])["embedding"]["status"] == "ready"


def test_what_is_left_out_keeps_its_value(app, admin, slug):
    full = row(slug, tags=["kept"], variants=["Kept phrasing"], position=5, status="draft")
    apply(app, admin, [full])
    short = {name: full[name] for name in ("category", "question")} | {"answer": "New answer."}
    assert apply(app, admin, [short])["progress"]["updated"] == 1
    got = next(one for one in export(app, admin, f"format=json&category={slug}").json if one["question"] == full["question"])
    assert got == {**full, "locale": "en", "answer": "New answer."}
    emptied = as_csv([{**short, "tags": "", "variants": "", "position": "", "status": ""}])
    apply(app, admin, emptied, "text/csv")
    got = next(one for one in export(app, admin, f"format=json&category={slug}").json if one["question"] == full["question"])
    assert got["tags"] == got["variants"] == [] and got["position"] == 5 and got["status"] == "draft"


def test_the_next_search_sees_an_import(app, admin, slug):
    one = row(slug)
    assert faq.search(app, one["question"].rstrip("?")) == []
    apply(app, admin, [one])
    assert faq.search(app, one["question"].rstrip("?"))[0]["answer"] == one["answer"]


def test_ten_thousand_rows_with_mistakes_in_the_middle(app, admin, services, product, slug):
    mark = "m" + uuid.uuid4().hex[:8]
    rows = [{"category": slug, "question": f"What is {mark} number {i}", "answer": f"Number {i}."} for i in range(1, 10001)]
    broken = {2500: ("category", "nowhere"), 4999: ("answer", ""), 5000: ("question", "ab"), 5001: ("question", rows[4]["question"].upper()),
              7777: ("answer", "x" * 8001), 10000: ("category", "")}
    for n, (name, value) in broken.items():
        rows[n - 1] = {**rows[n - 1], name: value}
    before = count(services, product)
    for kind in ("text/csv", "application/json"):
        report = dry_run(app, admin, rows, kind)
        bad = {one["n"]: one["error"] for one in report["rows"] if one["state"] == "invalid"}
        assert sorted(bad) == sorted(broken), bad
        assert all(bad[n].startswith(name + ": ") for n, (name, _) in broken.items()), bad
        assert bad[5001].endswith("row 5") and report["summary"]["create"] == 10000 - len(broken)
        refused = send(app, admin, rows, kind, "?dry_run=false")
        assert refused.status == 422
        assert [one["field"] for one in refused.error["details"]] == [f"rows[{n}]" for n in sorted(broken)]
        assert count(services, product) == before
    assert services.sql(product, "SELECT count(*) FROM jobs WHERE kind = 'faq.import' AND status IN ('queued', 'running')") == [["0"]]
    good = [one for n, one in enumerate(rows, 1) if n not in broken]
    assert apply(app, admin, good, "text/csv")["progress"] == {"created": len(good), "updated": 0, "skipped": 0}
    assert count(services, product) == before + len(good)
    # Nobody else has use for them, and their vectors would keep the machine busy.
    services.sql(product, f"UPDATE faq_documents SET status = 'archived' WHERE question LIKE '%{mark}%'")


def test_an_import_that_fails_on_its_way_leaves_nothing(app, admin, services, product, slug):
    """The category goes between the request and the job: rows before it are not kept either."""
    doomed = faq.category(app, admin)
    rows = [row(slug) for _ in range(450)] + [row(doomed["slug"])]
    before = count(services, product)
    with services.locked(product, "faq_revisions"):  # the job waits here, having begun
        reply = send(app, admin, rows, query="?dry_run=false")
        assert reply.status == 202, reply.body
        services.sql(product, f"DELETE FROM faq_categories WHERE id = {doomed['id']}")
    job_id = reply.json["job_id"]
    faq.until(lambda: services.sql(product, f"SELECT last_error FROM jobs WHERE id = {job_id} AND last_error IS NOT NULL"))
    assert count(services, product) == before
    services.sql(product, f"UPDATE jobs SET status = 'failed' WHERE id = {job_id}")
    again = faq.category(app, admin, slug=doomed["slug"])
    assert again["id"] != doomed["id"]
    assert app.post(f"/api/v1/admin/jobs/{job_id}/retry", token=admin).status == 200
    assert faq.job(app, admin, job_id)["progress"]["created"] == 451
    assert count(services, product) == before + 451


def test_one_import_at_a_time(app, admin, services, product, slug):
    services.sql(product, "INSERT INTO jobs (kind, dedupe_key, run_at, payload) VALUES ('faq.import', 'faq.import', now() + interval '1 hour', '{\"kept\": true}')")
    reply = send(app, admin, [row(slug)], query="?dry_run=false")
    waiting = services.sql(product, "DELETE FROM jobs WHERE kind = 'faq.import' AND status = 'queued' RETURNING payload ->> 'kept', run_at > now()")
    assert reply.status == 409 and waiting == [["true", "t"]]


# ---- mistakes ----

@pytest.mark.parametrize("change,error", [
    ({"category": None}, "category: "), ({"category": "no-such"}, "category: is unknown"), ({"question": 1}, "question: "),
    ({"question": "  a "}, "question: must be at least"), ({"question": "q" * 501}, "question: "), ({"answer": None}, "answer: "),
    ({"locale": "xx"}, "locale: is not offered"), ({"tags": ["a,b"]}, "tags: "), ({"tags": "a"}, "tags: "), ({"variants": ["a\nb c"]}, "variants: "),
    ({"variants": [f"variant {i}" for i in range(51)]}, "variants: "), ({"position": "1"}, "position: "), ({"status": "archived"}, "status: "),
    ({"surprise": 1}, "surprise: "), ({"answer": ""}, "answer: is needed")])
def test_a_mistake_in_json_is_named(app, admin, slug, change, error):
    report = dry_run(app, admin, [row(slug), row(slug, **change), row(slug)])
    assert states(report) == ["create", "invalid", "create"]
    assert report["rows"][1]["error"].startswith(error), report["rows"][1]
    assert "error" not in report["rows"][0]


@pytest.mark.parametrize("line,error", [
    ('SLUG,What "is it',  "has a quote inside"), ('SLUG,"What is"it,x', "has text after"), ("SLUG,What is it", "has 2 cells, the header has 3"),
    ("SLUG,What is it,a,b", "has 4 cells"), (",What is it,a", "category: "), ("SLUG,ab,a", "question: "), ("SLUG,,a", "question: ")])
def test_a_mistake_in_csv_is_named(app, admin, slug, line, error):
    text = f"category,question,answer\r\n{slug},What {words()},a\r\n{line.replace('SLUG', slug)}\r\n\r\n{slug},What {words()},a"
    report = dry_run(app, admin, text, "text/csv")
    assert states(report) == ["create", "invalid", "create"]
    assert report["rows"][1]["error"].startswith(error), report["rows"][1]


def test_values_in_csv_have_rules_too(app, admin, slug):
    columns = ["category", "question", "answer", "tags", "variants", "position", "status", "locale"]
    good = row(slug, tags=" a , b ,,", variants="\nFirst one\r\n  Second one \n", position="-3", status="draft", locale="th")
    bad = [row(slug, tags=",".join(f"t{i}" for i in range(21))), row(slug, variants="ab"), row(slug, position="x"), row(slug, status="gone"),
           row(slug, locale="xx")]
    report = dry_run(app, admin, as_csv([good] + bad, columns), "text/csv")
    assert states(report) == ["create"] + ["invalid"] * 5
    assert [one["error"].split(":")[0] for one in report["rows"][1:]] == ["tags", "variants", "position", "status", "locale"]
    apply(app, admin, as_csv([good], columns), "text/csv")
    got = next(one for one in export(app, admin, f"format=json&category={slug}&locale=th").json if one["question"] == good["question"])
    assert got["tags"] == ["a", "b"] and got["variants"] == ["First one", "Second one"] and got["position"] == -3


@pytest.mark.parametrize("body,kind,status,detail", [
    ("{", "application/json", 400, None), ("{}", "application/json", 422, "body"), ("[" * 20 + "]" * 20, "application/json", 422, "body"),
    (b"[\"\xff\"]", "application/json", 422, "body"), (b"category,question,answer\n\0,b,c", "text/csv", 422, "body"),
    ("", "text/csv", 422, "header"), ("category,question", "text/csv", 422, "header"), ("category,question,answer,answer", "text/csv", 422, "header"),
    ("category,question,answer,name", "text/csv", 422, "header"), ('"category', "text/csv", 422, "header"),
    ("category,question,answer\n" + "a,b,c\n" * 10001, "text/csv", 422, "body"), (json.dumps([1] * 10001), "application/json", 422, "body"),
    ("[]", "text/plain", 415, None), ("[]", "application/jsonx", 415, None)])
def test_a_file_that_cannot_be_read_is_refused(app, admin, body, kind, status, detail):
    reply = send(app, admin, body, kind)
    assert reply.status == status, reply.body
    assert detail is None or reply.error["details"][0]["field"] == detail, reply.body


def test_the_number_of_rows_and_bytes_has_a_limit(app, admin):
    fits = "category,question,answer\n" + "a,b,c\n" * 10000
    assert dry_run(app, admin, fits, "text/csv")["summary"]["invalid"] == 10000
    assert dry_run(app, admin, json.dumps([1] * 10000))["summary"]["invalid"] == 10000
    head = b"category,question,answer\n"
    full = head + b'a,bcd,"' + b"x" * (2 * 1024 * 1024 - len(head) - 8) + b'"'
    assert len(full) == 2 * 1024 * 1024
    assert dry_run(app, admin, full, "text/csv")["rows"][0]["error"].startswith("answer: ")
    refused = send(app, admin, full + b" ", "text/csv")
    assert refused.status == 413 and refused.error["code"] == "PAYLOAD_TOO_LARGE"


def test_an_empty_list_is_no_mistake(app, admin):
    assert dry_run(app, admin, [])["rows"] == []
    assert dry_run(app, admin, "category,question,answer\r\n", "text/csv")["rows"] == []


# ---- export ----

def wild(slug):
    return [row(slug, answer='Say "yes", or no.\nThen wait.', tags=["x y", "ก"], variants=["One, two", 'It\'s "so"'], position=1, status="draft", locale="en"),
            row(slug, answer="=1+1", tags=["-t"], variants=["+66 is it", "@home"], position=-2, status="published", locale="th"),
            row(slug, answer="'=quoted", tags=[], variants=[], position=0, status="published", locale="en"),
            row(slug, answer="ภาษาไทย\r\nสองบรรทัด ", tags=[], variants=[], position=3, status="published", locale="th")]


def test_an_export_comes_back_as_it_was(app, admin):
    made = faq.category(app, admin)["slug"]
    rows = wild(made)
    apply(app, admin, rows)
    by_question = lambda some: {one["question"]: one for one in some}
    exported = export(app, admin, f"format=json&category={made}")
    assert exported.headers["content-type"] == "application/json" and by_question(exported.json) == by_question(rows)
    text = export(app, admin, f"format=csv&category={made}")
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(text.body.decode("utf-8-sig"), newline="")))
    assert table[0] == COLUMNS and len(table) == len(rows) + 1
    assert sorted(line[3] for line in table[1:])[0].startswith("'")  # no cell is a formula
    assert not any(cell[:1] in "=+@" and cell for line in table[1:] for cell in line)
    for body, kind in ((exported.body, "application/json"), (text.body, "text/csv")):
        assert states(dry_run(app, admin, body, kind)) == ["skip"] * len(rows), kind


def test_a_csv_export_fills_another_category(app, admin, services, product):
    """Everything survives the way through CSV, not only what an import compares."""
    first, second = faq.category(app, admin)["slug"], faq.category(app, admin)["slug"]
    rows = wild(first)
    apply(app, admin, rows)
    text = export(app, admin, f"format=csv&category={first}").body.decode("utf-8-sig").replace(first, second)
    services.sql(product, f"UPDATE faq_documents SET status = 'archived' WHERE category_id = (SELECT id FROM faq_categories WHERE slug = '{first}')")
    assert apply(app, admin, text, "text/csv")["progress"]["created"] == len(rows)
    again = export(app, admin, f"format=json&category={second}").json
    assert sorted(again, key=lambda one: one["question"]) == sorted(({**one, "category": second} for one in rows), key=lambda one: one["question"])


def test_the_whole_product_comes_back_as_it_was(app, admin):
    for name, kind in (("csv", "text/csv"), ("json", "application/json")):
        body = export(app, admin, f"format={name}").body
        report = dry_run(app, admin, body, kind)
        assert len(report["rows"]) > 60 and set(states(report)) == {"skip"}, report["summary"]


def test_the_form_follows_format_or_accept(app, admin, slug):
    for query, accept, kind in (("", "text/csv", "text/csv"), ("", "*/*", "application/json"), ("&format=json", "text/csv", "application/json")):
        reply = app.get(f"{FAQ}/export?category={slug}{query}", token=admin, headers={"Accept": accept})
        assert reply.status == 200 and reply.headers["content-type"].startswith(kind)
    assert app.get(f"{FAQ}/export?format=xml", token=admin).status == 422


def test_archived_entries_are_not_exported(app, admin):
    made = faq.category(app, admin)
    gone = faq.entry(app, admin, made["id"])
    app.delete(f"{FAQ}/{gone['id']}", token=admin)
    assert export(app, admin, f"format=json&category={made['slug']}").json == []
    assert states(dry_run(app, admin, [row(made["slug"], question=gone["question"])])) == ["create"]
