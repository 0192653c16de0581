"""Holds replies of the server against docs/openapi.yaml: status, fields, type and JSON of the body.

Reads the part of JSON Schema that the document uses, and refuses a word that it does not know.
"""

import json
import pathlib
import re
from urllib.parse import urlsplit

import yaml

DOCUMENT = yaml.safe_load((pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml").read_text())
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
FOR_PEOPLE = {"description", "title", "default", "example", "format"}
BY_LIBRARY = {400, 413, 414, 431}  # what libmicrohttpd refuses in its own words, without a type
EDGE = {"$ref": "#/components/responses/Edge"}


class Broken(AssertionError):
    """A reply that is not as the document says."""


def resolve(node):
    while "$ref" in node:
        at = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return node


# ---- JSON Schema ----


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def _object(schema, value, where):
    if not isinstance(value, dict):
        return
    properties = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            raise Broken(f"{where} has no {name}")
    for name, inner in value.items():
        if name in properties:
            validate(properties[name], inner, f"{where}/{name}")
        elif schema.get("additionalProperties") is False:
            raise Broken(f"{where}/{name} is not in the document")


def _one_of(options, value, where):
    fitting = 0
    for option in options:
        try:
            validate(option, value, where)
            fitting += 1
        except Broken:
            pass
    if fitting != 1:
        raise Broken(f"{where} fits {fitting} of the schemas of a oneOf: {value!r}")


CHECKS = {
    "type": lambda names, value: any(is_type(value, name) for name in ([names] if isinstance(names, str) else names)),
    "const": lambda only, value: value == only,
    "enum": lambda words, value: value in words,
    "pattern": lambda pattern, value: not isinstance(value, str) or re.search(pattern, value),
    "minimum": lambda least, value: not is_type(value, "integer") or value >= least,
    "maximum": lambda most, value: not is_type(value, "integer") or value <= most,
    "maxLength": lambda most, value: not isinstance(value, str) or len(value) <= most,
    "maxItems": lambda most, value: not isinstance(value, list) or len(value) <= most,
    "minProperties": lambda least, value: not isinstance(value, dict) or len(value) >= least,
}


def validate(schema, value, where="the body"):
    schema = resolve(schema)
    for word, wanted in schema.items():
        if word in CHECKS:
            if not CHECKS[word](wanted, value):
                raise Broken(f"{where}: {word} {wanted!r} is not kept by {value!r}")
        elif word == "oneOf":
            _one_of(wanted, value, where)
        elif word == "items":
            for i, item in enumerate(value if isinstance(value, list) else []):
                validate(wanted, item, f"{where}/{i}")
        elif word not in FOR_PEOPLE | {"properties", "required", "additionalProperties"}:
            raise Broken(f"contract.py does not know {word}")
    _object(schema, value, where)


# ---- replies ----


def find_operation(method, path):
    """The operation of a request, and the pattern of its path; HEAD is answered as GET."""
    method = "get" if method == "HEAD" else method.lower()
    for pattern, item in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
            return item.get(method), pattern
    return None, None


def _check_content(response, method, kind, body, where):
    content = response.get("content")
    if not content:
        if body:
            raise Broken(f"{where} has a body")
        return
    if kind not in content:
        raise Broken(f"{where} is {kind}, not {' or '.join(content)}")
    if method != "HEAD" and kind == "application/x-ndjson":
        for line in body.splitlines():
            validate(content[kind]["schema"], json.loads(line), where)
    elif method != "HEAD" and kind.endswith("json"):
        validate(content[kind]["schema"], json.loads(body), where)


def is_edge(kind, body):
    """A problem without a code; the one that tells a device's state is no work of the edge."""
    if kind != "application/problem+json" or not body:
        return kind == "application/problem+json"
    problem = json.loads(body)
    return problem["type"] == "about:blank" and "state" not in problem


def check(method, path, status, headers, body):
    """Raises Broken for a reply that the document does not allow. Gives (pattern, status) of what was checked."""
    operation, pattern = find_operation(method, path)
    kind = headers.get("Content-Type", "").partition(";")[0]
    if status in BY_LIBRARY and not kind:
        return None, status
    where = f"the {status} of {method} {path}"
    responses = operation["responses"] if operation else {}
    # An operation without `default` does not exempt its route from what the edge may refuse.
    response = resolve(EDGE if is_edge(kind, body) else responses.get(str(status), EDGE))
    _check_content(response, method, kind, body, where)
    if headers.get("Cache-Control") != "no-store":
        raise Broken(f"{where} may be stored")
    if status == 401 and not headers.get("WWW-Authenticate", "").startswith('PoA error="'):
        raise Broken(f"{where} has no WWW-Authenticate")
    if status == 503 and not is_edge(kind, body) and path != "/readyz" and "Retry-After" not in headers:
        raise Broken(f"{where} has no Retry-After")
    return pattern, status


def check_reply(reply):
    """The same for a Response of `requests`."""
    return check(reply.request.method, urlsplit(reply.request.url).path, reply.status_code, reply.headers,
                 reply.content)
