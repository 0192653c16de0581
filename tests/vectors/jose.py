"""Base64url, JSON text, keys and deterministic signatures (RFC 7515, 7517, 7518, 7638, 8037).

Nothing here is shared with the C code. A signature depends on key and text alone: ECDSA by RFC 6979, Ed25519 and
RSASSA-PKCS1-v1_5 by nature, RSASSA-PSS by taking its salt from the text instead of from chance (RFC 8017 leaves the
salt to the signer).
"""
import base64
import hashlib
import hmac
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from ecdsa import NIST256p, NIST384p, SigningKey
from ecdsa.util import sigencode_string

HERE = os.path.dirname(os.path.abspath(__file__))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return hashlib.sha256(data).digest()


class Raw(str):
    """JSON text that is written as it stands: 1.0, 1e400, what no Python value would give."""


class Members(list):
    """A JSON object as a list of (name, value), so that a name can stand twice."""


def dumps(value):
    """Compact JSON in UTF-8, members in the order given."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        value = Members(value.items())
    if isinstance(value, Members):
        return "{" + ",".join(dumps(name) + ":" + dumps(v) for name, v in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dumps(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


class Key:
    """A key pair. `jwk` is public and has just the members that RFC 7638 hashes."""

    def __init__(self, name, alg, jwk, private, sign):
        self.name = name
        self.alg = alg
        self.jwk = jwk
        self.private = private
        self.thumbprint = thumbprint(jwk)
        self._sign = sign
        self._memo = {}

    def sign(self, text, alg=None):
        alg = alg or self.alg
        if (alg, text) not in self._memo:
            self._memo[alg, text] = self._sign(text, alg)
        return self._memo[alg, text]


def thumbprint(jwk):
    required = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n"),
                "oct": ("k", "kty")}[jwk["kty"]]
    return b64(sha256(dumps({name: jwk[name] for name in required}).encode()))


EC_CURVES = {
    "P-256": ("ES256", NIST256p, ec.SECP256R1(), hashlib.sha256, 32),
    "P-384": ("ES384", NIST384p, ec.SECP384R1(), hashlib.sha384, 48),
}


def ec_key(name, crv="P-256"):
    """The key pair whose secret is the SHA-256 or SHA-384 of a label."""
    alg, curve, _, digest, size = EC_CURVES[crv]
    secret = int.from_bytes(digest(f"poa test vectors: {name}".encode()).digest(), "big") % (curve.order - 1) + 1
    signer = SigningKey.from_secret_exponent(secret, curve, digest)
    point = signer.verifying_key.pubkey.point
    x, y = (b64(c.to_bytes(size, "big")) for c in (point.x(), point.y()))
    jwk = {"kty": "EC", "crv": crv, "x": x, "y": y}

    def sign(text, _alg):
        return signer.sign_deterministic(text, hashfunc=digest, sigencode=sigencode_string)

    return Key(name, alg, jwk, dict(jwk, d=b64(secret.to_bytes(size, "big"))), sign)


def ed25519_key(name):
    seed = sha256(f"poa test vectors: {name}".encode())
    signer = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    public = signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(public)}
    return Key(name, "EdDSA", jwk, dict(jwk, d=b64(seed)), lambda text, _alg: signer.sign(text))


def rsa_key(name):
    """A committed TEST key of keys/rsa.json."""
    with open(os.path.join(HERE, "keys", "rsa.json"), encoding="utf-8") as file:
        private = json.load(file)["keys"][name]
    number = {member: int.from_bytes(unb64(private[member]), "big") for member in ("n", "e", "d", "p", "q")}
    signer = rsa.RSAPrivateNumbers(
        number["p"], number["q"], number["d"], number["d"] % (number["p"] - 1), number["d"] % (number["q"] - 1),
        rsa.rsa_crt_iqmp(number["p"], number["q"]), rsa.RSAPublicNumbers(number["e"], number["n"])).private_key()

    def sign(text, alg):
        if alg == "PS256":
            return pss_sign(text, number["n"], number["d"])
        return signer.sign(text, padding.PKCS1v15(), hashes.SHA256())

    jwk = {"kty": "RSA", "n": private["n"], "e": private["e"]}
    return Key(name, "RS256", jwk, private, sign)


def mgf1(seed, length):
    mask = b"".join(sha256(seed + i.to_bytes(4, "big")) for i in range(length // 32 + 1))
    return mask[:length]


def pss_sign(text, n, d):
    """RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 8017 section 9.1.1), the salt taken from the text."""
    size = (n.bit_length() + 7) // 8
    em_bits = n.bit_length() - 1
    em_len = (em_bits + 7) // 8
    salt = sha256(b"poa test vectors: PSS salt" + text)
    h = sha256(bytes(8) + sha256(text) + salt)
    db = bytes(em_len - 32 - 32 - 2) + b"\x01" + salt
    masked = bytearray(a ^ b for a, b in zip(db, mgf1(h, len(db))))
    masked[0] &= 0xFF >> (8 * em_len - em_bits)
    em = bytes(masked) + h + b"\xbc"
    return pow(int.from_bytes(em, "big"), d, n).to_bytes(size, "big")


def hmac_sign(secret, text):
    return hmac.new(secret, text, hashlib.sha256).digest()


def public_pem_and_der(jwk):
    """The SubjectPublicKeyInfo of an EC key, as an attacker would take it for an HMAC secret."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    x, y = (int.from_bytes(unb64(jwk[c]), "big") for c in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, EC_CURVES[jwk["crv"]][2]).public_key()
    return tuple(public.public_bytes(e, PublicFormat.SubjectPublicKeyInfo) for e in (Encoding.PEM, Encoding.DER))
