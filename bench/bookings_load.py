"""What guests do: prices, calendars, holds, listings that are free on given nights; and the same statements in pgbench."""

import json
from datetime import date, timedelta

import database
import servers
from measure import Http, Pgbench, Void, short

API = "/api/v1/properties"
ROWS = 100000  # ten stays each
ONE = 500
GUESTS = 512
HOLDS_A_GUEST = 40  # as many as one may have here
HOLDS = GUESTS * HOLDS_A_GUEST
FAR_DAYS = 500  # behind all stays there are
NIGHTS = 3
CLIENTS = 16
PAGE = 20
HELD_MIN = 0.95  # what came while the clock had run out is not counted by wrk
DURABLE = ("fsync = on", "synchronous_commit = on", "full_page_writes = on")
CONTACT = {"name": "A Guest", "email": "guest@example.com"}
PRICE = {"lines": [{"code": "night", "label": "Nights", "quantity": NIGHTS, "unit_minor": 400000, "amount_minor": 1200000},
                   {"code": "cleaning_fee", "label": "Cleaning", "quantity": 1, "unit_minor": 150000, "amount_minor": 150000},
                   {"code": "tax", "label": "Tax", "quantity": 1, "unit_minor": 94500, "amount_minor": 94500}],
         "total_minor": 1444500, "currency": "THB"}
FORGET = ("DELETE FROM audit_log WHERE entity = 'booking'", "DELETE FROM bookings WHERE status = 'hold'",
          "VACUUM bookings, booking_events, audit_log")


def day(count):
    return (date.today() + timedelta(count)).isoformat()


def epoch_day(count):
    return (date.today() + timedelta(count) - date(1970, 1, 1)).days


class Load:
    """A server with much that is booked."""

    def __init__(self, bench, product):
        self.bench = bench
        self.databases = bench.keep(database.Databases(product))
        for setting in DURABLE:
            self.databases.alter_system(product, setting)
        self.ours = servers.Ours(product, self.databases, "small", bench.issuer, bench.options.workers, HOLDS_PER_USER=HOLDS_A_GUEST)
        self.ours.migrate()
        self.databases.fill("small", ROWS)
        self.databases.fill("small", ROWS, "bookings.sql", one=ONE, guests=GUESTS)
        bench.start(self.ours, "/ready")
        self.place = self.databases.parts("small")

    def sql(self, text):
        return self.databases.sql(self.ours.product, text, database=self.place["dbname"])

    def pgbench(self, steps, clients=1, before="", after=""):
        """Statements of the product, one after the other."""
        texts, variables = [], {}
        for number, (name, values, *end) in enumerate(steps):
            text, bound = database.bind(name, values, "", f"s{number}p", *end)
            texts.append(text)
            variables.update(bound)
        return Pgbench((before + "".join(texts) + after, variables), self.place, clients)

    def get(self, path, connections):
        self.bench.expect_ok(self.ours.get(path))
        return Http(self.ours.url(path), connections=connections)

    # ---- reads ----

    def add_quote(self):
        """Twenty rules, fourteen nights; the same server is asked for one property."""
        path = f"{API}/{ONE}/quote?check_in={day(400)}&check_out={day(414)}&guests=4"
        if not self.bench.expect_ok(self.ours.get(path)).json["available"]:
            raise Void("the stay that is priced cannot be had")
        self.bench.add("quote", self.get(path, 64), self.ours)
        self.bench.add("quote-get", self.get(f"{API}/{ONE}", 64), self.ours)
        self.databases.keep_documents("small")

    def add_calendar(self):
        first, last = epoch_day(0), epoch_day(365)
        self.bench.workloads["calendar"] = short(self.get(f"{API}/{ONE}/availability?from={day(0)}&to={day(365)}", 1))
        self.bench.workloads["pg-calendar"] = short(
            self.pgbench([("rates_find", [ONE, None, 0, "f", first, last, "f"]), ("availability_taken", [ONE, first, last])]))

    def add_free(self):
        nights = {"check_in": day(30), "check_out": day(44)}
        filters = json.dumps({"status": "active", **nights})
        query = "&".join(f"{name}={value}" for name, value in nights.items())
        self.bench.workloads["free"] = short(self.get(f"{API}?limit={PAGE}&{query}", 1))
        self.bench.workloads["pg-free"] = short(
            self.pgbench([("properties_list_newest", [filters, None, 0, PAGE + 1, "en", "f"])]))

    # ---- holds ----

    def file(self, name, lines):
        path = self.bench.folder / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def bodies(self):
        """No two want the same nights."""
        for number in range(HOLDS):
            yield json.dumps({"property_id": 1 + number, "check_in": day(FAR_DAYS), "check_out": day(FAR_DAYS + NIGHTS), "guests": 2,
                              "contact": CONTACT})

    def held(self, load, most, prepare=lambda: None):
        """Guests hold no more than they may: a round begins without holds and must end before they run out."""

        def one(seconds):
            for text in FORGET:
                self.sql(text)
            prepare()
            count, sample = load(min(seconds, 2))
            stored = int(self.sql("SELECT count(*) FROM bookings WHERE status = 'hold'")[0][0])
            if stored < HELD_MIN * count or stored >= most:
                raise Void(f"{stored} of {count} holds are there")
            return sample

        return one

    def add_holds(self, sign):
        tokens = sign(f"user_bench_guest_{number}" for number in range(1, GUESTS + 1))
        seen = self.file("guests", tokens)
        posts = self.file("holds", (f"{tokens[number % GUESTS]} {body}" for number, body in enumerate(self.bodies())))
        known = Http(self.ours.url("/api/v1/users/me"), lines=("tokens", seen))
        self.bench.workloads["hold"] = self.held(
            Http(self.ours.url("/api/v1/bookings"), connections=CLIENTS, lines=("posts", posts)), HOLDS,
            prepare=lambda: known(1))  # verified before the clock runs: that is measured elsewhere
        first = int(self.sql("SELECT min(id) FROM users WHERE clerk_user_id LIKE 'user_bench_guest_%'")[0][0])
        each = HOLDS // CLIENTS
        pick = f"\\set n :n + 1\n\\set slot :client_id * {each} + :n\n\\set user {first} + :slot % {GUESTS}\nBEGIN;\n"
        load = self.pgbench(self.hold_steps(), CLIENTS, pick, "COMMIT;\n")
        load.script[1]["n"] = 0
        self.bench.workloads["pg-hold"] = self.held(load, HOLDS)

    def hold_steps(self):
        made = [":slot", ":user", day(FAR_DAYS), day(FAR_DAYS + NIGHTS), 2, PRICE["total_minor"], "THB", json.dumps(PRICE),
                '{"code": "moderate"}', json.dumps(CONTACT), None, 15, "bench", HOLDS_A_GUEST]
        return [("bookings_hold_turn", [":user"]), ("bookings_expire", [":slot", 100]), ("bookings_insert", made, database.KEEP),
                ("bookings_get", [":id", ":user", "f", "f"])]


def add(bench, product, sign):
    load = Load(bench, product)
    load.add_quote()
    load.add_calendar()
    load.add_free()
    load.add_holds(sign)
