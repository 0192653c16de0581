"""A device's life as people change it: suspended, resumed, retired, ratified, its identifiers released."""

import concurrent.futures
import time

import pytest
from cryptography import x509

import test_openapi
from client import (DAY, HOUR, MINUTE, Caller, Key, administration, device, fresh_jti, now, onboarding, send, statement,
                    submit)
from made import maker, party, site, under  # noqa: F401  the fixtures
from server import wait_until
from test_events import Listener

ALL = ["onboard", "reestablish", "replace", "suspend", "resume", "decommission", "read"]
RUNNING = ["review", "suspended", "replaced", "decommissioned"]
HELD = ["active", "replaced", "decommissioned"]
REVIEWED = ["active", "suspended", "replaced", "decommissioned"]
NOBODY = "/v1/devices/00000000-0000-4000-8000-000000000000"


def foreman_of(site, *, claims=None, **members):  # noqa: F811
    return under(site, onboarding(actions=ALL, **members), **(claims or {}))


def approver_of(site, owner, **members):  # noqa: F811
    return Caller(site.url, owner.grant(party(), [administration(**{"actions": ["approve"]} | members)]))


@pytest.fixture(scope="module")
def foreman(site):  # noqa: F811
    return foreman_of(site)


def bring(caller, thing=None, **options):
    reply = caller.onboard(thing or device(), **options)
    assert reply.status == 201, reply
    return reply.json["device"]


def act(caller, one, verb, body=b""):
    return caller.post(f"/v1/devices/{one['id']}/{verb}", body)


def done(reply, **members):
    assert reply.status == 200, reply
    record = reply.json["device"]
    assert record.items() >= members.items(), record
    return record


def impossible(reply, state, allowed, detail=""):
    assert reply.status == 409, reply
    said = reply.json
    assert (said["type"], said["state"], said["allowed"]) == ("about:blank", state, allowed), said
    assert detail in said["detail"] and "code" not in said, said


def refused(reply, status, code, member=None, hop=None):
    assert (reply.status, reply.code) == (status, code), reply
    assert (reply.reason["member"], reply.reason["hop"]) == (member, hop), reply


def record_of(caller, one):
    reply = caller.get(f"/v1/devices/{one['id']}")
    assert reply.status == 200, reply
    return reply.json


def on_the_crl(site, one):  # noqa: F811
    """Why the certificate of this device is on the CRL; None: it is not."""
    revoked = x509.load_der_x509_crl(send(site.url, "GET", f"/crl/{test_openapi.ca_id(site)}.crl").body)
    entry = revoked.get_revoked_certificate_by_serial_number(int(one["certificate_serial"], 16))
    return entry and entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value


def revoke(site, caller, on_revoke, **claims):  # noqa: F811
    said = statement(site.owner, "revoke", poa=caller.chain.ids[-1], on_revoke=on_revoke, **claims)
    assert submit(site.url, said).status == 201


def becomes(caller, one, state):
    wait_until(lambda: record_of(caller, one)["state"] == state, state)


def in_review(site, foreman):  # noqa: F811
    """A device whose PoA was revoked, so that it waits for who ratifies it."""
    newcomer = foreman_of(site)
    one = bring(newcomer)
    revoke(site, newcomer, "review")
    becomes(foreman, one, "review")
    return one


# ---- each change ----


def test_a_suspension_and_its_end(site, foreman):
    one = bring(foreman)
    assert on_the_crl(site, one) is None
    held = done(act(foreman, one, "suspension", {"reason": "seen open"}), state="suspended", cause="requested",
                by=foreman.chain.agent.name)
    assert abs(held["changed"] - now()) < MINUTE and "due" not in held
    assert on_the_crl(site, one) == "certificateHold"
    impossible(act(foreman, one, "suspension"), "suspended", HELD, "suspended")
    back = done(act(foreman, one, "resumption"), state="active", cause="resumed", poa_id=one["poa_id"])
    assert on_the_crl(site, one) is None
    assert now() < back["due"] <= back["not_after"]
    assert record_of(foreman, one) == back
    impossible(act(foreman, one, "resumption"), "active", RUNNING)


def test_a_life_ends(site, foreman):
    thing = device()
    one = bring(foreman, thing)
    done(act(foreman, one, "decommission"), state="decommissioned", cause="decommissioned")
    assert on_the_crl(site, one) == "cessationOfOperation"
    for verb in ("suspension", "resumption", "decommission", "ratification"):
        impossible(act(foreman, one, verb), "decommissioned", [])
    assert foreman.onboard(thing).code == "device_exists", "its identifiers stay burnt"


def test_a_held_device_is_retired(site, foreman):
    one = bring(foreman)
    done(act(foreman, one, "suspension"))
    done(act(foreman, one, "decommission"), state="decommissioned")
    assert on_the_crl(site, one) == "cessationOfOperation"


def test_what_a_pending_and_an_expected_device_cannot(site, foreman):
    asker = foreman_of(site, evidence=["approval"])
    reply = asker.onboard()
    assert reply.status == 202, reply
    pending = reply.json["onboarding"]
    expected = approver_of(site, site.owner).post("/v1/tickets", {"device": device(), "location": "mine-7"}).json
    for verb in ("suspension", "resumption", "decommission", "ratification"):
        impossible(act(foreman, pending, verb), "pending", ["active"])
        impossible(act(foreman, expected["device"], verb), "expected", ["pending", "active"])


def test_two_at_once(foreman):
    one = bring(foreman)
    ready = [foreman.prepare(f"/v1/devices/{one['id']}/suspension") for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda ask: ask(), ready))
    assert sorted(reply.status for reply in replies) == [200] + 5 * [409]


def test_it_survives_a_kill(site, foreman):
    one = bring(foreman)
    held = done(act(foreman, one, "suspension"))
    site.restart(kill=True)
    site.server.outlive_its_first_second()
    assert record_of(foreman, one) == held
    assert on_the_crl(site, one) == "certificateHold"
    done(act(foreman, one, "resumption"), state="active")


def test_who_listens_hears_of_it(site, foreman):
    one = bring(foreman)
    listener = Listener(foreman)
    assert listener.next()[0] == "epoch"
    asked = [("suspension", {"reason": "a \"crack\""}), ("resumption", b""), ("ratification", b""),
             ("decommission", b"")]
    for verb, body in asked:
        done(act(foreman, one, verb, body))
    done(act(approver_of(site, site.owner), one, "release", {"identifiers": ["serial", "key"], "reason": "scrap"}))
    told = [listener.told() for _ in range(5)]
    listener.close()
    assert [data["kind"] for data in told] == ["device.suspended", "device.resumed", "device.ratified",
                                               "device.decommissioned", "device.released"]
    assert {data["device"] for data in told} == {one["id"]}
    assert {data["by"] for data in told[:4]} == {foreman.chain.agent.name}
    assert told[0].items() >= {"cause": "requested", "from": "active", "reason": "a \"crack\"",
                               "poa_id": foreman.chain.ids[-1]}.items()
    assert told[4]["identifiers"] == ["serial", "key"]


# ---- who may ----


ACTIONS = [("suspension", "suspend"), ("resumption", "resume"), ("decommission", "decommission"),
           ("ratification", "reestablish")]


@pytest.mark.parametrize("verb, action", ACTIONS)
def test_each_wants_its_own_action(site, foreman, verb, action):
    one = bring(foreman)
    if verb == "resumption":
        done(act(foreman, one, "suspension"))
    others = under(site, onboarding(actions=[other for other in ALL if other != action]))
    refused(act(others, one, verb), 403, "action_not_granted", "/authorization_details/0/actions", 0)
    done(act(under(site, onboarding(actions=[action])), one, verb))


@pytest.mark.parametrize("verb, action", ACTIONS)
def test_the_record_must_lie_inside_every_link(site, foreman, verb, action):
    one = bring(foreman, location="mine-7/hall-2")
    place, thing = "/authorization_details/0/locations", "/authorization_details/0/devices"
    elsewhere = under(site, onboarding(actions=[action], locations=["mine-7/hall-20"]))
    refused(act(elsewhere, one, verb), 403, "location_not_granted", place, 0)
    root = site.owner.grant(party(), [onboarding(actions=[action])])
    narrow = root.grant(party(), [onboarding(actions=[action], devices=[{"serial": "XX-*"}])])
    refused(act(Caller(site.url, narrow), one, verb), 403, "device_not_granted", thing, 1)
    assert record_of(foreman, one)["state"] == "active"


def test_the_maker_of_an_idevid_is_known_of_the_record(site, foreman, maker):
    """The path was validated when it came in; what anybody types since then matters to nobody."""
    thing = maker.device()
    nonce = foreman.nonce()
    reply = foreman.post("/v1/onboardings", thing.body(foreman.chain, nonce), nonce=nonce)
    assert reply.status == 201, reply
    proven, typed = reply.json["device"], bring(foreman)
    for issuer, verb in zip(maker.ca_ids, ("suspension", "decommission"), strict=True):
        guard = under(site, onboarding(actions=["suspend", "decommission"], devices=[{"idevid_issuer": issuer}],
                                       evidence=["idevid"]))
        done(act(guard, proven, verb))
        refused(act(guard, typed, verb), 403, "device_not_granted", "/authorization_details/0/devices", 0)
    weak = under(site, onboarding(actions=["suspend"], evidence=["idevid"]))
    refused(act(weak, typed, "suspension"), 403, "evidence_missing", "/authorization_details/0/evidence", 0)


def test_who_may_not_learns_no_state(site, foreman):
    one = bring(foreman)
    done(act(foreman, one, "decommission"))
    stranger = under(site, onboarding(actions=["read"]))
    for verb, _ in ACTIONS:
        assert act(stranger, one, verb).code == "action_not_granted"


def test_a_change_wants_a_nonce_and_a_chain_that_stands(site, foreman):
    one = bring(foreman)
    path = f"/v1/devices/{one['id']}/suspension"
    reply = foreman.post(path, nonce=None)
    assert (reply.status, reply.code) == (401, "nonce_required")
    assert send(site.url, "POST", path).status == 401
    dismissed = foreman_of(site)
    ready = dismissed.prepare(path)
    revoke(site, dismissed, "stop_new")
    assert ready().code == "revoked"
    assert record_of(foreman, one)["state"] == "active"


@pytest.mark.parametrize("body, code, member", [
    ({"reason": "x" * 257}, "claim_type", "/reason"), ({"reason": ""}, "claim_type", "/reason"),
    ({"reason": "a\nb"}, "claim_type", "/reason"), ({"why": "x"}, "claim_forbidden", "/why"),
    ("[]", "malformed", None), ("{", "malformed", None)])
def test_bodies(foreman, body, code, member):
    one = bring(foreman)
    for verb in ("suspension", "resumption", "decommission"):
        refused(act(foreman, one, verb, body), 400, code, member)
    assert record_of(foreman, one)["state"] == "active"
    if member == "/reason":
        refused(act(foreman, one, "ratification", body), 400, "claim_forbidden", "/reason")


def test_devices_that_are_not_there(foreman):
    for verb, _ in ACTIONS:
        for path in (NOBODY, "/v1/devices/nothing"):
            assert foreman.post(f"{path}/{verb}").status == 404


# ---- ratified ----


def test_a_ratification_ends_a_review(site, foreman):
    one = in_review(site, foreman)
    assert record_of(foreman, one)["until"] > now()
    impossible(act(foreman, one, "resumption"), "review", REVIEWED, "ratified")
    taken = done(act(foreman, one, "ratification"), state="active", cause="ratified", poa_id=foreman.chain.ids[-1],
                 by=foreman.chain.agent.name)
    assert "until" not in taken and taken["due"] > now()
    assert taken["agent"] == one["agent"], "who brought it in stays"
    assert on_the_crl(site, one) is None


def test_it_hangs_on_the_new_poa_alone(site):
    """The old one's revocation reaches it no more, the new one's does."""
    first, second, reader = (foreman_of(site) for _ in range(3))
    one, mark = bring(first), bring(first)
    taken = done(act(second, one, "ratification"), state="active", cause="ratified", poa_id=second.chain.ids[-1])
    assert (taken["effect"], taken["on_revoke"]) == ("until_exp", "review")
    revoke(site, first, "cascade")
    becomes(reader, mark, "suspended")
    assert record_of(reader, one) == taken
    revoke(site, second, "cascade")
    becomes(reader, one, "suspended")


def test_what_the_new_power_says_counts(site, foreman):
    one = bring(foreman)
    lender = under(site, onboarding(), onboarding(actions=["reestablish"], effect="permanent", on_revoke="cascade"))
    done(act(lender, one, "ratification"), power=1, effect="permanent", on_revoke="cascade")


def test_no_quota_is_charged(site, foreman):
    last = foreman_of(site, max_devices=1)
    bring(last)
    for _ in range(2):
        done(act(last, bring(foreman), "ratification"), state="active")
    assert last.onboard().code == "quota_exceeded"


def test_the_same_request_finds_it_after_it_was_ratified(site, foreman):
    first = foreman_of(site)
    thing, key = device(), Key()
    one = bring(first, thing, key=key)
    done(act(foreman, one, "ratification"))
    again = first.onboard(thing, key=key)
    assert (again.status, again.json["device"]["id"]) == (200, one["id"])


def test_a_device_is_ratified_before_its_leaf_ends(site, foreman):
    brief = foreman_of(site, claims={"exp": now() + 4})
    one = bring(brief)
    taken = done(act(foreman, one, "ratification"), state="active", poa_id=foreman.chain.ids[-1])
    assert taken["not_after"] == one["not_after"]


def test_a_credential_that_outlives_the_new_leaf_is_renewed_before(site, foreman):
    one = bring(foreman)
    brief = foreman_of(site, claims={"exp": now() + HOUR})
    assert one["not_after"] > now() + HOUR
    taken = done(act(brief, one, "ratification"))
    assert taken["due"] < now() + HOUR
    again = done(act(foreman, one, "ratification"))
    assert again["due"] == taken["due"], "no later than it was to come"


def test_a_suspended_device_is_ratified_and_stays_suspended(site, foreman):
    """What fell with its PoA comes back in two steps, each with a power of its own."""
    newcomer = foreman_of(site)
    one = bring(newcomer)
    revoke(site, newcomer, "cascade")
    becomes(foreman, one, "suspended")
    assert record_of(foreman, one)["cause"] == "poa_revoked"
    impossible(act(foreman, one, "resumption"), "suspended", HELD, "ratify")
    done(act(foreman, one, "ratification"), state="suspended", cause="ratified", poa_id=foreman.chain.ids[-1])
    assert on_the_crl(site, one) == "certificateHold"
    done(act(foreman, one, "resumption"), state="active")
    assert on_the_crl(site, one) is None


def test_who_was_suspended_by_somebody_stays_so_after_a_ratification(foreman):
    one = bring(foreman)
    done(act(foreman, one, "suspension"))
    done(act(foreman, one, "ratification"), state="suspended", cause="requested")


def test_nobody_is_quicker_than_a_revocation(site, foreman):
    """Whether or not the walk over the devices has come to it, the cascade comes before the ratification."""
    for _ in range(5):
        newcomer = foreman_of(site)
        devices = [bring(newcomer) for _ in range(4)]
        ready = [foreman.prepare(f"/v1/devices/{one['id']}/ratification") for one in devices]
        revoke(site, newcomer, "cascade")
        for ask in ready:
            done(ask(), state="suspended", cause="ratified", poa_id=foreman.chain.ids[-1])


# ---- what a resumption wants ----


def test_under_a_poa_that_was_revoked_nothing_is_resumed(site, foreman):
    newcomer = foreman_of(site)
    one = bring(newcomer)
    done(act(foreman, one, "suspension"))
    revoke(site, newcomer, "stop_new")
    impossible(act(foreman, one, "resumption"), "suspended", HELD, "revoked")
    done(act(foreman, one, "ratification"), state="suspended")
    done(act(foreman, one, "resumption"), state="active")


def test_what_a_revocation_suspended_is_not_resumed_once_nobody_remembers_it(site, foreman):
    """The owner's key that said it has left the policy since, so what it said counts no more."""
    owner = site.add_owner()
    former = type(owner)(owner.name)
    keys = site.policy["owners"][-1]["keys"]
    keys.append({"jwk": former.key.jwk})
    site.take(site.policy)
    newcomer = Caller(site.url, owner.grant(party(), [onboarding(actions=ALL, on_revoke="cascade")]))
    one = bring(newcomer)
    reply = submit(site.url, statement(former, "revoke", poa=newcomer.chain.ids[0], reason="keyCompromise"))
    assert reply.status == 201, reply
    becomes(foreman, one, "suspended")
    keys.pop()
    site.take(site.policy)
    impossible(act(foreman, one, "resumption"), "suspended", HELD, "ratify")
    done(act(foreman, one, "ratification"), state="suspended", cause="ratified")
    done(act(foreman, one, "resumption"), state="active")


def test_under_a_poa_that_is_held_nothing_is_resumed(site, foreman):
    newcomer = foreman_of(site)
    one = bring(newcomer)
    done(act(foreman, one, "suspension"))
    hold = fresh_jti()
    said = statement(site.owner, "suspend", poa=newcomer.chain.ids[-1], jti=hold)
    assert submit(site.url, said).status == 201
    impossible(act(foreman, one, "resumption"), "suspended", HELD, "suspended")
    assert submit(site.url, statement(site.owner, "resume", hold=hold)).status == 201
    done(act(foreman, one, "resumption"), state="active")


def test_under_a_poa_that_has_ended(site, foreman):
    """Under until_exp nothing runs on behind its end; under permanent it does."""
    brief = foreman_of(site, claims={"exp": now() + 4})
    lasting = foreman_of(site, claims={"exp": now() + 4}, effect="permanent")
    ended, running = bring(brief), bring(lasting)
    for one in (ended, running):
        done(act(foreman, one, "suspension"))
    time.sleep(5)
    impossible(act(foreman, ended, "resumption"), "suspended", HELD, "expired")
    done(act(foreman, running, "resumption"), state="active")


def test_a_review_that_nobody_answered(site, foreman):
    with site.policy_with(trust={"review_deadline": 2}):
        one = in_review(site, foreman)
        becomes(foreman, one, "suspended")
    assert record_of(foreman, one)["cause"] == "review_lapsed"
    impossible(act(foreman, one, "resumption"), "suspended", HELD, "ratify")
    done(act(foreman, one, "ratification"), state="suspended", cause="ratified")
    done(act(foreman, one, "resumption"), state="active")


def contested(foreman, maker):  # noqa: F811
    """A device whose serial another one claims and shows; with that one, and how it asks."""
    thing = maker.device(id_link="")
    squatter = bring(foreman, thing.stated())

    def ask():
        nonce = foreman.nonce()
        return foreman.post("/v1/onboardings", thing.body(foreman.chain, nonce), nonce=nonce)

    assert ask().code == "device_exists"
    assert record_of(foreman, squatter)["state"] == "review"
    return squatter, ask


def test_a_conflict_that_nobody_decided(site, foreman, maker):
    """Its PoA stands, but nobody has said which of the two it is."""
    with site.policy_with(trust={"review_deadline": 2}):
        squatter, _ = contested(foreman, maker)
        becomes(foreman, squatter, "suspended")
    impossible(act(foreman, squatter, "resumption"), "suspended", HELD, "without a decision")
    done(act(foreman, squatter, "ratification"), state="suspended", cause="ratified")
    done(act(foreman, squatter, "resumption"), state="active")


# ---- released ----


def test_a_squatter_gives_way(site, foreman, maker):
    squatter, ask = contested(foreman, maker)
    done(act(approver_of(site, site.owner), squatter, "release", {"identifiers": ["serial"], "reason": "squatted"}),
         state="review", released=["serial"])
    reply = ask()
    assert reply.status == 201, reply
    assert reply.json["device"]["serial"] == squatter["serial"]
    impossible(act(foreman, squatter, "ratification"), "review", REVIEWED, "released")


def test_a_burnt_serial_is_released(site, foreman):
    thing = device()
    old = bring(foreman, thing)
    done(act(foreman, old, "decommission"))
    assert foreman.onboard(thing).code == "device_exists"
    record = done(act(approver_of(site, site.owner), old, "release", {"identifiers": ["serial"], "reason": "reused"}),
                  state="decommissioned", released=["serial"], serial=thing["serial"])
    assert record_of(foreman, old) == record
    new = bring(foreman, thing)
    assert new["id"] != old["id"]
    done(act(approver_of(site, site.owner), old, "release", {"identifiers": ["serial", "key"]}),
         released=["serial", "key"])


def test_one_that_was_released_does_not_come_back(site, foreman):
    thing = device()
    one = bring(foreman, thing)
    done(act(foreman, one, "suspension"))
    done(act(approver_of(site, site.owner), one, "release", {"identifiers": ["serial"]}))
    bring(foreman, thing)
    impossible(act(foreman, one, "resumption"), "suspended", HELD, "released")
    squatter = in_review(site, foreman)
    done(act(approver_of(site, site.owner), squatter, "release", {"identifiers": ["key"]}), state="review")
    impossible(act(foreman, squatter, "ratification"), "review", REVIEWED, "released")
    done(act(foreman, squatter, "decommission"))


def test_who_may_release(site, foreman):
    one = bring(foreman, location="mine-7/hall-2")
    body = {"identifiers": ["serial"]}
    impossible(act(approver_of(site, site.owner), one, "release", body), "active", RUNNING, "keeps")
    done(act(foreman, one, "suspension"))
    refused(act(foreman, one, "release", body), 403, "action_not_granted", "/authorization_details", 0)
    other = approver_of(site, site.owner, actions=["revoke", "suspend", "resume", "audit"])
    refused(act(other, one, "release", body), 403, "action_not_granted", "/authorization_details/0/actions", 0)
    away = approver_of(site, site.owner, locations=["mine-7/hall-3"])
    refused(act(away, one, "release", body), 403, "location_not_granted", "/authorization_details/0/locations", 0)
    rival = site.add_owner()
    refused(act(approver_of(site, rival), one, "release", body), 403, "action_not_granted", "/authorization_details")
    done(act(approver_of(site, site.steward), one, "release", body), released=["serial"])


@pytest.mark.parametrize("identifiers", [None, [], ["colour"], ["serial", "serial"], "serial", [7], ["uuid"],
                                         ["id_link"], ["idevid"]])
def test_what_can_be_released(site, foreman, identifiers):
    one = bring(foreman)
    done(act(foreman, one, "suspension"))
    body = {} if identifiers is None else {"identifiers": identifiers}
    reply = act(approver_of(site, site.owner), one, "release", body)
    refused(reply, 400, "claim_missing" if identifiers is None else "claim_type", "/identifiers")
    assert "released" not in record_of(foreman, one)


# ---- the audit log ----


def test_each_change_is_audited(site, foreman):
    one = bring(foreman)
    for verb, body in (("suspension", {"reason": "seen open"}), ("ratification", b""), ("resumption", b""),
                       ("decommission", {"reason": "scrapped"})):
        done(act(foreman, one, verb, body))
    done(act(approver_of(site, site.owner), one, "release", {"identifiers": ["serial"], "reason": "reused"}))
    impossible(act(foreman, one, "decommission"), "decommissioned", [])
    assert site.server.stop() == 0
    entries = [entry for entry in site.audit() if entry["device"] == one["id"]]
    site.begin()
    assert [entry["kind"] for entry in entries] == ["onboarding", "suspension", "ratification", "resumption",
                                                    "decommission", "release"]
    assert [entry["reason"] for entry in entries[1:]] == [
        {"reason": "seen open"}, {"from": one["poa_id"]}, None, {"reason": "scrapped"},
        {"identifiers": ["serial"], "reason": "reused"}]
    assert all(entry["poas"] == foreman.chain.ids for entry in entries[:5])
    assert DAY > now() - entries[-1]["time"] >= 0
