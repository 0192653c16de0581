"""Each operation of docs/openapi.yaml, called; conftest.py holds the replies against the document."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import contract
from client import (Caller, Key, Party, Reply, access, administration, csr, device, onboarding, proof, send, session,
                    sha256, statement, submit)
from makers import Device, Maker
from scene import FORWARD_URL, POINT_URL, site  # noqa: F401  the fixture

SEEN = set()


@pytest.fixture(scope="module")
def chain(site):
    powers = [onboarding(), access(resources=[FORWARD_URL, POINT_URL]), administration()]
    return site.owner.grant(site.technician, powers)


@pytest.fixture(scope="module")
def caller(site, chain):
    return Caller(site.url, chain)


def saw(method, path, reply, *statuses):
    """The reply has one of these statuses and is as the document says; HEAD counts for GET."""
    assert reply.status in statuses, reply
    pattern, status = contract.check(method, path, reply.status, reply.headers, reply.body)
    assert pattern is not None
    operation, _ = contract.find_operation(method, path)
    SEEN.add((operation["operationId"], str(status)))
    return reply


# ---- the checker itself ----


@pytest.mark.parametrize("schema, value", [
    ({"type": "object", "required": ["a"]}, {}),
    ({"type": "object", "additionalProperties": False}, {"a": 1}),
    ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": True}),
    ({"type": "array", "items": {"enum": ["x"]}}, ["x", "y"]),
    ({"type": ["string", "null"]}, 1),
    ({"oneOf": [{"type": "string"}, {"type": "null"}]}, 1),
    ({"$ref": "#/components/schemas/Uuid"}, "no"),
    ({"minLength": 1}, ""),
])
def test_the_checker_notices(schema, value):
    with pytest.raises(contract.Broken):
        contract.validate(schema, value)


def test_the_checker_knows_kinds_of_replies():
    plain = {"Content-Type": "text/plain", "Cache-Control": "no-store"}
    for status, headers, body in ((200, plain, b"ok"), (200, {}, b""), (418, plain, b""), (404, plain, b"")):
        with pytest.raises(contract.Broken):
            contract.check("GET", "/healthz", status, headers, body)


# ---- the operations ----


def test_service(site):
    for path in ("/healthz", "/readyz", "/metrics", "/.well-known/poa-configuration"):
        saw("GET", path, send(site.url, "GET", path), 200)
    saw("POST", "/v1/challenges", send(site.url, "POST", "/v1/challenges"), 201)
    path = f"/crl/{ca_id(site)}.crl"
    saw("GET", path, send(site.url, "GET", path), 200)


def ca_id(site):
    ca = x509.load_pem_x509_certificate(site.ca_file.read_bytes())
    return sha256(ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_the_edge(site):
    for method, path, status in (("PUT", "/healthz", 405), ("GET", "/healthz?x=1", 400), ("GET", "/nothing", 404),
                                 ("POST", "/v1/challenges", 413)):
        reply = send(site.url, method, path, b"x" if status == 413 else b"")
        assert reply.status == status
        assert reply.json["type"] == "about:blank"


def test_onboarding(site, caller):
    path = "/v1/onboardings"
    key, one = Key(), device()
    made = saw("POST", path, caller.onboard(one, key=key), 201)
    assert made.headers["Location"] == f"/v1/devices/{made.json['device']['id']}"
    saw("POST", path, caller.onboard(one, key=key), 200)
    saw("POST", path, caller.post(path, {}), 400)
    saw("POST", path, caller.onboard(location="mine-8"), 403)
    saw("POST", path, caller.onboard(one), 409)
    saw("POST", path, caller.onboard(device(), key=key), 422)
    saw("POST", path, send(site.url, "POST", path, {}), 401)
    unfresh = {"device": device(), "location": "mine-7", "csr": csr(Key(), "x")}
    refused = saw("POST", path, caller.post(path, unfresh, nonce=None), 401)
    assert refused.code == "nonce_required" and refused.headers["DPoP-Nonce"]


def test_approvals(site):
    asker = Caller(site.url, site.owner.grant(Party("asker.example"), [onboarding(evidence=["approval"])]))
    approver = Caller(site.url, site.owner.grant(Party("approver.example"), [administration(actions=["approve"])]))
    reply = saw("POST", "/v1/onboardings", asker.onboard(), 202)
    where = reply.headers["Location"]
    saw("GET", where, asker.get(where), 202)
    saw("GET", where, Caller(site.url, site.owner.grant(Party("other.example"), [access()])).get(where), 403)
    saw("POST", f"{where}/approval", approver.post(f"{where}/approval", {}), 400)
    saw("POST", f"{where}/approval", asker.post(f"{where}/approval", {"approve": True}), 403)
    saw("POST", f"{where}/approval", approver.post(f"{where}/approval", {"approve": True}), 200)
    saw("POST", f"{where}/approval", approver.post(f"{where}/approval", {"approve": False}), 409)
    saw("GET", where, asker.get(where), 200)


def test_batches(site, caller):
    clerk = Caller(site.url, site.owner.grant(Party("clerk.example"), [administration(actions=["approve"])]))
    lines = json.dumps({"device": device(), "location": "mine-7"}) + "\nnothing\n"
    for path, who in (("/v1/tickets:batch", clerk), ("/v1/onboardings:batch", caller)):
        more = {"Content-Type": "application/x-ndjson"}
        saw("POST", path, who.post(path, lines, more), 200)
        saw("POST", path, who.post(path, "x" * 16385, more), 413)


def test_replacement(site):
    swapper = Caller(site.url, site.owner.grant(Party("swapper.example"), [
        onboarding(actions=["onboard", "replace", "read"])]))
    path = f"/v1/devices/{swapper.onboard().json['device']['id']}/replacement"
    thing, key = device(), Key()
    for status in (201, 200, 409):
        if status == 409:
            thing, key = device(), Key()
        nonce = swapper.nonce()
        body = {"device": thing, "csr": csr(key, nonce)}
        saw("POST", path, swapper.post(path, body, nonce=nonce), status)


def test_tickets(site, caller):
    clerk = Caller(site.url, site.owner.grant(Party("clerk.example"), [administration(actions=["approve"])]))
    path, body = "/v1/tickets", {"device": device(), "location": "mine-7"}
    ident = saw("POST", path, clerk.post(path, body), 201).json["device"]["id"]
    saw("POST", path, clerk.post(path, body), 200)
    saw("POST", path, clerk.post(path, {}), 400)
    saw("POST", path, caller.post(path, body | {"location": "mine-8"}), 403)
    one = f"{path}/{ident}"
    for status in (204, 404):
        headers = clerk.headers("DELETE", one, nonce=clerk.nonce())
        saw("DELETE", one, send(site.url, "DELETE", one, headers=headers), status)


def test_devices(site, caller):
    one = caller.onboard().json["device"]["id"]
    page = saw("GET", "/v1/devices", caller.get("/v1/devices?limit=1"), 200)
    assert len(page.json["devices"]) == 1 and page.json["cursor"]
    saw("GET", "/v1/devices", caller.get("/v1/devices?limit=0"), 400)
    path = f"/v1/devices/{one}"
    saw("GET", path, caller.get(path), 200)
    elsewhere = Caller(site.url, site.owner.grant(site.contractor, [onboarding(locations=["mine-7/yard"])]))
    saw("GET", path, elsewhere.get(path), 403)
    path = "/v1/devices/00000000-0000-4000-8000-000000000000"
    saw("GET", path, caller.get(path), 404)
    saw("GET", path, send(site.url, "GET", path), 401)


def test_lives(site):
    foreman = Caller(site.url, site.owner.grant(Party("foreman.example"), [
        onboarding(actions=["onboard", "read", "suspend", "resume", "reestablish", "decommission"])]))
    clerk = Caller(site.url, site.owner.grant(Party("clerk.example"), [administration(actions=["approve"])]))
    one = f"/v1/devices/{foreman.onboard().json['device']['id']}"
    saw("POST", f"{one}/release", clerk.post(f"{one}/release", {"identifiers": ["serial"]}), 409)
    for verb in ("suspension", "resumption", "ratification", "decommission"):
        path = f"{one}/{verb}"
        saw("POST", path, foreman.post(path, {"colour": "red"}), 400)
        saw("POST", path, clerk.post(path), 403)
        saw("POST", path, foreman.post(path), 200)
        if verb != "ratification":
            saw("POST", path, foreman.post(path), 409)
        nobody = f"/v1/devices/00000000-0000-4000-8000-000000000000/{verb}"
        saw("POST", nobody, foreman.post(nobody), 404)
    path = f"{one}/release"
    saw("POST", path, clerk.post(path, {"identifiers": ["colour"]}), 400)
    saw("POST", path, foreman.post(path, {"identifiers": ["serial"]}), 403)
    saw("POST", path, clerk.post(path, {"identifiers": ["serial"], "reason": "scrapped"}), 200)
    saw("POST", path, send(site.url, "POST", path, {"identifiers": ["serial"]}), 401)


def test_trust(site, caller):
    thing = Device(Maker(), idevid=False)
    made = caller.onboard({"serial": thing.serial}, key=thing.own).json
    path = f"/v1/devices/{made['device']['id']}/trust"

    def ask(nonce=None, **changes):
        nonce = nonce or caller.nonce()
        return send(site.url, "POST", path, {"proof": thing.trust(made["certificate"], nonce, **changes)})

    saw("POST", path, ask("unknown"), 401)
    saw("POST", path, ask(reason="never"), 400)
    assert saw("POST", path, ask(reason="restart", boots=2), 200).json["due"]
    saw("POST", path, ask(boots=2), 429)
    saw("POST", path, ask(boots=1), 403)
    path = "/v1/devices/00000000-0000-4000-8000-000000000000/trust"
    saw("POST", path, ask(sub="urn:uuid:00000000-0000-4000-8000-000000000000"), 404)


def test_poas(site, caller, chain):
    other = site.owner.grant(site.contractor, [onboarding()])
    for status in (201, 200):
        saw("POST", "/v1/poas", caller.post("/v1/poas", {"chain": other.text}), status)
    saw("POST", "/v1/poas", caller.post("/v1/poas", {"chain": ""}), 400)
    path = f"/v1/poas/{other.ids[0]}"
    assert saw("GET", path, caller.get(path), 200).json["state"] == "active"
    saw("GET", path, Caller(site.url, other).get(path), 403)
    path = f"/v1/poas/{'A' * 43}"
    saw("GET", path, caller.get(path), 404)


def test_decisions(site, chain):
    path = "/v1/decisions"
    url = POINT_URL + "/lines/4"

    def ask(action, key=site.point.key):
        body = {"point": site.point.name, "chain": chain.text, "method": "GET", "url": url,
                "proof": proof(chain.agent.key, "GET", url, chain.text),
                "request": {"type": "access", "action": action, "resource": url}}
        return send(site.url, "POST", path, body, {"DPoP": proof(key, "POST", site.url + path, None, body)})

    assert saw("POST", path, ask("read"), 200).json["decision"] == "permit"
    assert saw("POST", path, ask("write"), 200).json["decision"] == "deny"
    saw("POST", path, ask("read", Key()), 401)
    saw("POST", path, send(site.url, "POST", path, "{"), 400)


def test_authorize(site, chain):
    path = "/v1/authorize"

    def ask(url, **changes):
        headers = {"X-Original-Method": "GET", "X-Original-URL": url, "Authorization": f"PoA {chain.text}",
                   "DPoP": proof(chain.agent.key, "GET", url, chain.text, **changes)}
        return send(site.url, "GET", path, headers=headers)

    assert saw("GET", path, ask(FORWARD_URL + "/x"), 200).headers["X-PoA-Id"] == chain.ids[0]
    saw("GET", path, ask(FORWARD_URL + "/x", htm="PUT"), 401)
    saw("GET", path, ask("https://elsewhere.example/"), 403)


def test_revocations(site, caller):
    path = "/v1/revocations"
    doomed = site.owner.grant(site.contractor, [onboarding()])
    caller.post("/v1/poas", {"chain": doomed.text})
    said = statement(site.owner, "revoke", poa=doomed.ids[0])
    first = saw("POST", path, submit(site.url, said), 201)
    assert saw("POST", path, submit(site.url, said), 200).json == first.json
    saw("POST", path, submit(site.url, "no statement"), 400)
    saw("POST", path, submit(site.url, statement(site.contractor, "revoke", poa=doomed.ids[0])), 403)
    saw("GET", f"{path}/{doomed.ids[0]}", send(site.url, "GET", f"{path}/{doomed.ids[0]}"), 200)
    saw("GET", f"{path}/short", send(site.url, "GET", f"{path}/short"), 400)
    state = saw("GET", f"/v1/poas/{doomed.ids[0]}", caller.get(f"/v1/poas/{doomed.ids[0]}"), 200).json
    assert (state["state"], state["origin"]) == ("revoked", "direct")


def test_preview(site, caller):
    path = "/v1/revocations:preview"
    doomed = site.owner.grant(site.contractor, [onboarding()])
    caller.post("/v1/poas", {"chain": doomed.text})

    def ask(party, body):
        return send(site.url, "POST", path, body, {"DPoP": proof(party.key, "POST", site.url + path, None, body)})

    body = {"op": "revoke", "poa": doomed.ids[0]}
    assert saw("POST", path, ask(site.owner, body), 200).json["counts"] is True
    saw("POST", path, ask(site.contractor, body), 403)
    saw("POST", path, ask(site.owner, {"op": "revoke"}), 400)
    saw("POST", path, send(site.url, "POST", path, body), 401)


def test_the_list_of_statements(site):
    saw("GET", "/v1/revocations", send(site.url, "GET", "/v1/revocations"), 200)


def test_events(site, caller):
    path = "/v1/devices/events"
    with session().get(site.url + path, headers=caller.headers("GET", path), stream=True, timeout=30) as reply:
        first = next(reply.iter_content(chunk_size=None))
        saw("GET", path, Reply(reply.status_code, reply.headers, first), 200)
    saw("GET", path, send(site.url, "GET", path), 401)
    saw("GET", path, caller.get(path, {"Last-Event-ID": "?"}), 400)
    deaf = Caller(site.url, site.owner.grant(site.contractor, [onboarding(actions=["onboard"])]))
    saw("GET", path, deaf.get(path), 403)


def test_every_operation_was_called():
    """Each with each success that the document promises; and each refusal but those that want a broken server."""
    promised = {(operation["operationId"], status) for item in contract.DOCUMENT["paths"].values()
                for operation in item.values() for status in operation["responses"] if status.startswith("2")}
    assert promised <= SEEN, promised - SEEN
