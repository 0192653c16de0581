"""Who a device is: the IDevID and the proof that it made, sources that must agree, and what ties a label to a key."""

import json

import pytest

from client import Caller, Key, Party, csr, fresh_jti, now, onboarding, sha256
from makers import Authority, Maker, pem
from scene import Scene
from server import run
from test_events import Listener

IDEVID = onboarding(evidence=["idevid"])
SPIFFE = "spiffe://mine-7.example/plc/1"
PRODUCT = "urn:example.com:PLC-9:SN-4711"


@pytest.fixture(scope="module")
def maker():
    return Maker()


@pytest.fixture(scope="module")
def site(tmp_path_factory, maker):
    """A site that knows one maker by its serialNumber, and another by its common name."""
    scene = Scene(tmp_path_factory.mktemp("scene"))
    scene.other = Maker("Other Devices", hosts=("id.other.example",), serial_from="commonName", alg="ES384")
    scene.policy["manufacturers"] = [maker.policy(), scene.other.policy()]
    scene.take(scene.policy)
    try:
        yield scene
        scene.end()
    finally:
        if scene.server.process.poll() is None:
            scene.server.kill()


def under(site, *powers):
    return Caller(site.url, site.owner.grant(Party(f"agent-{fresh_jti()}.example"), list(powers)))


@pytest.fixture
def caller(site):
    return under(site, IDEVID)


def bring(caller, thing, **members):
    """Online; members change the body's own."""
    nonce = caller.nonce()
    return caller.post("/v1/onboardings", thing.body(caller.chain, nonce, **members), nonce=nonce)


def brought_in(reply, status=201):
    assert reply.status == status, reply
    return reply.json["device"]


def assert_refused(reply, status, code, **reason):
    assert (reply.status, reply.code) == (status, code), reply
    assert reply.reason.items() >= reason.items(), reply


def conflicts(reply):
    """Pairs that disagree: (member, sources, values)."""
    assert_refused(reply, 422, "identity_mismatch")
    found = {(one["member"], *one["sources"], *one["values"]) for one in reply.json["conflicts"]}
    assert reply.reason["member"] == f"/device/{reply.json['conflicts'][0]['member']}"
    return found


# ---- a device that shows who it is ----


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256"])
def test_a_device_of_a_known_maker(caller, maker, alg):
    thing = maker.device(alg=alg, uris=[PRODUCT + fresh_jti(), SPIFFE + fresh_jti()])
    record = brought_in(bring(caller, thing))
    assert record.items() >= thing.stated().items()
    assert record.items() >= {"evidence": ["device_key", "idevid"], "link_evidence": "idevid",
                              "idevid": thing.key_hash, "key": thing.own.spki_hash()}.items()
    assert caller.get(f"/v1/devices/{record['id']}").json == record


def test_each_maker_keeps_the_serial_where_the_policy_says(site, caller):
    thing = site.other.device()
    assert brought_in(bring(caller, thing)).items() >= {"serial": thing.serial, "manufacturer": "Other Devices"}.items()


def test_what_is_certified_need_not_be_typed(caller, maker):
    thing = maker.device()
    record = brought_in(bring(caller, thing, device={"model": "XY-1"}))
    assert record.items() >= thing.stated().items()


def test_a_device_as_makers_make_them(caller, maker):
    """No extension at all, and an end in the year 9999: IEEE 802.1AR devices are like that."""
    thing = maker.device(bare=True, id_link="")
    assert brought_in(bring(caller, thing))["evidence"] == ["device_key", "idevid"]


def test_selectors_by_the_makers_key(site, maker):
    for issuer in maker.ca_ids:
        caller = under(site, onboarding(devices=[{"idevid_issuer": issuer, "serial": "MK-*"}]))
        brought_in(bring(caller, maker.device()))
        assert_refused(bring(caller, site.other.device()), 403, "device_not_granted")
        assert_refused(caller.onboard(), 403, "device_not_granted")


def test_without_a_proof_nothing_is_certified(caller, maker, site):
    thing = maker.device()
    assert_refused(bring(caller, thing, device_proof=None), 403, "evidence_missing")
    record = brought_in(bring(under(site, onboarding()), thing, device_proof=None))
    assert (record["evidence"], record["link_evidence"]) == (["device_key"], "typed")
    assert "idevid" not in record


# ---- what shows nothing ----


def foreign(maker):
    return Maker(maker.name)


WEAK = [
    ("another maker of the same name", lambda m: foreign(m).device(), "signature_invalid"),
    ("expired", lambda m: m.device(until=now() - 1), "expired"),
    ("not yet valid", lambda m: m.device(since=now() + 3600), "not_yet_valid"),
    ("a self-made authority", lambda m: m.device(issuer=Authority("Example Devices Device CA")), "signature_invalid"),
]


@pytest.mark.parametrize("make, because", [row[1:] for row in WEAK], ids=[row[0] for row in WEAK])
def test_a_path_that_does_not_stand(caller, maker, make, because):
    assert_refused(bring(caller, make(maker)), 403, "evidence_missing", because=because, member="/device_proof")


def test_somebody_elses_certificate(caller, maker):
    """A certificate is public; its key is not."""
    thing, thief = maker.device(), maker.device()
    thief.path, thief.serial, thief.id_link = thing.path, thing.serial, thing.id_link
    assert_refused(bring(caller, thief), 403, "evidence_missing", because="signature_invalid", member="/device_proof")


BINDINGS = [
    ("another nonce", lambda: {"nonce": fresh_jti()}),
    ("no nonce of the server's", lambda: {"nonce": None, "jti": fresh_jti()}),
    ("another request", lambda: {"csr_hash": sha256(b"another request")}),
    ("another agent", lambda: {"agent": Party("other.example")}),
]


@pytest.mark.parametrize("proof", [row[1] for row in BINDINGS], ids=[row[0] for row in BINDINGS])
def test_a_proof_that_is_for_something_else(caller, maker, proof):
    assert_refused(bring(caller, maker.device(), proof=proof()), 403, "evidence_missing",
                   because="proof_binding_mismatch", member="/device_proof")


def test_an_idevid_that_no_record_holds(caller, maker):
    thing = maker.device(uris=["urn:example.com:" + "x" * 250])
    assert_refused(bring(caller, thing), 400, "too_large", member="/device_proof")


def test_proofs_that_cannot_be_read(caller, maker):
    for text, code in (("a.b", "malformed"), ("a.b.c", "malformed"), (7, "claim_type")):
        assert_refused(bring(caller, maker.device(), device_proof=text), 400, code, member="/device_proof")
    assert_refused(bring(caller, maker.device(), proof={"serial_number": None}), 400, "claim_missing",
                   member="/device_proof")


# ---- sources agree ----


def test_every_pair_that_disagrees_is_told(caller, maker):
    thing = maker.device(id_link="")
    good, wrong = thing.serial, "SN-2"
    assert conflicts(bring(caller, thing, stated={"serial": wrong})) == {
        ("serial", "certificate", "request", good, wrong), ("serial", "request", "device_proof", wrong, good),
        ("serial", "request", "csr", wrong, good)}
    assert conflicts(bring(caller, thing, proof={"serial_number": wrong})) == {
        ("serial", "certificate", "device_proof", good, wrong), ("serial", "request", "device_proof", good, wrong),
        ("serial", "device_proof", "csr", wrong, good)}
    assert conflicts(bring(caller, thing, stated={"manufacturer": "Somebody"})) == {
        ("manufacturer", "certificate", "request", "Example Devices", "Somebody")}


def test_a_serial_in_the_csr(caller, maker):
    thing = maker.device(id_link="")
    nonce = caller.nonce()
    request = thing.csr(nonce, serial="SN-3")
    reply = caller.post("/v1/onboardings", thing.body(caller.chain, nonce, request=request), nonce=nonce)
    assert ("serial", "certificate", "csr", thing.serial, "SN-3") in conflicts(reply)


def test_a_gs1_link_states_the_serial(caller, maker):
    thing = maker.device(id_link=maker.gs1_link("MK-4711"), serial="MK-4711")
    assert brought_in(bring(caller, thing))["serial"] == "MK-4711"
    other = maker.device(id_link=maker.gs1_link("MK-4712"), serial="MK-4713")
    assert ("serial", "certificate", "link", "MK-4713", "MK-4712") in conflicts(bring(caller, other))


def test_what_cannot_be_a_serial_becomes_none(site):
    """Links and CSRs say what they like; where nobody else states a serial, theirs would be the device's."""
    caller = under(site, onboarding())
    reply = caller.onboard({"id_link": "https://id.example.com/21/" + "1" * 65})
    assert_refused(reply, 400, "claim_type", member="/device/serial")
    nonce = caller.nonce()
    body = {"device": {"model": "XY-1"}, "location": "mine-7/hall-2", "csr": csr(Key(), nonce, "SN 1")}
    reply = caller.post("/v1/onboardings", body, nonce=nonce)
    assert_refused(reply, 400, "claim_type", member="/device/serial")


def test_an_idevid_with_several_links(site, maker):
    caller = under(site, onboarding())
    thing = maker.device(uris=[maker.link("second")])
    assert_refused(bring(caller, thing, stated={"id_link": maker.link("third")}), 422, "identity_mismatch",
                   member="/device/id_link")
    assert brought_in(bring(caller, thing, stated={"id_link": maker.link("second")}))["link_evidence"] == "idevid"


def test_a_label_of_somebody_elses_host(caller, maker):
    thing = maker.device(id_link="https://id.elsewhere.example/XY-1/1")
    assert_refused(bring(caller, thing), 422, "identity_mismatch", member="/device/id_link")


# ---- the label ----


def test_a_cloned_label(site, caller, maker):
    """Another device's label on this one: its own IDevID says another, or nothing."""
    label = maker.device().id_link
    thing = maker.device()
    assert ("id_link", "certificate", "request", thing.id_link, label) in conflicts(
        bring(caller, thing, stated={"id_link": label}))
    mute = maker.device(id_link=label, in_idevid=False)
    assert_refused(bring(caller, mute), 403, "evidence_missing", because=None)
    assert brought_in(bring(under(site, onboarding()), mute))["link_evidence"] == "typed"


def test_how_sure_a_label_is(site, maker):
    caller = under(site, onboarding())
    assert brought_in(bring(caller, maker.device()))["link_evidence"] == "idevid"
    tied = maker.device(in_idevid=False)
    assert brought_in(bring(caller, tied, ticket=maker.ticket(tied)))["link_evidence"] == "ticket"
    vouched = maker.device(in_idevid=False)
    assert brought_in(bring(caller, vouched, proof={"id_link": vouched.id_link}))["link_evidence"] == "device_key"
    assert brought_in(bring(caller, maker.device(in_idevid=False)))["link_evidence"] == "typed"
    assert "link_evidence" not in brought_in(bring(caller, maker.device(id_link="")))


def test_a_device_without_idevid_proves_its_own_key(site, maker):
    caller = under(site, onboarding())
    thing = maker.device(idevid=False)
    record = brought_in(bring(caller, thing, proof={"id_link": thing.id_link}))
    assert (record["evidence"], record["link_evidence"]) == (["device_key"], "device_key")
    other = maker.device(idevid=False)
    other.key = Key()
    assert_refused(bring(caller, other), 403, "evidence_missing", because="proof_key_mismatch")


# ---- the same device again ----


def test_a_reissued_idevid_is_the_same_device(site, caller, maker):
    thing = maker.device(id_link="")
    first = bring(caller, thing)
    again = bring(caller, thing)
    assert (again.status, again.json) == (200, first.json)
    elsewhere = under(site, IDEVID)
    thing.own = Key()
    thing.serial += "-B"
    thing.path = maker.idevid(thing.key, thing.serial)
    assert_refused(bring(elsewhere, thing), 409, "device_exists")


# ---- the policy ----


def test_a_policy_whose_manufacturer_cannot_be_read(site, maker):
    good = json.loads(site.policy_file.read_text())
    broken = pem(maker.root.certificate).replace("\n", "\nAAAA", 2)
    manufacturers = [maker.policy(), maker.policy(name="B", ca=broken)]
    site.policy_file.write_text(json.dumps(good | {"manufacturers": manufacturers}))
    try:
        assert not site.reload(), "the server goes on with the one it has"
        checked = run("check-config", "--config", site.made.config)
        assert checked.returncode != 0 and "/manufacturers/1/ca" in checked.stderr + checked.stdout
        assert site.cli.run("policy", "check", site.policy_file).code != 0
    finally:
        site.take(good)
    assert site.cli.run("policy", "check", site.policy_file).code == 0


def test_who_may_read_only_what_is_proven_hears_of_it(caller, maker):
    listener = Listener(caller)
    assert listener.next()[0] == "epoch"
    record = brought_in(bring(caller, maker.device()))
    assert record["link_evidence"] == "idevid"
    assert caller.get(f"/v1/devices/{record['id']}").status == 200
    kind, data = listener.next("poa.expiring")
    assert (kind, data.get("device")) == ("device.active", record["id"])
    listener.close()
