"""What an administrator may say, over which links, and who may take it back."""

import pytest

from client import DAY, HOUR, Party, administration, claims_of, fresh_jti, now, onboarding, statement, submit
from crew import crew  # noqa: F401  the fixture
from scene import site  # noqa: F401  the fixture


class Bailiff:
    """An administrator: an agent with a chain of its own that grants `administration`."""

    def __init__(self, principal, *powers):
        self.party = Party(f"bailiff-{fresh_jti()}.example")
        self.chain = principal.grant(self.party, list(powers))

    def text(self, op, **target):
        return statement(self.party, op, chain=self.chain.text, **target)


def order(site, bailiff, op, **target):
    text = bailiff.text(op, **target)
    return submit(site.url, text), claims_of(text)["jti"]


@pytest.mark.parametrize("principal, locations, counts", [
    ("owner", ["mine-7"], True),
    ("owner", ["mine-7/hall-2", "mine-7/hall-3"], False),
    ("steward", ["mine-7"], True),
    ("steward", ["mine-7/hall-2"], False),
    ("second", ["mine-7/yard"], False),
])
def test_the_reach_of_an_administrator(crew, principal, locations, counts):
    """Over the links of its own owner, or of all where the policy says so, when it covers all their locations."""
    bailiff = Bailiff(getattr(crew.site, principal), administration(actions=["revoke"], locations=locations))
    reply, _ = order(crew.site, bailiff, "revoke", poa=crew.ids()[1])
    if principal == "second":
        assert (reply.status, reply.code) == (403, "statement_unauthorized"), reply
        assert reply.reason["because"] == "ceiling_exceeded", reply
    else:
        assert reply.status == 201, reply
    if counts:
        crew.is_refused("revoked", 1)
    else:
        crew.works()


def test_an_administrator_over_one_hall(crew):
    here = crew.root.grant(crew.crew, [onboarding(locations=["mine-7/hall-2/bay-4"])])
    bailiff = Bailiff(crew.owner, administration(actions=["suspend"], locations=["mine-7/hall-2"]))
    reply, _ = order(crew.site, bailiff, "suspend", poa=here.ids[1])
    assert reply.status == 201, reply
    crew.is_refused("suspended", 1, chain=here)
    crew.works(crew.root)


def test_an_administrator_has_the_power_it_uses(crew):
    bailiff = Bailiff(crew.owner, administration(actions=["suspend", "resume"]))
    reply, _ = order(crew.site, bailiff, "revoke", poa=crew.ids()[0])
    assert (reply.status, reply.code) == (403, "statement_unauthorized"), reply
    assert (reply.reason["because"], reply.reason["member"]) == ("action_not_granted", "/chain"), reply
    none = Bailiff(crew.owner, onboarding())
    reply, _ = order(crew.site, none, "revoke", poa=crew.ids()[0])
    assert reply.reason["because"] == "action_not_granted", reply
    crew.works()


def test_an_administrators_chain_is_judged(crew):
    """Steps 1 to 8, when the statement comes."""
    dead = Bailiff(crew.owner, administration())
    crew.says(crew.owner, "revoke", poa=dead.chain.ids[0])
    reply, _ = order(crew.site, dead, "revoke", poa=crew.ids()[0])
    assert (reply.code, reply.reason["because"]) == ("statement_unauthorized", "revoked"), reply
    old = Bailiff(crew.owner)
    old.chain = crew.owner.grant(old.party, [administration()], iat=now() - DAY, exp=now() - HOUR)
    reply, _ = order(crew.site, old, "revoke", poa=crew.ids()[0])
    assert (reply.code, reply.reason["because"]) == ("statement_unauthorized", "expired"), reply
    stolen = Bailiff(crew.owner, administration())
    stolen.party = Party(stolen.party.name)
    reply, _ = order(crew.site, stolen, "revoke", poa=crew.ids()[0])
    assert (reply.code, reply.reason["because"]) == ("statement_unauthorized", "kid_mismatch"), reply
    crew.works()


def test_an_administrators_hold_is_lifted_by_an_administrator_alone(crew):
    bailiff = Bailiff(crew.site.steward, administration())
    reply, hold = order(crew.site, bailiff, "suspend", poa=crew.ids()[1])
    assert reply.status == 201, reply
    crew.is_refused("suspended", 1)
    crew.says(crew.owner, "resume", hold=hold)
    crew.says(crew.contractor, "resume", crew.leaf, hold=hold)
    crew.says(bailiff.party, "resume", bailiff.chain, hold=hold)
    crew.is_refused("suspended", 1)
    narrow = Bailiff(crew.site.steward, administration(locations=["mine-7/hall-2"]))
    assert order(crew.site, narrow, "resume", hold=hold)[0].status == 201
    crew.is_refused("suspended", 1)
    colleague = Bailiff(crew.owner, administration(actions=["resume"]))
    assert order(crew.site, colleague, "resume", hold=hold)[0].status == 201
    crew.works()


def test_what_an_administrator_said_outlives_its_chain(crew):
    bailiff = Bailiff(crew.owner, administration())
    reply, _ = order(crew.site, bailiff, "suspend", poa=crew.ids()[1])
    assert reply.status == 201, reply
    crew.says(crew.owner, "revoke", poa=bailiff.chain.ids[0])
    crew.is_refused("suspended", 1)
