#!/usr/bin/python3
"""Make the test vectors of the PoA protocol, or with --check compare them with what is committed.

No code of this project takes part: ECDSA is python3-ecdsa (RFC 6979), Ed25519 and RSA are python3-cryptography, and
python3-jwcrypto judges the result. The same bytes come out of every run.
"""
import argparse
import importlib
import os
import sys
from collections import Counter

sys.dont_write_bytecode = True

import checks

GROUPS = ("envelope", "signatures", "claims", "links", "powers", "narrowing", "ceiling", "time", "state", "statements",
          "proof", "request", "device-proofs", "trust", "tickets")
FILE_BYTES_MAX = 900_000


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="write nothing; fail when a committed file differs")
    options.add_argument("groups", nargs="*", default=GROUPS, help="only these groups")
    options = options.parse_args()

    stale = [name for name in options.groups if not make(name, options.check)]
    if set(options.groups) == set(GROUPS):
        checks.check_codes([vector for group in MADE for vector in group.vectors])
    report()
    if stale:
        sys.exit(f"not what the generator makes: {', '.join(stale)}; run tests/vectors/generate.py")


MADE = []


def make(name, check):
    """Make one group and write it, or compare it; false when it differs from the committed file."""
    group = importlib.import_module(f"group_{name.replace('-', '_')}").group
    content = group.document()
    assert len(content) < FILE_BYTES_MAX, f"{name}: {len(content)} bytes"
    MADE.append(group)

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.json")
    if check:
        return os.path.exists(path) and open(path, "rb").read() == content
    with open(path, "wb") as file:
        file.write(content)
    return True


def report():
    for group in MADE:
        decisions = Counter(v["expect"]["decision"] for v in group.vectors)
        codes = {v["expect"]["code"] for v in group.vectors} - {"ok"}
        print(f"{group.name:12}{len(group.vectors):5} vectors: {decisions['permit']:3} permit, "
              f"{decisions['deny']:3} deny, {len(codes):2} codes")
    print(f"{'all':12}{sum(len(g.vectors) for g in MADE):5} vectors")
    for (judge, good), count in sorted(checks.JUDGED.items()):
        print(f"{judge} found {count} tokens {'good' if good else 'bad'} that are meant to be")


if __name__ == "__main__":
    main()
