"""README.md: the commands of its walk run as they stand, and they and the demo say what the page says they say.

In a block ```console a line that begins with `$ ` is a command, with its continuation lines; what follows up to the
next one is its output. `…` stands for any lines, and ends and times may differ.
"""

import os
import pathlib
import re
import subprocess

from server import BINARY as SERVER
from server import PATIENCE_S, environment, free_port

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SERVER.parents[1]
MARK = "@@ end of a command @@"

# What is new each time.
CHANGING = [
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"(?<![\w-])[\w-]{43}(?![\w-])", "<id>"),
    (r"(?<![\w-])[\w-]{22}(?![\w-])", "<jti>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
    (r"\(\d+[dhms]( \d+[hms])? left\)", "<left>"),
]


def plain(line):
    for pattern, word in CHANGING:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def blocks(first):
    """What stands in the fenced blocks that begin with this line."""
    return re.findall(rf"^{re.escape(first)}\n(.*?)^```", (TREE / "README.md").read_text(), re.S | re.M)


def read_walk():
    """(command, output lines) of every step, in order."""
    steps = []
    for block in blocks("```console"):
        continues = False
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(([line[2:]], []))
            elif continues:
                steps[-1][0].append(line)
            else:
                steps[-1][1].append(line)
            continues = line.endswith("\\") and (continues or line.startswith("$ "))
    return [("\n".join(command), output) for command, output in steps]


def run_walk(commands, folder, port):
    """All commands in one shell, in a copy of the reader's place. Gives what each said, as lines."""
    (folder / "build").symlink_to(BUILD)
    script = []
    for command in commands:
        script.append(command.replace(":8080", f":{port}"))
        if command.endswith("&"):  # a reader is slower than this script
            script.append(f"until curl -sf -o answer http://127.0.0.1:{port}/readyz; do sleep 0.05; done; sleep 1")
        if command.startswith("kill -HUP"):
            script.append("until grep -q '\"event\":\"reload' server.log; do sleep 0.05; done")
        script.append(f"status=$?; echo '{MARK}'; (exit $status)")
    done = subprocess.run(["/bin/bash", "-c", "trap 'kill $(jobs -p) 2>&-' EXIT\n" + "\n".join(script)], cwd=folder,
                          env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=2 * PATIENCE_S, start_new_session=True)
    return [part.removeprefix("\n").splitlines() for part in done.stdout.split(MARK)[:-1]]


def fits(expected, said):
    """Do these lines say what is expected? `…` skips any number of them."""
    if not expected:
        return not said
    if expected[0] == "…":
        return any(fits(expected[1:], said[i:]) for i in range(len(said) + 1))
    return bool(said) and plain(said[0]) == plain(expected[0]) and fits(expected[1:], said[1:])


def test_the_comparison_notices():
    assert fits(["a", "…", "z"], ["a", "b", "c", "z"]) and fits(["…"], []) and fits([], [])
    assert fits(["until 2026-11-24T06:49:55Z (8h left)"], ["until 2027-01-01T00:00:00Z (7h 59m left)"])
    assert not fits(["a"], ["a", "b"]) and not fits(["a", "…", "z"], ["a", "b"]) and not fits(["a"], [])


def test_the_walk(tmp_path):
    port = free_port()
    # The server's configuration is made on the way, so its default port is replaced there too.
    walk = [(command.replace("init --site", f"init --listen 127.0.0.1:{port} --site"), output)
            for command, output in read_walk()]
    assert len(walk) > 15
    said = run_walk([command for command, _ in walk], tmp_path, port)
    assert len(said) == len(walk), said[-1:]
    for (command, expected), lines in zip(walk, said):
        assert fits(expected, lines), f"$ {command}\n" + "\n".join(lines)


def test_the_demo():
    (block,) = blocks("```\n$ ./run demo")
    done = subprocess.run([TREE / "tests/integration/demo.sh"], env=environment({"POA_BUILD": BUILD, "TMPDIR": "/tmp"}),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert fits(["…", *block.splitlines()], done.stdout.splitlines()), done.stdout


def test_it_is_run_as_the_page_says():
    """The two commands of the page exist."""
    usage = subprocess.run([TREE / "run", "help"], capture_output=True, text=True, check=True).stdout
    for command in re.findall(r"`\./run (\w+)`|^\$ \./run (\w+)", (TREE / "README.md").read_text(), re.M):
        assert re.search(rf"^  {''.join(command)} ", usage, re.M), command
    assert os.access(TREE / "run", os.X_OK)
