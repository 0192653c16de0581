"""The frame of the CLI: verbs, help, unknown options, codes, version."""

import pathlib
import re
import subprocess

import pytest

from poa_cli import BINARY, Cli


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


def listed(text):
    return re.findall(r"^  ([a-z]+)  +\S", text, re.MULTILINE)


def every_verb(cli):
    for verb in listed(cli.ok("help").out):
        below = listed(cli.run(verb, "--help").out) if verb in ("device", "key", "policy") else []
        for sub in below:
            yield [verb, sub]
        if not below:
            yield [verb]


def test_help_of_each_verb_has_an_example(cli):
    verbs = list(every_verb(cli))
    assert ["key", "new"] in verbs
    for verb in verbs:
        shown = cli.ok(*verb, "--help")
        command = "poa " + " ".join(verb)
        assert "Example:\n  " in shown.out, verb
        assert command in shown.out.split("Example:")[1], verb
        assert cli.ok("help", *verb).out == shown.out
        assert all(len(line) <= 80 for line in shown.out.splitlines()), verb


def test_no_verb_and_unknown_verb(cli):
    assert "Usage: poa VERB" in cli.fails(2).err
    assert "did you mean `poa key'?" in cli.fails(2, "kye").err
    assert "did you mean `poa key thumbprint'?" in cli.fails(2, "key", "thumb").err
    assert "`poa help' lists the verbs" in cli.fails(2, "frobnicate").err
    assert "Usage: poa key VERB" in cli.fails(2, "key").err


def test_unknown_and_abbreviated_options(cli):
    assert "did you mean --public?" in cli.fails(2, "key", "new", "--publik", "x").err
    assert "did you mean --passphrase-file?" in cli.fails(2, "key", "new", "--passphrase-fil", "x").err
    refused = cli.fails(2, "key", "thumbprint", "--let-others-read", "x")
    assert "--let-others-read-my-private-key" in refused.err


def test_every_code_has_an_exit_code_and_a_hint(cli):
    codes = cli.ok("codes", "--json").json["codes"]
    assert len(codes) > 70
    for row in codes:
        assert 0 <= row["exit"] <= 10 and row["exit"] not in (2, 9)
        assert (row["hint"] != "") == (row["code"] != "ok"), row
    fallback = {r["hint"] for r in codes if r["exit"] == 1}
    assert len(fallback) == 1
    assert not [r for r in codes if r["exit"] > 1 and r["hint"] in fallback]
    assert "exit  code" in cli.ok("codes").out


def test_version_names_the_libraries(cli):
    facts = cli.ok("version", "--json").json
    assert set(facts) == {"poa", "protocol", "jansson", "libcurl", "crypto", "libjwt"}
    assert cli.ok("--version").out == cli.ok("version").out
    assert facts["poa"] in cli.ok("version").out


def test_a_full_disk_is_a_fault(cli):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, "version"], stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
    assert done.returncode == 1 and b"standard output" in done.stderr


def test_no_option_takes_a_secret(cli):
    """Passphrases come from files, descriptors and the terminal; keys from files."""
    seen = set()
    for verb in every_verb(cli):
        for option, value in re.findall(r"--([a-z-]*(?:pass|secret|pin|token|key)[a-z-]*)(?:=(\S+))?",
                                        cli.ok(*verb, "--help").out):
            seen.add((option, value))
    values = {value for option, value in seen if option.endswith(("key", "passphrase-file"))}
    assert values <= {"FILE", "KEY", ""}, seen
    assert {value for option, value in seen if option == "passphrase"} == {""}
    assert {value for option, value in seen if option == "passphrase-fd"} - {""} == {"N"}


def test_relaxing_options_say_so(cli):
    relaxing = {"let-others-read-my-private-key", "revocations-complete", "allow-clear-text-over-the-network"}
    found = set()
    for verb in every_verb(cli):
        text = " ".join(cli.ok(*verb, "--help").out.split())
        for name in relaxing:
            if f"--{name} " in text:
                found.add(name)
                assert re.search(rf"--{name} Relaxes: ", text), (verb, name)
    assert found == relaxing


MANUAL = pathlib.Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_manual_names_every_verb_option_and_exit_code(cli):
    manual = MANUAL.read_text()
    verbs = list(every_verb(cli))
    for verb in verbs:
        assert re.search(rf"(poa |`|, )({' '.join(verb)}|{verb[-1]})\b", manual), verb
    assert re.findall(r"^\| +(\d+) \|", manual, re.MULTILINE) == [str(n) for n in range(11)]
    known = "".join(cli.ok(*verb, "--help").out for verb in verbs)
    for option in set(re.findall(r"--[a-z][a-z-]+", manual)):
        assert option in known, option


def test_the_five_minutes_of_the_manual_run(cli):
    """All but the two commands that want a server; those run in test_cli_server.py."""
    block = re.search(r"```sh\n(.*?)```", MANUAL.read_text(), re.DOTALL).group(1)
    commands = block.replace("\\\n", " ").splitlines()
    local = [line for line in commands if line and "--server" not in line]
    assert len(local) == 9
    done = subprocess.run(["bash", "-euc", "\n".join(local)], cwd=cli.folder, capture_output=True, text=True, timeout=60,
                          env={"PATH": f"{BINARY.parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    assert "UNVERIFIED" in done.stdout and "PERMIT the request would be granted" in done.stdout


@pytest.mark.parametrize("words, replies", [
    (["ver"], {"verify", "version"}), (["key", "n"], {"new"}), (["help", "insp"], {"inspect"}),
    (["grant", "--pri"], {"--principal-name="}), (["key", "new", "--al"], {"--alg="}), (["revoke", "a.p"], {"a.poa"}),
    (["grant", "--key", "a.p"], {"a.poa"}), (["nothing", "--x"], set()),
])
def test_completion(cli, words, replies):
    cli.write("a.poa", "")
    script = pathlib.Path(__file__).parents[2] / "cli" / "poa.bash-completion"
    quoted = " ".join(["poa", *words])
    done = subprocess.run(["bash", "-uc", f'. {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _poa; '
                           'printf "%s\\n" "${COMPREPLY[@]-}"'], cwd=cli.folder, capture_output=True, text=True,
                          timeout=30, env={"PATH": f"{BINARY.parent}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    assert set(done.stdout.split()) == replies, done
