"""A TCP proxy before Postgres or Redis that breaks a connection at a message of one's choice, and a server that talks
nonsense."""

import select
import socket
import struct
import threading


def postgres_messages(data, first):
    """Length of the first whole message in data, 0 = not whole yet. The very first one of a client has no type."""
    at = 0 if first else 1
    if len(data) < at + 4:
        return 0
    length = at + struct.unpack_from("!I", data, at)[0]
    return length if len(data) >= length else 0


def resp_messages(data, _first=False):
    """Length of the first whole RESP value in data, 0 = not whole yet."""
    end = data.find(b"\r\n")
    if end < 0:
        return 0
    kind, head = data[:1], data[1:end]
    at = end + 2
    if kind == b"$" and head != b"-1":
        at += int(head) + 2
    elif kind == b"*" and head != b"-1":
        for _ in range(int(head)):
            length = resp_messages(data[at:])
            if length == 0:
                return 0
            at += length
    return at if at <= len(data) else 0


class FaultProxy:
    """Passes everything on until arm(): then message number n from the "server" or the "client", counted over all
    connections, is sent in half, and its connection gets "rst", "fin" or "stall". Once."""

    def __init__(self, target, messages):
        self.target, self.messages = target, messages  # a path or (host, port)
        self.lock = threading.Lock()
        self.side, self.left, self.kind, self.fired, self.seen = None, 0, None, False, 0
        self.corrupt = False
        self.pairs = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, side, number, kind):
        with self.lock:
            self.side, self.left, self.kind, self.fired, self.seen = side, number, kind, False, 0

    def disarm(self):
        """Whether it went off, and how many messages of the side passed since arm()."""
        with self.lock:
            self.side = None
            return self.fired, self.seen

    def close(self):
        self.listener.close()
        for pair in self.pairs:
            self._end(pair, "fin")

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                if isinstance(self.target, str):
                    server = socket.socket(socket.AF_UNIX)
                    server.connect(self.target)
                else:
                    server = socket.create_connection(self.target)
            except OSError:
                if self.listener.fileno() < 0:
                    return
                client.close()
                continue
            pair = (client, server)
            self.pairs.append(pair)
            threading.Thread(target=self._pump, args=(pair,), daemon=True).start()

    def _pump(self, pair):
        buffers = {"client": bytearray(), "server": bytearray()}
        first = {"client": True, "server": False}
        sides = {pair[0]: "client", pair[1]: "server"}
        try:
            while True:
                for source in select.select(pair, [], [], 60)[0]:
                    side, goal = sides[source], pair[1] if source is pair[0] else pair[0]
                    data = source.recv(65536)
                    if not data:
                        self._end(pair, "fin")
                        return
                    buffers[side] += data
                    if self._forward(buffers[side], first, side, goal):
                        self._break(pair)
                        return
        except (OSError, ValueError):
            self._end(pair, "fin")

    def _forward(self, buffer, first, side, goal):
        """True: the connection is to break here."""
        while length := self.messages(bytes(buffer), first[side]):
            first[side] = False
            message = bytes(buffer[:length])
            with self.lock:
                counted = self.side == side and not self.fired
                self.seen += counted
                self.left -= counted
                self.fired = self.fired or (counted and self.left == 0)
                hit = counted and self.left == 0
            if hit and self.kind == "corrupt":
                goal.sendall(message[:1] + b"\xff" * (length - 1))
            elif hit:
                goal.sendall(message[:length // 2])
                return True
            else:
                goal.sendall(message)
            del buffer[:length]
        return False

    def _break(self, pair):
        if self.kind == "stall":  # until one of them has had enough
            while all(one.recv(65536) for one in select.select(pair, [], [], 60)[0]):
                pass
        self._end(pair, "fin" if self.kind == "stall" else self.kind)

    @staticmethod
    def _end(pair, kind):
        for one in pair:
            try:
                if kind == "rst":
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.close()
            except OSError:
                pass


class Babbler:
    """Accepts and answers every request with the same bytes; None = never answers."""

    def __init__(self, answer, port=0):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.peers = []
        self.heard = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer):
        try:
            while data := peer.recv(65536):
                self.heard += data
                if self.answer is not None:
                    peer.sendall(self.answer)
        except OSError:
            pass
        finally:
            peer.close()

    def close(self):
        self.listener.close()
        for peer in self.peers:
            peer.close()
