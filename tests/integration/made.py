"""A site that knows a maker: one for a file of tests.

    from made import maker, site
"""

import pytest

from client import Caller, Party, fresh_jti
from makers import Maker
from scene import Scene


@pytest.fixture(scope="module")
def maker():
    return Maker()


@pytest.fixture(scope="module")
def site(tmp_path_factory, maker):
    scene = Scene(tmp_path_factory.mktemp("scene"))
    scene.policy["manufacturers"] = [maker.policy()]
    scene.take(scene.policy)
    try:
        yield scene
        scene.end()
    finally:
        if scene.server.process.poll() is None:
            scene.server.kill()


def party():
    return Party(f"agent-{fresh_jti()}.example")


def under(site, *powers, **claims):
    """An agent with a chain of one link, of these powers."""
    return Caller(site.url, site.owner.grant(party(), list(powers), **claims))


def bring(caller, thing, **members):
    """Online; members change the body's own."""
    nonce = caller.nonce()
    return caller.post("/v1/onboardings", thing.body(caller.chain, nonce, **members), nonce=nonce)


def brought_in(reply, status=201):
    assert reply.status == status, reply
    return reply.json["device"]


def assert_refused(reply, status, code, **reason):
    assert (reply.status, reply.code) == (status, code), reply
    assert reply.reason.items() >= reason.items(), reply
