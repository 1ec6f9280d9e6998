"""What one product is told is found there, and nowhere in the other: replies, Redis, database and logs."""

import subprocess
import uuid
from urllib.parse import urlencode

import pytest

from conftest import other_product
from harness import faq
from harness.app import App
from harness.brand import KNOWN, PRODUCTS
from harness.faq import until

LIST, FAQ = "/api/v1/properties", "/api/v1/faq"
MODES = ("hybrid", "vector", "keyword")
KINDS = ("listing", "entry", "question")
READ_ALL = """
    local held = {}
    for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
        local read = {string = {'GET', key}, hash = {'HGETALL', key}, list = {'LRANGE', key, 0, -1}, set = {'SMEMBERS', key},
                      zset = {'ZRANGE', key, 0, -1}}
        held[#held + 1] = {key, redis.call(unpack(read[redis.call('TYPE', key).ok]))}
    end
    return held"""
VECTORS = "SELECT (SELECT count(*) FROM property_embeddings), (SELECT count(*) FROM faq_embeddings)"


def canary():
    return "canary" + uuid.uuid4().hex[:10].translate(str.maketrans("0123456789", "ghijklmnop"))


def found(app, path, **query):
    reply = app.get(f"{path}?{urlencode(query)}")
    assert reply.status == 200, reply.body
    return reply


def listings(app, text, mode):
    return [item["id"] for item in found(app, f"{LIST}/search", q=text, mode=mode, limit=50).json["data"]]


def answers(app, text, mode="hybrid"):
    return [item["id"] for item in found(app, f"{FAQ}/search", query=text, mode=mode, limit=20).json["data"]]


def whole_list(app, path):
    """All pages of it, as they came."""
    pages, cursor = [], {}
    while True:
        page = found(app, path, limit=100, **cursor)
        pages.append(page.body.decode())
        if not page.json["has_more"]:
            return "".join(pages)
        cursor = {"cursor": page.json["next_cursor"]}


class Planted:
    """A listing, an entry with a vote and an unanswered question of `app`. Each has two words of its own: the other product is
    asked about `asked`, and is never told `hidden`."""

    def __init__(self, app, other):
        self.app, self.other = app, other
        self.hidden, self.asked = ({kind: canary() for kind in KINDS} for _ in range(2))
        agent, self.admin = app.token_of("agent"), app.token_of("admin")
        self.listing = self._make_listing(agent, f"{self.hidden['listing']} {self.asked['listing']}")
        words = f"{self.hidden['entry']} {self.asked['entry']}"
        self.category = faq.category(app, self.admin)["id"]
        self.entry = faq.entry(app, self.admin, self.category, question=f"What is a {words} good for?", answer=f"The {words} sings.")["id"]
        self.gap = f"{self.hidden['question']} {self.asked['question']}"

    def _make_listing(self, agent, words):
        draft = {"title": f"House called {words}", "description": f"The garden is called {words}, too.", "listing_type": "sale",
                 "property_type": "villa", "price": {"amount_minor": 5, "currency": "THB", "period": "total"},
                 "location": {"lat": 7.891234, "lng": 98.301234, "approximate": True}}
        made = self.app.post(LIST, draft, token=agent)
        assert made.status == 201, made.body
        path = f"{LIST}/{made.json['id']}"
        assert self.app.put(f"{path}/images", {"images": [{"url": "https://images.example/a.jpg"}]}, token=agent).status == 200
        assert self.app.patch(path, {"status": "active"}, token=agent).status == 200
        return made.json["id"]

    def use(self):
        """Everything is searched, voted on and kept where it belongs."""
        faq.embedded(self.app, self.admin, self.entry)
        for word in (self.hidden["listing"], self.asked["listing"]):
            until(lambda word=word: listings(self.app, f"House called {word}", "vector")[:1] == [self.listing])
        until(lambda: self.entry in answers(self.app, self.hidden["entry"]))
        vote = {"helpful": True, "session_id": uuid.uuid4().hex}
        assert self.app.post(f"{FAQ}/{self.entry}/feedback", vote).status == 204
        assert answers(self.app, self.gap) == []
        until(lambda: self.sql("SELECT id FROM faq_gaps WHERE sample_question = '" + self.gap + "'"))

    def sql(self, statement):
        return self.app.services.sql(self.app.product, statement)

    def remove(self):
        """Also what the other product remembers of being asked."""
        forget = "DELETE FROM faq_gaps WHERE normalised ~ '" + "|".join([*self.hidden.values(), *self.asked.values()]) + "'; "
        self.sql(f"""{forget} DELETE FROM properties WHERE id = {self.listing}; DELETE FROM faq_documents WHERE id = {self.entry};
            DELETE FROM faq_categories WHERE id = {self.category};
            UPDATE settings SET value = to_jsonb((value #>> '{{}}')::bigint + 1) WHERE key = 'faq_version'""")
        self.other.services.sql(self.other.product, forget)


@pytest.fixture(scope="module")
def programs(services):
    running = {}
    try:
        for product in PRODUCTS:
            running[product] = App(product, services)
            running[product].prepare().start()
        yield running
    finally:
        codes = {one.stop() for one in running.values()}
    assert codes == {0}


@pytest.fixture(scope="module", params=PRODUCTS)
def planted(request, programs, services):
    app, other = programs[request.param], programs[other_product(request.param)]
    until(lambda: services.sql(other.product, "SELECT id FROM jobs WHERE status NOT IN ('done', 'failed')") == [])
    before = services.sql(other.product, VECTORS)
    one = Planted(app, other)
    try:
        one.use()
        one.vectors_before = before
        yield one
    finally:
        one.remove()


def redis_of(services, product, pattern="*"):
    """Keys and values that Redis holds of a product, as one text."""
    number = services.redis_url(product).rpartition("/")[2]
    return services.redis("-n", number, "--no-raw", "EVAL", READ_ALL, "0", f"{product}:{pattern}")


def dump(services, product):
    """Every row of the product's database."""
    url = services.psql_url(f"{product}_db_test")
    done = subprocess.run(["pg_dump", "--data-only", "-d", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_found_where_it_was_told(planted):
    for mode in MODES:
        for words in (planted.hidden, planted.asked):
            assert planted.listing in listings(planted.app, f"House called {words['listing']}", mode), mode
            assert planted.entry in answers(planted.app, f"What is a {words['entry']} good for?", mode), mode
    assert planted.app.get(f"{FAQ}/{planted.entry}").json["helpful_count"] == 1
    assert planted.hidden["listing"] in whole_list(planted.app, LIST)
    assert planted.hidden["entry"] in whole_list(planted.app, FAQ)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_search_of_the_other_returns_it(planted, mode, kind):
    word = planted.asked[kind]
    for path, query in ((f"{LIST}/search", {"q": f"House called {word}", "limit": 50}), (f"{FAQ}/search", {"query": word, "limit": 20})):
        body = found(planted.other, path, mode=mode, **query).body.decode()
        assert all(one not in body for one in (*planted.hidden.values(), *planted.asked.values())), path


def test_no_list_of_the_other_returns_it(planted):
    own = planted.other.get(f"{LIST}?limit=1").json["data"][0]["id"]
    bodies = [whole_list(planted.other, LIST), whole_list(planted.other, FAQ)]
    similar = planted.other.get(f"{LIST}/{own}/similar")
    assert similar.status == 200 and similar.json["data"]
    for body in (*bodies, similar.body.decode()):
        assert all(one not in body for one in (*planted.hidden.values(), *planted.asked.values()))
    for path in (f"{LIST}/{planted.listing}", f"{LIST}/{planted.listing}/similar", f"{FAQ}/{planted.entry}"):
        assert all(one not in planted.other.get(path).body.decode() for one in planted.hidden.values()), path


def test_redis_holds_it_for_nobody_else(planted, services):
    own_question = KNOWN[planted.other.product]["faq"][0]["question"]
    for app, text in ((planted.other, own_question), (planted.app, planted.hidden["entry"])):
        assert answers(app, text)
        until(lambda app=app, text=text: text in redis_of(services, app.product, "faq:q:*"))  # written soon after the reply
    assert own_question not in redis_of(services, planted.app.product)
    held = redis_of(services, planted.other.product).lower()
    assert all(word not in held for word in planted.hidden.values())


def test_the_database_of_the_other_holds_it_nowhere(planted, services):
    mine, others = dump(services, planted.app.product), dump(services, planted.other.product)
    for kind, word in planted.hidden.items():
        assert word in mine, kind
        assert word not in others, kind
    assert services.sql(planted.other.product, VECTORS) == planted.vectors_before


def test_no_log_holds_what_was_only_asked(planted):
    for word in (planted.hidden["question"], planted.asked["question"]):
        found(planted.app, f"{LIST}/search", q=f"House called {word}")
    found(planted.other, f"{FAQ}/search", query=planted.asked["question"])
    found(planted.other, f"{LIST}/search", q=planted.asked["question"])
    for one in (planted.app, planted.other):
        until(lambda one=one: one.log_lines("faq_search"))
        text = one.log_text().lower()
        assert all(word not in text for word in (planted.hidden["question"], planted.asked["question"]))
    text = planted.other.log_text().lower()
    assert all(word not in text for word in planted.hidden.values())
