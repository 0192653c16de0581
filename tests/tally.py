"""Count the tests that meson ran: python3 tally.py FOLDER...

A TAP program counts as its subtests, a file of pytest as its tests, anything else as one. The last line is
`N passed, N failed`, summed over the folders. The status is zero only when all of this holds: some test ran, none
failed, none was skipped (a skipped test proves nothing), each test that meson knows ran, and each test file of the
tree is a test that meson knows.
"""

import json
import pathlib
import re
import sys

TREE = pathlib.Path(__file__).resolve().parent
PYTEST = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")


def count(entry):
    """The passed, failed and skipped tests of one entry in meson's log."""
    out = entry.get("stdout", "")
    lines = out.splitlines()
    passed = failed = skipped = 0
    if any(re.match(r"1\.\.\d+", line) for line in lines):
        skipped = sum(bool(re.match(r"ok \d+.*# SKIP", line, re.IGNORECASE)) for line in lines)
        passed = sum(bool(re.match(r"ok \d+", line)) for line in lines) - skipped
        failed = sum(bool(re.match(r"not ok \d+", line)) for line in lines)
    elif lines and PYTEST.search(lines[-1]):
        words = {word: int(number) for number, word in PYTEST.findall(lines[-1])}
        passed = words.get("passed", 0)
        skipped = words.get("skipped", 0) + words.get("xfailed", 0)
        failed = sum(words.get(word, 0) for word in ("failed", "error", "errors", "xpassed"))
    elif entry["result"] == "OK":
        passed = 1
    if entry["result"] != "OK" and failed == 0:
        failed = 1
    return passed, failed, skipped


def name_of(entry):
    """A test's own name: meson's log says `project:suite / name`."""
    return entry["name"].split(" / ")[-1]


def read_folder(folder):
    """Count one build folder, and tell what is wrong with it."""
    log = folder / "meson-logs" / "testlog.json"
    known = folder / "meson-info" / "intro-tests.json"
    entries = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    tests = json.loads(known.read_text()) if known.exists() else []

    totals = [sum(column) for column in zip(*map(count, entries))] or [0, 0, 0]
    passed, failed, skipped = totals
    print(f"{folder}: {passed} passed, {failed} failed")
    if not entries:
        print(f"{folder}: no test ran")
        return passed, failed, True
    complaints = []
    if skipped:
        complaints.append(f"{skipped} tests were skipped")
    for name in sorted({test["name"] for test in tests} - {name_of(entry) for entry in entries}):
        complaints.append(f"{name} did not run")
    called = {pathlib.Path(word).stem for test in tests for word in test["cmd"]}
    for file in sorted([*TREE.glob("unit/test_*.c"), *TREE.glob("integration/test_*.py")]):
        if file.stem not in called:
            complaints.append(f"{file.relative_to(TREE.parent)} is no test of meson")
    for complaint in complaints:
        print(f"{folder}: {complaint}")
    return passed, failed, bool(complaints)


def main():
    folders = [read_folder(pathlib.Path(name)) for name in sys.argv[1:]]
    passed = sum(folder[0] for folder in folders)
    failed = sum(folder[1] for folder in folders)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not folders or any(folder[2] for folder in folders) else 0


if __name__ == "__main__":
    sys.exit(main())
