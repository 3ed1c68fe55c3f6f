"""Runs a command on a copy of a tree where it can reach nothing: no network, no home, no secrets, never root."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haven import settings
from haven.changes.sandbox import bubblewrap, inside
from haven.changes.sandbox.testenv import TestEnvironment
from haven.errors import SandboxError
from haven.quoting import clean
from haven.redact import redact

TMP_MB = 256
MEMORY_FOLDERS = ("/project", "/tmp", "/dev/shm")
ENTRY_BYTES = 1024
"""Of the kernel's memory for one file, however empty, in a memory file system (measured: 960 on 6.x, name and all)."""
FILE_BYTES = 8 << 20
"""The largest artifact that is read back."""
FLOOD = 64
"""A run that prints more than this many times `output_kb` is stopped; head and tail of less are kept."""
START_S = 120.0
"""For the start and the copy of the tree, before anything of the project's runs."""
HARD_STOP_S = inside.SECONDS_TO_FINISH + 3.0
"""An orderly end gets this long beyond the time limit; then everything is killed from outside."""
WATCH_S = 0.5
PROLOGUE = Path(inside.__file__).read_text(encoding="utf-8")
EDGE = 4096
"""So much beside a cut is not shown: it may be a part of a secret, which nothing recognises."""
TERMINAL_CODE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True)
class Finished:
    """How a run ended. `stopped` says who ended it: "" (itself), "time", "output", "memory" or "killed" (from inside,
    or by the kernel for want of memory). `exit_code` is None where it is not known, negative for a signal."""

    exit_code: int | None
    output: str
    seconds: float
    stopped: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    too_big: tuple[str, ...] = ()
    """Artifacts that are there, but too large to be read back."""
    altered: tuple[str, ...] = ()
    """The project's test files that the command changed or removed; not all where they are many."""


class _Stop(Exception):
    """A limit was passed; the reason is the word of `Finished.stopped`."""


class Sandbox:
    """bubblewrap with these limits. Raises SandboxError where it is missing or does not hold."""

    def __init__(self, limits: settings.Sandbox) -> None:
        self.limits = limits
        self._works = False

    def problem(self) -> str:
        """Why nothing can be run here, with the mend, or "". Blocks for some 50 ms until it has worked once."""
        if self._works:
            return ""
        sentence = bubblewrap.problem()
        self._works = not sentence
        return sentence

    async def run(
        self,
        tree: Path,
        argv: Sequence[str],
        environment: TestEnvironment,
        *,
        timeout_s: float | None = None,
        on_output: Callable[[str], None] | None = None,
        artifacts: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        read: Mapping[str, Path] | None = None,
    ) -> Finished:
        """Run `argv` in /project, a copy of `tree` in memory that is gone afterwards; `tree` itself is only read.

        As root the files of `tree` are given to the sandbox's user first. `on_output` gets redacted text, as it comes.
        `artifacts` are names below /project to hand back, `read` further folders to show: path inside -> folder here.
        Cancelling kills all of it.
        """
        if problem := await asyncio.to_thread(self.problem):
            raise SandboxError(problem)
        await asyncio.to_thread(bubblewrap.give_away, tree)
        view = _view(tree, environment, self.limits, variables or {}, read or {})
        expected = _expected(environment)
        timeout_s = timeout_s or self.limits.timeout_s
        read_end, write_end = os.pipe()
        with os.fdopen(read_end, "rb") as report, bubblewrap.etc_files() as etc:
            try:
                plan = _plan(self.limits, argv, timeout_s, artifacts, expected, write_end)
                command = bubblewrap.command(view, ["/env/bin/python", "-I", "-c", PROLOGUE, json.dumps(plan)], etc)
                started = time.monotonic()
                process = await _start(command, (write_end, *etc.values()))
            finally:
                os.close(write_end)
            run = _Run(process, self.limits, on_output)
            stopped = await run.finish(report, timeout_s + HARD_STOP_S)
        return await asyncio.to_thread(run.finished, expected, stopped, time.monotonic() - started)


class _Run:
    """One process tree with its output and its report; ends with nothing of it alive."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        limits: settings.Sandbox,
        on_output: Callable[[str], None] | None,
    ) -> None:
        self._process = process
        self.limits = limits
        self._on_output = on_output
        self._output = _Output(limits.output_kb * 1024)
        self._report = bytearray()

    async def finish(self, report: Any, hard_stop_s: float) -> str:
        """Wait for the end, or bring it about; returns the word of `Finished.stopped`."""
        clock = asyncio.timeout(START_S)
        reading = self._read_report(report, lambda: clock.reschedule(asyncio.get_running_loop().time() + hard_stop_s))
        works = (self._read_output(), reading, self._watch_memory(), self._process.wait())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            async with clock:
                await asyncio.gather(*tasks)
        except _Stop as stop:
            return str(stop)
        except TimeoutError:
            return "time"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()
        return ""

    async def _end(self) -> None:
        """Kill it; the end of the output pipe proves that no process of it is left."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        stream = self._process.stdout
        assert stream is not None
        while await stream.read(1 << 16):
            pass
        await self._process.wait()

    async def _read_output(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        pending = b""
        while chunk := await stream.read(1 << 16):
            self._output.add(chunk)
            if self._output.total > FLOOD * self.limits.output_kb * 1024:
                raise _Stop("output")
            if self._on_output:
                whole, newline, pending = (pending + chunk).rpartition(b"\n")
                if len(pending) > 1 << 16:
                    whole, pending = pending, b""
                if whole:
                    self._on_output(await asyncio.to_thread(_presentable, whole + newline))
        if pending and self._on_output:
            self._on_output(await asyncio.to_thread(_presentable, pending))

    async def _read_report(self, pipe: Any, on_start: Callable[[], None]) -> None:
        """`on_start` is called once, when the tree is copied and the command begins."""
        started = False
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while chunk := await reader.read(1 << 20):
                self._report += chunk
                if not started and self._report.count(b"\n") >= 2:
                    started = True
                    on_start()
                if len(self._report) > 2 * FILE_BYTES:
                    raise _Stop("output")
        finally:
            transport.close()

    async def _watch_memory(self) -> None:
        """RLIMIT_AS holds for one process; this holds for all of them together, with or without memory cgroups."""
        most = self.limits.memory_mb << 20
        while self._process.returncode is None:
            if await asyncio.to_thread(_memory_of, self._process.pid, most) > most:
                raise _Stop("memory")
            with contextlib.suppress(TimeoutError):
                # Not wait_for(), which in Python 3.11 may lose a cancellation.
                async with asyncio.timeout(WATCH_S):
                    await self._process.wait()

    def finished(self, expected: Mapping[str, Any], stopped: str, seconds: float) -> Finished:
        """Check the proof and read the report; raises SandboxError where the proof is missing or wrong."""
        output = self._output.text()
        proof, _, rest = bytes(self._report).partition(b"\n")
        if not proof:
            reason = (output.strip().splitlines() or ["it said nothing"])[-1]
            raise SandboxError(f"The sandbox did not start, so nothing was run: {reason}")
        here = json.loads(proof)
        if wrong := [name for name in expected if here.get(name) != expected[name]]:
            found = ", ".join(f"{name} is {here.get(name)!r} and not {expected[name]!r}" for name in wrong)
            raise SandboxError(f"The sandbox is not the one that was asked for, so nothing was run: {found}.")
        copied, _, rest = rest.partition(b"\n")
        refused = json.loads(copied)["refused"] if copied else ""
        if not copied and stopped == "time":
            refused = f"that takes longer than {START_S:g} s"
        if refused:
            raise SandboxError(
                f"The project's files can't be copied into the sandbox: {refused}.",
                f"The limit is sandbox.tree_mb = {self.limits.tree_mb}.",
            )
        try:
            return _read_results(rest, output, stopped, seconds)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
            return Finished(None, output, seconds, stopped or "killed")


class _Output:
    """The head and the tail of what was printed; the middle is counted only."""

    def __init__(self, most: int) -> None:
        self._keep = most // 2 + EDGE
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = self._keep - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self._keep:
            del self._tail[: -self._keep]

    def text(self) -> str:
        tail = bytes(self._tail[-self._keep :])
        cut = self.total - len(self._head) - len(tail)
        if not cut:
            return _presentable(bytes(self._head) + tail)
        ends = _presentable(bytes(self._head))[:-EDGE], _presentable(tail)[EDGE:]
        return f"\n... {cut + 2 * EDGE} bytes left out ...\n".join(ends)


def _read_results(rest: bytes, output: str, stopped: str, seconds: float) -> Finished:
    """The third line and the files; by then hostile code ran, so all may be malformed (ValueError and kin)."""
    head, _, data = rest.partition(b"\n")
    told = json.loads(head)
    files: dict[str, bytes] = {}
    for name, size in told["sizes"].items():
        files[name], data = data[:size], data[size:]
    inner = "time" if told["stopped"] == "time" else ""
    too_big = tuple(str(name) for name in told["too_big"])
    changed = tuple(redact(clean(str(name)))[:200] for name in list(told["altered"])[: inside.MOST_ALTERED])
    return Finished(int(told["exit_code"]), output, seconds, stopped or inner, files, too_big, changed)


def _view(
    tree: Path,
    environment: TestEnvironment,
    limits: settings.Sandbox,
    variables: Mapping[str, str],
    more: Mapping[str, Path],
) -> bubblewrap.View:
    read = {"/source": tree.resolve(), **environment.binds, **{inside: here.resolve() for inside, here in more.items()}}
    memory = {"/tmp": TMP_MB, "/project": limits.tree_mb}
    return bubblewrap.View(read, {}, memory, variables, "/project")


def _expected(environment: TestEnvironment) -> dict[str, Any]:
    """What the first process must find about itself before it runs anything of the project's."""
    return {
        "environment": environment.key,
        "executable": "/env/bin/python",
        "prefix": "/env",
        "base_prefix": str(environment.base_prefix),
        "own_library": True,
        "uid": bubblewrap.SANDBOX_UID,
        "no_new_privs": "1",
        "capabilities": [0],
        "network": ["lo"],
    }


def _plan(
    limits: settings.Sandbox,
    argv: Sequence[str],
    timeout_s: float,
    artifacts: Sequence[str],
    expected: Mapping[str, Any],
    pipe: int,
) -> dict[str, Any]:
    """What the first process is to do, in the words of inside.py."""
    return {
        "argv": list(argv),
        "timeout_s": timeout_s,
        "files": list(artifacts),
        "file_bytes": FILE_BYTES // max(1, len(artifacts)),
        "expected": expected,
        "pipe": pipe,
        "limits": {
            "AS": limits.memory_mb << 20,
            "NPROC": limits.processes,
            "FSIZE": limits.file_mb << 20,
            "NOFILE": 1024,
            "CPU": math.ceil(timeout_s + HARD_STOP_S) * (os.cpu_count() or 1),
            "CORE": 0,
        },
    }


async def _start(command: Sequence[str], descriptors: Sequence[int]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=descriptors,
        env={},
        cwd="/",
    )


def _presentable(raw: bytes) -> str:
    """Text that is safe to show and to store: no terminal codes, nothing hidden, no secrets."""
    return redact(clean(TERMINAL_CODE.sub("", raw.decode("utf-8", "replace"))))


def _memory_of(root: int, most: int) -> int:
    """Bytes in use by a process and its descendants, and by the number of their files; shared pages are shared out if
    the quick sum passes `most`."""
    family = {root}
    parents = dict(_parents())
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    entries = _entries_of(family) * ENTRY_BYTES
    quick = sum(_number(f"/proc/{pid}/statm", r"^\d+ (\d+)") for pid in family) * os.sysconf("SC_PAGE_SIZE")
    if quick + entries <= most:
        return quick + entries
    shared_out = sum(_number(f"/proc/{pid}/smaps_rollup", r"(?m)^Pss:\s+(\d+) kB") for pid in family) * 1024
    return (shared_out or quick) + entries


def _entries_of(family: Iterable[int]) -> int:
    """How many files and folders there are in the sandbox's memory: no size limit counts them, and bubblewrap has
    none for their number."""
    here = os.stat("/").st_dev
    for pid in sorted(family, reverse=True):
        top = f"/proc/{pid}/root"
        with contextlib.suppress(OSError):  # it is gone, or on its way into the sandbox
            if os.stat(top).st_dev != here:
                found = [os.statvfs(f"{top}{folder}") for folder in MEMORY_FOLDERS]
                return sum(one.f_files - one.f_ffree for one in found)
    return 0


def _parents() -> Iterator[tuple[int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name), _number(f"/proc/{name}/stat", r"(?s)^\d+ \(.*\) \S (\d+)")


def _number(file: str, pattern: str) -> int:
    """One number from a file of /proc; 0 where the process is gone."""
    try:
        found = re.search(pattern, Path(file).read_text(errors="replace"))
    except OSError:
        return 0
    return int(found[1]) if found else 0
