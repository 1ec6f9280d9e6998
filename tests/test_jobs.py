"""The queue of background work: taken once, tried again, given up in sight of admins, given back by who ends."""

import os
import signal
import time
from datetime import datetime

import pytest
from harness.app import App
from harness.brand import PRODUCTS

JOBS = "/api/v1/admin/jobs"
LATE = "now() + interval '1 hour'"


class Queue:
    """A database of its own, so that no program but a test's works on its jobs."""

    def __init__(self, product, services):
        self.product, self.services, self.running = product, services, []
        self.settings = services.second_database(product)
        App(product, services, **self.settings).prepare()
        self.ids = [row[0] for row in self.sql("SELECT id FROM properties ORDER BY id")]

    def sql(self, statement):
        return self.services.sql(self.product, statement, database=f"{self.product}_db_dev")

    def start(self, workers=1):
        app = App(self.product, self.services, WORKERS=workers, SHUTDOWN_GRACE_SECONDS=15, **self.settings).start()
        self.running.append(app)
        return app

    def stop(self):
        for app in self.running:
            if app.process.poll() is None:
                assert app.stop() == 0
        self.running.clear()

    def add(self, payload=None, key="NULL", kind="property.embed", max_attempts=5, due="now()"):
        payload = payload or f'{{"property_id": {self.ids[0]}}}'
        return int(self.sql(f"INSERT INTO jobs (kind, payload, dedupe_key, max_attempts, run_at) VALUES ('{kind}', '{payload}', "
                            f"{key}, {max_attempts}, {due}) RETURNING id")[0][0])

    def job(self, number):
        names = "status, attempts, locked_by, last_error, run_at, rerun"
        row = self.sql(f"SELECT {names} FROM jobs WHERE id = {number}")[0]
        return dict(zip(names.split(", "), row))

    def wait(self, number, seconds=30, **wanted):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = self.job(number)
            if all(job[name] == value for name, value in wanted.items()):
                return job
            time.sleep(0.02)
        raise AssertionError(f"job {number} is {job}, not {wanted}\n{[app.log_text()[-3000:] for app in self.running]}")

    def done(self, number, seconds=60):
        """Waits for the end of a job that may fail now and then: on a crowded machine a connection can take too long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            job = self.job(number)
            if job["status"] == "done":
                return job
            self.sql(f"UPDATE jobs SET run_at = now() WHERE id = {number} AND status = 'queued' AND last_error IS NOT NULL")
            time.sleep(0.05)
        raise AssertionError(f"job {number} is {job}\n{[app.log_text()[-3000:] for app in self.running]}")

    def due_now(self, number):
        self.sql(f"UPDATE jobs SET run_at = now() WHERE id = {number}")

    def stuck(self):
        """A job of add() that is begun inside the block does not get past the vector of its listing, which is missing, until
        the block or the time of its statement ends. It holds up nothing else: not the queue, nor a new connection."""
        self.sql(f"DELETE FROM property_embeddings WHERE property_id = {self.ids[0]}")
        return self.services.holding(self.product, f"DO 'BEGIN PERFORM FROM properties WHERE id = {self.ids[0]} FOR UPDATE; END'",
                                     database=f"{self.product}_db_dev")


@pytest.fixture(scope="module", params=PRODUCTS)
def product(request):
    return request.param


@pytest.fixture(scope="module")
def prepared(product, services):
    return Queue(product, services)


@pytest.fixture
def queue(prepared):
    prepared.sql("DELETE FROM jobs")
    yield prepared
    prepared.stop()


def failing(queue, **options):
    """A job that cannot succeed."""
    return queue.add('{"property_id": "none"}', **options)


def wait_seconds(queue, number):
    return float(queue.sql(f"SELECT extract(epoch FROM run_at - updated_at) FROM jobs WHERE id = {number}")[0][0])


def while_running(queue, act):
    """(job, what act(job) returned) of an act that met the job in the middle of its run: its statement waits for two seconds
    at most, so on a slow machine it may take more than one try."""
    for _ in range(10):
        with queue.stuck():
            number = queue.add()
            queue.wait(number, status="running")
            if met := act(number):
                return number, met
        queue.sql("DELETE FROM jobs")
    raise AssertionError("no job was met while it ran")


# ---- running ----

def test_a_job_is_run_and_its_end_written_down(queue):
    number = queue.add()
    app = queue.start()
    job = queue.done(number)
    assert (job["locked_by"], job["last_error"], job["rerun"]) == ("", "", "f")
    line = app.log_lines("job.done")[0]
    assert (line["kind"], line["job"], line["product"]) == ("property.embed", number, queue.product)


def test_what_nobody_knows_waits(queue):
    unknown = queue.add(kind="some.thing.else")
    queue.start()
    queue.done(queue.add())
    assert queue.job(unknown)["status"] == "queued"


def test_nothing_runs_before_its_time(queue):
    late = queue.add(due=LATE)
    queue.start()
    queue.done(queue.add())
    assert queue.job(late)["status"] == "queued"


def test_a_change_of_a_listing_queues_one_job(queue):
    app = queue.start()
    agent = app.token_of("agent")
    draft = {"title": "Queued once", "listing_type": "sale", "property_type": "villa",
             "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}
    made = app.post("/api/v1/properties", draft, token=agent).json
    rows = queue.sql(f"SELECT id, dedupe_key FROM jobs WHERE payload ->> 'property_id' = '{made['id']}'")
    assert [row[1] for row in rows] == [f"property.embed:{made['id']}"]
    queue.done(int(rows[0][0]))
    vectors = f"SELECT count(*) FROM property_embeddings WHERE property_id = {made['id']}"
    assert queue.sql(vectors) == [["1"]]


def test_a_change_while_the_job_runs_is_not_lost(queue):
    app = queue.start()
    agent = app.token_of("agent")
    draft = {"title": "Edited while it runs", "listing_type": "sale", "property_type": "villa",
             "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}
    made = app.post("/api/v1/properties", draft, token=agent).json
    number = int(queue.sql(f"SELECT id FROM jobs WHERE payload ->> 'property_id' = '{made['id']}'")[0][0])
    queue.done(number)
    queue.sql("UPDATE jobs SET status = 'running', locked_by = 'another', locked_until = now() + interval '1 hour' "
              f"WHERE id = {number}")
    assert app.patch(f"/api/v1/properties/{made['id']}", {"title": "New title"}, token=agent).status == 200
    assert queue.job(number)["rerun"] == "t"
    assert queue.sql("SELECT count(*) FROM jobs WHERE status <> 'done'") == [["1"]]
    queue.sql(f"UPDATE jobs SET locked_until = now() - interval '1 second' WHERE id = {number}")
    assert queue.done(number)["rerun"] == "f"
    newest = ("SELECT e.content_hash = sha256(convert_to(t.title || E'\\n' || t.description, 'UTF8')) FROM property_texts t "
              f"JOIN property_embeddings e USING (property_id, locale) WHERE t.property_id = {made['id']}")
    assert queue.sql(newest) == [["t"]]


def test_asked_for_again_while_it_runs_it_runs_once_more(queue):
    app = queue.start()

    def ask(number):
        return queue.sql(f"UPDATE jobs SET rerun = true WHERE id = {number} AND status = 'running' RETURNING id")

    number, _ = while_running(queue, ask)
    assert queue.done(number)["rerun"] == "f"
    runs = [line for line in app.log_lines() if line["event"] in ("job.done", "job.failed") and line["job"] == number]
    assert len(runs) >= 2


def test_two_programs_run_every_job_once(queue):
    numbers = [queue.add(f'{{"property_id": {queue.ids[n % len(queue.ids)]}}}') for n in range(5)]
    numbers += [int(row[0]) for row in queue.sql(
        "INSERT INTO jobs (kind, payload) SELECT 'property.embed', jsonb_build_object('property_id', n) "
        "FROM generate_series(1, 200) n RETURNING id")]
    apps = [queue.start(workers=2), queue.start(workers=2)]
    for number in numbers:
        queue.done(number)
    ran = [line["job"] for app in apps for line in app.log_lines("job.done") if line["kind"] == "property.embed"]
    assert sorted(ran) == sorted(numbers)


# ---- failing ----

def test_a_failed_run_is_tried_again_later_and_later(queue):
    number = failing(queue)
    queue.start()
    for attempt, low, high in ((1, 4, 6), (2, 16, 24), (3, 64, 96), (4, 256, 384)):
        job = queue.wait(number, status="queued", attempts=str(attempt))
        assert job["last_error"].startswith("INVALID: ")
        assert low <= wait_seconds(queue, number) <= high
        queue.due_now(number)
    assert queue.wait(number, status="failed")["attempts"] == "5"


def test_admins_see_what_was_given_up_and_run_it_again(queue):
    number = failing(queue, max_attempts=1)
    app = queue.start()
    admin = app.token_of("admin")
    queue.wait(number, status="failed")
    shown = app.get(f"{JOBS}?status=failed&kind=property.embed&count=exact", token=admin).json
    assert (shown["total"], shown["has_more"], [job["id"] for job in shown["data"]]) == (1, False, [number])
    job = app.get(f"{JOBS}/{number}", token=admin).json
    assert job == shown["data"][0]
    assert (job["status"], job["attempts"], job["max_attempts"]) == ("failed", 1, 1)
    assert job["last_error"] == "INVALID: property_id is no id"
    assert "payload" not in job
    metrics = app.get("/metrics").body.decode()
    assert "jobs_given_up_total" in metrics

    queue.sql(f"UPDATE jobs SET payload = '{{\"property_id\": 1}}' WHERE id = {number}")
    reply = app.post(f"{JOBS}/{number}/retry", token=admin)
    assert (reply.status, reply.json["status"], reply.json["attempts"]) == (200, "queued", 0)
    assert queue.done(number)["last_error"] == ""
    assert app.post(f"{JOBS}/{number}/retry", token=admin).error["code"] == "CONFLICT"
    audit = queue.sql(f"SELECT action, after ->> 'kind' FROM audit_log WHERE entity = 'job' AND entity_id = {number}")
    assert audit == [["job.retry", "property.embed"]]


def test_a_retry_does_not_double_what_waits(queue):
    number = failing(queue, max_attempts=1, key="'one'")
    app = queue.start()
    queue.wait(number, status="failed")
    queue.add(key="'one'", due=LATE)
    assert app.post(f"{JOBS}/{number}/retry", token=app.token_of("admin")).status == 409
    assert queue.job(number)["status"] == "failed"


def test_the_list_goes_page_by_page_newest_first(queue):
    numbers = [queue.add(kind="some.thing.else") for _ in range(5)]
    app = queue.start()
    admin = app.token_of("admin")
    seen, cursor = [], ""
    while True:
        page = app.get(f"{JOBS}?kind=some.thing.else&limit=2{cursor}", token=admin).json
        seen += [job["id"] for job in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(numbers, reverse=True)
    assert datetime.fromisoformat(page["data"][0]["created_at"].replace("Z", "+00:00")).tzinfo is not None


def test_only_admins_may(queue):
    number = queue.add(kind="some.thing.else")
    app = queue.start()
    for method, path in (("GET", JOBS), ("GET", f"{JOBS}/{number}"), ("POST", f"{JOBS}/{number}/retry")):
        assert app.request(method, path).status == 401
        for role in ("user", "agent"):
            assert app.request(method, path, token=app.token_of(role)).status == 403
    admin = app.token_of("admin")
    assert app.get(f"{JOBS}/987654321", token=admin).error["message"] == "Job not found"
    assert app.post(f"{JOBS}/987654321/retry", token=admin).status == 404
    assert app.post(f"{JOBS}/{number}/retry", token=admin).status == 409
    assert app.get(f"{JOBS}?status=lost", token=admin).status == 422


# ---- ending ----

def test_the_job_of_a_killed_worker_is_taken_over(queue):
    app = queue.start(workers=2)

    def kill(number):
        holder = queue.job(number)["locked_by"]
        if holder == "":
            return None
        pid = int(holder.split("-")[-2])
        assert pid in app.workers()
        os.kill(pid, signal.SIGKILL)
        return queue.sql(f"UPDATE jobs SET locked_until = locked_until + interval '1 hour' WHERE id = {number} "
                         f"AND locked_by = '{holder}' RETURNING locked_by")

    number, met = while_running(queue, kill)
    queue.done(queue.add())
    assert queue.job(number)["locked_by"] == met[0][0]  # its time is not over: it could still be alive somewhere
    queue.sql(f"UPDATE jobs SET locked_until = now() - interval '1 second' WHERE id = {number}")
    assert int(queue.done(number)["attempts"]) >= 2


def test_a_job_that_kills_its_workers_is_given_up(queue):
    number = queue.add(max_attempts=2)
    queue.sql(f"UPDATE jobs SET status = 'running', attempts = 2, locked_by = 'gone', locked_until = now() - interval '1 second' "
              f"WHERE id = {number}")
    queue.start()
    assert queue.wait(number, status="failed")["last_error"] == "the worker that ran it is gone"


def test_who_was_overtaken_changes_nothing(queue):
    app = queue.start()

    def overtake(number):
        return queue.sql("UPDATE jobs SET locked_by = 'another', locked_until = now() + interval '1 hour' "
                         f"WHERE id = {number} AND status = 'running' RETURNING id")

    number, _ = while_running(queue, overtake)
    queue.done(queue.add())
    ended = [line["job"] for line in app.log_lines() if line["event"] in ("job.done", "job.failed")]
    assert number in ended
    assert queue.job(number)["status"] == "running" and queue.job(number)["locked_by"] == "another"


def test_sigterm_gives_the_job_back(queue):
    for _ in range(5):
        app = queue.start()
        with queue.stuck():
            number = queue.add()
            queue.wait(number, status="running")
            assert app.stop() == 0
            job = queue.job(number)
        if job["last_error"] == "":
            break
        queue.sql("DELETE FROM jobs")  # a slow machine: its statement had waited too long before the stop came
    assert (job["status"], job["locked_by"], job["attempts"], job["last_error"]) == ("queued", "", "0", "")
    queue.start()
    queue.done(number)
