"""poa grant and poa subgrant: powers as options and as JSON, times, refusals at minting with reason and hint."""

import datetime
import json
import time

import pytest
from jwcrypto import jwk, jws

from poa_cli import Story

EVE = int(datetime.datetime(2036, 12, 24, 18, tzinfo=datetime.timezone.utc).timestamp())
LEAP = int(datetime.datetime(2036, 2, 29, tzinfo=datetime.timezone.utc).timestamp())


@pytest.fixture
def cli(tmp_path):
    return Story(tmp_path)


def power(cli, name="contractor.poa"):
    return cli.payload(name)["authorization_details"][0]


def test_a_root_as_the_options_say(cli):
    before = int(time.time())
    done = cli.ok(*cli.root_args(
        "--for", "1h30m", "--depth", "2", "--principal-name", "The Owner", "--agent-name", "Contractor",
        "--audience", "other.example", "--action", "onboard,read", "--action", "replace",
        "--location", "mine-7/hall-2,mine-7/hall-3", "--device", "model=XY-1,serial=SN-1*", "--device",
        r"manufacturer=Acme\, Inc.", "--evidence", "device_key", "--effect", "permanent", "--on-revoke", "cascade",
        "--credential-lifetime", "7d", "--hours", "mon-fri,07:00-17:00", "--hours", "sat,08:00-12:00", "--network",
        "10.0.0.0/8,2001:db8::/32"))
    assert done.out.count("\n") == 1 and done.out.endswith("\n")
    cli.write("x.poa", done.out)
    claims = cli.payload("x.poa")
    assert before <= claims["iat"] <= int(time.time())
    assert claims["exp"] == claims["iat"] + 5400
    assert claims["aud"] == ["site.example", "other.example"]
    assert (claims["iss"], claims["sub"], claims["transferable"]) == ("owner.example", "contractor.example", 2)
    assert (claims["principal_name"], claims["agent_name"]) == ("The Owner", "Contractor")
    assert claims["cnf"] == {"jwk": json.loads(cli.read("contractor.jwk"))}
    assert claims["authorization_details"] == [{
        "type": "device_onboarding", "actions": ["onboard", "read", "replace"],
        "locations": ["mine-7/hall-2", "mine-7/hall-3"],
        "devices": [{"model": "XY-1", "serial": "SN-1*"}, {"manufacturer": "Acme, Inc."}],
        "evidence": ["device_key"], "credential_lifetime": 604800, "effect": "permanent", "on_revoke": "cascade",
        "hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "07:00", "to": "17:00"},
                  {"days": ["sat"], "from": "08:00", "to": "12:00"}],
        "networks": ["10.0.0.0/8", "2001:db8::/32"]}]


def test_the_token_verifies_by_another_implementation(cli):
    cli.root()
    token = jws.JWS()
    token.deserialize(cli.read("contractor.poa").strip(), jwk.JWK(**json.loads(cli.read("owner.jwk"))))
    assert set(token.jose_header) == {"typ", "alg", "kid"}
    assert token.jose_header["kid"] == cli.thumbprints["owner"]


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "RS256", "PS256"])
def test_every_algorithm_signs(cli, alg):
    cli.ok("key", "new", "--alg", alg, "-o", "owner.key", "--public", "owner.jwk", "--force")
    # An RSA key in PKCS#8 does not say which of its two algorithms is meant.
    cli.root(*(("--alg", "PS256") if alg == "PS256" else ()))
    token = jws.JWS()
    token.deserialize(cli.read("contractor.poa").strip(), jwk.JWK(**json.loads(cli.read("owner.jwk"))))
    assert token.jose_header["alg"] == alg


def test_an_algorithm_that_the_key_does_not_know(cli):
    assert "cannot sign with PS256" in cli.fails(2, *cli.root_args("--for", "8h", *cli.POWERS, "--alg", "PS256")).err


def test_access_and_administration(cli):
    cli.root("--type", "access", "--action", "calibrate", "--resource", "https://plant.example/api", powers=())
    assert power(cli) == {"type": "access", "actions": ["calibrate"], "resources": ["https://plant.example/api"]}
    cli.root("--action", "calibrate", "--resource", "https://plant.example/api", powers=())
    assert power(cli)["type"] == "access"
    cli.root("--type", "administration", "--action", "revoke", "--location", "mine-7", powers=())
    assert power(cli) == {"type": "administration", "actions": ["revoke"], "locations": ["mine-7"]}


def test_powers_from_files(cli):
    one = {"type": "access", "actions": ["a"], "resources": ["https://a.example"]}
    two = {"type": "administration", "actions": ["audit"], "locations": ["mine-7"]}
    cli.write("one.json", json.dumps(one))
    cli.write("both.json", json.dumps([two]))
    cli.root("--power", "one.json", "--power", "both.json", powers=())
    assert cli.payload("contractor.poa")["authorization_details"] == [one, two]
    out = cli.ok(*cli.root_args("--for", "1h", "--power", "-"), stdin=json.dumps(one)).out
    cli.write("x.poa", out)
    assert power(cli, "x.poa") == one
    refused = cli.fails(2, *cli.root_args("--for", "1h", "--power", "one.json", "--action", "read"))
    assert "--power" in refused.err
    for text in ("", "3", "{", '{"type":"access","type":"access"}', '[],"x":1', "[1] 2"):
        cli.fails(3, *cli.root_args("--for", "1h", "--power", "-"), stdin=text)


@pytest.mark.parametrize("said, meant", [
    (("--for", "90s"), 90), (("--for", "8h"), 28800), (("--for", "30d"), 2592000), (("--for", "2w3d"), 1468800),
    (("--for", "1d12h30m15s"), 131415),
])
def test_durations(cli, said, meant):
    cli.root(*said)
    claims = cli.payload("contractor.poa")
    assert claims["exp"] - claims["iat"] == meant


@pytest.mark.parametrize("said", ["8", "h", "8 h", "30m1h", "1h1h", "-1h", "0s", "1.5h", "8H", "99999999999999w", ""])
def test_what_is_no_duration(cli, said):
    assert "8h, 30d or 1h30m" in cli.fails(2, *cli.root_args("--for", said)).err


@pytest.mark.parametrize("said, meant", [
    ("2036-12-24T18:00Z", EVE), ("2036-12-24T18:00:30Z", EVE + 30), ("2036-12-24T19:00+01:00", EVE),
    ("2036-12-24t13:30:00-04:30", EVE), (str(EVE), EVE), ("2036-02-29T00:00Z", LEAP),
])
def test_moments(cli, said, meant):
    cli.root("--until", said)
    assert cli.payload("contractor.poa")["exp"] == meant


@pytest.mark.parametrize("said", ["tomorrow", "2036-12-24", "2036-12-24T18:00", "2036-13-01T00:00Z",
                                  "2035-02-29T00:00Z", "2036-12-24T24:00Z", "2036-12-24T18:00Z ", "-1", "1e9",
                                  "1969-01-01T00:00Z", "2036-12-24T18:00+24:00"])
def test_what_is_no_moment(cli, said):
    assert "2026-12-24T18:00Z" in cli.fails(2, *cli.root_args("--until", said)).err


def test_it_begins_later(cli):
    cli.root("--not-before", "2036-12-24T18:00Z", "--for", "8h")
    claims = cli.payload("contractor.poa")
    assert (claims["nbf"], claims["exp"]) == (EVE, EVE + 28800)
    cli.root()
    assert "nbf" not in cli.payload("contractor.poa")


@pytest.mark.parametrize("args, missing", [
    ((), "--key"), (("--key", "owner.key"), "--to"), (("--key", "owner.key", "--to", "x"), "--agent"),
    (("--key", "owner.key", "--to", "x", "--agent", "a"), "--issuer"),
])
def test_what_a_grant_wants(cli, args, missing):
    assert missing in cli.fails(2, "grant", *args).err


def test_a_grant_wants_an_end_a_site_and_the_effect(cli):
    assert "--for" in cli.fails(2, *cli.root_args(*cli.POWERS)).err
    without_site = [a for a in cli.root_args("--for", "8h", *cli.POWERS) if a not in ("--audience", cli.SITE)]
    assert "--audience" in cli.fails(2, *without_site).err
    refused = cli.fails(2, *cli.root_args("--for", "8h", *cli.POWERS[:-2]))
    assert "--effect until_exp" in refused.err and "--effect permanent" in refused.err
    cli.ok(*cli.root_args("--for", "8h", "--action", "read", *cli.POWERS[2:-2]))
    cli.write("p.json", json.dumps({"type": "device_onboarding", "actions": ["onboard"], "locations": ["a"],
                                    "devices": [{"any": True}]}))
    assert "--effect" in cli.fails(2, *cli.root_args("--for", "8h", "--power", "p.json")).err
    assert "both say when it ends" in cli.fails(2, *cli.root_args("--for", "8h", "--until", "5")).err


def test_it_says_when_devices_go_dark(cli):
    dark = cli.ok(*cli.root_args("--until", "2036-12-24T18:00Z", *cli.POWERS[:-1], "until_exp"))
    assert "go dark at 2036-12-24T18:00:00Z" in dark.err
    stay = cli.ok(*cli.root_args("--until", "2036-12-24T18:00Z", *cli.POWERS))
    assert "go dark" not in stay.err and "permanent" in stay.err
    assert "devices" not in cli.ok(*cli.root_args("--for", "1h", "--action", "read", *cli.POWERS[2:-2])).err


def test_it_warns_of_a_quota_at_several_sites(cli):
    warned = cli.ok(*cli.root_args("--for", "8h", "--audience", "other.example", *cli.POWERS))
    assert "20 at each of 2 sites, so up to 40" in warned.err
    assert "warning" not in cli.ok(*cli.root_args("--for", "8h", *cli.POWERS)).err
    without = ("--action", "onboard", "--location", "a", "--device", "any", "--effect", "until_exp")
    assert "warning" not in cli.ok(*cli.root_args("--for", "8h", "--audience", "other.example", *without)).err


@pytest.mark.parametrize("args, code, exit_code, member", [
    (("--action", "onbord", "--location", "a", "--device", "any"), "power_invalid", 3, "/actions"),
    (("--action", "read", "--location", "../a", "--device", "any"), "power_invalid", 3, "/locations"),
    (("--action", "read", "--location", "a"), "power_invalid", 3, "/devices"),
    (("--action", "read", "--location", "a", "--device", "serial=*"), "power_invalid", 3, "/devices"),
    (("--action", "read", "--location", "a", "--device", "colour=red"), "power_invalid", 3, "/devices"),
    (("--action", "read", "--location", "a", "--device", "any", "--max-devices", "0"), "power_invalid", 3,
     "/max_devices"),
    (("--action", "read", "--location", "a", "--device", "any", "--effect", "permanet"), "power_invalid", 3, "/effect"),
    (("--action", "read", "--location", "a", "--device", "any", "--network", "10.0.0.1/8"), "power_invalid", 3,
     "/networks"),
    (("--action", "read", "--location", "a", "--device", "any", "--credential-lifetime", "59s"), "power_invalid", 3,
     "/credential_lifetime"),
    (("--type", "acces", "--action", "read"), "power_unknown", 3, "/type"),
    (("--type", "access", "--action", "read", "--resource", "http://a.example/"), "power_invalid", 3, "/resources"),
])
def test_refused_at_minting_as_by_a_verifier(cli, args, code, exit_code, member):
    refused = cli.fails(exit_code, *cli.root_args("--for", "8h", *args))
    assert f"{code} at link 0, /authorization_details/0{member}" in refused.err
    assert "hint:" in refused.err


def test_times_are_refused_at_minting(cli):
    assert "window_empty at link 0, /exp" in cli.fails(3, *cli.root_args("--until", "5", *cli.POWERS)).err
    assert "expired at link 0, /exp" in cli.fails(
        5, *cli.root_args("--issued-at", "1000", "--until", "2000", *cli.POWERS)).err
    assert "issued_in_future at link 0, /iat" in cli.fails(
        5, *cli.root_args("--issued-at", "2036-12-24T18:00Z", "--for", "8h", *cli.POWERS)).err


def test_spelling_is_suggested(cli):
    assert "did you mean onboard?" in cli.fails(
        3, *cli.root_args("--for", "8h", "--action", "onbord", "--location", "a", "--device", "any")).err
    assert "did you mean access?" in cli.fails(3, *cli.root_args("--for", "8h", "--type", "acces", "--action", "a")).err


def test_other_names_keys_and_files(cli):
    bad = list(cli.root_args("--for", "8h", *cli.POWERS))
    bad[bad.index("contractor.example")] = "a\x7fb"
    assert "claim_type at link 0, /sub" in cli.fails(3, *bad).err
    nine = [x for n in range(8) for x in ("--audience", f"s{n}.example")]
    assert "claim_type at link 0, /aud" in cli.fails(3, *cli.root_args("--for", "8h", *nine, *cli.POWERS)).err
    private = list(cli.root_args("--for", "8h", *cli.POWERS))
    private[private.index("contractor.jwk")] = "contractor.key"
    assert "private_key_in_token" in cli.fails(3, *private).err
    public = list(cli.root_args("--for", "8h", *cli.POWERS))
    public[public.index("owner.key")] = "owner.jwk"
    assert "cannot sign" in cli.fails(2, *public).err


def test_output_and_json(cli):
    cli.root()
    before = cli.read("contractor.poa")
    assert "--force" in cli.fails(2, *cli.root_args("--for", "8h", *cli.POWERS, "-o", "contractor.poa")).err
    assert cli.read("contractor.poa") == before
    told = cli.ok(*cli.root_args("--for", "8h", *cli.POWERS, "--json")).json
    assert set(told) == {"poa_id", "iss", "sub", "nbf", "exp", "transferable", "chain"}
    both = cli.ok(*cli.root_args("--for", "8h", *cli.POWERS, "--json", "-o", "x.poa")).json
    assert both["chain"] + "\n" == cli.read("x.poa")


def test_a_policy_is_asked_at_minting(cli):
    refused = cli.fails(8, *cli.root_args("--for", "8h", *cli.POWERS[:1], "onboard,decommission", *cli.POWERS[2:],
                                          "--policy", "site.json"))
    assert "ceiling_exceeded (action_widened) at link 0" in refused.err
    assert "--action onboard,read,replace" in refused.err
    assert "lifetime_exceeded" in cli.fails(
        8, *cli.root_args("--for", "400d", *cli.POWERS, "--policy", "site.json")).err
    stranger = list(cli.root_args("--for", "8h", *cli.POWERS, "--policy", "site.json"))
    stranger[stranger.index("owner.key")] = "technician.key"
    assert "root_untrusted" in cli.fails(4, *stranger).err
    cli.ok(*cli.root_args("--for", "8h", *cli.POWERS, "--policy", "site.json"))


# ---- subgrant ----


def test_a_subgrant_starts_from_the_parent(cli):
    cli.root()
    cli.sub()
    parent, child = cli.payload("technician.poa", 0), cli.payload("technician.poa", 1)
    assert child["authorization_details"] == parent["authorization_details"]
    assert (child["aud"], child["exp"], child["transferable"]) == (parent["aud"], parent["exp"], 0)
    assert (child["iss"], child["sub"]) == ("contractor.example", "technician-4")
    assert cli.verify("technician.poa").code == 0
    assert cli.read("technician.poa").startswith(cli.read("contractor.poa").strip() + "~")


def test_a_subgrant_narrows_what_is_named(cli):
    cli.root()
    told = cli.ok(*cli.sub_args("--for", "8h", "--location", "mine-7/hall-2", "--max-devices", "5", "--effect",
                                "until_exp", "--device", "manufacturer=Acme,serial=SN-17", "-o", "technician.poa"))
    expected = dict(power(cli), locations=["mine-7/hall-2"], max_devices=5, effect="until_exp",
                    devices=[{"manufacturer": "Acme", "serial": "SN-17"}])
    assert power(cli, "technician.poa") == expected
    assert "locations: mine-7 → mine-7/hall-2" in told.err
    assert "max_devices: 20 → 5" in told.err
    assert cli.verify("technician.poa").code == 0


def two_powers(cli):
    powers = [{"type": "device_onboarding", "actions": ["read"], "locations": [place], "devices": [{"any": True}]}
              for place in ("mine-7", "mine-8")]
    powers.append({"type": "access", "actions": ["a", "b"], "resources": ["https://a.example"]})
    cli.write("p.json", json.dumps(powers))
    cli.root("--power", "p.json", powers=())
    return powers


def test_a_subgrant_picks_the_power_that_holds(cli):
    powers = two_powers(cli)
    cli.ok(*cli.sub_args("--location", "mine-8/hall-1", "-o", "t.poa"))
    assert cli.payload("t.poa")["authorization_details"] == [dict(powers[1], locations=["mine-8/hall-1"]), powers[2]]
    told = cli.ok(*cli.sub_args("--type", "access", "--action", "b", "-o", "u.poa"))
    assert cli.payload("u.poa")["authorization_details"] == [dict(powers[2], actions=["b"])]
    assert told.err.count("leaves out device_onboarding") == 2


def test_a_subgrant_of_the_only_type(cli):
    cli.root("--type", "access", "--action", "a,b", "--resource", "https://a.example", powers=())
    cli.ok(*cli.sub_args("--action", "b", "-o", "technician.poa"))
    assert power(cli, "technician.poa")["actions"] == ["b"]


def test_a_subgrant_from_a_file_says_all(cli):
    cli.root()
    whole = dict(power(cli), locations=["mine-7/hall-2"])
    cli.write("p.json", json.dumps(whole))
    cli.sub("--power", "p.json")
    assert power(cli, "technician.poa") == whole
    dropped = {k: v for k, v in whole.items() if k != "max_devices"}
    cli.write("p.json", json.dumps(dropped))
    refused = cli.fails(8, *cli.sub_args("--power", "p.json"))
    assert "constraint_dropped at link 1, /authorization_details/0/max_devices" in refused.err
    assert "--max-devices 20" in refused.err


@pytest.mark.parametrize("args, code, exit_code, hint", [
    (("--action", "onboard,suspend"), "action_widened", 8, "--action onboard,read"),
    (("--location", "mine-8"), "location_widened", 8, "--location mine-7"),
    (("--device", "any"), "device_widened", 8, "--device 'manufacturer=Acme,serial=SN-1*'"),
    (("--device", "serial=SN-17"), "device_widened", 8, "--device"),
    (("--max-devices", "21"), "limit_widened", 8, "--max-devices 20"),
    (("--on-revoke", "stop_new"), "limit_widened", 8, "hint:"),
    (("--type", "administration", "--action", "audit"), "power_invalid", 3, "hint:"),
    (("--for", "60d"), "outlives_parent", 8, "--until "),
    (("--audience", "other.example"), "audience_widened", 8, "--audience site.example"),
    (("--depth", "1"), "depth_invalid", 8, "--depth 0"),
    (("--issuer", "somebody.example"), "principal_misaligned", 8, "leave --issuer out"),
    (("--issued-at", "1000"), "predates_parent", 8, "--issued-at"),
])
def test_widening_is_refused_with_the_option_that_would_do(cli, args, code, exit_code, hint):
    cli.root()
    refused = cli.fails(exit_code, *cli.sub_args("--effect", "permanent", *args))
    assert f"poa: {code} at link 1" in refused.err
    assert hint in refused.err


def test_a_type_that_the_parent_has_not(cli):
    cli.root()
    args = ("--type", "access", "--action", "a", "--resource", "https://a.example")
    assert "power_outside_parent at link 1, /authorization_details/0/type" in cli.fails(8, *cli.sub_args(*args)).err


def test_a_subgrant_wants_the_agents_key_and_a_chain_that_holds(cli):
    cli.root()
    stranger = list(cli.sub_args("--effect", "permanent"))
    stranger[stranger.index("contractor.key")] = "technician.key"
    assert "kid_mismatch at link 1, /header/kid" in cli.fails(4, *stranger).err
    cli.sub()
    head, tail = cli.read("technician.poa").strip().split("~")
    cli.write("technician.poa", f"{head}~{tail[:-4]}AAAA\n")
    args = ("subgrant", "technician.poa", "--key", "technician.key", "--to", "owner.jwk", "--agent", "x", "--effect",
            "permanent")
    assert "signature_invalid at link 1" in cli.fails(4, *args).err


def test_depth_ends(cli):
    cli.root(depth="0")
    assert "not_transferable at link 1, /transferable" in cli.fails(8, *cli.sub_args("--effect", "permanent")).err


def test_the_effect_is_said_for_a_subgrant_too(cli):
    cli.root()
    refused = cli.fails(2, *cli.sub_args())
    assert "--effect permanent, as above" in refused.err
    cli.root(powers=(*cli.POWERS[:-1], "until_exp"))
    assert "the link above allows no other" in cli.fails(2, *cli.sub_args()).err
    widened = cli.fails(8, *cli.sub_args("--effect", "permanent"))
    assert "limit_widened" in widened.err and "--effect until_exp" in widened.err


def test_a_subgrant_of_a_post_dated_parent(cli):
    cli.root("--not-before", "2036-12-24T18:00Z", "--for", "8h")
    cli.sub()
    assert cli.payload("technician.poa")["nbf"] == EVE


def test_a_subgrant_under_an_ended_parent(cli):
    cli.root("--for", "1s")
    time.sleep(1.1)
    assert "expired at link 0, /exp" in cli.fails(5, *cli.sub_args("--effect", "permanent")).err


def test_chains_come_from_stdin(cli):
    cli.root()
    args = list(cli.sub_args("--effect", "permanent", chain="-"))
    assert cli.ok(*args, stdin=cli.read("contractor.poa")).out.count("~") == 1
    for text in ("", "\n", "a.b.c\n", cli.read("contractor.poa") + "\n", " " + cli.read("contractor.poa")):
        assert cli.fails(3, *args, stdin=text)
