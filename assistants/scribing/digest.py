"""What happened in the world since a moment, in sections: added, changed, by whom, notable, and what is to be done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from haven.store.changes import Change
from haven.world.drafts import Draft
from haven.world.gazetteer import Gazetteer
from haven.world.quality.grading import grade
from haven.world.quality.todo import todo
from haven.world.schema import Body, Discovery, Kind, Person, System, Thing
from haven.world.words import fold
from haven.world.world import Version

MOST_VERSIONS = 5_000
"""Versions that one digest looks at, the newest."""
NAMED = 6
"""Names of one line."""
LINES = 8
JOBS = 3
_MANY = {Kind.DISCOVERY: "discoveries", Kind.LORE: "entries of lore", Kind.PERSON: "people"}
_FIRST = {
    "biome": "world",
    "star": "star",
    "economy": "economy",
    "region": "system of the region",
    "found": "discovery",
}
"""Fields whose first value of a kind is worth a line, and the noun behind it."""


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Digest:
    """Times are seconds since 1970. Without sections nothing happened, and nobody needs to be told."""

    since: float
    until: float
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        first, last = datetime.fromtimestamp(self.since), datetime.fromtimestamp(self.until)
        return f"The world from {first:%d %B} to {last:%d %B %Y}"

    @property
    def text(self) -> str:
        """Plain text that is Markdown as well; names in it are other people's words."""
        parts = [f"# {self.title}"]
        for section in self.sections:
            parts.append("\n".join((f"## {section.title}", *(f"- {line}" for line in section.lines))))
        return "\n\n".join(parts) if self.sections else f"# {self.title}\n\nNothing happened."


def digest(
    versions: Sequence[Version],
    gazetteer: Gazetteer,
    drafts: Sequence[Draft],
    merged: Sequence[Change],
    since: float,
    until: float,
    earlier: int = 0,
) -> Digest:
    """The digest of these versions; open `drafts` and to-dos are told only where something happened.

    `earlier`: so many versions of the same time are not among these.
    """
    fates = _fates(versions)
    happened = [
        Section("Added", _by_kind(fates["added"])),
        Section("Changed", _lines(fates["changed"])),
        Section("Removed", _lines(fates["removed"])),
        Section("By whom", _people(versions)),
        Section("Notable", tuple(_notable([one.id for one in (*fates["added"], *fates["changed"])], gazetteer))),
        Section("Not all is told", (_cut(len(versions), earlier),) if earlier > 0 else ()),
        Section("Merged changes of the code", tuple(f"{one.title} ({one.id})" for one in merged[:LINES])),
    ]
    if not any(section.lines for section in happened):
        return Digest(since, until, ())
    waiting = [f"{one.id} of {one.by}: {_names([thing.name for thing in one.things])}" for one in drafts[:LINES]]
    if len(drafts) > LINES:
        waiting.append(f"and {len(drafts) - LINES} more")
    jobs = [f"{job.name} in {job.system} (+{job.gain:g}): {_names(job.fields)}" for job in todo(gazetteer, limit=JOBS)]
    ahead = [Section("Drafts that wait", tuple(waiting)), Section("What would gain most", tuple(jobs))]
    return Digest(since, until, tuple(section for section in (*happened, *ahead) if section.lines))


def _cut(told: int, earlier: int) -> str:
    return (
        f"these are the newest {told:,} of {told + earlier:,} writings; {earlier:,} earlier ones are not counted above"
    )


def _fates(versions: Iterable[Version]) -> dict[str, list[Version]]:
    """What became of each record all in all: one that was added and changed since is an added one."""
    first: dict[str, Version] = {}
    last: dict[str, Version] = {}
    named: dict[str, Version] = {}
    for one in versions:
        first.setdefault(one.id, one)
        last[one.id] = one
        if one.thing is not None:
            named[one.id] = one
    fates: dict[str, list[Version]] = defaultdict(list)
    for id, one in last.items():
        new = first[id].op == "added"
        if one.thing is not None:
            fates["added" if new or one.op == "restored" else "changed"].append(one)
        elif not new:
            fates["removed"].append(named.get(id, one))
    return fates


def _by_kind(added: Sequence[Version]) -> tuple[str, ...]:
    names: dict[Kind, list[str]] = defaultdict(list)
    for one in added:
        if one.thing is not None:
            names[one.thing.kind].append(one.thing.name)
    order = [kind for kind in Kind if names[kind]]
    return tuple(f"{len(names[kind]):,} {_noun(kind, len(names[kind]))}: {_names(names[kind])}" for kind in order)


def _noun(kind: Kind, count: int) -> str:
    return kind.value if count == 1 else _MANY.get(kind, f"{kind.value}s")


def _lines(versions: Sequence[Version]) -> tuple[str, ...]:
    made = [f"{one.thing.kind.value} {one.thing.name}" if one.thing else one.id for one in versions]
    more = (f"and {len(made) - LINES:,} more",) if len(made) > LINES else ()
    return (*(f"{text}, by {one.by}" for text, one in zip(made[:LINES], versions, strict=False)), *more)


def _people(versions: Iterable[Version]) -> tuple[str, ...]:
    wrote: dict[str, Counter[str]] = defaultdict(Counter)
    for one in versions:
        wrote[one.by][one.op] += 1
        if one.approved_by:
            wrote[one.approved_by]["approved"] += 1
    people = sorted(wrote.items(), key=lambda pair: -pair[1].total())
    return tuple(f"{name}: {', '.join(f'{n:,} {op}' for op, n in ops.items())}" for name, ops in people[:LINES])


def _notable(ids: Sequence[str], gazetteer: Gazetteer) -> list[str]:
    """The first of its kind, and systems of the best grade."""
    touched = [gazetteer.things[id] for id in ids if id in gazetteer.things]
    counts: Counter[tuple[str, str]] = Counter()
    for thing in gazetteer.things.values():
        counts.update(_values(thing))
    found = []
    for thing in touched:
        for field, value in _values(thing):
            if counts[field, value] == 1:
                shown = getattr(thing, field)
                what = f"{_FIRST[field]} {shown}" if field == "region" else f"{shown} {_FIRST[field]}"
                found.append(f"{thing.name}: the only {what} so far")
    systems = {one.id: one for thing in touched if (one := gazetteer.system_of(thing)) is not None}
    best = [one.name for one in systems.values() if grade(one, gazetteer.below(one)).letter == "S"]
    return [*found[:LINES], *([f"Grade S: {_names(best)}"] if best else [])]


def _values(thing: Thing) -> list[tuple[str, str]]:
    if isinstance(thing, Person):
        return []
    fields: tuple[str, ...] = ("star", "economy", "region") if isinstance(thing, System) else ()
    fields = ("biome",) if isinstance(thing, Body) else ("found",) if isinstance(thing, Discovery) else fields
    return [(field, fold(value)) for field in fields if (value := str(getattr(thing, field)))]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
