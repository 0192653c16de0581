"""Runs the real `poa` for the tests of the CLI. POA_BUILD names meson's build directory."""

import atexit
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

BINARY = pathlib.Path(os.environ.get("POA_BUILD", "build")).resolve() / "cli" / "poa"


class Result:
    """What one run of the program said."""

    def __init__(self, done):
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\nstdout: {self.out}\nstderr: {self.err}"


class Cli:
    """A place with files of its own, where the program runs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def run(self, *args, stdin=b"", env=None, pass_fds=()):
        """One run without a terminal: a session of its own has none."""
        if isinstance(stdin, str):
            stdin = stdin.encode()
        clean = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "POA_GUARD_OFF"):
            if name in os.environ:
                clean[name] = os.environ[name]
        clean.update(env or {})
        done = subprocess.run([BINARY, *map(str, args)], cwd=self.folder, input=stdin, capture_output=True,
                              env=clean, start_new_session=True, timeout=60, pass_fds=pass_fds)
        return Result(done)

    def ok(self, *args, **kwargs):
        """A run that must succeed."""
        result = self.run(*args, **kwargs)
        assert result.code == 0, result
        return result

    def fails(self, code, *args, **kwargs):
        """A run that must end with this exit code, with nothing on stdout and a message on stderr."""
        result = self.run(*args, **kwargs)
        assert result.code == code, result
        assert result.out == "", result
        assert result.err != "", result
        return result

    def read(self, name):
        return (self.folder / name).read_text()

    def write(self, name, text, mode=0o644):
        path = self.folder / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        path.chmod(mode)
        return name

    def key(self, name, *args):
        """Make a key pair: name.key and name.jwk. Gives the thumbprint."""
        return self.ok("key", "new", "-o", f"{name}.key", "--public", f"{name}.jwk", *args).out.strip()


class Story(Cli):
    """The parties of most tests: an owner, a contractor, a technician, the site's own key, and the site's policy."""

    SITE = "site.example"
    NAMES = ("owner", "contractor", "technician", "site")

    def __init__(self, folder):
        """Keys and policy are made once in a process, and copied for each test."""
        super().__init__(folder)
        shutil.copytree(Story.template(), folder, dirs_exist_ok=True)
        self.thumbprints = {name: self.read(f"{name}.id") for name in self.NAMES}

    @staticmethod
    @functools.cache
    def template():
        folder = tempfile.mkdtemp(prefix="poa-story-")
        atexit.register(shutil.rmtree, folder)
        Story.make(Cli(folder))
        return folder

    @classmethod
    def make(cls, self):
        for name in cls.NAMES:
            self.write(f"{name}.id", self.key(name))
        self.ok("policy", "new", "--resource-owner", cls.SITE, "--owner", "owner.example", "--owner-key", "owner.jwk",
                "--site-key", "site.jwk", "--action", "onboard,read,replace", "--location", "mine-7", "--effect",
                "permanent", "-o", "site.json")

    def root_args(self, *more):
        return ("grant", "--key", "owner.key", "--issuer", "owner.example", "--to", "contractor.jwk", "--agent",
                "contractor.example", "--audience", self.SITE, *more)

    POWERS = ("--action", "onboard,read", "--location", "mine-7", "--device", "manufacturer=Acme,serial=SN-1*",
              "--max-devices", "20", "--effect", "permanent")

    def root(self, *more, powers=POWERS, name="contractor.poa", depth="1"):
        """A root PoA from the owner to the contractor, in a file."""
        life = () if "--for" in more or "--until" in more else ("--for", "30d")
        self.ok(*self.root_args("--depth", depth, *life, *powers, *more, "-o", name, "--force"))
        return name

    def sub_args(self, *more, chain="contractor.poa"):
        return ("subgrant", chain, "--key", "contractor.key", "--to", "technician.jwk", "--agent", "technician-4",
                *more)

    def sub(self, *more, chain="contractor.poa", name="technician.poa"):
        """A sub-grant from the contractor to the technician, in a file."""
        effect = () if "--effect" in more or "--power" in more else ("--effect", "permanent")
        self.ok(*self.sub_args(*effect, *more, "-o", name, "--force", chain=chain))
        return name

    def payload(self, name, hop=-1):
        """The claims of one link, read without the program."""
        import base64
        part = self.read(name).rstrip("\n").split("~")[hop].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def verify(self, name, *more):
        return self.run("verify", name, "--policy", "site.json", *more)
