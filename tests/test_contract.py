"""The API document: what we promise, as a file that shows every change, and held against the running program."""

import json
import subprocess

from conftest import PRODUCTS
from harness.services import ROOT, bin_dir

GOLDEN = ROOT / "tests/golden"


def document(product):
    done = subprocess.run([str(bin_dir() / f"{product}-api"), "openapi"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def test_the_document_is_the_golden_one(product):
    """After a wanted change: build/dev/bin/PRODUCT-api openapi | python3 -m json.tool > tests/golden/PRODUCT.openapi.json"""
    assert document(product) == json.loads((GOLDEN / f"{product}.openapi.json").read_text())


def test_the_linter_finds_no_error(product, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document(product)))
    done = subprocess.run(["node_modules/.bin/spectral", "lint", "--fail-severity=error", "--ruleset", "tests/spectral.yaml", str(file)],
                          cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_post_may_be_repeated_with_its_key(product):
    """But Clerk's events, which have names of their own."""
    without = [path for path, item in document(product)["paths"].items() if "post" in item
               and not any(parameter["name"] == "Idempotency-Key" for parameter in item["post"].get("parameters", []))]
    assert without == ["/api/v1/webhooks/clerk"]


def is_optional(operation):
    return bool({"Stays", "Bookings", "Investments"} & set(operation["tags"]))


def test_both_products_serve_the_same_paths():
    """But for what one of them has switched off."""
    paths = [{(path, method) for path, item in document(product)["paths"].items() for method in item
              if not is_optional(item[method])} for product in PRODUCTS]
    shared = paths[0] & paths[1]
    assert len(shared) > 15 and all(these == shared for these in paths)


def test_no_path_names_a_product():
    for product in PRODUCTS:
        assert not any(name in path for path in document(product)["paths"] for name in PRODUCTS)


def test_the_server_shows_the_document(app, product):
    reply = app.get("/openapi.json")
    assert reply.status == 200 and reply.headers["etag"]
    assert reply.json["paths"] == document(product)["paths"]
    assert reply.json["info"]["title"].endswith(" API") and reply.json["info"]["version"] == "1.0.0"
    assert app.get("/openapi.json", headers={"If-None-Match": reply.headers["etag"]}).status == 304


def test_every_promised_route_answers(app, product):
    """With an example of each path parameter: never 404 for want of a route, never 405, never 5xx."""
    examples = {"{id}": "999999999", "{locale}": "en", "{asset}": "no-such-file", "{block_id}": "999999999"}
    for path, item in document(product)["paths"].items():
        for method in item:
            real = path
            for name, value in examples.items():
                real = real.replace(name, value)
            reply = app.request(method.upper(), real, body="{}" if method in ("post", "put", "patch") else None)
            assert reply.status < 500 and reply.status != 405, (method, path, reply.status)
            if reply.status >= 400:
                error = reply.error
                assert {"code", "message", "product", "timestamp", "path", "request_id"} <= set(error), path
                assert error["product"] == product and error["path"] == real


def test_protected_routes_refuse_guests(app, product):
    checked = 0
    for path, item in document(product)["paths"].items():
        for method, operation in item.items():
            if operation.get("security"):
                real = path.replace("{id}", "1").replace("{locale}", "en")
                reply = app.request(method.upper(), real, body="{}" if method in ("post", "put", "patch") else None)
                assert reply.status == 401, (method, path)
                checked += 1
    assert checked >= 10


def test_docs_can_be_switched_off(start):
    one = start(DOCS_ENABLED="false")
    for path in ("/docs", "/redoc", "/openapi.json"):
        reply = one.get(path)
        assert reply.status == 404 and reply.error["code"] == "NOT_FOUND"


def test_a_feature_can_be_switched_off(start):
    one = start(SEARCH_ENABLED="false")
    reply = one.get("/api/v1/properties/facets")
    assert reply.status == 404 and reply.error["code"] == "FEATURE_DISABLED"
    assert "/api/v1/properties/facets" not in one.get("/openapi.json").json["paths"]
