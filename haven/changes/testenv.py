"""The tests' own Python environment: pytest and the project's packages, never Haven's, built once for each content.

Wheels are only downloaded, as data, by the pip that comes with Python; making the environment and installing happen
inside bubblewrap without a network. One limit: a wheel from an index that the owner configured may name a source
archive by direct address, which pip would build while downloading (PyPI itself forbids such wheels).
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from haven.changes import bubblewrap
from haven.errors import BadInput, SandboxError, Unavailable
from haven.redact import redact

PYTEST = ("pytest==8.4.2", "iniconfig==2.1.0", "packaging==25.0", "pluggy==1.6.0", "pygments==2.19.2")
BUILD_S = 600.0
KEY_FILE = "haven-key"
"""In the environment itself, for the proof that a run has the one that was meant."""
MOST_REQUIREMENTS = 200_000
"""Bytes of a requirements file."""
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
VERSION = r"(?:===?|~=|!=|[<>]=?)\s*[A-Za-z0-9][A-Za-z0-9.*+!_-]*"
VERSIONS = rf"{VERSION}(?:\s*,\s*{VERSION})*"
PLAIN = re.compile(
    rf"""--require-hashes
    |{NAME}\s*(?:\[\s*{NAME}(?:\s*,\s*{NAME})*\s*\]\s*)?(?:{VERSIONS}|\(\s*{VERSIONS}\s*\))?\s*
    (?:;[A-Za-z0-9_\s.'"<>=!~()]*)?(?:\ --hash=sha\d+:[0-9a-f]+)*""",
    re.VERBOSE | re.ASCII,
)
"""A requirement by name, after packaging's grammar: no path, address, option, or variable that pip would fill in."""
UNCLEAR = re.compile(r"(?i)[^\t\n\x20-\x7e]|coding[ \t]*[:=]")
"""A declared encoding makes pip read the file as something else than what the owner read."""
NO_NETWORK = re.compile(r"(?i)retrying|connection|name resolution|timed out|network is unreachable|proxy|ssl")


@dataclass(frozen=True)
class TestEnvironment:
    """One built environment; inside the sandbox it lies at /env, whatever its `path` here."""

    __test__ = False
    path: Path
    python: Path
    base_prefix: Path
    key: str

    @property
    def binds(self) -> Mapping[str, Path]:
        """What a sandbox must show to use it: path inside -> folder here."""
        return {"/env": self.path, **_base_bind(self.base_prefix)}


class TestEnvironments:
    """The environments below `state_dir/testenvs`, shared by all of Haven's processes."""

    __test__ = False

    def __init__(self, state_dir: Path, base_python: Path | None = None) -> None:
        running = Path(getattr(sys, "_base_executable", "") or sys.executable)
        self._base = (base_python or running).resolve()
        self._folder = state_dir.resolve() / "testenvs"
        self._allowed_file = state_dir / "allowed-setups.json"

    def digest(self, requirements: str) -> str:
        """The content hash that the owner allows."""
        return hashlib.sha256(requirements.encode()).hexdigest()

    def allowed(self, requirements_hash: str) -> bool:
        """Whether the owner allowed this very content."""
        return requirements_hash in self._allowed()

    def allow(self, requirements_hash: str) -> None:
        """Remember the owner's word for this content (0600, all or nothing)."""
        hashes = sorted({*self._allowed(), requirements_hash})
        self._allowed_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._allowed_file.parent, prefix=".allowed-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(hashes, file)
            file.flush()
            os.fsync(descriptor)
        os.replace(name, self._allowed_file)

    def key(self, requirements: str = "") -> str:
        """Names the content: interpreter, pytest and these requirements."""
        content = "\n".join((KEY_FILE, str(self._base), *PYTEST, requirements.strip()))
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    async def prepare(self, requirements: str = "") -> TestEnvironment:
        """The environment for this content of a requirements file; built if it is not there yet (some 10 s).

        Raises Unavailable (not allowed by the owner, package index out of reach, a package without a wheel), BadInput
        (a line that is no plain requirement) and SandboxError (no bubblewrap).
        """
        requirements = requirements.strip()
        wanted = plain_requirements(requirements)
        if wanted and not self.allowed(self.digest(requirements)):
            raise Unavailable(
                "This project's test requirements are new or have changed, and nobody has allowed them yet.",
                "Read them, then run: haven project allow",
                retry=False,
            )
        environment = self._environment(requirements)
        if environment.python.exists():
            return environment
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
            async with _locked(self._folder / f"{environment.key}.lock"):
                if not environment.python.exists():
                    await self._build(environment, wanted)
        except OSError as error:
            raise Unavailable(f"The test environment can't be made in {self._folder}: {error.strerror}.") from error
        return environment

    def _environment(self, requirements: str) -> TestEnvironment:
        key = self.key(requirements)
        path = self._folder / key
        return TestEnvironment(path, path / "bin" / "python", self._base.parent.parent, key)

    async def _build(self, environment: TestEnvironment, wanted: str) -> None:
        """Build aside, then rename: whoever looks sees all of it or nothing."""
        if problem := await asyncio.to_thread(bubblewrap.problem):
            raise SandboxError(problem)
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder, prefix=".building-"))
        building, wheels = work / "env", work / "wheels"
        try:
            building.mkdir()
            wheels.mkdir()
            (wheels / "pinned.txt").write_text("\n".join(PYTEST), encoding="utf-8")
            (wheels / "project.txt").write_text(wanted, encoding="ascii")
            view = bubblewrap.View(
                {"/wheels": wheels, **_base_bind(environment.base_prefix)}, {"/env": building}, {"/tmp": 1024}
            )
            await asyncio.to_thread(bubblewrap.give_away, building)
            await _inside(view, [str(self._base), "-I", "-m", "venv", "/env"], "Python's venv module failed")
            for name in ("pinned.txt", "project.txt") if wanted else ("pinned.txt",):
                await _download(building / "bin" / "python", wheels, name)
                await asyncio.to_thread(bubblewrap.give_away, wheels)
                install = ["/env/bin/python", "-I", "-m", "pip", "install", "--quiet", "--no-index", "--no-cache-dir"]
                install += ["--disable-pip-version-check", "--find-links", "/wheels", "--only-binary", ":all:"]
                await _inside(view, [*install, "-r", f"/wheels/{name}"], "the test packages can't be installed")
            (building / KEY_FILE).write_text(environment.key, encoding="ascii")
            await asyncio.to_thread(_take_back, building)
            # A leftover whose interpreter is gone would be in the way.
            await asyncio.to_thread(shutil.rmtree, environment.path, ignore_errors=True)
            await asyncio.to_thread(os.rename, building, environment.path)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    def _allowed(self) -> list[str]:
        try:
            found = json.loads(self._allowed_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [str(item) for item in found] if isinstance(found, list) else []


def plain_requirements(text: str) -> str:
    """Exactly what gets installed: one plain requirement a line, without comments. Raises BadInput for anything else.

    pip never sees the project's own file, which it could read otherwise than a person does.
    """
    text = text.replace("\r\n", "\n")
    if len(text) > MOST_REQUIREMENTS:
        raise BadInput(f"The requirements file is longer than {MOST_REQUIREMENTS} bytes.")
    if unclear := UNCLEAR.search(text):
        raise BadInput(
            f"The requirements file holds more than plain text: {unclear[0]!a}.",
            "Write it in ASCII, without control characters and without a declared encoding.",
        )
    wishes = _joined(text)
    for wish in wishes:
        if not PLAIN.fullmatch(wish):
            raise BadInput(
                f"The requirements file asks for more than packages by name: {redact(wish[:80])!r}.",
                "Only lines such as name==1.2.3, with --hash if wanted, can be installed for tests.",
            )
    return "\n".join(wishes)


def _joined(text: str) -> list[str]:
    """The lines that say something, without comments; a backslash at the end of one takes the next one in."""
    found, pending = [], ""
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line)
        pending += bare.removesuffix("\\") + " "
        if not bare.endswith("\\"):
            found.append(pending)
            pending = ""
    return [wish for line in (*found, pending) if (wish := " ".join(line.split()))]


def _base_bind(base_prefix: Path) -> dict[str, Path]:
    """An interpreter below /usr is there already."""
    return {} if base_prefix.is_relative_to("/usr") else {str(base_prefix): base_prefix}


async def _inside(view: bubblewrap.View, argv: Sequence[str], failure: str) -> None:
    """One step of the build in the sandbox, without a network."""
    with bubblewrap.etc_files() as etc:
        code, output = await _call(bubblewrap.command(view, argv, etc), {}, tuple(etc.values()), Path("/"))
    if code:
        reason = redact((output.strip().splitlines() or ["no reason given"])[-1])
        mend = "Install it with: sudo apt install python3-venv" if "ensurepip" in output else ""
        raise Unavailable(f"The test environment can't be built: {failure} ({reason}).", mend, retry=False)


async def _download(python: Path, wheels: Path, name: str) -> None:
    """Fetch wheels, and only wheels, with the owner's own pip settings (mirrors, certificates)."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "HAVEN_"))}
    argv = [str(python), "-I", "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    argv += ["--only-binary", ":all:", "--retries", "1", "--timeout", "20", "--dest", str(wheels)]
    code, output = await _call([*argv, "-r", str(wheels / name)], variables, (), wheels)
    if code == 0:
        return
    errors = [line for line in output.splitlines() if line.startswith("ERROR")] or output.strip().splitlines()
    reason = redact((errors or ["no reason given"])[-1].removeprefix("ERROR: "))[:300]
    if NO_NETWORK.search(output):
        raise Unavailable(
            f"The test packages can't be fetched: the package index is out of reach ({reason}).",
            "Check the network; it is tried again later.",
        )
    raise Unavailable(
        f"The test packages can't be fetched as wheels: {reason}.",
        "Name versions in the requirements file that have wheels for this machine.",
        retry=False,
    )


async def _call(
    argv: Sequence[str], variables: Mapping[str, str], descriptors: Sequence[int], folder: Path
) -> tuple[int, str]:
    """Exit code and output; killed when cancelled or after BUILD_S seconds."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(variables),
        pass_fds=descriptors,
        cwd=folder,
    )
    try:
        async with asyncio.timeout(BUILD_S):
            output, _ = await process.communicate()
    except TimeoutError:
        raise Unavailable(f"The test environment was not ready after {BUILD_S:g} s.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode("utf-8", "replace")


def _take_back(folder: Path) -> None:
    """As root: own what the sandbox's user built, and let that user read it whatever the umask was."""
    if os.geteuid() != 0:
        return
    for place, folders, files in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in (*folders, *files))):
            os.chown(path, 0, 0, follow_symlinks=False)
            if not os.path.islink(path):
                mode = os.stat(path).st_mode
                os.chmod(path, mode | (0o555 if mode & 0o100 else 0o444))


@asynccontextmanager
async def _locked(file: Path) -> AsyncIterator[None]:
    """Hold a lock between processes without blocking the loop."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.2)
        yield
    finally:
        os.close(descriptor)
