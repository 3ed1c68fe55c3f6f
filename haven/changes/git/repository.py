"""Haven's own bare clone of the repository it looks after: branches, worktrees, trees, and their delivery."""

from __future__ import annotations

import asyncio
import logging
import re
import shlex
import shutil
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from haven.changes.git.clone_folder import alone, drop_links_out, fresh_aside, write_attributes
from haven.changes.git.command import UPLOAD_PACK, git, shown
from haven.changes.git.merging import HAVEN, full_hash, write_commit
from haven.changes.git.source import Source
from haven.errors import Conflict, NoChange, NotFound, RepositoryError

log = logging.getLogger("haven.changes")

SLUG_CHARACTERS = 40
TIDY_S = 3_600.0
SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class TreeFile:
    path: str
    blob: str
    size: int
    """Bytes."""
    mode: str
    """`100644`, `100755`, or `120000` for a symbolic link."""


@dataclass(frozen=True)
class FileStat:
    path: str
    """Bytes that are no UTF-8 are shown as U+FFFD."""
    added: int | None
    """Lines; None for a binary file."""
    removed: int | None
    status: str
    """A, M, D or T (type). A move is an A and a D, so that neither path goes unseen."""


def slug(title: str) -> str:
    """A title as a part of a branch's name: lower case ASCII, digits and dashes."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_CHARACTERS].rstrip("-") or "change"


class Repository:
    """The bare clone at `bare`; its worktrees lie beside it. Every method may raise RepositoryError.

    The target branch in the clone is the truth about what was approved; the source is asked for what its owner added.
    """

    def __init__(self, bare: Path, source: Path, target: str) -> None:
        self.bare = bare.absolute()
        self.worktrees = self.bare.with_name(f"{bare.name}.worktrees")
        self.notes: tuple[str, ...] = ()
        """What the person should know about the source, from the last opening."""
        self._source = Source(source.absolute(), target)
        self._lock = asyncio.Lock()

    @classmethod
    async def create(cls, source: Path, bare: Path, target_branch: str) -> Repository:
        """The clone of `source`, made now where there is none; one that is there is taken as it is (see `fetch`)."""
        repository = cls(bare, source, target_branch)
        await repository.open()
        return repository

    async def open(self) -> None:
        self.notes = await self._source.check()
        if not await self._is_cloned():
            async with self._alone():
                if not await self._is_cloned():
                    await self._clone()
        try:
            await self.tip()
        except NotFound:  # the clone is new, or was made for another target
            await self.fetch()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Around everything that writes refs or worktrees: one task of this process, one process of this machine."""
        async with self._lock, alone(self.bare):
            yield

    async def _is_cloned(self) -> bool:
        return await asyncio.to_thread((self.bare / "HEAD").is_file)

    async def _clone(self) -> None:
        """Aside first and renamed when whole, so that a kill leaves no half clone in place."""
        aside = await asyncio.to_thread(fresh_aside, self.bare)
        try:
            form = await self._source.object_format()
            await git("init", "--quiet", "--bare", "--template=", f"--object-format={form}", "--", ".", at=aside)
            await git("symbolic-ref", "HEAD", self._source.ref, at=aside)
            await asyncio.to_thread(write_attributes, aside)
            await self._fetch_into(aside, self._source)
            await asyncio.to_thread(aside.rename, self.bare)
        except OSError as error:
            raise RepositoryError(f"Haven's clone can't be made: {error.strerror}.") from None
        finally:
            shutil.rmtree(aside, ignore_errors=True)  # not awaited: a cancelled clone must leave nothing either

    async def _fetch_into(self, bare: Path, source: Source) -> None:
        quietly = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--update-shallow")
        spec = f"+{source.ref}:{_seen(source.target)}"
        await git("fetch", *quietly, f"--upload-pack={UPLOAD_PACK}", "--", str(source.path), spec, at=bare)

    async def fetch(self, target: str | None = None) -> None:
        """Take in what the owner added to the branch since. Raises Conflict where both sides have moved on."""
        source = Source(self._source.path, target or self._source.target)
        async with self._alone():
            await self._fetch_into(self.bare, source)
            theirs = await self.tip(_seen(source.target))
            try:
                ours = await self.tip(source.ref)
            except NotFound:
                ours = ""
            if ours and await self.is_ancestor(theirs, ours):
                return
            if ours and not await self.is_ancestor(ours, theirs):
                raise await self._diverged(source, ours, theirs)
            await self._move(source.ref, ours, theirs)

    async def _diverged(self, source: Source, ours: str, theirs: str) -> Conflict:
        """Its mend is in the log: everybody reads the sentence, and where the repositories lie is for their owner."""
        told = "Haven's log has for its owner what to do [{}]."
        if (await git("merge-base", ours, theirs, at=self.bare, accept=(0, 1))).code:
            error = Conflict(f"{source.name} has another history than Haven's clone of it.", told)
            log.warning("[%s] to start over with %s, move %s away", error.id, source.path, self.bare)
        else:
            error = Conflict(f"{source.target} in {source.name} and in Haven's clone have both moved on.", told)
            command = shlex.join(["git", "-C", str(source.path), "pull", "--no-rebase", str(self.bare), source.target])
            log.warning("[%s] on %s run: %s", error.id, source.target, command)
        error.mend = told.format(error.id)
        return error

    async def _move(self, ref: str, old: str, new: str) -> None:
        """Move a ref only if it still is where it was; an empty `old` means that it must not exist yet."""
        expected = old or "0" * len(new)
        answer = await git("update-ref", "-m", "haven", ref, new, expected, at=self.bare, accept=(0, 1, 128))
        if answer.code == 0:
            return
        now = await git("rev-parse", "--verify", "--quiet", ref, at=self.bare, accept=(0, 1, 128))
        if now.text != old:
            name = ref.removeprefix("refs/heads/")
            raise Conflict(f"{name} has moved on in the meantime.", "Look again, then decide.")
        raise RepositoryError(f"git could not move {ref}: {answer.error}")

    # Reading

    async def tip(self, ref: str | None = None) -> str:
        """The commit that a branch (its short name, or a full ref) or an abbreviated hash stands for.

        Raises NotFound.
        """
        name = ref or self._source.ref
        names = [name] if name.startswith("refs/") else [f"refs/heads/{name}"]
        if re.fullmatch(r"[0-9a-f]{7,64}", name):
            names.append(name)
        for each in names:
            spec = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{each}^{{commit}}")
            answer = await git(*spec, at=self.bare, accept=(0, 1, 128))
            if answer.code == 0:
                return answer.text
        raise NotFound(f"There is no branch or commit {name} in Haven's clone.")

    async def tree_hash(self, commit: str) -> str:
        """The same for two commits that hold the same files."""
        return (await git("rev-parse", "--verify", f"{full_hash(commit)}^{{tree}}", at=self.bare)).text

    async def is_ancestor(self, older: str, newer: str) -> bool:
        test = ("merge-base", "--is-ancestor", full_hash(older), full_hash(newer))
        return (await git(*test, at=self.bare, accept=(0, 1))).code == 0

    async def list_files(self, commit: str) -> list[TreeFile]:
        """Every file of the commit, in git's order; submodules are left out."""
        listed = await git("ls-tree", "-r", "-z", "-l", full_hash(commit), at=self.bare)
        files = []
        for entry in listed.fields:
            facts, path = entry.split("\t", 1)
            mode, kind, blob, size = facts.split()
            if kind == "blob":
                files.append(TreeFile(path, blob, int(size), mode))
        return files

    async def read(self, commit: str, path: str) -> bytes | None:
        """One file's bytes, or None where there is no such file."""
        return (await self.read_many(commit, [path])).get(path)

    async def read_many(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of those files that exist; of a symbolic link, the path it names."""
        wanted = set(paths)
        found = [file for file in await self.list_files(commit) if file.path in wanted]
        asked = "".join(f"{file.blob}\n" for file in found).encode()
        out = (await git("cat-file", "--batch", "--buffer", at=self.bare, stdin=asked)).out
        contents, at = {}, 0
        for file in found:
            start = out.index(b"\n", at) + 1
            at = start + file.size + 1
            contents[file.path] = out[start : start + file.size]
        return contents

    async def diff(self, base: str, commit: str) -> str:
        """The unified diff, as git itself makes it; bytes that are no UTF-8 are shown as U+FFFD."""
        form = ("--no-color", "--no-ext-diff", "--no-textconv", "-M", "--src-prefix=a/", "--dst-prefix=b/")
        answer = await git("diff", *form, full_hash(base), full_hash(commit), at=self.bare)
        return answer.out.decode("utf-8", "replace")

    async def diff_stat(self, base: str, commit: str) -> list[FileStat]:
        between = ("-z", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", full_hash(base), full_hash(commit))
        named = (await git("diff-tree", "--name-status", *between, at=self.bare)).fields
        counted = (await git("diff-tree", "--numstat", *between, at=self.bare)).fields
        numbers = {path: (added, removed) for added, removed, path in (line.split("\t", 2) for line in counted)}
        stats = []
        for status, path in zip(named[::2], named[1::2], strict=True):
            added, removed = numbers.get(path, ("0", "0"))
            stats.append(FileStat(shown(path), _count(added), _count(removed), status))
        return stats

    async def export(self, commit: str, into: Path) -> tuple[str, ...]:
        """Write the commit's files into the empty or missing folder `into`, without .git; notes on what was left out.

        Exactly as committed: neither filters nor export attributes apply. Symbolic links out of the tree are dropped.
        """
        into = await asyncio.to_thread(into.absolute)
        await asyncio.to_thread(into.mkdir, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="haven-index-") as scratch:
            place = {
                "GIT_DIR": str(self.bare),
                "GIT_WORK_TREE": str(into),
                "GIT_INDEX_FILE": str(Path(scratch) / "index"),
            }
            await git("read-tree", full_hash(commit), at=into, environment=place)
            await git("checkout-index", "--all", "--quiet", at=into, environment=place)
        return await asyncio.to_thread(drop_links_out, into)

    # Changing

    async def worktree(self, change_id: str, branch: str, base_commit: str) -> Path:
        """A fresh worktree on `branch`, which starts at `base_commit`; what an earlier run left there is replaced."""
        path = self._worktree_path(change_id)
        _own(branch)
        async with self._alone():
            await asyncio.to_thread(self._forget_worktree, path)
            await asyncio.to_thread(write_attributes, self.bare)
            fresh = ("worktree", "add", "--quiet", "--force", "--no-track", "-B", branch)
            await git(*fresh, "--", str(path), full_hash(base_commit), at=self.bare)
        return path

    async def point(self, branch: str, commit: str) -> None:
        """Let a branch of Haven's own stand at `commit`, wherever it stood; without a worktree."""
        _own(branch)
        async with self._alone():
            await git("update-ref", "-m", "haven", f"refs/heads/{branch}", full_hash(commit), at=self.bare)

    async def commit(self, worktree: Path, message: str, paths: Sequence[str] = (".",), author: str = HAVEN) -> str:
        """Commit what stands at `paths`, ignored files too. Raises NoChange where nothing is different."""
        parent = (await git("rev-parse", "HEAD", at=worktree)).text
        await git("add", "--all", "--force", "--", *paths, at=worktree)
        tree = (await git("write-tree", at=worktree)).text
        if tree == await self.tree_hash(parent):
            raise NoChange("The edits changed nothing.")
        commit = await write_commit(self.bare, tree, [parent], message, author)
        async with self._alone():
            await git("update-ref", "-m", "haven", "HEAD", commit, parent, at=worktree)
        return commit

    async def advance(self, target: str, expected: str, commit: str) -> None:
        """Move the target branch from `expected` to `commit`. Raises Conflict where it is elsewhere by now."""
        if not await self.is_ancestor(expected, commit):
            raise Conflict(f"{commit[:10]} does not follow on {target}.")
        async with self._alone():
            await self._move(f"refs/heads/{target}", full_hash(expected), full_hash(commit))

    async def deliver(self, target: str, remote: str = "") -> str:
        """Bring the target branch to the source, and push it if a remote is named: what came of it, for the owner."""
        source = Source(self._source.path, target)
        said = await source.deliver(self.bare, await self.tip(source.ref))
        return f"{said} {await source.push(self.bare, remote)}" if remote else said

    async def remove_worktree(self, change_id: str) -> None:
        """The branch stays."""
        path = self._worktree_path(change_id)
        async with self._alone():
            await asyncio.to_thread(self._forget_worktree, path)

    async def prune(self, change_id: str, branch: str) -> None:
        """Remove a change's worktree and its branch; its commits stay, so that it can still be looked at."""
        _own(branch)
        await self.remove_worktree(change_id)
        async with self._alone():
            await git("update-ref", "-d", f"refs/heads/{branch}", at=self.bare)

    async def worktrees_left(self) -> tuple[str, ...]:
        """The ids of the changes that have a worktree: while they are worked on, or where a killed run left one."""
        return await asyncio.to_thread(lambda: tuple(sorted(one.name for one in self.worktrees.glob("*"))))

    async def tidy(self) -> None:
        """Pack what lies about in single files. Nothing is dropped: rounds that no branch knows can still be shown."""
        async with self._alone():
            await git("pack-refs", "--all", at=self.bare)
            small = ("--threads=1", "--window-memory=64m")  # beside a loaded model on 8 GB
            await git("repack", "-a", "-d", "--keep-unreachable", "--quiet", *small, at=self.bare, timeout_s=TIDY_S)

    def _worktree_path(self, change_id: str) -> Path:
        if not SAFE_ID.fullmatch(change_id):
            raise RepositoryError(f"{change_id!r} is no id of a change.")
        return self.worktrees / change_id

    def _forget_worktree(self, path: Path) -> None:
        """Both halves by hand: git refuses to remove one that a killed run left half made."""
        shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(self.bare / "worktrees" / path.name, ignore_errors=True)


def _own(branch: str) -> None:
    if not branch.startswith("haven/"):
        raise RepositoryError(f"{branch} is not a branch of Haven's own.")


def _seen(target: str) -> str:
    """Where the clone notes what the source's branch was at the last look."""
    return f"refs/haven/source/{target}"


def _count(number: str) -> int | None:
    return None if number == "-" else int(number)
