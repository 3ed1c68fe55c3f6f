"""What an import did: an entry for every record of the source, with what was repaired and what was refused, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

from haven.world.schema import Thing

LOOK = "look: "
"""How notes begin that somebody should look at."""
MAX_NOTES = 40
"""Of one record; a source with more of them is broken in one way, not in forty."""


_numbers = count(1)


def new_id() -> str:
    """A temporary id, never the same twice: the members of an archive come into the world together."""
    return f"new-{next(_numbers)}"


class Outcome(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    SKIPPED = "skipped"
    """It is there already."""
    REPAIRED = "repaired"
    """Added after something in it was set right."""
    PROPOSED = "proposed"
    """Waits as a draft for somebody who may approve it."""
    REFUSED = "refused"
    REMARK = "remark"
    """No record: something about a whole file."""


WORTH_A_LOOK = (Outcome.REMARK, Outcome.REFUSED, Outcome.REPAIRED, Outcome.CHANGED)
"""What a person reads of an import first."""


class Defect(StrEnum):
    """The real defects of such sources, as the field notes count them, and what else goes wrong."""

    GALAXY = "galaxy in the region"
    PLACEHOLDER = "placeholder coordinates"
    PROSE_FIELDS = "fields typed as prose"
    PLACE_IN_TEXT = "coordinates typed in the text"
    MATERIALS = "materials"
    NOTHING = "spellings of nothing"
    PERSON = "a person spelt two ways"
    KIND = "kind of discovery"
    CONFIDENCE = "confidence"
    TAGS = "tags"
    LORE = "unlinked prose"
    SECRET = "a secret"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing about a record. `repaired`: it was set right; else it is only said."""

    about: Defect
    text: str
    repaired: bool = False

    @property
    def weight(self) -> int:
        """Notes with less come first: what was not repaired, then what changes most."""
        small = (Defect.PROSE_FIELDS, Defect.NOTHING, Defect.TAGS)
        return (small.index(self.about) + 2 if self.about in small else 1) if self.repaired else 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One record of a source: the thing, or why it is refused."""

    source: str
    """The file and the entry in it, in words for people."""
    name: str
    thing: Thing | None = None
    """Its id is a temporary one, `new-…`, unless the source is an export of Haven's own."""
    notes: tuple[Note, ...] = ()
    refused: str = ""
    link_names: tuple[tuple[str, ...], ...] = ()
    """What its text links to, each by id or name, the surest first; ids take their place once all are known."""
    place_names: tuple[str, ...] = ()
    """Where a discovery was made, by name, the nearest place first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one record."""

    source: str
    outcome: Outcome
    kind: str = ""
    name: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class ImportReport:
    """All entries of one import, in the order of the source."""

    dry_run: bool = False
    entries: list[Entry] = field(default_factory=list)
    files: int = 0
    """Files that were read, without those that were known from before."""
    known_files: int = 0
    """Files with the same content as one that was imported before."""
    defects: Counter[str] = field(default_factory=Counter)
    """How often each defect was met."""

    def counts(self) -> dict[str, int]:
        """How many records had each outcome; all outcomes, in the same order."""
        told = Counter(entry.outcome for entry in self.entries)
        return {outcome.value: told[outcome] for outcome in Outcome}

    def telling(self, outcome: Outcome) -> list[Entry]:
        """Those of an outcome that a person should look at: of what went as it should, only where a note says so."""
        found = [entry for entry in self.entries if entry.outcome is outcome]
        if outcome in WORTH_A_LOOK:
            return found
        return [entry for entry in found if any(note.startswith(LOOK) for note in entry.notes)]

    def add(self, entries: Iterable[Entry], found: Iterable[Reading] = ()) -> None:
        self.entries.extend(entries)
        self.defects.update(note.about.value for one in found for note in one.notes)

    def as_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "files": self.files,
            "known_files": self.known_files,
            "counts": self.counts(),
            "defects": dict(self.defects),
            "entries": [asdict(entry) for entry in self.entries],
        }
