"""Step 8, revocation: which statement counts on which link."""
from checks import still_good
from corpus import ANY, Group
from jose import b64, sha256
from model import NOW, at, build_chain, gone, poa_id_of, token, warp
from world import (DAY, HOUR, OTHER_SITE, OWNER, SECOND_OWNER, SITE, administration, case, jti, link, onboarding,
                   pinned, policy, three_links)
from world_keys import KEYS, jwk

group = Group("state", "Section 8, step 8: statements, whose they are, what they reach, and files of them")
good, bad = group.good, group.bad

NEEDS = ["revocations"]
UNKNOWN = ("revocation_unknown", None, ANY)


def statement(signer, op, label="", **claims):
    """A statement by a key, a minute ago. @label makes its jti its own."""
    reason = {"revoke": "unspecified", "suspend": "certificateHold", "resume": "removeFromCRL"}[op]
    made = {"iss": f"{signer}.example", "iat": NOW - 60, "jti": jti(f"{op} by {signer} {label}"), "op": op,
            "reason": reason}
    if op != "revoke":
        made["aud"] = SITE
    return token(signer, "poa-revocation+jwt", made | claims)


def revoke(signer, hop, **claims):
    return statement(signer, "revoke", f"of link {hop}", poa=poa_id_of(hop), **claims)


def revoke_key(signer, key, **claims):
    return statement(signer, "revoke", f"of key {key}", key=KEYS[key].thumbprint, **claims)


def suspend(signer, hop, label="", **claims):
    return statement(signer, "suspend", f"of link {hop} {label}", poa=poa_id_of(hop), **claims)


def resume(signer, held, **claims):
    """Lift the hold that the statement @held placed."""
    return statement(signer, "resume", f"of {held['claims']['jti']}", hold=held["claims"]["jti"], **claims)


def complete(*lines):
    return at("/revocations", {"mode": "complete", "lines": list(lines)})


def line(value):
    return at("/revocations/lines/-", value)


def by(signer, index=0):
    return at(f"/revocations/lines/{index}/signer", signer)


three = good("unchecked", "revocation is not asked, by wish", three_links())
empty = good("empty", "a complete file without a line", three, complete(), needs=NEEDS)
bad("no-source", "neither a source nor a wish to go without", "section 8: given neither, revocation_unknown", three,
    *UNKNOWN,
    at("/revocations", None), because=ANY)

# A statement on a PoA: by a signer of this link or one above, a key of the root's owner, or its own agent.
AUTHORITY = "section 8: S signed one of links 0..i, or is pinned to the root's owner, or (revoke) is the cnf of link i"
CHAIN = ("owner", "contractor", "crew", "technician")  # CHAIN[i] signed link i, CHAIN[i + 1] is its cnf key
for hop in range(3):
    ignored = good(f"stranger-link-{hop}", f"link {hop} revoked by a key without authority", empty,
                   line(revoke("stranger", hop)), needs=NEEDS)
    for position, signer in enumerate(CHAIN):
        name, title = f"revoke-link-{hop}-by-{signer}", f"link {hop} revoked by {signer}"
        if position <= hop + 1:
            bad(name, title, AUTHORITY, ignored, "revoked", hop, None, by(signer), needs=NEEDS)
        else:
            good(name, f"{title}, who stands too low", ignored, by(signer), needs=NEEDS)
for hop in range(3):
    ignored = good(f"stranger-hold-{hop}", f"link {hop} suspended by a key without authority", empty,
                   line(suspend("stranger", hop)), needs=NEEDS)
    for position, signer in enumerate(CHAIN):
        name, title = f"suspend-link-{hop}-by-{signer}", f"link {hop} suspended by {signer}"
        if position <= hop:
            bad(name, title, AUTHORITY, ignored, "suspended", hop, None, by(signer), needs=NEEDS)
        else:
            good(name, f"{title}, who may not: giving up is for ever", ignored, by(signer), needs=NEEDS)
bad("other-poa", "the statement names the leaf", "section 8: its target is a PoA of the chain",
    good("other-poa-ignored", "a statement by the owner on another PoA", empty,
         line(statement("owner", "revoke", "other", poa=b64(sha256(b"another PoA")))), needs=NEEDS),
    "revoked", 2, None, at("/revocations/lines/0/claims/poa", poa_id_of(2)), needs=NEEDS)
bad("token-hash", "the statement names the root's id", "section 3: the id is the hash of the signing input",
    good("token-hash-ignored", "a statement that names the hash of the whole token", empty,
         line(statement("owner", "revoke", "token",
                        poa=b64(sha256(build_chain(three_links()["links"]).split(b"~")[0])))),
         needs=NEEDS),
    "revoked", 0, None, at("/revocations/lines/0/claims/poa", poa_id_of(0)), needs=NEEDS)
rotated = good("pinned-key", "another key of the root's owner, pinned, with nothing to say", empty,
               at("/policy", policy("rotation-now", at("/owners/0/keys/-", pinned("owner_next")))), needs=NEEDS)
bad("revoke-by-pinned", "a link revoked by another key of the root's owner", AUTHORITY, rotated, "revoked", 1, None,
    line(revoke("owner_next", 1)), needs=NEEDS)
good("revoke-by-other-owner", "a link revoked by a key of another owner", empty, line(revoke("second", 0)), needs=NEEDS)
good("revoke-by-site", "a link revoked by the site's key without an administrator's chain", empty,
     line(revoke("site", 0)),
     needs=NEEDS)
good("revoke-other-name", "names give no authority: the owner's name under a stranger's key", empty,
     line(revoke("stranger", 0, iss=OWNER)), needs=NEEDS)
bad("revoke-foreign-name", "and a foreign name takes none away", "section 8: by keys and never by names", empty,
    "revoked", 0,
    None, line(revoke("owner", 0, iss="https://stranger.example")), needs=NEEDS)


@still_good
def twin_signature(signature, _text, _key):
    n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    return signature[:32] + (n - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


bad("malleable", "a revoked link under the twin (r, n-s) of its signature",
    "section 3: a malleable signature does not change the id",
    good("malleable-alone", "the twin signature on the leaf", empty, warp(2, "signature", twin_signature), needs=NEEDS),
    "revoked", 2, None, line(revoke("owner", 2)), needs=NEEDS)

# aud of a statement.
elsewhere = good("aud-other", "a revocation for another site", empty, line(revoke("owner", 1, aud=OTHER_SITE)),
                 needs=NEEDS)
bad("aud-both", "a revocation for this site and another", "section 8: only these sites count it", elsewhere, "revoked",
    1, None,
    at("/revocations/lines/0/claims/aud", [OTHER_SITE, SITE]), needs=NEEDS)
bad("aud-absent", "a revocation for all sites", "section 8: only when aud is present", elsewhere, "revoked", 1, None,
    gone("/revocations/lines/0/claims/aud"), needs=NEEDS)
hold_elsewhere = good("hold-aud-other", "a hold at another site", empty, line(suspend("owner", 1, aud=[OTHER_SITE])),
                      needs=NEEDS)
bad("hold-aud", "a hold at this site", "section 8: only these sites count it", hold_elsewhere, "suspended", 1, None,
    at("/revocations/lines/0/claims/aud/0", SITE), needs=NEEDS)

# Holds and what lifts them.
LIFT = "section 8: lifted by the key that placed it, or a principal above that key in the chain"
for placer in (0, 1, 2):
    held = suspend(CHAIN[placer], 2)
    lifted = good(f"lift-{CHAIN[placer]}-own", f"a hold by {CHAIN[placer]}, lifted by its own key", empty, line(held),
                  line(resume(CHAIN[placer], held)), needs=NEEDS)
    for position, signer in enumerate((*CHAIN, "stranger")):
        title = f"a hold by {CHAIN[placer]}, lifted by {signer}"
        if position < placer:
            good(f"lift-{CHAIN[placer]}-by-{signer}", title, lifted, by(signer, 1), needs=NEEDS)
        elif position > placer:
            bad(f"lift-{CHAIN[placer]}-by-{signer}", f"{title}, who may not", LIFT, lifted, "suspended", 2, None,
                by(signer, 1),
                needs=NEEDS)
held = suspend("owner", 1)
lifted = good("lifted", "a hold and what lifts it", empty, line(held), line(resume("owner", held)), needs=NEEDS)
good("lifted-first", "what lifts a hold stands before it", empty, line(resume("owner", held)), line(held), needs=NEEDS)
good("lifted-replayed", "a lifted hold replayed", lifted, line(held), needs=NEEDS)
bad("lifted-another", "the statement lifts another hold", "section 8: a hold is named by the jti of its suspend",
    lifted, "suspended",
    1, None, at("/revocations/lines/1/claims/hold", jti("another hold")), needs=NEEDS)
bad("lifted-one-of-two", "one of two holds is lifted", "section 8: suspended while any hold is not lifted", lifted,
    "suspended", 1,
    None, line(suspend("owner", 1, "again")), needs=NEEDS)
bad("lifted-elsewhere", "a hold is lifted for another site", "section 8: only these sites count it", lifted,
    "suspended", 1, None,
    at("/revocations/lines/1/claims/aud", OTHER_SITE), needs=NEEDS)
bad("lifted-parent", "a parent is resumed, its child was suspended on its own",
    "section 8: resuming a parent never revives a child",
    lifted, "suspended", 2, None, line(suspend("contractor", 2)), needs=NEEDS)
bad("lifted-revoked", "a lifted link is revoked", "section 8: revoke is for ever", lifted, "revoked", 1, None,
    line(revoke("owner", 1)), needs=NEEDS)

# Statements on keys.
ON_KEY = "section 8: S is K, or signed one of links 0..i, or is pinned to the root's owner"
FIRST_HOP = {"owner": (0, "/header/kid"), "contractor": (0, "/cnf"), "crew": (1, "/cnf"), "technician": (2, "/cnf")}
for position, key in enumerate(CHAIN):
    ignored = good(f"stranger-key-{key}", f"the key of {key} revoked by a key without authority", empty,
                   line(revoke_key("stranger", key)), needs=NEEDS)
    hop, member = FIRST_HOP[key]
    for other, signer in enumerate(CHAIN):
        name, title = f"revoke-key-{key}-by-{signer}", f"the key of {key} revoked by {signer}"
        if other == position or other <= hop:
            bad(name, title, ON_KEY, ignored, "key_revoked", hop, member, by(signer), needs=NEEDS)
        elif key == "contractor" and signer == "crew":
            good(name, f"{title}, its agent", ignored, by(signer), needs=NEEDS)
        elif other > position:
            good(name, f"{title}, who stands below", ignored, by(signer), needs=NEEDS)
bad("revoke-key-by-pinned", "an agent's key revoked by another key of the root's owner", ON_KEY, rotated, "key_revoked",
    2, "/cnf",
    line(revoke_key("owner_next", "technician")), needs=NEEDS)
bad("suspend-key", "an agent's key suspended", "section 8: suspend has the same targets",
    good("suspend-key-stranger", "an agent's key suspended by a key without authority", empty,
         line(statement("stranger", "suspend", "key", key=KEYS["technician"].thumbprint)), needs=NEEDS),
    "suspended", 2, None, by("owner"), needs=NEEDS)

BEFORE = "section 8: with issued_before only on links that K signed with an earlier iat"
edge = good("issued-before", "the contractor's key is bad before the iat of what it signed", empty,
            line(revoke_key("owner", "contractor", issued_before=NOW - HOUR)), needs=NEEDS)
bad("issued-before-1", "the contractor's key is bad until a second after that", BEFORE, edge, "key_revoked", 1,
    "/header/kid",
    at("/revocations/lines/0/claims/issued_before", NOW - HOUR + 1), needs=NEEDS)
bad("issued-before-absent", "the contractor's key is bad at all times",
    "section 8: a stolen key is revoked without issued_before", edge,
    "key_revoked", 0, "/cnf", gone("/revocations/lines/0/claims/issued_before"), needs=NEEDS)
good("issued-before-leaf", "issued_before on a key that signed nothing here", empty,
     line(revoke_key("owner", "technician", issued_before=NOW - 60)), needs=NEEDS)

# Administrators.
REACH = "section 8: administers all, or the same owner, and all locations of the link are covered"


def admin_chain(owner, iss, powers, agent="auditor"):
    tree = case("site", [link(owner, agent, iss=iss, sub="auditor.example", authorization_details=powers)])
    return build_chain(tree["links"]).decode()


def by_admin(hop, chain, op="revoke", **claims):
    return statement("auditor", op, f"of link {hop}", poa=poa_id_of(hop), chain=chain, **claims)


def admin_case(short, title, chain, *changes):
    """A statement by an administrator on the leaf that does not reach it."""
    return good(short, title, empty, *changes, line(by_admin(2, chain)), needs=NEEDS)


site_wide = admin_chain("site", SITE, [administration()])
hall_2 = admin_chain("site", SITE, [administration(locations=["mine-7/hall-2"])])
hall_3 = admin_chain("site", SITE, [administration(locations=["mine-7/hall-3"])])
narrow = admin_case("admin-hall-3", "an administrator of another hall", hall_3)
here = at("/revocations/lines/0/claims/chain", hall_2)
bad("admin-hall-2", "an administrator of the leaf's hall", REACH, narrow, "revoked", 2, None, here, needs=NEEDS)
bad("admin-site", "the site's administrator", REACH, narrow, "revoked", 2, None,
    at("/revocations/lines/0/claims/chain", site_wide),
    needs=NEEDS)
part = good("admin-part", "an administrator of the leaf's hall on the root, which reaches further", empty,
            line(by_admin(0, hall_2)),
            needs=NEEDS)
bad("admin-whole", "an administrator of the whole site on the root", REACH, part, "revoked", 0, None,
    at("/revocations/lines/0/claims/chain", site_wide), needs=NEEDS)
no_chain = good("admin-no-chain", "an administrator without its chain", empty,
                line(statement("auditor", "revoke", "bare", poa=poa_id_of(2))),
                needs=NEEDS)
bad("admin-with-chain", "the same with its chain", "section 8: an administrator's statement carries its chain",
    no_chain, "revoked", 2, None,
    at("/revocations/lines/0/claims/chain", site_wide), needs=NEEDS)
auditing = admin_case("admin-audit-only", "an administrator who may only audit",
                      admin_chain("site", SITE, [administration(actions=["audit"])]))
bad("admin-revoke", "an administrator who may revoke", "section 8: the administration power is judged", auditing,
    "revoked", 2, None,
    at("/revocations/lines/0/claims/chain", admin_chain("site", SITE, [administration(actions=["revoke"])])),
    needs=NEEDS)
good("admin-other-key", "a statement by another key than the chain's last cnf", empty,
     line(by_admin(2, admin_chain("site", SITE, [administration()], "sibling"))), needs=NEEDS)
good("admin-not-admin", "the chain of somebody who administers nothing", empty,
     line(by_admin(2, admin_chain("owner", OWNER, [onboarding()]))), needs=NEEDS)
own = admin_chain("owner", OWNER, [administration()])
bad("admin-own", "an administrator of the same owner", REACH,
    good("admin-own-hall", "an administrator of the same owner for another hall", empty,
         line(by_admin(2, admin_chain("owner", OWNER, [administration(locations=["mine-7/hall-3"])]))), needs=NEEDS),
    "revoked", 2, None, at("/revocations/lines/0/claims/chain", own), needs=NEEDS)
second_admin = policy("second-admin", at("/owners/1/powers/-", {"type": "administration", "actions": ["revoke"],
                                                                "locations": ["mine-7"]}))
other = admin_case("admin-other-owner", "an administrator of another owner, which administers its own",
                   admin_chain("second", SECOND_OWNER, [administration(actions=["revoke"])]),
                   at("/policy", second_admin))
bad("admin-other-owner-all", "an administrator of another owner, which administers all", REACH, other, "revoked", 2,
    None,
    at("/policy", policy("second-admin-all", at("/owners/1/administers", "all"), of="second-admin")), needs=NEEDS)
held = by_admin(2, site_wide, "suspend")
lift = statement("auditor", "resume", "admin", hold=held["claims"]["jti"], chain=site_wide)
lifted = good("admin-hold-lifted", "an administrator's hold, lifted by an administrator", empty, line(held), line(lift),
              needs=NEEDS)
bad("admin-hold-owner", "an administrator's hold, lifted by the owner",
    "section 8: an administrator's hold is lifted only by one", lifted,
    "suspended", 2, None, at("/revocations/lines/1", resume("owner", held)), needs=NEEDS)
owner_held = suspend("owner", 2)
good("owner-hold-admin", "the owner's hold, lifted by an administrator", empty, line(owner_held),
     line(statement("auditor", "resume", "owner's", hold=owner_held["claims"]["jti"], chain=site_wide)), needs=NEEDS)

# Which hop, and what comes before.
bad("lowest-hop", "the leaf and the middle link are revoked", "section 8: the lowest link on which a statement counts",
    empty, "revoked", 1, None, line(revoke("owner", 2)), line(revoke("owner", 1)), faults=2,
    why="the lowest hop is told, not the first line", needs=NEEDS)
bad("order-time", "an expired leaf under a revoked root", "section 4: step 7 before step 8", empty, "expired", 2,
    "/exp",
    line(revoke("owner", 0)), at("/links/2/claims/exp", NOW), faults=2,
    why="time comes before revocation, whatever the hop",
    needs=NEEDS)
bad("order-id-kid", "the root is revoked, and so is the key that signed it", "section 4 step 8: id, kid, cnf", empty,
    "revoked", 0, None,
    line(revoke_key("owner", "owner")), line(revoke("owner", 0)), faults=2, why="the id is asked before the keys",
    needs=NEEDS)
bad("order-kid-cnf", "both keys of the root are revoked", "section 4 step 8: id, kid, cnf", empty, "key_revoked", 0,
    "/header/kid",
    line(revoke_key("owner", "contractor")), line(revoke_key("owner", "owner")), faults=2,
    why="kid is asked before cnf",
    needs=NEEDS)
bad("status", "a PoA that refers to a status list", "section 2: who does not fetch status lists denies it", three,
    "revocation_unknown",
    None, "/status", at("/links/1/claims/status", {"status_list": {"idx": 7, "uri": "https://status.example/1"}}),
    because=ANY)

# Files.
LINE = "section 8: a malformed line is revocation_unknown"
for short, title, value in (
        ("word", "a word", "revoked"), ("json", "JSON", '{"op":"revoke"}'), ("dots", "two dots", ".."),
        ("typ", "a token of another typ", token("owner", "poa+jwt", {"op": "revoke"})),
        ("foreign", "a statement with a foreign header member", {**revoke("owner", 2), "header": {
            **revoke("owner", 2)["header"], "crit": []}}),
        ("op", "a statement with an unknown op", revoke("owner",
                                                        2) | {"claims": {**revoke("owner", 2)["claims"],
                                                                         "op": "erase"}}),
        ("two-targets", "a statement with two targets", revoke("owner", 2, key=KEYS["crew"].thumbprint)),
        ("altered", "a statement of the owner with a wrong signature",
         revoke("owner", 2) | {"warp": {"signature": lambda s, t, k: bytes([s[0] ^ 1]) + s[1:]}})):
    bad(f"line-{short}", f"a file with {title} in it", LINE, empty, *UNKNOWN, line(value), because=ANY, needs=NEEDS)

FILE = "section 8: a file without an age counts only with --revocations-complete"
LIST = ["revocations", "list"]
bad("file-no-age", "an empty file that does not say its age", FILE, empty, *UNKNOWN, at("/revocations/mode", "file"),
    because=ANY,
    needs=NEEDS)
answers = policy("answers", at("/answer_keys", [jwk("answer")]))


def age(signer="answer", seconds=10, **claims):
    """The first line of a file: how old it is."""
    made = {"iss": SITE, "iat": NOW - seconds, "exp": NOW - seconds + 60, "store": jti("a store"), "epoch": 41,
            "state": "list"}
    return token(signer, "poa-epoch+jwt", made | claims)


fresh = good("file-fresh", "a file ten seconds old", three, at("/policy", answers),
             at("/revocations", {"mode": "file", "lines": [age()]}), needs=LIST)
bad("file-fresh-revoked", "a revoked leaf in a file ten seconds old", "section 8: a statement that counts", fresh,
    "revoked", 2, None,
    line(revoke("owner", 2)), needs=LIST)
oldest = good("file-59", "a file of 59 seconds", fresh, at("/revocations/lines/0", age(seconds=59)), needs=LIST)
AGE = "section 8: a signed age, no staler than max_revocation_age"
for short, title, value in (("60", "a file whose age has expired", age(seconds=60)),
                            ("day", "a file of yesterday", age(seconds=DAY)),
                            ("stranger", "an age by a key that is no answer key", age("answer_other")),
                            ("owner", "an age by an owner's key", age("owner")),
                            ("iss", "an age of another site", age(iss=OTHER_SITE)),
                            ("state", "an answer about one PoA for an age", age(state="active", poa=b64(bytes(32)))),
                            ("future", "an age from the future", age(seconds=-HOUR)),
                            ("long", "an age that promises more than the policy allows", age(seconds=90, exp=NOW + 60)),
                            ("altered", "an age with a wrong signature",
                             age() | {"warp": {"signature": lambda s, t, k: s[32:] + s[:32]}})):
    bad(f"file-{short}", title, AGE, oldest, *UNKNOWN, at("/revocations/lines/0", value), because=ANY, needs=LIST)
bad("file-age-second", "the age stands in the second line", "section 8: a first line gives the file its age", fresh,
    *UNKNOWN,
    at("/revocations/lines", [revoke("stranger", 2), age()]), because=ANY, needs=LIST)
