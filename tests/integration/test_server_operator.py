"""What an operator does: check-config, TLS, audit, the mark of time, settings from elsewhere."""

import datetime
import json
import re
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from poa_cli import Cli
from server import Site, run


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")


# ---- check-config ----


def test_check_config_says_what_it_found(site):
    done = run("check-config", "--config", site.config)
    assert done.returncode == 0, done.stderr
    assert f"listener      127.0.0.1:{site.port}, in clear text" in done.stdout
    assert "site          mine.example" in done.stdout
    assert "owner         mine.example, administers all" in done.stdout
    assert re.search(r"^CA .*, until 20\d\d-\d\d-\d\dT", done.stdout, re.M)
    assert "not there yet" in done.stdout
    assert not (site.folder / "data").exists()


def test_check_config_while_a_server_runs(site):
    with site.start():
        assert run("check-config", "--config", site.config).returncode == 0


def unlock(name):
    return lambda site: (site.folder / name).chmod(0o604)


def swap(name):
    return lambda site: (site.folder / name).write_bytes(site.administrator_key.read_bytes())


def write(name, text):
    return lambda site: (site.folder / name).write_text(text)


def configure(**members):
    return lambda site: site.edit(site.config, lambda config: config.update(members))


def legislate(**members):
    return lambda site: site.edit(site.policy, lambda policy: policy.update(members))


def open_data(site):
    (site.folder / "data").mkdir(mode=0o755)


def publish(name):
    """The public half in place of the private key."""
    def spoil(site):
        key = site.folder / name
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True).stdout
        key.write_bytes(public)
    return spoil


def end_ca(site):
    """The same CA, by the same key, whose time was over an hour ago."""
    key = serialization.load_pem_private_key((site.folder / "ca.key").read_bytes(), None)
    old = x509.load_pem_x509_certificate(site.ca.read_bytes())
    then = datetime.datetime.utcnow() - datetime.timedelta(hours=1)
    made = x509.CertificateBuilder(old.issuer, old.subject, old.public_key(), old.serial_number,
                                   then - datetime.timedelta(days=1), then, list(old.extensions))
    site.ca.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


FAULTS = [
    (lambda site: site.policy.unlink(), "policy.json: No such file"),
    (write("policy.json", "{"), "policy.json: malformed"),
    (legislate(owner=[]), "/owner: claim_forbidden"),
    (legislate(answer_keys=None), "/answer_keys: claim_type"),
    (lambda site: site.edit(site.policy, lambda policy: policy.pop("answer_keys")), "does not list this key"),
    (swap("answer.key"), "does not list this key"),
    (unlock("answer.key"), "chmod 600"),
    (publish("answer.key"), "answer.key: it is a public key; the private one is wanted"),
    (write("answer.key", ""), "answer.key: it is no private key"),
    (swap("ca.key"), "ca.pem: the private key is not that of the first CA certificate"),
    (unlock("ca.key"), "chmod 600"),
    (write("ca.pem", ""), "ca.pem: "),
    (lambda site: site.administrator_key.rename(site.ca), "ca.pem: "),
    (end_ca, "ca.pem: the CA is past its end"),
    (configure(ca={"key": "ca.key", "passphrase_file": "ca.pass"}), "ca.pass: No such file"),
    (configure(listeners=[{"address": "127.0.0.1:1", "certificate": "no.pem", "key": "no.key"}]), "no.pem: No such file"),
    (configure(polcy="x"), 'did you mean "policy"?'),
    (configure(limits={"links": 0}), "/limits/links: expected a whole number from 1 to 9, found 0"),
    (write("data", ""), "/data wants a directory"),
    (open_data, "chmod 700"),
]


@pytest.mark.parametrize("spoil, told", FAULTS, ids=[told for _, told in FAULTS])
def test_check_config_finds(site, spoil, told):
    spoil(site)
    done = run("check-config", "--config", site.config)
    assert done.returncode == 2
    assert told in done.stderr
    assert "PRIVATE" not in done.stderr
    assert done.stdout == ""


def test_check_config_tells_all_at_once(site):
    swap("answer.key")(site)
    write("ca.pem", "")(site)
    done = run("check-config", "--config", site.config)
    assert "does not list this key" in done.stderr and "ca.pem" in done.stderr


def test_without_a_configuration(tmp_path):
    done = run("serve")
    assert done.returncode == 2 and "--config FILE is missing" in done.stderr
    done = run("serve", "--config", tmp_path / "site.json")
    assert done.returncode == 2 and "No such file" in done.stderr


def test_a_key_with_a_passphrase(site, tmp_path):
    key = site.folder / "ca.key"
    secret = site.folder / "ca.pass"
    secret.write_text("open sesame\nanother line\n")
    secret.chmod(0o600)
    sealed = subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-passout", f"file:{secret}", "-v2", "aes256"],
                            capture_output=True, check=True)
    key.write_bytes(sealed.stdout)
    assert run("check-config", "--config", site.config).returncode == 2
    done = run("check-config", "--config", site.config, "--ca-passphrase-file", secret)
    assert done.returncode == 0, done.stderr
    secret.chmod(0o644)
    assert "chmod 600" in run("check-config", "--config", site.config, "--ca-passphrase-file", secret).stderr
    secret.chmod(0o600)
    secret.write_text("open barley\n")
    assert run("check-config", "--config", site.config, "--ca-passphrase-file", secret).returncode == 2


# ---- where settings come from ----


def links_of(server):
    return requests.get(server.url + "/.well-known/poa-configuration").json()["limits"]["links"]


def test_flag_before_environment_before_file(site):
    site.edit(site.config, lambda config: config.update(limits={"links": 3}))
    with site.start() as server:
        assert links_of(server) == 3
    with site.start(env={"POA_AUTHZ_LIMITS_LINKS": "4"}) as server:
        assert links_of(server) == 4
    with site.start("--limits-links", "5", env={"POA_AUTHZ_LIMITS_LINKS": "4"}) as server:
        assert links_of(server) == 5


@pytest.mark.parametrize("args, env, told", [
    (["--limits-links", "10"], {}, "/limits/links (--limits-links): expected a whole number from 1 to 9"),
    ([], {"POA_AUTHZ_LIMITS_LINKS": "x"}, "/limits/links (POA_AUTHZ_LIMITS_LINKS): expected"),
    ([], {"POA_AUTHZ_LIMIT_LINKS": "3"}, "did you mean POA_AUTHZ_LIMITS_LINKS?"),
    (["--limits-lnks", "3"], {}, "did you mean --limits-links?"),
    (["--limits-link", "3"], {}, "has no option --limits-link"),
])
def test_settings_that_are_wrong(site, args, env, told):
    done = run("check-config", "--config", site.config, *args, env=env)
    assert done.returncode == 2 and told in done.stderr


# ---- TLS ----


def make_tls(site, name, *options):
    """A certificate for this machine, by openssl; gives the files' names."""
    files = [site.folder / f"{name}.pem", site.folder / f"{name}.key"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout",
                    files[1], *(options or ["-days", "60"])], check=True, capture_output=True)
    files[1].chmod(0o600)
    return files


def answers(site, trusted):
    """Does the server prove itself by this certificate?"""
    context = ssl.create_default_context(cafile=trusted)
    try:
        with urllib.request.urlopen(f"https://127.0.0.1:{site.port}/healthz", context=context, timeout=60) as reply:
            return reply.status == 200
    except urllib.error.URLError:
        return False


@pytest.fixture
def tls_site(site):
    make_tls(site, "tls")
    site.edit(site.config, lambda config: config.update(
        public_url=f"https://127.0.0.1:{site.port}",
        listeners=[{"address": f"127.0.0.1:{site.port}", "certificate": "tls.pem", "key": "tls.key"}]))
    return site


def test_tls_and_new_certificates(tls_site):
    old = tls_site.folder / "old.pem"
    old.write_bytes((tls_site.folder / "tls.pem").read_bytes())
    with tls_site.start() as server:
        assert server.events("listening")[0]["tls"] is True
        assert answers(tls_site, old)
        make_tls(tls_site, "tls")
        assert server.hang_up()["event"] == "reload"
        assert answers(tls_site, tls_site.folder / "tls.pem")
        assert not answers(tls_site, old)


def test_a_bad_certificate_leaves_everything(tls_site):
    """A new policy beside a certificate that does not fit its key: neither counts."""
    with tls_site.start() as server:
        good = tls_site.folder / "good.pem"
        good.write_bytes((tls_site.folder / "tls.pem").read_bytes())
        certificate, _ = make_tls(tls_site, "other")
        (tls_site.folder / "tls.pem").write_bytes(certificate.read_bytes())
        tls_site.edit(tls_site.policy, lambda policy: policy.update(algorithms=["ES256"]))
        assert server.hang_up()["event"] == "reload.refused"
        assert "not that of the certificate" in server.text()
        assert answers(tls_site, good)


def test_check_config_looks_at_certificates(tls_site):
    assert run("check-config", "--config", tls_site.config).returncode == 0
    make_tls(tls_site, "tls", "-days", "10")
    soon = run("check-config", "--config", tls_site.config)
    assert soon.returncode == 0 and re.search(r"the certificate ends in (9|10) days", soon.stderr)
    (tls_site.folder / "tls.key").write_bytes((tls_site.folder / "ca.key").read_bytes())
    other = run("check-config", "--config", tls_site.config)
    assert other.returncode == 2 and "not that of the certificate" in other.stderr


def test_init_takes_tls_for_other_machines(site, tmp_path):
    make_tls(site, "tls")
    done = run("init", "--site", "mine.example", "--listen", "192.0.2.7:8443", "--certificate", "tls.pem", "--key",
               "tls.key", tmp_path / "other", cwd=site.folder)
    assert done.returncode == 0, done.stderr
    found = run("check-config", "--config", tmp_path / "other" / "site.json", cwd="/")
    assert found.returncode == 0, found.stderr
    assert "public URL    https://192.0.2.7:8443\n" in found.stdout


# ---- the audit log ----


def audit(site, *args):
    done = run("audit", "--config", site.config, *args)
    return done, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_each_policy_in_force_is_in_the_audit(site):
    with site.start() as server:
        assert server.hang_up()["message"] == "the policy is the same"
        site.edit(site.policy, lambda policy: policy.update(algorithms=["ES256"]))
        assert server.hang_up()["message"] == "a new policy is in force"
        site.policy.write_text("{")
        assert server.hang_up()["event"] == "reload.refused"
        running, _ = audit(site)
        assert running.returncode == 1 and "in use by another process" in running.stderr
    done, entries = audit(site)
    assert done.returncode == 0 and "2 entries hold" in done.stderr
    assert [(entry["seq"], entry["kind"], entry["code"]) for entry in entries] == [
        (1, "policy.load", "ok"), (2, "policy.load", "ok")]
    assert entries[0]["policy"] != entries[1]["policy"]
    assert entries[0]["previous"] is None and entries[1]["previous"] is not None
    texts = [run("audit", "--config", site.config, "--text", entry["policy"]) for entry in entries]
    assert [json.loads(text.stdout).get("algorithms") for text in texts] == [None, ["ES256"]]
    _, last = audit(site, "--from", "2")
    assert last == entries[1:]


def test_a_changed_entry_is_found(site):
    for _ in range(3):
        with site.start():
            pass
    done, (verdict,) = audit(site, "--verify")
    assert done.returncode == 0 and verdict["entries"] == 3 and verdict["broken"] is None
    data = site.folder / "data" / "data.mdb"
    content = bytearray(data.read_bytes())
    places = [match.start() for match in re.finditer(b"policy.load", content)]
    assert places
    for place in places:
        content[place:place + 11] = b"policy.lord"
    data.write_bytes(content)
    done, (verdict,) = audit(site, "--verify")
    assert done.returncode == 1 and verdict["broken"] is not None
    done, entries = audit(site)
    assert done.returncode == 1 and "was changed" in done.stderr


@pytest.mark.parametrize("args, told", [
    (["--from", "0"], "the first is 1"),
    (["--from", "x"], "the first is 1"),
    (["--text", "x"], "43 characters"),
    (["x"], "one argument too many"),
])
def test_audit_refuses(site, args, told):
    done, _ = audit(site, *args)
    assert done.returncode == 2 and told in done.stderr


@pytest.mark.parametrize("verb", ["audit", "reset-clock-mark"])
def test_a_store_is_never_made_by_looking(site, verb):
    done = run(verb, "--config", site.config)
    assert done.returncode == 2 and "there is no store yet" in done.stderr
    assert not (site.folder / "data").exists()


# ---- the mark of time ----


def test_the_mark_is_reset_and_audited(site):
    with site.start() as server:
        running = run("reset-clock-mark", "--config", site.config)
        assert running.returncode == 1 and "in use" in running.stderr
        assert requests.get(server.url + "/readyz").status_code == 200
    done = run("reset-clock-mark", "--config", site.config)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    _, entries = audit(site)
    assert entries[-1]["kind"] == "clock.reset"
    assert entries[-1]["reason"] == told
    with site.start() as server:
        assert requests.get(server.url + "/readyz").status_code == 200


# ---- words ----


@pytest.mark.parametrize("verb", ["init", "check-config", "serve", "audit", "reset-clock-mark"])
def test_help_has_an_example(verb):
    done = run(verb, "--help")
    assert done.returncode == 0
    assert f"poa-authz-server {verb}" in done.stdout and "Example" in done.stdout
    assert verb in run("help").stdout


def test_version_and_unknown_verbs():
    assert re.fullmatch(r"poa-authz-server \d+\.\d+\.\d+\n", run("version").stdout)
    assert run("--version").stdout == run("version").stdout
    assert run().returncode == 2
    done = run("check-confg")
    assert done.returncode == 2 and "did you mean `check-config'?" in done.stderr
