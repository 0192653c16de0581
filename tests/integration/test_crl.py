"""The list of certificates that are revoked or held: signed by the site's CA, numbered, fresh."""

import subprocess
import threading

import pytest
from cryptography import x509

from client import Caller, Party, certificates, fresh_jti, onboarding, send
from scene import site  # noqa: F401  the fixture


@pytest.fixture
def caller(site):  # noqa: F811
    agent = Party(f"agent-{fresh_jti()}.example")
    return Caller(site.url, site.owner.grant(agent, [onboarding()]))


def path_of(caller):
    """Where the certificate of a device says that its list is."""
    reply = caller.onboard()
    assert reply.status == 201, reply
    (own, *_) = certificates(reply.json["certificate"])
    points = own.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (name,) = points[0].full_name
    assert name.value.startswith(caller.base + "/crl/")
    return name.value.removeprefix(caller.base)


def fetch(url, path):
    reply = send(url, "GET", path)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/pkix-crl"), reply
    return x509.load_der_x509_crl(reply.body)


def number_of(revoked):
    return revoked.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def openssl_says(site, tmp_path, revoked, certificate):  # noqa: F811
    """`openssl verify -crl_check` of a device's certificate: is it good?"""
    (tmp_path / "site.crl").write_bytes(revoked)
    (tmp_path / "device.pem").write_text(certificate)
    done = subprocess.run(["openssl", "verify", "-crl_check", "-CAfile", site.ca_file, "-CRLfile",
                           tmp_path / "site.crl", tmp_path / "device.pem"], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_list_is_the_ca_s(site, caller):
    path = path_of(caller)
    ca = x509.load_pem_x509_certificate(site.ca_file.read_bytes())
    revoked = fetch(site.url, path)
    assert revoked.is_signature_valid(ca.public_key())
    assert revoked.issuer == ca.subject
    assert number_of(revoked) >= 1
    assert (revoked.next_update_utc if hasattr(revoked, "next_update_utc") else revoked.next_update) > (
        revoked.last_update_utc if hasattr(revoked, "last_update_utc") else revoked.last_update)


def test_one_that_is_fresh_is_not_made_again(site, caller):
    path = path_of(caller)
    assert send(site.url, "GET", path).body == send(site.url, "GET", path).body


def test_a_number_is_never_given_again(site, caller):
    path = path_of(caller)
    before = number_of(fetch(site.url, path))
    site.restart(kill=True)
    assert number_of(fetch(site.url, path)) > before


def test_head_is_answered(site, caller):
    path = path_of(caller)
    whole, head = send(site.url, "GET", path), send(site.url, "HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(whole.body)


def test_another_ca_is_not_here(site, caller):
    path = path_of(caller)
    other = path.replace(path[5:9], "AAAA")
    for wrong in (other, "/crl/x.crl", path.removesuffix(".crl"), path + "x"):
        assert send(site.url, "GET", wrong).status == 404


def test_many_ask_at_once(site, caller):
    path = path_of(caller)
    site.restart()
    found = []
    threads = [threading.Thread(target=lambda: found.append(send(site.url, "GET", path).body)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20 and len(set(found)) == 1, "one was made, for all of them"


def test_openssl_takes_what_is_not_on_it(site, caller, tmp_path):
    reply = caller.onboard()
    path = path_of(caller)
    good, told = openssl_says(site, tmp_path, crl_pem(send(site.url, "GET", path).body), reply.json["certificate"])
    assert good, told


def crl_pem(der):
    """OpenSSL 3.0 reads -CRLfile as PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding
    return x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)


def test_one_that_is_held_is_refused_until_it_is_resumed(site, tmp_path):
    agent = Party(f"agent-{fresh_jti()}.example")
    power = onboarding(actions=["onboard", "read", "suspend", "resume"])
    caller = Caller(site.url, site.owner.grant(agent, [power]))
    reply = caller.onboard()
    path, device = path_of(caller), f"/v1/devices/{reply.json['device']['id']}"

    def verdict():
        der = send(site.url, "GET", path).body
        revoked = x509.load_der_x509_crl(der)
        good, told = openssl_says(site, tmp_path, crl_pem(der), reply.json["certificate"])
        return number_of(revoked), good, told

    first, good, told = verdict()
    assert good, told
    assert caller.post(f"{device}/suspension", {}).status == 200
    second, good, told = verdict()
    assert second > first and not good and "revoked" in told
    revoked = x509.load_der_x509_crl(send(site.url, "GET", path).body)
    (entry,) = [one for one in revoked if one.serial_number == certificates(reply.json["certificate"])[0].serial_number]
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason == x509.ReasonFlags.certificate_hold
    assert caller.post(f"{device}/resumption", {}).status == 200
    third, good, told = verdict()
    assert third > second and good, told
