#!/usr/bin/env python3
"""Instructions in user space, counted by callgrind in one worker of the release binary: nearly the same twice, whatever else the
machine does. Of two runs, the difference: what starting takes is in neither count. build/bench/callgrind.NAME.UNITS says what they
consist of (callgrind_annotate). bench/instructions.sh builds first."""

import argparse
import http.client
import itertools
import re
import sys
import types
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests"))

import chat_load  # noqa: E402
import faq_load  # noqa: E402
import servers  # noqa: E402
from workloads import API, ONE, PRODUCT, SMALL_ROWS, Bench  # noqa: E402

RESULTS = ROOT / "build/bench"
FEW, MANY = 200, 700  # requests of two runs, whose difference is what the others took
STREAMS = 20, 60
WORDS = 100
READY_S = 120


class Counted(servers.Ours):
    """Ours, one worker, under callgrind."""

    def arguments(self):
        return ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={RESULTS}/callgrind.%p", *super().arguments()]


def total(bench, databases, name, load, **settings):
    """Instructions of a worker from its start to its end."""
    server = Counted(PRODUCT, databases, "small", bench.issuer, 1, **settings)
    bench.started.append(server)
    server.start("/ready", seconds=READY_S)
    worker = server.pids()[-1]
    load(server)
    server.stop(READY_S)
    file = (RESULTS / f"callgrind.{worker}").rename(RESULTS / f"callgrind.{name}")
    return int(re.search(r"^(?:summary|totals): (\d+)", file.read_text(), re.MULTILINE)[1])


def gets(server, paths, count):
    """One request after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for path in itertools.islice(itertools.cycle(paths), count):
        connection.request("GET", path, headers={"Accept": "*/*"})
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{reply.status} for {path}")
    connection.close()


def requests(bench, databases):
    """Search replies that only Redis keeps were made by the run before."""
    questions = faq_load.Questions(bench, PRODUCT)
    one = [faq_load.SEARCH + quote(faq_load.QUESTION)]
    several = [faq_load.SEARCH + quote(question) for question in questions.take(MANY)]
    total(bench, databases, "made", lambda server: gets(server, several, MANY))
    for name, paths in {"health": ["/health"], "get": [f"{API}/{ONE}"], "faq-kept": one, "faq-shared": several}.items():
        few, many = (total(bench, databases, f"{name}.{count}", lambda server: gets(server, paths, count)) for count in (FEW, MANY))
        yield name, (many - few) / (MANY - FEW)


def chat(bench, databases):
    """A turn of a single word, and what each further word takes."""
    request = chat_load.stream_request(bench.folder, "request", chat_load.CHAT, {"content": chat_load.QUESTION, "stream": True})
    turns = []
    for words in (1, WORDS):
        model = bench.start(servers.model(words, 1, 1), "/")
        few, many = (total(bench, databases, f"chat-{words}.{count}",
                           lambda server: chat_load.streams(server.port, request, count, words, 100 * count),
                           **chat_load.asking(model)) for count in STREAMS)
        turns.append((many - few) / (STREAMS[1] - STREAMS[0]))
    word = (turns[1] - turns[0]) / (WORDS - 1)
    yield "a word of an answer", word
    yield "a turn with one tool, without its words", turns[0] - word


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="requests,chat", help="of %(default)s")
    groups = parser.parse_args().only.split(",")
    RESULTS.mkdir(parents=True, exist_ok=True)
    for old in RESULTS.glob("callgrind.*"):
        old.unlink()
    bench = Bench(types.SimpleNamespace(workers=1))
    try:
        databases = chat_load.prepared(bench, PRODUCT, SMALL_ROWS)
        for group in groups:
            for what, count in {"requests": requests, "chat": chat}[group](bench, databases):
                print(f"{what:<42}{count:>12,.0f}", flush=True)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
