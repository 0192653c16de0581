"""Step 5, powers against the parent's (section 5): inside, equal, and one step too wide."""
from corpus import Group
from jose import b64, sha256
from model import at, gone
from world import access, administration, onboarding, three_links, two_links

group = Group("narrowing", "Section 5, step 5: every power of a child inside one power of its parent")
good, bad = group.good, group.bad

POWERS = "authorization_details"


def powers(hop, *values):
    return at(f"/links/{hop}/claims/{POWERS}", list(values))


def power(member, value, index=0, hop=1):
    return at(f"/links/{hop}/claims/{POWERS}/{index}/{member}", value)


def without(member, hop=1):
    return gone(f"/links/{hop}/claims/{POWERS}/0/{member}")


WEEK = ["mon", "tue", "wed", "thu", "fri"]
full = onboarding(
    actions=["onboard", "reestablish", "read"], locations=["mine-7/hall-2", "mine-7/hall-3"],
    devices=[{"manufacturer": "Example Devices", "model": "XY-1", "serial": "SN-10*"}], max_devices=20,
    evidence=["device_key", "idevid"], credential_lifetime=86400, effect="permanent", on_revoke="review",
    hours=[{"days": WEEK, "from": "07:00", "to": "17:00"}], networks=["10.7.0.0/16", "2001:db8:7::/48"])
equal = good("equal", "a child with the parent's very power", two_links(), at("/policy", "site-permanent"),
             powers(0, full),
             powers(1, full))
bare = good("bare", "a child with the parent's very power, only what it must have", two_links())


def inside(short, title, member, value, twin=equal):
    return good(f"{member.replace('_', '-')}-{short}", f"{member}: {title}", twin, power(member, value))


def widened(code, fault):
    """A function that adds vectors with this code at the member that is changed."""
    def add(short, title, member, value, twin=equal):
        bad(f"{member.replace('_', '-')}-{short}", f"{member}: {title}", fault, twin, code, 1,
            f"/{POWERS}/0/{member}", power(member, value))
    return add


# actions.
wider = widened("action_widened", "section 5.1: actions are a subset")
inside("reordered", "the same in another order", "actions", ["read", "onboard", "reestablish"])
inside("fewer", "fewer", "actions", ["read"])
wider("more", "one more", "actions", ["onboard", "reestablish", "read", "replace"])
wider("other", "another", "actions", ["suspend"])

# locations.
wider = widened("location_widened", "section 5.1: each covered by one of the parent's, by whole segments")
inside("below", "below one of the parent's", "locations", ["mine-7/hall-3/row-9"])
inside("several", "more in number, all inside", "locations", ["mine-7/hall-2/a", "mine-7/hall-2/b", "mine-7/hall-3/c"])
for short, title, value in (("sibling", "a sibling", ["mine-7/hall-4"]),
                            ("prefix", "hall-22 under hall-2", ["mine-7/hall-22"]),
                            ("above", "the place above", ["mine-7"]), ("case", "another case", ["mine-7/Hall-2"]),
                            ("one", "one of two outside", ["mine-7/hall-2", "mine-7/hall-1"]),
                            ("shorter", "a shorter segment", ["mine-7/hall"]),
                            ("tail", "the last segment alone", ["hall-2"])):
    wider(short, title, "locations", value)

# devices.
DEVICES = "section 5.1: every member of the parent's selector, equal or narrower"
wider = widened("device_widened", DEVICES)


def selector(**members):
    """The parent's selector with members changed."""
    return [full["devices"][0] | members]


def dropped(member):
    return [{name: value for name, value in full["devices"][0].items() if name != member}]


inside("exact", "an exact serial inside the prefix", "devices", selector(serial="SN-100"))
inside("prefix", "a longer prefix", "devices", selector(serial="SN-105*"))
inside("range", "a range with both ends inside the prefix", "devices", selector(serial="SN-100..SN-109"))
inside("member-more", "one member more", "devices", selector(id_link="https://id.example/xy-1/*"))
inside("two", "two selectors, both inside", "devices", selector(serial="SN-101") + selector(serial="SN-102"))
for member in ("manufacturer", "model", "serial"):
    wider(f"{member}-dropped", f"the selector drops {member}", "devices", dropped(member))
for short, title, value in (
        ("manufacturer", "another manufacturer", selector(manufacturer="Other Devices")),
        ("manufacturer-case", "the manufacturer in another case", selector(manufacturer="EXAMPLE DEVICES")),
        ("model", "another model", selector(model="XY-2")), ("model-prefix", "a model that begins alike",
                                                             selector(model="XY-10")),
        ("serial", "a serial outside the prefix", selector(serial="SN-200")),
        ("serial-shorter", "a serial that is shorter than the prefix", selector(serial="SN-1")),
        ("prefix-wider", "a shorter prefix", selector(serial="SN-1*")),
        ("range-half", "a range with one end inside the prefix", selector(serial="SN-100..SN-119")),
        ("any", "any device", [{"any": True}]),
        ("one", "one of two selectors outside", selector(serial="SN-100") + selector(serial="SN-9")),
        ("other-member", "another member instead", [{"id_link": "https://id.example/xy-1/100"}])):
    wider(short, title, "devices", value)

anything = good("any", "any device under any device", two_links(), powers(0, onboarding(devices=[{"any": True}])),
                powers(1, onboarding(devices=[{"any": True}])))
inside("under-any", "a selector under any device", "devices", [{"model": "XY-1"}], anything)


def one_selector(short, title, parent, child):
    """A pair in which parent and child have one selector each."""
    return good(short, title, bare, power("devices", [parent], 0, 0), power("devices", [child]))


def outside(short, title, twin, child, fault=DEVICES):
    bad(short, title, fault, twin, "device_widened", 1, f"/{POWERS}/0/devices", power("devices", [child]))


SERIAL = "section 5.1: a range is inside what both its ends match, a prefix never inside a range"
by_range = one_selector("serial-range", "a range inside a range", {"serial": "SN-100..SN-199"},
                        {"serial": "SN-120..SN-130"})
for short, title, value in (("equal", "the very range", "SN-100..SN-199"), ("low", "its lower end", "SN-100"),
                            ("high", "its upper end", "SN-199"), ("low-part", "its lower half", "SN-100..SN-150")):
    good(f"serial-range-{short}", f"under a range: {title}", by_range, power("devices", [{"serial": value}]))
for short, title, value in (
        ("below", "the serial before it", "SN-099"), ("above", "the serial after it", "SN-200"),
        ("longer", "a longer serial between its ends", "SN-1500"), ("shorter", "a shorter one", "SN-15"),
        ("letter", "a letter where digits are", "SN-1A0"), ("prefix", "a prefix all of whose serials look inside",
                                                            "SN-15*"),
        ("other-prefix", "another prefix before the digits", "SM-150"),
        ("wider-low", "a range that begins earlier", "SN-099..SN-150"),
        ("wider-high", "a range that ends later", "SN-150..SN-200"),
        ("longer-range", "a range of longer serials", "SN-1000..SN-1999")):
    outside(f"serial-range-{short}", f"under a range: {title}", by_range, {"serial": value}, SERIAL)
exact = one_selector("serial-exact", "an exact serial under itself", {"serial": "SN-100"}, {"serial": "SN-100"})
for short, value in (("other", "SN-101"), ("prefix", "SN-100*"), ("case", "sn-100"), ("longer", "SN-1000"),
                     ("range", "SN-099..SN-100")):
    outside(f"serial-exact-{short}", f"under an exact serial: {value}", exact, {"serial": value}, SERIAL)
same = one_selector("serial-prefix-equal", "a prefix under itself", {"serial": "SN-1*"}, {"serial": "SN-1*"})
good("serial-prefix-bare", "under a prefix: the prefix as an exact serial", same,
     power("devices", [{"serial": "SN-1"}]))
outside("serial-prefix-case", "under a prefix: another case", same, {"serial": "sn-1*"}, SERIAL)

LINK = "section 5.1: an exact value is inside what it matches, a prefix inside one with which it begins"
below = one_selector("id-link-prefix", "a link under a prefix", {"id_link": "https://id.example/xy-1/*"},
                     {"id_link": "https://id.example/xy-1/100"})
good("id-link-longer", "a longer prefix under a prefix", below,
     power("devices", [{"id_link": "https://id.example/xy-1/a/*"}]))
for short, value in (("above", "https://id.example/*"), ("sibling", "https://id.example/xy-10/100"),
                     ("scheme", "http://id.example/xy-1/100"), ("host", "https://id.example.net/xy-1/100"),
                     ("bare", "https://id.example/xy-1")):
    outside(f"id-link-{short}", f"under a prefix of links: {value}", below, {"id_link": value}, LINK)
ca, other_ca = b64(sha256(b"a CA")), b64(sha256(b"another CA"))
issuer = one_selector("idevid-issuer", "a CA under itself", {"idevid_issuer": ca}, {"idevid_issuer": ca})
outside("idevid-issuer-other", "another CA", issuer, {"idevid_issuer": other_ca})

split = good("selectors-each", "two selectors, each inside one of the parent's two", bare,
             power("devices", [{"serial": "SN-1*"}, {"model": "XY-1", "serial": "SN-2*"}], 0, 0),
             power("devices", [{"serial": "SN-10*"}, {"model": "XY-1", "serial": "SN-20*"}]))
bad("selectors-half", "a selector that is inside neither of the parent's two", DEVICES, split, "device_widened", 1,
    f"/{POWERS}/0/devices", power("devices", [{"serial": "SN-1*"}, {"model": "XY-2", "serial": "SN-2*"}]))

# Numbers.
for member, value in (("max_devices", 20), ("credential_lifetime", 86400)):
    inside("less", "one less", member, value - 1)
    widened("limit_widened", f"section 5.1: {member} is not larger")("more", "one more", member, value + 1)
    good(f"{member.replace('_', '-')}-new", f"{member}: a limit where the parent has none", bare, power(member, value))

# evidence.
inside("more", "one more", "evidence", ["device_key", "idevid", "approval"])
inside("reordered", "the same in another order", "evidence", ["idevid", "device_key"])
inside("implied", "device_key is counted in", "evidence", ["idevid"])
weaker = widened("evidence_weakened", "section 5.1: evidence is a superset")
weaker("fewer", "one fewer", "evidence", ["device_key"])
weaker("other", "another instead", "evidence", ["device_key", "attestation"])
good("evidence-new", "evidence: more than the default of the parent", bare, power("evidence", ["idevid"]))

# effect and on_revoke.
inside("until-exp", "until_exp under permanent", "effect", "until_exp")
wider = widened("limit_widened", "section 5.1: permanent only under permanent")
ends = good("effect-ends", "until_exp under until_exp", equal, power("effect", "until_exp", 0, 0),
            power("effect", "until_exp"))
wider("permanent", "permanent under until_exp", "effect", "permanent", ends)
default = good("effect-default", "effect: until_exp under the default", bare, power("effect", "until_exp"))
bad("effect-permanent-default", "effect: permanent under the default",
    "section 5: a member that is absent is its default",
    default, "limit_widened", 1, f"/{POWERS}/0/effect", power("effect", "permanent"))
inside("cascade", "cascade under review", "on_revoke", "cascade")
wider = widened("limit_widened", "section 5.1: on_revoke is not weaker")
wider("stop-new", "stop_new under review", "on_revoke", "stop_new")
strict = good("on-revoke-strict", "cascade under cascade", equal, power("on_revoke", "cascade", 0, 0),
              power("on_revoke", "cascade"))
wider("review", "review under cascade", "on_revoke", "review", strict)
for value in ("review", "cascade"):
    good(f"on-revoke-default-{value}", f"on_revoke: {value} under the default", bare, power("on_revoke", value))
bad("on-revoke-default-stop-new", "on_revoke: stop_new under the default",
    "section 5: a member that is absent is its default",
    "on-revoke-default-review", "limit_widened", 1, f"/{POWERS}/0/on_revoke", power("on_revoke", "stop_new"))


# hours.
def window(from_="07:00", to="17:00", days=WEEK):
    return {"days": days, "from": from_, "to": to}


wider = widened("limit_widened", "section 5.1: each inside one of the parent's: days a subset, times within")
inside("shorter", "a shorter window", "hours", [window("08:00", "16:00", ["mon"])])
inside("two", "two windows inside one", "hours", [window("07:00", "12:00"), window("13:00", "17:00")])
for short, title, value in (("from", "a minute earlier", [window("06:59")]),
                            ("to", "a minute later", [window(to="17:01")]),
                            ("day", "one day more", [window(days=WEEK + ["sat"])]),
                            ("one", "one of two windows outside", [window(), window(days=["sun"])])):
    wider(short, title, "hours", value)
shifts = good("hours-shifts", "two windows under two", equal,
              power("hours", [window("07:00", "12:00"), window("12:00", "17:00")], 0, 0),
              power("hours", [window("07:00", "12:00"), window("12:00", "17:00")]))
wider("union", "a window over two adjacent ones", "hours", [window()], shifts)
good("hours-new", "hours where the parent has none", bare, power("hours", [window()]))

# networks.
wider = widened("limit_widened", "section 5.1: each inside one of the parent's of the same family")
inside("smaller", "smaller blocks", "networks", ["10.7.128.0/17", "2001:db8:7:1::/64", "10.7.1.9/32"])
for short, title, value in (("shorter", "one bit shorter", ["10.6.0.0/15"]),
                            ("other", "another block", ["10.8.0.0/16"]),
                            ("all", "everything", ["0.0.0.0/0"]),
                            ("ipv6-shorter", "one bit shorter in IPv6", ["2001:db8:6::/47"]),
                            ("ipv6-other", "another IPv6 block", ["2001:db8:8::/48"]),
                            ("one", "one of two outside", ["10.7.0.0/16", "192.0.2.0/24"])):
    wider(short, title, "networks", value)
four = good("networks-ipv4", "IPv4 under IPv4", equal, power("networks", ["0.0.0.0/0"], 0, 0),
            power("networks", ["0.0.0.0/0"]))
wider("family", "IPv6 under all of IPv4", "networks", ["2001:db8::/32"], four)
halves = good("networks-halves", "two halves under two halves", equal,
              power("networks", ["10.0.0.0/9", "10.128.0.0/9"], 0, 0),
              power("networks", ["10.0.0.0/9", "10.128.0.0/9"]))
wider("union", "one block over two halves", "networks", ["10.0.0.0/8"], halves)

# A member of the parent's that the child leaves out.
DROPPED = "section 5: a member present in the parent's power is present in the child's"
for member in ("max_devices", "evidence", "credential_lifetime", "effect", "on_revoke", "hours", "networks"):
    bad(f"{member.replace('_', '-')}-dropped", f"{member} is dropped", DROPPED, equal, "constraint_dropped", 1,
        f"/{POWERS}/0/{member}", without(member))
for member, value in (("evidence", ["device_key"]), ("effect", "until_exp"), ("on_revoke", "review")):
    name = member.replace("_", "-")
    stated = good(f"{name}-default-stated", f"{member}: the default, stated by both", bare, power(member, value, 0, 0),
                  power(member, value))
    bad(f"{name}-default-dropped", f"{member}: the default, stated by the parent alone", DROPPED, stated,
        "constraint_dropped", 1, f"/{POWERS}/0/{member}", without(member))

# access.
reach = good("access", "access under itself", two_links(), powers(0,
                                                                  access(hours=[window()], networks=["10.7.0.0/16"])),
             powers(1, access(hours=[window()], networks=["10.7.0.0/16"])))
good("access-below", "a resource below", reach, power("resources", ["https://plc.mine-7.example/lines/4/cell-1"]))
bad("access-action", "one action more", "section 5.2: actions as a subset", reach, "action_widened", 1,
    f"/{POWERS}/0/actions",
    power("actions", ["read", "write", "reset"]))
for short, title, value in (
        ("sibling", "a sibling by prefix", "https://plc.mine-7.example/lines/44"),
        ("above", "the place above", "https://plc.mine-7.example/lines"),
        ("host", "the whole host", "https://plc.mine-7.example"),
        ("port", "another port", "https://plc.mine-7.example:8443/lines/4"),
        ("scheme", "another scheme", "http://plc.mine-7.example/lines/4"),
        ("suffix", "a host that begins alike", "https://plc.mine-7.example.net/lines/4"),
        ("subdomain", "a host below", "https://x.plc.mine-7.example/lines/4"),
        ("case", "a path in another case", "https://plc.mine-7.example/Lines/4")):
    bad(f"access-{short}", f"resources: {title}", "section 5.2: scheme, host and port equal, then whole segments",
        reach,
        "limit_widened", 1, f"/{POWERS}/0/resources", power("resources", [value]))
for member, value in (("hours", [window(to="18:00")]), ("networks", ["10.0.0.0/8"])):
    bad(f"access-{member}", f"{member} of access wider", f"section 5.2: {member} as in 5.1", reach, "limit_widened", 1,
        f"/{POWERS}/0/{member}", power(member, value))
    bad(f"access-{member}-dropped", f"{member} of access dropped", DROPPED, reach, "constraint_dropped", 1,
        f"/{POWERS}/0/{member}", without(member))

# administration.
admin = good("administration", "administration under itself", two_links(), powers(0, administration()),
             powers(1, administration()))
good("administration-below", "administration of a place below", admin, power("locations", ["mine-7/hall-2"]))
bad("administration-action", "one action more", "section 5.3: actions as a subset", admin, "action_widened", 1,
    f"/{POWERS}/0/actions", power("actions", ["revoke", "approve"]))
bad("administration-location", "a place beside", "section 5.3: locations as in 5.1", admin, "location_widened", 1,
    f"/{POWERS}/0/locations", power("locations", ["mine-77"]))

# The type.
TYPE = "section 5: inside one power of the parent of the same type"
bad("type-other", "a power of a type that the parent has not", TYPE, bare, "power_outside_parent", 1,
    f"/{POWERS}/0/type",
    powers(1, access()))
bad("type-more", "a second power, of a type that the parent has not", TYPE, bare, "power_outside_parent", 1,
    f"/{POWERS}/1/type", at(f"/links/1/claims/{POWERS}/-", administration()))

# Several powers.
SEVERAL = "section 7: the parent that fails latest in the order of the table, ties to the first"
hall_2, hall_3 = onboarding(locations=["mine-7/hall-2"]), onboarding(locations=["mine-7/hall-3"], actions=["read"])
two = good("several", "two powers under two", two_links(), powers(0, hall_2, hall_3), powers(1, hall_2, hall_3))
good("several-swapped", "two powers under two in another order", two, powers(1, hall_3, hall_2))
good("several-same", "two powers inside one of the parent's", two,
     powers(1, onboarding(locations=["mine-7/hall-2/a"]), onboarding(locations=["mine-7/hall-2/b"])))
good("several-second", "one power inside the second of the parent's", two, powers(1, hall_3))
bad("several-union", "a power over the places of two of the parent's", SEVERAL, two, "location_widened", 1,
    f"/{POWERS}/1/locations", power("locations", ["mine-7/hall-2", "mine-7/hall-3"], 1))
bad("several-cross", "the actions of one at the place of the other", SEVERAL, two, "location_widened", 1,
    f"/{POWERS}/1/locations", power("actions", ["onboard", "read"], 1))
mixed = good("several-types", "three powers of two types under three", two_links(), powers(0, hall_2, access(), hall_3),
             powers(1, access(), hall_3))
bad("several-types-cross", "other powers of the parent do not count", SEVERAL, mixed, "location_widened", 1,
    f"/{POWERS}/1/locations", power("actions", ["onboard"], 1))
late = [onboarding(networks=["10.7.0.0/16"]), onboarding(actions=["read"], networks=["10.8.0.0/16"])]
for short, parents in (("latest-first", late), ("latest-second", late[::-1])):
    base = good(f"{short}-inside", "one power under two that differ in actions and networks", two_links(),
                powers(0, *parents), powers(1, late[0]))
    bad(short, "outside one of the parent's by its networks, outside the other by its actions", SEVERAL, base,
        "limit_widened", 1, f"/{POWERS}/0/networks", power("networks", ["10.9.0.0/16"]))
drops = [onboarding(actions=["onboard"], max_devices=5), onboarding(locations=["mine-7/hall-3"])]
base = good("latest-dropped-inside", "one power under two, of which one has a limit", two_links(), powers(0, *drops),
            powers(1, drops[0]))
bad("latest-dropped", "a limit dropped under one of the parent's, outside the other by its place", SEVERAL, base,
    "constraint_dropped", 1, f"/{POWERS}/0/max_devices", without("max_devices"))
three = good("three-powers", "three powers under one", two_links(),
             powers(1, hall_2, *(onboarding(locations=[f"mine-7/hall-2/{room}"]) for room in "ab")))
bad("first-child", "the second and the third power widen", "section 7: the first failing child power is told", three,
    "action_widened", 1, f"/{POWERS}/1/actions", power("actions", ["replace"], 1),
    power("locations", ["mine-7/hall-9"], 2), faults=2, why="the first failing child power is told")

# The order within a pair.
ORDER = "section 5: the order of the type's table"
ROWS = (("actions", "action_widened", power("actions", ["replace"])),
        ("locations", "location_widened", power("locations", ["mine-7"])),
        ("devices", "device_widened", power("devices", [{"any": True}])),
        ("max_devices", "constraint_dropped", without("max_devices")),
        ("evidence", "evidence_weakened", power("evidence", ["device_key"])),
        ("credential_lifetime", "constraint_dropped", without("credential_lifetime")),
        ("effect", "constraint_dropped", without("effect")),
        ("on_revoke", "limit_widened", power("on_revoke", "stop_new")),
        ("hours", "constraint_dropped", without("hours")),
        ("networks", "limit_widened", power("networks", ["10.0.0.0/8"])))
for (first, code, change), (second, _, more) in zip(ROWS, ROWS[1:]):
    bad(f"order-{first}-{second}".replace("_", "-"), f"wider in {first} and in {second}", ORDER, equal, code, 1,
        f"/{POWERS}/0/{first}", change, more, faults=2, why=f"{first} is compared before {second}")

# Which hop.
three = good("three", "three links, each narrower", three_links())
GRAND = "section 5: inside the parent's, not the grandparent's"
bad("hop-2-location", "the third link is wider than the second, inside the first", GRAND, three, "location_widened", 2,
    f"/{POWERS}/0/locations", power("locations", ["mine-7/hall-5"], 0, 2))
bad("hop-2-limit", "max_devices of the third link lies between those of the second and the first", GRAND, three,
    "limit_widened", 2, f"/{POWERS}/0/max_devices", power("max_devices", 21, 0, 2))
bad("hop-2-dropped", "the third link drops a limit", DROPPED, three, "constraint_dropped", 2,
    f"/{POWERS}/0/max_devices",
    without("max_devices", 2))
bad("hop-1-dropped", "the second link drops a limit that the third states again", DROPPED, three, "constraint_dropped",
    1,
    f"/{POWERS}/0/max_devices", without("max_devices", 1))
