"""What a project's tests need installed, as its base commit says: package names, a set-up command; read, never run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from haven.changes.project_file import ProjectFile
from haven.changes.sandbox.package import PACKAGE_FILES, read_package
from haven.errors import BadInput
from haven.redact import redact

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


@dataclass(frozen=True)
class Needs:
    """All that goes into a test environment beside pytest; the owner allows exactly this content."""

    requirements: str = ""
    """Plain requirement lines."""
    command: tuple[str, ...] = ()
    """Run once in a copy of the base commit, with the network and the new environment."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path -> SHA-256 of what the command names, and of the files that a build reads."""
    left_out: tuple[str, ...] = ()
    """Dependencies that are more than a name, such as an address: they are not installed."""

    def __bool__(self) -> bool:
        return bool(self.requirements or self.command)

    @property
    def digest(self) -> str:
        """The content hash that the owner allows."""
        content = json.dumps([self.requirements, list(self.command), sorted(self.files.items())])
        return hashlib.sha256(content.encode()).hexdigest()

    def in_words(self) -> str:
        """What a person reads before allowing it."""
        parts = [self.requirements]
        if self.command:
            parts.append(f"Runs once, with the network: {' '.join(self.command)}")
            parts += [f"  {path} {digest[:12]}" for path, digest in sorted(self.files.items())]
        parts += [f"Not installed, because it is more than a package's name: {redact(line)}" for line in self.left_out]
        return "\n".join(part for part in parts if part)


class Commits(Protocol):
    """Where files of a commit are read; `Repository` is one."""

    async def read_many(self, commit: str, paths: Sequence[str]) -> dict[str, bytes]: ...


async def read_needs(commits: Commits, commit: str, project: ProjectFile) -> Needs:
    """What the tests of this commit need: the file that the project names, else the extras for tests that its package
    declares, and in both cases what the package depends on. Raises BadInput for a named file that asks for more."""
    named = [project.requirements] if project.requirements else []
    words = [word.removeprefix("./") for word in project.setup_command]
    found = await commits.read_many(commit, [*PACKAGE_FILES, *named, *words])
    package = read_package(found)
    lines = dict.fromkeys(package.dependencies if named else package.for_tests)
    usable = [line for line in lines if is_plain(line)]
    text = found.get(project.requirements or "", b"").decode("utf-8", "replace")
    inputs = {path: hashlib.sha256(data).hexdigest() for path, data in found.items() if path not in named}
    return Needs(
        "\n".join(dict.fromkeys([*plain_requirements(text).splitlines(), *usable])),
        project.setup_command,
        inputs if project.setup_command else {},
        tuple(line for line in lines if not is_plain(line)),
    )


def is_plain(line: str) -> bool:
    """Whether a line is one requirement by name, in plain text."""
    return not line.startswith("-") and not UNCLEAR.search(line) and bool(PLAIN.fullmatch(line))


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
