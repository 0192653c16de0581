"""Is a committed page what its program prints? python3 check_printed.py PROGRAM PAGE"""

import difflib
import pathlib
import subprocess
import sys


def main():
    program, page = map(pathlib.Path, sys.argv[1:])
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    committed = page.read_text() if page.exists() else ""
    if printed == committed and printed:
        return 0
    sys.stdout.writelines(difflib.unified_diff(committed.splitlines(True), printed.splitlines(True),
                                               "committed", "printed", n=0))
    print(f"\n{page.name} is not what the code says. In the folder of the project:\n\n"
          f"    ninja -C build && build/docs/{program.name} > docs/{page.name}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
