"""What every section of the settings is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def as_folder(value: Any) -> Any:
    """As people write it: `~` is the home, empty is none."""
    if isinstance(value, str):
        return Path(value).expanduser() if value.strip() else None
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)  # raises ValueError, as does the port in it
    if not parts.hostname or parts.port == 0 or not value.isprintable() or " " in value:
        raise ValueError("it needs a host, and neither blanks nor control characters")
    return value


Folder = Annotated[Path, BeforeValidator(as_folder)]
Address = Annotated[str, Field(pattern="^https?://"), AfterValidator(_address)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
