"""Step 6, the ceiling: what the site allows an owner, whatever the owner signed."""
from corpus import Group
from model import NOW, PARENT, at, gone
from world import (DAY, HOUR, MAX_TIME, OTHER_SITE, SECOND_OWNER, SITE, access, administration, case, link, onboarding,
                   one_link, policy, two_links)

group = Group("ceiling", "Step 6: audience, number of links, life, and the powers that the policy allows an owner")
good, bad = group.good, group.bad


def claim(name, value, hop=0):
    return at(f"/links/{hop}/claims/{name}", value)


def power(member, value, index=0):
    return claim(f"authorization_details/{index}/{member}", value)


one = good("one", "one link", one_link())
two = good("two", "two links", two_links())

# audience_mismatch.
AUD = "section 4 step 6: the site's id is in every link's aud"
both = [SITE, OTHER_SITE]
bad("aud-other", "a PoA for another site", AUD, one, "audience_mismatch", 0, "/aud", claim("aud", OTHER_SITE))
bad("aud-others", "a PoA for two other sites", AUD, one, "audience_mismatch", 0, "/aud",
    claim("aud", [OTHER_SITE, "site:x.example"]))
bad("aud-prefix", "a PoA for a site whose name begins like this one's", AUD, one, "audience_mismatch", 0, "/aud",
    claim("aud", SITE + ".other"))
bad("aud-case", "a PoA for the site in another case", AUD, one, "audience_mismatch", 0, "/aud",
    claim("aud", SITE.replace("mine", "Mine")))
wide = good("aud-both", "the root for two sites, the second link for this one", two, claim("aud", both))
bad("aud-hop-1", "the root for two sites, the second link for the other", AUD, wide, "audience_mismatch", 1, "/aud",
    claim("aud", OTHER_SITE, 1))

# max_links.
second = case("site", [
    link("second", "contractor", iss=SECOND_OWNER, sub="contractor.example", transferable=2,
         authorization_details=[onboarding(locations=["mine-7/yard"], max_devices=10)]),
    link("contractor", "crew", iss="contractor.example", sub="crew-4.example", par_hash=PARENT, transferable=1,
         authorization_details=[onboarding(locations=["mine-7/yard"], max_devices=10)]),
    link("crew", "technician", iss="crew-4.example", sub="technician-17.example", par_hash=PARENT,
         authorization_details=[onboarding(locations=["mine-7/yard"], max_devices=10)])])
good("second-two", "two links where the owner may have two", second, gone("/links/2"))
bad("max-links", "three links where the owner may have two", "section 9: max_links",
    good("second-three", "three links where the owner may have three", second,
         at("/policy", policy("three-links", at("/owners/1/max_links", 3)))),
    "chain_too_long", None, None, at("/policy", "site"))
bad("max-links-1", "two links where the owner may have one", "section 9: max_links", "second-two", "chain_too_long",
    None, None, at("/policy", policy("one-link", at("/owners/1/max_links", 1))))

# max_lifetime.
LIFE = "section 4 step 6: no life (exp - iat) above max_lifetime"
year = good("life-year", "a life of 31622400 seconds, the default", one, claim("exp", NOW - 2 * HOUR + 31622400))
bad("life-year-1", "a life of 31622401 seconds", LIFE, year, "lifetime_exceeded", 0, "/exp",
    claim("exp", NOW - 2 * HOUR + 31622401))
day = good("life-day", "a life of a day where the owner may give a day", second, gone("/links/2"), gone("/links/1"),
           claim("exp", NOW - 2 * HOUR + DAY))
bad("life-day-1", "a life of a day and a second", LIFE, day, "lifetime_exceeded", 0, "/exp",
    claim("exp", NOW - 2 * HOUR + DAY + 1))
bad("life-max", "exp 2^53-1", LIFE, one, "lifetime_exceeded", 0, "/exp", claim("exp", MAX_TIME))
bad("life-iat-zero", "iat 0", LIFE, one, "lifetime_exceeded", 0, "/exp", claim("iat", 0))
late = good("life-nbf", "a life of a year with a late nbf", one, claim("nbf", NOW),
            claim("exp", NOW - 2 * HOUR + 31622400))
bad("life-nbf-1", "a life above a year, though not from nbf on", LIFE, late, "lifetime_exceeded", 0, "/exp",
    claim("iat", NOW - 2 * HOUR - 1))

# ceiling_exceeded.
CEILING = "section 4 step 6: every power of the root lies inside a power that the policy allows the owner"


def above(short, title, twin, member, because, *changes, index=0):
    bad(short, title, CEILING, twin, "ceiling_exceeded", 0, f"/authorization_details/{index}/{member}", *changes,
        because=because)


def beside(*powers):
    """A root with more powers after its first."""
    return claim("authorization_details", [onboarding(), *powers])


good("whole-ceiling", "a root with the whole of the ceiling", one,
     claim("authorization_details",
           [onboarding(actions=["onboard", "reestablish", "replace", "suspend", "resume", "decommission", "read"],
                       locations=["mine-7"], devices=[{"any": True}]),
            access(actions=["read", "write", "reset"], resources=["https://plc.mine-7.example"]),
            administration(actions=["revoke", "suspend", "resume", "approve", "audit"])]))
above("location", "a location beside the ceiling's", one, "locations", "location_widened",
      power("locations", ["mine-8"]))
above("location-prefix", "a location that begins with the ceiling's, but not by whole segments", one, "locations",
      "location_widened", power("locations", ["mine-77/hall-2"]))
above("location-one", "one of two locations beside the ceiling's", one, "locations", "location_widened",
      power("locations", ["mine-7", "mine-8"]))
three = good("three-powers", "a root with a power of each type", one, beside(access(), administration()))
above("access-action", "an access action above the ceiling", three, "actions", "action_widened",
      power("actions", ["read", "format"], 1), index=1)
above("access-resource", "a resource beside the ceiling's", three, "resources", "limit_widened",
      power("resources", ["https://plc.mine-8.example"], 1), index=1)
above("access-port", "a resource at another port", three, "resources", "limit_widened",
      power("resources", ["https://plc.mine-7.example:8443"], 1), index=1)
above("administration-location", "administration beyond the ceiling's locations", three, "locations",
      "location_widened", power("locations", ["mine-7", "port-3"], 2), index=2)

yard = good("yard", "a root inside the second owner's ceiling", second, gone("/links/2"), gone("/links/1"))
above("yard-max", "max_devices above the ceiling's", yard, "max_devices", "limit_widened", power("max_devices", 11))
above("yard-max-absent", "no max_devices under a ceiling that has one", yard, "max_devices", "constraint_dropped",
      gone("/links/0/claims/authorization_details/0/max_devices"))
above("yard-any", "any device under a ceiling that names a manufacturer", yard, "devices", "device_widened",
      power("devices", [{"any": True}]))
above("yard-manufacturer", "a device of another manufacturer", yard, "devices", "device_widened",
      power("devices/0/manufacturer", "Other Devices"))
above("yard-action", "an action above the second owner's ceiling", yard, "actions", "action_widened",
      power("actions", ["onboard", "replace"]))
above("yard-access", "a power of a type that the ceiling has not", yard, "type", "power_outside_parent",
      claim("authorization_details/-", access()), index=1)

strict = policy("strict", *(at(f"/owners/0/powers/0/{name}", value) for name, value in (
    ("max_devices", 50), ("evidence", ["device_key", "idevid"]), ("credential_lifetime", DAY), ("effect", "until_exp"),
    ("on_revoke", "cascade"), ("hours", [{"days": ["mon", "tue"], "from": "06:00", "to": "18:00"}]),
    ("networks", ["10.7.0.0/16"]))))
whole = good("strict", "a root that states all that a strict ceiling states", one, at("/policy", strict),
             claim("authorization_details", [onboarding(
                 max_devices=50, evidence=["device_key", "idevid"], credential_lifetime=DAY, effect="until_exp",
                 on_revoke="cascade", hours=[{"days": ["mon"], "from": "06:00", "to": "18:00"}],
                 networks=["10.7.1.0/24"])]))
for member, because, value in (("max_devices", "limit_widened", 51), ("evidence", "evidence_weakened", ["device_key"]),
                               ("credential_lifetime", "limit_widened", DAY + 1),
                               ("effect", "limit_widened", "permanent"), ("on_revoke", "limit_widened", "review"),
                               ("hours", "limit_widened", [{"days": ["wed"], "from": "06:00", "to": "18:00"}]),
                               ("networks", "limit_widened", ["10.0.0.0/8"])):
    name = member.replace("_", "-")
    above(f"strict-{name}", f"{member} wider than the ceiling's", whole, member, because, power(member, value))
    above(f"strict-{name}-absent", f"no {member} under a ceiling that has one", whole, member, "constraint_dropped",
          gone(f"/links/0/claims/authorization_details/0/{member}"))

ends = good("default-effect", "effect and on_revoke as a ceiling that is silent on them has them by default", one,
            power("effect", "until_exp"), power("on_revoke", "review"))
above("default-effect-permanent", "permanent under a ceiling that is silent on effect", ends, "effect", "limit_widened",
      power("effect", "permanent"))
above("default-on-revoke-stop-new", "stop_new under a ceiling that is silent on on_revoke", ends, "on_revoke",
      "limit_widened",
      power("on_revoke", "stop_new"))
good("default-wider", "the same under a second power of the ceiling that allows them", ends,
     at("/policy", "site-permanent"),
     power("effect", "permanent"), power("on_revoke", "stop_new"))

halves = policy("halves", at("/owners/0/powers/0/locations", ["mine-7/hall-2"]),
                at("/owners/0/powers/-", {"type": "device_onboarding", "actions": ["onboard", "read"],
                                          "locations": ["mine-7/hall-3"], "devices": [{"any": True}]}))
half = good("halves-each", "two powers, each inside one of the ceiling's two", one, at("/policy", halves),
            claim("authorization_details", [onboarding(), onboarding(locations=["mine-7/hall-3"])]))
above("halves-both", "one power over the places of two of the ceiling's", half, "locations", "location_widened",
      power("locations", ["mine-7/hall-2", "mine-7/hall-3"], 1), index=1)

# The order of step 6 and its place.
ORDER = "section 4 step 6: the order of its checks"
bad("order-aud-life", "another site's aud and too long a life", ORDER, one, "audience_mismatch", 0, "/aud",
    claim("aud", OTHER_SITE), claim("exp", MAX_TIME), faults=2, why="aud comes before life")
bad("order-life-powers", "too long a life and too much power", ORDER, one, "lifetime_exceeded", 0, "/exp",
    claim("exp", MAX_TIME), power("locations", ["mine-8"]), faults=2, why="life comes before the powers")
bad("order-hop", "the root lives too long, the second link is for another site", "section 4: then by the lowest hop",
    wide, "lifetime_exceeded", 0, "/exp", claim("exp", MAX_TIME), claim("aud", OTHER_SITE, 1), faults=2,
    why="within step 6 the lowest hop is told")
bad("order-step-5", "the root is for another site, the second link outlives it", "section 4: step 5 before step 6", two,
    "outlives_parent", 1, "/exp", at("/policy", policy("other-site", at("/resource_owner", OTHER_SITE))),
    claim("exp", NOW + 31 * DAY, 1), faults=2, why="all links are held together before the ceiling")
