"""poa-authz-server init and --dev: a site from nothing, that works as its own words say."""

import json
import pathlib
import re
import signal
import stat
import subprocess

import pytest
import requests
from jwcrypto import jwk

from poa_cli import Cli
from server import BINARY, Site, environment, free_port, run, wait_until

FILES = ["administrator.jwk", "administrator.key", "answer.key", "ca.key", "ca.pem", "policy.json", "site.json"]


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def names(folder):
    return sorted(path.name for path in pathlib.Path(folder).iterdir())


# ---- init ----


def test_init_makes_a_site_that_starts(cli, tmp_path):
    site = Site(tmp_path / "site")
    assert names(site.folder) == FILES
    assert stat.S_IMODE(site.folder.stat().st_mode) == 0o700
    for name in FILES:
        assert stat.S_IMODE((site.folder / name).stat().st_mode) == (0o600 if name.endswith(".key") else 0o644)
    assert "valid: a policy of mine.example" in cli.ok("policy", "check", site.policy).out
    with site.start() as server:
        assert requests.get(server.url + "/readyz").status_code == 200


def test_init_makes_keys_that_others_read(tmp_path):
    site = Site(tmp_path / "site")
    policy = json.loads(site.policy.read_text())
    administrator = jwk.JWK.from_pem(site.administrator_key.read_bytes())
    (owner,) = policy["owners"]
    assert owner["iss"] == "mine.example" and owner["administers"] == "all"
    assert jwk.JWK(**owner["keys"][0]["jwk"]).thumbprint() == administrator.thumbprint()
    answer = jwk.JWK.from_pem((site.folder / "answer.key").read_bytes())
    assert [jwk.JWK(**key).thumbprint() for key in policy["answer_keys"]] == [answer.thumbprint()]
    checked = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", site.ca, site.ca], capture_output=True)
    assert checked.returncode == 0, checked.stderr


def test_init_pins_owners(cli, tmp_path):
    thumbprints = {"owner.example": cli.key("owner"), "other.example": cli.key("other")}
    site = Site(tmp_path / "site", locations=["mine-7", "mine-8/hall"],
                owners={"owner.example": tmp_path / "owner.jwk", "other.example": tmp_path / "other.jwk"})
    site_itself, *owners = json.loads(site.policy.read_text())["owners"]
    assert {owner["iss"]: jwk.JWK(**owner["keys"][0]["jwk"]).thumbprint() for owner in owners} == thumbprints
    assert site_itself["administers"] == "all"
    for owner in owners:
        assert owner["administers"] == "own"
        assert all(power["locations"] == ["mine-7", "mine-8/hall"] for power in owner["powers"])


def test_init_never_overwrites(tmp_path):
    site = Site(tmp_path / "site")
    before = {name: (site.folder / name).read_bytes() for name in FILES}
    again = run("init", "--site", "mine.example", site.folder)
    assert again.returncode == 2
    assert "never overwritten" in again.stderr
    assert {name: (site.folder / name).read_bytes() for name in names(site.folder)} == before


@pytest.mark.parametrize("there", FILES)
def test_init_takes_back_what_it_wrote(tmp_path, there):
    """A file in the way of any of them: the others are not left behind."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / there).write_text("mine")
    assert run("init", "--site", "mine.example", folder).returncode == 2
    assert names(folder) == [there]
    assert (folder / there).read_text() == "mine"


@pytest.mark.parametrize("args, told", [
    (["site"], "--site ID is missing"),
    (["--site", "", "site"], "--site ID is missing"),
    (["--site", "mine.example"], "directory of the site is missing"),
    (["--site", "mine.example", "a", "b"], "one argument too many"),
    (["--site", "mine.example", "--listen", "localhost:80", "site"], "--listen wants an IP address"),
    (["--site", "mine.example", "--listen", "0.0.0.0:80", "site"], "give --certificate and --key"),
    (["--site", "mine.example", "--listen", "127.0.0.1:0", "site"], "--public-url is wanted"),
    (["--site", "mine.example", "--certificate", "x", "site"], "--certificate and --key go together"),
    (["--site", "mine.example", "--location", "/mine", "site"], "--location wants a site path"),
    (["--site", "mine.example", "--owner", "owner.example", "site"], "--owner wants ISS=FILE"),
    (["--site", "mine.example", "--owner", "owner.example=nowhere.jwk", "site"], "nowhere.jwk: No such file"),
    (["--site", "mine.example", "--ownr", "x", "site"], "did you mean --owner?"),
    (["--site", "mine.example", "nowhere/site"], "No such file or directory"),
])
def test_init_refuses(tmp_path, args, told):
    done = run("init", *args, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert names(tmp_path) == []


def test_init_refuses_a_private_key_of_an_owner(cli, tmp_path):
    cli.key("owner")
    private = jwk.JWK.from_pem((tmp_path / "owner.key").read_bytes())
    (tmp_path / "private.jwk").write_text(private.export_private())
    done = run("init", "--site", "mine.example", "--owner", "owner.example=private.jwk", "site", cwd=tmp_path)
    assert done.returncode == 2 and "private.jwk" in done.stderr
    assert not (tmp_path / "site").exists()


def test_init_refuses_a_site_that_would_not_start(cli, tmp_path):
    """The site's own id as that of an owner: no iss stands twice in a policy."""
    cli.key("owner")
    done = run("init", "--site", "mine.example", "--owner", "mine.example=owner.jwk", "site", cwd=tmp_path)
    assert done.returncode == 2
    assert "/owners/1/iss" in done.stderr


def commands_in(text):
    """What a text says to type: its lines that begin with two blanks and a program, continued ones joined."""
    joined = text.replace("\\\n", " ")
    return re.findall(r"^  ((?:poa|poa-authz-server) [^\n]+)$", joined, re.M)


def type_it(command, cwd):
    path = f"{BINARY.parent}:{BINARY.parent.parent / 'cli'}:/usr/bin:/bin"
    return subprocess.run(["/bin/bash", "-c", command], cwd=cwd, env=environment({"PATH": path}), capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, start_new_session=True, timeout=60)


def test_what_init_says_works_as_it_stands(tmp_path):
    """From nothing to a policy with an owner and a checked configuration, by typing what it prints."""
    told = run("init", "--site", "mine.example", "--location", "mine-7", "site", cwd=tmp_path).stdout
    commands = commands_in(told)
    assert [command.split()[:3] for command in commands][:2] == [["poa", "key", "new"], ["poa", "policy", "new"]]
    serve = [command for command in commands if " serve " in command]
    assert len(serve) == 1
    for command in commands:
        if command not in serve:
            done = type_it(command, tmp_path)
            assert done.returncode == 0, (command, done.stderr)
    owners = json.loads((tmp_path / "site" / "policy.json").read_text())["owners"]
    assert [owner["iss"] for owner in owners] == ["mine.example", "owner.example"]


# ---- --dev ----


class Dev:
    """A running --dev server, and what it printed."""

    def __init__(self, folder):
        self.folder = folder
        self.out = folder / "dev.out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen([BINARY, "--dev", "--listen", f"127.0.0.1:{free_port()}"], stdout=out,
                                            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                            env=environment({"TMPDIR": str(folder)}), start_new_session=True)
        wait_until(lambda: "poa revoke" in self.out.read_text() or self.process.poll() is not None, "the banner")
        self.told = self.out.read_text()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def test_dev_works_as_its_banner_says(tmp_path):
    dev = Dev(tmp_path)
    try:
        (home,) = tmp_path.glob("poa-dev-*")
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        url = re.search(r"server +(http://\S+)", dev.told)[1]
        assert requests.get(url + "/readyz").status_code == 200
        work = tmp_path / "work"
        work.mkdir()
        commands = commands_in(dev.told)
        assert [command.split()[1] for command in commands] == ["key", "grant", "verify", "key", "onboard", "revoke"]
        for command in commands:
            done = type_it(command, work)
            assert done.returncode == 0, (command, done.stderr)
        trusted = subprocess.run(["openssl", "verify", "-CAfile", home / "ca.pem", work / "device.pem"])
        assert trusted.returncode == 0
        # The same device after the revocation, by the same words: refused, with the reason.
        again = type_it(commands[4] + " --force", work)
        assert again.returncode == 6 and "revoked" in again.stderr
    finally:
        assert dev.stop() == 0
    assert list(tmp_path.glob("poa-dev-*")) == []


@pytest.mark.parametrize("address, told", [
    ("0.0.0.0:0", "on this machine alone"),
    ("[::]:0", "on this machine alone"),
    ("here", "wants an IP address"),
])
def test_dev_is_for_this_machine_alone(tmp_path, address, told):
    done = run("--dev", "--listen", address, env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 2 and told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_listen_goes_with_dev(tmp_path):
    site = Site(tmp_path / "site")
    done = run("serve", "--config", site.config, "--listen", "127.0.0.1:1")
    assert done.returncode == 2 and "--dev" in done.stderr
