"""What every section of the settings is made of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


def as_folder(value: Any) -> Any:
    """As people write it: `~` is the home, empty is none."""
    if isinstance(value, str):
        return Path(value).expanduser() if value.strip() else None
    return value


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    try:
        parts = urlsplit(value)
        right = parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or not value.isprintable() or " " in value:
        raise ValueError("it must be a whole address, such as http://pi:11434, without blanks or control characters")
    return value


def _file_name(value: str) -> str:
    if not re.fullmatch("[a-z0-9_]*", value):
        raise ValueError("it must be a file's name of small letters, digits and _ (never the key itself)")
    return value


Folder = Annotated[Path, BeforeValidator(as_folder)]
Address = Annotated[str, AfterValidator(_address)]
SecretName = Annotated[str, AfterValidator(_file_name)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
