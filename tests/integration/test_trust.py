"""Trust, re-established: POST /v1/devices/{id}/trust, and what becomes of who does not come."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import client
from clock import Clock
from client import DAY, HOUR, Caller, Key, certificates, csr, onboarding, send, sha256, statement, submit
from makers import Device, Maker, firmware
from scene import Scene
from server import run, wait_until

PERIOD, GRACE, TICK_MS = 600, 300, 20


class TrustScene(Scene):
    """A site whose devices come often, under a clock that a test moves."""

    def __init__(self, folder, patched):
        self.clock = Clock(folder, patched)
        super().__init__(folder, self.clock.environment() | {"POA_AUTHZ_KEEPER_TICK_MS": str(TICK_MS)})
        self.maker = Maker()
        self.trusting(PERIOD, GRACE)

    def trusting(self, period, grace):
        self.policy["trust"] = {"period": period, "grace": grace}
        self.take(self.policy)

    def tick(self, seconds):
        """Time passes as it does, without a gap that the server would notice."""
        while seconds > 0:
            step = min(seconds, 20)
            self.clock.go(self.clock.ahead + step)
            seconds -= step
            self.beat()

    def beat(self):
        """Each task of the keeper has run since."""
        before = self.beats()
        wait_until(lambda: self.beats() > before + 1, "the keeper")

    def beats(self):
        text = send(self.url, "GET", "/metrics").body.decode()
        return int(next(line for line in text.splitlines() if line.startswith("poa_keeper_rounds_total")).split()[1])

    def agent(self, **members):
        return Caller(self.url, self.owner.grant(self.technician, [onboarding(**members)],
                                                 exp=client.now() + 30 * DAY))


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        made = TrustScene(tmp_path_factory.mktemp("scene"), patched)
        try:
            yield made
            made.end()
        finally:
            if made.server.process.poll() is None:
                made.server.kill()


@pytest.fixture
def site(scene):
    """Each test begins at the real time, on a server without devices that are overdue."""
    yield scene
    scene.clock.go(0)
    scene.server.stop()
    assert run("reset-clock-mark", "--config", scene.made.config).returncode == 0
    scene.begin()


class Thing:
    """A device that came in, and its credential."""

    def __init__(self, site, caller=None, **members):
        self.site = site
        self.caller = caller or site.agent()
        self.made = Device(site.maker, idevid=False, **members)
        reply = self.caller.onboard({"serial": self.made.serial}, key=self.made.own)
        assert reply.status == 201, reply
        self.key = self.made.own
        self.certificate = reply.json["certificate"]
        self.id = reply.json["device"]["id"]
        self.path = f"/v1/devices/{self.id}/trust"

    def nonce(self):
        return send(self.site.url, "POST", "/v1/challenges").json["nonce"]

    def ask(self, body):
        return send(self.site.url, "POST", self.path, body)

    def proof(self, nonce=None, **changes):
        return self.made.trust(self.certificate, nonce or self.nonce(), **({"key": self.key, "boots": 7, "iat": client.now()} | changes))

    def trust(self, fresh_key=None, heard=True, **changes):
        """Come again; without heard the reply is lost."""
        nonce = changes.pop("nonce", None) or self.nonce()
        request = csr(fresh_key, nonce) if fresh_key else None
        body = {"proof": self.proof(nonce, request=request, **changes)}
        reply = self.ask(body | ({"csr": request} if request else {}))
        if reply.status == 200 and heard:
            self.certificate = reply.json["certificate"]
            self.key = fresh_key or self.key
        return reply

    def record(self, reader=None):
        reply = (reader or self.caller).get(f"/v1/devices/{self.id}")
        assert reply.status == 200, reply
        return reply.json

    def is_due_before(self, moment_s):
        reply = self.caller.get(f"/v1/devices?due_before={moment_s}&limit=200")
        assert reply.status == 200, reply
        return self.id in [one["id"] for one in reply.json["devices"]]


def assert_refused(reply, status, code, member=None):
    assert (reply.status, reply.code, reply.reason["member"]) == (status, code, member), reply


def serial_of(certificate):
    return certificates(certificate)[0].serial_number


def spki_of(certificate):
    return sha256(certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


# ---- it comes ----


@pytest.mark.parametrize("reason", ["periodic", "restart", "software-update", "epoch-change"])
def test_each_reason(site, reason):
    thing = Thing(site)
    before = serial_of(thing.certificate)
    reply = thing.trust(reason=reason, boots=3, firmware=firmware("1.4"))
    assert reply.status == 200, reply
    path = certificates(reply.json["certificate"])
    assert path[0].serial_number != before
    assert spki_of(path[0]) == thing.key.spki_hash()
    assert path[0].issuer == x509.load_pem_x509_certificate(site.ca_file.read_bytes()).subject
    now = client.now()
    assert now + PERIOD * 0.8 - 2 <= reply.json["due"] <= now + PERIOD * 1.2
    answered = send(site.url, "GET", f"/v1/revocations/{'A' * 43}").body.decode()
    assert reply.json["store"] == client.claims_of(answered)["store"]
    assert reply.json["epoch"] == client.claims_of(answered)["epoch"]
    assert thing.record() == reply.json["device"]


def test_it_goes_on_with_the_new_certificate(site):
    thing = Thing(site)
    for boots in (1, 2, 3):
        assert thing.trust(reason="restart", boots=boots).status == 200
        site.tick(60)
    assert len({entry["certificate_serial"] for entry in site_audit(site, thing)}) == 4


def site_audit(site, thing):
    site.server.stop()
    entries = [entry for entry in site.audit() if entry.get("device") == thing.id]
    site.begin()
    return entries


def test_a_retry_after_a_lost_reply_is_simply_a_new_trust(site):
    thing = Thing(site)
    site.tick(20)
    assert thing.trust(heard=False).status == 200
    refused = thing.trust()
    assert refused.status == 429 and 0 < int(refused.headers["Retry-After"]) <= 7, refused
    site.tick(8)
    assert thing.trust(boots=7, reason="restart").status == 200


def test_who_comes_too_often_is_told_when(site):
    thing = Thing(site)
    assert thing.trust().status == 200
    refused = thing.trust()
    assert refused.status == 429, refused
    wait = int(refused.headers["Retry-After"])
    assert 30 < wait <= PERIOD * 0.12
    assert refused.json["type"] == "about:blank"
    site.tick(8)
    assert thing.trust().status == 429
    assert thing.trust(reason="restart", boots=8).status == 200
    site.tick(PERIOD // 8)
    assert thing.trust(boots=8).status == 200


# ---- who it is ----


def test_the_nonce(site):
    thing = Thing(site)
    for nonce in (None, "A" * 54, "no nonce"):
        proof = thing.proof("x") if nonce is None else thing.proof(nonce)
        reply = thing.ask({"proof": proof})
        assert (reply.status, reply.code) == (401, "nonce_invalid"), reply
        assert reply.headers["DPoP-Nonce"]
    missing = thing.ask({"proof": thing.made.trust(thing.certificate, None, key=thing.key, boots=1)})
    assert_refused(missing, 401, "nonce_required", "/nonce")
    nonce = thing.nonce()
    assert thing.trust(nonce=nonce).status == 200
    site.tick(200)
    assert (thing.trust(nonce=nonce).status, thing.trust().status) == (401, 200)
    old = thing.nonce()
    site.tick(301)
    assert_refused(thing.trust(nonce=old), 401, "nonce_invalid", "/nonce")


def test_what_the_proof_names(site):
    thing, other = Thing(site), Thing(site)
    assert_refused(thing.trust(aud="other.example"), 401, "proof_binding_mismatch", "/aud")
    assert_refused(thing.trust(sub=f"urn:uuid:{other.id}"), 401, "proof_binding_mismatch", "/sub")
    for off in (-301, 302):
        assert_refused(thing.trust(iat=client.now() + off), 401, "proof_stale", "/iat")
    for off in (-290, 290):
        assert Thing(site).trust(iat=client.now() + off).status == 200
    assert_refused(thing.trust(reason="because"), 400, "claim_type", "/reason")
    assert_refused(thing.trust(boot_counter=-1), 400, "claim_type", "/boot_counter")
    assert_refused(thing.trust(more=1), 400, "claim_forbidden", "/more")
    nowhere = send(site.url, "POST", "/v1/devices/00000000-0000-4000-8000-000000000000/trust",
                   {"proof": thing.proof(sub="urn:uuid:00000000-0000-4000-8000-000000000000")})
    assert nowhere.status == 404
    assert thing.ask({}).code == "claim_missing"
    assert thing.ask({"proof": thing.proof(), "x": 1}).code == "claim_forbidden"


def test_anothers_key_and_anothers_certificate(site):
    thing, other = Thing(site), Thing(site)
    assert_refused(thing.trust(key=Key()), 401, "signature_invalid")
    stolen = other.made.trust(other.certificate, thing.nonce(), key=other.key, boots=1, sub=f"urn:uuid:{thing.id}")
    assert_refused(thing.ask({"proof": stolen}), 401, "proof_key_mismatch", "/proof")
    assert thing.trust().status == 200


def test_the_boot_counter_never_goes_back(site):
    thing = Thing(site)
    assert thing.trust(reason="restart", boots=5).status == 200
    site.tick(120)
    for reason, boots in (("restart", 4), ("restart", 5), ("periodic", 4), ("periodic", 0)):
        assert_refused(thing.trust(reason=reason, boots=boots), 403, "proof_replayed", "/boot_counter")
    assert thing.trust(reason="periodic", boots=5).status == 200
    site.tick(120)
    assert thing.trust(reason="restart", boots=6).status == 200


# ---- another key ----


def test_a_rekey(site):
    thing = Thing(site)
    old_key, old = thing.key, thing.certificate
    fresh = Key()
    reply = thing.trust(fresh, reason="rekey")
    assert reply.status == 200, reply
    assert spki_of(certificates(reply.json["certificate"])[0]) == fresh.spki_hash()
    assert reply.json["device"]["key"] == fresh.spki_hash()
    assert serial_of(old) in crl(site)
    assert serial_of(thing.certificate) not in crl(site)
    site.tick(120)
    assert thing.trust().status == 200
    thing.certificate, thing.key = old, old_key
    site.tick(120)
    assert_refused(thing.trust(), 401, "proof_key_mismatch", "/proof")


def crl(site):
    """The serial numbers on the site's CRL."""
    ca = x509.load_pem_x509_certificate(site.ca_file.read_bytes())
    reply = send(site.url, "GET", f"/crl/{spki_of(ca)}.crl")
    assert reply.status == 200
    return {entry.serial_number for entry in x509.load_der_x509_crl(reply.body)}


def test_a_rekey_is_proven_by_both(site):
    thing = Thing(site)
    nonce = thing.nonce()
    request, another = csr(Key(), nonce), csr(Key(), nonce)
    body = {"proof": thing.proof(nonce, request=request, reason="rekey")}
    assert_refused(thing.ask(body), 400, "claim_missing", "/csr")
    assert_refused(thing.ask(body | {"csr": another}), 401, "proof_binding_mismatch", "/csr")
    assert_refused(thing.ask({"proof": thing.proof(nonce), "csr": request}), 400, "claim_forbidden", "/csr")
    assert_refused(thing.ask({"proof": thing.proof(nonce, reason="rekey")}), 400, "claim_missing", "/csr_hash")
    stale = csr(Key(), "another nonce")
    assert_refused(thing.ask({"proof": thing.proof(nonce, request=stale), "csr": stale}), 400, "claim_type", "/csr")
    assert_refused(thing.trust(thing.key), 400, "claim_type", "/csr")
    other = Thing(site)
    assert_refused(thing.trust(other.key, reason="rekey"), 409, "device_exists", "/csr")
    assert thing.ask(body | {"csr": request}).status == 200


def test_a_rekey_whose_reply_was_lost_locks_nobody_out(site):
    thing = Thing(site)
    fresh = Key()
    assert thing.trust(fresh, heard=False, reason="rekey").status == 200
    site.tick(120)
    # Neither by itself, nor for another key, nor by another old certificate.
    assert_refused(thing.trust(), 401, "proof_key_mismatch", "/proof")
    assert_refused(thing.trust(Key(), reason="rekey"), 401, "proof_key_mismatch", "/proof")
    assert thing.trust(fresh, heard=False, reason="rekey").status == 200
    # Once at once, and then as anybody else: else each would be a certificate more, without end.
    site.tick(1)
    refused = thing.trust(fresh, heard=False, reason="rekey")
    assert refused.status == 429 and 0 < int(refused.headers["Retry-After"]) <= 60, refused
    site.tick(60)
    assert thing.trust(fresh, heard=False, reason="rekey").status == 200
    site.tick(60)
    old_key, old = thing.key, thing.certificate
    assert thing.trust(fresh, reason="rekey").status == 200
    site.tick(120)
    assert thing.trust().status == 200
    # The new key was used: that was it.
    thing.certificate, thing.key = old, old_key
    site.tick(120)
    assert_refused(thing.trust(fresh, reason="rekey"), 401, "proof_key_mismatch", "/proof")


# ---- under what it stands ----


def test_under_until_exp_nothing_outlives_the_leaf(site):
    caller = site.agent(effect="until_exp")
    caller.chain = site.owner.grant(site.technician, [onboarding()], exp=client.now() + 2 * HOUR)
    thing = Thing(site, caller)
    reply = thing.trust()
    assert reply.json["device"]["not_after"] == caller.chain.leaf["exp"] - 1
    site.clock.go(2 * HOUR)
    assert_refused(thing.trust(), 403, "expired", "/exp")


def test_a_certificate_that_has_ended_brings_the_device_back(site):
    caller = site.agent(credential_lifetime=HOUR, effect="permanent")
    with site.policy_with(trust={"period": 30 * DAY, "grace": DAY}):
        thing = Thing(site, caller)
        site.clock.go(2 * HOUR)
        reply = thing.trust()
        assert reply.status == 200, reply
        assert reply.json["device"]["not_after"] == pytest.approx(client.now() + HOUR, abs=3)


def test_a_suspended_device_waits(site):
    for on_revoke, state, code in (("cascade", "suspended", "suspended"), ("review", "review", "approval_required")):
        thing, reader = Thing(site), site.agent()
        revoke(site, thing, on_revoke)
        # At once, whether or not the walk over the devices has come to it.
        assert_refused(thing.trust(), 403, code, None)
        assert thing.record(reader)["state"] == state


def revoke(site, thing, on_revoke):
    said = statement(site.owner, "revoke", poa=thing.caller.chain.ids[-1], on_revoke=on_revoke)
    assert submit(site.url, said).status == 201


def test_a_review_is_no_matter_of_trust(site):
    """It cannot renew, so nobody says that it missed anything."""
    thing, reader = Thing(site), site.agent()
    revoke(site, thing, "review")
    assert thing.trust().status == 403
    site.tick(2 * PERIOD + GRACE)
    assert thing.record(reader)["state"] == "review"


# ---- it does not come ----


def test_grace_then_suspension(site):
    thing, other = Thing(site), Thing(site)
    assert other.trust().status == 200
    due = thing.trust().json["due"]
    site.tick(due - client.now() - 5)
    assert other.trust(boots=8, reason="restart").status == 200
    assert thing.record()["state"] == "active"
    site.tick(10)
    assert other.trust(boots=9, reason="restart").status == 200
    site.tick(GRACE - 20)
    assert thing.record()["state"] == "active"
    site.tick(20)
    gone = thing.record()
    assert (gone["state"], gone["cause"], gone["by"]) == ("suspended", "trust_missed", "server")
    assert serial_of(thing.certificate) in crl(site)
    assert_refused(thing.trust(), 403, "suspended", None)
    assert other.record()["state"] == "active"


def test_who_comes_in_its_grace_is_forgiven(site):
    thing = Thing(site)
    site.tick(thing.trust().json["due"] - client.now() + GRACE // 2)
    assert thing.trust().status == 200
    site.tick(GRACE)
    assert thing.record()["state"] == "active"


def test_time_in_which_the_server_was_not_there_does_not_count(site):
    things = [Thing(site) for _ in range(5)]
    for thing in things:
        assert thing.trust().status == 200
    site.server.kill()
    site.clock.go(2 * DAY)
    site.begin()
    site.beat()
    now = client.now()
    for thing in things:
        assert thing.record()["state"] == "active"
        assert not thing.is_due_before(now - 5) and thing.is_due_before(now + PERIOD // 4 + 5)
        assert thing.trust().status == 200


def test_two_days_without_network_suspend_nobody(site):
    """The server is there all the time; nobody can reach it."""
    things = [Thing(site) for _ in range(3)]
    for thing in things:
        assert thing.trust().status == 200
    site.tick(PERIOD * 2 + GRACE * 2)
    for thing in things:
        assert thing.record()["state"] == "active"
    first, second, lost = things
    assert first.trust(boots=8).status == 200
    site.beat()
    now = client.now()
    for thing in (second, lost):
        assert not thing.is_due_before(now - 5) and thing.is_due_before(now + PERIOD // 4 + 5)
    assert second.trust(boots=8).status == 200
    # Who is still missing after its second chance is suspended.
    site.tick(PERIOD // 4 + GRACE + 10)
    assert lost.record()["state"] == "suspended"
    assert second.record()["state"] == "active"


def test_another_policy_has_all_come_soon(site):
    things = [Thing(site) for _ in range(3)]
    for thing in things:
        assert thing.trust().json["due"] > client.now() + PERIOD // 4
    with site.policy_with(max_revocation_age=61):
        site.beat()
        assert all(thing.is_due_before(client.now() + PERIOD // 4 + 1) for thing in things)
