"""A server that stops, or is killed at the worst moment: what it acknowledged stays, what nobody saw is given again."""

import random
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests

from client import Caller, Key, Party, administration, device, fresh_jti, now, onboarding, send, statement, submit
from gate import Gate
from scene import site  # noqa: F401  the fixture

READ = "/v1/devices"


def party():
    return Party(f"agent-{fresh_jti()}.example")


def assert_refused(reply, status, code):
    assert (reply.status, reply.code) == (status, code), reply


# ---- a restart in between ----


def test_all_that_was_acknowledged_survives_a_restart(site):
    one = Caller(site.url, site.owner.grant(party(), [onboarding(max_devices=2)]))
    gone, held, lost = (Caller(site.url, site.owner.grant(party(), [onboarding()])) for _ in range(3))
    gate, key = Gate(site), fresh_jti()
    thing, device_key = device(), Key()

    first = one.onboard(thing, key=device_key)
    assert first.status == 201, first
    commit_request = gate.body(one.chain)["request"]
    committed = gate.ask(one.chain, request=commit_request, commit=key).json
    assert committed["decision"] == "permit"
    revocation = statement(site.owner, "revoke", poa=gone.chain.ids[0])
    accepted = submit(site.url, revocation)
    hold = submit(site.url, statement(site.owner, "suspend", poa=held.chain.ids[0]))
    assert submit(site.url, statement(site.owner, "revoke", key=lost.key.thumbprint)).status == 201
    state = site.state_of(gone.chain.ids[0])

    for kill in (False, True):
        site.restart(kill)
        site.server.outlive_its_first_second()
        assert_refused(gone.get(READ), 401, "revoked")
        assert_refused(held.get(READ), 401, "suspended")
        assert_refused(lost.get(READ), 401, "key_revoked")
        again = one.onboard(thing, key=device_key)
        assert (again.status, again.body) == (200, first.body), "the same device and the same certificate bytes"
        assert_refused(one.onboard(), 403, "quota_exceeded")
        assert gate.ask(one.chain, request=commit_request, commit=key).json == committed
        assert one.get(f"/v1/devices/{first.json['device']['id']}").json == first.json["device"]
        repeated = submit(site.url, revocation)
        assert (repeated.status, repeated.json) == (200, accepted.json), "the store is the same, and so is the epoch"
        later = site.state_of(gone.chain.ids[0])
        assert {**later, "iat": 0, "exp": 0} == {**state, "iat": 0, "exp": 0} | {"epoch": later["epoch"]}

    after = submit(site.url, statement(site.owner, "revoke", poa=held.chain.ids[0]))
    assert after.json["epoch"] == hold.json["epoch"] + 2


def test_nonces_of_the_old_process_are_invalid(site):
    caller = Caller(site.url, site.owner.grant(party(), [onboarding()]))
    nonce, used = caller.nonce(), caller.nonce()
    assert caller.post("/v1/poas", nonce=used).status == 201
    site.restart()
    refused = caller.post("/v1/poas", nonce=nonce)
    assert_refused(refused, 401, "nonce_invalid")
    assert_refused(caller.post("/v1/poas", nonce=used), 401, "nonce_invalid")
    assert caller.post("/v1/poas", nonce=refused.headers["DPoP-Nonce"]).status == 200


def test_proofs_from_before_the_start_are_asked_for_a_nonce(site):
    """What the old process saw is forgotten; so nothing that it may have seen comes in again."""
    caller = Caller(site.url, site.owner.grant(party(), [onboarding()]))
    time.sleep(1 - time.time() % 1)  # the rest of this second may be enough for a restart
    headers = caller.headers("GET", READ)
    assert send(site.url, "GET", READ, headers=headers).status == 200
    site.restart(kill=True)
    refused = send(site.url, "GET", READ, headers=headers)
    assert_refused(refused, 401, "nonce_required")
    assert refused.headers["WWW-Authenticate"] == 'PoA error="use_dpop_nonce"'
    assert caller.get(READ, iat=now() - 30, nonce=refused.headers["DPoP-Nonce"]).status == 200
    site.server.outlive_its_first_second()
    assert caller.get(READ).status == 200


# ---- killed between commit and reply ----


class Swallower:
    """Passes one request on to the server, takes its whole reply, kills the server, and never answers."""

    def __init__(self, site):
        self.site = site
        self.reply = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        with self.listener, self.listener.accept()[0] as asking:
            where = urlsplit(self.site.url)
            with socket.create_connection((where.hostname, where.port), timeout=30) as answering:
                back = threading.Thread(target=self._take, args=(answering,))
                back.start()
                while back.is_alive():
                    asking.settimeout(0.05)
                    try:
                        answering.sendall(asking.recv(65536))
                    except (TimeoutError, OSError):
                        continue
                back.join()

    def _take(self, answering):
        while b"\r\n\r\n" not in self.reply or len(self._body()) < self._length():
            self.reply += answering.recv(65536)
        self.site.server.kill()

    def _body(self):
        return self.reply.partition(b"\r\n\r\n")[2]

    def _length(self):
        head = self.reply.partition(b"\r\n\r\n")[0].lower()
        return int(head.partition(b"content-length:")[2].split(b"\r\n")[0])

    def swallows(self, task):
        """Send it this way: nobody answers. Gives the status and the body that nobody saw."""
        with pytest.raises(requests.ConnectionError):
            task(self.url)
        self.thread.join()
        return int(self.reply.split()[1]), self._body()


def test_a_device_whose_reply_nobody_saw(site):
    caller = Caller(site.url, site.owner.grant(party(), [onboarding(max_devices=1)]))
    thing, key = device(), Key()
    unseen = Swallower(site).swallows(caller.prepare_onboarding(thing, key=key))
    assert unseen[0] == 201
    site.restart(kill=True)
    again = caller.onboard(thing, key=key)
    assert (again.status, again.body) == (200, unseen[1]), "the same device and the same certificate bytes"
    site.server.outlive_its_first_second()
    assert [one["id"] for one in caller.get(READ).json["devices"] if one["serial"] == thing["serial"]] == [
        again.json["device"]["id"]]
    assert_refused(caller.onboard(), 403, "quota_exceeded")


@pytest.mark.parametrize("approve", [True, False])
def test_an_approval_whose_reply_nobody_saw(site, approve):
    """And before it the 202 that nobody saw."""
    caller = Caller(site.url, site.owner.grant(party(), [onboarding(evidence=["approval"], max_devices=1)]))
    approver = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    thing, key = device(), Key()
    waits = Swallower(site).swallows(caller.prepare_onboarding(thing, key=key))
    assert waits[0] == 202
    site.restart(kill=True)
    again = caller.onboard(thing, key=key)
    assert (again.status, again.body) == waits, "one onboarding, under one id"
    where = f"{again.headers['Location']}/approval"
    unseen = Swallower(site).swallows(approver.prepare(where, {"approve": approve}))
    assert unseen[0] == 200
    site.restart(kill=True)
    told = approver.post(where, {"approve": approve})
    assert (told.status, told.body) == unseen
    site.server.outlive_its_first_second()
    assert caller.get(again.headers["Location"]).status == 200
    if approve:
        assert_refused(caller.onboard(), 403, "quota_exceeded")
    else:
        assert caller.onboard().status == 202, "the place is free again"


def test_a_revocation_whose_reply_nobody_saw(site):
    caller = Caller(site.url, site.owner.grant(party(), [onboarding()]))
    text = statement(site.owner, "revoke", poa=caller.chain.ids[0])
    status, _ = Swallower(site).swallows(lambda way: submit(way, text))
    assert status == 201
    site.restart(kill=True)
    site.server.outlive_its_first_second()
    assert_refused(caller.get(READ), 401, "revoked")
    assert submit(site.url, text).status == 200


def test_a_commit_whose_reply_nobody_saw(site):
    gate, key = Gate(site), fresh_jti()
    chain = site.owner.grant(party(), [onboarding(max_devices=1)])
    request = gate.body(chain)["request"]
    status, body = Swallower(site).swallows(lambda way: gate.send(gate.body(chain, request=request, commit=key), way))
    assert status == 200
    site.restart(kill=True)
    site.server.outlive_its_first_second()
    again = gate.ask(chain, request=request, commit=key)
    assert (again.status, again.body) == (200, body)
    assert gate.ask(chain, commit=fresh_jti()).json["code"] == "quota_exceeded"


def test_killed_at_any_moment(site):
    """Ten times somewhere between the request and the reply: it came in whole or not at all, and is charged once."""
    rounds = 10
    caller = Caller(site.url, site.owner.grant(party(), [onboarding(max_devices=rounds)]))
    for _ in range(rounds):
        thing, key = device(), Key()
        task = caller.prepare_onboarding(thing, key=key)
        thread = threading.Thread(target=swallow, args=(task,))
        thread.start()
        time.sleep(random.uniform(0, 0.006))
        site.server.kill()
        thread.join()
        site.restart(kill=True)
        again = caller.onboard(thing, key=key)
        assert again.status in (200, 201), again
        third = caller.onboard(thing, key=key)
        assert (third.status, third.body) == (200, again.body)
    site.server.outlive_its_first_second()
    found = caller.get(READ + "?limit=200").json["devices"]
    serials = [one["serial"] for one in found if one["agent"] == caller.chain.agent.name]
    assert len(serials) == len(set(serials)) == rounds
    assert_refused(caller.onboard(), 403, "quota_exceeded")


def swallow(task):
    """Whatever comes of it."""
    try:
        task()
    except requests.ConnectionError:
        pass
