"""A maker of devices: certificates for x5c, the same bytes at each run.

Every certificate is signed with RSASSA-PKCS1-v1_5, which has no chance in it; the keys in them are those of the vectors.
"""
import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from jose import EC_CURVES, b64, sha256, unb64
from world_keys import KEYS

# As long as the device lives (RFC 5280 section 4.1.2.5).
SINCE, FOREVER = datetime.datetime(2026, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59)
LINK = "https://id.devices.example/XY-1/SN-100"
DEVICE = "0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"


def public(jwk):
    """The public key of a JWK, as cryptography has it."""
    if jwk["kty"] == "OKP":
        return ed25519.Ed25519PublicKey.from_public_bytes(unb64(jwk["x"]))
    numbers = [int.from_bytes(unb64(jwk[m]), "big") for m in (("n", "e") if jwk["kty"] == "RSA" else ("x", "y"))]
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(numbers[1], numbers[0]).public_key()
    return ec.EllipticCurvePublicNumbers(*numbers, EC_CURVES[jwk["crv"]][2]).public_key()


def private(jwk):
    """The private key of an RSA JWK."""
    n, e, d, p, q = (int.from_bytes(unb64(jwk[m]), "big") for m in ("n", "e", "d", "p", "q"))
    numbers = rsa.RSAPrivateNumbers(p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
                                    rsa.RSAPublicNumbers(e, n))
    return numbers.private_key()


def spki_hash(key):
    return b64(sha256(public(KEYS[key].jwk).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)))


def name(attribute, text):
    return x509.Name([x509.NameAttribute(attribute, text)])


ROOT = name(NameOID.COMMON_NAME, "Example Devices Root")
NUMBERS = {"rsa_a": 1, "technician": 2, "agent_384": 3, "rsa_b": 4, "crew": 5, "agent_ed": 6}


def certificate(subject, key, *uris, ca=False):
    """A certificate for a key of the vectors, signed by the maker's root, whose key is rsa_a; base64 of its DER."""
    builder = (x509.CertificateBuilder().issuer_name(ROOT).subject_name(subject).serial_number(NUMBERS[key])
               .public_key(public(KEYS[key].jwk)).not_valid_before(SINCE).not_valid_after(FOREVER))
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    if uris:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
        builder = builder.add_extension(names, False)
    made = builder.sign(private(KEYS["rsa_a"].private), hashes.SHA256())
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()


def root():
    return certificate(ROOT, "rsa_a", ca=True)


def idevid(key):
    """An IDevID with its label, and the root."""
    return [certificate(name(NameOID.SERIAL_NUMBER, "SN-100"), key, LINK), root()]


def credential(key):
    """What a server gave a device: its identifier as a URI."""
    return [certificate(name(NameOID.COMMON_NAME, "device"), key, f"urn:uuid:{DEVICE}")]


def signer(key):
    """Who signs a maker's tickets."""
    return [certificate(name(NameOID.COMMON_NAME, "Example Devices Tickets"), key), root()]
