"""challenge, onboard and submitted statements against the real server, and against one that misbehaves."""

import base64
import json
import subprocess

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


class Technician(Story):
    """With a chain, a device and a device's key."""

    serial = 1000

    def __init__(self, folder, server):
        super().__init__(folder)
        self.server = server
        self.root("--on-revoke", "review", powers=("--action", "onboard,read", "--location", "mine-7", "--device",
                                                   "manufacturer=Acme,serial=SN-1*", "--max-devices", "20", "--effect",
                                                   "until_exp"))
        self.sub("--location", "mine-7/hall-2", "--effect", "until_exp")
        self.key("device")
        Technician.serial += 1
        self.device = {"manufacturer": "Acme", "model": "XY-1", "serial": f"SN-1{Technician.serial}"}
        self.write("device.json", json.dumps(self.device))

    def onboard_args(self, *more, **changes):
        args = {"server": self.server.url, "chain": "technician.poa", "key": "technician.key",
                "location": "mine-7/hall-2", "device": "device.json", "device_key": "device.key"}
        args.update(changes)
        words = ["onboard"]
        for name, value in args.items():
            if value is not None:
                words += ["--" + name.replace("_", "-"), value]
        return [*words, *more]


@pytest.fixture
def cli(tmp_path, server):
    return Technician(tmp_path, server)


def subject_key(cli, pem):
    done = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], input=pem.encode(), capture_output=True, check=True)
    return done.stdout.decode()


# ---- the real server ----


def test_a_challenge(cli):
    nonce = cli.ok("challenge", "--server", cli.server.url).out
    assert nonce.count("\n") == 1 and len(nonce) > 20
    facts = cli.ok("challenge", "--server", cli.server.url + "/", "--json").json
    assert set(facts) == {"nonce", "expires_in"} and facts["expires_in"] == 300 and facts["nonce"] != nonce.strip()


def test_a_device_comes_in_once(cli, site):
    told = cli.ok(*cli.onboard_args("-o", "device.pem"))
    assert told.out == "" and "is in" in told.err
    pem = cli.read("device.pem")
    done = subprocess.run(["openssl", "verify", "-CAfile", site.ca, cli.folder / "device.pem"], capture_output=True)
    assert done.returncode == 0, done
    assert subject_key(cli, pem) == cli.ok("key", "public", "device.key", "--pem").out
    again = cli.ok(*cli.onboard_args())
    assert again.out == pem and "was in already" in again.err
    assert "--force" in cli.fails(2, *cli.onboard_args("-o", "device.pem")).err
    facts = cli.ok(*cli.onboard_args("--json")).json
    assert facts["certificate"] == pem and facts["device"]["serial"] == cli.device["serial"]


def test_a_device_that_is_typed(cli):
    typed = f"manufacturer=Acme,model=XY-1,serial={cli.device['serial']}"
    assert "BEGIN CERTIFICATE" in cli.ok(*cli.onboard_args(device=typed)).out


def csr(cli, nonce, form="PEM"):
    cli.write("csr.cnf", f"[req]\nprompt=no\ndistinguished_name=dn\nattributes=at\n[dn]\nserialNumber="
              f"{cli.device['serial']}\n[at]\nchallengePassword={nonce}\n")
    subprocess.run(["openssl", "req", "-new", "-key", "device.key", "-config", "csr.cnf", "-outform", form, "-out",
                    "device.csr"], cwd=cli.folder, check=True, capture_output=True)


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_a_request_that_the_device_made(cli, form):
    nonce = cli.ok("challenge", "--server", cli.server.url).out.strip()
    csr(cli, nonce, form)
    args = cli.onboard_args("--csr", "device.csr", device_key=None)
    assert "--nonce" in cli.fails(2, *args).err
    assert "is not the nonce" in cli.fails(2, *args, "--nonce", "another").err
    assert "BEGIN CERTIFICATE" in cli.ok(*args, "--nonce", nonce).out
    used = cli.fails(4, *args, "--nonce", nonce)
    assert "nonce_invalid" in used.err and "for a new certificate request" in used.err


def test_a_nonce_that_is_over_is_replaced(cli):
    """With the device's key at hand the certificate request is made anew for the nonce that the server wants."""
    assert "BEGIN CERTIFICATE" in cli.ok(*cli.onboard_args("--nonce", "A" * 40)).out


@pytest.mark.parametrize("changes, code, exit_code, hop", [
    ({"location": "mine-7/hall-3"}, "location_not_granted", 7, 1),
    ({"location": "mine-8"}, "location_not_granted", 7, 0),
    ({"device": "manufacturer=Acme,serial=SN-2"}, "device_not_granted", 7, 0),
    ({"location": "../x"}, "claim_type", 3, None),
])
def test_denials_have_the_whole_reason(cli, changes, code, exit_code, hop):
    refused = cli.fails(exit_code, *cli.onboard_args(**changes))
    assert f"poa: {code} at" in refused.err and "hint:" in refused.err and "request:" in refused.err
    assert (f"at link {hop}" in refused.err) == (hop is not None)


def test_another_device_of_the_same_name(cli):
    cli.ok(*cli.onboard_args())
    cli.ok("key", "new", "-o", "device.key", "--force")
    assert "device_exists" in cli.fails(7, *cli.onboard_args()).err


def test_the_wrong_key_is_not_even_sent(cli):
    before = len(cli.server.requests())
    assert "proof_key_mismatch" in cli.fails(4, *cli.onboard_args(key="contractor.key")).err
    assert [line for line in cli.server.requests()[before:] if line["route"] != "/v1/challenges"] == []


def test_a_revocation_counts_at_once(cli):
    cli.ok(*cli.onboard_args())
    told = cli.ok("revoke", "--key", "owner.key", "--chain", "technician.poa", "--hop", "0", "--reason",
                  "keyCompromise", "--server", cli.server.url, "--json")
    assert told.json["server"]["epoch"] >= 1 and "the server counts it" in told.err
    refused = cli.fails(6, *cli.onboard_args(device="manufacturer=Acme,serial=SN-19"))
    assert "poa: revoked at link 0" in refused.err


def test_a_suspension_and_its_end(cli):
    cli.ok("suspend", "--key", "contractor.key", "--chain", "technician.poa", "--server", cli.server.url, "-o", "hold")
    assert "suspended at link 1" in cli.fails(6, *cli.onboard_args()).err
    # The agent below the hold has no say in lifting it.
    cli.run("resume", "--key", "technician.key", "--statement", "hold", "--chain", "technician.poa", "--server",
            cli.server.url)
    assert "suspended at link 1" in cli.fails(6, *cli.onboard_args()).err
    cli.ok("resume", "--key", "contractor.key", "--statement", "hold", "--chain", "technician.poa", "--server",
           cli.server.url)
    cli.ok(*cli.onboard_args())


def test_a_statement_without_standing_is_refused_and_kept(cli):
    cli.key("stranger")
    refused = cli.run("revoke", "--key", "stranger.key", "--chain", "technician.poa", "--server", cli.server.url)
    assert refused.code == 4 and "statement_unauthorized" in refused.err
    assert refused.out.count(".") == 2


def test_curl_takes_the_headers(cli):
    url = cli.server.url + "/v1/devices"
    cli.write("headers", cli.ok("prove", "technician.poa", "--key", "technician.key", "--method", "GET", "--url",
                                url).out)
    done = subprocess.run(["curl", "-s", "-H", "@headers", url], cwd=cli.folder, capture_output=True, timeout=30)
    assert done.returncode == 0 and "devices" in json.loads(done.stdout), done


# ---- nobody there, or somebody else ----


def test_a_server_that_is_not_there(cli):
    for args in (["challenge", "--server", "http://127.0.0.1:1"], cli.onboard_args(server="http://127.0.0.1:1")):
        assert "cannot be reached" in cli.fails(9, *args).err
    told = cli.run("revoke", "--key", "owner.key", "--chain", "technician.poa", "--server", "http://127.0.0.1:1")
    assert told.code == 9 and told.out.count(".") == 2


@pytest.mark.parametrize("url, says", [
    ("poa.example", "https://"), ("ftp://127.0.0.1/", "https://"), ("file:///etc/passwd", "https://"),
    ("http://poa.example", "--server https://poa.example"), ("http://user:pw@127.0.0.1", "no user"),
    ("http://127.0.0.1?x=1", "query"), ("http://127.0.0.1#x", "fragment"), ("http://127.0.0.1.example", "https://"),
])
def test_urls_that_are_not_spoken_to(cli, url, says):
    refused = cli.fails(2, "challenge", "--server", url)
    assert says in refused.err and "pw@" not in refused.err
