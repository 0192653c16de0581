"""Trust proofs (section 10): a device that came in shows that it is still itself."""
import makers
from corpus import Group
from jose import Raw, b64, sha256
from model import ALG, NOW, at, case, gone, token
from world import MAX_TIME, SITE
from world_keys import jwk

group = Group("trust", "Section 10: the proof by which a device shows that it is still itself")
NEEDS = ["device"]
CLAIMS, HEADER = "/device/token/claims", "/device/token/header"
FORM = "section 10: the claims of a trust proof"
HASH = b64(sha256(b"the DER of a request"))


def proof(signer, **more):
    claims = {"aud": SITE, "sub": f"urn:uuid:{makers.DEVICE}", "iat": NOW, "nonce": b64(sha256(b"a nonce")),
              "reason": "periodic", "boot_counter": 7} | more
    made = token(signer, "poa-trust+jwt", claims)
    made["header"] = {"typ": "poa-trust+jwt", "alg": ALG, "x5c": makers.credential(signer)}
    return made


def good(short, title, signer="technician", **more):
    return group.good(short, title, case("site", []) | {
        "device": {"kind": "trust-proof", "token": proof(signer, **more), "key": signer}}, needs=NEEDS)


def bad(short, title, twin, code, member, *changes, fault=FORM):
    group.bad(short, title, fault, twin, code, None, member, *changes, needs=NEEDS)


def claim(name, value):
    return at(f"{CLAIMS}/{name}", value)


periodic = good("periodic", "in its time")
good("es384", "a P-384 key", "agent_384")
good("ed25519", "an Ed25519 key", "agent_ed")
good("rs256", "an RSA key", "rsa_b")
good("restart", "after a restart", reason="restart", boot_counter=8)
good("software", "after an update", reason="software-update", firmware=b64(sha256(b"1.1")))
good("epoch", "after something was revoked", reason="epoch-change")
rekey = good("rekey", "with a request for a new key", reason="rekey", csr_hash=HASH)
good("request", "a request for a new key, for another reason", csr_hash=HASH)
good("boots-none", "boot_counter 0", boot_counter=0)
good("boots-most", "boot_counter 2^53-1", boot_counter=MAX_TIME)

for name in ("aud", "sub", "iat", "nonce", "reason", "boot_counter"):
    bad(f"no-{name.replace('_', '-')}", f"{name} is absent", periodic, "claim_missing", f"/{name}",
        gone(f"{CLAIMS}/{name}"))
bad("rekey-no-request", "a rekey without csr_hash", rekey, "claim_missing", "/csr_hash", gone(f"{CLAIMS}/csr_hash"))
for short, title, name, value in (
        ("aud-array", "aud is an array", "aud", [SITE]), ("aud-empty", "an empty aud", "aud", ""),
        ("sub-bare", "a UUID without urn:uuid:", "sub", makers.DEVICE),
        ("sub-capitals", "a UUID in capitals", "sub", f"urn:uuid:{makers.DEVICE.upper()}"),
        ("sub-short", "a UUID of 35 characters", "sub", f"urn:uuid:{makers.DEVICE[:-1]}"),
        ("sub-braces", "a UUID in braces", "sub", "{%s}" % makers.DEVICE),
        ("iat-string", "iat is a string", "iat", str(NOW)),
        ("iat-real", "iat is a real number", "iat", Raw(f"{NOW}.0")),
        ("nonce-null", "nonce is null", "nonce", None), ("nonce-control", "a nonce with a line end", "nonce", "n\n"),
        ("reason-unknown", "an unknown reason", "reason", "curiosity"),
        ("reason-case", "a reason in another case", "reason", "Restart"),
        ("boots-negative", "boot_counter below 0", "boot_counter", -1),
        ("boots-large", "boot_counter 2^53", "boot_counter", MAX_TIME + 1),
        ("boots-string", "boot_counter is a string", "boot_counter", "7"),
        ("firmware-version", "firmware is no hash", "firmware", "1.1"),
        ("csr-hash-null", "csr_hash is null", "csr_hash", None)):
    bad(short, title, periodic, "claim_type", f"/{name}", claim(name, value))
bad("foreign", "a claim that the table does not name", periodic, "claim_forbidden", "/exp", claim("exp", NOW + 60))

ENVELOPE = "section 10: header exactly typ, alg, x5c"
for short, title, code, member, change in (
        ("typ-device", "typ of a device proof", "typ_mismatch", "/header/typ", at(f"{HEADER}/typ", "poa-device+jwt")),
        ("alg-pss", "alg PS256", "alg_not_allowed", "/header/alg", at(f"{HEADER}/alg", "PS256")),
        ("alg-key", "ES384 with a P-256 key", "alg_key_mismatch", "/header/alg", at(f"{HEADER}/alg", "ES384")),
        ("jwk", "a jwk beside the credential", "header_forbidden", "/header/jwk",
         at(f"{HEADER}/jwk", jwk("technician"))),
        ("x5c-absent", "no credential", "key_invalid", "/header/x5c", gone(f"{HEADER}/x5c")),
        ("other-key", "made with another key", "signature_invalid", None, at("/device/key", "crew")),
        ("flipped", "one bit of the signature flipped", "signature_invalid", None,
         at("/device/token/warp/signature", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:])),
        ("short", "a signature of 63 bytes", "signature_malformed", None,
         at("/device/token/warp/signature", lambda s, t, k: s[:63])),
        ("two-parts", "two parts", "malformed", None, at("/device/token/warp/whole", lambda t: t.rpartition(b".")[0]))):
    bad(f"envelope-{short}", title, periodic, code, member, change, fault=ENVELOPE)
