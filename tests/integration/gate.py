"""An enforcement point that asks the server about the agents who stand before it."""

from client import Caller, device, proof, send, without_none
from scene import POINT_URL

PATH = "/v1/decisions"


class Gate:
    """An enforcement point before which an agent stands."""

    def __init__(self, site, party=None):
        self.site = site
        self.party = party or site.point

    def body(self, chain, key=None, url=POINT_URL + "/enter", method="POST", request=None, proof_claims=None,
             **members):
        """What the agent brought, and what the gate asks about it. The agent's proof is for the gate's own URL."""
        shown = proof(key or chain.agent.key, method, url, chain.text, **(proof_claims or {}))
        usual = {"point": self.party.name, "chain": chain.text, "proof": shown, "method": method, "url": url,
                 "request": request or onboard()}
        return without_none(usual | members)

    def send(self, body, way=None, more=None, **changes):
        """With the gate's own proof, over the whole body; @way is another way to the server."""
        if "commit" in body and "nonce" not in changes:
            changes["nonce"] = Caller(self.site.url, None, self.party.key).nonce()
        made = proof(self.party.key, "POST", self.site.url + PATH, None, body, **changes)
        return send(way or self.site.url, "POST", PATH, body, {"DPoP": made} | (more or {}))

    def ask(self, chain, **members):
        return self.send(self.body(chain, **members))

    def permits(self, chain, **members):
        reply = self.ask(chain, **members)
        assert reply.status == 200 and reply.json["decision"] == "permit", reply
        return reply.json

    def denies(self, code, hop, member, chain, **members):
        reply = self.ask(chain, **members)
        assert reply.status == 200 and reply.json["decision"] == "deny", reply
        assert (reply.json["code"], reply.json["hop"], reply.json["member"]) == (code, hop, member), reply
        return reply.json


def onboard(one=None, location="mine-7/hall-2", **members):
    return {"type": "device_onboarding", "action": "onboard", "location": location, "device": one or device(),
            "evidence": ["device_key"]} | members


def reach(resource=POINT_URL + "/lines/4", action="read"):
    return {"type": "access", "action": action, "resource": resource}
