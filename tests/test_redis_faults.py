"""Redis is away, slow or mad: nobody notices, except that limits are counted by each worker alone."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import pytest

from conftest import other_product
from harness.app import App
from harness.faultproxy import Babbler, FaultProxy, resp_messages
from harness.load import LIST, Load
from harness.waiting import until

SLOW_S = 3  # our own deadline is 20 ms; the machine may be busy


@pytest.fixture
def without(services):
    """Redis is stopped until the test ends."""
    services.stop_one("redis")
    yield
    services.start_again()


@pytest.fixture(autouse=True)
def forgotten(app, services):
    """No test inherits the counts of another."""
    services.redis("FLUSHALL")


def redis_ok(app):
    return app.get("/ready").json["checks"]["redis"]["ok"]


def nobody_noticed(load):
    assert not load.bad(), load.bad()[:5]
    slowest = max(seen.took for seen in load.seen)
    assert slowest < SLOW_S
    return f"{len(load.seen)} requests, slowest {slowest * 1000:.0f} ms"


def keys(services, product):
    number = services.redis_url(product).rsplit("/", 1)[1]
    return services.redis("-n", number, "KEYS", "*").split()


# ---- away ----

def test_it_starts_without(app, start, without, services):
    late = start()
    until(lambda: all(late.get("/ready").json["status"] == "degraded" for _ in range(8)))  # both workers
    assert late.get("/ready").status == 200 and not redis_ok(late)
    assert [late.get(f"{LIST}?limit=1").status for _ in range(20)] == [200] * 20
    services.start_again()
    until(lambda: redis_ok(late))
    assert late.get("/ready").json["status"] == "ready"


def test_it_dies_under_load_and_comes_back(app, agent, services, product):
    with Load(app, agent) as load:
        time.sleep(0.5)
        os.kill(services.redis_pid(), signal.SIGKILL)
        time.sleep(1.5)
        services.start_again()
        back = time.monotonic()
        until(lambda: redis_ok(app))
        took = time.monotonic() - back
        until(lambda: keys(services, product))  # used again
        time.sleep(0.3)
    print(f"{product}: {nobody_noticed(load)}, connected {took:.2f} s after the return")
    load.check_writes(services)


@pytest.mark.parametrize("how", ["stopped", "paused"])
def test_it_stands_still(app, agent, services, product, how):
    pid = services.redis_pid()
    with Load(app, agent) as load:
        time.sleep(0.3)
        if how == "stopped":
            os.kill(pid, signal.SIGSTOP)
        else:
            services.redis("CLIENT", "PAUSE", "2500", "ALL")
        time.sleep(2.5)
        if how == "stopped":
            os.kill(pid, signal.SIGCONT)
        until(lambda: redis_ok(app))
    print(f"{product} {how}: {nobody_noticed(load)}")


# ---- not itself ----

@contextlib.contextmanager
def configured(services, name, value, usual):
    services.redis("CONFIG", "SET", name, value)
    try:
        yield
    finally:
        services.redis("CONFIG", "SET", name, usual)


@pytest.mark.parametrize("policy", ["allkeys-lru", "noeviction"])
def test_it_has_no_memory(app, agent, services, product, policy):
    with configured(services, "maxmemory-policy", policy, "allkeys-lru"), configured(services, "maxmemory", "1mb", "256mb"), \
            Load(app, agent) as load:
        time.sleep(1)
    print(f"{product} {policy}: {nobody_noticed(load)}")


def test_it_takes_nobody_in(app, agent, services, product):
    shell = subprocess.Popen(["redis-cli", "--no-auth-warning", "-u", services.env["REDIS_ADMIN_URL"]], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    with Load(app, agent) as load:
        shell.stdin.write("CONFIG SET maxclients 1\nCLIENT KILL TYPE normal SKIPME yes\n")
        shell.stdin.flush()
        until(lambda: not redis_ok(app))
        time.sleep(0.5)
        shell.communicate("CONFIG SET maxclients 10000\n")
        until(lambda: redis_ok(app))
    print(f"{product}: {nobody_noticed(load)}")


def test_it_forgets_all_the_time(app, agent, services, product):
    with Load(app, agent) as load:
        for _ in range(20):
            services.redis("FLUSHALL")
            services.redis("SCRIPT", "FLUSH")
    print(f"{product}: {nobody_noticed(load)}")


BABBLE = {
    "silence": None, "noise": bytes(range(256)) * 4, "text": b"HTTP/1.1 400 Bad Request\r\n\r\n", "ok": b"+OK\r\n",
    "nil": b"$-1\r\n", "number": b":1\r\n", "noauth": b"-NOAUTH Authentication required.\r\n",
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n", "readonly": b"-READONLY You can't write\r\n",
    "twice": b"+OK\r\n+OK\r\n", "huge string": b"$536870912\r\n" + b"x" * 4096, "huge array": b"*2000000000\r\n",
    "deep": b"*1\r\n" * 64, "negative": b"$-7\r\n", "three numbers": b"*3\r\n:1000000\r\n:5\r\n:0\r\n",
    "numbers of the wrong kind": b"*3\r\n$1\r\na\r\n$1\r\nb\r\n:0\r\n", "long line": b"+" + b"x" * 2_000_000,
}


@pytest.mark.parametrize("what", BABBLE)
def test_it_talks_nonsense(app, start, what):
    """Neither at the handshake nor later does an answer of the wrong form matter."""
    babbler = Babbler(BABBLE[what])
    mad = start(REDIS_URL=f"redis://127.0.0.1:{babbler.port}/0", WORKERS=1)
    with Load(mad, readers=2, writers=0) as load:
        until(lambda: babbler.heard)
        time.sleep(0.4)
    nobody_noticed(load)
    babbler.close()


@pytest.mark.parametrize("kind", ["rst", "fin", "stall", "corrupt"])
def test_a_cut_at_every_answer(app, start, services, product, kind):
    """No answer is ever taken for that of another question: each address has its own bucket, and loses one token."""
    host, port = services.redis_url(product).rsplit("@", 1)[1].split("/")[0].split(":")
    proxy = FaultProxy((host, int(port)), resp_messages)
    url = services.redis_url(product).replace(f"{host}:{port}", f"127.0.0.1:{proxy.port}")
    one = start(REDIS_URL=url, WORKERS=1, RATE_LIMIT_GUEST_PER_MINUTE=4000, TRUSTED_PROXY_COUNT=1)
    addresses = iter(range(1, 1_000_000))
    asked = []

    def ask():
        number = next(addresses)
        reply = one.get("/api/v1/config", headers={"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"})
        asked.append((reply.status, reply.headers["ratelimit-remaining"]))

    for number in range(1, 9):
        until(lambda: redis_ok(one))
        proxy.arm("server", number, kind)
        begun = time.monotonic()
        while not proxy.fired and time.monotonic() < begun + 10:
            threads = [threading.Thread(target=ask) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert proxy.disarm()[0], number
    assert set(asked) == {(200, "3999")}, set(asked)
    proxy.close()


# ---- limits without it ----

def allowed(app, count):
    statuses = [app.get("/api/v1/config").status for _ in range(count)]
    assert set(statuses) <= {200, 429}
    return statuses.count(200)


def test_without_it_a_limit_is_still_a_limit(app, start, without):
    """Each worker counts alone, its share."""
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=20)
    assert 10 <= allowed(one, 80) <= 22


def test_a_limit_survives_its_death(app, start, services):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=20)
    until(lambda: redis_ok(one))
    assert 15 <= allowed(one, 60) <= 22
    services.stop_one("redis")
    try:
        assert allowed(one, 60) <= 22  # once more each worker's share, not without end
    finally:
        services.start_again()


def test_few_requests_never_meet_a_high_limit(app, start):
    """Workers take tokens in advance; what they give up unused must not add up to the limit."""
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=6000, WORKERS=6)
    until(lambda: redis_ok(one))
    statuses, begun = [], time.monotonic()
    while time.monotonic() - begun < 14:
        threads = [threading.Thread(target=lambda: statuses.append(one.get("/api/v1/config").status)) for _ in range(18)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(1)
    assert len(statuses) < 400 and set(statuses) == {200}


# ---- walls between products ----

def test_every_key_has_the_products_prefix(app, agent, services, product):
    app.get("/api/v1/config")
    app.get("/api/v1/users/me", token=agent)
    until(lambda: keys(services, product))
    assert all(key.startswith(f"{product}:") for key in keys(services, product))


def test_the_products_user_reaches_no_other_key(app, services, product):
    other = other_product(product)
    for words in (("GET", f"{other}:x"), ("SET", f"{other}:x", "1"), ("DEL", f"{other}:x"), ("GET", "x"),
                  ("EVAL", f"return redis.call('GET', '{other}:x')", "0"), ("EVAL", "return redis.call('GET', KEYS[1])", "1",
                                                                           f"{other}:x"),
                  ("KEYS", "*"), ("SCAN", "0"), ("RANDOMKEY",), ("FLUSHALL",), ("FLUSHDB",), ("CONFIG", "GET", "*"),
                  ("ACL", "LIST"), ("SUBSCRIBE", f"{other}:x"), ("PUBLISH", f"{other}:x", "1"), ("SHUTDOWN",)):
        answer = services.redis(*words, product=product, ok=False)
        assert "NOPERM" in answer or "can't access" in answer or "No permissions" in answer, (words, answer)
    assert services.redis("SET", f"{product}:x", "1", product=product) == "OK"


def test_a_refused_password_is_lived_with(app, services, product):
    host = services.redis_url(product).rsplit("@", 1)[1]
    lost = App(product, services, REDIS_URL=f"redis://{product}:wrong@{host}")
    lost.start()
    assert not redis_ok(lost)
    assert [lost.get(f"{LIST}?limit=1").status for _ in range(10)] == [200] * 10
    assert lost.stop() == 0
