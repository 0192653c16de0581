"""What an agent collected without a network: many at once, each by itself, and the same again after a crash."""

import json
import pathlib
import threading
import time

import pytest

from client import DAY, HOUR, MINUTE, Caller, administration, fresh_jti, now, onboarding, send, statement, submit
from made import brought_in, maker, party, site, under  # noqa: F401  the fixtures

NDJSON = {"Content-Type": "application/x-ndjson"}
PATH = "/v1/onboardings:batch"


def body_of(lines):
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


def hand_in(caller, lines, path=PATH):
    return caller.post(path, body_of(lines), NDJSON)


def answers(reply, count):
    assert reply.status == 200, reply
    assert reply.headers["Content-Type"] == "application/x-ndjson"
    found = [json.loads(line) for line in reply.body.splitlines()]
    assert [one["line"] for one in found] == list(range(1, count + 1))
    return found


@pytest.fixture
def caller(site):
    return under(site, onboarding())


def test_each_line_by_itself(caller, maker):
    things = [maker.device() for _ in range(4)]
    lines = [thing.line(caller.chain) for thing in things]
    lines[1] = "{"
    lines[2]["device"]["serial"] = "SN-2"
    found = answers(hand_in(caller, lines), 4)
    assert [one["status"] for one in found] == [201, 400, 422, 201]
    assert [one.get("code") for one in found] == [None, "malformed", "identity_mismatch", None]
    assert found[2]["conflicts"]
    record = found[0]["device"]
    assert record.items() >= (things[0].stated() | {"evidence": ["device_key", "idevid"]}).items()
    assert abs(record["collected"] - now()) < MINUTE
    assert caller.get(f"/v1/devices/{record['id']}").json == record


def test_the_same_again(caller, maker):
    lines = [maker.device().line(caller.chain) for _ in range(5)]
    first = answers(hand_in(caller, lines[:3]), 3)
    again = answers(hand_in(caller, lines), 5)
    assert [one["status"] for one in again] == [200, 200, 200, 201, 201]
    assert [one["certificate"] for one in again[:3]] == [one["certificate"] for one in first]


def test_quota_by_the_line(site, maker):
    caller = under(site, onboarding(max_devices=2))
    found = answers(hand_in(caller, [maker.device().line(caller.chain) for _ in range(4)]), 4)
    assert [(one["status"], one.get("code")) for one in found] == [(201, None)] * 2 + [(403, "quota_exceeded")] * 2


TIMES = [
    ("before the PoA", lambda leaf: leaf["nbf"] - 1, "not_yet_valid"),
    ("ahead of the clock", lambda leaf: now() + HOUR, "issued_in_future"),
    ("too old", lambda leaf: now() - 8 * DAY, "proof_stale"),
]


@pytest.mark.parametrize("when, because", [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_when_it_was_collected(site, maker, when, because):
    start = now() - (10 * DAY if because == "proof_stale" else MINUTE)
    caller = under(site, onboarding(), iat=start, nbf=start, exp=start + 20 * DAY)
    line = maker.device(since=now() - 30 * DAY).line(caller.chain, proof={"created": when(caller.chain.leaf)})
    (found,) = answers(hand_in(caller, [line]), 1)
    assert (found["status"], found["code"], found["because"]) == (403, "evidence_missing", because), found


def test_it_was_collected_before_the_poa_ends(site, maker):
    """The device's clock may be ahead of the server's by the skew, but not beyond the PoA."""
    caller = under(site, onboarding(), exp=now() + 12)
    lines = [maker.device().line(caller.chain, proof={"created": now() + ahead}) for ahead in (5, 15)]
    found = answers(hand_in(caller, lines), 2)
    assert [(one["status"], one.get("because")) for one in found] == [(201, None), (403, "expired")]


def test_hours_are_those_of_the_collecting(site, maker):
    """Collected within the hours and handed in later, or the other way round."""
    then = now() - 2 * DAY
    day = [{"days": [time.strftime("%a", time.gmtime(then)).lower()], "from": "00:00", "to": "24:00"}]
    caller = under(site, onboarding(hours=day), iat=then - HOUR, nbf=then - HOUR, exp=now() + HOUR)
    early, late = (maker.device(since=then - DAY).line(caller.chain, proof={"created": when}) for when in (then, now()))
    found = answers(hand_in(caller, [early, late]), 2)
    assert [(one["status"], one.get("code")) for one in found] == [(201, None), (403, "outside_hours")]


def test_a_jti_serves_once(site, maker):
    """The same collected request under another PoA of the same agent, once its record is gone."""
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    agent = party()
    one, other = (Caller(site.url, site.owner.grant(agent, [onboarding(evidence=["approval"])])) for _ in range(2))
    line = maker.device().line(one.chain)
    (found,) = answers(hand_in(one, [line]), 1)
    assert found["status"] == 202 and found["onboarding"]["state"] == "pending"
    assert clerk.post(f"/v1/onboardings/{found['onboarding']['id']}/approval", {"approve": False}).status == 200
    (found,) = answers(hand_in(other, [line]), 1)
    assert (found["code"], found["because"]) == ("evidence_missing", "proof_replayed")


def test_what_another_agent_collected(site, caller, maker):
    thing = maker.device()
    (found,) = answers(hand_in(caller, [thing.line(caller.chain, proof={"agent": party()})]), 1)
    assert (found["code"], found["because"]) == ("evidence_missing", "proof_binding_mismatch")
    nonce = caller.nonce()
    online = thing.body(caller.chain, nonce)
    (found,) = answers(hand_in(caller, [online]), 1)
    assert (found["code"], found["because"]) == ("evidence_missing", "proof_binding_mismatch")
    online.pop("device_proof")
    (found,) = answers(hand_in(caller, [online]), 1)
    assert (found["status"], found["code"], found["member"]) == (400, "claim_missing", "/device_proof")
    line = thing.line(caller.chain)
    assert caller.post("/v1/onboardings", line).code == "evidence_missing", "online wants the server's nonce"


def test_bounds(caller, maker):
    line = json.dumps(maker.device().line(caller.chain))
    fits = line + " " * (16384 - len(line))
    assert [one["status"] for one in answers(hand_in(caller, [fits]), 1)] == [201]
    assert hand_in(caller, [line, "x" * 16385]).status == 413
    assert hand_in(caller, ["{}"] * 1001).status == 413
    assert hand_in(caller, [""] * 1001).status == 413, "an empty line is a line"
    assert hand_in(caller, []).status == 400
    assert caller.post(PATH, line).status == 415


def test_the_headers_are_judged_once(site, caller, maker):
    line = body_of([maker.device().line(caller.chain)])
    assert caller.post(PATH, line, NDJSON, nonce=None).code == "nonce_required"
    nonce = caller.nonce()
    headers = caller.headers("POST", PATH, line, nonce=nonce) | NDJSON
    assert send(site.url, "POST", PATH, line + line, headers=headers).code == "proof_binding_mismatch"
    assert caller.post(PATH, line, NDJSON, nonce=nonce).status == 200
    assert caller.post(PATH, line, NDJSON, nonce=nonce).code == "nonce_invalid"


def memory_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def is_sanitized(pid):
    return "libasan" in pathlib.Path(f"/proc/{pid}/maps").read_text()


def test_a_thousand(site, maker):
    """In bounded memory: what is held at once does not grow with the batch."""
    caller = under(site, onboarding())
    warm = [maker.device().line(caller.chain) for _ in range(50)]
    assert {one["status"] for one in answers(hand_in(caller, warm), 50)} == {201}
    lines = [maker.device().line(caller.chain) for _ in range(1000)]
    lines[499]["location"] = "mine-8"
    before = memory_kib(site.server.process.pid)
    found = answers(hand_in(caller, lines), 1000)
    grown = memory_kib(site.server.process.pid) - before
    assert [one["status"] for one in found] == [201] * 499 + [403] + [201] * 500
    assert len({one["device"]["id"] for one in found if one["status"] == 201}) == 999
    # The store's own pages count, too: some 6 KiB a device. A sanitizer keeps what was freed for a while.
    assert grown < 16 * 1024 or is_sanitized(site.server.process.pid), f"{grown} KiB"


def test_revoked_half_way(site, maker):
    """Lines after the revocation are refused, and nothing comes in twice."""
    caller = under(site, onboarding())
    lines = [maker.device().line(caller.chain) for _ in range(300)]
    replies = []
    thread = threading.Thread(target=lambda: replies.append(hand_in(caller, lines)))
    thread.start()
    assert submit(site.url, statement(site.owner, "revoke", poa=caller.chain.ids[0])).status == 201
    thread.join()
    if replies[0].status == 200:
        found = [(one["status"], one.get("code")) for one in answers(replies[0], 300)]
        assert set(found) <= {(201, None), (401, "revoked")}
        assert found == sorted(found, key=lambda one: one[0]), "none after the first that was refused"


def test_killed_half_way(site, maker):
    caller = under(site, onboarding(max_devices=400))
    lines = [maker.device().line(caller.chain) for _ in range(400)]
    prepared = caller.prepare(PATH, body_of(lines), NDJSON)

    def try_it():
        try:
            prepared()
        except OSError:
            pass

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join(0.3)
    site.restart(kill=True)
    thread.join()
    site.server.outlive_its_first_second()
    found = answers(hand_in(caller, lines), 400)
    assert {one["status"] for one in found} <= {200, 201}
    again = answers(hand_in(caller, lines), 400)
    assert [one["device"]["id"] for one in again] == [one["device"]["id"] for one in found]
    assert caller.onboard().code == "quota_exceeded", "each was counted once"


def test_a_list_of_expected_devices(site):
    clerk = under(site, administration(actions=["approve"], locations=["mine-7/hall-2"]))
    lines = [{"device": {"manufacturer": "Acme", "serial": fresh_jti()}, "location": "mine-7/hall-2"} for _ in range(3)]
    lines.append(lines[0] | {"location": "mine-7/hall-3"})
    found = answers(hand_in(clerk, lines, "/v1/tickets:batch"), 4)
    assert [(one["status"], one.get("code")) for one in found] == [(201, None)] * 3 + [(403, "location_not_granted")]
    assert {one["status"] for one in answers(hand_in(clerk, lines[:3], "/v1/tickets:batch"), 3)} == {200}
