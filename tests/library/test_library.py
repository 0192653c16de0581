"""libpoa from outside: exports, headers, and programs built against an installation. POA_BUILD names meson's folder."""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
POA = HERE.parent.parent / "poa"
HEADERS = sorted((POA / "include" / "poa").glob("*.h"))
BUILD = pathlib.Path(os.environ["POA_BUILD"]).resolve()
CC, CXX = os.environ["POA_CC"].split(), os.environ["POA_CXX"].split()
SANITIZE = [] if os.environ["POA_SANITIZE"] == "none" else ["-fsanitize=" + os.environ["POA_SANITIZE"]]
GUARDS = os.environ["POA_GUARDS"] == "true"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]


def run(*args, **more):
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == 0, f"{args}\n{done.stdout}{done.stderr}"
    return done.stdout


def code_of(header):
    """A header without its comments."""
    return re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)


def marked(header):
    """The names that a header marks POA_API."""
    declarations = re.findall(r"^POA_API\b([^;]*);", code_of(header), flags=re.MULTILINE)
    return [re.search(r"\b(poa_\w+)\s*(\(|$)", declaration).group(1) for declaration in declarations]


PUBLIC = sorted(name for header in HEADERS for name in marked(header))


def test_public_names_are_declared_once():
    assert len(PUBLIC) > 50
    assert len(set(PUBLIC)) == len(PUBLIC)


def test_map_lists_the_public_names():
    text = (POA / "libpoa.map").read_text()
    assert re.findall(r"^    (poa_\w+);$", text, flags=re.MULTILINE) == PUBLIC
    assert re.findall(r"^ +local:\s+\*;$", text, flags=re.MULTILINE)


def test_exports_are_the_public_names():
    lines = run("nm", "-D", "--defined-only", BUILD / "poa" / "libpoa.so").splitlines()
    symbols = [line.split() for line in lines]
    assert sorted(symbol[2] for symbol in symbols if symbol[1] != "A") == [f"{name}@@LIBPOA_0" for name in PUBLIC]
    assert [symbol[2] for symbol in symbols if symbol[1] == "A"] == ["LIBPOA_0"]


def test_soname_is_versioned():
    assert "Library soname: [libpoa.so.0]" in run("readelf", "-d", BUILD / "poa" / "libpoa.so")


def test_library_asks_the_system_for_nothing():
    """No sockets, files, clock or environment: time, storage and randomness are parameters."""
    undefined = run("nm", "-D", "--undefined-only", BUILD / "poa" / "libpoa.so")
    wanted = {line.split()[-1].split("@")[0] for line in undefined.splitlines()}
    forbidden = {"open", "open64", "openat", "fopen", "fopen64", "socket", "connect", "time", "clock_gettime",
                 "gettimeofday", "secure_getenv", "printf", "puts", "exit", "system", "fork"}
    if not GUARDS:
        forbidden.add("getenv")
    assert not wanted & forbidden


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.name)
@pytest.mark.parametrize("compiler", [[*CC, "-std=c17", "-x", "c"], [*CXX, "-std=c++17", "-x", "c++"]], ids=["c", "c++"])
def test_header_stands_alone(header, compiler):
    source = f'#include "poa/{header.name}"\n#include "poa/{header.name}"\nint unit;\n'
    run(*compiler, *STRICT, "-fsyntax-only", "-I", POA / "include", "-", input=source)


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.name)
def test_header_shows_no_type_of_a_library_below(header):
    assert not re.search(r"\bjson_t\b|\bjson_int_t\b|\bEVP_|\bBIGNUM\b|jansson\.h|openssl/", code_of(header))


def test_umbrella_has_every_header():
    included = re.findall(r'^#include "poa/(\w+\.h)"$', (POA / "include" / "poa" / "poa.h").read_text(), re.MULTILINE)
    assert included == [header.name for header in HEADERS if header.name != "poa.h"]


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """What `meson install` puts where, in a folder of its own."""
    root = tmp_path_factory.mktemp("root")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    return root


def pkg_config(installed, *args):
    (file,) = installed.rglob("libpoa.pc")
    prefix = re.search(r"^prefix=(.*)$", file.read_text(), re.MULTILINE).group(1)
    moved = f"--define-variable=prefix={installed}{prefix}"
    return run("pkg-config", moved, *args, "libpoa", env=os.environ | {"PKG_CONFIG_PATH": str(file.parent)}).split()


def test_all_headers_are_installed(installed):
    assert sorted(path.name for path in installed.rglob("include/poa/*")) == [header.name for header in HEADERS]


@pytest.mark.parametrize("compiler, source", [([*CC, "-std=c17"], "user.c"), ([*CXX, "-std=c++17"], "user.cc")],
                         ids=["c", "c++"])
@pytest.mark.parametrize("static", [False, True], ids=["shared", "static"])
def test_program_of_a_stranger(installed, tmp_path, compiler, source, static):
    program = tmp_path / "user"
    flags = pkg_config(installed, "--cflags", "--libs", *(["--static"] if static else []))
    if static:
        (archive,) = installed.rglob("libpoa.a")
        flags = [str(archive) if flag == "-lpoa" else flag for flag in flags]
    run(*compiler, *STRICT, *SANITIZE, HERE / source, "-o", program, *flags)
    (library,) = installed.rglob("libpoa.so")
    needed = "libpoa.so.0" in run("readelf", "-d", program)
    assert needed != static
    assert run(program, env=os.environ | {"LD_LIBRARY_PATH": str(library.parent)}) == "permit\nlocation_not_granted\n"
