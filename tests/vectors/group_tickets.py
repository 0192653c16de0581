"""Tickets (section 10): a maker announces a device and ties its label to its key."""
import makers
from corpus import Group
from model import ALG, NOW, at, case, gone, token
from world import DAY, jti
from world_keys import jwk

group = Group("tickets", "Section 10: the ticket by which a maker ties a label to a key")
NEEDS = ["device"]
CLAIMS, HEADER = "/device/token/claims", "/device/token/header"
FORM = "section 10: the claims of a ticket"


def ticket(signer, x5c, **more):
    claims = {"iss": "Example Devices", "iat": NOW - DAY, "jti": jti("a ticket"), "serial": "SN-100"} | more
    made = token(signer, "poa-ticket+jwt", claims)
    made["header"] = {"typ": "poa-ticket+jwt", "alg": ALG, "x5c": x5c}
    return made


def good(short, title, signer="crew", x5c=None, **more):
    made = ticket(signer, x5c or makers.signer(signer), **more)
    return group.good(short, title, case("site", []) | {
        "device": {"kind": "ticket", "token": made, "key": signer}}, needs=NEEDS)


def bad(short, title, twin, code, member, *changes, fault=FORM):
    group.bad(short, title, fault, twin, code, None, member, *changes, needs=NEEDS)


def claim(name, value):
    return at(f"{CLAIMS}/{name}", value)


least = good("announces", "a serial, and nothing that ties it")
ties = good("ties", "a label and a key", id_link=makers.LINK, model="XY-1", key=makers.spki_hash("technician"),
            exp=NOW + DAY)
good("es384", "a signer with a P-384 key", "agent_384")
good("rs256", "a signer with an RSA key", "rsa_b")
good("by-root", "signed by the CA of the policy itself", "rsa_a", [makers.root()])

for name in ("iss", "iat", "jti", "serial"):
    bad(f"no-{name}", f"{name} is absent", least, "claim_missing", f"/{name}", gone(f"{CLAIMS}/{name}"))
for short, title, name, value in (
        ("iss-long", "a name of 129 bytes", "iss", "A" * 129),
        ("iss-array", "iss is an array", "iss", ["Example Devices"]),
        ("iat-string", "iat is a string", "iat", str(NOW)), ("exp-null", "exp is null", "exp", None),
        ("jti-short", "jti of 21 characters", "jti", "A" * 21),
        ("serial-blank", "a serial with a blank", "serial", "SN 100"),
        ("id-link-prefix", "a link that is a prefix", "id_link", "https://id.devices.example/*"),
        ("id-link-escape", "a link with an escape", "id_link", "https://id.devices.example/%41"),
        ("model-empty", "an empty model", "model", ""), ("key-jwk", "key is a JWK", "key", jwk("technician")),
        ("key-short", "key of 42 characters", "key", makers.spki_hash("technician")[:42])):
    bad(short, title, ties, "claim_type", f"/{name}", claim(name, value))
bad("exp-at-iat", "exp at iat", ties, "window_empty", "/exp", claim("exp", NOW - DAY))
bad("exp-before-iat", "exp before iat", ties, "window_empty", "/exp", claim("exp", NOW - DAY - 1))
bad("foreign", "a claim that the table does not name", ties, "claim_forbidden", "/nbf", claim("nbf", NOW))

ENVELOPE = "section 10: header exactly typ, alg, x5c"
for short, title, code, member, change in (
        ("typ-device", "typ of a device proof", "typ_mismatch", "/header/typ", at(f"{HEADER}/typ", "poa-device+jwt")),
        ("alg-eddsa", "EdDSA", "alg_not_allowed", "/header/alg", at(f"{HEADER}/alg", "EdDSA")),
        ("alg-key", "ES384 with a P-256 key", "alg_key_mismatch", "/header/alg", at(f"{HEADER}/alg", "ES384")),
        ("jwk", "a jwk beside the certificates", "header_forbidden", "/header/jwk", at(f"{HEADER}/jwk", jwk("crew"))),
        ("x5c-absent", "no certificates", "key_invalid", "/header/x5c", gone(f"{HEADER}/x5c")),
        ("other-key", "made with another key", "signature_invalid", None, at("/device/key", "technician")),
        ("flipped", "one bit of the signature flipped", "signature_invalid", None,
         at("/device/token/warp/signature", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:])),
        ("two-parts", "two parts", "malformed", None, at("/device/token/warp/whole", lambda t: t.rpartition(b".")[0]))):
    bad(f"envelope-{short}", title, ties, code, member, change, fault=ENVELOPE)
