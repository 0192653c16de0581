"""GET /v1/revocations: every statement, for who verifies offline."""

from client import claims_of, now, onboarding, read_answer, send, statement, submit
from scene import site  # noqa: F401  the fixture

PATH = "/v1/revocations"


def fetch(site):
    reply = send(site.url, "GET", PATH)
    assert reply.status == 200, reply
    assert reply.headers["Content-Type"].startswith("text/plain")
    text = reply.body.decode()
    assert text.endswith("\n")
    return text


def verify(site, chain, listed):
    (site.folder / "chain.poa").write_text(chain.text)
    (site.folder / "list").write_text(listed)
    return site.cli.run("verify", "chain.poa", "--policy", site.policy_file, "--revocations", "list", "--json").json


def test_an_empty_list_says_how_fresh_it_is(site):
    first, *rest = fetch(site).splitlines()
    said = read_answer(first, site.answer_key)
    assert (said["state"], said["epoch"], rest) == ("list", 0, [])
    assert said["exp"] - said["iat"] == 60 and abs(said["iat"] - now()) <= 2


def test_it_has_all_that_was_accepted_in_order(site):
    chain = site.owner.grant(site.technician, [onboarding()])
    said = [statement(site.owner, "suspend", poa=chain.ids[0])]
    said += [statement(site.owner, "resume", hold=claims_of(said[0])["jti"])]
    said += [statement(site.owner, "revoke", poa=site.owner.grant(site.contractor, [onboarding()]).ids[0])]
    before = read_answer(fetch(site).splitlines()[0], site.answer_key)["epoch"]
    for one in said:
        assert submit(site.url, one).status == 201
    first, *rest = fetch(site).splitlines()
    assert rest[before:] == said
    assert read_answer(first, site.answer_key)["epoch"] == before + 3


def test_the_cli_takes_it_as_it_is(site):
    doomed, held, fine = (site.owner.grant(site.technician, [onboarding()]) for _ in range(3))
    said = {}
    for chain, op in ((doomed, "revoke"), (held, "suspend")):
        said[op] = statement(site.owner, op, poa=chain.ids[0])
        assert submit(site.url, said[op]).status == 201
    listed = fetch(site)
    assert verify(site, doomed, listed)["code"] == "revoked"
    assert verify(site, held, listed)["code"] == "suspended"
    assert verify(site, fine, listed)["code"] == "ok"
    # A list that was cut off, and one whose first line somebody else has signed.
    assert verify(site, fine, listed[:-30])["code"] == "revocation_unknown"
    head, _, tail = listed.partition("\n")
    assert verify(site, fine, head[:-4] + "AAAA\n" + tail)["code"] == "revocation_unknown"
    assert submit(site.url, statement(site.owner, "resume", hold=claims_of(said["suspend"])["jti"])).status == 201
    assert verify(site, held, fetch(site))["code"] == "ok"


def test_a_long_list_is_streamed(site):
    """More than is read from the store at once."""
    chains = [site.owner.grant(site.technician, [onboarding()]) for _ in range(200)]
    for chain in chains:
        assert submit(site.url, statement(site.owner, "revoke", poa=chain.ids[0])).status == 201
    lines = fetch(site).splitlines()[1:]
    targets = [claims_of(line).get("poa") for line in lines]
    assert targets[-200:] == [chain.ids[0] for chain in chains]
    assert len("".join(lines)) > 65536
