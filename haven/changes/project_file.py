"""What a project asks of Haven in its own `.haven/project.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from haven.errors import BadInput
from haven.settings.plain import not_toml, wrong_value

PROJECT_FILE = ".haven/project.toml"
MOST_BYTES = 64_000
PYTEST = ("python", "-m", "pytest")
Word = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]+$")]


class ProjectFile(BaseModel):
    """A project's wishes. It names commands and files of its own repository, never mounts or secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test_command: Annotated[tuple[Word, ...], Field(min_length=1, max_length=50)] = PYTEST
    """Must run pytest."""
    requirements: Word | None = None
    """A requirements file of the repository for its tests; installed once the owner has allowed its content."""
    setup_command: Annotated[tuple[Word, ...], Field(max_length=50)] = ()
    """Run once, with the network, in a copy of the base commit when the test environment is made; allowed likewise."""
    plan_first: Literal["never", "complex", "always", "price"] | None = None
    """When a person approves a plan before edits are asked for; else as the owner's settings say."""
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
        raise BadInput(f"{PROJECT_FILE} is not valid TOML: {not_toml(error)}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        known = ", ".join(ProjectFile.model_fields)
        reason = (
            f"there is no such key; known are {known}" if first["type"] == "extra_forbidden" else wrong_value(first)
        )
        raise BadInput(f"{PROJECT_FILE}: {key}: {reason}.") from None
