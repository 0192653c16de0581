"""How the CLI takes servers that are not ours, and the road to them: TLS, redirects, proxies, size, time."""

import http.server
import json
import ssl
import subprocess
import threading
import time

import pytest

from poa_cli import Story


class Liar:
    """A server that answers what a test tells it to, and notes what it was asked."""

    def __init__(self, context=None):
        self.status, self.headers, self.body, self.pause_s = 200, {}, b"{}", 0
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append((self.command, self.path, dict(self.headers), body))
                time.sleep(outer.pause_s)
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            do_GET = do_POST

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def says(self, status, body, **headers):
        self.status, self.headers = status, {name.replace("_", "-"): value for name, value in headers.items()}
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.fixture
def liar():
    server = Liar()
    yield server
    server.http.shutdown()


@pytest.fixture
def cli(tmp_path):
    story = Story(tmp_path)
    story.root(powers=("--action", "onboard", "--location", "a", "--device", "any", "--effect", "until_exp"))
    story.key("device")
    return story


def onboard(cli, liar, *more):
    return cli.run("onboard", "--server", liar.url, "--chain", "contractor.poa", "--key", "contractor.key",
                   "--location", "a", "--device", "serial=SN-1", "--device-key", "device.key", "--nonce", "n", *more)


@pytest.mark.parametrize("body", [b"", b"hello", b"[]", b'{"nonce":1}', b'{"nonce":""}', b'{"nonce":"a\\u001b"}',
                                  b'{"nonce":"a b"}', b'{"nonce":"a","nonce":"b"}', b'{"nonce":"' + b"x" * 300 + b'"}',
                                  b'{"nonce":"\xff"}'])
def test_replies_that_are_none_of_ours(cli, liar, body):
    liar.says(201, body)
    told = cli.fails(9, "challenge", "--server", liar.url)
    assert "\x1b" not in told.err


def test_a_reply_without_end(cli, liar):
    liar.says(200, b'{"nonce":"' + b"x" * 1200000 + b'"}')
    assert "larger than any of ours" in cli.fails(9, "challenge", "--server", liar.url).err


def test_a_server_that_is_slow(cli, liar):
    liar.says(200, {"nonce": "x"})
    liar.pause_s = 5
    started = time.monotonic()
    cli.fails(9, "challenge", "--server", liar.url, "--timeout", "1")
    assert time.monotonic() - started < 4


def test_redirects_are_not_followed(cli, liar):
    other = Liar()
    liar.says(307, b"", Location=other.url + "/v1/onboardings")
    assert onboard(cli, liar).code == 9
    assert len(liar.asked) == 1 and other.asked == []
    other.http.shutdown()


def test_proxies_of_the_environment_are_not_taken(cli, liar):
    proxy = Liar()
    liar.says(201, {"nonce": "abc", "expires_in": 300})
    env = {name: proxy.url for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
    assert cli.ok("challenge", "--server", liar.url, env=env).out == "abc\n"
    assert proxy.asked == []
    proxy.http.shutdown()


def test_what_is_sent(cli, liar):
    liar.says(500, {})
    onboard(cli, liar)
    method, path, headers, body = liar.asked[0]
    assert (method, path) == ("POST", "/v1/onboardings")
    assert headers["Authorization"] == "PoA " + cli.read("contractor.poa").strip()
    assert headers["DPoP"].count(".") == 2 and headers["Content-Type"] == "application/json"
    sent = json.loads(body)
    assert set(sent) == {"device", "csr", "location"} and sent["device"] == {"serial": "SN-1"}
    assert sent["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    assert b"PRIVATE" not in body and "Expect" not in headers and "Cookie" not in headers


def test_the_proof_is_for_the_url_that_was_typed(cli, liar):
    """Not for one that the server tells: else it could pass the proof on."""
    import base64
    liar.says(500, {"base_url": "https://other.example"})
    onboard(cli, liar)
    onboard(cli, liar, "--public-url", "https://poa.site.example/base/")

    def htu(asked):
        part = asked[2]["DPoP"].split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["htu"]
    assert [htu(asked) for asked in liar.asked] == [liar.url + "/v1/onboardings",
                                                    "https://poa.site.example/base/v1/onboardings"]


def test_one_more_round_and_no_more(cli, liar):
    liar.says(401, {"code": "nonce_required"}, DPoP_Nonce="another")
    told = onboard(cli, liar)
    assert told.code == 4 and "nonce_required" in told.err
    assert len(liar.asked) == 2


PROBLEM = {"type": "urn:poa:reason:expired", "code": "expired", "hop": 1, "member": "/exp", "parent": None,
           "child": 5, "request": None, "because": None, "request_id": "r-1"}


def test_a_problem_with_the_whole_reason(cli, liar):
    liar.says(401, PROBLEM)
    told = onboard(cli, liar)
    assert told.code == 5 and "poa: expired at link 1, /exp" in told.err and "request: r-1" in told.err


def test_a_problem_that_would_act_on_the_terminal(cli, liar):
    evil = "\x1b[2J\u202e"
    liar.says(403, dict(PROBLEM, member=evil, child=evil, request={"a": evil}, detail=evil, title=evil,
                        request_id=evil))
    told = onboard(cli, liar)
    assert told.code == 5 and "\x1b" not in told.err and "\u202e" not in told.err and r"\u{1b}" in told.err
    liar.says(403, {"title": evil, "detail": evil})
    told = onboard(cli, liar)
    assert told.code == 2 and "\x1b" not in told.err


@pytest.mark.parametrize("status, body, exit_code", [
    (403, {"code": "location_not_granted"}, 7), (409, {"code": "device_exists"}, 7), (401, {"code": "revoked"}, 6),
    (400, {"code": "malformed"}, 3), (401, {"code": "signature_invalid"}, 4), (401, {"code": "depth_invalid"}, 8),
    (503, {"code": "revocation_unknown"}, 10), (503, {"code": "store_fault"}, 1), (503, {"title": "busy"}, 9),
    (429, {"title": "too many"}, 9), (404, {"title": "not found"}, 2), (403, {"code": "no_such_code"}, 2),
    (403, {"code": "ok"}, 2), (403, {"code": 7}, 2),
])
def test_exit_codes_of_problems(cli, liar, status, body, exit_code):
    liar.says(status, body)
    told = onboard(cli, liar)
    assert (told.code, told.out) == (exit_code, "")


@pytest.mark.parametrize("body", [{}, {"device": {}}, {"device": {"id": "x"}, "certificate": 5},
                                  {"device": {"id": "x"}, "certificate": "\x1b[2J"},
                                  {"device": {"id": "x"}, "certificate": "-----BEGIN CERTIFICATE-----\x1b"},
                                  {"device": 1, "certificate": "-----BEGIN CERTIFICATE-----"}])
def test_a_success_that_is_none(cli, liar, body):
    liar.says(201, body)
    told = onboard(cli, liar, "-o", "x.pem")
    assert (told.code, told.out) == (9, "") and not (cli.folder / "x.pem").exists()


def test_tls(cli, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", "tls.key", "-out", "tls.pem", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")
    server = Liar(context)
    server.says(201, {"nonce": "abc", "expires_in": 300})
    refused = cli.fails(9, "challenge", "--server", server.url)
    assert "--ca FILE" in refused.err and server.asked == []
    assert cli.ok("challenge", "--server", server.url, "--ca", "tls.pem").out == "abc\n"
    named = server.url.replace("127.0.0.1", "localhost")
    cli.fails(9, "challenge", "--server", named, "--ca", "tls.pem")
    server.http.shutdown()


def test_clear_text_over_the_network_is_awkward(cli):
    told = cli.run("challenge", "--server", "http://192.0.2.1:9", "--timeout", "1",
                   "--allow-clear-text-over-the-network")
    assert told.code == 9 and "in clear text" in told.err
    assert cli.fails(2, "challenge", "--server", "http://192.0.2.1:9", "--allow-clear-text").code == 2
