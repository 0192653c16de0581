"""What the generator checks of its own work, with implementations that did not make it.

Every signature meant to hold verifies with jwcrypto (or, where jwcrypto will not look at the header, with
pyca/cryptography), every one meant not to hold does not; every document keeps schema.json and its own promises.
"""
import json
import os
import re
from collections import Counter

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws
from jwcrypto.common import JWException

from jose import EC_CURVES, HERE, b64, dumps, unb64
from world_keys import KEYS

JUDGED = Counter()

ALGS = {"P-256": ["ES256"], "P-384": ["ES384"], "Ed25519": ["EdDSA", "Ed25519"], "RSA": ["RS256", "PS256"]}
SPOILS = {"signature", "signature_part", "late_header_part", "late_payload_part", "whole"}


def still_good(function):
    """Mark a warp of the signature after which it still verifies."""
    function.still_good = True
    return function


def misspelled(function):
    """Mark a warp of the signature that keeps its numbers and spoils their spelling: other libraries differ on it."""
    function.misspelled = True
    return function


def meant_good(tree, alg):
    jwk = KEYS[tree["signer"]].jwk
    warps = [f for name, f in tree["warp"].items() if name in SPOILS]
    return alg in ALGS[jwk.get("crv", "RSA")] and all(getattr(f, "still_good", False) for f in warps)


def check_tokens(name, tokens):
    for i, (tree, token) in enumerate(tokens):
        check_token(f"{name}, token {i}", tree, token)


def check_token(name, tree, token):
    if any(getattr(f, "misspelled", False) for f in tree["warp"].values()):
        return
    jwk = KEYS[tree["signer"]].jwk
    header = plain_header(token)
    alg = header["alg"] if header else ALGS[jwk.get("crv", "RSA")][0]
    want = meant_good(tree, alg)
    if header and alg != "Ed25519":
        JUDGED["jwcrypto", want] += 1
        assert holds_for_jwcrypto(jwk, token.decode("latin-1")) == want, name
    if header is None or want:
        JUDGED["cryptography", want] += 1
        assert holds_for_cryptography(jwk, alg, token) == want, name


def plain_header(token):
    """The header, when it and the payload are spelled as another JOSE library would spell them again; else None."""
    try:
        parts = token.decode("ascii").split(".")
        text = unb64(parts[0]).decode()
        header = json.loads(text)
        spelled = [b64(unb64(part)) for part in parts[:2]]
    except ValueError:
        return None
    if not isinstance(header, dict):
        return None
    plain = list(header)[:2] == ["typ", "alg"] and list(header)[2:] in (["kid"], ["jwk"], ["x5c"])
    strings = all(isinstance(value, str) for name, value in header.items() if name not in ("jwk", "x5c"))
    return header if plain and strings and dumps(header) == text and spelled == parts[:2] else None


def holds_for_jwcrypto(jwk, token):
    key = jwcrypto_jwk.JWK(**jwk)
    jws = jwcrypto_jws.JWS()
    jws.allowed_algs = ALGS[jwk.get("crv", "RSA")]
    try:
        jws.deserialize(token, key)
    except (JWException, ValueError):
        return False
    return True


def holds_for_cryptography(jwk, alg, token):
    signing_input, _, signature = token.rpartition(b".")
    try:
        verify(jwk, alg, unb64(signature.decode("ascii")), signing_input)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(jwk, alg, signature, text):
    if jwk["kty"] == "RSA":
        n, e = (int.from_bytes(unb64(jwk[m]), "big") for m in ("n", "e"))
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if alg == "PS256" else padding.PKCS1v15()
        rsa.RSAPublicNumbers(e, n).public_key().verify(signature, text, pad, hashes.SHA256())
    elif jwk["kty"] == "OKP":
        ed25519.Ed25519PublicKey.from_public_bytes(unb64(jwk["x"])).verify(signature, text)
    else:
        _, _, curve, _, size = EC_CURVES[jwk["crv"]]
        x, y = (int.from_bytes(unb64(jwk[m]), "big") for m in ("x", "y"))
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        hash_ = hashes.SHA256() if size == 32 else hashes.SHA384()
        public = ec.EllipticCurvePublicNumbers(x, y, curve).public_key()
        public.verify(encode_dss_signature(r, s), text, ec.ECDSA(hash_))


# The reason codes of section 7 by group, without the faults of a machine.
CODES = """
    chain_empty chain_too_long too_large malformed duplicate_member limit_exceeded header_forbidden typ_mismatch
    alg_missing alg_not_allowed kid_mismatch alg_key_mismatch signature_malformed signature_invalid
    claim_missing claim_type claim_forbidden key_invalid private_key_in_token window_empty cycle
    root_untrusted issuer_mismatch principal_misaligned parent_hash_mismatch audience_widened not_transferable
    depth_invalid predates_parent outlives_parent
    power_unknown power_invalid action_widened location_widened device_widened constraint_dropped evidence_weakened
    limit_widened power_outside_parent
    audience_mismatch lifetime_exceeded ceiling_exceeded
    issued_in_future not_yet_valid expired clock_unsure
    key_revoked revoked suspended revocation_unknown quota_exceeded
    proof_missing proof_invalid proof_key_mismatch proof_binding_mismatch proof_stale nonce_required nonce_invalid
    proof_replayed
    action_not_granted location_not_granted device_not_granted resource_not_granted evidence_missing outside_hours
    network_not_granted identity_mismatch device_exists approval_required
    statement_invalid statement_unauthorized
""".split()
NEED_A_STORE = {"identity_mismatch", "device_exists", "approval_required"}


def check_codes(vectors):
    """Every code that a vector can show is shown, and none that the protocol does not have."""
    shown = {v["expect"]["code"] for v in vectors} - {"ok"}
    assert shown == set(CODES) - NEED_A_STORE, shown ^ (set(CODES) - NEED_A_STORE)
    assert len({v["id"] for v in vectors}) == len(vectors), "an id stands in two files"


def check_document(document):
    """The shape of a file, and what a schema cannot say: ids, twins, policies, depth."""
    with open(os.path.join(HERE, "schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    check_schema(schema, document, schema, document["group"])
    vectors = {v["id"]: v for v in document["vectors"]}
    assert len(vectors) == len(document["vectors"]), "an id stands twice"
    assert depth(document) < 16, "too deep"
    for name, vector in vectors.items():
        assert name.startswith(document["group"] + "-") and vector["policy"] in document["policies"], name
        if vector["expect"]["decision"] == "deny":
            check_twin(vector, vectors[vector["twin"]])


BYSTANDERS = {"id", "title", "fault", "faults", "why", "twin", "differs", "needs", "expect"}


def check_twin(vector, twin):
    """A twin is permitted, and what decides is not the same in both."""
    assert twin["expect"]["decision"] == "permit", vector["id"]
    decides = [{k: v for k, v in x.items() if k not in BYSTANDERS} for x in (vector, twin)]
    assert decides[0] != decides[1], vector["id"]


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}


def check_schema(schema, value, root, where):
    """The part of JSON Schema that schema.json uses."""
    if "$ref" in schema:
        schema = {k: v for k, v in schema.items() if k != "$ref"} | root["$defs"][schema["$ref"].rpartition("/")[2]]
    known = {"$schema", "$id", "$defs", "title", "description", "type", "enum", "const", "pattern", "minimum", "items",
             "properties", "required", "additionalProperties", "oneOf", "minItems", "minLength"}
    assert set(schema) <= known, f"{where}: the checker does not know {set(schema) - known}"
    if "oneOf" in schema:
        assert sum(fits(option, value, root, where) for option in schema["oneOf"]) == 1, f"{where}: not one of"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(type(value) is TYPES[name] for name in names), f"{where}: {value!r} is no {names}"
    assert value in schema.get("enum", [value]), f"{where}: {value!r} is not allowed"
    assert value == schema.get("const", value), f"{where}: {value!r} is not {schema.get('const')!r}"
    if isinstance(value, str):
        assert re.search(schema.get("pattern", ""), value), f"{where}: {value!r} has the wrong syntax"
        assert len(value) >= schema.get("minLength", 0), f"{where}: too short"
    if type(value) is int:
        assert value >= schema.get("minimum", value), f"{where}: too small"
    if isinstance(value, list):
        assert len(value) >= schema.get("minItems", 0), f"{where}: too few"
        for i, item in enumerate(value):
            check_schema(schema.get("items", {}), item, root, f"{where}/{i}")
    if isinstance(value, dict):
        check_members(schema, value, root, where)


def check_members(schema, value, root, where):
    missing = set(schema.get("required", [])) - set(value)
    assert not missing, f"{where}: no {missing}"
    properties, more = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, item in value.items():
        rule = properties.get(name, more)
        assert rule is not False, f"{where}: foreign member {name}"
        check_schema({} if rule is True else rule, item, root, f"{where}/{name}")


def fits(schema, value, root, where):
    try:
        check_schema(schema, value, root, where)
    except AssertionError:
        return False
    return True
