"""Device proofs (section 10): a device says who it is, for one onboarding."""
import makers
from checks import misspelled
from corpus import Group
from jose import Raw, b64, sha256, unb64
from model import ALG, at, case, gone, token
from world import jti
from world_keys import KEYS, jwk

group = Group("device-proofs", "Section 10: the proof by which a device says who it is")
NEEDS = ["device"]
CLAIMS, HEADER = "/device/token/claims", "/device/token/header"
CREATED = "2026-09-21T14:13:20Z"
CSR_HASH = b64(sha256(b"the DER of a request"))
FORM = "section 10: the claims of a device proof"
ENVELOPE = "section 10: header exactly typ, alg and x5c or jwk"


def proof(signer, *freshness, x5c=None, **more):
    """A proof whose key stands in it as certificates, or by itself; @freshness is (name, value)."""
    claims = {"serial-number": "SN-100", "created-on": CREATED, **dict(freshness), "csr_hash": CSR_HASH,
              "agent_jkt": KEYS["contractor"].thumbprint, **more}
    made = token(signer, "poa-device+jwt", claims)
    made["header"] = {"typ": "poa-device+jwt", "alg": ALG} | ({"x5c": x5c} if x5c else {"jwk": jwk(signer)})
    return made


def shown(signer, made):
    return case("site", []) | {"device": {"kind": "device-proof", "token": made, "key": signer}}


def good(short, title, signer, made):
    return group.good(short, title, shown(signer, made), needs=NEEDS)


def bad(short, title, twin, code, member, *changes, fault=FORM, **more):
    group.bad(short, title, fault, twin, code, None, member, *changes, needs=NEEDS, **more)


def claim(name, value):
    return at(f"{CLAIMS}/{name}", value)


def next_serial(part):
    return b64(unb64(part.decode()).replace(b"SN-100", b"SN-101")).encode()


ONLINE, OFFLINE = ("nonce", b64(sha256(b"a nonce"))), ("jti", jti("collected"))
online = good("online", "an IDevID with a P-256 key, under the server's nonce", "technician",
              proof("technician", ONLINE, x5c=makers.idevid("technician")))
offline = good("offline", "collected where no server could be asked", "technician",
               proof("technician", OFFLINE, x5c=makers.idevid("technician")))
good("es384", "an IDevID with a P-384 key", "agent_384", proof("agent_384", ONLINE, x5c=makers.idevid("agent_384")))
good("rs256", "an IDevID with an RSA key", "rsa_b", proof("rsa_b", ONLINE, x5c=makers.idevid("rsa_b")))
good("leaf-alone", "an IDevID without the certificates above it", "technician",
     proof("technician", ONLINE, x5c=makers.idevid("technician")[:1]))
good("label", "the device vouches for its label", "technician",
     proof("technician", ONLINE, x5c=makers.idevid("technician"), id_link=makers.LINK))
own = good("own-key", "a device without an IDevID", "technician", proof("technician", ONLINE))
own_ed = good("own-key-ed25519", "the same with an Ed25519 key", "agent_ed", proof("agent_ed", ONLINE))
nameless = proof("technician", ONLINE)
del nameless["claims"]["serial-number"]
good("own-key-no-serial", "without an IDevID no serial need be said", "technician", nameless)

# Its header.
for short, title, code, member, change in (
        ("typ-dpop", "typ dpop+jwt", "typ_mismatch", "typ", at(f"{HEADER}/typ", "dpop+jwt")),
        ("typ-absent", "no typ", "typ_mismatch", "typ", gone(f"{HEADER}/typ")),
        ("typ-case", "typ in capitals", "typ_mismatch", "typ", at(f"{HEADER}/typ", "POA-Device+JWT")),
        ("alg-absent", "no alg", "alg_missing", "alg", gone(f"{HEADER}/alg")),
        ("alg-none", "alg none", "alg_not_allowed", "alg", at(f"{HEADER}/alg", "none")),
        ("alg-hmac", "alg HS256", "alg_not_allowed", "alg", at(f"{HEADER}/alg", "HS256")),
        ("alg-pss", "alg PS256", "alg_not_allowed", "alg", at(f"{HEADER}/alg", "PS256")),
        ("alg-eddsa", "EdDSA beside certificates", "alg_not_allowed", "alg", at(f"{HEADER}/alg", "EdDSA")),
        ("alg-key", "ES384 with a P-256 key", "alg_key_mismatch", "alg", at(f"{HEADER}/alg", "ES384")),
        ("kid", "a kid beside the certificates", "header_forbidden", "kid", at(f"{HEADER}/kid", "x")),
        ("crit", "a crit", "header_forbidden", "crit", at(f"{HEADER}/crit", [])),
        ("two-keys", "a jwk beside the certificates", "header_forbidden", "jwk",
         at(f"{HEADER}/jwk", jwk("technician"))),
        ("x5c-absent", "no key at all", "key_invalid", "x5c", gone(f"{HEADER}/x5c")),
        ("x5c-empty", "an empty x5c", "key_invalid", "x5c", at(f"{HEADER}/x5c", [])),
        ("x5c-string", "x5c is a string", "key_invalid", "x5c", at(f"{HEADER}/x5c", makers.root())),
        ("x5c-nine", "nine certificates", "key_invalid", "x5c", at(f"{HEADER}/x5c", ["AAAA"] * 9)),
        ("x5c-empty-entry", "an empty entry", "key_invalid", "x5c", at(f"{HEADER}/x5c/1", "")),
        ("x5c-number", "an entry that is a number", "key_invalid", "x5c", at(f"{HEADER}/x5c/1", 1)),
        ("x5c-base64url", "an entry in base64url", "key_invalid", "x5c", at(f"{HEADER}/x5c/1", "-_-_")),
        ("x5c-unpadded", "an entry without padding", "key_invalid", "x5c", at(f"{HEADER}/x5c/1", "AAA")),
        ("x5c-stray-bits", "an entry with stray bits", "key_invalid", "x5c", at(f"{HEADER}/x5c/1", "AAB=")),
        ("x5c-line-end", "an entry with a line end", "key_invalid", "x5c", at(f"{HEADER}/x5c/1", "AAAA\n"))):
    bad(short, title, online, code, f"/header/{member}", change, fault=ENVELOPE)
for short, title, code, change in (
        ("jwk-private", "a private key", "private_key_in_token", at(f"{HEADER}/jwk", KEYS["technician"].private)),
        ("jwk-string", "jwk is a string", "key_invalid", at(f"{HEADER}/jwk", "key")),
        ("jwk-off-curve", "a point off the curve", "key_invalid", at(f"{HEADER}/jwk/y", jwk("crew")["y"]))):
    bad(short, title, own, code, "/header/jwk", change, fault=ENVELOPE)
bad("jwk-other", "the key of another device", own, "proof_key_mismatch", "/header/jwk", at("/device/key", "crew"),
    fault="section 10: jwk is the key of the request")

# Its signature.
SIGNED = "section 10: the signature, by the key to which a path was found"
for short, title, code, change in (
        ("other-key", "made with another key", "signature_invalid", at("/device/key", "crew")),
        ("flipped", "one bit of the signature flipped", "signature_invalid",
         at("/device/token/warp/signature", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:])),
        ("short", "a signature of 63 bytes", "signature_malformed",
         at("/device/token/warp/signature", lambda s, t, k: s[:63])),
        ("late-claim", "a claim changed after signing", "signature_invalid",
         at("/device/token/warp/late_payload_part", next_serial))):
    bad(short, title, online, code, None, change, fault=SIGNED)

# Its text.
for short, title, code, change in (
        ("two-parts", "two parts", "malformed", at("/device/token/warp/whole", lambda t: t.rpartition(b".")[0])),
        ("padding", "padding after the signature", "malformed",
         at("/device/token/warp/signature_part", misspelled(lambda t: t + b"=="))),
        ("trailing", "a byte after the payload's object", "malformed",
         at("/device/token/warp/payload_text", lambda t: t + b" ")),
        ("twice", "a claim twice", "duplicate_member",
         at("/device/token/warp/payload_text", lambda t: t[:-1] + b',"nonce":"n"}')),
        ("too-large", "12,289 bytes", "too_large",
         at("/device/token/warp/whole", misspelled(lambda t: t + b"A" * (12289 - len(t)))))):
    bad(short, title, online, code, None, change, fault="section 10: at most 12,288 bytes, compact, strict JSON")

# Its claims.
for name in ("serial-number", "created-on", "nonce", "csr_hash", "agent_jkt"):
    bad(f"no-{name.replace('_', '-')}", f"{name} is absent", online, "claim_missing", f"/{name}",
        gone(f"{CLAIMS}/{name}"))
for short, title, name, value in (
        ("serial-blank", "a serial with a blank", "serial-number", "SN 100"),
        ("serial-empty", "an empty serial", "serial-number", ""),
        ("serial-long", "a serial of 65 bytes", "serial-number", "1" * 65),
        ("serial-number-type", "a serial that is a number", "serial-number", 100),
        ("created-number", "created-on is a NumericDate", "created-on", 1790000000),
        ("created-offset", "created-on with an offset", "created-on", "2026-09-21T14:13:20+00:00"),
        ("created-fraction", "created-on with a fraction", "created-on", "2026-09-21T14:13:20.0Z"),
        ("created-case", "created-on in lower case", "created-on", "2026-09-21t14:13:20z"),
        ("created-no-day", "created-on on no day", "created-on", "2026-02-29T14:13:20Z"),
        ("created-leap", "a leap second", "created-on", "2016-12-31T23:59:60Z"),
        ("created-early", "before 1970", "created-on", "1969-12-31T23:59:59Z"),
        ("created-24", "24 o'clock", "created-on", "2026-09-21T24:00:00Z"),
        ("nonce-empty", "an empty nonce", "nonce", ""), ("nonce-number", "nonce is a number", "nonce", 1),
        ("nonce-long", "a nonce of 257 bytes", "nonce", "n" * 257),
        ("csr-hash-short", "csr_hash of 42 characters", "csr_hash", CSR_HASH[:42]),
        ("csr-hash-padded", "csr_hash with padding", "csr_hash", CSR_HASH + "="),
        ("agent-jkt-object", "agent_jkt is a key", "agent_jkt", jwk("contractor")),
        ("id-link-case", "a link whose host has a capital", "id_link", "https://ID.devices.example/1"),
        ("id-link-serial", "a link that is none", "id_link", "SN-100"),
        ("id-link-null", "id_link is null", "id_link", None)):
    bad(short, title, online, "claim_type", f"/{name}", claim(name, value))
bad("nonce-and-jti", "a jti beside the nonce", online, "claim_forbidden", "/jti", claim("jti", jti("collected")))
bad("jti-short", "jti of 21 characters", offline, "claim_type", "/jti", claim("jti", "A" * 21))
bad("jti-absent", "neither nonce nor jti", offline, "claim_missing", "/nonce", gone(f"{CLAIMS}/jti"))
bad("foreign", "a claim that the table does not name", online, "claim_forbidden", "/iat", claim("iat", 1790000000))
bad("foreign-late", "a foreign claim and one that is wrong", online, "claim_type", "/created-on",
    claim("created-on", Raw("1.0")), claim("iat", 1790000000), faults=2, why="unknown claims are told last")
