"""Run the git command so that no repository can make it run anything, and so that a cancelled call leaves nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from haven.errors import RepositoryError
from haven.redact import redact

log = logging.getLogger("haven.changes")

TIMEOUT_S = 600.0
SETTINGS = (
    # Whatever a repository's own configuration says, none of its programs run.
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.alternateRefsCommand=",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.pager=cat",
    "core.editor=false",
    "core.sshCommand=",
    "core.gitProxy=",
    "credential.helper=",
    "diff.external=",
    "commit.gpgSign=false",
    "merge.verifySignatures=false",
    "merge.conflictStyle=diff3",
    "merge.renames=true",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "receive.autogc=false",
    "maintenance.auto=false",
    # Files as they are, names as they are, and on the disk before git says so.
    "core.autocrlf=false",
    "core.quotePath=false",
    "core.fsync=loose-object,pack,pack-metadata,reference",
    # Every call names its one repository, and the settings above take the danger out of a stranger's.
    "safe.directory=*",
)
FLAGS = tuple(part for setting in SETTINGS for part in ("-c", setting))
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_ALLOW_PROTOCOL": "file",
    "GIT_MERGE_AUTOEDIT": "no",
    "LC_ALL": "C.UTF-8",
}
KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK")
OTHER_SIDE = f"git {shlex.join(FLAGS)} "
"""Of a fetch or push on this machine: git hands it none of our settings by itself."""
UPLOAD_PACK = f"{OTHER_SIDE}upload-pack"
RECEIVE_PACK = f"{OTHER_SIDE}receive-pack"


@dataclass(frozen=True)
class Owner:
    """Run as this user, so that what git writes in a person's repository stays theirs. Only root may do so."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Answer:
    code: int
    out: bytes
    error: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape").strip()

    @property
    def fields(self) -> list[str]:
        """The parts of a NUL-separated answer."""
        return [os.fsdecode(part) for part in self.out.split(b"\0")[:-1]]


def shown(name: str) -> str:
    """A name that may hold bytes which are no UTF-8, as it can be printed and stored."""
    return os.fsencode(name).decode("utf-8", "replace")


async def git(
    *arguments: str,
    at: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    accept: Collection[int] = (0,),
    owner: Owner | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Run git in the repository or worktree whose top is `at` (its parents are not searched).

    Raises RepositoryError with git's own last line for an exit status outside `accept`.
    """
    user = {"user": owner.uid, "group": owner.gid, "extra_groups": ()} if owner else {}
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            *FLAGS,
            *arguments,
            cwd=at,
            env={**_surroundings(at), **ENVIRONMENT, **(environment or {})},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            **user,  # type: ignore[arg-type]
        )
    except OSError as error:
        if error.filename == "git":
            raise RepositoryError("git is not installed.", "Run: sudo apt install git") from None
        raise RepositoryError(f"git can't be run in {at.name}: {error.strerror}.") from None
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate(stdin)
    except TimeoutError:
        raise RepositoryError(f"git {arguments[0]} took longer than {timeout_s:.0f} seconds and was stopped.") from None
    finally:
        if process.returncode is None:
            await _stop(process)
    answer = Answer(process.returncode or 0, out, _named(_last_line(err), at, arguments))
    if answer.code not in accept:
        said = answer.error.rstrip(".") or f"exit status {answer.code}"
        log.info("git %s in %s failed: %s", arguments[0], at, _last_line(err) or said)
        raise RepositoryError(f"git {arguments[0]} failed: {said}.")
    return answer


def _named(said: str, at: Path, arguments: Sequence[str]) -> str:
    """Folders by their names: everybody reads what went wrong, and where things lie is for the log."""
    folders = {str(at), os.path.realpath(at), *(one for one in arguments if one.startswith("/"))}
    for folder in sorted(folders, key=len, reverse=True):
        said = said.replace(folder, os.path.basename(folder))
    return said


def _surroundings(at: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "GIT_CEILING_DIRECTORIES": os.path.dirname(os.path.realpath(at))}


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End git and what it started; the polite signal first, since on it git removes its lock files."""
    for sign, patience_s in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 10.0)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await process.wait()
                return


def _last_line(error: bytes) -> str:
    """Git's own last word, which is the one that says what is wrong."""
    lines = [line.strip() for line in error.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return redact(told[-1].removeprefix("fatal: ").removeprefix("error: "))[:500] if told else ""
