"""The chat as a client uses it: questions, and answers as they are written."""

import json
import re
import secrets
from dataclasses import dataclass

CHAT = "/api/v1/llm/chat"
CONVERSATIONS = "/api/v1/llm/conversations"


def new_session():
    return secrets.token_urlsafe(24)


def ask(app, content, *, session=None, token=None, status=200, headers=None, **more):
    body = {"content": content, **more}
    if session is not None:
        body["session_id"] = session
    reply = app.post(CHAT, body, token=token, headers=headers)
    assert reply.status == status, (reply.status, reply.body)
    return reply.json


@dataclass
class Event:
    id: str
    name: str
    data: dict


class Stream:
    """Events of one reply as they come. Iterating ends when the server ends the body."""

    def __init__(self, app, method, path, body=None, headers=None, timeout=40):
        self.connection = app.connection(timeout)
        headers = {"Accept": "text/event-stream", **(headers or {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body=None if body is None else json.dumps(body).encode(), headers=headers)
        self.reply = self.connection.getresponse()
        self.status = self.reply.status
        self.headers = {name.lower(): value for name, value in self.reply.getheaders()}
        self.comments = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def __iter__(self):
        fields = {}
        while line := self.reply.readline():
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                self.comments.append(line)
            elif line:
                name, _, value = line.partition(": ")
                assert name in ("id", "event", "data") and name not in fields, line
                fields[name] = value
            elif fields:
                yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
                fields = {}
        assert not fields, "the stream ended inside an event"

    def all(self):
        return list(self)


def stream(app, content, *, session=None, token=None, **more):
    body = {"content": content, **more}
    if session is not None:
        body["session_id"] = session
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Stream(app, "POST", CHAT, body, headers)


def text_of(events):
    """The answer that a client has read at the end."""
    text = ""
    for event in events:
        if event.name == "delta":
            text += event.data["text"]
        elif event.name == "replace":
            text = event.data["content"]
    return text


def numbers(events):
    return [int(event.id.partition(".")[2]) for event in events]


def markers(text):
    return {int(number) for number in re.findall(r"\[(\d+)\]", text)}
