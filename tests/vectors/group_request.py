"""Step 10, the request within every link's powers (section 7)."""
from corpus import Group
from jose import b64, sha256
from model import NOW, at, edit, gone, poa_id_of
from world import HOUR, access, administration, onboarding, three_links, two_links

group = Group("request", "Section 7, step 10: a request against the powers of every link, and counters")
good, bad = group.good, group.bad

POWERS = "authorization_details"
CA, OTHER_CA = b64(sha256(b"a CA")), b64(sha256(b"another CA"))
MIDNIGHT = NOW - (14 * HOUR + 13 * 60 + 20)  # Monday


def asked(**members):
    """A request; members that are not told are null."""
    made = {"type": "device_onboarding", "action": "onboard", "location": "mine-7/hall-2", "resource": None,
            "device": {"manufacturer": "Example Devices", "model": "XY-1", "serial": "SN-100"}, "replaced": None,
            "evidence": ["device_key"], "address": "10.7.0.9", "counters": []}
    return at("/request", made | members)


def ask(name, value):
    return at(f"/request/{name}", value)


def power(member, value, hop=1, index=0):
    return at(f"/links/{hop}/claims/{POWERS}/{index}/{member}", value)


def powers(hop, *values):
    return at(f"/links/{hop}/claims/{POWERS}", list(values))


def denied(short, title, fault, twin, code, member, *changes, hop=0, index=0, **more):
    bad(short, title, fault, twin, code, hop, f"/{POWERS}/{index}/{member}", *changes, **more)


def at_leaf(member, value):
    """A leaf narrower than its root in one member, so that a request can lie between them."""
    return power(member, value, 1)


plain = good("onboard", "an onboarding that both links hold", two_links(), asked())

# The action.
ACTION = "section 7: a power of the type with the action"
for action in ("replace", "suspend", "resume", "decommission", "reestablish"):
    denied(f"action-{action}", f"{action} where onboard and read are granted", ACTION, plain, "action_not_granted",
           "actions",
           ask("action", action))
good("action-read", "read where onboard and read are granted", plain, ask("action", "read"))
denied("action-unknown", "an action that no type knows", ACTION, plain, "action_not_granted", "actions",
       ask("action", "Onboard"))
leaf = good("action-leaf", "onboard under a leaf that has nothing else", plain, at_leaf("actions", ["onboard"]))
denied("action-leaf-read", "read, which the root grants and the leaf does not", ACTION, leaf, "action_not_granted",
       "actions",
       ask("action", "read"), hop=1)
bad("action-type", "an access request under device powers", "section 7: no power of that type", plain,
    "action_not_granted", 0,
    f"/{POWERS}", ask("type", "access"))
bad("action-type-unknown", "a type that nobody knows", "section 7: no power of that type", plain, "action_not_granted",
    0, f"/{POWERS}",
    ask("type", "device_removal"))

# The location.
LOCATION = "section 5.1: a location covers itself and what is below it, by whole segments"
good("location-below", "a place below", plain, ask("location", "mine-7/hall-2/row-9"))
for short, title, value in (("sibling", "a sibling", "mine-7/hall-3"),
                            ("prefix", "hall-22 where hall-2 is granted", "mine-7/hall-22"),
                            ("above", "the place above", "mine-7"), ("case", "another case", "mine-7/Hall-2"),
                            ("absent", "no place", None),
                            ("tail", "the last segment alone", "hall-2")):
    denied(f"location-{short}", f"location: {title}", LOCATION, plain, "location_not_granted", "locations",
           ask("location", value))
leaf = good("location-leaf", "a place that a narrower leaf covers", plain,
            at_leaf("locations", ["mine-7/hall-2/row-9"]),
            ask("location", "mine-7/hall-2/row-9"))
denied("location-leaf-outside", "a place that the root covers and the leaf does not", LOCATION, leaf,
       "location_not_granted", "locations",
       ask("location", "mine-7/hall-2/row-8"), hop=1)

# The device.
DEVICE = "section 5.1: all members of a selector match; absent never matches"
for short, title, change in (("manufacturer", "another manufacturer", ask("device/manufacturer", "Other Devices")),
                             ("manufacturer-case", "the manufacturer in another case",
                              ask("device/manufacturer", "example devices")),
                             ("model", "another model", ask("device/model", "XY-2")),
                             ("model-longer", "a model that begins alike", ask("device/model", "XY-10")),
                             ("serial", "a serial outside the prefix", ask("device/serial", "SN-200")),
                             ("serial-shorter", "a serial shorter than the prefix", ask("device/serial", "SN-")),
                             ("serial-case", "a serial in another case", ask("device/serial", "sn-100")),
                             ("no-model", "no model", gone("/request/device/model")),
                             ("no-serial", "no serial", gone("/request/device/serial")),
                             ("no-manufacturer", "no manufacturer", gone("/request/device/manufacturer")),
                             ("nothing", "no identity at all", ask("device", {}))):
    denied(f"device-{short}", f"device: {title}", DEVICE, plain, "device_not_granted", "devices", change)
good("device-prefix", "a serial that is the prefix itself", plain, ask("device/serial", "SN-1"))
good("device-more", "an identity with a member more", plain, ask("device/id_link", "https://id.example/xy-1/100"))


def selected(short, title, selector, device):
    """Root and leaf both with one selector, and a device that it matches."""
    return good(short, title, plain, power("devices", [selector], 0), power("devices", [selector], 1),
                ask("device", device))


def unmatched(short, title, twin, device, fault=DEVICE):
    denied(short, title, fault, twin, "device_not_granted", "devices", ask("device", device))


ranged = selected("serial-range", "a serial in a range", {"serial": "SN-100..SN-199"}, {"serial": "SN-150"})
for end in ("SN-100", "SN-199"):
    good(f"serial-range-{end[3:]}", "an end of the range", ranged, ask("device/serial", end))
for short, serial in (("before", "SN-099"), ("after", "SN-200"), ("longer", "SN-1500"), ("letter", "SN-1A0"),
                      ("prefix", "SM-150")):
    unmatched(f"serial-range-{short}", f"{serial} for SN-100..SN-199", ranged, {"serial": serial},
              "section 5.1: that length and prefix, digits after it, between the ends")
exact = selected("serial-exact", "an exact serial", {"serial": "SN-100"}, {"serial": "SN-100"})
unmatched("serial-exact-longer", "a serial that begins like the exact one", exact, {"serial": "SN-1000"})
linked = selected("id-link", "an identification link below a prefix", {"id_link": "https://id.example/xy-1/*"},
                  {"id_link": "https://id.example/xy-1/100"})
for short, value in (("other", "https://id.example/xy-10/100"), ("host", "https://id.example.net/xy-1/100"),
                     ("scheme", "http://id.example/xy-1/100")):
    unmatched(f"id-link-{short}", f"the identification link {value}", linked, {"id_link": value})
issued = selected("idevid-issuer", "a certificate path with the CA in it", {"idevid_issuer": CA},
                  {"idevid_path": [OTHER_CA, CA]})
unmatched("idevid-issuer-other", "a certificate path without the CA", issued, {"idevid_path": [OTHER_CA]},
          "section 7: idevid_issuer matches only a path that the verifier validated")
unmatched("idevid-issuer-none", "no certificate path", issued, {"serial": "SN-100"},
          "section 7: idevid_issuer matches only a path that the verifier validated")
selected("any", "any device, with no identity at all", {"any": True}, {})
either = good("selectors", "the second of two selectors", plain,
              power("devices", [{"model": "XY-2"}, {"serial": "SN-1*"}], 0),
              power("devices", [{"model": "XY-2"}, {"serial": "SN-1*"}], 1))
unmatched("selectors-neither", "neither of two selectors", either, {"model": "XY-1", "serial": "SN-9"})

# replace needs both inside.
swap = good("replace", "a replacement with old and new inside", plain, power("actions", ["replace"], 0),
            power("actions", ["replace"], 1),
            ask("action", "replace"), ask("replaced", {"manufacturer": "Example Devices", "model": "XY-1",
                                                       "serial": "SN-101"}))
denied("replace-old", "a replacement of a device outside", "section 7: replace needs the old record inside", swap,
       "device_not_granted",
       "devices", ask("replaced/serial", "SN-900"))
denied("replace-new", "a replacement by a device outside", "section 7: replace needs the new identity inside", swap,
       "device_not_granted",
       "devices", ask("device/serial", "SN-900"))

# evidence.
EVIDENCE = "section 5.1: what the verifier must have established"
good("evidence-none", "nothing but the device key, which is always counted in", plain, ask("evidence", []))
strict = good("evidence", "an IDevID where one is asked", plain, power("evidence", ["idevid"], 0),
              power("evidence", ["idevid"], 1),
              ask("evidence", ["device_key", "idevid"]))
good("evidence-more", "more than is asked", strict, ask("evidence", ["device_key", "idevid", "attestation"]))
for short, value in (("key", ["device_key"]), ("other", ["device_key", "attestation", "approval"]), ("nothing", [])):
    denied(f"evidence-missing-{short}", "no IDevID where one is asked", EVIDENCE, strict, "evidence_missing",
           "evidence", ask("evidence", value))
LABEL = "section 5.1: under idevid a stated id_link is held by the IDevID or a ticket"
label = {"id_link": "https://id.devices.example/XY-1/SN-100"}
vouched = good("label", "a label that the maker vouches for, where an IDevID is asked", strict,
               edit("/request/device", lambda old: old | label), ask("id_link_vouched", True))
denied("label-cloned", "the same label, and nobody vouches for it", LABEL, vouched, "evidence_missing", "evidence",
       ask("id_link_vouched", False))
good("label-none", "no label, so nobody need vouch for it", strict, ask("id_link_vouched", False))
good("label-typed", "a label that somebody typed, where no IDevID is asked", plain,
     edit("/request/device", lambda old: old | label), ask("id_link_vouched", False))
leaf = good("evidence-leaf", "an approval that only the leaf asks", plain,
            at_leaf("evidence", ["device_key", "approval"]),
            ask("evidence", ["device_key", "approval"]))
denied("evidence-leaf-missing", "no approval where the leaf asks one", EVIDENCE, leaf, "evidence_missing", "evidence",
       ask("evidence", ["device_key"]), hop=1)

# hours.
HOURS = "section 5.1: hours, UTC, half open, no skew"
shift = [{"days": ["mon", "wed"], "from": "07:00", "to": "17:00"}]
working = good("hours", "within the hours", plain, power("hours", shift, 0), power("hours", shift, 1))
long_lived = good("hours-monday", "within the hours of a day that is granted", working,
                  at("/links/1/claims/exp", NOW + 72 * HOUR))
denied("hours-tuesday", "the same time of the next day, which is not granted", HOURS, long_lived, "outside_hours",
       "hours",
       at("/now", NOW + 24 * HOUR))
good("hours-wednesday", "the same time of the day after, which is granted", long_lived, at("/now", NOW + 48 * HOUR))
early = good("hours-from", "the first second of the hours", working, at("/links/0/claims/iat", MIDNIGHT),
             at("/links/0/claims/nbf", MIDNIGHT),
             at("/links/1/claims/iat", MIDNIGHT), at("/links/1/claims/nbf", MIDNIGHT), at("/now", MIDNIGHT + 7 * HOUR))
denied("hours-before", "a second before the hours", HOURS, early, "outside_hours", "hours",
       at("/now", MIDNIGHT + 7 * HOUR - 1))
good("hours-last", "the last second of the hours", working, at("/now", MIDNIGHT + 17 * HOUR - 1))
denied("hours-to", "the first second after the hours", HOURS, "hours-last", "outside_hours", "hours",
       at("/now", MIDNIGHT + 17 * HOUR))
night = [{"days": ["mon"], "from": "22:00", "to": "24:00"}]
late = good("hours-night", "the last second of a day", working, power("hours", night, 0), power("hours", night, 1),
            at("/now", MIDNIGHT + 24 * HOUR - 1), at("/links/1/claims/exp", NOW + 24 * HOUR))
denied("hours-midnight", "midnight after it", HOURS, late, "outside_hours", "hours", at("/now", MIDNIGHT + 24 * HOUR))
leaf = good("hours-leaf", "within the narrower hours of the leaf", working,
            at_leaf("hours", [{"days": ["mon"], "from": "14:00", "to": "15:00"}]))
denied("hours-leaf-outside", "within the root's hours, outside the leaf's", HOURS, leaf, "outside_hours", "hours",
       at("/now", NOW + HOUR), hop=1)

# networks.
NETWORK = "section 5.1: networks from which the agent may act"
blocks = ["10.7.0.0/16", "2001:db8:7::/48"]
home = good("network", "an address in a block", plain, power("networks", blocks, 0), power("networks", blocks, 1))
for short, value in (("first", "10.7.0.0"), ("last", "10.7.255.255"), ("ipv6", "2001:db8:7::1"),
                     ("mapped", "::ffff:10.7.0.9"),
                     ("ipv6-long", "2001:0db8:0007:ffff:ffff:ffff:ffff:ffff")):
    good(f"network-{short}", f"the address {value}", home, ask("address", value))
for short, value in (("before", "10.6.255.255"), ("after", "10.8.0.0"), ("ipv6-other", "2001:db8:8::1"),
                     ("mapped-other", "::ffff:10.8.0.9"),
                     ("unknown", None)):
    denied(f"network-{short}", f"the address {value or 'is unknown'}", NETWORK, home, "network_not_granted", "networks",
           ask("address", value))
good("network-unasked", "an unknown address where no network is asked", plain, ask("address", None))
leaf = good("network-leaf", "an address in the smaller block of the leaf", home, at_leaf("networks", ["10.7.0.0/24"]))
denied("network-leaf-outside", "an address in the root's block, outside the leaf's", NETWORK, leaf,
       "network_not_granted", "networks",
       ask("address", "10.7.1.9"), hop=1)

# Counters.
FULL = "section 7: the first power that holds the request and is not full"
NEEDS = ["counters"]


def used(hop, count, index=0):
    return {"poa": poa_id_of(hop), "power": index, "used": count}


limited = good("quota", "the last device of a quota of ten", plain, power("max_devices", 10, 0),
               power("max_devices", 10, 1),
               ask("counters", [used(0, 9)]), needs=NEEDS)
denied("quota-full", "one device above a quota of ten", FULL, limited, "quota_exceeded", "max_devices",
       ask("counters/0/used", 10), needs=NEEDS)
denied("quota-over", "a quota that was overdrawn", FULL, limited, "quota_exceeded", "max_devices",
       ask("counters/0/used", 11), needs=NEEDS)
denied("quota-leaf", "the quota of the leaf is full, the root's is not", FULL, limited, "quota_exceeded", "max_devices",
       ask("counters", [used(0, 9), used(1, 10)]), hop=1, needs=NEEDS)
good("quota-read", "reading under a full quota", limited, ask("counters/0/used", 10), ask("action", "read"),
     needs=NEEDS)
good("quota-unlimited", "a counter where there is no limit", plain, ask("counters", [used(0, 10**9)]), needs=NEEDS)
twice = [onboarding(max_devices=10), onboarding(max_devices=5)]
good("quota-second", "the first of two powers is full, the second is not", plain, powers(0, *twice),
              powers(1, twice[1]),
              ask("counters", [used(0, 10, 0), used(0, 4, 1)]), needs=NEEDS)

# access and administration.
REST = {"device": None, "location": None}
line = good("access", "a read of a resource", plain, powers(0, access()), powers(1, access()),
            asked(type="access", action="read", resource="https://plc.mine-7.example/lines/4", **REST))
good("access-below", "a resource below", line, ask("resource", "https://plc.mine-7.example/lines/4/cell-1"))
RESOURCE = "section 5.2: scheme, host and port equal, then whole segments"
for short, value in (("sibling", "https://plc.mine-7.example/lines/44"), ("above", "https://plc.mine-7.example/lines"),
                     ("port", "https://plc.mine-7.example:8443/lines/4"),
                     ("scheme", "http://plc.mine-7.example/lines/4"),
                     ("host", "https://plc.mine-7.example.net/lines/4"), ("case", "https://plc.mine-7.example/Lines/4"),
                     ("none", None)):
    denied(f"access-{short}", f"the resource {value or 'is not told'}", RESOURCE, line, "resource_not_granted",
           "resources", ask("resource", value))
denied("access-action", "an action that is not granted", ACTION, line, "action_not_granted", "actions",
       ask("action", "reset"))
audit = good("administration", "a revocation in the administrator's place", plain, powers(0, administration()),
             powers(1, administration()),
             asked(type="administration", action="revoke", location="mine-7/hall-2", device=None))
denied("administration-place", "a revocation in another place", "section 5.3: locations as in 5.1", audit,
       "location_not_granted", "locations",
       ask("location", "mine-8"))
denied("administration-action", "an approval where none is granted", ACTION, audit, "action_not_granted", "actions",
       ask("action", "approve"))

# Several powers, the order, the hop.
LATEST = "section 7: the power that fails latest in the order of the table, ties to the first"
halls = [onboarding(), onboarding(locations=["mine-7/hall-3"], actions=["read"])]
both = good("several", "a request inside the first of two powers", plain, powers(0, *halls), powers(1, *halls))
good("several-second", "a request inside the second of two powers", both, ask("action", "read"),
     ask("location", "mine-7/hall-3"))
denied("several-cross", "the action of one at the place of the other", LATEST, both, "location_not_granted",
       "locations",
       ask("location", "mine-7/hall-3"))
swapped = good("several-swapped", "a request inside the second of two powers in another order", both,
               powers(0, *halls[::-1]),
               powers(1, *halls[::-1]))
denied("several-swapped-cross", "the action of one at the place of the other", LATEST, swapped, "location_not_granted",
       "locations",
       ask("location", "mine-7/hall-3"), index=1)
ties = good("several-ties", "two powers that differ in place", plain,
            powers(0, onboarding(), onboarding(locations=["mine-7/hall-3"])),
            powers(1, onboarding()))
denied("several-tie", "a place outside both", LATEST, ties, "location_not_granted", "locations",
       ask("location", "mine-7/hall-4"))
mixed = good("several-types", "a request under the second power, of its type", plain, powers(0, access(), onboarding()),
             powers(1, access(), onboarding()))
denied("several-types-place", "another place", LOCATION, mixed, "location_not_granted", "locations",
       ask("location", "mine-7/hall-9"), index=1)

ORDER = "section 5: the order of the type's table"
guarded = good("guarded", "a request that every member holds", plain,
               *(power(member, value, hop) for hop in (0, 1) for member, value in (
                   ("evidence", ["idevid"]), ("hours", shift), ("networks", blocks))), ask("evidence", ["idevid"]))
STEPS = (("actions", "action_not_granted", ask("action", "replace")),
         ("locations", "location_not_granted", ask("location", "mine-8")),
         ("devices", "device_not_granted", ask("device/serial", "X")),
         ("evidence", "evidence_missing", ask("evidence", [])),
         ("hours", "outside_hours", at("/now", NOW + 3 * HOUR)),
         ("networks", "network_not_granted", ask("address", None)))
for (member, code, change), (other, _, more) in zip(STEPS, STEPS[1:]):
    denied(f"order-{member}-{other}", f"outside both {member} and {other}", ORDER, guarded, code, member, change, more,
           faults=2,
           why=f"{member} is looked at before {other}")
three = good("three", "a request that three links hold", three_links(), asked())
denied("hop-2", "a place that only the leaf lacks", LOCATION, three, "location_not_granted", "locations",
       ask("location", "mine-7/hall-3"), hop=2)
denied("hop-1", "a place that the second link lacks, and the leaf with it", LOCATION, three, "location_not_granted",
       "locations",
       ask("location", "mine-7/hall-5"), hop=1)
denied("hop-0", "a place that no link has", LOCATION, three, "location_not_granted", "locations",
       ask("location", "port-3"))
bad("order-expired", "a request outside the powers of an expired chain", "section 4: step 7 before step 10", plain,
    "expired", 1, "/exp",
    ask("location", "mine-8"), at("/links/1/claims/exp", NOW), faults=2, why="time comes before the request")
