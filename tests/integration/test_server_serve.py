"""poa-authz-server serve: starting, answering, reloading, stopping."""

import fcntl
import json
import os
import re
import signal
import socket
import stat
import subprocess

import pytest
import requests

from contract import DOCUMENT
from server import BINARY, Site, environment, run


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "site")


@pytest.fixture
def server(site):
    with site.start() as running:
        yield running


# ---- what answers without a PoA ----


def test_alive_and_ready(server):
    assert requests.get(server.url + "/healthz").json() == {"status": "ok"}
    assert requests.get(server.url + "/readyz").json() == {"status": "ready"}
    assert "poa_store_healthy 1\n" in requests.get(server.url + "/metrics").text


def test_says_what_one_must_know(server):
    told = requests.get(server.url + "/.well-known/poa-configuration").json()
    assert told["resource_owner"] == "mine.example"
    assert told["base_url"] == server.url
    assert told["onboarding_endpoint"] == server.url + "/v1/onboardings"
    policy = json.loads(server.site.policy.read_text())
    assert told["answer_keys"] == policy["answer_keys"]
    assert told["limits"]["chain_bytes"] == 16384
    assert told["limits"]["batch_lines"] == 1000 and told["limits"]["batch_line_bytes"] == 16384


def test_tells_of_what_is_there(server):
    told = requests.get(server.url + "/.well-known/poa-configuration").json()
    urls = {name: url for name, url in told.items() if name.endswith("_endpoint")}
    assert {"onboarding_batch_endpoint", "ticket_endpoint", "ticket_batch_endpoint", "device_event_endpoint",
            "revocation_preview_endpoint"} < set(urls)
    assert len(set(urls.values())) == len(urls)
    assert {url.removeprefix(server.url) for url in urls.values()} <= set(DOCUMENT["paths"])
    assert {name: requests.put(url).status_code for name, url in urls.items()} == dict.fromkeys(urls, 405)
    crl = requests.get(told["crl_url"])
    assert crl.status_code == 200 and crl.headers["Content-Type"] == "application/pkix-crl"


def test_challenges_differ(server):
    replies = [requests.post(server.url + "/v1/challenges") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [201] * 3
    nonces = {reply.json()["nonce"] for reply in replies}
    assert len(nonces) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{54}", nonce) for nonce in nonces)


@pytest.mark.parametrize("path, method, status", [
    ("/", "GET", 404),
    ("/v1", "GET", 404),
    ("/v1/challenges/", "POST", 404),
    ("/V1/challenges", "POST", 404),
    ("/v1/challenges", "GET", 405),
    ("/healthz", "POST", 405),
    ("/healthz?x=1", "GET", 400),
    ("/v1/challenges", "BREW", 501),
])
def test_nothing_else_is_there(server, path, method, status):
    reply = requests.request(method, server.url + path)
    assert reply.status_code == status
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["status"] == status


@pytest.mark.parametrize("path, method", [("/v1/onboardings", "POST"), ("/v1/poas", "POST"), ("/v1/devices", "GET")])
def test_nobody_acts_without_a_chain(server, path, method):
    reply = requests.request(method, server.url + path, json={} if method == "POST" else None)
    assert reply.status_code == 401
    assert reply.json()["code"] == "proof_missing"


# ---- the log ----


def test_log_lines_are_json_and_tell_the_end(server):
    requests.get(server.url + "/healthz", headers={"Authorization": "PoA secret-token", "DPoP": "secret-proof"})
    assert server.stop() == 0
    assert [line["event"] for line in server.log() if "event" in line] == ["listening", "ready", "stopping", "stopped"]
    (request,) = server.requests("/healthz")
    assert request["status"] == 200 and request["method"] == "GET"
    assert "secret" not in server.text()


def test_listening_tells_the_real_port(site):
    with site.start("--public-url", "http://127.0.0.1:1") as server:
        (told,) = server.events("listening")
        assert told["address"] == f"127.0.0.1:{site.port}" and told["tls"] is False
    site.edit(site.config, lambda config: config.update(listeners=[{"address": "127.0.0.1:0"}]))
    with site.start() as server:
        port = int(server.events("listening")[0]["address"].rsplit(":", 1)[1])
        assert requests.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


# ---- stopping ----


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stops_when_asked(site, how):
    server = site.start()
    assert server.stop(how) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url + "/healthz")


def test_starts_again_and_after_a_kill(site):
    with site.start() as server:
        server.kill()
    with site.start() as server:
        assert requests.get(server.url + "/readyz").status_code == 200


def test_one_process_at_a_time(site, server):
    second = run("serve", "--config", site.config, "--public-url", site.url)
    assert second.returncode == 1
    line = json.loads(second.stderr.splitlines()[-1])
    assert line["event"] == "fault" and "another process" in line["message"]


def test_a_busy_port_is_told(tmp_path, site):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", site.port))
        taken.listen()
        done = run("serve", "--config", site.config)
    assert done.returncode == 1
    assert "cannot listen on" in done.stderr


def test_keys_of_others_eyes_are_refused(site):
    (site.folder / "ca.key").chmod(0o644)
    done = run("serve", "--config", site.config)
    assert done.returncode == 2
    assert "chmod 600" in done.stderr


def test_data_is_for_nobody_else(site):
    with site.start():
        data = site.folder / "data"
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in data.iterdir())


def test_no_core_and_no_debugger(server):
    limits = open(f"/proc/{server.process.pid}/limits").read()
    assert re.search(r"Max core file size\s+0\s+0\s", limits)
    # What may not be dumped belongs to root there, whoever runs it.
    assert os.stat(f"/proc/{server.process.pid}/mem").st_uid == 0


def test_a_broken_disk_ends_the_server(site, tmp_path):
    """It says so in one line, and what was acknowledged is there at the next start."""
    broken = tmp_path / "broken"
    library = BINARY.parent.parent / "tests" / "integration" / "libfail_sync.so"
    sanitizer = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    server = site.start(env={"LD_PRELOAD": str(library), "FAIL_SYNC_WHEN": str(broken), "ASAN_OPTIONS": sanitizer})
    broken.touch()
    site.edit(site.policy, lambda policy: policy.update(algorithms=["ES256"]))
    server.process.send_signal(signal.SIGHUP)
    assert server.process.wait(60) == 1
    (told,) = server.events("fault")
    assert "the store is broken" in told["message"]
    assert server.events("reload") == [] and server.events("stopped") == []
    broken.unlink()
    with site.start() as server:
        assert requests.get(server.url + "/readyz").status_code == 200


# ---- clear text ----


def test_no_clear_text_beyond_loopback(site):
    site.edit(site.config, lambda config: config.update(listeners=[{"address": f"0.0.0.0:{site.port}"}]))
    refused = run("serve", "--config", site.config)
    assert refused.returncode == 2
    assert "/listeners/0/address" in refused.stderr
    assert "allow_clear_text_beyond_loopback" in refused.stderr
    with site.start("--allow-clear-text-beyond-loopback", "true") as server:
        assert requests.get(server.url + "/healthz").status_code == 200


# ---- sockets of a service manager ----


def pass_sockets(site, sockets):
    """Start a server with these sockets as descriptors 3, 4, ..., as a service manager does."""
    fds = [passed.fileno() for passed in sockets]
    moves = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(fds))
    script = f'export LISTEN_PID=$$ LISTEN_FDS={len(fds)}; exec "$0" serve --config "$1" {moves}'
    return subprocess.Popen(["/bin/bash", "-c", script, BINARY, site.config], pass_fds=fds, env=environment(),
                            stderr=subprocess.PIPE, text=True)


def passed_socket(address="127.0.0.1", listens=True):
    passed = socket.socket()
    passed.bind((address, 0))
    if listens:
        passed.listen()
    # Above the numbers that it shall get.
    return socket.socket(fileno=fcntl.fcntl(passed.detach(), fcntl.F_DUPFD, 20))


def test_takes_the_socket_that_is_passed(site):
    with passed_socket() as passed:
        port = passed.getsockname()[1]
        server = pass_sockets(site, [passed])
    try:
        # The kernel holds the connection until the server takes it.
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
    finally:
        server.terminate()
        assert server.wait(60) == 0
        server.stderr.close()


@pytest.mark.parametrize("sockets, code, told", [
    ([("127.0.0.1", True), ("127.0.0.1", True)], 2, "2 sockets were passed (LISTEN_FDS) for 1 listeners"),
    ([("127.0.0.1", False)], 2, "does not listen"),
    ([("0.0.0.0", True)], 1, "reached by other machines, and its listener has no TLS"),
])
def test_refuses_other_sockets(site, sockets, code, told):
    opened = [passed_socket(*how) for how in sockets]
    server = pass_sockets(site, opened)
    _, said = server.communicate(timeout=60)
    for passed in opened:
        passed.close()
    assert server.returncode == code
    assert told in said


def test_tells_the_manager(site, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        with site.start(env={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as server:
            assert manager.recv(100) == b"READY=1"
            server.hang_up()
            assert manager.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"STOPPING=1"


# ---- SIGHUP ----


def algorithms_of(server):
    return requests.get(server.url + "/.well-known/poa-configuration").json()["algorithms"]


def test_reload_takes_a_new_policy(server):
    assert server.hang_up()["message"] == "the policy is the same"
    server.site.edit(server.site.policy, lambda policy: policy.update(algorithms=["ES256"]))
    assert server.hang_up()["event"] == "reload"
    assert algorithms_of(server) == ["ES256"]


def test_reload_keeps_the_old_when_the_new_is_bad(server):
    before = algorithms_of(server)
    server.site.edit(server.site.policy, lambda policy: policy.update(algorithms=["ES256"], owner=[]))
    assert server.hang_up()["event"] == "reload.refused"
    assert "/owner: claim_forbidden" in server.text()
    assert algorithms_of(server) == before
    assert requests.get(server.url + "/readyz").status_code == 200


def test_reload_is_whole_or_not_at_all(server):
    """A good policy beside a bad CA is not taken."""
    server.site.edit(server.site.policy, lambda policy: policy.update(algorithms=["ES256"]))
    server.site.ca.write_text("")
    assert server.hang_up()["event"] == "reload.refused"
    assert len(algorithms_of(server)) == 3


def test_reload_refuses_another_resource_owner(server):
    server.site.edit(server.site.policy, lambda policy: policy.update(resource_owner="other.example"))
    refused = server.hang_up()
    assert refused["event"] == "reload.refused" and "another resource owner" in refused["message"]


def test_reload_refuses_an_answer_key_that_the_policy_does_not_list(server):
    key = server.site.folder / "answer.key"
    key.write_bytes(server.site.administrator_key.read_bytes())
    assert server.hang_up()["event"] == "reload.refused"
    assert "answer_keys" in server.text()
