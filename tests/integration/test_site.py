"""What stands around a device: its record and who reads it, PoAs and who sees them, addresses, the policy, the site."""

import json
import time

import pytest

from client import (HOUR, SITE, Caller, Party, administration, device, fresh_jti, now, onboarding, send, sha256,
                    statement, submit)
from scene import PROXY, site  # noqa: F401  the fixture
from server import run


@pytest.fixture(scope="module")
def caller(site):
    return under(site, onboarding())


def under(site, *powers, **claims):
    """A technician with a chain of one link, of these powers."""
    return Caller(site.url, site.owner.grant(site.technician, list(powers), **claims))


def assert_refused(reply, status, code, hop=None, member=None):
    assert reply.status == status, reply
    assert (reply.code, reply.reason["hop"], reply.reason["member"]) == (code, hop, member), reply


def brought_in(reply):
    assert reply.status == 201, reply
    return reply.json["device"]


def at(member, index=0):
    return f"/authorization_details/{index}/{member}"


# ---- records and who may read them ----


def pages(caller, limit):
    """All devices that a caller may read, page by page, and how many pages it took."""
    found, cursor, count = [], "", 0
    while cursor is not None:
        reply = caller.get(f"/v1/devices?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert reply.status == 200, reply
        assert len(reply.json["devices"]) <= limit
        found += reply.json["devices"]
        cursor, count = reply.json["cursor"], count + 1
        assert count < 100
    return found, count


def test_pages_of_devices(site):
    hall = f"mine-7/hall-{fresh_jti()}"
    root = site.owner.grant(site.contractor, [onboarding(locations=[hall])])
    caller = Caller(site.url, root)
    made = {brought_in(caller.onboard(device(model="XY-1" if i % 2 else "XY-2"), f"{hall}/bay-{i % 3}"))["id"]: i
            for i in range(7)}
    for limit in (1, 3, 7, 50):
        found, _ = pages(caller, limit)
        assert sorted(one["id"] for one in found) == sorted(made), limit
    bay = Caller(site.url, root.grant(site.technician, [onboarding(locations=[f"{hall}/bay-1"])]))
    assert {one["id"] for one in pages(bay, 2)[0]} == {name for name, i in made.items() if i % 3 == 1}
    model = Caller(site.url, root.grant(site.technician, [onboarding(locations=[hall], devices=[{"model": "XY-1"}])]))
    assert {one["id"] for one in pages(model, 2)[0]} == {name for name, i in made.items() if i % 2}
    two = Caller(site.url, root.grant(site.technician, [onboarding(locations=[f"{hall}/bay-0"]),
                                                        onboarding(locations=[f"{hall}/bay-0/x", f"{hall}/bay-2"])]))
    assert {one["id"] for one in pages(two, 2)[0]} == {name for name, i in made.items() if i % 3 != 1}


def test_reading_wants_the_power_to_read(site):
    caller = under(site, onboarding(actions=["onboard"]))
    record = brought_in(caller.onboard())
    assert_refused(caller.get("/v1/devices"), 403, "action_not_granted", 0, at("actions"))
    assert_refused(caller.get(f"/v1/devices/{record['id']}"), 403, "action_not_granted", 0, at("actions"))
    reader = under(site, onboarding(actions=["read"]))
    assert reader.get(f"/v1/devices/{record['id']}").json == record
    narrowed = Caller(site.url, site.owner.grant(site.contractor, [onboarding()]).grant(site.technician, [
        onboarding(actions=["onboard"])]))
    for path in ("/v1/devices", f"/v1/devices/{record['id']}"):
        assert_refused(narrowed.get(path), 403, "action_not_granted", 1, at("actions"))
    administrator = under(site, administration())
    assert_refused(administrator.get("/v1/devices"), 403, "action_not_granted", 0, "/authorization_details")
    elsewhere = under(site, onboarding(actions=["read"], locations=["mine-7/yard"]))
    assert_refused(elsewhere.get(f"/v1/devices/{record['id']}"), 403, "location_not_granted", 0, at("locations"))


def test_a_device_that_is_not_there(caller):
    reply = caller.get("/v1/devices/00000000-0000-4000-8000-000000000000")
    assert reply.status == 404 and reply.json["type"] == "about:blank", reply


# ---- PoAs ----


def test_registering_a_chain(site):
    root = site.owner.grant(site.contractor, [onboarding()])
    leaf = root.grant(site.technician)
    caller = Caller(site.url, leaf)
    first = caller.post("/v1/poas")
    assert (first.status, first.json) == (201, {"poas": leaf.ids}), first
    assert caller.post("/v1/poas").status == 200
    other = root.grant(Party("other.example"))
    named = caller.post("/v1/poas", {"chain": other.text})
    assert (named.status, named.json) == (201, {"poas": other.ids}), named
    assert_refused(caller.post("/v1/poas", {"chain": other.text, "colour": "red"}), 400, "claim_forbidden", None,
                   "/colour")
    assert_refused(caller.post("/v1/poas", {"chain": 7}), 400, "claim_type", None, "/chain")
    spoiled = caller.post("/v1/poas", {"chain": f"{other.text}~{other.tokens[0]}"})
    assert_refused(spoiled, 401, "kid_mismatch", 2, "/header/kid")


def test_who_holds_audit_sees_a_poa(site):
    root = site.owner.grant(site.contractor, [onboarding(locations=["mine-7/hall-2"])])
    leaves = [root.grant(Party(f"agent-{i}.example")) for i in range(2)]
    record = brought_in(Caller(site.url, leaves[0]).onboard())
    assert Caller(site.url, leaves[1]).post("/v1/poas").status == 201
    auditor = under(site, administration(actions=["audit"]))

    shown = auditor.get(f"/v1/poas/{root.ids[0]}").json
    assert shown.items() >= {"poa_id": root.ids[0], "state": "active", "iss": site.owner.name,
                             "sub": site.contractor.name, "parent": None, "transferable": 3,
                             "exp": root.leaf["exp"], "nbf": root.leaf["iat"], "devices": []}.items()
    assert sorted(shown["children"]) == sorted(leaf.ids[1] for leaf in leaves)
    leaf = auditor.get(f"/v1/poas/{leaves[0].ids[1]}").json
    assert leaf["parent"] == root.ids[0] and leaf["devices"] == [record["id"]] and leaf["children"] == []

    assert submit(site.url, statement(site.owner, "revoke", poa=root.ids[0])).status == 201
    gone = auditor.get(f"/v1/poas/{leaves[0].ids[1]}").json
    assert gone.items() >= {"state": "revoked", "origin": "inherited", "from": root.ids[0]}.items()
    assert auditor.get(f"/v1/poas/{sha256(b'unseen')}").status == 404


def test_who_may_not_audit(site):
    poa = site.owner.grant(site.contractor, [onboarding(locations=["mine-7/hall-2", "mine-7/hall-3"])])
    assert Caller(site.url, poa).post("/v1/poas").status == 201
    path = f"/v1/poas/{poa.ids[0]}"
    assert under(site, administration(locations=["mine-7"])).get(path).status == 200
    steward = Caller(site.url, site.steward.grant(site.technician, [administration()]))
    assert steward.get(path).status == 200, "the site administers all"
    for caller in (Caller(site.url, poa), under(site, administration(actions=["revoke"])),
                   under(site, administration(locations=["mine-7/hall-2"]))):
        assert_refused(caller.get(path), 403, "action_not_granted", None, "/authorization_details")


# ---- networks and proxies ----


def test_the_callers_address_is_the_peers(site):
    chain = site.owner.grant(site.technician, [onboarding(networks=["127.0.0.5/32", "10.0.0.0/8"])])
    brought_in(Caller(site.url, chain, source="127.0.0.5").onboard())
    assert_refused(Caller(site.url, chain, source="127.0.0.6").onboard(), 403, "network_not_granted", 0, at("networks"))


def test_a_stranger_cannot_tell_another_address(site):
    chain = site.owner.grant(site.technician, [onboarding(networks=["10.0.0.0/8"])])
    for source in (None, "127.0.0.6"):
        spoofing = Caller(site.url, chain, source=source)
        reply = spoofing.onboard(more={"X-Forwarded-For": "10.1.2.3"})
        assert_refused(reply, 403, "network_not_granted", 0, at("networks"))


@pytest.mark.parametrize("told, granted", [
    ("10.1.2.3", True), ("192.0.2.1, 10.1.2.3", True), ("10.1.2.3,127.0.0.9", True), ("::ffff:10.1.2.3", True),
    ("10.1.2.3, 192.0.2.1", False), ("10.1.2.3, nonsense", False), ("", False), ("10.1.2.3:80", False),
    (None, False), ("127.0.0.9", False),
])
def test_what_a_trusted_proxy_tells(site, told, granted):
    """The last stranger is our proxies' word; what stands before it is a stranger's."""
    chain = site.owner.grant(site.technician, [onboarding(networks=["10.0.0.0/8"])])
    behind = Caller(site.url, chain, source=PROXY)
    reply = behind.onboard(more={"X-Forwarded-For": told} if told is not None else {})
    if granted:
        brought_in(reply)
    else:
        assert_refused(reply, 403, "network_not_granted", 0, at("networks"))


# ---- the policy, and another one ----


def test_what_the_policy_asks_beyond_the_powers(site, caller):
    with site.policy_with(onboarding={"approval": "always"}):
        assert caller.onboard().status == 202
    with site.policy_with(onboarding={"tickets": "required"}):
        assert_refused(caller.onboard(), 403, "device_not_granted", None, None)
    with site.policy_with(credentials={"lifetime": 2 * HOUR}):
        assert brought_in(caller.onboard())["not_after"] <= now() + 2 * HOUR
    brought_in(caller.onboard())


def test_an_owner_who_is_removed_is_gone_at_once(site):
    """Although its chain was kept as verified a moment ago."""
    owner = site.add_owner()
    caller = Caller(site.url, owner.grant(site.technician, [onboarding()]))
    brought_in(caller.onboard())
    with site.policy_with(owners=[one for one in site.policy["owners"] if one["iss"] != owner.name]):
        reply = caller.onboard()
        assert (reply.status, reply.reason) == (401, {"code": "root_untrusted"}), reply
        state = site.state_of(caller.chain.ids[0])
        assert state["state"] == "unknown", "no chain that passes steps 1 to 6 shows it any more"
    brought_in(caller.onboard())
    assert site.state_of(caller.chain.ids[0])["state"] == "active"


def test_a_narrower_ceiling_holds_at_once(site, caller):
    owners = [dict(one) for one in site.policy["owners"]]
    owners[0]["powers"] = [onboarding(locations=["mine-7/yard"])]
    with site.policy_with(owners=owners):
        reply = caller.onboard()
        assert (reply.status, reply.reason) == (401, {"code": "ceiling_exceeded"}), reply
        assert site.log_of(reply)["member"] == at("locations")
    brought_in(caller.onboard())


def test_a_key_is_accepted_until_its_time(site):
    """Also for a chain that was kept as verified before."""
    until = now() + 4
    owner = site.add_owner(accept_until=until)
    caller = Caller(site.url, owner.grant(site.technician, [onboarding()]))
    assert caller.get("/v1/devices").status == 200
    time.sleep(until + 0.1 - time.time())
    reply = caller.get("/v1/devices")
    assert (reply.status, reply.code) == (401, "root_untrusted"), reply


def test_a_policy_that_is_wrong_is_not_taken(site, caller):
    """Whole or not at all: the one before stays."""
    before = site.policy_file.read_text()
    try:
        for wrong in ("{", before.replace('"version"', '"versoin"')):
            site.policy_file.write_text(wrong)
            assert not site.reload()
            brought_in(caller.onboard())
    finally:
        site.policy_file.write_text(before)
        assert site.reload()


# ---- what is told to everybody ----


def test_the_configuration_document(site):
    shown = send(site.url, "GET", "/.well-known/poa-configuration")
    assert shown.status == 200, shown
    facts = shown.json
    assert facts["resource_owner"] == SITE and facts["base_url"] == site.url
    assert facts["onboarding_endpoint"] == site.url + "/v1/onboardings"
    assert set(facts["authorization_details_types_supported"]) == {"device_onboarding", "access", "administration"}
    assert facts["algorithms"] == ["ES256", "ES384", "EdDSA"]
    assert facts["answer_keys"] == [site.answer_key]
    assert facts["limits"].items() >= {"chain_bytes": 16384, "links": 8, "link_bytes": 8192,
                                       "body_bytes": 65536}.items()


def test_health_and_metrics(site, caller):
    assert send(site.url, "GET", "/healthz").json == {"status": "ok"}
    assert send(site.url, "GET", "/readyz").json == {"status": "ready"}
    caller.onboard(location="mine-8")
    text = send(site.url, "GET", "/metrics").body.decode()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert int(values['poa_decisions_total{code="location_not_granted"}']) >= 1
    assert int(values['poa_decisions_total{code="ok"}']) >= 1
    assert int(values['poa_chain_cache_total{result="hit"}']) >= 1
    assert values["poa_store_healthy"] == "1"


def test_a_decision_raises_the_mark_of_time(site, caller):
    """Also one that changes nothing: after a restart the clock may not be behind it."""
    brought_in(caller.onboard())
    time.sleep(2.1)
    acted = now()
    assert caller.get("/v1/devices").status == 200
    assert site.server.stop() == 0
    done = run("reset-clock-mark", "--config", site.made.config)
    site.begin()
    assert done.returncode == 0 and json.loads(done.stdout)["from"] >= acted, done
