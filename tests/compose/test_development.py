"""docker-compose.yml with nothing in .env: both products answer, signed in or not, and neither sees the other."""

import pytest
from harness.brand import KNOWN, PRODUCTS
from harness.chat import CONVERSATIONS, ask, new_session, stream, text_of
from harness.compose import Compose, Site, docker
from harness.faq import search
from harness.waiting import until

PORTS = {product: 8101 + number for number, product in enumerate(PRODUCTS)}
SERVERS = ("postgres", "redis", *(f"{product}-api" for product in PRODUCTS))


@pytest.fixture(scope="module")
def up():
    with Compose("docker-compose.yml").up(*SERVERS) as running:
        yield running


@pytest.fixture
def app(up, product):
    return Site(product, PORTS[product])


@pytest.fixture
def user(up, product):
    return up.execute(f"{product}-api", "api", "dev-token", "--role", "user").strip()


def test_its_health_is_told_by_the_program_itself(up, product):
    container, = up.containers(f"{product}-api")
    assert docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", container).strip() == '["CMD","api","healthcheck"]'
    assert up.execute(f"{product}-api", "api", "healthcheck") == ""


def test_seeded_listings_and_answers(app, product):
    listings = app.get("/api/v1/properties?limit=5&count=exact").json
    assert len(listings["data"]) == 5 and listings["total"] > 50
    known = KNOWN[product]["faq"][0]
    assert known["answer"] in search(app, known["question"])[0]["answer"]


def test_the_chat_answers_and_streams(app, product):
    question, words = KNOWN[product]["faq"][0]["question"], KNOWN[product]["words"]
    assert words in ask(app, question)["message"]["content"]
    with stream(app, question) as answer:
        heard = answer.all()
    assert heard[-1].name == "done" and words in text_of(heard)


def test_who_signs_in_is_known(app, user, product):
    me = app.get("/api/v1/users/me", token=user)
    assert me.status == 200 and me.json["role"] == "user"
    session = new_session()
    ask(app, KNOWN[product]["faq"][0]["question"], session=session, token=user)
    assert app.get(CONVERSATIONS, token=user).json["data"]


def test_a_token_of_the_other_product_is_refused(up, app, product):
    other = next(name for name in PRODUCTS if name != product)
    token = up.execute(f"{other}-api", "api", "dev-token", "--role", "admin").strip()
    assert app.get("/api/v1/users/me", token=token).status == 401


def test_a_role_reaches_its_own_database_only(up, product):
    other = next(name for name in PRODUCTS if name != product)
    said = up.run("run", "--rm", "-T", "--no-deps", "--user", "root", "--entrypoint", "sh", f"{product}-migrate", "-c",
                  f"""psql -X "$(cat /run/secrets/{product}/database_url)" -Atc 'SELECT count(*) > 0 FROM properties'
                  psql -X "$(sed 's/{product}_db/{other}_db/' /run/secrets/{product}/database_url)" -Atc 'SELECT 1' 2>&1 || true
                  redis-cli -u "$(cat /run/secrets/{product}/redis_url)" --no-auth-warning SET {other}:x 1 2>&1""")
    assert said.startswith("t\n") and f'permission denied for database "{other}_db' in said and "NOPERM" in said, said


def test_ports_are_of_this_machine_only(up):
    for service in SERVERS:
        container, = up.containers(service)
        for line in docker("port", container).splitlines():
            assert "127.0.0.1:" in line, line


def test_it_survives_a_postgres_of_another_address(up, app):
    """The container is made again, and may get another address: the name is looked up again."""
    up.run("up", "--detach", "--no-deps", "--force-recreate", "postgres")
    up.wait_until_healthy("postgres", *(f"{product}-api" for product in PRODUCTS))
    until(app.is_ready, seconds=30)
    assert app.get("/api/v1/properties?limit=1").json["data"]
