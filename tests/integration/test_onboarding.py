"""Bringing devices in: the certificate and its life, the same again, what is granted and refused, quota."""

import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from client import (DAY, HOUR, MINUTE, SITE, Caller, Key, Party, access, certificates, csr, device, fresh_jti, now,
                    onboarding, send, sha256)
from scene import site  # noqa: F401  the fixture

WEEK = 7 * DAY


@pytest.fixture(scope="module")
def chain(site):
    return site.owner.grant(site.contractor, [onboarding()]).grant(site.technician)


@pytest.fixture(scope="module")
def caller(site, chain):
    return Caller(site.url, chain)


def under(site, *powers, **claims):
    """A technician with a chain of one link, of these powers."""
    return Caller(site.url, site.owner.grant(site.technician, list(powers), **claims))


def assert_refused(reply, status, code, hop=None, member=None):
    assert reply.status == status, reply
    assert (reply.code, reply.reason["hop"], reply.reason["member"]) == (code, hop, member), reply


def brought_in(reply, status=201):
    assert reply.status == status, reply
    return reply.json["device"]


# ---- the certificate ----


@pytest.mark.parametrize("alg", ["ES256", "ES384", "EdDSA", "RS256"])
def test_the_certificate(site, caller, tmp_path, alg):
    key, thing = Key(alg), device()
    reply = caller.onboard(thing, key=key)
    record = brought_in(reply)
    leaf, *above = certificates(reply.json["certificate"])

    (tmp_path / "device.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    verified = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", site.ca_file,
                               tmp_path / "device.pem"], capture_output=True, text=True, timeout=30, check=False)
    assert verified.returncode == 0, verified
    assert [one.public_bytes(serialization.Encoding.PEM) for one in above] == [
        one.public_bytes(serialization.Encoding.PEM) for one in certificates(site.ca_file.read_text())]

    spki = leaf.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert sha256(spki) == key.spki_hash() == record["key"]
    subject = {name.oid: name.value for name in leaf.subject}
    assert subject[NameOID.COMMON_NAME] == record["id"] and subject[NameOID.ORGANIZATION_NAME] == SITE
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"urn:uuid:{record['id']}"]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert f"{leaf.serial_number:040x}" == record["certificate_serial"]
    assert leaf.not_valid_after.timestamp() - time.timezone == record["not_after"]


def test_the_record(caller, chain):
    thing = device(id_link="https://id.example.com/XY-1/7")
    reply = caller.onboard(thing, "mine-7/hall-2/bay-4")
    record = brought_in(reply)
    assert reply.headers["Location"] == f"/v1/devices/{record['id']}"
    assert record.items() >= thing.items()
    assert record.items() >= {"state": "active", "location": "mine-7/hall-2/bay-4", "evidence": ["device_key"],
                              "poa_id": chain.ids[-1], "power": 0, "effect": "until_exp", "on_revoke": "review",
                              "agent": "technician-17.example"}.items()
    assert abs(record["created"] - now()) < MINUTE
    assert caller.get(f"/v1/devices/{record['id']}").json == record


def not_after(reply):
    record = brought_in(reply)
    leaf = certificates(reply.json["certificate"])[0]
    assert leaf.not_valid_after.timestamp() - time.timezone == record["not_after"]
    return record["not_after"]


def about(value, expected):
    return expected - 5 <= value <= expected + 5


def test_the_life_of_a_certificate_is_bounded_by_each(site):
    """By the policy, by the power, with `until_exp` by the chain's end; with `permanent` by nothing of the chain."""
    long = {"exp": now() + 300 * DAY}
    short = {"exp": now() + HOUR}
    forever = {"effect": "permanent"}
    cases = [
        (onboarding(), long, now() + WEEK),
        (onboarding(credential_lifetime=DAY), long, now() + DAY),
        (onboarding(credential_lifetime=30 * DAY), long, now() + WEEK),
        (onboarding(), short, now() + HOUR),
        (onboarding(credential_lifetime=30 * MINUTE), short, now() + 30 * MINUTE),
        (onboarding(effect="until_exp"), short, now() + HOUR),
        (onboarding(**forever), short, now() + WEEK),
        (onboarding(credential_lifetime=2 * HOUR, **forever), short, now() + 2 * HOUR),
    ]
    for power, claims, expected in cases:
        got = not_after(under(site, power, **claims).onboard())
        assert about(got, expected), (power, claims, got - now())


def test_until_exp_ends_before_the_chain_does(site):
    """RFC 5280 counts the last second in; the PoA does not."""
    caller = under(site, onboarding(), exp=now() + HOUR)
    assert not_after(caller.onboard()) == caller.chain.leaf["exp"] - 1


def test_the_leafs_end_bounds_and_not_the_roots(site):
    root = site.owner.grant(site.contractor, [onboarding()], exp=now() + DAY)
    leaf = root.grant(site.technician, exp=now() + HOUR)
    assert not_after(Caller(site.url, leaf).onboard()) == leaf.leaf["exp"] - 1


# ---- the same again ----


def test_the_same_again_is_what_was_stored(caller):
    thing, key = device(), Key()
    first = caller.onboard(thing, key=key)
    brought_in(first)
    for _ in range(2):
        again = caller.onboard(thing, key=key)
        assert brought_in(again, 200) == first.json["device"]
        assert again.json["certificate"] == first.json["certificate"]


def test_the_same_again_charges_no_quota(site):
    caller = under(site, onboarding(max_devices=1))
    thing, key = device(), Key()
    first = caller.onboard(thing, key=key)
    brought_in(first)
    assert_refused(caller.onboard(), 403, "quota_exceeded", 0, "/authorization_details/0/max_devices")
    assert brought_in(caller.onboard(thing, key=key), 200) == first.json["device"]


def test_a_device_under_another_key_is_there_already(caller):
    thing = device()
    brought_in(caller.onboard(thing))
    assert_refused(caller.onboard(thing), 409, "device_exists", None, "/device")


def test_a_key_serves_one_device(site, caller):
    key = Key()
    brought_in(caller.onboard(key=key))
    assert_refused(caller.onboard(key=key), 422, "identity_mismatch", None, "/device")
    assert_refused(under(site, onboarding()).onboard(key=key), 409, "device_exists", None, "/device")


def test_the_same_again_elsewhere_is_another_request(caller):
    thing, key = device(), Key()
    brought_in(caller.onboard(thing, "mine-7/hall-2", key))
    assert_refused(caller.onboard(thing, "mine-7/hall-3", key), 422, "identity_mismatch", None, "/device")


def test_the_same_device_under_another_poa_is_there_already(site, caller):
    thing, key = device(), Key()
    brought_in(caller.onboard(thing, key=key))
    assert_refused(under(site, onboarding()).onboard(thing, key=key), 409, "device_exists", None, "/device")


def test_an_identification_link_names_one_device(caller):
    link = f"https://id.example.com/{fresh_jti()}"
    brought_in(caller.onboard(device(id_link=link)))
    assert_refused(caller.onboard(device(id_link=link)), 409, "device_exists", None, "/device")


def test_another_maker_may_have_the_same_serial(caller):
    thing = device()
    brought_in(caller.onboard(thing))
    brought_in(caller.onboard(thing | {"manufacturer": "Other Devices"}))


# ---- the request ----


def hours_that_are_not_now():
    day = time.strftime("%a", time.gmtime(time.time() + 3 * DAY)).lower()
    return [{"days": [day], "from": "00:00", "to": "24:00"}]


def at(member, index=0):
    return f"/authorization_details/{index}/{member}"


HALL = onboarding(locations=["mine-7/hall-2"])

REQUESTS = [
    ("action_not_granted", [onboarding(actions=["read"])], {}, at("actions")),
    ("action_not_granted", [access()], {}, "/authorization_details"),
    ("location_not_granted", [HALL], {"location": "mine-7/hall-20"}, at("locations")),
    ("location_not_granted", [HALL], {"location": "mine-7"}, at("locations")),
    ("device_not_granted", [onboarding(devices=[{"model": "XY-2"}])], {}, at("devices")),
    ("device_not_granted", [onboarding(devices=[{"serial": "SN-0*", "manufacturer": "Other"}])], {}, at("devices")),
    ("device_not_granted", [onboarding(devices=[{"idevid_issuer": sha256(b"a CA")}])], {}, at("devices")),
    ("evidence_missing", [onboarding(evidence=["device_key", "idevid"])], {}, at("evidence")),
    ("evidence_missing", [onboarding(evidence=["approval", "idevid"])], {}, at("evidence")),
    ("outside_hours", [onboarding(hours=hours_that_are_not_now())], {}, at("hours")),
    ("network_not_granted", [onboarding(networks=["10.0.0.0/8"])], {}, at("networks")),
    ("device_not_granted", [onboarding(locations=["mine-7/yard"]), onboarding(devices=[{"model": "XY-2"}])], {},
     at("devices", 1)),
]


@pytest.mark.parametrize("code, powers, body, member", REQUESTS,
                         ids=[f"{row[0]}-{i}" for i, row in enumerate(REQUESTS)])
def test_a_request_outside_the_powers(site, code, powers, body, member):
    assert_refused(under(site, *powers).onboard(**body), 403, code, 0, member)


def test_each_link_must_hold_the_request(site):
    """The hop is the first link in which it does not lie."""
    root = site.owner.grant(site.contractor, [onboarding(locations=["mine-7/hall-2"])])
    leaf = root.grant(site.technician, [onboarding(locations=["mine-7/hall-2/bay-4"])])
    assert_refused(Caller(site.url, leaf).onboard(location="mine-7/hall-3"), 403, "location_not_granted", 0,
                   at("locations"))
    assert_refused(Caller(site.url, leaf).onboard(location="mine-7/hall-2"), 403, "location_not_granted", 1,
                   at("locations"))
    brought_in(Caller(site.url, leaf).onboard(location="mine-7/hall-2/bay-4/rack-1"))


def test_hours_and_networks_that_hold(site):
    today = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}
    brought_in(under(site, onboarding(hours=[today], networks=["127.0.0.0/8"])).onboard())


BODIES = [
    ("claim_missing", 400, "/device", {"device": None}),
    ("claim_missing", 400, "/csr", {"csr": None}),
    ("claim_missing", 400, "/location", {"location": None}),
    ("claim_missing", 400, "/device/serial", {"device": {}}),
    ("claim_type", 400, "/device", {"device": "SN-1"}),
    ("claim_type", 400, "/device/serial", {"device": {"serial": "with blank"}}),
    ("claim_type", 400, "/device/model", {"device": {"model": "", "serial": "SN-1"}}),
    ("claim_type", 400, "/device/id_link", {"device": {"id_link": "ftp://x"}}),
    ("claim_type", 400, "/location", {"location": "mine-7/../mine-8"}),
    ("claim_type", 400, "/csr", {"csr": 7}),
    ("claim_forbidden", 400, "/colour", {"colour": "red"}),
    ("claim_forbidden", 400, "/device/idevid_issuer", {"device": {"serial": "SN-1", "idevid_issuer": sha256(b"x")}}),
    ("malformed", 400, "/csr", {"csr": "no request"}),
]


@pytest.mark.parametrize("code, status, member, members", BODIES, ids=[f"{row[0]}{row[2]}" for row in BODIES])
def test_a_body_with_one_fault(caller, code, status, member, members):
    assert_refused(caller.onboard(members=members), status, code, None, member)


@pytest.mark.parametrize("body, code", [("[]", "malformed"), ("{", "malformed"), ("{} {}", "malformed"),
                                        ('{"device":{},"device":{}}', "duplicate_member")])
def test_a_body_that_is_no_object(caller, body, code):
    assert_refused(caller.post("/v1/onboardings", body), 400, code, None, None)


def test_a_body_that_is_too_large_or_no_json(site, caller):
    assert caller.post("/v1/onboardings", "x" * 65537).status == 413
    headers = caller.headers("POST", "/v1/onboardings", "{}", nonce=caller.nonce())
    assert send(site.url, "POST", "/v1/onboardings", "{}", headers | {"Content-Type": "text/plain"}).status == 415


def test_the_csr_repeats_the_nonce(caller):
    thing = device()
    for challenge in (None, caller.nonce()):
        request = csr(Key(), challenge, thing["serial"])
        reply = caller.onboard(thing, members={"csr": request})
        assert_refused(reply, 400, "claim_type", None, "/csr")
        assert "challengePassword" in reply.json["detail"]


def test_the_csr_is_signed_by_the_devices_key(caller):
    nonce, thing = caller.nonce(), device()
    good = csr(Key(), nonce, thing["serial"])
    lines = good.splitlines()
    lines[-2] = lines[-2][:-4] + ("AAA=" if lines[-2].endswith("=") else "AAAA")
    reply = caller.onboard(thing, nonce=nonce, members={"csr": "\n".join(lines) + "\n"})
    assert reply.status in (400, 401) and reply.code in ("signature_invalid", "malformed"), reply


def test_sources_that_name_different_serials(caller):
    nonce, thing = caller.nonce(), device()
    reply = caller.onboard(thing, nonce=nonce, members={"csr": csr(Key(), nonce, "SN-other")})
    assert_refused(reply, 422, "identity_mismatch", None, "/device/serial")
    nonce = caller.nonce()
    brought_in(caller.onboard(thing, nonce=nonce, members={"csr": csr(Key(), nonce)}))


# ---- quota ----


def test_a_quota_is_used_up(site):
    caller = under(site, onboarding(max_devices=2))
    for _ in range(2):
        brought_in(caller.onboard())
    assert_refused(caller.onboard(), 403, "quota_exceeded", 0, at("max_devices"))
    assert caller.get("/v1/devices").status == 200, "only onboarding is counted"


def test_what_is_refused_is_not_charged(site):
    caller = under(site, onboarding(max_devices=1))
    thing = device()
    assert caller.onboard(thing, members={"location": "mine-8"}).status == 403
    assert caller.onboard(thing, members={"csr": csr(Key(), None)}).status == 400
    brought_in(caller.onboard(thing))


def test_a_quota_is_shared_by_all_below(site):
    """Two subcontractors under one power of three: the fourth device finds no room, whoever brings it."""
    root = site.owner.grant(site.contractor, [onboarding(max_devices=3)])
    one, two = (Caller(site.url, root.grant(Party(f"sub-{i}.example"), [onboarding(max_devices=3)])) for i in (1, 2))
    brought_in(one.onboard())
    brought_in(two.onboard())
    brought_in(one.onboard())
    for caller in (two, one, Caller(site.url, root)):
        assert_refused(caller.onboard(), 403, "quota_exceeded", 0, at("max_devices"))


def test_the_narrower_quota_is_full_first(site):
    root = site.owner.grant(site.contractor, [onboarding(max_devices=3)])
    leaf = Caller(site.url, root.grant(site.technician, [onboarding(max_devices=1)]))
    brought_in(leaf.onboard())
    assert_refused(leaf.onboard(), 403, "quota_exceeded", 1, at("max_devices"))
    brought_in(Caller(site.url, root).onboard())


def test_the_next_power_takes_over_when_one_is_full(site):
    caller = under(site, onboarding(max_devices=1, credential_lifetime=HOUR),
                   onboarding(max_devices=1, credential_lifetime=12 * HOUR))
    records = [brought_in(caller.onboard()) for _ in range(2)]
    assert [record["power"] for record in records] == [0, 1]
    assert about(records[0]["not_after"], now() + HOUR) and about(records[1]["not_after"], now() + 12 * HOUR)
    assert_refused(caller.onboard(), 403, "quota_exceeded", 0, at("max_devices", 0))
