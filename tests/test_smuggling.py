"""Requests that two parsers could read differently: one answer at most, and nothing behind it is ever read."""

import json
import time
import uuid

import pytest

from harness.wire import Wire, exchange, request

LIST = "/api/v1/properties"
BODY = json.dumps({"title": "Smuggled house", "listing_type": "sale", "property_type": "villa",
                   "price": {"amount_minor": 5, "currency": "THB", "period": "total"}}).encode()
ROWS = "SELECT count(*) FROM properties"

# Refusals that the HTTP library writes itself, in HTML: docs/adr/0011. Nothing else may come without our envelope.
BY_LIBRARY = {400, 413, 414, 431, 505}


def assert_refusal(reply, statuses=(400,), head=False):
    assert reply.status in statuses, (reply.status, reply.body)
    if head:
        assert reply.header("content-type") == "application/json" and reply.body == b""
    elif reply.header("content-type") == "application/json":
        assert reply.error["code"] in ("BAD_REQUEST", "METHOD_NOT_ALLOWED", "PAYLOAD_TOO_LARGE", "REQUEST_TIMEOUT")
        assert reply.header("x-request-id") == reply.error["request_id"]
    else:
        assert reply.status in BY_LIBRARY


def chunked(body, size=None):
    size = size or max(len(body), 1)
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def head(*lines, method="POST", path=LIST, version="HTTP/1.1", host=True, end="\r\n"):
    """Request line, Host, and lines as they are."""
    every = [f"{method} {path} {version}"] + (["Host: api.test"] if host else []) + list(lines)
    return (end.join(every) + end + end).encode("latin-1")


HIDDEN = "X-Request-Id: hidden-request"
SECOND = request("GET", "/health", [("X-Request-Id", "hidden-request")])
JSON = "Content-Type: application/json"
LEN = len(BODY)

# name: (head without authorization, what follows). All must be refused with 400 and the connection closed.
REFUSED = {
    "length and chunked": (head(JSON, f"Content-Length: {LEN}", "Transfer-Encoding: chunked"), chunked(BODY)),
    "chunked and length": (head(JSON, "Transfer-Encoding: chunked", f"Content-Length: {LEN}"), chunked(BODY)),
    "length 6 and chunked": (head(JSON, "Content-Length: 6", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "two lengths": (head(JSON, f"Content-Length: {LEN}", "Content-Length: 0"), BODY),
    "two lengths, other way": (head(JSON, "Content-Length: 0", f"Content-Length: {LEN}"), BODY),
    "two equal lengths": (head(JSON, f"Content-Length: {LEN}", f"Content-Length: {LEN}"), BODY),
    "two chunked": (head(JSON, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), chunked(BODY)),
    "chunked and identity": (head(JSON, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), chunked(BODY)),
    "identity and chunked": (head(JSON, "Transfer-Encoding: identity", "Transfer-Encoding: chunked"), chunked(BODY)),
    "no host": (head(JSON, f"Content-Length: {LEN}", host=False), BODY),
    "two hosts": (head("Host: other.test", JSON, f"Content-Length: {LEN}"), BODY),
    "two equal hosts": (head("Host: api.test", JSON, f"Content-Length: {LEN}"), BODY),
    "host with path": (head("Host: a/b", JSON, f"Content-Length: {LEN}", host=False), BODY),
    "host with user": (head("Host: a@b", JSON, f"Content-Length: {LEN}", host=False), BODY),
    "1.0 and chunked": (head(JSON, "Transfer-Encoding: chunked", version="HTTP/1.0"), chunked(BODY)),
    "1.0 with a body": (head(JSON, f"Content-Length: {LEN}", version="HTTP/1.0"), BODY),
    "bare line feeds": (head(JSON, f"Content-Length: {LEN}", end="\n"), BODY),
    "one bare line feed": (head(f"{JSON}\nContent-Length: {LEN}"), BODY),
    "folded": (head(f"{JSON};\r\n charset=utf-8", f"Content-Length: {LEN}"), BODY),
    "folded by tab": (head(JSON, f"X-A: b\r\n\tContent-Length: 3", f"Content-Length: {LEN}"), BODY),
    "folded first line": (b"POST /api/v1/properties HTTP/1.1\r\n Host: api.test\r\n\r\n", b""),
    "bare carriage return": (head(JSON, "X-A: a\rY: b", f"Content-Length: {LEN}"), BODY),
    "NUL in a value": (head(JSON, "X-A: a\0b", f"Content-Length: {LEN}"), BODY),
    "NUL in a name": (head(JSON, "X\0A: b", f"Content-Length: {LEN}"), BODY),
    "NUL in a length": (head(JSON, f"Content-Length: {LEN}\0"), BODY),
    "NUL in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "\0x"), BODY),
    "%00 in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "%00x"), BODY),
    "bell in a value": (head(JSON, "X-A: a\x07b", f"Content-Length: {LEN}"), BODY),
    "delete in a value": (head(JSON, "X-A: a\x7fb", f"Content-Length: {LEN}"), BODY),
    "space before colon": (head(JSON, f"Content-Length : {LEN}"), BODY),
    "tab before colon": (head(JSON, f"Content-Length\t: {LEN}"), BODY),
    "space before colon of chunked": (head(JSON, "Transfer-Encoding : chunked", f"Content-Length: {LEN}"), chunked(BODY)),
    "space in a name": (head(JSON, "X A: b", f"Content-Length: {LEN}"), BODY),
    "name with brackets": (head(JSON, "X(A): b", f"Content-Length: {LEN}"), BODY),
    "no name": (head(JSON, ": b", f"Content-Length: {LEN}"), BODY),
    "line without colon": (head(JSON, "nonsense", f"Content-Length: {LEN}"), BODY),
    "space in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + " x"), BODY),
    "tab in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "\tx"), BODY),
    "raw byte in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "/\xff"), BODY),
    "escaped bad UTF-8 in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "/%ff"), BODY),
    "overlong UTF-8 in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "/%c0%af"), BODY),
    "surrogate in the path": (head(JSON, f"Content-Length: {LEN}", path=LIST + "/%ed%a0%80"), BODY),
    "half an escape": (head(JSON, f"Content-Length: {LEN}", path=LIST + "/%4"), BODY),
    "no escape": (head(JSON, f"Content-Length: {LEN}", path=LIST + "/%zz"), BODY),
    "fragment": (head(JSON, f"Content-Length: {LEN}", path=LIST + "#x"), BODY),
    "absolute form": (head(JSON, f"Content-Length: {LEN}", path="http://api.test" + LIST), BODY),
    "authority form": (head(JSON, f"Content-Length: {LEN}", path="api.test:80"), BODY),
    "asterisk": (head(method="OPTIONS", path="*"), b""),
    "method with bracket": (head(JSON, f"Content-Length: {LEN}", method="PO(ST"), BODY),
    "GET with a body": (head("Content-Length: 5", method="GET"), b"hello"),
    "HEAD with a body": (head("Content-Length: 5", method="HEAD"), b"hello"),
    "DELETE with a body": (head("Content-Length: 5", method="DELETE", path=LIST + "/1"), b"hello"),
    "OPTIONS with a body": (head("Content-Length: 5", method="OPTIONS"), b"hello"),
    "GET chunked": (head("Transfer-Encoding: chunked", method="GET"), chunked(b"hello")),
} | {
    f"length {text!r}": (head(JSON, f"Content-Length: {text}"), BODY)
    for text in (f"{LEN}, {LEN}", f"+{LEN}", f"-{LEN}", f"{LEN}a", "0x10", "", f"{LEN} {LEN}", f"{LEN}.0", "9" * 19, "9" * 40, "1e2",
                 "18446744073709551617", f"{LEN};", "\xb2")
} | {
    f"transfer encoding {text!r}": (head(JSON, f"Transfer-Encoding: {text}"), chunked(BODY))
    for text in ("gzip, chunked", "xchunked", "chunked, chunked", "identity", "chunked, identity", "chunked;q=1", "", "chun ked",
                 "\"chunked\"", "chunked,", ",chunked", "gzip", "chunked\x0b", "x")
}


@pytest.fixture(scope="module")
def authorization(agent):
    return f"Authorization: Bearer {agent}\r\n".encode()


@pytest.fixture(autouse=True)
def nothing_slips_through(app):
    yield
    assert not [line for line in app.log_lines("http.request_done") if line.get("request_id") == "hidden-request"]


def signed(first, authorization):
    """The head with a token, so that only its form can be the reason of a refusal."""
    mark = b"\n"
    at = first.index(mark) + 1
    end = b"\n" if b"\r\n" not in first else b"\r\n"
    return first[:at] + authorization.rstrip(b"\r\n") + end + first[at:]


@pytest.mark.parametrize("name", REFUSED)
def test_ambiguous_requests_are_refused_and_the_connection_closed(app, services, product, authorization, name):
    first, body = REFUSED[name]
    before = services.sql(product, ROWS)
    answer = exchange(app.port, signed(first, authorization) + body + SECOND, head=first.startswith(b"HEAD"))
    assert answer.closed and answer.rest == b"", answer
    assert len(answer.replies) == 1 or (name in SILENT and not answer.replies), answer
    for reply in answer.replies:
        assert_refusal(reply, (413,) if name in BEYOND_COUNTING else (400,), head=first.startswith(b"HEAD"))
    assert services.sql(product, ROWS) == before


# What libmicrohttpd 1.0 closes without a word.
SILENT = ("NUL in the path",)

# Lengths that no 64 bits hold: too large rather than malformed.
BEYOND_COUNTING = ("length '" + "9" * 40 + "'", "length '18446744073709551617'")


def assert_read_once(app, services, product, data):
    """Served once or refused; either way nothing follows."""
    before = int(services.sql(product, ROWS)[0][0])
    answer = exchange(app.port, data + SECOND)
    assert answer.closed and len(answer.replies) == 1, answer
    made = int(services.sql(product, ROWS)[0][0]) - before
    assert (answer.replies[0].status, made) in ((201, 1), (400, 0)), answer


CHUNKS = {
    "extension": b"%x;x=y\r\n%s\r\n0\r\n\r\n" % (LEN, BODY), "quoted extension": b'%x;x="\r\n"\r\n%s\r\n0\r\n\r\n' % (LEN, BODY),
    "bare line feeds": b"%x\n%s\n0\n\n" % (LEN, BODY), "upper case": b"%X\r\n%s\r\n0\r\n\r\n" % (LEN, BODY),
    "leading zeros": b"0000%x\r\n%s\r\n0\r\n\r\n" % (LEN, BODY), "space behind the size": b"%x \r\n%s\r\n0\r\n\r\n" % (LEN, BODY),
    "last chunk of many zeros": b"%x\r\n%s\r\n000\r\n\r\n" % (LEN, BODY),
}


@pytest.mark.parametrize("name", CHUNKS)
def test_odd_chunks_are_read_once(app, services, product, authorization, name):
    first = signed(head(JSON, "Transfer-Encoding: chunked"), authorization)
    assert_read_once(app, services, product, first + CHUNKS[name])


BAD_CHUNKS = {
    "no size": b"\r\n%s\r\n0\r\n\r\n" % BODY, "minus": b"-1\r\n%s\r\n0\r\n\r\n" % BODY, "0x": b"0x%x\r\n%s\r\n0\r\n\r\n" % (LEN, BODY),
    "word": b"size\r\n%s\r\n0\r\n\r\n" % BODY, "huge": b"ffffffffffffffff\r\n%s\r\n0\r\n\r\n" % BODY,
    "over 64 bits": b"1" + b"0" * 17 + b"\r\n%s\r\n0\r\n\r\n" % BODY, "too short": b"3\r\n%s\r\n0\r\n\r\n" % BODY,
    "no line end behind the data": b"%x\r\n%s0\r\n\r\n" % (LEN, BODY),
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_broken_chunks_are_refused(app, services, product, authorization, name):
    before = services.sql(product, ROWS)
    answer = exchange(app.port, signed(head(JSON, "Transfer-Encoding: chunked"), authorization) + BAD_CHUNKS[name] + SECOND)
    assert answer.closed and len(answer.replies) <= 1, answer
    for reply in answer.replies:
        assert_refusal(reply, (400, 408, 413))  # 408: the library waits for a chunk of any size
    assert services.sql(product, ROWS) == before


def test_a_request_hidden_in_a_body_is_only_a_body(app, services, product, authorization):
    body = SECOND
    data = signed(head(JSON, f"Content-Length: {len(body)}"), authorization) + body
    with Wire(app.port) as wire:
        wire.send(data + request("GET", "/health", [("X-Request-Id", "after-the-body")]))
        assert wire.reply().status == 400
        assert wire.reply().header("x-request-id") == "after-the-body"


def test_trailers_are_not_headers(app, services, product):
    """A field behind the last chunk must not sign anybody in."""
    data = head(JSON, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\nAuthorization: Bearer x\r\n%s\r\n\r\n" % (
        LEN, BODY, HIDDEN.encode())
    answer = exchange(app.port, data)
    assert answer.closed and answer.statuses in ([401], [400])


def test_good_requests_are_not_refused(app, authorization, services, product):
    """The same shapes, well-formed: the guard must not cost anybody anything."""
    before = int(services.sql(product, ROWS)[0][0])
    good = {
        "length": head(JSON, f"Content-Length: {LEN}"), "lower case": head(JSON.lower(), f"content-length: {LEN}"),
        "no blank": head(JSON.replace(" ", ""), f"Content-Length:{LEN}"), "blanks": head(JSON, f"Content-Length: \t {LEN}"),
        "empty value": head(JSON, "X-Empty:", f"Content-Length: {LEN}"), "leading zeros": head(JSON, f"Content-Length: 00{LEN}"),
        "high bytes": head(JSON, "X-Name: J\xf6rg", f"Content-Length: {LEN}"), "query": head(JSON, f"Content-Length: {LEN}", path=LIST + "?"),
        "chunked": head(JSON, "Transfer-Encoding: chunked"), "Chunked": head(JSON, "Transfer-Encoding: Chunked"),
    }
    for name, first in good.items():
        with Wire(app.port) as wire:
            wire.send(signed(first, authorization) + (chunked(BODY, 7) if "hunked" in name else BODY))
            assert wire.reply().status == 201, name
    assert int(services.sql(product, ROWS)[0][0]) == before + len(good)


def test_a_body_in_pieces_is_one_body(app, authorization):
    data = signed(head(JSON, f"Content-Length: {LEN}"), authorization) + BODY
    with Wire(app.port) as wire:
        for at in range(0, len(data), 97):
            wire.send(data[at:at + 97])
            time.sleep(0.001)
        reply = wire.reply()
    assert reply.status == 201 and json.loads(reply.body)["title"] == "Smuggled house"


def test_two_hundred_requests_in_one_write_are_answered_in_order(app, authorization):
    paths = ["/health", "/api/v1/properties?limit=1", "/nowhere", "/api/v1/config", "/api/v1/properties?limit=x", "/"]
    names = [f"pipeline-{n:04}-{uuid.uuid4().hex[:8]}" for n in range(200)]
    data = b"".join(request("GET", paths[n % len(paths)], [("X-Request-Id", name)]) for n, name in enumerate(names))
    expected = [200, 200, 404, 200, 422, 200]
    with Wire(app.port, timeout=30) as wire:
        wire.send(data)
        for n, name in enumerate(names):
            reply = wire.reply()
            assert reply.header("x-request-id") == name
            assert reply.status == expected[n % len(paths)], name


def test_a_pipeline_ends_at_the_first_bad_request(app):
    good = request("GET", "/health")
    answer = exchange(app.port, good * 3 + head("Content-Length: 1", "Content-Length: 2") + SECOND * 3)
    assert answer.statuses == [200, 200, 200, 400] and answer.closed
