"""poa import and poa export --jwt: PoAs of the published prototypes, and the gate before libjwt."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from jwcrypto import jwk, jws

from poa_cli import Story


@pytest.fixture(scope="module")
def keys():
    return {"principal": jwk.JWK.generate(kty="RSA", size=2048), "agent": jwk.JWK.generate(kty="RSA", size=2048),
            "ec": jwk.JWK.generate(kty="EC", crv="P-256")}


@pytest.fixture
def cli(tmp_path, keys):
    story = Story(tmp_path)
    story.write("principal.pem", keys["principal"].export_to_pem())
    story.write("ec.pem", keys["ec"].export_to_pem())
    return story


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def spki(key):
    """What Java's getEncoded() and Base64 make of a public key."""
    lines = key.export_to_pem().decode().strip().splitlines()
    return "".join(lines[1:-1])


def claims(keys, **changes):
    now = int(time.time())
    body = {"iat": now, "exp": now + 600, "principalPublicKey": spki(keys["principal"]),
            "agentPublicKey": spki(keys["agent"]), "destinationNetworkId": "site.example", "transferable": 0,
            "metadata": {"principalName": "onboarding", "agentName": "sub-1", "credentials": "IoT device submission"}}
    body.update(changes)
    return {name: value for name, value in body.items() if value is not None}


def signed(keys, body, header=None, key="principal"):
    header = {"alg": "RS256"} if header is None else header
    token = jws.JWS(json.dumps(body).encode())
    token.add_signature(keys[key], None, json.dumps(header))
    return token.serialize(compact=True)


IMPORT = ("import", "old.jwt", "--key", "principal.pem", "--location", "mine-7")


@pytest.mark.parametrize("header", [{"alg": "RS256"}, {"alg": "RS256", "typ": "JWT"}, {"alg": "RS256", "cty": "JWT"}])
def test_the_prototypes_poa_is_read(cli, keys, header):
    cli.write("old.jwt", signed(keys, claims(keys), header))
    body = cli.ok(*IMPORT, "--json").json
    assert (body["iss"], body["sub"], body["aud"], body["transferable"]) == ("onboarding", "sub-1", "site.example", 0)
    assert body["authorization_details"] == [
        {"type": "device_onboarding", "locations": ["mine-7"], "actions": ["onboard"], "devices": [{"any": True}],
         "effect": "until_exp"}]
    assert jwk.JWK(**body["cnf"]["jwk"]).thumbprint() == keys["agent"].thumbprint()


def test_the_other_prototypes_spellings(cli, keys):
    body = claims(keys, principalPublicKey=None, agentPublicKey=None, destinationNetworkId=None, metadata=None,
                  transferable="2")
    body.update(pricipalPublicKey=spki(keys["principal"]), agentKey=spki(keys["agent"]), recourceOwnerID=7,
                metaData="[a, b]", principalName="bob", signingAlogrithm="RS256", path="")
    cli.write("old.jwt", signed(keys, body))
    read = cli.ok(*IMPORT, "--json").json
    assert (read["iss"], read["aud"], read["transferable"]) == ("bob", "7", 2)
    assert read["sub"] == keys["agent"].thumbprint()


def test_what_was_read_becomes_a_poa(cli, keys):
    cli.write("old.jwt", signed(keys, claims(keys)))
    cli.ok(*IMPORT, "-o", "claims.json")
    cli.ok(*cli.root_args("--for", "8h", "--power", "claims.json", "-o", "new.poa"))
    assert cli.payload("new.poa")["authorization_details"] == json.loads(cli.read("claims.json"))["authorization_details"]
    assert cli.verify("new.poa").code == 0


def test_it_does_not_guess_what_may_be_done(cli, keys):
    cli.write("old.jwt", signed(keys, claims(keys)))
    refused = cli.fails(2, "import", "old.jwt", "--key", "principal.pem")
    assert "--location" in refused.err


@pytest.mark.parametrize("change, code, exit_code", [
    ({"agentPublicKey": None}, "claim_missing", 3),
    ({"agentPublicKey": "AAAA"}, "key_invalid", 3),
    ({"destinationNetworkId": None}, "claim_missing", 3),
    ({"destinationNetworkId": "a\u0001b"}, "claim_type", 3),
    ({"resourceOwnerID": "elsewhere"}, "duplicate_member", 3),
    ({"transferable": 9}, "claim_type", 3),
    ({"transferable": "1 "}, "claim_type", 3),
    ({"transferable": -1}, "claim_type", 3),
    ({"exp": 5.5}, "claim_type", 3),
    ({"exp": None}, "claim_missing", 3),
    ({"exp": 1}, "window_empty", 3),
    ({"iat": 1, "exp": 2}, "expired", 5),
    ({"nbf": 4102444800, "exp": 4102444801}, "not_yet_valid", 5),
    ({"iat": 4102444800, "exp": 4102444801}, "issued_in_future", 5),
])
def test_claims_that_are_wrong(cli, keys, change, code, exit_code):
    cli.write("old.jwt", signed(keys, claims(keys, **change)))
    assert f"{code} " in cli.fails(exit_code, *IMPORT).err


def test_the_key_inside_is_never_the_one_that_verifies(cli, keys):
    stranger = jwk.JWK.generate(kty="RSA", size=2048)
    forged = {"principal": stranger}
    cli.write("old.jwt", signed(forged, claims(keys, principalPublicKey=spki(stranger))))
    assert "signature_invalid" in cli.fails(4, *IMPORT).err
    # Signed by the right key, but the token speaks for another principal.
    cli.write("old.jwt", signed(keys, claims(keys, principalPublicKey=spki(stranger))))
    assert "kid_mismatch at /principalPublicKey" in cli.fails(4, *IMPORT).err


def test_the_gate_keeps_out_what_libjwt_lets_in(cli, keys):
    """Each of these passes libjwt 1.10 or confuses it; none passes the gate."""
    good = signed(keys, claims(keys))
    header, payload, signature = good.split(".")
    pem = cli.read("principal.pem").encode()

    def hs256():
        head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        mac = hmac.new(pem, f"{head}.{payload}".encode(), hashlib.sha256).digest()
        return f"{head}.{payload}.{b64(mac)}"

    def with_header(**members):
        return signed(keys, claims(keys), {"alg": "RS256", **members})

    none = b64(json.dumps({"alg": "none"}).encode())
    doubled = b64(b'{"alg":"none","alg":"RS256"}')
    cases = {
        "hmac keyed with the public key": (hs256(), "alg_not_allowed", 4),
        "alg none": (f"{none}.{payload}.", "malformed", 3),
        "alg none with a signature": (f"{none}.{payload}.{signature}", "alg_not_allowed", 4),
        "alg twice": (f"{doubled}.{payload}.{signature}", "duplicate_member", 3),
        "alg in another case": (f'{b64(b"""{"alg":"rs256"}""")}.{payload}.{signature}', "alg_not_allowed", 4),
        "no alg": (f'{b64(b"""{"typ":"JWT"}""")}.{payload}.{signature}', "alg_missing", 3),
        "another typ": (with_header(typ="poa+jwt"), "typ_mismatch", 3),
        "crit": (f'{b64(b"""{"alg":"RS256","crit":["b64"],"b64":false}""")}.{payload}.{signature}',
                 "header_forbidden", 3),
        "padding": (f"{header}.{payload}.{signature}=", "malformed", 3),
        "a fourth part": (f"{good}.AAAA", "malformed", 3),
        "blank inside": (f"{header}.{payload} .{signature}", "malformed", 3),
        "a newline inside": (f"{header}.{payload}.\n{signature}", "malformed", 3),
        "no signature": (f"{header}.{payload}.", "malformed", 3),
        "only dots": ("..", "malformed", 3),
        "signature cut": (f"{header}.{payload}.{signature[:-6]}", "signature_malformed", 4),
        "another payload": (f'{header}.{b64(b"{}")}.{signature}', "signature_invalid", 4),
        "too large": (f"{header}.{'A' * 16384}.{signature}", "too_large", 3),
        "payload an array": (signed(keys, [1]), "malformed", 3),
    }
    assert cli.run(*IMPORT[:1], "-", *IMPORT[2:], stdin=good).code == 0
    for name, (token, code, exit_code) in cases.items():
        result = cli.run("import", "-", *IMPORT[2:], stdin=token)
        assert (result.code, result.out) == (exit_code, ""), (name, result)
        assert code in result.err, (name, result)


def test_the_algorithm_is_the_one_that_is_given(cli, keys):
    cli.write("old.jwt", signed(keys, claims(keys, principalPublicKey=spki(keys["ec"])), {"alg": "ES256"}, "ec"))
    cli.ok("import", "old.jwt", "--key", "ec.pem", "--location", "mine-7")
    assert "alg_not_allowed" in cli.fails(4, "import", "old.jwt", "--key", "ec.pem", "--alg", "RS256", "--location",
                                          "mine-7").err
    assert "alg_key_mismatch" in cli.run("import", "old.jwt", "--key", "principal.pem", "--alg", "ES256", "--location",
                                         "mine-7").err
    cli.fails(2, "import", "old.jwt", "--key", "ec.pem", "--alg", "HS256")


def test_libjwt_has_a_say(cli, keys):
    """A number that jansson cannot hold stands in a claim that nobody reads: only libjwt refuses it."""
    body = json.dumps(claims(keys, other=1)).replace('"other": 1', '"other": 1' + "0" * 30)
    token = jws.JWS(body.encode())
    token.add_signature(keys["principal"], None, '{"alg":"RS256"}')
    cli.write("old.jwt", token.serialize(compact=True))
    assert "malformed" in cli.fails(3, *IMPORT).err


def test_a_key_for_an_algorithm_that_libjwt_does_not_know(cli, keys):
    ed = jwk.JWK.generate(kty="OKP", crv="Ed25519")
    cli.write("ed.pem", ed.export_to_pem())
    cli.write("old.jwt", signed({"principal": ed}, claims(keys, principalPublicKey=None), {"alg": "EdDSA"}))
    assert "alg_not_allowed" in cli.fails(4, "import", "old.jwt", "--key", "ed.pem", "--location", "a").err


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384"])
def test_export_is_read_back_by_import_and_by_others(cli, alg):
    cli.ok("key", "new", "--alg", alg, "-o", "owner.key", "--public", "owner.jwk", "--force")
    cli.root("--principal-name", "The Owner", depth="2")
    exported = cli.ok("export", "--jwt", "contractor.poa", "--key", "owner.key")
    assert "warning" in exported.err
    token = jws.JWS()
    token.deserialize(exported.out.strip(), jwk.JWK(**json.loads(cli.read("owner.jwk"))))
    assert token.jose_header == {"alg": alg, "typ": "JWT"}
    body = json.loads(token.payload)
    assert body["transferable"] == 2 and body["resourceOwnerID"] == body["destinationNetworkId"] == "site.example"
    assert body["agentKey"] == body["agentPublicKey"]

    assert list(cli.ok("export", "--jwt", "contractor.poa", "--key", "owner.key", "--json").json) == ["jwt"]
    again = cli.ok("import", "-", "--key", "owner.jwk", "--json", stdin=exported.out).json
    ours = cli.payload("contractor.poa")
    for name in ("iss", "sub", "aud", "transferable", "iat", "exp", "cnf", "authorization_details"):
        assert again[name] == ours[name], name


def test_export_is_for_the_links_own_principal(cli):
    cli.root()
    assert "kid_mismatch" in cli.fails(4, "export", "--jwt", "contractor.poa", "--key", "contractor.key").err
    assert "--jwt is missing" in cli.fails(2, "export", "contractor.poa", "--key", "owner.key").err
    cli.ok("key", "new", "--alg", "EdDSA", "-o", "owner.key", "--public", "owner.jwk", "--force")
    cli.root()
    assert "EdDSA" in cli.fails(2, "export", "--jwt", "contractor.poa", "--key", "owner.key").err
    cli.fails(2, "export", "--jwt", "contractor.poa", "--hop", "1", "--key", "owner.key")


def test_export_of_several_sites_wants_one(cli):
    cli.ok("key", "new", "-o", "owner.key", "--public", "owner.jwk", "--force")
    cli.root("--audience", "other.example")
    assert "--audience" in cli.fails(2, "export", "--jwt", "contractor.poa", "--key", "owner.key").err
    cli.ok("export", "--jwt", "contractor.poa", "--key", "owner.key", "--audience", "other.example")
    cli.fails(2, "export", "--jwt", "contractor.poa", "--key", "owner.key", "--audience", "third.example")
