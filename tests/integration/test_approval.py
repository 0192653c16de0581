"""Somebody has to say yes: an onboarding that waits, who may answer it, and what becomes of it."""

import pytest

from client import (Caller, Key, Party, administration, certificates, device, fresh_jti, onboarding, statement,
                    submit)
from scene import site  # noqa: F401  the fixture

ASKED = onboarding(evidence=["approval"])


def party():
    return Party(f"agent-{fresh_jti()}.example")


def under(site, *powers, **claims):
    return Caller(site.url, site.owner.grant(party(), list(powers), **claims))


@pytest.fixture
def asker(site):
    return under(site, ASKED)


@pytest.fixture(scope="module")
def approver(site):
    return Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))


def waits(reply):
    """An onboarding that waits; gives where to ask, and its id."""
    assert reply.status == 202, reply
    (name, value), = reply.json.items()
    assert name == "onboarding" and value["state"] == "pending" and sorted(value) == ["id", "state", "until"]

    assert reply.headers["Retry-After"] == "15"
    return f"/v1/onboardings/{value['id']}", value["id"]


def answer(caller, where, approve=True, **members):
    return caller.post(f"{where}/approval", {"approve": approve} | members)


def assert_refused(reply, status, code, **reason):
    assert (reply.status, reply.code) == (status, code), reply
    assert reply.reason.items() >= reason.items(), reply


# ---- it waits ----


def test_it_waits_and_then_it_is_in(site, asker, approver):
    thing, key = device(id_link="https://id.example.com/XY-1/4711"), Key()
    first = asker.onboard(thing, key=key)
    where, ident = waits(first)
    assert first.headers["Location"] == where
    assert abs(first.json["onboarding"]["until"] - asker.chain.leaf["exp"]) <= 1, "it does not outlive the leaf"

    polled = asker.get(where)
    assert (polled.status, polled.json) == (202, first.json)
    again = asker.onboard(thing, key=key)
    assert (again.status, again.json, again.headers["Location"]) == (202, first.json, where)

    told = answer(approver, where)
    assert told.status == 200, told
    record = told.json["device"]
    assert "certificate" not in told.json, "the credential is the asker's"
    assert record.items() >= thing.items()
    assert record.items() >= {"id": ident, "state": "active", "evidence": ["device_key", "approval"]}.items()

    done = asker.get(where)
    assert done.status == 200 and done.json["device"] == record
    (leaf, *_) = certificates(done.json["certificate"])
    assert f"{leaf.serial_number:040x}" == record["certificate_serial"]
    same = asker.onboard(thing, key=key)
    assert (same.status, same.json) == (200, done.json)


def test_a_policy_may_ask_it_of_all(site, approver):
    caller = under(site, onboarding())
    with site.policy_with(onboarding={"approval": "always"}):
        where, _ = waits(caller.onboard())
        assert answer(approver, where).status == 200
    assert caller.onboard().status == 201


def test_an_onboarding_that_needs_none_does_not_wait(site):
    """The first power that holds with what is established applies; one that asks for more is not waited for."""
    caller = under(site, ASKED, onboarding())
    reply = caller.onboard()
    assert reply.status == 201 and reply.json["device"]["power"] == 1


def test_what_an_approval_would_not_heal_is_refused_at_once(site):
    caller = under(site, onboarding(evidence=["approval", "idevid"]))
    assert_refused(caller.onboard(), 403, "evidence_missing")
    assert_refused(under(site, ASKED).onboard(location="mine-8"), 403, "location_not_granted")


def test_who_waits_holds_its_identifiers(site, asker):
    thing = device()
    waits(asker.onboard(thing))
    assert_refused(under(site, onboarding()).onboard(thing), 409, "device_exists")


# ---- who may see, who may answer ----


def test_who_may_ask_how_far_it_is(site, asker, approver):
    where, _ = waits(asker.onboard())
    reader = under(site, onboarding(actions=["read"]))
    assert [who.get(where).status for who in (asker, approver, reader)] == [202] * 3
    elsewhere = under(site, onboarding(actions=["read"], locations=["mine-7/hall-9"]))
    assert_refused(elsewhere.get(where), 403, "location_not_granted")
    assert_refused(under(site, onboarding(actions=["onboard"])).get(where), 403, "action_not_granted")
    for unknown in ("/v1/onboardings/00000000-0000-4000-8000-000000000000", "/v1/onboardings/nothing"):
        assert asker.get(unknown).status == 404
        assert answer(approver, unknown).status == 404


@pytest.mark.parametrize("powers, code", [
    ([onboarding()], "action_not_granted"),
    ([administration(actions=["audit", "revoke"])], "action_not_granted"),
    ([administration(actions=["approve"], locations=["mine-7/hall-1"])], "location_not_granted"),
], ids=["onboard only", "other administration", "another place"])
def test_who_may_not_answer(site, asker, approver, powers, code):
    where, _ = waits(asker.onboard())
    for approve in (True, False):
        assert_refused(answer(under(site, *powers), where, approve), 403, code)
    assert asker.get(where).status == 202
    assert answer(approver, where).status == 200


def test_owners_answer_for_their_own(site, asker):
    where, _ = waits(asker.onboard())
    stranger = site.add_owner()
    other = Caller(site.url, stranger.grant(party(), [administration(actions=["approve"])]))
    assert_refused(answer(other, where), 403, "action_not_granted")
    steward = Caller(site.url, site.steward.grant(party(), [administration(actions=["approve"])]))
    assert answer(steward, where).status == 200


def test_nobody_approves_what_he_asked(site):
    """No key of the asking chain, the agent's nor a principal's, may say yes, whatever chain it comes with."""
    contractor, technician = party(), party()
    chain = site.owner.grant(contractor, [ASKED]).grant(technician, [ASKED])
    where, _ = waits(Caller(site.url, chain).onboard())
    for one in (technician, contractor, site.owner):
        own = Caller(site.url, site.steward.grant(one, [administration(actions=["approve"])]))
        assert_refused(answer(own, where), 403, "action_not_granted")
    assert answer(Caller(site.url, site.steward.grant(party(), [administration()])), where).status == 200


# ---- no, too late, and never ----


def test_nobody_lets_another_key_of_his_approve(site):
    """Who asks and may approve, but not what he asked, may not hand that on to himself."""
    power = administration(actions=["approve"])
    chain = site.owner.grant(party(), [ASKED, power], transferable=1)
    where, _ = waits(Caller(site.url, chain).onboard())
    reply = answer(Caller(site.url, chain.grant(party(), [power])), where)
    assert_refused(reply, 403, "action_not_granted")
    assert answer(under(site, power), where).status == 200


def test_a_no_frees_what_was_taken(site, approver):
    asker = under(site, onboarding(evidence=["approval"], max_devices=1))
    thing, key = device(), Key()
    where, ident = waits(asker.onboard(thing, key=key))
    assert_refused(asker.onboard(), 403, "quota_exceeded")
    told = answer(approver, where, False, reason="not ours")
    assert told.status == 200
    outcome = told.json["onboarding"]
    assert outcome.items() >= {"id": ident, "state": "refused", "reason": "not ours",
                               "by": approver.chain.agent.name}.items()
    assert (asker.get(where).status, asker.get(where).json) == (200, told.json)
    assert under(site, onboarding(actions=["read"])).get(where).status == 404, "only who asked is told"
    assert under(site, onboarding(actions=["read"])).get(f"/v1/devices/{ident}").status == 404

    repeated = answer(approver, where, False, reason="not ours")
    assert (repeated.status, repeated.json) == (200, told.json)
    assert answer(approver, where).status == 404
    anew, other = waits(asker.onboard(thing, key=key))
    assert other != ident, "who asks again asks for another onboarding"
    assert answer(approver, anew).status == 200
    assert_refused(asker.onboard(), 403, "quota_exceeded")


def test_it_is_answered_once(site, asker, approver):
    where, _ = waits(asker.onboard())
    told = answer(approver, where)
    assert told.status == 200
    again = answer(approver, where)
    assert (again.status, again.json) == (200, told.json), "a reply that was lost is told again"
    other = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    for who, approve in ((other, True), (approver, False)):
        late = answer(who, where, approve)
        assert late.status == 409, late
        assert late.json["state"] == "active" and "suspended" in late.json["allowed"]


def test_the_asking_chain_must_stand(site, approver):
    asker = under(site, ASKED)
    where, _ = waits(asker.onboard())
    assert submit(site.url, statement(site.owner, "revoke", poa=asker.chain.ids[0])).status == 201
    refused = answer(approver, where)
    assert refused.status in (403, 404), "what waits goes with its PoA, sooner or later"
    if refused.status == 403:
        assert_refused(refused, 403, "device_not_granted", because="revoked", hop=0)


def test_a_no_needs_no_chain(site, approver):
    asker = under(site, ASKED)
    where, _ = waits(asker.onboard())
    hold = statement(site.owner, "suspend", poa=asker.chain.ids[0])
    assert submit(site.url, hold).status == 201
    assert_refused(answer(approver, where), 403, "device_not_granted", because="suspended", hop=0)
    assert answer(approver, where, False).status == 200


@pytest.mark.parametrize("body, code, member", [
    ({}, "claim_missing", "/approve"),
    ({"approve": "yes"}, "claim_type", "/approve"),
    ({"approve": True, "reason": ""}, "claim_type", "/reason"),
    ({"approve": True, "reason": "x" * 257}, "claim_type", "/reason"),
    ({"approve": True, "more": 1}, "claim_forbidden", "/more"),
    ("[]", "malformed", ""),
])
def test_bodies(asker, approver, body, code, member):
    where, _ = waits(asker.onboard())
    reply = approver.post(f"{where}/approval", body)
    assert (reply.status, reply.code) == (400, code), reply
    assert (reply.reason["member"] or "") == member


def test_hours_and_networks_are_those_of_the_asking(site, approver):
    """The power holds when and where it was asked; somebody may say yes later, and from elsewhere."""
    caller = Caller(site.url, site.owner.grant(party(), [onboarding(evidence=["approval"], networks=["127.0.0.2/32"])]),
                    source="127.0.0.2")
    where, _ = waits(caller.onboard())
    assert answer(approver, where).status == 200


# ---- what is kept of it ----


def test_the_audit(site, asker, approver):
    yes, no = (waits(asker.onboard()) for _ in range(2))
    assert answer(approver, yes[0]).status == answer(approver, no[0], False).status == 200
    assert answer(approver, yes[0]).status == 200
    assert site.server.stop() == 0
    kinds = {ident: [entry["kind"] for entry in site.audit() if entry.get("device") == ident] for _, ident in (yes, no)}
    site.begin()
    assert kinds == {yes[1]: ["onboarding.pending", "onboarding.approved"],
                     no[1]: ["onboarding.pending", "onboarding.refused"]}


# ---- a crash in between ----


def test_it_waits_across_a_kill(site, asker, approver):
    thing, key = device(), Key()
    where, _ = waits(asker.onboard(thing, key=key))
    site.restart(kill=True)
    site.server.outlive_its_first_second()
    assert asker.get(where).status == 202
    told = answer(approver, where)
    assert told.status == 200
    site.restart(kill=True)
    site.server.outlive_its_first_second()
    again = answer(approver, where)
    assert (again.status, again.json) == (200, told.json)
    assert asker.onboard(thing, key=key).json == asker.get(where).json
