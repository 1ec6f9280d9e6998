"""A page with the chat widget, and behind it an API that says what a test has written, down to single bytes."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.services import ROOT

CHAT = "POST /api/v1/llm/chat"
CONFIG = {
    "app_name": "Brand", "features": {"chat": True},
    "chat": {"suggestions": ["First question?"], "max_message_chars": 4000, "disclaimer": "No promise."},
    "branding": {"colors": {"primary": "#0b6e6e", "accent": "#f2a541"}},
}
CUT = object()  # the connection breaks here


def event(name, data, number=1, message=7, end="\n"):
    lines = (f"id: {message}.{number}", f"event: {name}", f"data: {json.dumps(data, ensure_ascii=False)}", "", "")
    return end.join(lines).encode()


def start(number=1, conversation=3, message=7):
    return event("start", {"conversation_id": conversation, "session_id": "s", "user_message_id": message - 1, "message_id": message,
                           "model": "m"}, number, message)


def delta(text, number):
    return event("delta", {"text": text}, number)


def message(content, id=7, role="assistant", sources=(), finish_reason="stop"):
    return {"id": id, "conversation_id": 3, "role": role, "content": content, "sources": list(sources), "tool_calls": [],
            "finish_reason": finish_reason if role == "assistant" else None, "feedback": None}


def done(content, number=9, suggestions=(), **more):
    return event("done", {"message": message(content, **more), "suggestions": list(suggestions)}, number)


def source(n=1, title="A source", url=None):
    return {"n": n, "type": "faq", "id": n, "title": title, "url": url, "snippet": "", "score": 1}


@dataclass
class Script:
    """chunks: bytes; an Event waits for the test; CUT breaks the connection."""

    chunks: list
    status: int = 200
    headers: dict = field(default_factory=dict)


def stream(*chunks):
    return Script(list(chunks), headers={"Content-Type": "text/event-stream"})


def reply(body, status=200, **headers):
    return Script([json.dumps(body).encode()], status, {"Content-Type": "application/json", **headers})


def page(*messages):
    return reply({"data": list(messages), "has_more": False, "next_cursor": None, "total": None})


def refusal(status, code, text, **headers):
    return reply({"error": {"code": code, "message": text}}, status, **headers)


@dataclass
class Asked:
    route: str
    headers: dict
    body: dict


class ScriptedApi:
    """replies: "METHOD /path without query" -> scripts, used up one a request; the last one stays."""

    def __init__(self, tag=""):
        self.replies = {"GET /api/v1/config": [reply(CONFIG)]}
        self.tag = tag  # further attributes of the script tag
        self.asked = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def on(self, route, *scripts):
        self.replies[route] = list(scripts)

    def requests(self, route):
        return [asked for asked in self.asked if asked.route == route]

    def _page(self):
        html = f"""<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Host</title><body><h1>Host</h1>
            <script src="/chat-widget.js" {self.tag}></script></body></html>"""
        return Script([html.encode()], headers={"Content-Type": "text/html; charset=utf-8"})

    def _script_for(self, route):
        if route == "GET /":
            return self._page()
        if route == "GET /chat-widget.js":
            return Script([(ROOT / "web/chat-widget.js").read_bytes()], headers={"Content-Type": "text/javascript; charset=utf-8"})
        scripts = self.replies.get(route)
        if not scripts:
            return refusal(404, "NOT_FOUND", "Not found")
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    def _handler(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                route = f"{self.command} {self.path.split('?')[0]}"
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                api.asked.append(Asked(route, {name.lower(): value for name, value in self.headers.items()}, body))
                self.say(api._script_for(route))

            def say(self, script):
                self.send_response(script.status)
                for name, value in script.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if script.status == 204:
                    self.end_headers()
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in script.chunks:
                    if chunk is CUT:
                        self.close_connection = True
                        return
                    if isinstance(chunk, threading.Event):
                        chunk.wait(30)
                        continue
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

            do_GET = do_POST = do_PUT = do_DELETE = answer

        return Handler
