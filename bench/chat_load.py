"""The chat: streams of a model with fixed delays, directly, through a bare relay and through ours; streams that wait; local answers."""

import contextlib
import json
import resource
import subprocess
import time
from urllib.parse import quote

import database
import faq_load
import measure
import servers
from measure import Http, Sample, Void

CHAT = "/api/v1/llm/chat"
DIRECT = "/v1/chat/completions"
QUESTION = "What is the cancellation policy?"
GAP_MS = 50  # 20 words a second
ONE = {"count": 40, "words": 2, "spread_ms": 4000}  # one after the other
WARM_UP = {"count": 200, "words": 2, "spread_ms": 2000}
MANY = {"count": 500, "words": 100, "spread_ms": 1000}
MOST = {"count": 1500, "words": 300, "spread_ms": 10000}  # all of them are open for a third of the time
FIRST_MS = 20
PARKED, PARKED_MS, PARKED_SPREAD_MS = 2000, 14000, 8000  # shorter than the time that an answer has to its first word
PARKED_FOR_S = (PARKED_MS - PARKED_SPREAD_MS) / 1000
DESCRIPTORS = 16384


def stream_request(folder, name, path, body):
    file = folder / name
    text = json.dumps(body)
    file.write_text(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}")
    return file


def streams(port, request, count, words, spread_ms):
    """What bench/streams.c says of them."""
    return json.loads(measure.run([servers.STREAMS, port, request, count, words, spread_ms]))


def first_words(server, request):
    """The time from a request to its first word."""

    def one(_seconds):
        seen = streams(server.port, request, **ONE)
        return Sample(p50_us=seen["first_p50_us"], p99_us=seen["first_p99_us"])

    return one


def all_words(server, request, load):
    """How long a word is on its way; counts words."""

    def one(_seconds):
        seen = streams(server.port, request, **load)
        return seen["words"], Sample(p50_us=seen["way_p50_us"], p99_us=seen["way_p99_us"])

    return one


@contextlib.contextmanager
def parked(server, request):
    """Streams that are open and silent; ends when they have said their word."""
    command = [servers.STREAMS, server.port, request, PARKED, 1, PARKED_SPREAD_MS]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL) as process:
        time.sleep(PARKED_SPREAD_MS / 1000 + servers.SETTLE_S)
        yield
        if process.wait() != 0:
            raise Void("a stream that waited did not go on")


def while_parked(server, request, load):
    def one(seconds):
        with parked(server, request):
            begin = time.monotonic()
            sample = load(min(seconds, 2))
            if time.monotonic() - begin > PARKED_FOR_S - servers.SETTLE_S:
                raise Void("the streams did not wait long enough")
        return sample

    return one


def stream_kib(server, request):
    pids = server.pids()
    before = measure.memory_kib(pids, "Rss")
    with parked(server, request):
        return (measure.memory_kib(pids, "Rss") - before) / PARKED


def start_chat(bench, databases, workers, **settings):
    ours = servers.Ours(databases.product, databases, "small", bench.issuer, workers, **settings)
    return bench.start(ours, "/ready")


def asking(model):
    return {"LLM_PROVIDER": "openai", "LLM_BASE_URL": f"http://127.0.0.1:{model.port}/v1", "LLM_API_KEY": "bench", "CHAT_MODEL": "bench"}


def prepared(bench, product, rows):
    """A database of its own with listings and the FAQ."""
    databases = bench.keep(database.Databases(product))
    first = servers.Ours(product, databases, "small", bench.issuer, 1)
    first.migrate()
    databases.fill("small", rows)
    faq_load.seed(bench, first)
    return databases


def local_answers(bench, ours):
    """One client: whole answers of the local provider, and what the FAQ search takes for the same questions."""
    questions = faq_load.Questions(bench, ours.product)

    def answers(texts):
        path = bench.folder / "bodies"
        path.write_text("".join(f"{json.dumps({'content': text})}\n" for text in texts))
        return Http(ours.url(CHAT), connections=1, lines=("bodies", path))

    def one_client(load):
        return lambda seconds: load()(min(seconds, 2))[1]

    bench.workloads["chat-local-new"] = one_client(lambda: answers(questions.take(2000)))
    bench.workloads["faq-one-new"] = faq_load.computed(questions, ours, "paths.chat")
    bench.workloads["chat-local-again"] = one_client(lambda: answers([QUESTION]))
    bench.workloads["faq-one-again"] = one_client(lambda: Http(ours.url(faq_load.SEARCH + quote(QUESTION)), connections=1))


def add(bench, ours, rows, get_path):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(DESCRIPTORS, limits[1]), limits[1]))
    databases = prepared(bench, ours.product, rows)
    direct = stream_request(bench.folder, "request.direct", DIRECT, {"messages": []})
    chat = stream_request(bench.folder, "request.chat", CHAT, {"content": QUESTION, "stream": True})

    def pair(words, workers, first_ms=FIRST_MS):
        """A model service, and ours asking it."""
        model = bench.start(servers.model(words, first_ms, GAP_MS), "/")
        return model, start_chat(bench, databases, workers, **asking(model))

    model, asker = pair(ONE["words"], bench.options.workers)
    streams(asker.port, chat, **WARM_UP)
    databases.sql(ours.product, "ANALYZE", database=databases.parts("small")["dbname"])  # as autovacuum, which is off, would by now
    bench.workloads["model-one"] = first_words(model, direct)
    bench.workloads["chat-one"] = first_words(asker, chat)
    for load, workers in ((MANY, bench.options.workers), (MOST, 1)):
        model, asker = pair(load["words"], workers)
        relay = bench.start(servers.relay(model, workers), "/")
        for name, server, request in (("model", model, direct), ("relay", relay, direct), ("chat", asker, chat)):
            bench.add(f"{name}-{load['count']}", all_words(server, request, load), server)
    _, waiting = pair(1, bench.options.workers, PARKED_MS)
    get = bench.measured(Http(waiting.url(get_path)), waiting)
    bench.workloads["get-alone"] = lambda seconds: get(min(seconds, 2))
    bench.workloads["get-parked"] = while_parked(waiting, chat, get)
    bench.memory["stream_kib"] = stream_kib(waiting, chat)
    local_answers(bench, start_chat(bench, databases, bench.options.workers))
