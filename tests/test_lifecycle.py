"""Master and workers: start, stop, reload, and what happens when one of them dies or the system runs short."""

import contextlib
import fcntl
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import other_product
from harness.app import App
from harness.load import DRAFT, LIST, Load, envelope_problem
from harness.processes import alive
from harness.waiting import at_once, until
from harness.wire import Wire, request

UNAVAILABLE, CONFIG = 69, 78  # sysexits


def refuses_connections(app):
    try:
        socket.create_connection(("127.0.0.1", app.port), timeout=1).close()
        return False
    except (ConnectionRefusedError, ConnectionResetError):  # reset: it was in the queue when the socket closed
        return True


@pytest.fixture
def bare(product, services):
    """Programs that the test starts and ends by itself; none is left behind."""
    made = []

    def make(**settings):
        made.append(App(product, services, **settings))
        return made[-1]

    yield make
    for one in made:
        one.kill()


# ---- start ----

def test_a_port_that_is_taken_is_a_clear_refusal(bare):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        late = bare(PORT=other.getsockname()[1])
        late.spawn()
        assert late.process.wait(20) == UNAVAILABLE
        assert f"cannot listen on 127.0.0.1:{late.settings['PORT']}: Address already in use" in late.log_text()
        assert len(late.log_lines("master.start_failed")) == 1


def test_it_is_alive_and_ready_at_once(app, bare, product):
    one = bare()
    begun = time.monotonic()
    one.start("/health")
    lives = time.monotonic() - begun
    one.wait("/ready")
    print(f"{product}: alive after {lives * 1000:.0f} ms, ready after {(time.monotonic() - begun) * 1000:.0f} ms")
    assert one.stop() == 0


@pytest.mark.parametrize("state", ["well", "frozen"])
def test_a_stop_during_the_start_is_obeyed(app, bare, services, product, state):
    """At any moment, also while the database gives no answer."""
    slowest = 0
    stopped = [services.postgres_pid()] if state == "frozen" else []
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        for moment in [n * 0.035 for n in range(12)] if state == "well" else [0.05, 0.3, 1.0, 2.5]:
            one = bare()
            one.spawn()
            time.sleep(moment)
            begun = time.monotonic()
            one.process.send_signal(signal.SIGTERM)
            code = one.process.wait(15)
            slowest = max(slowest, time.monotonic() - begun)
            assert code in (0, -signal.SIGTERM), one.log_text()  # before main the default action is taken
            assert code == 0 or not one.log_text()
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    print(f"{product}, database {state}: slowest stop {slowest:.2f} s")
    assert slowest < 5


def test_it_is_alive_while_the_database_is_frozen(app, bare, services):
    one = bare()
    os.kill(services.postgres_pid(), signal.SIGSTOP)
    try:
        one.start("/health")
        assert one.get("/ready").status == 503
    finally:
        os.kill(services.postgres_pid(), signal.SIGCONT)
    one.wait("/ready")
    assert one.stop() == 0


# ---- stop ----

def in_flight(app, count, path=f"{LIST}?limit=1", **options):
    """`count` requests that are being worked on; join() gives their replies."""
    replies, threads = [], []

    def ask():
        try:
            replies.append(app.get(path, **options))
        except OSError as problem:
            replies.append(problem)

    for _ in range(count):
        threads.append(threading.Thread(target=ask))
        threads[-1].start()

    def join():
        for thread in threads:
            thread.join(60)
        assert len(replies) == count, "a request hangs"
        return replies

    return join


def waiting(app, services, count):
    """Until so many statements wait for a lock."""
    until(lambda: int(services.sql(app.product, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0][0])
          >= count)


def test_a_stop_answers_what_is_running_and_refuses_the_rest(app, bare, services, product):
    one = bare()
    one.start()
    with services.locked(product, "properties"):
        join = in_flight(one, 60)
        waiting(one, services, 1)
        time.sleep(0.3)
        one.process.send_signal(signal.SIGTERM)
        until(lambda: refuses_connections(one), 2)
        assert one.process.poll() is None
    replies = join()
    assert [getattr(reply, "status", reply) for reply in replies] == [200] * 60
    assert all(reply.headers["connection"] == "close" for reply in replies)
    assert one.process.wait(10) == 0
    assert one.stop() == 0  # nothing in the log that should not be


def test_who_outlives_the_grace_is_told(app, bare, services, product):
    one = bare(SHUTDOWN_GRACE_SECONDS=0)
    one.start()
    with services.locked(product, "properties"):
        join = in_flight(one, 4)
        waiting(one, services, 1)
        time.sleep(0.2)
        one.process.send_signal(signal.SIGTERM)
        replies = join()
        assert [getattr(reply, "status", reply) for reply in replies] == [503] * 4
        for reply in replies:
            assert envelope_problem(reply, product) == "" and reply.error["code"] == "SHUTTING_DOWN"
    assert one.process.wait(10) == 0
    assert one.stop() == 0


def test_asked_twice_it_stops_at_once(app, bare, services, product):
    one = bare(SHUTDOWN_GRACE_SECONDS=60)
    one.start()
    workers = one.workers()
    with services.locked(product, "properties"):
        join = in_flight(one, 2)
        waiting(one, services, 1)
        one.process.send_signal(signal.SIGTERM)
        until(lambda: one.log_lines("master.stop_started"))
        begun = time.monotonic()
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(10) == 0
        assert time.monotonic() - begun < 1.5  # long before the statements' time is over
        join()
    assert not [pid for pid in workers if alive(pid)]


def test_an_idle_stop_under_load_drops_nobody(app, bare, product, services):
    """Whoever got a connection got an answer."""
    one = bare()
    one.start()
    token = one.token_of("agent", sub="user_stop")
    with Load(one, token, readers=4, writers=2, keep_alive=False) as load:
        time.sleep(1)
        begun = time.monotonic()
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(10) == 0
        took = time.monotonic() - begun
    lost = [seen for seen in load.bad() if "ConnectionRefusedError" not in seen.problem]
    answered = [seen for seen in load.seen if seen.status]
    print(f"{product}: stopped in {took * 1000:.0f} ms, {len(answered)} answered, lost {lost}")
    assert len(lost) <= 2, lost  # the kernel may have taken a connection in the very moment of the close
    load.check_writes(services)
    assert one.stop() == 0


def ask_until_told(app, token, number):
    """(answered, how it ended) of a client that keeps one connection and asks on it until it is told that this was the last."""
    connection, answered = app.connection(timeout=25), 0
    try:
        while True:
            title = f"Under load {number} {answered}"
            reply = (app.post(LIST, {**DRAFT, "title": title}, token=token, connection=connection) if number % 4 == 0
                     else app.get(f"{LIST}?limit=3", connection=connection))
            if reply.status not in (200, 201):
                return answered, reply.status
            answered += 1
            if reply.headers.get("connection") == "close":
                return answered, "told"
    except Exception as problem:  # pylint: disable=broad-except
        return answered, repr(problem)
    finally:
        connection.close()


def test_a_stop_under_load_loses_no_request_of_a_kept_connection(app, bare, product, services):
    """Each connection gets the answers to all that was asked on it, and with the last one hears that it was the last."""
    one = bare()
    one.start()
    token = one.token_of("agent", sub="user_stop_kept")
    before = int(services.sql(product, "SELECT count(*) FROM properties")[0][0])

    def client(number):
        if number < 8:
            return ask_until_told(one, token, number)
        time.sleep(1)
        one.process.send_signal(signal.SIGTERM)
        return one.process.wait(15)

    *clients, code = at_once(9, client)
    print(f"{product}: {sum(answered for answered, _ in clients)} answered before the stop")
    assert code == 0 and {end for _, end in clients} == {"told"}, clients
    written = sum(answered for number, (answered, _) in enumerate(clients) if number % 4 == 0)
    assert int(services.sql(product, "SELECT count(*) FROM properties")[0][0]) - before == written
    assert one.stop() == 0


def test_a_second_program_takes_over_the_port(app, bare, services, product):
    """How another version comes on one machine: it listens beside the old one, which is then told to stop."""
    old, new = bare(), bare()
    old.start()
    token = old.token_of("agent", sub="user_takeover")
    with Load(old, token, readers=4, writers=2, keep_alive=False) as load:
        time.sleep(0.5)
        new.port, new.settings = old.port, old.settings
        new.spawn()
        until(lambda: new.log_lines("worker.started") and new.log_lines("master.started"))
        time.sleep(0.5)
        old.process.send_signal(signal.SIGTERM)
        assert old.process.wait(10) == 0
        time.sleep(0.5)
    bad = load.bad()
    print(f"{product}: {len(load.seen)} requests over the change, lost {bad[:3]}")
    assert not [seen for seen in bad if "ConnectionRefusedError" in seen.problem]
    assert len(bad) <= 2 and all(seen.status is None for seen in bad), bad[:3]  # as with a stop: taken by the kernel in the very moment of the close
    load.check_writes(services)
    assert [new.get("/ready").status for _ in range(10)] == [200] * 10
    assert old.stop() == 0 and new.stop() == 0


# ---- reload ----

@pytest.fixture
def reloadable(bare, tmp_path):
    def make(**settings):
        one = bare(**settings)
        one.env_file = tmp_path / "env"
        return one.start()
    return make


@pytest.mark.parametrize("keep_alive", [True, False])
def test_reloads_under_load_fail_nobody(app, reloadable, services, product, keep_alive):
    one = reloadable(RATE_LIMIT_GUEST_PER_MINUTE=1_000_000)
    token = one.token_of("agent", sub="user_reload")
    with Load(one, token, keep_alive=keep_alive) as load:
        for n in range(1, 4):
            before = set(one.workers())
            time.sleep(0.3)
            one.reload(RATE_LIMIT_GUEST_PER_MINUTE=1_000_000 + n)
            until(lambda: len(one.log_lines("master.reloaded")) == n)
            until(lambda: not before & set(one.workers()), 15)
    print(f"{product}: {len(load.seen)} requests over three reloads")
    assert not load.bad(), load.bad()[:5]
    load.check_writes(services)
    assert one.get("/api/v1/config").headers["ratelimit-limit"] == "1000003"
    assert len(one.workers()) == 2
    assert one.stop() == 0


def test_a_bad_configuration_changes_nothing(app, reloadable):
    one = reloadable(RATE_LIMIT_GUEST_PER_MINUTE=1_000_000)
    before = one.workers()
    for changes, words in (({"RATE_LIMIT_GUEST_PER_MINUTE": "many"}, "RATE_LIMIT_GUEST_PER_MINUTE"),
                           ({"RATE_LIMIT_GUEST_PER_MINUTE": 7, "WORKERS": 3}, "WORKERS"),
                           ({"WORKERS": 2, "DATABASE_URL": "mysql://x"}, "DATABASE_URL")):
        known = len(one.log_lines("config.problem_found"))
        one.reload(**changes)
        until(lambda: len(one.log_lines("config.problem_found")) > known)
        assert words in one.log_lines("config.problem_found")[known]["problem"]
    time.sleep(0.5)
    assert one.workers() == before
    assert one.get("/api/v1/config").headers["ratelimit-limit"] == "1000000"
    assert one.get("/ready").status == 200
    assert one.stop() == 0


def test_a_reload_looks_at_another_database_first(app, reloadable, services, product):
    """An address that was mixed up does not even for a moment bring another product's data."""
    other = App(other_product(product), services)
    assert other.command("migrate").returncode == 0
    one = reloadable()
    before, own = one.workers(), one.settings["DATABASE_URL"]
    for url, words in ((services.database_url(other.product), f'DATABASE_URL: the database belongs to product "{other.product}"'),
                       ("postgresql://nobody@/nowhere?host=/nonexistent", "DATABASE_URL: no connection")):
        known = len(one.log_lines("config.problem_found"))
        one.reload(DATABASE_URL=url)
        until(lambda: len(one.log_lines("config.problem_found")) > known)
        assert one.log_lines("config.problem_found")[known]["problem"].startswith(words)
        assert one.workers() == before and one.get(f"{LIST}?limit=1").status == 200
    os.kill(services.postgres_pid(), signal.SIGSTOP)
    try:
        one.reload(DATABASE_URL=f"{own}&connect_timeout=4")
        until(lambda: len(one.log_lines("config.problem_found")) > 2)
        assert one.log_lines("config.problem_found")[2]["problem"] == "DATABASE_URL: the database gives no answer"
    finally:
        os.kill(services.postgres_pid(), signal.SIGCONT)
    one.reload(DATABASE_URL=f"{own}&connect_timeout=4")
    until(lambda: one.log_lines("master.reloaded") and not set(before) & set(one.workers()))
    one.wait("/ready")
    assert one.stop() == 0


# ---- death of one of them ----

@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_killed_worker_costs_only_its_own_requests(app, agent, services, product, keep_alive):
    before = app.workers()
    with Load(app, agent, keep_alive=keep_alive) as load:
        time.sleep(0.5)
        os.kill(before[0], signal.SIGKILL)
        killed = time.monotonic()
        until(lambda: len(set(app.workers()) - set(before)) == 1)
        time.sleep(2)
    bad = load.bad()
    assert len(bad) <= len(load.works), bad
    assert all(one.status is None and one.at - killed < 1 for one in bad), bad
    assert app.workers()[0] == before[1] or before[1] in app.workers()
    load.check_writes(services)
    assert app.log_lines("worker.died")[-1]["signal"] == signal.SIGKILL


def test_a_worker_that_keeps_dying_comes_back_later_and_later(app, bare):
    one = bare()
    one.start()
    survivor = one.workers()[1]
    begun = time.monotonic()
    while time.monotonic() - begun < 4:
        for pid in one.workers():
            if pid != survivor:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    waits = [line["restart_ms"] for line in one.log_lines("worker.died")]
    assert waits[:5] == [0, 100, 200, 400, 800] and len(waits) <= 8, waits
    assert survivor in one.workers()
    until(lambda: len(one.workers()) == 2)
    assert [one.get("/health").status for _ in range(20)] == [200] * 20
    assert one.stop() == 0


def test_a_frozen_worker_is_replaced(app, bare):
    one = bare(WORKER_TIMEOUT_SECONDS=1)
    one.start()
    frozen = one.workers()[0]
    os.kill(frozen, signal.SIGSTOP)
    until(lambda: frozen not in one.workers() and len(one.workers()) == 2, 15)
    assert one.log_lines("worker.silent")[0]["pid"] == frozen
    assert [one.get("/health").status for _ in range(20)] == [200] * 20
    assert one.stop() == 0


def test_workers_end_with_their_master(app, bare, services, product):
    one = bare()
    one.start()
    workers = one.workers()
    with services.locked(product, "properties"):
        join = in_flight(one, 6)
        waiting(one, services, 1)
        time.sleep(0.2)
        one.process.kill()
        one.process.wait()
    assert [getattr(reply, "status", reply) for reply in join()] == [200] * 6  # they drain
    until(lambda: not [pid for pid in workers if alive(pid)], 15)
    assert refuses_connections(one)
    again = bare(PORT=one.port)
    again.port = one.port
    again.start()
    assert [again.get("/health").status for _ in range(20)] == [200] * 20
    assert again.stop() == 0


def test_signals_by_the_thousand_do_no_harm(app, bare):
    one = bare()
    one.start()
    workers = one.workers()
    for n in range(2000):
        for pid in (one.process.pid, *workers):
            os.kill(pid, (signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGCONT)[n % 4])
            if pid != one.process.pid:
                os.kill(pid, (signal.SIGINT, signal.SIGHUP)[n % 2])
    assert [one.get(f"{LIST}?limit=1").status for _ in range(20)] == [200] * 20
    assert one.workers() == workers
    assert one.stop() == 0


# ---- short of something ----

@pytest.mark.parametrize("output", ["pipe", "full"])
def test_a_log_that_nobody_takes_stops_nobody(app, bare, output):
    one = bare(WORKERS=1)
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    if output == "full":
        os.close(writer)
        writer = os.open("/dev/full", os.O_WRONLY)
    one.log = os.fdopen(writer, "wb", buffering=0)
    one.log_text = lambda: ""
    one.start()
    with Load(one, readers=4, writers=0) as load:
        until(lambda: len(load.seen) > 1500, 60)
    assert not load.bad(), load.bad()[:5]
    assert max(seen.took for seen in load.seen) < 5
    until(lambda: one.metric("log_dropped_total") > 0)
    text = b""
    if output == "pipe":
        os.set_blocking(reader, False)
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(reader, 65536):
                text += chunk
                time.sleep(0.01)
        for line in text.splitlines():
            assert json.loads(line)["product"] == one.product  # whole lines only
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(10) == 0
    os.close(reader)


def with_few_descriptors(app, count):
    app.process = subprocess.Popen(app.arguments(), env=app.environment(), stdout=app.log, stderr=subprocess.STDOUT,
                                   start_new_session=True,
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count)))


def test_without_descriptors_it_refuses_and_recovers(app, bare, services, product):
    one = bare(WORKERS=1)
    with_few_descriptors(one, 100)
    one.wait("/ready")
    assert one.log_lines("worker.connections_limited")
    held = []
    try:
        for _ in range(120):
            held.append(socket.create_connection(("127.0.0.1", one.port), timeout=5))
        time.sleep(0.5)
        cpu = cpu_seconds(one.workers()[0])
        time.sleep(1)
        assert cpu_seconds(one.workers()[0]) - cpu < 0.7  # waits, does not spin
        statuses = [ask_on(peer) for peer in held]
        assert set(statuses) == {200, None} and statuses.count(200) >= 20, statuses  # served, or hung up on
        services.sql(product, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{product}_user'")
        until(lambda: ask_on(held[0]) == 200)  # there is still room for the database
    finally:
        for peer in held:
            peer.close()
    until(lambda: all(ask_anew(one) == 200 for _ in range(10)))
    assert one.stop() == 0


def ask_anew(app):
    with socket.create_connection(("127.0.0.1", app.port), timeout=5) as peer:
        return ask_on(peer)


def ask_on(peer):
    """None: the other side has hung up."""
    try:
        peer.sendall(request("GET", f"{LIST}?limit=1"))
        head = peer.recv(65536)
    except (ConnectionResetError, BrokenPipeError):
        return None
    return int(re.match(rb"HTTP/1.1 (\d+)", head).group(1)) if head else None


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            found.append(os.readlink(f"/proc/{pid}/fd/{name}").split(":")[0])
    return sorted(found)


def test_nothing_is_left_of_a_burst(app, bare):
    one = bare(DATABASE_MAX_OVERFLOW=0, DATABASE_POOL_SIZE=4)
    one.start()
    token = one.token_of("agent", sub="user_burst")

    def burst():
        with Load(one, token, readers=4, writers=4, keep_alive=False):
            time.sleep(1)
        for n in range(200):  # in every stage of a request
            with Wire(one.port) as wire:
                wire.send(request("POST", LIST, body=b"{}" * 20)[:n])
                if n % 2:
                    wire.abort()

    burst()
    time.sleep(0.5)
    base = {pid: descriptors(pid) for pid in one.workers()}
    for _ in range(2):
        burst()
    assert set(base) == set(one.workers())
    for pid, before in base.items():
        until(lambda pid=pid, before=before: len(descriptors(pid)) <= len(before))
    until(lambda: one.metric("http_connections_open") <= 1)
    until(lambda: one.metric("fibers_alive") <= 4)  # background work has some, too
    assert one.stop() == 0
