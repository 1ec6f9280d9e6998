#!/usr/bin/env python3
"""Search among many properties: time and recall of the vector leg, measured through the real program.
    bench/search/properties.py [--rows 100000] [--queries 60] [--keep]      needs build/release
Every query has two filters. Recall is the share of the ten nearest by an exact comparison that mode=vector finds; p50 is that of
mode=hybrid, and of its statement alone in psql on one connection. CPU is what Postgres used for that statement. --keep leaves the
table in docs/search-properties.md."""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench/search")]
os.environ.setdefault("BIN_DIR", str(ROOT / "build/release/bin"))

import property_rows  # noqa: E402
from harness.app import App  # noqa: E402
from harness.services import Services  # noqa: E402

PRODUCT = "bestays"
COMPARED_UP_TO = int(re.search(r"#define COMPARED_UP_TO (\d+)", (ROOT / "libs/properties/finder.c").read_text())[1])
PAGE = ROOT / "docs/search-properties.md"
COLUMNS = ("slug", "listing_type", "property_type", "bedrooms_total", "price_minor", "price_base_minor", "currency", "price_period",
           "city", "province", "lat", "lng", "amenities")
MEMORY = ("shared_buffers = '2GB'", "maintenance_work_mem = '1GB'", "max_parallel_maintenance_workers = 2")


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


class Database:
    """psql on one connection that stays open."""

    def __init__(self, services):
        self.shell = subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", services.psql_url(f"{PRODUCT}_db_test")],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = int(self.ask("SELECT pg_backend_pid()")[0])

    def ask(self, statement):
        self.shell.stdin.write(f"{statement};\n\\echo ~\n")
        self.shell.stdin.flush()
        lines = []
        while (line := self.shell.stdout.readline()) != "~\n":
            if line == "":
                raise RuntimeError("psql has ended")
            lines.append(line.rstrip("\n"))
        return lines

    def cpu_ms(self):
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e6


def tsv(value):
    if isinstance(value, list):
        return "{" + ",".join(value) + "}"
    return str(value)


def load(services, rows):
    """Rows by COPY: without the indexes that are quicker made afterwards."""
    folder = services.folder / "rows"
    folder.mkdir()
    folder.chmod(0o711)
    with open(folder / "p.tsv", "w") as properties, open(folder / "t.tsv", "w") as texts:
        for columns, title, description in property_rows.rows(rows):
            properties.write("\t".join(tsv(columns[name]) for name in COLUMNS) + "\n")
            texts.write(f"{columns['slug']}\t{title}\t{description}\n")
    script = f"""
        CREATE TABLE made (slug text, title text, description text);
        CREATE TABLE made_properties (LIKE properties INCLUDING DEFAULTS);
        ALTER TABLE made_properties ALTER id DROP NOT NULL, ALTER created_by DROP NOT NULL;
        \\copy made_properties ({", ".join(COLUMNS)}) FROM '{folder}/p.tsv'
        \\copy made FROM '{folder}/t.tsv'
        INSERT INTO properties ({", ".join(COLUMNS)}, created_by, status, published_at)
        SELECT {", ".join(COLUMNS)}, (SELECT min(id) FROM users), 'active', now() FROM made_properties;
        INSERT INTO property_texts (property_id, locale, title, description)
        SELECT p.id, 'en', m.title, m.description FROM made m JOIN properties p USING (slug);
        DROP TABLE made, made_properties;
        DROP INDEX property_embeddings_1536;
        INSERT INTO jobs (kind, payload) VALUES ('property.embed', '{{}}');"""
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", services.psql_url(f"{PRODUCT}_db_test")], input=script, text=True,
                   check=True)


def embed(services, app):
    """By the program itself, in the job that goes over everything; then the index, as the migration has it."""
    while services.sql(PRODUCT, "SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')") != [["0"]]:
        time.sleep(1)
    failed = services.sql(PRODUCT, "SELECT last_error FROM jobs WHERE status = 'failed'")
    assert failed == [], failed
    say("making the index")
    services.sql(PRODUCT, "CREATE INDEX property_embeddings_1536 ON property_embeddings "
                 "USING hnsw ((embedding::vector(1536)) vector_cosine_ops) WHERE dims = 1536")
    services.sql(PRODUCT, "VACUUM ANALYZE")
    assert app.process.poll() is None


def queries(count):
    """(text, filters): words of the rows, and two filters that let through from few to many."""
    chance = random.Random(7)
    stock = property_rows.sentences()
    for _ in range(count):
        text = " ".join(chance.choice(stock).rstrip(".;").split()[:chance.randint(2, 7)])
        city = chance.choices(property_rows.CITIES, [1 / (n + 1) for n in range(len(property_rows.CITIES))])[0][0]
        yield text, chance.choice([
            {"city": city, "bedrooms_min": chance.randint(1, 4)},
            {"city": city, "listing_type": chance.choice(["short_stay", "sale", "lease"])},
            {"listing_type": "sale", "property_type": chance.choice(property_rows.TYPES)},
            {"amenities": ",".join(chance.sample(property_rows.AMENITIES, 2)), "bedrooms_min": 3},
            {"province": f"Province {chance.randint(0, 12)}", "any_amenities": "private_pool,sea_view"}])


def get(app, connection, text, mode, limit, **filters):
    reply = app.get(f"/api/v1/properties/search?{urlencode({'q': text, 'mode': mode, 'limit': limit, **filters})}", connection=connection)
    assert reply.status == 200, reply.body
    return reply.json


def as_json(filters):
    lists = {"property_type", "city", "amenities", "any_amenities"}
    return json.dumps({"status": "active", **{name: value.split(",") if name in lists else str(value) for name, value in filters.items()}})


def nearest(database, filters):
    """The ten nearest to query_vector as the vector leg finds them."""
    literal = as_json(filters).replace("'", "''")
    lines = database.ask(f"SELECT id FROM properties_vector_leg('{literal}', properties_fitting('{literal}', {COMPARED_UP_TO}), "
                         f"(SELECT v FROM query_vector), 'hash-1536') ORDER BY cosine DESC, id LIMIT 10")
    return [int(line) for line in lines]


def nearest_of_all(database, filters):
    """The same by comparing every vector that fits in full."""
    literal = as_json(filters).replace("'", "''")
    lines = database.ask(f"SELECT p.id FROM properties_filtered('{literal}') p JOIN property_embeddings e ON e.property_id = p.id, query_vector "
                         "WHERE e.model = 'hash-1536' GROUP BY p.id ORDER BY min(e.embedding <=> query_vector.v), p.id LIMIT 10")
    return [int(line) for line in lines]


def measure(services, app, settings):
    database = Database(services)
    connection = app.connection(timeout=60)
    database.ask("CREATE TEMP TABLE query_vector (v vector)")
    found = []
    for text, filters in queries(settings.queries):
        literal = as_json(filters).replace("'", "''")
        fitting = int(database.ask(f"SELECT count(*) FROM properties_filtered('{literal}')")[0])
        # the vector of a listing's own text stands for the query's: what recall compares is the scan, not the words
        database.ask(f"TRUNCATE query_vector; INSERT INTO query_vector SELECT e.embedding FROM property_embeddings e "
                     f"JOIN property_texts t USING (property_id, locale) WHERE t.description LIKE '%{text.split()[0].replace(chr(39), '')}%' "
                     "LIMIT 1")
        if database.ask("SELECT count(*) FROM query_vector") == ["0"] or fitting < 10:
            continue
        exact = nearest_of_all(database, filters)
        as_served = nearest(database, filters)
        recall = len(set(exact) & set(as_served)) / len(exact)
        times = []
        for _ in range(settings.rounds):
            begun = time.perf_counter()
            get(app, connection, text, "hybrid", 10, **filters)
            times.append((time.perf_counter() - begun) * 1000)
        before = database.cpu_ms()
        for _ in range(settings.rounds):
            nearest(database, filters)
        cpu = (database.cpu_ms() - before) / settings.rounds
        found.append({"fitting": fitting, "recall": recall, "ms": statistics.median(times), "best": min(times), "cpu": cpu})
    return found


def table(found, rows, load_before):
    groups = [("all", 0, 10**9), ("up to 1,000 fit", 0, 1000), ("1,001 to 5,000 fit", 1001, 5000), ("more fit", 5001, 10**9)]
    lines = ["| two filters | queries | p50 ms | p50 of the best of each ms | vector leg, CPU ms | recall@10 | least |", "|---|---|---|---|---|---|---|"]
    for name, low, high in groups:
        some = [one for one in found if low <= one["fitting"] <= high]
        if some:
            middle = lambda key: statistics.median(one[key] for one in some)
            lines.append(f"| {name} | {len(some)} | {middle('ms'):.1f} | {middle('best'):.1f} | {middle('cpu'):.1f} | "
                         f"{statistics.mean(one['recall'] for one in some):.3f} | {min(one['recall'] for one in some):.2f} |")
    return "\n".join([f"{rows:,} properties, one locale, {os.cpu_count()} cores, load before {load_before:.1f}, shared_buffers 2 GB.", "", *lines, ""])


def main():
    settings = options()
    load_before = os.getloadavg()[0]
    services = Services()
    try:
        for line in MEMORY:
            services.sql(PRODUCT, f"ALTER SYSTEM SET {line}")
        services.stop_one("postgres")
        services.start_again()
        app = App(PRODUCT, services, WORKERS=1)
        assert app.command("migrate").returncode == 0
        app.token_of("admin")
        say("loading")
        load(services, settings.rows)
        app.start()
        say("embedding")
        embed(services, app)
        say("measuring")
        text = table(measure(services, app, settings), settings.rows, load_before)
        print(text)
        if settings.keep:
            PAGE.write_text(f"# Search among many properties\n\n`bench/search/properties.py --keep` wrote this.\n\n{text}")
        app.stop()
    finally:
        services.close()


if __name__ == "__main__":
    main()
