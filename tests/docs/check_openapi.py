"""Does docs/openapi.yaml describe the routes of the server, each and no other? python3 check_openapi.py YAML ROUTES_C"""

import pathlib
import re
import sys

import yaml

METHODS = {"get", "post", "put", "patch", "delete"}


def routes_of_code(path):
    """The rows of the table in routes.c."""
    table = re.search(r"api_routes\[\] = \{\n(.*?)\n\};", path.read_text(), re.S).group(1)
    rows = [line for line in table.splitlines() if line.strip()]
    found = [re.match(r'\s*\{HTTP_([A-Z]+), "([^"]+)", \w+, (\w+), (\w+), ([^}]+)\},', row) for row in rows]
    assert all(found), "a row of api_routes[] that check_openapi.py cannot read"
    return {(m[1].lower(), m[2]): {"body": m[3] != "0", "query": "HTTP_ROUTE_QUERY" in m[5]} for m in found}


def operations_of(document):
    return {(method, path): operation for path, item in document["paths"].items() for method, operation in item.items()
            if method in METHODS}


def references(node):
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def empty_members(node, where=""):
    """A comma in an unquoted text of `{ }` makes a member without a value of what follows it."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "example":
                continue
            if value is None:
                yield f"{where}/{name}"
            yield from empty_members(value, f"{where}/{name}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from empty_members(value, f"{where}/{i}")


def resolves(document, reference):
    node = document
    for part in reference.removeprefix("#/").split("/"):
        if part not in node:
            return False
        node = node[part]
    return True


def parameters_of(operation, place):
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == place}


def check_operation(route, row, operation):
    method, path = route
    where = f"{method.upper()} {path}"
    if bool(operation.get("requestBody")) != row["body"]:
        yield f"{where}: the code and the document differ on whether there is a body"
    if bool(parameters_of(operation, "query")) != row["query"]:
        yield f"{where}: the code and the document differ on whether there is a query"
    if parameters_of(operation, "path") != set(re.findall(r"\{(\w+)\}", path)):
        yield f"{where}: its path parameters are not those of the path"
    for name in ("operationId", "summary", "security", "responses"):
        if name not in operation:
            yield f"{where}: has no {name}"


def check(document, routes):
    operations = operations_of(document)
    for method, path in sorted(set(routes) - set(operations)):
        yield f"{method.upper()} {path} is in routes.c and not in openapi.yaml"
    for method, path in sorted(set(operations) - set(routes)):
        yield f"{method.upper()} {path} is in openapi.yaml and not in routes.c"
    for route in sorted(set(routes) & set(operations)):
        yield from check_operation(route, routes[route], operations[route])
    for pointer in empty_members(document):
        yield f"{pointer} has no value: is a comma unquoted?"
    for reference in sorted(set(references(document))):
        if not resolves(document, reference):
            yield f"{reference} leads nowhere"
    used = set(references(document))
    for kind in ("schemas", "responses", "headers"):
        for name in document["components"][kind]:
            if f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name} is used by nobody"
    ids = [operation.get("operationId") for operation in operations.values()]
    if len(set(ids)) != len(ids):
        yield "two operations have the same operationId"


def main():
    document = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text())
    routes = routes_of_code(pathlib.Path(sys.argv[2]))
    complaints = list(check(document, routes))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints or not routes else 0


if __name__ == "__main__":
    sys.exit(main())
