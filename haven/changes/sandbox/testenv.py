"""The tests' own Python environment: pytest and the project's packages, never Haven's, built once for each content.

All of it happens inside bubblewrap. Fetching wheels, and the project's own set-up command, have the network there;
making the environment and installing do not. Nothing but pip itself runs until the owner has allowed the content.
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
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from haven.changes.sandbox import bubblewrap, wheels
from haven.changes.sandbox.requirements import Needs
from haven.errors import SandboxError, Unavailable
from haven.quoting import clean
from haven.redact import redact

PYTEST = ("pytest==8.4.2", "iniconfig==2.1.0", "packaging==25.0", "pluggy==1.6.0", "pygments==2.19.2")
BUILD_S = 600.0
KEY_FILE = "haven-key"
"""In the environment itself, for the proof that a run has the one that was meant."""
BUILDING = ".building-"
ENOUGH = 64 << 20
"""Bytes free on the disk, with fewer of which a step fails for that; pip and venv don't always say so."""
KEPT_OUTPUT = 64_000
"""Bytes at the end of a step's output."""
NO_NETWORK = re.compile(r"(?i)retrying|connection|name resolution|timed out|network is unreachable|proxy|ssl")
NOTHING = Needs()


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

    def __init__(self, state_dir: Path, base_python: Path | None = None, *, source_packages: bool = False) -> None:
        """With `source_packages` a package without a wheel may be built: its own code then runs, with the network."""
        running = Path(getattr(sys, "_base_executable", "") or sys.executable)
        self._base = (base_python or running).resolve()
        self._folder = state_dir.resolve() / "testenvs"
        self._allowed_file = state_dir / "allowed-setups.json"
        self._source_packages = source_packages

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

    def key(self, needs: Needs = NOTHING) -> str:
        """Names the content: interpreter, pytest and what the project needs."""
        content = "\n".join((KEY_FILE, str(self._base), *PYTEST, needs.digest if needs else ""))
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    def is_ready(self, needs: Needs = NOTHING) -> bool:
        """Whether the environment is there already."""
        return self._environment(needs).python.exists()

    async def prepare(self, needs: Needs = NOTHING, tree: Path | None = None) -> TestEnvironment:
        """The environment for this content, built if it is not there yet (some 10 s).

        `tree` is a private copy of the base commit, for its set-up command. Raises Unavailable (not allowed by the
        owner, package index out of reach, a package without a wheel) and SandboxError (no bubblewrap).
        """
        if needs and not self.allowed(needs.digest):
            raise Unavailable(
                "What this project's tests need installed is new or has changed, and nobody has allowed it yet.",
                "Read it, then run: haven project allow",
                retry=False,
            )
        environment = self._environment(needs)
        lock = self._folder / f"{environment.key}.lock"
        try:
            await asyncio.to_thread(_stamp, lock)
            if not environment.python.exists():
                async with _locked(lock):
                    if not environment.python.exists():
                        await self._build(environment, needs, tree)
        except OSError as error:
            raise Unavailable(
                f"The test environment can't be made in Haven's state folder: {error.strerror}."
            ) from error
        return environment

    async def drop_unused(self, before: float) -> int:
        """Remove the environments that no run has used since `before` (seconds since 1970), and what killed builds
        left; returns how many environments went. One that is being built is left alone."""
        return await asyncio.to_thread(self._drop_unused, before)

    def _drop_unused(self, before: float) -> int:
        dropped = 0
        for lock in self._folder.glob("*.lock"):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if lock.stat().st_mtime < before:
                    aside = self._folder / f"{BUILDING}{lock.stem}"
                    with suppress(FileNotFoundError):
                        lock.with_suffix("").rename(aside)
                        dropped += 1
                    shutil.rmtree(aside, ignore_errors=True)
                    lock.unlink()
            except OSError:  # in use just now
                continue
            finally:
                os.close(descriptor)
        for left in self._folder.glob(f"{BUILDING}*"):
            if left.stat().st_mtime < before:
                shutil.rmtree(left, ignore_errors=True)
        return dropped

    def _environment(self, needs: Needs) -> TestEnvironment:
        key = self.key(needs)
        path = self._folder / key
        return TestEnvironment(path, path / "bin" / "python", self._base.parent.parent, key)

    async def _build(self, environment: TestEnvironment, needs: Needs, tree: Path | None) -> None:
        """Build aside, then rename: whoever looks sees all of it or nothing."""
        if problem := await asyncio.to_thread(bubblewrap.problem):
            raise SandboxError(problem)
        if needs.command and tree is None:
            raise Unavailable("The test environment was removed in the meantime.", "It is made again by itself.")
        plain = await self.prepare() if needs else None
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder, prefix=BUILDING))
        building, folder = work / "env", work / "wheels"
        try:
            building.mkdir()
            folder.mkdir()
            (folder / "pinned.txt").write_text("\n".join(PYTEST), encoding="utf-8")
            (folder / "project.txt").write_text(needs.requirements, encoding="ascii")
            base = _base_bind(environment.base_prefix)
            view = bubblewrap.View(base, {"/env": building, "/wheels": folder}, {"/tmp": 1024})
            for place in (building, folder):
                await asyncio.to_thread(bubblewrap.give_away, place)
            if plain:  # copied in a second, built in ten
                beside = replace(view, read={**view.read, "/plain": plain.path})
                await _inside(beside, ["cp", "-a", "/plain/.", "/env"], "The test environment can't be copied")
            else:
                venv = [str(self._base), "-I", "-m", "venv", "/env"]
                await _inside(view, venv, "The test environment can't be built: Python's venv module failed")
                await self._install(view, "pinned.txt", False)
            if needs.requirements:
                await self._install(view, "project.txt", self._source_packages)
            if needs.command and tree is not None:
                await self._set_up(view, needs.command, tree)
            await asyncio.to_thread(_mark, building, environment.key)
            await asyncio.to_thread(_take_back, building)
            # A leftover whose interpreter is gone would be in the way.
            await asyncio.to_thread(shutil.rmtree, environment.path, ignore_errors=True)
            await asyncio.to_thread(os.rename, building, environment.path)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    async def _install(self, view: bubblewrap.View, name: str, source_packages: bool) -> None:
        """Wheels come over the network; they are installed without it."""
        fetch = wheels.fetching("/env/bin/python", source_packages)
        await _inside(await self._online(view), [*fetch, "-r", f"/wheels/{name}"], "The test packages can't be fetched")
        install = ["/env/bin/python", "-I", "-m", "pip", "install", "--quiet", "--no-index", "--no-cache-dir"]
        install += ["--disable-pip-version-check", "--find-links", "/wheels", "--only-binary", ":all:"]
        await _inside(view, [*install, "-r", f"/wheels/{name}"], "The test packages can't be installed")

    async def _set_up(self, view: bubblewrap.View, command: Sequence[str], tree: Path) -> None:
        await asyncio.to_thread(bubblewrap.give_away, tree)
        online = await self._online(view)
        variables = {**online.variables, **({} if self._source_packages else {"PIP_ONLY_BINARY": ":all:"})}
        write = {"/env": view.write["/env"], "/project": tree}
        seen = replace(online, write=write, variables=variables, workdir="/project")
        await _inside(seen, command, "The project's set-up command failed")

    async def _online(self, view: bubblewrap.View) -> bubblewrap.View:
        variables, places = await asyncio.to_thread(wheels.owners_index, self._base.parent.parent)
        return replace(view, read={**view.read, **places}, variables=variables, network=True)

    def _allowed(self) -> list[str]:
        try:
            found = json.loads(self._allowed_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [str(item) for item in found] if isinstance(found, list) else []


def _base_bind(base_prefix: Path) -> dict[str, Path]:
    """An interpreter below /usr is there already."""
    return {} if base_prefix.is_relative_to("/usr") else {str(base_prefix): base_prefix}


async def _inside(view: bubblewrap.View, argv: Sequence[str], failure: str) -> None:
    """One step of the build in the sandbox. Raises Unavailable with `failure` and the reason."""
    with bubblewrap.etc_files(view.network) as etc:
        code, output = await _call(bubblewrap.command(view, argv, etc), tuple(etc.values()))
    if code == 0:
        return
    lines = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR")]
    reason = redact(clean((lines or output.strip().splitlines() or ["no reason given"])[-1]))[:300]
    if view.network and NO_NETWORK.search(output):
        mend = "Check the network; it is tried again later."
        raise Unavailable(f"{failure}: the package index is out of reach ({reason}).", mend)
    free = min((shutil.disk_usage(place).free for place in view.write.values()), default=ENOUGH)
    if free < ENOUGH:
        raise Unavailable(f"{failure}: its disk has only {free >> 20} MB free.", "Free some; it is tried again later.")
    mend = "Install it with: sudo apt install python3-venv" if "ensurepip" in output else ""
    if "download" in argv:
        mend = "Name versions that have wheels for this machine, or allow source packages: sandbox.source_packages."
    raise Unavailable(f"{failure} ({reason}).", mend, retry=False)


async def _call(argv: Sequence[str], descriptors: Sequence[int]) -> tuple[int, str]:
    """Exit code and the end of the output; killed when cancelled or after BUILD_S seconds."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={},
        pass_fds=descriptors,
        cwd="/",
    )
    output = b""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(BUILD_S):
            while chunk := await process.stdout.read(1 << 16):
                output = (output + chunk)[-KEPT_OUTPUT:]
            await process.wait()
    except TimeoutError:
        raise Unavailable(f"The test environment was not ready after {BUILD_S:g} s.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode("utf-8", "replace")


def _stamp(lock: Path) -> None:
    """When the environment was used last; a shared one that another user made keeps that user's time."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):
        lock.touch(mode=0o600)


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


def _mark(building: Path, key: str) -> None:
    """Write the key for the proof inside; code of the project's ran here, and may have put a link there."""
    (building / KEY_FILE).unlink(missing_ok=True)
    with (building / KEY_FILE).open("x", encoding="ascii") as file:
        file.write(key)


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
