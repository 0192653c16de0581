"""Do all devices of a site re-establish trust after a power cut, and is not one record lost or double?

    trust_after_power_cut.py [DEVICES] [--connections N]

POA_BUILD names meson's build directory. Brings the devices in by batches, kills server and devices in the middle of
their trust, starts the server again, and lets all of them come at once with the reason `restart`. Then it counts: each
id once, each active, each with a newer certificate, which is the one that the device holds, and an unbroken audit log
that knows of each certificate. Prints a table in Markdown; what does not hold ends it with an exception.
"""

import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from cryptography import x509

TREE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TREE / "tests" / "integration"))

import poa_cli  # noqa: E402
import server  # noqa: E402

LINES_AT_ONCE = 1000
SITE, LOCATION = "site.example", "mine-7"

# No device falls due while the bench runs. Who was there just before the cut may not come at once: the power stays away
# until all may, so that work is measured and not waiting.
TRUST = {"period": 600, "grace": 600}
CUT_LASTS_S = 2 * TRUST["period"] * 0.6 / 100 + 2


def run(folder, *args, check=True):
    """One run of `poa`; gives what it printed as JSON, if it printed any."""
    done = subprocess.run([poa_cli.BINARY, *map(str, args)], cwd=folder, env=server.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{args[:3]} ended with {done.returncode}: {done.stderr[-2000:]}"
    return json.loads(done.stdout) if done.stdout.startswith("{") else done


class Clock:
    """Seconds of what is done in a `with` block."""

    def __enter__(self):
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began


class Bench:
    def __init__(self, folder, devices, connections):
        self.folder, self.count, self.connections = pathlib.Path(folder), devices, connections
        self.rows = []
        self.cli = poa_cli.Cli(self.folder)
        for name in ("owner", "technician"):
            self.cli.key(name)
        self.site = server.Site(self.folder / "site", name=SITE, locations=[LOCATION],
                                owners={"owner.example": self.folder / "owner.jwk"})
        self.site.edit(self.site.policy, lambda policy: policy.update(trust=TRUST))
        self.cli.ok("grant", "--key", "owner.key", "--issuer", "owner.example", "--to", "technician.jwk", "--agent",
                    "technician-4", "--audience", SITE, "--for", "8h", "--action", "onboard,read", "--location",
                    LOCATION, "--device", "any", "--effect", "permanent", "-o", "technician.poa")
        self.asker = ("--server", self.site.url, "--chain", "technician.poa", "--key", "technician.key")
        self.fleet = ("device", "run", "hall", "--server", self.site.url, "--connections", connections)

    def note(self, what, how_many, seconds):
        self.rows.append((what, how_many, seconds))
        print(f"{what}: {how_many} in {seconds:.1f} s", file=sys.stderr)

    # ---- the story ----

    def bring_in(self):
        run(self.folder, "device", "simulate", "--serial", "D", "--count", self.count, "-o", "hall")
        names = sorted(f"hall/{path.name}" for path in (self.folder / "hall").iterdir())
        for at in range(0, self.count, LINES_AT_ONCE):
            run(self.folder, "device", "collect", *names[at:at + LINES_AT_ONCE], "--chain", "technician.poa",
                "--location", LOCATION, "-o", "requests")
        with Clock() as clock:
            run(self.folder, "onboard", *self.asker, "--batch", "requests", "--results", "results", "--simulated",
                "hall")
        self.note("come in, by batches of 1,000", self.count, clock.seconds)

    def cut_the_power(self, running):
        """Server and devices end at once, when a quarter of the devices were there."""
        fleet = subprocess.Popen([poa_cli.BINARY, *map(str, self.fleet), "--reason", "periodic"], cwd=self.folder,
                                 env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with Clock() as clock:
            with running.log_file.open("rb") as log:
                log.seek(0, os.SEEK_END)
                trusts, end = 0, time.monotonic() + 600
                while trusts < self.count // 4:
                    assert fleet.poll() is None and time.monotonic() < end, "no power cut: nobody was there"
                    trusts += log.read().count(b"/v1/devices/{id}/trust")
                    time.sleep(0.005)
            running.process.send_signal(signal.SIGKILL)
            fleet.send_signal(signal.SIGKILL)
            running.process.wait()
            fleet.wait()
        self.note("periodic trust, until the power is cut", trusts, clock.seconds)

    def come_back(self):
        with Clock() as clock:
            told = run(self.folder, *self.fleet, "--once", "--reason", "restart", "--json", check=False)
        assert told == {"done": self.count, "failed": 0, "refused": {}}, told
        self.note("**trust after the power cut, `restart`**", self.count, clock.seconds)
        return clock.seconds

    def floor(self):
        """The same exchanges without anything in them: two for each device, over as many connections."""
        (self.folder / "urls").write_text(f'url = "{self.site.url}/healthz"\noutput = "/dev/null"\n' * 2 * self.count)
        with Clock() as clock:
            subprocess.run(["curl", "--silent", "--fail", "--parallel", "--parallel-immediate", "--parallel-max",
                            str(self.connections), "--config", "urls"], cwd=self.folder, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment())
        self.note("floor: as many exchanges, `GET /healthz` twice a device", self.count, clock.seconds)
        return clock.seconds

    # ---- the count ----

    def records(self):
        return run(self.folder, "device", "list", *self.asker, "--json")["devices"]

    def held(self):
        """What the devices have: id, boot counter and serial of the certificate."""
        for folder in (self.folder / "hall").iterdir():
            state = json.loads((folder / "state.json").read_text())
            certificate = x509.load_pem_x509_certificate((folder / "credential.pem").read_bytes())
            yield state["id"], state["boot_counter"], certificate.serial_number

    def check_records(self, before, records, after):
        """What is wrong with them, by what it is: how many."""
        held = {name: (boots, serial) for name, boots, serial in self.held()}
        wrong = {
            "records lost": len(set(before) - set(after)),
            "records double": len(records) - len(after),
            "records of nobody": len(set(after) - set(before)),
            "records that are not active, or tell of another trust": sum(
                device["state"] != "active" or device.get("trust", {}).get("reason") != "restart"
                for device in after.values()),
            "records whose certificate is not newer": sum(
                device["not_after"] <= before[name]["not_after"]
                or device["certificate_serial"] == before[name]["certificate_serial"]
                for name, device in after.items() if name in before),
            "devices that hold what their record does not": sum(
                held.get(name) != (device.get("trust", {}).get("boot_counter"), int(device["certificate_serial"], 16))
                for name, device in after.items()),
        }
        assert len(before) == len(held) == self.count and not any(wrong.values()), (len(before), len(held), wrong)
        return wrong

    def audit(self, *more):
        done = server.run("audit", "--config", self.site.config, *more)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def check_audit(self, before, after):
        """Unbroken; one entry for each certificate, the last of a device that of its record. Gives the entries."""
        (chained,) = self.audit("--verify")
        assert chained["broken"] is None, chained
        certified = collections.defaultdict(list)
        for entry in self.audit():
            if entry["device"] and entry["certificate_serial"]:
                certified[entry["device"]].append(int(entry["certificate_serial"], 16))
        assert set(certified) == set(after)
        for name, serials in certified.items():
            assert len(set(serials)) == len(serials), f"{name}: a certificate was audited twice"
            assert serials[0] == int(before[name]["certificate_serial"], 16)
            assert serials[-1] == int(after[name]["certificate_serial"], 16)
        return chained["entries"], sum(len(serials) == 3 for serials in certified.values())

    # ---- the numbers ----

    def memory(self, running):
        status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024

    def store(self):
        files = [path.stat() for path in (self.site.folder / "data").rglob("*") if path.is_file()]
        return sum(file.st_blocks * 512 for file in files)

    def go(self):
        with self.site.start() as running:
            running.outlive_its_first_second()
            self.bring_in()
            before = {device["id"]: device for device in self.records()}
            self.cut_the_power(running)
        time.sleep(CUT_LASTS_S)
        with Clock() as clock:
            again = self.site.start()
        with again:
            took = self.come_back()
            memory = self.memory(again)
            floor = self.floor()
            records = self.records()
        after = {device["id"]: device for device in records}
        wrong = self.check_records(before, records, after)
        entries, twice = self.check_audit(before, after)
        self.table([("trust after the power cut, as a multiple of the floor", f"**{took / floor:.1f}**"),
                    *wrong.items(),
                    ("devices that were there shortly before the cut, and again after it", f"{twice:,}"),
                    ("entries of the audit log, its chain unbroken", f"{entries:,}"),
                    ("seconds from the start of the server until it is ready", f"{clock.seconds:.1f}"),
                    ("most memory of the server, MiB", f"{memory / 2**20:.0f}"),
                    ("size of the store on disk, MiB", f"{self.store() / 2**20:.0f}")])

    def table(self, results):
        print(f"| {self.count:,} devices, {self.connections} connections | Devices | Seconds | Devices a second |")
        print("| --- | ---: | ---: | ---: |")
        for what, how_many, seconds in self.rows:
            print(f"| {what} | {how_many:,} | {seconds:.1f} | {how_many / seconds:,.0f} |")
        print("\n| After it | |\n| --- | ---: |")
        for what, value in results:
            print(f"| {what} | {value} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("devices", nargs="?", type=int, default=10000)
    parser.add_argument("--connections", type=int, default=16)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="poa-bench-") as folder:
        Bench(folder, args.devices, args.connections).go()


if __name__ == "__main__":
    main()
