"""Step 7, time now."""
from corpus import Group
from model import NOW, at, gone
from world import DAY, HOUR, OTHER_SITE, one_link, policy, three_links, two_links

group = Group("time", "Step 7: iat, nbf and exp against the clock, skew, and a clock that went back")
good, bad = group.good, group.bad


def claim(name, value, hop=0):
    return at(f"/links/{hop}/claims/{name}", value)


one = good("one", "one link", one_link())
two = good("two", "two links", two_links())
three = good("three", "three links", three_links())
no_skew = policy("no-skew", at("/clock_skew", 0))
most_skew = policy("most-skew", at("/clock_skew", 300))

EXP = "section 4 step 7: now < exp, and skew never lengthens exp"
last = good("exp-1", "the last second before exp", one, claim("exp", NOW + 1))
bad("exp", "now is exp", EXP, last, "expired", 0, "/exp", claim("exp", NOW))
bad("exp-skew", "now is within the skew after exp", EXP, last, "expired", 0, "/exp", claim("exp", NOW - 29))
bad("exp-long-ago", "exp was an hour ago", EXP, last, "expired", 0, "/exp", claim("exp", NOW - HOUR))
bad("exp-clock", "the same PoA eight hours later", EXP, one, "expired", 0, "/exp", at("/now", NOW + 8 * HOUR))
good("exp-clock-1", "the same PoA a second less than eight hours later", one, at("/now", NOW + 8 * HOUR - 1))
bad("exp-most-skew", "now is exp under a skew of 300 seconds", EXP,
    good("exp-most-skew-1", "the last second under a skew of 300 seconds", last, at("/policy", most_skew)), "expired",
    0,
    "/exp", claim("exp", NOW))

for name, code in (("iat", "issued_in_future"), ("nbf", "not_yet_valid")):
    fault = f"section 4 step 7: {name} <= now + skew"

    def start(seconds, name=name):
        """The time that is judged; nbf is left out where iat is, so that it follows."""
        return claim(name, NOW + seconds)

    base = one if name == "nbf" else good("no-nbf", "one link without nbf", one, gone("/links/0/claims/nbf"))
    good(f"{name}-now", f"{name} is now", base, start(0))
    edge = good(f"{name}-30", f"{name} is 30 seconds ahead, the default skew", base, start(30))
    bad(f"{name}-31", f"{name} is 31 seconds ahead", fault, edge, code, 0, f"/{name}", start(31))
    bad(f"{name}-hour", f"{name} is an hour ahead", fault, edge, code, 0, f"/{name}", start(HOUR))
    none = good(f"{name}-skew-0", f"{name} is now, without any skew", base, at("/policy", no_skew), start(0))
    bad(f"{name}-skew-0-1", f"{name} is a second ahead, without any skew", fault, none, code, 0, f"/{name}", start(1))
    most = good(f"{name}-skew-300", f"{name} is 300 seconds ahead under a skew of 300", base, at("/policy", most_skew),
                start(300))
    bad(f"{name}-skew-301", f"{name} is 301 seconds ahead under a skew of 300", fault, most, code, 0, f"/{name}",
        start(301))

# Which hop.
bad("exp-hop-1", "the second link has expired, the root has not", EXP, two, "expired", 1, "/exp", claim("exp", NOW, 1))
bad("exp-hop-2", "only the last link has expired", EXP, three, "expired", 2, "/exp", claim("exp", NOW, 2))
bad("exp-root", "the root has expired, and all below with it", EXP, three, "expired", 0, "/exp",
    at("/now", NOW + 30 * DAY))
bad("nbf-hop-1", "the second link is for later", "section 4 step 7: nbf <= now + skew", two, "not_yet_valid", 1, "/nbf",
    claim("nbf", NOW + HOUR, 1))
bad("iat-hop-2", "the last link was signed by a fast clock", "section 4 step 7: iat <= now + skew", three,
    "issued_in_future", 2, "/iat", claim("iat", NOW + 31, 2))
bad("exp-middle", "the middle link and the last have expired",
    "section 4: then by the lowest hop", three, "expired", 1, "/exp", claim("exp", NOW, 1), claim("exp", NOW, 2),
    faults=2, why="a last link cannot outlive the middle one; the lowest hop is told")
bad("order-iat-nbf", "iat and nbf an hour ahead", "section 4 step 7: iat, nbf, exp", one, "issued_in_future", 0, "/iat",
    claim("nbf", NOW + HOUR), claim("iat", NOW + HOUR), faults=2, why="iat is looked at before nbf")
bad("order-hop", "the root is for later, and so is the second link", "section 4: then by the lowest hop", two,
    "not_yet_valid", 0, "/nbf", claim("nbf", NOW + HOUR), claim("nbf", NOW + HOUR, 1), faults=2,
    why="the lowest hop is told")
bad("order-step-6", "an expired PoA for another site", "section 4: step 6 before step 7", one, "audience_mismatch", 0,
    "/aud", claim("exp", NOW), claim("aud", OTHER_SITE), faults=2, why="the ceiling comes before time")

# clock_unsure.
MARK = "section 8: a clock more than the skew behind the latest time acted on"
good("mark-now", "the verifier acted on this second before", one, at("/mark", NOW), needs=["mark"])
edge = good("mark-30", "the clock is 30 seconds behind the mark, the default skew", one, at("/mark", NOW + 30),
            needs=["mark"])
bad("mark-31", "the clock is 31 seconds behind the mark", MARK, edge, "clock_unsure", None, None, at("/mark", NOW + 31),
    needs=["mark"])
bad("mark-year", "the clock is a year behind the mark", MARK, edge, "clock_unsure", None, None,
    at("/mark", NOW + 365 * DAY), needs=["mark"])
bad("mark-1970", "the clock stands at 1970", MARK, edge, "clock_unsure", None, None, at("/now", 0), needs=["mark"])
