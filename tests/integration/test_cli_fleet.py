"""`poa device run`: simulated devices that keep their trust at a real server."""

import json
import signal
import subprocess
import time

import pytest

from poa_cli import BINARY, Story
from server import Site, wait_until

COUNT = 20


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site whose devices come often, and may come again after some seconds."""
    made = Site(tmp_path_factory.mktemp("site") / "site", name=Story.SITE,
                owners={"owner.example": f"{Story.template()}/owner.jwk"}, locations=["mine-7"])
    made.edit(made.policy, lambda policy: policy.update(trust={"period": 300, "grace": 300}))
    return made


@pytest.fixture(scope="module")
def server(site):
    with site.start() as running:
        yield running.outlive_its_first_second()


class Fleet(Story):
    """A technician, and the devices that were brought in by one call."""

    fleets = 0

    def __init__(self, folder, server, life="1h"):
        super().__init__(folder)
        Fleet.fleets += 1
        self.url = server.url
        self.name = f"R{Fleet.fleets}-"
        self.root(powers=("--action", "onboard,read,suspend", "--location", "mine-7", "--device", "any", "--effect",
                          "until_exp"))
        self.ok("device", "simulate", "--serial", self.name, "--count", COUNT, "-o", "hall")
        self.sub("--location", "mine-7", "--effect", "until_exp", "--for", life)
        self.asker = ("--server", self.url, "--chain", "technician.poa", "--key", "technician.key")
        self.ok("device", "collect", *self.folders(), "--chain", "technician.poa", "--location", "mine-7", "-o",
                "requests")
        self.ok("onboard", *self.asker, "--batch", "requests", "--results", "results", "--simulated", "hall")

    def folders(self):
        return [f"hall/{self.name}{number:06}" for number in range(1, COUNT + 1)]

    def files(self, name):
        return [self.read(f"{folder}/{name}") for folder in self.folders()]

    def states(self):
        return [json.loads(text) for text in self.files("state.json")]

    def play(self, *words, folder="hall"):
        return self.run("device", "run", folder, "--server", self.url, "--json", *words)

    def plays(self, *words):
        """All of them come, and go."""
        told = self.play(*words)
        assert told.code == 0 and told.json == {"done": COUNT, "failed": 0, "refused": {}}, told
        return told

    def record(self, number=0):
        return self.ok("device", "show", self.states()[number]["id"], *self.asker, "--json").json


@pytest.fixture
def fleet(tmp_path, server):
    return Fleet(tmp_path / "f", server)


def test_after_a_power_cut(fleet):
    before, ids = fleet.files("credential.pem"), [state["id"] for state in fleet.states()]
    fleet.write("firmware", "1.4.2")
    told = fleet.plays("--once", "--reason", "restart", "--firmware", "firmware")
    assert f"{COUNT} done, 0 failed" in told.err
    assert not set(before) & set(fleet.files("credential.pem"))
    assert [state["id"] for state in fleet.states()] == ids and len(set(ids)) == COUNT
    assert {state["boot_counter"] for state in fleet.states()} == {1}
    record = fleet.record()
    assert record["trust"]["reason"] == "restart" and record["trust"]["boot_counter"] == 1
    assert record["trust"]["firmware"] == fleet.states()[0]["firmware"]
    assert fleet.states()[0]["due"] == record["due"] > time.time()
    # So soon again: they are told when, and wait.
    began = time.monotonic()
    fleet.plays("--once", "--reason", "restart", "--connections", "64")
    assert time.monotonic() - began > 1
    assert {state["boot_counter"] for state in fleet.states()} == {2}


def test_a_new_key(fleet):
    keys, credentials = fleet.files("device.key"), fleet.files("credential.pem")
    record = fleet.record()
    fleet.plays("--once", "--reason", "rekey", "--connections", "1")
    assert not set(keys) & set(fleet.files("device.key"))
    assert fleet.record()["key"] != record["key"] and fleet.record()["id"] == record["id"]
    assert not list((fleet.folder / "hall").glob("*/device.key.next"))
    # The replies that one did not hear, and another did not finish to write down.
    rekeyed, certified = fleet.files("device.key"), fleet.files("credential.pem")
    for number, folder in enumerate(fleet.folders()):
        fleet.write(f"{folder}/device.key", keys[number], 0o600)
        fleet.write(f"{folder}/device.key.next", rekeyed[number], 0o600)
        if number % 2 == 0:
            fleet.write(f"{folder}/credential.pem", credentials[number])
    fleet.plays("--once", "--reason", "restart")
    assert fleet.files("device.key") == rekeyed and not set(certified) & set(fleet.files("credential.pem"))


def test_one_that_is_suspended_is_refused(fleet):
    stopped = fleet.states()[7]["id"]
    fleet.ok("device", "suspend", stopped, *fleet.asker)
    told = fleet.play("--once", "--reason", "restart")
    assert told.code == 6 and told.json == {"done": COUNT - 1, "failed": 1, "refused": {"suspended": 1}}, told
    assert f"{fleet.folders()[7]}: suspended\n" in told.err
    alone = fleet.play("--once", folder=fleet.folders()[7])
    assert alone.code == 6 and alone.json["done"] == 0, alone


def test_they_come_when_they_are_due(tmp_path, server):
    fleet = Fleet(tmp_path / "f", server, life="24s")
    due = [state["due"] for state in fleet.states()]
    assert all(0 < at - time.time() < 24 * 0.6 + 1 for at in due)
    none = fleet.play("--for", "1s")
    assert none.code == 0 and none.json == {"done": 0, "failed": 0, "refused": {}}, none
    told = fleet.play("--for", f"{int(max(due) - time.time()) + 2}s")
    assert told.code == 0 and told.json["done"] >= COUNT and told.json["failed"] == 0, told
    assert all(state["due"] > before for state, before in zip(fleet.states(), due))
    assert {fleet.record(number)["trust"]["reason"] for number in (0, COUNT - 1)} == {"periodic"}


def test_without_a_server(tmp_path, site, server):
    fleet = Fleet(tmp_path / "f", server)
    assert fleet.run("device", "run", "hall", "--server", "http://127.0.0.1:9", "--once").code == 9
    running = subprocess.Popen([BINARY, "device", "run", "hall", "--server", fleet.url, "--json"], cwd=fleet.folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 0 and json.loads(out)["done"] == 0


def test_it_goes_on_when_the_server_does(tmp_path, site):
    """The server dies in the middle, and comes again: nobody is lost, though replies are."""
    other = Site(tmp_path / "site", name=Story.SITE, owners={"owner.example": f"{Story.template()}/owner.jwk"},
                 locations=["mine-7"])
    other.edit(other.policy, lambda policy: policy.update(trust={"period": 300, "grace": 300}))
    first = other.start().outlive_its_first_second()
    fleet = Fleet(tmp_path / "f", first)
    running = subprocess.Popen([BINARY, "device", "run", "hall", "--server", fleet.url, "--json", "--once", "--reason",
                                "restart", "--connections", "1"], cwd=fleet.folder, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    wait_until(lambda: first.requests("/v1/devices/{id}/trust"), "the first trust")
    first.kill()
    with other.start():
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0 and json.loads(out) == {"done": COUNT, "failed": 0, "refused": {}}, err


@pytest.mark.parametrize("words, said", [
    (("run", "hall"), "--server URL"),
    (("run", "--server", "http://127.0.0.1:9"), "DIR of a device"),
    (("run", "hall", "--server", "http://127.0.0.1:9", "--once", "--for", "1s"), "does not go with it"),
    (("run", "hall", "--server", "http://127.0.0.1:9", "--reason", "boredom"), "software-update"),
    (("run", "hall", "--server", "http://127.0.0.1:9", "--connections", "65"), "--connections"),
    (("run", "hall", "--server", "http://127.0.0.1:9", "--once"), "no device that is in a site"),
    (("run", "hall/A", "--server", "http://127.0.0.1:9", "--once"), "is in no site yet"),
])
def test_words_that_are_wrong(tmp_path, words, said):
    cli = Story(tmp_path / "f")
    (cli.folder / "hall").mkdir()
    cli.ok("device", "simulate", "--serial", "A", "-o", "hall/A")
    assert said in cli.fails(2, "device", *words).err
