"""The audit: what was changed, by whom, under which policy, on which proof."""

import hashlib
import json
import subprocess

import pytest

from client import (Caller, Key, b64, certificates, device, fresh_jti, id_of, onboarding, statement, submit)
from gate import Gate
from scene import site  # noqa: F401  the fixture
from server import BINARY, environment, wait_until


class Book:
    """The entries of a server that is stopped."""

    def __init__(self, site):
        assert site.server.stop() == 0
        self.site = site
        self.entries = [json.loads(line) for line in self.read()]

    def read(self, *args):
        done = subprocess.run([BINARY, "audit", "--config", self.site.made.config, *args], capture_output=True,
                              env=environment(), timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def text(self, digest):
        return b"\n".join(self.read("--text", digest))

    def of(self, **members):
        return [entry for entry in self.entries if entry.items() >= members.items()]


@pytest.fixture(scope="module")
def acts(site):
    """One of each change, and things that are none."""
    said = {"chain": site.owner.grant(site.contractor, [onboarding()]).grant(site.technician), "key": Key(),
            "device": device(), "commit": fresh_jti(), "jti": fresh_jti()}
    caller = said["caller"] = Caller(site.url, said["chain"])
    said["first"] = caller.onboard(said["device"], key=said["key"], jti=said["jti"])
    said["again"] = caller.onboard(said["device"], key=said["key"])
    caller.onboard(said["device"])
    caller.get("/v1/devices")
    said["registered"] = site.owner.grant(site.contractor, [onboarding()])
    said["poas"] = Caller(site.url, said["registered"]).post("/v1/poas")
    request = Gate(site).body(said["chain"])["request"]
    for commit in (None, said["commit"], said["commit"]):
        assert Gate(site).ask(said["chain"], request=request, commit=commit).json["decision"] == "permit"
    said["statement"] = statement(site.owner, "revoke", poa=said["chain"].ids[0])
    said["revoked"] = submit(site.url, said["statement"])
    caller.onboard()
    reader = Caller(site.url, said["registered"])
    path = f"/v1/devices/{said['first'].json['device']['id']}"
    wait_until(lambda: reader.get(path).json["state"] == "review", "what the statement does to the device")
    said["policy"] = site.policy_file.read_bytes()
    with site.policy_with(onboarding={"approval": "always"}):
        said["other_policy"] = site.policy_file.read_bytes()
    return said


@pytest.fixture(scope="module")
def book(site, acts):
    return Book(site)


def test_what_is_noted_and_what_is_not(book):
    """Changes, in the order in which they were made; a refusal and a read are in the log alone."""
    kinds = [entry["kind"] for entry in book.entries]
    loads = [kind for kind in kinds if kind.startswith("policy")]
    assert len(loads) == 3, "at the start, the other one, and the first again"
    assert [kind for kind in kinds if not kind.startswith("policy")] == [
        "onboarding", "onboarding.repeated", "registration", "decision", "statement", "device.review"]
    assert [entry["seq"] for entry in book.entries] == list(range(1, len(kinds) + 1))
    assert {entry["code"] for entry in book.entries} == {"ok"}


def test_the_entry_of_a_device(book, acts):
    record = acts["first"].json["device"]
    one, again, reviewed = book.of(device=record["id"])
    assert one["poas"] == acts["chain"].ids and one["proof_jti"] == acts["jti"]
    assert one["certificate_serial"].lower() == record["certificate_serial"]
    assert int(one["certificate_serial"], 16) == certificates(acts["first"].json["certificate"])[0].serial_number
    assert one["policy"] == b64(hashlib.sha256(acts["policy"]).digest())
    assert again["kind"] == "onboarding.repeated" and again["certificate_serial"] == one["certificate_serial"]
    assert again["proof"] != one["proof"]
    assert reviewed["kind"] == "device.review" and reviewed["poas"] == acts["chain"].ids[:1]
    assert reviewed["reason"] == {"cause": "poa_revoked", "by": "server"} and reviewed["proof"] is None


def test_texts_are_kept_once_by_their_hash(book, acts):
    one, *_ = book.of(device=acts["first"].json["device"]["id"])
    assert one["chain"] == b64(hashlib.sha256(acts["chain"].text.encode()).digest())
    assert book.text(one["chain"]) == acts["chain"].text.encode()
    assert book.text(one["policy"]) == acts["policy"].rstrip(b"\n")
    other = b64(hashlib.sha256(acts["other_policy"]).digest())
    assert book.of(policy=other) and book.text(other) == acts["other_policy"].rstrip(b"\n")


def test_the_entry_of_a_statement_and_of_a_commit(book, acts):
    assert acts["revoked"].status == 201
    (revoked,) = book.of(kind="statement")
    assert revoked["statement"] == id_of(acts["statement"]) and revoked["device"] is None
    (decided,) = book.of(kind="decision")
    assert decided["poas"] == acts["chain"].ids and decided["chain"]
    (registered,) = book.of(kind="registration")
    assert acts["registered"].ids == acts["poas"].json["poas"] == registered["poas"]


def test_each_entry_has_the_hash_of_the_one_before(book):
    before = [entry["previous"] for entry in book.entries]
    assert before[0] is None and len(set(before)) == len(before)
    (told,) = (json.loads(line) for line in book.read("--verify"))
    assert told["broken"] is None and told["entries"] == len(before) and told["head"] not in before
