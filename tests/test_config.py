"""Every setting: missing, empty, malformed, from files, hidden. The list of settings is the program's own, so that a new one
without a case here fails."""

import re
import subprocess

import pytest

from conftest import PRODUCTS, other_product
from harness.app import WEBHOOK_SECRET, App
from harness.services import ROOT, bin_dir
from harness.tokens import Issuer
from test_ops_isolation import OWN_VALUES

EX_CONFIG = 78
CANARY = "c4n4ryV4lue"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| ([^|]*?) \| ([^|]*?) \| (.*?) \|$")
one_product = pytest.mark.parametrize("product", PRODUCTS[:1], indirect=True)


@pytest.fixture(scope="module")
def issuer():
    return Issuer("clerkhost")


@pytest.fixture(scope="module")
def base(issuer):
    """The least that development needs."""
    return {"DATABASE_URL": "postgresql://someone:word@db.test:5432/somewhere", "CLERK_PUBLISHABLE_KEY": issuer.publishable_key,
            "CLERK_JWT_KEY": issuer.public_pem()}


@pytest.fixture(scope="module")
def production(issuer):
    return {"ENVIRONMENT": "production", "DATABASE_URL": "postgresql://someone:word@db.test:5432/somewhere", "FRONTEND_URL": "https://front.test",
            "CLERK_PUBLISHABLE_KEY": issuer.publishable_key.replace("pk_test_", "pk_live_"), "CLERK_SECRET_KEY": "sk_live_0123456789abcdef",
            "CLERK_WEBHOOK_SECRET": WEBHOOK_SECRET}


class Run:
    def __init__(self, product, settings, *arguments, file=None):
        words = [str(bin_dir() / f"{product}-api"), *(arguments or ("check-config",)), *(("--env-file", str(file)) if file else ())]
        done = subprocess.run(words, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
        self.code, self.out = done.returncode, done.stdout.decode()
        self.problems = [line for line in done.stderr.decode(errors="replace").splitlines() if not line.startswith("warning: ")]
        self.warnings = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("warning: ")]

    @property
    def values(self):
        return dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", self.out, re.MULTILINE))

    def assert_problem(self, name, *words):
        """One clear line: which setting, what is wrong, and nothing of its value."""
        assert self.code == EX_CONFIG, (name, self.code, self.problems)
        assert len(self.problems) == 1 and self.problems[0].startswith(f"{name}: "), (name, self.problems)
        assert len(self.problems[0]) > len(name) + 10 and CANARY not in self.problems[0] and self.out == ""
        assert all(word in self.problems[0] for word in words), (words, self.problems)

    def assert_good(self):
        assert (self.code, self.problems, self.warnings) == (0, [], [])
        return self


def settings_of(product, base):
    """{name: (type, default)} as the program tells."""
    table = Run(product, base, "check-config", "--markdown").out
    rows = [ROW.match(line) for line in table.splitlines() if line.startswith("| `")]
    return {row[1]: (row[2], row[3]) for row in rows}


# Beside what follows from the type: values that must be refused (all with CANARY where a value could be shown), and
# others that must be taken.
BAD = {
    "ENVIRONMENT": ["Development", "prod", "test"], "LOG_LEVEL": ["INFO", "trace", "verbose"],
    "APP_NAME": ["", "x" * 81], "PRODUCT_ID": [CANARY, "", "BESTAYS", "bestays-api"],
    "BASE_CURRENCY": ["", "baht", "thb", "TH", "THBX"], "SUPPORTED_CURRENCIES": ["THB,usd", "THB,,USD", ",", "THB;USD"],
    "DEFAULT_LOCALE": ["", "de", "EN", "e", "english-language"], "SUPPORTED_LOCALES": ["en,,th", "en,T", "en;th"],
    "BIND_ADDR": ["", "localhost", CANARY, "256.0.0.1", "0.0.0.0:80", "[::]", "*", "1"],
    "API_V1_PREFIX": ["", "/", "api/v1", "/api/v1/", "//api", "/api//v1", "/api/{id}", "/a;b", "/a b", "/a?b", "/a#b", "/\u00e4", "/..", "/a/../b", "/./a", "/%61",
                      "/x" * 20],
    "FRONTEND_URL": ["front.test", "ftp://front.test", "https://", "https://front.test/", "https://front.test/x", f"https://me:{CANARY}@front.test", "*", "https://*.front.test", "null",
                     "https://a.test,", "https://a.test,,https://b.test", "https://a.test https://b.test", "https://front.test?x", "https://front.test#x", "https://Front.test",
                     "HTTPS://front.test", "https://front.test:443", "http://front.test:80", "https://front.test:port", "https://front.test:", "https://front test"],
    "METRICS_TOKEN": [f"two {CANARY}", f"{CANARY}\t", f"\u00e9{CANARY}", "short"],
    "DATABASE_URL": [f"mysql://u:{CANARY}@h/d", f"postgresql+psycopg://u:{CANARY}@h/d", f"http://u:{CANARY}@h/d", CANARY, f"postgresql:/u:{CANARY}@h/d", "", f" postgresql://u:{CANARY}@h/d",
                     f"postgresql://u:{CANARY}@h/d?no_such_option=1", f"postgresql://u:{CANARY}%zz@h/d", f"host=h password={CANARY}", f"sqlite:///{CANARY}", f"POSTGRESQL://u:{CANARY}@h/d"],
    "REDIS_URL": [f"rediss://u:{CANARY}@h:6379/0", f"http://{CANARY}", f"redis://u:{CANARY}@h:0/0", f"redis://u:{CANARY}@h:port/0", f"redis://u:{CANARY}@h/x", f"redis://{CANARY}@h", "redis://",
                  f"redis://u:{CANARY}@h?ssl=1", "unix://relative/path", f"redis://u:{CANARY}%zz@h", CANARY],
    "REDIS_KEY_PREFIX": ["", ":", "x", "prefix", "pre:fix", "x" * 64 + ":"],
    "CLERK_SECRET_KEY": [CANARY, f"pk_test_{CANARY}", f"sk_{CANARY}", f"SK_TEST_{CANARY}", f" sk_test_{CANARY}"],
    "CLERK_PUBLISHABLE_KEY": ["", CANARY, f"sk_test_{CANARY}", "pk_test_", "pk_test_!!!", "pk_live", "pk_test_" + "QQ" * 300, "pk_test_aG9zdA==", "pk_test_ZXZpbC50ZXN0L3gk",
                              "pk_test_bG9jYWxob3N0JA=="],
    "CLERK_WEBHOOK_SECRET": [CANARY, f"whsec{CANARY}", "whsec_", "whsec_!!!", f"WHSEC_{CANARY}", f" whsec_{CANARY}"],
    "CLERK_JWT_KEY": [CANARY, f"-----BEGIN PUBLIC KEY-----\n{CANARY}\n-----END PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY-----", " "],
    "CLERK_DEV_PRIVATE_KEY": [CANARY, f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n"],
    "CLERK_JWKS_URL": [CANARY, f"ftp://{CANARY}.test", "https://", f"//{CANARY}", f"https://a b/{CANARY}", f"HTTPS:{CANARY}"],
    "CLERK_API_URL": ["", CANARY, f"ftp://{CANARY}.test", "http://", f"file:///{CANARY}"],
    "ADMIN_EMAILS": [CANARY, f"a@b.test,{CANARY}", "a@b.test,,c@d.test", f"@{CANARY}", f"{CANARY}@", f"a@b@{CANARY}", f"a b@{CANARY}", "a@b.test;c@d.test"],
    "EMBEDDINGS_PROVIDER": ["Local", "none", "openai,local"], "SEARCH_FUSION": ["RRF", "sum"], "EMBEDDING_MODEL": ["", "m" * 101], "EMBEDDING_BASE_URL": [], "OPENAI_API_KEY": [],
    "LLM_PROVIDER": ["OpenAI", "none", "openai,local"], "LLM_BASE_URL": [], "LLM_API_KEY": [], "CHAT_MODEL": ["m" * 101], "CHAT_MODEL_SEARCH": ["m" * 101], "CHAT_MODEL_FALLBACK": ["m" * 101],
    "CHAT_TOOLS_ENABLED": [f"faq rag,{CANARY}", "faq_rag,,property_search", f"Faq-{CANARY}", "a" * 65, ",".join("a" * 17)],
    "ADMIN_CLERK_IDS": [f"{CANARY}@b.test", f"user 1,{CANARY}", "user_1,,user_2", f"user/{CANARY}", "u" * 65],
}
GOOD = {
    "ENVIRONMENT": ["development"], "LOG_LEVEL": ["debug", "error"], "APP_NAME": ["x", "\u0e1a\u0e49\u0e32\u0e19", "x" * 80], "BASE_CURRENCY": ["USD"],
    "SUPPORTED_CURRENCIES": ["EUR", "THB, USD ,EUR"], "DEFAULT_LOCALE": ["th"], "SUPPORTED_LOCALES": ["en", "th, en", "en,pt-BR"], "BIND_ADDR": ["127.0.0.1", "::", "::1", "0.0.0.0"],
    "API_V1_PREFIX": ["/api", "/x/api/v1", "/API_v1.0~x"], "FRONTEND_URL": ["http://localhost:5273", "https://a.test,https://b.test:8443", " https://a.test , https://b.test ", ""],
    "METRICS_TOKEN": ["", "01234567", "!~" * 20],
    "DATABASE_URL": ["postgres://u:p@h/d", "postgresql://u@h:5433/d?sslmode=require", "postgresql+asyncpg://u:p@h/d", "postgresql:///d?host=/run/pg", "postgresql://u:p%40@[::1]:1/d"],
    "MIGRATE_DATABASE_URL": ["", "postgresql+asyncpg://u:p@h/d"], "DATABASE_READ_URL": ["", "postgresql://u@h:5433/d?sslmode=require"],
    "REDIS_URL": ["", "redis://h", "redis://h:1/15", "redis://:p@h/0", "redis://u:p@h:6379/2", "unix:///run/redis.sock?db=3", "redis://[::1]:6379"],
    "REDIS_KEY_PREFIX": ["PRODUCT:", "PRODUCT-staging:", "PRODUCT:b:"], "CLERK_SECRET_KEY": ["", "sk_test_abc"], "CLERK_WEBHOOK_SECRET": ["", WEBHOOK_SECRET], "CLERK_JWKS_URL": ["", "http://127.0.0.1:1/x", "https://h.test/.well-known/jwks.json"],
    "CLERK_API_URL": ["http://127.0.0.1:1", "https://api.clerk.com/v1"], "ADMIN_EMAILS": ["", "a@b.test", " A@b.test , c.d+e@f.test "], "ADMIN_CLERK_IDS": ["", "user_1,user_2", "user-A_9 , x"],
    "EMBEDDINGS_PROVIDER": ["local"], "SEARCH_FUSION": ["convex", "rrf"], "EMBEDDING_MODEL": ["m", "text-embedding-3-large"], "EMBEDDING_BASE_URL": ["http://127.0.0.1:1/v1"], "OPENAI_API_KEY": ["", "sk-abc"],
    "LLM_PROVIDER": ["local"], "LLM_BASE_URL": ["http://127.0.0.1:1/v1", ""], "LLM_API_KEY": ["", "sk-abc"], "CHAT_MODEL": ["", "vendor/model-1.5:free"], "CHAT_MODEL_SEARCH": ["", "m" * 100],
    "CHAT_MODEL_FALLBACK": ["", "m"], "CHAT_TOOLS_ENABLED": ["", "faq_rag", "faq_rag, property_search"],
    "CLERK_DEV_PRIVATE_KEY": [""], "CLERK_PUBLISHABLE_KEY": [], "CLERK_JWT_KEY": [], "PRODUCT_ID": [],
}
BAD["DATABASE_READ_URL"] = BAD["MIGRATE_DATABASE_URL"] = [value for value in BAD["DATABASE_URL"] if value]


def by_type(kind):
    """(bad, good) values that follow from the documented type."""
    if kind.startswith("integer "):
        low, high = (int(number) for number in kind.removeprefix("integer ").split(".."))
        return ([str(low - 1), str(high + 1), "x", "1.5", "0x10", "+1", " 1", "1 ", "1e3", "--1", str(2**63), str(2**64 + 1), "1_0", "\u0661"], [str(low), str(high), ""])
    if kind.startswith("number "):
        low, high = (int(number) for number in kind.removeprefix("number ").split(".."))
        return [str(low - 1), str(high + 0.5), "x", "1,5", "nan", "inf", "-inf", "0x1", " 1", "1 ", "1e999", "--1", "\u0661"], [str(high), "0.5", ""]
    if kind == "true or false":
        return ["maybe", "2", " true", "truefalse", "nil"], ["true", "false", ""]
    return ["\udcff\udcfe", f"{CANARY}\udc80"], []


def test_every_setting_has_cases(product, base):
    known = settings_of(product, base)
    assert len(known) >= 45
    plain = {name for name, (kind, _) in known.items() if kind == "true or false" or kind.startswith(("integer ", "number "))}
    assert set(BAD) == set(GOOD) == set(known) - plain


def rounds(lists):
    """Each value of each list at least once, as few settings together as that takes."""
    for n in range(max(len(values) for values in lists.values())):
        yield {name: values[n % len(values)] for name, values in lists.items() if values}


def test_every_malformed_value_is_one_clear_line(product, base):
    """All settings are wrong at once, in every round in another way: each is named in exactly one line."""
    lists = {name: by_type(kind)[0] + BAD.get(name, []) for name, (kind, _) in settings_of(product, base).items()}
    assert sum(len(values) for values in lists.values()) > 350
    for wrong in rounds(lists):
        run = Run(product, wrong)
        assert run.code == EX_CONFIG and run.out == "" and CANARY not in "".join(run.problems)
        named = [line.split(": ")[0] for line in run.problems]
        assert len(named) == len(set(named)) and all(len(line) > len(name) + 10 for line, name in zip(run.problems, named)), run.problems
        assert set(named) == set(wrong), {name: wrong[name] for name in set(named) ^ set(wrong)}


def test_one_malformed_value_is_the_only_line(product, base):
    for name, (kind, _) in settings_of(product, base).items():
        Run(product, {**base, name: (BAD.get(name, []) + by_type(kind)[0])[0]}).assert_problem(name)


def test_every_good_value_is_taken(product, base):
    lists = {name: by_type(kind)[1] + [value.replace("PRODUCT", product) for value in GOOD.get(name, [])]
             for name, (kind, _) in settings_of(product, base).items()}
    locales = {name: lists.pop(name) for name in ("DEFAULT_LOCALE", "SUPPORTED_LOCALES")}  # these two depend on each other
    for good in (*rounds(lists), *({name: value} for name, values in locales.items() for value in values)):
        assert set(Run(product, {**base, **good}).assert_good().values) >= set(good)


def test_defaults_are_what_the_table_says(product, base):
    values = Run(product, base).assert_good().values
    known = settings_of(product, base)
    assert set(values) == set(known)
    for name, (kind, default) in known.items():
        if name not in base and kind != "secret":
            assert values[name] == default.strip("`"), name
    assert values["PRODUCT_ID"] == product and values["REDIS_KEY_PREFIX"] == f"{product}:"


# ---- what is required, where ----

def test_nothing_at_all_names_all_that_is_required(product):
    run = Run(product, {})
    assert run.code == EX_CONFIG
    assert [line.split(":")[0] for line in run.problems] == ["DATABASE_URL", "CLERK_PUBLISHABLE_KEY", "CLERK_SECRET_KEY"]
    strict = Run(product, {"ENVIRONMENT": "production"})
    assert {line.split(":")[0] for line in strict.problems} == {"DATABASE_URL", "CLERK_PUBLISHABLE_KEY", "CLERK_SECRET_KEY", "FRONTEND_URL", "CLERK_WEBHOOK_SECRET"}
    assert len(strict.problems) == 5


@pytest.mark.parametrize("verb", [("serve",), ("migrate",), ("seed",), ("user", "set-role", "--clerk-id", "x", "--role", "admin"), ("dev-token",)])
def test_no_command_starts_with_a_bad_setting(product, base, verb):
    Run(product, {**base, "PORT": "0"}, *verb).assert_problem("PORT", "Port to listen on")


STRICT = {
    "FRONTEND_URL": ["", None], "CLERK_SECRET_KEY": ["", None, f"sk_test_{CANARY}", "sk_live_replace_me", "sk_live_xxxxxxxx", "sk_live_example"], "CLERK_WEBHOOK_SECRET": ["", None, "whsec_changeme"],
    "CLERK_DEV_PRIVATE_KEY": ["issuer"], "CLERK_PUBLISHABLE_KEY": ["", None], "DATABASE_URL": ["", None, "postgresql://u:replace-me@h/d", "postgresql://u:changeme@h/d"],
    "METRICS_TOKEN": ["replace-me-replace-me"], "DATABASE_READ_URL": ["postgresql://u:replace-me@h/d"], "CLERK_JWKS_URL": ["http://jwks.test/x"], "CLERK_API_URL": ["http://api.test/v1"],
}


def test_production_is_strict(product, production, issuer):
    values = Run(product, production).assert_good().values
    assert (values["DOCS_ENABLED"], values["MIGRATE_ON_START"]) == ("false", "false")
    for name, wrong in STRICT.items():
        for value in wrong:
            settings = {**production, name: issuer.private_pem() if value == "issuer" else value}
            Run(product, {key: text for key, text in settings.items() if text is not None}).assert_problem(name)
    both = {**production, "CLERK_PUBLISHABLE_KEY": issuer.publishable_key, "CLERK_SECRET_KEY": "sk_test_abc"}
    Run(product, both).assert_problem("CLERK_SECRET_KEY", "live")
    Run(product, {**production, "CLERK_PUBLISHABLE_KEY": issuer.publishable_key}).assert_problem("CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY")
    Run(product, {**production, "CLERK_SECRET_KEY": "", "CLERK_JWT_KEY": issuer.public_pem()}).assert_problem("CLERK_SECRET_KEY")


def test_staging_is_strict_but_for_live_keys(product, production, issuer):
    staging = {**production, "ENVIRONMENT": "staging", "CLERK_PUBLISHABLE_KEY": issuer.publishable_key, "CLERK_SECRET_KEY": "sk_test_abc"}
    assert Run(product, staging).assert_good().values["DOCS_ENABLED"] == "true"
    for name in ("FRONTEND_URL", "CLERK_WEBHOOK_SECRET", "CLERK_SECRET_KEY"):
        Run(product, {key: value for key, value in staging.items() if key != name}).assert_problem(name)
    Run(product, {**staging, "CLERK_DEV_PRIVATE_KEY": issuer.private_pem()}).assert_problem("CLERK_DEV_PRIVATE_KEY")


def test_test_and_live_keys_do_not_mix(product, base):
    Run(product, {**base, "CLERK_SECRET_KEY": f"sk_live_{CANARY}"}).assert_problem("CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY")
    live = base["CLERK_PUBLISHABLE_KEY"].replace("pk_test_", "pk_live_")
    Run(product, {**base, "CLERK_PUBLISHABLE_KEY": live, "CLERK_SECRET_KEY": f"sk_test_{CANARY}"}).assert_problem("CLERK_SECRET_KEY", "CLERK_PUBLISHABLE_KEY")
    Run(product, {**base, "CLERK_PUBLISHABLE_KEY": live, "CLERK_SECRET_KEY": "sk_live_abc"}).assert_good()


def test_the_default_locale_is_one_of_those_supported(product, base):
    Run(product, {**base, "SUPPORTED_LOCALES": "th"}).assert_problem("DEFAULT_LOCALE", "SUPPORTED_LOCALES")
    Run(product, {**base, "SUPPORTED_LOCALES": "th", "DEFAULT_LOCALE": "th"}).assert_good()


def test_a_provider_needs_its_settings(product, base):
    asked = {**base, "EMBEDDINGS_PROVIDER": "openai", "OPENAI_API_KEY": f"sk-{CANARY}"}
    Run(product, asked).assert_good()
    Run(product, {**asked, "OPENAI_API_KEY": ""}).assert_problem("OPENAI_API_KEY", "EMBEDDINGS_PROVIDER")
    for value in (CANARY, f"ftp://{CANARY}", ""):
        Run(product, {**asked, "EMBEDDING_BASE_URL": value}).assert_problem("EMBEDDING_BASE_URL")
    asked = {**base, "LLM_PROVIDER": "openai", "LLM_API_KEY": f"sk-{CANARY}", "CHAT_MODEL": "m"}
    values = Run(product, asked).assert_good().values
    assert values["CHAT_MODEL_SEARCH"] == "m" and values["CHAT_MODEL_FALLBACK"] == ""
    Run(product, {**asked, "LLM_API_KEY": "", "OPENAI_API_KEY": f"sk-{CANARY}"}).assert_good()
    Run(product, {**asked, "LLM_API_KEY": ""}).assert_problem("OPENAI_API_KEY", "LLM_PROVIDER", "LLM_API_KEY")
    Run(product, {**asked, "CHAT_MODEL": ""}).assert_problem("CHAT_MODEL", "LLM_PROVIDER")
    for value in (CANARY, f"ftp://{CANARY}", ""):
        Run(product, {**asked, "LLM_BASE_URL": value}).assert_problem("LLM_BASE_URL")
    Run(product, {**base, "FAQ_VECTOR_WEIGHT": "0", "FAQ_KEYWORD_WEIGHT": "0"}).assert_problem("FAQ_VECTOR_WEIGHT", "FAQ_KEYWORD_WEIGHT")


def test_weak_keys_are_refused(product, base):
    """What no token could ever be verified with must not wait for the first request."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        Run(product, {**base, "CLERK_JWT_KEY": pem}).assert_problem("CLERK_JWT_KEY")


# ---- the other product's settings ----

def test_the_other_products_env_file_is_refused(product):
    other = other_product(product)
    file = ROOT / f"apps/{other}-api/{other}.env.example"
    Run(product, {}, file=file).assert_problem("PRODUCT_ID", product)
    assert Run(other, {}, file=file).code == 0


# What must be each product's own, and what tells when it is not: a program by itself before it serves, or `selftest isolation`.
TOLD_HERE = {"PRODUCT_ID", "REDIS_KEY_PREFIX"}
TOLD_BY_THE_DATABASE = {"DATABASE_URL", "MIGRATE_DATABASE_URL", "DATABASE_READ_URL"}  # tests/test_migrations.py, test_read_replica.py
TOLD_BY_COMPARISON = set(OWN_VALUES)  # tests/test_ops_isolation.py
SHAREABLE = {"OPENAI_API_KEY", "LLM_API_KEY", "METRICS_TOKEN"}  # one account, one monitoring


def test_it_is_known_of_every_secret_who_tells_that_it_is_anothers(product, base):
    known = TOLD_HERE | TOLD_BY_THE_DATABASE | TOLD_BY_COMPARISON | SHAREABLE
    assert set(secret_names(product, base)) <= known <= set(settings_of(product, base))


def test_the_other_products_value_is_refused(product, base):
    theirs = Run(other_product(product), base).assert_good().values
    for name in TOLD_HERE:
        for verb in ("check-config", "serve", "migrate"):
            Run(product, {**base, name: theirs[name]}, verb).assert_problem(name, product)


def test_the_other_products_id_stops_the_server(product, base):
    for verb in ("serve", "migrate"):
        Run(product, {**base, "PRODUCT_ID": other_product(product)}, verb).assert_problem("PRODUCT_ID", product)


# ---- env files ----

def written(tmp_path, text):
    file = tmp_path / "test.env"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


SYNTAX = {
    "plain": ("APP_NAME=Plain", "Plain"), "double": ('APP_NAME="A b"', "A b"), "single": ("APP_NAME='A b'", "A b"), "export": ("export APP_NAME=x", "x"), "lower case": ("app_name=x", "x"),
    "mixed case": ("App_Name=x", "x"), "blanks": ("  APP_NAME = x  ", "x"), "tail": ("APP_NAME=x # tail", "x"), "hash inside": ("APP_NAME=x#y", "x#y"), "quoted hash": ('APP_NAME="x # y" # z', "x # y"),
    "equals": ("APP_NAME=a=b", "a=b"), "dollar": ("APP_NAME=$HOME", "$HOME"), "CRLF": ("APP_NAME=x\r\nPORT=1\r\n", "x"), "escapes": (r'APP_NAME="a\"b\\c"', 'a"b\\c'), "raw": (r"APP_NAME='a\"b'", r"a\"b"),
    "comments": ("# one\n\n   # two\nAPP_NAME=x\n", "x"), "no newline": ("APP_NAME=x", "x"), "Thai": ("APP_NAME=\u0e1a\u0e49\u0e32\u0e19", "\u0e1a\u0e49\u0e32\u0e19"), "quote inside": ("APP_NAME=it's", "it's"),
    "unknown names": ("SOMETHING_ELSE=1\nAPP_NAME=x\nVITE_API=2", "x"), "tab": ("export\tAPP_NAME\t=\tx", "x"),
}


def test_env_files_are_read(product, base, tmp_path):
    for name, (text, value) in SYNTAX.items():
        run = Run(product, base, file=written(tmp_path, text)).assert_good()
        assert run.values["APP_NAME"] == value, name
    everything = "".join(f"export {name.lower()}='{value}'\n" for name, value in base.items())
    Run(product, {}, file=written(tmp_path, everything)).assert_good()


def test_the_real_environment_wins(product, base, tmp_path):
    file = written(tmp_path, "APP_NAME=File\nPORT=9000\n")
    values = Run(product, {**base, "APP_NAME": "Real"}, file=file).assert_good().values
    assert (values["APP_NAME"], values["PORT"]) == ("Real", "9000")
    assert Run(product, {**base, "app_name": "Lower"}, file=file).assert_good().values["APP_NAME"] == "Lower"


def test_broken_env_files_name_the_line(product, base, tmp_path):
    for text, line in (("APP_NAME", 1), ("APP_NAME=x\n=y", 2), ("\n\nAPP NAME=x", 3), ('APP_NAME="x', 1), ("PORT=1\nAPP_NAME='x\ny", 2), ('APP_NAME="x" y', 1), ("-x=1", 1)):
        run = Run(product, base, file=written(tmp_path, text))
        assert run.code == EX_CONFIG and len(run.problems) == 1 and f"line {line} " in run.problems[0], (text, run.problems)
    for file in (tmp_path / "missing.env", tmp_path, written(tmp_path, b"APP_NAME=x\0y\n"), written(tmp_path, "A=" + "x" * 70_000)):
        run = Run(product, base, file=file)
        assert run.code == EX_CONFIG and len(run.problems) == 1 and "cannot be read" in run.problems[0], run.problems


def test_near_misses_are_pointed_at(product, base, tmp_path):
    for typo, meant in (("DATABSE_URL", "DATABASE_URL"), ("REDIS_URI", "REDIS_URL"), ("FRONTEND_URLS", "FRONTEND_URL"), ("clerk_secret_kye", "CLERK_SECRET_KEY"), ("LOGLEVEL", "LOG_LEVEL")):
        for settings, file in (({**base, typo: CANARY}, None), (base, written(tmp_path, f"{typo}={CANARY}\n"))):
            run = Run(product, settings, file=file)
            assert run.code == 0 and run.warnings == [f"warning: {typo.upper()}: unknown; did you mean {meant}?"], run.warnings
    assert Run(product, {**base, "PATH": "/bin", "HOME": "/", "LANG": "C", "PWD": "/", "HOSTNAME": "x"}).assert_good()


# ---- secrets ----

def secret_names(product, base):
    return [name for name, (kind, _) in settings_of(product, base).items() if kind == "secret"]


def test_every_secret_may_come_from_a_file(product, base, issuer, tmp_path):
    values = {"DATABASE_URL": "postgresql://u:p@h/d", "MIGRATE_DATABASE_URL": "postgresql://u:p@h/d", "DATABASE_READ_URL": "postgresql://u:p@h/d", "REDIS_URL": "redis://u:p@h", "METRICS_TOKEN": "0123456789abcdef", "OPENAI_API_KEY": "sk-abc", "LLM_API_KEY": "sk-abc",
              "CLERK_SECRET_KEY": "sk_test_abc", "CLERK_WEBHOOK_SECRET": WEBHOOK_SECRET, "CLERK_JWT_KEY": issuer.public_pem(), "CLERK_DEV_PRIVATE_KEY": issuer.private_pem()}
    names = secret_names(product, base)
    assert set(names) == set(values)
    for name in names:
        file = tmp_path / name
        rest = {key: value for key, value in base.items() if key != name}
        for text in (values[name], values[name] + "\n", values[name] + "\r\n"):
            file.write_text(text, newline="")
            assert Run(product, {**rest, f"{name}_FILE": str(file)}).assert_good().values[name] == "***"
            assert Run(product, {**rest, name: "", f"{name}_FILE": str(file)}).assert_good().values[name] == "***"  # an empty line in an env file
        file.write_text("")
        run = Run(product, {**rest, f"{name}_FILE": str(file)})
        assert run.code == (EX_CONFIG if name in ("DATABASE_URL", "CLERK_JWT_KEY") else 0), name
        Run(product, {**rest, f"{name}_FILE": str(tmp_path / "missing")}).assert_problem(name, f"{name}_FILE")
        Run(product, {**base, name: values[name], f"{name}_FILE": str(tmp_path / "missing")}).assert_good()  # the value itself comes first
    for name in ("APP_NAME", "PORT", "FRONTEND_URL"):  # no secrets: no files
        assert Run(product, {**base, f"{name}_FILE": str(tmp_path / "missing")}).code == 0


def test_secrets_are_never_shown(product, issuer, tmp_path):
    canary = {"DATABASE_URL": f"postgresql://u:{CANARY}@h/d", "DATABASE_READ_URL": f"postgresql://u:{CANARY}@h/d", "MIGRATE_DATABASE_URL": f"postgresql:///d?host=/x&password={CANARY}", "REDIS_URL": f"redis://u:{CANARY}@h", "METRICS_TOKEN": CANARY * 2, "OPENAI_API_KEY": f"sk-{CANARY}", "LLM_API_KEY": f"sk-{CANARY}",
              "CLERK_SECRET_KEY": f"sk_test_{CANARY}", "CLERK_WEBHOOK_SECRET": f"whsec_{CANARY}0", "CLERK_JWT_KEY": issuer.public_pem(), "CLERK_DEV_PRIVATE_KEY": issuer.private_pem(),
              "CLERK_PUBLISHABLE_KEY": issuer.publishable_key, "CLERK_JWKS_URL": f"https://u:{CANARY}@h.test/x", "CLERK_API_URL": f"https://u:{CANARY}@h.test"}
    hidden = [CANARY, issuer.private_pem().splitlines()[3]]
    run = Run(product, canary).assert_good()
    assert not any(secret in run.out for secret in hidden) and run.values["DATABASE_URL"] == "***"
    markdown = Run(product, canary, "check-config", "--markdown")
    assert not any(secret in markdown.out for secret in hidden)
    for verb in ("serve", "migrate", "seed"):  # nothing listens there
        settings = {**canary, "DATABASE_URL": f"postgresql://u:{CANARY}@127.0.0.1:9/d", "MIGRATE_DATABASE_URL": f"postgresql://u:{CANARY}@127.0.0.1:9/d", "PORT": "x"}
        run = Run(product, settings, verb)
        assert run.code == EX_CONFIG and not any(secret in run.out + "".join(run.problems) for secret in hidden)
        if verb != "serve":
            run = Run(product, {**settings, "PORT": "9"}, verb)
            assert run.code not in (0, EX_CONFIG) and run.problems and not any(secret in run.out + "".join(run.problems) for secret in hidden)


def test_the_start_is_logged_without_passwords(product, services):
    secret = f"s3cret{CANARY}"
    one = App(product, services, DATABASE_URL=f"postgresql://{product}_user:{secret}@127.0.0.1:9/d?sslpassword={secret}", REDIS_URL=f"redis://u:{secret}@127.0.0.1:9/0", METRICS_TOKEN=secret,
              MIGRATE_ON_START="false", LOG_LEVEL="debug", CLERK_SECRET_KEY=f"sk_test_{secret}", CLERK_WEBHOOK_SECRET="")
    one.start("/health")
    one.get("/ready")
    assert one.stop() == 0
    validated = one.log_lines("config.validated")
    assert len(validated) == 1 and validated[0]["product"] == product and validated[0]["frontend"] == f"https://{product}.test"
    assert validated[0]["database"] == f"{product}_user:***@127.0.0.1:9/d"
    assert [line["level"] for line in one.log_lines("config.webhook_secret_missing")] == ["warn"]
    assert secret not in one.log_text()
    assert all(line.startswith("{") for line in one.log_text().splitlines())


def test_unknown_names_of_the_file_are_told_once_at_debug(product, services, tmp_path):
    for level, told in (("debug", 1), ("info", 0)):
        one = App(product, services, LOG_LEVEL=level, VITE_SOMETHING=CANARY, WORKERS=1)
        one.env_file = tmp_path / "serve.env"
        one.start("/health")
        assert one.stop() == 0
        lines = one.log_lines("config.name_unknown")
        assert len(lines) == told and all("VITE_SOMETHING" in line["names"] for line in lines) and CANARY not in one.log_text()


# ---- settings that change what is served ----

@one_product
def test_the_prefix_is_honoured(start):
    one = start(API_V1_PREFIX="/shop/api/v9", REDIS_URL="")
    assert one.get("/shop/api/v9/config").status == 200 and one.get("/shop/api/v9/health").status == 200 and one.get("/health").status == 200
    assert one.get("/api/v1/config").status == 404 and one.get("/shop/api/v9").status == 404
    paths = one.get("/openapi.json").json["paths"]
    assert "/shop/api/v9/users/me" in paths and not any(path.startswith("/api/v1") for path in paths)


@one_product
def test_old_driver_names_work(start, services, product):
    url = services.database_url(product).replace("postgresql://", "postgresql+asyncpg://", 1)
    one = start(DATABASE_URL=url, MIGRATE_DATABASE_URL=url.replace("postgresql", "postgresql", 1), MIGRATE_ON_START="false", REDIS_URL="")
    assert one.get("/api/v1/properties?limit=1").status == 200
    one.stop()
    assert len(one.log_lines("config.driver_ignored")) == 1


@one_product
def test_a_bad_reload_changes_nothing(start, tmp_path, product, services):
    one = App(product, services, REDIS_URL="", WORKERS=1)
    one.env_file = tmp_path / "reload.env"
    one.start()
    try:
        one.reload(FRONTEND_URL=f"https://me:{CANARY}@front.test", PORT_TYPO="1")
        one.log_wait = [one.get("/health").status for _ in range(50)]
        deadline = 200
        while not one.log_lines("config.problem_found") and deadline:
            one.get("/health")
            deadline -= 1
        assert [line["problem"].split(":")[0] for line in one.log_lines("config.problem_found")] == ["FRONTEND_URL"]
        assert one.get("/health", headers={"Origin": f"https://{product}.test"}).headers["access-control-allow-origin"] == f"https://{product}.test"
        assert CANARY not in one.log_text()
    finally:
        assert one.stop() == 0
