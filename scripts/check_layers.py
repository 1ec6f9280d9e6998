#!/usr/bin/env python3
"""Who may include whom: arrows between libs point down only, a third-party header stays in one lib, no lib knows a product."""

import re
from fnmatch import fnmatch

import check_source

DOMAIN = {"users", "properties", "bookings", "faq", "inquiries"}
LAYERS = {
    "core": set(),
    "config": {"core"},
    "net": {"config", "core"},
    "db": {"net", "config", "core"},
    "auth": {"net", "config", "core"},
    "search": {"db", "net", "config", "core"},
    "jobs": {"db", "net", "core"},
    "audit": {"db", "net", "core"},
    "investments": {"core"},
    **{lib: {"search", "jobs", "db", "net", "core"} for lib in DOMAIN},
    "chat": DOMAIN | {"search", "jobs", "db", "net", "core"},
    "http": {"auth", "net", "config", "core"},
    "tools": DOMAIN | {"investments", "chat", "search", "core"},
    "api": DOMAIN | {"investments", "http", "auth", "tools", "chat", "jobs", "audit", "core"},
}
LAYERS["svc"] = set(LAYERS)
APPS = {"svc", "api", "tools"}

THIRD_PARTY = {
    "microhttpd.h": ["libs/http/*"],
    "uv.h": ["libs/net/*"],
    "hiredis/*": ["libs/net/*"],
    "curl/*": ["libs/net/*"],
    "libpq-fe.h": ["libs/db/*"],
    "libpq-events.h": ["libs/db/*"],
    "jansson.h": ["libs/core/json.c"],
    "openssl/*": ["libs/core/crypto.c", "libs/auth/*"],
    "jwt.h": ["libs/auth/*"],
    "check.h": ["*_test.c", "libs/*/testing/*"],
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def may_include(path, included):
    """Whether a file of ours may include "included"."""
    if "/" not in included:
        return False
    folder, lib = path.split("/")[0], path.split("/")[1]
    target = included.split("/")[0]
    if folder == "libs":
        return target == lib or target in LAYERS.get(lib, set())
    if folder == "apps":
        return target == lib or target in APPS
    return True


def matches_any(text, patterns):
    return any(fnmatch(text, pattern) for pattern in patterns)


def is_third_party(included):
    return matches_any(included, THIRD_PARTY)


def check_includes(path, text):
    for match in INCLUDE.finditer(text):
        bracket, included = match.groups()
        place = f"{path}:{check_source.line_of(text, match.start())}"
        if bracket == '"' and not may_include(path, included):
            yield f'{place}: may not include "{included}"'
        for header, homes in THIRD_PARTY.items():
            if fnmatch(included, header) and not matches_any(path, homes):
                yield f"{place}: <{included}> belongs in {' '.join(homes)} only"


def check_private_headers(files):
    """A header of ours that includes a third-party one is for its own lib only."""
    includes = {path: [included for _, included in INCLUDE.findall(text)] for path, text in files}
    private = {path[len("libs/") :] for path in includes if path.endswith(".h") and any(map(is_third_party, includes[path]))}
    for path, included in includes.items():
        for header in private.intersection(included):
            if not path.startswith(f"libs/{header.split('/')[0]}/"):
                yield f'{path}: may not include "{header}", which shows a third-party header'


def product_names(root):
    """A pattern that no text fits where there are no products."""
    names = sorted(folder.name.removesuffix("-api") for folder in (root / "apps").glob("*-api"))
    return re.compile("|".join(names) or r"(?!)", re.IGNORECASE)


def check_products(root):
    names = product_names(root)
    for path, text in check_source.text_files(root / "libs"):
        for match in names.finditer(text):
            yield f"libs/{path}:{check_source.line_of(text, match.start())}: names the product {match.group()}"


def check(root):
    files = list(check_source.c_files(root))
    findings = [finding for path, text in files for finding in check_includes(path, text)]
    findings += check_private_headers(files)
    for folder in sorted((root / "libs").glob("*/")):
        if folder.is_dir() and folder.name not in LAYERS:
            findings.append(f"libs/{folder.name}: has no row in the table of {__file__.rsplit('/', 1)[-1]}")
    return findings + list(check_products(root))


if __name__ == "__main__":
    check_source.run(check)
