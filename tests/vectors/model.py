"""What a vector is made of: tokens, chains, cases, and changes of one place in them.

A case is a tree of dictionaries and lists from which the bytes are built. A vector is a case whose tree differs from
its twin's in one place, so that "one fault" is counted and not believed. Values that follow from others (`par_hash`,
`kid`, `alg`, `ath`) stand in the tree as markers and follow by themselves.
"""
from jose import b64, dumps, sha256
from world_keys import KEYS

NOW = 1790000000  # 2026-09-21, a Monday, 14:13:20 UTC


class Marker:
    """A value that is known only when the bytes are made."""

    def __init__(self, name, *args):
        self.name, self.args = name, args

    def __repr__(self):
        return f"{self.name}{self.args}"

    def __eq__(self, other):
        return isinstance(other, Marker) and (self.name, self.args) == (other.name, other.args)

    __hash__ = None


KID = Marker("KID")        # thumbprint of the signer's key
ALG = Marker("ALG")        # the usual algorithm of the signer's key
PARENT = Marker("PARENT")  # PoA id of the link above
ATH = Marker("ATH")        # hash of the chain text
BH = Marker("BH")          # hash of the body
GONE = Marker("GONE")      # no such member


def poa_id_of(hop):
    return Marker("ID", hop)


def escaped(name):
    """A member's name as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(step):
    return step.replace("~1", "/").replace("~0", "~")


def fresh(tree):
    """A copy in which no two places share an object, so that a change of one is a change of one."""
    if isinstance(tree, dict):
        return {name: fresh(value) for name, value in tree.items()}
    return [fresh(value) for value in tree] if type(tree) is list else tree


class Change:
    """Put a value at a place such as /links/1/claims/exp; GONE takes away what is there, and `-` ends a list."""

    def __init__(self, path, value):
        *self.way, self.last = (unescaped(name) for name in path[1:].split("/"))
        self.path, self.value = path, value

    def apply(self, case):
        here = case
        for step in self.way:
            here = here[int(step)] if isinstance(here, list) else here[step]
        last = int(self.last) if isinstance(here, list) and self.last != "-" else self.last
        if last == "-" and isinstance(here, list):
            here.append(self.made(None))
        elif self.value is GONE:
            del here[last]
        else:
            here[last] = self.made(here[last] if isinstance(here, list) else here.get(last))

    def made(self, _old):
        return fresh(self.value)


at = Change


class edit(Change):
    """As at(), but the value is what a function makes of the old one."""

    def made(self, old):
        return self.value(old)


def gone(path):
    return Change(path, GONE)


def warp(hop, stage, function):
    """Spoil one token on its way to text; @stage is one of build_token()'s."""
    return Change(f"/links/{hop}/warp/{stage}", function)


def changed(case, *changes):
    case = fresh(case)
    for change in changes:
        change.apply(case)
    return case


def places(a, b, path=""):
    """The places in which two trees differ, as JSON pointers."""
    if isinstance(a, dict) and isinstance(b, dict):
        found = []
        for name in list(a) + [n for n in b if n not in a]:
            where = f"{path}/{escaped(name)}"
            found += places(a[name], b[name], where) if name in a and name in b else [where]
        return found
    if isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            return [path]
        return [p for i, (x, y) in enumerate(zip(a, b)) for p in places(x, y, f"{path}/{i}")]
    return [] if type(a) is type(b) and a == b else [path]


def token(signer, typ, claims):
    return {"signer": signer, "header": {"typ": typ, "alg": ALG, "kid": KID}, "claims": claims, "warp": {}}


def resolve(value, facts):
    if isinstance(value, Marker):
        found = facts[value.name]
        return found(*value.args) if callable(found) else found
    if isinstance(value, dict):
        return {name: resolve(v, facts) for name, v in value.items()}
    if type(value) is list:
        return [resolve(v, facts) for v in value]
    return value


def build_token(tree, facts):
    """The bytes of a token. Stages of a warp, in the order in which they act:

    header_text, payload_text: the JSON text; header_part, payload_part: its base64url; signature: (signature, signing
    input, key) -> signature; signature_part: its base64url; late_header_part, late_payload_part: a part after signing.
    """
    key = KEYS[tree["signer"]]
    facts = dict(facts, KID=key.thumbprint, ALG=key.alg)
    warps = tree["warp"]

    def stage(name, value, *more):
        return warps[name](value, *more) if name in warps else value

    def part(name):
        text = stage(f"{name}_text", dumps(resolve(tree[{"payload": "claims"}.get(name, name)], facts)).encode())
        return stage(f"{name}_part", b64(text).encode())

    header, payload = part("header"), part("payload")
    signing_input = header + b"." + payload
    alg = resolve(tree["header"].get("alg"), facts)
    signature = key.sign(signing_input, alg if alg in ("RS256", "PS256") else None)
    signature = stage("signature", signature, signing_input, key)
    parts = [stage("late_header_part", header), stage("late_payload_part", payload),
             stage("signature_part", b64(signature).encode())]
    return stage("whole", b".".join(parts))


def poa_id(token_bytes):
    return b64(sha256(token_bytes.rpartition(b".")[0]))


def build_links(links, facts=None):
    """The tokens of a chain, root first; PARENT follows the bytes of the link above."""
    facts = dict(facts or {})
    tokens = []
    for link in links:
        facts["PARENT"] = poa_id(tokens[-1]) if tokens else b64(sha256(b"no parent"))
        tokens.append(build_token(link, facts))
    return tokens


def build_chain(links):
    return b"~".join(build_links(links))


def case(policy, links):
    """A case that asks whether a chain is valid and alive, with revocation unchecked by wish."""
    return {"policy": policy, "links": links, "text": None, "limits": None, "now": NOW, "mark": None,
            "revocations": {"mode": "unchecked"}, "request": None, "proof": None, "statement": None, "device": None}


def build(tree):
    """The members of a vector that a case decides, and each (tree, token) that was made, the links first."""
    made = list(zip(tree["links"], build_links(tree["links"])))
    ids = [poa_id(token) for _, token in made]
    chain = b"~".join(token for _, token in made)
    if tree["text"]:
        chain = tree["text"](chain)
    facts = {"ID": lambda hop: ids[hop], "ATH": b64(sha256(chain))}

    def line(one):
        """The text of a token that stands beside the chain; a string stays as it is."""
        if one is None or isinstance(one, str):
            return one
        made.append((one, build_token(one, facts)))
        return made[-1][1].decode("latin-1")

    vector = {"policy": tree["policy"], **chain_member(chain), "limits": tree["limits"], "now": tree["now"],
              "mark": tree["mark"], "revocations": build_revocations(tree["revocations"], line),
              "request": resolve(tree["request"], facts), "proof": build_proof(tree["proof"], line, facts),
              "statement": build_statement(tree["statement"], line)}
    if tree["device"]:
        vector["device"] = build_device(tree["device"], line)
    return vector, made


def chain_member(chain):
    if all(b" "[0] <= byte <= b"~"[0] or byte in b"\n\r\t" for byte in chain):
        return {"chain": chain.decode("ascii")}
    return {"chain_b64": b64(chain)}


def build_revocations(tree, line):
    if not tree or "lines" not in tree:
        return tree
    return {"mode": tree["mode"], "lines": [line(one) for one in tree["lines"]]}


def build_proof(tree, line, facts):
    if not tree:
        return None
    facts["BH"] = b64(sha256(tree["body"]))
    return {"token": line(tree["token"]), "method": tree["method"], "url": tree["url"], "body_b64": b64(tree["body"]),
            "server": tree["server"]}


def build_statement(tree, line):
    return {"text": line(tree["token"]), "with_chain": tree["with_chain"]} if tree else None


def build_device(tree, line):
    """A token of a device or a maker; `key` is the one to which a path was found."""
    return {"text": line(tree["token"]), "kind": tree["kind"], "key": KEYS[tree["key"]].jwk}
