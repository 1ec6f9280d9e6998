"""docker-compose.prod.yml: two replicas of each product behind nginx with TLS, secrets in files, nothing else to be seen."""

import itertools
import json
import ssl
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from harness.app import free_port
from harness.bookings import CONTACT, day
from harness.brand import KNOWN, PRODUCTS
from harness.chat import ask, new_session, stream, text_of
from harness.compose import Compose, Site, docker
from harness.faq import category, embedded, entry, search
from harness.load import Load
from harness.services import ROOT
from harness.tokens import Issuer
from harness.waiting import until
from test_webhooks import deliver, event, person

APIS = tuple(f"{product}-api" for product in PRODUCTS)
CLERK_SECRET = "sk_live_" + "5c1e" * 10
WEBHOOK_SECRET = "whsec_" + "cHJvZHVjdGlvbi1wcm9vZi13ZWJob29rLXNlY3JldA=="


def host_of(product):
    return f"api.{product}.test"


def fill_in(folder, issuers):
    """What an operator does after scripts/make-secrets.sh: the keys of Clerk, a certificate."""
    (folder / "tls").mkdir()
    for product in PRODUCTS:
        (folder / product / "clerk_secret_key").write_text(CLERK_SECRET)
        (folder / product / "clerk_webhook_secret").write_text(WEBHOOK_SECRET)
        (folder / product / "clerk_jwt_key").write_text(issuers[product].public_pem())
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        f"/CN={host_of(product)}", "-keyout", folder / "tls" / f"{product}.key", "-out", folder / "tls" / f"{product}.crt"],
                       check=True, capture_output=True)


@pytest.fixture(scope="module")
def issuers():
    return {product: Issuer(product) for product in PRODUCTS}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory, issuers):
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    folder.parent.parent.chmod(0o711)  # the containers' users look through them
    folder.parent.chmod(0o711)
    subprocess.run([ROOT / "scripts/make-secrets.sh", folder], check=True)
    fill_in(folder, issuers)
    return folder


@pytest.fixture(scope="module")
def up(secrets, issuers):
    names = {f"{product.upper()}_HOST": host_of(product) for product in PRODUCTS}
    keys = {f"{product.upper()}_CLERK_PUBLISHABLE_KEY": issuers[product].publishable_key.replace("pk_test_", "pk_live_")
            for product in PRODUCTS}
    origins = {f"{product.upper()}_FRONTEND_URL": f"https://{product}.test" for product in PRODUCTS}
    ports = {"HTTP_PORT": str(free_port()), "HTTPS_PORT": str(free_port())}
    compose = Compose("docker-compose.prod.yml", SECRETS_DIR=str(secrets), **names, **keys, **origins, **ports)
    compose.ports = {name: int(port) for name, port in ports.items()}
    with compose.up(*APIS):
        until(Site(PRODUCTS[0], compose.ports["HTTPS_PORT"], host=host_of(PRODUCTS[0])).is_ready, what="nginx never answered")
        yield compose


@pytest.fixture
def app(up, product, issuers):
    return Site(product, up.ports["HTTPS_PORT"], issuers[product], host_of(product))


def somebody(up, app, role):
    """Signed up with Clerk, which tells of it, and given a role by the operator."""
    name = f"user_{role}"
    assert deliver(app, event("created", person(name, 1)), secret=WEBHOOK_SECRET).status == 200
    up.execute(f"{app.product}-api", "api", "user", "set-role", "--clerk-id", name, "--role", role)
    return app.issuer.token(name)


def listing(app, agent):
    """A listing that is let by the night, made and published through the API."""
    made = app.post("/api/v1/properties", {
        "title": "Lake house", "description": "By the water", "listing_type": "short_stay", "property_type": "house",
        "price": {"amount_minor": 250000, "currency": "THB", "period": "night"},
        "location": {"lat": 18.79, "lng": 98.98, "approximate": True}}, token=agent)
    assert made.status == 201, made.body
    path = f"/api/v1/properties/{made.json['id']}"
    assert app.put(f"{path}/images", {"images": [{"url": "https://images.example/lake.jpg"}]}, token=agent).status == 200
    assert app.patch(path, {"status": "active"}, token=agent).status == 200
    return made.json["id"]


# ---- who gets in ----

def test_two_replicas_of_each(up):
    assert all(len(up.containers(service)) == 2 for service in APIS)


def test_only_nginx_can_be_reached(up):
    for line in docker("ps", "--format", "{{.Image}} {{.Ports}}").splitlines():
        assert ("->" in line) == line.startswith("nginx:"), line


def test_plain_http_leads_to_tls(up, product):
    plain = Site(product, up.ports["HTTP_PORT"])
    reply = plain.get("/api/v1/properties?limit=1", headers={"Host": host_of(product)})
    assert reply.status == 308 and reply.headers["location"] == f"https://{host_of(product)}/api/v1/properties?limit=1"


def test_a_name_of_nobody_gets_no_certificate(up, product):
    with pytest.raises(ssl.SSLError):
        Site(product, up.ports["HTTPS_PORT"], host="nobody.test").get("/health")


def test_what_is_for_those_inside_stays_inside(app):
    assert app.get("/metrics").status == 404
    assert app.get("/docs").status == 404 and app.get("/openapi.json").status == 404
    reply = app.get("/api/v1/config")
    assert reply.status == 200 and reply.headers["strict-transport-security"] and reply.headers["server"] == "nginx"


# ---- what people do ----

def test_a_stay_is_listed_found_and_booked(up, app, product):
    agent, guest = somebody(up, app, "agent"), somebody(up, app, "user")
    number = listing(app, agent)
    assert number in [item["id"] for item in app.get("/api/v1/properties?limit=50").json["data"]]
    assert number in [item["id"] for item in app.get("/api/v1/properties/search?q=lake+house").json["data"]]
    want = {"property_id": number, "check_in": day(20), "check_out": day(23), "guests": 2, "contact": CONTACT}
    held = app.post("/api/v1/bookings", want, token=guest, headers={"Idempotency-Key": "proof-of-compose"})
    if not KNOWN[product]["features"]["bookings"]:
        assert held.status == 404 and held.error["code"] == "FEATURE_DISABLED"
        return
    assert held.status == 201, held.body
    assert app.post("/api/v1/bookings", want, token=guest, headers={"Idempotency-Key": "proof-of-compose"}).json == held.json
    assert app.post("/api/v1/bookings", want, token=agent).error["code"] == "DATES_UNAVAILABLE"
    booked = app.post(f"/api/v1/bookings/{held.json['id']}/confirm", {"accept_terms": True}, token=guest)
    assert booked.status == 200 and booked.json["status"] in ("confirmed", "requested")


def test_an_answer_is_written_found_and_streamed(up, app, product):
    admin = somebody(up, app, "admin")
    known = KNOWN[product]["faq"][0]
    made = entry(app, admin, category(app, admin)["id"], question=known["question"], answer=known["answer"], status="published")
    embedded(app, admin, made["id"])
    assert known["answer"] in search(app, known["question"])[0]["answer"]
    assert known["answer"] in ask(app, known["question"])["message"]["content"]
    with stream(app, known["question"], session=new_session()) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        heard = answer.all()
    assert len(heard) > 3 and heard[-1].name == "done" and known["answer"] in text_of(heard)


def test_a_token_of_the_other_product_is_refused(app, issuers, product):
    other = next(name for name in PRODUCTS if name != product)
    assert app.get("/api/v1/users/me", token=issuers[other].token()).status == 401
    assert app.get("/api/v1/users/me", token=app.issuer.token()).status == 200


# ---- how it runs ----

def test_a_container_may_do_little(up, product):
    for container in up.containers(f"{product}-api"):
        host = json.loads(docker("inspect", container))[0]["HostConfig"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and "no-new-privileges:true" in host["SecurityOpt"]
        assert host["Memory"] and host["NanoCpus"] and host["PidsLimit"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped" and host["LogConfig"]["Config"]["max-size"]
        assert docker("exec", container, "id", "-u").strip() == "1000"
        assert "Read-only file system" in subprocess.run(["docker", "exec", "-u", "root", container, "touch", "/x"], check=False,
                                                         stderr=subprocess.PIPE, text=True).stderr
        for tool in ("gcc", "cc", "make", "cmake", "npm", "curl"):
            assert docker("exec", container, "sh", "-c", f"command -v {tool} || echo none").strip() == "none"


class People(Load):
    """Readers who are so many people that none comes to the end of what one may ask."""

    def __init__(self, app):
        super().__init__(app, keep_alive=False)
        self.tokens = itertools.cycle([app.issuer.token(f"user_load_{i}", exp=int(time.time()) + 3600) for i in range(240)])

    def read(self):
        while not self.stopping.is_set():
            for path in ("/api/v1/users/me", "/api/v1/properties?limit=5"):
                self.ask(path, "GET", path, token=next(self.tokens))
                time.sleep(0.02)


def test_a_replica_is_replaced_under_load(up, app, product):
    service = f"{product}-api"
    old = up.containers(service)
    with People(app) as load:
        for container in old:
            up.run("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{service}=3", service)
            up.wait_until_healthy(service)
            time.sleep(3)  # until nginx has asked again who there is
            docker("stop", container)
            docker("rm", container)
    assert not load.bad((200,)), load.bad((200,))[:5]
    assert len(load.seen) > 200 and not set(old) & set(up.containers(service))
    print(f"\n{product}: {len(load.seen)} requests while both replicas were replaced, none failed")


# ---- secrets ----

def secret_values(folder):
    files = [path for path in Path(folder).rglob("*") if path.is_file() and path.suffix not in (".crt", ".acl")]
    names = ("database", "clerk_jwt_key")  # a name, a public key
    return {line for path in files if path.name not in names for line in path.read_text().splitlines() if len(line) >= 16 and "-----" not in line}


def test_no_secret_is_in_an_image(up, secrets, product, tmp_path):
    """Neither what the installation made nor anything that looks like a key."""
    values = [value.encode() for value in secret_values(secrets)]
    assert len(values) > 15
    docker("save", "-o", str(tmp_path / "image.tar"), f"{product}-api:prod")
    scanned = 0
    with tarfile.open(tmp_path / "image.tar") as image:
        layers = [image.extractfile(member) for member in image if member.name.endswith("layer.tar")]
        for layer in layers:
            with tarfile.open(fileobj=layer) as files:
                for file in files:
                    if file.isfile():
                        data = files.extractfile(file).read()
                        scanned += 1
                        assert not any(value in data for value in values), file.name
                        assert not file.name.startswith(("src/", "run/secrets/")) and not file.name.endswith((".env", ".pem.key")), file.name
    assert scanned > 1000


def test_no_secret_is_in_the_environment_or_a_log(up, secrets):
    values = secret_values(secrets)
    shown = up.logs() + docker("inspect", *docker("ps", "-q").split())
    assert len(shown) > 10000
    assert not [value for value in values if value in shown]
