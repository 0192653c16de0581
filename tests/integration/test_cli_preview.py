"""--dry-run of revoke and suspend, against the real server: what is foretold is what comes, and asking changes nothing."""

import pytest

from client import claims_of, send
from poa_cli import Story
from server import Site, wait_until


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("site") / "site", name=Story.SITE,
                owners={"owner.example": f"{Story.template()}/owner.jwk"}, locations=["mine-7"])


@pytest.fixture(scope="module")
def server(site):
    with site.start() as running:
        yield running.outlive_its_first_second()


class Crew(Story):
    """An owner, a contractor, a technician, and three devices that came in under them."""

    serial = 1000

    def __init__(self, folder, site, on_revoke="review"):
        super().__init__(folder)
        self.site = site
        self.key("contractor", "--force")  # one that no other crew's PoAs name
        self.at = ("--server", site.url)
        self.root("--on-revoke", on_revoke, powers=("--action", "onboard,read", "--location", "mine-7", "--device",
                                                    "manufacturer=Acme", "--effect", "until_exp"))
        self.sub("--location", "mine-7/hall-2", "--effect", "until_exp")
        self.asker = (*self.at, "--chain", "technician.poa", "--key", "technician.key")
        self.devices = [self.bring_in() for _ in range(3)]
        self.ids = [link["poa_id"] for link in self.ok("inspect", "technician.poa", "--json").json["chain"]]

    def bring_in(self):
        Crew.serial += 1
        self.ok("key", "new", "-o", "device.key", "--force")
        return self.ok("onboard", *self.asker, "--location", "mine-7/hall-2", "--device",
                       f"manufacturer=Acme,serial=SN-{Crew.serial}", "--device-key", "device.key",
                       "--json").json["device"]["id"]

    def dry(self, *words, key="owner", verb="revoke"):
        return self.ok(verb, "--dry-run", "--key", f"{key}.key", *self.at, *words)

    def epoch(self):
        """Of the signed list: it counts every statement that the server accepted."""
        return claims_of(send(self.site.url, "GET", "/v1/revocations").body.decode().splitlines()[0])["epoch"]


@pytest.fixture(scope="module")
def crew(tmp_path_factory, site, server):
    return Crew(tmp_path_factory.mktemp("crew") / "c", site)


def numbers(told):
    """What is counted, without what is zero."""
    said = told.json
    return (said["counts"], said["poas"], {name: count for name, count in said["devices"].items() if count},
            {name: count for name, count in said["effect"].items() if count})


def test_what_is_foretold_is_what_comes(tmp_path, site, server):
    crew = Crew(tmp_path / "c", site, "cascade")
    contractor = ("--chain", "contractor.poa")
    before = crew.epoch()
    told = crew.dry(*contractor)
    assert told.out == ("this touches 2 PoAs seen, 3 devices: 3 active\n"
                        "  3 would be suspended at once, certificates on the CRL (cascade)\n")
    assert told.err == "poa: nothing was signed, and nothing is changed\n"
    assert numbers(crew.dry(*contractor, "--json")) == (True, 2, {"active": 3}, {"cascade": 3})
    assert crew.epoch() == before
    assert crew.bring_in(), "the PoA stands"

    crew.ok("revoke", "--key", "owner.key", *contractor, *crew.at, "-o", "r.jws")
    assert crew.epoch() == before + 1
    wait_until(lambda: numbers(crew.dry(*contractor, "--json")) == (True, 2, {"suspended": 4}, {"untouched": 4}),
               "as many as foretold, and the one that came in since")


def test_nothing_is_written(crew):
    told = crew.dry("--chain", "technician.poa", "-o", "none.jws")
    assert "1 PoA seen, 3 devices" in told.out and not (crew.folder / "none.jws").exists()


def test_the_words_of_a_statement_count(crew):
    root, leaf = crew.ids
    for words, poas, effect in (
            (("--poa", root), 2, "review"), (("--poa", leaf), 1, "review"),
            (("--poa", root, "--on-revoke", "cascade"), 2, "cascade"),
            (("--poa", root, "--reason", "keyCompromise"), 2, "cascade"),
            (("--poa", root, "--on-revoke", "cascade", "--invalid-since", "4102444800"), 2, "untouched"),
            (("--target-key", "contractor.jwk"), 2, "review"),
            (("--target-key", "contractor.jwk", "--issued-before", "4102444800"), 1, "review")):
        assert numbers(crew.dry(*words, "--json")) == (True, poas, {"active": 3}, {effect: 3}), words
    assert numbers(crew.dry("--poa", root, "--json", verb="suspend")) == (True, 2, {"active": 3}, {"stop_new": 3})
    assert "3 would run on" in crew.dry("--poa", root).out
    assert "3 would be left alone" in crew.dry("--chain", "technician.poa", verb="suspend").out


def test_nothing_that_was_seen(crew):
    assert crew.dry("--poa", "A" * 43).out == "this touches nothing that the server has seen\n"


def test_a_key_of_the_chain_asks(crew):
    assert "1 PoA seen" in crew.dry("--chain", "technician.poa", key="contractor").out
    assert numbers(crew.dry("--chain", "technician.poa", "--json", key="technician"))[3] == {"stop_new": 3}


def test_an_administrator_asks(crew, site):
    crew.ok("grant", "--key", site.administrator_key, "--issuer", Story.SITE, "--to", "site.jwk", "--agent", "warden",
            "--audience", Story.SITE, "--for", "8h", "--type", "administration", "--action", "revoke,suspend",
            "--location", "mine-7", "-o", "warden.poa", "--force")
    told = crew.dry("--poa", crew.ids[0], "--admin-chain", "warden.poa", "--json", key="site")
    assert numbers(told) == (True, 2, {"active": 3}, {"review": 3})
    other = crew.fails(4, "revoke", "--dry-run", "--key", "technician.key", "--poa", crew.ids[0], *crew.at,
                       "--admin-chain", "warden.poa")
    assert "proof_key_mismatch" in other.err


@pytest.mark.parametrize("shown", [("--poa", "A" * 43), ("--chain", "technician.poa")])
def test_a_stranger_learns_nothing(crew, shown):
    crew.ok("key", "new", "-o", "stranger.key", "--force")
    refused = crew.fails(4, "revoke", "--dry-run", "--key", "stranger.key", *shown, *crew.at)
    assert "statement_unauthorized" in refused.err and "device" not in refused.err.replace("--device", "")


def test_it_wants_a_server(crew):
    said = crew.fails(2, "revoke", "--dry-run", "--key", "owner.key", "--chain", "technician.poa")
    assert "--server" in said.err


def test_a_reason_that_is_none(crew):
    crew.fails(3, "revoke", "--dry-run", "--key", "owner.key", "--poa", crew.ids[0], *crew.at, "--reason", "because")



def test_a_server_that_just_started(tmp_path):
    """It knows no proof of before its start, and wants a nonce: the second round is the command's own business."""
    own = Site(tmp_path / "site", name=Story.SITE, owners={"owner.example": f"{Story.template()}/owner.jwk"},
               locations=["mine-7"])
    with own.start():
        crew = Crew(tmp_path / "c", own)
        assert "3 devices" in crew.dry("--poa", crew.ids[0]).out
