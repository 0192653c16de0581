"""Deciding for others: an enforcement point that passes a request on, and a proxy that asks before it does."""

import pytest

from client import (HOUR, Caller, Key, Party, access, device, fresh_jti, now, onboarding, proof, send, send_raw, sha256,
                    statement, submit, without_none)
from gate import PATH, Gate, onboard, reach
from scene import FORWARD_URL, POINT_URL, PROXY, site  # noqa: F401  the fixture
from server import wait_until


@pytest.fixture(scope="module")
def gate(site):
    return Gate(site)


@pytest.fixture(scope="module")
def chain(site):
    root = site.owner.grant(site.contractor, [onboarding(), access(resources=[POINT_URL])])
    return root.grant(site.technician)


# ---- what the point hears ----


def test_a_permit(gate, chain):
    said = gate.permits(chain)
    assert said.items() >= {"code": "ok", "chain": chain.ids, "applied": [0, 0], "effect": "until_exp",
                            "on_revoke": "review", "credential_lifetime": None, "exp": chain.leaf["exp"]}.items()
    assert gate.permits(chain, request=reach(), method="GET")["applied"] == [1, 1]


AGENTS = [
    ("location_not_granted", 0, "/authorization_details/0/locations", {"request": onboard(location="mine-8")}),
    ("action_not_granted", 0, "/authorization_details/0/actions", {"request": onboard(action="replace")}),
    ("resource_not_granted", 0, "/authorization_details/1/resources", {"request": reach("https://other.example/x")}),
    ("action_not_granted", 0, "/authorization_details/1/actions", {"request": reach(action="write")}),
    ("action_not_granted", 0, "/authorization_details", {"request": {"type": "nothing", "action": "read"}}),
]


@pytest.mark.parametrize("code, hop, member, members", AGENTS, ids=[f"{row[0]}-{i}" for i, row in enumerate(AGENTS)])
def test_a_denial_is_an_answer_with_its_reason(gate, chain, code, hop, member, members):
    gate.denies(code, hop, member, chain, **members)


def test_the_point_is_the_verifier(site, gate):
    """What it established of the device counts: here a certificate path to a CA."""
    ca, other = sha256(b"a CA"), sha256(b"another")
    strict = site.owner.grant(site.technician, [onboarding(devices=[{"idevid_issuer": ca}], evidence=["idevid"])])
    evidence = ["device_key", "idevid"]
    gate.permits(strict, request=onboard(device(idevid_path=[other, ca]), evidence=evidence))
    gate.denies("device_not_granted", 0, "/authorization_details/0/devices", strict,
                request=onboard(device(idevid_path=[other]), evidence=evidence))
    gate.denies("evidence_missing", 0, "/authorization_details/0/evidence", strict,
                request=onboard(device(idevid_path=[ca])))


def test_a_replacement_needs_both_devices_inside(site, gate):
    powers = [onboarding(actions=["replace"], devices=[{"model": "XY-1"}])]
    swap = site.owner.grant(site.technician, powers)
    old, new = device(), device()
    gate.permits(swap, request=onboard(new, action="replace", replaced=old))
    gate.denies("device_not_granted", 0, "/authorization_details/0/devices", swap,
                request=onboard(new, action="replace", replaced=device(model="XY-2")))


def test_a_device_of_ours_is_what_its_record_says(site, gate):
    """Its location and its identity; a device that came in elsewhere is the point's to know."""
    every = ["onboard", "read", "replace", "decommission"]
    chain = site.owner.grant(site.technician, [onboarding(actions=every)])
    ours = device(id_link="https://id.example/" + fresh_jti())
    assert Caller(site.url, chain).onboard(ours, "mine-7/hall-2").status == 201

    def ask(one=ours, action="read", location="mine-7/hall-2", **members):
        return {"request": onboard(one, location, action=action, **members)}

    gate.permits(chain, **ask())
    gate.permits(chain, **ask({"id_link": ours["id_link"]}))
    gate.permits(chain, **ask(device(), "replace", replaced=ours))
    gate.permits(chain, **ask(device(), location="mine-7/hall-3"))
    mismatch = "identity_mismatch", None
    for action in ("read", "decommission"):
        gate.denies(*mismatch, "/request/location", chain, **ask(action=action, location="mine-7/hall-3"))
        gate.denies(*mismatch, "/request/device", chain, **ask(ours | {"serial": "SN-0"}, action))
    gate.denies(*mismatch, "/request/location", chain, **ask(device(), "replace", "mine-7/hall-3", replaced=ours))
    gate.denies(*mismatch, "/request/replaced", chain, **ask(device(), "replace", replaced=ours | {"model": "XY-2"}))
    gate.denies(*mismatch, "/request/location", chain, commit=key_of(), **ask(location="mine-7/hall-3"))


def test_the_address_is_what_the_point_saw(site, gate):
    powers = [onboarding(networks=["10.0.0.0/8"])]
    chain = site.owner.grant(site.technician, powers)
    gate.permits(chain, address="10.1.2.3")
    gate.permits(chain, address="::ffff:10.1.2.3")
    member = "/authorization_details/0/networks"
    gate.denies("network_not_granted", 0, member, chain, address="192.0.2.1")
    gate.denies("network_not_granted", 0, member, chain)


# ---- the agent's chain and proof ----


def test_the_agents_proof_is_for_the_points_own_url(gate, chain):
    there = {"htu": gate.site.url + PATH}
    gate.denies("proof_binding_mismatch", None, None, chain, proof_claims=there)
    gate.denies("proof_binding_mismatch", None, None, chain, proof_claims={"htm": "GET"})
    gate.denies("proof_binding_mismatch", None, None, chain, proof_claims={"ath": sha256(b"x")})
    gate.denies("proof_key_mismatch", None, None, chain, key=Key())


def test_the_agents_body_is_known_by_its_hash(gate, chain):
    body_hash = sha256(b'{"open":true}')
    gate.permits(chain, body_hash=body_hash, proof_claims={"bh": body_hash})
    gate.denies("proof_binding_mismatch", None, None, chain, body_hash=body_hash)
    gate.denies("proof_binding_mismatch", None, None, chain, body_hash=body_hash, proof_claims={"bh": sha256(b"x")})
    gate.denies("proof_binding_mismatch", None, None, chain, proof_claims={"bh": body_hash})


def test_the_agents_jti_is_consumed_here(gate, chain):
    """For the point, for this server's own routes, and for a denial too."""
    body = gate.body(chain)
    assert gate.send(body).json["decision"] == "permit"
    again = gate.send(body).json
    assert (again["decision"], again["code"]) == ("deny", "proof_replayed")
    jti = fresh_jti()
    assert gate.send(gate.body(chain, proof_claims={"jti": jti})).json["decision"] == "permit"
    assert Caller(gate.site.url, chain).get("/v1/devices", jti=jti).code == "proof_replayed"


def test_a_nonce_for_the_agent(gate, chain):
    """Where the point's route changes state, it says so, and hands the nonce on that it is given."""
    said = gate.denies("nonce_required", None, None, chain, nonce_demanded=True)
    gate.permits(chain, nonce_demanded=True, proof_claims={"nonce": said["nonce"]})
    bad = gate.denies("nonce_invalid", None, None, chain, nonce_demanded=True, proof_claims={"nonce": "x"})
    assert bad["nonce"] != said["nonce"]


def test_a_chain_that_fails(site, gate, chain):
    stranger = Party("stranger.example").grant(site.technician, [onboarding()])
    gate.denies("root_untrusted", 0, "/header/kid", stranger)
    spoiled = chain.and_link(chain.tokens[0], site.technician)
    gate.denies("kid_mismatch", 2, "/header/kid", spoiled)
    late = site.owner.grant(site.technician, [onboarding()], exp=now() - 1)
    gate.denies("expired", 0, "/exp", late)
    gone = site.owner.grant(site.technician, [onboarding()])
    gate.permits(gone)
    assert submit(site.url, statement(site.owner, "revoke", poa=gone.ids[0])).status == 201
    gate.denies("revoked", 0, None, gone)


# ---- who may ask ----


def assert_refused(reply, status, code):
    assert (reply.status, reply.reason) == (status, {"code": code}), reply


def test_only_a_point_of_the_configuration_may_ask(site, gate, chain):
    assert_refused(Gate(site, Party("gate-2")).ask(chain), 401, "root_untrusted")
    assert_refused(Gate(site, Party(site.point.name)).ask(chain), 401, "proof_key_mismatch")
    body = gate.body(chain)
    assert_refused(send(site.url, "POST", PATH, body), 401, "proof_missing")
    assert_refused(gate.send(body, htu=POINT_URL + PATH), 401, "proof_binding_mismatch")
    assert_refused(gate.send(body, ath=sha256(chain.text.encode())), 401, "proof_binding_mismatch")
    agent = proof(site.technician.key, "POST", site.url + PATH, None, body)
    assert_refused(gate.send(body, more={"DPoP": agent}), 401, "proof_key_mismatch")


def test_the_points_proof_covers_the_body_and_serves_once(site, gate, chain):
    body = gate.body(chain)
    made = {"DPoP": proof(site.point.key, "POST", site.url + PATH, None, body)}
    swapped = body | {"request": onboard(location="mine-7/hall-3")}
    assert_refused(send(site.url, "POST", PATH, swapped, made), 401, "proof_binding_mismatch")
    made = {"DPoP": proof(site.point.key, "POST", site.url + PATH, None, body)}
    assert send(site.url, "POST", PATH, body, made).status == 200
    assert_refused(send(site.url, "POST", PATH, body, made), 401, "proof_replayed")


def test_a_point_asks_about_its_own_urls_alone(gate, chain):
    for url in ("https://other.example/enter", POINT_URL + ".evil.example/enter", POINT_URL.upper(), gate.site.url):
        assert_refused(gate.ask(chain, url=url), 401, "proof_binding_mismatch")


@pytest.mark.parametrize("member", ["point", "chain", "proof", "method", "url", "request"])
def test_a_member_is_missing(gate, chain, member):
    body = gate.body(chain)
    del body[member]
    assert_refused(gate.send(body), 400, "claim_missing")


@pytest.mark.parametrize("members, code", [
    ({"colour": "red"}, "claim_forbidden"), ({"address": "nowhere"}, "claim_type"), ({"body_hash": "x"}, "claim_type"),
    ({"nonce_demanded": "yes"}, "claim_type"), ({"request": []}, "claim_type"), ({"commit": ""}, "claim_type"),
    ({"request": {"type": "access", "action": "read", "colour": "red"}}, "claim_forbidden"),
    ({"request": {"type": "access", "action": "read", "evidence": ["hearsay"]}}, "claim_type"),
])
def test_a_member_is_wrong(gate, chain, members, code):
    assert_refused(gate.send(gate.body(chain) | members), 400, code)


def test_a_token_in_the_wrong_place_is_not_logged(site, gate, chain):
    """The end of all tests here looks for its signature in the log."""
    shown = proof(site.technician.key, "GET", POINT_URL, chain.text)
    assert len(shown) < 500, "short enough for a reason"
    for member in ("chain", "proof", "point"):
        assert_refused(gate.send(gate.body(chain) | {member: [shown]}), 400, "claim_type")


# ---- commit ----


def key_of():
    return fresh_jti()


def test_a_commit_wants_a_nonce_of_the_points_proof(gate, chain):
    body = gate.body(chain, commit=key_of())
    refused = gate.send(body, nonce=None)
    assert (refused.status, refused.code) == (401, "nonce_required"), refused
    assert gate.send(body, nonce=refused.headers["DPoP-Nonce"]).json["decision"] == "permit"
    used = gate.send(gate.body(chain, commit=key_of()), nonce=refused.headers["DPoP-Nonce"])
    assert (used.status, used.code) == (401, "nonce_invalid"), used


def test_a_commit_charges_the_quota_once(site, gate):
    one = site.owner.grant(site.technician, [onboarding(max_devices=2)])
    thing, key = device(), key_of()
    first = gate.permits(one, commit=key, request=onboard(thing))
    for _ in range(3):
        assert gate.permits(one, commit=key, request=onboard(thing)) == first, "a fresh proof, the same answer"
    gate.permits(one, commit=key_of())
    gate.denies("quota_exceeded", 0, "/authorization_details/0/max_devices", one, commit=key_of())
    assert gate.permits(one, commit=key, request=onboard(thing)) == first


def test_without_commit_nothing_is_charged(site, gate):
    one = site.owner.grant(site.technician, [onboarding(max_devices=1)])
    for _ in range(3):
        gate.permits(one)
    gate.permits(one, commit=key_of())
    gate.denies("quota_exceeded", 0, "/authorization_details/0/max_devices", one)
    gate.permits(one, request=onboard(action="read"))


def test_the_quota_of_points_and_of_this_server_is_one(site, gate):
    one = site.owner.grant(site.technician, [onboarding(max_devices=2)])
    assert Caller(site.url, one).onboard().status == 201
    gate.permits(one, commit=key_of())
    assert Caller(site.url, one).onboard().code == "quota_exceeded"


def test_a_commits_key_stands_for_one_request(site, gate, chain):
    """For all of it: a body or an address that was never decided on is not permitted under an old key."""
    asked = {"commit": key_of(), "request": onboard()}
    first = gate.permits(chain, **asked)
    body_hash = sha256(b'{"open":true}')
    for other in ({"request": onboard(location="mine-7/hall-3")}, {"url": POINT_URL + "/elsewhere"}, {"method": "PUT"},
                  {"body_hash": body_hash, "proof_claims": {"bh": body_hash}}, {"address": "192.0.2.1"}):
        refused = gate.ask(chain, **asked | other)
        assert (refused.status, refused.code) == (400, "claim_type"), (other, refused)
    assert gate.permits(chain, **asked) == first


def test_a_denied_commit_leaves_its_key(site, gate):
    one = site.owner.grant(site.technician, [onboarding(locations=["mine-7/hall-2"], max_devices=1)])
    key = key_of()
    gate.denies("location_not_granted", 0, "/authorization_details/0/locations", one, commit=key,
                request=onboard(location="mine-7/hall-3"))
    gate.permits(one, commit=key)


def test_a_commit_is_told_by_log_and_audit(site, gate, chain):
    """Who asked, and what was permitted: no other record says it."""
    asked, key = onboard(), key_of()
    gate.permits(chain, commit=key, request=asked)
    long, long_key = reach(POINT_URL + "/lines/" + "a" * 8200), key_of()
    assert gate.ask(chain, commit=long_key, method="GET", request=long).json["decision"] == "permit"
    line = wait_until(lambda: [one for one in site.server.requests(PATH) if one.get("chain") == chain.ids], "the line")
    assert {one["point"] for one in line} == {site.point.name}
    site.server.stop()
    told = {entry["reason"]["commit"]: entry for entry in site.audit() if entry["kind"] == "decision"}
    site.begin()
    assert told[key]["reason"] == {"point": site.point.name, "commit": key, "asked": asked}
    assert told[key]["poas"] == chain.ids
    assert told[long_key]["reason"]["point"] == site.point.name and len(told[long_key]["reason"]["asked"]) == 43


# ---- forward authentication ----


def forward(site, chain, url=FORWARD_URL + "/lines/4/state", method="GET", action=None, key=None, source=None,
            more=None, **claims):
    """As a proxy on loopback asks: the caller's headers as they came, and what it adds."""
    shown = proof(key or chain.agent.key, method, url, chain.text, **claims)
    headers = without_none({"Authorization": f"PoA {chain.text}", "DPoP": shown, "X-Original-Method": method,
                            "X-Original-URL": url, "X-PoA-Action": action})
    return send(site.url, "GET", "/v1/authorize", headers=headers | (more or {}), source=source)


@pytest.fixture(scope="module")
def reader(site):
    return site.owner.grant(site.technician, [access(actions=["read"], resources=[FORWARD_URL + "/lines/4"])])


def test_forward_authentication(site, reader):
    granted = forward(site, reader)
    assert (granted.status, granted.body) == (200, b""), granted
    assert granted.headers["X-PoA-Id"] == reader.ids[0]
    for good in ({"url": FORWARD_URL + "/lines/4"}, {"url": FORWARD_URL + "/lines/4/"}, {"method": "HEAD"},
                 {"action": "read"}, {"url": FORWARD_URL + "/lines/4/state?from=1"}):
        assert forward(site, reader, **good).status == 200, good


@pytest.mark.parametrize("asked", [
    {"url": FORWARD_URL + "/lines/40"}, {"url": FORWARD_URL + "/lines"}, {"action": "write"}, {"method": "POST"},
    {"url": "https://other.example/lines/4"}, {"url": FORWARD_URL + "/lines/4/../5"},
    {"url": FORWARD_URL + "/lines/%34"}, {"url": FORWARD_URL + ".evil.example/lines/4"},
    {"url": FORWARD_URL + "/lines//4"},
])
def test_forward_authentication_forbids(site, reader, asked):
    refused = forward(site, reader, **asked)
    assert (refused.status, refused.body) == (403, b""), refused


def test_the_proxy_says_the_action_once(site, reader):
    """Two are the caller's and the proxy's; which is whose nobody knows."""
    headers = {"Authorization": f"PoA {reader.text}", "DPoP": proof(reader.agent.key, "GET", FORWARD_URL + "/lines/4",
                                                                    reader.text),
               "X-Original-Method": "GET", "X-Original-URL": FORWARD_URL + "/lines/4"}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    for action in ("read", "write"):
        lines.append(f"X-PoA-Action: {action}")
    answer = send_raw(site.url, "\r\n".join(["GET /v1/authorize HTTP/1.0", "Host: x", *lines, "", ""]).encode())
    assert answer.startswith(b"HTTP/1.1 403 "), answer


@pytest.mark.parametrize("claims", [
    {"htm": "HEAD"}, {"htu": FORWARD_URL + "/lines/5"}, {"ath": sha256(b"x")}, {"iat": 1}, {"bh": sha256(b"x")},
    {"key": Key()}, {"more": {"Authorization": "Bearer x"}}, {"more": {"DPoP": "x"}},
])
def test_forward_authentication_asks_who_it_is(site, reader, claims):
    refused = forward(site, reader, **claims)
    assert (refused.status, refused.body) == (401, b""), refused
    assert refused.headers["WWW-Authenticate"].startswith("PoA error=")


def test_forward_authentication_of_a_chain_that_is_gone(site):
    one = site.owner.grant(site.technician, [access(resources=[FORWARD_URL])])
    assert forward(site, one).status == 200
    assert submit(site.url, statement(site.owner, "revoke", poa=one.ids[0])).status == 201
    assert forward(site, one).status == 401
    late = site.owner.grant(site.technician, [access(resources=[FORWARD_URL])], iat=now() - HOUR, exp=now() - 1)
    assert forward(site, late).status == 401


def test_forward_authentication_sees_the_callers_address(site):
    one = site.owner.grant(site.technician, [access(resources=[FORWARD_URL], networks=["10.0.0.0/8"])])
    assert forward(site, one, source=PROXY, more={"X-Forwarded-For": "10.1.2.3"}).status == 200
    assert forward(site, one, source=PROXY, more={"X-Forwarded-For": "192.0.2.1"}).status == 403
    assert forward(site, one, more={"X-Forwarded-For": "10.1.2.3"}).status == 403


def test_a_proof_for_the_proxy_serves_once(site, reader):
    jti = fresh_jti()
    assert forward(site, reader, jti=jti).status == 200
    assert forward(site, reader, jti=jti).status == 401
