"""Steps 4 and 5, the claims of each link by themselves, in the order of section 2."""
from corpus import Group
from jose import Raw, b64, unb64
from model import NOW, at, edit, gone, warp
from world import HOUR, MAX_TIME, OTHER_SITE, SITE, access, jti, onboarding, one_link, policy, three_links, two_links
from world_keys import KEYS, jwk, number

group = Group("claims", "Section 2, steps 4 and 5: each claim by itself, keys, and the window of validity")
good, bad = group.good, group.bad

policy("site-rsa", at("/algorithms", ["ES256", "ES384", "EdDSA", "RS256", "PS256"]))


def claim(name, value, hop=0):
    return at(f"/links/{hop}/claims/{name}", value)


one = good("one", "one link", one_link())
two = good("two", "two links", two_links())

# Required claims.
for name in ("iss", "sub", "aud", "iat", "exp", "jti", "cnf", "authorization_details"):
    bad(f"{name.replace('_', '-')}-absent", f"{name} is absent", f"section 2: {name} is required", one,
        "claim_missing", 0, f"/{name}", gone(f"/links/0/claims/{name}"))
for name in ("sub", "par_hash", "exp"):
    bad(f"{name.replace('_', '-')}-absent-hop-1", f"{name} of the second link is absent",
        f"section 2: {name} is required" + (" in a child" if name == "par_hash" else ""), two, "claim_missing", 1,
        f"/{name}", gone(f"/links/1/claims/{name}"))
bad("par-hash-root", "a root with a par_hash", "section 2: par_hash is forbidden in a root", one, "claim_forbidden", 0,
    "/par_hash", claim("par_hash", KEYS["owner"].thumbprint))

# Identifiers.
NAME = "section 1: an identifier is 1 to 256 bytes of UTF-8 without control characters"
for name in ("iss", "sub"):
    for short, title, value in (("number", "a number", 1), ("null", "null", None), ("array", "an array", ["x"]),
                                ("empty", "empty", ""), ("long", "of 257 bytes", "x" * 257),
                                ("long-utf8", "of 129 characters in 258 bytes", "\u00e9" * 129),
                                ("control", "with a control character", "a\u001fb"),
                                ("delete", "with a DEL", "a\u007fb"), ("c1", "with a C1 control", "a\u0085b")):
        bad(f"{name}-{short}", f"{name} is {title}", NAME, one, "claim_type", 0, f"/{name}", claim(name, value))
good("sub-256", "sub of 256 bytes", one, claim("sub", "x" * 256))
good("sub-1", "sub of one byte", one, claim("sub", "x"))
good("sub-utf8", "sub with characters beyond ASCII", one, claim("sub", "\u00e9quipe \u4e00 \U0001f6e0"))
bad("sub-array-hop-1", "sub of the second link is an array", NAME, two, "claim_type", 1, "/sub",
    claim("sub", ["technician-17.example"], 1))

# par_hash of a child.
for short, title, value in (("number", "a number", 1), ("null", "null", None), ("short", "42 characters", "A" * 42),
                            ("long", "44 characters", "A" * 44), ("padded", "padded", "A" * 43 + "="),
                            ("unused-bits", "43 characters with unused bits set", "A" * 42 + "B")):
    bad(f"par-hash-{short}", f"par_hash is {title}", "section 3: a PoA id is base64url of 32 bytes", two, "claim_type",
        1, "/par_hash", claim("par_hash", value, 1))

# aud.
AUD = "section 2: aud is one identifier or an array of 1 to 8, no duplicate"
eight = [SITE] + [f"site:{i}.example" for i in range(7)]
good("aud-array-1", "aud is an array of one", one, claim("aud", [SITE]))
good("aud-array-8", "aud is an array of eight", one, claim("aud", eight))
good("aud-last", "the site stands last in aud", one, claim("aud", [OTHER_SITE, SITE]))
bad("aud-array-9", "aud is an array of nine", AUD, "aud-array-8", "claim_type", 0, "/aud",
    claim("aud", eight + ["site:8.example"]))
bad("aud-twice", "an entry of aud stands twice", AUD, "aud-last", "claim_type", 0, "/aud", claim("aud", [SITE, SITE]))
for short, title, value in (("empty-array", "an empty array", []), ("number", "a number", 7), ("null", "null", None),
                            ("object", "an object", {"site": SITE}), ("empty", "empty", ""),
                            ("number-inside", "an array with a number", [SITE, 7]),
                            ("empty-inside", "an array with an empty entry", [SITE, ""]),
                            ("nested", "an array in an array", [[SITE]]),
                            ("long-inside", "an array with an entry of 257 bytes", [SITE, "x" * 257])):
    bad(f"aud-{short}", f"aud is {title}", AUD, one, "claim_type", 0, "/aud", claim("aud", value))

# transferable.
DEPTH = "section 2: transferable is a whole number 0 to 8"
good("transferable-absent", "transferable is absent", one, gone("/links/0/claims/transferable"))
for value in (1, 8):
    good(f"transferable-{value}", f"transferable is {value}", one, claim("transferable", value))
for short, value in (("9", 9), ("minus-1", -1), ("string", "1"), ("real", Raw("1.0")), ("exponent", Raw("1e0")),
                     ("null", None), ("true", True), ("array", [1]), ("huge", 2**63), ("above-32-bit", 2**32)):
    bad(f"transferable-{short}", f"transferable is {value if isinstance(value, str) else short}", DEPTH,
        "transferable-8", "claim_type", 0, "/transferable", claim("transferable", value))

# Times.
WHOLE = "section 2: a NumericDate is a whole number, 0 to 2^53-1"
for name in ("iat", "nbf", "exp"):
    for short, title, value in (
            ("string", "a string", str(NOW)), ("real", "1790000000.0", Raw("1790000000.0")),
            ("fraction", "1790000000.5", Raw("1790000000.5")), ("exponent", "1.79e9", Raw("1.79e9")),
            ("null", "null", None), ("true", "true", True), ("array", "an array", [NOW]), ("negative", "-1", -1),
            ("2-53", "2^53", MAX_TIME + 1), ("2-63", "2^63", 2**63), ("2-64-wrap", "2^64 + now", 2**64 + NOW),
            ("1e400", "1e400", Raw("1e400"))):
        bad(f"{name}-{short}", f"{name} is {title}", WHOLE, one, "claim_type", 0, f"/{name}", claim(name, value))
good("nbf-absent", "nbf is absent", one, gone("/links/0/claims/nbf"))
good("nbf-before-iat", "nbf lies before iat", one, edit("/links/0/claims/nbf", lambda t: t - 60))
bad("exp-real-hop-1", "exp of the second link is 1790003600.0", WHOLE, two, "claim_type", 1, "/exp",
    claim("exp", Raw("1790003600.0"), 1))

# jti.
JTI = "section 2: jti is 22 to 64 base64url characters"
good("jti-64", "jti of 64 characters", one, claim("jti", b64(bytes(range(48)))))
for short, title, value in (("21", "21 characters", "A" * 21), ("65", "65 characters", "A" * 65),
                            ("empty", "empty", ""),
                            ("number", "a number", 10**22), ("null", "null", None),
                            ("plus", "22 characters, one a +", "+" + "A" * 21),
                            ("padded", "22 characters and padding", "A" * 22 + "=="),
                            ("blank", "22 characters, one a blank", "A" * 10 + " " + "A" * 11),
                            ("uuid", "a UUID with a dot", "00000000.0000.4000.8000.000000000000"),
                            ("utf8", "22 characters, one beyond ASCII", "\u00e9" + "A" * 21)):
    bad(f"jti-{short}", f"jti is {title}", JTI, one, "claim_type", 0, "/jti", claim("jti", value))

# cnf.
CNF = "section 2: cnf is exactly {\"jwk\": ...}"
for short, title, value in (("string", "a string", "key"), ("null", "null", None),
                            ("array", "an array", [jwk("contractor")]),
                            ("empty", "an empty object", {}),
                            ("kid", "a reference to a key", {"kid": KEYS["contractor"].thumbprint}),
                            ("bare", "the JWK itself", jwk("contractor")),
                            ("two", "a key and something more",
                             {"jwk": jwk("contractor"), "jku": "https://x.example"})):
    bad(f"cnf-{short}", f"cnf is {title}", CNF, one, "claim_type", 0, "/cnf", claim("cnf", value))

KEY = "section 2: exactly the members that RFC 7638 hashes, plus alg, use, kid"
good("key-members", "an agent key with alg, use and kid", one,
     claim("cnf", {"jwk": jwk("contractor", alg="ES256", use="sig", kid=KEYS["contractor"].thumbprint)}))
for short, title, more, fault in (
        ("kid", "kid of another key", {"kid": KEYS["crew"].thumbprint}, "section 2: a kid equals the thumbprint"),
        ("kid-number", "a number as kid", {"kid": 1}, "section 2: a kid equals the thumbprint"),
        ("use", "use enc", {"use": "enc"}, "section 2: use is sig"),
        ("use-array", "use [\"sig\"]", {"use": ["sig"]}, "section 2: use is sig"),
        ("alg-other", "alg of another curve", {"alg": "ES384"}, "section 2: an alg in a JWK fits the key"),
        ("alg-hmac", "alg HS256", {"alg": "HS256"}, "section 2: an alg in a JWK fits the key"),
        ("alg-number", "a number as alg", {"alg": 256}, "section 2: an alg in a JWK fits the key"),
        ("key-ops", "key_ops", {"key_ops": ["verify"]}, KEY), ("ext", "ext", {"ext": True}, KEY),
        ("x5c", "x5c", {"x5c": ["AAAA"]}, KEY), ("foreign", "a foreign member", {"note": "x"}, KEY),
        ("rsa-member", "a member of another key type", {"n": "AAAA"}, KEY)):
    bad(f"key-{short}", f"an agent key with {title}", fault, one, "key_invalid", 0, "/cnf",
        claim("cnf", {"jwk": jwk("contractor", **more)}))


def key(name, twin, title, fault, value, code="key_invalid", hop=0):
    bad(f"key-{name}", f"an agent key: {title}", fault, twin, code, hop, "/cnf", claim("cnf", {"jwk": value}, hop))


def without(jwk_, member):
    return {name: value for name, value in jwk_.items() if name != member}


P = 2**256 - 2**224 + 2**192 + 2**96 - 1
agent = jwk("contractor")
x, y = (int.from_bytes(unb64(agent[c]), "big") for c in "xy")
for member in ("kty", "crv", "x", "y"):
    key(f"no-{member}", one, f"{member} is absent", KEY, without(agent, member))
for short, title, changes in (
        ("kty-lower", "kty ec", {"kty": "ec"}), ("kty-unknown", "an unknown kty", {"kty": "AKP"}),
        ("kty-number", "a number as kty", {"kty": 1}), ("crv-p521", "crv P-521", {"crv": "P-521"}),
        ("crv-p384", "crv P-384 over coordinates of P-256", {"crv": "P-384"}),
        ("crv-secp256k1", "crv secp256k1", {"crv": "secp256k1"}), ("crv-null", "crv null", {"crv": None}),
        ("x-number", "a number as x", {"x": 7}), ("x-empty", "an empty x", {"x": ""})):
    key(short, one, title, KEY, agent | changes)
for short, title, changes in (
        ("x-short", "x of 31 bytes", {"x": b64(unb64(agent["x"])[1:])}),
        ("x-long", "x with a leading zero byte", {"x": b64(b"\0" + unb64(agent["x"]))}),
        ("y-long", "y with a trailing byte", {"y": b64(unb64(agent["y"]) + b"\0")})):
    key(short, one, title, "section 2: values of full length", agent | changes)
for short, title, changes in (
        ("off-curve", "a point off the curve", {"y": number((y + 1) % P, 32)}),
        ("swapped", "x and y swapped", {"x": agent["y"], "y": agent["x"]}),
        ("zero-point", "x and y zero", {"x": number(0, 32), "y": number(0, 32)})):
    key(short, one, title, "section 2: on the curve", agent | changes)
B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b


def y_squared(x_):
    return x_**3 - 3 * x_ + B


small = next(i for i in range(5, 200) if pow(y_squared(i), (P - 1) // 2, P) == 1)
root = pow(y_squared(small), (P + 1) // 4, P)
tiny = {"kty": "EC", "crv": "P-256", "x": number(small, 32), "y": number(root, 32)}
good("key-small-x", "an agent key with a small x", one, claim("cnf", {"jwk": tiny}))
key("x-above-p", "key-small-x", "x above p, on the curve when reduced", "section 2: below p",
    tiny | {"x": number(small + P, 32)})
for short, title, value in (("padding", "padding in x", agent["x"] + "="), ("plus", "a + in x", "+" + agent["x"][1:]),
                            ("blank", "a blank after x", agent["x"] + " ")):
    key(f"x-{short}", one, title, "section 1: canonical base64url", agent | {"x": value})
last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
key("x-unused-bits", one, "unused bits set in x", "section 1: canonical base64url",
    agent | {"x": agent["x"][:-1] + last[last.index(agent["x"][-1]) + 1]})
good("key-384", "an agent key of P-384", one, claim("cnf", {"jwk": jwk("agent_384")}))
key("384-off-curve", "key-384", "a point off P-384", "section 2: on the curve",
    jwk("agent_384", y=jwk("agent_384")["x"]))

ED = "section 2: on the curve, below p, not the identity or of small order"
ED_P = 2**255 - 19
good("key-ed25519", "an agent key of Ed25519", one, claim("cnf", {"jwk": jwk("agent_ed")}))


def ed(value, sign=0):
    return {"kty": "OKP", "crv": "Ed25519", "x": b64((value | sign << 255).to_bytes(32, "little"))}


def order_of(y):
    """Order of a point of Ed25519: 1, 2, 4, 8, None when it is larger, 0 when no point has this y."""
    d = -121665 * pow(121666, -1, ED_P)
    y %= ED_P
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, ED_P) % ED_P
    if pow(x2, (ED_P - 1) // 2, ED_P) not in (0, 1):
        return 0
    for order in (1, 2, 4, 8):
        if (x2, y) == (0, 1):
            return order
        y2 = y * y
        k = d * x2 * y2
        x2, y = 4 * x2 * y2 * pow(1 + k, -2, ED_P) % ED_P, (y2 + x2) * pow(1 - k, -1, ED_P) % ED_P
    return None


ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7
good("key-ed25519-18", "an agent key of Ed25519 with y 18", one, claim("cnf", {"jwk": ed(18)}))
for short, title, order, *value in (
        ("identity", "the identity", 1, 1), ("identity-sign", "the identity with x written as -0", 1, 1, 1),
        ("order-2", "the point of order 2", 2, ED_P - 1),
        ("order-4", "a point of order 4", 4, 0), ("order-4-sign", "the other point of order 4", 4, 0, 1),
        ("order-8", "a point of order 8", 8, ORDER_8), ("order-8-sign", "another point of order 8", 8, ORDER_8, 1),
        ("order-8-other", "a third point of order 8", 8, ED_P - ORDER_8),
        ("order-8-last", "the fourth point of order 8", 8, ED_P - ORDER_8, 1),
        ("noncanonical-0", "y is p, another spelling of 0", 4, ED_P),
        ("noncanonical-1", "y is p + 1, another spelling of 1", 1, ED_P + 1),
        ("noncanonical-18", "y is p + 18, another spelling of 18", None, ED_P + 18),
        ("off-curve", "no point of the curve", 0, 2)):
    assert order_of(value[0]) == order, short
    key(f"ed25519-{short}", "key-ed25519-18" if short == "noncanonical-18" else "key-ed25519", title, ED, ed(*value))
ed_key = jwk("agent_ed")
key("ed25519-short", "key-ed25519", "31 bytes", "section 2: values of full length",
    ed_key | {"x": b64(unb64(ed_key["x"])[:31])})
key("ed25519-long", "key-ed25519", "33 bytes", "section 2: values of full length",
    ed_key | {"x": b64(unb64(ed_key["x"]) + b"\0")})
key("ed25519-y", "key-ed25519", "a y", KEY, ed_key | {"y": agent["y"]})
key("x25519", "key-ed25519", "crv X25519", "section 2: Ed25519 is for signatures", ed_key | {"crv": "X25519"})
key("ed448", "key-ed25519", "crv Ed448", "section 2: EdDSA with an Ed25519 key only", ed_key | {"crv": "Ed448"})

BITS = "section 2: RSA of 2048 to 4096 bits"
for name in ("rsa_a", "rsa_4096"):
    good(f"key-{name.replace('_', '-')}", f"an agent key of RSA ({name})", one, at("/policy", "site-rsa"),
         claim("cnf", {"jwk": jwk(name)}))
for name in ("rsa_1024", "rsa_2047", "rsa_4104"):
    key(name.replace("_", "-"), "key-rsa-a", f"RSA of {name[4:]} bits", BITS, jwk(name))
rsa = jwk("rsa_a")
good("key-rsa-e-max", "an RSA key with e 2^32-1", "key-rsa-a", claim("cnf", {"jwk": rsa | {"e": number(2**32 - 1)}}))
for short, title, changes in (
        ("e-1", "e is 1", {"e": number(1)}), ("e-3", "e is 3", {"e": number(3)}),
        ("e-65535", "e is 65535", {"e": number(65535)}), ("e-even", "e is 65538", {"e": number(65538)}),
        ("e-large", "e is 2^32+1", {"e": number(2**32 + 1)}), ("e-zero-byte", "e with a leading zero byte",
                                                              {"e": b64(b"\0" + unb64(rsa["e"]))}),
        ("n-zero-byte", "n with a leading zero byte", {"n": b64(b"\0" + unb64(rsa["n"]))}),
        ("e-empty", "an empty e", {"e": ""}), ("n-absent", "n is null", {"n": None})):
    key(f"rsa-{short}", "key-rsa-a", title, "section 2: n, e without leading zero, e odd, 65537 to 2^32-1",
        rsa | changes)

PRIVATE = "section 2: private members and k are an error of their own"
for short, title, twin, value in (
        ("ec-private", "d of an EC key", one, KEYS["contractor"].private),
        ("ed25519-private", "d of an Ed25519 key", "key-ed25519", KEYS["agent_ed"].private),
        ("rsa-private", "d, p and q of an RSA key", "key-rsa-a", KEYS["rsa_a"].private),
        ("rsa-p", "p of an RSA key", "key-rsa-a", rsa | {"p": KEYS["rsa_a"].private["p"]}),
        ("rsa-dp", "dp of an RSA key", "key-rsa-a", rsa | {"dp": "AQ"}),
        ("oct", "a symmetric key", one, {"kty": "oct", "k": b64(bytes(32))}),
        ("ec-k", "k in an EC key", one, agent | {"k": b64(bytes(32))})):
    key(short, twin, title, PRIVATE, value, "private_key_in_token")
key("private-hop-1", two, "d in the second link", PRIVATE, KEYS["technician"].private, "private_key_in_token", 1)
key("off-curve-hop-1", two, "a point off the curve in the second link", "section 2: on the curve",
    jwk("technician", y=jwk("crew")["y"]), hop=1)

# authorization_details as an array.
COUNT = "section 2: 1 to 32 powers"
cell = [access(resources=[f"https://plc.mine-7.example/{i}"], actions=["read"]) for i in range(33)]
good("powers-32", "32 powers", one, claim("authorization_details", cell[:32]))
bad("powers-33", "33 powers", COUNT, "powers-32", "claim_type", 0, "/authorization_details",
    claim("authorization_details", cell))
bad("powers-twice", "a power that stands twice", "section 5: arrays are without duplicates", "powers-32", "claim_type",
    0,
    "/authorization_details", claim("authorization_details", cell[:31] + cell[:1]))
for short, title, value in (("none", "an empty array", []), ("object", "an object", onboarding()),
                            ("string", "a string", "device_onboarding"), ("null", "null", None)):
    bad(f"powers-{short}", f"authorization_details is {title}", COUNT, one, "claim_type", 0, "/authorization_details",
        claim("authorization_details", value))

# Names for people, and a status reference.
good("names-128", "names of 128 bytes", one,
     claim("principal_name", "p" * 128), claim("agent_name", "a" * 128))
for name in ("principal_name", "agent_name"):
    for short, title, value in (("long", "of 129 bytes", "p" * 129), ("number", "a number", 1), ("null", "null", None)):
        bad(f"{name.replace('_', '-')}-{short}", f"{name} is {title}", "section 2: at most 128 bytes of text",
            "names-128", "claim_type", 0, f"/{name}", claim(name, value))
for short, value in (("number", 1), ("string", "https://status.example/1"), ("null", None)):
    bad(f"status-{short}", f"status is a {short}", "section 2: a Token Status List reference is an object", one,
        "claim_type", 0, "/status", claim("status", value))

# The window.
EMPTY = "section 2: exp is later than iat and nbf"
good("window-1", "a window of one second", one, claim("iat", NOW), claim("nbf", NOW), claim("exp", NOW + 1))
bad("window-iat", "exp equals iat", EMPTY, good("window-iat-1", "exp is one second after iat, nbf is long ago", one,
                                                claim("iat", NOW), claim("exp", NOW + 1)),
    "window_empty", 0, "/exp", claim("exp", NOW))
bad("window-nbf", "exp equals nbf", EMPTY, good("window-nbf-1", "exp is one second after nbf, iat is long ago", one,
                                                claim("nbf", NOW), claim("exp", NOW + 1)),
    "window_empty", 0, "/exp", claim("exp", NOW))
bad("window-reversed", "exp lies before iat", EMPTY, one, "window_empty", 0, "/exp", claim("exp", NOW - 3 * HOUR))
bad("window-zero", "exp is 0", EMPTY, one, "window_empty", 0, "/exp", claim("exp", 0))
bad("window-nbf-far", "nbf lies after exp", EMPTY, one, "window_empty", 0, "/exp", claim("nbf", MAX_TIME))
bad("window-hop-1", "exp of the second link equals its iat", EMPTY, two, "window_empty", 1, "/exp",
    claim("exp", NOW - HOUR, 1))

# cycle.
REPEAT = "section 2: jti is unique in a chain"
bad("jti-repeated", "the second link has the jti of the root", REPEAT, two, "cycle", 1, "/jti",
    claim("jti", jti("owner for contractor"), 1))
three = good("three", "three links", three_links())
bad("jti-repeated-hop-2", "the third link has the jti of the root", REPEAT, three, "cycle", 2, "/jti",
    claim("jti", jti("owner for contractor"), 2))


def to_itself():
    """Three links; the second is by its own agent, so that it could stand twice."""
    tree = two_links(transferable=2)
    tree["links"][1]["claims"]["cnf"] = {"jwk": jwk("contractor")}
    tree["links"][1]["claims"] |= {"sub": "contractor.example", "transferable": 1}
    return tree


def second_twice(chain):
    return chain + b"~" + chain.split(b"~")[1]


itself = good("to-itself", "a sub-grant by an agent to itself", to_itself())
bad("same-poa-twice", "the second PoA stands twice", REPEAT, itself, "cycle", 2, "/jti", at("/text", second_twice))

# The order of claims.
ORDER = "section 4 steps 4 and 5: each claim in the order of section 2"
for short, title, why, code, member, *changes in (
        ("iss-sub", "sub is absent and iss is a number", "iss comes before sub", "claim_type", "/iss",
         claim("iss", 1), gone("/links/0/claims/sub")),
        ("iat-nbf", "iat and nbf are strings", "iat comes before nbf", "claim_type", "/iat", claim("nbf", "1"),
         claim("iat", "1")),
        ("jti-cnf", "a wrong key and a short jti", "jti comes before cnf", "claim_type", "/jti",
         claim("cnf", {}), claim("jti", "A")),
        ("claim-window", "an empty window and a wrong agent_name", "every claim by itself comes before the window",
         "claim_type", "/agent_name", claim("exp", 0), claim("agent_name", 1)),
        ("window-iss", "an empty window and a foreign iss", "the window comes before iss", "window_empty", "/exp",
         claim("exp", 0), claim("iss", "https://stranger.example")),
        ("iss-par-hash", "a foreign iss and a par_hash", "iss comes before par_hash", "issuer_mismatch", "/iss",
         claim("par_hash", KEYS["owner"].thumbprint), claim("iss", "https://stranger.example")),
        ("par-hash-power", "a par_hash and an unknown power", "par_hash comes before the powers", "claim_forbidden",
         "/par_hash", claim("par_hash", KEYS["owner"].thumbprint),
         at("/links/0/claims/authorization_details/0/type", "unknown"))):
    bad(f"order-{short}", title, ORDER, one, code, 0, member, *changes, faults=2, why=why)
bad("order-signature", "a wrong claim under a wrong signature", "section 4: the signature comes before the payload",
    one, "signature_invalid", 0, None, claim("exp", "soon"),
    warp(0, "signature", lambda s, t, k: bytes([s[0] ^ 1]) + s[1:]), faults=2,
    why="nothing of a payload is read before its signature holds")
bad("order-hop", "a wrong claim in both links", "section 4: then by the lowest hop", two, "claim_type", 0, "/exp",
    claim("exp", "soon"), claim("iss", 1, 1), faults=2, why="the lowest hop is told")
