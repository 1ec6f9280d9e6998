"""Fixtures of the black-box tests. Every test runs for every product unless it names one."""

import os

import pytest

from harness.app import App
from harness.brand import PRODUCTS
from harness.model import Model
from harness.pooler import PooledServices
from harness.services import Services


@pytest.fixture(scope="session")
def services():
    running = PooledServices() if os.environ.get("THROUGH_PGBOUNCER") else Services()
    yield running
    running.close()


def other_product(product):
    return next(name for name in PRODUCTS if name != product)


@pytest.fixture(scope="session", params=PRODUCTS)
def product(request):
    return request.param


@pytest.fixture(scope="session")
def app(product, services):
    """The product with seeds, shared by the tests of a file: they add data of their own and leave the rest alone."""
    running = App(product, services).prepare().start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def start(product, services):
    """Starts further programs with settings of their own: start(RATE_LIMIT_GUEST_PER_MINUTE=3). Waits for `path` to
    answer 200."""
    running = []

    def start_one(which=product, path="/ready", **settings):
        one = App(which, services, **settings)
        running.append(one)
        one.start(path)
        return one

    yield start_one
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def user(app):
    return app.token_of("user")


@pytest.fixture(scope="session")
def agent(app):
    return app.token_of("agent")


@pytest.fixture(scope="session")
def admin(app):
    return app.token_of("admin")


@pytest.fixture(scope="module")
def model():
    """A model service that says what the test tells it to."""
    with Model() as running:
        yield running
