"""What the tests of the FAQ share: entries of their own, and waiting for background jobs."""

import uuid

from harness import waiting

FAQ = "/api/v1/admin/faq"


def words(count=3):
    """Words that no other entry has."""
    return " ".join("z" + uuid.uuid4().hex[:10] for _ in range(count))


def category(app, admin, **changes):
    slug = "c-" + uuid.uuid4().hex[:8]
    reply = app.post(f"{FAQ}/categories", {"slug": slug, "name": {"en": slug.upper()}, **changes}, token=admin)
    assert reply.status == 201, reply.body
    return reply.json


def entry(app, admin, category_id, **changes):
    body = {"question": f"What about {words()}?", "answer": f"It is {words()}.", "category_id": category_id, **changes}
    reply = app.post(FAQ, body, token=admin)
    assert reply.status == 201, reply.body
    return reply.json


def until(probe):
    """Vectors and jobs take their time: all of the seeds' vectors anew more than a minute, where many share the machine."""
    return waiting.until(probe, seconds=240)


def job(app, admin, job_id, status="done"):
    """The job once it has ended."""
    def ended():
        reply = app.get(f"/api/v1/admin/jobs/{job_id}", token=admin)
        assert reply.status == 200, reply.body
        return reply.json if reply.json["status"] in ("done", "failed") else None

    found = until(ended)
    assert found["status"] == status, found
    return found


def embedded(app, admin, faq_id):
    """The entry once its vectors are there."""
    def ready():
        shown = app.get(f"{FAQ}/{faq_id}", token=admin).json
        return shown if shown["embedding"]["status"] == "ready" else None

    return until(ready)


def search(app, query, locale="en", **options):
    reply = app.get(f"/api/v1/faq/search?query={query.replace(' ', '+')}&locale={locale}", **options)
    assert reply.status == 200, reply.body
    return reply.json["data"]
