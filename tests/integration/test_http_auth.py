"""Who may not come in: the HTTP edge, every fault of a chain and of a proof, and what a refusal tells to whom."""

import json

import pytest

from client import (DAY, HOUR, MINUTE, Caller, Key, Party, access, fresh_jti, now, onboarding, proof, send, send_raw,
                    sha256, statement, submit)
from faults import ABOVE, FAULTS, Forger, nested, with_signature
from scene import site  # noqa: F401  the fixture
from server import wait_until

READ = "/v1/devices"


@pytest.fixture(scope="module")
def root(site):
    """From the owner to the contractor."""
    return site.owner.grant(site.contractor, [onboarding(max_devices=100), access()], transferable=2)


@pytest.fixture(scope="module")
def chain(site, root):
    """And on to the technician."""
    return root.grant(site.technician)


@pytest.fixture(scope="module")
def caller(site, chain):
    return Caller(site.url, chain)


def test_a_good_chain_and_proof_come_in(caller):
    reply = caller.get(READ)
    assert reply.status == 200, reply
    assert reply.json == {"devices": [], "cursor": None}


def assert_refused(reply, status, code):
    """A refusal that tells a stranger no more than the code."""
    assert (reply.status, reply.reason) == (status, {"code": code}), reply
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json["type"] == f"urn:poa:reason:{code}"
    assert reply.json["status"] == status
    if status == 401:
        assert reply.headers["WWW-Authenticate"].startswith("PoA error=")


def assert_explained(reply, status, code, hop, member):
    """A refusal that tells the agent, who proved the key, the whole reason."""
    assert reply.status == status, reply
    assert (reply.code, reply.reason["hop"], reply.reason["member"]) == (code, hop, member), reply


# ---- headers ----


@pytest.mark.parametrize("missing", ["Authorization", "DPoP"])
def test_a_header_is_missing(site, caller, missing):
    headers = caller.headers("GET", READ)
    del headers[missing]
    assert_refused(send(site.url, "GET", READ, headers=headers), 401, "proof_missing")


def test_the_scheme_is_poa(site, caller, chain):
    for scheme in ("Bearer", "DPoP", "PoAs", ""):
        headers = caller.headers("GET", READ) | {"Authorization": f"{scheme} {chain.text}".strip()}
        reply = send(site.url, "GET", READ, headers=headers)
        assert reply.status == 401 and reply.code == "proof_missing", (scheme, reply)
    # RFC 9110 section 11.1: the name of a scheme has no case.
    headers = caller.headers("GET", READ) | {"Authorization": f"poa {chain.text}"}
    assert send(site.url, "GET", READ, headers=headers).status == 200


@pytest.mark.parametrize("name", ["Authorization", "DPoP"])
def test_a_header_stands_twice(site, caller, name):
    headers = caller.headers("GET", READ)
    lines = [f"{field}: {value}" for field, value in headers.items()]
    lines.append(f"{name}: {headers[name]}")
    answer = send_raw(site.url, "\r\n".join([f"GET {READ} HTTP/1.1", "Host: x", *lines, "", ""]).encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 "), answer
    assert json.loads(body)["detail"] == f"more than one {name}"


def test_two_chains_in_one_header(site, caller, chain):
    headers = caller.headers("GET", READ)
    for text in (f"{chain.text}, PoA {chain.text}", f"{chain.text} {chain.text}"):
        reply = send(site.url, "GET", READ, headers=headers | {"Authorization": f"PoA {text}"})
        assert reply.status == 400 and reply.code in ("malformed", "too_large"), reply


def test_the_route_and_the_method(site, caller):
    assert send(site.url, "GET", "/v1/nothing").status == 404
    wrong = send(site.url, "DELETE", READ)
    assert wrong.status == 405 and wrong.headers["Allow"] == "GET, HEAD"
    assert caller.get("/v1/devices/no-uuid").status == 404
    assert caller.get("/v1/poas/no-id").status == 404


@pytest.mark.parametrize("method", [b"BREW", b"B\xffEW", b"B" * 5000], ids=["unknown", "no text", "long"])
def test_no_request_leaves_without_a_line_in_the_log(site, method):
    def nameless():
        return [line for line in site.server.requests() if line["method"] is None]

    before = len(nameless())
    answer = send_raw(site.url, method + b" /v1/devices HTTP/1.0\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), answer
    line = wait_until(lambda: nameless()[before:], "the log line")[0]
    assert line["status"] == int(answer[9:12])


@pytest.mark.parametrize("query, member", [("limit=0", "/limit"), ("limit=201", "/limit"), ("limit=ten", "/limit"),
                                           ("cursor=x", "/cursor")])
def test_the_query(caller, query, member):
    assert_explained(caller.get(f"{READ}?{query}"), 400, "claim_type", None, member)


def test_a_head_is_asked_for_like_a_get(site, caller):
    for method, status in (("HEAD", 200), ("GET", 401)):
        reply = send(site.url, "HEAD", READ, headers=caller.headers(method, READ))
        assert (reply.status, reply.body) == (status, b""), reply


# ---- the chain: one case for each code of steps 1 to 6 ----


@pytest.mark.parametrize("code, status, hop, member, forge", FAULTS, ids=[
    f"{row[0]}-{row[2]}-{(row[3] or '').replace('/', '.')}" for row in FAULTS])
def test_a_chain_with_one_fault(site, root, code, status, hop, member, forge):
    """The stranger hears the code, the log has the whole reason, and no proof makes up for the chain."""
    forged = forge(Forger(site, root))
    reply = Caller(site.url, forged, site.technician.key).get(READ)
    assert_refused(reply, status, code)
    logged = site.log_of(reply)
    assert (logged["code"], logged["hop"], logged["member"]) == (code, hop, member), logged
    assert logged["proven"] is False and logged["status"] == status


def test_what_a_stranger_writes_acts_on_nobody_who_reads_the_log(site):
    """Escape sequences of a terminal, ends of lines as some count them, letters from right to left."""
    hostile = "\x9b2J \x85 \u2028 \u202e \x7f \U0001f511 \u00e9"
    text = statement(Party("stranger.example"), "revoke", poa=sha256(b"any"), reason=hostile)
    logged = site.log_of(submit(site.url, text))
    assert (logged["code"], logged["child"]) == ("statement_invalid", hostile), logged
    assert all(" " <= letter <= "~" or letter == "\n" for letter in site.server.text())


def test_an_empty_chain(caller):
    """No header can hold one; a body can."""
    assert_explained(caller.post("/v1/poas", {"chain": ""}), 400, "chain_empty", None, None)


def test_a_chain_that_no_header_may_hold(site, caller):
    reply = send(site.url, "GET", READ, headers={"Authorization": "PoA " + "a" * 70000, "DPoP": "x"})
    assert reply.status in (400, 431), reply


def test_the_twins_of_the_faults_are_good(site, root):
    forger = Forger(site, root)
    for good in (forger.root_says(), forger.child_says(), forger.child_text(), forger.child_may(ABOVE, ABOVE),
                 forger.over(8), forger.owner_may(forger.site.YARD, site.second, iat=now() - MINUTE,
                                                  exp=now() - MINUTE + DAY),
                 forger.child_text(payload=lambda said: said[:-1] + f',"x":{nested(16)}}}')):
        reply = Caller(site.url, good).get(READ)
        assert reply.status == 200 or reply.code == "action_not_granted", reply


# ---- time and state: the whole reason, but only for who proves the key ----


def late(site, **claims):
    return site.owner.grant(site.technician, [onboarding()], **claims)


DEAD = [
    ("issued_in_future", 401, 0, "/iat", lambda s: late(s, iat=now() + HOUR, exp=now() + DAY)),
    ("not_yet_valid", 401, 0, "/nbf", lambda s: late(s, nbf=now() + HOUR)),
    ("expired", 401, 0, "/exp", lambda s: late(s, iat=now() - HOUR, exp=now() - 1)),
    ("expired", 401, 1, "/exp", lambda s: late(s, iat=now() - HOUR, transferable=1).grant(s.technician, exp=now() - 1)),
    ("revocation_unknown", 503, None, "/status",
     lambda s: late(s, status={"status_list": {"idx": 1, "uri": "https://status.example/1"}})),
]


@pytest.mark.parametrize("code, status, hop, member, make", DEAD, ids=[f"{row[0]}-{row[2]}" for row in DEAD])
def test_a_chain_that_is_not_alive(site, code, status, hop, member, make):
    dead = make(site)
    holder = Caller(site.url, dead)
    assert_explained(holder.get(READ), status, code, hop, member)
    thief = Caller(site.url, dead, Key())
    assert_refused(thief.get(READ), status, code)
    forged = holder.headers("GET", READ)
    forged["DPoP"] = with_signature(forged["DPoP"], lambda s: s[:40] + bytes([s[40] ^ 1]) + s[41:])
    assert_refused(send(site.url, "GET", READ, headers=forged), status, code)


def test_who_saw_a_proof_is_not_told_why_its_chain_is_refused(site):
    """One that was shown before, or made for something else, may be in anybody's hands."""
    holder = Caller(site.url, late(site, iat=now() - HOUR, exp=now() - 1))
    shown = holder.headers("GET", READ)
    assert_explained(send(site.url, "GET", READ, headers=shown), 401, "expired", 0, "/exp")
    assert_refused(send(site.url, "GET", READ, headers=shown), 401, "expired")
    assert_refused(send(site.url, "GET", "/v1/poas/x", headers=holder.headers("GET", READ)), 401, "expired")
    assert_refused(holder.get(READ, iat=now() - HOUR), 401, "expired")
    # The agent itself may have forgotten the nonce; then it is told, of this request, once.
    assert_explained(holder.post("/v1/poas", nonce=None), 401, "expired", 0, "/exp")


def test_the_skew_is_for_clocks_that_go_before_ours(site):
    assert Caller(site.url, late(site, iat=now() + 20, exp=now() + DAY)).get(READ).status == 200


# ---- the proof ----


def test_the_proof_is_by_the_agent_of_the_leaf(site, chain):
    for key in (Key(), site.contractor.key, site.owner.key):
        assert_refused(Caller(site.url, chain, key).get(READ), 401, "proof_key_mismatch")


PROOF_FORMS = [
    ("no jwt", lambda made, key: "x"),
    ("typ", lambda made, key: made(header={"typ": "JWT"})),
    ("no typ", lambda made, key: made(header={"typ": None})),
    ("alg none", lambda made, key: made(header={"alg": "none"})),
    ("foreign header", lambda made, key: made(header={"kid": key.thumbprint})),
    ("private key", lambda made, key: made(header={"jwk": key.private_jwk})),
    ("no jwk", lambda made, key: made(header={"jwk": None})),
    ("no jti", lambda made, key: made(jti=None)),
    ("no ath", lambda made, key: made(ath=None)),
    ("iat a text", lambda made, key: made(iat=str(now()))),
    ("nonce a number", lambda made, key: made(nonce=7)),
    ("signature", lambda made, key: with_signature(made(), lambda s: s[:-1] + bytes([s[-1] ^ 1]))),
    ("another's claims", lambda made, key: made().rpartition(".")[0] + "." + made().rpartition(".")[2]),
    ("cut", lambda made, key: made().rpartition(".")[0]),
    ("a poa", lambda made, key: made(header={"typ": "poa+jwt"})),
]


@pytest.mark.parametrize("make", [row[1] for row in PROOF_FORMS], ids=[row[0] for row in PROOF_FORMS])
def test_the_form_of_a_proof(site, caller, chain, make):
    def made(**changes):
        return proof(caller.key, "GET", site.url + READ, chain.text, **changes)

    headers = caller.headers("GET", READ) | {"DPoP": make(made, caller.key)}
    assert_refused(send(site.url, "GET", READ, headers=headers), 401, "proof_invalid")


BINDINGS = [
    ("method", {"htm": "POST"}),
    ("method in lower case", {"htm": "get"}),
    ("path", {"htu": "http://poa.example/v1/devices"}),
    ("host", {"htu": "HOST/v1/devices"}),
    ("scheme", {"htu": "https"}),
    ("chain", {"ath": sha256(b"another chain")}),
    ("body", {"bh": sha256(b"a body")}),
]


@pytest.mark.parametrize("changes", [row[1] for row in BINDINGS], ids=[row[0] for row in BINDINGS])
def test_what_a_proof_is_bound_to(site, caller, changes):
    changes = dict(changes)
    if changes.get("htu") == "https":
        changes["htu"] = site.url.replace("http://", "https://") + READ
    elif "htu" in changes:
        changes["htu"] = changes["htu"].replace("HOST", site.url.replace("127.0.0.1", "127.0.0.2"))
    assert_explained(caller.get(READ, **changes), 401, "proof_binding_mismatch", None, None)


def test_the_url_is_the_configured_one_and_never_the_host_field(site, caller):
    reply = caller.get(READ, more={"Host": "evil.example"}, htu="http://evil.example" + READ)
    assert_explained(reply, 401, "proof_binding_mismatch", None, None)
    assert caller.get(READ, more={"Host": "evil.example"}).status == 200
    spelled = site.url.replace("http://", "HTTP://") + "/v1/./%64evices?x=1#y"
    assert caller.get(READ, htu=spelled).status == 200, "RFC 3986 normalisation, without query and fragment"


def test_a_proof_for_another_chain_of_the_same_agent(site, caller):
    other = site.owner.grant(site.technician, [onboarding()])
    headers = caller.headers("GET", READ) | {"Authorization": f"PoA {other.text}"}
    reply = send(site.url, "GET", READ, headers=headers)
    assert_explained(reply, 401, "proof_binding_mismatch", None, None)


def test_a_body_cannot_be_swapped_under_a_proof(site, caller, root):
    nonce = caller.nonce()
    headers = caller.headers("POST", "/v1/poas", {"chain": caller.chain.text}, nonce=nonce)
    assert_explained(send(site.url, "POST", "/v1/poas", {"chain": root.text}, headers), 401, "proof_binding_mismatch",
                     None, None)
    unbound = caller.post("/v1/poas", {"chain": root.text}, bh=None)
    assert_explained(unbound, 401, "proof_binding_mismatch", None, None)


def test_a_proof_serves_once(site, caller):
    headers = caller.headers("GET", READ)
    assert send(site.url, "GET", READ, headers=headers).status == 200
    for _ in range(2):
        assert_explained(send(site.url, "GET", READ, headers=headers), 401, "proof_replayed", None, None)
    same_jti = fresh_jti()
    assert caller.get(READ, jti=same_jti).status == 200
    assert_explained(caller.get(READ, jti=same_jti), 401, "proof_replayed", None, None)
    # A jti serves once per key: another agent may have the same by chance or by malice.
    contractor = Caller(site.url, site.owner.grant(site.contractor, [onboarding()]))
    assert contractor.get(READ, jti=same_jti).status == 200


def test_a_proof_that_was_refused_is_used_up_too(caller):
    jti = fresh_jti()
    assert caller.get(READ, jti=jti, htm="POST").code == "proof_binding_mismatch"
    assert caller.get(READ, jti=jti).code == "proof_replayed"


def test_a_proof_is_of_now(site, caller):
    for iat in (now() - 90, now() + 90):
        refused = caller.get(READ, iat=iat)
        assert_explained(refused, 401, "proof_stale", None, None)
        # Field laptops have poor clocks: a nonce tells the time instead, and the refusal brings one.
        assert refused.headers["WWW-Authenticate"] == 'PoA error="use_dpop_nonce"'
        assert caller.get(READ, iat=now() + 250, nonce=refused.headers["DPoP-Nonce"]).status == 200
    assert caller.get(READ, iat=now() + 250, nonce=caller.nonce()).status == 200
    assert caller.get(READ, iat=now() - 250, nonce=caller.nonce()).status == 200
    assert caller.get(READ, iat=now() + 320, nonce=caller.nonce()).code == "proof_stale"
    assert caller.get(READ, iat=now() - 320, nonce=caller.nonce()).code == "proof_stale"


# ---- nonces ----


def test_a_change_wants_a_nonce_and_says_so(site, caller):
    """RFC 9449 section 8: the refusal brings the nonce with which the same request is good."""
    refused = caller.post("/v1/poas", nonce=None)
    assert_explained(refused, 401, "nonce_required", None, None)
    assert refused.headers["WWW-Authenticate"] == 'PoA error="use_dpop_nonce"'
    again = caller.post("/v1/poas", nonce=refused.headers["DPoP-Nonce"])
    assert again.status in (200, 201), again
    used = caller.post("/v1/poas", nonce=refused.headers["DPoP-Nonce"])
    assert_explained(used, 401, "nonce_invalid", None, None)
    assert used.headers["DPoP-Nonce"] != refused.headers["DPoP-Nonce"]
    assert caller.post("/v1/poas", nonce=used.headers["DPoP-Nonce"]).status == 200


def test_a_poor_clock_is_given_a_nonce(caller):
    """Only under one is a proof heard whose clock is more than a minute off."""
    stale = caller.get(READ, iat=now() - 250)
    assert_explained(stale, 401, "proof_stale", None, None)
    assert caller.get(READ, iat=now() - 250, nonce=stale.headers["DPoP-Nonce"]).status == 200


def test_a_nonce_is_ours_and_whole(caller):
    good = caller.nonce()
    for bad in ("x", fresh_jti(), good[:-1], good + "A", good[:10] + ("A" if good[10] != "A" else "B") + good[11:]):
        assert_explained(caller.post("/v1/poas", nonce=bad), 401, "nonce_invalid", None, None)
    assert caller.post("/v1/poas", nonce=good).status in (200, 201)


def test_a_refused_change_leaves_the_nonce(caller):
    """Only a change uses a nonce up, so that a client may mend its request."""
    nonce = caller.nonce()
    assert caller.post("/v1/onboardings", {"device": {}}, nonce=nonce).status == 400
    assert caller.post("/v1/poas", nonce=nonce).status in (200, 201)


# ---- all together ----


def test_each_code_of_a_chain_and_a_proof_was_seen(site):
    """A code that is added to the table is added here."""
    rows = site.cli.ok("codes", "--json").json["codes"]
    seen = {row[0] for row in FAULTS} | {row[0] for row in DEAD}
    seen |= {"chain_empty", "proof_missing", "proof_invalid", "proof_key_mismatch", "proof_binding_mismatch",
             "proof_stale", "nonce_required", "nonce_invalid", "proof_replayed"}
    elsewhere = {"revoked", "suspended", "key_revoked", "clock_unsure"}  # test_revocation.py, test_kill.py
    assert {row["code"] for row in rows if 1 <= row["step"] <= 9} == seen | elsewhere
