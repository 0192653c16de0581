"""Do the sources keep the rules of docs/architecture.md? python3 check_architecture.py TREE LIBRARY COMPILER...

LIBRARY is the static library of `poa/`; COMPILER is the command that compiles C.
"""

import pathlib
import re
import subprocess
import sys
from fnmatch import fnmatchcase

# Which files may include a system header, by its name.
HEADERS = {
    "openssl/*": ["poa/src/crypto_*.[ch]", "poa/pki/*.[ch]"],
    "jansson.h": ["poa/base/*.[ch]", "poa/src/*.[ch]", "cli/*.[ch]", "authz-server/api/*.[ch]", "authz-server/*.[ch]"],
    "jwt.h": ["cli/jwt_libjwt.c"],
    "lmdb.h": ["authz-server/store/*.[ch]"],
    "microhttpd.h": ["authz-server/http/*.[ch]"],
    "gnutls/*": ["authz-server/http/*.[ch]"],
    "curl/*": ["cli/client.c", "cli/server_options.c", "cli/verb_version.c"],  # the second shows its version
}

# Which rooms a room's files may include from, its own always. A room is a folder, or one file where that is all.
ROOMS = {
    "poa/include": [],
    "poa/base": ["poa/include"],
    "poa/src": ["poa/include", "poa/base"],
    "poa/pki": ["poa/include", "poa/base", "poa/src/crypto_key.h", "poa/src/id_link.h"],
    "authz-server/http": ["poa/include/poa/macros.h", "poa/include/poa/span.h", "poa/base"],
    "authz-server/store": ["poa/include", "poa/base", "poa/src/crypto.h"],
    "authz-server/api": ["poa", "authz-server/http", "authz-server/store", "authz-server/config.h"],
    "authz-server": ["poa", "authz-server/http", "authz-server/store", "authz-server/api"],
    "cli": ["poa"],
    "docs": ["poa/include", "poa/base/cleanup.h", "authz-server/settings.h"],
}

# Where a quoted include is looked for, after the includer's own folder.
FOLDERS = ["poa/include", "poa/base", "poa/src", "poa/pki", "authz-server"]

# Calls that only these files make.
CALLS = {
    r"\bjson_load[a-z]*\s*\(": ["poa/base/json.c"],
    r"\bjson_set_alloc_funcs[0-9]*\s*\(": ["poa/base/json_hook.c"],
    r"\bgetenv\s*\(": ["poa/base/guard.c", "authz-server/*.[ch]", "cli/*.[ch]"],
    r"\b(?:jwt_decode|jwt_decode_2|jwt_encode_str|jwt_new)\s*\(": ["cli/jwt_libjwt.c"],
}

# What the library may not need from the system: no sockets, files, clock, environment, terminal, end of the process.
FORBIDDEN = re.compile(
    r"^(socket|connect|bind|listen|accept4?|send|recv|getaddrinfo|open(at)?(64)?|fopen(64)?|read|write|pread|pwrite|rename|unlink|"
    r"stat(64)?|time|clock_gettime|gettimeofday|getrandom|getentropy|RAND_\w+|rand|random|secure_getenv|exit|_exit|abort|"
    r"printf|__printf_chk|puts|putchar|fprintf|__fprintf_chk|syslog|fork|system|pthread_create|setlocale)(@.*)?$")


def sources(tree):
    for room in ("poa", "authz-server", "cli", "docs"):
        for path in sorted((tree / room).rglob("*.[ch]")):
            yield path.relative_to(tree)


def matches(path, patterns):
    """A pattern's `*` stays inside one folder."""
    return any(fnmatchcase(str(path), pattern) and str(path).count("/") == pattern.count("/") for pattern in patterns)


def code_of(text):
    """The text without comments and strings, so that prose is not taken for calls; includes stay."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"//[^\n]*", " ", text)
    return re.sub(r'(?<!include )"(?:\\.|[^"\\\n])*"', '""', text)


def room_of(path):
    rooms = [room for room in ROOMS if str(path).startswith(room + "/")]
    return max(rooms, key=len, default=None)


def find(tree, includer, name):
    for folder in [includer.parent, *map(pathlib.Path, FOLDERS)]:
        if (tree / folder / name).exists():
            return pathlib.Path(*(folder / name).parts)
    return None


def check_quoted(tree, path, name):
    target = find(tree, path, name)
    if target is None:
        return f"{path}: includes {name}, which is nowhere"
    room, other = room_of(path), room_of(target)
    if room == other or any(str(target) == one or str(target).startswith(one + "/") for one in ROOMS[room]):
        return None
    return f"{path}: {room} may not include {target}"


def check_file(tree, path):
    code = code_of((tree / path).read_text())
    if room_of(path) is None:
        yield f"{path}: stands in no room that check_architecture.py knows"
        return
    for name in re.findall(r'#include "([^"]+)"', code):
        yield check_quoted(tree, path, name)
    for name in re.findall(r"#include <([^>]+)>", code):
        for pattern, allowed in HEADERS.items():
            if fnmatchcase(name, pattern) and not matches(path, allowed):
                yield f"{path}: may not include <{name}>"
    for pattern, allowed in CALLS.items():
        for call in re.findall(pattern, code):
            if not matches(path, allowed):
                yield f"{path}: may not call {call.strip(' (')}"


def check_guards(tree):
    """Each id of a POA_GUARD names one check (poa/base/guard.h)."""
    seen = {}
    for path in sources(tree):
        if path.name == "guard.h":  # where it is defined
            continue
        for guard in re.findall(r"\bPOA_GUARD\((\w+),", code_of((tree / path).read_text())):
            if guard in seen:
                yield f"{path}: the guard {guard} stands in {seen[guard]} too"
            seen[guard] = path
    if not seen:
        yield "there is no guard at all"


def check_library(library):
    """Parameters bring time, randomness and storage: the library asks the system for none of them."""
    symbols = subprocess.run(["nm", "-A", "-u", library], check=True, capture_output=True, text=True).stdout
    lines = [line.split() for line in symbols.splitlines() if " U " in line]
    if not lines:
        yield f"{library}: nothing is known of it"
    for line in lines:
        if FORBIDDEN.match(line[-1]):
            yield f"the library calls {line[-1]} in {line[0].split(':')[-2]}"


def check_public_headers(tree, compiler):
    """Each compiles on its own, and shows nothing of jansson or OpenSSL."""
    for header in sorted((tree / "poa/include/poa").glob("*.h")):
        done = subprocess.run([*compiler, "-std=c17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c",
                               "-I", tree / "poa/include", "-include", header, "/dev/null"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield f"{header.relative_to(tree)} does not compile on its own:\n{done.stderr}"


def main():
    tree, library, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    files = list(sources(tree))
    complaints = [complaint for path in files for complaint in check_file(tree, path) if complaint]
    complaints += [*check_guards(tree), *check_library(library), *check_public_headers(tree, compiler)]
    for complaint in complaints:
        print(complaint)
    print(f"{len(files)} files, {len(complaints)} complaints")
    return 1 if complaints or not files else 0


if __name__ == "__main__":
    sys.exit(main())
