"""The owner's repository: looked at without touching it, and brought up to date only where that can do no harm.

What is said of it is read by everybody, so it is called by its name there; where it lies stands in the log alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from haven.changes.git.command import RECEIVE_PACK, Owner, git, shown
from haven.errors import RepositoryError, error_id

log = logging.getLogger("haven.changes")

SHOWN_BRANCHES = 10
OWN = "haven"
"""The first part of the names of Haven's own branches: a branch of that very name would leave no place for them."""
PROGRAMS = r"^(filter\..*\.(clean|smudge|process)|hook\..*\.command)$"
"""Settings that would make git run a program while it changes a checkout, and that no flag turns off as a whole."""


@dataclass(frozen=True)
class Source:
    path: Path
    """The top of a checkout, or a bare repository."""
    target: str

    @property
    def name(self) -> str:
        """As people call it."""
        return self.path.name.removesuffix(".git")

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.target}"

    async def check(self) -> tuple[str, ...]:
        """Notes for the person. Raises RepositoryError where Haven can't work with this repository, and says why."""
        await asyncio.to_thread(self._check_folder)
        if (await git("check-ref-format", self.ref, at=self.path, accept=(0, 1))).code:
            raise RepositoryError(f"{self.target!r} is no name for a branch.", "Set project.target_branch.")
        if self.target == OWN:
            raise RepositoryError(
                f"The target branch can't be named {OWN}: Haven keeps its changes on branches below that name.",
                f"Rename it (git branch -m {OWN} main) and set project.target_branch.",
            )
        found = await git("rev-parse", "--git-dir", "--is-bare-repository", at=self.path, accept=(0, 128))
        if found.code and "not a git repository" not in found.error:
            raise RepositoryError(f"git can't use {self.name}: {found.error}.")
        if found.code:
            raise RepositoryError(
                f"{self.name} is not a git repository, or not the top of one.",
                "Name its top folder in project.repository, or run there: git init",
            )
        listed = await git("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", at=self.path)
        names = listed.text.splitlines()
        if not names:
            raise RepositoryError(f"{self.name} has no commits yet.", "Commit something there first.")
        if self.target not in names:
            known = shown(", ".join(names[:SHOWN_BRANCHES])) + (", ..." if len(names) > SHOWN_BRANCHES else "")
            raise RepositoryError(
                f"{self.name} has no branch {self.target}; it has {known}.", "Set project.target_branch to one of them."
            )
        return () if found.text.endswith("\ntrue") else await self._notes()

    def _check_folder(self) -> None:
        if not self.path.is_dir():
            raise RepositoryError(
                f"There is no folder {self.name} where the settings say.",
                "Set project.repository to your git repository.",
            )
        if not os.access(self.path, os.R_OK | os.X_OK):
            raise RepositoryError(f"{self.name} can't be read by Haven's user.", "Let that user read the folder.")

    async def object_format(self) -> str:
        return (await git("rev-parse", "--show-object-format", at=self.path)).text

    async def tip(self) -> str:
        return (await git("rev-parse", "--verify", "--quiet", f"{self.ref}^{{commit}}", at=self.path)).text

    async def _notes(self) -> tuple[str, ...]:
        notes = []
        if (await git("symbolic-ref", "--quiet", "HEAD", at=self.path, accept=(0, 1))).code:
            notes.append(f"The checkout {self.name} is on no branch; Haven works with {self.target}.")
        if not await self._runs_programs() and (unclean := await self._unclean(self.path)):
            notes.append(f"The checkout {self.name} {unclean}; Haven neither sees nor touches that.")
        return tuple(notes)

    async def _runs_programs(self) -> bool:
        found = await git("config", "--name-only", "--get-regexp", PROGRAMS, at=self.path, accept=(0, 1))
        return found.code == 0

    async def _unclean(self, checkout: Path) -> str:
        """What speaks against touching its files, or "". Only where `_runs_programs` is false: this may run filters."""
        look = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all")
        answer = await git(*look, at=checkout, accept=(0, 128))
        if answer.code:
            return f"can't be examined ({answer.error})"
        return "has uncommitted work" if answer.out else ""

    async def deliver(self, bare: Path, commit: str) -> str:
        """Move the branch forward to `commit`; what was done, or what the owner has to run, in one sentence.

        A checkout that is on the branch is changed only if it is clean. The branch never loses a commit.
        """
        old = await self.tip()
        if old == commit:
            return f"{self.name} is up to date."
        if (await git("merge-base", "--is-ancestor", old, commit, at=bare, accept=(0, 1, 128))).code:
            return self._by_hand(bare, f"{self.target} has commits there that Haven's clone has not")
        if await self._runs_programs():
            return self._by_hand(bare, "its settings name filters or hooks, which Haven doesn't run")
        checkout = await self._checkout()
        try:
            if checkout and (reason := await self._why_not(checkout)):
                return self._by_hand(bare, reason)
            await self._move(bare, old, commit, checkout)
        except RepositoryError as error:
            return self._by_hand(bare, str(error).rstrip("."))
        return f"{self.target} in {self.name} is now at {commit[:10]}."

    async def push(self, bare: Path, remote: str) -> str:
        """Push the branch from Haven's clone to a remote of this repository; what came of it in one sentence.

        Git's own credential helpers are not used: the address must be a path, or work over ssh without a question.
        """
        try:
            known = await git("remote", "get-url", "--push", "--", remote, at=self.path)
            url = known.text.splitlines()[0]
            local = "://" not in url and not re.match(r"[^/]+:", url)
            address = str((self.path / url).resolve()) if local else url
            here = (f"--receive-pack={RECEIVE_PACK}",) if local or url.startswith("file://") else ()
            allowed = {"GIT_ALLOW_PROTOCOL": "file:ssh:https"}
            spec = f"{self.ref}:{self.ref}"
            await git("push", "--quiet", "--no-verify", *here, "--", address, spec, at=bare, environment=allowed)
        except RepositoryError as error:
            return f"{self.target} was not pushed to {remote}: {error} Run in {self.name}: git push"
        return f"{self.target} was pushed to {remote}."

    def _by_hand(self, bare: Path, reason: str) -> str:
        command = shlex.join(["git", "-C", str(self.path), "pull", "--no-rebase", str(bare), self.target])
        id = error_id()
        log.warning("[%s] to bring %s up to date, on %s run: %s", id, self.name, self.target, command)
        return f"{self.name} was left as it is: {reason}. Haven's log has the command for its owner [{id}]."

    async def _checkout(self) -> Path | None:
        """The worktree that is on the branch, if any."""
        listed = (await git("worktree", "list", "--porcelain", "-z", at=self.path)).fields
        place = ""
        for line in listed:
            place = line.removeprefix("worktree ") if line.startswith("worktree ") else place
            if line == f"branch {self.ref}":
                return Path(place)
        return None

    async def _why_not(self, checkout: Path) -> str:
        """Why the checkout must be left alone, or ""."""
        top = await git("rev-parse", "--show-toplevel", at=checkout, accept=(0, 128))
        if top.code or await asyncio.to_thread(os.path.realpath, top.text) != str(checkout):
            return "its files are not in its folder"
        unclean = await self._unclean(checkout)
        return f"it {unclean}" if unclean else ""

    async def _move(self, bare: Path, old: str, new: str, checkout: Path | None) -> None:
        """Hand the new commits over as one pack: no transport, so none of the source's transport settings count."""
        owner = await asyncio.to_thread(self._owner)
        wanted = f"{new}\n^{old}\n".encode()
        pack = await git("pack-objects", "--revs", "--thin", "--stdout", "--quiet", at=bare, stdin=wanted)
        await git("unpack-objects", "-q", at=self.path, stdin=pack.out, owner=owner)
        if checkout is None:
            await git("update-ref", "-m", "haven: approved", self.ref, new, old, at=self.path, owner=owner)
            return
        # An ignored file of the owner's counts as theirs: git would replace it by one that was merged.
        carefully = ("--ff-only", "--no-overwrite-ignore", "--no-verify-signatures", "--no-autostash")
        await git("merge", *carefully, "--no-stat", "--quiet", new, at=checkout, owner=owner)

    def _owner(self) -> Owner | None:
        found = self.path.stat()
        return Owner(found.st_uid, found.st_gid) if os.geteuid() == 0 and found.st_uid != 0 else None
