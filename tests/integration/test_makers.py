"""Are the made-up makers what they say? Judged by the openssl command and by jwcrypto."""

import base64
import json
import subprocess

import pytest
from cryptography import x509
from jwcrypto import jwk, jws

from client import DAY, Key, Party, certificates, claims_of, now, onboarding
from makers import Maker, csr_hash, der, pem, spki_hash, utc


@pytest.fixture(scope="module")
def maker():
    return Maker()


@pytest.fixture(scope="module")
def chain():
    return Party("owner.example").grant(Party("agent.example"), [onboarding()])


def leads_to(folder, path, maker):
    """Does openssl find a path from the first certificate to the maker's root?"""
    names = {"root": [maker.root.certificate], "leaf": path[:1], "above": path[1:]}
    for name, some in names.items():
        (folder / f"{name}.pem").write_text("".join(pem(one) for one in some))
    done = subprocess.run(["openssl", "verify", "-no-CApath", "-CAfile", "root.pem", "-untrusted", "above.pem",
                           "leaf.pem"], cwd=folder, capture_output=True, text=True)
    return done.returncode == 0


def opened(text):
    """Header and claims of a token whose signature another library verified with the key in its header."""
    signed = jws.JWS()
    signed.deserialize(text)
    header = signed.jose_header
    if "x5c" in header:
        first = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
        key = jwk.JWK.from_pyca(first.public_key())
    else:
        key = jwk.JWK(**header["jwk"])
    signed.verify(key)
    return header, json.loads(signed.payload)


def test_idevid_leads_to_its_maker(tmp_path, maker):
    thing = maker.device()
    assert leads_to(tmp_path, thing.path, maker)
    assert not leads_to(tmp_path, maker.device(until=now() - 1).path, maker)
    assert not leads_to(tmp_path, Maker().device().path, maker), "the same name is not the same maker"
    names = thing.path[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [thing.id_link]
    assert spki_hash(thing.path[0]) == thing.key_hash


@pytest.mark.parametrize("alg", ["ES256", "ES384", "RS256"])
def test_device_proof_holds(maker, chain, alg):
    thing = maker.device(alg=alg)
    body = thing.body(chain, "n-1")
    header, claims = opened(body["device_proof"])
    assert set(header) == {"typ", "alg", "x5c"} and header["alg"] == alg
    assert set(claims) == {"serial-number", "created-on", "csr_hash", "agent_jkt", "nonce"}
    assert claims["csr_hash"] == csr_hash(body["csr"]) and claims["agent_jkt"] == chain.agent.key.thumbprint
    assert claims["serial-number"] == body["device"]["serial"] == thing.serial


def test_device_without_idevid(maker, chain):
    thing = maker.device(idevid=False, own_alg="EdDSA")
    header, _ = opened(thing.body(chain, "n-1")["device_proof"])
    assert set(header) == {"typ", "alg", "jwk"} and header["jwk"] == thing.own.jwk


def test_offline_line_repeats_its_own_value(maker, chain):
    line = maker.device().line(chain)
    _, claims = opened(line["device_proof"])
    request = x509.load_pem_x509_csr(line["csr"].encode())
    challenge = request.attributes.get_attribute_for_oid(x509.oid.AttributeOID.CHALLENGE_PASSWORD).value
    assert claims["jti"].encode() == challenge and "nonce" not in claims


def test_misbehaviour_is_what_it_says(maker, chain):
    thing, other = maker.device(), Party("other.example")
    long_ago = now() - 10 * DAY
    _, claims = opened(thing.proof(chain, thing.csr("n"), nonce="n", agent=other, created=long_ago,
                                   serial_number="SN-2", id_link=thing.id_link))
    assert claims["agent_jkt"] == other.key.thumbprint and claims["serial-number"] == "SN-2"
    assert claims["created-on"] == utc(long_ago) and claims["id_link"] == thing.id_link
    clone = maker.device(id_link=thing.id_link, in_idevid=False)
    assert clone.id_link == thing.id_link and clone.serial != thing.serial
    with pytest.raises(x509.ExtensionNotFound):
        clone.path[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_ticket_ties_label_to_key(tmp_path, maker):
    thing = maker.device()
    header, claims = opened(maker.ticket(thing, exp=now() + DAY))
    assert base64.b64decode(header["x5c"][0]) == der(maker.issuer.certificate)
    assert leads_to(tmp_path, maker.issuer.path, maker)
    assert claims["key"] == thing.key_hash and claims["id_link"] == thing.id_link and claims["exp"] > claims["iat"]
    by_root, _ = opened(maker.ticket(thing, signer=maker.root))
    assert base64.b64decode(by_root["x5c"][0]) == der(maker.root.certificate)
    assert "key" not in claims_of(maker.ticket(thing, key=None))


def test_trust_proof_is_by_the_credential(maker):
    thing = maker.device()
    uri = "urn:uuid:0b1c2d3e-4f50-4a61-8b72-93a4b5c6d7e8"
    credential = pem(maker.idevid(thing.own, None, [uri])[0])
    assert len(certificates(credential)) == 1
    header, claims = opened(thing.trust(credential, "n-1"))
    assert set(header) == {"typ", "alg", "x5c"} and claims["sub"] == uri and claims["boot_counter"] == 0
    _, claims = opened(thing.trust(credential, "n-2", reason="restart"))
    assert claims["boot_counter"] == 1
    request = thing.csr("n-3", key=Key())
    _, claims = opened(thing.trust(credential, "n-3", request, reason="rekey"))
    assert claims["csr_hash"] == csr_hash(request) and claims["boot_counter"] == 1
