"""Clients that go on asking while something is broken, and what each of them saw."""

import json
import threading
import time
import uuid
from dataclasses import dataclass

from harness.waiting import until

LIST = "/api/v1/properties"
DRAFT = {"title": "Under load", "listing_type": "sale", "property_type": "villa",
         "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}
ENVELOPE = {"code", "message", "product", "timestamp", "path", "request_id"}


@dataclass
class Seen:
    """One request: `status` None means that no reply came, `problem` says why."""

    at: float
    took: float
    what: str
    status: int = None
    problem: str = ""


def envelope_problem(reply, product):
    """What is wrong with a refusal; "" if it is as agreed."""
    try:
        error = json.loads(reply.body)["error"]
    except (ValueError, KeyError, TypeError):
        return f"no envelope: {reply.body[:200]}"
    if not ENVELOPE <= set(error) or error["product"] != product:
        return f"incomplete envelope: {error}"
    if reply.status == 503 and int(reply.headers.get("retry-after", "0")) < 1:
        return "503 without Retry-After"
    return ""


class Load:
    """`with Load(app, agent) as load:` readers and writers ask until the block ends. A writer makes listings of its own
    and raises the price of one of them, and knows what the program acknowledged."""

    def __init__(self, app, token=None, readers=4, writers=2, keep_alive=True):
        self.app, self.token, self.keep_alive = app, token, keep_alive
        self.works = [self.read] * readers + [self.write] * (writers if token else 0)
        self.seen, self.wrong = [], []
        self.created, self.prices = {}, {}  # title -> id; id -> price
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(work,), daemon=True) for work in self.works]
        self.local = threading.local()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive(), "a request hangs"

    def _run(self, work):
        self.local.connection = self.app.connection(timeout=25) if self.keep_alive else None
        try:
            work()
        except Exception as problem:  # pylint: disable=broad-except
            self.wrong.append(repr(problem))
            raise

    def ask(self, what, method, path, body=None, token=None):
        """The reply, or None: noted either way. Where the other side hung up between two requests a client may ask
        again, as every HTTP library does."""
        for last in (False, True):
            connection = self.local.connection
            fresh = connection is None or connection.sock is None
            begun = time.monotonic()
            try:
                reply = self.app.request(method, path, body, token=token, connection=connection)
            except OSError as problem:
                hung_up = self._lost(connection, problem)
                if not last and not fresh and hung_up and method == "GET":
                    continue
                self.seen.append(Seen(begun, time.monotonic() - begun, what, None, repr(problem)))
                time.sleep(0.005)
                return None
            except Exception as problem:  # pylint: disable=broad-except
                self._lost(connection, problem)
                self.seen.append(Seen(begun, time.monotonic() - begun, what, None, repr(problem)))
                return None
            bad = envelope_problem(reply, self.app.product) if reply.status >= 400 else ""
            self.seen.append(Seen(begun, time.monotonic() - begun, what, reply.status, bad))
            return reply
        return None

    @staticmethod
    def _lost(connection, problem):
        if connection is not None:
            connection.close()
        return isinstance(problem, (ConnectionError, BrokenPipeError))

    def read(self):
        while not self.stopping.is_set():
            reply = self.ask("list", "GET", f"{LIST}?limit=3")
            if reply is not None and reply.status == 200 and len(reply.json["data"]) != 3:
                self.wrong.append(f"a page of {len(reply.json['data'])}")

    def write(self):
        own, price = None, 100
        while not self.stopping.is_set():
            title = f"Under load {uuid.uuid4()}"
            reply = self.ask("create", "POST", LIST, {**DRAFT, "title": title}, self.token)
            if reply is not None and reply.status == 201:
                self.created[title] = reply.json["id"]
                own = own or reply.json["id"]
            if own is None:
                continue
            price += 1
            body = {"price": {"amount_minor": price, "currency": "THB", "period": "total"}}
            reply = self.ask("change", "PATCH", f"{LIST}/{own}", body, self.token)
            if reply is not None and reply.status == 200:
                self.prices[own] = price
            reply = self.ask("read own", "GET", f"{LIST}/{own}", token=self.token)
            if reply is not None and reply.status == 200:
                now = reply.json["price"]["amount_minor"]
                if reply.json["id"] != own or not self.prices.get(own, 100) <= now <= price:
                    self.wrong.append(f"listing {own} at {price}: {reply.body[:300]}")

    # ---- verdicts ----

    def bad(self, allowed=(200, 201)):
        """What no client should have seen."""
        return [one for one in self.seen if one.status not in allowed or one.problem]

    def first_good_after(self, moment, what=("list", "create", "change")):
        """Seconds from `moment` until each kind of request has worked again."""
        gaps = []
        for kind in what:
            good = [one.at + one.took for one in self.seen if one.what == kind and one.at >= moment
                    and one.status in (200, 201)]
            assert good, f"{kind} never worked again: {self.seen[-3:]}"
            gaps.append(min(good) - moment)
        return max(gaps)

    def check_writes(self, services):
        """Every acknowledged write is there, once, and with its last acknowledged value."""
        product = self.app.product
        rows = services.sql(product, "SELECT t.title, min(p.id), count(*) FROM properties p "
                            "JOIN property_texts t ON t.property_id = p.id WHERE t.title LIKE 'Under load %' GROUP BY 1")
        found = {title: (int(number), int(count)) for title, number, count in rows}
        for title, number in self.created.items():
            assert found.get(title) == (number, 1), f"{title} was acknowledged as {number}: {found.get(title)}"
        stored = dict(services.sql(product, "SELECT id, price_minor FROM properties"))
        for number, price in self.prices.items():
            assert int(stored[str(number)]) >= price, f"price {price} of {number} was acknowledged"
        assert not self.wrong, self.wrong[:5]


# ---- for tests of faults ----

REFUSED = (503, 504)
DEADLINE_S = 8  # our own is 2 s for a query and 10 s for a request; the machine may be busy


def back(app, token=None, since=None):
    """Seconds until a listing can be read (and with a token, written) again."""
    since = since or time.monotonic()
    app.wait("/ready", 200)
    app.wait(f"{LIST}?limit=1", 200)
    if token is not None:
        until(lambda: app.post(LIST, DRAFT, token=token).status == 201)
    return time.monotonic() - since


def timed(app, method, path, *arguments, **options):
    begun = time.monotonic()
    reply = app.request(method, path, *arguments, **options)
    return reply, time.monotonic() - begun


def refused(app, reply, statuses=REFUSED):
    assert reply.status in statuses, (reply.status, reply.body)
    assert envelope_problem(reply, app.product) == ""
