"""The keys of the vectors. All are published with their private halves: they guard nothing."""
from jose import Key, b64, ec_key, ed25519_key, rsa_key

P256 = ("owner", "owner_next", "owner_past", "second", "stranger", "contractor", "crew", "technician", "sibling",
        "auditor", "answer", "answer_other", *(f"hop{i}" for i in range(10)))
P384 = ("owner_384", "agent_384")
ED25519 = ("site", "agent_ed")
RSA = ("rsa_a", "rsa_b", "rsa_4096", "rsa_2047", "rsa_1024", "rsa_4104")

KEYS: dict[str, Key] = {name: ec_key(name) for name in P256}
KEYS |= {name: ec_key(name, "P-384") for name in P384}
KEYS |= {name: ed25519_key(name) for name in ED25519}
KEYS |= {name: rsa_key(name) for name in RSA}


def jwk(name, **more):
    """The public JWK of a key, with members that RFC 7638 does not hash added after them."""
    return dict(KEYS[name].jwk, **more)


def number(value, size=None):
    """Base64url of a big-endian number, as in a JWK."""
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
