"""Many at once: what may happen once happens once, and what was acknowledged holds for all who come later."""

import itertools
import threading
import time

import pytest

from client import Caller, Key, Party, device, fresh_jti, onboarding, send, statement, submit
from gate import Gate
from scene import site  # noqa: F401  the fixture

THREADS = 8


def at_once(*tasks):
    """Start all of them at the same moment, each in a thread; gives what each gave, in their order."""
    results = [None] * len(tasks)
    start = threading.Barrier(len(tasks))

    def run(index, task):
        start.wait()
        results[index] = task()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def outcomes(replies):
    """Statuses and codes, sorted: 201 and None for a device that came in."""
    return sorted((reply.status, reply.json.get("code")) for reply in replies)


def party():
    return Party(f"agent-{fresh_jti()}.example")


FULL = (403, "quota_exceeded")


@pytest.mark.parametrize("attempt", range(10))
def test_two_agents_race_for_the_last_device(site, attempt):
    """Each with a PoA of its own under one power that has room for one."""
    root = site.owner.grant(site.contractor, [onboarding(max_devices=1)])
    agents = [Caller(site.url, root.grant(party(), [onboarding(max_devices=1)])) for _ in range(2)]
    replies = at_once(*(agents[i % 2].prepare_onboarding() for i in range(THREADS)))
    assert outcomes(replies) == [(201, None)] + [FULL] * (THREADS - 1)
    (winner,) = (reply for reply in replies if reply.status == 201)
    reader = Caller(site.url, root)
    assert reader.get(f"/v1/devices/{winner.json['device']['id']}").status == 200
    assert {(reply.code, reply.reason["hop"]) for reply in replies if reply.status == 403} == {("quota_exceeded", 0)}


def test_a_quota_is_given_out_to_the_last(site):
    """No device too many, and none too few."""
    root = site.owner.grant(site.contractor, [onboarding(max_devices=10)])
    agents = [Caller(site.url, root.grant(party())) for _ in range(4)]
    replies = at_once(*(agents[i % 4].prepare_onboarding() for i in range(16)))
    assert outcomes(replies) == [(201, None)] * 10 + [FULL] * 6
    assert len({reply.json["device"]["id"] for reply in replies if reply.status == 201}) == 10


@pytest.mark.parametrize("attempt", range(3))
def test_one_device_under_two_keys(site, attempt):
    """Two agents bring the same device, each under another key: one is in, and the others are told so."""
    one = device()
    agents = [Caller(site.url, site.owner.grant(party(), [onboarding()])) for _ in range(2)]
    replies = at_once(*(agents[i % 2].prepare_onboarding(one) for i in range(THREADS)))
    assert outcomes(replies) == [(201, None)] + [(409, "device_exists")] * (THREADS - 1)


@pytest.mark.parametrize("attempt", range(3))
def test_the_same_request_many_times(site, attempt):
    """A client that lost patience: one record, one certificate, one charge."""
    caller = Caller(site.url, site.owner.grant(party(), [onboarding(max_devices=1)]))
    one, key = device(), Key()
    replies = at_once(*(caller.prepare_onboarding(one, key=key) for _ in range(THREADS)))
    assert sorted(reply.status for reply in replies) == [200] * (THREADS - 1) + [201]
    assert len({reply.body for reply in replies}) == 1


def test_one_nonce_for_many(site):
    """The first change uses it up."""
    caller = Caller(site.url, site.owner.grant(party(), [onboarding()]))
    nonce = caller.nonce()
    replies = at_once(*(caller.prepare_onboarding(nonce=nonce) for _ in range(THREADS)))
    assert outcomes(replies) == [(201, None)] + [(401, "nonce_invalid")] * (THREADS - 1)


@pytest.mark.parametrize("attempt", range(3))
def test_one_proof_for_many(site, attempt):
    caller = Caller(site.url, site.owner.grant(party(), [onboarding()]))
    headers = caller.headers("GET", "/v1/devices")
    replies = at_once(*[lambda: send(site.url, "GET", "/v1/devices", headers=headers)] * THREADS)
    assert outcomes(replies) == [(200, None)] + [(401, "proof_replayed")] * (THREADS - 1)
    # Of a change the nonce is used up as well, and is looked at first.
    replies = at_once(*[caller.prepare_onboarding()] * THREADS)
    assert sorted(reply.status for reply in replies) == [201] + [401] * (THREADS - 1)
    assert {reply.json.get("code") for reply in replies} <= {None, "proof_replayed", "nonce_invalid"}


def test_one_commit_for_many(site):
    """An enforcement point that lost patience hears the same each time, and one device is counted."""
    gate = Gate(site)
    chain = site.owner.grant(party(), [onboarding(max_devices=1)])
    request, key = gate.body(chain)["request"], fresh_jti()
    bodies = [gate.body(chain, request=request, commit=key) for _ in range(THREADS)]
    replies = at_once(*(lambda body=body: gate.send(body) for body in bodies))
    assert {reply.json["decision"] for reply in replies} == {"permit"}, replies
    assert len({reply.body for reply in replies}) == 1
    assert gate.ask(chain, commit=fresh_jti()).json["code"] == "quota_exceeded"


def test_statements_get_one_epoch_each(site):
    owner = site.add_owner()
    chains = [owner.grant(party(), [onboarding()]) for _ in range(THREADS)]
    texts = [statement(owner, "revoke", poa=chain.ids[0]) for chain in chains]
    replies = at_once(*(lambda text=text: submit(site.url, text) for text in texts + texts))
    epochs = [reply.json["epoch"] for reply in replies]
    assert epochs[:THREADS] == epochs[THREADS:]
    assert sorted(set(epochs)) == list(range(min(epochs), min(epochs) + THREADS))
    assert sorted(reply.status for reply in replies) == [200] * THREADS + [201] * THREADS


def test_no_one_comes_in_after_a_revocation_was_acknowledged(site):
    """Six agents at work all the time; whoever begins after the acknowledgement is refused."""
    root = site.owner.grant(site.contractor, [onboarding()])
    acknowledged = threading.Event()
    late = []

    def work(caller):
        for _ in itertools.takewhile(lambda _: not acknowledged.is_set(), itertools.count()):
            assert caller.onboard().code in (None, "revoked")
        late.append(caller.onboard())

    def revoke():
        time.sleep(0.2)
        reply = submit(site.url, statement(site.owner, "revoke", poa=root.ids[0]))
        acknowledged.set()
        return reply

    callers = [Caller(site.url, root.grant(party())) for _ in range(6)]
    done = at_once(revoke, *(lambda caller=caller: work(caller) for caller in callers))
    assert done[0].status == 201, done[0]
    assert [(reply.status, reply.code) for reply in late] == [(401, "revoked")] * 6


def test_a_policy_that_changes_under_load(site):
    """Each request is judged under the one or under the other, and none gets lost."""
    caller = Caller(site.url, site.owner.grant(party(), [onboarding()]))
    stop = threading.Event()
    replies = []

    def work():
        while not stop.is_set():
            replies.append(caller.onboard())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(4):
        with site.policy_with(onboarding={"approval": "always"}):
            time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(outcomes(replies)) == {(201, None), (202, None)}
