"""A write of the FAQ is all or nothing: its entry, versions, vectors, job, record, and the version that searches go by."""

import contextlib
import uuid
from dataclasses import dataclass
from typing import Any, Callable
from urllib.parse import urlencode

import pytest

from harness import faq
from harness.faq import FAQ, words
from harness.load import envelope_problem

KEPT = {
    "faq_documents": "faq_documents",
    "faq_revisions": "faq_revisions",
    "faq_embeddings": "(SELECT faq_id, part, model, content_hash, created_at FROM faq_embeddings)",
    "faq_categories": "faq_categories",
    "faq_gaps": "faq_gaps",
    "faq_gap_examples": "faq_gap_examples",
    "settings": "settings",
    "jobs": "(SELECT * FROM jobs WHERE kind LIKE 'faq.%' AND id <> {but_job})",
    "audit_log": "(SELECT * FROM audit_log WHERE entity LIKE 'faq%')",
}
# When a write of the table is refused: after the row is there, so that something has to be undone.
REFUSALS = {
    "settings": "AFTER UPDATE ON settings FOR EACH ROW WHEN (new.key = 'faq_version')",
    "faq_revisions": "AFTER INSERT ON faq_revisions FOR EACH ROW",
    "audit_log": "AFTER INSERT ON audit_log FOR EACH ROW WHEN (new.entity LIKE 'faq%')",
    "jobs": "AFTER INSERT ON jobs FOR EACH ROW WHEN (new.kind LIKE 'faq.embed%')",
}
IMPORT_REFUSED = "AFTER INSERT ON jobs FOR EACH ROW WHEN (new.kind = 'faq.import')"
ENTRY = {"faq_documents", "faq_revisions", "audit_log", "jobs", "settings"}
CATEGORY = {"faq_categories", "audit_log", "settings"}


@dataclass
class Write:
    """A request, the tables it changes, and what readers see before and after it."""

    method: str
    path: str
    body: Any
    status: int
    changes: set
    look: Callable
    before: list
    after: list


class Desk:
    """An editor with a category, and a view of all that the FAQ keeps."""

    def __init__(self, app, admin, services, product):
        self.app, self.admin, self.services, self.product = app, admin, services, product
        self.category = faq.category(app, admin)

    def sql(self, statement):
        return self.services.sql(self.product, statement)

    def send(self, method, path, body=None, **options):
        return self.app.request(method, path, body, token=self.admin, **options)

    # ---- what there is ----

    def entry(self, **changes):
        """With vectors, of two other phrasings too."""
        made = faq.entry(self.app, self.admin, self.category["id"], **{"variants": [words(), words()], **changes})
        return faq.embedded(self.app, self.admin, made["id"])

    def gap(self):
        question = words()
        return int(self.sql(f"INSERT INTO faq_gaps (locale, normalised, sample_question) VALUES ('en', '{question}', '{question}') RETURNING id")[0][0]), question

    def version(self):
        return int(self.sql("SELECT value FROM settings WHERE key = 'faq_version'")[0][0])

    def kept(self, but_job=0):
        """Of each table the number of its rows and a sum of what they say."""
        parts = [f"SELECT '{name}', count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {source.format(but_job=but_job)} t"
                 for name, source in KEPT.items()]
        return {name: (int(count), md5) for name, count, md5 in self.sql(" UNION ALL ".join(parts))}

    def changed(self, before, but_job=0):
        return {name for name, now in self.kept(but_job).items() if now != before[name]}

    def settled(self):
        """What is kept once no job of the FAQ changes it any more."""
        faq.until(lambda: self.sql("SELECT count(*) FROM jobs WHERE kind LIKE 'faq.%' AND status IN ('queued', 'running')") == [["0"]])
        return self.kept()

    # ---- what readers see ----

    def answers(self, question):
        """Of the entry with this question; inside a category, where no question is noted as unanswered."""
        query = urlencode({"query": question, "locale": "en", "category": self.category["slug"], "limit": 20})
        reply = self.app.get(f"/api/v1/faq/search?{query}")
        assert reply.status == 200, reply.body
        return [hit["answer"] for hit in reply.json["data"] if hit["question"] == question]

    def drafts(self, question):
        rows = self.send("GET", f"{FAQ}?{urlencode({'q': question, 'status': 'draft'})}").json["data"]
        return [row["question"] for row in rows]

    def category_names(self, slug):
        rows = self.app.get("/api/v1/faq/categories?locale=en").json["data"]
        return [row["name"] for row in rows if row["slug"] == slug]

    def gap_status(self, gap_id):
        return [self.send("GET", f"{FAQ}/gaps/{gap_id}").json["status"]]

    # ---- what happens to a write ----

    def refuse(self, when):
        """This, and nothing else, up to allow()."""
        self.sql(f"""DROP FUNCTION IF EXISTS refuse CASCADE;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused-by-test'; END $$;
            CREATE TRIGGER refuse {when} EXECUTE FUNCTION refuse()""")

    def allow(self):
        self.sql("DROP FUNCTION IF EXISTS refuse CASCADE")

    @contextlib.contextmanager
    def vectors_later(self):
        """No job makes vectors inside the block: they count the version on too."""
        self.sql("""CREATE FUNCTION put_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.run_at := now() + interval '1 hour'; RETURN new; END $$;
            CREATE TRIGGER put_off BEFORE INSERT ON jobs FOR EACH ROW WHEN (new.kind LIKE 'faq.embed%') EXECUTE FUNCTION put_off()""")
        try:
            yield
        finally:
            self.sql("""DROP FUNCTION put_off CASCADE;
                UPDATE jobs SET run_at = now() WHERE kind LIKE 'faq.embed%' AND status = 'queued'""")


@pytest.fixture(scope="module")
def desk(app, admin, services, product):
    return Desk(app, admin, services, product)


@pytest.fixture
def refuse(desk):
    yield desk.refuse
    desk.allow()


def assert_refused(desk, reply):
    assert reply.status == 500 and envelope_problem(reply, desk.product) == "", reply.body
    assert b"refused-by-test" not in reply.body


# ---- one write ----

def create(desk):
    body = {"question": f"What about {words()}?", "answer": f"It is {words()}.", "category_id": desk.category["id"], "variants": [words()]}
    return Write("POST", FAQ, body, 201, ENTRY, lambda: desk.answers(body["question"]), [], [body["answer"]])


def patch(desk):
    made, answer = desk.entry(), f"Now it is {words()}."
    return Write("PATCH", f"{FAQ}/{made['id']}", {"answer": answer, "variants": [words()]}, 200, ENTRY | {"faq_embeddings"},
                 lambda: desk.answers(made["question"]), [made["answer"]], [answer])


def archive(desk):
    made = desk.entry()
    return Write("DELETE", f"{FAQ}/{made['id']}", None, 204, ENTRY | {"faq_embeddings"},
                 lambda: desk.answers(made["question"]), [made["answer"]], [])


def create_category(desk):
    slug = "c-" + uuid.uuid4().hex[:8]
    return Write("POST", f"{FAQ}/categories", {"slug": slug, "name": {"en": "Garden"}}, 201, CATEGORY,
                 lambda: desk.category_names(slug), [], ["Garden"])


def patch_category(desk):
    made = faq.category(desk.app, desk.admin, name={"en": "Garden"})
    return Write("PATCH", f"{FAQ}/categories/{made['id']}", {"name": {"en": "Yard"}}, 200, CATEGORY,
                 lambda: desk.category_names(made["slug"]), ["Garden"], ["Yard"])


def delete_category(desk):
    made = faq.category(desk.app, desk.admin, name={"en": "Garden"})
    return Write("DELETE", f"{FAQ}/categories/{made['id']}", None, 204, CATEGORY,
                 lambda: desk.category_names(made["slug"]), ["Garden"], [])


def resolve_gap(desk):
    gap, answer = desk.gap()[0], desk.entry()
    return Write("POST", f"{FAQ}/gaps/{gap}/resolve", {"faq_id": answer["id"]}, 200, {"faq_gaps", "audit_log"},
                 lambda: desk.gap_status(gap), ["open"], ["resolved"])


def dismiss_gap(desk):
    gap = desk.gap()[0]
    return Write("POST", f"{FAQ}/gaps/{gap}/dismiss", None, 200, {"faq_gaps", "audit_log"},
                 lambda: desk.gap_status(gap), ["open"], ["dismissed"])


def draft_of_gap(desk):
    gap, question = desk.gap()
    return Write("POST", f"{FAQ}/gaps/{gap}/draft?category_id={desk.category['id']}", None, 201, ENTRY,
                 lambda: desk.drafts(question), [], [question])


WRITES = [create, patch, archive, create_category, patch_category, delete_category, resolve_gap, dismiss_gap, draft_of_gap]


@pytest.mark.parametrize("prepare", WRITES, ids=lambda prepare: prepare.__name__)
def test_a_write_is_all_or_nothing(desk, refuse, prepare):
    """Refused at each table it comes to, it leaves nothing; then the same request does all of it."""
    write = prepare(desk)
    before, version = desk.settled(), desk.version()
    for table in sorted(write.changes & set(REFUSALS)):
        refuse(REFUSALS[table])
        assert_refused(desk, desk.send(write.method, write.path, write.body))
        assert desk.changed(before) == set(), table
        assert write.look() == write.before, table
    desk.allow()
    with desk.vectors_later():
        reply = desk.send(write.method, write.path, write.body)
        assert reply.status == write.status, reply.body
        assert write.look() == write.after
        assert desk.changed(before) == write.changes
        assert desk.version() == version + ("settings" in write.changes)


# ---- many at once ----

def import_rows(desk):
    """One that changes an entry and one that is new, with what a search answers before and after."""
    old = desk.entry()
    changed = {"category": desk.category["slug"], "question": old["question"], "answer": f"Now it is {words()}.", "variants": [words()]}
    new = {"category": desk.category["slug"], "question": f"What about {words()}?", "answer": f"It is {words()}."}
    return [changed, new], [old["answer"]], [changed["answer"], new["answer"]]


def seen(desk, rows):
    return [answer for row in rows for answer in desk.answers(row["question"])]


def test_an_import_that_cannot_be_queued_is_refused(desk, refuse):
    rows, old, new = import_rows(desk)
    before = desk.settled()
    refuse(IMPORT_REFUSED)
    assert_refused(desk, desk.send("POST", f"{FAQ}/import?dry_run=false", rows))
    assert desk.changed(before) == set() and seen(desk, rows) == old
    desk.allow()
    reply = desk.send("POST", f"{FAQ}/import?dry_run=false", rows)
    assert reply.status == 202, reply.body
    assert faq.job(desk.app, desk.admin, reply.json["job_id"])["progress"] == {"created": 1, "updated": 1, "skipped": 0}
    assert seen(desk, rows) == new


@pytest.mark.parametrize("table", REFUSALS)
def test_an_import_is_all_or_nothing(desk, refuse, table):
    """Its job fails and leaves nothing but itself; run again, it does all of it."""
    rows, old, new = import_rows(desk)
    before, version = desk.settled(), desk.version()
    with desk.vectors_later():
        refuse(REFUSALS[table])
        reply = desk.send("POST", f"{FAQ}/import?dry_run=false", rows)
        assert reply.status == 202, reply.body
        job = reply.json["job_id"]
        faq.until(lambda: desk.sql(f"SELECT last_error FROM jobs WHERE id = {job} AND last_error IS NOT NULL"))
        assert desk.changed(before, but_job=job) == set() and seen(desk, rows) == old
        desk.allow()
        desk.sql(f"UPDATE jobs SET run_at = now() WHERE id = {job} AND status = 'queued'")
        assert faq.job(desk.app, desk.admin, job)["progress"] == {"created": 1, "updated": 1, "skipped": 0}
        assert seen(desk, rows) == new
        assert desk.changed(before, but_job=job) == ENTRY | {"faq_embeddings"}
        assert desk.version() == version + 1


# ---- two editors ----

def test_an_edit_of_an_older_version_leaves_all_as_it_was(desk):
    first, second = desk.entry(), faq.category(desk.app, desk.admin)
    entry, category = f"{FAQ}/{first['id']}", f"{FAQ}/categories/{second['id']}"
    writes = [("PATCH", entry, {"answer": "Mine.", "variants": []}), ("PATCH", category, {"name": {"en": "Mine"}}),
              ("DELETE", entry, None), ("DELETE", category, None)]
    assert desk.send("PATCH", entry, {"answer": "Theirs."}).headers["etag"] == '"v2"'
    assert desk.send("PATCH", category, {"name": {"en": "Theirs"}}).headers["etag"] == '"v2"'
    before = desk.settled()
    for method, path, body in writes:
        reply = desk.send(method, path, body, headers={"If-Match": '"v1"'})
        assert reply.status == 412 and reply.error["code"] == "PRECONDITION_FAILED", (method, path, reply.body)
        assert desk.changed(before) == set(), (method, path)
    assert desk.answers(first["question"]) == ["Theirs."]
    for method, path, body in writes[:2]:
        assert desk.send(method, path, body, headers={"If-Match": '"v2"'}).status == 200
    assert desk.answers(first["question"]) == ["Mine."] and desk.category_names(second["slug"]) == ["Mine"]
