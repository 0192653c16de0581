"""Does the protocol name each reason code, and no other? python3 check_codes.py PRINT_REASONS PROTOCOL"""

import re
import subprocess
import sys


def codes_of_program(program):
    """The codes of answers: the table before the one of faults; `ok` is no reason."""
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    answers = printed.split("## Faults")[0]
    return set(re.findall(r"^\| `([a-z_]+)` \|", answers, re.M)) - {"ok"}


def codes_of_protocol(page):
    """Before the parenthesis of each entry stands its code; what stands in one are members."""
    with open(page, encoding="utf-8") as file:
        table = file.read().split("### Reason codes", 1)[1].split("\n\n")[1]
    rows = [line.split("|")[2] for line in table.splitlines()[2:]]
    return {code for row in rows for code in re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", row))}


def main():
    program, page = sys.argv[1:]
    code, text = codes_of_program(program), codes_of_protocol(page)
    for name in sorted(code - text):
        print(f"{name} is in poa/error.h and not in {page}")
    for name in sorted(text - code):
        print(f"{name} is in {page} and not in poa/error.h")
    return 0 if code and code == text else 1


if __name__ == "__main__":
    sys.exit(main())
