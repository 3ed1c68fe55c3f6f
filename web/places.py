"""The places of the dashboard: what each is called, where it is, what it is for, and who finds it in the menu."""

from __future__ import annotations

from dataclasses import dataclass

from haven.access import Act


@dataclass(frozen=True)
class Place:
    """One entry of the menu, for whoever may do `act`."""

    path: str
    label: str
    help: str
    act: Act = Act.READ


PLACES = (
    Place("/", "Overview", "what waits for you, what goes on, what it costs"),
    Place("/changes", "Changes", "what is asked for, worked on, reviewed and merged"),
    Place("/chat", "Chat", "ask the assistants, and what was asked before", Act.ASK),
    Place("/roundtable", "Round Table", "what assistants, models and people say to each other, live and again"),
    Place("/world", "World", "star map, systems, lore, drafts: what is recorded, and what should be"),
    Place("/models", "Models", "who answers here, at home and in the cloud; models brought here"),
    Place("/costs", "Costs", "what was spent and saved, and where the month is going"),
    Place("/people", "People", "who has an account here, with which role and cap", Act.SETTINGS),
    Place("/settings", "Settings", "the looks, the caps, alerts and digests", Act.SETTINGS),
    Place("/backups", "Backups", "made, checked, taken along and put back", Act.SETTINGS),
    Place("/log", "Log", "Haven's own words, by level, words and ids", Act.SETTINGS),
    Place("/kiosk", "Kiosk", "the real one, for help from afar", Act.SETTINGS),
)


def place_of(path: str) -> Place | None:
    """The one that a page belongs to."""
    there = [one for one in PLACES if path == one.path or (one.path != "/" and path.startswith(f"{one.path}/"))]
    return max(there, key=lambda one: len(one.path), default=None)
