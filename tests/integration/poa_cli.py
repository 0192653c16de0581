"""Runs the real `poa` for the tests of the CLI. POA_BUILD names meson's build directory."""

import json
import os
import pathlib
import subprocess

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
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
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
