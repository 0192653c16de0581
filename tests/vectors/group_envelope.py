"""Steps 1 to 3 and the JSON of payloads, the envelope: bytes, parts, strict JSON, headers."""
from checks import still_good
from corpus import Group
from jose import Raw, dumps, hmac_sign, public_pem_and_der
from model import at, build_links, escaped, gone, warp
from world import long_chain, one_link, policy, three_links, two_links
from world_keys import KEYS, jwk

group = Group("envelope", "Section 4, steps 1 to 3: sizes, parts, base64url, strict JSON (of payloads too) and headers")
good, bad = group.good, group.bad

policy("site-nine", at("/owners/0/max_links", 9))

HARD = {"links": 9, "chain_bytes": 65536}


def text(function):
    return at("/text", function)


def header(hop, name, value):
    return at(f"/links/{hop}/header/{escaped(name)}", value)


def insert_before_end(more):
    """Put bytes in front of the closing brace of a JSON object."""
    return lambda t: t[:-1] + more + t[-1:]


one = good("one", "one link", one_link())
two = good("two", "two links", two_links())
three = good("three", "three links", three_links())

# Step 1: bytes and number of links.
bad("empty", "an empty text", "section 4 step 1: there is no link", one, "chain_empty", None, None, text(lambda t: b""))
good("links-8", "eight links, the default limit", long_chain(8), at("/policy", "site-nine"))
bad("links-9-default", "nine links where eight are the limit", "section 4: eight links is the default limit",
    good("links-9-allowed", "nine links where the verifier is configured for nine", long_chain(9),
         at("/policy", "site-nine"), at("/limits", HARD), needs=["limits"]),
    "chain_too_long", None, None, at("/limits", None))
bad("links-10", "ten parts joined by ~ under the hard limit", "section 4: nine links is the hard limit",
    "links-9-allowed", "chain_too_long", None, None, text(lambda t: t + b"~" + t.split(b"~")[0]), needs=["limits"])


def pad(tree, hop, token_bytes):
    """Fill an ignored claim until link @hop is as long as it can be, @token_bytes at most; its length."""
    claims = tree["links"][hop]["claims"]
    claims["pad"] = ""
    size = len(build_links(tree["links"])[hop])
    if size < token_bytes:
        fill = (token_bytes - size) * 3 // 4 + 2
        while size > token_bytes or claims["pad"] == "":
            fill -= 1
            claims["pad"] = "x" * fill
            size = len(build_links(tree["links"])[hop])
    return size


def longer(tree, hop):
    """The pad one character longer."""
    return at(f"/links/{hop}/claims/pad", tree["links"][hop]["claims"]["pad"] + "x")


def sized_chain(count, total):
    """A chain of @count links of about equal size with exactly @total bytes."""
    tree, share = long_chain(count), (total - (count - 1)) // count
    for first in range(share, share - 8, -1):
        left = total - (count - 1) - pad(tree, 0, first)
        for hop in range(1, count):
            left -= pad(tree, hop, share if hop < count - 1 else left)
        if left == 0:
            return tree
    raise AssertionError("no such length")


SIZE = "section 4: 8192 bytes a link"
tree = two_links()
assert pad(tree, 1, 8191) == 8191  # with this header no link has 8192
bad("link-8193", "a second link of 8193 bytes", SIZE, good("link-8191", "a second link of 8191 bytes", tree),
    "too_large", 1, None, longer(tree, 1))
tree = one_link()
tree["policy"], tree["links"][0]["signer"] = "site-keys", "owner_384"
assert pad(tree, 0, 8192) == 8192
bad("link-8193-es384", "a root of 8193 bytes", SIZE, good("link-8192", "a root of 8192 bytes", tree), "too_large", 0,
    None,
    longer(tree, 0))

tree = sized_chain(3, 16384)
bad("chain-above-16384", "a chain one character above 16384 bytes", "section 4: 16384 bytes a chain is the default",
    good("chain-16384", "a chain of 16384 bytes, the default limit", tree), "too_large", None, None, longer(tree, 2))
tree = sized_chain(9, 65536)
bad("chain-above-65536", "a chain one character above 65536 bytes", "section 4: 65536 bytes a chain is the hard limit",
    good("chain-65536", "a chain of 65536 bytes where the verifier is configured for it", tree,
         at("/limits", HARD), at("/policy", "site-nine"), needs=["limits"]),
    "too_large", None, None, longer(tree, 8), needs=["limits"])

# Step 2: three non-empty parts, canonical base64url.
PARTS = "section 4 step 2: three non-empty parts"
CANONICAL = "section 1: base64url without padding, foreign characters, blanks or unused bits"
for short, title, hop, function in (
        ("tail-tilde", "a ~ after the last link, so that an empty one follows", 3, lambda t: t + b"~"),
        ("head-tilde", "a ~ before the first link", 0, lambda t: b"~" + t),
        ("double-tilde", "two ~ between links", 1, lambda t: t.replace(b"~", b"~~", 1)),
        ("only-tilde", "nothing but a ~", 0, lambda t: b"~"),
        ("word", "a word without dots", 0, lambda t: b"token"),
        ("two-dots", "two dots and nothing else", 0, lambda t: b".."),
        ("newline-end", "a line feed after the chain", 2, lambda t: t + b"\n"),
        ("blank-before", "a blank before the chain", 0, lambda t: b" " + t),
        ("scheme", "the authentication scheme left in front", 0, lambda t: b"PoA " + t),
        ("nul-end", "a NUL after the chain", 2, lambda t: t + b"\0"),
        ("comma", "links joined by a comma", 0, lambda t: t.replace(b"~", b",")),
        ("json-serialization", "JWS JSON serialization of the root", 0,
         lambda t: dumps(dict(zip(("protected", "payload", "signature"),
                                  t.split(b"~")[0].decode().split(".")))).encode()),
        ("jwe", "the five parts of a JWE", 0, lambda t: b".".join([t.split(b".")[0]] * 5))):
    bad(short, title, PARTS, three, "malformed", hop, None, text(function))

for hop, base in ((0, one), (1, two)):
    for short, title, stage, function in (
            ("no-signature", "two parts", "whole", lambda t: t.rpartition(b".")[0]),
            ("four-parts", "a fourth part", "whole", lambda t: t + b".AAAA"),
            ("empty-header", "an empty header", "whole", lambda t: b"." + t.partition(b".")[2]),
            ("empty-payload", "an empty payload", "whole", lambda t: b"..".join(t.split(b".")[::2])),
            ("empty-signature", "an empty signature", "signature_part", lambda t: b"")):
        bad(f"{short}-hop-{hop}", title, PARTS, base, "malformed", hop, None, warp(hop, stage, function))


def unused_bits(part):
    """Another spelling of the same bytes: the bits that base64url does not use are set."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4 in (2, 3)
    return part[:-1] + bytes([alphabet[alphabet.index(part[-1]) + 1]])


def ragged(text_bytes):
    """JSON text whose length leaves unused bits in base64url."""
    return text_bytes if len(text_bytes) % 3 else text_bytes[:-1] + b',"x":1}'


spelled = good("ragged", "one link whose header and payload leave unused bits",
               one_link(pad="x"), at("/links/0/warp/payload_text", ragged))
for part in ("header", "payload"):
    stage = f"{part}_part"
    for short, title, function in (
            ("padding", "padding", lambda p: p + b"=" * (-len(p) % 4)),
            ("plus", "a + of the other alphabet", lambda p: b"+" + p[1:]),
            ("slash", "a / of the other alphabet", lambda p: p[:-1] + b"/"),
            ("line-break", "a line feed inside", lambda p: p[:20] + b"\n" + p[20:]),
            ("blank", "a blank inside", lambda p: p[:20] + b" " + p[20:]),
            ("nul", "a NUL inside", lambda p: p[:20] + b"\0" + p[20:]),
            ("high-byte", "a byte above 7f inside", lambda p: p[:20] + b"\xe9" + p[20:]),
            ("lone-character", "a length that no bytes have", lambda p: p[:len(p) // 4 * 4] + b"A")):
        if (part, short) == ("header", "padding"):
            continue  # the length of such a header is a multiple of three: there is nothing to pad
        bad(f"{part}-{short}", f"{part}: {title}", CANONICAL, spelled, "malformed", 0, None, warp(0, stage, function))
bad("payload-unused-bits", "payload: unused bits set", CANONICAL, spelled, "malformed", 0, None,
    warp(0, "payload_part", unused_bits))
bad("signature-unused-bits", "signature: unused bits set", CANONICAL, one, "malformed", 0, None,
    warp(0, "signature_part", still_good(unused_bits)))
bad("signature-padding", "signature: padding", CANONICAL, one, "malformed", 0, None,
    warp(0, "signature_part", still_good(lambda p: p + b"==")))
bad("signature-junk", "signature: a foreign character after it", CANONICAL, one, "malformed", 0, None,
    warp(0, "signature_part", lambda p: p + b"!"))

# Strict JSON, in the header (step 3) and in the payload (steps 4 and 5).
STRICT = "section 4 step 3: one JSON object in UTF-8, no trailing byte"
TWICE = "section 4 step 3: no duplicate member"
NOT_JSON = (
    ("bom", "a byte order mark", lambda t: b"\xef\xbb\xbf" + t),
    ("trailing-blank", "a blank after the object", lambda t: t + b" "),
    ("leading-blank", "a blank before the object", lambda t: b" " + t),
    ("trailing-newline", "a line feed after the object", lambda t: t + b"\n"),
    ("trailing-object", "a second object", lambda t: t + b"{}"),
    ("trailing-nul", "a NUL after the object", lambda t: t + b"\0"),
    ("array", "the object inside an array", lambda t: b"[" + t + b"]"),
    ("string", "a string", lambda t: b'"header"'),
    ("null", "null", lambda t: b"null"),
    ("truncated", "the closing brace cut off", lambda t: t[:-1]),
    ("trailing-comma", "a comma before the closing brace", insert_before_end(b",")),
    ("single-quotes", "single quotes", lambda t: t.replace(b'"', b"'")),
    ("comment", "a comment", insert_before_end(b"/* */")),
    ("utf-16", "UTF-16", lambda t: t.decode().encode("utf-16-le")),
)
for part in ("header", "payload"):
    for short, title, function in NOT_JSON:
        bad(f"{part}-json-{short}", f"{part}: {title}", STRICT, one, "malformed", 0, None,
            warp(0, f"{part}_text", function))
bad("header-json-hop-2", "header of the last link: two objects", STRICT, three, "malformed", 2, None,
    warp(2, "header_text", lambda t: t + t))
bad("payload-json-hop-2", "payload of the last link: two objects", STRICT, three, "malformed", 2, None,
    warp(2, "payload_text", lambda t: t + t))

ignored = good("ignored-claim", "a claim that the protocol does not know is ignored", one_link(note="x"))
NOTE = "/links/0/claims/note"
for short, title, value in (
        ("nan", "NaN", Raw("NaN")), ("leading-zero", "a number with a leading zero", Raw("01")),
        ("plus-sign", "a number with a plus sign", Raw("+1")), ("hex", "a hexadecimal number", Raw("0x1")),
        ("dot-first", "a number that begins with a dot", Raw(".5")), ("true-upper", "True", Raw("True")),
        ("escape-nul", "U+0000 as an escape", Raw('"a\\u0000b"')),
        ("surrogate", "half of a surrogate pair as an escape", Raw('"\\ud800"')),
        ("surrogates-swapped", "a surrogate pair the wrong way round", Raw('"\\udc00\\ud800"')),
        ("escape-unknown", "an unknown escape", Raw('"\\x41"')),
        ("control", "a raw line feed in a string", Raw('"a\nb"'))):
    bad(f"payload-json-{short}", f"payload: {title}", STRICT, ignored, "malformed", 0, None, at(NOTE, value))
for short, title, raw in (("overlong", "an overlong form in UTF-8", b"\xc0\xaf"),
                          ("utf8-surrogate", "a surrogate in UTF-8", b"\xed\xa0\x80"),
                          ("utf8-cut", "a cut UTF-8 sequence", b"\xe2\x82"),
                          ("latin-1", "a byte of Latin-1", b"\xe9"),
                          ("utf8-high", "a code point above U+10FFFF", b"\xf4\x90\x80\x80")):
    bad(f"payload-json-{short}", f"payload: {title}", STRICT, ignored, "malformed", 0, None,
        warp(0, "payload_text", lambda t, raw=raw: t.replace(b'"note":"x"', b'"note":"' + raw + b'"')))
for short, title, value in (
        ("big-integer", "2^63", 2**63), ("big-real", "1e400", Raw("1e400")),
        ("pair", "a surrogate pair", Raw('"\\ud83d\\ude00"')),
        ("minus-zero", "-0", Raw("-0")), ("null", "null", None)):
    good(f"ignored-{short}", f"an ignored claim is {title}", ignored, at(NOTE, value))

for short, title, part, more in (
        ("header-alg-twice", "header: alg twice", "header", b',"alg":"ES256"'),
        ("header-escaped-twice", "header: alg twice, once with an escape", "header", b',"\\u0061lg":"none"'),
        ("payload-exp-twice", "payload: exp twice", "payload", b',"exp":9007199254740991'),
        ("payload-same-twice", "payload: an ignored claim twice with one value", "payload", b',"z":1,"z":1'),
        ("payload-nested-twice", "payload: a member twice inside an ignored claim", "payload", b',"z":{"a":1,"a":2}')):
    bad(short, title, TWICE, one, "duplicate_member", 0, None, warp(0, f"{part}_text", insert_before_end(more)))
bad("payload-power-twice", "payload: actions twice in a power", TWICE, one, "duplicate_member", 0, None,
    warp(0, "payload_text", lambda t: t.replace(b'"actions":', b'"actions":["read"],"actions":', 1)))
bad("payload-cnf-twice", "payload: two jwk in cnf", TWICE, one, "duplicate_member", 0, None,
    warp(0, "payload_text", lambda t: t.replace(b'"cnf":{', b'"cnf":{"jwk":{},', 1)))
bad("payload-twice-hop-1", "payload of the second link: sub twice", TWICE, two, "duplicate_member", 1, None,
    warp(1, "payload_text", insert_before_end(b',"sub":"x"')))
bad("header-twice-hop-2", "header of the last link: kid twice", TWICE, three, "duplicate_member", 2, None,
    warp(2, "header_text", insert_before_end(b',"kid":"x"')))


def nested(levels):
    """An array around nothing; @levels count the object of the payload."""
    return Raw("[" * (levels - 1) + "]" * (levels - 1))


DEEP = "section 4: sixteen levels of JSON"
sixteen = good("depth-16", "an ignored claim at level 16", ignored, at(NOTE, nested(16)))
bad("depth-17", "an ignored claim at level 17", DEEP, sixteen, "limit_exceeded", 0, None, at(NOTE, nested(17)))
bad("depth-17-objects", "objects down to level 17", DEEP, sixteen, "limit_exceeded", 0, None,
    at(NOTE, Raw('{"a":' * 16 + "0" + "}" * 16)))
bad("depth-2500", "2500 levels", DEEP, sixteen, "limit_exceeded", 0, None, at(NOTE, nested(2500)))
bad("depth-17-hop-1", "level 17 in the second link", DEEP, two, "limit_exceeded", 1, None,
    at("/links/1/claims/note", nested(17)))

# Step 3: the header.
FOREIGN = "section 2: exactly typ, alg, kid"
for name, value in (("crit", ["exp"]), ("jwk", jwk("owner")), ("jku", "https://owner.example/keys"),
                    ("x5u", "https://owner.example/chain"), ("x5c", ["AAAA"]), ("x5t", "AAAA"), ("b64", False),
                    ("zip", "DEF"), ("cty", "JWT"), ("enc", "A256GCM"), ("nonce", "x"), ("Alg", "ES256"), ("", "")):
    bad(f"header-{name.lower() or 'empty'}-member", f"header: a member {name!r}", FOREIGN, one, "header_forbidden", 0,
        f"/header/{name}", header(0, name, value))
bad("header-crit-empty", "header: an empty crit", FOREIGN, one, "header_forbidden", 0, "/header/crit",
    header(0, "crit", []))
bad("header-crit-hop-1", "header of the second link: crit", FOREIGN, two, "header_forbidden", 1, "/header/crit",
    header(1, "crit", ["kid"]))
bad("header-pointer", "header: a member whose name is escaped in a JSON pointer", FOREIGN, one, "header_forbidden", 0,
    "/header/a~1b~0c", header(0, "a/b~c", 1))

TYP = "section 2: typ is poa+jwt, exactly"
for short, value in (("jwt", "JWT"), ("upper", "POA+JWT"), ("media-type", "application/poa+jwt"),
                     ("proof", "dpop+jwt"), ("statement", "poa-revocation+jwt"), ("blank", "poa+jwt "),
                     ("number", 1), ("null", None), ("array", ["poa+jwt"])):
    bad(f"typ-{short}", f"typ is {dumps(value)}", TYP, one, "typ_mismatch", 0, "/header/typ", header(0, "typ", value))
bad("typ-absent", "typ is absent", TYP, one, "typ_mismatch", 0, "/header/typ", gone("/links/0/header/typ"))
bad("typ-jwt-hop-2", "typ of the last link is JWT", TYP, three, "typ_mismatch", 2, "/header/typ",
    header(2, "typ", "JWT"))

ALG = "section 2: alg is one of the policy's list"
for short, value in (("null", None), ("number", 256), ("array", ["ES256"]), ("object", {"alg": "ES256"})):
    bad(f"alg-{short}", f"alg is {dumps(value)}", "section 2: alg is a string", one, "alg_missing", 0, "/header/alg",
        header(0, "alg", value))
bad("alg-absent", "alg is absent", "section 2: alg is required", one, "alg_missing", 0, "/header/alg",
    gone("/links/0/header/alg"))
bad("alg-absent-hop-1", "alg of the second link is absent", "section 2: alg is required", two, "alg_missing", 1,
    "/header/alg", gone("/links/1/header/alg"))
for short, value in (("none", "none"), ("none-title", "None"), ("none-mixed", "nOnE"), ("none-upper", "NONE"),
                     ("empty", ""), ("lower", "es256"), ("es512", "ES512"), ("es256k", "ES256K"), ("hs384", "HS384"),
                     ("rs256", "RS256"), ("ps256", "PS256"), ("rs512", "RS512"), ("ed448", "Ed448"),
                     ("ecdh", "ECDH-ES")):
    bad(f"alg-{short}", f"alg is {dumps(value)}", ALG, one, "alg_not_allowed", 0, "/header/alg",
        header(0, "alg", value))
bad("alg-none-hop-1", "alg of the second link is none", ALG, two, "alg_not_allowed", 1, "/header/alg",
    header(1, "alg", "none"))
pem, der = public_pem_and_der(jwk("owner"))
for short, what, secret in (("pem", "PEM", pem), ("der", "DER", der), ("jwk", "JWK", dumps(jwk("owner")).encode())):
    keyed = good(f"signer-of-{short}", f"the text that is next signed by HMAC with the owner's public key as {what}",
                 one_link(note=short))
    bad(f"hmac-{short}", f"HS256 with the owner's public key as {what} for a secret",
        "section 2: never HMAC, and the key fixes the algorithm", keyed, "alg_not_allowed", 0, "/header/alg",
        header(0, "alg", "HS256"),
        warp(0, "signature", lambda s, t, k, secret=secret: hmac_sign(secret, t)), faults=2,
        why="an HMAC attack needs both the algorithm and the signature made with it")

KID = "section 2: kid is a thumbprint, of the principal's key"
for short, value in (("number", 1), ("null", None), ("name", "owner"), ("empty", ""), ("short", "A" * 42),
                     ("long", "A" * 44), ("padded", "A" * 43 + "="), ("unused-bits", "A" * 42 + "B")):
    bad(f"kid-{short}", f"kid is {dumps(value)}", KID, one, "kid_mismatch", 0, "/header/kid", header(0, "kid", value))
bad("kid-absent", "kid is absent", KID, one, "kid_mismatch", 0, "/header/kid", gone("/links/0/header/kid"))
bad("kid-absent-hop-1", "kid of the second link is absent", KID, two, "kid_mismatch", 1, "/header/kid",
    gone("/links/1/header/kid"))
bad("kid-other-hop-1", "kid of the second link is the thumbprint of a key that the root does not name", KID, two,
    "kid_mismatch", 1, "/header/kid", header(1, "kid", KEYS["sibling"].thumbprint))
bad("kid-signer-hop-1", "the second link is signed by a key that the root does not name, and says so", KID, two,
    "kid_mismatch", 1, "/header/kid", at("/links/1/signer", "sibling"))
bad("kid-owner-hop-1", "the second link is signed by the owner instead of the root's agent", KID, two,
    "kid_mismatch", 1, "/header/kid", at("/links/1/signer", "owner"))
bad("kid-grandparent-hop-2", "the last link is signed by the agent of the root", KID, three,
    "kid_mismatch", 2, "/header/kid", at("/links/2/signer", "contractor"))

# The order of step 3, for all links before step 4.
LATER = "section 4: steps 1 to 3 are done for all links before step 4"
bad("order-headers-first", "an unknown root above a broken header", LATER, two, "typ_mismatch", 1, "/header/typ",
    at("/links/0/signer", "stranger"), header(1, "typ", "JWT"), faults=2,
    why="step 3 at hop 1 comes before step 4 at hop 0")
bad("order-parts-first", "a foreign header member above a link of two parts", LATER, two, "malformed", 1, None,
    header(0, "crit", []), warp(1, "whole", lambda t: t.rpartition(b".")[0]), faults=2,
    why="step 2 at hop 1 comes before step 3 at hop 0")
bad("order-foreign-first", "a foreign member and a wrong typ", "section 4 step 3: foreign member, typ, alg, kid", one,
    "header_forbidden", 0, "/header/crit", header(0, "typ", "JWT"), header(0, "crit", []), faults=2,
    why="a foreign member is looked for before typ")
bad("order-typ-alg", "a wrong typ and alg none", "section 4 step 3: foreign member, typ, alg, kid", one,
    "typ_mismatch", 0, "/header/typ", header(0, "typ", "JWT"), header(0, "alg", "none"), faults=2,
    why="typ is looked at before alg")
bad("order-alg-kid", "alg none and no kid", "section 4 step 3: foreign member, typ, alg, kid", one,
    "alg_not_allowed", 0, "/header/alg", header(0, "alg", "none"), gone("/links/0/header/kid"), faults=2,
    why="alg is looked at before kid")
bad("order-deep-header", "a foreign header member down to level 17", "section 4 step 3: strict JSON comes first", one,
    "limit_exceeded", 0, None, header(0, "crit", nested(17)), header(0, "typ", "JWT"), faults=2,
    why="nesting belongs to strict JSON, which comes before the members")
bad("order-lowest-hop", "a wrong typ in both links", "section 4: then by the lowest hop", two, "typ_mismatch", 0,
    "/header/typ", header(0, "typ", "JWT"), header(1, "typ", "JWT"), faults=2, why="the lowest hop is told")
