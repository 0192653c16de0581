"""A walk over many devices whose server is killed again and again: nothing twice, nothing left out."""

import collections
import concurrent.futures
import os
import subprocess
import time

from cryptography import x509

import server
from client import Caller, send
from scene import site  # noqa: F401  the fixture
from test_effects import Fleet, crl_path

DEVICES = 600  # more than two batches
FORGIVEN = 40  # kills


LIBRARY = server.BINARY.parent.parent / "tests" / "integration" / "libfail_sync.so"
# A sanitizer's own library wants to be the first; ours has none.
SANITIZER = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
SLOW = {"LD_PRELOAD": str(LIBRARY), "FAIL_SYNC_SLOW_MS": "30", "ASAN_OPTIONS": SANITIZER.lstrip(":")}


def kill_after(site, commits):  # noqa: F811
    """A server that is killed once the file of its store has changed so often. Slow syncs keep commits apart."""
    data = site.made.folder / "data" / "data.mdb"
    last = data.stat().st_mtime_ns
    with open(site.made.folder / f"log-killed-{time.monotonic_ns()}.jsonl", "wb") as log:
        process = subprocess.Popen([server.BINARY, "serve", "--config", site.made.config], stderr=log,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   env=server.environment((site.environment or {}) | SLOW), start_new_session=True)

    def changed():
        nonlocal last, commits
        now, last = last, data.stat().st_mtime_ns
        commits -= now != last
        return commits <= 0

    server.wait_until(changed, "a commit")
    process.kill()
    process.wait(server.PATIENCE_S)


def crowd(site, count):  # noqa: F811
    """A fleet with many devices."""
    fleet = Fleet(site, 0, on_revoke="cascade")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(fleet.add) for _ in range(count)]:
            done.result()
    return fleet


def suspended(site):  # noqa: F811
    """How often each device was suspended, as the audit of a server that does not run has it."""
    return collections.Counter(entry["device"] for entry in site.audit() if entry["kind"] == "device.suspended")


def states(fleet):
    """All of them, page by page."""
    found, cursor = {}, None
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        page = Caller(fleet.site.url, fleet.reader.chain).get(f"/v1/devices?limit=200{more}").json
        found |= {one["id"]: one["state"] for one in page["devices"]}
        cursor = page["cursor"]
        if cursor is None:
            return found


def test_killed_again_and_again(site):
    fleet = crowd(site, DEVICES)
    bystander = Fleet(site, 2)
    fleet.revoke()
    site.server.kill()

    halfway = set()
    for kill in range(FORGIVEN):
        done = suspended(site)
        assert set(done.values()) <= {1}, "a device was suspended twice"
        if len(done) == DEVICES:
            break
        halfway.add(len(done))
        kill_after(site, 1 + kill)
    site.begin()
    fleet.settle()
    now = states(fleet)
    assert {now[name] for name in fleet.devices} == {"suspended"}
    assert [now[name] for name in bystander.devices] == ["active"] * 2
    assert halfway - {0}, "no kill came in the middle of the walk"

    revoked = x509.load_der_x509_crl(send(site.url, "GET", crl_path(site, fleet)).body)
    serials = [one.serial_number for one in revoked]
    assert len(serials) == len(set(serials)) == DEVICES + 1, "and the one of the fleet that showed the end"
    assert site.server.stop() == 0
    done = suspended(site)
    assert all(done[name] == 1 for name in fleet.devices)
    assert not any(name in done for name in bystander.devices)
    site.begin()
