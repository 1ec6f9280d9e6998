"""The docs pages in a real browser: they show the routes, without an error and without asking any other host."""

import json
import subprocess
from urllib.parse import urlparse

from harness.services import ROOT


def test_both_pages_show_the_routes(app):
    base = f"http://127.0.0.1:{app.port}"
    done = subprocess.run(["node", "tests/browser.mjs", f"{base}/docs", f"{base}/redoc"], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    pages = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(pages) == 2
    for page in pages:
        assert page["status"] == 200
        assert page["problems"] == [], page["url"]
        hosts = {urlparse(url).netloc for url in page["requests"] if not url.startswith(("data:", "blob:"))}
        assert hosts == {f"127.0.0.1:{app.port}"}, page["url"]
        for route in ("/api/v1/users/me", "/api/v1/properties", "/api/v1/webhooks/clerk", "/health"):
            assert route in page["text"], (page["url"], route)


def test_assets_are_compressed_and_cacheable(app):
    for path, kind in (("/docs/swagger-ui-bundle.js", "text/javascript"), ("/docs/swagger-ui.css", "text/css"),
                       ("/docs/favicon-32x32.png", "image/png"), ("/redoc/redoc.standalone.js", "text/javascript")):
        reply = app.get(path)
        assert reply.status == 200 and reply.headers["content-type"].startswith(kind)
        assert reply.headers["content-encoding"] == "gzip" and "max-age" in reply.headers["cache-control"]
        assert app.get(path, headers={"If-None-Match": reply.headers["etag"]}).status == 304
    assert app.get("/docs/../etc/passwd").status == 404
    assert app.get("/docs/secret.js").status == 404
