"""What a revocation does to the devices that came in under the PoA: untouched, in review, suspended."""

import concurrent.futures
import time

from cryptography import x509

import test_crl
from client import Caller, Party, administration, claims_of, fresh_jti, now, onboarding, pinned, send, statement, submit
from scene import site  # noqa: F401  the fixture
from server import wait_until


class Fleet:
    """An owner's contractor, his crew, and devices that the crew brought in; @power changes what was granted."""

    def __init__(self, site, count=3, owner=None, **power):  # noqa: F811
        self.site = site
        self.owner = owner or site.owner
        self.contractor, self.crew = (Party(f"{name}-{fresh_jti()}.example") for name in ("contractor", "crew"))
        self.root = self.owner.grant(self.contractor, [onboarding(**power)])
        self.leaf = self.root.grant(self.crew)
        self.caller = Caller(site.url, self.leaf)
        reader = site.owner.grant(Party(f"reader-{fresh_jti()}.example"), [onboarding(actions=["read"])])
        self.reader = Caller(site.url, reader)
        self.devices = []
        self.certificates = {}
        for _ in range(count):
            self.add()

    def add(self, **options):
        reply = self.caller.onboard(**options)
        assert reply.status == 201, reply
        name = reply.json["device"]["id"]
        self.devices.append(name)
        self.certificates[name] = reply.json["certificate"]
        return name

    def record(self, name):
        reply = self.reader.get(f"/v1/devices/{name}")
        assert reply.status == 200, reply
        return reply.json

    def states(self):
        return [self.record(name)["state"] for name in self.devices]

    def becomes(self, *wanted):
        wanted = list(wanted) if len(wanted) > 1 else list(wanted) * len(self.devices)
        wait_until(lambda: self.states() == wanted, f"{wanted}")

    def revoke(self, signer=None, chain=None, op="revoke", claims=None, **said):
        """A statement on the root, unless the target is said; gives its claims."""
        if not {"poa", "key", "hold"} & set(said):
            said["poa"] = self.root.ids[0]
        text = statement(signer or self.owner, op, **said, **(claims or {}))
        reply = submit(self.site.url, text, chain)
        assert reply.status == 201, reply
        return claims_of(text) | {"epoch": reply.json["epoch"]}

    def administer(self, **said):
        """A statement by an administrator, whom the site itself empowers."""
        steward = self.site.steward.grant(Party(f"steward-{fresh_jti()}.example"), [administration()])
        return self.revoke(steward.agent, claims={"chain": steward.text}, **said)

    def settle(self):
        """Until every walk that is under way has ended: a later one, on a fleet of its own, has come to its end."""
        mark = Fleet(self.site, 1, on_revoke="cascade")
        mark.revoke()
        mark.becomes("suspended")


def revoked_serials(site, fleet):  # noqa: F811
    own = x509.load_pem_x509_certificate(fleet.certificates[fleet.devices[0]].encode())
    points = own.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    path = points[0].full_name[0].value.removeprefix(site.url)
    return {one.serial_number for one in x509.load_der_x509_crl(send(site.url, "GET", path).body)}


def serial_of(fleet, name):
    return x509.load_pem_x509_certificate(fleet.certificates[name].encode()).serial_number


def mild(site):  # noqa: F811
    """An owner who may grant powers under which a revocation leaves devices alone."""
    owner = Party(f"https://mild-{fresh_jti()}.example")
    site.policy["owners"].append(pinned(owner, [onboarding(on_revoke="stop_new")]))
    site.take(site.policy)
    return owner


# ---- the three effects ----


def test_stop_new_leaves_devices_alone(site):
    fleet = Fleet(site, owner=mild(site), on_revoke="stop_new")
    fleet.revoke(reason="superseded")
    fleet.settle()
    assert fleet.states() == ["active"] * 3
    refused = fleet.caller.onboard()
    assert (refused.status, refused.code) == (401, "revoked")


def test_review_lets_them_run_until_the_deadline(site):
    fleet = Fleet(site)
    fleet.revoke()
    fleet.becomes("review")
    revoked = revoked_serials(site, fleet)
    assert not any(serial_of(fleet, name) in revoked for name in fleet.devices), "they run on"


def test_cascade_suspends_and_bars_their_certificates(site, tmp_path):
    fleet = Fleet(site, on_revoke="cascade")
    other = Fleet(site, 1)
    fleet.revoke()
    fleet.becomes("suspended")
    revoked = revoked_serials(site, fleet)
    assert all(serial_of(fleet, name) in revoked for name in fleet.devices)
    assert other.states() == ["active"]
    assert serial_of(other, other.devices[0]) not in revoked
    pem = test_crl.crl_pem(send(site.url, "GET", crl_path(site, fleet)).body)
    good, told = test_crl.openssl_says(site, tmp_path, pem, fleet.certificates[fleet.devices[0]])
    assert not good and "revoked" in told
    assert test_crl.openssl_says(site, tmp_path, pem, other.certificates[other.devices[0]])[0]


def test_the_list_is_never_behind_what_was_told(site):
    """Many ask while a walk is under way: who was told that a device is suspended finds it on the list."""
    fleets = [Fleet(site, 4, on_revoke="cascade") for _ in range(3)]
    everyone = [(fleet, name) for fleet in fleets for name in fleet.devices]

    def watch(fleet, name):
        while fleet.record(name)["state"] != "suspended":
            time.sleep(0.01)
        return serial_of(fleet, name) in revoked_serials(site, fleet)

    with concurrent.futures.ThreadPoolExecutor(len(everyone)) as pool:
        watching = [pool.submit(watch, *one) for one in everyone]
        for fleet in fleets:
            fleet.revoke()
        assert all(one.result(60) for one in watching)


def crl_path(site, fleet):  # noqa: F811
    own = x509.load_pem_x509_certificate(fleet.certificates[fleet.devices[0]].encode())
    points = own.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    return points[0].full_name[0].value.removeprefix(site.url)


# ---- who may say how strong ----


def test_the_owner_makes_it_stronger(site):
    fleet = Fleet(site, owner=mild(site), on_revoke="stop_new")
    fleet.revoke(reason="keyCompromise")
    fleet.becomes("suspended")


def test_nobody_makes_it_weaker(site):
    fleet = Fleet(site, on_revoke="cascade")
    fleet.revoke(reason="superseded", on_revoke="stop_new")
    fleet.becomes("suspended")


def test_a_principal_below_does_not_make_it_stronger(site):
    fleet = Fleet(site)
    fleet.revoke(fleet.contractor, chain=fleet.leaf, poa=fleet.leaf.ids[1], on_revoke="cascade")
    fleet.becomes("review")


def test_an_administrator_makes_it_stronger(site):
    fleet = Fleet(site)
    fleet.administer(poa=fleet.leaf.ids[1], on_revoke="cascade")
    fleet.becomes("suspended")


def test_a_key_takes_all_that_it_granted(site):
    fleet = Fleet(site, on_revoke="cascade")
    fleet.revoke(key=fleet.contractor.key.thumbprint)
    fleet.becomes("suspended")


def test_a_stranger_s_statement_touches_nothing(site):
    fleet, stranger = Fleet(site, on_revoke="cascade"), Fleet(site, 1)
    fleet.revoke(stranger.crew, chain=stranger.leaf)
    fleet.revoke(stranger.crew, chain=stranger.leaf, key=fleet.contractor.key.thumbprint)
    fleet.settle()
    assert fleet.states() == ["active"] * 3


# ---- what acts as stop_new ----


def test_one_that_its_agent_gives_up(site):
    fleet = Fleet(site, on_revoke="cascade")
    fleet.revoke(fleet.crew, chain=fleet.leaf, poa=fleet.leaf.ids[1], reason="keyCompromise")
    fleet.settle()
    assert fleet.states() == ["active"] * 3


def test_a_hold(site):
    fleet = Fleet(site, on_revoke="cascade")
    hold = fleet.revoke(op="suspend")
    fleet.settle()
    assert fleet.states() == ["active"] * 3
    assert fleet.caller.onboard().code == "suspended"
    fleet.revoke(op="resume", hold=hold["jti"])
    fleet.add()
    fleet.settle()
    assert fleet.states() == ["active"] * 4


# ---- since when ----


def test_a_cascade_takes_those_that_came_since(site):
    fleet = Fleet(site, 1, on_revoke="cascade")
    time.sleep(1.1)
    since = now()
    time.sleep(1.1)
    fleet.add()
    fleet.revoke(invalid_since=since)
    fleet.becomes("active", "suspended")
    fleet.settle()
    assert fleet.states() == ["active", "suspended"]


# ---- a chain that does not verify any more ----


def test_an_owner_who_is_gone_hides_no_device(site):
    """The policy pins the owner no longer, so the chain is refused; an administrator's cascade reaches its devices."""
    owner = site.add_owner()
    fleet = Fleet(site, owner=owner)
    kept = list(site.policy["owners"])
    site.policy["owners"] = [one for one in kept if one["iss"] != owner.name]
    site.take(site.policy)
    try:
        fleet.administer(on_revoke="cascade")
        fleet.becomes("suspended")
    finally:
        site.policy["owners"] = kept
        site.take(site.policy)


# ---- between the commit and the end of the walk ----


def test_nothing_comes_in_behind_the_first_write(site):
    """Each change asks once more in its own transaction, so one that was prepared before is refused after."""
    fleet = Fleet(site, 1, on_revoke="cascade")
    ready = [fleet.caller.prepare_onboarding() for _ in range(5)]
    fleet.revoke()
    for late in ready:
        reply = late()
        assert (reply.status, reply.code) == (401, "revoked"), reply
    fleet.becomes("suspended")
    listed = fleet.reader.get("/v1/devices?limit=200").json["devices"]
    assert [one["id"] for one in listed if one["poa_id"] == fleet.leaf.ids[1]] == fleet.devices


# ---- the audit ----


def test_each_change_is_in_the_audit_once(site):
    fleet = Fleet(site, on_revoke="cascade")
    fleet.revoke()
    fleet.becomes("suspended")
    assert site.server.stop() == 0
    entries = [entry for entry in site.audit() if entry["kind"] == "device.suspended"]
    site.begin()
    for name in fleet.devices:
        (entry,) = [one for one in entries if one["device"] == name]
        assert entry["reason"] == {"cause": "poa_revoked", "by": "server"}


# ---- the deadline of a review ----


def test_nobody_ratifies_in_time(site):
    with site.policy_with(trust={"review_deadline": 2}):
        fleet = Fleet(site)
        fleet.revoke()
        fleet.becomes("review")
        fleet.becomes("suspended")
    revoked = revoked_serials(site, fleet)
    assert all(serial_of(fleet, name) in revoked for name in fleet.devices)
    assert site.server.stop() == 0
    entries = [entry for entry in site.audit() if entry["kind"] == "device.suspended"]
    site.begin()
    for name in fleet.devices:
        (entry,) = [one for one in entries if one["device"] == name]
        assert entry["reason"] == {"cause": "review_lapsed", "by": "server"}


# ---- who waits for approval ----


def test_an_onboarding_that_waits_lapses(site):
    """And its place under the PoA above is free again."""
    contractor, crew, other = (Party(f"{name}-{fresh_jti()}.example") for name in ("contractor", "crew", "other"))
    root = site.owner.grant(contractor, [onboarding(max_devices=1, evidence=["approval"])])
    leaf, beside = root.grant(crew), root.grant(other)
    waiting = Caller(site.url, leaf).onboard()
    assert waiting.status == 202, waiting
    full = Caller(site.url, beside).onboard()
    assert (full.status, full.code) == (403, "quota_exceeded")
    assert submit(site.url, statement(site.owner, "suspend", poa=leaf.ids[1])).status == 201
    approver = Caller(site.url, site.owner.grant(Party("approver.example"), [administration(actions=["approve"])]))
    where = waiting.headers["Location"]
    assert approver.get(where).status == 202, "under a hold it waits on"
    assert submit(site.url, statement(site.owner, "revoke", poa=leaf.ids[1])).status == 201
    wait_until(lambda: Caller(site.url, beside).onboard().status == 202, "the place")
    assert approver.get(where).status == 404, "there is no record any more"
