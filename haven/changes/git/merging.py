"""Make the commit that a branch is to become: a change put on a newer target, a merge commit, a merged change undone.

Nothing here moves a branch or touches a checkout. `git merge-tree --write-tree` needs git 2.38; a base of our own
choosing is given to it by a commit that is made for that, since its option for one is newer than Debian 12's git.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haven.changes.git.command import git, shown
from haven.changes.proposal import ESCAPES
from haven.errors import RepositoryError
from haven.quoting import clean
from haven.redact import redact

HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
AROUND = 3
"""Lines shown before and after each clash."""
CLASH_CHARS = 3_000
"""Of one file's clashes."""
HAVEN = "Haven <haven@localhost>"


@dataclass(frozen=True)
class Clash:
    """One file that both sides changed; `text` holds the places between git's marks, or says why there are none."""

    path: str
    text: str


@dataclass(frozen=True)
class Made:
    """The commit, or where it does not fit."""

    commit: str = ""
    clashes: tuple[Clash, ...] = ()

    @property
    def files(self) -> str:
        """The files that do not fit, for a sentence."""
        named = ", ".join(clash.path for clash in self.clashes[:10])
        return f"{named} and {len(self.clashes) - 10} more" if len(self.clashes) > 10 else named


def full_hash(commit: str) -> str:
    """The commit's name where it is a full hash: nothing else reaches git as an argument."""
    if not HASH.fullmatch(commit):
        raise RepositoryError(f"{commit!r} is not the full hash of a commit.")
    return commit


async def replay(bare: Path, commit: str, tip: str, message: str) -> Made:
    """Everything that `commit` has over what it shares with `tip`, as one commit on top of `tip`.

    `tip` itself where it holds all of that already.
    """
    tree, clashes = await _merged_tree(bare, tip, commit)
    if clashes:
        return Made(clashes=clashes)
    return Made(tip if tree == await _tree(bare, tip) else await write_commit(bare, tree, [tip], message))


async def undo(bare: Path, merged: str, before: str, tip: str, message: str) -> Made:
    """Take back on `tip` all that lies between `before` and `merged`, as one commit; `tip` where nothing is left."""
    opposite = await write_commit(bare, await _tree(bare, before), [merged], message)
    return await replay(bare, opposite, tip, message)


async def join(bare: Path, commit: str, tip: str, message: str) -> str:
    """A merge commit of `commit`, which follows on `tip`, into `tip`."""
    return await write_commit(bare, await _tree(bare, commit), [tip, commit], message)


async def messages(bare: Path, base: str, commit: str) -> str:
    """What the commits from `base` to `commit` say below their titles, oldest first."""
    bodies = await git("log", "--reverse", "--format=%b", f"{full_hash(base)}..{full_hash(commit)}", at=bare)
    return bodies.out.decode("utf-8", "replace").strip()


async def write_commit(bare: Path, tree: str, parents: Sequence[str], message: str, author: str = HAVEN) -> str:
    """A commit object; no branch knows of it yet. No secret and no terminal's order stands in its words: they stay."""
    name, _, address = author.partition("<")
    person = {
        "NAME": re.sub(r"[\x00-\x1f<>]", "", name).strip() or "Haven",
        "EMAIL": re.sub(r"[\x00-\x1f<> ]", "", address) or "haven@localhost",
    }
    both = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    named = [part for parent in parents for part in ("-p", full_hash(parent))]
    words = redact(clean(ESCAPES.sub("", message)).strip()) or "Change by Haven"
    made = await git(
        "commit-tree",
        "--no-gpg-sign",
        tree,
        *named,
        at=bare,
        stdin=f"{words}\n".encode("utf-8", "replace"),
        environment=both,
    )
    return made.text


async def _tree(bare: Path, commit: str) -> str:
    return (await git("rev-parse", "--verify", f"{full_hash(commit)}^{{tree}}", at=bare)).text


async def _merged_tree(bare: Path, ours: str, theirs: str) -> tuple[str, tuple[Clash, ...]]:
    sides = (full_hash(ours), full_hash(theirs))
    attempt = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", *sides)
    answer = await git(*attempt, at=bare, accept=(0, 1))
    tree, *files = answer.fields
    if not answer.code:
        return tree, ()
    return tree, tuple([await _clash(bare, tree, path, *sides) for path in dict.fromkeys(files)])


async def _clash(bare: Path, tree: str, path: str, ours: str, theirs: str) -> Clash:
    found = await git("cat-file", "blob", f"{tree}:{path}", at=bare, accept=(0, 128))
    text = _places(found.out.decode("utf-8", "replace"), ours, theirs) if not found.code else ""
    return Clash(shown(path), text or "Removed or moved on one side and changed on the other, or not text.")


def _places(text: str, ours: str, theirs: str) -> str:
    """The lines that clash, with a few around them; the marks say whose they are instead of the commits' hashes."""
    lines = text.splitlines()
    shown_lines: set[int] = set()
    begin = None
    for number, line in enumerate(lines):
        if line.startswith(f"<<<<<<< {ours}"):
            begin, lines[number] = number, "<<<<<<< the target now"
        elif line.startswith("||||||| ") and begin is not None:
            lines[number] = "||||||| what both started from"
        elif line.startswith(f">>>>>>> {theirs}") and begin is not None:
            lines[number] = ">>>>>>> the change"
            shown_lines.update(range(max(0, begin - AROUND), min(len(lines), number + AROUND + 1)))
            begin = None
    parts: list[str] = []
    for number in sorted(shown_lines):
        if parts and number - 1 not in shown_lines:
            parts.append("[...]")
        parts.append(lines[number])
    return "\n".join(parts)[:CLASH_CHARS]
