"""How soon a program answers after its start, and after Postgres or Redis came back. Each on servers of its own: others go on."""

import socket
import threading
import time
from urllib.parse import urlsplit

import database
import servers
from harness.waiting import Accepting
from measure import Sample, Void

LISTED = "/api/v1/properties?limit=1"
STEP_S = 0.002
IN_A_ROW = 8  # new connections, so that each worker has answered
WAIT_S = 60
AWAY_S = 5  # the pauses between two tries are at their longest then


def steady(probe):
    """When the first of IN_A_ROW answers in a row was there that probe() calls good."""
    first, good, deadline = None, 0, time.monotonic() + WAIT_S
    while good < IN_A_ROW:
        try:
            answers = probe()
        except OSError:
            answers = False
        at = time.monotonic()
        if at > deadline:
            raise Void("it does not come back")
        good = good + 1 if answers else 0
        first = at if good == 1 else first
        time.sleep(0 if answers else STEP_S)
    return first


def took(since, until):
    """A server that was there before it was seen to be is 0 late."""
    return Sample(p50_us=max(0, until - since) * 1e6)


def start(ours):
    """From the fork to /ready: the schema is there already."""

    def one(_seconds):
        ours.stop()
        begun = time.monotonic()
        ours.spawn()
        return took(begun, steady(lambda: ours.get("/ready").status == 200))

    return one


def back_after(databases, which, accepting, probe):
    """The server is stopped until the program notices; then from its first answer to the program's."""

    def one(_seconds):
        databases.stop_one(which)
        steady(lambda: not probe())
        time.sleep(AWAY_S)
        watch = accepting()
        watch.start()
        starting = threading.Thread(target=databases.start_again)
        starting.start()
        at = steady(probe)
        starting.join()
        watch.join()
        return took(watch.at, at)

    return one


class RedisAccepting(threading.Thread):
    """Notes when Redis answers again; that it wants a password is an answer too."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.address, self.at = (url.hostname, url.port), None

    def run(self):
        while self.at is None:
            try:
                with socket.create_connection(self.address, timeout=1) as peer:
                    peer.sendall(b"PING\r\n")
                    if peer.recv(64):
                        self.at = time.monotonic()
            except OSError:
                time.sleep(STEP_S)


def add(bench, product):
    databases = bench.keep(database.Databases(product))
    ours = servers.Ours(product, databases, "small", bench.issuer, bench.options.workers)
    ours.migrate()
    bench.start(ours, "/ready")
    bench.workloads["start"] = start(ours)
    bench.workloads["postgres-back"] = back_after(databases, "postgres", lambda: Accepting(databases, product),
                                                  lambda: ours.get(LISTED).status == 200)
    redis = urlsplit(databases.redis_url(product))
    bench.workloads["redis-back"] = back_after(databases, "redis", lambda: RedisAccepting(redis),
                                               lambda: ours.get("/ready").json["checks"]["redis"]["ok"])
