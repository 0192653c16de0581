"""Steps 4 and 5, each power by itself (section 5)."""
from corpus import Group
from jose import Raw, b64, dumps, sha256
from model import at, gone
from world import access, administration, onboarding, one_link, policy, two_links

group = Group("powers", "Section 5, steps 4 and 5: the members of each type of power, by themselves")
good, bad = group.good, group.bad

POWERS = "authorization_details"


def power(member, value, index=0, hop=0):
    return at(f"/links/{hop}/claims/{POWERS}/{index}/{member}", value)


def powers(*values):
    return at(f"/links/0/claims/{POWERS}", list(values))


def wrong(member, cases, twin, fault, index=0):
    """One vector for each (short, title, value) of @cases, all power_invalid at @member."""
    for short, title, value in cases:
        bad(f"{member.replace('_', '-')}-{short}", f"{member}: {title}", fault, twin, "power_invalid", 0,
            f"/{POWERS}/{index}/{member}", power(member, value, index))


one = good("onboarding", "a device_onboarding power with what it must have", one_link())
two = good("two", "two links", two_links())
every = good("every-member", "a device_onboarding power with every member", one, at("/policy", "site-permanent"),
             powers(onboarding(
    max_devices=20, evidence=["device_key", "idevid"], credential_lifetime=86400, effect="permanent",
    on_revoke="cascade",
    hours=[{"days": ["mon", "tue"], "from": "07:00", "to": "17:00"}], networks=["10.7.0.0/16", "2001:db8:7::/48"])))
third = good("access", "an access power", one, powers(access()))
fourth = good("administration", "an administration power", one, powers(administration()))
pair = good("pair", "two powers of two types", one, powers(onboarding(), access()))

# The type, and the power itself.
TYPE = "section 5: an unknown type is an error"
for short, value in (("other", "device_removal"), ("case", "Device_Onboarding"), ("empty", ""), ("blank", "access ")):
    bad(f"type-{short}", f"type is {dumps(value)}", TYPE, one, "power_unknown", 0, f"/{POWERS}/0/type",
        power("type", value))
bad("type-other-second", "the type of the second power is unknown", TYPE, pair, "power_unknown", 0, f"/{POWERS}/1/type",
    power("type", "device_removal", 1))
bad("type-other-hop-1", "the type of a power of the second link is unknown", TYPE, two, "power_unknown", 1,
    f"/{POWERS}/0/type", power("type", "device_removal", 0, 1))
wrong("type", (("number", "a number", 1), ("null", "null", None), ("array", "an array", ["access"])), one,
      "section 5: every power has a type")
bad("type-absent", "type is absent", "section 5: every power has a type", one, "power_invalid", 0, f"/{POWERS}/0/type",
    gone(f"/links/0/claims/{POWERS}/0/type"))
for short, value in (("string", "device_onboarding"), ("null", None), ("array", []), ("number", 1)):
    bad(f"power-{short}", f"a power is {dumps(value)}", "section 1: a power is an object", one, "power_invalid", 0,
        f"/{POWERS}/0", at(f"/links/0/claims/{POWERS}/0", value))
bad("power-string-second", "the second power is a string", "section 1: a power is an object", pair, "power_invalid", 0,
    f"/{POWERS}/1", at(f"/links/0/claims/{POWERS}/1", "access"))

UNKNOWN = "section 5: a member that the type does not define is an error"
for short, twin, member, value in (
        ("misspelt", one, "max_device", 5), ("case", one, "Actions", ["read"]), ("null", one, "note", None),
        ("resources-in-onboarding", one, "resources", ["https://plc.mine-7.example"]),
        ("locations-in-access", third, "locations", ["mine-7"]), ("max-in-access", third, "max_devices", 5),
        ("datatypes-of-rfc-9396", third, "datatypes", ["x"]),
        ("hours-in-administration", fourth, "hours", [{"days": ["mon"], "from": "07:00", "to": "17:00"}]),
        ("effect-in-administration", fourth, "effect", "permanent")):
    bad(f"member-{short}", f"a foreign member {member}", UNKNOWN, twin, "power_invalid", 0, f"/{POWERS}/0/{member}",
        power(member, value))
for twin, member in ((one, "actions"), (one, "locations"), (one, "devices"), (third, "actions"), (third, "resources"),
                     (fourth, "actions"), (fourth, "locations")):
    bad(f"{member}-absent-{twin}", f"{twin}: {member} is absent", f"section 5: {member} is required", twin,
        "power_invalid", 0, f"/{POWERS}/0/{member}", gone(f"/links/0/claims/{POWERS}/0/{member}"))
bad("actions-empty-hop-1", "actions: an empty array in the second link", "section 5: sets are not empty", two,
    "power_invalid", 1, f"/{POWERS}/0/actions", power("actions", [], 0, 1))

# actions.
wrong("actions", (("empty", "an empty array", []), ("twice", "an action twice", ["read", "read"]),
                  ("unknown", "an unknown action", ["read", "delete"]), ("case", "another case", ["Read"]),
                  ("other-type", "an action of another type", ["revoke"]), ("string", "a string", "read"),
                  ("number", "a number inside", ["read", 1]), ("null", "null", None), ("wildcard", "a *", ["*"])),
      one, "section 5.1: actions is a set of its words")

# locations.
deep = "mine-7/b/c/d/e/f/g/h"
good("locations-16", "sixteen locations", one, power("locations", [f"mine-7/hall-{i}" for i in range(16)]))
good("locations-8-segments", "eight segments", one, power("locations", [deep]))
good("locations-64", "a segment of 64 characters", one, power("locations", ["mine-7/" + "x" * 64]))
good("locations-marks", "every kind of character", one, power("locations",
                                                              ["mine-7/A.b_c-9", "mine-7/...", "mine-7/.a"]))
wrong("locations", (
    ("empty", "an empty array", []), ("17", "seventeen", [f"mine-7/hall-{i}" for i in range(17)]),
    ("twice", "a location twice", ["mine-7/hall-2", "mine-7/hall-2"]), ("string", "a string", "mine-7/hall-2"),
    ("number", "a number inside", [7]), ("empty-path", "an empty path", [""]), ("root", "a / alone", ["/"]),
    ("absolute", "a / in front", ["/mine-7/hall-2"]), ("slash-end", "a / at the end", ["mine-7/hall-2/"]),
    ("slashes", "an empty segment", ["mine-7//hall-2"]), ("dot", "a dot segment", ["mine-7/./hall-2"]),
    ("dots", "a segment of two dots", ["mine-7/hall-2/.."]), ("dots-first", "two dots in front", ["../mine-7"]),
    ("encoded", "a % escape", ["mine-7/hall%2D2"]), ("encoded-slash", "an encoded slash", ["mine-7%2Fhall-2"]),
    ("backslash", "a backslash", ["mine-7\\hall-2"]), ("blank", "a blank", ["mine-7/hall 2"]),
    ("wildcard", "a *", ["mine-7/*"]), ("look-alike", "a letter that looks like another", ["mine-7/h\u0430ll-2"]),
    ("tilde", "a ~", ["mine-7/~hall"]), ("newline", "a line feed at the end", ["mine-7/hall-2\n"]),
    ("9-segments", "nine segments", [deep + "/i"]), ("65", "a segment of 65 characters", ["mine-7/" + "x" * 65])),
    one, "section 5.1: at most 16 paths of 1 to 8 segments [A-Za-z0-9._-]{1,64}, none . or ..")

# devices.
issuer = b64(sha256(b"a SubjectPublicKeyInfo"))
SELECTOR = "section 5.1: a selector is an object with one or more of its members, or {\"any\":true} alone"
good("devices-32", "32 selectors", one, power("devices", [{"serial": f"SN-{i}"} for i in range(32)]))
good("devices-any", "any device", one, power("devices", [{"any": True}]))
good("devices-all", "a selector with every member", one, power("devices", [
    {"manufacturer": "Example Devices", "model": "XY-1", "serial": "SN-100..SN-199",
     "id_link": "https://id.example/xy-1/*", "idevid_issuer": issuer}]))
wrong("devices", (
    ("empty", "an empty array", []), ("33", "33 selectors", [{"serial": f"SN-{i}"} for i in range(33)]),
    ("object", "an object", {"any": True}), ("string", "a string inside", ["SN-1"]),
    ("nothing", "an empty selector", [{}]),
    ("any-false", "any is false", [{"any": False}]), ("any-number", "any is 1", [{"any": 1}]),
    ("any-more", "any and something more", [{"any": True, "model": "XY-1"}]),
    ("foreign", "a foreign member", [{"model": "XY-1", "firmware": "1"}]),
    ("twice", "a selector twice", [{"model": "XY-1"}, {"model": "XY-1"}]),
    ("type", "a member in another case", [{"Model": "XY-1"}])), one, SELECTOR)
good("devices-128", "manufacturer and model of 128 bytes", one,
     power("devices", [{"manufacturer": "m" * 128, "model": "\u00e9" * 64}]))
for member in ("manufacturer", "model"):
    for short, title, value in (("empty", "empty", ""), ("long", "129 bytes", "m" * 129), ("number", "a number", 1),
                                ("null", "null", None)):
        bad(f"{member}-{short}", f"{member}: {title}", "section 5.1: 1 to 128 bytes", one, "power_invalid", 0,
            f"/{POWERS}/0/devices", power("devices", [{member: value}]))

SERIAL = "section 5.1: a serial is exact, a prefix and a final *, or a range A..B"
for short, title, value in (("exact", "an exact serial", "SN-100"), ("64", "a serial of 64 bytes", "S" * 64),
                            ("marks", "a serial of the outermost characters", "!~"), ("dot", "a single dot", "SN.1"),
                            ("prefix-1", "a prefix of one byte", "S*"), ("digits", "a range of digits", "100..200"),
                            ("range", "a range with a common prefix", "SN-199..SN-200"),
                            ("range-1", "a range of one digit", "SN-1..SN-2")):
    good(f"serial-{short}", title, one, power("devices", [{"serial": value}]))
for short, title, value in (
        ("empty", "an empty serial", ""), ("65", "65 bytes", "S" * 65), ("blank", "a blank", "SN 1"),
        ("delete", "a DEL", "SN\u007f"), ("utf8", "a character beyond ASCII", "SN\u00e9"), ("number", "a number", 100),
        ("star", "a * alone", "*"), ("star-first", "a * in front", "*SN"), ("star-middle", "a * inside", "SN*1"),
        ("stars", "two *", "SN**"), ("range-reversed", "a range from the larger end", "SN-200..SN-100"),
        ("range-equal", "a range with equal ends", "SN-100..SN-100"),
        ("range-lengths", "ends of unequal length", "SN-9..SN-10"),
        ("range-short", "the second end cut", "SN-100..199"),
        ("range-letters", "letters after the common prefix", "SN-A1..SN-B1"),
        ("range-letter-end", "a letter after the digits", "SN-1A..SN-2A"),
        ("range-open", "no second end", "SN-100.."), ("range-open-first", "no first end", "..SN-100"),
        ("range-only", "two dots alone", ".."), ("range-twice", "two ranges in one", "SN-1..SN-2..SN-3"),
        ("range-star", "a range and a *", "SN-1..SN-2*"), ("star-range", "a * in a range", "S*..T*")):
    bad(f"serial-{short}", f"serial: {title}", SERIAL, one, "power_invalid", 0, f"/{POWERS}/0/devices",
        power("devices", [{"serial": value}]))

LINK = "section 5.1: an IEC 61406 link, or scheme://host/ at least, ending at a / and then *"
base = "https://id.example/"
for short, title, value in (("http", "an http link", "http://id.example/x"), ("exact", "a link", base + "xy-1/100"),
                            ("query", "a link with a query", base + "xy-1?sn=100"),
                            ("255", "a link of 255 bytes", base + "x" * (255 - len(base))),
                            ("host-prefix", "all links of a host", base + "*"),
                            ("prefix", "all links below a path", base + "xy-1/*")):
    good(f"id-link-{short}", title, one, power("devices", [{"id_link": value}]))
for short, title, value in (
        ("empty", "empty", ""), ("256", "256 bytes", base + "x" * (256 - len(base))),
        ("ftp", "ftp", "ftp://id.example/x"),
        ("scheme-case", "an upper-case scheme", "HTTPS://id.example/x"), ("relative", "no scheme", "//id.example/x"),
        ("host-case", "an upper-case host", "https://ID.example/x"), ("no-host", "no host", "https:///x"),
        ("percent", "a %", base + "x%2F1"), ("fragment", "a #", base + "x#1"),
        ("backslash", "a backslash", base + "x\\1"),
        ("user", "an @", "https://user@id.example/x"), ("dots", "a segment of two dots", base + "a/../b"),
        ("dot", "a dot segment", base + "./a"), ("dots-end", "two dots at the end", base + "a/.."),
        ("control", "a control character", base + "x\u0001"), ("utf8", "a character beyond ASCII", base + "\u00e9"),
        ("star", "a * alone", "*"), ("star-scheme", "a * for the host", "https://*"),
        ("star-host", "a * after the host", "https://id.example*"), ("star-word", "a * inside a segment", base + "xy*"),
        ("star-middle", "a * inside", base + "*/100"), ("stars", "two *", base + "**"), ("number", "a number", 1)):
    bad(f"id-link-{short}", f"id_link: {title}", LINK, one, "power_invalid", 0, f"/{POWERS}/0/devices",
        power("devices", [{"id_link": value}]))
for short, title, value in (("short", "42 characters", issuer[:42]), ("long", "44 characters", issuer + "A"),
                            ("padded", "padding", issuer + "="), ("unused-bits", "unused bits set", "A" * 42 + "B"),
                            ("hex", "hexadecimal", "0" * 64), ("number", "a number", 1)):
    bad(f"idevid-issuer-{short}", f"idevid_issuer: {title}", "section 5.1: base64url of 32 bytes", one, "power_invalid",
        0, f"/{POWERS}/0/devices", power("devices", [{"idevid_issuer": value}]))

# Numbers and words.
NOT_WHOLE = (("string", "a string", "100"), ("real", "100.0", Raw("100.0")), ("exponent", "1e2", Raw("1e2")),
             ("negative", "-1", -1), ("zero", "0", 0), ("null", "null", None), ("true", "true", True),
             ("array", "an array", [100]), ("huge", "2^63", 2**63))
for value in (1, 10**9):
    good(f"max-devices-{value}", f"max_devices is {value}", every, power("max_devices", value))
wrong("max_devices", (*NOT_WHOLE, ("above", "10^9 + 1", 10**9 + 1)), every,
      "section 5.1: max_devices is a whole number 1 to 10^9")
good("credential-lifetime-60", "credential_lifetime is 60", every, power("credential_lifetime", 60))
wrong("credential_lifetime", (*NOT_WHOLE, ("59", "59", 59)), every, "section 5.1: seconds from 60")
for value in (["device_key"], ["idevid"], ["device_key", "idevid", "attestation", "approval"]):
    good(f"evidence-{len(value)}-{value[0].replace('_', '-')}", f"evidence is {dumps(value)}", every,
         power("evidence", value))
wrong("evidence", (("empty", "an empty array", []), ("twice", "a word twice", ["idevid", "idevid"]),
                   ("unknown", "an unknown word", ["photo"]), ("string", "a string", "idevid"),
                   ("case", "another case", ["IDevID"]), ("null", "null", None)), every,
      "section 5.1: a set of device_key, idevid, attestation, approval")
for value in ("until_exp", "permanent"):
    good(f"effect-{value.replace('_', '-')}", f"effect is {value}", every, power("effect", value))
wrong("effect", (("unknown", "an unknown word", "forever"), ("case", "another case", "Permanent"),
                 ("null", "null", None),
                 ("array", "an array", ["permanent"]), ("empty", "empty", "")), every,
      "section 5.1: until_exp or permanent")
for value in ("stop_new", "review", "cascade"):
    good(f"on-revoke-{value.replace('_', '-')}", f"on_revoke is {value}", every, power("on_revoke", value))
wrong("on_revoke", (("unknown", "an unknown word", "ignore"), ("null", "null", None), ("number", "a number", 0),
                    ("dash", "a dash for the underscore", "stop-new")), every,
      "section 5.1: stop_new, review or cascade")

# hours.


def window(**members):
    return {"days": ["mon"], "from": "07:00", "to": "17:00"} | members


good("hours-16", "sixteen windows", every, power("hours", [window(to=f"17:{i:02}") for i in range(16)]))
good("hours-whole-day", "a window of a whole day, every day", every,
     power("hours", [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}]))
good("hours-last-minute", "the last minute of a day", every, power("hours",
                                                                   [window(**{"from": "23:59", "to": "24:00"})]))
good("hours-night", "a night shift in two windows", every,
     power("hours", [window(**{"from": "22:00", "to": "24:00"}),
                     window(days=["tue"], **{"from": "00:00", "to": "06:00"})]))
wrong("hours", (
    ("empty", "an empty array", []), ("17", "seventeen windows", [window(to=f"17:{i:02}") for i in range(17)]),
    ("twice", "a window twice", [window(), window()]), ("object", "an object", window()),
    ("string", "a string inside", ["mon 07:00-17:00"]), ("no-days", "no days", [{"from": "07:00", "to": "17:00"}]),
    ("no-from", "no from", [{"days": ["mon"], "to": "17:00"}]),
    ("no-to", "no to", [{"days": ["mon"], "from": "07:00"}]),
    ("foreign", "a foreign member", [window(tz="UTC")]), ("days-empty", "no day", [window(days=[])]),
    ("days-twice", "a day twice", [window(days=["mon", "mon"])]), ("days-long", "monday", [window(days=["monday"])]),
    ("days-case", "Mon", [window(days=["Mon"])]), ("days-string", "days as a string", [window(days="mon")]),
    ("days-number", "a day as a number", [window(days=[1])]), ("equal", "from equals to", [window(to="07:00")]),
    ("midnight", "a window across midnight", [window(**{"from": "22:00", "to": "06:00"})]),
    ("to-2401", "to is 24:01", [window(to="24:01")]), ("from-2400", "from is 24:00",
                                                       [window(**{"from": "24:00", "to": "24:00"})]),
    ("minute-60", "07:60", [window(**{"from": "07:60"})]), ("hour-25", "25:00", [window(to="25:00")]),
    ("one-digit", "7:00", [window(**{"from": "7:00"})]), ("seconds", "07:00:00", [window(**{"from": "07:00:00"})]),
    ("no-colon", "0700", [window(**{"from": "0700"})]), ("zone", "17:00Z", [window(to="17:00Z")]),
    ("number", "a number", [window(**{"from": 7})])), every,
    "section 5.1: 1 to 16 windows, UTC, HH:MM, from < to, to at most 24:00")

# networks.
good("networks-16", "sixteen blocks", every, power("networks", [f"10.{i}.0.0/16" for i in range(16)]))
for short, value in (("ipv4-all", "0.0.0.0/0"), ("ipv6-all", "::/0"), ("ipv4-host", "192.0.2.7/32"),
                     ("ipv6-host", "2001:db8::7/128"), ("odd-bits", "10.128.0.0/9")):
    good(f"networks-{short}", f"the block {value}", every, power("networks", [value]))
wrong("networks", (
    ("empty", "an empty array", []), ("17", "seventeen blocks", [f"10.{i}.0.0/16" for i in range(17)]),
    ("twice", "a block twice", ["10.0.0.0/8", "10.0.0.0/8"]), ("string", "a string", "10.0.0.0/8"),
    ("host-bits", "host bits", ["10.0.0.1/8"]), ("host-bits-odd", "host bits in the middle of a byte",
                                                 ["10.192.0.0/9"]),
    ("ipv6-host-bits", "IPv6 host bits", ["2001:db8::1/32"]), ("33", "a prefix of 33 bits", ["10.0.0.0/33"]),
    ("129", "a prefix of 129 bits", ["2001:db8::/129"]), ("leading-zero", "a leading zero", ["010.0.0.0/8"]),
    ("prefix-zero", "a leading zero in the length", ["10.0.0.0/08"]), ("no-prefix", "no length", ["10.0.0.0"]),
    ("empty-prefix", "an empty length", ["10.0.0.0/"]), ("minus", "a negative length", ["10.0.0.0/-1"]),
    ("plus", "a length with a plus sign", ["10.0.0.0/+8"]), ("short", "three numbers", ["10.0.0/8"]),
    ("256", "256 in an address", ["256.0.0.0/8"]), ("mapped", "an IPv4-mapped block", ["::ffff:10.0.0.0/104"]),
    ("mapped-hex", "an IPv4-mapped block in hexadecimal", ["::ffff:a00:0/104"]),
    ("zone", "a zone", ["fe80::%eth0/64"]), ("netmask", "a netmask", ["10.0.0.0/255.0.0.0"]),
    ("blank", "a blank in front", [" 10.0.0.0/8"]), ("name", "a host name", ["site.example/8"]),
    ("brackets", "brackets", ["[2001:db8::]/32"]), ("number", "a number", [10])), every,
    "section 5.1: 1 to 16 CIDR blocks, no host bits, no leading zeros, no IPv4-mapped block, no zone")

# access.
whole = good("access-every-member", "an access power with every member", third, powers(access(
    hours=[{"days": ["mon"], "from": "07:00", "to": "17:00"}], networks=["10.7.0.0/16"])))
open_ = policy("open-access", at("/owners/0/powers/1/actions", [f"a{i}" for i in range(32)]),
               at("/owners/0/powers/1/resources", ["https://plc.example", "http://plc.example", "https://192.0.2.7",
                                                   "https://plc.example:8443", "http://plc.example:443",
                                                   "opc.tcp://plc.example:4840", "https://a-b.c9.example"]))
wide = good("access-32", "32 actions", third, at("/policy", open_),
            powers(access(actions=[f"a{i}" for i in range(32)], resources=["https://plc.example"])))
for short, value in (("host", "https://plc.example"), ("path", "https://plc.example/lines/4"),
                     ("http", "http://plc.example"), ("ipv4", "https://192.0.2.7/x"),
                     ("port", "https://plc.example:8443/x"), ("other-port", "http://plc.example:443"),
                     ("scheme", "opc.tcp://plc.example:4840"), ("name", "https://a-b.c9.example")):
    good(f"resource-{short}", f"the resource {value}", wide, power("resources", [value]))
good("resources-32", "32 resources", wide, power("resources", [f"https://plc.example/{i}" for i in range(32)]))
RESOURCE = "section 5.2: scheme://host[:port] and optionally /seg/seg"
for short, title, value in (
        ("slash-end", "a / at the end", "https://plc.example/"),
        ("slash-end-path", "a / after a path", "https://plc.example/x/"),
        ("scheme-case", "an upper-case scheme", "HTTPS://plc.example"),
        ("host-case", "an upper-case host", "https://PLC.example"),
        ("default-port", "the default port of https", "https://plc.example:443"),
        ("default-port-http", "the default port of http", "http://plc.example:80"),
        ("port-0", "a port with a leading zero", "https://plc.example:08443"),
        ("port-large", "port 65536", "https://plc.example:65536"),
        ("port-empty", "an empty port", "https://plc.example:"),
        ("user", "user info", "https://user@plc.example"), ("query", "a query", "https://plc.example/x?y=1"),
        ("fragment", "a fragment", "https://plc.example/x#y"), ("percent", "a %", "https://plc.example/a%2Fb"),
        ("backslash", "a backslash", "https://plc.example/a\\b"),
        ("empty-segment", "an empty segment", "https://plc.example//x"),
        ("dot", "a dot segment", "https://plc.example/./x"), ("dots", "two dots", "https://plc.example/a/../b"),
        ("no-host", "no host", "https://"), ("no-scheme", "no scheme", "plc.example/x"),
        ("path-only", "a path", "/lines/4"),
        ("ipv6", "an IPv6 address", "https://[2001:db8::7]"), ("ipv4-short", "a short IPv4 address", "https://192.0.2"),
        ("ipv4-octal", "an IPv4 address with a leading zero", "https://192.0.02.7"),
        ("wildcard", "a * for a label", "https://*.example"), ("blank", "a blank", "https://plc.example/a b"),
        ("empty", "empty", ""), ("utf8", "a host beyond ASCII", "https://pl\u00e7.example")):
    bad(f"resource-{short}", f"resources: {title}", RESOURCE, wide, "power_invalid", 0, f"/{POWERS}/0/resources",
        power("resources", [value]))
wrong("resources", (("33", "33 resources", [f"https://plc.example/{i}" for i in range(33)]),
                    ("none", "an empty array", []),
                    ("twice", "a resource twice", ["https://plc.example"] * 2),
                    ("string", "a string", "https://plc.example"),
                    ("number", "a number inside", [1])), wide, "section 5.2: 1 to 32 resources")
for short, title, value in (("33", "33 actions", [f"a{i}" for i in range(33)]),
                            ("upper", "an upper-case letter", ["Read"]),
                            ("65", "a token of 65 characters", ["a" * 65]), ("blank", "a blank", ["read all"]),
                            ("empty", "an empty token", [""]), ("none", "an empty array", []),
                            ("slash", "a /", ["a/b"]),
                            ("twice", "a token twice", ["a1", "a1"]), ("number", "a number", [1])):
    bad(f"access-actions-{short}", f"actions of access: {title}", "section 5.2: 1 to 32 tokens [a-z0-9_.:-]{1,64}",
        wide,
        "power_invalid", 0, f"/{POWERS}/0/actions", power("actions", value))
for member, value in (("hours", []), ("networks", ["10.0.0.1/8"])):
    bad(f"access-{member}", f"{member} of access is wrong", "section 5.2: hours and networks as in 5.1", whole,
        "power_invalid", 0, f"/{POWERS}/0/{member}", power(member, value))

# administration.
good("administration-all", "all actions of administration", fourth,
     power("actions", ["revoke", "suspend", "resume", "approve", "audit"]))
for short, member, value in (("onboard", "actions", ["onboard"]), ("twice", "actions", ["audit", "audit"]),
                             ("empty", "actions", []), ("dots", "locations", ["mine-7/.."]), ("none", "locations", [])):
    bad(f"administration-{member}-{short}", f"{member} of administration is {dumps(value)}",
        "section 5.3: actions from revoke, suspend, resume, approve, audit; locations as in 5.1", fourth,
        "power_invalid", 0, f"/{POWERS}/0/{member}", power(member, value))

# Which power, and which member.
ORDER = "section 5: the order of the type's table"
bad("second-power", "the second of two powers is wrong", "section 5.2: resources are not empty", pair, "power_invalid",
    0,
    f"/{POWERS}/1/resources", power("resources", [], 1))
bad("order-powers", "both powers are wrong", "section 4 step 4: each power by itself", pair, "power_invalid", 0,
    f"/{POWERS}/0/devices", power("devices", []), power("actions", [], 1), faults=2, why="the first power is told")
ROWS = (("actions", []), ("locations", []), ("devices", []), ("max_devices", 0), ("evidence", []),
        ("credential_lifetime", 1), ("effect", ""), ("on_revoke", ""), ("hours", []), ("networks", []), ("note", 1))
for (first, value), (second, more) in zip(ROWS, ROWS[1:]):
    bad(f"order-{first}-{second}".replace("_", "-"), f"{first} and {second} are wrong", ORDER, every, "power_invalid",
        0,
        f"/{POWERS}/0/{first}", power(second, more), power(first, value), faults=2,
        why=f"{first} comes before {second}" + (", which the type does not define" if second == "note" else ""))
