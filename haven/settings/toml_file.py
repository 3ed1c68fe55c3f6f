"""haven.toml, changed in place: a person's comments and order stay, and a power cut leaves the old file or the new."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from haven.errors import SettingsError
from haven.settings import Settings, parse

HEADER = "Haven's settings. haven.example.toml explains every key; keys and tokens lie in the folder secrets."
Tree = Mapping[str, Mapping[str, Any]]


def change(file: Path, values: Tree) -> Settings:
    """Set these values (section -> key -> value), and return the settings as they are then.

    None removes the key; a list of mappings becomes a block each, such as [[lan.hosts]].
    Raises SettingsError, and leaves the file as it is, where a value is wrong or the file can't be written.
    """
    file = Path(os.path.realpath(file))  # a link to a file elsewhere stays a link
    made = planned(file, values)
    try:
        _write(file, made.after)
    except OSError as error:
        raise SettingsError(f"{file} can't be written: {error.strerror}.", "Check who owns its folder.") from None
    return made.settings


@dataclass(frozen=True)
class Planned:
    """The file as it is and as it would be, and the settings then."""

    before: str
    after: str
    settings: Settings


def planned(file: Path, values: Tree) -> Planned:
    """What `change` would write. Raises SettingsError as it does."""
    try:
        before = file.read_text(encoding="utf-8") if file.is_file() else ""
        document = tomlkit.parse(before) if before else _new()
        for section, pairs in values.items():
            if not isinstance(document.get(section, {}), Mapping):
                raise SettingsError(f"{file}: {section}: it must be a section of its own.", "See haven.example.toml.")
            _set(document, section, pairs)
        return Planned(before, tomlkit.dumps(document), parse(document.unwrap(), str(file)))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.", "Mend that line.") from None
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}.", "Check who owns it.") from None


def _new() -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment(HEADER))
    return document


def _set(document: tomlkit.TOMLDocument, section: str, pairs: Mapping[str, Any]) -> None:
    if section not in document:
        document[section] = tomlkit.table()
    table: Any = document[section]
    for key, value in pairs.items():
        if value is None:
            table.pop(key, None)
        elif isinstance(table.get(key), AoT):
            _set_blocks(table[key], value)
        else:
            table[key] = value


def _set_blocks(blocks: Any, values: Sequence[Mapping[str, Any]]) -> None:
    """Blocks such as [[lan.hosts]], one by one: what is the same in both keeps its comments."""
    for block, value in zip(blocks, values, strict=False):
        for gone in block.keys() - value.keys():
            del block[gone]
        block.update({key: new for key, new in value.items() if block.get(key) != new})
    for value in values[len(blocks) :]:
        blocks.append(tomlkit.item(dict(value)))
    del blocks[len(values) :]


def _write(file: Path, text: str) -> None:
    """Aside, then renamed, 0600; a folder made for it is 0700."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".haven-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(descriptor)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
