"""poa key: new, public, thumbprint, import; passphrases and the permissions of key files."""

import json
import os
import pty
import select
import signal
import stat
import subprocess
import termios
import time

import pytest
from jwcrypto import jwk

from poa_cli import BINARY, Cli


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def other_opinion(cli, name, password=None):
    return jwk.JWK.from_pem((cli.folder / name).read_bytes(), password=password)


@pytest.mark.parametrize("alg, kind", [("ES256", "EC P-256"), ("ES384", "EC P-384"), ("EdDSA", "Ed25519"),
                                       ("RS256", "RSA 3072"), ("PS256", "RSA 3072")])
def test_new_makes_a_key_that_others_read(cli, alg, kind):
    facts = cli.ok("key", "new", "--alg", alg, "-o", "a.key", "--public", "a.jwk", "--json").json
    assert facts["kind"] == kind
    assert facts["private"] is True
    assert facts["file"] == "a.key"
    theirs = other_opinion(cli, "a.key")
    assert theirs.thumbprint() == facts["thumbprint"]
    assert json.loads(theirs.export_public()).items() >= json.loads(cli.read("a.jwk")).items()
    assert "d" not in json.loads(cli.read("a.jwk"))
    assert stat.S_IMODE(os.stat(cli.folder / "a.key").st_mode) == 0o600


def test_new_prints_the_thumbprint(cli):
    printed = cli.key("a")
    assert printed == other_opinion(cli, "a.key").thumbprint()
    assert cli.ok("key", "thumbprint", "a.key").out.strip() == printed
    assert cli.ok("key", "thumbprint", "a.jwk").out.strip() == printed
    assert cli.ok("key", "thumbprint", "-", stdin=cli.read("a.jwk")).out.strip() == printed


def test_new_never_replaces_a_file(cli):
    cli.key("a")
    before = cli.read("a.key")
    refused = cli.fails(2, "key", "new", "-o", "a.key")
    assert "--force" in refused.err
    assert cli.read("a.key") == before
    cli.ok("key", "new", "-o", "a.key", "--force")
    assert cli.read("a.key") != before
    assert [p.name for p in cli.folder.iterdir() if p.name.startswith("a.key.")] == []


def test_new_wants_a_file(cli):
    assert "-o FILE is missing" in cli.fails(2, "key", "new").err
    assert "ES256" in cli.fails(2, "key", "new", "--alg", "HS256", "-o", "a.key").err


def test_public_gives_jwk_and_pem(cli):
    cli.key("a")
    assert json.loads(cli.ok("key", "public", "a.key").out) == json.loads(cli.read("a.jwk"))
    pem = cli.ok("key", "public", "a.key", "--pem").raw
    assert jwk.JWK.from_pem(pem).thumbprint() == other_opinion(cli, "a.key").thumbprint()
    assert b"PRIVATE" not in pem
    facts = cli.ok("key", "public", "a.key", "--json").json
    assert set(facts) == {"thumbprint", "kind", "alg", "private", "file", "jwk"}


def test_a_key_that_others_may_read_is_refused(cli):
    cli.key("a")
    os.chmod(cli.folder / "a.key", 0o640)
    refused = cli.fails(2, "key", "thumbprint", "a.key")
    assert "chmod 600 a.key" in refused.err
    relaxed = cli.ok("key", "thumbprint", "a.key", "--let-others-read-my-private-key")
    assert "warning" in relaxed.err
    os.chmod(cli.folder / "a.jwk", 0o644)
    cli.ok("key", "thumbprint", "a.jwk")


def test_import_of_pem_and_jwk(cli):
    theirs = jwk.JWK.generate(kty="EC", crv="P-256")
    cli.write("their.pem", theirs.export_to_pem(private_key=True, password=None), 0o600)
    private = json.loads(theirs.export_private())
    private.pop("kid", None)
    cli.write("their.jwk", json.dumps(private), 0o600)
    for name in ("their.pem", "their.jwk"):
        printed = cli.ok("key", "import", name, "-o", "mine.key", "--force").out.strip()
        assert printed == theirs.thumbprint()
        assert other_opinion(cli, "mine.key").thumbprint() == printed
        assert stat.S_IMODE(os.stat(cli.folder / "mine.key").st_mode) == 0o600
    cli.write("their.pub", theirs.export_to_pem())
    public = json.loads(cli.ok("key", "import", "their.pub").out)
    assert jwk.JWK(**public).thumbprint() == theirs.thumbprint()
    assert "-o FILE" in cli.fails(2, "key", "import", "their.pem").err


@pytest.mark.parametrize("text", ["", "no key", "{", '{"kty":"oct","k":"AAAA"}', '{"kty":"EC","crv":"P-256"}',
                                  "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_malformed(cli, text):
    cli.write("x", text, 0o600)
    cli.fails(3, "key", "thumbprint", "x")


def test_missing_and_large_files(cli):
    assert "No such file" in cli.fails(2, "key", "thumbprint", "nothing").err
    cli.write("large", "x" * 20000, 0o600)
    assert "16384 bytes" in cli.fails(2, "key", "thumbprint", "large").err


def test_passphrase_from_file_and_descriptor(cli):
    cli.write("pw", "correct horse\n", 0o600)
    printed = cli.key("a", "--passphrase-file", "pw")
    assert "ENCRYPTED" in cli.read("a.key")
    assert other_opinion(cli, "a.key", b"correct horse").thumbprint() == printed
    assert cli.ok("key", "thumbprint", "a.key", "--passphrase-file", "pw").out.strip() == printed
    assert cli.ok("key", "thumbprint", "a.key", "--passphrase-fd", "0", stdin="correct horse").out.strip() == printed
    wrong = cli.fails(3, "key", "thumbprint", "a.key", "--passphrase-fd", "0", stdin="wrong donkey")
    assert "donkey" not in wrong.err
    cli.fails(2, "key", "thumbprint", "a.key", "--passphrase-fd", "0", stdin="\n")


def test_no_prompt_without_a_terminal(cli):
    cli.write("pw", "correct horse\n", 0o600)
    cli.key("a", "--passphrase-file", "pw")
    started = time.monotonic()
    refused = cli.fails(2, "key", "thumbprint", "a.key", stdin="correct horse\n")
    assert "no terminal" in refused.err and "--passphrase-file" in refused.err
    assert "no terminal" in cli.fails(2, "key", "new", "--passphrase", "-o", "b.key").err
    assert not (cli.folder / "b.key").exists()
    assert time.monotonic() - started < 10


def on_a_terminal(cli, args, answers):
    """Run with a terminal of its own; type each answer once its prompt has come. Gives all that the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cli.folder)
        os.execve(BINARY, [str(BINARY), *args], {"TERM": "xterm", "LC_ALL": "C.UTF-8"})
    shown = b""
    waiting = list(answers)
    while True:
        ready, _, _ = select.select([terminal], [], [], 20)
        assert ready, shown
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
        if waiting and shown.endswith(b": "):
            os.write(terminal, waiting.pop(0) + b"\n")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), shown


def test_prompt_on_a_terminal_without_echo(cli):
    code, shown = on_a_terminal(cli, ["key", "new", "--passphrase", "-o", "a.key"], [b"tell no one", b"tell no one"])
    assert code == 0, shown
    assert b"tell no one" not in shown
    printed = other_opinion(cli, "a.key", b"tell no one").thumbprint()
    code, shown = on_a_terminal(cli, ["key", "thumbprint", "a.key"], [b"tell no one"])
    assert code == 0 and printed.encode() in shown
    code, shown = on_a_terminal(cli, ["key", "new", "--passphrase", "-o", "b.key"], [b"one", b"another"])
    assert code == 2 and b"differ" in shown
    assert not (cli.folder / "b.key").exists()


def test_an_interrupt_leaves_the_terminal_loud(cli):
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(cli.folder)
        os.execve(BINARY, [str(BINARY), "key", "new", "--passphrase", "-o", "a.key"], {"TERM": "xterm"})
    shown = b""
    modes = []
    while True:
        assert select.select([terminal], [], [], 20)[0], shown
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
        modes.append(bool(termios.tcgetattr(terminal)[3] & termios.ECHO))
        if shown.endswith(b": "):
            os.write(terminal, b"half a pass\x03")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert modes[0] is False and modes[-1] is True
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT
    assert b"half" not in shown and not (cli.folder / "a.key").exists()


def test_colour_only_on_a_terminal(cli):
    code, shown = on_a_terminal(cli, ["key", "thumbprint", "nothing"], [])
    assert code == 2 and b"\x1b[31m" in shown
    assert b"\x1b" not in cli.run("key", "thumbprint", "nothing").err.encode()
    done = subprocess.run(["script", "-qec", f"{BINARY} key thumbprint nothing", "/dev/null"], capture_output=True,
                          env={"PATH": os.environ["PATH"], "TERM": "xterm", "NO_COLOR": "1"}, timeout=20, check=False)
    assert b"nothing" in done.stdout and b"\x1b[31m" not in done.stdout
