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
        self.root(powers=("--action", "onboard,read", "--location", "mine-7", "--device",
                          "manufacturer=Acme,serial=SN-1*", "--effect", "until_exp"))
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
                                         (["list", "--not-below"], "goes with --poa")])
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


