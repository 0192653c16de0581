"""Two devices claim one identity: the first keeps it, but whoever shows more has it looked into."""

from client import device, onboarding
from test_events import Listener
from made import assert_refused, bring, brought_in, maker, site, under  # noqa: F401  the fixtures


def state_of(caller, ident):
    return caller.get(f"/v1/devices/{ident}").json["state"]


def test_a_squatter_on_a_serial(site, maker):
    """Somebody typed the serial of a device that has not come yet. Then it comes, and shows that it is that device."""
    caller, thing = under(site, onboarding()), maker.device(id_link="")
    squatter = brought_in(caller.onboard(thing.stated()))
    assert_refused(bring(under(site, onboarding()), thing), 409, "device_exists")
    record = caller.get(f"/v1/devices/{squatter['id']}").json
    assert record["state"] == "review" and "until" in record
    assert_refused(bring(under(site, onboarding()), thing), 409, "device_exists")
    assert caller.get(f"/v1/devices/{squatter['id']}").json == record, "once is enough"


def test_who_listens_is_told_of_both(site, maker):
    caller, thing = under(site, onboarding()), maker.device(id_link="")
    squatter = brought_in(caller.onboard(thing.stated()))
    newcomer = under(site, onboarding())
    listener = Listener(under(site, onboarding(actions=["read"])))
    listener.next()
    assert_refused(bring(newcomer, thing), 409, "device_exists")
    told = {}
    while "device.conflict" not in told:
        kind, data = listener.next("epoch")
        if data.get("device") == squatter["id"]:
            told[kind] = data
    listener.close()
    assert told["device.review"]["cause"] == "conflict"
    sides = told["device.conflict"]
    assert sides["record"].items() >= {"poa_id": caller.chain.ids[-1], "idevid": False}.items()
    assert sides["newcomer"].items() >= {"poa_id": newcomer.chain.ids[-1], "idevid": True}.items()


def test_a_squatter_on_a_label(site, maker):
    caller, thing = under(site, onboarding()), maker.device(in_idevid=False)
    typed = brought_in(caller.onboard(device(id_link=thing.id_link)))
    assert_refused(bring(caller, thing, ticket=maker.ticket(thing)), 409, "device_exists")
    assert state_of(caller, typed["id"]) == "review"


def test_a_label_typed_beside_an_idevid(site, maker):
    """An IDevID that says nothing of the label shows nothing against the device that has it."""
    caller, thing = under(site, onboarding()), maker.device(in_idevid=False)
    typed = brought_in(caller.onboard(device(id_link=thing.id_link)))
    assert_refused(bring(under(site, onboarding()), thing), 409, "device_exists")
    assert state_of(caller, typed["id"]) == "active"


def test_who_shows_no_more_changes_nothing(site, maker):
    caller, thing = under(site, onboarding()), maker.device(id_link="")
    typed = brought_in(caller.onboard(device()))
    one = {name: typed[name] for name in ("manufacturer", "model", "serial")}
    assert_refused(under(site, onboarding()).onboard(one), 409, "device_exists")
    assert state_of(caller, typed["id"]) == "active"

    shown = brought_in(bring(caller, thing))
    twin = maker.device(serial=thing.serial, id_link="")
    assert_refused(bring(caller, twin), 409, "device_exists")
    assert_refused(caller.onboard(thing.stated()), 409, "device_exists")
    assert state_of(caller, shown["id"]) == "active"


def test_who_may_not_come_in_contests_nothing(site, maker):
    caller, thing = under(site, onboarding()), maker.device(id_link="")
    squatter = brought_in(caller.onboard(thing.stated()))
    elsewhere = under(site, onboarding(locations=["mine-7/hall-9"]))
    assert_refused(bring(elsewhere, thing), 403, "location_not_granted")
    assert state_of(caller, squatter["id"]) == "active"


def test_it_is_in_the_audit(site, maker):
    caller, thing = under(site, onboarding()), maker.device(id_link="")
    squatter = brought_in(caller.onboard(thing.stated()))
    assert_refused(bring(caller, thing), 409, "device_exists")
    assert site.server.stop() == 0
    entries = [entry for entry in site.audit() if entry.get("device") == squatter["id"]]
    site.begin()
    assert [(entry["kind"], entry["code"]) for entry in entries] == [
        ("onboarding", "ok"), ("onboarding.contested", "device_exists")]
