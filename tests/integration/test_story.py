"""The story: an owner grants, a contractor passes on, a technician brings a device in, the owner takes it all back.

Told by the demo, by the CLI, and by a client on others' JOSE.
"""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest

from client import (Caller, Key, Party, certificates, claims_of, csr, device, id_of, onboarding, read_answer, send,
                    statement, submit)
from poa_cli import Cli
from scene import site  # noqa: F401  the fixture
from server import BINARY, Site, environment

HERE = pathlib.Path(__file__).resolve().parent


def verified(ca, certificate):
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", ca, certificate],
                          capture_output=True, text=True, timeout=30, check=False)
    return done.returncode == 0 and done.stdout == f"{certificate}: OK\n"


# ---- the demo ----


def demo(tmp_path, **variables):
    given = environment({"POA_BUILD": str(BINARY.parent.parent), "TMPDIR": str(tmp_path), "TERM": "xterm"} | variables)
    return subprocess.run([HERE / "demo.sh"], env=given, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)


def test_the_demo_tells_the_story(tmp_path):
    started = time.monotonic()
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout
    assert time.monotonic() - started < 60
    told = [r"\$ poa grant --key owner.key", r"\$ poa subgrant contractor.poa", r"location_widened at link 1",
            r"hint: at most: --location mine-7/hall-2\n", r"UNVERIFIED", r"\nPERMIT ", r"\$ poa onboard",
            r"\ndevice.pem: OK\n", r"URI:urn:uuid:[0-9a-f-]{36}\n", r"\$ poa revoke", r"poa: revoked at link 0: ",
            r"poa: hint: ", r'"state":"revoked","origin":"inherited"', r'"code":"revoked","hop":0',
            r"\$ poa device maker", r"\$ poa policy manufacturer", r"\$ poa onboard .*\n.* --simulated sn-21\n",
            r"\nid_link  *https://id.acme.example/SN-21\nlink_evidence  *idevid\n",
            r"--misbehave cloned-label\npoa: evidence_missing ",
            r"\$ poa device run sn-21 sn-22 sn-23 .*--reason restart --once\npoa: 3 done, 0 failed",
            r"\$ poa revoke --dry-run",
            r"\nthis touches 3 PoAs seen, 3 devices: 3 active\n  1 .*cascade\)\n  1 .*review\)\n  1 .*stop_new\)\n",
            r"\nerror 23 at 0 depth lookup: certificate revoked\n", r"\nsn-22/credential.pem: OK\nsn-23/credential.pem: OK\n",
            r"\$ poa device run sn-22 .*\npoa: sn-22: approval_required",
            r"\$ poa device ratify .*\npoa: device .* is active\n",
            r"\$ poa device run sn-22 .*\npoa: 1 done, 0 failed", r"waits for somebody's approval\n",
            r"\$ poa device approve .*\npoa: device .* is active\n", r"\npoa: device .* was in already"]
    at = 0
    for pattern in told:
        found = re.compile(pattern).search(done.stdout, at)
        assert found, f"{pattern} is not told, or not in its turn:\n{done.stdout}"
        at = found.end()
    assert "\x1b" not in done.stdout
    assert list(tmp_path.iterdir()) == [], "it leaves nothing"


def test_the_demo_fails_when_it_does_not_go_as_told(tmp_path):
    """Here because another `openssl` finds fault with the certificate."""
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "openssl").write_text("#!/bin/sh\nexit 2\n")
    (broken / "openssl").chmod(0o755)
    place = tmp_path / "place"
    place.mkdir()
    done = demo(place, PATH=f"{broken}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "the command ended with 2, not with 0" in done.stdout
    assert "poa revoke" not in done.stdout
    assert list(place.iterdir()) == []


# ---- the CLI ----


class Told:
    """The story up to the device, by the CLI alone."""

    def __init__(self, cli):
        self.cli = cli
        for who in ("owner", "contractor", "technician", "device"):
            setattr(self, who, cli.key(who))
        self.site = Site(cli.folder / "site", "mine.example", ["mine-7"], {"owner.example": cli.folder / "owner.jwk"})
        self.server = self.site.start()
        self.at = ("--server", self.site.url)
        cli.ok("grant", "--key", "owner.key", "--issuer", "owner.example", "--to", "contractor.jwk", "--agent",
               "contractor.example", "--audience", "mine.example", "--for", "30d", "--depth", 1, "--action",
               "onboard,read", "--location", "mine-7/hall-2", "--device", "manufacturer=Acme,serial=SN-1*",
               "--max-devices", 20, "--effect", "until_exp", "--policy", "site/policy.json", "-o", "contractor.poa")
        cli.ok("subgrant", "contractor.poa", "--key", "contractor.key", "--to", "technician.jwk", "--agent",
               "technician-17", "--for", "8h", "--location", "mine-7/hall-2/bay-4", "--max-devices", 2, "--effect",
               "until_exp", "-o", "technician.poa")
        self.ids = [id_of(one) for one in cli.read("technician.poa").strip().split("~")]

    def onboard(self, *args, serial="SN-17", code=0, key="device.key", chain="technician.poa"):
        run = self.cli.ok if code == 0 else lambda *a: self.cli.fails(code, *a)
        return run("onboard", *self.at, "--chain", chain, "--key", "technician.key", "--location",
                   "mine-7/hall-2/bay-4", "--device", f"manufacturer=Acme,serial={serial}", "--device-key", key, *args)

    def answer(self, hop):
        reply = send(self.site.url, "GET", f"/v1/revocations/{self.ids[hop]}")
        return read_answer(reply.body.decode().strip(), json.loads(self.site.policy.read_text())["answer_keys"][0])


@pytest.fixture
def told(tmp_path):
    story = Told(Cli(tmp_path))
    with story.server:
        yield story


def test_the_story_by_the_cli(told):
    cli, folder = told.cli, told.cli.folder
    permit = cli.ok("verify", "technician.poa", "--policy", "site/policy.json", "--action", "onboard", "--location",
                    "mine-7/hall-2/bay-4", "--device", "manufacturer=Acme,serial=SN-17", "--json").json
    assert (permit["decision"], permit["code"], permit["revocation"]) == ("permit", "ok", "unchecked")
    assert [link["poa_id"] for link in permit["chain"]] == told.ids

    told.onboard("-o", "device.pem")
    assert verified(folder / "site/ca.pem", folder / "device.pem")
    again = told.onboard("-o", "again.pem")
    assert "was in already" in again.err
    assert cli.read("again.pem") == cli.read("device.pem")
    leaf = claims_of(cli.read("technician.poa").strip().split("~")[1])
    assert certificates(cli.read("device.pem"))[0].not_valid_after.timestamp() - time.timezone == leaf["exp"] - 1

    assert told.answer(1)["state"] == "active"
    statement_said = cli.ok("revoke", "--key", "owner.key", "--chain", "contractor.poa", "--reason",
                            "cessationOfOperation", *told.at, "-o", "revocation.jws", "--json").json
    assert statement_said["server"]["epoch"] == 1

    refused = told.onboard("-o", "other.pem", serial="SN-18", code=6)
    assert "revoked at link 0" in refused.err and "hint:" in refused.err
    assert not (folder / "other.pem").exists()
    told.onboard(code=6)  # what was stored is not handed out again either
    answer = told.answer(1)
    assert (answer["state"], answer["origin"], answer["from"]) == ("revoked", "inherited", told.ids[0])
    assert (answer["by"], answer["reason"]) == (told.owner, "cessationOfOperation")
    assert (told.answer(0)["state"], told.answer(0)["origin"]) == ("revoked", "direct")

    offline = cli.run("verify", "technician.poa", "--policy", "site/policy.json", "--revocations", "revocation.jws",
                      "--revocations-complete", "--json")
    assert (offline.code, offline.json["code"], offline.json["hop"]) == (6, "revoked", 0)


def test_the_lost_laptop_by_the_cli(told):
    cli = told.cli
    told.onboard("-o", "device.pem")
    cli.ok("revoke", "--key", "contractor.key", "--chain", "technician.poa", "--target-key", "technician.jwk",
           "--reason", "keyCompromise", *told.at, "-o", "lost.jws")
    assert "key_revoked at link 1" in told.onboard(serial="SN-18", code=6).err
    cli.key("technician2")
    cli.ok("subgrant", "contractor.poa", "--key", "contractor.key", "--to", "technician2.jwk", "--agent",
           "technician-17", "--for", "8h", "--effect", "until_exp", "-o", "new.poa")
    cli.ok("onboard", *told.at, "--chain", "new.poa", "--key", "technician2.key", "--location", "mine-7/hall-2",
           "--device", "manufacturer=Acme,serial=SN-18", "--device-key", "contractor.key", "-o", "second.pem")


def test_a_hold_by_the_cli(told):
    cli = told.cli
    held = cli.ok("suspend", "--key", "contractor.key", "--chain", "technician.poa", *told.at, "-o", "hold.jws",
                  "--json").json
    assert "suspended at link 1" in told.onboard(code=6).err
    assert told.answer(1)["state"] == "suspended"
    cli.ok("resume", "--key", "technician.key", "--statement", "hold.jws", "--chain", "technician.poa", *told.at)
    assert "suspended at link 1" in told.onboard(code=6).err, "who is below may not lift it"
    cli.ok("resume", "--key", "owner.key", "--hold", held["jti"], "--audience", "mine.example", *told.at)
    told.onboard("-o", "device.pem")


def test_a_sibling_may_not_by_the_cli(told):
    cli = told.cli
    cli.key("sibling")
    refused = cli.fails(4, "revoke", "--key", "sibling.key", "--poa", told.ids[0], *told.at, "-o", "x.jws")
    assert "statement_unauthorized" in refused.err
    told.onboard("-o", "device.pem")


def test_a_device_that_makes_its_own_request(told):
    """The nonce goes to the device, and its request for a certificate comes back."""
    cli = told.cli
    nonce = cli.ok("challenge", *told.at).out.strip()
    cli.write("device.csr", csr(Key("ES384"), nonce, "SN-12"))
    cli.ok("onboard", *told.at, "--chain", "technician.poa", "--key", "technician.key", "--location",
           "mine-7/hall-2/bay-4", "--device", "manufacturer=Acme,serial=SN-12", "--csr", "device.csr", "--nonce", nonce,
           "-o", "device.pem")
    assert verified(cli.folder / "site/ca.pem", cli.folder / "device.pem")
    used = cli.fails(4, "onboard", *told.at, "--chain", "technician.poa", "--key", "technician.key", "--location",
                     "mine-7/hall-2/bay-4", "--device", "manufacturer=Acme,serial=SN-12", "--csr", "device.csr",
                     "--nonce", nonce)
    assert "nonce_invalid" in used.err and "poa challenge" in used.err


def test_headers_that_the_cli_makes_for_others(told):
    told.onboard("-o", "device.pem")
    told.server.outlive_its_first_second()
    url = told.site.url + "/v1/devices"
    headers = told.cli.ok("prove", "technician.poa", "--key", "technician.key", "--method", "GET", "--url", url).out
    told.cli.write("headers", headers)
    done = subprocess.run(["curl", "-s", "-H", f"@{told.cli.folder / 'headers'}", url], capture_output=True, text=True,
                          timeout=30, check=True)
    assert "devices" in done.stdout, done
    (one,) = json.loads(done.stdout)["devices"]
    assert one["serial"] == "SN-17" and one["agent"] == "technician-17"


@pytest.mark.parametrize("args, code, says", [
    (("--location", "mine-7/hall-3"), 7, "location_not_granted"),
    (("--device", "manufacturer=Acme,serial=SN-2"), 7, "device_not_granted"),
    (("--device", "manufacturer=Other,serial=SN-1"), 7, "device_not_granted"),
    (("--key", "contractor.key"), 4, "proof_key_mismatch"),
])
def test_what_the_technician_may_not(told, args, code, says):
    assert says in told.onboard(*args, code=code).err


def test_a_server_that_is_not_there(told):
    assert told.server.stop() == 0
    told.onboard(code=9)


# ---- a client on others' JOSE ----


def test_the_story_by_another_client(site, tmp_path):
    contractor, technician = Party("contractor.example", "ES384"), Party("technician-17.example", "EdDSA")
    root = site.owner.grant(contractor, [onboarding(locations=["mine-7/hall-2"], max_devices=20)], transferable=1)
    chain = root.grant(technician, [onboarding(locations=["mine-7/hall-2/bay-4"], max_devices=2)])
    caller = Caller(site.url, chain)

    first = caller.onboard(location="mine-7/hall-2/bay-4")
    assert first.status == 201, first
    (tmp_path / "device.pem").write_text(first.json["certificate"])
    assert verified(site.ca_file, tmp_path / "device.pem")
    assert site.state_of(chain.ids[1])["state"] == "active"

    assert submit(site.url, statement(site.owner, "revoke", poa=root.ids[0])).status == 201
    second = caller.onboard(device(), "mine-7/hall-2/bay-4")
    assert second.status == 401, second
    assert second.reason == {"decision": "deny", "code": "revoked", "hop": 0, "member": None, "parent": None,
                             "child": None, "request": None, "because": None}
    answer = site.state_of(chain.ids[1])
    assert (answer["state"], answer["origin"], answer["from"]) == ("revoked", "inherited", root.ids[0])
