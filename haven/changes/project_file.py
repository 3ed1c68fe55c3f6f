"""What a project asks of Haven in its own `.haven/project.toml`, and which files of a change deserve a second look."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from haven.errors import BadInput

PROJECT_FILE = ".haven/project.toml"
MOST_BYTES = 64_000
PYTEST = ("python", "-m", "pytest")
Word = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]+$")]
RISKY_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        ("tells Haven which commands to run", r"^\.haven/"),
        (
            "runs on the build server",
            r"^(\.github|\.gitlab|\.circleci|\.ci|\.woodpecker|\.buildkite)/|(^|/)(\.gitlab-ci\.yml|\.travis\.yml"
            r"|\.drone\.yml|\.woodpecker\.ya?ml|azure-pipelines\.ya?ml|jenkinsfile|\.pre-commit-config\.yaml)$",
        ),
        (
            "decides how tests run",
            r"(^|/)(conftest\.py|\.?pytest\.(ini|toml)|tox\.(ini|toml)|noxfile\.py|setup\.cfg|pyproject\.toml|\.coveragerc"
            r"|makefile|[^/]*\.pth|\.haven-test-results\.xml)$"
            # Names that stand in for pytest and its parts, or that Python or pytest load without being asked.
            r"|(^|/)(_?pytest|pluggy|iniconfig|packaging|pygments|(site|user)customize)(\.py|/)"
            r"|(^|/)[^/]+\.(dist|egg)-info/",
        ),
        ("gives orders to models", r"(^|/)((haven|claude|agents|gemini)\.md|\.cursorrules)$|(^|/)\.(claude|cursor)/"),
        (
            "names what gets installed",
            r"(^|/)((requirements|constraints)[^/]*\.(txt|in)|setup\.py|pipfile|package\.json|cargo\.toml|go\.(mod|sum)"
            r"|[^/]*\.lock|package-lock\.json|pnpm-lock\.yaml|environment\.ya?ml)$|(^|/)requirements/",
        ),
        ("changes what git does with files", r"(^|/)\.git(attributes|modules)$"),
    )
)


class ProjectFile(BaseModel):
    """A project's wishes. It names commands and files of its own repository, never mounts or secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test_command: Annotated[tuple[Word, ...], Field(min_length=1, max_length=50)] = PYTEST
    """Must run pytest."""
    requirements: Word | None = None
    """A requirements file of the repository for its tests; installed once the owner has allowed its content."""
    setup_command: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    """Run once, with the network, in a copy of the base commit when the test environment is made; allowed likewise."""
    timeout_s: Annotated[float, Field(gt=0, le=7200)] | None = None
    """Seconds for one test run; the settings' limit holds as well."""
    context_hints: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    """Paths or words that matter for most changes."""

    @property
    def key(self) -> str:
        """Names everything in here that a test run depends on."""
        wishes = self.model_dump_json(include={"test_command", "requirements", "timeout_s"})
        return hashlib.sha256(wishes.encode()).hexdigest()[:16]

    @field_validator("requirements")
    @classmethod
    def _stays_inside(cls, value: str | None) -> str | None:
        if value is not None and (value.startswith(("/", "-", "~")) or ".." in PurePosixPath(value).parts):
            raise ValueError("must be a path inside the repository")
        return value


def read_project_file(data: bytes | None) -> ProjectFile:
    """The wishes in the file's bytes; None or nothing means the defaults. Raises BadInput naming the key."""
    if not data:
        return ProjectFile()
    if len(data) > MOST_BYTES:
        raise BadInput(f"{PROJECT_FILE} is longer than {MOST_BYTES} bytes.")
    try:
        return ProjectFile.model_validate(tomllib.loads(data.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{PROJECT_FILE} is not valid TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(ProjectFile.model_fields)
        reason = f"there is no such key; known are {known}" if first["type"] == "extra_forbidden" else first["msg"]
        raise BadInput(f"{PROJECT_FILE}: {key}: {reason}.") from None


def risk_marks(paths: Iterable[str]) -> tuple[str, ...]:
    """One line "path: reason" for every path of a change that needs a second tap; case does not matter."""
    marks = []
    for path in sorted(set(paths)):
        reasons = [reason for reason, pattern in RISKY_PATHS if pattern.search(path)]
        if reasons:
            marks.append(f"{path}: {', '.join(reasons)}")
    return tuple(marks)
