"""Who may come in: session tokens as Clerk makes them, and everything that only looks like one."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from conftest import other_product
from harness.tokens import Issuer, b64url

ME = "/api/v1/users/me"


def assert_refused(reply):
    assert reply.status == 401, reply.body
    assert reply.error["code"] == "UNAUTHORIZED"
    assert reply.error["message"] == "Invalid or expired token"
    assert reply.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_a_good_token_is_a_user(app):
    reply = app.get(ME, token=app.issuer.token("user_good"))
    assert reply.status == 200
    assert reply.json["clerk_user_id"] == "user_good" and reply.json["role"] == "user"
    assert reply.json["email"] is None


def test_no_token_is_a_guest(app):
    assert app.get("/api/v1/properties").status == 200
    reply = app.get(ME)
    assert reply.status == 401 and reply.error["code"] == "UNAUTHORIZED"
    assert reply.headers["www-authenticate"] == "Bearer"


def test_a_bad_token_is_401_on_public_routes_too(app):
    assert_refused(app.get("/api/v1/properties", token="nonsense"))


def test_another_scheme_is_401(app):
    for value in ("Basic dXNlcjpwYXNz", "Token abc", "Bearer", "Bearer  two spaces", ""):
        reply = app.get("/api/v1/properties", headers={"Authorization": value})
        assert reply.status == 401, value
        assert reply.headers["www-authenticate"].startswith("Bearer")


def test_system_routes_do_not_read_tokens(app):
    assert app.get("/health", token="nonsense").status == 200
    assert app.get("/ready", token="nonsense").status == 200


def test_the_other_products_token_is_refused(app, product):
    assert_refused(app.get(ME, token=Issuer(other_product(product)).token()))


def hs256(app, secret):
    head = b64url(json.dumps({"alg": "HS256", "typ": "JWT", "kid": app.issuer.kid}).encode())
    body = b64url(json.dumps(app.issuer.claims("user_forged")).encode())
    return f"{head}.{body}.{b64url(hmac.new(secret, f'{head}.{body}'.encode(), hashlib.sha256).digest())}"


def test_hs256_with_the_public_key_as_secret_is_refused(app):
    pem = app.issuer.public_pem()
    for secret in (pem, pem.strip(), pem.replace("\n", ""), ""):
        assert_refused(app.get(ME, token=hs256(app, secret.encode())))


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256",
                                 "ES256", "EdDSA", "rs256", "RS256 ", "RS2560"])
def test_any_other_algorithm_is_refused(app, alg):
    issuer = app.issuer
    signed = issuer.sign({"alg": alg, "typ": "JWT", "kid": issuer.kid}, issuer.claims("user_forged"))
    assert_refused(app.get(ME, token=signed))
    assert app.get(ME, token=signed.rsplit(".", 1)[0] + ".").status == 401


@pytest.mark.parametrize("member", ["crit", "jku", "jwk", "x5u", "x5c", "b64"])
def test_header_members_that_point_elsewhere_are_refused(app, member):
    issuer = app.issuer
    header = {"alg": "RS256", "typ": "JWT", "kid": issuer.kid, member: ["exp"] if member == "crit" else "https://evil.test"}
    assert_refused(app.get(ME, token=issuer.sign(header, issuer.claims("user_forged"))))


CLAIMS = {
    "expired": {"exp": -6}, "long expired": {"exp": -86400}, "exp text": {"exp": "soon"}, "no exp": {"exp": None},
    "exp real": {"exp": 1e10}, "not yet": {"nbf": 30}, "issued later": {"iat": 30},
    "foreign issuer": {"iss": "https://clerk.example.com"}, "issuer with slash": {"iss": "/"}, "no issuer": {"iss": None},
    "foreign front end": {"azp": "https://evil.test"}, "azp as list": {"azp": ["https://evil.test"]}, "azp empty": {"azp": ""},
    "no session": {"sid": None}, "session empty": {"sid": ""}, "pending": {"sts": "pending"}, "odd state": {"sts": "x"},
    "no subject": {"sub": None}, "subject empty": {"sub": ""}, "subject too long": {"sub": "u" * 65},
    "subject with space": {"sub": "user 1"}, "subject with quote": {"sub": "user'--"}, "subject number": {"sub": 7},
    "machine": {"sub": "mch_1"},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_wrong_claims_are_refused(app, name):
    changes = dict(CLAIMS[name])
    now = int(time.time())
    for moment in ("exp", "nbf", "iat"):
        if isinstance(changes.get(moment), int):
            changes[moment] += now
    if changes.get("iss") == "/":
        changes["iss"] = app.issuer.issuer + "/"
    claims = app.issuer.claims("user_forged")
    claims.update(changes)
    claims = {key: value for key, value in claims.items() if value is not None}
    token = app.issuer.sign({"alg": "RS256", "typ": "JWT", "kid": app.issuer.kid}, claims)
    assert_refused(app.get(ME, token=token))


def test_skew_of_five_seconds_is_forgiven(app):
    now = int(time.time())
    assert app.get(ME, token=app.issuer.token("user_skew", exp=now - 1)).status == 200
    assert app.get(ME, token=app.issuer.token("user_skew", nbf=now + 3, iat=now + 3)).status == 200


def test_own_front_ends_are_accepted(app, product):
    for azp in (f"https://{product}.test", f"https://www.{product}.test"):
        assert app.get(ME, token=app.issuer.token("user_azp", azp=azp)).status == 200


def test_a_wrong_key_is_refused(app, product):
    stranger = Issuer(product)
    assert_refused(app.get(ME, token=stranger.token("user_forged")))


def test_every_flipped_signature_byte_is_refused(app):
    head, body, signature = app.issuer.token("user_flip").split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    connection = app.connection()
    for i in range(0, len(raw), 3):
        changed = bytearray(raw)
        changed[i] ^= 1
        assert app.get(ME, token=f"{head}.{body}.{b64url(bytes(changed))}", connection=connection).status == 401
    for bad in ("", signature[:-4], signature + "AAAA", b64url(bytes(len(raw))), signature + "="):
        assert app.get(ME, token=f"{head}.{body}.{bad}", connection=connection).status == 401


def test_malformed_tokens_are_refused(app):
    good = app.issuer.token("user_shape")
    for bad in ("a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "." * 2, good + ".", "." + good, good + ".x", good[:9] + "\t" + good[9:],
                good.replace(".", ".."), good[:-1] + "!", "x" * 4097, good.swapcase()):
        reply = app.get(ME, headers={"Authorization": f"Bearer {bad}"})
        assert reply.status == 401, bad[:40]


def test_a_cached_token_still_expires(app):
    token = app.issuer.token("user_expiring", exp=int(time.time()) - 3)
    assert app.get(ME, token=token).status == 200
    time.sleep(3.2)
    assert_refused(app.get(ME, token=token))


def test_roles_decide(app, user, agent, admin):
    users = "/api/v1/users"
    assert app.get(users).status == 401
    for token in (user, agent):
        reply = app.get(users, token=token)
        assert reply.status == 403
        assert reply.error["code"] == "FORBIDDEN" and reply.error["message"] == "Admin access required"
    assert app.get(users, token=admin).status == 200
    reply = app.post("/api/v1/properties", {}, token=user)
    assert reply.status == 403 and reply.error["message"] == "Required role: agent, admin"


def test_a_role_taken_away_is_gone_in_five_seconds_in_every_worker(app):
    token = app.token_of("admin", "user_fallen")
    assert app.get("/api/v1/users", token=token).status == 200
    app.set_role("user_fallen", "user")
    time.sleep(5.2)
    for _ in range(12):  # new connections: both workers answer
        assert app.get("/api/v1/users", token=token).status == 403


def test_suspended_people_are_out(app, admin):
    token = app.issuer.token("user_suspended", exp=int(time.time()) + 600)
    person = app.get(ME, token=token).json
    assert app.patch(f"/api/v1/users/{person['id']}", {"status": "suspended"}, token=admin).status == 200
    time.sleep(5.2)
    assert_refused(app.get(ME, token=token))


def test_admins_by_configuration(start, product):
    one = start(ADMIN_CLERK_IDS="user_boss_by_id", ADMIN_EMAILS="Boss@Example.com")
    assert one.get(ME, token=one.issuer.token("user_boss_by_id")).json["role"] == "admin"
    token = one.issuer.token("user_boss_by_mail", email="boss@example.com", email_verified=True)
    assert one.get(ME, token=token).json["role"] == "admin"
    token = one.issuer.token("user_not_boss", email="boss@example.com", email_verified=False)
    assert one.get(ME, token=token).json["role"] == "user"
