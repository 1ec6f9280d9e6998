"""Clients that misbehave on the wire: silent, half gone, gone in the middle, greedy. Each is dropped without a trace, and nobody else
notices. Slow heads and bodies: tests/test_http.py."""

import json
import select
import socket
import threading
import time
import uuid
from pathlib import Path

import pytest

from conftest import PRODUCTS
from harness.waiting import until
from harness.wire import Wire, exchange, request

LIST = "/api/v1/properties"
DRAFT = {"title": "Client draft", "listing_type": "sale", "property_type": "villa", "price": {"amount_minor": 100, "currency": "THB", "period": "total"}}
HEADER_SECONDS = 10
one_product = pytest.mark.parametrize("product", PRODUCTS[:1], indirect=True)


def files_open(app):
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in app.workers())


POOL = 10  # kept connections to Postgres, of which some may open meanwhile


class Base:
    """Connections, open files and processes as they were; back() waits until they are so again."""

    def __init__(self, app):
        self.app = app
        for _ in range(20):  # every worker has its connections to others
            assert app.get(f"{LIST}?limit=1").status == 200
        self.workers, self.files = app.workers(), files_open(app)
        self.errors = len([line for line in app.log_lines("http.request_done") if line["status"] >= 500])

    def settled(self):
        return self.app.metric("http_connections_open") <= 2 and files_open(self.app) <= self.files + POOL

    def back(self, seconds=20, overdue=False):
        """overdue: 503 and 504 were allowed."""
        until(self.settled, seconds)
        assert self.app.workers() == self.workers
        errors = [line for line in self.app.log_lines("http.request_done") if line["status"] >= 500][self.errors:]
        assert not errors or (overdue and {line["status"] for line in errors} <= {503, 504}), errors
        for _ in range(20):
            assert self.app.get(f"{LIST}?limit=1").status == 200


# ---- gone in the middle ----

def stages(agent):
    body = b'{"title":"' + b"x" * 3000
    head = request("POST", LIST, [("Authorization", f"Bearer {agent}"), ("Content-Type", "application/json"), ("Content-Length", "5000")])
    chunked = request("POST", LIST, [("Authorization", f"Bearer {agent}"), ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")])
    return {
        "connected": b"", "a byte": b"G", "mid line": b"GET /api/v1/prop", "mid head": request("GET", LIST)[:-10], "before the last LF": request("GET", LIST)[:-1], "before the body": head, "mid body": head + body,
        "mid chunk": chunked + b"1000\r\n" + body, "mid chunk size": chunked + b"10", "before the last chunk": chunked + b"2\r\n{}\r\n", "after the request": request("GET", f"{LIST}?limit=100"),
        "after many": request("GET", f"{LIST}?limit=100") * 50, "mid second": request("GET", "/health") + request("GET", LIST)[:-5], "large reply": request("GET", "/docs/swagger-ui-bundle.js") * 20,
        "after nonsense": b"\x16\x03\x01\x00", "while 100 is awaited": request("POST", LIST, [("Authorization", f"Bearer {agent}"), ("Content-Type", "application/json"), ("Content-Length", "10"), ("Expect", "100-continue")]),
    }


def test_a_reset_at_every_stage_leaves_nothing(app, agent):
    base = Base(app)
    for name, data in stages(agent).items():
        for pause in (0, 0, 0.02):
            wires = [Wire(app.port) for _ in range(10)]
            for wire in wires:
                wire.send(data)
            time.sleep(pause)
            for wire in wires:
                wire.abort()
        assert app.get("/health").status == 200, name
    base.back()


def test_a_reset_in_the_middle_of_a_reply_leaves_nothing(app):
    base = Base(app)
    for taken in (1, 100, 2000, 100_000):
        for _ in range(10):
            with Wire(app.port) as wire:
                wire.send(request("GET", "/docs/swagger-ui-bundle.js") * 10)
                got = 0
                while got < taken:
                    got += len(wire.peer.recv(min(4096, taken - got)))
                wire.abort()
    base.back()


def test_the_end_of_what_a_client_says_is_not_the_end_of_listening(app, agent):
    """Half closed: a whole request is answered, and what is not whole is over when its time is."""
    base, answers = Base(app), {}
    answer = exchange(app.port, request("GET", f"{LIST}?limit=1") + request("GET", "/health"), end=True)
    assert answer.statuses == [200, 200] and answer.closed

    def ask(name, data):
        answers[name] = exchange(app.port, data, end=True, timeout=3 * HEADER_SECONDS)

    parts = {name: data for name, data in stages(agent).items() if name not in ("after the request", "after many", "large reply")}
    threads = [threading.Thread(target=ask, args=part) for part in parts.items()]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for name in parts:
        assert answers[name].closed and set(answers[name].statuses) <= {100, 200, 400, 408}, (name, answers[name])
    base.back()


def test_a_closed_connection_is_not_written_to(app):
    """FIN at once behind many requests: they may be answered or not, but the next client is."""
    base = Base(app)
    for _ in range(30):
        with Wire(app.port) as wire:
            wire.send(request("GET", f"{LIST}?limit=100") * 100)
            wire.peer.close()
    base.back()


# ---- gone while the handler waits ----

@pytest.mark.parametrize("how", ["reset", "close"])
def test_who_leaves_while_the_database_works_leaves_no_answer_behind(app, services, product, how):
    """The rows of a statement whose request is gone must not become the rows of the next one."""
    base = Base(app)
    ids = [row[0] for row in services.sql(product, "SELECT id FROM properties WHERE status = 'active' ORDER BY id LIMIT 9")]

    def path(n):
        return f"{LIST}/{ids[n % len(ids)]}?currency=USD"  # a price that is converted is not kept anywhere

    for _ in range(2):
        with services.locked(product, "properties"):
            leaving, staying = [Wire(app.port) for _ in range(28)], [Wire(app.port) for _ in range(6)]
            for n, wire in enumerate(leaving):
                wire.send(request("GET", path(n) if n < 24 else f"{LIST}?limit={n}"))
            time.sleep(0.2)
            for wire in leaving:
                wire.abort() if how == "reset" else wire.peer.close()
            for n, wire in enumerate(staying):
                wire.send(request("GET", path(n)))
            time.sleep(1.3)  # longer than it takes to notice who is gone
        for n, wire in enumerate(staying):
            reply = wire.reply()
            wire.peer.close()
            assert reply.status in (200, 503, 504), reply.body  # their own deadline may be over, no more
            assert reply.status != 200 or json.loads(reply.body)["id"] == int(ids[n]), reply.body
        for n in range(60):
            reply = app.get(path(n))
            assert reply.status == 200 and reply.json["id"] == int(ids[n % len(ids)])
    base.back(overdue=True)


def test_a_write_whose_client_left_is_whole_or_not_at_all(app, agent, services, product):
    base, marks = Base(app), [f"Left {uuid.uuid4().hex}" for _ in range(12)]
    with services.locked(product, "property_texts"):
        wires = []
        for mark in marks:
            body = json.dumps({**DRAFT, "title": mark}).encode()
            wire = Wire(app.port)
            wire.send(request("POST", LIST, [("Authorization", f"Bearer {agent}"), ("Content-Type", "application/json"), ("Idempotency-Key", mark[5:])], body))
            wires.append(wire)
        time.sleep(0.5)
        for wire in wires:
            wire.abort()
        time.sleep(1.2)
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = '%s_user' AND (state LIKE 'idle in transaction%%' OR state = 'active')" % product
    until(lambda: services.sql(product, query) == [["0"]], what="a transaction was left open")
    whole = services.sql(product, "SELECT count(*) FROM properties p WHERE NOT EXISTS (SELECT FROM property_texts t WHERE t.property_id = p.id)")
    assert whole == [["0"]]
    for mark in marks:  # with the same key: done once, whether it was or not
        reply = app.post(LIST, {**DRAFT, "title": mark}, token=agent, headers={"Idempotency-Key": mark[5:]})
        assert reply.status in (201, 409), reply.body
        rows = int(services.sql(product, f"SELECT count(*) FROM property_texts WHERE title = '{mark}'")[0][0])
        assert rows == 1 or (reply.status == 409 and rows == 0)
    base.back(overdue=True)


# ---- silent, slow and greedy ----

@one_product
def test_a_thousand_silent_connections_are_closed_in_time(app):
    base = Base(app)
    wires = [Wire(app.port) for _ in range(1000)]
    for _ in range(50):
        assert app.get(f"{LIST}?limit=1").status == 200
    deadline = time.monotonic() + 3 * HEADER_SECONDS
    for wire in wires:
        wire.peer.settimeout(max(0.1, deadline - time.monotonic()))
        assert wire.reply() is None and wire.closed
        wire.peer.close()
    base.back()


@one_product
def test_who_does_not_read_is_cut(app):
    """Small receive buffers and thousands of requests: the server's side is full, and after its grace the connection is over."""
    base, wires = Base(app), []
    for _ in range(8):
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        peer.settimeout(0.2)
        peer.connect(("127.0.0.1", app.port))
        wires.append(peer)
        data = request("GET", "/health") * 1000
        try:
            for _ in range(200):  # until it takes no more
                peer.sendall(data)
        except TimeoutError:
            pass
    for _ in range(30):
        assert app.get(f"{LIST}?limit=1").status == 200
    for peer in wires:
        over = select.poll()
        over.register(peer, 0)  # asks for nothing but a connection that is over: reading would make room
        assert over.poll(40_000)
        peer.close()
    base.back()


@one_product
def test_a_reader_of_a_byte_at_a_time_is_still_a_reader(app):
    wire = Wire(app.port)
    wire.send(request("GET", f"{LIST}?limit=2", [("Connection", "close")]))
    got = b""
    while chunk := wire.peer.recv(1):
        got += chunk
    assert got.startswith(b"HTTP/1.1 200") and got.endswith(b"}")


def test_many_requests_at_once_are_answered_in_order_and_alone(app):
    base = Base(app)
    results = {}

    def ask(number):
        with Wire(app.port) as wire:
            ids = [f"pipe-{number:03}-{n:04}" for n in range(150)]
            wire.send(b"".join(request("GET", (f"{LIST}?limit=1", "/health", "/nowhere")[n % 3], [("X-Request-Id", name)]) for n, name in enumerate(ids)))
            results[number] = [wire.reply().header("x-request-id") for _ in ids] == ids

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert list(results.values()) == [True] * 8
    base.back()
