"""--check-llm: whether the models of the settings answer, asked before anything is served."""

import pytest

from harness.app import App
from harness.model import Model


@pytest.fixture
def model():
    with Model() as running:
        yield running


def check(product, services, verb="check-config", **settings):
    return App(product, services, **settings).command(verb, "--check-llm")


def test_each_role_is_asked_as_in_a_turn(product, services, app, model):
    done = check(product, services, **model.settings())
    lines = [line for line in done.stderr.splitlines() if " model " in line]
    assert done.returncode == 0 and lines == ["chat model big: answers", "search model small: answers", "fallback model spare: answers"]
    assert [(call.model, call.step) for call in model.calls] == [("big", "answer"), ("small", "choose"), ("spare", "answer")]
    assert "LLM_API_KEY=" in done.stdout and "sk-of-the-tests" not in done.stdout + done.stderr


def test_a_name_that_the_service_does_not_know(product, services, app, model):
    model.models["small"] = ("status", 404, {})
    done = check(product, services, **model.settings())
    lines = [line for line in done.stderr.splitlines() if " model " in line]
    assert done.returncode == 78 and lines[0] == "chat model big: answers" and lines[2] == "fallback model spare: answers"
    assert lines[1].startswith("search model small: ") and "404" in lines[1]


def test_a_key_that_is_refused_keeps_the_service_from_starting(product, services, app, model):
    model.always = ("status", 401, {})
    done = check(product, services, "serve", **model.settings())
    assert done.returncode == 78 and "chat model big: " in done.stderr and "401" in done.stderr
    assert "config.validated" not in done.stdout


def test_it_serves_when_they_answer(model, app):
    class Checked(App):
        def arguments(self):
            return [*super().arguments(), "--check-llm"]

    one = Checked(app.product, app.services, **model.settings(WORKERS="1"))
    one.start()
    try:
        assert one.get("/ready").status == 200 and len(model.calls) == 3
    finally:
        assert one.stop() == 0


def test_without_a_service_there_is_nothing_to_ask(product, services, app):
    done = check(product, services)
    assert done.returncode == 0 and " model " not in done.stderr
