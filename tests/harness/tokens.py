"""Session tokens as Clerk makes them, signed with a key of our own."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """One Clerk instance: a key pair, a publishable key, an issuer."""

    def __init__(self, product):
        self.host = f"clerk.{product}.test"
        self.issuer = f"https://{self.host}"
        self.kid = f"ins_{product}"
        self.publishable_key = "pk_test_" + base64.b64encode(f"{self.host}$".encode()).decode()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def public_pem(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    def private_pem(self):
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()).decode()

    def jwk(self):
        numbers = self.key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        return {"use": "sig", "kty": "RSA", "kid": self.kid, "alg": "RS256",
                "n": b64url(numbers.n.to_bytes(size, "big")), "e": b64url(numbers.e.to_bytes(3, "big"))}

    def claims(self, sub, **changes):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": sub, "sid": "sess_test", "iat": now, "nbf": now - 10, "exp": now + 60,
                  "sts": "active", "v": 2}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, header, claims):
        signed = f"{b64url(json.dumps(header).encode())}.{b64url(json.dumps(claims).encode())}"
        signature = self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{b64url(signature)}"

    def token(self, sub="user_test", **changes):
        return self.sign({"alg": "RS256", "typ": "JWT", "kid": self.kid}, self.claims(sub, **changes))
