"""Devices that somebody expects: announced, found again when they come, withdrawn; and a policy that wants them."""

import pytest

from client import Caller, administration, device, now, onboarding, send
from made import assert_refused, bring, brought_in, maker, party, site, under  # noqa: F401  the fixtures
from makers import Maker, x5c


@pytest.fixture(scope="module")
def clerk(site):
    return Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))


@pytest.fixture
def caller(site):
    return under(site, onboarding())


def announce(clerk, thing, location="mine-7/hall-2", **members):
    return clerk.post("/v1/tickets", {"device": thing, "location": location} | members)


def withdraw(clerk, ident):
    path = f"/v1/tickets/{ident}"
    return send(clerk.base, "DELETE", path, headers=clerk.headers("DELETE", path, nonce=clerk.nonce()))


def test_an_expected_device_comes(site, clerk, caller):
    thing = device()
    reply = announce(clerk, thing)
    record = brought_in(reply)
    assert record.items() >= (thing | {"state": "expected", "location": "mine-7/hall-2", "evidence": []}).items()
    assert "poa_id" not in record and "key" not in record
    again = announce(clerk, thing)
    assert (again.status, again.json) == (200, reply.json)

    entered = brought_in(caller.onboard(thing, "mine-7/hall-2/bay-4"))
    assert entered.items() >= {"id": record["id"], "state": "active", "location": "mine-7/hall-2/bay-4"}.items()
    assert_refused(announce(clerk, thing), 409, "device_exists")
    assert withdraw(clerk, record["id"]).status == 404, "it is in"


def test_what_was_announced_must_be_so(clerk, caller):
    thing = device(model="XY-1", id_link="https://id.example.com/XY-1/must")
    brought_in(announce(clerk, thing))
    wrong = caller.onboard(thing | {"model": "XY-2"})
    assert_refused(wrong, 422, "identity_mismatch", member="/device/model")
    assert wrong.json["conflicts"] == [
        {"member": "model", "sources": ["expected", "request"], "values": ["XY-1", "XY-2"]}]
    assert_refused(caller.onboard(thing, "mine-7/hall-3"), 422, "identity_mismatch", member="/location")
    assert_refused(caller.onboard(thing, "mine-7/hall-20"), 422, "identity_mismatch", member="/location")


def test_what_was_announced_is_no_oracle(site, clerk):
    """Who may not bring the device in does not learn that it is expected, nor where, nor as what."""
    thing = device(id_link="https://id.example.com/XY-1/oracle")
    brought_in(announce(clerk, thing))
    guess = thing | {"serial": "SN-guess"}
    other = under(site, onboarding(locations=["mine-7/hall-9"], devices=[{"serial": "ZZ*"}]))
    for location, code in (("mine-7/hall-2", "location_not_granted"), ("mine-7/hall-9", "device_not_granted")):
        reply = other.onboard(guess, location)
        assert_refused(reply, 403, code)
        assert "conflicts" not in reply.json and "expected" not in reply.body.decode(), reply


def test_what_is_not_typed_is_known(clerk, caller):
    thing = device(model="XY-9", id_link="https://id.example.com/XY-9/1")
    brought_in(announce(clerk, thing))
    typed = {name: thing[name] for name in ("manufacturer", "serial", "id_link")}
    record = brought_in(caller.onboard(typed))
    assert record["model"] == "XY-9"


def test_an_announcement_may_know_less(clerk, caller):
    """A serial alone, or with its maker: the device that comes states more."""
    for known in (("serial",), ("manufacturer", "serial")):
        thing = device(model="XY-1")
        record = brought_in(announce(clerk, {name: thing[name] for name in known}))
        assert brought_in(caller.onboard(thing)).items() >= (thing | {"id": record["id"]}).items()


def test_a_policy_that_wants_tickets(site, clerk, caller):
    thing = device()
    with site.policy_with(onboarding={"tickets": "required"}):
        assert_refused(caller.onboard(thing), 403, "device_not_granted", hop=None)
        brought_in(announce(clerk, thing))
        brought_in(caller.onboard(thing))


def test_a_ticket_of_the_maker(site, clerk, maker):
    """It announces the device and ties its label to its key, though the IDevID does not name the label."""
    thing = maker.device(in_idevid=False)
    record = brought_in(announce(clerk, {"serial": thing.serial}, ticket=maker.ticket(thing)))
    assert record.items() >= thing.stated().items(), "what the ticket says is known"
    caller = under(site, onboarding(evidence=["idevid"]))
    thief = maker.device(serial=thing.serial + "0", id_link=thing.id_link, in_idevid=False)
    assert_refused(bring(caller, thief, stated={"serial": thief.serial}), 422, "identity_mismatch")
    entered = brought_in(bring(caller, thing))
    assert (entered["id"], entered["link_evidence"]) == (record["id"], "ticket")


def test_tickets_that_are_none(clerk, maker, site):
    thing = maker.device()
    foreign = Maker(maker.name)
    for text, because in ((foreign.ticket(thing), "signature_invalid"),
                          (maker.ticket(thing, iss="Somebody"), "signature_invalid"),
                          (maker.ticket(thing, iat=now() + 3600), "issued_in_future"),
                          (maker.ticket(thing, iat=now() - 100, exp=now() - 10), "expired")):
        assert_refused(announce(clerk, thing.stated(), ticket=text), 403, "evidence_missing", member="/ticket",
                       because=because)
        assert_refused(bring(under(site, onboarding()), thing, ticket=text), 403, "evidence_missing",
                       member="/ticket", because=because)
    assert_refused(announce(clerk, thing.stated(), ticket="a.b.c"), 400, "malformed", member="/ticket")
    many = Maker(maker.name, alg="RS256")
    large = many.ticket(thing, header={"x5c": 8 * x5c(many.issuer.path[:1])})
    assert 8192 < len(large) < 12288, "it could be read, but no record holds it"
    assert_refused(bring(under(site, onboarding()), thing, ticket=large), 400, "too_large", member="/ticket")
    assert_refused(announce(clerk, thing.stated(serial="SN-2"), ticket=maker.ticket(thing)), 422, "identity_mismatch")
    other = maker.device()
    reply = bring(under(site, onboarding()), thing, ticket=maker.ticket(thing, key=other.key_hash))
    assert_refused(reply, 422, "identity_mismatch", member="/device/key")


def test_it_is_withdrawn(clerk, caller, site):
    thing = device()
    ident = brought_in(announce(clerk, thing))["id"]
    assert_refused(withdraw(under(site, administration(actions=["approve"], locations=["mine-7/hall-1"])), ident), 403,
                   "location_not_granted")
    assert withdraw(clerk, ident).status == 204
    assert withdraw(clerk, ident).status == 404
    assert withdraw(clerk, "nothing").status == 404
    assert brought_in(caller.onboard(thing, "mine-7/hall-9"))["id"] != ident


def test_it_is_expected_until(clerk):
    assert_refused(announce(clerk, device(), until=now() - 1), 400, "claim_type", member="/until")
    until = now() + 3600
    assert brought_in(announce(clerk, device(), until=until))["until"] == until


@pytest.mark.parametrize("powers, code", [
    ([onboarding()], "action_not_granted"),
    ([administration(actions=["revoke"])], "action_not_granted"),
    ([administration(actions=["approve"], locations=["mine-7/hall-1"])], "location_not_granted"),
])
def test_who_may_not_announce(site, powers, code):
    assert_refused(announce(under(site, *powers), device()), 403, code)


def test_an_expected_device_may_have_to_wait(site, clerk):
    """Expected, asked, approved: one id all the way."""
    thing = device()
    ident = brought_in(announce(clerk, thing))["id"]
    reply = under(site, onboarding(evidence=["approval"])).onboard(thing)
    assert (reply.status, reply.json["onboarding"]["id"]) == (202, ident)
    assert clerk.post(f"/v1/onboardings/{ident}/approval", {"approve": True}).json["device"]["state"] == "active"


def test_a_maker_may_go_while_it_waits(site, clerk, maker):
    """What was shown under the policy of then is approved under the policy of now."""
    caller = under(site, onboarding(evidence=["idevid", "approval"]))
    reply = bring(caller, maker.device())
    assert reply.status == 202
    answer = f"{reply.headers['Location']}/approval"
    with site.policy_with(manufacturers=[Maker(maker.name).policy()]):
        assert_refused(clerk.post(answer, {"approve": True}), 403, "device_not_granted", because="evidence_missing")
    assert clerk.post(answer, {"approve": True}).status == 200
