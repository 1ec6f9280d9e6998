"""One answer between many workers: asked twice, heard again after a long while, and left behind by a process that died."""

import itertools
import string

import pytest

from harness.chat import CHAT, CONVERSATIONS, ask, new_session, numbers, stream, text_of
from harness.waiting import at_once, until
from test_chat import KNOWN
from test_chat_model import begin
from test_chat_stream import follow

LAST = "zzzzz"
LETTERS = itertools.islice(itertools.product(string.ascii_lowercase, repeat=5), 0, None, 1301)  # far apart, all different
LONG = " ".join(["".join(word) for word in LETTERS] + [LAST])


@pytest.fixture(autouse=True)
def honest(app, model):  # app: its data
    model.reset()
    yield
    model.reset()


def mine(session):
    return {"X-Session-Id": session}


def status_of(services, product, message_id):
    return services.sql(product, f"SELECT status FROM messages WHERE id = {message_id}")[0][0]


def stop(app, conversation, session):
    until(lambda: app.post(f"{CONVERSATIONS}/{conversation}/stop", headers=mine(session)).status == 202)


# ---- asked twice ----

def worker_of(reply):
    """Each worker has its own beginning of the ids that it gives to requests."""
    return reply.headers["x-request-id"].rpartition("-")[0]


@pytest.mark.parametrize("redis", [True, False], ids=["redis", "no-redis"])
def test_a_second_question_is_refused_by_every_worker(start, model, services, product, redis):
    one = start(**model.settings(WORKERS="2", **({} if redis else {"REDIS_URL": ""})))
    model.models["big"] = ("lingers", KNOWN[product][1])
    session = new_session()
    answer, heard, events = begin(one, KNOWN[product][0], session)
    ids = heard[0].data
    workers = set()

    def again(number):
        body = {"content": f"And {number}?", "session_id": session, "stream": number % 2 == 0}
        if number % 4 < 2:
            body["conversation_id"] = ids["conversation_id"]
        return one.post(CHAT, body)

    def all_refused():
        replies = at_once(12, again)
        assert [(reply.status, reply.error["code"]) for reply in replies] == [(409, "CONVERSATION_BUSY")] * len(replies)
        workers.update(map(worker_of, replies))
        return len(workers) > 1

    until(all_refused, what="all connections came to one worker")
    assert status_of(services, product, ids["message_id"]) == "streaming"
    stop(one, ids["conversation_id"], session)
    list(events)
    answer.close()
    assert services.sql(product, f"SELECT count(*) FROM messages WHERE conversation_id = {ids['conversation_id']}") == [["2"]]
    model.reset()
    assert ask(one, "And now?", session=session)["conversation_id"] == ids["conversation_id"]


# ---- heard again ----

@pytest.fixture
def long_answer(start, model, product):
    """(program, session, what was heard of an answer that is as long as answers get and still being written), its reader gone."""
    one = start(**model.settings(WORKERS="1"))
    model.models["big"] = ("lingers", f"{KNOWN[product][1]} {LONG}")
    session = new_session()
    answer, heard, _ = begin(one, KNOWN[product][0], session)
    answer.close()
    until(lambda: model.of_model("big")[0].sent > LONG.count(" "))
    return one, session, heard


def read_on(again):
    """What comes up to the last word of LONG, and the iterator of what follows."""
    assert again.status == 200
    events, came = iter(again), []
    for event in events:
        came.append(event)
        if event.name != "delta" or event.data["text"].strip() == LAST:
            break
    return came, events


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same worker", "another"])
def test_a_long_backlog_is_heard_without_a_gap(start, model, long_answer, elsewhere):
    one, session, heard = long_answer
    conversation = heard[0].data["conversation_id"]
    other = start(**model.settings(WORKERS="1")) if elsewhere else one
    with follow(other, conversation, session, after=heard[-1].id) as again:
        came, events = read_on(again)
        stop(one, conversation, session)
        came += list(events)
    told = heard + came
    content = came[-1].data["message"]["content"]
    assert came[-1].name == "done" and text_of(told) == content, "also of what another worker writes in the moment of its end"
    written = told[:-2] if elsewhere else told
    read = text_of(written)
    assert LONG in read and content.startswith(read)
    assert numbers(written) == list(range(1, len(written) + 1)), "each event once, in order"
    assert sum(len(event.data["text"]) + 50 for event in came if event.name == "delta") > 3 * 65536


def test_what_redis_lost_is_no_gap(start, model, services, product, long_answer):
    """The first of several parts: what follows it is not told in its place, the end has all."""
    one, session, heard = long_answer
    ids, other = heard[0].data, start(**model.settings(WORKERS="1"))
    with follow(other, ids["conversation_id"], session, after=heard[-1].id) as first:
        came, _ = read_on(first)
    assert came[-1].data["text"].strip() == LAST, "several parts are there"
    database = services.redis_url(product).rpartition("/")[2]
    assert services.redis("-n", database, "DEL", f"{product}:run:{ids['message_id']}:1") == "1"
    with follow(other, ids["conversation_id"], session, after=heard[-1].id) as again:
        events = iter(again)
        came = [next(events)]
        stop(one, ids["conversation_id"], session)
        came += list(events)
    *came, whole, done = came
    content = done.data["message"]["content"]
    assert done.name == "done" and LONG in content
    read = text_of(heard + came)
    assert content.startswith(read) and len(read) < len(content)
    assert (whole.name, whole.data["content"]) == ("replace", content)
    assert numbers(heard + came) == list(range(1, len(heard + came) + 1))


def test_what_is_not_kept_for_readers_is_told_at_the_end(start, model, product):
    """So many pieces that not all are kept: the reader gets the whole text before the end."""
    one = start(**model.settings(WORKERS="1"))
    model.models["big"] = ("says", f"{KNOWN[product][1]} {'a ' * 26000}end")
    with stream(one, KNOWN[product][0]) as answer:
        events = answer.all()
    content = events[-1].data["message"]["content"]
    assert events[-1].name == "done" and content.endswith("a end") and content.count("a ") > 25000
    assert sum(event.name == "delta" for event in events) < 26000, "not all are kept"
    assert text_of(events) == content


# ---- left behind ----

def killed_in_mid_answer(one, model, product):
    """(session, what was heard): the program is there again, its answer is not."""
    model.models["big"] = ("lingers", KNOWN[product][1])
    session = new_session()
    answer, heard, _ = begin(one, KNOWN[product][0], session)
    one.kill()
    answer.close()
    model.reset()
    one.start()
    return session, heard


def let_pass(services, product, message_id, seconds):
    services.sql(product, f"UPDATE messages SET created_at = created_at - interval '{seconds} s' WHERE id = {message_id}")


def test_an_answer_whose_process_was_killed_has_an_end(start, model, services, product):
    one = start(**model.settings(WORKERS="2"))
    session, heard = killed_in_mid_answer(one, model, product)
    ids = heard[0].data
    assert status_of(services, product, ids["message_id"]) == "streaming", "nobody could say how it ended"
    with follow(one, ids["conversation_id"], session, after=heard[-1].id) as again:
        assert again.status == 200
        came = again.all()
    assert [event.name for event in came] == ["error"] and came[0].data["error"]["code"]
    let_pass(services, product, ids["message_id"], 60)
    with follow(one, ids["conversation_id"], session, after=heard[-1].id) as nothing:
        assert nothing.status == 204
    second = ask(one, KNOWN[product][0], session=session)
    assert second["conversation_id"] == ids["conversation_id"] and KNOWN[product][1] in second["message"]["content"]
    assert status_of(services, product, ids["message_id"]) == "failed"
    with follow(one, ids["conversation_id"], session, after=heard[-1].id) as over:
        assert [event.name for event in over.all()] == ["replace", "error"], "what was read is stored nowhere"


def test_the_wait_for_a_dead_answer_ends_when_no_answer_takes_so_long(start, model, services, product):
    one = start(**model.settings(WORKERS="1"))
    session, heard = killed_in_mid_answer(one, model, product)
    ids = heard[0].data
    with follow(one, ids["conversation_id"], session, after=heard[-1].id) as again:
        assert again.status == 200
        let_pass(services, product, ids["message_id"], 40)
        came = again.all()
    assert [event.name for event in came] == ["replace", "error"], "the end of the request alone would be only an error"
    assert came[-1].data["error"]["code"] == "LLM_PROVIDER_ERROR"
