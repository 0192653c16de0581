"""docs/nginx.conf, as it stands but for ports and paths, before a real server and a small resource."""

import http.client
import http.server
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from poa_cli import Cli
from server import PATIENCE_S, Site, free_port, wait_until

CONFIGURATION = pathlib.Path(__file__).resolve().parents[2] / "docs" / "nginx.conf"
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
RESOURCE = "https://resource.mine.example"
POA = "https://poa.mine.example"


class Resource(http.server.BaseHTTPRequestHandler):
    """Answers every request with its path, and remembers what reached it."""

    def do_GET(self):
        self.server.seen.append((self.command, self.path, self.headers, self._all_that_follows()))
        text = f"this is {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_HEAD = do_POST = do_GET

    def _all_that_follows(self):
        """What stands behind the header, whether a length announced it or not."""
        self.connection.settimeout(0.2)
        try:
            return self.rfile.peek(1)
        except TimeoutError:
            return b""

    def log_message(self, *args):
        pass


def start_resource():
    resource = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Resource)
    resource.seen = []
    threading.Thread(target=resource.serve_forever, daemon=True).start()
    return resource


class Nginx:
    """An ordinary process in a folder of its own, with the documented configuration inside `http { }`."""

    MAIN = """daemon off; pid {0}/pid; error_log {0}/error.log; worker_processes 1;
        events {{ worker_connections 64; }}
        http {{ access_log {0}/access.log; {1} include {0}/poa.conf; }}"""

    def __init__(self, folder, poa_port, resource_port):
        self.folder = folder
        self.port = free_port()
        self._make_certificate()
        (folder / "poa.conf").write_text(self._configuration(poa_port, resource_port))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        (folder / "nginx.conf").write_text(self.MAIN.format(folder, paths))
        command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_until(self._answers, "nginx")

    def _make_certificate(self):
        names = "subjectAltName=DNS:resource.mine.example,DNS:poa.mine.example"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", "/CN=mine.example", "-addext", names, "-keyout", "tls.key", "-out",
                        "tls.pem"], cwd=self.folder, check=True, capture_output=True)

    def _configuration(self, poa_port, resource_port):
        text = CONFIGURATION.read_text()
        for old, new in (("server 127.0.0.1:8080;", f"server 127.0.0.1:{poa_port};"),
                         ("server 127.0.0.1:9000;", f"server 127.0.0.1:{resource_port};"),
                         ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                         ("/etc/nginx/tls/mine.example", f"{self.folder}/tls")):
            assert old in text, f"{CONFIGURATION.name} has no {old!r}"
            text = text.replace(old, new)
        return text

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "error.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ask(self, method, url, headers=None, body=None, source="127.0.0.1"):
        """One request to a URL whose name this nginx serves, from an address of this machine."""
        host, path = re.fullmatch(r"https://([^/]+)(.*)", url).groups()
        trust = ssl.create_default_context(cafile=self.folder / "tls.pem")
        connection = http.client.HTTPSConnection(host, context=trust, timeout=PATIENCE_S)
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S, (source, 0))
        connection.sock = trust.wrap_socket(plain, server_hostname=host)
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        reply.text = reply.read().decode()
        connection.close()
        return reply

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0


class World:
    """An owner, an agent who may read the reports, and everything that runs."""

    def __init__(self, folder):
        assert NGINX, "nginx is missing: `./run test' installs it"
        self.folder = folder
        self.cli = Cli(folder)
        self.cli.key("owner")
        self.cli.key("agent")
        self.site = Site(folder / "site", owners={"owner.example": folder / "owner.jwk"})
        self.site.edit(self.site.policy, self._allow_access)
        self.site.edit(self.site.config, self._forward)
        self._grant("reports.poa")
        self._grant("near.poa", "--network", "127.0.0.5/32")
        self.resource = start_resource()
        # A proof from before the server's start: it will be asked for a nonce.
        self.early = self.prove(RESOURCE + "/reports/today")
        time.sleep(1.1)
        self.server = self.site.start().outlive_its_first_second()
        self.nginx = Nginx(self._folder("nginx"), self.site.port, self.resource.server_port)

    def _grant(self, name, *options):
        self.cli.ok("grant", "--key", "owner.key", "--issuer", "owner.example", "--to", "agent.jwk", "--agent",
                    "agent-1", "--audience", "mine.example", "--type", "access", "--action", "read", "--resource",
                    RESOURCE + "/reports", "--for", "8h", "--policy", self.site.policy, "-o", name, *options)

    def _folder(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def _allow_access(self, policy):
        owner = next(one for one in policy["owners"] if one["iss"] == "owner.example")
        owner["powers"].append({"type": "access", "actions": ["read"], "resources": [RESOURCE]})

    def _forward(self, config):
        config.update(public_url=POA, forward_urls=[RESOURCE], trusted_proxies=["127.0.0.1"])

    def prove(self, url, *options, method="GET", chain="reports.poa"):
        """The two headers, as `poa prove` makes them."""
        told = self.cli.ok("prove", chain, "--key", "agent.key", "--method", method, "--url", url, *options)
        return dict(line.split(": ", 1) for line in told.out.splitlines())

    def end(self):
        self.nginx.stop()
        self.resource.shutdown()
        if self.server.process.poll() is None:
            assert self.server.stop() == 0, self.server.text()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("nginx"))
    yield made
    made.end()


def test_who_may_gets_the_resource(world):
    url = RESOURCE + "/reports/today?page=2"
    reply = world.nginx.ask("GET", url, world.prove(url))
    assert (reply.status, reply.text) == (200, "this is /reports/today?page=2")
    method, path, headers, body = world.resource.seen[-1]
    assert (method, path, body) == ("GET", "/reports/today?page=2", b"")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", headers["X-PoA-Id"])
    assert headers["X-Forwarded-For"] == "127.0.0.1" and headers["Host"] == "resource.mine.example"
    assert "Authorization" not in headers and "DPoP" not in headers


def test_head_is_a_method_of_its_own(world):
    url = RESOURCE + "/reports/today"
    assert world.nginx.ask("HEAD", url, world.prove(url, method="HEAD")).status == 200
    assert world.nginx.ask("HEAD", url, world.prove(url)).status == 401


def test_without_a_proof_nothing_passes(world):
    before = len(world.resource.seen)
    headers = world.prove(RESOURCE + "/reports/today")
    for some in ({}, {"DPoP": headers["DPoP"]}, {"Authorization": headers["Authorization"]},
                 {"Authorization": "Bearer x", "DPoP": headers["DPoP"]}):
        reply = world.nginx.ask("GET", RESOURCE + "/reports/today", some)
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"] == 'PoA error="invalid_token"'
    assert len(world.resource.seen) == before


def test_a_proof_serves_once_and_for_its_url(world):
    headers = world.prove(RESOURCE + "/reports/today")
    assert world.nginx.ask("GET", RESOURCE + "/reports/today", headers).status == 200
    assert world.nginx.ask("GET", RESOURCE + "/reports/today", headers).status == 401
    assert world.nginx.ask("GET", RESOURCE + "/reports/other",
                           world.prove(RESOURCE + "/reports/today")).status == 401


def test_a_nonce_is_passed_through(world):
    url = RESOURCE + "/reports/today"
    reply = world.nginx.ask("GET", url, world.early)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'PoA error="use_dpop_nonce"'
    nonce = reply.headers["DPoP-Nonce"]
    reply = world.nginx.ask("GET", url, world.prove(url, "--nonce", nonce))
    assert (reply.status, reply.headers["DPoP-Nonce"]) == (200, None)


@pytest.mark.parametrize("path", ["/", "/report", "/reportsx", "/reports/../secret", "/reports/%2e%2e/secret",
                                  "//reports/today", "/reports//today"])
def test_what_is_not_granted_is_forbidden(world, path):
    before = len(world.resource.seen)
    assert world.nginx.ask("GET", RESOURCE + path, world.prove(RESOURCE + path)).status == 403
    assert len(world.resource.seen) == before


def test_no_other_method_passes(world):
    before = len(world.resource.seen)
    url = RESOURCE + "/reports/today"
    assert world.nginx.ask("POST", url, world.prove(url, method="POST"), body=b"x").status == 403
    assert len(world.resource.seen) == before


def test_no_body_passes(world):
    url = RESOURCE + "/reports/today"
    assert world.nginx.ask("GET", url, world.prove(url), body=b"unproven").status == 200
    method, path, headers, body = world.resource.seen[-1]
    assert body == b"" and "Transfer-Encoding" not in headers


def test_what_the_caller_says_about_itself_is_gone(world):
    granted = RESOURCE + "/reports/today"
    says = {"X-Original-URL": granted, "X-Original-Method": "GET", "X-PoA-Action": "read",
            "X-Forwarded-For": "192.0.2.1", "X-PoA-Id": "forged"}
    assert world.nginx.ask("GET", RESOURCE + "/secret", world.prove(granted) | says).status == 401
    assert world.nginx.ask("GET", granted, world.prove(granted) | says).status == 200
    headers = world.resource.seen[-1][2]
    assert headers["X-Forwarded-For"] == "127.0.0.1" and headers["X-PoA-Id"] != "forged"


def test_the_address_is_the_one_that_nginx_sees(world):
    url = RESOURCE + "/reports/today"
    says = {"X-Forwarded-For": "127.0.0.5"}
    assert world.nginx.ask("GET", url, world.prove(url, chain="near.poa"), source="127.0.0.5").status == 200
    assert world.nginx.ask("GET", url, world.prove(url, chain="near.poa"), source="127.0.0.6").status == 403
    assert world.nginx.ask("GET", url, world.prove(url, chain="near.poa") | says, source="127.0.0.6").status == 403


def test_a_long_chain_fits(world):
    """Nearly 16 KiB in one field: refused for what it is, not for its size."""
    reply = world.nginx.ask("GET", RESOURCE + "/reports/today",
                            world.prove(RESOURCE + "/reports/today") | {"Authorization": "PoA " + "a" * 16000})
    assert reply.status == 401


def test_the_server_has_a_name_for_agents(world):
    reply = world.nginx.ask("POST", POA + "/v1/challenges")
    assert reply.status == 201 and "nonce" in reply.text
    reply = world.nginx.ask("GET", POA + "/v1/devices", world.prove(POA + "/v1/devices"))
    assert (reply.status, "action_not_granted" in reply.text) == (403, True)
    for path in ("/v1/authorize", "/metrics", "/_poa"):
        assert world.nginx.ask("GET", POA + path).status == 404
    assert world.nginx.ask("GET", RESOURCE + "/_poa", world.prove(RESOURCE + "/_poa")).status == 404


def test_nothing_secret_in_nginx_logs(world):
    headers = world.prove(RESOURCE + "/reports/today")
    world.nginx.ask("GET", RESOURCE + "/reports/today", headers)
    logs = "".join((world.nginx.folder / name).read_text() for name in ("access.log", "error.log"))
    assert headers["DPoP"][-40:] not in logs and headers["Authorization"][-40:] not in logs


def test_without_the_server_nothing_passes(world):
    """Last: the server does not come back."""
    assert world.server.stop() == 0
    before = len(world.resource.seen)
    url = RESOURCE + "/reports/today"
    assert world.nginx.ask("GET", url, world.prove(url)).status == 500
    assert len(world.resource.seen) == before
