"""What a revocation would do, before it is made: the same as it does, and nothing is changed by asking."""

import pytest

from client import Caller, Party, administration, fresh_jti, now, onboarding, proof, send, without_none
from scene import site  # noqa: F401  the fixture
from test_effects import Fleet

PATH = "/v1/revocations:preview"


def preview(site, party, op="revoke", chain=None, shown=None, **said):  # noqa: F811
    """Ask as a key (with a chain in the body), or as the agent of the chain that is shown in the header."""
    body = without_none({"op": op, "chain": chain and chain.text} | said)
    if shown:
        return Caller(site.url, shown).post(PATH, body, nonce=None)
    return send(site.url, "POST", PATH, body, {"DPoP": proof(party.key, "POST", site.url + PATH, None, body)})


def numbers(reply):
    """What is counted, without what is zero."""
    assert reply.status == 200, reply
    said = reply.json
    effect = {name: count for name, count in said["effect"].items() if count}
    devices = {name: count for name, count in said["devices"].items() if count}
    return said["counts"], said["poas"], devices, effect


@pytest.fixture(scope="module")
def fleet(site):  # noqa: F811
    return Fleet(site)


def test_it_says_what_a_revocation_does(site):
    fleet = Fleet(site, on_revoke="cascade")
    foretold = preview(site, site.owner, poa=fleet.root.ids[0])
    assert numbers(foretold) == (True, 2, {"active": 3}, {"cascade": 3})
    assert fleet.states() == ["active"] * 3, "asking changes nothing"
    fleet.revoke()
    fleet.becomes("suspended")
    after = preview(site, site.owner, poa=fleet.root.ids[0])
    assert numbers(after) == (True, 2, {"suspended": 3}, {"untouched": 3})


def test_each_effect(site, fleet):
    root, leaf = fleet.leaf.ids

    def asks(poa=root, **said):
        return numbers(preview(site, site.owner, poa=poa, **said))

    assert asks() == (True, 2, {"active": 3}, {"review": 3})
    assert asks(leaf) == (True, 1, {"active": 3}, {"review": 3})
    assert asks(reason="superseded") == (True, 2, {"active": 3}, {"review": 3})
    assert asks(reason="keyCompromise") == (True, 2, {"active": 3}, {"cascade": 3})
    assert asks(on_revoke="cascade") == (True, 2, {"active": 3}, {"cascade": 3})
    assert asks(on_revoke="cascade", invalid_since=now() + 60) == (True, 2, {"active": 3}, {"untouched": 3})
    assert asks(op="suspend") == (True, 2, {"active": 3}, {"stop_new": 3})


def test_by_key(site, fleet):
    key = fleet.contractor.key.thumbprint
    # The contractor's key stands in the root as the agent's, and below it is the leaf.
    assert numbers(preview(site, site.owner, key=key)) == (True, 2, {"active": 3}, {"review": 3})
    assert numbers(preview(site, site.owner, key=key, issued_before=now() + 60)) == (
        True, 1, {"active": 3}, {"review": 3})
    assert numbers(preview(site, site.owner, key=key, issued_before=1)) == (False, 0, {}, {})
    assert numbers(preview(site, site.owner, key=fresh_jti() + "A" * 21)) == (False, 0, {}, {})


def test_by_a_key_of_the_chain(site, fleet):
    leaf = fleet.leaf.ids[1]
    assert numbers(preview(site, fleet.contractor, chain=fleet.leaf, poa=leaf, on_revoke="cascade")) == (
        True, 1, {"active": 3}, {"review": 3}), "a principal makes nothing stronger"
    assert numbers(preview(site, fleet.crew, chain=fleet.leaf, poa=leaf)) == (True, 1, {"active": 3}, {"stop_new": 3})
    assert numbers(preview(site, fleet.crew, chain=fleet.leaf, poa=fleet.root.ids[0])) == (False, 0, {}, {})
    assert numbers(preview(site, None, shown=fleet.leaf, poa=leaf)) == (True, 1, {"active": 3}, {"stop_new": 3})


def test_by_an_administrator(site, fleet):
    steward = site.steward.grant(Party("steward.example"), [administration()])
    assert numbers(preview(site, None, shown=steward, poa=fleet.root.ids[0], on_revoke="cascade")) == (
        True, 2, {"active": 3}, {"cascade": 3})
    narrow = site.steward.grant(Party("steward.example"), [administration(locations=["mine-7/yard"])])
    assert numbers(preview(site, None, shown=narrow, poa=fleet.root.ids[0])) == (False, 0, {}, {})


def test_another_owner_learns_nothing(site, fleet):
    assert numbers(preview(site, site.second, poa=fleet.root.ids[0])) == (False, 0, {}, {})
    assert numbers(preview(site, site.second, key=fleet.contractor.key.thumbprint)) == (False, 0, {}, {})


def test_who_could_not_hand_it_in_is_refused(site, fleet):
    stranger = Party("stranger.example")
    for reply in (preview(site, stranger, poa=fleet.root.ids[0]),
                  preview(site, stranger, chain=fleet.leaf, poa=fleet.root.ids[0]),
                  preview(site, fleet.crew, poa=fleet.leaf.ids[1])):
        assert (reply.status, reply.code) == (403, "statement_unauthorized"), reply
        assert "devices" not in reply.json


def test_the_key_must_be_held(site, fleet):
    """A proof that names the owner's key and is signed by another; one for another body; the same one twice."""
    body = {"op": "revoke", "poa": fleet.root.ids[0]}
    thief = Party("thief.example")
    forged = proof(thief.key, "POST", site.url + PATH, None, body, header={"jwk": site.owner.key.jwk})
    other = proof(site.owner.key, "POST", site.url + PATH, None, {"op": "suspend", "poa": fleet.root.ids[0]})
    good = proof(site.owner.key, "POST", site.url + PATH, None, body)
    for text, status, code in ((forged, 401, "proof_invalid"), (other, 401, "proof_binding_mismatch"),
                               (good, 200, None), (good, 401, "proof_replayed"), ("x", 401, "proof_invalid")):
        reply = send(site.url, "POST", PATH, body, {"DPoP": text})
        assert (reply.status, reply.code if status != 200 else None) == (status, code), reply


@pytest.mark.parametrize("said, code, member", [
    ({}, "claim_missing", "/poa"),
    ({"poa": "short"}, "claim_type", "/poa"),
    ({"poa": "A" * 43, "key": "A" * 43}, "claim_forbidden", "/key"),
    ({"poa": "A" * 43, "issued_before": 1}, "claim_forbidden", "/issued_before"),
    ({"poa": "A" * 43, "reason": "removeFromCRL"}, "claim_type", "/reason"),
    ({"poa": "A" * 43, "reason": "certificateHold"}, "claim_type", "/reason"),
    ({"poa": "A" * 43, "on_revoke": "explode"}, "claim_type", "/on_revoke"),
    ({"poa": "A" * 43, "invalid_since": -1}, "claim_type", "/invalid_since"),
    ({"poa": "A" * 43, "jti": "x"}, "claim_forbidden", "/jti"),
    ({"op": "resume", "poa": "A" * 43}, "claim_type", "/op"),
])
def test_what_it_would_say_is_checked(site, said, code, member):
    reply = preview(site, site.owner, **said)
    assert (reply.status, reply.code, reply.reason["member"]) == (400, code, member), reply
