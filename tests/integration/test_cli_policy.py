"""poa policy: new, check, explain and diff."""

import json
import subprocess

import pytest

from poa_cli import Story


@pytest.fixture
def cli(tmp_path):
    return Story(tmp_path)


def edit(cli, change, name="new.json"):
    policy = json.loads(cli.read("site.json"))
    change(policy)
    cli.write(name, json.dumps(policy, indent=2))
    return name


# ---- new ----


def test_a_new_policy(cli):
    policy = json.loads(cli.read("site.json"))
    assert list(policy) == ["version", "resource_owner", "owners"]
    owner, site = policy["owners"]
    assert owner["iss"] == "owner.example" and owner["keys"] == [{"jwk": json.loads(cli.read("owner.jwk"))}]
    assert owner["powers"][0]["devices"] == [{"any": True}] and owner["powers"][0]["effect"] == "permanent"
    assert site["administers"] == "all" and site["powers"][0]["locations"] == ["mine-7"]
    assert set(site["powers"][0]["actions"]) == {"revoke", "suspend", "resume", "approve", "audit"}


def test_another_owner_and_settings(cli):
    cli.ok("policy", "new", "--from", "site.json", "--owner", "second.example", "--owner-key", "contractor.jwk",
           "--owner-key", "technician.jwk", "--max-links", "3", "--max-lifetime", "30d", "--algorithm",
           "ES256,EdDSA", "--action", "read", "--location", "mine-8", "--answer-key", "contractor.jwk", "-o", "new.json")
    policy = json.loads(cli.read("new.json"))
    second = policy["owners"][2]
    assert (second["max_links"], second["max_lifetime"], len(second["keys"])) == (3, 2592000, 2)
    assert policy["algorithms"] == ["ES256", "EdDSA"] and len(policy["answer_keys"]) == 1
    facts = cli.ok("policy", "explain", "new.json", "--json").json
    assert facts["algorithms"] == ["ES256", "EdDSA"] and len(facts["owners"]) == 3


def test_what_new_refuses(cli):
    base = ("policy", "new", "--resource-owner", "s", "--owner", "o", "--owner-key", "owner.jwk")
    assert "--action" in cli.fails(2, *base).err
    assert "private_key_in_token" in cli.fails(3, *base[:-1], "owner.key", "--action", "read", "--location", "a").err
    refused = cli.fails(3, *base, "--action", "raed", "--location", "a")
    assert "power_invalid" in refused.err and "did you mean read?" in refused.err
    again = cli.run("policy", "new", "--from", "site.json", "--owner", "x", "--owner-key", "owner.jwk", "--action",
                    "read", "--location", "a")
    assert again.code == 3 and "at /owners/2/keys/0/jwk" in again.err and "one owner alone" in again.err
    assert "--force" in cli.fails(2, *base, "--action", "read", "--location", "a", "-o", "site.json").err
    assert "--owner-key" in cli.fails(2, *base[:-2]).err
    assert "--resource-owner" in cli.fails(2, "policy", "new", "--owner", "o", "--owner-key", "owner.jwk").err
    warned = cli.ok(*base, "--action", "read", "--location", "a")
    assert "cannot bar anyone" in warned.err and "--site-key" in warned.err


# ---- check ----


def test_check(cli):
    told = cli.ok("policy", "check", "site.json")
    assert told.out.startswith("valid: a policy of site.example") and told.err == ""
    facts = cli.ok("policy", "check", "-", "--json", stdin=cli.read("site.json")).json
    assert facts["valid"] is True and facts["resource_owner"] == "site.example"


def line_of(cli, name, text):
    return next(n for n, line in enumerate(cli.read(name).splitlines(), 1) if text in line)


@pytest.mark.parametrize("change, code, exit_code, member, at, hint", [
    (lambda p: p.update(algoritms=["ES256"]), "claim_forbidden", 3, "/algoritms", '"algoritms"', '"algorithms"'),
    (lambda p: p["owners"][0].update(max_linkz=3), "claim_forbidden", 3, "/owners/0/max_linkz", '"max_linkz"',
     '"max_links"'),
    (lambda p: p["owners"][0].update(powerz=p["owners"][0].pop("powers")), "claim_missing", 3, "/owners/0/powers",
     '"iss": "owner.example"', '"powerz" stands there: did you mean "powers"?'),
    (lambda p: p["owners"][0]["powers"][0].update(effect="permanet"), "power_invalid", 3, "/owners/0/powers/0/effect",
     '"effect"', "did you mean permanent?"),
    (lambda p: p["owners"][0]["powers"][0].update(locatoins=["a"]), "power_invalid", 3,
     "/owners/0/powers/0/locatoins", '"locatoins"', '"locations"'),
    (lambda p: p.update(version=2), "claim_type", 3, "/version", '"version"', ""),
    (lambda p: p["owners"][1].update(iss="owner.example"), "claim_type", 3, "/owners/1/iss", None,
     "one owner alone"),
])
def test_check_says_where_and_what_was_meant(cli, change, code, exit_code, member, at, hint):
    edit(cli, change)
    refused = cli.fails(exit_code, "policy", "check", "new.json")
    assert f"{code} at {member}" in refused.err
    assert hint in refused.err
    if at and code != "claim_missing":
        assert f"new.json:{line_of(cli, 'new.json', at)}:" in refused.err
    facts = cli.run("policy", "check", "new.json", "--json")
    assert (facts.code, facts.json["valid"], facts.json["code"], facts.json["member"]) == (exit_code, False, code,
                                                                                         member)
    assert facts.json["line"] >= 1


@pytest.mark.parametrize("text, line, code", [
    ('{\n"version": 1,\n"version": 1}', 3, "duplicate_member"), ('{\n"version": 1,\n}', 3, "malformed"),
    ("", 1, "malformed"), ("[]", 1, "malformed"), ('{"a\\u0000":1}', 1, "malformed"),
])
def test_check_of_what_is_no_json(cli, text, line, code):
    cli.write("new.json", text)
    refused = cli.fails(3, "policy", "check", "new.json")
    assert f"{code}" in refused.err and f"new.json:{line}:" in refused.err


def test_check_escapes_what_it_shows(cli):
    edit(cli, lambda p: p.update({"a\x1b[31m\u202e": 1}))
    refused = cli.fails(3, "policy", "check", "new.json")
    assert "\x1b" not in refused.err and "\u202e" not in refused.err and r"\u{1b}" in refused.err


def test_check_warns_of_a_key_that_is_over(cli):
    edit(cli, lambda p: p["owners"][0]["keys"][0].update(accept_until=1000))
    assert "past its accept_until" in cli.ok("policy", "check", "new.json").err


# ---- explain ----


def test_explain(cli):
    edit(cli, lambda p: p["owners"][0]["keys"][0].update(label="main \x1b key", accept_until=2097597600))
    told = cli.run("policy", "explain", "new.json")
    if told.code == 3:  # a label is text without controls
        edit(cli, lambda p: p["owners"][0]["keys"][0].update(label="main \u202e key", accept_until=2097597600))
        told = cli.ok("policy", "explain", "new.json")
    assert cli.thumbprints["owner"] in told.out and "accepted until" in told.out
    assert "\x1b" not in told.out and "\u202e" not in told.out
    assert "Owner owner.example" in told.out and "actions: onboard, read, replace" in told.out
    assert "locations: mine-7" in told.out and "may bar anyone's" in told.out


def test_explain_json_has_the_defaults(cli):
    facts = cli.ok("policy", "explain", "site.json", "--json").json
    assert (facts["clock_skew"], facts["max_revocation_age"], facts["credential_lifetime"]) == (30, 60, 604800)
    assert facts["algorithms"] == ["ES256", "ES384", "EdDSA"]
    assert facts["owners"][0]["max_links"] == 8 and facts["owners"][0]["max_lifetime"] == 31622400
    assert facts["owners"][0]["keys"][0]["thumbprint"] == cli.thumbprints["owner"]
    assert facts["owners"][1]["administers"] == "all"


def test_explain_tells_whose_idevids_are_believed(cli):
    assert "No manufacturer's IDevIDs are believed." in cli.ok("policy", "explain", "site.json").out
    cli.ok("device", "maker", "--name", "Acme", "-o", "acme")
    cli.ok("policy", "manufacturer", "site.json", "--name", "Acme", "--ca", "acme/maker.pem", "--id-link-host",
           "id.acme.example,id.acme2.example", "--serial-from", "commonName", "-o", "more.json")
    assert ("Manufacturer Acme: its IDevIDs are believed, with the serial in commonName; its links are at "
            "id.acme.example, id.acme2.example\n") in cli.ok("policy", "explain", "more.json").out
    assert cli.ok("policy", "explain", "more.json", "--json").json["manufacturers"] == [
        {"name": "Acme", "id_link_hosts": ["id.acme.example", "id.acme2.example"], "serial_from": "commonName"}]


def test_explain_tells_when_trust_is_due(cli):
    edit(cli, lambda p: p.update(trust={"period": 7200, "grace": 600, "review_deadline": 172800}))
    told = cli.ok("policy", "explain", "new.json").out
    for line in ("trust about every 2h.", "after a grace of 10m.", "ratifies it within 2d."):
        assert line in told


# ---- diff ----


def power(policy):
    return policy["owners"][0]["powers"][0]


@pytest.mark.parametrize("change, wider, narrower, says", [
    (lambda p: None, False, False, "neither"),
    (lambda p: power(p)["actions"].append("suspend"), True, False, "action_widened"),
    (lambda p: power(p).update(actions=["read"]), False, True, "may grant less"),
    (lambda p: power(p).update(locations=["mine-7/hall-2"]), False, True, "may grant less"),
    (lambda p: power(p).update(locations=["mine-8"]), True, True, "wider in some ways and narrower in others"),
    (lambda p: power(p).update(effect="until_exp"), False, True, "less"),
    (lambda p: p["owners"][0].update(max_links=9), True, False, "max_links 9 (was 8)"),
    (lambda p: p["owners"][0].update(max_lifetime=60), False, True, "max_lifetime 60"),
    (lambda p: p["owners"][0].update(administers="all"), True, False, "administers all"),
    (lambda p: p["owners"].pop(), False, True, "is no owner any more"),
    (lambda p: p["owners"][0].update(keys=p["owners"][1]["keys"]) or p["owners"].pop(), True, True, "is pinned"),
    (lambda p: p["owners"][0]["keys"][0].update(accept_until=5), False, True, "less long"),
    (lambda p: p.update(algorithms=["ES256"]), False, True, "ES384 is no longer accepted"),
    (lambda p: p.update(algorithms=["ES256", "ES384", "EdDSA", "RS256"]), True, False, "RS256 is accepted"),
    (lambda p: p.update(clock_skew=31), True, False, "clock_skew 31"),
    (lambda p: p.update(max_revocation_age=59), False, True, "max_revocation_age 59"),
    (lambda p: p.update(onboarding={"approval": "always"}), False, True, "approval always"),
    (lambda p: p.update(onboarding={"tickets": "required", "offline_age": 700000}), True, True, "tickets required"),
    (lambda p: p.update(credentials={"lifetime": 700000}), True, False, "credentials.lifetime"),
    (lambda p: p.update(trust={"period": 86401}), True, False, "trust.period"),
    (lambda p: p.update(answer_keys=[p["owners"][1]["keys"][0]["jwk"]]), True, False, "answer_keys"),
])
def test_diff(cli, change, wider, narrower, says):
    edit(cli, change)
    told = cli.ok("policy", "diff", "site.json", "new.json")
    assert says in told.out
    facts = cli.ok("policy", "diff", "site.json", "new.json", "--json").json
    assert (facts["wider"], facts["narrower"]) == (wider, narrower), facts
    assert ("wider" in {c["direction"] for c in facts["changes"]}) == wider
    assert ("narrower" in {c["direction"] for c in facts["changes"]}) == narrower
    assert cli.run("policy", "diff", "site.json", "new.json", "--refuse-wider").code == (8 if wider else 0)
    back = cli.ok("policy", "diff", "new.json", "site.json", "--json").json
    assert (back["wider"], back["narrower"]) == (narrower, wider)


def test_diff_of_another_site(cli):
    edit(cli, lambda p: p.update(resource_owner="other"))
    assert "different sites" in cli.fails(2, "policy", "diff", "site.json", "new.json").err
    assert "NEW" in cli.fails(2, "policy", "diff", "site.json").err
    edit(cli, lambda p: p.update(version=7))
    cli.fails(3, "policy", "diff", "site.json", "new.json")


# ---- manufacturer ----


def make_ca(cli, name="Acme"):
    """A maker's CA, by openssl."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", "ca.key", "-out", "ca.pem", "-subj", f"/CN={name}", "-days", "10"], cwd=cli.folder,
                   check=True, capture_output=True)
    return cli.read("ca.pem")


def test_a_manufacturer_is_put_in_replaced_and_taken_out(cli):
    pem = make_ca(cli)
    base = ("policy", "manufacturer", "site.json", "--name", "Acme")
    cli.ok(*base, "--ca", "ca.pem", "--id-link-host", "id.acme.example,acme.example", "--serial-from", "commonName", "-o",
           "new.json")
    entry = {"name": "Acme", "ca": pem, "id_link_hosts": ["id.acme.example", "acme.example"],
             "serial_from": "commonName"}
    assert json.loads(cli.read("new.json"))["manufacturers"] == [entry]
    again = cli.ok("policy", "manufacturer", "new.json", "--name", "Acme", "--ca", "ca.pem").json
    assert again["manufacturers"] == [{"name": "Acme", "ca": pem}]
    assert "manufacturers" not in cli.ok("policy", "manufacturer", "new.json", "--name", "Acme", "--forget").json
    assert "no manufacturer Bolt" in cli.fails(2, "policy", "manufacturer", "new.json", "--name", "Bolt",
                                               "--forget").err


def test_a_manufacturer_that_cannot_be(cli):
    make_ca(cli)
    base = ("policy", "manufacturer", "site.json", "--name", "Acme")
    assert "--ca FILE is missing" in cli.fails(2, *base).err
    assert "claim_type" in cli.fails(3, *base, "--ca", "ca.pem", "--serial-from", "here").err
    cli.fails(3, *base, "--ca", "owner.jwk")
    assert "--forget goes with --name alone" in cli.fails(2, *base, "--ca", "ca.pem", "--forget").err
