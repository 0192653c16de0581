"""The world of the vectors: one mine, its policies, and the chains that hold."""
from jose import b64, dumps, sha256
from model import NOW, PARENT, at, case, changed, fresh, token
from world_keys import KEYS, jwk

SITE = "site:mine-7.example"
OTHER_SITE = "site:port-3.example"
OWNER = "https://owner.example"
SECOND_OWNER = "https://second-owner.example"
HOUR, DAY = 3600, 86400

MAX_TIME = 2**53 - 1

ALL_ACTIONS = ["onboard", "reestablish", "replace", "suspend", "resume", "decommission", "read"]


def onboarding(**members):
    """A device_onboarding power with its three required members, in the order of the protocol's table."""
    power = {"type": "device_onboarding", "actions": ["onboard", "read"], "locations": ["mine-7/hall-2"],
             "devices": [{"manufacturer": "Example Devices", "model": "XY-1", "serial": "SN-1*"}]}
    return power | members


def access(**members):
    power = {"type": "access", "actions": ["read", "write"], "resources": ["https://plc.mine-7.example/lines/4"]}
    return power | members


def administration(**members):
    power = {"type": "administration", "actions": ["revoke", "suspend", "resume"], "locations": ["mine-7"]}
    return power | members


def jti(label):
    return b64(sha256(f"poa test vectors: jti {label}".encode())[:16])


def link(signer, agent, **claims):
    """One PoA by key @signer for key @agent; a root unless `par_hash` is given."""
    made = {"iss": "", "sub": ""}
    if "par_hash" in claims:
        made["par_hash"] = claims["par_hash"]
    made |= {"aud": SITE, "transferable": 0, "iat": NOW - 2 * HOUR, "nbf": NOW - 2 * HOUR, "exp": NOW + 8 * HOUR,
             "jti": jti(f"{signer} for {agent}"), "cnf": {"jwk": jwk(agent)}, "authorization_details": [onboarding()]}
    return token(signer, "poa+jwt", made | claims)


def one_link(**claims):
    root = {"iss": OWNER, "sub": "contractor.example"} | claims
    return case("site", [link("owner", "contractor", **root)])


def two_links(**claims):
    """Owner to contractor to technician; @claims are the root's."""
    tree = one_link(**({"transferable": 1, "exp": NOW + 30 * DAY} | claims))
    tree["links"].append(link("contractor", "technician", iss="contractor.example", sub="technician-17.example",
                              par_hash=PARENT, iat=NOW - HOUR, nbf=NOW - HOUR))
    return tree


def three_links():
    """Owner to contractor to crew to technician, each narrower than the one above."""
    tree = case("site", [
        link("owner", "contractor", iss=OWNER, sub="contractor.example", transferable=2, exp=NOW + 30 * DAY,
             authorization_details=[onboarding(locations=["mine-7"], max_devices=100)]),
        link("contractor", "crew", iss="contractor.example", sub="crew-4.example", par_hash=PARENT, transferable=1,
             iat=NOW - HOUR, nbf=NOW - HOUR, exp=NOW + DAY,
             authorization_details=[onboarding(locations=["mine-7/hall-2", "mine-7/hall-3"], max_devices=20)]),
        link("crew", "technician", iss="crew-4.example", sub="technician-17.example", par_hash=PARENT,
             iat=NOW - HOUR // 2, nbf=NOW - HOUR // 2, exp=NOW + 6 * HOUR,
             authorization_details=[onboarding(max_devices=5)]),
    ])
    return tree


def long_chain(count, transferable=8):
    """A chain of @count links, each by the agent of the one above."""
    links = []
    for i in range(count):
        claims = {"iss": f"agent-{i - 1}.example", "sub": f"agent-{i}.example",
                  "transferable": max(transferable - i, 0)}
        if i == 0:
            claims["iss"] = OWNER
        else:
            claims["par_hash"] = PARENT
        links.append(link("owner" if i == 0 else f"hop{i - 1}", f"hop{i}", **claims))
    return case("site", links)


def pinned(name, **more):
    return {"jwk": jwk(name)} | more


SITE_POLICY = {
    "version": 1,
    "resource_owner": SITE,
    "owners": [
        {"iss": OWNER, "keys": [pinned("owner", label="current")],
         "powers": [{"type": "device_onboarding", "actions": ALL_ACTIONS, "locations": ["mine-7"],
                     "devices": [{"any": True}]},
                    {"type": "access", "actions": ["read", "write", "reset"],
                     "resources": ["https://plc.mine-7.example"]},
                    {"type": "administration", "actions": ["revoke", "suspend", "resume", "approve", "audit"],
                     "locations": ["mine-7"]}]},
        {"iss": SECOND_OWNER, "keys": [pinned("second", label="current")],
         "powers": [{"type": "device_onboarding", "actions": ["onboard", "read"], "locations": ["mine-7/yard"],
                     "devices": [{"manufacturer": "Example Devices"}], "max_devices": 10}],
         "max_links": 2, "max_lifetime": DAY},
        {"iss": SITE, "keys": [pinned("site", label="the site itself")],
         "powers": [{"type": "administration", "actions": ["revoke", "suspend", "resume", "approve", "audit"],
                     "locations": ["mine-7"]}],
         "administers": "all"},
    ],
}

POLICIES = {"site": SITE_POLICY}


def permanent_policy():
    """The site's policy with a second device power for the owner, as wide as any in effect and on_revoke."""
    made = fresh(SITE_POLICY)
    powers = made["owners"][0]["powers"]
    powers.append(powers[0] | {"effect": "permanent", "on_revoke": "stop_new"})
    return made


POLICIES["site-permanent"] = permanent_policy()


def policy(name, *changes, of="site"):
    """Register a policy that differs from another in @changes; its name."""
    made = changed(POLICIES[of], *changes)
    assert POLICIES.setdefault(name, made) == made, name
    return name


# An owner with a key of every kind, under a policy that lists every algorithm.
policy("site-keys", at("/algorithms", ["ES256", "ES384", "EdDSA", "RS256", "PS256"]),
       *(at("/owners/0/keys/-", pinned(name)) for name in ("owner_384", "rsa_a", "agent_ed", "rsa_4096")),
       at("/owners/0/keys/-", {"jwk": jwk("rsa_b", alg="PS256", use="sig", kid=KEYS["rsa_b"].thumbprint)}))


def policy_text(name):
    text = POLICIES[name]
    return text if isinstance(text, str) else dumps(text)
