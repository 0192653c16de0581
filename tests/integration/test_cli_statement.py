"""poa revoke, suspend and resume: what the statements say."""

import json
import time

import pytest
from jwcrypto import jwk, jws

from poa_cli import Story


@pytest.fixture
def cli(tmp_path):
    story = Story(tmp_path)
    story.root()
    story.sub()
    return story


def ids(cli):
    return [link["poa_id"] for link in cli.ok("inspect", "technician.poa", "--json").json["chain"]]


def read(cli, text, key="owner"):
    """The claims, once another implementation has verified the signature."""
    token = jws.JWS()
    token.deserialize(text.strip(), jwk.JWK(**json.loads(cli.read(f"{key}.jwk"))))
    assert token.jose_header == {"typ": "poa-revocation+jwt", "alg": "ES256", "kid": cli.thumbprints[key]}
    return json.loads(token.payload)


def test_revoke_a_link_of_a_chain(cli):
    told = cli.ok("revoke", "--key", "owner.key", "--chain", "technician.poa", "--hop", "0", "--reason",
                  "keyCompromise", "--invalid-since", "2026-01-02T03:04Z", "--on-revoke", "cascade")
    assert told.out.count("\n") == 1
    claims = read(cli, told.out)
    root = cli.payload("technician.poa", 0)
    assert claims == {"iss": "owner.example", "iat": claims["iat"], "jti": claims["jti"], "op": "revoke",
                      "poa": ids(cli)[0], "reason": "keyCompromise", "invalid_since": 1767323040,
                      "on_revoke": "cascade", "poa_exp": root["exp"]}
    assert abs(claims["iat"] - time.time()) < 30
    assert ids(cli)[0] in told.err and "--server" in told.err


def test_the_last_link_is_meant_where_no_hop_is_said(cli):
    claims = read(cli, cli.ok("revoke", "--key", "contractor.key", "--chain", "technician.poa").out, "contractor")
    assert (claims["poa"], claims["iss"], claims["reason"]) == (ids(cli)[1], "contractor.example", "unspecified")


def test_revoke_by_id_and_by_key(cli):
    leaf = ids(cli)[1]
    claims = read(cli, cli.ok("revoke", "--key", "owner.key", "--poa", leaf).out)
    assert claims["poa"] == leaf and claims["iss"] == cli.thumbprints["owner"] and "aud" not in claims
    for target in (cli.thumbprints["technician"], "technician.jwk", "technician.key"):
        claims = read(cli, cli.ok("revoke", "--key", "owner.key", "--target-key", target, "--issuer", "me",
                                  "--audience", "site.example", "--issued-before", "1000").out)
        assert (claims["key"], claims["issued_before"], claims["iss"]) == (cli.thumbprints["technician"], 1000, "me")
        assert claims["aud"] == ["site.example"]


def test_suspend_and_resume(cli):
    told = cli.ok("suspend", "--key", "contractor.key", "--chain", "technician.poa", "-o", "hold.jws")
    claims = read(cli, cli.read("hold.jws"), "contractor")
    assert (claims["op"], claims["reason"], claims["aud"]) == ("suspend", "certificateHold", ["site.example"])
    assert f"--hold {claims['jti']} --audience site.example" in told.err
    by_file = read(cli, cli.ok("resume", "--key", "contractor.key", "--statement", "hold.jws").out, "contractor")
    assert (by_file["op"], by_file["hold"], by_file["reason"]) == ("resume", claims["jti"], "removeFromCRL")
    assert by_file["aud"] == ["site.example"] and "poa" not in by_file
    by_name = read(cli, cli.ok("resume", "--key", "contractor.key", "--hold", claims["jti"], "--audience",
                               "site.example").out, "contractor")
    assert by_name["hold"] == claims["jti"]


def test_an_administrators_statement_carries_its_chain(cli):
    cli.ok("grant", "--key", "site.key", "--issuer", "site.example", "--to", "technician.jwk", "--agent", "warden",
           "--audience", "site.example", "--for", "8h", "--type", "administration", "--action", "revoke,suspend",
           "--location", "mine-7", "-o", "warden.poa")
    claims = read(cli, cli.ok("revoke", "--key", "technician.key", "--poa", ids(cli)[0], "--admin-chain",
                              "warden.poa").out, "technician")
    assert claims["chain"] == cli.read("warden.poa").strip() and claims["iss"] == "warden"


def test_json(cli):
    facts = cli.ok("suspend", "--key", "owner.key", "--chain", "technician.poa", "--json").json
    assert list(facts) == ["op", "jti", "kid", "id", "target", "hold", "statement", "server"]
    assert facts["op"] == "suspend" and facts["target"] == ids(cli)[1] and facts["server"] is None
    assert facts["jti"] == read(cli, facts["statement"])["jti"]
    facts = cli.ok("resume", "--key", "owner.key", "--hold", "A" * 22, "--audience", "a", "--json").json
    assert facts["hold"] == "A" * 22 and facts["target"] is None


@pytest.mark.parametrize("verb, args, says", [
    ("revoke", (), "--key"), ("revoke", ("--key", "owner.key"), "--poa ID"),
    ("revoke", ("--key", "owner.key", "--poa", "x", "--target-key", "y"), "three ways"),
    ("revoke", ("--key", "owner.key", "--hop", "0", "--poa", "x"), "three ways"),
    ("revoke", ("--key", "owner.key", "--poa", "short"), "43 characters"),
    ("revoke", ("--key", "owner.key", "--chain", "technician.poa", "--hop", "2"), "no link 2: the last is 1"),
    ("revoke", ("--key", "owner.key", "--chain", "technician.poa", "--on-revoke", "later"), "stop_new"),
    ("revoke", ("--key", "owner.key", "--chain", "technician.poa", "--issued-before", "5"), "--target-key"),
    ("suspend", ("--key", "owner.key", "--poa", "A" * 43), "--audience"),
    ("resume", ("--key", "owner.key"), "--hold"), ("resume", ("--key", "owner.key", "--hold", "x"), "--audience"),
    ("resume", ("--key", "owner.key", "--hold", "x", "--statement", "y"), "--hold"),
    ("resume", ("--key", "owner.key", "--statement", "nothing"), "No such file"),
])
def test_what_cannot_be_understood(cli, verb, args, says):
    assert says in cli.fails(2, verb, *args).err


@pytest.mark.parametrize("verb, args, member", [
    ("revoke", ("--chain", "technician.poa", "--reason", "because"), "/reason"),
    ("revoke", ("--chain", "technician.poa", "--reason", "certificateHold"), "/reason"),
    ("suspend", ("--chain", "technician.poa", "--reason", "removeFromCRL"), "/reason"),
    ("resume", ("--hold", "short", "--audience", "a"), "/hold"),
    ("revoke", ("--chain", "technician.poa", "--issuer", "a\x7f"), "/iss"),
])
def test_refused_at_minting_as_by_a_server(cli, verb, args, member):
    refused = cli.fails(3, verb, "--key", "owner.key", *args)
    assert "statement_invalid (" in refused.err and f") at {member}" in refused.err
    if member == "/reason":
        assert "cessationOfOperation" in refused.err


def test_resume_wants_a_suspension(cli):
    cli.ok("revoke", "--key", "owner.key", "--chain", "technician.poa", "-o", "r.jws")
    assert "places no hold" in cli.fails(2, "resume", "--key", "owner.key", "--statement", "r.jws").err
    cli.write("x", "no statement")
    cli.fails(3, "resume", "--key", "owner.key", "--statement", "x")


def test_it_warns_where_the_key_has_no_say(cli):
    cli.key("stranger")
    assert "warning" in cli.ok("revoke", "--key", "stranger.key", "--chain", "technician.poa").err
    for key, hop in (("owner", 0), ("owner", 1), ("contractor", 1), ("technician", 1), ("contractor", 0)):
        told = cli.ok("revoke", "--key", f"{key}.key", "--chain", "technician.poa", "--hop", hop)
        assert "warning" not in told.err, (key, hop)
    # Giving up is for ever: an agent cannot hold its own PoA.
    assert "warning" in cli.ok("suspend", "--key", "technician.key", "--chain", "technician.poa").err
    assert "warning" in cli.ok("revoke", "--key", "technician.key", "--chain", "technician.poa", "--hop", "0").err
