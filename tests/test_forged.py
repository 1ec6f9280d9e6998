"""Forged tokens (tests/data/forged_tokens.py) at every door, and a second opinion about thousands of broken ones."""

import base64
import json
import random
import re
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conftest import PRODUCTS, other_product
from data.forged_tokens import HEADERS, Forge, Raw, cases, dump, rs256
from harness.app import App
from harness.tokens import Issuer, b64url
from harness.wire import Wire, exchange, request
from test_keys import KeyServer

ME = "/api/v1/users/me"
LIST = "/api/v1/properties?limit=1"
TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
TOKEN_MAX = 4096


@pytest.fixture(scope="module")
def forge(app, product):
    return Forge(app.issuer, Issuer(other_product(product)), f"https://{product}.test")


class Door:
    """Asks with an Authorization header of any bytes, over one connection as long as it lasts."""

    def __init__(self, app):
        self.app, self.wire = app, None

    def ask(self, path, authorization):
        if self.wire is None or self.wire.closed:
            self.wire = Wire(self.app.port)
        value = authorization.encode().decode("latin-1") if isinstance(authorization, str) else authorization.decode("latin-1")
        self.wire.send(request("GET", path, [("Authorization", value)]))
        return self.wire.reply()


def assert_refused(reply, name, path, product, challenge='Bearer error="invalid_token"'):
    assert reply is not None and reply.status == 401, (name, reply)
    error = reply.error
    assert set(error) == {"code", "message", "product", "timestamp", "path", "request_id"}, name
    assert (error["code"], error["message"]) == ("UNAUTHORIZED", "Invalid or expired token"), name
    assert error["product"] == product and error["path"] == path.split("?")[0] and TIMESTAMP.match(error["timestamp"])
    assert reply.header("content-type") == "application/json" and reply.header("cache-control") == "no-store"
    assert reply.header("www-authenticate") == challenge, name
    assert reply.header("x-request-id") == error["request_id"]


def test_the_forge_can_make_good_tokens(app, forge):
    """Otherwise everything below would be refused for nothing."""
    door = Door(app)
    for token in (forge.token(), forge.token(claims=forge.claims(azp=None, nbf=None, iat=None)), forge.token(header=forge.header(typ=None)),
                  forge.token(header=dump(forge.header()), claims=dump(forge.claims(x=Raw("1")))), forge.token(claims=forge.claims(sts="active", sub="u" * 64)),
                  forge.token(header=dict(reversed(forge.header().items()))), forge.token(claims="\n " + dump(forge.claims()) + " \t\r\n"),
                  forge.token(claims=forge.claims(exp=2**63 - 1)), forge.token(claims=forge.claims(nbf=0, iat=0, sub="user_first"))):
        assert door.ask(ME, f"Bearer {token}").status == 200
        assert door.ask(LIST, f"bearer {token}").status == 200
    longest = forge.token(claims=forge.claims(pad="x" * 2000))
    longest = forge.token(claims=forge.claims(pad="x" * (2000 + (TOKEN_MAX - len(longest)) * 3 // 4)))
    assert TOKEN_MAX - 3 <= len(longest) <= TOKEN_MAX and door.ask(ME, f"Bearer {longest}").status == 200


def test_no_forged_token_is_taken(app, forge, services, product):
    table = cases(forge)
    assert len(table) >= 500
    before = services.sql(product, "SELECT count(*) FROM users")
    door = Door(app)
    for name, token in table.items():
        for path in (ME, LIST):
            assert_refused(door.ask(path, f"Bearer {token}"), name, path, product, 'Bearer error="invalid_token"' if token else "Bearer")
    assert services.sql(product, "SELECT count(*) FROM users") == before


def test_no_forged_token_is_taken_with_keys_from_the_network(forge, services, product):
    """Here a kid chooses the key: an unknown one is refused even with our own signature."""
    keys = KeyServer()
    keys.keys = [forge.issuer.jwk(), {**forge.stranger.jwk(), "kid": "ins_second"}]
    one = App(product, services, forge.issuer, WORKERS=1, CLERK_JWT_KEY="", CLERK_SECRET_KEY="sk_test_forged", CLERK_API_URL="http://127.0.0.1:9",
              CLERK_JWKS_URL=keys.url, REDIS_URL="")
    one.start("/health")
    try:
        door = Door(one)
        assert door.ask(ME, f"Bearer {forge.token()}").status == 200
        second = forge.token(forge.header(kid="ins_second"), sign=rs256(forge.stranger.key))
        assert door.ask(ME, f"Bearer {second}").status == 200
        crossed = {"kid of the second key": forge.token(forge.header(kid="ins_second")),
                   "kid of the first key": forge.token(sign=rs256(forge.stranger.key)),
                   "unknown kid": forge.token(forge.header(kid="ins_unknown")), "kid in other case": forge.token(forge.header(kid=forge.issuer.kid.upper())),
                   "kid with more": forge.token(forge.header(kid=forge.issuer.kid + "x")), "kid with less": forge.token(forge.header(kid=forge.issuer.kid[:-1]))}
        for name, token in {**cases(forge), **crossed}.items():
            assert_refused(door.ask(ME, f"Bearer {token}"), name, ME, product, 'Bearer error="invalid_token"' if token else "Bearer")
        assert keys.fetches <= 3  # nobody makes us hammer the key server
    finally:
        assert one.stop() == 0
        keys.server.shutdown()


def test_other_ways_to_write_the_header(app, forge, product):
    door = Door(app)
    for form in HEADERS:
        value = form.format(good=forge.token())
        challenge = 'Bearer error="invalid_token"' if value.lower().startswith("bearer ") else "Bearer"
        for path in (ME, LIST):
            assert_refused(door.ask(path, value), form, path, product, challenge)


def test_control_characters_are_no_http(app, forge):
    for odd in ("\0", "\x01", "\x0b", "\x1f", "\x7f"):
        token = forge.token()
        for value in (token[:20] + odd + token[20:], token + odd + "x"):
            answer = exchange(app.port, request("GET", LIST, [("Authorization", f"Bearer {value}")]))
            assert answer.statuses == [400] and answer.closed, odd


def test_a_token_longer_than_all_headers_is_431(app):
    for size, status in ((8000, 401), (8200, 431), (1_000_000, 431)):
        answer = exchange(app.port, request("GET", ME, [("Authorization", "Bearer " + "x" * size), ("Connection", "close")]))
        assert answer.statuses == [status] and answer.closed, size


def test_two_authorizations_are_none(app, forge):
    good, bad = f"Bearer {forge.token()}", "Bearer nonsense"
    for pair in ((good, bad), (bad, good), (good, good), ("Basic eDp5", good)):
        answer = exchange(app.port, request("GET", ME, [("Authorization", value) for value in pair]))
        assert answer.statuses == [400] and answer.closed, pair


def test_a_token_anywhere_else_is_not_read(app, forge):
    token = forge.token()
    for headers in ({"Cookie": f"__session={token}"}, {"X-Authorization": f"Bearer {token}"}, {"Proxy-Authorization": f"Bearer {token}"},
                    {"X-Forwarded-Access-Token": token}, {"X-Session-Id": token}):
        assert app.get(ME, headers=headers).status == 401 and app.get(LIST, headers=headers).status == 200, headers
    for name in ("token", "access_token", "__session", "jwt", "authorization"):
        assert app.get(f"{ME}?{name}={token}").status == 401
    reply = app.get(ME, token=app.issuer.token("user_cookie"), headers={"Cookie": "__session=nonsense"})
    assert reply.status == 200


@pytest.mark.parametrize("product", PRODUCTS[:1], indirect=True)
def test_the_development_key_is_worth_nothing_in_production(app, start):
    """Tokens of scripts/token.sh are signed by a key of the developer's own; production has another one."""
    other = Issuer(app.product)
    key = app.issuer.publishable_key.replace("pk_test_", "pk_live_")
    one = start(ENVIRONMENT="production", CLERK_PUBLISHABLE_KEY=key, CLERK_SECRET_KEY="sk_live_0123456789", CLERK_DEV_PRIVATE_KEY="", CLERK_JWT_KEY=other.public_pem())
    assert one.get(ME, token=other.token()).status == 200
    assert one.get(ME, token=app.token_of("admin", "user_dev_admin")).status == 401


# ---- a second opinion ----

FORBIDDEN = ("crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc")


class Refused(Exception):
    pass


def need(condition):
    if not condition:
        raise Refused


def strict_object(data):
    """The JSON object in data; RFC 8259 without what readers differ about."""
    def members(pairs):
        need(len({name for name, _ in pairs}) == len(pairs))
        return dict(pairs)

    def integer(text):
        need(-2**63 <= int(text) < 2**63)
        return int(text)

    def real(text):
        need(abs(float(text)) != float("inf"))
        return float(text)

    def constant(_):
        raise Refused

    def check(value, depth):
        need(depth <= 16)
        if isinstance(value, str):
            need("\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value))
        elif isinstance(value, dict):
            for name, inner in value.items():
                check(name, depth)
                check(inner, depth + isinstance(inner, (dict, list)))
        elif isinstance(value, list):
            for inner in value:
                check(inner, depth + isinstance(inner, (dict, list)))

    value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_int=integer, parse_float=real, parse_constant=constant)
    need(isinstance(value, dict))
    check(value, 1)
    return value


def strict_base64(text):
    need(re.fullmatch(r"[A-Za-z0-9_-]+", text))
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(b64url(data) == text)
    return data


def visible(value):
    return isinstance(value, str) and re.fullmatch(r"[!-~]{1,64}", value) is not None


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def judge(token, issuer, front_ends):
    """True if the token is one of this issuer's session tokens, now."""
    try:
        need(len(token) <= TOKEN_MAX and token.count(".") == 2)
        head, body, signature = (strict_base64(part) for part in token.split("."))
        header = strict_object(head)
        need(header.get("alg") == "RS256" and ("typ" not in header or header["typ"] == "JWT") and visible(header.get("kid")))
        need(not any(name in header for name in FORBIDDEN) and header.get("cat") != "cl_B7d4PD333AAA")
        issuer.key.public_key().verify(signature, token.rsplit(".", 1)[0].encode(), padding.PKCS1v15(), hashes.SHA256())
        claims, now = strict_object(body), int(time.time())
        need(is_integer(claims.get("exp")) and claims["exp"] > now - 5)
        need(all(is_integer(claims[name]) and 0 <= claims[name] <= now + 5 for name in ("nbf", "iat") if name in claims))
        need(claims.get("iss") == issuer.issuer and ("azp" not in claims or claims["azp"] in front_ends))
        need(claims.get("sts", "active") == "active" and visible(claims.get("sid")))
        subject = claims.get("sub")
        need(isinstance(subject, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", subject) and not subject.startswith("mch_"))
        return True
    except (Refused, InvalidSignature, ValueError, RecursionError):
        return False


POOL = (None, "", "x", "user_7", "active", 0, 1, -1, 4102444800, 2**63 - 1, 2**63, 1.5, True, False, [], {}, ["x"], Raw("null"), Raw("1e3"), Raw("-0"), Raw("1E400"), Raw('"\\u0041"'),
        "a" * 64, "a" * 65, "a b", "\u00e9", "\U0001f600", "RS256", "JWT", Raw('"\\ud83d\\ude00"'), Raw('"\\ud83d"'), Raw("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"), Raw("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"))
MEMBERS = ("alg", "typ", "kid", "cat", "x", "jku", "crit", "iss", "sub", "sid", "sts", "azp", "exp", "nbf", "iat", "email", "email_verified", "name", "v", "fva", "o", "")


def mutate_members(dice, members):
    for _ in range(dice.choice((1, 1, 2))):
        name = dice.choice(MEMBERS)
        members[name] = dice.choice(POOL)
        if name == "exp" and dice.random() < 0.5:
            members[name] = int(time.time()) + dice.choice((3600, 86400, -3600))
    return members


def mutate_bytes(dice, data):
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        at = dice.randrange(len(data))
        kind = dice.randrange(5)
        if kind == 0:
            data[at] = dice.choice(b'"\\{}[]:,0123456789eE+-. \t\n\r\0\x7f\x80\xc3\xff_aZuntf=/+')
        elif kind == 1:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 2:
            del data[at]
        elif kind == 3:
            data.insert(at, dice.choice(b' \t\n"0,.}=A'))
        else:
            end = min(len(data), at + dice.randrange(1, 12))
            data[at:at] = data[at:end]
        if not data:
            break
    return bytes(data)


def broken(dice, forge):
    """One token, most often with something wrong."""
    header, claims = forge.header(), forge.claims(sub=f"user_mut_{dice.randrange(50)}", email=f"mut{dice.randrange(9)}@example.com")
    kind = dice.randrange(6)
    if kind == 0:
        text = mutate_bytes(dice, forge.token(header, claims).encode()).decode("latin-1")
        return re.sub(r"[\0-\x20\x7f-\xff]", "~", text)  # what HTTP itself refuses or strips is tested elsewhere
    if kind in (1, 2):
        header, claims = (mutate_members(dice, header), claims) if kind == 1 else (header, mutate_members(dice, claims))
    elif kind == 3:
        header = mutate_bytes(dice, dump(header).encode())
    elif kind == 4:
        claims = mutate_bytes(dice, dump(claims).encode())
    return forge.token(header, claims, dice.choice((None, None, None, None, None, None, rs256(forge.stranger.key))))


def test_a_second_opinion_is_always_the_same(app, forge, product):
    dice = random.Random(20250101)
    door, front_ends = Door(app), app.settings["FRONTEND_URL"].split(",")
    verdicts = {True: 0, False: 0}
    for n in range(3000):
        token = broken(dice, forge)
        wanted = judge(token, app.issuer, front_ends)
        reply = door.ask(LIST, f"Bearer {token}")
        assert reply is not None and reply.status == (200 if wanted else 401), (n, wanted, reply, token)
        verdicts[wanted] += 1
    assert min(verdicts.values()) > 300, verdicts
