"""Stand-ins for services that the programs call, over real sockets and in the real wire format."""

import base64
import hashlib
import json
import math
import re
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONCEPTS = {  # words that mean the same to this model: what hashed words cannot know
    "doggy": "dog", "puppy": "dog", "wifi": "internet", "wlan": "internet", "automobile": "car", "cheap": "price", "cost": "price",
}


def vector_of(text, dims):
    """Unit vector: words and their trigrams, hashed; the same text always gives the same one."""
    values = [0.0] * dims
    for word in re.findall(r"\w+", text.lower()):
        word = CONCEPTS.get(word, word)
        for term in [word, *(f"^{word}$"[i:i + 3] for i in range(len(word)))]:
            number = int.from_bytes(hashlib.sha256(term.encode()).digest()[:8], "big")
            values[number % dims] += 2.0 if term == word else 1.0
    length = math.sqrt(sum(value * value for value in values))
    if length == 0:
        values[0] = length = 1.0
    return [value / length for value in values]


def _base64(vector):
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


class Embeddings:
    """POST /v1/embeddings as OpenAI speaks it. `faults` are used up one a call, the last of `always` repeats:
        ("slow", s)            answers s seconds after the call  ("status", n, {headers})  answers an error
        ("hang",)              never answers                     ("disconnect",)           closes without an answer
        ("garbage",)           200 and no JSON                   ("error",)                200 and an error object
        ("dims", n)            vectors of another length         ("nan",)                  NaN in the vector
        ("zero",)              a vector of zeros                 ("huge",)                 an answer without end
        ("missing",)           one vector too few                ("shuffled",)             right, in another order
        ("numbers",)           lists of numbers though base64 was asked for
    """

    def __init__(self, dims=1536):
        self.dims = dims
        self.calls = []  # the bodies, as decoded
        self.headers = []  # of the requests
        self.faults = []
        self.always = None
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body go out together: apart, the body waits 40 ms for the head's acknowledgement
            disable_nagle_algorithm = True

            def do_POST(self):
                fake.answer(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # the program left: tests let it

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def settings(self, **more):
        """Of a program that asks this service."""
        return {"EMBEDDINGS_PROVIDER": "openai", "EMBEDDING_BASE_URL": self.url, "OPENAI_API_KEY": "sk-of-the-tests",
                "EMBEDDING_DIMS": str(self.dims), **more}

    def texts(self):
        """Everything that was asked, in order."""
        with self.lock:
            return [text for call in self.calls for text in call["input"]]

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- one call ----

    def _next_fault(self, request):
        with self.lock:
            self.calls.append(request)
            return self.faults.pop(0) if self.faults else self.always

    def answer(self, handler):
        begun = time.monotonic()
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        if isinstance(request["input"], str):
            request["input"] = [request["input"]]
        self.headers.append(dict(handler.headers.items()))
        kind, *details = self._next_fault(request) or ("none",)
        early = {"status": self._refuse, "hang": self._hang, "disconnect": self._disconnect, "huge": self._flood}
        if handler.path != "/v1/embeddings":
            self._refuse(handler, 404)
        elif kind in early:
            early[kind](handler, *details)
        else:
            body = self._body(request, kind, details)
            if kind == "slow":
                self.stopped.wait(max(0, details[0] - (time.monotonic() - begun)))
            self._send(handler, 200, body)

    def _body(self, request, kind, details):
        if kind == "garbage":
            return b"<html>Welcome to the portal</html>"
        if kind == "error":
            return json.dumps({"error": {"message": "overloaded", "type": "server_error", "param": None, "code": 503}})
        dims = details[0] if kind == "dims" else self.dims
        vectors = [vector_of(text, dims) for text in request["input"]]
        if kind == "nan":
            vectors[0][0] = float("nan")
        if kind == "zero":
            vectors[0] = [0.0] * dims
        plain = request.get("encoding_format") != "base64" or kind == "numbers"
        data = [{"object": "embedding", "index": i, "embedding": vector if plain else _base64(vector)}
                for i, vector in enumerate(vectors)]
        if kind == "missing":
            data.pop()
        if kind == "shuffled":
            data.reverse()
        used = sum(len(text) // 4 + 1 for text in request["input"])
        return json.dumps({"object": "list", "data": data, "model": request["model"],
                           "usage": {"prompt_tokens": used, "total_tokens": used}})

    @staticmethod
    def _send(handler, status, body, headers=None):
        body = body.encode() if isinstance(body, str) else body
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def _refuse(self, handler, status, headers=None):
        error = {"error": {"message": "no", "type": "server_error", "param": None, "code": None}}
        self._send(handler, status, json.dumps(error), headers)

    def _hang(self, handler):
        self.stopped.wait(60)
        handler.close_connection = True

    @staticmethod
    def _disconnect(handler):
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    def _flood(self, handler):
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"data\":[")
        until = time.monotonic() + 60
        while not self.stopped.is_set() and time.monotonic() < until:
            handler.wfile.write(b" " * 65536)
