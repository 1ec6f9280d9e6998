"""Tokens that must never be taken, as data: `cases(Forge(...))` gives {name: text behind "Bearer "}.

Most are signed with the right key, so that nothing but the named fault can refuse them. Claims are Python values, or `Raw`: JSON text
as it is, for what json.dumps would never write."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from harness.tokens import Issuer, b64url

HOUR = 3600
NUL = "\\u0000"


class Raw(str):
    """JSON text."""


def dump(members):
    """A JSON object; None leaves a member out, Raw stands as it is."""
    kept = {name: value for name, value in members.items() if value is not None}
    return "{" + ",".join(f"{json.dumps(name)}:{value if isinstance(value, Raw) else json.dumps(value)}" for name, value in kept.items()) + "}"


def rs256(key):
    return lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256())


class Forge:
    """What a forger has: the public key, keys of their own, and (worst case) our own signature under anything."""

    def __init__(self, issuer, other, front_end):
        self.issuer, self.other, self.front_end = issuer, other, front_end
        self.stranger = Issuer("stranger")
        self.short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        self.cubic = rsa.generate_private_key(public_exponent=3, key_size=2048)
        self.curve = ec.generate_private_key(ec.SECP256R1())
        self.edwards = ed25519.Ed25519PrivateKey.generate()

    def header(self, **changes):
        return {"alg": "RS256", "typ": "JWT", "kid": self.issuer.kid, **changes}

    def claims(self, **changes):
        now = int(time.time())
        return {"iss": self.issuer.issuer, "sub": "user_forged", "sid": "sess_forged", "iat": now, "nbf": now - 10, "exp": now + HOUR,
                "azp": self.front_end, **changes}

    def token(self, header=None, claims=None, sign=None):
        """header and claims: members, JSON text, or bytes."""
        parts = [self.header() if header is None else header, self.claims() if claims is None else claims]
        parts = [dump(part) if isinstance(part, dict) else part for part in parts]
        parts = [part.encode() if isinstance(part, str) else part for part in parts]
        message = ".".join(b64url(part) for part in parts).encode()
        return message.decode() + "." + b64url((sign or rs256(self.issuer.key))(message))


# ---- the header ----

NONE = ("none", "None", "NONE", "nOnE", "NonE", "nONE", " none", "none ", "non\u0435")
ALGORITHMS = {
    **{name: name for name in ("HS256", "HS384", "HS512", "RS384", "RS512", "RS1", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
                               "ES256K", "EdDSA", "Ed25519", "RSA-OAEP", "dir", "A128KW", "RSASSA-PKCS1-v1_5", "SHA256withRSA")},
    "lower case": "rs256", "mixed case": "Rs256", "blank behind": "RS256 ", "blank before": " RS256", "NUL behind": Raw(f'"RS256{NUL}"'),
    "NUL and none": Raw(f'"RS256{NUL}none"'), "list in text": "RS256,none", "wide letters": "\uff32\uff33256", "empty": "", "missing": None,
    "null": Raw("null"), "number": 256, "true": True, "list": ["RS256"], "object": {"alg": "RS256"}, "longer": "RS2560", "shorter": "RS25",
    "newline": "RS256\n",
}
POINTERS = {
    "jku": "https://evil.test/jwks.json", "x5u": "https://evil.test/key.pem", "x5c": ["MIIB"], "crit exp": ["exp"], "crit b64": ["b64"],
    "crit empty": [], "crit text": "exp", "crit null": Raw("null"), "b64 false": False, "b64 true": True, "zip": "DEF", "enc": "A256GCM",
    "jku null": Raw("null"), "jwk null": Raw("null"), "jku file": "file:///dev/null", "jku own": "",
}
KINDS = {"null": Raw("null"), "number": 7, "real": 1.5, "true": True, "list": ["x"], "object": {"x": "x"}, "empty": "", "missing": None}
KEY_NAMES = {**KINDS, "65 letters": "k" * 65, "2 KB": "k" * 2048, "blank": "a b", "NUL": Raw(f'"ins{NUL}"'), "only NUL": Raw(f'"{NUL}"'), "newline": "ins\n",
             "not ASCII": "ins_\u00e9", "emoji": "\U0001f511", "delete": "ins\x7f", "list of one": ["ins_1"]}
# Well formed, so that only the foreign signature can refuse them.
KEY_TRICKS = ("ins_unknown", "../../../../dev/null", "/dev/null", "'--", "1'OR'1'='1", "|id", "`id`", "https://evil.test/key", "*", "%00", "0", "..", "%s%n",
              "k" * 64)
TYPES = {"JWE": "JWE", "at+jwt": "at+jwt", "lower case": "jwt", "media type": "application/jwt", "JOSE": "JOSE", "dpop": "dpop+jwt",
         **{name: value for name, value in KINDS.items() if name != "missing"}}


def header_cases(forge):
    for name in NONE:
        unsigned = forge.token(forge.header(alg=name), sign=lambda _: b"")
        yield f"alg {name!r} without signature", unsigned
        yield f"alg {name!r} without the last dot", unsigned.rstrip(".")
        yield f"alg {name!r} with our signature", forge.token(forge.header(alg=name))
    for name, value in ALGORITHMS.items():
        yield f"alg {name} with our signature", forge.token(forge.header(alg=value))
    for name, value in POINTERS.items():
        member = name.split()[0]
        yield f"{name}, our signature", forge.token(forge.header(**{member: value}))
        yield f"{name}, their signature", forge.token(forge.header(**{member: value}), sign=rs256(forge.stranger.key))
    jwk = forge.stranger.jwk()
    yield "jwk of their own", forge.token(forge.header(jwk=jwk, kid=jwk["kid"]), sign=rs256(forge.stranger.key))
    yield "jwk, our signature", forge.token(forge.header(jwk=forge.issuer.jwk()))
    for name, value in KEY_NAMES.items():
        yield f"kid {name}", forge.token(forge.header(kid=value))
    for name in (*KEY_TRICKS, forge.other.kid, forge.issuer.kid):
        yield f"kid {name}, their signature", forge.token(forge.header(kid=name), sign=rs256(forge.stranger.key))
    for name, value in TYPES.items():
        yield f"typ {name}", forge.token(forge.header(typ=value))
    yield "machine token", forge.token(forge.header(cat="cl_B7d4PD333AAA"))


# ---- keys and algorithms ----

def secrets(issuer):
    """What a careless verifier would use as the HMAC secret."""
    pem, jwk, numbers = issuer.public_pem(), issuer.jwk(), issuer.key.public_key().public_numbers()
    public = issuer.key.public_key()
    pkcs1 = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    return {"PEM": pem, "PEM without its last newline": pem.strip(), "PEM in one line": pem.replace("\n", ""), "PEM with CRLF": pem.replace("\n", "\r\n"),
            "PEM escaped": pem.replace("\n", "\\n"), "PKCS1 PEM": pkcs1, "base64 of the PEM": "".join(pem.splitlines()[1:-1]),
            "DER": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
            "PKCS1 DER": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1), "modulus": numbers.n.to_bytes(256, "big"),
            "n": jwk["n"], "JWK": json.dumps(jwk), "nothing": "", "NUL": "\0", "kid": issuer.kid, "issuer": issuer.issuer,
            "publishable key": issuer.publishable_key, "secret": "secret"}


def algorithm_cases(forge):
    for size, digest in ((256, hashlib.sha256), (384, hashlib.sha384), (512, hashlib.sha512)):
        for name, secret in secrets(forge.issuer).items():
            secret = secret.encode() if isinstance(secret, str) else secret

            def sign(message, secret=secret, digest=digest):
                return hmac.new(secret, message, digest).digest()

            yield f"HS{size} by {name}", forge.token(forge.header(alg=f"HS{size}"), sign=sign)
            if size == 256:
                yield f"HS256 by {name}, called RS256", forge.token(sign=sign)
    key = forge.issuer.key
    pss = {hashing.name: padding.PSS(padding.MGF1(hashing), hashing.digest_size) for hashing in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())}
    real = {
        "RS384": lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA384()),
        "RS512": lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA512()),
        "RS1": lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1()),
        "PS256": lambda message: key.sign(message, pss["sha256"], hashes.SHA256()),
        "PS384": lambda message: key.sign(message, pss["sha384"], hashes.SHA384()),
        "PS512": lambda message: key.sign(message, pss["sha512"], hashes.SHA512()),
        "ES256": lambda message: forge.curve.sign(message, ec.ECDSA(hashes.SHA256())),
        "EdDSA": forge.edwards.sign,
    }
    for name, sign in real.items():
        yield f"{name}, honest", forge.token(forge.header(alg=name), sign=sign)
        yield f"{name}, called RS256", forge.token(sign=sign)
    wrong = {"the other product's": forge.other.key, "a stranger's": forge.stranger.key, "a 1024 bit": forge.short, "an e=3": forge.cubic}
    for name, own in wrong.items():
        yield f"{name} key", forge.token(sign=rs256(own))
    yield "all of the other product", forge.other.token("user_forged", exp=int(time.time()) + HOUR)
    yield "the other product's kid and key", forge.token(forge.header(kid=forge.other.kid), sign=rs256(forge.other.key))


# ---- claims ----

def texts(value):
    """Texts that a careless comparison takes for value."""
    return {**KINDS, "blank before": " " + value, "blank behind": value + " ", "newline": value + "\n", "NUL": Raw(json.dumps(value)[:-1] + NUL + '"'),
            "upper case": value.upper(), "longer": value + "x", "shorter": value[:-1], "list of it": [value], "star": "*", "null text": "null"}


def origins(value):
    host = value.removeprefix("https://")
    return {**texts(value), "slash": value + "/", "http": "http://" + host, "no scheme": host, "port": value + ":443", "dot": value + ".",
            "below": f"https://evil.{host}", "suffix": value + ".evil.test", "user": f"https://{host}@evil.test", "path": value + "/x",
            "two": f"{value},{value}", "homoglyph": value.replace("e", "\u0435", 1)}


NUMBERS = {**KINDS, "text": "4102444800", "1e10": Raw("1e10"), "1.0": Raw("4102444800.0"), "1e308": Raw("1e308"), "1e999": Raw("1e999"), "2^63": 2**63, "2^64": 2**64,
           "2^64 + then": 2**64 + 4102444800, "below int64": -2**63 - 1, "Infinity": Raw("Infinity"), "NaN": Raw("NaN"), "hexadecimal": Raw("0x7fffffff"),
           "leading zero": Raw("04102444800"), "plus": Raw("+4102444800"), "underscore": Raw("4_102_444_800"), "minus": Raw("-"), "date": "2100-01-01T00:00:00Z",
           "negative": -1, "lowest": -2**63, "milliseconds text": "4102444800000"}
PAST = {"6 s ago": -6, "a minute ago": -60, "a day ago": -86400, "ten years ago": -315360000}
SUBJECTS = {**KINDS, "65 letters": "u" * 65, "3 KB": "u" * 3000, "blank": "user 1", "blank behind": "user_1 ", "quote": "user'--", "NUL": Raw(f'"user_1{NUL}"'),
            "not ASCII": "us\u00e9r_1", "Thai": "\u0e1a\u0e49\u0e32\u0e19", "wide letters": "\uff55ser_1", "slash": "user/1", "dots": "../user", "dot": "user.1",
            "newline": "user_1\n", "machine": "mch_1", "e-mail": "a@example.com", "colon": "user:1", "percent": "user%00", "minus sign": "user\u2212one"}
SESSIONS = {**KINDS, "65 letters": "s" * 65, "blank": "sess 1", "NUL": Raw(f'"sess{NUL}"'), "not ASCII": "s\u00e9ss", "newline": "sess\n"}
STATES = {"pending": "pending", "Pending": "Pending", "Active": "Active", "expired": "expired", "revoked": "revoked", "blank behind": "active ",
          **{name: value for name, value in KINDS.items() if name != "missing"}, "list of it": ["active"], "NUL": Raw(f'"active{NUL}"')}


def claim_cases(forge):
    now = int(time.time())
    tables = {"sub": SUBJECTS, "sid": SESSIONS, "sts": STATES, "iss": {**origins(forge.issuer.issuer), "other product": forge.other.issuer},
              "exp": {**NUMBERS, "zero": 0, **{name: now + seconds for name, seconds in PAST.items()}}}
    for claim in ("nbf", "iat"):
        tables[claim] = {name: value for name, value in NUMBERS.items() if name not in ("missing", "number")}
        tables[claim].update({"in 30 s": now + 30, "in an hour": now + HOUR, "highest": 2**63 - 1})
    others = {name: value for name, value in origins(forge.front_end).items() if name != "missing"}
    tables["azp"] = {**others, "other product": forge.other.issuer.replace("clerk.", ""), "evil": "https://evil.test"}
    for claim, table in tables.items():
        for name, value in table.items():
            yield f"{claim} {name}", forge.token(claims=forge.claims(**{claim: value}))


# ---- JSON ----

def bodies(good):
    """Not one JSON object, or not only one, from the JSON text of a good one."""
    return {
        "nothing": b"", "blank": b" ", "list": f"[{good}]", "text": json.dumps(good), "number": "1", "null": "null", "true": "true", "empty object": "{}", "two": good + good,
        "comma behind": good + ",", "NUL behind": good.encode() + b"\0", "BOM": b"\xef\xbb\xbf" + good.encode(), "UTF-16": good.encode("utf-16"),
        "UTF-16 without BOM": good.encode("utf-16-le"), "UTF-32": good.encode("utf-32"), "comment": "/**/" + good, "line comment": good + "//x", "single quotes": good.replace('"', "'"),
        "comma at the end": good[:-1] + ",}", "cut": good[:-1], "cut in half": good[:len(good) // 2], "word behind": good + " x", "no braces": good[1:-1],
        "bad UTF-8 name": good[:-1].encode() + b',"\xff":1}', "bad UTF-8 value": good[:-1].encode() + b',"x":"\xc3\x28"}', "overlong": good[:-1].encode() + b',"x":"\xc0\xaf"}',
        "surrogate bytes": good[:-1].encode() + b',"x":"\xed\xa0\x80"}', "lone surrogate": good[:-1] + ',"x":"\\ud800"}', "tab in text": good[:-1] + ',"x":"\t"}',
        "NUL name": good[:-1] + f',"{NUL}":1}}', "NUL value": good[:-1] + f',"x":"{NUL}"}}', "raw NUL": good[:-1].encode() + b',"x":"\0"}', "NaN": good[:-1] + ',"x":NaN}',
        "huge number": good[:-1] + ',"x":1e999}', "huge integer": good[:-1] + ',"x":' + "9" * 40 + "}", "bad escape": good[:-1] + ',"x":"\\x41"}', "deep": good[:-1] + ',"x":' + "[" * 20 + "]" * 20 + "}",
        "very deep": good[:-1] + ',"x":' + "[" * 1200 + "]" * 1200 + "}", "name without value": good[:-1] + ',"x"}', "unquoted name": good[:-1] + ",x:1}", "form feed": good + "\f",
        "word": good[:-1] + ',"x":True}',
    }


def json_cases(forge):
    header, claims = dump(forge.header()), dump(forge.claims())
    for name, body in bodies(header).items():
        yield f"header: {name}", forge.token(header=body)
    for name, body in bodies(claims).items():
        yield f"claims: {name}", forge.token(claims=body)
    twice = {"alg": '"RS256"', "kid": json.dumps(forge.issuer.kid), "typ": '"JWT"'}
    for member, value in twice.items():
        yield f"{member} twice", forge.token(header=header[:-1] + f',"{member}":{value}}}')
        yield f"{member} twice, other first", forge.token(header=f'{{"{member}":"none",' + header[1:])
        yield f"{member} twice, other last", forge.token(header=header[:-1] + f',"{member}":"none"}}')
    for member in ("iss", "sub", "sid", "exp", "nbf", "iat", "azp"):
        value = json.dumps(forge.claims()[member])
        yield f"{member} twice", forge.token(claims=claims[:-1] + f',"{member}":{value}}}')
        yield f"{member} twice, null first", forge.token(claims=f'{{"{member}":null,' + claims[1:])
        yield f"{member} twice, null last", forge.token(claims=claims[:-1] + f',"{member}":null}}')
    yield "sub twice, once escaped", forge.token(claims=claims[:-1] + ',"\\u0073ub":"user_admin"}')
    yield "x twice", forge.token(claims=claims[:-1] + ',"x":1,"x":1}')
    yield "names in upper case", forge.token(claims=dump({name.upper(): value for name, value in forge.claims().items()}))
    yield "nested token", forge.token(header=forge.header(cty="JWT"), claims=forge.token())
    yield "claims in claims", forge.token(claims={"payload": forge.claims()})


# ---- the text of the token, and its signature ----

def other_last_bits(part):
    """The same bytes in another spelling; None if the length leaves no bits over."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return None if len(part) % 4 in (0, 1) else part[:-1] + letters[letters.index(part[-1]) ^ 1]


def text_cases(forge):
    claims = forge.claims()
    while len(b64url(dump(claims).encode())) % 4 == 0:  # so that every part has bits over
        claims["pad"] = claims.get("pad", "") + "x"
    header = forge.header()
    while len(b64url(dump(header).encode())) % 4 == 0:
        header["pad"] = header.get("pad", "") + "x"
    good = forge.token(header, claims)
    parts = good.split(".")
    for n, name in enumerate(("header", "claims", "signature")):
        for what, part in (("padded", parts[n] + "="), ("padded twice", parts[n] + "=="), ("other last bits", other_last_bits(parts[n])), ("longer by a letter", parts[n] + "A"),
                           ("shorter by a letter", parts[n][:-1]), ("empty", ""), ("with a blank", parts[n][:9] + " " + parts[n][9:]), ("with a plus", parts[n][:8] + "+" + parts[n][9:]),
                           ("with a slash", parts[n][:8] + "/" + parts[n][9:]), ("with a star", parts[n][:8] + "*" + parts[n][9:]), ("not ASCII", parts[n][:8] + "\u00e9" + parts[n][9:]),
                           ("escaped", "%65" + parts[n][1:]), ("in upper case", parts[n].upper()), ("twice", parts[n] * 2), ("one letter", "A"), ("backwards", parts[n][::-1]),
                           ("hexadecimal", base64.urlsafe_b64decode(parts[n] + "==").hex()), ("base64 again", b64url(parts[n].encode()))):
            yield f"{name} {what}", ".".join([*parts[:n], part, *parts[n + 1:]])
    head, body, signature = parts
    for name, text in (("one part", head), ("two parts", f"{head}.{body}"), ("four parts", good + ".x"), ("five parts", good + ".x.x"), ("five, empty", good + ".."), ("dot before", "." + good),
                       ("dot behind", good + "."), ("two dots", good.replace(".", "..")), ("only dots", ".."), ("three dots", "..."), ("commas", good.replace(".", ",")),
                       ("colons", good.replace(".", ":")), ("other order", f"{body}.{head}.{signature}"), ("signature first", f"{signature}.{head}.{body}"), ("backwards", good[::-1]),
                       ("other case", good.swapcase()), ("twice", good + good), ("quoted", f'"{good}"'), ("in brackets", f"<{good}>"), ("base64", b64url(good.encode())), ("null", "null"),
                       ("undefined", "undefined"), ("one letter", "x"), ("Bearer twice", "Bearer " + good), ("two tokens", f"{good} {good}"), ("list", f"{good},{good}"),
                       ("semicolon", good + ";"), ("named", f"token={good}"), ("escaped dots", good.replace(".", "%2e")), ("wide dots", good.replace(".", "\u00b7"))):
        yield f"text: {name}", text
    yield "encrypted", ".".join([b64url(b'{"alg":"RSA-OAEP","enc":"A256GCM"}'), b64url(b"k" * 256), b64url(b"i" * 12), b64url(b"c" * 64), b64url(b"t" * 16)])
    for size in (4097, 5000, 7000):
        yield f"{size} bytes", forge.token(claims=forge.claims(pad="x" * (size * 3 // 4)))


def signature_cases(forge):
    good = forge.token()
    head, body, signature = good.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    modulus = forge.issuer.key.public_key().public_numbers().n
    other = forge.token(claims=forge.claims(sub="user_other")).split(".")
    for name, value in {"nothing but NUL": bytes(256), "all ones": b"\xff" * 256, "one": bytes(255) + b"\1", "modulus": modulus.to_bytes(256, "big"), "modulus - 1": (modulus - 1).to_bytes(256, "big"),
                        "a byte less": raw[:-1], "first byte gone": raw[1:], "half": raw[:128], "a byte more": raw + b"\0", "a byte before": b"\0" + raw, "twice": raw + raw, "backwards": raw[::-1],
                        "one byte": b"\0", "300 bytes": raw + bytes(44), "plus the modulus": (int.from_bytes(raw, "big") + modulus).to_bytes(257, "big"), "digest": hashlib.sha256(f"{head}.{body}".encode()).digest(),
                        "minus": (modulus - int.from_bytes(raw, "big")).to_bytes(256, "big")}.items():
        yield f"signature: {name}", f"{head}.{body}.{b64url(value)}"
    yield "signature of another token", f"{head}.{body}.{other[2]}"
    yield "claims of another token", f"{head}.{other[1]}.{signature}"
    yield "claims for an admin", f"{head}.{b64url(dump(forge.claims(sub='user_admin')).encode())}.{signature}"
    yield "header written otherwise", f"{b64url(json.dumps(forge.header(), indent=1).encode())}.{body}.{signature}"
    yield "header in another order", f"{b64url(dump(dict(reversed(forge.header().items()))).encode())}.{body}.{signature}"
    yield "claims written otherwise", f"{head}.{b64url(json.dumps(forge.claims(), indent=1).encode())}.{signature}"
    yield "signature of the decoded bytes", f"{head}.{body}." + b64url(rs256(forge.issuer.key)(dump(forge.header()).encode() + b"." + dump(forge.claims()).encode()))
    yield "signature of the claims only", f"{head}.{body}." + b64url(rs256(forge.issuer.key)(body.encode()))
    yield "signature of the digest", f"{head}.{body}." + b64url(rs256(forge.issuer.key)(hashlib.sha256(f"{head}.{body}".encode()).digest()))
    for n in range(len(raw)):
        changed = raw[:n] + bytes([raw[n] ^ (1 << n % 8)]) + raw[n + 1:]
        yield f"signature byte {n} changed", f"{head}.{body}.{b64url(changed)}"


def cases(forge):
    found = {}
    for make in (header_cases, algorithm_cases, claim_cases, json_cases, text_cases, signature_cases):
        for name, token in make(forge):
            assert name not in found, name
            found[name] = token
    return found


# Whole values of Authorization; {good} is a token that would be taken.
HEADERS = ("{good}", "Bearer", "Bearer:{good}", "Bearer: {good}", "Bearer  {good}", "Bearer={good}", "Bearer,{good}", "Bearer\t{good}", "Bearer{good}", "Bearer {good},{good}", "Bearer {good}, Bearer {good}",
           "Bearer {good};", 'Bearer "{good}"', "Bearer token={good}", "Bearer <{good}>", "JWT {good}", "Token {good}", "Basic {good}", "Digest {good}", "DPoP {good}", "Negotiate {good}", "bearers {good}",
           "BearerBearer {good}", "Basic eDp5, Bearer {good}", "B\u00e9arer {good}", "Bearer\u00a0{good}", "Bearer {good}\u00a0", ", Bearer {good}", "''", "null", "0")
