"""The catalogue of models: TOML in, models with their chat templates out, or one sentence naming what is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from haven.ai.models.weights import File, Hub, Pypi, Source
from haven.ai.providers.llama_prompt import ChatTemplate
from haven.errors import SettingsError
from haven.settings.plain import not_toml, wrong_value

Use = Literal["chat", "summary", "code", "tags", "embedding", "small"]
"""What a model is good for; `small`: one-line choices and titles, where a second counts more than polish."""
USES: tuple[Use, ...] = get_args(Use)


@dataclass(frozen=True)
class Model:
    """One entry of the catalogue; sizes in MB (10^6 bytes), `context` in tokens."""

    name: str
    title: str
    source: Source
    licence: str
    context: int
    template: ChatTemplate
    use: str
    ram_mb: int
    disk_mb: int
    uses: tuple[Use, ...] = ("chat",)
    priority: int = 0
    """Among models for the same use, the higher is taken."""
    persistent: bool = False
    """Stays loaded; the others are loaded on demand and make room again."""
    kv_bytes: int = 0
    """Memory that one token of context takes (16-bit keys and values); 0: it keeps none (embedding), or unknown."""
    speed: str = ""
    speed_source: str = ""
    sha256: str = ""
    """Empty where we never hashed the file: the model then counts as unverified."""
    bytes: int = 0


class _Template(BaseModel):
    model_config = ConfigDict(extra="forbid")
    turn: str = Field(pattern=r"(?s)\{text\}")
    reply: str
    system: str = "system"
    assistant: str = Field("assistant", min_length=1)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    source: dict[str, str]
    licence: str
    context: int = Field(ge=512)
    template: str
    use: str
    ram_mb: int = Field(gt=0)
    disk_mb: int = Field(gt=0)
    uses: tuple[Use, ...] = Field(("chat",), min_length=1)
    priority: int = Field(0, ge=0, le=100)
    persistent: bool = False
    kv_bytes: int = Field(0, ge=0)
    speed: str = ""
    speed_source: str = ""
    sha256: str = Field("", pattern="^([0-9a-f]{64})?$")
    bytes: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _speeds_have_sources(self) -> Self:
        if bool(self.speed) != bool(self.speed_source):
            raise ValueError("a speed stands with its source (speed_source), or not at all")
        return self


_SOURCES: Mapping[str, type[Pypi] | type[Hub] | type[File]] = {"pypi": Pypi, "hub": Hub, "file": File}


def read(file: Path, templates: dict[str, ChatTemplate]) -> dict[str, Model]:
    """The models of one catalogue; its templates are added to `templates`, for later catalogues to use."""
    try:
        tree = _parsed(file.read_text(encoding="utf-8"))
        for name, entry in tree.get("templates", {}).items():
            templates[name] = ChatTemplate(**_Template(**entry).model_dump())
        return {name: _model(name, _Entry(**entry), templates) for name, entry in tree.get("models", {}).items()}
    except (OSError, ValueError, TypeError, KeyError) as error:
        said = f"The model catalogue {file} can't be used: {_why(error)}."
        raise SettingsError(said, "See models/README.md.") from None


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, Any]:
    """For reading alone: whoever asks again with the same words gets the same."""
    return tomllib.loads(text)


def _why(error: Exception) -> str:
    """What is wrong first, and where: `title: it must be text`."""
    match error:
        case ValidationError():
            first = error.errors()[0]
            return ": ".join(filter(None, (".".join(map(str, first["loc"])), wrong_value(first))))
        case tomllib.TOMLDecodeError() | UnicodeDecodeError():
            return not_toml(error)
        case OSError(strerror=str(reason)):
            return reason
    return str(error)


def _model(name: str, entry: _Entry, templates: Mapping[str, ChatTemplate]) -> Model:
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ValueError(f"{name!r} is not a usable name (letters, digits, - and _)")
    kind = entry.source.get("kind", "")
    if entry.template not in templates or kind not in _SOURCES:
        raise ValueError(f"{name} names a template or a kind of source that does not exist")
    source = _SOURCES[kind](**{key: value for key, value in entry.source.items() if key != "kind"})
    return Model(name=name, **dict(entry) | {"source": source, "template": templates[entry.template]})
