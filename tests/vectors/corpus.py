"""A group of vectors, and the file that it becomes."""
import json

import checks
import model
import world
from world_keys import KEYS


class Group:
    """Vectors that belong together. good() registers one that is permitted, bad() one that is not, and its twin."""

    def __init__(self, name, about):
        self.name, self.about = name, about
        self.trees, self.vectors, self.tokens = {}, [], []

    def good(self, short, title, tree, *changes, needs=()):
        """A vector that is permitted; @tree is a case, or the id of a vector to start from."""
        tree = self.trees[tree] if isinstance(tree, str) else tree
        return self._add(short, model.changed(tree, *changes), {"title": title, "fault": None, "faults": 0,
                         "why": None, "twin": None, "differs": []}, expect("ok", None, None), needs)

    def bad(self, short, title, fault, twin, code, hop, member, *changes, because=None, faults=1, why=None, needs=()):
        """A vector that is denied; it differs from @twin by @changes, of which there are @faults."""
        tree = model.changed(self.trees[twin], *changes)
        differs = changed_places(model.places(self.trees[twin], tree), changes)
        assert len(differs) == faults, (self.name, short, differs)
        assert (faults == 1) == (why is None), (self.name, short)
        return self._add(short, tree, {"title": title, "fault": fault, "faults": faults, "why": why,
                         "twin": f"{self.name}-{twin}", "differs": [named(path) for path in differs]},
                         expect(code, hop, member, because), needs)

    def _add(self, short, tree, says, wanted, needs):
        assert short not in self.trees, short
        self.trees[short] = tree
        made, tokens = model.build(tree)
        checks.check_tokens(f"{self.name}-{short}", tokens)
        self.tokens += [token_tree for token_tree, _ in tokens]
        if wanted["decision"] == "permit" and tree["links"]:
            wanted["poa_ids"] = [model.poa_id(link.encode()) for link in made["chain"].split("~")]
        self.vectors.append({"id": f"{self.name}-{short}", **says, "needs": list(needs), **made, "expect": wanted})
        return short

    def document(self):
        """The content of the group's file."""
        policies = {v["policy"]: world.policy_text(v["policy"]) for v in self.vectors}
        keys = {name: key for name, key in KEYS.items() if self._uses(key, policies)}
        document = {"format": 1, "licence": "Apache-2.0", "group": self.name, "about": self.about, "now": model.NOW,
                    "keys": {name: key.private for name, key in keys.items()}, "policies": policies,
                    "vectors": self.vectors}
        checks.check_document(document)
        return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()

    def _uses(self, key, policies):
        """Does a key stand in a policy of the file, sign a token of it, or stand in one as its agent's?"""
        if any(key.jwk.get("x", key.jwk.get("n")) in text for text in policies.values()):
            return True
        return any(t["signer"] == key.name or key.jwk.items() <= agent_jwk(t).items() for t in self.tokens)


def changed_places(found, changes):
    """The places that were changed; every difference found lies in one of them, and each has one."""
    spots = [c.path.removesuffix("/-") for c in changes]
    held = [[place for place in found if within(place, spot) or within(spot, place)] for spot in spots]
    assert all(held) and {p for ps in held for p in ps} == set(found), (found, spots)
    return spots


def within(place, spot):
    return (place + "/").startswith(spot + "/")


def agent_jwk(tree):
    cnf = tree["claims"].get("cnf") if isinstance(tree["claims"], dict) else None
    jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
    return jwk if isinstance(jwk, dict) else {}


def named(path):
    """A place in the tree in the words of the file: a link is a link of the chain."""
    return path.replace("/links", "/chain", 1) if path.startswith("/links") else path


ANY = object()  # where the protocol does not say: the member of `expect` is left out, and not judged


def expect(code, hop, member, because=None):
    wanted = {"decision": "permit" if code == "ok" else "deny", "code": code, "hop": hop, "member": member,
              "because": because}
    return {name: value for name, value in wanted.items() if value is not ANY}
