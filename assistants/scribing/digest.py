"""What happened in the world since a moment, in sections: added, changed, by whom, notable, and what is to be done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from haven.store.changes import Change
from haven.store.world_fates import Became, Fate, Wrote
from haven.world.drafts import Draft
from haven.world.gazetteer import Gazetteer
from haven.world.quality.grading import grade
from haven.world.quality.todo import todo
from haven.world.schema import Body, Discovery, Kind, Person, System, Thing, kind_of, noun
from haven.world.words import fold

NAMED = 6
"""Names of one line."""
LINES = 8
JOBS = 3
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


@dataclass(frozen=True)
class Happened:
    """What became of records, the records of those that are named, and who wrote how much."""

    fates: Sequence[Fate]
    named: Mapping[str, Thing]
    wrote: Sequence[Wrote]

    def of(self, became: Became) -> list[Fate]:
        return [one for one in self.fates if one.became == became]


def shown_of(fates: Iterable[Fate]) -> list[Fate]:
    """Those that a digest names: the first of each kind, and of what was changed or removed."""
    seen: Counter[str] = Counter()
    found = []
    for one in fates:
        line = f"added {kind_of(one.thing)}" if one.became == "added" else one.became
        seen[line] += 1
        if seen[line] <= max(NAMED, LINES):
            found.append(one)
    return found


def digest(
    happened: Happened,
    gazetteer: Gazetteer,
    drafts: Sequence[Draft],
    merged: Sequence[Change],
    since: float,
    until: float,
) -> Digest:
    """The digest of what happened; open `drafts` and to-dos are told only where something did."""
    touched = [one.thing for became in ("added", "changed") for one in happened.of(became)]
    sections = [
        Section("Added", _by_kind(happened)),
        Section("Changed", _lines(happened, "changed")),
        Section("Removed", _lines(happened, "removed")),
        Section("By whom", _people(happened.wrote)),
        Section("Notable", tuple(_notable(touched, gazetteer))),
        Section("Merged changes of the code", tuple(f"{one.title} ({one.id})" for one in merged[:LINES])),
    ]
    if not any(section.lines for section in sections):
        return Digest(since, until, ())
    waiting = [f"{one.id} of {one.by}: {_names([thing.name for thing in one.things])}" for one in drafts[:LINES]]
    if len(drafts) > LINES:
        waiting.append(f"and {len(drafts) - LINES} more")
    jobs = [f"{job.name} in {job.system} (+{job.gain:g}): {_names(job.fields)}" for job in todo(gazetteer, limit=JOBS)]
    ahead = [Section("Drafts that wait", tuple(waiting)), Section("What would gain most", tuple(jobs))]
    return Digest(since, until, tuple(section for section in (*sections, *ahead) if section.lines))


def _by_kind(happened: Happened) -> tuple[str, ...]:
    added: dict[Kind, list[Fate]] = defaultdict(list)
    for one in happened.of("added"):
        added[kind_of(one.thing)].append(one)
    lines = []
    for kind in Kind:
        if fates := added[kind]:
            names = [happened.named[one.thing].name for one in fates if one.thing in happened.named]
            lines.append(f"{len(fates):,} {noun(kind, len(fates))}: {_names(names, len(fates))}")
    return tuple(lines)


def _lines(happened: Happened, became: Became) -> tuple[str, ...]:
    fates = happened.of(became)
    lines = []
    for one in fates[:LINES]:
        thing = happened.named.get(one.thing)
        lines.append(f"{thing.kind.value} {thing.name}, by {one.by}" if thing else f"{one.thing}, by {one.by}")
    return (*lines, *((f"and {len(fates) - LINES:,} more",) if len(fates) > LINES else ()))


def _people(given: Iterable[Wrote]) -> tuple[str, ...]:
    wrote: dict[str, Counter[str]] = defaultdict(Counter)
    for one in given:
        wrote[one.by][one.done] += one.count
    people = sorted(wrote.items(), key=lambda pair: -pair[1].total())
    return tuple(f"{name}: {', '.join(f'{n:,} {done}' for done, n in acts.items())}" for name, acts in people[:LINES])


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


def _names(names: Sequence[str], count: int = 0) -> str:
    """The first of them, and how many of `count` are not named."""
    rest = max(count, len(names)) - NAMED
    more = f" and {rest:,} more" if rest > 0 else ""
    return ", ".join(names[:NAMED]) + more
