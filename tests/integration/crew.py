"""A chain of three of its own for each test about revocation.

    from crew import crew
"""

import pytest

from client import Caller, Key, Party, claims_of, fresh_jti, id_of, onboarding, statement, submit

READ = "/v1/devices"


class Crew:
    """A chain of three of its own for each test: owner, contractor, crew, technician. Keys serve for one test only."""

    def __init__(self, site):
        self.site = site
        self.owner = site.owner
        self.contractor, self.crew, self.technician, self.sibling, self.nephew = (
            Party(f"{name}-{fresh_jti()}.example")
            for name in ("contractor", "crew", "technician", "sibling", "nephew"))
        self.root = self.owner.grant(self.contractor, [onboarding()])
        self.middle = self.root.grant(self.crew)
        self.leaf = self.middle.grant(self.technician)
        self.beside = self.root.grant(self.sibling)
        self.below = self.beside.grant(self.nephew)

    def ids(self):
        return self.leaf.ids

    def asks(self, chain=None):
        return Caller(self.site.url, chain or self.leaf).get(READ)

    def works(self, chain=None):
        reply = self.asks(chain)
        assert reply.status == 200, reply

    def is_refused(self, code, hop, member=None, chain=None):
        reply = self.asks(chain)
        assert reply.status == 401, reply
        assert (reply.code, reply.reason["hop"], reply.reason["member"]) == (code, hop, member), reply
        thief = Caller(self.site.url, chain or self.leaf, Key()).get(READ)
        assert (thief.status, thief.reason) == (401, {"code": code}), "a stranger learns no more than the code"

    def says(self, signer, op, chain=None, **target):
        """A statement that the server takes; gives its jti, which names a hold."""
        text = statement(signer, op, **target)
        reply = submit(self.site.url, text, chain)
        assert reply.status == 201, reply
        assert reply.json["statement"] == id_of(text)
        return claims_of(text)["jti"]

    def may_not(self, signer, op, chain=None, **target):
        reply = submit(self.site.url, statement(signer, op, **target), chain)
        assert (reply.status, reply.code) == (403, "statement_unauthorized"), reply


@pytest.fixture
def crew(site):
    made = Crew(site)
    made.works()
    made.works(made.below)
    return made
