"""`poa device` against the real server: what people see of their devices, and what they do with them."""

import json

import pytest

from poa_cli import Story
from server import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("site") / "site", name=Story.SITE,
                owners={"owner.example": f"{Story.template()}/owner.jwk"}, locations=["mine-7"])


@pytest.fixture(scope="module")
def server(site):
    with site.start() as running:
        yield running.outlive_its_first_second()


class Foreman(Story):
    """May do everything with devices at mine-7, and has brought some in."""

    serial = 1000

    def __init__(self, folder, server):
        super().__init__(folder)
        self.server = server
        self.root(powers=("--action", "onboard,read,reestablish,suspend,resume,decommission", "--location", "mine-7",
                          "--device", "manufacturer=Acme,serial=SN-1*", "--effect", "until_exp"))
        self.sub("--location", "mine-7", "--effect", "until_exp")
        self.asker = ("--server", server.url, "--chain", "technician.poa", "--key", "technician.key")

    def bring_in(self, location="mine-7/hall-2"):
        Foreman.serial += 1
        serial = f"SN-1{Foreman.serial}"
        self.ok("key", "new", "-o", "device.key", "--force")
        told = self.ok("onboard", *self.asker, "--location", location, "--device",
                       f"manufacturer=Acme,model=XY-1,serial={serial}", "--device-key", "device.key", "--json").json
        return told["device"]

    def device(self, verb, *words):
        return self.run("device", verb, *self.asker, *words)


@pytest.fixture
def cli(tmp_path, server):
    return Foreman(tmp_path, server)


def test_a_device_is_shown(cli):
    device = cli.bring_in()
    shown = cli.device("show", device["id"])
    assert shown.code == 0 and shown.err == ""
    lines = dict(line.split(maxsplit=1) for line in shown.out.splitlines() if not line.startswith(" ") and " " in line)
    assert lines["id"] == device["id"] and lines["state"] == "active" and lines["serial"] == device["serial"]
    assert lines["created"].endswith("Z") and "T" in lines["created"]
    assert cli.device("show", device["id"], "--json").json["key"] == device["key"]


@pytest.mark.parametrize("words, said", [(["show"], "ID of the device"), (["show", "17"], "UUID in lower case"),
                                         (["list", "17"], "one argument too many"),
                                         (["list", "--not-below"], "goes with --poa"),
                                         (["list", "--state", "fine"], "--state wants expected, pending")])
def test_words_that_are_wrong(cli, words, said):
    assert said in cli.fails(2, "device", words[0], *cli.asker, *words[1:]).err


def test_a_device_that_is_not_there(cli):
    gone = cli.device("show", "00000000-0000-4000-8000-000000000000")
    assert gone.code == 2 and "there is no such device" in gone.err and gone.out == ""


def test_devices_are_listed_as_a_table_and_as_json(cli):
    ids = {cli.bring_in()["id"] for _ in range(3)}
    rows = cli.device("list").out.splitlines()
    assert rows[0].split() == ["ID", "STATE", "LOCATION", "DEVICE", "EVIDENCE", "DUE"]
    assert ids <= {row.split()[0] for row in rows[1:]}
    assert len({row.index("active") for row in rows[1:]}) == 1  # columns stand under each other
    told = json.loads(cli.device("list", "--json").out)
    assert ids <= {device["id"] for device in told["devices"]}




def test_a_device_is_suspended_and_resumed(cli):
    device = cli.bring_in()["id"]
    assert cli.device("suspend", device, "--reason", "seen open").err == f"poa: device {device} is suspended\n"
    shown = cli.device("show", device, "--json").json
    assert (shown["state"], shown["cause"]) == ("suspended", "requested")
    assert device in cli.device("list", "--state", "suspended").out
    again = cli.device("suspend", device)
    assert again.code == 7 and "it is suspended, and can become: " in again.err, again
    assert "poa: the server refuses: HTTP 409\n" in again.err
    assert "is active" in cli.device("resume", device).err
    assert device not in cli.device("list", "--state", "suspended").out + cli.device("list", "--state", "suspended").err


def test_many_devices_in_one_command(cli):
    devices = [cli.bring_in()["id"] for _ in range(3)]
    cli.device("retire", devices[1])
    told = cli.device("suspend", *devices)
    assert told.code == 7 and told.err.count(" is suspended\n") == 2 and f"this was device {devices[1]}" in told.err


def test_a_device_is_retired_for_ever(cli):
    device = cli.bring_in()["id"]
    assert "is decommissioned" in cli.device("retire", device, "--reason", "scrapped").err
    assert cli.device("resume", device).code == 7 and cli.device("ratify", device).code == 7


def test_a_device_is_ratified(cli):
    device = cli.bring_in()
    cli.sub("--location", "mine-7", "--effect", "until_exp", "--for", "20d")
    told = cli.device("ratify", device["id"], "--json")
    assert told.code == 0 and told.json["device"]["poa_id"] != device["poa_id"], told


def test_an_identifier_is_released(cli, site):
    device = cli.bring_in()
    cli.device("retire", device["id"])
    cli.ok("grant", "--key", site.administrator_key, "--issuer", Story.SITE, "--to", "site.jwk", "--agent", "gate",
           "--audience", Story.SITE, "--type", "administration", "--action", "approve", "--location", "mine-7",
           "--for", "8h", "-o", "gate.poa")
    gate = ("--server", cli.server.url, "--chain", "gate.poa", "--key", "site.key")
    assert "--identifier is missing" in cli.fails(2, "device", "release", device["id"], *gate).err
    assert "action_not_granted" in cli.device("release", device["id"], "--identifier", "serial").err
    cli.ok("device", "release", device["id"], *gate, "--identifier", "serial", "--reason", "a new board")
    cli.ok("key", "new", "-o", "device.key", "--force")
    cli.ok("onboard", *cli.asker, "--location", "mine-7", "--device",
           f"manufacturer=Acme,model=XY-1,serial={device['serial']}", "--device-key", "device.key")


@pytest.mark.parametrize("filter, fits", [
    (("--location", "mine-7/yard"), True), (("--location", "mine-7/hall-2"), False), (("--location", "mine-7"), True),
    (("--manufacturer", "Acme"), True), (("--manufacturer", "Bolt"), False), (("--due-before", "2099-01-01T00:00Z"), True),
    (("--due-before", "2020-01-01T00:00Z"), False), (("--serial", "SN-1"), False),
])
def test_filters(cli, filter, fits):
    device = cli.bring_in("mine-7/yard")
    told = cli.device("list", "--poa", device["poa_id"], *filter, "--json")
    assert told.code == 0 and (device["id"] in {one["id"] for one in told.json["devices"]}) == fits, told


def test_everything_below_a_poa(cli):
    device = cli.bring_in()
    root = cli.ok("inspect", "technician.poa", "--json").json["chain"][0]["poa_id"]
    assert device["id"] in cli.device("list", "--poa", root).out
    assert device["id"] not in cli.device("list", "--poa", root, "--not-below", "--json").out


def test_a_link_that_is_too_long_to_be_read_well(cli):
    link = "https://id.acme.example/" + "x" * 90
    Foreman.serial += 1
    told = cli.run("onboard", *cli.asker, "--location", "mine-7", "--device",
                   f"manufacturer=Acme,serial=SN-1{Foreman.serial},id_link={link}", "--device-key", "technician.key",
                   "--json")
    assert told.code == 0 and "has 114 characters; IEC 61406 advises at most 100" in told.err, told
    (said,) = [one for one in told.json["device"]["identifiers"] if one["kind"] == "id_link"]
    assert said["value"] == link and said["warning"].startswith("114 characters")
