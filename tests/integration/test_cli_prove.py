"""poa prove: the two headers, checked by another implementation."""

import base64
import hashlib
import json
import time

import pytest
from jwcrypto import jwk, jws

from poa_cli import Story

URL = "https://poa.site.example/v1/devices"


@pytest.fixture
def cli(tmp_path):
    story = Story(tmp_path)
    story.root()
    story.sub()
    return story


def b64_sha256(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def prove(cli, *more, **kwargs):
    return cli.ok("prove", "technician.poa", "--key", "technician.key", "--method", "POST", "--url", URL, *more, **kwargs)


def read(cli, told):
    lines = told.out.splitlines()
    assert len(lines) == 2 and told.out.endswith("\n")
    name, scheme, chain = lines[0].split(" ")
    assert (name, scheme) == ("Authorization:", "PoA")
    assert chain == cli.read("technician.poa").strip()
    assert lines[1].startswith("DPoP: ")
    token = jws.JWS()
    token.deserialize(lines[1][len("DPoP: "):])
    key = jwk.JWK(**token.jose_header["jwk"])
    token.verify(key)
    assert key.thumbprint() == cli.thumbprints["technician"]
    return token.jose_header, json.loads(token.payload)


def test_the_headers_bind_all(cli):
    cli.write("body.json", '{"a":1}\n')
    before = int(time.time())
    header, claims = read(cli, prove(cli, "--body", "body.json", "--nonce", "n-1"))
    assert set(header) == {"typ", "alg", "jwk"} and header["typ"] == "dpop+jwt"
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}
    assert set(claims) == {"jti", "htm", "htu", "iat", "ath", "bh", "nonce"}
    assert (claims["htm"], claims["htu"], claims["nonce"]) == ("POST", URL, "n-1")
    assert claims["ath"] == b64_sha256(cli.read("technician.poa").strip().encode())
    assert claims["bh"] == b64_sha256(b'{"a":1}\n')
    assert before <= claims["iat"] <= int(time.time())


def test_without_body_and_nonce(cli):
    _, claims = read(cli, prove(cli))
    assert "nonce" not in claims
    assert claims.get("bh", b64_sha256(b"")) == b64_sha256(b"")


def test_each_proof_is_new(cli):
    assert read(cli, prove(cli))[1]["jti"] != read(cli, prove(cli))[1]["jti"]


def test_the_url_without_query_and_fragment(cli):
    _, claims = read(cli, cli.ok("prove", "technician.poa", "--key", "technician.key", "--method", "GET", "--url",
                                 URL + "?page=2#x"))
    assert claims["htu"] == URL


def test_the_body_from_stdin(cli):
    _, claims = read(cli, prove(cli, "--body", "-", stdin="abc"))
    assert claims["bh"] == b64_sha256(b"abc")


def test_json(cli):
    facts = prove(cli, "--json").json
    assert set(facts) == {"authorization", "dpop"}
    assert facts["authorization"] == "PoA " + cli.read("technician.poa").strip()


def test_a_change_without_nonce_is_told(cli):
    assert "poa challenge" in prove(cli).err
    assert "poa challenge" not in prove(cli, "--nonce", "n").err


def test_what_is_refused(cli):
    args = ("prove", "technician.poa", "--method", "GET", "--url", URL)
    refused = cli.fails(4, *args, "--key", "contractor.key")
    assert "proof_key_mismatch" in refused.err and cli.thumbprints["technician"] in refused.err
    assert "cannot sign" in cli.fails(2, *args, "--key", "technician.jwk").err
    assert "proof_invalid" in cli.fails(4, *args[:-1], "no url", "--key", "technician.key").err
    assert "--method" in cli.fails(2, "prove", "technician.poa", "--url", URL, "--key", "technician.key").err
    assert "--url" in cli.fails(2, "prove", "technician.poa", "--method", "GET", "--key", "technician.key").err
    cli.write("x.poa", "x")
    cli.fails(3, "prove", "x.poa", "--method", "GET", "--url", URL, "--key", "technician.key")
