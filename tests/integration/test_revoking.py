"""Who may take a PoA or a key away, for whom it is then gone, and who may give it back."""

import pytest

from client import (HOUR, SITE, Caller, Chain, Key, Party, claims_of, now, onboarding, send, state_of, statement,
                    submit)
from crew import READ, Crew, crew  # noqa: F401  the fixture
from scene import site  # noqa: F401  the fixture


# ---- revoking at each level ----


def test_the_owner_revokes_the_root(crew):
    crew.says(crew.owner, "revoke", poa=crew.ids()[0])
    for chain in (crew.leaf, crew.middle, crew.root, crew.below, crew.beside):
        crew.is_refused("revoked", 0, chain=chain)


def test_the_contractor_revokes_what_it_granted(crew):
    crew.says(crew.contractor, "revoke", crew.leaf, poa=crew.ids()[1])
    crew.is_refused("revoked", 1)
    crew.is_refused("revoked", 1, chain=crew.middle)
    crew.works(crew.root)
    crew.works(crew.below)


def test_the_leaf_is_revoked_by_each_above_it(site):
    for signer in ("owner", "contractor", "crew"):
        crew = Crew(site)
        crew.says(getattr(crew, signer), "revoke", crew.leaf, poa=crew.ids()[2])
        crew.is_refused("revoked", 2)
        crew.works(crew.middle)


def test_the_agent_gives_its_own_up(crew):
    crew.says(crew.technician, "revoke", crew.leaf, poa=crew.ids()[2])
    crew.is_refused("revoked", 2)
    crew.works(crew.middle)


def test_an_agent_may_not_revoke_what_stands_above(crew):
    """The statement is stored, because its signer stands in a chain; it counts on no link."""
    for above in crew.ids()[:2]:
        crew.says(crew.technician, "revoke", crew.leaf, poa=above)
    crew.works()


def test_a_sibling_has_no_say(crew):
    crew.may_not(crew.sibling, "revoke", poa=crew.ids()[1])
    crew.may_not(crew.sibling, "revoke", crew.leaf, poa=crew.ids()[1])
    crew.says(crew.sibling, "revoke", crew.beside, poa=crew.ids()[1])
    crew.says(crew.nephew, "revoke", crew.below, poa=crew.ids()[2])
    crew.works()
    crew.works(crew.below)


def test_the_second_owner_has_no_say_over_the_first(crew):
    """Its key is pinned, so the statement is stored; it counts on its own links alone."""
    crew.says(crew.site.second, "revoke", poa=crew.ids()[0])
    crew.works()


def test_the_target_need_not_have_been_seen(site):
    crew = Crew(site)
    crew.says(crew.owner, "revoke", poa=crew.ids()[1])
    crew.is_refused("revoked", 1)
    crew.works(crew.root)


def test_how_much_a_key_may_say_about_a_target(site):
    """What it says is read at each decision; but who stole it cannot keep its owner from barring it."""
    crew = Crew(site)

    def again(signer, op="suspend", **more):
        return submit(site.url, statement(signer, op, poa=crew.ids()[2], **more), crew.leaf)

    for _ in range(100):
        assert again(crew.technician).status == 201
    full = again(crew.technician)
    assert (full.status, full.code) == (403, "statement_unauthorized") and "so much" in full.json["detail"], full
    assert again(crew.technician, "revoke", aud="elsewhere.example").status == 403
    assert again(crew.crew).status == 201, "others' words are not counted with it"
    for _ in range(101):
        assert again(crew.owner).status == 201, "and whom the site pins may say what he likes"
    crew.works(crew.middle)
    assert again(crew.technician, "revoke").status == 201
    crew.is_refused("revoked", 2)
    assert again(crew.technician, "revoke").status == 403


def test_a_poa_to_the_end_of_time_can_be_revoked(crew):
    """What its end and the skew make together is no time any more."""
    crew.says(crew.owner, "revoke", poa=crew.ids()[1], poa_exp=2**53 - 1)
    crew.is_refused("revoked", 1)


# ---- keys ----


def test_the_lost_laptop(crew):
    """Whoever finds it finds a key that opens nothing, in no chain; the agent goes on with another key."""
    other = crew.root.grant(crew.technician)
    crew.works(other)
    crew.says(crew.technician, "revoke", crew.leaf, key=crew.technician.key.thumbprint, reason="keyCompromise")
    crew.is_refused("key_revoked", 2, "/cnf")
    crew.is_refused("key_revoked", 1, "/cnf", chain=other)
    crew.works(crew.middle)
    crew.technician.key = Key()
    crew.works(crew.middle.grant(crew.technician))


def test_the_lost_laptop_is_reported_by_those_above(site):
    for signer in ("owner", "contractor", "crew"):
        crew = Crew(site)
        crew.says(getattr(crew, signer), "revoke", crew.leaf, key=crew.technician.key.thumbprint)
        crew.is_refused("key_revoked", 2, "/cnf")


def test_the_contractors_key(crew):
    """It is the agent's of the root and the signer's of the next: the lower hop says so first."""
    crew.says(crew.owner, "revoke", key=crew.contractor.key.thumbprint)
    for chain in (crew.leaf, crew.middle, crew.root, crew.below):
        crew.is_refused("key_revoked", 0, "/cnf", chain=chain)
    crew.may_not(Party(crew.contractor.name), "revoke", crew.leaf, key=crew.contractor.key.thumbprint)


def test_the_owners_key(site):
    """The owner's own statement on its own key. The other owner's key lives on."""
    owner = site.add_owner()
    contractor = Party("contractor.example")
    root = owner.grant(contractor, [onboarding()])
    assert Caller(site.url, root).get(READ).status == 200
    assert submit(site.url, statement(owner, "revoke", key=owner.key.thumbprint)).status == 201
    reply = Caller(site.url, root).get(READ)
    assert (reply.status, reply.code, reply.reason["hop"], reply.reason["member"]) == (
        401, "key_revoked", 0, "/header/kid"), reply
    Crew(site).works()


def test_a_key_revoked_for_what_it_signed_before(crew):
    """issued_before spares what an honest owner of the key signs later, and nothing of what it is the agent of."""
    late = crew.root.grant(crew.crew, iat=now() - 5).grant(crew.technician, iat=now() - 4)
    crew.says(crew.owner, "revoke", key=crew.contractor.key.thumbprint, issued_before=now() - 20)
    crew.is_refused("key_revoked", 1, "/header/kid")
    crew.works(late)
    crew.works(crew.root)


def test_issued_before_is_no_later_than_the_statement(crew):
    text = statement(crew.owner, "revoke", key=crew.contractor.key.thumbprint, issued_before=now() + HOUR)
    reply = submit(crew.site.url, text)
    assert (reply.status, reply.code, reply.reason["member"]) == (400, "statement_invalid", "/issued_before"), reply


# ---- holds ----


def test_a_hold_and_its_end(crew):
    hold = crew.says(crew.contractor, "suspend", crew.leaf, poa=crew.ids()[1])
    crew.is_refused("suspended", 1)
    crew.works(crew.below)
    crew.says(crew.contractor, "resume", crew.leaf, hold=hold)
    crew.works()


def test_a_hold_is_lifted_by_those_above_and_by_no_one_below(crew):
    hold = crew.says(crew.contractor, "suspend", crew.leaf, poa=crew.ids()[2])
    crew.says(crew.crew, "resume", crew.leaf, hold=hold)
    crew.says(crew.technician, "resume", crew.leaf, hold=hold)
    crew.says(crew.sibling, "resume", crew.below, hold=hold)
    crew.says(crew.site.second, "resume", hold=hold)
    crew.may_not(Party("stranger.example"), "resume", crew.leaf, hold=hold)
    crew.is_refused("suspended", 2)
    crew.says(crew.owner, "resume", hold=hold)
    crew.works()


def test_each_hold_is_lifted_on_its_own(crew):
    """Resuming a parent never revives a child that was suspended on its own."""
    above = crew.says(crew.owner, "suspend", poa=crew.ids()[0])
    below = crew.says(crew.crew, "suspend", crew.leaf, poa=crew.ids()[2])
    again = crew.says(crew.owner, "suspend", poa=crew.ids()[0])
    crew.says(crew.owner, "resume", hold=above)
    crew.is_refused("suspended", 0)
    crew.says(crew.owner, "resume", hold=again)
    crew.is_refused("suspended", 2)
    crew.says(crew.crew, "resume", crew.leaf, hold=below)
    crew.works()


def test_order_and_replay_of_holds_do_not_matter(crew):
    """The resume is remembered: it may come before the hold, and the hold may come again."""
    hold = statement(crew.owner, "suspend", poa=crew.ids()[0])
    name = claims_of(hold)["jti"]
    crew.says(crew.owner, "resume", hold=name)
    first = submit(crew.site.url, hold)
    assert first.status == 201, first
    crew.works()
    again = submit(crew.site.url, hold)
    assert again.status == 200 and again.json == first.json, again
    crew.works()


def test_an_agent_may_not_hold_its_own(crew):
    crew.says(crew.technician, "suspend", crew.leaf, poa=crew.ids()[2])
    crew.works()


def test_a_key_is_held_and_let_go(crew):
    hold = crew.says(crew.owner, "suspend", key=crew.technician.key.thumbprint)
    crew.is_refused("suspended", 2)
    crew.says(crew.owner, "resume", hold=hold)
    crew.works()


def test_revoked_stays_revoked(crew):
    crew.says(crew.owner, "revoke", poa=crew.ids()[1])
    hold = crew.says(crew.owner, "suspend", poa=crew.ids()[1])
    crew.is_refused("revoked", 1)
    crew.says(crew.owner, "resume", hold=hold)
    crew.is_refused("revoked", 1)


# ---- other sites ----


def test_a_statement_for_another_site_does_not_count_here(crew):
    crew.says(crew.owner, "revoke", poa=crew.ids()[0], aud="site:port-3.example")
    crew.says(crew.owner, "suspend", poa=crew.ids()[0], aud=["site:port-3.example"])
    crew.works()
    crew.says(crew.owner, "revoke", poa=crew.ids()[0], aud=["site:port-3.example", SITE])
    crew.is_refused("revoked", 0)


# ---- the statement itself ----


@pytest.mark.parametrize("member, changes", [
    ("/op", {"op": "forget"}), ("/reason", {"reason": "boredom"}), ("/reason", {"reason": "certificateHold"}),
    ("/iat", {"iat": None}), ("/jti", {"jti": "short"}), ("/iss", {"iss": None}), ("/poa", {"poa": "x"}),
])
def test_a_statement_with_one_fault(crew, member, changes):
    text = statement(crew.owner, **({"op": "revoke", "poa": crew.ids()[0]} | changes))
    reply = submit(crew.site.url, text)
    assert (reply.status, reply.code, reply.reason["member"]) == (400, "statement_invalid", member), reply
    crew.works()


def test_a_hold_names_its_sites(crew):
    reply = submit(crew.site.url, statement(crew.owner, "suspend", poa=crew.ids()[0], aud=None))
    assert (reply.status, reply.code, reply.reason["member"]) == (400, "statement_invalid", "/aud"), reply


def test_a_forged_statement(crew):
    text = statement(crew.owner, "revoke", poa=crew.ids()[0])
    head, _, signature = text.rpartition(".")
    for other in (head, f"{head}.{signature[:-4]}", f"{head}.{'A' * len(signature)}",
                  statement(Party(crew.owner.name), "revoke", poa=crew.ids()[0])):
        reply = submit(crew.site.url, other)
        assert reply.status in (400, 403), reply
        assert reply.code in ("statement_invalid", "statement_unauthorized"), reply
    crew.works()


@pytest.mark.parametrize("body, code, member", [
    ({}, "claim_missing", "/statement"), ({"statement": 7}, "claim_type", "/statement"),
    ({"statement": "a.b.c"}, "statement_invalid", None),
    ({"statement": "a.b.c", "chain": []}, "claim_type", "/chain"), ("[]", "malformed", None),
    ('{"statement":"a","statement":"b"}', "duplicate_member", None),
])
def test_the_body_of_a_statement(site, body, code, member):
    reply = send(site.url, "POST", "/v1/revocations", body)
    assert (reply.status, reply.code) == (400, code), reply
    if member:
        assert reply.reason["member"] == member


def test_a_chain_that_fails_gives_no_standing(crew):
    broken = Chain([*crew.leaf.tokens[:2], crew.below.tokens[2]], crew.technician)
    reply = submit(crew.site.url, statement(crew.crew, "revoke", poa=crew.ids()[2]), broken)
    assert (reply.status, reply.code, reply.reason["member"]) == (403, "statement_unauthorized", "/chain"), reply
    crew.works()

    # A pinned key needs no chain shown, so one that fails takes nothing from it.
    reply = submit(crew.site.url, statement(crew.owner, "revoke", poa=crew.ids()[2]), broken)
    assert reply.status == 201, reply


# ---- epochs and signed answers ----


def test_epochs_have_no_gaps_and_repeating_takes_none(crew):
    texts = [statement(crew.owner, "revoke", poa=crew.ids()[i]) for i in (2, 1, 0)]
    replies = [submit(crew.site.url, text) for text in texts]
    epochs = [reply.json["epoch"] for reply in replies]
    assert epochs == list(range(epochs[0], epochs[0] + 3))
    assert len({reply.json["store"] for reply in replies}) == 1
    for text, reply in zip(texts, replies):
        again = submit(crew.site.url, text)
        assert (again.status, again.json) == (200, reply.json)
    assert state_of(crew.site.url, crew.ids()[0], crew.site.answer_key)["epoch"] == epochs[-1]


def test_what_the_signed_answer_says(site):
    crew = Crew(site)
    url, key = site.url, site.answer_key
    assert state_of(url, crew.ids()[2], key)["state"] == "unknown", "not seen in a chain: never active"
    assert Caller(url, crew.leaf).post("/v1/poas").status == 201
    active = state_of(url, crew.ids()[2], key)
    assert active["state"] == "active" and active["exp"] == active["iat"] + 60
    assert {"store", "epoch"} < active.keys() and "origin" not in active

    hold = crew.says(crew.crew, "suspend", crew.leaf, poa=crew.ids()[2])
    held = state_of(url, crew.ids()[2], key)
    assert (held["state"], held["origin"], held["by"]) == ("suspended", "direct", crew.crew.key.thumbprint)
    assert held["epoch"] == active["epoch"] + 1 and held["reason"] == "certificateHold"
    crew.says(crew.owner, "resume", hold=hold)
    assert state_of(url, crew.ids()[2], key)["state"] == "active"

    crew.says(crew.contractor, "revoke", crew.leaf, poa=crew.ids()[1], reason="cessationOfOperation")
    gone = state_of(url, crew.ids()[2], key)
    assert (gone["state"], gone["origin"], gone["from"]) == ("revoked", "inherited", crew.ids()[1])
    assert (gone["by"], gone["reason"]) == (crew.contractor.key.thumbprint, "cessationOfOperation")
    assert abs(gone["since"] - now()) < 60
    assert state_of(url, crew.ids()[1], key)["origin"] == "direct"
    assert state_of(url, crew.ids()[0], key)["state"] == "active"


def test_no_answer_for_what_is_no_id(site):
    assert send(site.url, "GET", "/v1/revocations/short").code == "malformed"


def test_an_answer_of_at_least_an_epoch(site):
    unknown = "A" * 43
    claims = site.state_of(unknown)
    store, epoch = claims["store"], claims["epoch"]

    def ask(query):
        return send(site.url, "GET", f"/v1/revocations/{unknown}?{query}")

    assert ask(f"store={store}&epoch={epoch}").status == 200
    assert ask(f"store={store}&epoch=0").status == 200
    assert ask(f"store={store}").status == 200
    for query in (f"store={store}&epoch={epoch + 1}", f"store={'A' * 22}&epoch=0", f"store={'A' * 22}"):
        refused = ask(query)
        assert (refused.status, refused.code) == (503, "revocation_unknown"), query
    for query in ("epoch=0", f"store={store}&epoch=-1", f"store={store}&epoch=1x", f"store={store}&epoch="):
        assert ask(query).status == 400, query
