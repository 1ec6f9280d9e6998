"""Waiting for what others do, and doing things at once."""

import contextlib
import threading
import time


def until(probe, seconds=15, what="it never came true"):
    """What probe() gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
    return value


def at_once(count, call):
    """call(0) .. call(count - 1), all together; what they returned."""
    results, gate = [None] * count, threading.Barrier(count)

    def run(i):
        gate.wait()
        results[i] = call(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Accepting(threading.Thread):
    """Notes when Postgres takes a session again, after it was first seen without."""

    def __init__(self, services, product):
        super().__init__(daemon=True)
        self.services, self.product, self.at = services, product, None

    def run(self):
        while self.at is None:
            with contextlib.suppress(RuntimeError):
                self.services.sql(self.product, "SELECT 1")
                self.at = time.monotonic()
            time.sleep(0.01)
