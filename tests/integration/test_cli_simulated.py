"""Simulated devices: made, brought in one by one and by the thousand, misbehaving, announced, approved, replaced."""

import json
import subprocess

import pytest

from poa_cli import Story
from server import Site

LINK = "https://id.acme.example/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder):
    """A site that believes Acme's IDevIDs."""
    made = Site(folder / "site", name=Story.SITE, owners={"owner.example": f"{Story.template()}/owner.jwk"},
                locations=["mine-7"])
    maker = Story(folder / "acme-works")
    maker.ok("device", "maker", "--name", "Acme", "--id-link-host", "id.acme.example", "-o", "acme")
    maker.ok("policy", "manufacturer", made.policy, "--name", "Acme", "--ca", "acme/maker.pem", "--id-link-host",
             "id.acme.example", "-o", made.policy, "--force")
    made.maker = maker.folder / "acme"
    return made


@pytest.fixture(scope="module")
def server(site):
    with site.start() as running:
        yield running.outlive_its_first_second()


class Fitter(Story):
    """A technician whose power asks IDevIDs, and the site's own key, which approves."""

    serial = 0

    def __init__(self, folder, site, server):
        super().__init__(folder)
        self.server = server
        self.maker = site.maker
        self.root("--evidence", "idevid", powers=("--action", "onboard,read,replace", "--location", "mine-7", "--device",
                                                  "manufacturer=Acme", "--effect", "until_exp"))
        self.sub("--location", "mine-7/hall-2", "--evidence", "idevid", "--effect", "until_exp")
        self.asker = ("--server", server.url, "--chain", "technician.poa", "--key", "technician.key")
        self.ok("grant", "--key", site.administrator_key, "--issuer", Story.SITE, "--to", "site.jwk", "--agent", "gate",
                "--audience", Story.SITE, "--type", "administration", "--action", "approve", "--location", "mine-7",
                "--for", "8h", "-o", "gate.poa")
        self.gate = ("--server", server.url, "--chain", "gate.poa", "--key", "site.key")

    def device(self, *more, link=True):
        Fitter.serial += 1
        serial = f"F-{Fitter.serial}"
        args = ("--id-link", LINK + serial) if link else ()
        self.ok("device", "simulate", "--maker", self.maker, "--serial", serial, "--model", "XY-1", *args, *more, "-o",
                serial)
        return serial

    def onboard(self, serial, *more):
        return self.run("onboard", *self.asker, "--location", "mine-7/hall-2", "--simulated", serial, *more)


@pytest.fixture
def cli(tmp_path, site, server):
    return Fitter(tmp_path / "f", site, server)


def openssl(*args, **kwargs):
    return subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=True, **kwargs).stdout


def test_a_device_is_what_ieee_802_1ar_says(cli):
    serial = cli.device()
    text = openssl("x509", "-in", cli.folder / serial / "idevid.pem", "-noout", "-text")
    assert f"serialNumber = {serial}" in text and "9999" in text and f"URI:{LINK}{serial}" in text
    assert "OK" in openssl("verify", "-CAfile", cli.maker / "maker.pem", cli.folder / serial / "idevid.pem")
    for name in ("idevid.key", "device.key"):
        assert (cli.folder / serial / name).stat().st_mode & 0o777 == 0o600


def test_a_device_comes_in_with_its_engraved_link(cli):
    serial = cli.device()
    told = cli.onboard(serial, "--json")
    assert told.code == 0, told
    device = told.json["device"]
    assert device["serial"] == serial and device["manufacturer"] == "Acme" and device["id_link"] == LINK + serial
    assert set(device["evidence"]) == {"device_key", "idevid"} and device["link_evidence"] == "idevid"
    assert json.loads(cli.read(f"{serial}/state.json"))["id"] == device["id"]
    assert cli.read(f"{serial}/credential.pem") == told.json["certificate"]
    again = cli.onboard(serial)
    assert again.code == 0 and "was in already" in again.err and again.out == ""


def test_what_is_made_up_is_made_once(cli):
    serial = cli.device()
    for words in (("simulate", "--serial", "F-0", "-o", serial), ("maker", "--name", "Acme", "-o", cli.maker)):
        refused = cli.fails(2, "device", *words)
        assert "is there already" in refused.err and "--force" not in refused.err


@pytest.mark.parametrize("how, code, exit_code", [
    ("wrong-serial", "identity_mismatch", 7),
    ("old-proof", "evidence_missing", 7),
    ("other-agent", "evidence_missing", 7),
    ("cloned-label", "evidence_missing", 7),
    ("copied-idevid", "evidence_missing", 7),
])
def test_a_device_that_misbehaves_does_not_come_in(cli, how, code, exit_code):
    serial = cli.device()
    refused = cli.onboard(serial, "--misbehave", how)
    assert refused.code == exit_code and f"poa: {code} " in refused.err, refused
    assert not (cli.folder / serial / "credential.pem").exists()
    said = f'poa:   serial: certificate says "{serial}", device_proof says "{serial}X"\n'
    assert (said in refused.err) == (how == "wrong-serial"), "each pair that disagrees is told"
    assert cli.onboard(serial).code == 0


def test_a_link_on_the_label_alone_wants_a_ticket(cli):
    serial = cli.device("--label-only")
    refused = cli.onboard(serial)
    assert refused.code == 7 and "evidence_missing" in refused.err
    cli.ok("device", "ticket", serial, "--maker", cli.maker, "-o", "ticket")
    told = cli.onboard(serial, "--ticket", "ticket", "--json")
    assert told.code == 0 and told.json["device"]["link_evidence"] == "ticket", told


def test_an_answer_by_itself_is_what_is_posted(cli):
    serial = cli.device()
    nonce = cli.ok("challenge", "--server", cli.server.url).out.strip()
    request = cli.ok("device", "simulate", serial, "--chain", "technician.poa", "--location", "mine-7/hall-2",
                     "--nonce", nonce).json
    assert set(request) == {"device", "csr", "location", "device_proof"}
    cli.write("csr.pem", request["csr"])
    cli.write("proof", request["device_proof"] + "\n")
    cli.write("label.json", json.dumps(request["device"]))
    told = cli.ok("onboard", *cli.asker, "--location", "mine-7/hall-2", "--device", "label.json", "--csr", "csr.pem",
                  "--device-proof", "proof", "--nonce", nonce, "--json").json
    assert told["device"]["link_evidence"] == "idevid"


# ---- without a network ----


def test_collected_and_posted_later(cli):
    serials = [cli.device() for _ in range(3)]
    cli.ok("device", "collect", *serials[:2], "--chain", "technician.poa", "--location", "mine-7/hall-2", "-o",
           "requests")
    cli.ok("device", "collect", serials[2], "--chain", "technician.poa", "--location", "mine-7/hall-2", "-o",
           "requests", "--misbehave", "old-proof")
    batch = ("onboard", *cli.asker, "--batch", "requests", "--results", "results", "--simulated", ".")
    first = cli.run(*batch)
    assert first.code == 7 and "2 done, 1 failed" in first.err and "line 3: " in first.err, first
    results = [json.loads(line) for line in cli.read("results").splitlines()]
    assert [(line["line"], line["status"] // 100) for line in results] == [(1, 2), (2, 2), (3, 4)]
    assert all(len(line["request"]) == 43 for line in results) and results[0]["device"]["collected"] > 0
    assert (cli.folder / serials[0] / "credential.pem").exists()
    second = cli.run(*batch)
    assert second.code == 7 and "2 of 3 are in already" in second.err and "0 done, 1 failed" in second.err, second


def test_a_thousand_devices_in_one_call(cli):
    cli.ok("device", "simulate", "--maker", cli.maker, "--serial", f"M{Fitter.serial}-", "--count", "1000", "-o", "many")
    devices = sorted(str(path.relative_to(cli.folder)) for path in (cli.folder / "many").iterdir())
    cli.ok("device", "collect", *devices, "--chain", "technician.poa", "--location", "mine-7/hall-2", "-o", "requests")
    batch = ("onboard", *cli.asker, "--batch", "requests", "--results", "results")
    # Stopped in the middle: what was answered stays, and the rest is asked for.
    lines = cli.read("requests").splitlines(keepends=True)
    cli.write("half", "".join(lines[:500]))
    cli.ok("onboard", *cli.asker, "--batch", "half", "--results", "results")
    cli.write("results", cli.read("results")[:-100])
    told = cli.run(*batch)
    assert told.code == 0 and "499 of 1000 are in already" in told.err and "501 done, 0 failed" in told.err, told
    ids = {json.loads(line)["device"]["id"] for line in cli.read("results").splitlines()
           if line.startswith("{") and line.endswith("}")}
    assert len(ids) == 1000


@pytest.mark.parametrize("words, said", [
    (("--batch", "requests"), "--results FILE"),
    (("--batch", "requests", "--results", "r", "--location", "mine-7"), "says all about the devices itself"),
    (("--location", "mine-7", "--simulated", "x", "--misbehave", "badly"), "wrong-serial"),
    (("--location", "mine-7", "--simulated", "none"), "is no simulated device"),
    (("--location", "mine-7", "--device", "serial=1", "--device-key", "technician.key", "--results", "r"),
     "goes with --batch"),
])
def test_words_that_are_wrong(cli, words, said):
    assert said in cli.fails(2, "onboard", *cli.asker, *words).err


@pytest.mark.parametrize("words, said", [(("17", "--simulated", "x"), "UUID in lower case"),
                                         (("--simulated", "x"), "ID of the device that is replaced is missing")])
def test_words_about_a_replacement(cli, words, said):
    assert said in cli.fails(2, "device", "replace", *cli.asker, *words).err


# ---- people ----


def test_a_device_waits_for_an_approval(cli, server):
    cli.root("--evidence", "idevid,approval", powers=("--action", "onboard,read", "--location", "mine-7", "--device",
                                                      "manufacturer=Acme", "--effect", "until_exp"))
    cli.sub("--location", "mine-7/hall-2", "--evidence", "idevid,approval", "--effect", "until_exp")
    serial = cli.device()
    waits = cli.onboard(serial, "--json")
    assert waits.code == 7 and waits.json["onboarding"]["state"] == "pending" and "poa device approve" in waits.err
    pending = waits.json["onboarding"]["id"]
    # Who approves sees what waits, and nothing else.
    assert pending in {device["id"] for device in cli.ok("device", "list", *cli.gate, "--state", "pending",
                                                         "--json").json["devices"]}
    assert cli.ok("device", "show", *cli.gate, pending, "--json").json["state"] == "pending"
    assert "action_not_granted" in cli.fails(7, "device", "list", *cli.gate).err
    own = cli.run("device", "approve", pending, *cli.asker)
    assert own.code == 7 and "action_not_granted" in own.err
    assert "is active" in cli.ok("device", "approve", pending, *cli.gate).err
    assert "action_not_granted" in cli.fails(7, "device", "show", *cli.gate, pending).err
    told = cli.onboard(serial, "--json")
    assert told.code == 0 and set(told.json["device"]["evidence"]) == {"device_key", "idevid", "approval"}
    other = cli.device()
    refused = cli.onboard(other, "--json").json["onboarding"]["id"]
    assert "is refused" in cli.ok("device", "approve", refused, "--refuse", "--reason", "not ours", *cli.gate).err


def test_devices_are_expected(cli):
    serial = cli.device()
    cli.ok("device", "ticket", serial, "--maker", cli.maker, "-o", "ticket")
    expected = cli.ok("device", "expect", *cli.gate, "--device", f"manufacturer=Acme,model=XY-1,serial={serial}",
                      "--location", "mine-7", "--json").json["device"]
    assert expected["state"] == "expected"
    told = cli.onboard(serial, "--json")
    assert told.code == 0 and told.json["device"]["id"] == expected["id"], told
    cli.write("list", "".join(json.dumps({"device": {"manufacturer": "Acme", "serial": f"E{serial}-{n}"},
                                          "location": "mine-7" if n else "mine-8"}) + "\n" for n in range(3)))
    listed = cli.run("device", "expect", *cli.gate, "--list", "list")
    assert listed.code == 7 and "2 expected, 1 refused" in listed.err and "line 1 is refused" in listed.err, listed
    gone = cli.ok("device", "expect", *cli.gate, "--device", f"manufacturer=Acme,serial=W{serial}", "--location",
                  "mine-7", "--json").json["device"]["id"]
    assert "expected no more" in cli.ok("device", "expect", *cli.gate, "--withdraw", gone).err


def test_a_dead_device_is_replaced(cli):
    old = cli.device()
    device = cli.onboard(old, "--json").json["device"]
    new = cli.device()
    told = cli.ok("device", "replace", device["id"], *cli.asker, "--simulated", new, "--json").json["device"]
    assert told["serial"] == new and told["replaces"] == device["id"]
    dead = cli.ok("device", "show", *cli.asker, device["id"], "--json").json
    assert dead["state"] == "replaced" and dead["replaced_by"] == told["id"]
    again = cli.run("device", "replace", device["id"], *cli.asker, "--simulated", cli.device())
    assert again.code == 7 and "it is replaced" in again.err, again
