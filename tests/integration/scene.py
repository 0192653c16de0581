"""A site with its owners, its agents and its running server: one for a file of tests.

    from scene import site
"""

import contextlib
import copy
import json

import pytest

import client
from client import DAY, SITE, Party, administration, onboarding, pinned
from poa_cli import Cli
from server import Site, run, wait_until

PROXY = "127.0.0.9"
POINT_URL = "https://gate.mine-7.example"
FORWARD_URL = "https://plc.mine-7.example"


class Scene:
    """The cast, the policy that pins its owners, and the server under it."""

    # What the second owner may grant, and no more.
    YARD = onboarding(locations=["mine-7/yard"])

    def __init__(self, folder, environment=None):
        self.owner = Party("https://owner.example")
        self.second = Party("https://second.example", "ES384")
        self.steward = Party(SITE)
        self.contractor = Party("contractor.example")
        self.technician = Party("technician-17.example", "EdDSA")
        self.point = Party("gate-1")
        self.made = Site(folder / "site", SITE, ["mine-7"])
        self.folder = folder
        self.url = self.made.url
        self.policy_file = self.made.policy
        self.ca_file = self.made.ca
        self.cli = Cli(folder)
        self.policy = json.loads(self.policy_file.read_text())
        self.answer_key = self.policy["answer_keys"][0]
        self.made.edit(self.made.config, self._configure)
        self.policy["owners"] = self._owners()
        self._write(self.policy)
        self.environment = environment
        self.begin()

    def _configure(self, config):
        config["trusted_proxies"] = [PROXY]
        config["forward_urls"] = [FORWARD_URL]
        config["enforcement_points"] = [{"name": self.point.name, "key": self.point.key.jwk, "urls": [POINT_URL]}]

    def _owners(self):
        every = onboarding(actions=["onboard", "reestablish", "replace", "suspend", "resume", "decommission", "read"])
        more = {"type": "access", "actions": ["read", "write"], "resources": [FORWARD_URL, POINT_URL]}
        return [pinned(self.owner, [every, every | {"effect": "permanent"}, more, administration()]),
                pinned(self.second, [self.YARD], max_links=2, max_lifetime=DAY),
                pinned(self.steward, [administration()], administers="all")]

    # ---- the policy ----

    def _write(self, policy):
        self.policy_file.write_text(json.dumps(policy, indent=1))

    def reload(self):
        """SIGHUP; was it taken?"""
        return self.server.hang_up()["event"] == "reload"

    def take(self, policy):
        self._write(policy)
        assert self.reload(), self.server.text()[-2000:]

    @contextlib.contextmanager
    def policy_with(self, **members):
        """The policy with other members for a while."""
        self.take(self.policy | members)
        try:
            yield
        finally:
            self.take(self.policy)

    def add_owner(self, **pin):
        """One more owner, who may grant what the first may; @pin goes beside its key."""
        owner = Party(f"https://owner-{client.fresh_jti()}.example")
        entry = pinned(owner, copy.deepcopy(self.policy["owners"][0]["powers"]))
        entry["keys"][0].update(pin)
        self.policy["owners"].append(entry)
        self.take(self.policy)
        return owner

    # ---- the server ----

    def begin(self):
        """A process whose clients need no nonce to read."""
        self.server = self.made.start(env=self.environment).outlive_its_first_second()

    def log_of(self, reply):
        """The log line about the request that this reply refused."""
        name = reply.json["request_id"]

        def found():
            return [json.loads(line) for line in self.server.text().splitlines() if f'"{name}"' in line]

        return wait_until(found, "the log line")[0]

    def state_of(self, poa_id):
        return client.state_of(self.url, poa_id, self.answer_key)

    def restart(self, kill=False):
        """The same site, a new process; it is in its first second."""
        if kill:
            self.server.kill()
        else:
            assert self.server.stop() == 0, self.server.text()[-2000:]
        self.server = self.made.start(env=self.environment)

    # ---- the end ----

    def audit(self, *args):
        done = run("audit", "--config", self.made.config, *args)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def end(self):
        """The server ends as it should, no log has a secret, and the audit has each change that was acknowledged."""
        if self.server.process.poll() is None:
            assert self.server.stop() == 0, self.server.text()[-2000:]
        logs = [log.read_text() for log in self.made.folder.glob("log-*")]
        for secret in client.SECRETS:
            assert not any(secret in text for text in logs), "a token or a private key stands in a log"

        entries = self.audit()
        (chained,) = self.audit("--verify")
        assert chained["broken"] is None and chained["entries"] == len(entries)
        audited = {entry["request"] for entry in entries}
        lines = [json.loads(line) for text in logs for line in text.splitlines(keepends=True) if line.endswith("\n")]
        changes = [line for line in lines if line.get("status") == 201 and line["route"] != "/v1/challenges"]
        missing = [line for line in changes if line["request_id"] not in audited]
        assert not missing, "acknowledged and not in the audit"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One for all tests of a file."""
    scene = Scene(tmp_path_factory.mktemp("scene"))
    try:
        yield scene
        scene.end()
    finally:
        if scene.server.process.poll() is None:
            scene.server.kill()
