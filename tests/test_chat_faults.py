"""Faults of the chat as clients meet them: a model that fails, an answer that is longer than what is kept of it, one that broke off."""

import itertools
import random
import string
import threading

import pytest

from harness.chat import ask, new_session, stream, text_of
from harness.waiting import until
from test_chat import KNOWN
from test_chat_ends import LIE, chat, served  # noqa: F401 - fixtures
from test_chat_model import begin
from test_chat_stream import follow

BEFORE_THE_FIRST_WORD = [("status", 404), ("fin", 0), ("says", "")]  # none of them is tried again with the same model
AFTER_IT = [("fin", 5), ("error_chunk", 5)]
LETTERS = 24000


@pytest.fixture
def gate(app, model):
    """Holds answers back until it is set; whatever happens, none is held longer than its test. With the seeds."""
    model.reset()
    event = threading.Event()
    yield event
    event.set()
    model.reset()


def answered_by(model):
    return [call.model for call in model.calls if call.step == "answer"]


def ledger(services, product, message_id):
    return services.sql(product, f"SELECT model, ok, fallback, error_code <> '' FROM llm_usage WHERE message_id = {message_id} AND feature = 'chat' "
                                 "ORDER BY id")


def stored(services, product, message_id, columns="status, content"):
    return services.sql(product, f"SELECT {columns} FROM messages WHERE id = {message_id}")[0]


# ---- the fallback model ----

@pytest.mark.parametrize("streamed", [False, True], ids=["at_once", "stream"])
@pytest.mark.parametrize("fault", BEFORE_THE_FIRST_WORD, ids=str)
def test_before_the_first_word_the_fallback_model_is_asked_by_its_name(chat, model, services, product, fault, streamed):
    usual, spare = chat.settings["CHAT_MODEL"], chat.settings["CHAT_MODEL_FALLBACK"]
    model.models[usual] = fault
    if streamed:
        with stream(chat, KNOWN[product][0]) as answer:
            reply = answer.all()[-1].data
    else:
        reply = ask(chat, KNOWN[product][0])
    message = reply["message"]
    assert answered_by(model) == [usual, spare], "once each, in this order"
    assert (reply["model"], reply["degraded"]) == (spare, "fallback_model") and KNOWN[product][1] in message["content"]
    assert stored(services, product, message["id"], "status, model, degraded, content") == ["complete", spare, "fallback_model", message["content"]]
    assert ledger(services, product, message["id"]) == [[usual, "f", "f", "t"], [spare, "t", "t", ""]]


@pytest.mark.parametrize("fault", AFTER_IT, ids=str)
def test_after_the_first_word_no_other_model_is_asked(chat, model, services, product, fault):
    usual = chat.settings["CHAT_MODEL"]
    model.models[usual] = fault
    with stream(chat, KNOWN[product][0]) as answer:
        heard = answer.all()
    message = heard[0].data["message_id"]
    assert heard[-1].name == "error" and text_of(heard) != ""
    assert answered_by(model) == [usual] and ledger(services, product, message) == [[usual, "f", "f", "t"]]
    assert stored(services, product, message, "status, degraded") == ["failed", ""]


# ---- longer than what is kept ----

def long_text():
    """Some 48 KB, less than an answer may have; as events of one letter each it is more than LIMIT_CHAT_EVENTS_BYTES."""
    return " ".join(random.Random(7).choices(string.ascii_letters, k=LETTERS))


def resumed(writer, reader, gate, question):
    """All that a client hears who leaves in the middle and goes on there with the reader."""
    session = new_session()
    answer, heard, events = begin(writer, question, session)
    heard += itertools.islice(events, 100)
    answer.close()
    with follow(reader, heard[0].data["conversation_id"], session, after=heard[-1].id) as again:
        assert again.status == 200
        rest = iter(again)
        heard += itertools.islice(rest, 100)
        gate.set()
        return heard + list(rest)


ENDS = pytest.mark.parametrize("end, last, status", [("done", "done", "complete"), ("fin", "error", "failed")], ids=["done", "broken"])


@ENDS
def test_who_comes_back_to_a_very_long_answer_misses_nothing(start, model, gate, services, product, end, last, status):
    one = start(**model.settings(WORKERS="1"))
    model.models["big"] = ("held", long_text(), gate, end)
    heard = resumed(one, one, gate, KNOWN[product][0])
    assert stored(services, product, heard[0].data["message_id"]) == [status, long_text()]
    assert heard[-1].name == last and len([event for event in heard if event.name == "delta"]) < LETTERS, "more than is kept"
    assert text_of(heard) == long_text()


def test_who_comes_back_after_it_broke_off_reads_what_is_stored(chat, model, gate, services, product):
    """Which is less than was heard: what nothing backs has gone meanwhile."""
    question, words = KNOWN[product]
    model.models["big"] = ("held", f"{LIE}We say: {words}. And then it broke off", gate, "fin")
    session = new_session()
    answer, heard, events = begin(chat, question, session)
    heard += itertools.islice(events, 5)
    answer.close()
    assert "1 THB" in text_of(heard)
    gate.set()
    message = heard[0].data["message_id"]
    until(lambda: stored(services, product, message, "status") == ["failed"])
    with follow(chat, heard[0].data["conversation_id"], session, after=heard[-1].id) as again:
        heard += again.all()
    assert heard[-1].name == "error" and "1 THB" not in text_of(heard)
    assert words in text_of(heard) and stored(services, product, message) == ["failed", text_of(heard)]


@ENDS
def test_who_comes_back_to_another_worker_misses_nothing(start, model, gate, services, product, end, last, status):
    """What the other one has not told yet is in the end that the database knows."""
    writer, reader = start(**model.settings(WORKERS="1")), start(**model.settings(WORKERS="1"))
    model.models["big"] = ("held", long_text(), gate, end)
    heard = resumed(writer, reader, gate, KNOWN[product][0])
    assert stored(services, product, heard[0].data["message_id"]) == [status, long_text()] and heard[-1].name == last
    read = text_of(heard)
    assert long_text().startswith(read), "no gap"
    assert (heard[-1].data["message"]["content"] if last == "done" else read) == long_text()
