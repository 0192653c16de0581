"""Section 8: may a server store this statement?"""
from checks import misspelled
from corpus import ANY, Group
from jose import Raw, b64, sha256
from model import NOW, at, build_chain, gone, poa_id_of, token
from world import DAY, HOUR, OTHER_SITE, OWNER, SITE, administration, jti, link, onboarding, three_links
from world_keys import KEYS

group = Group("statements", "Section 8: the form of a statement, and from whom a server stores one")
good, bad = group.good, group.bad

NEEDS = ["statement"]
POA = b64(sha256(b"a PoA that nobody has seen"))
CLAIMS = "/statement/token/claims"


def offered(signer, with_chain=False, **claims):
    """The case of a statement that a server is offered."""
    made = {"iss": f"{signer}.example", "iat": NOW - 60, "jti": jti(f"statement by {signer}")}
    return at("/statement", {"token": token(signer, "poa-revocation+jwt", made | claims), "with_chain": with_chain})


def claim(name, value):
    return at(f"{CLAIMS}/{name}", value)


tree = three_links()
tree["revocations"] = {"mode": "complete", "lines": []}
revoke = good("revoke", "a pinned key revokes a PoA that nobody has seen", tree,
              offered("owner", op="revoke", poa=POA, reason="keyCompromise"), needs=NEEDS)
revoke_key = good("revoke-key", "a pinned key revokes a key", tree,
                  offered("owner", op="revoke", key=KEYS["crew"].thumbprint, reason="keyCompromise"), needs=NEEDS)
suspend = good("suspend", "a pinned key suspends a PoA", tree,
               offered("owner", op="suspend", poa=POA, reason="certificateHold", aud=SITE), needs=NEEDS)
resume = good("resume", "a pinned key lifts a hold", tree,
              offered("owner", op="resume", hold=jti("a hold"), reason="removeFromCRL", aud=SITE), needs=NEEDS)
good("all-claims", "a statement with every claim", tree,
     offered("owner", op="revoke", key=KEYS["crew"].thumbprint, issued_before=NOW - 60, reason="superseded",
             invalid_since=NOW - DAY, on_revoke="cascade", aud=[SITE, OTHER_SITE]), needs=NEEDS)
good("poa-exp", "a statement that tells when its PoA ends", revoke, claim("poa_exp", NOW + DAY), needs=NEEDS)
for reason in ("unspecified", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
               "privilegeWithdrawn", "aACompromise"):
    good(f"reason-{reason.lower()}", f"revoked for {reason}", revoke, claim("reason", reason), needs=NEEDS)
good("suspend-reason", "suspended for keyCompromise", suspend, claim("reason", "keyCompromise"), needs=NEEDS)

# From whom.
FROM = "section 8: from a pinned key, an administrator, or a key in a chain shown with it that passes steps 1 to 6"


def unauthorized(short, title, twin, *changes):
    bad(short, title, FROM, twin, "statement_unauthorized", None, ANY, *changes, because=ANY, needs=NEEDS)


unauthorized("stranger", "a key that nobody knows", revoke, at("/statement/token/signer", "stranger"))
for signer in ("contractor", "crew", "technician"):
    shown = good(f"shown-{signer}", f"{signer} shows its chain", tree,
                 offered(signer, True, op="revoke", poa=poa_id_of(2), reason="cessationOfOperation"), needs=NEEDS)
    unauthorized(f"not-shown-{signer}", f"{signer} shows no chain", shown, at("/statement/with_chain", False))
unauthorized("shown-stranger", "a stranger shows somebody's chain", "shown-crew",
             at("/statement/token/signer", "sibling"))
unauthorized("shown-untrusted", "the chain that is shown hangs on no pinned key", "shown-crew",
             at("/links/0/signer", "stranger"))
unauthorized("shown-widened", "the chain that is shown widens", "shown-crew",
             at("/links/2/claims/authorization_details/0/locations", ["mine-8"]))
good("shown-expired", "the chain that is shown has expired: only steps 1 to 6 are asked", "shown-crew",
     at("/links/2/claims/exp", NOW - 60), needs=NEEDS)


def admin_chain(owner, iss, *powers, **claims):
    made = {"iss": iss, "sub": "auditor.example", "authorization_details": list(powers)} | claims
    return build_chain([link(owner, "auditor", **made)]).decode()


admin = good("administrator", "an administrator", tree,
             offered("auditor", op="revoke", poa=POA, reason="unspecified",
                     chain=admin_chain("site", SITE, administration())),
             needs=NEEDS)
for short, title, chain in (
        ("audit", "an administrator who may only audit", admin_chain("site", SITE, administration(actions=["audit"]))),
        ("suspend", "an administrator who may only suspend", admin_chain("site", SITE,
                                                                         administration(actions=["suspend"]))),
        ("onboarding", "somebody who administers nothing", admin_chain("owner", OWNER, onboarding())),
        ("expired", "an administrator whose chain has expired",
         admin_chain("site", SITE, administration(), exp=NOW - 90)),
        ("future", "an administrator whose chain is not yet valid",
         admin_chain("site", SITE, administration(), nbf=NOW + HOUR)),
        ("stranger", "an administrator under no pinned key", admin_chain("stranger", SITE, administration())),
        ("other-site", "an administrator of another site", admin_chain("site", SITE, administration(),
                                                                       aud=OTHER_SITE))):
    unauthorized(f"administrator-{short}", title, admin, claim("chain", chain))
unauthorized("administrator-key", "a key that is not the chain's last", admin, at("/statement/token/signer", "sibling"))
unauthorized("administrator-no-chain", "an administrator without its chain", admin, gone(f"{CLAIMS}/chain"))

# Its form.
FORM = "section 8: the claims of a statement"


def invalid(short, title, twin, *changes, fault=FORM):
    bad(short, title, fault, twin, "statement_invalid", None, ANY, *changes, because=ANY, needs=NEEDS)


for name in ("iss", "iat", "jti", "op", "poa", "reason"):
    invalid(f"no-{name}", f"{name} is absent", revoke, gone(f"{CLAIMS}/{name}"))
invalid("no-hold", "a resume without a hold", resume, gone(f"{CLAIMS}/hold"))
for twin in (suspend, resume):
    invalid(f"{twin}-no-aud", f"{twin} without aud", twin, gone(f"{CLAIMS}/aud"),
            fault="section 8: aud is required for suspend and resume")
for short, title, twin, name, value in (
        ("op-unknown", "an unknown op", revoke, "op", "erase"),
        ("op-case", "op in another case", revoke, "op", "Revoke"),
        ("op-null", "op is null", revoke, "op", None), ("op-array", "op is an array", revoke, "op", ["revoke"]),
        ("poa-short", "poa of 42 characters", revoke, "poa", POA[:42]),
        ("poa-number", "poa is a number", revoke, "poa", 1),
        ("poa-padded", "poa with padding", revoke, "poa", POA + "="),
        ("key-unused-bits", "key with unused bits set", revoke_key, "key", "A" * 42 + "B"),
        ("two-targets", "both poa and key", revoke, "key", KEYS["crew"].thumbprint),
        ("revoke-hold", "a revoke that names a hold", revoke, "hold", jti("a hold")),
        ("resume-poa", "a resume that names a PoA", resume, "poa", POA),
        ("hold-short", "a hold of 21 characters", resume, "hold", "A" * 21),
        ("issued-before-poa", "issued_before with a PoA", revoke, "issued_before", NOW - HOUR),
        ("issued-before-late", "issued_before after the statement's iat", revoke_key, "issued_before", NOW - 59),
        ("issued-before-real", "issued_before is a real number", revoke_key, "issued_before", Raw("1.0")),
        ("reason-unknown", "an unknown reason", revoke, "reason", "lost"),
        ("reason-number", "the number of a reason", revoke, "reason", 1),
        ("reason-case", "a reason in another case", revoke, "reason", "KeyCompromise"),
        ("reason-hold", "certificateHold with revoke", revoke, "reason", "certificateHold"),
        ("reason-remove", "removeFromCRL with revoke", revoke, "reason", "removeFromCRL"),
        ("reason-remove-suspend", "removeFromCRL with suspend", suspend, "reason", "removeFromCRL"),
        ("reason-hold-resume", "certificateHold with resume", resume, "reason", "certificateHold"),
        ("iat-string", "iat is a string", revoke, "iat", str(NOW)),
        ("iat-real", "iat is a real number", revoke, "iat", Raw(f"{NOW}.0")),
        ("jti-short", "jti of 21 characters", revoke, "jti", "A" * 21),
        ("iss-empty", "an empty iss", revoke, "iss", ""),
        ("on-revoke", "an unknown on_revoke", revoke, "on_revoke", "ignore"),
        ("poa-exp-string", "poa_exp is a string", revoke, "poa_exp", str(NOW)),
        ("invalid-since", "invalid_since is negative", revoke, "invalid_since", -1),
        ("aud-empty", "aud is an empty array", suspend, "aud", []),
        ("aud-number", "aud is a number", suspend, "aud", 7),
        ("aud-twice", "an entry of aud twice", suspend, "aud", [SITE, SITE]),
        ("chain-number", "chain is a number", revoke, "chain", 1)):
    invalid(short, title, twin, claim(name, value))

ENVELOPE = "section 8: a JWS, typ poa-revocation+jwt, header as in section 2"
HEADER = "/statement/token/header"
for short, title, change in (
        ("typ", "typ poa+jwt", at(f"{HEADER}/typ", "poa+jwt")), ("typ-absent", "no typ", gone(f"{HEADER}/typ")),
        ("alg-none", "alg none", at(f"{HEADER}/alg", "none")), ("alg-absent", "no alg", gone(f"{HEADER}/alg")),
        ("crit", "a foreign header member", at(f"{HEADER}/crit", [])), ("kid-absent", "no kid", gone(f"{HEADER}/kid")),
        ("alg-key", "ES384 with a P-256 key", at(f"{HEADER}/alg", "ES384")),
        ("flipped", "one bit of its signature flipped", at("/statement/token/warp/signature",
                                                           lambda s, t, k: bytes([s[0] ^ 1]) + s[1:])),
        ("short", "a signature of 63 bytes", at("/statement/token/warp/signature", lambda s, t, k: s[:63])),
        ("twice", "op twice", at("/statement/token/warp/payload_text", lambda t: t[:-1] + b',"op":"suspend"}')),
        ("trailing", "a byte after the payload's object", at("/statement/token/warp/payload_text", lambda t: t + b" ")),
        ("two-parts", "two parts", at("/statement/token/warp/whole", lambda t: t.rpartition(b".")[0])),
        ("empty", "an empty text", at("/statement/token/warp/whole", lambda t: b"")),
        ("padding", "padding after the signature", at("/statement/token/warp/signature_part",
                                                      misspelled(lambda t: t + b"==")))):
    invalid(f"envelope-{short}", title, revoke, change, fault=ENVELOPE)
