"""poa verify and poa inspect: the tree, the JSON, the exit codes, and what a hostile name may do to a terminal."""

import base64
import hashlib
import json
import re
import time

import pytest
from jwcrypto import jwk, jws

from poa_cli import Story

FUTURE = "2036-12-24T18:00Z"


@pytest.fixture
def cli(tmp_path):
    story = Story(tmp_path)
    story.root()
    story.sub("--location", "mine-7/hall-2")
    return story


def sign(cli, claims, key="owner", header=None):
    """Any claims, signed outside of the program."""
    pem = (cli.folder / f"{key}.key").read_bytes()
    token = jws.JWS(json.dumps(claims).encode())
    head = {"typ": "poa+jwt", "alg": "ES256", "kid": cli.thumbprints[key]}
    head.update(header or {})
    token.add_signature(jwk.JWK.from_pem(pem), None, json.dumps(head))
    return token.serialize(compact=True)


ONBOARD = ("--action", "onboard", "--location", "mine-7/hall-2", "--device", "manufacturer=Acme,serial=SN-17")


def test_a_chain_that_is_valid_and_alive(cli):
    told = cli.verify("technician.poa")
    assert told.code == 0
    assert told.out.startswith("PERMIT the chain is valid and alive; no request was asked\n")
    assert told.out.count("✓ signed and within the link above") == 2
    assert told.out.count("? standing (unchecked)") == 2
    assert "✗" not in told.out and "grants the request" not in told.out
    assert "revocation is unchecked" in told.err
    assert "locations: mine-7 → mine-7/hall-2" in told.out
    assert re.search(r"locations +mine-7/hall-2 +\(link 1\)", told.out)
    assert re.search(r"max_devices +20 +\(link 0\)", told.out)


def test_a_request_that_would_be_granted(cli):
    told = cli.verify("technician.poa", *ONBOARD)
    assert told.code == 0 and "the request would be granted" in told.out
    assert told.out.count("✓ grants the request") == 2


JSON_KEYS = ["decision", "code", "hop", "member", "parent", "child", "request", "because", "revocation", "chain",
             "effective"]


def test_json_keys_are_always_the_same(cli):
    permit = cli.verify("technician.poa", "--json").json
    assert list(permit) == JSON_KEYS
    assert (permit["decision"], permit["code"], permit["hop"], permit["revocation"]) == ("permit", "ok", None,
                                                                                       "unchecked")
    assert [list(link) for link in permit["chain"]] == [["poa_id", "iss", "sub", "nbf", "exp", "transferable"]] * 2
    assert permit["effective"]["powers"][0]["locations"] == {"value": ["mine-7/hall-2"], "hop": 1}
    signing_input = cli.read("contractor.poa").strip().rsplit(".", 1)[0]
    digest = hashlib.sha256(signing_input.encode()).digest()
    assert permit["chain"][0]["poa_id"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")

    deny = cli.verify("technician.poa", "--json", *ONBOARD[:3], "mine-7/hall-3", *ONBOARD[4:])
    assert deny.code == 7 and list(deny.json) == JSON_KEYS
    assert deny.json["decision"] == "deny" and deny.json["effective"] is None
    assert (deny.json["code"], deny.json["hop"], deny.json["member"]) == (
        "location_not_granted", 1, "/authorization_details/0/locations")
    assert deny.json["request"] == "mine-7/hall-3"

    cli.write("bad.poa", "x\n")
    bad = cli.verify("bad.poa", "--json")
    assert bad.code == 3 and list(bad.json) == JSON_KEYS and bad.json["chain"] == []


@pytest.mark.parametrize("change, code, hop", [
    (("--action", "decommission"), "action_not_granted", 0),
    (("--location", "mine-7"), "location_not_granted", 1),
    (("--location", "mine-8"), "location_not_granted", 0),
    (("--device", "manufacturer=Acme,serial=SN-2"), "device_not_granted", 0),
    (("--device", "serial=SN-17"), "device_not_granted", 0),
    (("--type", "access"), "action_not_granted", 0),
    (("--type", "administration"), "action_not_granted", 0),
])
def test_requests_that_are_not_granted(cli, change, code, hop):
    args = list(ONBOARD)
    if change[0] in args:
        args[args.index(change[0]) + 1] = change[1]
    else:
        args += change
    told = cli.verify("technician.poa", "--json", *args)
    assert (told.code, told.json["code"], told.json["hop"]) == (7, code, hop)


def test_requests_on_every_member(cli):
    cli.root(powers=("--action", "onboard,replace", "--location", "mine-7", "--device", "serial=SN-1*", "--evidence",
                     "idevid", "--hours", "mon,07:00-17:00", "--network", "10.0.0.0/8", "--effect", "permanent"))
    monday, tuesday = "2036-12-22T08:00Z", "2036-12-23T08:00Z"
    cli.root("--until", "2037-01-01T00:00Z",
             powers=("--action", "onboard,replace", "--location", "mine-7", "--device", "serial=SN-1*", "--evidence",
                     "idevid", "--hours", "mon,07:00-17:00", "--network", "10.0.0.0/8", "--effect", "permanent"))
    policy = json.loads(cli.read("site.json"))
    policy["owners"][0]["max_lifetime"] = 10 ** 9
    cli.write("site.json", json.dumps(policy))
    good = ("--action", "onboard", "--location", "mine-7", "--device", "serial=SN-1", "--evidence", "idevid",
            "--address", "10.1.2.3")
    assert cli.verify("contractor.poa", "--at", monday, *good).code == 0

    def code(*args, at=monday):
        told = cli.verify("contractor.poa", "--json", "--at", at, *args)
        assert told.code == 7, told
        return told.json["code"]

    assert code(*good, at=tuesday) == "outside_hours"
    assert code(*good[:-2], "--address", "192.0.2.1") == "network_not_granted"
    assert code(*good[:-2]) == "network_not_granted"
    assert code(*good[:6], *good[8:]) == "evidence_missing"
    replace = ("--action", "replace", *good[2:])
    assert cli.verify("contractor.poa", "--at", monday, *replace, "--replaces", "serial=SN-10").code == 0
    assert code(*replace, "--replaces", "serial=SN-2") == "device_not_granted"


def test_a_resource(cli):
    policy = json.loads(cli.read("site.json"))
    power = {"type": "access", "actions": ["calibrate"], "resources": ["https://plant.example/api"]}
    policy["owners"][0]["powers"].append(power)
    cli.write("site.json", json.dumps(policy))
    cli.root("--action", "calibrate", "--resource", "https://plant.example/api", powers=())
    ask = ("--action", "calibrate", "--resource")
    assert cli.verify("contractor.poa", *ask, "https://plant.example/api/x").code == 0
    told = cli.verify("contractor.poa", "--json", *ask, "https://plant.example/apix")
    assert (told.code, told.json["code"]) == (7, "resource_not_granted")


@pytest.mark.parametrize("args, says", [
    (("--location", "a"), "--action is missing"), (("--action", "onboard", "--address", "x"), "--address"),
    (("--action", "onboard", "--evidence", "idevidd"), "evidence is"),
    (("--action", "onboard", "--device", "serail=1"), "did you mean serial?"),
    (("--action", "onboard", "--device", "serial"), "--device wants"),
    (("--action", "onboard", "--device", "idevid_issuer=x"), "idevid_issuer"),
    (("--at", "yesterday"), "--at wants"), (("--revocations-complete",), "--revocations"),
])
def test_requests_that_cannot_be_understood(cli, args, says):
    refused = cli.verify("technician.poa", *args)
    assert (refused.code, refused.out) == (2, "") and says in refused.err


def test_what_verify_wants(cli):
    assert "CHAIN" in cli.fails(2, "verify", "--policy", "site.json").err
    assert "--policy" in cli.fails(2, "verify", "technician.poa").err
    assert "one argument too many" in cli.fails(2, "verify", "a", "b", "--policy", "site.json").err
    cli.fails(2, "verify", "nothing.poa", "--policy", "site.json")
    cli.fails(2, "verify", "technician.poa", "--policy", "nothing.json")


def test_time(cli):
    late = cli.verify("technician.poa", "--at", "2036-01-01T00:00Z")
    assert late.code == 5
    assert "✗ in time: expired at /exp" in late.out and "· standing (not reached)" in late.out
    assert late.out.startswith("DENY expired\n")
    early = cli.verify("technician.poa", "--at", "1000", "--json")
    assert (early.code, early.json["code"], early.json["hop"]) == (5, "issued_in_future", 0)
    at = int(time.time()) + 60
    assert cli.verify("technician.poa", "--at", str(at)).code == 0


def test_trust_and_rules(cli):
    policy = json.loads(cli.read("site.json"))
    other = json.loads(json.dumps(policy))
    other["owners"][0]["keys"][0]["jwk"] = json.loads(cli.read("technician.jwk"))
    cli.write("site.json", json.dumps(other))
    untrusted = cli.verify("technician.poa")
    assert untrusted.code == 4
    assert "✗ signed and within the link above: root_untrusted at /header/kid" in untrusted.out
    assert "· policy (not reached)" in untrusted.out

    other = dict(policy, resource_owner="elsewhere.example")
    cli.write("site.json", json.dumps(other))
    elsewhere = cli.verify("technician.poa")
    assert elsewhere.code == 8 and "✗ policy: audience_mismatch" in elsewhere.out

    other = json.loads(json.dumps(policy))
    other["owners"][0]["max_links"] = 1
    cli.write("site.json", json.dumps(other))
    assert "✗ policy: chain_too_long" in cli.verify("technician.poa").out

    other = json.loads(json.dumps(policy))
    other["algorithms"] = ["EdDSA", "ES256"]
    cli.write("site.json", json.dumps(other))
    assert cli.verify("technician.poa").code == 0


def test_a_changed_chain(cli):
    whole = cli.read("technician.poa").strip()
    cli.write("x.poa", whole[:-6] + ("AAAAAA" if whole[-6:] != "AAAAAA" else "BBBBBB") + "\n")
    told = cli.verify("x.poa")
    assert told.code == 4
    assert told.out.count("✓ signed and within the link above") == 1
    assert "✗ signed and within the link above: signature_" in told.out
    root, leaf = whole.split("~")
    cli.write("x.poa", leaf + "\n")
    assert cli.verify("x.poa", "--json").json["code"] == "root_untrusted"
    for text, exit_code in (("", 3), ("~", 3), (whole + "~", 3), (whole.replace("~", "~~"), 3), (whole + " ", 3),
                            ("A" * 70000, 3)):
        cli.write("x.poa", text)
        assert cli.verify("x.poa").code == exit_code, text[:20]


def test_an_algorithm_that_the_policy_does_not_list(cli):
    cli.ok("key", "new", "--alg", "ES384", "-o", "contractor.key", "--public", "contractor.jwk", "--force")
    cli.root()
    cli.sub()
    policy = json.loads(cli.read("site.json"))
    policy["algorithms"] = ["ES256"]
    cli.write("site.json", json.dumps(policy))
    told = cli.verify("technician.poa")
    assert told.code == 4 and "alg_not_allowed" in told.out
    # Headers come before signatures: link 0 was not looked at further.
    assert "✓ signed" not in told.out


def test_the_chain_comes_from_stdin(cli):
    assert cli.run("verify", "-", "--policy", "site.json", stdin=cli.read("technician.poa")).code == 0
    assert cli.run("inspect", "-", stdin=cli.read("technician.poa")).code == 0


# ---- revocations ----


def revoke(cli, *args, key="owner", verb="revoke"):
    return cli.ok(verb, "--key", f"{key}.key", *args).out


def test_a_list_of_statements(cli):
    cli.write("list", revoke(cli, "--chain", "technician.poa", "--hop", "0"))
    told = cli.verify("technician.poa", "--revocations", "list", "--revocations-complete")
    assert told.code == 6 and "✗ standing: revoked" in told.out
    assert "you vouch that list is complete" in told.err
    unsure = cli.verify("technician.poa", "--revocations", "list", "--json")
    assert (unsure.code, unsure.json["code"], unsure.json["revocation"]) == (10, "revocation_unknown", "unknown")
    both = cli.verify("technician.poa", "--revocations", "list", "--revocations-complete", "--json").json
    assert (both["code"], both["hop"], both["revocation"]) == ("revoked", 0, "checked")


def test_an_empty_list_that_is_complete(cli):
    cli.write("list", "")
    told = cli.verify("technician.poa", "--revocations", "list", "--revocations-complete", "--json")
    assert (told.code, told.json["revocation"]) == (0, "checked")


def test_a_suspension_and_its_end(cli):
    held = revoke(cli, "--chain", "technician.poa", key="contractor", verb="suspend")
    cli.write("hold", held)
    cli.write("list", held)
    args = ("--revocations", "list", "--revocations-complete")
    told = cli.verify("technician.poa", *args, "--json")
    assert (told.code, told.json["code"], told.json["hop"]) == (6, "suspended", 1)
    assert cli.verify("contractor.poa", *args).code == 0
    cli.write("list", held + revoke(cli, "--statement", "hold", key="contractor", verb="resume"))
    assert cli.verify("technician.poa", *args).code == 0


def test_a_lost_key(cli):
    cli.write("list", revoke(cli, "--target-key", "technician.jwk", "--reason", "keyCompromise", key="technician"))
    told = cli.verify("technician.poa", "--revocations", "list", "--revocations-complete", "--json")
    assert (told.code, told.json["code"], told.json["hop"]) == (6, "key_revoked", 1)


def test_lines_that_do_not_count(cli):
    cli.key("stranger")
    cli.write("list", revoke(cli, "--chain", "technician.poa", key="stranger"))
    told = cli.verify("technician.poa", "--revocations", "list", "--revocations-complete")
    assert told.code == 0 and "1 statement by keys without authority ignored" in told.err
    cli.write("list", "no statement\n")
    told = cli.verify("technician.poa", "--revocations", "list", "--revocations-complete")
    assert told.code == 10 and "revocation_unknown" in told.err


# ---- inspect ----


def test_inspect_says_unverified_first(cli):
    told = cli.ok("inspect", "technician.poa")
    assert told.out.splitlines()[0].startswith("UNVERIFIED")
    assert "PERMIT" not in told.out and "✓" not in told.out
    assert "owner.example" in told.out and "technician-4" in told.out
    assert "locations: mine-7 → mine-7/hall-2" in told.out
    assert "left)" in told.out
    assert re.search(r"until +\S+ +\(link 0\)", told.out)


def test_inspect_of_a_stranger_is_no_less_unverified(cli):
    """A chain that nobody trusts looks no better and no worse: only verify decides."""
    cli.write("x.poa", sign(cli, dict(cli.payload("contractor.poa"), jti="A" * 22), key="technician") + "\n")
    told = cli.ok("inspect", "x.poa")
    assert told.out.splitlines()[0].startswith("UNVERIFIED")


def test_inspect_tells_of_links_that_do_not_hold(cli):
    whole = cli.read("technician.poa").strip()
    cli.write("x.poa", whole[:-6] + ("AAAAAA" if whole[-6:] != "AAAAAA" else "BBBBBB"))
    told = cli.run("inspect", "x.poa")
    assert told.code == 4 and told.out.startswith("UNVERIFIED") and "✗ signed" in told.out
    facts = cli.run("inspect", "x.poa", "--json")
    assert facts.code == 4 and facts.json["links_hold"] is False and facts.json["reason"]["hop"] == 1


def test_inspect_json(cli):
    facts = cli.ok("inspect", "technician.poa", "--json").json
    assert list(facts) == ["verified", "links_hold", "reason", "chain", "claimed"]
    assert facts["verified"] is False and facts["links_hold"] is True and facts["reason"] is None
    assert facts["chain"][1]["taken"][0]["narrowed"]["locations"] == {"from": ["mine-7"], "to": ["mine-7/hall-2"]}
    assert facts["chain"][0]["kid"] == cli.thumbprints["owner"]
    assert facts["chain"][0]["agent_key"] == cli.thumbprints["contractor"]
    assert facts["chain"][0]["authorization_details"] == cli.payload("contractor.poa")["authorization_details"]


def test_inspect_shows_time_that_is_over_and_to_come(cli):
    assert "over for" in cli.ok("inspect", "technician.poa", "--at", "2036-01-01T00:00Z").out
    cli.root("--not-before", FUTURE, "--for", "8h")
    assert "begins in" in cli.ok("inspect", "contractor.poa").out


# ---- hostile names ----

HOSTILE = {
    "escape": "a\x1b[31mred\x1b]0;title\x07",
    "bidi": "user\u202egpj.exe",
    "isolate": "\u2066x\u2069",
    "c1": "x\u009b31my",
    "zero width": "pay\u200bpal",
    "tag": "x\U000e0041",
    "line separator": "a\u2028b",
    "del": "a\x7fb",
    "newline": "a\nDENY",
    "feigned escape": "\\u{202e}",
}
SAFE_IN_SUB = ("bidi", "isolate", "zero width", "tag", "line separator", "feigned escape")


def active(text):
    return [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7f <= ord(c) <= 0x9f or
            ord(c) in range(0x200b, 0x2010) or ord(c) in range(0x2028, 0x202f) or ord(c) in range(0x2060, 0x2070) or
            ord(c) >= 0xe0000]


@pytest.mark.parametrize("name", HOSTILE)
def test_values_from_a_token_are_escaped(cli, name):
    """In names, in powers, in reasons; on a terminal or not; as text and as JSON."""
    text = HOSTILE[name]
    base = cli.payload("contractor.poa")
    power = dict(base["authorization_details"][0], devices=[{"manufacturer": text}])
    variants = [dict(base, sub=text), dict(base, principal_name=text, agent_name=text), dict(base, iss=text),
                dict(base, authorization_details=[power]), dict(base, aud=[text]),
                dict(base, authorization_details=[dict(power, locations=[text])]),
                dict(base, authorization_details=[dict(power, **{text: 1})]), {**base, "transferable": text}]
    shown = 0
    for claims in variants:
        cli.write("x.poa", sign(cli, claims) + "\n")
        for args in (("inspect", "x.poa"), ("inspect", "x.poa", "--json"),
                     ("verify", "x.poa", "--policy", "site.json"),
                     ("verify", "x.poa", "--policy", "site.json", "--json")):
            told = cli.run(*args)
            assert active(told.out) == [], (args, told)
            assert active(told.err) == [], (args, told)
            assert told.code in (0, 3, 4, 8), told
            if "--json" not in args:
                shown += len(re.findall(r"\\u\{", told.out + told.err))
                assert "\nDENY" not in told.out.split("\n", 1)[-1] or not told.out.startswith("UNVERIFIED")
    assert shown > 0


def test_hostile_names_stay_readable_as_json(cli):
    for name in SAFE_IN_SUB:
        cli.write("x.poa", sign(cli, dict(cli.payload("contractor.poa"), sub=HOSTILE[name])) + "\n")
        told = cli.run("inspect", "x.poa", "--json")
        if told.code == 0:
            assert told.json["chain"][0]["sub"] == HOSTILE[name]


def test_a_plain_terminal_gets_ascii(cli):
    told = cli.run("verify", "technician.poa", "--policy", "site.json", env={"LC_ALL": "C"})
    assert told.code == 0 and told.raw.isascii()
    assert "ok signed and within the link above" in told.out and "`- technician-4" in told.out
