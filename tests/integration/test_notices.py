"""That a PoA ends under which devices stand: told 30, 7 and 1 days ahead, once, also across restarts."""

import json

import client
from client import DAY, HOUR, Caller, Party, fresh_jti, onboarding, send, statement, submit
from scene import site  # noqa: F401  the fixture
from server import wait_until

PATH = "/v1/devices/events"


def leaf(site, life, devices=1, **power):  # noqa: F811
    """A PoA that ends in so many seconds, and devices that came in under it."""
    agent = Party(f"crew-{fresh_jti()}.example")
    caller = Caller(site.url, site.owner.grant(agent, [onboarding(**power)], exp=client.now() + life))
    for _ in range(devices):
        assert caller.onboard().status == 201
    return caller.chain.ids[0]


def told(site, store, kind="poa.expiring"):  # noqa: F811
    """Every event of a kind so far, as who reads all that is kept hears it: up to the device that comes in just now."""
    chain = site.owner.grant(Party(f"reader-{fresh_jti()}.example"), [onboarding()], exp=client.now() + 40 * DAY)
    caller = Caller(site.url, chain)
    mark = caller.onboard().json["device"]["id"]
    headers = caller.headers("GET", PATH, nonce=caller.nonce()) | {"Last-Event-ID": f"{store}:0"}
    events = []
    with client.requests.get(site.url + PATH, headers=headers, stream=True, timeout=60) as reply:
        assert reply.status_code == 200, reply.text
        for line in reply.iter_lines(chunk_size=1, decode_unicode=True):
            name, _, value = line.partition(": ")
            if name != "data":
                continue
            event = json.loads(value)
            if event.get("kind") == kind:
                events.append(event)
            if event.get("device") == mark:
                return events


def rounds(site):  # noqa: F811
    text = send(site.url, "GET", "/metrics").body.decode()
    return int(next(line for line in text.splitlines() if line.startswith("poa_keeper_rounds_total")).split()[1])


def test_each_leaf_is_told_of_once(site):
    month, week, day = leaf(site, 20 * DAY, 2), leaf(site, 5 * DAY), leaf(site, 12 * HOUR)
    leaf(site, 40 * DAY)
    leaf(site, 5 * DAY, effect="permanent")
    store = submit(site.url, statement(site.owner, "revoke", key=fresh_jti() + "A" * 21)).json["store"]
    for kill in (False, True, False):
        site.restart(kill)  # a round over the leaves begins
        wait_until(lambda: rounds(site) > 2, "the keeper")
        notices = told(site, store)
        said = sorted((event["poa_id"], event["days"], event["devices"]) for event in notices)
        assert said == sorted([(month, 30, 2), (week, 7, 1), (day, 1, 1)]), said
        (first,) = [event for event in notices if event["poa_id"] == month]
        assert first["exp"] > client.now() + 19 * DAY and first["more"] is False


def test_each_statement_is_told_of_once(site):
    key = fresh_jti() + "A" * 21
    hold = statement(site.owner, "suspend", key=key)
    held = submit(site.url, hold).json
    lifted = submit(site.url, statement(site.owner, "resume", hold=client.claims_of(hold)["jti"])).json
    assert submit(site.url, hold).status == 200, "a repeated one is no news"
    events = {event["epoch"]: event for event in told(site, held["store"], "poa.revoked")}
    said = [event["epoch"] for event in told(site, held["store"], "poa.revoked")]
    assert said == sorted(set(said)) and said[-2:] == [held["epoch"], lifted["epoch"]]
    first, second = events[held["epoch"]], events[lifted["epoch"]]
    assert (first["op"], first["key"], first["reason"]) == ("suspend", key, "certificateHold")
    assert (second["op"], second["hold"]) == ("resume", client.claims_of(hold)["jti"])
    assert first["statement"] == held["statement"] and first["by"] == site.owner.key.thumbprint
