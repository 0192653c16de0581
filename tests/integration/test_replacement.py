"""A hardware swap: a new device takes the place of a dead one."""

import pytest

from client import Caller, Key, administration, csr, device, onboarding
from made import assert_refused, brought_in, maker, party, site, under  # noqa: F401  the fixtures

SWAP = onboarding(actions=["onboard", "replace", "read"])


@pytest.fixture
def caller(site):
    return under(site, SWAP)


def replace(caller, ident, thing=None, key=None, **members):
    nonce = caller.nonce()
    body = {"device": thing or device(), "csr": csr(key or Key(), nonce)} | members
    return caller.post(f"/v1/devices/{ident}/replacement", body, nonce=nonce)


def record_of(caller, ident):
    return caller.get(f"/v1/devices/{ident}").json


def test_a_swap(caller):
    old = brought_in(caller.onboard(location="mine-7/hall-2/bay-4"))
    thing, key = device(), Key()
    reply = replace(caller, old["id"], thing, key)
    new = brought_in(reply)
    assert reply.headers["Location"] == f"/v1/devices/{new['id']}" and "certificate" in reply.json
    place = {"state": "active", "location": "mine-7/hall-2/bay-4", "replaces": old["id"]}
    assert new.items() >= (thing | place).items()
    gone = record_of(caller, old["id"])
    assert (gone["state"], gone["replaced_by"]) == ("replaced", new["id"])
    again = replace(caller, old["id"], thing, key)
    assert (again.status, again.json) == (200, reply.json)


def test_it_happens_once(caller):
    old = brought_in(caller.onboard())
    new = brought_in(replace(caller, old["id"]))
    late = replace(caller, old["id"])
    assert late.status == 409 and late.json["state"] == "replaced" and late.json["allowed"] == []
    brought_in(replace(caller, new["id"]))


def test_a_device_that_is_in_replaces_nobody(caller):
    old = brought_in(caller.onboard())
    thing, key = device(), Key()
    brought_in(caller.onboard(thing, key=key))
    assert_refused(replace(caller, old["id"], thing, key), 409, "device_exists")
    assert record_of(caller, old["id"])["state"] == "active"


def test_it_costs_no_quota(site):
    caller = under(site, SWAP | {"max_devices": 1})
    old = brought_in(caller.onboard())
    for _ in range(3):
        old = brought_in(replace(caller, old["id"]))
    assert_refused(caller.onboard(), 403, "quota_exceeded")


def test_identifiers_stay_burnt(caller, site):
    thing, key = device(), Key()
    old = brought_in(caller.onboard(thing, key=key))
    assert_refused(replace(caller, old["id"], thing), 409, "device_exists")
    brought_in(replace(caller, old["id"]))
    assert_refused(under(site, onboarding()).onboard(thing), 409, "device_exists")
    assert_refused(caller.onboard(thing, key=key), 409, "device_exists")


@pytest.mark.parametrize("power, code", [
    (onboarding(), "action_not_granted"),
    (onboarding(actions=["replace"], locations=["mine-7/hall-9"]), "location_not_granted"),
    (onboarding(actions=["replace"], devices=[{"model": "NEW"}]), "device_not_granted"),
    (onboarding(actions=["replace"], devices=[{"model": "XY-1"}]), "device_not_granted"),
    (onboarding(actions=["replace"], evidence=["idevid"]), "evidence_missing"),
    (onboarding(actions=["replace"], evidence=["approval"]), "evidence_missing"),
])
def test_what_it_asks_for(site, caller, power, code):
    """The old record and the new identity inside the power, each."""
    old = brought_in(caller.onboard(device(model="XY-1")))
    assert_refused(replace(under(site, power), old["id"], device(model="NEW")), 403, code)
    assert record_of(caller, old["id"])["state"] == "active"


def test_it_stands_where_the_old_one_stood(caller):
    old = brought_in(caller.onboard())
    assert_refused(replace(caller, old["id"], location="mine-7/hall-3"), 422, "identity_mismatch", member="/location")
    brought_in(replace(caller, old["id"], location=old["location"]))


def test_the_new_one_shows_who_it_is(site, maker):
    caller = under(site, SWAP | {"evidence": ["idevid"]})
    first, second = maker.device(), maker.device()
    nonce = caller.nonce()
    old = brought_in(caller.post("/v1/onboardings", first.body(caller.chain, nonce), nonce=nonce))
    nonce = caller.nonce()
    body = second.body(caller.chain, nonce)
    new = brought_in(caller.post(f"/v1/devices/{old['id']}/replacement", body, nonce=nonce))
    assert new.items() >= {"link_evidence": "idevid", "serial": second.serial}.items()


def test_nobody_has_to_approve_a_swap(site, caller):
    old = brought_in(caller.onboard())
    with site.policy_with(onboarding={"approval": "always", "tickets": "required"}):
        brought_in(replace(caller, old["id"]))


def test_a_spare_that_was_announced(site, caller):
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    thing = device()
    spare = brought_in(clerk.post("/v1/tickets", {"device": thing, "location": "mine-7"}))
    old = brought_in(caller.onboard())
    assert brought_in(replace(caller, old["id"], thing))["id"] == spare["id"]


def test_devices_that_are_not_there(caller):
    for ident in ("00000000-0000-4000-8000-000000000000", "nothing"):
        assert replace(caller, ident).status == 404


def test_it_survives_a_kill(site, caller):
    old = brought_in(caller.onboard())
    thing, key = device(), Key()
    reply = replace(caller, old["id"], thing, key)
    new = brought_in(reply)
    site.restart(kill=True)
    site.server.outlive_its_first_second()
    again = replace(caller, old["id"], thing, key)
    assert again.status == 200 and again.json["certificate"] == reply.json["certificate"]
    # Another policy, as tests before this one had it, calls devices in: when it is due has moved.
    assert again.json["device"] | {"due": 0} == new | {"due": 0}
    assert record_of(caller, old["id"])["replaced_by"] == new["id"]
