"""Stops a program at a named point of a booking, from outside: a trigger in the test's database waits for a lock that the test
holds. The program itself knows nothing of it."""

import contextlib
import os
import signal

from harness.processes import alive, children
from harness.waiting import until

LOCK = 4711
# Table, when, condition with {key} and {house}. In the order in which a request passes them.
POINTS = {
    "the key is taken": ("idempotency_keys", "BEFORE INSERT", "NEW.key = '{key}'"),
    "the nights are held": ("bookings", "BEFORE INSERT", "NEW.property_id = {house}"),
    "its event is written": ("booking_events", "BEFORE INSERT", "NEW.to_status = 'hold'"),
    "its record is written": ("audit_log", "BEFORE INSERT", "NEW.action = 'booking.hold'"),
    "the key is marked": ("idempotency_keys", "BEFORE UPDATE", "NEW.key = '{key}' AND NEW.http_status IS NULL"),
    "it is committed": ("bookings", "AFTER INSERT", "NEW.property_id = {house}"),
    "the reply is kept": ("idempotency_keys", "BEFORE UPDATE", "NEW.key = '{key}' AND NEW.http_status IS NOT NULL"),
}
COMMITTING, KEEPING = "it is committed", "the reply is kept"


class Stop:
    """`with Stop(services, product, point, key=, house=) as stop:` a request that comes there waits, up to release()."""

    def __init__(self, services, product, point, **names):
        self.services, self.product = services, product
        table, when, condition = POINTS[point]
        kind = "CONSTRAINT TRIGGER" if point == COMMITTING else "TRIGGER"
        late = "DEFERRABLE INITIALLY DEFERRED" if point == COMMITTING else ""
        self.table = table
        self.make = f"""CREATE OR REPLACE FUNCTION stand_here() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}); RETURN NEW; END $$;
            CREATE {kind} stand_here {when} ON {table} {late} FOR EACH ROW WHEN ({condition.format(**names)}) EXECUTE FUNCTION stand_here()"""
        self.gate = contextlib.ExitStack()

    def __enter__(self):
        self.services.sql(self.product, self.make)
        self.gate.enter_context(self.services.holding(self.product, f"SELECT pg_advisory_xact_lock({LOCK})"))
        return self

    def __exit__(self, *_):
        self.release()
        self.services.sql(self.product, f"DROP TRIGGER stand_here ON {self.table}; DROP FUNCTION stand_here()")

    def waiting(self):
        """Process ids of the backends that stand here."""
        return [int(row[0]) for row in self.services.sql(self.product, f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND NOT granted")]

    def reached(self):
        """The one backend that stands here, as soon as it does."""
        return until(self.waiting, 10, "the point was never reached")[0]

    def release(self):
        """Lets it go on, and waits until whatever stood here is over."""
        self.gate.close()
        mine = f"SELECT 1 FROM pg_stat_activity WHERE usename = '{self.product}_user' AND state <> 'idle'"
        with contextlib.suppress(RuntimeError):  # Postgres is gone itself
            until(lambda: not self.services.sql(self.product, mine), 10, "a backend goes on for ever")


def kill_postgres(services):
    """kill -9 of the server process. Its backends notice and end by themselves; only then may another server start."""
    server = services.postgres_pid()
    family = [server, *children(server)]
    os.kill(server, signal.SIGKILL)
    until(lambda: not any(alive(pid) for pid in family), 20, "backends live on without their server")
    services.start_again()


def accepts(services, product):
    """Whether Postgres takes sessions."""
    try:
        services.sql(product, "SELECT 1")
        return True
    except RuntimeError:
        return False
