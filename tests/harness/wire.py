"""HTTP/1.1 by hand: any bytes out, replies in, and whether the other side hung up."""

import json
import socket
import struct
from dataclasses import dataclass, field


@dataclass
class WireReply:
    status: int
    headers: list  # (lower-case name, value), as sent
    body: bytes

    def header(self, name):
        values = [value for known, value in self.headers if known == name]
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    @property
    def error(self):
        return json.loads(self.body)["error"]


@dataclass
class Answer:
    """Everything that came back for what was sent."""

    replies: list = field(default_factory=list)
    closed: bool = False
    rest: bytes = b""  # what is no whole reply

    @property
    def statuses(self):
        return [reply.status for reply in self.replies]


def parse(data, head=False):
    """(reply, rest) or (None, data) if data holds no whole reply."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None, data
    lines = data[:end].decode("latin-1").split("\r\n")
    version, status = lines[0].split(" ", 2)[:2]
    assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
    headers = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
    status = int(status)
    length = 0
    if not head and status not in (204, 304) and status >= 200:
        lengths = [value for name, value in headers if name == "content-length"]
        assert len(lengths) == 1, lines
        length = int(lengths[0])
    start = end + 4
    if len(data) < start + length:
        return None, data
    return WireReply(status, headers, data[start:start + length]), data[start + length:]


class Wire:
    """One connection."""

    def __init__(self, port, timeout=10):
        self.peer = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.data = b""
        self.closed = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peer.close()

    def send(self, data):
        self.peer.sendall(data)

    def end(self):
        """No more bytes from us; we still listen."""
        try:
            self.peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def abort(self):
        """RST instead of FIN."""
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()

    def _more(self):
        try:
            chunk = self.peer.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            chunk = b""
        self.closed = self.closed or not chunk
        self.data += chunk
        return bool(chunk)

    def reply(self, head=False):
        """The next reply; None when the other side hangs up first."""
        while True:
            reply, self.data = parse(self.data, head)
            if reply is not None or not self._more():
                return reply

    def until_closed(self, head=False):
        """All replies until the other side hangs up, or is silent for the time-out."""
        answer = Answer()
        try:
            while reply := self.reply(head):
                answer.replies.append(reply)
        except TimeoutError:
            pass
        answer.closed, answer.rest = self.closed, self.data
        return answer


def exchange(port, data, timeout=10, head=False, end=False):
    with Wire(port, timeout) as wire:
        try:
            wire.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while we were still talking: the reply is there all the same
        if end:
            wire.end()
        return wire.until_closed(head)


def request(method, path, headers=(), body=b"", version="HTTP/1.1", host="api.test"):
    """Bytes of a request; Content-Length only with a body."""
    lines = [f"{method} {path} {version}"] + ([f"Host: {host}"] if host else []) + [f"{n}: {v}" for n, v in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
