"""docs/frontend.md is true: its TypeScript compiles against the types of the API document, and works against the real programs."""

import json
import re
import shutil
import subprocess

import pytest

from conftest import PRODUCTS
from harness.bookings import CONTACT, day, listing
from harness.documents import snippets
from harness.services import ROOT
from test_chat import KNOWN

GUIDE = (ROOT / "docs/frontend.md").read_text()
SOURCES = ("setup", "signin", "errors", "pages", "changes", "asking")


def tsc(folder):
    return subprocess.run([str(ROOT / "node_modules/.bin/tsc"), "--skipLibCheck", "--project", str(folder)], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=300)


@pytest.fixture(scope="session")
def clients(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    subprocess.run([str(ROOT / "scripts/make_client.sh"), str(folder)], check=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def compiled(product, clients):
    """A folder with the types, the client, the snippets, and what the compiler made of them."""
    folder = clients / product
    shutil.copy(ROOT / "tests/frontend/tsconfig.json", folder)
    for name, code in snippets(GUIDE, "ts", product).items():
        (folder / name).write_text(code)
    done = tsc(folder)
    assert done.returncode == 0, done.stdout
    (folder / "js/package.json").write_text('{"type": "module"}')
    return folder


def test_every_snippet_is_a_file_and_compiles(compiled, product):
    assert GUIDE.count("```ts") == len(set().union(*(snippets(GUIDE, "ts", name) for name in PRODUCTS)))
    assert {path.stem for path in (compiled / "js").glob("*.js")} >= {*SOURCES, "client", "chat"}
    assert (compiled / "js/bookings.js").exists() == (product == "bestays")


MISTAKES = [
    'client.call("get", "/api/v1/nothing");',
    'client.call("post", "/api/v1/config");',
    'client.call("get", "/api/v1/properties", { query: { sort: "size" } });',
    'client.call("get", "/api/v1/properties", { query: { gests: 2 } });',
    'client.call("get", "/api/v1/properties/{id}");',
    'client.call("post", "/api/v1/users/me/claim");',
    'client.call("post", "/api/v1/users/me/claim", { body: { session: "x" } });',
    'client.call("get", "/api/v1/config").then((config) => config.name);',
    'client.rows("/api/v1/config").next().then(({ value }) => value!.id);',
]


def test_mistakes_do_not_compile(compiled, tmp_path):
    for path in (*compiled.glob("*.json"), *(compiled / name for name in ("api.d.ts", "client.ts"))):
        shutil.copy(path, tmp_path)
    (tmp_path / "mistakes.ts").write_text('import type { Client } from "./client.js";\nexport async function run(client: Client) {\n'
                                          + "".join(f"  await {code}\n" for code in MISTAKES) + "}\n")
    done = tsc(tmp_path)
    found = {int(line) for line in re.findall(r"^mistakes\.ts\((\d+),", done.stdout, re.MULTILINE)}
    assert found == set(range(3, 3 + len(MISTAKES))), done.stdout


def test_every_code_of_the_envelope_that_the_guide_names_exists():
    document = json.loads((ROOT / f"tests/golden/{PRODUCTS[0]}.openapi.json").read_text())
    known = set(document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"])
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", GUIDE)) - {"FRONTEND_URL"}
    assert len(named) >= 8 and named <= known, named - known


def test_the_snippets_work(compiled, app, product, services, agent, user):
    question, words = KNOWN[product]
    house = listing(app, services, agent) if product == "bestays" else None
    stay = {"property_id": house, "check_in": day(40), "check_out": day(43), "guests": 2, "contact": CONTACT}
    settings = {"folder": str(compiled / "js"), "baseUrl": f"http://127.0.0.1:{app.port}", "token": agent, "otherToken": user,
                "question": question, "stay": stay if house else None, "cuts": [[0, 40], [600]]}
    done = subprocess.run(["node", str(ROOT / "tests/frontend/live.mjs"), json.dumps(settings)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["start"]["hasChat"] is True and told["start"]["key"] == app.issuer.publishable_key
    assert told["guest"] is None and told["agent"] == "agent"
    assert told["badInquiry"] == ["email"] and told["inquiry"] == {"sent": True}
    assert len(told["page"]["titles"]) == 3 and told["page"]["next"] and told["page"]["total"] > 3
    assert len(set(told["rows"])) == 5
    assert told["renamed"] == "New name" and told["conflict"] == "PRECONDITION_FAILED"
    assert words in told["answer"]["content"] and told["answer"]["shown"] == told["answer"]["content"]
    asked, resumed = "post /api/v1/llm/chat", "get /api/v1/llm/conversations/{id}/stream"
    assert [shaky["paths"] for shaky in told["shaky"]] == [[asked] * 3, [asked, resumed]], "before the first event, and after it"
    for shaky in told["shaky"]:
        assert shaky["names"].count("done") == 1 and shaky["names"][-1] == "done" and shaky["content"] == told["answer"]["content"]
        assert told["answer"]["content"].startswith(shaky["text"]), "what was written during a break comes with the end"
    assert "start" in told["shaky"][1]["names"]
    assert told["conversations"] == 3 and told["claimed"] == 3, "each question was asked once"
    if house:
        assert told["held"] == ["hold", True, None]

