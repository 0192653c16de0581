"""A good chain, and for each code of steps 1 to 6 the same with one fault."""

from client import (DAY, HOUR, MINUTE, SITE, Chain, Key, Party, administration, b64, compact, dumps, now, onboarding,
                    sha256, token, unb64)


class Forger:
    """The chain of the tests, and the same with one fault."""

    def __init__(self, site, root):
        self.site = site
        self.root = root
        self.agent = site.technician

    def chain(self, *tokens):
        return Chain(tokens, self.agent)

    def root_says(self, signer=None, header=None, **claims):
        owner = signer or self.site.owner
        said = self.site.owner.claims(self.agent, [onboarding()]) | claims
        return self.chain(token(owner.key, "poa+jwt", said, **(header or {})))

    def child_says(self, signer=None, header=None, **claims):
        said = self.root.claims(self.agent) | claims
        child = token((signer or self.root.agent).key, "poa+jwt", said, **(header or {}))
        return self.root.and_link(child, self.agent)

    def child_may(self, power, above):
        """A child's power under one of the root's."""
        root = self.site.owner.grant(self.site.contractor, [above])
        return root.grant(self.agent, [power])

    def owner_may(self, power, owner=None, **claims):
        return (owner or self.site.owner).grant(self.agent, [power], **claims)

    def child_text(self, header=None, payload=None, change=lambda text: text):
        key = self.root.agent.key
        usual = {"typ": "poa+jwt", "alg": key.alg, "kid": key.thumbprint}
        said = dumps(self.root.claims(self.agent)).decode()
        text = compact(key, header or usual, payload(said) if payload else said)
        return self.root.and_link(change(text), self.agent)

    def over(self, levels):
        """Links that each grant nothing less, one level under the other."""
        made = self.site.owner.grant(self.site.contractor, [onboarding()], transferable=8)
        for _ in range(levels - 1):
            made = made.grant(self.agent if made.agent is not self.agent else self.site.contractor)
        return made


def nested(levels):
    """An array of arrays: with the object around it one level more."""
    return "[" * (levels - 1) + "]" * (levels - 1)


def respelled(text):
    """The same signature with its last character's unused bits set: no canonical base64url."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def with_signature(text, change):
    head, _, signature = text.rpartition(".")
    return f"{head}.{b64(change(unb64(signature)))}"


PRIVATE = Key()
NOBODY = Party("nobody.example")
OTHER = Party("other.example")
ANYTHING = [{"any": True}]
ABOVE = onboarding(actions=["onboard"], locations=["mine-7/hall-2"], devices=[{"model": "XY-1"}], max_devices=5,
                   evidence=["device_key", "approval"])

# code, status, hop, member, and the chain that earns it
FAULTS = [
    ("too_large", 400, None, None, lambda f: f.chain("a.b." + "c" * 16381)),
    ("too_large", 400, 1, None, lambda f: f.chain(f.root.text, "a.b." + "c" * 8189)),
    ("chain_too_long", 400, None, None, lambda f: f.over(9)),
    ("malformed", 400, 1, None, lambda f: f.chain(f.root.text, "")),
    ("malformed", 400, 0, None, lambda f: f.chain("a.b")),
    ("malformed", 400, 1, None, lambda f: f.child_text(change=respelled)),
    ("malformed", 400, 1, None, lambda f: f.child_text(payload=lambda said: said + " ")),
    ("malformed", 400, 1, None, lambda f: f.child_text(payload=lambda said: said.encode().replace(b"tech", b"t\xff"))),
    ("duplicate_member", 400, 1, None,
     lambda f: f.child_text(payload=lambda said: said[:-1] + ',"exp":9007199254740991}')),
    ("limit_exceeded", 400, 1, None, lambda f: f.child_text(payload=lambda said: said[:-1] + f',"x":{nested(17)}}}')),
    ("header_forbidden", 400, 1, "/header/jku", lambda f: f.child_says(header={"jku": "https://evil.example/keys"})),
    ("typ_mismatch", 400, 1, "/header/typ", lambda f: f.child_says(header={"typ": "JWT"})),
    ("typ_mismatch", 400, 1, "/header/typ", lambda f: f.child_says(header={"typ": None})),
    ("alg_missing", 400, 1, "/header/alg", lambda f: f.child_says(header={"alg": None})),
    ("alg_not_allowed", 401, 1, "/header/alg", lambda f: f.child_says(header={"alg": "none"})),
    ("alg_not_allowed", 401, 1, "/header/alg", lambda f: f.child_says(header={"alg": "RS256"})),
    ("kid_mismatch", 401, 1, "/header/kid", lambda f: f.child_says(header={"kid": None})),
    ("kid_mismatch", 401, 1, "/header/kid", lambda f: f.child_says(signer=OTHER)),
    ("alg_key_mismatch", 401, 1, "/header/alg", lambda f: f.child_says(header={"alg": "ES384"})),
    ("signature_malformed", 401, 1, None, lambda f: f.child_text(change=lambda t: with_signature(t, lambda s: s[:-1]))),
    ("signature_malformed", 401, 1, None,
     lambda f: f.child_text(change=lambda t: with_signature(t, lambda s: bytes(64)))),
    ("signature_invalid", 401, 1, None,
     lambda f: f.child_text(change=lambda t: with_signature(t, lambda s: s[:40] + bytes([s[40] ^ 1]) + s[41:]))),
    ("signature_invalid", 401, 1, None,
     lambda f: f.child_says(signer=OTHER, header={"kid": f.root.agent.key.thumbprint})),
    ("root_untrusted", 401, 0, "/header/kid", lambda f: f.root_says(signer=NOBODY)),
    ("claim_missing", 400, 1, "/exp", lambda f: f.child_says(exp=None)),
    ("claim_missing", 400, 1, "/par_hash", lambda f: f.child_says(par_hash=None)),
    ("claim_missing", 400, 1, "/authorization_details", lambda f: f.child_says(authorization_details=None)),
    ("claim_type", 400, 1, "/exp", lambda f: f.child_says(exp=str(now() + HOUR))),
    ("claim_type", 400, 1, "/jti", lambda f: f.child_says(jti="short")),
    ("claim_type", 400, 1, "/transferable", lambda f: f.child_says(transferable=9)),
    ("claim_type", 400, 1, "/authorization_details", lambda f: f.child_says(authorization_details=[])),
    ("claim_forbidden", 400, 0, "/par_hash", lambda f: f.root_says(par_hash=f.root.ids[0])),
    ("key_invalid", 400, 1, "/cnf",
     lambda f: f.child_says(cnf={"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}})),
    ("private_key_in_token", 400, 1, "/cnf", lambda f: f.child_says(cnf={"jwk": PRIVATE.private_jwk})),
    ("window_empty", 400, 1, "/exp", lambda f: f.child_says(exp=f.root.leaf["iat"] + 1)),
    ("issuer_mismatch", 401, 0, "/iss", lambda f: f.root_says(iss="https://second.example")),
    ("cycle", 401, 1, "/jti", lambda f: f.child_says(jti=f.root.leaf["jti"])),
    ("principal_misaligned", 401, 1, "/iss", lambda f: f.child_says(iss=f.site.owner.name)),
    ("parent_hash_mismatch", 401, 1, "/par_hash", lambda f: f.child_says(par_hash=sha256(b"another"))),
    ("audience_widened", 401, 1, "/aud", lambda f: f.child_says(aud=[SITE, "site:port-3.example"])),
    ("not_transferable", 401, 1, "/transferable",
     lambda f: f.site.owner.grant(f.site.contractor, [onboarding()], transferable=0).grant(f.agent)),
    ("depth_invalid", 401, 1, "/transferable", lambda f: f.child_says(transferable=2)),
    ("predates_parent", 401, 1, "/iat", lambda f: f.child_says(iat=f.root.leaf["iat"] - 1)),
    ("predates_parent", 401, 1, "/nbf", lambda f: f.child_says(nbf=f.root.leaf["iat"] - 1)),
    ("outlives_parent", 401, 1, "/exp", lambda f: f.child_says(exp=f.root.leaf["exp"] + 1)),
    ("power_unknown", 401, 0, "/authorization_details/0/type", lambda f: f.owner_may({"type": "everything"})),
    ("power_invalid", 401, 0, "/authorization_details/0/locations",
     lambda f: f.owner_may(onboarding(locations=["a/../b"]))),
    ("power_invalid", 401, 0, "/authorization_details/0/colour", lambda f: f.owner_may(onboarding(colour="red"))),
    ("action_widened", 401, 1, "/authorization_details/0/actions",
     lambda f: f.child_may(ABOVE | {"actions": ["onboard", "read"]}, ABOVE)),
    ("location_widened", 401, 1, "/authorization_details/0/locations",
     lambda f: f.child_may(ABOVE | {"locations": ["mine-7/hall-20"]}, ABOVE)),
    ("device_widened", 401, 1, "/authorization_details/0/devices",
     lambda f: f.child_may(ABOVE | {"devices": ANYTHING}, ABOVE)),
    ("limit_widened", 401, 1, "/authorization_details/0/max_devices",
     lambda f: f.child_may(ABOVE | {"max_devices": 6}, ABOVE)),
    ("evidence_weakened", 401, 1, "/authorization_details/0/evidence",
     lambda f: f.child_may(ABOVE | {"evidence": ["device_key"]}, ABOVE)),
    ("constraint_dropped", 401, 1, "/authorization_details/0/max_devices",
     lambda f: f.child_may({name: value for name, value in ABOVE.items() if name != "max_devices"}, ABOVE)),
    ("power_outside_parent", 401, 1, "/authorization_details/0/type", lambda f: f.child_may(administration(), ABOVE)),
    ("audience_mismatch", 401, 0, "/aud", lambda f: f.owner_may(onboarding(), aud="site:port-3.example")),
    ("chain_too_long", 400, None, None,
     lambda f: f.site.second.grant(f.site.contractor, [f.site.YARD], exp=now() + HOUR).grant(OTHER).grant(f.agent)),
    ("lifetime_exceeded", 401, 0, "/exp",
     lambda f: f.owner_may(f.site.YARD, f.site.second, iat=now() - MINUTE, exp=now() - MINUTE + DAY + 1)),
    ("ceiling_exceeded", 401, 0, "/authorization_details/0/locations",
     lambda f: f.owner_may(onboarding(locations=["mine-8"]))),
    ("ceiling_exceeded", 401, 0, "/authorization_details/0/type",
     lambda f: f.owner_may(administration(), f.site.second)),
]
