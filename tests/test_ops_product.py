"""scripts/new-product.sh in a copy of the checkout: one more brand that builds, passes what every product passes and answers, and
changes nothing under libs/."""

import base64
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conftest import PRODUCTS
from harness.services import ROOT

# Always the same folder: what was compiled in it before comes from the compiler's cache, where there is one.
COPY = Path("/var/tmp/new-product-copy")
NAME, TITLE = "orchid", "Orchid Stays"
COMPOSE = ("docker-compose.yml", "docker-compose.prod.yml")


def files_of(folder):
    """{path: content} of what a commit would hold."""
    listed = subprocess.run(["git", "ls-files", "-z", "-c", "-o", "--exclude-standard"], cwd=folder, stdout=subprocess.PIPE, check=True)
    paths = [path for path in listed.stdout.decode().split("\0") if path and (folder / path).is_file()]
    return {path: (folder / path).read_bytes() for path in paths}


class Copy:
    def __init__(self):
        self.folder = COPY / "checkout"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**kept, "DEV_DIR": str(COPY / "dev"), "PYTHONDONTWRITEBYTECODE": "1"}

    def make(self):
        shutil.rmtree(COPY, ignore_errors=True)
        for path, content in files_of(ROOT).items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod((ROOT / path).stat().st_mode)
        (self.folder / "node_modules").symlink_to(ROOT / "node_modules")
        subprocess.run(["git", "init", "-q"], cwd=self.folder, check=True)

    def run(self, *words, code=0, **env):
        done = subprocess.run(list(map(str, words)), cwd=self.folder, env={**self.env, **env}, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=800)
        assert done.returncode == code, done.stdout
        return done.stdout

    def services(self, verb, *words):
        """Development's servers of the copy; what they print as a dictionary."""
        said = self.run("scripts/services.sh", verb, self.env["DEV_DIR"], *words)
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def new(self, *words, code=0, **env):
        return self.run("scripts/new-product.sh", *words, code=code, **env)


@pytest.fixture(scope="module")
def copy():
    COPY.parent.mkdir(exist_ok=True)
    with open(f"{COPY}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        one = Copy()
        one.make()
        yield one
        one.services("remove")
        shutil.rmtree(COPY)


@pytest.mark.parametrize("name", ["", "ab", "Orchid", "1orchid", "orchid-stays", "orchid_stays", "../orchid", "a" * 21, "postgres", "pgvilla", "admin",
                                  "chat", "guest", PRODUCTS[0], PRODUCTS[0][:-1], f"{PRODUCTS[0]}two", "orchid; true"])
def test_a_bad_name_is_refused_and_nothing_is_made(copy, name):
    before = files_of(copy.folder)
    said = copy.new(name, code=1 if name else 64)
    assert "error: " in said or "new-product.sh NAME" in said
    assert files_of(copy.folder) == before


@pytest.mark.parametrize("words", [("--title", 'Or"chid'), ("--title", ""), ("--title", "x" * 41), ("--like", "nobody"), ("--like", "")])
def test_a_bad_option_is_refused_and_nothing_is_made(copy, words):
    before = files_of(copy.folder)
    assert "error: " in copy.new(NAME, *words, code=1)
    assert files_of(copy.folder) == before


@pytest.mark.parametrize("taken", [f"apps/{NAME}-api", f"seeds/{NAME}", f"tests/golden/{NAME}.openapi.json"])
def test_what_exists_is_not_overwritten(copy, taken):
    path = copy.folder / taken
    path.parent.mkdir(exist_ok=True)
    if path.suffix:
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "mine").write_text("mine")
    before = files_of(copy.folder)
    try:
        assert f"{taken} exists already" in copy.new(NAME, code=1)
        assert files_of(copy.folder) == before
    finally:
        path.unlink() if path.suffix else shutil.rmtree(path)


def test_a_brand_that_does_not_build_is_removed_again(copy):
    broken = copy.folder / "apps" / f"{PRODUCTS[0]}-api/main.c"
    whole = broken.read_text()
    broken.write_text("#error broken\n" + whole)
    before = files_of(copy.folder)
    try:
        said = copy.new(NAME, code=1, PRESET="nothing")
        assert "does not build" in said and "removing what was made" in said
        assert files_of(copy.folder) == before
    finally:
        broken.write_text(whole)


@pytest.fixture(scope="module")
def brand(copy):
    """The new brand, built, while the servers of the others run; and the files of the copy before."""
    copy.services("start", "--volatile")
    before = files_of(copy.folder)
    said = copy.new(NAME, "--title", TITLE)
    assert f"{TITLE} is in apps/{NAME}-api" in said and "port 8103" in said
    return before


def test_only_its_own_files_are_new(copy, brand):
    after = files_of(copy.folder)
    new = {path for path in after if path not in brand}
    single = (f"tests/golden/{NAME}.openapi.json", f"tests/search/{NAME}.json", f"docker/nginx/templates/{NAME}.conf.template")
    assert all(path.startswith((f"apps/{NAME}-api/", f"seeds/{NAME}/", f"deploy/kubernetes/{NAME}/")) or path in single for path in new)
    assert {path for path in brand if after.get(path) != brand[path]} == {"docs/config.md", ".env.example", *COMPOSE}
    assert not any(PRODUCTS[0].encode() in after[path].lower() for path in new), [path for path in new if PRODUCTS[0].encode() in after[path].lower()]


def test_its_sign_in_is_its_own(copy, brand):
    """Two products that share an issuer would take each other's tokens."""
    def key(product):
        return re.search(r"^CLERK_PUBLISHABLE_KEY=pk_live_(.*)$", (copy.folder / f"deploy/kubernetes/{product}/settings.env").read_text(), re.MULTILINE)[1]
    assert base64.b64decode(key(NAME) + "==").decode() == f"clerk.{NAME}.example$"
    assert len({key(product) for product in (*PRODUCTS, NAME)}) == len(PRODUCTS) + 1


def named(text):
    """What is said of a product, said of the new one."""
    return text.replace(PRODUCTS[0].upper(), NAME.upper()).replace(PRODUCTS[0], NAME)


@pytest.mark.parametrize("file", COMPOSE)
def test_it_has_compose_services_of_its_own(copy, brand, file):
    old, new = yaml.safe_load(brand[file]), yaml.safe_load((copy.folder / file).read_text())
    like = {name: service for name, service in old["services"].items() if PRODUCTS[0] in name}
    made = {name: service for name, service in new["services"].items() if name not in old["services"]}
    assert set(made) == {f"{NAME}-api", f"{NAME}-migrate"} == {named(name) for name in like}
    for name, service in like.items():
        one = made[named(name)]
        assert one["image"] == named(service["image"]) and one["build"]["args"] == {"PRODUCT": NAME}
        assert one["depends_on"] == {named(of): condition for of, condition in service["depends_on"].items()}
        assert one["environment"]["DATABASE_URL_FILE"] == f"/run/secrets/{NAME}/database_url"
        assert PRODUCTS[0] not in json.dumps(one).lower(), one


def test_the_other_compose_services_know_it(copy, brand):
    development, production = (yaml.safe_load((copy.folder / file).read_text())["services"] for file in COMPOSE)
    assert development[f"{NAME}-api"]["ports"] == ["127.0.0.1:8103:8000"]
    assert f"{NAME.upper()}_CLERK_PUBLISHABLE_KEY" in development["keys"]["environment"]
    assert production["nginx"]["environment"][f"{NAME.upper()}_HOST"].startswith(f"${{{NAME.upper()}_HOST:?")
    assert f"{NAME}-api" in production["nginx"]["depends_on"]
    assert f"server_name ${{{NAME.upper()}_HOST}};" in (copy.folder / f"docker/nginx/templates/{NAME}.conf.template").read_text()
    assert f"#{NAME.upper()}_FRONTEND_URL=" in (copy.folder / ".env.example").read_text()


def test_servers_that_run_know_it_at_once(copy, brand):
    urls = copy.services("env")

    def redis(*words):
        return copy.run("redis-cli", "--no-auth-warning", "-u", urls[f"{NAME.upper()}_REDIS_URL"], *words).strip()

    assert redis("SET", f"{NAME}:x", "1") == "OK" and urls[f"{NAME.upper()}_REDIS_URL"].endswith("/2")
    assert "NOPERM" in redis("SET", f"{PRODUCTS[0]}:x", "1")
    for database in (f"{NAME}_db_dev", f"{NAME}_db_test"):
        url = urls[f"{NAME.upper()}_DATABASE_URL"].replace(f"/{NAME}_db_dev?", f"/{database}?")
        assert copy.run("psql", "-X", "-A", "-t", "-d", url, "-c", "SELECT current_user") == f"{NAME}_user\n"


def test_it_passes_the_checks_of_style_and_data(copy, brand):
    copy.run("scripts/check.sh", "size", "layers", "words", "docs")
    assert f"{NAME}: " in copy.run(sys.executable, "seeds/check.py")


def test_it_passes_what_every_product_passes(copy, brand):
    """A choice of the shared suites: the brand is in all of them by its folder. They start it, migrated and seeded."""
    suites = [f"tests/test_{name}.py" for name in ("system", "contract", "settings", "users", "prompts", "faq")]
    said = copy.run(sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-k", f"{NAME} and not linter", *suites,
                    BIN_DIR=str(copy.folder / "build/dev/bin"), PYTHONPATH="tests")
    count = int(said.strip().splitlines()[-1].split()[0])
    assert " passed" in said and "failed" not in said and count > 60, said


def test_the_name_is_taken_now(copy, brand):
    assert "exists already" in copy.new(NAME, code=1)
