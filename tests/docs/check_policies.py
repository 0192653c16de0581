"""Is every key of the example policies one that keys.py made from a label? python3 check_policies.py POLICIES"""

import json
import pathlib
import sys


def keys_in(value):
    """Every JWK of a document, wherever it stands."""
    if isinstance(value, dict):
        if "kty" in value:
            yield value
        for inner in value.values():
            yield from keys_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_in(inner)


def check(path, jwk):
    policy = json.loads(path.read_text())
    issuers = [owner["iss"] for owner in policy["owners"]]
    names = ["answers", *issuers, *(f"{issuer} old" for issuer in issuers)]
    known = [jwk(f"{path.name} {name}") for name in names]
    found = list(keys_in(policy))
    if not found:
        yield f"{path.name}: has no key"
    for key in found:
        if key not in known:
            yield f"{path.name}: a key whose private half somebody may have: {key}"


def main():
    folder = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    from keys import jwk
    complaints = [complaint for path in sorted(folder.glob("*.json")) for complaint in check(path, jwk)]
    listed = (folder / "README.md").read_text()
    complaints += [f"{path.name} is not in README.md" for path in folder.glob("*.json") if f"({path.name})" not in listed]
    for complaint in complaints:
        print(complaint)
    return 1 if complaints or not list(folder.glob("*.json")) else 0


if __name__ == "__main__":
    sys.exit(main())
