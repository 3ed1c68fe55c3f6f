"""Make the virtual environment: locked packages, llama-cpp-python built once and kept, model and tests' environment.

Standard library only, for any Python from 3.11 on. Run by `make`; a second run with nothing changed takes a moment.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
CACHE = Path(os.environ.get("HAVEN_CACHE") or Path.home() / ".cache/haven") / "wheels"
COMPILED = "llama-cpp-python"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--venv", type=Path, default=HERE / ".venv")
    venv: Path = arguments.parse_args().venv.absolute()
    if sys.version_info < (3, 11):  # noqa: UP036 - it is run before anything has checked
        return fail(f"Haven needs Python 3.11 or newer; this is {platform.python_version()}.", "make PYTHON=python3.13")
    sandbox()
    marker = venv / ".haven-ready"
    wanted = fingerprint()
    if marker.is_file() and marker.read_text() == wanted:
        return prepare(venv)
    with stage("virtual environment"):
        make_venv(venv)
    version = locked_version(COMPILED)
    with stage(f"{COMPILED} {version}"), wheel(venv, version) as folder:
        pip(venv, "install", "--no-deps", "--no-index", "--find-links", str(folder), f"{COMPILED}=={version}")
    with stage("locked packages"):
        pip(venv, "install", "-r", str(LOCK))
        pip(venv, "install", "--no-deps", "--no-build-isolation", "-e", str(HERE))
    marker.write_text(wanted)
    return prepare(venv)


def fingerprint() -> str:
    """What the environment is made from."""
    content = LOCK.read_bytes() + (HERE / "pyproject.toml").read_bytes() + sys.version.encode() + str(HERE).encode()
    return hashlib.sha256(content).hexdigest()


def make_venv(venv: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True, check=False)
    if made.returncode:
        sys.exit(fail("Python can't make a virtual environment here.", "sudo apt install python3-venv", made.stdout))


def pip(venv: Path, *words: str) -> None:
    command = [str(venv / "bin/python"), "-m", "pip", "--disable-pip-version-check", "-q", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        said = (ran.stderr or ran.stdout).strip()
        sys.exit(fail(f"pip {words[0]} failed.", "Read the lines above; is the package index in reach?", said[-4000:]))


def locked_version(name: str) -> str:
    found = re.search(rf"^{re.escape(name)}==(\S+)", LOCK.read_text(), re.M)
    if not found:
        sys.exit(fail(f"{LOCK.name} does not name {name}.", "make lock"))
    return found[1]


@contextlib.contextmanager
def wheel(venv: Path, version: str) -> Iterator[Path]:
    """A folder that holds the compiled wheel: from the cache, or built now and kept there where that can be written."""
    made_with = hashlib.sha256(f"{processor()} {options()}".encode()).hexdigest()[:12]
    key = f"{COMPILED}-{version}-py{sys.version_info.major}.{sys.version_info.minor}-{platform.machine()}-{made_with}"
    kept = CACHE / key
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        lock = (CACHE / f"{key}.lock").open("w")
    except OSError:
        with tempfile.TemporaryDirectory() as folder:
            build(venv, version, Path(folder))
            yield Path(folder)
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(kept.glob("*.whl")):
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                build(venv, version, Path(folder) / "wheel")
                shutil.rmtree(kept, ignore_errors=True)
                os.replace(Path(folder) / "wheel", kept)
    yield kept


def build(venv: Path, version: str, into: Path) -> None:
    """Compile for this very processor; some minutes."""
    if not (shutil.which("g++") or shutil.which("c++")):
        sys.exit(fail("There is no C++ compiler, and llama-cpp-python is compiled here.", "sudo apt install g++"))
    print(f"   building {COMPILED} {version}: some minutes, once for this machine", flush=True)
    os.environ["CMAKE_ARGS"] = options()
    # pip's own cache does not ask how a wheel was compiled.
    pip(venv, "wheel", "--no-cache-dir", "--no-deps", "--wheel-dir", str(into), f"{COMPILED}=={version}")


def options() -> str:
    """What the compilation is told: for this processor, but for its matrix unit. GCC 12 leaves half of that unit's
    setting unwritten (its `_tile_loadconfig` reads eight bytes of 64), and the first long prompt would crash."""
    without = "-DCMAKE_C_FLAGS=-mno-amx-int8 -DCMAKE_CXX_FLAGS=-mno-amx-int8" if "amx_int8" in processor() else ""
    return os.environ.get("CMAKE_ARGS") or f"-DGGML_NATIVE=ON {without}".strip()


def processor() -> str:
    """Its features as Linux names them: a wheel built for one may crash on another."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = platform.processor()
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.M)
    return flags[1] if flags else text


def sandbox() -> None:
    """Bubblewrap, installed where that needs no question (root with apt), else the one line."""
    if shutil.which("bwrap"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with stage("bubblewrap"):
            for words in (["update", "-qq"], ["install", "-y", "-qq", "bubblewrap"]):
                subprocess.run(["apt-get", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if not shutil.which("bwrap"):
        print("!! Without bubblewrap no test is run. Install it with: sudo apt install bubblewrap", flush=True)


def prepare(venv: Path) -> int:
    """The model and the tests' environment, shared through the cache."""
    return subprocess.run([str(venv / "bin/haven"), "prepare"], check=False).returncode


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    print(f"== {name}", flush=True)
    started = time.monotonic()
    yield
    print(f"   {time.monotonic() - started:.1f} s", flush=True)


def fail(sentence: str, mend: str, said: str = "") -> int:
    print(f"{said}\n{sentence}\n{mend}".strip(), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
