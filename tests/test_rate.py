"""Rate limits: whose bucket a request empties, what the reply says about it, and that nothing lifts the limit.

The bound that these tests hold the program to: in any span of time at most `limit + limit * minutes` requests of one bucket
get through, over all workers. With Redis that is exact, because a worker can only spend what it leased from there; a lease
that nobody uses in time is lost, so at most workers * limit / (4 * workers) of the limit may be missing. Without Redis every worker
has its own share, limit / workers and at least one: the sum is again the limit (or one a worker, when the limit is smaller)."""

import http.client
import re
import threading
import time

import pytest

CONFIG = "/api/v1/config"
LIST = "/api/v1/properties?limit=1"
ME = "/api/v1/users/me"
HEADERS = {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
SYSTEM = ("/", "/health", "/api/v1/health", "/ready", "/api/v1/ready", "/metrics", "/openapi.json", "/docs", "/redoc",
          "/chat-widget.js", "/demo")
LOCAL = {"REDIS_URL": "", "WORKERS": "1"}


def forwarded(one, *hops, path=CONFIG, lines=None, **options):
    headers = {"X-Forwarded-For": ", ".join(hops)} if lines is None else lines
    return one.get(path, headers=headers, **options)


def from_address(one, address, path=CONFIG):
    connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=10, source_address=(address, 0))
    try:
        return one.get(path, connection=connection)
    finally:
        connection.close()


def assert_limited(reply, product, path, limit):
    assert reply.status == 429, (reply.status, reply.body)
    error = reply.error
    assert set(error) - {"details"} == {"code", "message", "product", "timestamp", "path", "request_id"}
    assert error["code"] == "RATE_LIMITED" and error["product"] == product and error["path"] == path.split("?")[0]
    assert reply.headers["content-type"] == "application/json" and reply.headers["cache-control"] == "no-store"
    assert 1 <= int(reply.headers["retry-after"]) <= 61
    assert (reply.headers["ratelimit-limit"], reply.headers["ratelimit-remaining"]) == (str(limit), "0")
    assert 1 <= int(reply.headers["ratelimit-reset"]) <= 61


# ---- what a reply says ----

def test_a_bucket_empties_says_so_and_fills_again(start, product):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=60, **LOCAL)
    began, remaining = time.monotonic(), []
    while (reply := one.get(CONFIG)).status == 200:
        assert HEADERS <= set(reply.headers) and "retry-after" not in reply.headers
        assert reply.headers["ratelimit-limit"] == "60" and 0 <= int(reply.headers["ratelimit-reset"]) <= 60
        remaining.append(int(reply.headers["ratelimit-remaining"]))
        assert len(remaining) <= 61 + (time.monotonic() - began), "more than the bucket and what came back"
    assert len(remaining) >= 60 and remaining[0] == 59 and remaining[-1] == 0
    assert all(1 >= before - after for before, after in zip(remaining, remaining[1:]))
    assert_limited(reply, product, CONFIG, 60)
    time.sleep(int(reply.headers["retry-after"]))
    assert one.get(CONFIG).status == 200  # what Retry-After promised


def test_every_limited_route_shares_the_bucket_and_system_routes_are_free(start, product):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=3, **LOCAL)
    assert [one.get(path).status for path in (CONFIG, LIST, ME)] == [200, 200, 401]
    for path in (CONFIG, LIST, ME, "/api/v1/users", "/api/v1/properties/1"):
        assert_limited(one.get(path), product, path, 3)
    assert_limited(one.post("/api/v1/properties", {}), product, "/api/v1/properties", 3)
    for path in (*SYSTEM, "/nowhere"):
        for _ in range(5):
            reply = one.get(path)
            assert reply.status in (200, 404) and not HEADERS & set(reply.headers), path


# ---- whose bucket ----

def test_roles_have_limits_of_their_own(start, product):
    limits = {"guest": 4, "user": 6, "agent": 6, "admin": 9}
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=4, RATE_LIMIT_USER_PER_MINUTE=6, RATE_LIMIT_ADMIN_PER_MINUTE=9, **LOCAL)
    tokens = {role: one.token_of(role, f"user_rate_{role}") if role != "guest" else None for role in limits}
    for role, limit in limits.items():
        began = time.monotonic()
        replies = [one.get(LIST, token=tokens[role]) for _ in range(limit + 8)]
        allowed = [reply for reply in replies if reply.status == 200]
        assert limit <= len(allowed) <= limit + 1 + limit * (time.monotonic() - began) / 60, role
        assert {reply.headers["ratelimit-limit"] for reply in replies} == {str(limit)}
        assert_limited(replies[-1], product, LIST, limit)


def test_people_share_neither_with_others_nor_with_their_address(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, RATE_LIMIT_USER_PER_MINUTE=3, **LOCAL)
    ann, bob = (one.issuer.token(f"user_rate_{name}") for name in ("ann", "bob"))
    assert [one.get(CONFIG).status for _ in range(3)] == [200, 200, 429]
    assert [one.get(ME, token=ann).status for _ in range(4)] == [200, 200, 200, 429]
    assert [one.get(ME, token=bob).status for _ in range(4)] == [200, 200, 200, 429]
    again = one.issuer.token("user_rate_ann", sid="sess_other")
    assert one.get(ME, token=again).status == 429  # the person counts, not the token


def test_guessing_tokens_is_limited(start, product):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=5, RATE_LIMIT_USER_PER_MINUTE=100, **LOCAL)
    good = one.issuer.token("user_rate_good")
    guesses = [one.get(path, token=f"guess.{n}.x") for n, path in enumerate([ME, LIST, CONFIG] * 5)]
    assert [reply.status for reply in guesses[:5]] == [401] * 5
    assert {reply.status for reply in guesses[7:]} == {429}
    assert_limited(one.get(ME, token="guess"), product, ME, 5)
    assert_limited(one.get(ME, headers={"Authorization": "Basic eDp5"}), product, ME, 5)
    assert one.get(CONFIG).status == 429  # the same bucket as without a token
    assert one.get(ME, token=good).status == 200  # who has a good one does not pay for it


def test_who_is_refused_pays_too(start, user_path="/api/v1/users"):
    one = start(RATE_LIMIT_USER_PER_MINUTE=3, **LOCAL)
    token = one.issuer.token("user_rate_403")
    assert [one.get(user_path, token=token).status for _ in range(4)] == [403, 403, 403, 429]


# ---- addresses ----

def test_peers_are_told_apart(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, **LOCAL)
    for address in ("127.0.0.1", "127.0.0.2", "127.99.0.1"):
        assert [from_address(one, address).status for _ in range(3)] == [200, 200, 429], address


def test_nobody_is_believed_without_trusted_proxies(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, TRUSTED_PROXY_COUNT=0, **LOCAL)
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP")
    replies = [one.get(CONFIG, headers={name: f"for=198.51.100.{n}" if name == "Forwarded" else f"198.51.100.{n}"})
               for n, name in enumerate(names)]
    assert [reply.status for reply in replies] == [200, 200, 429, 429, 429, 429]


def test_one_proxy_names_the_last_hop(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, TRUSTED_PROXY_COUNT=1, **LOCAL)
    assert [forwarded(one, f"203.0.113.{n}", "198.51.100.1").status for n in range(3)] == [200, 200, 429]  # what a client claims
    assert [forwarded(one, "198.51.100.1", f"203.0.113.{n}").status for n in range(3)] == [200, 200, 200]
    assert forwarded(one, " 198.51.100.1\t").status == 429
    for odd in ("unknown", "", "198.51.100.1:80", "[2001:db8::1]", "198.51.100.300", "1", "a" * 300, "198.51.100.7,", "::g"):
        forwarded(one, odd)
    assert forwarded(one, "nonsense").status == 429  # what is no address is the peer's own bucket
    assert one.get(CONFIG).status == 429


def test_two_proxies_name_the_hop_before_the_last(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, TRUSTED_PROXY_COUNT=2, **LOCAL)
    assert [forwarded(one, f"192.0.2.{n}", "198.51.100.1", f"203.0.113.{n}").status for n in range(3)] == [200, 200, 429]
    for n in range(3):
        status = one.raw(f"GET {CONFIG} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.2\r\nX-Forwarded-For: 203.0.113.{n}\r\n"
                         "Connection: close\r\n\r\n".encode()).split(b" ")[1]
        assert status == (b"200" if n < 2 else b"429")  # several lines are one list
    assert [forwarded(one, f"198.51.100.{n}").status for n in range(9, 12)] == [200, 200, 429]  # too few hops: the peer


def test_ipv6_counts_by_network(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, TRUSTED_PROXY_COUNT=1, **LOCAL)
    same = ("2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:0db8:0001:0002::", "2001:db8:1:2:0:0:192.0.2.1")
    assert [forwarded(one, address).status for address in same] == [200, 200, 429, 429]
    assert forwarded(one, "2001:db8:1:3::1").status == 200
    assert forwarded(one, "2001:db8:0:2::1").status == 200


def test_ipv4_inside_ipv6_is_ipv4(start):
    """A proxy that listens on both families writes ::ffff:198.51.100.1. Those are not one network of everybody."""
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, TRUSTED_PROXY_COUNT=1, **LOCAL)
    assert [forwarded(one, "::ffff:198.51.100.1").status for _ in range(2)] == [200, 200]
    assert forwarded(one, "198.51.100.1").status == 429
    assert forwarded(one, "::FFFF:c633:6401").status == 429
    assert forwarded(one, "::ffff:198.51.100.2").status == 200


# ---- workers, with and without Redis ----

def settle(one):
    """Every worker has its connection to Redis."""
    ready, deadline = 0, time.monotonic() + 20
    while ready < 20:
        assert time.monotonic() < deadline, one.get("/ready").body
        ready = ready + 1 if one.get("/ready").json["status"] == "ready" else 0


def in_redis(services, product, *words):
    """As admin, in the product's database."""
    return services.redis("-n", services.redis_url(product).rsplit("/", 1)[1], *words)


def flood(one, count, threads=6, path=CONFIG):
    """(statuses, seconds) of requests on connections of their own: all workers get some."""
    statuses, began = [], time.monotonic()

    def some():
        for _ in range(count // threads):
            statuses.append(one.get(path).status)

    running = [threading.Thread(target=some) for _ in range(threads)]
    [thread.start() for thread in running]
    [thread.join() for thread in running]
    assert set(statuses) <= {200, 429}
    return statuses.count(200), time.monotonic() - began


def most(limit, seconds):
    return limit + limit * seconds / 60 + 1


@pytest.mark.parametrize("limit", [1, 7, 40])
def test_without_redis_every_worker_has_its_share(start, limit):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=limit, REDIS_URL="", WORKERS=2)
    allowed, seconds = flood(one, 150)
    assert allowed <= most(max(limit, 2), seconds)
    assert allowed >= max(limit // 2, 1)  # even if one worker got everything


def test_a_redis_that_is_not_there_lifts_no_limit(start):
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=20, REDIS_URL="redis://127.0.0.1:9/0", WORKERS=2)
    allowed, seconds = flood(one, 120)
    assert 10 <= allowed <= most(20, seconds)


@pytest.mark.parametrize("limit", [3, 40])
def test_with_redis_the_workers_share_one_bucket(start, services, product, limit):
    in_redis(services, product, "DEL", f"{product}:rate:ip:127.0.0.1")
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=limit, WORKERS=2)
    settle(one)
    allowed, seconds = flood(one, 240)
    assert limit - limit / 4 - 1 <= allowed <= most(limit, seconds)
    assert len({line["worker"] for line in one.log_lines("http.request_done") if line["status"] == 429}) == 2


def test_keys_are_the_products_own(app, start, services, product):
    in_redis(services, product, "DEL", f"{product}:rate:ip:127.0.0.1")
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=2, RATE_LIMIT_USER_PER_MINUTE=2)
    settle(one)
    token = one.issuer.token("user_rate_keys", email="rate.keys@example.com")
    one.get(CONFIG), one.get(ME, token=token)
    mine = [name for name in in_redis(services, product, "--scan").split() if ":rate:" in name]
    assert f"{product}:rate:ip:127.0.0.1" in mine and any(re.fullmatch(f"{product}:rate:user:[0-9]+", name) for name in mine)
    assert all(name.startswith(f"{product}:rate:") for name in mine)
    assert 0 < int(in_redis(services, product, "PTTL", f"{product}:rate:ip:127.0.0.1")) <= 61000


def commands(services):
    """How often Redis was asked for anything that a request may ask for."""
    out = services.redis("INFO", "commandstats")
    calls = {name: int(count) for name, count in re.findall(r"cmdstat_([a-z|]+):calls=(\d+)", out)}
    return sum(count for name, count in calls.items() if name in ("evalsha", "eval", "get", "set", "mget", "hmget", "hset", "incr", "expire"))


def test_a_request_asks_redis_only_for_a_lease_of_many(start, services, product):
    """1200 a minute and two workers: 150 tokens a lease. The script itself is three commands more each time."""
    one = start(RATE_LIMIT_USER_PER_MINUTE=1200, WORKERS=2)
    settle(one)
    token = one.issuer.token("user_rate_lease")
    connection = one.connection()
    assert one.get(ME, token=token, connection=connection).status == 200
    before = commands(services)
    for _ in range(140):
        assert one.get(ME, token=token, connection=connection).status == 200
    asked = commands(services) - before
    assert asked <= 4 * 4, asked


def test_redis_may_go_in_the_middle_of_a_flood(start, services, product):
    """From the shared bucket to the workers' own: each of the two gives its limit once, and never an error."""
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=30, WORKERS=2)
    settle(one)
    try:
        first, seconds = flood(one, 90)
        services.stop_one("redis")
        second, more = flood(one, 90)
        assert first + second <= 30 + most(30, seconds + more)
        assert_limited(one.get(CONFIG), product, CONFIG, 30)
    finally:
        services.start_again()
    settle(one)


def burst(one, address, count):
    """Statuses of so many requests at once."""
    statuses, barrier = [], threading.Barrier(count)

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=10, source_address=(address, 0))
        connection.connect()
        barrier.wait()
        statuses.append(one.get(CONFIG, connection=connection).status)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(count)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return statuses


def test_a_burst_of_first_requests_leases_no_more_than_it_needs(start):
    """Thirty at once, from a fresh bucket of forty: as many leases would be far more than the bucket holds. A worker that
    waited for Redis in vain, as on a crowded machine, gives its own share of the limit: such a burst tells nothing."""
    one = start(RATE_LIMIT_GUEST_PER_MINUTE=40, WORKERS=4)
    settle(one)
    leased = 0
    for host in range(1, 21):
        failed = one.metric("cache_errors_total")
        statuses = burst(one, f"127.7.0.{host}", 30)
        time.sleep(1.1)  # every worker has told what it counted; one that Redis failed asks it again
        if one.metric("cache_errors_total") == failed:
            assert statuses == [200] * 30
            leased += 1
            if leased == 3:
                return
    raise AssertionError(f"Redis answered in time in {leased} of 20 bursts")
