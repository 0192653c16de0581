"""Every reply of the server that a test gets through `requests` is held against docs/openapi.yaml."""

import requests

import contract

_send = requests.Session.send


def _checked(session, request, **options):
    reply = _send(session, request, **options)
    if "stream" not in options or not options["stream"]:
        contract.check_reply(reply)
    return reply


requests.Session.send = _checked
