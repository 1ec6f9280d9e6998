"""The databases of a run, and the product's own statements as scripts for pgbench."""

import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from harness.services import ROOT, Services

SQL = ROOT / "libs"
HERE = Path(__file__).resolve().parent
LIST_ROWS = 20
PAGES_SKIPPED = 10


def session_options():
    """What the product pins at connect (libs/db/session.c), so that pgbench's sessions are the same."""
    text = (ROOT / "libs/db/session.c").read_text()
    declared = re.search(r"settings\[\] =(.*?);", text, re.DOTALL)[1]
    return " ".join(f"-c {name}={value}" for name, value in re.findall(r'\{"([^"]*)", "([^"]*)"', declared))


class Databases(Services):
    """`small` and `big` are the two databases that scripts/services.sh makes for the product."""

    def __init__(self, product):
        super().__init__()
        self.product = product
        self.alter_system(product, "autovacuum = off")

    def url(self, which, role="user"):
        kind = "" if role == "user" else "MIGRATE_"
        test = "TEST_" if which == "small" else ""
        return self.env[f"{self.product.upper()}_{test}{kind}DATABASE_URL"]

    def parts(self, which):
        url = urlsplit(self.url(which))
        query = parse_qs(url.query)
        return {"user": url.username, "dbname": url.path[1:], "host": query["host"][0], "port": query["port"][0],
                "session": session_options()}

    def fill(self, which, rows, script="rows.sql", **more):
        variables = [word for name, value in {"rows": rows, **more}.items() for word in ("-v", f"{name}={value}")]
        done = subprocess.run(
            ["psql", "-X", "-q", *variables, "-d", self.psql_url(self.parts(which)["dbname"]), "-f", str(HERE / script)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def keep_documents(self, which):
        """A rendered document counts for ten minutes, which a run outlasts: peers and pgbench would find none."""
        self.sql(self.product, "UPDATE property_documents SET rendered_at = now() + interval '1 day' WHERE version > 0",
                 database=self.parts(which)["dbname"])

    def row_of_page_end(self, which):
        """Sort key and id of the last row before page PAGES_SKIPPED + 1 of the newest-first list."""
        return self.sql(self.product, f"SELECT published_at, id FROM properties WHERE status = 'active' ORDER BY published_at DESC,"
                        f" id DESC OFFSET {PAGES_SKIPPED * LIST_ROWS - 1} LIMIT 1", database=self.parts(which)["dbname"])[0]


def statement(name):
    """Text of an embedded statement, without its comment."""
    lines = next(SQL.glob(f"*/sql/{name}.sql")).read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("--"))


KEEP = " \\gset"  # the columns of the one row are variables afterwards


def bind(name, values, before="", prefix="p", end=";"):
    """(script, variables) for pgbench. values: what $1, $2, ... are; ":x" is a variable that `before` or KEEP has set. pgbench
    cannot bind NULL, so that one is written out; everything else is bound as the product binds it. prefix: of the names,
    which differ between statements of one script."""
    script, variables = statement(name), {}
    for number, value in reversed(list(enumerate(values, 1))):
        bound = "NULL" if value is None else value if str(value).startswith(":") else f":{prefix}{number}"
        script = script.replace(f"${number}", bound)
        if bound == f":{prefix}{number}":
            variables[f"{prefix}{number}"] = value
    return f"{before}{script}{end}\n", variables
