"""Steps 4 and 5, the anchor and what holds between a link and the one above it."""
from corpus import Group
from jose import b64, sha256
from model import NOW, at, build_links, changed, gone, poa_id
from world import (DAY, HOUR, OTHER_SITE, OWNER, SECOND_OWNER, SITE, case, jti, link, long_chain, onboarding, one_link,
                   pinned, policy, three_links, two_links)
from world_keys import KEYS

group = Group("links", "Steps 4 and 5: the pinned root, and each child against its parent")
good, bad = group.good, group.bad


def claim(name, value, hop=1):
    return at(f"/links/{hop}/claims/{name}", value)


def text(function):
    return at("/text", function)


def order(*hops):
    return lambda chain: b"~".join(chain.split(b"~")[hop] for hop in hops)


one = good("one", "one link", one_link())
two = good("two", "two links", two_links())
three = good("three", "three links", three_links())
policy("site-nine", at("/owners/0/max_links", 9))

# The anchor.
PINNED = "section 4 step 4: kid is pinned by the policy"
bad("root-stranger", "a root by a key that nobody pinned", PINNED, one, "root_untrusted", 0, "/header/kid",
    at("/links/0/signer", "stranger"))
bad("root-stranger-tail", "a long valid tail under an unknown root", PINNED, good("tail", "eight links", long_chain(8)),
    "root_untrusted", 0, "/header/kid", at("/links/0/signer", "stranger"))
bad("root-cut", "the first link cut off", PINNED, three, "root_untrusted", 0, "/header/kid", text(order(1, 2)))
bad("root-leaf", "the last link alone", PINNED, three, "root_untrusted", 0, "/header/kid", text(order(2)))
bad("reversed", "the links in reverse", PINNED, three, "root_untrusted", 0, "/header/kid", text(order(2, 1, 0)))
bad("root-other-site", "a root by a key that another policy pins", PINNED, one, "root_untrusted", 0, "/header/kid",
    at("/policy", policy("port", at("/owners/0/keys/0", pinned("owner_next")))))
good("truncated", "the chain cut after the root is the root's chain", three, text(order(0)))
bad("dropped", "the middle link dropped", "section 4 step 5: kid is the parent's agent key", three, "kid_mismatch", 1,
    "/header/kid", text(order(0, 2)))
bad("shuffled", "the last two links changed about", "section 4 step 5: kid is the parent's agent key", three,
    "kid_mismatch", 1, "/header/kid", text(order(0, 2, 1)))
bad("root-twice", "the root stands twice", "section 4 step 5: kid is the parent's agent key", three, "kid_mismatch", 1,
    "/header/kid", text(order(0, 0, 1)))

policy("rotation", at("/owners/0/keys/-", pinned("owner_next", label="next")),
       at("/owners/0/keys/-", pinned("owner_past", label="past", accept_until=NOW)))
for name in ("owner", "owner_next"):
    good(f"rotation-{name.replace('_', '-')}", f"a root by {name} while a key is rotated", one,
         at("/policy", "rotation"),
         at("/links/0/signer", name))
bad("accept-until", "a root by a key one second past its accept_until", "section 9: such a key is not pinned",
    good("accept-until-before", "a root by a key one second before its accept_until", one, at("/policy", "rotation"),
         at("/links/0/signer", "owner_past"), at("/now", NOW - 1)),
    "root_untrusted", 0, "/header/kid", at("/now", NOW + 1))

# issuer_mismatch.
ISSUER = "section 2: a root's iss is the one that the policy pins to the key"
for short, title, value in (("other", "another name", "https://stranger.example"),
                            ("other-owner", "the name of another owner", SECOND_OWNER),
                            ("case", "another case", "https://Owner.example"),
                            ("slash", "a slash more", OWNER + "/"), ("prefix", "a byte less", OWNER[:-1]),
                            ("blank", "a blank more", OWNER + " ")):
    bad(f"issuer-{short}", f"iss of the root is {title}", ISSUER, one, "issuer_mismatch", 0, "/iss",
        claim("iss", value, 0))
second = case("site", [link("second", "contractor", iss=SECOND_OWNER, sub="contractor.example",
                            authorization_details=[onboarding(locations=["mine-7/yard"], max_devices=10)])])
good("second-owner", "a root by another owner", second)
bad("issuer-key", "the first owner's name under the second owner's key", ISSUER, "second-owner", "issuer_mismatch", 0,
    "/iss", claim("iss", OWNER, 0))

# principal_misaligned.
ALIGNED = "section 2: a child's iss is the parent's sub"
for short, title, value in (("other", "another name", "stranger.example"), ("owner", "the owner's", OWNER),
                            ("case", "another case", "Contractor.example"),
                            ("dot", "a dot more", "contractor.example."),
                            ("own-sub", "its own sub", "technician-17.example")):
    bad(f"principal-{short}", f"iss of the second link is {title}", ALIGNED, two, "principal_misaligned", 1, "/iss",
        claim("iss", value))
composed = good("names-composed", "names beyond ASCII, equal byte by byte", two, claim("sub", "caf\u00e9", 0),
                claim("iss", "caf\u00e9"))
bad("principal-normalised", "iss is the parent's sub in another normalisation form",
    "section 1: compared byte by byte, never normalised", composed, "principal_misaligned", 1, "/iss",
    claim("iss", "cafe\u0301"))
bad("principal-grandparent", "iss of the third link is the sub of the first", ALIGNED, three, "principal_misaligned", 2,
    "/iss", claim("iss", "contractor.example", 2))

# parent_hash_mismatch.
HASH = "section 3: par_hash is the PoA id of the parent"
root = build_links(two_links()["links"])[0]
other_root = build_links(changed(two_links(), claim("jti", jti("another root"), 0))["links"])[0]
for short, title, value in (("other", "another hash", b64(sha256(b"other"))), ("zero", "zero", b64(bytes(32))),
                            ("token", "the hash of the whole token", b64(sha256(root))),
                            ("payload", "the hash of the payload part", b64(sha256(root.split(b".")[1]))),
                            ("kid", "the thumbprint of the parent's key", KEYS["owner"].thumbprint),
                            ("moved", "the id of another PoA of the same agent", poa_id(other_root))):
    bad(f"par-hash-{short}", f"par_hash is {title}", HASH, two, "parent_hash_mismatch", 1, "/par_hash",
        claim("par_hash", value))
bad("par-hash-grandparent", "par_hash of the third link is the id of the first", HASH, three, "parent_hash_mismatch", 2,
    "/par_hash", claim("par_hash", poa_id(build_links(three_links()["links"])[0]), 2))


def under_other_root(chain):
    return b"~".join([other_root, chain.split(b"~")[1]])


bad("spliced", "a child moved under another PoA of the same agent", HASH, two, "parent_hash_mismatch", 1, "/par_hash",
    text(under_other_root))

# audience_widened.
AUD = "section 2: every entry of a child's aud is in the parent's"
both = [SITE, OTHER_SITE]
wide = good("aud-both", "both links for two sites", two, claim("aud", both, 0), claim("aud", both))
good("aud-reordered", "the same two sites in another order", wide, claim("aud", both[::-1]))
good("aud-narrower", "the second link for one of two sites", wide, claim("aud", SITE))
good("aud-narrower-array", "the second link for one of two sites, as an array", wide, claim("aud", [SITE]))
good("aud-as-array", "the second link spells one site as an array", two, claim("aud", [SITE]))
bad("aud-wider", "the second link for one site more", AUD, two, "audience_widened", 1, "/aud", claim("aud", both))
bad("aud-one-more", "the second link for a third site", AUD, wide, "audience_widened", 1, "/aud",
    claim("aud", both + ["site:x.example"]))
bad("aud-other", "the second link for another site", AUD, two, "audience_widened", 1, "/aud", claim("aud", OTHER_SITE))
bad("aud-case", "the second link for the site in another case", AUD, two, "audience_widened", 1, "/aud",
    claim("aud", SITE.upper()))
bad("aud-hop-2", "the third link for a site that only the first names", AUD,
    good("aud-three", "three links, the first for two sites", three, claim("aud", both, 0)), "audience_widened", 2,
    "/aud", claim("aud", both, 2))

# not_transferable, depth_invalid.
DEPTH = "section 2: at most the parent's transferable minus 1"
NO_CHILD = "section 2: a parent at 0 has no child"
bad("transferable-0", "a child under transferable 0", NO_CHILD, two, "not_transferable", 1, "/transferable",
    claim("transferable", 0, 0))
bad("transferable-absent", "a child under an absent transferable", NO_CHILD, two, "not_transferable", 1,
    "/transferable", gone("/links/0/claims/transferable"))
bad("transferable-0-hop-2", "a third link under a second at 0", NO_CHILD, three, "not_transferable", 2,
    "/transferable", claim("transferable", 0))
for parent in (1, 2, 8):
    least = good(f"depth-{parent}", f"a child at {parent - 1} under {parent}", two, claim("transferable", parent, 0),
                 claim("transferable", parent - 1))
    bad(f"depth-{parent}-equal", f"a child at {parent} under {parent}", DEPTH, least, "depth_invalid", 1,
        "/transferable", claim("transferable", parent))
bad("depth-raised", "a child at 8 under 1", DEPTH, two, "depth_invalid", 1, "/transferable", claim("transferable", 8))
bad("depth-hop-2", "a third link at 1 under a second at 1", DEPTH, three, "depth_invalid", 2, "/transferable",
    claim("transferable", 1, 2))
good("child-transferable-absent", "a child without transferable", two, gone("/links/1/claims/transferable"))

# predates_parent.
BEFORE = "section 2: not before the parent's"
T = NOW - 2 * HOUR
same = good("times-equal", "all times equal the parent's", two, claim("iat", T), claim("nbf", T),
            claim("exp", NOW + 30 * DAY))
bad("iat-before", "iat one second before the parent's", BEFORE, same, "predates_parent", 1, "/iat", claim("iat", T - 1))
bad("iat-before-skew", "iat within the clock skew before the parent's", "section 4: skew only against the local clock",
    same, "predates_parent", 1, "/iat", claim("iat", T - 30))
bad("nbf-before", "nbf one second before the parent's", BEFORE, same, "predates_parent", 1, "/nbf", claim("nbf", T - 1))
late = good("nbf-absent-child", "the parent's nbf equals the child's iat, whose nbf is absent", two,
            claim("nbf", NOW - HOUR, 0), gone("/links/1/claims/nbf"))
bad("nbf-absent-child-early", "the parent's nbf is after the child's iat, whose nbf is absent",
    "section 2: nbf is taken as iat where absent", late, "predates_parent", 1, "/nbf", claim("iat", NOW - HOUR - 1))
plain = good("nbf-absent-parent", "the parent's nbf is absent, the child's equals the parent's iat", same,
             gone("/links/0/claims/nbf"))
bad("nbf-absent-parent-early", "the parent's nbf is absent, the child's is before the parent's iat",
    "section 2: nbf is taken as iat where absent", plain, "predates_parent", 1, "/nbf", claim("nbf", T - 1))
bad("iat-before-hop-2", "iat of the third link lies between those of the first and the second", BEFORE, three,
    "predates_parent", 2, "/iat", claim("iat", NOW - HOUR - 1, 2))

# outlives_parent.
AFTER = "section 2: not after the parent's"
bad("exp-after", "exp one second after the parent's", AFTER, same, "outlives_parent", 1, "/exp",
    claim("exp", NOW + 30 * DAY + 1))
bad("exp-after-skew", "exp within the clock skew after the parent's", "section 4: skew only against the local clock",
    same, "outlives_parent", 1, "/exp", claim("exp", NOW + 30 * DAY + 30))
bad("exp-after-hop-2", "exp of the third link lies between those of the second and the first", AFTER, three,
    "outlives_parent", 2, "/exp", claim("exp", NOW + DAY + 1, 2))

# The order of step 5.
ORDER = "section 4 step 5: the order of its checks"
FAULTS = (
    ("kid", "kid_mismatch", "/header/kid", at("/links/1/header/kid", KEYS["sibling"].thumbprint)),
    ("jti", "cycle", "/jti", claim("jti", jti("owner for contractor"))),
    ("iss", "principal_misaligned", "/iss", claim("iss", "stranger.example")),
    ("par-hash", "parent_hash_mismatch", "/par_hash", claim("par_hash", b64(bytes(32)))),
    ("aud", "audience_widened", "/aud", claim("aud", both)),
    ("transferable", "depth_invalid", "/transferable", claim("transferable", 1)),
    ("iat", "predates_parent", "/iat", claim("iat", T - 1)),
    ("nbf", "predates_parent", "/nbf", claim("nbf", T - 2)),
    ("exp", "outlives_parent", "/exp", claim("exp", NOW + 31 * DAY)),
    ("power", "power_unknown", "/authorization_details/0/type", claim("authorization_details/0/type", "unknown")),
)
for (first, code, member, change), (second_, _, _, more) in zip(FAULTS, FAULTS[1:]):
    bad(f"order-{first}-{second_}", f"wrong in {first} and in {second_}", ORDER, two, code, 1, member, change, more,
        faults=2, why=f"{first} is looked at before {second_}")
bad("order-widening", "an unknown power beside one that widens", "section 4 step 5: each power by itself comes first",
    two, "power_unknown", 1, "/authorization_details/1/type", claim("authorization_details/0/actions", ["suspend"]),
    claim("authorization_details/-", {"type": "unknown"}), faults=2,
    why="all powers by themselves come before the first is held against the parent's")
bad("order-hops", "the second link widens aud, the third has a foreign kid", "section 4: then by the lowest hop", three,
    "audience_widened", 1, "/aud", claim("aud", both), at("/links/2/header/kid", KEYS["sibling"].thumbprint), faults=2,
    why="links are taken from the root down, each with all its checks")
