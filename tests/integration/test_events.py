"""GET /v1/devices/events: what happens to devices, told to who may read them, and nothing lost."""

import contextlib
import http.client
import json
import queue
import socket
import threading
from urllib.parse import urlsplit

import pytest

import client
from client import Caller, device, onboarding, read_answer, send, statement, submit
from clock import Clock
from scene import Scene
from server import run

PATH = "/v1/devices/events"
PATIENCE_S = 20


class Listener:
    """Reads a stream on a thread of its own, until it ends."""

    def __init__(self, caller, last=None):
        headers = caller.headers("GET", PATH) | ({"Last-Event-ID": last} if last else {})
        self.connection = http.client.HTTPConnection(urlsplit(caller.base).netloc, timeout=60)
        self.connection.request("GET", PATH, headers=headers)
        self.socket = self.connection.sock
        self.reply = self.connection.getresponse()
        self.events = queue.Queue()
        self.last = last
        if self.reply.status == 200:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        event = {}
        try:
            while line := self.reply.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    self.events.put(event)
                    event = {}
        except (http.client.HTTPException, OSError):
            pass
        self.events.put(None)

    def next(self, *skipped):
        """The next event that is none of these kinds; None when the stream has ended."""
        while True:
            event = self.events.get(timeout=PATIENCE_S)
            if event is None:
                return None
            self.last = event.get("id", self.last)
            if event["event"] not in skipped:
                return event["event"], json.loads(event["data"])

    def told(self):
        """What the next event about a device says."""
        while "device" not in (data := self.next()[1]):
            pass
        return data

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scene")
    with pytest.MonkeyPatch.context() as patched:
        clock = Clock(folder, patched)
        made = Scene(folder, clock.environment() | {"POA_AUTHZ_KEEPER_TICK_MS": "20", "POA_AUTHZ_EVENTS_KEPT": "1000",
                                                    "POA_AUTHZ_LIMITS_STREAMS": "8"})
        made.clock = clock
        try:
            yield made
            made.end()
        finally:
            if made.server.process.poll() is None:
                made.server.kill()


def agent(site, *powers):
    return Caller(site.url, site.owner.grant(site.technician, list(powers) or [onboarding()]))


@pytest.fixture
def caller(site):
    return agent(site)


def bring_in(caller, **members):
    reply = caller.onboard(device(), **members)
    assert reply.status == 201, reply
    return reply.json["device"]["id"]


def test_it_tells_what_happens_from_now_on(site, caller):
    before = bring_in(caller)
    listener = Listener(caller)
    assert listener.reply.headers["Content-Type"] == "text/event-stream"
    assert listener.reply.headers["Cache-Control"] == "no-store"
    kind, data = listener.next()
    assert kind == "epoch"
    said = read_answer(data["epoch_jwt"], site.answer_key)
    assert said["state"] == "list" and listener.last.startswith(said["store"] + ":")
    first = bring_in(caller)
    kind, data = listener.next("epoch", "poa.expiring")
    assert (kind, data["kind"], data["device"], data["location"]) == (
        "device.active", "device.active", first, "mine-7/hall-2")
    assert first != before and data["cause"] == "onboarded" and abs(data["time"] - client.now()) <= 2
    assert listener.last == f"{said['store']}:{data['id']}"
    listener.close()


def test_who_was_away_misses_nothing(site, caller):
    listener = Listener(caller)
    assert listener.next()[0] == "epoch"
    came = [bring_in(caller)]
    assert listener.told()["device"] == came[0]
    listener.close()
    last = listener.last
    came = [bring_in(caller) for _ in range(3)]
    again = Listener(caller, last)
    assert [again.told()["device"] for _ in came] == came
    again.close()


@pytest.mark.parametrize("kill", [False, True], ids=["a stop", "a kill"])
def test_nothing_is_lost_across_a_restart(site, caller, kill):
    listener = Listener(caller)
    assert listener.next()[0] == "epoch"
    came = [bring_in(caller) for _ in range(5)]
    assert listener.told()["device"] == came[0]
    last = listener.last
    site.restart(kill)
    while listener.next() is not None:  # it ends with its server
        pass
    site.server.outlive_its_first_second()
    came.append(bring_in(caller))
    again = Listener(caller, last)
    told = [again.told() for _ in came[1:]]
    assert [one["device"] for one in told] == came[1:]
    numbers = [one["id"] for one in told]
    assert numbers == sorted(set(numbers))
    again.close()


def test_all_that_is_kept(site, caller):
    listener = Listener(caller)
    assert listener.next()[0] == "epoch"
    store = listener.last.partition(":")[0]
    listener.close()
    listener = Listener(caller, f"{store}:0")
    kind, data = listener.next("epoch")
    assert (kind, data["id"]) == ("device.active", 1)
    listener.close()


@pytest.mark.parametrize("position", ["A" * 22 + ":1", "{store}:99999999"])
def test_a_position_of_another_store_is_a_gap(site, caller, position):
    listener = Listener(caller)
    assert listener.next()[0] == "epoch"
    store = listener.last.partition(":")[0]
    listener.close()
    listener = Listener(caller, position.format(store=store))
    kind, data = listener.next()
    assert kind == "gap" and data["after"] is None
    came = bring_in(caller)
    assert listener.told()["device"] == came
    listener.close()


@pytest.mark.parametrize("position", ["1", "x:", ":", "{store}:-1", "{store}:1x", "{store}:1:2"])
def test_a_position_that_is_none(site, caller, position):
    refused = caller.get(PATH, {"Last-Event-ID": position.format(store="A" * 22)})
    assert (refused.status, refused.code) == (400, "malformed"), refused


def test_only_what_the_caller_may_read(site, caller):
    yard = Listener(agent(site, onboarding(locations=["mine-7/yard"])))
    picky = Listener(agent(site, onboarding(devices=[{"serial": "SN-9*"}])))
    assert yard.next()[0] == picky.next()[0] == "epoch"
    bring_in(caller)
    in_yard = bring_in(caller, location="mine-7/yard")
    reply = caller.onboard(device(serial="SN-9001"))
    assert reply.status == 201
    assert yard.told()["device"] == in_yard
    assert picky.told()["device"] == reply.json["device"]["id"]
    yard.close()
    picky.close()


def test_who_may_read_nothing_hears_nothing(site):
    refused = agent(site, onboarding(actions=["onboard"])).get(PATH)
    assert (refused.status, refused.code) == (403, "action_not_granted"), refused
    assert send(site.url, "GET", PATH).status == 401


def test_a_chain_that_is_revoked_is_cut_off(site, caller):
    listener, other = Listener(caller), Listener(agent(site))
    assert listener.next()[0] == other.next()[0] == "epoch"
    assert submit(site.url, statement(site.owner, "revoke", poa=caller.chain.ids[0])).status == 201
    while listener.next() is not None:
        pass
    while (told := other.next())[0] != "poa.revoked":
        pass
    assert (told[1]["op"], told[1]["poa_id"]) == ("revoke", caller.chain.ids[0])
    assert site.state_of(caller.chain.ids[0])["epoch"] == told[1]["epoch"]
    came = bring_in(agent(site))
    assert other.told()["device"] == came
    other.close()
    assert caller.get(PATH).code == "revoked"


def test_a_chain_that_ends_is_cut_off(site):
    short = Caller(site.url, site.owner.grant(site.technician, [onboarding()], exp=client.now() + 60))
    listener = Listener(short)
    assert listener.next()[0] == "epoch"
    try:
        site.clock.go(40)
        assert listener.next()[0] == "epoch"
        site.clock.go(61)
        while listener.next() is not None:
            pass
    finally:
        site.clock.go(0)
        site.server.stop()
        assert run("reset-clock-mark", "--config", site.made.config).returncode == 0
        site.begin()


def test_another_policy_is_heard_of(site):
    owner = site.add_owner()
    theirs = Caller(site.url, owner.grant(site.technician, [onboarding()]))
    listener = Listener(theirs)
    assert listener.next()[0] == "epoch"
    site.policy["owners"].pop()
    site.take(site.policy)
    # At the next heartbeat, or with the next statement.
    assert submit(site.url, statement(site.owner, "revoke", poa=site.owner.grant(
        site.contractor, [onboarding()]).ids[0])).status == 201
    while listener.next() is not None:
        pass


def test_there_is_room_for_so_many(site, caller):
    listeners = [Listener(caller) for _ in range(8)]
    assert all(one.next()[0] == "epoch" for one in listeners)
    full = Listener(caller)
    assert full.reply.status == 503 and full.reply.headers["Retry-After"]
    for one in listeners:
        one.close()
