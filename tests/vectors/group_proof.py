"""Step 9, proof of possession (section 6)."""
from checks import misspelled
from corpus import Group
from jose import Raw, b64, dumps, hmac_sign, sha256
from model import ALG, ATH, BH, KID, NOW, at, gone, token
from world import DAY, HOUR, jti, policy, two_links
from world_keys import KEYS, jwk

group = Group("proof", "Section 6, step 9: the DPoP proof by the agent of the leaf")
good, bad = group.good, group.bad

URL = "https://onboarding.mine-7.example/v1/onboardings"
BODY = b'{"location":"mine-7/hall-2"}'
NONCE = b64(sha256(b"a nonce"))
NEEDS = ["proof"]
CLAIMS, HEADER = "/proof/token/claims", "/proof/token/header"


def proof(signer="technician", **claims):
    made = {"jti": jti("a proof"), "htm": "POST", "htu": URL, "iat": NOW, "ath": ATH, "bh": BH}
    tree = token(signer, "dpop+jwt", made | claims)
    tree["header"] = {"typ": "dpop+jwt", "alg": ALG, "jwk": jwk(signer)}
    return tree


def request(**members):
    server = {"demands_nonce": False, "nonces": [], "started": NOW - DAY, "seen": []}
    return at("/proof", {"token": proof(), "method": "POST", "url": URL, "body": BODY, "server": server} | members)


def claim(name, value):
    return at(f"{CLAIMS}/{name}", value)


def denied(short, title, fault, twin, code, *changes, needs=NEEDS, **more):
    bad(short, title, fault, twin, code, None, None, *changes, needs=needs, **more)


whole = good("whole", "a proof for this chain, method, URL and body", two_links(), request(), needs=NEEDS)
denied("missing", "no proof", "section 6: exactly one DPoP", whole, "proof_missing", at("/proof/token", None))

# Its form.
FORM = "section 6: header exactly typ, alg, jwk; claims jti, htm, htu, iat, ath"


def invalid(short, title, *changes, twin=whole, fault=FORM):
    denied(short, title, fault, twin, "proof_invalid", *changes)


for short, title, change in (
        ("typ-jwt", "typ JWT", at(f"{HEADER}/typ", "JWT")), ("typ-poa", "typ poa+jwt", at(f"{HEADER}/typ", "poa+jwt")),
        ("typ-case", "typ DPoP+JWT", at(f"{HEADER}/typ", "DPoP+JWT")), ("typ-absent", "no typ", gone(f"{HEADER}/typ")),
        ("alg-none", "alg none", at(f"{HEADER}/alg", "none")), ("alg-absent", "no alg", gone(f"{HEADER}/alg")),
        ("alg-null", "alg null", at(f"{HEADER}/alg", None)), ("alg-hmac", "alg HS256", at(f"{HEADER}/alg", "HS256")),
        ("alg-key", "ES384 with a P-256 key", at(f"{HEADER}/alg", "ES384")),
        ("kid", "a kid beside the jwk", at(f"{HEADER}/kid", KID)), ("crit", "a crit", at(f"{HEADER}/crit", ["htm"])),
        ("jwk-absent", "no jwk", gone(f"{HEADER}/jwk")), ("jwk-string", "jwk is a string", at(f"{HEADER}/jwk", "key")),
        ("jwk-private", "a private key as jwk", at(f"{HEADER}/jwk", KEYS["technician"].private)),
        ("jwk-off-curve", "a jwk off the curve", at(f"{HEADER}/jwk/y", jwk("crew")["y"])),
        ("jwk-foreign", "a jwk with a foreign member", at(f"{HEADER}/jwk/ext", True)),
        ("two-parts", "two parts", at("/proof/token/warp/whole", lambda t: t.rpartition(b".")[0])),
        ("word", "a word", at("/proof/token", "proof")),
        ("padding", "padding", at("/proof/token/warp/signature_part", misspelled(lambda t: t + b"=="))),
        ("twice", "htu twice", at("/proof/token/warp/payload_text", lambda t: t[:-1] + b',"htu":"https://x.example"}')),
        ("trailing", "a byte after the payload's object", at("/proof/token/warp/payload_text", lambda t: t + b"\n")),
        ("bom", "a byte order mark in the header", at("/proof/token/warp/header_text", lambda t: b"\xef\xbb\xbf" + t))):
    invalid(short, title, change)
for name in ("jti", "htm", "htu", "iat", "ath"):
    invalid(f"no-{name}", f"{name} is absent", gone(f"{CLAIMS}/{name}"))
for name, value in (("jti", 1), ("htm", ["POST"]), ("htu", None), ("iat", str(NOW)), ("ath", 1), ("bh", 1),
                    ("nonce", 7)):
    invalid(f"{name}-type", f"{name} is {dumps(value)}", claim(name, value))
invalid("iat-real", "iat is a real number", claim("iat", Raw(f"{NOW}.0")))

SIGNED = "section 6: the signature, by the jwk of its header"
for short, title, function in (
        ("flipped", "one bit of the signature flipped", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:]),
        ("forged", "signed by another key", lambda s, t, k: KEYS["stranger"].sign(t)),
        ("by-parent", "signed by the key of the link above, with the leaf's jwk", lambda s, t,
         k: KEYS["contractor"].sign(t)),
        ("short", "a signature of 63 bytes", lambda s, t, k: s[:63]),
        ("zero", "a signature of zeros", lambda s, t, k: bytes(64)),
        ("hmac", "an HMAC with the jwk's text", lambda s, t, k: hmac_sign(dumps(k.jwk).encode(), t))):
    invalid(f"signature-{short}", title, at("/proof/token/warp/signature", function), fault=SIGNED)

# Every kind of agent key.
policy("proof-rsa", at("/algorithms", ["ES256", "ES384", "EdDSA", "RS256", "PS256"]))
for agent, alg in (("agent_384", "ES384"), ("agent_ed", "EdDSA"), ("agent_ed", "Ed25519"), ("rsa_a", "RS256"),
                   ("rsa_a", "PS256")):
    tree = proof(agent)
    tree["header"]["alg"] = alg
    good(f"by-{agent.replace('_', '-')}-{alg.lower()}", f"a proof by {agent} with {alg}", whole,
         at("/policy", "proof-rsa"),
         at("/links/1/claims/cnf", {"jwk": jwk(agent)}), at("/proof/token", tree), needs=NEEDS)
invalid("alg-policy", "RS256 where the policy does not list it", at("/policy", "site"), twin="by-rsa-a-rs256",
        fault="section 9: algorithms, for PoAs, proofs and statements")

# The key.
MINE = "section 6: the jwk's thumbprint equals that of the leaf's cnf.jwk"
for signer in ("stranger", "contractor", "owner"):
    denied(f"key-{signer}", f"a proof by the key of {signer}", MINE, whole, "proof_key_mismatch",
           at("/proof/token", proof(signer)))
denied("order-key", "a wrong signature under another key's jwk", "section 6: the thumbprint before any signature",
       whole,
       "proof_key_mismatch", at(f"{HEADER}/jwk", jwk("stranger")),
       at("/proof/token/warp/signature", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:]), faults=2,
       why="the key is compared first")

# What it binds.
BINDS = "section 6: htm, htu, ath and bh"


def unbound(short, title, *changes, twin=whole, **more):
    denied(short, title, more.pop("fault", BINDS), twin, "proof_binding_mismatch", *changes, **more)


unbound("htm-other", "a proof for GET", claim("htm", "GET"))
unbound("htm-case", "a proof for post", claim("htm", "post"))
unbound("method", "the request is a DELETE", at("/proof/method", "DELETE"))
for short, title, value in (
        ("path", "another path", "https://onboarding.mine-7.example/v1/poas"),
        ("host", "another host", "https://onboarding.port-3.example/v1/onboardings"),
        ("scheme", "http", "http://onboarding.mine-7.example/v1/onboardings"),
        ("port", "another port", URL.replace(".example/", ".example:8443/")),
        ("slash", "a / more", URL + "/"), ("below", "a path below", URL + "/1"),
        ("path-case", "the path in another case", URL.replace("onboardings", "Onboardings")),
        ("base", "the base alone", "https://onboarding.mine-7.example"),
        ("encoded-slash", "an encoded slash", URL.replace("/onboardings", "%2Fonboardings")),
        ("suffix", "a host that begins alike", URL.replace(".example/", ".example.net/"))):
    unbound(f"htu-{short}", f"htu: {title}", claim("htu", value))
for short, title, value in (
        ("query", "a query, which does not count", URL + "?page=2"),
        ("fragment", "a fragment, which does not count", URL + "#top"),
        ("case", "scheme and host in another case", URL.replace("https://onboarding", "HTTPS://Onboarding")),
        ("default-port", "the default port", URL.replace(".example/", ".example:443/")),
        ("escape", "an escape of a letter", URL.replace("onboardings", "%6Fnboardings")),
        ("dots", "dot segments", URL.replace("/v1/", "/v1/./x/../"))):
    good(f"htu-{short}", f"htu: {title}", whole, claim("htu", value), needs=NEEDS)
good("url-query", "the request has a query", whole, at("/proof/url", URL + "?page=2"), needs=NEEDS)
unbound("ath-other", "ath is of another text", claim("ath", b64(sha256(b"other"))))
unbound("ath-empty", "ath is of an empty text", claim("ath", b64(sha256(b""))))
unbound("bh-other", "bh is of another body", claim("bh", b64(sha256(b"{}"))))
unbound("bh-absent", "no bh though there is a body", gone(f"{CLAIMS}/bh"))
bodyless = good("no-body", "no body and no bh", whole, at("/proof/body", b""), gone(f"{CLAIMS}/bh"), needs=NEEDS)
good("no-body-bh", "no body, and bh of the empty string", bodyless, claim("bh", b64(sha256(b""))), needs=NEEDS)
unbound("bh-no-body", "bh of a body where there is none", claim("bh", b64(sha256(BODY))), twin=bodyless)
denied("order-signature", "a wrong signature and another method", "section 6: the order of its checks", whole,
       "proof_invalid",
       claim("htm", "GET"), at("/proof/token/warp/signature", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:]), faults=2,
       why="the signature comes before what it binds")
denied("order-binding", "another method, long ago", "section 6: the order of its checks", whole,
       "proof_binding_mismatch",
       claim("htm", "GET"), claim("iat", NOW - HOUR), faults=2, why="what it binds comes before its age")

# Its age, the nonce, the start of the server.
AGE = "section 6: iat within 60 s of the clock, 300 s under a valid unused nonce"
for sign, word in ((-1, "old"), (1, "ahead")):
    edge = good(f"{word}-60", f"60 seconds {word}", whole, claim("iat", NOW + sign * 60), needs=NEEDS)
    denied(f"{word}-61", f"61 seconds {word}", AGE, edge, "proof_stale", claim("iat", NOW + sign * 61))
with_nonce = ["proof", "nonce"]
nonced = good("nonce", "a demanded nonce, valid and unused", whole, claim("nonce", NONCE),
              at("/proof/server/demands_nonce", True),
              at("/proof/server/nonces", [NONCE]), needs=with_nonce)
for sign, word in ((-1, "old"), (1, "ahead")):
    edge = good(f"nonce-{word}-300", f"300 seconds {word} under a nonce", nonced, claim("iat", NOW + sign * 300),
                needs=with_nonce)
    denied(f"nonce-{word}-301", f"301 seconds {word} under a nonce", AGE, edge, "proof_stale",
           claim("iat", NOW + sign * 301),
           needs=with_nonce)
good("nonce-offered", "a nonce where none is demanded", nonced, at("/proof/server/demands_nonce", False),
     needs=with_nonce)
denied("nonce-absent", "no nonce where one is demanded", "section 6: routes that change state demand a nonce", nonced,
       "nonce_required", gone(f"{CLAIMS}/nonce"), needs=with_nonce)
UNUSED = "section 6: a valid unused nonce"
denied("nonce-unknown", "a nonce that the server does not know", UNUSED, nonced, "nonce_invalid",
       claim("nonce", b64(bytes(32))),
       needs=with_nonce)
denied("nonce-used", "a nonce that was used or has expired", UNUSED, nonced, "nonce_invalid",
       at("/proof/server/nonces", []),
       needs=with_nonce)
started = good("start", "a proof of the second in which the server started", whole, at("/proof/server/started", NOW),
               needs=["proof", "start"])
denied("start-before", "a proof older than the server", "section 6: proofs older than the start are asked for a nonce",
       started,
       "nonce_required", claim("iat", NOW - 1), needs=["proof", "start"])
good("start-nonce", "a proof older than the server, with a nonce", nonced, at("/proof/server/started", NOW),
     claim("iat", NOW - 1),
     needs=["proof", "start", "nonce"])

# Once.
ONCE = "section 6: a jti serves once per key"
seen = good("seen-other-key", "another key used this jti", whole,
            at("/proof/server/seen", [{"key": KEYS["crew"].thumbprint, "jti": jti("a proof")}]),
            needs=["proof", "replay"])
denied("replayed", "this key used this jti", ONCE, seen, "proof_replayed",
       at("/proof/server/seen/0/key", KEYS["technician"].thumbprint), needs=["proof", "replay"])
good("seen-other-jti", "this key used another jti", whole,
     at("/proof/server/seen", [{"key": KEYS["technician"].thumbprint, "jti": jti("another proof")}]),
     needs=["proof", "replay"])

# Its place among the steps.
PLACE = "section 4: steps 7 and 8 before step 9"
bad("order-time", "no proof for an expired chain", PLACE, whole, "expired", 1, "/exp", at("/proof/token", None),
    at("/links/1/claims/exp", NOW), faults=2, why="time comes before the proof", needs=NEEDS)
