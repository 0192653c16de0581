"""A real `poa-authz-server` with a site of its own, for tests. POA_BUILD names meson's build directory.

    site = Site(tmp_path / "site", owners={"owner.example": "owner.jwk"}, locations=["mine-7"])
    with site.start() as server:
        requests.get(server.url + "/readyz")
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

BINARY = pathlib.Path(os.environ.get("POA_BUILD", "build")).resolve() / "authz-server" / "poa-authz-server"

# A sanitizer build on a busy machine is slow to start.
PATIENCE_S = 60


def environment(extra=None):
    """What the program sees: nothing of the caller's but what a sanitizer or a switched guard wants."""
    clean = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "POA_GUARD_OFF"):
        if name in os.environ:
            clean[name] = os.environ[name]
    clean.update(extra or {})
    return clean


def run(*args, cwd=None, env=None):
    """One run of the program to its end, without a terminal."""
    return subprocess.run([BINARY, *map(str, args)], cwd=cwd, env=environment(env), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, start_new_session=True, timeout=PATIENCE_S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)
    return found


def once(pairs):
    """An object of JSON, in which no member hides another."""
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), names
    return dict(pairs)


class Site:
    """A site that `init` made. `owners` maps an iss to the file of its public JWK."""

    def __init__(self, folder, name="mine.example", locations=("mine-7",), owners=None):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        args = ["init", "--site", name, "--listen", f"127.0.0.1:{self.port}"]
        for location in locations:
            args += ["--location", location]
        for iss, jwk in (owners or {}).items():
            args += ["--owner", f"{iss}={jwk}"]
        done = run(*args, self.folder)
        assert done.returncode == 0, done.stderr
        self.config = self.folder / "site.json"
        self.policy = self.folder / "policy.json"
        self.administrator_key = self.folder / "administrator.key"
        self.ca = self.folder / "ca.pem"

    def edit(self, path, change):
        """Change a JSON file of the site by a function of its value."""
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value))

    def start(self, *flags, env=None):
        """A server of this site that is ready."""
        return Server(self, flags, env)


class Server:
    """A running server. Leaving its `with` block stops it and wants a clean end."""

    def __init__(self, site, flags=(), env=None):
        self.site = site
        self.url = site.url
        self.log_file = site.folder / f"log-{time.monotonic_ns()}.jsonl"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen([BINARY, "serve", "--config", site.config, *map(str, flags)], stderr=log,
                                            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                            env=environment(env), start_new_session=True)
        wait_until(lambda: self.events("ready") or self.process.poll() is not None, "readiness")
        assert self.process.poll() is None, self.text()
        self.began = int(time.time())

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            code = self.stop()
            assert code == 0 or kind, self.text()

    def outlive_its_first_second(self):
        """Proofs of the second in which it began are asked for a nonce: the process before may have seen them."""
        time.sleep(max(0, self.began + 1.05 - time.time()))  # time(2) is a little behind
        return self

    def text(self):
        return self.log_file.read_text()

    def log(self):
        """Every line so far; each is one JSON object that names no member twice."""
        return [json.loads(line, object_pairs_hook=once) for line in self.text().splitlines(keepends=True)
                if line.endswith("\n")]

    def events(self, name):
        return [line for line in self.log() if line.get("event") == name]

    def requests(self, route=None):
        """The lines about requests, of one route."""
        return [line for line in self.log() if "request_id" in line and route in (None, line["route"])]

    def hang_up(self):
        """SIGHUP. Gives the event that told the outcome: `reload` or `reload.refused`."""
        before = len(self.events("reload") + self.events("reload.refused"))
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.events("reload") + self.events("reload.refused")) > before, "the reload")
        return [line for line in self.log() if line.get("event", "").startswith("reload")][-1]

    def stop(self, how=signal.SIGTERM):
        """End it; gives the exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def kill(self):
        """As if the power failed for the process alone."""
        return self.stop(signal.SIGKILL)
