"""Parties, chains, proofs, statements and a client of the server, on the JOSE and X.509 of others.

Nothing here is made or read by the code under test, so that it is not its own oracle: `cryptography` signs, `jwcrypto`
names keys and verifies answers, `requests` speaks HTTP.
"""

import base64
import hashlib
import itertools
import json
import secrets
import socket
import threading
import time
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import AttributeOID, NameOID
from jwcrypto import jwk, jws
from requests.adapters import HTTPAdapter

SITE = "site:mine-7.example"
MINUTE, HOUR, DAY = 60, 3600, 86400

# Whatever was made here and must never stand in a log.
SECRETS = set()


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sha256(data):
    return b64(hashlib.sha256(data).digest())


def now():
    return int(time.time())


def fresh_jti():
    return b64(secrets.token_bytes(16))


def dumps(value):
    """JSON text in UTF-8; text and bytes stay as they are, so that a test can send what is no JSON."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value, separators=(",", ":")).encode()


def without_none(members):
    return {name: value for name, value in members.items() if value is not None}


# ---- keys and tokens ----


class Key:
    """A key pair; `jwk` is public and has just the members that RFC 7638 hashes."""

    CURVES = {"ES256": (ec.SECP256R1, hashes.SHA256, 32), "ES384": (ec.SECP384R1, hashes.SHA384, 48)}

    def __init__(self, alg="ES256"):
        self.alg = alg
        if alg in self.CURVES:
            self.private = ec.generate_private_key(self.CURVES[alg][0]())
        elif alg == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, 2048)
        pair = jwk.JWK.from_pyca(self.private)
        self.thumbprint = pair.thumbprint()
        self.jwk = {name: value for name, value in json.loads(pair.export_public()).items() if name != "kid"}
        self.private_jwk = json.loads(pair.export_private())
        SECRETS.add(self.private_jwk["d"])

    def sign(self, text):
        if self.alg in self.CURVES:
            _, digest, size = self.CURVES[self.alg]
            r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(digest())))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if self.alg == "EdDSA":
            return self.private.sign(text)
        return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())

    def pem(self):
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()).decode()

    def spki_hash(self):
        return sha256(self.private.public_key().public_bytes(serialization.Encoding.DER,
                                                             serialization.PublicFormat.SubjectPublicKeyInfo))


def compact(key, header, claims):
    """A JWS in compact serialization; header and claims are objects, or text as it stands."""
    signing_input = f"{b64(dumps(header))}.{b64(dumps(claims))}"
    signature = b64(key.sign(signing_input.encode()))
    SECRETS.update((signature, b64(dumps(claims))))
    return f"{signing_input}.{signature}"


def token(key, typ, claims, /, **header):
    """A token with the header of the protocol's section 2; None takes a member away."""
    usual = {"typ": typ, "alg": key.alg, "kid": key.thumbprint}
    return compact(key, without_none(usual | header), claims if isinstance(claims, (str, bytes)) else
                   without_none(claims))


def id_of(text):
    """The id of a PoA or of a statement: the hash of what is signed."""
    return sha256(text.rpartition(".")[0].encode())


# ---- parties and chains ----


class Party:
    """A name and a key: an owner, an agent, an enforcement point."""

    def __init__(self, name, alg="ES256"):
        self.name = name
        self.key = Key(alg)

    def claims(self, agent, powers, **claims):
        """What a root PoA of this party for an agent says; None takes a claim away."""
        issued = now() - MINUTE
        usual = {"iss": self.name, "sub": agent.name, "aud": SITE, "transferable": 3, "iat": issued,
                 "exp": issued + DAY, "jti": fresh_jti(), "cnf": {"jwk": agent.key.jwk},
                 "authorization_details": powers}
        return usual | claims

    def grant(self, agent, powers, **claims):
        return Chain([token(self.key, "poa+jwt", self.claims(agent, powers, **claims))], agent)


class Chain:
    """PoAs, root first, and the party that the last of them lets act."""

    def __init__(self, tokens, agent):
        self.tokens = list(tokens)
        self.agent = agent

    @property
    def text(self):
        return "~".join(self.tokens)

    @property
    def ids(self):
        return [id_of(one) for one in self.tokens]

    @property
    def leaf(self):
        """The claims of the last link."""
        return json.loads(unb64(self.tokens[-1].split(".")[1]))

    def claims(self, agent, powers=None, **claims):
        """What a sub-grant of this chain says: all that was granted, where nothing else is said."""
        above = self.leaf
        usual = {"iss": self.agent.name, "sub": agent.name, "par_hash": self.ids[-1], "aud": above["aud"],
                 "transferable": max(above["transferable"] - 1, 0), "iat": above["iat"] + 1, "exp": above["exp"],
                 "jti": fresh_jti(), "cnf": {"jwk": agent.key.jwk},
                 "authorization_details": powers or above["authorization_details"]}
        return usual | claims

    def grant(self, agent, powers=None, **claims):
        return self.and_link(token(self.agent.key, "poa+jwt", self.claims(agent, powers, **claims)), agent)

    def and_link(self, link, agent):
        return Chain([*self.tokens, link], agent)

    def upto(self, hop, agent):
        return Chain(self.tokens[:hop + 1], agent)


def onboarding(**members):
    """A device_onboarding power; None takes a member away."""
    usual = {"type": "device_onboarding", "actions": ["onboard", "read"], "locations": ["mine-7"],
             "devices": [{"any": True}]}
    return without_none(usual | members)


def access(**members):
    usual = {"type": "access", "actions": ["read"], "resources": ["https://plc.mine-7.example/lines/4"]}
    return without_none(usual | members)


def administration(**members):
    usual = {"type": "administration", "actions": ["revoke", "suspend", "resume", "approve", "audit"],
             "locations": ["mine-7"]}
    return without_none(usual | members)


def pinned(party, powers, **members):
    """An owner of a site policy."""
    return {"iss": party.name, "keys": [{"jwk": party.key.jwk}], "powers": powers} | members


# ---- statements and answers ----


def statement(signer, op, poa=None, key=None, hold=None, **claims):
    """A revocation statement by a party on a PoA, on a key or on a hold; its `jti` names a hold."""
    usual = {"iss": signer.name, "iat": now(), "jti": fresh_jti(), "op": op, "poa": poa, "key": key, "hold": hold,
             "reason": {"suspend": "certificateHold", "resume": "removeFromCRL"}.get(op, "unspecified"),
             "aud": None if op == "revoke" else SITE}
    return token(signer.key, "poa-revocation+jwt", usual | claims)


def claims_of(text):
    return json.loads(unb64(text.split(".")[1]))


def read_answer(text, public):
    """The claims of a signed answer whose signature another library verified."""
    signed = jws.JWS()
    signed.deserialize(text)
    signed.verify(jwk.JWK(**public))
    assert signed.jose_header["typ"] == "poa-epoch+jwt"
    return json.loads(signed.payload)


# ---- devices ----

_serials = itertools.count(1)


def device(**members):
    """A device that was not there before."""
    usual = {"manufacturer": "Example Devices", "model": "XY-1", "serial": f"SN-{next(_serials):06d}"}
    return without_none(usual | members)


def csr(key, challenge, serial=None):
    """A request for a certificate as PEM, with a nonce as challengePassword (RFC 2985 section 5.4.1)."""
    names = [x509.NameAttribute(NameOID.SERIAL_NUMBER, serial)] if serial else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if challenge is not None:
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
    digest = None if key.alg == "EdDSA" else hashes.SHA256()
    return builder.sign(key.private, digest).public_bytes(serialization.Encoding.PEM).decode()


def certificates(pem):
    """The certificates of a PEM text, the device's own first."""
    end = "-----END CERTIFICATE-----\n"
    return [x509.load_pem_x509_certificate((part + end).encode()) for part in pem.split(end) if part.strip()]


# ---- HTTP ----


class FromAddress(HTTPAdapter):
    """Connects from an address of this machine: all of 127.0.0.0/8 is."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


_sessions = threading.local()


def session(source=None):
    """One session a thread and source address, so that tests do not use up the server's connections."""
    by_source = _sessions.__dict__.setdefault("by_source", {})
    if source not in by_source:
        by_source[source] = requests.Session()
        by_source[source].trust_env = False
        if source:
            by_source[source].mount("http://", FromAddress(source))
    return by_source[source]


class Reply:
    """What the server answered."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    @property
    def reason(self):
        """The reason alone: what the library says, without what RFC 9457 adds."""
        added = ("type", "title", "status", "detail", "request_id")
        return {name: value for name, value in self.json.items() if name not in added}

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body!r}"


def send(base, method, path, body=b"", headers=None, source=None):
    """One request; a body goes as JSON."""
    given = dict(headers or {})
    body = dumps(body)
    if body:
        given.setdefault("Content-Type", "application/json")
    done = session(source).request(method, base + path, data=body or None, headers=given, timeout=30,
                                   allow_redirects=False)
    return Reply(done.status_code, done.headers, done.content)


def send_raw(base, text):
    """Bytes as they stand, for what no client library would send; gives the whole answer as bytes."""
    where = urlsplit(base)
    with socket.create_connection((where.hostname, where.port), timeout=30) as wire:
        wire.sendall(text)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b""))


def proof(key, method, url, chain=None, body=b"", nonce=None, header=None, **claims):
    """A DPoP proof (RFC 9449) for a chain's text; None takes a claim away."""
    body = dumps(body)
    usual = {"jti": fresh_jti(), "htm": method, "htu": url, "iat": now(),
             "ath": sha256(chain.encode()) if chain is not None else None,
             "bh": sha256(body) if body else None, "nonce": nonce}
    usual_header = {"typ": "dpop+jwt", "alg": key.alg, "jwk": key.jwk}
    return compact(key, without_none(usual_header | (header or {})), without_none(usual | claims))


class Caller:
    """Who holds a chain and its last key, before a server. @base is also the server's public URL."""

    def __init__(self, base, chain, key=None, source=None):
        self.base = base
        self.chain = chain
        self.key = key or chain.agent.key
        self.source = source

    def nonce(self):
        reply = send(self.base, "POST", "/v1/challenges", source=self.source)
        assert reply.status == 201, reply
        return reply.json["nonce"]

    def headers(self, method, path, body=b"", **changes):
        """Authorization and DPoP; @changes are the proof's."""
        url = self.base + path.partition("?")[0]
        return {"Authorization": f"PoA {self.chain.text}",
                "DPoP": proof(self.key, method, url, self.chain.text, body, **changes)}

    def get(self, path, more=None, **changes):
        return send(self.base, "GET", path, headers=self.headers("GET", path, **changes) | (more or {}),
                    source=self.source)

    def prepare(self, path, body=b"", more=None, **changes):
        """A change, ready to be sent: under a fresh nonce, where no other is given. Sending it may be told a way."""
        body = dumps(body)
        if "nonce" not in changes:
            changes["nonce"] = self.nonce()
        headers = self.headers("POST", path, body, **changes) | (more or {})
        return lambda way=None: send(way or self.base, "POST", path, body, headers, source=self.source)

    def post(self, path, body=b"", more=None, **changes):
        return self.prepare(path, body, more, **changes)()

    def prepare_onboarding(self, one=None, location="mine-7/hall-2", key=None, more=None, nonce=None, members=None,
                           **changes):
        """Bring a device in; @members change the body's own."""
        one = one or device()
        nonce = nonce or self.nonce()
        body = {"device": one, "location": location, "csr": csr(key or Key(), nonce, one.get("serial"))}
        return self.prepare("/v1/onboardings", without_none(body | (members or {})), more, nonce=nonce, **changes)

    def onboard(self, *args, **kwargs):
        return self.prepare_onboarding(*args, **kwargs)()


def submit(base, text, chain=None):
    """Hand a statement in, with the chain that shows its signer's standing."""
    return send(base, "POST", "/v1/revocations", without_none({"statement": text, "chain": chain and chain.text}))


def state_of(base, poa_id, public):
    """The signed answer about a PoA."""
    reply = send(base, "GET", f"/v1/revocations/{poa_id}")
    assert reply.status == 200, reply
    assert reply.headers["Content-Type"] == "application/jwt"
    claims = read_answer(reply.body.decode().strip(), public)
    assert claims["poa"] == poa_id and claims["iss"] == SITE
    return claims
