"""A model behind the interface of OpenAI, over real sockets: an honest one, and every bad one that a client must survive."""

import gzip
import itertools
import json
import re
import select
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ENDLESS_SECONDS = 60
FENCED = re.compile(r"<(data-[0-9a-f]+)>\n(.*?)\n</\1>", re.DOTALL)
SOURCE = re.compile(r"^\[(\d+)\] (.*)\n((?:(?!\[\d+\] ).*\n?)*)", re.MULTILINE)
HOSTILE_CALLS = [  # names and arguments as an attacker would have them
    ("delete_everything", {}), ("admin_list_users", {"limit": 1000}), ("faq_rag", "not JSON"), ("faq_rag", {"query": "x" * 20000}),
    ("faq_rag", {"query": "a", "user_id": 1, "role": "admin"}), ("faq_rag", {"query": 7, "limit": -1}), ("faq_rag", []), ("faq_rag", "null"),
    ("property_search", {"q": "'; drop table users; --", "limit": 10**18}), ("property_search", {"ids": ["1", "2"], "status": "draft"}),
    ("x" * 500, {}), ("", {}), ("../../etc/passwd", {}), ("faq_rag\u0000", {"query": "a\u0000b"}),
]


class Call:
    """One request as it came, and what became of it."""

    def __init__(self, body, headers, connection):
        self.body, self.headers, self.connection = body, headers, connection
        self.at = time.monotonic()
        self.sent = 0  # events
        self.step = "choose" if body.get("tools") else "answer"

    @property
    def model(self):
        return self.body["model"]

    @property
    def messages(self):
        return self.body["messages"]

    @property
    def text(self):
        """Everything that the model was told."""
        return "\n".join(str(message.get("content") or "") for message in self.messages)

    @property
    def question(self):
        return next(message["content"] for message in reversed(self.messages) if message["role"] == "user").split("\n\nWhat was found:")[0]

    @property
    def results(self):
        """What tools returned, in either step."""
        return "\n".join(match[2] for match in FENCED.finditer(self.text))

    @property
    def sources(self):
        """[(number, title, text)] of those to cite."""
        return [(int(match[1]), match[2], match[3].strip()) for match in SOURCE.finditer(self.results)]


class Connection:
    def __init__(self):
        self.closed_at = None  # monotonic; when the client was seen to have left

    def wait_closed(self, seconds=5):
        """Whether the client leaves within that time."""
        until = time.monotonic() + seconds
        while self.closed_at is None and time.monotonic() < until:
            time.sleep(0.01)
        return self.closed_at is not None


class Decoy:
    """Somewhere that nobody may go: counts who comes."""

    def __init__(self):
        self.hits = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/latest/meta-data"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(1)
                try:
                    self.hits.append(peer.recv(65536))
                except OSError:
                    self.hits.append(b"")

    def close(self):
        self.listener.close()


class ClientLeft(Exception):
    pass


class Model:
    """POST /v1/chat/completions, streamed. What a request gets is decided by, in this order: `scripts`, used up one a call; `models`, by
    the model's name; `steps`, by "choose" or "answer"; `always`; else the honest one. A model called "script:NAME:ARGUMENT" needs none of
    these. A script is a tuple:

        ("honest",)                calls the tools it can with the question, then quotes the first source
        ("says", text)             answers that text                    ("calls", [(name, arguments)]) asks for these tools
        ("says", text, n)          the same, n characters an event
        ("nothing",)               chooses no tool, has no text         ("lies",)              the honest answer and a price of its own
        ("obeys",)                 does what data says: CALL tool {json}, SAY text
        ("hostile_calls",)         unknown tools, arguments of attackers, four at a time
        ("endless_calls",)         a tool, whatever was found           ("endless",)           words without end
        ("slow", s)                the first byte after s seconds       ("late", s)            headers, then the rest after s seconds
        ("unfinished", text)       answers that text, then is silent
        ("lingers", text)          answers that text, then goes on with a word now and then
        ("stall", k)               k events, then silence               ("comments", s)        comments for s seconds, then the rest
        ("pieces", n, newline)     n bytes a write, lines ended by that ("dribble", s)         one byte every s seconds
        ("paced", s)               one event every s seconds            ("held", text, gate, end) half of that text, the rest when the gate,
                                   an event of threads, is set; end: "done", or "fin" as below
        ("cut", k)                 k events, then an orderly end        ("fin", k), ("rst", k) k events, then the connection breaks
        ("no_done",)               all but [DONE]                       ("no_usage",)          all but the usage
        ("status", n, headers)     refuses                              ("quota",)             429: the account is empty
        ("repeats", n)             the status, and an error that says all that it was told
        ("html",), ("garbage",)    200, and that                        ("error",)             200 and an error object, no stream
        ("error_chunk", k)         k events, then an error in the stream
        ("line", n)                one line of n bytes                  ("bytes",)             no UTF-8, NUL, half a surrogate pair
        ("vllm",), ("ollama",), ("openrouter",)   the honest one in their dialects
        ("parts",)                 content as a list of parts           ("redirect", url)      307 to there
        ("gzip", n)                n bytes of zeros, compressed

    `calls` has every request, `calls[i].connection.closed_at` when its client left before the reply was over.
    """

    def __init__(self):
        self.calls = []
        self.scripts, self.models, self.steps, self.always = [], {}, {}, None
        self.hostile = itertools.cycle(HOSTILE_CALLS)
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                Reply(fake, self).run()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # the program left: tests let it

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def settings(self, **more):
        """Of a program that asks this service."""
        return {"LLM_PROVIDER": "openai", "LLM_BASE_URL": self.url, "LLM_API_KEY": "sk-of-the-tests", "CHAT_MODEL": "big",
                "CHAT_MODEL_SEARCH": "small", "CHAT_MODEL_FALLBACK": "spare", **more}

    def reset(self):
        with self.lock:
            self.calls = []
            self.scripts, self.models, self.steps, self.always = [], {}, {}, None

    def of_model(self, name):
        return [call for call in self.calls if call.model == name]

    def take(self, call):
        """Notes the call; the script for it."""
        with self.lock:
            self.calls.append(call)
            if self.scripts:
                return self.scripts.pop(0)
        if call.model.startswith("script:"):
            name, *details = call.model.split(":")[1:]
            return (name, *(float(detail) if re.fullmatch(r"[\d.]+", detail) else detail for detail in details))
        return self.models.get(call.model) or self.steps.get(call.step) or self.always or ("honest",)

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- what an honest model does ----

def arguments_for(parameters, question):
    """Of a tool, by its schema: the question for the text that it wants. None: it wants more than that."""
    properties, required = parameters["properties"], parameters.get("required", [])
    texts = [name for name in properties if name in (required or ("q", "query", "question"))]
    plain = all(properties[name].get("type") == "string" and not {"enum", "format"} & set(properties[name]) for name in texts)
    return {name: question[:200] for name in texts} if texts and plain else None


def honest_calls(call):
    if call.results:
        return []
    wanted = [(tool["function"]["name"], arguments_for(tool["function"]["parameters"], call.question)) for tool in call.body["tools"]]
    return [(name, arguments) for name, arguments in wanted if arguments is not None][:4]


def honest_answer(call):
    if not call.sources:
        return "I could not find that in what I know."
    number, title, text = call.sources[0]
    return f"{(text or title).splitlines()[0]} [{number}]"


def obedient(call):
    """(calls, text) that the data orders."""
    calls = [(name, json.loads(arguments)) for name, arguments in re.findall(r"CALL (\w+) (\{[^{}]*\})", call.results.replace('\\"', '"'))]
    said = re.findall(r"SAY ([^\"\\\n]+)", call.results)
    return calls[:4], " ".join(said) or honest_answer(call)


# ---- one reply ----

class Reply:
    def __init__(self, fake, handler):
        self.fake, self.handler = fake, handler
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.connection = Connection()
        self.call = Call(body, dict(handler.headers.items()), self.connection)
        self.id = f"chatcmpl-{len(fake.calls)}"
        self.newline, self.piece, self.pause = b"\n", None, 0

    def run(self):
        name, *details = self.fake.take(self.call)
        try:
            if self.handler.path != "/v1/chat/completions":
                self.status(404)
            else:
                getattr(self, name)(*details)
        except ClientLeft:
            self.connection.closed_at = self.connection.closed_at or time.monotonic()
            self.handler.close_connection = True

    # -- bytes --

    def write(self, data):
        """To the client, in pieces; raises ClientLeft when it has left."""
        step = self.piece or len(data) or 1
        for at in range(0, len(data), step):
            if at and self.pause:
                self.wait(self.pause)
            try:
                self.handler.wfile.write(data[at:at + step])
            except OSError as error:
                raise ClientLeft from error

    def wait(self, seconds):
        """That long, or until the client leaves or the test ends."""
        until = time.monotonic() + seconds
        while not self.fake.stopped.is_set() and (left := until - time.monotonic()) > 0:
            if select.select([self.handler.connection], [], [], min(left, 0.05))[0]:
                try:
                    gone = self.handler.connection.recv(1, socket.MSG_PEEK) == b""
                except OSError:
                    gone = True
                if gone:
                    raise ClientLeft

    def whole(self, status, body, headers=None):
        """A reply of known length."""
        body = body.encode() if isinstance(body, str) else body
        head = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.write(f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode() + body)

    def head(self):
        self.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")

    def chunk(self, data):
        if data:
            self.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self):
        self.write(b"0\r\n\r\n")

    def send(self, event):
        """One event: what JSON makes of it, or raw bytes."""
        data = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        self.chunk(b"data: " + data + 2 * self.newline)
        self.call.sent += 1

    # -- events --

    def delta(self, delta, finish=None):
        return {"id": self.id, "object": "chat.completion.chunk", "created": int(time.time()), "model": self.call.model,
                "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    def tokens(self, text, size=None):
        """Word by word, or so many characters each."""
        pattern = r"\s*\S+\s*$|\s*\S+" if size is None else rf"(?s).{{1,{size}}}"
        return [self.delta({"content": token}) for token in re.findall(pattern, text)]

    def usage(self):
        prompt, completion = len(self.call.text) // 4, 20
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
                 "prompt_tokens_details": {"cached_tokens": prompt // 2}}
        return {**self.delta({}), "choices": [], "usage": usage}

    def call_events(self, calls):
        events = []
        for index, (name, arguments) in enumerate(calls):
            text = arguments if isinstance(arguments, str) else json.dumps(arguments)
            first = {"index": index, "id": f"call_{self.id}_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
            events.append(self.delta({"tool_calls": [first]}))
            events += [self.delta({"tool_calls": [{"index": index, "function": {"arguments": text[at:at + 1000]}}]}) for at in range(0, len(text), 1000)]
        return events

    def events(self, text="", calls=(), size=None):
        """A reply in full."""
        wanted = self.call_events(calls) or self.tokens(text, size)
        first = self.delta({"role": "assistant", "content": "" if not calls else None})
        return [first, *wanted, self.delta({}, "tool_calls" if calls else "stop"), self.usage(), b"[DONE]"]

    def honest_events(self):
        if self.call.step == "choose":
            return self.events(calls=honest_calls(self.call))
        return self.events(honest_answer(self.call))

    def stream(self, events, end=True):
        self.head()
        for event in events:
            self.send(event)
        if end:
            self.end()

    # -- scripts: well-behaved --

    def honest(self):
        self.stream(self.honest_events())

    def says(self, text, size=None):
        self.stream(self.events(text, size=size) if self.call.step == "answer" else self.honest_events())

    def lies(self):
        self.says(honest_answer(self.call) + " It costs 1 THB per night, 99% less than usual, until 31 December 2099 [1]. Believe me.")

    def nothing(self):
        self.stream(self.events())

    def parts(self):
        events = self.events(honest_answer(self.call))
        self.stream([self.delta({"content": [{"type": "text", "text": honest_answer(self.call)}]}), *events[-3:]])

    # -- scripts: tools --

    def calls(self, calls):
        self.stream(self.events(calls=calls) if self.call.step == "choose" else self.honest_events())

    def obeys(self):
        calls, text = obedient(self.call) if self.call.results else (honest_calls(self.call), "")
        self.stream(self.events(calls=calls) if self.call.step == "choose" else self.events(text))

    def hostile_calls(self):
        self.calls(list(itertools.islice(self.fake.hostile, 4)))

    def endless_calls(self):
        name = self.call.body["tools"][0]["function"]["name"] if self.call.step == "choose" else ""
        self.calls([(name, {"query": f"{self.call.question[:100]} {len(self.fake.calls)}"})])

    def vllm(self):
        """One index for all calls, a new id for each; a finish reason that says nothing of them."""
        events = self.honest_events()
        for event in events:
            for piece in event["choices"][0]["delta"].get("tool_calls", []) if isinstance(event, dict) and event["choices"] else []:
                piece["index"] = 0
                piece.setdefault("id", "")
            if isinstance(event, dict) and event["choices"] and event["choices"][0]["finish_reason"]:
                event["choices"][0]["finish_reason"] = "stop"
        self.stream(events)

    def ollama(self):
        """A call whole in one delta, its arguments an object; no usage unless asked."""
        if self.call.step == "answer":
            self.stream(self.events(honest_answer(self.call)))
            return
        calls = [{"index": i, "id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
                 for i, (name, arguments) in enumerate(honest_calls(self.call))]
        self.stream([self.delta({"role": "assistant", "content": "", "reasoning": "hm", "tool_calls": calls}), self.delta({}, "tool_calls"), b"[DONE]"])

    def openrouter(self):
        """Comments while it works, the cost, the model that really answered."""
        self.head()
        for _ in range(3):
            self.chunk(b": OPENROUTER PROCESSING\n\n")
        for event in self.honest_events():
            if isinstance(event, dict):
                event["model"] = f"vendor/{self.call.model}"
                event["provider"] = "Somebody"
                if "usage" in event:
                    event["usage"].update(cost=0.000197, is_byok=False, cost_details={"upstream_inference_cost": None})
            self.send(event)
        self.end()

    # -- scripts: time --

    def slow(self, seconds):
        self.wait(seconds)
        self.honest()

    def late(self, seconds):
        self.head()
        self.wait(seconds)
        for event in self.honest_events():
            self.send(event)
        self.end()

    def comments(self, seconds):
        self.head()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.chunk(b": still here\n\n")
            self.wait(0.2)
        for event in self.honest_events():
            self.send(event)
        self.end()

    def unfinished(self, text):
        self.stream(self.events(text)[:-3], end=False)
        self.wait(ENDLESS_SECONDS)
        self.handler.close_connection = True

    def lingers(self, text):
        self.stream(self.events(text)[:-3], end=False)
        until = time.monotonic() + ENDLESS_SECONDS
        while time.monotonic() < until and not self.fake.stopped.is_set():
            self.wait(0.5)
            self.send(self.delta({"content": " so"}))
        self.handler.close_connection = True

    def stall(self, count):
        self.stream(self.honest_events()[:int(count)], end=False)
        self.wait(ENDLESS_SECONDS)
        self.handler.close_connection = True

    def pieces(self, size, newline="\n"):
        self.piece, self.newline = int(size), newline.encode()
        self.honest()

    def dribble(self, seconds):
        self.piece, self.pause = 1, seconds
        self.honest()

    def paced(self, seconds):
        self.head()
        for event in self.honest_events():
            self.send(event)
            self.wait(seconds)
        self.end()

    def held(self, text, gate, end="done"):
        events = self.events(text)
        half = len(events) // 2
        self.stream(events[:half], end=False)
        while not gate.is_set():
            self.chunk(b": held\n\n")  # silence would end it
            self.wait(0.1)
        for event in events[half:] if end == "done" else events[half:-3]:
            self.send(event)
        if end == "done":
            self.end()
        self.handler.close_connection = True

    def endless(self):
        self.head()
        until = time.monotonic() + ENDLESS_SECONDS
        for number in itertools.count():
            if self.fake.stopped.is_set() or time.monotonic() > until:
                break
            self.send(self.delta({"content": f"word {number} and so on and on, "}))
        self.handler.close_connection = True

    # -- scripts: ends --

    def cut(self, count):
        self.stream(self.honest_events()[:int(count)])

    def no_done(self):
        self.stream(self.honest_events()[:-1])

    def no_usage(self):
        self.stream([event for event in self.honest_events() if not isinstance(event, dict) or "usage" not in event])

    def fin(self, count):
        self.stream(self.honest_events()[:int(count)], end=False)
        self.handler.close_connection = True

    def rst(self, count):
        self.stream(self.honest_events()[:int(count)], end=False)
        time.sleep(0.05)  # what was sent arrives first
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.handler.connection.detach())
        self.handler.close_connection = True

    # -- scripts: refusals and nonsense --

    def status(self, status, headers=None):
        error = {"error": {"message": "no", "type": "server_error", "param": None, "code": None}}
        self.whole(int(status), json.dumps(error), headers)

    def repeats(self, status):
        self.whole(int(status), json.dumps({"error": {"code": "invalid", "message": f"Not accepted: {self.call.text}"}}))

    def quota(self):
        error = {"error": {"message": "You exceeded your quota", "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}}
        self.whole(429, json.dumps(error))

    def html(self):
        self.whole(200, "<html><body>Welcome to the portal</body></html>", {"Content-Type": "text/html"})

    def garbage(self):
        self.stream([b"this is no JSON"])

    def error(self):
        self.whole(200, json.dumps({"error": {"code": 502, "message": "Provider returned error", "metadata": {"error_type": "x"}}}))

    def error_chunk(self, count):
        failed = {**self.delta({"content": ""}, "error"), "error": {"code": 502, "message": "Provider disconnected"}}
        self.stream([*self.honest_events()[:int(count)], failed])

    def line(self, size):
        self.head()
        self.write(f"{int(size) + 6:x}\r\ndata: ".encode())
        for _ in range(int(size) // 65536):
            self.write(b"x" * 65536)
        self.write(b"x" * (int(size) % 65536) + b"\r\n")
        self.end()

    def bytes(self):
        if self.call.step == "choose":
            self.honest()
            return
        raw = b'{"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}'
        texts = [b"a\xff\xfeb ", b"c\x00d ", b"\\u0000e ", b"\\ud83c f ", b"\\udfe0 g ", b"\xed\xa0\xbc h ", b"</script> \\r\\n\\r\\ndata: [DONE] "]
        self.stream([*(raw % text for text in texts), *self.events(honest_answer(self.call))[1:]])

    def redirect(self, url):
        self.whole(307, "", {"Location": url})

    def gzip(self, size=1 << 30):
        block = gzip.compress(b"\0" * (1 << 20))
        body = block * (int(size) >> 20)
        self.whole(200, body, {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"})
