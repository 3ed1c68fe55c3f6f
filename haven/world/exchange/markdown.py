"""Markdown folders: a record a file, YAML front matter above its text; `[[wiki links]]` become links."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import yaml

from haven.errors import BadInput
from haven.world.exchange import whole
from haven.world.exchange.defects import tags
from haven.world.exchange.fields import line, lines
from haven.world.exchange.pieces import Piece
from haven.world.exchange.report import Defect, Note, Reading
from haven.world.exchange.texts import decoded, whole_text
from haven.world.schema import CLASSES, Kind, Thing

MAX_FRONT = 2_000_000
"""Characters of front matter: all the properties that a record may have."""
SHORT = 32_000
"""A shorter text that begins with a line of dashes and has no second one is no front matter, and is read as it is."""
MAX_LEVELS = 8
_FENCE = re.compile(r"\A---[ \t]*\n(?P<front>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_WIKI = re.compile(r"(?<!\\)!?\[\[([^\[\]|#\n]{1,200})(?:#[^\[\]|\n]{0,200})?(?:\|([^\[\]\n]{1,200}))?\]\]")
_BRACKETS = re.compile(r"\\*\[\[")
"""Brackets that a text holds and that link to nothing: they are written with a backslash more, and lose it again."""
_HEADING = re.compile(r"^#{1,2}[ \t]+(?P<title>\S[^\n]{0,118})$", re.MULTILINE)
_TEXTS = (Kind.DISCOVERY, Kind.LORE)


_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every value is text: `when: 0015` stays what it is, and no tag makes an object."""
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read(piece: Piece) -> Iterator[Reading]:
    """The record of one file. Raises BadInput for what is no text."""
    text, remark = decoded(piece.data, piece.name)
    text = whole_text(text.replace("\r\n", "\n").replace("\r", "\n"))
    front, body, notes = _front(text, piece.name)
    notes = (*notes, Note(Defect.OTHER, remark)) if remark else notes
    kind = line(front.get("kind")) or Kind.LORE.value
    if kind not in {one.value for one in Kind}:
        yield Reading(piece.name, "", refused=f"there is no kind {kind!r}")
        return
    row, linked = _row(piece.name, Kind(kind), front, body)
    if kind == Kind.LORE.value and not row.get("tags"):
        notes = (*notes, *tags(None)[1])
    for found in whole.checked(piece.name, [row]):
        yield replace(found, source=piece.name, notes=(*notes, *found.notes), link_names=linked)


def _front(text: str, name: str) -> tuple[dict[str, Any], str, tuple[Note, ...]]:
    match = _FENCE.match(text[: MAX_FRONT + 10])
    if match is None:
        if text.startswith("---\n") and len(text) > SHORT:
            raise BadInput(f"The front matter of {name} has no end.", f"It takes at most {MAX_FRONT:,} characters.")
        return {}, text, ()
    try:
        _check(match["front"])
        data = yaml.load(match["front"], _LOADER)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise BadInput(f"The front matter of {name} can't be read: {why}.", "Mend it, or remove it.") from None
    if data is not None and not isinstance(data, dict):
        raise BadInput(f"The front matter of {name} is no list of `key: value`.", "Mend it, or remove it.")
    twice = _twice(match["front"])
    notes = tuple(Note(Defect.OTHER, f"the key {key!r} stands twice; the last one counts") for key in twice)
    return {str(key): value for key, value in (data or {}).items()}, text[match.end() :], notes


def _check(front: str) -> None:
    """Raises YAMLError for what grows (an alias) or goes too deep."""
    level = 0
    for event in yaml.parse(front, _LOADER):
        if isinstance(event, yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not read")
        level += isinstance(event, yaml.events.CollectionStartEvent)
        level -= isinstance(event, yaml.events.CollectionEndEvent)
        if level > MAX_LEVELS:
            raise yaml.YAMLError("it is nested too deeply")


def _twice(front: str) -> list[str]:
    keys = re.findall(r"^([^\s:#\-][^:\n]{0,80}):", front, re.MULTILINE)
    return sorted({key for key in keys if keys.count(key) > 1}) if len(keys) < 500 else []


def _row(
    name: str, kind: Kind, front: Mapping[str, Any], body: str
) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...]]:
    """The fields of a record, and what it links to."""
    linked: list[tuple[str, ...]] = []

    def plain(match: re.Match[str]) -> str:
        linked.append((line(match[1]),))
        return line(match[2] or match[1])

    text = _BRACKETS.sub(lambda match: match[0].removeprefix("\\"), _WIKI.sub(plain, body)).strip()
    heading = _HEADING.search(text[:5000])
    stem = PurePosixPath(name.replace("\\", "/")).stem.replace("_", " ")
    title = line(front.get("title") or front.get("name")) or (heading["title"].strip() if heading else stem)
    known = CLASSES[kind].model_fields
    row: dict[str, Any] = {key: value for key, value in front.items() if key in known and value not in ("", None)}
    row |= {"kind": kind.value, "name": title[:500], "text" if kind in _TEXTS else "notes": text}
    for field in ("aliases", "tags", "sources", "materials"):
        if field in row:
            row[field] = tuple(map(line, row[field])) if isinstance(row[field], list) else lines(row[field])
    named = row.pop("links", ())
    for one in named if isinstance(named, list) else lines(named):
        linked.append(_ways(line(one)))
    row["properties"] = {**_properties(row.get("properties")), **_properties(_unknown(front, known))}
    if "id" not in row:
        row.setdefault("source", name[:500])
    return row, tuple(dict.fromkeys(linked))


def _unknown(front: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in front.items() if key not in known and key not in ("kind", "title")}


def _properties(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return {}
    return {str(key)[:500]: line(one)[:500] for key, one in value.items() if line(one)}


def write(things: Sequence[Thing]) -> Iterator[tuple[str, str]]:
    """Path and text of a file for each record, in a folder for each kind."""
    by_id = {thing.id: thing.name for thing in things}
    for thing in things:
        row = whole.as_row(thing)
        text = _BRACKETS.sub(r"\\\g<0>", str(row.pop("text" if thing.kind in _TEXTS else "notes", "")))
        front: dict[str, Any] = {"title": row.pop("name"), **row}
        if "links" in front:
            front["links"] = [_link(id, by_id.get(id, "")) for id in front["links"]]
        top = yaml.dump(front, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=10_000)
        yield f"{thing.kind.value}/{file_name(thing)}", f"---\n{top}---\n\n{text}\n"


def _link(id: str, name: str) -> str:
    """A wiki link that people can follow and that names the very record."""
    return f"[[{name}|{id}]]" if name and not re.search(r"[\[\]|#]", name) else id


def _ways(written: str) -> tuple[str, ...]:
    inside = _WIKI.fullmatch(written)
    if inside is None:
        return (written,)
    name, id = line(inside[1]), line(inside[2])
    return (id, name) if whole.OWN_ID.fullmatch(id) else (name,)


def file_name(thing: Thing) -> str:
    """Readable, safe on every system, and never the same twice."""
    plain = unicodedata.normalize("NFKD", thing.name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:60]
    own = thing.id.partition("-")[2]
    return f"{slug or 'record'}{'_' if '-' in own else '-'}{own}.md"
