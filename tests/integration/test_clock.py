"""What time does: to PoAs, nonces, proofs and hours, and what a server does whose clock goes back.

libshift_clock is preloaded into the server, so that a test can choose its time.
"""

import pytest

import client
from client import DAY, HOUR, MINUTE, Caller, Key, Party, administration, device, onboarding, send, statement, submit
from clock import Clock
from gate import Gate
from scene import Scene
from server import run

READ = "/v1/devices"

# The smallest memory of proofs: at most so many, of which each use looks at some.
REPLAY_BYTES, ROOM, SWEEP = 65536, 700, 8


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    with pytest.MonkeyPatch.context() as patched:
        clock = Clock(folder, patched)
        made = Scene(folder, clock.environment() | {"POA_AUTHZ_LIMITS_REPLAY_BYTES": str(REPLAY_BYTES)})
        made.clock = clock
        try:
            yield made
            made.end()
        finally:
            if made.server.process.poll() is None:
                made.server.kill()


@pytest.fixture
def site(scene):
    """Each test begins at the real time, on a store that has not seen another."""
    yield scene
    scene.clock.go(0)
    scene.server.stop()
    assert run("reset-clock-mark", "--config", scene.made.config).returncode == 0
    scene.begin()


def caller_of(site, *powers, **claims):
    return Caller(site.url, site.owner.grant(site.technician, list(powers) or [onboarding()], **claims))


def assert_refused(reply, status, code, hop=None, member=None):
    assert reply.status == status, reply
    assert (reply.code, reply.reason["hop"], reply.reason["member"]) == (code, hop, member), reply


# ---- PoAs ----


def test_a_poa_ends_while_it_is_kept_as_verified(site):
    root = site.owner.grant(site.contractor, [onboarding()], exp=client.now() + DAY)
    caller = Caller(site.url, root.grant(site.technician, exp=client.now() + HOUR))
    assert caller.onboard().status == 201
    site.clock.go(HOUR - MINUTE)
    assert caller.onboard().status == 201
    site.clock.go(HOUR)
    assert_refused(caller.get(READ), 401, "expired", 1, "/exp")
    assert_refused(caller.onboard(), 401, "expired", 1, "/exp")
    site.clock.go(DAY)
    assert_refused(caller.onboard(), 401, "expired", 0, "/exp")


def test_a_poa_begins(site):
    caller = caller_of(site, nbf=client.now() + HOUR)
    assert_refused(caller.get(READ), 401, "not_yet_valid", 0, "/nbf")
    site.clock.go(HOUR - 2 * MINUTE)
    assert_refused(caller.get(READ), 401, "not_yet_valid", 0, "/nbf")
    site.clock.go(HOUR)
    assert caller.get(READ).status == 200


def test_hours(site):
    """Half open, in UTC, without skew; a night shift is two windows."""
    windows = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "07:00", "to": "17:00"},
               {"days": ["sun"], "from": "22:00", "to": "24:00"}, {"days": ["mon"], "from": "00:00", "to": "06:00"}]
    chain = caller_of(site, onboarding(hours=windows), exp=client.now() + 30 * DAY).chain
    moments = {(0, 0, 0): True, (0, 5, 59): True, (0, 6, 0): False, (0, 6, 59): False, (0, 7, 0): True,
               (0, 16, 59): True, (0, 17, 0): False, (4, 12, 0): True, (5, 12, 0): False, (6, 21, 59): False,
               (6, 22, 0): True, (6, 23, 59): True}
    for moment in sorted(moments, key=lambda one: site.clock.until(*one)):
        site.clock.go(site.clock.until(*moment))
        reply = Gate(site).ask(chain)
        assert reply.json["code"] == ("ok" if moments[moment] else "outside_hours"), (moment, reply)


def test_a_certificate_under_until_exp_late_in_the_chains_life(site):
    caller = caller_of(site, exp=client.now() + DAY)
    site.clock.go(DAY - 10 * MINUTE)
    reply = caller.onboard()
    assert reply.status == 201, reply
    assert reply.json["device"]["not_after"] == caller.chain.leaf["exp"] - 1


# ---- nonces and proofs ----


def test_a_nonce_dies(site):
    caller = caller_of(site)
    early, late = caller.nonce(), caller.nonce()
    site.clock.go(5 * MINUTE - 10)
    assert caller.post("/v1/poas", nonce=early).status == 201
    site.clock.go(5 * MINUTE + 1)
    assert_refused(caller.post("/v1/poas", nonce=late), 401, "nonce_invalid")


def test_a_nonce_that_was_used_never_comes_back(site):
    """Its record may go when it is dead anyway."""
    caller = caller_of(site)
    nonce = caller.nonce()
    assert caller.post("/v1/poas", nonce=nonce).status == 201
    for ahead in (MINUTE, 4 * MINUTE, 6 * MINUTE, HOUR):
        site.clock.go(ahead)
        assert_refused(caller.post("/v1/poas", nonce=nonce), 401, "nonce_invalid")


def test_a_proof_that_was_seen_is_remembered_as_long_as_it_could_be_taken(site):
    """Also by a clock that goes back a little; the memory is small here, so that what may be forgotten is."""
    caller = caller_of(site)
    headers = caller.headers("GET", READ)
    assert send(site.url, "GET", READ, headers=headers).status == 200
    for ahead, code in ((30, "proof_replayed"), (55, "proof_replayed"), (65, "proof_stale"), (85, "proof_stale")):
        site.clock.go(ahead)
        assert_refused(send(site.url, "GET", READ, headers=headers), 401, code)
    for _ in range(ROOM // SWEEP + 1):
        assert caller.get(READ).status == 200
    site.clock.go(58)
    assert_refused(send(site.url, "GET", READ, headers=headers), 401, "proof_replayed")


# ---- a clock that goes back ----


def test_a_clock_that_went_back(site):
    """Nothing is decided until it catches up, or an operator resets the mark; within the skew nothing happens."""
    caller, other = caller_of(site), caller_of(site)
    site.clock.go(HOUR)
    assert caller.onboard().status == 201
    assert submit(site.url, statement(site.owner, "revoke", poa=other.chain.ids[0])).status == 201
    site.clock.go(HOUR - 20)
    assert caller.get(READ).status == 200
    site.clock.go(HOUR - MINUTE)
    assert_refused(caller.get(READ), 503, "clock_unsure")
    assert_refused(caller.onboard(), 503, "clock_unsure")
    thief = Caller(site.url, caller.chain, Key()).get(READ)
    assert (thief.status, thief.reason) == (503, {"code": "clock_unsure"}), thief
    assert thief.headers["Retry-After"]
    ready = send(site.url, "GET", "/readyz")
    assert ready.status == 503 and "clock" in ready.json["because"], ready
    assert send(site.url, "GET", "/healthz").status == 200
    # Who wants to revoke can do so all the same: it takes nothing that time could give back.
    site.clock.go(HOUR)
    assert caller.get(READ).status == 200

    site.clock.go(0)
    site.restart()
    assert_refused(caller.post("/v1/poas"), 503, "clock_unsure")
    site.server.stop()
    assert run("reset-clock-mark", "--config", site.made.config).returncode == 0
    site.begin()
    assert caller.onboard(device()).status == 201
    assert_refused(other.get(READ), 401, "revoked", 0)


# ---- what waits until a time ----


def clerk_of(site):
    return Caller(site.url, site.owner.grant(Party("clerk.example"), [administration(actions=["approve"])],
                                             exp=client.now() + 20 * DAY))


def test_nobody_approves_too_late(site):
    """Its time is over from that second on, not when the server comes to look."""
    caller, clerk = caller_of(site, onboarding(evidence=["approval"]), exp=client.now() + 20 * DAY), clerk_of(site)
    where = caller.onboard().headers["Location"]
    site.clock.go(8 * DAY)
    late = clerk.post(f"{where}/approval", {"approve": True})
    assert (late.status, late.code) in [(403, "device_not_granted"), (404, None)], late
    if late.status == 403:
        assert late.reason["because"] == "expired"


def test_nobody_is_expected_for_ever(site):
    caller, clerk = caller_of(site, onboarding(), exp=client.now() + 20 * DAY), clerk_of(site)
    thing = device()
    announced = {"device": thing, "location": "mine-7/hall-2", "until": client.now() + HOUR}
    assert clerk.post("/v1/tickets", announced).status == 201
    with site.policy_with(onboarding={"tickets": "required"}):
        site.clock.go(2 * HOUR)
        assert_refused(caller.onboard(thing), 403, "device_not_granted")
        site.clock.go(0)
