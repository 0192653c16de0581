"""Steps 4 and 5, signatures: the algorithm against the key, and the signature itself."""
from checks import misspelled, still_good
from corpus import Group
from jose import EC_CURVES, b64, dumps
from model import at, escaped, gone, warp
from world import OWNER, case, link, one_link, policy, three_links, two_links
from world_keys import KEYS, jwk

group = Group("signatures", "Sections 2 and 4, steps 4 and 5: the algorithm against the key, and the signature")
good, bad = group.good, group.bad


def header(hop, name, value):
    return at(f"/links/{hop}/header/{escaped(name)}", value)


one = good("one", "one link", one_link())
two = good("two", "two links", two_links())
three = good("three", "three links", three_links())


def by(signer, alg, agent="contractor", **claims):
    """One link under every algorithm's key; alg as the header says it."""
    tree = case("site-keys", [link(signer, agent, iss=OWNER, sub="contractor.example", **claims)])
    tree["links"][0]["header"]["alg"] = alg
    return tree


FITS = "section 2: the key's type and curve fix alg"
SIGNERS = (("owner", "ES256"), ("owner_384", "ES384"), ("agent_ed", "EdDSA"), ("agent_ed", "Ed25519"),
           ("rsa_a", "RS256"), ("rsa_a", "PS256"), ("rsa_b", "PS256"), ("rsa_4096", "RS256"))
for signer, alg in SIGNERS:
    good(f"{signer.replace('_', '-')}-{alg.lower()}", f"a root by {signer} with {alg}", by(signer, alg))
for signer, alg in (("owner", "ES256"), ("owner-384", "ES384"), ("agent-ed", "EdDSA"), ("rsa-a", "RS256")):
    for other in ("ES256", "ES384", "EdDSA", "Ed25519", "RS256"):
        if other != alg and not (signer == "agent-ed" and other == "Ed25519"):
            bad(f"{signer}-as-{other.lower()}", f"the key of {signer} under alg {other}", FITS,
                f"{signer}-{alg.lower()}", "alg_key_mismatch", 0, "/header/alg", header(0, "alg", other))
LISTED = "section 9: algorithms, ES256, ES384, EdDSA unless the policy says otherwise"
policy("site-keys-default", gone("/algorithms"), of="site-keys")
policy("only-eddsa", at("/algorithms", ["EdDSA"]))
for short, name in (("rsa-a-rs256", "site-keys-default"), ("rsa-a-ps256", "site-keys-default"), ("one", "only-eddsa")):
    bad(f"{short}-unlisted", f"the algorithm of {short} under a policy that does not list it", LISTED, short,
        "alg_not_allowed", 0, "/header/alg", at("/policy", name))
for short in ("owner-es256", "owner-384-es384", "agent-ed-eddsa", "agent-ed-ed25519"):
    good(f"{short}-default", f"the algorithm of {short} under the default list", short, at("/policy", "site-keys-default"))
bad("rsa-b-as-rs256", "RS256 with a pinned key whose JWK says PS256", "section 2: an alg in a JWK is the only one",
    "rsa-b-ps256", "alg_key_mismatch", 0, "/header/alg", header(0, "alg", "RS256"))

by_rsa = two_links()
by_rsa["policy"] = "site-keys"
by_rsa["links"][0]["claims"]["cnf"] = {"jwk": jwk("rsa_a")}
by_rsa["links"][1]["signer"] = "rsa_a"
good("agent-rs256", "the second link by an RSA agent with RS256", by_rsa)
for signer, alg in (("agent_384", "ES384"), ("agent_ed", "EdDSA")):
    tree = two_links()
    tree["links"][0]["claims"]["cnf"] = {"jwk": jwk(signer)}
    tree["links"][1]["signer"] = signer
    short = good(f"{signer.replace('_', '-')}-hop-1", f"the second link by an agent with {alg}", tree)
    bad(f"{short}-as-es256", f"the second link: alg ES256 with the key of {signer}", FITS, short, "alg_key_mismatch", 1,
        "/header/alg", header(1, "alg", "ES256"))
bad("agent-jwk-alg", "the second link: PS256 with an agent key whose JWK says RS256",
    "section 2: an alg in a JWK is the only one",
    good("agent-jwk-alg-rs256", "the second link by an RSA agent whose JWK says RS256", by_rsa,
         at("/links/0/claims/cnf/jwk/alg", "RS256")),
    "alg_key_mismatch", 1, "/header/alg", header(1, "alg", "PS256"))

N256, N384 = EC_CURVES["P-256"][1].order, EC_CURVES["P-384"][1].order


def halves(r=None, s=None, size=32):
    """An ECDSA signature with one half replaced."""
    def replace(signature, _text, _key):
        return ((r.to_bytes(size, "big") if r is not None else signature[:size])
                + (s.to_bytes(size, "big") if s is not None else signature[size:]))
    return replace


def as_der(signature, _text, _key):
    from ecdsa.util import sigdecode_string, sigencode_der
    return sigencode_der(*sigdecode_string(signature, N256), N256)


@misspelled
def as_384(signature, _text, _key):
    return bytes(16) + signature[:32] + bytes(16) + signature[32:]


@still_good
def twin_signature(signature, _text, _key):
    """The other signature of the same text: (r, n - s)."""
    s = N256 - int.from_bytes(signature[32:], "big")
    return signature[:32] + s.to_bytes(32, "big")


good("malleable", "the twin signature (r, n-s): another spelling of the same PoA, with the same id", one,
     warp(0, "signature", twin_signature))

LENGTH = "RFC 7518 section 3.4: r and s in full length"
RANGE = "FIPS 186-5: 0 < r, s < n"
for short, title, fault, function in (
        ("short", "63 bytes", LENGTH, lambda s, t, k: s[:63]), ("long", "65 bytes", LENGTH, lambda s, t, k: s + b"\0"),
        ("one-byte", "one byte", LENGTH, lambda s, t, k: s[:1]), ("der", "DER", LENGTH, as_der),
        ("3000", "3000 bytes", LENGTH, lambda s, t, k: s + bytes(2936)),
        ("96", "96 bytes, as of P-384", LENGTH, as_384),
        ("r-zero", "r is 0", RANGE, halves(r=0)), ("s-zero", "s is 0", RANGE, halves(s=0)),
        ("zero", "r and s are 0", RANGE, halves(0, 0)), ("r-n", "r is n", RANGE, halves(r=N256)),
        ("s-n", "s is n", RANGE, halves(s=N256)), ("s-above-n", "s is n + 1", RANGE, halves(s=N256 + 1)),
        ("r-max", "r is 2^256 - 1", RANGE, halves(r=2**256 - 1))):
    bad(f"es256-{short}", f"ES256 signature: {title}", fault, one, "signature_malformed", 0, None,
        warp(0, "signature", function))
bad("es256-20000", "ES256 signature: 20,000 bytes", "section 4: a chain has 16384 bytes at most", one, "too_large", None,
    None, warp(0, "signature", lambda s, t, k: s + bytes(19936)))
bad("es256-short-hop-1", "ES256 signature of the second link: 63 bytes", LENGTH, two, "signature_malformed", 1, None,
    warp(1, "signature", lambda s, t, k: s[:63]))
for short, title, fault, twin, function in (
        ("es384-short", "ES384 signature: 95 bytes", LENGTH, "owner-384-es384", lambda s, t, k: s[:95]),
        ("es384-64", "ES384 signature: 64 bytes, as of P-256", LENGTH, "owner-384-es384", lambda s, t,
         k: s[16:48] + s[64:]),
        ("es384-r-n", "ES384 signature: r is n", RANGE, "owner-384-es384", halves(r=N384, size=48)),
        ("eddsa-short", "EdDSA signature: 63 bytes", "RFC 8032: 64 bytes", "agent-ed-eddsa", lambda s, t, k: s[:63]),
        ("eddsa-long", "EdDSA signature: 65 bytes", "RFC 8032: 64 bytes", "agent-ed-eddsa", lambda s, t, k: s + b"\0"),
        ("rs256-short", "RS256 signature: 255 bytes", "RFC 8017: as long as n", "rsa-a-rs256", lambda s, t, k: s[:255]),
        ("rs256-long", "RS256 signature: a leading zero byte", "RFC 8017: as long as n", "rsa-a-rs256",
         lambda s, t, k: b"\0" + s)):
    bad(short, title, fault, twin, "signature_malformed", 0, None, warp(0, "signature", function))

WRONG = "RFC 7515 section 5.2: the signature is over these bytes, by this key"


def flipped(signature, _text, _key):
    return bytes([signature[0] ^ 1]) + signature[1:]


def by_key(name, alg=None):
    return lambda _signature, signed, _key: KEYS[name].sign(signed, alg)


def splice(chain):
    links = [t.split(b".") for t in chain.split(b"~")]
    links[1][2] = links[2][2]
    return b"~".join(b".".join(parts) for parts in links)


for hop, base in ((0, one), (1, two), (2, three)):
    bad(f"flipped-hop-{hop}", f"one bit of the signature flipped at hop {hop}", WRONG, base, "signature_invalid", hop,
        None, warp(hop, "signature", flipped))
    bad(f"forged-hop-{hop}", f"the signature at hop {hop} is by another key", WRONG, base, "signature_invalid", hop,
        None, warp(hop, "signature", by_key("stranger")))
    bad(f"altered-hop-{hop}", f"the payload at hop {hop} was altered after signing", WRONG, base, "signature_invalid",
        hop, None, warp(hop, "late_payload_part",
                        lambda p: b64(dumps({"iss": OWNER}).encode()).encode()))
bad("header-altered", "the header was written anew after signing", WRONG, one, "signature_invalid", 0, None,
    warp(0, "late_header_part", lambda p: b64(dumps({"alg": "ES256", "typ": "poa+jwt", "kid":
                                                     KEYS["owner"].thumbprint}).encode()).encode()))
bad("detached-text", "the signature is over the payload alone", WRONG, one, "signature_invalid", 0, None,
    warp(0, "signature", lambda s, t, k: k.sign(t.partition(b".")[2])))
bad("es256-swapped", "r and s swapped", WRONG, one, "signature_invalid", 0, None,
    warp(0, "signature", lambda s, t, k: s[32:] + s[:32]))
bad("es256-ones", "r and s are 1", WRONG, one, "signature_invalid", 0, None, warp(0, "signature", halves(1, 1)))
bad("es384-flipped", "one bit of an ES384 signature flipped", WRONG, "owner-384-es384", "signature_invalid", 0, None,
    warp(0, "signature", flipped))
bad("eddsa-flipped", "one bit of an EdDSA signature flipped", WRONG, "agent-ed-eddsa", "signature_invalid", 0, None,
    warp(0, "signature", flipped))
bad("eddsa-forged", "an EdDSA signature by another key", WRONG, "agent-ed-eddsa", "signature_invalid", 0, None,
    warp(0, "signature", by_key("site")))
L = 2**252 + 27742317777372353535851937790883648493
bad("eddsa-s-above-l", "an EdDSA signature with S + L for S, which a lenient verifier takes",
    "RFC 8032 section 5.1.7: 0 <= S < L", "agent-ed-eddsa", "signature_malformed", 0, None,
    warp(0, "signature", lambda s, t, k: s[:32] + (int.from_bytes(s[32:], "little") + L).to_bytes(32, "little")))
bad("eddsa-zero", "an EdDSA signature of zeros", WRONG, "agent-ed-eddsa", "signature_invalid", 0, None,
    warp(0, "signature", lambda s, t, k: bytes(64)))
bad("rs256-ones", "an RS256 signature above n", "RFC 8017 section 8.2.2: a representative out of range is invalid",
    "rsa-a-rs256", "signature_invalid", 0, None, warp(0, "signature", lambda s, t, k: b"\xff" * 256))
bad("rs256-zero", "an RS256 signature of zeros", WRONG, "rsa-a-rs256", "signature_invalid", 0, None,
    warp(0, "signature", lambda s, t, k: bytes(256)))
bad("rs256-flipped", "one bit of an RS256 signature flipped", WRONG, "rsa-a-rs256", "signature_invalid", 0, None,
    warp(0, "signature", lambda s, t, k: s[:-1] + bytes([s[-1] ^ 1])))
bad("rs256-by-pss", "a PSS signature under alg RS256", WRONG, "rsa-a-rs256", "signature_invalid", 0, None,
    warp(0, "signature", by_key("rsa_a", "PS256")))
bad("ps256-by-pkcs1", "a PKCS1-v1_5 signature under alg PS256", WRONG, "rsa-a-ps256", "signature_invalid", 0, None,
    warp(0, "signature", by_key("rsa_a", "RS256")))
bad("spliced", "the last link's signature on the second", WRONG, three, "signature_invalid", 1, None,
    at("/text", splice))
