"""Finding devices: each filter, pages and their cursor, who sees what; and all that a record tells."""

import json

import pytest

from client import DAY, MINUTE, Caller, Key, administration, device, fresh_jti, now, onboarding, send, sha256
from made import maker, party, site, under  # noqa: F401  the fixtures

ALL = ["onboard", "reestablish", "replace", "suspend", "resume", "decommission", "read"]


def bring(caller, thing=None, **options):
    reply = caller.onboard(thing or device(), **options)
    assert reply.status == 201, reply
    return reply.json["device"]


def bring_proven(caller, thing, **members):
    nonce = caller.nonce()
    reply = caller.post("/v1/onboardings", thing.body(caller.chain, nonce, **members), nonce=nonce)
    assert reply.status == 201, reply
    return reply.json["device"]


def query(**params):
    return "&".join(f"{name}={value}" for name, value in params.items())


def page(caller, **params):
    reply = caller.get(f"/v1/devices?{query(**params)}")
    assert reply.status == 200, reply
    return reply.json


def find(caller, **params):
    """The ids on all pages, each once and in their order."""
    found, cursor = [], {}
    while True:
        one = page(caller, **params, **cursor)
        found += [record["id"] for record in one["devices"]]
        if one["cursor"] is None:
            assert found == sorted(set(found))
            return set(found)
        cursor = {"cursor": one["cursor"]}


def ids(*records):
    return {record["id"] for record in records}


@pytest.fixture(scope="module")
def foreman(site):  # noqa: F811
    return under(site, onboarding(actions=ALL))


# ---- each filter ----


def test_by_state(site, foreman):
    place = "mine-7/by-state"
    reader = under(site, onboarding(actions=["read"], locations=[place]))
    active, suspended, ended = (bring(foreman, location=place) for _ in range(3))
    foreman.post(f"/v1/devices/{suspended['id']}/suspension")
    foreman.post(f"/v1/devices/{ended['id']}/decommission")
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    expected = clerk.post("/v1/tickets", {"device": device(), "location": place}).json["device"]
    pending = under(site, onboarding(evidence=["approval"])).onboard(location=place).json["onboarding"]
    for record, state in ((active, "active"), (suspended, "suspended"), (ended, "decommissioned"),
                          (expected, "expected"), (pending, "pending")):
        assert find(reader, state=state) == ids(record), state
    assert find(reader, state="review") == find(reader, state="replaced") == set()
    assert find(reader) == ids(active, suspended, ended, expected, pending)
    assert find(foreman, state="suspended", location=place) == ids(suspended)


def test_by_location(site, foreman):
    here, below, beside = (bring(foreman, location=f"mine-7/{path}") for path in ("by-l", "by-l/a/b", "by-lx"))
    assert find(foreman, location="mine-7/by-l") == ids(here, below)
    assert find(foreman, location="mine-7%2Fby-l/a") == ids(below)
    assert find(foreman, location="mine-7/by-lx") == ids(beside)
    assert find(foreman, location="mine-7/nowhere") == set()
    assert find(foreman, location="mine-8") == set()
    narrow = under(site, onboarding(actions=["read"], locations=["mine-7/by-l/a", "mine-7/by-lx"]))
    assert find(narrow, location="mine-7") == ids(below, beside)
    assert find(narrow, location="mine-7/by-l") == find(narrow, location="mine-7/by-l/a/b") == ids(below)
    assert find(narrow, location="mine-7/by-l/b") == set()


def test_by_what_is_on_it(foreman):
    link = f"https://id.example.com/{fresh_jti()}"
    name = f"Maker {fresh_jti()}"
    one = bring(foreman, device(id_link=link, manufacturer=name))
    two = bring(foreman, device(manufacturer=name))
    other = bring(foreman, device(serial=one["serial"], manufacturer="Else"))
    assert find(foreman, serial=one["serial"]) == ids(one, other)
    assert find(foreman, id_link=link.replace("/", "%2F").replace(":", "%3A")) == ids(one)
    assert find(foreman, manufacturer=name.replace(" ", "%20")) == ids(one, two)
    assert find(foreman, manufacturer=name.replace(" ", "%20"), serial=two["serial"]) == ids(two)
    assert find(foreman, serial=one["serial"].lower()) == find(foreman, id_link=link[:-1]) == set()


def test_by_idevid(foreman, maker):
    thing, other = maker.device(), maker.device()
    one = bring_proven(foreman, thing)
    bring_proven(foreman, other)
    assert find(foreman, idevid=thing.key_hash) == ids(one)
    assert find(foreman, idevid=sha256(b"none")) == set()
    assert find(foreman, idevid=one["key"]) == set()


def test_by_poa_and_everything_below(site, foreman):
    root = site.owner.grant(party(), [onboarding()])
    middle = root.grant(party())
    leaf, twin = middle.grant(party()), middle.grant(party())
    at_root, at_middle, at_leaf, at_twin = (bring(Caller(site.url, chain)) for chain in (root, middle, leaf, twin))
    for chain, below in ((root, ids(at_root, at_middle, at_leaf, at_twin)), (middle, ids(at_middle, at_leaf, at_twin)),
                         (leaf, ids(at_leaf)), (twin, ids(at_twin))):
        assert find(foreman, poa=chain.ids[-1]) == find(foreman, poa=chain.ids[-1], below="true") == below
    assert find(foreman, poa=root.ids[0], below="false") == ids(at_root)
    assert find(foreman, poa=middle.ids[-1], below="false") == ids(at_middle)
    assert find(foreman, poa=sha256(b"unseen")) == set()
    # A device that was ratified stands under another.
    foreman.post(f"/v1/devices/{at_leaf['id']}/ratification")
    assert find(foreman, poa=leaf.ids[-1]) == set()
    assert find(foreman, poa=root.ids[0]) == ids(at_root, at_middle, at_twin)


def test_by_due_time(foreman):
    place = "mine-7/by-due"
    one, two = (bring(foreman, location=place) for _ in range(2))
    foreman.post(f"/v1/devices/{two['id']}/suspension")
    back = foreman.get(f"/v1/devices/{one['id']}").json
    assert now() < back["due"] < back["not_after"]
    assert find(foreman, location=place, due_before=back["due"]) == set()
    assert find(foreman, location=place, due_before=back["due"] + 1) == ids(one)
    assert find(foreman, location=place, due_before=now() + 900 * DAY) == ids(one), "who is suspended is not due"


def test_all_at_once(foreman, maker):
    thing = maker.device()
    one = bring_proven(foreman, thing)
    back = foreman.get(f"/v1/devices/{one['id']}").json
    fitting = {"state": "active", "location": "mine-7/hall-2", "serial": thing.serial,
               "manufacturer": "Example%20Devices", "idevid": thing.key_hash, "poa": foreman.chain.ids[0], "below": "true", "due_before": back["due"] + 1,
               "limit": 200, "cursor": "00000000-0000-4000-8000-000000000000", "id_link": back["id_link"]}
    assert page(foreman, **fitting) == {"devices": [back], "cursor": None}
    wrong = {"state": "review", "location": "mine-7/hall-3", "serial": "X", "manufacturer": "X", "idevid": sha256(b"x"),
             "poa": sha256(b"x"), "due_before": back["due"], "cursor": "ffffffff-ffff-4fff-bfff-ffffffffffff",
             "id_link": "https://x.example/"}
    for name, value in wrong.items():
        assert page(foreman, **fitting | {name: value})["devices"] == [], name


@pytest.mark.parametrize("params", [
    {"state": "idle"}, {"state": ""}, {"location": "mine-7/../x"}, {"location": ""}, {"serial": ""}, {"id_link": ""},
    {"manufacturer": ""}, {"idevid": "short"}, {"poa": ""}, {"poa": "A" * 44}, {"below": "yes"}, {"below": ""},
    {"due_before": "soon"}, {"due_before": "-1"}, {"due_before": "0"}, {"due_before": 2**53}, {"limit": 0},
    {"limit": 201}, {"limit": "x"}, {"cursor": ""}, {"cursor": "nothing"}], ids=str)
def test_a_filter_that_is_none(foreman, params):
    reply = foreman.get(f"/v1/devices?{query(**params)}")
    (name,) = params
    assert (reply.status, reply.code, reply.reason["member"]) == (400, "claim_type", f"/{name}"), reply


# ---- who sees what ----


def test_only_what_the_caller_may_read(site, foreman):
    place = "mine-7/by-whom"
    one, two = bring(foreman, location=place), bring(foreman, location=place)
    narrow = under(site, onboarding(actions=["read"], devices=[{"serial": two["serial"]}]))
    assert find(narrow, location=place) == find(narrow, location=place, state="active") == ids(two)
    assert find(narrow, poa=foreman.chain.ids[0], below="false") == ids(two)
    assert find(narrow, serial=one["serial"]) == set()
    blind = under(site, onboarding(actions=["onboard"]))
    reply = blind.get("/v1/devices")
    assert (reply.status, reply.code, reply.reason["hop"]) == (403, "action_not_granted", 0)


# ---- pages ----


def test_pages_are_whole_whatever_comes_and_goes(site, foreman):
    """Who was there all the time is seen once; a cursor outlives the device that it was taken at."""
    place = "mine-7/by-page"
    there = [bring(foreman, location=place) for _ in range(12)]
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    going = [clerk.post("/v1/tickets", {"device": device(), "location": place}).json["device"]["id"] for _ in range(8)]
    seen, cursor = [], None
    while True:
        one = page(foreman, location=place, limit=3, **({"cursor": cursor} if cursor else {}))
        assert len(one["devices"]) <= 3
        seen += [record["id"] for record in one["devices"]]
        cursor = one["cursor"]
        if cursor is None:
            break
        for gone in [ident for ident in going if ident in seen]:
            going.remove(gone)
            path = f"/v1/tickets/{gone}"
            headers = clerk.headers("DELETE", path, nonce=clerk.nonce())
            assert send(site.url, "DELETE", path, headers=headers).status == 204
        bring(foreman, location=place)
    assert len(seen) == len(set(seen)) and seen == sorted(seen)
    assert ids(*there) <= set(seen)


def test_one_request_looks_at_a_bounded_number_of_records(site, foreman):
    """What does not fit costs pages: one that looked at its share is short, and has a cursor while there is more."""
    place = "mine-7/by-bound"
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    serials = [f"BOUND-{i:04d}" for i in range(2100)]
    for start in range(0, len(serials), 700):
        lines = "".join(json.dumps({"device": {"serial": serial}, "location": place}) + "\n"
                        for serial in serials[start:start + 700])
        reply = clerk.post("/v1/tickets:batch", lines, {"Content-Type": "application/x-ndjson"})
        assert reply.body.count(b'"status":201') == 700, reply
    first = page(foreman, location=place, serial="BOUND-none", limit=200)
    assert first["devices"] == [] and first["cursor"]
    assert page(foreman, location=place, serial="BOUND-none", cursor=first["cursor"]) == {"devices": [], "cursor": None}
    assert len(find(foreman, location=place, serial="BOUND-1234")) == 1
    assert len(find(foreman, location=place, limit=200)) == len(serials)


# ---- all that a record tells ----


def test_where_each_identifier_comes_from(foreman, maker):
    uris = [f"urn:example.com:PLC-9:{fresh_jti()}", f"spiffe://mine-7.example/plc/{fresh_jti()}"]
    thing = maker.device(uris=uris)
    one = bring_proven(foreman, thing)
    told = {entry["kind"]: (entry["value"], entry["source"]) for entry in one["identifiers"]}
    assert told == {"uuid": (one["id"], "server"), "serial": (thing.serial, "certificate"),
                    "key": (one["key"], "csr"), "idevid": (thing.key_hash, "certificate"),
                    "id_link": (one["id_link"], "certificate"), "product_instance_uri": (uris[0], "certificate"),
                    "spiffe_id": (uris[1], "certificate")}
    assert (one["cause"], one["by"], one["changed"]) == ("onboarded", foreman.chain.agent.name, one["created"])


def test_what_somebody_typed(foreman):
    link = f"https://id.example.com/{fresh_jti()}"
    one = bring(foreman, device(id_link=link))
    told = {entry["kind"]: (entry["value"], entry["source"]) for entry in one["identifiers"]}
    assert told == {"uuid": (one["id"], "server"), "serial": (one["serial"], "typed"), "id_link": (link, "typed"),
                    "key": (one["key"], "csr")}
    assert one["link_evidence"] == "typed" and "idevid" not in one


def test_an_expected_device(site, foreman):
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    until = now() + DAY
    one = clerk.post("/v1/tickets", {"device": device(), "location": "mine-7", "until": until}).json["device"]
    back = foreman.get(f"/v1/devices/{one['id']}").json
    assert back.items() >= {"state": "expected", "cause": "announced", "by": clerk.chain.agent.name,
                            "until": until}.items()
    assert not {"poa_id", "key", "due", "trust", "certificate_serial"} & back.keys()
    assert abs(back["changed"] - now()) < MINUTE


def test_one_that_was_approved(site, foreman):
    asker = under(site, onboarding(evidence=["approval"]))
    key = Key()
    pending = asker.onboard(device(), key=key).json["onboarding"]
    clerk = Caller(site.url, site.owner.grant(party(), [administration(actions=["approve"])]))
    clerk.post(f"/v1/onboardings/{pending['id']}/approval", {"approve": True})
    back = foreman.get(f"/v1/devices/{pending['id']}").json
    assert back.items() >= {"state": "active", "cause": "approved", "approved_by": clerk.chain.agent.name,
                            "evidence": ["device_key", "approval"]}.items()
